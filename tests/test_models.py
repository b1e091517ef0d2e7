"""Models by name and their costs: against hand counts, published totals, TensorFlow's counter and measured fields."""

from __future__ import annotations

import math
import os

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import backend, models
from cvnotes.models import registry
from cvnotes.models.small import AveragePooling2D
from tests.examples import examples


def chain(*parts, shape=(12, 10, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *parts])


def fixed_weights(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same weights on every backend: drawn by NumPy, small enough for the outputs to stay near one."""
    rng = np.random.default_rng(seed)
    model.set_weights([(rng.normal(size=w.shape) / math.sqrt(np.prod(w.shape[:-1]) + 1)) for w in model.weights])
    return model


# The register -------------------------------------------------------------------------------------------------------


@pytest.fixture
def targets(monkeypatch):
    monkeypatch.setattr(registry, "_TARGETS", dict(registry._TARGETS))


def test_names_can_be_filtered(targets):
    models.register("zz-18", "nowhere:a")
    models.register("zz-34", "nowhere:b")
    assert "small-convnet" in models.names()
    assert models.names() == sorted(models.names())
    assert models.names("zz-*") == ["zz-18", "zz-34"]
    assert models.names("zz-3?") == ["zz-34"]


def test_nothing_is_imported_before_it_is_built(targets):
    models.register("later", "cvnotes_not_written_yet:net")
    assert "later" in models.names()
    with pytest.raises(ModuleNotFoundError, match="cvnotes_not_written_yet"):
        models.build("later")


@pytest.mark.parametrize("target", ["", "module", "module:", ":function"])
def test_a_malformed_target_is_refused(targets, target):
    with pytest.raises(ValueError, match=r"'package.module:function'.*Received"):
        models.register("odd", target)


def test_a_name_has_one_meaning(targets):
    models.register("twice", "a:f")
    models.register("twice", "a:f")
    with pytest.raises(ValueError, match="already stands for 'a:f'"):
        models.register("twice", "b:g")


def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(ValueError, match=r"no model 'smal-convnet'\. Did you mean 'small-convnet'"):
        models.build("smal-convnet")


def test_an_unknown_variant_brings_the_accepted_ones():
    with pytest.raises(ValueError, match=r"has no 'widht'\. Did you mean 'width'.*It accepts .*reduction, window"):
        models.build("small-convnet", widht=4)


def test_a_name_gives_its_builder():
    assert models.builder("small-convnet") is models.small_convnet
    with pytest.raises(ValueError, match="There is no model"):
        models.builder("nothing-like-it")


def test_options_are_the_defaults_of_the_builder():
    options = models.options("small-convnet")
    assert options["reduction"] == "max"
    assert options["input_shape"] == (20, 20, 1)


def test_a_name_may_fix_arguments(targets):
    models.register("wide-convnet", "cvnotes.models.small:small_convnet", width=32)
    assert models.sketch("wide-convnet").count_params() > models.sketch("small-convnet").count_params()
    assert "width" not in models.options("wide-convnet")
    assert models.builder("wide-convnet").__doc__ == models.small_convnet.__doc__
    with pytest.raises(ValueError, match=r"'wide-convnet' stands for width=32. Received: width=8"):
        models.build("wide-convnet", width=8)
    with pytest.raises(ValueError, match="already stands for"):
        models.register("wide-convnet", "cvnotes.models.small:small_convnet", width=64)


def test_build_passes_shape_and_classes():
    model = models.build("small-convnet", (9, 7, 3), 5)
    assert model.input_shape == (None, 9, 7, 3)
    assert model.output_shape == (None, 5)


# The small ConvNet --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("reduction", ["max", "average", "stride", "conv"])
def test_reductions_give_equal_shapes(reduction, window):
    profile = models.profile(models.sketch("small-convnet", reduction=reduction, window=window))
    first = math.ceil(20 / window)
    second = math.ceil(first / window)
    before_conv2 = profile.rows[[row.name for row in profile.rows].index("conv2") - 1]
    assert before_conv2.output_shape == (first, first, 8)
    assert profile.row("summary").output_shape == (second * second * 16,)


def test_strided_twin_has_the_weights_of_the_pooled_net():
    pooled, strided = (models.sketch("small-convnet", reduction=r) for r in ("max", "stride"))
    assert [w.shape for w in pooled.weights] == [w.shape for w in strided.weights]
    assert models.profile(strided).macs < models.profile(pooled).macs


@pytest.mark.parametrize("head", ["average", "max"])
@pytest.mark.parametrize("reduction", ["none", "max"])
def test_global_heads_keep_one_number_a_channel(head, reduction):
    model = models.sketch("small-convnet", reduction=reduction, head=head)
    assert model.get_layer("logits").input.shape == (None, 16)


def test_max_pooling_and_relu_may_swap_but_average_may_not():
    x = np.random.default_rng(3).normal(size=(4, 20, 20, 1))
    for reduction, equal in (("max", True), ("average", False)):
        orders = ("conv-relu-pool", "conv-pool-relu")
        nets = [fixed_weights(models.build("small-convnet", reduction=reduction, order=order)) for order in orders]
        first, second = (ops.convert_to_numpy(net(x)) for net in nets)
        assert np.allclose(first, second, atol=1e-5) == equal


@pytest.mark.parametrize(("normalization", "place"), [("batch", 2), ("lrn", 3)])
def test_normalization_has_its_place(normalization, place):
    names = [layer.name for layer in models.build("small-convnet", normalization=normalization).layers]
    assert names.index("norm1") == place
    assert {"conv1", "relu1", "norm1", "pool1"} <= set(names[:5])


@pytest.mark.parametrize(
    "wrong",
    [
        {"reduction": "median"},
        {"head": "mean"},
        {"order": "relu"},
        {"normalization": "l2"},
        {"window": 0},
        {"window": 2.0},
    ],
)
def test_wrong_words_are_named(wrong):
    (key,) = wrong
    with pytest.raises(ValueError, match=rf"{key} (is|must) .*Received: .*{wrong[key]!r}"):
        models.build("small-convnet", **wrong)


def test_average_pooling_is_keras_own_where_keras_backends_agree():
    """Against Keras with padding "same" (not on PyTorch, where Keras repeats the border), and by hand."""
    x = np.random.default_rng(2).normal(size=(2, 7, 5, 3)).astype("float32")
    ours = ops.convert_to_numpy(AveragePooling2D(3, padding="same")(x))
    if backend.name() != "torch":
        np.testing.assert_allclose(ours, ops.convert_to_numpy(layers.AveragePooling2D(3, padding="same")(x)), atol=1e-6)
    # 7 rows and windows of 3: one row of padding above, one below; 5 columns: one column of padding on the right
    np.testing.assert_allclose(ours[:, 0, 0], x[:, :2, :3].mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(ours[:, 2, 1], x[:, 5:, 3:].mean((1, 2)), atol=1e-6)


EXPECTED = {
    "max": [-0.420989, 0.074293, 2.490973],
    "average": [0.255969, -0.553360, 1.115352],
    "stride": [0.492118, -0.657364, 0.778723],
    "conv": [0.407912, -1.522630, 1.003988],
    "none": [0.228465, -0.544224, 1.242009],
}


@pytest.mark.parametrize("reduction", EXPECTED)
def test_equal_weights_give_equal_answers_on_every_backend(reduction):
    """The expected numbers were made on TensorFlow; JAX and PyTorch must agree to 1e-4."""
    model = fixed_weights(models.build("small-convnet", reduction=reduction, head="average", window=3))
    answers = ops.convert_to_numpy(model(np.random.default_rng(1).normal(size=(2, 20, 20, 1))))
    np.testing.assert_allclose(answers[1, :3], EXPECTED[reduction], atol=1e-4)
    assert np.ptp(answers) > 0.05  # the comparison is not one of zeros


# Multiply-accumulates -----------------------------------------------------------------------------------------------

HAND = [
    (layers.Conv2D(8, 3), 10 * 8 * 8 * 27),
    (layers.Conv2D(8, (3, 5), padding="same", strides=2), 6 * 5 * 8 * 45),
    (layers.Conv2D(6, 3, groups=3), 10 * 8 * 6 * 9),
    (layers.Conv2D(8, 3, dilation_rate=2), 8 * 6 * 8 * 27),
    (layers.DepthwiseConv2D(3, depth_multiplier=2), 10 * 8 * 6 * 9),
    (layers.SeparableConv2D(8, 3, depth_multiplier=2), 10 * 8 * (6 * 9 + 6 * 8)),
    (layers.Conv2DTranspose(8, 4, strides=2, padding="same"), 12 * 10 * 3 * 16 * 8),
    (layers.Dense(7), 120 * 3 * 7),
    (layers.MaxPooling2D(), 0),
    (layers.AveragePooling2D(2), 0),
    (layers.GlobalAveragePooling2D(), 0),
    (layers.BatchNormalization(), 0),
    (layers.ReLU(), 0),
    (layers.Activation("tanh"), 0),
    (layers.Dropout(0.5), 0),
    (layers.ZeroPadding2D(), 0),
    (layers.UpSampling2D(), 0),
    (layers.Flatten(), 0),
]


@pytest.mark.parametrize(("layer", "macs"), HAND, ids=lambda value: getattr(value, "name", None))
def test_macs_by_hand(layer, macs):
    profile = models.profile(chain(layer))
    assert profile.macs == macs
    assert profile.uncounted == ()
    assert profile.parameters == layer.count_params()


def test_macs_of_other_dimensions():
    assert models.profile(chain(layers.Conv1D(4, 3), shape=(10, 2))).macs == 8 * 4 * 6
    assert models.profile(chain(layers.Conv3D(4, 3), shape=(5, 6, 7, 2))).macs == 3 * 4 * 5 * 4 * 54


def flops(model: keras.Model) -> int:
    """Floating-point operations as TensorFlow counts them in the graph: two for each multiply-accumulate."""
    import tensorflow as tf
    from tensorflow.python.profiler import model_analyzer, option_builder

    spec = tf.TensorSpec((1, *model.input_shape[1:]), "float32")
    graph = tf.function(lambda x: model(x)).get_concrete_function(spec).graph
    options = option_builder.ProfileOptionBuilder(option_builder.ProfileOptionBuilder.float_operation())
    return model_analyzer.profile(graph, options=options.with_empty_output().build()).total_float_ops


@pytest.mark.skipif(backend.name() != "tensorflow", reason="the counter is TensorFlow's")
@pytest.mark.parametrize(
    "parts",
    [
        [layers.Conv2D(8, 3, use_bias=False)],
        [layers.Conv2D(8, (5, 2), strides=2, padding="same", use_bias=False)],
        [layers.DepthwiseConv2D(3, use_bias=False)],
        [layers.SeparableConv2D(8, 3, use_bias=False)],
        [layers.Flatten(), layers.Dense(11, use_bias=False)],
        [
            layers.Conv2D(4, 3, use_bias=False),
            layers.Conv2D(5, 1, use_bias=False),
            layers.Flatten(),
            layers.Dense(3, use_bias=False),
        ],
    ],
    ids=["conv", "strided", "depthwise", "separable", "dense", "chain"],
)
def test_macs_are_half_of_what_tensorflow_counts(parts):
    model = chain(*parts)
    assert 2 * models.profile(model).macs == flops(model)


PUBLISHED = {  # parameters, MACs in millions: the papers' tables, and Keras' own parameter counts
    "VGG16": (138_357_544, 15_470),
    "ResNet50": (25_636_712, 3_858),
    "MobileNetV2": (3_538_984, 301),
    "DenseNet121": (8_062_504, 2_834),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_totals_of_well_known_models(name):
    with backend.unallocated():
        model = getattr(keras.applications, name)(weights=None)
    profile = models.profile(model)
    assert (profile.parameters, round(profile.macs / 1e6)) == PUBLISHED[name]
    assert profile.trainable == sum(math.prod(w.shape) for w in model.trainable_weights)
    assert profile.uncounted == ()


def test_an_unknown_kind_is_named():
    profile = models.profile(chain(layers.Reshape((120, 3)), layers.LSTM(4, name="memory")))
    assert profile.uncounted == ("memory (LSTM)",)
    assert profile.row("memory").macs is None
    assert "MACs not counted: memory (LSTM)" in profile.summary()


def test_a_chapter_can_bring_a_rule():
    class Doubling(layers.Layer):
        def call(self, x):
            return 2 * x

    assert models.profile(chain(Doubling())).uncounted
    models.rule("Doubling")(lambda layer, inputs, output: models.Cost(math.prod(output)))
    try:
        assert models.profile(chain(Doubling())).macs == 360
    finally:
        from cvnotes.models import rules

        del rules._RULES["Doubling"]


# Receptive fields ---------------------------------------------------------------------------------------------------


def measured_field(model: keras.Model) -> tuple[int, int]:
    """The largest box of input pixels with a non-zero derivative, over 3x3 output positions around the middle."""
    model.set_weights([np.ones(w.shape) for w in model.weights])
    height, width, _ = model.output_shape[1:]
    sides = []
    for row in range(height // 2 - 1, height // 2 + 2):
        for column in range(width // 2 - 1, width // 2 + 2):
            look = backend.value_and_grad(lambda x, at=(row, column): ops.sum(model(x)[0, at[0], at[1]]))
            _, slope = look(np.ones((1, *model.input_shape[1:])))
            seen = np.argwhere(slope[0].any(-1))
            sides.append(seen.max(0) - seen.min(0) + 1)
    return tuple(int(side) for side in np.max(sides, 0))


def branches() -> keras.Model:
    x = keras.Input((41, 41, 1))
    near = layers.Conv2D(2, 3, padding="same")(x)
    far = layers.Conv2D(2, 3, padding="same", dilation_rate=3)(near)
    return keras.Model(x, layers.Conv2D(1, 3)(layers.Concatenate()([layers.Add()([near, far]), x])))


FIELDS = {
    "conv": lambda: chain(layers.Conv2D(2, 3), layers.Conv2D(2, 5), shape=(41, 41, 1)),
    "rectangle": lambda: chain(layers.Conv2D(2, (1, 7)), layers.Conv2D(2, (3, 1)), shape=(41, 41, 1)),
    "strides": lambda: chain(layers.Conv2D(2, 3, strides=2), layers.Conv2D(2, 3, strides=2), shape=(41, 41, 1)),
    "dilation": lambda: chain(
        layers.Conv2D(2, 3, dilation_rate=2), layers.Conv2D(2, 3, dilation_rate=4), shape=(41, 41, 1)
    ),
    "pooling": lambda: chain(
        layers.Conv2D(2, 3), layers.AveragePooling2D(3, 2), layers.Conv2D(2, 3), shape=(41, 41, 1)
    ),
    "separable": lambda: chain(layers.SeparableConv2D(2, 5), layers.DepthwiseConv2D(3, strides=2), shape=(41, 41, 1)),
    "upsampling": lambda: chain(
        layers.AveragePooling2D(4), layers.UpSampling2D(2), layers.Conv2D(1, 3), shape=(40, 40, 1)
    ),
    "transposed": lambda: chain(
        layers.Conv2D(2, 3, strides=2), layers.Conv2DTranspose(1, 5, strides=2), shape=(41, 41, 1)
    ),
    "branches": branches,
}


@pytest.mark.parametrize("kind", FIELDS)
def test_receptive_field_is_what_gradients_reach(kind):
    model = FIELDS[kind]()
    assert models.profile(model).receptive_field == measured_field(model)


@examples(15)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2), st.booleans()), min_size=1, max_size=3))
def test_receptive_field_of_random_stacks(stack):
    """A convolution's kernel is never smaller than its stride here.

    TensorFlow with oneDNN writes beyond its memory in the gradient of a 1x1 kernel with stride 2 and one channel.
    """
    parts = [layers.AveragePooling2D(k, s) if pool else layers.Conv2D(1, max(k, s), strides=s) for k, s, pool in stack]
    model = chain(*parts, shape=(60, 60, 1))
    assert models.profile(model).receptive_field == measured_field(model)


def test_published_fields():
    """VGG-16: 196 pixels at conv5_3 and 212 at pool5; ResNet-50: 483 (Araujo, Norris and Sim, 2019)."""
    with backend.unallocated():
        vgg, resnet = (getattr(keras.applications, n)(weights=None) for n in ("VGG16", "ResNet50"))
    assert models.profile(vgg).row("block5_conv3").receptive_field == (196, 196)
    assert models.profile(vgg).row("block5_pool").receptive_field == (212, 212)
    assert models.profile(vgg).row("block5_pool").jump == (32, 32)
    assert models.profile(resnet).row("conv5_block3_out").receptive_field == (483, 483)


def test_a_dense_layer_sees_the_whole_picture_and_has_no_neighbours():
    profile = models.profile(models.sketch("small-convnet", window=2))
    assert profile.row("conv2").receptive_field == (8, 8)
    assert profile.row("logits").jump is None
    assert min(profile.receptive_field) >= 20


def test_undefined_fields_are_none():
    assert models.profile(chain(layers.Dense(3), shape=(8,))).receptive_field is None
    assert models.profile(chain(layers.Reshape((10, 12, 3)), layers.Conv2D(1, 3))).receptive_field is None


# Memory, nesting, sharing -------------------------------------------------------------------------------------------


def test_memory_by_hand():
    profile = models.profile(chain(layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), shape=(5, 5, 2)))
    weights, moving, values = 72 + 16, 72 + 8, 50 + 36 + 36
    assert (profile.parameters, profile.trainable, profile.activations) == (weights, moving, values)
    assert profile.memory() == 4 * (weights + 50 + 36)
    assert profile.memory("float16", batch=3) == 2 * (weights + 3 * (50 + 36))
    assert profile.memory(training=True, batch=3) == 4 * (weights + moving * 3 + 3 * values)
    assert profile.memory("float64", training=True, slots=0) == 8 * (weights + moving + values)
    with pytest.raises(ValueError, match=r"dtype is one of float64.*Received: 'float8'"):
        profile.memory("float8")


def test_a_skip_keeps_its_value_alive():
    x = keras.Input((4, 4, 1))
    straight = keras.Model(x, layers.ReLU()(layers.ReLU()(layers.ReLU()(x))))
    skipping = keras.Model(x, layers.Add()([x, layers.ReLU()(layers.ReLU()(x))]))
    assert models.profile(straight).peak == 32
    assert models.profile(skipping).peak == 48


def test_nested_models_are_opened():
    inner = keras.Sequential(
        [keras.Input((12, 10, 3)), layers.Conv2D(4, 3, name="a"), layers.ReLU(name="b")], name="inner"
    )
    x = keras.Input((12, 10, 3))
    outer = keras.Model(x, layers.Conv2D(2, 3, name="c")(inner(x)))
    flat = chain(layers.Conv2D(4, 3), layers.ReLU(), layers.Conv2D(2, 3))
    one, other = models.profile(outer), models.profile(flat)
    assert [row.name for row in one.rows][1:] == ["inner/a", "inner/b", "c"]
    for total in ("parameters", "trainable", "macs", "activations", "peak", "receptive_field"):
        assert getattr(one, total) == getattr(other, total)


def test_a_nested_model_of_any_size_is_counted_at_the_size_it_is_called_with():
    anywhere = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D()], name="any")
    x = keras.Input((12, 10, 3))
    assert models.profile(keras.Model(x, anywhere(x))).macs == 10 * 8 * 4 * 27
    assert models.profile(anywhere, input_shape=(12, 10, 3)).macs == 10 * 8 * 4 * 27
    with pytest.raises(ValueError, match="give an input_shape"):
        models.profile(anywhere)


def test_shared_weights_count_once_and_work_twice():
    twin, x = layers.Conv2D(4, 3), keras.Input((12, 10, 3))
    profile = models.profile(keras.Model(x, layers.Add()([twin(x), twin(layers.ReLU()(x))])))
    assert profile.parameters == twin.count_params()
    assert profile.macs == 2 * 10 * 8 * 4 * 27


def test_frozen_weights_are_not_trainable():
    model = chain(layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2))
    model.layers[0].trainable = False
    profile = models.profile(model)
    assert profile.parameters - profile.trainable == 4 * 27 + 4


def test_a_model_without_a_graph_is_refused():
    class Plain(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match=r"Only functional and sequential.*Received: Plain"):
        models.profile(Plain())
    with pytest.raises(ValueError, match="Received: Sequential"):
        models.profile(keras.Sequential([layers.Dense(3)]))


def test_a_sketch_allocates_nothing_and_leaves_nothing_behind():
    model = models.sketch("small-convnet", width=64)
    assert all(w._value is None for w in model.weights)
    with keras.StatelessScope():
        pass  # would allocate every variable that still waits
    assert all(w._value is None for w in model.weights)
    built = models.build("small-convnet", width=64)
    assert models.profile(model).rows == models.profile(built).rows


def test_rows_are_found_by_name():
    profile = models.profile(models.sketch("small-convnet"))
    assert profile.row("conv1").parameters == 80
    with pytest.raises(ValueError, match=r"No layer 'conv9'.*conv1"):
        profile.row("conv9")


def test_display_in_text_and_html(monkeypatch):
    shown = []
    monkeypatch.setattr("cvnotes.output.present", lambda text, html=None, **_: shown.append((text, html)))
    models.profile(models.sketch("small-convnet"))._ipython_display_()
    text, html = shown[0]
    assert text.splitlines()[0].startswith("small-convnet: 5,258 parameters (5,258 trainable), ")
    assert [line.split()[0] for line in text.splitlines()[4:]][:3] == ["image", "conv1", "relu1"]
    assert 'class="cv-table"' in html
    assert os.environ.get("CVNOTES_OUTPUT", "live") in ("live", "static", "text")


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ({"width": "8"}, "width='8'"),
        ({"width": 0}, "width=0"),
        ({"window": True}, "window=True"),
        ({"classes": 2.0}, "classes=2.0"),
        ({"input_shape": (20, 20)}, r"\(20, 20\)"),
        ({"head": ["max"]}, "head is one of"),
    ],
)
def test_what_builds_no_net_is_named(variant, words):
    with pytest.raises(ValueError, match=words):
        models.build("small-convnet", **variant)


@pytest.mark.parametrize("name", [None, 3, ["small-convnet"]])
def test_a_model_is_called_by_words(name):
    with pytest.raises(ValueError, match="There is no model"):
        models.build(name)
    with pytest.raises(ValueError, match="called by words"):
        models.register(name, "cvnotes.models.small:small_convnet")


def test_a_profile_wants_whole_numbers_and_a_shape_that_fits():
    model = models.sketch("small-convnet")
    cost = models.profile(model)
    for wrong in ({"batch": -1}, {"batch": 1.5}, {"slots": -1}, {"slots": None}):
        with pytest.raises(ValueError, match="Received"):
            cost.memory(training=True, **wrong)
    for shape in (3, (20, 20), "abcd"):
        with pytest.raises(ValueError, match="input_shape must fit the input"):
            models.profile(model, shape)
