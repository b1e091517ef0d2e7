"""Every call of a layer in a model, in the order of execution, with nested models opened up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

Shape = tuple[int, ...]


@dataclass(eq=False)  # two values of equal shape are two values
class Value:
    """One tensor between layers: the shape of a single example."""

    shape: Shape


@dataclass(frozen=True)
class Call:
    """One use of a layer (or of a function of ``keras.ops``), named with the models that it is nested in."""

    name: str
    operation: Any
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def calls(model: keras.Model, input_shape: Shape | None = None) -> list[Call]:
    """All calls of a model that has a graph (functional or sequential), for pictures of ``input_shape``.

    Raises ``ValueError`` for a model without a graph, and for one of variable input size without an ``input_shape``.
    """
    if not _has_graph(model):
        raise ValueError(
            "Only functional and sequential models with known input shapes can be opened up: give the model an Input. "
            f"Received: {type(model).__name__} {getattr(model, 'name', '')!r}."
        )
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if input_shape is not None:
        if len(shapes) != 1:
            raise ValueError(f"input_shape is for models with one input. Received: a model with {len(shapes)}.")
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) != len(shapes[0]):
            raise ValueError(f"input_shape must fit the input {shapes[0]}. Received: {input_shape!r}.")
        shapes = [tuple(input_shape)]
    if any(size is None for shape in shapes for size in shape):
        raise ValueError(f"The model takes pictures of any size: give an input_shape. Received: {shapes}.")
    return _walk(model, [Value(shape) for shape in shapes], "")[0]


def _walk(model: keras.Model, given: list[Value], path: str) -> tuple[list[Call], list[Value]]:
    found: list[Call] = []
    values = {id(tensor): value for tensor, value in zip(model.inputs, given, strict=True)}
    for node in _nodes(model):
        operation, name = node.operation, path + node.operation.name
        if node.is_input:
            if not path:
                value = values[id(node.outputs[0])]
                found.append(Call(name, operation, (), (value,)))
            continue
        inputs = [values[id(tensor)] for tensor in node.arguments.keras_tensors]
        if _has_graph(operation):
            inner, outputs = _walk(operation, inputs, name + "/")
            found += inner
        else:
            outputs = _outputs(node, inputs)
            found.append(Call(name, operation, tuple(inputs), tuple(outputs)))
        values |= {id(tensor): value for tensor, value in zip(node.outputs, outputs, strict=True)}
    return found, [values[id(tensor)] for tensor in model.outputs]


def _has_graph(operation: Any) -> bool:
    if isinstance(operation, keras.Sequential):
        return bool(operation.built and getattr(operation, "inputs", None))
    return isinstance(operation, keras.Model) and hasattr(operation, "_nodes_by_depth")


def _nodes(model: keras.Model) -> list[Any]:
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs, model.outputs)
    return [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]


def _outputs(node: Any, inputs: list[Value]) -> list[Value]:
    """The values that a call gives: as recorded, or worked out anew where it is now called with other shapes."""
    tensors = node.arguments.keras_tensors
    if any(tuple(t.shape[1:]) != value.shape for t, value in zip(tensors, inputs, strict=True)):
        fresh = {
            id(t): keras.KerasTensor((t.shape[0], *value.shape), dtype=t.dtype)
            for t, value in zip(tensors, inputs, strict=True)
        }
        args, kwargs = node.arguments.fill_in(fresh)
        specs = keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs))
    else:
        specs = node.outputs
    return [Value(tuple(spec.shape[1:])) for spec in specs]
