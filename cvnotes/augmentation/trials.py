"""Each operation ablated, where it is a nuisance and where it is the message. Chapter: augmentation."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import experiments, models
from cvnotes.tuning.bench import Bench
from cvnotes.tuning.schedules import by_keras

from .operations import in_front, operation
from .tasks import COUNT, MESSAGES, NUISANCES, SIDE, Task, few_digits, message, nuisance
from .votes import WAYS, average_vote, views

EPOCHS, BATCH, RATE = {"quick": 60, "full": 200}, 20, 6e-3
STRENGTHS = {
    "noise": 0.3,
    "whitening": 1.0,
    "dropped pixels": 0.3,
    "rotation": 30,
    "blur": 2.0,
    "translation": 0.2,
    "flip": 0.5,
    "cutout": 0.15,
}
TURNS = {
    "none": None,
    "rotation 15°": ("rotation", 15),
    "rotation 45°": ("rotation", 45),
    "rotation 90°": ("rotation", 90),
    "rotation 180°": ("rotation", 180),
    "flip": ("flip", 0.5),
}
PAIRS = ((6, 9), (2, 5))


def net(first: Sequence[keras.Layer] = ()) -> keras.Model:
    """The small ConvNet on 16 x 16 canvases, with these layers in front of it."""
    model = models.build("small-convnet", input_shape=(SIDE, SIDE, 1), width=8)
    return in_front(first, model) if first else model


def bench(scale: str, seed: int, name: str | None = None, strength: float = 0) -> Bench:
    """A net behind one operation (or none), trained by Adam along a cosine."""
    steps = EPOCHS[scale] * (COUNT // BATCH)
    first = [operation(name, strength, seed)] if name else []
    return Bench(lambda: net(first), keras.optimizers.Adam(by_keras("cosine", RATE, steps)))


def taught(made: Bench, task: Task, seed: int, scale: str) -> keras.Model:
    """Train on a task from the first weights of a seed."""
    return made.train(task.x, task.y, seed=seed, epochs=EPOCHS[scale], batch=BATCH)


@experiments.experiment(version=1, seeds=5)
def ablation(seed: int, scale: str) -> dict[str, list[float]]:
    """Each operation on 200 digits: accuracy on plain test digits, on disturbed ones, and where it is the message.

    One entry for each operation; `without_` is the same without the operation. `votes`: of the net without, by `WAYS`.
    """
    names, plain = list(NUISANCES), few_digits(seed)
    disturbed = {name: nuisance(name, seed) for name in names}
    asked = {name: message(name, seed) for name in MESSAGES}
    accuracy, found = experiments.accuracy, {}
    alone = bench(scale, seed)
    model = taught(alone, plain, seed, scale)
    found["without_plain"] = [accuracy(model, plain.test_x, plain.test_y)] * len(names)
    found["without_nuisance"] = [accuracy(model, disturbed[name], plain.test_y) for name in names]
    chosen = [average_vote(model, views(plain.test_x, how)).argmax(-1) for how in WAYS]
    found["votes"] = [float(np.mean(answers == plain.test_y)) for answers in chosen]
    found["without_message"] = [
        accuracy(taught(alone, asked[name], seed, scale), asked[name].test_x, asked[name].test_y) for name in names
    ]
    for name in names:
        made = bench(scale, seed, name, STRENGTHS[name])
        model = taught(made, plain, seed, scale)
        found.setdefault("with_plain", []).append(accuracy(model, plain.test_x, plain.test_y))
        found.setdefault("with_nuisance", []).append(accuracy(model, disturbed[name], plain.test_y))
        model = taught(made, asked[name], seed, scale)
        found.setdefault("with_message", []).append(accuracy(model, asked[name].test_x, asked[name].test_y))
    return found


@experiments.experiment(version=1, seeds=5)
def turned(seed: int, scale: str) -> dict[str, list[float]]:
    """Rotations and flips on plain digits: accuracy, and how often the digits of `PAIRS` are taken for each other."""
    plain, found = few_digits(seed), {}
    for arm in TURNS.values():
        model = taught(bench(scale, seed, *(arm or ())), plain, seed, scale)
        answers = keras.ops.convert_to_numpy(model(plain.test_x, training=False)).argmax(-1)
        found.setdefault("test", []).append(float(np.mean(answers == plain.test_y)))
        for a, b in PAIRS:
            found.setdefault(f"{a}{b}", []).append(swapped(plain.test_y, answers, a, b))
    return found


def swapped(labels: np.ndarray, answers: np.ndarray, a: int, b: int) -> float:
    """The share of pictures of a or b that are taken for the other. Raises ValueError if there are none."""
    pair = np.isin(labels, (a, b))
    if np.shape(labels) != np.shape(answers) or not pair.any():
        raise ValueError(f"Give an answer for each label, some of them {a} or {b}. Received: {labels}, {answers}")
    return float(np.mean(answers[pair] == a + b - labels[pair]))
