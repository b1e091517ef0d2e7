"""The experiments of the page on neural style: two ways down, layers for content and style, and what a Gram keeps."""

from __future__ import annotations

import numpy as np
from keras import ops

from cvnotes import data, experiments

from . import nets, paintings
from .descent import minimise
from .style import Recipe, Weights, answers, gram, painting_loss, relative_error, targets

STORED = ("beyond", "contents", "kept", "styles", "ways")
PAIRS = (("cat", "swirls"), ("astronaut", "glass"), ("coffee", "dabs"), ("pagoda", "tissue"), ("flower", "coins"))
SIDE, EVALUATIONS = 64, 100
LONG = 150  # evaluations of a race, on pictures of SMALLER pixels
SMALLER = 48
RATES, FASTER = (0.003, 0.01, 0.03, 0.1), 0.3  # of Adam, for pixels in [0, 1]
SMALL = 1e-6  # a loss as small as this, and SciPy believes that it is done
CONTENT = {"shallow": ("relu1",), "deep": ("relu6",), "deeper": ("relu7",), "all": nets.LAYERS}
STYLE = {"1": nets.LAYERS[:1], "3": nets.LAYERS[:5:2], "5": nets.LAYERS[:5], "7": nets.LAYERS}
CELLS = 4  # maps are summed up in CELLS x CELLS places, to compare with Gram matrices
TRAIN, TEST = 400, 300

#: How far a live run may be from the stored one.
TOLERANCE = 0.05


def even(layers: tuple[str, ...]) -> Weights:
    """Equal weights for some layers."""
    return dict.fromkeys(layers, 1.0)


def pair(seed: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """The content and the style picture of a seed, (side, side, 3) each."""
    content, style = PAIRS[seed % len(PAIRS)]
    return data.photo(content, size=side), picture(style, side)


def picture(name: str, side: int) -> np.ndarray:
    """A painting of ours, or a photograph."""
    return paintings.painting(name, side) if name in paintings.PAINTINGS else data.photo(name, size=side)


def noise(seed: int, side: int = SIDE) -> np.ndarray:
    """Where a descent starts: grey with noise on it, (side, side, 3)."""
    return np.clip(np.random.default_rng(seed).normal(0.5, 0.15, (side, side, 3)), 0, 1).astype(np.float32)


def lowest(losses: np.ndarray, count: int) -> np.ndarray:
    """The lowest loss so far, at each evaluation up to `count`; a method that stopped keeps its last."""
    best = np.minimum.accumulate(losses[:count])
    return np.concatenate([best, np.full(count - len(best), best[-1])])


def catching_up(losses: np.ndarray, goals: np.ndarray) -> list[int]:
    """The evaluations that each run (n, all) needs to get as low as its goal (n,); one more than all if never."""
    reached = np.concatenate([losses <= goals[:, None], np.ones((len(goals), 1), bool)], axis=1)
    return (reached.argmax(1) + 1).tolist()


@experiments.experiment(version=1, seeds=5)
def ways(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Paint one pair from noise by L-BFGS and by Adam at each of `RATES`: the lowest loss after each evaluation.

    `small`: L-BFGS on the loss times `SMALL`, with SciPy's own tolerances; `stopped`: its evaluations.
    """
    start, recipe = noise(seed, SMALLER), Recipe()
    loss = painting_loss(nets.painter(), targets(nets.painter(), *pair(seed, SMALLER), recipe), recipe)
    small = minimise(loss, start, LONG, scale=SMALL, options={}).losses
    adam = [lowest(minimise(loss, start, LONG, method="adam", rate=rate).losses, LONG) for rate in RATES]
    found = {"lbfgs": lowest(minimise(loss, start, LONG).losses, LONG), "small": lowest(small, LONG)}
    return {**found, "adam": adam, "stopped": len(small)}


@experiments.experiment(version=1, seeds=5)
def beyond(seed: int, scale: str) -> dict[str, list[float]]:
    """The race of `ways` with Adam at three times its largest rate: the lowest loss after each evaluation."""
    recipe = Recipe()
    loss = painting_loss(nets.painter(), targets(nets.painter(), *pair(seed, SMALLER), recipe), recipe)
    fast = minimise(loss, noise(seed, SMALLER), LONG, method="adam", rate=FASTER)
    return {"adam": lowest(fast.losses, LONG)}


def left_over(image: np.ndarray, style: np.ndarray) -> float:
    """The relative error of the Gram matrices that is left, the mean over all seven layers."""
    run = answers(nets.painter(), even(nets.LAYERS))
    found, wanted = ({name: gram(maps) for name, maps in run(each).items()} for each in (image, style))
    errors = [ops.convert_to_numpy(relative_error(found[name], wanted[name])) for name in nets.LAYERS]
    return float(np.mean(errors))


def painted(seed: int, recipe: Recipe) -> np.ndarray:
    """Paint the pair of a seed from noise."""
    loss = painting_loss(nets.painter(), targets(nets.painter(), *pair(seed), recipe), recipe)
    return minimise(loss, noise(seed), EVALUATIONS).picture


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of the pixels of two pictures."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@experiments.experiment(version=1, seeds=5)
def contents(seed: int, scale: str) -> dict[str, list[float]]:
    """Take content from the layers of `CONTENT` at equal total weight: pixels kept, and error of style left over."""
    content, style = pair(seed)
    found = [painted(seed, Recipe(content=even(layers))) for layers in CONTENT.values()]
    return {"pixels": [likeness(x, content) for x in found], "style": [left_over(x, style) for x in found]}


@experiments.experiment(version=1, seeds=5)
def styles(seed: int, scale: str) -> dict[str, list[float]]:
    """Take style from one to seven layers at equal total weight: error over all seven, and pixels of the content."""
    content, style = pair(seed)
    found = [painted(seed, Recipe(style=even(layers))) for layers in STYLE.values()]
    return {"pixels": [likeness(x, content) for x in found], "style": [left_over(x, style) for x in found]}


# What a Gram matrix keeps -------------------------------------------------------------------------------------------


def textures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Painted grounds of ten kinds in many colours, (count, 48, 48, 3), and their kinds."""
    found = data.scenes(count, seed, size=48, objects=0)
    return found.floats, found.backgrounds


def digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, (count, 48, 48, 3), and what they say."""
    found = data.digits(48, seed=seed)
    images, labels = (
        np.concatenate(each)[:count] for each in zip(*(list(found)[i : i + 2] for i in (0, 2)), strict=True)
    )
    return np.repeat(images, 3, axis=-1), labels


def codes(images: np.ndarray, layer: str) -> dict[str, np.ndarray]:
    """Three summaries of a layer: channel means, Gram matrices (upper half), and means in 4 x 4 places."""
    (maps,) = nets.answers(nets.painter(), images, (layer,))
    n, side, _, c = maps.shape
    v = maps.reshape(n, -1, c)
    grams = np.einsum("npi,npj->nij", v, v)[(slice(None), *np.triu_indices(c))] / v.shape[1]
    cell = side // CELLS
    places = maps[:, : CELLS * cell, : CELLS * cell].reshape(n, CELLS, cell, CELLS, cell, c).mean((2, 4))
    return {"means": v.mean(1), "gram": np.sqrt(np.maximum(grams, 0)), "places": places.reshape(n, -1)}


def read(code: np.ndarray, labels: np.ndarray) -> float:
    """Train a linear classifier on the first `TRAIN` codes: its accuracy on the rest."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    reader = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    return float(reader.fit(code[:TRAIN], labels[:TRAIN]).score(code[TRAIN:], labels[TRAIN:]))


@experiments.experiment(version=1, seeds=5)
def kept(seed: int, scale: str) -> dict[str, float]:
    """Read textures and digits from means, from Gram matrices and from means in 16 places: accuracies."""
    tasks = {"textures": textures(TRAIN + TEST, seed), "digits": digits(TRAIN + TEST, seed)}
    return {
        f"{task}_{name}": read(code, labels)
        for task, (images, labels) in tasks.items()
        for name, code in codes(images, "relu3").items()
    }
