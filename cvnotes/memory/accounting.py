"""The memory of a model by source and by layer, before a single byte of it is allocated. Chapter: memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from cvnotes import output
from cvnotes.checks import whole
from cvnotes.models.graph import Call, Shape, calls

from . import liveness

#: Bytes of a stored weight and of an activation. Mixed policies keep weights in float32 and compute in halves.
BYTES = {"float64": (8, 8), "float32": (4, 4), "float16": (2, 2), "bfloat16": (2, 2)}
BYTES |= {"mixed_float16": (4, 2), "mixed_bfloat16": (4, 2)}

__all__ = ["BYTES", "Account", "LayerBytes", "account", "slots", "state_of"]


@dataclass(frozen=True)
class LayerBytes:
    """What one call of a layer needs, in bytes; activations are those of the whole batch."""

    name: str
    kind: str
    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All bytes of the layer."""
        return self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True)
class Account:
    """The memory of a model in bytes: by source, and by layer in ``layers``. Made by ``account``.

    activations: kept for the way back in training, the most that are alive at one time in inference;
    parameters: weights, gradients and state of the optimizer; rest: batches of pictures, and the copies of the
    weights in the type that a mixed policy computes in.
    """

    model: str
    optimizer: str
    batch: int
    dtype: str
    layers: tuple[LayerBytes, ...]
    activations: int
    rest: int

    @property
    def weights(self) -> int:
        """Bytes of all weights, running averages included."""
        return sum(layer.weights for layer in self.layers)

    @property
    def gradients(self) -> int:
        """Bytes of the gradients of the trainable weights; 0 in inference."""
        return sum(layer.gradients for layer in self.layers)

    @property
    def state(self) -> int:
        """Bytes that the optimizer remembers from step to step; 0 in inference."""
        return sum(layer.optimizer for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights, gradients and optimizer state together."""
        return self.weights + self.gradients + self.state

    @property
    def sources(self) -> dict[str, int]:
        """The three sources by name."""
        return {"activations": self.activations, "parameters": self.parameters, "the rest": self.rest}

    @property
    def total(self) -> int:
        """All bytes."""
        return sum(self.sources.values())

    def largest(self, count: int = 5) -> tuple[LayerBytes, ...]:
        """The layers that need most, the greediest first."""
        return tuple(sorted(self.layers, key=lambda layer: -layer.total)[: whole("count", count, 1)])

    def show(self) -> None:
        """Display one line a source, in MB of a million bytes and in MiB of 2^20."""
        parts = {"activations": self.activations, "weights": self.weights, "gradients": self.gradients}
        parts |= {"optimizer state": self.state, "the rest": self.rest, "all": self.total}
        rows = [[name, f"{size / 1e6:,.1f}", f"{size / 2**20:,.1f}"] for name, size in parts.items()]
        output.table(rows, ["source", "MB", "MiB"], caption=str(self))

    _ipython_display_ = show

    def __str__(self) -> str:
        """The account in one line."""
        return f"{self.model}, batch {self.batch}, {self.dtype}, {self.optimizer}: {self.total / 1e6:,.1f} MB"


def account(
    model: keras.Model,
    optimizer: str | keras.Optimizer | None = None,
    *,
    batch: int = 1,
    dtype: str = "float32",
    copies: int = 1,
    input_shape: Shape | None = None,
) -> Account:
    r"""Count the memory of a training step, or of inference without an optimizer.

    .. math::
        M_\text{activations} = b_c N A, \qquad M_\text{parameters} = b_w (P + T + S), \qquad
        M_\text{rest} = b_c (N X c + P_\text{cast})

    N: ``batch``; A: numbers that all layers give for one picture (in inference the most that are alive at once);
    P, T: weights and trainable ones; S: what the optimizer keeps, counted on the optimizer itself;
    X: numbers of a picture, held ``copies`` times (c: prefetched or augmented batches); :math:`b_w, b_c`: bytes of a
    weight and of an activation under ``dtype``, one of BYTES. Under a mixed policy :math:`P_\text{cast} = P`.

    Not counted: gradients of activations while they pass (see `liveness`), workspace of fast routines, and what the
    framework itself takes. Models and optimizers may be sketches without memory.
    Raises ValueError for another dtype, sizes below 1, and a model without a graph. Chapter: memory.
    """
    if not isinstance(dtype, str) or dtype not in BYTES:
        raise ValueError(f"dtype is one of {', '.join(BYTES)}. Received: {dtype!r}")
    if optimizer is not None and not isinstance(optimizer, (str, keras.Optimizer)):
        raise ValueError(f"optimizer is a name or an optimizer of Keras, None to infer. Received: {optimizer!r:.80}")
    batch, copies = whole("batch", batch, 1), whole("copies", copies, 1)
    stored, computed = BYTES[dtype]
    optimizer = keras.optimizers.get(optimizer) if isinstance(optimizer, str) else optimizer
    found, seen = calls(model, input_shape), set()
    kept_each = None if optimizer is None else slots(optimizer)
    layers = tuple(_layer(call, kept_each, stored, computed * batch, seen) for call in found if call.inputs)
    picture = sum(math.prod(value.shape) for call in found if not call.inputs for value in call.outputs)
    kept = sum(layer.activations for layer in layers)
    if optimizer is None:
        kept = (liveness.peak(model, input_shape=input_shape) - picture) * computed * batch
    cast = sum(layer.weights for layer in layers) // stored * computed if stored != computed else 0
    name = "inference" if optimizer is None else optimizer.name
    return Account(model.name, name, batch, dtype, layers, kept, picture * computed * batch * copies + cast)


def _layer(call: Call, kept_each: int | None, stored: int, computed: int, seen: set[int]) -> LayerBytes:
    """One call's bytes; kept_each: numbers that the optimizer keeps for each weight, None in inference."""
    weights = [w for w in getattr(call.operation, "weights", []) if id(w) not in seen]
    seen |= {id(w) for w in weights}
    moving = {id(w) for w in getattr(call.operation, "trainable_weights", [])}
    trained = 0 if kept_each is None else stored * _values([w for w in weights if id(w) in moving])
    given = computed * sum(math.prod(value.shape) for value in call.outputs)
    sizes = (stored * _values(weights), trained, trained * (kept_each or 0), given)
    return LayerBytes(call.name, type(call.operation).__name__, *sizes)


def slots(optimizer: str | keras.Optimizer) -> int:
    """How many numbers an optimizer keeps for each weight, counted on a copy of it built for two small variables.

    Single numbers, such as the step counter and the rate, are not counted. Raises ValueError for what is no optimizer
    of Keras, and for one that keeps anything else than whole arrays of the shapes of the weights, such as Adafactor.
    Chapter: memory.
    """
    if not isinstance(optimizer, (str, keras.Optimizer)):
        raise ValueError(f"Give a name or an optimizer of Keras, such as Adam(). Received: {optimizer!r:.80}")
    optimizer = keras.optimizers.get(optimizer) if isinstance(optimizer, str) else optimizer
    shapes = [(6, 4), (5,)]
    kept = [tuple(v.shape) for v in state_of(optimizer, [keras.Variable(np.zeros(shape)) for shape in shapes])]
    each = kept.count(shapes[0])
    if sorted(kept) != sorted(shapes * each):
        raise ValueError(f"Only optimizers that keep whole arrays can be counted. Received: {optimizer.name}")
    return each


def state_of(optimizer: keras.Optimizer, weights: Sequence[keras.Variable]) -> list[keras.Variable]:
    """The arrays that an optimizer keeps for some weights: a copy of it is built for them, single numbers left out."""
    copy = type(optimizer).from_config(optimizer.get_config())
    copy.build(weights)
    return [variable for variable in copy.variables if len(variable.shape)]


def _values(variables: Sequence[keras.Variable]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)
