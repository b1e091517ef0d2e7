"""Batch normalization by hand against Keras, automatic differentiation and finite differences."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.stats import skew

from cvnotes import backend, experiments, normalization
from cvnotes.linear_classifiers import check_gradient, relative_error
from cvnotes.normalization import batch, curvature, drawings, nets, running, steps, trials
from tests.examples import examples

SHAPES = [(16, 5), (4, 3), (8, 4, 4, 5), (1, 6, 6, 2), (3, 2, 2, 2, 4)]
layers = keras.layers


def case(shape, seed=0):
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(1, 2, shape), rng.normal(size=shape)
    return x, upstream, rng.normal(1, 0.3, shape[-1]), rng.normal(size=shape[-1])


def built(shape, **options):
    layer = layers.BatchNormalization(**options)
    layer.build(shape)
    return layer


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_forward_equals_keras(shape, epsilon):
    x, _, gamma, beta = case(shape)
    layer = built(shape, epsilon=epsilon)
    layer.set_weights([gamma, beta, *layer.get_weights()[2:]])
    theirs = ops.convert_to_numpy(layer(x.astype("float32"), training=True))
    np.testing.assert_allclose(normalization.batch_norm(x, gamma, beta, epsilon), theirs, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_inference_equals_keras(shape):
    x, _, gamma, beta = case(shape)
    mean, variance = np.linspace(-1, 1, shape[-1]), np.linspace(0.5, 2, shape[-1])
    layer = built(shape)
    layer.set_weights([gamma, beta, mean, variance])
    theirs = ops.convert_to_numpy(layer(x.astype("float32"), training=False))
    np.testing.assert_allclose(normalization.infer(x, mean, variance, gamma, beta), theirs, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_backward_equals_automatic_differentiation(shape):
    x, upstream, gamma, beta = case(shape)
    layer = built(shape)
    kept, above = layer.get_weights()[2:], ops.convert_to_tensor(upstream, "float32")

    def loss(parts):
        return ops.sum(layer.stateless_call(parts[1:], kept, parts[0], training=True)[0] * above)

    theirs = backend.value_and_grad(loss)([x, gamma, beta])[1]
    g = steps.backward_steps(steps.forward_steps(x, gamma, beta), upstream)
    closed = normalization.batch_norm_gradient(x, upstream, gamma)
    for ours in ([g["x"], g["gamma"], g["beta"]], closed):
        assert max(relative_error(a, b) for a, b in zip(ours, theirs, strict=True)) < 1e-5


@given(
    n=st.integers(2, 6),
    places=st.sampled_from([(), (2,), (3, 2)]),
    channels=st.integers(1, 4),
    epsilon=st.sampled_from([0.0, 1e-5, 1e-3, 0.5]),
    seed=st.integers(0, 99),
)
@examples(60)
def test_nine_steps_equal_one_line(n, places, channels, epsilon, seed):
    x, upstream, gamma, beta = case((n, *places, channels), seed)
    values = steps.forward_steps(x, gamma, beta, epsilon)
    np.testing.assert_allclose(values["y"], normalization.batch_norm(x, gamma, beta, epsilon), atol=1e-12)
    g = steps.backward_steps(values, upstream)
    closed_form = batch.batch_norm_gradient(x, upstream, gamma, epsilon)
    for name, closed in zip(("x", "gamma", "beta"), closed_form, strict=True):
        np.testing.assert_allclose(g[name], closed, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_backward_equals_finite_differences(shape):
    x, upstream, gamma, beta = case(shape)
    for_x, for_gamma, for_beta = normalization.batch_norm_gradient(x, upstream, gamma)
    assert check_gradient(lambda a: np.sum(normalization.batch_norm(a, gamma, beta) * upstream), x, for_x)
    assert check_gradient(lambda a: np.sum(normalization.batch_norm(x, a, beta) * upstream), gamma, for_gamma)
    assert check_gradient(lambda a: np.sum(normalization.batch_norm(x, gamma, a) * upstream), beta, for_beta)


def test_a_forgotten_path_is_noticed():
    x, upstream, gamma, beta = case((6, 3))
    values = steps.forward_steps(x, gamma, beta)
    g = steps.backward_steps(values, upstream)
    assert relative_error(g["centred"], g["x"]) > 0.01  # without the path through the mean
    assert relative_error(g["x_hat"] * values["inverse"], g["x"]) > 0.01  # without the one through the variance


@given(seed=st.integers(0, 99), epsilon=st.sampled_from([0.0, 1e-3, 0.1]))
@examples(30)
def test_what_the_gradient_lacks(seed, epsilon):
    """No mean at all; along x-hat only the share epsilon / (variance + epsilon)."""
    x, upstream, gamma, _ = case((7, 4), seed)
    got = normalization.batch_norm_gradient(x, upstream, gamma, epsilon)[0]
    x_hat, total = normalization.normalize(x, 0, epsilon), x.var(0) + epsilon
    np.testing.assert_allclose(got.sum(0), 0, atol=1e-10)
    passed = gamma / np.sqrt(total) * (upstream * x_hat).sum(0) * epsilon / total
    np.testing.assert_allclose((got * x_hat).sum(0), passed, atol=1e-9)


@given(seed=st.integers(0, 99), factor=st.floats(0.1, 100), shift=st.floats(-50, 50))
@examples(30)
def test_scale_and_shift_of_the_input_are_taken_out(seed, factor, shift):
    x = case((9, 3), seed)[0]
    np.testing.assert_allclose(
        normalization.normalize(factor * x + shift, 0, 0), normalization.normalize(x, 0, 0), atol=1e-8
    )


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_types_of_floats(kind):
    """Halves are computed in single precision, where 300 can be squared; what comes in is left as it was."""
    x = np.array([[300, 1], [-300, 3], [0, 2]], kind)
    before, wanted = x.copy(), "float32" if kind == "float16" else kind
    answers = normalization.batch_norm(x), normalization.batch_norm(x, [1, 1], [0, 0]), normalization.rms_norm(x)
    assert [answer.dtype for answer in answers] == [wanted, "float64", wanted]
    exact = normalization.batch_norm(x.astype(float))
    np.testing.assert_allclose(answers[0], exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answers[1], exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_lists_axes_of_numpy_and_tensors():
    x = np.array([[1.0, 5], [2, 7], [6, 0]])
    wanted = normalization.normalize(x, 0)
    np.testing.assert_array_equal(normalization.normalize(x.tolist(), np.int64(-2)), wanted)
    np.testing.assert_allclose(normalization.normalize(np.asfortranarray(x), [0]), wanted)
    np.testing.assert_allclose(normalization.normalize(ops.convert_to_tensor(x, "float32"), 0), wanted, atol=1e-6)
    values = steps.forward_steps(x.tolist(), [1, 1], [0, 0])
    np.testing.assert_allclose(values["y"], wanted)


def test_the_output_of_a_layer_can_be_read_or_says_how():
    """On one backend a tensor that waits for its gradient cannot be read by NumPy."""
    tensor = layers.Dense(3)(np.eye(4, dtype="float32"))
    if getattr(tensor, "requires_grad", False):
        with pytest.raises(TypeError, match=r"keras.ops.convert_to_numpy gives one\. Received: Tensor"):
            normalization.batch_norm(tensor)
    else:
        wanted = normalization.batch_norm(ops.convert_to_numpy(tensor))
        np.testing.assert_array_equal(normalization.batch_norm(tensor), wanted)


def test_whole_numbers_do_not_wrap():
    image = np.array([[0], [255], [255], [0]], "uint8")
    np.testing.assert_allclose(normalization.normalize(image, 0, 0).ravel(), [-1, 1, 1, -1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: normalization.batch_norm(np.ones(3)), r"batch and channels.*\(3,\)"),
        (lambda: normalization.normalize(np.ones((2, 2)), ()), "one or more of the 2 axes"),
        (lambda: normalization.normalize(np.ones((2, 2)), (0, -2)), "each once"),
        (lambda: normalization.normalize(np.ones((2, 2)), True), "axes=True"),
        (lambda: normalization.normalize(np.ones((0, 2)), 0), "some.*float64"),
        (lambda: normalization.normalize(np.ones((2, 2), bool), 0), "bool"),
        (lambda: normalization.normalize(np.array([[1.0], [np.nan]]), 0), "one NaN spoils.*1 that"),
        (lambda: normalization.normalize(np.ones((2, 2)), 0, -1.0), "epsilon=-1.0"),
        (lambda: normalization.normalize(np.ones((2, 2)), 0, True), "epsilon=True"),
        (lambda: normalization.batch_norm_gradient(np.ones((2, 2)), np.ones((2, 3))), r"shape of x, \(2, 2\)"),
        (lambda: normalization.normalize(np.ones((2, 2)), 1.0), "axes=1.0"),
        (lambda: normalization.normalize(np.ones((2, 2), complex), 0), "complex"),
        (lambda: normalization.normalize(np.ones((4, 2)), 0, 0), "nothing varies.*Received: 2 variances of 0"),
        (lambda: normalization.normalize(np.array([[0.0], [1e30]], "float32"), 0), "for its squares.*float32, 1e.30"),
        (lambda: normalization.batch_norm(np.eye(3), np.ones(2)), r"gamma must be .*\(3,\). Received: shape \(2,\)"),
        (lambda: normalization.batch_norm(np.eye(3), 1, np.ones((3, 1))), r"beta must be .*shape \(3, 1\)"),
        (lambda: normalization.batch_norm(np.ones((4, 1)), np.ones(3)), r"gamma .*shape \(3,\)"),
        (lambda: normalization.batch_norm_gradient(np.eye(3), np.eye(3), np.ones((3, 3))), "gamma must be"),
        (lambda: normalization.infer(np.ones((2, 2)), 0, -1.0), "not below 0. Received: -1"),
        (lambda: normalization.infer(np.ones((2, 2)), np.ones(3), 1.0), "mean must be"),
        (lambda: normalization.infer(np.ones((2, 2)), np.nan, 1.0), "mean must be finite"),
        (lambda: normalization.infer(np.ones((2, 2)), 0, 0, epsilon=0), "nothing varies"),
        (lambda: steps.forward_steps(np.eye(3), np.ones(2), 0.0), "gamma must be"),
        (lambda: steps.forward_steps(np.eye(3), 1.0, 0.0, -1.0), "epsilon=-1.0"),
        (lambda: steps.forward_steps(np.ones((3, 3)), 1.0, 0.0, 0), "nothing varies"),
        (lambda: steps.backward_steps(steps.forward_steps(np.eye(3), 1, 0), np.ones((3, 1))), "upstream needs"),
        (lambda: nets.dense_net((64,), True), "sizes needs"),
        (lambda: nets.dense_net((64, 0, 10), True), "sizes must be"),
        (lambda: nets.walk(True, steps=0), "steps must be"),
        (lambda: curvature.across(np.ones((1, 1))), r"two layers or more. Received: shape \(1, 1\)"),
        (lambda: trials.accuracy_in_training_mode(None, np.ones((3, 2)), np.ones((3, 1))), "one label a picture"),
        (lambda: trials.distance(built((None, 2)), np.ones((5, 2))), "Every channel must vary"),
        (lambda: normalization.share_seen(1.0, 3), "momentum=1.0"),
        (lambda: normalization.share_seen(0.9, -1), "steps=-1"),
        (lambda: normalization.steps_until(1.0, 0.9), "share=1.0"),
        (lambda: drawings.quantiles("square"), "shape='square'"),
        (lambda: curvature.relations(None, None, None, probes=0), "probes"),
    ],
)
def test_errors_say_what_came(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Running statistics --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99])
def test_running_statistics_of_keras_follow_the_formula(momentum):
    data = np.random.default_rng(0).normal(5, 3, (64, 2)).astype("float32")
    layer = built(data.shape, momentum=momentum)
    for _ in range(12):
        layer(data, training=True)
    share = normalization.share_seen(momentum, 12)
    mean, variance = (ops.convert_to_numpy(w) for w in (layer.moving_mean, layer.moving_variance))
    np.testing.assert_allclose(mean, share * data.mean(0), rtol=1e-4)
    np.testing.assert_allclose(variance, 1 - share + share * data.var(0), rtol=1e-4)


@given(share=st.floats(0.01, 0.999), momentum=st.floats(0.01, 0.999))
@examples(60)
def test_steps_until_is_the_first_step(share, momentum):
    first = normalization.steps_until(share, momentum)
    assert normalization.share_seen(momentum, first) >= share - 1e-9
    assert first == 0 or normalization.share_seen(momentum, first - 1) <= share + 1e-9


@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9, 0.99])
def test_a_share_that_is_reached_exactly_takes_no_step_more(momentum):
    for t in range(1, 6):  # later the share itself is rounded
        assert normalization.steps_until(1 - momentum**t, momentum) == t


def test_steps_until_at_its_ends():
    assert running.steps_until(1e-15, 0.5) == 1
    assert (running.steps_until(0.0, 0.9), running.steps_until(0.5, 0.0)) == (0, 1)
    assert [running.steps_until(0.99, m) for m in (0.9, 0.99)] == [44, 459]


# Folding -------------------------------------------------------------------------------------------------------------


def shaken(model, seed=0):
    """Any weights, with variances above zero."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(0.3 * rng.normal(size=weight.shape) if len(weight.shape) > 1 else 0.5 + rng.random(weight.shape))
    return model


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_folded_model_answers_alike(bias, affine):
    model = shaken(
        keras.Sequential(
            [
                keras.Input((9, 9, 3)),
                *(layers.Conv2D(4, 3, strides=2, use_bias=bias), layers.BatchNormalization(**affine), layers.ReLU()),
                *(layers.DepthwiseConv2D(2, depth_multiplier=3, use_bias=bias), layers.BatchNormalization(**affine)),
                *(layers.Flatten(), layers.Dense(5, use_bias=bias), layers.BatchNormalization(**affine)),
                layers.Dense(2),
            ]
        )
    )
    x = np.random.default_rng(1).normal(size=(6, 9, 9, 3)).astype("float32")
    before = model.get_weights()
    small = normalization.fold(model)
    theirs = ops.convert_to_numpy(model(x))
    np.testing.assert_allclose(ops.convert_to_numpy(small(x)), theirs, rtol=1e-5, atol=1e-5)
    assert theirs.std() > 0.1
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in small.layers)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_model_inside_is_not_folded_in_silence():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    with pytest.raises(ValueError, match="a model inside, inner"):
        normalization.fold(keras.Sequential([keras.Input((4,)), inner]))


@pytest.mark.parametrize("model", [None, "functional", "unbuilt"])
def test_only_a_row_of_layers_can_be_folded(model):
    """A model with branches has its layers in a list too, and folded as a row it would be another."""
    if model == "functional":
        inputs = keras.Input((4,))
        branches = [layers.BatchNormalization()(layers.Dense(4)(inputs)) for _ in range(2)]
        model = keras.Model(inputs, layers.Add()(branches))
    elif model == "unbuilt":
        model = keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
    with pytest.raises(ValueError, match=r"Give a Sequential with an Input\. Received"):
        normalization.fold(model)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (lambda: [layers.BatchNormalization(name="first")], "first must follow.*elsewhere"),
        (lambda: [layers.ReLU(), layers.BatchNormalization()], "must follow one of Dense, Conv2D.*ReLU"),
        (lambda: [layers.Conv2D(2, 1, activation="relu"), layers.BatchNormalization()], "activation between.*relu"),
        (lambda: [layers.Conv2D(4, 1), layers.BatchNormalization(axis=1)], "axis=1"),
    ],
)
def test_what_cannot_be_folded_says_why(parts, words):
    with pytest.raises(ValueError, match=words):
        normalization.fold(keras.Sequential([keras.Input((4, 4, 3)), *parts()]))


# Nets in NumPy -------------------------------------------------------------------------------------------------------


def test_numpy_net_with_normalization_against_finite_differences():
    (x, labels), network = nets.rows(), nets.dense_net((64, 6, 5, 10), True, seed=1, activation=nets.Tanh)
    x, labels = x[:20], labels[:20]
    network.loss(x, labels)
    for weight, gradient in zip(network.weights, [g.copy() for g in network.gradients], strict=True):

        def loss(values, weight=weight):
            kept = weight.copy()
            weight[...] = values
            found = network.loss(x, labels)
            weight[...] = kept
            return found

        if abs(gradient).max() > 1e-9:  # biases before a normalization have none
            assert check_gradient(loss, weight.copy(), gradient, tolerance=1e-4, samples=6)


def test_biases_before_a_normalization_get_nothing():
    (x, labels), network = nets.rows(), nets.dense_net((64, 6, 10), True)
    network.loss(x[:50], labels[:50])
    assert abs(network.layers[0].gradients[1]).max() < 1e-12
    assert abs(network.layers[-1].gradients[1]).max() > 1e-3


def test_seed_draws_the_same_weights_with_and_without():
    plain, normal = (nets.kernels(nets.dense_net((64, 8, 10), kind, seed=3)) for kind in (False, True))
    assert all(np.array_equal(a, b) for a, b in zip(plain, normal, strict=True))


def test_weights_before_a_normalization_only_get_longer():
    with_norm, without = (nets.walk(kind, seed=1, steps=60) for kind in (True, False))
    assert with_norm.lengths.shape == (61, 32)
    assert with_norm.spreads.shape == with_norm.gammas.shape == with_norm.cosines.shape == (60, 32)
    assert np.all(np.diff(with_norm.lengths, axis=0) >= 0)
    assert abs(with_norm.cosines).max() < 1e-3
    np.testing.assert_allclose(with_norm.spreads, with_norm.gammas, rtol=1e-3)
    assert np.any(np.diff(without.lengths, axis=0) < 0)
    assert abs(without.cosines).max() > 0.1


class Quadratic:
    """A stand-in for a network whose second derivatives are known: L = a . M b, plus |a|^2 for the first layer."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.matrix = rng.normal(size=(6, 8))
        dense = nets.Dense
        self.layers = [dense(rng.normal(size=(3, 2)), np.zeros(2)), dense(rng.normal(size=(2, 4)), np.zeros(4))]

    def loss(self, x, labels):
        a, b = (layer.weights[0] for layer in self.layers)
        self.layers[0].gradients = [(self.matrix @ b.ravel()).reshape(a.shape) + 2 * a]
        self.layers[1].gradients = [(self.matrix.T @ a.ravel()).reshape(b.shape)]
        return float(a.ravel() @ self.matrix @ b.ravel() + np.sum(a**2))


def test_relations_of_a_known_function():
    network = Quadratic()
    a, b = (layer.weights[0].copy() for layer in network.layers)
    found, slope = curvature.relations(network, None, None, probes=4000)
    cross = np.linalg.norm(a) * np.linalg.norm(b) * np.linalg.norm(network.matrix) / np.sqrt(48)
    own = np.linalg.norm(a) ** 2 * np.linalg.norm(2 * np.eye(6)) / 6
    np.testing.assert_allclose(found, [[own, cross], [cross, 0]], rtol=0.05, atol=1e-4)
    np.testing.assert_allclose(
        slope[1], np.linalg.norm(b) / np.sqrt(8) * np.linalg.norm(network.matrix.T @ a.ravel()), rtol=1e-9
    )
    assert curvature.across(found) == pytest.approx((found[0, 1] + found[1, 0]) / 2)
    assert all(np.array_equal(k, w.weights[0]) for k, w in zip((a, b), network.layers, strict=True))


def test_relations_do_not_depend_on_the_length_of_normalized_weights():
    (x, labels), network = nets.rows(), nets.dense_net((64, 8, 8, 10), True, 0, nets.Tanh, epsilon=1e-9)
    before = curvature.relations(network, x[:64], labels[:64], probes=4)[0]
    network.layers[0].weights[0] *= 7
    network.layers[0].weights[1] *= 7
    after = curvature.relations(network, x[:64], labels[:64], probes=4)[0]
    np.testing.assert_allclose(after, before, rtol=1e-3)


# Experiments and pictures --------------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    reasons = experiments.stale("normalization")
    assert not {name for name in reasons if name.split(".")[-1] in ("convergence", "learned", "relations")}


def test_training_mode_leaves_no_trace():
    d, model = trials.digits(), trials.conv_net(0.9)
    before = model.get_weights()
    found = trials.accuracy_in_training_mode(model, d.test_images[:64], d.test_labels[:64])
    assert 0 <= found <= 1
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_training_mode_uses_the_batch():
    model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    x, y = np.array([[5.0, 4.0], [7.0, 4.5], [6.0, 9.0]], "float32"), np.array([1, 0, 1])
    inference = experiments.accuracy(model, x, y)
    assert trials.accuracy_in_training_mode(model, x, y) != inference


def test_distance_of_running_statistics():
    layer, x = built((None, 2)), np.random.default_rng(0).normal(3, 2, (500, 2))
    layer.moving_mean.assign(x.mean(0) + x.std(0) * [0.5, 0.1])
    layer.moving_variance.assign(x.var(0) * [2.0, 1.0])
    assert trials.distance(layer, x) == pytest.approx((0.3, 0.5), abs=1e-4)


def test_insides_are_those_of_the_layers():
    model, x = trials.hidden_net("tanh"), trials.digits().test_images[:40]
    found = trials.insides(model, x)
    assert [pair[0].shape for pair in found] == [(40, 64), (40, 64)]
    np.testing.assert_allclose(found[0][1], normalization.batch_norm(found[0][0]), atol=1e-3)
    assert trials.shape_of(found[0][0]) == pytest.approx(trials.shape_of(found[0][1]), abs=1e-2)


@pytest.mark.parametrize("shape", drawings.SHAPES)
@pytest.mark.parametrize("gamma", drawings.GAMMAS)
@pytest.mark.parametrize("beta", drawings.BETAS)
@pytest.mark.once
def test_tanh_figure_over_its_whole_grid(shape, gamma, beta):
    fig = drawings.through_tanh(shape, gamma, beta)
    words = drawings.says_through_tanh(shape, gamma, beta)
    shown = next(t.get_text() for t in fig.findobj(Text) if "saturated" in t.get_text())
    assert shown.split(": ")[1].split()[0] in words


def test_quantiles_have_the_shapes_they_are_named_for():
    bell, one_sided, heaps = (drawings.quantiles(shape) for shape in drawings.SHAPES)
    assert abs(skew(bell)) < 1e-6
    assert skew(one_sided) > 1.5
    assert np.mean(abs(heaps) < 0.5) < 0.02
    assert drawings.saturated(np.array([0.0, 5.0, -5.0, 1.0])) == 0.5


@pytest.mark.once
def test_small_figures_show_their_numbers():
    few = np.array([[1.0, 2], [3, 2], [5, 8]])
    words = {t.get_text() for t in drawings.stations(few, np.ones(2), np.zeros(2)).findobj(Text)}
    assert {"1.22", "−1.22", "1.41", "−0.71"} <= words
    words = {t.get_text() for t in drawings.graph().findobj(Text)}
    assert {step[0] for step in drawings.STEPS} <= words
    left = drawings.three_parts(few[:, 1], np.array([1.0, 2, 4])).axes[3].lines[1].get_ydata()
    assert sum(left) == pytest.approx(0, abs=1e-12)


@pytest.mark.once
def test_other_figures_can_be_drawn():
    rng = np.random.default_rng(0)
    found = {f"{n}_{k}": rng.random((5, 4)) + 0.1 for n in ("plain", "batch") for k in ("across", "shared")}
    modes = {key: rng.random((5, 8)) for key in ("inference_0.9", "inference_0.99", "batch_0.9")}
    for fig in (
        drawings.seen((0.9, 0.99), (1, 5, 9), {0.9: [0.1, 0.4, 0.6], 0.99: [0.0, 0.05, 0.1]}),
        drawings.shapes({"one": rng.random(50), "two": rng.random(50)}),
        drawings.companions({"batch of 2": rng.random(9)}, 0.5),
        drawings.held_and_free({"with": (rng.random((5, 3)) + 1, rng.random((4, 3)))}),
        drawings.between_layers(found, (0, 1, 2, 3)),
        drawings.two_modes(modes, trials.STEPS, trials.MOMENTA),
    ):
        assert isinstance(fig, Figure)
        fig.draw_without_rendering()
