"""The tables of the chapter on generators: what the judges say of makers of digits, side by side.

Chapter: generators.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.experiments import smallest_effect, spread

from . import judges, rivals

DRAWS = 5  # heaps that a rival draws


def references(seed: int = 0) -> dict[str, np.ndarray]:
    """Draw one heap of 359 or 360 pictures for each reference that needs no training. Chapter: generators."""
    heaps, rng = judges.heaps(), np.random.default_rng(seed)
    size = len(heaps.compare)
    return {
        "real, held out": heaps.spare,
        "copies of known ones": heaps.learn[rng.permutation(len(heaps.learn))[:size]],
        "normal pixels": rivals.normal_pixels(heaps.learn, size, rng),
        "normal, digit by digit": rivals.normal_by_class(heaps.learn, heaps.labels, size, rng),
        "shuffled pixels": rivals.shuffled_pixels(heaps.spare, rng),
    }


def judged_references(draws: int = DRAWS) -> dict[str, list[judges.Verdict]]:
    """Judge every reference, of each as many heaps as `draws`: the held-out one is the same each time."""
    found: dict[str, list[judges.Verdict]] = {}
    for seed in range(draws):
        for name, pictures in references(seed).items():
            found.setdefault(name, []).append(judges.verdict(pictures))
    return found


def makers(heaps: Mapping[str, Mapping[str, np.ndarray]]) -> list[list[str]]:
    """Give a row for each maker: recognised share, digits in effect, distance; numbers over seeds or draws each.

    heaps: by name, then by "recognised", "kinds" and "distance".
    """
    digits = {"recognised": 2, "kinds": 1, "distance": 0}
    return [[name, *(spread(told[key], n) for key, n in digits.items())] for name, told in heaps.items()]


def by_key(told: list[judges.Verdict]) -> dict[str, np.ndarray]:
    """Turn verdicts into numbers by name."""
    return {key: np.array([getattr(one, key) for one in told]) for key in judges.Verdict._fields}


def under(told: Mapping[str, np.ndarray], name: str = "", last: bool = False) -> dict[str, np.ndarray]:
    """Read a maker's numbers from a stored experiment: those whose names begin with `name`, at the last look or all."""
    front = f"{name}_" if name else ""
    return {key: told[front + key][:, -1] if last else told[front + key] for key in judges.Verdict._fields}


def named(told: Mapping[str, np.ndarray], arm: str) -> dict[str, np.ndarray]:
    """Read all numbers of one arm of a stored experiment, without the arm's name. Raises ValueError for no such arm."""
    found = {key[len(arm) + 1 :]: values for key, values in told.items() if key.startswith(f"{arm}_")}
    if not found:
        raise ValueError(f"No arm {arm!r} among {', '.join(told)}.")
    return found


def lead(a: np.ndarray, b: np.ndarray, digits: int = 2) -> list[str]:
    """Give the mean lead of a over b, paired by seed, and the smallest lead that would probably have been seen."""
    return [f"{np.mean(np.subtract(a, b)):+.{digits}f}", f"{smallest_effect(a, b):.{digits}f}"]
