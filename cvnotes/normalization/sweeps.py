"""Learning rates, depths, initial scales, sigmoids: which trainings succeed with batch normalization and without.

Chapter: why_normalization.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import experiments

from .effects import EPOCHS, Array, conv_net, dense_net, descend, first_to, learner, scaled, split

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
DEPTHS = (1, 3, 6, 12, 24)
DEPTH_RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
GAINS = (0.25, 0.5, 1.0, 2.0, 4.0)  # times the scale of He
GRID_RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
GRID_EPOCHS = {"quick": 12, "full": 48}
SIGMOID = {"depth": 8, "activation": "sigmoid", "start": "glorot_uniform"}
SIGMOID_RATE, SIGMOID_GAIN = 0.5, 4.0  # the steepest slope of a sigmoid is a quarter
LONG = {"quick": 40, "full": 160}
BEST = {"plain": 0.3, "before": 1.0}  # the rates that `rates` finds best for the ConvNet, by validation
ADAM = {"plain": 0.01, "before": 0.01}
GOAL = 0.95

Numbers = dict[str, list]
BOTH = ("plain", "before")


@experiments.experiment(version=1, seeds=5)
def rates(seed: int, scale: str) -> Numbers:
    """Train the ConvNet at every rate of `RATES`: plain, normalized before and after the activation; all accuracies."""
    given, found = split(seed), {}
    for norm in ("plain", "before", "after"):
        keras.utils.set_random_seed(seed)
        model = learner(conv_net(norm))
        start = model.get_weights()
        runs = [descend(model, start, given, rate, seed=seed, epochs=EPOCHS[scale]) for rate in RATES]
        found[f"{norm}_train"] = [run["train"] for run in runs]
        for name in ("val", "test", "loss"):
            found[f"{norm}_{name}"] = [run[name][-1] for run in runs]
    return found


@experiments.experiment(version=1, seeds=5)
def depths(seed: int, scale: str) -> Numbers:
    """Train dense nets of every depth of `DEPTHS` at every rate: accuracy on their own digits at the end."""
    given, found = split(seed), {}
    for norm in BOTH:
        rows = []
        for depth in DEPTHS:
            keras.utils.set_random_seed(seed)
            model = learner(dense_net(norm, depth))
            start = model.get_weights()
            runs = [descend(model, start, given, rate, seed=seed, epochs=GRID_EPOCHS[scale]) for rate in DEPTH_RATES]
            rows.append([run["train"][-1] for run in runs])
        found[norm] = rows
    return found


@experiments.experiment(version=1, seeds=5)
def grid(seed: int, scale: str) -> Numbers:
    """Train the deep dense net from kernels of every gain at every rate: training curves, accuracy on test digits."""
    given, found = split(seed), {}
    for norm in BOTH:
        keras.utils.set_random_seed(seed)
        model = learner(dense_net(norm))
        start = model.get_weights()
        cells = [
            [
                descend(model, scaled(start, gain), given, rate, seed=seed, epochs=GRID_EPOCHS[scale])
                for rate in GRID_RATES
            ]
            for gain in GAINS
        ]
        found[f"{norm}_train"] = [[np.round(run["train"], 3).tolist() for run in row] for row in cells]
        found[f"{norm}_test"] = [[run["test"][-1] for run in row] for row in cells]
    return found


@experiments.experiment(version=1, seeds=5)
def sigmoid(seed: int, scale: str) -> Numbers:
    """Train eight layers of sigmoids: as they are, normalized, with larger kernels; and eight of tanh."""
    given = split(seed)
    ways = {
        "plain": ("plain", SIGMOID, 1.0),
        "before": ("before", SIGMOID, 1.0),
        "gain": ("plain", SIGMOID, SIGMOID_GAIN),
        "tanh": ("plain", SIGMOID | {"activation": "tanh"}, 1.0),
    }
    found = {}
    for name, (norm, options, gain) in ways.items():
        keras.utils.set_random_seed(seed)
        model = learner(dense_net(norm, **options))
        start = scaled(model.get_weights(), gain)
        run = descend(model, start, given, SIGMOID_RATE, seed=seed, epochs=EPOCHS[scale])
        found |= {f"{name}_train": run["train"], f"{name}_test": run["test"]}
    return found


@experiments.experiment(version=1, seeds=5)
def speed(seed: int, scale: str) -> Numbers:
    """Train the ConvNet long, each way at its own best rate: epochs to `GOAL`, and the accuracies after each epoch."""
    given, found = split(seed), {}
    for optimizer, best in (("sgd", BEST), ("adam", ADAM)):
        for norm in BOTH:
            keras.utils.set_random_seed(seed)
            model = learner(conv_net(norm), optimizer)
            run = descend(model, model.get_weights(), given, best[norm], seed=seed, epochs=LONG[scale])
            name = f"{optimizer}_{norm}"
            found |= {f"{name}_{key}": run[key] for key in ("train", "test")}
            found[f"{name}_epochs"] = float(first_to(GOAL, run["train"]))
    return found


def reached(accuracy: Array, rates: Sequence[float], goal: float) -> Array:
    """The largest rate at which each seed's accuracy (seeds, rates) reaches the goal; minus infinity where none does.

    Raises ValueError unless there is one accuracy a rate. Chapter: why_normalization.
    """
    accuracy, rates = np.asarray(accuracy), np.asarray(rates, float)
    if rates.ndim != 1 or accuracy.shape[-1:] != rates.shape or not len(rates):
        raise ValueError(f"Give one accuracy a rate. Received: {accuracy.shape} for {rates.shape}")
    return np.where(accuracy >= goal, rates, -np.inf).max(-1)
