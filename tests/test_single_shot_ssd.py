"""SSD: default boxes against the published count, targets and loss against slow twins, errors by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import backend, boxes, data, models
from cvnotes.boxes import Detections, Truth
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.single_shot import drawings_ssd, errors, ssd, ssd_loss, ssd_paper, trials_ssd
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy
SQUARE = np.array([[10, 10, 30, 30]], np.float32)


# Default boxes ------------------------------------------------------------------------------------------------------


def test_scales_follow_equation_4():
    assert np.allclose(ssd.scales(6, 0.2, 0.9)[:6], np.linspace(0.2, 0.9, 6))
    assert ssd.scales(1) == [ssd.SMALLEST, ssd.LARGEST]


@pytest.mark.parametrize(("maps", "smallest", "largest"), [(0, 0.2, 0.9), (2, 0.0, 0.9), (2, 0.5, 0.4), (2, 0.2, 1.1)])
def test_scales_out_of_range_are_refused(maps, smallest, largest):
    with pytest.raises(ValueError, match="Received"):
        ssd.scales(maps, smallest, largest)


def test_a_place_has_a_square_of_each_size_then_the_ratios():
    found = ssd.default_boxes({8: (16, 20)}, (1, 2, 0.5)).reshape(8, 8, 4, 4)
    middle, size = (found[..., :2] + found[..., 2:]) / 2, found[..., 2:] - found[..., :2]
    assert np.allclose(middle[2, 5], (44, 20))  # x is the column
    assert np.allclose(size[0, 0, :2], [[16, 16], [20, 20]])
    assert np.allclose(size[0, 0, 2:].prod(-1), 16**2, rtol=1e-5)
    assert np.allclose(size[0, 0, 2:, 0] / size[0, 0, 2:, 1], [2, 0.5])


def test_a_stride_that_leaves_a_rest_is_refused():
    with pytest.raises(ValueError, match="5"):
        ssd.default_boxes({5: (16, 20)})


def test_the_small_net_answers_for_every_default_box():
    net, found = ssd.small_ssd(), ssd.default_boxes()
    assert net.output_shape == (None, len(found), 10 + 5)
    assert len(found) == 2 * (16**2 + 8**2)
    one = ssd.small_ssd(0.5, classes=3, each=4, strides=(8,))
    assert one.output_shape == (None, 4 * 8**2, 8)


def test_the_net_answers_at_the_place_of_its_default_box():
    """A change of one corner of the picture changes the answers of boxes there, and none far away."""
    keras.utils.set_random_seed(0)
    net, defaults = ssd.small_ssd(0.5), ssd.default_boxes()
    picture = np.zeros((2, 64, 64, 3), np.float32)
    picture[1, :4, 60:] = 255
    said = ssd.say(net, picture)
    changed = np.abs(said[1] - said[0]).max(-1) > 1e-6
    middle = (defaults[:, :2] + defaults[:, 2:]) / 2
    assert changed[(middle[:, 0] > 56) & (middle[:, 1] < 8)].all()
    assert not changed[(middle[:, 0] < 20) & (middle[:, 1] > 44)].any()


# SSD300 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper():
    with backend.unallocated():
        return ssd_paper.ssd300()


def test_ssd300_has_the_published_parameters(paper):
    profile = models.profile(paper)
    assert profile.trainable == profile.parameters == 26_285_486
    assert profile.uncounted == ()


def test_ssd300_has_8732_default_boxes(paper):
    found = ssd.default_boxes_300()
    assert found.shape == (8732, 4)
    assert paper.output_shape == (None, 8732, 25)
    heads = [paper.get_layer(f"boxes{i}").output.shape[1] for i in range(1, 7)]
    assert heads == [5776, 2166, 600, 150, 36, 4]


def test_the_default_boxes_of_ssd300_have_the_published_sizes():
    found = ssd.default_boxes_300()
    sides = np.sqrt(boxes.area(found))
    starts = np.cumsum([0, 5776, 2166, 600, 150, 36])
    assert np.allclose(sides[starts], [30, 60, 111, 162, 213, 264], atol=1e-3)
    assert np.isclose(sides[starts[-1] + 1], (264 * 315) ** 0.5)
    assert np.allclose(found[0], [4 - 15, 4 - 15, 4 + 15, 4 + 15])


def test_ssd300_goes_on_from_vgg_16(paper):
    vgg = models.sketch("vgg-16")
    names = [layer.name for layer in vgg.layers if "_conv" in layer.name and "relu" not in layer.name]
    assert len(names) == 13
    assert all(paper.get_layer(name).kernel.shape == vgg.get_layer(name).kernel.shape for name in names)


@pytest.mark.parametrize("shape", [(512, 512, 3), (300, 320, 3), (200, 200, 3), (300, 300)])
def test_ssd300_reads_one_size(shape):
    with pytest.raises(ValueError, match="Received"):
        ssd_paper.ssd300(shape)


def test_l2_normalization_gives_every_place_the_same_length():
    layer = ssd_paper.L2Normalization(scale=3.0)
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 6)).astype("float32")
    y = to_numpy(layer(x))
    assert np.allclose(y, 3 * x / np.linalg.norm(x, axis=-1, keepdims=True), atol=1e-5)
    again = ssd_paper.L2Normalization.from_config(layer.get_config())
    assert again.scale == 3.0
    assert models.profile(keras.Sequential([keras.Input((4, 5, 6)), layer])).macs == 0


# Targets and decoding -----------------------------------------------------------------------------------------------


def test_targets_by_hand():
    defaults = np.array([[10, 10, 30, 30], [10, 10, 30, 32], [40, 40, 60, 60], [12, 12, 50, 50]], np.float32)
    wanted = ssd.targets([Truth(SQUARE, np.array([4])), Truth(SQUARE[:0], np.zeros(0, int))], defaults)
    assert wanted.shape == (2, 4, 5)
    assert wanted[0, :, 0].tolist() == [5, 5, 0, 0]
    assert np.allclose(wanted[0, 0], [5, 0, 0, 0, 0])
    assert np.allclose(wanted[0, 1, 1:], boxes.encode(SQUARE, defaults[1:2])[0], atol=2e-3)
    assert not wanted[1].any()


def test_no_pictures_and_labels_out_of_range():
    assert ssd.targets([], ssd.default_boxes()).shape == (0, 640, 5)
    for label in (-1, 10):
        with pytest.raises(ValueError, match=str(label)):
            ssd.targets([Truth(SQUARE, np.array([label]))], ssd.default_boxes())


def test_every_object_has_a_box_that_answers_for_it():
    scenes = data.scenes(40, seed=9)
    truths, defaults = boxes.truths(scenes), ssd.default_boxes()
    for row, truth in zip(ssd.targets(truths, defaults), truths, strict=True):
        held = row[:, 0] > 0
        said = boxes.decode(row[held, 1:].astype("float32"), defaults[held])
        assert (boxes.iou(said, truth.boxes).max(0) > 0.97).all()
        shared = boxes.iou(defaults[held], truth.boxes)
        assert (
            (shared.max(1) >= 0.5) | np.isin(np.flatnonzero(held), boxes.iou(defaults, truth.boxes).argmax(0))
        ).all()


def perfect(wanted: np.ndarray, classes: int = 10) -> np.ndarray:
    """What a net would say that has learned its targets by heart."""
    logits = 12.0 * np.eye(classes + 1)[np.maximum(wanted[..., 0], 0).astype(int)]
    return np.concatenate([logits, wanted[..., 1:]], -1).astype("float32")


def test_decoding_the_targets_finds_every_object_and_nothing_else():
    scenes = data.scenes(60, seed=3)
    truths, defaults = boxes.truths(scenes), ssd.default_boxes()
    found = ssd.decode(perfect(ssd.targets(truths, defaults)), defaults)
    assert boxes.mean_average_precision(found, truths, boxes.COCO_IOUS) > 0.99
    assert sum(len(one.boxes) for one in found) == scenes.counts.sum()
    wrong = ssd.decode(perfect(ssd.targets(truths[::-1], defaults)), defaults)
    assert boxes.mean_average_precision(wrong, truths) < 0.2


def test_what_a_net_is_not_sure_of_is_dropped():
    defaults = ssd.default_boxes()
    said = np.zeros((1, len(defaults), 15), np.float32)
    assert len(ssd.decode(said, defaults, least=0.2)[0].boxes) == 0
    one = ssd.decode(said, defaults, least=0.05)[0]
    assert 0 < len(one.boxes) <= ssd.TOP
    assert np.allclose(one.scores, 1 / 11)
    assert one.boxes.min() >= 0
    assert one.boxes.max() <= 64


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: ssd.decode(np.full((1, 640, 15), np.nan), ssd.default_boxes()), "NaN"),
        (lambda: ssd.detect(None, np.zeros((64, 64, 3))), "height, width"),
        (lambda: ssd.detect(None, np.full((1, 64, 64, 3), np.nan)), "NaN"),
        (lambda: ssd.default_boxes({}), "sizes"),
        (lambda: ssd.default_boxes({0: (16, 20)}), "stride"),
        (lambda: ssd.default_boxes([4, 8]), "sizes"),
        (lambda: errors.counts([], []), "0 and 0"),
        (lambda: errors.counts([Detections(SQUARE, [0.9], [1])], []), "1 and 0"),
        (lambda: errors.counts([SQUARE], [TRUTH]), "ndarray"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def test_no_pictures_hold_nothing():
    assert ssd.detect(ssd.small_ssd(0.125), np.zeros((0, 64, 64, 3))) == []


@pytest.mark.parametrize("shape", [(640, 15), (1, 639, 15), (1, 640, 5)])
def test_answers_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="Received"):
        ssd.decode(np.zeros(shape), ssd.default_boxes())


def test_pictures_are_judged_alike_one_by_one_and_together():
    keras.utils.set_random_seed(1)
    net, images = ssd.small_ssd(0.5), data.scenes(5, seed=2).images
    together, single = ssd.detect(net, images), [ssd.detect(net, images[i : i + 1])[0] for i in range(5)]
    for a, b in zip(together, single, strict=True):
        assert np.allclose(a.boxes, b.boxes, atol=1e-2)
        assert np.allclose(a.scores, b.scores, atol=1e-4)


# Loss ---------------------------------------------------------------------------------------------------------------


def slow_loss(wanted, said, ratio):
    """The loss, box by box."""
    total, positives = 0.0, max(1, int((wanted[..., 0] > 0).sum()))
    for targets, answers in zip(wanted, said, strict=True):
        hard = []
        for target, answer in zip(targets, answers, strict=True):
            logits = answer[:-4].astype(float)
            entropy = np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[int(max(target[0], 0))]
            if target[0] > 0:
                off = np.abs(target[1:] - answer[-4:])
                total += entropy + sum(0.5 * d * d if d < 1 else d - 0.5 for d in off)
            elif target[0] == 0:
                hard.append(entropy)
        most = len(hard) if ratio is None else int(np.ceil(ratio * (targets[:, 0] > 0).sum()))
        total += sum(sorted(hard, reverse=True)[:most])
    return total / positives


@pytest.mark.parametrize("ratio", [None, 0, 1, 3.0, 2.5])
def test_the_loss_is_that_of_the_slow_twin(ratio):
    dice = np.random.default_rng(7)
    wanted = np.zeros((4, 30, 5), np.float32)
    wanted[..., 0] = dice.choice([-1, 0, 0, 0, 0, 0, 0, 1, 2, 3], size=(4, 30))
    wanted[3, :, 0] = 0  # a picture without objects
    wanted[..., 1:] = dice.normal(size=(4, 30, 4))
    said = dice.normal(size=(4, 30, 8)).astype("float32") * 2
    found = to_numpy(
        ssd_loss.multibox_loss(ratio)(keras.ops.convert_to_tensor(wanted), keras.ops.convert_to_tensor(said))
    )
    assert np.isclose(found, slow_loss(wanted, said, ratio), rtol=1e-5)
    assert not np.isclose(found, slow_loss(wanted, said, 0.5), rtol=1e-3)


def test_without_any_object_the_loss_is_finite():
    wanted, said = np.zeros((2, 6, 5), np.float32), np.ones((2, 6, 8), np.float32)
    assert float(to_numpy(ssd_loss.multibox_loss(3)(wanted, keras.ops.convert_to_tensor(said)))) == 0
    assert np.isclose(
        float(to_numpy(ssd_loss.multibox_loss(None)(wanted, keras.ops.convert_to_tensor(said)))), 12 * np.log(4)
    )


def test_hard_negatives_by_hand():
    losses = np.array([[5, 1, 4, 3, 2], [1, 2, 3, 4, 5]], np.float32)
    negative = np.array([[0, 1, 1, 1, 1], [1, 1, 1, 1, 0]], np.float32)
    ops = keras.ops
    found = ssd_loss.hard_negatives(*map(ops.convert_to_tensor, (losses, negative, np.array([2, 9], np.float32))))
    assert to_numpy(found).tolist() == [[0, 0, 1, 1, 0], [1, 1, 1, 1, 0]]


def test_only_chosen_boxes_get_a_gradient():
    dice = np.random.default_rng(1)
    wanted = np.zeros((1, 12, 5), np.float32)
    wanted[0, 3, 0], wanted[0, 5, 0] = 2, -1
    said = dice.normal(size=(1, 12, 8)).astype("float32")
    loss = ssd_loss.multibox_loss(2)
    value, gradient = backend.value_and_grad(lambda x: loss(keras.ops.convert_to_tensor(wanted), x))(said)
    touched = np.abs(gradient[0]).max(-1) > 0
    assert touched[3]
    assert not touched[5]
    assert touched.sum() == 3
    assert not gradient[0, np.arange(12) != 3, -4:].any()  # offsets of negatives do not matter
    step = 1e-2 * gradient / np.abs(gradient).max()
    less = float(to_numpy(loss(keras.ops.convert_to_tensor(wanted), keras.ops.convert_to_tensor(said - step))))
    assert np.isclose(value - less, (gradient * step).sum(), rtol=0.05)


def test_a_negative_ratio_is_refused():
    with pytest.raises(ValueError, match="ratio"):
        ssd_loss.multibox_loss(-1)


def test_thinning_leaves_three_negatives_for_each_positive():
    wanted = ssd.targets(boxes.truths(data.scenes(8, seed=4)), ssd.default_boxes())
    thin = ssd_loss.thinned(wanted, 3, seed=0)
    positive = (wanted[..., 0] > 0).sum(1)
    assert ((thin[..., 0] == 0).sum(1) == 3 * positive).all()
    assert ((thin[..., 0] > 0) == (wanted[..., 0] > 0)).all()
    assert (thin[thin[..., 0] < 0][:, 1:] == 0).all()
    assert (ssd_loss.thinned(wanted, 3, seed=1) != thin).any()
    assert not (wanted[..., 0] < 0).any()  # the original is untouched


# Error anatomy ------------------------------------------------------------------------------------------------------

TRUTH = Truth(np.array([[10, 10, 30, 30], [40, 40, 60, 60]], np.float32), np.array([1, 2]))
BY_HAND = {
    "correct": ([10, 10, 30, 30], 1),
    "localization": ([10, 10, 30, 18], 1),  # overlap 0.4
    "confusion": ([10, 10, 30, 30], 5),
    "both": ([10, 10, 30, 18], 5),
    "background": ([0, 50, 10, 60], 1),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_each_kind_is_known_by_hand(kind):
    box, label = BY_HAND[kind]
    found = Detections(np.array([box], np.float32), np.array([0.9]), np.array([label]))
    known = errors.anatomy(found, TRUTH)
    assert known.kinds.tolist() == [kind]
    assert known.object.tolist() == [-1 if kind == "background" else 0]
    assert known.missed.tolist() == [kind in ("both", "background"), True]


def test_the_second_box_on_an_object_is_a_duplicate():
    found = Detections(np.repeat(TRUTH.boxes[:1], 3, axis=0), np.array([0.3, 0.9, 0.5]), np.array([1, 1, 1]))
    assert errors.anatomy(found, TRUTH).kinds.tolist() == ["duplicate", "correct", "duplicate"]


def test_the_right_class_counts_before_the_wrong_one():
    """A box between two objects: near one of its own class, well on one of another."""
    truth = Truth(np.array([[0, 0, 20, 20], [12, 0, 32, 20]], np.float32), np.array([1, 2]))
    found = Detections(np.array([[9, 0, 29, 20]], np.float32), np.array([0.9]), np.array([1]))
    known = errors.anatomy(found, truth)
    assert known.kinds.tolist() == ["localization"]
    assert known.object.tolist() == [0]
    assert known.missed.tolist() == [False, True]


def test_nothing_found_and_nothing_there():
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    known = errors.anatomy(nothing, TRUTH)
    assert len(known.kinds) == 0
    assert known.missed.all()
    empty = Truth(np.zeros((0, 4)), np.zeros(0, int))
    found = Detections(SQUARE, np.array([0.5]), np.array([1]))
    assert errors.anatomy(found, empty).kinds.tolist() == ["background"]
    assert errors.anatomy(nothing, empty).missed.shape == (0,)
    assert errors.costs([nothing], [TRUTH])["missed"] == 1


def test_ignored_objects_and_turned_thresholds_are_refused():
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    with pytest.raises(ValueError, match="ignore"):
        errors.anatomy(nothing, Truth(TRUTH.boxes, TRUTH.labels, np.array([True, False])))
    with pytest.raises(ValueError, match="near"):
        errors.anatomy(nothing, TRUTH, iou=0.5, near=0.5)
    with pytest.raises(ValueError, match="kind"):
        errors.mended(nothing, TRUTH, "correct")


def slow_kind(i, found, truth, iou=0.5, near=0.1):
    """The kind of one detection, by walking down the ranking."""
    taken = set()
    for j in [*found_before(i, found), i]:
        shared = boxes.iou(found.boxes[j : j + 1], truth.boxes)[0]
        mine = [g for g in range(len(shared)) if truth.labels[g] == found.labels[j]]
        free = [g for g in mine if g not in taken and shared[g] >= iou]
        if free:
            taken.add(max(free, key=lambda g: (shared[g], g)))
    best = max((shared[g] for g in mine), default=-1)
    other = max((shared[g] for g in range(len(shared)) if g not in mine), default=-1)
    if free:
        return "correct"
    if near <= best < iou:
        return "localization"
    if other >= iou:
        return "confusion"
    if best >= iou:
        return "duplicate"
    return "both" if other >= near else "background"


def found_before(i, found):
    order = np.argsort(-found.scores, kind="stable").tolist()
    return order[: order.index(i)]


def some(dice, count, classes=2):
    corner, size = dice.integers(0, 20, (count, 2)), dice.integers(5, 20, (count, 2))
    return np.concatenate([corner, corner + size], 1).astype("float32"), dice.integers(0, classes, count)


@examples(60)
@given(seed=st.integers(0, 10**6), found=st.integers(0, 9), there=st.integers(0, 4))
def test_kinds_are_those_of_the_slow_twin(seed, found, there):
    dice = np.random.default_rng(seed)
    (corners, labels), (true, classes) = some(dice, found), some(dice, there)
    said, truth = Detections(corners, dice.random(found), labels), Truth(true, classes)
    known = errors.anatomy(said, truth)
    assert known.kinds.tolist() == [slow_kind(i, said, truth) for i in range(found)]
    hits = sum(boxes.precision_recall([said], [truth], label).hits.sum() for label in set(classes.tolist()))
    assert (known.kinds == "correct").sum() == hits


@examples(30)
@given(seed=st.integers(0, 10**6))
def test_mending_one_kind_leaves_none_of_it(seed):
    dice = np.random.default_rng(seed)
    (corners, labels), (true, classes) = some(dice, 8), some(dice, 3)
    said, truth = Detections(corners, dice.random(8), labels), Truth(true, classes)
    for kind in ("both", "duplicate", "background"):
        assert kind not in errors.anatomy(*errors.mended(said, truth, kind)).kinds
    for kind in ("localization", "confusion"):
        before, after = errors.anatomy(said, truth).kinds, errors.anatomy(*errors.mended(said, truth, kind)).kinds
        assert (after == "correct").sum() >= (before == "correct").sum()
        assert len(after) <= len(before)
    _, rest = errors.mended(said, truth, "missed")
    assert not errors.anatomy(said, rest).missed.any()


@pytest.mark.parametrize("kind", ["localization", "confusion"])
def test_mending_gives_back_what_the_kind_costs(kind):
    box, label = BY_HAND[kind]
    rest = np.array([[40, 40, 60, 60]])
    found = Detections(np.concatenate([[box], rest]).astype("float32"), np.array([0.9, 0.8]), np.array([label, 2]))
    gains = errors.costs([found], [TRUTH])
    assert np.isclose(boxes.mean_average_precision([found], [TRUTH]), 0.5)
    assert np.isclose(gains[kind], 0.5)
    others = {name: gain for name, gain in gains.items() if name != kind}
    assert np.allclose(list(others.values()), 0)


def test_a_surer_background_costs_precision_and_a_missed_object_recall():
    found = Detections(
        np.array([[0, 50, 10, 60], [10, 10, 30, 30]], np.float32), np.array([0.9, 0.8]), np.array([1, 1])
    )
    gains = errors.costs([found], [TRUTH])
    assert np.isclose(boxes.mean_average_precision([found], [TRUTH]), 0.25)
    assert np.isclose(gains["background"], 0.25)
    assert np.isclose(gains["missed"], 0.25)


def test_counts_add_up_to_all_sure_detections():
    found = Detections(np.repeat(SQUARE, 3, axis=0), np.array([0.9, 0.8, 0.2]), np.array([1, 3, 1]))
    counts = errors.counts([found], [TRUTH], least=0.5)
    assert counts == {**dict.fromkeys(errors.KINDS, 0), "correct": 1, "confusion": 1, "missed": 1}
    assert errors.counts([found], [TRUTH], least=0)["duplicate"] == 1


# Trials -------------------------------------------------------------------------------------------------------------


def test_found_by_size_tells_small_from_large():
    truth = Truth(np.array([[0, 0, 12, 12], [20, 20, 44, 44], [46, 0, 64, 18]], np.float32), np.array([1, 1, 1]))
    found = Detections(truth.boxes[:2], np.array([0.9, 0.3]), truth.labels[:2])
    assert trials_ssd.found_by_size([found], [truth]) == {"small": 1.0, "middle": 0.0, "large": 0.0}


def test_the_trials_run_at_small_size(monkeypatch):
    for name in ("LESSONS", "SHORT"):
        monkeypatch.setattr(trials_ssd, name, {"quick": (64, 1)})
    few = boxes.held_out(30)
    monkeypatch.setattr(trials_ssd.boxes, "held_out", lambda: few)
    numbers = trials_ssd.ssd_held_out(0, "quick")
    assert 0 <= numbers["map"] <= 1
    monkeypatch.setattr(trials_ssd, "NEGATIVES", ("by lot",))
    assert set(trials_ssd.ssd_negatives(0, "quick")) == {f"by lot_{told}" for told in trials_ssd.TOLD}


def test_the_stored_net_is_better_than_the_early_one():
    scenes = boxes.held_out()
    truths = boxes.truths(scenes)
    long, early = (
        boxes.mean_average_precision(ssd.detect(trials_ssd.stored(name), scenes.images), truths)
        for name in ("long", "early")
    )
    assert long > 0.95
    assert 0.3 < early < 0.9
    with pytest.raises(ValueError, match="name"):
        trials_ssd.stored("late")


# Drawings -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def few():
    scenes = boxes.held_out(6)
    truths = boxes.truths(scenes)
    return (
        scenes.images,
        truths,
        [Detections(one.boxes, np.linspace(0.9, 0.5, len(one.labels)), one.labels) for one in truths],
    )


def test_reach_counts_objects_by_size(few):
    _, truths, _ = few
    found = drawings_ssd.reach(truths, {"all": ssd.default_boxes(), "none": np.array([[0, 0, 1, 1.0]])}, [0, 64])
    assert found["all"].tolist() == [1.0]
    assert found["none"].tolist() == [0.0]


@pytest.mark.once
def test_every_picture_can_be_drawn(few):
    images, truths, found = few
    said = np.random.default_rng(0).normal(size=(640, 15))
    gains = {kind: np.array([0.1, 0.2]) for kind in errors.ERRORS}
    for figure in (
        drawings_ssd.places(images[0], ssd.box_sizes()),
        drawings_ssd.matched(images[1], truths[1]),
        drawings_ssd.hardest(images[2], truths[2], said),
        drawings_ssd.detections(images, found, truths),
        drawings_ssd.prices({"one": gains, "other": gains}),
    ):
        check_figure(figure)


def test_the_hardest_negatives_are_those_with_the_largest_loss(few):
    images, truths, _ = few
    negative = np.flatnonzero(boxes.match(ssd.default_boxes(), truths[0].boxes, 0.5, 0.5) < 0)
    said = np.zeros((640, 15))
    said[:, 0] = 5
    said[negative[7], 0] = -5
    drawn = drawings_ssd.hardest(images[0], truths[0], said, count=1)
    patch = drawn.axes[0].patches[-1]
    assert np.allclose((patch.get_x() + 0.5, patch.get_y() + 0.5), ssd.default_boxes()[negative[7], :2])


@pytest.mark.parametrize("scene", range(1, drawings_ssd.SHOWN + 1))
@pytest.mark.once
def test_the_figure_to_play_with(scene):
    heights = []
    for least in (0.02, 0.3, 0.9):
        check_figure(drawings_ssd.thresholded(scene, least))
        check_alt(drawings_ssd.say_thresholded(scene, least))
        _, found, truths = drawings_ssd.harder()
        counts = errors.counts([found[scene - 1]], [truths[scene - 1]], least)
        heights.append(sum(counts[kind] for kind in errors.KINDS))
    assert heights == sorted(heights, reverse=True)
    with pytest.raises(ValueError, match="scene"):
        drawings_ssd.thresholded(drawings_ssd.SHOWN + 1, 0.5)
