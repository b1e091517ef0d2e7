"""RoI pooling and RoI align: stored answers of torchvision, slow twins, finite differences, properties, refusals."""

import math
import pathlib

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, boxes
from cvnotes.boxes import roi
from tests.examples import examples

STORED = dict(np.load(pathlib.Path(__file__).parent / "oracles" / "roi.npz"))
MAPS, BOXES, PICTURES = (STORED.pop(name) for name in ("maps", "boxes", "pictures"))
MADE_BY, SLIP = str(STORED.pop("version")), STORED.pop("slip")
SLOPES = [name for name in STORED if name.endswith("slope")]
VALUES = [name for name in STORED if name not in SLOPES]
BOTH = {"pool": boxes.roi_pool, "align": boxes.roi_align}


def asked(name):
    """The call that a stored name stands for, as a function of the maps."""
    kind, *words = name.removesuffix("_slope").split("_")
    size, scale = (int(words[-3]), int(words[-2])), float(words[-1])
    options = {} if kind == "pool" else {"samples": int(words[0]), "aligned": words[1] == "1"}
    return lambda maps: BOTH[kind](maps, BOXES / np.float32(scale), PICTURES, size, scale, **options)


# torchvision, asked beforehand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_torchvision(name):
    np.testing.assert_allclose(ops.convert_to_numpy(asked(name)(MAPS)), STORED[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SLOPES)
def test_gradients_with_respect_to_the_maps_are_those_of_torchvision(name):
    count = STORED[name.removesuffix("_slope")]
    weight = np.cos(np.arange(count.size)).reshape(count.transpose(0, 3, 1, 2).shape).transpose(0, 2, 3, 1)
    total = backend.value_and_grad(lambda maps: ops.sum(ops.multiply(asked(name)(maps), weight.astype("float32"))))
    np.testing.assert_allclose(total(MAPS)[1], STORED[name], atol=1e-5)


def test_the_stored_answers_cover_both_operations_all_rules_and_boxes_off_the_map():
    assert MADE_BY
    assert len(SLOPES) == 7
    assert sum(name.startswith("pool") for name in VALUES) == 5
    assert (BOXES[:, 2] < 0).any()
    assert (BOXES[:, 0] > MAPS.shape[2]).any()
    assert (BOXES % 1 == 0.5).all(1).any(), "corners halfway between two cells"


def test_where_32_bits_let_torchvision_read_a_cell_too_many_ours_counts_in_whole_numbers():
    line = np.arange(60, dtype="float32").reshape(1, 1, 60, 1)
    ours = ops.convert_to_numpy(boxes.roi_pool(line, [[0, 0, 56, 0]], [0], (1, 7))).ravel()
    np.testing.assert_array_equal(ours[:-1], SLIP[:-1])
    assert ours[-1] == 56, "the last cell of the region"
    assert SLIP[-1] == 57, "the first behind it"


# Slow twins ---------------------------------------------------------------------------------------------------------


def away(value):
    """Round halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def slow_pool(picture, box, size, scale):
    """One bin at a time, as the paper and torchvision have it."""
    x0, y0, x1, y1 = (away(np.float32(side) * np.float32(scale)) for side in box)
    (down, across), out = size, np.zeros((*size, picture.shape[-1]))
    for i in range(down):
        for j in range(across):
            tall, wide = max(y1 - y0 + 1, 1), max(x1 - x0 + 1, 1)
            top, bottom = y0 + i * tall // down, y0 - (-(i + 1) * tall // down)
            left, right = x0 + j * wide // across, x0 - (-(j + 1) * wide // across)
            part = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
            out[i, j] = part.max(axis=(0, 1)) if part.size else 0
    return out


def read(picture, y, x):
    """One bilinear reading; the value of a cell stands at its index."""
    height, width = picture.shape[:2]
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(picture.shape[-1])
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    low_y, low_x = int(y), int(x)
    high_y, high_x = min(low_y + 1, height - 1), min(low_x + 1, width - 1)
    upper = picture[low_y, low_x] * (low_x + 1 - x) + picture[low_y, high_x] * (x - low_x)
    lower = picture[high_y, low_x] * (low_x + 1 - x) + picture[high_y, high_x] * (x - low_x)
    return upper * (low_y + 1 - y) + lower * (y - low_y)


def slow_align(picture, box, size, scale, samples, aligned):
    """One reading at a time."""
    x0, y0, x1, y1 = (side * scale - (0.5 if aligned else 0) for side in box.astype(float))
    x1, y1 = (x1, y1) if aligned else (max(x1, x0 + 1), max(y1, y0 + 1))
    out = np.zeros((*size, picture.shape[-1]))
    for i in range(size[0]):
        for j in range(size[1]):
            for a in range(samples):
                for b in range(samples):
                    y = y0 + (y1 - y0) * (i + (a + 0.5) / samples) / size[0]
                    x = x0 + (x1 - x0) * (j + (b + 0.5) / samples) / size[1]
                    out[i, j] += read(picture, y, x) / samples**2
    return out


def drawn(seed, count=6):
    """Maps of any shape, and boxes on them and beside them, on quarters of a cell so that halves are met."""
    dice = np.random.default_rng(seed)
    maps = dice.normal(size=(2, *dice.integers(1, 12, 2), 3)).astype("float32")
    low = dice.integers(-24, 56, (count, 2)) / 4
    found = np.concatenate([low, low + dice.integers(0, 40, (count, 2)) / 4], axis=1)
    return maps, found.astype("float32"), dice.integers(0, 2, count)


@given(st.integers(0, 10**6), st.tuples(st.integers(1, 8), st.integers(1, 8)), st.sampled_from([1.0, 0.5, 0.125]))
@examples(25)
def test_pooling_is_its_slow_twin(seed, size, scale):
    maps, found, pictures = drawn(seed)
    fast = ops.convert_to_numpy(boxes.roi_pool(maps, found / np.float32(scale), pictures, size, scale))
    for out, box, i in zip(fast, found, pictures, strict=True):
        np.testing.assert_array_equal(out, slow_pool(maps[i], box, size, 1.0).astype("float32"))


@given(st.integers(0, 10**6), st.tuples(st.integers(1, 6), st.integers(1, 6)), st.integers(1, 4), st.booleans())
@examples(25)
def test_align_is_its_slow_twin(seed, size, samples, aligned):
    maps, found, pictures = drawn(seed)
    found += np.float32(0.01)  # off the exact borders, where the last digit decides between an edge and a zero
    fast = ops.convert_to_numpy(boxes.roi_align(maps, found * 4, pictures, size, 0.25, samples, aligned))
    for out, box, i in zip(fast, found, pictures, strict=True):
        np.testing.assert_allclose(out, slow_align(maps[i], box, size, 1.0, samples, aligned), atol=2e-5)


@given(st.integers(1, 40), st.integers(1, 14), st.integers(-20, 40))
@examples(80)
def test_bins_cover_a_region_without_a_gap_and_none_is_empty(cells, count, first):
    low, high = (
        ops.convert_to_numpy(each)[0] for each in roi.bins(*np.int32([[first], [first + cells - 1]]), count, 99)
    )
    assert (high - low >= (first >= 0)).all()
    assert (low[1:] <= high[:-1]).all()
    assert low[0] == max(first, 0)
    assert high[-1] == min(max(first + cells, 0), 99)
    assert (high - low).max() <= -(-cells // count) + 1


@pytest.mark.parametrize("end", [5e8, 1e9])
def test_bins_of_a_box_too_large_for_the_product_of_32_bits_are_those_of_exact_counting(end):
    low, high = (ops.convert_to_numpy(each)[0] for each in roi.bins(*np.int32([[-7], [int(end)]]), 7, 2 * 10**9))
    cells = int(end) + 8
    assert low.tolist() == [max(i * cells // 7 - 7, 0) for i in range(7)]
    assert high.tolist() == [-(-(i + 1) * cells // 7) - 7 for i in range(7)]


def test_a_box_far_beyond_the_map_has_all_of_it_in_one_bin():
    for scale in (1.0, 64.0):
        said = ops.convert_to_numpy(boxes.roi_pool(MAPS, [[-1e9, -1e9, 1e9, 1e9]], [0], 3, scale))[0]
        np.testing.assert_array_equal(said[1, 1], MAPS[0].max(axis=(0, 1)))
        assert not said[[0, 0, 2, 2], [0, 2, 0, 2]].any(), "no cell of the map"


def test_halves_are_rounded_away_from_zero():
    values = np.float32([-2.5, -1.5, -0.5, -0.4, 0, 0.49999997, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(ops.convert_to_numpy(roi.nearest(values)), [-3, -2, -1, 0, 0, 0, 1, 2, 3])


# Properties ---------------------------------------------------------------------------------------------------------


def test_on_a_ramp_align_gives_the_middle_of_each_bin_exactly():
    y, x = np.mgrid[:9, :12] + 0.5  # the value of a cell is the place of its middle
    ramp = np.stack([x, y], -1)[None].astype("float32") * 8
    box = np.float32([[21.5, 13.2, 70.1, 55.9]])
    said = ops.convert_to_numpy(boxes.roi_align(ramp, box, [0], (3, 4), 1 / 8))[0]
    across = 21.5 + (70.1 - 21.5) * (np.arange(4) + 0.5) / 4
    down = 13.2 + (55.9 - 13.2) * (np.arange(3) + 0.5) / 3
    np.testing.assert_allclose(said, np.stack(np.meshgrid(across, down), -1), rtol=1e-5)
    shifted = ops.convert_to_numpy(boxes.roi_align(ramp, box, [0], (3, 4), 1 / 8, aligned=False))[0]
    np.testing.assert_allclose(shifted - said, 4, rtol=1e-4, err_msg="half a cell of 8 pixels")


def test_boxes_of_whole_cells_are_copied_by_both():
    box, map_ = np.float32([[2, 1, 6, 4]]), MAPS[:1]
    np.testing.assert_allclose(boxes.roi_align(map_, box, [0], (3, 4), samples=1), map_[:, 1:4, 2:6], rtol=1e-6)
    np.testing.assert_array_equal(boxes.roi_pool(map_, box - [0, 0, 1, 1], [0], (3, 4)), map_[:, 1:4, 2:6])


def test_a_shift_below_the_rounding_changes_nothing_in_pooling_and_something_in_align():
    box = np.float32([[2.1, 1.1, 6.1, 5.1]])
    one, other = (ops.convert_to_numpy(boxes.roi_pool(MAPS, box + shift, [0], 3)) for shift in (0, 0.3))
    np.testing.assert_array_equal(one, other)
    one, other = (ops.convert_to_numpy(boxes.roi_align(MAPS, box + shift, [0], 3)) for shift in (0, 0.3))
    assert np.abs(one - other).max() > 0.1


def test_every_box_reads_its_own_map_and_no_box_gives_nothing():
    for fn in BOTH.values():
        both = ops.convert_to_numpy(fn(MAPS, [[1, 1, 8, 8]] * 3, [1, 0, 1], 3))
        np.testing.assert_allclose(both[0], both[2], atol=1e-6)
        assert np.abs(both[0] - both[1]).max() > 0.1
        alone = ops.convert_to_numpy(fn(MAPS[:1], [[1, 1, 8, 8]], [0], 3))[0]
        np.testing.assert_allclose(both[1], alone, atol=1e-6)  # a product of another size may add in another order
        assert tuple(fn(MAPS, [], [], (3, 2)).shape) == (0, 3, 2, 2)
        assert tuple(fn(MAPS, np.zeros((0, 4)), np.zeros(0, int), 7).shape) == (0, 7, 7, 2)


def test_a_symbolic_model_takes_any_number_of_boxes():
    inputs = [keras.Input((9, 12, 2)), keras.Input((4,)), keras.Input((), dtype="int32")]
    net = keras.Model(inputs, [fn(*inputs, (3, 2), 0.5) for fn in BOTH.values()])
    for count in (0, 1, 5):
        said = net([MAPS, BOXES[:count], PICTURES[:count]])
        for out, fn in zip(said, BOTH.values(), strict=True):
            wanted = ops.convert_to_numpy(fn(MAPS, BOXES[:count], PICTURES[:count], (3, 2), 0.5))
            np.testing.assert_allclose(ops.convert_to_numpy(out), wanted, atol=1e-6)


# Gradients ----------------------------------------------------------------------------------------------------------


def by_differences(fn, x, step):
    """The slope of fn at x by central differences, one number of x at a time."""
    slope = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        ends = [x.astype("float32").copy() for _ in range(2)]
        ends[0][place] += step
        ends[1][place] -= step
        slope[place] = (fn(ends[0]) - fn(ends[1])) / (2 * step)
    return slope


@pytest.mark.parametrize("name", BOTH)
def test_gradients_to_the_maps_are_differences(name):
    dice = np.random.default_rng(3)
    maps = dice.permutation(20).reshape(1, 4, 5, 1).astype("float32")  # no two are equal, nor near
    weight = dice.normal(size=(2, 2, 3, 1)).astype("float32")

    def total(x):
        said = BOTH[name](x, ops.convert_to_tensor([[0.6, 0.2, 5.3, 2.6], [2.0, 1.0, 9.0, 3.0]]), [0, 0], (2, 3))
        return ops.sum(ops.multiply(said, weight))

    slope = backend.value_and_grad(total)(maps)[1]
    wanted = by_differences(lambda x: float(ops.convert_to_numpy(total(x))), maps, 0.25)
    np.testing.assert_allclose(slope, wanted, atol=2e-3)
    assert np.abs(slope).max() > 0.1


def test_gradients_to_the_boxes_are_differences_for_align_and_nothing_for_pooling():
    box = np.float32([[0.87, 1.16, 5.31, 6.83], [3.13, 0.68, 9.91, 5.27]])
    weight = np.random.default_rng(5).normal(size=(2, 3, 2, 2)).astype("float32")

    def total(fn):
        return lambda x: ops.sum(ops.multiply(fn(MAPS, x, ops.convert_to_tensor([0, 1]), (3, 2)), weight))

    slope = backend.value_and_grad(total(boxes.roi_align))(box)[1]
    wanted = by_differences(lambda x: float(ops.convert_to_numpy(total(boxes.roi_align)(x))), box, 4e-3)
    np.testing.assert_allclose(slope, wanted, atol=0.02, rtol=0.02)
    assert np.abs(slope).max() > 0.1
    assert not backend.value_and_grad(total(boxes.roi_pool))(box)[1].any()


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"maps": MAPS[0]}, r"maps \(n, H, W, C\)"),
        ({"boxes": [[0, 0, 1]]}, r"\(n, 4\)"),
        ({"boxes": [[3, 0, 1, 1]]}, "another format"),
        ({"boxes": [[0, 0, math.nan, 1]]}, "finite"),
        ({"pictures": [2]}, "below 2"),
        ({"pictures": [-1]}, "below 2"),
        ({"pictures": [0.0]}, "whole numbers"),
        ({"pictures": [True]}, "whole numbers"),
        ({"pictures": [0, 1]}, "pictures"),
        ({"size": 0}, "size"),
        ({"size": (2, 2.5)}, "size"),
        ({"size": True}, "size"),
        ({"scale": 0}, "scale"),
        ({"scale": math.inf}, "scale"),
        ({"scale": "1/8"}, "scale"),
    ],
)
def test_what_cannot_be_read_is_refused(options, words):
    usual = {"maps": MAPS, "boxes": [[0, 0, 1, 1]], "pictures": [0], "size": 2}
    for fn in BOTH.values():
        with pytest.raises(ValueError, match=words):
            fn(**usual | options)


def test_maps_without_cells_complex_maps_and_numbers_of_pictures_that_are_no_numbers_are_refused():
    box, which = ops.convert_to_tensor([[0.0, 0, 1, 1]]), ops.convert_to_tensor([0.7])
    for fn in BOTH.values():
        for maps, pictures, words in (
            (MAPS[:, :, :0], [0], "at least a cell"),
            (MAPS.astype(complex), [0], "real numbers"),
            (MAPS, which, "whole numbers"),
        ):
            with pytest.raises(ValueError, match=words):
                fn(maps, box, pictures, 2)


def test_samples_and_the_rule_are_checked():
    for options, words in (({"samples": 0}, "samples"), ({"samples": True}, "samples"), ({"aligned": 1}, "aligned")):
        with pytest.raises(ValueError, match=words):
            boxes.roi_align(MAPS, [[0, 0, 1, 1]], [0], 2, **options)


def test_a_model_without_a_size_may_align_and_a_map_without_cells_is_named():
    symbols = [keras.Input((None, None, 2)), keras.Input((4,)), keras.Input((), dtype="int32")]
    net = keras.Model(symbols, boxes.roi_align(*symbols, (3, 2)))
    assert net.output_shape == (None, 3, 2, 2)
    for maps in (MAPS, MAPS[:, :5]):
        wanted = ops.convert_to_numpy(boxes.roi_align(maps, BOXES, PICTURES, (3, 2)))
        np.testing.assert_allclose(ops.convert_to_numpy(net([maps, BOXES, PICTURES])), wanted, atol=1e-6)
    with pytest.raises(ValueError, match="known height"):
        boxes.roi_pool(np.zeros((1, 0, 3, 2), "float32"), [[0, 0, 1, 1]], [0], 2)
