"""A gradient that is zero because the path is cut: told from one that is zero because nothing depends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from keras.src import backend as keras_backend  # where all of Keras looks these functions up

from .scopes import replaced, ruling

#: Steps that have no slope, by where Keras keeps them.
CUTS = [
    *((keras_backend.numpy, name) for name in ("argmax", "argmin", "argsort", "round", "floor", "ceil", "sign")),
    (keras_backend.nn, "one_hot"),
    (keras_backend.core, "stop_gradient"),
    (keras_backend, "convert_to_numpy"),
]


def refuse_cut(run: Callable[[], Any]) -> None:
    """Raise ValueError if ``run()`` takes a step without slope, and name it; for gradients that are zero throughout."""
    met: list[str] = []

    def noted(original: Callable) -> Callable:
        def ours(*args: Any, **options: Any) -> Any:
            if not ruling():
                met.append(original.__name__)
            return original(*args, **options)

        return ours

    with contextlib.ExitStack() as stack:
        for owner, name in CUTS:
            stack.enter_context(replaced(owner, name, noted))
        run()
    if met:
        raise ValueError(
            "The gradient is zero throughout, and the score goes through a step without slope: explain what comes "
            f"before it, such as a logit. Received: a path through {', '.join(dict.fromkeys(met))}"
        )
