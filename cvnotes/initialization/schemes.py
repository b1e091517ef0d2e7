"""How large first weights are: four rules, each a standard deviation from the number of inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvnotes.checks import whole

#: Name of the rule: standard deviation of a weight, from fan-in and fan-out.
SCHEMES: dict[str, Callable[[int, int], float]] = {
    "0.01": lambda fan_in, fan_out: 0.01,
    "1/√n": lambda fan_in, fan_out: (1 / fan_in) ** 0.5,
    "Glorot": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "He": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
}


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Count the inputs that feed one output (fan-in), and the outputs that one input feeds (fan-out).

    shape: of a dense kernel (in, out), or of a convolution's (height, width, in, out), where the window counts on both
    sides. Raises ValueError for other shapes. Source: Glorot and Bengio (2010). Chapter: initialization.
    """
    sizes = [whole("shape", n, 1) for n in (shape if isinstance(shape, (tuple, list)) else [shape])]
    if len(sizes) not in (2, 4):
        raise ValueError(f"shape is (in, out) or (height, width, in, out). Received: {shape!r}")
    window = int(np.prod(sizes[:-2]))
    return window * sizes[-2], window * sizes[-1]


def deviation(scheme: str, fan_in: int, fan_out: int) -> float:
    r"""Give the standard deviation of one weight: 0.01, $\sqrt{1/n}$, $\sqrt{2/(n+m)}$ or $\sqrt{2/n}$.

    n is the fan-in, m the fan-out. Raises ValueError for a rule that is not in `SCHEMES` and fans below 1.
    Source: Glorot and Bengio (2010), equation 12; He et al. (2015), equation 10. Chapter: initialization.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}. Received: scheme={scheme!r}")
    return SCHEMES[scheme](whole("fan_in", fan_in, 1), whole("fan_out", fan_out, 1))


def draw(scheme: str, shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw Gaussian weights of a shape with the deviation of a rule, in float64. Errors as `fans` and `deviation`.

    Chapter: initialization.
    """
    return rng.normal(0.0, deviation(scheme, *fans(shape)), tuple(shape))
