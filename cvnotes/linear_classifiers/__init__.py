"""Linear classifiers: scores, their losses, and gradients that are checked before they are used.

Chapters: linear_classifiers, losses, gradients. What needs Keras is loaded when it is first asked for.
"""

from .checking import GradientCheck, check_gradient, kinks, numerical_gradient, relative_error
from .losses import hinge_loop, hinge_loss, hinge_losses, softmax, softmax_loss, softmax_losses
from .neighbours import (
    NearestNeighbours,
    cross_validate,
    distances,
    distances_block,
    distances_one_loop,
    distances_two_loops,
    folds,
    nearest,
    vote,
)
from .scores import flatten, linear_scores, paired_ceiling, penalised_loss, train_softmax, with_ones

__all__ = [
    "GradientCheck",
    "NearestNeighbours",
    "check_gradient",
    "cross_validate",
    "distances",
    "distances_block",
    "distances_one_loop",
    "distances_two_loops",
    "flatten",
    "folds",
    "hinge_loop",
    "hinge_loss",
    "hinge_losses",
    "kinks",
    "linear_scores",
    "nearest",
    "numerical_gradient",
    "paired_ceiling",
    "penalised_loss",
    "relative_error",
    "softmax",
    "softmax_loss",
    "softmax_losses",
    "train_softmax",
    "vote",
    "with_ones",
]
