"""GrabCut: fit the mixtures to the labels, cut by the mixtures, and again, until the labels rest."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cvnotes.checks import choice, whole

from . import flow, links, mixtures
from .links import GAMMA
from .mixtures import COMPONENTS

BACKGROUND, OBJECT, OPEN = 0, 1, -1
REFITS = ("onward", "afresh")

Mixtures = tuple[Any, Any]  # of the background and of the object, or None
Terms = tuple[links.Links, np.ndarray]  # pairs of neighbours, and what it costs to part them


class Round(NamedTuple):
    """One round: labels (h, w) after its cut, and the energy before the fit, after it, and after the cut.

    In the first round there are no mixtures before the fit, and its energy is infinite; so is the one after the fit
    if the first labels leave pixels open. `preference` (h, w) is what the mixtures alone say: above 0 for the object.
    """

    labels: np.ndarray
    before: float
    fitted: float
    energy: float
    slack: float
    preference: np.ndarray


def cut_out(
    image: np.ndarray,
    seeds: np.ndarray,
    first: np.ndarray | None = None,
    *,
    gamma: float = GAMMA,
    components: int = COMPONENTS,
    rounds: int = 12,
    refit: str = "onward",
    seed: int = 0,
) -> list[Round]:
    """Cut an object out of a picture from seeds, round by round; ends when a cut changes nothing.

    image: (h, w, channels) in [0, 1]. seeds: (h, w), 1 object and 0 background for good, -1 open. first: (h, w), the
    pixels that the first two mixtures are fitted to, 1, 0, or -1 for neither; by default the seeds, and if none of
    them is of the object, all open pixels for it (a rectangle). refit: "onward" goes on with EM from the mixtures of
    the round before, "afresh" begins it anew. seed: of the dice of k-means.
    Raises ValueError for other shapes or labels, and if there is nothing to fit one of the mixtures to.
    Source: Rother, Kolmogorov and Blake (2004), table 1. Chapter: grabcut.
    """
    picture = links.checked_picture(image)
    seeds, labels = _starts(picture.shape[:2], seeds, first)
    choice("refit", refit, REFITS)
    terms = links.smoothness(picture, gamma)
    fitted, done = (None, None), []
    for _ in range(whole("rounds", rounds, 1)):
        old, fitted = fitted, _refitted(picture, labels, fitted, components, refit, seed)
        done.append(_round(picture, seeds, labels, old, fitted, terms))
        if (done[-1].labels == labels).all():
            break
        labels = done[-1].labels
    return done


def costs(picture: np.ndarray, seeds: np.ndarray, fitted: Mixtures) -> tuple[np.ndarray, np.ndarray]:
    """What each pixel costs as background and as object, (h, w) both; infinite where a seed forbids it."""
    told = [mixtures.surprise(mixture, picture) for mixture in fitted]
    return np.where(seeds == OBJECT, np.inf, told[0]), np.where(seeds == BACKGROUND, np.inf, told[1])


def _refitted(
    picture: np.ndarray, labels: np.ndarray, old: Mixtures, components: int, refit: str, seed: int
) -> Mixtures:
    """Fit both mixtures to their pixels; a label that has none left keeps the mixture that it had."""
    found = []
    for side in (BACKGROUND, OBJECT):
        colours = picture[labels == side]
        before = old[side] if refit == "onward" or not len(colours) else None
        found.append(mixtures.fit_mixture(colours, components, before, seed))
    return tuple(found)


def _round(
    picture: np.ndarray, seeds: np.ndarray, labels: np.ndarray, old: Mixtures, fitted: Mixtures, terms: Terms
) -> Round:
    """Cut by the new mixtures, and see what fit and cut did to the energy."""
    background, thing = costs(picture, seeds, fitted)
    cut = flow.minimum_cut(background, thing, *terms)
    given = [_given(picture, seeds, labels, pair, terms) for pair in (old, fitted)]
    return Round(cut.labels, *given, cut.energy, cut.slack, background - thing)


def _given(picture: np.ndarray, seeds: np.ndarray, labels: np.ndarray, fitted: Mixtures, terms: Terms) -> float:
    """The energy of labels under some mixtures; infinite without mixtures, or where a pixel has no label."""
    if None in fitted or (labels == OPEN).any():
        return np.inf
    return flow.energy(labels == OBJECT, *costs(picture, seeds, fitted), *terms)


def _starts(shape: tuple[int, int], seeds: np.ndarray, first: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Seeds, and the labels that the first mixtures are fitted to."""
    seeds = _labelled("seeds", seeds, shape)
    if first is None:
        drawn = (seeds == OBJECT).any()
        return seeds, seeds if drawn else np.where(seeds == OPEN, OBJECT, seeds)
    first = _labelled("first", first, shape)
    return seeds, np.where(seeds == OPEN, first, seeds)


def _labelled(name: str, given: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    labels = np.asarray(given)
    if labels.shape != shape or not np.isin(labels, (BACKGROUND, OBJECT, OPEN)).all():
        raise ValueError(f"{name} has a 1, 0 or -1 for each pixel of {shape}. Received: {labels.dtype} {labels.shape}")
    return labels.astype(np.int8)
