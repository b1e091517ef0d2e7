"""Features out of a named layer: any layer of a model, also one inside a model inside it."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes.checks import whole
from cvnotes.models.graph import _has_graph, _nodes


def layer_names(model: keras.Model) -> list[str]:
    """List the layers of a model in the order of execution; inside a nested model as ``"outer/inner"``."""
    found = []
    for node in _nodes(model):
        found.append(node.operation.name)
        if _has_graph(node.operation):
            found += [f"{node.operation.name}/{name}" for name in layer_names(node.operation)]
    return list(dict.fromkeys(found))


def tap(model: keras.Model, *layers: str) -> keras.Model:
    """Build a model that takes the same pictures and gives what the named layers give; weights are shared, not copied.

    layers: names as `layer_names` lists them; the last part is enough where it is the only one of its name.
    One name gives one output, several give a list. Raises ValueError with all names for a layer that is not there,
    and for a name that stands for several. Chapter: transfer.
    """
    if not _has_graph(model):
        raise ValueError(f"Only a model with known inputs can be tapped: give it an Input. Received: {model!r}")
    if not layers:
        raise ValueError(f"Name at least one layer of {model.name!r}: {', '.join(layer_names(model))}.")
    found = [_output(model, _path(model, layer)) for layer in layers]
    return keras.Model(_inputs(model), found[0] if len(found) == 1 else found, name=f"{model.name}_tapped")


def _inputs(model: keras.Model):
    """The inputs of a model as it wants to be called: a single tensor without a list around it."""
    return model.inputs[0] if len(model.inputs) == 1 else model.inputs


def _path(model: keras.Model, layer: str) -> str:
    names = layer_names(model)
    same = [name for name in names if name == layer] or [n for n in names if n.rpartition("/")[2] == layer]
    if len(same) != 1:
        what = "several layers" if same else "no layer"
        raise ValueError(f"{model.name!r} has {what} of that name. It has {', '.join(names)}. Received: {layer!r}")
    return same[0]


def _output(model: keras.Model, path: str):
    """The symbolic output of a layer; a nested model is cut inside, and its front part called where it was called."""
    name, _, inner = path.partition("/")
    node = [node for node in _nodes(model) if node.operation.name == name][-1]
    if not inner:
        return node.outputs[0]
    front = keras.Model(_inputs(node.operation), _output(node.operation, inner))
    given = node.arguments.keras_tensors
    return front(given[0] if len(given) == 1 else list(given), training=False)


def codes(model: keras.Model, images: np.ndarray, *layers: str, cells: int | None = None) -> np.ndarray | list:
    """Compute what the named layers say of pictures: arrays (n, features), one for each name.

    cells: maps are averaged over a grid of so many cells a side (1: one number a channel); None keeps every place.
    Several names give a list. Raises ValueError as `tap`, without a picture, for what is no finite number, and where
    the cells do not divide a map. Chapter: transfer.
    """
    front, images = tap(model, *layers), np.asarray(images)
    if images.ndim == 0 or not len(images):
        raise ValueError(f"Give at least one picture: (n, height, width, channels). Received: {images.shape}")
    if images.dtype.kind not in "biuf" or not np.isfinite(images).all():
        raise ValueError(f"Pictures must be finite numbers. Received: {images.dtype} with others among them")
    parts = [front(images[i : i + 250], training=False) for i in range(0, len(images), 250)]
    parts = [part if isinstance(part, list) else [part] for part in parts]
    maps = [np.concatenate([keras.ops.convert_to_numpy(part[i]) for part in parts]) for i in range(len(layers))]
    flat = [summary(each, cells).reshape(len(images), -1) for each in maps]
    return flat if len(flat) > 1 else flat[0]


def summary(maps: np.ndarray, cells: int | None) -> np.ndarray:
    """Average maps (n, h, w, c) over cells x cells equal fields: (n, cells, cells, c); vectors pass untouched."""
    if cells is None or maps.ndim != 4:
        return maps
    n, height, width, channels = maps.shape
    cells = whole("cells", cells, 1, min(height, width))
    if height % cells or width % cells:
        raise ValueError(f"Cells must divide the map. Received: cells={cells}, a map of {height} x {width}")
    return maps.reshape(n, cells, height // cells, cells, width // cells, channels).mean((2, 4))
