"""Dropout: against Keras, automatic differentiation and full enumeration."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, experiments
from cvnotes.backpropagation import check_network
from cvnotes.linear_classifiers import softmax
from cvnotes.regularization import (
    dropout,
    dropout_conv,
    dropout_drawings,
    dropout_evidence,
    dropout_exact,
    dropout_trials,
    nets,
    problem,
)
from tests.examples import examples

to_numpy = ops.convert_to_numpy
RATES = [0.0, 0.2, 0.5, 0.8]


@pytest.mark.parametrize("rate", RATES)
def test_masks_keep_q(rate):
    mask = dropout.keep_mask((400, 500), rate, np.random.default_rng(0))
    assert set(np.unique(mask)) <= {0, 1}
    assert abs(mask.mean() - (1 - rate)) < 0.005


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, True, np.nan, "half"])
def test_a_rate_that_leaves_nothing_is_refused(rate):
    for call in (dropout.kept_share, dropout.Dropout):
        with pytest.raises(ValueError, match=r"rate must be a number from 0 below 1\. Received: rate="):
            call(rate)


@pytest.mark.parametrize(
    "call",
    [
        lambda: dropout.plain([1.0], 2.0, np.ones(1)),
        lambda: dropout.inverted([1.0], 1.0),
        lambda: dropout.chances(np.ones(3), 0.5),
        lambda: dropout.chances(np.full((2, 3), 0.5), 0.5),
        lambda: dropout_exact.tiny_net(0, 3),
        lambda: dropout_exact.arithmetic_mean(np.ones((3, 2)), np.ones(2)),
        lambda: dropout_exact.geometric_mean(np.ones((2, 2)), [1, -1]),
        lambda: dropout_exact.enumerate_subnets(dropout_exact.tiny_net(3, 3), np.ones((8, 3)), 0.5, "hidden"),
        lambda: dropout_trials.knocked_out(None, np.ones((2, 4)), None, -0.5, 0),
        lambda: dropout_trials.knocked_out(None, np.ones((2, 4)), None, 0.5, 0, draws=0),
        lambda: dropout_trials.alike(np.ones((9, 3))),
        lambda: dropout_trials.errors_together([[True, False], [False, False]]),
        lambda: dropout_trials.errors_together([[True, False]]),
        lambda: dropout_trials.asked(None, None, 0, times=0),
        lambda: dropout_trials.silent_units(301, 0.5),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()


def test_both_variants_take_lists_and_whole_numbers():
    np.testing.assert_allclose(dropout.plain([2, 4], 0.5), [1, 2])
    np.testing.assert_allclose(dropout.inverted([2, 4], 0.2, [1, 0]), [2.5, 0])
    layer = dropout.Dropout(0.2, seed=0)
    layer.training = True
    assert set(np.unique(layer.forward(np.full((20, 20), 4)))) == {0.0, 5.0}
    assert layer.forward(np.ones((3, 3), "float32")).dtype == np.float32


@pytest.mark.parametrize("rate", RATES)
def test_the_layer_behaves_as_keras_does(rate):
    x = np.ones((200, 300))
    ours, theirs = dropout.Dropout(rate, seed=1), keras.layers.Dropout(rate, seed=1)
    np.testing.assert_array_equal(ours.forward(x), x)
    np.testing.assert_array_equal(to_numpy(theirs(x, training=False)), x)
    ours.training = True
    for out in (ours.forward(x), to_numpy(theirs(x, training=True))):
        np.testing.assert_allclose(np.unique(out), [0, 1 / (1 - rate)] if rate else [1], rtol=1e-6)
        assert abs(out.mean() - 1) < 0.04  # 60,000 draws: five standard errors at the highest rate
        assert abs(out.var() - rate / (1 - rate)) < 0.1


def test_shared_axes_drop_whole_maps_as_spatial_dropout_does():
    x = np.ones((8, 4, 5, 30))
    ours = dropout.Dropout(0.5, seed=1, shared=(1, 2))
    ours.training = True
    for out in (ours.forward(x), to_numpy(keras.layers.SpatialDropout2D(0.5, seed=1)(x, training=True))):
        assert np.all(out == out[:, :1, :1])
        assert 0.3 < np.mean(out == 0) < 0.7
    plain, behind = dropout.Dropout(0.5, seed=1), dropout.Dropout(0.5, seed=1, shared=(-3, -2))
    plain.training = behind.training = True
    out, ours.dice = plain.forward(x), np.random.default_rng(1)
    assert not np.all(out == out[:, :1, :1])
    np.testing.assert_array_equal(behind.forward(x), ours.forward(x))  # axes count from the back too
    behind.shared = (1, 4)
    with pytest.raises(ValueError, match="axis 4 is out of bounds"):
        behind.forward(x)


def test_backward_uses_the_mask_of_the_way_forward_and_is_right():
    """One net with dropout against automatic differentiation of the same net with the same mask."""
    p = problem.digits(0, 16)
    net = nets.dense_net((64, 12, 10), 3, [dropout.Dropout(0.5, 3)])
    nets.switch(net, True)
    loss = net.loss(p.x, p.y)
    gate = net.layers[2].kept[0]

    def judge(weights):
        w1, b1, w2, b2 = weights
        hidden = ops.multiply(ops.relu(ops.matmul(p.x.astype("float32"), w1) + b1), gate.astype("float32"))
        return ops.mean(
            keras.losses.sparse_categorical_crossentropy(p.y, ops.matmul(hidden, w2) + b2, from_logits=True)
        )

    value, gradients = backend.value_and_grad(judge)(net.weights)
    assert np.isclose(loss, value, atol=1e-5)
    for ours, theirs in zip(net.gradients, gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    other = (gate == 0) * 2.0  # the masks of the other units: a backward pass with them would be wrong
    net.layers[2].kept = (other,)
    net.backward(np.ones((16, 10)))
    assert not np.allclose(net.gradients[0], gradients[0], atol=1e-3)


def test_at_test_the_net_is_plain_and_its_gradient_too():
    p = problem.digits(0, 8)
    net, twin = nets.dense_net((64, 6, 10), 3, [dropout.Dropout(0.5, 3)]), nets.dense_net((64, 6, 10), 3)
    np.testing.assert_array_equal(net.forward(p.x), twin.forward(p.x))
    assert all(found.passed for found in check_network(net, p.x, p.y, samples=4))


def test_training_switches_dropout_on_and_off_again():
    p, layer = problem.digits(0, 30), dropout.Dropout(0.5, 0)
    net, seen = nets.dense_net((64, 6, 10), 0, [layer]), []
    net.loss = lambda x, y, loss=net.loss: (seen.append(layer.training), loss(x, y))[1]
    for _ in nets.passes(net, p.x, p.y, epochs=2, seed=0):
        assert not layer.training
    assert seen == [True, True]


# Enumeration --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 8])
def test_every_mask_comes_once(n):
    assert {tuple(row) for row in dropout.every_mask(n)} == set(itertools.product([0.0, 1.0], repeat=n))
    for rate in RATES:
        assert np.isclose(dropout.chances(dropout.every_mask(n), rate).sum(), 1)


def test_the_chance_of_a_mask_is_counted():
    masks = dropout.keep_mask((100_000, 3), 0.2, np.random.default_rng(0))
    rows = masks @ [1, 2, 4]
    counted = np.bincount(rows.astype(int), minlength=8) / len(rows)
    np.testing.assert_allclose(dropout.chances(dropout.every_mask(3), 0.2), counted, atol=0.006)


@given(st.integers(0, 1000), st.floats(0, 0.9), st.integers(1, 7))
@examples(30)
def test_both_variants_have_the_same_mean_at_the_next_linear_layer(seed, rate, n):
    dice = np.random.default_rng(seed)
    x, w, b, masks = dice.normal(size=n), dice.normal(size=(n, 3)), dice.normal(size=3), dropout.every_mask(n)
    weigh = dropout.chances(masks, rate)

    def mean(fn):
        return weigh @ (fn(x, rate, masks) @ w + b)

    np.testing.assert_allclose(mean(dropout.plain), dropout.plain(x, rate) @ w + b, atol=1e-9)
    np.testing.assert_allclose(mean(dropout.inverted), dropout.inverted(x, rate) @ w + b, atol=1e-9)


@given(st.integers(0, 1000), st.sampled_from([0.2, 0.5, 0.8]))
@examples(30)
def test_one_layer_is_a_geometric_mean_and_two_are_not(seed, rate):
    dice = np.random.default_rng(seed)
    net, x = dropout_exact.tiny_net(5, 6, seed=seed), dice.normal(size=5)
    last = dropout_exact.enumerate_subnets(net, x, rate, "hidden")
    np.testing.assert_allclose(last.scaled, last.geometric, atol=1e-9)
    for found in (last, dropout_exact.enumerate_subnets(net, x, rate, "input")):
        np.testing.assert_allclose([found.arithmetic.sum(), found.geometric.sum()], 1)
    slow = np.prod(last.every ** dropout.chances(dropout.every_mask(6), rate)[:, None], axis=0)
    np.testing.assert_allclose(last.geometric, slow / slow.sum(), atol=1e-9)


def test_a_sub_net_that_is_sure_does_not_break_the_mean():
    sure = np.array([[1.0, 0.0], [0.5, 0.5]])
    found = dropout_exact.geometric_mean(sure, [0.5, 0.5])
    np.testing.assert_allclose(found, [1, 0], atol=1e-100)
    np.testing.assert_allclose(dropout_exact.geometric_mean(sure, [0, 1]), [0.5, 0.5])  # no chance, no say


def test_the_approximation_is_no_identity():
    net = dropout_exact.tiny_net(8, 6, seed=0)
    found = dropout_exact.enumerate_subnets(net, np.random.default_rng(0).normal(size=8), 0.5, "input")
    assert np.abs(found.scaled - found.geometric).max() > 0.01
    assert np.abs(found.scaled - found.arithmetic).max() > 0.01
    with pytest.raises(ValueError, match="where must be input or hidden"):
        dropout_exact.enumerate_subnets(net, np.ones(8), 0.5, "output")


def test_the_enumeration_agrees_with_keras_dropout():
    """Many random passes of a Keras net converge on the enumerated arithmetic mean."""
    net, x = dropout_exact.tiny_net(5, 4, seed=2), np.random.default_rng(2).normal(size=5)
    layer = keras.layers.Dropout(0.5, seed=0)
    hidden = np.maximum(x @ net.w1 + net.b1, 0).astype("float32")
    gates = to_numpy(layer(np.tile(hidden, (40_000, 1)), training=True))
    sampled = softmax(gates @ net.w2 + net.b2).mean(0)
    np.testing.assert_allclose(sampled, dropout_exact.enumerate_subnets(net, x, 0.5, "hidden").arithmetic, atol=0.01)


# The experiments ----------------------------------------------------------------------------------------------------


def test_silent_units_are_counted_by_hand():
    p = problem.digits(0, noise=0.0)
    for batch in (1, 2, 8):  # without dropout a unit is silent where its ReLU is shut for every digit
        codes = dropout_trials.hidden_codes(dropout_trials.dropped_net(0.0, 0, 64), p.x[:batch] - p.x.mean(0))
        assert dropout_trials.silent_units(batch, 0.0) == np.mean(np.all(codes == 0, axis=0))
    for rate in (0.0, 0.5):
        shares = [dropout_trials.silent_units(batch, rate) for batch in (1, 8, 64)]
        assert shares[0] > shares[1] >= shares[2]
    assert dropout_trials.silent_units(1, 0.5) > dropout_trials.silent_units(1, 0.0) + 0.1


def test_knocking_out_nothing_and_everything():
    p = problem.digits(0, 60, 0.0)
    net = nets.train(nets.dense_net((64, 16, 10), 0), p.x, p.y, epochs=20, seed=0)
    codes = dropout_trials.hidden_codes(net, p.test_x)

    def right(share):
        return dropout_trials.knocked_out(net, codes, p.test_y, share, 0, draws=2)

    assert np.isclose(right(0.0), net.accuracy(p.test_x, p.test_y))
    assert right(1.0) < 0.2 < right(0.5)


def test_alike_is_one_for_copies_and_small_for_noise():
    noise = np.random.default_rng(0).normal(size=(2000, 5))
    assert np.isclose(dropout_trials.alike(np.hstack([noise[:, :1], -noise[:, :1]])), 1)
    assert dropout_trials.alike(noise) < 0.1


def test_errors_together_is_the_mean_correlation():
    wrong = np.array([[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 1]], bool)
    assert np.isclose(dropout_trials.errors_together(wrong), (1 - 1 - 1) / 3)


@pytest.mark.parametrize("how", dropout_trials.DAMAGE)
def test_damage_changes_pictures_but_keeps_their_range(how):
    x = problem.digits(0, 20).x
    hurt = dropout_trials.damaged(x, how, 0)
    assert hurt.shape == x.shape
    assert hurt.min() >= 0
    assert hurt.max() <= 1
    assert not np.allclose(hurt, x)
    with pytest.raises(ValueError, match="how must be"):
        dropout_trials.damaged(x, "fire", 0)


def test_a_net_without_dropout_never_spreads():
    p = problem.digits(0, 60)
    for rate, least, most in ((0.0, 0, 1e-12), (0.5, 1e-3, 1)):
        net = nets.train(dropout_trials.dropped_net(rate, 0, 32), p.x, p.y, epochs=5, seed=0)
        spread, doubt = dropout_trials.asked(net, p.test_x[:50], 0, times=20)
        assert least <= spread.mean() <= most
        assert np.all((doubt >= 0) & (doubt <= 0.9 + 1e-9))


def test_one_stored_seed_repeats_on_any_backend():
    live = experiments.verify(dropout_trials.redundancy, seed=0, atol=0.03)
    assert live["0.5_right"][3] > live["0.0_right"][3]


@pytest.mark.parametrize("place", dropout_conv.PLACES)
def test_dropout_is_where_it_says(place):
    net = dropout_conv.placed_net(place)
    after = [type(b).__name__ for a, b in itertools.pairwise(net.layers) if "Dropout" in type(b).__name__]
    wanted = {"nowhere": 0, "wide layer": 1, "narrow layer": 1, "conv blocks": 2, "whole maps": 2, "everywhere": 4}
    assert len(after) == wanted[place]
    assert all(("Spatial" in name) == (place == "whole maps") for name in after)
    assert net.count_params() == dropout_conv.placed_net("nowhere").count_params()


def test_bad_places_and_the_net_beside_batch_norm():
    with pytest.raises(ValueError, match="place must be one of"):
        dropout_conv.placed_net("roof")
    kinds = [[type(layer).__name__ for layer in dropout_conv.normalized_net(rate).layers] for rate in (0.0, 0.5)]
    assert ["Dropout" in names for names in kinds] == [False, True]
    assert all(names.count("BatchNormalization") == 2 for names in kinds)


def test_tables_have_a_row_for_everything():
    names = ("members", "longer", "redundancy", "placement", "widths", "beside_batch_norm", "uncertainty")
    stored = {name: experiments.load("regularization", name) for name in names}
    assert len(dropout_evidence.family_rows(stored["members"])) == 6
    assert len(dropout_evidence.longer_rows(stored["longer"])) == 6
    assert len(dropout_evidence.redundancy_rows(stored["redundancy"])) == 3
    assert len(dropout_evidence.place_rows(stored["placement"])) == len(dropout_conv.PLACES)
    assert len(dropout_evidence.width_rows(stored["widths"], stored["beside_batch_norm"])) == 8
    assert len(dropout_evidence.doubt_rows(stored["uncertainty"])) == 5


def test_rises_and_gains_are_counted_from_the_right_end():
    course = {"noisy_0.5_loss_last": np.array([3.0, 5]), "noisy_0.5_loss_lowest": np.array([1.0, 1]),
              "noisy_0.5_error_last": np.array([0.3]), "noisy_0.5_error_lowest": np.array([0.1])}  # fmt: skip
    np.testing.assert_allclose(dropout_evidence.rises(course, "noisy", 0.5), [3.0, 0.2])
    found = {"wide layer_test": np.array([0.9]), "nowhere_test": np.array([0.7])}
    np.testing.assert_allclose(dropout_evidence.place_gain(found, "wide layer"), [0.2])


# The figures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", dropout_drawings.PLAY_RATES)
@pytest.mark.once
def test_the_figure_to_play_with_tells_the_truth(rate):
    found = dropout_drawings.play_answers(rate)
    np.testing.assert_allclose(found.scaled, found.geometric, atol=1e-12)
    net, masks = dropout_drawings.play_net(), dropout.every_mask(4)
    hidden = np.maximum(dropout_drawings.SEEN @ net.w1, 0)
    assert np.all(hidden > 0), "every unit has something to say, so that every mask matters"
    for mask in dropout_drawings.MASKS:
        lone = softmax(hidden * masks[mask] / (1 - rate) @ net.w2 + net.b2)[0]
        assert f"gives A {lone:.3f}" in dropout_drawings.say_thinned(rate, mask)
    fig = dropout_drawings.draw_thinned(rate, 5)
    fig.draw_without_rendering()
    assert "2 of 4" in fig.axes[0].get_title(loc="left") + fig.axes[0].get_title()


@pytest.mark.once
def test_figures_can_be_drawn():
    stored = {name: experiments.load("regularization", name) for name in ("longer", "redundancy")}
    net, x = dropout_exact.tiny_net(8, 8, seed=0), np.random.default_rng(0).normal(size=8)
    for fig in (
        dropout_drawings.all_answers({"last": dropout_exact.enumerate_subnets(net, x, 0.5, "hidden")}),
        dropout_drawings.long_courses(dropout_trials.MARKS, stored["longer"], dropout_trials.RATES),
        dropout_drawings.knock_outs(dropout_trials.REMOVED, stored["redundancy"], dropout_trials.RATES),
        dropout_drawings.gains({"few": {"8 units": np.array([-0.1, 0.1])}}),
    ):
        fig.draw_without_rendering()
        assert fig.axes
