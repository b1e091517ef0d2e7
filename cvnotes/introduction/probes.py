"""The experiments of the page on learned features: who needs which features, and how many labels."""

from __future__ import annotations

import numpy as np

from cvnotes import experiments

from . import features, hierarchy
from .features import Labelled, linear_probe

DIGIT_COUNTS, SHAPE_COUNTS = (50, 200, 1200), (100, 500, 2400)
STEPS = 600  # batches of 32 for every ConvNet, however few its pictures
TARGETS = ("near", "middle", "far")
LABELS = 200  # labelled pictures of a target


def three_ways(train: Labelled, test: Labelled, cell: int, seed: int, steps: int, classes: int) -> list[float]:
    """Compare on one split: a linear classifier on pixels, one on HOG, and a ConvNet on pixels."""
    described = [(features.hog(images, cell), labels) for images, labels in (train, test)]
    net = hierarchy.fitted(*train, seed, steps, classes)
    return [linear_probe(train, test), linear_probe(*described), experiments.accuracy(net, *test)]


@experiments.experiment(version=1, seeds=5)
def handmade(seed: int, scale: str) -> dict[str, list[float]]:
    """Hand-made against learned features on digits and on shapes, with few and with many labels.

    Each list is (pixels, HOG, ConvNet).
    """
    steps = STEPS if scale == "quick" else 5 * STEPS
    (images, labels), test = features.digits(seed, 16, 1)
    found = {f"digits_{n}": three_ways((images[:n], labels[:n]), test, 4, seed, steps, 10) for n in DIGIT_COUNTS}
    (images, labels), test = features.shapes(max(SHAPE_COUNTS), 3 * seed), features.shapes(1000, 3 * seed + 1)
    return found | {f"shapes_{n}": three_ways((images[:n], labels[:n]), test, 4, seed, steps, 5) for n in SHAPE_COUNTS}


def probed(net, train: Labelled, test: Labelled) -> float:
    """Put a linear classifier on the last convolutional features of a net, and give its accuracy."""
    return linear_probe(*((hierarchy.conv_features(net, images), labels) for images, labels in (train, test)))


@experiments.experiment(version=1, seeds=5)
def supervision(seed: int, scale: str) -> dict[str, float]:
    """Probe one body three times: trained with true labels, trained with shuffled labels, and not trained at all."""
    count = hierarchy.COUNT[scale]
    images, labels = features.shapes(count, 3 * seed)
    shuffled = np.random.default_rng(seed).permutation(labels)
    nets = {
        "true": hierarchy.trained(seed, scale),
        "shuffled": hierarchy.fitted(images, shuffled, seed, steps=8 * count // 32),
        "untrained": hierarchy.untrained(seed, images),
    }
    train, test = features.shapes(500, 3 * seed + 1), features.shapes(1000, 3 * seed + 2)
    found = {name: probed(net, train, test) for name, net in nets.items()}
    fit = experiments.accuracy(nets["shuffled"], images, shuffled)
    return found | {"pixels": linear_probe(train, test), "shuffled_fit": fit}


def targets(seed: int) -> dict[str, tuple[Labelled, Labelled]]:
    """Three questions at growing distance from five shapes: five other shapes, digits, surfaces of photographs."""
    (images, labels), held_out = features.digits(seed)
    shapes = [features.shapes(count, 3 * seed + k, features.OTHERS) for k, count in ((1, LABELS), (2, 600))]
    return {
        "near": tuple(shapes),
        "middle": ((images[:LABELS], labels[:LABELS]), held_out),
        "far": (features.surfaces(LABELS, seed), features.surfaces(600, seed, test=True)),
    }


@experiments.experiment(version=1, seeds=5)
def extractor(seed: int, scale: str) -> dict[str, list[float]]:
    """Freeze the net that knows five shapes, and probe it on three other questions; each list follows TARGETS."""
    images, _ = features.shapes(640, 3 * seed)
    nets = {
        "frozen": hierarchy.trained(seed, scale),
        "untrained": hierarchy.untrained(seed, images),
        "another": hierarchy.untrained(1000 + seed, images),
    }
    found: dict[str, list[float]] = {name: [] for name in (*nets, "pixels", "hog")}
    for train, test in targets(seed).values():
        for name, net in nets.items():
            found[name].append(probed(net, train, test))
        found["pixels"].append(linear_probe(train, test))
        found["hog"].append(linear_probe(*((features.hog(x), y) for x, y in (train, test))))
    return found


@experiments.experiment(version=1, seeds=5)
def depths(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Ask at which frequencies the units of three depths are at home; each list follows the depths."""
    net, images = hierarchy.trained(seed, scale), features.shapes(600, 3 * seed + 1)[0]
    maps, dice = hierarchy.answers(net, images), np.random.default_rng(seed)
    peaks = hierarchy.peak_frequency(net.get_layer("conv1").get_weights()[0])
    found = {"kernel_peaks": np.sort(peaks), "best": [], "any": [], "waves": [], "curves": []}
    for depth, curves in zip(hierarchy.DEPTHS, hierarchy.tuning(net), strict=True):
        alive = curves.max(1) > 0.5
        found["curves"].append(curves[alive].mean(0))
        home = (curves[alive] * hierarchy.FREQUENCIES).sum(1) / curves[alive].sum(1)
        found["waves"].append(float(home.mean()))
        best, any_place = patches_of(images, maps[depth - 1], depth, dice)
        found["best"].append(hierarchy.centroid(best))
        found["any"].append(hierarchy.centroid(any_place))
    logits = maps[3]
    labels = features.shapes(600, 3 * seed + 1)[1]
    return found | {"accuracy": float(np.mean(logits.argmax(1) == labels))}


def patches_of(images: np.ndarray, maps: np.ndarray, depth: int, dice: np.random.Generator):
    """Cut the six best patches of every unit of a depth, and as many from anywhere in the pictures."""
    keep, best, elsewhere = hierarchy.inside(depth), [], []
    for unit in range(maps.shape[3]):
        for n, row, column in hierarchy.best_places(maps, depth, unit):
            best.append(hierarchy.crop(images[n], hierarchy.box(depth, row, column)))
            place = dice.choice(keep, 2)
            elsewhere.append(hierarchy.crop(images[dice.integers(len(images))], hierarchy.box(depth, *place)))
    return np.stack(best), np.stack(elsewhere)
