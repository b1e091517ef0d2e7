"""The photograph's truth, the drawn coins, and the nets that go from one to the other."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import measure
from skimage import transform as skt

from cvnotes import boxes, data
from cvnotes.boxes import Detections, Truth
from cvnotes.coins import drawings, faces, ground, harder, reading, rivals, synthetic, systems, trials, truth
from cvnotes.detection import faster_rcnn
from cvnotes.single_shot import ssd, yolo
from tests.examples import examples

PHOTO = data.photo("coins")[..., 0] * 255
to_numpy = keras.ops.convert_to_numpy


# The truth that was set by hand -------------------------------------------------------------------------------------


def contrast(ellipses):
    """Mean grey inside each ellipse less that of a ring around it, the darkest and brightest pixels as they are."""
    mine, wider = (truth.inside(ellipses, truth.SHAPE, grow) for grow in (0, 4))
    ring = wider & ~truth.inside(ellipses, truth.SHAPE, 1)
    return np.array([PHOTO[one].mean() - PHOTO[other].mean() for one, other in zip(mine, ring, strict=True)])


def test_there_are_24_coins_and_each_is_brighter_than_the_ring_around_it():
    found = contrast(truth.by_hand())
    assert found.shape == (24,)
    assert found.min() > 25


@pytest.mark.parametrize("step", [(6, 0), (-6, 0), (0, 6), (0, -6)])
def test_truth_that_lies_beside_the_coins_fits_worse_for_every_coin(step):
    ellipses = truth.by_hand()
    assert (contrast(ellipses._replace(centres=ellipses.centres + step)) < contrast(ellipses)).all()


@pytest.mark.parametrize("grow", [4, -4])
def test_truth_of_another_size_has_its_edge_where_the_picture_has_none(grow):
    ellipses = truth.by_hand()
    wrong = ellipses._replace(axes=ellipses.axes + grow)
    assert (truth.steps(ellipses, PHOTO) > truth.steps(wrong, PHOTO) + 5).all()


def test_the_step_at_an_edge_is_that_of_the_picture():
    one = truth.Ellipses(np.array([[20.0, 24.0]]), np.array([[11.0, 7.0]]), np.array([0.4]))
    grey = np.where(truth.inside(one, (48, 40))[0], 130.0, 50.0)
    assert truth.steps(one, grey) == pytest.approx([80])


def test_no_two_coins_overlap_and_all_lie_in_the_photograph():
    masks, corners = truth.masks(1), truth.around(truth.by_hand())
    assert masks.sum(0).max() == 1
    assert (boxes.iou(corners, corners) - np.eye(24)).max() < 1e-6
    assert corners.min() >= 0
    assert (corners[:, 2:].max(0) <= truth.SHAPE[::-1]).all()


@pytest.mark.parametrize("shrink", [1, 2, 3, 4])
def test_boxes_fit_the_masks(shrink):
    masks, corners = truth.masks(shrink), truth.hand_set(shrink).boxes
    seen = np.array([measure.regionprops(mask.astype(int))[0].bbox for mask in masks])[:, [1, 0, 3, 2]]
    assert np.abs(seen - corners).max() <= 1
    areas = np.pi * truth.by_hand(shrink).axes.prod(1)
    np.testing.assert_allclose(masks.sum((1, 2)), areas, rtol=0.06)


@examples(40)
@given(st.floats(2, 30), st.floats(2, 30), st.floats(-3, 3))
def test_the_box_of_a_turned_ellipse_is_that_of_its_points(a, b, turn):
    one = truth.Ellipses(np.array([[40.0, 50.0]]), np.array([[a, b]]), np.array([turn]))
    angle = np.linspace(0, 2 * np.pi, 4001)
    x = a * np.cos(angle) * np.cos(turn) - b * np.sin(angle) * np.sin(turn) + 40
    y = a * np.cos(angle) * np.sin(turn) + b * np.sin(angle) * np.cos(turn) + 50
    np.testing.assert_allclose(truth.around(one)[0], [x.min(), y.min(), x.max(), y.max()], atol=1e-3)


def test_the_photograph_is_shrunk_by_means_and_filled_up():
    small = truth.photograph(3)
    assert small.shape == (112, 128, 3)
    assert small.dtype == np.uint8
    assert (small == small[..., :1]).all()
    assert (small[101:] == small[100]).all()
    np.testing.assert_allclose(small[:101, :, 0], skt.downscale_local_mean(PHOTO, (3, 3)), atol=1)
    np.testing.assert_array_equal(truth.photograph(1)[..., 0], np.rint(PHOTO))


def test_truth_shrinks_with_the_photograph():
    np.testing.assert_allclose(truth.hand_set(3).boxes * 3, truth.hand_set(1).boxes, atol=1e-4)
    assert len(truth.hand_set().labels) == 24
    assert not truth.hand_set().labels.any()


@pytest.mark.parametrize("shrink", [0, -1, 1.5, True])
def test_a_shrink_that_is_no_whole_number_is_refused(shrink):
    with pytest.raises(ValueError, match="shrink"):
        truth.hand_set(shrink)
    with pytest.raises(ValueError, match="shrink"):
        truth.photograph(shrink)


# Coins that are drawn -----------------------------------------------------------------------------------------------


def test_a_picture_is_the_same_however_many_are_drawn():
    some, more = synthetic.coins(3, seed=4), synthetic.coins(synthetic.CHUNK + 2, seed=4)
    np.testing.assert_array_equal(some.images, more.images[:3])
    np.testing.assert_array_equal(some.instances, more.instances[:3])
    assert (some.images != synthetic.coins(3, seed=5).images).any()


@pytest.mark.parametrize("piece", synthetic.PIECES)
def test_leaving_out_a_piece_changes_the_pictures_and_leaves_the_coins_where_they_are(piece):
    every, less = synthetic.coins(20, seed=1), synthetic.coins(20, seed=1, without=[piece])
    np.testing.assert_array_equal(every.instances, less.instances)
    assert (every.images != less.images).any()


def test_boxes_are_those_of_the_numbered_pixels():
    drawn = synthetic.coins(60, seed=2)
    for instances, one in zip(drawn.instances, drawn.truths, strict=True):
        seen = [region.bbox for region in measure.regionprops(instances)]
        np.testing.assert_array_equal(one.boxes, np.array(seen).reshape(-1, 4)[:, [1, 0, 3, 2]])
        assert not one.labels.any()


def test_masks_are_the_numbered_pixels_one_for_each_box():
    drawn = synthetic.coins(10, seed=2)
    for i, one in enumerate(drawn.truths):
        masks = drawn.masks(i)
        assert masks.shape == (len(one.boxes), 64, 64)
        assert masks.any((1, 2)).all()
        np.testing.assert_array_equal((masks * np.arange(1, len(masks) + 1)[:, None, None]).sum(0), drawn.instances[i])


def test_dark_coins_are_darker_than_their_ground_and_can_be_left_out():
    def share(drawn):  # of coins darker than the ground of their picture
        pairs = [(drawn.images[i, ..., 0], drawn.instances[i], m) for i in range(60) for m in drawn.masks(i)]
        return np.mean([grey[mask].mean() < grey[coin == 0].mean() for grey, coin, mask in pairs])

    assert 0.1 < share(synthetic.coins(60, seed=3)) < 0.5
    assert share(synthetic.coins(60, seed=3, without=["dark coins"])) < 0.1


def test_plain_discs_have_even_grounds_and_faces():
    plain, every = (synthetic.coins(40, seed=6, without=off) for off in (synthetic.PIECES, ()))

    def uneven(drawn):  # spread of the ground after the finest grain is smoothed away
        return np.mean([rough(drawn.images[i, ..., 0], drawn.instances[i] == 0) for i in range(40)])

    def rough(grey, where):
        blocks = skt.downscale_local_mean(np.where(where, grey, np.nan), (8, 8))
        return np.nanstd(blocks)

    assert uneven(plain) < 0.5 * uneven(every)


def test_turns_keep_pictures_and_boxes_together():
    drawn = synthetic.coins(7, seed=8)
    four = synthetic.turned(drawn)
    assert len(four) == 28
    np.testing.assert_array_equal(four.images[7:14], np.rot90(drawn.images, 1, (1, 2)))
    x0, y0, x1, y1 = drawn.truths[0].boxes.T  # a quarter turn against the clock: x becomes y, y becomes 64 - x
    np.testing.assert_array_equal(four.truths[7].boxes, np.stack([y0, 64 - x1, y1, 64 - x0], -1))


@pytest.mark.once
def test_large_pictures_and_none_can_be_drawn():
    assert synthetic.coins(2, shape=(112, 128)).images.shape == (2, 112, 128, 3)
    none = synthetic.coins(0)
    assert none.images.shape == (0, 64, 64, 3)
    assert none.truths == []


@pytest.mark.parametrize(
    ("given", "word"),
    [((-1,), "n must"), ((2.0,), "n must"), ((1, -3), "seed"), ((1, 0, 8), "shape"), ((1, 0, 64, ("sun",)), "without")],
)
def test_what_cannot_be_drawn_is_refused(given, word):
    with pytest.raises(ValueError, match=word):
        synthetic.coins(*given)


def some_coins(radius=9.0, centre=(20.3, 22.6), lots=0.0):
    return faces.Coins(
        np.zeros(1, int), np.array([centre]), np.array([radius]), np.full((1, faces.LOTS), lots, np.float32)
    )


@pytest.mark.parametrize("radius", [4.0, 9.0, 12.9])
def test_without_waves_an_outline_is_a_circle(radius):
    out = faces.depth(some_coins(radius), np.zeros((1, 2), int), 44)[0][0]
    y, x = np.indices((44, 44)) + 0.5
    np.testing.assert_allclose(out, radius - np.hypot(x - 20.3, y - 22.6), atol=1e-4)


def test_light_brightens_the_slopes_that_face_it():
    y, x = np.indices((21, 21)) - 10.0
    dome = np.float32(-(x**2 + y**2) / 40)[None]
    lit = faces.lit(dome, np.zeros(1), np.full(1, 0.5))[0]  # from the right
    assert (lit[1:-1, 12:-1] > 1).all()
    assert (lit[1:-1, 1:9] < 1).all()
    np.testing.assert_allclose(faces.lit(np.zeros((1, 5, 5), np.float32), np.ones(1), np.ones(1)), 1)


def test_a_shadow_lies_on_the_side_away_from_the_light():
    coin = some_coins(lots=0.9)
    shade = faces.shade(coin, np.zeros((1, 2), int), 44, np.zeros(1))[0]  # light from the right
    row = shade[22]
    assert row[10] > row[31]
    assert shade.min() >= 0
    assert shade.max() < 1


@pytest.mark.parametrize("reach", [0.7, 3.0])
def test_noise_wraps_around_and_is_as_smooth_as_asked(reach):
    tile = ground.noise(reach)
    assert abs(tile.mean()) < 1e-4
    assert abs(tile.std() - 1) < 1e-4
    assert np.abs(tile[0] - tile[-1]).mean() < 1.3 * np.abs(tile[0] - tile[1]).mean()  # the seam is like any other line
    alike = np.mean(tile * np.roll(tile, 2, 0))
    assert abs(alike - np.exp(-1 / reach**2)) < 0.15  # Gaussian noise, blurred by a Gaussian


# Reading nets on pictures of any size -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nets():
    keras.utils.set_random_seed(3)
    return {name: system.build() for name, system in systems.SYSTEMS.items()}


def pictures(n=3, shape=64):
    return synthetic.coins(n, seed=9, shape=shape).images


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert len(one.boxes) == len(other.boxes)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_yolo_is_read_as_on_its_own_page(nets):
    ours = systems.SYSTEMS["YOLO"].detect(nets["YOLO"], pictures())
    same(ours, yolo.detect(nets["YOLO"], pictures(), reading.GRID, threshold=reading.LEAST, iou=reading.SAME))
    assert sum(len(one.boxes) for one in ours) > 10


def test_ssd_is_read_as_on_its_own_page(nets):
    laid = reading.default_boxes((64, 64))
    np.testing.assert_array_equal(laid, ssd.default_boxes(reading.SIZES))
    ours = systems.SYSTEMS["SSD"].detect(nets["SSD"], pictures())
    theirs = ssd.detect(nets["SSD"], pictures(), laid, reading.LEAST, reading.SAME)
    order = [np.argsort(-one.scores, kind="stable") for one in ours]
    first = [  # theirs looks at the best hundred boxes only
        Detections(*(part[best][: len(other.boxes)] for part in one))
        for one, other, best in zip(ours, theirs, order, strict=True)
    ]
    same(first, theirs)
    assert sum(len(one.boxes) for one in first) > 10


@pytest.mark.parametrize(("name", "stride"), [("YOLO", 8), ("SSD", 4)])
def test_far_from_the_border_a_net_says_the_same_in_a_larger_picture(nets, name, stride):
    large = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), np.uint8)
    wide, maps = reading.any_size(nets[name]), []
    for part in (large, large[:, 16:, 32:]):
        high, across = (side // stride for side in part.shape[1:3])
        said = to_numpy(wide(part))[0].reshape(-1, 11 if name == "YOLO" else 12)
        maps.append(said[: high * across].reshape(high, across, -1))  # of SSD the finer map, which comes first
    down, right = 16 // stride + 4, 32 // stride + 4
    np.testing.assert_allclose(maps[0][down:-4, right:-4], maps[1][4:-4, 4:-4], atol=1e-4)
    assert np.abs(maps[0][down - 1 : -5, right:-4] - maps[1][4:-4, 4:-4]).max() > 1e-3


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_every_system_takes_the_photograph_and_nothing(nets, name):
    detect = systems.SYSTEMS[name].detect
    assert detect(nets[name], np.zeros((0, 64, 64, 3), np.uint8)) == []
    for shape in ((1, 60, 64, 3), (1, 0, 64, 3), (64, 64, 3), (1, 64, 64, 1)):
        with pytest.raises(ValueError, match="Received"):
            detect(nets[name], np.zeros(shape, np.uint8))
    (found,) = detect(nets[name], truth.photograph()[None])
    assert (found.boxes >= 0).all()
    assert (found.boxes <= (128, 112, 128, 112)).all()
    assert found.boxes.shape[1] == 4
    assert not found.labels.any()


def test_faster_rcnn_is_asked_for_more_proposals_than_there_are_coins(nets):
    found = faster_rcnn.detect(nets["Faster R-CNN"], truth.photograph()[None], limit=systems.MOST)
    same(found, systems.SYSTEMS["Faster R-CNN"].detect(nets["Faster R-CNN"], truth.photograph()[None]))
    assert 2 * len(truth.hand_set().boxes) < systems.MOST


@pytest.mark.parametrize("name", ["YOLO", "SSD"])
def test_a_training_moves_every_weight(name):
    given = trials.lessons(8, 1)
    keras.utils.set_random_seed(0)
    before, after = systems.SYSTEMS[name].build(), systems.taught(name, given, 1, 0)
    pairs = zip(after.trainable_weights, before.trainable_weights, strict=True)
    assert all(np.abs(to_numpy(one) - to_numpy(other)).max() > 0 for one, other in pairs)


def test_the_mask_head_learns_from_pictures_with_coins_alone(monkeypatch):
    seen = {}
    keep = lambda model, images, wanted, **options: seen.update(images=images, wanted=wanted)  # noqa: E731
    monkeypatch.setattr(systems.mask_head, "train", keep)
    given = trials.lessons(8, 1)
    empty = synthetic.Drawn(np.zeros_like(given.images), np.zeros_like(given.instances))
    both = synthetic.Drawn(*(np.concatenate([vars(one)[key] for one in (given, empty)]) for key in vars(given)))
    systems.taught_masks(both, 1, 0)
    assert len(seen["images"]) == len(seen["wanted"]) == sum(len(one.boxes) > 0 for one in given.truths)
    assert (seen["wanted"][:, 0, 4] == 0).all()


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: reading.read_cells(np.full((1, 8, 8, 12), 0.5), reading.Grid(classes=2)), "one class"),
        (lambda: reading.read_cells(np.full((1, 8, 8, 12), 0.5)), "one class"),
        (lambda: reading.read_cells(np.full((8, 8, 11), 0.5)), "one class"),
        (lambda: reading.read_cells(np.full((1, 8, 8, 11), np.nan)), "finite"),
        (lambda: reading.read_defaults(np.zeros((1, 640, 7)), (64, 64)), "one class"),
        (lambda: reading.read_defaults(np.zeros((640, 6)), (64, 64)), "one class"),
        (lambda: reading.read_defaults(np.full((1, 640, 6), np.nan), (64, 64)), "finite"),
        (lambda: reading.default_boxes((64, 68)), "divide"),
        (lambda: truth.photograph(400), "shrink"),
        (lambda: truth.hand_set(400), "shrink"),
        (lambda: truth.inside(truth.by_hand(), truth.SHAPE, -60), "grow"),
        (lambda: truth.inside(truth.by_hand(), truth.SHAPE, np.nan), "grow"),
        (lambda: truth.steps(truth.by_hand(), PHOTO, -2), "width"),
        (lambda: synthetic.boxes_of(np.array([[0, 2], [0, 0]])), "leave no number out"),
        (lambda: synthetic.boxes_of(np.array([[0, -1], [0, 0]])), "leave no number out"),
        (lambda: synthetic.boxes_of(np.array([[0, 1.5], [0, 0]])), "number of each pixel"),
        (lambda: synthetic.turned(synthetic.coins(1, shape=(32, 64))), "square"),
        (lambda: rivals.regions(rivals.otsu, np.zeros((20, 20), np.uint8)), "bytes"),
        (lambda: rivals.regions(rivals.recipe, np.zeros((20, 20, 3))), "bytes"),
        (lambda: systems.taught_masks(synthetic.Drawn(*empty_pictures()), 1, 0), "no coin"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def empty_pictures():
    return np.zeros((2, 64, 64, 3), np.uint8), np.zeros((2, 64, 64), np.uint8)


def test_more_coins_than_a_byte_counts_keep_their_numbers(monkeypatch):
    monkeypatch.setattr(synthetic, "CHUNK", 2)
    drawn = synthetic.coins(2, seed=4, shape=(448, 512))
    most = max(int(one.max()) for one in drawn.instances)
    assert most > 255, "or this test shows nothing"
    for instances, one in zip(drawn.instances, drawn.truths, strict=True):
        assert len(one.boxes) == len(np.unique(instances)) - 1
    assert synthetic.coins(1).instances.dtype == np.uint8


@pytest.mark.once
def test_pictures_can_be_drawn_one_by_one_with_few_coins_or_none(monkeypatch):
    monkeypatch.setattr(synthetic, "CHUNK", 1)
    drawn = [synthetic.coins(1, seed, 32) for seed in range(8)]
    counts = [len(one.truths[0].boxes) for one in drawn]
    assert min(counts) == 0 < max(counts)


def test_masks_are_judged_against_the_coins_of_the_photograph(monkeypatch):
    known, shape = truth.masks(), truth.photograph().shape[:2]
    drawn = np.concatenate([known[:6], np.zeros((2, *shape), bool)])
    monkeypatch.setattr(trials.mask_head, "outlines", lambda *_: [drawn])
    numbers = trials.masked(None, [Detections(truth.hand_set().boxes[:8], np.ones(8), np.zeros(8, int))], 0.5)
    assert numbers["photo_precision"] == 6 / 8
    assert numbers["photo_recall"] == 6 / 24
    np.testing.assert_allclose(numbers["overlaps"], [1] * 6 + [0] * 18)


# Judging ------------------------------------------------------------------------------------------------------------


def case():
    known = Truth(np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], np.float32), np.zeros(3, int))
    corners = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [20, 0, 30, 6], [40, 0, 44, 10], [70, 0, 80, 10]], np.float32)
    return Detections(corners, np.array([0.9, 0.8, 0.7, 0.6, 0.2]), np.zeros(5, int)), known


def test_hits_give_each_coin_to_its_surest_box():
    found, known = case()
    np.testing.assert_allclose(trials.hits(found, known, 0.5), [0.9, 0.6, 0])
    np.testing.assert_allclose(trials.hits(found, known, 0.85), [0.9, 0, 0])
    assert not trials.hits(found, known, 0.95).any()


@pytest.mark.parametrize("least", [0.1, 0.5, 0.65, 0.75])
def test_precision_and_recall_agree_with_hits(least):
    found, known = case()
    numbers, right = trials.told([found], [known], least), np.count_nonzero(trials.hits(found, known, least))
    assert numbers["recall"] == pytest.approx(right / 3)
    assert numbers["precision"] == pytest.approx(right / np.sum(found.scores >= least))


def test_the_threshold_is_the_one_with_the_highest_f1():
    found, known = case()

    def slow(level):
        right, kept = np.count_nonzero(trials.hits(found, known, level)), np.sum(found.scores >= level)
        return 2 * right / (kept + 3)

    best = trials.threshold([found], [known])
    assert slow(best) == max(slow(level) for level in trials.LEVELS)


def test_boxes_are_sorted_into_found_false_and_missed():
    (found, _), known = case(), truth.hand_set()
    mine = Detections(
        np.concatenate([known.boxes[:20], found.boxes[-1:]]), np.linspace(0.9, 0.3, 21), np.zeros(21, int)
    )
    good, false, missed = drawings.sorted_out(mine, 0.25)
    assert (len(good), len(false), len(missed)) == (20, 1, 4)
    np.testing.assert_allclose(missed, known.boxes[20:])
    assert [len(part) for part in drawings.sorted_out(mine, 0.95)] == [0, 0, 24]


def test_intervals_of_twenty_four_trials_are_wide():
    from scipy.stats import binomtest

    low, high = binomtest(24, 24).proportion_ci(method="wilson")
    assert 0.8 < low < 0.9
    assert high == 1


# Rivals without training --------------------------------------------------------------------------------------------


def discs(*circles, shape=(64, 96), level=60, bright=180):
    y, x = np.indices(shape) + 0.5
    grey = np.full(shape, level, np.uint8)
    for cx, cy, r in circles:
        grey[np.hypot(x - cx, y - cy) <= r] = bright
    return np.repeat(grey[..., None], 3, -1)


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_rivals_find_bright_discs_on_dark_ground(name):
    image = discs((20, 20, 9), (60, 30, 12), level=20)
    found, masks = rivals.regions(rivals.RIVALS[name], image)
    assert len(found.boxes) == 2
    assert masks.shape == (2, 64, 96)
    np.testing.assert_allclose(
        found.boxes[np.argsort(found.boxes[:, 0])], [[11, 11, 29, 29], [48, 18, 72, 42]], atol=1.5
    )


def test_flooding_parts_what_touches():
    image = discs((20, 30, 10), (39, 30, 10))
    assert len(rivals.regions(rivals.otsu, image)[0].boxes) == 1
    assert len(rivals.regions(rivals.otsu_watershed, image)[0].boxes) == 2


def test_rivals_find_nothing_where_nothing_is_bright_enough():
    image = discs((20, 20, 2))
    found, masks = rivals.regions(rivals.otsu, image)
    assert found.boxes.shape == (0, 4)
    assert masks.shape == (0, 64, 96)


# What is stored -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", systems.SYSTEMS)
def test_stored_nets_find_what_the_stored_numbers_say(name):
    from cvnotes import experiments

    stored = experiments.load("coins", "photograph")
    right = np.count_nonzero(trials.hits(drawings.answers(name), truth.hand_set(), trials.stored_threshold(name)))
    assert abs(right / 24 - stored[f"{name} photo_recall"][0]) <= 1.5 / 24  # weights are stored in 16 bits


@pytest.mark.once
def test_figures_can_be_drawn():
    for fig in (drawings.by_hand(), drawings.left_out(3, 1)):
        fig.draw_without_rendering()
    drawings.outlined({"one": truth.masks()[:2], "none": truth.masks()[:0]}).draw_without_rendering()
    drawings.recalls([24, 0], 24, [(0.8, 1.0), (0.0, 0.2)], ["all", "none"]).draw_without_rendering()


@pytest.mark.parametrize("version", harder.photographs())
@pytest.mark.parametrize("least", [0.05, 0.95])
@pytest.mark.once
def test_the_figure_to_play_with_says_what_it_draws(version, least):
    drawings.swept(version, "SSD", least).draw_without_rendering()
    words, groups = (
        drawings.say_swept(version, "SSD", least),
        drawings.sorted_out(drawings.answers("SSD", version), least),
    )
    assert f"{len(groups[0])} of 24 coins" in words
    assert len(groups[0]) + len(groups[2]) == 24


def test_unknown_names_of_nets_are_refused():
    for ask in (lambda: trials.stored("R-CNN"), lambda: trials.stored_threshold("R-CNN")):
        with pytest.raises(ValueError, match="R-CNN"):
            ask()
    with pytest.raises(ValueError, match="R-CNN"):
        systems.taught("R-CNN", synthetic.coins(1), 1, 0)


def test_unknown_systems_and_versions_are_refused():
    with pytest.raises(ValueError, match="system"):
        drawings.answers("R-CNN")
    with pytest.raises(ValueError, match="version"):
        drawings.answers("SSD", "in colour")


# The photograph made harder -----------------------------------------------------------------------------------------


def test_harder_photographs_keep_their_shape_and_differ():
    made = harder.photographs()
    assert {one.shape for one in made.values()} == {(112, 128, 3)}
    assert all((one != made["as it is"]).mean() > 0.5 for name, one in made.items() if name != "as it is")
    np.testing.assert_array_equal(made["as it is"], truth.photograph())


def test_harder_photographs_are_what_their_names_say():
    grey = truth.photograph()[..., 0].astype(float)
    np.testing.assert_array_equal(harder.negative(grey) + grey, 255)
    step = harder.sloped(grey) - grey
    assert step[:, 0].min() == pytest.approx(80)
    assert step[:, -1].max() == pytest.approx(-80)
    assert (harder.grained(grey) - grey).std() == pytest.approx(25, rel=0.1)
    mask = truth.masks().any(0)
    usual, less = (abs(one[mask].mean() - one[~mask].mean()) for one in (grey, harder.faint(grey)))
    assert less == pytest.approx(usual / 4, rel=0.05)
