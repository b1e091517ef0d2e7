"""Activations: layers against twins and saved copies, slopes against a ruler, and the two weights on their way."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.figure import Figure
from scipy.special import expit
from scipy.stats import norm

from cvnotes import activations, backend, experiments
from cvnotes.activations import drawings, kinds, play, signs, tables, trials, units, zigzag
from cvnotes.activations.layers import Maxout, MaxoutConv2D, RReLU, largest
from tests.examples import examples

X = np.linspace(-4, 4, 33).astype("float32")
FORMULAS = {
    "sigmoid": expit,
    "tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "leaky ReLU": lambda x: np.where(x < 0, 0.01 * x, x),
    "PReLU": lambda x: np.where(x < 0, 0.25 * x, x),
    "RReLU": lambda x: np.where(x < 0, (1 / 8 + 1 / 3) / 2 * x, x),
    "ELU": lambda x: np.where(x < 0, np.expm1(x), x),
    "GELU": lambda x: x * norm.cdf(x),
    "SiLU": lambda x: x * expit(x),
}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


# Kinds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_answers_equal_the_formula_and_slopes_a_ruler(kind):
    """Away from the bend at 0 the slope is the finite difference of the formula in double precision."""
    layer, formula = kinds.make(kind), FORMULAS[kind]
    np.testing.assert_allclose(kinds.answers(layer, X), formula(X.astype(float)), atol=2e-6)
    x = X[np.abs(X) > 0.01].astype(float)
    ruler = (formula(x + 1e-5) - formula(x - 1e-5)) / 2e-5
    np.testing.assert_allclose(kinds.slopes(layer, x), ruler, atol=2e-6)


def test_every_kind_has_a_formula():
    assert list(kinds.KINDS) == list(FORMULAS)


@pytest.mark.parametrize(("rank", "shape"), [(2, (3, 5)), (4, (3, 6, 6, 5))])
def test_a_prelu_learns_one_slope_a_channel(rank, shape):
    layer = kinds.make("PReLU", rank)
    layer(np.ones(shape, "float32"))
    assert layer.count_params() == 5


def test_flat_share_counts_both_ends_of_a_sigmoid():
    x = np.array([-10, -4.6, -4.59, 0, 4.59, 4.6, 10])  # log(99) is 4.595
    assert kinds.flat_share(kinds.make("sigmoid"), x) == pytest.approx(4 / 7)
    assert kinds.flat_share(kinds.make("ReLU"), x) == pytest.approx(4 / 7)  # flat at 0 and below: 0, -4.59, -4.6, -10
    assert kinds.flat_share(kinds.make("leaky ReLU"), x) == 0


def test_unknown_kinds_and_other_inputs_are_refused():
    with pytest.raises(ValueError, match=r"kind must be one of sigmoid, .*Received: kind='relu7'"):
        kinds.make("relu7")
    for bad in (np.ones((2, 2)), [], [1, np.nan], [1e300], [1j], ["a"], [True]):
        with pytest.raises(ValueError, match="x must be a row of finite numbers"):
            kinds.answers(kinds.make("ReLU"), np.asarray(bad))
    for rank in (1, True, 2.0):
        with pytest.raises(ValueError, match="rank must be"):
            kinds.make("PReLU", rank)
    with pytest.raises(ValueError, match=r"layer must answer \(3, 1\) with the same shape\. Received: \(3, 2\)"):
        kinds.answers(layers.Dense(2), [1, 2, 3])
    with pytest.raises(ValueError, match="least must be above 0"):
        kinds.flat_share(kinds.make("ReLU"), [1.0], 0)


# Layers -------------------------------------------------------------------------------------------------------------


def test_rrelu_draws_slopes_in_training_and_takes_the_mean_in_prediction():
    x, layer = -np.ones((4000, 3), "float32"), RReLU(seed=1)
    drawn = -array(layer(x, training=True))
    assert 1 / 8 <= drawn.min() < 0.127
    assert 0.331 < drawn.max() <= 1 / 3 + 1e-6
    assert drawn.mean() == pytest.approx(11 / 48, abs=0.003)  # 12,000 numbers of deviation 0.06: five sigma
    assert drawn.std() == pytest.approx((1 / 3 - 1 / 8) / np.sqrt(12), rel=0.05)
    np.testing.assert_allclose(array(layer(x)), -11 / 48, rtol=1e-6)
    np.testing.assert_array_equal(array(layer(np.abs(x), training=True)), 1)


def test_rrelu_draws_anew_each_time_and_a_seed_repeats():
    x = -np.ones((5, 7), "float32")
    one, two, other = RReLU(seed=3), RReLU(seed=3), RReLU(seed=4)
    first, second = array(one(x, training=True)), array(one(x, training=True))
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(first, array(two(x, training=True)))
    assert not np.allclose(first, array(other(x, training=True)))


def test_rrelu_passes_the_gradient_with_the_slope_that_it_drew():
    layer, x = RReLU(seed=5), noise(40)
    drawn = array(RReLU(seed=5)(x, training=True)) / x
    _, gradient = backend.value_and_grad(lambda t: ops.sum(layer(t, training=True)))(x)
    np.testing.assert_allclose(gradient, drawn, rtol=1e-5)


def test_rrelu_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    x = noise(50)
    theirs = torch.nn.RReLU().eval()(torch.tensor(x)).numpy()
    np.testing.assert_allclose(array(RReLU()(x)), theirs, rtol=1e-6)


@pytest.mark.parametrize("bad", [(0.5, 0.2), (-0.1, 0.2), (0.1, 1.5), (True, 1), ("a", 1), (np.nan, 1)])
def test_rrelu_refuses_slopes_out_of_order(bad):
    with pytest.raises(ValueError, match=r"Received: lower="):
        RReLU(*bad)


@pytest.mark.parametrize(("pieces", "units_"), list(itertools.product((1, 2, 3, 5), (1, 4))))
def test_maxout_is_the_largest_of_its_affine_maps(pieces, units_):
    layer, x = Maxout(units_, pieces, bias_initializer="random_normal"), noise(6, 7, 5)
    out = array(layer(x))
    kernel, bias = layer.get_weights()
    maps = [x @ kernel[:, i : i + units_] + bias[i : i + units_] for i in range(0, pieces * units_, units_)]
    np.testing.assert_allclose(out, np.max(maps, axis=0), atol=1e-5)
    assert out.shape == layer.compute_output_shape(x.shape) == (6, 7, units_)
    assert layer.count_params() == pieces * (5 + 1) * units_


@pytest.mark.parametrize(("strides", "padding"), list(itertools.product((1, 2), ("valid", "same"))))
def test_maxout_convolution_is_the_largest_of_its_filters(strides, padding):
    layer, x = MaxoutConv2D(4, 3, pieces=3, strides=strides, padding=padding), noise(2, 7, 8, 3)
    out = array(layer(x))
    kernel, _ = layer.get_weights()
    each = [ops.conv(x, kernel[..., i : i + 4], strides=strides, padding=padding) for i in (0, 4, 8)]
    np.testing.assert_allclose(out, np.max([array(e) for e in each], axis=0), atol=1e-5)
    assert out.shape == tuple(layer.compute_output_shape(x.shape))


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.5])
def test_maxout_of_a_map_and_its_scaled_copy_is_a_leaky_relu(slope):
    layer, x = Maxout(3), noise(9, 4)
    layer(x)
    kernel, bias = noise(4, 3, seed=1), noise(3, seed=2)
    layer.set_weights([np.hstack([kernel, slope * kernel]), np.hstack([bias, slope * bias])])
    plain = layers.LeakyReLU(negative_slope=slope)(x @ kernel + bias)
    np.testing.assert_allclose(array(layer(x)), array(plain), atol=1e-5)


def test_maxout_keeps_the_mean_square_of_its_inputs():
    keras.utils.set_random_seed(0)
    x = noise(2000, 100)
    for _ in range(4):
        x = array(Maxout(100)(x)) * 1.0
    assert 0.6 < np.mean(x**2) < 1.6


@pytest.mark.parametrize("count", [0, -1, 2.0, True])
def test_counts_below_one_are_refused(count):
    for make in (lambda: Maxout(count), lambda: Maxout(3, count), lambda: MaxoutConv2D(count, 3)):
        with pytest.raises(ValueError, match="must be"):
            make()


def test_a_second_activation_is_refused():
    for make in (lambda: Maxout(3, activation="relu"), lambda: MaxoutConv2D(3, 3, activation="relu")):
        with pytest.raises(ValueError, match=r"The maximum is the activation: .* Received: 'relu'"):
            make()


def test_maxout_takes_channels_last_and_whole_pieces_only():
    with pytest.raises(ValueError, match=r"data_format must be 'channels_last'\. Received: 'channels_first'"):
        MaxoutConv2D(3, 3, data_format="channels_first")
    for pieces in (0, 4, 2.0):
        with pytest.raises(ValueError, match="pieces must"):
            largest(ops.ones((2, 6)), pieces)


def one_of_each():
    inputs = keras.Input((8, 8, 2))
    x = MaxoutConv2D(3, (3, 3), pieces=2, strides=2, padding="same", kernel_regularizer=keras.regularizers.L2(1e-3))(
        inputs
    )
    x = RReLU(0.1, 0.3, seed=7)(x)
    x = Maxout(4, 3, use_bias=False, kernel_initializer=keras.initializers.HeNormal(seed=1))(layers.Flatten()(x))
    return keras.Model(inputs, trials.CentredSigmoid()(x))


def test_a_saved_model_answers_alike(tmp_path):
    model, x = one_of_each(), noise(3, 8, 8, 2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(array(again(x)), array(model(x)), atol=1e-6)
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    assert float(array(sum(again.losses))) == pytest.approx(float(array(sum(model.losses))), rel=1e-5)


def test_layers_take_any_batch_places_unknown_and_half_precision():
    model = keras.Sequential([keras.Input((None, None, 2)), MaxoutConv2D(3, 3), RReLU()])
    assert model.output_shape == (None, None, None, 3)
    for shape in ((1, 5, 6, 2), (4, 9, 3, 2)):
        out = model(noise(*shape), training=True)
        assert tuple(out.shape) == (shape[0], shape[1] - 2, shape[2] - 2, 3)
    half = RReLU(dtype="mixed_float16")
    for training in (True, False):
        assert keras.backend.standardize_dtype(half(noise(4, 3), training=training).dtype) == "float16"
    assert keras.backend.standardize_dtype(Maxout(2, dtype="mixed_float16")(noise(4, 3)).dtype) == "float16"


@pytest.mark.parametrize("layer", [lambda: RReLU(), lambda: Maxout(4)])
def test_a_mask_passes_through(layer):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, layers.GlobalAveragePooling1D()(layer()(layers.Masking()(inputs))))
    x = noise(2, 3, 4)
    padded = np.concatenate([x, np.zeros((2, 2, 4), "float32")], axis=1)
    np.testing.assert_allclose(array(model(padded)), array(model(x)), atol=1e-6)


def test_the_layers_learn():
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.Input((1,)), Maxout(8), RReLU(), layers.Dense(1)])
    x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    net.compile(keras.optimizers.Adam(0.03), "mse", jit_compile=backend.jit_compile())
    first = net.train_on_batch(x, x**2)
    for _ in range(60):
        last = net.train_on_batch(x, x**2)
    assert last < first / 5


# Zig-zag ------------------------------------------------------------------------------------------------------------


@given(offset=st.floats(0.5, 3), seed=st.integers(0, 999))
@examples(40)
def test_positive_inputs_move_both_weights_to_one_side(offset, seed):
    walk = zigzag.walk(offset, 1, seed=seed, most=50)
    assert walk.same.all()
    moves = np.diff(walk.places, axis=0)
    assert np.all(moves.prod(1) >= 0)


@given(seed=st.integers(0, 999), batch=st.sampled_from([1, 4]))
@examples(30)
def test_a_safe_rate_never_leads_away(seed, batch):
    """With a rate of at most one over the largest |x|² no example is overshot, so the distance cannot grow."""
    for offset in (0.0, 0.5, 2.0):
        gap = np.linalg.norm(zigzag.walk(offset, batch, seed=seed, most=60).places - zigzag.TARGET, axis=1)
        assert np.all(np.diff(gap) <= 1e-12)


def test_a_walk_arrives_and_a_straight_one_has_no_detour():
    walk = zigzag.walk(0.0, 4096, seed=1)
    assert np.linalg.norm(walk.places[-1] - zigzag.TARGET) <= zigzag.NEAR * np.sqrt(2)
    assert walk.detour == pytest.approx(1, abs=0.01)
    straight = zigzag.Walk(np.array([[0, 0], [1, 1], [3, 3.0]]), np.array([True, True]))
    corner = zigzag.Walk(np.array([[0, 0], [3, 0], [3, 4.0]]), np.array([True, True]))
    assert (straight.detour, corner.detour) == (pytest.approx(1), pytest.approx(7 / 5))


def test_the_offset_changes_the_path_not_the_number_of_steps():
    """With one rate: the way along (1, -1) sees the spread of the inputs alone, which is the same."""
    centred, positive = (zigzag.summary(offset, 64, 0.5) for offset in (0.0, 0.5))
    assert abs(centred["steps"].mean() - positive["steps"].mean()) < 1
    assert zigzag.summary(0.5, 1, 0.5)["detour"].min() > 1.5 * zigzag.summary(0.0, 1, 0.5)["detour"].mean()


def test_bad_walks_are_refused():
    for bad in ({"batch": 0}, {"rate": 0.0}, {"rate": np.nan}, {"rate": np.inf}, {"most": 0}):
        with pytest.raises(ValueError, match="Received"):
            zigzag.walk(0.5, **bad)
    for offset in (np.nan, np.inf):
        with pytest.raises(ValueError, match="offset must be a finite number"):
            zigzag.walk(offset)


# Signs --------------------------------------------------------------------------------------------------------------


def test_example_gradients_equal_those_of_the_layer():
    x, y = noise(6, 5), np.array([0, 2, 1, 1, 0, 2])
    dense = layers.Dense(3)
    dense(x)
    each = signs.example_gradients(x, y, *dense.get_weights())
    for i in range(6):

        def loss(weights, i=i):
            scores, _ = dense.stateless_call(weights, [], x[i : i + 1])
            return ops.sum(keras.losses.sparse_categorical_crossentropy(y[i : i + 1], scores, from_logits=True))

        np.testing.assert_allclose(each[i], backend.value_and_grad(loss)(dense.get_weights())[1][0], atol=1e-5)


def test_positive_inputs_give_one_sign_and_a_planted_negative_one_does_not():
    x, y = np.abs(noise(20, 4)) + 0.1, np.arange(20) % 3
    kernel, bias = noise(4, 3, seed=1), np.zeros(3, "float32")
    assert signs.one_sign(signs.example_gradients(x, y, kernel, bias), 1) == 1
    x[:, 2] *= -1
    assert signs.one_sign(signs.example_gradients(x, y, kernel, bias), 1) == 0


def test_one_sign_sums_before_it_looks():
    gradients = np.array([[[1.0], [2.0]], [[-2.0], [-1.0]]])  # two examples of one sign each, opposite
    assert signs.one_sign(gradients, 1) == 1
    assert signs.one_sign(gradients, 2) == 0  # the sum is (-1, 1)
    with pytest.raises(ValueError, match="batch must be"):
        signs.one_sign(gradients, 3)


# Units --------------------------------------------------------------------------------------------------------------


def planted():
    """Two units over 64 pixels: one that hears the first pixel, one with a bias so low that nothing wakes it."""
    net = units.stack("ReLU", [2])
    kernel = np.zeros((64, 2), "float32")
    kernel[0] = 1
    net.get_layer("sum1").set_weights([kernel, np.array([0, -100], "float32")])
    return net


def test_dead_finds_the_planted_unit():
    x = noise(30, 64)
    assert units.dead(planted(), x)[0].tolist() == [False, True]
    np.testing.assert_allclose(units.sums(planted(), x)[0][:, 0], x[:, 0], rtol=1e-6)


def test_a_unit_dead_has_no_gradient_and_a_leaky_one_has():
    x, y = units.digits().train_images[:32], units.digits().train_labels[:32]
    for kind, moves in (("ReLU", False), ("leaky ReLU", True)):
        net = units.stack(kind, [2])
        net.set_weights([*planted().get_weights()[:2], *net.get_weights()[2:]])
        before = net.get_layer("sum1").get_weights()[1][1]
        units.follow(net, x, y, lambda n: 0, optimizer=keras.optimizers.SGD(0.5), steps=3, every=3, seed=0)
        assert (net.get_layer("sum1").get_weights()[1][1] != before) == moves


def test_digits_have_mean_zero_and_first_weights_their_deviation():
    d = units.digits()
    np.testing.assert_allclose(d.train_images.mean(0), 0, atol=1e-6)
    assert d.train_images.shape == (1347, 64)
    keras.utils.set_random_seed(0)
    net = units.stack("tanh", [400], gain=2.0, bias=0.1)
    kernel, bias = net.get_layer("sum1").get_weights()
    assert kernel.std() == pytest.approx(2 / 8, rel=0.03)
    np.testing.assert_allclose(bias, 0.1)


def test_follow_looks_when_it_should_and_learns():
    d = units.digits()
    keras.utils.set_random_seed(0)
    net = units.stack("ReLU", [16])
    notes = units.follow(net, d.train_images, d.train_labels, trials.read,
                         optimizer=keras.optimizers.Adam(0.01), steps=60, every=20, seed=0)  # fmt: skip
    assert len(notes) == 4
    assert notes[-1] > 0.8 > 0.4 > notes[0]
    once = {"optimizer": keras.optimizers.SGD(0.1), "steps": 1, "every": 1, "seed": 0}
    with pytest.raises(ValueError, match="batch must be at most"):
        units.follow(net, d.train_images[:5], d.train_labels[:5], trials.read, **once)
    with pytest.raises(ValueError, match="Give one label a picture"):
        units.follow(net, d.train_images, d.train_labels[:40], trials.read, **once)
    with pytest.raises(ValueError, match="every must be at least 1"):
        units.follow(net, d.train_images, d.train_labels, trials.read, **(once | {"every": 0}))
    for bad in ({"widths": []}, {"widths": [3], "gain": 0.0}, {"widths": [3], "gain": -1.0}):
        with pytest.raises(ValueError, match="Received"):
            units.stack("ReLU", **bad)


def test_signals_back_equal_the_chain_rule():
    x, y = units.digits().train_images[:20], units.digits().train_labels[:20]
    keras.utils.set_random_seed(1)
    net = units.stack("sigmoid", [6, 5], gain=2.0)
    w2, w3 = net.get_layer("sum2").get_weights()[0], net.get_layer("scores").get_weights()[0]
    s1, s2 = units.sums(net, x)
    scores = array(net(x))
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    back2 = ((chances - np.eye(10)[y]) / 20) @ w3.T * expit(s2) * expit(-s2)
    back1 = back2 @ w2.T * expit(s1) * expit(-s1)
    expected = [np.sqrt(np.mean(back**2)) for back in (back1, back2)]
    np.testing.assert_allclose(units.signals_back(net, x, y), expected, rtol=1e-4)


# Experiments and pictures -------------------------------------------------------------------------------------------


def test_a_shock_hits_one_layer_and_upstream_learning_is_needed_to_wake():
    net, hit = trials.shocked("ReLU", 3)
    assert 0 < hit.mean() < 0.5
    net.get_layer("sum1").trainable = False
    before = net.get_layer("sum2").get_weights()
    after = trials.learn(net, trials.second_dead, keras.optimizers.Adam(5e-3), 40, 40, 3)[-1]
    assert after[hit].all()
    kernel, bias = net.get_layer("sum2").get_weights()
    np.testing.assert_array_equal(kernel[:, hit], before[0][:, hit])
    np.testing.assert_array_equal(bias[hit], before[1][hit])
    assert not np.allclose(kernel[:, ~hit], before[0][:, ~hit])


@pytest.mark.parametrize("kind", trials.SWEPT)
def test_the_convnet_of_every_kind_has_the_same_shapes(kind):
    shapes = [layer.output.shape for layer in trials.convnet(kind).layers if "conv" in layer.name]
    plain = [layer.output.shape for layer in trials.convnet("ReLU").layers if "conv" in layer.name]
    assert shapes == plain


def test_two_layers_of_a_convnet_start_with_different_weights():
    for kind in ("sigmoid × 4", "maxout", "ReLU"):
        two = [layer.get_weights()[0] for layer in trials.convnet(kind).layers if "conv" in layer.name][-2:]
        assert not np.allclose(two[0][..., :8, :], two[1][..., :8, :])
        deviation = two[1].std() * np.sqrt(9 * 16)
        assert deviation == pytest.approx({"sigmoid × 4": 4, "maxout": 1, "ReLU": 2**0.5}[kind], rel=0.1)


def test_the_best_rate_is_that_of_the_mean_and_may_be_judged_elsewhere():
    values = np.array([[[1.0, 5.0], [7.0, 0.0]], [[4.0, 3.0], [0.0, 6.0]]])  # 2 seeds, 2 settings, 2 rates
    np.testing.assert_array_equal(trials.at_best(values), [[5, 7], [3, 0]])
    np.testing.assert_array_equal(trials.at_best(values, -values), [[1, 0], [4, 6]])
    np.testing.assert_array_equal(trials.at_best(values[:, 0]), [5, 3])


def test_digits_to_choose_with_are_not_those_to_train_with():
    chosen, rest = trials.split(0)
    assert sorted([*chosen, *rest]) == list(range(1347))
    assert not np.array_equal(trials.split(1)[0], chosen)


@pytest.mark.parametrize("kind", play.PLAYED)
def test_every_activation_can_be_played(kind):
    for scale in play.SCALES:
        figure, said = play.draw_activation(kind, scale), play.say_activation(kind, scale)
        assert isinstance(figure, Figure)
        assert kind in said
        assert 0 <= play.facts(kind, scale)["flat"] <= 1


@pytest.mark.parametrize(("offset", "batch"), list(itertools.product(play.OFFSETS, play.BATCHES)))
def test_every_walk_can_be_played(offset, batch):
    assert isinstance(play.draw_walk(offset, batch), Figure)
    assert f"{batch} to a step" in play.say_walk(offset, batch)


def test_level_lines_are_the_mean_loss_of_many_inputs():
    """What is drawn is half of E[((w - w*) . x)²] for even inputs around the offset, here over 400,000 of them."""
    weights = np.array([[1.3, -1.8], [0.0, 0.0], [-0.6, 0.5]])
    for offset in (0.0, 0.5, 2.0):
        x = offset + np.random.default_rng(0).uniform(-0.5, 0.5, (400_000, 2))
        counted = np.mean((x @ (weights - zigzag.TARGET).T) ** 2, axis=0) / 2
        np.testing.assert_allclose(play.mean_loss(weights, offset), counted, rtol=0.01)


@pytest.mark.parametrize(("title", "wanted"), [("a ReLU", FORMULAS["ReLU"]), ("the size |x|", np.abs)])
def test_maxouts_are_what_they_are_called(title, wanted):
    np.testing.assert_allclose(kinds.answers(drawings.maxout_unit(*drawings.MAXOUTS[title]), X), wanted(X), atol=1e-6)


@pytest.mark.once
def test_pictures_draw_what_they_are_given():
    runs = {"one": noise(5, 4) ** 2, "two": noise(5, 4) ** 2 + 1}
    pictures = [
        drawings.curve_and_slope("sigmoid"),
        drawings.fading({"one": [1e-6, 1e-3], "two": [1e-3, 1e-3]}),
        drawings.mixed_signs((1, 2, 4, 8), runs),
        drawings.faulty((1, 2, 4, 8), runs),
        drawings.over_steps((0, 1, 2, 3), runs, "share"),
        drawings.two_starts((0, 1, 2, 3), {"a": runs, "b": runs}),
        drawings.rectifiers([0.1, 0.5]),
        drawings.maxouts(),
        drawings.errors({"a": np.array([0.9, 0.8]), "b": np.array([0.7, 0.6])}),
        play.four_walks(),
    ]
    assert all(isinstance(figure, Figure) for figure in pictures)
    errors = pictures[-2].axes[0]
    assert [label.get_text() for label in errors.get_yticklabels()] == ["a", "b"]
    learned = [line.get_ydata()[0] for line in pictures[6].axes[2].lines]
    assert {-0.3, -1.5} <= {round(float(y), 3) for y in learned}


def test_rows_of_the_tables():
    runs = {name: experiments.load("activations", name) for name in trials.STORED}
    rows = tables.faults(runs["faults"])
    assert [row[0] for row in rows] == [f"{gain:g}" for gain in trials.GAINS]
    assert {len(row) for row in rows} == {7}
    made = {f"{arm}_{what}": np.full((5, 3) if what == "still" else 5, 0.5)
            for arm in ("a", "b") for what in ("hit", "still", "read")}  # fmt: skip
    assert tables.shocks(made, {"a": "one"}) == [["one", 320, 160, "0.500 (0.500 to 0.500)"]]
    assert len(tables.biases(runs["positive_bias"], {"large": "L", "small": "S"})) == 6
    assert tables.learned({"layer_1": np.array([[0.1, 0.2, 0.3]])}, shown=2) == [
        ["layer 1", "0.10 0.20", "0.10", "0.20", "0.30"]
    ]
    test = {"ReLU": np.array([0.5, 0.7]), "b": np.array([0.8, 0.8])}
    swept = {f"{kind}_held": np.array([[0.1, 0.9, 0.2]] * 2) for kind in test}
    rows = tables.sweep(swept, test)
    assert [(row[0], row[1], row[3]) for row in rows] == [("b", "0.004", "+0.200"), ("ReLU", "0.004", "+0.000")]
    assert (rows[0][4] == "–", rows[1][4]) == (False, None)
    far = tables.deviations("sigmoid", {1.0: np.array([-9.0, 9, 0, 0])})
    assert far == [["1.000", "6.4", "0.50", "0.13"]]
    assert tables.walks({("x", 8): {"same": 0.5, "detour": 2.0, "steps": 9}}) == [["x, 8 a step", "50%", "2.0", "9"]]
    steps = [n for _, n in tables.cost_of_offset().values()]
    assert steps == sorted(steps)


def test_the_table_of_kinds_is_asked_of_the_layers():
    rows = {kind: kinds.portrait(kind) for kind in kinds.KINDS}
    assert rows["sigmoid"] == ["sigmoid", "0.00", "0.10", "0.10", "0.50", 0]
    assert rows["PReLU"][-1] == 1
    assert rows["GELU"][2].startswith("−")


def test_names_of_the_room():
    assert activations.RReLU is RReLU
    assert activations.walk is zigzag.walk
