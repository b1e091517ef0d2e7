"""A class and a box: heads, losses against Keras and finite differences, label errors, and the stored numbers."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, experiments
from cvnotes.boxes import heads, localization_drawings, losses, trials, trials_losses
from cvnotes.boxes.overlap import giou, iou
from tests.examples import examples

to_numpy = ops.convert_to_numpy


def some_boxes(count, seed):
    """Corners of boxes inside a unit square, none of them thin."""
    dice = np.random.default_rng(seed)
    first = dice.uniform(0, 0.6, (count, 2))
    return np.concatenate([first, first + dice.uniform(0.1, 0.4, (count, 2))], 1).astype("float32")


# Losses -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.floats(0.01, 3))
@examples(25)
def test_losses_of_numbers_agree_with_keras(seed, beta):
    truth, said = np.random.default_rng(seed).normal(size=(2, 7, 4)).astype("float32")
    four = {
        losses.squared: 4 * to_numpy(keras.losses.mean_squared_error(truth, said)),
        losses.absolute: 4 * to_numpy(keras.losses.mean_absolute_error(truth, said)),
        lambda t, s: losses.smooth_l1(t, s, beta): 4 * to_numpy(keras.losses.huber(truth, said, beta)) / beta,
    }
    for ours, theirs in four.items():
        np.testing.assert_allclose(to_numpy(ours(truth, said)), theirs, rtol=2e-4, atol=1e-6)


def test_losses_by_hand():
    truth, said = np.zeros((1, 4), "float32"), np.array([[0, 0.5, -2, 1]], "float32")
    assert to_numpy(losses.squared(truth, said)).tolist() == [5.25]
    assert to_numpy(losses.absolute(truth, said)).tolist() == [3.5]
    assert to_numpy(losses.smooth_l1(truth, said)).tolist() == [0.125 + 1.5 + 0.5]
    one, half, far = ([[0.0, 0, 4, 4]], [[0.0, 0, 4, 2]], [[4.0, 4, 8, 8]])
    for other, by_iou, by_giou in ((one, 0, 0), (half, 0.5, 0.5), (far, 1, 1.5)):
        shared = [losses.iou_loss(np.array(one), np.array(other)), losses.giou_loss(np.array(one), np.array(other))]
        np.testing.assert_allclose([float(to_numpy(loss)[0]) for loss in shared], [by_iou, by_giou], atol=1e-6)


def test_losses_by_overlap_agree_with_the_tables_of_numpy():
    truth, said = some_boxes(40, 1), some_boxes(40, 2)
    np.testing.assert_allclose(to_numpy(losses.iou_loss(truth, said)), 1 - np.diag(iou(truth, said)), atol=1e-5)
    np.testing.assert_allclose(to_numpy(losses.giou_loss(truth, said)), 1 - np.diag(giou(truth, said)), atol=1e-5)


@pytest.mark.parametrize("name", losses.NAMES)
def test_gradients_agree_with_finite_differences(name):
    loss, step = losses.box_loss(name, 0.1), 2e-3
    middle = np.array([[0.4, 0.5, 0.3, 0.4], [0.6, 0.3, 0.2, 0.3]], "float32")
    said = middle + np.array([[0.07, -0.03, 0.06, 0.19], [-0.04, 0.05, 0.16, -0.07]], "float32")
    _, slope = backend.value_and_grad(lambda box: ops.sum(loss(ops.convert_to_tensor(middle), box)))(said)
    for place in np.ndindex(said.shape):
        pushed = [said.copy(), said.copy()]
        pushed[0][place] += step
        pushed[1][place] -= step
        up, down = (float(np.sum(to_numpy(loss(middle, box)))) for box in pushed)
        assert slope[place] == pytest.approx((up - down) / (2 * step), abs=0.02 * max(1, abs(slope).max()))


def test_only_the_generalised_loss_pulls_boxes_together_that_do_not_touch():
    truth, said = np.array([[0.2, 0.2, 0.1, 0.1]], "float32"), np.array([[0.8, 0.2, 0.1, 0.1]], "float32")
    slopes = {}
    for name in ("iou", "giou"):
        loss = losses.box_loss(name)
        _, slopes[name] = backend.value_and_grad(lambda box, loss=loss: ops.sum(loss(truth, box)))(said)
    assert not slopes["iou"].any()
    assert slopes["giou"][0, 0] > 0, "the way to the truth is to the left"


@given(st.floats(0.1, 100))
@examples(10)
def test_a_loss_by_overlap_does_not_ask_for_the_unit_and_squares_do(unit):
    truth, said = some_boxes(5, 3), some_boxes(5, 4)
    for loss in (losses.iou_loss, losses.giou_loss):
        np.testing.assert_allclose(to_numpy(loss(truth, said)), to_numpy(loss(unit * truth, unit * said)), atol=1e-4)
    square = to_numpy(losses.squared(truth, said))
    np.testing.assert_allclose(to_numpy(losses.squared(unit * truth, unit * said)), unit**2 * square, rtol=1e-3)


def test_losses_work_on_any_rows_and_on_none():
    for name in losses.NAMES:
        loss = losses.box_loss(name)
        assert to_numpy(loss(np.full((2, 3, 4), 0.5, "float32"), np.full((2, 3, 4), 0.5, "float32"))).max() < 1e-6
        assert to_numpy(loss(np.zeros((0, 4), "float32"), np.zeros((0, 4), "float32"))).shape == (0,)


def test_corners_and_picked():
    boxes = np.array([[4, 5, 2, 6]], "float32")
    assert to_numpy(losses.corners(boxes)).tolist() == [[3, 2, 5, 8]]
    table = np.arange(24, dtype="float32").reshape(2, 12)
    assert to_numpy(losses.picked(table, np.array([2, 0]))).tolist() == [[8, 9, 10, 11], [12, 13, 14, 15]]
    assert to_numpy(losses.picked(table[:, :4], np.array([2, 0]))).tolist() == table[:, :4].tolist()


def test_wrong_settings_of_losses_are_refused():
    for beta in (0, -1, np.nan, True):
        with pytest.raises(ValueError, match="beta must be a number above 0"):
            losses.smooth_l1(np.zeros((1, 4)), np.zeros((1, 4)), beta)
    with pytest.raises(ValueError, match="name must be one of 'squared'"):
        losses.box_loss("l2")
    with pytest.raises(ValueError, match="box_weight must be a number from 0"):
        losses.two_head_loss(3, losses.squared, 1, -1)
    with pytest.raises(ValueError, match="classes must be at least 1"):
        losses.two_head_loss(0, losses.squared)


# Both heads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3])
def test_two_heads_say_scores_and_shares(rows):
    model = heads.two_heads(3, rows, size=16)
    x = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype("uint8")
    outputs = to_numpy(model(x, training=False))
    assert outputs.shape == (5, 3 + 4 * rows)
    assert abs(outputs[:, 3:] - 0.5).max() < 1, "boxes start near the middle, half as wide"
    labels, boxes = heads.answers(outputs, 3)
    assert labels.tolist() == outputs[:, :3].argmax(1).tolist()
    wanted = outputs[:, 3:].reshape(5, rows, 4)[np.arange(5), labels if rows == 3 else 0]
    np.testing.assert_array_equal(boxes, wanted)
    _, others = heads.answers(outputs, 3, np.full(5, 2))
    np.testing.assert_array_equal(others, outputs[:, 3:].reshape(5, rows, 4)[:, 2 if rows == 3 else 0])


def test_wrong_heads_are_refused():
    with pytest.raises(ValueError, match="rows must be 1 or the number of classes, 3"):
        heads.heads((3, 3, 8), 3, rows=2)
    with pytest.raises(ValueError, match="rows must be a whole number"):
        heads.heads((3, 3, 8), 3, rows=True)
    with pytest.raises(ValueError, match="size must be a multiple of 8"):
        heads.trunk(20)
    for wrong in (np.zeros((2, 9)), np.zeros(7)):
        with pytest.raises(ValueError, match="Give outputs"):
            heads.answers(wrong, 3)


def test_the_loss_of_two_heads_by_hand():
    dice = np.random.default_rng(5)
    outputs, boxes = dice.uniform(size=(4, 3 + 12)).astype("float32"), dice.uniform(size=(4, 4)).astype("float32")
    labels = np.array([2, 0, 1, 1])
    targets = np.column_stack([labels, boxes]).astype("float32")
    loss = losses.two_head_loss(3, losses.squared, 0.5, 7.0)(ops.convert_to_tensor(targets), outputs)
    scores = outputs[:, :3].astype(float)
    named = np.log(np.exp(scores).sum(1)) - scores[np.arange(4), labels]
    placed = ((outputs[:, 3:].reshape(4, 3, 4)[np.arange(4), labels] - boxes) ** 2).sum(1)
    np.testing.assert_allclose(to_numpy(loss), 0.5 * named + 7 * placed, rtol=1e-4)


def test_the_rows_of_other_classes_get_no_gradient():
    targets = np.array([[1, 0.5, 0.5, 0.3, 0.3]], "float32")
    loss = losses.two_head_loss(3, losses.squared, 0, 1)
    _, slope = backend.value_and_grad(lambda out: ops.sum(loss(ops.convert_to_tensor(targets), out)))(
        np.full((1, 15), 0.9, "float32")
    )
    assert np.flatnonzero(slope[0]).tolist() == [7, 8, 9, 10]


def test_a_head_without_weight_stays_as_it_was():
    model, (x, y) = heads.two_heads(4), trials.lone(20, 0)
    before = [layer.get_weights() for layer in model.get_layer("heads").layers]
    trials.teach(model, x, y, seed=0, scale="quick", named=0.0, epochs=1, batch=10)
    for layer, old in zip(model.get_layer("heads").layers, before, strict=True):
        same = all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), old, strict=True))
        assert same == (layer.name not in ("box_hidden", "boxes"))


# Trials -------------------------------------------------------------------------------------------------------------


def test_lone_objects_fill_their_boxes():
    x, y = trials.lone(40, 3)
    assert (x.shape, x.dtype, y.shape) == ((40, 24, 24, 3), np.uint8, (40, 5))
    assert np.bincount(y[:, 0].astype(int)).tolist() == [10] * 4
    corner = to_numpy(losses.corners(y[:, 1:]))
    assert 0 <= corner.min() < corner.max() <= 1
    np.testing.assert_allclose(corner * 24, np.round(corner * 24), atol=1e-4)
    np.testing.assert_allclose(trials.overlaps(y[:, 1:], y[:, 1:]), 1, atol=1e-5)


def test_spoiled_changes_as_many_boxes_as_it_says():
    _, y = trials.lone(100, 1)
    for kind in ("swapped", "pixels"):
        wrong = trials_losses.spoiled(y, kind, 0)
        changed = (wrong != y).any(1)
        assert changed.sum() == 5
        assert np.array_equal(wrong[:, 0], y[:, 0])
        if kind == "pixels":
            np.testing.assert_allclose(wrong[changed, 1:], 24 * y[changed, 1:])
        else:
            assert all((y[:, 1:] == box).all(1).any() for box in wrong[changed, 1:])
    assert np.array_equal(trials_losses.spoiled(y, "right", 0), y)
    with pytest.raises(ValueError, match="kind must be one of"):
        trials_losses.spoiled(y, "wrong", 0)
    with pytest.raises(ValueError, match="share must be a number from 0 to 1"):
        trials_losses.spoiled(y, "pixels", 0, 2)


def test_the_chosen_rates_are_those_that_validation_found():
    stored = experiments.load("boxes", "rates")
    for loss, rate in trials_losses.CHOSEN.items():
        assert rate == trials_losses.RATES[stored[f"{loss}_right"].mean(0).argmax()]


def test_metrics_agree_with_the_judge():
    model, (x, y) = heads.two_heads(4), trials.lone(30, 2)
    outputs = model(x, training=False)
    found = [float(to_numpy(metric(y, outputs)).mean()) for metric in (trials.class_accuracy, trials.box_overlap)]
    np.testing.assert_allclose(found, trials.judged(model, x, y), atol=1e-5)


# Drawings -----------------------------------------------------------------------------------------------------------


def test_pulls_grow_stay_or_fade():
    pull = localization_drawings.pulls()
    far = localization_drawings.SHIFTS > 8.1
    np.testing.assert_allclose(pull["squared"], localization_drawings.SHIFTS, rtol=1e-4)
    np.testing.assert_allclose(pull["absolute"], 1, rtol=1e-4)
    np.testing.assert_allclose(pull["smooth_l1"], np.minimum(localization_drawings.SHIFTS, 1), rtol=1e-4)
    assert not pull["iou"][far].any(), "boxes that do not touch"
    assert (pull["giou"][far] > 0.1).all()
    assert localization_drawings.pull_curves().axes


@pytest.mark.once
def test_answers_are_drawn_for_every_net():
    x, y = trials.lone(3, 5)
    boxes = 24 * to_numpy(losses.corners(y[:, 1:]))
    drawn = localization_drawings.answered(x, boxes, [boxes, boxes], ["a", "b"], [["x"] * 3] * 2)
    assert len(drawn.axes) == 6


@pytest.mark.parametrize("loss", losses.NAMES)
def test_the_fitted_box_is_the_best_of_its_neighbours(loss):
    for wrong in localization_drawings.WRONG:
        said, drawn = localization_drawings.fitted(loss, wrong), localization_drawings.annotated(wrong)
        best = localization_drawings.cost(loss, said, drawn)
        for move in np.random.default_rng(0).normal(0, 0.3, (40, 4)):
            assert localization_drawings.cost(loss, said + move, drawn) >= best - 1e-3
        assert localization_drawings.draw_pull(loss, wrong).axes
        assert loss.split("_")[0] in localization_drawings.say_pull(loss, wrong).lower()


def test_squares_fit_the_mean_and_absolutes_the_median():
    drawn = localization_drawings.annotated(3)
    np.testing.assert_allclose(localization_drawings.fitted("squared", 3), drawn.mean(0), atol=0.05)
    np.testing.assert_allclose(localization_drawings.fitted("absolute", 3), np.median(drawn, 0), atol=0.05)


def test_the_cost_in_numpy_is_the_loss():
    drawn, said = localization_drawings.annotated(3), np.array([5.0, 6, 14, 17])
    for name in losses.NAMES:
        unit = losses.smooth_l1(drawn, said, localization_drawings.BETA) if name == "smooth_l1" else None
        by_name = {"squared": losses.squared, "absolute": losses.absolute, "iou": losses.iou_loss}
        by_name["giou"] = losses.giou_loss
        truth = np.broadcast_to(said, drawn.shape).astype("float32")
        wanted = unit if unit is not None else by_name[name](drawn.astype("float32"), truth)
        assert localization_drawings.cost(name, said, drawn) == pytest.approx(to_numpy(wanted).mean(), rel=1e-3)
