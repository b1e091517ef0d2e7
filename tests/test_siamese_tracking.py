"""Tracking: the one cross-correlation, windows and what is wanted of them, the tracker, and how it is judged."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy.signal import correlate as scipy_correlate
from skimage.feature import match_template
from sklearn.metrics import log_loss

from cvnotes import data, experiments
from cvnotes.siamese import correlation, following, following_scores, fully_convolutional, pasted, windows
from cvnotes.siamese import tracking_drawings as drawings
from cvnotes.siamese import trials_tracking as trials
from tests.examples import examples

CLIPS = data.clips(4, seed=5, frames=6, size=64, objects=(2, 3), classes=("star", "heart"))
numpy = ops.convert_to_numpy


def dice(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(1)
    return fully_convolutional.siamese_map_net()


# One cross-correlation ----------------------------------------------------------------------------------------------


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 5), st.integers(0, 5), st.integers(1, 3), st.integers(1, 3))
@examples(30)
def test_each_map_meets_its_own_exemplar_as_in_scipy(a, b, more, wider, channels, n):
    maps, kernels = dice(n, a + more, b + wider, channels), dice(n, a, b, channels, seed=1)
    found = numpy(correlation.cross_correlation(maps, kernels))
    slow = [scipy_correlate(x, z, mode="valid")[..., 0] for x, z in zip(maps, kernels, strict=True)]
    assert found.shape == (n, more + 1, wider + 1)
    np.testing.assert_allclose(found, slow, atol=1e-4)
    far = numpy(correlation.squared_distances(maps, kernels))
    shifted = np.lib.stride_tricks.sliding_window_view(maps, (a, b), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    np.testing.assert_allclose(far, ((shifted - kernels[:, None, None]) ** 2).sum(axis=(3, 4, 5)), atol=1e-3)
    for kernel in kernels:  # one exemplar for all maps is a convolution of Keras
        each = numpy(correlation.cross_correlation(maps, np.repeat(kernel[None], n, axis=0)))
        np.testing.assert_allclose(numpy(correlation.correlate(maps, kernel)), each, atol=1e-4)


@pytest.mark.parametrize(
    ("maps", "kernels"),
    [
        ((2, 5, 5, 3), (2, 6, 2, 3)),
        ((2, 5, 5, 3), (2, 2, 2, 4)),
        ((2, 5, 5, 3), (3, 2, 2, 3)),
        ((5, 5, 3), (2, 2, 3)),
        ((2, 5, 5, 3), (2, 0, 2, 3)),
        ((2, 5, 5, 3), (2, 2, 6, 3)),
    ],
)
def test_a_kernel_that_does_not_fit_its_map_is_refused(maps, kernels):
    with pytest.raises(ValueError, match="Received: maps"):
        correlation.cross_correlation(np.zeros(maps), np.zeros(kernels))
    with pytest.raises(ValueError, match="Received: maps"):
        correlation.correlate(np.zeros((1, 5, 5, 3)), np.zeros((6, 6, 3)))


@given(st.integers(0, 99), st.integers(6, 11), st.integers(0, 4))
@examples(8)
def test_the_loop_of_crops_is_the_one_correlation_without_padding_and_on_the_stride_alone(net, seed, side, more):
    encoder, side = net.get_layer("encoder"), 4 * side - 1
    search = np.random.default_rng(seed).integers(0, 256, (side + 4 * more + seed % 4,) * 2 + (3,)).astype("float32")
    exemplar = search[more : more + side, :side]
    one = correlation.score_map(encoder, exemplar, search)
    assert one.shape == (more + 1,) * 2
    assert correlation.gap(one, correlation.loop_of_crops(encoder, exemplar, search, 4)) < 1e-5


def test_padding_and_shifts_between_two_cells_break_the_equality(net):
    search = dice(47, 47, 3) * 60 + 128
    exemplar, encoder = search[8:31, 12:35], net.get_layer("encoder")
    zeros = fully_convolutional.map_encoder(padding="same")
    zeros.set_weights(encoder.get_weights())
    loop = correlation.loop_of_crops(zeros, exemplar, search, 4)
    assert correlation.gap(loop, correlation.score_map(zeros, exemplar, search)) > 0.02
    one = correlation.score_map(encoder, exemplar, search)[:-1, :-1]
    for shift in (1, 2, 3):
        assert correlation.gap(one, correlation.loop_of_crops(encoder, exemplar, search, 4, shift)) > 0.02


def test_pictures_of_bytes_are_correlated_as_numbers():
    """Products of bytes wrap round at 256; lists and two kinds of floats are read too."""
    rng = np.random.default_rng(0)
    maps, kernels = rng.integers(0, 256, (2, 5, 5, 3)), rng.integers(0, 256, (2, 2, 2, 3))
    for fn in (correlation.cross_correlation, correlation.squared_distances):
        wanted = numpy(fn(maps.astype("float32"), kernels.astype("float32")))
        for one, other in ((maps.astype("uint8"), kernels.astype("uint8")), (maps.tolist(), kernels.astype(float))):
            np.testing.assert_allclose(numpy(fn(one, other)), wanted, rtol=1e-6)
    assert wanted.max() > 1e4


def test_places_of_the_paper_and_of_our_windows():
    assert len(correlation.places(255, 127, 8)) == 17  # Bertinetto et al. (2016), figure 1
    assert correlation.places(47, 23, 4).tolist() == [0, 4, 8, 12, 16, 20, 24]
    with pytest.raises(ValueError, match="exemplar"):
        correlation.places(10, 11, 1)
    with pytest.raises(ValueError, match="one shape"):
        correlation.gap(np.zeros((2, 2)), np.zeros((2, 3)))
    for scores, others in (([0.0], [1.0]), ([np.nan], [1.0]), ([1.0], [np.inf])):
        with pytest.raises(ValueError, match="Compare finite maps"):
            correlation.gap(scores, others)
    assert correlation.gap([[2.0, -4]], [[1.0, -4]]) == 0.25
    for exemplar, search in ((np.ones((4, 4, 3)), np.ones((9, 8, 3))), (np.ones((4, 5, 3)), np.ones((9, 9, 3)))):
        with pytest.raises(ValueError, match="must be a square window"):
            correlation.loop_of_crops(None, exemplar, search, 1)


def test_the_layer_learns_a_gain_and_a_bias_and_says_the_shape_that_it_gives(net):
    layer = correlation.CrossCorrelation()
    maps, kernels = dice(2, 8, 8, 4), dice(2, 2, 3, 4, seed=1)
    layer.build([maps.shape, kernels.shape])
    layer.set_weights([np.float32(2), np.float32(-1)])
    found = numpy(layer([maps, kernels]))
    np.testing.assert_allclose(found, numpy(correlation.cross_correlation(maps, kernels)) / 3 - 1, atol=1e-5)
    assert found.shape == layer.compute_output_shape([maps.shape, kernels.shape])
    again = keras.models.model_from_json(net.to_json())
    assert again.count_params() == net.count_params()


# The net ------------------------------------------------------------------------------------------------------------


def test_the_net_is_one_encoder_on_both_windows_and_nothing_else(net):
    pair = np.random.default_rng(0).integers(0, 256, (2, 47, 47, 6)).astype("uint8")
    encoder, head = net.get_layer("encoder"), net.get_layer("correlation")
    kernels = encoder(pair[:, 12:35, 12:35, :3])
    assert tuple(kernels.shape) == (2, 2, 2, 32)
    np.testing.assert_allclose(numpy(net(pair)), numpy(head([encoder(pair[..., 3:]), kernels])), atol=1e-4)
    assert net.count_params() == encoder.count_params() + 2
    assert net.output_shape == (None, 7, 7)


def test_a_padded_net_gives_as_many_places():
    assert fully_convolutional.siamese_map_net(padding="same").output_shape == (None, 7, 7)


@pytest.mark.parametrize(
    "options", [{"exemplar": 24}, {"exemplar": 47}, {"padding": "full"}, {"filters": (8, 8)}, {"filters": (8, 8, 0)}]
)
def test_a_net_that_cannot_be_built_is_refused(options):
    with pytest.raises(ValueError, match="Received"):
        fully_convolutional.siamese_map_net(**options)


# Windows ------------------------------------------------------------------------------------------------------------


@given(st.floats(-9, 25), st.floats(-9, 25), st.integers(1, 20), st.integers(0, 9))
@examples(50)
def test_a_window_is_a_piece_of_the_frame_padded_with_its_mean(x, y, side, seed):
    frame = np.random.default_rng(seed).integers(0, 256, (1, 16, 18, 3)).astype("uint8")
    mean = frame.mean(axis=(1, 2)).astype("uint8")[0]
    wide = np.full((16 + 80, 18 + 80, 3), mean, "uint8")
    wide[40:56, 40:58] = frame[0]
    left, top = int(np.floor(x + 0.5)) - side // 2 + 40, int(np.floor(y + 0.5)) - side // 2 + 40
    found = windows.cut(frame, [[x, y]], side)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], wide[top : top + side, left : left + side])


def test_windows_of_nothing_and_of_bad_places():
    assert windows.cut(np.zeros((0, 8, 8, 3)), np.zeros((0, 2)), 4).shape == (0, 4, 4, 3)
    for places in ([[np.nan, 1]], [[1, 2], [3, 4]], [1, 2]):
        with pytest.raises(ValueError, match="one place"):
            windows.cut(np.zeros((1, 8, 8, 3)), places, 4)


def test_pairs_hold_one_object_twice_and_the_second_where_it_is_asked_for():
    alone = data.clips(6, seed=2, frames=6, size=64, objects=1, colours="red", textures="plain", clutter=0)
    moved = np.random.default_rng(0).integers(-6, 7, (40, 2))
    pairs = windows.window_pairs(alone, 40, 40, 0, moved=moved)
    still = windows.window_pairs(alone, 40, 40, 0)
    assert pairs.shape == (40, 40, 40, 6)
    assert pairs.dtype == np.uint8
    np.testing.assert_array_equal(pairs[..., :3], still[..., :3])
    for pair, there, (x, y) in zip(pairs, still, moved, strict=True):  # the same picture, moved over
        inner = there[10:30, 10:30, 3:]
        np.testing.assert_array_equal(pair[10 + y : 30 + y, 10 + x : 30 + x, 3:], inner)
    assert not np.array_equal(still[..., :3], still[..., 3:])


def test_pairs_that_the_clips_do_not_offer_are_refused():
    with pytest.raises(ValueError, match="Too few"):
        windows.window_pairs(data.clips(2, frames=1), 4, 24, 0)
    with pytest.raises(ValueError, match="Too few"):
        windows.window_pairs(data.clips(2, frames=3, objects=0), 4, 24, 0)
    with pytest.raises(ValueError, match="moved"):
        windows.window_pairs(CLIPS, 4, 24, 0, moved=np.zeros((3, 2)))
    short = data.clips(2, frames=2, objects=1)  # every second draw meets the same frame twice
    for seed in range(60):
        pair = windows.window_pairs(short, 1, 8, seed)[0]
        assert pair.shape == (8, 8, 6)


def test_pairs_are_of_two_frames_and_of_objects_in_sight():
    hidden = data.clips(12, seed=4, frames=8, size=64, objects=6, radius=(0.15, 0.2))
    seen = (hidden.occlusion <= windows.HIDDEN) & (hidden.labels >= 0)[:, None]
    assert 0.02 < 1 - seen.mean() < 0.9  # some are out of sight
    film, which, frame, other = windows._drawn(hidden, 400, np.random.default_rng(0), 3)
    assert seen[film, frame, which].all()
    assert seen[film, other, which].all()
    assert set(np.abs(frame - other)) == {1, 2, 3}
    assert (frame < other).any()
    assert (frame > other).any()


def test_a_target_in_the_middle_is_wanted_at_five_cells():
    wanted = windows.wanted_maps(np.zeros((1, 2)), 7, 4, 4.0)[0]
    assert np.argwhere(wanted).tolist() == [[2, 3], [3, 2], [3, 3], [3, 4], [4, 3]]
    beside = windows.wanted_maps(np.array([[8, -4]]), 7, 4, 0)[0]
    assert np.argwhere(beside).tolist() == [[2, 5]]  # 8 pixels to the right, 4 up
    for moved in ([[np.nan, 0]], [0, 0]):
        with pytest.raises(ValueError, match="moved"):
            windows.wanted_maps(np.array(moved), 7, 4, 4.0)


def test_the_loss_is_the_logistic_loss_of_scikit_learn_with_both_kinds_of_one_weight():
    wanted, scores = windows.wanted_maps(np.array([[0, 0], [4, 9]]), 7, 4, 4.0), 3 * dice(2, 7, 7)
    found = numpy(windows.balanced_logistic(wanted, ops.convert_to_tensor(scores)))
    for loss, y, s in zip(found, wanted, scores, strict=True):
        weight = np.where(y == 1, 1 / y.sum(), 1 / (1 - y).sum()).ravel()
        share = 1 / (1 + np.exp(-s.ravel()))
        assert np.isclose(loss, log_loss(y.ravel(), share, sample_weight=weight), atol=1e-5)
    nowhere = numpy(windows.balanced_logistic(np.zeros((1, 7, 7)), ops.zeros((1, 7, 7))))
    assert np.allclose(nowhere, np.log(2) / 2)
    assert np.allclose(numpy(windows.balanced_logistic([[[1, 0]]], [[[0, 0]]])), np.log(2))
    for shape in ((2, 7, 1), (1, 7, 7)):
        with pytest.raises(ValueError, match="wanted and scores must have one shape"):
            windows.balanced_logistic(wanted, np.zeros(shape))
    with pytest.raises(ValueError, match="wanted must be 1"):
        windows.balanced_logistic(wanted + 1, scores)


# Following ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 99), st.integers(3, 9), st.integers(0, 9), st.integers(1, 3))
@examples(30)
def test_the_template_is_that_of_scikit_image(seed, side, more, channels):
    shown = np.random.default_rng(seed).integers(0, 256, (2, side + more, side + more, channels))
    exemplars = np.random.default_rng(seed + 1).integers(0, 256, (2, side, side, channels))
    slow = [match_template(one, e)[..., 0] for one, e in zip(shown, exemplars, strict=True)]
    np.testing.assert_allclose(following.normalised(shown, exemplars), slow, atol=1e-6)


def test_the_unit_of_pictures_does_not_matter_to_a_template():
    """A faint pattern from 0 to 1 is one all the same, and what is flat stays flat in any unit."""
    shown, exemplar = (0.5 + 0.002 * dice(1, side, side, 1, seed=side).astype(float) for side in (12, 4))
    for unit in (1e-3, 1, 255, 1e6):
        found = following.normalised(unit * shown, unit * exemplar)[0]
        np.testing.assert_allclose(found, match_template(shown[0], exemplar[0])[..., 0], atol=1e-6)
        assert np.abs(found).max() > 0.3
        half = np.full((1, 30, 30, 3), 200.0)
        half[:, :12] = 60 * dice(1, 12, 30, 3)
        assert not following.normalised(unit * half, unit * dice(1, 9, 9, 3, seed=2).astype(float))[:, 12:].any()


def test_flat_windows_and_flat_templates_match_nothing():
    assert not following.normalised(np.full((1, 9, 9, 3), 7), dice(1, 4, 4, 3)).any()
    assert not following.normalised(dice(1, 9, 9, 3), np.full((1, 4, 4, 3), 7)).any()
    for shown, exemplars in (((1, 4, 4, 3), (1, 9, 9, 3)), ((2, 9, 9, 3), (1, 4, 4, 3)), ((9, 9, 3), (4, 4, 3))):
        with pytest.raises(ValueError, match="square windows"):
            following.normalised(np.ones(shown), np.ones(exemplars))
    with pytest.raises(ValueError, match="finite"):
        following.normalised(np.full((1, 9, 9, 3), np.nan), np.ones((1, 4, 4, 3)))


def test_moves_go_to_the_best_place_and_of_equals_to_the_nearest():
    scores = np.zeros((3, 7, 7))
    scores[0, 1, 5], scores[1, 0, 0], scores[1, 3, 4] = 1, 2, 2
    assert following.moves(scores).tolist() == [[2, -2], [1, 0], [0, 0]]
    assert following.moves(scores.tolist()).tolist() == following.moves(scores).tolist()
    for bad in (np.full((1, 3, 3), np.nan), np.zeros((3, 3)), np.zeros((1, 3, 4)), np.zeros((1, 0, 0))):
        for fn in (following.moves, following.damped, lambda maps: following.finer(maps, 4)):
            with pytest.raises(ValueError, match="score maps"):
                fn(bad)


def test_the_cosine_window_damps_far_moves_and_alone_stands_still():
    hill = following.cosine_window(25)
    assert hill.max() == hill[12, 12] == 1
    assert hill.min() > 0
    np.testing.assert_allclose(hill, hill.T)
    scores = dice(4, 25, 25)
    assert not following.moves(following.damped(scores, 1.0)).any()
    np.testing.assert_array_equal(following.moves(following.damped(scores, 0.0)), following.moves(scores))
    np.testing.assert_allclose(following.damped(np.ones((1, 5, 5)), 0.3)[0], 0.3 * following.cosine_window(5))
    with pytest.raises(ValueError, match="weight"):
        following.damped(scores, 1.5)


def test_finer_maps_keep_the_scores_that_are_known():
    scores = dice(3, 7, 7)
    found = following.finer(scores, 4)
    assert found.shape == (3, 25, 25)
    np.testing.assert_allclose(found[:, ::4, ::4], scores, atol=1e-5)


def oracle(films, truths):
    """A look that knows where the target is: it follows wherever the last look went."""
    state = {"t": 0, "at": windows.middles(truths[:, 0])}

    def look(_windows):
        state["t"] += 1
        ways = windows.middles(truths[:, state["t"]]) - state["at"]
        scores = np.zeros((len(films), 25, 25))
        step = np.round(ways).astype(int).clip(-12, 12)
        scores[np.arange(len(films)), 12 + step[:, 1], 12 + step[:, 0]] = 1
        state["at"] = np.clip(state["at"] + step, 0, 63)
        return scores

    return look


def test_with_the_truth_for_a_look_the_tracker_stays_on_its_target():
    truths = CLIPS.full_boxes[:, :, 0]
    path = following.follow(CLIPS.images, truths[:, 0], oracle(CLIPS.images, truths), weight=0)
    assert path.shape == (4, 6, 4)
    np.testing.assert_allclose(path[:, 0], truths[:, 0])
    assert np.ptp(path[..., 2:] - path[..., :2], axis=1).max() < 1e-9  # the size is kept
    assert np.abs(windows.middles(path) - windows.middles(truths)).max() <= 1
    still = following.stand_still(CLIPS.images, truths[:, 0])
    good, bad = (following_scores.judge(one, CLIPS.full_boxes) for one in (path, still))
    assert good["success"] > bad["success"]
    assert good["error"] < 1 < bad["error"]


def test_a_look_that_always_runs_to_the_right_stops_at_the_frame():
    def run(shown):
        scores = np.zeros((len(shown), 25, 25))
        scores[:, 12, 24] = 1
        return scores

    path = following.follow(CLIPS.images, CLIPS.full_boxes[:, 0, 0], run, weight=0)
    assert windows.middles(path)[:, -1, 0].max() == 63
    bad = CLIPS.full_boxes[:, 0, 0].copy()
    bad[0, 0] = np.nan
    far = np.where(np.isnan(bad), -np.inf, bad)
    for boxes in (bad, far, bad[:2], bad[:, :2], CLIPS.full_boxes[:, 0, 0, ::-1]):
        with pytest.raises(ValueError, match="finite numbers"):
            following.follow(CLIPS.images, boxes, run)
        with pytest.raises(ValueError, match="finite numbers"):
            following.stand_still(CLIPS.images, boxes)
    with pytest.raises(ValueError, match="Give films"):
        following.follow(CLIPS.images[:, :0], CLIPS.full_boxes[:, 0, 0], run)
    look = following.by_template(np.zeros((0, 15, 15, 3)))
    assert following.follow(CLIPS.images[:0], np.zeros((0, 4)), look).shape == (0, 6, 4)


def test_by_net_and_by_template_look_at_every_pixel_between(net):
    exemplars = windows.cut(CLIPS.images[:, 0], windows.middles(CLIPS.full_boxes[:, 0, 0]), 23)
    shown = windows.cut(CLIPS.images[:, 1], windows.middles(CLIPS.full_boxes[:, 0, 0]), 47)
    scores = following.by_net(net, exemplars)(shown)
    assert scores.shape == following.by_template(exemplars)(shown).shape == (4, 25, 25)
    both = np.concatenate([np.pad(exemplars, ((0, 0), (12, 12), (12, 12), (0, 0))), shown], axis=-1)
    np.testing.assert_allclose(scores[:, ::4, ::4], numpy(net(both)), atol=1e-4)


# Judging ------------------------------------------------------------------------------------------------------------


def test_scores_of_a_target_kept_lost_and_stolen():
    truths = np.zeros((3, 4, 2, 4))
    truths[..., 0, :], truths[..., 1, :] = [10, 10, 20, 20], [40, 40, 50, 50]
    path = np.tile(np.float64([10, 10, 20, 20]), (3, 4, 1))
    path[1, 2:] = [40, 40, 50, 50]  # on the other object at the end
    path[2, 1] = [60, 60, 70, 70]  # lost for one frame
    found = following_scores.judge(path, truths)
    assert np.isclose(found["iou"], 6 / 9)
    assert np.isclose(found["success"], 6 / 9)
    assert np.isclose(found["never_lost"], 1 / 3)
    assert np.isclose(found["at_end"], 2 / 3)
    assert np.isclose(found["stolen"], 1 / 3)
    assert np.isclose(found["error"], (2 * 30 + 50) * np.sqrt(2) / 9)
    together = truths[:1, :, [0, 0]]  # two objects at one place: whoever is on one is on its target
    assert following_scores.judge(path[:1], together)["stolen"] == 0
    alone = following_scores.judge(path[:1], truths[:1, :, :1])
    assert alone["success"] == 1
    assert alone["stolen"] == 0
    for bad, match in ((truths[:2], "Give boxes"), (truths[:, :1], "Give boxes"), (truths[:, :, :0], "at least one")):
        with pytest.raises(ValueError, match=match):
            following_scores.judge(path, bad)


# Pasting and the stored net -----------------------------------------------------------------------------------------


def test_a_pasted_exemplar_lies_where_it_is_said_to():
    found = pasted.paste(CLIPS, 9, 24, 0)
    for picture, one, (x, y) in zip(*found, strict=True):
        np.testing.assert_array_equal(picture[y : y + 24, x : x + 24], one)
    plain = found.pictures.astype("float32"), found.exemplars.astype("float32")
    peaks = pasted.strides_off(following.normalised(*plain), found.corners, 1)
    assert not peaks.any()  # the very pixels are found by a template, to the pixel
    none = pasted.paste(CLIPS, 0, 24, 0)
    assert none.pictures.shape == (0, 64, 64, 3)
    assert pasted.strides_off(np.zeros((0, 9, 9)), none.corners, 4).shape == (0,)
    with pytest.raises(ValueError, match="at least one picture"):
        pasted.whole_maps(None, none)
    for maps, corners in ((np.full((1, 3, 3), np.nan), [[0, 0]]), (np.zeros((2, 3, 3)), [[0, 0]])):
        with pytest.raises(ValueError, match="Give finite maps"):
            pasted.strides_off(maps, corners, 4)
    for clips, side in ((CLIPS[:1], 24), (CLIPS, 65)):
        with pytest.raises(ValueError, match="Received"):
            pasted.paste(clips, 2, side, 0)


def test_films_of_a_seed_differ_in_their_objects_alone():
    shown = {kind: trials.films(kind, 5, 1) for kind in trials.KINDS}
    mixed, twins, alone = (shown[kind] for kind in ("mixed", "twins", "alone"))
    assert mixed.images.shape == (4, 24, 96, 96, 3)
    assert alone.boxes.shape == (4, 24, 1, 4)
    away = windows.middles(twins.boxes) - windows.middles(shown["class"].boxes)
    assert np.abs(away).max() == 0
    assert np.abs(windows.middles(mixed.boxes) - windows.middles(twins.boxes)).mean() < 2
    with pytest.raises(ValueError, match="kind"):
        trials.films("triplets", 0)


def test_the_stored_net_follows_better_than_an_untrained_one_and_standing_still(net):
    shown, trained = trials.films("mixed", trials.VALIDATION, 3), trials.stored()
    found = {
        way: following_scores.judge(trials.paths(shown, look), shown.boxes)
        for way, look in trials.looks(shown, trained, net).items()
    }
    assert found["net"]["success"] > found["untrained"]["success"] + 0.15
    assert found["untrained"]["success"] > found["still"]["success"]


def test_a_short_training_lowers_the_loss(monkeypatch):
    few = data.clips(10, seed=3, frames=8, objects=3, **trials.LOOKS)
    monkeypatch.setattr(trials, "lessons", lambda seed: few)
    _, history = trials.taught(0, 320, 3, wander=4)
    assert history["loss"][-1] < history["loss"][0] - 0.05


def test_what_is_stored_was_made_with_this_code():
    assert not {name for name in experiments.stale("siamese") if name in ("following", "padded")}


# Figures ------------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_the_figure_to_play_with_draws_every_frame_and_says_who_has_the_box():
    said = {}
    for film in drawings.SHOWN:
        for frame in drawings.MOMENTS:
            assert len(drawings.played(film, frame).axes) == 4
            said[film, frame] = drawings.say_played(film, frame)
    assert "on the target" in said["other shapes", 22]
    assert "on the target" in said["look-alikes", 7]
    assert "on another object" in said["look-alikes", 22]


@pytest.mark.once
def test_the_other_figures_show_what_they_are_given(net):
    shown = {kind: trials.films(kind, 5, 1) for kind in ("mixed", "twins")}
    assert len(drawings.task(shown, 0).axes) == 8
    exemplars, films = shown["mixed"].exemplars(), shown["mixed"]
    search = windows.cut(films.images[:, 1], windows.middles(films.start), 47)
    assert len(drawings.anatomy(net, exemplars[0], search[0]).axes) == 6
    found = pasted.paste(CLIPS, 3, 23, 0)
    maps = {"one": pasted.whole_maps(net.get_layer("encoder"), found)}
    assert maps["one"].shape == (3, 11, 11)
    assert len(drawings.found_places(found, maps, (0, 2)).axes) == 6
    race = experiments.load("siamese", "following")
    assert drawings.kept_hold(race, {"net": "trained"}).axes[0].get_xlabel() == "frame"
    assert len(drawings.weights(race).axes) == 2
