"""Capsules: routing against its slow twin, gradients against a ruler, losses against loops, layers saved and loaded."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure

from cvnotes import backend, capsules, data, experiments
from cvnotes.capsules import agreement, drawings, layers, losses, measures, nets, parts, play, squashing, trials, twin
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


# Squash -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.floats(1e-4, 1e6))
@examples(20)
def test_squash_keeps_the_direction_and_the_length_follows_the_formula(seed, scale):
    s = noise(3, 5, seed=seed) * np.float32(scale)
    v, long = array(squashing.squash(s)), np.linalg.norm(s.astype(float), axis=-1)
    np.testing.assert_allclose(np.linalg.norm(v, axis=-1), long**2 / (1 + long**2), rtol=1e-5)
    np.testing.assert_allclose(v / np.linalg.norm(v, axis=-1, keepdims=True), s / long[:, None], atol=1e-5)
    np.testing.assert_allclose(v, [twin.squash_slow(row.astype(float)) for row in s], rtol=1e-5)


def test_squash_at_known_lengths_and_along_another_axis():
    at = np.array([0.5, 1, 3, 10])
    np.testing.assert_allclose(drawings.squashed_lengths(at), [0.2, 0.5, 0.9, 100 / 101], rtol=1e-6)
    s = noise(4, 3)
    np.testing.assert_allclose(array(squashing.lengths(ops.convert_to_tensor(s))), np.linalg.norm(s, axis=1), rtol=1e-6)
    np.testing.assert_allclose(array(squashing.squash(s.T, axis=0)), array(squashing.squash(s)).T, rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-9])
def test_squash_of_nothing_is_nothing_with_a_finite_gradient(scale):
    s = np.full((2, 4), scale, "float32")
    value, slope = backend.value_and_grad(lambda x: ops.sum(squashing.squash(x)))(s)
    assert abs(value) < 1e-12
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() < 1e-5
    long, slope = backend.value_and_grad(lambda x: ops.sum(squashing.lengths(x)))(s)
    assert (long == 0) == (scale < 1e-20)
    assert np.isfinite(slope).all()
    half = array(squashing.squash(ops.cast(s, "float16")))
    assert half.dtype == np.float16
    assert np.isfinite(half).all()


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision_does_not_overflow(kind):
    """The square of 300 is no number of 16 bits."""
    s = ops.cast(np.array([[300.0, 0], [3, 4]]), kind)
    assert keras.backend.standardize_dtype(squashing.lengths(s).dtype) == kind
    np.testing.assert_allclose(array(ops.cast(squashing.lengths(s), "float32")), [300, 5], rtol=0.01)
    v = array(ops.cast(squashing.squash(s), "float32"))
    np.testing.assert_allclose(v, [[1, 0], [25 / 26 * 0.6, 25 / 26 * 0.8]], rtol=0.01)


def test_whole_numbers_and_lists_are_vectors_too():
    for s in ([[3, 4]], np.array([[3, 4]]), np.array([[3, 4]], "uint8"), np.array([[3.0, 4.0]])):
        np.testing.assert_allclose(array(squashing.lengths(s)), [5], rtol=1e-6)
        np.testing.assert_allclose(array(squashing.squash(s)), [[15 / 26, 20 / 26]], rtol=1e-6)
    votes = np.random.default_rng(0).integers(-3, 4, (2, 3, 4, 5))
    wanted = array(capsules.route(votes.astype("float32"))[0])
    for each in (votes, votes.tolist()):
        np.testing.assert_allclose(array(capsules.route(each)[0]), wanted)


def test_both_slopes_of_squash_are_those_of_the_formula():
    at = np.linspace(0.05, 4, 40)
    along, across = drawings.slopes(at)
    np.testing.assert_allclose(along, 2 * at / (1 + at**2) ** 2, atol=2e-6)
    np.testing.assert_allclose(across, at / (1 + at**2), atol=2e-6)


# Routing ------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(2, 5), st.integers(1, 4), st.integers(1, 6))
@examples(12)
def test_routing_is_its_slow_twin(seed, many, wholes, numbers, rounds):
    """Both route the same votes: rounds of agreement magnify what the votes were rounded by."""
    u, w = (noise(*shape, seed=seed + i) for i, shape in enumerate([(2, many, 3), (many, wholes, numbers, 3)]))
    votes = capsules.votes(u, w)
    np.testing.assert_allclose(array(votes), twin.votes_slow(u.astype(float), w.astype(float)), atol=2e-6)
    for kind in ("float32", "float64"):
        votes = capsules.votes(u.astype(kind), w.astype(kind))
        told = [twin.route_slow(one, rounds) for one in array(votes).astype(float)]
        routed = map(array, capsules.route(votes, rounds))
        for found, wanted, single in zip(routed, zip(*told, strict=True), (2e-6, 5e-6), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-9 if found.dtype == float else single)


def test_shares_add_up_over_the_wholes_and_not_over_the_parts():
    """The softmax runs over output capsules; over the parts it would say who is listened to, another algorithm."""
    v, c = capsules.route(3 * noise(4, 5, 7, 2), 3)
    np.testing.assert_allclose(array(c).sum(1), 1, rtol=1e-5)
    assert np.abs(array(c).sum(2) - 1).mean() > 0.2
    assert np.all(np.linalg.norm(array(v), axis=-1) < 1)


def test_one_round_is_the_squashed_mean():
    votes = noise(2, 4, 6, 3)
    v, c = capsules.route(votes, 1)
    np.testing.assert_allclose(array(c), 0.25)
    np.testing.assert_allclose(array(v), array(squashing.squash(votes.sum(2) / 4)), atol=1e-6)


def test_order_of_parts_and_of_wholes_does_not_matter():
    votes, rows = noise(2, 4, 6, 3), np.random.default_rng(1).permutation(6)
    v, c = capsules.route(votes, 3)
    w, d = capsules.route(votes[:, ::-1][:, :, rows], 3)
    np.testing.assert_allclose(array(w), array(v)[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(array(d), array(c)[:, ::-1][:, :, rows], atol=1e-6)


def ruler(fn, x, step=1e-6):
    """Central differences of a function of a float64 array."""
    slope = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        high, low = x.copy(), x.copy()
        high[place] += step
        low[place] -= step
        slope[place] = (fn(high) - fn(low)) / (2 * step)
    return slope


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_gradients_through_routing_are_finite_differences(rounds):
    """With the couplings held, the ruler holds them too; through them, it moves them."""
    votes, weight = noise(1, 3, 4, 2), np.random.default_rng(3).normal(size=(3, 2))
    _, c = twin.route_slow(votes[0].astype(float), rounds)

    def through(x):
        return float((twin.route_slow(x, rounds)[0] * weight).sum())

    def held(x):
        return float(sum(twin.squash_slow(c[j] @ x[j]) @ weight[j] for j in range(3)))

    for flag, fn in ((True, through), (False, held)):

        def loss(x, flag=flag):
            return ops.sum(capsules.route(x, rounds, flag)[0] * ops.convert_to_tensor(weight, dtype="float32"))

        _, slope = backend.value_and_grad(loss)(votes)
        np.testing.assert_allclose(slope[0], ruler(fn, votes[0].astype(float)), atol=2e-5)
    assert (np.abs(ruler(through, votes[0].astype(float)) - ruler(held, votes[0].astype(float))).max() > 1e-3) == (
        rounds > 1
    )


def test_gradients_of_the_weights_are_finite_differences():
    u, w = noise(2, 3, 2), noise(3, 2, 2, 2, seed=1)

    def slow(x):
        return sum(float(twin.route_slow(one, 3)[0].sum()) for one in twin.votes_slow(u.astype(float), x))

    _, slope = backend.value_and_grad(lambda x: ops.sum(capsules.route(capsules.votes(u, x), 3, True)[0]))(w)
    np.testing.assert_allclose(slope, ruler(slow, w.astype(float)), atol=3e-5)


def test_entropy_from_equal_shares_to_one_choice():
    even, sure = np.full((1, 4, 2), 0.25), np.eye(4)[None, :, :2]
    np.testing.assert_allclose(capsules.entropy(even), 1)
    np.testing.assert_allclose(capsules.entropy(sure), 0)
    half = np.array([0.5, 0.5, 0, 0])[None, :, None]
    np.testing.assert_allclose(capsules.entropy(half), 0.5)


def test_entropy_falls_round_by_round_where_parts_agree():
    told = [capsules.entropy(play.after(rounds, 0)[1][None]).mean() for rounds in range(1, 8)]
    assert all(later < sooner for sooner, later in itertools.pairwise(told))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: capsules.route(noise(2, 3, 4)), "votes must be"),
        (lambda: capsules.route(noise(1, 2, 3, 4), 0), "rounds must be at least 1"),
        (lambda: capsules.route(noise(1, 2, 3, 4), True), "rounds must be"),
        (lambda: capsules.route(noise(1, 2, 3, 4), 3, "no"), "through must be one of False, True"),
        (lambda: capsules.votes(noise(2, 4, 3), noise(5, 3, 2, 3)), r"weights \(i, j, d, k\)"),
        (lambda: capsules.votes(noise(2, 4, 3), noise(4, 3, 2, 4)), r"weights \(i, j, d, k\)"),
        (lambda: capsules.votes(noise(4, 3), noise(4, 3, 2, 3)), r"weights \(i, j, d, k\)"),
        (lambda: capsules.entropy(np.ones((1, 3, 2))), "sums of 1 over j"),
        (lambda: capsules.entropy(np.ones((1, 1, 2))), "j > 1"),
        (lambda: play.voted(-1), "spread must be"),
    ],
)
def test_routing_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Losses -------------------------------------------------------------------------------------------------------------


def margin_slow(truth, long):
    """The paper's equation 4, one class after the other."""
    total = 0.0
    for t, v in zip(truth, long, strict=True):
        total += t * max(0, 0.9 - v) ** 2 + 0.5 * (1 - t) * max(0, v - 0.1) ** 2
    return total


def test_margin_loss_is_its_slow_twin_and_squared():
    dice = np.random.default_rng(0)
    labels, long = dice.integers(0, 5, 30), dice.uniform(0, 1, (30, 5)).astype("float32")
    wanted = [margin_slow(row, v) for row, v in zip(np.eye(5)[labels], long.astype(float), strict=True)]
    np.testing.assert_allclose(array(capsules.margin_loss(labels, long)), wanted, rtol=1e-5)
    np.testing.assert_allclose(array(capsules.margin_loss(np.eye(5)[labels], long)), wanted, rtol=1e-5)
    two = np.array([[1, 1, 0]])
    assert float(capsules.margin_loss(two, np.float32([[0.9, 0.9, 0.1]]))[0]) == pytest.approx(0, abs=1e-12)
    assert float(capsules.margin_loss(two, np.float32([[0.7, 0.9, 0.5]]))[0]) == pytest.approx(0.04 + 0.08, rel=1e-5)


def test_margin_loss_has_the_gradient_of_its_formula():
    long, labels = np.float32([[0.3, 0.95, 0.05, 0.6]]), ops.convert_to_tensor(np.array([0]))
    _, slope = backend.value_and_grad(lambda x: ops.sum(capsules.margin_loss(labels, x)))(long)
    np.testing.assert_allclose(slope, [[-2 * 0.6, 0.85, 0, 0.5]], rtol=1e-5)


def test_reconstruction_loss_adds_up_all_pixels():
    x, y = noise(3, 4, 5, 2), noise(3, 4, 5, 2, seed=1)
    np.testing.assert_allclose(array(capsules.reconstruction_loss(x, y)), ((x - y) ** 2).sum((1, 2, 3)), rtol=1e-5)
    dark, light = np.full((1, 2, 2, 1), 10, "uint8"), np.full((1, 2, 2, 1), 200, "uint8")
    assert float(array(capsules.reconstruction_loss(dark, light))[0]) == 4 * 190**2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: capsules.margin_loss(np.zeros((2, 3)), np.zeros((2, 4), "float32")), "labels must be"),
        (lambda: capsules.margin_loss(np.zeros(2), np.zeros(2, "float32")), "labels must be"),
        (lambda: capsules.margin_loss([0], np.zeros((1, 4), "float32"), present=0.1, absent=0.9), "absent must be"),
        (lambda: capsules.margin_loss([0], np.zeros((1, 4), "float32"), down=-1), "down must be"),
        (lambda: capsules.reconstruction_loss(noise(2, 3), noise(2, 4)), "one shape"),
        (lambda: capsules.reconstruction_loss(noise(1, 3), noise(2, 3)), "one shape"),
        (lambda: capsules.margin_loss([0, 4], noise(2, 4)), "whole numbers from 0 to 3"),
        (lambda: capsules.margin_loss(np.array([0, -1]), noise(2, 4)), "whole numbers from 0 to 3"),
        (lambda: capsules.margin_loss([0, 0.5], noise(2, 4)), "whole numbers from 0 to 3"),
        (lambda: capsules.margin_loss([0, np.nan], noise(2, 4)), "whole numbers from 0 to 3"),
        (lambda: capsules.margin_loss([[1, 2, 0]], noise(1, 3)), "rows of numbers from 0 to 1"),
        (lambda: capsules.margin_loss([0], noise(2, 4)), "labels must be"),
        (lambda: capsules.margin_loss([0, 1], noise(1, 4)), "labels must be"),
        (lambda: capsules.margin_loss(np.eye(4)[:1], noise(2, 4)), "labels must be"),
    ],
)
def test_losses_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Layers -------------------------------------------------------------------------------------------------------------


def test_primary_capsules_are_a_convolution_grouped_and_squashed():
    layer, x = capsules.PrimaryCapsules(3, 4, 3, 2), noise(2, 9, 8, 5)
    got = array(layer(x))
    assert got.shape == layer.compute_output_shape(x.shape) == (2, 4 * 3 * 3, 4)
    maps = array(layer.maps(x))
    np.testing.assert_allclose(got[1, (2 * 3 + 1) * 3 + 2], twin.squash_slow(maps[1, 2, 1, 8:12]), atol=1e-6)


def test_capsules_vote_and_route_as_the_twin():
    layer, u = capsules.Capsules(4, 5, rounds=3), noise(2, 6, 3)
    v = array(layer(u))
    assert v.shape == layer.compute_output_shape(u.shape) == (2, 4, 5)
    assert [tuple(w.shape) for w in layer.weights] == [(6, 4, 5, 3)]
    slow = twin.votes_slow(u.astype(float), array(layer.kernel).astype(float))
    np.testing.assert_allclose(v, [twin.route_slow(one, 3)[0] for one in slow], atol=1e-6)
    np.testing.assert_allclose(array(layer.settle(u, 1)[1]), 0.25)


@pytest.mark.parametrize("through", [False, True])
def test_capsules_pass_gradients_through_couplings_if_told(through):
    layer, u = capsules.Capsules(3, 4, rounds=3, through=through, initializer="he_normal"), 3 * noise(2, 6, 3)
    weight = noise(2, 3, 4, seed=1)
    layer(u)
    slopes = {
        flag: backend.value_and_grad(
            lambda x, f=flag: ops.sum(ops.multiply(weight, capsules.route(layer.votes(x), 3, f)[0]))
        )(u)[1]
        for flag in (False, True)
    }
    found = backend.value_and_grad(lambda x: ops.sum(ops.multiply(weight, layer(x))))(u)[1]
    np.testing.assert_allclose(found, slopes[through], atol=1e-5)
    assert np.abs(slopes[False] - slopes[True]).max() > 1e-2


def test_primary_capsules_come_back_from_their_settings():
    layer = capsules.PrimaryCapsules(3, 4, (3, 2), (2, 1), padding="same")
    again = capsules.PrimaryCapsules.from_config(layer.get_config())
    shape = (None, 9, 8, 5)
    assert again.compute_output_shape(shape) == layer.compute_output_shape(shape) == (None, 5 * 8 * 3, 4)


def test_chosen_keeps_one_capsule():
    layer, v = capsules.Chosen(), noise(3, 4, 2)
    longest = np.linalg.norm(v, axis=-1).argmax(1)
    for labels in (longest, np.eye(4)[longest], None):
        row = array(layer(v, labels)).reshape(3, 4, 2)
        for n, one in enumerate(row):
            np.testing.assert_allclose(one[longest[n]], v[n, longest[n]])
            assert np.abs(np.delete(one, longest[n], 0)).max() == 0
    np.testing.assert_allclose(array(capsules.Lengths()(v)), np.linalg.norm(v, axis=-1), rtol=1e-6)


def test_a_saved_capsnet_says_the_same(tmp_path):
    net = trials.small_capsnet(rounds=2, through=True, initializer="he_normal", share=0.01)
    x = parts.digits().test_images[:5]
    net.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(array(again(x)), array(net(x)), atol=1e-6)
    np.testing.assert_allclose(array(again.redraw(again(x))), array(net.redraw(net(x))), atol=1e-6)
    assert (again.share, again.encoder.get_layer("classes").through) == (0.01, True)
    for layer in net.encoder.layers[1:]:
        assert layer.from_config(layer.get_config()).get_config() == layer.get_config()


def test_layers_can_be_built_without_computing():
    """`Lengths` and `Chosen` inside a functional model, with symbolic labels."""
    v, labels = keras.Input((4, 2)), keras.Input((4,))
    net = keras.Model([v, labels], [layers.Lengths()(v), layers.Chosen()(v, labels)])
    assert [tuple(out.shape) for out in net.outputs] == [(None, 4), (None, 8)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: capsules.PrimaryCapsules(0, 4), "channels must be"),
        (lambda: capsules.PrimaryCapsules(2, 4)(noise(2, 9, 9)), "maps"),
        (lambda: capsules.Capsules(4, True), "dimension must be"),
        (lambda: capsules.Capsules(4, 4, rounds=0), "rounds must be"),
        (lambda: capsules.Capsules(4, 4, through="no"), "through must be one of False, True"),
        (lambda: trials.small_capsnet(decoder=8), "decoder must be a list of widths"),
        (lambda: nets.said(trials.small_capsnet(), noise(1, 16, 16, 1), batch=0), "batch must be at least 1"),
        (lambda: capsules.Capsules(4, 4)(noise(2, 9)), "Parts must be"),
        (lambda: capsules.Chosen()(noise(2, 4, 3), np.zeros((2, 3))), "labels must be"),
        (lambda: capsules.capsnet((28, 28)), "input_shape is"),
        (lambda: capsules.capsnet((16, 16, 1), classes=0), "classes must be"),
        (lambda: nets.CapsNet(keras.Sequential([keras.Input((2, 2))])).redraw(noise(1, 2, 2)), "no decoder"),
    ],
)
def test_layers_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Nets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decoder", "count"), [((512, 1024), 8_215_568), (None, 6_804_224)])
def test_the_published_net_has_the_published_number_of_weights(decoder, count):
    with backend.unallocated():
        net = capsules.capsnet(decoder=decoder)
        assert net.encoder.get_layer("primary").output.shape[1:] == (1152, 8)
        assert net.encoder.get_layer("classes").output.shape[1:] == (10, 16)
    assert net.count_params() == count


def test_the_loss_is_margin_plus_a_share_of_the_reconstruction():
    net, x, y = trials.small_capsnet(share=0.01), parts.digits().test_images[:6], np.arange(6)
    net.decoder.set_weights([40 * w for w in net.decoder.get_weights()])
    v = net(x)
    margin = array(losses.margin_loss(y, squashing.lengths(v))).mean()
    drawn = array(net.redraw(v, ops.convert_to_tensor(y)))
    assert np.abs(drawn - array(net.redraw(v))).max() > 0.01  # not of the longest capsule
    wanted = margin + 0.01 * ((x - drawn) ** 2).sum((1, 2, 3)).mean()
    assert float(array(net.compute_loss(x, ops.convert_to_tensor(y), v))) == pytest.approx(wanted, rel=1e-5)


def test_a_short_training_learns_and_routing_has_no_weights():
    net = trials.small_capsnet(channels=2)
    d = parts.digits()
    told = experiments.fit(
        net, d.train_images[:320], d.train_labels[:320], epochs=8, batch=32, rate=4e-3, seed=0, loss=net.compute_loss
    )
    assert told["loss"][-1] < 0.6 * told["loss"][0]
    assert np.mean(nets.said(net, d.test_images).argmax(1) == d.test_labels) > 0.4
    long, shares = nets.settled(net, d.test_images[:3], 2)
    assert (long.shape, shares.shape) == ((3, 10), (3, 10, 32))
    told = [twin.route_slow(votes, 2)[1] for votes in nets.heard(net, d.test_images[:3])]
    np.testing.assert_allclose(shares, told, atol=1e-5)
    np.testing.assert_allclose(nets.settled(net, d.test_images[:3])[0], nets.said(net, d.test_images[:3]), atol=1e-6)
    assert nets.said(net, d.test_images[:0]).shape == (0, 10)
    assert [part.shape for part in nets.settled(net, d.test_images[:0])] == [(0, 10), (0, 10, 32)]
    assert nets.heard(net, d.test_images[:0]).shape == (0, 10, 32, 8)
    np.testing.assert_allclose(nets.said(net, d.test_images[:5], batch=2), nets.said(net, d.test_images[:5]), atol=1e-6)
    assert trials.small_capsnet(rounds=1).count_params() == trials.small_capsnet(rounds=5).count_params()


# Parts --------------------------------------------------------------------------------------------------------------


def test_apart_leaves_every_pixel_and_room_around_it():
    x = noise(2, 6, 8, 1)
    wide = parts.apart(x, 2)
    assert wide.shape == (2, 14, 16, 1)
    np.testing.assert_array_equal(wide[:, 2:5, 2:6], x[:, :3, :4])
    np.testing.assert_array_equal(wide[:, 9:12, 10:14], x[:, 3:, 4:])
    assert wide[:, 5:9].any() == wide[:, :, 6:10].any() == np.False_
    np.testing.assert_array_equal(parts.apart(x, 0), x)


def test_scrambling_moves_quarters_and_can_be_undone():
    x = noise(3, 4, 4, 1)
    there = parts.scrambled(x, (3, 0, 1, 2))
    np.testing.assert_array_equal(there[:, :2, :2], x[:, 2:, 2:])
    np.testing.assert_array_equal(parts.scrambled(there, np.argsort((3, 0, 1, 2))), x)
    rows = parts.orders(50, 0)
    assert not np.any(np.all(rows == range(4), axis=1))
    assert len(np.unique(rows, axis=0)) > 10
    np.testing.assert_array_equal(parts.scrambled(x, rows[:3])[1], parts.scrambled(x[1:2], rows[1])[0])
    assert parts.scrambled(x[:0], parts.orders(0, 0)).shape == (0, 4, 4, 1)


def test_what_a_reader_sees_moves_with_the_quarters():
    """The filters of both readers, and the primary capsules, see one quarter at a time, also with biases."""
    x, order = parts.digits().test_images[:4], (2, 3, 1, 0)
    moved = parts.scrambled(x, order)
    keras.utils.set_random_seed(0)
    for head, name in (("local", "pool2"), ("global", "mixed")):
        net = trials.reader(head, 10)
        net.set_weights([w + 0.1 for w in net.get_weights()])
        maps = keras.Model(net.input, net.get_layer(name).output)
        np.testing.assert_allclose(array(maps(moved)), parts.scrambled(array(maps(x)), order), atol=1e-5)
    net = trials.small_capsnet()
    net.set_weights([w + 0.05 for w in net.get_weights()])
    below = keras.Model(net.encoder.input, net.encoder.get_layer("primary").output)
    there, here = (array(below(pictures)).reshape(4, 4, 4, 64) for pictures in (moved, x))
    np.testing.assert_allclose(there, parts.scrambled(here, order), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: parts.apart(noise(2, 5, 4, 1)), "even sides"),
        (lambda: parts.apart(noise(4, 4)), "even sides"),
        (lambda: parts.apart(noise(1, 4, 4, 1), -1), "margin must be"),
        (lambda: parts.scrambled(noise(1, 4, 4, 1), (0, 1, 2, 2)), "order must hold"),
        (lambda: parts.scrambled(noise(3, 4, 4, 1), parts.orders(2, 0)), "order must hold"),
        (lambda: parts.scrambled(noise(3, 4, 4, 1), np.arange(4.0)), "order must hold"),
        (lambda: parts.joined(noise(2, 3, 2, 2, 1)), "Quarters must be"),
        (lambda: parts.turned_inside(noise(2, 3, 4, 1)), "even sides"),
    ],
)
def test_parts_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Measures and trials ------------------------------------------------------------------------------------------------


def test_places_that_a_pool_tells_apart():
    assert [measures.told_apart(*sizes) for sizes in ((1, 1), (2, 2), (4, 4), (3, 1), (8, 8))] == [64, 16, 4, 64, 1]
    assert 16 < measures.told_apart(3, 2) < 64


def test_a_global_maximum_does_not_move_with_a_shift_and_pixels_do():
    inputs = keras.Input((16, 16, 1))
    seen = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    stages = {
        "pixels": keras.Model(inputs, inputs),
        "top": keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(seen)),
    }
    found = measures.changes(stages, trials.canvas().test_images[:20])
    assert found["top"]["shift 1 pixel"] < 1e-6 < 0.3 < found["pixels"]["shift 1 pixel"]
    assert found["top"]["turn 10°"] > 0.01


def test_equivariance_is_exact_for_a_convolution_and_for_whole_strides_of_a_pool():
    stages, x = trials.stages(), trials.canvas().test_images[:20]
    assert measures.unlike(stages["convolution"], x, 1, 1) < 1e-6
    assert measures.unlike(stages["max pool 2 × 2"], x, 2, 1) < 1e-6
    assert min(measures.unlike(stages["max pool 2 × 2"], x, 1, cells) for cells in (0, 1)) > 0.1
    for pixels, cells, words in ((-1, -1, "pixels must be"), (1, -1, "cells must be"), (16, 16, "less than the map")):
        with pytest.raises(ValueError, match=words):
            measures.unlike(stages["convolution"], x, pixels, cells)


def test_pools_and_stride_of_nets_that_are_known():
    assert measures.pools_and_stride(trials.convnet()) == [2, 1]
    assert measures.pools_and_stride(trials.small_capsnet().encoder) == [0, 2]
    assert measures.pools_and_stride(trials.reader("global", 10)) == [1, 1]


def test_a_canvas_holds_the_digits_of_its_labels_in_the_middle():
    wide, d = trials.canvas(), data.digits(12)
    for part in ("train", "test"):
        pictures = getattr(wide, f"{part}_images")
        np.testing.assert_array_equal(pictures[:, 2:-2, 2:-2], getattr(d, f"{part}_images"))
        np.testing.assert_array_equal(getattr(wide, f"{part}_labels"), getattr(d, f"{part}_labels"))
        assert pictures.shape[1:] == (16, 16, 1)
        assert np.count_nonzero(pictures) == np.count_nonzero(pictures[:, 2:-2, 2:-2])


def test_training_digits_are_turned_up_to_a_right_angle(monkeypatch):
    angles, dice = [], np.random.default_rng(0)
    monkeypatch.setattr(trials, "rotate", lambda images, angle: angles.append(angle) or images)
    for _ in range(300):
        trials.turned(noise(1, 2, 2, 1), dice)
    assert -90 <= min(angles) < -80
    assert 80 < max(angles) <= 90


def test_turning_windows_inside_keeps_their_maxima():
    x = noise(2, 6, 4, 1)
    there = parts.turned_inside(x)
    assert there[1, 2, 3, 0] == x[1, 3, 2, 0]
    np.testing.assert_array_equal(parts.turned_inside(x.tolist()), there)
    assert (
        measures.moved_by(keras.layers.MaxPooling2D(2), x, there)
        == 0
        < measures.moved_by(keras.layers.Identity(), x, there)
    )


def test_reliability_sorts_into_bins():
    count, true, total = measures.reliability([0.05, 0.92, 0.98, 1.0], [0, 1, 1, 0])
    assert count.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert true[-1] == 2
    assert total[-1] == pytest.approx(2.9)
    assert measures.calibration_gap(count, true, total) == pytest.approx((0.05 + 0.9) / 4)
    dice = np.random.default_rng(0)
    sure = dice.uniform(0, 1, 200_000)
    assert measures.calibration_gap(*measures.reliability(sure, dice.uniform(0, 1, 200_000) < sure)) < 0.005
    bad_ones = ([0.5], [1, 0]), ([1.2], [1]), ([np.nan], [1]), ([0.5], [np.nan]), ([0.5], [3]), ([[0.5]], [1])
    for bad in bad_ones:
        with pytest.raises(ValueError, match="truth, 1 or 0, for each length"):
            measures.reliability(*bad)
    for bad in (([0], [0], [0]), ([1, 2], [1], [1, 1])):
        with pytest.raises(ValueError, match="at least one statement"):
            measures.calibration_gap(*bad)


def test_towards_and_cosine():
    c = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(measures.towards(c, [2, 0]), [c[0, 2], c[1, 0]])
    assert measures.cosine([np.ones(2), np.ones(1)], [np.ones(2), -np.ones(1)]) == pytest.approx(1 / 3)
    for classes in ([2, 3], [2, -1], [2], [2.0, 0.0]):
        with pytest.raises(ValueError, match="one class each"):
            measures.towards(c, classes)
    for other in (np.zeros(2), np.ones(3)):
        with pytest.raises(ValueError, match="not zero"):
            measures.cosine([np.ones(2)], [other])


def test_weight_gradients_are_those_of_the_loss():
    net = trials.small_capsnet(channels=1, decoder=(4,))
    x, y = parts.digits().train_images[:8], parts.digits().train_labels[:8]
    slopes = measures.weight_gradient(net, x, y)
    assert [s.shape for s in slopes] == [tuple(v.shape) for v in net.trainable_variables]
    labels = ops.convert_to_tensor(y)

    def loss():
        return float(array(net.compute_loss(ops.convert_to_tensor(x), labels, net(x))))

    weights, before = net.get_weights(), loss()
    step = 0.02 / np.sqrt(sum((s**2).sum() for s in slopes))
    net.set_weights([w - step * s for w, s in zip(weights, slopes, strict=True)])
    assert loss() - before == pytest.approx(-0.02 * (0.02 / step), rel=0.2)


def test_the_stored_results_are_complete():
    for name in trials.STORED:
        assert experiments.record("capsules", name)["version"] == getattr(trials, name).version
        assert all(len(values) == 5 for values in experiments.load("capsules", name).values())


def test_a_global_head_cannot_tell_the_order():
    """Whatever it learned: both orders of one digit give it the same features."""
    digits = parts.digits().test_images[:60]
    x, y = trials.both_orders(digits, 0)
    np.testing.assert_array_equal(x[y == 0], digits)
    assert (x[y == 1] != digits).any((1, 2, 3)).all()
    net = trials.reader("global", 2)
    said = array(net(x)).argmax(1)
    assert np.mean(said == y) == 0.5


# Drawings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", play.SPREADS)
@pytest.mark.parametrize("rounds", play.ROUNDS)
@pytest.mark.once
def test_every_frame_is_drawn_and_said(rounds, spread):
    assert isinstance(play.draw_votes(rounds, spread), Figure)
    assert play.say_votes(rounds, spread).startswith(f"Round {rounds}, spread {spread:g}°")


def test_what_the_frames_show_is_true():
    """Parts that agree go together; the more they differ, the shorter the whole."""
    house = [play.after(10, spread)[1][0, :5].mean() for spread in play.SPREADS]
    assert house[0] > 0.9
    assert house[-1] < house[0]
    long = [np.linalg.norm(play.after(3, spread)[0][0]) for spread in play.SPREADS]
    assert long[0] > long[-1]


@pytest.mark.once
def test_pictures_are_figures():
    dice = np.random.default_rng(0)
    c = dice.dirichlet(np.ones(4), 6).T
    bins = measures.reliability(dice.uniform(0, 1, 99), dice.uniform(0, 1, 99) < 0.5)
    stored = {name: dice.uniform(size=(5, 3)) for name in ("entropy", "joined", "scrambled_joined")}
    figures = [
        drawings.squash_curves(),
        drawings.margin_curves(),
        drawings.shares_by_place([c, c], ["a", "b"], 2),
        drawings.settling(stored, (1, 3, 10)),
        drawings.reliable(*(part[None] for part in bins)),
    ]
    assert all(isinstance(one, Figure) for one in figures)


def test_names_of_the_room():
    assert set(capsules.__all__) <= set(dir(capsules))
    assert capsules.route is agreement.route
    assert capsules.CapsNet is nets.CapsNet
