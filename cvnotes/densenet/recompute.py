"""Keep the new maps, compute the rest a second time: dense layers whose concatenations are not stored.

Chapter: densenet.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from cvnotes.architectures.blocks import EPSILON, MOMENTUM
from cvnotes.checks import choice, whole

Tensor = Any

#: Ways to train a block.
MODES = ("naive", "recomputed")

__all__ = ["MODES", "DenseUnit", "block_net", "counted", "grown"]


def grown(scale: Tensor, shift: Tensor, kernel: Tensor, *maps: Tensor) -> tuple[Tensor, ...]:
    """Concatenate, normalize over the batch, cut, convolve: a function of nothing but its arguments.

    maps: each (n, h, w, some). Gives the means and variances for the running averages, then all maps, the new ones
    last. What lies in between can be computed again from the arguments. The old maps are handed through, so that the
    gradients of each are added up layer by layer and not kept until the last of its readers had its turn.
    Chapter: densenet.
    """
    x = ops.concatenate(maps, axis=-1)
    mean, variance = ops.moments(x, (0, 1, 2))
    x = ops.relu(ops.batch_normalization(x, mean, variance, -1, shift, scale, EPSILON))
    return mean, variance, *maps, ops.conv(x, kernel, padding="same")


@keras.saving.register_keras_serializable(package="cvnotes")
class DenseUnit(layers.Layer):
    """A dense layer that reads a list of maps and gives the list with `growth` new ones at its end.

    recompute: keep nothing of the way from the maps to the new ones, and go it again on the way back. The running
    averages are moved outside of that way: inside, they would move twice.
    Raises ValueError for a growth below 1 and a `recompute` that is no truth value.
    Source: Pleiss and others (2017), section 3. Chapter: densenet.
    """

    def __init__(self, growth: int, recompute: bool = False, **options):
        super().__init__(**options)
        self.growth, self.recompute = whole("growth", growth, 1), _flag(recompute)

    def build(self, shapes):
        """Make scale, shift and kernel, and the running averages."""
        channels = (sum(shape[-1] for shape in shapes),)
        self.scale = self.add_weight(shape=channels, initializer="ones", name="scale")
        self.shift = self.add_weight(shape=channels, initializer="zeros", name="shift")
        shape = (3, 3, *channels, self.growth)
        self.kernel = self.add_weight(shape=shape, initializer="he_normal", name="kernel")
        self.mean = self.add_weight(shape=channels, initializer="zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape=channels, initializer="ones", trainable=False, name="variance")

    def call(self, maps, training=False):
        """Give all maps; the new ones in prediction by the running averages."""
        # products are tensors; handed a variable, TensorFlow's eager remat would count its gradient twice
        weights = [ops.multiply(w, 1) for w in (self.scale, self.shift, self.kernel)]
        if not training:
            return [*maps, self._predicted(*weights, maps)]
        mean, variance, *found = (keras.remat(grown) if self.recompute else grown)(*weights, *maps)
        for average, now in ((self.mean, mean), (self.variance, variance)):
            average.assign(MOMENTUM * average + (1 - MOMENTUM) * ops.stop_gradient(now))
        return found

    def _predicted(self, scale, shift, kernel, maps):
        x = ops.concatenate(maps, axis=-1)
        x = ops.batch_normalization(x, self.mean, self.variance, -1, shift, scale, EPSILON)
        return ops.conv(ops.relu(x), kernel, padding="same")

    def compute_output_shape(self, shapes):
        """Give the shapes of all maps, the new ones last."""
        return [*shapes, (*shapes[0][:-1], self.growth)]

    def get_config(self):
        """Give what the layer was made with, so that a saved model can be loaded."""
        return super().get_config() | {"growth": self.growth, "recompute": self.recompute}


def block_net(depth: int, mode: str = "naive", *, growth: int = 12, start: int = 24, side: int = 32) -> keras.Model:
    """One dense block of `depth` layers on maps (side, side, start), then means of all maps and five outputs.

    mode: one of MODES. Raises ValueError for another one and for sizes below 1. Chapter: densenet.
    """
    recompute = choice("mode", mode, MODES) == "recomputed"
    inputs = keras.Input((whole("side", side, 1),) * 2 + (whole("start", start, 1),))
    maps = [inputs]
    for i in range(whole("depth", depth, 1)):
        maps = DenseUnit(growth, recompute, name=f"unit{i + 1}")(maps)
    x = layers.GlobalAveragePooling2D()(layers.Concatenate()(maps))
    return keras.Model(inputs, layers.Dense(5)(x))


def counted(depth: int, growth: int = 12, start: int = 24, *, recompute: bool) -> int:
    r"""Maps that a training step has to hold for a block of `depth` layers, input and last concatenation left out.

    .. math:: 2 \sum_{l=1}^{L} (k_0 + k(l-1)) + k L, \qquad k L + 2 (k_0 + k (L-1))

    Naively each layer's concatenation is kept for the normalization and the cut one for the convolution, beside the
    new maps; recomputing, these two exist for one layer at a time. Raises ValueError for sizes below 1 and for
    a `recompute` that is no truth value. Chapter: densenet.
    """
    whole("growth", growth, 1), whole("start", start, 1)
    read = [start + growth * i for i in range(whole("depth", depth, 1))]
    return growth * depth + 2 * (max(read) if _flag(recompute) else sum(read))


def _flag(recompute: bool) -> bool:
    """A mode's name in place of a truth value would always count as true."""
    return bool(choice("recompute", recompute, (False, True)))
