"""Explanations of any model: held against captum, exact answers, slow twins, and against what goes wrong elsewhere."""

from __future__ import annotations

import functools
import itertools
import math
import pathlib
import sys
import threading

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import attribution as at
from cvnotes import backend
from cvnotes.attribution import rules

running = sys.modules["cvnotes.attribution.compiled"]  # the package gives its function of the same name
ORACLE = np.load(pathlib.Path(__file__).parent / "oracles" / "attribution_captum.npz")
X, BASE, TARGET = ORACLE["x"], ORACLE["base"], ORACLE["target"]
PIXELWISE = (at.gradient, at.input_x_gradient, at.smooth_grad, at.guided_backprop, at.deconvnet)
PIXELWISE += (at.integrated_gradients, at.deeplift)
CELLWISE = (at.cam, at.grad_cam, at.occlusion)


def close(mine, true, rtol: float = 1e-5) -> None:
    """Equal up to a share of the largest value."""
    np.testing.assert_allclose(mine, true, rtol=0, atol=rtol * max(np.abs(true).max(), 1e-3))


def scores(model, x, target=None):
    """What the model says of each picture's class."""
    outputs = ops.convert_to_numpy(model(x))
    return outputs[np.arange(len(x)), outputs.argmax(1) if target is None else target]


# captum, on the same weights ----------------------------------------------------------------------------------------


def captums(name: str) -> keras.Model:
    """The net of the oracle: "pooled" or "strided"."""
    conv = layers.Conv2D(6, 3, 1 if name == "pooled" else 2, activation="relu")
    pool = [layers.MaxPooling2D()] if name == "pooled" else []
    tail = [layers.Conv2D(8, 3), layers.ReLU(name="last"), layers.GlobalAveragePooling2D()]
    head = [layers.Dense(10, activation="relu"), layers.Dense(4)]
    model = keras.Sequential([keras.Input((12, 12, 3)), conv, *pool, *tail, *head])
    model.set_weights([ORACLE[f"{name}_weight_{i}"] for i in range(8)])
    return model


NETS = {name: captums(name) for name in ("pooled", "strided")}
NET = NETS["pooled"]
AS_CAPTUM = {
    "gradient": at.gradient,
    "input_x_gradient": at.input_x_gradient,
    "guided_backprop": at.guided_backprop,
    "deconvnet": at.deconvnet,
    "grad_cam": lambda *given: at.grad_cam(*given, layer="last", upsample=False),
    "grad_cam_signed": lambda *given: at.grad_cam(*given, layer="last", upsample=False, relu=False),
    "occlusion": lambda *given: at.occlusion(*given, window=4, stride=2, fill=0.5),
    "occlusion_apart": lambda *given: at.occlusion(*given, window=3, stride=3, fill=0.5),
}


@pytest.mark.parametrize("name", NETS)
def test_answers_are_those_of_captum(name):
    for method, run in AS_CAPTUM.items():
        mine, true = run(NETS[name], X, TARGET), ORACLE[f"{name}_{method}"]
        if "occlusion" in method:  # a difference of two scores, whose last digits are those of the scores
            np.testing.assert_allclose(mine, true, rtol=0, atol=1e-5 * np.abs(scores(NETS[name], X, TARGET)).max())
        else:
            close(mine, true)
    for rule in ("gauss-legendre", "left", "midpoint", "trapezoid"):
        # captum's trapezoid is one n-th short: its weights add up to (n - 1)/n
        share = 8 / 7 if rule == "trapezoid" else 1
        mine = at.integrated_gradients(NETS[name], X, TARGET, baseline=BASE, steps=8, rule=rule)
        close(mine, share * ORACLE[f"{name}_integrated_{rule}"])


def test_deeplift_is_that_of_captum_where_there_is_no_max_pool():
    close(at.deeplift(NETS["strided"], X, TARGET, baseline=BASE), ORACLE["strided_deeplift"])


@pytest.mark.once
def test_smooth_grad_is_the_mean_over_its_noise(monkeypatch):
    """With the oracle's noise in the place of ours, captum gives the same mean."""
    noise = ORACLE["noise"]

    class Dice:
        def normal(self, size):
            assert size == noise.shape
            return noise

    monkeypatch.setattr("cvnotes.attribution.gradients.np.random.default_rng", lambda seed: Dice())
    mine = at.smooth_grad(NET, X[:1], TARGET[:1], samples=4, noise=1 / np.ptp(X[0]))
    close(mine, ORACLE["pooled_smooth_grad"][:1])


@pytest.mark.once
def test_smooth_grad_without_noise_is_the_gradient_and_noise_is_the_same_for_all():
    close(at.smooth_grad(NET, X, TARGET, samples=2, noise=0), at.gradient(NET, X, TARGET))
    close(at.smooth_grad(NET, X, TARGET, samples=3)[1], at.smooth_grad(NET, X[1], TARGET[1], samples=3))
    assert np.abs(at.smooth_grad(NET, X, 0, samples=3) - at.smooth_grad(NET, X, 0, samples=3, seed=1)).max() > 0


# Exact answers ------------------------------------------------------------------------------------------------------

LINEAR = np.random.default_rng(1).normal(size=(6, 5, 2)).astype("float32")
Y = np.random.default_rng(2).random((2, 6, 5, 2)).astype("float32")


def linear(x):
    """A weighted sum: each pixel adds its weight times its value."""
    return ops.sum(ops.multiply(x, LINEAR), axis=(1, 2, 3))


def test_of_a_weighted_sum_all_methods_say_what_each_pixel_adds():
    close(at.gradient(linear, Y), np.broadcast_to(LINEAR, Y.shape))
    close(at.smooth_grad(linear, Y, samples=3), np.broadcast_to(LINEAR, Y.shape))
    for answer in (
        at.input_x_gradient(linear, Y),
        at.integrated_gradients(linear, Y, steps=1),
        at.integrated_gradients(linear, Y, steps=3, rule="trapezoid"),
        at.deeplift(linear, Y),
        at.expected_gradients(linear, Y, background=0 * Y[:1], samples=3),
    ):
        close(answer, Y * LINEAR)
    groups = np.arange(6)[:, None] // 2 + np.zeros((6, 5), int)
    parts = np.stack([(Y * LINEAR)[:, groups == player].sum((1, 2)) for player in range(3)], axis=1)
    close(at.shapley(linear, Y, groups=groups), parts)
    close(at.occlusion(linear, Y, window=1, stride=1), (Y * LINEAR).sum(-1, keepdims=True))


def test_the_gradient_of_a_known_function():
    """f = 5a + b² + sin c, whose gradient is (5, 2b, cos c); vectors and one vector alone."""
    f = lambda v: 5 * v[:, 0] + v[:, 1] ** 2 + ops.sin(v[:, 2])  # noqa: E731
    points = np.float32([[2, 3, 0.5], [1, -1, 0]])
    slope = np.column_stack([np.full(2, 5), 2 * points[:, 1], np.cos(points[:, 2])])
    close(at.gradient(f, points), slope)
    close(at.gradient(f, points[0]), slope[0])


@pytest.mark.parametrize("name", NETS)
def test_what_adds_up(name):
    net = NETS[name]
    gap = scores(net, X, TARGET) - scores(net, BASE, TARGET)
    adds = lambda answer: np.testing.assert_allclose(answer.sum((1, 2, 3)), gap, atol=1e-4)  # noqa: E731
    adds(at.integrated_gradients(net, X, TARGET, baseline=BASE, steps=300, rule="midpoint"))
    adds(at.deeplift(net, X, TARGET, baseline=BASE))
    groups = np.arange(12)[:, None] // 6 * 2 + np.arange(12) // 6
    players = at.shapley(net, X, TARGET, groups=groups, baseline=BASE)
    np.testing.assert_allclose(players.sum(1), gap, atol=1e-4)


def smooth():
    """A small net of curves without corners, on vectors of four."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(6, activation="tanh"), layers.Dense(2)])
    dice = np.random.default_rng(3)
    model.set_weights([dice.normal(size=w.shape) for w in model.get_weights()])
    return model


SMOOTH, POINTS = smooth(), np.random.default_rng(4).normal(size=(3, 4)).astype("float32")


@pytest.mark.once
def test_the_error_of_each_rule_falls_with_its_order():
    gap = scores(SMOOTH, POINTS, 1) - scores(SMOOTH, 0 * POINTS, 1)
    error = lambda rule, n: np.abs(  # noqa: E731
        at.integrated_gradients(SMOOTH, POINTS, 1, rule=rule, steps=n).sum(1) - gap
    ).max()
    for rule, order in (("left", 1), ("midpoint", 2)):
        assert error(rule, 10) / error(rule, 20) == pytest.approx(2**order, rel=0.35)
    assert error("trapezoid", 11) / error("trapezoid", 21) == pytest.approx(4, rel=0.35)
    assert error("gauss-legendre", 10) < 1e-5


@pytest.mark.once
@pytest.mark.parametrize("rule", ["gauss-legendre", "left", "midpoint", "trapezoid"])
@given(steps=st.integers(2, 40))
def test_weights_add_up_and_polynomials_are_exact(rule, steps):
    t, weights = at.quadrature(rule, steps)
    assert len(t) == len(weights) == steps
    assert weights.sum() == pytest.approx(1)
    assert 0 <= t.min() < t.max() <= 1
    degree = {"gauss-legendre": 2 * min(steps, 10) - 1, "left": 0, "midpoint": 1, "trapezoid": 1}[rule]
    assert weights @ t**degree == pytest.approx(1 / (degree + 1))
    if rule != "gauss-legendre":
        assert weights @ t ** (degree + 1) != pytest.approx(1 / (degree + 2), rel=1e-6)


@pytest.mark.once
def test_expected_gradients_average_over_baselines():
    background = np.random.default_rng(5).normal(size=(5, 4)).astype("float32")
    gap = scores(SMOOTH, POINTS, 0) - scores(SMOOTH, background, 0).mean()
    exact = at.expected_gradients(SMOOTH, POINTS, 0, background=background, samples=None)
    np.testing.assert_allclose(exact.sum(1), gap, atol=1e-4)
    paths = [at.integrated_gradients(SMOOTH, POINTS, 0, baseline=one) for one in background]
    close(exact, np.mean(paths, axis=0))
    drawn = at.expected_gradients(SMOOTH, POINTS, 0, background=background, samples=400)
    close(drawn, exact, 0.1)
    assert np.abs(drawn - exact).max() > 1e-4  # draws, not the sum
    alone = at.expected_gradients(SMOOTH, POINTS[1], 0, background=background, samples=40)
    close(alone, at.expected_gradients(SMOOTH, POINTS, 0, background=background, samples=40)[1])


# Shapley values -----------------------------------------------------------------------------------------------------


def by_orders(value, players: int) -> np.ndarray:
    """The definition in words: the mean of what each player adds, over all orders in which they may come."""
    total = np.zeros(players)
    for order in itertools.permutations(range(players)):
        inside = np.zeros((players + 1, players), bool)
        for turn, player in enumerate(order):
            inside[turn + 1 :, player] = True
        total[list(order)] += np.diff(value(inside))
    return total / math.factorial(players)


def game(seed: int, players: int):
    """A game whose worths were drawn, given coalition by coalition."""
    worth = np.random.default_rng(seed).normal(size=2**players)
    return lambda inside: worth[inside @ 2 ** np.arange(players)]


@pytest.mark.once
@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), players=st.integers(1, 5))
def test_shapley_values_are_the_mean_over_orders_and_keep_the_axioms(seed, players):
    value = game(seed, players)
    found = at.shapley_values(value, players)
    np.testing.assert_allclose(found, by_orders(value, players), atol=1e-9)
    ends = value(np.array([[True] * players, [False] * players]))
    assert found.sum() == pytest.approx(ends[0] - ends[1])  # efficiency
    other = game(seed + 1, players)
    both = at.shapley_values(lambda inside: value(inside) + 2 * other(inside), players)
    np.testing.assert_allclose(both, found + 2 * at.shapley_values(other, players), atol=1e-9)  # linearity
    idle = at.shapley_values(lambda inside: value(inside[:, :players]), players + 1)
    np.testing.assert_allclose(idle, [*found, 0], atol=1e-9)  # one who changes nothing gets nothing
    equal = at.shapley_values(lambda inside: inside.sum(1) ** 2.0, players)
    np.testing.assert_allclose(equal, players, atol=1e-9)  # symmetry: p² shared by p


@pytest.mark.once
def test_shapley_of_a_model_is_the_game_of_its_pictures():
    net, groups = NET, np.arange(12) // 5 + np.zeros((12, 1), int)
    value = lambda inside: scores(net, np.where(inside[:, groups, None], X[0], BASE[0]), 1)  # noqa: E731
    close(at.shapley(net, X[0], 1, groups=groups, baseline=BASE[0]), at.shapley_values(value, 3), 1e-4)
    assert at.shapley(SMOOTH, POINTS, 1).shape == POINTS.shape  # every number a player


# ReLU rules ---------------------------------------------------------------------------------------------------------

INPUT = np.float32([[1, -1, 5], [2, -5, -7], [-3, 2, 4]])
SIGNAL = np.float32([[-2, 3, -1], [6, -3, 1], [2, -1, 3]])


def back_through(relu, rule: str) -> np.ndarray:
    """What comes back of SIGNAL through one ReLU that received INPUT."""
    with rules.relus(rules.RULES[rule]):
        return backend.value_and_grad(lambda z: ops.sum(ops.multiply(relu(z), SIGNAL)))(INPUT)[1]


RELUS = {
    "layers.ReLU": layers.ReLU(),
    "Activation": layers.Activation("relu"),
    "activations.relu": keras.activations.relu,
    "ops.relu": ops.relu,
}


@pytest.mark.parametrize("relu", RELUS)
def test_the_three_rules_number_by_number(relu):
    """Default: where the input was positive; deconvnet: where the signal is; guided: where both are."""
    seen, wanted = INPUT > 0, SIGNAL > 0
    for rule, mask in {"default": seen, "deconvnet": wanted, "guided": seen & wanted}.items():
        np.testing.assert_allclose(back_through(RELUS[relu], rule), SIGNAL * mask)


FAMILY = {
    "ReLU6": (ops.relu6, (INPUT > 0) & (INPUT < 6)),
    "greatest value": (layers.ReLU(max_value=3), (INPUT > 0) & (INPUT < 3)),
    "threshold": (layers.ReLU(threshold=1.5), INPUT > 1.5),
    "slope": (layers.ReLU(negative_slope=0.25), np.where(INPUT > 0, 1, 0.25)),
    "leaky": (layers.LeakyReLU(0.25), np.where(INPUT > 0, 1, 0.25)),
    "all of it": (
        lambda x: keras.activations.relu(x, negative_slope=0.5, max_value=4.5, threshold=0.75),
        np.where(INPUT > 0.75, INPUT < 4.5, 0.5),
    ),
}


@pytest.mark.parametrize("relu", FAMILY)
def test_the_whole_family_keeps_its_own_slope(relu):
    layer, slope = FAMILY[relu]
    np.testing.assert_allclose(back_through(layer, "default"), SIGNAL * slope)
    np.testing.assert_allclose(back_through(layer, "guided"), np.maximum(SIGNAL, 0) * slope)
    np.testing.assert_allclose(back_through(layer, "deconvnet"), np.maximum(SIGNAL, 0))


class Subclassed(keras.Model):
    """A model that calls its ReLUs as functions."""

    def __init__(self):
        super().__init__()
        self.conv, self.more = layers.Conv2D(4, 3), layers.Conv2D(5, 3, name="more")
        self.pool, self.out = layers.GlobalAveragePooling2D(), layers.Dense(3)

    def call(self, x):
        x = keras.activations.relu(self.conv(x))
        return self.out(self.pool(ops.relu(self.more(x))))


def kinds() -> dict[str, keras.Model]:
    """One net, written in five ways, with the same weights."""
    graph = keras.Input((12, 12, 3))
    x = ops.relu(layers.Conv2D(4, 3)(graph))
    x = keras.activations.relu(layers.Conv2D(5, 3)(x))
    functional = keras.Model(graph, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    inner = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(4, 3), layers.Activation("relu")], name="inner")
    outer = keras.Input((12, 12, 3))
    x = layers.ReLU()(layers.Conv2D(5, 3, name="deep")(inner(outer)))
    nested = keras.Model(outer, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(5, 3, activation=ops.relu)]
    sequential = keras.Sequential([keras.Input((12, 12, 3)), *stack, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    subclassed = Subclassed()
    subclassed(X)
    dice = np.random.default_rng(6)
    weights = [dice.normal(0, 0.4, w.shape) for w in sequential.get_weights()]
    found = {"sequential": sequential, "functional": functional, "nested": nested, "subclassed": subclassed}
    for model in found.values():
        model.set_weights(weights)
    return found


KINDS = kinds()


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "sequential"])
def test_however_a_model_is_written_the_answer_is_the_same(kind):
    one, other = KINDS["sequential"], KINDS[kind]
    methods = [at.gradient, at.guided_backprop, at.deconvnet, at.deeplift]
    methods += [at.cam, at.grad_cam] if kind != "subclassed" else []  # whose ReLU is no layer that could be named
    for method in methods:
        close(method(other, X, TARGET % 3), method(one, X, TARGET % 3))
    assert np.abs(at.guided_backprop(other, X, 0) - at.gradient(other, X, 0)).max() > 1e-3


@pytest.mark.parametrize(
    ("relu", "words"),
    [
        (lambda x: x, "No ReLU of Keras was met"),
        (ops.tanh, "No ReLU of Keras was met"),
        (lambda x: ops.maximum(x, 0), r"keras.ops.relu.*maximum\(x, 0\)"),
        (lambda x: ops.relu(ops.maximum(0.0, x)), r"maximum\(x, 0\)"),
        (layers.PReLU(), "slope that is learned.*PReLU"),
    ],
)
def test_a_relu_that_the_rule_does_not_reach_is_an_error(relu, words):
    if isinstance(relu, keras.Layer):
        relu.build((None, 3))
    with pytest.raises(ValueError, match=words):
        at.guided_backprop(lambda x: ops.sum(relu(x), axis=1), INPUT)
    np.testing.assert_allclose(back_through(ops.relu, "default"), SIGNAL * (INPUT > 0))  # all is as it was
    np.testing.assert_allclose(ops.convert_to_numpy(ops.maximum(INPUT, 0)), np.maximum(INPUT, 0))


def test_a_hard_sigmoid_is_no_relu():
    f = lambda x: ops.sum(ops.relu(x) + ops.multiply(ops.hard_sigmoid(x), SIGNAL), axis=1)  # noqa: E731
    slope = SIGNAL / 6 * (np.abs(INPUT) < 3)
    np.testing.assert_allclose(at.guided_backprop(f, INPUT), slope + (INPUT > 0), atol=1e-6)


def test_other_threads_keep_the_ordinary_relu():
    found, inside, done = [], threading.Event(), threading.Event()

    def elsewhere():
        inside.wait(10)
        found.append(backend.value_and_grad(lambda z: ops.sum(ops.multiply(ops.relu(z), SIGNAL)))(INPUT)[1])
        done.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with rules.relus(rules.guided_rule):
        inside.set()
        assert done.wait(30)
        mine = backend.value_and_grad(lambda z: ops.sum(ops.multiply(ops.relu(z), SIGNAL)))(INPUT)[1]
    thread.join()
    np.testing.assert_allclose(found[0], SIGNAL * (INPUT > 0))
    np.testing.assert_allclose(mine, SIGNAL * ((INPUT > 0) & (SIGNAL > 0)))


# Nothing mixes, nothing moves ---------------------------------------------------------------------------------------


ALONE = (at.guided_backprop, *PIXELWISE[:3], *PIXELWISE[4:], *CELLWISE, at.guided_grad_cam)


@pytest.mark.once
@pytest.mark.parametrize("method", ALONE, ids=lambda method: method.__name__)
def test_one_picture_is_asked_about_alone(method):
    net = KINDS["sequential"]
    answer = method(net, X)
    assert answer.shape == (*X.shape[:3], 1 if method in CELLWISE else 3)
    assert answer.dtype == X.dtype
    changed = X.copy()
    changed[1:] = 1 - X[1:]
    close(method(net, changed)[0], answer[0])
    close(method(net, X[0]), answer[0])
    close(method(net, X, batch_size=2), answer)
    assert method(net, X[:0]).shape == (0, *answer.shape[1:])


def test_a_model_in_training_mode_does_not_move():
    parts = [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((12, 12, 3)), *parts, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    model(X, training=True)
    before = [ops.convert_to_numpy(v.value).copy() for v in model.variables]
    for method in (*PIXELWISE, *CELLWISE):
        close(method(model, X[:2], 1), method(model, X[:2], 1))
    for variable, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable.value), old)


def test_what_is_compiled_gives_the_same(monkeypatch):
    net = KINDS["functional"]
    runs = {
        "gradient": lambda: at.gradient(net, X, batch_size=1),
        "grad_cam": lambda: at.grad_cam(net, X, batch_size=1),
        "occlusion": lambda: at.occlusion(net, X, target=lambda y: y[:, 1] - y[:, 0], batch_size=90),
        "guided": lambda: at.guided_backprop(net, X),
    }
    plain = {name: run() for name, run in runs.items()}
    monkeypatch.setattr(running, "MANY", 1)
    for name, run in runs.items():
        close(run(), plain[name])
    monkeypatch.undo()
    made = []
    monkeypatch.setattr(running, "Prediction", lambda fn, real=running.Prediction: made.append(fn) or real(fn))
    with at.compiled():
        for _ in range(2):
            close(at.gradient(net, X), plain["gradient"])
            close(at.guided_backprop(net, X), plain["guided"])
    assert len(made) == 1  # kept for the second call; nothing kept under a rule
    at.gradient(net, X)
    assert len(made) == 1


def test_weights_that_change_are_seen():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    many = np.tile(INPUT, (3, 1))
    for factor in (1, 2):
        model.set_weights([factor * np.float32([[1], [2], [3]])])
        close(at.gradient(model, many, 0, batch_size=1), np.tile(factor * np.float32([1, 2, 3]), (9, 1)))


# Maps ---------------------------------------------------------------------------------------------------------------


def test_cam_is_the_weights_of_the_class_times_the_maps():
    net = KINDS["sequential"]
    maps = at.feature_maps(net, X, net.layers[1])
    kernel, bias = net.layers[-1].get_weights()
    small = np.einsum("nhwc,cn->nhw", maps, kernel[:, TARGET % 3])[..., None]
    close(at.cam(net, X, TARGET % 3), ops.convert_to_numpy(ops.image.resize(small, (12, 12))))
    np.testing.assert_allclose(small.mean((1, 2, 3)) + bias[TARGET % 3], scores(net, X, TARGET % 3), rtol=1e-4)
    cells = maps.shape[1] * maps.shape[2]
    close(at.grad_cam(net, X, TARGET % 3, relu=False, upsample=False) * cells, small)  # the same but for a factor
    product = at.grad_cam(net, X, 1) * at.guided_backprop(net, X, 1)
    close(at.guided_grad_cam(net, X, 1), product)


def headed(*head) -> keras.Model:
    """A convolution under a head."""
    return keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(4, 3, activation="relu", name="conv"), *head])


def test_cam_takes_pools_and_weighted_sums_and_nothing_else():
    for pool in (layers.GlobalMaxPooling2D(), layers.GlobalAveragePooling2D(keepdims=True)):
        model = headed(pool, layers.Flatten(), layers.Dropout(0.5), layers.Dense(3))
        small = at.feature_maps(model, X, "conv") @ model.layers[-1].get_weights()[0][:, 1:2]
        close(at.cam(model, X, 1), ops.convert_to_numpy(ops.image.resize(small, (12, 12))))
    pool = layers.GlobalAveragePooling2D
    for head, words in (
        ([layers.Flatten(), layers.Dense(3)], "global pool.*looks at places.*Flatten.*grad_cam"),
        ([pool(), layers.Dense(3, activation="softmax")], "logits rather than a softmax.*bends"),
        ([pool(), layers.Dense(8, activation="tanh"), layers.Dense(3)], "hidden layers.*bends"),
    ):
        with pytest.raises(ValueError, match=words):
            at.cam(headed(*head), X, 1)
    soft, plain = (headed(pool(), layers.Dense(3, activation=name)) for name in ("softmax", None))
    plain.set_weights(soft.get_weights())
    close(at.cam(at.logits(soft), X, 1), at.cam(plain, X, 1))
    with pytest.raises(ValueError, match=r"last layer before the pool.*bends after more"):
        at.cam(KINDS["subclassed"], X, 1)  # its last layer with maps comes before a ReLU


@pytest.mark.once
def test_without_maps_there_is_nothing_to_lay_over():
    model = keras.Sequential([keras.Input((12, 12, 3)), layers.Flatten(), layers.Dense(3)])
    for method in (at.cam, at.grad_cam):
        with pytest.raises(ValueError, match=r"No layer.*gives maps.*Received: flatten"):
            method(model, X, 1)
        with pytest.raises(ValueError, match=r"No layer.*a model without layers"):
            method(lambda x: ops.mean(x, axis=(1, 2)), X, 1)


def test_layers_are_found_by_name_by_path_and_by_turn():
    nested = KINDS["nested"]
    inner = nested.get_layer("inner").layers[0]
    maps = keras.Model(nested.input, nested.get_layer("deep").output)
    close(at.feature_maps(nested, X, "deep"), ops.convert_to_numpy(maps(X)))
    for layer in (inner, inner.name, f"inner/{inner.name}", f"inner/{inner.name}#1"):
        assert at.feature_maps(nested, X, layer).shape == (3, 10, 10, 4)
    assert at.feature_maps(nested, X[0], "deep").shape == (8, 8, 5)
    assert at.feature_maps(nested, X[:0], "deep").shape == (0, 8, 8, 5)
    assert at.grad_cam(nested, X, 1, layer="inner", upsample=False).shape == (3, 10, 10, 1)
    close(at.feature_maps(lambda x: nested(x) + 1, X, "deep"), ops.convert_to_numpy(maps(X)))
    twice = keras.Input((12, 12, 3))
    shared = layers.Conv2D(3, 3, padding="same", name="shared")
    model = keras.Model(twice, layers.GlobalAveragePooling2D()(shared(shared(twice))))
    one, two = (at.feature_maps(model, X, f"shared#{turn}") for turn in (1, 2))
    close(ops.convert_to_numpy(shared(one)), two)
    for layer, words in (
        ("shared", "name one of shared#1, shared#2"),
        (shared, "name one of shared#1, shared#2"),
        ("shard#1", "nearest: shared.*Received: layer='shard#1'"),
        ("zzz", "there are: shared, global_average.*Received: layer='zzz'"),
        (layers.Dense(3, name="other"), "calls no such layer.*other"),
    ):
        with pytest.raises(ValueError, match=words):
            at.feature_maps(model, X, layer)
    with pytest.raises(ValueError, match=r"A layer that gives maps.*global_average"):
        at.grad_cam(model, X, 1, layer=model.layers[-1].name)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a tape of TensorFlow")
def test_grad_cam_is_that_of_a_tape():
    import tensorflow as tf

    net = KINDS["functional"]
    split = keras.Model(net.input, [net.layers[-3].output, net.output])
    with tf.GradientTape() as tape:
        maps, outputs = split(X)
        score = outputs[:, 2]
    alpha = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))
    small = np.maximum(np.einsum("nhwc,nc->nhw", maps, alpha), 0)[..., None]
    close(at.grad_cam(net, X, 2, layer=net.layers[-3], upsample=False), small)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(X))
        score = net(x)[:, 2]
    close(at.gradient(net, X, 2), tape.gradient(score, x).numpy())


# Occlusion ----------------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(("window", "stride"), [(4, 3), ((5, 2), (5, 2)), (12, 12), (1, 1), ((7, 12), (2, 5))])
def test_occlusion_is_that_of_its_slow_twin_and_covers_every_pixel(window, stride):
    def model(x):
        return ops.mean(ops.sin(3 * x), axis=(1, 2, 3)) + ops.max(x[:, 3:7, 2:9], axis=(1, 2, 3))

    (tall, wide), (down, right) = (np.broadcast_to(pair, 2) for pair in (window, stride))
    tops, lefts = (sorted({*range(0, 12 - n + 1, step), 12 - n}) for n, step in ((tall, down), (wide, right)))
    total, count = np.zeros((12, 12)), np.zeros((12, 12))
    whole = float(ops.convert_to_numpy(model(X[:1]))[0])
    for top, left in itertools.product(tops, lefts):
        covered = X[:1].copy()
        covered[:, top : top + tall, left : left + wide] = BASE[0, top : top + tall, left : left + wide]
        total[top : top + tall, left : left + wide] += whole - float(ops.convert_to_numpy(model(covered))[0])
        count[top : top + tall, left : left + wide] += 1
    assert count.min() >= 1
    found = at.occlusion(model, X, window=window, stride=stride, fill=BASE)
    np.testing.assert_allclose(found[0, ..., 0], total / count, atol=2e-6)


# Questions ----------------------------------------------------------------------------------------------------------


def several() -> keras.Model:
    graph = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu")(graph)
    pooled = layers.GlobalAveragePooling2D()(x)
    return keras.Model(graph, {"kind": layers.Dense(3)(pooled), "place": layers.Dense(2)(pooled), "maps": x})


def test_targets_of_all_kinds():
    net = KINDS["sequential"]
    highest = ops.convert_to_numpy(net(X)).argmax(1)
    close(at.gradient(net, X), at.gradient(net, X, highest))
    close(at.gradient(net, X), at.gradient(net, X, list(highest)))
    close(at.gradient(net, X, 1), at.gradient(net, X, np.full(3, 1)))
    close(at.gradient(net, X, lambda y: y[:, 1]), at.gradient(net, X, 1))
    difference = at.gradient(net, X, 1) - at.gradient(net, X, 2)
    close(at.gradient(net, X, lambda y: y[:, 1] - y[:, 2]), difference)
    model = several()
    assert at.grad_cam(model, X, lambda y: y["place"][:, 0]).shape == (3, 12, 12, 1)
    with pytest.raises(ValueError, match=r"several outputs.*function.*Received: dict of 3"):
        at.gradient(model, X, 1)
    with pytest.raises(ValueError, match=r"outputs must be \(n, classes\).*shape \(1, 10, 10, 4\)"):
        at.gradient(lambda x: model(x)["maps"], X, 1)


@pytest.mark.once
@pytest.mark.parametrize(
    ("target", "words"),
    [
        (3, "target must be a whole number from 0 to 2. Received: target=3"),
        (-1, "from 0 to 2. Received: target=-1"),
        (1.5, "Received: target=1.5"),
        ([0, 1], r"one for each of 3 images. Received: shape \(2,\)"),
        (lambda y: y, r"target must give one score a picture, shape \(3,\). Received: \(3, 3\)"),
        (lambda y: 1.0, "one score a picture.*Received: float"),
    ],
)
def test_bad_targets_are_refused(target, words):
    with pytest.raises(ValueError, match=words):
        at.gradient(KINDS["sequential"], X, target)


def two_inputs() -> keras.Model:
    one, other = keras.Input((12, 12, 3), name="one"), keras.Input((12, 12, 3), name="other")
    return keras.Model([one, other], layers.GlobalAveragePooling2D()(layers.Add()([one, other])))


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "images", "words"),
    [
        (None, X, "must be a Keras model or a function.*Received: None"),
        (keras.Sequential([layers.Dense(3)], name="raw"), X, "no weights yet.*Received: raw, not built"),
        (two_inputs(), X, r"lambda x: model\(\[x, other\]\).*2 inputs \(one, other\)"),
        (NET, X[:, :, :10], r"shape \(None, 12, 12, 3\).*Received: shape \(3, 12, 10, 3\)"),
        (NET, X[..., :1], r"Received: shape \(3, 12, 12, 1\)"),
        (NET, X[0, 0], r"Received: shape \(12, 3\)"),
        (NET, np.full_like(X, np.nan), "must be finite.*1296 values"),
        (NET, np.array(["a"]), "array of numbers.*Received: dtype <U1"),
        (lambda x: ops.argmax(x, axis=-1), POINTS, "floats, not the class itself"),
        (lambda x: ops.sum(x, axis=1), POINTS, None),
    ],
)
def test_bad_questions_are_refused(model, images, words):
    if words is None:
        assert at.gradient(model, images).shape == images.shape
        with pytest.raises(ValueError, match=r"one score a picture: leave target out. Received: target=1"):
            at.gradient(model, images, 1)
    else:
        with pytest.raises(ValueError, match=words):
            at.gradient(model, images)


@pytest.mark.once
@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: at.integrated_gradients(NET, X, baseline=np.zeros((4, 4))), "baseline must be.*shape \\(4, 4\\)"),
        (lambda: at.deeplift(NET, X, baseline=np.zeros((2, 12, 12, 3))), "baseline must be.*each of the 3 images"),
        (lambda: at.integrated_gradients(NET, X, baseline=np.nan), "baseline must be finite"),
        (lambda: at.integrated_gradients(NET, X, steps=0), "steps must be at least 1. Received: steps=0"),
        (lambda: at.quadrature("trapezoid", 1), "steps must be at least 2"),
        (lambda: at.quadrature("simpson", 3), "rule must be one of.*Received: rule='simpson'"),
        (lambda: at.expected_gradients(NET, X, background=X[:0]), "background must be.*Received: shape \\(0, 12"),
        (lambda: at.expected_gradients(NET, X, background=X, samples=0), "samples must be at least 1"),
        (lambda: at.smooth_grad(NET, X, samples=0), "samples must be at least 1"),
        (lambda: at.smooth_grad(NET, X, noise=-1), "noise must be a number from 0"),
        (lambda: at.occlusion(NET, X, window=13), "window must fit.*window=13.*12 x 12"),
        (lambda: at.occlusion(NET, X, window=2, stride=3), "left out. Received: window=2 and stride=3"),
        (lambda: at.occlusion(NET, X, fill=[1, 2]), "fill must be.*Received: shape \\(2,\\)"),
        (lambda: at.occlusion(SMOOTH, POINTS), "images must be \\(n, height, width, channels\\)"),
        (lambda: at.shapley(NET, X), "at most 16.*Received: 432 from 0 to 431"),
        (lambda: at.shapley(NET, X, groups=np.ones((12, 12), int)), "without gaps"),
        (lambda: at.shapley(NET, X, groups=np.zeros((12, 12))), "groups must be whole numbers"),
        (lambda: at.shapley_values(lambda inside: inside, 2), "one number a coalition.*shape \\(4, 2\\)"),
        (lambda: at.shapley_values(len, 17), "players must be a whole number from 1 to 16"),
        (lambda: at.gradient(NET, X, batch_size=0), "batch_size must be at least 1"),
        (lambda: at.heat(POINTS), "attribution must be.*Received: shape \\(3, 4\\)"),
        (lambda: at.heat(X, "loud"), "how must be one of"),
    ],
)
def test_bad_arguments_are_refused(run, words):
    with pytest.raises(ValueError, match=words):
        run()


@pytest.mark.once
def test_whole_numbers_become_floats_and_are_not_scaled():
    bytes_ = (X * 255).astype("uint8")
    close(at.gradient(NET, bytes_, 1), at.gradient(NET, bytes_.astype("float32"), 1))


@pytest.mark.once
def test_a_gradient_that_is_cut_is_told_from_one_that_is_zero():
    one = lambda x: ops.one_hot(ops.argmax(SMOOTH(x), axis=-1), 2)  # noqa: E731
    for run in (at.gradient, at.integrated_gradients):
        with pytest.raises(ValueError, match=r"zero throughout.*argmax"):
            run(one, POINTS, 0)
    assert not at.gradient(lambda x: 0 * x[:, 0], POINTS).any()
    assert not at.deconvnet(lambda x: 0 * ops.relu(x)[:, 0], POINTS).any()  # whose own steps are no cut
    saturated = at.gradient(lambda x: 1 - ops.relu(1 - x[:, 0]), np.full((1, 4), 2.0))
    assert not saturated.any()  # flat here, and rightly zero


@pytest.mark.once
def test_baselines_of_every_shape():
    colour, picture = np.float32([0.1, 0.2, 0.3]), BASE[0]
    net = NETS["strided"]  # a flat baseline ties in every max pool, and rounding would choose
    for method in (at.integrated_gradients, at.deeplift):
        run = lambda base, method=method: method(net, X, TARGET, baseline=base)  # noqa: E731
        close(run(0.5), run(np.full(3, 0.5)))
        close(run(colour), run(np.broadcast_to(colour, X.shape)))
        close(run(picture), run(np.repeat(picture[None], 3, axis=0)))
        assert np.abs(run(picture) - run(BASE)).max() > 1e-4


# DeepLIFT -----------------------------------------------------------------------------------------------------------

CURVES = {
    "relu": ops.relu,
    "relu6": ops.relu6,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "silu": ops.silu,
    "gelu": ops.gelu,
    "elu": ops.elu,
    "hard_sigmoid": ops.hard_sigmoid,
    "exp": ops.exp,
    "square": ops.square,
}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_sends_back_the_slope_of_its_chord(name):
    """Of Σ w f(x) each input has exactly w (f(x) - f(x')), also where it does not move."""
    f, weight, start = CURVES[name], np.float32([1, -2, 3]), np.float32([0.5, -1, 5])
    found = at.deeplift(lambda x: ops.sum(ops.multiply(weight, f(x)), axis=1), INPUT / 4, baseline=start)
    true = weight * (ops.convert_to_numpy(f(INPUT / 4)) - ops.convert_to_numpy(f(start)))
    close(found, true)


def test_max_pools_give_gains_to_the_picture_and_losses_to_the_baseline():
    pool = lambda x: layers.MaxPooling2D()(x)[:, 0, 0, 0]  # noqa: E731
    x, start = np.float32([[5, 1], [0, 2]]), np.float32([[3, 4], [0, 0]])
    up = at.deeplift(pool, x[..., None], baseline=start[..., None])[..., 0]
    np.testing.assert_allclose(up, [[1, 0], [0, 0]], atol=1e-6)  # 5 over 4: to where 5 is
    down = at.deeplift(pool, start[..., None], baseline=x[..., None])[..., 0]
    np.testing.assert_allclose(down, [[-1, 0], [0, 0]], atol=1e-6)  # and from there when it goes
    row = lambda x: ops.max(x, axis=1)  # noqa: E731
    np.testing.assert_allclose(at.deeplift(row, INPUT, baseline=0), [[0, 0, 5], [2, 0, 0], [0, 0, 4]], atol=1e-6)


@pytest.mark.parametrize(
    "f", [lambda x: x[:, 0] * ops.relu(x[:, 1]), lambda x: ops.softmax(x)[:, 0] * 9], ids=["product", "softmax"]
)
def test_deeplift_that_does_not_add_up_is_refused(f):
    with pytest.raises(ValueError, match=r"does not add up.*integrated_gradients.*Received: a sum of .* differs by"):
        at.deeplift(f, np.abs(INPUT) + 1, baseline=0.5)


# Softmax, precision, one number a pixel -----------------------------------------------------------------------------


class Soft(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(4)

    def call(self, x):
        y = self.inner(ops.softmax(x))  # a softmax inside stays
        return ops.softmax(y)


def test_logits_are_what_goes_into_the_last_softmax():
    ends = ([layers.Dense(4, activation="softmax")], [layers.Dense(4), layers.Softmax()])
    models = [keras.Sequential([keras.Input((4,)), *end]) for end in (*ends, [layers.Dense(4, activation="sigmoid")])]
    models.append(Soft())
    for model in models:
        said = ops.convert_to_numpy(model(POINTS))
        inner = at.logits(model)
        found = ops.convert_to_numpy(inner(ops.convert_to_tensor(POINTS)))
        again = ops.sigmoid(found) if model is models[2] else ops.softmax(found)
        close(ops.convert_to_numpy(again), said)
        if model is not models[-1]:
            kernel = next(layer for layer in model.layers if isinstance(layer, layers.Dense)).get_weights()[0]
            close(at.gradient(inner, POINTS, 2), np.tile(kernel[:, 2], (3, 1)))
    with pytest.raises(ValueError, match=r"do not come straight from a softmax.*Received: sequential"):
        at.logits(SMOOTH)(ops.convert_to_tensor(POINTS))


def test_half_precision_is_answered_in_full():
    parts = [layers.Conv2D(4, 3, activation="relu", dtype="mixed_bfloat16"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((12, 12, 3)), *parts, layers.Dense(3)])
    full = keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(4, 3, activation="relu"), *parts[1:], layers.Dense(3)]
    )
    dice = np.random.default_rng(7)
    model.set_weights([dice.normal(0, 0.4, w.shape) for w in model.get_weights()])
    full.set_weights(model.get_weights())
    for method in (at.gradient, at.guided_backprop, functools.partial(at.grad_cam, relu=False)):
        answer, wanted = method(model, X, 1), method(full, X, 1)
        assert answer.dtype == np.float32
        assert np.corrcoef(answer.ravel(), wanted.ravel())[0, 1] > 0.98  # a ReLU near its kink may fall the other way
        assert np.linalg.norm(answer) == pytest.approx(np.linalg.norm(wanted), rel=0.05)


@pytest.mark.once
def test_one_number_a_pixel():
    both = np.float32([[[[1, -2], [3, 1]]]])
    for how, true in {"absolute": [3, 4], "signed": [-1, 4], "positive": [0, 4], "largest": [2, 3]}.items():
        np.testing.assert_allclose(at.heat(both, how)[0, 0], true)
        np.testing.assert_allclose(at.heat(both[0], how)[0], true)
