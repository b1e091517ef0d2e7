"""Published networks against the numbers of their papers."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from cvnotes import architectures, backend, models
from cvnotes.architectures import RadialBasis, TableConv2D, TrainableSubsampling2D, lenet


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


# LeNet-5 ------------------------------------------------------------------------------------------------------------

#: Layer, maps as the paper gives them, trainable parameters, connections (section II.B).
LENET = (
    ("c1", (28, 28, 6), 156, 122_304),
    ("s2", (14, 14, 6), 12, 5_880),
    ("c3", (10, 10, 16), 1_516, 151_600),
    ("s4", (5, 5, 16), 32, 2_000),
    ("c5", (1, 1, 120), 48_120, 48_120),
    ("f6", (84,), 10_164, 10_164),
)


@pytest.fixture(scope="module")
def lenet_profile():
    return models.profile(models.sketch("lenet-5"))


@pytest.mark.parametrize(("name", "shape", "parameters", "connections"), LENET)
def test_lenet_layer_by_layer(lenet_profile, name, shape, parameters, connections):
    row = lenet_profile.row(name)
    assert (row.output_shape, row.trainable) == (shape, parameters)
    summed = 4 if name.startswith("s") else row.macs / row.activations  # a pooled window reads four cells
    assert row.activations * (summed + 1) == connections


def test_lenet_totals_are_the_published_ones(lenet_profile):
    assert lenet_profile.trainable == 60_000
    assert lenet_profile.parameters == 60_840  # 84 fixed numbers for each of ten classes
    assert sum(connections for *_, connections in LENET) + 840 == 340_908
    assert lenet_profile.uncounted == ()
    assert lenet_profile.row("c5").receptive_field == (32, 32)


def test_the_later_copy_of_lenet_has_the_number_that_circulates():
    options = {"connections": "full", "output": "dense"}
    for subsampling in ("average", "max"):
        assert models.sketch("lenet-5", subsampling=subsampling, **options).count_params() == 61_706
    assert models.sketch("lenet-5", subsampling="trainable", **options).count_params() == 61_706 + 12 + 32


def test_the_table_of_c3_is_the_papers():
    assert [len(row) for row in lenet.TABLE] == [3] * 6 + [4] * 9 + [6]
    assert [sum(i in row for row in lenet.TABLE) for i in range(6)] == [10] * 6
    first = {(start, (start + 1) % 6, (start + 2) % 6) for start in range(6)}
    assert {tuple(sorted(row)) for row in lenet.TABLE[:6]} == {tuple(sorted(row)) for row in first}
    assert len({frozenset(row) for row in lenet.TABLE}) == 16


def test_a_table_convolution_is_a_full_one_with_zeros():
    x, table = noise(2, 9, 8, 3), ((0, 2), (1,), (0, 1, 2), (2, 1))
    layer = TableConv2D(table, 3)
    layer.build(x.shape)
    kernel, bias = noise(9, 8, seed=1), noise(4, seed=2)
    layer.set_weights([kernel, bias])
    full = np.zeros((3, 3, 3, 4), "float32")
    pairs = [(c, o) for o, row in enumerate(table) for c in row]
    for taps, (channel, filter_) in zip(kernel.T, pairs, strict=True):
        full[:, :, channel, filter_] = taps.reshape(3, 3)
    whole = keras.layers.Conv2D(4, 3)
    whole.build(x.shape)
    whole.set_weights([full, bias])
    np.testing.assert_allclose(numpy(layer(x)), numpy(whole(x)), atol=1e-5)
    assert layer.compute_output_shape(x.shape) == tuple(layer(x).shape)


def test_a_filter_feels_the_channels_of_its_row_alone():
    layer, x = TableConv2D(lenet.TABLE, 5), noise(1, 6, 6, 6)
    layer.build(x.shape)
    for filter_, row in enumerate(lenet.TABLE):
        _, gradient = backend.value_and_grad(lambda t, o=filter_: ops.sum(layer(t)[..., o]))(x)
        assert tuple(np.flatnonzero(np.abs(gradient).sum((0, 1, 2)))) == row


def test_subsampling_by_hand():
    layer = TrainableSubsampling2D()
    layer.build((None, 4, 4, 1))
    layer.set_weights([np.array([0.5]), np.array([1.0])])
    grid = np.arange(16.0, dtype="float32").reshape(1, 4, 4, 1)
    np.testing.assert_allclose(
        numpy(layer(grid))[0, ..., 0], [[6, 10], [22, 26]]
    )  # half the sums of 10, 18, 42, 50, +1
    assert layer.compute_output_shape((None, 5, 4, 1)) == (None, 2, 2, 1)


def test_the_squashing_function_maps_one_to_one():
    np.testing.assert_allclose(numpy(architectures.squash(np.array([-1.0, 0, 1], "float32"))), [-1, 0, 1], atol=1e-4)


def test_the_output_scores_the_distance_to_each_code():
    x, codes = noise(3, 84), lenet.codes()
    scores = numpy(RadialBasis(codes)(x))
    np.testing.assert_allclose(scores, [[-((row - code) ** 2).sum() for code in codes] for row in x], rtol=1e-4)
    assert list(numpy(RadialBasis(codes)(codes.astype("float32"))).argmax(-1)) == list(range(10))


def test_codes_are_drawings_and_keep_their_distance():
    codes = lenet.codes()
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1.0, 1.0}
    apart = [(a != b).sum() for i, a in enumerate(codes) for b in codes[:i]]
    assert min(apart) >= 6
    assert lenet.codes(26).shape == (26, 84)


def test_lenet_learns_and_is_saved_whole(tmp_path):
    model = models.build("lenet-5")
    x, y = noise(4, 32, 32, 1), np.array([3, 1, 4, 1])
    before = [w.copy() for w in model.get_weights()]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=backend.jit_compile())
    first = model.train_on_batch(x, y)
    for _ in range(9):
        last = model.train_on_batch(x, y)
    assert last < first
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [w.trainable for w in model.weights]
    model.save(tmp_path / "lenet.keras")
    again = keras.saving.load_model(tmp_path / "lenet.keras")
    np.testing.assert_allclose(numpy(again(x)), numpy(model(x)), atol=1e-4)


# AlexNet ------------------------------------------------------------------------------------------------------------

#: Layer, output, parameters (weights and biases of section 3.5, with two groups).
ALEXNET = (
    ("conv1", (55, 55, 96), 34_944),
    ("pool1", (27, 27, 96), 0),
    ("conv2", (27, 27, 256), 307_456),
    ("pool2", (13, 13, 256), 0),
    ("conv3", (13, 13, 384), 885_120),
    ("conv4", (13, 13, 384), 663_936),
    ("conv5", (13, 13, 256), 442_624),
    ("pool5", (6, 6, 256), 0),
    ("fc6", (4096,), 37_752_832),
    ("fc7", (4096,), 16_781_312),
    ("fc8", (1000,), 4_097_000),
)


@pytest.fixture(scope="module")
def alexnet_profile():
    return models.profile(models.sketch("alexnet"))


@pytest.mark.parametrize(("name", "shape", "parameters"), ALEXNET)
def test_alexnet_layer_by_layer(alexnet_profile, name, shape, parameters):
    row = alexnet_profile.row(name)
    assert (row.output_shape, row.parameters) == (shape, parameters)


def test_alexnet_totals(alexnet_profile):
    assert alexnet_profile.parameters == alexnet_profile.trainable == 60_965_224
    assert sum(parameters for *_, parameters in ALEXNET) == 60_965_224
    assert models.sketch("alexnet", groups=1).count_params() == 62_378_344
    neurons = sum(math.prod(shape) for name, shape, _ in ALEXNET if not name.startswith("pool"))
    printed = 253_440 + 186_624 + 64_896 + 64_896 + 43_264 + 4096 + 4096 + 1000  # section 3.5
    assert neurons - printed == 55 * 55 * 96 - 253_440  # its first number fits no map; the others do


def test_alexnet_normalizes_as_the_paper_says():
    model = models.sketch("alexnet")
    norms = [layer for layer in model.layers if "Normalization" in type(layer).__name__]
    assert [layer.name for layer in norms] == ["norm1", "norm2"]
    assert [(n.radius, n.bias, n.alpha, n.beta) for n in norms] == [(2, 2.0, 1e-4, 0.75)] * 2
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5, 0.5]


def test_the_halves_of_alexnet_stay_apart():
    conv = models.sketch("alexnet").get_layer("conv2")
    assert tuple(conv.kernel.shape) == (5, 5, 48, 256)
    layer = keras.layers.Conv2D(4, 3, groups=2)
    x = noise(1, 5, 5, 4)
    before = numpy(layer(x))
    x[..., 3] += 1
    changed = np.abs(numpy(layer(x)) - before).max((0, 1, 2)) > 1e-6
    assert list(changed) == [False, False, True, True]


def test_a_small_alexnet_answers():
    model = models.build("alexnet", input_shape=(67, 67, 1), classes=3)
    assert numpy(model(noise(2, 67, 67, 1))).shape == (2, 3)


# All-CNN-C ----------------------------------------------------------------------------------------------------------


def test_all_cnn_c_is_the_papers():
    profile = models.profile(models.sketch("all-cnn-c"))
    convolutions = [row for row in profile.rows if row.kind == "Conv2D"]
    assert [row.output_shape[0] for row in convolutions] == [32, 32, 16, 16, 16, 8, 6, 6, 6]
    assert [row.output_shape[2] for row in convolutions] == [96] * 3 + [192] * 5 + [10]
    assert profile.parameters == 1_369_738
    assert not [row for row in profile.rows if row.kind in ("MaxPooling2D", "AveragePooling2D", "Dense")]


@pytest.mark.parametrize(
    ("name", "variant", "words"),
    [
        ("lenet-5", {"input_shape": (28, 28, 1)}, "sides of 32 or more"),
        ("lenet-5", {"connections": "some"}, "connections must be one of 'table', 'full'.*'some'"),
        ("lenet-5", {"subsampling": "min"}, "subsampling must be one of"),
        ("lenet-5", {"output": "softmax"}, "output must be one of"),
        ("lenet-5", {"classes": 1}, "classes must be at least 2"),
        ("alexnet", {"input_shape": (64, 64, 3)}, "sides of 67 or more"),
        ("alexnet", {"groups": 3}, "groups"),
        ("all-cnn-c", {"input_shape": (8, 8, 3)}, "sides of 9 or more"),
    ],
)
def test_what_cannot_be_built_is_named(name, variant, words):
    with pytest.raises(ValueError, match=words):
        models.sketch(name, **variant)


def test_layers_name_what_does_not_fit():
    with pytest.raises(ValueError, match="each named once"):
        TableConv2D(((0, 0),), 3)
    with pytest.raises(ValueError, match="channels 0 to 1"):
        TableConv2D(((0, 2),), 3).build((None, 8, 8, 2))
    with pytest.raises(ValueError, match="84 units"):
        RadialBasis(lenet.codes()).build((None, 10))
    with pytest.raises(ValueError, match="codes must have the shape"):
        RadialBasis([1.0, 2.0])
