"""What a picture is compared with: baselines by name, the nets that are asked, and how far their maps agree."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping

import keras
import numpy as np
from keras import layers

from cvnotes import attribution, data, experiments
from cvnotes.checks import choice, whole
from cvnotes.data.digits import Digits

BASELINES = ("black", "white", "mean", "blurred", "random")
PHOTOS = ("cat", "coffee", "flower", "pagoda", "retina", "tissue")
SIDE = 32
BATCH = 300  # gradients at a time
METHODS = (
    "gradient", "input_x_gradient", "smooth_grad", "guided_backprop", "deconvnet", "cam", "grad_cam", "guided_grad_cam",
    "integrated_gradients", "expected_gradients", "deeplift", "shapley", "occlusion",
)  # fmt: skip
COMPARED = ("baseline", "background", "fill")  # what a method calls the thing that it compares with


def baseline(name: str, images: np.ndarray, known: np.ndarray, seed: int = 0) -> np.ndarray:
    """What pictures (n, h, w, c) are compared with, one each: black, white, the mean of the known ones, or noise.

    "blurred" is each picture itself, through a Gaussian an eighth of its side wide; "random" is drawn evenly from 0
    to 1, anew for each. Raises ValueError for another name. Source: Sturmfels et al. (2020). Chapter: baselines.
    """
    from scipy.ndimage import gaussian_filter

    choice("name", name, BASELINES)
    if name == "blurred":
        wide = images.shape[1] / 8
        return gaussian_filter(images, (0, wide, wide, 0)).astype(images.dtype)
    if name == "random":
        return np.random.default_rng(seed).random(images.shape, np.float32)
    one = {"black": 0.0, "white": 1.0, "mean": known.mean(axis=0)}[name]
    return np.broadcast_to(np.asarray(one, images.dtype), images.shape).copy()


@functools.cache
def crops(count: int, seed: int = 0, *, test: bool = False) -> Digits:
    """Cut `count` squares of 32 × 32 from each of six real photographs; the name of the photograph is the class.

    Training squares come from the left three fifths, test squares from the right two fifths, both turned or mirrored
    by chance. Photographs are 256 high. Gives `Digits`, by another name: train and test pictures with their labels.
    """
    dice = np.random.default_rng(whole("seed", seed, 0))
    left = [_cut(name, count, dice, 0.0, 0.6) for name in PHOTOS]
    right = [_cut(name, count, dice, 0.6, 1.0) for name in PHOTOS]
    labels = np.repeat(np.arange(len(PHOTOS)), count)
    return Digits(np.concatenate(left), labels, np.concatenate(right), labels, PHOTOS, "crops")


def _cut(name: str, count: int, dice: np.random.Generator, start: float, end: float) -> np.ndarray:
    photo = data.photo(name, size=256)
    rows = dice.integers(0, 256 - SIDE, count)
    columns = dice.integers(int(start * 256), int(end * 256) - SIDE, count)
    squares = (photo[r : r + SIDE, c : c + SIDE] for r, c in zip(rows, columns, strict=True))
    poses = zip(squares, dice.integers(0, 4, count), dice.choice([-1, 1], count), strict=True)
    return np.stack([np.rot90(square, turn)[:, ::step] for square, turn, step in poses])


# Nets ---------------------------------------------------------------------------------------------------------------


def conv(shape: tuple[int, int, int], classes: int) -> keras.Model:
    """A small ConvNet: two convolutions, a pool, two dense layers, logits."""
    sizes = [layers.Conv2D(n, 3, padding="same", activation="relu") for n in (16, 32)]
    head = [layers.MaxPooling2D(shape[0] // 4), layers.Flatten(), layers.Dense(32, activation="relu")]
    return keras.Sequential([keras.Input(shape), *sizes, *head, layers.Dense(classes)])


def dense(shape: tuple[int, int, int], classes: int) -> keras.Model:
    """A dense net with two hidden layers of 32 ReLUs, logits."""
    hidden = [layers.Dense(32, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden, layers.Dense(classes)])


NETS = {"ConvNet": conv, "dense": dense}


def learned(kind: str, known: Digits, seed: int, epochs: int = 12) -> keras.Model:
    """Train one of NETS on pictures. Raises ValueError for another kind."""
    net = NETS[choice("kind", kind, NETS)](known.train_images.shape[1:], len(known.classes))
    experiments.fit(net, known.train_images, known.train_labels, epochs=epochs, batch=32, rate=2e-3, seed=seed)
    return net


def chances(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """Probabilities of the classes, (n, classes)."""
    return keras.ops.convert_to_numpy(keras.ops.softmax(net(np.asarray(images, "float32"))))


# Maps ---------------------------------------------------------------------------------------------------------------


def maps(
    net: keras.Model, images: np.ndarray, known: np.ndarray, steps: int = 30, seed: int = 0
) -> dict[str, np.ndarray]:
    """Integrated gradients of each picture's own class from each of BASELINES, as heat (n, h, w)."""
    found = {}
    for name in BASELINES:
        start = baseline(name, images, known, seed)
        found[name] = attribution.heat(
            attribution.integrated_gradients(net, images, baseline=start, steps=steps, batch_size=BATCH)
        )
    return found


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation (Spearman) of two maps a picture, (n, h, w), on average over the pictures."""
    from scipy.stats import rankdata

    ranks = [rankdata(each.reshape(len(each), -1), axis=1) for each in (one, other)]
    ranks = [each - each.mean(1, keepdims=True) for each in ranks]
    sizes = [np.sqrt((each**2).sum(1)) for each in ranks]
    return float(np.mean((ranks[0] * ranks[1]).sum(1) / (sizes[0] * sizes[1])))


def table_of_likeness(found: Mapping[str, np.ndarray]) -> np.ndarray:
    """`likeness` of all pairs of maps, (maps, maps)."""
    return np.array([[likeness(one, other) for other in found.values()] for one in found.values()])


def compared_with(name: str) -> str | None:
    """What a method of the package takes to compare with: the name of its argument, or None for nothing."""
    taken = inspect.signature(getattr(attribution, choice("name", name, METHODS))).parameters
    return next((argument for argument in COMPARED if argument in taken), None)


def apart(point: np.ndarray, known: np.ndarray) -> float:
    """Distance of a picture from the nearest of the known ones, over the median distance of those from each other."""
    from sklearn.neighbors import NearestNeighbors

    flat = known.reshape(len(known), -1)
    near = NearestNeighbors(n_neighbors=2).fit(flat)
    usual = np.median(near.kneighbors(flat)[0][:, 1])
    return float(near.kneighbors(point.reshape(1, -1), 1)[0].item() / usual)
