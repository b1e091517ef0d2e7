"""Boxes against Keras, hand-made cases, slow twins, properties and finite differences."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, boxes, data
from cvnotes.boxes import anchoring, coding, drawings, drawings_anchors, formats, placed, reach, trials_anchors
from cvnotes.boxes.approach import approach
from cvnotes.boxes.variety import RADIUS, variety
from tests.examples import examples

SIZE = (48, 64)


def some(count, seed=0, side=60, least=1.0):
    """Boxes with a corner in a square of `side` pixels and sides of `least` to 30."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, side, (count, 2))
    return np.concatenate([first, first + rng.uniform(least, 30, (count, 2))], 1).astype("float32")


def whole_boxes(seed, count):
    """Boxes at whole pixels, some without area, some equal."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 6, (count, 2))
    return np.concatenate([first, first + rng.integers(0, 5, (count, 2))], 1).astype("float32")


def cells(box):
    """The set of pixels in a box at whole pixels."""
    x0, y0, x1, y1 = map(int, box)
    return set(itertools.product(range(x0, x1), range(y0, y1)))


# formats


@pytest.mark.parametrize(("source", "target"), list(itertools.product(formats.FORMATS, repeat=2)))
def test_every_conversion_equals_keras(source, target):
    start = boxes.convert(some(20), "xyxy", source, SIZE)
    theirs = keras.utils.bounding_boxes.convert_format(start, source, target, *SIZE)
    np.testing.assert_allclose(boxes.convert(start, source, target, SIZE), ops.convert_to_numpy(theirs), atol=2e-5)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(formats.FORMATS, repeat=2)))
def test_every_conversion_there_and_back(source, target):
    start = boxes.convert(some(20), "xyxy", source, SIZE)
    back = boxes.convert(boxes.convert(start, source, target, SIZE), target, source, SIZE)
    np.testing.assert_allclose(back, start, atol=2e-5)
    assert back.dtype == np.float32


def test_a_box_by_hand_in_every_format():
    hand = {
        "xyxy": [8, 12, 40, 24],
        "yxyx": [12, 8, 24, 40],
        "xywh": [8, 12, 32, 12],
        "center_xywh": [24, 18, 32, 12],
        "center_yxhw": [18, 24, 12, 32],
        "rel_xyxy": [0.125, 0.25, 0.625, 0.5],
        "rel_yxyx": [0.25, 0.125, 0.5, 0.625],
        "rel_xywh": [0.125, 0.25, 0.5, 0.25],
        "rel_center_xywh": [0.375, 0.375, 0.5, 0.25],
    }
    assert set(hand) == set(formats.FORMATS)
    for name, box in hand.items():
        assert boxes.convert(hand["xyxy"], "xyxy", name, SIZE).tolist() == box, name
        assert boxes.convert(box, name, "xyxy", SIZE).tolist() == hand["xyxy"], name


def test_conversion_keeps_leading_axes_precision_and_the_empty_list():
    assert boxes.convert(np.zeros((2, 3, 4)), "xyxy", "xywh").shape == (2, 3, 4)
    assert boxes.convert([], "xyxy", "rel_xywh", 8).shape == (0, 4)
    assert boxes.convert(np.float64([[0, 0, 1, 1]]), "xyxy", "center_xywh").dtype == np.float64
    assert boxes.convert(np.uint8([[5, 5, 200, 200]]), "xyxy", "center_xywh").tolist() == [[102.5, 102.5, 195, 195]]


def test_conversion_does_not_touch_what_it_was_given():
    given_boxes = some(3)
    before = given_boxes.copy()
    boxes.convert(given_boxes, "xyxy", "xyxy")[0] = 0
    boxes.clip(given_boxes, 20)[0] = 0
    np.testing.assert_array_equal(given_boxes, before)


def test_area_and_clip_by_hand():
    three = [[0, 0, 4, 3], [-5, 2, 3, 90], [70, 50, 80, 60]]
    assert boxes.area(three).tolist() == [12, 704, 100]
    assert boxes.clip(three, SIZE).tolist() == [[0, 0, 4, 3], [0, 2, 3, 48], [64, 48, 64, 48]]
    assert boxes.area([]).shape == (0,)
    assert boxes.clip([], 5).shape == (0, 4)


BAD = [
    [[0, 0, 1]],
    [[0, 1, 2, 3], [1]],
    [0.0, 1, 2],
    [[5, 0, 1, 2]],
    [[0, 5, 2, 1]],
    [[0, 0, math.nan, 1]],
    [[0, 0, math.inf, 1]],
    [[0, 0, 1e10, 1]],
    [[True, True, True, True]],
    [["a", "b", "c", "d"]],
    np.zeros((0, 5)),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_boxes_are_refused_with_what_came(bad):
    good = some(1)
    asked = [
        lambda: boxes.convert(bad, "xyxy", "xywh"),
        lambda: boxes.area(bad),
        lambda: boxes.clip(bad, SIZE),
        lambda: boxes.iou(bad, good),
        lambda: boxes.iou(good, bad),
        lambda: boxes.giou(bad, good),
        lambda: boxes.encode(bad, good),
        lambda: boxes.encode(good, bad),
        lambda: boxes.decode(np.zeros((1, 4)), bad),
        lambda: boxes.match(bad, good),
        lambda: boxes.match(good, bad),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match="Received"):
            ask()


def test_bad_formats_and_sizes_are_refused():
    box = some(1)
    with pytest.raises(ValueError, match="target must be one of 'xyxy'"):
        boxes.convert(box, "xyxy", "corners")
    with pytest.raises(ValueError, match=r"rel_xyxy is relative.*size=\(height, width\)"):
        boxes.convert(box, "xyxy", "rel_xyxy")
    with pytest.raises(ValueError, match="another format"):
        boxes.convert([[5, 5, -3, 2]], "xywh", "xyxy")
    with pytest.raises(ValueError, match="size"):
        boxes.clip(box, (48.5, 64))


# overlap


@pytest.mark.parametrize(("n", "m", "seed"), [(1, 1, 0), (7, 3, 1), (200, 130, 2), (65, 64, 3)])
def test_iou_equals_keras(n, m, seed):
    mine, theirs = some(n, seed), some(m, seed + 10)
    keras_iou = keras.utils.bounding_boxes.compute_iou(mine, theirs, "xyxy")
    np.testing.assert_allclose(boxes.iou(mine, theirs), ops.convert_to_numpy(keras_iou), atol=1e-6)


@given(seed=st.integers(0, 10_000), n=st.integers(0, 5), m=st.integers(0, 5))
@examples(60)
def test_iou_and_giou_equal_the_count_of_pixels(seed, n, m):
    mine, theirs = whole_boxes(seed, n), whole_boxes(seed + 1, m)
    shared, wide = boxes.iou(mine, theirs), boxes.giou(mine, theirs)
    assert shared.shape == wide.shape == (n, m)
    for i, j in itertools.product(range(n), range(m)):
        a, b = cells(mine[i]), cells(theirs[j])
        hull = cells([*np.minimum(mine[i], theirs[j])[:2], *np.maximum(mine[i], theirs[j])[2:]])
        share = len(a & b) / max(len(a | b), 1)
        waste = (len(hull) - len(a | b)) / max(len(hull), 1)
        assert shared[i, j] == pytest.approx(share, abs=1e-6)
        assert wide[i, j] == pytest.approx(share - waste, abs=1e-6)


@given(seed=st.integers(0, 10_000), shift=st.floats(-20, 20), times=st.floats(0.1, 10))
@examples(60)
def test_properties_of_iou_and_giou(seed, shift, times):
    mine, theirs = some(6, seed), some(5, seed + 1)
    for measure, least in ((boxes.iou, 0), (boxes.giou, -1)):
        table = measure(mine, theirs)
        assert (table >= least).all()
        assert (table <= 1).all()
        np.testing.assert_allclose(table, measure(theirs, mine).T, atol=1e-6)
        moved = measure((mine + shift) * times, (theirs + shift) * times)
        np.testing.assert_allclose(table, moved, atol=2e-4)
        np.testing.assert_array_equal(np.diag(measure(mine, mine)), 1)
    assert (boxes.giou(mine, theirs) <= boxes.iou(mine, theirs) + 1e-6).all()


def test_iou_by_hand():
    square = [[0, 0, 2, 2]]
    cases = {(0, 0, 2, 2): 1, (1, 0, 3, 2): 1 / 3, (1, 1, 3, 3): 1 / 7, (2, 0, 4, 2): 0, (9, 9, 9, 9): 0}
    np.testing.assert_allclose(boxes.iou(square, list(cases))[0], list(cases.values()), rtol=1e-6)
    far = boxes.giou(square, [[2, 0, 4, 2], [4, 0, 6, 2], [198, 0, 200, 2]])[0]
    np.testing.assert_allclose(far, [0, -1 / 3, 8 / 400 - 1], atol=1e-6)


def test_a_box_without_area_has_iou_zero_with_all_and_nothing_is_nan():
    flat = np.float32([[1, 1, 1, 1], [1, 1, 5, 1], [0, 0, 9, 9]])
    assert boxes.iou(flat, flat).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert np.isfinite(boxes.giou(flat, flat)).all()
    assert boxes.giou(flat, flat)[0, 0] == 0
    pairs = ops.convert_to_numpy(boxes.paired_giou(flat, flat))
    assert np.isfinite(pairs).all()


def test_iou_keeps_double_precision_and_works_for_nothing():
    assert boxes.iou(np.float64([[0, 0, 20, 1]]), [[9, 0, 20, 1]])[0, 0] == 11 / 20
    assert boxes.iou([], some(3)).shape == (0, 3)
    assert boxes.giou(some(2), []).shape == (2, 0)


def test_a_single_box_without_its_list_is_refused():
    with pytest.raises(ValueError, match=r"boxes\[None\]"):
        boxes.iou(some(1)[0], some(1))


@given(seed=st.integers(0, 10_000))
@examples(20)
def test_pairs_are_the_diagonal_of_the_table(seed):
    mine, theirs = some(6, seed, side=20), some(6, seed + 1, side=20)
    for table, pairs in ((boxes.iou, boxes.paired_iou), (boxes.giou, boxes.paired_giou)):
        found = ops.convert_to_numpy(pairs(mine.reshape(2, 3, 4), theirs.reshape(2, 3, 4)))
        np.testing.assert_allclose(found.ravel(), np.diag(table(mine, theirs)), atol=1e-6)


def slope(measure, box, other, step=1e-4):
    """Central differences of a table's only entry, in double precision."""
    box, other = np.float64(box), np.float64(other)
    sides = [[measure((box + sign * row)[None], other[None])[0, 0] for sign in (1, -1)] for row in step * np.eye(4)]
    return [(up - down) / (2 * step) for up, down in sides]


NEAR = [[3, 4, 9, 11], [5, 1, 12, 8]]
APART = [[3, 4, 9, 11], [20, 15, 26, 25]]
INSIDE = [[3, 4, 9, 11], [1, 2, 30, 20]]


@pytest.mark.parametrize(("box", "other"), [NEAR, APART, INSIDE])
@pytest.mark.parametrize("kind", ["iou", "giou"])
def test_gradients_equal_finite_differences(kind, box, other):
    pairs, table = getattr(boxes, f"paired_{kind}"), getattr(boxes, kind)
    start, fixed = np.float32([box]), np.float32([other])
    _, gradient = backend.value_and_grad(lambda b: ops.sum(pairs(b, fixed)))(start)
    np.testing.assert_allclose(gradient[0], slope(table, box, other), atol=2e-5)


def test_apart_iou_has_no_gradient_and_giou_pulls_nearer():
    start, fixed = np.float32([APART[0]]), np.float32([APART[1]])
    _, flat = backend.value_and_grad(lambda b: ops.sum(boxes.paired_iou(b, fixed)))(start)
    _, pull = backend.value_and_grad(lambda b: ops.sum(boxes.paired_giou(b, fixed)))(start)
    assert not flat.any()
    assert (pull[0, 2:] > 0).all()


def test_pairs_take_what_a_net_may_say_and_refuse_other_shapes():
    backward = np.float32([[5, 5, 1, 1]])
    assert float(boxes.paired_iou(backward, [[0, 0, 9, 9]])[0]) == 0
    with pytest.raises(ValueError, match=r"\(\.\.\., 4\)"):
        boxes.paired_iou(np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32"))


# coding


@given(seed=st.integers(0, 10_000), count=st.integers(0, 20))
@examples(40)
def test_decode_is_the_inverse_of_encode(seed, count):
    truth, waiting = some(count, seed), some(count, seed + 1, least=2.0)
    for variances in (coding.VARIANCES, (1, 1, 1, 1)):
        offsets = boxes.encode(truth, waiting, variances)
        np.testing.assert_allclose(boxes.decode(offsets, waiting, variances), truth, atol=1e-3)


def test_encode_by_hand():
    found = boxes.encode([[2, 2, 10, 4]], [[0, 0, 4, 8]], variances=(1, 1, 1, 1))
    np.testing.assert_allclose(found, [[1, -1 / 8, math.log(2), math.log(1 / 4)]], atol=1e-6)
    np.testing.assert_allclose(boxes.encode([[2, 2, 10, 4]], [[0, 0, 4, 8]]), found / coding.VARIANCES, rtol=1e-6)
    assert not boxes.encode(some(5), some(5)).any()


def test_offsets_know_neither_scale_nor_place():
    truth, waiting = some(9), some(9, 1)
    offsets = boxes.encode(truth, waiting)
    np.testing.assert_allclose(boxes.encode(8 * truth + 40, 8 * waiting + 40), offsets, atol=2e-3)


def test_decode_of_zeros_is_the_anchor_and_a_wild_logarithm_is_cut():
    anchor = np.float32([[0, 0, 4, 8]])
    np.testing.assert_array_equal(boxes.decode(np.zeros((1, 4)), anchor), anchor)
    wild = boxes.decode([[0, 0, 1e4, 1e4]], anchor)
    np.testing.assert_allclose(boxes.convert(wild, "xyxy", "xywh")[0, 2:], [250, 500], rtol=1e-5)
    np.testing.assert_allclose(boxes.area(boxes.decode([[0, 0, -1e4, -1e4]], anchor)), 0)


def test_decode_takes_several_pictures():
    waiting, offsets = some(5), np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    found = boxes.decode(offsets, waiting)
    np.testing.assert_array_equal(found, [boxes.decode(one, waiting) for one in offsets])
    assert boxes.decode_limited(offsets, waiting, 8).shape == (3, 5, 4)


def test_limited_decode_by_hand_and_its_reach():
    anchor = np.float32([[8, 8, 16, 24]])
    np.testing.assert_array_equal(boxes.decode_limited(np.zeros((1, 4)), anchor, 8), anchor)
    most = boxes.decode_limited([[99, 99, 99, 99]], anchor, 8)
    assert boxes.convert(most, "xyxy", "center_xywh").tolist() == [[16, 20, 12, 24]]
    least = boxes.decode_limited([[-99, -99, -99, -99]], anchor, 8)
    assert boxes.convert(least, "xyxy", "center_xywh").tolist() == [[8, 12, 4, 8]]


def test_coding_refuses_what_cannot_be_said():
    flat, good = [[1, 1, 1, 5]], some(1)
    for ask in (
        lambda: boxes.encode(flat, good),
        lambda: boxes.encode(good, flat),
        lambda: boxes.decode([[0] * 4], flat),
    ):
        with pytest.raises(ValueError, match="width and height"):
            ask()
    with pytest.raises(ValueError, match="one anchor a box"):
        boxes.encode(some(2), some(3))
    with pytest.raises(ValueError, match="four numbers an anchor"):
        boxes.decode(np.zeros((2, 4)), some(3))
    with pytest.raises(ValueError, match="variances"):
        boxes.encode(good, good, (1, 1, 0, 1))
    with pytest.raises(ValueError, match="cell"):
        boxes.decode_limited(np.zeros((1, 4)), good, 0)
    with pytest.raises(ValueError, match="Received"):
        boxes.decode([[math.nan, 0, 0, 0]], good)


# anchors and matching


def slow_anchors(shape, stride, sizes, ratios):
    """Five plain loops."""
    found = []
    for i, j, size, ratio in itertools.product(range(shape[0]), range(shape[1]), sizes, ratios):
        x, y, w, h = (j + 0.5) * stride[1], (i + 0.5) * stride[0], size * ratio**0.5, size / ratio**0.5
        found.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return found


def test_anchors_equal_plain_loops():
    asked = ((3, 5), (8, 16), (10, 20, 40), (0.5, 1, 2))
    np.testing.assert_allclose(boxes.anchors(*asked), slow_anchors(*asked), atol=1e-5)
    placed = boxes.anchors(*asked).reshape(3, 5, 9, 4)
    middles = boxes.convert(placed, "xyxy", "center_xywh")
    np.testing.assert_allclose(middles[2, 4, :, :2], [[72, 20]] * 9, atol=1e-5)
    np.testing.assert_allclose(boxes.area(placed)[0, 0], np.repeat([100, 400, 1600], 3), rtol=1e-4)


def test_anchors_by_hand():
    assert boxes.anchors(2, 4, (4,)).tolist() == [[0, 0, 4, 4], [4, 0, 8, 4], [0, 4, 4, 8], [4, 4, 8, 8]]
    assert boxes.anchors(1, 8, (4,), (4,)).tolist() == [[0, 3, 8, 5]]
    assert boxes.anchors((0, 3), 8, (4,)).shape == (0, 4)
    assert boxes.anchors(2, 8, ()).shape == (0, 4)
    for bad in ((2, 0, (4,)), (2, 8, (0,)), (2, 8, (4,), (-1,)), (2, 8, (math.nan,)), (True, 8, (4,))):
        with pytest.raises(ValueError, match="Received"):
            boxes.anchors(*bad)


def slow_match(anchors, truth, positive, negative, force):
    """The rule as one would tell it, pair by pair."""
    table = boxes.iou(anchors, truth).tolist()
    found = []
    for row in table:
        best = max(row, default=0)
        kind = -1 if best < negative else -2
        found.append(row.index(best) if row and best >= positive else kind)
    free, waiting = set(range(len(anchors))), set(range(len(truth)))
    while force and free and waiting:
        pairs = [(-table[a][t], t, a) for a in free for t in waiting if table[a][t] > 0]
        if not pairs:
            break
        _, t, a = min(pairs)
        found[a] = t
        free.remove(a), waiting.remove(t)
    return found


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 12),
    m=st.integers(0, 5),
    positive=st.sampled_from([0.3, 0.5, 0.7]),
    force=st.booleans(),
)
@examples(100)
def test_match_equals_the_slow_twin(seed, n, m, positive, force):
    waiting, truth = whole_boxes(seed, n), whole_boxes(seed + 1, m)
    asked = (positive, positive - 0.2, force)
    assert boxes.match(waiting, truth, *asked).tolist() == slow_match(waiting, truth, *asked)


@given(seed=st.integers(0, 10_000), m=st.integers(0, 8))
@examples(40)
def test_with_force_every_box_is_answered_for(seed, m):
    truth = boxes.clip(some(m, seed), 64)
    found = boxes.match(boxes.anchors(8, 8, (12, 24)), truth)
    touched = np.flatnonzero(boxes.area(truth) > 0)
    assert set(touched) <= set(found.tolist())


def test_match_by_hand():
    waiting = [[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 4.5], [0, 0, 10, 1], [50, 50, 60, 60]]
    truth = [[0, 0, 10, 10]]
    assert boxes.match(waiting, truth).tolist() == [0, 0, -2, -1, -1]
    assert boxes.match(waiting, [[50, 50, 60, 52]]).tolist() == [-1, -1, -1, -1, 0]
    assert boxes.match(waiting, [[50, 50, 60, 52]], force=False).tolist() == [-1] * 5


def test_ties_and_two_boxes_with_one_best_anchor():
    twins = [[0, 0, 4, 4], [4, 0, 8, 4]]
    assert boxes.match(twins, [[2, 0, 6, 4]]).tolist() == [0, -1]
    waiting = [[0, 0, 10, 10], [6, 0, 16, 10]]
    truth = [[0, 0, 10, 8], [0, 0, 10, 9]]
    best = boxes.iou(waiting, truth).argmax(0)
    assert best.tolist() == [0, 0]
    assert boxes.match(waiting, truth).tolist() == [1, 0]
    assert anchoring.forced(boxes.iou(waiting, truth)) == [(0, 1), (1, 0)]


def test_match_without_boxes_or_anchors():
    waiting = boxes.anchors(2, 8, (8,))
    assert boxes.match(waiting, []).tolist() == [-1] * 4
    assert boxes.match([], some(2)).shape == (0,)
    assert boxes.match([], []).dtype.kind == "i"
    assert boxes.match(waiting, [[1, 1, 1, 1]]).tolist() == [-1] * 4
    for bad in ({"positive": 0}, {"negative": 0.6}, {"positive": 1.1}, {"negative": -0.1}, {"positive": True}):
        with pytest.raises(ValueError, match="Received"):
            boxes.match(waiting, some(1), **bad)


# what the page builds on


def test_a_box_climbs_along_the_gradient_of_giou_and_stays_with_iou():
    start, goal = [[4, 4, 12, 12]], [[24, 14, 34, 26]]
    stays = approach(start, goal, boxes.paired_iou, steps=5)
    goes = approach(start, goal, boxes.paired_giou, steps=100, length=1.5)
    assert stays.shape == (6, 1, 4)
    np.testing.assert_array_equal(stays, np.broadcast_to(np.float32(start), stays.shape))
    np.testing.assert_allclose(np.linalg.norm(np.diff(goes, axis=0), axis=-1), 1.5, atol=1e-4)
    assert boxes.iou(goes[-1], goal) > 0.8
    with pytest.raises(ValueError, match="length"):
        approach(start, goal, boxes.paired_iou, length=0)


@given(seed=st.integers(0, 10_000))
@examples(20)
def test_the_limited_decoding_reaches_exactly_what_is_within_its_limits(seed):
    rng = np.random.default_rng(seed)
    anchors = some(6, seed, least=6.0)
    middle, span = anchors[:, :2] + anchors[:, 2:], anchors[:, 2:] - anchors[:, :2]
    shift, ratio = rng.uniform(-7, 7, (6, 2)), rng.uniform(0.3, 1.8, (6, 2))
    shift[np.abs(np.abs(shift) - 4) < 0.1] = 3  # what lies on the very limit is for neither side to judge
    ratio[np.abs(np.abs(ratio - 1) - 0.5) < 0.02] = 1
    centre, size = middle / 2 + shift, span * ratio
    asked = np.concatenate([centre - size / 2, centre + size / 2], 1).astype("float32")
    near, fit = np.abs(centre - middle / 2) < 4, np.abs(size / span - 1) < 0.5
    inside = reach.within_limits(asked, anchors, cell=8)
    np.testing.assert_array_equal(inside, np.stack([near.all(1), fit.all(1)], 1))
    best = np.concatenate([(centre - middle / 2) / 4, 2 * (size / span - 1)], 1)
    made = boxes.decode_limited(np.arctanh(np.clip(best, -0.9999, 0.9999)), anchors, 8)
    exact = np.abs(made - asked).max(1) < 0.02
    np.testing.assert_array_equal(exact, inside.all(1))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: boxes.paired_iou(some(2), some(3)), "Pairs need"),
        (lambda: boxes.paired_giou(some(1), some(3)), "Pairs need"),
        (lambda: boxes.paired_iou(3.0, some(3)), r"\(\.\.\., 4\)"),
        (lambda: approach(some(2), some(1), boxes.paired_iou), "2 boxes and 1 others"),
        (lambda: boxes.encode(some(1), some(1), (True,) * 4), "variances"),
        (lambda: boxes.encode(some(1), some(1), "four"), "variances"),
        (lambda: reach.within_limits(some(2), some(1), 8), "2 boxes and 1 anchors"),
        (lambda: reach.within_limits(some(1), [[1, 1, 1, 5]], 8), "width and height"),
        (lambda: reach.kinds(some(2), 20, 8), "large"),
        (lambda: placed.net(boxes.anchors(10, 8, (9,))), "8 x 8 places"),
        (lambda: placed.net([]), "8 x 8 places"),
    ],
)
def test_what_does_not_pair_or_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def test_best_overlaps_and_kinds_by_hand():
    anchors = [[0, 0, 10, 10], [0, 0, 10, 5]]
    found = reach.best_overlaps(anchors, [np.float32([[0, 0, 10, 10]]), np.zeros((0, 4)), np.float32([[0, 0, 5, 5]])])
    np.testing.assert_allclose(found, [1, 0.5])
    assert reach.best_overlaps(np.zeros((0, 4)), [some(3)]).tolist() == [0, 0, 0]
    assert reach.best_overlaps(anchors, []).shape == (0,)
    kinds = reach.kinds([[0, 0, 5, 5], [0, 0, 20, 8], [0, 0, 20, 40]], 8, 20)
    assert {name: np.flatnonzero(which).tolist() for name, which in kinds.items()} == {
        "all": [0, 1, 2],
        "small": [0],
        "middle": [1],
        "large": [2],
        "tall": [2],
        "square": [0],
        "wide": [1],
    }


def test_varied_pictures_frame_their_objects():
    drawn = variety(30, seed=3)
    scenes = data.scenes(50, seed=3, objects=(1, 2), radius=RADIUS)
    assert drawn.images.shape == (30, 64, 64, 3)
    assert len(drawn.truths) == 30
    np.testing.assert_array_equal(drawn.images[:10], scenes.images[:10])
    np.testing.assert_array_equal(drawn.images[10][:, 32:], scenes.images[11][:, ::2])
    np.testing.assert_array_equal(drawn.images[20][:32], scenes.images[30][::2])
    last = scenes[11].boxes * [0.5, 1, 0.5, 1] + [32, 0, 32, 0]
    np.testing.assert_allclose(drawn.truths[10][-len(last) :], last)
    low = scenes[31].boxes * [1, 0.5, 1, 0.5] + [0, 32, 0, 32]
    np.testing.assert_allclose(drawn.truths[20][-len(low) :], low)
    assert all((truth >= 0).all() and (truth <= 64).all() for truth in drawn.truths)
    with pytest.raises(ValueError, match="multiple of 3"):
        variety(31, seed=0)


def test_targets_have_one_shape_for_any_number_of_objects():
    grid = boxes.anchors(8, 8, (12, 18, 26))
    for count in (0, 1, 5):
        scene = data.scenes(1, seed=5, objects=count)[0]
        classes, offsets = placed.targets(grid, scene.boxes, scene.labels)
        found = boxes.match(grid, scene.boxes)
        assert classes.shape == (192,)
        assert offsets.shape == (192, 4)
        np.testing.assert_array_equal(classes[found == -1], 0)
        np.testing.assert_array_equal(classes[found == -2], -1)
        np.testing.assert_array_equal(classes[found >= 0], scene.labels[found[found >= 0]] + 1)
        np.testing.assert_array_equal(offsets[found < 0], 0)
        made = boxes.decode(offsets, grid)[found >= 0]
        np.testing.assert_allclose(made, scene.boxes[found[found >= 0]], atol=1e-3)


def test_masked_loss_counts_matched_anchors_alone():
    said, wanted = np.zeros((3, 4), "float32"), np.float32([[0.5, 0, 0, 0], [9, 9, 9, 9], [3, 0, 0, 0]])

    def loss(classes):
        return float(ops.convert_to_numpy(placed.masked_loss(said, wanted, classes)))

    assert loss(np.array([1, 0, -1])) == pytest.approx(0.125)
    assert loss(np.array([1, 0, 4])) == pytest.approx((0.125 + 2.5) / 2)
    assert loss(np.array([0, -1, 0])) == 0


@pytest.mark.parametrize("moving", [False, True])
def test_placed_decodes_as_the_function_and_learns_only_what_it_should(moving):
    waiting, offsets = some(6, least=4.0), np.random.default_rng(1).normal(size=(2, 6, 4)).astype("float32")
    layer = placed.Placed(waiting, moving)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(offsets)), boxes.decode(offsets, waiting), atol=1e-3)
    assert len(layer.trainable_variables) == int(moving)
    net = placed.net(boxes.anchors(8, 8, (12, 20)), moving)
    assert net.output_shape == (None, 128, 4)
    assert [tuple(w.shape) for w in net.trainable_variables].count((128, 4)) == int(moving)
    if moving:
        assert len(net.trainable_variables) == 1
        images = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3)).astype("uint8")
        said = ops.convert_to_numpy(net(images))
        np.testing.assert_allclose(said, np.broadcast_to(boxes.anchors(8, 8, (12, 20)), said.shape), atol=1e-4)


def test_answers_and_loss_of_the_trial():
    wanted = placed.answers_for(trials_anchors.LAID, [np.float32([[10, 10, 28, 28]]), np.zeros((0, 4), "float32")])
    assert wanted[0, :, 4].sum() > 0
    assert not wanted[1].any()
    right = np.where(wanted[..., 4:] > 0, wanted[..., :4], 7).astype("float32")
    assert float(ops.convert_to_numpy(placed.box_loss(wanted, right))) == pytest.approx(0, abs=1e-5)
    assert float(ops.convert_to_numpy(placed.box_loss(wanted[1:], right[1:]))) == 0
    assert trials_anchors.fitted(right, wanted) == pytest.approx(1)


# drawings


def test_the_pair_says_what_it_draws():
    for right, down, side in itertools.product([0, 2, 16], [4, 8], [4, 8]):
        fig = drawings.draw_pair(right, down, side)
        assert "GIoU" in " ".join(text.get_text() for text in fig.axes[1].texts)
        assert "IoU" in drawings.say_pair(right, down, side)
    assert "IoU 1.00, GIoU 1.00" in drawings.say_pair(0, 4, 8)
    assert "share nothing: IoU 0.00" in drawings.say_pair(16, 8, 4)


@pytest.mark.once
def test_drawings_draw_what_they_are_given():
    scene = data.scenes(1, seed=5, objects=2)[0]
    grid = boxes.anchors(8, 8, (12, 18, 26))
    found = boxes.match(grid, scene.boxes)
    assert len(drawings.three_ways(scene.image, scene.boxes[0]).axes) == 3
    assert len(drawings.misread(scene.image, scene.boxes[0]).axes) == 4
    path = np.linspace([0, 0, 4, 4], [9, 9, 14, 14], 11)
    fig = drawings.journey({"a": path, "b": path}, path[-1], every=5)
    assert [len(ax.patches) for ax in fig.axes] == [4, 4]
    fig = drawings_anchors.fates(scene.image, scene.boxes, grid, found, np.zeros(192, bool))
    assert len(fig.axes[0].patches) == 2 + (found >= 0).sum()
    assert len(fig.axes[1].patches) == 2 + (found == -2).sum()
    fig = drawings_anchors.laid(scene.image, grid.reshape(8, 8, 3, 4), (3, 4))
    assert [len(ax.patches) for ax in fig.axes] == [16, 3]
    heat = np.pad(np.ones((31, 31)), ((24, 9), (24, 9)))
    fig = drawings_anchors.seen(scene.image, heat, [24, 24, 55, 55], grid[:3])
    assert fig.legends[0].texts[0].get_text() == "seen: 31 pixels"
    assert len(fig.axes[0].patches) == 4
    assert len(drawings_anchors.sizes_plane(scene.boxes, (12, 18)).axes[0].patches) == 2
    assert drawings_anchors.recalls({"a": np.full((5, 7), 0.5)}).axes[0].get_ylabel() == "recall at IoU 0.5"
