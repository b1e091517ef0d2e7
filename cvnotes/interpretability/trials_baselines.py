"""The experiments of the page on baselines."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import attribution, data, experiments
from cvnotes.data.digits import Digits

from . import holes, starts

STORED = ("prior", "rare", "choice")
RARE, SHARE = 8, 0.02  # the class that is made rare, and its share of the training digits

#: How far a live run of `prior` may be from the stored one: another processor trains other weights.
TOLERANCE = 1.0


@experiments.experiment(version=1, seeds=5)
def prior(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Ask two nets for digits what they make of baselines: probabilities (10,) at each, and on average over digits.

    `..._random`: the mean over 50 pictures of noise of the highest probability.
    """
    d, found = data.digits(), {"shares": np.bincount(data.digits().train_labels) / len(data.digits().train_labels)}
    noise = np.random.default_rng(seed).random((50, 8, 8, 1))
    for kind in starts.NETS:
        net = starts.learned(kind, d, seed)
        for name in ("black", "white", "mean"):
            found[f"{kind}_{name}"] = starts.chances(net, starts.baseline(name, d.train_images[:1], d.train_images))[0]
        found[f"{kind}_random"] = float(starts.chances(net, noise).max(1).mean())
        found[f"{kind}_expected"] = starts.chances(net, d.train_images).mean(0)
        found[f"{kind}_accuracy"] = experiments.accuracy(net, d.test_images, d.test_labels)
    return found


def thinned(seed: int) -> Digits:
    """Training digits of which RARE is a share SHARE only; test digits as they are."""
    d, dice = data.digits(), np.random.default_rng(seed)
    others = np.flatnonzero(d.train_labels != RARE)
    few = round(SHARE / (1 - SHARE) * len(others))
    rare = dice.choice(np.flatnonzero(d.train_labels == RARE), few, replace=False)
    rows = dice.permutation(np.concatenate([others, rare]))
    return Digits(d.train_images[rows], d.train_labels[rows], d.test_images, d.test_labels)


def balanced(known: Digits, seed: int) -> Digits:
    """The same digits with rare classes repeated until all occur equally often."""
    dice = np.random.default_rng(seed)
    most = np.bincount(known.train_labels).max()
    rows = [dice.choice(np.flatnonzero(known.train_labels == k), most) for k in np.unique(known.train_labels)]
    rows = dice.permutation(np.concatenate(rows))
    return Digits(known.train_images[rows], known.train_labels[rows], known.test_images, known.test_labels)


def blind(known: Digits, seed: int, epochs: int = 15) -> keras.Model:
    """Train a `holes.reader` on digits that lack any share of their pixels; one in six lacks all of them."""
    net, zero = holes.reader(), np.zeros((8, 8, 1))
    x = holes.filled(known.train_images, "zero", zero)
    options = {"epochs": epochs, "batch": 32, "rate": 2e-3, "seed": seed, "augment": holes.digging(1.2)}
    experiments.fit(net, x, known.train_labels, **options)
    return net


@experiments.experiment(version=1, seeds=5)
def rare(seed: int, scale: str) -> dict[str, float]:
    """Make one digit rare, and ask for its probability: of nets that see nothing, and of one that sees the mean image.

    `nothing`, `nothing_balanced`: a net taught with holes, all pixels missing, as the shares are and with all classes
    repeated alike; `mean`, `black`: an ordinary ConvNet at the mean image and at black; `expected`: the latter's mean
    over its training digits; `share`: of the rare digit among them.
    """
    known = thinned(seed)
    nothing = np.zeros((1, 8, 8, 2))
    seen = {"nothing": known, "nothing_balanced": balanced(known, seed)}
    found = {name: starts.chances(blind(digits, seed), nothing)[0, RARE] for name, digits in seen.items()}
    net = starts.learned("ConvNet", known, seed)
    found["mean"] = starts.chances(net, known.train_images.mean(0, keepdims=True))[0, RARE]
    found["black"] = starts.chances(net, np.zeros((1, 8, 8, 1)))[0, RARE]
    found["expected"] = starts.chances(net, known.train_images).mean(0)[RARE]
    return found | {"share": np.mean(known.train_labels == RARE)}


@experiments.experiment(version=1, seeds=5)
def choice(seed: int, scale: str) -> dict[str, float | list[list[float]]]:
    """Explain 24 digits and 24 squares of photographs from five baselines: how alike the maps are, `likeness` by pair.

    `..._steps`: likeness of two maps from one baseline, with 30 and with 60 steps. `..._expected`: of integrated
    gradients from the mean image and expected gradients over 100 known pictures.
    """
    found = {}
    for name, known, epochs in (("digits", data.digits(), 12), ("photos", starts.crops(150), 6)):
        net = starts.learned("ConvNet", known, seed, epochs)
        images = known.test_images[np.random.default_rng(seed).permutation(len(known.test_images))[:24]]
        maps = starts.maps(net, images, known.train_images, seed=seed)
        mean = starts.baseline("mean", images, known.train_images)
        finer = attribution.integrated_gradients(net, images, baseline=mean, steps=60, batch_size=starts.BATCH)
        few = known.train_images[np.random.default_rng(seed).permutation(len(known.train_images))[:100]]
        options = {"background": few, "samples": 100, "seed": seed, "batch_size": starts.BATCH}
        expected = attribution.expected_gradients(net, images, **options)
        found[name] = starts.table_of_likeness(maps)
        found[f"{name}_steps"] = starts.likeness(maps["mean"], attribution.heat(finer))
        found[f"{name}_expected"] = starts.likeness(maps["mean"], attribution.heat(expected))
        found[f"{name}_accuracy"] = experiments.accuracy(net, known.test_images, known.test_labels)
    return found
