"""The stored experiments of the page: the table of sixteen cells, its sizes between, and what each layer knows."""

from __future__ import annotations

import functools

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import RidgeCV
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsClassifier

from cvnotes import data, experiments
from cvnotes.introduction.features import Labelled, linear_probe

from . import families, nets, probing, strategies, zoo
from .families import FAMILIES, PER_CLASS
from .tapping import codes

SLOWER = {"similar_1e-3": 1e-3, "similar_1e-5": 1e-5}  # other rates of fine-tuning than `nets.RATE`
MOMENTS = (1, 5, 20, 25)  # epochs at which the large runs are looked at
ALPHAS = np.logspace(0, 5, 6)


@functools.lru_cache(maxsize=12)
def target(name: str, seed: int) -> tuple[Labelled, Labelled]:
    """Give the target pictures of a seed, as many as the largest set needs, and the test pictures."""
    most = 5 * PER_CLASS[families.LARGE]
    return families.family(name, most, 3 * seed + 1), families.family(name, families.TEST, 3 * seed + 2)


def change(before: keras.Model, after: keras.Model) -> float:
    """How far the kernels of the convolutions went: the norm of the change as a share of the norm at the start."""
    pairs = [
        [keras.ops.convert_to_numpy(net.get_layer(f"block{b}_conv").kernel).ravel() for b in (1, 2, 3)]
        for net in (before, after)
    ]
    start, end = map(np.concatenate, pairs)
    return float(np.linalg.norm(end - start) / np.linalg.norm(start))


@experiments.experiment(version=1, seeds=5)
def small(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Answer both targets from 5, 10 and 50 pictures a class, in four ways; each list follows these sizes.

    Whole nets are trained at one rate. For the similar target and 10 pictures a class they are also fine-tuned at the
    rates of `SLOWER`, and with a new layer that starts from random numbers (``_cold``).
    """
    source = nets.source_net(seed)
    found: dict = {f"{family}_{way}": [] for family in FAMILIES for way in strategies.STRATEGIES}
    options = {"seed": seed, "scale": scale}
    for family in FAMILIES:
        every, test = target(family, seed)
        for per_class in PER_CLASS[: families.LARGE]:
            train = families.few(every, per_class)
            whole = {
                "tuned": strategies.tuned(source, train, rate=nets.RATE, **options),
                "scratch": strategies.scratch(train, **options),
            }
            found[f"{family}_frozen"].append(strategies.frozen(source, train, test))
            found[f"{family}_earlier"].append(strategies.earlier(source, train, test))
            for way, (net, _) in whole.items():
                found[f"{family}_{way}"].append(experiments.accuracy(net, *test))
    every, test = target("similar", seed)
    runs = {name: {"rate": rate} for name, rate in SLOWER.items()}
    for name, given in (runs | {"similar_cold": {"rate": nets.RATE, "warm": False}}).items():
        net, _ = strategies.tuned(source, families.few(every, PER_CLASS[families.SMALL]), **given, **options)
        found[name] = experiments.accuracy(net, *test)
    return found


@experiments.experiment(version=1, seeds=5)
def large(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Answer both targets from 200 pictures a class, in four ways.

    Of the trained nets also the accuracy after each epoch (``_curve``), and how far their kernels went (``_change``).
    """
    source, found = nets.source_net(seed), {}
    for family in FAMILIES:
        train, test = target(family, seed)
        found[f"{family}_frozen"] = strategies.frozen(source, train, test)
        found[f"{family}_earlier"] = strategies.earlier(source, train, test)
        options = {"seed": seed, "scale": scale, "validation": test}
        keras.utils.set_random_seed(seed)
        starts = {"tuned": source, "scratch": nets.small_vgg()}  # `scratch` draws the same numbers from this seed
        runs = {
            "tuned": strategies.tuned(source, train, rate=nets.RATE, **options),
            "scratch": strategies.scratch(train, **options),
        }
        for way, (net, history) in runs.items():
            found[f"{family}_{way}_curve"] = history["val_accuracy"]
            found[f"{family}_{way}"] = experiments.accuracy(net, *test)
            found[f"{family}_{way}_change"] = change(starts[way], net)
    return found


@experiments.experiment(version=1, seeds=5)
def layers(seed: int, scale: str) -> dict[str, list[float]]:
    """Read each cut of the source net with a linear support vector machine, from 10 pictures a class.

    Lists follow `nets.CUTS`; maps are read as 4 x 4 cells, or (``_averaged``) as one average a channel.
    """
    source, found = nets.source_net(seed), {}
    for family in FAMILIES:
        every, test = target(family, seed)
        train = families.few(every, PER_CLASS[families.SMALL])
        for suffix, cells in (("", 4), ("_averaged", 1)):
            seen, new = (codes(source, images, *nets.CUTS, cells=cells) for images in (train[0], test[0]))
            pairs = zip(seen, new, strict=True)
            found[family + suffix] = [probing.readout((a, train[1]), (b, test[1])) for a, b in pairs]
    return found


def described(count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Paint pictures of the source family, and tell shape, colour and ground of each."""
    options = {"radius": (0.28, 0.42), "clutter": 0.2, "turn": 45}  # as `features.shapes`
    found = data.scenes(count, seed=seed, size=families.SIDE, objects=1, classes=families.SOURCE, **options)
    return found.floats, {"shape": found.labels[:, 0], "colour": found.colours[:, 0], "ground": found.backgrounds}


def rebuild(seen: np.ndarray, images: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Rebuild pictures from codes by the best linear map: ridge regression from codes to pixels, on known pairs.

    seen: codes (n, features) of images (n, h, w, c); new: codes of others. Leave-one-out error picks the penalty.
    Chapter: transfer.
    """
    found = RidgeCV(ALPHAS).fit(seen, images.reshape(len(images), -1)).predict(new)
    return found.reshape(len(new), *images.shape[1:])


def recovered(seen: np.ndarray, images: np.ndarray, new: np.ndarray, others: np.ndarray) -> float:
    """Share of the variance of unseen pixels that `rebuild` explains; 0 for a guess of the mean picture."""
    missed = np.sum((others - rebuild(seen, images, new)) ** 2)
    return float(1 - missed / np.sum((others - images.mean(0)) ** 2))


def principal(images: np.ndarray, others: np.ndarray, count: int) -> float:
    """Rebuild pictures from their principal components: the share of the variance of unseen pixels that stays."""
    flat, unseen = (pictures.reshape(len(pictures), -1) for pictures in (images, others))
    found = PCA(count, svd_solver="full").fit(flat)
    kept = found.inverse_transform(found.transform(unseen))
    return float(1 - np.sum((unseen - kept) ** 2) / np.sum((unseen - found.mean_) ** 2))


def selected(train: Labelled, test: Labelled, count: int) -> float:
    """Probe a choice of features, those with the largest F-values: accuracy of a linear probe on them alone."""
    chooser = SelectKBest(k=count).fit(*train)
    return linear_probe((chooser.transform(train[0]), train[1]), (chooser.transform(test[0]), test[1]))


@experiments.experiment(version=1, seeds=5)
def cuts(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Cut the source net after every stage, and ask what its codes still hold of pictures of its own family.

    Linear probes for shape, colour and ground; the share of the pixels' variance that a linear map rebuilds; lists
    follow `nets.CUTS`, and ``pixels_`` is the same of the picture itself. As many numbers as block3_pool has:
    ``selected`` probes the best pixels for the shape, ``principal`` rebuilds from principal components.
    """
    source, images, told = nets.source_net(seed), *described(1200, 3 * seed + 1)
    others, other_told = described(600, 3 * seed + 2)
    seen, new = ([x.reshape(len(x), -1), *codes(source, x, *nets.CUTS)] for x in (images, others))
    found: dict[str, list[float] | float] = {"net": experiments.accuracy(source, others, other_told["shape"])}
    for name in told:
        scores = [linear_probe((a, told[name]), (b, other_told[name])) for a, b in zip(seen, new, strict=True)]
        found |= {f"pixels_{name}": scores[0], name: scores[1:]}
    found["rebuilt"] = [recovered(a, images, b, others) for a, b in zip(seen[1:], new[1:], strict=True)]
    many = seen[3].shape[1]
    found["selected"] = selected((seen[0], told["shape"]), (new[0], other_told["shape"]), many)
    return found | {"principal": principal(images, others, many)}


def flat_map(points: np.ndarray, seed: int) -> np.ndarray:
    """Lay codes (n, features) out on a plane by t-SNE: (n, 2). Chapter: transfer."""
    return TSNE(random_state=seed, init="pca", perplexity=20).fit_transform(points.astype(np.float64))


def agreement(points: np.ndarray, labels: np.ndarray, neighbours: int = 5) -> float:
    """Share of points whose class is the commonest among their nearest neighbours, themselves left out."""
    reader = KNeighborsClassifier(neighbours).fit(points, labels)
    return float(np.mean(reader.predict(None) == labels))


@experiments.experiment(version=1, seeds=5)
def maps(seed: int, scale: str) -> dict[str, list[float]]:
    """Ask how well neighbours agree in class: among the codes themselves, and on a plane laid out by t-SNE.

    Lists are of the pixels, then of `nets.CUTS`; the similar target, 250 pictures, which the net has never learned.
    """
    source, (images, labels) = nets.source_net(seed), families.few(target("similar", seed)[0], 50)
    every = [images.reshape(len(images), -1), *codes(source, images, *nets.CUTS)]
    return {
        "codes": [agreement(each, labels) for each in every],
        "plane": [agreement(flat_map(each, seed), labels) for each in every],
    }


@experiments.experiment(version=1, seeds=1)
def applications(seed: int, scale: str) -> dict[str, list[float]]:
    """Read parameters and the side of the pictures of every network of keras.applications from Keras itself.

    Each list is (thousands of parameters, the rest below a thousand, side), since stored numbers have six digits.
    A side of 0 stands for a network whose input is left open.
    """
    found = {}
    for name in zoo.applications():
        model = zoo.sketched(name)
        found[name] = [*divmod(model.count_params(), 1000), model.input_shape[1] or 0]
    return found
