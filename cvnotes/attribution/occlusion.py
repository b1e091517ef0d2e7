"""What the score loses when a part of the picture is covered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvnotes.checks import pair

from .compiled import runner
from .inputs import Array, Model, pictures, pieces, read, standin, take
from .targets import Score, Target, ask

Pair = tuple[int, int]


def occlusion(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    window: int | Pair = 8,
    stride: int | Pair = 4,
    fill: Array | float = 0,
    batch_size: int = 32,
) -> Array:
    """Cover the picture with a window, place by place: how much the score drops, averaged over the windows on a pixel.

    window, stride: pixels, one number or (height, width). Where the last stride does not reach the edge, one more
    window of full size ends there, so that every pixel is covered; a stride above the window is refused.
    fill: what covers: a number, a colour, a picture, or one for each image. Other arguments as in ``gradient``.
    Returns (n, h, w, 1) in units of the score; positive where the score needs what is there.
    Raises ValueError as ``gradient`` does, for a window larger than the picture, and for a fill of another shape.
    Source: Zeiler and Fergus (2014), section 4.2. Chapter: saliency.
    """
    asked = read(model, images)
    x, cover = pictures(asked), standin("fill", fill, asked.images)
    corners, (tall, wide) = windows(x.shape[1:3], window, stride), pair("window", window)
    if not len(x):
        return asked.give(x[..., :1])
    each = len(corners)

    def covered(rows: Array) -> Array:
        batch, by = x[rows // each].copy(), take(cover, rows // each)
        for i, (top, left) in enumerate(corners[rows % each]):
            here = slice(top, top + tall), slice(left, left + wide)
            batch[i][here] = by[min(i, len(by) - 1)][here]
        return batch

    score = ask(model, x, target, batch_size)
    whole = measured(score, lambda rows: x[rows], np.arange(len(x)), batch_size)
    scores = measured(score, covered, np.repeat(np.arange(len(x)), each), batch_size)
    return asked.give(spread(whole[:, None] - scores.reshape(-1, each), corners, (tall, wide), x.shape[1:3]))


def windows(size: Pair, window: int | Pair, stride: int | Pair) -> Array:
    """The upper left corners (m, 2) of all windows, in rows and columns, the last ones at the edge.

    Raises ValueError for a window larger than the picture and a stride that leaves gaps.
    """
    axes = []
    for side, length, step in zip(size, pair("window", window), pair("stride", stride), strict=True):
        if length > side or step > length:
            raise ValueError(
                "The window must fit into the picture, and the stride into the window, or pixels would be left out. "
                f"Received: window={window!r} and stride={stride!r} for a picture of {size[0]} x {size[1]}"
            )
        axes.append(np.unique([*range(0, side - length + 1, step), side - length]))
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)


def spread(drops: Array, corners: Array, window: Pair, size: Pair) -> Array:
    """The mean (n, h, w, 1) over the windows on each pixel of what their drops (n, m) say."""
    total, count = np.zeros((len(drops), *size, 1), drops.dtype), np.zeros((*size, 1), drops.dtype)
    for drop, (top, left) in zip(drops.T, corners, strict=True):
        here = slice(top, top + window[0]), slice(left, left + window[1])
        total[:, *here] += drop[:, None, None, None]
        count[here] += 1
    return total / count


def measured(score: Score, points: Callable[[Array], Array], owners: Array, batch_size: int) -> Array:
    """Scores (m,) of the inputs ``points(rows)``, made from the pictures ``owners`` (m,), no gradients."""
    parts = pieces(len(owners), batch_size)
    fn = lambda x, own: (score(x, own),)  # noqa: E731
    run = runner(fn, (score.model, score.pick, "scores"), len(parts[0]), len(parts))
    return np.concatenate([run(points(rows), score.classes[owners[rows]])[0] for rows in parts])
