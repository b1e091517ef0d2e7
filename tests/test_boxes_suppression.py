"""Non-maximum suppression against tf.image, a slow twin, exact cases, and properties; the imagined detector."""

from __future__ import annotations

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import boxes, data
from cvnotes.backend import name
from cvnotes.boxes import Detections, Truth, suppression, trials_precision
from cvnotes.boxes.suppression import survivors

on_tensorflow = pytest.mark.skipif(name() != "tensorflow", reason="tf.image is TensorFlow's")


def many(count, seed=0, side=60.0, *, tied=False):
    """Boxes that overlap a lot, some with negative corners, and scores, of which some are equal if `tied`."""
    dice = np.random.default_rng(seed)
    middle, half = dice.uniform(-10, side, (count, 2)), dice.uniform(2, 20, (count, 2))
    again = dice.integers(0, max(count, 1), count // 2)  # half of them lie almost where another does
    middle[: count // 2], half[: count // 2] = middle[again] + dice.uniform(-0.5, 0.5, (count // 2, 2)), half[again]
    scores = dice.integers(0, 5, count) / 5 if tied else dice.permutation(count) / max(count, 1)
    return np.concatenate([middle - half, middle + half], 1).astype("float32"), scores.astype("float32")


def flipped(corners):
    """The corners as tf.image wants them: y first."""
    return corners[:, [1, 0, 3, 2]]


# Against tf.image -----------------------------------------------------------------------------------------------------


@on_tensorflow
@pytest.mark.parametrize("keep", [boxes.nms, boxes.nms_loop])
@pytest.mark.parametrize("iou", [0.0, 0.1, 0.3, 0.5, 0.7, 0.8])
def test_the_same_boxes_are_kept_as_by_tf_image(keep, iou):
    import tensorflow as tf

    dropped = 0
    for seed in range(60):
        corners, scores = many(1 + 5 * (seed % 30), seed, tied=seed % 2 == 0)
        theirs = tf.image.non_max_suppression(flipped(corners), scores, len(scores), iou).numpy()
        assert list(keep(corners, scores, iou)) == theirs.tolist(), seed
        dropped += len(scores) - len(theirs)
    assert dropped > 300  # at a threshold that drops nothing there would be nothing to compare


@on_tensorflow
def test_the_limit_is_that_of_tf_image():
    import tensorflow as tf

    corners, scores = many(400)
    for limit in (0, 1, 7, 63, 64, 65, 1000):
        theirs = tf.image.non_max_suppression(flipped(corners), scores, limit, 0.5).numpy()
        assert boxes.nms(corners, scores, 0.5, limit).tolist() == theirs.tolist()


@on_tensorflow
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.5])
def test_soft_suppression_is_that_of_tf_image(sigma):
    import tensorflow as tf

    lowered = 0
    for seed in range(40):
        corners, scores = many(1 + 3 * seed, seed)
        kept, final = tf.image.non_max_suppression_with_scores(
            flipped(corners), scores, len(scores), iou_threshold=1.0, score_threshold=0.01, soft_nms_sigma=sigma / 2
        )
        mine, new = boxes.soft_nms(corners, scores, sigma, least=0.01)
        assert mine.tolist() == kept.numpy().tolist(), seed
        np.testing.assert_allclose(new, final.numpy(), atol=1e-5)
        lowered += (new < scores[mine] - 0.01).sum()
    assert lowered > 200


@on_tensorflow
def test_suppression_by_class_is_that_of_tf_image():
    import tensorflow as tf

    for seed in range(40):
        corners, scores = many(80, seed)
        labels = np.random.default_rng(seed).integers(0, 3, 80)
        given = np.where(labels[:, None] == np.arange(3), scores[:, None], -1)
        theirs = tf.image.combined_non_max_suppression(
            flipped(corners)[None, :, None], given[None], 80, 80, 0.4, 0.0, clip_boxes=False
        )
        kept = boxes.class_nms(corners, scores, labels, 0.4)
        kept = kept[scores[kept] > 0]  # theirs drops a score of 0
        count = int(theirs.valid_detections[0])
        assert scores[kept].tolist() == theirs.nmsed_scores[0, :count].numpy().tolist()
        assert labels[kept].tolist() == theirs.nmsed_classes[0, :count].numpy().tolist()


# Exact cases ----------------------------------------------------------------------------------------------------------


def test_a_dropped_box_drops_nobody():
    """A chain: the second overlaps the first, the third the second alone. The third stays."""
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], "float32")
    assert boxes.nms(chain, [0.9, 0.8, 0.7], 0.3).tolist() == [0, 2]
    assert boxes.nms(chain, [0.8, 0.9, 0.7], 0.3).tolist() == [1]


def test_an_overlap_of_just_the_threshold_stays():
    pair = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], "float32")
    assert boxes.nms(pair, [0.9, 0.8], 0.5).tolist() == [0, 1]
    assert boxes.nms(pair, [0.9, 0.8], 0.49).tolist() == [0]


def test_of_equal_scores_the_first_wins():
    assert boxes.nms([[0, 0, 9, 9]] * 3, [0.5, 0.5, 0.5]).tolist() == [0]
    assert boxes.class_nms([[0, 0, 9, 9]] * 3, [0.5] * 3, [2, 1, 1]).tolist() == [0, 1]


def test_boxes_outside_the_picture_are_kept():
    away = np.array([[-30, -30, -10, -10], [-29, -30, -9, -10], [-5, 2, 8, 9]], "float32")
    assert boxes.nms(away, [0.3, 0.2, 0.1]).tolist() == [0, 2]
    assert boxes.class_nms(away, [0.3, 0.2, 0.1], [0, 0, 0]).tolist() == [0, 2]


def test_of_no_boxes_none_are_kept():
    assert boxes.nms([], []).tolist() == boxes.nms_loop([], []) == []
    assert boxes.class_nms([], [], []).tolist() == []
    assert [part.tolist() for part in boxes.soft_nms([], [])] == [[], []]
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    assert [len(field) for field in boxes.suppress(nothing)] == [0, 0, 0]
    assert [len(field) for field in boxes.soften(nothing)] == [0, 0, 0]


def test_scores_below_zero_are_kept_unless_a_least_is_named():
    margins = Detections([[0, 0, 4, 4], [9, 9, 12, 12]], [-0.5, 0.5], [0, 0])
    assert boxes.suppress(margins).scores.tolist() == [0.5, -0.5]
    assert boxes.suppress(margins, least=0).scores.tolist() == [0.5]


def test_other_classes_are_left_alone():
    same, scores = np.array([[0, 0, 10, 10]] * 3, "float32"), [0.2, 0.9, 0.5]
    assert boxes.nms(same, scores).tolist() == [1]
    assert boxes.class_nms(same, scores, [0, 1, 1]).tolist() == [1, 0]
    assert boxes.class_nms(same, scores, [0, 1, 1], limit=1).tolist() == [1]


def test_soft_scores_fall_by_the_formula():
    pair = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], "float32")
    kept, scores = boxes.soft_nms(pair, [0.9, 0.8], sigma=0.5)
    assert kept.tolist() == [0, 1]
    np.testing.assert_allclose(scores, [0.9, 0.8 * np.exp(-0.25 / 0.5)], rtol=1e-6)
    assert boxes.soft_nms(pair, [0.9, 0.8], sigma=0.5, least=0.5)[0].tolist() == [0]
    assert boxes.soft_nms(pair, [0.9, 0.8], limit=1)[0].tolist() == [0]


# Properties -----------------------------------------------------------------------------------------------------------


@examples(60)
@given(st.integers(0, 10**6), st.integers(0, 200), st.floats(0, 0.95))
def test_what_suppression_promises(seed, count, iou):
    corners, scores = many(count, seed, tied=seed % 2 == 0)
    kept = boxes.nms(corners, scores, iou)
    shared = boxes.iou(corners[kept], corners[kept])
    assert not (np.triu(shared, 1) > iou).any()  # no two that are kept overlap more
    assert (np.diff(scores[kept]) <= 0).all()  # best first
    dropped = np.setdiff1d(np.arange(count), kept)
    rivals = (boxes.iou(corners[dropped], corners[kept]) > iou) & (scores[kept] >= scores[dropped][:, None])
    assert rivals.any(1).all()  # each that is dropped has a better one beside it
    assert boxes.nms(corners[kept], scores[kept], iou).tolist() == list(range(len(kept)))  # and again: no change


@examples(30)
@given(st.integers(0, 10**6), st.integers(1, 200))
def test_the_size_of_a_block_changes_nothing(seed, block):
    corners, scores = many(150, seed)
    usual = boxes.nms(corners, scores, 0.4).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suppression, "BLOCK", block)
        assert boxes.nms(corners, scores, 0.4).tolist() == usual


def test_a_threshold_before_or_after_leaves_the_same():
    truths = boxes.truths(data.scenes(20, seed=4))
    for found in boxes.imagine(truths, 1):
        first = boxes.suppress(found, 0.5, least=0.5)
        later = boxes.suppress(found, 0.5)
        after = Detections(*(field[later.scores >= 0.5] for field in later))
        assert all(np.array_equal(a, b) for a, b in zip(first, after, strict=True))


def test_soften_lowers_within_a_class_alone():
    same = Detections(np.array([[0, 0, 10, 10]] * 3, float), np.array([0.5, 0.9, 0.8]), np.array([0, 1, 0]))
    left = boxes.soften(same, sigma=0.5)
    np.testing.assert_allclose(left.scores, [0.9, 0.8, 0.5 * np.exp(-2)])
    assert left.labels.tolist() == [1, 0, 0]


def test_survivors_of_a_table():
    clashes = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)
    assert survivors(clashes).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: boxes.nms([[0, 0, 1, 1]], [0.5], 1.5), "iou=1.5"),
        (lambda: boxes.nms([[0, 0, 1, 1]], [0.5, 0.5]), "for each of 1 boxes"),
        (lambda: boxes.nms([[0, 0, 1, 1]], [np.nan]), "nan"),
        (lambda: boxes.nms([[0, 0, 1, np.inf]], [0.5]), "inf"),
        (lambda: boxes.nms([[2, 0, 1, 1]], [0.5]), "x0 <= x1"),
        (lambda: boxes.nms([[0, 0, 1, 1]], [0.5], limit=-1), "limit=-1"),
        (lambda: boxes.class_nms([[0, 0, 1, 1]], [0.5], [0.5]), "whole numbers"),
        (lambda: boxes.class_nms([[0, 0, 1, 1]], [0.5], [1], limit=True), "limit=True"),
        (lambda: boxes.soft_nms([[0, 0, 1, 1]], [1.5]), "from 0 to 1"),
        (lambda: boxes.soft_nms([[0, 0, 1, 1]], [0.5], sigma=0), "sigma=0"),
        (lambda: boxes.suppress(([], [], [])), "tuple"),
        (lambda: boxes.suppress(Detections([], [], []), least=np.nan), "least=nan"),
        (lambda: boxes.imagine([Truth([], [])], blur=2), "blur=2"),
        (lambda: boxes.imagine([Truth([], [])], copies=0), "copies=0"),
        (lambda: boxes.imagine([Detections([], [], [])]), "Received: Detections"),
    ],
)
def test_bad_input_is_refused_with_what_came(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# The imagined detector ------------------------------------------------------------------------------------------------


def test_a_detector_without_faults_is_perfect():
    truths = boxes.truths(data.scenes(20, seed=2))
    found = boxes.imagine(truths, copies=1, blur=0, alarms=0, missed=0, mixed=0)
    assert boxes.mean_average_precision(found, truths, (0.5, 0.95, 1.0)) == 1


def test_every_fault_costs():
    truths = boxes.truths(data.scenes(100, seed=2))
    clean = {"copies": 1, "blur": 0, "alarms": 0, "missed": 0, "mixed": 0}
    for fault in ({"copies": 6}, {"blur": 0.4}, {"alarms": 6, "trust": 0.2}, {"missed": 0.3}, {"mixed": 0.3}):
        found = boxes.imagine(truths, **{**clean, **fault})
        assert boxes.mean_average_precision(found, truths) < 0.95, fault


def test_pictures_have_dice_of_their_own():
    truths = boxes.truths(data.scenes(5, seed=2))
    one, other = boxes.imagine(truths, 7)[3], boxes.imagine(truths[:4], 7)[3]
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one.scores, boxes.imagine(truths, 8)[3].scores)


def test_scores_follow_quality_as_far_as_they_are_trusted():
    truths = [Truth(np.array([[20, 20, 40, 40]]), np.array([0]))] * 200
    for trust, low, high in ((0.0, -0.2, 0.2), (1.0, 0.999, 1.0)):
        found = boxes.imagine(truths, trust=trust, alarms=0, missed=0)
        shared = np.concatenate([boxes.iou(one.boxes, truths[0].boxes.astype(float))[:, 0] for one in found])
        told = np.corrcoef(shared, np.concatenate([one.scores for one in found]))[0, 1]
        assert low <= told <= high + 1e-9


def test_crowds_are_crowded():
    def crowded(scenes):
        tables = [boxes.iou(truth.boxes, truth.boxes) for truth in boxes.truths(scenes)]
        return np.mean(np.concatenate([(table > 0.3).sum(1) > 1 for table in tables]))

    assert crowded(boxes.crowds(60, 1)) > 0.2 > 0.05 > crowded(data.scenes(60, seed=1))


def test_the_experiment_tries_every_rule_on_both_kinds_of_scenes(monkeypatch):
    monkeypatch.setitem(trials_precision.COUNT, "quick", 6)
    found = trials_precision.suppression(0, "quick")
    assert set(found) == {f"{kind}_{rule}" for kind in ("usual", "crowded") for rule in trials_precision.rules()}
    assert all(len(marks) == 6 for marks in found.values())
