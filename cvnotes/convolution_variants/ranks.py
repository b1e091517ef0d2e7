"""How much of a learned kernel a depthwise separable convolution can hold, and what a net makes of the rest."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments

from .separable import joined_kernel, kept_by_rank, split_kernel
from .sliding import crop_net, crops, trained

MULTIPLIERS = tuple(range(1, 10))
SECOND = 2  # the layer whose kernel is looked at


def with_kernel(model: keras.Sequential, kernel: np.ndarray) -> keras.Sequential:
    """Copy a net of `crop_net` and give its second convolution another kernel."""
    copy = crop_net()
    copy.set_weights(model.get_weights())
    copy.layers[SECOND].set_weights([kernel, model.layers[SECOND].get_weights()[1]])
    return copy


@experiments.experiment(version=1, seeds=5)
def separability(seed: int, scale: str = "quick") -> dict[str, float | list[float]]:
    """Squeeze a learned kernel into two steps, and train one that is in two steps. Chapter: convolution_variants.

    untrained, learned: share of the squares kept for depth multiplier 1 to 9; squeezed: accuracy with the squeezed
    kernel, not trained again; full: accuracy as trained; separable: accuracy of a net trained with multiplier 1.
    """
    keras.utils.set_random_seed(seed)
    before = crop_net().layers[SECOND].get_weights()[0]
    model, test = trained(seed, scale), crops(900, 2 * seed + 1, test=True)
    after = model.layers[SECOND].get_weights()[0]
    squeezed = [with_kernel(model, joined_kernel(*split_kernel(after, m))) for m in MULTIPLIERS]
    return {
        "untrained": kept_by_rank(before),
        "learned": kept_by_rank(after),
        "squeezed": [experiments.accuracy(net, *test) for net in squeezed],
        "full": experiments.accuracy(model, *test),
        "separable": experiments.accuracy(trained(seed, scale, separable=True), *test),
    }
