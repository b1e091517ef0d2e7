"""SSD300 as it was published for Pascal VOC: a VGG-16 without its end, four more blocks, six maps with heads."""

from __future__ import annotations

import keras
from keras import layers, ops

from cvnotes.architectures.blocks import conv_relu, picture, relu
from cvnotes.architectures.vgg import COUNTS, WIDTHS
from cvnotes.checks import whole
from cvnotes.models.rules import Cost, Shape, rule

SIDE = 300
SIDES = (38, 19, 10, 5, 3, 1)  # of the six maps with heads
STEPS = (8, 16, 32, 64, 100, 300)  # pixels from place to place, as in the authors' code
SHARES = (0.1, *((20 + 17 * k) / 100 for k in range(6)))  # scales of the maps, and one beyond
RATIOS = ((2, 1 / 2), *[(2, 1 / 2, 3, 1 / 3)] * 3, *[(2, 1 / 2)] * 2)
EXTRA = ((256, 512, 2), (128, 256, 2), (128, 256, 1), (128, 256, 1))  # 1 x 1 and 3 x 3 filters, stride


def ssd300(input_shape: tuple[int, int, int] = (SIDE, SIDE, 3), classes: int = 21) -> keras.Model:
    """SSD300: all 8,732 default boxes of a picture judged in one pass.

    VGG-16 up to its fifth block, whose pooling keeps its map; fc6 as a convolution with dilation 6, fc7 as one of
    1 x 1; four blocks that go on shrinking; a 3 x 3 convolution on each of six maps, the first of them normalized.
    classes: with nothing as one of them, 21 for VOC (26,285,486 parameters). Gives (n, 8732, classes + 4), in the
    order of `ssd.default_boxes_300`: logits, then offsets. Raises ValueError for other pictures than 300 x 300.
    Source: Liu et al. (2016), section 2.1 and figure 2. Chapter: ssd.
    """
    if tuple(picture("SSD300", input_shape, SIDE)[:2]) != (SIDE, SIDE):
        raise ValueError(f"SSD300 reads pictures of {SIDE} x {SIDE} pixels. Received: {input_shape!r}.")
    inputs, numbers = keras.Input(input_shape, name="image"), whole("classes", classes, 2) + 4
    found = []
    for i, x in enumerate(_maps(inputs)):
        each = 2 + len(RATIOS[i])
        head = layers.Conv2D(each * numbers, 3, padding="same", name=f"head{i + 1}")(x)
        found.append(layers.Reshape((-1, numbers), name=f"boxes{i + 1}")(head))
    return keras.Model(inputs, layers.Concatenate(axis=1, name="said")(found), name="ssd300")


def _maps(x) -> list:
    """The six maps with heads, of sides 38, 19, 10, 5, 3 and 1."""
    for block, (width, count) in enumerate(zip(WIDTHS, COUNTS[16], strict=True), 1):
        for i in range(1, count + 1):
            x = conv_relu(x, width, 3, name=f"block{block}_conv{i}")
        if block == 4:
            found = [L2Normalization(name="block4_norm")(x)]
        window, stride = (3, 1) if block == 5 else (2, 2)  # "same" rounds 75 / 2 up to 38, as the authors do
        x = layers.MaxPooling2D(window, stride, padding="same", name=f"block{block}_pool")(x)
    x = relu(layers.Conv2D(1024, 3, padding="same", dilation_rate=6, name="fc6")(x), "fc6_relu")
    x = conv_relu(x, 1024, 1, name="fc7")
    found.append(x)
    for i, (narrow, wide, stride) in enumerate(EXTRA, 8):
        x = conv_relu(x, narrow, 1, name=f"conv{i}_1")
        x = layers.ZeroPadding2D(1, name=f"conv{i}_pad")(x) if stride == 2 else x
        x = relu(layers.Conv2D(wide, 3, stride, name=f"conv{i}_2")(x), f"conv{i}_2_relu")
        found.append(x)
    return found


@keras.saving.register_keras_serializable(package="cvnotes")
class L2Normalization(layers.Layer):
    r"""Bring the channels of each place to length 1, then scale each channel: :math:`y_c = \gamma_c x_c / \|x\|_2`.

    scale: what all :math:`\gamma_c` start from. Source: Liu, Rabinovich and Berg (2015), section 3.3. Chapter: ssd.
    """

    def __init__(self, scale: float = 20.0, **options):
        super().__init__(**options)
        self.scale = scale

    def build(self, shape):
        """Make one factor a channel."""
        start = keras.initializers.Constant(self.scale)
        self.gamma = self.add_weight(name="gamma", shape=(shape[-1],), initializer=start)

    def call(self, x):
        """Normalize over the last axis."""
        return self.gamma * ops.normalize(x, axis=-1, order=2)

    def compute_output_shape(self, shape):
        """Keep the shape."""
        return shape

    def get_config(self):
        """Give the scale, so that a saved model can be loaded."""
        return super().get_config() | {"scale": self.scale}


@rule("L2Normalization")
def _normalized(layer: L2Normalization, inputs: list[Shape], output: Shape) -> Cost:
    """Look at one place alone; no sum of products with weights."""
    return Cost()
