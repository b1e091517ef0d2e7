"""Neighbours, scores and their pictures against SciPy, scikit-learn, slow twins and exact answers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from cvnotes import experiments
from cvnotes import linear_classifiers as linear
from cvnotes.linear_classifiers import contest, drawings, flatland, timing
from tests.examples import examples

RUNGS = (
    linear.distances_two_loops,
    linear.distances_one_loop,
    linear.distances_block,
    linear.distances,
)
JUDGE = {"L1": "cityblock", "L2": "euclidean"}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# --- distances --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", JUDGE)
@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.__name__)
@pytest.mark.parametrize(("q", "n", "d"), [(1, 1, 1), (3, 5, 2), (4, 40, 7), (2, 3, 64)])
def test_distances_equal_scipy(rung, metric, q, n, d):
    queries, examples = noise(q, d), noise(n, d, seed=1)
    np.testing.assert_allclose(rung(queries, examples, metric), cdist(queries, examples, JUDGE[metric]), atol=1e-7)


@given(q=st.integers(1, 5), n=st.integers(1, 9), d=st.integers(1, 20), seed=st.integers(0, 99))
@examples(40)
def test_rungs_agree(q, n, d, seed):
    queries, examples = noise(q, d, seed=seed), noise(n, d, seed=seed + 1)
    for metric in JUDGE:
        first, *others = (rung(queries, examples, metric) for rung in RUNGS)
        for other in others:
            np.testing.assert_allclose(other, first, atol=1e-7)


def test_blocks_leave_out_no_example():
    """More numbers than one block holds: the last block is a short one."""
    queries, examples = noise(7, 64), noise(1000, 64, seed=1)
    np.testing.assert_allclose(linear.distances(queries, examples, "L1"), cdist(queries, examples, "cityblock"))


def test_squares_are_never_negative():
    rows = (0.6 * noise(50, 64)).astype("float32")
    assert np.isfinite(linear.distances(rows, rows)).all()


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.__name__)
def test_distances_refuse(rung):
    with pytest.raises(ValueError, match="L3"):
        rung(noise(2, 3), noise(4, 3), "L3")
    with pytest.raises(ValueError, match=r"one size.*\(2, 3\) and \(4, 5\)"):
        rung(noise(2, 3), noise(4, 5))
    with pytest.raises(ValueError, match=r"flatten.*\(2, 8, 8\)"):
        rung(noise(2, 8, 8), noise(4, 64))


# --- neighbours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "metric"), [*itertools.product((1, 2, 3, 7, 30), JUDGE)])
def test_neighbours_equal_scikit_learn(k, metric):
    from sklearn.neighbors import KNeighborsClassifier

    examples, queries = noise(30, 5), noise(80, 5, seed=1)
    labels = np.random.default_rng(2).integers(0, 4, 30)
    ours = linear.NearestNeighbours(k, metric).fit(examples, labels)
    theirs = KNeighborsClassifier(k, p={"L1": 1, "L2": 2}[metric]).fit(examples, labels)
    far, rows = theirs.kneighbors(queries)
    np.testing.assert_array_equal(ours.neighbours(queries)[0], rows)
    np.testing.assert_allclose(ours.neighbours(queries)[1], far, atol=1e-7)
    np.testing.assert_array_equal(ours.predict(queries), theirs.predict(queries))  # k = 2 and 30 make ties


def test_fit_keeps_a_reference():
    examples, labels = noise(5, 2), np.arange(5)
    model = linear.NearestNeighbours().fit(examples, labels)
    assert model.examples is examples
    assert model.labels is labels


def test_a_single_neighbour_knows_what_it_saw():
    examples, labels = noise(40, 3), np.arange(40) % 3
    np.testing.assert_array_equal(linear.NearestNeighbours().fit(examples, labels).predict(examples), labels)


def test_ties_of_distance_go_to_the_first_example():
    columns, far = linear.nearest(np.array([[2.0, 1, 1, 0, 2]]), 4)
    np.testing.assert_array_equal(columns, [[3, 1, 2, 0]])
    np.testing.assert_array_equal(far, [[0, 1, 1, 2]])


def test_vote_counts():
    np.testing.assert_array_equal(linear.vote([[0, 2, 2], [1, 1, 1]], 3), [[1, 0, 2], [0, 3, 0]])


@pytest.mark.parametrize("k", [0, -1, 1.5, "3"])
def test_neighbours_refuse_k(k):
    with pytest.raises(ValueError, match="k must be"):
        linear.NearestNeighbours(k)


def test_neighbours_refuse_more_than_there_are():
    model = linear.NearestNeighbours(6).fit(noise(5, 2), np.arange(5))
    with pytest.raises(ValueError, match="from 1 to 5"):
        model.predict(noise(1, 2))
    with pytest.raises(ValueError, match="cosine"):
        linear.NearestNeighbours(1, "cosine")


# --- cross-validation -------------------------------------------------------------------------------------------------


@given(count=st.integers(2, 60), parts=st.integers(2, 9))
@examples(40)
def test_folds_deal_every_row_once(count, parts):
    if parts > count:
        with pytest.raises(ValueError, match="parts must be"):
            linear.folds(count, parts)
        return
    dealt = linear.folds(count, parts)
    np.testing.assert_array_equal(np.sort(np.concatenate([judge for _, judge in dealt])), np.arange(count))
    for learn, judge in dealt:
        assert not set(learn) & set(judge)
        assert len(learn) + len(judge) == count


@pytest.mark.parametrize("metric", JUDGE)
def test_cross_validation_equals_scikit_learn(metric):
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    x, labels = noise(60, 4), np.random.default_rng(3).integers(0, 3, 60)
    ours = linear.cross_validate(x, labels, (1, 4, 9), metric, parts=4)
    for column, k in enumerate((1, 4, 9)):
        judge = KNeighborsClassifier(k, p={"L1": 1, "L2": 2}[metric])
        np.testing.assert_allclose(ours[:, column], cross_val_score(judge, x, labels, cv=linear.folds(60, 4)))


# --- scores -----------------------------------------------------------------------------------------------------------


def test_flatten_keeps_rows():
    images = noise(3, 4, 5, 2)
    assert linear.flatten(images).shape == (3, 40)
    np.testing.assert_array_equal(linear.flatten(images)[1], images[1].ravel())
    with pytest.raises(ValueError, match=r"\(5,\)"):
        linear.flatten(noise(5))


def test_scores_equal_a_dense_layer():
    import keras

    x = noise(6, 9).astype("float32")
    layer = keras.layers.Dense(4, bias_initializer="random_normal")
    theirs = keras.ops.convert_to_numpy(layer(x))
    weights, bias = (keras.ops.convert_to_numpy(v) for v in layer.get_weights())
    np.testing.assert_allclose(linear.linear_scores(x, weights, bias), theirs, atol=1e-5)
    joined = np.vstack([weights, bias])
    np.testing.assert_allclose(linear.with_ones(x) @ joined, theirs, atol=1e-5)


def test_the_ones_column_has_the_same_gradient():
    """Through automatic differentiation, on whichever backend runs."""
    import keras

    from cvnotes import backend

    x, joined, labels = noise(6, 9).astype("float32"), noise(10, 4, seed=1).astype("float32"), np.arange(6) % 4
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    apart = backend.value_and_grad(lambda m: entropy(labels, keras.ops.matmul(x, m[:-1]) + m[-1]))(joined)
    folded = backend.value_and_grad(lambda m: entropy(labels, keras.ops.matmul(linear.with_ones(x), m)))(joined)
    ours = linear.penalised_loss(joined.astype(float), linear.with_ones(x), labels, 0.0)
    for loss, gradient in (apart, folded):
        np.testing.assert_allclose(float(loss), ours[0], atol=1e-5)
        np.testing.assert_allclose(gradient, ours[1], atol=1e-5)


@pytest.mark.parametrize(
    ("x", "weights", "bias"), [((2, 3), (4, 5), (5,)), ((2, 4), (4, 5), (4,)), ((2, 4), (4, 5), ())]
)
def test_scores_refuse(x, weights, bias):
    with pytest.raises(ValueError, match=r"Received: x \(2, "):
        linear.linear_scores(noise(*x), noise(*weights), noise(*bias))


def test_ones_keep_the_type():
    assert linear.with_ones(np.zeros((2, 3), "float32")).dtype == "float32"
    np.testing.assert_array_equal(linear.with_ones(np.zeros((2, 1)), 7.0), [[0, 7], [0, 7]])


@pytest.mark.parametrize("decay", [0.3, np.array([[0.0], [0.5], [2.0]])])
def test_penalised_gradient_passes_the_checker(decay):
    x, labels, w = noise(8, 3), np.arange(8) % 4, noise(3, 4, seed=1)
    loss = lambda flat: linear.penalised_loss(flat.reshape(3, 4), x, labels, decay)[0]  # noqa: E731
    gradient = linear.penalised_loss(w, x, labels, decay)[1].ravel()
    assert linear.check_gradient(loss, w.ravel(), gradient).passed


@pytest.mark.parametrize("intercept", [True, False])
def test_training_ends_where_scikit_learn_does(intercept):
    from sklearn.linear_model import LogisticRegression

    x, labels = noise(90, 3) + 1.5, np.random.default_rng(4).integers(0, 3, 90)
    decay = np.full((4, 1), 0.05)
    decay[-1] = 0 if intercept else 0.05
    ours = linear.train_softmax(linear.with_ones(x), labels, decay)
    judge = LogisticRegression(C=1 / (0.05 * 90), fit_intercept=intercept, tol=1e-9, max_iter=5000)
    fed = x if intercept else linear.with_ones(x)
    theirs = judge.fit(fed, labels).decision_function(fed)
    gap = linear.with_ones(x) @ ours - theirs
    np.testing.assert_allclose(gap - gap.mean(1, keepdims=True), 0, atol=1e-3)


def test_training_says_when_there_is_no_bottom():
    with pytest.raises(ValueError, match="decay > 0"):
        linear.train_softmax(np.array([[-1.0, 1], [1, 1]]), np.array([0, 1]), steps=3)


@given(seed=st.integers(0, 10**6))
@examples(60)
def test_no_linear_classifier_passes_the_ceiling(seed):
    """Also none that was made for it: the class of `favourite` is given every negative."""
    rng = np.random.default_rng(seed)
    x, labels = rng.random((24, 6)), np.arange(24) % 4
    both, names = np.vstack([x, 1 - x]), np.tile(labels, 2)
    weights, bias = rng.normal(size=(6, 4)), rng.normal(size=4)
    if seed % 2:
        weights[:, 0] += rng.normal() * 5
    right = np.mean(linear.linear_scores(both, weights, bias).argmax(1) == names)
    assert right <= linear.paired_ceiling(labels) == 0.625


# --- the plane --------------------------------------------------------------------------------------------------------


def test_measures_of_known_pictures():
    dot = np.zeros((2, 8, 8, 1))
    dot[0, 0, 3], dot[1, 3:5, 3:5] = 1, 0.5
    np.testing.assert_allclose(flatland.measures(dot), [[0, 3.5], [0.5, 0]])


def test_points_are_centred_digits():
    places, labels, images = flatland.points()
    assert places.shape == (150, 2)
    assert images.shape == (150, 8, 8, 1)
    assert set(labels) == set(flatland.CLASSES)
    np.testing.assert_allclose([places.mean(0), places.std(0)], [[0, 0], [1, 1]], atol=1e-9)
    assert np.abs(np.array(list(drawings.SPOTS.values()))).max() < flatland.REACH


def test_lattice_covers_the_plane_row_by_row():
    lattice = flatland.lattice(4)
    assert lattice.shape == (16, 2)
    assert (np.diff(lattice[:4, 0]) > 0).all()
    assert (lattice[:4, 1] == lattice[0, 1]).all()
    assert lattice[-1, 1] > lattice[0, 1]
    regions = flatland.regions(lambda spots: (spots[:, 1] > 0).astype(int), 4)
    np.testing.assert_array_equal(regions[:, 0], [0, 0, 1, 1])


def test_bent_tells_dents_from_lines():
    assert flatland.bent(lambda spots: (spots @ [1, 2] > 0.3).astype(int)) == 0
    assert flatland.bent(lambda spots: (np.hypot(*spots.T) < 1.5).astype(int)) > 0.05  # round the ring and through it


# --- cost -------------------------------------------------------------------------------------------------------------


@given(power=st.floats(-1, 3), factor=st.floats(1e-6, 10))
@examples(30)
def test_slope_finds_the_exponent(power, factor):
    sizes = np.array([10, 20, 40, 80])
    fitted = timing.slope(sizes, factor * sizes[None] ** power * np.ones((3, 1)))
    np.testing.assert_allclose(fitted, power, atol=1e-6)


def test_slope_has_a_spread():
    sizes = np.array([1.0, 10, 100])
    fitted = timing.slope(sizes, [sizes**p for p in (0, 1, 5)])
    np.testing.assert_allclose(fitted, (1, 0, 5), atol=1e-9)
    assert "−" in str(timing.Slope(-0.5, -1, 0))


@pytest.mark.parametrize(("sizes", "costs"), [([1], [1]), ([1, 2], [1, 0]), ([1, 2], [1, 2, 3])])
def test_slope_refuses(sizes, costs):
    with pytest.raises(ValueError, match="two sizes or more"):
        timing.slope(sizes, costs)


def test_interleaved_takes_turns():
    seen = []
    jobs = {name: [lambda name=name: seen.append(name) or sum(range(20_000))] for name in "ab"}
    times = timing.interleaved(jobs, repeats=3)
    assert {name: t.shape for name, t in times.items()} == {"a": (3, 1), "b": (3, 1)}
    assert all((t > 0).all() for t in times.values())
    turns = [name for name, _ in itertools.groupby(seen)]
    assert turns == list("abababab")  # once to warm up, then three times


def test_peak_bytes_counts_what_is_held():
    assert 8e5 <= timing.peak_bytes(lambda: np.ones(100_000)) < 8.5e5
    assert 1.6e6 <= timing.peak_bytes(lambda: (np.ones(100_000), np.ones(100_000))) < 1.7e6


def test_a_tree_looks_at_fewer_in_few_dimensions():
    cloud, ask = np.random.default_rng(0).random((2000, 32)), np.random.default_rng(1).random((20, 32))
    assert timing.looked_at(cloud[:, :1], ask[:, :1]) < 10
    assert timing.looked_at(cloud, ask) > 1500


# --- experiments ------------------------------------------------------------------------------------------------------


def test_moved_shifts_and_fills_with_black():
    rows = np.arange(1.0, 65)[None]
    right, left = (contest.moved(rows, way).reshape(8, 8) for way in (1, -1))
    np.testing.assert_array_equal(right[:, 1:], rows.reshape(8, 8)[:, :-1])
    np.testing.assert_array_equal(left[:, :-1], rows.reshape(8, 8)[:, 1:])
    assert not right[:, 0].any()
    assert not left[:, -1].any()
    np.testing.assert_array_equal(contest.moved(rows, 0), rows)


def test_by_k_equals_the_classifier():
    x, labels, test, truth = contest.split(3)
    found = contest.by_k(linear.distances(test[:90], x), labels, truth[:90])
    for k, share in zip(contest.KS, found, strict=True):
        assert share == np.mean(linear.NearestNeighbours(k).fit(x, labels).predict(test[:90]) == truth[:90])


@pytest.mark.parametrize("name", ["choosing", "contest", "peeking"])
def test_results_are_stored_for_every_seed(name):
    stored = experiments.load("linear_classifiers", name)
    assert {len(values) for values in stored.values()} == {5}


def test_stored_results_say_what_the_page_says():
    race, chosen = (experiments.load("linear_classifiers", name) for name in ("contest", "choosing"))
    assert (race["neighbours"][:, -1] > race["linear"][:, -1]).all()
    assert (chosen["L1_train"][:, 0] == 1).all()
    assert race["trick_negatives"].max() <= linear.paired_ceiling(contest.split(0)[3])
    assert race["linear_negatives"].max() < 0.15


# --- pictures ---------------------------------------------------------------------------------------------------------


def title(ax):
    """Its title, on whichever side the style of the moment puts it."""
    return ax.get_title(loc="left") or ax.get_title()


@pytest.mark.parametrize(("k", "metric", "spot"), [*itertools.product(drawings.KS, JUDGE, drawings.SPOTS)], ids=str)
@pytest.mark.once
def test_the_vote_is_drawn_as_it_is(k, metric, spot):
    places, labels, _ = flatland.points()
    said = linear.NearestNeighbours(k, metric).fit(places, labels).predict(np.array([drawings.SPOTS[spot]]))[0]
    fig = drawings.draw_vote(k, metric, spot)
    left, bars = fig.axes
    assert title(bars) == f"the vote: a {said}"
    assert sum(bar.get_width() for bar in bars.patches) == k
    (border,) = left.patches
    away = cdist(places, [drawings.SPOTS[spot]], JUDGE[metric])[:, 0]
    assert (away <= drawings.polled(k, metric, spot)[1][-1] + 1e-9).sum() == k
    assert ("circle" if metric == "L2" else "diamond") in drawings.say_vote(k, metric, spot)
    assert type(border).__name__ == {"L1": "Polygon", "L2": "Circle"}[metric]
    assert f"called a {said}" in drawings.say_vote(k, metric, spot)


def test_spots_have_something_to_show():
    """Some spot changes its name with k, and at some the two distances disagree."""
    said = {key: drawings.polled(*key)[2].argmax() for key in itertools.product(drawings.KS, JUDGE, drawings.SPOTS)}
    assert any(said[1, "L2", spot] != said[15, "L2", spot] for spot in drawings.SPOTS)
    assert any(said[5, "L1", spot] != said[5, "L2", spot] for spot in drawings.SPOTS)


@pytest.mark.parametrize("pair", drawings.PAIRS)
def test_blends_are_straight_for_scores(pair):
    images, votes, scores = drawings.mixture(pair)
    ends = np.array(drawings.STEPS)[:, None]
    np.testing.assert_allclose(scores, (1 - ends) * scores[0] + ends * scores[-1], atol=1e-4)
    np.testing.assert_array_equal(votes.sum(1), 9)
    assert images.shape == (11, 8, 8)
    first, last = drawings.PAIRS[pair]
    assert (scores[0].argmax(), scores[-1].argmax()) == (votes[0].argmax(), votes[-1].argmax()) == (first, last)
    for share in drawings.STEPS:
        fig = drawings.draw_blend(pair, share)
        step = drawings.STEPS.index(share)
        titles = [title(ax) for ax in fig.axes]
        assert titles[1].endswith(f"a {votes[step].argmax()}")
        assert titles[2].endswith(f"a {scores[step].argmax()}")
        assert f"{votes[step, first]} say {first}" in drawings.say_blend(pair, share)


def test_lines_stand_where_scores_are_equal():
    weights, bias = np.array([[1.0, -1, 0.2], [0.5, 0.3, -2]]), np.array([0.1, 0.4, -0.2])
    regions = flatland.regions(lambda spots: linear.linear_scores(spots, weights, bias).argmax(1), 20)
    (ax,) = drawings.draw_lines(regions, weights, bias).axes
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    for i, j in ((0, 1), (0, 2), (1, 2)):
        scores = linear.linear_scores(drawn[f"{i} or {j}?"], weights, bias)
        np.testing.assert_allclose(scores[:, i], scores[:, j], atol=1e-9)


@pytest.mark.once
def test_other_pictures_can_be_drawn():
    x, labels, test, truth = contest.split(0)
    figs = [
        drawings.draw_difference(np.eye(3), np.ones((3, 3))),
        drawings.draw_query(test[0], x[:3], labels[:3], np.array([1.0, 2, 3]), ks=(1, 3)),
        drawings.draw_mistakes(test[:2], truth[:2], x[:6].reshape(2, 3, 64), labels[:6].reshape(2, 3)),
        drawings.draw_row_times_matrix(np.ones((2, 2)), np.ones((4, 3)), np.zeros(3), ["a", "b", "c"]),
        drawings.draw_growth([1, 2], {"one": np.ones((3, 2))}, "size"),
        drawings.draw_regions({"a": np.zeros((5, 5)), "b": np.ones((5, 5))}),
    ]
    for fig in figs:
        fig.draw_without_rendering()
    brackets = [text.get_text() for text in figs[1].axes[0].texts if text.get_text().startswith("k = ")]
    assert brackets == [f"k = {k} says {linear.vote(labels[None, :k], 10)[0].argmax()}" for k in (1, 3)]
    shown = [text.get_text() for text in figs[3].axes[0].texts]
    assert shown.count("4") == 3  # four ones times a column of ones


# --- what readers hand over by mistake --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", JUDGE)
@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.__name__)
@pytest.mark.parametrize("dtype", ["uint8", "float16"])
def test_distances_of_bytes_do_not_wrap_round(rung, metric, dtype):
    bytes_ = np.random.default_rng(0).integers(256, size=(7, 9)).astype(dtype)
    queries, examples = bytes_[:3], bytes_[3:]
    judge = cdist(queries.astype(float), examples.astype(float), JUDGE[metric])
    np.testing.assert_allclose(rung(queries, examples, metric), judge, rtol=1e-5)
    assert rung(queries, examples[:0], metric).shape == (3, 0)


@pytest.mark.parametrize(
    "labels", [[-1, 1] * 3, [0.5, 1.5] * 3, np.eye(2, dtype=int)[[0, 1] * 3], [[0], [1]] * 3, [0, 1] * 2, [0, 1] * 4]
)
def test_labels_that_are_no_classes_are_refused(labels):
    x = noise(6, 2)
    with pytest.raises(ValueError, match=r"labels must be whole numbers.*from 0.*Received"):
        linear.NearestNeighbours().fit(x, labels).predict(x)
    with pytest.raises(ValueError, match=r"labels must be whole numbers.*from 0.*Received"):
        linear.cross_validate(x, labels, (1,), parts=2)


def test_a_vote_for_no_class_is_refused():
    with pytest.raises(ValueError, match=r"from 0 to 2.*Received.*1 to 3"):
        linear.vote([[1, 3]], 3)


def test_neighbours_take_lists_few_bytes_and_no_query_at_all():
    x, labels = noise(6, 2), [0, 255, 0, 255, 0, 255]
    for given_labels in (labels, np.array(labels, "uint8")):
        model = linear.NearestNeighbours().fit(x.tolist(), given_labels)
        np.testing.assert_array_equal(model.predict(x.tolist()), labels)
        assert model.predict(x[:0]).shape == (0,)


@pytest.mark.parametrize("k", [0, -1, 4, 1.0, True])
def test_nearest_takes_no_other_k_than_1_to_n(k):
    with pytest.raises(ValueError, match=r"k must be a whole number from 1 to 3. Received"):
        linear.nearest(noise(2, 3), k)
    with pytest.raises(ValueError, match="k must"):
        linear.cross_validate(noise(4, 2), [0, 1, 0, 1], (k, 1), parts=2)


def test_the_constant_of_whole_numbers_keeps_its_fraction():
    np.testing.assert_array_equal(linear.with_ones(np.ones((2, 2), "uint8"), 0.5)[:, -1], 0.5)
    assert linear.with_ones(np.ones((2, 2), "float32")).dtype == "float32"
