"""Logits of a model that ends in a softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.src import backend as keras_backend  # where all of Keras looks softmax up

from .inputs import Model, call
from .scopes import replaced


def logits(model: Model) -> Callable[[Any], Any]:
    """The model before its final softmax (or sigmoid), as a function of a batch; every method here takes it.

    A softmax mixes all classes: its score of one class rises when another falls, and its gradient vanishes where the
    model is sure. The logits of a class are its own. Works on any kind of model whose last step is ``softmax`` or
    ``sigmoid`` of Keras, as a layer, an activation or a function; other softmaxes inside, as in attention, stay.
    The weights are the model's own, whatever becomes of them.
    Raises ValueError when it is called, if the outputs do not come from a softmax or sigmoid. Chapter: saliency.
    """

    def before(x: Any) -> Any:
        kept: list[tuple[Any, Any]] = []

        def noted(original: Callable) -> Callable:
            def ours(given: Any, *args: Any, **options: Any) -> Any:
                kept.append((given, original(given, *args, **options)))
                return kept[-1][1]

            return ours

        with replaced(keras_backend.nn, "softmax", noted), replaced(keras_backend.nn, "sigmoid", noted):
            outputs = call(model, x)
        for given, result in kept:
            if result is outputs:
                return ops.convert_to_tensor(given)
        raise ValueError(
            "The outputs do not come straight from a softmax or sigmoid of Keras: perhaps they are logits already. "
            f"Received: {getattr(model, 'name', None) or repr(model):.80}"
        )

    return before
