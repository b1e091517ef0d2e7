"""Backpropagation against Keras' automatic differentiation, slow twins, transposed matrices and finite differences."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import backend, experiments, linear_classifiers
from cvnotes import backpropagation as bp
from cvnotes.backpropagation import adjoints, bugs, drawings, stepping, tour, trials
from cvnotes.convolution import conv2d, conv_matrix
from tests.benchmarks import bench_convolution
from tests.examples import examples

PADDINGS = ("valid", "same", 1, ((0, 1), (2, 1)), 3)
GRID = [
    (kernel, stride, padding, dilation, side)
    for kernel, stride, padding, dilation, side in itertools.product(
        ((2, 2), (3, 3), (2, 3), (1, 1)), (1, 2, 3), PADDINGS, (1, 2), (6, 7)
    )
    if not (stride > 1 and dilation > 1) and (max(kernel) > 1 or dilation == 1)  # Keras refuses both at once
]


def noise(*shape, seed=0, dtype="float64"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def case(kernel, stride, padding, dilation, side, dtype="float64", channels=2, filters=3):
    """Input, filters and an upstream gradient that fit together."""
    x, k = noise(2, side, side + 1, channels, dtype=dtype), noise(*kernel, channels, filters, seed=1, dtype=dtype)
    y = conv2d(x, k, stride=stride, padding=padding, dilation=dilation)
    return x, k, noise(*y.shape, seed=2, dtype=dtype)


# A graph of numbers ---------------------------------------------------------------------------------------------------


def random_program(seed, length=9):
    """A random graph as a list of (operation, operand, operand) over the values so far, four inputs first."""
    dice = np.random.default_rng(seed)
    names = ["add", "subtract", "multiply", "maximum", "exp"]
    return [(str(dice.choice(names)), *map(int, dice.integers(0, 4 + i, 2))) for i in range(length)]


def run_nodes(program, inputs):
    values = [bp.Node(value) for value in inputs]
    for name, i, j in program:
        a, b = values[i], values[j]
        one = {
            "add": a.__add__,
            "subtract": a.__sub__,
            "multiply": a.__mul__,
            "maximum": lambda b, a=a: bp.maximum(a, b),
        }
        values.append(bp.exp(bp.maximum(bp.Node(-3.0), bp.Node(0.0) - a * a)) if name == "exp" else one[name](b))
    loss = values[-1] + values[-2] * values[-3]
    bp.backward(loss)
    return loss.value, [node.gradient for node in values[:4]]


def run_keras(program, inputs):
    def loss(x):
        values = [x[i] for i in range(4)]
        for name, i, j in program:
            a, b = values[i], values[j]
            values.append(ops.exp(ops.maximum(-a * a, -3.0)) if name == "exp" else getattr(ops, name)(a, b))
        return values[-1] + values[-2] * values[-3]

    return backend.value_and_grad(loss)(np.array(inputs))


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_agree_with_keras(seed):
    program = [(n, i, j if i != j or n != "maximum" else (i + 1) % 4) for n, i, j in random_program(seed)]
    inputs = np.random.default_rng(seed + 100).uniform(-1.5, 1.5, 4)
    value, gradient = run_nodes(program, inputs)
    theirs, their_gradient = run_keras(program, inputs)
    scale = max(1, abs(value), np.abs(gradient).max())
    assert abs(value - theirs) < 1e-4 * scale
    np.testing.assert_allclose(gradient, their_gradient, atol=2e-4 * scale)


def test_random_graphs_are_not_all_flat():
    gradients = [run_nodes(random_program(seed), (0.3, -0.7, 1.1, 0.9))[1] for seed in range(25)]
    assert np.mean(np.array(gradients) != 0) > 0.4


def test_a_node_used_twice_adds_up():
    x = bp.Node(3.0)
    bp.backward(x * x + x)
    assert x.gradient == 7.0


def test_backward_starts_afresh():
    x, y = bp.Node(2.0), bp.Node(5.0)
    loss = x * y
    bp.backward(loss)
    bp.backward(loss)
    assert (x.gradient, y.gradient, loss.gradient) == (5.0, 2.0, 1.0)


def test_order_puts_parents_first():
    a, b = bp.Node(1.0), bp.Node(2.0)
    c = a + b
    loss = c * a - c
    nodes = bp.in_order(loss)
    assert len(nodes) == len(set(map(id, nodes))) == 5
    assert nodes[-1] is loss
    for place, node in enumerate(nodes):
        assert all(parent in nodes[:place] for parent in node.parents)


def test_a_long_chain_needs_no_recursion():
    x = node = bp.Node(1.0)
    for _ in range(5000):
        node = node + x
    bp.backward(node)
    assert x.gradient == 5001


def test_ties_go_to_the_second():
    a, b = bp.Node(0.0), bp.Node(0.0)
    bp.backward(bp.maximum(a, b))
    assert (a.gradient, b.gradient) == (0.0, 1.0)
    slope = backend.value_and_grad(lambda x: ops.sum(ops.relu(x)))(np.zeros(1))[1]
    assert slope == 0  # as every library says of a ReLU at zero


def test_exp_and_log_undo_each_other():
    x = bp.Node(0.7)
    y = bp.log(bp.exp(x))
    bp.backward(y)
    assert math.isclose(y.value, 0.7)
    assert math.isclose(x.gradient, 1.0)
    with pytest.raises(ValueError, match="above zero"):
        bp.log(bp.Node(0.0))


# The adjoints ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case_", GRID, ids=str)
def test_gradients_agree_with_keras(case_):
    layer = bp.judged(*case_)
    kernel = case_[0]
    ours_x = bp.input_gradient(layer.filters, layer.upstream, layer.x.shape, **layer.steps)
    ours_k = bp.filter_gradient(layer.x, layer.upstream, kernel, **layer.steps)
    assert ours_x.dtype == ours_k.dtype == np.float32
    np.testing.assert_allclose(ours_x, layer.for_input, atol=2e-4)
    np.testing.assert_allclose(ours_k, layer.for_filters, atol=2e-4)


def test_the_judges_cover_what_the_page_says():
    layers = bp.judged_layers()
    steps = [layer.steps for layer in layers]
    assert len(layers) == 48
    assert {step["stride"] for step in steps} == {1, 2, 3}
    assert {step["dilation"] for step in steps} == {1, 2}


@pytest.mark.parametrize("case_", [*GRID, ((3, 2), 2, 1, 2, 7), ((3, 3), 3, "same", 2, 9)], ids=str)
def test_correlations_equal_the_fast_ones(case_):
    kernel, stride, padding, dilation, _ = case_
    x, k, up = case(*case_)
    steps = (stride, padding, dilation)
    np.testing.assert_allclose(
        bp.back_to_input(k, up, x.shape, *steps), bp.input_gradient(k, up, x.shape, *steps), atol=1e-12
    )
    np.testing.assert_allclose(
        bp.back_to_filters(x, up, kernel, *steps), bp.filter_gradient(x, up, kernel, *steps), atol=1e-12
    )


@pytest.mark.parametrize(("stride", "padding"), [*itertools.product((1, 2, 3), (0, 1, 2))])
def test_loops_and_the_transposed_matrix_agree(stride, padding):
    x, k, up = case((3, 2), stride, padding, 1, 6)
    ours = bp.input_gradient(k, up, x.shape, stride, padding)
    parts = [bp.loop_gradients(*pair, stride, padding) for pair in zip(x, [k] * 2, up, strict=True)]
    np.testing.assert_allclose(np.stack([part[0] for part in parts]), ours, atol=1e-12)
    np.testing.assert_allclose(sum(p[1] for p in parts), bp.filter_gradient(x, up, (3, 2), stride, padding), atol=1e-12)
    matrix = conv_matrix(k, x.shape[1:], stride, padding)
    np.testing.assert_allclose(matrix.T @ up[0].ravel(), ours[0].ravel(), atol=1e-12)


@pytest.mark.parametrize("case_", GRID[:: len(GRID) // 6], ids=str)
def test_gradients_agree_with_the_ruler(case_):
    kernel, stride, padding, dilation, _ = case_
    x, k, up = case(*case_)
    steps = {"stride": stride, "padding": padding, "dilation": dilation}
    for_x = bp.input_gradient(k, up, x.shape, *steps.values())
    for_k = bp.filter_gradient(x, up, kernel, *steps.values())
    check = linear_classifiers.check_gradient
    assert check(lambda x: float(np.sum(conv2d(x, k, **steps) * up)), x, for_x, samples=20)
    assert check(lambda k: float(np.sum(conv2d(x, k, **steps) * up)), k, for_k)
    assert not check(lambda k: float(np.sum(conv2d(x, k, **steps) * up)), k, for_k[::-1, ::-1] + 1e-3)


@given(
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    padding=st.sampled_from([*PADDINGS, (2, 0)]),
    side=st.integers(7, 10),
    depth=st.integers(1, 3),
)
@examples(60)
def test_both_are_adjoints(kernel, stride, dilation, padding, side, depth):
    """<conv(x, k), g> = <x, back(g)> = <k, back(g)>: the definition of a transpose, with no oracle at all."""
    x, k = noise(3, side, side + 2, depth), noise(*kernel, depth, 2, seed=1)
    steps = (stride, padding, dilation)
    y = conv2d(x, k, None, *steps)
    up = noise(*y.shape, seed=2)
    scalar = np.sum(y * up)
    assert math.isclose(scalar, np.sum(x * bp.input_gradient(k, up, x.shape, *steps)), abs_tol=1e-9)
    assert math.isclose(scalar, np.sum(k * bp.filter_gradient(x, up, kernel, *steps)), abs_tol=1e-9)


def test_turning_the_filters_gradient_is_wrong():
    x, k, up = case((3, 3), 1, "valid", 1, 7)
    right = bp.filter_gradient(x, up, 3)
    for wrong in (right[::-1, ::-1], bp.filter_gradient(x, up[:, ::-1, ::-1], 3)):
        assert linear_classifiers.relative_error(right, wrong) > 0.1
    unturned = bp.back_to_input(k[::-1, ::-1], up, x.shape)
    assert linear_classifiers.relative_error(unturned, bp.input_gradient(k, up, x.shape)) > 0.1


def test_scatter_is_the_transpose_of_gather():
    planes, columns = noise(2, 3, 9, 8), noise(3, 2, 2, 3, 3, 4, seed=1)
    there = bp.gather(planes, (3, 2), (3, 4), (2, 2), (2, 1))
    back = bp.scatter(columns, (9, 8), (2, 2), (2, 1))
    assert there.shape == columns.shape
    assert math.isclose(np.sum(there * columns), np.sum(planes * back), abs_tol=1e-10)


def test_blocks_change_nothing(monkeypatch):
    x, k, up = case((3, 3), 1, "same", 1, 7)
    whole = bp.input_gradient(k, up, x.shape, 1, "same"), bp.filter_gradient(x, up, 3, 1, "same")
    monkeypatch.setattr(adjoints, "BLOCK", 1)
    single = bp.input_gradient(k, up, x.shape, 1, "same"), bp.filter_gradient(x, up, 3, 1, "same")
    for a, b in zip(whole, single, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_rows_that_no_window_reached_get_nothing():
    assert [bp.unreached(*size) for size in ((6, 3, 2), (7, 3, 2), (6, 2, 3), (6, 3, 3, 1), (9, 3, 3, 0, 2))] == [
        *(1, 0, 1, 2),
        1,
    ]
    _, k, up = case((3, 3), 2, 0, 1, 6)
    assert not bp.input_gradient(k, up, (2, 6, 7, 2), 2)[:, 5:].any()


def test_bias_gradient_is_a_sum():
    up = noise(2, 3, 4, 5)
    np.testing.assert_allclose(bp.bias_gradient(up), up.sum((0, 1, 2)))


def test_bad_input_says_what_came():
    x, k, up = case((3, 3), 1, 0, 1, 6)
    with pytest.raises(ValueError, match=r"shape=\(2, 3, 5, 3\)"):
        bp.filter_gradient(x, up[:, :-1], 3)
    with pytest.raises(ValueError, match="shape of the output"):
        bp.input_gradient(k, up, x.shape, 2)
    with pytest.raises(ValueError, match="share c and o"):
        bp.input_gradient(k, up, (2, 6, 7, 5))
    with pytest.raises(ValueError, match="share c and o"):
        bp.input_gradient(k, up[..., :2], x.shape)


# Layers and the network -----------------------------------------------------------------------------------------------


def layer_pairs():
    x, flat = noise(3, 8, 8, 2, dtype="float32"), noise(3, 7, dtype="float32")
    k, w = noise(3, 3, 2, 4, seed=1, dtype="float32"), noise(7, 5, seed=1, dtype="float32")
    yield bp.Convolution(k, noise(4, dtype="float32"), padding="same"), x
    yield bp.Convolution(k, noise(4, dtype="float32"), stride=2), x
    yield bp.ReLU(), x
    yield bp.MaxPooling(2), x
    yield bp.Flatten(), x
    yield bp.Dense(w, noise(5, dtype="float32")), flat


@pytest.mark.parametrize(("layer", "x"), [*layer_pairs()], ids=lambda v: type(v).__name__)
def test_layers_agree_with_keras(layer, x):
    twin = bp.keras_twin(bp.Network([layer]), x.shape[1:])
    out = layer.forward(x)
    np.testing.assert_allclose(out, ops.convert_to_numpy(twin(x)), atol=1e-5)
    up = noise(*out.shape, seed=3, dtype="float32")
    weights = twin.get_weights()

    def loss(given):
        y, _ = twin.stateless_call(given[1:], twin.non_trainable_variables, given[0])
        return ops.sum(y * ops.convert_to_tensor(up))

    theirs = backend.value_and_grad(loss)([x, *weights])[1]
    for mine, his in zip([layer.backward(up), *layer.gradients], theirs, strict=True):
        np.testing.assert_allclose(mine, his, atol=2e-4)


def test_a_layer_without_a_twin_is_refused():
    with pytest.raises(ValueError, match="no counterpart"):
        bp.keras_twin(bp.Network([bp.Layer()]))


def test_layers_remember_what_they_say():
    net = bp.convnet(0)
    net.forward(np.zeros((4, 8, 8, 1), "float32"))
    kept = [layer.memory() for layer in net.layers]
    cells = 4 * np.array([64 * 1 * 4, 64 * 8, 64 * 8 * 4, 16 * 8 * 4, 16 * 16, 16 * 16 * 4, 0, 64 * 4])
    assert kept == cells.tolist()  # floats hold four bytes, a ReLU's marks one


def test_the_first_step_equals_keras():
    d = trials.digits()
    for seed in (0, 1):
        gaps = bp.first_step(bp.convnet(seed), d.train_images[:32], d.train_labels[:32], 0.1)
        assert max(gaps.values()) < 1e-6
    twin = bp.keras_twin(bp.convnet(0))
    theirs = bp.keras_gradients(twin, d.train_images[:32], d.train_labels[:32])[1]
    wrong = bp.convnet(0, swap=bugs.BUGS["filter gradient turned"])
    wrong.loss(d.train_images[:32], d.train_labels[:32])
    assert bp.largest_gap(wrong.gradients, theirs) > 1e-2


def test_the_whole_network_agrees_with_the_ruler():
    net = bp.convnet(0, width=2, dtype="float64")
    before = [weight.copy() for weight in net.weights]
    x, labels = noise(3, 8, 8, 1), np.array([0, 3, 9])
    assert all(bp.check_network(net, x, labels))
    for weight, start in zip(net.weights, before, strict=True):
        np.testing.assert_array_equal(weight, start)


@pytest.mark.parametrize("name", [name for name in bugs.BUGS if name != "no error"])
def test_the_ruler_finds_every_planted_error(name):
    net = bp.convnet(0, width=2, dtype="float64", swap=bugs.BUGS[name])
    assert not all(bp.check_network(net, noise(3, 8, 8, 1), np.array([0, 3, 9])))


def test_momentum_follows_keras():
    net = bp.convnet(3)
    d, twin = trials.digits(), bp.keras_twin(net)
    how = {"epochs": 1, "batch": 64, "rate": 0.05, "momentum": 0.9, "seed": 0}
    bp.train(net, d.train_images[:320], d.train_labels[:320], **how)
    bp.train_twin(twin, d.train_images[:320], d.train_labels[:320], **how)
    assert bp.largest_gap(net.weights, twin.get_weights()) < 1e-4


def test_the_numpy_net_learns_digits():
    d, net = trials.digits(), bp.convnet(0)
    assert net.accuracy(d.test_images, d.test_labels) < 0.3
    losses = bp.train(net, d.train_images, d.train_labels, epochs=10)
    assert len(losses) == 10 * (len(d.train_images) // 32)
    assert net.accuracy(d.test_images, d.test_labels) > 0.96


def test_batches_show_every_picture_once():
    rows = list(bp.batches(70, 32, 2, seed=0))
    assert [len(row) for row in rows] == [32] * 4
    assert len(set(np.concatenate(rows[:2]))) == 64
    assert not np.array_equal(rows[0], rows[2])


@pytest.mark.parametrize("name", bugs.BUGS)
def test_each_planted_error_is_one(name):
    """Forward nothing changes; backward the gradient does, unless there is no error."""
    d, right, wrong = trials.digits(), bp.convnet(0), bp.convnet(0, swap=bugs.BUGS[name])
    x, labels = d.train_images[:16], d.train_labels[:16]
    np.testing.assert_array_equal(right.forward(x), wrong.forward(x))
    right.loss(x, labels)
    wrong.loss(x, labels)
    assert (bp.largest_gap(right.gradients, wrong.gradients) > 1e-3) == (name != "no error")


def test_sizes_that_cannot_be_are_refused():
    for bad in ({"side": 3}, {"width": 0}):
        with pytest.raises(ValueError, match="must be at least"):
            bp.convnet(0, **bad)


@pytest.mark.parametrize("name", ["numpy_net", "keras_net", "planted"])
def test_stored_results_have_this_version(name):
    trial = getattr(trials, name)
    assert experiments.record("backpropagation", name)["version"] == trial.version
    assert len(experiments.load("backpropagation", name)["test"]) == 5


def test_an_overflow_is_an_outcome():
    net = bp.convnet(0)
    test, finished = trials.outcome(net, trials.recipe(0, "quick") | {"rate": 1e30, "epochs": 1})
    assert not finished
    assert 0.05 < test < 0.2
    with pytest.raises(ValueError, match="scores \\(N, C\\)"):  # a bug in a net is none
        trials.outcome(bp.Network(net.layers[:-2]), trials.recipe(0, "quick") | {"epochs": 1})


# The figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("w", stepping.WEIGHTS)
def test_the_neuron_agrees_with_keras(w):
    x, b, y = (stepping.GIVEN[name] for name in "xby")
    loss = lambda v: ops.square(ops.relu(v[0] * v[1] + v[2]) - v[3])  # noqa: E731
    value, gradient = backend.value_and_grad(loss)(np.array([w, x, b, y]))
    nodes = stepping.neuron(w)
    assert nodes["L"].value == pytest.approx(value)
    assert [nodes[name].gradient for name in "wxby"] == pytest.approx(gradient.tolist())


@pytest.mark.parametrize(("w", "step"), [*itertools.product(stepping.WEIGHTS, stepping.STEPS)])
@pytest.mark.once
def test_every_step_can_be_drawn(w, step):
    fig, words = drawings.draw_neuron(w, step), stepping.say(w, step)
    fig.draw_without_rendering()
    shown = [text.get_text() for text in fig.axes[0].texts]
    nodes, now = stepping.neuron(w), stepping.at(step)
    assert all(stepping.said(nodes[name].value) in shown for name in now.valued)
    if now.sent:
        assert stepping.said(nodes[now.active].gradient * nodes[now.active].slopes[0]) in words
    assert len(shown) == len(set((t.get_position(), t.get_text()) for t in fig.axes[0].texts))
    with pytest.raises(ValueError, match="step"):
        stepping.at(12)


BACK = list(itertools.product((2, 3), (1, 2, 3), (0, 1)))


@pytest.mark.parametrize(("kernel", "stride", "padding"), BACK)
@pytest.mark.once
def test_the_way_back_is_drawn_from_the_truth(kernel, stride, padding):
    parts = drawings.back_parts(kernel, stride, padding)
    wide, turned = parts["stuffed and framed"], parts["kernel, turned"]
    again = conv2d(wide[None, ..., None], turned[..., None, None])[0, ..., 0]
    np.testing.assert_array_equal(again, parts["for the input"])
    assert np.sum(drawings.came_from_above(kernel, stride, padding)) == parts["from above"].size
    drawings.draw_back(kernel, stride, padding).draw_without_rendering()
    assert f"Filter {kernel}, stride {stride}" in drawings.say_back(kernel, stride, padding)


def test_the_pixel_meets_the_turned_filter():
    shown = drawings.pixel_view().axes[3].texts
    assert [text.get_text() for text in shown] == list("987654321")
    pixel, kernel = np.zeros((1, 5, 5, 1)), np.arange(1.0, 10).reshape(3, 3, 1, 1)
    pixel[0, 2, 2] = 1
    np.testing.assert_array_equal(conv2d(pixel, kernel).ravel(), np.arange(9, 0, -1))


@pytest.mark.parametrize("kind", tour.KINDS)
def test_the_tour_tells_what_the_layers_did(kind):
    stops = dict(zip(tour.STOPS, tour.there_and_back(kind), strict=True))
    assert all(values.shape == gradient.shape for values, gradient in stops.values())
    for i in (1, 2):
        before, told = stops[f"conv {i}"]
        assert not told[before <= 0].any()
        assert told.any()
        _, told = stops[f"ReLU {i}"]
        windows = told.reshape(told.shape[0] // 2, 2, told.shape[1] // 2, 2, -1)
        assert ((windows != 0).sum((1, 3)) <= 1).all()
    x = stops["digit"][0][None].astype("float64")

    def loss(picture):
        return linear_classifiers.softmax_loss(tour.trained().forward(picture), np.array([kind]))[0]

    ruler = linear_classifiers.numerical_gradient(loss, x, 1e-4)[0]
    assert np.corrcoef(ruler.ravel(), stops["digit"][1].ravel())[0, 1] > 0.9  # corners of ReLU and maximum lie near


@pytest.mark.parametrize(("stop", "kind"), [*itertools.product(tour.STOPS, tour.KINDS)])
@pytest.mark.once
def test_the_tour_is_drawn(stop, kind):
    tour.draw_tour(stop, kind).draw_without_rendering()
    assert f"{kind} at the stop {stop}" in tour.say_tour(stop, kind)


def test_a_montage_holds_every_map():
    maps = noise(2, 3, 5)
    page = tour.montage(maps)
    assert page.shape == (8, 11)
    assert np.isclose(np.nansum(page), maps.sum())


# The benchmark --------------------------------------------------------------------------------------------------------


def test_the_race_can_be_lost():
    assert bench_convolution.held({"forward": (4.0, 1.0), "back": (6.0, 1.0)})
    assert not bench_convolution.held({"forward": (4.0, 1.0), "back": (6.1, 1.0)})


@pytest.mark.skipif(backend.name() != "tensorflow", reason="the race runs on TensorFlow")
def test_the_racers_must_agree():
    x, filters, up = (
        array[:2] if array.ndim == 4 and len(array) == 32 else array for array in bench_convolution.arrays()
    )
    mine, theirs = bench_convolution.ours(x, filters, up), bench_convolution.theirs(x, filters, up)
    bench_convolution.agree(mine, theirs)
    with pytest.raises(SystemExit, match="disagree about the forward"):
        bench_convolution.agree(mine | {"forward": lambda: 2 * mine["forward"]()}, theirs)


# What readers hand over by mistake ------------------------------------------------------------------------------------


def test_a_batch_that_nothing_fills_is_refused():
    x, labels = noise(20, 8, 8, 1), np.zeros(20, int)
    for batch in (32, 0, 2.0):
        with pytest.raises(ValueError, match=r"batch must be a whole number from 1 to 20.*Received"):
            bp.train(bp.convnet(), x, labels, batch=batch)
    assert len(bp.train(bp.convnet(), x.tolist(), labels.tolist(), epochs=2, batch=20)) == 2


@pytest.mark.parametrize("labels", [np.zeros((5, 1)), np.zeros(6, int), np.eye(5, 10)])
def test_labels_that_do_not_pair_with_pictures_are_refused(labels):
    for call in (bp.convnet().accuracy, lambda x, y: bp.train(bp.convnet(), x, y, batch=2)):
        with pytest.raises(ValueError, match=r"one label a picture.*Received"):
            call(noise(5, 8, 8, 1), labels)


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (2, 6, 7, 4), (1, 4, 5, 4)])
def test_correlations_refuse_an_upstream_of_another_shape(shape):
    x, filters, upstream = noise(2, 6, 7, 3), noise(3, 3, 3, 4), noise(*shape)
    with pytest.raises(ValueError, match=r"upstream must have the shape of the output.*Received"):
        bp.back_to_filters(x, upstream, 3)
    with pytest.raises(ValueError, match=r"upstream must have the shape of the output.*Received"):
        bp.back_to_input(filters, upstream, x.shape)


@pytest.mark.parametrize("shape", [(3, 5, 4), (6, 7, 4), (4, 5)])
def test_the_slow_gradients_refuse_an_upstream_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"upstream must have the shape of the output.*Received"):
        bp.loop_gradients(noise(6, 7, 3), noise(3, 3, 3, 4), noise(*shape))
