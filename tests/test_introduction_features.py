"""What the net has learned: HOG, probes, fields, best stimuli, frequencies and heads, against what is known exactly."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops
from matplotlib.figure import Figure

from cvnotes import backend, data, models
from cvnotes.introduction import features, hierarchy, portraits, probes, sequences


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def fresh(seed=0):
    """An untrained net whose normalization has seen noise."""
    return hierarchy.untrained(seed, noise(64, 32, 32, 3))


@pytest.fixture(scope="module")
def net():
    return fresh()


# --- features made by hand --------------------------------------------------------------------------------------------


def slow_histograms(image, cell, orientations):
    """Histograms of gradients by plain loops, cells not normalised; image (h, w)."""
    rows, columns = image.shape
    out = np.zeros((rows // cell, columns // cell, orientations))
    for i, j in itertools.product(range(rows), range(columns)):
        dy = image[i + 1, j] - image[i - 1, j] if 0 < i < rows - 1 else 0
        dx = image[i, j + 1] - image[i, j - 1] if 0 < j < columns - 1 else 0
        angle = np.rad2deg(np.arctan2(dy, dx)) % 180
        out[i // cell, j // cell, int(angle // (180 / orientations)) % orientations] += np.hypot(dx, dy)
    return out / cell**2


def test_hog_equals_the_slow_twin_in_every_block():
    image = noise(12, 12)
    cells = slow_histograms(image.astype(float), 4, 8)
    blocks = [cells[i : i + 2, j : j + 2].ravel() for i, j in itertools.product(range(2), range(2))]
    clipped = [np.minimum(b / np.sqrt((b**2).sum() + 1e-10), 0.2) for b in blocks]  # L2-Hys
    expected = np.concatenate([b / np.sqrt((b**2).sum() + 1e-10) for b in clipped])
    np.testing.assert_allclose(features.hog(image[None, ..., None])[0], expected, atol=1e-5)


def test_hog_forgets_brightness_and_contrast():
    image = noise(2, 16, 16, 3)
    np.testing.assert_allclose(features.hog(0.2 + 0.5 * image), features.hog(image), atol=1e-3)
    assert not np.allclose(features.hog(image[:, ::-1]), features.hog(image), atol=0.1)


@pytest.mark.parametrize("image", [noise(16, 16, 1), noise(1, 7, 16, 1), noise(1, 16, 16)])
def test_hog_says_which_pictures_it_takes(image):
    with pytest.raises(ValueError, match="Received"):
        features.hog(image)


@pytest.mark.parametrize("upright", [True, False])
def test_strokes_run_along_the_edge(upright):
    image = np.zeros((16, 16, 1))
    image[:, 6:] = 1  # a border from top to bottom, inside a cell
    ends, strength = features.hog_strokes(image if upright else image.transpose(1, 0, 2))
    (x0, y0), (x1, y1) = ends[strength.argmax()]
    along, across = (abs(y1 - y0), abs(x1 - x0)) if upright else (abs(x1 - x0), abs(y1 - y0))
    assert along > 4 * across
    assert (strength >= 0).all()
    assert strength.max() == pytest.approx(1)


# --- probes and pictures ----------------------------------------------------------------------------------------------


def test_probe_reads_what_is_linear_and_only_that():
    dice = np.random.default_rng(0)
    x = dice.normal(size=(400, 2, 3))
    linear, xor = (x[:, 0, 0] > 0.1).astype(int), ((x[:, 0, 0] > 0) ^ (x[:, 1, 1] > 0)).astype(int)
    assert features.linear_probe((x[:200], linear[:200]), (x[200:], linear[200:])) > 0.93
    assert features.linear_probe((x[:200], xor[:200]), (x[200:], xor[200:])) < 0.65
    shift = 100 + 1e-3 * x  # its features are standardised
    assert features.linear_probe((shift[:200], linear[:200]), (shift[200:], linear[200:])) > 0.93


def test_shapes_are_balanced_and_repeat():
    images, labels = features.shapes(50, seed=3)
    assert images.shape == (50, 32, 32, 3)
    assert (np.bincount(labels) == 10).all()
    np.testing.assert_array_equal(images, features.shapes(50, seed=3)[0])
    others = data.scenes(
        50, seed=3, size=32, objects=1, classes=features.OTHERS, radius=(0.28, 0.42), clutter=0.2, turn=45
    )
    np.testing.assert_array_equal(features.shapes(50, 3, features.OTHERS)[0], others.floats)


def test_no_shape_is_both_near_and_other():
    assert sorted(features.NEAR + features.OTHERS) == sorted(data.CLASSES)


def test_surfaces_hide_brightness_and_keep_halves_apart():
    (x, y), (tx, _) = features.surfaces(64, 0), features.surfaces(64, 0, test=True)
    assert (np.bincount(y) == 8).all()
    assert abs(x.mean((1, 2, 3)) - 0.5).max() < 0.05
    assert x.min() >= 0
    assert x.max() <= 1
    np.testing.assert_array_equal(x, features.surfaces(64, 0)[0])
    apart = np.abs(x[:, None] - tx[None]).mean((2, 3, 4))
    assert apart.min() > 0.02


def test_targets_are_asked_of_other_pictures_than_they_are_taught_with():
    for name, (train, test) in probes.targets(0).items():
        assert name in probes.TARGETS
        assert len(train[0]) == probes.LABELS
        seen = {image.tobytes() for image in train[0]}
        assert not any(image.tobytes() in seen for image in test[0])


# --- the net ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", hierarchy.DEPTHS)
def test_field_equals_the_profile(net, depth):
    row = models.profile(net).row(f"depth{depth}")
    side, step, _ = hierarchy.field(depth)
    assert row.receptive_field == (side, side)
    assert row.jump == (step, step)


@pytest.mark.parametrize(("depth", "place"), [(1, (10, 20)), (2, (5, 8)), (3, (3, 4))])
def test_box_is_where_the_gradient_lives(net, depth, place):
    tapped, x = hierarchy.taps(net), noise(8, 32, 32, 3)
    _, gradient = backend.value_and_grad(lambda t: ops.sum(tapped(t)[depth - 1][:, place[0], place[1]]))(x)
    rows, columns = np.nonzero(np.abs(gradient).sum((0, 3)))
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert hierarchy.box(depth, *place) == found
    assert hierarchy.crop(x[0], found).shape[:2] == (hierarchy.field(depth)[0],) * 2


@pytest.mark.parametrize("depth", hierarchy.DEPTHS)
def test_inside_lists_all_whole_fields(depth):
    units = range(32 // hierarchy.field(depth)[1])
    whole = [u for u in units if hierarchy.box(depth, u, u)[0] >= 0 and hierarchy.box(depth, u, u)[2] <= 32]
    assert hierarchy.inside(depth).tolist() == whole


@pytest.mark.parametrize("depth", [0, 4, 1.0])
def test_no_other_depth(depth):
    with pytest.raises(ValueError, match="depth"):
        hierarchy.field(depth)


def test_answers_equal_the_net(net):
    x = noise(300, 32, 32, 3)  # two batches
    *maps, logits = hierarchy.answers(net, x)
    np.testing.assert_allclose(logits, ops.convert_to_numpy(net(x, training=False)), atol=1e-4)
    assert [z.shape[1:] for z in maps] == [(32, 32, 12), (16, 16, 24), (8, 8, 32)]
    assert min(z.min() for z in maps) < 0  # before the ReLU
    pooled = np.maximum(maps[2], 0).reshape(300, 4, 2, 4, 2, 32).max((2, 4))
    np.testing.assert_allclose(hierarchy.conv_features(net, x), pooled.reshape(300, -1), atol=1e-5)


def test_untrained_moves_the_normalization_alone():
    keras.utils.set_random_seed(5)
    drawn, net = hierarchy.staged_net(), fresh(5)
    for before, after in zip(drawn.trainable_variables, net.trainable_variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(before), ops.convert_to_numpy(after))
    assert np.abs(ops.convert_to_numpy(net.get_layer("norm1").moving_mean)).max() > 0.01


def test_training_learns_and_is_cached(monkeypatch):
    monkeypatch.setitem(hierarchy.COUNT, "quick", 400)
    hierarchy._trained.cache_clear()
    images, labels = features.shapes(200, 77)
    before = np.mean(hierarchy.answers(fresh(), images)[3].argmax(1) == labels)
    trained = hierarchy.trained(0)
    assert hierarchy.trained(0, "quick") is trained
    assert np.mean(hierarchy.answers(trained, images)[3].argmax(1) == labels) > before + 0.08
    hierarchy._trained.cache_clear()


def test_best_places_equal_a_loop():
    maps, depth = noise(20, 8, 8, 32, seed=4), 3
    keep = hierarchy.inside(depth)
    every = [(maps[n, i, j, 7], n, i, j) for n in range(20) for i in keep for j in keep]
    best, pictures = [], set()
    for _, n, i, j in sorted(every, reverse=True):
        if n not in pictures:
            best.append((n, i, j))
            pictures.add(n)
    assert hierarchy.best_places(maps, depth, 7) == best[:6]


@pytest.mark.parametrize("blur", [0.0, 1.0])
def test_climbing_climbs_and_stays_in_the_field(net, blur):
    chosen = [(1, 3), (2, 5), (3, 9)]
    x = hierarchy.best_inputs(net, chosen, steps=8, blur=blur)
    for picture, first, (depth, unit) in zip(x, hierarchy.start(3), chosen, strict=True):
        after, before = (hierarchy.answers(net, p[None])[depth - 1] for p in (picture, first))
        middle = after.shape[1] // 2
        assert after[0, middle, middle, unit] > before[0, middle, middle, unit] + 0.1
        if not blur:
            outside = np.ones((32, 32), bool)
            x0, y0, x1, y1 = hierarchy.box(depth, middle, middle)
            outside[y0:y1, x0:x1] = False
            np.testing.assert_array_equal(picture[outside], first[outside])
    assert x.min() >= 0
    assert x.max() <= 1


def test_a_climb_leaves_where_plain_grey_would_be_stuck(net):
    """With every ReLU shut on grey, the gradient there is zero; from clouds there is a way up."""
    twin, grey = fresh(3), np.full((1, 32, 32, 3), 0.5, np.float32)
    gamma, beta, *rest = twin.get_layer("norm1").get_weights()
    middle = hierarchy.answers(twin, grey)[0][0, 16, 16]
    twin.get_layer("norm1").set_weights([gamma, beta - middle - 0.2, *rest])
    assert hierarchy.answers(twin, grey)[0][0, 8:24, 8:24].max() < 0
    climbed = hierarchy.best_inputs(twin, [(2, 4)], steps=5)
    answers = [hierarchy.answers(twin, x)[1][0, 8, 8, 4] for x in (grey, climbed)]
    assert answers[1] > answers[0] + 0.1


def test_the_first_climb_is_the_kernel(net):
    """A unit of depth 1 is linear: the way up is its own kernel, at every step."""
    x, kernel = hierarchy.best_inputs(net, [(1, 2)], steps=4)[0], net.get_layer("conv1").get_weights()[0][..., 2]
    patch = hierarchy.crop(x - hierarchy.start(1)[0], hierarchy.box(1, 16, 16))
    reached = hierarchy.crop(x, hierarchy.box(1, 16, 16))
    inner = (reached > 0) & (reached < 1)  # the rest ran into black or white
    scale = (patch * kernel)[inner].sum() / (kernel**2)[inner].sum()
    np.testing.assert_allclose(patch[inner], scale * kernel[inner], atol=1e-3)


def test_liveliest_are_those_that_differ():
    maps = np.zeros((10, 8, 8, 32))
    maps[:, 4, 4, 5] = np.arange(10)
    maps[:, 3, 3, 9] = np.arange(10) / 2
    maps[:, 0, 0, 1] = 100 * np.arange(10)  # its field leaves the picture
    assert hierarchy.liveliest(maps, 3, 2) == [5, 9]


# --- frequencies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kernel", "peak"),
    [([1, 0, -1], 0.25), ([1, 1, 1], 0.0), ([1, -1], 0.5), ([1, -2, 1], 0.5), ([1, 0, 0, 0, -1], 0.125)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_peak_frequency_of_known_filters(kernel, peak, turned):
    row = np.array(kernel, float)[None]
    kernels = np.repeat((row.T if turned else row)[:, :, None, None], 3, axis=2)
    assert hierarchy.peak_frequency(kernels)[0] == pytest.approx(peak, abs=1 / 65)


@pytest.mark.parametrize("frequency", [1 / 16, 1 / 8, 1 / 4])
def test_centroid_of_a_wave_is_its_frequency(frequency):
    wave = np.sin(2 * np.pi * frequency * np.arange(32))
    patches = np.broadcast_to(wave[None, :, None, None], (2, 32, 32, 1)) + 5
    assert hierarchy.centroid(patches) == pytest.approx(frequency, abs=1e-6)


@pytest.mark.parametrize("frequency", hierarchy.FREQUENCIES)
def test_gratings_have_their_frequency(frequency):
    waves = hierarchy.gratings(frequency)
    assert waves.shape == (32, 32, 32, 3)
    assert waves.min() >= 0
    assert waves.max() <= 1
    if 32 * frequency % 1 == 0 and frequency < 0.5:
        upright = waves[:4, 0, :, 0]  # the first direction runs along the rows
        assert np.abs(np.fft.rfft(upright - 0.5)).argmax(1).tolist() == [32 * frequency] * 4


def test_tuning_finds_the_wave_of_a_planted_filter(net):
    twin = fresh()
    kernel, *_ = twin.get_layer("conv1").get_weights()
    kernel = np.zeros_like(kernel)
    kernel[2, :3, :, 0] = np.array([1, 0, -1])[:, None]  # best at a quarter
    kernel[2, 1:3, :, 1] = np.array([1, -1])[:, None]  # best at a half
    twin.get_layer("conv1").set_weights([kernel])
    curves = hierarchy.tuning(twin)
    assert [len(found) for found in curves] == list(hierarchy.FILTERS)
    assert hierarchy.FREQUENCIES[curves[0][0].argmax()] == 1 / 4
    assert hierarchy.FREQUENCIES[curves[0][1].argmax()] == 1 / 2
    assert max(found.max() for found in curves) <= 1


# --- heads ------------------------------------------------------------------------------------------------------------


def test_films_go_where_they_say():
    frames, way, kind = sequences.films(60, 5)
    clips = data.clips(
        60, seed=5, frames=5, size=32, speed=0.08, spin=3.0, classes=features.NEAR, objects=1, radius=(0.22, 0.32),
        clutter=0.2, turn=45,
    )  # fmt: skip
    moved = clips.centres[:, -1, 0, 0] - clips.centres[:, 0, 0, 0]
    assert way.tolist() == [int(m > 0) for m in moved if abs(m) >= 3]
    assert kind.tolist() == [k for k, m in zip(clips.labels[:, 0], moved, strict=True) if abs(m) >= 3]
    assert frames.shape == (len(way), 5, 32, 32, 3)
    assert 0.25 < way.mean() < 0.75


def test_features_of_frames_keep_their_places(net):
    frames = noise(3, 5, 32, 32, 3)
    found = sequences.on_frames(net, frames)
    np.testing.assert_allclose(found[2, 4], hierarchy.conv_features(net, frames[2, 4][None])[0], atol=1e-5)
    body = ops.convert_to_numpy(sequences.trunk(net)(frames[:, 0], training=False))
    np.testing.assert_allclose(body, found[:, 0], atol=1e-5)


def test_kernel_gradient_equals_finite_differences(net):
    body, x, readout = sequences.trunk(net), noise(2, 32, 32, 3), noise(512, seed=2)

    def loss(see):
        return ops.mean(ops.matmul(see(x), readout))

    gradient = sequences.kernel_gradient(body, loss)
    kernel = ops.convert_to_numpy(body.trainable_variables[0])
    nudge = 3e-5 * noise(*kernel.shape, seed=3)
    values = []
    for sign in (1, -1):
        body.trainable_variables[0].assign(kernel + sign * nudge)
        values.append((ops.convert_to_numpy(body(x, training=False)).astype(float) @ readout).mean())
    body.trainable_variables[0].assign(kernel)
    assert gradient.shape == (5, 5, 3, 12)
    assert (gradient * nudge).sum() == pytest.approx((values[0] - values[1]) / 2, rel=0.06)


@pytest.mark.parametrize("head", ["recurrent", "dense"])
def test_the_gradient_reaches_the_body_unless_it_is_stopped(net, head):
    body, frames = sequences.trunk(net), noise(2, 5, 32, 32, 3)
    reader = {"recurrent": sequences.recurrent_head(512), "dense": sequences.dense_head(512)}[head]

    def loss(see):
        seen = see(frames.reshape(-1, 32, 32, 3))
        return ops.sum(reader(ops.reshape(seen, (2, 5, 512)) if head == "recurrent" else seen) ** 2)

    assert np.mean(sequences.kernel_gradient(body, loss) != 0) > 0.9
    stopped = sequences.kernel_gradient(body, lambda see: loss(lambda x: ops.stop_gradient(see(x))))
    assert not stopped.any()


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(net):
    return portraits.gallery(net, *features.shapes(40, 1), steps=2)


@pytest.mark.parametrize("depth", hierarchy.DEPTHS)
@pytest.mark.parametrize("unit", [1, portraits.UNITS])
def test_portraits_show_and_say_each_unit(seen, depth, unit):
    assert isinstance(portraits.portrait(seen, depth, unit), Figure)
    said = portraits.says_portrait(seen, depth, unit)
    assert f"Depth {depth}, unit {unit}" in said
    counts = [int(word) for word in said.rpartition("show: ")[2].rstrip(".").replace(",", "").split()[1::2]]
    assert sum(counts) == portraits.BEST


def test_a_stimulus_fills_its_field(seen):
    for depth in hierarchy.DEPTHS:
        picture = portraits.stimulus(seen, depth, seen.units[depth][0])
        assert picture.shape == (hierarchy.field(depth)[0], hierarchy.field(depth)[0], 3)


@pytest.mark.once
def test_the_other_pictures_are_drawn(seen, net):
    images, labels = seen.images[:3], seen.labels[:3]
    runs = {"a": np.ones((5, 2)), "b": np.zeros((5, 2))}
    stored = {"curves": noise(5, 3, 8), "best": noise(5, 3), "any": noise(5, 3)}
    drawn = [
        portraits.ladder(seen),
        portraits.what_hog_sees(images, ["x", "y", "z"]),
        portraits.with_logits(images, labels, seen.maps[3][:3]),
        portraits.by_labels({"p": ([10, 100], runs), "q": ([10, 100], runs)}, [0.1, 0.2]),
        portraits.how_fine(stored),
        portraits.side_by_side({"p": {"a": np.ones(5)}, "q": {"a": np.ones(5)}}),
        portraits.kernel_sheet(net.get_layer("conv1").get_weights()[0]),
        portraits.two_responses({"edge": np.array([[1.0, 0, -1]])}),
        portraits.film_strip(noise(5, 32, 32, 3)),
    ]
    for fig in drawn:
        fig.draw_without_rendering()


def test_with_logits_names_a_mistake(seen):
    logits = np.eye(5)[[0, 3]]
    fig = portraits.with_logits(seen.images[:2], np.array([0, 1]), logits)
    assert [ax.get_title(loc="center") for ax in fig.axes[:2]] == ["disc", "called cross"]


def test_five_and_a_mistake_are_the_first_of_their_kind():
    labels = np.array([0, 0, 1, 2, 3, 4, 4])
    said = np.eye(5)[[1, 0, 1, 2, 3, 4, 0]]
    assert portraits.five_and_a_mistake(labels, said) == [1, 2, 3, 4, 5, 0]
    assert portraits.five_and_a_mistake(labels, np.eye(5)[labels]) == [0, 2, 3, 4, 5]
