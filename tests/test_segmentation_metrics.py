"""Labels judged: against Keras, scikit-learn, sets of pixels counted one by one, and answers known beforehand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from cvnotes.segmentation import metrics, task, teaching
from tests.examples import examples

CASES = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 40))


def drawn(case):
    """Truth and labels of a few pixels; some classes are missing from one or both."""
    seed, classes, pixels = case
    dice = np.random.default_rng(seed)
    used = dice.integers(1, classes + 1, 2)
    return *(dice.integers(0, most, pixels, np.int32) for most in used), classes


@examples(300)
@given(CASES)
def test_table_is_that_of_scikit_learn(case):
    truth, said, classes = drawn(case)
    found = metrics.confusion(truth, said, classes, void=None)
    known = np.arange(classes + 1)  # a pixel more of each class, and a class more: scikit-learn wants some
    theirs = confusion_matrix(*(np.concatenate([row, known]) for row in (truth, said)), labels=known)
    assert np.array_equal(found, theirs[:-1, :-1] - np.eye(classes, dtype=int))


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # by Keras, of JAX
@examples(300)
@given(CASES)
def test_mean_iou_is_that_of_keras(case):
    truth, said, classes = drawn(case)
    theirs = keras.metrics.MeanIoU(classes)
    if len(truth):
        theirs.update_state(truth, said)
    ours = metrics.mean_iou(metrics.confusion(truth, said, classes, void=None))
    assert ours == pytest.approx(float(theirs.result()), abs=1e-6)


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # by Keras, of JAX
@examples(200)
@given(CASES)
def test_void_is_left_out_as_keras_ignores_a_class(case):
    truth, said, classes = drawn(case)
    void = np.random.default_rng(case[0] + 1).random(len(truth)) < 0.3
    seamed = np.where(void, task.VOID, truth)
    theirs = keras.metrics.MeanIoU(classes, ignore_class=task.VOID)
    if len(truth):
        theirs.update_state(seamed, said)
    found = metrics.confusion(seamed, said, classes)
    assert metrics.mean_iou(found) == pytest.approx(float(theirs.result()), abs=1e-6)
    assert np.array_equal(found, metrics.confusion(truth[~void], said[~void], classes))


@examples(200)
@given(CASES)
def test_iou_dice_and_accuracy_of_each_class(case):
    truth, said, classes = drawn(case)
    table = metrics.confusion(truth, said, classes)
    there = table.sum(0) + table.sum(1) > 0
    iou, dice = metrics.class_iou(table), metrics.class_dice(table)
    assert np.array_equal(np.isfinite(iou), there)
    assert np.array_equal(np.isfinite(dice), there)
    assert np.allclose(dice[there], 2 * iou[there] / (1 + iou[there]))
    if len(truth):
        options = {"labels": np.arange(classes), "average": None, "zero_division": 0}
        assert np.allclose(iou[there], jaccard_score(truth, said, **options)[there])
        assert np.allclose(dice[there], f1_score(truth, said, **options)[there])
        assert metrics.pixel_accuracy(table) == pytest.approx(np.mean(truth == said))
        seen = np.unique(truth)
        assert np.allclose(metrics.class_accuracy(table)[seen], [np.mean(said[truth == c] == c) for c in seen])
    else:
        assert np.isnan(metrics.pixel_accuracy(table))
        assert metrics.mean_iou(table) == 0


def near_another(labels: np.ndarray, width: int) -> np.ndarray:
    """The slow twin of `border`: look around every pixel."""
    found = np.zeros(labels.shape, bool)
    for n, row, column in np.ndindex(labels.shape):
        window = labels[n, max(row - width, 0) : row + width + 1, max(column - width, 0) : column + width + 1]
        found[n, row, column] = (window != labels[n, row, column]).any()
    return found


@pytest.mark.parametrize("width", [1, 2, 5])
def test_border_looks_around_every_pixel(width):
    labels = np.kron(np.random.default_rng(width).integers(0, 3, (2, 3, 4)), np.ones((1, 4, 3), int))
    assert np.array_equal(metrics.border(labels, width), near_another(labels, width))


def square(top: int, left: int, side: int, label: int = 1) -> np.ndarray:
    labels = np.zeros((1, 20, 20), int)
    labels[:, top : top + side, left : left + side] = label
    return labels


def test_bands_of_a_square():
    truth = square(5, 5, 8)
    assert metrics.border(truth, 2).sum() == 12**2 - 4**2
    assert not metrics.border(np.ones((1, 9, 9), int), 3).any()  # the frame is no border
    table = metrics.border_table(truth, np.zeros_like(truth), 2, classes=2)
    assert table.tolist() == [[12**2 - 8**2, 0], [8**2 - 4**2, 0]]


def test_boundary_iou_counts_rims_alone():
    truth, said = square(5, 5, 10), square(6, 5, 10)
    rim = {where.tobytes() for where in np.argwhere((truth == 1) & metrics.border(truth, 2))}
    other = {where.tobytes() for where in np.argwhere((said == 1) & metrics.border(said, 2))}
    found = metrics.boundary_iou(truth, said, 2, classes=2)
    assert found[1] == pytest.approx(len(rim & other) / len(rim | other))
    assert found[1] < metrics.class_iou(metrics.confusion(truth, said, 2))[1]
    assert metrics.boundary_iou(truth, truth, 2, classes=2).tolist() == [1, 1]


def test_boundary_iou_is_symmetric_and_sees_what_the_band_of_the_truth_does_not():
    truth = square(8, 8, 4)
    said = truth.copy()
    said[:, :4, :4] = 1  # far from every true border
    assert metrics.mean_iou(metrics.border_table(truth, said, 2, classes=2)) == 1
    assert metrics.boundary_iou(truth, said, 2, classes=2)[1] < 1
    swapped = metrics.boundary_iou(said, truth, 2, classes=2)
    assert np.allclose(swapped, metrics.boundary_iou(truth, said, 2, classes=2))


def by_sets(truth: np.ndarray, said: np.ndarray, width: int, classes: int) -> list[float]:
    """The slow twin of `boundary_iou`: the rims as sets of places, without those where the truth is void."""
    void, found = {*map(tuple, np.argwhere(truth == task.VOID))}, []
    truth = np.where(truth == task.VOID, said, truth)
    for label in range(classes):
        rims = [{*map(tuple, np.argwhere((of == label) & near_another(of, width)))} for of in (truth, said)]
        one, other = (rim - void for rim in rims)
        found.append(len(one & other) / len(one | other) if one | other else np.nan)
    return found


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("void", [False, True])
def test_boundary_iou_of_many_classes_is_that_of_sets_of_places(width, void):
    dice = np.random.default_rng(width)
    truth = np.kron(dice.integers(0, 3, (2, 3, 4)), np.ones((1, 4, 3), np.uint8)).astype(np.uint8)
    said = np.roll(truth, 1, 2)
    truth[:, 4:7, 5:8] = task.VOID if void else truth[:, 4:7, 5:8]
    found = metrics.boundary_iou(truth, said, width, classes=4)
    np.testing.assert_allclose(found, by_sets(truth, said, width, 4))
    assert np.isnan(found[3])


def test_what_is_said_of_void_pixels_has_no_say():
    truth, said = square(5, 5, 8), square(5, 5, 8)
    truth[:, 3:6] = task.VOID
    for label in (0, 1, 7, task.VOID):
        said[:, 3:6] = label
        found = teaching.scores(truth, said)
        assert found == {name: 1 for name in ("accuracy", "mean_iou", "border_iou", "boundary_iou")}


def test_scores_without_a_border_say_so_and_do_not_warn():
    for size in ((1, 8, 8), (0, 8, 8)):
        found = teaching.scores(np.zeros(size, int), np.zeros(size, int))
        assert np.isnan(found["border_iou"])
        assert np.isnan(found["boundary_iou"])


def test_counts_and_labels_of_few_bits_do_not_begin_again_at_zero():
    table = np.array([[100, 27], [27, 100]], np.int8)
    for score in (metrics.class_dice, metrics.class_iou, metrics.class_accuracy):
        np.testing.assert_array_equal(score(table), score(table.astype(int)))
    truth, said = square(5, 5, 8), square(6, 5, 8)
    for judge in (metrics.border_table, metrics.boundary_iou):
        np.testing.assert_array_equal(judge(truth.astype(np.int8), said.astype(np.int8)), judge(truth, said))
        assert len(judge(truth, said, classes=np.int8(127))) == 127


def test_nothing_to_judge():
    empty = np.zeros((0, 8, 8), np.uint8)
    assert metrics.confusion(empty, empty).sum() == 0
    assert metrics.border(empty).shape == (0, 8, 8)
    assert np.isnan(metrics.boundary_iou(empty, empty)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.confusion(np.zeros(3, int), np.zeros(4, int)), "shapes"),
        (lambda: metrics.confusion(np.zeros(3), np.zeros(3, int)), "argmax"),
        (lambda: metrics.confusion(np.array([0, 11]), np.array([0, 1])), "0 to 10"),
        (lambda: metrics.confusion(np.array([0, 1]), np.array([0, -1])), "0 to 10"),
        (lambda: metrics.confusion(np.array([0, 1]), np.array([0, 255])), "0 to 10"),
        (lambda: metrics.confusion(np.array([0]), np.array([0]), True), "classes"),
        (lambda: metrics.confusion(np.array([255]), np.array([0]), 300), "another void"),
        (lambda: metrics.boundary_iou(np.zeros((1, 4, 4), int), np.zeros((1, 4, 5), int)), "shapes"),
        (lambda: metrics.boundary_iou(np.zeros((1, 4, 4), int), np.full((1, 4, 4), 11)), "0 to 10"),
        (lambda: metrics.class_iou(np.zeros((2, 3), int)), "classes, classes"),
        (lambda: metrics.mean_iou(np.full((2, 2), np.nan)), "classes, classes"),
        (lambda: metrics.class_dice(np.array([[1, -1], [0, 2]])), "classes, classes"),
        (lambda: metrics.border(np.zeros((4, 4), int)), "also of one picture"),
        (lambda: metrics.border(np.zeros((1, 4, 4), int), 0), "width"),
        (lambda: metrics.border(np.full((1, 4, 4), np.nan)), "argmax"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
