"""The experiments of the page on pictures that excite: regularisers, depth, copies, and where a climb starts."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import backend, data, experiments

from . import fields, maps, plainer, spectra, trials
from .ascent import ascend, at_size, centred, clouds, filters, neurons

VARIANTS = {
    "nothing": {},
    "zeroing": {"zero": 0.5},
    "blur": {"blur": 0.5},
    "both": {"blur": 0.5, "zero": 0.5},
    "L2": {"l2": 0.1},
}
READ = (10, 50, 150)  # steps at which the climbs of `variants` are read
DEPTHS = (1, 2, 4, 6)  # convolutions of the plain net whose units are climbed
FEW = 6  # filters of each
SMOOTH = {"rate": 3.0, "blur": 0.5, "clip": (-0.5, 0.5)}  # how pictures for a filter are made
WEIGHTS = (0.01, 0.1, 1.0)  # of the L2 penalty
#: How far a live run of `copied` may be from the stored one: another processor climbs another way.
TOLERANCE = {
    "copies_mean": 2.0,
    "copies_max": 1.0,
    "copies_middle": 1.0,
    "copies_wide": 5.0,
    "moved_mean": 0.2,
    "moved_unit": 1.0,
}
STORED = ("copied", "starts", "stimuli", "variants")


@experiments.experiment(version=1, seeds=5)
def variants(seed: int, scale: str) -> dict[str, list[float]]:
    """Climb two class scores of the plain net, 150 unit steps times 2 from faint noise, for each of `VARIANTS`.

    At the steps of `READ`: `score_`, `length_` of the picture, share of `fine_` power and of pixels that are `zeros_`.
    """
    score = centred(neurons(trials.net_of("plain", "trained", seed), "logits", [0, 3]))
    start, found = clouds(2, seed=seed), {}
    for name, options in VARIANTS.items():
        climb = ascend(score, start, steps=READ[-1], rate=2.0, watch=_described, **options)
        found[f"score_{name}"] = [climb.scores[step].mean() for step in READ]
        rows = np.array([climb.seen[step] for step in READ]).T
        found |= {f"{what}_{name}": row for what, row in zip(("length", "fine", "zeros"), rows, strict=True)}
    return {name: [float(value) for value in values] for name, values in found.items()}


def _described(x: np.ndarray) -> tuple[float, float, float]:
    length = np.sqrt((x**2).sum((1, 2, 3))).mean()
    return float(length), float(spectra.fine_share(x).mean()), float((x == 0).all(-1).mean())


@experiments.experiment(version=1, seeds=5)
def stimuli(seed: int, scale: str) -> dict[str, list[float]]:
    """Make pictures for single units of `DEPTHS`, with blur and without, in trained and untrained nets.

    `measure_way_state` for each depth, means over `FEW` filters; see `spectra`.
    """
    found: dict[str, list[float]] = {}
    for state in trials.STATES:
        net = trials.net_of("plain", state, seed)
        still = maps.responses(net, np.full((1, 64, 64, 3), 0.5, np.float32), "relu1")["relu1"][0]
        for way, options in (("raw", {**SMOOTH, "blur": 0.0}), ("blurred", SMOOTH)):
            for depth in DEPTHS:
                score = centred(filters(net, f"norm{depth}", range(FEW), "middle"))
                made = ascend(score, clouds(FEW, seed=seed), steps=30, **options).pictures
                for name, value in _measured(net, made, still).items():
                    found.setdefault(f"{name}_{way}_{state}", []).append(value)
    return found


def _measured(net: keras.Model, made: np.ndarray, still: np.ndarray) -> dict[str, float]:
    answers = maps.responses(net, made + 0.5, "relu1")["relu1"]
    values = {
        "pieces": spectra.pieces(answers, still),
        "extent": spectra.extent(made),
        "frequency": spectra.mean_frequency(made),
    }
    return {name: float(value.mean()) for name, value in values.items()}


@experiments.experiment(version=1, seeds=5)
def copied(seed: int, scale: str) -> dict[str, float]:
    """Make pictures for filters of the fourth layer in three ways, and count the copies of the pattern in each.

    `copies_mean`, `copies_max`, `copies_middle`, and `copies_wide` for the mean on a picture of twice the side.
    `moved_mean`, `moved_unit`: see `moved`.
    """
    net, count = trials.net_of("plain", "trained", seed), FEW
    wide = at_size(net, 128)
    found, pictures = {}, {}
    for name, model, way in (
        ("mean", net, "mean"),
        ("max", net, "max"),
        ("middle", net, "middle"),
        ("wide", wide, "mean"),
    ):
        made = pattern(model, count, way, seed)
        answers = maps.responses(model, made + 0.5, "relu4")["relu4"]
        peaks = [spectra.copies(answers[i, ..., i], apart=3) for i in range(count)]
        found[f"copies_{name}"], pictures[name] = float(np.mean(peaks)), made
    found["moved_mean"], found["moved_unit"] = (float(np.mean(part)) for part in moved(net, pictures["middle"]))
    return found


def pattern(model: keras.Model, count: int, way: str, seed: int = 0, steps: int = 40) -> np.ndarray:
    """Make pictures around zero for the first filters of the fourth layer: (count, side, side, 3)."""
    layer = "norm4" if way == "middle" else "relu4"
    start = clouds(count, model.input_shape[1], deviation=0.2, smooth=1.5, seed=seed)
    return ascend(centred(filters(model, layer, range(count), way)), start, steps=steps, **SMOOTH).pictures


def moved(model: keras.Model, made: np.ndarray) -> tuple[list[float], list[float]]:
    """Lay the pattern of each filter at 25 places of a grey picture: deviation over mean, of its map and of one unit.

    made: pictures around zero for the middle units of the first filters of the fourth layer.
    """
    spot = fields.field(model, "relu4")
    side, middle = spot[0].size, model.get_layer("relu4").output.shape[1] // 2
    places = [(row, column) for row in range(0, 37, 9) for column in range(0, 37, 9)]
    canvas, found = np.zeros(made.shape[1:], np.float32), ([], [])
    for unit, picture in enumerate(made):
        patch = fields.crop(picture, fields.box(spot, middle, middle), fill=0)[:side, :side]
        views = np.stack([spectra.pasted(patch, canvas, *place) for place in places]) + 0.5
        answers = maps.responses(model, views, "relu4")["relu4"][..., unit]
        for part, values in zip(found, (answers.mean((1, 2)), answers[:, middle, middle]), strict=True):
            part.append(float(values.std() / max(values.mean(), 1e-9)))
    return found


@experiments.experiment(version=1, seeds=5)
def starts(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train nets of digits with and without biases; look at slopes at black, and at where climbs come to rest.

    `slope_black_`, `slope_faint_` (noise of a millionth): largest absolute gradient of the ten scores. `rest_`: for
    each of `WEIGHTS` the length at rest over slope / (2 weight), mean of ten; `unbound_`: without the penalty.
    """
    d, found = data.digits(plainer.SIDE, seed=seed), {}
    for name, biases in (("free", False), ("biased", True)):
        net = plainer.taught(d, seed, scale, biases=biases)
        score, black = neurons(net, "logits", range(10)), np.zeros((10, plainer.SIDE, plainer.SIDE, 1), np.float32)
        faint = np.random.default_rng(seed).normal(size=black.shape).astype(np.float32)
        found[f"accuracy_{name}"] = experiments.accuracy(net, d.test_images, d.test_labels)
        for where, x in (("black", black), ("faint", 1e-6 * faint)):
            found[f"slope_{where}_{name}"] = float(np.abs(slope(score, x)).max())
        found[f"rest_{name}"] = [at_rest(score, 0.1 * faint, weight, weight) for weight in WEIGHTS]
        found[f"unbound_{name}"] = [at_rest(score, 0.1 * faint, 0.0, weight) for weight in WEIGHTS]
    return found


def slope(score, x: np.ndarray) -> np.ndarray:
    """The gradient of each picture's score, (n, h, w, c)."""
    return backend.value_and_grad(lambda given: keras.ops.sum(score(given)))(x)[1]


def at_rest(score, start: np.ndarray, penalty: float, weight: float, steps: int = 80) -> float:
    r"""Climb $S - \lambda \lVert x \rVert^2$ by plain steps: $2 w \lVert x \rVert / \lVert \nabla S \rVert$, a mean."""
    x = ascend(score, start, steps=steps, rate=0.05 / weight, unit=False, l2=penalty).pictures
    length, slopes = (np.sqrt((part**2).sum((1, 2, 3))) for part in (x, slope(score, x)))
    return float((2 * weight * length / slopes).mean())
