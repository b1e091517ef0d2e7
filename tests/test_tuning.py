"""Running a training: checks, schedules, clipping, callbacks and searches, each against an oracle."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, experiments, tuning
from cvnotes.figures import encode
from cvnotes.tuning import (
    bench,
    bugs,
    clipping,
    drawings,
    overfit,
    schedules,
    search,
    series,
    tables,
    trials,
    trials_rates,
)
from cvnotes.tuning.bench import Bench, visits
from tests.examples import examples

keras_array = ops.convert_to_numpy


# Schedules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", schedules.KINDS)
@pytest.mark.parametrize(("rate", "steps"), [(0.1, 30), (3.0, 97), (1e-4, 6)])
def test_each_schedule_is_kerass_at_every_step(kind, rate, steps):
    ours, theirs = schedules.by_hand(kind, rate, steps), schedules.by_keras(kind, rate, steps)
    at = np.arange(steps + 5)
    value = [float(keras_array(theirs(t))) if callable(theirs) else theirs for t in at]
    np.testing.assert_allclose(ours(at), value, rtol=2e-5, atol=1e-6 * rate)  # Keras counts in float32


def test_schedules_differ_from_each_other():
    curves = [schedules.by_hand(kind, 0.1, 60)(np.arange(1, 60)) for kind in schedules.KINDS]
    for i, one in enumerate(curves):
        assert all(np.abs(one - other).max() > 0.01 for other in curves[:i])


def test_a_boundary_of_piecewise_constant_comes_one_step_later():
    stairs = keras.optimizers.schedules.ExponentialDecay(1.0, 4, 0.1, staircase=True)
    pieces = keras.optimizers.schedules.PiecewiseConstantDecay([4, 8], [1.0, 0.1, 0.01])
    apart = [t for t in range(12) if not np.isclose(float(keras_array(stairs(t))), float(keras_array(pieces(t))))]
    assert apart == [4, 8]


@pytest.mark.parametrize("bad", [{"rate": 0}, {"factor": -1.0}, {"every": True}, {"rate": float("nan")}])
def test_a_schedule_refuses_what_is_not_above_zero(bad):
    with pytest.raises(ValueError, match="must be a number above 0"):
        tuning.step_decay(3, **{"rate": 0.1, "factor": 0.5, "every": 10} | bad)


def test_a_schedule_refuses_steps_below_zero_and_unknown_kinds():
    with pytest.raises(ValueError, match="counts updates from 0"):
        tuning.cosine_decay(-1, 0.1, 10)
    for build in (schedules.by_hand, schedules.by_keras):
        with pytest.raises(ValueError, match="kind must be one of"):
            build("linear", 0.1, 10)
        with pytest.raises(ValueError, match="steps must be at least 2"):
            build("warm-up, cosine", 0.1, 1)
        with pytest.raises(ValueError, match=r"steps must be a whole number\. Received: steps=2\.5"):
            build("cosine", 0.1, 2.5)
        with pytest.raises(ValueError, match="rate must be a number above 0"):
            build("constant", -0.1, 10)


# Clipping -----------------------------------------------------------------------------------------------------------

LISTS = st.lists(
    st.lists(st.floats(-50, 50, width=32), min_size=3, max_size=3).map(lambda row: np.array(row, "float32")),
    min_size=1, max_size=3,
)  # fmt: skip


@given(gradients=LISTS, limit=st.floats(0.1, 20))
@examples(12)
def test_clipping_by_hand_is_kerass(gradients, limit):
    for option, rule in clipping.RULES.values():
        weights = [keras.Variable(np.zeros(3, "float32")) for _ in gradients]
        keras.optimizers.SGD(1.0, **{option: limit}).apply([ops.convert_to_tensor(g) for g in gradients], weights)
        for weight, ours in zip(weights, rule(gradients, limit), strict=True):
            np.testing.assert_allclose(keras_array(weight), -ours, rtol=1e-4, atol=1e-5)


def test_what_clipping_does_to_length_and_direction():
    long = [np.array([30.0, 0.4]), np.array([0.0, 0.3])]
    value, norm, whole = (rule(long, 1.0) for _, rule in clipping.RULES.values())
    assert clipping.global_norm(whole) == pytest.approx(1)
    assert clipping.cosine(long, whole) == pytest.approx(1)
    assert clipping.cosine(long, value) < 0.95
    assert clipping.cosine(long, norm) < 0.99
    assert np.linalg.norm(norm[0]) == pytest.approx(1)
    np.testing.assert_array_equal(norm[1], long[1])  # short arrays stay as they are
    for rule in (tuning.clip_by_value, tuning.clip_by_norm, tuning.clip_by_global_norm):
        np.testing.assert_allclose(rule([np.array([0.1, 0.2])], 1.0)[0], [0.1, 0.2])


@pytest.mark.parametrize(("gradients", "limit"), [([[1.0]], 0), ([[1.0]], True), ([[np.nan]], 1.0), ([], 1.0)])
def test_clipping_refuses_limits_and_gradients_that_are_no_numbers(gradients, limit):
    for rule in (tuning.clip_by_value, tuning.clip_by_norm, tuning.clip_by_global_norm):
        with pytest.raises(ValueError, match=r"limit must be|must be finite|list of arrays of numbers"):
            rule(gradients, limit)


@pytest.mark.parametrize("limit", [2.0, np.float64(2)])
def test_clipping_keeps_float32_and_shortens_what_cannot_be_squared(limit):
    """1e30 squared is infinite in float32, and 1e200 in float64: the direction must not be lost."""
    for kind, size in (("float32", 1e30), ("float64", 1e200)):
        long = [np.array([3 * size, -4 * size], kind)]
        for rule in (tuning.clip_by_norm, tuning.clip_by_global_norm):
            (short,) = rule(long, limit)
            assert short.dtype == kind
            np.testing.assert_allclose(short, [1.2, -1.6], rtol=1e-6)
        (cut,) = tuning.clip_by_value(long, limit)
        assert cut.dtype == kind
        np.testing.assert_array_equal(cut, [2, -2])
    assert clipping.global_norm([]) == 0
    assert clipping.global_norm([np.array([3, 4]), np.array([[12]])]) == pytest.approx(13)


@pytest.mark.parametrize("other", [[np.zeros(2)], [np.ones((2, 1))], [np.ones(2)] * 2, [np.array([1, np.nan])]])
def test_an_angle_needs_two_directions(other):
    with pytest.raises(ValueError, match="two directions of equal shapes"):
        clipping.cosine([np.ones(2)], other)


# The order of pictures ----------------------------------------------------------------------------------------------


@given(
    n=st.integers(4, 40), batch=st.integers(1, 4), epochs=st.integers(1, 4), order=st.sampled_from(bench.ORDERS),
    seed=st.integers(0, 99),
)  # fmt: skip
@examples(60)
def test_a_pass_visits_no_picture_twice(n, batch, epochs, order, seed):
    labels = np.random.default_rng(seed).integers(0, 3, n)
    rows = visits(labels, epochs, batch, np.random.default_rng(seed), order).reshape(epochs, -1)
    assert rows.shape[1] == n // batch * batch
    assert all(len(set(row)) == len(row) for row in rows.tolist())
    if order == "sorted":
        assert (np.diff(labels[rows], axis=1) >= 0).all()
    if order != "each pass":
        assert (rows == rows[0]).all()


def test_orders_are_refused_by_name_and_passes_differ():
    labels = np.arange(50) % 5
    with pytest.raises(ValueError, match="order must be one of each pass, once, sorted"):
        visits(labels, 1, 5, np.random.default_rng(0), "random")
    with pytest.raises(ValueError, match=r"labels must be a row \(n,\)"):
        visits(labels[:, None], 1, 5, np.random.default_rng(0))
    rows = visits(labels, 2, 5, np.random.default_rng(0)).reshape(2, -1)
    assert (rows[0] != rows[1]).any()


def test_a_series_with_memory_flatters_a_shuffled_split():
    walk, alone = series.random_walk(400, 0), np.random.default_rng(0).normal(size=400)
    assert series.nearest_error(walk, shuffled=True, seed=0) < 0.2 * series.nearest_error(walk, shuffled=False, seed=0)
    ratio = series.nearest_error(alone, shuffled=True, seed=0) / series.nearest_error(alone, shuffled=False, seed=0)
    assert 0.5 < ratio < 2


@pytest.mark.parametrize("share", [0, 1, -0.5, np.nan, 0.99])
def test_a_series_refuses_shares_that_leave_one_side_empty(share):
    with pytest.raises(ValueError, match="held_out must leave values on both sides"):
        series.nearest_error(np.arange(9.0), shuffled=False, seed=0, held_out=share)


@pytest.mark.parametrize("values", [np.ones(9), [], np.ones((3, 3)), [1, np.nan], ["a", "b"]])
def test_a_series_refuses_what_does_not_vary(values):
    with pytest.raises(ValueError, match="Give a row of numbers that vary"):
        series.nearest_error(values, shuffled=True, seed=0)


# One net, trained again and again -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return tuning.handful(bench.digits().train_images, bench.digits().train_labels)


def tiny():
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(10, name="scores")]
    )


def test_the_handful_holds_two_of_each(small):
    x, y = small
    assert x.shape == (20, 8, 8, 1)
    np.testing.assert_array_equal(y, np.repeat(np.arange(10), 2))
    with pytest.raises(ValueError, match="every class needs 3 pictures"):
        tuning.handful(x, y, 3)
    for wrong in ((x, y[:5]), (x[:0], y[:0]), (x, y[:, None])):
        with pytest.raises(ValueError, match="Give one label a picture"):
            tuning.handful(*wrong)


def test_a_bench_refuses_what_it_cannot_visit(small):
    x, y = small
    made = Bench(tiny, keras.optimizers.SGD())
    for wrong in ({"steps": 0}, {"steps": -1}, {"batch": 21}, {"epochs": 0}, {"order": "random"}):
        with pytest.raises(ValueError, match="Received"):
            made.train(x, y, **({"seed": 0, "epochs": 1, "batch": 20} | wrong))
    with pytest.raises(ValueError, match="20 pictures and 19 labels"):
        made.train(x, y[:19], seed=0, epochs=1, batch=5)


def test_a_bench_stops_after_so_many_steps(small):
    x, y = small
    made = Bench(tiny, keras.optimizers.SGD())
    for steps, taken in ((3, 3), (None, 8)):
        made.train(x, y, seed=0, epochs=2, batch=5, steps=steps)
        assert int(keras_array(made.model.optimizer.iterations)) == taken


def test_steering_momentum_equals_a_loop_by_hand(small):
    x, y = small
    made = Bench(tiny, tuning.SteeredSGD(momentum=0.9))
    rule = lambda t: 0.9 - 0.1 * t  # noqa: E731
    made.train(x, y, seed=3, epochs=5, rate=0.05, batch=20, callbacks=[tuning.Steering(momentum=rule)])
    after = made.model.get_weights()
    weights = [w.copy() for w in made.restart(3).get_weights()]
    speed = [np.zeros_like(w) for w in weights]
    for t in range(5):
        made.model.set_weights(weights)
        flat = trials_rates.gradient(made.model, x, y)
        parts = np.split(flat, np.cumsum([w.size for w in weights])[:-1])
        speed = [rule(t) * v - 0.05 * g.reshape(v.shape) for v, g in zip(speed, parts, strict=True)]
        weights = [w + v for w, v in zip(weights, speed, strict=True)]
    for ours, theirs in zip(weights, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    made.train(x, y, seed=3, epochs=5, rate=0.05, batch=20)  # unsteered: another path, from the same start
    assert np.abs(made.model.get_weights()[0] - after[0]).max() > 1e-4


class LateMomentum(keras.callbacks.Callback):
    """Sets the momentum of Keras's own SGD after the first step."""

    def on_train_batch_begin(self, batch, logs=None):
        if batch > 0:
            self.model.optimizer.momentum = 0.1


def test_kerass_own_momentum_is_compiled_into_the_step(small):
    x, y = small
    ends = []
    for callbacks in ([], [LateMomentum()]):
        made = Bench(tiny, keras.optimizers.SGD(0.05, momentum=0.9))
        made.train(x, y, seed=3, epochs=6, batch=20, callbacks=callbacks)
        ends.append(made.model.get_weights()[0])
    assert np.allclose(*ends, atol=1e-6) == (backend.name() != "torch")  # PyTorch compiles nothing here


def test_a_bench_forgets_and_ratio_is_rate_times_gradient_over_weights(small):
    x, y = small
    made, found = Bench(tiny, keras.optimizers.SGD()), []
    for rate in (0.01, 0.04):
        start = [w.copy() for w in made.restart(1).get_weights()]
        watch = tuning.UpdateRatio()
        made.train(x, y, seed=1, epochs=1, rate=rate, batch=20, callbacks=[watch])
        found.append(watch.per_step()[0])
    made.model.set_weights(start)
    first = trials_rates.gradient(made.model, x, y)[: start[0].size]
    by_hand = 0.04 * np.linalg.norm(first) / np.linalg.norm(start[0])
    assert next(iter(watch.ratios.values()))[0] == pytest.approx(by_hand, rel=1e-3)
    assert found[1] / found[0] == pytest.approx(4, rel=1e-3)
    assert len(watch.ratios) == 2  # two kernels, no bias


def test_the_ratio_leaves_out_what_starts_at_zero(small):
    x, y = small

    def zero_start():
        head = keras.layers.Dense(10, kernel_initializer="zeros", name="scores")
        return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), head])

    watch = tuning.UpdateRatio()
    Bench(zero_start, keras.optimizers.Adam()).train(x, y, seed=0, epochs=3, batch=20, rate=0.01, callbacks=[watch])
    (ratios,) = watch.ratios.values()
    assert len(ratios) == 2  # three steps, the first from zero
    assert np.isfinite(ratios).all()
    assert len(tuning.UpdateRatio().per_step()) == 0


def test_the_ratio_of_a_step_is_the_median_of_the_kernels_that_have_one(small):
    """The last kernel is zero at the first step only: the steps of the others must stay in line."""
    x, y = small

    def zero_head():
        layers = keras.layers
        head = layers.Dense(10, kernel_initializer="zeros", name="head")
        body = [layers.Dense(4, name="low"), layers.Dense(5, name="high")]
        return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *body, head])

    watch = tuning.UpdateRatio()
    Bench(zero_head, keras.optimizers.Adam()).train(x, y, seed=0, epochs=3, batch=20, rate=0.01, callbacks=[watch])
    low, high, head = (next(v for path, v in watch.ratios.items() if name in path) for name in ("low", "high", "head"))
    assert [len(v) for v in (low, high, head)] == [3, 3, 2]
    expected = [np.median([low[0], high[0]]), *(np.median(np.transpose([low[1:], high[1:], head]), axis=1))]
    np.testing.assert_allclose(watch.per_step(), expected)


def test_steering_needs_an_optimizer_that_listens(small):
    x, y = small
    with pytest.raises(ValueError, match=r"momentum can be steered in SteeredSGD\. Received: SGD"):
        Bench(tiny, keras.optimizers.SGD(momentum=0.9)).train(
            x, y, seed=0, epochs=1, batch=20, callbacks=[tuning.Steering(momentum=lambda t: 0.5)]
        )
    with pytest.raises(ValueError, match="momentum must lie between 0 and 1"):
        tuning.SteeredSGD(momentum=0.0)
    with pytest.raises(ValueError, match="no Nesterov form"):
        tuning.SteeredSGD(momentum=0.5, nesterov=True)
    scheduled = Bench(tiny, keras.optimizers.SGD(schedules.by_keras("cosine", 0.1, 10)))
    with pytest.raises(ValueError, match="A schedule sets the rate already"):
        scheduled.train(x, y, seed=0, epochs=1, batch=20, callbacks=[tuning.Steering(rate=lambda t: 0.5)])
    for rules in ({}, {"momentum": 0.9}, {"rate": lambda t: 0.1, "momentum": 0.9}):
        with pytest.raises(ValueError, match="Give functions of the step"):
            tuning.Steering(**rules)


# The check on a handful ---------------------------------------------------------------------------------------------


def test_a_sound_net_passes_and_is_left_as_it_was(small):
    x, y = small
    keras.utils.set_random_seed(0)
    net = tiny()
    net.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [w.copy() for w in net.get_weights()]
    verdict = tuning.overfit_check(net, x, y)
    assert verdict.passed
    assert verdict.right == 1
    assert 0 <= verdict.loss < 0.05
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(keras_array(net.optimizer.iterations)) == 0
    blind = tuning.overfit_check(net, 0 * x, y, steps=60)
    assert not blind.passed
    assert blind.loss == pytest.approx(overfit.guessing(y), abs=0.05)
    assert "no better than guessing" in blind.words


def test_the_check_refuses_what_it_cannot_judge(small):
    x, y = small
    with pytest.raises(ValueError, match="compile the model first"):
        tuning.overfit_check(tiny(), x, y)
    net = tiny()
    net.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="two classes or more"):
        tuning.overfit_check(net, x, 0 * y)
    for wrong in (y - 1, y + 1, y.astype(float)):
        with pytest.raises(ValueError, match="Labels are whole numbers from 0 to 9"):
            tuning.overfit_check(net, x, wrong)
    for wrong in ({"steps": 0}, {"tolerance": 0.0}, {"tolerance": np.nan}):
        with pytest.raises(ValueError, match="Received"):
            tuning.overfit_check(net, x, y, **wrong)
    with pytest.raises(ValueError, match="at least one label"):
        overfit.guessing(np.array([], int))


def test_a_pipeline_that_breaks_leaves_the_net_as_it_was(small):
    net, fed = tiny(), []
    net.compile(keras.optimizers.Adam(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [w.copy() for w in net.get_weights()]

    def feed(x, y):
        fed.append(1)
        if len(fed) == 3:
            raise RuntimeError("the disk is full")
        return x, y

    with pytest.raises(RuntimeError, match="the disk is full"):
        tuning.overfit_check(net, *small, feed=feed)
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(keras_array(net.optimizer.iterations)) == 0


@pytest.mark.parametrize(
    ("loss", "right", "words"),
    [
        (0.01, 1.0, "learned by heart"),
        (1.5, 1.0, "loss and last layer"),
        (2.2, 0.1, "no better than guessing"),
        (0.9, 0.7, "learned in part"),
        (-3.0, 0.1, "below zero"),
        (float("nan"), 0.1, "no number"),
        (0.01, 0.9, "learned in part"),
    ],
)
def test_each_verdict_has_its_words(loss, right, words):
    passed, said = overfit._judged(loss, right, np.log(10), 0.05)
    assert words in said
    assert passed == (words == "learned by heart")


def test_guessing_is_the_entropy_of_the_labels():
    assert overfit.guessing(np.repeat(np.arange(10), 2)) == pytest.approx(np.log(10))
    assert overfit.guessing(np.array([0, 0, 0, 1])) == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))


def test_bugs_are_what_their_names_say(small):
    x, y = small
    scores = np.random.default_rng(0).normal(size=(4, 10)).astype("float32")
    np.testing.assert_allclose(keras_array(bugs.Probabilities()(scores)), keras_array(ops.softmax(scores)), atol=1e-6)
    assert len(bugs.pipeline("first layer frozen", 0).model.trainable_weights) == 4
    mixed = bugs.pipeline("labels mixed in every batch", 0).feed
    first, second = mixed(x, y)[1], mixed(x, y)[1]
    assert (first != second).any()
    assert sorted(first) == sorted(y)
    assert not bugs.pipeline("pictures all zero", 0).load(x, y)[0].any()
    with pytest.raises(ValueError, match="bug must be one of"):
        bugs.pipeline("typo", 0)


# Searching ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["log-uniform", "uniform"])
def test_draws_fall_into_decades_as_the_formula_says(how):
    drawn = search.rates(how, 40_000, np.random.default_rng(0))
    counted = np.histogram(drawn, 10.0 ** np.arange(-6, 2))[0] / len(drawn)
    shares = search.decade_shares(how)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(counted, shares, atol=0.01)  # five deviations of 40,000 draws
    other = search.decade_shares("uniform" if how == "log-uniform" else "log-uniform")
    assert np.abs(counted - other).max() > 0.1


def test_the_grid_has_equal_ratios_and_words_are_refused():
    grid = search.rates("grid", 8, np.random.default_rng(0))
    np.testing.assert_allclose(grid, 10.0 ** np.arange(-6, 2))
    with pytest.raises(ValueError, match="how must be one of"):
        search.rates("random", 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="how must be one of log-uniform, uniform"):
        search.decade_shares("grid")
    for call in (
        lambda: search.rates("grid", 0, np.random.default_rng(0)),
        lambda: search.rates("uniform", 3, np.random.default_rng(0), 1, 1),
        lambda: search.rates("log-uniform", 3, np.random.default_rng(0), 0, 400),
        lambda: search.decade_shares("uniform", 1, 1),
        lambda: search.decade_shares("uniform", -1.5, 1),
    ):
        with pytest.raises(ValueError, match="Received"):
            call()


@pytest.mark.parametrize("wrong", [{"low": 0}, {"high": 1e-3}, {"steps": 1}, {"batch": 65}, {"batch": 0}])
def test_the_range_test_refuses_what_does_not_rise(wrong):
    x, y = np.zeros((64, 8, 8, 1), "float32"), np.zeros(64, int)
    with pytest.raises(ValueError, match="Received"):
        search.range_test(tiny, x, y, **({"low": 1e-3, "high": 1.0, "steps": 5, "batch": 8, "seed": 0} | wrong))
    with pytest.raises(ValueError, match="Need a label a picture"):
        search.range_test(tiny, x, y[:60], low=1e-3, high=1.0, steps=5, batch=8, seed=0)


def test_the_range_test_falls_and_blows_up():
    d = bench.digits()
    grown, losses = search.range_test(
        tiny, d.train_images, d.train_labels, low=1e-3, high=100, steps=60, batch=64, seed=0
    )
    assert grown[0] == pytest.approx(1e-3)
    assert np.allclose(np.diff(np.log(grown)), np.log(1e5) / 59)
    assert losses.min() < 0.9 * losses[0] < losses[0] < 0.5 * losses[-1]
    assert 0.01 < grown[losses.argmin()] < 30


def test_effects_and_verdict_rows_are_read_off_the_seeds():
    one, other = np.array([0.9, 0.92, 0.91]), np.array([0.8, 0.81, 0.83])
    lead = (one - other).mean()
    assert tables.effect(one, other).startswith(f"{lead:+.3f} / ")
    rule, mean, span, visible, verdict = tables.verdict_row("rule", one, other, "helps")
    assert (rule, mean, verdict) == ("rule", f"{lead:+.3f}", "helps")
    assert span == "+0.080 to +0.110"
    assert float(visible) == pytest.approx(experiments.smallest_effect(one, other), abs=1e-3)
    assert tables.geometric(np.array([1e-4, 1e-2])) == pytest.approx(1e-3)


def test_noise_that_follows_the_formula_has_a_constant():
    sizes, count = np.array([8, 64]), 1000
    found = {"start_noise": 3.0 / sizes * (count - sizes) / (count - 1) * np.ones((5, 1))}
    np.testing.assert_allclose(tables.noise_constant(found, "start", sizes, count), 3.0)


def test_the_sum_is_the_mean_times_the_batch():
    d = bench.digits()
    keras.utils.set_random_seed(0)
    net, x, y = tiny(), d.train_images[:24], d.train_labels[:24]
    mean, total = (trials_rates.gradient(net, x, y, reduce) for reduce in ("mean", "sum"))
    np.testing.assert_allclose(24 * mean, total, rtol=1e-3, atol=1e-5)


# Stored results and pictures ----------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    assert not experiments.stale("tuning")


def test_momentum_rules_have_the_lengths_they_promise():
    rules = trials.momentum_rules(0.1, 100)
    for t in (0, 37, 100):
        (down, rate), (still, slowed) = rules["decreasing"], rules["constant, rate as if decreasing"]
        assert rate(t) / (1 - down(t)) == pytest.approx(slowed(t) / (1 - still(t)))
    assert rules["decreasing"][0](0) > rules["decreasing"][0](100)
    assert rules["increasing"][0](0) < rules["increasing"][0](100)


@pytest.mark.parametrize("noise", drawings.NOISES)
@pytest.mark.parametrize("rate", drawings.PLAY_RATES)
@pytest.mark.parametrize("kind", schedules.KINDS)
@pytest.mark.once
def test_the_figure_to_play_with_and_its_words(kind, rate, noise):
    fig = drawings.draw_schedule(kind, rate, noise)
    top, bottom = fig.axes
    np.testing.assert_allclose(top.lines[0].get_ydata(), schedules.by_hand(kind, rate, 150)(np.arange(150)))
    assert len(bottom.lines) == 2
    words = drawings.say_schedule(kind, rate, noise)
    assert kind in words
    assert ("constant rate" in words) == (kind != "constant")


def test_without_noise_a_path_is_steepest_descent_and_noise_repeats():
    from cvnotes.linear_classifiers.descent import path

    np.testing.assert_allclose(
        drawings.noisy_path("constant", 0.05, 0.0, 25), path(drawings.START, 0.05, 25), atol=1e-12
    )
    one, two = (drawings.noisy_path("cosine", 0.05, 1.0, 25) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert drawings.beside_constant(1.1) == "about as"
    assert drawings.beside_constant(0.1) == "10 times lower than"
    assert drawings.beside_constant(5000) == "over 1,000 times higher than"


def test_tables_have_a_row_for_each_arm():
    load = lambda name: experiments.load("tuning", name)  # noqa: E731
    assert [row[0] for row in tables.planted(load("planted"), bugs.BUGS)] == list(bugs.BUGS)
    assert len(tables.order(load("order"), trials.BATCHES, bench.ORDERS)) == 6
    assert [row[0] for row in tables.schedules(load("schedules"), trials.SCHEDULE_RATES)] == list(schedules.KINDS)
    rules = list(trials.momentum_rules(0.01, 1))
    assert [row[0] for row in tables.momentum(load("momentum"), rules)] == rules
    assert [row[0] for row in tables.best_ratios(load("ratios"), trials_rates.FAMILIES)] == list(trials_rates.FAMILIES)
    families, part = trials_rates.FAMILIES, trials_rates.LONGER
    assert len(tables.longer(load("ratios"), load("longer"), families, part)) == 8
    rows = tables.clipping(load("clipping"), list(trials.GAINS), list(trials.CLIPS))
    assert [row[2] == "–" for row in rows] == [True] + [False] * 4
    assert [row[0] for row in tables.samplers(load("search"), search.SAMPLERS, 0.9)] == list(search.SAMPLERS)
    assert tables.leads(load("momentum"), [("constant", "constant")])[0][1].startswith("+0.000")


@pytest.mark.once
def test_other_figures_draw_every_run():
    load = lambda name: experiments.load("tuning", name)  # noqa: E731
    fig = drawings.ratio_scatter(load("ratios"))
    assert len(fig.axes[0].get_legend().get_texts()) == len(trials_rates.FAMILIES)
    fig = drawings.batch_curves(load("batches"), trials_rates.BATCH_RATES)
    assert len(fig.axes[0].lines) == len(trials_rates.BATCHES)
    fig = drawings.search_scatter(load("search"))
    assert [len(ax.lines[0].get_xdata()) for ax in fig.axes] == [100, 100, 100]
    assert len(drawings.noise_curves(trials_rates.NOISE_BATCHES, load("noise"), 1347).axes) == 2
    assert len(drawings.rate_curves(0.1, 50).axes[0].lines) == len(schedules.KINDS)
    assert len(drawings.ratio_times({"a": np.geomspace(1e-3, 1e-2, 40)}).axes[0].lines) == 2
    assert drawings.range_curve(np.geomspace(1e-3, 1, 30), np.geomspace(3, 1, 30), 0.1).axes[0].get_xscale() == "log"
    fig = drawings.draw_clipping((2.6, 0.5), 1.0)
    assert len(encode.webp(fig)) > 1000
