"""Memory: the account against what is really allocated, lifetimes against a slow twin, floats against their types."""

import itertools
import math
import re
import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import backend, memory, models
from cvnotes.memory import checkpoints, drawings, liveness, measured, precision, survey, trials
from tests.examples import examples

FLOATS = tuple(precision.FORMATS)


def small(side=8, width=4):
    return models.build("small-convnet", input_shape=(side, side, 1), width=width)


def with_skip():
    """A net whose first map is needed again at its end."""
    inputs = keras.Input((8, 8, 1))
    first = x = keras.layers.Conv2D(6, 3, padding="same")(inputs)
    for _ in range(3):
        x = keras.layers.Conv2D(6, 3, padding="same")(x)
    return keras.Model(inputs, keras.layers.Concatenate()([first, x]))


def dense_block():
    x = inputs = keras.Input((8, 8, 4))
    for _ in range(4):
        x = keras.layers.Concatenate()([x, keras.layers.Conv2D(4, 3, padding="same")(x)])
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


NETS = {"chain": small, "skip": with_skip, "dense": dense_block}


# The account ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_account_counts_what_is_allocated(batch, dtype):
    """Real arrays: weights, gradients of the same shapes, and the outputs of all layers."""
    net = small()
    found = memory.account(net, "sgd", batch=batch, dtype=dtype)
    size = np.dtype(dtype).itemsize
    outputs = keras.Model(net.input, [layer.output for layer in net.layers[1:]])(np.ones((batch, 8, 8, 1), "float32"))
    numbers = sum(keras.ops.convert_to_numpy(t).size for t in outputs)
    assert found.activations == numbers * size
    assert found.weights == found.gradients == sum(w.size for w in net.get_weights()) * size
    assert found.rest == batch * 64 * size
    assert found.total == sum(found.sources.values()) == sum(layer.total for layer in found.layers) + found.rest


OPTIMIZERS = {
    "SGD": (lambda: keras.optimizers.SGD(), 0),
    "momentum": (lambda: keras.optimizers.SGD(0.1, momentum=0.9), 1),
    "Adagrad": (lambda: keras.optimizers.Adagrad(), 1),
    "RMSprop": (lambda: keras.optimizers.RMSprop(), 1),
    "centered": (lambda: keras.optimizers.RMSprop(centered=True, momentum=0.5), 3),
    "Adam": (lambda: keras.optimizers.Adam(), 2),
    "AMSGrad": (lambda: keras.optimizers.Adam(amsgrad=True), 3),
    "Lion": (lambda: keras.optimizers.Lion(), 1),
    "Nadam": (lambda: keras.optimizers.Nadam(), 2),
    "Adadelta": (lambda: keras.optimizers.Adadelta(), 2),
    "Ftrl": (lambda: keras.optimizers.Ftrl(), 2),
    "loss scaling": (lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), 2),
}


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_state_is_what_the_optimizer_really_keeps(name):
    make, slots = OPTIMIZERS[name]
    net, optimizer = small(), make()
    optimizer.build(net.trainable_variables)
    kept = sum(math.prod(v.shape) for v in optimizer.variables if len(v.shape))
    found = memory.account(net, make())
    assert found.state == 4 * kept == slots * found.weights
    assert memory.slots(make()) == slots


def test_an_optimizer_that_keeps_rows_and_columns_is_refused():
    with pytest.raises(ValueError, match="whole arrays"):
        memory.slots(keras.optimizers.Adafactor())


def test_account_agrees_with_the_profile():
    for make in NETS.values():
        net = make()
        profile = models.profile(net)
        for batch in (1, 7):
            adam = memory.account(net, "adam", batch=batch)
            assert adam.total == profile.memory(batch=batch, training=True, slots=2)
            assert memory.account(net, batch=batch).total == profile.memory(batch=batch)


def test_inference_has_no_gradients_and_fewer_activations():
    trained, asked = memory.account(small(), "adam", batch=4), memory.account(small(), batch=4)
    assert asked.gradients == asked.state == 0 < trained.state
    assert asked.activations < trained.activations
    assert asked.optimizer == "inference"


def test_copies_and_mixed_policies():
    net = small()
    one, three = (memory.account(net, "adam", batch=4, copies=n) for n in (1, 3))
    assert three.rest == 3 * one.rest
    mixed = memory.account(net, "adam", batch=4, dtype="mixed_float16")
    assert mixed.parameters == one.parameters
    assert 2 * mixed.activations == one.activations
    assert mixed.rest == one.rest / 2 + one.weights / 2  # the weights once more, in halves


def test_frozen_and_shared_layers():
    net = small()
    net.get_layer("conv1").trainable = False
    found = {layer.name: layer for layer in memory.account(net, "adam").layers}
    assert found["conv1"].weights > 0 == found["conv1"].gradients == found["conv1"].optimizer
    inputs, twice = keras.Input((4,)), keras.layers.Dense(4)
    shared = keras.Model(inputs, twice(twice(inputs)))
    assert memory.account(shared, "adam").weights == 4 * 20


def test_account_of_a_sketch_and_its_largest_layers():
    with backend.unallocated():
        net = keras.applications.VGG16(weights=None)
    found = memory.account(net, "adam")
    assert found.weights == 4 * 138_357_544
    assert [layer.name for layer in found.largest(1)] == ["fc1"]
    assert re.fullmatch(r"vgg16, batch 1, float32, adam\w*: [\d,.]+ MB", str(found))
    assert memory.account(net, input_shape=(224, 224, 3)).total == memory.account(net).total


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"dtype": "int7"}, "dtype"),
        ({"dtype": 32}, "dtype"),
        ({"batch": 0}, "batch"),
        ({"batch": True}, "batch"),
        ({"copies": 1.5}, "copies"),
        ({"optimizer": 3}, "optimizer"),
    ],
)
def test_account_refuses(wrong, words):
    with pytest.raises(ValueError, match=words):
        memory.account(small(), **wrong)


@pytest.mark.parametrize("model", [None, "VGG16", keras.Sequential([keras.layers.Dense(2)])])
def test_only_models_with_a_graph_are_counted(model):
    for count in (memory.account, memory.timeline, memory.peak):
        with pytest.raises(ValueError, match="Only functional and sequential models"):
            count(model)
    with pytest.raises(ValueError, match="input_shape"):
        memory.account(small(), input_shape=(8, 8))


@pytest.mark.parametrize("wrong", [3, None, keras.optimizers.Adam])
def test_slots_refuses_what_is_no_optimizer(wrong):
    with pytest.raises(ValueError, match="Give a name or an optimizer of Keras"):
        memory.slots(wrong)
    assert memory.slots("adam") == 2


def test_account_is_shown_as_a_table(capsys):
    memory.account(small(), "adam", batch=2).show()
    assert "optimizer state" in capsys.readouterr().out


# Lifetimes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(NETS))
def test_peak_of_inference_equals_the_profile(name):
    net = NETS[name]()
    assert liveness.peak(net) == models.profile(net).peak


def test_a_chain_by_hand():
    """Three dense layers: 5 -> 4 -> 3 -> 2, all written out."""
    layers = [keras.layers.Dense(n, name=f"d{n}") for n in (4, 3, 2)]
    net = keras.Sequential([keras.Input((5,)), *layers])
    assert [m.values for m in liveness.timeline(net)] == [5, 9, 7, 5]
    moments = liveness.timeline(net, training=True)
    assert [m.activations for m in moments] == [5, 9, 12, 14, 14, 12, 9]
    assert [m.gradients for m in moments] == [0, 0, 0, 0, 2 + 3, 3 + 4, 4]
    assert [m.backward for m in moments] == [False] * 4 + [True] * 3
    assert liveness.peak(net, training=True) == 14 + 5


def test_a_link_keeps_its_map_alive():
    chain, skip = small(), with_skip()
    assert max(m.values / m.own for m in liveness.timeline(chain)) == 1
    assert max(m.values / m.own for m in liveness.timeline(skip)) > 1.3
    assert liveness.timeline(skip)[-1].values == 6 * 64 * 4


@pytest.mark.parametrize("name", list(NETS))
def test_training_never_needs_twice_everything(name):
    net = NETS[name]()
    total = models.profile(net).activations
    assert total < liveness.peak(net, training=True) < 2 * total


# Keep or compute again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "every"), [(n, k) for n in (1, 5, 12, 36) for k in (1, 2, 3, 5, 6, 12) if k <= n])
def test_checkpoints_change_nothing_but_the_price(depth, every):
    x = np.random.default_rng(0).normal(size=(3, 8))
    weights = checkpoints.chain(depth, 8)
    plain, thrifty = (memory.gradients_of_chain(x, weights, k) for k in (1, every))
    for one, other in zip(plain.gradients, thrifty.gradients, strict=True):
        np.testing.assert_array_equal(one, other)
    if depth % every == 0:
        assert thrifty.evaluations == 2 * depth - depth // every
        assert thrifty.peak == depth // every + every
    assert plain.evaluations == depth
    assert plain.peak == depth + 1


def test_gradients_of_the_chain_are_right():
    x, weights = np.random.default_rng(1).normal(size=(2, 5)).astype("float32"), checkpoints.chain(3, 5)

    def total(w):
        h = x
        for one in w:
            h = keras.ops.tanh(keras.ops.matmul(h, one))
        return keras.ops.sum(h)

    _, theirs = backend.value_and_grad(total)([w.astype("float32") for w in weights])
    for one, other in zip(memory.gradients_of_chain(x, weights, 2).gradients, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_chain_refuses():
    for wrong in (0, 4, 1.5):
        with pytest.raises(ValueError, match="every"):
            memory.gradients_of_chain(np.ones((1, 4)), checkpoints.chain(3, 4), wrong)


@pytest.mark.parametrize(
    ("x", "weights"),
    [
        (np.ones(4), checkpoints.chain(3, 4)),
        (np.ones((2, 5)), checkpoints.chain(3, 4)),
        (np.ones((2, 4)), []),
        (np.ones((2, 4)), [np.ones((4, 3))]),
        (np.array([["a"] * 4]), checkpoints.chain(3, 4)),
    ],
)
def test_chain_refuses_shapes_that_do_not_fit(x, weights):
    with pytest.raises(ValueError, match="Give numbers x"):
        memory.gradients_of_chain(x, weights)


def test_traced_peak_sees_numpy():
    assert measured.traced_peak(lambda: np.ones(10**6)) == pytest.approx(8e6, rel=0.01)
    assert measured.traced_peak(lambda: None) < 1e5
    assert not tracemalloc.is_tracing()
    tracemalloc.start()
    measured.traced_peak(lambda: None)
    assert tracemalloc.is_tracing(), "the caller's own tracing goes on"
    tracemalloc.stop()


def test_traced_peak_of_the_chain_falls_as_counted():
    """What each kept activation costs; scratch arrays are the same in both runs and cancel."""
    x, weights = np.ones((2048, 32)), checkpoints.chain(16, 32)
    runs = {k: memory.gradients_of_chain(x, weights, k).peak for k in (1, 4)}
    bytes_ = {k: measured.traced_peak(lambda k=k: memory.gradients_of_chain(x, weights, k)) for k in runs}
    assert (bytes_[1] - bytes_[4]) / x.nbytes == pytest.approx(runs[1] - runs[4], abs=1.5)


def test_high_mark(monkeypatch):
    resource = pytest.importorskip("resource")
    if not measured.Path("/proc/self/status").exists():
        with pytest.raises(RuntimeError):
            measured.high_mark()
        return
    for name, value in {"SIDE": 8, "CHANNELS": 2, "BATCH": 2}.items():
        monkeypatch.setattr(measured, name, value)
    for mode in measured.MODES:
        mark = measured.run_chain(mode, 2)
        assert mark == pytest.approx(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, rel=0.05)
    assert measured.accounted() == 2 * 8 * 8 * 2 * 4
    with pytest.raises(ValueError, match="mode"):
        measured.peak_of("sleep", 2)
    with pytest.raises(ValueError, match="depth"):
        measured.peak_of("training", 0)


# Number types --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_facts_are_those_of_numpy(dtype):
    facts, info = memory.format_facts(dtype), np.finfo(dtype)
    assert (facts.largest, facts.normal, facts.tiny) == (info.max, info.smallest_normal, info.smallest_subnormal)
    assert facts.step == info.eps
    assert facts.size == np.dtype(dtype).itemsize


def test_bfloat16_is_the_upper_half_of_float32():
    facts, full = memory.format_facts("bfloat16"), memory.format_facts("float32")
    assert facts.step == 2.0**-7
    assert facts.normal == full.normal
    assert 0.99 < facts.largest / full.largest <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.sampled_from(["float32", "float64", "float16"]))
@examples(60)
def test_running_sum_is_numpys(values, dtype):
    np.testing.assert_array_equal(
        memory.running_sum(values, dtype), np.cumsum(np.array(values, dtype), dtype=dtype).astype(float)
    )


def test_running_sums_stall():
    ends = {dtype: memory.running_sum(np.full(10_000, 1e-4), dtype)[-1] for dtype in FLOATS}
    assert ends["float64"] == pytest.approx(1, abs=1e-9)
    assert ends["float32"] == pytest.approx(1, abs=1e-3)
    assert ends["float16"] == 0.25
    assert ends["bfloat16"] < 0.05


def test_share_lost():
    sizes = np.array([1e-9, 1e-4, 1.0, 60.0])
    assert precision.share_lost(sizes, "float16") == (0.25, 0)
    assert precision.share_lost(sizes, "float16", 1024) == (0, 0)
    assert precision.share_lost(sizes, "float16", 2048) == (0, 0.25)
    assert precision.share_lost(sizes, "bfloat16") == (0, 0)
    assert precision.share_lost(2.0, "float16") == (0, 0)
    for wrong in ([0.0], [], [np.nan], [-1.0, 1.0]):
        with pytest.raises(ValueError, match="above 0"):
            precision.share_lost(wrong, "float16")
    for scale in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="scale"):
            precision.share_lost(sizes, "float16", scale)


@pytest.mark.parametrize("wrong", [[], 1.0, np.ones((2, 2)), ["a"], [True]])
def test_running_sum_refuses(wrong):
    with pytest.raises(ValueError, match="Give a row of numbers"):
        memory.running_sum(wrong, "float16")


def test_policy_is_restored_whatever_happens():
    before = keras.config.dtype_policy().name
    with memory.dtype_policy("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    with pytest.raises(RuntimeError), memory.dtype_policy("float16"):
        raise RuntimeError
    assert keras.config.dtype_policy().name == before


def test_unknown_types_are_refused():
    for call in (memory.format_facts, lambda d: memory.running_sum([1], d)):
        with pytest.raises(ValueError, match="dtype"):
            call("float8")


def test_adam_in_pure_bfloat16_never_moves():
    """0.999 becomes 1, the correction 0: what the page shows must hold on every backend."""
    for dtype, moves in (("float32", True), ("bfloat16", False)):
        weight = keras.Variable(np.ones(3, "float32"), dtype=dtype)
        optimizer = keras.optimizers.Adam(0.1)
        optimizer.build([weight])
        optimizer.apply([keras.ops.ones((3,), dtype=dtype)], [weight])
        after = keras.ops.convert_to_numpy(keras.ops.cast(weight.value, "float32"))
        assert bool(np.all(after != 1)) is moves


def test_activation_gradients():
    net, x = small(), np.random.default_rng(0).uniform(size=(4, 8, 8, 1)).astype("float32")
    pairs = precision.activation_gradients(net, x, np.array([0, 1, 2, 3]))
    assert len(pairs) == len(net.layers) - 1
    for activation, gradient in pairs:
        assert activation.shape == gradient.shape
    np.testing.assert_allclose(pairs[-1][0], keras.ops.convert_to_numpy(net(x)), atol=1e-6)
    np.testing.assert_allclose(pairs[-1][1].sum(1), 0, atol=1e-6)  # of softmax and cross-entropy
    for images, labels in ((x[:0], []), (x, [0, 1]), (x, [0.5] * 4), (x, np.eye(4))):
        with pytest.raises(ValueError, match="a whole number for each"):
            precision.activation_gradients(net, images, labels)
    for label in (-1, 10):
        with pytest.raises(ValueError, match="each label"):
            precision.activation_gradients(net, x, [0, 1, 2, label])


def test_shares_and_counts_of_the_tables():
    with backend.unallocated():
        vgg = keras.applications.VGG16(weights=None)
    shares = survey.shares(vgg, survey.BLOCKS)
    np.testing.assert_allclose(np.sum(list(shares.values()), 0), 1)
    assert shares["dense layers"][1] == pytest.approx(123_642_856 / 138_357_544)
    assert survey.first_map(227, 96, 11, 4) == 55 * 55 * 96
    assert survey.numbers_each(keras.optimizers.Adam(), small()) == 4
    assert survey.numbers_each(keras.optimizers.SGD(), small()) == 2
    adam = keras.optimizers.Adam()
    assert [survey.numbers_each(adam, small()) for _ in range(2)] == [4, 4], "a copy is built, not the optimizer"
    half_trained = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
    assert survey.numbers_each(adam, half_trained) == 1 + (1 + 2) / 2
    with pytest.raises(ValueError, match="No layer"):
        survey.shares(small(), {"head": ("nothing",)})


# Experiments and pictures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "stride"), list(trials.FIRST.values()))
def test_first_layers_lead_to_the_same_maps(size, stride):
    with backend.unallocated():
        net = trials.first_layer_net(size, stride)
    assert net.layers[0].output.shape[1:] == (64 // stride, 64 // stride, 16)
    second = next(layer for layer in net.layers[1:] if isinstance(layer, keras.layers.Conv2D))
    assert second.input.shape[1:] == (16, 16, 16)


@pytest.mark.parametrize("stride", [0, 3, 8])
def test_first_layers_step_by_1_2_or_4(stride):
    with pytest.raises(ValueError, match="stride must be 1, 2 or 4"):
        trials.first_layer_net(3, stride)


def test_scenes_of_the_first_layers():
    x, y = trials.shape_scenes(10, seed=0)
    again, _ = trials.shape_scenes(5, seed=0, start=5)
    assert x.shape == (10, 64, 64, 3)
    assert -1 <= x.min() < 0 < x.max() <= 1
    assert set(y) == set(range(5))
    np.testing.assert_array_equal(x[5:], again)


def test_scores_that_are_no_numbers_are_told():
    net = small()
    x, y = np.ones((4, 8, 8, 1), "float32"), np.zeros(4, int)
    assert trials.finite_scores(net, x, y)[1] == 1
    net.set_weights([np.full(w.shape, np.nan) for w in net.get_weights()])
    assert trials.finite_scores(net, x, y)[1] == 0
    assert np.isnan(trials.flat_weights(net)).all()


def test_products_and_steps_run_in_each_type():
    types = ("float32", "float16", "bfloat16")
    for call in trials.matrix_products(8, types).values():
        assert np.isfinite(np.asarray(call(), dtype=float))
    trials.training_step("mixed_bfloat16")()


@pytest.mark.once
def test_every_frame_of_the_account(monkeypatch):
    monkeypatch.setattr(drawings, "NET", "MobileNet")  # quick to sketch
    drawings.parts.cache_clear()
    words = set()
    for case in itertools.product(drawings.BATCHES, (64, 96), drawings.OPTIMIZERS, drawings.TYPES):
        words.add(drawings.say_account(*case))
        sizes = drawings.parts(*case)
        assert all(size >= 0 for size in sizes.values())
    assert len(words) == 2 * len(drawings.BATCHES) * len(drawings.OPTIMIZERS) * len(drawings.TYPES)
    drawings.draw_account(8, 64, "Adam", "float32").draw_without_rendering()
    drawings.parts.cache_clear()
    with pytest.raises(ValueError, match="optimizer"):
        drawings.optimizer("Newton")


def test_pictures_of_the_page():
    sizes = np.exp(np.random.default_rng(0).normal(-12, 3, 500))
    figs = [drawings.draw_timelines({"chain": small(), "dense": dense_block()}), drawings.draw_trade(12, (1, 3, 12)),
            drawings.draw_gradients(sizes, 1024), drawings.draw_sums(100)]  # fmt: skip
    for fig in figs:
        fig.draw_without_rendering()
