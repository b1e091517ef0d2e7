"""Pooling against Keras, slow twins and finite differences."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.text import Text

from cvnotes import backend, experiments, pooling
from cvnotes.pooling import comparison, drawings, measures, survey, trials
from cvnotes.pooling.response import LocalResponseNormalization, local_response_normalization
from tests.examples import examples

KINDS = ("max", "average", "min", "l2")
CASES = [
    (side, window, stride, padding)
    for side, window, stride, padding in itertools.product((7, 8), (1, 2, 3, 4), (1, 2, 3), ("valid", "same"))
]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def keras_pool(x, window, stride, padding, how):
    """The same operation in Keras's own layers."""
    average = keras.layers.AveragePooling2D(window, stride, padding)
    if how == "average":
        return average(x)
    if how == "l2":
        counts = pooling.windows(np.ones(x.shape, "float32"), window, stride, padding).sum((-3, -2))
        return ops.sqrt(ops.multiply(average(ops.square(x)), counts))
    layer = keras.layers.MaxPooling2D(window, stride, padding)
    return ops.negative(layer(ops.negative(x))) if how == "min" else layer(x)


def slow_pool(x, window, stride, how):
    """Two plain loops over a (h, w) grid."""
    op = {
        "max": max,
        "min": min,
        "average": lambda v: sum(v) / len(v),
        "l2": lambda v: math.sqrt(sum(n * n for n in v)),
    }
    rows = range(0, x.shape[0] - window + 1, stride)
    columns = range(0, x.shape[1] - window + 1, stride)
    return [[op[how]([float(n) for n in x[i : i + window, j : j + window].ravel()]) for j in columns] for i in rows]


def repeats_the_border(side, window, stride, padding, how):
    """Keras on PyTorch counts border cells twice in an average whose "same" padding is uneven: no oracle there."""
    uneven = any(np.subtract(*pooling.borders(n, window, stride, padding)) for n in (side, side + 1))
    return backend.name() == "torch" and how in ("average", "l2") and uneven


@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize(("side", "window", "stride", "padding"), CASES)
def test_forward_equals_keras(side, window, stride, padding, how):
    if repeats_the_border(side, window, stride, padding, how):
        pytest.skip("an average that counts its padding")
    x = noise(2, side, side + 1, 3)
    theirs = ops.convert_to_numpy(keras_pool(x, window, stride, padding, how))
    np.testing.assert_allclose(pooling.pool2d(x, window, stride, padding, how), theirs, atol=1e-5)


@given(
    side=st.integers(1, 12),
    window=st.integers(1, 5),
    stride=st.integers(1, 4),
    how=st.sampled_from(KINDS),
    seed=st.integers(0, 99),
)
@examples(60)
def test_forward_equals_the_slow_twin(side, window, stride, how, seed):
    x = noise(side + window - 1, side + window, seed=seed).astype(float)
    np.testing.assert_allclose(
        pooling.pool2d(x, window, stride, "valid", how), slow_pool(x, window, stride, how), rtol=1e-12
    )


@given(
    side=st.integers(1, 40),
    window=st.integers(1, 6),
    stride=st.integers(1, 5),
    padding=st.sampled_from(["valid", "same"]),
)
@examples(100)
def test_size_equals_keras(side, window, stride, padding):
    if padding == "valid" and window > side:
        with pytest.raises(ValueError, match="does not fit"):
            pooling.pool_size(side, window, stride, padding)
        return
    layer = keras.layers.MaxPooling2D(window, stride, padding)
    assert pooling.pool_size(side, window, stride, padding) == layer.compute_output_shape((1, side, side, 1))[1]


def test_default_stride_is_the_window():
    assert pooling.pool_size(12, 3) == 4
    assert pooling.pool2d(noise(12, 12), 3).shape == (4, 4)


@pytest.mark.parametrize("how", KINDS)
def test_padding_never_counts(how):
    """A frame of zeros would change maxima of negative numbers and averages at the border."""
    x = -np.ones((5, 5))
    whole = pooling.pool2d(x, 3, 1, "same", how)
    if how != "l2":
        np.testing.assert_array_equal(whole, -np.ones((5, 5)))
    np.testing.assert_allclose(pooling.pool2d(x, 3, 1, 1, how), whole)


def test_axes_are_kept():
    image = noise(6, 8, 3)
    assert pooling.pool2d(image).shape == (3, 4, 3)
    assert pooling.pool2d(image[..., 0]).shape == (3, 4)
    np.testing.assert_array_equal(pooling.pool2d(image[None])[0], pooling.pool2d(image))
    np.testing.assert_array_equal(pooling.pool2d(image, (3, 2)).shape, (2, 4, 3))


@pytest.mark.parametrize("how", ["max", "average"])
def test_global_pool_equals_keras(how):
    x = noise(2, 7, 5, 4)
    layer = {"max": keras.layers.GlobalMaxPooling2D, "average": keras.layers.GlobalAveragePooling2D}[how]()
    np.testing.assert_allclose(pooling.global_pool(x, how), ops.convert_to_numpy(layer(x)), atol=1e-6)


@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize(("side", "window", "stride", "padding"), CASES[::5])
def test_backward_equals_automatic_differentiation(side, window, stride, padding, how):
    if repeats_the_border(side, window, stride, padding, how):
        pytest.skip("an average that counts its padding")
    x = noise(2, side, side + 1, 3, seed=1)  # no two values alike, so the answer is unique
    weights = noise(*pooling.pool2d(x, window, stride, padding, how).shape, seed=2)
    _, theirs = backend.value_and_grad(
        lambda t: ops.sum(ops.multiply(keras_pool(t, window, stride, padding, how), weights))
    )(x)
    ours = pooling.pool2d_gradient(x, weights, window, stride, padding, how)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@given(
    side=st.integers(3, 7),
    window=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same", 1]),
    how=st.sampled_from(KINDS),
    seed=st.integers(0, 50),
)
@examples(40)
def test_backward_equals_finite_differences(side, window, stride, padding, how, seed):
    if padding == 1 and window == 1:
        window = 2
    rng = np.random.default_rng(seed)
    x = rng.permutation(side * side * 2).reshape(side, side, 2) / 7 + 0.1  # gaps of 1/7: no winner changes
    upstream = rng.normal(size=pooling.pool2d(x, window, stride, padding, how).shape)
    gradient = pooling.pool2d_gradient(x, upstream, window, stride, padding, how)
    step = 1e-5
    for place in [tuple(rng.integers(n) for n in x.shape) for _ in range(4)]:
        nudge = np.zeros_like(x)
        nudge[place] = step
        up, down = (np.sum(pooling.pool2d(x + s * nudge, window, stride, padding, how) * upstream) for s in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_scatter_is_the_adjoint_of_windows():
    x, parts = noise(2, 7, 8, 3).astype(float), noise(2, 3, 3, 3, 3, 3, seed=1).astype(float)
    left = np.sum(pooling.windows(x, 3, 2) * parts)
    assert left == pytest.approx(np.sum(x * pooling.scatter(parts, x.shape, (2, 2))))


TIED = np.array([[5.0, 5, 1, 0], [5, 2, 0, 1], [0, 0, 3, 3], [0, 0, 3, 3]])


def test_tie_rule_first_winner_takes_all():
    expected = [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(pooling.pool2d_gradient(TIED, np.ones((2, 2))), expected)


def test_tie_rule_share():
    shared = pooling.pool2d_gradient(TIED, np.ones((2, 2)), ties="share")
    np.testing.assert_allclose(shared[:2, :2], [[1 / 3, 1 / 3], [1 / 3, 0]])
    np.testing.assert_allclose(shared[2:, :], 0.25)


def test_tie_rule_of_keras():
    """Max-pooling layers: first winner in reading order. Global maximum: an even share. On the backend at hand."""
    x = TIED[None, ..., None].astype("float32")
    _, local = backend.value_and_grad(lambda t: ops.sum(keras.layers.MaxPooling2D(2)(t)))(x)
    first = pooling.pool2d_gradient(TIED, np.ones((2, 2)))
    np.testing.assert_allclose(local[0, ..., 0], first)
    _, world = backend.value_and_grad(lambda t: ops.sum(keras.layers.GlobalMaxPooling2D()(t)))(x)
    share = pooling.pool2d_gradient(TIED, np.ones((1, 1)), 4, ties="share")
    np.testing.assert_allclose(world[0, ..., 0], share)


@pytest.mark.parametrize("ties", ["first", "share"])
def test_every_window_hands_on_all_it_got(ties):
    cells = np.random.default_rng(0).integers(0, 3, (2, 4, 4, 3, 3, 5)).astype(float)
    np.testing.assert_allclose(pooling.winners(cells, ties).sum((-3, -2)), 1)


def test_l2_at_zero_has_gradient_zero():
    assert not pooling.pool2d_gradient(np.zeros((4, 4)), np.ones((2, 2)), how="l2").any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pooling.pool2d(np.ones((4, 4)), how="median"), "how must be one of max, average, min, l2.*median"),
        (lambda: pooling.pool2d(np.ones((4, 4)), 0), "window must be at least 1.*window=0"),
        (lambda: pooling.pool2d(np.ones((4, 4)), 5), "does not fit"),
        (lambda: pooling.pool2d(np.ones(4)), "shape"),
        (lambda: pooling.pool2d(np.ones((4, 4)), 2, padding="full"), 'padding must be "valid", "same".*full'),
        (lambda: pooling.pool2d(np.ones((4, 4)), 2, padding=2), "at most half the window"),
        (lambda: pooling.pool2d_gradient(np.ones((4, 4)), np.ones((3, 3))), r"shape of the output, \(2, 2\)"),
        (
            lambda: pooling.pool2d_gradient(np.ones((4, 4)), np.ones((2, 2)), ties="last"),
            "ties must be one of first, share",
        ),
        (lambda: measures.zoom(np.ones((1, 4, 4, 1)), 0), "factor must be above 0"),
        (lambda: measures.psnr(np.ones((4, 4)), np.ones((2, 2))), "one shape"),
        (lambda: local_response_normalization(np.ones((2, 2, 4)), radius=-1), "radius must be at least 0"),
    ],
)
def test_errors_say_what_came_and_how_to_mend_it(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def slow_lrn(x, radius, bias, alpha, beta):
    """One position, one loop over channels."""
    n = len(x)
    near = [sum(x[d] ** 2 for d in range(max(0, c - radius), min(n, c + radius + 1))) for c in range(n)]
    return [x[c] / (bias + alpha * near[c]) ** beta for c in range(n)]


@pytest.mark.parametrize(
    ("radius", "bias", "alpha", "beta"), [(2, 2, 1e-4, 0.75), (1, 1, 1, 0.5), (0, 1, 0.5, 1), (9, 1, 1, 0.5)]
)
def test_lrn_equals_slow_twin_and_layer(radius, bias, alpha, beta):
    x = noise(2, 3, 4, 6)
    ours = local_response_normalization(x, radius, bias, alpha, beta)
    layer = LocalResponseNormalization(radius, bias, alpha, beta)
    np.testing.assert_allclose(ours, ops.convert_to_numpy(layer(x)), atol=1e-6)
    np.testing.assert_allclose(ours[1, 2, 3], slow_lrn(x[1, 2, 3].astype(float), radius, bias, alpha, beta), rtol=1e-5)


def test_lrn_equals_an_independent_one():
    tf = pytest.importorskip("tensorflow", reason="tf.nn.lrn is the oracle")
    x = noise(2, 3, 4, 12)
    theirs = tf.nn.lrn(x, depth_radius=3, bias=1.5, alpha=0.3, beta=0.6).numpy()
    np.testing.assert_allclose(local_response_normalization(x, 3, 1.5, 0.3, 0.6), theirs, rtol=1e-5)


def test_lrn_layer_survives_saving(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 8)), LocalResponseNormalization(1, 1.0, 0.5, 0.5)])
    model.save(tmp_path / "lrn.keras")
    x = noise(1, 4, 4, 8)
    again = keras.saving.load_model(tmp_path / "lrn.keras")
    np.testing.assert_allclose(ops.convert_to_numpy(again(x)), ops.convert_to_numpy(model(x)), atol=1e-6)
    assert model.output_shape == (None, 4, 4, 8)


@given(down=st.integers(-3, 3), right=st.integers(-3, 3))
@examples(25)
def test_shift_moves_and_comes_back(down, right):
    image = np.zeros((1, 12, 12, 1))
    image[0, 4:8, 4:8, 0] = noise(4, 4)
    moved = measures.shift(image, down, right)
    np.testing.assert_array_equal(moved[0, 4 + down : 8 + down, 4 + right : 8 + right], image[0, 4:8, 4:8])
    np.testing.assert_array_equal(measures.shift(moved, -down, -right), image)


def test_rotation_and_zoom_on_exact_cases():
    image = noise(2, 9, 9, 1).astype(float)
    np.testing.assert_allclose(measures.rotate(image, 0), image, atol=1e-12)
    np.testing.assert_allclose(measures.rotate(image, 90), np.rot90(image, axes=(1, 2)), atol=1e-9)
    np.testing.assert_allclose(measures.zoom(image, 1), image, atol=1e-12)
    spot = np.zeros((1, 9, 9, 1))
    spot[0, 4, 6] = 1
    assert measures.zoom(spot, 2)[0, 4, 8, 0] == pytest.approx(1)


def test_rulers_on_exact_cases():
    assert measures.psnr(np.zeros((4, 4)), np.full((4, 4), 0.1)) == pytest.approx(20)
    assert measures.psnr(np.ones(3), np.ones(3)) == math.inf
    assert measures.gradient_energy(np.tile([0.0, 1.0], (4, 3))) == pytest.approx(1)
    assert measures.relative_change(np.array([[3.0, 4.0]]), np.array([[3.0, 9.0]])) == pytest.approx(1)
    assert measures.agreement(np.array([[0, 1], [1, 0]]), np.array([[0, 2], [0, 1]])) == 0.5


def test_comparison_table_against_layers_asked_directly():
    rows = {row[0]: row[1:] for row in comparison.table(window=3, filters=8)}
    assert rows["default stride"] == [1, 3, 3]
    assert rows["default padding"] == ["valid"] * 3
    assert rows["side after a side of 32"] == [30, pooling.pool_size(32, 3), 10]
    assert rows["channels out"] == [8, 4, 4]
    assert rows["numbers it learns"] == [3 * 3 * 4 * 8 + 8, 0, 0]
    assert rows["mixes channels"] == [True, False, False]
    assert rows["linear"] == [True, False, True]


GRID = np.array([[1.0, 3, 2, 0], [5, 2, 1, 4], [0, 1, 6, 2], [2, 0, 3, 7]])


def test_survivors_are_counted_by_hand():
    assert drawings.survivors(GRID, 2, 2).sum() == 4
    assert drawings.survivors(GRID, 4, 4).sum() == 1
    assert drawings.survivors(np.zeros((8, 8)), 2, 2).mean() == 0.25  # ties: one winner each


@pytest.mark.parametrize("window", drawings.WINDOWS)
@pytest.mark.parametrize("stride", drawings.STRIDES)
@pytest.mark.once
def test_photo_figure_over_its_whole_grid(window, stride):
    image = np.random.default_rng(0).random((96, 96))
    fig = drawings.what_survives(image, window, stride)
    share = drawings.survivors(image, window, stride).mean()
    assert any(f"{share:.1%}" in text.get_text() for text in fig.findobj(Text))
    assert f"{share:.1%}" in drawings.says_what_survives(image, window, stride)


@pytest.mark.once
def test_small_figures_show_their_numbers():
    words = {text.get_text() for text in drawings.four_kinds(GRID).findobj(Text)}
    assert {"max", "average", "min", "l2"} <= words
    words = {text.get_text() for text in drawings.gradient_routes(GRID, np.ones((2, 2))).findobj(Text)}
    assert "0.25" in words  # a quarter to each cell of an average
    fig = drawings.two_answers(np.zeros((20, 20, 1)), {"one": np.eye(10)[3], "two": np.eye(10)[4]}, truth=3)
    assert [text.get_text() for text in fig.axes[1].get_legend().get_texts()] == ["one: says 3", "two: says 4"]


@pytest.fixture(scope="module")
def nets():
    return {name: trials.variant(reduction=name)() for name in ("max", "none")}


@pytest.mark.parametrize("digit", [0, 3, 7])
@pytest.mark.parametrize("right", range(-4, 5))
@pytest.mark.once
def test_digit_figure_and_its_words_over_their_whole_grid(nets, digit, right):
    index = int(np.flatnonzero(trials.digits().test_labels == digit)[0])
    image = measures.shift(trials.digits().test_images[[index]], 0, right)
    scores = trials.chances(nets, image)
    assert all(each.sum() == pytest.approx(1, abs=1e-5) for each in scores.values())
    assert len(drawings.two_answers(image[0], scores, digit).axes[1].patches) == 20
    words = drawings.says_two_answers(scores, digit, right)
    assert words.startswith(f"A {digit}, ")
    assert ("in the middle" in words) == (right == 0)
    assert ("left" in words) == (right < 0)


def test_stored_results_are_those_of_the_code():
    assert experiments.stale("pooling") == {}


def test_digits_have_room_to_move():
    images = trials.digits().test_images
    assert images.shape == (450, 24, 24, 1)
    for way in measures.four_ways(images, 4):
        np.testing.assert_allclose(way.sum((1, 2, 3)), images.sum((1, 2, 3)), rtol=1e-5)
    moved = trials.jiggle(images[:3], np.random.default_rng(0))
    np.testing.assert_allclose(moved.sum((1, 2, 3)), images[:3].sum((1, 2, 3)), rtol=1e-5)


def test_first_epoch():
    assert trials.first_epoch([0.2, 0.9, 0.8], 0.9) == 2
    assert trials.first_epoch([0.2, 0.3], 0.9) == 3


def test_average_of_a_class_map_is_the_score_of_the_class():
    """With a global-average head: mean over places of sum_k w_k f_k, plus the bias, is the logit."""
    model = trials.staged((2, 1, 1), "average")
    images, labels = trials.digits().test_images[:5], trials.digits().test_labels[:5]
    maps = trials.class_maps(model, images, labels)
    assert maps.shape == (5, 12, 12)
    bias = ops.convert_to_numpy(model.layers[-1].bias)[labels]
    np.testing.assert_allclose(maps.mean((1, 2)) + bias, trials.logits(model, images)[range(5), labels], atol=1e-5)


def test_extent_counts_ink_and_canvas():
    image = np.zeros((1, 4, 4, 1))
    image[0, :2, :2] = 1
    everywhere, one_cell = np.ones((1, 2, 2)), np.array([[[1.0, 0], [0, 0]]])
    assert trials.extent(everywhere, image) == (1, 1)
    assert trials.extent(one_cell, image) == (1, 0.25)
    assert trials.extent(one_cell[:, ::-1], image) == (0, 0.25)


def test_stability_of_an_untrained_net_is_near_chance_and_of_the_right_shape():
    found = trials.stability(trials.variant(reduction="stride")())
    assert [len(found[key]) for key in ("shift", "rotation", "zoom")] == [5, 5, 7]
    assert found["shift"][0] == found["rotation"][0] == found["zoom"][3] < 0.4
    assert 0 <= found["agreement"] <= 1


@pytest.mark.parametrize("head", ["dense", "average", "max"])
def test_staged_net_pools_where_it_is_told(head):
    model = trials.staged((4, 1), head)
    assert [pool.window for pool in survey.pools(model)] == [4]
    assert model.output_shape == (None, 10)


def test_survey_of_a_net_made_by_hand():
    x = inputs = keras.Input((16, 16, 3))
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, padding="same")(x)))
    x = keras.layers.MaxPooling2D(3, 2)(keras.layers.ZeroPadding2D(1)(x))
    x = keras.layers.AveragePooling2D(3, 1, padding="same")(x)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    found = survey.pools(model)
    assert found == [
        survey.Pool(2, 2, maximum=True, same=False, framed=False, shrinks=True),
        survey.Pool(3, 2, maximum=True, same=False, framed=True, shrinks=True),
        survey.Pool(3, 1, maximum=False, same=True, framed=False, shrinks=False),
    ]
    kinds = keras.layers.MaxPooling2D, keras.layers.AveragePooling2D
    behind = [survey.behind_convolution(layer) for layer in model.layers if isinstance(layer, kinds)]
    assert behind == [False, True, False]
    assert survey.counts({"one": found, "none": []}, stride=2) == (1, 2)
    assert survey.counts({"one": found, "two": found}, window=3, shrinks=True) == (2, 2)


def test_scaled_back_and_unmoved():
    ramp = np.add.outer(np.arange(8.0), np.arange(8.0))
    np.testing.assert_allclose(measures.scaled_back(ramp, (8, 8)), ramp)
    half = measures.scaled_back(pooling.pool2d(ramp, how="average"), (8, 8))
    np.testing.assert_allclose(half[1:-1, 1:-1], ramp[1:-1, 1:-1])  # bilinear is exact on a ramp, but for the rim
    assert measures.unmoved(np.array([1, 2, 3]), np.array([1, 2, 4])) == pytest.approx(2 / 3)


def test_unknown_net_is_refused():
    with pytest.raises(ValueError, match="net must be one of max, average"):
        trials.trained("minimum")


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_minimum_of_whole_numbers_does_not_wrap_around(dtype):
    grid = np.array([[0, 1], [1, 1]], dtype)
    assert pooling.pool2d(grid, how="min").tolist() == [[0.0]]
    gradient = pooling.pool2d_gradient(grid, np.array([[1.0]]), how="min")
    assert gradient.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_sharing_among_ties_keeps_the_dtype():
    cells = np.ones((1, 1, 2, 2, 1), "float32")
    assert pooling.winners(cells, ties="share").dtype == np.float32


def test_response_takes_lists_and_names_what_has_no_channels():
    assert local_response_normalization([1.0, 0.0]).shape == (2,)
    with pytest.raises(ValueError, match="axis of channels"):
        local_response_normalization(3.0)
