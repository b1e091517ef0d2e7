"""The experiments of the page on what explanations are for."""

from __future__ import annotations

import numpy as np

from cvnotes import experiments

from . import holes, lessons, patients

STEPS = (0.1, 0.25, 0.5, 1.0, 2.0)  # deviations of the feature
STORED = ("effects", "missing", "shortcut", "teaching")

#: How far a live run of `shortcut` may be from the stored one: rounding turns a picture or two, and maps a little.
LOOKED = ("marked", "plain", "misled", "covered", "sure", "sure_misled", "follows", "on_mark", "on_object")
TOLERANCE = {f"{kind}_{name}": 0.3 if "on_" in name else 0.03 for kind in ("marked", "plain") for name in LOOKED}


@experiments.experiment(version=1, seeds=5)
def effects(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Raise each feature by STEPS and guess the change of every test patient: how far astray, mean over features.

    `rule_...`: by one number for all patients; `slope`: by the slope of the net at the patient.
    `told_...`: share of the variance of the truth that each model tells, on test patients.
    """
    known, found = patients.patients(seed), {}
    models = {"linear": patients.linear(known), "trees": patients.trees(known), "deep": patients.deep(known, seed)}
    for name, model in models.items():
        predict = patients.predictor(model)
        found[f"told_{name}"] = patients.explained(model, known.test, known.test_truth)
        found[f"rule_{name}"] = [_guessed(predict, known, step, by_slope=False) for step in STEPS]
    found["slope"] = [_guessed(patients.predictor(models["deep"]), known, step, by_slope=True) for step in STEPS]
    return found


def _guessed(predict: patients.Predict, known: patients.Patients, step: float, *, by_slope: bool) -> float:
    """How far astray a guess is, on average over the features."""
    errors = []
    for column, unit in enumerate(known.deviations):
        true = patients.effect(predict, known.test, column, step * unit)
        slope = patients.slopes(predict, known.test, column, unit) if by_slope else None
        errors.append(patients.astray(slope * step * unit, true) if by_slope else patients.by_rule(true))
    return float(np.mean(errors))


@experiments.experiment(version=1, seeds=5)
def missing(seed: int, scale: str) -> dict[str, list[float]]:
    """Read digits that lack 0 to 5 tenths of their pixels: accuracy by `holes.MISSING` for each of `holes.ARMS`."""
    found = {}
    for name, (fill, with_holes) in holes.ARMS.items():
        net = holes.taught(with_holes, fill, seed)
        found[name] = [holes.read(net, fill, share, seed) for share in holes.MISSING]
    return found


@experiments.experiment(version=1, seeds=5)
def teaching(seed: int, scale: str) -> dict[str, list[float]]:
    """Examine pupils who saw `lessons.SHOWN` examples: told nothing, what matters, or what an ignorant teacher says."""
    place = lessons.school(seed)
    said = {name: lessons.lesson(place, seed, knows=name == "told") for name in ("told", "misled")}
    said["alone"] = np.ones_like(said["told"])
    return {name: [lessons.examined(place, w, shown, seed) for shown in lessons.SHOWN] for name, w in said.items()}


@experiments.experiment(version=1, seeds=5)
def shortcut(seed: int, scale: str) -> dict[str, float]:
    """Look into two stored nets, taught with a mark and without, on 120 scenes: `shortcut.looked_into`, by net."""
    from cvnotes.visualization import subjects

    from . import shortcut as planted

    seen = planted.settings(120, seed)
    nets = {kind: subjects.subject(kind, seed) for kind in ("marked", "plain")}
    told = {kind: planted.looked_into(net, seen) for kind, net in nets.items()}
    return {f"{kind}_{name}": value for kind, found in told.items() for name, value in found.items()}
