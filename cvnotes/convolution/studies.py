"""The experiments of the chapters: plain functions of a seed, run by `make results` and stored with their spread."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np

from cvnotes import data, experiments

from .filters import colour_score, orientation_score, smoothness_score
from .layers import Unshared

PHOTOS = ("astronaut", "coffee", "cat", "rocket", "pagoda", "flower", "tissue", "bricks")


def on_canvas(images: np.ndarray, rows: np.ndarray, columns: np.ndarray, canvas: tuple[int, int]) -> np.ndarray:
    """Put each small image (n, h, w, 1) on an empty canvas with its top left corner at its own row and column."""
    out = np.zeros((len(images), *canvas, 1), np.float32)
    height, width = images.shape[1:3]
    for picture, image, row, column in zip(out, images, rows, columns, strict=True):
        picture[row : row + height, column : column + width] = image
    return out


def draw_digits(count: int, rows, columns, canvas: tuple[int, int], seed: int, *, test: bool = False):
    """Draw digits with repeats at random places; returns pictures, labels, rows and columns."""
    digits, dice = data.digits(), np.random.default_rng(seed)
    images, labels = (digits.test_images, digits.test_labels) if test else (digits.train_images, digits.train_labels)
    picked = dice.integers(len(images), size=count)
    rows, columns = dice.choice(rows, count), dice.choice(columns, count)
    return on_canvas(images[picked], rows, columns, canvas), labels[picked], rows, columns


def one_layer_net(canvas: tuple[int, int], classes: int, *, shared: bool, filters: int, kernel: int, head: str):
    """Build one layer of windows, a global pool and a linear classifier; only the sharing of weights differs."""
    layer = keras.layers.Conv2D(filters, kernel, activation="relu") if shared else Unshared(filters, kernel, 1, "relu")
    pool = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}[head]()
    return keras.Sequential([keras.Input((*canvas, 1)), layer, pool, keras.layers.Dense(classes)])


QUARTERS = [*range(4, 8), *range(13, 17)]  # away from the border, so that every window that sees the digit exists


def quarter_data(count: int, seed: int, *, test: bool = False):
    """Draw a digit somewhere on 28 x 28 pixels; the label is the quarter of the canvas that it lies in."""
    images, _, rows, columns = draw_digits(count, QUARTERS, QUARTERS, (28, 28), seed, test=test)
    return images, (rows > 10) * 2 + (columns > 10)


@experiments.experiment(version=1, seeds=5)
def where_is_it(seed: int, scale: str = "quick") -> dict[str, float]:
    """Ask in which quarter the digit lies: one layer with shared weights against one without. Chapter: filters."""
    count, epochs = (1200, 8) if scale == "quick" else (6000, 10)
    train, test = quarter_data(count, 2 * seed), quarter_data(600, 2 * seed + 1, test=True)
    out = {}
    for name, shared in (("shared", True), ("unshared", False)):
        keras.utils.set_random_seed(seed)
        model = one_layer_net((28, 28), 4, shared=shared, filters=8, kernel=5, head="average")
        experiments.fit(model, *train, epochs=epochs, rate=3e-3, seed=seed)
        out[name] = experiments.accuracy(model, *test)
    return out


def half_data(count: int, seed: int, *, right: bool, test: bool = False):
    """Draw a digit in the left or the right half of 12 x 34 pixels, five from the sides; the label is the digit."""
    columns = range(17, 22) if right else range(5, 10)
    return draw_digits(count, range(5), columns, (12, 34), seed, test=test)[:2]


@experiments.experiment(version=1, seeds=5)
def other_half(seed: int, scale: str = "quick") -> dict[str, float]:
    """Train on digits in the left half, test on both halves, with shared and unshared weights. Chapter: filters."""
    count, epochs = (2400, 10) if scale == "quick" else (8000, 15)
    train = half_data(count, 3 * seed, right=False)
    left, right = (half_data(600, 3 * seed + side, right=side == 2, test=True) for side in (1, 2))
    out = {}
    for name, shared in (("shared", True), ("unshared", False)):
        keras.utils.set_random_seed(seed)
        model = one_layer_net((12, 34), 10, shared=shared, filters=32, kernel=6, head="max")
        experiments.fit(model, *train, epochs=epochs, rate=3e-3, seed=seed)
        out |= {
            f"{name}_left": experiments.accuracy(model, *left),
            f"{name}_right": experiments.accuracy(model, *right),
        }
    return out


def photo_crops(count: int, seed: int, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Cut squares out of colour photographs, half of them laid on their side; the label is photo and posture.

    Each crop loses its mean colour, so that the layer must look at what changes inside it.
    """
    dice, photos = np.random.default_rng(seed), [data.photo(name) for name in PHOTOS]
    labels = dice.integers(2 * len(photos), size=count)
    crops = np.empty((count, size, size, 3), np.float32)
    for crop, label in zip(crops, labels, strict=True):
        photo = photos[label // 2]
        row, column = dice.integers(photo.shape[0] - size + 1), dice.integers(photo.shape[1] - size + 1)
        square = photo[row : row + size, column : column + size]
        square = square[:, ::-1] if dice.random() < 0.5 else square
        crop[:] = np.rot90(square) if label % 2 else square
    crops -= crops.mean(axis=(1, 2), keepdims=True)
    return crops / crops.std(), labels


def photo_net(classes: int, size: int = 24) -> keras.Model:
    """Build a small net whose first layer has 24 filters of 7 x 7 pixels in colour."""
    layers, decay = keras.layers, keras.regularizers.L2(3e-3)
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Conv2D(24, 7, strides=2, use_bias=False, kernel_regularizer=decay),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(32, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes),
        ]
    )


@lru_cache(maxsize=1)
def trained_on_photos(seed: int, scale: str = "quick") -> tuple[np.ndarray, keras.Model]:
    """Train the net on crops of photographs; returns its first kernels before training, and the trained model."""
    count, epochs = (12_000, 6) if scale == "quick" else (60_000, 20)
    images, labels = photo_crops(count, seed)
    keras.utils.set_random_seed(seed)
    model = photo_net(2 * len(PHOTOS))
    before = model.layers[0].get_weights()[0]
    experiments.fit(model, images, labels, epochs=epochs, rate=3e-3, seed=seed)
    return before, model


def kernel_scores(kernels: np.ndarray) -> dict[str, float]:
    """Medians over the filters: orientation, smoothness; and how far apart the colour scores of the filters lie."""
    low, high = np.percentile(colour_score(kernels), [10, 90])
    return {
        "orientation": float(np.median(orientation_score(kernels))),
        "smoothness": float(np.median(smoothness_score(kernels))),
        "colour_spread": float(high - low),
    }


@experiments.experiment(version=1, seeds=5)
def first_layer(seed: int, scale: str = "quick") -> dict[str, float]:
    """Score first-layer kernels before and after training on colour photographs. Chapter: filters."""
    before, model = trained_on_photos(seed, scale)
    after = kernel_scores(model.layers[0].get_weights()[0])
    out = {f"untrained_{name}": value for name, value in kernel_scores(before).items()}
    out |= {f"trained_{name}": value for name, value in after.items()}
    images, labels = photo_crops(1200, 1000 + seed)
    return out | {"accuracy": experiments.accuracy(model, images, labels)}
