"""Strategies for labelling pixels: slow twins, equal weights at other strides, and every labelling of a tiny grid."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import backend, models
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.segmentation import (
    dilated,
    exact,
    multiscale,
    refinement,
    smoothing,
    strategies,
    strategy_drawings,
    task,
    trials_strategies,
    unpooling,
)
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy
DICE = np.random.default_rng(0)


def picture(height=64, width=64, count=2, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3)).astype(np.uint8)


# Pooling with places --------------------------------------------------------------------------------------------------


def slow_pool(x):
    n, height, width, channels = x.shape
    best = np.zeros((n, height // 2, width // 2, channels), x.dtype)
    back = np.zeros_like(x)
    for i, r, c, k in np.ndindex(*best.shape):
        window = x[i, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2, k]
        best[i, r, c, k] = window.max()
        row, column = np.unravel_index(window.argmax(), (2, 2))
        back[i, 2 * r + row, 2 * c + column, k] = window.max()
    return best, back


@examples(30)
@given(st.integers(0, 2**31), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_pooling_and_unpooling_equal_their_slow_twins(seed, height, width, channels, ties):
    x = np.random.default_rng(seed).normal(size=(2, 2 * height, 2 * width, channels)).astype("float32")
    x = np.maximum(x, 0) if ties else x  # blocks of nothing but zeros: the first is kept
    best, places = unpooling.pool_with_places(x)
    wanted, back = slow_pool(x)
    assert np.array_equal(to_numpy(best), wanted)
    assert np.array_equal(to_numpy(places).sum(3), np.ones_like(wanted))
    assert np.array_equal(to_numpy(unpooling.unpool(best, places)), back)


def test_pooling_equals_keras():
    x = DICE.normal(size=(2, 6, 8, 3)).astype("float32")
    found = unpooling.PoolWithPlaces()(x)[0]
    assert np.array_equal(to_numpy(found), to_numpy(keras.layers.MaxPooling2D(2)(x)))


@pytest.mark.skipif(backend.name() != "tensorflow", reason="the oracle is TensorFlow's")
def test_places_are_those_of_tensorflow():
    import tensorflow as tf

    x = DICE.normal(size=(1, 6, 8, 3)).astype("float32")
    _, index = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")
    wanted = np.zeros(x.size, "float32")
    wanted[index.numpy().ravel()] = 1.0
    ones = unpooling.unpool(np.ones((1, 3, 4, 3), "float32"), unpooling.pool_with_places(x)[1])
    assert np.array_equal(to_numpy(ones).ravel(), wanted)


def test_the_gradient_flows_only_through_the_kept_places():
    x = DICE.normal(size=(1, 4, 4, 2)).astype("float32")
    _, gradient = backend.value_and_grad(lambda x: keras.ops.sum(unpooling.unpool(*unpooling.pool_with_places(x))))(x)
    assert np.array_equal(gradient != 0, slow_pool(x)[1] != 0)


def test_functions_refuse_what_would_mix_pictures():
    for x in (np.zeros((4, 5, 4, 1), "float32"), np.zeros((4, 4, 1), "float32")):
        with pytest.raises(ValueError, match="even sides"):
            unpooling.pool_with_places(x)
    for places in ((1, 2, 2, 4, 3), (1, 2, 2, 8, 1), (2, 2, 2, 4, 1), (1, 2, 2, 4)):
        with pytest.raises(ValueError, match="need places"):
            unpooling.unpool(np.zeros((1, 2, 2, 1), "float32"), np.zeros(places, "float32"))
    pool = unpooling.PoolWithPlaces()
    pool(np.zeros((4, 4, 4, 1), "float32"))
    with pytest.raises(ValueError, match="even sides"):
        pool(np.zeros((4, 5, 4, 1), "float32"))


def test_layers_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="even sides"):
        unpooling.PoolWithPlaces()(np.zeros((1, 5, 4, 2), "float32"))
    with pytest.raises(ValueError, match="need places"):
        unpooling.Unpool()([np.zeros((1, 2, 2, 3), "float32"), np.zeros((1, 2, 2, 4, 2), "float32")])


# The backbone, with and without its last stride -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair():
    keras.utils.set_random_seed(1)
    strided, dense = (dilated.backbone(0.5, stride, None) for stride in (8, 4))
    for layer in strided.layers:  # running averages that are not those of a new layer
        if "bn" in layer.name:
            layer.set_weights([DICE.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    dense.set_weights(strided.get_weights())
    return strided, dense


@pytest.mark.parametrize("side", [16, 40, 64])
def test_the_same_weights_give_the_same_answers_at_more_places(pair, side):
    strided, dense = (to_numpy(net(picture(side, side))["features"]) for net in pair)
    assert dense.shape[1:3] == (side // 4, side // 4)
    assert np.allclose(dense[:, ::2, ::2], strided, atol=1e-4 * np.abs(strided).max())
    assert not np.allclose(dense[:, 1::2, 1::2], strided, atol=1e-2 * np.abs(strided).max())


def test_without_the_dilation_the_answers_are_others(pair):
    keras.utils.set_random_seed(1)
    strided, dense = pair
    config = dense.get_config()
    for layer in config["layers"]:
        if "dilation_rate" in layer["config"]:
            layer["config"]["dilation_rate"] = (1, 1)
    near = keras.Model.from_config(config)
    near.set_weights(strided.get_weights())
    found, wanted = (to_numpy(net(picture())["features"]) for net in (near, strided))
    assert not np.allclose(found[:, ::2, ::2], wanted, atol=1e-2 * np.abs(wanted).max())


@pytest.mark.parametrize("wrong", [{"stride": 2}, {"width": 0}, {"stride": True}, {"size": 4}, {"size": 12}])
def test_other_backbones_are_refused(wrong):
    with pytest.raises(ValueError, match="Received"):
        dilated.backbone(**wrong)


# Nets -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nets():
    keras.utils.set_random_seed(0)
    return {name: strategies.build(name) for name in strategies.STRATEGIES}


def test_every_net_labels_every_pixel_at_stride_two(nets):
    for net in nets.values():
        assert net.output_shape == (None, 64, 64, len(task.NAMES))
        assert net.get_layer("pixels").input.shape[1:] == (32, 32, 11)
        assert np.isfinite(to_numpy(net(picture()))).all()


def test_costs_are_counted_and_the_framework_agrees(nets):
    for net in nets.values():
        profile = models.profile(net)
        assert profile.uncounted == ()
        assert profile.parameters == net.count_params()
    compared = {"all three"} if keras.backend.backend() == "jax" else {"unpool", "all three"}  # JAX counts comparisons
    for name in compared:
        counted, macs = backend.flops(nets[name], (64, 64, 3)) / 2, models.profile(nets[name]).macs
        assert 0.98 * macs <= counted <= 1.2 * macs, name


@pytest.fixture(scope="module")
def parent():
    keras.utils.set_random_seed(5)
    return strategies.build("plain")


def test_every_net_begins_with_the_answer_of_its_parent(parent):
    wanted = to_numpy(parent(picture()))
    for name in ("pyramid", "ASPP", "second look", "unpool", "dilated", "all three"):
        found = to_numpy(strategies.inherit(strategies.build(name), parent)(picture()))
        assert np.allclose(found, wanted, atol=1e-4) == (name != "dilated"), name


def test_the_dilated_net_begins_with_more_places(parent):
    net = strategies.inherit(strategies.build("dilated"), parent)
    few, many = (to_numpy(keras.Model(one.input, one.get_layer("score").output)(picture())) for one in (parent, net))
    assert np.allclose(many[:, ::2, ::2], few, atol=1e-3)


def test_nets_of_other_widths_are_not_inherited(nets):
    with pytest.raises(ValueError, match="one width"):
        strategies.inherit(strategies.build("plain", 1.0), nets["plain"])


def test_a_net_survives_being_saved(nets, tmp_path):
    nets["unpool"].save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    assert np.allclose(to_numpy(again(picture())), to_numpy(nets["unpool"](picture())), atol=1e-5)


def test_the_scales_share_their_weights(nets):
    more = nets["pyramid"].count_params() - nets["plain"].count_params()
    assert more == (32 + 1) * len(task.NAMES)  # of the scores of the second scale alone
    body, x = nets["pyramid"].get_layer("backbone"), picture().astype("float32")
    found = multiscale.image_pyramid(body, x, (0.5, 1.0))
    half = body(x.reshape(2, 32, 2, 32, 2, 3).mean((2, 4)))
    assert np.allclose(to_numpy(found[0.5]["features"]), to_numpy(half["features"]), atol=1e-3)


def test_scaled_pictures():
    x = picture(8, 8).astype("float32")
    assert multiscale.scaled(x, 1.0) is x
    half = to_numpy(multiscale.scaled(x, 0.5))
    assert np.allclose(half, x.reshape(2, 4, 2, 4, 2, 3).mean((2, 4)), atol=1e-3)
    assert tuple(multiscale.scaled(x, 2.0).shape) == (2, 16, 16, 3)
    with pytest.raises(ValueError, match="scale"):
        multiscale.scaled(x, 3.0)


def test_a_wide_window_on_a_small_map_is_a_point():
    """From a dilation as large as the map on, only the middle tap of a 3 x 3 window still meets the map."""
    x = DICE.normal(size=(1, 8, 8, 3)).astype("float32")
    wide = keras.layers.Conv2D(4, 3, padding="same", dilation_rate=8, use_bias=False)
    found, kernel = to_numpy(wide(x)), wide.get_weights()[0]
    assert np.allclose(found, x @ kernel[1, 1], atol=1e-5)


def test_what_cannot_be_built_is_refused():
    x = keras.Input((8, 8, 4))
    for wrong in ([], 3, [0], (2, 2)):
        with pytest.raises(ValueError, match="Received"):
            multiscale.aspp(x, 8, wrong)
    with pytest.raises(ValueError, match="sides"):
        multiscale.aspp(keras.Input((None, None, 4)), 8)
    for wrong in ((), 0.5, (3.0,)):
        with pytest.raises(ValueError, match="scale"):
            multiscale.image_pyramid(None, x, wrong)
    with pytest.raises(ValueError, match="name"):
        strategies.build("CRF")
    with pytest.raises(ValueError, match="how"):
        strategies.doubled(x, "nearest", 8, "up")
    with pytest.raises(ValueError, match="factor"):
        refinement.enlarged(x, 0, "up")


def test_aspp_lays_the_mean_over_maps_that_are_not_square():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 6, 3))
    net = keras.Model(inputs, multiscale.aspp(inputs, 5))
    spread = keras.Model(inputs, net.get_layer("aspp_spread").output)
    x = DICE.normal(size=(2, 4, 6, 3)).astype("float32")
    assert net.output_shape == (None, 4, 6, 5)
    assert [net.get_layer(f"aspp_{rate}_conv").dilation_rate for rate in (1, 2, 3)] == [(1, 1), (2, 2), (3, 3)]
    found = to_numpy(spread(x))
    assert found.shape[1:3] == (4, 6)
    assert np.allclose(found, found[:, :1, :1])
    point = to_numpy(keras.Model(inputs, net.get_layer("aspp_mean_relu").output)(x.mean((1, 2), keepdims=True) + 0 * x))
    assert np.allclose(found[:, 0, 0], point[:, 0, 0], atol=1e-5)


def test_a_second_look_corrects_any_number_of_classes():
    coarse, fine = keras.Input((6, 8, 3)), keras.Input((6, 8, 4))
    net = keras.Model([coarse, fine], refinement.second_look(coarse, fine, 5))
    x = DICE.normal(size=(1, 6, 8, 3)).astype("float32")
    assert np.allclose(to_numpy(net([x, DICE.normal(size=(1, 6, 8, 4)).astype("float32")])), x)


# Smoothing ------------------------------------------------------------------------------------------------------------


def dense_pulls(image, pull):
    """The matrix of all pairs, written out: the slow twin of `pulls`."""
    height, width = image.shape[:2]
    places = list(itertools.product(range(height), range(width)))
    matrix = np.zeros((len(places),) * 2)
    for (i, p), (j, q) in itertools.product(enumerate(places), repeat=2):
        if i == j or max(abs(p[0] - q[0]), abs(p[1] - q[1])) > pull.radius:
            continue
        colours = (image[p] / 255.0 - image[q] / 255.0) / pull.colour
        apart = ((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2) / pull.near**2 + (colours**2).sum()
        matrix[i, j] = pull.strength * np.exp(-apart / 2)
    return matrix


@examples(25)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(0, 3))
def test_mean_field_equals_its_slow_twin(seed, height, width, radius, steps):
    dice = np.random.default_rng(seed)
    image, logits = picture(height, width, 1, seed)[0], dice.normal(size=(height, width, 3))
    pull = smoothing.Pull(0.8, 0.5, 1.5, radius)
    matrix, shares = dense_pulls(image, pull), smoothing.softmax(logits)
    for _ in range(steps):
        heard = (matrix @ shares.reshape(-1, 3)).reshape(logits.shape)
        shares = smoothing.softmax(logits + heard)
    found = smoothing.mean_field(logits, smoothing.pulls(image, pull), steps)
    assert np.allclose(found, shares, atol=1e-5)
    assert np.allclose(found.sum(-1), 1)


def test_every_pair_pulls_once_and_from_both_sides():
    for radius in (1, 2, 4):
        both = smoothing.offsets(radius) + [(-down, -right) for down, right in smoothing.offsets(radius)]
        assert len(set(both)) == len(both) == (2 * radius + 1) ** 2 - 1


def test_no_strength_no_change_and_a_flat_picture_agrees():
    logits, image = np.random.default_rng(0).normal(size=(6, 7, 4)), picture(6, 7, 1)[0]
    still = smoothing.mean_field(logits, smoothing.pulls(image, smoothing.Pull(0.0)), 5)
    assert np.allclose(still, smoothing.softmax(logits))
    flat = smoothing.pulls(np.zeros((6, 7, 3), np.uint8), smoothing.Pull(5.0))
    logits[..., 1] += 1  # of labels that are as likely as each other, two may share a flat picture
    assert (logits.argmax(-1) != 1).any()
    assert (smoothing.mean_field(logits, flat, 10).argmax(-1) == 1).all()


def test_an_edge_of_colour_stops_the_pull():
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = 255
    logits = np.zeros((8, 8, 2))
    logits[:, 4:, 1], logits[:, :4, 0] = 1.0, 1.0
    logits[3, 3], logits[3, 4] = (0, 0.5), (0.5, 0)  # one wrong pixel on either side of the edge
    found = smoothing.mean_field(logits, smoothing.pulls(image), 5).argmax(-1)
    assert np.array_equal(found, np.repeat([[0, 1]], 8, 0).repeat(4, 1))


@pytest.mark.parametrize("wrong", [{"strength": -1}, {"colour": 0}, {"near": 0}, {"radius": 0}, {"radius": 1.5}])
def test_other_pulls_are_refused(wrong):
    with pytest.raises(ValueError, match="Received"):
        smoothing.pulls(picture(4, 4, 1)[0], smoothing.Pull(**wrong))


def test_pictures_and_logits_that_do_not_fit_are_refused():
    for wrong in (np.zeros((4, 4)), np.zeros((3, 4, 4)), np.full((4, 4, 3), np.nan), np.full((4, 4, 3), 256)):
        with pytest.raises(ValueError, match="Received"):
            smoothing.pulls(wrong)
    with pytest.raises(ValueError, match="Give Pull"):
        smoothing.pulls(picture(4, 4, 1)[0], {"strength": 1.0})
    pulls = smoothing.pulls(picture(4, 4, 1)[0])
    for logits in (np.zeros((4, 5, 3)), np.zeros((4, 4)), np.full((4, 4, 3), np.nan)):
        with pytest.raises(ValueError, match="Received"):
            smoothing.mean_field(logits, pulls, 1)
    with pytest.raises(ValueError, match="Received"):
        smoothing.mean_field(np.zeros((4, 4, 3)), {}, 1)


# Every labelling of a tiny grid ---------------------------------------------------------------------------------------


def tiny(seed, strength=1.0, height=2, width=3, classes=3):
    logits = np.random.default_rng(seed).normal(size=(height, width, classes))
    return logits, smoothing.pulls(picture(height, width, 1, seed)[0], smoothing.Pull(strength, 0.5, 1.5, 2))


def test_two_pixels_by_hand():
    logits, w = np.array([[[1.0, 0.0], [0.0, 0.5]]]), 0.7
    found = exact.every_labelling(logits, {(0, 1): np.array([[w]])})
    weights = np.exp([1 + 0 + w, 1 + 0.5, 0, 0 + 0.5 + w]).reshape(2, 2)  # labels of the first, of the second
    assert np.isclose(found.log_z, np.log(weights.sum()))
    assert np.allclose(found.shares[0, 0], weights.sum(1) / weights.sum())
    assert np.allclose(found.shares[0, 1], weights.sum(0) / weights.sum())
    assert found.best.tolist() == [[0, 0]]


@examples(20)
@given(st.integers(0, 2**31), st.floats(0, 3))
def test_mean_field_stays_below_log_z(seed, strength):
    logits, pulls = tiny(seed, strength)
    found = exact.every_labelling(logits, pulls)
    for shares in (smoothing.mean_field(logits, pulls, 20), smoothing.softmax(logits), exact.in_turn(logits, pulls, 5)):
        assert exact.bound(shares, logits, pulls) <= found.log_z + 1e-6
    assert np.allclose(found.shares.sum(-1), 1)


def test_without_pull_mean_field_is_exact():
    logits, pulls = tiny(3, 0.0)
    found, shares = exact.every_labelling(logits, pulls), smoothing.mean_field(logits, pulls, 1)
    assert np.allclose(found.shares, shares)
    assert np.isclose(exact.bound(shares, logits, pulls), found.log_z)


def test_a_weak_pull_errs_with_its_square():
    """Mean field is right to first order in the strength: half the pull, a quarter of the error."""
    errors = []
    for strength in (0.2, 0.1, 0.05):
        logits, pulls = tiny(4, strength)
        gap = smoothing.mean_field(logits, pulls, 30) - exact.every_labelling(logits, pulls).shares
        errors.append(np.abs(gap).max())
    assert 3 < errors[0] / errors[1] < 5
    assert 3 < errors[1] / errors[2] < 5


@examples(20)
@given(st.integers(0, 2**31), st.floats(0, 3))
def test_in_turn_the_bound_never_falls(seed, strength):
    logits, pulls = tiny(seed, strength)
    climbs = [exact.bound(exact.in_turn(logits, pulls, sweeps), logits, pulls) for sweeps in range(5)]
    assert (np.diff(climbs) >= -1e-6).all()


def test_in_turn_and_at_once_rest_at_the_same_point():
    logits, pulls = tiny(6, 0.3)
    assert np.allclose(exact.in_turn(logits, pulls, 60), smoothing.mean_field(logits, pulls, 60), atol=1e-5)


def test_too_many_labellings_are_refused():
    with pytest.raises(ValueError, match="labellings"):
        exact.every_labelling(np.zeros((4, 4, 3)), smoothing.pulls(picture(4, 4, 1)[0]))


def test_a_grid_refuses_pulls_that_have_as_many_pairs_but_another_shape():
    tall, wide = np.zeros((3, 2, 2)), np.zeros((2, 3, 2))
    pulls = smoothing.pulls(picture(2, 3, 1)[0], smoothing.Pull(radius=1))
    for ask in (
        lambda logits: exact.every_labelling(logits, pulls),
        lambda logits: exact.bound(logits, logits, pulls),
        lambda logits: exact.in_turn(logits, pulls, 1),
    ):
        ask(wide)
        for wrong in (tall, np.full((2, 3, 2), np.nan), np.zeros((2, 3))):
            with pytest.raises(ValueError, match="Received"):
                ask(wrong)
    with pytest.raises(ValueError, match="share for each logit"):
        exact.bound(np.zeros((2, 3, 3)), wide, pulls)


# Trials and drawings --------------------------------------------------------------------------------------------------


def test_thinned_labels_are_one_of_four_and_fair():
    labels = DICE.integers(0, 11, (3, 8, 6)).astype(np.uint8)
    drawn = trials_strategies.thinned(labels, 0)
    assert drawn.shape == (3, 4, 3)
    for i, row, column in np.ndindex(*drawn.shape):
        assert drawn[i, row, column] in labels[i, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    quarter = np.tile(np.array([[1, 0], [0, 0]], np.uint8), (1, 100, 100))
    assert 0.23 < trials_strategies.thinned(quarter, 1).mean() < 0.27
    with pytest.raises(ValueError, match="even sides"):
        trials_strategies.thinned(labels[:, :7], 0)
    with pytest.raises(ValueError, match="even sides"):
        trials_strategies.thinned(labels[0], 0)


def test_training_at_stride_two_trains_the_whole_net(monkeypatch):
    monkeypatch.setitem(trials_strategies.LESSONS, "quick", (16, 1, 8, 1e-3))
    begun = strategies.build("plain")
    before = begun.get_layer("backbone").get_weights()
    net = trials_strategies.gone_on("unpool", begun, 0)
    after = net.get_layer("backbone").get_weights()
    assert not any(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert all(np.array_equal(*pair) for pair in zip(before, begun.get_layer("backbone").get_weights(), strict=True))
    assert 0 <= trials_strategies.pattern(net, picture()) <= 1


def test_smoothed_labels_are_those_of_mean_field():
    logits, images = DICE.normal(size=(2, 8, 8, 11)).astype("float32"), picture(8, 8)
    pulls = smoothing.pulls(images[1], trials_strategies.PULL)
    wanted = smoothing.mean_field(logits[1], pulls, trials_strategies.STEPS).argmax(-1)
    assert np.array_equal(trials_strategies.smoothed(logits, images)[1], wanted)
    assert trials_strategies.smoothed(logits[:0], images[:0]).shape == (0, 8, 8)


@pytest.mark.parametrize(("scene", "net"), [(1, "plain"), (2, "plain"), (3, "all three"), (4, "plain")])
@pytest.mark.once
def test_answers_can_be_drawn(scene, net):
    check_figure(strategy_drawings.answered(scene, net))
    check_alt(strategy_drawings.say_answered(scene, net))


@pytest.mark.parametrize("scene", range(1, strategy_drawings.SMOOTH + 1))
@pytest.mark.once
def test_every_smoothing_can_be_drawn(scene):
    for strength, steps in itertools.product(strategy_drawings.STRENGTHS, strategy_drawings.STEPS):
        check_figure(strategy_drawings.smoothed(scene, strength, steps))
        check_alt(strategy_drawings.say_smoothed(scene, strength, steps))


@pytest.mark.once
def test_the_other_pictures_can_be_drawn():
    runs = {f"{name}_mean_iou": DICE.uniform(0.5, 0.6, 5) for name in strategy_drawings.COMPARED}
    for fig in (
        strategy_drawings.price(runs, {"plain": 2.0, "all three": 9.0}),
        strategy_drawings.taps(8, (1, 6), (4, 3)),
        strategy_drawings.put_back(DICE.integers(0, 9, (4, 4)), np.ones((2, 2))),
        strategy_drawings.pulled_by(picture(64, 64, 1)[0], (3, 60), smoothing.USUAL),
    ):
        check_figure(fig)


def test_drawings_refuse_what_is_not_there():
    with pytest.raises(ValueError, match="scene"):
        strategy_drawings.answered(0, "plain")
    with pytest.raises(ValueError, match="net"):
        strategy_drawings.answered(1, "fcn")
    with pytest.raises(ValueError, match="name"):
        trials_strategies.stored("fcn")


def test_wrong_pixels_are_marked():
    image, truth = picture(4, 4, 1)[0], np.zeros((4, 4), int)
    said = truth.copy()
    said[1, 2] = 3
    colours = strategy_drawings.marked(image, truth, said)
    grey = np.isclose(colours[..., 0], colours[..., 2])
    assert not grey[1, 2]
    assert grey.sum() == 15
