"""Receptive fields and transposed convolution against Keras, slow twins, SciPy and scikit-image."""

import itertools
import re

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import signal
from skimage import restoration

from cvnotes import backend, convolution, experiments, models
from cvnotes.convolution_variants import (
    checkerboards,
    deconvolution,
    dilated,
    effective,
    probing,
    receptive,
    transposed,
)
from cvnotes.convolution_variants import drawings_fields as cones
from cvnotes.convolution_variants import drawings_transposed as stamps
from cvnotes.convolution_variants.receptive import Field, Layer, uniform
from cvnotes.convolution_variants.transposed_layers import keras_transposed, keras_transposed_layer
from tests.examples import examples

LAYERS = st.builds(
    Layer,
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    padding=st.integers(0, 2),
    kind=st.just("conv"),
)
STACKS = st.lists(LAYERS, min_size=1, max_size=4)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Filters with holes ---------------------------------------------------------------------------------------------------


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    step=st.integers(1, 4),
    depth=st.lists(st.integers(1, 3), max_size=2),
)
@examples(40)
def test_spread_puts_every_cell_in_its_place_and_nothing_between(shape, step, depth):
    cells = noise(*shape, *depth)
    out = dilated.spread(cells, step)
    assert out.shape[:2] == tuple(dilated.reach(side, step) for side in shape)
    for i, j in np.ndindex(shape):
        assert np.array_equal(out[i * step, j * step], cells[i, j])
    assert np.count_nonzero(out) == np.count_nonzero(cells)


def test_spread_of_a_row():
    assert dilated.spread(np.array([1, 2, 3]), 3).tolist() == [1, 0, 0, 2, 0, 0, 3]


@pytest.mark.parametrize(("kernel", "rate"), list(itertools.product((1, 2, 3, 5), (1, 2, 3))))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_dilated_layer_is_a_layer_of_a_spread_kernel(kernel, rate, padding):
    images, filters = noise(2, 14, 15, 2), noise(kernel, kernel, 2, 3, seed=1)
    holes = convolution.keras_conv(images, filters, dilation_rate=rate, padding=padding)
    zeros = convolution.keras_conv(images, dilated.spread(filters, rate), padding=padding)
    np.testing.assert_allclose(holes, zeros, atol=1e-4)


def test_keep_padding_keeps_the_size_or_says_why_not():
    for kernel, rate, side in itertools.product((1, 3, 5), (1, 2, 3, 4), (9, 16)):
        assert convolution.output_size(side, kernel, 1, dilated.keep_padding(kernel, rate), rate) == side
    assert dilated.keep_padding(4, 2) == 3
    with pytest.raises(ValueError, match="4 taps 3 apart"):
        dilated.keep_padding(4, 3)


# Receptive fields -----------------------------------------------------------------------------------------------------


def slow_paths(stack, unit):
    """Follow every path down to the input, one at a time."""
    counts = {unit: 1}
    for layer in reversed(stack):
        below = {}
        for place, ways in counts.items():
            for tap in range(layer.kernel):
                pixel = place * layer.stride - layer.padding + tap * layer.dilation
                below[pixel] = below.get(pixel, 0) + ways
        counts = below
    return counts


@given(stack=STACKS, unit=st.integers(0, 5))
@examples(80)
def test_recursion_paths_and_levels_agree_with_following_every_path(stack, unit):
    found, field = slow_paths(stack, unit), receptive.receptive_field(stack)
    assert field.span(unit) == (min(found), max(found))
    row = receptive.paths(stack)
    assert len(row) == field.size
    assert {place + field.span(unit)[0]: n for place, n in enumerate(row.tolist()) if n} == found
    assert receptive.levels(stack)[0].tolist() == sorted(slow_paths(stack, 0))
    assert receptive.levels(stack)[-1].tolist() == [0]


RANDOM = np.random.default_rng(5)
MIXED = [
    [
        Layer(*RANDOM.integers(1, (6, 4, 4)).tolist(), RANDOM.integers(3).item())
        if RANDOM.random() < 0.7
        else Layer(RANDOM.integers(1, 4).item(), RANDOM.integers(1, 3).item(), 1, RANDOM.integers(2).item(), "average")
        for _ in range(RANDOM.integers(1, 5))
    ]
    for _ in range(25)
]


@pytest.mark.parametrize("stack", MIXED, ids=range(len(MIXED)))
def test_gradient_support_paths_and_profile_agree(stack):
    field, (unit, side) = receptive.receptive_field(stack), probing.free_unit(stack)
    net = probing.keras_stack(stack, side)
    strength = probing.gradient_map(net, unit)
    first, last = field.span(unit)
    assert probing.support(strength) == ((first, last),)
    np.testing.assert_allclose(probing.measured_paths(stack), receptive.paths(stack), rtol=1e-4)
    row = models.profile(net).rows[-1]
    assert (row.receptive_field, row.jump) == ((field.size,), (field.jump,))


def test_random_positive_weights_have_the_same_support_and_two_axes_are_independent():
    stack = [Layer(3, 2, 1, 1), Layer(2, 1, 2), Layer(3, 2, 1, 0, "average")]
    unit, side = probing.free_unit(stack)
    net = probing.keras_stack(stack, side, rank=2, weights=keras.initializers.RandomUniform(0.1, 1.0, seed=1))
    rows = probing.gradient_map(net, unit) > 0
    row = np.zeros(side, bool)
    first, last = receptive.receptive_field(stack).span(unit)
    row[first : last + 1] = receptive.paths(stack) > 0
    assert np.array_equal(rows, np.outer(row, row))


def test_at_the_border_part_of_the_field_is_padding():
    stack = [Layer(5, padding=2)]
    assert receptive.receptive_field(stack).span(0) == (-2, 2)
    assert probing.support(probing.gradient_map(probing.keras_stack(stack, 9), 0)) == ((0, 2),)


def test_max_pooling_shows_its_field_to_many_pictures_only():
    stack = [Layer(3), Layer(2, 2, kind="max"), Layer(3, 2, kind="max")]
    size = receptive.receptive_field(stack).size
    one, many = probing.measured_span(stack), probing.measured_span(stack, images=200)
    assert one[1] - one[0] + 1 < many[1] - many[0] + 1 == size


def test_known_fields():
    assert [f.size for f in receptive.fields(uniform(3))] == [1, 3, 5, 7]
    assert [f.size for f in receptive.fields(uniform(3, dilations=(1, 2, 4)))] == [1, 3, 7, 15]
    assert receptive.receptive_field(uniform(3, kernel=2, stride=2)) == Field(8, 8, 0)
    assert Field(4, 2, 1).centre(3) == 8.5
    assert receptive.paths(uniform(4, dilations=(1, 3, 9, 27))).tolist() == [1] * 81
    assert receptive.paths(uniform(2, dilations=(2,))).tolist() == [1, 0, 2, 0, 3, 0, 2, 0, 1]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Layer(0), "kernel"),
        (Layer(3, stride=0), "stride"),
        (Layer(3, dilation=0), "dilation"),
        (Layer(3, padding=-1), "padding"),
        (Layer(3, kind="min"), "conv, average, max"),
    ],
)
def test_bad_layers_are_refused(layer, words):
    with pytest.raises(ValueError, match=words):
        receptive.receptive_field([layer])
    with pytest.raises(ValueError, match=words):
        receptive.paths([layer])


def test_other_bad_input():
    with pytest.raises(ValueError, match="rank"):
        probing.keras_stack([Layer(3)], 9, rank=3)
    with pytest.raises(ValueError, match="no pixel moves"):
        probing.support(np.zeros(5))
    with pytest.raises(ValueError, match="depth"):
        uniform(0)


@pytest.mark.parametrize("taps", range(1, 8))
def test_even_filters_drift_by_half_a_pixel_a_layer(taps):
    for depth in (1, 2, 3):
        wanted = 0 if taps % 2 else -depth / 2
        assert probing.drift(taps, depth) == pytest.approx(wanted, abs=1e-4)
    assert probing.drift(taps, 2, alternate=True) == pytest.approx(0, abs=1e-4)


# The effective field --------------------------------------------------------------------------------------------------


def test_mean_squared_gradient_of_linear_stacks_follows_the_paths():
    influence = effective.mean_influence(3, relu=False, dice=np.random.default_rng(0), draws=600)
    row = receptive.paths(uniform(3)) / 27
    np.testing.assert_allclose(influence.sum(0), row, atol=0.02)
    np.testing.assert_allclose(influence.sum(1), row, atol=0.02)
    flat = np.full(7, 1 / 7)
    assert np.abs(influence.sum(0) - flat).max() > 0.08


def test_expected_width_is_the_spread_of_the_paths():
    for depth, kernel in itertools.product((1, 4, 9), (2, 3, 5)):
        row = receptive.paths(uniform(depth, kernel))
        places = np.arange(len(row)) - (len(row) - 1) / 2
        assert np.sqrt(row @ places**2 / row.sum()) == pytest.approx(effective.expected_width(depth, kernel))


def test_width_and_central_share():
    bell = np.outer(*[signal.windows.gaussian(101, 6)] * 2)
    assert effective.width(bell) == pytest.approx(6, abs=0.01)
    assert effective.central_share(bell) == pytest.approx((2 * 2.24 * 6 / 101) ** 2, rel=0.1)
    assert effective.central_share(np.ones((9, 9))) == 1
    with pytest.raises(ValueError, match="at most 1"):
        effective.central_share(bell, mass=1.5)


def test_stored_widths_grow_with_the_root_of_the_depth():
    stored = experiments.load("convolution_variants", "effective_field")
    apart = np.abs(stored["linear"] - stored["relu"]).max(1)
    assert np.median(apart) > 2 * max(effective.TOLERANCE[name] for name in ("linear", "relu"))  # which is which
    for name in ("linear", "relu"):
        slopes = np.polyfit(np.log(effective.DEPTHS), np.log(stored[name]).T, 1)[0]
        assert np.all(np.abs(slopes - 0.5) < 0.06)
        expected = [effective.expected_width(depth) for depth in effective.DEPTHS]
        np.testing.assert_allclose(stored[name].mean(0), expected, rtol=0.06)


# Transposed convolution -----------------------------------------------------------------------------------------------

GRID = list(itertools.product((1, 2, 3), (1, 2, 3, 4, 5), ("valid", "same")))


@pytest.mark.parametrize(("stride", "kernel", "padding"), GRID)
def test_three_constructions_equal_keras(stride, kernel, padding):
    x, k = noise(4, 3, 2), noise(kernel, kernel, 3, 2, seed=1)
    theirs = keras_transposed(x, k, stride, padding)
    np.testing.assert_allclose(transposed.by_stamps(x, k, stride, padding), theirs, atol=1e-4)
    np.testing.assert_allclose(transposed.by_stuffing(x, k, stride, padding), theirs, atol=1e-4)
    if padding == "valid" and kernel >= stride:
        np.testing.assert_allclose(transposed.by_matrix(x, k, stride), theirs, atol=1e-4)
    if kernel > 1:
        turned = transposed.by_stuffing(x, k[::-1, ::-1], stride, padding)
        assert np.abs(turned - theirs).max() > 0.1


@given(
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 4),
    seed=st.integers(0, 99),
)
@examples(60)
def test_the_constructions_agree_for_any_padding(size, kernel, stride, padding, seed):
    if min((side - 1) * stride + kernel - 2 * padding for side in size) < 1:
        return
    x, k = noise(*size, 2, seed=seed).astype(float), noise(kernel, kernel, 2, 2, seed=seed).astype(float)
    first = transposed.by_stamps(x, k, stride, padding)
    np.testing.assert_allclose(transposed.by_stuffing(x, k, stride, padding), first, atol=1e-9)
    np.testing.assert_allclose(transposed.by_matrix(x, k, stride, padding), first, atol=1e-9)
    y = noise(*first.shape, seed=seed + 1).astype(float)
    forward = convolution.conv2d(y[None], k, stride=stride, padding=padding)[0]
    assert np.sum(forward * x) == pytest.approx(np.sum(y * first))  # the adjoint: <Wy, x> = <y, W'x>


def test_size_with_output_padding_equals_keras():
    for size, kernel, stride in itertools.product((1, 3, 6), (1, 2, 3, 5), (1, 2, 3)):
        for extra, (word, cut) in itertools.product(range(stride), (("valid", 0), ("same", kernel // 2))):
            if (size - 1) * stride + kernel - 2 * cut + extra < 1:
                continue
            layer = keras.layers.Conv2DTranspose(1, kernel, strides=stride, padding=word, output_padding=extra)
            side = layer.compute_output_shape((1, size, size, 1))[1]
            assert transposed.transposed_size(size, kernel, stride, cut, extra) == side


def test_size_undoes_the_size_of_the_convolution():
    for side, kernel, stride, padding in itertools.product(range(5, 20), (3, 4, 5), (1, 2, 3), (0, 1, 2)):
        small = convolution.output_size(side, kernel, stride, padding)
        lost = (side + 2 * padding - kernel) % stride
        assert transposed.transposed_size(small, kernel, stride, padding, lost) == side


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="takes off"):
        transposed.transposed_size(1, 3, 1, 2)
    with pytest.raises(ValueError, match="stride"):
        transposed.transposed_size(3, 3, 0)
    with pytest.raises(ValueError, match="padding"):
        transposed.crop_for(3, 3, 1, "full")


@pytest.mark.parametrize(("stride", "kernel"), list(itertools.product((1, 2, 3), (3, 4))))
def test_forward_and_backward_are_swapped(stride, kernel):
    k, v = noise(kernel, kernel, 2, 3), noise(1, 3, 3, 3, seed=1)
    side = transposed.transposed_size(3, kernel, stride)
    x = noise(1, side, side, 2, seed=2)
    conv, back = convolution.keras_layer(k, strides=stride), keras_transposed_layer(k, stride)
    _, for_x = backend.value_and_grad(lambda x: ops.sum(ops.multiply(conv(x), v)))(x)
    _, for_v = backend.value_and_grad(lambda v: ops.sum(ops.multiply(back(v), x)))(v)
    np.testing.assert_allclose(ops.convert_to_numpy(back(v)), for_x, atol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), for_v, atol=1e-4)


def test_stride_one_is_the_full_convolution():
    x, k = noise(5, 6), noise(3, 3, seed=1)
    full = signal.convolve2d(x, k, mode="full")
    np.testing.assert_allclose(keras_transposed(x[..., None], k[..., None, None])[..., 0], full, atol=1e-5)


# Checkerboards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kernel", "stride"), list(itertools.product(range(1, 8), range(1, 5))))
def test_stamps_are_even_exactly_where_the_stride_divides_the_kernel(kernel, stride):
    row = checkerboards.overlaps(9, kernel, stride)
    slow = np.zeros(8 * stride + kernel, int)
    for i in range(9):
        slow[i * stride : i * stride + kernel] += 1
    assert np.array_equal(row, slow)
    inside = row[kernel - 1 : len(row) - kernel + 1]
    assert (len(np.unique(inside)) == 1) == (kernel % stride == 0)


def test_phase_energy_knows_a_pattern_from_noise():
    board = np.indices((16, 16)).sum(0) % 2
    assert checkerboards.phase_energy(board) == pytest.approx(1)
    assert checkerboards.phase_energy(np.tile([[1, 2, 4], [0, 0, 1], [3, 1, 1]], (5, 5)), 3) == pytest.approx(1)
    assert checkerboards.phase_energy(np.full((8, 8), 3.0)) == 0
    many = [checkerboards.phase_energy(noise(32, 32, seed=seed)) for seed in range(40)]
    assert np.mean(many) == pytest.approx(3 / 1023, rel=0.3)
    wave = np.cos(2 * np.pi * np.arange(32) * 5 / 32)[None].repeat(32, 0)
    assert checkerboards.phase_energy(wave) < 1e-9


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_bilinear_kernel_draws_straight_lines(stride):
    ramp = np.arange(8.0)[:, None, None] * np.ones((1, 8, 2))
    kernel = checkerboards.bilinear_kernel(stride, channels=2)
    large = transposed.by_stamps(ramp, kernel, stride)[2 * stride : -2 * stride, 2 * stride : -2 * stride]
    np.testing.assert_allclose(np.diff(large[..., 0], axis=0), 1 / stride, atol=1e-9)
    np.testing.assert_allclose(np.diff(large[..., 1], axis=1), 0, atol=1e-9)


@pytest.mark.parametrize("name", checkerboards.UPSAMPLERS)
def test_upsamplers_double_and_only_random_stamps_leave_a_pattern(name):
    keras.utils.set_random_seed(1)
    small, large = checkerboards.pairs(12, seed=3)
    np.testing.assert_allclose(small[:, 0, 0, 0], large[:, :2, :2, 0].mean((1, 2)), atol=1e-6)
    net = checkerboards.enlarger(name)
    assert net(small).shape == large.shape
    share = checkerboards.pattern_share(net, small, large)
    assert share > 0.02 if name in ("3 / 2", "4 / 2") else share < 0.01


def test_unknown_upsampler_is_refused():
    with pytest.raises(ValueError, match="4 / 2 bilinear"):
        checkerboards.upsampler("5 / 2", 1)


def test_stored_checkerboards_tell_the_story_of_the_page():
    stored = experiments.load("convolution_variants", "checkerboards")
    assert stored["after"].shape == (5, len(checkerboards.UPSAMPLERS))
    assert np.all(stored["before"][:, :2] > 10 * stored["before"][:, 2:].max())
    assert np.all(stored["after"][:, :2].min(1) > stored["after"][:, 3])


# Deconvolution --------------------------------------------------------------------------------------------------------

LOPSIDED = np.array([[0.0, 0.1, 0.0], [0.3, 0.4, 0.0], [0.0, 0.2, 0.0]])


def test_blur_is_a_product_of_frequencies_and_equals_scipy():
    photo = noise(20, 24).astype(float)
    slow = signal.correlate2d(photo, LOPSIDED, mode="same", boundary="wrap")
    np.testing.assert_allclose(deconvolution.blur(photo, LOPSIDED), slow, atol=1e-9)
    by_waves = np.fft.ifft2(deconvolution.response(LOPSIDED, photo.shape) * np.fft.fft2(photo)).real
    np.testing.assert_allclose(by_waves, slow, atol=1e-9)


def test_the_turned_kernel_is_the_adjoint_and_conjugates_the_response():
    x, y = noise(16, 16).astype(float), noise(16, 16, seed=1).astype(float)
    turned = LOPSIDED[::-1, ::-1]
    assert np.sum(deconvolution.blur(x, LOPSIDED) * y) == pytest.approx(np.sum(x * deconvolution.blur(y, turned)))
    h = deconvolution.response(LOPSIDED, (16, 16))
    np.testing.assert_allclose(deconvolution.response(turned, (16, 16)), h.conj(), atol=1e-9)


def test_without_noise_the_blur_is_undone_exactly():
    photo = noise(18, 20).astype(float)
    back = deconvolution.wiener(deconvolution.blur(photo, LOPSIDED), LOPSIDED, 0)
    np.testing.assert_allclose(back, photo, atol=1e-6)
    with pytest.raises(ValueError, match="at least 0"):
        deconvolution.wiener(photo, LOPSIDED, -1)


def test_wiener_agrees_with_scikit_image_up_to_the_guess_of_the_spectrum(monkeypatch):
    photo = noise(32, 32).astype(float)
    kernel = deconvolution.disc(1.5)
    seen = deconvolution.blur(photo, kernel)
    monkeypatch.setattr(deconvolution, "photo_spectrum", lambda shape, variance: np.ones(shape))
    ours = deconvolution.wiener(seen, kernel, 0.05)
    flat = np.ones((32, 17))  # the regularizer of white noise: the same doubt at every frequency
    theirs = restoration.wiener(seen, kernel, 0.05, reg=flat.astype(complex), is_real=True, clip=False)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_photo_spectrum_shares_out_the_variance():
    power = deconvolution.photo_spectrum((16, 20), 0.3)
    assert power.mean() == pytest.approx(0.3)
    assert power[0, 1] / power[0, 2] == pytest.approx(4)


def test_scaled_error_forgives_scale_and_shift_alone():
    photo = noise(9, 9).astype(float)
    assert deconvolution.scaled_error(3 * photo + 7, photo) == pytest.approx(0, abs=1e-9)
    assert deconvolution.scaled_error(np.full((9, 9), 2.0), photo) == 1
    assert 0.9 < deconvolution.scaled_error(noise(9, 9, seed=1).astype(float), photo) <= 1


def test_disc_is_round_even_and_adds_up():
    kernel = deconvolution.disc(2.5)
    assert kernel.shape == (7, 7)
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(kernel, kernel.T)
    np.testing.assert_allclose(kernel, kernel[::-1])


# Pictures -------------------------------------------------------------------------------------------------------------


def texts(fig):
    return [t.get_text() for t in fig.findobj(Text) if t.get_text()]


@pytest.mark.parametrize("dilation", cones.RATES)
@pytest.mark.parametrize(("kernel", "stride"), list(itertools.product(cones.KERNELS, cones.STRIDES)))
@pytest.mark.once
def test_every_cone_can_be_drawn_and_says_its_numbers(kernel, stride, dilation):
    for depth in cones.DEPTHS:
        fig, words = cones.draw_cone(depth, kernel, stride, dilation), cones.say_cone(depth, kernel, stride, dilation)
        found = slow_paths(cones.stack_of(depth, kernel, stride, dilation), 0)
        size = max(found) - min(found) + 1
        assert f"Spans {size} pixels" in words
        assert f"{size} wide" in texts(fig)
        missing = size - len(found)
        assert (f"misses {missing}." if missing else "reads them all") in words


@pytest.mark.parametrize(
    ("stride", "kernel", "padding"), list(itertools.product(stamps.STRIDES, stamps.KERNELS, (0, 1)))
)
def test_both_ways_of_the_figure_give_the_row_of_keras(stride, kernel, padding):
    row, taps = stamps.ROW, stamps.TAPS[:kernel]
    full = np.convolve(dilated.spread(row, stride), taps)
    wanted = full[padding : len(full) - padding]
    assert stamps.row_answer(stride, kernel, padding).tolist() == wanted.tolist()
    assert np.correlate(stamps.row_stuffed(stride, kernel, padding), taps[::-1]).tolist() == wanted.tolist()
    for stop in stamps.STOPS:
        words = stamps.say_two_ways(stride, kernel, padding, stop)
        assert isinstance(stamps.draw_two_ways(stride, kernel, padding, stop), Figure)
        assert int(re.search(r"= (\d+)$", words)[1]) == wanted[min(stop, len(wanted)) - 1]


@pytest.mark.parametrize("stride", [1, 2])
def test_the_stuffed_grid_is_counted_and_drawn(stride):
    x, k = np.arange(1, 10).reshape(3, 3), np.ones((3, 3), int)
    found = stamps.counted(x, k, stride, 0)
    assert found["input"] == 9
    assert found["between"] == (2 * stride + 1) ** 2 - 9
    assert sum(found.values()) == (2 * stride + 1 + 4) ** 2
    words = texts(stamps.draw_stuffed(x, k, stride, 0, 4))
    answer = transposed.by_stamps(x[..., None], k[..., None, None].astype(float), stride)
    assert f"{len(answer)} × {len(answer)} output" in words
    assert len(words) == 2 + sum(found.values()) + answer.size


@pytest.mark.once
def test_the_other_pictures_can_be_drawn():
    layers = [uniform(3), uniform(3, dilations=(2,))]
    photo = noise(32, 32).astype(float)
    stored = experiments.load("convolution_variants", "checkerboards")
    widths = {"a": np.ones((2, 3)), "b": np.ones((2, 3))}
    pictures = [
        cones.draw_taps(3, (1, 2)),
        cones.draw_reads(layers, ["a", "b"]),
        cones.draw_drift({"point": probing.travelled(4, 1, side=9)}, start=4),
        cones.draw_influence({2: np.ones((5, 5))}),
        cones.draw_widths((2, 4, 8), widths, (1, 2, 3)),
        cones.draw_growth({"net": (3, 5, 9)}, side=8),
        stamps.draw_overlaps([(3, 2), (4, 2)]),
        stamps.draw_factors(deconvolution.disc(1.5), 32, 1e-4, 0.1),
        stamps.draw_errors((0.01, 0.1), {"a": [0.1, 0.2]}),
        stamps.draw_shares(stored, checkerboards.UPSAMPLERS),
    ]
    assert all(isinstance(picture, Figure) for picture in pictures)
    assert "read: 49" in " ".join(texts(pictures[1]))
    errors = deconvolution.noise_study(photo, LOPSIDED, (0.0, 0.5))
    assert errors["inverse"][0] < 1e-6 < errors["wiener"][1] < 1


# What readers hand over by mistake ------------------------------------------------------------------------------------


def test_more_ways_than_64_bits_count_are_refused():
    assert receptive.paths(uniform(39)).sum() == 3**39
    with pytest.raises(ValueError, match="too many for 64 bits"):
        receptive.paths(uniform(40))
    with pytest.raises(ValueError, match=r"at least one dilation.*Received"):
        uniform(3, dilations=())


@pytest.mark.parametrize("kernel", [np.ones((2, 2)) / 4, np.ones((3, 5)) / 15, np.ones(3) / 3])
def test_a_blur_without_a_middle_is_refused(kernel):
    for undo in (deconvolution.blur, lambda x, k: deconvolution.wiener(x, k, 0.1)):
        with pytest.raises(ValueError, match=r"odd side.*Received"):
            undo(np.eye(9), kernel)


def test_numbers_that_no_blur_has_are_refused():
    with pytest.raises(ValueError, match=r"must fit into the picture.*Received"):
        deconvolution.wiener(np.eye(9), np.ones((11, 11)) / 121, 0.1)
    with pytest.raises(ValueError, match=r"noise must be at least 0.*nan"):
        deconvolution.wiener(np.eye(9), np.ones((3, 3)) / 9, float("nan"))
    for radius in (-0.5, float("nan")):
        with pytest.raises(ValueError, match=r"radius must be at least 0.*Received"):
            deconvolution.disc(radius)


WAYS = (transposed.by_stamps, transposed.by_stuffing, transposed.by_matrix)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_transposed_bytes_do_not_wrap_round(way):
    dice = np.random.default_rng(0)
    x, kernel = dice.integers(256, size=(3, 4, 2)).astype("uint8"), np.full((3, 3, 5, 2), 9, "uint8")
    np.testing.assert_allclose(way(x, kernel, 2), way(x.astype(float), kernel.astype(float), 2))
    assert way(x.tolist(), kernel.tolist(), 2, 1).max() > 255


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_transposed_sizes_that_do_not_fit_are_refused(way):
    good = np.ones((3, 4, 2)), np.ones((3, 3, 5, 2))
    for stride in (0, -1, 1.0, True):
        with pytest.raises(ValueError, match=r"stride must.*Received"):
            way(*good, stride)
    for x, kernel in ((good[0][..., 0], good[1]), (good[0][..., :1], good[1]), (good[0][:0], good[1])):
        with pytest.raises(ValueError, match=r"Give a picture.*Received"):
            way(x, kernel)


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.__name__)
def test_an_oblong_kernel_is_refused_where_only_squares_work(way):
    with pytest.raises(ValueError, match=r"a square kernel \(k, k, o, c\). Received"):
        way(np.ones((3, 4, 2)), np.ones((3, 2, 5, 2)), 2, 1)


@pytest.mark.parametrize("unit", [-1, 5, (0, 5), 1.5, (1,)])
def test_a_unit_outside_the_map_is_refused(unit):
    with pytest.raises(ValueError, match=r"unit must|zip"):
        probing.gradient_map(probing.keras_stack(uniform(2), 9, rank=2), unit)


def test_a_stack_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"kind must be one of.*Received: kind='mean'"):
        probing.keras_stack([Layer(3, kind="mean")], 9)
