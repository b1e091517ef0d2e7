"""The nets that this part of the book looks into: two architectures, five seeds, and what they were taught.

Their task is to name the one shape in a scene of 64 x 64 pixels, on cluttered ground. Since the scenes are drawn by
us, everything that a method finds in a net can be held against the truth.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import keeping

SIDE, SEEDS = 64, 5
KINDS = data.CLASSES[:6]
COUNT, EPOCHS, BATCH, RATE = 4000, 8, 32, 3e-3
ENOUGH, MORE = 0.8, {"epochs": 4, "rate": 1e-3}  # who names fewer shapes that it never saw is taught once more
COMMAND = "python -m cvnotes.visualization"
JUDGED, TEST = 500_000, 1_000_000  # the first scenes that judge a training, and that no training ever sees


def views(count: int, seed: int = 0, **options) -> Scenes:
    """Draw scenes of the task: one shape of 9 to 14 pixels radius. Any option of ``data.scenes`` may be changed."""
    given = {"size": SIDE, "objects": 1, "classes": KINDS, "radius": (0.14, 0.22), **options}
    return data.scenes(count, seed, **given)


def test_views(count: int, seed: int = 0, **options) -> Scenes:  # noqa: PT028 - no test, but what is held out
    """Draw scenes that no training has seen; see ``views``."""
    return views(count, seed, start=TEST, **options)


def answers(scenes: Scenes) -> np.ndarray:
    """The class of the first object of each scene, whole numbers (n,)."""
    return scenes.labels[:, 0]


def plain(classes: int = len(KINDS), *, normalized: bool = True, biases: bool = False) -> keras.Model:
    """Build the plain net: six 3x3 convolutions (``conv1`` .. ``conv6``), three max pools, a global average, logits.

    Each convolution is followed by ``norm<i>`` (unless ``normalized`` is off) and ``relu<i>``.
    Receives pictures (64, 64, 3) in [0, 1]. After VGG (Simonyan and Zisserman, 2015) with the head of CAM.
    """
    inputs = x = keras.Input((SIDE, SIDE, 3), name="picture")
    for i, filters in enumerate((12, 24, 48, 48, 64, 64), 1):
        x = _unit(x, filters, str(i), normalized=normalized, biases=biases)
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x) if i in (1, 2, 4) else x
    return keras.Model(inputs, _head(x, classes), name="plain")


def residual(classes: int = len(KINDS)) -> keras.Model:
    """Build the residual net: a stem with one max pool, three blocks with identity paths, an average, logits.

    A block ends in ``block<i>``. After He et al. (2016).
    """
    inputs = keras.Input((SIDE, SIDE, 3), name="picture")
    x = layers.MaxPooling2D(2, name="pool")(_unit(inputs, 12, "0"))
    for i, (filters, stride) in enumerate(((24, 1), (48, 2), (64, 2)), 1):
        y = _unit(x, filters, f"{i}a", stride=stride)
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{i}b")(y)
        y = layers.BatchNormalization(momentum=0.9, name=f"norm{i}b")(y)
        x = layers.Conv2D(filters, 1, stride, use_bias=False, name=f"path{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"pathnorm{i}")(x)
        x = layers.ReLU(name=f"block{i}")(layers.Add(name=f"add{i}")([x, y]))
    return keras.Model(inputs, _head(x, classes), name="residual")


def _unit(x, filters: int, name: str, *, stride: int = 1, normalized: bool = True, biases: bool = False):
    x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=biases, name=f"conv{name}")(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"norm{name}")(x) if normalized else x
    return layers.ReLU(name=f"relu{name}")(x)


def _head(x, classes: int):
    return layers.Dense(classes, name="logits")(layers.GlobalAveragePooling2D(name="average")(x))


BUILD = {"plain": plain, "residual": residual, "marked": plain}
SHORTCUT = {"marked": {"shortcut": "mark", "strength": 1.0}}


def trained(kind: str, seed: int) -> keras.Model:
    """Train a net of a kind; see ``subject``."""
    keras.utils.set_random_seed(seed)
    net, scenes = BUILD[kind](), views(COUNT, 100 + seed, **SHORTCUT.get(kind, {}))
    experiments.fit(net, scenes.floats, answers(scenes), epochs=EPOCHS, batch=BATCH, rate=RATE, seed=seed)
    judged = views(300, 100 + seed, start=JUDGED, **SHORTCUT.get(kind, {}))
    if experiments.accuracy(net, judged.floats, answers(judged)) < ENOUGH:
        experiments.fit(net, scenes.floats, answers(scenes), batch=BATCH, seed=seed, **MORE)
    return net


def subject(kind: str = "plain", seed: int = 0) -> keras.Model:
    """Give a stored net, from pictures (n, 64, 64, 3) in [0, 1] to logits (n, 6), classes as in ``KINDS``.

    kind: ``"plain"``, ``"residual"``, or ``"marked"``: a plain net taught with a coloured mark in a corner that tells
    the class (``data.scenes(shortcut="mark")``). seed: 0 .. 4. Made by ``python -m cvnotes.visualization``.
    Raises ValueError for a kind or a seed that is not there. Chapter: visualization.
    """
    choice("kind", kind, BUILD)
    if whole("seed", seed, 0) >= SEEDS:
        raise ValueError(f"There are seeds 0 to {SEEDS - 1}. Received: seed={seed}")
    net = BUILD[kind]()
    net.set_weights(_stored(f"{kind}{seed}"))
    return net


def untrained(kind: str = "plain", seed: int = 0, calibrate: int = 256) -> keras.Model:
    """Give the same net with random weights, its normalizations set by ``calibrate`` scenes.

    They see the scenes thirty times, so that 96 % of their averages are those of the scenes. Chapter: visualization.
    """
    choice("kind", kind, BUILD)
    keras.utils.set_random_seed(seed)
    net, scenes = BUILD[kind](), views(calibrate, 100 + seed)
    for _ in range(30):  # the running averages forget a tenth each time
        net(scenes.floats, training=True)
    return net


@functools.cache
def _stored(net: str) -> list[np.ndarray]:
    return keeping.load_weights("subjects", net)


def store() -> None:
    """Train all nets and store their weights."""
    nets = {f"{kind}{seed}": trained(kind, seed).get_weights() for kind in BUILD for seed in range(SEEDS)}
    keeping.save_weights("subjects", nets, COMMAND)
