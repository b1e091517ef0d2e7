"""Real patches of faces, each of which is all that is known of a person: found again after a change. Chapter: faces."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole

TURN, ZOOM, SHIFT = 12.0, 0.12, 2.0  # largest change: degrees, share of the size, pixels
CONTRAST, BRIGHTNESS = 0.3, 0.15


def altered(pictures: np.ndarray, times: int, seed: int = 0) -> np.ndarray:
    """Turn, zoom, shift, brighten and mirror each picture at random, `times` times: uint8 (n * times, h, w, 1).

    pictures: grey (n, h, w, 1), 0 to 1. Pixels from beyond the edge repeat the edge. Versions of one picture lie
    together. Raises ``ValueError`` for pictures of another shape. Chapter: faces.
    """
    pictures, dice = np.asarray(pictures, "float32"), np.random.default_rng(whole("seed", seed, 0))
    if pictures.ndim != 4 or pictures.shape[-1] != 1:
        raise ValueError(f"Give grey pictures (n, h, w, 1). Received: shape {pictures.shape}")
    versions = [_moved(picture[..., 0], dice) for picture in pictures.repeat(whole("times", times, 0), axis=0)]
    return np.round(255 * np.reshape(versions, (-1, *pictures.shape[1:]))).astype("uint8")


def _moved(picture: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import affine_transform

    turn, zoom = np.radians(dice.uniform(-TURN, TURN)), 1 + dice.uniform(-ZOOM, ZOOM)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / zoom
    middle = (np.array(picture.shape) - 1) / 2
    offset = middle - matrix @ (middle + dice.uniform(-SHIFT, SHIFT, 2))
    moved = affine_transform(picture, matrix, offset, order=1, mode="nearest")
    light = 1 + dice.uniform(-CONTRAST, CONTRAST), dice.uniform(-BRIGHTNESS, BRIGHTNESS)
    moved = np.clip(0.5 + light[0] * (moved - 0.5) + light[1], 0, 1)
    return moved[:, ::-1] if dice.random() < 0.5 else moved
