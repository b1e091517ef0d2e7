"""Losses and gradients against Keras, SciPy, slow twins and exact answers."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from cvnotes import backend, experiments
from cvnotes import linear_classifiers as lc
from cvnotes.linear_classifiers import descent, gradient_drawings, loss_drawings, plane, training
from tests.examples import examples

SIZES = [(1, 2), (3, 3), (7, 10), (20, 4)]


def batch(n=5, classes=4, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, (n, classes)), rng.integers(classes, size=n)


# Losses --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "classes"), SIZES)
@pytest.mark.parametrize("margin", [0.0, 0.5, 1.0, 3.0])
def test_hinge_equals_the_loop(n, classes, margin):
    scores, labels = batch(n, classes)
    assert lc.hinge_loss(scores, labels, margin)[0] == pytest.approx(lc.hinge_loop(scores, labels, margin), rel=1e-12)
    assert lc.hinge_losses(scores, labels, margin).mean() == pytest.approx(lc.hinge_loop(scores, labels, margin))


def test_hinge_by_hand():
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    np.testing.assert_allclose(lc.hinge_losses(scores, [0, 1, 2]), [2.9, 0, 12.9], atol=1e-12)


@pytest.mark.parametrize(("n", "classes"), SIZES)
def test_softmax_equals_keras_and_scipy(n, classes):
    scores, labels = batch(n, classes)
    keras_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, scores.astype("float32"))
    assert lc.softmax_loss(scores, labels)[0] == pytest.approx(float(keras_loss), abs=1e-5)
    np.testing.assert_allclose(
        lc.softmax_losses(scores, labels), -log_softmax(scores, axis=1)[np.arange(n), labels], rtol=1e-12
    )
    np.testing.assert_allclose(np.log(lc.softmax(scores)), log_softmax(scores, axis=1), rtol=1e-10)


def test_softmax_survives_any_finite_scores():
    scores = np.array([[1e300, -1e300, 0.0], [1000, 999, 998]])
    loss, gradient = lc.softmax_loss(scores, [0, 0])
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert lc.softmax_losses(scores, [0, 0])[1] == pytest.approx(np.log(1 + np.exp(-1) + np.exp(-2)))


def keras_hinge(scores, labels):
    """The Weston-Watkins sum in Keras operations, for automatic differentiation."""
    right = ops.one_hot(labels, scores.shape[1])
    own = ops.sum(scores * right, axis=1, keepdims=True)
    return ops.mean(ops.sum(ops.maximum(scores - own + 1.0, 0.0) * (1 - right), axis=1))


def keras_softmax(scores, labels):
    return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True))


@pytest.mark.parametrize(("n", "classes"), SIZES)
@pytest.mark.parametrize(("ours", "theirs"), [(lc.hinge_loss, keras_hinge), (lc.softmax_loss, keras_softmax)])
def test_gradients_equal_automatic_differentiation(n, classes, ours, theirs):
    scores, labels = batch(n, classes, seed=3)
    scores = scores.astype("float32")
    value, gradient = backend.value_and_grad(lambda s: theirs(s, labels))(scores)
    loss, by_hand = ours(scores, labels)
    assert loss == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(by_hand, gradient, atol=1e-6)


@pytest.mark.parametrize("fn", [lc.hinge_loss, lc.softmax_loss])
@pytest.mark.parametrize("n", [1, 6])
def test_gradients_equal_finite_differences(fn, n):
    scores, labels = batch(n, 5, seed=4)
    assert lc.check_gradient(lambda s: fn(s, labels)[0], scores, fn(scores, labels)[1])


@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50))
@examples(50)
def test_losses_see_only_differences_of_scores(seed, shift):
    scores, labels = batch(4, 3, seed=seed)
    for fn in (lc.hinge_loss, lc.softmax_loss):
        loss, gradient = fn(scores, labels)
        moved, _ = fn(scores + shift, labels)
        assert moved == pytest.approx(loss, abs=1e-9)
        np.testing.assert_allclose(gradient.sum(1), 0, atol=1e-12)


@pytest.mark.parametrize("fn", [lc.hinge_loss, lc.softmax_loss])
def test_type_of_scores_is_kept(fn):
    scores, labels = batch()
    assert fn(scores.astype("float32"), labels)[1].dtype == np.float32
    assert fn(np.array([[3, 1]]), [0])[1].dtype == np.float64
    before = scores.copy()
    fn(scores, labels)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("fn", [lc.hinge_loss, lc.softmax_loss, lc.hinge_losses, lc.softmax_losses])
@pytest.mark.parametrize(
    ("scores", "labels", "words"),
    [
        (np.zeros((3, 2)), [0, 1], r"scores \(3, 2\), labels \(2,\)"),
        (np.zeros(3), [0, 1, 1], "scores \\(N, C\\)"),
        (np.zeros((2, 3)), [0, 3], "from 0 to 2.*from 0 to 3"),
        (np.zeros((2, 3)), [-1, 0], "from 0 to 2.*from -1 to 0"),
        (np.zeros((2, 3)), [0.0, 1.0], "whole numbers.*float64"),
        (np.array([[np.nan, 1.0]]), [0], "finite.*1 of 2"),
    ],
)
def test_losses_refuse_what_does_not_fit(fn, scores, labels, words):
    with pytest.raises(ValueError, match=words):
        fn(scores, labels)


@pytest.mark.parametrize("margin", [-1, float("nan"), float("inf"), "1", True])
def test_margin_is_a_number(margin):
    with pytest.raises(ValueError, match="margin must be"):
        lc.hinge_loss(np.zeros((2, 2)), [0, 1], margin)


# Checking ------------------------------------------------------------------------------------------------------------


def polynomial(x):
    return float(np.sum(x**3) + 2 * x.ravel()[0] * x.ravel()[-1])


def polynomial_gradient(x):
    g = 3 * x**2
    g.ravel()[0] += 2 * x.ravel()[-1]
    g.ravel()[-1] += 2 * x.ravel()[0]
    return g


X = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize(("centred", "tolerance"), [(True, 1e-9), (False, 1e-4)])
def test_numerical_gradient_of_a_polynomial(centred, tolerance):
    found = lc.numerical_gradient(polynomial, X, centred=centred)
    np.testing.assert_allclose(found, polynomial_gradient(X), atol=tolerance)
    assert np.abs(found - polynomial_gradient(X)).max() > tolerance / 1e4 * (not centred)


@pytest.mark.parametrize(("centred", "calls"), [(True, 24), (False, 13)])
def test_calls_of_the_function(centred, calls):
    count = []
    lc.numerical_gradient(lambda x: count.append(1) or 0.0, X, centred=centred)
    assert len(count) == calls


def test_x_is_not_changed_and_its_type_is_kept():
    x = X.astype("float32")
    assert lc.numerical_gradient(polynomial, x, 1e-2).dtype == np.float32
    np.testing.assert_array_equal(x, X.astype("float32"))
    assert lc.numerical_gradient(lambda x: x**2, np.array(3.0)) == pytest.approx(6)


def test_relative_error():
    assert lc.relative_error([3, 4], [3, 4]) == 0
    assert lc.relative_error([3, 4], [0, 0]) == lc.relative_error([0, 0], [3, 4]) == 1
    assert lc.relative_error([3, 4], [-3, -4]) == 2
    assert lc.relative_error([0, 0], [0, 0]) == 0
    assert lc.relative_error([100.0], [101.0]) == pytest.approx(1 / 101)
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        lc.relative_error([1, 2], [1, 2, 3])


def test_a_right_gradient_passes():
    result = lc.check_gradient(polynomial, X, polynomial_gradient(X))
    assert result
    assert result.worst < 1e-6
    assert result.checked == 12
    assert repr(result) == "passed: 12 numbers, relative error at most 1e-06"


@pytest.mark.parametrize("place", list(np.ndindex(3, 4))[::3])
@pytest.mark.parametrize("bug", [lambda g: -g, lambda g: g * 1.00001, lambda g: g + 1e-3, lambda g: 0 * g])
def test_one_wrong_number_is_found(place, bug):
    wrong = polynomial_gradient(X)
    wrong[place] = bug(wrong[place])
    result = lc.check_gradient(polynomial, X, wrong)
    assert not result
    assert result.where == place
    assert not result.kink
    assert f"FAILED at [{place[0]}, {place[1]}]" in repr(result)


def test_samples_choose_places_and_repeat():
    seen = [lc.check_gradient(polynomial, X, polynomial_gradient(X), samples=5, seed=s).checked for s in (0, 1)]
    assert seen == [5, 5]
    wrong = polynomial_gradient(X)
    wrong[1, 1] += 1
    found = {lc.check_gradient(polynomial, X, wrong, samples=3, seed=s).passed for s in range(20)}
    assert found == {True, False}
    assert not lc.check_gradient(polynomial, X, wrong, samples=99)


def test_a_slope_of_zero_is_no_false_alarm():
    assert lc.check_gradient(lambda x: 1000.0 + 0 * x.sum(), X, np.zeros_like(X))
    assert lc.check_gradient(lambda x: 1000.0 + 1e-3 * np.sin(x[0, 0]), X, _only(1e-3 * np.cos(X[0, 0])))


def _only(value):
    g = np.zeros_like(X)
    g[0, 0] = value
    return g


@pytest.mark.parametrize("distance", [0.0, 0.3e-5, -0.9e-5])
def test_kinks_are_named(distance):
    x = X.copy()
    x[2, 1] = distance

    def relu(x):
        return np.maximum(x, 0).sum()

    expected = np.zeros(x.shape, bool)
    expected[2, 1] = True
    np.testing.assert_array_equal(lc.kinks(relu, x), expected)
    result = lc.check_gradient(relu, x, (x > 0).astype(float))
    assert not result
    assert result.kink
    assert "a kink is near" in repr(result)


@given(seed=st.integers(0, 1000))
@examples(30)
def test_smooth_functions_have_no_kinks(seed):
    scores, labels = batch(3, 4, seed=seed)
    assert not lc.kinks(lambda s: lc.softmax_loss(s, labels)[0], scores).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lc.check_gradient(polynomial, X.astype("float32"), X), "double precision.*float32"),
        (lambda: lc.check_gradient(lambda x: np.float32(1), X, X), "double precision.*float32"),
        (lambda: lc.check_gradient(polynomial, X, X[0]), r"\(3, 4\).*\(4,\)"),
        (lambda: lc.check_gradient(polynomial, X, X * np.nan), "finite"),
        (lambda: lc.check_gradient(polynomial, X, X, samples=0), "samples"),
        (lambda: lc.check_gradient(polynomial, X, X, tolerance=0), "tolerance"),
        (lambda: lc.check_gradient(polynomial, np.zeros((0, 2)), np.zeros((0, 2))), "nothing to check"),
        (lambda: lc.numerical_gradient(polynomial, [1, 2, 3]), "floats.*int64"),
        (lambda: lc.numerical_gradient(polynomial, X, h=0), "h must be"),
        (lambda: lc.numerical_gradient(lambda x: x, X), r"one number.*\(3, 4\)"),
    ],
)
def test_checker_refuses_what_it_cannot_judge(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Kinks at every distance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 1 / 3, 0.4, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("h", [1e-3, 1e-5])
def test_a_kink_within_reach_is_found_wherever_it_lies(share, side, h):
    x = np.array([1.0, side * share * h, 2.0])

    def bent(x):
        return np.sin(x).sum() + 0.3 * np.abs(x[1])

    np.testing.assert_array_equal(lc.kinks(bent, x, h), [False, True, False])
    x[1] = side * 2 * h
    assert not lc.kinks(bent, x, h).any()


def test_a_flat_place_with_a_bend_is_no_kink():
    """Where the slope is zero, the slopes to both sides differ by more than they are large."""
    assert not lc.kinks(lambda x: (x**2).sum(), np.zeros(3)).any()


# Training ------------------------------------------------------------------------------------------------------------


def problem(n=60, features=6, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.integers(classes, size=n)


@pytest.mark.parametrize("kind", training.PENALTIES)
@pytest.mark.parametrize("loss", [lc.hinge_loss, lc.softmax_loss])
def test_objective_passes_the_checker(kind, loss):
    x, labels = problem()
    weights = np.random.default_rng(1).normal(size=(6, 4))
    goal = {"x": x, "labels": labels, "loss": loss, "strength": 0.3, "kind": kind}
    assert lc.check_gradient(
        lambda w: training.objective(w, **goal)[0], weights, training.objective(weights, **goal)[1]
    )


def test_penalties_equal_keras():
    weights = np.random.default_rng(2).normal(size=(5, 3)).astype("float32")
    theirs = {
        "l2": keras.regularizers.L2(1),
        "l1": keras.regularizers.L1(1),
        "elastic": keras.regularizers.L1L2(0.5, 0.5),
    }
    for kind, rule in theirs.items():
        assert training.penalty(weights, kind)[0] == pytest.approx(
            float(rule(ops.convert_to_tensor(weights))), rel=1e-5
        )
    with pytest.raises(ValueError, match=r"l2, l1, elastic.*'l0'"):
        training.penalty(weights, "l0")


@pytest.mark.parametrize("strength", [1e-3, 1e-1])
def test_fitted_equals_logistic_regression(strength):
    """scikit-learn's C multiplies the sum of the losses beside half the squared weights: C = 1 / (2 lambda N)."""
    x, labels = problem()
    ours = training.fitted(x, labels, 4, strength)
    model = LogisticRegression(C=1 / (2 * strength * len(x)), fit_intercept=False, tol=1e-8, max_iter=5000)
    theirs = model.fit(x, labels).coef_.T
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_descent_arrives_where_the_solver_does():
    x, labels = problem()
    walked, seen = training.descend(x, labels, 4, rate=0.5, steps=800, strength=0.05)
    np.testing.assert_allclose(walked, training.fitted(x, labels, 4, 0.05), atol=1e-3)
    assert seen[0] == pytest.approx(np.log(4))
    assert np.all(np.diff(seen) < 1e-12)
    start, nothing = training.descend(x, labels, 4, steps=0)
    assert not start.any()
    assert nothing == []


def test_hessian_equals_its_formula():
    r"""Of the softmax loss: the mean of (diag p - p p^T) times x x^T."""
    x, labels = problem(n=9, features=2, classes=3)
    weights = np.random.default_rng(3).normal(size=(2, 3))
    ours = training.hessian(lambda w: training.objective(w, x, labels)[1], weights)
    shares = lc.softmax(x @ weights)
    blocks = np.einsum("nc,cd->ncd", shares, np.eye(3)) - np.einsum("nc,nd->ncd", shares, shares)
    exact = np.einsum("ncd,ni,nj->icjd", blocks, x, x).reshape(6, 6) / len(x)
    np.testing.assert_allclose(ours, exact, atol=1e-8)


def test_digits_are_split_without_overlap():
    parts = training.flat_digits(200, seed=3)
    assert [len(x) for x, _ in parts] == [200, 798, 799]
    rows = np.concatenate([x for x, _ in parts])
    everything = np.concatenate([x for x, _ in training.flat_digits(1, seed=0)])
    np.testing.assert_array_equal(np.sort(rows.sum(1)), np.sort(everything.sum(1)))
    assert (rows[:, -1] == 1).all()


def test_stored_experiment_repeats():
    experiments.verify(training.regularization, seed=3, atol={"train": 0.01, "choose": 0.02, "test": 0.02, "size": 5})


# Pictures ------------------------------------------------------------------------------------------------------------

SETTINGS = list(itertools.product(plane.TURNS, plane.BIASES, plane.SCALES))


def title(ax):
    """The title, wherever the style puts it."""
    return ax.get_title(loc="left") + ax.get_title()


@pytest.mark.once
def test_the_plane_over_its_whole_grid():
    """What the exercise of the page rests on, read from the words of every frame."""
    words = {setting: plane.say_plane(*setting) for setting in SETTINGS}
    content = [setting for setting, text in words.items() if "no point pays" in text]
    assert (0, 0, 1) in content
    assert all((turn, bias, 4) in content for turn, bias, _ in content)
    assert all(", 0 of them" in words[setting] for setting in content)
    for turn, bias in itertools.product(plane.TURNS, plane.BIASES):  # a factor moves no line
        assert len({text.split(". ")[0] for s, text in words.items() if s[:2] == (turn, bias)}) == 1


@pytest.mark.parametrize("setting", SETTINGS[::4])
@pytest.mark.once
def test_the_plane_draws_what_it_says(setting):
    fig = plane.draw_plane(*setting)
    scores = plane.plane_scores(plane.POINTS, plane.plane_weights(*setting))
    pays = lc.hinge_losses(scores, plane.LABELS) > 0
    left, right = fig.axes
    rings = [line for line in left.lines if line.get_markerfacecolor() == "none"]
    assert len(rings) == pays.sum()
    assert f"hinge {lc.hinge_loss(scores, plane.LABELS)[0]:.3f}" in title(right)


@pytest.mark.parametrize("rate", descent.RATES)
@pytest.mark.parametrize("origin", descent.STARTS)
@pytest.mark.once
def test_descent_draws_and_tells_the_truth(rate, origin):
    fig, words = descent.draw_descent(rate, origin), descent.say_descent(rate, origin)
    values = fig.axes[1].lines[0].get_ydata()
    assert len(values) == descent.STEPS + 1
    assert ("leaves the picture" in words) == (values[-1] > values[0])
    assert ("zigzags" in words) == (rate > 1 / 8)
    places = descent.path(descent.STARTS[origin], rate)
    slope = lc.numerical_gradient(lambda w: descent.bowl(w)[0], places[3])
    np.testing.assert_allclose((places[3] - places[4]) / rate, slope, atol=1e-6)


def test_descent_breaks_at_two_over_the_largest_curvature():
    ends = {rate: descent.bowl(descent.path((1.0, -1.0), rate, 3000)[-1])[0] for rate in (0.2495, 0.2505)}
    assert ends[0.2495] < 1 < ends[0.2505]


def test_other_pictures():
    scores = np.array([[3.0, 4.5, -1], [1, 5, 2], [2, 2.5, -2]])
    fig = loss_drawings.bill([np.zeros((4, 4, 3))] * 3, ["a", "b", "c"], scores)
    assert title(fig.axes[3]) == "hinge 2.5, softmax 1.70"
    assert "c: scores 2, 2.5, -2; hinge 10.5" in loss_drawings.say_bill(["a", "b", "c"], scores)
    loss_drawings.draw_margins().draw_without_rendering()
    loss_drawings.draw_spectra({"one": np.arange(3)}).draw_without_rendering()
    read = [float(title(ax).split()[2].rstrip(",")) for ax in gradient_drawings.draw_secants().axes]
    true = float(title(gradient_drawings.draw_secants().axes[0]).split()[-1])
    assert abs(read[1] - true) < abs(read[0] - true) / 2


# What readers hand over by mistake -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [[-1, 0], [0, 2], [0.0, 1.0], [[1, 0], [0, 1]]])
def test_the_slow_loop_refuses_labels_that_are_no_class(labels):
    with pytest.raises(ValueError, match="Received"):
        lc.hinge_loop(np.eye(2), labels)


def test_the_slow_loop_does_not_wrap_round():
    assert lc.hinge_loop(np.array([[3, 5]], "uint8"), [1]) == 0


def test_a_step_that_is_lost_proves_nothing():
    with pytest.raises(ValueError, match=r"h must be large enough to move x.*Received: h=1e-05"):
        lc.check_gradient(np.sum, np.full(2, 1e12), np.zeros(2))  # wrong, and every difference is 0


@pytest.mark.parametrize("labels", [[[0], [1], [2]], np.eye(3), [0, 1]])
def test_accuracy_refuses_labels_in_another_shape(labels):
    with pytest.raises(ValueError, match=r"one label a picture.*Received"):
        training.accuracy(np.eye(3), np.eye(3), np.array(labels))
