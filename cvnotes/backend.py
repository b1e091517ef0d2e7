"""All that differs between TensorFlow, JAX and PyTorch under Keras 3: no other file of the package names them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from cvnotes.checks import whole

__all__ = ["device", "flops", "jit_compile", "name", "unallocated", "value_and_grad"]

Tensor = Any  # a tensor of whichever framework Keras runs on


def name() -> str:
    """The framework that Keras runs on: ``"tensorflow"``, ``"jax"`` or ``"torch"``."""
    return keras.backend.backend()


def device() -> str:
    """Where Keras computes, in words: ``"CPU"`` or ``"GPU: <model>"``."""
    model = {"tensorflow": _tensorflow_gpu, "jax": _jax_gpu, "torch": _torch_gpu}[name()]()
    return f"GPU: {model}" if model else "CPU"


def jit_compile() -> bool:
    """Whether ``model.compile(jit_compile=...)`` pays here.

    JAX is unusably slow without it. On a CPU, XLA slows TensorFlow's small ConvNets and compiling costs PyTorch more
    than it saves within a minute, so both train without it there.
    """
    return name() == "jax" or (name() == "tensorflow" and device() != "CPU")


def value_and_grad(fn: Callable[..., Any], aux: bool = False) -> Callable[..., tuple[Any, Any]]:
    r"""A function that gives both :math:`f(x)` and :math:`\partial f / \partial x`, whatever the framework.

    ``fn`` takes a tensor and returns a scalar tensor, and is written in ``keras.ops`` and built layers or models.
    The function returned takes

    - one array: ``value, gradient = value_and_grad(fn)(x)``, the gradient has the shape of ``x``;
    - or a list or tuple of arrays, handed to ``fn`` as one list: the gradient is a list of the same length.

    What comes in goes out: NumPy arrays (cast to ``keras.config.floatx()``) give a ``float`` and NumPy gradients,
    tensors give tensors, which may be differentiated once more (TensorFlow and JAX).
    The gradient of an input that ``fn`` does not use is zero.
    The call leaves no trace: a layer in training mode moves neither its running averages nor its random seeds.

    With ``aux=True``, ``fn`` returns ``(scalar, more)``, where ``more`` is a tensor or a list, tuple or dict of tensors
    that comes out as it is, and the value is the pair: ``(value, more), gradient = value_and_grad(fn, aux=True)(x)``.

    Gradients with respect to *weights* need nothing else, because a Keras layer can be called with weights from
    outside. For a built ``layer`` with a kernel and a bias ::

        def loss(weights):
            outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, x)
            return keras.ops.mean(outputs**2)


        value, (d_kernel, d_bias) = value_and_grad(loss)(layer.get_weights())

    Raises ``ValueError`` if ``fn`` does not return a scalar tensor, if an input is not numeric, or if ``fn`` builds a
    layer on the way (its weights would be drawn anew at every call: build it first).
    Taught in the chapter on backpropagation.
    """
    if not callable(fn):
        raise ValueError(f"fn must be a function of a tensor. Received: {fn!r:.80}")
    differentiate = {"tensorflow": _tensorflow_grad, "jax": _jax_grad, "torch": _torch_grad}[name()]

    def run(x: Any) -> tuple[Any, Any]:
        several = isinstance(x, (list, tuple))
        given = list(x) if several else [x]
        scalar = _pure_scalar(fn if aux else lambda x: (fn(x), ()), several)
        value, more, gradients = differentiate(scalar, [_tensor(item) for item in given])
        if not any(keras.ops.is_tensor(item) for item in given):
            value = float(keras.ops.convert_to_numpy(value))
            more, gradients = keras.tree.map_structure(keras.ops.convert_to_numpy, (more, gradients))
        return ((value, more) if aux else value), (gradients if several else gradients[0])

    return run


def flops(fn: Callable[[Tensor], Any], input_shape: Sequence[int], batch: int = 1) -> int:
    r"""Floating-point operations of ``fn`` on ``batch`` inputs, as the framework itself counts them.

    A witness that shares nothing with ``models.profile``: each framework traces ``fn``, with no picture computed, and
    prices the operations that it finds. All three take one multiplication and one addition as 2, so that a
    convolution or matrix product of :math:`m` multiply-accumulates has :math:`2m`. Beyond that they differ:

    - PyTorch (``FlopCounterMode``): convolutions and matrix products alone; exactly :math:`2m`.
    - TensorFlow (the profiler of version 1): also 1 for each bias added and for most other element-wise sums, and a
      window's size for each pooled value; not ReLU. A transposed convolution gains one for each number of its output.
    - JAX (XLA's cost analysis of the program as written): also 1 for each element-wise operation, ReLU and pooling;
      biases may vanish when their value is known. Products with the zeros of the padding are left out.

    fn: a model, a layer (built for this input if it is not yet), or a function of one tensor in ``keras.ops`` and built
    layers. Models and layers may be sketches without memory (``unallocated``). input_shape: of one example; the
    argument of ``fn`` has the shape ``(batch, *input_shape)``. Layers run as in prediction.
    Raises ``ValueError`` if ``fn`` cannot be called, for sizes below 1, and for sizes that are not whole numbers.
    Taught in the chapter on what a convolution costs.
    """
    if not callable(fn):
        raise ValueError(f"fn must be a model, a layer or a function of a tensor. Received: {fn!r:.80}")
    sizes = input_shape if isinstance(input_shape, (tuple, list)) else [input_shape]
    shape = (whole("batch", batch, 1), *(whole("input_shape", size, 1) for size in sizes))
    run, weights = _pure_call(fn, shape)
    count = {"tensorflow": _tensorflow_flops, "jax": _jax_flops, "torch": _torch_flops}[name()]
    return int(count(run, [shape, *(tuple(weight.shape) for weight in weights)]))


def _pure_call(fn: Callable, shape: tuple[int, ...]) -> tuple[Callable[..., Any], list[keras.Variable]]:
    """``fn`` as a function of its input and its weights, and those weights; a plain function has none of its own."""
    if not isinstance(fn, keras.Layer):
        return fn, []
    if not fn.built:
        fn.build(shape)
    trainable, others = list(fn.trainable_variables), list(fn.non_trainable_variables)

    def run(x: Tensor, *values: Tensor) -> Any:
        kept = [_as(v, variable) for v, variable in zip(values, [*trainable, *others], strict=True)]
        options = {"training": False} if "training" in inspect.signature(fn.call).parameters else {}
        return fn.stateless_call(kept[: len(trainable)], kept[len(trainable) :], x, **options)[0]

    return run, [*trainable, *others]


def _as(value: Tensor, variable: keras.Variable) -> Tensor:
    return keras.ops.cast(value, variable.dtype)


def _tensor(item: Any) -> Tensor:
    if isinstance(item, keras.Variable):
        return item.value
    if keras.ops.is_tensor(item):
        return item
    array = np.asarray(item)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"Give arrays of numbers. Received: {type(item).__name__} of dtype {array.dtype}.")
    return keras.ops.convert_to_tensor(array, dtype=keras.config.floatx())


def _pure_scalar(fn: Callable[..., Any], several: bool) -> Callable[[Sequence[Tensor]], tuple[Tensor, Any]]:
    """``fn`` over a list of tensors, without side effects, and checked to return one number, and whatever else."""

    def run(tensors: Sequence[Tensor]) -> tuple[Tensor, Any]:
        with unallocated() as new_weights:
            found = fn(list(tensors) if several else tensors[0])
        if new_weights:
            raise ValueError(
                "fn builds a layer, whose weights would be drawn anew at each call: build or call the layer before. "
                f"Received: new weights {', '.join(weight.path for weight in new_weights)}."
            )
        if not isinstance(found, tuple) or len(found) != 2:
            raise ValueError(f"With aux, fn must return (scalar, more). Received: {type(found).__name__}.")
        value, more = found
        if not keras.ops.is_tensor(value):
            raise ValueError(
                "fn must return a tensor, so that it can be differentiated: leave out float() and NumPy. "
                f"Received: {type(value).__name__}."
            )
        if tuple(value.shape) != ():
            raise ValueError(
                "fn must return one number: reduce its result, for example with keras.ops.sum or keras.ops.mean. "
                f"Received: a tensor of shape {tuple(value.shape)}."
            )
        return value, more

    return run


@contextlib.contextmanager
def unallocated() -> Iterator[list[keras.Variable]]:
    """A scope in which Keras variables get a shape but no memory; gives the list of those made inside it.

    Lets a model of any size be built and counted. It cannot compute, inside or after.
    """
    from keras.src.backend.common import global_state  # Keras has no public list of variables without a value

    waiting = global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True)
    before, made = len(waiting), []
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield made
    finally:
        made.extend(waiting[before:])
        del waiting[before:]


def _tensorflow_grad(fn: Callable, tensors: list[Tensor]) -> tuple[Tensor, Any, list[Tensor]]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value, more = fn(tensors)
    return value, more, list(tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO))


def _jax_grad(fn: Callable, tensors: list[Tensor]) -> tuple[Tensor, Any, list[Tensor]]:
    import jax

    (value, more), gradients = jax.value_and_grad(fn, has_aux=True)(tensors)
    return value, more, list(gradients)


def _torch_grad(fn: Callable, tensors: list[Tensor]) -> tuple[Tensor, Any, list[Tensor]]:
    import torch

    leaves = [tensor.detach().clone().requires_grad_(True) for tensor in tensors]
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.enable_grad(), torch.random.fork_rng(gpus):  # dropout without a seed draws from the global generator
        value, more = fn(leaves)
    more = keras.tree.map_structure(torch.detach, more)
    if not value.requires_grad:  # fn uses none of its inputs
        return value, more, [torch.zeros_like(leaf) for leaf in leaves]
    gradients = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    return value.detach(), more, list(gradients)


def _tensorflow_flops(run: Callable, shapes: list[tuple[int, ...]]) -> int:
    import tensorflow as tf

    log = tf.get_logger()
    level = log.level
    log.setLevel("ERROR")  # the profiler calls what TensorFlow itself has deprecated
    try:
        specs = [tf.TensorSpec(shape, keras.config.floatx()) for shape in shapes]
        return _graph_flops(tf.function(run, jit_compile=False).get_concrete_function(*specs).graph)
    finally:
        log.setLevel(level)


def _graph_flops(graph: Any) -> int:
    """Count a graph and, as the profiler does not, every function that it calls (grouped convolutions are in one)."""
    import tensorflow as tf

    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    own = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    calls = [op for op in graph.get_operations() if op.type.endswith("PartitionedCall")]
    return own + sum(_graph_flops(graph._get_function(op.get_attr("f").name).graph) for op in calls)


def _jax_flops(run: Callable, shapes: list[tuple[int, ...]]) -> float:
    import jax

    specs = [jax.ShapeDtypeStruct(shape, keras.config.floatx()) for shape in shapes]
    return (jax.jit(run).lower(*specs).cost_analysis() or {}).get("flops", 0)


def _torch_flops(run: Callable, shapes: list[tuple[int, ...]]) -> int:
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils.flop_counter import FlopCounterMode

    dtype = getattr(torch, keras.config.floatx())
    with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), FlopCounterMode(display=False) as counter:
        run(*(torch.empty(shape, dtype=dtype) for shape in shapes))
    return counter.get_total_flops()


def _tensorflow_gpu() -> str:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "unnamed") if gpus else ""


def _jax_gpu() -> str:
    import jax

    first = jax.devices()[0]
    return "" if first.platform == "cpu" else first.device_kind


def _torch_gpu() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
