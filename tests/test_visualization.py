"""What a layer sees: fields of whole graphs, maps and their numbers, best places, and weights that are read."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import backend, data, models
from cvnotes.data.scenes import Scenes
from cvnotes.introduction import hierarchy
from cvnotes.transfer.tapping import tap
from cvnotes.visualization import fields, maps, patches, plainer, reading, subjects
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def reached(front, shape, row, column):
    """Which pixels move a unit: the gradient of its first channel, all layers being sums with weights above zero."""
    gradient = backend.value_and_grad(lambda x: ops.sum(front(x)[:, row, column, 0]))(np.ones((1, *shape), "float32"))
    rows, columns, _ = np.nonzero(np.abs(gradient[1][0]) > 0)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def positive(**options):
    return layers.Conv2D(2, kernel_initializer="ones", **options)


# Fields ---------------------------------------------------------------------------------------------------------------


STACKS = (
    [("conv", 3, 1, "same"), ("average", 2, 2, "valid"), ("conv", 4, 1, "valid")],
    [("conv", 4, 2, "same"), ("conv", 3, 2, "same")],
    [("zeros", 2, 1, ""), ("conv", 3, 2, "valid"), ("average", 3, 2, "same")],
    [("dilated", 3, 1, "same"), ("conv", 2, 1, "same"), ("average", 2, 1, "same")],
)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("side", [40, 43])
def test_the_field_is_what_the_gradient_reaches(stack, side):
    inputs = x = keras.Input((side, side + 3, 1))
    for kind, kernel, stride, padding in stack:
        made = {
            "conv": lambda k=kernel, s=stride, p=padding: positive(kernel_size=k, strides=s, padding=p),
            "dilated": lambda k=kernel, p=padding: positive(kernel_size=k, dilation_rate=2, padding=p),
            "average": lambda k=kernel, s=stride, p=padding: layers.AveragePooling2D(k, s, p),
            "zeros": lambda k=kernel: layers.ZeroPadding2D(((k, 0), (0, k - 1))),
        }
        x = made[kind]()(x)
    model = keras.Model(inputs, layers.Activation("linear", name="last")(x))
    row, column = (n // 2 for n in x.shape[1:3])
    frame = fields.box(fields.field(model, "last"), row, column)
    assert reached(model, (side, side + 3, 1), row, column) == frame
    edge = fields.box(fields.field(model, "last"), 0, 0)
    assert reached(model, (side, side + 3, 1), 0, 0) == tuple(max(n, 0) for n in edge)


def test_paths_that_meet_see_all_that_any_of_them_sees():
    inputs = keras.Input((20, 20, 1))
    a = positive(kernel_size=5, strides=2, padding="same")(inputs)
    b = positive(kernel_size=1, strides=2)(inputs)
    inner = keras.Input((10, 10, 2))
    body = keras.Model(inner, positive(kernel_size=3, padding="same", name="inside")(inner), name="body")
    model = keras.Model(inputs, layers.Add(name="sum")([body(a), b]))
    for layer in ("sum", "body/inside", "inside"):
        frame = fields.box(fields.field(model, layer), 5, 4)
        assert reached(tap(model, layer), (20, 20, 1), 5, 4) == frame
    assert fields.field(model, "sum")[0].size == 9


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="arithmetic, the same on all backends")
@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_fields_agree_with_the_profile_of_the_nets(kind):
    net = subjects.BUILD[kind]()
    counted = models.profile(net)
    for layer in maps.LAYERS[kind]:
        rows, columns = fields.field(net, layer)
        assert rows == columns
        assert (rows.size, rows.jump) == (counted.row(layer).receptive_field[0], counted.row(layer).jump[0])


def test_fields_agree_with_the_arithmetic_of_the_first_page():
    net = hierarchy.staged_net()
    for depth in hierarchy.DEPTHS:
        found = fields.field(net, f"depth{depth}")
        assert found[0] == hierarchy.field(depth)
        assert fields.box(found, 2, 1) == hierarchy.box(depth, 2, 1)


def test_layers_without_a_place_are_refused():
    net = subjects.plain()
    with pytest.raises(ValueError, match=r"one place.*logits"):
        fields.field(net, "logits")
    with pytest.raises(ValueError, match=r"conv1, .*Received: layer='conv9'"):
        fields.field(net, "conv9")
    inputs = keras.Input((8, 8, 1))
    odd = layers.Add(name="odd")([layers.UpSampling2D()(layers.MaxPooling2D()(inputs)), inputs])
    with pytest.raises(ValueError, match="one place"):
        fields.field(keras.Model(inputs, odd), "odd")


def test_crops_that_jut_out_are_filled():
    image = noise(6, 8, 3)
    np.testing.assert_array_equal(fields.crop(image, (1, 2, 4, 6)), image[2:6, 1:4])
    wide = fields.crop(image, (-2, -1, 10, 7), fill=0.5)
    assert wide.shape == (8, 12, 3)
    np.testing.assert_array_equal(wide[1:7, 2:10], image)
    assert (wide[0] == 0.5).all()
    assert (wide[:, 10:] == 0.5).all()
    assert (fields.crop(image, (20, 20, 22, 23), fill=0.5) == 0.5).all()


# Maps -----------------------------------------------------------------------------------------------------------------


def test_responses_are_the_layers_own_in_batches(monkeypatch):
    monkeypatch.setattr(maps, "BATCH", 4)
    net, x = subjects.plain(), noise(6, 64, 64, 3)
    found = maps.responses(net, x, "relu5", "logits")
    assert found["relu5"].shape == (len(x), 8, 8, 64)
    np.testing.assert_allclose(found["logits"][-5:], ops.convert_to_numpy(net(x[-5:])), atol=1e-4)
    assert list(maps.responses(net, x[:2], "relu1")) == ["relu1"]


def test_zeros_split_into_empty_maps_and_gaps():
    x = np.zeros((2, 4, 4, 3), "float32")
    x[0, 1, 1, 0], x[1, :, :, 1] = 2, 1
    assert maps.zeros(x) == 1 - 17 / 96
    empty, gaps = maps.silent_part(x)
    assert empty == 4 / 6
    assert empty + gaps == pytest.approx(maps.zeros(x))
    assert gaps == pytest.approx((2 / 6) * (15 / 32))
    np.testing.assert_array_equal(maps.excited(x), [0.5, 0.5, 0])
    np.testing.assert_array_equal(maps.strong(x), [0.5, 0.5, 0])
    np.testing.assert_array_equal(maps.strong(np.array([1.0, 3, 4]).reshape(3, 1, 1, 1)), [2 / 3])
    np.testing.assert_array_equal(maps.sampled(np.arange(64).reshape(1, 8, 8, 1), 2)[0, ..., 0], [[18, 22], [50, 54]])


def test_likeness_is_a_correlation():
    pictures = noise(4, 16, 16)
    x = np.stack([-3 * maps.resized(pictures, 8) + 1, noise(4, 8, 8, seed=1), np.ones((4, 8, 8))], -1)
    found = maps.likeness(x, pictures)
    np.testing.assert_allclose(found[:, 0], 1, atol=1e-5)
    expected = [
        abs(np.corrcoef(m.ravel(), p.ravel())[0, 1]) for m, p in zip(x[..., 1], maps.resized(pictures, 8), strict=True)
    ]
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-5)
    np.testing.assert_allclose(maps.averaged(pictures[..., None])[..., 0], maps.resized(pictures, 8), atol=1e-6)
    np.testing.assert_array_equal(found[:, 2], 0)


@given(st.sampled_from([2, 4, 8, 16]), st.integers(0, 10**6))
@examples(20)
def test_what_is_visible_is_likeness_times_resolution(side, seed):
    pictures, small = noise(3, 16, 16, seed=seed), noise(3, side, side, seed=seed + 1)
    blown = small.repeat(16 // side, 1).repeat(16 // side, 2)
    whole = [abs(np.corrcoef(m.ravel(), p.ravel())[0, 1]) for m, p in zip(blown, pictures, strict=True)]
    parts = maps.likeness(small[..., None], pictures)[:, 0] * maps.resolution(pictures, side)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_recognised_counts_own_pictures_and_leaves_others_to_chance():
    pictures = noise(120, 8, 8)
    own, other = maps.recognised(np.stack([pictures, noise(120, 8, 8, seed=1)], -1), pictures)
    assert own == 1
    assert 0.35 < other < 0.65
    assert 0.35 < maps.recognised(noise(120, 8, 8, 4, seed=2), pictures)[0] < 0.65


def test_the_class_probe_reads_what_is_there():
    labels = np.arange(120) % 3
    x = noise(120, 8, 8, 2)
    assert maps.class_probe(x, labels) < 0.6
    x[labels == 1, :2, :2, 0] += 3
    x[labels == 2, :2, :2, 1] += 3
    assert maps.class_probe(x, labels) > 0.85


# Patches --------------------------------------------------------------------------------------------------------------


def test_best_places_are_those_of_a_slow_search():
    x = noise(7, 5, 4, 3)
    found = patches.best_places(x, 1, 4)
    peaks = {(n, r, c): x[n, r, c, 1] for n in range(7) for r in range(5) for c in range(4)}
    slow = []
    for place in sorted(peaks, key=peaks.get, reverse=True):
        if place[0] not in [n for n, *_ in slow]:
            slow.append(place)
    assert found == slow[:4]
    with pytest.raises(ValueError, match="unit"):
        patches.best_places(x, 3)


def test_best_pictures_leave_out_the_silent():
    x = np.zeros((5, 2, 2, 1), "float32")
    x[[3, 1, 4], 0, 0, 0] = 3, 2, 1
    assert patches.best_pictures(x, 0).tolist() == [3, 1, 4]
    assert patches.best_pictures(x, 0, 2).tolist() == [3, 1]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
@examples(25)
def test_entropy_and_agreement_agree_with_scipy(values):
    from scipy.stats import entropy, mode

    values = np.array(values)
    assert patches.entropy(values) == pytest.approx(entropy(np.bincount(values), base=2), abs=1e-12)
    assert patches.agreement(values) == pytest.approx(mode(values).count / len(values))
    assert patches.entropy(values[:0]) == patches.agreement(values[:0]) == 0


def test_ties_name_what_the_best_pictures_share():
    scenes = subjects.test_views(120)
    known = patches.attributes(scenes)
    assert set(known) == {"class", "colour", "texture", "ground"}
    assert isinstance(scenes, Scenes)
    x = np.zeros((120, 2, 2, 4), "float32")
    x[:, 0, 0, 0] = 1 + noise(120) * 0.1 + 5 * (known["class"] == 2)
    x[:, 0, 0, 1] = 1 + noise(120) * 0.1 + 5 * (known["ground"] == known["ground"][0])
    x[:, 0, 0, 2] = 10 + noise(120)
    least = min((known["class"] == 2).sum(), (known["ground"] == known["ground"][0]).sum(), patches.TOP)
    found = [patches._tie(patches.best_pictures(x, u, least), known, 0.8) for u in range(4)]
    assert found == ["class", "ground", "none", "silent"]
    assert patches.ties(x, known, 1.0)[2:] == ["none", "silent"]
    entropies = patches.class_entropy(x, known["class"])
    assert entropies[0] < entropies[2] <= np.log2(6)
    with pytest.raises(ValueError, match="least"):
        patches.ties(x, known, 2.0)


# Reading weights ------------------------------------------------------------------------------------------------------


def test_smoothness_of_flat_rough_and_random_kernels():
    flat = np.broadcast_to(noise(1, 1, 4, 6), (3, 3, 4, 6))
    assert reading.smoothness(flat) == pytest.approx(1)
    checks = (-1.0) ** np.indices((3, 3)).sum(0)[..., None, None] * np.ones((1, 1, 2, 2))
    checks[..., 0] *= -1
    assert reading.smoothness(checks) == pytest.approx(-1)
    assert abs(reading.smoothness(noise(3, 3, 16, 32))) < 0.05


def small_net():
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((16, 16, 2))
    for i in (1, 2):
        x = layers.Conv2D(4, 3, padding="same", name=f"conv{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(layers.BatchNormalization(name=f"norm{i}")(x))
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x)
    return keras.Model(inputs, x)


def test_a_straightened_twin_is_a_weighted_sum_of_pixels():
    net = small_net()
    twin, a, b = reading.straightened(net), noise(2, 16, 16, 2), noise(2, 16, 16, 2, seed=1)
    at = {name: maps.responses(twin, x, "norm2")["norm2"] for name, x in {"a": a, "b": b, "sum": a + b}.items()}
    zero = maps.responses(twin, 0 * a, "norm2")["norm2"]
    np.testing.assert_allclose(at["sum"] + zero, at["a"] + at["b"], atol=1e-4)
    bent = {name: maps.responses(net, x, "norm2")["norm2"] for name, x in {"a": a, "b": b, "sum": a + b}.items()}
    assert np.abs(bent["sum"] - bent["a"] - bent["b"]).max() > 0.1
    first = [maps.responses(one, a, "norm1")["norm1"] for one in (net, twin)]
    np.testing.assert_allclose(*first, atol=1e-5)


def test_kernels_read_through_foretell_the_twin():
    twin, x = reading.straightened(small_net()), noise(1, 16, 16, 2)
    read = reading.read_through(twin, "norm2", [2, 0])
    answer = maps.responses(twin, np.concatenate([x, 0 * x]), "norm2")["norm2"][:, 4, 4]
    np.testing.assert_allclose((read * x).sum((1, 2, 3)), (answer[0] - answer[1])[[2, 0]], atol=1e-4)
    inside = fields.crop(read[0], fields.box(fields.field(twin, "norm2"), 4, 4))
    assert np.abs(inside).sum() == pytest.approx(np.abs(read[0]).sum())


def test_foretold_is_one_for_the_first_layer_and_a_correlation_further_up():
    net, x = small_net(), noise(8, 16, 16, 2)
    twin = reading.straightened(net)
    first, found = reading.foretold(net, twin, x, "norm1", "norm2")
    np.testing.assert_allclose(first, 1, atol=1e-5)
    said, guessed = (maps.responses(each, x, "norm2")["norm2"][..., 1].ravel() for each in (net, twin))
    assert found[1] == pytest.approx(np.corrcoef(said, guessed)[0, 1], abs=1e-4)
    assert found.max() < 0.999


def test_a_misread_net_holds_the_same_tiles():
    net = small_net()
    other = reading.misread(net, "conv2")
    before, after = (one.get_layer("conv2").get_weights()[0] for one in (net, other))
    assert sorted(before.sum((0, 1)).ravel().tolist()) == pytest.approx(sorted(after.sum((0, 1)).ravel().tolist()))
    assert np.abs(before - after).max() > 0.01
    np.testing.assert_array_equal(net.get_layer("conv1").get_weights()[0], other.get_layer("conv1").get_weights()[0])


# Digits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalized", [True, False])
def test_small_nets_of_digits_differ_in_nothing_but_the_normalization(normalized):
    d = data.Digits(*[noise(40, 16, 16, 1), np.arange(40) % 10] * 2, tuple("0123456789"), "noise")
    net = plainer.drawn(d, 0, normalized=normalized)
    kinds = [type(layer).__name__ for layer in net.layers]
    assert kinds.count("BatchNormalization") == 4 * normalized
    assert [net.get_layer(f"conv{i}").use_bias for i in (1, 4)] == [not normalized] * 2
    found = plainer.profiled(net, d.test_images)
    answers = maps.responses(net, d.test_images, "relu4")["relu4"]
    assert found["zeros"][3] == pytest.approx(maps.zeros(answers))
    assert found["empty"][3] == pytest.approx(maps.silent_part(answers)[0])
    assert [len(row) for row in found.values()] == [4] * 4
