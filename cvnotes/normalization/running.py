"""What a batch normalization remembers for the time after training: running averages of its batches' moments."""

from __future__ import annotations

import math

from cvnotes.checks import number, whole


def share_seen(momentum: float, steps: int) -> float:
    r"""How much of a running average comes from batches; the rest is its first value.

    $$ m_t = \mu\, m_{t-1} + (1 - \mu)\,b
       \quad\Longrightarrow\quad m_t = \mu^t m_0 + (1 - \mu^t)\, b $$

    momentum: the old value's share in each update, from 0 to below 1 (PyTorch calls one
    minus that momentum). Raises ValueError for another momentum, and for steps below 0.
    Chapter: normalization.
    """
    return 1 - number("momentum", momentum, 0, below=1) ** whole("steps", steps, 0)


def steps_until(share: float, momentum: float) -> int:
    r"""The first step at which that share of the running average comes from batches.

    $$ t = \lceil \ln(1 - s) / \ln\mu \rceil $$

    share: s, from 0 to below 1. Raises ValueError for another share or momentum.
    Chapter: normalization.
    """
    share, momentum = number("share", share, 0, below=1), number("momentum", momentum, 0, below=1)
    if share == 0 or momentum == 0:
        return int(share > 0)
    steps = math.log1p(-share) / math.log(momentum)
    return max(1, math.ceil(steps - 1e-9))  # rounding must not add a step
