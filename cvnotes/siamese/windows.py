"""Windows cut around a target, pairs of them to learn from, and what the net should say of a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from cvnotes.checks import number, whole
from cvnotes.data.clips import Clips

from .losses import floats, one_shape, truths

HIDDEN = 0.4  # share of a target that may be out of sight where the net is to learn from it


def cut(frames: np.ndarray, centres: np.ndarray, side: int) -> np.ndarray:
    """Cut a square window around one place of each frame; beyond the frame it holds the frame's mean colour.

    frames: (n, h, w, channels); centres: (n, 2) x, y in pixels, rounded to whole ones; side: of the window.
    The window around (x, y) begins at pixel x - side // 2. Returns (n, side, side, channels), of the frames' type.
    Raises ValueError for other shapes and places that are not finite.
    Source: Bertinetto et al. (2016), section 2.2. Chapter: tracking.
    """
    frames, centres, side = np.asarray(frames), np.asarray(centres, float), whole("side", side, 1)
    fits = frames.ndim == 4 and 0 not in frames.shape[1:3] and centres.shape == (len(frames), 2)
    if not fits or not np.isfinite(centres).all():
        raise ValueError(
            f"Give frames (n, h, w, channels) and one place x, y for each. Received: {frames.shape}, {centres.shape}"
            f"{'' if np.isfinite(centres).all() else ' with places that are not finite'}"
        )
    n, high, wide, _ = frames.shape
    first = np.floor(centres + 0.5).astype(int) - side // 2
    x, y = (first[:, axis, None] + np.arange(side) for axis in (0, 1))
    found = frames[np.arange(n)[:, None, None], y.clip(0, high - 1)[:, :, None], x.clip(0, wide - 1)[:, None, :]]
    outside = ((y < 0) | (y >= high))[:, :, None] | ((x < 0) | (x >= wide))[:, None, :]
    mean = frames.mean(axis=(1, 2), keepdims=True).astype(frames.dtype)
    return np.where(outside[..., None], mean, found)


def middles(boxes: np.ndarray) -> np.ndarray:
    """Middles x, y of boxes (..., 4): (..., 2). Chapter: tracking."""
    return (np.asarray(boxes)[..., :2] + np.asarray(boxes)[..., 2:]) / 2


def window_pairs(
    clips: Clips, count: int, side: int, seed: int, apart: int = 8, moved: np.ndarray | None = None
) -> np.ndarray:
    """Draw pairs of windows around one object in two frames of a clip: (count, side, side, 6), the exemplar's first.

    Without `moved` both windows have the object in the middle: what is learnt there holds elsewhere in a net that
    knows no borders. apart: most frames between the two, either way; moved: (count, 2), where in pixels x, y from the
    middle of the second window the object is to lie. Objects that are hidden for more than HIDDEN are left out.
    Raises ValueError where the clips offer no such pairs. Source: Bertinetto et al. (2016), section 2.2.
    Chapter: tracking.
    """
    count, moved = whole("count", count, 1), np.zeros((1, 2)) if moved is None else np.asarray(moved, float)
    if moved.shape not in ((1, 2), (count, 2)):
        raise ValueError(f"moved has a row x, y for each of the {count} pairs. Received: shape {moved.shape}")
    film, which, frame, other = _drawn(clips, count, np.random.default_rng(seed), whole("apart", apart, 1))
    earlier = _around(clips, film, which, frame, side, np.zeros((1, 2)))
    return np.concatenate([earlier, _around(clips, film, which, other, side, moved)], axis=-1)


def _drawn(clips: Clips, count: int, dice: np.random.Generator, apart: int) -> list[np.ndarray]:
    """Film, object and the two frames of each pair, (count,) each."""
    seen = (clips.occlusion <= HIDDEN) & (clips.labels >= 0)[:, None]
    for tries in (4, 100):  # most draws fit; where films are short, or objects hide, few do
        rows = _fitting(seen, tries * count, dice, apart)
        if rows.shape[1] >= count:
            return list(rows[:, :count])
    raise ValueError(f"Too few objects in sight twice within {apart} frames, in {clips}. Received: count={count}")


def _fitting(seen: np.ndarray, tries: int, dice: np.random.Generator, apart: int) -> np.ndarray:
    """Draw two frames of one object, and keep those that differ and show it: film, object, frame, other, (4, k)."""
    every = np.argwhere(seen)
    film, frame, which = every[dice.integers(0, max(len(every), 1), tries * bool(len(every)))].T.reshape(3, -1)
    other = dice.integers((frame - apart).clip(0), (frame + apart + 1).clip(max=seen.shape[1]))
    return np.stack([film, which, frame, other])[:, (other != frame) & seen[film, other, which]]


def _around(clips: Clips, film: np.ndarray, which: np.ndarray, frame: np.ndarray, side: int, moved: Any) -> np.ndarray:
    centres = middles(clips.full_boxes[film, frame, which]) - moved
    rows = [slice(i, i + 256) for i in range(0, len(film), 256)]  # whole frames of so many pairs at a time
    return np.concatenate([cut(clips.images[film[row], frame[row]], centres[row], side) for row in rows])


def wanted_maps(moved: np.ndarray, cells: int, stride: int, radius: float) -> np.ndarray:
    r"""What the net should say of pairs: 1 at places within ``radius`` pixels of the target, else 0.

    .. math:: y_{ij} = [\, \lVert k\,(j - m, i - m) - \delta \rVert \le R \,], \qquad m = \tfrac{\text{cells} - 1}{2}

    moved: (n, 2), the target's way x, y from the middle of the window; cells: places along a side; stride: k, pixels
    between them. Returns (n, cells, cells), float32. Raises ValueError for other shapes, and a radius below 0.
    Source: Bertinetto et al. (2016), equation 4. Chapter: tracking.
    """
    moved, stride = np.asarray(moved, float), whole("stride", stride, 1)
    if moved.ndim != 2 or moved.shape[1] != 2 or not np.isfinite(moved).all():
        raise ValueError(f"moved has a finite row x, y for each pair. Received: shape {moved.shape}")
    line = (np.arange(whole("cells", cells, 1)) - (cells - 1) / 2) * stride
    across, down = (line - moved[:, axis, None] for axis in (0, 1))
    return (np.hypot(down[:, :, None], across[:, None]) <= number("radius", radius, 0)).astype("float32")


def balanced_logistic(wanted: Any, scores: Any) -> Any:
    r"""Logistic loss of a score map, in which the few places of the target weigh as much as all the others: (n,).

    .. math:: \ell = \tfrac12 \, \langle \ln(1 + e^{-s}) \rangle_{y=1} + \tfrac12 \, \langle \ln(1 + e^s) \rangle_{y=0}

    wanted: y, (n, rows, columns) of 0 and 1; scores: s, logits of that shape. A map without places of one kind counts
    the other alone. Raises ValueError for two shapes, and where an array wants neither 1 nor 0.
    Source: Bertinetto et al. (2016), equations 1 and 3. Chapter: tracking.
    """
    wanted, scores = floats(truths("wanted", wanted), scores)
    one_shape(wanted=wanted, scores=scores)
    hit = ops.sum(wanted * ops.softplus(-scores), axis=(1, 2)) / ops.maximum(ops.sum(wanted, axis=(1, 2)), 1)
    rest = 1 - wanted
    miss = ops.sum(rest * ops.softplus(scores), axis=(1, 2)) / ops.maximum(ops.sum(rest, axis=(1, 2)), 1)
    return 0.5 * (hit + miss)
