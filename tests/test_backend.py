"""The one door to the framework: the same values and gradients on TensorFlow, JAX and PyTorch, and exact ones."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from cvnotes import backend

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 5, 3)).astype("float32")
EXPECTED_VALUE = 1151.9268  # made on TensorFlow
EXPECTED_GRADIENT = [113.34773, 159.89413, 126.87627, 61.405704, 0.0]


def test_name_is_the_backend_in_use():
    assert backend.name() == keras.backend.backend()
    assert backend.name() in ("tensorflow", "jax", "torch")


def test_device_is_readable():
    assert backend.device() == "CPU" or backend.device().startswith("GPU: ")


def test_jit_is_for_jax_on_every_device():
    if backend.device() == "CPU":
        assert backend.jit_compile() == (backend.name() == "jax")


def test_known_derivatives():
    """f = 5a + b² + sin c, whose gradient is (5, 2b, cos c)."""
    value, gradient = backend.value_and_grad(lambda v: 5 * v[0] + v[1] ** 2 + ops.sin(v[2]))(np.array([2.0, 3.0, 0.5]))
    assert isinstance(value, float)
    assert isinstance(gradient, np.ndarray)
    assert value == pytest.approx(10 + 9 + np.sin(0.5), abs=1e-5)
    np.testing.assert_allclose(gradient, [5, 6, np.cos(0.5)], atol=1e-6)


def test_a_number_and_integers_are_welcome():
    value, gradient = backend.value_and_grad(lambda v: v**3)(2)
    assert (value, float(gradient)) == (8.0, 12.0)
    assert gradient.shape == ()


def test_what_else_the_function_found_comes_out_too():
    """f = sum x³ with x² beside it, in a dict and a list: NumPy gives NumPy, tensors give tensors."""

    def fn(v):
        return ops.sum(v**3), {"square": v**2, "more": [v + 1]}

    for give in (np.array, ops.convert_to_tensor):
        (value, more), gradient = backend.value_and_grad(fn, aux=True)(give([1.0, 2.0]))
        assert ops.is_tensor(value) == ops.is_tensor(more["square"]) == (give is not np.array)
        found = [ops.convert_to_numpy(each) for each in (value, gradient, more["square"], more["more"][0])]
        for mine, true in zip(found, (9, [3, 12], [1, 4], [2, 3]), strict=True):
            np.testing.assert_allclose(mine, true, atol=1e-6)
    with pytest.raises(ValueError, match=r"With aux, fn must return \(scalar, more\).*Received"):
        backend.value_and_grad(ops.sum, aux=True)(np.ones(2))


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_arrays(kind):
    a, b = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
    value, gradients = backend.value_and_grad(lambda ab: ops.sum(ops.matmul(ab[0], ab[1])))(kind([a, b]))
    assert value == pytest.approx((a @ b).sum(), abs=1e-5)
    np.testing.assert_allclose(gradients[0], np.ones((3, 2)) @ b.T, atol=1e-5)
    np.testing.assert_allclose(gradients[1], a.T @ np.ones((3, 2)), atol=1e-5)


def test_an_unused_input_has_gradient_zero():
    _, (used, unused) = backend.value_and_grad(lambda ab: ops.sum(ab[0] ** 2))([np.ones(2), np.ones(3)])
    np.testing.assert_array_equal(used, [2, 2])
    np.testing.assert_array_equal(unused, [0, 0, 0])
    _, nothing = backend.value_and_grad(lambda v: ops.sum(ops.ones(3)))(np.ones(2))
    np.testing.assert_array_equal(nothing, [0, 0])


def test_tensors_in_tensors_out():
    value, gradient = backend.value_and_grad(lambda v: ops.sum(v**2))(ops.convert_to_tensor(np.float32([1, 2])))
    assert ops.is_tensor(value)
    assert ops.is_tensor(gradient)
    np.testing.assert_array_equal(ops.convert_to_numpy(gradient), [2, 4])


def test_second_order():
    if backend.name() == "torch":
        pytest.skip("the inner gradient is detached on PyTorch")
    slope = lambda v: ops.sum(backend.value_and_grad(lambda u: ops.sum(u**3))(v)[1])  # noqa: E731
    np.testing.assert_allclose(backend.value_and_grad(slope)(np.float32([1, 2]))[1], [6, 12], atol=1e-5)


def small_model() -> keras.Model:
    """A fixed model: the same weights on every backend and in every run."""
    parts = [
        layers.Conv2D(4, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(3),
    ]
    model = keras.Sequential([keras.Input((6, 5, 3)), *parts])
    rng = np.random.default_rng(7)
    model.set_weights([rng.uniform(0.1, 1, size=w.shape).astype("float32") for w in model.weights])
    return model


def test_through_a_model_equal_to_finite_differences_and_across_backends():
    model = small_model()
    value, gradient = backend.value_and_grad(lambda x: ops.mean(model(x)[:, 1] ** 2))(X)
    assert value == pytest.approx(EXPECTED_VALUE, rel=1e-5)
    np.testing.assert_allclose(gradient[0, 2, :, 1], EXPECTED_GRADIENT, atol=1e-5 * np.abs(gradient).max())
    direction = np.random.default_rng(1).normal(size=X.shape).astype("float32")
    step = 1e-2
    sides = [np.mean(model.predict(X + sign * step * direction, verbose=0)[:, 1] ** 2) for sign in (1, -1)]
    assert np.sum(gradient * direction) == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=2e-3)


def test_a_call_leaves_no_trace():
    """Neither the running averages nor the random seeds of layers in training mode move, so the answer repeats."""
    model = small_model()
    before = [np.array(ops.convert_to_numpy(v.value)) for v in model.variables]
    slope = backend.value_and_grad(lambda x: ops.sum(model(x, training=True) ** 2))
    first, second = slope(X), slope(X)
    for variable, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable.value), old)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])
    model(X, training=True)  # the same call outside does move them
    assert any(np.any(ops.convert_to_numpy(v.value) != old) for v, old in zip(model.variables, before, strict=True))


def test_gradients_with_respect_to_weights():
    """The idiom of the docstring: for outputs y = x k + b and the loss mean(y²), d/dk = 2 xᵀy / size."""
    layer = layers.Dense(2)
    x = RNG.normal(size=(5, 3)).astype("float32")
    y = ops.convert_to_numpy(layer(x))

    def loss(weights):
        outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, x)
        return ops.mean(outputs**2)

    value, (d_kernel, d_bias) = backend.value_and_grad(loss)(layer.get_weights())
    assert value == pytest.approx(np.mean(y**2), abs=1e-6)
    np.testing.assert_allclose(d_kernel, 2 * x.T @ y / y.size, atol=1e-6)
    np.testing.assert_allclose(d_bias, 2 * y.sum(0) / y.size, atol=1e-6)
    as_variables = backend.value_and_grad(loss)(layer.trainable_variables)[1]
    np.testing.assert_allclose(ops.convert_to_numpy(as_variables[0]), d_kernel, atol=1e-7)


@pytest.mark.parametrize(
    ("fn", "x", "words"),
    [
        (lambda x: x * 2, np.ones((2, 3)), r"one number.*Received: a tensor of shape \(2, 3\)"),
        (lambda x: 1.0, np.ones(2), "must return a tensor.*Received: float"),
        (lambda x: ops.sum(x), np.array(["a"]), "arrays of numbers.*Received: ndarray of dtype <U1"),
        (lambda x: ops.sum(layers.Dense(2, name="fresh")(x)), np.ones((1, 2)), "builds a layer.*fresh"),
    ],
)
def test_errors_name_what_was_received(fn, x, words):
    with pytest.raises(ValueError, match=words):
        backend.value_and_grad(fn)(x)
    value, _ = backend.value_and_grad(ops.sum)(np.ones(2))  # and nothing stays broken
    assert value == 2


@pytest.mark.parametrize("fn", [None, "sum", 3])
def test_what_cannot_be_called_is_refused(fn):
    with pytest.raises(ValueError, match=r"fn must be a function.*Received"):
        backend.value_and_grad(fn)


# Operations counted by the framework ---------------------------------------------------------------------------------


def convolution_macs(side: int, depth: int, filters: int, size: int, groups: int = 1) -> int:
    """Valid windows times filters times what each of them multiplies, by hand."""
    return (side - size + 1) ** 2 * filters * size * size * depth // groups


HAND = {
    "conv": (layers.Conv2D(8, 3, use_bias=False), convolution_macs(16, 4, 8, 3)),
    "one by one": (layers.Conv2D(8, 1, use_bias=False), 16 * 16 * 4 * 8),
    "stride 2": (layers.Conv2D(8, 3, strides=2, use_bias=False), 7 * 7 * 8 * 3 * 3 * 4),
    "dilation 2": (layers.Conv2D(8, 3, dilation_rate=2, use_bias=False), 12 * 12 * 8 * 3 * 3 * 4),
    "two groups": (layers.Conv2D(8, 3, groups=2, use_bias=False), convolution_macs(16, 4, 8, 3, 2)),
    "depthwise": (layers.DepthwiseConv2D(3, use_bias=False), 14 * 14 * 4 * 9),
    "separable": (layers.SeparableConv2D(8, 3, use_bias=False), 14 * 14 * (4 * 9 + 4 * 8)),
    "dense on the last axis": (layers.Dense(10, use_bias=False), 16 * 16 * 4 * 10),
    "flatten": (layers.Flatten(), 0),
}


@pytest.mark.parametrize("kind", HAND)
@pytest.mark.parametrize("batch", [1, 3])
def test_flops_are_twice_the_products_counted_by_hand(kind, batch):
    layer, macs = HAND[kind]
    assert backend.flops(layer, (16, 16, 4), batch) == 2 * macs * batch


def test_flops_of_a_function_and_of_a_whole_model():
    dense = layers.Dense(7, use_bias=False)
    dense.build((None, 5))
    assert backend.flops(lambda x: dense(dense(x)[:, :5]), (5,)) == 2 * 2 * 5 * 7
    parts = [layers.Conv2D(8, 3, use_bias=False), layers.Flatten(), layers.Dense(10, use_bias=False)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *parts])
    assert backend.flops(model, (8, 8, 3)) == 2 * (6 * 6 * 8 * 27 + 6 * 6 * 8 * 10)


def test_flops_of_what_each_framework_counts_in_its_own_way():
    """Zeros of the padding, a bias, a ReLU: the differences that the docstring names."""
    same = backend.flops(layers.Conv2D(1, 3, padding="same", use_bias=False), (6, 6, 1))
    assert same == {"tensorflow": 2 * 36 * 9, "torch": 2 * 36 * 9, "jax": 2 * 16 * 16}[backend.name()]
    biased = backend.flops(layers.Conv2D(8, 1), (4, 4, 3)) - 2 * 16 * 8 * 3
    assert biased == {"tensorflow": 16 * 8, "torch": 0, "jax": 16 * 8}[backend.name()]
    relu = backend.flops(layers.ReLU(), (4, 4, 3))
    assert relu == {"tensorflow": 0, "torch": 0, "jax": 48}[backend.name()]


def test_flops_need_no_memory_and_leave_no_trace():
    with backend.unallocated():
        sketch = keras.Sequential([keras.Input((300,)), layers.Dense(1_000_000, use_bias=False)])
    assert backend.flops(sketch, (300,)) == 600_000_000
    model = small_model()
    before = [np.array(w) for w in model.get_weights()]
    backend.flops(model, (6, 5, 3), batch=2)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert ops.convert_to_numpy(model(X)).shape == (2, 3)  # and the model still computes


def test_flops_print_nothing(capfd):
    backend.flops(layers.Dense(2), (3,))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fn", "shape", "batch", "words"),
    [
        (None, (3,), 1, "fn must be a model, a layer or a function.*Received: None"),
        (layers.Flatten(), (3,), 0, "batch must be at least 1.*batch=0"),
        (layers.Flatten(), (3, 2.5), 1, "input_shape must be a whole number.*2.5"),
        (layers.Flatten(), (None, 3), 1, "input_shape must be a whole number.*None"),
    ],
)
def test_flops_errors_name_what_was_received(fn, shape, batch, words):
    with pytest.raises(ValueError, match=words):
        backend.flops(fn, shape, batch)
