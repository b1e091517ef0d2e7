"""Every model by name: counted against its source, computed against keras.applications, and refused with words."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from keras import ops

from cvnotes import models
from cvnotes.architectures import PadChannels, blocks, dense_layer, highway_layer, resnet
from cvnotes.architectures.nin import STAGES

PAPER, TORCH, OTHERS = "the paper", "torchvision", "as published with other code"
RATIO = {"squeeze": 16}
BC = {"bottleneck": True, "compression": 0.5}
PRE = {"bottleneck": True, "preactivation": True, "shortcut": "B"}
MODERN = {"connections": "full", "subsampling": "average", "output": "dense"}

#: name, variant, numbers to train, where the number can be found (a paper's own is rounded as the next list has it)
COUNTS = (
    ("small-convnet", {}, 5_258, "by hand, in the tests of models"),
    ("lenet-5", {}, 60_000, PAPER),
    ("lenet-5", MODERN, 61_706, OTHERS),
    ("alexnet", {}, 60_965_224, "Caffe's definition"),
    ("alexnet", {"groups": 1}, 62_378_344, OTHERS),
    ("all-cnn-c", {}, 1_369_738, PAPER),
    ("zfnet", {}, 62_357_608, OTHERS),
    ("network-in-network", {}, 966_986, "the authors' definition"),
    ("network-in-network", {"size": "imagenet"}, 7_595_176, "the authors' definition"),
    ("googlenet", {}, 6_998_552, "Caffe's definition"),
    ("googlenet", {"auxiliary": True}, 13_378_280, "Caffe's definition"),
    ("highway", {}, 289_660, "by hand, below"),
    ("highway", {"gated": False}, 306_943, "by hand, below"),
    ("vgg-11", {}, 132_863_336, TORCH),
    ("vgg-13", {}, 133_047_848, TORCH),
    ("vgg-16", {}, 138_357_544, TORCH),
    ("vgg-16c", {}, 133_638_952, PAPER),
    ("vgg-19", {}, 143_667_240, TORCH),
    ("vgg-11", {"batch_norm": True}, 132_868_840, TORCH),
    ("vgg-13", {"batch_norm": True}, 133_053_736, TORCH),
    ("vgg-16", {"batch_norm": True}, 138_365_992, TORCH),
    ("vgg-19", {"batch_norm": True}, 143_678_248, TORCH),
    ("squeezenet-1.0", {}, 1_248_424, TORCH),
    ("squeezenet-1.1", {}, 1_235_496, TORCH),
    ("resnet-18", {}, 11_689_512, TORCH),
    ("resnet-34", {}, 21_797_672, TORCH),
    ("resnet-50", {}, 25_557_032, TORCH),
    ("resnet-50", {"version": 1}, 25_557_032, PAPER),
    ("resnet-50", {"bias": True}, 25_583_592, "keras.applications"),
    ("resnet-101", {}, 44_549_160, TORCH),
    ("resnet-152", {}, 60_192_808, TORCH),
    ("resnet-18", {"shortcut": "A"}, 11_689_512 - 173_824, "by hand, below"),
    ("resnet-50", {"preactivation": True}, 25_549_352, "by hand, below"),
    ("se-resnet-18", {}, 11_778_592, OTHERS),
    ("se-resnet-34", {}, 21_958_868, OTHERS),
    ("se-resnet-50", {}, 28_088_024, OTHERS),
    ("se-resnet-101", {}, 49_326_872, OTHERS),
    ("se-resnet-152", {}, 66_821_848, OTHERS),
    ("senet-154", {}, 115_088_984, OTHERS),
    ("resnet-cifar", {"depth": 20}, 269_722, PAPER),
    ("resnet-cifar", {"depth": 32}, 464_154, PAPER),
    ("resnet-cifar", {"depth": 44}, 658_586, PAPER),
    ("resnet-cifar", {}, 853_018, PAPER),
    ("resnet-cifar", {"depth": 110}, 1_727_962, PAPER),
    ("resnet-cifar", {"depth": 1202}, 19_421_274, PAPER),
    ("resnet-cifar", {"depth": 164, **PRE}, 1_703_258, PAPER),
    ("resnet-cifar", {"depth": 1001, **PRE}, 10_327_706, PAPER),
    ("densenet-121", {}, 7_978_856, TORCH),
    ("densenet-161", {}, 28_681_000, TORCH),
    ("densenet-169", {}, 14_149_480, TORCH),
    ("densenet-201", {}, 20_013_928, TORCH),
    ("densenet-264", {}, 33_337_704, "by the rule of the others"),
    ("densenet-cifar", {}, 1_019_722, PAPER),
    ("densenet-cifar", {"depth": 100}, 6_979_642, PAPER),
    ("densenet-cifar", {"depth": 100, "growth": 24}, 27_249_082, PAPER),
    ("densenet-cifar", {"depth": 100, **BC}, 769_162, PAPER),
    ("densenet-cifar", {"depth": 190, "growth": 40, **BC}, 25_624_430, PAPER),
    ("densenet-cifar", {"depth": 250, "growth": 24, **BC}, 15_324_406, PAPER),
    ("yolo-v1", {}, 271_703_550, "added up by hand in test_single_shot_yolo.py"),
    ("ssd300", {}, 26_285_486, OTHERS),
    ("faster-rcnn", {}, 137_078_239, OTHERS),
    ("fcn-32s", {}, 134_346_581, "added up by hand in test_segmentation_paper.py"),
    ("fcn-16s", {}, 134_357_354, "added up by hand in test_segmentation_paper.py"),
    ("fcn-8s", {}, 134_362_751, "added up by hand in test_segmentation_paper.py"),
    ("u-net", {}, 31_030_658, OTHERS),
    ("capsnet", {}, 8_215_568, "added up by hand below"),
    ("capsnet", {"decoder": None}, 6_804_224, "added up by hand below"),
    *(
        (f"efficientnet-b{size}", {}, count, "keras.applications")
        for size, count in enumerate(
            (5_288_548, 7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960)
        )
    ),
)
#: The same numbers as papers print them, in millions, with the digits that they print.
PRINTED = {
    8_215_568: "8.2",
    6_804_224: "6.8",
    132_863_336: "133",
    133_047_848: "133",
    133_638_952: "134",
    138_357_544: "138",
    143_667_240: "144",
    269_722: "0.27",
    464_154: "0.46",
    658_586: "0.66",
    853_018: "0.85",
    1_727_962: "1.7",
    19_421_274: "19.4",
    1_703_258: "1.7",
    10_327_706: "10.3",
    1_019_722: "1.0",
    6_979_642: "7.0",
    27_249_082: "27.2",
    769_162: "0.8",
    15_324_406: "15.3",
    25_624_430: "25.6",
}


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(("name", "variant", "trainable", "origin"), COUNTS, ids=lambda part: str(part)[:40])
def test_numbers_to_train(name, variant, trainable, origin):
    model = models.sketch(name, **variant)
    profile = models.profile(model)
    assert profile.trainable == trainable, origin
    assert profile.parameters == model.count_params()
    assert profile.uncounted == ()


def test_numbers_are_those_that_papers_print():
    known = {trainable for *_, trainable, _ in COUNTS}
    for trainable, printed in PRINTED.items():
        assert trainable in known
        assert f"{trainable / 1e6:.{len(printed.partition('.')[2])}f}" == printed


def test_every_name_is_counted():
    assert set(models.names()) == {name for name, *_ in COUNTS}


def test_hand_counts():
    highway = 784 * 50 + 50 + 49 * 2 * (50 * 50 + 50) + 50 * 10 + 10
    plain = 784 * 71 + 71 + 49 * (71 * 71 + 71) + 71 * 10 + 10
    projections = sum(c * 2 * c + 2 * 2 * c for c in (64, 128, 256))
    before_first, after_last = -2 * 64 * 1, 2 * 2048
    assert (highway, plain, projections) == (289_660, 306_943, 173_824)
    # What changes from ResNet-50 to its preactivation form, block by block: one normalization a block sits on the
    # input instead of the output, the first block needs none, projections have none, and one closes the net.
    width_in = [64, *[256] * 3, *[512] * 4, *[1024] * 6, *[2048] * 2]
    width_out = [*[256] * 3, *[512] * 4, *[1024] * 6, *[2048] * 3]
    moved = 2 * (sum(width_in) - sum(width_out)) + before_first - 2 * sum((256, 512, 1024, 2048)) + after_last
    assert 25_557_032 + moved == 25_549_352
    # CapsNet: two convolutions of 9 x 9, a matrix of 16 x 8 for each of 6 x 6 x 32 parts and ten classes; the decoder.
    parts = 81 * 256 + 256 + 81 * 256 * 256 + 256 + 6 * 6 * 32 * 10 * 16 * 8
    decoder = (10 * 16 + 1) * 512 + (512 + 1) * 1024 + (1024 + 1) * 784
    assert (parts, parts + decoder) == (6_804_224, 8_215_568)


def dense_by_hand(depth: int, growth: int, *, bottleneck: bool = False, compression: float = 1.0) -> int:
    """Numbers to train of a DenseNet for CIFAR, added up layer by layer from the paper's section 3."""
    channels = 2 * growth if bottleneck and compression < 1 else 16
    total = 3 * 9 * channels
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            wide = 4 * growth
            narrow = 2 * channels + channels * wide + 2 * wide + 9 * wide * growth
            total += narrow if bottleneck else 2 * channels + 9 * channels * growth
            channels += growth
        if block < 2:
            kept = int(channels * compression)
            total, channels = total + 2 * channels + channels * kept, kept
    return total + 2 * channels + 10 * channels + 10


@pytest.mark.parametrize("variant", [variant for name, variant, *_ in COUNTS if name == "densenet-cifar"], ids=str)
def test_densenets_added_up_by_hand(variant):
    known = next(count for name, given, count, _ in COUNTS if (name, given) == ("densenet-cifar", variant))
    assert dense_by_hand(**{"depth": 40, "growth": 12} | variant) == known


# The same function as keras.applications ------------------------------------------------------------------------------


def drawn(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same weights on every backend; none too large for the signal, and no variance near zero."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        fan = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 100
        noise = rng.normal(size=weight.shape) / math.sqrt(fan)
        weight.assign(1 + 0.1 * np.abs(noise) if "variance" in weight.path or "gamma" in weight.path else noise)
    return model


@pytest.mark.parametrize(
    ("name", "variant", "theirs"),
    [
        ("vgg-16", {}, "VGG16"),
        ("vgg-19", {}, "VGG19"),
        ("resnet-50", {"version": 1, "bias": True}, "ResNet50"),
        ("resnet-101", {"version": 1, "bias": True}, "ResNet101"),
        ("densenet-121", {}, "DenseNet121"),
        ("densenet-201", {}, "DenseNet201"),
    ],
)
def test_computes_what_keras_computes(name, variant, theirs):
    options = {"weights": None, "input_shape": (64, 64, 3), "classes": 7, "classifier_activation": None}
    source = drawn(getattr(keras.applications, theirs)(**options))
    ours = models.copy_weights(source, models.build(name, (64, 64, 3), 7, **variant))
    x = np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype("float32")
    expected = numpy(source(x))
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(numpy(ours(x)), expected, atol=1e-5 * max(1, np.abs(expected).max()))


def test_weights_that_do_not_fit_are_named_and_nothing_is_copied():
    source, target = models.build("resnet-cifar", depth=8), models.build("resnet-cifar", depth=14)
    before = target.get_weights()
    with pytest.raises(ValueError, match=r"only 'resnet-14-cifar' has conv2_block2_1_conv.*and 8 more"):
        models.copy_weights(source, target)
    wide = models.build("resnet-cifar", depth=8, width=20)
    with pytest.raises(ValueError, match=r"Shapes differ in .* layers of 'resnet-8-cifar': conv1_conv has"):
        models.copy_weights(source, wide)
    assert all((a == b).all() for a, b in zip(before, target.get_weights(), strict=True))


# Shapes that the papers print -----------------------------------------------------------------------------------------


def shapes(name: str, *layers: str, **variant) -> list[tuple]:
    profile = models.profile(models.sketch(name, **variant))
    return [next(row for row in profile.rows if row.name.split("/")[-1] == one).output_shape for one in layers]


def test_zf_net_has_the_maps_of_its_figure():
    names = ("conv1", "conv1_pool", "conv2", "conv2_pool", "conv5", "conv5_pool")
    sides = [shape[0] for shape in shapes("zfnet", *names)]
    assert sides == [110, 55, 26, 13, 13, 6]


def test_googlenet_has_the_maps_of_its_table():
    ends = [f"inception_{name}_output" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
    assert [s[2] for s in shapes("googlenet", *ends)] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    assert [s[0] for s in shapes("googlenet", "conv1", "pool1", "conv2", "pool2", *ends[::4])] == [
        *(112, 56, 56, 28),
        *(28, 14, 7),
    ]
    assert shapes("googlenet", "auxiliary_4a_pool", "auxiliary_4d_pool", auxiliary=True) == [(4, 4, 512), (4, 4, 528)]


def test_squeezenet_has_the_maps_of_its_table():
    names = ("conv1", "pool1", "fire4_concat", "pool4", "fire8_concat", "pool8", "conv10")
    expected = [(111, 96), (55, 96), (55, 256), (27, 256), (27, 512), (13, 512), (13, 1000)]
    assert [(s[0], s[2]) for s in shapes("squeezenet-1.0", *names)] == expected


def test_densenet_has_the_maps_of_its_table():
    ends = ("pool1", "conv2_block6_concat", "pool2_pool", "conv3_block12_concat", "pool3_pool", "pool4_pool", "relu")
    expected = [(56, 64), (56, 256), (28, 128), (28, 512), (14, 256), (7, 512), (7, 1024)]
    assert [(s[0], s[2]) for s in shapes("densenet-121", *ends)] == expected


@pytest.mark.parametrize(("version", "sides"), [(1, (28, 28)), (1.5, (56, 28))])
def test_versions_of_resnet_step_in_other_places(version, sides):
    found = shapes("resnet-50", "conv3_block1_1_conv", "conv3_block1_2_conv", version=version)
    assert tuple(s[0] for s in found) == sides


def test_network_in_network_ends_in_one_map_a_class():
    for size in STAGES:
        *_, last = models.profile(models.sketch("network-in-network", size=size)).rows
        assert last.output_shape == ((10,) if size == "cifar" else (1000,))
        assert not [r for r in models.profile(models.sketch("network-in-network")).rows if r.kind == "Dense"]


# Blocks ---------------------------------------------------------------------------------------------------------------


def silent(model: keras.Model) -> keras.Model:
    """Let every branch say nothing: kernels and biases of convolutions are zero."""
    for weight in model.weights:
        if weight.path.endswith(("kernel", "bias")):
            weight.assign(np.zeros(weight.shape))
    return model


def test_a_silent_residual_block_is_the_identity():
    style = resnet.Style(bottleneck=False, shortcut="A")
    inputs = keras.Input((8, 8, 6))
    model = silent(keras.Model(inputs, resnet.residual_block(inputs, 6, style, name="block")))
    x = np.random.default_rng(0).uniform(size=(2, 8, 8, 6)).astype("float32")
    np.testing.assert_allclose(numpy(model(x)), x, atol=1e-6)


def test_a_silent_preactivation_block_is_the_identity_below_zero_too():
    style = resnet.Style(bottleneck=True, preactivation=True)
    inputs = keras.Input((8, 8, 8))
    model = silent(keras.Model(inputs, resnet.residual_block(inputs, 2, style, name="block")))
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 8)).astype("float32")
    np.testing.assert_allclose(numpy(model(x)), x, atol=1e-6)


def test_option_a_keeps_every_second_pixel_and_adds_maps_of_zeros():
    style = resnet.Style(bottleneck=False, shortcut="A")
    inputs = keras.Input((8, 8, 3))
    model = silent(keras.Model(inputs, resnet.residual_block(inputs, 5, style, stride=2, name="block")))
    x = np.random.default_rng(0).uniform(size=(2, 8, 8, 3)).astype("float32")
    expected = np.concatenate([x[:, ::2, ::2], np.zeros((2, 4, 4, 2), "float32")], axis=-1)
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-6)


@pytest.mark.parametrize(("bias", "carried"), [(-40.0, True), (40.0, False)])
def test_a_closed_highway_gate_carries_the_input_on_and_an_open_one_the_layer(bias, carried):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, highway_layer(inputs, gate_bias=bias, name="layer"))
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    kernel, offset = map(numpy, model.get_layer("layer_h").weights)
    expected = x if carried else np.maximum(x @ kernel + offset, 0)
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-5)


def test_a_highway_network_is_a_chain_of_such_layers():
    model = models.build("highway", depth=4, width=6, gate_bias=-40.0)
    x = np.random.default_rng(0).uniform(size=(3, 28, 28, 1)).astype("float32")
    first = keras.Model(model.input, model.get_layer("dense1_relu").output)
    np.testing.assert_allclose(numpy(model(x)), numpy(model.get_layer("predictions")(first(x))), atol=1e-5)


def test_squeeze_and_excitation_scales_each_map_by_one_number():
    inputs = keras.Input((6, 5, 8))
    model = keras.Model(inputs, blocks.squeeze_excite(inputs, 4, name="se"))
    x = np.random.default_rng(0).uniform(0.5, 1, size=(2, 6, 5, 8)).astype("float32")
    gates = numpy(model(x)) / x
    np.testing.assert_allclose(gates, gates[:, :1, :1].repeat(6, 1).repeat(5, 2), rtol=1e-5)
    assert (gates > 0).all()
    assert (gates < 1).all()


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_dense_layer_keeps_what_came(bottleneck):
    inputs = keras.Input((8, 8, 16))
    model = keras.Model(inputs, dense_layer(inputs, 4, bottleneck=bottleneck, name="layer"))
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 16)).astype("float32")
    found = numpy(model(x))
    np.testing.assert_array_equal(found[..., :16], x)
    assert found.shape[-1] == 20
    assert np.ptp(found[..., 16:]) > 0


DEEP = {
    "resnet-cifar": {"depth": 182, "width": 2},
    "highway": {"depth": 104, "width": 2},
    "densenet-cifar": {"depth": 304, "growth": 1},
}


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_net_is_made_of_groups_of_groups(name):
    model = models.sketch(name, (8, 8, 3), 3, **DEEP[name])
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert any(isinstance(layer, keras.Model) for group in nested for layer in group.layers)


@pytest.mark.parametrize("name", ["resnet-cifar", "highway"])
def test_a_deep_net_is_built_run_and_saved(name, tmp_path):
    model = models.build(name, (8, 8, 3), 3, **DEEP[name])
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    model.save(tmp_path / "deep.keras")
    again = keras.saving.load_model(tmp_path / "deep.keras")
    np.testing.assert_allclose(numpy(again(x)), numpy(model(x)), atol=1e-5)


def test_open_sides_take_pictures_of_any_size():
    model = models.build("resnet-cifar", (None, None, 3), depth=8)
    assert [numpy(model(np.zeros((1, side, 20, 3), "float32"))).shape for side in (12, 17)] == [(1, 10)] * 2


def test_padding_channels_is_saved_whole():
    layer = PadChannels(3)
    assert PadChannels.from_config(layer.get_config()).extra == 3
    assert numpy(layer(np.ones((1, 2, 2, 1), "float32"))).sum(axis=(0, 1, 2)).tolist() == [4, 0, 0, 0]


# What cannot be built -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variant", "words"),
    [
        ("resnet-50", {"depth": 34}, "'resnet-50' stands for depth=50"),
        ("resnet-50", {"shortcut": "D"}, "shortcut must be one of 'A', 'B', 'C', 'none'.*'D'"),
        ("resnet-50", {"version": 2}, "version must be one of 1, 1.5"),
        ("resnet-50", {"squeeze": -1}, "squeeze"),
        ("resnet-50", {"input_shape": (31, 32, 3)}, r"sides of 32 or more \(or None\)"),
        ("resnet-50", {"input_shape": (64, 64)}, "reads .height, width, channels."),
        ("resnet-50", {"input_shape": (64.0, 64, 3)}, "Received"),
        ("resnet-cifar", {"depth": 57}, "6n . 2, such as 56 or 62. Received: depth=57"),
        ("resnet-cifar", {"depth": 56, "bottleneck": True}, "9n . 2, such as 56|9n"),
        ("resnet-cifar", {"depth": 2}, "depth must be at least 8"),
        ("vgg-16", {"classes": 1}, "classes must be at least 2"),
        ("vgg-16", {"input_shape": (None, None, 3)}, "sides of 32 or more. Received"),
        ("vgg-19", {"pointwise": True}, "configuration C"),
        ("googlenet", {"auxiliary": True, "input_shape": (64, 64, 3)}, "sides of 80 or more"),
        ("network-in-network", {"size": "mnist"}, "size must be one of 'cifar', 'imagenet'"),
        ("squeezenet-1.0", {"input_shape": (30, 30, 3)}, "sides of 35"),
        ("zfnet", {"input_shape": (50, 50, 3)}, "sides of 53"),
        ("highway", {"depth": 1}, "depth must be at least 2"),
        ("highway", {"width": 0}, "width"),
        ("densenet-cifar", {"depth": 41}, "3n . 4, such as 40 or 43"),
        ("densenet-cifar", {"compression": 0}, "compression must be a number above 0 to 1"),
        ("densenet-cifar", {"dropout": 1}, "dropout must be a number from 0 below 1"),
        ("densenet-cifar", {"growth": 2.5}, "growth must be a whole number"),
        ("densenet-121", {"classes": 0}, "classes"),
        ("efficientnet-b0", {"input_shape": (16, 16, 3)}, "sides of 32"),
        ("senet-154", {"input_shape": (16, 16, 3)}, "sides of 32"),
    ],
)
def test_what_cannot_be_built_is_named(name, variant, words):
    if name == "resnet-cifar" and variant.get("bottleneck"):
        variant = {**variant, "depth": 57}
    with pytest.raises(ValueError, match=words):
        models.sketch(name, **variant)


@pytest.mark.parametrize(
    ("name", "least"),
    [("vgg-11", 32), ("zfnet", 53), ("squeezenet-1.0", 35), ("squeezenet-1.1", 35), ("googlenet", 32)],
)
def test_the_smallest_picture_is_read(name, least):
    assert models.sketch(name, (least, least, 3), 4).output_shape == (None, 4)


def test_auxiliary_heads_read_their_smallest_picture():
    outputs = models.sketch("googlenet", (80, 80, 3), 4, auxiliary=True).output_shape
    assert outputs == [(None, 4)] * 3
