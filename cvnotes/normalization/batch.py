"""Batch normalization by hand: forward, backward in closed form, and as it is used after training."""

from __future__ import annotations

import numbers

import numpy as np

from cvnotes.checks import number

EPSILON = 1e-3  # what Keras adds to a variance

Axes = tuple[int, ...]


def normalize(x: np.ndarray, axes: Axes, epsilon: float = EPSILON) -> np.ndarray:
    r"""Subtract the mean over `axes`, divide by the standard deviation over `axes`.

    $$ \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} $$

    x: an array of any shape, in any unit; the answer has none. Variances divide by the
    count, not by one less. Raises ValueError for no axis, one that is not there, an
    empty x, numbers that are not finite or too large to square, epsilon below 0, and
    epsilon 0 where nothing varies.
    Source: Ioffe and Szegedy (2015), algorithm 1. Chapter: normalization.
    """
    x, axes = floats("x", x), checked_axes(axes, np.ndim(x))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(positive(variance + number("epsilon", epsilon, 0)))


def batch_norm(
    x: np.ndarray,
    gamma: np.ndarray | float = 1.0,
    beta: np.ndarray | float = 0.0,
    epsilon: float = EPSILON,
) -> np.ndarray:
    r"""Normalize every channel over the batch and all places; set a new spread and mean.

    $$ y = \gamma\,\hat x + \beta $$

    x: (n, ..., channels); gamma, beta: one number a channel, (channels,), or one for
    all. Raises ValueError as `normalize`, and for other shapes.
    Source: Ioffe and Szegedy (2015), algorithm 1. Chapter: normalization.
    """
    x_hat = normalize(x, batch_axes(x), epsilon)
    gamma, beta = per_channel("gamma", gamma, x_hat), per_channel("beta", beta, x_hat)
    return gamma * x_hat + beta


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
    all axes but the last. Raises ValueError as `batch_norm`.
    Source: Ioffe and Szegedy (2015), section 3. Chapter: normalization.
    """
    axes, x = batch_axes(x), floats("x", x)
    upstream, gamma = shaped("upstream", upstream, x), per_channel("gamma", gamma, x)
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

    mean m and variance v, gamma and beta: (channels,), or one number for all. Raises ValueError for other shapes,
    a variance below 0, and one of 0 with epsilon 0. Chapter: normalization.
    """
    x, epsilon = floats("x", x), number("epsilon", epsilon, 0)
    named = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta}
    mean, variance, gamma, beta = (per_channel(name, values, x) for name, values in named.items())
    if np.min(variance) < 0:
        raise ValueError(f"A variance is not below 0. Received: {np.min(variance):g}")
    scale = gamma / np.sqrt(positive(variance + epsilon))
    return scale * x + (beta - scale * mean)


def batch_axes(x: np.ndarray) -> Axes:
    """All axes but that of the channels, the last. Raises ValueError for less than a batch of rows."""
    if np.ndim(x) < 2:
        raise ValueError(f"x needs a batch and channels: (n, ..., channels). Received the shape: {np.shape(x)}")
    return tuple(range(np.ndim(x) - 1))


def checked_axes(axes: Axes, dimensions: int) -> Axes:
    """Read axes, counted from the front or from the back; ValueError unless they are there, each once."""
    whole = [] if isinstance(axes, (bool, str)) else list(axes) if isinstance(axes, (tuple, list)) else [axes]
    whole = [int(a) if isinstance(a, numbers.Integral) and not isinstance(a, bool) else None for a in whole]
    places = [a + dimensions if a is not None and a < 0 else a for a in whole]
    fits = all(a is not None and 0 <= a < dimensions for a in places)
    if not places or not fits or len(set(places)) < len(places):
        raise ValueError(f"axes must name one or more of the {dimensions} axes, each once. Received: axes={axes!r}")
    return tuple(sorted(places))


def floats(name: str, values: np.ndarray) -> np.ndarray:
    """Read numbers as floats of 32 or 64 bits: whole ones become double, halves single precision.

    ValueError for none, for NaN and infinity among them, and for numbers whose squares would overflow.
    """
    try:
        array = np.asarray(values)
    except RuntimeError as error:  # a tensor that waits for its gradient
        wanted = f"{name} must be an array: keras.ops.convert_to_numpy gives one"
        raise TypeError(f"{wanted}. Received: {type(values).__name__}") from error
    if array.size == 0 or array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold numbers, and some. Received: {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name} must be finite: one NaN spoils its whole channel. Received: {bad} that are not")
    wanted = np.promote_types(array.dtype, np.float32) if array.dtype.kind == "f" else np.float64
    array = array.astype(wanted, copy=False)
    most, largest = np.sqrt(np.finfo(wanted).max / array.size), np.abs(array).max()
    if largest > most:
        raise ValueError(f"{name} must stay below {most:.0e}, for its squares. Received: {array.dtype}, {largest:g}")
    return array


def per_channel(name: str, values: np.ndarray | float, x: np.ndarray) -> np.ndarray | float:
    """Read one number for all, or one for each entry of the last axis of x; ValueError for any other shape."""
    array, wanted = floats(name, values), np.shape(x)[-1:]
    if array.shape not in ((), wanted):
        raise ValueError(f"{name} must be one number, or one a channel {wanted}. Received: shape {array.shape}")
    return array if array.ndim else float(array)  # a plain number leaves single precision as it is


def shaped(name: str, values: np.ndarray, x: np.ndarray, of: str = "x") -> np.ndarray:
    """Read numbers that come in the shape of x; ValueError for another."""
    array = floats(name, values)
    if array.shape != x.shape:
        raise ValueError(f"{name} needs the shape of {of}, {x.shape}. Received: {array.shape}")
    return array


def positive(variance: np.ndarray) -> np.ndarray:
    """Hand on variances (epsilon added); ValueError for one of 0: nothing can be divided by its root."""
    if not np.all(variance):
        many = int(np.sum(np.equal(variance, 0)))
        raise ValueError(f"Where nothing varies, epsilon must be above 0. Received: {many} variances of 0, epsilon=0")
    return variance
