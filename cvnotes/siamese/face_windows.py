"""Where is a face? A classifier of small windows, slid over a photograph; any face will do. Chapter: faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from cvnotes.checks import whole

SIDE, CELL = 25, 5  # of a window and of a cell of its histograms, in pixels
ACROSS = SIDE // CELL - 1  # blocks of 2 x 2 cells along a window
LONG = 4 * 9 * ACROSS**2  # numbers that describe a window


class Windows(NamedTuple):
    """Boxes (n, 4) in pixels of the photograph, x0, y0, x1, y1, and what a classifier gets to see of each, (n, 576)."""

    boxes: np.ndarray
    codes: np.ndarray


def gradient_codes(picture: np.ndarray) -> np.ndarray:
    """Describe every window of 25 x 25 pixels, five pixels apart, by histograms of its gradients: (rows, columns, 576).

    picture: grey (height, width). Cells of 5 x 5 pixels count nine directions; blocks of 2 x 2 cells are scaled
    together. One pass over the picture serves all windows, as neighbours share their cells.
    Raises ``ValueError`` for a picture smaller than a window. Source: Dalal and Triggs (2005). Chapter: faces.
    """
    from skimage.feature import hog

    picture = np.asarray(picture)
    if picture.ndim != 2 or min(picture.shape) < SIDE:
        raise ValueError(f"Give a grey picture of at least {SIDE} x {SIDE} pixels. Received: shape {picture.shape}")
    blocks = hog(picture, 9, (CELL, CELL), (2, 2), feature_vector=False)
    blocks = blocks.reshape(*blocks.shape[:2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(blocks, (ACROSS, ACROSS), axis=(0, 1))
    return np.moveaxis(windows, 2, -1).reshape(*windows.shape[:2], -1)


def patch_codes(patches: np.ndarray) -> np.ndarray:
    """Describe patches (n, 25, 25) or (n, 25, 25, 1) as `gradient_codes` does windows: (n, 576). Chapter: faces."""
    grey = np.reshape(patches, (-1, SIDE, SIDE))
    return np.array([gradient_codes(patch)[0, 0] for patch in grey]).reshape(len(grey), LONG)


def scan(photo: np.ndarray, sides: Sequence[int]) -> Windows:
    """Look at a photograph in windows of several sizes: grey (height, width), sides in pixels.

    The photograph is shrunk until a window of that side has 25 pixels; windows are a fifth of their side apart.
    A side for which the photograph is too small has no windows. Chapter: faces.
    """
    found = list(_scales(np.asarray(photo), [whole("sides", side, SIDE) for side in sides]))
    empty = Windows(np.zeros((0, 4)), np.zeros((0, LONG)))
    return Windows(*(np.concatenate(parts) for parts in zip(empty, *found, strict=True)))


def _scales(photo: np.ndarray, sides: Sequence[int]) -> Iterator[Windows]:
    from skimage.transform import resize

    for side in sides:
        height, width = (round(size * SIDE / side) for size in photo.shape)
        if min(height, width) >= SIDE:
            codes = gradient_codes(resize(photo, (height, width), anti_aliasing=True))
            rows, columns = np.mgrid[: codes.shape[0], : codes.shape[1]].reshape(2, -1) * CELL * side / SIDE
            yield Windows(np.stack([columns, rows, columns + side, rows + side], 1), codes.reshape(len(rows), -1))


def fit_detector(codes: np.ndarray, labels: np.ndarray) -> Any:
    """Fit a logistic regression to codes (n, 576): above 0 it says face. labels: (n,), 1 for a face. Chapter: faces."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=3000).fit(codes, labels)


def taught_by_mistakes(codes: np.ndarray, labels: np.ndarray, ground: np.ndarray, rounds: int, worst: int) -> list[Any]:
    """Fit, look for the windows without a face that score highest, add them as lessons, and fit again.

    ground: codes of windows known to show no face. worst: how many are added in each round. Gives all detectors, from
    before the first round to after the last. Source: Sung and Poggio (1998), section 2. Chapter: faces.
    """
    detectors = [fit_detector(codes, labels)]
    for _ in range(whole("rounds", rounds, 0)):
        alarms = np.argsort(-detectors[-1].decision_function(ground), kind="stable")[: whole("worst", worst, 1)]
        codes, labels = np.concatenate([codes, ground[alarms]]), np.r_[labels, np.zeros(len(alarms))]
        detectors.append(fit_detector(codes, labels))
    return detectors


def cascade_boxes(photo: np.ndarray) -> np.ndarray:
    """Find faces with the cascade of local binary patterns that comes inside scikit-image: boxes (n, 4).

    photo: (height, width, 3), 0 to 1. Boxes x0, y0, x1, y1 in pixels. Chapter: faces.
    """
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    trained = Cascade(lbp_frontal_face_cascade_filename())
    options = {"scale_factor": 1.2, "step_ratio": 1, "min_size": (60, 60), "max_size": (250, 250)}
    found = trained.detect_multi_scale(img=photo, **options)
    return np.array([[f["c"], f["r"], f["c"] + f["width"], f["r"] + f["height"]] for f in found]).reshape(-1, 4)


def no_faces(photos: Sequence[np.ndarray], count: int, seed: int, side: int = 32) -> np.ndarray:
    """Cut `count` windows out of photographs without faces, uint8 (count, side, side, 3), at any place.

    photos: (h, w, 3), 0 to 1. A window is 1, 2, 3 ... times `side` pixels wide, and shrunk by means of blocks.
    Raises ``ValueError`` for a photograph that is smaller than a window. Chapter: faces.
    """
    dice, cut = np.random.default_rng(whole("seed", seed, 0)), np.zeros((whole("count", count, 0), side, side, 3))
    for i in range(count):
        photo = photos[dice.integers(len(photos))]
        times = dice.integers(1, 1 + whole("windows that fit", min(photo.shape[:2]) // side, 1))
        y, x = (dice.integers(size - times * side + 1) for size in photo.shape[:2])
        window = photo[y : y + times * side, x : x + times * side]
        cut[i] = window.reshape(side, times, side, times, 3).mean(axis=(1, 3))
    return np.round(255 * cut).astype("uint8")
