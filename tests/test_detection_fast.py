"""Fast R-CNN and SPP-net: projection, pyramids, the multi-task loss, what steps see, and both detectors."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from sklearn.metrics import log_loss

from cvnotes import backend, data, detection
from cvnotes import boxes as geometry
from cvnotes.detection import fast_drawings, fast_lessons, fast_loss, fast_rcnn, lessons, projection, spp
from cvnotes.detection import pyramid_pooling as pyramid
from tests.examples import examples

CLASSES = 10
SCENES = data.scenes(6, seed=77)
DICE = np.random.default_rng(0)


def around(scenes, count=8, seed=0):
    """Boxes near the objects of each scene and elsewhere, in whole pixels, in the place of a search."""
    dice = np.random.default_rng(seed)
    found = []
    for truth in geometry.truths(scenes):
        near = truth.boxes[dice.integers(0, len(truth.boxes), count)] + dice.integers(-3, 4, (count, 4))
        low = dice.integers(0, 40, (count, 2))
        far = np.concatenate([low, low + dice.integers(8, 24, (count, 2))], axis=1)
        found.append(geometry.clip(np.round(np.concatenate([near, far])).astype("float32"), (64, 64)))
    return found


PROPOSALS = around(SCENES)
GIVEN = lessons.gather(SCENES, PROPOSALS)


# Projection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [2, 4, 8, 16, 32])
def test_on_all_whole_pixels_nearest_is_off_by_a_quarter_of_the_stride_and_by_half_at_most(stride):
    low = np.arange(16 * stride, dtype="float32")
    boxes = np.stack([low, low, low + 5, low + 5], axis=1)
    off = np.abs(projection.errors(boxes, stride, "nearest")[:, 0])
    assert off.mean() == stride / 4
    assert off.max() == stride / 2
    outward = projection.errors(boxes, stride, "outward")
    assert (outward[:, :2] <= 0).all()
    assert (outward[:, 2:] >= 0).all()
    assert np.abs(outward[:, 0]).mean() == (stride - 1) / 2
    assert not projection.errors(boxes, stride, "exact").any()


@given(st.integers(0, 10**6), st.sampled_from([1, 4, 16]))
@examples(40)
def test_the_pooling_rule_is_the_region_that_roi_pool_reads(seed, stride):
    low = np.random.default_rng(seed).integers(0, 12, 2)
    box = np.float32([[*low, *low + np.random.default_rng(seed + 1).integers(0, 9, 2)]]) * stride / 2
    x0, y0, x1, y1 = projection.projected(box, stride, "pooling")[0].astype(int)
    cells = np.zeros((1, 16, 16, 1), "float32")
    cells[0, y0:y1, x0:x1] = 1
    read = ops.convert_to_numpy(geometry.roi_pool(cells, box, [0], (y1 - y0, x1 - x0), 1 / stride))
    assert (read == 1).all(), "every bin is inside"
    assert ops.convert_to_numpy(geometry.roi_pool(1 - cells, box, [0], 1, 1 / stride)).max() == 0, "nothing outside"


def test_kept_and_coverage_by_hand():
    box = np.float32([[0, 0, 16, 16], [4, 4, 12, 12]])
    np.testing.assert_allclose(projection.kept(box, 16, "outward"), [1, 0.25])
    count = projection.coverage(np.float32([[0, 0, 4, 2], [2, 1, 6, 3]]), (4, 8))
    assert count.sum() == 16
    assert count[1, 2] == 2
    assert projection.coverage(np.zeros((0, 4)), (4, 8)).sum() == 0
    assert projection.coverage([[-3, -3, 2, 2]], (4, 8)).sum() == 4, "what lies outside is cut off"
    np.testing.assert_allclose(projection.kept([[0, 0, 8, 16]], 16, "outward"), [0.5])
    assert projection.kept([], 16, "nearest").shape == (0,)


# Pyramids -----------------------------------------------------------------------------------------------------------


@given(st.integers(4, 20), st.integers(4, 20), st.integers(1, 3))
@examples(25)
def test_maps_of_any_size_give_one_length_and_its_first_level_is_the_maximum(height, width, depth):
    maps = np.random.default_rng(height).normal(size=(2, height, width, depth)).astype("float32")
    row = ops.convert_to_numpy(pyramid.pyramid_pool(maps))
    assert row.shape == (2, 21 * depth)
    np.testing.assert_array_equal(row[:, :depth], maps.max(axis=(1, 2)))
    np.testing.assert_array_equal(row[:, -16 * depth :].reshape(2, 16, depth).max(axis=1), maps.max(axis=(1, 2)))


def test_a_level_that_divides_the_map_is_max_pooling_of_keras():
    maps = DICE.normal(size=(3, 8, 12, 2)).astype("float32")
    ours = ops.convert_to_numpy(pyramid.pyramid_pool(maps, (4,)))
    keras_own = ops.convert_to_numpy(ops.max_pool(maps, (2, 3), strides=(2, 3)))
    np.testing.assert_array_equal(ours, keras_own.reshape(3, -1))


def test_a_layer_lets_a_net_take_any_size():
    inputs = keras.Input((None, None, 3))
    row = pyramid.PyramidPooling((1, 2))(keras.layers.Conv2D(4, 3, padding="same")(inputs))
    net = keras.Model(inputs, keras.layers.Dense(2)(row))
    for size in ((8, 8), (13, 7), (20, 31)):
        assert tuple(net(np.zeros((1, *size, 3), "float32")).shape) == (1, 2)
    copy = pyramid.PyramidPooling.from_config(pyramid.PyramidPooling((1, 3)).get_config())
    assert copy.levels == (1, 3)


def test_the_papers_windows_miss_cells_where_sides_do_not_divide():
    assert pyramid.paper_windows(13, 4) == [(0, 4), (3, 7), (6, 10), (9, 13)]
    assert [pyramid.unseen(13, level) for level in (1, 2, 3, 6)] == [0, 0, 0, 0], "the sizes of the paper"
    assert pyramid.unseen(7, 4) == 2
    for side in range(1, 30):
        for level in range(1, side + 1):
            seen = {c for low, high in pyramid.paper_windows(side, level) for c in range(low, high)}
            assert pyramid.unseen(side, level) == len(set(range(side)) - seen)


# The loss -----------------------------------------------------------------------------------------------------------


def answers(count=12, classes=3, seed=0):
    dice = np.random.default_rng(seed)
    said = dice.normal(size=(count, classes + 1 + 4 * classes)).astype("float32")
    wanted = dice.normal(size=(count, 5)).astype("float32")
    wanted[:, 0] = np.arange(count) % (classes + 1)
    return wanted, said


def test_the_two_parts_are_what_scikit_learn_and_a_loop_say():
    wanted, said = answers()
    names = ops.convert_to_numpy(fast_loss.name_loss(wanted, said, 3))
    chances = np.exp(said[:, :4]) / np.exp(said[:, :4]).sum(1, keepdims=True)
    np.testing.assert_allclose(names.mean(), log_loss(wanted[:, 0], chances), rtol=1e-5)
    places = ops.convert_to_numpy(fast_loss.place_loss(wanted, said, 3))
    for row, (truth, one) in enumerate(zip(wanted, said, strict=True)):
        label = int(truth[0])
        off = np.abs(one[4:].reshape(3, 4)[label - 1] - truth[1:])
        slow = np.where(off < 1, off**2 / 2, off - 0.5).sum() if label else 0
        np.testing.assert_allclose(places[row], slow, rtol=1e-5)
    total = ops.convert_to_numpy(fast_loss.multi_task_loss(3, 0.5)(wanted, said))
    np.testing.assert_allclose(total, names + 0.5 * places, rtol=1e-5)


def test_background_teaches_no_offset_and_an_object_only_those_of_its_class():
    wanted, said = answers()
    slope = backend.value_and_grad(lambda x: ops.sum(fast_loss.place_loss(wanted, x, 3)))(said)[1]
    assert not slope[:, :4].any()
    by_class = np.abs(slope[:, 4:].reshape(-1, 3, 4)).sum(-1) > 0
    for row, label in zip(by_class, wanted[:, 0].astype(int), strict=True):
        np.testing.assert_array_equal(row, np.arange(1, 4) == label)


# What a step sees ---------------------------------------------------------------------------------------------------


def test_wanted_says_class_and_offsets_that_lead_back_to_the_true_box():
    wanted = fast_lessons.wanted(GIVEN)
    near = GIVEN.iou >= 0.5
    np.testing.assert_array_equal(wanted[:, 0], np.where(near, GIVEN.labels + 1, 0))
    np.testing.assert_allclose(geometry.decode(wanted[near, 1:], GIVEN.boxes[near]), GIVEN.best[near], atol=1e-3)
    assert not wanted[~near].any()


def test_a_region_is_an_object_from_one_half_on():
    two = GIVEN.take(np.array([0, 0]))._replace(iou=np.float32([0.5, np.nextafter(np.float32(0.5), 0)]))
    assert (fast_lessons.wanted(two)[:, 0] > 0).tolist() == [True, False]


def test_offsets_lead_to_the_object_however_its_picture_lies():
    image, true, near = np.zeros((48, 48, 3), np.uint8), np.float32([[10, 12, 34, 20]]), np.float32([[8, 8, 30, 24]])
    image[12:20, 10:34] = 255
    rows = np.column_stack([[1], geometry.encode(true, near)]).astype("float32")
    step = fast_lessons.Step(np.stack([image] * 64), np.repeat(near, 64, 0), np.arange(64), np.repeat(rows, 64, 0))
    turned = fast_lessons.posed(step, np.random.default_rng(0), turned=True)
    found = geometry.decode(turned.wanted[:, 1:], turned.boxes)
    for picture, box in zip(turned.images[..., 0], found, strict=True):
        high, wide = np.nonzero(picture)
        np.testing.assert_allclose(box, [wide.min(), high.min(), wide.max() + 1, high.max() + 1], atol=1e-3)
    assert len(np.unique(found.round(), axis=0)) == 8


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 24), st.sampled_from([0.0, 0.25, 1.0]))
@examples(60)
def test_regions_are_drawn_by_share_and_never_come_up_short(objects, rest, regions, share):
    if objects + rest == 0:
        return
    labels = np.repeat([3, 0], [objects, rest])
    rows = fast_lessons.drawn(labels, regions, share, np.random.default_rng(0))
    assert len(rows) == regions
    count = (labels[rows] > 0).sum()
    assert count == (min(round(share * regions), objects) if rest else regions)
    few = rows[labels[rows] > 0] if rest else rows[:0]
    assert len(set(few)) == len(few), "no object twice while there is background to fill up"


def test_a_pass_shows_every_picture_once_with_its_own_regions_and_mirrors_whole():
    seen = list(fast_lessons.steps(SCENES.images, GIVEN, seed=3, pictures=2, regions=5))
    assert len(seen) == 3
    for step in seen:
        assert step.images.shape == (2, 64, 64, 3)
        np.testing.assert_array_equal(step.pictures, np.repeat([0, 1], 5))
        for place, image in enumerate(step.images):
            same = [i for i, one in enumerate(SCENES.images) if np.array_equal(one, image)]
            back = [i for i, one in enumerate(SCENES.images) if np.array_equal(one[:, ::-1], image)]
            assert len(same) + len(back) == 1
            i = (same + back)[0]
            own, truth = step.pictures == place, SCENES.boxes[i]
            boxes, wanted = step.boxes[own], step.wanted[own]
            near = wanted[:, 0] > 0
            said = geometry.decode(wanted[near, 1:], boxes[near])
            true = truth if same else np.stack([64 - truth[:, 2], truth[:, 1], 64 - truth[:, 0], truth[:, 3]], axis=1)
            assert (geometry.iou(said, true[np.isfinite(true).all(1)]).max(1, initial=0) > 0.99).all()
    again = list(fast_lessons.steps(SCENES.images, GIVEN, seed=3, pictures=2, regions=5))
    assert all(np.array_equal(one.boxes, other.boxes) for one, other in zip(seen, again, strict=True))


def test_turned_pictures_lie_in_all_eight_ways_and_their_boxes_with_them():
    images = np.repeat(SCENES.images[:1], 64, axis=0)
    regions = GIVEN.take(GIVEN.scenes == 0)
    wanted = fast_lessons.wanted(regions)
    rows = np.arange(2)
    step = fast_lessons.Step(
        images, np.tile(regions.boxes[rows], (64, 1)), np.repeat(np.arange(64), 2), np.tile(wanted[rows], (64, 1))
    )
    turned = fast_lessons.posed(step, np.random.default_rng(0), turned=True)
    assert len({one.tobytes() for one in turned.images}) == 8
    plain = fast_lessons.posed(step, np.random.default_rng(0), turned=False)
    assert len({one.tobytes() for one in plain.images}) == 2
    for i in range(0, 128, 2):
        x0, y0, x1, y1 = turned.boxes[i].astype(int)
        inside = turned.images[i // 2, y0:y1, x0:x1]
        left, top, right, bottom = regions.boxes[0].astype(int)
        np.testing.assert_array_equal(
            np.sort(inside.reshape(-1, 3), axis=0),
            np.sort(SCENES.images[0, top:bottom, left:right].reshape(-1, 3), axis=0),
        )
        near = geometry.decode(turned.wanted[i : i + 2, 1:], turned.boxes[i : i + 2])
        sizes = np.sort(near[:, 2:] - near[:, :2], axis=1)
        np.testing.assert_allclose(
            sizes, np.sort(regions.best[rows][:, 2:] - regions.best[rows][:, :2], axis=1), atol=1e-3
        )


# The detectors ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    net = fast_rcnn.small_fast_rcnn(stride=4, width=0.5)
    return net, fast_rcnn.train(net, SCENES.images, GIVEN, epochs=30, rate=4e-3, seed=0, pictures=3)


def test_training_lowers_both_parts_and_the_net_finds_what_it_has_seen(trained):
    net, told = trained
    assert len(told["loss"]) == 30
    assert told["name"][-1] < 0.5 * told["name"][0]
    assert told["place"][-1] < 0.7 * told["place"][0]
    np.testing.assert_allclose(told["loss"], np.add(told["name"], told["place"]), rtol=1e-3)
    found = fast_rcnn.detect(net, SCENES.images, PROPOSALS)
    assert geometry.mean_average_precision(found, geometry.truths(SCENES)) > 0.5


def test_one_step_moves_trunk_and_both_answers():
    net = fast_rcnn.small_fast_rcnn(width=0.5)
    before = {weight.path: ops.convert_to_numpy(weight) for weight in net.trainable_weights}
    fast_rcnn.train(net, SCENES.images, GIVEN, epochs=1, rate=1e-3, seed=0, pictures=6)
    moved = {w.path for w in net.trainable_weights if np.abs(ops.convert_to_numpy(w) - before[w.path]).max() > 0}
    assert moved == set(before)
    assert any("names" in path for path in moved)
    assert any("places" in path for path in moved)


def test_answers_do_not_depend_on_the_company_of_a_box_and_no_picture_gives_nothing(trained):
    net, _ = trained
    together = fast_rcnn.say(net, SCENES.images, PROPOSALS)
    alone = fast_rcnn.say(net, SCENES.images[2:3], [PROPOSALS[2][4:5]])[0]
    np.testing.assert_allclose(together[2][4:5], alone, atol=2e-4)
    mixed = fast_rcnn.detect(net, SCENES.images[:2], [PROPOSALS[0], np.zeros((0, 4))])
    assert len(mixed[0].boxes)
    assert mixed[1].boxes.shape == (0, 4)
    assert fast_rcnn.detect(net, np.zeros((0, 64, 64, 3), np.uint8), []) == []


def test_decode_by_hand():
    said = np.zeros((2, 1 + 2 + 8), "float32")
    said[0, 2], said[1, 0] = 9, 9  # the first is class 1 (of 0 and 1), the second background
    said[0, 3 + 4 : 3 + 8] = [1, 0, np.log(2) / 0.2, 0]  # a tenth of the width to the right, twice as wide
    found = fast_rcnn.decode(said, np.float32([[10, 10, 20, 20], [30, 30, 40, 40]]), (64, 64), least=0.5)
    np.testing.assert_array_equal(found.labels, [1])
    np.testing.assert_allclose(found.boxes, [[6, 10, 26, 20]], atol=1e-4)
    stay = fast_rcnn.decode(said, np.float32([[10, 10, 20, 20], [30, 30, 40, 40]]), (64, 64), least=0.5, move=False)
    np.testing.assert_allclose(stay.boxes, [[10, 10, 20, 20]])


def test_spp_net_judges_cached_rows_over_a_trunk_that_stays_as_it_is():
    scenes = data.scenes(40, seed=78)  # every class has a true box
    found, truths = around(scenes, 6), geometry.truths(scenes)
    regions = lessons.gather(scenes, found)
    body = spp.pretrained(scenes.images, regions, epochs=2, rate=3e-3, seed=0, width=0.5)
    before = body.get_weights()
    net, size = spp.fit(body, scenes.images, regions, epochs=4, rate=3e-3, seed=0)
    assert all(np.array_equal(one, other) for one, other in zip(before, body.get_weights(), strict=True))
    rows = spp.pooled(body, scenes.images, found, 4)
    assert rows[0].shape == (12, 21 * body.output_shape[-1])
    assert size == 4 * rows[0].shape[1] * len(regions.boxes)
    reached = geometry.mean_average_precision(spp.detect(net, scenes.images, found), truths)
    blank = net._replace(svms=np.zeros_like(net.svms))
    assert reached > 0.05 + geometry.mean_average_precision(spp.detect(blank, scenes.images, found), truths)
    with pytest.raises(ValueError, match="each of 40 pictures"):
        spp.detect(net, scenes.images, found[:3])


def test_what_is_pooled_and_what_a_head_reads_lies_under_the_box_at_the_stride_of_the_map():
    body = spp.empty_body(0.5)
    maps = ops.convert_to_numpy(body(SCENES.images[:2], training=False))
    for some, row, one in zip(PROPOSALS[:2], spp.pooled(body, SCENES.images[:2], PROPOSALS[:2], 4), maps, strict=True):
        under = geometry.roi_pool(one[None], some / 4, np.zeros(len(some), int), 1)
        np.testing.assert_allclose(row[:, : one.shape[-1]], ops.convert_to_numpy(under)[:, 0, 0], atol=1e-5)
    head = fast_rcnn.region_head((16, 16, 3), 2, 4, way="pool")
    cells, boxes = np.zeros((1, 16, 16, 3), "float32"), np.float32([[16, 16, 28, 28]])
    still = ops.convert_to_numpy(head([cells, boxes, np.zeros(1, "int32")]))
    far, near = cells.copy(), cells.copy()
    far[0, 12, 12], near[0, 5, 5] = 9, 9
    for one, same in ((far, True), (near, False)):
        said = ops.convert_to_numpy(head([one, boxes, np.zeros(1, "int32")]))
        assert np.array_equal(said, still) == same


def test_windows_show_the_surroundings_of_a_region_at_their_own_scale():
    regions = GIVEN.take(GIVEN.scenes == 2)
    cut = spp.windows(SCENES.images, regions)
    x, y = ((regions.boxes[0, :2] + regions.boxes[0, 2:]) / 2).round().astype(int)
    assert cut.shape == (len(regions.boxes), 32, 32, 3)
    part = SCENES.images[2, max(y - 4, 0) : y + 4, max(x - 4, 0) : x + 4].astype(float)
    inner = cut[0, 16 - min(y, 4) : 20, 16 - min(x, 4) : 20].astype(float)[: part.shape[0], : part.shape[1]]
    assert np.abs(inner - part).mean() < 25, "off by less than a pixel"


def test_regions_that_do_not_come_picture_by_picture_are_refused_not_mixed_up():
    mixed = GIVEN.take(np.argsort(-GIVEN.scenes, kind="stable"))
    body = spp.empty_body(0.5)
    for ask in (
        lambda: spp.windows(SCENES.images, mixed),
        lambda: spp.fit(body, SCENES.images, mixed, epochs=1, rate=1e-3, seed=0),
        lambda: spp.windows(SCENES.images[:2], GIVEN),
    ):
        with pytest.raises(ValueError, match="picture by picture"):
            ask()
    parts = spp.parted(GIVEN.take(GIVEN.scenes != 1), 6)
    assert [len(part) for part in parts] == [(i != 1) * np.sum(GIVEN.scenes == i) for i in range(6)]


def test_a_net_refuses_regions_of_classes_that_it_does_not_know():
    net = fast_rcnn.small_fast_rcnn(int(GIVEN.labels.max()), width=0.5)
    with pytest.raises(ValueError, match="tells apart"):
        fast_rcnn.train(net, SCENES.images, GIVEN, epochs=1, rate=1e-3, seed=0)


def test_a_pyramid_compiled_for_any_size_says_what_it_needs():
    inputs = keras.Input((None, None, 2))
    with pytest.raises(ValueError, match="H and W known"):
        pyramid.pyramid_pool(inputs)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: projection.projected([[0, 0, 9, 9]], 16, "inward"), "inward"),
        (lambda: projection.projected([[0, 0, 9, 9]], 0), "stride"),
        (lambda: projection.coverage([[3, 0, 1, 9]], (9, 9)), "x0 <= x1"),
        (lambda: pyramid.pyramid_pool(np.zeros((3, 4, 4))), r"maps \(n, H, W, C\)"),
        (lambda: pyramid.pyramid_pool(np.zeros((1, 4, 4, 1)), ()), "levels"),
        (lambda: pyramid.PyramidPooling((2, 0)), "levels"),
        (lambda: pyramid.paper_windows(3, 4), "level"),
        (lambda: fast_loss.multi_task_loss(0), "classes"),
        (lambda: fast_loss.multi_task_loss(3, -1), "weight"),
        (lambda: next(fast_lessons.steps(SCENES.images[:2], GIVEN, 0)), "their own regions"),
        (lambda: next(fast_lessons.steps(SCENES.images, GIVEN, 0, regions=0)), "regions"),
        (lambda: next(fast_lessons.steps(SCENES.images, GIVEN, 0, share=2)), "share"),
        (lambda: fast_rcnn.small_fast_rcnn(way="crop"), "crop"),
        (lambda: fast_rcnn.small_fast_rcnn(stride=5), "stride"),
        (lambda: fast_rcnn.small_fast_rcnn(0), "classes"),
        (lambda: fast_rcnn.say(None, SCENES.images, []), "each of 6 pictures"),
        (lambda: fast_rcnn.decode(np.zeros((2, 11)), [[0, 0, 9, 9]], (64, 64)), "1 rows"),
        (lambda: fast_rcnn.detect(None, SCENES.images / 255), "bytes"),
        (lambda: fast_rcnn.say(None, SCENES.images / 255, PROPOSALS), "bytes"),
        (lambda: fast_rcnn.train(None, SCENES.images / 255, GIVEN, epochs=1, rate=1e-3, seed=0), "bytes"),
        (lambda: fast_rcnn.decode(np.full((1, 11), np.nan), [[0, 0, 9, 9]], (64, 64)), "finite"),
        (lambda: fast_rcnn.decode(np.zeros((1, 1)), [[0, 0, 9, 9]], (64, 64)), "1 rows"),
        (lambda: spp.pooled(None, SCENES.images / 255, PROPOSALS, 4), "bytes"),
        (lambda: spp.pooled(None, SCENES.images, PROPOSALS[:2], 4), "each of 6 pictures"),
        (lambda: projection.coverage([[0, 0, 9, 9]], (9.0, 9)), "size"),
        (lambda: fast_lessons.drawn(np.zeros(0), 4, 0.25, DICE), "at least one region"),
        (lambda: next(fast_lessons.steps(SCENES.images, GIVEN.take(GIVEN.scenes != 2), 0)), "at least one for each"),
        (lambda: next(fast_lessons.steps(SCENES.images[:0], GIVEN.take(GIVEN.scenes < 0), 0)), "at least one"),
        (lambda: next(fast_lessons.steps(SCENES.images, GIVEN, 1.5)), "seed"),
        (lambda: next(fast_lessons.steps(SCENES.images, GIVEN, 0, turned="no")), "turned"),
        (lambda: next(fast_lessons.steps(SCENES.images[:, :32], GIVEN, 0, turned=True)), "square"),
        (lambda: fast_loss.multi_task_loss(3)(np.zeros((2, 5)), np.zeros((2, 11), "float32")), "16"),
        (lambda: fast_loss.multi_task_loss(3)(np.zeros((2, 4)), np.zeros((2, 16), "float32")), r"truth \(k, 5\)"),
        (lambda: fast_drawings.mosaic(SCENES.images[0], 7), "stride"),
        (lambda: fast_drawings.read(np.float32([0, 0, 9, 9]), "crop"), "crop"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


# The figures --------------------------------------------------------------------------------------------------------


def test_pooling_climbs_in_stairs_and_align_does_not():
    pool, align = fast_drawings.changes("pool"), fast_drawings.changes("align")
    assert pool[0] == align[0] == 0
    assert (np.diff(pool) == 0).sum() >= 3, "shifts below the rounding change nothing"
    assert (np.diff(align) != 0).all()


@pytest.mark.once
def test_every_frame_of_the_figure_to_play_with_is_drawn_and_told():
    told = {fast_drawings.say_played(way, shift) for way in fast_drawings.WAYS for shift in fast_drawings.SHIFTS}
    assert len(told) >= 9 + 9
    for way in fast_drawings.WAYS:
        assert len(fast_drawings.played(way, 3).axes) == 2


@pytest.mark.once
def test_the_other_figures_are_drawn_from_numbers(trained):
    net, told = trained
    found = fast_rcnn.detect(net, SCENES.images[:3], PROPOSALS[:3])
    assert len(fast_drawings.gallery(SCENES[:3], found).axes) == 3
    assert len(fast_drawings.covered(SCENES.images[0], PROPOSALS[0]).axes) == 3
    assert len(fast_drawings.projections(SCENES.images[0], PROPOSALS[0][0], 8).axes) == 3
    assert fast_drawings.losses(told).axes[0].get_xlabel().startswith("passes")
    assert fast_drawings.seconds((10, 100), {"one": [1, 2]}).axes[0].get_xscale() == "log"
    pieces = [np.ones((4, 6)), np.ones((7, 5))]
    assert len(fast_drawings.pyramid(pieces, [np.ones(21)] * 2).axes) == 8
    assert detection.projected is projection.projected
