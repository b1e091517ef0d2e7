"""Weights from one model into another, layer by layer and by name."""

from __future__ import annotations

from collections.abc import Iterator

import keras


def copy_weights(source: keras.Model, target: keras.Model) -> keras.Model:
    """Give the layers of ``target`` the weights of the layers of the same names in ``source``; returns ``target``.

    Nested models are opened up on both sides, so where a layer is nested does not matter. Weights that were saved
    for keras.applications come into a model of this book in one line::

        vgg = copy_weights(keras.applications.VGG16(weights=path, classifier_activation=None), build("vgg-16"))

    Nothing is copied unless everything fits. Raises ``ValueError`` that names the layers that only one side has, and
    those whose shapes differ. Taught in the chapter on architectures.
    """
    given, wanted = dict(_owners(source)), dict(_owners(target))
    apart = [
        f"only {model.name!r} has {_some(has, lacks)}"
        for model, has, lacks in ((target, wanted, given), (source, given, wanted))
        if set(has) - set(lacks)
    ]
    if apart:
        raise ValueError(f"Their layers differ: {'; '.join(apart)}. Build the variant that the weights are of.")
    pairs = {name: (_shapes(layer), _shapes(given[name])) for name, layer in wanted.items()}
    wrong = [f"{name} has {ours} and gets {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs]
    if wrong:
        raise ValueError(f"Shapes differ in {len(wrong)} layers of {target.name!r}: {'; '.join(wrong[:3])}.")
    for name, layer in wanted.items():
        layer.set_weights(given[name].get_weights())
    return target


def _owners(model: keras.Model) -> Iterator[tuple[str, keras.Layer]]:
    """The layers that have weights of their own, with their names."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _owners(layer)
        elif layer.weights:
            yield layer.name, layer


def _shapes(layer: keras.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]


def _some(has: dict, lacks: dict) -> str:
    names = [name for name in has if name not in lacks]
    return f"{', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}"
