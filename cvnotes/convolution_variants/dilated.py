"""Filters with holes: zeros pushed between the taps."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def spread(cells: np.ndarray, step: int) -> np.ndarray:
    r"""Push step - 1 zeros between neighbours, along rows and columns.

    $$ \hat k_{d u,\, d v} = k_{uv}, \qquad \text{zero elsewhere} $$

    cells: (n,), (h, w) or (h, w, ...); n in a row become d(n-1)+1.
    Raises ValueError for a step below 1.
    Chapters: receptive_field (kernels), transposed_convolution (inputs).
    """
    cells, step = np.asarray(cells), whole("step", step, 1)
    axes = min(cells.ndim, 2)
    sides = [step * (side - 1) + 1 for side in cells.shape[:axes]]
    out = np.zeros((*sides, *cells.shape[axes:]), cells.dtype)
    out[(slice(None, None, step),) * axes] = cells
    return out


def reach(kernel: int, dilation: int = 1) -> int:
    """Count the pixels from the first tap of a row to the last, both included: d(F-1)+1.

    kernel F in taps, dilation d in pixels. Raises ValueError for numbers below 1.
    Source: Yu and Koltun (2016), section 2. Chapter: receptive_field.
    """
    return whole("dilation", dilation, 1) * (whole("kernel", kernel, 1) - 1) + 1


def keep_padding(kernel: int, dilation: int = 1) -> int:
    """Give the zeros per side that keep the size at stride 1: d(F-1)/2.

    Raises ValueError where that is no whole number: an even kernel with an odd dilation. Chapter: receptive_field.
    """
    total = reach(kernel, dilation) - 1
    if total % 2:
        raise ValueError(
            f"{kernel} taps {dilation} apart need {total} zeros in all, which two sides cannot share evenly. "
            "Use an odd kernel or an even dilation."
        )
    return total // 2
