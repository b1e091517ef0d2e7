"""An experiment: a plain function of a seed that gives numbers, with a version for its meaning."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cvnotes.checks import whole

SCALES = ("quick", "full")
Numbers = dict[str, Any]  # of floats and of nested lists of floats


def scale() -> str:
    """How much to compute: ``"quick"`` (a minute on two cores) or ``"full"``, from ``CVNOTES_SCALE``.

    Raises ``ValueError`` for any other word.
    """
    return _known("CVNOTES_SCALE", os.environ.get("CVNOTES_SCALE", "quick"))


def _known(name: str, word: str) -> str:
    if word not in SCALES:
        raise ValueError(f"{name} is one of {', '.join(SCALES)}. Received: {word!r}.")
    return word


current_scale = scale  # under a name that no parameter hides


class Experiment:
    """A seeded function with the chapter it belongs to, its name, its version and its seeds.

    Calling it seeds Python, NumPy and Keras, runs the function and checks what comes back, so that a seed gives the
    same numbers alone or after others.
    """

    def __init__(self, fn: Callable[[int, str], Mapping[str, Any]], version: int, seeds: int):
        functools.update_wrapper(self, fn)
        parts = fn.__module__.split(".")
        self.chapter, self.name = parts[1] if len(parts) > 1 else parts[0], fn.__name__
        self.version, self.seeds = version, tuple(range(seeds))

    def __call__(self, seed: int = 0, scale: str | None = None) -> Numbers:
        """The numbers of one seed.

        Raises ``ValueError`` for another scale, and if they are not finite numbers or rectangular lists.
        """
        import keras

        scale = current_scale() if scale is None else _known("scale", scale)
        keras.utils.set_random_seed(seed)
        numbers = self.__wrapped__(seed, scale)
        return self._checked(numbers)

    def _checked(self, numbers: Mapping[str, Any]) -> Numbers:
        if not isinstance(numbers, Mapping) or not numbers:
            raise ValueError(f"{self!r} must return a dictionary of numbers. Received: {numbers!r}.")
        return {str(key): self._plain(key, value) for key, value in numbers.items()}

    def _plain(self, key: str, value: Any) -> Any:
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{key!r} of {self!r} must be a number or a rectangular list. Received: {value!r}."
            ) from error
        if not np.isfinite(array).all():
            raise ValueError(f"{key!r} of {self!r} must be finite. Received: {value!r}.")
        return array.tolist()

    def __repr__(self) -> str:
        """``chapter.name``, as the runner prints it."""
        return f"{self.chapter}.{self.name}"


def experiment(version: int = 1, seeds: int = 5) -> Callable[[Callable[[int, str], Mapping[str, Any]]], Experiment]:
    """Turn ``fn(seed, scale) -> {name: number or list}`` into an experiment whose numbers ``make results`` stores.

    version: raise it when the meaning of the numbers changes; the stored ones are then stale.
    seeds: how many, counted from 0. Raises ``ValueError`` unless both are whole numbers of at least 1.
    """
    whole("version", version, 1)
    whole("seeds", seeds, 1)
    return lambda fn: Experiment(fn, version, seeds)
