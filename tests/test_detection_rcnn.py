"""R-CNN: warped regions, what is learned from them, ridge regression, SVMs with hard negatives, and the whole chain."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.linear_model import Ridge

from cvnotes import boxes as geometry
from cvnotes import data, experiments
from cvnotes.detection import codes, lessons, rcnn, rcnn_drawings, regression, starts, svms, trials_rcnn, warping
from tests.examples import examples

DICE = np.random.default_rng(0)
PICTURE = DICE.integers(0, 256, (40, 56, 3)).astype(np.uint8)


def some_boxes(count, seed=0, width=56, height=40):
    dice = np.random.default_rng(seed)
    low = dice.uniform(0, 0.6, (count, 2)) * [width, height]
    high = low + dice.uniform(0.1, 1, (count, 2)) * ([width, height] - low)
    return np.concatenate([low, high], axis=1).astype(np.float32)


# Warping ------------------------------------------------------------------------------------------------------------


def slow_crop(image, frame, window, side):
    """One place at a time, read by scipy."""
    x0, y0, x1, y1 = frame
    xs, ys = (low + (high - low) * (np.arange(side) + 0.5) / side for low, high in ((x0, x1), (y0, y1)))
    grid = np.meshgrid(ys - 0.5, xs - 0.5, indexing="ij")
    read = [ndimage.map_coordinates(image[..., c], grid, order=1, mode="nearest") for c in range(image.shape[2])]
    height, width = image.shape[:2]
    inside_x = (xs >= max(window[0], 0)) & (xs < min(window[2], width))
    inside_y = (ys >= max(window[1], 0)) & (ys < min(window[3], height))
    inside = inside_y[:, None, None] & inside_x[None, :, None]
    return np.where(inside, np.stack(read, axis=-1), image.mean(axis=(0, 1)))


@given(st.sampled_from(warping.WAYS), st.integers(6, 40), st.integers(0, 10**6))
@examples(60)
def test_crops_are_what_scipy_reads(way, side, seed):
    image, boxes = PICTURE.astype(float), some_boxes(3, seed)
    whole_picture = [0, 0, 56, 40]
    for crop, frame, box in zip(
        warping.crops(image, boxes, side, way), warping.frames(boxes, way, side), boxes, strict=True
    ):
        slow = slow_crop(image, frame, box if way == "padded" else whole_picture, side)
        assert np.mean(np.abs(crop - slow) > 0.05) < 0.05, "a line at the very border may fall to either side"
        np.testing.assert_allclose(np.median(np.abs(crop - slow)), 0, atol=0.01)


def test_a_box_as_large_as_its_crop_is_copied_and_a_ramp_stays_a_ramp():
    np.testing.assert_array_equal(warping.crops(PICTURE, [[5, 3, 37, 35]], 32)[0], PICTURE[3:35, 5:37])
    ramp = np.broadcast_to(np.arange(56, dtype=np.float32)[None, :, None], (40, 56, 1))
    crop = warping.crops(ramp, [[10, 5, 34, 35]], 8)[0]
    np.testing.assert_allclose(crop[..., 0], np.tile(10 + 3 * (np.arange(8) + 0.5) - 0.5, (8, 1)), rtol=1e-5)


def test_context_is_the_warp_with_two_more_pixels_around():
    boxes = [[10, 8, 30, 20]]
    context = warping.crops(PICTURE.astype(np.float32), boxes, 32, "context")
    np.testing.assert_allclose(context[:, 2:-2, 2:-2], warping.crops(PICTURE.astype(np.float32), boxes, 28), atol=1e-2)


def test_squares_keep_shapes_and_padding_hides_what_is_outside_the_box():
    tall = np.float32([[20, 8, 26, 32]])
    np.testing.assert_allclose(warping.frames(tall, "square"), [[11, 8, 35, 32]])
    np.testing.assert_allclose(warping.stretch([[0, 0, 20, 60]]), 3)
    for way, factor in (("square", 1), ("padded", 1), ("context", 4)):
        np.testing.assert_allclose(warping.stretch(tall, way), factor, rtol=1e-6)
    square, padded = (warping.crops(PICTURE, tall, 24, way)[0] for way in ("square", "padded"))
    np.testing.assert_array_equal(padded[:, 9:15], square[:, 9:15])
    mean = (PICTURE.mean(axis=(0, 1)) + 0.5).astype(np.uint8)
    assert (padded[:, :9] == mean).all()
    assert (padded[:, 15:] == mean).all()
    assert (square[:, :9] != mean).any()


def test_outside_the_picture_is_its_mean_colour():
    crop = warping.crops(PICTURE, [[-56, 0, 56, 40]], 16)[0]
    assert (crop[:, :8] == (PICTURE.mean(axis=(0, 1)) + 0.5).astype(np.uint8)).all()


def test_bytes_stay_bytes_and_no_box_gives_no_crop():
    assert warping.crops(PICTURE, np.zeros((0, 4))).shape == (0, 32, 32, 3)
    one = warping.crops(PICTURE, [[1.5, 2, 20, 30]])
    assert one.dtype == np.uint8
    assert warping.crops(PICTURE / 255, [[1.5, 2, 20, 30]]).dtype.kind == "f"
    np.testing.assert_allclose(one, warping.crops(PICTURE.astype(float), [[1.5, 2, 20, 30]]), atol=0.51)


@pytest.mark.parametrize(
    ("image", "boxes", "options", "words"),
    [
        (PICTURE[0], [[0, 0, 1, 1]], {}, "one picture"),
        (PICTURE * np.nan, [[0, 0, 1, 1]], {}, "finite"),
        (PICTURE, [[5, 0, 1, 1]], {}, "5"),
        (PICTURE, [[0, 0, 1, np.nan]], {}, "finite|nan"),
        (PICTURE, [[0, 0, 9, 9]], {"way": "zoom"}, "zoom"),
        (PICTURE, [[0, 0, 9, 9]], {"side": 2.5}, "side"),
        (PICTURE, [[0, 0, 9, 9]], {"side": True}, "side"),
        (PICTURE, [0, 0, 9], {}, "4"),
    ],
)
def test_what_cannot_be_cut_is_refused(image, boxes, options, words):
    with pytest.raises(ValueError, match=words):
        warping.crops(image, boxes, **options)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: warping.frames([[0, 0, 9, 9]], "context", 4), "side"),
        (lambda: warping.stretch([[0, 0, 9, 9], [3, 3, 8, 3]]), r"\[3, 3, 8, 3\]"),
        (lambda: starts.displaced(np.zeros((8, 2)), 0.5, 64), "truth"),
        (lambda: starts.displaced([[0, 0, 9, 9]], 0.5, 64, seed=-1), "seed"),
        (lambda: lessons.gather(np.zeros((2, 64, 64, 3)), [[], []]), "ndarray"),
        (lambda: lessons.gather(data.scenes(1, seed=5), [np.zeros((8, 2))]), "proposals"),
        (lambda: codes.seen(None, np.zeros((1, 32, 32, 3)), "code"), "sequence"),
        (lambda: regression.fit_regressors(*pairs(9)[:3], [0] * 8, 3, 1.0), "9 boxes"),
        (lambda: regression.fit_regressors(*pairs(9)[:3], [3] * 9, 3, 1.0), "labels up to 3"),
        (lambda: regression.fit_regressors(np.ones((8, 5)), *pairs(9)[1:3], [0] * 8, 3, 1.0), "9 proposals"),
        (lambda: rcnn.look(PLAIN, np.stack([PICTURE]), []), "each of 1 pictures"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()
    assert rcnn.look(PLAIN, np.zeros((0, 40, 56, 3), np.uint8), []) == []


# Regression ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 4), st.floats(1e-2, 1e4), st.integers(0, 10**6))
@examples(40)
def test_ridge_is_that_of_scikit_learn(width, outputs, strength, seed):
    dice = np.random.default_rng(seed)
    x, targets = dice.normal(size=(12, width)) + 3, dice.normal(size=(12, outputs))
    found, machine = regression.ridge(x, targets, strength), Ridge(alpha=strength).fit(x, targets)
    np.testing.assert_allclose(regression.linear(x, found), machine.predict(x).reshape(12, -1), atol=1e-6)


@pytest.mark.parametrize("bad", [(np.ones((3, 2)), np.ones((2, 4)), 1.0), (np.ones((0, 2)), np.ones((0, 4)), 1.0)])
def test_ridge_refuses_rows_that_do_not_pair(bad):
    with pytest.raises(ValueError, match="Received"):
        regression.ridge(*bad)
    with pytest.raises(ValueError, match="strength"):
        regression.ridge(np.ones((3, 2)), np.ones((3, 4)), 0)


def pairs(count=200, seed=1):
    """Proposals that miss by what can be read from them, truth, and labels of two classes."""
    dice = np.random.default_rng(seed)
    truth = some_boxes(count, seed) + np.float32([0, 0, 8, 8])
    offsets = dice.uniform(-0.08, 0.08, (count, 4))
    proposals = geometry.decode(offsets, truth, variances=regression.PLAIN)
    seen = geometry.encode(truth, proposals, variances=regression.PLAIN) @ dice.normal(size=(4, 5))
    return seen, proposals, truth, dice.integers(0, 2, count)


def test_regressors_find_the_way_back_and_learn_from_near_pairs_alone():
    seen, proposals, truth, labels = pairs()
    found = regression.fit_regressors(seen, proposals, truth, labels, classes=3, strength=1e-6)
    near = regression.moved(seen, proposals, labels, found)
    np.testing.assert_allclose(near, truth, atol=0.05)
    assert np.abs(proposals - truth).max() > 1, "or there was nothing to find"
    far = np.concatenate([proposals, truth[:50] + np.float32([30, 0, 30, 0])])
    more = [np.concatenate([row, row[:50]]) for row in (seen, truth, labels)]
    again = regression.fit_regressors(more[0], far, *more[1:], classes=3, strength=1e-6)
    np.testing.assert_allclose(again, found)


def test_a_class_without_pairs_leaves_its_boxes_where_they_are():
    seen, proposals, truth, labels = pairs(40)
    found = regression.fit_regressors(seen, proposals, truth, labels, classes=3, strength=1.0)
    np.testing.assert_allclose(regression.moved(seen, proposals, np.full(40, 2), found), proposals, atol=1e-4)
    assert regression.moved(seen[:0], proposals[:0], labels[:0], found).shape == (0, 4)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_boxes_start_at_the_iou_that_is_asked_for(level):
    truth = some_boxes(60, 3, 64, 64)
    start, rows = starts.displaced(truth, level, 64)
    assert len(rows) > 30
    assert start.min() >= 0
    assert start.max() <= 64
    assert np.abs(np.diag(geometry.iou(start, truth[rows])) - level).max() < starts.HALF + 1e-5
    for bad in (0.0, 1, True):
        with pytest.raises(ValueError, match="level"):
            starts.displaced(truth, bad, 64)


# Lessons ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenes():
    return data.scenes(60, seed=5, objects=(1, 3), classes=("disc", "cross", "arrow"))


@pytest.fixture(scope="module")
def proposed(scenes):
    """Boxes near every object, and some anywhere."""
    found = []
    for i, truth in enumerate(geometry.truths(scenes)):
        near = [starts.displaced(truth.boxes, level, 64, seed=i)[0] for level in (0.6, 0.7, 0.8)]
        found.append(np.concatenate([*near, some_boxes(8, i, 64, 64)]))
    return found


@pytest.fixture(scope="module")
def regions(scenes, proposed):
    return lessons.gather(scenes, proposed)


def test_every_region_knows_its_object(scenes, proposed, regions):
    truths = geometry.truths(scenes)
    assert len(regions.boxes) == sum(map(len, proposed)) + sum(len(truth.boxes) for truth in truths)
    assert regions.true.sum() == sum(len(truth.boxes) for truth in truths)
    assert (regions.iou[regions.true] > 0.999).all()
    for i in DICE.integers(0, len(regions.boxes), 40):
        truth = truths[regions.scenes[i]]
        iou = geometry.iou(regions.boxes[i : i + 1], truth.boxes)[0]
        np.testing.assert_allclose(regions.iou[i], iou.max(), rtol=1e-6)
        assert regions.labels[i] == truth.labels[iou.argmax()]
        for label in range(3):
            shared = iou[truth.labels == label].max(initial=0)
            np.testing.assert_allclose(regions.shared[i, label], shared, rtol=1e-6)
        assert regions.answers[i] == (regions.labels[i] if iou.max() >= 0.5 else 3)


def test_balanced_keeps_all_objects_and_some_background(regions):
    chosen = lessons.balanced(regions, 0.5, seed=1)
    objects = np.sum(regions.answers < 3)
    assert np.sum(chosen.answers < 3) == objects
    assert len(chosen.boxes) == objects + objects // 2
    assert len(lessons.balanced(regions, 100, seed=1).boxes) == len(regions.boxes)
    for bad in (-1, np.nan, np.inf, True, "all"):
        with pytest.raises(ValueError, match="ratio"):
            lessons.balanced(regions, bad, seed=1)


def test_lessons_need_objects_and_proposals_for_each_scene(scenes, proposed):
    with pytest.raises(ValueError, match="59 arrays"):
        lessons.gather(scenes, proposed[1:])
    with pytest.raises(ValueError, match="2 of them empty"):
        lessons.gather(data.scenes(2, objects=0), [np.zeros((0, 4))] * 2)


# The support vector machines ----------------------------------------------------------------------------------------


def made_up(regions, seed=0, noise=0.1):
    """Codes that say how much a region shares with each class."""
    dice = np.random.default_rng(seed)
    return np.concatenate([regions.shared, dice.normal(0, noise, regions.shared.shape)], axis=1) + dice.normal(
        0, noise, (len(regions.boxes), 2 * regions.classes)
    )


def test_svms_tell_a_class_from_all_else(regions):
    scores = regression.linear(made_up(regions), svms.fit_svms(made_up(regions), regions))
    for label in range(3):
        yes = regions.true & (regions.labels == label)
        no = regions.shared[:, label] < lessons.OTHER
        assert np.mean(scores[yes, label] > 0) > 0.95
        assert np.mean(scores[no, label] < 0) > 0.95


def test_a_code_of_another_size_gives_the_same_scores(regions):
    small, large = made_up(regions), 50 * made_up(regions)
    scores = [regression.linear(one, svms.fit_svms(one, regions)) for one in (small, large)]
    np.testing.assert_allclose(*scores, atol=1e-2)


def test_hard_negatives_are_those_that_a_draw_has_missed(regions, monkeypatch):
    monkeypatch.setattr(svms, "FIRST", 20)
    codes_, wrong = made_up(regions, noise=0.4), []
    for rounds in (0, 1):
        scores = regression.linear(codes_, svms.fit_svms(codes_, regions, rounds=rounds))
        wrong.append(np.sum((scores > 0) & (regions.shared < lessons.OTHER)))
    assert wrong[1] < wrong[0]


def test_a_class_without_objects_is_refused(regions):
    some = regions.take(regions.labels != 1)
    with pytest.raises(ValueError, match="Class 1"):
        svms.fit_svms(made_up(some), some)
    with pytest.raises(ValueError, match="cost"):
        svms.fit_svms(made_up(regions), regions, cost=0)


# The chain ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain(regions):
    net = rcnn.train_net(regions, epochs=8, rate=5e-3, seed=0)
    return rcnn.fit_rest(net, regions)


def test_the_net_gives_a_code_and_its_own_answer(chain, regions):
    maps, code, logits = codes.seen(chain.net, regions.crops[:7])
    assert maps.shape == (7, 4 * 4 * codes.FILTERS[-1])
    assert code.shape == (7, codes.WIDTH)
    assert logits.shape == (7, 4)
    expected = keras.ops.convert_to_numpy(chain.net(regions.crops[:7], training=False))
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert code.min() >= 0
    for part in codes.seen(chain.net, regions.crops[:0]):
        assert part.shape[0] == 0


def test_many_crops_are_seen_as_few_are(chain, regions, monkeypatch):
    whole = codes.seen(chain.net, regions.crops[:50], ["code"])[0]
    monkeypatch.setattr(codes, "BATCH", 16)
    np.testing.assert_allclose(codes.seen(chain.net, regions.crops[:50], ["code"])[0], whole, atol=1e-4)


def test_the_chain_finds_what_it_has_learned_and_an_untrained_one_does_not(chain, scenes, proposed, regions):
    truths = geometry.truths(scenes)
    right = geometry.mean_average_precision(rcnn.detect(chain, scenes.images, proposed), truths)
    keras.utils.set_random_seed(1)
    blank = chain._replace(net=codes.code_net(3))
    wrong = geometry.mean_average_precision(rcnn.detect(blank, scenes.images, proposed), truths)
    assert right > 0.7
    assert wrong < 0.4


def test_fitting_what_follows_leaves_the_net_alone(regions):
    keras.utils.set_random_seed(2)
    net = codes.code_net(3)
    before = net.get_weights()
    rcnn.fit_rest(net, regions)
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def look_at(boxes, scores):
    """What a net saw, where the code is the score of each of two classes."""
    scores = np.float32(scores)
    logits = np.concatenate([scores, np.zeros((len(scores), 1))], axis=1)
    return rcnn.Look(np.float32(boxes), np.ones((len(scores), 1), np.float32), scores, logits)


PLAIN = rcnn.RCNN(None, np.vstack([np.eye(2), np.zeros((1, 2))]), np.zeros((2, 2, 4), np.float32))


def test_judging_scores_moves_and_drops():
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]]
    seen = look_at(boxes, [[2, -3], [1, 5], [-0.5, -3]])
    found = rcnn.judge(PLAIN, seen, (64, 64))
    assert found.labels.tolist() == [1, 0, 0]
    assert found.scores.tolist() == [5, 2, -0.5]
    np.testing.assert_allclose(found.boxes, [boxes[1], boxes[0], boxes[2]], atol=1e-4)
    assert len(rcnn.judge(PLAIN, seen, (64, 64), iou=1.0).boxes) == 4
    mover = np.zeros((2, 2, 4), np.float32)
    mover[1, 0] = [-0.5, 0, 0, np.log(2)]
    moved = rcnn.judge(PLAIN._replace(regressors=mover), seen, (64, 64))
    np.testing.assert_allclose(moved.boxes[0], [0, 0, 6, 15], atol=1e-4)
    np.testing.assert_allclose(
        rcnn.judge(PLAIN._replace(regressors=mover), seen, (64, 64), move=False).boxes[0], boxes[1]
    )
    asked = rcnn.judge(PLAIN, seen, (64, 64), by="softmax")
    assert asked.labels[0] == 1
    assert 0.9 < asked.scores[0] < 1
    with pytest.raises(ValueError, match="tree"):
        rcnn.judge(PLAIN, seen, (64, 64), by="tree")


def test_a_picture_without_proposals_or_without_anything_good_gives_nothing(chain, scenes):
    assert len(rcnn.judge(PLAIN, look_at(np.zeros((0, 4)), np.zeros((0, 2))), (64, 64)).boxes) == 0
    assert len(rcnn.judge(PLAIN, look_at([[0, 0, 9, 9]], [[-4, -4]]), (64, 64)).boxes) == 0
    empty = rcnn.detect(chain, scenes.images[:2], [np.zeros((0, 4), np.float32)] * 2)
    assert [len(one.boxes) for one in empty] == [0, 0]
    assert rcnn.detect(chain, scenes.images[:0], []) == []


def test_detect_refuses_floats_single_pictures_and_missing_proposals(chain, scenes):
    for bad in (scenes.floats[:2], scenes.images[0], scenes.images[:2, ..., :1]):
        with pytest.raises(ValueError, match="of bytes"):
            rcnn.detect(chain, bad)
    with pytest.raises(ValueError, match="each of 2 pictures"):
        rcnn.detect(chain, scenes.images[:2], [np.zeros((0, 4))])


def test_detect_searches_by_itself(chain, scenes):
    found = rcnn.detect(chain, scenes.images[:2])
    given = rcnn.detect(chain, scenes.images[:2], rcnn.proposed(scenes.images[:2]))
    for one, other in zip(found, given, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes)


# What is stored -----------------------------------------------------------------------------------------------------


def test_the_kindest_reading_gives_each_name_to_the_class_that_suits_it():
    assert trials_rcnn.kindest(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 2) == 1
    assert trials_rcnn.kindest(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), 2) == 0.5


def test_crops_of_some_classes_are_labelled_from_zero():
    crops, labels = trials_rcnn.cut(20, 3, range(5, 10))
    truths = geometry.truths(geometry.lessons(20, 3))
    expected = np.concatenate([truth.labels[truth.labels >= 5] - 5 for truth in truths])
    np.testing.assert_array_equal(labels, expected)
    assert crops.shape == (len(labels), 32, 32, 3)


def test_the_stored_chain_finds_most_objects_of_new_scenes():
    scenes = geometry.validation(40)
    found = rcnn.detect(rcnn_drawings.stored_chain(), scenes.images)
    assert geometry.mean_average_precision(found, geometry.truths(scenes)) > 0.45


def test_stored_numbers_agree_with_what_the_page_says():
    found = experiments.load("detection", "stages")
    assert found["full"].min() > 0.5
    assert (found["full"] > found["crowded"] + 0.1).all()
    assert (found["recall"] > found["full"]).all()
    assert (found["tight_moved"] > found["tight"]).all()
    gains = found["after"] - found["before"]
    assert gains[:, 4:7].min() > 0.05
    assert gains[:, 8].max() < 0


def test_correction_starts_where_it_says():
    before, after = trials_rcnn.corrected(rcnn_drawings.stored_chain(), geometry.validation(30), 0.6)
    assert abs(before - 0.6) < 0.02
    assert after > before


@pytest.mark.once
def test_the_figure_to_play_with_draws_every_setting():
    for scene in range(1, len(rcnn_drawings.SHOWN) + 1):
        counts = {}
        for stage in rcnn_drawings.STAGES:
            boxes = [rcnn_drawings.after_stage(scene, stage, least).boxes for least in rcnn_drawings.LEAST]
            counts[stage] = [len(some) for some in boxes]
            assert counts[stage] == sorted(counts[stage], reverse=True)
            for least in rcnn_drawings.LEAST:
                assert rcnn_drawings.played(scene, stage, least).axes
                assert f"{len(rcnn_drawings.after_stage(scene, stage, least).boxes)} boxes" in rcnn_drawings.say_played(
                    scene, stage, least
                )
        assert counts["scored"] == counts["moved"]
        assert counts["kept"][0] < counts["moved"][0]
    with pytest.raises(ValueError, match="melted"):
        rcnn_drawings.after_stage(1, "melted", 0.0)
