"""GrabCut: the cut against all labellings and networkx, energies that fall, seeds obeyed, saliency, the figures."""

import itertools

import keras
import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers
from sklearn.mixture import GaussianMixture

from cvnotes import data, grabcut
from cvnotes.grabcut import drawings, flow, mixtures, photographs, rounds, seed_drawings, trials
from tests.examples import examples

DICE = np.random.default_rng(0)
CAT = data.photo("cat", size=24)


def puzzle(seed, height=None, width=None, whole=False):
    """A tiny random energy; `whole`: in whole numbers, so that labellings tie."""
    dice = np.random.default_rng(seed)
    height, width = height or int(dice.integers(1, 4)), width or int(dice.integers(1, 5))
    near = grabcut.neighbours((height, width))
    costs, weights = dice.normal(0, 2, (2, height, width)), dice.uniform(0, 2, len(near.first))
    return (*(np.rint(costs) if whole else costs), near, np.rint(weights) if whole else weights)


def two_colours(seed=0, side=16):
    """A blue square on green, with noise, and its mask."""
    mask = np.zeros((side, side), bool)
    mask[4:11, 5:12] = True
    image = np.where(mask[..., None], [0.1, 0.2, 0.8], [0.2, 0.7, 0.3])
    return np.clip(image + np.random.default_rng(seed).normal(0, 0.03, image.shape), 0, 1), mask


# Neighbours and their prices ----------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 6))
@examples(30)
def test_neighbours_are_the_pixels_that_touch(height, width):
    near = grabcut.neighbours((height, width))
    found = {frozenset(ends): gap for *ends, gap in zip(*near, strict=True)}
    places = [(r, c) for r in range(height) for c in range(width)]
    wanted = {
        frozenset((i, j)): np.hypot(a[0] - b[0], a[1] - b[1])
        for i, a in enumerate(places)
        for j, b in enumerate(places)
        if i < j and max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1
    }
    assert len(near.first) == len(found) == len(wanted)
    assert found == pytest.approx(wanted)


def test_smoothness_is_its_formula_and_forgets_the_unit_of_colour():
    near, weights = grabcut.smoothness(CAT, 7)
    flat = CAT.reshape(-1, 3).astype(float)
    squares = np.array([np.sum((flat[m] - flat[n]) ** 2) for m, n in zip(near.first, near.second, strict=True)])
    slow = [
        7 / gap * np.exp(-square / (2 * squares.mean())) for square, gap in zip(squares, near.distance, strict=True)
    ]
    np.testing.assert_allclose(weights, slow, rtol=1e-9)
    np.testing.assert_allclose(grabcut.smoothness(255 * CAT, 7)[1], weights, rtol=1e-5)
    assert grabcut.contrast(np.full((4, 4, 3), 0.5)) == 0
    np.testing.assert_allclose(
        grabcut.smoothness(np.full((2, 2, 3), 0.5), 3)[1], 3 / grabcut.neighbours((2, 2)).distance
    )


# The cut ------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.booleans())
@examples(150)
def test_the_cut_is_the_best_of_all_labellings_and_worth_the_flow(seed, whole):
    background, thing, near, weights = puzzle(seed, whole=whole)
    cut = grabcut.minimum_cut(background, thing, near, weights)
    best, least = grabcut.every_labelling(background, thing, near, weights)
    assert cut.energy == pytest.approx(least, abs=cut.slack + 1e-9)
    assert cut.flow == pytest.approx(cut.energy, abs=cut.slack + 1e-9)
    assert cut.energy == pytest.approx(flow.energy(cut.labels, background, thing, near, weights))
    assert flow.energy(best, background, thing, near, weights) == pytest.approx(least)
    if not whole:  # without ties the best labelling is one
        np.testing.assert_array_equal(cut.labels, best)


@given(st.integers(0, 10**6))
@examples(15)
def test_networkx_finds_a_cut_of_the_same_value(seed):
    background, thing, near, weights = puzzle(seed, 5, 6)
    graph = networkx.DiGraph()
    for i, (a, b) in enumerate(zip(background.ravel(), thing.ravel(), strict=True)):
        graph.add_edge("s", i, capacity=a - min(a, b))
        graph.add_edge(i, "t", capacity=b - min(a, b))
    for m, n, w in zip(near.first, near.second, weights, strict=True):
        graph.add_edge(m, n, capacity=w)
        graph.add_edge(n, m, capacity=w)
    value = networkx.minimum_cut_value(graph, "s", "t") + np.minimum(background, thing).sum()
    assert grabcut.minimum_cut(background, thing, near, weights).energy == pytest.approx(value, abs=1e-6)


def test_the_slack_is_kept_and_coarse_numbers_need_it(monkeypatch):
    monkeypatch.setattr(flow, "LARGEST", 256)
    gaps = []
    for seed in range(60):
        case = puzzle(seed, 3, 4)
        cut, (_, least) = grabcut.minimum_cut(*case), grabcut.every_labelling(*case)
        gaps.append(cut.energy - least)
        assert -1e-9 <= gaps[-1] <= cut.slack
        assert abs(cut.flow - cut.energy) <= cut.slack
    assert max(gaps) > 1e-3, "in coarse steps some cuts are not the best"


@given(st.integers(0, 10**6), st.integers(0, 11), st.booleans())
@examples(60)
def test_infinite_costs_are_obeyed(seed, place, as_object):
    background, thing, near, weights = puzzle(seed, 3, 4)
    (background if as_object else thing).flat[place] = np.inf
    cut = grabcut.minimum_cut(background, thing, near, weights)
    assert cut.labels.flat[place] == as_object
    assert np.isfinite(cut.energy)
    assert cut.energy == pytest.approx(grabcut.every_labelling(background, thing, near, weights)[1], abs=1e-6)


def test_weights_may_be_a_list_and_a_picture_one_pixel():
    background, thing, near, weights = puzzle(1, 2, 3)
    cut, same = (grabcut.minimum_cut(background, thing, near, w) for w in (weights, weights.tolist()))
    np.testing.assert_array_equal(cut.labels, same.labels)
    assert flow.energy(cut.labels, background, thing, near, weights.tolist()) == cut.energy
    assert grabcut.minimum_cut([[1]], [[2]], grabcut.neighbours((1, 1)), []).energy == 1


def test_a_photograph_is_cut_with_a_flow_worth_its_energy():
    """In whole numbers the flow of thousands of pixels is far beyond 32 bits."""
    image, marks = data.photo("cat", size=64), grabcut.rectangle((64, 64), (3, 3, 61, 61))
    last = rounds.cut_out(image, marks, rounds=1)[-1]
    fitted = [grabcut.fit_mixture(image[marks == side]) for side in (0, -1)]
    costs, (near, weights) = rounds.costs(image, marks, fitted), grabcut.smoothness(image)
    cut = grabcut.minimum_cut(*costs, near, weights)
    np.testing.assert_array_equal(cut.labels, last.labels)
    assert abs(cut.flow - cut.energy) <= cut.slack < 0.02
    scale = (marks.size + len(weights)) / cut.slack
    assert (cut.flow - np.minimum(*costs).sum()) * scale > 2**31


def test_without_borders_each_pixel_chooses_and_with_high_ones_all_agree():
    background, thing, near, weights = puzzle(3, 3, 4)
    free = grabcut.minimum_cut(background, thing, near, 0 * weights)
    np.testing.assert_array_equal(free.labels, grabcut.cheapest_pixels(background, thing))
    bound = grabcut.minimum_cut(background, thing, near, weights + 100)
    assert bound.labels.all() or not bound.labels.any()
    assert bound.labels.all() == (thing.sum() < background.sum())


@given(st.integers(0, 10**6))
@examples(60)
def test_flipping_one_by_one_ends_where_no_flip_helps_and_may_miss_the_best(seed):
    case = puzzle(seed, 3, 4)
    labels = grabcut.one_by_one(*case)
    own = flow.energy(labels, *case)
    assert own >= grabcut.minimum_cut(*case).energy - 1e-6
    for i in range(labels.size):
        flipped = labels.copy()
        flipped.flat[i] ^= True
        assert flow.energy(flipped, *case) >= own - 1e-9


def test_one_by_one_gets_stuck_somewhere():
    gaps = [
        flow.energy(grabcut.one_by_one(*case), *case) - grabcut.minimum_cut(*case).energy
        for case in map(puzzle, range(100))
    ]
    assert max(gaps) > 0.1
    assert np.mean(np.array(gaps) > 1e-6) < 0.5


# Mixtures -----------------------------------------------------------------------------------------------------------


def test_surprise_is_the_density_written_out():
    mixture = grabcut.fit_mixture(CAT.reshape(-1, 3), 3)
    slow = np.zeros(CAT.shape[:2])
    for share, mean, spread in zip(mixture.weights_, mixture.means_, mixture.covariances_, strict=True):
        away = CAT - mean
        squares = np.einsum("ijc,cd,ijd->ij", away, np.linalg.inv(spread), away)
        slow += share * np.exp(-squares / 2) / np.sqrt(np.linalg.det(2 * np.pi * spread))
    np.testing.assert_allclose(grabcut.surprise(mixture, CAT), -np.log(slow), atol=1e-6)


def test_going_on_does_not_begin_anew_and_few_colours_make_few_components():
    colours = CAT.reshape(-1, 3)
    one = grabcut.fit_mixture(colours, 4)
    two = grabcut.fit_mixture(colours, 4, one)
    assert -two.score(colours) <= -one.score(colours) + 1e-6
    assert np.abs(two.means_ - one.means_).max() < 0.1
    assert grabcut.fit_mixture(colours[:3], 5).n_components == 3
    assert grabcut.fit_mixture(colours[:1], 5).n_components == 1
    assert grabcut.fit_mixture(colours[:2], 4, one) is one
    assert isinstance(one, GaussianMixture)
    assert np.linalg.eigvalsh(one.covariances_).min() >= mixtures.FINEST**2 * 0.999


# The rounds ---------------------------------------------------------------------------------------------------------


def test_a_square_is_found_and_the_labels_come_to_rest():
    image, mask = two_colours()
    found = grabcut.cut_out(image, grabcut.rectangle((16, 16), (2, 2, 14, 14)), components=2)
    np.testing.assert_array_equal(found[-1].labels, mask)
    assert np.isinf(found[0].before)
    assert np.isfinite(found[0].fitted)
    if len(found) > 1:
        np.testing.assert_array_equal(found[-1].labels, found[-2].labels)


@pytest.mark.parametrize("name", ["cat", "coffee", "astronaut"])
@pytest.mark.parametrize("refit", rounds.REFITS)
def test_cuts_never_raise_the_energy_and_neither_does_going_on(name, refit):
    image = data.photo(name, size=48)
    found = grabcut.cut_out(image, grabcut.rectangle((48, 48), (5, 5, 43, 43)), refit=refit, gamma=10)
    assert all(one.energy <= one.fitted + one.slack for one in found)
    for one, after in itertools.pairwise(found):
        assert after.before == pytest.approx(one.energy, abs=1e-6)
        if refit == "onward":
            assert after.fitted <= after.before + 1e-4 * image[..., 0].size


@given(st.integers(0, 1000))
@examples(12)
def test_seeds_are_obeyed_even_where_they_are_wrong(seed):
    image, _ = two_colours(seed)
    dice = np.random.default_rng(seed)
    marks = dice.choice([0, 1, -1], (16, 16), p=[0.1, 0.1, 0.8])
    for one in grabcut.cut_out(image, marks, components=2, rounds=3):
        assert one.labels[marks == 1].all()
        assert not one.labels[marks == 0].any()


def test_first_labels_may_be_taken_back_and_a_label_may_vanish():
    image, mask = two_colours()
    open_, first = np.full((16, 16), -1), np.where(mask, 1, 0)
    first[0, 0] = 1
    found = grabcut.cut_out(image, open_, first, components=2)
    np.testing.assert_array_equal(found[-1].labels, mask)
    for refit in rounds.REFITS:
        gone = grabcut.cut_out(
            np.full((6, 6, 3), 0.5), grabcut.rectangle((6, 6), (2, 2, 4, 4)), refit=refit, components=2
        )
        assert not gone[-1].labels.any()
        assert np.isfinite(gone[-1].energy)


def test_opencv_agrees_where_it_is_installed():
    """Its mixtures are hard and begin elsewhere, so the cuts are alike and not equal; ours from two dice are tried."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is no dependency of the book")
    for name, least in {"astronaut": 0.95, "coffee": 0.95, "cat": 0.6}.items():
        image, given = photographs.picture(name), photographs.framed(name)
        marks, models = np.where(given == 0, cv2.GC_BGD, cv2.GC_PR_FGD).astype(np.uint8), np.zeros((2, 1, 65))
        cv2.setRNGSeed(0)
        cv2.grabCut(np.uint8(np.rint(255 * image))[..., ::-1].copy(), marks, None, *models, 10, cv2.GC_INIT_WITH_MASK)
        theirs = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
        ours = [grabcut.cut_out(image, given, seed=seed)[-1].labels for seed in (0, 1)]
        assert max(grabcut.mask_iou(one, theirs) for one in ours) > least, name


# Seeds --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.floats(0.001, 0.6), st.floats(0.001, 0.4))
@examples(60)
def test_quantiles_mark_as_many_as_asked_for_and_in_order(seed, top, bottom):
    values = np.random.default_rng(seed).integers(0, 9, (7, 9))  # with many equal ones
    marks = grabcut.by_quantiles(values, top, bottom)
    assert (marks == 1).sum() == max(1, round(top * 63))
    assert (marks == 0).sum() == max(1, round(bottom * 63))
    assert values[marks == 1].min() >= values[marks != 1].max()
    assert values[marks == 0].max() <= values[marks != 0].min()


@pytest.mark.parametrize(("size", "top", "bottom", "counts"), [(3, 0.5, 0.5, (2, 1)), (2, 0.9, 0.1, (1, 1))])
def test_quantiles_that_round_up_to_more_than_there_are_mark_no_pixel_twice(size, top, bottom, counts):
    marks = grabcut.by_quantiles(np.arange(size)[None], top, bottom)
    assert ((marks == 1).sum(), (marks == 0).sum()) == counts


def test_a_rectangle_is_open_inside_and_a_stroke_has_its_width():
    marks = grabcut.rectangle((6, 8), (2, 1, 5.5, 4))
    assert (marks == -1).sum() == 4 * 3
    assert (marks[1:4, 2:6] == -1).all()
    assert (grabcut.rectangle((6, 8), (-3, -3, 5, 99))[:, :5] == -1).all()
    line = photographs.drawn(np.full((9, 20), -1), {1: [[(3, 4.5), (15, 4.5)]]}, thick=1)
    np.testing.assert_array_equal(line[3:6, 4:14], 1)
    assert (line[[0, 1, 7, 8]] == -1).all()
    assert (photographs.drawn(line, {0: [[(0, 4.5), (20, 4.5)]]}) != 1).all()
    assert (photographs.drawn(line, {}) == line).all()


def test_overlap_of_masks():
    one, other = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    assert grabcut.mask_iou(one, other) == 1
    one[0], other[:, :2] = True, True
    assert grabcut.mask_iou(one, other) == pytest.approx(2 / 6)
    assert grabcut.mask_iou(one, one) == 1


# The data gradient --------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_linear_net_is_its_weights():
    inputs = keras.Input((4, 5, 3))
    net = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    images = DICE.normal(size=(6, 4, 5, 3)).astype(np.float32)
    weights = net.get_weights()[0].T.reshape(3, 4, 5, 3)
    best = keras.ops.convert_to_numpy(net(images)).argmax(axis=1)
    np.testing.assert_allclose(grabcut.data_gradient(net, images), weights[best], atol=1e-6)
    asked = np.array([2, 1, 0, 0, 1, 2])
    np.testing.assert_allclose(grabcut.data_gradient(net, images, asked), weights[asked], atol=1e-6)
    slow = [[[max(abs(v) for v in pixel) for pixel in row] for row in one] for one in weights[asked]]
    np.testing.assert_allclose(grabcut.pixel_saliency(weights[asked]), slow, atol=1e-7)


def test_the_gradient_of_a_smooth_net_is_that_of_finite_differences_and_pictures_do_not_mix():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((5, 5, 2))
    x = layers.Conv2D(3, 3, activation="tanh")(inputs)
    net = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    images = DICE.normal(size=(2, 5, 5, 2)).astype(np.float32)
    labels, step = np.array([0, 1]), 1e-2
    found = grabcut.data_gradient(net, images, labels)
    for place in ((0, 2, 3, 1), (1, 0, 0, 0), (1, 4, 2, 1)):
        scores = []
        for sign in (1, -1):
            moved = images.copy()
            moved[place] += sign * step
            scores.append(keras.ops.convert_to_numpy(net(moved))[place[0], labels[place[0]]])
        assert found[place] == pytest.approx((scores[0] - scores[1]) / (2 * step), abs=2e-3)
    np.testing.assert_allclose(grabcut.data_gradient(net, images[1:], labels[1:]), found[1:], atol=1e-6)


# What is refused ----------------------------------------------------------------------------------------------------

NEAR = grabcut.neighbours((2, 2))
ONES, NAN = np.ones((2, 2)), np.full((2, 2), np.nan)
NET = keras.Sequential([keras.Input((2, 2, 3)), layers.Flatten(), layers.Dense(2)])
THREE = np.zeros((2, 2, 3))

REFUSED = {
    "a flat picture": lambda: grabcut.smoothness(ONES),
    "no pixel": lambda: grabcut.contrast(np.zeros((0, 4, 3))),
    "NaN in a picture": lambda: grabcut.smoothness(np.full((2, 2, 3), np.nan)),
    "words": lambda: grabcut.contrast(np.full((2, 2, 3), "a")),
    "negative gamma": lambda: grabcut.smoothness(THREE, -1),
    "gamma a truth value": lambda: grabcut.smoothness(THREE, True),
    "a side of 0": lambda: grabcut.neighbours((0, 3)),
    "costs of two shapes": lambda: grabcut.minimum_cut(ONES, np.ones((2, 3)), NEAR, np.ones(6)),
    "NaN in costs": lambda: grabcut.minimum_cut(ONES, NAN, NEAR, np.ones(6)),
    "neither label": lambda: grabcut.minimum_cut(ONES * np.inf, ONES * np.inf, NEAR, np.ones(6)),
    "too few weights": lambda: grabcut.minimum_cut(ONES, ONES, NEAR, np.ones(5)),
    "a negative weight": lambda: grabcut.minimum_cut(ONES, ONES, NEAR, -np.ones(6)),
    "an infinite weight": lambda: grabcut.minimum_cut(ONES, ONES, NEAR, np.full(6, np.inf)),
    "links of another picture": lambda: grabcut.minimum_cut(ONES, ONES, grabcut.neighbours((3, 3)), np.ones(20)),
    "too many labellings": lambda: grabcut.every_labelling(*puzzle(0, 3, 7)),
    "no colour": lambda: grabcut.fit_mixture(np.zeros((0, 3))),
    "NaN in colours": lambda: grabcut.fit_mixture(np.full((5, 3), np.nan)),
    "a picture of bytes": lambda: grabcut.cut_out(255 * CAT, grabcut.rectangle((24, 24), (2, 2, 9, 9))),
    "no component": lambda: grabcut.fit_mixture(np.zeros((5, 3)), 0),
    "seeds of another shape": lambda: grabcut.cut_out(CAT, np.zeros((3, 3))),
    "an unknown seed": lambda: grabcut.cut_out(CAT, np.full((24, 24), 2)),
    "nothing of the object": lambda: grabcut.cut_out(CAT, np.zeros((24, 24))),
    "nothing of the background": lambda: grabcut.cut_out(CAT, np.ones((24, 24))),
    "first labels of another shape": lambda: grabcut.cut_out(CAT, np.full((24, 24), -1), np.ones((2, 2))),
    "no round": lambda: grabcut.cut_out(CAT, grabcut.rectangle((24, 24), (2, 2, 9, 9)), rounds=0),
    "an unknown refit": lambda: grabcut.cut_out(CAT, grabcut.rectangle((24, 24), (2, 2, 9, 9)), refit="new"),
    "a box around everything": lambda: grabcut.rectangle((4, 4), (0, 0, 4, 4)),
    "a box outside": lambda: grabcut.rectangle((4, 4), (6, 6, 9, 9)),
    "a box inside out": lambda: grabcut.rectangle((4, 4), (3, 3, 1, 1)),
    "a box with NaN": lambda: grabcut.rectangle((4, 4), (0, 0, np.nan, 1)),
    "quantiles above all": lambda: grabcut.by_quantiles(ONES, 0.6, 0.6),
    "a quantile of 0": lambda: grabcut.by_quantiles(ONES, 0, 0.3),
    "NaN in a map": lambda: grabcut.by_quantiles(NAN),
    "a box too far for whole numbers": lambda: grabcut.rectangle((4, 4), (1e300, 0, 2e300, 5)),
    "costs that are NaN, tried one by one": lambda: grabcut.one_by_one(ONES, NAN, NEAR, np.ones(6)),
    "costs that are NaN, all tried": lambda: grabcut.every_labelling(ONES, NAN, NEAR, np.ones(6)),
    "links before the first pixel": lambda: grabcut.minimum_cut(ONES, ONES, NEAR._replace(first=-NEAR.first), [1] * 6),
    "the energy of open labels": lambda: grabcut.energy(-ONES, ONES, ONES, NEAR, np.ones(6)),
    "the energy of another picture": lambda: grabcut.energy(ONES > 0, ONES[:1], ONES, NEAR, np.ones(6)),
    "a picture without channels": lambda: grabcut.surprise(grabcut.fit_mixture(CAT[0]), ONES),
    "colours below 0": lambda: grabcut.surprise(grabcut.fit_mixture(CAT[0]), -CAT),
    "a map of pictures": lambda: grabcut.data_gradient(
        keras.Sequential([keras.Input((2, 2, 3)), layers.ReLU()]), THREE[None]
    ),
    "words in a gradient": lambda: grabcut.pixel_saliency(np.full((1, 1, 1, 1), "a")),
    "a stroke in space": lambda: photographs.drawn(ONES, {1: [[(1, 1, 1), (2, 2, 2)]]}),
    "a stroke to nowhere": lambda: photographs.drawn(ONES, {1: [[(1, 1), (2, np.nan)]]}),
    "a stroke of a point and a number": lambda: photographs.drawn(ONES, {1: [[(1, 1), (2,)]]}),
    "strokes on a line": lambda: photographs.drawn(np.zeros(4), {1: [[(1, 1), (2, 2)]]}),
    "masks of numbers": lambda: grabcut.mask_iou(ONES, ONES),
    "masks of two shapes": lambda: grabcut.mask_iou(ONES > 0, np.ones((2, 3)) > 0),
    "no picture": lambda: grabcut.data_gradient(NET, np.zeros((0, 2, 2, 3))),
    "NaN in pictures": lambda: grabcut.data_gradient(NET, np.full((1, 2, 2, 3), np.nan)),
    "no such class": lambda: grabcut.data_gradient(NET, np.zeros((1, 2, 2, 3)), [2]),
    "too few labels": lambda: grabcut.data_gradient(NET, np.zeros((2, 2, 2, 3)), [1]),
    "a gradient without channels": lambda: grabcut.pixel_saliency(np.zeros((2, 2, 2))),
    "a stroke of one place": lambda: photographs.drawn(np.zeros((4, 4)), {1: [[(1, 1)]]}),
    "a stroke of no label": lambda: photographs.drawn(np.zeros((4, 4)), {2: [[(1, 1), (2, 2)]]}),
    "no such photograph": lambda: photographs.picture("dog"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_bad_input_is_refused_in_words(case):
    with pytest.raises(ValueError, match=r"Received|received"):
        REFUSED[case]()


# The experiments and the figures ------------------------------------------------------------------------------------


@pytest.mark.once
def test_figures_draw_what_they_are_given():
    marks = photographs.framed("coffee")
    assert len(drawings.strokes([("coffee", marks, marks == -1)] * 3).axes) == 8
    assert len(drawings.preferences("coffee", 50.0).axes) == 4
    images, true = DICE.random((2, 8, 8, 3)), np.zeros((2, 8, 8), bool)
    rows = {"map": DICE.normal(size=(2, 8, 8)), "seeds": np.zeros((2, 8, 8), int), "cut": ~true}
    fig = seed_drawings.columns(images, rows, true)
    assert [ax.get_title() for ax in fig.axes[-2:]] == ["IoU 0.00"] * 2
    assert [ax.get_ylabel() for ax in fig.axes[::2]] == ["picture", *rows]
    faded = drawings.seeded(np.zeros((1, 3, 3)), np.array([[0, 1, -1]]))
    assert faded[0, 0].mean() > 0.5
    np.testing.assert_array_equal(faded[0, 2], 0)
    assert len(seed_drawings.by_share(trials.experiments.load("grabcut", "from_saliency")).axes) == 1


@pytest.mark.parametrize("gamma", drawings.GAMMAS)
@pytest.mark.once
def test_the_figure_to_play_with_draws_every_frame_and_says_what_is_in_it(gamma):
    for turn in range(1, drawings.ROUNDS + 1):
        assert len(drawings.played(gamma, turn).axes) == 3
        done, last = drawings.at_round(gamma, turn)
        words = drawings.say_played(gamma, turn)
        assert f"gamma {gamma:g}, round {last}" in words
        assert ("rest" in words) == (last == len(done))


def test_a_colour_that_the_rectangle_hides_is_cut_out_of_the_photograph():
    """At gamma 20 the orange suit is the object's, and the bright wall is not."""
    labels = photographs.found("astronaut", 20.0)[-1].labels
    assert labels[88:108, 30:58].mean() > 0.9
    assert labels[:20, 70:85].mean() < 0.05
    assert labels.mean() > 2 * photographs.found("astronaut", 75.0)[-1].labels.mean()


def test_scenes_have_two_classes_and_the_measures_agree():
    scenes = trials.pairs(12, 3)
    assert len(scenes) == 12
    assert (scenes.labels[:, 0] != scenes.labels[:, 1]).all()
    first, second = (scenes.instances == k for k in (1, 2))
    assert trials.mean_iou(first, scenes) == trials.mean_iou(second, scenes, which=1) == 1
    assert trials.mean_iou(second, scenes) == 0
    assert trials.purity(first, scenes, 0.02, 0.3) == (1, 1)
    np.testing.assert_allclose(trials.middle((32, 32), 0.5), [8, 8, 24, 24])


def test_seeds_of_the_class_find_a_lone_object_better_than_a_threshold_and_the_wrong_map():
    scenes = trials.alone(12, trials.TUNING + 9)
    maps = trials.asked(trials.encoder.stored_encoder(0), scenes)
    own = trials.mean_iou(trials.cut_all(scenes, maps), scenes)
    assert own > 0.5
    assert own > max(trials.thresholded(maps, scenes)) + 0.1
    assert own > trials.mean_iou(trials.cut_all(scenes, np.roll(maps, 1, axis=0)), scenes) + 0.1


def test_following_the_energy_gives_what_the_page_draws(monkeypatch):
    monkeypatch.setitem(trials.FALLING, "quick", 2)
    found = trials.falling(0, "quick")
    for refit in rounds.REFITS:
        assert found[f"{refit}_refits"] >= 2
        assert 0 <= found[f"{refit}_raised"] <= 1
