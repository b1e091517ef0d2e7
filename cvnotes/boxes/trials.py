"""The stored experiments on a class and a box: which weights move, how many boxes, which weight for which loss."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from sklearn.linear_model import LogisticRegression

from cvnotes import data, experiments

from .heads import answers, two_heads
from .losses import box_loss, corners, two_head_loss
from .overlap import paired_iou

CLASSES, SIDE, TEST = ("disc", "square", "triangle", "cross"), 24, 500
SERIES = 64_000  # seeds of these pictures: training, test and validation of a run are three of them
COUNT, EPOCHS, BATCH, RATE = {"quick": 2000, "full": 10_000}, {"quick": 8, "full": 20}, 32, 3e-3
BOX_WEIGHT = 10.0  # of squared errors in shares of the side; the experiment `weights` tries others
WEIGHTS = (1.0, float(SIDE**2))  # the second: squared errors in pixels


def lone(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Paint pictures of one object: bytes (count, 24, 24, 3), and targets (count, 5).

    A target is the label, then x and y of the middle, width and height of the box, as shares of the picture's side.
    Raises ValueError for a count or seed that is no whole number. Chapter: localization.
    """
    options = {"radius": (0.2, 0.4), "clutter": 0.2, "turn": 10}
    found = data.scenes(count, seed=SERIES + seed, size=SIDE, objects=1, classes=CLASSES, **options)
    boxes = found.boxes[:, 0] / SIDE
    sized = np.column_stack([found.labels, (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]])
    return found.images, sized.astype("float32")


def overlaps(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Give the IoU of boxes with the true ones, pair by pair, both x, y, w, h: (n, 4) each to (n,)."""
    return ops.convert_to_numpy(paired_iou(corners(said), corners(truth)))


def judged(model: keras.Model, x: np.ndarray, y: np.ndarray, row: str = "said") -> tuple[float, float]:
    """Give the share of right classes and the mean IoU; of one box a class, the row "said" or the "true" one."""
    outputs = model(x, training=False)
    labels, boxes = answers(outputs, len(CLASSES), y[:, 0] if row == "true" else None)
    return float((labels == y[:, 0]).mean()), float(overlaps(y[:, 1:], boxes).mean())


def class_accuracy(targets, outputs):
    """Say for each picture whether its class is right; a metric for training."""
    right = ops.equal(ops.cast(ops.argmax(outputs[:, : len(CLASSES)], -1), "int32"), ops.cast(targets[:, 0], "int32"))
    return ops.cast(right, "float32")


def box_overlap(targets, outputs):
    """Give the IoU of the box of each picture, one row alone; a metric for training."""
    return paired_iou(corners(outputs[:, len(CLASSES) :]), corners(targets[:, 1:]))


def teach(model, x, y, *, seed: int, scale: str, named: float = 1.0, placed: float = BOX_WEIGHT, **options):
    """Train a net of two heads, or the heads alone on maps; `named` and `placed` weigh the class and the box."""
    loss = two_head_loss(len(CLASSES), box_loss("squared"), named, placed)
    settings = {"epochs": EPOCHS[scale], "batch": BATCH, "rate": RATE, "seed": seed, "loss": loss} | options
    return experiments.fit(model, x, y, **settings)


def fresh(seed: int, rows: int = 1) -> keras.Model:
    """Build the net of two heads with weights drawn by a seed."""
    keras.utils.set_random_seed(seed)
    return two_heads(len(CLASSES), rows, SIDE)


def lessons(seed: int, scale: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give training and test pictures of a seed, with their targets."""
    return *lone(COUNT[scale], 10 * seed), *lone(TEST, 10 * seed + 1)


def seen(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Give the maps that the trunk hands to the heads, without training anything."""
    parts = [model.get_layer("trunk")(x[i : i + 250], training=False) for i in range(0, len(x), 250)]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def reread(maps: np.ndarray, labels: np.ndarray, new_maps: np.ndarray, new_labels: np.ndarray) -> float:
    """Give the accuracy of a new linear classifier on the maps of a trunk: is the class still in there?"""
    reader = LogisticRegression(max_iter=300).fit(maps.reshape(len(maps), -1), labels)
    return float(reader.score(new_maps.reshape(len(new_maps), -1), new_labels))


@experiments.experiment(version=1, seeds=5)
def rows(seed: int, scale: str) -> dict[str, float]:
    """Train class and box together from a fresh start: one box for all classes, and one a class.

    specific_true: IoU, if the row of the true class is read at the test, and not that of the predicted one.
    """
    x, y, tx, ty = lessons(seed, scale)
    found = {}
    for name, count in (("agnostic", 1), ("specific", len(CLASSES))):
        model = fresh(seed, count)
        teach(model, x, y, seed=seed, scale=scale)
        found[f"{name}_class"], found[f"{name}_iou"] = judged(model, tx, ty)
    return found | {"specific_true": judged(model, tx, ty, "true")[1]}


@experiments.experiment(version=1, seeds=5)
def strategies(seed: int, scale: str) -> dict[str, float]:
    """Start from a trained classifier and find boxes: with the head alone, with the whole net, with both tasks at once.

    alone: a second net that learns boxes only, from a fresh start. The old class head's accuracy stands beside each
    IoU. reread: accuracy of a new linear classifier on the maps of the classifier and of the whole net.
    whole_curve: accuracy and IoU before and after each pass. time: a step of the whole net over one of the head.
    """
    x, y, tx, ty = lessons(seed, scale)
    options = {"seed": seed, "scale": scale}
    model, found = fresh(seed), {}
    teach(model, x, y, placed=0.0, **options)
    start, maps, new_maps = model.get_weights(), seen(model, x), seen(model, tx)
    found["classifier_class"], found["untrained_iou"] = judged(model, tx, ty)
    found["classifier_reread"] = reread(maps, y[:, 0], new_maps, ty[:, 0])
    head = model.get_layer("heads")
    teach(head, maps, y, named=0.0, **options)
    found["head_class"], found["head_iou"] = judged(model, tx, ty)
    model.set_weights(start)
    watched = {"validation": (tx, ty), "metrics": [class_accuracy, box_overlap]}
    told = teach(model, x, y, named=0.0, **options, **watched)
    found["whole_class"], found["whole_iou"] = judged(model, tx, ty)
    curve = [told["val_class_accuracy"], told["val_box_overlap"]]
    before = [[found["classifier_class"]], [found["untrained_iou"]]]
    found["whole_curve"] = np.concatenate([before, curve], axis=1)
    found["whole_reread"] = reread(seen(model, x), y[:, 0], seen(model, tx), ty[:, 0])
    found["time"] = step_ratio(model, head, x, maps, y)
    model.set_weights(start)
    teach(model, x, y, **options)
    found["both_class"], found["both_iou"] = judged(model, tx, ty)
    alone = fresh(seed + 100)
    teach(alone, x, y, named=0.0, **options)
    return found | {"alone_iou": judged(alone, tx, ty)[1]}


def step_ratio(model, head, x: np.ndarray, maps: np.ndarray, y: np.ndarray) -> float:
    """Time a training step of the whole net over one of the heads on maps that were kept; the median of 30 rounds."""
    steps = {
        "whole": lambda: model.train_on_batch(x[:BATCH], y[:BATCH]),
        "head": lambda: head.train_on_batch(maps[:BATCH], y[:BATCH]),
    }
    times = experiments.race(steps, 30, warm=3)
    return float(np.median(times["whole"] / times["head"]))


@experiments.experiment(version=1, seeds=5)
def weights(seed: int, scale: str) -> dict[str, list[float]]:
    """Train class and box together with the box weighed once, and as much as its pixels would; 10 is in `rows`."""
    x, y, tx, ty = lessons(seed, scale)
    found = []
    for weight in WEIGHTS:
        model = fresh(seed)
        teach(model, x, y, seed=seed, scale=scale, placed=weight)
        found.append(judged(model, tx, ty))
    return {"class": [pair[0] for pair in found], "iou": [pair[1] for pair in found]}
