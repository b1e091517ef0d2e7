"""The convolution layer against Keras, SciPy and slow twins."""

import itertools
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, signal

from cvnotes import convolution as conv
from tests.examples import examples

CASES = examples(60)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# Sizes ---------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(0, 4), st.integers(1, 4))
@CASES
def test_output_size_counts_the_starts_that_fit(size, kernel, stride, padding, dilation):
    end = size + 2 * padding
    starts = [s for s in range(0, end, stride) if s + dilation * (kernel - 1) < end]
    if starts:
        assert conv.output_size(size, kernel, stride, padding, dilation) == len(starts)
    else:
        with pytest.raises(ValueError, match="does not fit"):
            conv.output_size(size, kernel, stride, padding, dilation)


def test_output_size_agrees_with_keras():
    for size, kernel, stride, padding in itertools.product((5, 8, 11), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2)):
        image = np.zeros((size + 2 * padding, size + 2 * padding), np.float32)
        shape = conv.keras_conv(image, np.ones((kernel, kernel)), strides=stride).shape
        assert shape == (conv.output_size(size, kernel, stride, padding),) * 2


def test_size_cases_holds_each_case_that_fits_once():
    cases = list(conv.size_cases())
    assert len(cases) == len(set(cases)) > 4000
    assert {case[4] for case in cases} == {1, 2, 3}
    assert (1, 2, 1, 0, 1) not in cases
    for case in cases:
        assert conv.output_size(*case) >= 1


@pytest.mark.parametrize("bad", [0, -1, 2.5, "3", None])
def test_sizes_refuse_what_is_no_size(bad):
    with pytest.raises(ValueError, match="Received: kernel="):
        conv.output_size(8, bad)


def test_same_padding_reproduces_keras():
    for size, kernel, stride, dilation in itertools.product((5, 8, 9), (1, 2, 3, 4, 7), (1, 2, 3), (1, 2)):
        if stride > 1 and dilation > 1:
            continue  # Keras refuses the two together
        row, taps = noise(1, size, 1), noise(kernel, 1, 1)
        before, after = conv.same_padding(size, kernel, stride, dilation)
        padded = np.pad(row, [(0, 0), (before, after), (0, 0)])
        keras = conv.keras_conv(row, taps, strides=stride, padding="same", dilation_rate=dilation)
        explicit = conv.keras_conv(padded, taps, strides=stride, dilation_rate=dilation)
        assert_allclose(keras, explicit, atol=1e-6)
        assert keras.shape[1] == -(-size // stride)
        assert 0 <= after - before <= 1


@given(
    st.integers(11, 40), st.integers(11, 40), st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3)
)
@CASES
def test_layer_card_is_what_keras_builds(width, height, depth, filters, kernel, stride):
    import keras

    layer = keras.layers.Conv2D(filters, kernel, strides=stride)
    shape = layer.compute_output_shape((1, height, width, depth))
    card = conv.layer_card(width, height, depth, filters, kernel, stride)
    assert (card["H2"], card["W2"], card["D2"]) == shape[1:]
    layer.build((None, height, width, depth))
    assert card["parameters"] == layer.count_params() == card["weights"] + card["biases"]


# Windows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7, 6), (7, 6, 3), (2, 7, 6, 3)])
def test_patches_are_the_windows(shape):
    image = noise(*shape)
    windows = conv.patches(image, (3, 2), 2)
    axis = int(len(shape) == 4)
    assert windows.shape == (*shape[:axis], 3, 3, 3, 2, *shape[axis + 2 :])
    for i, j in itertools.product(range(3), range(3)):
        picked = windows[:, i, j] if axis else windows[i, j]
        rows, columns = slice(2 * i, 2 * i + 3), slice(2 * j, 2 * j + 2)
        assert_array_equal(picked, image[:, rows, columns] if axis else image[rows, columns])
    assert np.shares_memory(windows, image)
    assert not windows.flags.writeable


def test_patches_take_views_and_dilation():
    image = noise(9, 10, 3)
    assert_array_equal(conv.patches(image[::-1, ::2], 3), conv.patches(image[::-1, ::2].copy(), 3))
    assert_array_equal(conv.patches(image, 2, dilation=3)[1, 2], image[1:5:3, 2:6:3])


def test_patches_refuse_other_ranks():
    with pytest.raises(ValueError, match=r"Received: shape=\(4,\)"):
        conv.patches(np.zeros(4), 2)
    with pytest.raises(ValueError, match="does not fit"):
        conv.patches(np.zeros((4, 4)), 5)


# Rungs ---------------------------------------------------------------------------------------------------------------


@given(st.integers(3, 8), st.integers(3, 8), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
@CASES
def test_rung_plain_is_a_correlation(height, width, kh, kw, seed):
    image, kernel = noise(height, width, seed=seed), noise(kh, kw, seed=seed + 1)
    assert_allclose(conv.rung_plain(image, kernel), signal.correlate2d(image, kernel, "valid"), atol=1e-5)


@pytest.mark.parametrize(("stride", "padding"), list(itertools.product((1, 2, 3), (0, 1, 2))))
def test_all_rungs_agree_with_keras(stride, padding):
    batch, filters, bias = noise(2, 7, 8, 3), noise(3, 2, 3, 4, seed=1), noise(4, seed=2)
    padded = conv.pad(batch, padding)
    keras = conv.keras_conv(padded, filters, bias, strides=stride)
    assert_allclose(conv.rung_batch(batch, filters, bias, stride, padding), keras, atol=1e-5)
    assert_allclose(conv.rung_channels(batch[0], filters, bias, stride, padding), keras[0], atol=1e-5)
    grey = conv.keras_conv(padded[0, ..., 0], filters[..., 0, 0], strides=stride)
    assert_allclose(conv.rung_strided(batch[0, ..., 0], filters[..., 0, 0], stride, padding), grey, atol=1e-5)


@pytest.mark.parametrize("function", [conv.rung_batch, conv.conv2d])
def test_channels_must_match(function):
    with pytest.raises(ValueError, match="whole depth"):
        function(noise(1, 5, 5, 3), noise(3, 3, 2, 1), np.zeros(1))
    with pytest.raises(ValueError, match="filters must have the shape"):
        function(noise(1, 5, 5, 3), noise(3, 3), np.zeros(1))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_loop_nd_agrees_with_keras(axes):
    clip, filters = noise(*(6, 5, 4)[:axes], 2), noise(*(3, 2, 2)[:axes], 2, 3, seed=1)
    assert_allclose(conv.loop_nd(clip, filters), conv.keras_conv(clip[None], filters)[0], atol=1e-5)
    with pytest.raises(ValueError, match="axes do not match"):
        conv.loop_nd(clip[..., :1], filters)


def test_numbered_steps_walk_the_rows_only_with_the_row_step():
    image, kernel = np.arange(16.0).reshape(4, 4), np.ones((2, 2))
    stops = conv.numbered_steps(image, 2, lambda seen: (seen * kernel).sum() + 0.5, stride=2)
    assert [stop[:2] for stop in stops] == [(0, 0), (0, 2), (2, 0), (2, 2)]
    assert_allclose([stop[2] for stop in stops], conv.rung_strided(image, kernel, 2).ravel() + 0.5)
    literal = conv.numbered_steps(image, 2, np.max, row_step=False, limit=50)
    assert len(literal) == 50
    assert {stop[0] for stop in literal} == {0}


# Matrices ------------------------------------------------------------------------------------------------------------


@given(
    st.tuples(st.integers(1, 3), st.integers(5, 9), st.integers(5, 9), st.integers(1, 3)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
    st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2)]),
    st.sampled_from(["valid", "same"]),
)
@CASES
def test_conv2d_agrees_with_keras(shape, kernel, steps, padding):
    stride, dilation = steps
    batch, bias = noise(*shape), noise(kernel[2], seed=2)
    filters = noise(*kernel[:2], shape[3], kernel[2], seed=1)
    try:
        ours = conv.conv2d(batch, filters, bias, stride, padding, dilation)
    except ValueError:
        assert padding == "valid"
        assert max(kernel[:2]) > (min(shape[1:3]) - 1) // dilation
        return
    keras = conv.keras_conv(batch, filters, bias, strides=stride, padding=padding, dilation_rate=dilation)
    assert_allclose(ours, keras, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_conv2d_keeps_the_dtype(dtype):
    out = conv.conv2d(np.ones((1, 5, 5, 2), dtype), np.ones((3, 3, 2, 1), dtype), np.zeros(1))
    assert out.dtype == dtype
    assert out.shape == (1, 3, 3, 1)


def test_a_fractional_bias_is_not_cut_off_by_whole_pixels():
    """A bias of 0.5 on a picture of whole numbers; in the dtype of the picture it would be 0."""
    batch, filters = np.arange(32).reshape(1, 4, 4, 2), np.ones((2, 2, 2, 1), int)
    ours = conv.conv2d(batch, filters, [0.5])
    assert_array_equal(ours, conv.rung_batch(batch, filters, [0.5]))
    assert_allclose(ours, conv.keras_conv(batch, filters, [0.5]))


@pytest.mark.parametrize("function", [conv.rung_batch, conv.conv2d])
@pytest.mark.parametrize("bias", [np.zeros(1), np.zeros(3), np.zeros((2, 2))])
def test_biases_must_match(function, bias):
    with pytest.raises(ValueError, match="one number for each of 2 filters"):
        function(noise(1, 5, 5, 3), noise(3, 3, 3, 2), bias)


def test_conv2d_takes_uneven_padding_and_pairs():
    batch, filters = noise(2, 6, 7, 2), noise(4, 2, 2, 3, seed=1)
    ours = conv.conv2d(batch, filters, stride=(2, 1), padding=((1, 2), (0, 1)))
    padded = np.pad(batch, [(0, 0), (1, 2), (0, 1), (0, 0)])
    assert_allclose(ours, conv.keras_conv(padded, filters, strides=(2, 1)), atol=1e-5)
    with pytest.raises(ValueError, match='"valid", "same"'):
        conv.conv2d(batch, filters, padding="full")


def test_conv2d_in_blocks_equals_one_block():
    batch, filters = noise(40, 30, 30, 3), noise(5, 5, 3, 4, seed=1)
    whole = conv.im2col(batch, 5) @ filters.reshape(-1, 4)
    assert_allclose(conv.conv2d(batch, filters).reshape(-1, 4), whole, atol=1e-4)


@pytest.mark.parametrize(("stride", "padding"), list(itertools.product((1, 2), (0, 1, 2))))
def test_conv_matrix_is_the_layer(stride, padding):
    image, filters = noise(6, 5, 3), noise(3, 3, 3, 2, seed=1)
    matrix = conv.conv_matrix(filters, image.shape, stride, padding)
    keras = conv.keras_conv(conv.pad(image, padding)[None], filters, strides=stride)[0]
    assert_allclose((matrix @ image.ravel()).reshape(keras.shape), keras, atol=1e-5)
    grey = conv.conv_matrix(filters[..., 0, 0], (6, 5), stride, padding)
    assert_allclose(
        (grey @ image[..., 0].ravel()),
        conv.rung_strided(image[..., 0], filters[..., 0, 0], stride, padding).ravel(),
        atol=1e-5,
    )
    with pytest.raises(ValueError, match="3 channels, the image 1"):
        conv.conv_matrix(filters, (6, 5))


@pytest.mark.parametrize("fill", ["zeros", "edge", "reflect", "symmetric", "wrap"])
def test_pad_is_numpy_pad_on_rows_and_columns(fill):
    batch = noise(2, 5, 6, 3)
    mode = "constant" if fill == "zeros" else fill
    assert_array_equal(conv.pad(batch, (1, 2), fill), np.pad(batch, [(0, 0), (1, 1), (2, 2), (0, 0)], mode=mode))
    assert_array_equal(conv.pad(batch[0], 1, fill), np.pad(batch[0], [(1, 1), (1, 1), (0, 0)], mode=mode))
    assert_array_equal(
        conv.pad(batch[0, ..., 0], ((0, 1), (2, 0)), fill), np.pad(batch[0, ..., 0], ((0, 1), (2, 0)), mode=mode)
    )


def test_pad_refuses_an_unknown_fill():
    with pytest.raises(ValueError, match="Received: fill='glue'"):
        conv.pad(np.zeros((3, 3)), 1, "glue")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv.pad(np.zeros((3, 3)), "same"), "padding must be numbers.*'same'"),
        (lambda: conv.rung_strided(np.zeros((3, 3)), np.ones((2, 2)), 1, -1), "padding=-1"),
        (lambda: conv.rung_strided(np.zeros((3, 3)), np.ones((2, 2)), 0), "stride=0"),
        (lambda: conv.numbered_steps(np.zeros((3, 3)), 2, np.max, 0), "stride=0"),
        (lambda: conv.output_size(True, 1), "size=True"),
        (lambda: conv.box(0), "size=0"),
        (lambda: conv.gaussian(3, 0), "sigma=0"),
        (lambda: conv.template(np.ones((5, 5)), 2, 2, 3), "flat"),
        (lambda: conv.frequency_response(np.ones((5, 5)), 3), "size=3"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Layers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_unshared_layer_with_equal_weights_is_the_convolution(stride):
    batch, filters, bias = noise(2, 8, 7, 3), noise(3, 3, 3, 4, seed=1), noise(4, seed=2)
    layer = conv.Unshared(4, 3, stride)
    shape = layer(batch).shape
    assert tuple(shape) == layer.compute_output_shape(batch.shape)
    from keras import ops

    out = ops.convert_to_numpy(layer.share(filters, bias)(batch))
    assert_allclose(out, conv.keras_conv(batch, filters, bias, strides=stride), atol=1e-5)
    assert layer.count_params() == np.prod(out.shape[1:3]) * (27 * 4 + 4)


def test_unshared_layer_has_own_weights_at_every_place():
    from keras import ops

    layer, image = conv.Unshared(2, 3), noise(1, 6, 6, 1)
    layer.build(image.shape)
    kernel = np.zeros(layer.kernel.shape, np.float32)
    kernel[2, 1] = noise(9, 2, seed=1)
    layer.set_weights([kernel, np.zeros(layer.bias.shape)])
    out = ops.convert_to_numpy(layer(image))[0]
    assert_allclose(out[2, 1], image[0, 2:5, 1:4, 0].ravel() @ kernel[2, 1], atol=1e-5)
    out[2, 1] = 0
    assert not out.any()
    assert conv.Unshared.from_config(layer.get_config()).filters == 2


def test_keras_layer_refuses_filters_without_a_layer():
    with pytest.raises(ValueError, match="filters must be"):
        conv.keras_layer(np.zeros((2, 2, 2, 2, 2, 2)))


# Filters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [conv.VERTICAL, conv.SHARPEN, conv.gaussian(4), conv.box(5), noise(2, 3)])
@pytest.mark.parametrize(("fill", "mode"), [("zeros", "constant"), ("edge", "nearest"), ("symmetric", "reflect")])
def test_apply_filter_is_a_correlation_per_channel(kernel, fill, mode):
    image = noise(9, 8, 3)
    origin = [-((side - 1) % 2) for side in kernel.shape]  # SciPy centres an even kernel one pixel further on
    slow = np.stack([ndimage.correlate(image[..., c], kernel, mode=mode, origin=origin) for c in range(3)], axis=-1)
    ours = conv.apply_filter(image, kernel, fill)
    assert ours.shape == image.shape
    if all(side % 2 for side in kernel.shape):
        assert_allclose(ours, slow, atol=1e-5)
    padded = conv.pad(image[..., 0], [(side // 2, side - 1 - side // 2) for side in kernel.shape], fill)
    assert_allclose(ours[..., 0], signal.correlate2d(padded, kernel, "valid"), atol=1e-5)


def test_blurs_sum_to_one_and_edges_to_nothing():
    for kernel in (conv.box(3), conv.box(4), conv.gaussian(5, 1.0), conv.gaussian(4, 0.7), conv.SHARPEN, conv.IDENTITY):
        assert kernel.sum() == pytest.approx(1, abs=1e-6)
    for kernel in (conv.VERTICAL, conv.HORIZONTAL, conv.SOBEL, conv.LAPLACIAN, conv.EMBOSS, conv.steered(33)):
        assert kernel.sum() == pytest.approx(0, abs=1e-5)
    assert_allclose(conv.gaussian(5, 1.0), conv.gaussian(5, 1.0).T)
    impulse = np.zeros((9, 9))
    impulse[4, 4] = 1
    assert_allclose(conv.gaussian(9, 1.0), ndimage.gaussian_filter(impulse, 1.0, truncate=4), atol=2e-4)


@pytest.mark.parametrize("angle", [0, 20, 45, 70, 90, 135])
def test_steered_filters_answer_most_to_their_own_angle(angle):
    rows, columns = np.indices((31, 31)) - 15
    responses = []
    for tilt in range(0, 180, 5):
        across = columns * np.sin(np.deg2rad(tilt)) + rows * np.cos(np.deg2rad(tilt))
        responses.append(conv.rung_plain(np.exp(-(across**2) / 2), conv.steered(angle))[11, 11])
    assert 5 * int(np.argmax(responses)) == angle


def test_template_is_found_where_it_was_cut():
    image = noise(30, 40)
    kernel = conv.template(image, 12, 25, 7)
    assert kernel.mean() == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(kernel) == pytest.approx(1, abs=1e-6)
    scores = conv.similarity(image, kernel)
    assert np.unravel_index(scores.argmax(), scores.shape) == (12 - 3, 25 - 3)
    assert scores.max() == pytest.approx(1, abs=1e-4)
    assert np.abs(scores).max() <= 1 + 1e-4
    with pytest.raises(ValueError, match="leaves the image"):
        conv.template(image, 1, 1, 7)


def test_similarity_agrees_with_scikit_image():
    from skimage.feature import match_template

    image, patch = noise(20, 22), noise(5, 4, seed=1)
    kernel = patch - patch.mean()
    kernel /= np.linalg.norm(kernel)
    assert_allclose(conv.similarity(image, kernel), match_template(image, patch), atol=1e-4)
    assert not conv.similarity(np.ones((9, 9)), kernel).any()


def test_frequency_response_is_the_gain_of_a_wave():
    wave = np.cos(2 * np.pi * np.arange(64) / 8) * np.ones((64, 1))
    for kernel in (conv.box(3), conv.gaussian(5), conv.SHARPEN):
        gain = conv.frequency_response(kernel, 64)[32, 32 + 8]
        assert np.abs(signal.correlate2d(wave, kernel, "valid")).max() == pytest.approx(gain, abs=1e-3)


def test_scores_tell_an_edge_from_a_blob_from_noise():
    edge = np.repeat(np.tile([1.0, 0, -1], (3, 1))[..., None], 3, axis=2)[..., None]
    blob = np.ones((3, 3, 1)) * np.array([1.0, -1, 0])
    blob = (conv.gaussian(3)[..., None] * blob)[..., None]
    random = noise(7, 7, 3, 500).astype(float)
    assert conv.orientation_score(edge)[0] > 0.5
    assert conv.orientation_score(edge.transpose(1, 0, 2, 3))[0] == pytest.approx(conv.orientation_score(edge)[0])
    assert conv.colour_score(edge)[0] == pytest.approx(0, abs=1e-12)
    assert conv.colour_score(blob)[0] == pytest.approx(1, abs=1e-6)
    assert conv.colour_score(random).mean() == pytest.approx(2 / 3, abs=0.01)
    assert conv.smoothness_score(random).mean() == pytest.approx(0, abs=0.02)
    assert conv.smoothness_score(np.ones((7, 7, 3, 1)))[0] == pytest.approx(1, abs=1e-6)
    assert conv.orientation_score(random).mean() < 0.3


def test_edge_contrast_counts_steps():
    steps = np.tile([0.0, 1.0], (4, 3))
    assert conv.edge_contrast(steps) == pytest.approx(0.5)
    assert conv.edge_contrast(conv.apply_filter(steps, conv.box(3))) < conv.edge_contrast(steps)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute pooling"):
        _ = conv.pooling
    assert "Unshared" in dir(conv)
    assert all(hasattr(conv, name) for name in conv.__all__)


# Borders -------------------------------------------------------------------------------------------------------------


def test_border_error_reaches_exactly_as_deep_as_the_stack():
    photo = np.random.default_rng(0).random((80, 80, 3), np.float32)
    for depth in (1, 3):
        errors = conv.border_study(photo, "zeros", depth=depth, side=20)
        assert errors.shape == (10,)
        assert (errors[:depth] > 1e-3).all()
        assert (errors[depth:] < 1e-5).all()
    flat = np.full((80, 80, 3), 0.3, np.float32)
    assert conv.border_study(flat, "edge", side=20).max() < 1e-5
    assert conv.border_study(flat, "zeros", side=20).max() > 0.1
    with pytest.raises(ValueError, match="must be 56 pixels wide"):
        conv.border_study(photo[:50], "zeros")


# Drawings: every callback over its whole grid ------------------------------------------------------------------------


def checked(draw, say, **values):
    fig, words = draw(**values), say(**values)
    fig.draw_without_rendering()
    assert len(words) > 40
    assert not words.endswith(" ")
    return fig, words


@pytest.mark.once
def test_window_is_drawn_at_every_stop():
    said = set()
    for size, stride, padding in itertools.product([4, 5], [1, 2, 3], [0, 1]):
        stops = conv.output_size(size, 3, stride, padding) ** 2
        for step in range(stops):
            words = conv.say_window(size, stride, padding, step)
            assert f"stop {step + 1} of {stops}" in words
            said.add(words)
        assert conv.say_window(size, stride, padding, 24) == words
        _, words = checked(conv.draw_window, conv.say_window, size=size, stride=stride, padding=padding, step=24)
    assert len(said) == 82


def test_window_says_the_sum_that_the_loop_gives():
    from cvnotes.convolution import drawings

    sums = conv.rung_strided(drawings.DIGITS[:5, :5], drawings.CROSS, 2, 1).ravel()
    for step, total in enumerate(sums):
        assert conv.say_window(5, 2, 1, step).endswith(f"add up to {total}.")


@pytest.mark.parametrize("case", list(itertools.product([1, 2, 3, 5], [1, 2], [0, 1])))
@pytest.mark.once
def test_pattern_is_drawn_and_counted(case):
    fig, words = checked(
        conv.draw_pattern, conv.say_pattern, **dict(zip(("kernel", "stride", "padding"), case, strict=True))
    )
    filled = conv.conv_matrix(np.ones((case[0], case[0])), (8, 8), *case[1:]).nnz
    assert f" {filled} entries" in words
    assert fig.axes[0].get_title().startswith(f"{filled} of ")


@pytest.mark.parametrize("kernel", list(conv.BENCH))
def test_bench_filters_one_side_of_the_cut(kernel):
    from cvnotes.convolution import drawings

    for photo in ("cat", "coffee"):
        _, words = checked(conv.draw_bench, conv.say_bench, kernel=kernel, photo=photo)
        assert kernel in words
        image, picture = drawings.bench_photo(photo), drawings.bench_picture(kernel, photo)
        assert_array_equal(picture[:, :70], image[:, :70])
        assert np.abs(picture[:, 140:] - image[:, 140:]).mean() > 0.01


@pytest.mark.parametrize("case", [(10, 3, 2, 0), (10, 3, 2, 1), (7, 5, 3, 2), (6, 2, 5, 0)])
def test_fit_names_the_pixels_that_no_window_covers(case):
    from cvnotes.backend import value_and_grad

    checked(conv.draw_fit, conv.say_fit, **dict(zip(("size", "kernel", "stride", "padding"), case, strict=True)))
    size, kernel, stride, padding = case
    from keras import ops

    layer = conv.keras_layer(np.ones((kernel, 1, 1)), strides=stride)

    def total(row):
        return ops.sum(layer(ops.pad(row, [(0, 0), (padding, padding), (0, 0)])))

    _, uses = value_and_grad(total)(np.ones((1, size, 1)))
    assert conv.unseen(*case) == np.flatnonzero(uses[0, :, 0] == 0).tolist()


@pytest.mark.once
def test_volumes_and_products_are_drawn():
    conv.draw_cubes((6, 5, 4), (3, 2, 4), at=(1, 2)).draw_without_rendering()
    fig = conv.draw_products(np.arange(108.0).reshape(6, 6, 3), np.ones((3, 3, 3)), 1, 2)
    fig.draw_without_rendering()
    assert len(fig.axes) == 12


# Experiments ---------------------------------------------------------------------------------------------------------


def test_pictures_stand_where_they_were_put():
    images = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    out = conv.on_canvas(images, [0, 2, 4], [1, 3, 0], (12, 11))
    assert out.shape == (3, 12, 11, 1)
    assert_array_equal(out[1, 2:10, 3:11], images[1])
    assert_allclose(out.sum(axis=(1, 2, 3)), images.sum(axis=(1, 2, 3)), rtol=1e-5)


def test_quarters_and_halves_hold_what_their_labels_say():
    images, quarters = conv.quarter_data(200, 0)
    rows, columns = (images.sum(axis=axis)[..., 0] @ np.arange(28) / images.sum(axis=(1, 2, 3)) for axis in (2, 1))
    assert_array_equal(quarters, (rows > 13.5) * 2 + (columns > 13.5))
    left, right = (conv.half_data(50, 1, right=side)[0] for side in (False, True))
    assert not left[:, :, 17:].any()
    assert not right[:, :, :17].any()
    train, test = conv.quarter_data(300, 0)[0], conv.quarter_data(300, 0, test=True)[0]
    assert not {t.tobytes() for t in train} & {t.tobytes() for t in test}


def test_shared_net_cannot_tell_the_quarter_and_the_unshared_can():
    import keras

    images = conv.quarter_data(40, 3)[0]
    moved = np.roll(images, (9, 9), axis=(1, 2))[conv.quarter_data(40, 3)[1] == 0]
    still = images[conv.quarter_data(40, 3)[1] == 0]
    keras.utils.set_random_seed(0)
    for shared in (True, False):
        net = conv.one_layer_net((28, 28), 4, shared=shared, filters=4, kernel=5, head="average")
        gap = np.abs(net.predict(still, verbose=0) - net.predict(moved, verbose=0)).max()
        assert (gap < 1e-4) == shared


def test_photo_crops_have_no_mean_colour_and_both_postures():
    crops, labels = conv.photo_crops(400, 0)
    assert_allclose(crops.mean(axis=(1, 2)), 0, atol=1e-4)
    assert crops.std() == pytest.approx(1, abs=1e-3)
    assert set(labels) == set(range(16))
    again, _ = conv.photo_crops(400, 0)
    assert_array_equal(crops, again)


def test_stored_results_belong_to_the_code():
    from cvnotes import experiments

    assert not experiments.stale("convolution")
    for name in ("where_is_it", "other_half", "first_layer"):
        assert all(len(values) == 5 for values in experiments.load("convolution", name).values())


# Speed ---------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="the bound is for TensorFlow")
def test_conv2d_keeps_within_reach_of_keras():
    """The book relies on the code that it teaches: at most eight times Keras' processor time, best of ten."""
    import time

    from keras import ops

    batch, filters = noise(32, 64, 64, 3), noise(5, 5, 3, 16, seed=1)
    layer = conv.keras_layer(filters)

    def best(function):
        times = []
        for _ in range(10):
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
        return min(times)

    library = best(lambda: ops.convert_to_numpy(layer(batch)))
    assert best(lambda: conv.conv2d(batch, filters)) < 8 * library
