"""A small U-Net on the trunk of the detectors: features, not scores, come down the skips, and are concatenated."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, whole
from cvnotes.single_shot import trunk
from cvnotes.single_shot.trunks import conv

from .fcn import STRIDES, context
from .task import NAMES
from .upsampling import Cut, upsampled

MERGES = {"concat": layers.Concatenate, "sum": layers.Add}


def small_unet(merge: str = "concat", width: float = 1.0, classes: int = len(NAMES)) -> keras.Model:
    """Build a small U-Net: down to an eighth of the picture's side, and up to half of it, joined at each size.

    merge: "concat" or "sum", what is done with the map from the way down and the one from below.
    Takes pictures (n, h, w, 3) of any size, 0 to 255; gives logits (n, h, w, classes).
    Source: Ronneberger et al. (2015), figure 1, at half resolution. Chapter: segmentation.
    """
    join, body = MERGES[choice("merge", merge, MERGES)], trunk(width, STRIDES, None)
    x = context(body.output[f"stride_{STRIDES[0]}"], width)
    for stride in STRIDES[1:]:
        finer = body.output[f"stride_{stride}"]
        up = layers.Conv2DTranspose(finer.shape[-1], 2, 2, name=f"up_{stride}")(x)
        up = Cut(name=f"cut_{stride}")([up, finer])
        x = conv(join(name=f"join_{stride}")([finer, up]), finer.shape[-1], f"joined_{stride}")
    said = layers.Conv2D(whole("classes", classes, 2), 1, name="score")(x)
    said = Cut(name="cut_1")([upsampled(said, STRIDES[-1], "up_1", fixed=True), body.input])
    return keras.Model(body.input, said, name=f"u-net-small-{merge}")
