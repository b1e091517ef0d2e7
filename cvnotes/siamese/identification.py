"""Who is it? A name out of a gallery, where everybody is in it and where some are not. Chapter: faces."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole

from .enrolment import read_doors


def nearer_strangers(distance: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How many strangers' templates are at least as near to each probe as its own: (n,), 0 where it is named rightly.

    distance: (n, people). own: (n,), the column of a probe's person. A tie counts against the probe.
    Raises ``ValueError`` for a probe without a person among the columns. Chapter: faces.
    """
    distance, own = read_doors(distance, own, least=0)
    mine = distance[np.arange(len(own)), own]
    return (distance <= mine[:, None]).sum(axis=1) - 1


def cumulative_match(distance: np.ndarray, own: np.ndarray, most: int) -> np.ndarray:
    """The share of probes whose person is among the k nearest, for k from 1 to `most`: (most,).

    This is the closed set: everybody who comes is enrolled. Arguments and errors as `nearer_strangers`.
    Source: Phillips, Grother and Micheals (2011), section 3. Chapter: faces.
    """
    places = nearer_strangers(distance, own)
    return (places[:, None] < 1 + np.arange(whole("most", most, 1))).mean(axis=0)


def open_set(distance: np.ndarray, own: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Some who come are not enrolled: shares of strangers let in, and of the enrolled let in under their own name.

    .. math::
        \mathrm{FAR}(t) = P(\min_j d_j \le t \mid \text{stranger}), \qquad
        \mathrm{DIR}(t) = P(d_\text{own} \le t,\ d_\text{own} < \min_{j \ne \text{own}} d_j \mid \text{enrolled})

    distance: (n, people). own: (n,), the column of a probe's person, -1 for a stranger. thresholds: (k,).
    Gives two arrays (k,). Raises ``ValueError`` without a probe of either kind, and for a threshold that is NaN.
    Source: Phillips, Grother and Micheals (2011), section 3. Chapter: faces.
    """
    distance, own = read_doors(distance, own, least=-1)
    thresholds = np.asarray(thresholds, "float64")
    unknown = own == -1
    if unknown.all() or not unknown.any() or np.isnan(thresholds).any():
        raise ValueError(f"Give strangers (-1), enrolled people, and thresholds. Received: own {own!r:.60}")
    strangers = distance[unknown].min(axis=1)
    mine = distance[~unknown, own[~unknown]]
    right = nearer_strangers(distance[~unknown], own[~unknown]) == 0
    named = right[:, None] & (mine[:, None] <= thresholds)
    return (strangers[:, None] <= thresholds).mean(axis=0), named.mean(axis=0)
