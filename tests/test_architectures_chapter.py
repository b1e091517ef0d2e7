"""The page architectures: small nets, top-k error, compound scaling, stages and paths, drawings, experiments."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from cvnotes import architectures, backend, experiments, figures, models
from cvnotes.architectures import blocks, drawings, minis, scaling, stages, story, tilted, top_k, trials
from tests.examples import examples


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


# Small nets ---------------------------------------------------------------------------------------------------------


def test_the_small_lenet_by_hand():
    counted = models.profile(minis.lenet())
    weights = (25 + 1) * 6 + (150 + 1) * 16 + (400 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10
    assert counted.trainable == weights
    assert counted.macs == 28**2 * 6 * 25 + 10**2 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10


def test_the_small_vgg_by_hand():
    counted, widths = models.profile(minis.vgg()), (1, 12, 12, 24, 24, 48, 48)
    sides = (16, 16, 8, 8, 4, 4)
    pairs = list(zip(widths, widths[1:], sides, strict=False))
    dense = [(2 * 2 * 48, 96), (96, 96), (96, 10)]
    assert counted.trainable == sum((9 * a + 1) * b for a, b, _ in pairs) + sum((a + 1) * b for a, b in dense)
    assert counted.macs == sum(9 * a * b * s * s for a, b, s in pairs) + sum(a * b for a, b in dense)


@pytest.mark.parametrize("name", minis.NETS)
def test_each_small_net_reads_the_task_and_is_counted_whole(name):
    with backend.unallocated():
        net = minis.NETS[name]()
    counted = models.profile(net)
    assert (net.input_shape, net.output_shape) == ((None, *minis.SHAPE), (None, minis.CLASSES))
    assert counted.uncounted == ()
    assert 5_000 < counted.trainable < 150_000
    assert 2e5 < counted.macs < 4e6


def test_pairs_of_small_nets_differ_in_one_thing():
    with backend.unallocated():
        nets = {name: build() for name, build in minis.NETS.items()}
    kinds = {name: [row.kind for row in models.profile(net).rows] for name, net in nets.items()}
    assert kinds["AlexNet"] == kinds["ZF net"]
    assert [k for k in kinds["VGG + BN"] if k != "BatchNormalization"] == kinds["VGG"]
    assert kinds["ResNet"].count("Add") == kinds["SE-ResNet"].count("Multiply") == 3
    gates = ("Multiply", "GlobalAveragePooling2D", "Conv2D")  # branches are listed in another order beside gates
    assert sorted(set(kinds["SE-ResNet"]) - set(kinds["ResNet"])) == ["Multiply"]
    assert sorted(k for k in kinds["SE-ResNet"] if k not in gates) == sorted(
        k for k in kinds["ResNet"] if k not in gates
    )


def mobile(stride=1, filters=4):
    image = keras.Input((8, 8, 4))
    return keras.Model(image, minis.mobile_block(image, filters, 3, stride, name="block"))


def test_a_mobile_block_adds_its_input_where_it_fits_and_filters_each_map_by_itself():
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype("float32")
    net = mobile()
    net.get_layer("block_project_bn").gamma.assign(np.zeros(4))
    np.testing.assert_allclose(numpy(net(x)), x, atol=1e-6)  # with the branch silent only the input is left
    assert net.get_layer("block_depthwise").kernel.shape == (3, 3, 12, 1)
    assert mobile(stride=2).output_shape == (None, 4, 4, 4)
    assert not [layer for layer in mobile(filters=6).layers if isinstance(layer, layers.Add)]


# Top-k error --------------------------------------------------------------------------------------------------------


def slow_error(scores, labels, k, ties):
    """One picture at a time: a label is found if fewer than k classes are ahead; others on its level may be."""
    found = []
    for row, label in zip(scores, labels, strict=True):
        ahead, level = sum(row > row[label]), sum(row == row[label])
        places = max(0, min(k - ahead, level))
        found.append({"within": places > 0, "outside": places == level, "shared": places / level}[ties])
    return 1 - np.mean(found)


@given(
    st.integers(1, 8), st.integers(1, 6), st.integers(1, 10), st.integers(0, 2**31), st.sampled_from([2, 5, 1000])
)  # fmt: skip
@examples(150)
def test_top_k_error_is_its_slow_twin_and_its_rules_are_in_order(classes, n, k, seed, levels):
    dice = np.random.default_rng(seed)
    scores, labels = dice.integers(levels, size=(n, classes)) / 4, dice.integers(classes, size=n)
    errors = [top_k.top_k_error(scores, labels, k, ties=ties) for ties in ("within", "shared", "outside")]
    slow = [slow_error(scores, labels, k, ties) for ties in ("within", "shared", "outside")]
    np.testing.assert_allclose(errors, slow, atol=1e-12)
    assert errors == sorted(errors)
    if k >= classes:
        assert errors == [0, 0, 0]


@pytest.mark.parametrize("levels", [3, 10_000])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_error_equals_keras_ties_included(k, levels):
    dice = np.random.default_rng(k)
    scores, labels = dice.integers(levels, size=(300, 12)).astype("float32"), dice.integers(12, size=300)
    theirs = keras.metrics.SparseTopKCategoricalAccuracy(k)(labels, scores)
    assert architectures.top_k_error(scores, labels, k) == pytest.approx(1 - float(theirs), abs=1e-6)


def test_top_one_error_is_one_minus_accuracy_and_shared_ties_are_a_blind_draw():
    dice = np.random.default_rng(1)
    scores, labels = dice.normal(size=(500, 7)), dice.integers(7, size=500)
    assert top_k.top_k_error(scores, labels, 1) == pytest.approx(np.mean(scores.argmax(1) != labels))
    equal = np.zeros((4, 10))
    assert [top_k.top_k_error(equal, np.arange(4), 5, ties=ties) for ties in top_k.TIES] == [0, 1, 0.5]


@pytest.mark.parametrize(
    ("scores", "labels", "options", "words"),
    [
        (np.full((2, 3), np.nan), [0, 1], {}, r"finite scores \(n, classes\). Received: float64 of shape \(2, 3\)"),
        (np.zeros(3), [0], {}, r"finite scores.* shape \(3,\)"),
        (np.zeros((0, 3)), [], {}, "finite scores"),
        (np.zeros((2, 3)), [0], {}, r"Give 2 labels from 0 to 2. Received: int64 of shape \(1,\)"),
        (np.zeros((2, 3)), [0, 3], {}, "Give 2 labels from 0 to 2"),
        (np.zeros((2, 3)), [-1, 0], {}, "Give 2 labels"),
        (np.zeros((2, 3)), [0.0, 1.0], {}, "Received: float64"),
        (np.zeros((2, 3)), [0, 1], {"k": 0}, "k must be at least 1. Received: k=0"),
        (np.zeros((2, 3)), [0, 1], {"ties": "fair"}, "ties must be one of 'within', 'outside', 'shared'"),
    ],
)
def test_top_k_error_refuses_what_it_cannot_judge(scores, labels, options, words):
    with pytest.raises(ValueError, match=words):
        top_k.top_k_error(scores, np.array(labels, dtype=None), **options)


# Stages, paths, scaling ---------------------------------------------------------------------------------------------


def test_stages_add_up_to_the_whole():
    for name in ("vgg-16", "googlenet", "se-resnet-18"):
        counted = models.profile(models.sketch(name))
        found = stages.stages(counted)
        assert sum(stage.parameters for stage in found) == counted.trainable
        assert sum(stage.macs for stage in found) == counted.macs
        assert [stage.side for stage in found] == [*sorted({s.side for s in found}, reverse=True)]


def test_stages_of_vgg_and_where_gates_belong():
    vgg = stages.stages(models.profile(models.sketch("vgg-16")))
    assert [(s.side, s.channels) for s in vgg] == [
        (224, 64),
        (112, 128),
        (56, 256),
        (28, 512),
        (14, 512),
        (7, 512),
        (1, 4096),
    ]
    assert vgg[-1].parameters == 123_642_856  # dense layers; the 7 x 7 maps have no layer with weights behind them
    assert vgg[-2].parameters == 0
    gated, bare = (stages.stages(models.profile(models.sketch(name))) for name in ("se-resnet-18", "resnet-18"))
    assert gated[-1].parameters == bare[-1].parameters == 513_000
    assert gated[2].parameters > bare[2].parameters
    assert 230 not in [stage.side for stage in bare]  # padding makes no size of its own


def test_what_shrinks():
    vgg, lenet = models.sketch("vgg-16"), models.sketch("lenet-5", connections="full", subsampling="max")
    assert [stages.shrinking(vgg, kind) for kind in ("Conv2D", "MaxPooling2D")] == [0, 5]
    assert [stages.shrinking(lenet, kind) for kind in ("Conv2D", "MaxPooling2D")] == [3, 2]
    assert stages.doubling(64, 4) == [64, 128, 256, 512]


def test_paths_of_known_graphs():
    image = keras.Input((8, 8, 3))
    x = blocks.conv_relu(image, 4, 3, name="a")
    net = keras.Model(image, layers.Add()([x, blocks.conv_relu(blocks.conv_relu(x, 4, 1, name="b"), 4, 3, name="c")]))
    assert stages.paths(net) == [("a",), ("a", "b", "c")]
    assert stages.paths(net, ("ReLU",)) == [("a_relu",), ("a_relu", "b_relu", "c_relu")]
    module = keras.Model(image, architectures.inception(image, (1, 2, 3, 4, 5, 6), name="m"))
    assert stages.paths(module) == [("m_1x1",), ("m_3x3_reduce", "m_3x3"), ("m_5x5_reduce", "m_5x5"), ("m_pool_proj",)]


def test_compound_scaling_doubles_the_work_with_every_step():
    assert scaling.compound(0) == (1, 1, 1, 1)
    *_, once = scaling.compound(1)
    assert once == pytest.approx(1.2 * 1.1**2 * 1.15**2)
    assert 1.9 < once < 2
    np.testing.assert_allclose(scaling.compound(3), np.power(scaling.compound(1), 3))
    assert scaling.compound(2, depth=2, width=1, side=1) == (4, 1, 1, 4)
    with pytest.raises(ValueError, match=r"phi must be a number\. Received: phi=nan"):
        scaling.compound(float("nan"))
    with pytest.raises(ValueError, match="width must be a number above 0"):
        scaling.compound(1, width=0)


def test_macs_of_a_stack_grow_as_the_formula_says():
    def macs(depth, width, side):
        image = x = keras.Input((side, side, width))
        with backend.unallocated():
            for i in range(depth):
                x = layers.Conv2D(width, 3, padding="same", name=f"c{i}")(x)
            return models.profile(keras.Model(image, x)).macs

    assert macs(6, 12, 32) / macs(3, 4, 16) == 2 * 3**2 * 2**2


def test_an_efficientnet_is_measured_from_its_layers():
    small = scaling.measured(models.sketch("efficientnet-b0"))
    assert small == (16, 1280, 224)
    assert scaling.exponents(small, small) == (0, 0, 0)
    grown = scaling.Size(16 * 1.2**2, 1280 * 1.1**2, 224 * 1.15**2)
    np.testing.assert_allclose(scaling.exponents(grown, small), 2)
    with pytest.raises(ValueError, match="above 0 in each part"):
        scaling.exponents(scaling.Size(0, 1, 1), small)


# Story and drawings -------------------------------------------------------------------------------------------------


def test_the_story_names_nets_of_the_register_in_the_order_of_their_papers():
    rows = story.rows()
    assert {row[0] for row in rows} <= set(models.names())
    years = [int(row[1][-5:-1]) for row in rows]
    assert years == sorted(years)
    assert len(rows) == len({row[2] for row in rows}) == 11


@pytest.mark.once
def test_branches_are_drawn_from_the_graph():
    image = keras.Input((8, 8, 3))
    module = keras.Model(image, architectures.inception(image, (1, 2, 3, 4, 5, 6), name="m"))
    words = [text.get_text() for text in drawings.branches(module).axes[0].texts if text.get_text()]
    assert words[:2] == ["input: 8 × 8 × 3", "output: 8 × 8 × 15"]
    assert sorted(words[2:]) == sorted(
        ["1 × 1, 1", "1 × 1, 2", "3 × 3, 3", "1 × 1, 4", "5 × 5, 5", "3 × 3 max", "1 × 1, 6"]
    )


@pytest.mark.parametrize("name", trials.DISSECTED)
@pytest.mark.once
def test_the_figure_to_play_with_is_drawn_and_told_for_every_net(name):
    found = experiments.load("architectures", "counts")[f"{name}_stages"][0]
    fig = drawings.by_size(name, found)
    assert [ax.get_ylabel() for ax in fig.axes[1:]] == ["parameters", "MACs", "activations"]
    for ax in fig.axes[1:]:
        assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(100)
    words = drawings.says_by_size(name, found)
    assert words.startswith(f"{name}, sizes {found[0, 0]:.0f} × {found[0, 0]:.0f}")


def test_drawings_of_the_race():
    dice = np.random.default_rng(0)
    scores = {name: dice.random(5) for name in minis.NETS}
    fig = drawings.against_macs(scores, dict.fromkeys(minis.NETS, 10**6))
    assert {text.get_text() for text in fig.axes[0].texts} == set(minis.NETS)
    words = drawings.says_against_macs(scores)
    best = max(scores, key=lambda name: scores[name].mean())
    assert words.startswith(f"Accuracy, mean and range of five seeds, from the best: {best} ")
    assert isinstance(drawings.gates(dice.random((3, 4)), "abc"), figures.canvas()[0].__class__)
    told = drawings.says_gates(np.array([[0.5, 0.1, 1.0], [0.55, 0.9, 0.8]]), "ab")
    assert "1 of 3 gates are within 0.1" in told
    assert "channel 1 moves most: least open for a, most for b" in told


# Experiments --------------------------------------------------------------------------------------------------------


def test_the_parts_of_the_task_share_no_digit():
    split = {part: tilted.pictures(3, part, copies=1) for part in ("train", "test", "fit", "check")}
    counts = {part: len(x) for part, (x, _) in split.items()}
    assert counts["train"] + counts["test"] == 1797
    assert counts["fit"] + counts["check"] == counts["train"]
    labels = {part: y for part, (_, y) in split.items()}
    np.testing.assert_array_equal(np.concatenate([labels["check"], labels["fit"]]), labels["train"])
    x, y = tilted.pictures(3, "check")
    assert x.shape == (2 * counts["check"], *minis.SHAPE)
    np.testing.assert_array_equal(y[::2], y[1::2])  # two fields of each digit
    again, same = tilted.pictures(4, "check")
    np.testing.assert_array_equal(same, y)  # another seed lays the same digits otherwise
    assert np.abs(again - x).mean() > 0.05


@pytest.mark.parametrize(
    ("asked", "says"),
    [((0, "tset"), "part must be one of 'train'"), ((-1, "test"), "seed must"), ((0, "test", 0), "copies must")],
)
def test_parts_of_the_task_that_do_not_exist_are_refused(asked, says):
    with pytest.raises(ValueError, match=says):
        tilted.pictures(*asked)


def test_a_digit_is_turned_resized_and_moved_about_its_middle(monkeypatch):
    digit = np.zeros((8, 8))
    digit[1:7, 3:5] = 1  # an upright bar about the middle
    monkeypatch.setattr(tilted, "NOISE", 0)
    monkeypatch.setattr(tilted, "SHIFT", 0)
    monkeypatch.setattr(tilted, "TURN", 0)
    monkeypatch.setattr(tilted, "SCALE", (2, 2))
    upright = tilted.tilted(digit, np.random.default_rng(0))
    np.testing.assert_allclose(upright, upright[::-1, ::-1], atol=1e-6)
    assert upright[4:12, 7:9].min() == 1
    assert upright.sum() == pytest.approx(4 * digit.sum(), rel=0.01)
    monkeypatch.setattr(tilted, "SHIFT", 1.5)
    moved = tilted.tilted(digit, np.random.default_rng(0))
    centre = np.array([np.average(np.arange(16), weights=moved.sum(axis)) for axis in (1, 0)])
    assert np.abs(centre - 7.5).max() <= 1.5 + 1e-6
    assert np.abs(centre - 7.5).max() > 0.05


def test_the_best_rate_of_a_net_is_the_one_with_the_highest_validation_accuracy(monkeypatch):
    told = {name: np.array([[0.1, 0.9, 0.2], [0.1, 0.2, 0.8]]) for name in minis.NETS}
    monkeypatch.setattr(experiments, "load", lambda chapter, name: told)
    assert set(trials.best_rates().values()) == {trials.CANDIDATES[1]}


def test_stored_counts_are_those_of_the_register():
    found = experiments.load("architectures", "counts")
    assert {name for name in found if not name.endswith(("_stages", "_size"))} <= set(models.names())
    for name in ("lenet-5", "googlenet", "alexnet"):
        counted, (row,) = models.profile(models.sketch(name)), found[name]
        assert tuple(row) == (
            *divmod(counted.trainable, 10**6),
            *divmod(counted.macs, 10**6),
            counted.rows[0].output_shape[0],
        )
        np.testing.assert_allclose(found[f"{name}_stages"][0], stages.stages(counted), rtol=1e-5)


def test_gates_are_read_and_held():
    keras.utils.set_random_seed(0)
    net, x = minis.se_resnet(), tilted.pictures(3, "check")[0][:40]
    by_picture = trials.gates(net, x)
    assert [part.shape for part in by_picture] == [(40, 12), (40, 24), (40, 48)]
    held = trials.gates(trials.hold_gates(net, by_picture), x[:3])
    for before, after in zip(by_picture, held, strict=True):
        np.testing.assert_allclose(after, np.broadcast_to(before.mean(0), after.shape), atol=1e-5)


def test_step_times_are_ratios_to_the_first():
    nets = {}
    for name in ("LeNet-5", "AlexNet"):
        nets[name] = minis.NETS[name]()
        nets[name].compile(
            "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=backend.jit_compile()
        )
    found = trials.step_times(nets)
    assert found[0] == 1
    assert found[1] > 0


def test_digits_lie_in_fields_as_the_paper_has_them():
    seen, labels, new, truth = trials.digits_in_fields(0)
    assert seen.shape[1:] == new.shape[1:] == (32, 32, 1)
    assert len(seen) == len(labels) == 1797 - len(truth)
    assert len(truth) == len(new)
    np.testing.assert_allclose([seen.min(), seen.max()], [-0.1, 1.175], atol=1e-6)
    assert (seen[:, :4] == seen.min()).all()
