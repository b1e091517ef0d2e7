"""Optimization: how a gradient becomes a step. Six rules by hand, each equal to Keras, and what tells them apart.

Chapter: optimization. What needs Keras is loaded when it is first asked for.
"""

from .rules import Moments, adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd, walk

__all__ = ["Moments", "adagrad", "adam", "adamw", "momentum", "nesterov", "rmsprop", "sgd", "walk"]
