"""Early stopping: end training when the validation loss no longer falls, and take the best weights back.

Chapter: regularization.
"""

from __future__ import annotations

import math

import numpy as np

from cvnotes.backpropagation import Network
from cvnotes.checks import whole

from .nets import copied, put_back


class EarlyStopping:
    """Watch a number that should fall, and remember the weights of its lowest value.

    patience: passes without a new lowest value that are allowed. Chapter: regularization.
    """

    def __init__(self, patience: int):
        self.patience = whole("patience", patience, 1)
        self.best, self.best_pass, self.passes, self.weights = math.inf, 0, 0, []

    def enough(self, loss: float, network: Network) -> bool:
        """Tell whether it is time to stop. Raises ValueError for NaN, which is no loss."""
        if math.isnan(loss):
            raise ValueError("the loss must be a number: smaller steps may help. Received: nan")
        self.passes += 1
        if loss < self.best:
            self.best, self.best_pass = loss, self.passes
            self.weights = copied(network)
        return self.passes - self.best_pass >= self.patience

    def restore(self, network: Network) -> None:
        """Put the weights of the best pass back. Raises ValueError if there was none."""
        if not self.weights:
            raise ValueError("No finite loss was noted. Received: no pass to go back to")
        put_back(network, self.weights)


def stopped(curvatures: np.ndarray, rate: float, steps: int) -> np.ndarray:
    r"""How much of the way to the bottom of a bowl plain descent from zero has gone.

    .. math:: w_i = \bigl(1 - (1 - \eta h_i)^t\bigr)\, w_i^*

    curvatures: :math:`h_i`, with :math:`0 < \eta h_i < 1`; rate: :math:`\eta`; steps: :math:`t`.
    Raises ValueError outside that range. Source: Goodfellow et al. (2016), section 7.8. Chapter: regularization.
    """
    curvatures = np.asarray(curvatures, float)
    if not np.all((curvatures * rate > 0) & (curvatures * rate < 1)):
        raise ValueError(f"rate times curvature must lie between 0 and 1. Received: {curvatures * rate}")
    return -np.expm1(whole("steps", steps, 0) * np.log1p(-rate * curvatures))  # exact where the curvature is tiny


def equal_strength(curvatures: np.ndarray, rate: float, steps: int) -> np.ndarray:
    r"""The :math:`\lambda` of an L2 penalty that shrinks each direction as much as stopping does.

    .. math:: \frac{h}{h + \lambda} = 1 - (1 - \eta h)^t
              \quad\Longleftrightarrow\quad \lambda = \frac{h\,(1 - \eta h)^t}{1 - (1 - \eta h)^t}
              \approx \frac{1}{\eta t}

    The approximation holds where :math:`\eta h t` is small. Chapter: regularization.
    """
    gone = stopped(curvatures, rate, whole("steps", steps, 1))
    return np.asarray(curvatures, float) * (1 - gone) / gone
