"""Faster R-CNN as it was published for Pascal VOC, on the convolutions of VGG-16."""

from __future__ import annotations

import keras
from keras import layers, ops

from cvnotes import boxes as geometry
from cvnotes.architectures.blocks import conv_relu, picture, relu
from cvnotes.architectures.vgg import COUNTS, WIDTHS
from cvnotes.checks import number, whole
from cvnotes.models.rules import Cost, Shape, rule

from . import faster_ops
from .rpn import SAME, Anchors

#: three areas and three shapes; a ratio here is width over height
ANCHORS = Anchors(stride=16, sizes=(128.0, 256.0, 512.0), ratios=(2.0, 1.0, 0.5))
CELLS, UNITS, BEFORE, PROPOSALS = 7, 4096, 2000, 300
PLAIN = (1.0, 1.0, 1.0, 1.0)  # the RPN's offsets are not divided by anything
STRIDE = 16  # pixels from place to place of the map under four poolings


def faster_rcnn_vgg(
    input_shape: tuple[int, int, int] = (608, 1008, 3),
    classes: int = 21,
    *,
    anchors: Anchors = ANCHORS,
    proposals: int = PROPOSALS,
    dropout: float = 0.5,
) -> keras.Model:
    """Faster R-CNN on VGG-16: picture in, 300 proposals with their classes and boxes out.

    The thirteen convolutions; on their map a 3 x 3 convolution of 512 filters with 2 logits and 4 offsets for each of 9
    anchors a place; RoI pooling of 7 x 7 cells of each proposal; two dense layers of 4096; a class and, for each class,
    four offsets. classes: with nothing as one of them, 21 for VOC (137,078,239 parameters). Outputs are linear.
    Gives (n, proposals, 4 + classes + 4 classes): corners of each proposal in pixels, logits, offsets class by class.
    input_shape: sides of at least 64, multiples of 16 (the authors bring the shorter side of a picture to 600 pixels).
    Left out: what only training needs, and the choice of boxes by class at the end.
    Raises ValueError for other sides, anchors of another stride, and more proposals than there are anchors to choose
    from (2,000 at most).
    Source: Ren et al. (2015), sections 3.1 and 3.3; head of Girshick (2015). Chapter: faster_rcnn.
    """
    classes, inputs = whole("classes", classes, 2), checked(input_shape, anchors)
    shared = convolutions(inputs)
    found = Propose(anchors, whole("proposals", proposals, 1), name="proposals")(propose(shared, anchors.each))
    x = RoiPool(CELLS, 1 / anchors.stride, name="roi_pool")([shared, found])
    for i in (6, 7):
        x = relu(layers.Dense(UNITS, name=f"fc{i}")(x), f"fc{i}_relu")
        x = layers.Dropout(dropout, name=f"fc{i}_drop")(x)
    said = [layers.Dense(classes, name="class")(x), layers.Dense(4 * classes, name="box")(x)]
    return keras.Model(inputs, layers.Concatenate(name="said")([found, *said]), name="faster-rcnn")


def checked(input_shape: tuple[int, int, int], anchors: Anchors):
    """Read the size of pictures, and give the input for them. Raises ValueError as `faster_rcnn_vgg`."""
    high, wide, _ = picture("Faster R-CNN", input_shape, 64)
    if high % STRIDE or wide % STRIDE:
        raise ValueError(f"Give sides that are multiples of {STRIDE}. Received: {input_shape!r}.")
    if anchors.stride != STRIDE:
        raise ValueError(f"Give anchors {STRIDE} pixels apart, as the places of the map are. Received: {anchors}")
    return keras.Input(input_shape, name="image")


def convolutions(x):
    """Apply the thirteen convolutions of VGG-16, without the last pooling: a map of stride 16. Chapter: faster_rcnn."""
    for block, (width, count) in enumerate(zip(WIDTHS, COUNTS[16], strict=True), 1):
        for i in range(1, count + 1):
            x = conv_relu(x, width, 3, name=f"block{block}_conv{i}")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x) if block < len(WIDTHS) else x
    return x


def propose(x, each: int) -> list:
    """Apply the RPN of the paper to a map: two logits (no, yes) and four offsets for each of `each` anchors a place.

    Source: Ren et al. (2015), section 3.1 and figure 3. Chapter: faster_rcnn.
    """
    x = conv_relu(x, 512, 3, name="rpn_conv")
    return [layers.Conv2D(2 * each, 1, name="rpn_class")(x), layers.Conv2D(4 * each, 1, name="rpn_box")(x)]


def trunk_and_rpn(input_shape: tuple[int, int, int] = (608, 1008, 3), *, anchors: Anchors = ANCHORS) -> keras.Model:
    """Build the convolutions and the RPN alone, for pictures of one size.

    Raises ValueError as `faster_rcnn_vgg`. Chapter: faster_rcnn.
    """
    inputs = checked(input_shape, anchors)
    return keras.Model(inputs, propose(convolutions(inputs), anchors.each), name="vgg-16-rpn")


@keras.saving.register_keras_serializable(package="cvnotes")
class Propose(layers.Layer):
    """Turn two logits and four offsets an anchor into the best boxes: (n, limit, 4), corners in pixels.

    anchors: as `rpn.Anchors` or its fields; limit: boxes a picture. Of the 2,000 best anchors those that a better one
    doubles are put last, by `faster_ops.thinned`. No gradient flows back.
    Raises ValueError for a limit below 1 or above the number of anchors, and maps of other channels than the anchors
    ask for. Chapter: faster_rcnn.
    """

    def __init__(self, anchors: Anchors, limit: int, **options):
        super().__init__(**options)
        self.anchors, self.limit = Anchors(*anchors), whole("limit", limit, 1, BEFORE)

    def build(self, shapes):
        """Check that there are as many anchors as boxes are wanted, and logits and offsets for each."""
        (_, high, wide, twice), (*_, four) = shapes
        each = self.anchors.each
        if (twice, four) != (2 * each, 4 * each) or high * wide * each < self.limit:
            wanted = f"maps of {2 * each} and {4 * each} channels, {self.limit} anchors at least"
            raise ValueError(f"Give {wanted}, or ask for fewer boxes. Received: {shapes}, {high * wide * each} anchors")

    def call(self, said):
        """Decode, cut at the border, thin out."""
        logits, offsets = (ops.stop_gradient(one) for one in said)
        high, wide = logits.shape[1:3]
        pairs = ops.reshape(logits, (-1, high * wide * self.anchors.each, 2))
        places = ops.top_k(pairs[..., 1] - pairs[..., 0], min(BEFORE, pairs.shape[1]))[1]
        chosen = faster_ops.taken(ops.reshape(offsets, (-1, pairs.shape[1], 4)), places)
        found = faster_ops.decoded(chosen, ops.take(self.anchors.over(high, wide), places, axis=0), PLAIN)
        found = faster_ops.clipped(found, high * self.anchors.stride, wide * self.anchors.stride)
        return faster_ops.thinned(found, self.limit, SAME)

    def compute_output_shape(self, shapes):
        """Give (n, limit, 4)."""
        return shapes[0][0], self.limit, 4

    def get_config(self):
        """Give anchors and limit, so that a saved model can be loaded."""
        return super().get_config() | {"anchors": list(self.anchors), "limit": self.limit}


@keras.saving.register_keras_serializable(package="cvnotes")
class RoiPool(layers.Layer):
    """Pool what lies under the boxes of each picture: maps (n, h, w, c), boxes (n, k, 4) to (n, k, cells cells c).

    cells: along a side; scale: cells of the map a pixel. Raises ValueError for fewer than one and not above 0.
    Source: Girshick (2015), section 2.1. Chapter: faster_rcnn.
    """

    def __init__(self, cells: int, scale: float, **options):
        super().__init__(**options)
        self.cells, self.scale = whole("cells", cells, 1), number("scale", scale, above=0)

    def call(self, given):
        """Pool, and lay out what each box holds in a row."""
        maps, found = given
        owner = ops.repeat(ops.arange(ops.shape(found)[0]), found.shape[1])
        pooled = geometry.roi_pool(maps, ops.reshape(found, (-1, 4)), owner, self.cells, self.scale)
        return ops.reshape(pooled, (-1, found.shape[1], self.cells**2 * maps.shape[-1]))

    def compute_output_shape(self, shapes):
        """Give (n, k, cells cells c)."""
        (count, *_, channels), (_, many, _) = shapes
        return count, many, self.cells**2 * channels

    def get_config(self):
        """Give cells and scale, so that a saved model can be loaded."""
        return super().get_config() | {"cells": self.cells, "scale": self.scale}


@rule("Propose", "RoiPool")
def _looked_up(layer: layers.Layer, inputs: list[Shape], output: Shape) -> Cost:
    """Sort, compare and look up; no sum of products with weights, and which pixels matter cannot be told."""
    return Cost(0, None)
