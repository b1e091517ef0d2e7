"""Plucked notes, of which pitch and decay are known, and an ear that needs no net.

Chapter: generators. A wave is (n, 64, 1): one window of time. A pitch is in cycles per window.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

LENGTH = 64  # samples in a window
PITCHES = (3.0, 9.0)  # of the notes, evenly likely
DECAY = 0.35  # windows in which a note falls to 1 / e
HISS = 0.02  # deviation of the noise in each sample
GRID = np.linspace(0.5, 16, 621)  # pitches that the ear tries


def notes(pitch: np.ndarray, phase: np.ndarray) -> np.ndarray:
    r"""Play clean notes: :math:`e^{-t / \tau} \cos(2 \pi f t + \phi)`, t from 0 to 1.

    pitch: (n,) cycles per window; phase: (n,) radians. Gives (n, 64, 1). Raises ValueError if they are not as many, or
    not finite. Chapter: generators.
    """
    pitch, phase = (np.asarray(v, dtype=float) for v in (pitch, phase))
    if pitch.ndim != 1 or pitch.shape != phase.shape or not np.isfinite([pitch, phase]).all():
        raise ValueError(f"Give one finite pitch and phase a note. Received: {pitch.shape} and {phase.shape}")
    turns = 2 * np.pi * np.outer(pitch, _times()) + phase[:, None]
    return (_envelope() * np.cos(turns))[..., None].astype("float32")


def draw(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw notes of any phase, evenly over the pitches, with a little hiss: (count, 64, 1)."""
    count = whole("count", count, 0)
    clean = notes(rng.uniform(*PITCHES, count), rng.uniform(0, 2 * np.pi, count))
    return clean + HISS * rng.normal(size=clean.shape).astype("float32")


class Heard(NamedTuple):
    """What the ear makes of waves: the pitch of the note that fits best, (n,), and its share of the energy, (n,)."""

    pitch: np.ndarray
    share: np.ndarray


def hear(waves: np.ndarray) -> Heard:
    r"""Fit to each wave the note, of any pitch, phase and loudness, that leaves least; decay as it is in the data.

    .. math:: \max_f \frac{|Q_f^\top x|^2}{|x|^2}

    where the columns of Q span the two phases of a note of pitch f. Silence gets a share of 0.
    waves: (n, 64, 1) or (n, 64). Raises ValueError for other shapes or NaN. Chapter: generators.
    """
    rows = _rows(waves)
    held = np.square(np.tensordot(rows, _pairs(), axes=(1, 1))).sum(-1)
    energy = np.square(rows).sum(1)
    return Heard(GRID[held.argmax(1)], held.max(1, initial=0) / np.where(energy > 0, energy, 1))


def spectrum(waves: np.ndarray) -> np.ndarray:
    """Give the mean energy at 0, 1 ... 32 cycles per window: (33,). Raises ValueError for no waves, or as `hear`."""
    rows = _rows(waves)
    if not len(rows):
        raise ValueError("A mean spectrum needs at least one wave. Received: none")
    return np.square(np.abs(np.fft.rfft(rows))).mean(0) / LENGTH


def coloured_noise(waves: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from the normal law that has mean and covariance of these waves, so the same mean spectrum: (count, 64, 1).

    Raises ValueError for fewer than two waves, or as `hear`. Chapter: generators.
    """
    rows = _rows(waves)
    if len(rows) < 2:
        raise ValueError(f"A covariance needs two or more waves. Received: {len(rows)}")
    drawn = rng.multivariate_normal(rows.mean(0), np.cov(rows.T), whole("count", count, 0), method="cholesky")
    return drawn[..., None].astype("float32")


def _rows(waves: np.ndarray) -> np.ndarray:
    rows = np.asarray(waves, dtype=float)
    rows = rows[..., 0] if rows.ndim == 3 and rows.shape[2] == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != LENGTH or not np.isfinite(rows).all():
        raise ValueError(f"Waves must be finite, (n, {LENGTH}, 1). Received: shape {np.shape(waves)}, finite or not")
    return rows


def _times() -> np.ndarray:
    return np.arange(LENGTH) / LENGTH


def _envelope() -> np.ndarray:
    return np.exp(-_times() / DECAY)


@functools.lru_cache(maxsize=1)
def _pairs() -> np.ndarray:
    """For each pitch two orthonormal columns that span its phases: (pitches, 64, 2)."""
    turns = 2 * np.pi * np.outer(GRID, _times())
    both = _envelope()[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    return np.linalg.qr(both)[0]
