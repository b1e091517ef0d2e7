"""Stored experiment: signatures of hands that no net has seen, and what copies do to it.

Chapter: matching.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import keras
import numpy as np

from cvnotes import experiments

from .hands import Signatures, sign
from .losses import contrastive_loss
from .one_shot import draw_episodes, named_right
from .trials import named
from .trials_matching import apart, counted, flat, verified
from .twins import Twin, codes_of, encoder

HANDS = {"few": (10, False), "many": (200, False), "many and copies": (200, True)}  # in training; are copies?
TRAINING, TEST = 1, 2  # seeds of the hands
PAIRS, PASSES, HAND_RATE = 6_000, {"quick": 2, "full": 6}, 5e-3  # chosen with hands of seed 3
WAYS = (2, 5, 10, 20, 50)


@functools.cache
def signatures(seed: int, writers: int) -> Signatures:
    """Eight signatures of each hand and four copies, drawn once."""
    return sign(writers, seed=seed)


def hand_pairs(drawn: Signatures, seed: int = 0) -> dict[str, np.ndarray]:
    """Pairs of rows by what the second is to the first, a genuine one: by the same hand, by another, or a copy."""
    dice = np.random.default_rng(seed)
    own, copy = (np.flatnonzero(drawn.genuine == real) for real in (True, False))
    alike = {
        kind: drawn.writers[own][:, None] == drawn.writers[of][None] for kind, of in (("own", own), ("copy", copy))
    }
    first, second = np.nonzero(np.triu(alike["own"], 1))
    signed, copied = np.nonzero(alike["copy"])
    others = dice.choice(own, (4 * len(first), 2))
    others = others[drawn.writers[others[:, 0]] != drawn.writers[others[:, 1]]]
    pairs = {"own": (own[first], own[second]), "copy": (own[signed], copy[copied])}
    return {kind: np.stack(two, 1) for kind, two in pairs.items()} | {"other": others}


def lessons(writers: int, copies: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs to learn from: half by one hand; the others by two hands, or half of them copies: pairs and same."""
    drawn, dice = signatures(TRAINING, max(count for count, _ in HANDS.values())), np.random.default_rng(seed)
    known = drawn.writers < writers
    part = Signatures(drawn.images[known], drawn.writers[known], drawn.genuine[known])
    kinds, half = hand_pairs(part, seed), PAIRS // 2
    counts = {"own": half, "other": half // 2 if copies else half, "copy": half // 2 if copies else 0}
    rows = np.concatenate([dice.choice(kinds[kind], count) for kind, count in counts.items()])
    return part.images[rows], (np.arange(len(rows)) < half).astype("float32")


def hand_net(writers: int, copies: bool, epochs: int, seed: int) -> keras.Model:
    """Teach a small ConvNet with pairs of signatures and the contrastive loss."""
    pairs, same = lessons(writers, copies, seed)
    keras.utils.set_random_seed(seed)
    net = encoder((24, 24, 1), filters=(8, 16, 16), hidden=())
    loss = {"loss": lambda y, d: contrastive_loss(d, y)}
    experiments.fit(Twin(net), pairs, same, epochs=epochs, rate=HAND_RATE, seed=seed, **loss)
    return net


def against(codes: np.ndarray, pairs: Mapping[str, np.ndarray], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances of pairs by one hand and of pairs of another kind, and which is which."""
    rows = np.concatenate([pairs["own"], pairs[kind]])
    return apart(codes, rows), (np.arange(len(rows)) < len(pairs["own"])) * 1


def hands_judged(codes: np.ndarray) -> dict:
    """Judge codes of the test signatures: against other hands, against copies, and one-shot by the number of ways."""
    drawn, found = signatures(TEST, 60), {}
    pairs, own = hand_pairs(drawn), drawn.genuine
    for kind in ("other", "copy"):
        distance, same = against(codes, pairs, kind)
        found |= named(kind, verified(distance, same) | counted(distance, same))
    tasks = [draw_episodes(drawn.writers[own], ways, count=500) for ways in WAYS]
    return found | {"named": [named_right(codes[own], task) for task in tasks]}


@experiments.experiment(version=1, seeds=5)
def hands(seed: int, scale: str) -> dict:
    """Verify and name signatures of 60 hands that no net has seen, by pixels and by nets taught with other hands."""
    images = signatures(TEST, 60).images
    found = named("pixels", hands_judged(flat(images)))
    for arm, (writers, copies) in HANDS.items():
        net = hand_net(writers, copies, PASSES[scale], seed)
        found |= named(arm, hands_judged(codes_of(net, images)))
    return found
