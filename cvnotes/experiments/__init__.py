"""Experiments: one way to train, and numbers that are stored with their spread and checked live.

>>> from cvnotes.experiments import accuracy, experiment, fit
>>> @experiment(version=1, seeds=5)
... def width(seed: int, scale: str) -> dict:
...     model = models.build("small-convnet", width=4)
...     fit(model, images, labels, epochs=5, rate=2e-3, seed=seed)
...     return {"accuracy": accuracy(model, test_images, test_labels)}

``make results`` (``python -m cvnotes.experiments [chapter ...]``) runs every seed once and stores its numbers in
``cvnotes/results/<chapter>.json``; a page draws them with ``load`` and proves them with ``verify``.
"""

from cvnotes.experiments.runner import discover, stale
from cvnotes.experiments.seeded import Experiment, experiment, scale
from cvnotes.experiments.statistics import Band, bands, smallest_effect, spread
from cvnotes.experiments.store import load, record, verify
from cvnotes.experiments.timing import race
from cvnotes.experiments.training import History, accuracy, fit

__all__ = [
    "Band",
    "Experiment",
    "History",
    "accuracy",
    "bands",
    "discover",
    "experiment",
    "fit",
    "load",
    "race",
    "record",
    "scale",
    "smallest_effect",
    "spread",
    "stale",
    "verify",
]
