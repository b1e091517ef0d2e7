"""Batch normalization by hand: forward, backward in closed form, and as it is used after training."""

from __future__ import annotations

import numbers

import numpy as np

EPSILON = 1e-3  # what Keras adds to a variance

Axes = tuple[int, ...]


def normalize(x: np.ndarray, axes: Axes, epsilon: float = EPSILON) -> np.ndarray:
    r"""Subtract the mean over `axes`, divide by the standard deviation over `axes`.

    $$ \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} $$

    x: an array of any shape, in any unit; the answer has none. Variances divide by the
    count, not by one less. Raises ValueError for no axis, one that is not there, an
    empty x, numbers that are not finite, epsilon below 0.
    Source: Ioffe and Szegedy (2015), algorithm 1. Chapter: normalization.
    """
    x, axes = floats("x", x), checked_axes(axes, np.ndim(x))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + small(epsilon))


def batch_norm(
    x: np.ndarray,
    gamma: np.ndarray | float = 1.0,
    beta: np.ndarray | float = 0.0,
    epsilon: float = EPSILON,
) -> np.ndarray:
    r"""Normalize every channel over the batch and all places; set a new spread and mean.

    $$ y = \gamma\,\hat x + \beta $$

    x: (n, ..., channels); gamma, beta: one number a channel, (channels,), or one for
    all. Raises ValueError as `normalize`.
    Source: Ioffe and Szegedy (2015), algorithm 1. Chapter: normalization.
    """
    return gamma * normalize(x, batch_axes(x), epsilon) + beta


def batch_norm_gradient(
    x: np.ndarray,
    upstream: np.ndarray,
    gamma: np.ndarray | float = 1.0,
    epsilon: float = EPSILON,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Give the gradients for x, gamma and beta, all nine steps in one line.

    $$ \bar x = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}} \Bigl(\bar y
       - \operatorname{mean}(\bar y) - \hat x \operatorname{mean}(\bar y\,\hat x)\Bigr),
       \qquad \bar\gamma = \sum \bar y\,\hat x, \qquad \bar\beta = \sum \bar y $$

    upstream: the gradient for the output, of the shape of x; means and sums run over
    all axes but the last. Raises ValueError for another shape.
    Source: Ioffe and Szegedy (2015), section 3. Chapter: normalization.
    """
    axes, x = batch_axes(x), floats("x", x)
    upstream = floats("upstream", upstream)
    if upstream.shape != x.shape:
        wanted = f"upstream needs the shape of x, {x.shape}"
        raise ValueError(f"{wanted}. Received: {upstream.shape}")
    x_hat, spread = normalize(x, axes, epsilon), np.sqrt(x.var(axes) + epsilon)
    along = (upstream * x_hat).mean(axes)
    for_x = gamma / spread * (upstream - upstream.mean(axes) - x_hat * along)
    return for_x, (upstream * x_hat).sum(axes), upstream.sum(axes)


def infer(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray | float = 1.0,
    beta: np.ndarray | float = 0.0,
    epsilon: float = EPSILON,
) -> np.ndarray:
    r"""Normalize with statistics kept from training: nothing but one product and one sum for each number.

    $$ y = \frac{\gamma}{\sqrt{v + \varepsilon}}\,x + \Bigl(\beta - \frac{\gamma\,m}{\sqrt{v + \varepsilon}}\Bigr) $$

    mean m and variance v: (channels,). Raises ValueError for a variance below 0. Chapter: normalization.
    """
    x, variance = floats("x", x), floats("variance", variance)
    if (variance < 0).any():
        raise ValueError(f"A variance is not below 0. Received: {variance.min():g}")
    scale = gamma / np.sqrt(variance + small(epsilon))
    return scale * x + (beta - scale * mean)


def batch_axes(x: np.ndarray) -> Axes:
    """All axes but that of the channels, the last. Raises ValueError for less than a batch of rows."""
    if np.ndim(x) < 2:
        raise ValueError(f"x needs a batch and channels: (n, ..., channels). Received the shape: {np.shape(x)}")
    return tuple(range(np.ndim(x) - 1))


def checked_axes(axes: Axes, dimensions: int) -> Axes:
    """Read axes, counted from the front or from the back; ValueError unless they are there, each once."""
    whole = [] if isinstance(axes, (bool, str)) else list(axes) if isinstance(axes, (tuple, list)) else [axes]
    places = [a + dimensions if isinstance(a, int) and a < 0 else a for a in whole]
    fits = all(isinstance(a, int) and not isinstance(a, bool) and 0 <= a < dimensions for a in places)
    if not places or not fits or len(set(places)) < len(places):
        raise ValueError(f"axes must name one or more of the {dimensions} axes, each once. Received: axes={axes!r}")
    return tuple(sorted(places))


def floats(name: str, values: np.ndarray) -> np.ndarray:
    """Read numbers as floats (whole numbers too); ValueError for none, or for NaN and infinity among them."""
    array = np.asarray(values)
    if array.size == 0 or array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold numbers, and some. Received: {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name} must be finite: one NaN spoils its whole channel. Received: {bad} that are not")
    return array if array.dtype.kind == "f" else array.astype(float)


def small(epsilon: float) -> float:
    """Read epsilon; ValueError unless it is a number of at least 0."""
    if isinstance(epsilon, bool) or not isinstance(epsilon, numbers.Real) or not 0 <= epsilon < np.inf:
        raise ValueError(f"epsilon must be a number of at least 0. Received: epsilon={epsilon!r}")
    return float(epsilon)
