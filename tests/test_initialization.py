"""Initialization against Keras, exact factors and finite differences; each check rejects a planted error."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from cvnotes import backend, experiments, initialization
from cvnotes.initialization import drawings, trials
from tests.examples import examples

SCHEMES, ACTIVATIONS = initialization.SCHEMES, initialization.ACTIVATIONS
KERAS = {"1/√n": keras.initializers.LecunNormal, "Glorot": keras.initializers.GlorotNormal}
KERAS |= {"He": keras.initializers.HeNormal}


def rng(seed=0):
    return np.random.default_rng(seed)


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(300, 90), (90, 300), (3, 3, 40, 60), (5, 1, 30, 90)])
@pytest.mark.parametrize("scheme", KERAS)
def test_deviation_is_that_of_keras(scheme, shape):
    """27,000 weights: the deviation of the sample is known to half a percent; 3 % tells the rules apart here."""
    drawn = keras.ops.convert_to_numpy(KERAS[scheme](seed=3)(shape)).std()
    assert drawn == pytest.approx(initialization.deviation(scheme, *initialization.fans(shape)), rel=0.03)
    assert initialization.draw(scheme, shape, rng()).std() == pytest.approx(drawn, rel=0.03)
    turned = initialization.fans((*shape[:-2], shape[-1], shape[-2]))
    if scheme != "Glorot":
        assert initialization.deviation(scheme, *turned) != pytest.approx(drawn, rel=0.03)


@given(n=st.integers(1, 500), m=st.integers(1, 500))
def test_glorot_lies_between_the_two_ways(n, m):
    forward, back = (initialization.deviation("1/√n", *fans) for fans in ((n, m), (m, n)))
    glorot = initialization.deviation("Glorot", n, m)
    assert min(forward, back) - 1e-12 <= glorot <= max(forward, back) + 1e-12
    assert glorot**-2 == pytest.approx((forward**-2 + back**-2) / 2)
    assert initialization.deviation("He", n, m) ** 2 == pytest.approx(2 * forward**2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: initialization.fans((3,)), "shape is"),
        (lambda: initialization.fans((3, 0)), "at least 1"),
        (lambda: initialization.deviation("Xavier", 3, 4), "scheme must be one of"),
        (lambda: initialization.deviation("He", True, 4), "fan_in"),
        (lambda: initialization.forward(np.ones((2, 3)), [np.ones((4, 3))], "ReLU"), "Layer 1 reads"),
        (lambda: initialization.forward(np.ones((2, 3)), [np.ones((3, 3))], "relu"), "activation must be"),
        (lambda: initialization.backward([np.ones((2, 3))], [np.ones((3, 3))], "ReLU", np.ones(3)), "upstream"),
        (lambda: initialization.orthogonal((3, 3, 3, 3), rng()), "shape is"),
        (lambda: initialization.scaled_to_data(np.ones((4, 3)), [np.zeros((3, 3))], "tanh"), "do not vary"),
        (lambda: initialization.fans(7), "at least 1|shape is"),
        (lambda: initialization.fans((3, 2.5)), "whole number"),
        (lambda: initialization.stack("He", [5], rng()), "widths must hold"),
        (lambda: initialization.forward([1.0, 2.0], [np.eye(2)], "tanh"), "Layer 1 reads"),
        (lambda: initialization.backward([], [], "ReLU", np.ones((2, 3))), "same layers"),
        (lambda: initialization.backward([np.ones((2, 3))], [], "ReLU", np.ones((2, 3))), "same layers"),
        (lambda: initialization.backward([np.ones((2, 3))], [np.ones((3, 2))], "ReLU", np.ones((2, 3))), "must fit"),
        (lambda: initialization.mean_squares([np.ones((2, 3)), []]), "needs numbers"),
        (lambda: initialization.survey(3, 0, 1), "layers"),
        (lambda: initialization.survey(3, 1, 0), "draws"),
        (lambda: initialization.orthogonal((3, 3), rng(), np.nan), "gain"),
        (lambda: initialization.singular_values([]), "follow each other"),
        (lambda: initialization.singular_values([np.ones((2, 3)), np.ones((2, 3))]), "follow each other"),
        (lambda: trials.equal_net("ones", 0), "start must be"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Signals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_and_backward_equal_keras(activation):
    x, weights = rng().normal(size=(4, 6)), initialization.stack("He", [6, 5, 7, 3], rng(1))
    handed, sums = initialization.forward(x, weights, activation)
    upstream = rng(2).normal(size=sums[-1].shape).astype("float32")
    shape = keras.activations.get(activation.lower())

    def loss(t):
        for w in weights:
            t = shape(keras.ops.matmul(t, keras.ops.convert_to_tensor(w, "float32")))
        return keras.ops.sum(keras.ops.multiply(t, upstream))

    value, gradient = backend.value_and_grad(loss)(x)
    assert value == pytest.approx(float((handed[-1] * upstream).sum()), rel=1e-4)
    ours = initialization.backward(sums, weights, activation, upstream)
    np.testing.assert_allclose(ours[0], gradient, atol=1e-4)
    assert [g.shape for g in ours] == [h.shape for h in handed]
    without_slopes = upstream @ weights[2].T @ weights[1].T @ weights[0].T
    assert activation == "linear" or not np.allclose(without_slopes, gradient, atol=1e-2)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "linear"])
def test_slopes_agree_with_finite_differences(activation):
    function, slope = ACTIVATIONS[activation]
    z = np.linspace(-3, 3, 25)
    np.testing.assert_allclose(slope(z), (function(z + 1e-6) - function(z - 1e-6)) / 2e-6, atol=1e-8)


def test_derived_factors_are_met_in_both_directions():
    """Eight draws of layers of 300: the mean factor of a layer is known to about a percent."""
    found = initialization.survey(width=300, layers=6, draws=8)
    for (scheme, activation), (activations, gradients) in found.items():
        factor = 300 * initialization.deviation(scheme, 300, 300) ** 2 / (2 if activation == "ReLU" else 1)
        forward, back = (activations[6] / activations[1]) ** 0.2, (gradients[1] / gradients[6]) ** 0.2
        if activation in ("linear", "ReLU"):
            assert (forward, back) == (pytest.approx(factor, rel=0.06), pytest.approx(factor, rel=0.06))
        elif activation == "sigmoid":
            assert back < factor / 10


def test_survey_is_the_mean_of_single_runs():
    found = initialization.survey(width=20, layers=3, draws=1)["He", "tanh"]
    dice = rng(0)
    x, upstream = dice.normal(size=(2, 20, 20)).astype("float32")
    weights = [dice.normal(size=(20, 20)).astype("float32") * np.float32(0.1**0.5) for _ in range(3)]
    handed, sums = initialization.forward(x, weights, "tanh")
    both = handed, initialization.backward(sums, weights, "tanh", upstream)
    np.testing.assert_allclose(found, [initialization.mean_squares(v) for v in both], rtol=1e-5)


def test_through_goes_both_ways():
    passed = initialization.through(np.ones((3, 4)), [np.eye(4), 2 * np.eye(4)], "linear", rng())
    np.testing.assert_allclose(passed.activations[-1], 2 * np.ones((3, 4)))
    np.testing.assert_allclose(passed.gradients[0], 2 * passed.gradients[-1])
    np.testing.assert_allclose(initialization.mean_squares(passed.activations), [1, 1, 4])


def test_lists_and_whole_numbers_are_read_as_what_they_say():
    """A gradient of normal numbers must not be cut to whole ones, only because the rows are."""
    lists = initialization.through([[1, 2], [3, 4]], [[[1, 0], [0, 1]]], "linear", rng())
    np.testing.assert_array_equal(lists.activations[-1], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(lists.gradients[-1], rng().normal(size=(2, 2)))
    (scaled,) = initialization.scaled_to_data([[1, 2], [3, 5]], [[[1, 0], [0, 1]]], "linear")
    assert (np.array([[1, 2], [3, 5]]) @ scaled).std() == pytest.approx(1)
    narrow = initialization.through(np.ones((2, 2), "float32"), [np.eye(2, dtype="float32")], "ReLU", rng())
    assert {each.dtype for each in (*narrow.activations, *narrow.gradients)} == {np.dtype("float32")}


# Special starts -------------------------------------------------------------------------------------------------------


@given(n=st.integers(1, 12), m=st.integers(1, 12), seed=st.integers(0, 99))
@examples(40)
def test_orthogonal_changes_no_lengths(n, m, seed):
    w = initialization.orthogonal((n, m), rng(seed), gain=2.0)
    assert w.shape == (n, m)
    small = w @ w.T if n <= m else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(min(n, m)), atol=1e-9)


def test_orthogonal_prefers_no_sign():
    """Without the signs of R the first entry would never be positive."""
    first = [initialization.orthogonal((4, 4), rng(seed))[0, 0] > 0 for seed in range(60)]
    assert 15 < sum(first) < 45


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_scaled_to_data_gives_unit_deviation(activation):
    x, weights = rng().normal(size=(50, 30)), initialization.stack("0.01", [30] * 6, rng(1))
    scaled = initialization.scaled_to_data(x, weights, activation)
    _, sums = initialization.forward(x, scaled, activation)
    np.testing.assert_allclose([z.std() for z in sums], 1)
    assert not np.allclose([z.std() for z in initialization.forward(x, weights, activation)[1]], 1, atol=0.1)


def test_singular_values_of_a_product():
    matrices = [np.diag([1.0, 2.0]), np.diag([3.0, 0.5])]
    np.testing.assert_allclose(initialization.singular_values(matrices), [3, 1])
    np.testing.assert_allclose(initialization.singular_values(matrices[:1]), [2, 1])


# Pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", drawings.PLAYED)
@pytest.mark.parametrize("scale", drawings.SCALES)
@pytest.mark.once
def test_every_frame_to_play_with(activation, scale):
    for depth in drawings.DEPTHS:
        said = drawings.say_layers(depth, activation, scale)
        assert said.startswith(f"{depth} layers of {activation}")
    assert isinstance(drawings.draw_layers(5, activation, scale), Figure)


def test_the_words_tell_a_dead_net_from_a_live_one():
    assert "about 10 to the −" in drawings.say_layers(10, "ReLU", "0.01")
    assert "10 to the" not in drawings.say_layers(20, "ReLU", "√2/√n (He)")


def test_shares_count_everything_once():
    values = np.array([0.0, 0.0, 1.0, 1e-30, 1e30, -2.0])
    height, zero = drawings.shares(values)
    assert zero == pytest.approx(1 / 3)
    assert height.sum() == pytest.approx(4 / 6)
    assert height[0] == height[-1] == pytest.approx(1 / 6)


def test_the_other_pictures():
    found = initialization.survey(width=8, layers=2, draws=1)
    assert isinstance(drawings.draw_sizes(found, ("linear", "ReLU")), Figure)
    assert isinstance(drawings.draw_growth([1, 10], {"a": [1, 2]}), Figure)
    assert isinstance(drawings.draw_spectra({"a": np.array([1, 0.1, 0.0])}), Figure)
    assert isinstance(drawings.draw_epochs({"one": {"a": np.array([1.0, 2])}}, 31), Figure)
    kernels = rng().normal(size=(3, 3, 1, 4))
    assert isinstance(drawings.draw_kernels(kernels, kernels), Figure)


# Nets -----------------------------------------------------------------------------------------------------------------


def test_restart_draws_the_same_weights_on_every_backend():
    model = trials.dense_net(2, "ReLU", 16)
    trials.restart(model, "He", 5)
    dice = rng(5)
    np.testing.assert_allclose(model.get_weights()[0], initialization.draw("He", (64, 16), dice), rtol=1e-6)
    assert not model.get_weights()[1].any()


def test_keras_draws_when_asked_again():
    model = trials.conv_net(2, "ReLU")
    trials.again(model, keras.initializers.HeNormal, 1)
    first = model.get_weights()[0]
    assert first.std() == pytest.approx(initialization.deviation("He", 9, 144), rel=0.3)
    trials.again(model, keras.initializers.HeNormal, 2)
    assert not np.allclose(first, model.get_weights()[0])


def test_what_zeros_and_equal_units_learn():
    d = trials.digits()
    x, y = d.train_images[:100], d.train_labels[:100]
    gradients = {start: trials.gradients(trials.equal_net(start, 0), x, y) for start in trials.EQUAL}
    assert [bool(np.abs(g).max() > 1e-7) for g in gradients["zeros"]] == [False, False, False, True]
    assert np.ptp(gradients["alike"][0], axis=1).max() < 1e-7 < 1e-4 < np.abs(gradients["alike"][0]).max()
    assert np.ptp(gradients["random"][0], axis=1).max() > 1e-3


def test_apart_measures_difference_between_units():
    model = trials.equal_net("alike", 0)
    assert trials.apart(model) == pytest.approx(0, abs=1e-6)
    assert trials.apart(trials.equal_net("zeros", 0)) == 0
    assert trials.apart(trials.equal_net("random", 0)) > 0.9


def test_a_race_starts_afresh_and_stops_at_its_goal():
    race = trials.Race(trials.dense_net(1, "ReLU"), "sgd")
    first = race.run("0.01", 0.03, 0, 6, goal=0.9)
    assert first[0] <= 3
    assert race.run("0.01", 1e-9, 0, 1, goal=0.9)[0] == 2  # not in time: one more than there were
    assert race.run("0.01", 0.03, 0, 6, goal=0.9)[0] == first[0]


def test_stored_results_say_what_the_page_says():
    raced = experiments.load("initialization", "convergence")
    best = {name: runs.min(1) for name, runs in raced.items()}
    assert np.all(best["sgd 8 0.01"] > best["sgd 8 1/√n"] + 10)
    assert np.all(np.abs(best["sgd 1 0.01"] - best["sgd 1 1/√n"]) <= 1)
    equal = experiments.load("initialization", "symmetry")
    assert np.all(equal["alike accuracy"] < equal["random accuracy"] - 0.3)
    assert np.all(equal["zeros apart"] == 0)
