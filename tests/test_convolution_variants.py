"""Kernels that connect less, counted and timed: against Keras, exact answers and slow twins."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.text import Text

from cvnotes import backend, convolution, data, experiments, models
from cvnotes import convolution_variants as variants
from cvnotes.convolution_variants import counting, drawings_cost, ranks, sliding, timing, width, zoo
from cvnotes.convolution_variants import drawings_variants as drawings
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def as_array(tensor):
    return ops.convert_to_numpy(tensor)


# One by one -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 1), (3, 5), (8, 2)])
def test_one_by_one_equals_keras_twice(channels, filters):
    x, weights, bias = noise(2, 5, 4, channels), noise(channels, filters, seed=1), noise(filters, seed=2)
    ours = variants.pointwise(x, weights, bias)
    np.testing.assert_allclose(ours, convolution.keras_conv(x, weights[None, None], bias), atol=1e-5)
    dense = keras.layers.Dense(filters)
    dense.build(x.shape)
    dense.set_weights([weights, bias])
    np.testing.assert_allclose(ours, as_array(dense(x)), atol=1e-5)


def test_one_by_one_turns_colour_to_grey_as_pillow_does():
    colour, grey = data.photo("coffee"), data.photo("coffee", gray=True)
    ours = variants.pointwise(colour, np.array([[0.299], [0.587], [0.114]]))
    assert np.abs(ours - grey).max() < 0.51 / 255  # Pillow rounds to bytes


def test_colour_axes_of_a_picture_whose_answer_is_known():
    steps = noise(40, 40, 2).astype(float) * [3, 1]
    turned = np.array([[0.6, 0.8, 0], [0, 0, 1]])
    mean, axes, share = variants.colour_axes(steps @ turned + [1, 2, 3])
    np.testing.assert_allclose(mean, [1, 2, 3], atol=0.3)
    np.testing.assert_allclose(np.abs(axes[:, 0]), [0.6, 0.8, 0], atol=0.05)
    assert share[0] == pytest.approx(0.9, abs=0.03)
    assert share[2] == pytest.approx(0, abs=1e-12)
    assert np.all(axes.sum(0) >= 0)


def test_colour_axes_take_the_correlation_out():
    mean, axes, share = variants.colour_axes(data.photo("cat", size=48))
    mixed = variants.pointwise(data.photo("cat", size=48) - mean, axes).reshape(-1, 3)
    covariance = np.cov(mixed, rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-6)
    np.testing.assert_allclose(np.diag(covariance) / np.trace(covariance), share, atol=1e-6)


# Groups ---------------------------------------------------------------------------------------------------------------

GROUPED = [
    (channels, filters, groups, kernel)
    for channels, filters, groups, kernel in itertools.product((4, 6, 12), (4, 12), (1, 2, 3, 4, 6, 12), (1, 3))
    if channels % groups == 0 and filters % groups == 0
]


@pytest.mark.parametrize(("channels", "filters", "groups", "kernel"), GROUPED)
def test_grouped_convolution_three_ways(channels, filters, groups, kernel):
    x, weights = noise(2, 5, 6, channels), noise(kernel, kernel, channels // groups, filters, seed=1)
    full = variants.block_diagonal(weights, groups)
    alone = variants.grouped_conv(x, weights, groups)
    np.testing.assert_allclose(alone, convolution.conv2d(x, full), atol=1e-5)
    if backend.name() == "tensorflow" and groups > 1:  # its eager grouped convolution compiles anew at every call
        layer = convolution.keras_layer(weights, groups=groups)
        theirs = layer(x) if (channels, kernel) == (12, 3) else None
    else:
        theirs = convolution.keras_layer(weights, groups=groups)(x)
    if theirs is not None:
        np.testing.assert_allclose(alone, as_array(theirs), atol=1e-4)
    seen = np.any(full != 0, axis=(0, 1))
    np.testing.assert_array_equal(seen, variants.connections(channels, filters, groups))
    assert seen.mean() == pytest.approx(1 / groups)


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_depthwise_is_the_extreme_group(multiplier):
    x, depthwise = noise(2, 6, 6, 4), noise(3, 3, 4, multiplier, seed=1)
    layer = keras.layers.DepthwiseConv2D(3, depth_multiplier=multiplier, use_bias=False)
    layer.build(x.shape)
    layer.set_weights([depthwise])
    np.testing.assert_allclose(
        variants.grouped_conv(x, variants.as_grouped(depthwise), 4), as_array(layer(x)), atol=1e-5
    )


# Separable ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "filters", "multiplier"), [(1, 1, 1), (3, 5, 1), (4, 2, 2), (2, 7, 3)])
@pytest.mark.parametrize(("stride", "padding"), [(1, "valid"), (1, "same"), (2, "valid")])
def test_separable_equals_keras_and_its_joined_kernel(channels, filters, multiplier, stride, padding):
    x = noise(2, 7, 8, channels)
    steps = noise(3, 3, channels, multiplier, seed=1), noise(1, 1, channels * multiplier, filters, seed=2)
    layer = keras.layers.SeparableConv2D(
        filters, 3, strides=stride, padding=padding, depth_multiplier=multiplier, use_bias=False
    )
    layer.build(x.shape)
    layer.set_weights(steps)
    ours = variants.separable_conv(x, *steps, stride=stride, padding=padding)
    np.testing.assert_allclose(ours, as_array(layer(x)), atol=1e-4)
    joined = convolution.conv2d(x, variants.joined_kernel(*steps), stride=stride, padding=padding)
    np.testing.assert_allclose(ours, joined, atol=1e-4)


@given(channels=st.integers(1, 24), filters=st.integers(1, 64), kernel=st.integers(1, 7), side=st.integers(7, 20))
@examples(60)
def test_remaining_cost_is_the_ratio_of_two_counts(channels, filters, kernel, side):
    places = (side - kernel + 1) ** 2
    full = places * kernel**2 * channels * filters
    both = places * (kernel**2 * channels + channels * filters)
    assert variants.remaining_cost(filters, kernel) == pytest.approx(both / full)


@pytest.mark.parametrize("multiplier", [1, 2, 9])
def test_split_kernel_finds_the_nearest(multiplier):
    kernel = noise(3, 3, 4, 12).astype(float)
    nearest = variants.joined_kernel(*variants.split_kernel(kernel, multiplier))
    error = np.sum((kernel - nearest) ** 2)
    assert 1 - error / np.sum(kernel**2) == pytest.approx(variants.kept_by_rank(kernel)[multiplier - 1])
    for seed in range(5):  # no step away from it is better
        depthwise, weights = variants.split_kernel(kernel, multiplier)
        nudged = variants.joined_kernel(depthwise + 0.02 * noise(*depthwise.shape, seed=seed), weights)
        assert np.sum((kernel - nudged) ** 2) > error


def test_split_kernel_gives_back_what_was_separable():
    kernel = variants.joined_kernel(noise(3, 3, 4, 2), noise(1, 1, 8, 6, seed=1))
    np.testing.assert_allclose(variants.kept_by_rank(kernel)[1:], 1, atol=1e-6)
    np.testing.assert_allclose(variants.joined_kernel(*variants.split_kernel(kernel, 2)), kernel, atol=1e-5)


# Dense ----------------------------------------------------------------------------------------------------------------


def test_flat_place_is_the_order_of_flatten():
    shape = (3, 4, 5)
    flat = as_array(keras.layers.Flatten()(np.arange(60.0).reshape(1, *shape)))[0]
    for place in np.ndindex(shape):
        assert flat[variants.flat_place(*place, shape)] == np.ravel_multi_index(place, shape)


@pytest.mark.parametrize(("shape", "units"), [((1, 1, 3), 2), ((7, 7, 16), 8), ((2, 5, 3), 1)])
def test_dense_layer_and_its_convolution_agree(shape, units):
    x, dense = noise(3, *shape), keras.layers.Dense(units)
    expected = as_array(dense(keras.layers.Flatten()(x)))
    weights, bias = dense.get_weights()
    kernel = variants.dense_as_conv(weights, shape)
    assert kernel.size == weights.size
    np.testing.assert_allclose(convolution.keras_conv(x, kernel, bias)[:, 0, 0], expected, atol=1e-5)
    larger = noise(1, shape[0] + 2, shape[1] + 3, shape[2], seed=1)
    moved = larger[:, 1 : 1 + shape[0], 2 : 2 + shape[1]]
    here = as_array(dense(keras.layers.Flatten()(moved)))
    np.testing.assert_allclose(convolution.keras_conv(larger, kernel, bias)[:, 1, 2], here, atol=1e-5)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (1, 1), (2, 1)])
def test_convolution_as_a_dense_layer(stride, padding):
    x, kernel, bias = noise(2, 6, 5, 3), noise(3, 3, 3, 4, seed=1), noise(4, seed=2)
    weights, biases = variants.conv_as_dense(kernel, bias, x.shape[1:], stride, padding)
    expected = convolution.conv2d(x, kernel, bias, stride=stride, padding=padding)
    np.testing.assert_allclose((x.reshape(2, -1) @ weights + biases), expected.reshape(2, -1), atol=1e-5)


# A net that slides ----------------------------------------------------------------------------------------------------


def test_score_map_equals_every_crop():
    net = sliding.crop_net()
    net.set_weights([noise(*w.shape, seed=i) / 3 for i, w in enumerate(net.get_weights())])
    picture = sliding.canvas(3)[0]
    crops = sliding.windows(picture)
    slow = sliding.scores(net, crops.reshape(-1, *crops.shape[2:])).reshape(*crops.shape[:2], 11)
    fast = sliding.scores(sliding.to_convolutional(net), picture[None])[0]
    assert fast.shape == (10, 22, 11)
    np.testing.assert_allclose(fast, slow, atol=1e-4)
    assert np.ptp(fast.max(-1)) > 0.01  # the map is not flat


def test_nets_that_cannot_slide_are_refused():
    padded = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, padding="same", name="padded"), keras.layers.Flatten()]
    )
    with pytest.raises(ValueError, match=r'padding "valid".*Received: padded'):
        sliding.to_convolutional(padded)
    with pytest.raises(ValueError, match=r"a Flatten.*Received: Conv2D"):
        sliding.to_convolutional(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)]))


def test_crops_hold_what_their_label_says():
    images, labels = sliding.crops(60, 0)
    assert images.shape == (60, 18, 18, 1)
    assert images.min() == 0
    assert images.max() <= 1
    assert set(labels[::3]) == {sliding.NOTHING}
    assert sliding.NOTHING not in set(np.delete(labels, np.arange(0, 60, 3)))
    middle = images[:, 4:14, 4:14].sum((1, 2, 3))
    assert middle[labels != sliding.NOTHING].min() > 10


def test_canvas_holds_its_digits_where_it_says():
    picture, labels, corners = sliding.canvas(1)
    ink = data.digits(sliding.INK)
    total = 0
    for label, (row, column) in zip(labels, corners, strict=True):
        part = picture[row : row + sliding.INK, column : column + sliding.INK]
        same = np.abs(ink.test_images - part).max((1, 2, 3)) == 0
        assert label in ink.test_labels[same]
        total += part.sum()
    assert picture.sum() == pytest.approx(total, rel=1e-5)


def test_nearest_cell_has_the_digit_in_its_middle():
    for corner in np.argwhere(np.ones((43, 91)))[::37]:
        row, column = sliding.nearest_cell(corner)
        inside = corner - np.array([row, column]) * sliding.STEP
        assert np.all(np.abs(inside - 3) <= 3)


def test_squeezed_net_with_all_ranks_is_the_same_net():
    net = sliding.crop_net()
    kernel = net.layers[ranks.SECOND].get_weights()[0]
    images = sliding.crops(4, 0)[0]
    again = ranks.with_kernel(net, variants.joined_kernel(*variants.split_kernel(kernel, 9)))
    np.testing.assert_allclose(as_array(again(images)), as_array(net(images)), atol=1e-5)
    poorer = ranks.with_kernel(net, variants.joined_kernel(*variants.split_kernel(kernel, 1)))
    assert np.abs(as_array(poorer(images)) - as_array(net(images))).max() > 1e-3


# Counts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", counting.KINDS)
@pytest.mark.parametrize(("width", "kernel", "batch"), [(4, 3, 1), (12, 5, 2), (16, 1, 3)])
def test_work_equals_the_profile_and_the_framework(kind, width, kernel, batch):
    work = counting.work(kind, 6, width, kernel, batch)
    model = keras.Sequential([keras.Input((6, 6, width)), timing.make(kind, width, kernel)])
    profile = models.profile(model)
    assert work.macs == profile.macs * batch
    assert work.weights == profile.parameters
    if backend.name() == "jax" and kernel > 1 and kind != "pointwise":
        assert backend.flops(model, (6, 6, width), batch) < 2 * work.macs  # XLA skips the zeros of the padding
    else:
        assert backend.flops(model, (6, 6, width), batch) == 2 * work.macs
    steps = 2 if kind == "separable" else 1
    assert work.moved == steps * 2 * batch * 36 * width + work.weights
    assert work.intensity == pytest.approx(2 * work.macs / (4 * work.moved))


def test_roof_rises_and_stays():
    np.testing.assert_allclose(variants.roof(np.array([1.0, 5, 10, 40]), 10), [0.1, 0.5, 1, 1])


@pytest.mark.parametrize("kind", counting.KINDS)
def test_timed_layers_keep_size_and_channels(kind):
    layer = timing.make(kind, 8)
    assert layer.compute_output_shape((None, 6, 6, 8)) == (None, 6, 6, 8)


# Published nets -------------------------------------------------------------------------------------------------------


def test_survey_of_a_net_made_by_hand():
    x = inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(8, (1, 5))(x)
    x = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    x = keras.layers.SeparableConv2D(6, 3, padding="same")(x)
    x = keras.layers.Conv2D(6, 3, groups=6, padding="same")(x)
    gate = keras.layers.Conv2D(6, 1)(keras.layers.GlobalAveragePooling2D(keepdims=True)(x))
    model = keras.Model(inputs, keras.layers.Multiply()([x, gate]))
    found = zoo.convolutions(model)
    assert found == [
        zoo.Conv(1, 5, 8, False),
        zoo.Conv(3, 3, 16, True),
        zoo.Conv(3, 3, 16, True),
        zoo.Conv(1, 1, 6, False),
        zoo.Conv(3, 3, 6, True),
    ]
    assert zoo.convolutions(keras.Sequential([keras.Input((8, 8, 3)), model])) == found  # a model inside a model
    assert len(zoo.spatial(found)) == 4
    assert zoo.share(found, height=3, width=3) == 0.6
    assert zoo.share([]) == 0
    assert zoo.powers_within(found) == 0
    assert zoo.powers_within(found, 8, 16) == 0.6


@pytest.mark.parametrize(("name", "filters"), [("lenet-5", [6, 16, 120]), ("alexnet", [96, 256, 384, 384, 256])])
def test_stored_survey_of_two_old_nets(name, filters):
    assert [conv.filters for conv in zoo.convolutions(zoo.sketch(name))] == filters
    assert [conv.filters for conv in zoo.stored()[name]] == filters


# Widths ---------------------------------------------------------------------------------------------------------------


def test_labels_are_wrong_as_often_as_asked():
    images, clean = width.five_hundred(0, 0.0)
    again, noisy = width.five_hundred(0, 0.2)
    np.testing.assert_array_equal(images, again)
    assert np.sum(clean != noisy) == 100
    assert set(noisy) <= set(range(10))


def test_stored_results_are_those_of_the_code():
    stale = experiments.stale("convolution_variants")
    mine = ("layer_race", "filter_counts", "survey", "widths", "score_maps", "separability")
    assert {name: reason for name, reason in stale.items() if name.partition(".")[2] in mine} == {}


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: variants.pointwise(np.ones((4, 4, 3)), np.ones((2, 5))), r"channels of the image.*\(4, 4, 3\)"),
        (lambda: variants.colour_axes(np.ones((4, 4, 3))), "one colour"),
        (lambda: variants.connections(6, 8, 4), "divide.*channels=6, filters=8, groups=4"),
        (lambda: variants.grouped_conv(np.ones((1, 4, 4, 5)), np.ones((1, 1, 2, 4)), 2), "channels=5"),
        (lambda: variants.remaining_cost(0, 3), "filters must be at least 1.*filters=0"),
        (lambda: variants.split_kernel(np.ones((3, 3, 2, 4)), 5), "multiplier must be a whole number from 1 to 4"),
        (lambda: variants.flat_place(0, 4, 0, (3, 4, 5)), "column must be a whole number from 0 to 3.*column=4"),
        (lambda: variants.dense_as_conv(np.ones((10, 2)), (2, 2, 3)), r"flattens to 12.*\(10, 2\)"),
        (lambda: counting.work("dilated", 8, 8), r"kind must be one of \('full'.*'dilated'"),
        (lambda: counting.work("full", 0, 8), "side must be at least 1"),
        (lambda: variants.roof(1.0, 0), "ridge must be above 0.*ridge=0"),
    ],
)
def test_errors_say_what_came_and_how_to_mend_it(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


# Pictures -------------------------------------------------------------------------------------------------------------


def words_in(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("channels", drawings.CHANNELS)
@pytest.mark.parametrize("multiple", drawings.MULTIPLES)
@pytest.mark.parametrize("groups", drawings.GROUPS)
@pytest.mark.once
def test_connections_figure_over_its_whole_grid(channels, multiple, groups):
    depth, filters, parts = drawings.chosen(channels, multiple, groups)
    layer = keras.layers.Conv2D(filters, 3, groups=parts, use_bias=False)
    layer.build((None, 32, 32, depth))
    figure = drawings.draw_connections(channels, multiple, groups)
    said, lines = drawings.say_connections(channels, multiple, groups), figure.axes[0].lines
    assert f"{layer.count_params():,} weights" in words_in(figure)
    assert f"{layer.count_params():,} weights" in said
    assert f"{1024 * layer.count_params():,} " in said
    assert len(lines) == depth * filters // parts + 2


def test_patterns_leave_zeros_blank():
    kernel = variants.block_diagonal(noise(3, 3, 2, 4), 2)
    figure = drawings.patterns({"two groups": kernel, "one": noise(3, 3, 4, 4)})
    blank = [np.isnan(np.ma.filled(ax.images[0].get_array(), np.nan)).sum() for ax in figure.axes]
    assert blank == [8, 0]


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.once
def test_score_figure_over_its_whole_grid(digit):
    picture, scores = sliding.canvas(3)[0], np.random.default_rng(0).dirichlet(np.ones(11), (10, 22))
    figure = drawings.draw_scores(picture, scores, digit, sliding.STEP, sliding.CROP)
    assert f"sure the net is of a {digit}" in words_in(figure)
    np.testing.assert_array_equal(figure.axes[1].images[1].get_array(), scores[..., digit])
    named = drawings.draw_named(picture, scores, sliding.STEP, sliding.CROP, sliding.NOTHING)
    shown = [text.get_text() for text in named.axes[0].texts]
    assert shown == [str(n) for n in scores.argmax(-1).ravel() if n != sliding.NOTHING]


@pytest.mark.parametrize("kind", counting.KINDS)
@pytest.mark.parametrize("channels", [16, 64, 256])
@pytest.mark.parametrize("batch", timing.BATCHES)
@pytest.mark.once
def test_roof_figure_over_its_whole_grid(kind, channels, batch):
    ridge, speeds = drawings_cost.stored_speeds()
    figure = drawings_cost.draw_roof(ridge, speeds, kind, channels, batch)
    point = next(line for line in figure.axes[0].lines if line.get_markersize() > 5 and line.get_marker() == "o")
    work = counting.work(kind, timing.SIDE, channels, batch=batch)
    assert point.get_xdata()[0] == pytest.approx(work.intensity)
    assert point.get_ydata()[0] == speeds[kind, channels, batch]
    assert f"{work.macs:,} multiply-accumulates" in drawings_cost.say_roof(ridge, speeds, kind, channels, batch)


def test_positions_average_over_the_nets_that_have_a_layer_there():
    conv = lambda side: zoo.Conv(side, side, 8, False)  # noqa: E731
    nets = {"short": [conv(7), conv(3)], "long": [conv(3), conv(1), conv(1), conv(5), conv(2)]}
    names, shares = drawings_cost.by_position(nets)
    assert names[:2] == ["first layer", "part 1 of 4"]
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares[0], [0, 0.5, 0, 0.5, 0])
    np.testing.assert_allclose(shares[1], [0.5, 0.5, 0, 0, 0])
    np.testing.assert_allclose(shares[4], [0, 0, 0, 0, 1])
    assert drawings_cost.size_name(1, 7) == "other"


def test_spending_adds_up_to_the_whole_net():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False),
            keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            keras.layers.Conv2D(6, 1, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2, use_bias=False),
        ]
    )
    macs, weights = zoo.spending(model)
    parts = {"convolution": 108, "depthwise": 36, "1 × 1": 24, "dense": 768, "rest": 24}
    for kind, count in parts.items():
        assert weights[kind] == pytest.approx(count / 960)
    assert sum(macs.values()) == pytest.approx(1)
    assert macs["convolution"] == pytest.approx(64 * 108 / (64 * 168 + 768))
    figure = drawings_cost.draw_spending({"net": (macs, weights)})
    assert sum(patch.get_width() for patch in figure.axes[0].patches) == pytest.approx(2)


@pytest.mark.once
def test_small_figures_show_what_they_are_given():
    counts = np.ones((5, 10))
    words = words_in(drawings_cost.draw_filter_counts(timing.COUNTS, {"a": counts, "b": counts}))
    assert all(str(n) in words for n in timing.COUNTS)
    assert [drawings_cost.group_of(n) for n in (32, 48, 63)] == ["power of two", "other multiple of 16", "neither"]
    panels = {"one": (counts[:, :5], counts[:, :5] / 2), "two": (counts[:, :5], counts[:, :5] / 3)}
    lines = drawings_cost.draw_widths(width.WIDTHS, panels).axes[1].lines
    np.testing.assert_allclose(lines[1].get_ydata(), 1 / 3)
    times = {"alone": {"separable": counts[:, :5] / 2, "grouped": counts[:, :5]}, "batch": {"separable": counts[:, :5]}}
    race = drawings_cost.draw_race(timing.WIDTHS, times)
    np.testing.assert_allclose(race.axes[1].lines[1].get_ydata()[0], variants.remaining_cost(16, 3))
    found = {"squeezed": counts[:, :9] / 2, "full": [0.9] * 5, "separable": [0.8] * 5}
    ranked = drawings.draw_ranks(ranks.MULTIPLIERS, {"learned": counts[:, :9], "untrained": counts[:, :9] / 2}, found)
    assert "separable from the start" in words_in(ranked)


def test_a_layer_too_small_for_the_clock_is_named(monkeypatch):
    same = {f"{kind} {depth}": np.ones(3) for kind in ("full", "pointwise") for depth in (timing.SHALLOW, timing.DEEP)}
    same[f"full {timing.DEEP}"] = np.full(3, 5.0)
    monkeypatch.setattr(timing.experiments, "race", lambda *_, **__: same)
    with pytest.raises(RuntimeError, match="pointwise at 8 channels: 3 rounds are too few"):
        timing.per_layer(("full", "pointwise"), 8, 1, 3)
    assert timing.per_layer(("full",), 8, 1, 3) == {"full": 1.0}


# What readers hand over by mistake ------------------------------------------------------------------------------------


def test_sums_of_bytes_do_not_wrap_round():
    dice = np.random.default_rng(0)
    x, kernel = dice.integers(256, size=(1, 6, 6, 4)).astype("uint8"), np.full((3, 3, 2, 6), 9, "uint8")
    truth = variants.grouped_conv(x.astype(float), kernel.astype(float), 2)
    np.testing.assert_array_equal(variants.grouped_conv(x, kernel, 2), truth)
    assert convolution.conv2d(x, kernel[:, :, [0, 1, 0, 1]]).max() > 255


def test_groups_share_out_the_bias():
    x, kernel, bias = noise(2, 5, 6, 4), noise(3, 3, 2, 6, seed=1), noise(6, seed=2)
    full = convolution.keras_conv(x, variants.block_diagonal(kernel, 2), bias)
    np.testing.assert_allclose(variants.grouped_conv(x, kernel, 2, bias=bias), full, atol=1e-5)
    with pytest.raises(ValueError, match="bias"):
        variants.grouped_conv(x, kernel, 2, bias=bias[:3])


@pytest.mark.parametrize(
    "call",
    [
        lambda: variants.joined_kernel(noise(3, 3, 4, 1), noise(1, 1, 8, 5)),
        lambda: variants.joined_kernel(noise(3, 3, 4, 2), noise(1, 1, 4, 10)),
        lambda: variants.conv_as_dense(noise(3, 3, 2, 4), noise(2), (5, 5, 2)),
        lambda: variants.conv_as_dense(noise(3, 3, 2, 4), None, (5, 5, 2)),
        lambda: variants.colour_axes(noise(5, 6)),
        lambda: variants.colour_axes(noise(5, 6, 1)),
        lambda: variants.colour_axes(noise(2, 5, 6, 3)),
        lambda: variants.colour_axes(noise(1, 1, 3)),
        lambda: variants.pointwise(3.0, noise(4, 1)),
    ],
)
def test_shapes_that_do_not_belong_together_are_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()


def test_work_of_short_numbers_does_not_overflow():
    sizes = {"side": np.int32(500), "width": np.int32(512), "kernel": np.int32(3), "batch": np.int32(64)}
    assert counting.work("full", **sizes) == counting.work("full", 500, 512, 3, 64)


@pytest.mark.parametrize(
    "last", [[keras.layers.Dropout(0.5), keras.layers.Dense(3)], [keras.layers.Dense(3, use_bias=False)]]
)
def test_a_net_that_cannot_become_convolutional_is_refused(last):
    parts = [keras.Input((9, 9, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), *last]
    with pytest.raises(ValueError, match=r"dense layers with biases. Received: Conv2D, Flatten"):
        sliding.to_convolutional(keras.Sequential(parts))
