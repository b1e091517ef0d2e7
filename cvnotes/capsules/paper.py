"""CapsNet as it was published, as one graph from a picture to ten lengths and a picture: to be counted and asked."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from . import cost  # noqa: F401  what its layers cost
from .layers import Chosen, Lengths
from .nets import capsnet


def capsnet_graph(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    *,
    decoder: Sequence[int] | None = (512, 1024),
    rounds: int = 3,
) -> keras.Model:
    """CapsNet: 256 filters of 9 x 9, 1152 primary capsules, one capsule of 16 numbers a class, and a decoder.

    With its decoder 8,215,568 numbers to train, without (decoder=None) 6,804,224. Gives lengths (n, classes), and the
    picture that is redrawn from the longest capsule. Its layers are those of `capsnet`, which has both losses and is
    the one to train. Raises ValueError where a window does not fit. Source: Sabour et al. (2017), figures 1 and 2.
    Chapter: capsnet.
    """
    net = capsnet(input_shape, classes, decoder=decoder, rounds=rounds)
    wholes = net.encoder.output
    lengths = Lengths(name="lengths")(wholes)
    redrawn = [] if decoder is None else [net.decoder(Chosen(name="chosen")(wholes))]
    return keras.Model(net.encoder.input, [lengths, *redrawn], name="capsnet")
