"""Pixels in another order: what a ConvNet loses and a dense net does not. Chapter: why_convolution."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import data, experiments
from cvnotes.checks import whole

from .comparison import PLACES, RATE, SIDE, conv_net, dense_net, scores, split

BLOCKS = (1, 2, 4, 8, 16)  # side of the blocks inside which pixels change places; 16 is the whole canvas
TEXTURES = ("bricks", "grass", "gravel", "text", "coins", "page", "cell", "moon")
NETS = {"dense": dense_net, "conv": conv_net}


def block_order(side: int, block: int, seed: int) -> np.ndarray:
    """One order of all side x side pixels in which each stays within its block: new flat picture = old[order].

    block: 1 leaves all as it is, `side` lets every pixel go anywhere; it divides `side`, or a ValueError says so.
    Chapter: why_convolution.
    """
    side, block = whole("side", side, 1), whole("block", block, 1)
    if side % block:
        raise ValueError(f"block must divide the side {side}. Received: block={block}")
    n, dice = side // block, np.random.default_rng(seed)
    grid = np.arange(side * side).reshape(n, block, n, block).swapaxes(1, 2)  # block row, block column, row, column
    mixed = np.stack([dice.permutation(pixels) for pixels in grid.reshape(n * n, -1)])
    return mixed.reshape(grid.shape).swapaxes(1, 2).ravel()


def reorder(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Give every picture (n, h, w, c) the same new order of its h*w pixels.

    Raises ValueError unless `order` names each pixel once.
    Chapter: why_convolution.
    """
    flat = images.reshape(len(images), -1, images.shape[-1])
    pixels, named = flat.shape[1], np.unique(order).size
    if not np.array_equal(np.sort(order), np.arange(pixels)):
        given = f"{len(order)} numbers, {named} different"
        raise ValueError(f"order must name each of {pixels} pixels once. Received: {given}")
    return flat[:, order].reshape(images.shape)


def twin(model: keras.Model, order: np.ndarray) -> keras.Model:
    """Copy a dense net and move the rows of its first kernel along with the pixels.

    What the original says of a picture, the copy says of the reordered one.
    Chapter: why_convolution.
    """
    copy = keras.models.clone_model(model)
    first, *others = model.get_weights()
    copy.set_weights([first[order], *others])
    return copy


@experiments.experiment(version=1, seeds=5)
def scrambled(seed: int, scale: str) -> dict[str, list[float]]:
    """Train both nets on 500 digits whose pixels change places within blocks of growing size; the seed draws the order.

    Digits in the middle: untouched and fully mixed only.
    """
    found = {}
    for place, blocks in zip(PLACES, ((1, SIDE), BLOCKS), strict=True):
        given = split(place, 500, seed)
        for name, build in NETS.items():
            runs = []
            for block in blocks:
                order = block_order(SIDE, block, seed)
                mixed = given._replace(x=reorder(given.x, order), test_x=reorder(given.test_x, order))
                runs.append(scores(build, mixed, seed, scale)["test"])
            found[f"{place}_{name}"] = runs
    return found


def texture_crops(count: int, seed: int, *, test: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Cut 16 x 16 patches out of eight grey photographs, each without its mean; the label is the photograph.

    Training patches come from upper halves, test patches from lower ones: no pixel is in both.
    """
    photos, dice = [data.photo(name, size=256, gray=True) for name in TEXTURES], np.random.default_rng(seed)
    labels = dice.integers(len(TEXTURES), size=count)
    crops = np.empty((count, SIDE, SIDE, 1), np.float32)
    for crop, label in zip(crops, labels, strict=True):
        row, column = dice.integers(128 - SIDE + 1) + 128 * test, dice.integers(256 - SIDE + 1)
        crop[:] = photos[label][row : row + SIDE, column : column + SIDE]
    crops -= crops.mean(axis=(1, 2), keepdims=True)
    return crops * 4, labels  # a contrast like the digits'


@experiments.experiment(version=1, seeds=5)
def textures(seed: int, scale: str) -> dict[str, float]:
    """Name the photograph that a patch was cut from, with its pixels in order and mixed."""
    given = (*texture_crops(2000, 2 * seed), *texture_crops(600, 2 * seed + 1, test=True))
    order, found = block_order(SIDE, SIDE, seed), {}
    for name, net in NETS.items():
        for state in ("plain", "mixed"):
            x, y, test_x, test_y = given
            if state == "mixed":
                x, test_x = reorder(x, order), reorder(test_x, order)
            keras.utils.set_random_seed(seed)
            model = net(classes=len(TEXTURES))
            experiments.fit(model, x, y, epochs={"quick": 8, "full": 40}[scale], batch=32, rate=RATE, seed=seed)
            found[f"{name}_{state}"] = experiments.accuracy(model, test_x, test_y)
    return found
