"""The experiments of the chapter on GANs: a game on a line, eight modes on a ring, and games with a part missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes.experiments import experiment

from . import line as on_line
from . import ring
from .match import Match, frozen, play, prepare
from .nets import dense_net, flatness, prior
from .objective import generator_loss

WIDTH, CODES, BATCH = 32, 8, 64
JUDGED = 1000  # samples that are looked at, from the same codes each time
RATE = 5e-3
TURNS, LOOKS = {"quick": 2400, "full": 24_000}, 20  # as many turns in each arm, however they are divided
LINE_ROUNDS = 600
STORED = ("line", "recovery", "remedies", "signal")

#: How far a live game on the line may be from the stored one on its way: when a generator that has shrunk to one
#: number opens again hangs on the last digits, so the page asks for the end besides.
LINE_TOLERANCE = {"real": 0.1, "made": 0.1, "middle": 0.3, "spread": 0.6}

#: How long Adam remembers past slopes and their squares: as Keras has it, and as most GANs do.
MEMORIES = {"long": {"beta_1": 0.9, "beta_2": 0.999}, "short": {"beta_1": 0.5, "beta_2": 0.99}}

#: Two ways to fail and what is done about them; what is not named is a short memory and one turn of D a round.
ARMS: dict[str, dict[str, Any]] = {
    "long memory": {"memory": "long"},
    "short memory": {},
    "flat D": {"penalty": flatness(0.3)},
    "packs of 2": {"net": {"pack": 2}},
    "spectral D": {"net": {"spectral": True}},
    "5 turns of D": {"d_steps": 5},
    "5 turns, flat D": {"d_steps": 5, "penalty": flatness(0.3)},
    "5 turns, packs of 2": {"d_steps": 5, "net": {"pack": 2}},
    "5 turns, spectral D": {"d_steps": 5, "net": {"spectral": True}},
}


FAILURES = ("long memory", "5 turns of D")
STARTS = {"chase": {"memory": "long"}, "collapse": {"d_steps": 5}}
WAYS_ON = {"short memory": ("chase", None), "one turn": ("collapse", None), "flat D": ("collapse", flatness(0.3))}


def looks(scale: str) -> np.ndarray:
    """Give the turns after which `remedies` looks at the samples: (20,)."""
    return TURNS[scale] * np.arange(1, LOOKS + 1) / LOOKS


def ring_match(seed: int, *, memory: str = "short", penalty=None, net: dict | None = None, d_steps: int = 1,
               rates: tuple[float, float] = (RATE, RATE), kind: type[Match] = Match) -> Match:  # fmt: skip
    """Build both nets for the ring with the weights of a seed, ready to play. Chapter: gans."""
    keras.utils.set_random_seed(seed)
    generator = dense_net(CODES, 2, WIDTH)
    discriminator = dense_net(2, 1, WIDTH, **(net or {}))
    return prepare(kind(discriminator, generator, penalty=penalty), rates, d_steps, **MEMORIES[memory])


def made(generator: keras.Model) -> np.ndarray:
    """Make 1,000 samples, from the same codes at each call: (1000, 2). Chapter: gans."""
    return ops.convert_to_numpy(generator(prior("normal", CODES)(JUDGED, np.random.default_rng(99))))


def ring_run(arm: str, seed: int, turns: int, looks: int) -> Iterator[np.ndarray]:
    """Play one arm on the ring for so many turns, and give 1,000 made samples at each look. Chapter: gans."""
    match = ring_match(seed, **ARMS[arm])
    rounds = turns // (match.optimizer.d_steps + 1)
    yield from shown(match, rounds, rounds // looks, seed)


def shown(match: Match, rounds: int, every: int, seed: int) -> Iterator[np.ndarray]:
    """Play a prepared match on the ring, and give 1,000 made samples after each `every` rounds. Chapter: gans."""
    for _ in play(match, ring.draw, prior("normal", CODES), rounds=rounds, every=every, batch=BATCH, seed=seed):
        yield made(match.generator)


@experiment(version=1, seeds=5)
def remedies(seed: int, scale: str) -> dict[str, Any]:
    """Play the ring in each arm: modes covered and share of good samples at each look, and the shares of two arms."""
    found = {}
    for arm in ARMS:
        told = [ring.judge(samples) for samples in ring_run(arm, seed, TURNS[scale], LOOKS)]
        found |= {f"{arm}_modes": [t.covered for t in told], f"{arm}_quality": [t.quality for t in told]}
        if arm in FAILURES:
            found[f"{arm}_shares"] = [t.shares for t in told]
    return found


@experiment(version=3, seeds=5)
def recovery(seed: int, scale: str) -> dict[str, Any]:
    """Let the ring fail in two ways, then go on from the same nets with a short memory and one turn of D a round.

    Modes covered at ten looks before ("chase", "collapse"), and at twenty after: of the chase with a short memory, of
    the collapse with one turn of D, and with that and a flat D.
    """
    turns, starts, found = TURNS[scale], {}, {}
    for name, options in STARTS.items():
        match = ring_match(seed, **options)
        rounds = turns // 2 // (match.optimizer.d_steps + 1)
        found[name] = covered(match, rounds, rounds // 10, seed)
        starts[name] = [(net, net.get_weights()) for net in (match.discriminator, match.generator)]
    for name, (start, penalty) in WAYS_ON.items():
        for net, weights in starts[start]:
            net.set_weights(weights)
        nets = [net for net, _ in starts[start]]
        again = prepare(Match(*nets, penalty=penalty), (RATE, RATE), **MEMORIES["short"])
        found[name] = covered(again, turns // 2, turns // 2 // LOOKS, seed + 100)
    return found


def covered(match: Match, rounds: int, every: int, seed: int) -> list[int]:
    """Play on the ring, and count the modes covered after each `every` rounds. Chapter: gans."""
    return [ring.judge(samples).covered for samples in shown(match, rounds, every, seed)]


@experiment(version=2, seeds=5)
def line(seed: int, scale: str) -> dict[str, Any]:
    """Play on the line: mean answer to real and to made numbers, and the generator's middle and spread, over rounds."""
    rounds = {"quick": LINE_ROUNDS, "full": 5 * LINE_ROUNDS}[scale]
    states = on_line.contest(seed, rounds, rounds // 12)
    return {name: [getattr(s, name) for s in states] for name in on_line.State._fields}


class Unfed(Match):
    """A match without real data: the discriminator is only told that whatever was made is bad. Chapter: gans."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Give the half of D's loss that needs no real sample, and G's loss."""
        caught = self.discriminator(ops.stop_gradient(y_pred), training=training)
        return ops.mean(ops.softplus(caught)) + generator_loss(frozen(self.discriminator, y_pred), self.kind)


#: Games with a part missing, and what stays of them.
PARTS: dict[str, dict[str, Any]] = {
    "whole": {},
    "untrained D": {"rates": (0.0, RATE)},
    "no real data": {"kind": Unfed},
}


@experiment(version=1, seeds=5)
def signal(seed: int, scale: str) -> dict[str, float]:
    """Play the ring with a part missing: energy distance of the samples from the data, before and after."""
    rounds, found = {"quick": 400, "full": 4000}[scale], {}
    data = ring.draw(JUDGED, np.random.default_rng(7))
    for name, part in PARTS.items():
        match = ring_match(seed, **part)
        found["start"] = ring.energy_distance(data, made(match.generator))
        *_, last = shown(match, rounds, rounds, seed)
        found[name] = ring.energy_distance(data, last)
    return found
