"""Two mixtures of colours: which colours the object has, and which the background."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from cvnotes.checks import whole

from .links import checked_picture

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

COMPONENTS = 5  # as in the paper
FINEST = 1 / 255  # one step of a byte: no component of a mixture is narrower
STEPS = 10  # of EM at a time


def fit_mixture(
    colours: np.ndarray, components: int = COMPONENTS, before: GaussianMixture | None = None, seed: int = 0
) -> GaussianMixture:
    """Fit a mixture of Gaussians to colours (n, channels) in [0, 1], by at most ten steps of EM.

    before: a mixture to go on from; without one, k-means makes the start. With fewer colours than components, the
    mixture has fewer; one that is gone on from stays as it is. seed: of the dice of k-means.
    Raises ValueError for no colour without a mixture before, and NaN.
    Source: Dempster, Laird and Rubin (1977), for EM. Chapter: grabcut.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    colours = _checked(colours)
    if before is not None and len(colours) < before.n_components:
        return before
    if not len(colours):
        raise ValueError("A mixture needs at least one colour: is there a seed of each label? Received: none")
    components = min(whole("components", components, 1), len(colours)) if before is None else before.n_components
    start = {} if before is None else _state(before)
    mixture = GaussianMixture(components, reg_covar=FINEST**2, max_iter=STEPS, random_state=seed, **start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten steps are all that is asked for
        return mixture.fit(colours if len(colours) > 1 else np.repeat(colours, 2, axis=0))


def _state(mixture: GaussianMixture) -> dict[str, np.ndarray]:
    """What another mixture needs to begin where this one stands."""
    return {
        "weights_init": mixture.weights_,
        "means_init": mixture.means_,
        "precisions_init": mixture.precisions_,
    }


def surprise(mixture: GaussianMixture, image: np.ndarray) -> np.ndarray:
    r"""How badly each pixel fits a mixture: the negative logarithm of its density, (h, w) in nats.

    .. math:: D_n = -\log \sum_k \pi_k \, \mathcal N(z_n; \mu_k, \Sigma_k)

    image: (h, w, channels) in [0, 1]. Densities exceed 1 where colours are alike, so D may be negative.
    Raises ValueError for another shape, NaN, and other numbers.
    Source: Rother, Kolmogorov and Blake (2004), equation 8, with the sum in place of its best term. Chapter: grabcut.
    """
    height, width, channels = checked_picture(image).shape
    return -mixture.score_samples(_checked(np.reshape(image, (-1, channels)))).reshape(height, width)


def _checked(colours: np.ndarray) -> np.ndarray:
    colours = np.asarray(colours, np.float64)
    if colours.ndim != 2 or not np.isfinite(colours).all():
        raise ValueError(f"Colours are finite numbers, (n, channels). Received: {colours.shape}, or NaN among them")
    if colours.size and not -1e-6 <= colours.min() <= colours.max() <= 1 + 1e-6:
        told = f"{colours.min():g} to {colours.max():g}"
        raise ValueError(f"Colours run from 0 to 1: divide bytes by 255. Received: {told}")
    return colours
