"""What is asked of a code of faces: to verify, to name, to know strangers, and to be the same for all groups.

Chapter: faces.
"""

from __future__ import annotations

import numpy as np

from cvnotes import data
from cvnotes.data.portraits import CHANGES

from .enrolment import Roles, at_the_door, claims_made, split, threshold_for
from .identification import cumulative_match, open_set
from .linear_faces import Code
from .piles import ASKED, CHOSEN, PROBES, TEST, VALIDATION, picture_by_picture, pile
from .piles import tones as tones_of
from .trials import named
from .trials_matching import verified
from .verification import equal_error, error_rates

ACCEPTED = 0.01  # share of strangers that a threshold from the validation pile lets in
KEPT = (1, 2, 4)  # pictures that a template is made of
PLACES = 10  # up to which place a person may be on the list of names
RATES = np.geomspace(1e-3, 1, 25)  # of false accepts, at which curves are kept
BINS = np.linspace(0, 2, 41)  # of distances, in mean distances of two people
ALIKE = 0.1  # skins that differ by less than this share of their range
GROUPS = ("light", "dark")  # skin: tone below one half, and from there
SHOWN = 6  # pairs that are kept to be looked at


def limit(code: Code, seed: int) -> float:
    """The threshold at which one stranger in a hundred is let in, from the people of the validation pile."""
    drawn = pile(VALIDATION, CHOSEN, 1 + PROBES, seed)
    return threshold_for(*picture_by_picture(code, drawn, split(drawn.people, 1)), ACCEPTED)


def curve(distance: np.ndarray, same: np.ndarray) -> np.ndarray:
    """True accepts at each of `RATES` of false accepts."""
    thresholds = [threshold_for(distance, same, rate) for rate in RATES]
    return 1 - error_rates(distance, same, np.array(thresholds))[1]


def counted(distance: np.ndarray, same: np.ndarray) -> dict[str, np.ndarray]:
    """Distances counted in `BINS`, of one person and of two, as shares of all of their kind."""
    measured = np.minimum(distance / distance[same == 0].mean(), BINS[-1] - 1e-9)
    counts = {kind: np.histogram(measured[same == s], BINS)[0] for kind, s in (("same", 1), ("different", 0))}
    return {f"counted {kind}": count / count.sum() for kind, count in counts.items()}


def judged(codes: np.ndarray, drawn: data.Portraits, roles: Roles, threshold: float) -> dict:
    """Judge codes of the test's pictures, by the number of pictures kept: to verify, to give names, and by group."""
    found = {}
    for kept in KEPT:
        distance = at_the_door(codes, roles, kept)
        found |= named(f"{kept}", verified(*claims_made(distance, roles.own)) | as_namer(distance, roles.own))
    distance = at_the_door(codes, roles, 1)
    claims = claims_made(distance, roles.own)
    (let_in,), (refused,) = error_rates(*claims, np.array([threshold]))
    found |= counted(*claims) | {"curve": curve(*claims), "let in": let_in, "refused": refused}
    return found | by_group(distance, tones_of(drawn)[roles.enrolled[:, 0]], roles.own, threshold)


def as_namer(distance: np.ndarray, own: np.ndarray) -> dict[str, np.ndarray]:
    """Name everybody, all enrolled; then only half of the people are, and the others come as strangers."""
    half, known = distance[:, : ASKED // 2], np.where(own < ASKED // 2, own, -1)
    strangers = [threshold_for(half.min(axis=1), known >= 0, rate) for rate in RATES]
    return {"named": cumulative_match(distance, own, PLACES), "open": open_set(half, known, np.array(strangers))[1]}


def by_group(distance: np.ndarray, tones: np.ndarray, own: np.ndarray, threshold: float) -> dict[str, float]:
    """Equal error among people of like skin; rates within each group, at one threshold that is meant for everybody."""
    alike = abs(tones[own][:, None] - tones) < ALIKE
    apart, same = (values[alike.ravel()] for values in claims_made(distance, own))
    found = {"alike error": equal_error(apart, same)[0]}
    for group, members in zip(GROUPS, (tones < 0.5, tones >= 0.5), strict=True):
        probes, column = members[own], np.cumsum(members) - 1
        claims = claims_made(distance[probes][:, members], column[own[probes]])
        (let_in,), (refused,) = error_rates(*claims, np.array([threshold]))
        found |= named(group, {"let in": let_in, "refused": refused})
    return found


def by_change(code: Code, seed: int) -> dict[str, float]:
    """Equal errors, picture by picture, as usual, where one change is left out, and where it is the only one."""
    settings = {"usual": {}} | {f"{change} off": {change: 0.0} for change in CHANGES}
    settings |= {f"{change} only": {other: 0.0 for other in CHANGES if other != change} for change in CHANGES}
    found = {}
    for words, changes in settings.items():
        drawn = pile(TEST, ASKED, 4, seed, **changes)
        found[words] = equal_error(*picture_by_picture(code, drawn, split(drawn.people, 1)))[0]
    return found


def worst_pairs(codes: np.ndarray, roles: Roles, threshold: float) -> dict[str, np.ndarray]:
    """Rows of the nearest strangers and of one person's furthest pictures, no person twice; distances in thresholds."""
    distance, found = at_the_door(codes, roles, 1), {}
    own = roles.own[:, None] == np.arange(distance.shape[1])
    for kind, hard in (("strangers", np.where(own, np.inf, distance)), ("own", np.where(own, -distance, np.inf))):
        pairs = _nobody_twice(hard, roles)
        found[f"{kind} rows"] = [(roles.probes[probe], roles.enrolled[person, 0]) for probe, person in pairs]
        found[f"{kind} apart"] = [distance[pair] / threshold for pair in pairs]
    return found


def _nobody_twice(hard: np.ndarray, roles: Roles) -> list[tuple[int, int]]:
    """The `SHOWN` smallest entries (probe, person) in which no person, coming or enrolled, is shown again."""
    pairs, seen = [], set()
    for at in np.argsort(hard, axis=None, kind="stable"):
        probe, person = map(int, np.unravel_index(at, hard.shape))
        if not {person, int(roles.own[probe])} & seen:
            pairs.append((probe, person))
            seen |= {person, int(roles.own[probe])}
        if len(pairs) == SHOWN:
            break
    return pairs
