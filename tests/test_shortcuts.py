"""Shortcuts: blocks against Keras and finite differences, stacks, looks, graphs, encoder-decoders, trials."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure

from cvnotes import backend, experiments, shortcuts
from cvnotes.architectures import highway_layer
from cvnotes.backpropagation import Dense, Network, check_network
from cvnotes.linear_classifiers import check_gradient
from cvnotes.normalization import BatchNorm
from cvnotes.shortcuts import drawings, encoder, looks, stacks, training, trials, trials_keras, wiring
from cvnotes.shortcuts.blocks import Highway, Norm, Residual
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


# Blocks --------------------------------------------------------------------------------------------------------------


def doubled(net):
    """The same net in double precision for finite differences, its biases not zero, so that no sum lies on a kink."""
    dice = np.random.default_rng(5)
    for layer in stacks.flat(net):
        layer.weights = [weight + dice.normal(0, 0.1, weight.shape) * (weight.ndim == 1) for weight in layer.weights]
    return net


@pytest.mark.parametrize("kind", stacks.KINDS)
def test_gradients_of_stacks_against_a_ruler(kind):
    net = doubled(shortcuts.stack(kind, 2, width=5, gate_bias=0.3))
    x, labels = noise(6, 64).astype(float), np.arange(6)
    assert all(check_network(net, x, labels, samples=8))


@given(seed=st.integers(0, 100), n=st.integers(2, 9), epsilon=st.sampled_from([1e-3, 1e-5]))
@examples(25)
def test_norm_is_batch_norm(seed, n, epsilon):
    x, upstream = noise(n, 4, seed=seed), noise(n, 4, seed=seed + 1)
    quick, checked = Norm(4), BatchNorm(4, epsilon)
    quick.epsilon = epsilon
    for layer in (quick, checked):
        layer.weights = [noise(4, seed=7), noise(4, seed=8)]
    np.testing.assert_allclose(quick.forward(x), checked.forward(x), atol=2e-4)
    np.testing.assert_allclose(quick.backward(upstream), checked.backward(upstream), atol=2e-2, rtol=1e-3)
    for ours, theirs in zip(quick.gradients, checked.gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_residual_adds_and_hands_on():
    branch = [Dense(noise(4, 4), noise(4, seed=1))]
    x, upstream = noise(3, 4, seed=2), noise(3, 4, seed=3)
    block = Residual(branch)
    np.testing.assert_array_equal(block.forward(x), x + Network(branch).forward(x))
    np.testing.assert_allclose(block.backward(upstream), upstream + upstream @ branch[0].weights[0].T, rtol=1e-6)
    assert len(block.weights) == len(block.gradients) == 2


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.5])
def test_highway_equals_the_builder(bias):
    inputs = keras.Input((6,))
    theirs = keras.Model(inputs, highway_layer(inputs, gate_bias=bias, name="h"))
    given_weights = [theirs.get_layer(f"h_{part}").get_weights() for part in ("h", "gate")]
    (w, b), (w_gate, b_gate) = given_weights
    ours, x, upstream = Highway(w, b, w_gate, b_gate), noise(5, 6), noise(5, 6, seed=1)
    assert np.all(b_gate == bias)
    np.testing.assert_allclose(ours.forward(x), array(theirs(x)), atol=1e-5)
    _, gradient = backend.value_and_grad(lambda x: ops.sum(ops.multiply(theirs(x), upstream)))(x)
    np.testing.assert_allclose(ours.backward(upstream), gradient, atol=1e-5)


@pytest.mark.parametrize(("bias", "end"), [(-60.0, "x"), (60.0, "h")])
def test_a_gate_that_is_shut_hands_on_x(bias, end):
    layer = Highway(noise(4, 4), noise(4), noise(4, 4, seed=1), np.full(4, bias, "float32"))
    x = noise(5, 4, seed=2)
    wanted = {"x": x, "h": np.maximum(x @ layer.weights[0] + layer.weights[1], 0)}
    np.testing.assert_allclose(layer.forward(x), wanted[end], atol=1e-6)
    assert not np.allclose(wanted["x"], wanted["h"], atol=0.1)


# Stacks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", stacks.KINDS)
@pytest.mark.parametrize("blocks", [1, 4])
def test_depth_and_shapes(kind, blocks):
    net = shortcuts.stack(kind, blocks, width=7)
    found = shortcuts.signals(net, noise(5, 64), np.arange(5))
    assert stacks.depth(net) == 2 * blocks + 2
    assert {part.shape for part in (*found.activations, *found.gradients)} == {(5, 7)}
    assert len(found.activations) == len(found.gradients) == blocks + 1
    assert net.forward(noise(5, 64)).shape == (5, 10)
    assert {weight.dtype for weight in net.weights} == {np.dtype("float32")}


def test_normalization_doubles_nothing_but_adds_scales():
    plain, normal = (shortcuts.stack("v1", 3, width=6, normalized=flag) for flag in (False, True))
    assert len(normal.weights) == len(plain.weights) + 2 * 7
    np.testing.assert_array_equal(plain.layers[1].layers[0].layers[0].weights[0], normal.layers[1].weights[0])


def test_signals_are_gradients_of_the_loss():
    net = doubled(shortcuts.stack("v1", 3, width=5))
    x, labels = noise(4, 64).astype(float), np.array([1, 2, 3, 4])
    found = shortcuts.signals(net, x, labels)
    for border in (0, 2, 3):
        rest = Network(net.layers[border + 1 :])
        loss = lambda h, rest=rest: stacks.softmax_loss(rest.forward(h), labels)[0]  # noqa: E731
        assert check_gradient(loss, found.activations[border], found.gradients[border], samples=12)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"kind": "dense", "blocks": 2}, "kind"),
        ({"kind": "v1", "blocks": 0}, "blocks"),
        ({"kind": "v1", "blocks": 2, "width": 0}, "width"),
        ({"kind": "highway", "blocks": 2, "normalized": True}, "normalized"),
        ({"kind": "highway", "blocks": 2, "gate_bias": float("nan")}, "gate_bias"),
        ({"kind": "v1", "blocks": 2, "normalized": "no"}, "normalized"),
        ({"kind": "v1", "blocks": 2, "seed": -1}, "seed"),
    ],
)
def test_bad_stacks_are_refused(options, word):
    with pytest.raises(ValueError, match=word):
        shortcuts.stack(**options)


def test_nothing_is_stretched_to_be_added():
    narrow = noise(4, 1), noise(1)
    for layer in (Residual([Dense(*narrow)]), Highway(*narrow, noise(4, 4), noise(4))):
        with pytest.raises(ValueError, match=r"\(3, 4\).*Received: \(3, 1\)"):
            layer.forward(noise(3, 4))


BAD_ROWS = [
    ((5, 8, 8), np.arange(5), "rows of 64"),
    ((5, 63), np.arange(5), "rows of 64"),
    ((0, 64), np.arange(0), "one row"),
    ((5, 64), np.arange(4), "one label"),
    ((5, 64), np.arange(5) + 8, "abel"),
]


@pytest.mark.parametrize(("shape", "labels", "word"), BAD_ROWS)
def test_rows_that_do_not_fit_are_refused(shape, labels, word):
    with pytest.raises(ValueError, match=word):
        shortcuts.signals(shortcuts.stack("v1", 1), noise(*shape), labels)


def test_training_lowers_the_loss_and_repeats():
    given_ = trials.rows(0)
    runs = []
    for _ in range(2):
        net, steps = shortcuts.stack("v1", 2, normalized=True, seed=3), []
        losses = training.fit(net, given_.x, given_.y, epochs=4, rate=1e-2, seed=3, look=steps.append)
        runs.append(losses)
    assert runs[0] == runs[1]
    assert runs[0][-1] < 0.25 * runs[0][0]
    assert steps == list(range(1, 4 * 15 + 1))
    with pytest.raises(ValueError, match="one label"):
        training.fit(net, given_.x, given_.y[:5], epochs=1, rate=1e-2, seed=0)
    for bad in ({"epochs": 0}, {"rate": float("nan")}, {"seed": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            training.fit(net, given_.x, given_.y, **({"epochs": 1, "rate": 1e-2, "seed": 0} | bad))


# Looks ---------------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 20), blocks=st.integers(1, 6))
@examples(15)
def test_a_deepened_net_gives_what_it_gave(seed, blocks):
    net, x = shortcuts.stack("plain", 2, width=8, seed=seed), noise(9, 64, seed=seed)
    deeper = looks.deepened(net, blocks)
    np.testing.assert_allclose(deeper.forward(x), net.forward(x), atol=1e-5)
    assert stacks.depth(deeper) == stacks.depth(net) + 2 * blocks
    other = Network(
        [*net.layers[:-1], *shortcuts.stack("plain", blocks, width=8, seed=99).layers[1:-1], net.layers[-1]]
    )
    assert not np.allclose(other.forward(x), net.forward(x), atol=1e-2)


def test_only_behind_a_relu_an_identity_changes_nothing():
    with pytest.raises(ValueError, match="ReLU"):
        looks.deepened(shortcuts.stack("v2", 2, normalized=True), 1)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_silent_branches_hand_on_activations_and_gradients(kind, normalized):
    net = looks.silence(shortcuts.stack(kind, 6, normalized=normalized))
    found = shortcuts.signals(net, *drawings.batch(40))
    if kind == "v2":
        assert all(np.array_equal(part, found.activations[0]) for part in found.activations)
        assert all(np.array_equal(part, found.gradients[-1]) for part in found.gradients)
    else:  # what comes behind the entry is not negative, so the ReLU behind the sum changes nothing
        np.testing.assert_array_equal(found.activations[-1], found.activations[0])
        assert not np.array_equal(found.gradients[0], found.gradients[-1])  # but its slope is 0 where x is 0


def test_silence_needs_branches_to_change_anything():
    plain = shortcuts.stack("plain", 3)
    before = [weight.copy() for weight in plain.weights]
    assert all(map(np.array_equal, before, looks.silence(plain).weights))


def test_likeness_on_known_rows():
    assert looks.likeness(np.array([[1.0, 2], [2, 4], [0.5, 1]])) == pytest.approx(1)
    assert looks.likeness(np.eye(4)) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="rows"):
        looks.likeness(np.ones(4))


def test_steadiness_at_its_ends():
    linear = Network([Network([Dense(noise(64, 6), np.zeros(6))]), Network([Dense(noise(6, 6), np.zeros(6))]),
                      Network([Dense(1e-4 * noise(6, 10), np.zeros(10))])])  # fmt: skip
    x, labels = drawings.batch(60)
    assert looks.steadiness(linear, x, labels) > 0.999  # flat scores: the gradient is the same everywhere
    deep = [looks.steadiness(shortcuts.stack("plain", n, normalized=True), x, labels) for n in (2, 20)]
    assert deep[0] > 0.6
    assert abs(deep[1]) < 0.2
    with pytest.raises(ValueError, match="share"):
        looks.steadiness(linear, x, labels, share=0)


# One block -----------------------------------------------------------------------------------------------------------

BLOCKS = list(itertools.product(wiring.KINDS, wiring.SHORTCUTS, wiring.ORDERS))


@pytest.mark.parametrize(("kind", "shortcut", "order"), BLOCKS)
def test_a_block_is_its_two_ways(kind, shortcut, order):
    block = wiring.single(kind, shortcut, order, filters=4)
    x = noise(2, *block.input_shape[1:])
    way, branch, total, out = wiring.parts(block, x)
    np.testing.assert_allclose(total, way + branch, atol=1e-6)
    np.testing.assert_allclose(out, np.maximum(total, 0) if order == "v1" else total, atol=1e-6)
    assert (way.shape == x.shape and np.array_equal(way, x)) == (shortcut == "identity")
    side, channels = (8 if shortcut == "identity" else 4), (4 if kind == "basic" else 16)
    assert out.shape == (2, side, side, channels)


@pytest.mark.parametrize(("kind", "order"), list(itertools.product(wiring.KINDS, wiring.ORDERS)))
def test_a_muted_branch_leaves_the_identity_or_its_positive_part(kind, order):
    block = wiring.mute(wiring.single(kind, "identity", order, filters=4))
    x = noise(2, *block.input_shape[1:])
    wanted = x if order == "v2" else np.maximum(x, 0)
    np.testing.assert_allclose(array(block(x, training=False)), wanted, atol=1e-6)


def test_a_model_that_is_no_block_is_refused():
    image = keras.Input((4, 4, 2))
    plain = keras.Model(image, keras.layers.ReLU()(image), name="plain")
    with pytest.raises(ValueError, match="'plain', which has none"):
        wiring.mute(plain)
    with pytest.raises(ValueError, match="'plain', which has no sum"):
        wiring.routes(plain)


@pytest.mark.parametrize(("kind", "shortcut", "order"), BLOCKS)
def test_routes_hold_every_call_once(kind, shortcut, order):
    block = wiring.single(kind, shortcut, order)
    shared, way, branch, after = wiring.routes(block)
    names = [call.name for part in (shared, way, branch, after) for call in part]
    others = {"x", "block_add"}
    assert sorted(names) == sorted(layer.name for layer in block.layers if layer.name not in others)
    convolutions = sum(isinstance(call.operation, keras.layers.Conv2D) for call in branch)
    assert convolutions == (2 if kind == "basic" else 3)
    assert bool(way) == (shortcut == "projection")
    assert bool(after) == (order == "v1")


BAD_BLOCKS = [
    {"kind": "deep"},
    {"shortcut": "none"},
    {"order": "v3"},
    {"filters": 0},
    {"size": 7, "shortcut": "projection"},
]


@pytest.mark.parametrize("bad", BAD_BLOCKS)
def test_bad_blocks_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        wiring.single(**bad)


# Encoder-decoder -----------------------------------------------------------------------------------------------------


def test_three_joins_have_equal_parameters_and_shapes():
    nets = {join: shortcuts.encoder_decoder(join, outputs=3) for join in encoder.JOINS}
    counts = [sum(int(np.prod(w.shape)) for w in net.trainable_weights) for net in nets.values()]
    assert max(counts) <= 1.02 * min(counts)
    assert {net.output_shape for net in nets.values()} == {(None, 32, 32, 3)}


@pytest.mark.parametrize("join", ["sum", "concat"])
def test_a_closed_skip_hands_on_nothing(join):
    net, x = shortcuts.encoder_decoder(join), noise(2, 32, 32, 3)
    scores, mask, skip = array(net(x)), trials_keras.masked(net, x), net.get_layer("skip1")
    skip.open.assign(0.0)
    without, hidden = array(net(x)), trials_keras.masked(net, x)
    assert np.all(array(keras.Model(net.input, skip.output)(x)) == 0)
    assert not np.allclose(without, scores, atol=1e-3)
    skip.open.assign(1.0)
    np.testing.assert_array_equal(trials_keras.closed(net, 1, x), hidden)
    np.testing.assert_array_equal(trials_keras.masked(net, x), mask)  # open again


def test_near_border_against_plain_loops():
    masks = np.random.default_rng(0).random((3, 9, 9)) > 0.6
    masks[0] = False
    slow = np.zeros_like(masks)
    for i, row, column in np.ndindex(masks.shape):
        window = masks[i, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        slow[i, row, column] = window.any() and not window.all()
    np.testing.assert_array_equal(shortcuts.near_border(masks), slow)
    assert not shortcuts.near_border(masks)[0].any()


def test_overlap_by_counting():
    one, other = np.zeros((2, 1, 4, 4), bool)
    one[0, 0], other[0, :, 0] = True, True
    assert shortcuts.overlap(one, other) == pytest.approx(1 / 7)
    assert shortcuts.overlap(one, one) == 1
    assert shortcuts.overlap(one, other, one) == pytest.approx(1 / 4)
    with pytest.raises(ValueError, match="empty"):
        shortcuts.overlap(one & ~one, other & ~other)
    for bad in ((one, other[..., None]), (one.astype(int), other), (one, other, np.ones((4, 4), bool))):
        with pytest.raises(ValueError, match="one shape"):
            shortcuts.overlap(*bad)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: shortcuts.encoder_decoder("product"), "join"),
        (lambda: shortcuts.encoder_decoder(size=30), "multiple of 8"),
        (lambda: shortcuts.encoder_decoder(outputs=0), "outputs"),
        (lambda: shortcuts.near_border(np.ones((2, 4, 4))), "truth values"),
        (lambda: shortcuts.near_border(np.ones((4, 4), bool)), "masks"),
        (lambda: shortcuts.near_border(np.ones((1, 4, 4), bool), 0), "width"),
    ],
)
def test_bad_calls_are_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()


# Trials and pictures -------------------------------------------------------------------------------------------------


def test_plain_and_gated_layers_have_as_many_parameters():
    widths = {"plain": trials.PLAIN_WIDTH, "highway": trials.WIDTH}
    plain, gated = (shortcuts.stack(kind, 5, width=width) for kind, width in widths.items())
    counts = [sum(w.size for w in net.layers[1].weights) for net in (plain, gated)]
    assert 0.97 * counts[1] < counts[0] < counts[1]


def test_without_leaves_out_one_block():
    net = shortcuts.stack("v1", 4)
    shorter = trials.without(net, 2)
    assert [layer for layer in net.layers if layer not in shorter.layers] == [net.layers[2]]
    for nothing in (0, 5, True):
        with pytest.raises(ValueError, match="i must be"):
            trials.without(net, nothing)


def test_gates_that_are_opened_are_between_0_and_1():
    net = shortcuts.stack("highway", 3, gate_bias=-2.0)
    found = trials.opened(net, drawings.batch(50)[0])
    assert len(found) == 6
    assert all(0.08 < gate < 0.2 for gate in found)  # the sigmoid of −2 is 0.12


def test_walking_a_resnet_equals_calling_it():
    model = trials_keras.models.build("resnet-cifar", (8, 8, 1), depth=14, width=4)
    x = noise(3, 8, 8, 1)
    np.testing.assert_allclose(trials_keras.walk(model, x), array(model(x, training=False)), atol=1e-5)
    spare = trials_keras.spare(model)
    assert len(spare) == 4  # of six blocks, the first of the second and third stage change the shape
    assert not np.allclose(trials_keras.walk(model, x, (spare[0],)), array(model(x, training=False)), atol=1e-4)
    with pytest.raises(ValueError, match="conv9"):
        trials_keras.walk(model, x, ("conv9",))


def test_the_best_rate_is_chosen_by_held_out_digits():
    given_ = trials.rows(0)
    build = lambda: shortcuts.stack("v1", 1, normalized=True, seed=1)  # noqa: E731
    runs = {rate: trials.trained(build(), rate, given_, 1, 2) for rate in (1e-6, 1e-2)}
    found = trials.best(build, (1e-6, 1e-2), given_, 1, 2)
    assert found.held_out == runs[1e-2].held_out < runs[1e-6].held_out
    assert trials.errors(found.net, given_)[0] < 0.5 < trials.errors(runs[1e-6].net, given_)[0]


def test_rows_are_centred_and_apart():
    given_ = trials.rows(3)
    assert [part.shape for part in (given_.x, given_.val_x, given_.test_x)] == [(1000, 64), (347, 64), (450, 64)]
    np.testing.assert_allclose(given_.x.mean(0), 0, atol=1e-5)
    assert not {row.tobytes() for row in given_.x} & {row.tobytes() for row in given_.test_x}


def test_fits_are_taken_near_borders_and_away():
    masks = np.zeros((1, 16, 16), bool)
    masks[0, 3:13, 3:13] = True
    thin = masks.copy()
    thin[0, 3, 3:13] = False  # one row of the border is missed, the inside is whole
    assert trials_keras.fits(masks, masks) == [1, 1]
    near, away = trials_keras.fits(thin, masks)
    assert near < 1
    assert away == 1


def test_one_stored_seed_repeats():
    experiments.verify(trials.first_block, seed=1, atol=trials.TOLERANCE)


@pytest.mark.parametrize(("kind", "shortcut", "order"), BLOCKS)
@pytest.mark.once
def test_every_block_can_be_drawn(kind, shortcut, order):
    assert isinstance(drawings.draw_block(kind, shortcut, order), Figure)
    words = drawings.say_block(kind, shortcut, order)
    assert ("x itself" in words) == (shortcut == "identity")
    assert words.count("3 × 3") == (2 if kind == "basic" else 1)


@pytest.mark.parametrize("wiring_name", drawings.WIRINGS)
@pytest.mark.parametrize("blocks", drawings.COUNTS)
@pytest.mark.once
def test_every_growth_can_be_drawn_inside_its_frame(wiring_name, blocks):
    fig = drawings.draw_growth(wiring_name, blocks)
    low, high = fig.axes[0].get_ylim()
    found = np.log10(drawings.growth(wiring_name, blocks))
    assert low < found.min()
    assert found.max() < high
    assert drawings.say_growth(wiring_name, blocks).startswith(wiring_name)


@pytest.mark.once
def test_results_can_be_drawn():
    moves, probes = {"a": 10.0 ** -np.ones((5, 4))}, {"a": np.ones((5, 3))}
    fig = drawings.draw_first(moves, probes, (0, 1, 9))
    assert [label.get_text() for label in fig.axes[1].get_xticklabels()] == ["0", "1", "9"]
    net = shortcuts.encoder_decoder("sum")
    words = [text.get_text() for text in drawings.draw_skips(net).axes[0].texts]
    assert sum("32 × 32" in word for word in words) == 2
    assert {"skip1", "skip2", "skip3"} < set(words)
    masks = trials_keras.pictures(1, 0)[1]
    band = shortcuts.near_border(masks)
    assert isinstance(drawings.band_on_scene(trials_keras.pictures(1, 0)[0][0], masks[0], band[0]), Figure)
