"""A tracker: look around the last place, move to the best score, look again. And the rivals that it has to beat."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from scipy.ndimage import zoom
from scipy.signal import fftconvolve

from cvnotes.checks import number, whole

from .fully_convolutional import SEARCH, STRIDE
from .windows import cut, middles

#: a look: search windows (n, SEARCH, SEARCH, 3) to scores (n, d, d), one for each pixel that the target may have moved
Look = Callable[[np.ndarray], np.ndarray]
WAVE = 0.2  # weight of the cosine window, chosen on validation clips


def cosine_window(side: int) -> np.ndarray:
    """A hill, 1 in the middle and 0 just beyond the rim: (side, side), the outer product of two raised cosines.

    Source: Bertinetto et al. (2016), section 2.2. Chapter: tracking.
    """
    line = np.hanning(whole("side", side, 1) + 2)[1:-1]
    return np.outer(line, line) / line.max() ** 2


def damped(scores: np.ndarray, weight: float = WAVE) -> np.ndarray:
    """Bring each map of scores (n, d, d) to 0 .. 1, and mix it with the cosine window: far moves cost.

    weight: of the window, 0 (none) to 1 (stand still). A flat map counts as 0. Raises ValueError as `moves`.
    Source: Bertinetto et al. (2016), section 2.2. Chapter: tracking.
    """
    weight, scores = number("weight", weight, 0, 1), _maps(scores)
    low = scores.min(axis=(1, 2), keepdims=True)
    range_ = np.maximum(scores.max(axis=(1, 2), keepdims=True) - low, 1e-12)
    return (1 - weight) * (scores - low) / range_ + weight * cosine_window(scores.shape[1])


def moves(scores: np.ndarray) -> np.ndarray:
    """How far the best place of each map (n, d, d) lies from its middle: (n, 2) pixels x, y; of equals the nearest.

    Raises ValueError for scores that are not finite, and maps of another shape. Chapter: tracking.
    """
    scores = _maps(scores)
    line = np.arange(scores.shape[1]) - (scores.shape[1] - 1) / 2
    ways = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    near = np.argsort((ways**2).sum(axis=1), kind="stable")
    return ways[near][scores.reshape(len(scores), len(ways))[:, near].argmax(axis=1)]


def _maps(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores)
    square = scores.ndim == 3 and scores.shape[1] == scores.shape[2] > 0
    if not square or not np.isfinite(scores).all():
        raise ValueError(f"Give finite score maps (n, d, d); NaN has no best place. Received: shape {scores.shape}")
    return scores


def stand_still(films: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Leave the box of frame 0 where it is: (n, f, 4). Raises ValueError as `follow`. Chapter: tracking."""
    films, boxes = _started(films, boxes)
    return np.repeat(boxes[:, None], films.shape[1], axis=1)


def follow(films: np.ndarray, boxes: np.ndarray, look: Look, weight: float = WAVE, side: int = SEARCH) -> np.ndarray:
    """Follow one target through each film: cut a window around the last place, look, and go to the best score.

    films: (n, f, h, w, 3); boxes: (n, 4) around the targets in frame 0, corners x0, y0, x1, y1; look: see `Look`.
    The box keeps its size, and its middle stays within the frame. Returns boxes (n, f, 4), the first as given.
    Raises ValueError for other shapes, and for boxes that are no boxes.
    Source: Bertinetto et al. (2016), section 2.2. Chapter: tracking.
    """
    films, boxes = _started(films, boxes)
    places, limit = middles(boxes), np.array(films.shape[3:1:-1]) - 1
    path = [places]
    for t in range(1, films.shape[1]):
        scores = damped(look(cut(films[:, t], places, side)), weight)
        places = np.clip(places + moves(scores), 0, limit)
        path.append(places)
    half = np.tile((boxes[:, 2:] - boxes[:, :2]) / 2, 2) * [-1, -1, 1, 1]
    return np.tile(np.stack(path, axis=1), 2) + half[:, None]


def _started(films: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Films of at least one frame, and the boxes to start from."""
    films, boxes = np.asarray(films), np.asarray(boxes, float)
    fits = films.ndim == 5 and films.shape[1] and boxes.shape == (len(films), 4) and np.isfinite(boxes).all()
    if not fits or not (boxes[:, :2] <= boxes[:, 2:]).all():
        raise ValueError(
            "Give films (n, frames, h, w, 3) and for each a box x0, y0, x1, y1 of finite numbers, x0 <= x1, y0 <= y1. "
            f"Received: films {films.shape}, boxes {boxes.tolist()!s:.80}"
        )
    return films, boxes


# Looks --------------------------------------------------------------------------------------------------------------


def by_net(net: keras.Model, exemplars: np.ndarray, stride: int = STRIDE) -> Look:
    """Look with a net: its encoder sees each exemplar once, and each search window once; scores between are splines.

    net: with layers "encoder" and "correlation", as `siamese_map_net`; exemplars: (n, e, e, 3), from 0 to 255.
    Chapter: tracking.
    """
    encoder, correlation = net.get_layer("encoder"), net.get_layer("correlation")
    kernels = encoder(exemplars, training=False)

    def look(windows: np.ndarray) -> np.ndarray:
        return finer(ops.convert_to_numpy(correlation([encoder(windows, training=False), kernels])), stride)

    return look


def finer(scores: np.ndarray, stride: int) -> np.ndarray:
    """Put scores (n, d, d), a stride apart, onto every pixel between them: (n, k d - k + 1, ...), by cubic splines.

    Raises ValueError as `moves`, and for a stride below 1.
    Source: Bertinetto et al. (2016), section 2.2. Chapter: tracking.
    """
    scores = _maps(scores)
    side = (scores.shape[1] - 1) * whole("stride", stride, 1) + 1
    factor = side / scores.shape[1]
    return zoom(scores, (1, factor, factor), order=3) if len(scores) else np.zeros((0, side, side))


def by_template(exemplars: np.ndarray) -> Look:
    """Look for the pixels of the exemplar themselves, by normalised cross-correlation. Chapter: tracking."""
    return lambda windows: normalised(windows, exemplars)


def normalised(windows: np.ndarray, exemplars: np.ndarray) -> np.ndarray:
    r"""Normalised cross-correlation of each window with its own exemplar, over all colours: from -1 to 1.

    .. math:: r_{ij} = \frac{\sum (x - \bar x_{ij})(z - \bar z)}{\sqrt{\sum (x - \bar x_{ij})^2 \sum (z - \bar z)^2}}

    windows: x, (n, d, d, c); exemplars: z, (n, e, e, c), both in any unit. Returns (n, d - e + 1, d - e + 1); what is
    flat, but for rounding, answers 0.
    For one window the same as `skimage.feature.match_template`, and for many at once a good deal faster.
    Raises ValueError for other shapes, an exemplar larger than its window, and NaN.
    Source: Lewis (1995). Chapter: tracking.
    """
    windows, exemplars = np.asarray(windows, float), np.asarray(exemplars, float)
    (n, wide, _, _), (_, side, _, _) = _checked(windows, exemplars)
    if not n:
        return np.zeros((0, wide - side + 1, wide - side + 1))
    zero = exemplars - exemplars.mean(axis=(1, 2, 3), keepdims=True)
    turned = zero[:, ::-1, ::-1]  # a convolution turns its filter, a correlation does not
    dots = fftconvolve(windows, turned, mode="valid", axes=(1, 2)).sum(axis=-1)
    ones = np.ones((1, side, side))
    total, squares = (fftconvolve(x.sum(axis=-1), ones, mode="valid", axes=(1, 2)) for x in (windows, windows**2))
    spreads = [_spread(squares - total**2 / zero[0].size, windows), _spread((zero**2).sum(axis=(1, 2, 3)), exemplars)]
    spread = np.sqrt(spreads[0]) * np.sqrt(spreads[1])[:, None, None]
    return np.divide(dots, spread, out=np.zeros_like(dots), where=spread > 0)


def _spread(squares: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Sums of squares about a mean, with 0 for those (n, ...) that pictures (n, h, w, c) lose to rounding."""
    lost = 1e-11 * (pictures**2).sum(axis=(1, 2, 3))
    return np.where(squares > lost.reshape(-1, *[1] * (squares.ndim - 1)), squares, 0)


def _checked(windows: np.ndarray, exemplars: np.ndarray) -> tuple[tuple, tuple]:
    """Shapes of windows and exemplars that fit each other."""
    given, wanted = windows.shape, exemplars.shape
    fits = len(given) == len(wanted) == 4 and given[::3] == wanted[::3]
    square = fits and given[1] == given[2] >= wanted[1] == wanted[2] > 0
    if not square or not (np.isfinite(windows).all() and np.isfinite(exemplars).all()):
        raise ValueError(
            "Give square windows (n, d, d, c) and one exemplar (e, e, c) for each, no larger and all finite. "
            f"Received: {given} and {wanted}"
        )
    return given, wanted
