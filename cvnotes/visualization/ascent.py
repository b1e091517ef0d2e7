"""Pictures by gradient ascent: one loop, its regularisers, and the scores that it climbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from scipy.ndimage import gaussian_filter

from cvnotes import backend
from cvnotes.checks import choice, number, whole
from cvnotes.transfer.tapping import tap

Score = Callable[[Any], Any]  # pictures (n, h, w, c) to one number each, (n,), in keras.ops and built models

WAYS = ("mean", "max", "middle")


class Climb(NamedTuple):
    """Where an ascent ended, what the scores were before each step and at the end, and what `watch` saw."""

    pictures: np.ndarray  # (n, h, w, c)
    scores: np.ndarray  # (steps + 1, n)
    seen: list[Any]


def ascend(
    score: Score,
    start: np.ndarray,
    *,
    steps: int = 100,
    rate: float = 0.5,
    unit: bool = True,
    l2: float = 0.0,
    blur: float = 0.0,
    zero: float = 0.0,
    clip: tuple[float, float] | None = None,
    jitter: int = 0,
    seed: int = 0,
    watch: Callable[[np.ndarray], Any] | None = None,
) -> Climb:
    r"""Change pictures so that a score grows: climb along the gradient of $S(x) - \lambda \lVert x \rVert^2$.

    $$ x \leftarrow x + \eta\, \frac{g}{\lVert g \rVert}, \qquad g = \nabla S(x) - 2 \lambda x $$

    start: (n, h, w, c); each picture climbs by itself. rate: $\eta$; unit: divide by the length, which is that of the
    whole picture; off, the step is $\eta g$. l2: $\lambda$. After each step: blur, a Gaussian of so many pixels; zero,
    the share of pixels of least length that is set to 0; clip, the least and greatest value. jitter: before each step
    the picture is rolled by up to so many pixels either way, and back behind it; seed: of the rolls.
    watch: called with the pictures before the first step and after each. A gradient of exactly zero moves nothing.
    Raises ValueError for numbers out of range.
    Sources: Simonyan et al. (2014), section 2; Yosinski et al. (2015), section 3. Chapter: activation_maximization.
    """
    steps, jitter = whole("steps", steps, 0), whole("jitter", jitter, 0)
    rate, l2, blur = number("rate", rate, above=0), number("l2", l2, 0), number("blur", blur, 0)
    zero, dice = number("zero", zero, 0, below=1), np.random.default_rng(seed)
    climb = backend.value_and_grad(lambda x: _summed(score(x)), aux=True)
    x = np.array(start, np.float32)
    scores, seen = [], [watch(x)] if watch else []
    for _ in range(steps):
        turn = tuple(dice.integers(-jitter, jitter + 1, 2)) if jitter else (0, 0)
        (_, values), gradient = climb(np.roll(x, turn, (1, 2)))
        scores.append(ops.convert_to_numpy(values))
        step = np.roll(gradient, (-turn[0], -turn[1]), (1, 2)) - 2 * l2 * x
        x = tidied(x + rate * (shortened(step) if unit else step), blur, zero, clip)
        seen += [watch(x)] if watch else []
    scores.append(ops.convert_to_numpy(score(ops.convert_to_tensor(x))))
    return Climb(x, np.array(scores), seen)


def _summed(scores: Any) -> tuple[Any, Any]:
    """One number to climb, whose slope at each picture is that of the picture's own score; and all scores."""
    return ops.sum(scores), scores


def shortened(step: np.ndarray) -> np.ndarray:
    """Divide each of the steps (n, h, w, c) by its length; those of length zero stay."""
    length = np.sqrt((step**2).sum((1, 2, 3), keepdims=True))
    return np.divide(step, length, out=np.zeros_like(step), where=length > 0)


def tidied(x: np.ndarray, blur: float, zero: float, clip: tuple[float, float] | None) -> np.ndarray:
    """Blur pictures, set their smallest pixels to zero, and cut their values off, as far as each is asked for."""
    x = gaussian_filter(x, (0, blur, blur, 0)) if blur else x
    x = sparse(x, zero) if zero else x
    return np.clip(x, *clip) if clip else x


def sparse(x: np.ndarray, share: float) -> np.ndarray:
    """Set that share of the pixels of each picture (n, h, w, c) to zero which are least: by their length over colours.

    Source: Yosinski et al. (2015), section 3 ("clipping pixels with small norm"). Chapter: activation_maximization.
    """
    length = np.sqrt((x**2).sum(-1))
    limit = np.quantile(length.reshape(len(x), -1), share, axis=1)[:, None, None]
    return np.where((length < limit)[..., None], 0, x).astype(x.dtype)


def settled(scores: np.ndarray, within: float = 0.01) -> int | None:
    """The first step from which on all scores (steps,) stay near the last, to a share of it; None if only it does."""
    near = np.abs(scores - scores[-1]) <= within * np.abs(scores[-1])
    first = len(scores) - int(np.argmin(near[::-1])) if not near.all() else 0
    return first if first < len(scores) - 1 else None


# What is climbed ------------------------------------------------------------------------------------------------------


def neurons(model: keras.Model, layer: str, numbers: Sequence[int]) -> Score:
    """Score pictures by neurons of a layer of vectors, one number for each picture: class scores, say.

    Raises ValueError for a neuron that is not there. Chapter: activation_maximization.
    """
    front = tap(model, layer)
    mask = _chosen(numbers, front.output_shape[-1])
    return lambda x: ops.sum(ops.multiply(front(x, training=False), mask), -1)


def filters(model: keras.Model, layer: str, numbers: Sequence[int], way: str = "mean") -> Score:
    """Score pictures by filters of a layer of maps, one for each picture.

    way: the mean of the map, its max, or its unit in the middle. Behind a ReLU an answer may have no way up; before
    it, the mean of a map rewards what is hardly there. Raises ValueError for a filter or way that is not there.
    Chapter: activation_maximization.
    """
    front, way = tap(model, layer), choice("way", way, WAYS)
    mask = _chosen(numbers, front.output_shape[-1])[:, None, None]
    row, column = (side // 2 for side in front.output_shape[1:3])

    def scored(x):
        answers = ops.sum(ops.multiply(front(x, training=False), mask), -1)
        if way == "middle":
            return answers[:, row, column]
        return (ops.mean if way == "mean" else ops.max)(answers, (1, 2))

    return scored


def _chosen(numbers: Sequence[int], count: int) -> np.ndarray:
    return np.eye(count, dtype=np.float32)[[whole("number", n, 0, count - 1) for n in numbers]]


def centred(score: Score, grey: float = 0.5) -> Score:
    """Let zero stand for a mean grey, as after taking the mean off: the score of x + grey."""
    return lambda x: score(x + grey)


def at_size(model: keras.Model, side: int) -> keras.Model:
    """Copy a net with its weights, for pictures of another side: convolutions do not mind."""
    twin = keras.models.clone_model(model, input_tensors=keras.Input((side, side, model.input_shape[-1])))
    twin.set_weights(model.get_weights())
    return twin


def clouds(count: int, side: int = 64, deviation: float = 0.05, smooth: float = 0.0, seed: int = 0) -> np.ndarray:
    """Draw noise around zero to start from: (count, side, side, 3), the same every time.

    smooth: the width in pixels of a Gaussian that makes clouds of it, with the same deviation.
    """
    noise = np.random.default_rng(seed).normal(size=(count, side, side, 3))
    noise = gaussian_filter(noise, (0, smooth, smooth, 0)) if smooth else noise
    return (deviation * noise / noise.std()).astype(np.float32)
