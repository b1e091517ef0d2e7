"""One number a pixel."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import choice

from .inputs import Array

WAYS = ("absolute", "positive", "signed", "largest")


def heat(attribution: Array, how: str = "absolute") -> Array:
    r"""One number a pixel, (n, h, w), from an attribution (n, h, w, c), or (h, w) from (h, w, c).

    how: ``"absolute"`` :math:`\sum_c |a_c|`, how much a pixel matters (the house's way, for comparisons too);
    ``"signed"`` :math:`\sum_c a_c`, which keeps what adds up; ``"positive"`` the signed sum, cut off at 0;
    ``"largest"`` :math:`\max_c |a_c|`, that of Simonyan et al. (2014).
    Raises ValueError for another number of axes and for an unknown way. Chapter: saliency.
    """
    choice("how", how, WAYS)
    values = np.asarray(attribution)
    if values.ndim not in (3, 4):
        raise ValueError(f"attribution must be (n, h, w, c) or (h, w, c). Received: shape {values.shape}")
    if how in ("signed", "positive"):
        total = values.sum(-1)
        return np.maximum(total, 0) if how == "positive" else total
    return np.abs(values).sum(-1) if how == "absolute" else np.abs(values).max(-1)
