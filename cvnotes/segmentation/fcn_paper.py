"""FCN-32s, FCN-16s and FCN-8s as they were published: a VGG-16 whose dense layers have become convolutions."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.architectures.blocks import picture, relu
from cvnotes.architectures.vgg import COUNTS, WIDTHS
from cvnotes.checks import whole

from .upsampling import Cut, upsampled

PAD = 100  # pixels around the picture, so that the window of fc6 fits on pictures of any size
#: block whose pooled map is scored, where its scores are cut
SKIPS = ((4, 5), (3, 9))
ENDS = (19, 27, 31)  # where the enlarged scores are cut, with none, one and two skips


def fcn_vgg(
    input_shape: tuple[int, int, int] = (500, 500, 3), classes: int = 21, *, skips: int = 2, dropout: float = 0.5
) -> keras.Model:
    """FCN on VGG-16: fc6 as a convolution of 7 x 7, fc7 and the scores as 1 x 1, scores of finer maps added.

    skips: 0 is FCN-32s, 1 FCN-16s, 2 FCN-8s. classes: with background, 21 for VOC. All upsampling is bilinear and
    fixed, as in the authors' definition: 134,346,581 numbers to train without skips, and what two layers of 1 x 1
    score add. Gives logits as large as the picture. Raises ValueError for another number of skips.
    Source: Long et al. (2015), figure 3, and the authors' definition for paddings and cuts. Chapter: segmentation.
    """
    classes, skips = whole("classes", classes, 2), whole("skips", skips, 0, len(SKIPS))
    inputs = keras.Input(picture("FCN", input_shape, 1), name="image")
    pools = _pools(inputs)
    x = pools[5]
    for name, size in (("fc6", 7), ("fc7", 1)):
        x = relu(layers.Conv2D(4096, size, name=name)(x), f"{name}_relu")
        x = layers.Dropout(dropout, name=f"{name}_drop")(x)
    said = layers.Conv2D(classes, 1, name="score")(x)
    for block, offset in SKIPS[:skips]:
        said = upsampled(said, 2, f"up_to_pool{block}", fixed=True, padding="valid")
        finer = layers.Conv2D(classes, 1, name=f"score_pool{block}")(pools[block])
        finer = Cut(offset, name=f"cut_pool{block}")([finer, said])
        said = layers.Add(name=f"sum_pool{block}")([said, finer])
    said = upsampled(said, 32 // 2**skips, "up", fixed=True, padding="valid")
    said = Cut(ENDS[skips], name="cut")([said, inputs])
    return keras.Model(inputs, said, name=f"fcn-{32 // 2**skips}s")


def _pools(x) -> dict:
    """The pooled map of each block of VGG-16; pooling rounds up, as in the authors' framework."""
    found = {}
    for block, (width, count) in enumerate(zip(WIDTHS, COUNTS[16], strict=True), 1):
        for i in range(1, count + 1):
            name, first = f"block{block}_conv{i}", block == i == 1
            x = layers.ZeroPadding2D(PAD, name="pad")(x) if first else x
            x = relu(layers.Conv2D(width, 3, padding="valid" if first else "same", name=name)(x), f"{name}_relu")
        found[block] = x = layers.MaxPooling2D(2, padding="same", name=f"block{block}_pool")(x)
    return found
