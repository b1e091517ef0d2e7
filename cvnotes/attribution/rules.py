"""What a ReLU does to a gradient that comes back: the three rules, and every ReLU of a model under one of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src import activations as keras_activations  # where all of Keras looks these functions up
from keras.src import backend as keras_backend

from .gradients import gradient
from .inputs import Array, Model, read
from .scopes import replaced, ruled
from .targets import Target

Tensor = Any
Rule = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]

#: Every ReLU of Keras ends in one of these: layers, names of activations, functions, operations of a graph.
RELUS = [
    (keras_activations.activations.ReLU, "static_call"),
    *((keras_backend.nn, name) for name in ("relu", "relu6", "leaky_relu", "threshold")),
]

#: These may be computed with a ReLU inside, and are none.
SMOOTHED = [(keras_backend.nn, name) for name in ("hard_sigmoid", "hard_silu")]


@ops.custom_gradient
def positive(x: Tensor) -> tuple[Tensor, Callable]:
    """The identity on the way forward; backward, only what is positive of the gradient."""

    def backward(*gradients: Tensor, upstream: Tensor | None = None) -> Tensor:
        arriving = gradients[0] if upstream is None else upstream
        return ops.where(arriving > 0, arriving, ops.zeros_like(arriving))

    return x, backward


def straight(relu: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The value of relu(x), through which a gradient passes unchanged."""
    return ops.stop_gradient(relu(x)) + (x - ops.stop_gradient(x))


def default_rule(relu: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of calculus: it passes where x was positive."""
    return relu(x)


def deconvnet_rule(relu: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """It passes where the gradient itself is positive, whatever x was. Zeiler and Fergus (2014)."""
    return positive(straight(relu, x))


def guided_rule(relu: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """It passes where both are positive. Springenberg et al. (2015)."""
    return positive(relu(x))


RULES = {"default": default_rule, "deconvnet": deconvnet_rule, "guided": guided_rule}


def guided_backprop(model: Model, images: Array, target: Target = None, *, batch_size: int = 32) -> Array:
    """The gradient that comes back if every ReLU lets pass only what is positive, where its input was positive too.

    Arguments and answer as in ``gradient``. ReLU stands for all of its family: a leaky one, a threshold or a greatest
    value keep their own slope, and let positive gradients pass. Smooth activations keep their derivative.
    Raises ValueError also if no ReLU is met, for a ReLU written as ``maximum(x, 0)``, and for PReLU, for which there is
    no such rule. Beside ReLUs that are met, others stay unseen and follow calculus: those of another library, or
    written with ``where``, ``clip`` or a tensor of zeros. A function that you compiled keeps the rule under which it
    was traced, for good: give the plain one.
    Source: Springenberg et al. (2015), section 3.4. Chapter: saliency.
    """
    return _under(guided_rule, model, images, target, batch_size)


def deconvnet(model: Model, images: Array, target: Target = None, *, batch_size: int = 32) -> Array:
    """The signal that comes back if every ReLU lets pass what is positive of it, and forgets its input.

    Max pools send it back to where the maximum was (the "switches" of the paper), as in any gradient.
    Arguments, answer and errors as in ``guided_backprop``. Source: Zeiler and Fergus (2014). Chapter: saliency.
    """
    return _under(deconvnet_rule, model, images, target, batch_size)


def _under(rule: Rule, model: Model, images: Array, target: Target, batch_size: int) -> Array:
    """The gradient under a rule; of no picture it is empty, and nothing has to be met."""
    if not len(read(model, images).images):
        return gradient(model, images, target)
    with relus(rule):
        return gradient(model, images, target, batch_size=batch_size)


@contextlib.contextmanager
def relus(rule: Rule) -> Iterator[None]:
    """A scope in which every ReLU of Keras, of this thread, follows a rule of ``RULES``; the values stay.

    Raises ValueError at its end if Keras computed something and met no ReLU, and at once for a ReLU that the rule
    cannot reach.
    """
    met: list[bool] = []

    def noted(relu: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        met.append(True)
        return rule(relu, x)

    with (
        ruled(dict.fromkeys(RELUS, noted) | dict.fromkeys(SMOOTHED, default_rule)),
        replaced(keras_backend.numpy, "maximum", _refuse_zero),
        replaced(keras.layers.PReLU, "call", _refuse_prelu),
    ):
        yield
    if not met:
        raise ValueError(
            "No ReLU of Keras was met, so that the rule would change nothing. A ReLU of another library must be "
            "written with keras.ops.relu; without any, take the plain gradient. Received: a model without ReLU"
        )


def _refuse_zero(maximum: Callable) -> Callable:
    def ours(first: Any, second: Any) -> Tensor:
        if any(isinstance(one, (int, float, np.generic, np.ndarray)) and not np.any(one) for one in (first, second)):
            raise ValueError("Write this ReLU as keras.ops.relu, where the rule can reach it. Received: maximum(x, 0)")
        return maximum(first, second)

    return ours


def _refuse_prelu(_: Callable) -> Callable:
    def ours(layer: keras.Layer, *args: Any, **options: Any) -> Tensor:
        raise ValueError(f"There is no such rule for a slope that is learned. Received: a PReLU, {layer.path}")

    return ours
