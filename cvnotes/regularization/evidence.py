"""From stored numbers to the rows of a table: the chapter regularization. An array runs over the seeds first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cvnotes.experiments import bands, smallest_effect

from .trials import GRIDS, MONITORS, PATIENCES, SPARSE

Stored = Mapping[str, np.ndarray]
Rows = list[list[str]]
Outcome = Mapping[str, Mapping[str, np.ndarray]]
CHOSEN = ("own", "test", "test_loss", "repeats")


def three(*values: np.ndarray) -> list[str]:
    """Means over the seeds with three decimals."""
    return [f"{np.mean(value):.3f}" for value in values]


def signed(values: np.ndarray, digits: int = 3) -> str:
    """The mean with its sign."""
    return f"{np.mean(values):+.{digits}f}".replace("-", "−")


def visible(a: np.ndarray, b: np.ndarray | float = 0.0) -> str:
    """The smallest difference of a and b that these seeds would probably have shown."""
    return f"{smallest_effect(a, b + 0.0 * a):.3f}"


def memory_rows(course: Stored, passes: Sequence[int]) -> Rows:
    """Accuracy on own and on new digits, and the share of wrong labels repeated, after so many passes."""
    keys = ("noisy_own", "noisy_val", "noisy_repeats")
    return [[str(n), *three(*(course[key][:, n - 1] for key in keys))] for n in passes]


def sparsity_rows(found: Stored) -> Rows:
    """For each strength: exact zeros by both steps, tiny weights by the slope, accuracy against the first strength."""
    rows = []
    for i, strength in enumerate(SPARSE):
        shares = (found[key][:, i] for key in ("proximal_zeros", "slope_zeros", "slope_tiny"))
        moved = found["proximal_test"][:, i] - found["proximal_test"][:, 0]
        rows.append([f"{strength:g}", *three(*shares), signed(moved)])
    return rows


def stopping_rows(found: Stored) -> Rows:
    """For each patience, and for none: by loss and by error, the passes made, accuracy and memory of what is kept."""
    names, rows = [*(f"patience {patience}" for patience in PATIENCES), "to the end"], []
    for i, name in enumerate(names):
        row = [name]
        for monitor in MONITORS:
            passes = f"{found[f'{monitor}_passes'][:, i].mean():.1f}"
            row += [passes, *three(found[f"{monitor}_test"][:, i], found[f"{monitor}_repeats"][:, i])]
        rows.append(row)
    return rows


def ensemble_gain(found: Stored, labels: str, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Loss and accuracy of an answer less those of the mean member, (seeds,) each; with all members if it has sizes."""
    both = []
    for number in ("loss", "right"):
        answer = found[f"{labels}_{key}_{number}"]
        both.append((answer[:, -1] if answer.ndim == 2 else answer) - found[f"{labels}_member_{number}"].mean(1))
    return both[0], both[1]


def ensemble_rows(found: Stored) -> Rows:
    """Four ways to use the hidden units of five nets, against the mean member, for right and for noisy labels."""
    ways = {
        "five, probabilities": "mean",
        "five, scores": "scores",
        "one large net": "large",
        "five, weights averaged": "merged",
    }
    rows = []
    for labels in ("right", "noisy"):
        for name, key in ways.items():
            loss, right = ensemble_gain(found, labels, key)
            rows.append([f"{name}, {labels} labels", signed(loss), signed(right), visible(right)])
    return rows


def late_rows(found: Stored) -> Rows:
    """Loss and accuracy of a run's last state, of its mean weights and of its mean answers."""
    ways = {"last state": "last", "mean weights": "weights", "mean answers": "answers"}
    return [[name, *three(found[f"{key}_loss"], found[f"{key}_right"])] for name, key in ways.items()]


def filter_rows(costs: Mapping[str, tuple[int, int, int]], found: Stored) -> list[list]:
    """Weights of the block, all weights, multiply-adds, and accuracy with its spread."""
    rows = []
    for name, cost in costs.items():
        band = bands(found[f"{name}_test"])
        rows.append([name, *cost, f"{band.mean:.3f} ({band.low:.3f} to {band.high:.3f})"])
    return rows


def pair_rows(found: Stored, pairs: Sequence[tuple[str, str]]) -> Rows:
    """For each pair of nets: difference in accuracy, the smallest visible, and whether all seeds agree on its sign."""
    rows = []
    for a, b in pairs:
        ahead = found[f"{a}_test"] - found[f"{b}_test"]
        agree = "yes" if len(set(np.sign(ahead))) == 1 else "no"
        rows.append([f"{a} against {b}", signed(ahead), visible(ahead), agree])
    return rows


def chosen(runs: Stored, kind: str, key: str, by: str) -> np.ndarray:
    """A number of one remedy at the setting with the lowest validation loss, or error, for each seed.

    Raises ValueError for another way to choose and for a remedy or number that is not there.
    """
    if by not in MONITORS:
        raise ValueError(f"by is one of {MONITORS}. Received: by={by!r}")
    if not {f"{kind}_{key}", f"{kind}_val", f"{kind}_val_loss"} <= runs.keys():
        raise ValueError(f"No such numbers: there are {', '.join(runs) or 'none'}. Received: {kind!r}, {key!r}")
    best = runs[f"{kind}_val_loss"].argmin(1) if by == "loss" else runs[f"{kind}_val"].argmax(1)
    return runs[f"{kind}_{key}"][np.arange(len(best)), best]


def outcomes(
    runs: Stored, stopped: Stored, together: Stored, by: str, patience: int = 10
) -> dict[str, dict[str, np.ndarray]]:
    """Every remedy and both yardsticks, with the setting that the validation digits chose by their loss or error.

    Of averaged nets the answers on test digits are known alone.

    Raises ValueError for another way to choose and for a patience that was not tried.
    """
    if patience not in PATIENCES:
        raise ValueError(f"patience is one of {PATIENCES}. Received: patience={patience!r}")
    kinds = ("plain", *GRIDS, "more digits", "right labels")
    found = {kind: {key: chosen(runs, kind, key, by) for key in CHOSEN} for kind in kinds}
    at = PATIENCES.index(patience)
    found["early stopping"] = {key: stopped[f"{by}_{key}"][:, at] for key in CHOSEN}
    answers = {"test": together["noisy_mean_right"], "test_loss": together["noisy_mean_loss"]}
    return found | {"five averaged": {key: values[:, -1] for key, values in answers.items()}}


def outcome_rows(by_error: Outcome, by_loss: Outcome) -> Rows:
    """From best to worst accuracy: accuracy, gap and memory chosen by error, its share of the way; loss chosen by loss.

    The way leads from the plain net to the one with right labels.
    """
    plain, rows = by_error["plain"]["test"].mean(), []
    way = by_error["right labels"]["test"].mean() - plain
    for kind in by_accuracy(by_error):
        one = by_error[kind]
        closed = f"{(one['test'].mean() - plain) / way:.0%}"
        known = "own" in one
        inner = (f"{(one['own'] - one['test']).mean():.2f}", f"{one['repeats'].mean():.2f}") if known else ("–", "–")
        words = (word.replace("-", "−") for word in (*inner, closed))
        rows.append([kind, *three(one["test"]), *words, *three(by_loss[kind]["test_loss"])])
    return rows


def by_accuracy(found: Outcome) -> list[str]:
    """The names, best mean accuracy first."""
    return sorted(found, key=lambda kind: -found[kind]["test"].mean())


def against_rows(found: Outcome, names: Sequence[str], key: str = "test") -> Rows:
    """Each remedy against the first of them: difference, the smallest visible, and whether it could be seen."""
    rows, best = [], names[0]
    for name in names[1:]:
        ahead = found[name][key] - found[best][key]
        seen = "yes" if abs(ahead.mean()) > smallest_effect(ahead, 0 * ahead) else "no"
        rows.append([f"{name} against {best}", signed(ahead), visible(ahead), seen])
    return rows
