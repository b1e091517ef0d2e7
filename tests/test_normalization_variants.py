"""The relatives of batch normalization against Keras, SciPy, PyTorch and slow twins."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure

from cvnotes import backend, experiments, normalization
from cvnotes.linear_classifiers import check_gradient, relative_error
from cvnotes.normalization import variants_drawings as drawings
from cvnotes.normalization import variants_trials as trials
from cvnotes.pooling import local_response_normalization
from tests.examples import examples

layers = keras.layers


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(2, 3, shape).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("shape", [(3, 5, 4, 8), (2, 6, 4), (4, 8)])
@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_layer_norm_equals_keras(shape, epsilon):
    x, axes = noise(*shape), list(range(1, len(shape)))
    theirs = array(layers.LayerNormalization(axis=axes, epsilon=epsilon)(x))
    np.testing.assert_allclose(normalization.layer_norm(x, epsilon), theirs, atol=2e-5)


@pytest.mark.parametrize("shape", [(3, 5, 4, 8), (2, 6, 8), (4, 8)])
@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_group_norm_equals_keras(shape, groups):
    x = noise(*shape)
    theirs = array(layers.GroupNormalization(groups)(x))
    np.testing.assert_allclose(normalization.group_norm(x, groups), theirs, atol=2e-5)


def test_ends_of_group_norm():
    x = noise(3, 5, 4, 8)
    np.testing.assert_allclose(normalization.group_norm(x, 1), normalization.layer_norm(x), atol=1e-6)
    np.testing.assert_allclose(normalization.group_norm(x, 8), normalization.instance_norm(x), atol=1e-6)
    assert not np.allclose(normalization.group_norm(x, 4), normalization.group_norm(x, 2), atol=0.05)


def test_rms_norm_equals_keras():
    x = noise(3, 4, 4, 6)
    np.testing.assert_allclose(normalization.rms_norm(x, 1e-6), array(layers.RMSNormalization()(x)), atol=1e-5)


@given(groups=st.sampled_from([1, 2, 3, 6]), n=st.integers(1, 4), side=st.integers(1, 4), seed=st.integers(0, 50))
@examples(40)
def test_group_norm_equals_plain_loops(groups, n, side, seed):
    x, width = noise(n, side, side, 6, seed=seed).astype(float), 6 // groups
    slow = np.empty_like(x)
    for example in range(n):
        for start in range(0, 6, width):
            part = x[example, ..., start : start + width]
            slow[example, ..., start : start + width] = (part - part.mean()) / np.sqrt(part.var() + 1e-3)
    np.testing.assert_allclose(normalization.group_norm(x, groups), slow, atol=1e-10)


@given(size=st.integers(1, 8), seed=st.integers(0, 50))
@examples(25)
def test_only_batch_norm_looks_at_companions(size, seed):
    x = noise(9, 3, 3, 4, seed=seed)
    for method in (
        normalization.layer_norm,
        normalization.instance_norm,
        normalization.rms_norm,
        lambda x: normalization.group_norm(x, 2),
    ):
        np.testing.assert_array_equal(method(x)[:size], method(x[:size]))
    assert not np.allclose(normalization.batch_norm(x)[:size], normalization.batch_norm(x[:size]), atol=1e-3)


@pytest.mark.parametrize(
    ("build", "shape", "axes"),
    [
        (layers.LayerNormalization, (6, 5, 5, 8), [(3,)]),
        (lambda: layers.LayerNormalization(axis=[1, 2, 3]), (6, 5, 5, 8), [(1, 2, 3)]),
        (lambda: layers.GroupNormalization(1), (6, 5, 5, 8), [(1, 2, 3)]),
        (lambda: layers.GroupNormalization(-1), (6, 5, 5, 8), [(1, 2)]),
        (lambda: layers.GroupNormalization(2), (6, 5, 5, 8), []),
        (layers.LayerNormalization, (6, 8), [(1,)]),
        (layers.ReLU, (6, 8), []),
    ],
)
def test_axes_of_layers(build, shape, axes):
    layer = build()
    assert normalization.axes_of(lambda x: array(layer(x)), shape) == axes


def test_an_answer_of_another_shape_has_no_axes():
    assert normalization.axes_of(lambda x: x.mean(keepdims=True) * 0, (4, 1)) == []


@pytest.mark.parametrize("axes", [(0,), (0, 1, 2), (1, 3), (0, 1, 2, 3)])
def test_axes_of_finds_what_was_hidden(axes):
    assert normalization.axes_of(lambda x: normalization.normalize(x, axes), (4, 3, 5, 6)) == [axes]


# Weight normalization ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (3, 3, 2, 4)])
def test_weight_norm_gradient_against_finite_differences(shape):
    rng = np.random.default_rng(0)
    v, g, upstream = rng.normal(size=shape), rng.normal(size=shape[-1]), rng.normal(size=shape)
    for_v, for_g = normalization.weight_norm_gradient(v, g, upstream)
    assert check_gradient(lambda a: np.sum(normalization.weight_norm(a, g) * upstream), v, for_v)
    assert check_gradient(lambda a: np.sum(normalization.weight_norm(v, a) * upstream), g, for_g)
    np.testing.assert_allclose((for_v * v).sum(tuple(range(v.ndim - 1))), 0, atol=1e-12)
    lengths = np.sqrt(np.square(normalization.weight_norm(v, g)).sum(tuple(range(v.ndim - 1))))
    np.testing.assert_allclose(lengths, abs(g))


INNER = {
    "dense": (lambda: layers.Dense(4), (6, 5)),
    "no bias": (lambda: layers.Dense(4, use_bias=False), (6, 5)),
    "conv": (lambda: layers.Conv2D(4, 3, strides=2, activation="relu"), (2, 7, 7, 3)),
}


@pytest.mark.parametrize("kind", INNER)
def test_wrapper_starts_as_the_layer_and_follows_g(kind):
    build, shape = INNER[kind]
    x, layer = noise(*shape), normalization.WeightNormalization(build())
    wrapped, plain = array(layer(x)), array(layer.layer(x))
    np.testing.assert_allclose(wrapped, plain, atol=1e-5)
    assert layer.compute_output_shape(shape) == wrapped.shape
    layer.layer.kernel.assign(10 * array(layer.layer.kernel))
    np.testing.assert_allclose(array(layer(x)), wrapped, atol=1e-5)
    layer.g.assign(2 * array(layer.g))
    np.testing.assert_allclose(array(layer(x)), 2 * wrapped, atol=1e-5)  # biases are zero at the start


@pytest.mark.parametrize("kind", INNER)
def test_a_frozen_wrapper_answers_as_before(kind):
    build, shape = INNER[kind]
    x, layer = noise(*shape), normalization.WeightNormalization(build())
    before = array(layer(x))
    layer.g.assign(3 * array(layer.g))
    for part in (layer.layer, layer):
        part.trainable = False
        np.testing.assert_allclose(array(layer(x)), 3 * before, atol=1e-5)
    assert not layer.trainable_weights


@pytest.mark.parametrize("kind", INNER)
def test_wrapper_gradient_is_the_formula(kind):
    build, shape = INNER[kind]
    x, layer = ops.convert_to_tensor(noise(*shape)), normalization.WeightNormalization(build())
    layer.build(shape)
    g, v, *rest = (array(weight) for weight in layer.trainable_variables)
    upstream = ops.convert_to_tensor(noise(*layer.compute_output_shape(shape), seed=1))
    others = [*layer.layer.non_trainable_variables]

    def wrapped(weights):
        return ops.sum(layer.stateless_call(weights, [], x)[0] * upstream)

    def plain(weights):
        return ops.sum(layer.layer.stateless_call(weights, others, x)[0] * upstream)

    for_g, for_v, *_ = backend.value_and_grad(wrapped)([1.5 * g, v, *rest])[1]
    for_w, *_ = backend.value_and_grad(plain)([normalization.weight_norm(v, 1.5 * g), *rest])[1]
    ours = normalization.weight_norm_gradient(v, 1.5 * g, for_w)
    assert relative_error(ours[0], for_v) < 1e-4
    assert relative_error(ours[1], for_g) < 1e-4


def test_wrapper_trains_and_survives_saving(tmp_path):
    x, y = noise(32, 6, 6, 2), np.arange(32) % 3
    inner = [layers.Conv2D(5, 3, activation="relu"), layers.Dense(3)]
    conv, dense = map(normalization.WeightNormalization, inner)
    model = keras.Sequential([keras.Input((6, 6, 2)), conv, layers.Flatten(), dense])
    before = [array(w) for w in model.trainable_weights]
    history = experiments.fit(model, x, y, epochs=12, batch=16, rate=0.02, seed=0)
    assert history["loss"][-1] < history["loss"][0]
    assert len(before) == 6
    assert all(np.any(b != array(w)) for b, w in zip(before, model.trainable_weights, strict=True))
    model.save(tmp_path / "weight.keras")
    again = keras.saving.load_model(tmp_path / "weight.keras")
    np.testing.assert_allclose(array(again(x)), array(model(x)), atol=1e-5)


def test_wrapper_equals_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch's weight normalization is the oracle")
    x, linear = noise(6, 5), torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(5, 4), dim=0)
    with torch.no_grad():
        linear.parametrizations.weight.original0.mul_(1.7)
        theirs = linear(torch.tensor(x)).numpy()
    g, v = (getattr(linear.parametrizations.weight, f"original{i}").detach().numpy() for i in (0, 1))
    layer = normalization.WeightNormalization(layers.Dense(4))
    layer.build(x.shape)
    layer.g.assign(g.ravel())
    layer.layer.set_weights([v.T, linear.bias.detach().numpy()])
    np.testing.assert_allclose(array(layer(x)), theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: normalization.group_norm(np.ones((2, 6)), 4), "6 channels.*groups=4"),
        (lambda: normalization.group_norm(np.ones((2, 6)), 7), "groups must be a whole number from 1 to 6"),
        (lambda: normalization.instance_norm(np.ones((2, 6))), r"needs places.*\(2, 6\)"),
        (lambda: normalization.layer_norm(np.ones(6)), "batch and channels"),
        (lambda: normalization.weight_norm(np.zeros((3, 2)), 1.0), "no direction. Received: 2 of them"),
        (lambda: normalization.weight_norm_gradient(np.ones((3, 2)), 1.0, np.ones((2, 3))), r"shape of v, \(3, 2\)"),
        (lambda: normalization.weight_norm(np.ones(3), 1.0), r"v needs inputs and outputs.*\(3,\)"),
        (lambda: normalization.weight_norm(np.ones((3, 2)), np.ones(3)), r"g must be .*\(2,\). Received: shape \(3,\)"),
        (lambda: normalization.weight_norm_gradient(np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2))), "g must be"),
        (lambda: normalization.rms_norm(np.zeros((3, 2)), 0), "nothing varies"),
        (lambda: normalization.layer_norm([[1.0, np.inf]]), "x must be finite"),
        (lambda: normalization.WeightNormalization(layers.ReLU())(np.ones((2, 3))), "needs a kernel.*ReLU"),
        (
            lambda: normalization.WeightNormalization(layers.DepthwiseConv2D(2))(np.ones((1, 4, 4, 3))),
            "DepthwiseConv2D",
        ),
        (lambda: normalization.WeightNormalization(layers.Conv2DTranspose(4, 2))(np.ones((1, 4, 4, 3))), "Transpose"),
        (lambda: trials.free(trials.net("none"), "tail", "frozen"), "part='tail'"),
        (lambda: trials.free(trials.net("none"), "head", "solid"), "state='solid'"),
        (lambda: trials.trained("batch", 0, batch=3), "batch=3"),
        (lambda: trials.left_in_training(None, np.arange(3), 0), "batch must be"),
        (lambda: drawings.moved(np.ones(8), 1, "left"), "where='left'"),
        (lambda: trials.normalization("both"), "kind='both'"),
    ],
)
def test_errors_say_what_came(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Local response normalization ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("radius", "bias", "alpha", "beta"), [(2, 2.0, 1e-4, 0.75), (3, 1.5, 0.3, 0.6)])
def test_response_equals_tensorflow(radius, bias, alpha, beta):
    tf = pytest.importorskip("tensorflow", reason="tf.nn.local_response_normalization is the oracle")
    x = noise(2, 3, 4, 12)
    theirs = tf.nn.local_response_normalization(x, radius, bias, alpha, beta).numpy()
    ours = local_response_normalization(x, radius, bias, alpha, beta)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    if alpha > 0.1:  # large enough for libraries that share alpha out over the window to differ
        assert not np.allclose(local_response_normalization(x, radius, bias, alpha / (2 * radius + 1), beta), theirs)


def test_response_over_all_channels_is_rms_normalization():
    x = noise(2, 3, 3, 7).astype(float)
    wide = local_response_normalization(x, 6, 1e-3, 1 / 7, 0.5)
    np.testing.assert_allclose(wide, normalization.rms_norm(x), rtol=1e-12)


# Experiments and pictures --------------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    reasons = experiments.stale("normalization")
    assert not {
        name for name in reasons if name.split(".")[-1] in ("early", "fine_tuning", "pitfalls", "small_batches")
    }


def test_every_batch_size_takes_as_many_steps():
    assert {count // batch * passes for batch, (count, passes) in trials.SHOWN.items()} == {trials.STEPS}
    assert tuple(trials.SHOWN) == trials.BATCHES


@pytest.mark.parametrize("kind", trials.KINDS)
def test_nets_differ_in_their_normalization_alone(kind):
    model = trials.net(kind)
    kinds = {"batch": layers.BatchNormalization, "none": (), "layer": layers.GroupNormalization}
    found = [layer for layer in model.layers if isinstance(layer, kinds.get(kind, layers.GroupNormalization))]
    assert len(found) == (0 if kind == "none" else 3)
    assert [len(model.layers) - len(found), model.output_shape] == [10, (None, 10)]


def test_faded_pictures():
    assert trials.faded(np.array([0.0, 1.0])) == pytest.approx([0.3, 0.7])


def test_left_in_training_counts_every_picture_once():
    model, order = trials.net("none"), np.random.default_rng(0).permutation(450)
    score = trials.score(model)
    assert trials.left_in_training(model, order, 32) == pytest.approx(score)
    assert trials.left_in_training(model, order, 450) == pytest.approx(score)


def test_refreshed_statistics_are_those_of_the_pictures():
    model, x = trials.net("batch"), trials.faded(trials.digits().train_images[:300])
    fresh = trials.refreshed(model, x)
    in_training = model.stateless_call(model.trainable_variables, model.non_trainable_variables, x, training=True)[0]
    np.testing.assert_allclose(array(fresh(x, training=False)), array(in_training), atol=2e-3)
    assert not np.allclose(array(model(x, training=False)), array(in_training), atol=0.1)


def test_frozen_batch_normalization_infers():
    """What the page says of `trainable = False`: even with the training flag the running statistics are used."""
    x, layer = noise(8, 3), layers.BatchNormalization()
    layer.build(x.shape)
    layer.trainable = False
    np.testing.assert_allclose(array(layer(x, training=True)), array(layer(x, training=False)))


@pytest.mark.parametrize(
    ("part", "state", "count"), [("all", "frozen", 8), ("all", "unfrozen", 14), ("head", "frozen", 2)]
)
def test_what_fine_tuning_may_move(part, state, count):
    model = trials.net("batch")
    trials.free(model, part, state)
    assert len(model.trainable_weights) == count
    before = model.layers[1].get_weights()[2]
    model(trials.digits().train_images[:8], training=True)
    assert np.array_equal(before, model.layers[1].get_weights()[2]) == (state == "frozen")


@pytest.mark.parametrize("batch", drawings.BATCH_SIZES)
@pytest.mark.parametrize("shift", drawings.SHIFTS)
@pytest.mark.parametrize("where", drawings.WHERE)
@pytest.mark.once
def test_explore_figure_over_its_whole_grid(batch, shift, where):
    found = drawings.answers(batch, shift, where)
    assert tuple(found) == drawings.ROWS
    low, high = drawings.LIMITS
    assert all(low < values.min() and values.max() < high for values in found.values())
    alone = [name for name in drawings.ROWS if name != "batch, training"]
    assert all(found[name].std() < 1e-9 for name in alone)
    assert (found["batch, training"].std() < 1e-9) == (batch == 1)
    words = drawings.says_batch_and_shift(batch, shift, where)
    assert f"Batches of {batch}" in words
    assert len(drawings.batch_and_shift(batch, shift, where).axes[0].lines) == 2 * len(drawings.ROWS)


def test_who_with_whom_has_as_many_means_as_it_should():
    groups = {
        name: len({group(example, channel) for example in range(4) for channel in range(6)})
        for name, group in drawings.METHODS.items()
        if name != "instance"
    }
    assert groups == {"batch": 6, "layer": 4, "group (2 groups)": 8}
    group, count = drawings.METHODS["instance"], len(drawings.COLOURS)
    colours = np.array([[group(example, channel) % count for channel in range(6)] for example in range(4)])
    assert np.all(np.diff(colours, axis=0))
    assert np.all(np.diff(colours, axis=1))
    assert isinstance(drawings.who_with_whom(), Figure)


def test_a_step_of_v_makes_it_longer():
    fig = drawings.direction_and_length([2.0, 1.0], 1.0, [1.0, -1.0], 0.5)
    assert {text.get_text() for text in fig.axes[0].texts} == {"v", "v after a step", "w"}
    rng = np.random.default_rng(0)
    found = {kind: rng.random((5, 6)) for kind in trials.KINDS}
    assert isinstance(drawings.by_batch_size(found, trials.BATCHES), Figure)
