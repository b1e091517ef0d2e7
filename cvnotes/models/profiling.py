"""What a model costs, layer by layer: parameters, multiply-accumulates, activations, memory, receptive field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from cvnotes import output
from cvnotes.checks import whole
from cvnotes.models.graph import Call, Shape, Value, calls
from cvnotes.models.rules import Cost, cost

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}


@dataclass(frozen=True)
class Field:
    """A receptive field: its sides in input pixels, and the distance between the fields of neighbouring units."""

    size: tuple[int, ...]
    jump: tuple[float, ...] | None


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer on one example.

    parameters counts weights that no earlier row has counted; macs is ``None`` where the kind of layer has no rule;
    activations is the number of values the call gives; receptive_field and jump are in input pixels along each axis,
    ``None`` where they are not defined (jump: also where no axis of the image is left).
    """

    name: str
    kind: str
    output_shape: Shape
    parameters: int
    trainable: int
    macs: int | None
    activations: int
    receptive_field: tuple[int, ...] | None
    jump: tuple[float, ...] | None


@dataclass(frozen=True)
class Profile:
    """The rows of a model and their totals; made by ``profile``, shown by ``show`` or as the last line of a cell."""

    name: str
    rows: tuple[LayerRow, ...]
    peak: int

    @property
    def parameters(self) -> int:
        """All weights, running averages included."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """The weights that training moves."""
        return sum(row.trainable for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass of one example; half of the usual count of FLOPs."""
        return sum(row.macs or 0 for row in self.rows)

    @property
    def activations(self) -> int:
        """All values that the layers give for one example, the input included."""
        return sum(row.activations for row in self.rows)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """The layers whose multiply-accumulates are not in ``macs``, as ``name (Kind)``."""
        return tuple(f"{row.name} ({row.kind})" for row in self.rows if row.macs is None)

    @property
    def receptive_field(self) -> tuple[int, ...] | None:
        """The field of the last layer, in pixels; larger than the picture means that it sees all of it."""
        return self.rows[-1].receptive_field

    def row(self, name: str) -> LayerRow:
        """The first row of that name. Raises ``ValueError`` with all names if there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        raise ValueError(f"No layer {name!r} in {self.name!r}. It has {', '.join(row.name for row in self.rows)}.")

    def memory(self, dtype: str = "float32", *, batch: int = 1, training: bool = False, slots: int = 2) -> int:
        r"""Bytes for weights and activations, with every number in ``dtype`` of :math:`b` bytes.

        .. math::
            M_\text{inference} &= b\,(P + N\,A_\text{peak}) \\
            M_\text{training} &= b\,(P + T\,(1 + s) + N\,A)

        P: parameters, T: trainable ones, each with a gradient and ``slots`` numbers of the optimizer (Adam 2,
        momentum 1, plain gradient descent 0); N: ``batch``; A: all activations, kept for the backward pass;
        A_peak: the most that are alive at one time when each is dropped after its last use.
        A bound from above for the arrays named: frameworks reuse memory (in-place ReLU, views). Not in it: the
        gradients of activations while they pass, and the workspace of fast convolution routines.
        Raises ``ValueError`` for another dtype than float64, float32, float16, bfloat16, int8, a batch below 1 or
        slots below 0.
        """
        if not isinstance(dtype, str) or dtype not in BYTES:
            raise ValueError(f"dtype is one of {', '.join(BYTES)}. Received: {dtype!r}.")
        batch, slots = whole("batch", batch, 1), whole("slots", slots, 0)
        if training:
            return BYTES[dtype] * (self.parameters + self.trainable * (1 + slots) + batch * self.activations)
        return BYTES[dtype] * (self.parameters + batch * self.peak)

    def show(self) -> None:
        """Display one line a layer and the totals, as plain text or as a table of the page."""
        columns = ["layer", "kind", "output", "parameters", "MACs", "activations", "sees (pixels)"]
        rows = [
            [r.name, r.kind, r.output_shape, r.parameters, r.macs, r.activations, r.receptive_field] for r in self.rows
        ]
        total = ["all", "", "", self.parameters, self.macs, self.activations, None]
        output.table([*rows, total], columns, caption=self.summary())

    _ipython_display_ = show

    def summary(self) -> str:
        """The totals in words."""
        words = [
            f"{self.name}: {self.parameters:,} parameters ({self.trainable:,} trainable), {self.macs:,} MACs",
            f"float32 memory for one picture: {self.memory() / 1e6:.3g} MB to infer, "
            f"{self.memory(training=True) / 1e6:.3g} MB to train with Adam",
        ]
        if self.uncounted:
            words.append(f"MACs not counted: {', '.join(self.uncounted)}")
        return "; ".join(words) + "."

    def __str__(self) -> str:
        """The totals in words."""
        return self.summary()


def profile(model: keras.Model, input_shape: Shape | None = None) -> Profile:
    r"""Count what a functional or sequential model costs on one example, nested models opened up.

    MACs are the products of the sums of products, without biases: for a convolution
    :math:`H' W' C' \cdot k_h k_w C / \text{groups}`, for a dense layer :math:`\text{in} \cdot \text{out}`.
    Normalization (foldable into the convolution before), activations, pooling and merging count as zero.
    A kind of layer without a rule counts as zero too and is named in ``Profile.uncounted``.
    The receptive field is the theoretical one: borders are ignored, and of several paths the largest is taken.
    ``input_shape``: needed where the model takes pictures of any size, and allowed elsewhere.
    Raises ``ValueError`` for a model without a graph. Taught in the chapters on pooling and architectures.
    """
    found = calls(model, input_shape)
    seen: set[int] = set()
    fields: dict[int, Field | None] = {}
    rows = []
    for call in found:
        shape = call.outputs[0].shape
        price = cost(call.operation, [value.shape for value in call.inputs], shape)
        field = _field(call, price, [fields[id(value)] for value in call.inputs])
        fields |= {id(value): field for value in call.outputs}
        rows.append(_row(call, price, field, seen))
    return Profile(model.name, tuple(rows), _peak(found))


def _row(call: Call, price: Cost, field: Field | None, seen: set[int]) -> LayerRow:
    weights = [w for w in getattr(call.operation, "weights", []) if id(w) not in seen]
    seen |= {id(w) for w in weights}
    moving = {id(w) for w in getattr(call.operation, "trainable_weights", [])}
    return LayerRow(
        name=call.name,
        kind=type(call.operation).__name__,
        output_shape=call.outputs[0].shape,
        parameters=sum(math.prod(w.shape) for w in weights),
        trainable=sum(math.prod(w.shape) for w in weights if id(w) in moving),
        macs=price.macs,
        activations=sum(math.prod(value.shape) for value in call.outputs),
        receptive_field=field.size if field else None,
        jump=field.jump if field else None,
    )


def _field(call: Call, price: Cost, before: list[Field | None]) -> Field | None:
    if not call.inputs:
        axes = len(call.outputs[0].shape) - 1
        return Field((1,) * axes, (1,) * axes) if axes > 0 else None
    if price.window is None or any(field is None for field in before):
        return None
    field = _widest(before)
    if field is None or all(n == 1 for n in (*price.window, *price.step)):
        return Field(field.size, None) if field and price.collapses else field
    if field.jump is None:
        return None  # a window over positions that no longer exist
    size = tuple(r + round((k - 1) * j) for r, k, j in zip(field.size, price.window, field.jump, strict=True))
    jump = None if price.collapses else tuple(_tidy(j * s) for j, s in zip(field.jump, price.step, strict=True))
    return Field(size, jump)


def _widest(fields: list[Field | None]) -> Field | None:
    """Where paths meet, a unit sees at least as far as its widest path."""
    if len({len(field.size) for field in fields}) != 1:
        return None
    jumps = [field.jump for field in fields if field.jump is not None]
    size = tuple(max(sides) for sides in zip(*(field.size for field in fields), strict=True))
    return Field(size, tuple(max(steps) for steps in zip(*jumps, strict=True)) if jumps else None)


def _tidy(number: float) -> float:
    return int(number) if number == int(number) else number


def _peak(found: list[Call]) -> int:
    """The most values alive at one time: those that a call reads, gives, or that a later call still needs."""
    last = {id(value): step for step, call in enumerate(found) for value in (*call.outputs, *call.inputs)}
    alive: dict[int, Value] = {}
    peak = 0
    for step, call in enumerate(found):
        alive |= {id(value): value for value in call.outputs}
        peak = max(peak, sum(math.prod(value.shape) for value in alive.values()))
        alive = {key: value for key, value in alive.items() if last[key] > step}
    return peak
