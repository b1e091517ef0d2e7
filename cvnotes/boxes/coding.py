"""What a net says instead of four corners: how an anchor must move and grow to become the box."""

from __future__ import annotations

import math

import numpy as np

from cvnotes.checks import number

from .formats import convert, corners, fours, rows

VARIANCES = (0.1, 0.1, 0.2, 0.2)
LARGEST = math.log(1000 / 16)  # of a log-size: the guard against exp of a wild number that Detectron brought into use


def middles(name: str, boxes: object) -> tuple[np.ndarray, np.ndarray]:
    """Read boxes (n, 4) as centres and sizes, (n, 2) each; raises ValueError for one without width or height."""
    read = rows(name, boxes)
    centred = convert(read, "xyxy", "center_xywh")
    empty = (centred[:, 2:] <= 0).any(1)
    if empty.any():
        raise ValueError(
            f"{name} must have width and height, or their logarithm fails. Received: {read[empty][0].tolist()}"
        )
    return centred[:, :2], centred[:, 2:]


def spread(variances: tuple[float, ...]) -> np.ndarray:
    """Read four numbers above zero."""
    read = np.asarray(variances)
    if read.shape != (4,) or read.dtype.kind not in "fiu" or not (np.isfinite(read) & (read > 0)).all():
        raise ValueError(f"variances must be four numbers above 0. Received: variances={variances!r}")
    return read.astype("float32")


def answers(name: str, values: object, count: int) -> np.ndarray:
    """Read a net's numbers for `count` anchors, (..., count, 4)."""
    read = fours(name, values)
    if read.shape[-2:] != (count, 4):
        raise ValueError(f"{name} must have four numbers an anchor, {(count, 4)}. Received: shape={read.shape}")
    return read


def framed(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Turn centres and sizes into corners."""
    return corners("decoded boxes", np.concatenate([centre - size / 2, centre + size / 2], -1))


def encode(boxes: np.ndarray, anchors: np.ndarray, variances: tuple[float, ...] = VARIANCES) -> np.ndarray:
    r"""Say each box as what its anchor must do to become it: four numbers of about the same spread.

    $$ t_x = \frac{x - x_a}{w_a}, \quad t_y = \frac{y - y_a}{h_a}, \quad t_w = \ln\frac{w}{w_a}, \quad
       t_h = \ln\frac{h}{h_a}, \quad \text{each over its variance} $$

    boxes, anchors: (n, 4) corners, row by row; x, y, w, h are centres and sizes. The answer is (n, 4).
    variances: what the offsets are divided by (the name is Caffe's; in truth, typical sizes of an offset).
    Raises ValueError for different lengths and for a box or anchor without width or height.
    Source: Girshick et al. (2014), appendix C; Liu et al. (2016), section 2.2. Chapter: boxes.
    """
    (centre, size), (middle, span) = middles("boxes", boxes), middles("anchors", anchors)
    if len(centre) != len(middle):
        raise ValueError(f"Give one anchor a box. Received: {len(centre)} boxes and {len(middle)} anchors")
    return np.concatenate([(centre - middle) / span, np.log(size / span)], 1) / spread(variances)


def decode(offsets: np.ndarray, anchors: np.ndarray, variances: tuple[float, ...] = VARIANCES) -> np.ndarray:
    r"""Turn a net's offsets back into boxes: the inverse of `encode`.

    $$ x = x_a + w_a t_x, \quad y = y_a + h_a t_y, \quad w = w_a e^{\min(t_w, \ln 62.5)}, \quad
       h = h_a e^{\min(t_h, \ln 62.5)} $$

    offsets: (n, 4), or (..., n, 4) for several pictures, multiplied by their variances first; anchors: (n, 4).
    The logarithms of sizes are cut off at ln(1000 / 16), after the variances, so that an untrained net cannot
    overflow: a box is at most 62.5 times its anchor. Nothing is cut at the picture's border (`clip` does that).
    Raises ValueError for other shapes, NaN, and an anchor without width or height.
    Source: Girshick et al. (2014), appendix C. Chapter: boxes.
    """
    middle, span = middles("anchors", anchors)
    steps = answers("offsets", offsets, len(span)) * spread(variances)
    return framed(middle + steps[..., :2] * span, span * np.exp(np.minimum(steps[..., 2:], LARGEST)))


def decode_limited(activations: np.ndarray, anchors: np.ndarray, cell: float) -> np.ndarray:
    r"""Turn activations into boxes that stay near their anchors.

    $$ x = x_a + \tfrac{c}{2} \tanh a_x, \quad y = y_a + \tfrac{c}{2} \tanh a_y, \quad
       w = w_a \left(1 + \tfrac12 \tanh a_w\right), \quad h = h_a \left(1 + \tfrac12 \tanh a_h\right) $$

    activations: (..., n, 4); anchors: (n, 4); cell: side c of a grid cell in pixels. A centre moves by at most half a
    cell, a side becomes at least a half and at most one and a half of the anchor's.
    Raises ValueError as `decode`, and for a cell that is no number above 0.
    Source: Howard et al., fast.ai course v2, lesson 9 (2018). Chapter: boxes.
    """
    middle, span = middles("anchors", anchors)
    limited = np.tanh(answers("activations", activations, len(span)))
    half = number("cell", cell, above=0) / 2
    return framed(middle + half * limited[..., :2], span * (1 + limited[..., 2:] / 2))
