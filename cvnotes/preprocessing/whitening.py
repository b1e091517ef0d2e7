"""Rotate data into the axes of their own spread, and make that spread the same in every direction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, whole

from .scaling import numbers


class Basis(NamedTuple):
    """The axes of a cloud: its mean (D,), the variances along its axes (D,), largest first, and the axes (D, D).

    Column k of `axes` is a unit vector, the direction with the k-th largest variance.
    """

    mean: np.ndarray
    variances: np.ndarray
    axes: np.ndarray


def eigenbasis(x: np.ndarray) -> Basis:
    r"""Find mean, covariance and the eigenvectors of the covariance.

    .. math:: \Sigma = \tfrac1N \sum_n (x_n - \mu)(x_n - \mu)^\top = U \Lambda U^\top

    x: (N, D), one example a row, N at least 2. Each axis points where its largest entry is positive.
    Raises ValueError for other shapes, NaN, and fewer than two rows. Source: Hotelling (1933). Chapter: preprocessing.
    """
    x = _rows(x)
    if len(x) < 2:
        raise ValueError(f"A spread needs at least two rows. Received: {len(x)}")
    centred = x - x.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(x))  # least first
    axes = axes[:, ::-1]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return Basis(x.mean(axis=0), np.maximum(variances[::-1], 0), axes * signs)


def rotate(basis: Basis, x: np.ndarray, components: int | None = None) -> np.ndarray:
    r"""Write rows in the axes of the cloud: $(x - \mu)\,U$, or in its first few axes alone (PCA).

    x: (N, D). Returns (N, components). Raises ValueError for other shapes and for more components than D.
    Chapter: preprocessing.
    """
    kept = len(basis.mean) if components is None else whole("components", components, 1, len(basis.mean))
    return (_fits(basis, x) - basis.mean) @ basis.axes[:, :kept]


def restore(basis: Basis, rotated: np.ndarray) -> np.ndarray:
    r"""Go back from the first k axes to the features: $z\,U_k^\top + \mu$. Exact for k = D.

    rotated: (N, k). Returns (N, D). Raises ValueError for other shapes and for more axes than D.
    Chapter: preprocessing.
    """
    rotated = _rows(rotated)
    whole("components", rotated.shape[1], 1, len(basis.mean))
    return rotated @ basis.axes[:, : rotated.shape[1]].T + basis.mean


def explained(basis: Basis, components: int) -> float:
    """Give the share of the variance that lies in the first `components` axes, from 0 to 1.

    Raises ValueError for fewer than 1 or more than D, and for a cloud without any variance. Chapter: preprocessing.
    """
    if not basis.variances.sum() > 0:
        raise ValueError("All rows are equal: there is no variance to share. Received: variances of 0")
    kept = basis.variances[: whole("components", components, 1, len(basis.mean))]
    return float(kept.sum() / basis.variances.sum())


def whiten(basis: Basis, x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    r"""Give every axis of the cloud the variance one: $(x - \mu)\,U\,(\Lambda + \epsilon)^{-1/2}$.

    Variance along axis k becomes $\lambda_k / (\lambda_k + \epsilon)$: one, except where there was next to none.
    x: (N, D); eps: a variance, in squared units of x. Raises ValueError for a negative eps, and for eps = 0 where an
    axis has no variance. Chapter: preprocessing.
    """
    return rotate(basis, x) / np.sqrt(_spread(basis, eps))


def zca(basis: Basis, x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    r"""Whiten, then turn back: $(x - \mu)\,U\,(\Lambda + \epsilon)^{-1/2}\,U^\top$. Of all whitenings the nearest to x.

    Arguments and errors as `whiten`. Source: Bell and Sejnowski (1997). Chapter: preprocessing.
    """
    return whiten(basis, x, eps) @ basis.axes.T


def whitening_matrix(basis: Basis, eps: float = 1e-5) -> np.ndarray:
    r"""Give the symmetric matrix $W = U(\Lambda + \epsilon)^{-1/2}U^\top$ of `zca`, (D, D). Chapter: preprocessing."""
    return (basis.axes / np.sqrt(_spread(basis, eps))) @ basis.axes.T


def _spread(basis: Basis, eps: float) -> np.ndarray:
    """The variances with eps added, or an error before a division by zero or by what rounding left of it."""
    eps = number("eps", eps, 0)
    rounding = len(basis.variances) * np.finfo(float).eps * basis.variances.max()
    flat = int((basis.variances <= rounding).sum())
    if eps == 0 and flat:
        raise ValueError(f"{flat} axes have no variance: give eps > 0, or drop them. Received: eps={eps!r}")
    return basis.variances + float(eps)


def _rows(x: np.ndarray) -> np.ndarray:
    x = numbers(x)
    if x.ndim != 2:
        raise ValueError(f"Give one example a row, (N, D): flatten pictures first. Received: shape {x.shape}")
    return x


def _fits(basis: Basis, x: np.ndarray) -> np.ndarray:
    x = _rows(x)
    if x.shape[1] != len(basis.mean):
        raise ValueError(f"Fitted on {len(basis.mean)} features. Received: {x.shape[1]}")
    return x
