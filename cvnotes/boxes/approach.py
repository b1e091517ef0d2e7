"""What pulls two boxes together: steps along the gradient of a measure of overlap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import number, whole

from .formats import rows


def approach(
    boxes: np.ndarray, others: np.ndarray, measure: Callable[[Any, Any], Any], steps: int = 100, length: float = 0.5
) -> np.ndarray:
    r"""Let boxes climb: every step goes `length` pixels along the gradient of a measure of overlap.

    $$ b \leftarrow b + \ell \, \frac{g}{\lVert g \rVert}, \qquad
       g = \frac{\partial\, \text{measure}(b, o)}{\partial b} $$

    boxes, others: (n, 4), pair by pair; a box without gradient stays where it is. measure: `paired_iou` or
    `paired_giou`. The answer is (steps + 1, n, 4), the start included.
    Raises ValueError for boxes that `iou` refuses or that do not pair, and for a length that is not above 0.
    Chapter: boxes.
    """
    steps, length = whole("steps", steps, 0), number("length", length, above=0)
    path, fixed = [rows("boxes", boxes).astype("float32")], rows("others", others).astype("float32")
    if len(path[0]) != len(fixed):
        raise ValueError(f"Give each box one other. Received: {len(path[0])} boxes and {len(fixed)} others")
    slope = backend.value_and_grad(lambda moving: ops.sum(measure(moving, fixed)))
    for _ in range(steps):
        pull = slope(path[-1])[1]
        size = np.linalg.norm(pull, axis=1, keepdims=True)
        path.append(path[-1] + length * pull / np.maximum(size, 1e-12))
    return np.stack(path)
