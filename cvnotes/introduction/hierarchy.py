"""A small ConvNet that is made for looking inside: three depths, their fields, and what excites their units."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops
from scipy.ndimage import gaussian_filter

from cvnotes import backend, experiments
from cvnotes.checks import whole
from cvnotes.convolution import frequency_response

from . import features

Unit = tuple[int, int]  # depth from 1, number from 0
Place = tuple[int, int, int]  # picture, row and column of a map

FILTERS, SIDES = (12, 24, 32), (5, 3, 3)  # of the three convolutions
DEPTHS = (1, 2, 3)
COUNT = {"quick": 2400, "full": 12_000}  # training pictures
FREQUENCIES = (1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 5 / 16, 3 / 8, 1 / 2)  # cycles a pixel


def staged_net(classes: int = 5, input_shape: tuple[int, int, int] = (32, 32, 3)) -> keras.Model:
    """Build three stages of convolution, normalization, ReLU and 2 x 2 maximum; then one number a class.

    The last maps are summed up by their maxima. Layers: conv, norm, depth, pool 1 to 3, then `logits`.
    """
    inputs = x = keras.Input(input_shape, name="image")
    for n, filters, side in zip(DEPTHS, FILTERS, SIDES, strict=True):
        x = layers.Conv2D(filters, side, padding="same", use_bias=False, name=f"conv{n}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{n}")(x)
        x = layers.ReLU(name=f"depth{n}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{n}")(x)
    x = layers.GlobalMaxPooling2D(name="summary")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="staged")


def fitted(images: np.ndarray, labels: np.ndarray, seed: int, steps: int, classes: int = 5) -> keras.Model:
    """Seed, build and train the net for about `steps` batches of 32, whatever the number of pictures."""
    keras.utils.set_random_seed(seed)
    net = staged_net(classes, images.shape[1:])
    epochs = max(1, round(steps * 32 / len(images)))
    experiments.fit(net, images, labels, epochs=epochs, batch=32, rate=4e-3, seed=seed)
    return net


def trained(seed: int = 0, scale: str = "quick") -> keras.Model:
    """Train the net of the page on five shapes; asked twice, it trains once."""
    return _trained(seed, scale)


@functools.lru_cache(maxsize=5)
def _trained(seed: int, scale: str) -> keras.Model:
    count = COUNT[scale]
    return fitted(*features.shapes(count, 3 * seed), seed, steps=8 * count // 32)


def untrained(seed: int, images: np.ndarray) -> keras.Model:
    """Draw the weights and leave them; only the normalization has seen the pictures, so that no unit is mute."""
    keras.utils.set_random_seed(seed)
    net = staged_net(5, images.shape[1:])
    for start in range(0, 20 * 32, 32):
        net(images[start % len(images) :][:32], training=True)
    return net


def taps(model: keras.Model) -> keras.Model:
    """Give the net with four answers: each depth before its ReLU, (n, h, w, filters), and the logits."""
    inside = [model.get_layer(f"norm{n}").output for n in DEPTHS]
    return keras.Model(model.input, [*inside, model.get_layer("logits").output])


def answers(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """Compute the four taps as arrays, 256 pictures at a time."""
    tapped, parts = taps(model), range(0, len(images), 256)
    found = [tapped(images[start : start + 256], training=False) for start in parts]
    return [np.concatenate([ops.convert_to_numpy(part[i]) for part in found]) for i in range(4)]


def conv_features(model: keras.Model, images: np.ndarray, depth: int = 3) -> np.ndarray:
    """Compute what the pooling of a depth hands on, flattened: (n, 4 * 4 * 32) behind the last, for 32 pixels."""
    trunk = keras.Model(model.input, model.get_layer(f"pool{depth}").output)
    found = [ops.convert_to_numpy(trunk(images[i : i + 256], training=False)) for i in range(0, len(images), 256)]
    return np.concatenate(found).reshape(len(images), -1)


# Where a unit looks ---------------------------------------------------------------------------------------------------


def field(depth: int) -> tuple[int, int, int]:
    r"""Say where the units of a depth look: side $r$, step $j$ and first pixel $s$ of the fields.

    Unit $i$ sees the pixels $s + ij, \dots, s + ij + r - 1$ along each axis. A convolution of side $F$
    with padding "same" adds $(F - 1)j$ to the side; a pooling by 2 adds $j$, and doubles the step.
    Raises ValueError for a depth that the net does not have. Chapter: learned_features.
    """
    depth, side, step, start = whole("depth", depth, 1, 3), 1, 1, 0
    for n in range(depth):
        if n:
            side, step = side + step, 2 * step
        side, start = side + (SIDES[n] - 1) * step, start - SIDES[n] // 2 * step
    return side, step, start


def inside(depth: int, size: int = features.SIDE) -> np.ndarray:
    """List the units along one axis whose field lies wholly inside the picture."""
    side, step, start = field(depth)
    units = np.arange(size // step)
    return units[(start + units * step >= 0) & (start + units * step + side <= size)]


def box(depth: int, row: int, column: int) -> tuple[int, int, int, int]:
    """Frame the field of a unit: x0, y0, x1, y1 in pixels."""
    side, step, start = field(depth)
    x, y = start + column * step, start + row * step
    return x, y, x + side, y + side


def crop(image: np.ndarray, frame: tuple[int, int, int, int]) -> np.ndarray:
    """Cut a frame out of one picture (h, w, c)."""
    x0, y0, x1, y1 = frame
    return image[y0:y1, x0:x1]


# What excites it ------------------------------------------------------------------------------------------------------


def best_places(maps: np.ndarray, depth: int, unit: int, count: int = 6) -> list[Place]:
    """Find where a unit is excited most: (picture, row, column), best first.

    maps: answers (n, h, w, filters) of that depth. Each picture counts once, by its
    best place; the field of a place must lie wholly inside.
    Source: Zeiler and Fergus (2014), section 4. Chapter: learned_features.
    """
    keep = inside(depth)
    found = maps[:, keep][:, :, keep, unit].reshape(len(maps), -1)
    pictures = np.argsort(-found.max(1), kind="stable")[:count]
    rows, columns = np.divmod(found[pictures].argmax(1), len(keep))
    spots = zip(pictures, keep[rows], keep[columns], strict=True)
    return [tuple(map(int, spot)) for spot in spots]


def best_inputs(
    model: keras.Model,
    chosen: list[Unit],
    steps: int = 30,
    blur: float = 1.0,
) -> np.ndarray:
    r"""Climb from clouds to a picture that excites one unit: x <- x + rate * g / |g|.

    chosen: (depth, unit) for each picture. g is the gradient of the answer of the unit
    in the middle, before its ReLU; behind depth 1 it is blurred by `blur` pixels.
    Values stay in [0, 1]. Returns (n, 32, 32, 3).
    Source: Simonyan et al. (2014), section 2, with blur and few steps in place of
    their penalty. Chapter: learned_features.
    """
    x = start(len(chosen))  # on plain grey all ReLUs may be shut, and no way leads up
    climb = backend.value_and_grad(_excitement(model, chosen))
    rate = 1.2 * _reach(chosen) / steps
    for _ in range(steps):
        gradient = _smooth(climb(x)[1], chosen, blur)
        length = np.sqrt((gradient**2).sum((1, 2, 3), keepdims=True))
        x = np.clip(x + rate * gradient / (length + 1e-12), 0, 1)
    return x


def start(count: int, deviation: float = 0.1) -> np.ndarray:
    """Draw faint clouds to climb from, the same every time: (count, 32, 32, 3)."""
    noise = np.random.default_rng(0).normal(size=(count, 32, 32, 3))
    clouds = gaussian_filter(noise, (0, 1, 1, 0))
    return (0.5 + deviation * clouds / clouds.std()).clip(0, 1).astype(np.float32)


def _excitement(model: keras.Model, chosen: list[Unit]) -> Callable:
    """The sum of the answers of chosen units, each to its own picture; those in the middle, before their ReLU."""
    tapped = taps(model)
    masks = [np.zeros((len(chosen), filters), np.float32) for filters in FILTERS]
    for i, (depth, unit) in enumerate(chosen):
        masks[depth - 1][i, unit] = 1

    def excited(pictures):
        maps = tapped(pictures, training=False)[:3]
        middles = [z[:, z.shape[1] // 2, z.shape[2] // 2] for z in maps]
        return sum(ops.sum(ops.multiply(z, mask)) for z, mask in zip(middles, masks, strict=True))

    return excited


def _smooth(gradient: np.ndarray, chosen: list[Unit], blur: float) -> np.ndarray:
    sigma = (0, blur, blur, 0)
    rows = [
        gaussian_filter(g[None], sigma)[0] if d > 1 and blur else g for g, (d, _) in zip(gradient, chosen, strict=True)
    ]
    return np.stack(rows)


def _reach(chosen: list[Unit]) -> np.ndarray:
    """How far each climb may go: a deviation of about 0.25 over all pixels of the field."""
    sides = np.array([field(depth)[0] for depth, _ in chosen], np.float32)
    return (0.25 * np.sqrt(3) * sides)[:, None, None, None]


def liveliest(maps: np.ndarray, depth: int, count: int = 8) -> list[int]:
    """Choose the units whose best answers differ most from picture to picture, the liveliest first."""
    keep = inside(depth)
    peaks = maps[:, keep][:, :, keep].max((1, 2))
    return np.argsort(-peaks.std(0), kind="stable")[:count].tolist()


# How fine it looks ----------------------------------------------------------------------------------------------------


def peak_frequency(kernels: np.ndarray, size: int = 65) -> np.ndarray:
    """Find the frequency that each filter passes on best, in cycles a pixel: (h, w, c, o) gives (o,).

    The energies of the channels are added up; of equals the lowest counts.
    A blur has 0, [1, 0, -1] has 1/4. Chapter: learned_features.
    """
    energy = sum(
        np.stack([frequency_response(kernels[:, :, c, o], size) ** 2 for o in range(kernels.shape[3])])
        for c in range(kernels.shape[2])
    )
    axis = np.fft.fftshift(np.fft.fftfreq(size))
    distance = np.hypot(axis[:, None], axis)
    top = energy > (1 - 1e-6) * energy.max((1, 2), keepdims=True)
    return np.where(top, distance, 1).min((1, 2))


def centroid(patches: np.ndarray, size: int = 32) -> float:
    r"""Say how fine patches are: the mean frequency $\sum |f| E(f) / \sum E(f)$ of their energy, in cycles a pixel.

    patches: (n, s, s, c); each channel loses its mean. Chapter: learned_features.
    """
    patches = patches - patches.mean((1, 2), keepdims=True)
    energy = (np.abs(np.fft.fft2(patches, (size, size), axes=(1, 2))) ** 2).sum((0, 3))
    line = np.fft.fftfreq(size)
    return float((np.hypot(line[:, None], line) * energy).sum() / energy.sum())


def gratings(frequency: float, size: int = features.SIDE) -> np.ndarray:
    """Draw black and white waves of one frequency in eight directions and four phases: (32, size, size, 3)."""
    turns, phases = np.arange(8) * np.pi / 8, np.arange(4) * np.pi / 2
    y, x = np.indices((size, size))
    along = x * np.cos(turns)[:, None, None] + y * np.sin(turns)[:, None, None]
    waves = np.sin(2 * np.pi * frequency * along[:, None] + phases[:, None, None])
    return np.repeat((0.5 + 0.5 * waves).reshape(-1, size, size, 1), 3, axis=-1).astype(np.float32)


def tuning(model: keras.Model) -> list[np.ndarray]:
    """Measure how strongly each unit answers to waves of each frequency: for each depth (units, 8), at most 1.

    The best direction, phase and place count, above the answer to plain grey. Chapter: learned_features.
    """
    grey = answers(model, np.full((1, 32, 32, 3), 0.5, np.float32))
    waves = [answers(model, gratings(frequency)) for frequency in FREQUENCIES]
    found = []
    for depth in DEPTHS:
        keep = np.ix_(inside(depth), inside(depth))
        still = grey[depth - 1][0][keep].max((0, 1))
        peaks = np.stack([wave[depth - 1].transpose(1, 2, 0, 3)[keep].max((0, 1, 2)) - still for wave in waves], 1)
        peaks = np.maximum(peaks, 0)
        found.append(peaks / (peaks.max(1, keepdims=True) + 1e-9))
    return found
