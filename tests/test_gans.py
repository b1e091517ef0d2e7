"""GANs: losses against slow twins, the toy game against exact answers, the graph loop against the plain one."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure
from scipy import integrate, optimize, stats

from cvnotes import backend, experiments
from cvnotes.gans import drawings, games, line, match, nets, objective, plain, ring, spiral, tables, trials
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


def tensor(x):
    return ops.convert_to_tensor(x)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# Losses -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-15, 15), min_size=1, max_size=6), st.lists(st.floats(-15, 15), min_size=1, max_size=6))
@examples(60)
def test_losses_equal_their_slow_twins(real, fake):
    """Sums of logarithms of chances, number by number, in double precision."""
    d = -sum(math.log(sigmoid(x)) for x in real) / len(real) - sum(math.log(1 - sigmoid(x)) for x in fake) / len(fake)
    r, f = (tensor(np.array(x, "float32")) for x in (real, fake))
    assert float(array(objective.discriminator_loss(r, f))) == pytest.approx(d, rel=1e-4, abs=1e-5)
    minimax = sum(math.log(1 - sigmoid(x)) for x in fake) / len(fake)
    surprise = -sum(math.log(sigmoid(x)) for x in fake) / len(fake)
    assert float(array(objective.generator_loss(f, "minimax"))) == pytest.approx(minimax, rel=1e-4, abs=1e-5)
    assert float(array(objective.generator_loss(f))) == pytest.approx(surprise, rel=1e-4, abs=1e-5)


def test_the_discriminator_loss_is_keras_cross_entropy():
    real, fake = noise(50), noise(50, seed=1)
    labels = np.repeat([1.0, 0.0], 50).astype("float32")
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)(labels, np.concatenate([real, fake]))
    ours = objective.discriminator_loss(tensor(real), tensor(fake))
    assert float(array(ours)) == pytest.approx(2 * float(array(theirs)), rel=1e-5)


def test_losses_stay_finite_where_chances_round_to_one():
    far = tensor(np.array([-200.0, 200.0], "float32"))
    assert np.isfinite(array(objective.discriminator_loss(far, far)))
    assert all(np.isfinite(array(objective.generator_loss(far, kind))) for kind in objective.LOSSES)


@pytest.mark.parametrize(("kind", "slope"), [("minimax", lambda d: -d), ("non-saturating", lambda d: d - 1)])
def test_gradients_by_the_logit(kind, slope):
    logits = np.linspace(-9, 9, 37).astype("float32")
    _, found = backend.value_and_grad(lambda t: 37 * objective.generator_loss(t, kind))(logits)
    np.testing.assert_allclose(found, [slope(sigmoid(x)) for x in logits], atol=2e-6)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match=r"kind must be one of 'minimax', 'non-saturating'\. Received: kind='hinge'"):
        objective.generator_loss(tensor(noise(3)), "hinge")


# The optimum --------------------------------------------------------------------------------------------------------

GRID = np.linspace(-25, 25, 8001)
NORMALS = [(0, 1, 0, 1), (0, 1, 2, 1), (-3, 0.5, 3, 2), (1, 0.3, 1, 3)]


@pytest.mark.parametrize("case", NORMALS)
def test_the_best_answer_beats_every_other(case):
    """At each place, the chance that SciPy finds by search is p / (p + q)."""
    p, q = stats.norm.pdf(GRID, *case[:2]), stats.norm.pdf(GRID, *case[2:])
    best = objective.best_answer(p, q)
    for i in range(3400, 4700, 130):
        loss = lambda d, i=i: -(p[i] * np.log(d) + q[i] * np.log(1 - d))  # noqa: E731
        found = optimize.minimize_scalar(loss, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-9})
        assert best[i] == pytest.approx(found.x, abs=2e-4)
    for shift in (-0.01, 0.01):
        other = objective.game_value(p, q, np.clip(best + shift, 1e-12, 1 - 1e-12), GRID)
        assert other < objective.game_value(p, q, best, GRID)


@pytest.mark.parametrize("case", NORMALS)
def test_the_value_is_the_jensen_shannon_divergence(case):
    p, q = stats.norm(*case[:2]), stats.norm(*case[2:])

    def divergence(a, b):
        inner = lambda x: a.pdf(x) * (a.logpdf(x) - np.logaddexp(a.logpdf(x), b.logpdf(x)) + np.log(2))  # noqa: E731
        return integrate.quad(inner, -25, 25, points=[*case[::2]], limit=200)[0]

    jsd = (divergence(p, q) + divergence(q, p)) / 2
    best = objective.best_answer(p.pdf(GRID), q.pdf(GRID))
    value = objective.game_value(p.pdf(GRID), q.pdf(GRID), best, GRID)
    assert value == pytest.approx(-math.log(4) + 2 * jsd, abs=2e-5)
    assert value >= -math.log(4) - 1e-6


def test_nothing_comes_from_where_both_densities_are_zero():
    np.testing.assert_array_equal(objective.best_answer([0, 1, 0], [0, 0, 2]), [0.5, 1, 0])
    value = objective.game_value([0, 1.0, 0], [0, 0, 1.0], [0.5, 1, 0], [0.0, 1, 2])
    assert value == 0  # told apart without a mistake: log 1 twice


@pytest.mark.parametrize("bad", [[-1.0, 2], [np.nan, 1], [np.inf, 1]])
def test_bad_densities_are_refused(bad):
    with pytest.raises(ValueError, match="must be densities"):
        objective.best_answer(bad, [1, 1])
    with pytest.raises(ValueError, match="must be densities"):
        objective.game_value([1, 1], bad, [0.5, 0.5], [0, 1])


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"all \(n,\)\. Received: \(2,\), \(2,\), \(3,\), \(2,\)"):
        objective.game_value([1, 1], [1, 1], [0.5] * 3, [0, 1])
    with pytest.raises(ValueError, match=r"same places\. Received: shapes \(3,\) and \(3, 1\)"):
        objective.best_answer(np.ones(3), np.ones((3, 1)))


@pytest.mark.parametrize(
    ("answer", "x"), [([1.5, 0.5], [0, 1]), ([-0.1, 0.5], [0, 1]), ([np.nan, 0.5], [0, 1]), ([0.5, 0.5], [1, 0]),
                      ([0.5, 0.5], [0, np.nan])]
)  # fmt: skip
def test_answers_that_are_no_chances_and_places_out_of_order_are_refused(answer, x):
    """Either would earn more than the best answer does."""
    with pytest.raises(ValueError, match="answers from 0 to 1 at places in order"):
        objective.game_value([1, 1], [1, 1], answer, x)


# The toy game -------------------------------------------------------------------------------------------------------

CURVED = [(0.0, 0.0), (0.3, 0.3), (0.0, 0.5), (1.0, 0.0)]


@pytest.mark.parametrize("curves", CURVED)
def test_slopes_are_those_of_the_game(curves):
    def game(place):
        x, y = place[0], place[1]
        return x * y + curves[0] / 2 * x * x - curves[1] / 2 * y * y

    place = np.array([0.7, -1.3], "float32")
    _, gradient = backend.value_and_grad(game)(place)
    np.testing.assert_allclose(games.slopes(place, curves), gradient, rtol=1e-5)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_simultaneous_play_grows_by_an_exact_factor(rate):
    places = games.path("simultaneous", rate, 200)
    exact = math.sqrt(2) * (1 + rate**2) ** (np.arange(201) / 2)
    np.testing.assert_allclose(games.radius(places), exact, rtol=1e-9)
    assert games.growth("simultaneous", rate) == pytest.approx(math.sqrt(1 + rate**2))


def test_a_thousand_rounds_of_the_notes_game():
    assert games.radius(games.path("simultaneous", 0.1, 1000))[-1] == pytest.approx(204.7, abs=0.1)


@pytest.mark.parametrize("rate", [0.05, 0.5, 1.9])
def test_alternating_play_keeps_an_ellipse(rate):
    """The quadratic form x² + y² - rate x y is the same at every place, so the path is bounded for rates below 2."""
    x, y = games.path("alternating", rate, 500).T
    kept = x**2 + y**2 - rate * x * y
    np.testing.assert_allclose(kept, kept[0], rtol=1e-8)
    assert games.growth("alternating", rate) == pytest.approx(1)


def test_alternating_play_flies_apart_above_two():
    assert games.growth("alternating", 2.1) > 1.3


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_extragradient_shrinks_by_an_exact_factor(rate):
    shrink = math.sqrt((1 - rate**2) ** 2 + rate**2)
    assert games.growth("extragradient", rate) == pytest.approx(shrink)
    places = games.radius(games.path("extragradient", rate, 50))
    np.testing.assert_allclose(places, math.sqrt(2) * shrink ** np.arange(51), rtol=1e-9)


@pytest.mark.parametrize(("method", "curves"), list(itertools.product(games.METHODS, CURVED)))
def test_a_path_is_a_power_of_its_matrix(method, curves):
    m, places = games.matrix(method, 0.2, curves), games.path(method, 0.2, 12, curves, (0.5, -2.0))
    np.testing.assert_allclose(places[-1], np.linalg.matrix_power(m, 12) @ [0.5, -2.0], rtol=1e-9)
    assert games.growth(method, 0.2, curves) == pytest.approx(np.abs(np.linalg.eigvals(m)).max())


@pytest.mark.parametrize(("curve", "settles"), [(0.05, False), (0.1, None), (0.15, True)])
def test_curvature_of_one_player_settles_the_game_when_it_exceeds_the_rate(curve, settles):
    factor = games.growth("simultaneous", 0.1, (0.0, curve))
    assert factor == pytest.approx(math.sqrt(1 - 0.1 * (curve - 0.1)))
    assert settles is None or (factor < 1) == settles


def test_averages_are_means_so_far():
    places = noise(20, 2)
    np.testing.assert_allclose(games.averages(places), [places[: i + 1].mean(0) for i in range(20)], rtol=1e-5)
    rounds = games.path("alternating", 0.1, 2000)
    assert games.radius(games.averages(rounds))[-1] < 0.02 < 1 < games.radius(rounds).min()


def test_bad_games_are_refused():
    with pytest.raises(ValueError, match="method must be one of 'simultaneous'"):
        games.step(np.ones(2), 0.1, "both")
    for rate in (0, -0.1, np.nan, True, "a"):
        with pytest.raises(ValueError, match="rate must be a number above 0"):
            games.path("alternating", rate, 3)
    with pytest.raises(ValueError, match="steps must be"):
        games.path("alternating", 0.1, -1)
    with pytest.raises(ValueError, match="curves must be a number"):
        games.path("alternating", 0.1, 1, (np.inf, 0))
    for bad in ((1, 1, 1), (1,), 0.3):
        with pytest.raises(ValueError, match="curves must be two numbers"):
            games.path("alternating", 0.1, 1, bad)
        with pytest.raises(ValueError, match="start must be two numbers"):
            games.path("alternating", 0.1, 1, start=bad)
    with pytest.raises(ValueError, match="method must be one of"):
        games.path("both", 0.1, 0)
    for fn, bad in itertools.product((games.radius, games.averages), (np.ones((4, 3)), np.ones(2))):
        with pytest.raises(ValueError, match=r"Give places x, y: \(n, 2\)"):
            fn(bad)
    assert games.path("alternating", 0.1, 0).shape == (1, 2)


# The ring -----------------------------------------------------------------------------------------------------------


def test_a_draw_of_the_ring_is_perfect():
    samples = ring.draw(20_000, np.random.default_rng(0))
    told = ring.judge(samples)
    assert told.covered == 8
    assert told.quality == pytest.approx(1 - math.exp(-4.5), abs=0.004)
    np.testing.assert_allclose(told.shares, 0.989 / 8, atol=0.012)
    assert samples.dtype == np.float32


@given(st.integers(1, 8), st.integers(0, 10))
@examples(20)
def test_modes_are_counted_one_by_one(modes, strays):
    """Slow twin: a Python loop over samples and modes."""
    rng = np.random.default_rng(modes + strays)
    samples = np.concatenate([ring.centres()[np.arange(40) % modes] + 0.05 * rng.normal(size=(40, 2)),
                              rng.uniform(-0.5, 0.5, (strays, 2))])  # fmt: skip
    counts = [sum(math.dist(s, c) <= 0.3 for s in samples) for c in ring.centres()]
    told = ring.judge(samples)
    assert told.covered == sum(count >= len(samples) / 32 for count in counts)
    assert told.quality == pytest.approx(sum(counts) / len(samples))


def test_a_mode_counts_from_a_quarter_of_its_fair_share():
    mostly, few = np.tile(ring.centres()[:1], (31, 1)), ring.centres()[1:2]
    assert ring.judge(np.concatenate([mostly, few])).covered == 2
    assert ring.judge(np.concatenate([mostly, mostly, few])).covered == 1
    assert ring.judge(np.zeros((50, 2)))[:2] == (0, 0)
    assert ring.judge(np.zeros((0, 2)))[:2] == (0, 0)


def test_bad_samples_are_refused():
    for bad in (np.zeros(4), np.zeros((3, 3)), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match=r"samples must be finite points \(n, 2\)"):
            ring.judge(bad)
    with pytest.raises(ValueError, match="count must be at least 0"):
        ring.draw(-1, np.random.default_rng(0))


def test_energy_distance_agrees_with_scipy_on_a_line():
    """SciPy's is the square root of the biased form; here without the zeros of a point with itself."""
    a, b = noise(300, 1), 0.5 + noise(200, 1, seed=1)
    biased = stats.energy_distance(a[:, 0], b[:, 0]) ** 2
    selves = sum(np.abs(c - c.T).mean() / (len(c) - 1) for c in (a, b))
    assert ring.energy_distance(a, b) == pytest.approx(biased - selves, abs=1e-6)


def test_energy_distance_is_zero_on_average_for_one_distribution():
    pairs = [ring.energy_distance(noise(60, 2, seed=2 * i), noise(60, 2, seed=2 * i + 1)) for i in range(60)]
    assert abs(np.mean(pairs)) < 4 * np.std(pairs) / math.sqrt(60)
    assert ring.energy_distance(noise(60, 2), 1 + noise(60, 2, seed=1)) > 0.3
    with pytest.raises(ValueError, match="two or more points"):
        ring.energy_distance(noise(1, 2), noise(5, 2))


# Nets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "variance"), [("normal", 1), ("uniform", 1 / 3)])
def test_priors_have_their_moments(kind, variance):
    codes = nets.prior(kind, 3)(60_000, np.random.default_rng(0))
    assert codes.shape == (60_000, 3)
    np.testing.assert_allclose(codes.mean(0), 0, atol=0.02)
    np.testing.assert_allclose(codes.var(0), variance, rtol=0.02)


def test_unknown_priors_are_refused():
    with pytest.raises(ValueError, match="kind must be one of 'normal', 'uniform'"):
        nets.prior("cauchy", 2)
    with pytest.raises(ValueError, match="width must be at least 1"):
        nets.prior("normal", 0)


@pytest.mark.parametrize("layer", [keras.layers.Dense(7, "relu"), keras.layers.Conv2D(6, 3, use_bias=False)])
def test_spectral_answers_with_a_kernel_of_largest_singular_value_one(layer):
    shape = (4, 5) if isinstance(layer, keras.layers.Dense) else (4, 6, 6, 3)
    wrapped, x = nets.Spectral(layer), noise(*shape)
    wrapped(x)
    for _ in range(60):
        out = wrapped(x, training=True)
    kernel = layer.get_weights()[0]
    largest = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
    layer.set_weights([kernel / largest, *layer.get_weights()[1:]])
    np.testing.assert_allclose(array(out), array(layer(x)), atol=5e-4)
    assert len(wrapped.trainable_variables) == len(layer.trainable_variables)


def test_spectral_agrees_with_keras_after_its_iterations():
    ours, theirs = nets.Spectral(keras.layers.Dense(6)), keras.layers.SpectralNormalization(keras.layers.Dense(6))
    x = noise(5, 4)
    ours(x), theirs(x)
    theirs.layer.set_weights(ours.layer.get_weights())
    for _ in range(60):
        a, b = ours(x, training=True), theirs(x, training=True)
    np.testing.assert_allclose(array(a), array(b), atol=1e-3)


def test_the_gradient_of_a_spectral_layer_knows_the_division():
    """Scaling the kernel changes nothing, so the gradient has no part along it."""
    wrapped, x = nets.Spectral(keras.layers.Dense(5, use_bias=False)), noise(9, 4)
    wrapped(x)
    for _ in range(40):
        wrapped(x, training=True)
    state = [v.value for v in wrapped.non_trainable_variables]
    kernel = wrapped.layer.get_weights()[0]
    loss = lambda w: ops.sum(wrapped.stateless_call([w], state, x)[0] ** 2)  # noqa: E731
    _, gradient = backend.value_and_grad(loss)(kernel)
    assert abs((gradient * kernel).sum()) < 1e-3 * np.abs(gradient * kernel).sum()


def test_the_gradient_of_a_spectral_layer_takes_its_directions_as_given():
    """Against a ruler that holds both singular directions, after a single iteration, where they still move."""
    wrapped, x = nets.Spectral(keras.layers.Dense(5, use_bias=False)), noise(9, 4)
    wrapped(x)
    kernel, state = wrapped.layer.get_weights()[0], [v.value for v in wrapped.non_trainable_variables]
    unit = lambda row: row / np.linalg.norm(row)  # noqa: E731
    left = unit(array(wrapped.direction).astype(float) @ kernel.T)
    right = unit(left @ kernel)

    def slow(w):
        return np.square(x @ (w / (left @ w @ right.T))).sum()

    ruler = np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        step = np.zeros(kernel.shape)
        step[place] = 1e-5
        ruler[place] = (slow(kernel + step) - slow(kernel - step)) / 2e-5
    loss = lambda w: ops.sum(wrapped.stateless_call([w], state, x)[0] ** 2)  # noqa: E731
    np.testing.assert_allclose(backend.value_and_grad(loss)(kernel)[1], ruler, rtol=2e-3, atol=2e-3)


def test_prediction_leaves_the_direction_alone():
    wrapped = nets.Spectral(keras.layers.Dense(5))
    wrapped(noise(3, 4))
    before = array(wrapped.direction)
    wrapped(noise(3, 4))
    np.testing.assert_array_equal(array(wrapped.direction), before)
    wrapped(noise(3, 4), training=True)
    assert not np.allclose(array(wrapped.direction), before)


def test_a_pack_lays_neighbours_side_by_side():
    x = np.arange(12, dtype="float32").reshape(6, 2)
    np.testing.assert_array_equal(array(nets.Pack(3)(x)), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert nets.Pack(3).compute_output_shape((6, 2)) == (2, 6)
    with pytest.raises(ValueError, match=r"packs of 4\. Received: 6 examples"):
        nets.Pack(4)(x)
    with pytest.raises(ValueError, match="flatten first"):
        nets.Pack(2)(noise(6, 4, 4, 1))


def test_a_kernel_of_zeros_stays_zero_and_what_has_no_kernel_is_refused():
    wrapped = nets.Spectral(keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer="ones"))
    for training in (False, True):
        np.testing.assert_array_equal(array(wrapped(noise(3, 4), training=training)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="which has none"):
        nets.Spectral(keras.layers.Flatten())(noise(3, 4))
    with pytest.raises(ValueError, match="spectral must be one of False, True"):
        nets.dense_net(2, 1, spectral="no")


@pytest.mark.parametrize("options", [{}, {"spectral": True}, {"pack": 2}, {"depth": 0}])
def test_dense_nets_answer_every_example_or_pack(options):
    net = nets.dense_net(2, 1, 16, **options)
    assert net(noise(8, 2)).shape == (8 // options.get("pack", 1), 1)
    for bad in (0, True, 1.5):
        with pytest.raises(ValueError, match="width must be"):
            nets.dense_net(2, 1, bad)


def test_nets_with_own_layers_are_saved_and_loaded(tmp_path):
    net, x = nets.dense_net(2, 1, 8, spectral=True, pack=2), noise(6, 2)
    net(x, training=True)
    net.save(tmp_path / "net.keras")
    np.testing.assert_allclose(array(keras.models.load_model(tmp_path / "net.keras")(x)), array(net(x)), atol=1e-6)


def test_flatness_is_the_mean_square_of_the_slope():
    """Against automatic differentiation, on a smooth net."""
    net, x = keras.Sequential([keras.Input((3,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)]), noise(40, 3)
    _, slopes = backend.value_and_grad(lambda t: ops.sum(net(t)))(x)
    exact = 4.0 / 2 * np.mean(np.sum(slopes**2, axis=1))
    assert float(array(nets.flatness(4.0)(net, tensor(x)))) == pytest.approx(exact, rel=1e-3)
    with pytest.raises(ValueError, match=r"rows \(n, d\)"):
        nets.flatness()(net, tensor(noise(2, 4, 4, 3)))


@pytest.mark.skipif(backend.name() == "torch", reason="backend.value_and_grad gives first derivatives on PyTorch")
def test_flatness_has_the_gradient_of_the_second_order_penalty():
    net, x = keras.Sequential([keras.Input((2,)), keras.layers.Dense(9, "tanh"), keras.layers.Dense(1)]), noise(30, 2)
    start = [array(v) for v in net.trainable_variables]

    def ruler(weights):
        held = keras.StatelessScope(state_mapping=list(zip(net.trainable_variables, weights, strict=True)))
        with held:
            return nets.flatness(1.0)(net, tensor(x))

    def exact(weights):
        answer = backend.value_and_grad(lambda t: ops.sum(net.stateless_call(weights, [], t)[0]))
        return ops.mean(ops.sum(ops.square(answer(tensor(x))[1]), axis=1)) / 2

    for ours, theirs in zip(*(backend.value_and_grad(f)(start)[1] for f in (ruler, exact)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


# Turns --------------------------------------------------------------------------------------------------------------


def two(seed=0, **options):
    keras.utils.set_random_seed(seed)
    return nets.dense_net(2, 1, 8, **options), nets.dense_net(3, 2, 8)


def weights(*nets_):
    return [array(v).copy() for net in nets_ for v in net.trainable_variables]


@pytest.mark.parametrize("loss", objective.LOSSES)
def test_each_turn_moves_one_net_alone(loss):
    d, g = two()
    adams = [keras.optimizers.Adam(0.01) for _ in range(2)]
    x, z = tensor(noise(6, 2)), tensor(noise(6, 3))
    before = weights(d), weights(g)
    expected = float(array(objective.discriminator_loss(d(x), d(g(z)))))
    assert plain.d_turn(d, g, adams[0], x, z) == pytest.approx(expected, rel=1e-5)
    between = weights(d), weights(g)
    plain.g_turn(d, g, adams[1], z, loss)
    after = weights(d), weights(g)
    same = lambda a, b: all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))  # noqa: E731
    assert [same(before[0], between[0]), same(before[1], between[1])] == [False, True]
    assert [same(between[0], after[0]), same(between[1], after[1])] == [True, False]


@pytest.mark.parametrize(("d_steps", "loss"), [(1, "non-saturating"), (3, "minimax")])
def test_the_graph_plays_as_the_plain_loop_does(d_steps, loss):
    """The slow twin: two Keras Adams, one turn after the other, on the same samples and codes."""
    d, g = two()
    start, rounds, batch = (d.get_weights(), g.get_weights()), 3, 8
    x, z = noise(rounds * (d_steps + 1), batch, 2), noise(rounds * (d_steps + 1), batch, 3, seed=1)
    adams = [keras.optimizers.Adam(rate, 0.5, 0.99) for rate in (0.02, 0.01)]
    for turn, (real, codes) in enumerate(zip(map(tensor, x), map(tensor, z), strict=True)):
        if turn % (d_steps + 1) < d_steps:
            plain.d_turn(d, g, adams[0], real, codes)
        else:
            plain.g_turn(d, g, adams[1], codes, loss)
    slow = weights(d, g)
    d.set_weights(start[0]), g.set_weights(start[1])
    game = match.prepare(match.Match(d, g, loss), (0.02, 0.01), d_steps)
    game.fit((x.reshape(-1, 2), z.reshape(-1, 3)), np.zeros(len(x) * batch), batch_size=batch, shuffle=False, verbose=0)
    assert any(np.abs(a - b).max() > 0.01 for a, b in zip(slow, start[0] + start[1], strict=True))
    for ours, theirs in zip(weights(d, g), slow, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=5e-5)


def test_without_turns_both_move_at_once():
    d, g = two()
    before, x, z = weights(d, g), noise(8, 2), noise(8, 3)
    game = match.prepare(match.Match(d, g), (0.01, 0.03), d_steps=0)
    game.fit((x, z), np.zeros(8), batch_size=8, verbose=0)
    steps = [np.abs(a - b).max() for a, b in zip(weights(d, g), before, strict=True)]
    assert all(step == pytest.approx(0.01, rel=1e-3) for step in steps[: len(d.trainable_variables)])
    assert all(step == pytest.approx(0.03, rel=1e-3) for step in steps[len(d.trainable_variables) :])


def test_the_losses_of_a_match_share_no_weights():
    """The gradient by D's weights is that of D's loss alone, the one by G's weights that of G's."""
    d, g = two()
    game, x, z = match.Match(d, g), tensor(noise(6, 2)), tensor(noise(6, 3))
    game((x, z))
    held = game.trainable_variables

    def together(values):
        with keras.StatelessScope(state_mapping=list(zip(held, values, strict=True))):
            return game.compute_loss(x=(x, z), y_pred=game((x, z), training=True))

    _, found = backend.value_and_grad(together)([array(v) for v in held])
    count = len(d.trainable_variables)
    made = g(z)
    by_d = backend.value_and_grad(
        lambda w: objective.discriminator_loss(plain.asked(d, w, x), plain.asked(d, w, made))
    )([array(v) for v in d.trainable_variables])[1]
    by_g = backend.value_and_grad(lambda w: objective.generator_loss(d(plain.asked(g, w, z))))(
        [array(v) for v in g.trainable_variables]
    )[1]
    assert [id(v) for v in held] == [id(v) for v in [*d.trainable_variables, *g.trainable_variables]]
    for ours, theirs in zip(found, [*by_d, *by_g], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert len(found) == count + len(g.trainable_variables)


def test_a_penalty_is_what_d_pays_on_real_samples():
    d, g = two()
    x, z = tensor(noise(6, 2)), tensor(noise(6, 3))
    made = g(z)
    free, taxed = (array(match.Match(d, g, penalty=each).compute_loss(x=(x, z), y_pred=made))
                   for each in (None, nets.flatness(3.0)))  # fmt: skip
    price, other = (float(array(nets.flatness(3.0)(d, samples))) for samples in (x, made))
    assert taxed - free == pytest.approx(price, rel=1e-4)
    assert abs(other - price) > 0.01 * price


def test_a_frozen_question_changes_nothing_in_the_net():
    d, _ = two(spectral=True)
    before = [array(v).copy() for v in d.variables]
    match.frozen(d, tensor(noise(6, 2)))
    for now, then in zip(d.variables, before, strict=True):
        np.testing.assert_array_equal(array(now), then)


def test_a_player_with_rate_zero_stays():
    d, g = two()
    before = weights(d)
    game = match.prepare(match.Match(d, g), (0.0, 0.01))
    assert list(match.play(game, ring.draw, nets.prior("normal", 3), rounds=5, every=2, batch=4)) == [2, 4, 5]
    for now, then in zip(weights(d), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_every_turn_has_samples_and_codes_of_its_own():
    """And as many as turns and batch ask for."""
    given = []

    def real(count, rng):
        given.append(ring.draw(count, rng))
        return given[-1]

    game = match.prepare(match.Match(*two()), d_steps=2)
    list(match.play(game, real, nets.prior("normal", 3), rounds=5, every=2, batch=4, seed=1))
    assert [len(x) for x in given] == [2 * 3 * 4, 2 * 3 * 4, 3 * 4]
    assert len(np.unique(np.concatenate(given), axis=0)) == 60
    assert int(array(game.optimizer.iterations)) == 15
    with pytest.raises(ValueError, match=r"prepare\(match\)"):
        next(match.play(match.Match(*two()), ring.draw, nets.prior("normal", 3), rounds=1, every=1))


def test_a_match_takes_pictures_too():
    """Any nets: here convolutions with batch normalization, which keeps running means."""
    keras.utils.set_random_seed(0)
    d = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, 2), keras.layers.BatchNormalization(),
                          keras.layers.LeakyReLU(), keras.layers.Flatten(), keras.layers.Dense(1)])  # fmt: skip
    g = keras.Sequential([keras.Input((5,)), keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1)),
                          keras.layers.BatchNormalization(),
                          keras.layers.Conv2DTranspose(1, 4, 2, "same")])  # fmt: skip
    before = weights(d, g)
    game = match.prepare(match.Match(d, g))
    real = lambda count, rng: rng.normal(size=(count, 8, 8, 1)).astype("float32")  # noqa: E731
    assert list(match.play(game, real, nets.prior("uniform", 5), rounds=2, every=2, batch=6)) == [2]
    assert all(np.isfinite(w).all() for w in weights(d, g))
    assert all(np.abs(a - b).max() > 0 for a, b in zip(weights(d, g), before, strict=True) if a.size > 1)


def test_turns_are_counted_for_each_player():
    turns = match.Turns(1, (0.1, 0.1), d_steps=2)
    variable = keras.Variable(np.zeros(1, "float32"))
    turns.build([variable])
    told = []
    for step in range(6):
        turns.iterations.assign(step)
        told.append([tuple(float(array(v)) for v in turns.turns(player)) for player in (0, 1)])
    assert [own[0] for own, _ in told] == [1, 1, 0, 1, 1, 0]
    assert [own[0] for _, own in told] == [0, 0, 1, 0, 0, 1]
    assert [own[1] for own, _ in told if own[0]] == [1, 2, 3, 4]
    assert [own[1] for _, own in told if own[0]] == [1, 2]
    turns = match.Turns(1, (0.1, 0.2), d_steps=2, beta_2=0.9, clipnorm=3.0)
    again = match.Turns.from_config(turns.get_config())
    assert again.get_config() == turns.get_config()
    assert (again.clipnorm, again.rates, again.beta_2) == (3.0, (0.1, 0.2), 0.9)


@pytest.mark.parametrize(
    "bad", [{"first": -1}, {"rates": (0.1, -1)}, {"d_steps": -1}, {"beta_1": 1.0}, {"rates": (0.1,)}, {"rates": 0.1}]
)
def test_turns_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="Received"):
        match.Turns(**({"first": 1, "rates": (0.1, 0.1)} | bad))
    with pytest.raises(ValueError, match="loss must be one of"):
        match.Match(*two(), loss="hinge")


# Experiments and pictures -------------------------------------------------------------------------------------------


def test_no_result_is_stale():
    assert experiments.stale("gans") == {}


@pytest.mark.parametrize("setting", list(itertools.product(games.METHODS, spiral.RATES, spiral.CURVED)))
@pytest.mark.once
def test_the_game_is_drawn_at_every_setting(setting):
    figure = spiral.draw_game(*setting)
    assert isinstance(figure, Figure)
    assert spiral.say_game(*setting).startswith(setting[0])


@pytest.mark.once
def test_every_picture_is_drawn():
    x, rng = np.linspace(0, 1, 5), np.random.default_rng(0)
    shares = rng.uniform(0, 0.2, (6, 8))
    figures = [
        drawings.two_losses(),
        drawings.judged(x, x, 1 - x, x, x),
        drawings.clouds({"a": ring.draw(50, rng), "b": ring.draw(0, rng)}),
        drawings.occupied(range(6), {"one": shares, "two": shares}),
        drawings.over_time(x, [{"a": x}, {"b": x, "c": 1 - x}], xlabel="turns", ylabel="share", top=1.0),
        drawings.ends({"a": x + 1, "b": x + 2}, "share"),
        spiral.three_ways(),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)


# The line -----------------------------------------------------------------------------------------------------------


def test_the_state_of_a_line_is_exact():
    """Against SciPy's integrals, for a discriminator that is a sigmoid of x."""
    d, g = nets.dense_net(1, 1, depth=0), nets.dense_net(1, 1, depth=0)
    d.set_weights([np.array([[0.8]]), np.array([-1.0])]), g.set_weights([np.array([[-1.5]]), np.array([0.5])])
    told = line.state(d, g)
    for found, law in ((told.real, stats.norm(2, 0.5)), (told.made, stats.norm(0.5, 1.5))):
        exact = integrate.quad(lambda x, law=law: law.pdf(x) * sigmoid(0.8 * x - 1), -12, 12)[0]
        assert found == pytest.approx(exact, abs=3e-3)
    assert (told.middle, told.spread) == (0.5, 1.5)
    even = line.best_judge(line.State(0, 0, 2.0, 0.5))
    np.testing.assert_allclose(even(np.linspace(-1, 5, 9)), 0.5)


def test_a_short_game_on_the_line_moves_towards_the_data():
    states = line.contest(0, 40, 20)
    assert len(states) == 3
    assert (states[0].middle, states[0].spread) == (-1, 1)
    assert states[-1].middle > -0.95
    free = line.contest(0, 40, 20, weight=0)
    assert free[0] == states[0]
    assert free[-1] != states[-1], "the penalty is paid"


# Parts missing ------------------------------------------------------------------------------------------------------


def test_an_unfed_match_never_looks_at_real_samples():
    runs = []
    for real in (np.zeros((8, 2), "float32"), 100 * np.ones((8, 2), "float32")):
        d, g = two(seed=3)
        game = match.prepare(trials.Unfed(d, g))
        game.fit((real, noise(8, 3)), np.zeros(8), batch_size=4, shuffle=False, verbose=0)
        runs.append(weights(d, g))
    assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))
    made = tensor(noise(8, 2, seed=5))
    caught = array(d(made))
    wanted = np.logaddexp(0, caught).mean() + np.logaddexp(0, -caught).mean()  # D lowers it, G raises it
    assert float(array(game.compute_loss(x=(None, None), y_pred=made))) == pytest.approx(wanted, rel=1e-5)
    _, push = backend.value_and_grad(lambda w: game_of_d(game, d, w, made))([array(v) for v in d.trainable_variables])
    assert push[-1].item() > 0, "D learns to answer less"


def game_of_d(game, d, values, made):
    """The loss of a match as a function of the weights of its discriminator."""
    with keras.StatelessScope(state_mapping=list(zip(d.trainable_variables, values, strict=True))):
        return game.compute_loss(x=(None, None), y_pred=made)


@pytest.mark.parametrize(("arm", "rounds"), [("short memory", 1200), ("5 turns of D", 400)])
def test_every_arm_has_as_many_turns(monkeypatch, arm, rounds):
    told = []
    monkeypatch.setattr(trials, "shown", lambda match, *numbers: told.append(numbers) or iter(()))
    assert not list(trials.ring_run(arm, 3, 2400, 20))
    assert told == [(rounds, rounds // 20, 3)]


def test_arms_differ_in_one_thing_from_the_plain_game_or_from_the_collapse():
    plain_game, collapse = trials.ARMS["short memory"], trials.ARMS["5 turns of D"]
    assert (plain_game, collapse) == ({}, {"d_steps": 5})
    assert all(len(changed) == 1 + ("d_steps" in changed) for name, changed in trials.ARMS.items()
               if changed not in (plain_game, collapse))  # fmt: skip


def test_a_run_on_the_ring_gives_its_looks():
    looks = list(trials.ring_run("packs of 2", 0, 8, 2))
    assert [samples.shape for samples in looks] == [(1000, 2)] * 2
    assert not np.array_equal(*looks)


def test_a_table_compares_each_arm_with_the_game_that_it_changes():
    rng, told = np.random.default_rng(0), {}
    for arm in trials.ARMS:
        told |= {f"{arm}_modes": rng.integers(0, 9, (5, 20)), f"{arm}_quality": rng.uniform(size=(5, 20))}
    rows = {row[0]: row for row in tables.remedies(told, trials.ARMS)}
    assert rows["short memory"][3:] == ["", ""]
    ends = {arm: told[f"{arm}_modes"][:, -5:].mean() for arm in trials.ARMS}
    for arm, rival in (("flat D", "short memory"), ("5 turns of D", "short memory"),
                       ("5 turns, flat D", "5 turns of D")):  # fmt: skip
        assert float(rows[arm][3]) == pytest.approx(ends[arm] - ends[rival], abs=0.051)
