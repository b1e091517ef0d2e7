"""One net, two answers: what a picture shows, and where. Head alone or whole net? Chapter: transfer."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments

from . import families, nets
from .tapping import codes, tap

COUNT, EPOCHS, RATE = 1000, {"quick": 12, "full": 60}, 1e-3
CUT = "block3_pool"


def placed(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint one source shape a picture, of any size, anywhere: images, labels, boxes x0, y0, x1, y1 in [0, 1]."""
    options = {"radius": (0.18, 0.4), "clutter": 0.2, "turn": 45}
    found = data.scenes(count, seed=seed, size=families.SIDE, objects=1, classes=families.SOURCE, **options)
    return found.floats, found.labels[:, 0], found.boxes[:, 0] / families.SIDE


def box_head(features: int) -> keras.Model:
    """Build a head with one hidden layer that turns codes into four numbers between 0 and 1."""
    stack = [keras.Input((features,)), layers.Dense(64, "relu"), layers.Dense(4, "sigmoid", name="box")]
    return keras.Sequential(stack, name="box_head")


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (n, 4) with others (n, 4), pair by pair: (n,).

    Corners x0, y0, x1, y1. An area is zero where an end comes before its beginning.
    Raises ValueError for other shapes. Chapter: transfer.
    """
    boxes, others = np.asarray(boxes, float), np.asarray(others, float)
    if boxes.shape != others.shape or boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"Give two rows of boxes (n, 4), pair by pair. Received: {boxes.shape}, {others.shape}")

    def area(corners):
        return np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1)

    common = np.concatenate([np.maximum(boxes, others)[:, :2], np.minimum(boxes, others)[:, 2:]], axis=1)
    return area(common) / np.maximum(area(boxes) + area(others) - area(common), 1e-9)


def on_trunk(source: keras.Model, head: keras.Model) -> keras.Model:
    """Put a box head on the last maps of a net; the two share the net's layers."""
    trunk = tap(source, CUT)
    return keras.Model(trunk.input, head(layers.Flatten()(trunk.output)), name="boxes")


def judged(model: keras.Model, images: np.ndarray, boxes: np.ndarray) -> float:
    """Mean intersection over union of a net's boxes with the true ones."""
    return float(iou(keras.ops.convert_to_numpy(model(images, training=False)), boxes).mean())


@experiments.experiment(version=1, seeds=5)
def regression(seed: int, scale: str) -> dict[str, float]:
    """Learn boxes with the head alone, with the head alone for three times as long, and with the whole net.

    Also what is left of the net's old answer, and what a step costs beside a step of the head in place.
    """
    (x, _, y), (tx, labels, ty) = placed(COUNT, 3 * seed + 1), placed(500, 3 * seed + 2)
    source = nets.source_net(seed)
    found = {"class_before": experiments.accuracy(source, tx, labels)}
    seen, new = codes(source, x, CUT), codes(source, tx, CUT)
    options = {"batch": 25, "rate": RATE, "seed": seed, "loss": "mse"}
    for name, times in (("head", 1), ("head_long", 3)):
        keras.utils.set_random_seed(seed)
        head = box_head(seen.shape[1])
        experiments.fit(head, seen, y, epochs=times * EPOCHS[scale], **options)
        found[name] = judged(head, new, ty)
    keras.utils.set_random_seed(seed)
    whole = on_trunk(source, box_head(seen.shape[1]))
    experiments.fit(whole, x, y, epochs=EPOCHS[scale], **options)
    found["whole"] = judged(whole, tx, ty)
    found["class_after"] = experiments.accuracy(source, tx, labels)
    middle = np.tile(y.mean(0), (len(ty), 1))
    return found | {"mean_box": float(iou(middle, ty).mean())} | costs(seed, x[:25], y[:25])


def costs(seed: int, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Time a step of the whole net, of the head on the frozen trunk, and of the head on codes that were kept.

    Ratios to the second; medians of twenty rounds.
    """
    source = nets.source_net(seed)
    kept, whole = codes(source, x, CUT), on_trunk(source, box_head(768))
    other = nets.source_net(seed)
    other.trainable = False
    frozen, alone = on_trunk(other, box_head(768)), box_head(768)
    given = {"whole": (whole, x), "frozen": (frozen, x), "kept": (alone, kept)}
    for model, _ in given.values():
        model.compile("adam", "mse")
    steps = {name: lambda m=model, i=inputs: m.train_on_batch(i, y) for name, (model, inputs) in given.items()}
    times = experiments.race(steps, 20, warm=5)
    return {f"time_{name}": float(np.median(times[name] / times["frozen"])) for name in ("whole", "kept")}
