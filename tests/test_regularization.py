"""Penalties, limits, early stopping, ensembles and small filters: against Keras, exact answers and slow twins."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from cvnotes import experiments, models
from cvnotes.experiments import accuracy
from cvnotes.linear_classifiers import softmax
from cvnotes.regularization import (
    drawings,
    ensembles,
    evidence,
    filters,
    nets,
    penalties,
    playing,
    problem,
    stopping,
    trials,
)
from cvnotes.regularization.stopping import EarlyStopping
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy
numbers = st.floats(-5, 5, allow_nan=False)


# The problem --------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_its_digits_and_fewer_are_the_first_of_more():
    more, fewer, other = problem.digits(3, 400), problem.digits(3, 100), problem.digits(4, 100)
    for key in ("x", "y", "wrong", "true"):
        np.testing.assert_array_equal(getattr(more, key)[:100], getattr(fewer, key))
    np.testing.assert_array_equal(more.val_x, fewer.val_x)
    assert not np.array_equal(fewer.y, other.y)


def test_a_caller_cannot_spoil_the_test_digits():
    spoiled = problem.digits(0)
    spoiled.test_x[:] = 7
    spoiled.test_y[:] = 7
    again = problem.digits(0)
    assert again.test_x.max() <= 1
    assert len(set(again.test_y)) == 10


@pytest.mark.parametrize("noise", [0.0, 0.2, 1.0])
def test_wrong_labels_are_wrong_and_as_many_as_asked(noise):
    p = problem.digits(0, 800, noise)
    np.testing.assert_array_equal(p.y != p.true, p.wrong)
    assert abs(p.wrong.mean() - noise) < 0.05
    assert not {row.tobytes() for row in p.x} & {row.tobytes() for row in np.concatenate([p.val_x, p.test_x])}


@pytest.mark.parametrize("given_", [{"count": 0}, {"count": 848}, {"noise": 1.5}, {"noise": True}, {"noise": np.nan}])
def test_impossible_problems_are_refused(given_):
    with pytest.raises(ValueError, match="Received"):
        problem.digits(0, **given_)


# Penalties ----------------------------------------------------------------------------------------------------------


@given(arrays(float, 4, elements=numbers), arrays(float, 4, elements=st.floats(0.01, 5)), st.floats(0, 5))
@examples(25)
def test_l2_moves_the_bottom_where_a_minimiser_finds_it(best, h, strength):
    def loss(w):
        return (h * (w - best) ** 2).sum() / 2 + strength / 2 * (w**2).sum()

    def slope(w):
        return h * (w - best) + strength * w

    found = minimize(loss, 0 * best, jac=slope, options={"gtol": 1e-8})
    np.testing.assert_allclose(penalties.shrunk(best, h, strength), found.x, atol=1e-4)


@given(arrays(float, array_shapes(max_dims=3, max_side=4), elements=numbers), st.floats(0, 3))
@examples(50)
def test_soft_threshold_beats_every_other_answer(w, t):
    ours = penalties.soft_threshold(w, t)

    def cost(v):
        return (v - w) ** 2 / 2 + t * np.abs(v)

    for other in (0 * w, w, ours + 0.01, ours - 0.01):
        assert np.all(cost(ours) <= cost(other) + 1e-12)
    assert np.all((ours == 0) == (np.abs(w) <= t))


def test_proximal_steps_are_the_lasso():
    dice = np.random.default_rng(0)
    x = dice.normal(size=(40, 6))
    y = x @ [2, -1, 0, 0, 0.3, 0] + dice.normal(0, 0.1, 40)
    w = np.zeros(6)
    for _ in range(2000):
        w = penalties.soft_threshold(w - 0.2 * x.T @ (x @ w - y) / 40, 0.2 * 0.2)
    theirs = Lasso(alpha=0.2, fit_intercept=False, tol=1e-10).fit(x, y).coef_
    np.testing.assert_allclose(w, theirs, atol=1e-6)
    np.testing.assert_array_equal(w == 0, theirs == 0)
    assert (w == 0).any()


@pytest.mark.parametrize("shape", [(5, 4), (3, 3, 2, 4), (3, 3, 1, 1)])
@pytest.mark.parametrize("limit", [0.1, 1.0, 100.0])
def test_limit_equals_keras_over_the_inputs_of_each_neuron(shape, limit):
    w = np.random.default_rng(0).normal(size=shape).astype("float32")
    axes = list(range(w.ndim - 1))
    ours, theirs = penalties.limited(w, limit), to_numpy(keras.constraints.MaxNorm(limit, axis=axes)(w))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert penalties.neuron_norms(ours).max() <= limit * (1 + 1e-6)
    if limit == 0.1 and w.ndim == 4 and w.shape[2] == 2:  # the default axis of Keras is that of a dense layer
        assert not np.allclose(ours, to_numpy(keras.constraints.MaxNorm(limit)(w)), atol=1e-3)


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
def test_penalties_keep_floats_and_take_whole_numbers(kind):
    w = np.array([[30, 0], [40, 200]], kind)  # 200 squared is no uint8
    wanted = "float64" if kind == "uint8" else kind
    for out in (penalties.limited(w, 1.0), penalties.soft_threshold(w, 0.5), penalties.neuron_norms(w)):
        assert out.dtype == wanted
    np.testing.assert_allclose(penalties.limited(w.tolist(), np.float64(1)), [[0.6, 0], [0.8, 1]])
    np.testing.assert_allclose(penalties.neuron_norms(w), [50, 200])
    np.testing.assert_array_equal(w, np.array([[30, 0], [40, 200]]))


def test_limit_leaves_zeros_and_short_weights_alone():
    w = np.array([[0.0, 3.0], [0.0, 4.0]])
    np.testing.assert_allclose(penalties.limited(w, 1), [[0, 0.6], [0, 0.8]])
    np.testing.assert_array_equal(penalties.limited(w, 6), w)


@pytest.mark.parametrize(
    "call",
    [
        lambda: penalties.shrunk(np.ones(2), np.ones(2), -1),
        lambda: penalties.shrunk(np.ones(2), np.array([1.0, 0]), 1),
        lambda: penalties.shrunk(np.ones(2), np.array([1.0, np.inf]), 1),
        lambda: penalties.shrunk(np.ones(2), np.ones(3), 1),
        lambda: penalties.soft_threshold(np.ones(2), -0.1),
        lambda: penalties.soft_threshold(np.ones(2), True),
        lambda: penalties.soft_threshold([1j], 1),
        lambda: penalties.limited(np.ones((2, 2)), 0),
        lambda: penalties.limited(np.ones((2, 2)), np.nan),
        lambda: penalties.limited(np.array([[1.0, 1], [np.nan, 1]]), 1),
        lambda: penalties.limited(np.full((2, 2), 1e30, "float32"), 1),
        lambda: penalties.limited(np.ones(3), 1),
        lambda: penalties.max_norm_hook(0),
        lambda: playing.settled(np.zeros((2, 1)), lambda w: w, 0.1, "L3", 1, 5),
        lambda: playing.on_digits("L3", 0),
        lambda: playing.on_the_bowl("L2", 6),
        lambda: playing.setting("L2", -1),
        lambda: trials.remedied("magic", 1, 0),
        lambda: nets.dense_net((64,)),
        lambda: nets.dense_net((4, 3, 2), between=[None, None]),
        lambda: nets.put_back(nets.dense_net((2, 2)), [np.ones((1, 2)), np.ones(2)]),
        lambda: nets.put_back(nets.dense_net((2, 2)), [np.ones((2, 2))]),
        lambda: nets.train(nets.dense_net((2, 2)), np.ones((4, 2)), np.zeros(5, int), epochs=1, seed=0),
        lambda: EarlyStopping(0),
        lambda: EarlyStopping(2).restore(nets.dense_net((2, 2))),
        lambda: EarlyStopping(2).enough(np.nan, nets.dense_net((2, 2))),
        lambda: stopping.stopped(np.array([1.0, 20]), 0.1, 5),
        lambda: ensembles.arithmetic(np.ones((2, 3, 4))),
        lambda: ensembles.geometric(np.full((1, 2, 2), 0.5 + 0j)),
        lambda: ensembles.losses([[np.nan, 0.5]], [1]),
        lambda: ensembles.losses(np.full((3, 2), 0.5), [0, 1]),
        lambda: ensembles.losses(np.full((3, 2), 0.5), [0, 1, -1]),
        lambda: ensembles.accuracies(np.full((3, 2), 0.5), [0, 1, 2]),
        lambda: ensembles.accuracies(np.full((3, 2), 0.5), [0.0, 1, 1]),
        lambda: ensembles.averaged_weights([]),
        lambda: ensembles.averaged_weights([[np.ones(2)], [np.ones(3)]]),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()


# Training -----------------------------------------------------------------------------------------------------------


def keras_copy(network, **options):
    """The same dense net in Keras, with a ReLU after each kernel but the last."""
    kernels = nets.kernels(network)
    layers = [keras.layers.Dense(k.shape[1], "relu" if i < len(kernels) - 1 else None, **options)
              for i, k in enumerate(kernels)]  # fmt: skip
    model = keras.Sequential([keras.Input((kernels[0].shape[0],)), *layers])
    model.set_weights(network.weights)
    return model


@pytest.mark.parametrize("remedy", ["none", "L2", "L1", "max-norm"])
def test_training_goes_the_way_of_keras(remedy):
    p = problem.digits(0, 60)
    ours, hooks, options = nets.dense_net((64, 12, 10), seed=1), {}, {}
    if remedy == "L2":
        hooks, options = {"penalise": penalties.l2_hook(0.1)}, {"kernel_regularizer": keras.regularizers.L2(0.05)}
    if remedy == "L1":
        hooks, options = {"penalise": penalties.l1_slope_hook(0.1)}, {"kernel_regularizer": keras.regularizers.L1(0.1)}
    if remedy == "max-norm":
        hooks, options = (
            {"constrain": penalties.max_norm_hook(0.9)},
            {"kernel_constraint": keras.constraints.MaxNorm(0.9)},
        )
    theirs, before = keras_copy(ours, **options), nets.copied(ours)
    theirs.compile(keras.optimizers.SGD(0.05, 0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    nets.train(ours, p.x, p.y, epochs=3, seed=5, **hooks)
    for epoch in range(3):
        for rows in nets.batches(60, 30, 1, seed=5000 + epoch):
            theirs.train_on_batch(p.x[rows], p.y[rows])
    for start, a, b in zip(before, ours.weights, theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)  # theirs are single precision
        assert not np.allclose(a, start, atol=1e-3)


def test_a_hook_of_the_wrong_strength_is_noticed():
    p = problem.digits(0, 60)
    ends = [nets.train(nets.dense_net((64, 12, 10), 1), p.x, p.y, epochs=3, seed=5, penalise=penalties.l2_hook(s))
            for s in (0.1, 0.05)]  # fmt: skip
    assert np.abs(ends[0].weights[0] - ends[1].weights[0]).max() > 1e-3


def test_proximal_training_reaches_zero_and_slopes_do_not():
    p = problem.digits(0, 60, 0.0)
    ends = {}
    for name, hook in (("slope", {"penalise": penalties.l1_slope_hook(0.02)}),
                       ("proximal", {"constrain": penalties.l1_proximal_hook(0.02, 0.1)})):  # fmt: skip
        net = nets.train(nets.dense_net((64, 12, 10), 1), p.x, p.y, epochs=20, seed=5, rate=0.1, momentum=0.0, **hook)
        ends[name] = np.mean(nets.kernels(net)[0] == 0)
    assert ends["slope"] == 0
    assert ends["proximal"] > 0.2


# Early stopping -----------------------------------------------------------------------------------------------------


@functools.cache
def one_weight():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])


@given(st.lists(st.integers(0, 50).map(lambda n: n / 8), min_size=1, max_size=25), st.integers(1, 6))
@examples(40)
def test_stops_and_restores_as_keras_does(losses, patience):
    model = one_weight()
    theirs = keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True, mode="min")
    theirs.set_model(model)
    theirs.on_train_begin()
    ours, net = EarlyStopping(patience), nets.dense_net((1, 1))
    model.stop_training = False
    for i, loss in enumerate(losses):
        net.weights[0][...] = i
        model.set_weights([np.float32([[i]])])
        theirs.on_epoch_end(i, {"val_loss": loss})
        assert ours.enough(loss, net) == model.stop_training
        if model.stop_training:
            break
    theirs.on_train_end()
    ours.restore(net)
    assert net.weights[0].item() == model.get_weights()[0].item() == ours.best_pass - 1


def test_stopping_keeps_a_copy():
    watch, net = EarlyStopping(3), nets.dense_net((2, 2))
    start = nets.copied(net)
    watch.enough(1.0, net)
    net.weights[0] += 7
    watch.enough(2.0, net)
    watch.restore(net)
    np.testing.assert_array_equal(net.weights[0], start[0])


@given(arrays(float, 3, elements=st.floats(0.01, 1.9)), st.floats(0.01, 0.5), st.integers(1, 40))
@examples(40)
def test_stopping_on_a_bowl_is_plain_descent_and_an_l2_of_its_own(h, rate, steps):
    best, w = np.array([1.0, -2, 3]), np.zeros(3)
    for _ in range(steps):
        w -= rate * h * (w - best)
    np.testing.assert_allclose(stopping.stopped(h, rate, steps) * best, w, atol=1e-9)
    strengths = stopping.equal_strength(h, rate, steps)
    np.testing.assert_allclose(
        [penalties.shrunk(b, k, s) for b, k, s in zip(best, h, strengths, strict=True)], w, atol=1e-9
    )


def test_stopping_in_directions_that_are_almost_flat():
    """One less than 1e-17 is 1, and 1 / (eta t) is known all the same."""
    np.testing.assert_allclose(stopping.stopped([1e-17], 0.1, 100), 1e-16, rtol=1e-9)
    np.testing.assert_allclose(stopping.equal_strength([1e-17], 0.1, 100), 0.1, rtol=1e-9)


def test_one_strength_does_not_stand_for_all_directions():
    strengths = stopping.equal_strength(np.array([1e-4, 1.0]), 0.1, 100)
    assert np.isclose(strengths[0], 1 / 10, rtol=0.01)
    assert strengths[1] < 1e-3


# Ensembles ----------------------------------------------------------------------------------------------------------


def some_members(k=4, n=30, seed=0):
    return softmax(np.random.default_rng(seed).normal(0, 2, (k, n, 10))), np.random.default_rng(seed).integers(
        10, size=n
    )


@pytest.mark.parametrize("seed", range(5))
def test_jensen_holds_for_every_picture_and_both_means(seed):
    p, labels = some_members(seed=seed)
    mean = ensembles.losses(p, labels).mean(0)
    assert np.all(ensembles.losses(ensembles.arithmetic(p), labels) <= mean + 1e-12)
    assert np.all(ensembles.losses(ensembles.geometric(p), labels) <= mean + 1e-12)
    assert not np.all(ensembles.losses(p[0], labels) <= mean)  # a member is no average


def test_averaged_scores_are_the_geometric_mean():
    scores = np.random.default_rng(0).normal(size=(3, 5, 10))
    np.testing.assert_allclose(ensembles.geometric(softmax(scores)), softmax(scores.mean(0)), atol=1e-12)
    assert not np.allclose(ensembles.arithmetic(softmax(scores)), softmax(scores.mean(0)), atol=1e-3)


def test_loss_and_accuracy_agree_with_keras():
    p, labels = some_members()
    theirs = to_numpy(keras.losses.sparse_categorical_crossentropy(labels, p[0].astype("float32")))
    np.testing.assert_allclose(ensembles.losses(p, labels)[0], theirs, atol=1e-4)
    assert np.isclose(ensembles.accuracies(p, labels)[0], np.mean(p[0].argmax(1) == labels))


def test_averaged_weights_of_linear_nets_average_their_scores():
    x, members = np.random.default_rng(0).normal(size=(4, 6)), [nets.dense_net((6, 3), seed) for seed in range(3)]
    merged = nets.dense_net((6, 3))
    nets.put_back(merged, ensembles.averaged_weights([nets.copied(net) for net in members]))
    np.testing.assert_allclose(merged.forward(x), np.mean([net.forward(x) for net in members], axis=0))


# Filters ------------------------------------------------------------------------------------------------------------


def test_a_stack_sees_as_much_and_costs_less():
    costs = filters.costs()
    fields = {name: next(row.receptive_field for row in models.profile(filters.block_net(**setting)).rows[::-1]
                         if row.name.startswith("block")) for name, setting in filters.NETS.items()}  # fmt: skip
    for large, small in (("one 5 × 5", "two 3 × 3"), ("one 7 × 7", "three 3 × 3")):
        assert fields[large] == fields[small]
        assert all(a > b for a, b in zip(costs[large], costs[small], strict=True))
    assert costs["one 5 × 5"][0] == 25 * 64 + 8
    assert costs["two 3 × 3, stride 2"][:2] == costs["two 3 × 3"][:2]
    assert costs["two 3 × 3, valid"][0] == costs["two 3 × 3"][0]


@pytest.mark.parametrize("name", filters.NETS)
def test_every_filter_net_answers(name):
    net = filters.block_net(**filters.NETS[name])
    assert net(np.zeros((2, 16, 16, 1), "float32")).shape == (2, 10)


# What is stored, and what is drawn ----------------------------------------------------------------------------------


def test_one_stored_seed_repeats_on_any_backend():
    live = experiments.verify(trials.stopping, seed=0, atol=trials.TOLERANCE)
    assert live["loss_repeats"][-1] > 0.9 > live["loss_repeats"][0]


@pytest.mark.parametrize("kind", ["L2", "L1", "max-norm", "dropout"])
def test_the_grids_of_the_remedies_hold_their_best_setting_inside(kind):
    """A best setting at the end of a grid would mean that the grid was too short (L1's loss is flat at its start)."""
    stored, last = experiments.load("regularization", "remedies"), len(trials.GRIDS[kind]) - 1
    assert 0 < stored[f"{kind}_val"].mean(0).argmax() < last
    assert (kind != "L1") <= stored[f"{kind}_val_loss"].mean(0).argmin() < last


def test_keras_and_numpy_judge_alike():
    p = problem.digits(0, 60)
    net = nets.train(nets.dense_net((64, 12, 10), 0), p.x, p.y, epochs=10, seed=0)
    assert np.isclose(net.accuracy(p.test_x, p.test_y), accuracy(keras_copy(net), p.test_x, p.test_y), atol=0.005)


def test_the_setting_is_chosen_by_validation_for_each_seed():
    runs = {
        "L2_val_loss": np.array([[3.0, 1, 2], [1, 2, 3]]),
        "L2_val": np.array([[0.9, 0.2, 0.1], [0.1, 0.2, 0.9]]),
        "L2_test": np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
    }
    np.testing.assert_array_equal(evidence.chosen(runs, "L2", "test", "loss"), [0.2, 0.4])
    np.testing.assert_array_equal(evidence.chosen(runs, "L2", "test", "error"), [0.1, 0.6])


def test_the_share_of_the_way_is_counted_from_plain_to_right_labels():
    numbers = {"plain": 0.7, "half": 0.8, "right labels": 0.9}
    found = {k: dict.fromkeys(evidence.CHOSEN, np.array([v, v])) | {"own": np.ones(2)} for k, v in numbers.items()}
    rows = {row[0]: row[1:] for row in evidence.outcome_rows(found, found)}
    assert list(rows) == ["right labels", "half", "plain"]
    assert [rows[kind][3] for kind in numbers] == ["0%", "50%", "100%"]
    assert rows["half"][1] == "0.20"
    assert evidence.against_rows(found, list(rows))[0][1] == "−0.100"
    for wrong in ({"by": "magic"}, {"by": "loss"}, {"by": "loss", "patience": 3}):
        with pytest.raises(ValueError, match="Received"):
            evidence.outcomes({}, {}, {}, **wrong)


def test_a_gain_is_counted_from_the_mean_member():
    found = {"right_member_loss": np.array([[1.0, 3.0]]), "right_member_right": np.array([[0.5, 0.7]]),
             "right_mean_loss": np.array([[9.0, 1.5]]), "right_mean_right": np.array([[0.0, 0.8]])}  # fmt: skip
    loss, right = evidence.ensemble_gain(found, "right", "mean")
    np.testing.assert_allclose([loss[0], right[0]], [-0.5, 0.2])


def test_tables_have_a_row_for_everything():
    names = ("overfitting", "sparsity", "stopping", "together", "late_weights", "filter_sizes", "remedies")
    stored = {name: experiments.load("regularization", name) for name in names}
    outcome = evidence.outcomes(stored["remedies"], stored["stopping"], stored["together"], "loss")
    assert len(evidence.memory_rows(stored["overfitting"], (1, 10))) == 2
    assert len(evidence.sparsity_rows(stored["sparsity"])) == len(trials.SPARSE)
    assert len(evidence.stopping_rows(stored["stopping"])) == len(trials.PATIENCES) + 1
    assert len(evidence.ensemble_rows(stored["together"])) == 8
    assert len(evidence.late_rows(stored["late_weights"])) == 3
    assert len(evidence.filter_rows(filters.costs(), stored["filter_sizes"])) == len(filters.NETS)
    assert evidence.pair_rows(stored["filter_sizes"], [("one 5 × 5", "two 3 × 3, stride 2")])[0][-1] == "yes"
    assert len(evidence.outcome_rows(outcome, outcome)) == len(outcome) == len(trials.GRIDS) + 5
    assert evidence.against_rows(outcome, ["right labels", "plain"])[0][-1] == "yes"


@pytest.mark.parametrize("kind", penalties.KINDS)
@pytest.mark.parametrize("level", playing.LEVELS)
@pytest.mark.once
def test_the_figure_to_play_with_shows_a_bottom(kind, level):
    h, w = playing.bowl_matrix(), playing.on_the_bowl(kind, level)
    slope, strength = h @ (w - playing.BOTTOM), playing.STRENGTHS[level]
    if kind == "L2":
        np.testing.assert_allclose(slope + strength * w, 0, atol=1e-8)
    elif kind == "L1":
        assert np.all(np.abs(slope[w == 0]) <= strength + 1e-8)
        np.testing.assert_allclose(slope[w != 0], -strength * np.sign(w[w != 0]), atol=1e-8)
    else:
        assert np.linalg.norm(w) <= min(playing.LIMITS[level], 9) + 1e-9
        if level:  # on the border the slope points straight inwards
            np.testing.assert_allclose(slope[0] * w[1] - slope[1] * w[0], 0, atol=1e-8)
    assert f"{np.mean(playing.in_use(kind, level) == 0):.0%}" in playing.say_penalty(kind, level)


@pytest.mark.once
def test_figures_can_be_drawn():
    stored = {name: experiments.load("regularization", name) for name in ("overfitting", "sparsity", "together")}
    for fig in (
        playing.draw_penalty("L1", 4),
        drawings.courses(stored["overfitting"]),
        drawings.zeros(trials.SPARSE, stored["sparsity"]),
        drawings.stopping_course([1.0, 0.5, 0.7, 0.8], 2, 4),
        drawings.two_brakes(0.1, 50),
        drawings.ensemble_sizes(stored["together"], "noisy"),
        drawings.ranking({"a": {"test": np.ones(3)}}, {"a": {"test_loss": np.ones(3)}}, ["a"]),
    ):
        fig.draw_without_rendering()
        assert fig.axes
