"""Selective search: segments, histograms, the four similarities, grouping, proposals, windows, recall, pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy import ndimage
from skimage import color

from cvnotes import boxes, data, detection, experiments
from cvnotes.detection import grouping, pipeline, proposal_drawings, proposals, regions, segments, similarity
from cvnotes.detection import trials_proposals as trials
from cvnotes.detection.colour_spaces import SPACES, to_space
from tests.examples import examples

RNG = np.random.default_rng(0)
SCENES = data.scenes(3, seed=5)


def blocks(seed, side=12):
    """A picture of some coloured rectangles, and labels of its own."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((side, side), int)
    for number in range(1, 7):
        y, x = generator.integers(0, side - 2, 2)
        labels[y : y + generator.integers(2, 6), x : x + generator.integers(2, 6)] = number
    labels = np.unique(labels, return_inverse=True)[1].reshape(side, side)
    parts = [ndimage.label(labels == k)[0] for k in range(labels.max() + 1)]
    split = np.unique(sum(part + 100 * k * (part > 0) for k, part in enumerate(parts)), return_inverse=True)[1]
    return split.reshape(side, side), generator.random((side, side, 3))


# Segments ------------------------------------------------------------------------------------------------------------


def test_two_halves_are_two_segments_that_touch():
    pixels = np.zeros((16, 16, 3))
    pixels[:, 8:] = 1
    labels = segments.segment(pixels, 50, 0.0, 5)
    assert (labels == np.repeat([0, 1], 8)).all() or (labels == np.repeat([1, 0], 8)).all()
    assert segments.touching(labels).tolist() == [[0, 1]]


def test_touching_is_by_a_side_and_not_by_a_corner():
    labels = np.array([[0, 0, 1], [2, 3, 1]])
    assert segments.touching(labels).tolist() == [[0, 1], [0, 2], [0, 3], [1, 3], [2, 3]]
    assert segments.touching(np.array([[0, 1], [2, 3]])).tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert segments.touching(np.zeros((3, 4), int)).shape == (0, 2)


@pytest.mark.parametrize("seed", range(5))
def test_boxes_of_segments_are_those_of_their_pixels(seed):
    labels, _ = blocks(seed)
    for k, box in enumerate(segments.segment_boxes(labels)):
        rows, columns = np.nonzero(labels == k)
        assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


# Colour spaces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
def test_every_space_stays_between_0_and_1(space):
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, 1, 8).T.astype(float)
    found = to_space(np.concatenate([corners, RNG.random((8, 9, 3))], axis=1), space)
    assert found.min() >= 0
    assert found.max() <= 1


def test_spaces_by_hand():
    red, grey = np.array([[[1.0, 0, 0]]]), np.array([[[0.5, 0.5, 0.5]]])
    assert to_space(red, "rgi").tolist() == [[[1, 0, pytest.approx(1 / 3)]]]
    assert to_space(np.zeros((1, 1, 3)), "rgi")[0, 0] == pytest.approx([1 / 3, 1 / 3, 0])
    assert to_space(red, "hsv").tolist() == [[[0, 1, 1]]]
    assert to_space(red, "hue").shape == (1, 1, 1)
    assert to_space(grey, "gray").tolist() == [[[0.5]]]
    lightness = color.rgb2lab(grey)[0, 0, 0] / 100
    assert to_space(grey, "lab")[0, 0] == pytest.approx([lightness, 128 / 255, 128 / 255], abs=1e-4)


def test_a_gray_picture_is_gray_in_every_space():
    pixels = RNG.random((4, 4, 1))
    assert all((to_space(pixels, space) == pixels).all() for space in SPACES)


def test_an_unknown_space_is_refused():
    with pytest.raises(ValueError, match="space must be one of"):
        to_space(np.zeros((2, 2, 3)), "xyz")


# Regions -------------------------------------------------------------------------------------------------------------


def test_slopes_of_a_ramp_point_along_it():
    ramp = np.tile(np.linspace(0, 1, 32), (32, 1))[..., None]
    middle = (regions.slopes(ramp)[16, 16] - 0.5) * 2
    assert middle == pytest.approx(np.cos(np.arange(8) * np.pi / 8), abs=1e-6)
    assert (regions.slopes(np.full((8, 8, 2), 0.3)) == 0.5).all()


@pytest.mark.parametrize("seed", range(3))
def test_slopes_are_derivatives_of_the_smoothed_picture(seed):
    pixels = np.random.default_rng(seed).random((20, 20, 1))
    smooth = ndimage.gaussian_filter(pixels[..., 0], 1)
    y, x = np.gradient(smooth)
    found = regions.slopes(pixels)
    assert np.corrcoef(found[2:-2, 2:-2, 0].ravel(), x[2:-2, 2:-2].ravel())[0, 1] > 0.97
    assert np.corrcoef(found[2:-2, 2:-2, 4].ravel(), y[2:-2, 2:-2].ravel())[0, 1] > 0.97


def test_histograms_by_hand():
    labels = np.array([[0, 0, 1, 1]])
    values = np.array([[[0.0, 1.0], [0.49, 0.5], [1.0, 0.2], [0.9, 0.2]]])
    found = regions.histograms(labels, values, 2)
    assert found.tolist() == [[0.5, 0, 0, 0.5], [0, 0.5, 0.5, 0]]


def from_pixels(labels, pixels, members):
    """Describe a union of segments anew, from its pixels."""
    inside = np.isin(labels, members).astype(int)
    found = regions.describe(inside - inside.min(), pixels)
    return regions.Regions(*(rows[-1] for rows in found))


@pytest.mark.parametrize("seed", range(6))
def test_regions_joined_from_descriptions_are_those_described_from_pixels(seed):
    labels, pixels = blocks(seed)
    hierarchy = grouping.group(labels, regions.describe(labels, pixels))
    members = {k: [k] for k in range(labels.max() + 1)}
    for new, (i, j) in enumerate(hierarchy.merges.tolist(), start=labels.max() + 1):
        members[new] = members[i] + members[j]
        anew = from_pixels(labels, pixels, members[new])
        for rows, row in zip(hierarchy.regions, anew, strict=True):
            np.testing.assert_allclose(rows[new], row, atol=1e-12)


# Similarities --------------------------------------------------------------------------------------------------------


def test_shared_by_hand():
    one = np.array([0.5, 0.5, 0])
    others = np.array([[0.5, 0.5, 0], [0, 0.25, 0.75], [0, 0, 1]])
    assert similarity.shared(one, others).tolist() == [1, 0.25, 0]


def test_size_by_hand():
    assert similarity.size_similarity(10, np.array([10, 90]), 100).tolist() == [0.8, 0]


def test_fill_by_hand():
    box, boxes_ = np.array([0, 0, 2, 2]), np.array([[2, 0, 4, 2], [8, 8, 10, 10], [0, 0, 10, 10]])
    found = similarity.fill_similarity(4, box, np.array([4, 4, 96]), boxes_, 100)
    assert found == pytest.approx([1, 0.08, 1])


@examples(30)
@given(st.integers(0, 10_000))
def test_similarities_are_symmetric_and_stay_between_0_and_1(seed):
    labels, pixels = blocks(seed)
    known, area = regions.describe(labels, pixels), labels.size
    everyone = np.arange(len(known.size))
    for letter in similarity.MEASURES:
        table = np.array([similarity.likeness(known, i, everyone, area, letter) for i in everyone])
        off = ~np.eye(len(table), dtype=bool)
        np.testing.assert_allclose(table, table.T, atol=1e-12)
        assert (table[off] >= -1e-12).all()
        assert (table[off] <= 1 + 1e-12).all()


def test_the_sum_of_measures_is_what_is_asked_for():
    labels, pixels = blocks(3)
    known, others = regions.describe(labels, pixels), np.array([1, 2])
    parts = {m: similarity.likeness(known, 0, others, labels.size, m) for m in "CTSF"}
    np.testing.assert_allclose(similarity.likeness(known, 0, others, labels.size, "CF"), parts["C"] + parts["F"])
    np.testing.assert_allclose(similarity.likeness(known, 0, others, labels.size), sum(parts.values()))


# Grouping ------------------------------------------------------------------------------------------------------------


def scores_from_pixels(labels, pixels, measures):
    """How alike all neighbours are, each region described anew: {pair of labels: likeness}."""
    order, packed = np.unique(labels, return_inverse=True)
    packed = packed.reshape(labels.shape)
    known, pairs = regions.describe(packed, pixels), segments.touching(packed)
    scores = [similarity.likeness(known, i, np.array([j]), labels.size, measures)[0] for i, j in pairs]
    return {(int(order[i]), int(order[j])): s for (i, j), s in zip(pairs, scores, strict=True)}


@pytest.mark.parametrize("measures", ["CTSF", "C", "TF"])
@pytest.mark.parametrize("seed", range(4))
def test_every_union_is_of_the_likest_two_when_all_are_compared_anew(seed, measures):
    labels, pixels = blocks(seed)
    found = grouping.group(labels, regions.describe(labels, pixels), measures)
    now = labels.copy()
    for new, (pair, likeness) in enumerate(zip(found.merges.tolist(), found.likeness, strict=True), labels.max() + 1):
        scores = scores_from_pixels(now, pixels, measures)
        assert likeness == pytest.approx(scores[tuple(pair)], abs=1e-9)
        assert likeness == pytest.approx(max(scores.values()), abs=1e-9)
        now[np.isin(now, pair)] = new
    assert len(np.unique(now)) == 1


def test_of_equals_the_lowest_numbers_are_joined_first():
    labels = np.tile(np.repeat(np.arange(4), 2), (2, 1))
    found = grouping.group(labels, regions.describe(labels, np.full((2, 8, 3), 0.5)), "C")
    assert found.merges.tolist()[0] == [0, 1]


@pytest.mark.parametrize("image", SCENES.images)
def test_every_region_is_connected_and_its_box_fits(image):
    hierarchy = proposals.hierarchies(image)[0]
    members = {k: hierarchy.labels == k for k in range(hierarchy.labels.max() + 1)}
    for new, (i, j) in enumerate(hierarchy.merges.tolist(), start=len(members)):
        members[new] = members[i] | members[j]
    assert members[len(members) - 1].all()
    for k, mask in members.items():
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1
        rows, columns = np.nonzero(mask)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert hierarchy.regions.box[k].tolist() == box
        assert hierarchy.regions.size[k] == mask.sum()


@pytest.mark.parametrize("image", SCENES.images)
def test_proposals_are_the_boxes_of_regions_each_once(image):
    hierarchy = proposals.hierarchies(image)[0]
    found = detection.selective_search(image)
    assert found.dtype == np.float32
    assert len({tuple(box) for box in found.tolist()}) == len(found)
    assert {tuple(box) for box in found.tolist()} == {tuple(box) for box in hierarchy.regions.box.tolist()}
    assert found[0].tolist() == [0, 0, 64, 64]


# Proposals -----------------------------------------------------------------------------------------------------------


def test_the_same_picture_gives_the_same_boxes():
    image = SCENES.images[0]
    for options in ({}, {"seed": 3}, detection.FAST):
        first, second = (detection.selective_search(image, **options) for _ in range(2))
        assert (first == second).all()
    assert (detection.selective_search(image / 255) == detection.selective_search(image)).all()


def test_a_seed_changes_the_order_and_not_the_boxes():
    image = SCENES.images[1]
    plain, shuffled = detection.selective_search(image), detection.selective_search(image, seed=1)
    assert plain.tolist() != shuffled.tolist()
    assert sorted(plain.tolist()) == sorted(shuffled.tolist())


def test_a_limit_keeps_the_first():
    image = SCENES.images[2]
    everything = detection.selective_search(image)
    assert (detection.selective_search(image, limit=7) == everything[:7]).all()
    assert detection.selective_search(image, limit=0).shape == (0, 4)
    assert len(detection.selective_search(image, limit=10**6)) == len(everything)


def test_more_ways_of_grouping_add_boxes():
    image = SCENES.images[0]
    one = {tuple(box) for box in detection.selective_search(image).tolist()}
    more = detection.selective_search(image, spaces=("hsv", "lab"), measures=("CTSF", "F"), scale=(50, 100))
    assert one < {tuple(box) for box in more.tolist()}
    assert len(proposals.hierarchies(image, spaces=("hsv", "lab"), scale=(50, 100), measures=("C", "T"))) == 8


def test_eighty_groupings_are_the_authors_number():
    ways = detection.FULL
    assert len(ways["scale"]) * len(ways["spaces"]) * len(ways["measures"]) == 80
    assert np.prod([len(detection.FAST[name]) for name in ("scale", "spaces", "measures")]) == 8


@pytest.mark.parametrize("shape", [(64, 64, 3), (5, 9, 3), (1, 1, 3), (1, 7, 1), (2, 2), (3, 2, 1)])
def test_one_colour_gives_one_box(shape):
    found = detection.selective_search(np.full(shape, 0.4))
    assert found.tolist() == [[0, 0, shape[1], shape[0]]]


@examples(25)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.integers(0, 1000))
def test_tiny_pictures_of_noise(height, width, channels, seed):
    image = np.random.default_rng(seed).random((height, width, channels))
    found = detection.selective_search(image, min_size=1, scale=5)
    assert found[0].tolist() == [0, 0, width, height]
    assert (found[:, 2:] > found[:, :2]).all()


def test_gray_pictures_of_two_and_three_axes_agree():
    gray = SCENES.images[0].mean(-1).astype(np.uint8)
    assert (detection.selective_search(gray) == detection.selective_search(gray[..., None])).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 4)), np.zeros(8), np.zeros((0, 8, 3)), np.full((8, 8, 3), 2.0),
        np.full((8, 8, 3), np.nan), np.zeros((8, 8, 3), int), np.zeros((8, 8), bool),
    ],
)  # fmt: skip
def test_other_images_are_refused(image):
    with pytest.raises(ValueError, match="Give"):
        detection.selective_search(image)


@pytest.mark.parametrize(
    "options",
    [
        {"scale": 0}, {"scale": True}, {"scale": None}, {"spaces": None}, {"scale": {50}},
        {"scale": ()}, {"sigma": -1}, {"min_size": 0}, {"limit": -1}, {"limit": 2.5},
        {"spaces": "xyz"}, {"spaces": ()}, {"measures": "CTX"}, {"measures": ""}, {"measures": ()}, {"seed": -1},
        {"scale": float("nan")}, {"measures": ("CTSF", 3)}, {"measures": "CC"}, {"scale": "50"},
    ],
)  # fmt: skip
def test_other_options_are_refused(options):
    with pytest.raises(ValueError, match="Received"):
        detection.selective_search(SCENES.images[0], **options)


def test_distinct_keeps_the_first_of_equals():
    rows = np.array([[0, 0, 9, 9], [1, 2, 3, 4], [0, 0, 9, 9], [4, 3, 2, 1], [1, 2, 3, 4]])
    assert proposals.distinct(rows).tolist() == [[0, 0, 9, 9], [1, 2, 3, 4], [4, 3, 2, 1]]


# Windows, chance, recall ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (5, 4)])
def test_boxes_are_counted_as_they_are(height, width):
    found = {
        (x0, y0, x1, y1)
        for x0 in range(width) for x1 in range(x0 + 1, width + 1)
        for y0 in range(height) for y1 in range(y0 + 1, height + 1)
    }  # fmt: skip
    assert detection.count_boxes(height, width) == len(found)


@examples(30)
@given(st.integers(24, 400), st.integers(31, 70), st.integers(46, 90))
def test_windows_keep_to_the_limit_and_the_picture(limit, height, width):
    found = detection.sliding_windows(height, width, limit, (8, 16, 30))
    assert 12 <= len(found) <= limit
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= (width, height)).all()
    assert len(np.unique(found, axis=0)) == len(found)
    assert set((found[:, 2:] - found[:, :2]).round().ravel()) == {8, 16, 30}


def test_a_window_as_large_as_the_picture_stands_once():
    assert detection.sliding_windows(20, 20, 10, (20,)).tolist() == [[0, 0, 20, 20]]
    corners = detection.sliding_windows(20, 20, 4, (12,)).tolist()
    assert corners == [[0, 0, 12, 12], [8, 0, 20, 12], [0, 8, 12, 20], [8, 8, 20, 20]]


@pytest.mark.parametrize(("limit", "sides"), [(3, (8,)), (100, ()), (100, (21,)), (100, (0,)), (2.5, (8,))])
def test_windows_that_cannot_be_are_refused(limit, sides):
    with pytest.raises(ValueError, match="Received"):
        detection.sliding_windows(20, 20, limit, sides)


def test_random_boxes_lie_inside_and_are_seeded():
    for sides in (None, (5, 9)):
        found = detection.random_boxes(20, 30, 500, 1, sides)
        assert (found[:, 2:] > found[:, :2]).all()
        assert (found[:, :2] >= 0).all()
        assert (found[:, 2:] <= (30, 20)).all()
        assert (found == detection.random_boxes(20, 30, 500, 1, sides)).all()
        assert (found != detection.random_boxes(20, 30, 500, 2, sides)).any()
    assert detection.random_boxes(20, 30, 0).shape == (0, 4)


def test_random_boxes_without_sides_are_any_box():
    found = detection.random_boxes(2, 3, 5000)
    kinds, counts = np.unique(found, axis=0, return_counts=True)
    assert len(kinds) == detection.count_boxes(2, 3)
    assert counts.min() > 0.75 * 5000 / len(kinds)


@pytest.mark.parametrize("sides", [(0, 5), (6, 5), (5, 21)])
def test_random_boxes_that_do_not_fit_are_refused(sides):
    with pytest.raises(ValueError, match="Received"):
        detection.random_boxes(20, 30, 5, 0, sides)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: detection.sliding_windows(20, 20, 100, 8), "sequence"),
        (lambda: detection.random_boxes(20, 30, 5, 0, 5), "smallest, largest"),
        (lambda: detection.random_boxes(20, 30, 5, 0, (5, 6, 7)), "smallest, largest"),
        (lambda: detection.random_boxes(20, 30, 5, 0, ("a", "b")), "sides"),
        (lambda: detection.by_limit([np.zeros((0, 4))], [boxes.Truth(np.ones((1, 4)), [0])], [-1]), "limits"),
        (lambda: detection.segment(np.zeros((8, 8)), 50, 0.8, 5), r"\(h, w, c\)"),
        (lambda: detection.segment_boxes(np.array([[0, 2]])), "number 1"),
        (lambda: detection.describe(np.array([[0, 1]]), np.zeros((2, 2, 3))), "floats"),
        (lambda: detection.describe(np.array([[0, 1]]), np.zeros((1, 2, 3), np.uint8)), "uint8"),
        (lambda: to_space(np.zeros((4, 4)), "hsv"), "floats"),
        (lambda: to_space(SCENES.images[0], "rgi"), "uint8"),
        (lambda: similarity.likeness(regions.describe(*blocks(0)), 0, np.array([1]), 144, "X"), "letters of CTSF"),
        (lambda: similarity.likeness(regions.describe(*blocks(0)), 0, np.array([1]), 144, ""), "letters of CTSF"),
        (lambda: pipeline.crops(SCENES.images[0], [[-9, 0, 9, 9]]), "in the picture"),
        (lambda: pipeline.crops(SCENES.images[0], [[30, 30, 70, 70]]), "in the picture"),
        (lambda: pipeline.lessons(SCENES.images[0], boxes.Truth(np.zeros((0, 4)), np.zeros(0, int)), 10), "objects"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def test_recall_by_hand():
    truths = [
        boxes.Truth(np.array([[0, 0, 10, 10], [20, 0, 30, 10]], "float32"), np.array([0, 1])),
        boxes.Truth(np.zeros((0, 4), "float32"), np.zeros(0, int)),
        boxes.Truth(np.array([[0, 0, 4, 4]], "float32"), np.array([0])),
    ]
    found = [np.array([[0, 0, 10, 10], [20, 0, 30, 5]], "float32"), np.zeros((3, 4)), np.zeros((0, 4), "float32")]
    best = detection.best_overlaps(found, truths)
    assert best.tolist() == [1, 0.5, 0]
    assert detection.recall(best) == pytest.approx(2 / 3)
    assert detection.recall(best, 0.6) == pytest.approx(1 / 3)
    assert detection.by_limit(found, truths, [0, 1])[0] == [0, pytest.approx(1 / 3)]
    with pytest.raises(ValueError, match="0 objects"):
        detection.recall(best[:0])
    with pytest.raises(ValueError, match="2 for 3 pictures"):
        detection.best_overlaps(found[:2], truths)


def test_selective_search_finds_more_than_windows_of_unknown_size():
    scenes = boxes.validation(40)
    truths = boxes.truths(scenes)
    searched = [detection.selective_search(image, limit=50) for image in scenes.images]
    blind = [detection.sliding_windows(64, 64, 50)] * len(truths)
    least = detection.recall(detection.best_overlaps(blind, truths)) + 0.2
    assert detection.recall(detection.best_overlaps(searched, truths)) > max(least, 0.9)


# The pipeline, the experiments, the drawings -------------------------------------------------------------------------


def test_crops_are_the_pixels_of_the_box():
    image = np.arange(64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)
    found = pipeline.crops(image, np.array([[8, 4, 8 + pipeline.SIDE, 4 + pipeline.SIDE]]))
    assert (found[0] == image[4 : 4 + pipeline.SIDE, 8 : 8 + pipeline.SIDE]).all()
    assert pipeline.crops(image, np.zeros((0, 4))).shape == (0, pipeline.SIDE, pipeline.SIDE, 3)


def test_the_pipeline_finds_objects_better_than_a_guess():
    classifier = pipeline.train(boxes.lessons(80, seed=998))
    scenes = boxes.validation(20)
    found = pipeline.detect(classifier, scenes.images)
    truths = boxes.truths(scenes)
    score = boxes.mean_average_precision(found, truths)
    wrong = [rows._replace(labels=(rows.labels + 1) % 10) for rows in found]
    assert score > 0.1 > boxes.mean_average_precision(wrong, truths)


def test_trials_know_each_held_out_scene_once():
    numbers = [n for seed in range(5) for n in trials.held_out(seed)[2]]
    assert numbers == list(range(len(boxes.held_out())))


def test_stored_numbers_are_those_of_the_trials():
    stored = experiments.load("detection", "proposal_recall")
    assert stored["search_recall"].shape == (5, len(trials.LIMITS))
    assert (stored["search_recall"] > stored["blind_chance_recall"]).all()
    assert len(experiments.load("detection", "proposal_counts")["fast"]) == len(trials.PHOTOGRAPHS)


def test_counted_by_hand():
    assert trials.counted(np.array([[0, 0, 20, 20], [0, 0, 19, 40], [5, 5, 90, 30]])) == [3, 2]


@pytest.mark.parametrize("step", proposal_drawings.STEPS)
@pytest.mark.once
def test_the_figure_to_play_with_over_its_grid(step):
    fig = proposal_drawings.draw_merging(step)
    assert isinstance(fig, Figure)
    assert len(proposal_drawings.say_merging(step)) > 20
