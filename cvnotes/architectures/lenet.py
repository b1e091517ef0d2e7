"""LeNet-5, with the parts that its paper has and most later copies leave out."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes.checks import choice, whole

from .blocks import picture
from .lenet_layers import RadialBasis, TableConv2D, TrainableSubsampling2D, squash

#: Which of the six maps of S2 each of the sixteen filters of C3 reads (table I of the paper).
TABLE = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
#: The ten digits on 7 x 12 pixels, drawn anew for this book: the paper's own drawings differ in detail.
GLYPHS = """
..###.. ...##.. ..####. .#####. ....##. ####### ...###. ####### ..###.. ..###..
.#####. ..###.. .###### ######. ...###. ####### ..####. ####### .#####. .#####.
##...## .####.. ##...## .....## ..####. ##..... .##.... .....## ##...## ##...##
##...## .#.##.. .....## .....## ..#.##. ##..... ##..... ....##. ##...## ##...##
##...## ...##.. .....## .....## .##.##. ##..... ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. .#..##. ######. #####.. ...##.. .#####. ##...##
##...## ...##.. ...##.. ..####. ##..##. .###### ######. ...##.. .#####. .######
##...## ...##.. ..##... .....## ####### .....## ##...## ..##... ##...## ..#####
##...## ...##.. .##.... .....## ####### .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## ....##. .....## ##...## .##.... ##...## ....##.
.#####. .#####. ####### ######. ....##. ######. .#####. .##.... .#####. .####..
..###.. .#####. ####### .#####. ....##. .####.. ..###.. ##..... ..###.. .###...
"""
CONNECTIONS, SUBSAMPLINGS, OUTPUTS = ("table", "full"), ("trainable", "average", "max"), ("radial", "dense")


def lenet_5(
    input_shape: tuple[int, int, int] = (32, 32, 1),
    classes: int = 10,
    *,
    connections: str = "table",
    subsampling: str = "trainable",
    output: str = "radial",
) -> keras.Model:
    """LeNet-5 as published: 60,000 numbers to train, and 840 fixed ones in the codes of the ten digits.

    By default C3 reads S2 through the paper's table, subsampling has a factor and a bias for each map, every layer up
    to F6 is squashed, and the output scores the distance to a fixed code of each class (here negated).
    connections="full", subsampling="average" or "max", output="dense" (logits) give the usual later copies: all three
    together have 61,706 parameters. For other than ten classes the codes are drawn at random, as the paper allows.
    input_shape: sides of at least 32; classes: at least 2. Start weights follow Keras's defaults, not the paper's.
    Raises ValueError for smaller pictures and for a word that is not among those above.
    Source: LeCun, Bottou, Bengio and Haffner (1998), section II.B. Chapters: introduction, architectures.
    """
    for name, value, known in (
        ("connections", connections, CONNECTIONS),
        ("subsampling", subsampling, SUBSAMPLINGS),
        ("output", output, OUTPUTS),
    ):
        choice(name, value, known)
    c3 = TableConv2D(TABLE, 5, name="c3") if connections == "table" else layers.Conv2D(16, 5, name="c3")
    stages = [
        *(layers.Conv2D(6, 5, name="c1"), *_shrink("s2", subsampling), c3, *_shrink("s4", subsampling)),
        *(layers.Conv2D(120, 5, name="c5"), layers.Flatten(name="flat"), layers.Dense(84, name="f6")),
    ]
    x = inputs = keras.Input(picture("LeNet-5", input_shape, 32), name="image")
    for layer in stages:
        x = layer(x)
        if layer.name in ("c1", "c3", "c5", "f6"):
            x = layers.Activation(squash, name=f"{layer.name}_squash")(x)
    classes = whole("classes", classes, 2)
    last = layers.Dense(classes, name="output") if output == "dense" else RadialBasis(codes(classes), name="output")
    return keras.Model(inputs, last(x), name="lenet-5")


def _shrink(name: str, kind: str) -> list[layers.Layer]:
    if kind == "trainable":
        return [TrainableSubsampling2D(name=name), layers.Activation(squash, name=f"{name}_squash")]
    return [{"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}[kind](2, name=name)]


def codes(classes: int = 10) -> np.ndarray:
    """Give each class its 84 numbers of -1 and 1: the pixels of a drawn digit, or random ones if they are not ten.

    Returns (classes, 84). Source: LeCun and others (1998), figure 3 and its text. Chapter: architectures.
    """
    if classes != 10:
        return np.random.default_rng(1998).choice([-1.0, 1.0], (classes, 84))
    rows = [line.split() for line in GLYPHS.split("\n") if line]
    return np.array([[1.0 if p == "#" else -1.0 for row in rows for p in row[digit]] for digit in range(10)])
