"""Instances: masks and their precision, pasting, filled crops, the six steps, and a mask branch on a shared map."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy import ndimage
from skimage.measure import label as connected

from cvnotes import boxes as geometry
from cvnotes import data
from cvnotes.boxes import Detections, Truth
from cvnotes.detection import codes, hierarchies, warping
from cvnotes.instances import (
    candidates,
    drawings,
    foreground,
    mask_head,
    masks,
    pasting,
    precision,
    refining,
    sds,
    sds_lessons,
    stored,
    touching,
    tracing,
    trials_masks,
    trials_steps,
)
from tests.examples import examples

DICE = np.random.default_rng(0)
SCENES = data.scenes(6, seed=5)
NONE = np.zeros((0, 64, 64), bool)
BOX = [[0, 0, 4, 4]]
AT, TRUE = Detections(np.float32(BOX), np.ones(1), np.zeros(1, int)), Truth(np.float32(BOX), np.zeros(1, int))


def some_masks(count, seed=0, side=24):
    """Blobs of any shape, some of them empty."""
    dice = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(dice.normal(size=(count, side, side)), (0, 2, 2))
    return noise > dice.uniform(0, 0.25, (count, 1, 1))


def some_boxes(count, seed=0, side=24):
    dice = np.random.default_rng(seed)
    low = dice.uniform(-3, 0.7 * side, (count, 2))
    return np.concatenate([low, low + dice.uniform(2, side, (count, 2))], axis=1).astype(np.float32)


# Masks --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 10**6))
@examples(40)
def test_mask_iou_is_that_of_pycocotools(count, others, seed):
    one, two = some_masks(count, seed), some_masks(others, seed + 1)
    ours = masks.mask_iou(one, two)
    assert ours.shape == (count, others)
    if count and others:
        packed = [[rle.encode(np.asfortranarray(m.astype(np.uint8))) for m in some] for some in (one, two)]
        np.testing.assert_allclose(ours, rle.iou(*packed, [0] * others), atol=1e-6)
    pairs = masks.paired_mask_iou(one[: min(count, others)], two[: min(count, others)])
    np.testing.assert_allclose(pairs, np.diag(ours)[: len(pairs)], atol=1e-6)


def test_boxes_of_masks_are_those_of_the_scenes():
    for scene in SCENES:
        np.testing.assert_array_equal(masks.mask_boxes(scene.masks), scene.boxes)
    assert masks.mask_boxes(NONE).shape == (0, 4)
    for one, scene in zip(masks.true_masks(SCENES), SCENES, strict=True):
        np.testing.assert_array_equal(one, scene.masks)


def test_masks_that_are_boxes_are_suppressed_as_boxes_are():
    for seed in range(5):
        corners = np.clip(np.rint(some_boxes(30, seed)), 0, 24)
        solid = np.zeros((30, 24, 24), bool)
        for mask, (x0, y0, x1, y1) in zip(solid, corners.astype(int), strict=True):
            mask[y0:y1, x0:x1] = True
        scores, labels = DICE.random(30), DICE.integers(0, 2, 30)
        ours = masks.mask_nms(solid, scores, labels, 0.4)
        np.testing.assert_array_equal(ours, geometry.class_nms(corners, scores, labels, 0.4))
        assert 2 < len(ours) < 30
    assert len(masks.mask_nms(NONE, [], [])) == 0
    assert masks.mask_boxes(NONE[:, :0, :0]).shape == (0, 4)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: masks.mask_iou(np.ones((1, 4, 4)), NONE), "masks > 0.5"),
        (lambda: masks.mask_iou(NONE, np.zeros((1, 4, 4), bool)), "64"),
        (lambda: masks.mask_boxes(np.zeros((2, 4, 4), bool)), "mask 0"),
        (lambda: masks.mask_nms(some_masks(2), [1.0], [0, 0]), "score"),
        (lambda: masks.mask_nms(some_masks(2), [1.0, 0.5], [0, 0], iou=2), "iou"),
        (lambda: masks.paired_mask_iou(some_masks(2), some_masks(3)), "2"),
        (lambda: masks.true_masks(SCENES.images), "ndarray"),
        (lambda: pasting.paste(np.ones((1, 4, 4)), [[0, 0, 0, 4]], 8), "width"),
        (lambda: pasting.paste(np.ones((2, 4, 4)), [[0, 0, 4, 4]], 8), "1 boxes"),
        (lambda: pasting.paste(np.full((1, 4, 4), np.nan), [[0, 0, 4, 4]], 8), "finite"),
        (lambda: pasting.paste(np.ones((1, 4, 4)), [[0, 0, 4, 4]], 2.5), "size"),
        (lambda: pasting.cut(np.ones((1, 4, 4)), [[0, 0, 4, 4]], True), "cells"),
        (lambda: pasting.cut(np.ones((4, 4)), [[0, 0, 4, 4]], 3), "4"),
        (lambda: candidates.propose_masks(SCENES.images[0], limit=-1), "limit"),
        (lambda: candidates.best_shares([NONE], []), "1 for 0"),
        (lambda: foreground.mean_colour(SCENES.images[0]), "pictures"),
        (lambda: foreground.fill(SCENES.images[0], np.ones((4, 4), bool), [0, 0, 0]), "size"),
        (lambda: sds_lessons.gather(SCENES, [NONE], [0, 0, 0]), "6 scenes and 1"),
        (lambda: mask_head.mask_branch(8, 2, 7), "even"),
        (lambda: mask_head.mask_net(read="zoom"), "zoom"),
        (lambda: mask_head.targets([np.ones((1, 4))], [[0]], []), "1, 1, 0"),
        (lambda: mask_head.targets([[[0, 0, 4, 4]]], [[0, 1]], [some_masks(1)]), "1, 2, 1"),
        (lambda: mask_head.targets([[[0, 0, 4, 4]]], [[0]], [some_masks(1)], jitter=0.9), "jitter"),
        (lambda: mask_head.chances(None, SCENES.images, []), "6 pictures"),
        (lambda: mask_head.targets([BOX], [[-1]], [some_masks(1)]), "from 0"),
        (lambda: mask_head.targets([BOX], [[0.5]], [some_masks(1)]), "whole numbers"),
        (lambda: mask_head.targets([BOX], [[0]], [some_masks(1) * 255]), "truth values"),
        (lambda: mask_head.targets([BOX], [[0]], [some_masks(1)], each=0), "each"),
        (lambda: mask_head.mask_net(size=12), "multiple of 8"),
        (lambda: mask_head.chances(None, SCENES.images[:1, :60], [AT]), "multiples of 8"),
        (lambda: mask_head.chances(None, SCENES.images[:1] / 255, [AT]), "255"),
        (
            lambda: mask_head.chances(None, SCENES.images[:1], [AT._replace(boxes=np.float32([[9, 9, 4, 4]]))]),
            "x0 <= x1",
        ),
        (lambda: mask_head.chances(None, SCENES.images[:1], [AT], together=0), "together"),
        (lambda: touching.components(np.zeros((4, 4))), "float64"),
        (lambda: touching.class_map(np.ones((1, 4, 4)), [0]), "masks > 0.5"),
        (lambda: touching.class_map(NONE, [0]), "0 boxes"),
        (lambda: pasting.paste(np.ones((1, 0, 4)), BOX, 8), "1, 0, 4"),
        (lambda: pasting.cut(np.ones((1, 4, 0)), BOX, 3), "1, 4, 0"),
        (lambda: foreground.mean_colour(np.full((1, 4, 4, 3), np.nan)), "finite"),
        (lambda: foreground.fill(SCENES.images[0], np.ones((64, 64)), [0, 0, 0]), "truth values"),
        (lambda: foreground.fill(SCENES.images[0], np.ones((64, 64), bool), [256, 0, 0]), "colour"),
        (lambda: foreground.fill(SCENES.images[0], np.ones((64, 64), bool), [np.nan, 0, 0]), "colour"),
        (lambda: foreground.fill(SCENES.images[0], np.ones((64, 64), bool), [0]), "3 numbers"),
        (lambda: foreground.fill(SCENES.images[0, ..., 0], np.ones((64, 64), bool), 0), "size"),
        (lambda: foreground.masked_crops(SCENES.images[0], NONE, [0, 0, 0], -2), "side"),
        (lambda: refining.vote(np.ones((1, 4, 4)), np.zeros((4, 4))), "segment"),
        (lambda: refining.vote(np.ones((1, 4, 4)), np.full((4, 4), -1)), "segment"),
        (lambda: refining.vote(np.ones((1, 4, 4)), np.zeros((2, 8), int)), "segment"),
        (lambda: sds.detect(None, SCENES.images, way="best"), "best"),
        (lambda: sds.detect(None, SCENES.images, [NONE]), "6 pictures"),
        (lambda: precision.mean_mask_precision([AT], [~NONE[:0]], [TRUE], [~NONE[:0]], limit=-1), "limit"),
    ],
)
def test_what_does_not_fit_is_refused(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


# Precision ----------------------------------------------------------------------------------------------------------


def by_coco(found, outlines, truths, true, ious):
    """Mask AP by pycocotools, through run-length codes."""

    def coded(mask):
        code = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
        return {"size": code["size"], "counts": code["counts"].decode()}

    objects, said = [], []
    for i, (truth, some) in enumerate(zip(truths, true, strict=True)):
        for label, mask in zip(truth.labels, some, strict=True):
            objects.append({"id": len(objects) + 1, "image_id": i, "category_id": int(label), "iscrowd": 0,
                            "area": int(mask.sum()), "segmentation": coded(mask), "bbox": [0, 0, 1, 1]})  # fmt: skip
    for i, (one, some) in enumerate(zip(found, outlines, strict=True)):
        for score, label, mask in zip(one.scores, one.labels, some, strict=True):
            said.append({"image_id": i, "category_id": int(label), "score": float(score), "segmentation": coded(mask)})
    coco = COCO()
    size = true[0].shape[1:]
    coco.dataset = {"images": [{"id": i, "height": size[0], "width": size[1]} for i in range(len(found))],
                    "annotations": objects, "categories": [{"id": i} for i in range(3)]}  # fmt: skip
    coco.createIndex()
    judge = COCOeval(coco, coco.loadRes(said), "segm")
    judge.params.iouThrs = np.array(ious)
    judge.evaluate(), judge.accumulate()
    values = judge.eval["precision"][:, :, :, 0, 2]
    return float(values[values > -1].mean())


def a_case(seed):
    """Pictures with objects, and detections that are objects gone astray, or nothing."""
    dice = np.random.default_rng(seed)
    truths, true, found, outlines = [], [], [], []
    for i in range(dice.integers(2, 6)):
        count = int(dice.integers(0 if i else 1, 4))
        some = some_masks(count, int(dice.integers(10**6)), 16)
        some = some[some.any(axis=(1, 2))]
        labels = dice.integers(0, 3, len(some))
        moved = [np.roll(mask, dice.integers(-2, 3, 2), (0, 1)) for mask in [*some, *some]]
        extra = list(some_masks(2, int(dice.integers(10**6)), 16))
        kinds = np.concatenate([labels, labels, dice.integers(0, 3, 2)])
        scores = dice.integers(1, 9, len(kinds)) / 10
        truths.append(Truth(masks.mask_boxes(some), labels))
        true.append(some)
        found.append(Detections(np.tile([0.0, 0, 1, 1], (len(kinds), 1)), scores, kinds))
        outlines.append(np.array(moved + extra))
    return found, outlines, truths, true


@given(st.integers(0, 10**6))
@examples(60)
@pytest.mark.filterwarnings("ignore")
def test_mask_precision_is_that_of_pycocotools(seed):
    case = a_case(seed)
    if not any(len(truth.labels) for truth in case[2]):
        return
    for ious in ((0.5,), geometry.COCO_IOUS):
        np.testing.assert_allclose(precision.mean_mask_precision(*case, ious), by_coco(*case, ious), atol=1e-6)


def test_an_iou_of_exactly_the_threshold_is_enough():
    true = np.zeros((1, 1, 20), bool)
    true[..., :20] = True
    part = true.copy()
    part[..., 11:] = False
    case = (
        [Detections(np.zeros((1, 4)), np.ones(1), np.zeros(1, int))],
        [part],
        [Truth(np.zeros((1, 4)), np.array([0]))],
    )
    assert precision.mean_mask_precision(*case, [true], 11 / 20) == 1
    assert precision.mean_mask_precision(*case, [true], 11 / 20 + 1e-9) == 0
    ranked = precision.judge_masks(*(some[0] for some in case), true, np.array([11 / 20, 11 / 20 + 1e-9]), None)
    for told in (ranked.hits, ~ranked.misses, ranked.near):
        assert told.tolist() == [[True], [False]]


def test_truth_itself_is_found_and_nothing_finds_nothing():
    truths, true = geometry.truths(SCENES), masks.true_masks(SCENES)
    found = trials_masks.as_found(SCENES)
    assert precision.mean_mask_precision(found, true, truths, true, geometry.COCO_IOUS) == 1
    empty = [Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))] * len(SCENES)
    assert precision.mean_mask_precision(empty, [NONE] * 6, truths, true) == 0
    gone = [np.zeros_like(some) for some in true]
    assert precision.mean_mask_precision(found, gone, truths, true) == 0, "an empty mask finds no object"
    for case, words in (
        ((found[:2], true, truths, true), "2, 6, 6, 6"),
        ((found, [NONE] * 6, truths, true), "0 for"),
        ((empty[:1], [NONE], [Truth(np.zeros((0, 4)), np.zeros(0, int))], [NONE]), "no recall"),
    ):
        with pytest.raises(ValueError, match=words):
            precision.mean_mask_precision(*case)


# Pasting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [2, 5, 14, 28])
@pytest.mark.parametrize("box", [(3, 2, 17, 16), (0, 0, 20, 20), (5, 6, 12, 20), (1, 1, 30, 31)])
def test_pasting_into_whole_pixels_is_the_resize_of_keras(cells, box):
    grid, (x0, y0, x1, y1) = DICE.random((cells, cells)).astype(np.float32), box
    picture = pasting.paste(grid[None], [box], (31, 30))[0]
    sizes = (y1 - y0, x1 - x0)
    wanted = keras.ops.image.resize(grid[..., None], sizes, "bilinear", antialias=False)
    np.testing.assert_allclose(picture[y0:y1, x0:x1], keras.ops.convert_to_numpy(wanted)[..., 0], atol=1e-5)
    outside = picture.copy()
    outside[y0:y1, x0:x1] = 0
    assert not outside.any()


@given(st.integers(1, 12), st.integers(0, 10**6))
@examples(40)
def test_pasting_is_what_scipy_reads(cells, seed):
    grid, box = np.random.default_rng(seed).random((cells, cells)), some_boxes(1, seed)[0]
    picture = pasting.paste(grid[None], box[None], 24)[0]
    rows, columns = np.mgrid[:24, :24] + 0.5
    places = [(line - low) / (high - low) * cells - 0.5 for line, low, high in
              ((rows, box[1], box[3]), (columns, box[0], box[2]))]  # fmt: skip
    read = ndimage.map_coordinates(grid, places, order=1, mode="nearest")
    inside = (rows > box[1]) & (rows < box[3]) & (columns > box[0]) & (columns < box[2])
    np.testing.assert_allclose(picture, np.where(inside, read, 0), atol=1e-4)


@given(st.integers(1, 16), st.integers(0, 10**6))
@examples(40)
def test_cutting_is_roi_align_with_one_sample(cells, seed):
    outlines, corners = some_masks(3, seed), geometry.clip(some_boxes(3, seed), (24, 24)) + np.float32([0, 0, 0.1, 0.1])
    wanted = geometry.roi_align(outlines[..., None].astype(np.float32), corners, np.arange(3), cells, samples=1)
    ours = pasting.cut(outlines, corners, cells)
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(wanted)[..., 0], atol=1e-4)


def test_a_mask_comes_back_from_a_fine_grid_and_no_mask_gives_no_picture():
    true, corners = SCENES[0].masks, SCENES[0].boxes
    back = [pasting.paste(pasting.cut(true, corners, cells) >= 0.5, corners, 64) > 0.5 for cells in (4, 14, 56)]
    shares = [masks.paired_mask_iou(some, true).mean() for some in back]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.95
    assert pasting.paste(np.zeros((0, 14, 14)), np.zeros((0, 4)), (5, 7)).shape == (0, 5, 7)
    assert pasting.cut(NONE, np.zeros((0, 4)), 14).shape == (0, 14, 14)


# Regions ------------------------------------------------------------------------------------------------------------


def test_region_masks_fit_the_boxes_and_sizes_of_the_grouping():
    one = hierarchies(SCENES.images[1], sigma=0.5)[0]
    found = candidates.region_masks(one)
    np.testing.assert_array_equal(found.sum(axis=(1, 2)), one.regions.size)
    np.testing.assert_array_equal(masks.mask_boxes(found), one.regions.box)
    assert found[-1].all()


def test_proposals_are_distinct_and_many_groupings_find_more():
    image, true = SCENES.images[2], [SCENES[2].masks]
    found = candidates.propose_masks(image, None)
    packed = {mask.tobytes() for mask in found}
    assert len(packed) == len(found)
    assert found[0].all(), "what was joined last comes first"
    np.testing.assert_array_equal(candidates.propose_masks(image, 10), found[:10])
    more = candidates.propose_masks(image, None, spaces=("hsv", "lab"))
    each = [candidates.region_masks(one)[::-1] for one in hierarchies(image, sigma=0.5, spaces=("hsv", "lab"))]
    turns = [mask.tobytes() for both in itertools.zip_longest(*each) for mask in both if mask is not None]
    assert [mask.tobytes() for mask in more] == list(dict.fromkeys(turns)), "groupings take turns, none comes twice"
    assert candidates.best_shares([more], true).mean() >= candidates.best_shares([found], true).mean()
    assert len(candidates.best_shares([], [])) == 0
    assert not candidates.best_shares([found[:0]], true).any()


def test_filled_crops_show_the_region_and_nothing_else():
    scene, colour = SCENES[0], foreground.mean_colour(SCENES.images)
    np.testing.assert_allclose(colour, SCENES.images.reshape(-1, 3).mean(0), rtol=1e-5)
    filled = foreground.fill(scene.image, scene.masks[0], colour)
    np.testing.assert_array_equal(filled[scene.masks[0]], scene.image[scene.masks[0]])
    assert (filled[~scene.masks[0]] == np.rint(colour)).all()
    crops = foreground.masked_crops(scene.image, scene.masks, colour)
    np.testing.assert_array_equal(crops[0], warping.crops(filled, scene.boxes[:1])[0])
    whole = np.ones((1, 64, 64), bool)
    np.testing.assert_array_equal(
        foreground.masked_crops(scene.image, whole, colour), warping.crops(scene.image, [[0, 0, 64, 64]])
    )
    assert foreground.masked_crops(scene.image, NONE, colour).shape == (0, 32, 32, 3)
    floats = foreground.fill(scene.image / np.float32(255), scene.masks[0], colour / 255)
    np.testing.assert_allclose(floats[~scene.masks[0]] - colour / 255, 0, atol=1e-7)


# Refinement ---------------------------------------------------------------------------------------------------------


def test_a_vote_of_single_pixels_is_the_threshold_and_segments_go_as_wholes():
    chances = DICE.random((3, 8, 8))
    np.testing.assert_array_equal(refining.vote(chances, np.arange(64).reshape(8, 8)), chances > 0.5)
    halves = np.repeat([[0] * 4 + [1] * 4], 8, axis=0)
    voted = refining.vote(chances, halves)
    np.testing.assert_array_equal(voted[:, 0, 0], chances[:, :, :4].mean(axis=(1, 2)) > 0.5)
    assert (voted[:, :, :4] == voted[:, :1, :1]).all()
    assert refining.vote(chances[:0], halves).shape == (0, 8, 8)
    np.testing.assert_array_equal(refining.vote(chances, 3 * halves), voted)  # numbers that are not used


def test_coarse_masks_that_codes_tell_are_read_from_codes():
    true, corners = SCENES[0].masks, SCENES[0].boxes
    aims = refining.coarse(np.repeat(true, 60, axis=0), np.repeat(corners, 60, axis=0)).astype(float)
    owner = np.repeat(np.arange(len(true)), 60)
    told = DICE.normal(size=(len(owner), 4)) * 0.01 + 10 * np.eye(4)[owner % 4]
    weights = refining.fit_masks(told, aims, owner * 0, np.ones(len(owner)), 3)
    said = refining.guessed(told[::60], corners, owner[::60] * 0, weights, (64, 64)) > 0.5
    assert masks.paired_mask_iou(said, true).min() > 0.75
    assert not weights[1:].any(), "classes without a lesson get zeros"
    far = refining.fit_masks(told, aims, owner * 0, np.full(len(owner), 0.4), 3)
    assert not far.any(), "regions that are mostly something else teach nothing"
    np.testing.assert_allclose(refining.widened(corners, 1), corners, atol=1e-4)
    np.testing.assert_allclose(geometry.area(refining.widened(corners)), 1.44 * geometry.area(corners), rtol=1e-4)


def test_a_pixel_of_the_region_stays_unless_the_guess_is_well_against_it():
    region, guess = np.array([[[True, True, False, False]]]), np.array([[[0.34, 0.32, 0.68, 0.66]]])
    assert (refining.mixed(guess, region) > 0.5).tolist() == [[[True, False, True, False]]]
    np.testing.assert_array_equal(refining.mixed(guess, region, 0), guess)
    np.testing.assert_array_equal(refining.mixed(guess, region, 1), region)


# The six steps ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pieces():
    return sds_lessons.gather(SCENES, candidates.proposed(SCENES.images, 20), np.float32([133, 123, 113]))


def test_lessons_compare_masks_and_put_the_truth_first(pieces):
    told = pieces.lessons
    assert told.true.sum() == SCENES.counts.sum()
    np.testing.assert_allclose(told.iou[told.true], 1)
    np.testing.assert_array_equal(told.labels[told.true], np.concatenate([scene.labels for scene in SCENES]))
    np.testing.assert_allclose(told.shared.max(axis=1), told.iou)
    assert len(pieces.masked) == len(told.crops) == len(pieces.own) == len(pieces.aim)
    np.testing.assert_array_equal(pieces.own[told.true], pieces.aim[told.true])
    assert len(pieces.take(told.true).masked) == told.true.sum()


def test_what_is_judged_and_refined_is_what_was_seen():
    model, image = stored.stored_steps(), SCENES.images[0]
    seen = sds.look(model, image, candidates.propose_masks(image))
    found, rows = sds.judge(model, seen)
    assert len(found.boxes) == len(rows) <= len(seen.masks)
    np.testing.assert_array_equal(found.boxes, seen.boxes[rows])
    assert (np.diff(found.scores) <= 0).all()
    same = masks.mask_iou(seen.masks[rows], seen.masks[rows]) * (found.labels[:, None] == found.labels)
    assert (same - np.eye(len(rows))).max() <= sds.SAME
    refined = sds.refine(model, image, sds.Look(*(field[rows] for field in seen)), found.labels)
    assert set(refined) == set(sds.WAYS)
    boxes_found, outlines = sds.detect(model, image[None])
    np.testing.assert_array_equal(outlines[0], refined["vote"])
    np.testing.assert_array_equal(boxes_found[0].scores, found.scores)
    assert sds.detect(model, SCENES.images[:0]) == ([], [])


def test_a_picture_without_proposals_has_no_instances():
    model = stored.stored_steps()
    found, outlines = sds.detect(model, SCENES.images[:1], [NONE])
    assert len(found[0].boxes) == 0
    assert outlines[0].shape == (0, 64, 64)


def test_the_stored_pipeline_finds_masks_and_both_codes_reach_the_judge():
    scenes = geometry.validation(12)
    model, truths, true = stored.stored_steps(), geometry.truths(scenes), masks.true_masks(scenes)
    reached = precision.mean_mask_precision(*sds.detect(model, scenes.images), truths, true)
    for part in (slice(0, codes.WIDTH), slice(codes.WIDTH, 2 * codes.WIDTH)):
        deaf = model.svms.copy()
        deaf[part] = 0
        less = precision.mean_mask_precision(*sds.detect(model._replace(svms=deaf), scenes.images), truths, true)
        assert less < reached - 0.02, "each half of the code has a say"


# The mask branch ----------------------------------------------------------------------------------------------------


def test_targets_hold_boxes_classes_and_their_masks():
    truths, true = geometry.truths(SCENES), masks.true_masks(SCENES)
    corners, labels = [one.boxes for one in truths], [one.labels for one in truths]
    wanted = mask_head.targets(corners, labels, true, jitter=0, cells=8)
    assert wanted.shape == (6, 4, 69)
    for row, one, some in zip(wanted, truths, true, strict=True):
        count = len(one.labels)
        assert (row[count:, 4] == -1).all()
        for place in row[:count]:
            mine = np.flatnonzero((one.boxes == place[:4]).all(axis=1))[0]
            assert place[4] == one.labels[mine]
            np.testing.assert_array_equal(place[5:].reshape(8, 8), pasting.cut(some, one.boxes, 8)[mine] >= 0.5)
    few = mask_head.targets(corners, labels, true, each=1)
    assert (few[:, :, 4] >= 0).all()
    moved = mask_head.targets(corners, labels, true)
    assert np.abs(moved[..., :4] - wanted[..., :4]).max() > 1
    empty = mask_head.targets([np.zeros((0, 4))], [np.zeros(0, int)], [NONE])
    assert (empty[..., 4] == -1).all()


def test_the_loss_is_the_cross_entropy_of_the_true_masks_alone():
    keras.utils.set_random_seed(0)
    model = mask_head.mask_net(classes=3, width=0.5, cells=8)
    images = SCENES.images[:2]
    corners = [[[4.0, 6, 30, 28], [20, 20, 50, 44]], [[8, 8, 40, 40]]]
    kinds, outlines = [[0, 2], [1]], [some_masks(2, 1, 64), some_masks(1, 2, 64)]
    wanted = mask_head.targets(corners, kinds, outlines, cells=8, each=3, jitter=0)
    maps = model(images)
    loss = keras.ops.convert_to_numpy(model.compute_loss(images, wanted, maps, training=False))
    places = [(i, j) for i in range(2) for j in range(3) if wanted[i, j, 4] >= 0]
    each = []
    for i, j in places:
        said = model.logits(maps, wanted[i, j, None, :4], np.array([i]))
        mine = keras.ops.convert_to_numpy(said)[0, :, :, int(wanted[i, j, 4])]
        entropy = keras.losses.binary_crossentropy(wanted[i, j, 5:], mine.ravel(), from_logits=True)
        each.append(float(keras.ops.convert_to_numpy(entropy)))
    np.testing.assert_allclose(loss, np.mean(each), rtol=1e-4)
    nothing = np.where(np.arange(wanted.shape[2]) == 4, -1, wanted).astype(np.float32)
    assert float(keras.ops.convert_to_numpy(model.compute_loss(images, nothing, maps, training=False))) == 0


def test_targets_of_other_cells_or_classes_are_not_trained_on():
    model = mask_head.mask_net(classes=2, width=0.25, cells=8)
    wanted = mask_head.targets([BOX], [[1]], [some_masks(1, side=64)], cells=8)
    for wrong in (wanted[..., :-1], wanted[0], np.where(wanted == 1, 2, wanted)):
        with pytest.raises(ValueError, match="2 classes"):
            mask_head.train(model, SCENES.images[:1], wrong, epochs=1, rate=1e-3)
    with pytest.raises(ValueError, match="multiples of 8"):
        mask_head.train(model, SCENES.images[:1, :60], wanted, epochs=1, rate=1e-3)


@pytest.mark.parametrize(("read", "epochs", "left"), [("align", 24, 0.6), ("pool", 4, 0.97)])
def test_a_few_scenes_are_learned_by_heart(read, epochs, left):
    scenes = data.scenes(16, seed=8, objects=2)
    found = trials_masks.as_found(scenes)
    wanted = mask_head.targets(
        [one.boxes for one in found], [one.labels for one in found], masks.true_masks(scenes), jitter=0, each=2
    )
    keras.utils.set_random_seed(0)
    model = mask_head.mask_net(width=0.5, read=read)
    before = model.branch.get_weights()[0].copy()
    history = mask_head.train(model, scenes.images, wanted, epochs=epochs, rate=5e-3)
    assert history["loss"][-1] < left * history["loss"][0]
    assert np.abs(model.branch.get_weights()[0] - before).max() > 1e-3


def test_masks_of_other_sizes_classes_and_counts():
    model = mask_head.mask_net(classes=1, size=None, width=0.25)
    images = np.zeros((2, 40, 72, 3), np.uint8)
    found = [Detections(np.float32([[1, 2, 30, 30]]), np.ones(1), np.zeros(1, int)),
             Detections(np.zeros((0, 4), np.float32), np.zeros(0), np.zeros(0, int))]  # fmt: skip
    said = mask_head.chances(model, images, found)
    assert [one.shape for one in said] == [(1, 40, 72), (0, 40, 72)]
    assert not said[0][0, 31:].any()
    assert 0 < said[0].max() < 1
    assert mask_head.chances(model, images[:0], []) == []
    assert [len(one) for one in mask_head.outlines(model, images, found[1:] * 2)] == [0, 0]
    flat = [found[0]._replace(boxes=np.float32([[72, 2, 72, 30]])), found[1]]
    assert not mask_head.chances(model, images, flat)[0].any(), "a box without width has no pixel"
    wrong = [found[0]._replace(labels=np.ones(1, int)), found[1]]
    with pytest.raises(ValueError, match="1 to 1"):
        mask_head.chances(model, images, wrong)


def test_each_detection_reads_the_mask_of_its_class_in_its_picture():
    keras.utils.set_random_seed(2)
    model, images = mask_head.mask_net(classes=3, width=0.25, cells=4), SCENES.images[:2]
    corners = np.float32([[4, 6, 30, 28], [4, 6, 30, 28], [10, 8, 50, 60]])
    found = [
        Detections(corners[:2], np.ones(2), np.array([2, 0])),
        Detections(corners[2:], np.ones(1), np.array([1])),
    ]
    said = mask_head.chances(model, images, found)
    for i, one in enumerate(found):
        logits = model.logits(model(images[i : i + 1], training=False), one.boxes, np.zeros(len(one.boxes), int))
        grids = keras.ops.convert_to_numpy(keras.ops.sigmoid(logits))[np.arange(len(one.labels)), ..., one.labels]
        np.testing.assert_allclose(said[i], pasting.paste(grids, one.boxes, 64), atol=1e-4)
        np.testing.assert_allclose(said[i], mask_head.chances(model, images, found, together=1)[i], atol=1e-4)
    assert np.abs(said[0][0] - said[0][1]).max() > 1e-3


def test_a_detector_that_is_stood_on_keeps_its_weights():
    scenes = data.scenes(8, seed=3, objects=1)
    body = mask_head.trunk(0.25, (4, 8), 64)
    model = mask_head.mask_net(body=body)
    found = trials_masks.as_found(scenes)
    wanted = mask_head.targets([one.boxes for one in found], [one.labels for one in found], masks.true_masks(scenes))
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in body.weights]
    inside = model.body.get_layer("stride4_1_conv").get_weights()[0]
    mask_head.train(model, scenes.images, wanted, epochs=2, rate=1e-2)
    np.testing.assert_array_equal(model.body.get_layer("stride4_1_conv").get_weights()[0], inside)
    for weight, kept in zip(body.weights, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), kept)


def test_the_stored_branch_outlines_what_a_box_alone_does_not():
    scenes = geometry.validation(20)
    found, true = trials_masks.as_found(scenes), np.concatenate(masks.true_masks(scenes))
    inside = np.concatenate(mask_head.outlines(stored.stored_masks(), scenes.images, found))
    boxed = np.concatenate([pasting.paste(np.ones((len(one.boxes), 1, 1)), one.boxes, 64) > 0.5 for one in found])
    ours, plain = (masks.paired_mask_iou(some, true).mean() for some in (inside, boxed))
    assert ours > plain + 0.1


# Classes are not instances ------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@examples(30)
def test_components_are_those_of_scikit_image(seed):
    classes = np.random.default_rng(seed).integers(-1, 2, (12, 12))
    found, outlines = touching.components(classes)
    wanted = connected(classes, background=-1, connectivity=2)
    assert len(outlines) == wanted.max()
    assert {mask.tobytes() for mask in outlines} == {(wanted == i + 1).tobytes() for i in range(wanted.max())}
    for label, mask in zip(found.labels, outlines, strict=True):
        assert (classes[mask] == label).all()


def test_a_class_map_forgets_who_is_who_where_two_of_a_class_touch():
    outlines = np.zeros((2, 6, 6), bool)
    outlines[0, 1:5, 1:3] = outlines[1, 1:5, 3:5] = True
    for labels, count in (([4, 4], 1), ([4, 5], 2)):
        classes = touching.class_map(outlines, labels)
        assert len(touching.components(classes)[1]) == count
    found, none = touching.components(np.full((6, 6), -1))
    assert len(found.boxes) == len(none) == 0


# Drawings and trials ------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_frame_of_the_figure_to_play_with_is_drawn():
    for scene in range(1, len(drawings.SHOWN) + 1):
        words = {step: drawings.say_played(scene, step) for step in drawings.STEPS}
        assert len(set(words.values())) == len(words)
        for step in drawings.STEPS:
            assert drawings.played(scene, step).axes
    for bad in ({"scene": 0, "step": drawings.STEPS[0]}, {"scene": 1, "step": "7 sleep"}):
        with pytest.raises(ValueError, match=r"scene|step"):
            drawings.played(**bad)


def test_two_codes_are_joined_and_judged_on_equal_halves():
    found = {name: DICE.normal(size=(5, 3)) for name in ("box", "again", "region", "untuned")}
    np.testing.assert_array_equal(trials_steps.joined(found, "both"), np.hstack([found["box"], found["region"]]))
    assert set(sum(trials_steps.CODES.values(), ())) == set(found)


def test_code_that_tells_the_answer_is_read_and_noise_is_not(pieces):
    told = pieces.lessons
    clear, noise = np.eye(told.classes + 1)[told.answers], DICE.normal(size=(len(told.iou), 11))
    assert trials_steps.right_answers(clear, told, [(clear, told)], 0) == [1.0]
    assert trials_steps.right_answers(clear, told, [(noise, told)], 0)[0] < 0.7


def test_functions_that_run_are_named_and_others_are_not():
    ran = tracing.functions_run(lambda: masks.mask_boxes(SCENES[0].masks))
    assert {"instances/masks.mask_boxes", "instances/masks.as_masks"} <= ran
    assert not any("mask_iou" in name or "numpy" in name for name in ran)
