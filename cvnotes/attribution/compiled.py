"""Functions of tensors run on arrays: as they are, or compiled as Keras compiles a prediction where that pays."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes import backend

from .inputs import Array
from .scopes import replacing

MANY = 6  # pieces that repay half a second of compiling
_HERE = threading.local()


@contextlib.contextmanager
def compiled() -> Iterator[None]:
    """A scope for many calls on one model: what is compiled is kept, and used again for the same question and size.

    Outside, only a job of many pieces is compiled, for itself, so that no answer comes from a model that was. Inside,
    this thread compiles whatever it runs, once; the model must stay as it is, weights and all, until the scope ends.
    Under a ReLU rule nothing is kept. Chapter: saliency.
    """
    outer, _HERE.kept = getattr(_HERE, "kept", None), {}
    try:
        yield
    finally:
        _HERE.kept = outer


def remembered(key: Hashable, make: Callable[[], Any]) -> Any:
    """What ``make()`` gives, made once for each key inside the scope ``compiled``, and every time outside."""
    known = None if replacing() else getattr(_HERE, "kept", None)
    if known is None:
        return make()
    if key not in known:
        known[key] = make()
    return known[key]


def runner(fn: Callable[..., tuple[Any, ...]], key: tuple, size: int, pieces: int) -> Callable[..., list[Array]]:
    """``fn`` of tensors as a function of arrays that gives arrays, for a job of ``pieces`` pieces of ``size`` rows.

    Compiled if they are many, or in the scope ``compiled``, where the key names what fn depends on; a piece of another
    size is run as it is.
    """

    def plain(*arrays: Array) -> list[Array]:
        return [ops.convert_to_numpy(one) for one in fn(*map(ops.convert_to_tensor, arrays))]

    scoped = getattr(_HERE, "kept", None) is not None and not replacing()
    if not scoped and pieces < MANY:
        return plain
    quick = remembered((*key, size), lambda: Prediction(fn))

    def run(*arrays: Array) -> list[Array]:
        if len(arrays[0]) != size:
            return plain(*arrays)
        return [np.asarray(one) for one in quick.predict_on_batch(arrays)]

    return run


class Prediction(keras.Model):
    """A function of tensors in the shape of a model without weights, so that Keras compiles it as a prediction.

    It takes its arrays as they are: under a policy of mixed precision Keras would round the pictures to 16 bits first.
    """

    def __init__(self, fn: Callable[..., tuple[Any, ...]]) -> None:
        super().__init__(dtype=keras.config.floatx(), autocast=False)
        self.fn, self.built, self.jit_compile = fn, True, backend.jit_compile()

    def call(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return self.fn(*inputs)
