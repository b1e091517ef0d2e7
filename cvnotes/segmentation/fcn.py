"""A small FCN on the trunk of the detectors: scores on coarse maps, enlarged to the size of the picture, and added."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole
from cvnotes.single_shot import trunk
from cvnotes.single_shot.trunks import conv

from .task import NAMES
from .upsampling import Cut, upsampled

STRIDES = (8, 4, 2)  # of the maps that are scored, coarse to fine: those of the paper, divided by four
CONTEXT = 96  # filters of the last convolution at the coarsest map
PAPER = ("32s", "16s", "8s")  # what the paper calls a net with none, one and two skips


def context(x, width: float = 1.0):
    """One more convolution on the coarsest map, in the place of VGG's fc6: each cell sees 55 pixels then."""
    return conv(x, max(8, round(CONTEXT * width)), "context")


def small_fcn(skips: int = 2, width: float = 1.0, classes: int = len(NAMES)) -> keras.Model:
    """Build a small FCN: the scores of the coarsest map, and those of `skips` finer ones added on the way up.

    skips: 0 (as FCN-32s), 1 (16s) or 2 (8s); width: factor on all filters.
    Takes pictures (n, h, w, 3) of any size, 0 to 255; gives logits (n, h, w, classes).
    Source: Long et al. (2015), section 4.2. Chapter: segmentation.
    """
    used = STRIDES[: 1 + whole("skips", skips, 0, len(STRIDES) - 1)]
    body = trunk(width, used, None)
    deepest = context(body.output[f"stride_{used[0]}"], width)
    said = layers.Conv2D(whole("classes", classes, 2), 1, name=f"score_{used[0]}")(deepest)
    for stride in used[1:]:
        finer = body.output[f"stride_{stride}"]
        skip = layers.Conv2D(classes, 1, kernel_initializer="zeros", name=f"score_{stride}")(finer)
        said = Cut(name=f"cut_{stride}")([upsampled(said, 2, f"up_{stride}"), skip])
        said = layers.Add(name=f"sum_{stride}")([said, skip])
    said = upsampled(said, used[-1], "up_1", fixed=True)
    said = Cut(name="cut_1")([said, body.input])
    return keras.Model(body.input, said, name=f"fcn-{PAPER[skips]}-small")
