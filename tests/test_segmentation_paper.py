"""FCN on VGG-16 and U-Net at the size of their papers: counted by hand, layer by layer, and computed once small."""

from __future__ import annotations

import numpy as np
import pytest

from cvnotes import backend, models
from cvnotes.segmentation import fcn_paper, unet_paper


def fcn(skips: int, shape=(500, 500, 3), **options):
    """A sketch of FCN with so many skips."""
    with backend.unallocated():
        return fcn_paper.fcn_vgg(shape, skips=skips, **options)


def u_net(side: int = 572, channels: int = 1, classes: int = 2):
    """A sketch of U-Net."""
    with backend.unallocated():
        return unet_paper.u_net((side, side, channels), classes)


VGG = ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2, (256, 512), *[(512, 512)] * 5)
CONVS = sum(9 * a * b + b for a, b in VGG)
FC6, FC7, SCORE = 49 * 512 * 4096 + 4096, 4096 * 4096 + 4096, 4096 * 21 + 21
POOL4, POOL3 = 512 * 21 + 21, 256 * 21 + 21


def kernels(*factors: int) -> int:
    """Numbers in bilinear kernels without bias, 21 classes each way."""
    return sum((2 * factor) ** 2 * 21 * 21 for factor in factors)


@pytest.mark.parametrize(
    ("skips", "trained", "fixed"),
    [
        (0, CONVS + FC6 + FC7 + SCORE, kernels(32)),
        (1, CONVS + FC6 + FC7 + SCORE + POOL4, kernels(2, 16)),
        (2, CONVS + FC6 + FC7 + SCORE + POOL4 + POOL3, kernels(2, 2, 8)),
    ],
)
def test_fcn_added_up_by_hand(skips, trained, fixed):
    profile = models.profile(fcn(skips))
    assert (profile.trainable, profile.parameters) == (trained, trained + fixed)
    assert profile.uncounted == ()
    assert profile.row("fc6").parameters == 102_764_544


def test_numbers_that_the_page_prints():
    assert CONVS == 14_714_688
    assert CONVS + FC6 + FC7 + SCORE == 134_346_581
    assert (POOL4, POOL3) == (10_773, 5_397)


def rounded_up(side: int, times: int) -> int:
    for _ in range(times):
        side = -(-side // 2)
    return side


@pytest.mark.parametrize("skips", [0, 1, 2])
@pytest.mark.parametrize("size", [(500, 375), (64, 97), (1, 33)])
def test_fcn_answers_for_every_pixel(skips, size):
    model = fcn(skips, (*size, 3))
    assert model.output_shape == (None, *size, 21)
    coarse = [rounded_up(side + 198, 5) - 6 for side in size]  # padding 100 and a 3 x 3 window; then a 7 x 7 one
    assert model.get_layer("score").output.shape[1:3] == tuple(coarse)


@pytest.mark.parametrize("skips", [0, 1, 2])
def test_cuts_keep_every_score_over_its_cell(skips):
    """In pixels of the picture, cell c of a map of stride s lies around s c + (s - 1) / 2 - 99, since the picture is
    padded by 100 and the first window takes one. What is enlarged must stay there after each cut.
    """
    model = fcn(skips)

    def middle(stride: int, cell: float) -> float:
        return stride * cell + (stride - 1) / 2 - 99

    stride, first = 32, 3  # fc6 looks at 7 cells: its first answer is about cell 3
    for block in (4, 3)[:skips]:
        offset = model.get_layer(f"cut_pool{block}").offset
        assert middle(stride // 2, 0.5 + 1 + offset) == middle(stride, first)  # of 4 cells, 1.5 is the middle
        stride, first = stride // 2, offset
    assert stride - 0.5 - model.get_layer("cut").offset == middle(stride, first)


def test_u_net_added_up_by_hand():
    total, channels = 0, 1
    for width in unet_paper.WIDTHS:
        total, channels = total + 9 * channels * width + width + 9 * width * width + width, width
    for width in unet_paper.WIDTHS[-2::-1]:
        total += 4 * 2 * width * width + width  # 2 x 2, from twice as many channels
        total += 9 * 2 * width * width + width + 9 * width * width + width
    total += 64 * 2 + 2
    model = u_net()
    assert models.profile(model).trainable == total == 31_030_658
    assert model.output_shape == (None, 388, 388, 2)


@pytest.mark.parametrize("side", [188, 204, 572])
def test_u_net_loses_184_pixels(side):
    assert u_net(side, 3, 4).output_shape == (None, side - 184, side - 184, 4)


@pytest.mark.parametrize("side", [172, 256, 573])
def test_u_net_refuses_sides_that_do_not_halve(side):
    with pytest.raises(ValueError, match="Received"):
        u_net(side)


def test_fcn_refuses_other_skips_and_shapes():
    with pytest.raises(ValueError, match="skips"):
        fcn_paper.fcn_vgg(skips=3)
    with pytest.raises(ValueError, match="Received"):
        fcn(2, (64, 64))
    with pytest.raises(ValueError, match="classes"):
        fcn(2, classes=1)


def test_fixed_kernels_interpolate():
    model = fcn(2)
    fixed = {layer.name for layer in model.layers if layer.weights and not layer.trainable}
    assert fixed == {"up_to_pool4", "up_to_pool3", "up"}
    assert np.isfinite(models.profile(model).macs)
