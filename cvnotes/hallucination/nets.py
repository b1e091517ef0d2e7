"""The net that dreams and paints: small, fully convolutional, taught to say where a patch of a picture comes from."""

from __future__ import annotations

import functools
import os

import keras
import numpy as np
from keras import layers

from cvnotes import experiments
from cvnotes.normalization import fold
from cvnotes.transfer import keeping, tapping, zoo

from . import patches

WIDTHS = (16, 32, 32, 48, 64, 64, 96)  # filters of the seven convolutions
POOLED = (1, 3, 5)  # an average of 2 x 2 follows these
LAYERS = tuple(f"relu{i}" for i in range(1, len(WIDTHS) + 1))
COUNT, EPOCHS, BATCH, RATE = 16_000, 4, 32, 3e-3
COMMAND = "python -m cvnotes.hallucination"


def patch_net(*, normalized: bool = True) -> keras.Sequential:
    """Build seven convolutions, ``relu1`` .. ``relu7``, an average over all places, and logits of ``patches.CLASSES``.

    Receives pictures (h, w, 3) of any size from 8, with values in [0, 1]. normalized: each convolution is followed by
    batch normalization, as in training; without, it has biases, as what `fold` leaves. The pools are averages, which
    Gatys et al. (2016, section 2) found to give smoother pictures. Chapter: hallucination.
    """
    net = keras.Sequential([keras.Input((None, None, 3)), layers.Rescaling(4.0, -2.0, name="centred")], name="patches")
    for i, filters in enumerate(WIDTHS, 1):
        side = 5 if i == 1 else 3
        net.add(layers.Conv2D(filters, side, padding="same", use_bias=not normalized, name=f"conv{i}"))
        if normalized:
            net.add(layers.BatchNormalization(momentum=0.9, name=f"norm{i}"))
        net.add(layers.ReLU(name=f"relu{i}"))
        if i in POOLED:
            net.add(layers.AveragePooling2D(2, name=f"pool{i}"))
    net.add(layers.GlobalAveragePooling2D(name="average"))
    net.add(layers.Dense(len(patches.CLASSES), name="logits"))
    return net


def trained(seed: int = 0) -> keras.Sequential:
    """Train the net on patches, four minutes of one core."""
    keras.utils.set_random_seed(seed)
    net, (x, y) = patch_net(), patches.lesson(COUNT, 100 + seed)
    experiments.fit(net, x, y, epochs=EPOCHS, batch=BATCH, rate=RATE, seed=seed, augment=patches.jittered)
    return net


def untrained(seed: int = 0, count: int = 256) -> keras.Sequential:
    """Draw random weights, let the normalization see `count` patches, and make the net ready as `painter` is."""
    keras.utils.set_random_seed(seed)
    net, (x, _) = patch_net(), patches.lesson(count, 100 + seed)
    for _ in range(30):  # the running averages forget a tenth each time
        net(x, training=True)
    return levelled(fold(net), x)


def levelled(net: keras.Sequential, images: np.ndarray) -> keras.Sequential:
    r"""Scale every filter so that its mean answer to the images is 1, and the next layer's weights back.

    ReLU and averages carry a positive factor through, :math:`\max(0, kx) = k \max(0, x)`, so the logits stay.
    net: as `patch_net(normalized=False)`. A filter that never answers is left as it is.
    Source: Gatys et al. (2016), section 2. Chapter: hallucination.
    """
    weights = net.get_weights()
    means = [np.ones(3), *(maps.mean((0, 1, 2)) for maps in answers(net, images))]
    means = [np.where(mean > 1e-3, mean, 1.0) for mean in means]
    found = []
    for i, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        out = means[i + 1] if i < len(WIDTHS) else 1.0
        found += [kernel * means[i][:, None] / out, bias / out]
    level = patch_net(normalized=False)
    level.set_weights(found)
    return level


def answers(net: keras.Model, images: np.ndarray, names: tuple[str, ...] = LAYERS) -> list[np.ndarray]:
    """Compute what the named layers say of pictures (n, h, w, 3): arrays (n, h', w', filters)."""
    maps = tapping.tap(net, *names)(keras.ops.convert_to_tensor(images), training=False)
    return [keras.ops.convert_to_numpy(each) for each in (maps if isinstance(maps, list) else [maps])]


def centred(vgg: keras.Model) -> keras.Model:
    """Put VGG's own preparation in front of it: pictures (h, w, 3) in [0, 1] instead of centred blue, green and red.

    Its layers keep their names, inside. Source: Simonyan and Zisserman (2015), section 2.1. Chapter: hallucination.
    """
    picture = keras.Input((None, None, 3))
    ordered = keras.ops.flip(255.0 * picture, axis=-1) - np.array([103.939, 116.779, 123.68], "float32")
    return keras.Model(picture, vgg(ordered), name="centred_vgg")


def large() -> keras.Model | None:
    """Give VGG16 as learned on ImageNet, for pictures in [0, 1], if CVNOTES_WEIGHTS=imagenet asks for it; else None.

    Prints whose weights it has, or why it has none. Chapter: hallucination.
    """
    if os.environ.get(zoo.SWITCH) != "imagenet":
        return print(f"No large net is loaded: set {zoo.SWITCH}=imagenet to dream with VGG16.")
    found = zoo.backbone("VGG16", (None, None, 3))
    return centred(found.model) if found.weights == "imagenet" else None


@functools.cache
def painter() -> keras.Sequential:
    """Give the stored net, folded and levelled; made by ``python -m cvnotes.hallucination``. Chapter: hallucination."""
    net = patch_net(normalized=False)
    net.set_weights(keeping.load_weights("hallucination", "painter"))
    return net


def store() -> None:
    """Train the net and store its weights."""
    x, _ = patches.lesson(256, 100)
    keeping.save_weights("hallucination", {"painter": levelled(fold(trained()), x).get_weights()}, COMMAND)
