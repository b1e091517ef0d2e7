"""One dial of a drawn face turned, all others at rest: how far does a code go? Chapter: faces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes import data
from cvnotes.checks import choice, number
from cvnotes.data.portraits import CHANGES, TAKES, TRAITS, painted

from .linear_faces import Code
from .piles import SIDE, TEST

DIALS = {  # words, and the dial: five that change from picture to picture, and five that are the person's own
    **{"turned head": "yaw", "tilted head": "roll", "lamp": "lamp across", "smile": "smile", "hair": "hair colour"},
    **{"eye spacing": "eye spacing", "nose": "nose length", "brows": "brow tilt", "jaw": "jaw", "skin": "tone"},
}
TURNS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of a dial's range, from its lowest to its highest
SITTERS = 30  # people whose dials are turned


def at_rest(seed: int) -> data.Portraits:
    """One calm picture each of people of the test, every trait that is turned in the middle of its range."""
    drawn = data.portraits(SITTERS, 1, seed, SIDE, first=TEST, **dict.fromkeys(CHANGES, 0.0))
    traits = drawn.traits.copy()
    traits[:, [list(TRAITS).index(dial) for dial in DIALS.values() if dial in TRAITS]] = 0.5
    return data.Portraits(painted(traits, drawn.takes, SIDE), drawn.people, traits, drawn.takes, seed)


def turned(drawn: data.Portraits, dial: str, turn: float, size: int = SIDE) -> np.ndarray:
    """Paint the same pictures once more with one dial at a share of its range: uint8 (n, size, size, 3).

    dial: one of `DIALS`. turn: 0 for the lowest end of its range, 1 for the highest.
    Raises ``ValueError`` for another dial, and a turn beyond 0 to 1. Chapter: faces.
    """
    name, turn = DIALS[choice("dial", dial, DIALS)], number("turn", turn, 0, 1)
    traits, takes = drawn.traits.copy(), drawn.takes.copy()
    if name in TRAITS:
        traits[:, list(TRAITS).index(name)] = turn
    else:
        _, low, high = TAKES[name]
        takes[:, list(TAKES).index(name)] = low + turn * (high - low)
    return painted(traits, takes, size)


def moves(codes: Mapping[str, Code], seed: int) -> dict[str, np.ndarray]:
    """How far each dial moves each code: mean distances (dials, turns), 1 for two different people at rest."""
    from scipy.spatial.distance import pdist

    people = data.portraits(SITTERS, 1, seed, SIDE, first=TEST, **dict.fromkeys(CHANGES, 0.0))
    calm = at_rest(seed)
    pictures = np.concatenate([turned(calm, dial, turn) for dial in DIALS for turn in TURNS])
    found = {}
    for name, code in codes.items():
        gone = code(pictures).reshape(len(DIALS), len(TURNS), SITTERS, -1) - code(calm.images)
        found[f"{name} dials"] = np.linalg.norm(gone, axis=-1).mean(axis=-1) / pdist(code(people.images)).mean()
    return found
