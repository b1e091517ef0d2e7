"""Pictures that excite: the ascent against exact answers, its regularisers, its scores, spectra, copies."""

import keras
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from keras import layers, ops
from scipy.ndimage import gaussian_filter

from cvnotes.visualization import ascent, maps, spectra
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def towards(goal):
    """A score with its one summit at a goal."""
    return lambda x: -ops.sum(ops.square(ops.subtract(x, goal)), (1, 2, 3))


def along(way):
    return lambda x: ops.sum(ops.multiply(x, way), (1, 2, 3))


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((16, 16, 3))
    for i in (1, 2):
        x = layers.Conv2D(5, 3, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.MaxPooling2D(2)(layers.ReLU(name=f"relu{i}")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, use_bias=False, name="logits")(x))


# The loop -------------------------------------------------------------------------------------------------------------


def test_a_step_is_the_gradient_and_each_picture_climbs_by_itself():
    goal, start = noise(3, 4, 4, 2), noise(3, 4, 4, 2, seed=1)
    plain = ascent.ascend(towards(goal), start, steps=1, rate=0.1, unit=False)
    np.testing.assert_allclose(plain.pictures, start - 0.2 * (start - goal), atol=1e-5)
    unit = ascent.ascend(towards(goal), start, steps=1, rate=0.1).pictures - start
    np.testing.assert_allclose(np.sqrt((unit**2).sum((1, 2, 3))), 0.1, atol=1e-5)
    alone = ascent.ascend(towards(goal[1:2]), start[1:2], steps=1, rate=0.1).pictures
    np.testing.assert_allclose(alone, (start + unit)[1:2], atol=1e-5)
    assert plain.scores.shape == (2, 3)
    np.testing.assert_allclose(plain.scores[1], -((plain.pictures - goal) ** 2).sum((1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(plain.scores[0], -((start - goal) ** 2).sum((1, 2, 3)), rtol=1e-4)


@given(st.floats(0.05, 2), st.floats(0.2, 0.6))
@examples(4)
def test_the_penalty_stops_a_climb_where_its_slope_says(weight, share):
    way = noise(1, 3, 3, 1)
    found = ascent.ascend(along(way), 0 * way, steps=40, rate=share / weight, unit=False, l2=weight).pictures
    np.testing.assert_allclose(found, way / (2 * weight), rtol=1e-3, atol=1e-5)


def test_a_gradient_of_zero_moves_nothing(net):
    score = ascent.neurons(net, "logits", [0, 1])
    black = np.zeros((2, 16, 16, 3), "float32")
    still = ascent.ascend(score, black, steps=3)
    assert (still.pictures == 0).all()
    assert (still.scores == 0).all()
    assert np.abs(ascent.ascend(score, ascent.clouds(2, 16), steps=3).pictures).max() > 0.05


def test_blur_zeros_and_bounds_come_after_each_step():
    way = noise(2, 8, 8, 3)
    start = np.zeros_like(way)
    options = {"steps": 1, "rate": 1.0, "unit": False}
    blurred = ascent.ascend(along(way), start, blur=0.8, **options).pictures
    np.testing.assert_allclose(blurred, gaussian_filter(way, (0, 0.8, 0.8, 0)), atol=1e-5)
    cut = ascent.ascend(along(way), start, clip=(-0.5, 0.25), **options).pictures
    np.testing.assert_allclose(cut, way.clip(-0.5, 0.25), atol=1e-6)
    both = ascent.ascend(along(way), start, blur=0.8, zero=0.5, **options).pictures
    np.testing.assert_allclose(both, ascent.sparse(blurred, 0.5), atol=1e-5)
    seen = ascent.ascend(along(way), start, watch=np.max, **options).seen
    assert seen == pytest.approx([0, way.max()])


@pytest.mark.parametrize("jitter", [0, 2])
def test_jitter_rolls_there_and_back(jitter):
    way = noise(1, 6, 7, 1)
    found = ascent.ascend(lambda x: ops.sum(x**2, (1, 2, 3)), way, steps=2, rate=0.1, unit=False, jitter=jitter)
    np.testing.assert_allclose(found.pictures, way * 1.2**2, rtol=1e-4)
    fixed = ascent.ascend(along(way), 0 * way, steps=1, rate=1, unit=False, jitter=jitter, seed=0).pictures
    rolls = [np.roll(way, (a, b), (1, 2)) for a in range(-2, 3) for b in range(-2, 3)]
    assert any(np.allclose(fixed, roll, atol=1e-5) for roll in rolls)
    assert np.allclose(fixed, way, atol=1e-5) == (jitter == 0)


def test_sparse_zeroes_the_shortest_pixels_of_each_picture():
    x = noise(2, 10, 10, 3)
    found = ascent.sparse(x, 0.3)
    gone = (found == 0).all(-1)
    np.testing.assert_array_equal(gone.sum((1, 2)), [30, 30])
    length = np.linalg.norm(x, axis=-1)
    assert all(length[i][gone[i]].max() < length[i][~gone[i]].min() for i in range(2))
    np.testing.assert_array_equal(found[~gone], x[~gone])


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"rate": 0}, {"l2": -1}, {"blur": -1}, {"zero": 1}, {"jitter": 0.5}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        ascent.ascend(along(1.0), np.zeros((1, 2, 2, 1)), **wrong)


def test_settled_finds_the_first_step_of_rest():
    assert ascent.settled(np.array([0, 5, 9.95, 10.01, 10])) == 2
    assert ascent.settled(np.array([1.0, 1, 1])) == 0
    assert ascent.settled(np.arange(20.0)) is None


# Scores ---------------------------------------------------------------------------------------------------------------


def test_scores_are_read_off_the_net(net):
    x = noise(3, 16, 16, 3)
    logits = ops.convert_to_numpy(net(x))
    found = ascent.neurons(net, "logits", [2, 0, 3])(x)
    np.testing.assert_allclose(ops.convert_to_numpy(found), logits[[0, 1, 2], [2, 0, 3]], atol=1e-5)
    answers = maps.responses(net, x, "conv2")["conv2"][[0, 1, 2], :, :, [4, 0, 1]]
    expected = {"mean": answers.mean((1, 2)), "max": answers.max((1, 2)), "middle": answers[:, 4, 4]}
    for way, values in expected.items():
        score = ascent.filters(net, "conv2", [4, 0, 1], way)
        np.testing.assert_allclose(ops.convert_to_numpy(score(x)), values, atol=1e-5)
    grey = ascent.centred(ascent.neurons(net, "logits", [2, 0, 3]), 0.25)
    np.testing.assert_allclose(ops.convert_to_numpy(grey(x - 0.25)), ops.convert_to_numpy(found), atol=1e-5)
    with pytest.raises(ValueError, match="number"):
        ascent.neurons(net, "logits", [4])
    with pytest.raises(ValueError, match="way"):
        ascent.filters(net, "conv2", [0], "sum")


def test_a_net_of_another_size_has_the_same_filters(net):
    wide, x = ascent.at_size(net, 32), noise(1, 32, 32, 3)
    here = maps.responses(net, x[:, 8:24, 8:24], "relu1")["relu1"]
    there = maps.responses(wide, x, "relu1")["relu1"]
    np.testing.assert_allclose(there[:, 9:23, 9:23], here[:, 1:15, 1:15], atol=1e-5)
    assert wide.count_params() == net.count_params()


# Spectra and copies ---------------------------------------------------------------------------------------------------


def wave(fx, fy, side=32):
    y, x = np.indices((side, side))
    return np.sin(2 * np.pi * (fx * x + fy * y) / side)[None, :, :, None]


@given(st.integers(1, 15), st.integers(-15, 15))
@examples(20)
def test_spectra_of_single_waves(fx, fy):
    picture = 3 * wave(fx, fy) + 0.7
    f = np.hypot(fx, fy) / 32
    assume(abs(f - 0.25) > 1e-6)
    assert spectra.mean_frequency(picture)[0] == pytest.approx(f, abs=1e-6)
    assert spectra.wave_count(picture)[0] == pytest.approx(1, abs=1e-6)
    assert spectra.fine_share(picture)[0] == pytest.approx(float(f > 0.25), abs=1e-6)


def test_spectra_of_sums_and_of_noise():
    two = np.concatenate([wave(3, 0), wave(0, 9)], -1)
    assert spectra.wave_count(two)[0] == pytest.approx(2)
    assert spectra.mean_frequency(two)[0] == pytest.approx(6 / 32)
    assert 0.3 < spectra.wave_count(noise(1, 32, 32, 40))[0] / (32 * 32 / 2) <= 1.01
    total = (noise(1, 8, 8, 2) - noise(1, 8, 8, 2).mean((1, 2), keepdims=True)) ** 2
    assert spectra.power(noise(1, 8, 8, 2)).sum() / 64 == pytest.approx(total.sum(), rel=1e-4)


def test_copies_are_separate_high_peaks():
    answers = np.zeros((12, 12))
    answers[2, 2], answers[2, 3], answers[9, 9], answers[2, 9] = 1, 0.9, 0.6, 0.3
    assert spectra.copies(answers, 2) == 2
    assert spectra.copies(answers, 2, share=0.2) == 3
    assert spectra.copies(0 * answers, 2) == 0


@given(st.integers(-5, 9), st.integers(-5, 9))
@examples(25)
def test_pasted_patches_cover_what_they_lie_on(row, column):
    canvas, patch = np.zeros((8, 9, 1)), np.arange(1, 13.0).reshape(4, 3, 1)
    found = spectra.pasted(patch, canvas, row, column)
    slow = canvas.copy()
    for i, j in np.ndindex(4, 3):
        if 0 <= row + i < 8 and 0 <= column + j < 9:
            slow[row + i, column + j] = patch[i, j]
    np.testing.assert_array_equal(found, slow)
