"""A second look: a coarse answer and the fine map that it came from go through a few convolutions, and are corrected.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

from keras import layers

from cvnotes.checks import whole

from .dilated import conv


def enlarged(x, factor: int, name: str):
    """Enlarge a map by a whole factor, by linear interpolation that nothing trains; 1 changes nothing.

    Chapter: segmentation_strategies.
    """
    if whole("factor", factor, 1) == 1:
        return x
    return layers.UpSampling2D(factor, interpolation="bilinear", name=name)(x)


def second_look(coarse, fine, filters: int):
    """Correct a coarse answer: logits (n, h, w, classes), enlarged to the side of a fine map, and what it changes.

    coarse: logits, already of the size of fine; fine: (n, h, w, c), a map that still knows where things end.
    The correction starts at zero, so that training begins with the coarse answer.
    Source: after Lin et al. (2017) and Pinheiro et al. (2016), whose modules go step by step.
    Chapter: segmentation_strategies.
    """
    shares = layers.Softmax(name="first_answer")(coarse)
    x = layers.Concatenate(name="answer_and_picture")([shares, fine])
    for i in (1, 2):
        x = conv(x, filters, f"look_{i}")
    change = layers.Conv2D(coarse.shape[-1], 1, kernel_initializer="zeros", name="correction")(x)
    return layers.Add(name="corrected")([coarse, change])
