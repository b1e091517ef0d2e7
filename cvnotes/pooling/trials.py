"""The experiments of the chapter on invariance: small nets on real digits, with and without pooling."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from scipy.special import softmax

from cvnotes import data, experiments, models

from . import measures

DIGIT, CANVAS, WIDTH = 12, 24, 8
SHIFTS = (0, 1, 2, 3, 4)
ANGLES = (0, 15, 30, 45, 90)
FACTORS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
WINDOWS = (2, 3, 4, 8)

NETS = {
    "max": {"reduction": "max"},
    "average": {"reduction": "average"},
    "stride": {"reduction": "stride"},
    "conv": {"reduction": "conv"},
    "none": {"reduction": "none"},
    "global": {"reduction": "max", "head": "average"},
    "global_none": {"reduction": "none", "head": "average"},
    "augmented": {"reduction": "max"},
}


#: How far a live run may be from the stored one: another processor or backend draws other weights from one seed.
TOLERANCE = {"shift": 0.15, "rotation": 0.15, "zoom": 0.2, "change": 0.15, "agreement": 0.12, "epochs": 8.0}


@functools.cache
def digits() -> data.Digits:
    """Real digits of 12 x 12 pixels in the middle of a black canvas of 24 x 24, so that they have room to move."""
    small = data.digits(size=DIGIT)
    edge = (CANVAS - DIGIT) // 2
    frame = [(0, 0), (edge, edge), (edge, edge), (0, 0)]
    return dataclasses.replace(
        small, train_images=np.pad(small.train_images, frame), test_images=np.pad(small.test_images, frame)
    )


def epochs(scale: str) -> int:
    """Passes over the training digits: 15 in a hurry, 60 with patience."""
    return {"quick": 15, "full": 60}[scale]


def jiggle(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Move a batch by up to four pixels in any direction."""
    return measures.shift(images, *generator.integers(-4, 5, 2))


def fitted(
    model: Callable[[], keras.Model],
    seed: int,
    scale: str,
    examples: int | None = None,
    augment: experiments.training.Augment | None = None,
    watch: bool = False,
) -> tuple[keras.Model, experiments.History]:
    """Seed, build and train one small net; `examples` limits the training digits, and triples the passes.

    watch: also note the accuracy on the test digits after every pass, which takes its time.
    """
    d = digits()
    keras.utils.set_random_seed(seed)
    net = model()
    history = experiments.fit(
        net,
        d.train_images[:examples],
        d.train_labels[:examples],
        validation=(d.test_images, d.test_labels) if watch else None,
        epochs=epochs(scale) * (1 if examples is None else 3),
        batch=32,
        rate=5e-3,
        seed=seed,
        augment=augment,
    )
    return net, history


def variant(**switches) -> Callable[[], keras.Model]:
    """Name a small ConvNet by its switches, to be built later."""
    shape = (CANVAS, CANVAS, 1)
    return functools.partial(models.build, "small-convnet", input_shape=shape, classes=10, width=WIDTH, **switches)


def staged(windows: tuple[int, ...], head: str = "dense") -> keras.Model:
    """Build a net with one stage of convolution, ReLU and max pooling for each window (1: no pooling there).

    head: "dense", "average" or "max", as in `models.small_convnet`. Chapter: invariance.
    """
    inputs = x = keras.Input((CANVAS, CANVAS, 1))
    for stage, window in enumerate(windows):
        x = keras.layers.Conv2D(WIDTH * 2 ** min(stage, 1), 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(window, padding="same")(x) if window > 1 else x
    summaries = {
        "dense": keras.layers.Flatten,
        "average": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
    }
    return keras.Model(inputs, keras.layers.Dense(10, name="logits")(summaries[head]()(x)))


@functools.lru_cache(maxsize=16)
def trained(net: str, seed: int = 0, scale: str = "quick") -> tuple[keras.Model, experiments.History]:
    """Give a trained net of `NETS` and its history; asked twice, it trains once."""
    if net not in NETS:
        raise ValueError(f"net must be one of {', '.join(NETS)}. Received: net={net!r}")
    return fitted(variant(**NETS[net]), seed, scale, augment=jiggle if net == "augmented" else None, watch=True)


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Give the scores of a net before the softmax, (n, classes)."""
    return keras.ops.convert_to_numpy(model(images, training=False))


def chances(nets: Mapping[str, keras.Model], image: np.ndarray) -> dict[str, np.ndarray]:
    """Give for each named net its ten probabilities for one picture (1, h, w, 1)."""
    return {name: np.asarray(softmax(logits(net, image)[0])) for name, net in nets.items()}


def known_digits(nets: Mapping[str, keras.Model], labels: Sequence[int]) -> dict[int, np.ndarray]:
    """Give for each label the first upright test digit (1, h, w, 1) that all nets name rightly.

    Raises ValueError if there is none.
    """
    d = digits()
    right = np.all([logits(net, d.test_images).argmax(-1) == d.test_labels for net in nets.values()], axis=0)
    found = {label: np.flatnonzero(right & (d.test_labels == label)) for label in labels}
    for label, places in found.items():
        if not len(places):
            raise ValueError(f"no {label} that all nets name rightly: train them first. Received: {', '.join(nets)}")
    return {label: d.test_images[places[:1]] for label, places in found.items()}


def accuracy(model: keras.Model, images: np.ndarray, labels: np.ndarray | None = None) -> float:
    """Give the share of pictures that the net names rightly; the labels are the test digits' unless given."""
    return experiments.accuracy(model, images, digits().test_labels if labels is None else labels)


def stability(model: keras.Model) -> dict[str, float | list[float]]:
    """Measure a trained net on moved, turned and resized test digits."""
    images = digits().test_images
    still = logits(model, images)
    moved = [logits(model, ones) for ones in measures.four_ways(images, 1)]
    return {
        "shift": [float(np.mean([accuracy(model, m) for m in measures.four_ways(images, p)])) for p in SHIFTS],
        "rotation": [
            float(np.mean([accuracy(model, measures.rotate(images, s * a)) for s in (1, -1)])) for a in ANGLES
        ],
        "zoom": [accuracy(model, measures.zoom(images, f)) for f in FACTORS],
        "change": float(np.mean([measures.relative_change(still, m) for m in moved])),
        "agreement": float(np.mean([measures.agreement(still, m) for m in moved])),
    }


def first_epoch(curve: np.ndarray, goal: float) -> float:
    """Count the epochs until a curve first reaches `goal`; one more than there are if it never does."""
    reached = np.flatnonzero(np.asarray(curve) >= goal)
    return float(reached[0] + 1 if len(reached) else len(curve) + 1)


def moved(nets: Sequence[str], seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train nets of `NETS` and move the digits under them."""
    found: dict[str, float | list[float]] = {}
    for net in nets:
        model, history = trained(net, seed, scale)
        found |= {f"{net}_{name}": value for name, value in stability(model).items()}
        found[f"{net}_parameters"] = model.count_params()
        found[f"{net}_epochs"] = first_epoch(history["val_accuracy"], 0.9)
    return found


@experiments.experiment(version=1, seeds=5)
def invariance(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Measure one net with max pooling and one without, on digits that move, turn and change their size."""
    return moved(("max", "none"), seed, scale)


@experiments.experiment(version=1, seeds=5)
def twins(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Measure the other nets alike: averages, strides, a learned reduction, global heads, moved training digits."""
    return moved([net for net in NETS if net not in ("max", "none")], seed, scale)


@experiments.experiment(version=1, seeds=5)
def window_size(seed: int, scale: str) -> dict[str, float]:
    """Pool by 2, 3, 4 or 8 after the first convolution; by 2 or 8 after the last; then over the whole map."""
    places = {f"early_{size}": (size, 1) for size in WINDOWS} | {f"late_{size}": (1, size) for size in (2, 8)}
    found = {}
    for name, windows in places.items():
        net, _ = fitted(functools.partial(staged, windows), seed, scale)
        found[name] = accuracy(net, digits().test_images)
    for head in ("average", "max"):
        net, _ = fitted(functools.partial(staged, (1, 1), head), seed, scale)
        found[f"global_{head}"] = accuracy(net, digits().test_images)
    return found


@experiments.experiment(version=1, seeds=5)
def overfitting(seed: int, scale: str) -> dict[str, float]:
    """Train on 200 digits only, with and without pooling, with a large head and with a small one."""
    found = {}
    for reduction in ("max", "none"):
        for head in ("dense", "average"):
            model, _ = fitted(variant(reduction=reduction, head=head), seed, scale, examples=200)
            found[f"{reduction}_{head}_train"] = accuracy(
                model, digits().train_images[:200], digits().train_labels[:200]
            )
            found[f"{reduction}_{head}_test"] = accuracy(model, digits().test_images)
            found[f"{reduction}_{head}_parameters"] = model.count_params()
    return found


def class_maps(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""Give the class activation maps $\sum_k w_k f_k(i, j)$ of a net with a global-pooling head, (n, h, w).

    Source: Zhou et al. (2016), equation 2. Chapter: invariance; taught in full in interpretability.
    """
    kinds = keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D
    features = keras.Model(model.input, next(layer for layer in model.layers if isinstance(layer, kinds)).input)
    weights = keras.ops.convert_to_numpy(model.layers[-1].kernel)
    maps = keras.ops.convert_to_numpy(features(images, training=False))
    return np.einsum("nijk,kn->nij", maps, weights[:, labels])


def extent(maps: np.ndarray, images: np.ndarray, share: float = 0.2) -> tuple[float, float]:
    """Compare maps with the ink: (share of the ink that is lit, share of the canvas that is lit).

    A cell is lit when it has at least `share` of its map's maximum. maps: (n, h, w); images: (n, H, W, 1), H a multiple
    of h. Chapter: invariance.
    """
    step = images.shape[1] // maps.shape[1]
    large = np.kron(np.maximum(maps, 0), np.ones((1, step, step)))
    lit = (large >= share * large.max((1, 2), keepdims=True)) & (large > 0)
    ink = images[..., 0] > 0.5
    return float(np.mean((lit & ink).sum((1, 2)) / ink.sum((1, 2)))), float(lit.mean())


@functools.lru_cache(maxsize=2)
def headed(head: str, seed: int = 0, scale: str = "quick") -> keras.Model:
    """Train three convolutions and one pool under a global head, "average" or "max"; asked twice, it trains once."""
    return fitted(functools.partial(staged, (2, 1, 1), head), seed, scale)[0]


@experiments.experiment(version=1, seeds=5)
def heads(seed: int, scale: str) -> dict[str, float]:
    """Train one body under a global average and under a global maximum; see how much of the digit each looks at."""
    d, found = digits(), {}
    for head in ("average", "max"):
        model = headed(head, seed, scale)
        found[f"{head}_accuracy"] = accuracy(model, d.test_images)
        ink, canvas = extent(class_maps(model, d.test_images, d.test_labels), d.test_images)
        found |= {f"{head}_ink": ink, f"{head}_canvas": canvas}
    return found


@experiments.experiment(version=1, seeds=5)
def lrn(seed: int, scale: str) -> dict[str, float]:
    """With and without max pooling, with and without local response normalization: four nets of equal shapes."""
    found = {}
    for reduction in ("max", "stride"):
        for normalization in ("lrn", "none"):
            net, _ = fitted(variant(reduction=reduction, normalization=normalization), seed, scale)
            found[f"{reduction}_{normalization}"] = accuracy(net, digits().test_images)
    return found


@experiments.experiment(version=1, seeds=5)
def speed(seed: int, scale: str) -> dict[str, float]:
    """Time one training step of each net: median seconds on the machine that made the results, so compare ratios only.

    The nets take turns, so that whatever else the machine does meets them alike.
    """
    d, nets = digits(), {net: variant(**switches)() for net, switches in NETS.items() if net != "augmented"}
    for model in nets.values():
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    given = d.train_images[:128], d.train_labels[:128]
    steps = {net: lambda model=model: model.train_on_batch(*given) for net, model in nets.items()}
    return {net: float(np.median(each)) for net, each in experiments.race(steps, 20, warm=5).items()}
