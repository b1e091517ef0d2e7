"""People who are enrolled with some pictures, and pictures that come to the door: what is compared with what.

Chapter: faces.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, whole


class Roles(NamedTuple):
    """Row numbers: enrolled (people, kept), person by person; probes (n,); own (n,), the line of a probe's person."""

    enrolled: np.ndarray
    probes: np.ndarray
    own: np.ndarray


def split(people: np.ndarray, kept: int) -> Roles:
    """Give each person's first `kept` pictures to the enrolment and the others to the door: no picture has two roles.

    people: (n,) the number of the person on each picture. Lines of `enrolled` are in the order of these numbers.
    Raises ``ValueError`` where a person has no picture left to come with. Chapter: faces.
    """
    people, kept = np.asarray(people), whole("kept", kept, 1)
    if people.ndim != 1:
        raise ValueError(f"Give one person for each picture, (n,). Received: shape {people.shape}")
    rows = [np.flatnonzero(people == person) for person in np.unique(people)]
    if not rows or min(map(len, rows)) <= kept:
        fewest = min(map(len, rows), default=0)
        raise ValueError(f"Each person needs {kept + 1} pictures or more. Received: a person with {fewest}")
    enrolled = np.stack([of_one[:kept] for of_one in rows])
    own = np.repeat(np.arange(len(rows)), [len(of_one) - kept for of_one in rows])
    return Roles(enrolled, np.concatenate([of_one[kept:] for of_one in rows]), own)


def templates(codes: np.ndarray, enrolled: np.ndarray) -> np.ndarray:
    """The mean code of each person's enrolled pictures: codes (n, d), rows (people, kept) -> (people, d).

    Raises ``ValueError`` for codes that are no rows of finite numbers. Chapter: faces.
    """
    codes = np.asarray(codes, "float64")
    if codes.ndim != 2 or not np.isfinite(codes).all():
        raise ValueError(f"Give rows of finite codes, (pictures, length). Received: shape {codes.shape}")
    return codes[enrolled].mean(axis=1)


def at_the_door(codes: np.ndarray, roles: Roles, kept: int | None = None) -> np.ndarray:
    """How far each probe is from each person's template: Euclidean distances (probes, people).

    kept: how many of the enrolled pictures make the template, the first ones; all unless given.
    Raises as `templates`, and ``ValueError`` for more than were enrolled. Chapter: faces.
    """
    from scipy.spatial.distance import cdist

    most = roles.enrolled.shape[1]
    kept = most if kept is None else whole("kept", kept, 1, most)
    known = templates(codes, roles.enrolled[:, :kept])
    return cdist(np.asarray(codes, "float64")[roles.probes], known)


def claims_made(distance: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let every probe claim to be everybody, itself included: distances (n * people,), and which claims are true.

    Raises ``ValueError`` unless each probe has a line of its own. Chapter: faces.
    """
    distance, own = read_doors(distance, own, least=0)
    return distance.ravel(), (own[:, None] == np.arange(distance.shape[1])).ravel() * 1


def threshold_for(distance: np.ndarray, same: np.ndarray, accepted: float) -> float:
    r"""The largest threshold at which at most a share of the strangers is let in, among the distances that occur.

    .. math:: t = \max \{ d_i : \mathrm{FAR}(d_i) \le a \}

    distance: (n,). same: (n,), 1 where a claim is true. accepted: a, 0 to 1.
    Where even the nearest stranger is too many, it is the largest number below that distance.
    Raises as `error_rates`. Chapter: faces.
    """
    from .verification import roc_points

    accepted = number("accepted", accepted, 0, 1)
    thresholds, false, _ = roc_points(distance, same)
    best = int(np.flatnonzero(false <= accepted)[-1])
    return float(np.nextafter(thresholds[1], -np.inf) if best == 0 else thresholds[best])


def read_doors(distance: np.ndarray, own: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Read a table of distances, and for each line the column of its own person; -1 is nobody's, with `least` of -1.

    Raises ``ValueError`` for what is not such a table. Chapter: faces.
    """
    distance, own = np.asarray(distance, "float64"), np.asarray(own)
    fits = distance.ndim == 2 and own.shape == (len(distance),) and own.dtype.kind in "iu" and distance.size > 0
    if not fits or not np.isfinite(distance).all() or own.min() < least or own.max() >= distance.shape[1]:
        raise ValueError(
            "Give finite distances (probes, people), and for each probe the number of its person's column. "
            f"Received: distances {distance.shape}, own {own.shape}: {own!r:.60}"
        )
    return distance, own
