"""The page introduction: counts against Keras, parts in NumPy against layers, pictures over their whole grid."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from cvnotes import experiments, models
from cvnotes.convolution import output_size
from cvnotes.introduction import anatomy, components, counts, drawings, first_run, timeline
from cvnotes.pooling.survey import ZOO
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def words(fig):
    return [text.get_text() for text in fig.findobj(Text) if text.get_text()]


# Parts in NumPy -----------------------------------------------------------------------------------------------------


def test_relu_and_dense_equal_keras():
    x = noise(3, 5)
    np.testing.assert_array_equal(components.relu(x), ops.convert_to_numpy(layers.ReLU()(x)))
    dense = layers.Dense(4)
    answers = ops.convert_to_numpy(dense(x))
    np.testing.assert_allclose(components.dense(x, *dense.get_weights()), answers, atol=1e-5)


@given(n=st.integers(1, 4), inputs=st.integers(1, 6), outputs=st.integers(1, 5), seed=st.integers(0, 99))
@examples(30)
def test_dense_equals_two_loops(n, inputs, outputs, seed):
    x, weights, bias = noise(n, inputs, seed=seed), noise(inputs, outputs, seed=seed + 1), noise(outputs, seed=seed + 2)
    slow = [[sum(x[i, j] * weights[j, k] for j in range(inputs)) + bias[k] for k in range(outputs)] for i in range(n)]
    np.testing.assert_allclose(components.dense(x, weights, bias), slow, atol=1e-5)


@pytest.mark.parametrize(
    "shapes", [((2, 3, 3), (9, 4), (4,)), ((2, 3), (4, 3), (3,)), ((2, 3), (3, 4), (3,)), ((3,), (3, 4), (4,))]
)
def test_dense_names_what_does_not_fit(shapes):
    with pytest.raises(ValueError, match="Received shapes"):
        components.dense(*(np.zeros(shape) for shape in shapes))


def test_five_stages_equal_keras_volume_by_volume():
    keras.utils.set_random_seed(1)
    model, x = first_run.five_stages(), noise(2, 32, 32, 3)
    ours, theirs = components.five_stages(x, model.get_weights()), x
    for layer in model.layers:
        theirs = layer(theirs)
        if layer.name in ours:
            np.testing.assert_allclose(ours[layer.name], ops.convert_to_numpy(theirs), atol=1e-4)
    assert [volume.shape[1:] for volume in ours.values()] == [(32, 32, 3), *[(32, 32, 12)] * 2, (16, 16, 12), (10,)]


# Counts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(8, 8, 3), (5, 7, 1), (32, 32, 3)])
def test_weights_are_those_of_the_built_layer(shape):
    for make in (lambda: layers.Conv2D(4, 3), lambda: layers.PReLU(), lambda: layers.BatchNormalization()):
        built = make()
        built.build((None, *shape))
        assert sum(counts.weights_of(make(), shape)) == built.count_params()
    assert counts.neuron(*shape) == (math.prod(shape), 1)
    assert counts.weights_of(layers.Conv2D(4, 3), shape) == (9 * shape[2] * 4, 4)


def test_counting_allocates_nothing():
    assert counts.neuron(100_000, 100_000, 3) == (30_000_000_000, 1)


def test_settings_are_the_layers_own():
    assert counts.settings(layers.ReLU()) == ["max_value", "negative_slope", "threshold"]
    assert counts.settings(layers.Identity()) == []
    assert {"filters", "kernel_size", "strides", "padding"} <= set(counts.settings(layers.Conv2D(2, 3)))


def test_a_setting_matters_or_not():
    x = np.linspace(-9, 9, 19, dtype="float32")
    assert counts.matters(layers.ReLU, "max_value", 6.0, x)
    assert not counts.matters(layers.ReLU, "max_value", 60.0, x)


def test_the_table_of_owners():
    rows = {name: (learns, many, first) for name, learns, many, first in counts.owners((32, 32, 3))}
    learned = {name: row[0] for name, row in rows.items()}
    assert learned["Conv2D(12, 3)"] == 336
    assert learned["Dense(10)"] == 30_730
    assert learned["PReLU()"] == 3072
    assert [name for name, n in learned.items() if n == 0] == [
        *("MaxPooling2D(2)", "AveragePooling2D(2)", "ReLU()", "LeakyReLU()"),
    ]
    assert all(many > 0 for _, many, _ in rows.values())
    assert rows["MaxPooling2D(2)"][2].startswith("pool_size")


def test_journey_reads_the_model():
    rows = counts.journey(first_run.five_stages())
    assert [row[0] for row in rows] == ["input", "conv", "relu", "pool", "flatten", "fc"]
    assert [row[1] for row in rows[:4]] == [(32, 32, 3), (32, 32, 12), (32, 32, 12), (16, 16, 12)]
    assert [row[2] for row in rows] == [0, 336, 0, 0, 0, 30_730]
    assert counts.journey(first_run.five_stages(padding="valid"))[3][1] == (15, 15, 12)


@pytest.mark.parametrize(("side", "filters", "kernel"), [(8, 4, 3), (16, 12, 5), (32, 12, 3)])
def test_a_dense_layer_with_the_same_map(side, filters, kernel):
    pair = counts.same_map((side, side, 3), filters, kernel)
    assert pair["convolution"].rows[-1].output_shape == pair["dense"].rows[-1].output_shape == (side, side, filters)
    assert pair["convolution"].macs == side**2 * filters * 3 * kernel**2
    assert pair["dense"].macs == side**4 * filters * 3
    assert pair["dense"].parameters == side**4 * filters * 3 + side**2 * filters


# Plans --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nets():
    return anatomy.zoo()


def test_vgg16_has_its_published_counts(nets):
    shares = counts.shares(nets["VGG16"])
    assert nets["VGG16"].parameters == 138_357_544
    assert tuple(map(sum, zip(*shares.values(), strict=True))) == (nets["VGG16"].parameters, nets["VGG16"].macs)
    assert shares["convolutions"][0] == 14_714_688
    assert round(nets["VGG16"].macs / 1e9, 2) == 15.47


def test_parts_of_six_nets(nets):
    parts = {name: tuple(anatomy.parts(profile).values()) for name, profile in nets.items()}
    assert parts == {
        "LeNet-5": (3, 2, 0, 1),
        "AlexNet": (5, 3, 0, 2),
        "VGG16": (13, 5, 0, 2),
        "ResNet50": (53, 1, 1, 0),
        "All-CNN-C": (9, 0, 1, 0),
        "FCN-32s": (17, 5, 0, 0),
    }
    drawn = [name for name, profile in nets.items() if anatomy.as_drawn(anatomy.parts(profile))]
    assert drawn == ["LeNet-5", "AlexNet", "VGG16"]


def test_the_fully_convolutional_net_scores_every_pixel(nets):
    assert nets["FCN-32s"].rows[-1].output_shape == (224, 224, 21)
    assert nets["FCN-32s"].row("fc6").parameters == 7 * 7 * 512 * 4096 + 4096


# Time line ----------------------------------------------------------------------------------------------------------


def test_a_source_gives_author_and_year():
    assert timeline.origin("lenet-5") == ("LeCun, Bottou, Bengio and Haffner", 1998)
    assert timeline.origin("alexnet")[1] == 2012
    assert timeline.origin("small-convnet") is None


def test_landmarks_are_in_order_and_counted():
    line = timeline.landmarks()
    assert [one.year for one in line] == sorted(one.year for one in line)
    found = {one.name: one for one in line}
    assert found["lenet-5"].trainable == 60_000
    assert found["alexnet"].trainable == 60_965_224
    assert {one.name for one in line if one.ours} <= set(models.names())
    theirs = [one for one in line if not one.ours]
    assert all(ZOO[one.name] == one.year for one in theirs)
    drawn = words(timeline.draw(line))
    assert all(any(one.name in text for text in drawn) for one in line)
    assert all(one.name in timeline.say(line) for one in line)


def test_a_registered_model_joins_and_takes_the_place_of_keras(monkeypatch):
    monkeypatch.setattr(models.registry, "_TARGETS", {})
    monkeypatch.setattr(timeline, "LANDMARKS", ("VGG16",))
    before = [one.name for one in timeline.landmarks()]
    models.register("vgg-16", f"{__name__}:published")
    after = {one.name: one for one in timeline.landmarks()}
    assert "VGG16" in before
    assert "VGG16" not in after
    assert (after["vgg-16"].year, after["vgg-16"].ours) == (2014, True)


def published():
    """A stand-in.

    Source: Somebody (2014), section 2.
    """
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 3)])


# Pictures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", drawings.QUESTIONS)
@pytest.mark.parametrize("stop", drawings.STOPS)
@pytest.mark.once
def test_the_scan_over_its_whole_grid(question, stop):
    texts = words(drawings.draw_scan(question, stop))
    row, column = divmod(stop - 1, 6)
    window = drawings.scanned_digit()[row : row + 3, column : column + 3]
    total = f"{(window * drawings.QUESTIONS[question]).sum()}".replace("-", "−")
    assert f"sum  {total}" in texts
    assert sum("×" in text for text in texts) == 9 + 1  # nine products, and the heading
    said = drawings.say_scan(question, stop)
    assert f"Stop {stop} of 36" in said
    assert f"add up to {total}:" in said


@pytest.mark.parametrize("question", drawings.QUESTIONS)
def test_the_answers_of_the_scan_are_those_of_keras(question):
    kernel = drawings.QUESTIONS[question].astype("float32")[..., None, None]
    by_keras = ops.conv(drawings.scanned_digit().astype("float32")[None, ..., None], kernel)
    np.testing.assert_array_equal(drawings.answers(question), ops.convert_to_numpy(by_keras)[0, ..., 0])
    assert max(drawings.STOPS) == drawings.answers(question).size == output_size(8, 3) ** 2


def test_areas_are_true_to_the_counts():
    shown = {"a": 40_000, "b": 1600, "c": 400, "d": 36}
    fig = drawings.draw_scale(shown, lens=2)
    for ax, names in zip(fig.axes, (list(shown), ["c", "d"]), strict=True):
        areas = [patch.get_width() * patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
        np.testing.assert_allclose(areas, [shown[name] for name in names])
    assert "10 times as wide" in " ".join(words(fig))
    assert all(f"{count:,}" in drawings.say_scale(shown) for count in shown.values())
    with pytest.raises(ValueError, match="largest first"):
        drawings.draw_scale({"a": 1, "b": 2, "c": 3}, lens=2)


def test_stages_are_those_of_keras():
    image, weights = np.random.default_rng(0).random((12, 10)).astype("float32"), drawings.QUESTIONS["above"]
    volumes = drawings.stages(image, weights)
    conv = ops.conv(image[None, ..., None], weights.astype("float32")[..., None, None])
    by_keras = ops.convert_to_numpy(conv)[0, ..., 0]
    np.testing.assert_allclose(volumes["conv"][1:-1, 1:-1], by_keras, atol=1e-5)
    pooled = layers.MaxPooling2D(2)(ops.relu(volumes["conv"][None, ..., None]))
    np.testing.assert_allclose(volumes["pool"], ops.convert_to_numpy(pooled)[0, ..., 0], atol=1e-6)
    assert "POOL, 6 × 5" in words(drawings.draw_stages(image, weights))


def test_zoom_prints_the_red_numbers():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype("uint8")
    texts = words(drawings.draw_zoom(image, row=4, column=7, size=5))
    assert [t for t in texts if t.isdigit()] == [str(v) for v in image[4:9, 7:12, 0].ravel()]


def test_planes_add_up_to_the_picture():
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype("uint8")
    np.testing.assert_array_equal(sum(drawings.planes(image)), image)


def test_answers_and_shares_say_their_numbers():
    images, chances = np.zeros((2, 8, 8, 1)), np.eye(10)[[3, 4]]
    texts = words(drawings.draw_answers(images, chances, np.array([3, 9])))
    assert {"a 3", "says 3", "a 9", "says 4"} <= set(texts)
    texts = words(
        drawings.draw_shares({"convolutions": (1_000_000, 9_000_000), "dense layers": (3_000_000, 1_000_000)})
    )
    assert {"convolutions: 90%", "dense layers: 75%", "4 million", "10 million"} <= set(texts)
    assert drawings.draw_learning({"loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}).axes


# The first run ------------------------------------------------------------------------------------------------------


def test_the_stored_runs_hold_what_the_page_says():
    stored = experiments.load("introduction", "first_runs")
    assert stored["two accuracy"].shape == (5,)
    assert stored["two accuracy"].min() >= 0.98
    assert stored["two accuracy"].min() > stored["five accuracy"].max() > 0.95
    assert (stored["two loss"][:, -1] < 0.1 * stored["two loss"][:, 0]).all()


def test_pictures_for_the_two_nets():
    five, two = first_run.pictures("five"), first_run.pictures("two")
    assert five.train_images.shape[1:] == first_run.five_stages().input_shape[1:]
    assert two.train_images.shape[1:] == first_run.two_storeys().input_shape[1:]
    np.testing.assert_array_equal(five.test_labels, two.test_labels)
    np.testing.assert_array_equal(five.test_images[..., 0], five.test_images[..., 2])
    with pytest.raises(ValueError, match=r"'five', 'two'.*'three'"):
        first_run.train("three", 0)


def test_the_net_learns(monkeypatch):
    monkeypatch.setitem(first_run.EPOCHS, "two", 3)
    model, history = first_run.train("two", seed=0)
    digits = first_run.pictures("two")
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert experiments.accuracy(model, digits.test_images, digits.test_labels) > 0.8
