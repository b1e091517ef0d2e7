"""Transfer: families, taps, probes, heads, kept weights, boxes and their experiments."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import data, experiments, transfer
from cvnotes.transfer import boxes, drawings, families, heads, keeping, nets, probing, strategies, tapping, trials, zoo
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Families -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", families.NAMES)
def test_a_family_is_balanced_and_fewer_are_the_first_of_more(name):
    (x, y), (fewer, labels) = families.family(name, 60, 4), families.family(name, 25, 4)
    assert x.shape == (60, 32, 32, 3)
    assert 0 <= x.min() < x.max() <= 1
    np.testing.assert_array_equal(np.bincount(y), [12] * 5)
    np.testing.assert_array_equal(fewer, x[:25])
    np.testing.assert_array_equal(labels, y[:25])
    assert not np.array_equal(families.family(name, 60, 5)[0], x)


def test_grounds_hold_no_shape_and_their_label_names_them():
    scenes = data.scenes(8 * 12 + 60, seed=4, size=32, objects=0, clutter=0.3, backgrounds=families.DIFFERENT)
    x, y = families.family("different", 60, 4)
    by_picture = {
        image.tobytes(): data.BACKGROUNDS[k] for image, k in zip(scenes.floats, scenes.backgrounds, strict=True)
    }
    assert [by_picture[image.tobytes()] for image in x] == [families.DIFFERENT[k] for k in y]


def test_few_takes_as_many_of_each_class():
    x, y = families.few(families.family("similar", 60, 0), 7)
    np.testing.assert_array_equal(np.bincount(y), [7] * 5)
    assert len(x) == 35
    with pytest.raises(ValueError, match=r"only 12 pictures of a class. Received: per_class=13"):
        families.few(families.family("similar", 60, 0), 13)
    with pytest.raises(ValueError, match="name must be one of source, similar, different"):
        families.family("far", 5, 0)
    with pytest.raises(ValueError, match="count must be at least 1"):
        families.family("similar", 0, 0)
    for pictures in ((np.zeros((0, 32, 32, 3)), []), (np.zeros((4, 32, 32, 3)), [0, 1, 2])):
        with pytest.raises(ValueError, match=r"one label a picture, and some. Received: \([04], 32, 32, 3\)"):
            families.few(pictures, 1)


# Taps ---------------------------------------------------------------------------------------------------------------


def nested() -> keras.Model:
    """A net with a net inside it, and one inside that, called with training=False."""
    inner = keras.Sequential(
        [keras.Input((8, 8, 4)), layers.Conv2D(5, 3, name="deep"), layers.ReLU(name="last")], name="inner"
    )
    x = i = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", name="first")(x)
    x = layers.BatchNormalization(name="norm")(x)
    middle = keras.Model(i, layers.MaxPooling2D(2, name="pool")(x), name="middle")
    image = keras.Input((16, 16, 3), name="image")
    y = inner(middle(layers.Rescaling(0.5, name="half")(image), training=False))
    return keras.Model(image, layers.Flatten(name="flat")(y), name="outer")


def test_a_tap_reaches_into_nested_models():
    net, x = nested(), noise(2, 16, 16, 3)
    assert tapping.layer_names(net)[1:4] == ["half", "middle", "middle/" + net.get_layer("middle").layers[0].name]
    middle, inner = net.get_layer("middle"), net.get_layer("inner")
    half = x * 0.5
    first = middle.get_layer("first")(half)
    expected = {
        "half": half,
        "middle/first": first,
        "norm": middle.get_layer("norm")(first, training=False),
        "middle": middle(half, training=False),
        "inner/deep": inner.get_layer("deep")(middle(half, training=False)),
        "inner": inner(middle(half, training=False)),
        "flat": net(x, training=False),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(transfer.tap(net, name)(x)), ops.convert_to_numpy(value), atol=1e-5, err_msg=name
        )
    several = transfer.tap(net, "norm", "deep")(x)
    assert [tuple(part.shape) for part in several] == [(2, 16, 16, 4), (2, 6, 6, 5)]


def test_a_tap_shares_its_weights():
    net = nets.small_vgg()
    front = transfer.tap(net, "block1_pool")
    x = noise(2, 32, 32, 3)
    before = ops.convert_to_numpy(front(x))
    net.get_layer("block1_conv").kernel.assign(2 * net.get_layer("block1_conv").kernel)
    assert np.abs(ops.convert_to_numpy(front(x)) - before).max() > 0.1


def test_a_layer_that_is_not_there_is_refused_with_all_names():
    net = nested()
    with pytest.raises(ValueError, match=r"'outer' has no layer of that name. It has .*middle/pool.*Received: 'pol'"):
        transfer.tap(net, "pol")
    with pytest.raises(ValueError, match="Name at least one layer"):
        transfer.tap(net)
    twin = keras.Input((4, 4, 1))
    halves = [keras.Sequential([keras.Input((4, 4, 1)), layers.ReLU(name="relu")], name=name) for name in "ab"]
    both = keras.Model(twin, layers.Add()([half(twin) for half in halves]))
    with pytest.raises(ValueError, match="several layers of that name"):
        transfer.tap(both, "relu")
    assert transfer.tap(both, "b/relu").output.shape == (None, 4, 4, 1)


def test_codes_are_the_taps_flattened_or_averaged():
    net, x = nets.small_vgg(), noise(260, 32, 32, 3)  # more than one batch
    maps = ops.convert_to_numpy(transfer.tap(net, "block2_pool")(x))
    np.testing.assert_allclose(transfer.codes(net, x, "block2_pool"), maps.reshape(260, -1), atol=1e-5)
    one, dense = transfer.codes(net, x, "block2_pool", "fc1", cells=1)
    np.testing.assert_allclose(one, maps.mean((1, 2)), atol=1e-5)
    assert dense.shape == (260, 64)
    four = tapping.summary(maps, 4)
    np.testing.assert_allclose(four[:, 1, 2], maps[:, 2:4, 4:6].mean((1, 2)), atol=1e-6)
    with pytest.raises(ValueError, match=r"Cells must divide the map. Received: cells=3, a map of 8 x 8"):
        tapping.summary(maps, 3)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((0, 32, 32, 3)), r"at least one picture.* Received: \(0, 32, 32, 3\)"),
        (np.float32(1), r"at least one picture.* Received: \(\)"),
        (np.full((1, 32, 32, 3), np.nan), "finite numbers. Received: float64"),
        (np.full((1, 32, 32, 3), "red"), "finite numbers. Received: <U3"),
        (np.zeros((1, 16, 16, 3)), "16"),
        (np.zeros((32, 32, 3)), "32"),
    ],
)
def test_what_is_no_picture_has_no_codes(images, words):
    with pytest.raises(ValueError, match=words):
        transfer.codes(nets.small_vgg(), images, "fc2")


def test_a_model_without_inputs_cannot_be_tapped():
    with pytest.raises(ValueError, match=r"give it an Input. Received: <Sequential"):
        transfer.tap(keras.Sequential([layers.Dense(2, name="one")]), "one")
    with pytest.raises(ValueError, match=r"give it an Input. Received: 'VGG16'"):
        transfer.tap("VGG16", "block5_pool")


# Nets and kept weights ----------------------------------------------------------------------------------------------


def test_the_small_vgg_is_cut_into_named_stages():
    net = nets.small_vgg(classes=7)
    assert net.output_shape == (None, 7)
    shapes = [tuple(net.get_layer(cut).output.shape[1:]) for cut in nets.CUTS]
    assert shapes == [(16, 16, 12), (8, 8, 24), (4, 4, 48), (64,), (64,)]
    convs = 9 * (3 * 12 + 12 * 24 + 24 * 48) + 4 * (12 + 24 + 48)
    assert net.count_params() == convs + (768 + 1) * 64 + 65 * 64 + 65 * 7
    with pytest.raises(ValueError, match="classes must be at least 1"):
        nets.small_vgg(0)


def test_all_five_source_nets_know_their_shapes():
    x, y = families.family("source", 200, 77)
    for seed in range(5):
        assert experiments.accuracy(nets.source_net(seed), x, y) > 0.93
    first, again = nets.source_net(0), nets.source_net(0)
    first.get_layer("logits").bias.assign(ops.ones(5))
    assert not np.allclose(again.get_layer("logits").get_weights()[1], 1), "each call gives a copy of its own"


def test_a_short_training_of_the_source_net_learns_something():
    x, y = families.family("source", 200, 77)
    net = nets.trained_source(seed=1, steps=160)
    assert experiments.accuracy(net, x, y) > 0.3


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "FOLDER", tmp_path)
    keeping.save_weights("one", {"a": [noise(3, 4), noise(2)], "ab": [noise(5, seed=1)]}, "make it")
    return tmp_path


def test_kept_weights_come_back_rounded_to_16_bits(store):
    found = keeping.load_weights("one", "a")
    assert [array.dtype for array in found] == [np.float32] * 2
    np.testing.assert_allclose(found[0], noise(3, 4), rtol=1e-3)
    np.testing.assert_array_equal(found[1], noise(2).astype(np.float16))
    note = json.loads((store / "one.json").read_text())
    assert (note["command"], set(note["sha256"])) == ("make it", {"a", "ab"})


def test_changed_weights_are_not_trusted(store):
    with np.load(store / "one.npz") as stored:
        arrays = dict(stored)
    arrays["a/00"][0, 0] += 1
    np.savez_compressed(store / "one.npz", **arrays)
    with pytest.raises(ValueError, match="a is not what `make it` stored"):
        keeping.load_weights("one", "a")
    assert len(keeping.load_weights("one", "ab")) == 1


def test_weights_that_are_not_there_are_named(store):
    with pytest.raises(ValueError, match=r"No stored weights two.npz with their note two.json; there are \['one'\]"):
        keeping.load_weights("two", "a")
    with pytest.raises(ValueError, match=r"holds a, ab. Received: net='b'"):
        keeping.load_weights("one", "b")
    with pytest.raises(ValueError, match="no finite number in 16 bits"):
        keeping.save_weights("big", {"a": [np.array([1e6])]}, "make it")


def test_nothing_is_stored_for_a_net_without_weights(store):
    for nets_ in ({}, {"a": []}):
        with pytest.raises(ValueError, match="at least one net, and weights for each"):
            keeping.save_weights("none", nets_, "make it")
    assert {path.name for path in store.iterdir()} == {"one.npz", "one.json"}


def test_many_weights_keep_their_order(store):
    keeping.save_weights("many", {"a": [np.array([i]) for i in range(120)]}, "make it")
    np.testing.assert_array_equal(np.concatenate(keeping.load_weights("many", "a")), np.arange(120))


@pytest.mark.parametrize("call", [1, 2])
def test_a_save_that_is_cut_off_leaves_nothing_to_believe(store, monkeypatch, call):
    """Killed before the first file is in place, the old weights stand; between the two, the pair is refused."""
    real, calls = keeping.os.replace, []

    def killed(*paths):
        calls.append(paths)
        if len(calls) == call:
            raise KeyboardInterrupt
        real(*paths)

    monkeypatch.setattr(keeping.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        keeping.save_weights("one", {"a": [noise(3, 4, seed=9)]}, "make it")
    assert {path.name for path in store.iterdir()} == {"one.npz", "one.json"}
    if call == 1:
        np.testing.assert_allclose(keeping.load_weights("one", "a")[0], noise(3, 4), rtol=1e-3)
    else:
        with pytest.raises(ValueError, match="a is not what `make it` stored; run it again"):
            keeping.load_weights("one", "a")


def test_a_disk_that_fills_up_leaves_the_old_weights(store, monkeypatch):
    def full(path, **arrays):
        path.write_bytes(b"PK")
        raise OSError("No space left on device")

    monkeypatch.setattr(keeping.np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        keeping.save_weights("one", {"a": [noise(2)]}, "make it")
    assert len(keeping.load_weights("one", "a")) == 2
    assert {path.name for path in store.iterdir()} == {"one.npz", "one.json"}


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_damaged_files_are_named(store, suffix):
    path = store / f"one.{suffix}"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"one.npz or its note is damaged .*: restore both"):
        keeping.load_weights("one", "a")
    path.unlink()
    with pytest.raises(ValueError, match=r"No stored weights one.npz with their note one.json; there are \[\]"):
        keeping.load_weights("one", "a")


def test_a_pickle_is_refused(store):
    np.savez(store / "one.npz", **{"a/00": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        keeping.load_weights("one", "a")


# Strategies ---------------------------------------------------------------------------------------------------------


def test_a_warm_head_starts_as_the_logistic_regression():
    source, (x, y) = nets.source_net(0), families.family("similar", 50, 1)
    warm, cold = (strategies.with_head(source, x, y, warm=warm) for warm in (True, False))
    for name in ("block2_conv", "fc2"):
        np.testing.assert_array_equal(warm.get_layer(name).get_weights()[0], source.get_layer(name).get_weights()[0])
    assert experiments.accuracy(warm, x, y) > 0.9 > 0.6 > experiments.accuracy(cold, x, y)


def test_a_warm_head_for_two_classes_starts_as_the_logistic_regression_too():
    x, y = families.family("similar", 50, 1)
    x, y = x[y < 2], y[y < 2]
    warm = strategies.with_head(nets.source_net(0), x, y)
    assert warm.output_shape == (None, 2)
    assert experiments.accuracy(warm, x, y) > 0.9
    from sklearn.linear_model import LogisticRegression

    seen = transfer.codes(nets.source_net(0), x, "fc2")
    logits = ops.convert_to_numpy(warm(x))
    expected = LogisticRegression(max_iter=2000).fit(seen, y).decision_function(seen)
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize(("count", "passes"), [(25, 150), (50, 75), (250, 25), (1000, 25)])
def test_few_pictures_get_as_many_steps(count, passes):
    assert strategies.epochs(count) == passes
    assert passes * count / strategies.BATCH >= strategies.LEAST


def test_passes_over_nothing_and_unknown_scales_are_refused():
    with pytest.raises(ValueError, match=r"count must be at least 1. Received: count=0"):
        strategies.epochs(0)
    with pytest.raises(ValueError, match=r"scale must be one of quick, full. Received: scale='fast'"):
        strategies.epochs(50, "fast")


def test_the_chosen_cut_is_the_one_that_tells():
    """A planted question that only averages of the first block can answer: how red is the picture?"""
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(60, 32, 32, 3)).astype("float32") * 0.2 + 0.4
    y = np.arange(60) % 2
    x[y == 1, ..., 0] += 0.05
    cut, cells = probing.chosen_cut(nets.source_net(0), x, y)
    assert (cut, cells) == ("block1_pool", 1)


def test_change_of_kernels():
    one, other = nets.source_net(0), nets.source_net(0)
    assert trials.change(one, other) == 0
    for b in (1, 2, 3):
        kernel = other.get_layer(f"block{b}_conv").kernel
        kernel.assign(1.5 * kernel)
    assert trials.change(one, other) == pytest.approx(0.5, rel=1e-4)


def test_agreement_and_recovery_on_what_is_known():
    points = np.concatenate([noise(20, 2), noise(20, 2, seed=1) + 50])
    labels = np.repeat([0, 1], 20)
    assert trials.agreement(points, labels) == 1
    assert trials.agreement(points, np.tile([0, 1], 20)) < 0.8
    images = noise(80, 4, 4, 1)
    flat = images.reshape(80, -1)
    assert trials.recovered(flat[:60], images[:60], flat[60:], images[60:]) > 0.99
    assert trials.recovered(noise(60, 3, seed=5), images[:60], noise(20, 3, seed=6), images[60:]) < 0.1


# Boxes --------------------------------------------------------------------------------------------------------------

corner = st.integers(0, 20)


@given(st.lists(st.tuples(corner, corner, corner, corner), min_size=1, max_size=5), st.integers(0, 9))
@examples(60)
def test_iou_equals_counting_pixels(corners, shift):
    """Whole-number boxes cover whole pixels, and these can be counted."""
    b = np.array([[min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1] for a, b, c, d in corners], float)
    other = b + np.array([shift, 0, shift, 0])

    def drawn(box):
        page = np.zeros((32, 32), bool)
        x0, y0, x1, y1 = box.astype(int)
        page[y0:y1, x0:x1] = True
        return page

    counted = [(drawn(p) & drawn(q)).sum() / (drawn(p) | drawn(q)).sum() for p, q in zip(b, other, strict=True)]
    np.testing.assert_allclose(boxes.iou(b, other), counted, atol=1e-9)


def test_iou_agrees_with_keras_and_survives_a_box_inside_out():
    a, b = np.abs(noise(6, 4)), np.abs(noise(6, 4, seed=1))
    a[:, 2:] += a[:, :2]
    b[:, 2:] += b[:, :2]
    table = ops.convert_to_numpy(keras.utils.bounding_boxes.compute_iou(a, b, "xyxy"))
    np.testing.assert_allclose(boxes.iou(a, b), np.diag(table), atol=1e-5)
    assert boxes.iou(np.array([[1.0, 1, 0, 0]]), np.array([[0.0, 0, 1, 1]])) == 0
    assert boxes.iou(np.array([[0, 0, 2, 2]], np.uint8), np.array([[1, 0, 3, 2]], np.uint8)) == pytest.approx(1 / 3)
    assert boxes.iou(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0,)
    for one, two in ((a, b[:1]), (a[0], b[0]), (a[:, :3], b[:, :3])):
        with pytest.raises(ValueError, match=r"two rows of boxes \(n, 4\), pair by pair. Received"):
            boxes.iou(one, two)


def test_the_box_head_shares_the_trunk():
    keras.utils.set_random_seed(0)
    source = nets.source_net(0)
    model = boxes.on_trunk(source, boxes.box_head(768))
    x, labels, targets = boxes.placed(40, 0)
    assert targets.min() >= 0
    assert targets.max() <= 1
    assert model.output_shape == (None, 4)
    assert 0 <= boxes.judged(model, x, targets) <= 1
    before = ops.convert_to_numpy(model(x))
    source.get_layer("block1_conv").kernel.assign(-source.get_layer("block1_conv").kernel)
    assert np.abs(ops.convert_to_numpy(model(x)) - before).max() > 1e-3
    assert len(labels) == 40


# The zoo ------------------------------------------------------------------------------------------------------------


def test_the_zoo_names_what_keras_can_build():
    names = zoo.applications()
    assert {"VGG16", "ResNet50", "MobileNetV2", "EfficientNetV2B0"} <= set(names)
    assert all(callable(getattr(keras.applications, name)) for name in names)
    with pytest.raises(ValueError, match=r"keras.applications has .*VGG16.*Received: 'VGG17'"):
        zoo.sketched("VGG17")


def test_a_sketch_costs_no_memory_and_counts_all():
    model = zoo.sketched("VGG16")
    assert model.count_params() == 138_357_544  # Simonyan and Zisserman (2015), table 2: 138 million
    assert model.get_layer("block5_pool").output.shape == (None, 7, 7, 512)


def test_preprocessing_is_that_of_the_network():
    picture = np.full((1, 1, 1, 3), 255, "float32")
    assert np.allclose(zoo.preprocessing("MobileNetV2")(picture.copy()), 1)
    means = keras.applications.vgg16.preprocess_input(picture.copy())
    np.testing.assert_array_equal(zoo.preprocessing("VGG16")(picture.copy()), means)
    assert len(np.unique(means)) == 3


class AskedError(Exception):
    """Somebody asked for the network."""


@pytest.fixture
def shut(monkeypatch):
    """Whoever asks for a download is caught."""

    def refuse(*args, **kwargs):
        raise AskedError

    monkeypatch.setattr(data, "pretrained", refuse)
    monkeypatch.delenv(zoo.SWITCH, raising=False)


def test_nothing_is_downloaded_unless_it_is_asked_for(shut, capsys, monkeypatch):
    body = zoo.backbone("MobileNetV2", (32, 32, 3))
    assert (body.weights, body.model.trainable) == ("random", False)
    said = capsys.readouterr().out
    assert said == "MobileNetV2: RANDOM weights; set CVNOTES_WEIGHTS=imagenet to load ImageNet's.\n"
    with pytest.raises(AskedError):
        zoo.backbone("MobileNetV2", (32, 32, 3), weights="imagenet")
    monkeypatch.setenv(zoo.SWITCH, "imagenet")
    with pytest.raises(AskedError):
        zoo.backbone("MobileNetV2", (32, 32, 3))
    with pytest.raises(ValueError, match="weights must be imagenet or random"):
        zoo.backbone("MobileNetV2", (32, 32, 3), weights="coco")


def test_offline_the_weights_are_random_and_it_says_so(monkeypatch, capsys):
    def unavailable(name, **options):
        raise data.DatasetUnavailable(f"ImageNet weights for {name}: not available here.\nOffline stand-in")

    monkeypatch.setattr(data, "pretrained", unavailable)
    body = zoo.backbone("MobileNetV2", (32, 32, 3), weights="imagenet")
    assert body.weights == "random"
    assert "RANDOM weights; ImageNet weights for MobileNetV2: not available here" in capsys.readouterr().out


def test_a_reader_without_a_network_gets_random_weights_from_keras_itself(monkeypatch, capsys, tmp_path):
    """Nothing is put in the way here: Keras is asked for ImageNet's weights where it may ask nobody."""
    monkeypatch.setenv("CVNOTES_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv(zoo.SWITCH, "imagenet")
    assert zoo.backbone("MobileNetV2", (96, 96, 3)).weights == "random"
    assert "MobileNetV2: RANDOM weights; " in capsys.readouterr().out
    monkeypatch.setenv(zoo.SWITCH, "")
    assert zoo.backbone("MobileNetV2", (96, 96, 3)).weights == "random"


def test_online_the_weights_are_those_of_imagenet(monkeypatch, capsys):
    made = []

    def pretrained(name, **options):
        made.append(keras.Sequential([keras.Input(options["input_shape"]), layers.Conv2D(2, 3)]))
        return made[-1]

    monkeypatch.setattr(data, "pretrained", pretrained)
    body = zoo.backbone("VGG16", (32, 32, 3), weights="imagenet")
    assert body.model is made[0]
    assert body.weights == "imagenet"
    assert capsys.readouterr().out == "VGG16: weights learned on ImageNet.\n"


def small_body(preprocess=lambda x: x / 127.5 - 1) -> zoo.Backbone:
    i = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(momentum=0.5, name="norm")(layers.Conv2D(4, 3, name="conv")(i))
    model = keras.Model(i, x, name="body")
    model.trainable = False
    return zoo.Backbone(model, preprocess, "random")


def test_a_new_head_learns_alone_and_sees_prepared_pictures():
    body = small_body()
    model = heads.new_head(body, classes=3)
    assert [tuple(weight.shape) for weight in model.trainable_weights] == [(4, 3), (3,)]
    x = np.random.default_rng(0).uniform(0, 255, (5, 8, 8, 3)).astype("float32")
    maps = ops.convert_to_numpy(body.model(x / 127.5 - 1, training=False)).mean((1, 2))
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(ops.convert_to_numpy(model(x)), maps @ kernel + bias, atol=1e-4)
    assert heads.new_head(body, 3, cells=True).get_layer("logits").get_weights()[0].shape == (6 * 6 * 4, 3)


@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2", "EfficientNetV2B0"])
def test_preprocessing_works_inside_a_model(name):
    body = small_body(zoo.preprocessing(name))
    x = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    given = transfer.tap(heads.new_head(body, 2), "average")(x)
    prepared = zoo.preprocessing(name)(x.copy())
    np.testing.assert_allclose(
        ops.convert_to_numpy(given), ops.convert_to_numpy(body.model(prepared)).mean((1, 2)), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize(("how", "stays"), [("frozen", True), ("set free", True), ("trainable", False)])
def test_a_body_keeps_its_averages_unless_its_normalization_trains(how, stays):
    """The trap: a rate of zero moves no weight, yet normalization in training mode forgets its averages."""
    body = small_body()
    outer = keras.Sequential([keras.Input((8, 8, 3)), body.model], name="nested")
    if how == "trainable":
        outer.trainable = True
        body.model.trainable = True
    if how == "set free":
        heads.set_free(outer)
        assert body.model.get_layer("conv").trainable_weights
    model = heads.new_head(body._replace(model=outer), 2)
    norm = body.model.get_layer("norm")
    before = [ops.convert_to_numpy(weight).copy() for weight in norm.weights]
    model.compile(keras.optimizers.SGD(0.1 if stays else 0.0), "mse", jit_compile=False)
    model.train_on_batch(50 + noise(4, 8, 8, 3), np.zeros((4, 2)))
    after = [ops.convert_to_numpy(weight) for weight in norm.weights]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True)) == stays


# Experiments and pictures -------------------------------------------------------------------------------------------


def stored(name):
    return experiments.load("transfer", name)


def test_stored_numbers_are_shares_and_complete():
    small, large = stored("small"), stored("large")
    found = drawings.cells(small, large)
    assert len(found) == 8
    for values in found.values():
        assert values.shape == (4, 5)
        assert values.min() >= 0.1
        assert values.max() <= 1
    for family in families.FAMILIES:
        assert large[f"{family}_tuned_curve"].shape[1] == max(trials.MOMENTS)
    assert {small[name].shape for name in (*trials.SLOWER, "similar_cold")} == {(5,)}


def test_stored_networks_are_counted_to_the_last_parameter():
    found = stored("applications")
    assert set(found) == set(zoo.applications())
    assert found["VGG16"].tolist() == [[138_357, 544, 224]]


def test_a_lead_is_told_with_what_could_have_been_seen():
    told = drawings.ahead(np.array([0.5, 0.6, 0.7]), np.array([0.4, 0.4, 0.4]))
    assert told == "+0.200 (+0.100 to +0.300), visible from 0.310"


@pytest.mark.once
def test_every_frame_to_play_with_can_be_drawn():
    found = drawings.cells(stored("small"), stored("large"))
    for family in families.FAMILIES:
        for per_class in families.PER_CLASS:
            drawings.played(found, family, per_class)
            said = drawings.says_played(found, family, per_class)
            assert f"{per_class} pictures a class" in said
            assert all(words in said for words in strategies.WORDS.values())


@pytest.mark.once
def test_pictures_are_drawn():
    found = drawings.cells(stored("small"), stored("large"))
    assert len(drawings.two_by_two(found).axes) == 4
    assert len(drawings.pictures().axes) == 16
    assert len(drawings.learning(stored("large")).axes) == 2
    assert drawings.by_cut({"similar": stored("layers")["similar"]}, "accuracy", 0.2).axes
    points = {"pixels": noise(10, 2), "fc1": noise(10, 2)}
    assert len(drawings.planes(points, np.arange(10) % 5, "abcde").axes) == 2
    assert len(drawings.rebuilt({"picture": np.zeros((2, 8, 8, 3)), "from fc1": np.ones((2, 8, 8, 3))}).axes) == 5
    fig = drawings.taps(["a", "b"], [(4, 4, 2), (32,)], "a")
    assert "tapped here" in " ".join(text.get_text() for text in fig.axes[0].texts)
