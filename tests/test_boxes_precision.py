"""Average precision against pycocotools, exact cases, a slow twin, and what must not change it."""

from __future__ import annotations

import contextlib
import io
from fractions import Fraction

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import boxes, data
from cvnotes.boxes import Detections, Truth
from cvnotes.boxes import precision_drawings as drawings
from cvnotes.boxes.imagined import in_a_row
from cvnotes.boxes.judging import assign, surest
from cvnotes.boxes.precision import COCO_IOUS, METHODS, area_under

# Random cases ---------------------------------------------------------------------------------------------------------


def corners(dice, count, side=12):
    """Boxes with corners on a grid, so that equal overlaps and overlaps of just 1/2 happen often."""
    start = dice.integers(-3, side, (count, 2))
    return np.concatenate([start, start + dice.integers(1, 8, (count, 2))], 1).astype("float32")


def case(seed, *, ignore=False):
    """Some pictures: without objects, without detections, with classes that the truth lacks, with equal scores."""
    dice = np.random.default_rng(seed)
    truths, found = [], []
    for _ in range(dice.integers(1, 6)):
        objects, count = dice.integers(0, 5), dice.integers(0, 12)
        flags = dice.random(objects) < 0.3 if ignore else None
        truths.append(Truth(corners(dice, objects), dice.integers(0, 3, objects), flags))
        near = corners(dice, count)
        if objects:
            copied = dice.random(count) < 0.6
            near[copied] = (truths[-1].boxes + dice.integers(0, 2, (objects, 4)))[dice.integers(0, objects, count)][
                copied
            ]
            near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        scores = dice.integers(0, 6, count) / 5 if seed % 2 else dice.random(count)
        found.append(Detections(near, scores.astype("float32"), dice.integers(0, 4, count)))
    return found, truths


def coco(found, truths, ious=(0.5,), limit=100):
    """mAP as pycocotools says it: -1 where no class has an object."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    far = 1e12  # an area outside the range asked for is how pycocotools ignores an object that is no crowd
    objects, said = [], []
    for i, (one, truth) in enumerate(zip(found, truths, strict=True)):
        flags = np.zeros(len(truth.boxes), bool) if truth.ignore is None else truth.ignore
        rows = zip(truth.boxes.astype(float), truth.labels, flags, strict=True)
        for (x0, y0, x1, y1), label, out in rows:
            place = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": far if out else 1.0, "iscrowd": 0}
            objects.append({"id": len(objects) + 1, "image_id": i + 1, "category_id": int(label), **place})
        for (x0, y0, x1, y1), score, label in zip(one.boxes.astype(float), one.scores, one.labels, strict=True):
            place = {"bbox": [x0, y0, x1 - x0, y1 - y0], "score": float(score)}
            said.append({"image_id": i + 1, "category_id": int(label), **place})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        pictures = [{"id": i + 1} for i in range(len(truths))]
        truth.dataset = {"images": pictures, "annotations": objects, "categories": [{"id": i} for i in range(10)]}
        truth.createIndex()
        answer = truth.loadRes(said) if said else COCO()
        if not said:
            answer.dataset = {"images": pictures, "annotations": []}
            answer.createIndex()
        judge = COCOeval(truth, answer, "bbox")
        judge.params.iouThrs = np.array(ious)
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.params.maxDets = [limit]
        judge.evaluate()
        judge.accumulate()
    told = judge.eval["precision"][..., 0, 0]
    return told[told > -1].mean() if (told > -1).any() else -1


def ours(found, truths, ious, limit=100):
    """The same from the book; -1 stands for its ValueError."""
    if all(len(t.labels) == 0 or (t.ignore is not None and t.ignore.all()) for t in truths):
        with pytest.raises(ValueError, match="no recall"):
            boxes.mean_average_precision(found, truths, ious, limit=limit)
        return -1
    return boxes.mean_average_precision(found, truths, ious, limit=limit)


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(("ignore", "limit"), [(False, 100), (True, 100), (False, 2)])
def test_map_is_that_of_pycocotools(part, ignore, limit):
    empty = 0
    for seed in range(part * 200, part * 200 + 200):
        found, truths = case(seed, ignore=ignore)
        ious = (0.5,) if seed % 3 else (0.5, 0.6, 0.7, 0.75)
        theirs = coco(found, truths, ious, limit)
        assert ours(found, truths, ious, limit) == pytest.approx(theirs, abs=1e-6), (seed, ignore, limit)
        empty += theirs == -1
    assert 0 < empty < 40  # cases without any object are among them


def test_map_of_scenes_is_that_of_pycocotools_at_all_its_overlaps():
    truths = boxes.truths(data.scenes(60, seed=3))
    found = boxes.imagine(truths, 4)
    assert boxes.mean_average_precision(found, truths, COCO_IOUS) == pytest.approx(
        coco(found, truths, COCO_IOUS), abs=1e-6
    )


# Exact cases ----------------------------------------------------------------------------------------------------------


EXACT = [  # right, wrong ..., objects without a detection, and the answers of voc07, voc10, coco as fractions
    ([1], 0, (1, 1, 1)),
    ([0], 1, (0, 0, 0)),
    ([0, 1], 0, ("1/2", "1/2", "1/2")),
    ([1, 0, 1], 0, (Fraction(6 + 5 * Fraction(2, 3), 11), "5/6", Fraction(51 + 50 * Fraction(2, 3), 101))),
    ([1], 1, ("6/11", "1/2", "51/101")),
    ([1, 1, 0, 1], 7, (Fraction(3 + Fraction(3, 4), 11), Fraction(2 + Fraction(3, 4), 10), None)),
]


@pytest.mark.parametrize(("pattern", "missed", "answers"), EXACT)
def test_known_rankings_have_their_exact_answers(pattern, missed, answers):
    for method, answer in zip(("voc07", "voc10", "coco"), answers, strict=True):
        if answer is not None:
            found = boxes.average_precision(*in_a_row(pattern, missed), 0, method=method)
            assert found == pytest.approx(float(Fraction(answer)), abs=1e-12), method


def test_a_recall_of_three_tenths_reaches_the_level_of_three_tenths():
    """0.1 * 3 is more than 0.3 in floating point, which loses a level where the levels are written so."""
    assert area_under(np.array([0.1, 0.2, 3 / 10]), np.ones(3), "voc07") == pytest.approx(4 / 11)


def twin(found, truths, label, iou, method):
    """Average precision by the definition, one detection and one level at a time."""
    rows = [
        (-float(one.scores[k]), i, k)
        for i, one in enumerate(found)
        for k in np.argsort(-one.scores, kind="stable")
        if one.labels[k] == label
    ]
    order = sorted(range(len(rows)), key=lambda n: (rows[n][0], n))
    objects, taken, right, points = sum(int((t.labels == label).sum()) for t in truths), set(), 0, []
    for place, n in enumerate(order, 1):
        _, i, k = rows[n]
        best = None
        for g in np.flatnonzero(truths[i].labels == label):
            share = float(boxes.iou(found[i].boxes[[k]].astype(float), truths[i].boxes[[g]].astype(float))[0, 0])
            if (i, g) not in taken and share >= iou and (best is None or share >= best[0]):
                best = share, (i, g)
        if best:
            taken.add(best[1])
            right += 1
        points.append((Fraction(right, objects), Fraction(right, place)))
    if method == "voc10":
        gains = [(b[0] - a[0], i) for i, (a, b) in enumerate(zip([(0, 0), *points], points, strict=False))]
        return float(sum(gain * max(p for _, p in points[i:]) for gain, i in gains))
    count = {"voc07": 10, "coco": 100}[method]
    levels = [Fraction(i, count) for i in range(count + 1)]
    return float(sum(max([p for r, p in points if r >= level], default=0) for level in levels) / len(levels))


@pytest.mark.parametrize("method", ["voc07", "voc10"])
def test_average_precision_is_that_of_a_slow_twin(method):
    compared = 0
    for seed in range(150):
        found, truths = case(seed)
        for label in range(3):
            if any((truth.labels == label).any() for truth in truths):
                mine = boxes.average_precision(found, truths, label, method=method)
                assert mine == pytest.approx(twin(found, truths, label, 0.5, method), abs=1e-12), (seed, label)
                compared += 1
    assert compared > 200


# What the curve says --------------------------------------------------------------------------------------------------


def test_the_second_box_on_an_object_is_wrong():
    square = [[0, 0, 10, 10]]
    found = [Detections(np.array(square * 2), np.array([0.9, 0.8]), np.array([0, 0]))]
    curve = boxes.precision_recall(found, [Truth(np.array(square), np.array([0]))], 0)
    assert curve.hits.tolist() == [True, False]
    assert curve.precision.tolist() == [1, 0.5]
    assert curve.recall.tolist() == [1, 1]
    assert curve.objects == 1


def test_of_equal_scores_the_earlier_picture_and_then_the_earlier_box_comes_first():
    square, away = [0, 0, 10, 10], [30, 0, 40, 10]
    right, wrong = [np.array(b, "float32")[None] for b in (square, away)]
    truths = [Truth(right, np.array([0]))] * 2
    one = Detections(right, np.array([0.5]), np.array([0]))
    two = Detections(wrong, np.array([0.5]), np.array([0]))
    assert boxes.precision_recall([one, two], truths, 0).hits.tolist() == [True, False]
    assert boxes.precision_recall([two, one], truths, 0).hits.tolist() == [False, True]
    both = Detections(np.concatenate([wrong, right]), np.array([0.5, 0.5]), np.array([0, 0]))
    assert boxes.precision_recall([both], truths[:1], 0).hits.tolist() == [False, True]


def test_false_alarms_in_pictures_without_objects_count():
    found, truths = in_a_row([1, 1])
    alarm = Detections(np.array([[0, 0, 5, 5.0]]), np.array([2.0]), np.array([0]))
    nothing = Truth(np.zeros((0, 4)), np.zeros(0, int))
    assert boxes.average_precision(found, truths, 0) == 1
    assert boxes.average_precision([*found, alarm], [*truths, nothing], 0) == pytest.approx(2 / 3)
    assert boxes.average_precision([*found, Detections([], [], [])], [*truths, nothing], 0) == 1


def test_no_object_at_all_is_an_error_and_not_minus_one():
    found, truths = in_a_row([1, 1])
    nothing = [Truth(truths[0].boxes, truths[0].labels, np.ones(2, bool))]
    for empty in (nothing, [Truth([], [])]):
        with pytest.raises(ValueError, match="no recall"):
            boxes.mean_average_precision(found, empty)
        with pytest.raises(ValueError, match="0 / 0"):
            boxes.average_precision(found, empty, 0)
    with pytest.raises(ValueError, match="class 7"):
        boxes.average_precision(found, truths, 7)


def test_a_detector_that_says_nothing_has_zero():
    _, truths = in_a_row([1, 1])
    assert boxes.mean_average_precision([Detections([], [], [])], truths) == 0


def test_an_ignored_object_is_neither_found_nor_missed():
    found, truths = in_a_row([1, 1, 1])
    flagged = [truths[0]._replace(ignore=np.array([False, True, False]))]
    curve = boxes.precision_recall(found, flagged, 0)
    assert curve.objects == 2
    assert curve.precision.tolist() == [1, 1]


def test_a_counted_object_is_taken_before_an_ignored_one_that_fits_better():
    overlaps, flags = np.array([[[0.9, 0.6], [0.9, 0.55]]]), np.array([[True, False]])
    assert assign(overlaps, np.array([0.5, 0.8]), flags).tolist() == [[[1, 0]], [[0, -1]]]


def test_the_limit_holds_for_each_class_and_picture():
    labels, scores = np.array([0, 1, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert surest(labels, scores, 1).tolist() == [4, 3]
    assert surest(labels, scores, 2).tolist() == [4, 3, 2, 1]
    assert surest(labels, scores, None).tolist() == [4, 3, 2, 1, 0]


@examples(40)
@given(st.integers(0, 10**6), st.sampled_from(METHODS), st.sampled_from(["cube", "shift", "low alarms", "shuffle"]))
def test_what_leaves_average_precision_as_it_is(seed, method, change):
    dice = np.random.default_rng(seed)
    truths = boxes.truths(data.scenes(6, seed=seed % 50))
    found = boxes.imagine(truths, seed)
    before = boxes.mean_average_precision(found, truths, method=method)
    changed = {
        "cube": lambda one: one._replace(scores=one.scores**3),
        "shift": lambda one: one._replace(scores=one.scores - 5 * one.labels),
        "low alarms": lambda one: Detections(*(np.concatenate(both) for both in zip(one, LOW, strict=True))),
        "shuffle": lambda one: shuffled(one, dice.permutation(len(one.scores))),
    }
    other = [changed[change](one) for one in found]
    assert boxes.mean_average_precision(other, truths, method=method) == pytest.approx(before, abs=1e-12)


def shuffled(found, order):
    return Detections(*(field[order] for field in found))


LOW = Detections(np.array([[-9, -9, -1, -1.0]] * 10), np.full(10, -1.0), np.arange(10))


# What is read, and what is refused ------------------------------------------------------------------------------------


def test_the_truth_of_scenes():
    scenes = data.scenes(30, seed=1, overlap=0.9, objects=(2, 8))
    truths = boxes.truths(scenes)
    hidden = int(((scenes.occlusion >= 1) & (scenes.labels >= 0)).sum())
    assert hidden > 0
    assert sum(len(truth.labels) for truth in truths) == scenes.counts.sum() - hidden
    assert np.array_equal(boxes.truths(data.scenes(3, seed=1))[2].boxes, data.scenes(3, seed=1)[2].boxes)
    with pytest.raises(ValueError, match="ndarray"):
        boxes.truths(scenes.images)


@pytest.mark.parametrize(
    ("found", "truth", "words"),
    [
        (Detections([[0, 0, 1, 1]], [np.nan], [0]), Truth([], []), "finite score"),
        (Detections([[0, 0, 1, 1]], [0.5, 0.5], [0]), Truth([], []), "for each of 1 boxes"),
        (Detections([[0, 0, 1, 1]], [0.5], [0.5]), Truth([], []), "whole numbers"),
        (Detections([[0, 0, 1, 1]], [0.5], [-1]), Truth([], []), "whole numbers"),
        (Detections([[0, 0, 1, 1]], [True], [1]), Truth([], []), "finite score"),
        (Detections([[2, 0, 1, 1]], [0.5], [1]), Truth([], []), "x0 <= x1"),
        (([[0, 0, 1, 1]], [0.5], [1]), Truth([], []), "Received: tuple"),
        (Detections([], [], []), Detections([], [], []), "Received: Detections"),
        (Detections([], [], []), Truth([[0, 0, 1, 1]], [0], [1]), "truth value"),
    ],
)
def test_bad_input_is_refused_with_what_came(found, truth, words):
    with pytest.raises(ValueError, match=words):
        boxes.mean_average_precision([found], [truth])


def test_bad_options_are_refused_with_what_came():
    found, truths = in_a_row([1, 1])
    for options, words in [
        ({"iou": 0}, "iou=0"),
        ({"iou": 1.5}, "iou=1.5"),
        ({"iou": []}, "at least one"),
        ({"method": "voc12"}, "voc12"),
        ({"limit": 0}, "limit=0"),
    ]:
        with pytest.raises(ValueError, match=words):
            boxes.mean_average_precision(found, truths, **options)
    for call in (
        lambda: boxes.precision_recall(found, truths, 0, [0.5, 0.7]),
        lambda: boxes.sweep(found, truths, [0], [0.5]),
    ):
        with pytest.raises(ValueError, match="iou must be a number"):
            call()
    for levels in ([np.nan], [True], "half"):
        with pytest.raises(ValueError, match="levels must be a number"):
            boxes.sweep(found, truths, levels)
    with pytest.raises(ValueError, match="label=True"):
        boxes.average_precision(found, truths, True)
    with pytest.raises(ValueError, match="1 and 2"):
        boxes.mean_average_precision(found, truths * 2)
    with pytest.raises(ValueError, match="0 and 0"):
        boxes.mean_average_precision([], [])


# Sweeps ---------------------------------------------------------------------------------------------------------------


def test_a_sweep_counts_as_thresholding_one_level_at_a_time_does():
    truths = boxes.truths(data.scenes(20, seed=9))
    found = boxes.imagine(truths, 2)
    objects = sum(len(truth.labels) for truth in truths)
    for level, *told in zip((0.0, 0.4, 0.7), *boxes.sweep(found, truths, (0.0, 0.4, 0.7)), strict=True):
        kept = [Detections(*(field[one.scores >= level] for field in one)) for one in found]
        curves = [boxes.precision_recall(kept, truths, label, limit=None) for label in range(10)]
        right = sum(curve.hits.sum() for curve in curves)
        count = sum(len(one.scores) for one in kept)
        assert told[0] == pytest.approx(right / count)
        assert told[1] == pytest.approx(right / objects)
        assert told[2] * objects + told[3] * len(truths) == pytest.approx(count - right)


def test_a_sweep_tells_duplicates_from_false_alarms():
    square, away = [0, 0, 10, 10], [30, 0, 40, 10]
    found = [
        Detections(np.array([square, square, away, square]), np.array([0.9, 0.8, 0.7, 0.6]), np.array([0, 0, 0, 1]))
    ]
    told = boxes.sweep(found, [Truth(np.array([square]), np.array([0]))], [0.85, 0.75, 0.65, 0.5, 0.95])
    assert told.duplicates.tolist() == [0, 1, 1, 1, 0]
    assert told.alarms.tolist() == [0, 0, 1, 2, 0]
    assert np.isnan(told.precision[-1])
    np.testing.assert_allclose(boxes.f1(told), [1, 2 / 3, 1 / 2, 2 / 5, 0])
    with pytest.raises(ValueError, match="no recall"):
        boxes.sweep(found, [Truth([], [])], [0.5])


# Pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_setting_of_the_play_draws_and_says_what_is_left():
    for place in drawings.PLACES:
        left = {}
        for overlap, score in drawings.settings():
            counts = drawings.kept(place, overlap, score)[1]
            assert all(
                f"{count} {kind}" in drawings.say_suppression(place, overlap, score) for kind, count in counts.items()
            )
            left[overlap, score] = sum(counts.values())
            assert close(drawings.draw_suppression(place, overlap, score))
        assert left[0.7, 0.0] > left[0.1, 0.0] > left[0.1, 0.6]


def test_one_setting_serves_each_scene_and_none_serves_both():
    fine = [
        {setting for setting in drawings.settings() if drawings.perfect(place, *setting)} for place in drawings.PLACES
    ]
    assert all(fine)
    assert not set.intersection(*fine)


@pytest.mark.once
def test_the_steps_of_the_curve_are_drawn_and_said():
    curve = boxes.precision_recall(*in_a_row([1, 0, 1]), 0)
    assert "Right among the surest 2: 1. Precision 0.50, recall 0.50" in drawings.say_steps(curve, 2)
    assert all(close(drawings.draw_steps(curve, taken)) for taken in (1, 2, 3))
    assert close(drawings.draw_three_ways(curve))


@pytest.mark.once
def test_the_other_pictures_are_drawn():
    scene, found, truth = drawings.shown("usual")
    assert close(drawings.before_and_after(scene, found, boxes.suppress(found)))
    levels = np.linspace(0, 0.8, 5)
    assert close(drawings.draw_sweeps(levels, {"as said": boxes.sweep([found], [truth], levels)}))
    assert close(drawings.draw_blur((0, 0.1), {"mAP": np.array([0.9, 0.5])}))


def close(fig):
    """Whether a figure can be drawn; it is given back to the memory."""
    fig.draw_without_rendering()
    drawn = bool(fig.axes)
    fig.clear()
    return drawn
