"""The layers of a CapsNet: capsules read from maps, capsules that are voted for, their lengths, and the chosen one."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes.checks import choice, pair, whole

from .agreement import route, votes
from .losses import one_hot
from .squashing import lengths, squash


@keras.saving.register_keras_serializable(package="cvnotes")
class PrimaryCapsules(keras.layers.Layer):
    r"""The first capsules: a convolution whose channels are taken in groups, each group squashed.

    x: (n, h, w, c) to (n, h' w' channels, dimension). The capsules of one place follow each other; places go row by
    row. channels: capsules at each place. dimension: numbers of each. kernel_size, strides, padding: of the
    convolution, which has biases and no other activation. Raises ValueError for counts below 1 and other inputs.
    Source: Sabour et al. (2017), section 4. Chapter: capsules.
    """

    def __init__(self, channels: int, dimension: int, kernel_size=9, strides=2, padding: str = "valid", **kwargs):
        super().__init__(**kwargs)
        self.channels, self.dimension = whole("channels", channels, 1), whole("dimension", dimension, 1)
        self.kernel_size, self.strides = pair("kernel_size", kernel_size), pair("strides", strides)
        self.padding = padding
        self.maps = keras.layers.Conv2D(
            self.channels * self.dimension,
            self.kernel_size,
            self.strides,
            padding,
            data_format="channels_last",
            dtype=self.dtype_policy,
            name="maps",
        )

    def build(self, input_shape):
        """Make the filters."""
        if len(input_shape) != 4:
            raise ValueError(f"Capsules are read from maps (n, h, w, c). Received: shape {tuple(input_shape)}")
        self.maps.build(input_shape)

    def call(self, x):
        """Convolve, group, squash."""
        return squash(ops.reshape(self.maps(x), (-1, *self.compute_output_shape(x.shape)[1:])))

    def compute_output_shape(self, input_shape):
        """Give (n, capsules, dimension)."""
        n, height, width, _ = self.maps.compute_output_shape(input_shape)
        places = None if height is None or width is None else height * width * self.channels
        return (n, places, self.dimension)

    def get_config(self):
        """Give all sizes, so that a saved model can be loaded."""
        kept = ("channels", "dimension", "kernel_size", "strides", "padding")
        return super().get_config() | {name: getattr(self, name) for name in kept}


@keras.saving.register_keras_serializable(package="cvnotes")
class Capsules(keras.layers.Layer):
    r"""A layer of capsules that those below vote for.

    u: (n, i, k) to (n, count, dimension). Its weights are the matrices :math:`W_{ij}`, (i, count, dimension, k), and
    nothing else: couplings are worked out anew for each picture. rounds, through: as for `route`.
    Raises ValueError for counts below 1, another switch, and inputs that are not a known number of vectors.
    Source: Sabour et al. (2017), section 2. Chapter: capsules.
    """

    def __init__(self, count: int, dimension: int, rounds: int = 3, through: bool = False, initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.count, self.dimension = whole("count", count, 1), whole("dimension", dimension, 1)
        self.rounds, self.through = whole("rounds", rounds, 1), bool(choice("through", through, (False, True)))
        usual = keras.initializers.TruncatedNormal(stddev=0.1)
        self.initializer = usual if initializer is None else keras.initializers.get(initializer)

    def build(self, input_shape):
        """Make one matrix for each pair of a part and a whole."""
        if len(input_shape) != 3 or None in input_shape[1:]:
            raise ValueError(f"Parts must be (n, i, k), i and k known. Received: shape {tuple(input_shape)}")
        shape = (input_shape[1], self.count, self.dimension, input_shape[2])
        self.kernel = self.add_weight(shape=shape, initializer=self.initializer, name="kernel")

    def votes(self, parts):
        """Give what each part says of each whole, (n, count, i, dimension)."""
        return votes(parts, self.kernel)

    def call(self, parts):
        """Vote and route: the wholes."""
        return self.settle(parts)[0]

    def settle(self, parts, rounds: int | None = None):
        """Give the wholes and the couplings (n, count, i), after other rounds than the layer's own if told."""
        return route(self.votes(parts), self.rounds if rounds is None else rounds, self.through)

    def compute_output_shape(self, input_shape):
        """Give (n, count, dimension)."""
        return (input_shape[0], self.count, self.dimension)

    def get_config(self):
        """Give sizes, rounds and initializer, so that a saved model can be loaded."""
        kept = {name: getattr(self, name) for name in ("count", "dimension", "rounds", "through")}
        return super().get_config() | kept | {"initializer": keras.initializers.serialize(self.initializer)}


@keras.saving.register_keras_serializable(package="cvnotes")
class Lengths(keras.layers.Layer):
    """The length of each capsule: (n, j, d) to (n, j). Chapter: capsules."""

    def call(self, capsules):
        """Measure the vectors."""
        return lengths(capsules)

    def compute_output_shape(self, input_shape):
        """Drop the last axis."""
        return tuple(input_shape[:-1])


@keras.saving.register_keras_serializable(package="cvnotes")
class Chosen(keras.layers.Layer):
    """All capsules but one set to zero, in one row: what a decoder draws from.

    capsules: (n, j, d) to (n, j * d). labels: which capsule stays, (n,) or rows of zeros and ones (n, j); without them
    the longest stays. Raises ValueError for labels of another shape.
    Source: Sabour et al. (2017), section 4.1. Chapter: capsules.
    """

    def call(self, capsules, labels=None):
        """Multiply by a row of zeros and a one."""
        long = lengths(capsules)
        rows = one_hot(ops.argmax(long, axis=-1) if labels is None else labels, long)
        kept = capsules * rows[..., None]
        return ops.reshape(kept, (-1, capsules.shape[1] * capsules.shape[2]))

    def compute_output_shape(self, capsules_shape, labels_shape=None):
        """Join the last two axes."""
        return (capsules_shape[0], int(np.prod(capsules_shape[1:])))
