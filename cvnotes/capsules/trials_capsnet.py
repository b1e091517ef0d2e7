"""The experiments of the page on CapsNet: the contest, what the vectors know of pose, and what it costs."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments

from . import moves, peers, readout, sweep
from .contest import ARMS, PAINTED, READERS, TESTS, TRAINED, TRIED, named, painted, passes, tasks, taught, trained
from .cost import stepper
from .nets import CapsNet, capsnet

PIXELS = (1, 2, 3)
CODES = ("capsules", "uniform", "blind", "convnet")
STORED = ("colour", "contest", "motion", "overlap", "paper", "pose", "rates", "steps")

#: How far a live run of `motion` may be from the stored one: another processor or backend draws other weights.
TOLERANCE = {
    "accuracy": 0.03,
    "length": 0.15,
    "angle": 15.0,
    "drawn": 0.12,
    "drawn_alike": 0.15,
    **dict.fromkeys(("meaning", "chance", "strongest"), 0.15),
}


# The contest --------------------------------------------------------------------------------------------------------


@experiments.experiment(version=1, seeds=2)
def rates(seed: int, scale: str) -> dict[str, list[float]]:
    """Try each rate of `TRIED` on training digits held out: accuracy by arm. Nothing else was chosen."""
    d, last = moves.digits(), 270
    (x, held), (y, truth) = ((each[:-last], each[-last:]) for each in (d.train_images, d.train_labels))
    held, options = moves.strewn(held, 2, np.random.default_rng(seed)), {"seed": seed, "augment": moves.shifts(2)}
    arms, epochs = ("capsules", "convnet"), passes(scale, 10)
    nets = {arm: [taught(arm, x, y, epochs=epochs, rate=rate, **options) for rate in TRIED] for arm in arms}
    return {arm: [peers.right(net, held, truth) for net in found] for arm, found in nets.items()}


@experiments.experiment(version=1, seeds=5)
def contest(seed: int, scale: str) -> dict[str, list[float]]:
    """Train the arms on digits that are shifted a little or more, and put them to all `TESTS`: `arm_training`."""
    asked, found = tasks(seed), {}
    for training in TRAINED:
        for arm in READERS:
            net = trained(arm, training, seed, scale)
            found[f"{arm}_{training}"] = [np.mean([named(net, *one) for one in asked[name]]) for name in TESTS]
    return found


@experiments.experiment(version=1, seeds=5)
def overlap(seed: int, scale: str) -> dict[str, float]:
    """Train the arms on two digits at a time: the share of test pictures of which both are named."""
    d = moves.digits()
    x, rows, _ = moves.laid_over(d.train_images, d.train_labels, 12000, seed)
    ((over, truth),) = tasks(seed)[TESTS[-1]]
    nets = {arm: taught(arm, x, rows, seed=seed, epochs=passes(scale, 2)) for arm in READERS}
    return {arm: peers.both(net, over, truth) for arm, net in nets.items()}


@experiments.experiment(version=1, seeds=5)
def colour(seed: int, scale: str) -> dict[str, float]:
    """Train the arms on coloured, textured shapes on cluttered ground: accuracy on new ones.

    Rates are those of `PAINTED`, the best on other scenes.
    """
    (x, y), test = painted(3000, seed), painted(1000, 1000 + seed)
    options = {"seed": seed, "epochs": passes(scale, 6), "shape": x.shape[1:], "stride": 2}
    nets = {arm: taught(arm, x, y, rate=rate, **options) for arm, rate in PAINTED.items()}
    return {arm: peers.right(net, *test) for arm, net in nets.items()}


# What the vectors know ----------------------------------------------------------------------------------------------


def vectors(net: keras.Model):
    """What a net makes of pictures, as a function: see `peers.codes`."""
    return lambda images: peers.codes(net, images)


@experiments.experiment(version=1, seeds=5)
def motion(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train capsules on strewn digits and shift test digits by `PIXELS`: how their own vectors change.

    `length`: relative change; `angle`: degrees; `drawn`: the share of the variance of strewn test digits within their
    classes that the decoder redraws; `drawn_alike`: the same, if each class has one capsule for all, its mean.
    `meaning`, `chance`, `strongest`: what numbers of a capsule do, see `sweep`.
    """
    net, d = trained("capsules", "strewn", seed, scale), moves.digits()
    length, angle = sweep.motion(vectors(net), d.test_images, d.test_labels, PIXELS).T
    x, y = moves.strewn(d.test_images, 2, np.random.default_rng(seed)), d.test_labels
    vector = sweep.own(peers.codes(net, x), y)
    drawn = {"drawn": vector, "drawn_alike": sweep.alike(vector, y)}
    shares = {name: sweep.share_redrawn(sweep.drawn(net, v, y), x, y) for name, v in drawn.items()}
    effect = sweep.effects(net, sweep.own(peers.codes(net, d.test_images), y), y) / sweep.measured(x).std(0)
    swept = {"meaning": sweep.one_meaning(effect).mean(), "chance": sweep.by_chance(effect)}
    swept["strongest"] = sweep.strongest(effect)
    return {"accuracy": peers.right(net, d.test_images, y), "length": length, "angle": angle, **shares, **swept}


def view(net: keras.Model, images: np.ndarray, labels: np.ndarray, seed: int) -> tuple[tuple, tuple]:
    """Pose pictures by dials that are known: codes, labels and dials; and codes, labels and all pixels."""
    dials = moves.dials(len(images), seed)
    pictures = moves.posed(images, dials)
    code = peers.codes(net, pictures)
    return (code, labels, dials), (code, labels, pictures.reshape(len(pictures), -1))


def told(net: keras.Model, seed: int) -> dict[str, list[float]]:
    """Read dials and pixels from a net's code by straight lines, digit by digit: see `readout.by_class`.

    `own`: shares of the variance of each dial that NUMBERS numbers tell, those of the class's own capsule, or as many
    principal components of a ConvNet's code; `all`: that the whole code tells; `pixels`: of all pixels, from the
    former; `length`: of each dial, from the length of these numbers alone.
    """
    d, own = moves.digits(), isinstance(net, CapsNet)
    seen, new = view(net, d.train_images, d.train_labels, seed), view(net, d.test_images, d.test_labels, 1000 + seed)
    return {
        "own": readout.by_class(seen[0], new[0], peers.NUMBERS, own),
        "all": readout.by_class(seen[0], new[0]),
        "pixels": readout.by_class(seen[1], new[1], peers.NUMBERS, own, together=True),
        "length": readout.by_class(*((shortened(code, y), y, t) for code, y, t in (seen[0], new[0]))),
    }


def shortened(code: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The length of each picture's own numbers, and nothing else, (n, 1)."""
    return np.linalg.norm(sweep.own(code, labels), axis=1, keepdims=True)


@experiments.experiment(version=1, seeds=5)
def pose(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Ask nets trained on strewn digits for pose: `told`, and `accuracy` on strewn test digits, by net.

    `calm_length`, `calm_angle`: as in `motion`, for capsules whose training shifted by one pixel at most.
    """
    d, found = moves.digits(), {}
    strewn, calm = moves.strewn(d.test_images, 2, np.random.default_rng(seed)), trained("capsules", "calm", seed, scale)
    for arm in CODES:
        net = trained(arm, "strewn", seed, scale)
        found |= {f"{arm}_{name}": value for name, value in told(net, seed).items()}
        found[f"{arm}_accuracy"] = peers.right(net, strewn, d.test_labels)
    found["calm_length"], found["calm_angle"] = sweep.motion(vectors(calm), d.test_images, d.test_labels, PIXELS).T
    return found


# What it costs ------------------------------------------------------------------------------------------------------


@experiments.experiment(version=1, seeds=5)
def steps(seed: int, scale: str) -> dict[str, float]:
    """Race one step of training, batch 32, in turns: median seconds as multiples of the ConvNet's."""
    nets = {arm: build() for arm, build in ARMS.items()} | {"five": peers.capsule_net(rounds=5)}
    times = experiments.race({arm: stepper(net, 32) for arm, net in nets.items()}, 40, seed=seed)
    return {arm: np.median(found) / np.median(times["convnet"]) for arm, found in times.items()}


@experiments.experiment(version=1, seeds=5)
def paper(seed: int, scale: str) -> dict[str, float]:
    """Race one step of training at the size of the paper, batch 8, in turns: median seconds, uniform = 1."""
    rivals = {"uniform": {"rounds": 1}, "held": {}, "through": {"through": True}}
    calls = {name: stepper(capsnet(**switches), 8) for name, switches in rivals.items()}
    times = experiments.race(calls, 5, seed=seed)
    return {name: np.median(found) / np.median(times["uniform"]) for name, found in times.items()}
