"""Matching: rates and areas against scikit-learn, neighbours against its search, bits against the law of angles."""

from __future__ import annotations

import hashlib
import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

from cvnotes import experiments, siamese
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.siamese import documents, gallery, hands, hashing, one_shot, trials_hands, verification
from cvnotes.siamese import matching_drawings as drawings
from cvnotes.siamese import matching_play as play
from cvnotes.siamese import matching_tables as tables
from cvnotes.siamese import trials_matching as trials
from tests.examples import examples


def pairs(seed=0, count=60, ties=False):
    dice = np.random.default_rng(seed)
    same = np.r_[1, 0, dice.integers(0, 2, count)]
    distance = dice.gamma(4, 1, count + 2) + 1.5 * (1 - same)
    return (np.round(distance) if ties else distance), same


# Verification ---------------------------------------------------------------------------------------------------------


@examples(40)
@given(st.integers(0, 2**31), st.integers(1, 80), st.booleans())
def test_curve_and_area_agree_with_scikit_learn(seed, count, ties):
    distance, same = pairs(seed, count, ties)
    false, true, thresholds = roc_curve(same, -distance, drop_intermediate=False)
    mine = verification.roc_points(distance, same)
    assert np.allclose(mine[0][1:], -thresholds[1:])
    assert np.allclose(mine[1], false)
    assert np.allclose(mine[2], true)
    assert np.isclose(verification.roc_area(distance, same), roc_auc_score(same, -distance))


@examples(40)
@given(st.integers(0, 2**31), st.floats(-1, 12), st.booleans())
def test_rates_equal_a_count_by_hand(seed, threshold, ties):
    distance, same = pairs(seed, 30, ties)
    right, wrong = distance[same == 1], distance[same == 0]
    false, missed = verification.error_rates(distance, same, np.array([threshold]))
    assert np.isclose(false[0], sum(d <= threshold for d in wrong) / len(wrong))
    assert np.isclose(missed[0], sum(d > threshold for d in right) / len(right))


def slow_equal_error(distance, same):
    """Walk from threshold to threshold until false accepts overtake false rejects, and cut the two lines."""
    right, wrong = distance[same == 1], distance[same == 0]
    rates = [(0.0, 1.0)]
    for threshold in sorted(set(distance)):
        rates.append((np.mean(wrong <= threshold), np.mean(right > threshold)))
    for (a, b), (c, d) in itertools.pairwise(rates):
        if c >= d:
            return a + (b - a) / ((b - a) + (c - d)) * (c - a)
    return None


@examples(60)
@given(st.integers(0, 2**31), st.integers(1, 80), st.booleans())
def test_the_equal_error_rate_equals_a_slow_walk(seed, count, ties):
    distance, same = pairs(seed, count, ties)
    rate, threshold = verification.equal_error(distance, same)
    assert np.isclose(rate, slow_equal_error(distance, same))
    assert distance.min() <= threshold <= distance.max()


def test_exact_cases_of_the_equal_error_rate():
    assert verification.equal_error([1, 2, 3, 4], [1, 1, 0, 0])[0] == 0
    assert verification.equal_error([1, 2, 3, 4], [0, 0, 1, 1])[0] == 1
    assert np.isclose(verification.equal_error([1, 1, 1], [1, 0, 0])[0], 0.5)
    rate, threshold = verification.equal_error([1, 2, 3, 2, 4, 6], [1, 1, 1, 0, 0, 0])
    assert np.isclose(rate, 1 / 3)
    assert np.isclose(threshold, 2)


@examples(30)
@given(st.integers(0, 2**31), st.floats(0.1, 5))
def test_neither_area_nor_rate_depends_on_the_unit_of_distance(seed, unit):
    distance, same = pairs(seed)
    for measure in (verification.roc_area, lambda d, s: verification.equal_error(d, s)[0]):
        assert np.isclose(measure(unit * distance, same), measure(distance, same))
    assert np.isclose(verification.roc_area(-distance, same), 1 - verification.roc_area(distance, same))


# Galleries and tasks --------------------------------------------------------------------------------------------------


@examples(20)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 6))
def test_a_search_agrees_with_scikit_learn(seed, known, count):
    dice, count = np.random.default_rng(seed), min(count, known)
    stored, codes = dice.normal(size=(known, 5)), dice.normal(size=(7, 5))
    rows, apart = gallery.search(stored, codes, count)
    wanted, there = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(stored).kneighbors(codes)
    assert np.array_equal(rows, there)
    assert np.allclose(apart, wanted)


def test_equally_near_rows_come_in_order_and_no_query_finds_nothing():
    rows, apart = gallery.search(np.array([[1.0], [-1], [1]]), np.zeros((1, 1)), 3)
    assert rows.tolist() == [[0, 1, 2]]
    assert apart.tolist() == [[1, 1, 1]]
    assert gallery.search(np.ones((3, 2)), np.ones((0, 2)), 2)[0].shape == (0, 2)
    assert gallery.nearest(np.zeros((1, 200)), 150)[0].tolist() == [[*range(150)]]
    ties = np.random.default_rng(0).integers(0, 4, (3, 500)).astype(float)
    wanted = [sorted(range(500), key=row.__getitem__) for row in ties]  # Python's sort keeps the order of equals
    assert gallery.nearest(ties, 500)[0].tolist() == wanted


def test_recall_counts_lines_apart_and_forgets_order():
    assert gallery.recall([[1, 2], [3, 4]], [[2, 1], [3, 5]]) == 0.75
    assert gallery.recall([[1, 2, 9], [3, 4, 9]], [[9], [8]]) == 0.5


@examples(20)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 3))
def test_tasks_never_ask_what_they_show(seed, ways, shots):
    labels = np.repeat(np.arange(5), [4, 4, 5, 6, 2])
    tasks = one_shot.draw_episodes(labels, ways, shots, count=20, seed=seed)
    assert tasks.known.shape == (20, ways, shots)
    for known, asked, right in zip(*tasks, strict=True):
        assert asked not in known
        assert len(np.unique(known)) == ways * shots
        assert (labels[known] == labels[known][:, :1]).all()
        assert len(set(labels[known][:, 0])) == ways
        assert labels[asked] == labels[known][right, 0]


def test_naming_by_the_nearest_mean():
    codes = np.array([[0.0], [2], [10], [12], [5.9], [6.1]])
    known = np.array([[[0, 1], [2, 3]]] * 2)
    for asked, right, share in (([4, 5], [0, 1], 1), ([4, 5], [1, 0], 0), ([4, 5], [0, 0], 0.5)):
        tasks = one_shot.Episodes(known, np.array(asked), np.array(right))
        assert one_shot.named_right(codes, tasks) == share
    with pytest.raises(ValueError, match="all rows that tasks were drawn from"):
        one_shot.named_right(codes, one_shot.Episodes(known, np.array([4, 6]), np.array([0, 1])))


# Bits -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 15, 45, 90, 120, 180])
def test_the_share_of_differing_bits_is_the_angle(degrees):
    angle, bits = np.radians(degrees), 20_000
    a, b = np.zeros((1, 6)), np.zeros((1, 6))
    a[0, 0], b[0, :2] = 3, (np.cos(angle), np.sin(angle))
    planes = hashing.hyperplanes(6, bits, seed=1)
    share = hashing.hamming(hashing.hash_bits(a, planes), hashing.hash_bits(b, planes))[0, 0] / bits
    p = degrees / 180
    assert abs(share - p) <= 5 * np.sqrt(p * (1 - p) / bits)
    assert np.isclose(hashing.angles(a, b)[0, 0], angle, atol=1e-6)


@examples(30)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 5), st.integers(1, 5))
def test_bits_are_counted_as_one_counts_signs(seed, bits, n, m):
    dice = np.random.default_rng(seed)
    planes, a, b = hashing.hyperplanes(3, bits, seed), dice.normal(size=(n, 3)), dice.normal(size=(m, 3))
    signs = [each @ planes > 0 for each in (a, b)]
    wanted = (signs[0][:, None] != signs[1][None]).sum(axis=2)
    hashes = [hashing.hash_bits(each, planes) for each in (a, b)]
    assert hashes[0].dtype == np.uint8
    assert hashes[0].shape == (n, -(-bits // 8))
    assert np.array_equal(hashing.hamming(*hashes), wanted)
    assert np.array_equal(hashing.hash_bits(7 * a, planes), hashes[0])
    bytes_ = dice.integers(-100, 100, (2, n, 3)).astype("int8")  # whose products wrap round in bytes
    wide = bytes_.astype(float)
    assert np.array_equal(hashing.hash_bits(bytes_[0], bytes_[1].T), hashing.hash_bits(wide[0], wide[1].T))


def test_an_ordinary_hash_knows_no_neighbours():
    near = np.array([[1, 2, 3], [1, 2, 3.0001], [1, 2, 3]])
    bits = hashing.digest_bits(near)
    assert bits[0].tobytes() == hashlib.sha256(near[0].tobytes()).digest()
    apart = hashing.hamming(bits, bits)
    assert apart[0, 2] == 0
    assert 90 < apart[0, 1] < 166


def test_more_bits_recall_more_and_all_of_them_nearly_all():
    dice = np.random.default_rng(0)
    stored, codes = dice.normal(size=(300, 8)), dice.normal(size=(40, 8))
    found = trials.recalls(stored, codes, seed=0)
    assert np.all(np.diff(found) > 0)
    assert 0.1 < found[0] < found[-1] < 0.95
    assert trials.share_gap(codes, seed=0) < 0.02
    assert trials.share_gap(codes, 0, np.full((40, 40), 0.5)) > 0.1


# Signatures and pages -------------------------------------------------------------------------------------------------


def test_signatures_are_repeatable_and_as_near_as_they_should_be():
    drawn = hands.sign(12, genuine=4, copies=3, seed=5)
    assert drawn.images.shape == (84, 24, 24, 1)
    assert drawn.images.dtype == np.float32
    assert 0 == drawn.images.min() < drawn.images.max() == 1
    assert np.array_equal(hands.sign(3, genuine=4, copies=3, seed=5).images, drawn.images[:21])
    assert not np.array_equal(hands.sign(3, genuine=4, copies=3, seed=6).images, drawn.images[:21])
    kinds, rows = trials_hands.hand_pairs(drawn), trials.flat(drawn.images)
    own, copy, other = (trials.apart(rows, kinds[kind]).mean() for kind in ("own", "copy", "other"))
    assert own < copy < other
    assert hands.sign(0).images.shape == (0, 24, 24, 1)
    assert hands.sign(2, genuine=1, copies=0).images.shape == (2, 24, 24, 1)


@pytest.mark.parametrize(("name", "value"), [("_habits", lambda dice: (0.0, 0.03)), ("COPIED", hands.WOBBLE)])
def test_a_copy_strays_further_and_has_a_hand_of_its_own(monkeypatch, name, value):
    monkeypatch.setattr(hands, name, value)  # either difference alone sets copies apart
    drawn = hands.sign(20, genuine=4, copies=3, seed=5)
    kinds, rows = trials_hands.hand_pairs(drawn), trials.flat(drawn.images)
    own, copy = (trials.apart(rows, kinds[kind]).mean() for kind in ("own", "copy"))
    assert copy > 1.1 * own


def test_pairs_of_hands_are_what_they_are_called():
    drawn = hands.sign(4, genuine=3, copies=2)
    kinds = trials_hands.hand_pairs(drawn)
    assert len(kinds["own"]) == 4 * 3
    assert len(kinds["copy"]) == 4 * 3 * 2
    for kind, rows in kinds.items():
        first, second = rows.T
        assert drawn.genuine[first].all()
        assert (drawn.genuine[second] == (kind != "copy")).all()
        assert ((drawn.writers[first] == drawn.writers[second]) == (kind != "other")).all()
    assert (kinds["own"][:, 0] != kinds["own"][:, 1]).all()


def test_lessons_hold_as_many_pairs_of_one_hand_as_others(monkeypatch):
    monkeypatch.setattr(trials_hands, "PAIRS", 40)
    monkeypatch.setattr(trials_hands, "signatures", lambda seed, writers: hands.sign(8, 3, 2, seed))
    for copies in (False, True):
        x, y = trials_hands.lessons(6, copies, seed=0)
        assert x.shape == (40, 2, 24, 24, 1)
        assert y.sum() == 20


def test_pages_are_read_from_numpy():
    pages = documents.numpy_pages()
    assert len(pages.queries) == len(pages.documents) > 400
    assert "Kronecker product of two arrays." in pages.queries
    assert len(set(pages.queries)) == len(pages.queries)
    assert all(len(text.split()) > documents.SHORT for text in pages.documents)
    calls = [query for query in pages.queries if documents.SIGNATURE.match(query)]  # add(x1, x2, ...) is no question
    assert len(calls) <= 1, "numpy.dtype has two such lines, and nothing else"


def test_bags_have_one_length_and_the_vocabulary_of_what_was_learned():
    pages = documents.Pages(["red cats", "green dogs"], ["cats cats sleep", "dogs sleep; cats too"])
    bags = documents.bags(pages, np.array([0, 1]))
    assert bags.documents.shape == (2, 2)  # cats and sleep: words of two documents
    assert np.allclose(np.linalg.norm(bags.documents, axis=1), 1)
    assert np.allclose(bags.queries, [[1, 0], [0, 0]])
    scores = documents.word_scores(pages)  # here every word counts, so that green dogs find the dogs
    assert scores.argmax(axis=1).tolist() == [0, 1]
    assert scores[1, 0] == 0


@examples(30)
@given(st.integers(0, 2**31), st.integers(1, 8), st.integers(1, 8))
def test_places_are_counted_with_ties_against_the_query(seed, n, m):
    dice = np.random.default_rng(seed)
    scores, own = dice.integers(0, 4, (n, m)), dice.integers(0, m, n)
    wanted = [sum(s >= row[o] for j, s in enumerate(row) if j != o) for row, o in zip(scores, own, strict=True)]
    assert gallery.rank_of_own(scores, own).tolist() == wanted


def test_an_untrained_bag_encoder_keeps_angles_roughly():
    keras.utils.set_random_seed(0)
    net = documents.bag_encoder(500, codes=256)
    x = np.abs(np.random.default_rng(0).normal(size=(20, 500))).astype("float32")
    x[:, 250:] *= np.random.default_rng(1).random((20, 250)) < 0.2
    codes = siamese.codes_of(net, x)
    assert np.allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    assert abs(hashing.angles(codes, codes) - hashing.angles(x, x)).max() < 0.3
    pairs = keras.ops.convert_to_numpy(documents.twin_of_bags(net)(np.stack([x, x[::-1]], axis=1)))
    assert np.allclose(pairs[:, 0], codes, atol=1e-5)
    assert np.allclose(pairs[:, 1], codes[::-1], atol=1e-5)


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: siamese.roc_area([1, 2], [1, 1]), "some of both"),
        (lambda: siamese.roc_area([1, np.nan], [1, 0]), "finite"),
        (lambda: siamese.roc_area([], []), "some of both"),
        (lambda: siamese.equal_error([1, 2, 3], [1, 0]), r"\(3,\)"),
        (lambda: siamese.error_rates([1, 2], [2, 0], [1]), "1 or 0"),
        (lambda: siamese.search(np.ones((3, 2)), np.ones((1, 3))), "one length"),
        (lambda: siamese.search(np.ones((3, 2)), np.full((1, 2), np.nan)), "finite"),
        (lambda: siamese.search(np.ones((3, 2)), np.ones((1, 2)), count=4), "1 to 3"),
        (lambda: siamese.search(np.ones((3, 2)), np.ones((1, 2)), count=True), "count"),
        (lambda: gallery.nearest(np.ones(3), 1), "table of distances"),
        (lambda: siamese.recall([[1]], [[1], [2]]), "as many lines"),
        (lambda: siamese.recall(np.ones((0, 3)), np.ones((0, 3))), "as many lines"),
        (lambda: siamese.draw_episodes([0, 0, 1], ways=2), "2 ways"),
        (lambda: siamese.draw_episodes([[0, 0], [1, 1]], ways=2), "one label"),
        (lambda: siamese.error_rates([1, 2], [1, 0], [np.nan]), "threshold"),
        (lambda: gallery.nearest(np.full((1, 2), np.nan), 1), "without NaN"),
        (lambda: siamese.hash_bits(np.full((1, 2), np.nan), np.ones((2, 8))), "finite codes"),
        (lambda: siamese.named_right(np.ones((1, 2)), siamese.draw_episodes([0, 0], 1)), "drawn from"),
        (lambda: siamese.draw_episodes([0, 0], ways=0), "ways"),
        (lambda: siamese.named_right(np.ones(3), siamese.draw_episodes([0, 0], 1)), "rows of finite codes"),
        (lambda: siamese.hyperplanes(0, 8), "length"),
        (lambda: siamese.hyperplanes(3, 2.5), "bits"),
        (lambda: siamese.hash_bits(np.ones((2, 3)), np.ones((4, 8))), r"\(2, 3\) and \(4, 8\)"),
        (lambda: siamese.hamming(np.ones((2, 3)), np.ones((2, 3))), "as bytes"),
        (lambda: siamese.hamming(np.ones((2, 3), "uint8"), np.ones((2, 4), "uint8")), "one|as bytes"),
        (lambda: hashing.angles(np.ones((2, 3)), np.zeros((2, 3))), "no direction"),
        (lambda: hashing.angles(np.ones((2, 3)), np.ones((2, 4))), "one length"),
        (lambda: siamese.sign(-1), "writers"),
        (lambda: siamese.sign(2, genuine=True), "genuine"),
        (lambda: gallery.rank_of_own(np.ones((2, 3)), np.array([1])), "own"),
        (lambda: gallery.rank_of_own(np.ones((2, 3)), np.array([1, 3])), "0 to m - 1"),
        (lambda: gallery.rank_of_own(np.ones((2, 3)), np.array([1, -1])), "0 to m - 1"),
        (lambda: gallery.rank_of_own(np.ones((2, 3)), np.array([1.0, 2.0])), "0 to m - 1"),
        (lambda: gallery.rank_of_own(np.full((1, 2), np.nan), np.array([1])), "finite scores"),
        (lambda: siamese.search(np.ones((0, 2)), np.ones((1, 2))), "one stored or more"),
        (lambda: siamese.hash_bits(np.ones((1, 2)), np.full((2, 8), np.nan)), "finite planes"),
        (lambda: hashing.angles([[np.inf, 1.0]], [[1.0, 1.0]]), "finite codes"),
        (lambda: hashing.angles([[1e200, 1e200]], [[1.0, 1.0]]), "too long"),
        (lambda: hashing.digest_bits(np.arange(3.0)), "rows of codes"),
        (lambda: siamese.sign(0, seed=-1), "seed"),
    ],
)
def test_bad_input_is_refused_with_a_message(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Pictures, tables and trials ------------------------------------------------------------------------------------------


@pytest.mark.once
def test_pictures_are_drawn():
    drawn, bits = hands.sign(2, 5, 3), [16, 64]
    counts = {"same": np.arange(40), "different": np.arange(40)[::-1]}
    for fig in (
        drawings.machine(),
        drawings.errors(trials.BINS, counts, 10, "words"),
        drawings.signatures(drawn, [0, 1]),
        drawings.by_ways((2, 5, 10), {"one": np.full((3, 3), 0.5)}),
        drawings.planes_in_the_plane(),
        drawings.law(np.linspace(0, 1), np.linspace(0, 0.3), np.full(50, 0.5)),
        drawings.recall_by_bits(bits, {"one": np.full((3, 2), 0.5)}),
    ):
        check_figure(fig)


@pytest.mark.parametrize("pairs", play.GRID["pairs"])
@pytest.mark.once
def test_the_figure_to_play_with_tells_rates_by_hand(pairs):
    for threshold in play.GRID["threshold"][::6]:
        accepted, rejected = play.rates(pairs, threshold)
        told, middles = play.counts(pairs), (trials.BINS[:-1] + trials.BINS[1:]) / 2
        below = {kind: told[kind][middles < threshold].sum() / told[kind].sum() for kind in told}
        assert np.allclose((accepted, rejected), (below["different"], 1 - below["same"]))
        check_alt(play.say_threshold(pairs, threshold))
    check_figure(play.draw_threshold(pairs, 0.5))


def test_tables_have_a_row_for_each_way():
    stored = {name: experiments.load("siamese", name) for name in trials.STORED}
    assert len(tables.unseen(stored["unseen"])) == 6
    assert [row[0] for row in tables.hands(stored["hands"])] == ["pixels", *trials_hands.HANDS]
    assert len(tables.hashing(stored["hashing"])) == 3
    assert [row[0] for row in tables.pages(stored["pages"])][::3] == ["TF-IDF", "twin, 20 passes"]


def test_counted_distances_keep_every_pair():
    distance, same = pairs(3, 200)
    told = trials.counted(distance, same)
    assert told["counted same"].sum() == same.sum()
    assert told["counted different"].sum() == (1 - same).sum()


def test_judges_see_perfect_codes_as_perfect_and_noise_as_noise():
    labels = np.repeat(np.arange(4), 12)
    perfect = trials.judged(np.eye(4)[labels], labels)
    assert (perfect["area"], perfect["error"], perfect["named"]) == (1, 0, 1)
    noise = trials.judged(np.random.default_rng(0).normal(size=(48, 4)), labels)
    assert abs(noise["area"] - 0.5) < 0.08
    assert abs(noise["named"] - 1 / 3) < 0.1


def test_a_twin_of_seven_kinds_is_taught_in_small():
    net = trials.twin_codes((7, 8, 9), epochs=2, seed=0)
    x, y = trials.digits((7, 8, 9), True, "test")
    assert set(y) == {7, 8, 9}
    assert set(trials.digits((7, 8, 9), False, "train")[1]) == set(range(7))
    assert trials.judged(siamese.codes_of(net, x), y)["area"] > 0.6
    assert trials.classifier_codes((7, 8, 9), epochs=1, seed=0).output_shape == (None, 16)


def test_a_net_for_signatures_is_taught_in_small(monkeypatch):
    monkeypatch.setattr(trials_hands, "PAIRS", 128)
    monkeypatch.setattr(trials_hands, "signatures", lambda seed, writers: hands.sign(8, 3, 2, seed))
    net = trials_hands.hand_net(6, True, epochs=1, seed=0)
    assert net.output_shape == (None, 16)
    assert 10_000 < net.count_params() < 15_000
