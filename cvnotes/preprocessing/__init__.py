"""Preprocessing: statistics fitted on training data, and what is done to pictures with them. Chapter: preprocessing."""

from .scaling import Scaling, apply, fit_centre, fit_range, fit_standard, undo
from .whitening import Basis, eigenbasis, explained, restore, rotate, whiten, whitening_matrix, zca

__all__ = [
    "Basis",
    "Scaling",
    "apply",
    "eigenbasis",
    "explained",
    "fit_centre",
    "fit_range",
    "fit_standard",
    "restore",
    "rotate",
    "undo",
    "whiten",
    "whitening_matrix",
    "zca",
]
