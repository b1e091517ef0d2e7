"""Learning rates over time, by hand, and the Keras schedule that each of them is. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cvnotes.checks import number, whole

if TYPE_CHECKING:
    import keras

Schedule = Callable[[np.ndarray], np.ndarray]
KINDS = ("constant", "step", "exponential", "1/t", "cosine", "warm-up, cosine")
END = 0.01  # what the first three decays leave of the rate after all steps
WARM = 0.2  # share of the steps that warm-up takes


def step_decay(step: Any, rate: float, factor: float, every: int) -> np.ndarray:
    r"""Multiply the rate by a factor, once in so many steps.

    .. math:: \eta_t = \eta_0 \, f^{\lfloor t / T \rfloor}

    step: t, a number or an array, 0 at the first update. rate: :math:`\eta_0`. factor: f. every: T, in steps.
    Raises ValueError for a step below 0, or a rate, factor or `every` that is not above 0.
    Chapter: tuning.
    """
    return rate * factor ** np.floor(_steps(step, rate=rate, factor=factor, every=every) / every)


def exponential_decay(step: Any, rate: float, factor: float, every: int) -> np.ndarray:
    r"""The same without stairs: :math:`\eta_t = \eta_0 f^{t/T} = \eta_0 e^{-kt}` with :math:`k = -\ln f / T`.

    Arguments and errors as in `step_decay`. Chapter: tuning.
    """
    return rate * factor ** (_steps(step, rate=rate, factor=factor, every=every) / every)


def inverse_time_decay(step: Any, rate: float, decay: float, every: int) -> np.ndarray:
    r"""Decay with one over time: :math:`\eta_t = \eta_0 / (1 + k t / T)`.

    decay: k, above 0. Other arguments and errors as in `step_decay`. Chapter: tuning.
    """
    return rate / (1 + decay * _steps(step, rate=rate, decay=decay, every=every) / every)


def cosine_decay(step: Any, rate: float, steps: int) -> np.ndarray:
    r"""Half a wave from the rate down to zero, and zero from then on.

    .. math:: \eta_t = \tfrac12 \eta_0 \Bigl(1 + \cos \frac{\pi \min(t, T)}{T}\Bigr)

    steps: T. Source: Loshchilov and Hutter (2017), equation 5, without restarts. Chapter: tuning.
    """
    step = np.minimum(_steps(step, rate=rate, steps=steps), steps)
    return rate * (1 + np.cos(np.pi * step / steps)) / 2


def warm_up(step: Any, rate: float, warm: int, after: Schedule) -> np.ndarray:
    r"""Rise from zero to the rate in a straight line over `warm` steps, then follow `after`, counted from there.

    .. math:: \eta_t = \eta_0\, t / T_w \;\;\text{for}\; t < T_w, \qquad \eta_t = \text{after}(t - T_w) \;\;\text{else}

    Source: Goyal et al. (2017), section 2.2. Chapter: tuning.
    """
    step = _steps(step, rate=rate, warm=warm)
    return np.where(step < warm, rate * step / warm, after(np.maximum(step - warm, 0)))


def by_hand(kind: str, rate: float, steps: int) -> Schedule:
    """One of `KINDS` over so many steps.

    Raises ValueError for another kind, a rate that is not above 0 and fewer than two steps. Chapter: tuning.
    """
    _steps(0, rate=rate)
    third, warm = _parts(steps)
    kinds: dict[str, Schedule] = {
        "constant": lambda t: rate + 0.0 * _steps(t, rate=rate),
        "step": lambda t: step_decay(t, rate, END**0.5, third),
        "exponential": lambda t: exponential_decay(t, rate, END, steps),
        "1/t": lambda t: inverse_time_decay(t, rate, 1 / END - 1, steps),
        "cosine": lambda t: cosine_decay(t, rate, steps),
        "warm-up, cosine": lambda t: warm_up(t, rate, warm, lambda s: cosine_decay(s, rate, steps - warm)),
    }
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: kind={kind!r}")
    return kinds[kind]


def by_keras(kind: str, rate: float, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The same from Keras, ready for any of its optimizers. Raises ValueError as `by_hand`. Chapter: tuning."""
    from keras.optimizers import schedules

    by_hand(kind, rate, steps)
    third, warm = _parts(steps)
    return {
        "constant": lambda: rate,
        "step": lambda: schedules.ExponentialDecay(rate, third, END**0.5, staircase=True),
        "exponential": lambda: schedules.ExponentialDecay(rate, steps, END),
        "1/t": lambda: schedules.InverseTimeDecay(rate, steps, 1 / END - 1),
        "cosine": lambda: schedules.CosineDecay(rate, steps),
        "warm-up, cosine": lambda: schedules.CosineDecay(0.0, steps - warm, warmup_target=rate, warmup_steps=warm),
    }[kind]()


def _parts(steps: int) -> tuple[int, int]:
    """Steps between two stairs, and steps of warm-up: at least one each, and one to fall in after the warm-up."""
    steps = whole("steps", steps, 2)
    return max(steps // 3, 1), max(round(WARM * steps), 1)


def _steps(step: Any, **positive: float) -> np.ndarray:
    """The steps as an array, after a look at the other numbers."""
    for name, value in positive.items():
        number(name, value, above=0)
    step = np.asarray(step)
    if step.dtype.kind not in "fiu" or not np.all(step >= 0):
        raise ValueError(f"step counts updates from 0. Received: {step!r:.80}")
    return step.astype(float)
