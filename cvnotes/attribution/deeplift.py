"""DeepLIFT: differences from a baseline, sent back through slopes between two points instead of at one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import ops, tree
from keras.src import backend as keras_backend  # where all of Keras looks these functions up

from .gradients import slopes
from .inputs import Array, Model, call, pieces, read, standin, take
from .rules import RELUS
from .scopes import ruled
from .targets import Score, Target, ask

Tensor = Any
Function = Callable[[Tensor], Tensor]

CLOSE = 1e-3  # how far the sum may be from the difference of scores, of its size and that of the largest part
NEAR = 1e-6  # inputs closer than this have the slope at the point itself

#: Every function of one number that Keras has as an activation, and the functions that others are written with.
CURVES = [
    *RELUS,
    *((keras_backend.nn, name) for name in ("sigmoid", "tanh", "softplus", "softsign", "silu", "gelu", "log_sigmoid")),
    *((keras_backend.nn, name) for name in ("elu", "selu", "celu", "hard_sigmoid", "hard_silu", "hard_tanh")),
    *((keras_backend.nn, name) for name in ("squareplus", "sparse_plus", "sparse_sigmoid")),
    *((keras_backend.nn, name) for name in ("soft_shrink", "hard_shrink", "tanh_shrink")),
    *((keras_backend.numpy, name) for name in ("tanh", "exp", "log1p", "sqrt", "square", "abs", "clip")),
]
MAXIMA = [(keras_backend.nn, "max_pool"), (keras_backend.numpy, "max")]


def deeplift(
    model: Model, images: Array, target: Target = None, *, baseline: Array | float = 0, batch_size: int = 32
) -> Array:
    r"""DeepLIFT by the rescale rule: :math:`(x - x')` times the multiplier of each pixel.

    An activation :math:`y = f(z)` sends back :math:`(y - y')/(z - z')` in place of its derivative, where z' is what it
    receives for the baseline x'; weighted sums send back their weights.
    Max pools follow the rule of the captum and shap libraries: what the maximum gained over the baseline's goes to the
    pixel that is greatest in the picture, what it lost to the one that was greatest in the baseline. (The original
    DeepLIFT gives it all to the former; both add up.) A flat baseline ties in every pool: then the loss goes where the
    framework sends a tie, to the first cell or to all alike.
    baseline: a number, a colour, one picture, or one for each image. Other arguments as in ``gradient``.
    The answer adds up to S(x) - S(x'), which is checked.
    Raises ValueError as ``gradient`` does, for a baseline of another shape, and where the sum is off by more than a
    thousandth: where activations are multiplied with one another, or pass through a function of several numbers,
    such as a softmax or a layer normalization.
    Source: Shrikumar et al. (2017), sections 3.1 to 3.5.1. Chapter: integrated_gradients.
    """
    asked = read(model, images)
    x, start = asked.images, standin("baseline", baseline, asked.images)
    if not len(x):
        return x
    score, found = ask(model, x, target, batch_size), np.zeros_like(x)
    for at in pieces(len(x), batch_size):
        found[at] = _piece(score, x[at], take(start, at), score.classes[at])
    return asked.give(found)


def _piece(score: Score, x: Array, start: Array, own: Array) -> Array:
    """The answer for one piece of the pictures; checked to add up."""
    kept: list[Tensor] = []
    with ruled(dict.fromkeys([*CURVES, *MAXIMA], lambda f, z: kept.append(z) or f(z))):
        outputs = call(score.model, ops.convert_to_tensor(start))
        whole = tree.map_structure(lambda one: ops.repeat(one, len(x) // len(start), axis=0), outputs)
        before = ops.convert_to_numpy(score.pick(whole, own))  # a target may go through curves as well
    with rescaled(kept):
        after, multiplier = slopes(score, ops.convert_to_tensor(x), own)
    found = (x - start) * ops.convert_to_numpy(multiplier)
    _check_sum(found, ops.convert_to_numpy(after), before)
    return found


@contextlib.contextmanager
def rescaled(kept: list[Tensor]) -> Iterator[None]:
    """A scope in which activations and max pools send back slopes towards ``kept``, their inputs for the baseline."""
    turn = iter(kept)
    curves = dict.fromkeys(CURVES, lambda f, z: chord(f, z, next(turn)))
    with ruled(curves | dict.fromkeys(MAXIMA, lambda f, z: pooled(f, z, next(turn)))):
        yield


def chord(f: Function, z: Tensor, other: Tensor) -> Tensor:
    """f(z), whose slope is that of the straight line from f(other) to f(z), or f's own where the two are close."""
    still = ops.stop_gradient(z)
    gap = still - other
    near = ops.abs(gap) < NEAR
    slope = (f(still) - f(other)) / ops.where(near, ops.ones_like(gap), gap)
    line = ops.stop_gradient(f(still)) + ops.stop_gradient(slope) * (z - still)
    return ops.where(near, f(z), line)


def pooled(pool: Function, z: Tensor, other: Tensor) -> Tensor:
    """pool(z), which sends gains to where z is greatest, and losses to where the baseline's ``other`` was."""
    still = ops.stop_gradient(z)
    gap = still - other
    per_unit = (z - still) / ops.where(ops.abs(gap) < NEAR, ops.ones_like(gap), gap)
    mine, theirs = pool(still + per_unit), pool(other + per_unit)  # the values stay, the ways back differ
    change = ops.stop_gradient(mine - theirs)
    moving = ops.where(change > 0, mine - ops.stop_gradient(mine), theirs - ops.stop_gradient(theirs))
    return ops.stop_gradient(mine) + change * moving


def _check_sum(found: Array, after: Array, before: Array) -> None:
    wanted, parts = after - before, found.reshape(len(found), -1)
    total, rounding = parts.sum(1), 1e-5 * np.maximum(np.abs(after), np.abs(before))
    size = np.maximum(CLOSE * np.maximum(np.abs(wanted), np.abs(parts).max(1)), rounding)
    worst = int(np.argmax(np.abs(total - wanted) - size))
    if not abs(total[worst] - wanted[worst]) <= size[worst]:  # also where one is not a number
        raise ValueError(
            "The rescale rule does not add up here: somewhere activations are multiplied with one another, or go "
            "through a function of several numbers (softmax, layer normalization): take integrated_gradients. "
            f"Received: a sum of {total[worst]:.5g} where the score differs by {wanted[worst]:.5g}"
        )
