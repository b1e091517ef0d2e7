"""Pixel labels: the task, the small nets, their parts and their training, against Keras and slow twins."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from cvnotes import boxes, data, experiments, models
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.segmentation import drawings, fcn, metrics, task, teaching, trials, unet, upsampling
from cvnotes.single_shot import trials_ssd
from tests.examples import examples

to_numpy = keras.ops.convert_to_numpy


@pytest.fixture(scope="module")
def nets():
    """One small net of each kind, with drawn weights."""
    keras.utils.set_random_seed(0)
    return {
        **{name: fcn.small_fcn(skips, 0.5) for skips, name in enumerate(fcn.PAPER)},
        **{merge: unet.small_unet(merge, 0.5) for merge in unet.MERGES},
    }


# The task -----------------------------------------------------------------------------------------------------------


def test_labels_are_those_of_each_object_in_turn():
    scenes = data.scenes(6, seed=3, objects=(0, 4))
    for scene, found in zip(scenes, task.labels(scenes), strict=True):
        wanted = np.zeros(scene.instances.shape, int)
        for mask, label in zip(scene.masks, scene.labels, strict=True):
            wanted[mask] = label + 1
        assert np.array_equal(found, wanted)


def test_labels_agree_with_boxes_and_names():
    test = boxes.held_out(4)
    found = task.held_out(4)
    assert np.array_equal(found.images, test.images)
    assert found.labels.dtype == np.uint8
    for scene, labels in zip(test, found.labels, strict=True):
        assert {task.name(int(i)) for i in np.unique(labels)} - {"background"} <= set(scene.class_names)
    assert task.name(task.VOID) == "void"
    assert not np.array_equal(task.lessons(2, 0).images, task.lessons(2, 1).images)
    assert len(task.validation(3).labels) == 3


def test_scenes_without_objects_or_without_scenes():
    assert not task.labels(data.scenes(2, objects=0)).any()
    assert task.labels(boxes.held_out(1)[:0]).shape == (0, 64, 64)
    with pytest.raises(ValueError, match="ndarray"):
        task.labels(np.zeros((1, 8, 8)))
    with pytest.raises(ValueError, match="12"):
        task.name(12)


# Upsampling and cutting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_bilinear_start_is_a_resize_inside(factor):
    x = np.random.default_rng(factor).normal(size=(2, 5, 6, 3)).astype("float32")
    inputs = keras.Input((5, 6, 3))
    ours = keras.Model(inputs, upsampling.upsampled(inputs, factor, "up", fixed=True))
    theirs = to_numpy(layers.UpSampling2D(factor, interpolation="bilinear")(x))
    inside = np.s_[:, factor:-factor, factor:-factor]
    assert not ours.trainable_weights
    assert ours.weights[0].shape[:2] == ours.layers[-1].kernel_size == (2 * factor - factor % 2,) * 2
    assert ours.output_shape == (None, 5 * factor, 6 * factor, 3)
    assert np.allclose(to_numpy(ours(x))[inside], theirs[inside], atol=1e-5)


def test_factor_one_changes_nothing_and_odd_kernels_are_refused():
    inputs = keras.Input((4, 4, 2))
    assert upsampling.upsampled(inputs, 1, "up") is inputs
    for shape in ((3, 3, 2, 2), (4, 6, 2, 2), (4, 4, 2, 3), (6, 6, 2, 2), (4, 4, 2)):
        with pytest.raises(ValueError, match="Received"):
            upsampling.bilinear(shape)


@examples(40)
@given(st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_cut(side, before, after, middle):
    large = side + (2 * before if middle else before + after)
    x = np.arange(large * large, dtype="float32").reshape(1, large, large, 1)
    cut = upsampling.Cut(None if middle else before)
    other = np.zeros((1, side, side, 2), "float32")
    wanted = x[:, before : before + side, before : before + side]
    assert np.array_equal(to_numpy(cut([x, other])), wanted)
    assert cut.compute_output_shape([x.shape, other.shape]) == wanted.shape
    again = upsampling.Cut.from_config(cut.get_config())
    assert again.offset == cut.offset


def test_cut_refuses_what_does_not_reach():
    with pytest.raises(ValueError, match="too small"):
        upsampling.Cut(3).compute_output_shape([(None, 8, 8, 1), (None, 6, 6, 1)])
    with pytest.raises(ValueError, match="offset"):
        upsampling.Cut(-1)


# Nets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 8), (64, 64), (96, 64), (97, 33), (15, 50)])
def test_answers_are_as_large_as_the_picture(nets, size):
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3)).astype("uint8")
    for net in nets.values():
        assert teaching.logits(net, image).shape == (1, *size, len(task.NAMES))


def test_no_layer_ties_a_net_to_a_size(nets):
    for net in nets.values():
        assert not {"Dense", "Flatten"} & {type(layer).__name__ for layer in net.layers}
        assert net.input_shape == (None, None, None, 3)
    kinds = {name: {type(layer).__name__ for layer in net.layers} for name, net in nets.items()}
    assert "Add" in kinds["8s"]
    assert "Concatenate" not in kinds["8s"]
    assert "Concatenate" in kinds["concat"]
    assert "Add" not in kinds["concat"]


def test_a_skip_starts_silent(nets):
    """Scores of finer maps start at zero: with the same trunk, an untrained 16s says what a 32s says inside."""
    coarse, fine = nets["32s"], nets["16s"]
    for layer in fine.layers:
        if layer.weights and layer.name in {one.name for one in coarse.layers} and layer.name != "up_1":
            layer.set_weights(coarse.get_layer(layer.name).get_weights())
    score = keras.Model(fine.input, fine.get_layer("sum_4").output)
    base = keras.Model(coarse.input, coarse.get_layer("score_8").output)
    image = boxes.held_out(1).images
    doubled = to_numpy(layers.UpSampling2D(2, interpolation="bilinear")(base(image)))
    assert np.allclose(to_numpy(score(image))[:, 2:-2, 2:-2], doubled[:, 2:-2, 2:-2], atol=1e-4)


def test_shifting_the_picture_by_the_stride_shifts_the_labels(nets):
    image = np.random.default_rng(1).integers(0, 256, (1, 128, 128, 3)).astype("uint8")
    for name in ("32s", "8s", "concat"):
        one, other = (teaching.logits(nets[name], np.roll(image, shift, (1, 2))) for shift in (0, 8))
        assert np.allclose(other[:, 56:80, 56:80], one[:, 48:72, 48:72], atol=1e-3), name


def test_nets_of_other_skips_are_refused():
    with pytest.raises(ValueError, match="skips"):
        fcn.small_fcn(3)
    with pytest.raises(ValueError, match="merge"):
        unet.small_unet("product")


def test_the_receptive_field_that_the_page_names():
    assert models.profile(fcn.small_fcn(0), (64, 64, 3)).row("score_8").receptive_field == (55, 55)


# Training -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("background", [0.1, 1.0])
def test_loss_is_the_weighted_mean_over_judged_pixels(background):
    dice = np.random.default_rng(0)
    wanted = dice.integers(0, 4, (2, 5, 6)).astype("uint8")
    wanted[0, :2] = task.VOID
    said = dice.normal(size=(2, 5, 6, 4)).astype("float32")
    total = weights = 0.0
    for where in np.ndindex(wanted.shape):
        if wanted[where] != task.VOID:
            weight = background if wanted[where] == 0 else 1.0
            shares = np.exp(said[where]) / np.exp(said[where]).sum()
            total, weights = total - weight * np.log(shares[wanted[where]]), weights + weight
    found = float(to_numpy(teaching.pixel_loss(background)(wanted, said)))
    assert found == pytest.approx(total / weights, rel=1e-4)


def test_one_pixel_of_background_weighs_as_much_as_many():
    said = np.random.default_rng(0).normal(size=(1, 1, 1, 4)).astype("float32")
    shares = np.exp(said[0, 0, 0]) / np.exp(said).sum()
    for background in (0.01, 1.0):
        found = float(to_numpy(teaching.pixel_loss(background)(np.zeros((1, 1, 1), "uint8"), said)))
        assert found == pytest.approx(-np.log(shares[0]), rel=1e-4)


def test_a_picture_without_a_judged_pixel_costs_nothing():
    void = np.full((1, 3, 3), task.VOID, "uint8")
    assert float(to_numpy(teaching.pixel_loss()(void, np.ones((1, 3, 3, 4), "float32")))) == 0


def test_training_learns_two_pictures_by_heart():
    net = teaching.taught(lambda: fcn.small_fcn(2, 0.25), 2, 30, 0, rate=1e-2)
    two = task.lessons(2, 0)
    for batch in (1, 2):
        said = teaching.say(net, two.images, batch)
        assert metrics.pixel_accuracy(metrics.confusion(two.labels, said)) > 0.5
    before = teaching.scores(two.labels, teaching.say(fcn.small_fcn(2, 0.25), two.images))
    assert teaching.judged(net, two)["mean_iou"] > before["mean_iou"] + 0.1


def test_a_start_from_the_detector():
    net, detector = trials.started(fcn.small_fcn(1, trials.WIDTH)), trials_ssd.stored("long")
    for name in ("stride2_1_conv", "stride8_2_bn"):
        for ours, theirs in zip(net.get_layer(name).get_weights(), detector.get_layer(name).get_weights(), strict=True):
            assert np.array_equal(ours, theirs)
    with pytest.raises(ValueError, match="trunk"):
        trials.started(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))
    with pytest.raises(ValueError, match=r"shape|weight"):
        trials.started(fcn.small_fcn(1, 1.0))


def test_bad_input():
    net = fcn.small_fcn(0, 0.5)
    shares = np.random.default_rng(0).random((1, 8, 8, 3))
    for images in (
        np.zeros((8, 8, 3)),
        np.full((1, 8, 8, 3), np.nan),
        np.zeros((1, 7, 8, 3)),
        np.zeros((1, 8, 8, 1)),
        shares,
        300 * shares,
        shares - 1,
        None,
    ):
        with pytest.raises(ValueError, match="Received"):
            teaching.say(net, images)
    with pytest.raises(ValueError, match="gives a net"):
        teaching.taught(lambda: 3, 1, 1, 0)
    with pytest.raises(ValueError, match="background"):
        teaching.pixel_loss(0)
    with pytest.raises(ValueError, match="build"):
        teaching.taught(net, 1, 1, 0)
    with pytest.raises(ValueError, match="name"):
        trials.taught("4s", 1, 1, 0)
    assert teaching.say(net, np.zeros((0, 8, 8, 3))).shape == (0, 8, 8)


# What is stored -----------------------------------------------------------------------------------------------------


def test_stored_numbers_meet_the_aims():
    seen = experiments.load("segmentation", "fcn_held_out")
    assert seen["u_net_mean_iou"].mean() > 0.75
    assert (seen["8s_border_iou"] - seen["32s_border_iou"]).min() > 0.02


def test_stored_net_meets_the_aim():
    few = task.held_out(100)
    assert teaching.judged(trials.stored("long"), few)["mean_iou"] > 0.82
    with pytest.raises(ValueError, match="name"):
        trials.stored("64s")


# Drawings -----------------------------------------------------------------------------------------------------------


def test_drawings():
    scenes = boxes.held_out(3)
    few = task.labelled(scenes)
    net = trials.stored("8s")
    said = teaching.say(net, few.images)
    check_figure(drawings.answers(scenes[0], few.labels[0]))
    check_figure(drawings.bands(few.images[0], few.labels[0], said[0]))
    check_figure(drawings.paths(net, few.images[0], 1))
    check_figure(drawings.sizes(net, [few.images[0], few.images[1][:40]]))
    check_figure(drawings.at_borders({"one": {"a": np.ones(5)}, "two": {"a": np.ones(5)}}))
    assert drawings.tinted(np.array([[0, task.VOID]])).shape == (1, 2, 3)


@pytest.mark.parametrize("net", drawings.SHOWN)
@pytest.mark.once
def test_figure_to_play_with(net):
    for scene in range(1, drawings.SCENES + 1):
        check_figure(drawings.errors(net, scene))
        check_alt(drawings.say_errors(net, scene))
    with pytest.raises(ValueError, match="scene"):
        drawings.errors(net, 0)
