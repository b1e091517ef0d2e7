"""The experiments of the chapter on generators: digits, digits with pools, an autoencoder, and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes import experiments
from cvnotes.checks import choice
from cvnotes.experiments import experiment
from cvnotes.transfer import keeping

from . import judges, rivals, vae, waves
from .averaging import averaged
from .digit_nets import drawing_net, looking_net
from .match import Match, play, prepare
from .nets import prior
from .wave_nets import listening_net, playing_net

CODES, WIDTH, BATCH = 16, 16, 64
RATES = (4e-3, 2e-3)  # of discriminator and generator
ROUNDS, EVERY = {"quick": 2000, "full": 20_000}, 250
JUDGED = 360  # pictures that are judged, as many as there are real ones to compare with
SIGMA = 0.15  # deviation of a pixel around what the decoder draws
PASSES = {"quick": 30, "full": 300}
BETAS = (0.2, 4.0, 20.0)  # beside 1
POOLS = ("max", "average")
USED = 0.05  # nats: a unit of the code that costs more is in use

PITCH_CODES, PITCH_RATES = 8, (4e-3, 2e-3)
NOTE_ROUNDS = {"quick": 1500, "full": 15_000}
PITCH_BINS = np.linspace(2, 10, 33)  # cycles per window

#: How far a live autoencoder may be from the stored one: other processors round otherwise, and shares are of 360.
CODED_TOLERANCE = {"bound": 1.5, "price": 1.5, "units": 2, "error": 0.01, "recognised": 0.12, "kinds": 0.5,
                   "distance": 8, "near": 0.1}  # fmt: skip
STORED = ("autoencoder", "digits", "notes", "pooled", "prices")


def some_codes(count: int = JUDGED, width: int = CODES, seed: int = 99) -> np.ndarray:
    """Draw the codes that are judged, the same at each call: (count, width). Chapter: generators."""
    return prior("normal", width)(count, np.random.default_rng(seed))


def made(net: keras.Model, codes: np.ndarray | None = None) -> np.ndarray:
    """Make pictures or waves of codes, by default of those that are judged. Chapter: generators."""
    codes = some_codes(width=net.input_shape[1]) if codes is None else codes
    return ops.convert_to_numpy(net(codes, training=False))


def real_digits(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw digits to learn from, with replacement: (count, 8, 8, 1). Chapter: generators."""
    return judges.heaps().learn[rng.integers(len(judges.heaps().learn), size=count)]


def digit_match(seed: int, down: str = "strided") -> Match:
    """Build both nets for digits with the weights of a seed, ready to play at once. Chapter: generators."""
    keras.utils.set_random_seed(seed)
    generator, discriminator = drawing_net(CODES, 8, WIDTH), looking_net(1, 8, WIDTH, down)
    return prepare(Match(discriminator, generator), RATES, d_steps=0)


def digit_game(seed: int, rounds: int, down: str = "strided") -> Iterator[tuple[keras.Model, keras.Model]]:
    """Play with digits, and give the averaged generator and the playing one at each stop. Chapter: generators."""
    match = digit_match(seed, down)
    stops = play(match, real_digits, prior("normal", CODES), rounds=rounds, every=EVERY, batch=BATCH, seed=seed)
    for twin in averaged(match.generator, stops):
        yield twin, match.generator


def told(pictures: np.ndarray, name: str = "") -> dict[str, float]:
    """Judge pictures by name: recognised, kinds, distance, and near, the mean distance to the nearest known one."""
    near = rivals.nearest(pictures, judges.heaps().learn)[0].mean()
    found = judges.verdict(pictures)._asdict() | {"near": float(near)}
    return {f"{name}_{key}" if name else key: value for key, value in found.items()}


@experiment(version=1, seeds=5)
def digits(seed: int, scale: str) -> dict[str, Any]:
    """Play with digits: the judges' words at each stop, for the averaged generator and for the one that plays."""
    found = told(made(digit_match(seed).generator), "untrained")
    for twin, net in digit_game(seed, ROUNDS[scale]):
        for key, value in {**told(made(twin)), **told(made(net), "playing")}.items():
            found.setdefault(key, []).append(value)
    return found


@experiment(version=1, seeds=5)
def pooled(seed: int, scale: str) -> dict[str, Any]:
    """Play with digits against a discriminator that pools: the judges' words at the end."""
    found = {}
    for down in POOLS:
        *_, (twin, _) = digit_game(seed, ROUNDS[scale], down)
        found |= told(made(twin), down)
    return found


def coded(seed: int, passes: int, beta: float = 1.0, down: str = "strided") -> vae.Autoencoder:
    """Train an autoencoder whose decoder is the net that draws in the game. Chapter: generators."""
    keras.utils.set_random_seed(seed)
    nets = vae.joined(looking_net(2 * CODES, 8, WIDTH, down), drawing_net(CODES, 8, WIDTH), beta, seed)
    learn = judges.heaps().learn
    experiments.fit(nets.model, learn, learn, epochs=passes, batch=BATCH, rate=3e-3, seed=seed, loss=unlikely)
    return nets


def unlikely(x, drawn):
    """Give `vae.surprise` at the deviation of the experiments, as a loss. Chapter: generators."""
    return vae.surprise(x, drawn, SIGMA)


def weighed(nets: vae.Autoencoder) -> dict[str, float]:
    """Weigh an autoencoder on digits that it has not seen: bound and price in nats, units in use, error, and judges."""
    x = judges.heaps().compare
    encoder, decoder = ((lambda v, net=net: net(v, training=False)) for net in nets[:2])
    mean, log_variance = vae.halves(encoder(x))
    price = ops.convert_to_numpy(vae.divergence(mean, log_variance)).mean(0)
    bound = ops.convert_to_numpy(vae.bound(encoder, decoder, x, some_codes(len(x)), SIGMA))
    error = np.sqrt(np.mean((ops.convert_to_numpy(decoder(mean)) - x) ** 2))
    found = {"bound": bound.mean(), "price": price.sum(), "units": (price > USED).sum(), "error": error}
    return {key: float(value) for key, value in found.items()} | told(made(nets.decoder))


@experiment(version=1, seeds=5)
def autoencoder(seed: int, scale: str) -> dict[str, float]:
    """Train an autoencoder without pools, and weigh it."""
    return weighed(coded(seed, PASSES[scale]))


@experiment(version=1, seeds=5)
def prices(seed: int, scale: str) -> dict[str, float]:
    """Train autoencoders that pay other prices for their codes, and one that pools, and weigh them."""
    arms = {f"{beta:g}": {"beta": beta} for beta in BETAS} | {"max": {"down": "max"}}
    return {
        f"{arm}_{key}": value
        for arm, options in arms.items()
        for key, value in weighed(coded(seed, PASSES[scale], **options)).items()
    }


def note_game(seed: int, rounds: int) -> keras.Model:
    """Play with notes, and give the generator. Chapter: generators."""
    keras.utils.set_random_seed(seed)
    match = prepare(Match(listening_net(), playing_net(PITCH_CODES)), PITCH_RATES, d_steps=0)
    for _ in play(match, waves.draw, prior("normal", PITCH_CODES), rounds=rounds, every=EVERY, batch=BATCH, seed=seed):
        pass
    return match.generator


@experiment(version=1, seeds=5)
def notes(seed: int, scale: str) -> dict[str, Any]:
    """Play with notes: what the ear makes of 500 made ones, of noise with the spectrum of notes, and of real ones."""
    rng = np.random.default_rng(1000 + seed)
    crowd = waves.draw(4000, rng)
    heaps = {
        "made": made(note_game(seed, NOTE_ROUNDS[scale]), some_codes(500, PITCH_CODES)),
        "noise": waves.coloured_noise(crowd, 500, rng),
        "real": waves.draw(500, rng),
    }
    return {f"{name}_{key}": value for name, heap in heaps.items() for key, value in heard(heap, crowd).items()}


def heard(heap: np.ndarray, crowd: np.ndarray) -> dict[str, Any]:
    """Compare waves with a crowd of real ones: share of a note, distance of pitches, of spectra, and all pitches."""
    from scipy.stats import wasserstein_distance

    mine, wanted = waves.hear(heap), waves.spectrum(crowd)
    return {
        "share": float(mine.share.mean()),
        "pitch": float(wasserstein_distance(mine.pitch, np.linspace(*waves.PITCHES, 2001))),
        "spectrum": float(np.abs(waves.spectrum(heap) - wanted).sum() / wanted.sum()),
        "pitches": np.histogram(mine.pitch, PITCH_BINS)[0].tolist(),
    }


#: The nets whose weights are stored, and how each is built.
NETS = {
    "generator": lambda: drawing_net(CODES, 8, WIDTH),
    "encoder": lambda: looking_net(2 * CODES, 8, WIDTH),
    "decoder": lambda: drawing_net(CODES, 8, WIDTH),
    "player": lambda: playing_net(PITCH_CODES),
}


def store() -> None:
    """Train the nets of seed 0 as the experiments do, and store them. Chapter: generators."""
    *_, (twin, _) = digit_game(0, ROUNDS["quick"])
    nets, player = coded(0, PASSES["quick"]), note_game(0, NOTE_ROUNDS["quick"])
    kept = {"generator": twin, "encoder": nets.encoder, "decoder": nets.decoder, "player": player}
    weights = {name: net.get_weights() for name, net in kept.items()}
    keeping.save_weights("generators", weights, "python -m cvnotes.gans generators")


def stored(name: str) -> keras.Model:
    """Give one of NETS with its stored weights. Raises ValueError for another name. Chapter: generators."""
    net = NETS[choice("name", name, NETS)]()
    net.set_weights(keeping.load_weights("generators", name))
    return net
