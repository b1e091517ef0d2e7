"""Augmentation: every layer idle in inference, repeatable, and doing what its name says; crops and colours by hand."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import augmentation, data, experiments, models
from cvnotes.augmentation import colours, crops, drawings, operations, tables, tasks, trials, trials_scenes, votes
from tests.examples import examples

keras_array = ops.convert_to_numpy


@pytest.fixture(scope="module")
def photos():
    return drawings.photos(24)


# Layers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", operations.OPERATIONS)
def test_each_layer_works_in_training_only_and_a_seed_repeats_it(name, photos):
    strength = operations.OPERATIONS[name].strengths[2]
    layers = [augmentation.operation(name, strength, seed) for seed in (1, 1, 2)]
    drawn = [keras_array(layer(photos, training=True)) for layer in layers]
    assert all(each.shape == photos.shape and each.dtype == np.float32 for each in drawn)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert max(np.abs(each - photos).max() for each in drawn) > 0.05  # of one seed the draw may be slight
    assert (drawn[0] != drawn[2]).any() or name == "flip"
    assert (drawn[0] != keras_array(layers[0](photos, training=True))).any() or name == "flip"  # new draws each time
    np.testing.assert_allclose(keras_array(layers[0](photos, training=False)), photos, atol=1e-6)


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="There is no operation of that name"):
        augmentation.operation("sharpen", 1, 0)


@pytest.mark.parametrize("bad", [-0.1, 1.5, True, "half"])
def test_shares_lie_between_zero_and_one(bad):
    with pytest.raises(ValueError, match="must be a number from 0 to 1"):
        augmentation.DropPixels(bad)
    with pytest.raises(ValueError, match="must be a number from 0 to 1"):
        augmentation.Whitening(bad)


def test_dropped_pixels_are_black_in_all_channels_and_the_rest_untouched():
    pictures = np.random.default_rng(0).uniform(0.1, 1, (8, 32, 32, 3)).astype("float32")
    dropped = keras_array(augmentation.DropPixels(0.3, seed=0)(pictures, training=True))
    black = dropped == 0
    assert (black.all(-1) == black.any(-1)).all()
    np.testing.assert_array_equal(dropped[~black], pictures[~black])
    assert black.mean() == pytest.approx(0.3, abs=0.02)  # 8,192 pixels: four deviations
    keras_drops = keras_array(keras.layers.Dropout(0.3, seed=0)(pictures, training=True))
    assert keras_drops.max() > 1.3  # what is left is brighter: not what a dead pixel does


@pytest.mark.parametrize("name", operations.OPERATIONS)
@pytest.mark.parametrize("strength", [-1, np.nan, "x", None, True])
def test_a_strength_is_a_number_of_0_or_more(name, strength):
    with pytest.raises(ValueError, match="strength must be a number from 0"):
        augmentation.operation(name, strength, 0)


def our_layers(photos):
    axes = colours.colour_axes(photos)
    return [augmentation.DropPixels(0.5, 3), augmentation.Whitening(seed=3), augmentation.PCAShift(*axes, seed=3)]


def test_our_layers_can_be_saved(photos):
    for layer in our_layers(photos):
        again = type(layer).from_config(layer.get_config())
        one, other = (keras_array(each(photos, training=True)) for each in (layer, again))
        np.testing.assert_array_equal(one, other)


def test_our_layers_refuse_what_is_no_batch_of_pictures(photos):
    for layer in our_layers(photos):
        for wrong in (photos[0], (255 * photos).astype("uint8")):
            with pytest.raises(ValueError, match="Give pictures"):
                layer(wrong, training=True)
    with pytest.raises(ValueError, match="three channels"):
        our_layers(photos)[2](photos[..., :1], training=True)


def test_our_layers_take_odd_sizes_and_single_pictures(photos):
    for layer in our_layers(photos):
        odd = photos[:1, :5, :3]
        changed = keras_array(layer(odd, training=True))
        assert changed.shape == odd.shape
        assert np.isfinite(changed).all()


def test_whitened_pictures_have_unit_covariance(photos):
    white = keras_array(operations.whitened(ops.convert_to_tensor(photos)))
    for photo, picture in zip(photos, white, strict=True):
        pixels, before = picture.reshape(-1, 3), np.cov(photo.reshape(-1, 3).T, bias=True)
        expected = before @ np.linalg.inv(before + 1e-4 * np.eye(3))  # 1, but less along axes that hardly vary
        np.testing.assert_allclose(pixels.mean(0), 0, atol=1e-3)
        np.testing.assert_allclose(np.cov(pixels.T, bias=True), expected, atol=5e-3)
        assert np.linalg.eigvalsh(expected)[-1] > 0.99, "the strongest axis comes out as 1"
    gray = photos[..., :1]
    expected = (gray - gray.mean((1, 2), keepdims=True)) / np.sqrt(gray.var((1, 2), keepdims=True) + 1e-4)
    np.testing.assert_allclose(keras_array(operations.whitened(ops.convert_to_tensor(gray))), expected, atol=1e-3)
    assert not keras_array(operations.whitened(ops.ones((1, 4, 4, 1)))).any()


def test_whitening_all_the_way_makes_no_new_picture(photos):
    white = keras_array(operations.whitened(ops.convert_to_tensor(photos)))
    mixed = keras_array(augmentation.Whitening(1.0, seed=0)(photos, training=True))
    part = (mixed - photos) / np.where(np.abs(white - photos) < 1e-3, np.nan, white - photos)
    for each in part:
        assert np.nanstd(each) < 1e-2
        assert 0 <= np.nanmean(each) <= 1


def test_in_front_changes_training_alone_and_shares_weights():
    net = models.build("small-convnet", input_shape=(12, 12, 1), width=4)
    both = augmentation.in_front([augmentation.operation("rotation", 90, 0)], net)
    x = np.random.default_rng(0).random((5, 12, 12, 1)).astype("float32")
    np.testing.assert_allclose(keras_array(both(x, training=False)), keras_array(net(x)), atol=1e-5)
    assert np.abs(keras_array(both(x, training=True)) - keras_array(net(x))).max() > 1e-4
    assert both.count_params() == net.count_params()
    for wrong in (None, keras.Sequential([keras.layers.Dense(2)])):
        with pytest.raises(ValueError, match="Give a built model"):
            augmentation.in_front([], wrong)


def test_labels_stay_with_their_pictures():
    """A layer changes pictures in place: row i is still picture i."""
    levels = np.linspace(0.2, 0.9, 6)
    pictures = np.ones((6, 16, 16, 3), "float32") * levels[:, None, None, None].astype("float32")
    for name in set(operations.OPERATIONS) - {"whitening"}:  # it takes the level away
        drawn = keras_array(
            augmentation.operation(name, operations.OPERATIONS[name].strengths[0], 0)(pictures, training=True)
        )
        assert (np.diff(np.median(drawn, axis=(1, 2, 3))) > 0).all(), name


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")  # Keras counts in int64, JAX shortens it
def test_mixup_is_a_weighted_sum_of_pictures_and_of_labels():
    x, y = np.random.default_rng(0).random((6, 4, 4, 1)).astype("float32"), np.eye(6, dtype="float32")
    mixed = keras.layers.MixUp(alpha=0.5, seed=0)({"images": x, "labels": y}, training=True)
    images, labels = (keras_array(mixed[key]) for key in ("images", "labels"))
    np.testing.assert_allclose(labels.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(images, np.einsum("nk,khwc->nhwc", labels, x), atol=1e-5)


# Colours ------------------------------------------------------------------------------------------------------------


def test_colour_axes_diagonalise_the_covariance(photos):
    values, vectors = augmentation.colour_axes(photos)
    covariance = np.cov(photos.reshape(-1, 3), rowvar=False, bias=True)
    np.testing.assert_allclose(vectors @ np.diag(values) @ vectors.T, covariance, atol=1e-8)
    assert (np.diff(values) <= 0).all()
    assert (vectors.sum(0) >= 0).all()
    np.testing.assert_allclose(augmentation.colour_axes(list(photos))[0], values)


def test_the_shift_is_the_formula_and_the_layers_spread_is_the_covariance_of_the_formula(photos):
    values, vectors = augmentation.colour_axes(photos)
    draws = np.array([0.1, -0.2, 0.3])
    added = augmentation.colour_shift(photos[0], values, vectors, draws) - photos[0]
    expected = sum(draws[i] * values[i] * vectors[:, i] for i in range(3))
    np.testing.assert_allclose(added, np.broadcast_to(expected, added.shape), atol=1e-6)
    many = np.full((4000, 2, 2, 3), 0.5, "float32")
    layer = augmentation.PCAShift(values, vectors, deviation=2.0, seed=0)
    seen = keras_array(layer(many, training=True))[:, 0, 0] - 0.5
    wanted = 4 * vectors @ np.diag(values**2) @ vectors.T
    np.testing.assert_allclose(np.cov(seen.T), wanted, atol=0.1 * wanted.max())
    unsquared = 4 * vectors @ np.diag(values) @ vectors.T
    assert np.abs(np.cov(seen.T) - unsquared).max() > 0.5 * wanted.max()


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3), "uint8"), np.full((4, 4, 3), 200.0), np.zeros((4, 4, 1))])
def test_colours_outside_their_range_are_refused(bad):
    with pytest.raises(ValueError, match=r"in 0 to 1"):
        colours.colour_axes(bad)


def test_colours_refuse_other_shapes(photos):
    values, vectors = augmentation.colour_axes(photos)
    for empty in ([], np.zeros((0, 3))):
        with pytest.raises(ValueError, match="Give"):
            augmentation.colour_axes(empty)
    with pytest.raises(ValueError, match="nan"):
        augmentation.colour_axes(np.full((2, 2, 3), np.nan))
    for wrong in (0.1, [0.1, 0.2], np.zeros((3, 1))):
        with pytest.raises(ValueError, match="one draw for each axis"):
            augmentation.colour_shift(photos[0], values, vectors, wrong)
    for axes in ((values[:2], vectors), (values, vectors[:2]), (values * np.nan, vectors)):
        with pytest.raises(ValueError, match="of colour_axes"):
            augmentation.colour_shift(photos[0], *axes, np.zeros(3))
        with pytest.raises(ValueError, match="of colour_axes"):
            augmentation.PCAShift(*axes)
    with pytest.raises(ValueError, match="deviation"):
        augmentation.PCAShift(values, vectors, deviation=-1)


# Crops --------------------------------------------------------------------------------------------------------------


@given(side=st.integers(1, 12), window=st.integers(1, 12), seed=st.integers(0, 9))
@examples(60)
def test_places_are_those_of_all_crops(side, window, seed):
    image = np.random.default_rng(seed).random((side, side, 1))
    if window > side:
        with pytest.raises(ValueError, match="window must be"):
            augmentation.crop_places(side, window)
        return
    every = crops.all_crops(image, window)
    assert len(every) == 2 * augmentation.crop_places(side, window)
    np.testing.assert_array_equal(every[0], image[:window, :window])
    np.testing.assert_array_equal(every[-1], image[side - window :, side - window :][:, ::-1])
    assert augmentation.crop_places(side, window) != (side - window) ** 2


def test_random_crops_are_windows_of_their_picture_and_reach_every_place():
    image = np.arange(25.0).reshape(1, 5, 5, 1)
    dice = np.random.default_rng(0)
    drawn = augmentation.random_crop(np.repeat(image, 400, 0), 3, dice)
    windows = {each.tobytes() for each in crops.all_crops(image[0], 3)}
    assert {np.ascontiguousarray(each).tobytes() for each in drawn} == windows
    unflipped = augmentation.random_crop(np.repeat(image, 100, 0), 3, dice, flip=False)
    assert (np.diff(unflipped[..., 0], axis=2) == 1).all()


def test_ten_crops_are_corners_middle_and_mirrors():
    image = np.arange(36.0).reshape(1, 6, 6, 1)
    ten = augmentation.ten_crops(image, 4)
    assert ten.shape == (10, 1, 4, 4, 1)
    firsts = ten[:5, 0, 0, 0, 0].tolist()
    assert firsts == [7, 0, 2, 12, 14]
    np.testing.assert_array_equal(ten[5:], ten[:5, :, :, ::-1])
    with pytest.raises(ValueError, match="window must be"):
        augmentation.ten_crops(image, 7)


def test_worth_reads_a_learning_curve():
    counts, curve = [100, 200, 400], [0.5, 0.6, 0.7]
    assert augmentation.worth(0.6, counts, curve) == pytest.approx(200)
    assert augmentation.worth(0.65, counts, curve) == pytest.approx(200 * 2**0.5)
    assert augmentation.worth(0.9, counts, curve) == pytest.approx(400)
    assert augmentation.worth(0.4, counts, curve) == pytest.approx(100)
    assert augmentation.worth(0.6, [1, 2, 4], [0.5, 0.6, 0.4]) == pytest.approx(2), "the first that comes to it"
    assert augmentation.worth(0.5, [1, 2, 4], [0.5, 0.5, 0.6]) == pytest.approx(1)
    for wrong in ([100, 100, 400], [100, 200], [0, 100, 200], []):
        with pytest.raises(ValueError, match="Give growing counts"):
            augmentation.worth(0.6, wrong, curve)
    for level, levels in ((np.nan, curve), (0.6, [0.5, np.nan, 0.7])):
        with pytest.raises(ValueError, match="finite"):
            augmentation.worth(level, counts, levels)


def test_crops_refuse_what_is_no_batch(photos):
    dice = np.random.default_rng(0)
    for wrong in (photos[0], photos[:0]):
        with pytest.raises(ValueError, match="Give images"):
            augmentation.random_crop(wrong, 3, dice)
        with pytest.raises(ValueError, match="Give images"):
            augmentation.ten_crops(wrong, 3)
    for wrong in (photos, photos[0, ..., 0]):
        with pytest.raises(ValueError, match="Give one image"):
            crops.all_crops(wrong, 3)
    with pytest.raises(ValueError, match="window"):
        crops.all_crops(photos[0], 25)
    with pytest.raises(ValueError, match="dice"):
        augmentation.random_crop(photos, 3, 0)


# Votes --------------------------------------------------------------------------------------------------------------


def test_votes_average_probabilities():
    net = models.build("small-convnet", input_shape=(8, 8, 1), width=4)
    x = data.digits().test_images[:6]
    alone = augmentation.average_vote(net, [x])
    np.testing.assert_allclose(alone, keras_array(ops.softmax(net(x))), atol=1e-6)
    both = augmentation.average_vote(net, [x, x[:, :, ::-1]])
    other = augmentation.average_vote(net, [x[:, :, ::-1]])
    np.testing.assert_allclose(both, (alone + other) / 2, atol=1e-6)
    counts = [len(augmentation.views(x, how)) for how in votes.WAYS]
    assert counts == [1, 5, 3, 2]
    with pytest.raises(ValueError, match="how must be one of"):
        augmentation.views(x, "twice")
    with pytest.raises(ValueError, match="Give images"):
        augmentation.views(x[0], "mirrored")
    for wrong in ([], [x, x[:3]]):
        with pytest.raises(ValueError, match="views of one shape"):
            augmentation.average_vote(net, wrong)


# Test grounds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tasks.MESSAGES)
def test_messages_are_balanced_and_repeatable(name):
    one, two = tasks.message(name, 3), tasks.message(name, 3)
    np.testing.assert_array_equal(one.x, two.x)
    assert one.x.shape == (200, 16, 16, 1)
    assert one.test_x.shape == (450, 16, 16, 1)
    counts = np.bincount(one.y)
    assert counts.max() - counts.min() <= 1
    assert np.isfinite(one.x).all()


def test_messages_can_be_read_off_without_a_net():
    stars = tasks.message("dropped pixels", 0)
    np.testing.assert_array_equal(stars.x.sum((1, 2, 3)) - 1, stars.y)
    grain = tasks.message("noise", 0)
    corner = grain.x[:, :2, :, 0].std((1, 2))
    assert ((corner > 0.17) == grain.y).mean() > 0.95
    light = tasks.message("whitening", 0)
    assert light.x[light.y == 2].max() > 0.95 > 0.65 > light.x[light.y == 0].max()
    spot = tasks.message("cutout", 0)
    brightest = spot.x.reshape(len(spot.x), -1).argmax(1)
    quarter = brightest // 16 // 8 * 2 + brightest % 16 // 8
    np.testing.assert_array_equal(quarter, spot.y)


@pytest.mark.parametrize("name", tasks.NUISANCES)
def test_nuisances_change_pictures_and_leave_their_number(name):
    before, after = tasks.canvases().test_images, tasks.nuisance(name, 0)
    assert after.shape == before.shape
    assert np.isfinite(after).all()
    assert np.abs(after - before).mean() > 0.01


def test_nuisances_are_what_they_say():
    images = tasks.canvases().test_images
    mirrored, moved, blurred = (tasks.nuisance(name, 0) for name in ("flip", "translation", "blur"))
    np.testing.assert_array_equal(mirrored[:, :, ::-1], images)
    np.testing.assert_array_equal(moved[0, 3:], images[0, :-3])  # the first is moved down
    assert not moved[0, :3].any()
    mean = np.mean([np.roll(images, (r, c), (1, 2)) for r in (-1, 0, 1) for c in (-1, 0, 1)], 0)
    np.testing.assert_allclose(blurred, mean, atol=1e-6)  # the rim is black
    one = tasks.few_digits(0)
    one.test_x[:] = 0
    assert tasks.few_digits(0).test_x.any(), "tasks share no memory"


def test_unknown_grounds_are_refused():
    with pytest.raises(ValueError, match="name must be one of"):
        trials_scenes.colouring("sepia", np.zeros((1, 4, 4, 3), "float32"), 0)
    with pytest.raises(ValueError, match="count"):
        trials_scenes.placed(0, 0)
    for ground in (tasks.message, tasks.nuisance):
        with pytest.raises(ValueError, match="name must be one of"):
            ground("nothing", 0)
    for count in (0, 10**6):
        with pytest.raises(ValueError, match="count"):
            tasks.few_digits(0, count)


def test_swapped_counts_only_the_pair():
    labels, answers = np.array([6, 9, 6, 9, 1]), np.array([9, 6, 6, 9, 6])
    assert trials.swapped(labels, answers, 6, 9) == 0.5
    for wrong in ((labels, answers[:2]), (labels[-1:], answers[-1:])):
        with pytest.raises(ValueError, match="an answer for each label"):
            trials.swapped(*wrong, 6, 9)


def test_places_are_places():
    task = trials_scenes.placed(0, 60)
    for picture, label in zip(task.x, task.y, strict=True):
        row, column = divmod(int(label), 5)
        ink = np.argwhere(picture[..., 0] > 0)
        assert (ink.min(0) >= (2 * row, 2 * column)).all()
        assert (ink.max(0) < (2 * row + 8, 2 * column + 8)).all()


def test_heads_are_alike_in_parameters():
    from cvnotes.introduction import comparison

    for which, classes in enumerate((10, trials_scenes.CELLS**2)):
        nets = [comparison.conv_net(classes=classes, **options[which]) for options in trials_scenes.HEADS.values()]
        counts = [net.count_params() for net in nets]
        assert max(counts) / min(counts) < 1.05


def test_scenes_show_one_shape_of_the_colours_asked_for():
    made, pictures = trials_scenes.shapes(30, 0, colours=trials_scenes.WARM)
    assert set(np.array(list(data.COLOURS))[made.colours[:, 0]]) == set(trials_scenes.WARM)
    assert (pictures.dtype, pictures.shape) == (np.float32, (30, 32, 32, 3))
    lit = trials_scenes.coloured_light(pictures, np.random.default_rng(0))
    assert (lit <= pictures + 1e-6).all()
    assert lit.mean() < 0.9 * pictures.mean()
    for name in trials_scenes.COLOURINGS:
        assert len(trials_scenes.colouring(name, pictures, 0)) == (name != "none")


# Stored results and pictures ----------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    assert not experiments.stale("augmentation")


@pytest.mark.parametrize("strength", drawings.STEPS)
@pytest.mark.parametrize("name", operations.OPERATIONS)
@pytest.mark.once
def test_the_figure_to_play_with_and_its_words(name, strength):
    if strength in ("slight", "wild") or name == "noise":
        assert len(drawings.draw_operation(name, strength).axes) == 5  # the sheet and four pictures
    assert name in drawings.say_operation(name, strength)


def test_verdicts_need_an_effect_that_could_be_seen():
    still = np.array([0.8, 0.81, 0.82, 0.8, 0.81])
    even, uneven = np.array([0.1, 0.11, 0.1, 0.09, 0.1]), np.array([0.1, -0.1, 0.05, -0.02, 0.01])
    assert tables.verdict(still + even, still) == "helps"
    assert tables.verdict(still - even, still) == "hurts"
    assert tables.verdict(still + uneven, still) == "not seen"


def test_tables_have_a_row_for_each_arm():
    load = lambda name: experiments.load("augmentation", name)  # noqa: E731
    assert [row[0] for row in tables.ablation(load("ablation"), list(tasks.NUISANCES))] == list(tasks.NUISANCES)
    assert [row[0] for row in tables.turned(load("turned"), list(trials.TURNS))] == list(trials.TURNS)
    keys = ("plain", "other", "light", "named")
    rows = tables.colours(load("colours"), trials_scenes.COLOURINGS, keys)
    assert [row[0] for row in rows] == list(trials_scenes.COLOURINGS)
    assert all("/" in cell for cell in rows[1][1:])
    assert len(tables.cropped(load("cropped"))) == 2
    assert len(tables.heads(load("heads"), ["a", "b", "c"])) == 3


@pytest.mark.once
def test_other_figures_show_every_operation(photos):
    names = list(tasks.NUISANCES)
    assert list(tasks.MESSAGES) == names == list(trials.STRENGTHS)
    fig = drawings.effects(experiments.load("augmentation", "ablation"), names)
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == names
    assert len(drawings.turned_bars(experiments.load("augmentation", "turned"), list(trials.TURNS)).axes) == 3
    assert len(drawings.grounds().axes) == 10
    assert len(drawings.questions().axes) == 17
    axes = augmentation.colour_axes(photos)
    assert len(drawings.along_axes(photos[0], *axes, 3.0).axes) == 7
    assert len(drawings.five_windows(photos[0], 20).axes[0].patches) == 5
