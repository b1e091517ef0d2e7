"""What a layer gives, and what would come of it if it gave something else: any layer of any kind of model."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from .compiled import remembered
from .inputs import Array, Model, call, pieces, read
from .scopes import replaced

Tensor = Any
Where = str | keras.Layer | None


class Place(NamedTuple):
    """One call of one layer: its path through nested models, which call it is, and the shape of what it gave."""

    path: str
    turn: int
    layer: keras.Layer
    shape: tuple[int, ...] | None
    dtype: str

    @property
    def maps(self) -> bool:
        """Whether it gave maps (n, height, width, channels) of floats and more than one cell, one a picture."""
        if self.shape is None or len(self.shape) != 4 or not keras.backend.is_float_dtype(self.dtype):
            return False
        return self.shape[0] == 1 and self.shape[1] * self.shape[2] > 1


def feature_maps(model: Model, images: Array, layer: Where, *, batch_size: int = 32) -> Array:
    """What a layer gives for each picture, (n, ...), whatever the model: nested, subclassed, or a function.

    layer: a layer of the model, or its name; inside nested models a path such as ``"encoder/conv3"``, or its end where
    that is unique. A layer that is called several times has a number as well: ``"conv3#1"``, ``"conv3#2"``.
    The model runs as in prediction. One picture gives the maps of one picture.
    Raises ValueError for a name that is not there (the nearest are listed) or not unique, for a layer that gives
    several tensors or not one row a picture, and for what cannot be read as pictures.
    Chapters: visualization, saliency.
    """
    asked = read(model, images)
    x = asked.images if len(asked.images) else np.zeros((1, *asked.images.shape[1:]), asked.images.dtype)
    place = find(model, x, layer)
    parts = pieces(len(x), batch_size)
    found = [ops.convert_to_numpy(given(model, place, ops.convert_to_tensor(x[at]))) for at in parts]
    for at, one in zip(parts, found, strict=True):
        if one.shape[:1] != (len(at),):
            raise ValueError(
                f"{place.path} does not give one row a picture: it may cut pictures into pieces, or see them together. "
                f"Received: shape {one.shape} for {len(at)} pictures"
            )
    return asked.give(np.concatenate(found)[: len(asked.images)])


def given(model: Model, place: Place, x: Tensor) -> Tensor:
    """What one call of a layer gives for the batch x."""
    kept: list[Tensor] = []
    with changed(model, place, lambda maps: kept.append(maps) or maps):
        call(model, x)
    return kept[0]


@contextlib.contextmanager
def changed(model: Model, place: Place, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """A scope in which one call of a layer gives ``change(what it gave)`` instead."""
    turns: list[str] = []

    def meet(path: str, layer: keras.Layer, outputs: Any) -> Any:
        if path != place.path:
            return outputs
        turns.append(path)
        return change(outputs) if len(turns) == place.turn else outputs

    with watched(model, meet):
        yield


@contextlib.contextmanager
def watched(model: Model, meet: Callable[[str, keras.Layer, Any], Any]) -> Iterator[None]:
    """A scope in which each layer called, and each operation of a graph, gives ``meet(path, layer, outputs)``.

    The path names the layers that it was called in, without the model itself.
    """
    within: list[str] = []

    def make(original: Callable) -> Callable:
        def ours(layer: keras.Layer, *args: Any, **options: Any) -> Any:
            if layer is model and not within:
                return original(layer, *args, **options)
            within.append(layer.name)
            try:
                outputs = original(layer, *args, **options)
                return meet("/".join(within), layer, outputs)
            finally:
                within.pop()

        return ours

    with replaced(keras.Operation, "__call__", make):  # of layers, and of functions in a graph
        yield


def places(model: Model, images: Array) -> list[Place]:
    """Every call of a layer, in order, as the model runs on one picture."""
    found: list[Place] = []

    def meet(path: str, layer: keras.Layer, outputs: Any) -> Any:
        tensor = ops.is_tensor(outputs)
        turn = 1 + sum(place.path == path for place in found)
        shape, dtype = (tuple(outputs.shape), outputs.dtype) if tensor else (None, "")
        found.append(Place(path, turn, layer, shape, dtype and keras.backend.standardize_dtype(dtype)))
        return outputs

    with watched(model, meet):
        call(model, ops.convert_to_tensor(images[:1]))
    return found


def find(model: Model, images: Array, layer: Where, *, maps: bool = False) -> Place:
    """Find the call of a layer that is meant; see ``feature_maps``. For None, the last one that gives maps.

    maps: refuse what does not give maps (n, height, width, channels).
    """
    known = remembered((model, "places", images.shape[1:]), lambda: places(model, images))
    if maps and any(getattr(place.layer, "data_format", None) == "channels_first" for place in known):
        raise ValueError("Maps must have their channels last. Received: a model with data_format='channels_first'")
    if layer is None:
        return _last_maps(known)
    matches = [place for place in known if _meant(place, layer)]
    whole = [place for place in matches if layer in (place.path, _numbered(place))]
    matches = whole or matches
    if len(matches) != 1:
        raise ValueError(_not_one(known, matches, layer))
    if matches[0].shape is None or (maps and not matches[0].maps):
        wanted = "maps (n, height, width, channels)" if maps else "one tensor"
        raise ValueError(f"A layer that gives {wanted} is needed. Received: {matches[0].path}, {matches[0].shape}")
    return matches[0]


def _last_maps(known: list[Place]) -> Place:
    spatial = [place for place in known if place.maps]
    if not spatial:
        raise ValueError(
            "No layer of the model gives maps (n, height, width, channels) of more than one cell, so that there is "
            f"nothing to lay over the picture. Received: {', '.join(p.path for p in known) or 'a model without layers'}"
        )
    return spatial[-1]


def _meant(place: Place, layer: Where) -> bool:
    if isinstance(layer, keras.Layer):
        return place.layer is layer
    names = place.path, _numbered(place)
    return layer in names or any(name.endswith(f"/{layer}") for name in names)


def _numbered(place: Place) -> str:
    return f"{place.path}#{place.turn}"


def _not_one(known: list[Place], matches: list[Place], layer: Where) -> str:
    if matches:
        listed = ", ".join(_numbered(place) for place in matches)
        return f"Several calls are meant: name one of {listed}. Received: layer={layer!r}"
    names = list(dict.fromkeys(place.path for place in known))
    word = layer.name if isinstance(layer, keras.Layer) else str(layer)
    ends = {name.split("/")[-1]: name for name in names} | {name: name for name in names}
    near = [ends[name] for name in difflib.get_close_matches(word, ends, 3, 0.5)]
    listed = ", ".join(dict.fromkeys(near)) or ", ".join(names) or "nothing: the model calls no layer of Keras"
    return f"The model calls no such layer; {'nearest' if near else 'there are'}: {listed}. Received: layer={layer!r}"
