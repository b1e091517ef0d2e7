"""Colours, crops and heads: augmentation against what a net may be built to know. Chapter: augmentation."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np

from cvnotes import convolution, data, experiments, models
from cvnotes.checks import whole
from cvnotes.introduction import comparison
from cvnotes.introduction.comparison import Split
from cvnotes.tuning.bench import Bench
from cvnotes.tuning.schedules import by_keras

from .colours import colour_axes
from .crops import random_crop, ten_crops
from .operations import PCAShift, in_front, operation
from .votes import average_vote

SHAPES = ("disc", "square", "triangle", "star")
WARM, COLD = ("red", "orange", "yellow"), ("green", "blue", "purple")
PICTURE, WINDOW = 40, 32
COUNT, EPOCHS, BATCH, RATE = 400, {"quick": 20, "full": 60}, 40, 4e-3
SCENE = {
    "size": WINDOW,
    "objects": 1,
    "classes": SHAPES,
    "textures": "plain",
    "clutter": 0,
    "radius": (0.26, 0.36),
    "region": (0.4, 0.4, 0.6, 0.6),
    "turn": 10,
}
COLOURINGS = ("none", "PCA shift", "small hue shift", "any hue")
SCENES, CROP_EPOCHS, CROP_BATCH = (300, 600, 1200, 2400), {"quick": 160, "full": 480}, 50  # divides all of SCENES
CELLS = 5  # along a side of the canvas, in the task that asks for the place


def shapes(n: int, seed: int, **options) -> tuple[data.Scenes, np.ndarray]:
    """Scenes with one large upright shape near the middle, and their pictures as float32 in [0, 1]."""
    made = data.scenes(n, seed, **{**SCENE, **options})
    return made, made.images.astype("float32") / 255


def coloured_light(images: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Each picture under a lamp of its own colour: channels weakened by up to a half."""
    return (images * dice.uniform(0.5, 1.0, (len(images), 1, 1, 3))).astype("float32")


def scene_net(first: tuple[keras.Layer, ...] = (), classes: int = 4) -> keras.Model:
    """The small ConvNet on pictures of 32 x 32 x 3, behind these layers."""
    model = models.build("small-convnet", input_shape=(WINDOW, WINDOW, 3), width=8, classes=classes)
    return in_front(first, model) if first else model


def colouring(name: str, images: np.ndarray, seed: int) -> tuple[keras.Layer, ...]:
    """The layers of one of `COLOURINGS`. Raises ValueError for another name."""
    builds = {
        "none": lambda: (),
        "PCA shift": lambda: (PCAShift(*colour_axes(images), deviation=3.0, seed=seed),),
        "small hue shift": lambda: (operation("colour shift", 0.05, seed),),
        "any hue": lambda: (operation("colour shift", 0.5, seed),),
    }
    if name not in builds:
        raise ValueError(f"name must be one of {', '.join(COLOURINGS)}. Received: name={name!r}")
    return builds[name]()


@experiments.experiment(version=1, seeds=5)
def colours(seed: int, scale: str) -> dict[str, list[float]]:
    """Shifts of colour where shape is the class and where colour is, one entry for each of `COLOURINGS`.

    plain: shapes in the colours of training; other: in colours never seen; light: under coloured lamps;
    named: accuracy in naming the colour.
    """
    (warm, x), (new, new_x), (old, old_x), (every, every_x), (asked, asked_x) = (
        shapes(n, 5 * seed + i, colours=names)
        for i, (n, names) in enumerate(
            [(COUNT, WARM), (300, COLD), (300, WARM), (COUNT, WARM + COLD), (300, WARM + COLD)]
        )
    )
    known = [list(data.COLOURS).index(name) for name in WARM + COLD]
    lamp, found = coloured_light(old_x, np.random.default_rng(seed)), {}
    named, named_test = (np.searchsorted(known, each.colours[:, 0]) for each in (every, asked))
    for name in COLOURINGS:
        model = painted(x, warm.labels[:, 0], colouring(name, x, seed), seed, scale)
        for key, pictures, labels in (("plain", old_x, old), ("other", new_x, new), ("light", lamp, old)):
            found.setdefault(key, []).append(experiments.accuracy(model, pictures, labels.labels[:, 0]))
        model = painted(every_x, named, colouring(name, every_x, seed), seed, scale)
        found.setdefault("named", []).append(experiments.accuracy(model, asked_x, named_test))
    return found


def painted(x: np.ndarray, y: np.ndarray, first: tuple[keras.Layer, ...], seed: int, scale: str) -> keras.Model:
    """Train the net of the scenes."""
    steps = EPOCHS[scale] * (len(x) // BATCH)
    made = Bench(
        functools.partial(scene_net, first, int(y.max()) + 1), keras.optimizers.Adam(by_keras("cosine", RATE, steps))
    )
    return made.train(x, y, seed=seed, epochs=EPOCHS[scale], batch=BATCH)


@experiments.experiment(version=2, seeds=5)
def cropped(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train on middle crops of 300 to 2,400 scenes, and on random crops with flips of 300, equally many steps.

    middle: accuracy of the middle crop for each of `SCENES`. random_one, random_ten: of the net that saw random
    crops, with one view and ten; middle_ten: ten views for the net that saw the middle of 300.
    """
    options = {"size": PICTURE, "classes": None, "radius": (0.2, 0.3), "region": (0.35, 0.35, 0.65, 0.65)}
    (train, x), (test, test_x) = (shapes(n, 2 * seed + i, **options) for i, n in enumerate((SCENES[-1], 500)))
    every, truth = ten_crops(test_x, WINDOW), test.labels[:, 0]

    def scores(n: int, cut: Callable[..., np.ndarray]) -> tuple[float, float]:
        """Accuracy with one view and with ten of a net trained on the first n scenes."""
        keras.utils.set_random_seed(seed)
        model = scene_net(classes=len(data.CLASSES))
        fitting = {"epochs": CROP_EPOCHS[scale] * SCENES[0] // n, "batch": CROP_BATCH, "rate": RATE, "seed": seed}
        experiments.fit(model, x[:n], train.labels[:n, 0], augment=cut, **fitting)
        one, ten = (float(np.mean(average_vote(model, seen).argmax(-1) == truth)) for seen in (every[:1], every))
        return one, ten

    middle = [scores(n, lambda pictures, dice: ten_crops(pictures, WINDOW)[0]) for n in SCENES]
    random = scores(SCENES[0], lambda pictures, dice: random_crop(pictures, WINDOW, dice))
    found = {"middle": [one for one, _ in middle], "middle_ten": middle[0][1]}
    return found | {"random_one": random[0], "random_ten": random[1]}


def placed(seed: int, count: int = 500) -> Split:
    """Digits on a canvas with 25 places, two pixels apart; the label is the place. Raises ValueError for too many."""
    d, dice = data.digits(), np.random.default_rng(seed)
    whole("count", count, 1, len(d.train_images))
    rows = dice.permutation(len(d.train_images))[:count]
    parts = []
    for images in (d.train_images[rows], d.test_images):
        place = dice.integers(CELLS**2, size=len(images))
        corners = np.divmod(place, CELLS)
        step = (comparison.SIDE - 8) // (CELLS - 1)
        canvas = (comparison.SIDE, comparison.SIDE)
        parts += [convolution.on_canvas(images, corners[0] * step, corners[1] * step, canvas), place]
    return Split(*parts)


HEADS = {  # options for ten classes and for the places: about alike in parameters
    "dense": ({"width": 8}, {"width": 8}),
    "average": ({"width": 14, "head": "average"}, {"width": 19, "head": "average"}),
}


@experiments.experiment(version=1, seeds=5)
def heads(seed: int, scale: str) -> dict[str, list[float]]:
    """A dense head against convolution to the end: what the digit is, in the middle and anywhere, and where it is."""
    tasks = [comparison.split("middle", 500, seed), comparison.split("anywhere", 500, seed), placed(seed)]
    found = {}
    for name, options in HEADS.items():
        builds = [functools.partial(comparison.conv_net, classes=10, **options[0])] * 2
        builds.append(functools.partial(comparison.conv_net, classes=CELLS**2, **options[1]))
        runs = [comparison.scores(build, task, seed, scale) for build, task in zip(builds, tasks, strict=True)]
        found |= comparison.series(name, runs)
    return found
