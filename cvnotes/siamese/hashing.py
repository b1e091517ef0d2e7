"""Bits instead of numbers: on which side of random planes a code lies, and how many such answers two codes share.

Chapter: matching.
"""

from __future__ import annotations

import hashlib

import numpy as np

from cvnotes.checks import whole

from .measures import finite_rows


def hyperplanes(length: int, bits: int, seed: int = 0) -> np.ndarray:
    """Draw the normals of `bits` random planes through zero: (length, bits), every direction alike. Chapter: matching.

    Raises ``ValueError`` for sizes below 1 and a seed below 0.
    """
    dice = np.random.default_rng(whole("seed", seed, 0))
    return dice.normal(size=(whole("length", length, 1), whole("bits", bits, 1)))


def hash_bits(codes: np.ndarray, planes: np.ndarray) -> np.ndarray:
    r"""One bit for each plane, packed eight to a byte: codes (n, d) -> uint8 (n, bits / 8, rounded up).

    .. math:: b_k(c) = [\, c \cdot r_k > 0 \,], \qquad P(b_k(c) \ne b_k(c')) = \angle(c, c') / \pi

    planes: (d, bits), see `hyperplanes`. Bits that fill up the last byte are 0 in every hash.
    Raises ``ValueError`` unless both have one length d and are finite.
    Source: Charikar (2002), section 3. Chapter: matching.
    """
    codes, planes = finite_rows(codes), finite_rows(planes, "planes")
    if codes.shape[1] != len(planes):
        raise ValueError(f"Give codes (n, d) and planes (d, bits). Received: {codes.shape} and {planes.shape}")
    return np.packbits(codes @ planes > 0, axis=1)


def hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many bits of two hashes differ, all against all: uint8 (n, k) and (m, k) -> (n, m) whole numbers.

    Raises ``ValueError`` unless both are bytes of one length. Chapter: matching.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != np.uint8 or b.dtype != np.uint8 or a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"Give hashes as bytes (n, k) and (m, k). Received: {a.dtype} {a.shape} and {b.dtype} {b.shape}"
        )
    differing = np.zeros((len(a), len(b)), int)
    for byte in range(a.shape[1]):  # one byte at a time: the table n x m is held once, not k times
        differing += np.bitwise_count(a[:, None, byte] ^ b[None, :, byte])
    return differing


def angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""The angle between codes, all against all: (n, d) and (m, d) -> (n, m), from 0 to :math:`\pi`.

    Raises ``ValueError`` for codes of unequal length or not finite, and for a code of zeros, which has no direction.
    Chapter: matching.
    """
    a, b = finite_rows(a), finite_rows(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Codes must have one length. Received: {a.shape} and {b.shape}")
    with np.errstate(over="ignore"):
        lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in (a, b)]
    if not all(((length > 0) & (length < np.inf)).all() for length in lengths):
        raise ValueError("A code of zeros has no direction, nor one too long for a float. Received: at least one")
    return np.arccos(np.clip((a / lengths[0]) @ (b / lengths[1]).T, -1, 1))


def digest_bits(codes: np.ndarray) -> np.ndarray:
    """The 256 bits of SHA-256 of each code's bytes, (n, d) -> (n, 32): a hash that keeps nothing of what was near.

    Raises ``ValueError`` for codes of another shape. Chapter: matching.
    """
    rows = np.ascontiguousarray(codes)
    if rows.ndim != 2:
        raise ValueError(f"Give rows of codes, (number, length). Received: shape {np.shape(codes)}")
    found = [np.frombuffer(hashlib.sha256(row.tobytes()).digest(), np.uint8) for row in rows]
    return np.array(found, np.uint8).reshape(len(rows), 32)
