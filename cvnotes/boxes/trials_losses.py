"""The stored experiments on box losses: which learns the best boxes, and which bears wrong labels."""

from __future__ import annotations

import itertools

import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice, number

from .losses import box_loss, two_head_loss
from .trials import CLASSES, COUNT, EPOCHS, SIDE, fresh, judged, lone, seen, teach

LOSSES, LABELS = ("squared", "absolute", "smooth_l1", "iou"), ("right", "swapped", "pixels")
BETA, SHARE = 0.1, 0.05  # where the smooth loss turns, in shares of the side; share of wrong labels
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
HEAD_BATCH = 64
CHOSEN = {"squared": 3e-3, "absolute": 3e-3, "smooth_l1": 3e-3, "iou": 3e-3}  # by `rates`, with right labels


def spoiled(targets: np.ndarray, kind: str, seed: int, share: float = SHARE) -> np.ndarray:
    """Give targets (n, 5) with a share of gross errors in the boxes, the labels being right.

    kind: "right" changes nothing, "swapped" gives a picture the box of another one, "pixels" forgets to divide by the
    side. Raises ValueError for another kind, or a share outside 0 to 1. Chapter: localization.
    """
    choice("kind", kind, LABELS)
    share, spoilt = number("share", share, 0, 1), targets.copy()
    order = np.random.default_rng(seed).permutation(len(targets))[: round(share * len(targets))]
    if kind == "swapped":
        spoilt[order, 1:] = targets[np.roll(order, 1), 1:]
    if kind == "pixels":
        spoilt[order, 1:] *= SIDE
    return spoilt


class Bench:
    """A trunk that was trained on other pictures, and what it says of the pictures for a new box head."""

    def __init__(self, seed: int, scale: str):
        self.model, self.seed, self.epochs = fresh(seed), seed, EPOCHS[scale]
        teach(self.model, *lone(COUNT[scale], 10 * seed + 3), seed=seed, scale=scale)
        self.sets = {}
        for place, (part, count) in enumerate({"train": COUNT[scale], "test": 500, "validation": 500}.items(), 4):
            x, y = lone(count, 10 * seed + place)
            self.sets[part] = seen(self.model, x), y

    def score(self, loss: str, labels: str, rate: float, part: str) -> float:
        """Train the box head anew with a loss on labels of a kind; give the mean IoU on "test" or "validation"."""
        head = fresh(self.seed).get_layer("heads")
        maps, y = self.sets["train"]
        measure = two_head_loss(len(CLASSES), box_loss(loss, BETA), 0.0, 1.0)
        wrong = spoiled(y, labels, self.seed)
        settings = {"epochs": self.epochs, "batch": HEAD_BATCH, "rate": rate, "seed": self.seed}
        experiments.fit(head, maps, wrong, loss=measure, **settings)
        return judged(head, *self.sets[part])[1]


@experiments.experiment(version=1, seeds=1)
def rates(seed: int, scale: str) -> dict[str, list[float]]:
    """Give the IoU on validation pictures of each rate, for each loss and kind of labels; pictures of their own."""
    bench = Bench(seed + 50, scale)
    pairs = itertools.product(LOSSES, LABELS)
    return {f"{loss}_{kind}": [bench.score(loss, kind, rate, "validation") for rate in RATES] for loss, kind in pairs}


@experiments.experiment(version=2, seeds=5)
def errors(seed: int, scale: str) -> dict[str, float]:
    """Give the IoU on test pictures for each loss and kind of labels, with the rate that suits right labels best."""
    bench, found = Bench(seed, scale), {}
    for loss, kind in itertools.product(LOSSES, LABELS):
        found[f"{loss}_{kind}"] = bench.score(loss, kind, CHOSEN[loss], "test")
    return found
