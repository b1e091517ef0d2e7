"""What training changes: the activations, or the anchors themselves?"""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import data, experiments

from .anchoring import anchors
from .overlap import paired_iou
from .placed import answers_for, box_loss, net

LAID = anchors(8, 8, (12, 18, 26))
COUNT, EPOCHS, RATE = 400, {"quick": 4, "full": 40}, 2e-3
#: How far a live run may be from the stored one.
TOLERANCE = {"untouched": 0.005, "offsets": 0.05, "moving": 0.03, "moved": 1.5}


def lesson(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scenes with one object, and what each anchor is to answer."""
    scenes = data.scenes(count, seed=seed, objects=1)
    return scenes.images, answers_for(LAID, list(scenes.boxes))


def fitted(said: np.ndarray, wanted: np.ndarray) -> float:
    """Mean IoU of matched anchors' boxes with their true ones."""
    shared = keras.ops.convert_to_numpy(paired_iou(said, wanted[..., :4]))
    return float(shared[wanted[..., 4] > 0].mean())


@experiments.experiment(version=1, seeds=5)
def fixed_anchors(seed: int, scale: str) -> dict[str, float]:
    """Mean IoU of matched anchors on held-out scenes: untouched, with learned offsets, and with learned anchors alone.

    moved: how far the corners of the learned anchors went on average, in pixels.
    """
    x, y = lesson(COUNT, 64_000 + seed)
    tests, truth = lesson(200, 65_000 + seed)
    found = {"untouched": fitted(np.broadcast_to(LAID, (len(truth), *LAID.shape)), truth)}
    for name, moving in (("offsets", False), ("moving", True)):
        keras.utils.set_random_seed(seed)
        model = net(LAID, moving)
        rate = 0.5 if moving else RATE  # pixels want larger steps than weights
        experiments.fit(model, x, y, epochs=EPOCHS[scale], batch=20, rate=rate, seed=seed, loss=box_loss)
        said = keras.ops.convert_to_numpy(model(tests, training=False))
        found[name] = fitted(said, truth)
        after = keras.ops.convert_to_numpy(model.get_layer("placed").anchors)
        found["moved" if moving else "kept"] = float(np.abs(after - LAID).mean())
    return found
