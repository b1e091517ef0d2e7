"""Callbacks that watch and steer a training, with any Keras backend. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes.checks import whole

Rule = Callable[[int], float]


class UpdateRatio(keras.callbacks.Callback):
    r"""Log how far each kernel moves in a step, beside its own length.

    .. math:: \rho = \lVert \Delta W \rVert / \lVert W \rVert

    Works with any optimizer, as it looks at the weights before and after. Biases are left out, and so is whatever is
    all zero before the step: the ratio of a first step from zero is no number.
    every: look at one step in so many. `ratios` maps the path of each kernel to its list, `lengths` to its norms.
    Chapter: tuning.
    """

    def __init__(self, every: int = 1):
        super().__init__()
        self.every = whole("every", every, 1)
        self.ratios: dict[str, list[float]] = {}
        self.lengths: dict[str, list[float]] = {}
        self.medians: list[float] = []
        self.before: dict[str, np.ndarray] = {}

    def on_train_batch_begin(self, batch, logs=None):
        """Keep a copy of all kernels."""
        self.before = kernels(self.model) if batch % self.every == 0 else {}

    def on_train_batch_end(self, batch, logs=None):
        """Compare with the copy."""
        after, seen = kernels(self.model) if self.before else {}, []
        for path, old in self.before.items():
            length = float(np.linalg.norm(old))
            if length > 0:
                seen.append(float(np.linalg.norm(after[path] - old)) / length)
                self.ratios.setdefault(path, []).append(seen[-1])
                self.lengths.setdefault(path, []).append(length)
        if seen:
            self.medians.append(float(np.median(seen)))

    def per_step(self) -> np.ndarray:
        """The median over kernels at each step looked at, (steps,); steps that were no numbers are left out."""
        found = np.array(self.medians)
        return found[np.isfinite(found)]


def kernels(model: keras.Model) -> dict[str, np.ndarray]:
    """All trainable weights of two axes or more, by path: no biases, no scales."""
    return {w.path: keras.ops.convert_to_numpy(w).copy() for w in model.trainable_weights if len(w.shape) > 1}


@keras.saving.register_keras_serializable(package="cvnotes")
class SteeredSGD(keras.optimizers.SGD):
    r"""SGD whose momentum is a variable, so that it can change while training runs.

    .. math:: v \leftarrow \mu_t v - \eta g, \qquad w \leftarrow w + v

    Keras's own SGD takes momentum as a plain number: a compiled training step never notices a new one.
    Set `steer` (or let `Steering` do it). Raises ValueError for a momentum outside (0, 1) and for Nesterov's form.
    Chapter: tuning.
    """

    def __init__(self, learning_rate=0.01, momentum: float = 0.9, **options):
        super().__init__(learning_rate, momentum=momentum, **options)
        if not 0 < momentum < 1:
            raise ValueError(f"momentum must lie between 0 and 1. Received: momentum={momentum!r}")
        if self.nesterov:
            raise ValueError("SteeredSGD has no Nesterov form: leave it out. Received: nesterov=True")

    def build(self, variables):
        """Add the variable to SGD's own."""
        if not self.built:
            super().build(variables)
            self.steer = self.add_variable((), initializer=keras.initializers.Constant(self.momentum), name="steer")

    def update_step(self, gradient, variable, learning_rate):
        """One step of one weight array."""
        m = self.momentums[self._get_variable_index(variable)]
        pulled = keras.ops.cast(gradient, variable.dtype) * keras.ops.cast(learning_rate, variable.dtype)
        self.assign(m, m * keras.ops.cast(self.steer, variable.dtype) - pulled)
        self.assign_add(variable, m)


class Steering(keras.callbacks.Callback):
    """Set the momentum, the learning rate or both before every step, each by a rule: a function of the step.

    Raises ValueError without any rule; when training begins, for `momentum` with another optimizer than `SteeredSGD`,
    and for `rate` with an optimizer that follows a schedule. Chapter: tuning.
    """

    def __init__(self, momentum: Rule | None = None, rate: Rule | None = None):
        super().__init__()
        rules = [rule for rule in (momentum, rate) if rule is not None]
        if not rules or not all(map(callable, rules)):
            raise ValueError(f"Give functions of the step. Received: momentum={momentum!r}, rate={rate!r}")
        self.momentum, self.rate = momentum, rate

    def on_train_begin(self, logs=None):
        """Refuse an optimizer that would not listen."""
        if self.momentum and not isinstance(self.model.optimizer, SteeredSGD):
            raise ValueError(f"momentum can be steered in SteeredSGD. Received: {type(self.model.optimizer).__name__}")
        if self.rate and not isinstance(self.model.optimizer.learning_rate, keras.Variable):
            raise ValueError("A schedule sets the rate already: give the optimizer a number. Received: both")

    def on_train_batch_begin(self, batch, logs=None):
        """Steer."""
        optimizer = self.model.optimizer
        step = int(keras.ops.convert_to_numpy(optimizer.iterations))
        if self.momentum:
            optimizer.steer.assign(self.momentum(step))
        if self.rate:
            optimizer.learning_rate.assign(self.rate(step))
