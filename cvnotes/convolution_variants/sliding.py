"""A net for small crops becomes a net for pictures of any size: one convolution in place of many crops."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np

from cvnotes import data, experiments

from .dense import dense_as_conv

CROP, INK, STEP = 18, 12, 4  # pixels: side of a crop, side of a digit, distance of two neighbouring scores
NOTHING = 10  # the class of a crop with no digit in its middle
CANVAS = (54, 102)


def to_convolutional(model: keras.Sequential) -> keras.Sequential:
    """Turn a net that ends in Flatten and dense layers into one of convolutions alone, with the same weights.

    The first dense layer becomes a convolution with a window as large as its map, the others become 1 x 1. The
    result takes pictures of any size. Its other layers are those of the model, not copies of them.
    Raises ValueError for padding "same", whose zeros lie elsewhere on a larger picture, without a Flatten, and for
    layers behind it that are not dense with a bias.
    Source: Long et al. (2015), section 3.1. Chapter: convolution_variants.
    """
    kinds = [type(layer).__name__ for layer in model.layers]
    padded = [layer.name for layer in model.layers if getattr(layer, "padding", "valid") != "valid"]
    if padded or "Flatten" not in kinds:
        raise ValueError(f'Give a net with padding "valid" and a Flatten. Received: {", ".join(padded or kinds)}')
    cut = kinds.index("Flatten")
    body, dense = model.layers[:cut], model.layers[cut + 1 :]
    shape = model.layers[cut].input.shape[1:]
    heads = []
    for layer in dense:
        if not isinstance(layer, keras.layers.Dense) or not layer.use_bias:
            raise ValueError(f"Behind the Flatten give dense layers with biases. Received: {', '.join(kinds)}")
        weights, bias = layer.get_weights()
        heads.append((dense_as_conv(weights, tuple(shape)), bias, layer.activation))
        shape = (1, 1, len(bias))
    convs = [keras.layers.Conv2D(len(b), k.shape[:2], activation=a) for k, b, a in heads]
    net = keras.Sequential([keras.Input((None, None, model.input_shape[-1])), *body, *convs])
    for conv, (kernel, bias, _) in zip(convs, heads, strict=True):
        conv.set_weights([kernel, bias])
    return net


def crop_net(*, separable: bool = False) -> keras.Sequential:
    """Build the net for one crop: two convolutions with pooling, then two dense layers that give eleven logits.

    separable: the second convolution is a depthwise separable one.
    """
    layers = keras.layers
    second = layers.SeparableConv2D if separable else layers.Conv2D
    parts = [layers.Conv2D(12, 3, activation="relu"), layers.MaxPooling2D(2)]
    parts += [second(24, 3, activation="relu"), layers.MaxPooling2D(2)]
    parts += [layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(NOTHING + 1)]
    return keras.Sequential([keras.Input((CROP, CROP, 1)), *parts])


def crops(count: int, seed: int, *, test: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Cut squares of 18 pixels: two in three with a digit near the middle, the others with none or with a part of one.

    Half of all crops also see a piece of a neighbour. Returns images (n, 18, 18, 1) and labels 0 to 10.
    """
    digits, dice = data.digits(INK), np.random.default_rng(seed)
    images, labels = (digits.test_images, digits.test_labels) if test else (digits.train_images, digits.train_labels)
    out, told = np.zeros((count, CROP, CROP, 1), np.float32), np.full(count, NOTHING)
    middle = (CROP - INK) // 2
    for i in range(count):
        shift = dice.integers(-2, 3, 2)
        if i % 3:
            chosen = dice.integers(len(images))
            _paint(out[i], images[chosen], middle + shift)
            told[i] = labels[chosen]
        if dice.random() < 0.5:
            away = dice.choice([-1, 1]) * dice.integers(12 if i % 3 else 7, 17)
            side = middle + shift + (np.array([0, away]) if dice.random() < 0.5 else np.array([away, 0]))
            _paint(out[i], images[dice.integers(len(images))], side)
    return out, told


def _paint(picture: np.ndarray, ink: np.ndarray, at: np.ndarray) -> None:
    """Put a small picture on a larger one, brighter pixels winning; what falls over the edge is cut off."""
    (row, column), (height, width) = (int(n) for n in at), picture.shape[:2]
    top, left = max(row, 0), max(column, 0)
    part = ink[top - row : height - row, left - column : width - column]
    place = picture[top : top + part.shape[0], left : left + part.shape[1]]
    np.maximum(place, part[: place.shape[0], : place.shape[1]], out=place)


def canvas(seed: int, count: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scatter test digits over a picture of 54 x 102 pixels, never two on one place.

    Returns the picture (h, w, 1), the labels (n,) and the top left corners (n, 2) of the digits.
    """
    digits, dice = data.digits(INK), np.random.default_rng(seed)
    cells = [(r, c) for r in range(CANVAS[0] // CROP) for c in range(CANVAS[1] // CROP)]
    picture, labels, corners = np.zeros((*CANVAS, 1), np.float32), [], []
    for cell in dice.permutation(cells)[:count]:
        chosen, corner = dice.integers(len(digits.test_images)), cell * CROP + dice.integers(0, CROP - INK + 1, 2)
        _paint(picture, digits.test_images[chosen], corner)
        labels.append(digits.test_labels[chosen])
        corners.append(corner)
    return picture, np.array(labels), np.array(corners)


@lru_cache(maxsize=2)
def trained(seed: int, scale: str = "quick", *, separable: bool = False) -> keras.Sequential:
    """Train the net for crops. Chapter: convolution_variants."""
    count, epochs = (6000, 8) if scale == "quick" else (20000, 10)
    keras.utils.set_random_seed(seed)
    model = crop_net(separable=separable)
    experiments.fit(model, *crops(count, 2 * seed), epochs=epochs, rate=3e-3, seed=seed)
    return model


def scores(net: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """Probabilities of the eleven classes along the last axis, for a batch of pictures (n, h, w, 1)."""
    return keras.ops.convert_to_numpy(keras.ops.softmax(net(pictures, training=False), axis=-1))


def windows(picture: np.ndarray) -> np.ndarray:
    """Cut every crop of a picture (h, w, 1) whose corner lies on a multiple of four; (rows, columns, 18, 18, 1)."""
    view = np.lib.stride_tricks.sliding_window_view(picture[..., 0], (CROP, CROP))
    return view[::STEP, ::STEP][..., None]


def nearest_cell(corner: np.ndarray) -> tuple[int, int]:
    """The cell of the score map whose crop holds a digit most nearly in its middle."""
    row, column = np.clip(np.rint((corner - (CROP - INK) // 2) / STEP), 0, _last()).astype(int)
    return int(row), int(column)


def _last() -> np.ndarray:
    return (np.array(CANVAS) - CROP) // STEP


@experiments.experiment(version=1, seeds=5)
def score_maps(seed: int, scale: str = "quick") -> dict[str, float]:
    """Train on crops, then read twenty pictures with one convolution each. Chapter: convolution_variants.

    accuracy: on crops of test digits; found: share of the digits that the nearest cell names; false: share of the
    cells at least 10 pixels from every digit that name one; chance: found, with the labels of other digits.
    """
    model = trained(seed, scale)
    net, hits, swapped, false = to_convolutional(model), [], [], []
    for number in range(20):
        picture, labels, corners = canvas(1000 * seed + number)
        said = scores(net, picture[None])[0].argmax(-1)
        heard = np.array([said[nearest_cell(corner)] for corner in corners])
        hits += list(heard == labels)
        swapped += list(heard == np.roll(labels, 1))
        places = np.stack(np.indices(said.shape), -1) * STEP + (CROP - INK) // 2
        far = np.abs(places[:, :, None] - corners).max(-1).min(-1) >= 10
        false += list(said[far] != NOTHING)
    accuracy = experiments.accuracy(model, *crops(900, 2 * seed + 1, test=True))
    return {"accuracy": accuracy, "found": np.mean(hits), "false": np.mean(false), "chance": np.mean(swapped)}
