"""DenseNet: connectivity against the builders, closed forms against sketches, the graph against a slow walk, remat."""

import itertools
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from cvnotes import backend, models
from cvnotes.architectures.densenet import dense_layer
from cvnotes.densenet import connectivity, costs, drawings, graph, memory_trials, peaks, recompute, survey


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Connectivity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bottleneck", [False, True])
def test_dense_block_is_the_builders(bottleneck):
    """The one line of the page, with the weights of a built net, gives the last concatenation of its first block."""
    options = {"depth": 4 + 9 * (2 if bottleneck else 1), "growth": 5, "bottleneck": bottleneck}
    net = models.build("densenet-cifar", input_shape=(8, 8, 1), **options)
    units = [net.get_layer(f"conv2_block{i}") for i in (1, 2, 3)]
    functions = [connectivity.composite(5, bottleneck=bottleneck) for _ in units]
    stem = keras.Model(net.input, net.get_layer("conv1_conv").output)
    start = stem(noise(2, 8, 8, 1))
    connectivity.dense_block(start, functions)
    for function, unit in zip(functions, units, strict=True):
        function.set_weights(unit.get_weights())
    ours = connectivity.dense_block(start, functions)
    theirs = start
    for unit in units:
        theirs = unit(theirs)
    assert np.allclose(ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), atol=1e-5)
    kinds = ["BatchNormalization", "ReLU", "Conv2D"] * (2 if bottleneck else 1)
    assert [type(layer).__name__ for layer in functions[0].layers] == kinds


def test_connectivity_by_hand():
    """With H and F as one number each: the dense block concatenates, the residual one adds up."""
    x = np.array([[1.0, 2.0]], "float32")
    both = [lambda z: ops.sum(z, axis=-1, keepdims=True)] * 3
    dense = ops.convert_to_numpy(connectivity.dense_block(ops.convert_to_tensor(x), both))
    assert dense.tolist() == [[1, 2, 3, 6, 12]]
    residual = connectivity.residual_block(ops.convert_to_tensor(x), [lambda z: 2 * z, lambda z: z - 1])
    assert ops.convert_to_numpy(residual).tolist() == [[5, 11]]


def test_maps_of_cuts_and_refuses():
    parts = connectivity.maps_of(noise(2, 3, 3, 11), 5, 3)
    assert [part.shape[-1] for part in parts] == [5, 3, 3]
    assert np.array_equal(np.concatenate(parts, -1), noise(2, 3, 3, 11))
    assert len(connectivity.maps_of(noise(1, 4), 4, 7)) == 1
    for start, growth in ((0, 3), (5, 0), (12, 1), (5, 4)):
        with pytest.raises(ValueError, match="Received"):
            connectivity.maps_of(noise(2, 3, 3, 11), start, growth)


@pytest.mark.parametrize("relu", [False, True])
def test_gradient_through_against_differences(relu):
    branch = layers.Dense(6, activation="tanh")
    branch.build((None, 6))
    branch.set_weights([0.3 * noise(6, 6, seed=2), noise(6, seed=3)])
    x = noise(3, 6, seed=1)
    found = connectivity.gradient_through(branch, x, relu=relu)

    def value(z):
        out = z + ops.convert_to_numpy(branch(z.astype("float32")))
        return float(np.maximum(out, 0).sum() if relu else out.sum())

    step = 1e-3
    for at in ((0, 0), (1, 4), (2, 5)):
        move = np.zeros_like(x)
        move[at] = step
        assert found[at] == pytest.approx((value(x + move) - value(x - move)) / (2 * step), abs=2e-2)


def test_a_residual_unit_keeps_its_shape():
    x = np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match=r"keep the shape \(2, 4\). Received: \(2, 1\)"):
        connectivity.residual_block(ops.convert_to_tensor(x), [lambda z: z[:, :1]])
    narrow = layers.Dense(1)
    narrow.build((None, 4))
    with pytest.raises(ValueError, match=r"Received: \(2, 1\)"):
        connectivity.gradient_through(narrow, x)


def test_gradient_through_nothing_is_the_identity():
    branch = layers.Dense(4, kernel_initializer="zeros")
    branch.build((None, 4))
    x = np.array([[-2.0, -0.5, 0.5, 3.0]], "float32")
    assert connectivity.gradient_through(branch, x).tolist() == [[1, 1, 1, 1]]
    assert connectivity.gradient_through(branch, x, relu=True).tolist() == [[0, 0, 1, 1]]


# Costs ---------------------------------------------------------------------------------------------------------------


def sketched(plan):
    options = {"depth": plan.depth, "growth": plan.growth, "bottleneck": plan.bottleneck, "compression": plan.theta}
    return models.sketch("densenet-cifar", (plan.side, plan.side, 3), plan.classes, **options)


def recomputed_by_hand(net):
    """Numbers kept, walked call by call: units are the nested layers and the transitions; the head is kept whole."""
    total, inside = 0, {}
    for call in models.graph.calls(net):
        size, kind = math.prod(call.outputs[0].shape), type(call.operation).__name__
        unit = call.name.partition("/")[0]
        unit = unit.partition("_")[0] if unit.startswith("pool") else unit
        is_new = kind == "AveragePooling2D" or call.name.endswith(("_1_conv", "_2_conv"))
        if not unit.startswith(("conv2_block", "conv3_block", "conv4_block", "pool")):
            total += size
        else:
            inside.setdefault(unit, []).append((size, kind, is_new))
    spare = []
    for outputs in inside.values():
        new = [size for size, _, is_new in outputs if is_new][-1]
        total += new
        spare.append(sum(size for size, *_ in outputs) - new)
    return total + max(spare)


GRID = list(itertools.product((1, 2, 3), (4, 7), (1.0, 0.5, 0.3), (False, True)))


@pytest.mark.parametrize(("count", "growth", "theta", "bottleneck"), GRID)
def test_closed_forms_are_the_sketch(count, growth, theta, bottleneck):
    plan = costs.Plan(count, growth, theta, bottleneck, side=16, classes=7)
    net = sketched(plan)
    profile, found = models.profile(net), costs.cost(plan)
    assert (found.parameters, found.macs, found.stored) == (profile.trainable, profile.macs, profile.activations)
    assert found.convs == sum(row.activations for row in profile.rows if row.kind == "Conv2D")
    assert found.recomputed == recomputed_by_hand(net)


@pytest.mark.parametrize(
    ("plan", "weights"), [(costs.Plan(12, 12), 1_019_722), (costs.Plan(16, 12, 0.5, True), 769_162)]
)
def test_published_counts(plan, weights):
    """The two nets of the paper's table 2: 40 and 100 layers deep."""
    assert plan.depth in (40, 100)
    assert costs.cost(plan).parameters == weights


def test_crossing_is_where_the_lines_meet():
    for growth, width in itertools.product((1, 12, 32), (1, 2, 4, 8)):
        at = costs.crossing(growth, width=width)
        assert at == pytest.approx(9 * width * growth / (9 - width))
        for m in (max(1, math.floor(at) - 1), math.ceil(at) + 1):
            plain, squeezed = (costs.keras_weights(m, growth, bottleneck=b, width=width) for b in (False, True))
            assert (squeezed > plain) == (m < at)
            assert plain == costs.layer_weights(m, growth, bottleneck=False)
            assert squeezed == costs.layer_weights(m, growth, bottleneck=True, width=width)
    with pytest.raises(ValueError, match="width"):
        costs.crossing(12, width=9)


@pytest.mark.parametrize(
    "wrong", [{"layers": 0}, {"growth": 0}, {"theta": 0}, {"theta": 1.5}, {"side": 3}, {"classes": 1}]
)
def test_plan_refuses(wrong):
    with pytest.raises(ValueError, match="Received"):
        costs.Plan(**({"layers": 2, "growth": 4} | wrong))


# The graph -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return models.sketch("densenet-cifar", (16, 16, 3), depth=19, growth=6, compression=0.5)


def test_blocks_of_a_small_net(small):
    found = graph.blocks(small)
    assert [block.layers for block in found] == [5, 5, 5]
    assert [block.size for block in found] == [(16, 16), (8, 8), (4, 4)]
    start = 16
    for block in found:
        names = [part.source for part in block.parts]
        channels = [start, 6, 6, 6, 6, 6]
        assert [part.channels for part in block.parts] == channels
        expected = [(names[i], names[j], channels[i]) for j in range(1, 6) for i in range(j)]
        assert [tuple(link) for link in block.links] == expected
        assert [block.inputs(name) for name in names[1:]] == [start + 6 * i for i in range(5)]
        start = (start + 30) // 2
    kinds = ["BatchNormalization", "ReLU", "Conv2D", "AveragePooling2D"]
    assert [step.kind for step in found[0].after[:4]] == kinds
    assert found[0].after[3].shape == (8, 8, 23)
    assert [step.kind for step in found[2].after] == ["BatchNormalization", "ReLU", "GlobalAveragePooling2D", "Dense"]


def test_every_link_is_a_real_dependence():
    """Whatever a link names can change its target, and nothing else in the block can: seen from outside, by gradients.

    The weights of a layer reach the maps of a later one only through the maps that it makes.
    """
    net = models.build("densenet-cifar", input_shape=(8, 8, 1), depth=13, growth=3)
    block = graph.blocks(net)[0]
    assert len(block.links) == 6
    state = ops.convert_to_numpy(keras.Model(net.input, net.get_layer("conv1_conv").output)(noise(1, 8, 8, 1)))
    last = block.parts[-1]
    unit = net.get_layer("conv2_block3")
    shape = (1, 8, 8, sum(part.channels for part in block.parts[:-1]))
    slope = backend.value_and_grad(lambda x: ops.sum(unit(x)[..., -last.channels :] ** 2))(noise(*shape))[1]
    ends = np.cumsum([0] + [link.channels for link in block.links if link.target == last.source])
    assert ends[-1] == shape[-1]
    assert state.shape[-1] == ends[1]
    assert all(np.abs(slope[..., a:b]).max() > 0 for a, b in itertools.pairwise(ends))


def test_nets_without_dense_blocks():
    assert graph.blocks(models.sketch("resnet-cifar", (16, 16, 3))) == []
    assert graph.blocks(models.sketch("googlenet")) == []
    x = inputs = keras.Input((8, 8, 2))
    down = layers.Conv2D(4, 3, padding="same")(layers.MaxPooling2D(2)(x))
    x = layers.Concatenate()([x, layers.UpSampling2D(2)(down)])  # a U: joined with what was smaller on the way
    assert graph.blocks(keras.Model(inputs, x)) == []
    twice = layers.Concatenate()([inputs, layers.Conv2D(3, 3, padding="same")(inputs)])
    assert graph.blocks(keras.Model(inputs, twice))[0].layers == 1
    with pytest.raises(ValueError, match="Received"):
        graph.blocks(keras.Sequential([layers.Dense(2)]))


def test_keras_and_the_book_have_the_same_links():
    with backend.unallocated():
        theirs = keras.applications.DenseNet121(weights=None, input_shape=(64, 64, 3))
    ours = graph.blocks(models.sketch("densenet-121", (64, 64, 3)))
    found = graph.blocks(theirs)
    assert [block.links for block in found] == [block.links for block in ours]
    assert [len(block.links) for block in found] == [n * (n + 1) // 2 for n in (6, 12, 24, 16)]


# The survey ----------------------------------------------------------------------------------------------------------


def test_survey_of_a_small_net():
    net = models.sketch("densenet-cifar", (16, 16, 3), depth=22, growth=6, bottleneck=True, compression=0.5)
    assert survey.steps(net, "pool2_") == ["BN", "ReLU", "Conv2D 1 × 1", "AveragePooling2D 2 × 2"]
    assert survey.bottleneck_maps(net) == [24]
    assert survey.reads(graph.blocks(net)) == [12, 18, 24, 15, 21, 27, 16, 22, 28]
    profile, found = models.profile(net), survey.counts(net)
    assert found["parameters"] == profile.parameters / 1e6
    assert found["outputs of all layers"] == (profile.activations - 16 * 16 * 3) / 1e6
    with pytest.raises(ValueError, match="Received"):
        survey.steps(net, "nothing")
    with pytest.raises(ValueError, match="Received"):
        survey.bottleneck_maps(models.sketch("resnet-cifar", (16, 16, 3)))


# Recomputing ---------------------------------------------------------------------------------------------------------


WAYS = recompute.MODES


@pytest.mark.parametrize("mode", WAYS)
def test_unit_is_the_builders_layer(mode):
    """In training and in prediction, against the builder's dense layer with the same weights."""
    inputs = keras.Input((6, 6, 5))
    theirs = keras.Model(inputs, dense_layer(inputs, 4, name="one"))
    x = noise(3, 6, 6, 5)
    unit = recompute.DenseUnit(4, recompute=mode == "recomputed")
    unit([x[..., :2], x[..., 2:]])
    norm, conv = theirs.get_layer("one_0_bn"), theirs.get_layer("one_1_conv")
    gamma, beta, *averages = (noise(5, seed=i) ** 2 + 0.5 for i in range(4))
    norm.set_weights([gamma, beta, *averages])
    unit.set_weights([gamma, beta, *conv.get_weights(), *averages])
    for training in (True, False):
        maps = unit([x[..., :2], x[..., 2:]], training=training)
        assert [part.shape[-1] for part in maps] == [2, 3, 4]
        whole = ops.convert_to_numpy(theirs(x, training=training))
        assert np.allclose(np.concatenate([ops.convert_to_numpy(part) for part in maps], -1), whole, atol=1e-5)
    for ours, other in ((unit.mean, norm.moving_mean), (unit.variance, norm.moving_variance)):
        assert np.allclose(ops.convert_to_numpy(ours.value), ops.convert_to_numpy(other.value), atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_recomputing_changes_nothing(compiled):
    """One step of plain gradient descent: kernels, scales, shifts and running averages."""
    nets = memory_trials.equal_nets(4, seed=0)
    steps = {mode: memory_trials.training_step(net, 0, compiled=compiled, rate=1.0) for mode, net in nets.items()}
    one, other = (memory_trials.changes(nets[mode], steps[mode]) for mode in WAYS)
    assert len(one) == 5 * 4 + 2
    for a, b in zip(one, other, strict=True):
        assert np.abs(a).max() > 1e-5
        assert np.allclose(a, b, rtol=1e-3, atol=1e-6)
    assert memory_trials.gap_of(one, other) < 1e-5
    assert memory_trials.gap_of(one, [2 * change for change in one]) == pytest.approx(1)


def test_gradients_against_differences():
    net = recompute.block_net(2, "recomputed", growth=2, start=3, side=4)
    x, y = noise(2, 4, 4, 3), noise(2, 5, seed=1)
    weights = [noise(*w.shape, seed=i) for i, w in enumerate(net.trainable_variables)]

    def loss(changed):
        out, _ = net.stateless_call(changed, net.non_trainable_variables, x, training=True)
        return ops.mean(ops.square(ops.subtract(out, y)))

    slopes = backend.value_and_grad(loss)(weights)[1]
    for at in ((0, (1,)), (1, (2,)), (2, (1, 1, 0, 1))):
        ends = []
        for move in (2e-3, -2e-3):
            moved = [weight.copy() for weight in weights]
            moved[at[0]][at[1]] += move
            ends.append(backend.value_and_grad(loss)(moved)[0])
        assert slopes[at[0]][at[1]] == pytest.approx((ends[0] - ends[1]) / 4e-3, rel=0.05, abs=5e-3)


def test_counted_is_what_the_layers_read():
    for depth, growth, start in itertools.product((1, 2, 7), (1, 12), (3, 24)):
        net = recompute.block_net(depth, growth=growth, start=start, side=4)
        reads = [net.get_layer(f"unit{i + 1}").kernel.shape[2] for i in range(depth)]
        assert recompute.counted(depth, growth, start, recompute=False) == 2 * sum(reads) + growth * depth
        assert recompute.counted(depth, growth, start, recompute=True) == 2 * max(reads) + growth * depth


def test_unit_survives_saving(tmp_path):
    net = recompute.block_net(2, "recomputed", growth=2, start=3, side=4)
    net.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    assert again.get_layer("unit2").recompute
    x = noise(2, 4, 4, 3)
    assert np.allclose(ops.convert_to_numpy(net(x)), ops.convert_to_numpy(again(x)), atol=1e-6)


def test_peaks_refuse_and_tell(monkeypatch):
    assert peaks.map_bytes() == noise(peaks.BATCH, peaks.SIDE, peaks.SIDE).nbytes
    for refused in (lambda: peaks.peaks_of("sleep"), lambda: recompute.block_net(2, "sleep")):
        with pytest.raises(ValueError, match="sleep"):
            refused()
    with pytest.raises(ValueError, match="growth"):
        recompute.DenseUnit(0)
    flags = [lambda: recompute.DenseUnit(2, "naive"), lambda: recompute.counted(2, recompute="naive")]
    for refused in (*flags, lambda: recompute.counted(2, -3, recompute=True), lambda: peaks.peaks_of("naive", 1.5)):
        with pytest.raises(ValueError, match="Received"):
            refused()

    class Failed:
        returncode, stdout, stderr = 3, "", "first\nlast words"

    monkeypatch.setattr(peaks.subprocess, "run", lambda *args, **options: Failed)
    with pytest.raises(RuntimeError, match="last words"):
        peaks.peaks_of("naive")


def test_high_marks_of_small_blocks(monkeypatch):
    """In this process: marks never fall, one a depth."""
    if not Path("/proc/self/status").exists():
        pytest.skip("Linux only")
    monkeypatch.setattr(peaks, "DEPTHS", (1, 2))
    monkeypatch.setattr(peaks, "SIDE", 4)
    for run in peaks.RUNS:
        marks = peaks.run_blocks(run, 0)
        assert len(marks) == 2
        assert 0 < marks[0] <= marks[1]


# Drawings ------------------------------------------------------------------------------------------------------------


def texts(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


@pytest.mark.once
def test_drawing_shows_every_link(small):
    found = graph.blocks(small)
    fig = drawings.draw_net(found)
    words = texts(fig)
    for channels in (16, 6):
        links = sum(link.channels == channels for block in found for link in block.links)
        assert words.count(str(channels)) >= links
    assert "5 dense layers" in drawings.say_net(found)
    with pytest.raises(ValueError, match="Received"):
        drawings.draw_net([])
    assert all(size in drawings.say_net(found) for size in ("16 × 16", "8 × 8", "4 × 4"))


@pytest.mark.parametrize("theta", drawings.THETAS)
@pytest.mark.parametrize("bottleneck", drawings.BOTTLENECKS)
@pytest.mark.once
def test_figure_to_play_with(theta, bottleneck):
    for layers_, growth in itertools.product(drawings.LAYERS, drawings.GROWTHS):
        given = {"layers": layers_, "growth": growth, "theta": theta, "bottleneck": bottleneck}
        fig = drawings.draw_plan(**given)
        plan = costs.Plan(layers_, growth, theta, bottleneck)
        shown = " ".join(texts(fig))
        assert f"{costs.cost(plan).parameters:,}" in drawings.say_plan(**given)
        assert f"{costs.cost(plan).parameters / 1e6:.3g} M" in shown
        fig.draw_without_rendering()


def test_crossing_is_drawn_where_it_is():
    fig = drawings.draw_crossing(32, [[64, 96], [128, 512]])
    lines, strip = fig.axes
    plain, squeezed = (line.get_ydata() for line in lines.lines[:2])
    m = lines.lines[0].get_xdata()
    assert m[np.argmax(squeezed < plain)] == 256
    dots = [collection.get_offsets().tolist() for collection in strip.collections]
    assert dots == [[[64, 0], [96, 0]], [[128, 1], [512, 1]]]
    assert "230.4" in " ".join(texts(fig))


@pytest.mark.once
def test_peaks_are_drawn_beside_what_was_counted():
    measured = {run: np.cumsum(np.ones((5, len(peaks.DEPTHS))), 1) - 1 for run in peaks.RUNS}
    fig = drawings.draw_peaks(measured)
    fig.draw_without_rendering()
    assert set(peaks.RUNS) <= set(texts(fig))
