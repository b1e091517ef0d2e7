"""Do more filters overfit? Nets of rising width on 500 digits, with clean labels and with one label in five wrong."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import data, experiments, models

WIDTHS = (8, 16, 32, 64, 128)
CASES = {"clean": 0.0, "noisy": 0.2}


def five_hundred(seed: int, wrong: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw 500 training digits, 8 x 8, and give a share of them another label than their own."""
    digits, dice = data.digits(), np.random.default_rng(seed)
    chosen = dice.permutation(len(digits.train_images))[:500]
    labels = digits.train_labels[chosen].copy()
    changed = dice.permutation(500)[: round(500 * wrong)]
    labels[changed] = (labels[changed] + dice.integers(1, 10, len(changed))) % 10
    return digits.train_images[chosen], labels


def trained(width: int, seed: int, wrong: float, epochs: int = 30) -> dict[str, float]:
    """Train a small ConvNet of `width` and twice as many filters; accuracy on its own labels and on the test digits."""
    digits = data.digits()
    images, labels = five_hundred(seed, wrong)
    keras.utils.set_random_seed(seed)
    model = models.build("small-convnet", input_shape=(8, 8, 1), width=width)
    experiments.fit(model, images, labels, epochs=epochs, batch=32, rate=2e-3, seed=seed)
    return {
        "train": experiments.accuracy(model, images, labels),
        "test": experiments.accuracy(model, digits.test_images, digits.test_labels),
    }


@experiments.experiment(version=1, seeds=5)
def widths(seed: int, scale: str = "quick") -> dict[str, list[float]]:
    """Train every width on clean and on noisy labels: accuracies by width. Chapter: convolution_cost."""
    out = {}
    for case, wrong in CASES.items():
        runs = [trained(width, seed, wrong, 30 if scale == "quick" else 100) for width in WIDTHS]
        out |= {f"{case}_{part}": [run[part] for run in runs] for part in ("train", "test")}
    return out
