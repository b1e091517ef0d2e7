"""Optimization: rules against Keras, exact quadratics, and what must not pass."""

import itertools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import experiments, optimization
from cvnotes.experiments import accuracy
from cvnotes.optimization import drawings, loop, quadratic, ravine, rules, trials, twins
from tests.examples import examples

ROOT = Path(__file__).resolve().parents[1]
SLOPE = ravine.LANDS["turned"].gradient
START = [-0.9, 0.4]
RULES = {name.lower(): rule for name, rule in rules.NAMED.items()}


# Equal to Keras ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(twins.twins()))
@pytest.mark.parametrize("rate", [0.003, 0.01])
def test_each_rule_equals_keras_step_by_step(name, rate):
    twin = twins.twins()[name]
    steps = 30 if name == "AdamW" else 100  # each decay rounds a weight near 1 once more, always the same way
    assert twins.apart(twin.rule, twin.make(rate), SLOPE, START, steps, rate=rate, **twin.settings) <= 1e-6


@pytest.mark.parametrize("name", list(twins.twins()))
def test_each_rule_equals_keras_on_noise(name):
    """Gradients of all sizes, on a matrix of weights."""
    twin, dice = twins.twins()[name], np.random.default_rng(1)
    noise = dice.normal(size=(60, 4, 3)) * 10.0 ** dice.integers(-4, 1, (4, 3))
    one, other = iter(noise), iter(noise)
    theirs = twins.keras_walk(twin.make(0.01), lambda w: next(one), np.zeros((4, 3)), 60)
    start = np.zeros((4, 3), "float32")
    ours = rules.walk(twin.rule, lambda w: next(other), start, 60, rate=0.01, **twin.settings)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("momentum", {"mu": 0.89}),
        ("Nesterov", {"mu": 0.89}),
        ("Adagrad", {"initial": 0.0, "inside": True}),
        ("RMSProp", {"inside": True, "rho": 0.89}),
        ("Adam", {"eps_hat": True, "corrected": False}),
        ("AdamW", {"eps_hat": True, "decay": 0.0}),
    ],
)
def test_a_wrong_setting_is_noticed(name, wrong):
    twin = twins.twins()[name]

    def gentle(w):
        return SLOPE(w) / 30  # beside large gradients Adagrad's start would not show

    assert twins.apart(twin.rule, twin.make(0.01), gentle, START, rate=0.01, **wrong) > 1e-4


@pytest.mark.parametrize("planted", ["sign", "order"])
def test_a_wrong_rule_is_noticed(planted):
    def wrong(w, g, v=None, *, rate, mu):
        v = np.zeros_like(w) if v is None else v
        if planted == "sign":
            v = mu * v + rate * g
            return w + v, v
        return w + v, mu * v - rate * g  # moves with the old velocity

    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    assert twins.apart(wrong, optimizer, SLOPE, START, rate=0.01, mu=0.9) > 1e-3


@pytest.mark.parametrize("mu", [0.5, 0.9, 0.99])
def test_nesterov_holds_the_place_ahead(mu):
    """The textbook's look-ahead form, written out, against the form for the place ahead."""
    w, v, x, speed = np.array(START), None, np.array(START), np.zeros(2)
    for _ in range(50):
        ahead = x + mu * speed
        np.testing.assert_allclose(w, ahead, atol=1e-12)
        speed = mu * speed - 0.01 * SLOPE(ahead)
        x = x + speed
        w, v = rules.nesterov(w, SLOPE(w), v, rate=0.01, mu=mu)


# Rules by themselves -------------------------------------------------------------------------------------------------


@given(
    size=st.floats(1e-3, 1e3), scale=st.floats(1e-2, 1e2), name=st.sampled_from(["adagrad", "rmsprop", "adam"]),
    seed=st.integers(0, 99),
)  # fmt: skip
@examples(60)
def test_dividing_by_the_size_makes_a_rule_blind_to_it(size, scale, name, seed):
    """Without epsilon, gradients ten times as large give the same steps."""
    noise = np.random.default_rng(seed).normal(size=(12, 5)) * size
    paths = []
    for factor in (1, scale):
        feed = iter(noise * factor)
        paths.append(rules.walk(RULES[name], lambda w, f=feed: next(f), np.zeros(5), 12, rate=0.1, eps=0.0))
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-9)


def test_plain_steps_are_not_blind_to_it():
    one, ten = (rules.sgd(np.zeros(2), np.array([f, f]), rate=0.1)[0] for f in (1.0, 10.0))
    assert not np.allclose(one, ten)


def test_momentum_without_memory_is_the_plain_rule():
    for name in ("momentum", "nesterov"):
        path = rules.walk(RULES[name], SLOPE, START, 20, rate=0.01, mu=0.0)
        np.testing.assert_array_equal(path, rules.walk(rules.sgd, SLOPE, START, 20, rate=0.01))


def test_adam_first_steps():
    for g in (1e-3, 1.0, 50.0):
        lengths = {
            corrected: abs(rules.adam(np.zeros(1), np.array([g]), rate=1.0, eps=0.0, corrected=corrected)[0][0])
            for corrected in (True, False)
        }
        assert lengths[True] == pytest.approx(1, abs=1e-12)
        assert lengths[False] == pytest.approx(0.1 / 0.001**0.5, abs=1e-9)


def test_adamw_decays_all_alike():
    w, _ = rules.adamw(np.array([1.0, 3.0]), np.zeros(2), rate=0.1, decay=0.5)
    np.testing.assert_allclose(w, [0.95, 2.85])


@pytest.mark.parametrize("name", list(RULES))
def test_rules_are_pure_and_keep_the_type(name):
    w, g = np.array([1.0, 2.0], "float32"), np.array([0.5, -0.5], "float32")
    state = RULES[name](w, g, None, rate=0.1)[1]
    again = RULES[name](w, g, state, rate=0.1)[0]
    assert again.dtype == np.float32
    np.testing.assert_array_equal(w, [1, 2])
    np.testing.assert_array_equal(again, RULES[name](w, g, state, rate=0.1)[0])


@pytest.mark.parametrize("name", list(RULES))
def test_wider_numbers_beside_them_do_not_widen_the_weights(name):
    """A rate from np.logspace is a float64 that NumPy would let spread; so is a gradient of whole numbers."""
    w, one = np.array([1.0, 2.0], "float32"), np.float64(0.5)
    settings = {"momentum": {"mu": one}, "nesterov": {"mu": one}, "rmsprop": {"rho": one}}.get(name, {})
    for gradient in (np.array([0.5, -0.5]), np.array([1, -1])):
        state = None
        for _ in range(2):
            moved, state = RULES[name](w, gradient, state, rate=one, **settings)
            assert moved.dtype == np.float32
        kept = [] if state is None else state[:2] if name == "adam" else [state]
        assert all(each.dtype == np.float32 for each in kept)


@pytest.mark.parametrize("name", [name for name in RULES if name != "sgd"])
def test_a_state_of_another_shape_is_refused(name):
    w = np.ones(2)
    state = rules.Moments(np.ones((3, 2)), np.ones((3, 2)), 1) if name == "adam" else np.ones((3, 2))
    with pytest.raises(ValueError, match=r"shape of the weights, \(2,\)\. Received: \(3, 2\)"):
        RULES[name](w, w, state, rate=0.1)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_no_gradient_and_no_epsilon_is_refused_and_not_nan(name):
    with pytest.raises(ValueError, match="give eps > 0"):
        RULES[name](np.ones(2), np.array([1.0, 0.0]), rate=0.1, eps=0.0)
    moved, _ = RULES[name](np.ones(2), np.array([1.0, 0.0]), rate=0.1)
    assert moved[1] == 1 > moved[0]


@pytest.mark.parametrize("name", list(RULES))
@pytest.mark.parametrize(
    ("w", "g", "rate", "words"),
    [
        (np.ones(2), np.ones(3), 0.1, "shape"),
        (np.ones(2, int), np.ones(2), 0.1, "floats"),
        (np.ones(2), np.array([1, np.nan]), 0.1, "finite"),
        (np.array([1, np.inf]), np.ones(2), 0.1, "finite"),
        (np.ones(2, "float32"), np.full(2, 1e300), 0.1, "finite"),
        (np.ones(2), np.ones(2, complex), 0.1, "complex"),
        (np.ones(2), np.ones(2), np.nan, "rate"),
        (np.ones(2), np.ones(2), 0.0, "rate"),
        (np.ones(2), np.ones(2), True, "rate"),
        (np.ones(2), np.ones(2), "0.1", "rate"),
    ],
)
def test_bad_input_is_refused(name, w, g, rate, words):
    with pytest.raises(ValueError, match=words):
        RULES[name](w, g, rate=rate)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (rules.momentum, {"mu": 1.0}),
        (rules.nesterov, {"mu": -0.1}),
        (rules.adagrad, {"initial": -1.0}),
        (rules.rmsprop, {"eps": np.inf}),
        (rules.adam, {"beta1": -0.5}),
        (rules.adam, {"beta2": 1}),
        (rules.adam, {"beta2": np.nan}),
        (rules.adamw, {"decay": True}),
    ],
)
def test_bad_settings_are_refused(rule, wrong):
    with pytest.raises(ValueError, match="Received"):
        rule(np.ones(2), np.ones(2), rate=0.1, **wrong)


# The loop ------------------------------------------------------------------------------------------------------------


def test_descend_sees_every_example_once_an_epoch_in_a_new_order():
    met = []

    def loss(w, rows):
        met.append(rows)
        return float(len(met)), np.ones_like(w)

    w, seen = loop.descend(loss, np.zeros(3), 12, rule=rules.sgd, epochs=2, batch=4, seed=0, rate=0.1)
    assert seen == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(w, -0.6)
    first, second = np.concatenate(met[:3]), np.concatenate(met[3:])
    assert sorted(first) == sorted(second) == list(range(12))
    assert list(first) != list(second)


def test_descend_hands_the_state_on():
    w, _ = loop.descend(
        lambda w, rows: (0.0, np.ones(1)), np.zeros(1), 4, rule=rules.momentum, epochs=1, batch=2, seed=0, rate=1.0
    )
    np.testing.assert_allclose(w, -(1 + 1.9))


# Quadratics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", quadratic.KINDS)
@pytest.mark.parametrize(("rate", "mu"), list(itertools.product((0.01, 0.1, 0.3), (0.0, 0.5, 0.9))))
def test_the_update_matrix_is_the_rule(kind, rate, mu):
    w, v = np.array([0.7]), np.array([-0.2])
    matrix = quadratic.update_matrix(kind, 3.0, rate, mu)
    if kind == "plain":
        np.testing.assert_allclose(matrix @ w, rules.sgd(w, 3 * w, rate=rate)[0])
        return
    moved, speed = quadratic.RULES[kind](w, 3 * w, v, rate=rate, mu=mu)
    np.testing.assert_allclose(matrix @ [w[0], v[0]], [moved[0], speed[0]], atol=1e-12)


@given(
    kind=st.sampled_from(quadratic.KINDS),
    curvature=st.floats(0.1, 100),
    mu=st.floats(0, 0.98),
    share=st.floats(0.05, 2),
)
@examples(150)
def test_the_limit_is_where_an_eigenvalue_leaves_the_circle(kind, curvature, mu, share):
    if abs(share - 1) < 1e-3:
        return
    size = quadratic.radius(kind, curvature, share * quadratic.limit(kind, curvature, mu), mu)
    assert (size < 1) == (share < 1)


@pytest.mark.parametrize("kind", quadratic.KINDS)
@pytest.mark.parametrize("mu", [0.5, 0.9])
def test_the_limit_is_where_steps_really_grow(kind, mu):
    assert quadratic.measured_limit(kind, 100, mu) == pytest.approx(quadratic.limit(kind, 100, mu), rel=2e-3)


@pytest.mark.parametrize("kind", quadratic.KINDS)
@pytest.mark.parametrize("ratio", [2, 10, 100, 1000])
def test_best_settings_cannot_be_bettered_nearby(kind, ratio):
    rate, mu, factor = quadratic.best(kind, 1, ratio)
    # double eigenvalues are computed to the root of the last digit
    assert quadratic.radius(kind, [1, ratio], rate, mu) == pytest.approx(factor, abs=1e-6)
    for more in (0.97, 1.03):
        assert quadratic.radius(kind, [1, ratio], rate * more, mu) > factor - 1e-6
        if kind != "plain":
            other = min(mu * more, 0.9999)
            assert quadratic.radius(kind, [1, ratio], rate, other) > factor - 1e-6


def test_steps_fit_the_factor():
    for kind in quadratic.KINDS:
        rate, mu, factor = quadratic.best(kind, 1, 100)
        expected = np.log(1e-6) / np.log(factor)
        assert expected - 2 < quadratic.steps_to(kind, [1, 100], rate, mu) < 1.7 * expected
    assert quadratic.steps_to("plain", [1, 100], 0.021) is None
    assert quadratic.steps_to("plain", [1, 100], 0.001, most=50) is None


def test_quadratic_refuses_what_it_does_not_know():
    for call in (
        lambda: quadratic.limit("heavy", 1),
        lambda: quadratic.limit("plain", 0),
        lambda: quadratic.limit("momentum", 1, 1.0),
        lambda: quadratic.best("plain", 2, 1),
        lambda: quadratic.best("plain", 1, np.inf),
        lambda: quadratic.steps_to("plain", [], 0.1),
        lambda: quadratic.steps_to("plain", [1, -1], 0.1),
        lambda: quadratic.steps_to("plain", 1, 0.1, goal=np.nan),
        lambda: quadratic.measured_limit("plain", 0),
        lambda: quadratic.measured_limit("plain", 1, steps=0),
        lambda: rules.walk(rules.sgd, SLOPE, "ab", 1, rate=0.1),
        lambda: ravine.race("sgd", 0.1, 0.9, "turned"),
        lambda: ravine.race("SGD", 0.1, 0.9, "flat"),
    ):
        with pytest.raises(ValueError, match="Received"):
            call()


# Drawings ------------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_race_is_drawn_and_told():
    told = set()
    for rate, mu, land in itertools.product(ravine.RATES, ravine.MOMENTA, ravine.LANDS):
        told.add(ravine.say_race(rate, mu, land))
    assert len(told) == len(ravine.RATES) * len(ravine.MOMENTA) * len(ravine.LANDS)
    fig = ravine.draw_race(0.2, 0.97, "saddle")
    assert [ax.get_title(loc="center") or ax.get_title(loc="left") for ax in fig.axes[:2]] == list(ravine.TITLES)


@pytest.mark.parametrize("land", list(ravine.LANDS))
def test_lands_have_the_gradient_they_say(land):
    ground, h = ravine.LANDS[land], 1e-6
    for w in np.random.default_rng(0).normal(size=(5, 2)):
        ruler = [(ground.height(w + h * e) - ground.height(w - h * e)) / (2 * h) for e in np.eye(2)]
        np.testing.assert_allclose(ground.gradient(w), ruler, atol=1e-6)
    field = np.stack(np.meshgrid(np.linspace(-3, 3, 61), np.linspace(-2, 2, 81)))
    assert ground.height(field).min() >= ground.bottom - 1e-9


def test_a_race_ends_early_when_it_is_lost():
    assert len(ravine.race("SGD", 0.2, 0.9, "turned")) < ravine.STEPS
    assert len(ravine.race("SGD", 0.01, 0.9, "turned")) == ravine.STEPS + 1
    assert "higher than at the start: SGD" in ravine.say_race(0.2, 0.5, "turned")


def test_pictures_of_the_page():
    rng = np.random.default_rng(0)
    gaps = {name: rng.uniform(0.01, 1, (5, 8)) for name in twins.FAMILY}
    runs = {f"{name}_validation": rng.uniform(0, 1, (5, len(trials.RATES))) for name in twins.FAMILY}
    figs = [drawings.draw_factors(), drawings.draw_lengths(), drawings.draw_gaps(gaps),
            drawings.draw_rates(trials.RATES, runs, trials.DEFAULT)]  # fmt: skip
    for fig in figs:
        fig.draw_without_rendering()
    np.testing.assert_allclose(drawings.step_lengths("SGD", [1.0, 0.1]), [1, 0.1])


# Experiments ---------------------------------------------------------------------------------------------------------


def test_default_rates_are_those_of_keras():
    optimizers = keras.optimizers
    made = {"SGD": optimizers.SGD(), "Adagrad": optimizers.Adagrad(), "RMSProp": optimizers.RMSprop(),
            "Adam": optimizers.Adam()}  # fmt: skip
    for name, optimizer in made.items():
        assert trials.DEFAULT[name] == pytest.approx(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))


def test_a_race_starts_anew_each_time():
    dice = np.random.default_rng(0)
    x, y = dice.uniform(size=(64, 8, 8, 1)).astype("float32"), dice.integers(0, 10, 64)
    race = trials.Race("Adam", 0)
    first = race.train(x, y, 0.01, 2, seed=0)
    other = race.train(x, y, 0.1, 2, seed=0)
    assert race.train(x, y, 0.01, 2, seed=0) == pytest.approx(first, rel=1e-4)
    assert other != pytest.approx(first, rel=1e-4)
    loss, right = race.judged(x, y)
    assert loss == pytest.approx(first[-1], rel=1e-4)
    assert right == accuracy(race.model, x, y)


def test_linear_race_repeats_its_stored_numbers():
    live = experiments.verify(trials.linear_race, seed=1, atol=2e-3)
    assert all(min(live[name]) > 0 for name in twins.FAMILY), "no loss below the lowest"


def test_the_room_is_light():
    """Rules, loop and bowls load no Keras; the names that the room promises are there."""
    code = "import sys; from cvnotes.optimization import *; from cvnotes.optimization import loop, quadratic; "
    code += "print(sgd.__name__, walk.__name__, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["sgd", "walk", "False"], done.stderr
    assert all(getattr(optimization, name) is getattr(rules, name) for name in optimization.__all__)
