"""The model zoo that comes with Keras: what is in it, and a network of it as a body for a head of one's own."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable
from typing import NamedTuple

import keras

from cvnotes import backend, data
from cvnotes.data import DatasetUnavailable

SWITCH = "CVNOTES_WEIGHTS"  # set to imagenet, it allows a download


class Backbone(NamedTuple):
    """A network without its classifier, the function that prepares 0..255 pictures for it, and whose weights it has."""

    model: keras.Model
    preprocess: Callable
    weights: str  #: "imagenet" or "random"


def applications() -> list[str]:
    """List the networks that keras.applications can build, by name."""
    found = vars(keras.applications).items()
    return sorted(name for name, value in found if inspect.isfunction(value) and not name.startswith("_"))


def sketched(name: str, **options) -> keras.Model:
    """Build a network of the zoo without memory for its weights: made for counting, and for nothing that computes.

    Raises ValueError for a name that is not in `applications`. Chapter: transfer.
    """
    with backend.unallocated():
        return _builder(name)(weights=None, **options)


def preprocessing(name: str) -> Callable:
    """Give the function that turns pictures of 0 to 255 into what a network of the zoo was trained on.

    Raises ValueError for a name that is not in `applications`. Chapter: transfer.
    """
    module = _builder(name).__module__.rpartition(".")[2]
    return importlib.import_module(f"keras.applications.{module}").preprocess_input


def backbone(name: str, input_shape: tuple[int, int, int], weights: str | None = None) -> Backbone:
    """Load a network of the zoo without its classifier, frozen, with the function that prepares its pictures.

    weights: "imagenet" takes Keras' copy of the published weights, from its cache or from the network; "random" draws
    new ones. Left out, the environment variable CVNOTES_WEIGHTS decides, and without it weights are random: nothing is
    downloaded unless it is asked for. Whose weights it has is printed; where ImageNet's cannot be had they are random.
    Raises ValueError for another word, and for a name that is not in `applications`. Chapter: transfer.
    """
    wanted = (os.environ.get(SWITCH) or "random") if weights is None else weights
    if wanted not in ("imagenet", "random"):
        raise ValueError(f"weights must be imagenet or random ({SWITCH} is asked if left out). Received: {wanted!r}")
    options, build = {"include_top": False, "input_shape": input_shape}, _builder(name)
    model, why = None, f"set {SWITCH}=imagenet to load ImageNet's"
    if wanted == "imagenet":
        try:
            model = data.pretrained(name, **options)
        except DatasetUnavailable as error:
            why = str(error).splitlines()[0]
    given = "random" if model is None else "imagenet"
    model = build(weights=None, **options) if model is None else model
    model.trainable = False
    notice = {"imagenet": f"{name}: weights learned on ImageNet.", "random": f"{name}: RANDOM weights; {why}."}
    print(notice[given])
    return Backbone(model, preprocessing(name), given)


def _builder(name: str) -> Callable[..., keras.Model]:
    if not isinstance(name, str) or name not in applications():
        raise ValueError(f"keras.applications has {', '.join(applications())}. Received: {name!r}")
    return getattr(keras.applications, name)
