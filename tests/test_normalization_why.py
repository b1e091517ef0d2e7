"""What batch normalization buys: nets, training at one rate, drift, landscape, groups, order, cost and pictures."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from scipy.stats import norm as bell
from scipy.stats import ttest_1samp

from cvnotes import backend, data, experiments
from cvnotes.introduction import permutation
from cvnotes.normalization import (
    amplifying,
    cost,
    drawings_why,
    drift,
    effects,
    landscape,
    noise,
    order,
    shift,
    sweeps,
)
from tests.examples import examples


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def few(seed=0, count=128):
    return effects.split(seed, count)


# Nets and training --------------------------------------------------------------------------------------------------


def test_three_sets_of_digits_share_none():
    full, part, other = effects.split(3), effects.split(3, 50), effects.split(4)
    assert [len(x) for x in full[::2]] == [1000, 347, 450]
    np.testing.assert_array_equal(full.x[:50], part.x)
    np.testing.assert_array_equal(full.val_x, part.val_x)
    np.testing.assert_array_equal(full.test_x, other.test_x)
    assert not np.array_equal(full.y, other.y)
    together = np.concatenate([full.x, full.val_x]).reshape(1347, -1)
    ours, all_ = (np.sort(rows.reshape(1347, -1), axis=0) for rows in (together, data.digits().train_images))
    np.testing.assert_array_equal(ours, all_)  # each training digit once
    for count in (0, 1001, 2.5):
        with pytest.raises(ValueError, match="count must be"):
            effects.split(0, count)


@pytest.mark.parametrize("norm", effects.NORMS)
def test_order_of_a_block_and_its_weights(norm):
    kinds = [type(layer).__name__ for layer in effects.block(layers.Dense(4), norm, "relu", layers.Identity())]
    wanted = {
        "plain": ["Dense", "Identity", "Activation"],
        "before": ["Dense", "BatchNormalization", "Identity", "Activation"],
        "after": ["Dense", "Activation", "BatchNormalization", "Identity"],
    }
    assert kinds == wanted[norm]
    per_unit = 0 if norm == "plain" else 4
    assert effects.dense_net(norm, 2, 5).count_params() == (65 + per_unit) * 5 + (6 + per_unit) * 5 + 6 * 10
    convs = [(9 * 1 + 1) * 2, (9 * 2 + 1) * 2, (9 * 2 + 1) * 4, (9 * 4 + 1) * 4]
    channels = 2 + 2 + 4 + 4
    assert effects.conv_net(norm, width=2).count_params() == sum(convs) + per_unit * channels + 5 * 10


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match=r"norm must be one of plain, before, after. Received: norm='between'"):
        effects.dense_net("between")


def test_descend_learns_repeats_and_survives_a_rate_that_is_too_large():
    some = few()
    keras.utils.set_random_seed(0)
    model = effects.learner(effects.dense_net("before", 2, 32))
    start = model.get_weights()
    runs = [effects.descend(model, start, some, rate, seed=1, epochs=6, batch=32) for rate in (0.3, 1e6, 0.3)]
    assert runs[0]["train"][-1] > 0.9 > 0.5 > runs[0]["train"][0]
    assert runs[0]["test"][-1] > 0.6
    for name in ("train", "val", "test", "loss"):
        np.testing.assert_allclose(runs[0][name], runs[2][name], atol=1e-3)  # the wreck in between left no trace
        assert np.isfinite(runs[1][name]).all()
    assert runs[1]["train"][-1] < 0.4
    assert np.isclose(runs[0]["val"][-1], experiments.accuracy(model, some.val_x, some.val_y))
    for rate in (0, -1, math.nan, True, "0.1"):
        with pytest.raises(ValueError, match="rate must be a number above 0"):
            effects.descend(model, start, some, rate, seed=0, epochs=1)
    for batch in (0, 129, 2.5):
        with pytest.raises(ValueError, match="batch must be"):
            effects.descend(model, start, some, 0.1, seed=0, epochs=1, batch=batch)


def test_accuracy_in_training_is_the_mean_over_the_epoch_and_not_its_last_batch():
    some, keep = few(count=64), keras.optimizers.SGD(1e-12)
    model = effects.learner(effects.dense_net("plain", 1, 8))
    model.optimizer = keep
    model.compile(keep, model.loss, metrics=["accuracy"])
    run = effects.descend(model, model.get_weights(), some, 1e-9, seed=0, epochs=1, batch=16)
    assert np.isclose(run["train"][0], experiments.accuracy(model, some.x, some.y))


@pytest.mark.parametrize(("loss", "kept"), [(2.0, 2.0), (1e9, 100.0), (math.inf, 100.0), (math.nan, 100.0)])
def test_any_loss_can_be_stored(loss, kept):
    assert effects.capped(loss) == kept


def test_kernels_are_scaled_and_nothing_else():
    weights = [np.ones((3, 2)), np.ones(2), np.ones((3, 3, 1, 2))]
    assert [w.max() for w in effects.scaled(weights, 4.0)] == [4, 1, 4]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 1))
@examples(60)
def test_first_epoch_that_reaches_a_goal(curve, goal):
    wanted = next((i for i, value in enumerate(curve, 1) if value >= goal), len(curve) + 1)
    assert effects.first_to(goal, [curve, curve]).tolist() == [wanted, wanted]


def test_best_rate_goes_by_the_mean_over_seeds():
    assert effects.best_rate([[0.9, 0.5, 0.7], [0.1, 0.6, 0.7]]) == 2


def test_largest_rate_that_reaches_a_goal():
    found = sweeps.reached([[0.2, 0.95, 0.1], [0.95, 0.2, 0.91], [0.1, 0.1, 0.1]], [0.1, 1, 10], 0.9)
    assert found.tolist() == [1, 10, -math.inf]


@pytest.mark.parametrize(
    "call",
    [
        lambda: sweeps.reached([0.9, 0.8], [0.1], 0.9),
        lambda: sweeps.reached([], [], 0.9),
        lambda: effects.best_rate([0.9, 0.8]),
        lambda: effects.first_to(0.5, 0.7),
        lambda: effects.best_rate([[0.9, np.nan]]),
        lambda: drift.drift((np.ones(2), np.ones(2)), (np.ones(3), np.ones(3))),
        lambda: drift.drift((1.0, 1.0), (1.0, 1.0)),
        lambda: amplifying.growth([1.0]),
        lambda: amplifying.growth([0.0, 1.0]),
        lambda: order.tuned((np.ones((1, 2)), np.ones((1, 2))), (np.ones((1, 2)), np.ones((1, 2)))),
        lambda: order.tuned((np.ones((3, 2)), np.ones((3, 2))), (np.ones((3, 2)), np.ones((3, 3)))),
        lambda: order.tuned((np.eye(3), np.eye(3)), (np.eye(3), np.eye(3)), confidence=95),
        lambda: shift.restandardised(np.ones((2, 4, 4, 1)), np.eye(4)),
        lambda: landscape.along_step(lambda w: ops.sum(w[0]) * np.nan, [np.ones(2, "float32")], (1.0,)),
        lambda: noise.GroupedNormalization(4, scale=False),
        lambda: noise.GroupedNormalization(4)(np.ones((6, 3), "float32"), training=True),
        lambda: noise.GroupedNormalization(2)(np.ones((2, 4, 4, 3), "float32"), training=True),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()


# Drift --------------------------------------------------------------------------------------------------------------


@given(st.tuples(*[st.floats(-3, 3)] * 2), st.tuples(*[st.floats(0.2, 3)] * 2))
@examples(30)
def test_drift_is_the_distance_between_normal_distributions(mean, spread):
    u = (np.arange(20000) + 0.5) / 20000  # Wasserstein distance by quantiles, with no formula for it
    before, after = (bell.ppf(u, m, s) for m, s in zip(mean, spread, strict=True))
    distance = np.sqrt(np.mean((after - before) ** 2)) / spread[0]
    now = [(np.array([m]), np.array([s])) for m, s in zip(mean, spread, strict=True)]
    assert np.isclose(drift.drift(*now), distance, rtol=5e-3, atol=2e-3)


def test_drift_of_a_layer_without_spread_is_refused():
    with pytest.raises(ValueError, match="must vary over the pictures"):
        drift.drift((np.zeros(2), np.zeros(2)), (np.ones(2), np.ones(2)))


@pytest.mark.parametrize("shape", [(500, 3), (50, 4, 4, 3)])
def test_noise_moves_channels_in_training_and_nothing_in_inference(shape):
    layer, x = drift.Restless(shift=1.0, stretch=0.3), normal(*shape)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)
    first, second = (ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 0.05, "each step draws anew"
    for c in range(3):  # the same line for every example of a channel
        slope, offset = np.polyfit(x[..., c].ravel(), first[..., c].ravel(), 1)
        np.testing.assert_allclose(first[..., c], slope * x[..., c] + offset, atol=1e-3)
    copy = drift.Restless.from_config(layer.get_config())
    assert (copy.shift, copy.stretch) == (1.0, 0.3)


def test_size_of_the_noise():
    layer, x = drift.Restless(shift=2.0, stretch=0.0), np.zeros((1, 4000), "float32")
    assert abs(ops.convert_to_numpy(layer(x, training=True)).std() - 2) < 0.15


@pytest.mark.parametrize("way", drift.WAYS)
def test_what_is_watched_is_the_input_of_the_third_convolution(way):
    model, part = drift.watched(way)
    assert part.output_shape == (None, 4, 4, 8)
    assert sum(isinstance(layer, layers.Conv2D) for layer in part.layers) == 2
    assert sum(isinstance(layer, drift.Restless) for layer in model.layers) == (4 if way == "restless" else 0)
    with pytest.raises(ValueError, match="way must be one of"):
        drift.watched("fast")


def test_moments_leave_the_net_as_it_is():
    model, part = drift.watched("before")
    before, x = model.get_weights(), few().x[:40]
    mean, std = drift.moments(part, x)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    values = ops.convert_to_numpy(part(x, training=True))  # this one moves the running averages
    np.testing.assert_allclose(mean, values.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(std, values.std((0, 1, 2)), atol=1e-5)
    assert not np.array_equal(before[4], model.get_weights()[4])


# Landscape ----------------------------------------------------------------------------------------------------------


def test_along_the_step_of_a_bowl_everything_is_known():
    bends = np.array([1.0, 4.0], "float32")
    look = landscape.along_step(
        lambda w: ops.sum(ops.multiply(bends, w[0] ** 2)) / 2, [np.array([3.0, 1.0], "float32")], (0.1, 0.5)
    )
    start, slope = np.array([3.0, 1.0]), np.array([3.0, 4.0])
    stops = [start, start - 0.1 * slope, start - 0.5 * slope]
    np.testing.assert_allclose(look.losses, [np.sum(bends * w**2) / 2 for w in stops], rtol=1e-5)
    turned = [np.linalg.norm(bends * stop - slope) / 5 for stop in stops[1:]]
    np.testing.assert_allclose(look.turned, turned, rtol=1e-5)


def test_a_plain_has_no_direction():
    with pytest.raises(ValueError, match="gradient must not be zero"):
        landscape.along_step(lambda w: ops.sum(w[0] * 0.0), [np.ones(2, "float32")], (1.0,))


def test_batch_loss_is_that_of_training_and_leaves_no_trace():
    some = few(count=32)
    model = effects.learner(effects.dense_net("before", 2, 8))
    before = model.get_weights()
    loss = landscape.batch_loss(model, some.x, some.y)
    value = float(ops.convert_to_numpy(loss([ops.convert_to_numpy(w) for w in model.trainable_variables])))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isclose(value, model.train_on_batch(some.x, some.y)[0], rtol=1e-4)
    model.set_weights(before)
    assert not np.isclose(value, model.test_on_batch(some.x, some.y)[0], rtol=1e-3)


def test_looks_are_taken_on_the_way_down():
    some = few(count=64)
    looks = landscape.walk(effects.dense_net("before", 1, 16), some, 0.1, seed=0, steps=9)
    assert len(looks) == 3
    assert all(look.losses.shape == (5,) and look.turned.shape == (4,) for look in looks)
    assert looks[-1].losses[0] < looks[0].losses[0]


# Groups, order, cost ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 8, 24])
def test_groups_are_normalized_each_by_itself(size):
    x, usual, ours = 3 * normal(24, 5) + 1, layers.BatchNormalization(), noise.GroupedNormalization(size)
    usual.build(x.shape)
    ours.build(x.shape)
    for norm in (usual, ours):
        norm.set_weights([normal(5, seed=1) + 2, normal(5, seed=2), np.zeros(5), np.ones(5)])
    y = ops.convert_to_numpy(ours(x, training=True))
    alone = [ops.convert_to_numpy(usual(x[i : i + size], training=True)) for i in range(0, 24, size)]
    np.testing.assert_allclose(y, np.concatenate(alone), atol=1e-4)
    groups = x.reshape(-1, size, 5)
    np.testing.assert_allclose(ops.convert_to_numpy(ours.moving_mean), 0.01 * x.mean(0), atol=1e-5)
    running = 0.99 + 0.01 * groups.var(1).mean(0)
    np.testing.assert_allclose(ops.convert_to_numpy(ours.moving_variance), running, rtol=1e-4)
    usual.set_weights(ours.get_weights())
    np.testing.assert_allclose(*(ops.convert_to_numpy(norm(x)) for norm in (ours, usual)), atol=1e-5)


def test_a_frozen_group_infers():
    x, ours = normal(8, 3), noise.GroupedNormalization(4)
    ours.build(x.shape)
    ours.trainable = False
    np.testing.assert_array_equal(*(ops.convert_to_numpy(ours(x, training=mode)) for mode in (True, False)))
    np.testing.assert_array_equal(ops.convert_to_numpy(ours.moving_mean), 0)


def test_a_group_of_one_has_no_spread():
    with pytest.raises(ValueError, match=r"size must be at least 2. Received: size=1"):
        noise.GroupedNormalization(1)
    assert noise.GroupedNormalization.from_config(noise.GroupedNormalization(4, momentum=0.5).get_config()).size == 4


def test_every_normalization_of_the_grouped_net_is_grouped():
    kinds = [layer.size for layer in noise.grouped_net(8).layers if isinstance(layer, layers.BatchNormalization)]
    assert kinds == [8] * noise.DEPTH
    assert noise.grouped_net(8).count_params() == effects.dense_net("before", noise.DEPTH).count_params()


def test_interval_of_a_difference_is_that_of_a_t_test():
    val = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.9]])
    one, other = normal(3, 2, seed=1), normal(3, 2, seed=2)
    found = order.tuned((val, one), (1 - val, other))
    seeds = one[:, 1] - other[:, 0]
    interval = ttest_1samp(seeds, 0).confidence_interval(0.95)
    np.testing.assert_allclose(found.seeds, seeds)
    np.testing.assert_allclose([found.low, found.high], [interval.low, interval.high], rtol=1e-5)
    assert found.rates == (1, 0)
    assert np.isclose(found.mean, seeds.mean())


def test_patches_are_the_middles_of_the_textures():
    some = order.patches(3)
    assert some.x.shape == (1000, 8, 8, 1)
    assert (len(some.val_x), len(some.test_x)) == (347, 450)
    crops, labels = permutation.texture_crops(450, 7, test=True)
    np.testing.assert_array_equal(some.test_x, crops[:, 4:12, 4:12])
    np.testing.assert_array_equal(some.test_y, labels)


def test_nets_of_the_race_differ_by_their_normalizations():
    for build in cost.NETS.values():
        with backend.unallocated():
            plain, normalized = build("plain"), build("before")
        norms = [layer for layer in normalized.layers if isinstance(layer, layers.BatchNormalization)]
        extra = sum(layer.count_params() for layer in norms)
        assert extra > 0
        assert normalized.count_params() == plain.count_params() + extra


def test_a_race_gives_ratios_beside_the_plain_net(monkeypatch):
    monkeypatch.setattr(cost, "ROUNDS", 2)
    built = []

    def build(norm):
        built.append(norm)
        return effects.dense_net(norm, 1, 4)

    found = cost.race(build, seed=0)
    assert sorted(found) == ["folded", "inference", "step"]
    assert all(0.02 < ratio < 50 for ratio in found.values())
    assert sorted(built) == ["before", "plain"]


# Nudges and light ---------------------------------------------------------------------------------------------------


@given(st.floats(0.2, 5), st.integers(2, 9))
@examples(30)
def test_growth_of_a_geometric_sequence(factor, length):
    assert np.isclose(amplifying.growth(3 * factor ** np.arange(length)), factor)


def test_what_a_weight_gain_does_to_a_nudge():
    keras.utils.set_random_seed(1)
    x = few().x[:40]
    plain, normalized = (effects.dense_net(norm, 4, 32) for norm in ("plain", "before"))
    (change, share), (twice, as_large) = (amplifying.travelled(plain, x, gain, seed=0) for gain in (1.0, 2.0))
    np.testing.assert_allclose(twice, change * 2.0 ** np.arange(1, 5), rtol=1e-3)  # ReLU without bias is homogeneous
    np.testing.assert_allclose(as_large, share, rtol=1e-3)
    one, other = (amplifying.travelled(normalized, x, gain, seed=0)[1] for gain in (1.0, 4.0))
    np.testing.assert_allclose(one, other, rtol=0.1)  # epsilon is all that tells gains apart
    small, large = (amplifying.travelled(plain, x, 1.0, seed=0, nudge=n)[0] for n in (1e-3, 2e-3))
    np.testing.assert_allclose(large, 2 * small, rtol=0.05)


@given(st.floats(0.05, 4), st.floats(-2, 2))
@examples(30)
def test_another_light_is_undone_exactly(contrast, offset):
    x = few().x[:20]
    dark = shift.relit(x, contrast, offset)
    np.testing.assert_allclose(dark, contrast * x + np.float32(offset), atol=1e-5)
    np.testing.assert_allclose(shift.restandardised(dark, x), x, atol=1e-3)
    assert abs(contrast - 1) < 0.01 or np.abs(dark - x).max() > 0.004  # the brightest pixel is near 1 or offset


def test_each_picture_under_a_light_of_its_own():
    x = few().x[:20]
    mixed = shift.relit(x, *shift.own_lights(20, seed=0))
    each = shift.restandardised(mixed, x, each=True)
    np.testing.assert_allclose(each, shift.restandardised(x, x, each=True), atol=1e-4)
    np.testing.assert_allclose(each.mean((1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(each.std((1, 2, 3)), 1, atol=1e-4)
    assert not np.allclose(shift.restandardised(mixed, x), x, atol=0.1), "together they are not undone"
    with pytest.raises(ValueError, match="contrast must be above 0"):
        shift.relit(x, 0.0, 0.5)


# Pictures -----------------------------------------------------------------------------------------------------------


def stored(name):
    return experiments.load("normalization", name)


def test_neighbours_are_averaged():
    np.testing.assert_array_equal(drawings_why.smooth(np.arange(14.0).reshape(2, 7), 3), [[1, 4], [8, 11]])


@pytest.mark.once
def test_every_figure_can_be_drawn():
    rates, photos = stored("rates"), stored("orders")
    pair = [tuple(rates[f"{way}_{name}"] for name in ("val", "test")) for way in ("after", "before")]
    drawn = [
        drawings_why.lights(data.digits().test_images[0], stored("covariate")["lights"].mean(0)),
        drawings_why.moments(stored("moving")),
        drawings_why.drift_and_speed(stored("moving")),
        drawings_why.landscapes(stored("landscape")),
        drawings_why.rate_sweep(rates),
        drawings_why.rate_sweep(rates, effects.NORMS),
        drawings_why.sigmoids(stored("sigmoid")),
        drawings_why.nudges(stored("nudges")),
        drawings_why.companies(stored("company")),
        drawings_why.differences({"ConvNet": order.tuned(*pair)}),
        drawings_why.costs(stored("step_cost")["step"], list(cost.NETS)),
    ]
    assert all(len(fig.axes) >= 1 for fig in drawn)
    assert photos["photos_before_val"].shape[1] == len(order.RATES)


def test_spans_and_turns():
    found = {"conv_plain_losses": np.array([[[1.0, 3, 0.5]]]), "conv_plain_turned": np.array([[[0.1, 2]]])}
    assert drawings_why.spans(found, "conv", "plain").tolist() == [[2.5]]
    assert drawings_why.turns(found, "conv", "plain").tolist() == [[2]]


@pytest.mark.once
def test_every_cell_of_the_figure_to_play_with_has_words_of_its_own():
    found = stored("grid")
    said = set()
    for gain in sweeps.GAINS:
        for rate in sweeps.GRID_RATES:
            if gain in (0.25, 4.0) and rate in (0.003, 3.0):  # the corners; the built page draws them all
                assert len(drawings_why.cell(found, rate, gain).axes) == 3
            said.add(drawings_why.says_cell(found, rate, gain))
    assert len(said) == len(sweeps.GAINS) * len(sweeps.GRID_RATES)
