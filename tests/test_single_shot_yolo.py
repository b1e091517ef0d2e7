"""YOLO: the grid and its targets, the published loss against a slow twin, reading the tensor, the net of the paper."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, boxes, data, experiments, models, single_shot
from cvnotes.single_shot import drawings_yolo, trials_yolo, yolo, yolo_loss, yolo_paper, yolo_slopes
from cvnotes.single_shot import grid as grids
from cvnotes.single_shot.grid import Grid
from tests.examples import examples

GRIDS = (Grid(), Grid(4, 3, 5), Grid(8, 1, 10, per_box=True), Grid(2, 2, 4, per_box=True))


def truth(*objects):
    """One picture: objects as (x0, y0, x1, y1, label)."""
    rows = np.array(objects, np.float32).reshape(-1, 5)
    return boxes.Truth(rows[:, :4], rows[:, 4].astype(int))


def noise(*shape, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype("float32")


def shares(grid, n, seed=0):
    """A tensor of outputs between 0.05 and 0.95."""
    return np.random.default_rng(seed).uniform(0.05, 0.95, (n, *grid.shape)).astype("float32")


def lessons(grid, n=3, seed=5):
    scenes = data.scenes(n, seed=seed, classes=data.CLASSES[: grid.classes])
    return boxes.truths(scenes), grids.grid_targets(boxes.truths(scenes), grid)


# The trunk ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "strides"), [(1.0, (4, 8)), (0.5, (8,)), (0.3, (2, 4, 8, 16)), (2, (16, 4))])
def test_the_trunk_gives_a_map_for_every_stride(width, strides):
    base = single_shot.trunk(width, strides)
    said = base(np.zeros((2, 64, 64, 3), "uint8"))
    assert set(said) == {f"stride_{stride}" for stride in strides}
    for stride in strides:
        assert said[f"stride_{stride}"].shape[:3] == (2, 64 // stride, 64 // stride)


def test_the_trunk_reads_bytes_and_floats_alike_and_any_size():
    base = single_shot.trunk(0.5, (8,), size=None)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 64, 3)).astype("uint8")
    told = [ops.convert_to_numpy(base(x)["stride_8"]) for x in (pictures, pictures.astype("float32"))]
    assert told[0].shape[1:3] == (12, 8)
    np.testing.assert_allclose(*told, atol=1e-6)
    assert base.get_layer("stride2_1_bn").momentum == 0.9


@pytest.mark.parametrize(("width", "strides"), [(0, (4,)), (1.0, (3,)), (1.0, ()), ("1", (4,)), (1.0, (32,)), (1.0, 8)])
def test_the_trunk_refuses_what_cannot_be(width, strides):
    with pytest.raises(ValueError, match="Received"):
        single_shot.trunk(width, strides)


# The grid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "numbers"), [(Grid(7, 2, 20), 30), (Grid(7, 2, 20, per_box=True), 50), (Grid(13, 5, 80, True), 425)]
)
def test_the_numbers_of_a_cell(grid, numbers):
    assert grid.numbers == numbers
    assert grid.shape == (grid.cells, grid.cells, numbers)


@pytest.mark.parametrize("counts", [(0, 2, 3), (7, 0, 3), (7, 2, 0), (7.0, 2, 3), (True, 2, 3)])
def test_a_grid_refuses_counts_that_are_none(counts):
    with pytest.raises(ValueError, match="Received"):
        Grid(*counts)


@pytest.mark.parametrize("grid", GRIDS)
def test_split_takes_every_number_exactly_once(grid):
    count = grid.numbers
    tensor = np.broadcast_to(np.arange(count, dtype="float32"), (2, *grid.shape)).copy()
    parts = [ops.convert_to_numpy(part) for part in grids.split(tensor, grid)]
    assert [part.shape[3:] for part in parts] == [
        (grid.boxes, 2), (grid.boxes, 2), (grid.boxes,), (grid.boxes if grid.per_box else 1, grid.classes)
    ]  # fmt: skip
    seen = np.concatenate([part[0, 0, 0].ravel() for part in parts])
    assert sorted(seen) == list(range(count))
    step = 5 + grid.classes if grid.per_box else 5
    np.testing.assert_array_equal(parts[0][1, 1, 1, :, 0], step * np.arange(grid.boxes))
    np.testing.assert_array_equal(parts[2][1, 1, 1], step * np.arange(grid.boxes) + 4)


def test_split_takes_one_picture_too_and_refuses_other_shapes():
    grid = Grid(2, 2, 3)
    assert grids.split(np.zeros(grid.shape, "float32"), grid).xy.shape == (2, 2, 2, 2)
    with pytest.raises(ValueError, match="Received"):
        grids.split(np.zeros((1, 2, 2, 12), "float32"), grid)


def test_the_cell_of_the_centre_is_responsible():
    row, column = grids.responsible([[0, 0, 8, 8], [30, 14, 34, 18], [56, 60, 72, 68]], cells=8, size=64)
    assert list(zip(row, column, strict=True)) == [(0, 0), (2, 4), (7, 7)]
    assert [len(part) for part in grids.responsible(np.zeros((0, 4)), 8, 64)] == [0, 0]
    with pytest.raises(ValueError, match="centres"):
        grids.responsible([[60, 60, 80, 80]], 8, 64)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: grids.responsible(np.zeros((4, 2)), 8, 64), "boxes"),
        (lambda: grids.responsible([[40, 40, 10, 10]], 8, 64), "x0 <= x1"),
        (lambda: grids.responsible([[0, 0, 8, 8]], 0, 64), "cells"),
        (lambda: grids.responsible([[0, 0, 8, 8]], 8, (64, 64)), "size"),
        (lambda: grids.grid_targets([truth((40, 40, 10, 10, 1))], Grid()), "x0 <= x1"),
        (lambda: Grid(per_box="no"), "per_box"),
        (lambda: Grid(per_box=1), "per_box"),
        (lambda: yolo.candidates(np.full((1, 8, 8, 20), np.nan), Grid()), "NaN"),
        (lambda: yolo.candidates(np.zeros((8, 8, 20)), Grid()), "tensors"),
        (lambda: yolo.candidates(np.zeros((1, 8, 8, 20)), Grid(), size=0), "size"),
        (lambda: yolo.predict(None, np.full((1, 64, 64, 3), np.nan)), "NaN"),
        (lambda: yolo.predict(None, np.zeros((1, 64, 64, 3)), batch=0), "batch"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()
    assert yolo.candidates(np.zeros((0, 8, 8, 20)), Grid()) == []


def test_targets_of_one_object_by_hand():
    wanted = grids.grid_targets([truth((8, 20, 24, 36, 3)), truth()], Grid(8, 2, 10))
    assert wanted.shape == (2, 8, 8, 15)
    assert wanted[1].any() == np.False_
    filled = np.argwhere(wanted[0].any(-1))
    np.testing.assert_array_equal(filled, [[3, 2]])  # centre (16, 28), cells of 8 pixels
    expected = np.zeros(15)
    expected[[0, 1, 2, 3, 4, 8]] = 1, 0, 0.5, 0.25, 0.25, 1
    np.testing.assert_allclose(wanted[0, 3, 2], expected)


def test_where_two_centres_share_a_cell_the_first_object_keeps_it():
    wanted = grids.grid_targets([truth((0, 0, 6, 6, 1), (2, 2, 8, 8, 2))], Grid(8, 2, 10))
    assert wanted[..., 0].sum() == 1
    assert wanted[0, 0, 0, 5:].tolist() == [0, 1, *[0] * 8]


@pytest.mark.parametrize("label", [-1, 10])
def test_targets_refuse_labels_that_are_no_class(label):
    with pytest.raises(ValueError, match="Labels"):
        grids.grid_targets([truth((0, 0, 6, 6, label))], Grid(8, 2, 10))


@given(
    st.integers(1, 12),
    st.lists(st.tuples(*[st.integers(0, 63)] * 2, *[st.integers(1, 40)] * 2), min_size=1, max_size=6),
)
@examples(60)
def test_what_targets_write_down_is_read_back(cells, objects):
    """Encode and decode: targets turned into outputs give the boxes of the first object of each cell."""
    corners = [(x, y, x + min(w, 64 - x), y + min(h, 64 - y), k) for k, (x, y, w, h) in enumerate(objects)]
    grid, one = Grid(cells, 1, 10), truth(*corners)
    wanted = grids.grid_targets([one], grid)
    said = np.concatenate([wanted[..., 1:3], np.sqrt(wanted[..., 3:5]), wanted[..., :1], wanted[..., 5:]], -1)
    found = yolo.candidates(said, grid, threshold=0.5)[0]
    places = list(zip(*grids.responsible(one.boxes, cells, 64), strict=True))
    kept = [k for k, place in enumerate(places) if place not in places[:k]]
    assert sorted(found.labels) == kept
    order = np.argsort(found.labels)
    np.testing.assert_allclose(found.boxes[order], one.boxes[kept], atol=1e-3)


# The loss -----------------------------------------------------------------------------------------------------------


def slow_terms(wanted, said, grid, errors="squared"):
    """Equation 3 of the paper with a loop for every sum, for one picture."""
    found = dict.fromkeys(yolo_loss.Terms._fields, 0.0)

    def gap(target, share):
        if errors == "squared":
            return (target - share) ** 2
        return -target * np.log(share) - (1 - target) * np.log(1 - share)

    for row in range(grid.cells):
        for column in range(grid.cells):
            cell, true = said[row, column], wanted[row, column]
            step = 5 + grid.classes if grid.per_box else 5
            predictors = [cell[j * step : j * step + 5] for j in range(grid.boxes)]
            names = [cell[-grid.classes :]] * grid.boxes
            if grid.per_box:
                names = [cell[j * step + 5 : (j + 1) * step] for j in range(grid.boxes)]
            x, y, w, h = (float(v) for v in true[1:5])
            shared = []
            for px, py, pw, ph, _ in predictors:
                box = np.array([[px / grid.cells - pw**2 / 2, py / grid.cells - ph**2 / 2,
                                 px / grid.cells + pw**2 / 2, py / grid.cells + ph**2 / 2]])  # fmt: skip
                real = np.array([[x / grid.cells - w / 2, y / grid.cells - h / 2,
                                  x / grid.cells + w / 2, y / grid.cells + h / 2]])  # fmt: skip
                shared.append(float(boxes.iou(box, real)[0, 0]))
            distance = [
                (px - x) ** 2 + (py - y) ** 2 + (pw - w**0.5) ** 2 + (ph - h**0.5) ** 2
                for px, py, pw, ph, _ in predictors
            ]
            winner = int(np.argmax(shared)) if max(shared) > 0 else int(np.argmin(distance))
            for j, (px, py, pw, ph, confidence) in enumerate(predictors):
                if true[0] and j == winner:
                    found["centre"] += 5 * ((px - x) ** 2 + (py - y) ** 2)
                    found["size"] += 5 * ((pw - w**0.5) ** 2 + (ph - h**0.5) ** 2)
                    found["confidence"] += gap(shared[j], confidence)
                else:
                    found["no_object"] += 0.5 * gap(0.0, confidence)
            if true[0]:
                for target, share in zip(true[5:], names[winner], strict=True):
                    found["classes"] += (target - share) ** 2 if errors == "squared" else -target * np.log(share)
    return found


@pytest.mark.parametrize("errors", yolo_loss.ERRORS)
@pytest.mark.parametrize("grid", GRIDS)
def test_every_term_agrees_with_the_slow_twin(grid, errors):
    _, wanted = lessons(grid)
    said = shares(grid, len(wanted), seed=grid.cells)
    told = yolo_loss.terms(wanted, said, grid, errors)
    for k in range(len(wanted)):
        expected = slow_terms(wanted[k], said[k].astype(float), grid, errors)
        for name, value in expected.items():
            np.testing.assert_allclose(ops.convert_to_numpy(getattr(told, name))[k], value, rtol=2e-4, err_msg=name)
    total = ops.convert_to_numpy(yolo_loss.grid_loss(grid, errors)(wanted, said))
    np.testing.assert_allclose(total, np.mean(sum(ops.convert_to_numpy(part) for part in told)), rtol=1e-5)


def test_where_no_box_touches_the_nearest_numbers_are_responsible():
    grid = Grid(2, 2, 3)
    wanted = grids.grid_targets([truth((0, 0, 4, 4, 1))], grid)
    said = np.zeros((1, *grid.shape), "float32")
    said[0, 0, 0, :10] = [0.9, 0.9, 0.1, 0.1, 0, 0.5, 0.5, 0.1, 0.1, 0]
    parts = grids.split(said, grid)
    assert not ops.convert_to_numpy(yolo_loss.overlap(parts, wanted, grid)).any()
    there = ops.convert_to_numpy(yolo_loss.chosen(parts, wanted, grid))
    np.testing.assert_array_equal(there[0, 0, 0], [0, 1])
    assert there.sum() == 1


@pytest.mark.parametrize("errors", yolo_loss.ERRORS)
@pytest.mark.parametrize("grid", GRIDS[:3])
def test_the_gradient_is_that_of_finite_differences_with_targets_held(grid, errors):
    """The overlap is a constant of the loss: differences are taken with the targets of confidence held still."""
    _, wanted = lessons(grid, 1)
    said = shares(grid, 1, seed=1)
    loss = yolo_loss.grid_loss(grid, errors)
    _, slope = backend.value_and_grad(lambda x: loss(wanted, x))(said)
    parts = grids.split(said, grid)
    held = [ops.convert_to_numpy(f(parts, wanted, grid)) for f in (yolo_loss.overlap, yolo_loss.chosen)]
    dice, step = np.random.default_rng(0), 1e-3
    there = np.argwhere(wanted[0, ..., 0])
    for k in range(40):
        row, column = there[k % len(there)] if k % 2 else dice.integers(0, grid.cells, 2)
        place = (0, row, column, dice.integers(grid.numbers))
        ends = []
        for sign in (1, -1):
            moved = said.astype(float)
            moved[place] += sign * step
            ends.append(held_loss(wanted, moved, grid, errors, *held))
        np.testing.assert_allclose(slope[place], (ends[0] - ends[1]) / (2 * step), rtol=2e-3, atol=2e-3)


def held_loss(wanted, said, grid, errors, shared, there):
    """The loss in plain NumPy with responsibility and overlap given."""
    n, lead = len(said), (len(said), grid.cells, grid.cells)
    if grid.per_box:
        rows = said.reshape(*lead, grid.boxes, -1)
        numbers, names = rows[..., :5], rows[..., 5:]
    else:
        numbers = said[..., : 5 * grid.boxes].reshape(*lead, grid.boxes, 5)
        names = said[..., None, 5 * grid.boxes :]
    certain, target = numbers[..., 4], there * shared
    squares = (numbers[..., :2] - wanted[..., None, 1:3]) ** 2
    squares = squares + (numbers[..., 2:4] - np.sqrt(wanted[..., None, 3:5])) ** 2
    weights = there + 0.5 * (1 - there)
    if errors == "squared":
        gap, unsure = (target - certain) ** 2, (names - wanted[..., None, 5:]) ** 2
    else:
        gap = -target * np.log(certain) - (1 - target) * np.log(1 - certain)
        unsure = -wanted[..., None, 5:] * np.log(names)
    answers = there if grid.per_box else wanted[..., :1]
    whole = 5 * (there[..., None] * squares).sum() + (weights * gap).sum() + (answers[..., None] * unsure).sum()
    return whole / n


def test_gradient_reaches_boxes_of_one_cell_and_confidence_of_all():
    grid = Grid(8, 2, 10)
    wanted = grids.grid_targets([truth((8, 20, 24, 36, 3))], grid)
    said = shares(grid, 1)
    _, slope = backend.value_and_grad(lambda x: yolo_loss.grid_loss(grid)(wanted, x))(said)
    parts = [ops.convert_to_numpy(part)[0] for part in grids.split(slope, grid)]
    for part, count in ((parts[0], 2), (parts[1], 2), (parts[3], 10)):
        touched = np.argwhere(part)
        assert len(touched) == count
        assert {tuple(place[:2]) for place in touched} == {(3, 2)}
    assert (parts[2] != 0).all()


@pytest.mark.parametrize("grid", GRIDS)
def test_the_overlap_agrees_with_boxes_one_by_one(grid):
    _, wanted = lessons(grid)
    said = shares(grid, len(wanted), seed=3)
    told = ops.convert_to_numpy(yolo_loss.overlap(grids.split(said, grid), wanted, grid))
    np.testing.assert_allclose(told, yolo_slopes.overlaps(said, wanted, grid), atol=1e-5)
    assert (told > 0).sum() > 3


@pytest.mark.parametrize(("head", "own"), [("dense", True), ("conv", False)])
def test_one_object_moves_the_output_weights_of_its_cell_or_of_all(head, own):
    grid = Grid(8, 2, 10)
    net, image = yolo.small_yolo(grid, 0.25, head=head), data.scenes(1).images
    moved = [
        yolo_slopes.weight_slopes(net, image, grids.grid_targets([truth(box)], grid), grid)
        for box in ((8, 20, 24, 36, 3), (40, 40, 56, 56, 3))
    ]
    assert all(np.any(slope) for one in moved for slope in one.values())
    first, second = (one["cells"] != 0 for one in moved)
    columns = first.reshape(-1, first.shape[-1]).any(0)
    assert columns.sum() == 14 if own else columns.sum() >= 14
    assert (first & second).any() != own
    with pytest.raises(ValueError, match="name"):
        yolo_slopes.weight_slopes(net, image, np.zeros((1, 8, 8, 15), "float32"), grid, ["colour"])


def test_a_picture_without_objects_teaches_confidence_alone():
    grid = Grid(4, 2, 3)
    wanted = grids.grid_targets([truth()], grid)
    told = [float(ops.convert_to_numpy(part)[0]) for part in yolo_loss.terms(wanted, shares(grid, 1), grid)]
    assert [value > 0 for value in told] == [False, False, False, True, False]


@pytest.mark.parametrize("errors", yolo_loss.ERRORS)
def test_the_loss_stays_finite_where_outputs_are_extreme(errors):
    grid = Grid(2, 2, 3)
    wanted = grids.grid_targets([truth((0, 0, 4, 4, 1))], grid)
    for value in (0.0, 1.0):
        loss = lambda x: yolo_loss.grid_loss(grid, errors)(wanted, x)  # noqa: E731
        result, slope = backend.value_and_grad(loss)(np.full((1, *grid.shape), value, "float32"))
        assert np.isfinite(result)
        assert np.isfinite(slope).all()


def test_the_loss_refuses_other_errors():
    with pytest.raises(ValueError, match="errors"):
        yolo_loss.grid_loss(Grid(), "cubed")


# The net, and how it is read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("head", yolo.HEADS)
@pytest.mark.parametrize("grid", [Grid(), Grid(4, 1, 3, per_box=True)])
def test_the_small_net_gives_the_tensor_of_its_grid(grid, head, squash):
    net = yolo.small_yolo(grid, 0.25, head=head, squash=squash)
    said = yolo.predict(net, np.zeros((3, 64, 64, 3), "uint8"), batch=2)
    assert said.shape == (3, *grid.shape)
    if squash:
        parts = [ops.convert_to_numpy(part) for part in grids.split(said, grid)]
        assert all((part >= 0).all() and (part <= 1).all() for part in parts)
        np.testing.assert_allclose(parts[3].sum(-1), 1, atol=1e-5)


def test_squashing_follows_the_order_of_split(tmp_path):
    for grid in GRIDS:
        layer = yolo.Squash(grid)
        raw = noise(2, *grid.shape)
        before = [ops.convert_to_numpy(part) for part in grids.split(raw, grid)]
        after = [ops.convert_to_numpy(part) for part in grids.split(layer(raw), grid)]
        for old, new in zip(before[:3], after[:3], strict=True):
            np.testing.assert_allclose(new, 1 / (1 + np.exp(-old)), atol=1e-5)
        np.testing.assert_allclose(after[3], np.exp(before[3]) / np.exp(before[3]).sum(-1, keepdims=True), atol=1e-5)
        assert yolo.Squash.from_config(layer.get_config()).grid == grid
    net = yolo.small_yolo(Grid(8, 1, 3), 0.25, squash=True)
    net.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    x = data.scenes(1).images
    np.testing.assert_allclose(yolo.predict(net, x), yolo.predict(again, x), atol=1e-6)


@pytest.mark.parametrize("options", [{"head": "both"}, {"grid": Grid(7)}, {"grid": Grid(32)}, {"size": 3}])
def test_the_small_net_refuses_what_cannot_be(options):
    with pytest.raises(ValueError, match="Received"):
        yolo.small_yolo(**options)


def test_scores_are_class_share_times_confidence_and_never_of_two_negatives():
    grid = Grid(2, 2, 3)
    said = np.zeros((1, *grid.shape), "float32")
    said[0, 1, 0] = [0.5, 0.5, 0.5, 0.5, 0.8, 0.25, 0.5, 0.25, 0.5, 0.4, 0.1, 0.7, 1.2]
    said[0, 0, 1] = [0.5, 0.5, 0.5, 0.5, -0.9, 0.5, 0.5, 0.5, 0.5, -0.9, -0.9, 0, 0]
    found = yolo.candidates(said, grid, threshold=0.25)[0]
    np.testing.assert_allclose(found.scores, [0.56, 0.8, 0.28, 0.4], atol=1e-6)
    assert found.labels.tolist() == [1, 2, 1, 2]
    np.testing.assert_allclose(found.boxes[0], [8, 40, 24, 56])
    np.testing.assert_allclose(found.boxes[2], [6, 40, 10, 56])
    assert not len(yolo.candidates(said, grid, threshold=1.0)[0].scores)


def test_boxes_that_leave_the_picture_are_clipped():
    grid = Grid(2, 1, 1)
    said = np.zeros((1, *grid.shape), "float32")
    said[0, 0, 0] = [0, 0, 1, 0.5, 1, 1]
    np.testing.assert_allclose(yolo.candidates(said, grid)[0].boxes, [[0, 0, 32, 8]])


def test_suppression_keeps_the_best_of_one_class_and_all_classes():
    found = boxes.Detections(
        np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [40, 40, 50, 50]], float),
        np.array([0.5, 0.9, 0.4, 0.2]),
        np.array([1, 1, 2, 1]),
    )
    empty = boxes.Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    one, none = yolo.suppressed([found, empty])
    assert one.scores.tolist() == [0.9, 0.4, 0.2]
    assert len(none.scores) == 0


@pytest.mark.parametrize("threshold", [-0.1, 1.5, None])
def test_thresholds_are_shares(threshold):
    with pytest.raises(ValueError, match="threshold"):
        yolo.candidates(np.zeros((1, 8, 8, 20), "float32"), Grid(), threshold)


def test_detect_finds_what_a_net_says():
    grid, truths = Grid(), boxes.truths(scenes := data.scenes(4, seed=3))
    wanted = grids.grid_targets(truths, grid)
    pair = np.concatenate([wanted[..., 1:3], np.sqrt(wanted[..., 3:5]), wanted[..., :1]], -1)
    oracle = np.concatenate([pair, pair, wanted[..., 5:]], -1)
    found = yolo.detect(lambda images, training: oracle[: len(images)], scenes.images, grid)
    assert boxes.mean_average_precision(found, truths) > 0.99
    assert [len(one.scores) for one in found] == wanted[..., 0].sum((1, 2)).tolist()


def test_detect_wants_pictures():
    with pytest.raises(ValueError, match="pictures"):
        yolo.detect(lambda images, training: images, np.zeros((64, 64, 3), "uint8"))


def test_no_pictures_hold_nothing():
    assert yolo.detect(yolo.small_yolo(), np.zeros((0, 64, 64, 3), "uint8")) == []


# The net of the paper -----------------------------------------------------------------------------------------------


def by_hand():
    """Weights of YOLO, version 1, from the figure of its paper: window, maps in and out of 24 convolutions, 2 dense."""
    convolutions = [(7, 3, 64), (3, 64, 192), (1, 192, 128), (3, 128, 256), (1, 256, 256), (3, 256, 512)]
    convolutions += [(1, 512, 256), (3, 256, 512)] * 4 + [(1, 512, 512), (3, 512, 1024)]
    convolutions += [(1, 1024, 512), (3, 512, 1024)] * 2 + [(3, 1024, 1024)] * 4
    assert len(convolutions) == 24
    dense = [(7 * 7 * 1024, 4096), (4096, 7 * 7 * 30)]
    return [k * k * a * b + b for k, a, b in convolutions] + [a * b + b for a, b in dense]


def test_the_net_of_the_paper_has_the_counted_parameters():
    with backend.unallocated():
        net = yolo_paper.yolo_v1()
    assert net.output_shape == (None, 7, 7, 30)
    layers = [layer for layer in net.layers if layer.weights]
    assert [layer.count_params() for layer in layers] == by_hand()
    assert net.count_params() == sum(by_hand()) == 271_703_550
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == ["Conv2D"] * 24 + ["Dense"] * 2


def test_the_net_of_the_paper_takes_other_sizes_and_refuses_smaller_ones():
    with backend.unallocated():
        assert yolo_paper.yolo_v1((128, 192, 3), classes=3, boxes=1).output_shape == (None, 2, 3, 8)
    with pytest.raises(ValueError, match="YOLO"):
        yolo_paper.yolo_v1((32, 64, 3))


def test_the_net_of_the_paper_is_in_the_register():
    assert "yolo-v1" in models.names()
    assert models.sketch("yolo-v1").count_params() == 271_703_550


# What is stored -----------------------------------------------------------------------------------------------------


def test_five_nets_reach_the_aim_and_every_step_of_the_reading_counts():
    found = experiments.load("single_shot", "yolo_held_out")
    assert found["map"].mean() >= 0.9
    for name in ("raw", "share", "share_raw"):
        assert (found["map"] > found[name]).all()
    assert (found["boxes_raw"] > found["boxes"]).all()


def test_later_losses_learn_faster_than_the_published_one():
    found = experiments.load("single_shot", "yolo_ways")
    assert (found["cell_map"] > found["published_map"]).all()


def test_the_stored_net_finds_what_is_there():
    scenes = boxes.validation(60)
    net, grid = trials_yolo.stored(), trials_yolo.WAYS[trials_yolo.BEST].grid
    found, truths = yolo.detect(net, scenes.images, grid), boxes.truths(scenes)
    assert boxes.mean_average_precision(found, truths) > 0.9
    assert boxes.mean_average_precision(found[1:] + found[:1], truths) < 0.2


def test_shared_cells_are_found_by_their_centres():
    apart, together = truth((0, 0, 6, 6, 1), (40, 40, 50, 50, 2)), truth((0, 0, 6, 6, 1), (2, 2, 7, 7, 2))
    assert trials_yolo.shared_cells([apart, together, truth()], Grid()).tolist() == [1]


# The pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_frame_of_the_figure_to_play_with_is_drawn_and_said():
    counts = {}
    for scene in (1, 2):
        for level in drawings_yolo.LEVELS:
            for suppression in (False, True):
                drawings_yolo.thresholded(scene, level, suppression)
                counts[scene, level, suppression] = len(drawings_yolo.kept(scene, level, suppression)[1].scores)
                assert f"{counts[scene, level, suppression]} boxes" in drawings_yolo.say_thresholded(
                    scene, level, suppression
                )
    for (scene, level, _), count in counts.items():
        assert counts[scene, level, True] <= counts[scene, level, False]
        assert count <= counts[scene, drawings_yolo.LEVELS[0], False]


@pytest.mark.once
def test_the_other_pictures_draw():
    scenes = data.scenes(5, seed=2)
    none = boxes.Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    some = boxes.Detections(np.array([[3.0, 2, 20, 30]]), np.array([0.7]), np.array([4]))
    for figure in (
        drawings_yolo.gridded(scenes[0]),
        drawings_yolo.tensor_rows({"one": Grid(7, 2, 20), "two": Grid(7, 2, 20, per_box=True)}),
        drawings_yolo.maps({"zero": np.zeros((3, 4)), "some": np.eye(3)}, marked=[(1, 1)]),
        drawings_yolo.gallery(scenes, [none, some, none, some, none]),
    ):
        figure.draw_without_rendering()


def test_what_no_box_of_its_class_covers_is_missed():
    scene = data.scenes(1, seed=2, objects=3)[0]
    both = boxes.Detections(scene.boxes[:2], np.ones(2), np.array([scene.labels[0], (scene.labels[1] + 1) % 10]))
    assert drawings_yolo.missed(scene, both).tolist() == [False, True, True]
