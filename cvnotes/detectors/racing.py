"""What a detector does to one picture as a chain of steps, each of which can be timed by itself. Chapter: detectors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice

PROPOSALS, NETWORK = "proposals", "network"  #: the two parts that time is split into


class Step(NamedTuple):
    """One step: what the step before gave goes in, what the next step takes comes out."""

    part: str  #: PROPOSALS for what finds places, NETWORK for what looks there
    do: Callable[[Any], Any]


class System(NamedTuple):
    """A detector of the road as it looks at one picture."""

    name: str
    steps: tuple[Step, ...]  #: the first takes a picture (1, h, w, 3) of bytes, the last gives Detections
    weights: int  #: numbers that were learned, as far as they are used
    looked: int  #: boxes of a picture that are scored


def chain(system: System, image: np.ndarray) -> list[Any]:
    """Run a system on one picture (h, w, 3): the picture, then what each step gives; the last are its Detections.

    Chapter: detectors.
    """
    states: list[Any] = [np.asarray(image)[None]]
    for step in system.steps:
        choice("part", step.part, (PROPOSALS, NETWORK))
        states.append(step.do(states[-1]))
    return states


def seconds(systems: Sequence[System], images: np.ndarray, rounds: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """Time every step of every system, one picture at a time, in turns: the median of the rounds for each part.

    images: (n, h, w, 3). Gives {system: {PROPOSALS: seconds, NETWORK: seconds}} for one picture; 0 where a system has
    no such step. Raises ValueError for no pictures, and for two systems of one name. Chapter: detectors.
    """
    names, calls = [system.name for system in systems], {}
    if not len(images) or len(set(names)) < len(names):
        raise ValueError(f"Give pictures, and systems of different names. Received: {len(images)} pictures, {names}")
    for system in systems:
        states = [chain(system, image)[:-1] for image in images]
        for i, step in enumerate(system.steps):
            calls[system.name, i, step.part] = partial(_each, step.do, [row[i] for row in states])
    return _summed(experiments.race(calls, rounds, seed=seed), names, len(images))


def _each(do: Callable[[Any], Any], states: Sequence[Any]) -> None:
    for state in states:
        do(state)


def _summed(raced: Mapping[tuple, np.ndarray], names: Sequence[str], pictures: int) -> dict[str, dict[str, float]]:
    """Medians of the steps, added up for each system and part."""
    found = {name: {PROPOSALS: 0.0, NETWORK: 0.0} for name in names}
    for (name, _, part), row in raced.items():
        found[name][part] += float(np.median(row)) / pictures
    return found


def compiled(net: keras.Model) -> Callable[[Any], Any]:
    """A net as one graph: arrays in, arrays out.

    Called plainly, a small net spends most of its time in Python, between its layers. Chapter: detectors.
    """

    def run(given: Any) -> Any:
        before = logging.root.manager.disable
        logging.disable(max(before, logging.WARNING))  # several nets are traced in a row, which is meant
        try:
            return net.predict_on_batch(given)
        finally:
            logging.disable(before)

    return run
