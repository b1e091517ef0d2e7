"""The stored experiments of the page feature_reuse: nets of equal size, growth, and what each link is worth."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments, models

from . import reuse, reuse_nets, reuse_silence
from .reuse_nets import task

EPOCHS = 6
RATES_TRIED = (3e-3, 1e-2, 3e-2, 1e-1)
EQUAL = ("dense", "compressed", "BC", "residual", "plain", "summed")  # of about 76,000 parameters
SIZES = ("dense 4", "dense 24", "residual 5", "residual 20")

LONG = {"depth": 22, "growth": 8}  # the net that is looked into: six layers a block
LONG_EPOCHS, RATE = 8, 3e-3
NETS = {"untrained": 0.0, "trained": 0.0, "decayed": 4e-3}  # weight decay of each; the last is looked into further
LOOKED_AT = 300  # test digits
SHARES, DRAWS = (0.25, 0.5, 1.0), 2  # of the new maps of a block; choices of channels

SHORT = {"depth": 10, "growth": 4}
#: How far a live run may be from the stored one, on another processor or backend.
TOLERANCE = {"accuracy": 0.2, "evenness": 0.05, "untrained": 0.05}


def _raced(names: tuple[str, ...], seed: int) -> dict[str, float]:
    found = {}
    for name in names:
        model = _fresh(name, seed)
        cost = models.profile(model)
        found |= {f"{name}_parameters": cost.trainable, f"{name}_macs": cost.macs}
        found[name] = reuse_nets.score(reuse_nets.trained(model, seed, EPOCHS, reuse_nets.rate_of(name)))
    return found


def _fresh(name: str, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return reuse_nets.net(name)


@experiments.experiment(version=1, seeds=2)
def rates(seed: int, scale: str) -> dict[str, list[float]]:
    """Train each kind of net at each of `RATES_TRIED`: accuracy on the validation digits."""
    found = {}
    for name in reuse_nets.RATES:
        nets = [reuse_nets.trained(_fresh(name, seed), seed, EPOCHS, rate) for rate in RATES_TRIED]
        found[name] = [experiments.accuracy(net, *task().validation) for net in nets]
    return found


@experiments.experiment(version=2, seeds=5)
def equal(seed: int, scale: str) -> dict[str, float]:
    """Train six kinds of nets of about equal size on the noisy digits: accuracy, parameters and MACs of each."""
    return _raced(EQUAL, seed)


@experiments.experiment(version=2, seeds=5)
def sizes(seed: int, scale: str) -> dict[str, float]:
    """Train the smaller and larger DenseNets and ResNets: accuracy, parameters and MACs of each."""
    return _raced(SIZES, seed)


def long_net(seed: int, decay: float = 0.0) -> keras.Model:
    """Build the net that is looked into, with fresh weights. Chapter: feature_reuse."""
    keras.utils.set_random_seed(seed)
    return reuse_nets.decayed(models.build("densenet-cifar", reuse_nets.SHAPE, 10, **LONG), decay)


@experiments.experiment(version=1, seeds=5)
def weights(seed: int, scale: str) -> dict[str, list[float] | float]:
    """Measure every link of a DenseNet before training and after it, without and with weight decay.

    ``weight_`` and ``scaled_`` follow `reuse.links`: means over a link's channels. Of the net with decay also what
    silence costs on the first test digits: ``removal`` the rise of the loss when one link is cut; ``input`` and ``new``
    its rise when `SHARES` of channels are silent, for blocks 2 and 3 in turn. ``reach_`` is the accuracy when readers
    may look 1, 2, ... sources back.
    """
    found, test = {}, tuple(part[:LOOKED_AT] for part in task().test)
    for name, decay in NETS.items():
        model = long_net(seed, decay)
        if name != "untrained":
            reuse_nets.trained(model, seed, LONG_EPOCHS, RATE)
            found[f"accuracy_{name}"] = reuse_nets.score(model)
        found |= {f"{measure}_{name}": reuse.by_link(model, measure).tolist() for measure in reuse.MEASURES}
        if name != "trained":
            found[f"reach_{name}"] = reuse_silence.reach(model, *test)
    return found | {"removal": reuse_silence.removal(model, *test).tolist()} | rising(model, test, seed)


def rising(model: keras.Model, test: reuse_silence.Labelled, seed: int) -> dict[str, list[float]]:
    """Silence rising shares of what entered blocks 2 and 3, or as many of their new maps: rise of the loss.

    Means over `DRAWS` choices of channels. Chapter: feature_reuse.
    """
    rng, known, whole = (
        np.random.default_rng(seed),
        reuse_silence.means(model, test[0]),
        reuse_silence.loss(model, *test),
    )
    found: dict[str, list[float]] = {"input": [], "new": []}
    for reader in [reader for reader in reuse.readers(model) if reader.name in ("transition", "classifier")][1:]:
        first, every = reader.sources[0].stop, np.arange(reader.sources[-1].stop)
        for share in SHARES:
            count = round(share * min(first, len(every) - first))
            for name, pool in {"input": every[:first], "new": every[first:]}.items():
                drawn = [np.isin(every, rng.choice(pool, count, replace=False)) for _ in range(DRAWS)]
                losses = [reuse_silence.without_channels(model, reader.block, some, test, known) for some in drawn]
                found[name].append(float(np.mean(losses)) - whole)
    return found


@experiments.experiment(version=1, seeds=5)
def short(seed: int, scale: str) -> dict[str, float]:
    """Train a DenseNet of two layers a block for two epochs: accuracy, and evenness of its weights before and after."""
    keras.utils.set_random_seed(seed)
    model = models.build("densenet-cifar", reuse_nets.SHAPE, 10, **SHORT)
    before = reuse.evenness(reuse.by_link(model)).mean()
    reuse_nets.trained(model, seed, 2, RATE)
    after = reuse.evenness(reuse.by_link(model)).mean()
    return {"accuracy": reuse_nets.score(model), "untrained": float(before), "evenness": float(after)}
