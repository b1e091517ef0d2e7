"""Stored experiments: reading strips with and without a memory, and a backbone with strides or holes."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments

from . import backbones, readers, strips

READ = {"quick": (1500, 16), "full": (10_000, 30)}  # strips, passes
LONGER = (12, 12)
SEEN = {"quick": (1200, 10), "full": (8000, 30)}  # scenes, passes


def taught_reader(kind: str, seed: int, scale: str = "quick") -> keras.Model:
    """Train a reader on strips of one to four digits. Chapter: systems."""
    count, epochs = READ[scale]
    keras.utils.set_random_seed(seed)
    net, lessons = readers.reader(kind), strips.written(count, 3 * seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    experiments.fit(net, lessons.images, lessons.ends, epochs=epochs, batch=30, rate=1e-2, seed=seed, loss=loss)
    return net


@experiments.experiment(version=1, seeds=5)
def reading(seed: int, scale: str) -> dict[str, float]:
    """Read strips of one to four digits, and of twelve: errors a digit, and strips without any error."""
    found = {}
    tests = {
        "short": strips.written(300, 3 * seed + 1, test=True),
        "long": strips.written(80, 3 * seed + 2, LONGER, test=True),
    }
    for kind in readers.UNITS:
        net = taught_reader(kind, seed, scale)
        found[f"{kind}_weights"] = net.count_params()
        for name, test in tests.items():
            said = readers.heard(net, test.images)
            found[f"{kind}_{name}"] = strips.error_rate(said, test.texts)
            found[f"{kind}_{name}_exact"] = np.mean([a == b for a, b in zip(said, test.texts, strict=True)])
    return found


def segmenter(kind: str, seed: int, scale: str = "quick") -> keras.Model:
    """Train a backbone on the pixels of scenes with one shape of any size. Chapter: systems."""
    count, epochs = SEEN[scale]
    scenes = backbones.views(count, 3 * seed + 1)
    keras.utils.set_random_seed(seed)
    net = backbones.backbone(kind)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = scenes.floats, backbones.answers(scenes)
    experiments.fit(net, x, y, epochs=epochs, batch=30, rate=8e-3, seed=seed, loss=loss)
    return net


def named_pixels(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """The class that a net gives each pixel: (n, 32, 32)."""
    parts = [net(images[i : i + 100], training=False) for i in range(0, len(images), 100)]
    return np.concatenate([keras.ops.convert_to_numpy(part).argmax(-1) for part in parts])


@experiments.experiment(version=1, seeds=5)
def segments(seed: int, scale: str) -> dict[str, float]:
    """Name every pixel with strides, with holes, and with neither, at equal weights: small shapes and large ones.

    iou: mean over classes; border: accuracy along borders; ground: a net that calls every pixel ground.
    """
    tests, found = {name: backbones.views(250, 3 * seed + 2, name) for name in ("small", "large")}, {}
    for kind in backbones.STEPS:
        net = segmenter(kind, seed, scale)
        for name, test in tests.items():
            said, true = named_pixels(net, test.floats), backbones.answers(test)
            found[f"{kind}_{name}_iou"] = backbones.mean_iou(said, true)
            found[f"{kind}_{name}_border"] = backbones.border_accuracy(said, true)
    grounds = {name: backbones.mean_iou(0 * (true := backbones.answers(test)), true) for name, test in tests.items()}
    return found | {f"ground_{name}_iou": value for name, value in grounds.items()}
