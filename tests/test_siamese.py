"""Twins: losses against slow loops, mining against a search through every triplet, pictures and trials in small."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from cvnotes import backend, experiments, siamese
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.siamese import batches, drawings, measures, mining, parts, play, tables, towers, trials, twins
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy


def codes(count=12, length=3, kinds=4, seed=0):
    dice = np.random.default_rng(seed)
    return dice.normal(size=(count, length)).astype("float32"), dice.integers(0, kinds, count)


# Distances and losses -------------------------------------------------------------------------------------------------


@examples(30)
@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.booleans())
def test_distances_agree_with_scipy(seed, n, m, length, squared):
    dice = np.random.default_rng(seed)
    a, b = (dice.normal(size=(k, length)).astype("float32") for k in (n, m))
    wanted = cdist(a, b, "sqeuclidean" if squared else "euclidean")
    assert np.allclose(to_numpy(siamese.pairwise_distances(a, b, squared)), wanted, atol=1e-4)
    if n == m:
        assert np.allclose(to_numpy(siamese.distances(a, b, squared)), np.diag(wanted), atol=1e-4)
    itself = to_numpy(siamese.pairwise_distances(a))
    assert np.array_equal(itself, itself.T)
    assert not itself.diagonal().any()


def test_small_distances_are_not_lost_to_rounding():
    a = np.array([[1000.0, 0], [1000.0, 1e-3]], "float32")
    assert np.isclose(to_numpy(siamese.pairwise_distances(a))[0, 1], 1e-3)


def test_equal_codes_have_a_slope_of_zero_and_not_nan():
    a = np.array([[1.0, 2], [1, 2], [3, 4]], "float32")

    def total(x):
        return keras.ops.sum(siamese.pairwise_distances(x))

    _, slope = backend.value_and_grad(total)(a)
    assert np.isfinite(slope).all()
    assert np.allclose(slope[0], slope[1])
    assert np.allclose(slope.sum(0), 0, atol=1e-6)


def test_codes_that_are_not_finite_have_no_distance():
    """A net that has come apart must not look as if it had collapsed."""
    bad = np.array([[np.nan, 1], [0, 1], [2, 2], [3, 5]], "float32")
    apart = to_numpy(siamese.pairwise_distances(bad))
    assert np.isnan(apart[0]).all()
    assert np.isfinite(apart[1:, 1:]).all()
    assert np.isnan(to_numpy(siamese.distances(bad, bad[::-1]))).tolist() == [True, False, False, True]
    labels = np.array([0, 0, 1, 1])
    for loss in (*(siamese.BatchTriplets(1.0, how) for how in mining.MINING), siamese.BatchPairs()):
        assert np.isnan(to_numpy(loss(labels, bad)))
    assert np.isnan(to_numpy(siamese.active_share(apart, *mining.kinds_of(labels))))


def test_numbers_of_any_kind_are_read():
    """Whole numbers, lists, and two kinds of floats: the same answers as in one kind of floats."""
    a, b = [[0, 0], [3, 4]], np.array([[0, 2], [0, 0]])
    for one, other in ((a, b), (np.array(a, "uint8"), b.astype("float64")), (np.array(a, "float32"), b.astype(float))):
        assert to_numpy(siamese.distances(one, other)).tolist() == [2, 5]
        assert to_numpy(siamese.pairwise_distances(one, other, squared=True)).tolist() == [[4, 0], [13, 25]]
    assert to_numpy(siamese.contrastive_loss([1, 0], [True, False], 3)).tolist() == [0.5, 4.5]
    assert to_numpy(siamese.triplet_loss(np.array([2, 1]), np.array([1.0, 3]), 1)).tolist() == [2, 0]
    whole = np.array([[0, 1], [2, 0]])
    assert to_numpy(siamese.mined_triplets(whole, [[0, 1], [0, 0]], [[1, 0], [0, 1]], 1.0, "all")) == 2


def slow_contrastive(distance, same, margin):
    return [d**2 / 2 if s else max(0.0, margin - d) ** 2 / 2 for d, s in zip(distance, same, strict=True)]


@examples(50)
@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), min_size=0, max_size=20), st.floats(0.1, 3))
def test_the_contrastive_loss_equals_a_loop(pairs, margin):
    distance, same = np.array([d for d, _ in pairs], "float32"), np.array([s for _, s in pairs], bool)
    loss = to_numpy(siamese.contrastive_loss(distance, same, margin))
    assert np.allclose(loss, slow_contrastive(distance, same, margin), atol=1e-5)


@pytest.mark.parametrize(("same", "distance", "slope"), [(1, 0.4, 0.4), (1, 3, 3), (0, 0.4, -0.6), (0, 3, 0)])
def test_the_slope_of_the_contrastive_loss(same, distance, slope):
    def total(d):
        return keras.ops.sum(siamese.contrastive_loss(d, np.array([same])))

    assert np.isclose(backend.value_and_grad(total)(np.array([distance]))[1].item(), slope, atol=1e-6)


@examples(50)
@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), max_size=20), st.floats(0.1, 3))
def test_the_triplet_loss_equals_a_loop(rows, margin):
    ap, an = np.array(rows, "float32").reshape(-1, 2).T
    loss = to_numpy(siamese.triplet_loss(ap, an, margin))
    assert np.allclose(loss, [max(0.0, p - n + margin) for p, n in zip(ap, an, strict=True)], atol=1e-5)


def test_the_gradients_of_a_triplet_agree_with_a_ruler():
    dice = np.random.default_rng(1)
    a, p, n = dice.normal(size=(3, 5, 4))

    def loss(three):
        a, p, n = three
        return keras.ops.sum(siamese.triplet_loss(siamese.distances(a, p), siamese.distances(a, n), 2.0))

    _, slopes = backend.value_and_grad(loss)([a, p, n])
    step = 1e-2
    for which, at in itertools.product(range(3), [(0, 0), (3, 2), (4, 3)]):
        moved = [[each.copy() for each in (a, p, n)] for _ in range(2)]
        moved[0][which][at] -= step
        moved[1][which][at] += step
        low, high = (float(to_numpy(loss([each.astype("float32") for each in three]))) for three in moved)
        assert np.isclose(slopes[which][at], (high - low) / (2 * step), atol=5e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: siamese.distances(np.ones((3, 2)), np.ones((2, 2))), r"\(3, 2\) and \(2, 2\)"),
        (lambda: siamese.distances(np.ones(3), np.ones(3)), "rows of codes"),
        (lambda: siamese.pairwise_distances(np.ones((3, 2)), np.ones((3, 4))), "one length"),
        (lambda: siamese.contrastive_loss(np.ones(3), np.ones((3, 1))), "one shape"),
        (lambda: siamese.contrastive_loss(np.ones(3), np.ones(3), margin=0), "margin"),
        (lambda: siamese.contrastive_loss(np.ones(2), [2, 0]), r"same must be 1 \(True\) or 0"),
        (lambda: siamese.contrastive_loss(np.ones(2), [np.nan, 0]), r"same must be 1 \(True\) or 0"),
        (lambda: siamese.distances(np.ones((1, 2)) + 1j, np.ones((1, 2))), "real numbers. Received: complex"),
        (lambda: siamese.mined_triplets(np.ones((0, 0)), np.ones((0, 0)), np.ones((0, 0))), "not empty"),
        (lambda: siamese.BatchMatches()(np.arange(2), np.ones((2, 3, 4))), r"both towers, \(n, 2, d\)"),
        (lambda: siamese.BatchMatches()(np.arange(2), np.ones((2, 4))), r"both towers, \(n, 2, d\)"),
        (lambda: siamese.codes_of(siamese.encoder(), np.ones((1, 8, 8, 1)), batch=0), "batch must be at least 1"),
        (lambda: siamese.nearest_neighbour(np.ones((2, 3)), [0, 1], np.ones((2, 2)), [0, 1]), "one length"),
        (lambda: towers.ranks(*2 * (siamese.encoder(),), *2 * (np.full((2, 8, 8, 1), np.nan),)), "finite scores"),
        (lambda: siamese.triplet_loss(np.ones(3), np.ones(2)), "one shape"),
        (lambda: siamese.triplet_loss(np.ones(3), np.ones(3), margin=True), "margin"),
        (lambda: siamese.mined_triplets(np.ones((3, 3)), np.ones((3, 3)), np.ones((3, 2))), "one shape"),
        (lambda: siamese.mined_triplets(np.ones((3, 3)), np.eye(3), np.eye(3), mining="soft"), "semi-hard"),
        (lambda: siamese.mined_triplets(np.ones((3, 3)), np.eye(3), np.eye(3), margin=-1), "margin"),
        (lambda: siamese.BatchTriplets(mining="easy"), "mining"),
        (lambda: siamese.BatchTriplets(squared="yes"), "squared"),
        (lambda: siamese.BatchPairs(margin=float("nan")), "margin"),
        (lambda: siamese.encoder(codes=0), "codes"),
        (lambda: siamese.encoder(hidden=(3.5,)), "hidden"),
        (lambda: siamese.encoder(unit="yes"), "unit"),
        (lambda: siamese.encoder(shape=8), "list of sizes"),
        (lambda: siamese.edge_pictures(np.zeros((5, 8, 8))), "one channel"),
        (lambda: towers.towers("loose"), "kind"),
        (lambda: towers.ranks(None, None, np.ones(3), np.ones(2)), "one partner"),
        (lambda: parts.PartLoss("pull"), "part"),
        (lambda: siamese.class_distances(np.ones((3, 2)), np.zeros(3)), "pair of two"),
        (lambda: siamese.class_distances(np.ones((2, 2)), np.arange(2)), "pair of one class"),
        (lambda: siamese.code_spread(np.full((3, 2), np.nan)), "finite"),
        (lambda: siamese.nearest_neighbour(np.ones((3, 2)), np.ones(2), np.ones((3, 2)), np.ones(3)), "one label"),
    ],
)
def test_bad_input_is_refused_with_a_message(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Mining ---------------------------------------------------------------------------------------------------------------


def slow_mined(distance, labels, margin, how):
    """Every rule as one would do it by hand, triplet by triplet."""
    everyone, found = range(len(labels)), []
    for a in everyone:
        positives = [p for p in everyone if p != a and labels[p] == labels[a]]
        negatives = [n for n in everyone if labels[n] != labels[a]]
        if how == "hard" and positives and negatives:
            found.append((max(distance[a, p] for p in positives), min(distance[a, n] for n in negatives)))
        for p in positives if how != "hard" else []:
            further = [distance[a, n] for n in negatives if distance[a, n] > distance[a, p]]
            chosen = [distance[a, n] for n in negatives] if how == "all" else sorted(further)[:1]
            found += [(distance[a, p], each) for each in chosen]
    return np.mean([max(0, p - n + margin) for p, n in found]) if found else 0.0


@examples(40)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 4), st.sampled_from(mining.MINING), st.floats(0.1, 3))
def test_mining_equals_a_search_through_the_batch(seed, count, kinds, how, margin):
    x, labels = codes(count, 3, kinds, seed)
    distance = siamese.pairwise_distances(x)
    loss = siamese.mined_triplets(distance, *mining.kinds_of(labels), margin, how)
    assert np.isclose(to_numpy(loss), slow_mined(to_numpy(distance), labels, margin, how), atol=1e-5)


def test_a_semi_hard_negative_lies_between_the_positive_and_the_margin():
    x, labels = codes(40, 2, 4, 3)
    distance = siamese.pairwise_distances(x)
    to_positive, to_negative, valid = map(to_numpy, mining.semi_hard(distance, *mining.kinds_of(labels)))
    taught = valid & (to_positive - to_negative + 0.3 > 0)
    assert taught.any()
    assert np.all(to_negative[taught] > to_positive[taught])
    assert np.all(to_negative[taught] < to_positive[taught] + 0.3)


def test_the_three_rules_choose_ever_harder_triplets():
    x, labels = codes(60, 2, 5, 4)
    distance, kinds = siamese.pairwise_distances(x), mining.kinds_of(labels)
    all_, semi, hard = (float(to_numpy(siamese.mined_triplets(distance, *kinds, 1.0, how))) for how in mining.MINING)
    assert hard > all_
    assert hard > 1 > semi


def test_the_active_share_counts_triplets():
    x = np.array([[0.0], [0.5], [1], [9]], "float32")
    distance, kinds = siamese.pairwise_distances(x), mining.kinds_of(np.array([0, 0, 1, 1]))
    count = [
        max(0, abs(x[a, 0] - x[p, 0]) - abs(x[a, 0] - x[n, 0]) + 1) > 0
        for a, p, n in [(0, 1, 2), (0, 1, 3), (1, 0, 2), (1, 0, 3), (2, 3, 0), (2, 3, 1), (3, 2, 0), (3, 2, 1)]
    ]
    assert np.isclose(to_numpy(siamese.active_share(distance, *kinds)), np.mean(count))
    assert 0 < np.mean(count) < 1


@pytest.mark.parametrize("how", mining.MINING)
def test_anchors_are_rows_and_codes_are_columns(how):
    """Three anchors, five codes, and tables that are not symmetric."""
    dice = np.random.default_rng(9)
    distance, kinds = dice.uniform(0, 2, (3, 5)), dice.integers(0, 3, (3, 5))
    kinds[0] = 2  # an anchor without positives
    found = []
    for row, kind in zip(distance, kinds, strict=True):
        positives, negatives = row[kind == 1], row[kind == 0]
        if how == "hard" and len(positives) and len(negatives):
            found.append(positives.max() - negatives.min())
        elif how != "hard":
            chosen = [negatives if how == "all" else sorted(negatives[negatives > p])[:1] for p in positives]
            found += [p - n for p, some in zip(positives, chosen, strict=True) for n in some]
    loss = siamese.mined_triplets(distance, kinds == 1, kinds == 0, 1.5, how)
    assert len(found) > 1
    assert np.isclose(to_numpy(loss), np.maximum(np.array(found) + 1.5, 0).mean(), atol=1e-6)


@pytest.mark.parametrize("how", mining.MINING)
@pytest.mark.parametrize("squared", [False, True])
def test_a_loss_of_triplets_takes_the_distances_that_it_is_told_to(how, squared):
    x, labels = codes(12, 3, 3, 13)
    wanted = slow_mined(cdist(x, x, "sqeuclidean" if squared else "euclidean"), labels, 0.6, how)
    assert np.isclose(to_numpy(siamese.BatchTriplets(0.6, how, squared)(labels, x)), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "float16", "int64"])
def test_batches_of_any_size_know_each_place(kind):
    """Places are counted in whole numbers, whatever the kind of the labels: bytes begin anew at 256."""
    positives, negatives = map(to_numpy, mining.kinds_of(np.zeros(600, kind)))
    assert np.array_equal(positives, ~np.eye(600, dtype=bool))
    assert not negatives.any()


def test_two_sets_can_be_mined_against_each_other():
    queries, documents = codes(6, 4, seed=5)[0], codes(6, 4, seed=6)[0]
    distance, own = siamese.pairwise_distances(queries, documents), np.eye(6, dtype=bool)
    d = to_numpy(distance)
    wanted = np.mean([max(0, d[i, i] - min(np.delete(d[i], i)) + 1) for i in range(6)])
    assert np.isclose(to_numpy(siamese.mined_triplets(distance, own, ~own, 1.0, "hard")), wanted, atol=1e-5)


@pytest.mark.parametrize("how", mining.MINING)
def test_a_batch_of_equal_codes_costs_the_margin_and_has_finite_slopes(how):
    loss = siamese.BatchTriplets(0.7, how)
    labels = np.array([0, 0, 1, 1])
    value, slope = backend.value_and_grad(lambda x: loss(labels, x))(np.ones((4, 3)))
    assert np.isclose(value, 0.0 if how == "semi-hard" else 0.7)
    assert np.isfinite(slope).all()


def test_batches_of_pairs_weigh_both_kinds_alike():
    x, labels = codes(10, 3, 3, 7)
    d = cdist(x, x)
    pairs = [(i, j) for i, j in itertools.combinations(range(10), 2)]
    same = np.mean([d[i, j] ** 2 / 2 for i, j in pairs if labels[i] == labels[j]])
    other = np.mean([max(0, 1.5 - d[i, j]) ** 2 / 2 for i, j in pairs if labels[i] != labels[j]])
    assert np.isclose(to_numpy(siamese.BatchPairs(1.5)(labels, x)), (same + other) / 2, atol=1e-5)


@pytest.mark.parametrize("loss", [batches.BatchTriplets(0.5, "hard", True), batches.BatchPairs(2.0)])
def test_losses_come_back_from_their_settings(loss):
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    x, labels = codes()
    assert again.get_config() == loss.get_config()
    assert np.isclose(to_numpy(again(labels, x)), to_numpy(loss(labels[:, None], x)))


# Twins ----------------------------------------------------------------------------------------------------------------


def pictures(count=5, seed=0):
    return np.random.default_rng(seed).uniform(size=(count, 8, 8, 1)).astype("float32")


def test_a_twin_has_the_weights_of_one_encoder_and_is_symmetric():
    net = siamese.encoder()
    twin, a, b = siamese.Twin(net), pictures(seed=1), pictures(seed=2)
    assert twin.count_params() == net.count_params() == 64 * 64 + 64 + 64 * 16 + 16  # before it is ever called
    there, back = to_numpy(twin([a, b])), to_numpy(twin([b, a]))
    assert np.array_equal(there, back)
    assert np.array_equal(there, to_numpy(twin(np.stack([a, b], 1))))
    assert not to_numpy(twin([a, a])).any()


def test_two_towers_have_two_sets_of_weights_and_are_not_symmetric():
    left, right = siamese.encoder(), siamese.encoder()
    pair, a, b = siamese.Twin(left, right), pictures(seed=1), pictures(seed=2)
    assert not np.allclose(to_numpy(pair([a, b])), to_numpy(pair([b, a])))
    assert to_numpy(pair([a, a])).min() > 0
    assert pair.count_params() == 2 * left.count_params()


@pytest.mark.parametrize("towers", [1, 2])
def test_a_twin_saves_and_loads(tmp_path, towers):
    net = siamese.Twin(*(siamese.encoder(codes=3, filters=(4, 4), hidden=()) for _ in range(towers)))
    before = to_numpy(net([pictures(), pictures(seed=1)]))
    net.save(tmp_path / "twin.keras")
    again = keras.saving.load_model(tmp_path / "twin.keras")
    assert np.allclose(to_numpy(again([pictures(), pictures(seed=1)])), before, atol=1e-6)
    for copy in (again, siamese.Twin.from_config(net.get_config())):
        assert copy.count_params() == net.count_params()
        assert (copy.left is copy.right) == (towers == 1)


def test_codes_on_the_sphere_have_length_one():
    assert siamese.encoder(filters=(16, 32), hidden=()).count_params() == 13_008  # the second one halves the map
    net = siamese.encoder(unit=True, filters=(4, 6), hidden=())
    assert np.allclose(np.linalg.norm(twins.codes_of(net, pictures(7), batch=3), axis=1), 1, atol=1e-5)
    assert twins.codes_of(net, pictures(0)).shape == (0, 16)
    assert np.array_equal(twins.codes_of(net, list(pictures(7))), twins.codes_of(net, pictures(7)))
    maps = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 3)])
    assert twins.codes_of(maps, pictures(5), batch=2).shape == (5, 6, 6, 3)


def test_a_twin_refuses_what_is_no_pair():
    twin, x = siamese.Twin(siamese.encoder()), pictures()
    for bad, told in ((x, "shape"), ([x], "list of 1"), ([x, x, x], "list of 3"), (np.stack([x] * 3, 1), "shape")):
        with pytest.raises(ValueError, match=rf"Give \[a, b\], or pairs.*{told}"):
            twin(bad)


# Measures -------------------------------------------------------------------------------------------------------------


def test_measures_on_codes_that_can_be_counted():
    x, labels = np.array([[0.0], [2], [10], [14]]), np.array([0, 0, 1, 1])
    assert measures.class_distances(x, labels) == (3, (10 + 14 + 8 + 12) / 4)
    assert np.isclose(measures.code_spread([[3.0, 0], [0, 4], [-3, 0], [0, -4]]), np.sqrt(12.5))
    assert measures.nearest_neighbour(x, labels, [[1.0], [11.0], [3.0]], [0, 1, 1]) == pytest.approx(2 / 3)


# Parts, pairs and towers ----------------------------------------------------------------------------------------------


def test_the_parts_equal_a_loop_over_all_triplets():
    x, labels = codes(8, 3, 3, 11)
    d, everyone = cdist(x, x), range(8)
    rows = [(d[a, p], d[a, n]) for a, p, n in itertools.product(everyone, repeat=3)
            if a != p and labels[a] == labels[p] and labels[a] != labels[n]]  # fmt: skip
    wanted = {
        "both": [max(0, p - n + 1.5) for p, n in rows],
        "pull only": [p for p, n in rows],
        "push only": [max(0, 1.5 - n) for p, n in rows],
        "no hinge": [p - n for p, n in rows],
    }
    for part, values in wanted.items():
        assert np.isclose(to_numpy(parts.PartLoss(part, 1.5)(labels, x)), np.mean(values), atol=1e-5), part


@examples(25)
@given(st.integers(0, 2**31), st.integers(2, 30), st.integers(0, 40))
def test_pairs_are_half_of_each_kind_and_never_a_row_with_itself(seed, n, count):
    labels = np.concatenate([[0, 0, 1], np.random.default_rng(seed).integers(0, 4, n)])
    rows, same = siamese.draw_pairs(labels, count, seed)
    assert rows.shape == (count, 2)
    assert np.array_equal(labels[rows[:, 0]] == labels[rows[:, 1]], same == 1)
    assert not np.any(rows[:, 0] == rows[:, 1])
    assert same.sum() == (count + 1) // 2


def test_pairs_of_two_kinds_begin_with_any_row():
    rows, same = siamese.draw_pairs([0, 0, 1], 200)
    assert set(rows[same == 0, 0]) == {0, 1, 2}
    assert set(rows[same == 1, 0]) == {0, 1}


@pytest.mark.parametrize("labels", [[], [0, 0, 0], [0, 1, 2], [[0, 0], [1, 1]], [0, 0, np.nan, np.nan]])
def test_pairs_need_labels_that_repeat_and_differ(labels):
    with pytest.raises(ValueError, match="two of them equal"):
        siamese.draw_pairs(labels, 4)


def test_edges_are_steep_where_a_step_is_and_nowhere_else():
    step = np.zeros((1, 8, 8, 1))
    step[:, :, 4:] = 1
    edges = siamese.edge_pictures(step)[0, :, :, 0]
    assert edges[:, 3:5].min() > 0.5
    assert np.abs(np.delete(edges, [3, 4], axis=1)).max() < 1e-6
    assert siamese.edge_pictures(np.zeros((0, 8, 8, 1))).shape == (0, 8, 8, 1)


@pytest.mark.parametrize(
    ("kind", "weights"),
    [("tied", 5200), ("tied, twice as wide", 10384), ("partly tied", 2 * 4160 + 1040), ("separate", 10400)],
)
def test_towers_share_what_they_say(kind, weights):
    net = towers.side_by_side(*towers.towers(kind))
    assert net.count_params() == weights
    both = to_numpy(net(np.repeat(pictures()[:, None], 2, axis=1)))
    assert both.shape == (5, 2, 16)
    assert np.allclose(both[:, 0], both[:, 1]) == kind.startswith("tied")


def test_ranks_count_those_that_are_nearer():
    flat = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten()])
    x, y = (np.array(v, "float32").reshape(-1, 1, 1, 1) for v in ([0, 1, 2], [0.1, 1.9, -5]))
    assert towers.ranks(flat, flat, x, y).tolist() == [0, 1, 2]
    assert towers.ranks(flat, flat, 0 * x, 0 * y).tolist() == [2, 2, 2], "where all have collapsed nothing is found"
    assert towers.ranks(flat, flat, x[:0], y[:0]).shape == (0,)


def test_matches_are_mined_from_both_sides():
    a, b = codes(5, 3, seed=8)[0], codes(5, 3, seed=9)[0]
    d = cdist(a, b)
    sides = [np.mean([max(0, m[i, i] - np.delete(m[i], i).min() + 1) for i in range(5)]) for m in (d, d.T)]
    loss = siamese.BatchMatches()(np.arange(5), np.stack([a, b], 1))
    assert np.isclose(to_numpy(loss), np.mean(sides), atol=1e-5)


# Trials and pictures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", trials.SIGNS)
def test_a_short_training_moves_distances_as_its_sign_says(sign):
    keras.utils.set_random_seed(0)
    net = siamese.encoder()
    before = trials.judged(net)
    trials.twin_taught(net, sign, 1, 0)
    after = trials.judged(net)
    assert (after["same"] / after["different"] < before["same"] / before["different"]) == (sign == "right")


def test_pull_alone_collapses():
    keras.utils.set_random_seed(0)
    net = siamese.encoder()
    history = trials.taught(net, parts.PartLoss("pull only"), 4, 0)
    assert history["spread"][-1] < 0.02 < 0.1 < history["spread"][0]


def test_no_two_distributions_can_be_further_from_themselves_than_from_each_other():
    dice = np.random.default_rng(0)
    for _ in range(50):
        a, b = (dice.normal(dice.normal(), dice.uniform(0.1, 3), (dice.integers(1, 20), 2)) for _ in range(2))
        assert 2 * cdist(a, b).mean() >= cdist(a, a).mean() + cdist(b, b).mean() - 1e-12


@pytest.mark.once
def test_pictures_are_drawn_with_words(monkeypatch):
    bins = np.linspace(0, 3, 4)
    counts = {"same": [3, 1, 0], "different": [0, 1, 3]}
    made = [
        drawings.histograms({"before": counts, "after": counts}, bins),
        drawings.architecture(),
        drawings.architecture(towers=2),
        drawings.pull_and_push(),
        drawings.zones(),
        drawings.course(np.arange(3), {"a": np.ones((5, 3)), "b": np.zeros((5, 3))}, "spread"),
        drawings.each_seed(np.arange(3), {"a": np.ones((5, 3)), "b": np.zeros((5, 3))}, "spread"),
        drawings.shrinking([0, 0.5, 1], {"plain": [1, 1.2, 1.4], "squared": [1, 1.1, 1.4]}),
    ]
    for figure in made:
        check_figure(figure)
    names = ("places", "same", "different", "read")
    fake = {
        f"{how} {margin:g} {name}": np.ones((3, 120, 2) if name == "places" else 3)
        for how in mining.MINING
        for margin in trials.MARGINS
        for name in names
    }
    monkeypatch.setattr(play, "stored", lambda: fake)
    for values in itertools.product(*play.GRID.values()):
        chosen = dict(zip(play.GRID, values, strict=True))
        check_alt(play.say_plane(**chosen))
    check_figure(play.draw_plane(**chosen))


def test_stored_experiments_are_there():
    for name in ("signs", "parts", "collapse", "plane", "two_kinds"):
        assert all(len(values) == 5 for values in experiments.load("siamese", name).values()), name


def test_tables_put_stored_numbers_into_words():
    one = {"same": [1.0, 2.0], "different": [4.0, 4.0], "read": [0.9, 1.0], "spread": [3.0, 3.0], "losses": [1.0, 1.0]}
    numbers = {name: np.array(values) for name, values in one.items()}
    assert tables.judged({f"a {name}": v for name, v in numbers.items()}, "a") == [
        "1.5", "4", "0.38 (0.25 to 0.50)", "0.950 (0.900 to 1.000)",
    ]  # fmt: skip
    assert tables.short(np.array([123.4])) == "123"
    assert tables.short(np.array([0.01234])) == "0.0123"
    stored = {f"{arm} {name}": v for arm in tables.WAYS for name, v in numbers.items()}
    assert list(tables.WAYS) == list(trials.COLLAPSE)
    assert tables.collapse(stored)[0] == ["hard, squared", "1.00 (1.00 to 1.00)", "3.00 (3.00 to 3.00)",
                                          "0.95 (0.90 to 1.00)"]  # fmt: skip
    stored = {f"{how} {m:g} {name}": v for how in mining.MINING for m in trials.MARGINS for name, v in numbers.items()}
    assert tables.rulers(stored)[0] == ["all", "0.2", "7.50", "20.00", "0.95 (0.90 to 1.00)"]
