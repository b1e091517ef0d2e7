"""The grammar, the builder, the reader, the tracer and the checker: exact answers, slow twins, Keras itself."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import backend, layer_patterns, models
from cvnotes.layer_patterns import Pattern, borders, check, expand, grammar, parse, reading, rules, sides, tracing
from tests.examples import examples

TEMPLATE = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
NOTES = "INPUT -> [CONV -> RELU -> CONV -> RELU -> POOL]*3 -> [FC -> RELU]*2 -> FC"


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


# The grammar --------------------------------------------------------------------------------------------------------


def test_a_sentence_is_written_out():
    assert expand("INPUT -> [CONV -> RELU]*2 -> FC") == ["INPUT", "CONV", "RELU", "CONV", "RELU", "FC"]
    assert expand("[[FC]*2-[RELU]*A]*2", A=1) == ["FC", "FC", "RELU"] * 2
    assert expand("INPUT POOL? → FC", pool=False) == ["INPUT", "FC"]
    assert len(expand(NOTES)) == 1 + 3 * 5 + 4 + 1


def test_the_template_and_the_sentence_are_one_pattern():
    assert parse(TEMPLATE, N=2, M=3, K=2) == parse(NOTES)
    assert parse(NOTES).convolutions == (2, 2, 2)
    assert str(parse(NOTES)) == "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*2 -> FC"
    assert str(Pattern(M=0, K=0)) == "INPUT -> FC"


def test_without_pool_the_fewest_stages_are_taken():
    found = parse(TEMPLATE, N=2, M=2, K=0, pool="none")
    assert (found.convolutions, found.pools) == ((4,), ("none",))
    assert parse("INPUT -> POOL -> FC", pool="none").pools == ("max",)


@given(
    counts=st.lists(st.integers(0, 4), max_size=5),
    dense=st.integers(0, 3),
    pool=st.sampled_from(["max", "average"]),
)
@examples(60)
def test_what_is_written_is_read(counts, dense, pool):
    pattern = Pattern(N=tuple(counts), M=len(counts), K=dense, pool=(pool,) * len(counts))
    assert parse(str(pattern), pool=pool) == pattern


@pytest.mark.parametrize(
    ("sentence", "values", "message"),
    [
        ("INPUT -> CONV -> FC", {}, "The order is INPUT"),
        ("CONV -> RELU -> FC", {}, "The order is INPUT"),
        ("INPUT -> FC -> CONV -> RELU", {}, "The order is INPUT"),
        ("INPUT -> [CONV -> RELU -> FC", {}, "a bracket is not closed"),
        ("INPUT -> CONV -> RELU]*2 -> FC", {}, "a bracket closes that was never opened"),
        ("INPUT -> [CONV -> RELU]*Q -> FC", {}, r"'\*Q' needs a number"),
        ("INPUT -> [CONV -> RELU]* -> FC", {}, "needs a number"),
        ("INPUT -> [CONV -> RELU]*-2 -> FC", {}, r"'\*-2' needs a number from 0 up"),
        ("INPUT -> DROP -> FC", {}, "Received: 'DROP'"),
        ("INPUT -> (FC)", {}, r"Received: '\('"),
        (TEMPLATE, {"N": -1, "M": 2}, "N must be at least 0"),
        (3, {}, "A pattern is a string"),
    ],
)
def test_a_sentence_that_is_none_says_why(sentence, values, message):
    with pytest.raises(ValueError, match=message):
        parse(sentence, **values)


def test_expand_needs_a_choice_for_pool():
    with pytest.raises(ValueError, match=r"'POOL\?' leaves a choice"):
        expand("INPUT -> POOL? -> FC")
    with pytest.raises(ValueError, match="pool must be one of True, False"):
        expand("INPUT -> POOL? -> FC", pool="none")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"N": (1, 2), "M": 3}, "N is one value or M=3"),
        ({"N": -1}, "N must be at least 0"),
        ({"N": 0, "pool": "stride"}, "N must be at least 1"),
        ({"pool": "min"}, "pool must be one of"),
        ({"width": (4,)}, "width is one value or M=2"),
        ({"width": 0}, "width must be at least 1"),
        ({"K": -1}, "K must be at least 0"),
        ({"window": 1}, "window must be at least 2"),
        ({"padding": "full"}, "padding must be one of"),
        ({"kernel": 0}, "kernel must be at least 1"),
    ],
)
def test_a_pattern_refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        Pattern(**fields)


# The builder --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m", "k"), [(1, 1, 0), (2, 3, 2), (3, 2, 1), (0, 0, 0), (0, 2, 1), (0, 0, 2)])
def test_the_built_net_has_the_words_in_their_order(n, m, k):
    model = layer_patterns.build(TEMPLATE, N=n, M=m, K=k)
    stage = ["Conv2D", "ReLU"] * n + ["MaxPooling2D"]
    assert kinds(model) == ["InputLayer", *stage * m, "Flatten", *["Dense", "ReLU"] * k, "Dense"]
    found = layer_patterns.read(model)
    assert ((n,) * m, m if n else 0, k) == (found.N, found.M, found.K)


def test_a_built_net_equals_one_written_by_hand():
    by_hand = keras.Sequential(
        [
            keras.Input((20, 16, 2)),
            *(layers.Conv2D(4, 5, padding="valid", activation="relu"), layers.AveragePooling2D(2)),
            *(layers.Conv2D(6, 5, padding="valid", activation="relu"), layers.AveragePooling2D(2)),
            *(layers.Flatten(), layers.Dense(7, activation="relu"), layers.Dense(3)),
        ]
    )
    pattern = Pattern(N=1, M=2, K=1, pool="average", width=(4, 6), units=7, kernel=5, padding="valid")
    model = layer_patterns.build(pattern, (20, 16, 2), 3)
    model.set_weights(by_hand.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 20, 16, 2)).astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(model(x)), ops.convert_to_numpy(by_hand(x)), atol=1e-5)


def test_a_stride_takes_the_place_of_the_pool():
    pooled, stepped = (layer_patterns.sketch(Pattern(N=2, M=2, pool=pool)) for pool in ("max", "stride"))
    assert [n for n in kinds(pooled) if n != "MaxPooling2D"] == kinds(stepped)
    assert pooled.get_layer("pool2").output.shape == stepped.get_layer("conv2_2").output.shape
    assert pooled.count_params() == stepped.count_params()
    assert layer_patterns.read(stepped).strides == 2


def test_a_builder_names_the_layer_without_room():
    with pytest.raises(ValueError, match="At pool3 a map of 1 x 1 is smaller than the window of 2"):
        layer_patterns.build(Pattern(M=3), (6, 6, 1))
    with pytest.raises(ValueError, match="At conv2_1 a map of 3 x 3 is smaller than the window of 5"):
        layer_patterns.build(Pattern(kernel=5, padding="valid"), (10, 10, 1))
    with pytest.raises(ValueError, match=r"use dataclasses.replace. Received: \{'width': 4\}"):
        layer_patterns.build(Pattern(), width=4)
    with pytest.raises(ValueError, match="classes must be at least 2"):
        layer_patterns.build(Pattern(), classes=1)


# The reader ---------------------------------------------------------------------------------------------------------

KNOWN = {  # counted by hand in the papers' tables
    "lenet-5": ((1, 1, 1), 1),
    "alexnet": ((1, 1, 3), 2),
    "zfnet": ((1, 1, 3), 2),
    "vgg-16": ((2, 2, 3, 3, 3), 2),
    "vgg-19": ((2, 2, 4, 4, 4), 2),
    "resnet-50": ((1, 48), 0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_published_nets_are_read(name):
    found = layer_patterns.read(models.sketch(name))
    assert KNOWN[name] == (found.N, found.K)


def test_the_longest_way_is_taken_and_nested_models_are_opened():
    x = i = keras.Input((8, 8, 4))
    inner = keras.Sequential([keras.Input((8, 8, 4)), *(layers.Conv2D(4, 3, padding="same") for _ in range(3))])
    x = layers.Add()([inner(x), layers.Conv2D(4, 1)(x)])
    model = keras.Model(i, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    assert layer_patterns.read(model) == reading.Skeleton((3,), (False,), 0, 0)


def test_a_net_without_dense_layers_has_no_hidden_ones():
    assert layer_patterns.read(models.sketch("network-in-network")).K == 0


# The tracer ---------------------------------------------------------------------------------------------------------


def used(layer, side):
    """Which pixels of a row change the layer's answer, found by the gradient."""
    x = np.ones((1, side, side, 1), "float32")
    gradient = backend.value_and_grad(lambda t: ops.sum(layer(t)))(x)[1]
    return np.abs(gradient[0, ..., 0]).max(1) > 0


@pytest.mark.parametrize("side", [7, 8, 11, 12])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("window", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (1, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_dropped_pixels_have_no_gradient(side, padding, window, stride, dilation):
    layer = layers.Conv2D(1, window, stride, padding, dilation_rate=dilation, kernel_initializer="ones", use_bias=False)
    model = keras.Sequential([keras.Input((side, side, 1)), layer])
    (step,) = layer_patterns.trace(model)
    assert step.out == model.output_shape[1]
    np.testing.assert_array_equal(tracing.back(step, np.ones(step.out, bool)), used(model, side))
    assert step.dropped == side - used(model, side).sum()


def mixed(side):
    """Strides and windows that do not fit, one with zeros in front."""
    options = {"kernel_initializer": "ones", "use_bias": False}
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            *(layers.Conv2D(1, 5, 2, **options), layers.AveragePooling2D(2)),
            *(layers.ZeroPadding2D(1), layers.Conv2D(1, 3, 2, **options), layers.Conv2D(1, 2, 3, **options)),
        ]
    )


@pytest.mark.parametrize("side", [25, 28, 30, 31, 37])
def test_unseen_pixels_of_a_net_have_no_gradient(side):
    model = mixed(side)
    trail = layer_patterns.trace(model)
    assert [step.word for step in trail] == ["CONV", "POOL", "CONV", "CONV"]
    assert trail[2].zeros == (1, 1)
    assert layer_patterns.unseen(trail) == side - used(model, side).sum()


def test_nothing_is_unseen_where_there_is_no_window():
    assert layer_patterns.unseen([]) == 0
    assert layer_patterns.trace(layer_patterns.sketch("INPUT -> FC")) == []


def test_alexnet_fits_227_pixels_and_not_224():
    dropped = {
        side: [step.dropped for step in layer_patterns.trace(models.sketch("alexnet", (side, side, 3)))]
        for side in (227, 224)
    }
    assert sum(dropped[227]) == 0
    assert dropped[224][0] == 1


def test_height_and_width_are_traced_apart():
    model = keras.Sequential([keras.Input((8, 9, 1)), layers.Conv2D(1, (1, 3), (1, 2)), layers.MaxPooling2D(2)])
    assert [(s.window, s.out) for s in layer_patterns.trace(model, 0)] == [(1, 8), (2, 4)]
    assert [(s.window, s.out) for s in layer_patterns.trace(model, 1)] == [(3, 4), (2, 2)]
    with pytest.raises(ValueError, match="axis must be one of 0, 1"):
        layer_patterns.trace(model, -1)


# The checker --------------------------------------------------------------------------------------------------------


def objections(model):
    return {(found.layer, found.rule) for found in check(model)}


def test_vgg_keeps_every_rule():
    assert check(models.sketch("vgg-16")) == []
    assert check(models.sketch("vgg-19")) == []


def test_the_stem_of_alexnet_breaks_three_rules_and_no_pixel_is_lost():
    found = check(models.sketch("alexnet"))
    stem = {one.rule: one for one in found if one.layer == "conv1"}
    assert set(stem) == {"small windows", "stride of one", "padding keeps the side"}
    assert stem["small windows"].numbers == "window of 11, at most 7 here"
    assert stem["small windows"].mend == "5 layers of 3 see as far"
    assert stem["stride of one"].numbers == "steps by 4"
    assert stem["padding keeps the side"].numbers == "227 becomes 55, not 57"
    assert {one.rule for one in found if one.layer != "conv1"} == {"sides halve evenly"}
    assert found[0].mend == "a side of 224 or 256"


def test_a_mend_mends():
    """What five layers of 3 see, and whether a side that is named does fit."""
    stack = keras.Sequential([keras.Input((64, 64, 1)), *(layers.Conv2D(1, 3) for _ in range(5))])
    assert models.profile(stack).receptive_field == (11, 11)
    for side in (30, 31, 33):
        model = keras.Sequential([keras.Input((side, side, 1)), layers.Conv2D(4, 5, 3)])
        for found in check(model):
            if found.rule == "windows fit":
                for better in map(int, found.mend.removeprefix("a side of ").split(" or ")):
                    fits = keras.Sequential([keras.Input((better, better, 1)), layers.Conv2D(4, 5, 3)])
                    assert "windows fit" not in {rule for _, rule in objections(fits)}


@pytest.mark.parametrize(
    ("layer", "rule"),
    [
        (layers.Conv2D(4, 7, padding="same"), "small windows"),
        (layers.Conv2D(4, (1, 7), padding="same"), "small windows"),
        (layers.Conv2D(4, 3, 2, padding="same"), "stride of one"),
        (layers.Conv2D(4, 3), "padding keeps the side"),
        (layers.Conv2D(4, 3, dilation_rate=2), "padding keeps the side"),
        (layers.MaxPooling2D(4), "gentle pools"),
        (layers.MaxPooling2D(2, 1, padding="same"), "gentle pools"),
        (layers.MaxPooling2D(3, 2), "windows fit"),
        (layers.Conv2D(4, 1, 2), "windows fit"),
    ],
)
def test_each_rule_is_broken_by_its_layer_alone(layer, rule):
    x = i = keras.Input((32, 32, 4))
    x = layers.Conv2D(4, 3, padding="same", name="first")(x)
    fresh = type(layer).from_config(layer.get_config() | {"name": "odd"})
    model = keras.Model(i, fresh(x))
    assert ("odd", rule) in objections(model)
    fine = keras.Model(i, layers.MaxPooling2D(2)(layers.Conv2D(4, 5, padding="same")(x)))
    assert check(fine) == []


def test_what_the_rules_let_pass():
    x = i = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 7, padding="same")(x)  # large, but first
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = layers.Conv2D(8, 16)(x)  # a dense layer by another name
    wide = keras.Model(i, x)
    assert {rule for _, rule in objections(wide)} == {"small windows"}
    assert check(layer_patterns.sketch("INPUT -> FC -> RELU -> FC")) == []
    padded = keras.Sequential([keras.Input((32, 32, 3)), layers.ZeroPadding2D(1), layers.Conv2D(4, 3)])
    assert check(padded) == []


@given(side=st.integers(16, 80), m=st.integers(1, 4), n=st.integers(1, 2))
@examples(15)
def test_patterns_keep_the_rules_exactly_on_sides_that_halve(side, m, n):
    model = layer_patterns.sketch(Pattern(N=n, M=m), (side, side, 1))
    assert (check(model) == []) == (sides.halvings(side) >= m)
    pools = layer_patterns.sketch(Pattern(N=0, M=m), (side, side, 1))
    assert layer_patterns.unseen(layer_patterns.trace(pools)) == side % 2**m
    assert layer_patterns.unseen(layer_patterns.trace(model)) <= side % 2**m  # a padded window looks past its pool


# Sides, borders, prices ---------------------------------------------------------------------------------------------


def test_halvings_and_shrink():
    assert [sides.halvings(side) for side in (224, 227, 96, 32, 1)] == [5, 0, 5, 5, 0]
    assert sides.shrink(227) == [227, 113, 56, 28, 14, 7]
    assert sides.shrink(227, padding="same") == [227, 114, 57, 29, 15, 8]
    for side in range(32, 70):
        assert sides.shrink(side)[-1] == side // 32
        assert sides.shrink(side, padding="same")[-1] == math.ceil(side / 32)
    with pytest.raises(ValueError, match="one pixel cannot be halved"):
        sides.shrink(3, 2)
    with pytest.raises(ValueError, match="side must be at least 1"):
        sides.halvings(0)


def slow_ways(side, kernel, depth, padding):
    """Count the ways by adding up windows, one layer at a time."""
    out = side if padding == "same" else side - depth * (kernel - 1)
    ways = np.ones((out, out))
    for _ in range(depth):
        reach = kernel // 2 if padding == "same" else kernel - 1
        wide = np.pad(ways, reach)
        windows = np.lib.stride_tricks.sliding_window_view(wide, (kernel, kernel))
        ways = windows.sum((2, 3))
    return ways


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("kernel", "depth"), [(3, 1), (3, 3), (5, 2)])
def test_contributions_equal_slow_counting(padding, kernel, depth):
    found = borders.contributions(12, kernel, depth, padding)
    np.testing.assert_allclose(found, slow_ways(12, kernel, depth, padding), rtol=1e-5)


def test_the_corner_is_used_once_and_the_middle_nine_times():
    valid, same = (borders.contributions(9, padding=padding) for padding in ("valid", "same"))
    assert (valid[0, 0], valid[0, 4], valid[4, 4]) == (1, 3, 9)
    assert (same[0, 0], same[0, 4], same[4, 4]) == (4, 6, 9)
    with pytest.raises(ValueError, match="leave nothing of 6 pixels"):
        borders.contributions(6, depth=3)
    with pytest.raises(ValueError, match="padding must be one of"):
        borders.contributions(9, padding="full")


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_zeros_tell_places_apart_as_far_as_they_reach(depth):
    assert borders.places_told_apart(14, depth, "valid").max() == 0
    places = borders.places_told_apart(14, depth, "same")
    assert len(np.unique(places)) == (2 * depth + 1) ** 2
    assert len(np.unique(places[depth:-depth, depth:-depth])) == 1


def test_prices_are_those_of_the_profile_and_can_be_met():
    base = Pattern(N=1, M=3, K=2)
    found = models.profile(layer_patterns.build(base))
    assert layer_patterns.cost(base, "parameters") == found.parameters
    assert layer_patterns.cost(base, "macs") == found.macs
    for price in ("parameters", "macs"):
        target = layer_patterns.cost(base, price)
        twin = layer_patterns.match(replace(base, N=2), target, price)
        assert abs(layer_patterns.cost(twin, price) / target - 1) < 0.06
        assert twin.N == 2
    with pytest.raises(ValueError, match="price must be one of"):
        layer_patterns.cost(base, "flops")
    with pytest.raises(ValueError, match="target must be at least 1"):
        layer_patterns.match(base, 0, "macs")


def test_words_of_the_grammar_come_from_the_layers_and_rules_are_documented():
    assert reading.word_of(layers.DepthwiseConv2D(3)) == "CONV"
    assert reading.word_of(layers.GlobalAveragePooling2D()) is None
    assert reading.word_of(layers.ReLU()) is None
    assert all(look.__doc__ for look in rules.RULES.values())
    assert set(grammar.WORDS) == {"INPUT", "CONV", "RELU", "POOL", "FC"}
