"""The experiments of the page shortcuts that train ConvNets: deep ones on digits, encoder-decoders on scenes."""

from __future__ import annotations

import functools

import keras
import numpy as np

from cvnotes import data, experiments, models

from .encoder import JOINS, encoder_decoder, near_border, overlap

NETS = {"plain_8": (8, "none"), "plain_20": (20, "none"), "residual_20": (20, "A")}
CONV_EPOCHS, CONV_RATE = {"quick": 6, "full": 40}, 3e-3


@functools.cache
def digits() -> data.Digits:
    """The real digits, 8 x 8."""
    return data.digits()


def walk(model: keras.Model, x: np.ndarray, left_out: tuple[str, ...] = ()) -> np.ndarray:
    """Call the layers of a model one after another, without those named: scores (n, classes).

    x: (n, h, w, c). The model must be a chain of layers, each of which reads the one before.
    Raises ValueError for a name that the model does not have. Chapter: shortcuts.
    """
    for name in left_out:
        model.get_layer(name)
    for layer in model.layers[1:]:
        x = x if layer.name in left_out else layer(x, training=False)
    return keras.ops.convert_to_numpy(x)


def spare(model: keras.Model) -> list[str]:
    """The names of the blocks that give what they get in shape, so that the net runs without them."""
    blocks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return [block.name for block in blocks if block.input_shape == block.output_shape]


@experiments.experiment(version=1, seeds=5)
def convnets(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Train ConvNets of 8 and 20 layers, plain and residual, on digits; take blocks out of those of 20."""
    d, found = digits(), {}
    for name, (depth, shortcut) in NETS.items():
        model = models.build("resnet-cifar", (8, 8, 1), depth=depth, shortcut=shortcut, width=4)
        options = {"epochs": CONV_EPOCHS[scale], "rate": CONV_RATE, "seed": seed}
        found[f"{name}_loss"] = experiments.fit(model, d.train_images, d.train_labels, **options)["loss"]
        pairs = ((d.train_images, d.train_labels), (d.test_images, d.test_labels))
        found[f"{name}_wrong"] = [1 - experiments.accuracy(model, *pair) for pair in pairs]
        if depth == 20:
            answers = [walk(model, d.test_images, (block,)).argmax(1) for block in spare(model)]
            found[f"{name}_without"] = [np.mean(said != d.test_labels) for said in answers]
    return found


# Skips ---------------------------------------------------------------------------------------------------------------

SCENES, SCENE_EPOCHS, SCENE_RATE = 600, {"quick": 10, "full": 40}, 4e-3


@functools.cache
def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scenes of 32 x 32 pixels as floats, and the masks of all their objects together, (n, 32, 32)."""
    scenes = data.scenes(count, seed=seed, size=32, objects=(1, 3))
    return scenes.floats, scenes.instances > 0


def fits(said: np.ndarray, masks: np.ndarray) -> list[float]:
    """Overlap of two masks near borders and away from them."""
    band = near_border(masks)
    return [overlap(said, masks, band), overlap(said, masks, ~band)]


def masked(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Which pixels a net takes for an object, (n, h, w)."""
    return keras.ops.convert_to_numpy(model(x, training=False))[..., 0] > 0


def closed(model: keras.Model, level: int, x: np.ndarray) -> np.ndarray:
    """What the net says while the skip of one level hands on zeros. Chapter: shortcuts."""
    gate = model.get_layer(f"skip{level}")
    gate.open.assign(0.0)
    try:
        return masked(model, x)
    finally:
        gate.open.assign(1.0)


def taught(join: str, target: np.ndarray, loss: keras.losses.Loss, seed: int, scale: str) -> keras.Model:
    """Train one encoder-decoder to give these maps for the training scenes."""
    model = encoder_decoder(join, outputs=target.shape[-1])
    options = {"epochs": SCENE_EPOCHS[scale], "batch": 32, "rate": SCENE_RATE, "seed": seed, "loss": loss}
    experiments.fit(model, pictures(SCENES, 2 * seed)[0], target, **options)
    return model


@experiments.experiment(version=1, seeds=5)
def skips(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Train encoder-decoders with and without skips to find objects, and to rebuild the picture.

    For each join: overlap near borders and away from them, the same with each skip closed, and the share of the
    pixels' variance that is not rebuilt.
    """
    (x, masks), (test, true), found = pictures(SCENES, 2 * seed), pictures(200, 2 * seed + 1), {}
    for join in JOINS:
        wanted = masks[..., None].astype("float32")
        model = taught(join, wanted, keras.losses.BinaryCrossentropy(from_logits=True), seed, scale)
        found[f"{join}_fit"] = fits(masked(model, test), true)
        if join != "none":
            found[f"{join}_closed"] = [fits(closed(model, level, test), true) for level in (1, 2, 3)]
        model = taught(join, x, keras.losses.MeanSquaredError(), seed, scale)
        rebuilt = keras.ops.convert_to_numpy(model(test, training=False))
        found[f"{join}_lost"] = np.square(rebuilt - test).mean() / test.var((0, 1, 2)).mean()
    return found
