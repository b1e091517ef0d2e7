"""What a made-up border does to the numbers inside."""

from __future__ import annotations

import numpy as np

from .matrices import conv2d, pad


def random_stack(depth: int, channels: int, seed: int) -> list[np.ndarray]:
    """Draw the 3x3 filters of a stack of layers, scaled so that ReLU layers keep their size (He et al., 2015)."""
    dice, inputs = np.random.default_rng(seed), [3] + [channels] * (depth - 1)
    return [dice.normal(0, (2 / (9 * c)) ** 0.5, (3, 3, c, channels)).astype(np.float32) for c in inputs]


def run_stack(image: np.ndarray, stack: list[np.ndarray], fill: str | None) -> np.ndarray:
    """Run convolution and ReLU layer by layer, with a border of one pixel before each (none for None)."""
    for filters in stack:
        image = np.maximum(conv2d((image if fill is None else pad(image, 1, fill))[None], filters)[0], 0)
    return image


def border_study(
    photo: np.ndarray, fill: str, depth: int = 4, channels: int = 8, side: int = 48, seed: int = 0
) -> np.ndarray:
    r"""Measure how wrong a filled border makes the maps, ring by ring from the edge inwards.

    A crop is filled at its border; the truth is the same stack run on a larger crop, whose pixels outside are real.
    photo: (h, w, 3), at least side + 2*depth wide; returns side//2 errors $|a - \hat a|$ averaged over a ring and
    divided by the mean of the true maps. Raises ValueError for a photo that is too small. Chapter: convolution.
    """
    if min(photo.shape[:2]) < side + 2 * depth:
        raise ValueError(f"the photo must be {side + 2 * depth} pixels wide. Received: shape={photo.shape}")
    dice, stack = np.random.default_rng(seed), random_stack(depth, channels, seed)
    top, left = (int(dice.integers(n - side - 2 * depth + 1)) for n in photo.shape[:2])
    large = photo[top : top + side + 2 * depth, left : left + side + 2 * depth] - 0.5
    truth = run_stack(large, stack, None)
    error = np.abs(run_stack(large[depth:-depth, depth:-depth], stack, fill) - truth).mean(axis=2) / truth.mean()
    rows, columns = np.indices((side, side))
    ring = np.minimum(np.minimum(rows, columns), side - 1 - np.maximum(rows, columns))
    return np.array([error[ring == r].mean() for r in range(side // 2)])
