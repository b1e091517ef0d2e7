"""What explanations are for: foreseen changes, rewritten nets, games of features, holes, pupils and a planted mark."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from cvnotes.interpretability import drawings, games, holes, lessons, patients, trials
from tests.examples import examples

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="no Keras in it: once is enough")


@pytest.fixture(scope="module")
def known():
    return patients.patients(0)


# Patients and models ------------------------------------------------------------------------------------------------


@once
def test_patients_are_those_of_scikit_learn_in_their_own_units(known):
    from sklearn.datasets import load_diabetes

    raw = load_diabetes(scaled=False)
    both = np.concatenate([known.train, known.test])
    assert known.train.shape == (331, 4)
    assert known.test.shape == (111, 4)
    for column, (name, _) in enumerate(patients.FEATURES.values()):
        original = raw.data[:, raw.feature_names.index(name)]
        np.testing.assert_allclose(np.sort(both[:, column]), np.sort(original))
    assert sorted(np.concatenate([known.truth, known.test_truth])) == sorted(raw.target)
    assert not np.array_equal(patients.patients(1).train, known.train)
    with pytest.raises(ValueError, match="seed"):
        patients.patients(-1)


@once
def test_another_unit_changes_one_column(known):
    grams = known.with_column(2, 1000)
    np.testing.assert_allclose(grams.train[:, 2], 1000 * known.train[:, 2])
    np.testing.assert_array_equal(np.delete(grams.test, 2, 1), np.delete(known.test, 2, 1))
    with pytest.raises(ValueError, match="factor"):
        known.with_column(0, 0)


def test_the_net_starts_from_the_mean_and_can_be_rewritten(known):
    keras.utils.set_random_seed(0)
    net = patients.net(known)
    ask = patients.predictor(net)
    assert abs(ask(known.train).mean() - known.truth.mean()) < known.truth.std()
    twin = patients.rewritten(net)
    np.testing.assert_allclose(patients.predictor(twin)(known.test), ask(known.test), atol=0.01)
    for name in ("hidden1", "hidden2"):
        one, other = (m.get_layer(name).get_weights()[0] for m in (net, twin))
        assert np.isclose(one, other).mean() < 0.02


def test_training_tells_more_than_the_mean(known):
    keras.utils.set_random_seed(0)
    net = patients.deep(known, epochs=8)
    assert patients.explained(net, known.train, known.truth) > 0.1


@once
def test_explained_is_the_score_of_scikit_learn(known):
    line = patients.linear(known)
    assert patients.explained(line, known.test, known.test_truth) == pytest.approx(
        line.score(known.test, known.test_truth)
    )


# Changes ------------------------------------------------------------------------------------------------------------


@once
def test_a_line_has_no_surprises_and_a_parabola_has(known):
    line = patients.linear(known).predict
    changes = patients.effect(line, known.test, 1, 3.0)
    np.testing.assert_allclose(changes, 3 * patients.linear(known).coef_[1])
    assert patients.by_rule(changes) < 1e-9

    def parabola(x):
        return x[:, 0] ** 2

    x = np.array([[1.0, 0], [-1, 0], [3, 0]])
    np.testing.assert_allclose(patients.effect(parabola, x, 0, 2.0), [8, 0, 16])
    np.testing.assert_allclose(patients.slopes(parabola, x, 0, 1.0), [2, -2, 6])
    assert patients.by_rule(patients.effect(parabola, x, 0, 2.0)) == pytest.approx(2 / 3)
    np.testing.assert_array_equal(x, [[1.0, 0], [-1, 0], [3, 0]])


@once
def test_astray_is_one_for_a_guess_of_nothing():
    assert patients.astray(np.zeros(3), np.array([1.0, -2, 3])) == 1
    assert patients.astray(np.ones(2), np.ones(2)) == 0


@once
@pytest.mark.parametrize(("column", "by"), [(7, 1.0), (-1, 1.0), (0, math.nan)])
def test_what_cannot_be_raised_is_refused(column, by):
    with pytest.raises(ValueError, match="Received"):
        patients.raised(np.ones((2, 4)), column, by)


# Games --------------------------------------------------------------------------------------------------------------


def random_game(seed, count=4):
    dice = np.random.default_rng(seed)
    return {seen: float(dice.normal()) for seen in games.coalitions(count)}


def by_formula(game):
    """Shapley's own formula, as a slow twin of the mean over orders."""
    n = games.players(game)
    found = np.zeros(n)
    for i in range(n):
        for seen in game:
            if i not in seen:
                weight = math.factorial(len(seen)) * math.factorial(n - len(seen) - 1) / math.factorial(n)
                found[i] += weight * (game[seen | {i}] - game[seen])
    return found


@once
@examples(20)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_mean_over_orders_is_the_formula_and_adds_up(seed, count):
    game = random_game(seed, count)
    fair = games.shapley(game)
    np.testing.assert_allclose(fair, by_formula(game), atol=1e-12)
    assert fair.sum() == pytest.approx(games.to_share(game), abs=1e-9)
    for order in itertools.islice(itertools.permutations(range(count)), 6):
        assert games.in_order(game, order).sum() == pytest.approx(games.to_share(game), abs=1e-9)


@once
def test_gloves_are_shared_as_the_book_says():
    """Two left gloves and one right: a pair is worth 1. Known shares: 1/6, 1/6, 2/3."""
    game = {seen: float(2 in seen and len(seen) > 1) for seen in games.coalitions(3)}
    np.testing.assert_allclose(games.shapley(game), [1 / 6, 1 / 6, 2 / 3])
    np.testing.assert_allclose(games.left_out(game), [0, 0, 1])
    np.testing.assert_allclose(games.alone(game), [0, 0, 0])


@once
def test_an_order_must_name_everybody_once():
    with pytest.raises(ValueError, match="order"):
        games.in_order(random_game(0), (0, 1, 1, 2))


@once
def test_worth_is_a_mean_over_those_who_lend():
    background = np.array([[1.0, 10], [3, 20]])
    game = games.worth(lambda x: x[:, 0] * x[:, 1], np.array([5.0, 7]), background)
    assert game == {frozenset(): 35.0, frozenset({0}): 75.0, frozenset({1}): 14.0, frozenset({0, 1}): 35.0}
    with pytest.raises(ValueError, match="background"):
        games.worth(lambda x: x, np.ones(3), background)


@once
def test_a_peer_shares_trees_alike(known):
    shap = pytest.importorskip("shap", reason="shap is no dependency of the book")
    forest = patients.trees(known)
    everybody = shap.maskers.Independent(known.train, max_samples=len(known.train))  # or else it takes 100 of them
    peer = shap.TreeExplainer(forest, everybody, feature_perturbation="interventional", model_output="raw")
    ours = games.shapley(games.worth(forest.predict, known.test[0], known.train))
    np.testing.assert_allclose(peer.shap_values(known.test[:1])[0], ours, atol=0.1)  # it reads features in 32 bits


# Holes --------------------------------------------------------------------------------------------------------------


@once
def test_holes_are_filled_and_told():
    images, dice = np.full((40, 8, 8, 1), 0.5), np.random.default_rng(0)
    holey = holes.holed(images, 0.3, dice)
    assert abs(np.isnan(holey).mean() - 0.3) < 0.03
    mean = np.full((8, 8, 1), 0.25)
    for fill, value in (("zero", 0.0), ("mean", 0.25)):
        both = holes.filled(holey, fill, mean)
        assert both.shape == (40, 8, 8, 2)
        np.testing.assert_array_equal(both[..., 1] == 0, np.isnan(holey)[..., 0])
        np.testing.assert_allclose(both[..., 0], np.where(np.isnan(holey), value, 0.5)[..., 0])
    with pytest.raises(ValueError, match="fill"):
        holes.filled(holey, "noise", mean)
    with pytest.raises(ValueError, match="share"):
        holes.holed(images, 1.2, dice)


@once
def test_digging_takes_pixel_and_mark_together():
    dug = holes.digging(0.6)(np.ones((200, 8, 8, 2)), np.random.default_rng(1))
    np.testing.assert_array_equal(dug[..., 0], dug[..., 1])
    lost = 1 - dug[..., 0].mean((1, 2))
    assert lost.max() < 0.85
    assert abs(lost.mean() - 0.3) < 0.04


def test_a_reader_learns_with_holes():
    keras.utils.set_random_seed(0)
    net = holes.taught(True, "zero", 0, epochs=1)
    assert holes.read(net, "zero", 0.0, 0) > 0.2


# Pupils -------------------------------------------------------------------------------------------------------------


@once
def test_half_of_the_numbers_are_somebody_elses():
    place = lessons.school(0)
    assert place.x.shape == (341, 60)
    both = np.concatenate([place.x, place.test])
    np.testing.assert_allclose(np.sort(both[:, :30], 0), np.sort(both[:, 30:], 0))
    correlation = np.corrcoef(both.T)[:30, 30:].diagonal()
    assert np.abs(correlation).max() < 0.2


@once
def test_a_pupil_who_is_told_the_answer_is_always_right():
    x = np.random.default_rng(0).normal(size=(80, 3))
    y = (x[:, 0] > 0).astype(int)
    x[:, 0] += np.where(y, 20, -20)
    place = lessons.School(x[:40], y[:40], x[40:], y[40:])
    assert lessons.examined(place, np.array([1.0, 0, 0]), 4, 0) == 1
    assert abs(lessons.examined(place, np.array([0.0, 1, 1]), 4, 0) - 0.5) < 0.12


@once
def test_a_teacher_who_knows_points_at_what_is_measured():
    place = lessons.school(0)
    told = lessons.lesson(place, 0)
    assert told.sum() == pytest.approx(1)
    assert told.min() >= 0
    assert told[:30].sum() > 0.9


# Drawings -----------------------------------------------------------------------------------------------------------


@once
def test_drawings_draw():
    dice = np.random.default_rng(0)
    found = {name: dice.random((5, 5)) for name in ("rule_linear", "rule_trees", "rule_deep", "slope")}
    lines = {name: dice.random((5, 6)) for name in ("zeros", "means", "holes")}
    told = {name: dice.random((5, 4)) for name in ("told", "alone", "misled")}
    drawn = [
        drawings.guessing(trials.STEPS, found),
        drawings.missed(holes.MISSING, lines),
        drawings.taught(lessons.SHOWN, told),
    ]
    assert all(isinstance(fig, Figure) for fig in drawn)


@once
def test_orders_are_drawn_and_told():
    game = random_game(3, 3)
    draw, say, orders = drawings.arrivals(game, ("a", "b", "c"), "points")
    assert len(orders) == 6
    assert all(isinstance(draw(order), Figure) for order in orders)
    assert len({say(order) for order in orders}) == 6
