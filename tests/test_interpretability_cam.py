"""Class activation maps: small nets, rulers for maps, and the four families that Grad-CAM explains."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.figure import Figure

from cvnotes import attribution, experiments
from cvnotes.interpretability import (
    cam_drawings,
    cam_nets,
    cam_policy,
    cam_questions,
    cam_scores,
    cam_store,
    cam_words,
    trials_cam,
)
from cvnotes.visualization import subjects

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="no framework takes part: once is enough")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def tiny(head):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(5, 3, strides=2, padding="same", activation="relu", name="maps")(inputs)
    return keras.Model(inputs, layers.Dense(3, name="logits")(head(x)))


# The identities of the page -----------------------------------------------------------------------------------------


def test_the_mean_of_a_cam_and_the_bias_is_the_logit():
    net, x = tiny(layers.GlobalAveragePooling2D()), noise(3, 8, 8, 3)
    weights, bias = net.get_layer("logits").get_weights()
    maps = attribution.feature_maps(net, x, "maps")
    by_hand = np.einsum("nhwk,kc->nhwc", maps, weights)
    np.testing.assert_allclose(by_hand.mean((1, 2)) + bias, array(net(x)), atol=1e-5)
    for c in range(3):
        shown = attribution.cam(net, x, c)
        np.testing.assert_allclose(shown.mean((1, 2, 3)), by_hand[..., c].mean((1, 2)), atol=1e-5)
        np.testing.assert_allclose(16 * attribution.grad_cam(net, x, c, relu=False), shown, atol=1e-4)


@once
@pytest.mark.parametrize("head", ["flat", "dense"])
def test_heads_that_cam_refuses_and_grad_cam_takes(head):
    keras.utils.set_random_seed(0)
    net, x = cam_nets.small(head), np.abs(noise(1, 32, 32, 3))
    with pytest.raises(ValueError, match="CAM needs"):
        attribution.cam(net, x, 0)
    assert attribution.grad_cam(net, x, 0).shape == (1, 32, 32, 1)


def test_a_cut_net_chooses_alike_and_has_no_gradient():
    keras.utils.set_random_seed(0)
    net, x = cam_nets.small("average"), np.abs(noise(3, 32, 32, 3))
    cut = cam_nets.cut(net)
    says = array(net(x, training=False)).argmax(-1)
    np.testing.assert_array_equal(array(cut(x, training=False)), np.eye(6)[says])
    assert cam_nets.alive(cut, x, says) == 0
    assert cam_nets.alive(net, x, says) > 0


@once
def test_twins_differ_in_their_pool_alone():
    with pytest.raises(ValueError, match="head"):
        cam_nets.small("median")
    one, other = cam_nets.small("average"), cam_nets.small("largest")
    assert one.count_params() == other.count_params()
    names = [[layer.name for layer in net.layers if "average" not in layer.name] for net in (one, other)]
    assert [name for name in names[1] if name != "largest"] == names[0]
    assert one.get_layer("maps").output.shape[1:] == (8, 8, 48)


@once
def test_stored_nets_know_their_task():
    scenes = trials_cam.test_scenes(60, 3)
    for head, least in (("average", 0.6), ("largest", 0.6), ("dense", 0.3)):
        assert len(trials_cam.named(cam_nets.stored(head), scenes)) > least * len(scenes)
    with pytest.raises(ValueError, match="Received"):
        cam_store.weights("median")


# Rulers -------------------------------------------------------------------------------------------------------------


@once
def test_likeness_is_pearsons():
    one, other = noise(4, 6, 6, 2), noise(4, 6, 6, 2, seed=1)
    wanted = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(cam_scores.likeness(one, other), wanted, atol=1e-5)
    assert np.isnan(cam_scores.likeness(one, np.zeros_like(one))).all()


@once
def test_shares_by_hand():
    maps = np.zeros((2, 4, 4, 1))
    maps[0, 0, 0], maps[0, 3, 3], maps[0, 1, 1] = 3, 1, -9
    own, other = np.zeros((2, 2, 4, 4), bool)
    own[:, 0, :2], other[:, 3, 3] = True, True
    share = cam_scores.own_share(maps, own, other)
    assert share[0] == pytest.approx((3 / 2) / (3 / 2 + 1))
    assert np.isnan(share[1])
    assert cam_scores.strength(np.array([[[[1.0, -3, 2]]]])) == 6
    np.testing.assert_allclose(share[0] + cam_scores.own_share(maps, other, own)[0], 1)


@once
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 16), st.integers(0, 50))
def test_strongest_marks_as_many_as_asked(count, seed):
    maps = np.random.default_rng(seed).integers(0, 4, (1, 4, 4, 1)).astype(float)
    marked = cam_scores.strongest(maps, np.array([count]))
    assert marked.sum() == count
    heat = maps[..., 0]
    if 0 < count < 16:
        assert heat[marked].min() >= heat[~marked].max()


@once
def test_overlap_cover_and_fit_by_hand():
    one, other = np.zeros((2, 1, 4, 4), bool)
    one[0, :2], other[0, 1:3] = True, True
    assert cam_scores.overlap(one, other)[0] == pytest.approx(4 / 12)
    assert cam_scores.cover(one, other)[0] == pytest.approx(1 / 2)
    heat = other.astype(float)[..., None] + 0.1
    assert cam_scores.fit(heat, other)[0] == 1
    assert cam_scores.fit(-(noise(1, 4, 4, 1) ** 2), other)[0] < 1
    ramp = np.arange(1, 11.0).reshape(1, 1, 10, 1)
    assert cam_scores.above(ramp)[0, 0].tolist() == [False] * 5 + [True] * 5
    with pytest.raises(ValueError, match="share"):
        cam_scores.above(ramp, 1.5)


@once
@pytest.mark.parametrize(("waves", "share"), [(2, 0), (4, 0), (5, 1), (8, 1)])
def test_fine_is_what_waves_are(waves, share):
    line = 1 + np.cos(2 * np.pi * waves * np.arange(32) / 32)
    maps = np.broadcast_to(line[None, :, None, None], (1, 32, 32, 1))
    assert cam_scores.fine_share(maps)[0] == pytest.approx(share, abs=1e-6)


@once
def test_peaks_are_found_in_their_cells():
    maps = np.zeros((2, 8, 8))
    maps[0, 5, 2], maps[1, 0, 7] = 1, 1
    assert cam_scores.peak_cells(maps, 4).tolist() == [2 * 4 + 1, 3]
    assert cam_scores.peak_cells(maps, 8).tolist() == [5 * 8 + 2, 7]


@once
def test_what_a_grid_shows_is_not_fine():
    cells = np.abs(noise(3, 8, 8, 1))
    assert (cam_scores.fine_share(attribution.cams.resized(cells, (64, 64))) < 0.2).all()
    assert (cam_scores.fine_share(np.abs(noise(3, 64, 64, 1))) > 0.8).all()


# Families -----------------------------------------------------------------------------------------------------------


@once
def test_the_solver_never_loses_and_chance_does():
    dice = np.random.default_rng(0)
    assert cam_policy.caught(cam_policy.solved, 100, 0) == 1
    assert cam_policy.caught(lambda state: dice.integers(3, size=len(state.bar)), 100, 0) < 0.6
    state = cam_policy.State(*np.array([[10, 10, 10], [3, 11, 20], [5, 5, 5], [2, 2, 2], [9, 9, 9]]))
    assert cam_policy.solved(state).tolist() == [0, 1, 2]


@once
def test_states_are_painted_as_they_are():
    state = cam_policy.states(20, 0)
    picture, where = cam_policy.painted(state), cam_policy.marked(state)
    assert picture.shape == (20, 24, 24, 3)
    assert not (where["green"] & where["red"]).any()
    for name, colour in (("green", cam_policy.GREEN), ("red", cam_policy.RED)):
        np.testing.assert_allclose(picture[where[name]], np.broadcast_to(colour, (where[name].sum(), 3)), atol=1e-6)
        assert (where[name].sum((1, 2)) == 25).all()
    assert (where["bar"].sum((1, 2)) == 21).all()


def test_the_stored_policy_acts_and_its_maps_are_on_what_it_follows():
    found = cam_policy.policy_scores(cam_policy.stored(), 0, 60)
    assert found["right"] > 0.9
    assert found["caught"] > found["random"] + 0.3
    assert found["green"] > 0.6


@once
def test_questions_have_answers_that_differ():
    scenes = cam_questions.views(20, 0)
    assert len(scenes) == 20
    (one, red), (two, blue) = (cam_questions.asked(scenes, which) for which in (0, 1))
    assert (one != two).all()
    assert (red != blue).all()
    for i in range(5):
        scene = scenes[i]
        assert cam_questions.SHAPES[one[i]] == scene.class_names[0]
        assert cam_questions.HUES[red[i]] == scene.colour_names[0]


def test_questions_are_written_on_every_place():
    maps = noise(2, 3, 3, 4)
    found = array(cam_questions.written(ops.convert_to_tensor(maps), np.array([1, 4])))
    np.testing.assert_array_equal(found[..., :4], maps)
    np.testing.assert_array_equal(found[1, :, :, 4:], np.broadcast_to(np.eye(5)[4], (3, 3, 5)))


@once
def test_the_stored_reader_answers_and_its_map_follows_the_question():
    found = cam_questions.question_scores(0, 24, cam_questions.stored())
    assert found["right"] > 0.8
    assert found["own"] > 0.7 > 0.3 > found["unasked"]


@once
def test_words_are_those_that_name_an_object():
    scenes = cam_words.words.views(6, 1, objects=2)
    chosen = cam_words.spoken_words(scenes)
    assert len(chosen) == 6 * 4
    for i, place, j in chosen:
        word = cam_words.words.full_caption(scenes[i]).split()[place]
        assert word in scenes[i].names[j].split()


@once
def test_speaking_is_what_encoder_and_captioner_say():
    scenes = cam_words.words.views(3, 1, objects=2)
    eye, voice = cam_words.encoder.stored_encoder(0), cam_words.trials.stored_captioner()
    reads, _ = cam_words.words.encode([cam_words.words.full_caption(scene) for scene in scenes])
    wanted = voice([cam_words.encoder.maps(eye, scenes.floats), reads])
    np.testing.assert_allclose(
        array(cam_words.speaker(eye, voice, reads)(ops.convert_to_tensor(scenes.floats))), array(wanted), atol=1e-4
    )
    maps = cam_words.word_maps(eye, voice, scenes, cam_words.spoken_words(scenes)[:3])
    assert maps.shape == (3, 32, 32, 1)
    assert maps.max() > 0


# Trials and drawings ------------------------------------------------------------------------------------------------


@once
def test_two_shapes_of_two_classes():
    scenes = trials_cam.two(10, 0)
    assert len(scenes) == 10
    assert (scenes.labels[:, 0] != scenes.labels[:, 1]).all()
    assert (scenes.occlusion == 0).all()


@once
def test_separation_of_maps_that_are_known():
    scenes = trials_cam.two(4, 0)
    one, other = (cam_scores.mask_of(scenes.instances, k).astype(float)[..., None] for k in (0, 1))
    found = trials_cam.separated(one, other, scenes)
    assert found["own"] == 1
    assert found["likeness"] < 0
    assert trials_cam.separated(one, one, scenes)["own"] == pytest.approx(0.5)


@once
def test_extent_of_a_net_that_is_known():
    """Its map is the green of the picture: IoU and cover are those of the drawn square."""
    scenes = trials_cam.test_scenes(12, 0)
    found = trials_cam.extent(cam_nets.stored("average"), scenes)
    assert set(found) == {"cover", "spill", "iou", "fit"}
    assert all(0 <= value <= 1 for value in found.values())
    assert found["iou"] <= found["cover"]


@once
def test_the_stored_results_are_complete():
    for name in trials_cam.STORED:
        fn = getattr(trials_cam, name)
        assert experiments.record("interpretability", name)["version"] == fn.version
        assert all(len(values) == len(fn.seeds) for values in experiments.load("interpretability", name).values())


@once
def test_pictures_are_figures():
    image, cells = np.random.default_rng(0).random((16, 16, 3)), np.abs(noise(4, 4))
    draw, say = cam_drawings.player(image, {(1, "disc"): cells})
    mask = np.zeros((16, 16), bool)
    mask[4:9, 4:9] = True
    over = cam_drawings.laid_over(image[None], cells.repeat(4, 0).repeat(4, 1)[None, ..., None], mask[None])
    made = [
        cam_drawings.added_up(image, np.abs(noise(4, 4, 6)), noise(6), "disc"),
        cam_drawings.columns({"one": [image], "other": over}, 2),
        cam_drawings.over_layers({"share": {"net": noise(5, 3)}}, ["relu1", "relu2", "relu3"]),
        draw(1, "disc"),
    ]
    assert all(isinstance(one, Figure) for one in made)
    assert "4 by 4 cells" in say(1, "disc")
    assert over[0][4, 4].tolist() == [1, 1, 1]
    np.testing.assert_allclose(cam_drawings.laid(image, 0 * mask), np.repeat(
        0.25 + 0.6 * image.mean(-1, keepdims=True), 3, -1))  # fmt: skip


@once
def test_the_nets_explained_are_the_books_own():
    assert trials_cam.test_scenes(6, 0).classes == subjects.KINDS
