"""Small nets that differ only in their head: a pool of averages, one of maxima, a flat row, a hidden dense layer."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes import experiments
from cvnotes.attribution import grad_cam
from cvnotes.checks import choice
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

from . import cam_store

SIDE, COUNT, EPOCHS, BATCH = 32, 2400, 8, 32
HEADS = ("average", "largest", "flat", "dense")
RATE = {"dense": 1e-3}  # the hidden layer does not start at the rate of the others, 3e-3


def views(count: int, seed: int = 0, **options) -> Scenes:
    """Draw scenes of 32 x 32 pixels with one of the six shapes, larger than those of `subjects.views`."""
    given = {"size": SIDE, "radius": (0.2, 0.32), "clutter": 0.3, **options}
    return subjects.views(count, seed, **given)


def small(head: str, classes: int = len(subjects.KINDS)) -> keras.Model:
    """Build the net: four 3x3 convolutions to maps of 8 x 8 x 48 (layer ``maps``), then the head, then logits.

    head: ``"average"`` and ``"largest"`` pool over all places, ``"flat"`` keeps them, ``"dense"`` keeps them and has a
    hidden layer of 64. Raises ValueError for another head. Chapter: class_activation_maps.
    """
    choice("head", head, HEADS)
    inputs = x = keras.Input((SIDE, SIDE, 3), name="picture")
    for i, filters in enumerate((12, 24, 48, 48), 1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{i}")(x)
        x = layers.ReLU(name="maps" if i == 4 else f"relu{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x) if i < 3 else x
    pool = {"average": layers.GlobalAveragePooling2D, "largest": layers.GlobalMaxPooling2D}
    x = pool.get(head, layers.Flatten)(name=head)(x)
    x = layers.Dense(64, "relu", name="hidden")(x) if head == "dense" else x
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name=head)


def trained(head: str, seed: int, count: int = COUNT) -> keras.Model:
    """Train a net of a head on scenes of a seed, the same for all heads. Chapter: class_activation_maps."""
    keras.utils.set_random_seed(seed)
    net, scenes = small(head), views(count, 300 + seed)
    options = {"epochs": EPOCHS, "batch": BATCH, "rate": RATE.get(head, 3e-3), "seed": seed}
    experiments.fit(net, scenes.floats, subjects.answers(scenes), **options)
    return net


def stored(head: str) -> keras.Model:
    """Give the stored net of a head, seed 0; made by ``python -m cvnotes.interpretability cams``."""
    net = small(head)
    net.set_weights(cam_store.weights(head))
    return net


def refusal(method, net: keras.Model, images, target) -> str:
    """What a method of `attribution` says against a net, up to the colon; nothing if it gives maps."""
    try:
        method(net, images, target)
    except ValueError as error:
        return str(error).split(":")[0]
    return ""


def alive(net: keras.Model, images, target) -> float:
    """The share of pictures for which Grad-CAM gives a map that is not empty; 0 if it refuses the net."""
    if refusal(grad_cam, net, images, target):
        return 0.0
    return float((grad_cam(net, images, target).max((1, 2, 3)) > 0).mean())


def tail(net: keras.Model, layer: str) -> keras.Model:
    """What comes after a layer, as a net of its own: from that layer's maps to the logits."""
    return keras.Model(net.get_layer(layer).output, net.output, name="tail")


def cut(net: keras.Model) -> keras.Model:
    """The same net with its answer as a choice: one for the highest class, zero for all others, no way back."""
    classes = net.output_shape[-1]
    answer = keras.ops.one_hot(keras.ops.argmax(net.output, axis=-1), classes)
    return keras.Model(net.input, answer, name="cut")
