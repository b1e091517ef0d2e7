"""CapsNet for any size: an encoder that gives one capsule a class, a decoder that redraws, and both trained at once."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import number, whole

from .layers import Capsules, Chosen, PrimaryCapsules
from .losses import margin_loss, reconstruction_loss
from .squashing import lengths

SHARE = 0.0005  # of the reconstruction loss, Sabour et al. (2017), section 4.1


@keras.saving.register_keras_serializable(package="cvnotes")
class CapsNet(keras.Model):
    r"""An encoder to capsules (n, classes, d), and perhaps a decoder; trained by margin and reconstruction loss.

    .. math:: L = \frac1n \sum L_\text{margin} + \text{share} \cdot \frac1n \sum \lVert x - \hat x \rVert^2

    The decoder sees the capsule of the true class alone, through `Chosen`. Train it with
    `experiments.fit(net, x, labels, loss=net.compute_loss, ...)`, labels (n,) or (n, classes).
    Source: Sabour et al. (2017), section 4. Chapters: capsules, capsnet.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model | None = None, share: float = SHARE, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.share = encoder, decoder, number("share", share, 0)
        self.chosen = Chosen(name="chosen")
        self.built = True  # both parts are

    def call(self, pictures, training=None):
        """Give the class capsules of pictures (n, h, w, c)."""
        return self.encoder(pictures, training=training)

    def redraw(self, capsules, labels=None):
        """Draw the pictures of capsules (n, classes, d), of the longest one or of the labelled ones."""
        if self.decoder is None:
            raise ValueError("This CapsNet has no decoder: build it with decoder=(512, 1024), say. Received: none")
        return self.decoder(self.chosen(capsules, labels))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up both losses."""
        loss = ops.mean(margin_loss(y, lengths(y_pred)))
        if self.decoder is not None:
            loss = loss + self.share * ops.mean(reconstruction_loss(ops.cast(x, loss.dtype), self.redraw(y_pred, y)))
        return loss

    def get_config(self):
        """Give both parts, so that a saved model can be loaded."""
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        kept = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return super().get_config() | kept | {"share": self.share}

    @classmethod
    def from_config(cls, config):
        """Build both parts again."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("encoder", "decoder")}
        return cls(**config | parts)


def capsnet(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    *,
    filters: int = 256,
    kernel: int = 9,
    stride: int = 1,
    padding: str = "valid",
    channels: int = 32,
    dimension: int = 8,
    primary_kernel: int = 9,
    primary_stride: int = 2,
    class_dimension: int = 16,
    rounds: int = 3,
    through: bool = False,
    decoder: Sequence[int] | None = (512, 1024),
    share: float = SHARE,
    initializer=None,
) -> CapsNet:
    """CapsNet: one convolution with ReLU, primary capsules, class capsules; and a dense decoder of one capsule.

    As published: 28 x 28 pixels, 256 filters of 9 x 9, 32 channels of 8-number capsules at 6 x 6 places, 16 numbers a
    class, 3 rounds: 6,804,224 weights, and with the decoder (hidden layers of 512 and 1024) 8,215,568.
    filters, kernel, stride, padding: of the first convolution; channels, dimension, primary_kernel, primary_stride: of
    the primary capsules; decoder: its hidden layers, None for none; the rest as in `Capsules` and `CapsNet`.
    Raises ValueError for sizes below 1, and where a window does not fit. Source: Sabour et al. (2017), figures 1 and 2.
    Chapters: capsules, capsnet.
    """
    if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 3:
        raise ValueError(f"input_shape is (height, width, channels), as (28, 28, 1). Received: {input_shape!r}")
    whole("classes", classes, 1)
    inputs = keras.Input(input_shape, name="picture")
    maps = layers.Conv2D(whole("filters", filters, 1), kernel, stride, padding, activation="relu", name="conv")(inputs)
    parts = PrimaryCapsules(channels, dimension, primary_kernel, primary_stride, name="primary")(maps)
    wholes = Capsules(classes, class_dimension, rounds, through, initializer, name="classes")(parts)
    encoder = keras.Model(inputs, wholes, name="encoder")
    painter = None if decoder is None else redrawer(classes * class_dimension, decoder, tuple(input_shape))
    return CapsNet(encoder, painter, share, name="capsnet")


def redrawer(numbers: int, hidden: Sequence[int], shape: tuple[int, int, int]) -> keras.Model:
    """Build dense layers from a row of numbers to a picture from 0 to 1: (n, numbers) to (n, *shape).

    Raises ValueError for widths below 1. Source: Sabour et al. (2017), figure 2. Chapter: capsules.
    """
    if not isinstance(hidden, (tuple, list)):
        raise ValueError(f"decoder must be a list of widths, or None. Received: decoder={hidden!r}")
    x = row = keras.Input((numbers,), name="row")
    for i, width in enumerate(hidden, 1):
        x = layers.Dense(whole("decoder", width, 1), activation="relu", name=f"dense{i}")(x)
    x = layers.Dense(int(np.prod(shape)), activation="sigmoid", name="pixels")(x)
    return keras.Model(row, layers.Reshape(shape, name="picture")(x), name="decoder")


def said(net: CapsNet, pictures: np.ndarray, batch: int = 256) -> np.ndarray:
    """Give the lengths of all class capsules, (n, classes), `batch` pictures at a time; of none, (0, classes).

    Raises ValueError for a batch below 1. Chapter: capsules.
    """
    rows = [pictures[i : i + batch] for i in range(0, len(pictures), whole("batch", batch, 1))]
    parts = [ops.convert_to_numpy(lengths(net(some, training=False))) for some in rows]
    return np.concatenate([np.zeros((0, net.encoder.output_shape[1]), "float32"), *parts])


def heard(net: CapsNet, pictures: np.ndarray) -> np.ndarray:
    """Give the votes (n, classes, parts, numbers) of all parts of some pictures. Chapter: capsules."""
    return ops.convert_to_numpy(net.encoder.get_layer("classes").votes(_below(net, pictures)))


def _below(net: CapsNet, pictures: np.ndarray) -> keras.KerasTensor:
    """The primary capsules (n, parts, numbers) of some pictures."""
    parts = net.encoder.get_layer("primary").output
    if not len(pictures):  # TensorFlow cannot convolve no picture
        return ops.zeros((0, *parts.shape[1:]))
    return keras.Model(net.encoder.input, parts)(pictures, training=False)


def settled(net: CapsNet, pictures: np.ndarray, rounds: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Give the lengths (n, classes) and the couplings (n, classes, parts), after other rounds than the net's if told.

    Raises ValueError for rounds below 1. Chapter: capsules.
    """
    wholes, couplings = net.encoder.get_layer("classes").settle(_below(net, pictures), rounds)
    return ops.convert_to_numpy(lengths(wholes)), ops.convert_to_numpy(couplings)
