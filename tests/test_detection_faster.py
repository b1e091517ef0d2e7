"""Faster R-CNN: boxes in the graph against NumPy, losses against Keras, the published count, and cut gradients."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, boxes, data, models
from cvnotes.boxes import Truth
from cvnotes.detection import (
    best_overlaps,
    faster_drawings,
    faster_loss,
    faster_ops,
    faster_paper,
    faster_probes,
    faster_rcnn,
    faster_scenes,
    proposer,
    pyramid,
    rpn,
    trials_faster,
    trials_proposer,
)
from cvnotes.figures.encode import check_alt, check_figure
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy


def some_boxes(dice, *shape, side=64):
    """Boxes of at least a pixel in a picture."""
    corner, size = dice.uniform(0, side - 20, (*shape, 2)), dice.uniform(1, 20, (*shape, 2))
    return np.concatenate([corner, corner + size], -1).astype(np.float32)


@pytest.fixture(scope="module")
def small():
    """An untrained net of three classes."""
    keras.utils.set_random_seed(0)
    return faster_rcnn.small_faster_rcnn(3, width=0.5)


@pytest.fixture(scope="module")
def few():
    """A few scenes and their truth."""
    scenes = boxes.lessons(64, 7)
    return scenes, boxes.truths(scenes)


def tensors(*arrays):
    """What the graph holds in the place of arrays."""
    return [ops.convert_to_tensor(array) for array in arrays]


# Boxes in the graph -------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@examples(20)
def test_encoding_and_decoding_are_those_of_numpy(seed):
    dice = np.random.default_rng(seed)
    mine, anchors = some_boxes(dice, 2, 5), some_boxes(dice, 2, 5)
    steps = to_numpy(faster_ops.encoded(*tensors(mine, anchors)))
    wanted = [boxes.encode(*pair) for pair in zip(mine, anchors, strict=True)]
    assert np.allclose(steps, wanted, atol=1e-3)
    assert np.allclose(to_numpy(faster_ops.decoded(*tensors(steps, anchors))), mine, atol=1e-3)
    wild = dice.normal(0, 40, (5, 4)).astype(np.float32)
    again = to_numpy(faster_ops.decoded(*tensors(wild, anchors[0])))
    assert np.allclose(again, boxes.decode(wild, anchors[0]), rtol=1e-4)


@given(st.integers(0, 10**6))
@examples(20)
def test_overlaps_and_borders_are_those_of_numpy(seed):
    dice = np.random.default_rng(seed)
    mine, others = some_boxes(dice, 3, 6), some_boxes(dice, 3, 4)
    found = to_numpy(faster_ops.shared(*tensors(mine, others)))
    assert np.allclose(found, [boxes.iou(*pair) for pair in zip(mine, others, strict=True)], atol=1e-5)
    assert np.allclose(to_numpy(faster_ops.clipped(*tensors(mine - 10), 40, 30)), boxes.clip(mine - 10, (40, 30)))


def test_a_box_without_area_overlaps_nothing():
    flat = np.float32([[[5, 5, 5, 9]]])
    assert to_numpy(faster_ops.shared(*tensors(flat, flat))).item() == 0


@given(st.integers(0, 10**6), st.integers(1, 12))
@examples(25)
def test_thinning_puts_doubles_last(seed, count):
    dice = np.random.default_rng(seed)
    found = some_boxes(dice, 1, 12, side=30)
    scores = -np.sort(-dice.normal(size=(1, 12)).astype(np.float32))
    overlap = boxes.iou(found[0], found[0])
    doubled = np.array([(overlap[:i, i] > 0.3).any() for i in range(12)])
    order = np.argsort(doubled, kind="stable")[:count]
    assert np.allclose(to_numpy(faster_ops.thinned(*tensors(found), count, 0.3))[0], found[0, order])
    greedy = boxes.nms(found[0], scores[0], 0.3)
    assert set(np.flatnonzero(~doubled)) <= set(greedy)  # it never keeps more than suppression in turn


@given(st.integers(0, 10**6), st.integers(0, 20), st.integers(0, 20))
@examples(40)
def test_a_draw_keeps_to_its_share_and_takes_no_place_twice(seed, yes, no):
    dice = np.random.default_rng(seed)
    kind = dice.permutation(np.repeat([1, 0, -1], [yes, no, 8 + 40 - yes - no]))[None]
    positive, negative = (kind == 1).astype(np.float32), (kind == 0).astype(np.float32)
    noise = dice.random(kind.shape).astype(np.float32)
    places = to_numpy(faster_ops.drawn(*tensors(positive, negative, noise), 16, 0.5))[0]
    drawn = kind[0, places]
    assert len(set(places.tolist())) == 16
    assert (drawn == 0).sum() == min(no, 16 - min(yes, 8))
    assert (drawn == 1).sum() >= min(yes, 8)
    assert (drawn == 1).sum() == min(yes, 8) or no < 8  # more only where nothing else is left to draw


def test_a_draw_is_even():
    dice = np.random.default_rng(0)
    positive = np.zeros((4000, 10), np.float32)
    positive[:, :4] = 1
    noise = dice.random((4000, 10)).astype(np.float32)
    places = to_numpy(faster_ops.drawn(*tensors(positive, 1 - positive, noise), 4, 0.5))
    often = np.bincount(places.ravel(), minlength=10) / 4000
    assert np.allclose(often, [0.5] * 4 + [1 / 3] * 6, atol=0.04)


# Labels and losses --------------------------------------------------------------------------------------------------


def test_anchors_say_yes_from_0_7_no_below_0_3_and_the_best_always():
    laid = rpn.Anchors(sizes=(16.0,)).over(16, 16)
    truth = Truth(np.float32([[30, 30, 46, 46], [4, 4, 9, 9]]), np.array([2, 0]))
    overlap, found = boxes.iou(laid, truth.boxes), rpn.labels(laid, truth)
    assert ((found == 0) >= (overlap[:, 0] >= 0.7)).all()
    assert (found == -1)[(overlap < 0.3).all(1)].sum() >= len(laid) - 60
    assert (found == 1).sum() == 1  # no anchor overlaps the small one by much; its best has to do
    assert found[overlap[:, 1].argmax()] == 1
    between = (overlap.max(1) >= 0.3) & (overlap.max(1) < 0.7) & (found < 0)
    assert (found[between] == -2).all()


def test_targets_say_what_is_true(few):
    _, truths = few
    laid = rpn.USUAL.over(16, 16)
    objects, corners, match = (to_numpy(x) for x in faster_loss.unpacked(faster_loss.targets(truths, laid), len(laid)))
    for i, truth in enumerate(truths):
        count = len(truth.boxes)
        assert (objects[i, :count] == truth.labels).all()
        assert (objects[i, count:] == -1).all()
        assert np.allclose(corners[i, :count], truth.boxes)
        assert (match[i] == rpn.labels(laid, truth)).all()


def test_pictures_without_objects_have_targets():
    laid = rpn.USUAL.over(4, 4)
    nothing = Truth(np.zeros((0, 4), np.float32), np.zeros(0, int))
    found = faster_loss.targets([nothing] * 2, laid)
    assert found.shape == (2, 5 + len(laid))
    assert (found[:, 5:] == -1).all()
    assert faster_loss.targets([], laid).shape == (0, 5 + len(laid))


def test_the_losses_of_the_rpn_are_those_of_keras_over_the_drawn_anchors():
    dice = np.random.default_rng(0)
    anchors, corners = some_boxes(dice, 8), some_boxes(dice, 2, 3)
    match = np.array([[0, 1, -1, -1, -2, -1, -2, -1], [2, -1, -1, -2, -1, -1, -1, -1]])
    logits, offsets = dice.normal(size=(2, 8)).astype(np.float32), dice.normal(size=(2, 8, 4)).astype(np.float32)
    noise = dice.random((2, 8)).astype(np.float32)
    named, moved = faster_loss.rpn_losses(*tensors(logits, offsets, anchors, corners, match, noise), 8)
    used, full = match > -2, match >= 0
    entropy = keras.losses.binary_crossentropy(full[used][:, None], logits[used][:, None], from_logits=True)
    assert np.isclose(to_numpy(named), to_numpy(entropy).mean(), rtol=1e-4)
    true = np.array([boxes.encode(corners[i, np.maximum(match[i], 0)], anchors) for i in range(2)])
    huber = 4 * to_numpy(keras.losses.huber(true, offsets))
    assert np.isclose(to_numpy(moved), huber[full].sum() / used.sum(), rtol=1e-4)


def test_anchors_that_are_neither_are_not_drawn_before_those_that_are_empty():
    dice, match = np.random.default_rng(2), np.array([[0, -1, -2, -2, -2, -2, -1, 0]])
    anchors, corners = some_boxes(dice, 8), some_boxes(dice, 1, 1)
    logits, offsets = dice.normal(size=(1, 8)).astype(np.float32), np.zeros((1, 8, 4), np.float32)
    noise = np.where(match == -2, 0.9, 0.1).astype(np.float32)
    named, _ = faster_loss.rpn_losses(*tensors(logits, offsets, anchors, corners, match, noise), 4)
    used = match > -2
    entropy = keras.losses.binary_crossentropy((match >= 0)[used][:, None], logits[used][:, None], from_logits=True)
    assert np.isclose(to_numpy(named), to_numpy(entropy).mean(), rtol=1e-4)


def test_the_losses_of_the_head_are_those_of_keras():
    dice = np.random.default_rng(1)
    classes, logits = np.array([0, 2, 1, 0, 3]), dice.normal(size=(5, 4)).astype(np.float32)
    offsets, found, true = dice.normal(size=(5, 4)).astype(np.float32), some_boxes(dice, 5), some_boxes(dice, 5)
    named, moved = faster_loss.head_losses(*tensors(logits, offsets, found, classes, true))
    entropy = keras.losses.sparse_categorical_crossentropy(classes, logits, from_logits=True)
    huber = 4 * to_numpy(keras.losses.huber(boxes.encode(true, found), offsets))
    assert np.isclose(to_numpy(named), to_numpy(entropy).mean(), rtol=1e-4)
    assert np.isclose(to_numpy(moved), huber[classes > 0].sum() / 5, rtol=1e-4)


def test_the_head_is_given_true_boxes_and_what_they_are():
    corners = np.float32([[[10, 10, 30, 30], [0, 0, 1, 1]]])
    objects = np.float32([[4, -1]])
    proposals = np.float32([[[11, 11, 31, 31], [40, 40, 60, 60], [10, 10, 19, 19]]])
    noise = np.float32([[0.1, 0.2, 0.3, 0.4, 0.5]])
    found, classes, true = (to_numpy(x) for x in faster_loss.chosen(*tensors(proposals, objects, corners, noise), 4))
    held = classes[0] > 0
    assert held.sum() == 2
    assert (classes[0][held] == 5).all()
    assert np.allclose(true[0][held], corners[0, 0])
    overlap = boxes.iou(found[0], corners[0, :1])[:, 0]
    assert ((overlap >= 0.5) == held).all()


def test_a_box_holds_an_object_from_one_half_on():
    corners, objects = np.float32([[[10, 10, 30, 30]]]), np.float32([[4]])
    proposals = np.float32([[[10, 10, 30, 20], [10, 10, 30, 19.9], [10, 10, 30, 17]]])
    noise = np.float32([[0.1, 0.2, 0.3, 0.4]])
    found, classes, _ = (to_numpy(x) for x in faster_loss.chosen(*tensors(proposals, objects, corners, noise), 4))
    overlap = boxes.iou(found[0], corners[0])[:, 0]
    assert np.allclose(np.sort(overlap), [0.35, 0.495, 0.5, 1])
    assert (classes[0] == np.where(overlap >= 0.5, 5, 0)).all()


# The nets -----------------------------------------------------------------------------------------------------------


def test_one_logit_says_what_the_softmax_of_two_says():
    two = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    assert np.allclose(to_numpy(ops.softmax(two))[:, 1], to_numpy(ops.sigmoid(two[:, 1] - two[:, 0])), atol=1e-6)


def test_the_rpn_answers_at_every_place_of_a_map_of_any_size():
    net = rpn.region_proposals(8, 3)
    for high, wide in ((4, 4), (6, 10), (1, 1)):
        logits, offsets = net(np.zeros((2, high, wide, 8), np.float32))
        assert logits.shape == (2, high * wide * 3)
        assert offsets.shape == (2, high * wide * 3, 4)
    assert not [layer for layer in net.layers if isinstance(layer, keras.layers.Dense)]


def test_proposals_lie_in_the_picture_apart_and_best_first(small, few):
    seen = proposer.look(small, few[0].images[:5], limit=10, iou=0.5)
    for found, scores in zip(seen.boxes, seen.scores, strict=True):
        assert 0 < len(found) <= 10
        assert (found >= 0).all()
        assert (found <= 64).all()
        assert (np.diff(scores) <= 0).all()
        assert (boxes.iou(found, found) - np.eye(len(found))).max() <= 0.5


def test_narrow_proposals_are_dropped_at_the_border_too():
    found = np.float32([[10, 10, 30, 30], [40, 10, 41.5, 30], [50, 10, 62, 11.5], [62.5, 20, 80, 40], [61, 40, 80, 60]])
    kept, scores = rpn.best(np.arange(5.0), found, (64, 64), 9)
    np.testing.assert_array_equal(kept, [[61, 40, 64, 60], [10, 10, 30, 30]])
    np.testing.assert_array_equal(scores, [4, 0])


def test_recall_by_size_sorts_objects_by_the_root_of_their_area():
    scenes = faster_scenes.sized(12, 3, test=True)
    truths = boxes.truths(scenes)
    corners = [truth.boxes for truth in truths]
    small = [np.sqrt(boxes.area(one)) < 13 for one in corners]
    assert 0 < np.concatenate(small).sum() < sum(map(len, corners))
    found = [one[which] for one, which in zip(corners, small, strict=True)]
    told = trials_proposer.by_size(found, scenes)
    assert told["small"] == 1
    assert told["large"] < 0.2
    assert set(trials_proposer.by_size(corners, scenes).values()) == {1.0}


def test_the_graph_proposes_what_numpy_proposes(small, few):
    said = small(few[0].images[:4], training=False)
    anchors = small.laid(said)
    logits, offsets = (to_numpy(said[name]) for name in ("logits", "offsets"))
    found = to_numpy(small.proposals(said))
    for i in range(4):
        moved = boxes.clip(boxes.decode(offsets[i], anchors), (64, 64))
        order = np.argsort(-logits[i], kind="stable")[: small.draw.before]
        overlap = boxes.iou(moved[order], moved[order])
        doubled = (np.triu(overlap, 1) > rpn.SAME).any(0)
        chosen = order[np.argsort(doubled, kind="stable")[: small.draw.proposals]]
        assert np.allclose(found[i], moved[chosen], atol=1e-3)


@pytest.mark.parametrize("size", [(64, 64), (32, 96)])
def test_pictures_of_any_size_and_batch(small, size):
    images = np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8)
    found = faster_rcnn.detect(small, images, least=0.0, limit=6)
    apart = faster_rcnn.detect(small, images, least=0.0, limit=6, batch=1)
    assert len(found) == 3
    for one, other in zip(found, apart, strict=True):
        assert (one.boxes[:, 2] <= size[1]).all()
        assert (one.boxes[:, 3] <= size[0]).all()
        assert np.allclose(np.sort(one.scores), np.sort(other.scores), atol=1e-4)
        assert set(one.labels) <= {0, 1, 2}
    assert faster_rcnn.detect(small, images[:0]) == [] == proposer.propose(small, images[:0])


@pytest.mark.parametrize("shape", [(2, 64, 66, 3), (64, 64, 3), (2, 64, 64, 1), (2, 0, 64, 3)])
def test_pictures_that_do_not_fit_are_refused(small, shape):
    with pytest.raises(ValueError, match="Received"):
        proposer.look(small, np.zeros(shape, np.uint8))


def test_nan_is_refused(small):
    with pytest.raises(ValueError, match="finite"):
        proposer.look(small, np.full((1, 64, 64, 3), np.nan, np.float32))


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 1, 1, -1), (1, 1, 1, True)])
def test_wrong_weights_are_refused(weights):
    with pytest.raises(ValueError, match="Received"):
        faster_rcnn.small_faster_rcnn(3, width=0.5, weights=weights)


def test_no_gradient_crosses_the_proposals(few):
    """With the losses of the head alone, the RPN learns nothing, though the trunk and the head do."""
    scenes, truths = few
    model = faster_rcnn.small_faster_rcnn(width=0.5, weights=(0, 0, 1, 1))
    before = {part: getattr(model, part).get_weights() for part in ("body", "rpn", "head")}
    proposer.taught(model, scenes.images[:32], truths[:32], epochs=1, rate=1e-3, seed=0)
    rpn_now = [w for w in model.rpn.trainable_weights]
    assert all(
        np.array_equal(to_numpy(now), old)
        for now, old in zip(rpn_now, _trainable(before["rpn"], model.rpn), strict=True)
    )
    for part in ("body", "head"):
        trained = [to_numpy(w) for w in getattr(model, part).trainable_weights]
        old = _trainable(before[part], getattr(model, part))
        assert max(np.abs(a - b).max() for a, b in zip(trained, old, strict=True)) > 0


def _trainable(values, model):
    """Those of the values of `get_weights` that belong to trainable weights."""
    moving = {id(w) for w in model.trainable_weights}
    return [value for weight, value in zip(model.weights, values, strict=True) if id(weight) in moving]


def test_training_logs_four_losses_and_learns(few):
    scenes, truths = few
    keras.utils.set_random_seed(3)
    model = faster_rcnn.small_faster_rcnn(width=0.5)
    before = best_overlaps(proposer.propose(model, scenes.images, 12), truths)
    first = proposer.taught(model, scenes.images, truths, epochs=24, rate=3e-3, seed=3)
    assert set(faster_loss.LOSSES) < set(first.epochs)
    assert all(first[name][-1] < 0.8 * first[name][0] for name in faster_loss.LOSSES)
    assert np.allclose(first["loss"], sum(np.array(first[name]) for name in faster_loss.LOSSES), rtol=1e-3)
    after = best_overlaps(proposer.propose(model, scenes.images, 12), truths)
    assert after.mean() > before.mean() + 0.05


def test_a_proposer_is_trained_by_itself_and_repeats(few):
    scenes, truths = few
    histories = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        model = proposer.small_proposer(rpn.Anchors(8, (16.0,)), 0.5, seed=1)
        histories.append(proposer.taught(model, scenes.images, truths, epochs=2, rate=3e-3, seed=0))
    assert {"rpn_class", "rpn_box", "loss"} == set(histories[0].epochs)
    assert np.allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-3)
    assert proposer.look(model, scenes.images[:2]).maps.shape[1:3] == (8, 8)


@pytest.mark.parametrize("draw", [{"anchors": 0}, {"before": 0}, {"proposals": -1}, {"judged": 0}, {"judged": 2.0}])
def test_a_draw_of_nothing_is_refused(draw):
    with pytest.raises(ValueError, match="draw"):
        faster_rcnn.small_faster_rcnn(3, width=0.5, draw=faster_loss.Draw(**draw))


def test_truth_that_cannot_be_taught_is_refused(small, few):
    scenes, truths = few
    teach = {"epochs": 1, "rate": 1e-3, "seed": 0}
    with pytest.raises(ValueError, match="3 classes"):
        proposer.taught(small, scenes.images, truths, **teach)
    one = truths[0]
    count = len(one.boxes)
    for wrong, words in (
        (one._replace(ignore=np.ones(count, bool)), "every object counts"),
        (one._replace(labels=np.full(count, -1)), "whole numbers from 0"),
        (one._replace(labels=np.zeros(count)), "whole numbers from 0"),
        (tuple(one), "Truth"),
        (one._replace(boxes=one.boxes[:, ::-1]), "x0 <= x1"),
    ):
        with pytest.raises(ValueError, match=words):
            proposer.taught(small, scenes.images[:1], [wrong], **teach)


def test_wrong_options_of_a_detection_are_refused(small, few):
    images = few[0].images[:2]
    for ask, words in (
        (lambda: faster_rcnn.detect(small, images, batch=0), "batch"),
        (lambda: faster_rcnn.detect(small, images, least=2), "least"),
        (lambda: faster_rcnn.detect(small, images, limit=2.0), "limit"),
        (lambda: faster_rcnn.detect(small, None), "finite pictures"),
        (lambda: faster_rcnn.detect(small, np.zeros((0, 3))), "finite pictures"),
        (lambda: proposer.propose(small, images, batch=-1), "batch"),
        (lambda: proposer.look(small, images[:0]), "at least 1"),
        (lambda: pyramid.propose(small, images, batch=0), "batch"),
        (lambda: pyramid.propose(small, images, scales=()), "scale"),
        (lambda: pyramid.propose(small, images, scales=1.0), "scale"),
        (lambda: pyramid.resized(small, images[0], 1), "Received"),
        (lambda: rpn.best(np.zeros(2), np.float32([[0, 0, 9, 9]]), (64, 64), 3), "each of 1 boxes"),
        (
            lambda: faster_rcnn.named(np.zeros((1, 4)), np.full((1, 4), np.nan), np.zeros((1, 4)), (9, 9), 0, 0),
            "finite",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            ask()
    assert rpn.Anchors(sizes=18.0).each == len(rpn.Anchors(sizes=18.0).over(1, 1)) == 1


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="Received"):
        trials_faster.taught(8, 1, 0, without="mask")


# The published net --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper():
    with backend.unallocated():
        return models.profile(faster_paper.faster_rcnn_vgg())


def test_the_published_net_counted_layer_by_layer(paper):
    widths = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    convolutions = sum(9 * a * b + b for a, b in itertools.pairwise(widths))
    network = (9 * 512 * 512 + 512) + (512 * 18 + 18) + (512 * 36 + 36)
    head = (7 * 7 * 512 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 21 + 21) + (4096 * 84 + 84)
    assert (convolutions, network, head) == (14_714_688, 2_387_510, 119_976_041)
    assert paper.parameters == paper.trainable == convolutions + network + head == 137_078_239
    assert paper.row("rpn_class").output_shape == (38, 63, 18)
    assert paper.uncounted == ()


def test_the_published_net_follows_the_picture():
    with backend.unallocated():
        net = faster_paper.faster_rcnn_vgg((320, 480, 3), 5, proposals=20)
    assert net.output_shape == (None, 20, 4 + 5 + 20)
    for shape in ((600, 1000, 3), (48, 48, 3), (320, 480)):
        for build in (faster_paper.faster_rcnn_vgg, faster_paper.trunk_and_rpn):
            with pytest.raises(ValueError, match="Received"):
                build(shape)
    with backend.unallocated(), pytest.raises(ValueError, match="144 anchors"):
        faster_paper.faster_rcnn_vgg((64, 64, 3))
    with pytest.raises(ValueError, match="16 pixels apart"):
        faster_paper.faster_rcnn_vgg((320, 480, 3), anchors=rpn.Anchors(8, (64.0,)))


def test_its_layers_propose_and_pool_as_numpy_does():
    dice, anchors = np.random.default_rng(0), rpn.Anchors(16, (32.0, 64.0))
    layer = faster_paper.Propose(anchors, 6)
    logits = dice.normal(size=(1, 6, 8, 4)).astype(np.float32)
    offsets = dice.normal(0, 0.3, (1, 6, 8, 8)).astype(np.float32)
    found = to_numpy(layer([logits, offsets]))
    assert found.shape == (1, 6, 4) == layer.compute_output_shape([(1, 6, 8, 4), (1, 6, 8, 8)])
    pairs = logits.reshape(-1, 2)
    moved = boxes.clip(boxes.decode(offsets.reshape(-1, 4), anchors.over(6, 8), faster_paper.PLAIN), (96, 128))
    order = np.argsort(-(pairs[:, 1] - pairs[:, 0]), kind="stable")
    doubled = (np.triu(boxes.iou(moved[order], moved[order]), 1) > rpn.SAME).any(0)
    assert np.allclose(found[0], moved[order[np.argsort(doubled, kind="stable")[:6]]], atol=1e-3)
    maps = dice.normal(size=(1, 6, 8, 5)).astype(np.float32)
    pool = faster_paper.RoiPool(3, 1 / 16)
    pooled = to_numpy(pool([maps, found]))
    wanted = to_numpy(boxes.roi_pool(maps, found[0], np.zeros(6, int), 3, 1 / 16))
    assert np.allclose(pooled[0], wanted.reshape(6, -1))
    for wrong in ([logits[..., :2], offsets], [logits[:, :1, :1], offsets[:, :1, :1]]):
        with pytest.raises(ValueError, match="anchors"):
            faster_paper.Propose(anchors, 6)(wrong)
    for ask in (
        lambda: faster_paper.Propose(anchors, 0),
        lambda: faster_paper.RoiPool(0, 1 / 16),
        lambda: faster_paper.RoiPool(3, 0),
        lambda: faster_ops.thinned(ops.convert_to_tensor(found), 7, 0.5),
    ):
        with pytest.raises(ValueError, match="Received"):
            ask()
    for one in (layer, pool):
        assert type(one).from_config(one.get_config()).get_config() == one.get_config()


# From outside -------------------------------------------------------------------------------------------------------


def test_a_shift_by_the_stride_shifts_all_and_a_smaller_one_does_not(small):
    images = data.scenes(2, seed=5, size=80, radius=(0.1, 0.17)).images
    for shift in (0, 4, 8):
        assert max(faster_probes.strayed(small, images, shift)) < 1e-3
    assert min(faster_probes.strayed(small, images, 2)) > 1e-3
    for ask in (
        lambda: faster_probes.windows(images, 17, 64),
        lambda: faster_probes.windows(images[0], 0, 64),
        lambda: faster_probes.strayed(small, images, 4, margin=0),
        lambda: faster_probes.strayed(small, images, 4, margin=8),
        lambda: faster_probes.support(small, images[:1], (-1, 0)),
        lambda: faster_probes.support(small, images[:1], (0, 20)),
        lambda: faster_probes.attention(small, images, []),
        lambda: faster_probes.bounds(np.zeros((3, 3), bool)),
    ):
        with pytest.raises(ValueError, match="Received"):
            ask()


def test_all_anchors_of_a_place_see_one_window(small):
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    masks = faster_probes.support(small, images, (8, 7))
    found = {faster_probes.bounds(mask) for mask in masks}
    assert len(found) == 1
    x0, y0, x1, y1 = found.pop()
    assert x1 - x0 == y1 - y0 == 23


def test_bounds_and_inside():
    mask = np.zeros((6, 8), bool)
    mask[2:4, 5] = True
    assert faster_probes.bounds(mask) == (5, 2, 6, 4)
    truth = Truth(np.float32([[4, 0, 12, 4]]), np.array([0]))
    assert faster_probes.inside([truth], 2, 4, 4).tolist() == [[[False, True, True, False], [False] * 4]]


def test_attention_of_a_net_that_knows_nothing_is_the_area(small, few):
    scenes, truths = few
    found = faster_probes.attention(small, scenes.images, truths)
    assert 0.5 * found["area"] < found["mass"] < 2 * found["area"]


def test_a_pyramid_brings_its_proposals_back(small):
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
    assert pyramid.resized(small, images, 0.5).shape == (3, 32, 48, 3)
    found = pyramid.propose(small, images, 9)
    assert all(len(one) <= 9 and (one[:, 2] <= 96.001).all() and (one[:, 3] <= 64.001).all() for one in found)
    single = pyramid.propose(small, images, 9, scales=(1.0,))
    for one, other in zip(single, proposer.propose(small, images, 9), strict=True):
        assert np.allclose(one, other, atol=1e-3)


def test_glass_is_between_the_ground_and_the_scene():
    usual, faint, empty = (faster_scenes.glass(3, 1, opacity=alpha) for alpha in (1.0, 0.25, 0.0))
    drawn = data.scenes(3, seed=faster_scenes.TRAINING + 1)
    assert (usual.images == drawn.images).all()
    assert (empty.images == data.scenes(3, seed=faster_scenes.TRAINING + 1, objects=0).images).all()
    assert (usual.boxes == faint.boxes).all()
    inside = drawn.instances > 0
    away = [np.abs(one.images.astype(int) - empty.images)[inside].mean() for one in (faint, usual)]
    assert 0.2 < away[0] / away[1] < 0.3
    with pytest.raises(ValueError, match="opacity"):
        faster_scenes.glass(1, 0, opacity=1.5)


# What is stored -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long():
    """The net whose weights are stored."""
    return trials_faster.stored()


def test_the_stored_net_finds_what_it_is_said_to_find(long):
    scenes = boxes.held_out(200)
    truths = boxes.truths(scenes)
    found = faster_rcnn.detect(long, scenes.images)
    assert boxes.mean_average_precision(found, truths) > 0.93
    assert boxes.mean_average_precision(found[::-1], truths) < 0.1
    told = faster_probes.attention(long, scenes.images, truths)
    assert told["mass"] > 2 * told["area"]


@pytest.mark.once
def test_figures_are_drawn_and_told(long):
    scenes = boxes.held_out(3)
    truths = boxes.truths(scenes)
    likely = faster_probes.objectness(long, scenes.images)
    masks = np.zeros((3, 64, 64), bool)
    drawn = [
        faster_drawings.ready(scenes.images[0], rpn.USUAL, 23),
        faster_drawings.labelled(scenes.images[0], truths[0], rpn.USUAL),
        faster_drawings.seen_by(scenes.images, masks, rpn.USUAL, (8, 8)),
        faster_drawings.attended(scenes.images, truths, {"one": likely, "two": 1 - likely}),
        faster_drawings.detections(scenes.images, faster_rcnn.detect(long, scenes.images), truths),
        faster_drawings.glass(2),
        faster_drawings.strays({0: (0.0, 0.0), 1: (2.5, 1.0)}, 4),
    ]
    for scene in range(1, len(faster_drawings.SHOWN) + 1):
        for count in faster_drawings.COUNTS:
            check_alt(faster_drawings.say_proposed(scene, count))
    drawn.append(faster_drawings.proposed(1, 4))
    for fig in drawn:
        check_figure(fig)
    with pytest.raises(ValueError, match="Received"):
        faster_drawings.proposed(1, 5)


@pytest.mark.once
def test_losses_are_drawn_as_shares_of_their_first_mean():
    found = {f"none_curve_{name}": np.array([[2.0, 1.0], [4.0, 2.0]]) for name in faster_loss.LOSSES}
    fig = faster_drawings.falling(found)
    assert np.allclose(fig.axes[0].lines[0].get_ydata(), [1, 0.5])
