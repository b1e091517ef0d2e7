"""Neural style: its loss against slow twins and exact gradients, its two ways down, its paintings and its trials."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from numpy.testing import assert_allclose

from cvnotes import backend
from cvnotes.hallucination import descent, measures, nets, paintings, style, trials_style
from cvnotes.hallucination import style_drawings as drawings

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="NumPy and drawings: once is enough")
dice = np.random.default_rng


@functools.cache
def tiny() -> keras.Model:
    """Two smooth layers, so that finite differences are good."""
    keras.utils.set_random_seed(0)
    made = [keras.layers.Conv2D(n, 3, padding="same", activation="tanh", name=f"relu{i}") for i, n in ((1, 4), (2, 5))]
    return keras.Sequential([keras.Input((None, None, 3)), *made])


RECIPE = style.Recipe({"relu2": 1.0}, {"relu1": 2.0, "relu2": 1.0}, 5.0, 0.5)


def picture(seed: int = 0, side: int = 12) -> np.ndarray:
    return dice(seed).random((side, side, 3)).astype(np.float32)


def number(tensor) -> float:
    return float(ops.convert_to_numpy(tensor))


# The terms ----------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.integers(0, 99))
def test_gram_is_its_slow_twin_and_what_a_gram_is(high: int, wide: int, channels: int, seed: int) -> None:
    maps = dice(seed).normal(size=(high, wide, channels)).astype(np.float32)
    twin = sum(np.outer(v, v) for row in maps for v in row) / (high * wide)
    found = ops.convert_to_numpy(style.gram(ops.convert_to_tensor(maps)))
    assert_allclose(found, twin, atol=1e-5)
    assert_allclose(found, found.T, atol=1e-6)
    assert np.linalg.eigvalsh(found).min() > -1e-4
    order = dice(seed).permutation(high * wide)
    shuffled = maps.reshape(-1, channels)[order].reshape(maps.shape)
    assert_allclose(ops.convert_to_numpy(style.gram(ops.convert_to_tensor(shuffled))), found, atol=1e-5)


def test_the_gradient_of_the_style_term_is_the_one_of_the_paper() -> None:
    v, target = dice(0).normal(size=(4, 5, 3)).astype(np.float32), np.eye(3, dtype=np.float32)
    _, found = backend.value_and_grad(lambda x: style.relative_error(style.gram(x), target))(v)
    g = np.einsum("hwi,hwj->ij", v, v) / 20
    exact = 4 / 20 * v @ (g - target) / 3  # equation 6, as a share of the target, whose square is 3
    assert_allclose(found, exact, atol=1e-5)


def test_errors_and_variation_have_their_exact_answers() -> None:
    t = dice(1).normal(size=(3, 3)).astype(np.float32)
    assert_allclose(
        [number(style.relative_error(ops.convert_to_tensor(k * t), t)) for k in (0, 1, 3)], [1, 0, 4], rtol=1e-5
    )
    ramp = np.indices((5, 6)).transpose(1, 2, 0).astype(np.float32) * (2, 3)
    x = np.concatenate([ramp, np.zeros((5, 6, 1), np.float32)], -1)
    found = number(style.total_variation(ops.convert_to_tensor(x)))
    assert_allclose(found, 4 / 3 + 9 / 3, rtol=1e-5)


def test_the_loss_is_its_slow_twin() -> None:
    content, manner, x = picture(1), picture(2), picture(3)
    wanted = style.targets(tiny(), content, manner, RECIPE)
    loss = style.painting_loss(tiny(), wanted, RECIPE)
    maps = {n: [nets.answers(tiny(), p[None], (n,))[0][0] for p in (content, manner, x)] for n in ("relu1", "relu2")}

    def error(a, b):
        return ((a - b) ** 2).sum() / (b**2).sum()

    def gram(m):
        return np.einsum("hwi,hwj->ij", m, m) / 144

    taken = [error(gram(maps[n][2]), gram(maps[n][1])) for n in ("relu1", "relu2")]
    smooth = np.mean(np.diff(x, axis=0) ** 2) + np.mean(np.diff(x, axis=1) ** 2)
    twin = error(maps["relu2"][2], maps["relu2"][0]) + 5 * (2 * taken[0] + taken[1]) / 3 + 0.5 * smooth
    assert_allclose(number(loss(ops.convert_to_tensor(x))), twin, rtol=1e-4)
    parts = style.parts(tiny(), wanted, RECIPE, x)
    assert_allclose(parts["content"] + 5 * parts["style"] + 0.5 * parts["variation"], twin, rtol=1e-4)


def test_the_gradient_of_the_loss_agrees_with_finite_differences() -> None:
    loss = style.painting_loss(tiny(), style.targets(tiny(), picture(1), picture(2), RECIPE), RECIPE)
    run, x = backend.value_and_grad(loss), picture(3)
    gradient = run(x)[1]
    for way in dice(4).normal(size=(3, *x.shape)).astype(np.float32):
        slope = (run(x + 1e-2 * way)[0] - run(x - 1e-2 * way)[0]) / 2e-2
        assert_allclose((gradient * way).sum(), slope, rtol=3e-2, atol=2e-2)


def test_each_picture_satisfies_its_own_term() -> None:
    content, manner = picture(1), picture(2)
    wanted = style.targets(tiny(), content, manner, RECIPE)
    assert (
        style.parts(tiny(), wanted, RECIPE, content)["content"]
        < 1e-8
        < style.parts(tiny(), wanted, RECIPE, content)["style"]
    )
    assert style.parts(tiny(), wanted, RECIPE, manner)["style"] < 1e-8


@once
def test_weights_are_shares() -> None:
    assert style.shares({"a": 1, "b": 3, "c": 0}) == {"a": 0.25, "b": 0.75}
    assert style.shares({}) == {}
    with pytest.raises(ValueError, match="weight must be"):
        style.shares({"a": -1})
    with pytest.raises(ValueError, match="smooth must be"):
        style.painting_loss(tiny(), style.Targets({}, {}), RECIPE._replace(smooth=-1))


# The ways down ------------------------------------------------------------------------------------------------------


def bowl(x):
    """A long valley with its bottom at 0.3."""
    return ops.sum(ops.arange(1, 7, dtype="float32") ** 3 * (x - 0.3) ** 2)


@pytest.mark.parametrize(("method", "count"), [("l-bfgs", 40), ("adam", 200)])
def test_both_ways_lead_to_the_bottom(method: str, count: int) -> None:
    found = descent.minimise(bowl, np.zeros((2, 3, 6)), count, method=method)
    assert_allclose(found.picture, 0.3, atol=1e-2)
    assert len(found.losses) <= count
    assert found.losses[0] == pytest.approx(0.09 * 441 * 6, rel=1e-4)
    value, _ = backend.value_and_grad(bowl)(found.picture)
    assert_allclose(value, found.losses.min(), rtol=1e-3, atol=1e-9)


def test_evaluations_are_counted_and_kept() -> None:
    calls = []

    def counted(x):
        calls.append(1)
        return bowl(x)

    for method in descent.METHODS:
        calls.clear()
        found = descent.minimise(counted, np.zeros((2, 6)), 7, method=method)
        assert len(found.losses) == 7 == len(calls)


def test_adam_is_adam_of_keras() -> None:
    start = picture(0, 2)[..., :1] * np.ones(6, np.float32)
    found = descent.minimise(bowl, start, 6, method="adam", rate=0.01)
    twin, variable = [], keras.Variable(start)
    optimizer = keras.optimizers.Adam(0.01)
    for _ in range(6):
        value, gradient = backend.value_and_grad(bowl)(ops.convert_to_numpy(variable))
        twin.append(value)
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
    assert_allclose(found.losses, twin, rtol=1e-4)


def test_a_small_loss_stops_scipy_and_patience_does_not() -> None:
    start = np.zeros((2, 6))
    stopped = descent.minimise(bowl, start, 50, scale=1e-9, options={})
    patient = descent.minimise(bowl, start, 50, scale=1e-9)
    assert len(stopped.losses) < 10
    assert patient.losses.min() < 1e-3 * stopped.losses.min()
    with pytest.raises(ValueError, match="method must be"):
        descent.minimise(bowl, start, 5, method="sgd")
    with pytest.raises(ValueError, match="evaluations must be"):
        descent.minimise(bowl, start, 0)


# Paintings and what is painted --------------------------------------------------------------------------------------


@once
@pytest.mark.parametrize("name", paintings.PAINTINGS)
def test_paintings_are_pictures_that_a_seed_repeats(name: str) -> None:
    one, two, other = (paintings.painting(name, 48, seed) for seed in (0, 0, 1))
    assert one.shape == (48, 48, 3)
    assert 0 <= one.min() < 0.4
    assert 0.7 < one.max() <= 1
    assert_allclose(one, two, atol=1e-6)
    assert np.abs(one - other).mean() > 0.02


@once
def test_smearing_follows_the_field() -> None:
    noise, ones = dice(0).random((40, 40)), np.ones((40, 40))
    along = paintings.smeared(noise, ones, 0 * ones, 8)
    across, down = (np.abs(np.diff(along, axis=axis))[5:-5, 10:-10].mean() for axis in (1, 0))
    assert down > 4 * across
    assert_allclose(
        paintings.coloured(np.array([[0.0, 0.5, 1.0]]), ((0, 0, 0), (255, 0, 51)))[0, 1], [0.5, 0, 0.1], atol=1e-6
    )
    with pytest.raises(ValueError, match="name must be one of"):
        paintings.painting("oil", 48)


@once
def test_a_painting_comes_nearer_to_its_style() -> None:
    scene, manner = picture(0, 32), paintings.painting("dabs", 32)
    made = drawings.painted(nets.painter(), scene, manner, sizes=(16, 32), evaluations=(6, 6))
    assert made.shape == (32, 32, 3)
    assert 0 <= made.min() <= made.max() <= 1
    assert trials_style.left_over(made, manner) < 0.8 * trials_style.left_over(scene, manner)


# Trials and drawings ------------------------------------------------------------------------------------------------


@once
def test_codes_are_their_slow_twins() -> None:
    x = dice(0).random((2, 16, 16, 3)).astype(np.float32)
    found = trials_style.codes(x, "relu2")
    (maps,) = nets.answers(nets.painter(), x, ("relu2",))
    assert_allclose(found["means"], maps.mean((1, 2)), rtol=1e-4)
    g = np.einsum("hwi,hwj->ij", maps[1], maps[1]) / 64
    assert_allclose(found["gram"][1] ** 2, g[np.triu_indices(32)], rtol=1e-3, atol=1e-6)
    assert_allclose(found["places"][0, :32], maps[0, :2, :2].mean((0, 1)), rtol=1e-4)
    assert found["gram"].shape == (2, 528)
    assert found["places"].shape == (2, 512)


@once
def test_small_parts_of_the_trials() -> None:
    assert_allclose(trials_style.lowest(np.array([5.0, 3, 4, 2]), 6), [5, 3, 3, 2, 2, 2])
    runs, goals = np.array([[5.0, 3, 2], [5.0, 4, 3]]), np.array([3.0, 1.0])
    assert trials_style.catching_up(runs, goals) == [2, 4]
    assert_allclose(trials_style.likeness(picture(0), 2 * picture(0) + 1), 1, atol=1e-6)
    assert trials_style.left_over(picture(0, 32), picture(0, 32)) < 1e-9
    assert len({seed: trials_style.PAIRS[seed] for seed in range(5)}) == 5
    content, manner = trials_style.pair(3, 32)
    assert content.shape == manner.shape == (32, 32, 3)
    code = np.repeat(np.eye(10), 70, 0)[dice(0).permutation(700)]
    assert trials_style.read(code, code.argmax(1)) == 1


@once
@pytest.mark.parametrize("task", [trials_style.textures, trials_style.digits])
def test_tasks_have_ten_kinds(task) -> None:
    x, y = task(80, 0)
    assert x.shape == (80, 48, 48, 3)
    assert set(y) == set(range(10))
    assert 0 <= x.min() <= x.max() <= 1


@once
def test_everything_draws() -> None:
    found = {
        "lbfgs": 1 / np.arange(1, 21) * np.ones((5, 1)),
        "small": np.ones((5, 20)),
        "faster": np.ones((5, 20)),
        "adam": np.ones((5, 4, 20)),
    }
    drawings.draw_ways(found)
    draw, say = drawings.player(nets.painter(), picture(0, 128), picture(1, 128))
    assert len({say(weight) for weight in drawings.WEIGHTS}) == 5
    assert callable(draw)
    assert measures.apart(np.ones(2), np.ones(2)) == 0
