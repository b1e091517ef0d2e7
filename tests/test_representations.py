"""What is left of a picture: t-SNE, straight readers, inversion of codes, and answers beside answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.figure import Figure

from cvnotes import backend, experiments
from cvnotes.representations import drawings, inversion, neighbours, protocol, readers, trials
from cvnotes.visualization import subjects

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="no framework takes part: once is enough")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


# t-SNE --------------------------------------------------------------------------------------------------------------


@once
def test_similarities_are_those_of_the_library():
    from scipy.spatial.distance import squareform
    from sklearn.manifold._t_sne import _joint_probabilities

    points = noise(40, 5).astype(float)
    p = neighbours.similarities(points, 9)
    library = squareform(_joint_probabilities(neighbours.squared_distances(points).astype("float32"), 9, 0))
    np.testing.assert_allclose(p, library, atol=1e-6)
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(p, p.T)


@once
@settings(max_examples=20, deadline=None)
@given(st.integers(2, 12), st.integers(0, 100))
def test_rows_have_the_perplexity_that_is_asked_for(perplexity, seed):
    distances = np.random.default_rng(seed).random(20) * 10.0 ** (seed % 5)
    assert neighbours.perplexity_of(neighbours.row(distances, perplexity)) == pytest.approx(perplexity, rel=1e-3)


@once
def test_perplexity_of_equal_chances_is_their_number():
    assert neighbours.perplexity_of(np.array([0.25] * 4 + [0] * 3)) == pytest.approx(4)
    assert neighbours.perplexity_of(np.array([1.0, 0, 0])) == pytest.approx(1)


@once
@pytest.mark.parametrize("perplexity", [1, 19, float("nan"), "5"])
def test_perplexities_that_cannot_be_are_refused(perplexity):
    with pytest.raises(ValueError, match="perplexity"):
        neighbours.similarities(noise(20, 3), perplexity)


def test_divergence_is_a_plain_sum_and_its_slope_the_formula():
    p, places = neighbours.similarities(noise(12, 4), 4), noise(12, 2, seed=1)
    pairs = [[1 / (1 + np.sum((a - b) ** 2)) for b in places] for a in places]
    weights = np.array(pairs) * (1 - np.eye(12))
    q = weights / weights.sum()
    plain = sum(p[i, j] * np.log(p[i, j] / q[i, j]) for i in range(12) for j in range(12) if i != j)
    value, slope = backend.value_and_grad(lambda at: neighbours.divergence(p, at))(places)
    assert value == pytest.approx(plain, abs=1e-5)
    np.testing.assert_allclose(slope, neighbours.pull(p, places), atol=1e-5)


@once
def test_the_library_rests_where_our_divergence_does():
    from sklearn.manifold import TSNE

    points = noise(40, 5)
    library = TSNE(perplexity=8, method="exact", init="pca", random_state=0)
    places = library.fit_transform(points)
    p = neighbours.similarities(points, 8)
    assert float(neighbours.divergence(p, ops.convert_to_tensor(places))) == pytest.approx(
        library.kl_divergence_, abs=1e-3
    )


@once
def test_maps_keep_groups_and_starts_are_drawn():
    points, group = neighbours.groups(neighbours.on_a_line((0, 30, 60), 5), (1, 1, 1), 15, 0)
    places = neighbours.tsne(points, 5, max_iter=300)
    assert places.shape == (45, 2)
    assert neighbours.purity(places, group, 5) > 0.95
    one, other = (neighbours.tsne(points, 5, seed=seed, max_iter=250) for seed in (0, 1))
    assert neighbours.disparity(one, other) > 1e-3
    with pytest.raises(ValueError, match="perplexity"):
        neighbours.tsne(points, 45)


@once
def test_purity_and_kept_by_hand():
    line = np.array([[0.0], [1], [2.1], [10], [11], [12.1]])
    labels = np.array([0, 0, 1, 1, 1, 0])
    near = [1, 0, 1, 4, 3, 4]  # of each point
    assert neighbours.purity(line, labels, 1) == pytest.approx(np.mean(labels[near] == labels))
    assert neighbours.kept(line, line[::-1], 2) == pytest.approx(neighbours.kept(line[::-1], line, 2))
    assert neighbours.kept(line, 3 * line + 1, 2) == 1
    assert neighbours.kept(line, np.array([[0.0], [10], [1], [11], [2.1], [12.1]]), 1) < 1
    with pytest.raises(ValueError, match="k must"):
        neighbours.purity(line, labels, 6)


@once
def test_groups_are_as_wide_and_as_far_as_asked():
    points, group = neighbours.groups(neighbours.on_a_line((0, 10, 60), 4), (1, 2, 4), 4000, 0)
    assert neighbours.gap_ratio(points, group) == pytest.approx(5, rel=0.03)
    np.testing.assert_allclose(neighbours.width_of(points, group), np.array([1, 2, 4]) * 2, rtol=0.05)


@once
def test_disparity_forgives_turns_and_nothing_else():
    places = noise(30, 2)
    turned = 3 * places @ np.array([[0, 1], [1, 0]]) + 5
    assert neighbours.disparity(places, turned) == pytest.approx(0, abs=1e-6)
    assert neighbours.disparity(places, noise(30, 2, seed=1)) > 0.7


# Straight readers ---------------------------------------------------------------------------------------------------


@once
def test_tiles_are_cut_and_put_back():
    images = noise(2, 8, 8, 3)
    cut = readers.tiles(images, 4)
    assert cut.shape == (2, 4, 4, 12)
    np.testing.assert_array_equal(cut[1, 2, 3].reshape(2, 2, 3), images[1, 4:6, 6:8])
    np.testing.assert_array_equal(readers.untiled(cut), images)


def test_a_place_and_its_neighbours_are_what_a_convolution_sees():
    maps = noise(2, 5, 5, 3)
    conv = layers.Conv2D(4, 3, padding="same")
    wanted = array(conv(maps))
    kernel, bias = conv.get_weights()
    ours = readers.surroundings(maps) @ np.concatenate([kernel.reshape(27, 4), bias[None]])
    np.testing.assert_allclose(ours, wanted, atol=1e-4)


@once
def test_the_rebuilder_is_least_squares_and_finds_what_is_there():
    from sklearn.linear_model import LinearRegression

    images = np.random.default_rng(0).random((12, 8, 8, 3)).astype("float32")
    maps = readers.tiles(images, 4) @ noise(12, 12)  # an invertible mixture: nothing is lost
    matrix = readers.rebuilder(maps, images, penalty=0, batch=5)
    assert readers.error(images, readers.rebuilt(matrix, maps)) < 1e-4
    few = maps[..., :2]
    x = readers.surroundings(few).reshape(-1, 19)
    library = LinearRegression(fit_intercept=False).fit(x, readers.tiles(images, 4).reshape(-1, 12))
    np.testing.assert_allclose(readers.rebuilder(few, images, penalty=0), library.coef_.T, atol=1e-3)
    assert 0.3 < readers.error(images, readers.rebuilt(readers.rebuilder(few, images), few)) < 1


@once
def test_error_is_none_for_a_copy_and_all_for_the_mean():
    images = noise(20, 4, 4, 3)
    assert readers.error(images, images) == 0
    assert readers.error(images, np.broadcast_to(images.mean(0), images.shape)) == pytest.approx(1)


@once
def test_trends_are_ranks_with_depth():
    rows = np.array([[1, 2, 3, 9], [9, 3, 2, 1]])
    np.testing.assert_allclose(readers.trends(rows, rows[::-1]), [[1, -1], [-1, 1]])


# Inversion ----------------------------------------------------------------------------------------------------------


def small(first="conv"):
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((8, 8, 3))
    x = layers.Conv2D(12, 3, padding="same", name="conv")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(3, name="logits")(x))


def test_the_objective_by_hand():
    pictures = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")
    target = noise(2, 8, 8, 3)
    away = ((pictures - target) ** 2).sum((1, 2, 3)) / (target**2).sum((1, 2, 3))
    steep = [sum(np.mean(np.diff(one, axis=axis) ** 2) for axis in (0, 1)) for one in pictures]
    np.testing.assert_allclose(array(inversion.mismatch(ops.convert_to_tensor(pictures), target)), away, rtol=1e-4)
    np.testing.assert_allclose(array(inversion.roughness(ops.convert_to_tensor(pictures))), steep, rtol=1e-4)
    cost = inversion.objective(lambda x: x, target, 0.5)
    assert float(cost(ops.convert_to_tensor(pictures))) == pytest.approx(np.sum(away + 0.5 * np.array(steep)), rel=1e-4)


def test_an_early_code_gives_the_picture_back_and_a_late_one_does_not():
    net, x = small(), np.random.default_rng(1).random((2, 8, 8, 3)).astype("float32")
    before = net.get_weights()
    found = {}
    for layer in ("conv", "average"):
        target = array(inversion.tap(net, layer)(x))
        back = inversion.invert(net, layer, target, seed=0, steps=80, prior=0.0)
        assert back.shape == x.shape
        assert back.min() >= 0
        assert back.max() <= 1
        assert np.mean(array(inversion.mismatch(inversion.tap(net, layer)(back), target))) < 0.02
        found[layer] = inversion.correlation(x, back).min()
    assert found["conv"] > 0.9 > found["average"] + 0.3
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_targets_of_another_shape_are_refused():
    net = small()
    with pytest.raises(ValueError, match="target must have the shape"):
        inversion.invert(net, "average", noise(1, 5), seed=0)
    with pytest.raises(ValueError, match="no layer of that name"):
        inversion.invert(net, "conv9", noise(1, 5), seed=0)


@once
def test_rulers_of_copies():
    x = np.random.default_rng(0).random((3, 8, 8, 3))
    np.testing.assert_allclose(inversion.correlation(x, 0.5 * x + 0.2), 1)
    np.testing.assert_allclose(inversion.correlation(x, 1 - x), -1)
    y = noise(3, 8, 8, 3)
    wanted = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(inversion.correlation(x, y), wanted, atol=1e-6)
    np.testing.assert_allclose(inversion.decibels(x, x + 0.1), 20)
    coarse = inversion.blocks(x, 2)
    np.testing.assert_allclose(coarse[1, 4:, :4], np.broadcast_to(x[1, 4:, :4].mean((0, 1)), (4, 4, 3)))


# People and nets ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session():
    scenes, levels = protocol.plan(12, (0.0, 0.1, 0.3), 0)
    return scenes, levels, subjects.answers(scenes)


@once
def test_a_plan_shows_nothing_twice_and_is_balanced(session):
    scenes, levels, truth = session
    assert len(set(scenes.index.tolist())) == len(scenes) == 36
    for level in np.unique(levels):
        assert np.bincount(truth[levels == level]).tolist() == [2] * 6
    pictures = protocol.shown(scenes, levels, 0)
    np.testing.assert_array_equal(pictures, protocol.shown(scenes, levels, 0))
    np.testing.assert_allclose(pictures[:12], scenes.floats[:12], atol=1e-6)
    loud = (pictures - scenes.floats)[levels == 0.3]
    assert 0.15 < loud.std() < 0.3  # some of it is cut off at black and white
    orders = [protocol.order(36, reader) for reader in (0, 1)]
    assert sorted(orders[0]) == list(range(36))
    assert (orders[0] != orders[1]).any()


@once
def test_files_are_read_as_they_were_written(session):
    scenes, levels, truth = session
    rows = protocol.table("r1", truth, scenes, levels, protocol.order(36, 3))
    text = protocol.write(rows)
    assert protocol.read(text) == rows
    assert text.splitlines()[0] == "reader,trial,picture,level,truth,answer"
    assert all(row.truth == row.answer for row in rows)


@once
@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("reader,", "person,", "columns are"),
        ("disc,disc", "disc,disk", "classes are"),
        ("0.0", "none", "Line 2"),
        ("r1,1,1,", "r1,1,0,", "once"),
    ],
)
def test_files_that_are_wrong_are_refused(old, new, match):
    text = "reader,trial,picture,level,truth,answer\nr1,0,0,0.0,disc,disc\nr1,1,1,0.1,square,\n"
    protocol.read(text)
    assert old in text
    with pytest.raises(ValueError, match=match):
        protocol.read(text.replace(old, new, 1))


@once
def test_typed_answers_are_read_or_refused():
    assert protocol.heard("disc Square  -") == ["disc", "square", ""]
    assert protocol.heard("") == []
    with pytest.raises(ValueError, match="Received: circle"):
        protocol.heard("disc circle")


@once
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=40))
def test_kappas_are_those_of_the_library(pairs):
    from sklearn.metrics import cohen_kappa_score

    one, other = np.array(pairs).T
    if len({*one, *other}) > 1:
        assert protocol.kappa(one, other, 3) == pytest.approx(cohen_kappa_score(one, other), abs=1e-9)
    right = one == 0, other == 0
    if len({*right[0], *right[1]}) > 1:
        assert protocol.error_consistency(*right) == pytest.approx(cohen_kappa_score(*right), abs=1e-9)


@once
def test_chance_is_what_independent_readers_reach():
    dice = np.random.default_rng(0)
    bound = protocol.by_chance(dice.random(200) < 0.8, dice.random(200) < 0.6)
    found = [protocol.error_consistency(*(dice.random((2, 200)) < [[0.8], [0.6]])) for _ in range(400)]
    assert 0.02 < np.mean(np.array(found) > bound) < 0.1
    assert protocol.beyond_chance(1.0, 1.0) == 0


@once
def test_mistakes_by_hand():
    truth, named = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 2])
    table = protocol.mistakes(named, truth, 3)
    np.testing.assert_allclose(table, [[0, 2 / 3, 0], [1 / 2, 0, 0], [0, 0, 0]])
    assert protocol.alike_mistakes(table, 2 * table) == pytest.approx(1)
    assert protocol.alike_mistakes(table, 1 - table) == pytest.approx(-1)
    assert protocol.accuracy(named, truth, np.array([0, 0, 1, 1, 1, 1])).tolist() == [0.5, 0.5]
    assert protocol.agreement(named, truth) == 0.5


@once
def test_the_simulated_reader_is_the_model_that_is_stated(session):
    scenes, _, truth = session
    calm, loud = (np.full(36, level) for level in (0.0, 9.0))
    draws = {name: [protocol.simulated(scenes, level, seed) for seed in range(60)]
             for name, level in (("calm", calm), ("loud", loud))}  # fmt: skip
    right = {name: np.mean(np.array(found) == truth, axis=0) for name, found in draws.items()}
    assert right["calm"].mean() > 0.8
    assert right["loud"].mean() == pytest.approx(1 / 12, abs=0.03)  # half of the guesses, one in six
    after = np.mean(np.array(draws["loud"]) == (truth + 1) % 6)
    assert after == pytest.approx(1 / 2 + 1 / 12, abs=0.04)
    assert np.corrcoef(right["calm"], protocol.visibility(scenes))[0, 1] > 0.4
    with pytest.raises(ValueError, match="half"):
        protocol.simulated(scenes, calm, 0, half=0)


@once
def test_visibility_grows_with_size():
    big, tiny = (protocol.visibility(subjects.test_views(12, radius=(r, r))).mean() for r in (0.22, 0.1))
    assert big > tiny + 0.5


def test_a_net_names_the_largest_logit():
    net, x = small(), noise(5, 8, 8, 3)
    np.testing.assert_array_equal(protocol.net_answers(net, x, batch=2), array(net(x)).argmax(-1))


# Stored results and drawings ----------------------------------------------------------------------------------------


@once
def test_the_stored_results_are_complete():
    for name in trials.STORED:
        fn = getattr(trials, name)
        assert experiments.record("representations", name)["version"] == fn.version
        assert all(len(values) == len(fn.seeds) for values in experiments.load("representations", name).values())


@once
def test_pictures_are_figures():
    places, labels = noise(20, 2), np.arange(20) % 2
    points = {"some": noise(20, 3)}
    draw, say = drawings.player(points, {"some": labels}, {"some": ["a", "b"]})
    table = np.abs(noise(3, 3))
    made = [
        drawings.maps({"one": places, "other": places}, labels, ["a", "b"], equal=True),
        draw("some", 5),
        drawings.over_depth({"what": {"net": noise(5, 3) ** 2}}, ["relu1", "relu2", "relu3"]),
        drawings.rebuilt({"true": np.zeros((2, 4, 4, 3)), "back": np.ones((2, 4, 4, 3))}, ["true", "back"]),
        drawings.mistaken({"one": table, "other": 0 * table}, ["a", "b", "c"]),
        drawings.by_level({"net": noise(5, 4) ** 2}, (0, 1, 2, 3), 0.2),
    ]
    assert all(isinstance(one, Figure) for one in made)
    assert "20 points of “some”, in 2 classes" in say("some", 5)
