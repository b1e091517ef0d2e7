"""One step of a recurrent cell, written out. Chapter: captioning."""

from __future__ import annotations

import numpy as np
from scipy.special import expit as sigmoid


def lstm_step(x, h, c, kernel, recurrent, bias) -> tuple[np.ndarray, np.ndarray]:
    r"""One step of a long short-term memory: what to forget, what to write, what to show.

    .. math::
        (i, f, g, o) &= x W + h U + b \\
        c' &= \sigma(f) \odot c + \sigma(i) \odot \tanh(g), \qquad h' = \sigma(o) \odot \tanh(c')

    x: (n, inputs); h, c: (n, units); kernel W: (inputs, 4 units), recurrent U: (units, 4 units), bias b: (4 units,).
    Returns the new h and c. Raises ValueError for other shapes.
    Source: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000). Chapter: captioning.
    """
    _fit(x, h, kernel, recurrent, bias, gates=4, state=np.shape(c))
    write, forget, new, show = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = sigmoid(forget) * c + sigmoid(write) * np.tanh(new)
    return sigmoid(show) * np.tanh(c), c


def gru_step(x, h, kernel, recurrent, bias) -> np.ndarray:
    r"""One step of a gated recurrent unit: one gate mixes old and new, one decides how much of the old is read.

    .. math::
        z &= \sigma(x W_z + b_z + h U_z + d_z), \quad r = \sigma(x W_r + b_r + h U_r + d_r) \\
        h' &= z \odot h + (1 - z) \odot \tanh\bigl(x W_h + b_h + r \odot (h U_h + d_h)\bigr)

    x: (n, inputs); h: (n, units); kernel W: (inputs, 3 units), recurrent U: (units, 3 units), bias b, d: (2, 3 units).
    Raises ValueError for other shapes.
    Source: Cho et al. (2014), equations 5 to 8, with the reset behind the product, as Keras has it.
    Chapter: captioning.
    """
    _fit(x, h, kernel, recurrent, bias, gates=3)
    keep, reset, new = np.split(x @ kernel + bias[0], 3, axis=-1)
    old_keep, old_reset, old_new = np.split(h @ recurrent + bias[1], 3, axis=-1)
    z, r = sigmoid(keep + old_keep), sigmoid(reset + old_reset)
    return z * h + (1 - z) * np.tanh(new + r * old_new)


def _fit(x, h, kernel, recurrent, bias, gates: int, state: tuple[int, ...] | None = None) -> None:
    """Refuse shapes that would not meet, or would meet by broadcasting."""
    given = [np.shape(array) for array in (x, h, kernel, recurrent, bias)]
    (n, inputs), units = given[0] if len(given[0]) == 2 else (None, None), given[1][-1:]
    wide = gates * units[0] if units else None
    wanted = [(n, inputs), (n, *units), (inputs, wide), (*units, wide), (2, wide) if gates == 3 else (wide,)]
    if given != wanted or state not in (None, given[1]):
        received = f"Received: {', '.join(map(str, given))}" + (f", c {state}" if state else "")
        raise ValueError(
            f"x, h, kernel, recurrent, bias must be (n, inputs), (n, units), (inputs, {gates} units), "
            f"(units, {gates} units) and biases as wide. {received}"
        )
