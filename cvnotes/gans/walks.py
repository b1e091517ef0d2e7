"""Ways from one code to another: straight through the ball, or around it.

Chapter: generators. NumPy alone.
"""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def chord(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """Walk straight from a to b: (steps, ...), both ends included. a, b: (...), codes or pictures alike.

    Raises ValueError for shapes that differ, NaN, or fewer than two steps. Chapter: generators.
    """
    a, b, share = _way(a, b, steps)
    return (1 - share) * a + share * b


def arc(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    r"""Walk from a to b by turning: codes in between are about as long as the ends. (steps, k).

    .. math:: \frac{\sin((1 - t) \Omega)}{\sin \Omega}\, a + \frac{\sin(t \Omega)}{\sin \Omega}\, b

    with the angle :math:`\Omega` between a and b, (k,) each. Codes in one direction are joined by a chord.
    Raises ValueError as `chord`, and for codes that are zero or opposite. Shoemake (1985). Chapter: generators.
    """
    a, b, share = _way(a, b, steps)
    long = np.linalg.norm(a) * np.linalg.norm(b)
    if a.ndim != 1 or long == 0:
        raise ValueError(f"An arc joins two codes (k,) that are not zero. Received: {a} and {b}")
    angle = np.arccos(np.clip(a @ b / long, -1, 1))
    if angle > np.pi - 1e-6:
        raise ValueError("Opposite codes are joined by many arcs: move one of them a little.")
    if angle < 1e-6:
        return chord(a, b, steps)
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


def _way(a: np.ndarray, b: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b = (np.asarray(end, dtype=float) for end in (a, b))
    if a.shape != b.shape or not np.isfinite([a, b]).all():
        raise ValueError(f"The ends of a walk are finite and of one shape. Received: {a.shape} and {b.shape}")
    share = np.linspace(0, 1, whole("steps", steps, 2))
    return a, b, share.reshape(-1, *[1] * a.ndim)
