"""Small nets for the game, and what keeps a discriminator in check: spectral weights, packs, flat surroundings.

Chapter: gans.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import choice, number, whole

Tensor = Any
PRIORS = ("normal", "uniform")


def prior(kind: str, width: int):
    """Give the function (count, generator) -> codes (count, width): standard normal, or uniform from -1 to 1.

    Raises ValueError for another kind or a width below 1. Chapter: gans.
    """
    choice("kind", kind, PRIORS)
    whole("width", width, 1)

    def draw(count: int, rng: np.random.Generator) -> np.ndarray:
        shape = (count, width)
        codes = rng.normal(size=shape) if kind == "normal" else rng.uniform(-1, 1, shape)
        return codes.astype("float32")

    return draw


def dense_net(inputs: int, outputs: int, width: int = 64, depth: int = 2, *, spectral: bool = False,
              pack: int = 1) -> keras.Sequential:  # fmt: skip
    """Build `depth` hidden layers of ReLUs over vectors: (n, inputs) to (n / pack, outputs).

    width: of each hidden layer. spectral: divide every kernel as in `Spectral`. pack: so many examples are seen as one.
    Raises ValueError for sizes below 1. Chapter: gans.
    """
    choice("spectral", spectral, (False, True))
    whole("inputs", inputs, 1), whole("outputs", outputs, 1), whole("width", width, 1), whole("depth", depth, 0)
    wrap = Spectral if spectral else lambda layer: layer
    hidden = [wrap(layers.Dense(width, "relu")) for _ in range(depth)]
    front = [Pack(pack)] if whole("pack", pack, 1) > 1 else []
    return keras.Sequential([keras.Input((inputs,)), *front, *hidden, wrap(layers.Dense(outputs))])


@keras.saving.register_keras_serializable(package="cvnotes")
class Pack(layers.Layer):
    """Lay so many examples side by side: (n, d) to (n / count, count d), so that variety can be seen.

    Raises ValueError when the examples do not come out even, and for other shapes. Lin et al. (2018). Chapter: gans.
    """

    def __init__(self, count: int = 2, **options):
        super().__init__(**options)
        self.count = whole("count", count, 1)

    def call(self, x):
        """Give the packed examples."""
        if len(x.shape) != 2:
            raise ValueError(f"Pack lays rows (n, d) side by side; flatten first. Received: shape {tuple(x.shape)}")
        if x.shape[0] is not None and x.shape[0] % self.count:
            raise ValueError(f"Examples must come in packs of {self.count}. Received: {x.shape[0]} examples")
        return ops.reshape(x, (-1, self.count * x.shape[-1]))

    def compute_output_shape(self, shape):
        """Give the shape of the packs."""
        return (shape[0] and shape[0] // self.count, self.count * shape[-1])

    def get_config(self):
        """Give what `__init__` was called with."""
        return super().get_config() | {"count": self.count}


@keras.saving.register_keras_serializable(package="cvnotes")
class Spectral(layers.Wrapper):
    r"""A layer whose kernel is divided by its largest singular value, so that no direction is stretched.

    .. math:: \bar W = \frac{W}{\sigma(W)} \qquad \sigma \approx v W u^\top, \quad
              v = \frac{u W^\top}{|u W^\top|}, \quad u \leftarrow \frac{v W}{|v W|}

    One such power iteration at each call in training; the kernel (..., channels) is seen as a matrix of `channels`
    columns. A kernel of zeros stays. Raises ValueError for a layer without a kernel.
    Miyato et al. (2018), algorithm 1. Chapter: gans.
    """

    def build(self, shape):
        """Build the layer, and draw the first direction."""
        super().build(shape)
        if not hasattr(self.layer, "kernel"):
            raise ValueError(f"Spectral divides the kernel of a layer. Received: {self.layer!r:.60}, which has none")
        self.direction = self.add_weight(shape=(1, self.layer.kernel.shape[-1]), trainable=False, name="direction",
                                         initializer=keras.initializers.RandomNormal(seed=0))  # fmt: skip

    def call(self, x, training=False):
        """Answer with the divided kernel; in training, the direction is brought up to date."""
        kernel = ops.convert_to_tensor(self.layer.kernel)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        seen = ops.stop_gradient(matrix)
        left = _unit(ops.matmul(self.direction, ops.transpose(seen)))
        right = _unit(ops.matmul(left, seen))
        if training:
            self.direction.assign(right)
        largest = ops.maximum(ops.sum(ops.multiply(ops.matmul(left, matrix), right)), 1e-12)
        values = [kernel / largest if v is self.layer.kernel else v.value for v in self.layer.trainable_variables]
        return self.layer.stateless_call(values, [], x)[0]


def _unit(row: Tensor) -> Tensor:
    return row / (ops.norm(row) + 1e-12)


def flatness(weight: float = 1.0, step: float = 0.01):
    r"""A price on the discriminator's slope where real samples lie, measured with a ruler.

    .. math:: \frac{\gamma}{2}\, E_{x \sim p} \sum_i \Bigl(\frac{l(x + h e_i) - l(x - h e_i)}{2h}\Bigr)^2
              \approx \frac{\gamma}{2}\, E\, |\nabla l(x)|^2

    Differences in the place of a derivative need no second order, so this trains on every backend; the price is two
    passes for each coordinate, fit for a plane and not for a picture. weight: gamma. step: h.
    Gives penalty(net, x) for x (n, d). Raises ValueError for numbers out of range, and the penalty for other shapes.
    The penalty R1 of Mescheder et al. (2018), equation 9. Chapter: gans.
    """
    weight, step = number("weight", weight, 0), number("step", step, above=0)

    def penalty(net: keras.Model, x: Tensor) -> Tensor:
        if len(x.shape) != 2:
            raise ValueError(f"The slope is measured along the numbers of rows (n, d). Received: {tuple(x.shape)}")
        total = 0.0
        for axis in np.eye(x.shape[-1], dtype="float32") * step:
            rise = net(ops.add(x, axis), training=True) - net(ops.subtract(x, axis), training=True)
            total = total + ops.mean(ops.square(rise / (2 * step)))
        return weight / 2 * total

    return penalty
