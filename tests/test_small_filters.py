"""Stacks of small filters against Keras, SciPy, polynomials, counts by hand and slow twins."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.ndimage import maximum_filter
from scipy.signal import convolve2d
from sklearn.linear_model import LinearRegression

from cvnotes import backend, experiments, models, small_filters
from cvnotes.convolution import keras_conv
from cvnotes.small_filters import blocks, drawings, fitting, targets, trials
from tests.examples import examples

EXAMPLES = fitting.examples()


def dice(seed=0):
    return np.random.default_rng(seed)


# Kernels -------------------------------------------------------------------------------------------------------------


@given(
    depth=st.integers(1, 4),
    inner=st.integers(1, 3),
    channels=st.integers(1, 2),
    seed=st.integers(0, 99),
)
@examples(25)
def test_one_layer_does_what_the_stack_does(depth, inner, channels, seed):
    layers = small_filters.drawn(depth, inner, dice(seed), channels)
    images = dice(seed + 1).normal(size=(2, 12, 11, channels))
    stacked = images
    for layer in layers:
        stacked = keras_conv(stacked, layer)
    np.testing.assert_allclose(keras_conv(images, small_filters.compose(layers)), stacked, rtol=1e-3, atol=1e-2)


@given(seed=st.integers(0, 99), x=st.floats(-2, 2), y=st.floats(-2, 2))
@examples(100)
def test_joining_kernels_multiplies_polynomials(seed, x, y):
    a, b = (dice(seed).normal(size=(2, 3, 3)))[..., None, None]
    joined = small_filters.compose([a, b])[..., 0, 0]
    np.testing.assert_allclose(joined, convolve2d(a[..., 0, 0], b[..., 0, 0]), atol=1e-12)

    def value(kernel):
        return np.polynomial.polynomial.polyval2d(y, x, kernel)

    assert np.isclose(value(joined), value(a[..., 0, 0]) * value(b[..., 0, 0]))


def test_uneven_kernels_join_too():
    a, b = dice().normal(size=(1, 4, 2, 3)), dice(1).normal(size=(5, 2, 3, 2))
    x = dice(2).normal(size=(1, 9, 9, 2))
    joined = small_filters.compose([a, b])
    assert joined.shape == (5, 5, 2, 2)
    np.testing.assert_allclose(keras_conv(x, joined), keras_conv(keras_conv(x, a), b), atol=1e-3)


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [np.ones((3, 3, 1, 2)), np.ones((3, 3, 3, 1))],
        [np.ones((3, 3))] * 2,
        [np.ones((3, 3))],
        [np.full((3, 3, 1, 1), np.nan)],
    ],
)
def test_kernels_that_do_not_fit_are_refused(layers):
    with pytest.raises(ValueError, match="Received"):
        small_filters.compose(layers)


@pytest.mark.parametrize("bad", [(0, 1), (2, 0), (2, 1, 0), (2.0, 1)])
def test_shapes_refuses_bad_numbers(bad):
    with pytest.raises(ValueError, match="must be"):
        small_filters.shapes(*bad)


@pytest.mark.parametrize(("depth", "inner", "channels"), [(1, 1, 1), (2, 1, 1), (2, 3, 2), (3, 2, 2)])
def test_slopes_are_the_change_of_the_joined_kernel(depth, inner, channels):
    layers = small_filters.drawn(depth, inner, dice(), channels)
    matrix, column = small_filters.slopes(layers), 0
    for place, layer in enumerate(layers):
        for at in np.ndindex(layer.shape):
            nudged = [each.copy() for each in layers]
            nudged[place][at] += 1
            change = small_filters.compose(nudged) - small_filters.compose(layers)
            np.testing.assert_allclose(matrix[:, column], change.ravel(), atol=1e-12)
            column += 1
    assert column == matrix.shape[1]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_one_inner_channel_reaches_eight_more_for_each_layer(depth):
    assert small_filters.reach(depth, 1) == (8 * depth + 1, (2 * depth + 1) ** 2)


@pytest.mark.parametrize(("channels", "inner"), [(1, 1), (1, 2), (1, 4), (2, 2), (2, 3), (2, 4), (3, 3)])
def test_reach_of_two_layers_is_the_weights_less_the_change_of_basis(channels, inner):
    expected = min(25 * channels**2, 18 * channels * inner - inner**2)
    assert small_filters.reach(2, inner, channels) == (expected, 25 * channels**2)


# Fits ----------------------------------------------------------------------------------------------------------------


def alternating(kernel, seed, rounds=150):
    """Another way to fit one inner channel: solve for either small kernel in turns."""
    layers = small_filters.drawn(2, 1, dice(seed))
    for turn in range(2 * rounds):
        half = small_filters.slopes(layers).reshape(25, 2, 9)[:, turn % 2]
        layers[turn % 2] = np.linalg.lstsq(half, kernel.ravel(), rcond=None)[0].reshape(3, 3, 1, 1)
    wrong = small_filters.compose(layers)[..., 0, 0] - kernel
    return float((wrong**2).sum() / (kernel**2).sum())


@pytest.mark.parametrize("name", ["two spots", "cross", "random"])
def test_no_other_search_finds_a_nearer_kernel(name):
    ours = small_filters.fitted(EXAMPLES[name]).left
    theirs = min(alternating(EXAMPLES[name], seed) for seed in range(6))
    assert ours <= theirs + 1e-4
    assert ours > 0.03


@given(seed=st.integers(0, 50))
@examples(8)
def test_what_two_small_kernels_made_is_found_again(seed):
    kernel = small_filters.compose(small_filters.drawn(2, 1, dice(seed)))[..., 0, 0]
    found = small_filters.fitted(kernel, starts=24)
    assert found.left < 1e-6
    np.testing.assert_allclose(found.made, kernel, atol=2e-3 * np.abs(kernel).max())


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("inner", [1, 2, 3])
def test_a_fit_leaves_what_it_says(name, inner):
    kernel, found = EXAMPLES[name], drawings.nearest(name, inner)
    np.testing.assert_allclose(small_filters.compose(found.layers)[..., 0, 0], found.made, atol=1e-12)
    rest = ((kernel - found.made) ** 2).sum() / (kernel**2).sum()
    assert np.isclose(rest, found.left, atol=1e-10)
    assert inner == 1 or found.left < 1e-9


def test_scale_of_the_kernel_changes_nothing_that_is_left():
    kernel = EXAMPLES["cross"]
    assert np.isclose(small_filters.fitted(1e4 * kernel).left, small_filters.fitted(kernel).left, atol=1e-8)


@pytest.mark.parametrize("kernel", [np.zeros((5, 5)), np.ones((3, 3)), np.full((5, 5), np.nan)])
def test_fitted_refuses_other_kernels(kernel):
    with pytest.raises(ValueError, match="5 x 5"):
        small_filters.fitted(kernel)


# Blocks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "given", "width"), [(1, 4, 4), (2, 3, 16), (3, 8, 4)])
def test_costs_of_a_stack_by_hand(depth, given, width):
    found = blocks.cost(blocks.block((3,) * depth, given, width, side=10, bias=False))
    weights = 9 * given * width + 9 * (depth - 1) * width**2
    assert found[:3] == (weights, 100 * weights, 100 * depth * width)
    assert found.peak == 100 * (2 * width if depth > 1 and width > given else given + width)


def test_products_agree_with_the_frameworks_count():
    plain = blocks.block((3, 3), 4, 6, 5, side=12, bias=False, activation=None, padding="valid")
    assert backend.flops(plain, (12, 12, 4)) == 2 * blocks.cost(plain).macs


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("width", [16, 64])
def test_break_even_by_trying_every_depth_of_input(depth, width):
    def weights(sizes, given):
        ends = [given, *[width] * len(sizes)]
        return sum(size**2 * a * b for size, (a, b) in zip(sizes, itertools.pairwise(ends), strict=True))

    cheaper = [d for d in range(1, 65) if weights((3,) * depth, d) < weights((2 * depth + 1,), d)]
    assert cheaper[0] == int(np.floor(blocks.cheaper_from(depth) * width)) + 1
    assert len(cheaper) == 65 - cheaper[0]


@pytest.mark.parametrize("bad", [((), 1, 1), ((3, 0), 1, 1), ((3,), 0, 1), ((3,), 1, 0), ((3,), 1, 1, 0)])
def test_block_refuses_bad_numbers(bad):
    with pytest.raises(ValueError, match="Received"):
        blocks.block(*bad)


def test_cheaper_from_refuses_a_single_layer():
    with pytest.raises(ValueError, match="depth"):
        blocks.cheaper_from(1)


@pytest.mark.parametrize("sizes", [(7,), (3, 3, 3)])
def test_only_an_activation_departs_from_linear(sizes):
    plain, bent = (
        blocks.departure(blocks.block(sizes, 2, 4, side=9, bias=False, activation=a)) for a in (None, "relu")
    )
    assert plain < 1e-5
    assert bent > 0.3


def test_pieces_of_a_single_unit_are_at_most_two():
    model = blocks.block((7,), 1, 1, side=7, padding="valid", bias=False)
    start, end = dice(3).normal(size=(2, 7, 7, 1))
    for weights, expected in ((np.ones((7, 7, 1, 1)), 1 + (start.sum() * end.sum() < 0)), (0 * start[..., None], 1)):
        model.layers[0].set_weights([weights])
        assert blocks.pieces(model, steps=50, seed=3) == expected


def test_a_stack_bends_more_often():
    keras.utils.set_random_seed(0)
    one = blocks.pieces(blocks.block((7,), 2, 6, side=7, padding="valid"), steps=400)
    stack = blocks.pieces(blocks.block((3, 3, 3), 2, 6, side=7, padding="valid"), steps=400)
    assert one <= 7
    assert stack > 2 * one


# Targets -------------------------------------------------------------------------------------------------------------


def windows(count=2, seed=0):
    images = targets.patches("noise", count, dice(seed))
    return images, np.lib.stride_tricks.sliding_window_view(images[..., 0].astype(float), (7, 7), axis=(1, 2))


def test_answers_have_one_map_a_target_and_repeat():
    images, _ = windows()
    found = targets.answers(images, 5)
    assert found.shape == (2, 10, 10, len(targets.TARGETS))
    np.testing.assert_array_equal(found, targets.answers(images, 5))
    random = [list(targets.TARGETS).index(name) for name in ("random kernel", "three random layers")]
    changed = (targets.answers(images, 6) != found).any((0, 1, 2))
    assert sorted(np.flatnonzero(changed)) == sorted(random)


def test_targets_against_slow_twins():
    images, found = windows()
    picture, at = images[0, ..., 0].astype(float), (4, 6)
    small = picture[4:11, 6:13]
    by_name = {name: fn(found, dice())[0][at] for name, fn in targets.TARGETS.items()}
    assert np.isclose(by_name["largest of 49"], maximum_filter(picture, 7)[7, 9])
    assert np.isclose(by_name["deviation of 49"], np.sqrt(np.mean((small - small.mean()) ** 2)))
    assert np.isclose(by_name["corner less corner"], small[0, 0] - small[6, 6])
    assert np.isclose(by_name["both corners bright"], min(small[0, 0], small[6, 6]))
    lengths = [
        np.hypot(small[i, j + 1] - small[i, j - 1], small[i + 1, j] - small[i - 1, j])
        for i in range(1, 6)
        for j in range(1, 6)
    ]
    assert np.isclose(by_name["amount of edge"], np.mean(lengths))


def test_random_layers_are_keras_layers():
    images, found = windows()
    rolls, x = dice(4), images
    for shape in ((3, 3, 1, 4), (3, 3, 4, 4), (3, 3, 4, 1)):
        kernel = rolls.normal(0, (2 / (9 * shape[2])) ** 0.5, shape)
        x = keras_conv(x, kernel, activation="relu" if shape[3] > 1 else None)
    np.testing.assert_allclose(targets.composition(found, dice(4)), x[..., 0], atol=1e-4)


def test_linear_targets_are_linear_and_the_others_not():
    _, a = windows(seed=1)
    _, b = windows(seed=2)
    for name, target in targets.TARGETS.items():
        mixed = target(2 * a - b, dice(0))
        alike = np.allclose(mixed, 2 * target(a, dice(0)) - target(b, dice(0)))
        assert alike == (name in ("random kernel", "spot on a dark ring", "corner less corner"))


def test_patches_lie_in_the_photographs():
    found = targets.patches("photos", 20, dice(), ("cat",))
    assert found.shape == (20, 16, 16, 1)
    assert found.min() >= -1
    assert found.max() <= 1
    assert not set(targets.TRAINING) & set(targets.UNSEEN)
    with pytest.raises(ValueError, match="source"):
        targets.patches("films", 1, dice())


# Trials --------------------------------------------------------------------------------------------------------------


def test_rivals_have_equal_weights_and_products():
    counts = {kind: trials.fitter(kind, 16, 1).count_params() for kind in trials.KINDS}
    assert abs(counts["one"] / counts["stack"] - 1) < 0.005
    for pair in trials.PAIRS:
        one, stack = (models.profile(trials.reader(*trials.NETS[name])) for name in pair)
        assert abs(one.parameters / stack.parameters - 1) < 0.005
        assert abs(one.macs / stack.macs - 1) < 0.005


def test_nets_side_by_side_train_as_if_alone():
    images = targets.patches("noise", 16, dice())
    y = targets.answers(images, 0)[..., :2].astype("float32")
    both, alone = trials.fitter("one", 16, 2), trials.fitter("one", 16, 1)
    weights = both.get_weights()
    order = [weight.path for weight in both.weights]
    first = [layer for layer in both.layers if layer.weights]
    mine = [np.array(keras.ops.convert_to_numpy(w)) for layer in (first[0], first[-2]) for w in layer.weights]
    assert len(order) == len(weights) == 8
    alone.set_weights(mine)
    for model, answers in ((both, y), (alone, y[..., :1])):
        experiments.fit(model, images, answers, epochs=3, batch=8, rate=1e-2, seed=0, loss="mse")
    together = keras.ops.convert_to_numpy(both(images))[..., 0]
    np.testing.assert_allclose(together, keras.ops.convert_to_numpy(alone(images))[..., 0], atol=0.02)


def small_tasks(seed=0):
    x = {part: targets.patches("noise", 40, dice(i)) for i, part in enumerate(trials.COUNTS)}
    return {part: trials.Task(each, targets.answers(each, seed).astype("float32")) for part, each in x.items()}


def test_linear_misses_as_much_as_scikit_learn():
    parts = small_tasks()
    ours = trials.linear_missed(parts["train"], parts["test"])

    def flat(task):
        seen = np.lib.stride_tricks.sliding_window_view(task.x[..., 0], (7, 7), axis=(1, 2))
        return seen.reshape(-1, 49), task.y.reshape(-1, task.y.shape[-1])

    model = LinearRegression().fit(*flat(parts["train"]))
    x, y = flat(parts["test"])
    np.testing.assert_allclose(ours, ((model.predict(x) - y) ** 2).mean(0) / y.var(0), rtol=0.01, atol=1e-6)
    assert np.all(ours[:3] < 1e-6)
    assert np.all(ours[3:] > 0.1)


def test_a_guess_of_the_mean_misses_all():
    task, net = small_tasks()["test"], trials.fitter("one", 16)
    for layer in net.layers:
        layer.set_weights([np.zeros(w.shape) for w in layer.weights])
    centred = trials.Task(task.x, task.y - task.y.mean((0, 1, 2)))
    np.testing.assert_allclose(trials.missed(net, centred), 1, atol=1e-4)


def test_the_rate_is_chosen_target_by_target(monkeypatch):
    errors = {
        ("validation", 3e-3): [1, 5],
        ("validation", 1e-2): [2, 4],
        ("test", 3e-3): [7, 8],
        ("test", 1e-2): [9, 6],
    }
    monkeypatch.setattr(trials, "trained", lambda kind, train, rate, *more: rate)
    monkeypatch.setattr(trials, "missed", lambda rate, part: np.array(errors[part, rate]))
    parts = {part: part for part in trials.COUNTS}
    assert trials.chosen("one", parts, 0, 1).tolist() == [7, 6]


def test_tasks_are_scaled_on_the_training_patches():
    parts = trials.tasks("noise", 1)
    assert {part: len(task.x) for part, task in parts.items()} == trials.COUNTS
    np.testing.assert_allclose(parts["train"].y.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(parts["train"].y.std((0, 1, 2)), 1, atol=1e-4)
    assert abs(parts["test"].y.std((0, 1, 2)) - 1).max() < 0.2


def test_a_race_tells_a_large_layer_from_three_small_ones():
    rounds = 50  # each needs one that nothing else on the machine disturbs
    assert trials.stem_ratio(8, rounds, seed=0) > 2  # eight times the products


def test_ratios_take_off_what_the_call_costs(monkeypatch):
    seconds = {"stack 1": 7, "stack 3": 13, "one 1": 9, "one 3": 19, "stack": 9, "one": 3, "none": 1}
    monkeypatch.setattr(trials, "least", lambda layers, *more: {name: seconds[name] for name in layers})
    assert trials.block_ratio(8, 1, 1, 0) == 0.6
    assert trials.stem_ratio(1, 1, 0) == 4
    seconds["one 3"] = 9
    with pytest.raises(RuntimeError, match="too few"):
        trials.block_ratio(8, 1, 1, 0)


# Drawings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", list(itertools.product(drawings.DEPTHS, drawings.GIVEN, drawings.WIDTHS)))
@pytest.mark.once
def test_the_whole_grid_of_budgets(setting):
    assert isinstance(drawings.budget(*setting), Figure)
    cheaper = setting[1] / setting[2] > blocks.cheaper_from(setting[0])
    assert (drawings.over(*setting)["weights"] < 1) == cheaper
    assert f"{drawings.over(*setting)['weights']:.2f}" in drawings.say_budget(*setting)


@pytest.mark.parametrize("setting", list(itertools.product(EXAMPLES, (1, 2, 3))))
@pytest.mark.once
def test_the_whole_grid_of_kernels(setting):
    assert isinstance(drawings.made(*setting), Figure)
    assert ("nothing" in drawings.say_made(*setting)) == (drawings.nearest(*setting).left < 1e-9)


def test_other_figures():
    runs = dice().uniform(0.1, 1, (5, 3))
    assert isinstance(drawings.race((8, 16, 32), {"batch 1": runs, "batch 8": runs}, 0.55), Figure)
    assert isinstance(drawings.local(runs[:, None, :, None].reshape(5, 3, 1), runs.reshape(5, 3, 1)), Figure)
    panel = {kind: runs for kind in drawings.LOOK}
    assert isinstance(drawings.fits(["a", "b", "c"], {"noise": panel, "photos": panel}), Figure)
