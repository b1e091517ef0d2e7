"""The windows of published nets by their place in the net: which family keeps which rule."""

from __future__ import annotations

from types import ModuleType

import keras

from cvnotes import backend
from cvnotes.convolution_variants import zoo
from cvnotes.convolution_variants.zoo import Conv

#: What the stored survey of convolution_variants lacks to have one net from each module of keras.applications.
MISSING = ("VGG19", "ResNet50V2")
ORDER = ("VGG16", "VGG19", "InceptionV3", "ResNet50", "ResNet50V2", *zoo.NETS[3:])  # by their papers


def builders() -> dict[str, list[str]]:
    """List the modules of keras.applications that hold builders, each with their names. Chapter: layer_patterns."""
    modules = {name: part for name, part in vars(keras.applications).items() if isinstance(part, ModuleType)}
    found = {name: [key for key in vars(module) if key[:1].isupper()] for name, module in sorted(modules.items())}
    return {name: known for name, known in found.items() if known}


def convolutions() -> dict[str, list[Conv]]:
    """Give every convolution of a net from each module: those stored by an experiment, and `MISSING`, sketched now.

    Chapter: layer_patterns.
    """
    with backend.unallocated():
        fresh = {name: zoo.convolutions(getattr(keras.applications, name)(weights=None)) for name in MISSING}
    found = zoo.stored() | fresh
    return {name: found[name] for name in ORDER}


def widest(convs: list[Conv]) -> tuple[int, int]:
    """Give the longest side of a window in the first layer, and in all others, in pixels."""
    sides = [max(conv.height, conv.width) for conv in convs]
    return sides[0], max(sides[1:], default=0)
