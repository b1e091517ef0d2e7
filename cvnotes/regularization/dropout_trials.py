"""The experiments of the chapter dropout with dense nets in NumPy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import roc_auc_score

from cvnotes.backpropagation import Network
from cvnotes.checks import number, whole
from cvnotes.experiments import experiment

from .dropout import Dropout, keep_mask, kept_share
from .nets import dense_net, log_loss, passes, probabilities, switch, train
from .problem import COUNT, Problem, digits

SEEDS = 10
RATES = (0.0, 0.2, 0.5)
LONG = {"quick": 300, "full": 1200}
MARKS = np.unique(np.geomspace(1, 300, 40).astype(int))  # the passes that are stored
REMOVED = (0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9)  # share of hidden units knocked out
WIDTHS, COUNTS = (8, 64, 512), (100, 800)
STEPS = {"quick": 1500, "full": 6000}
LABELS = {"right": 0.0, "noisy": 0.2}
DAMAGE = ("noise", "half black", "mixed pixels")


def dropped_net(rate: float, seed: int, width: int = 256) -> Network:
    """A dense net with dropout behind its hidden layer; none at rate 0."""
    return dense_net((64, width, 10), seed, [Dropout(rate, seed)] if rate else [])


@experiment(version=1, seeds=SEEDS)
def longer(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train for 300 passes at three rates, with right and with noisy labels: validation loss and error on the way.

    For each: both at the passes of `MARKS`; the pass with the lowest value, that value and the last one.
    """
    found: dict[str, float | list[float]] = {}
    for labels, noise in LABELS.items():
        p = digits(seed, noise=noise)
        for rate in RATES:
            course = np.array(list(watched(p, rate, seed, LONG[scale])))
            for key, values in zip(("loss", "error"), course.T, strict=True):
                name = f"{labels}_{rate}_{key}"
                found |= {name: values[MARKS - 1].tolist(), f"{name}_lowest": values.min(), f"{name}_last": values[-1]}
                found[f"{name}_pass"] = int(values.argmin()) + 1
    return found


def watched(p: Problem, rate: float, seed: int, epochs: int) -> Iterator[tuple[float, float]]:
    """Train, and give validation loss and error after each pass."""
    net = dropped_net(rate, seed)
    for _ in passes(net, p.x, p.y, epochs=epochs, seed=seed):
        yield log_loss(net, p.val_x, p.val_y), 1 - net.accuracy(p.val_x, p.val_y)


@experiment(version=1, seeds=SEEDS)
def redundancy(seed: int, scale: str) -> dict[str, list[float]]:
    """Knock out shares of the hidden units at test, ten draws each; and how alike the units' answers are.

    alike: mean absolute correlation between two units over the test digits; active: share of units above zero.
    """
    p, found = digits(seed, noise=0.0), {}
    for rate in RATES:
        net = train(dropped_net(rate, seed), p.x, p.y, epochs=LONG[scale] // 3, seed=seed)
        codes = hidden_codes(net, p.test_x)
        found[f"{rate}_right"] = [knocked_out(net, codes, p.test_y, part, seed) for part in REMOVED]
        found[f"{rate}_alike"] = [alike(codes)]
        found[f"{rate}_active"] = [float((codes > 0).mean())]
    return found


def hidden_codes(net: Network, x: np.ndarray) -> np.ndarray:
    """What the hidden units answer, (n, hidden), before dropout."""
    return np.maximum(net.layers[0].forward(x), 0)


def knocked_out(net: Network, codes: np.ndarray, labels: np.ndarray, part: float, seed: int, draws: int = 10) -> float:
    """Accuracy when a random part of the hidden units is silent for all pictures; mean over draws.

    codes: of `hidden_codes`; part: from 0 to 1. Raises ValueError for another part or no draw. Chapter: dropout.
    """
    dice, right = np.random.default_rng(seed), []
    many = round(number("part", part, 0, 1) * codes.shape[1])
    for _ in range(whole("draws", draws, 1)):
        silent = dice.permutation(codes.shape[1])[:many]
        left = codes.copy()
        left[:, silent] = 0
        right.append(np.mean(net.layers[-1].forward(left).argmax(1) == labels))
    return float(np.mean(right))


def alike(codes: np.ndarray) -> float:
    """Mean absolute correlation of two units over pictures (n, units); units that never change are left out.

    Raises ValueError where fewer than two change. Chapter: dropout.
    """
    moving = codes[:, codes.std(0) > 1e-6]
    if moving.shape[1] < 2:
        raise ValueError(f"Two units must change at least. Received: {moving.shape[1]} of {codes.shape[1]} that do")
    table = np.abs(np.corrcoef(moving.T))
    n = len(table)
    return float((table.sum() - n) / (n * (n - 1)))


@experiment(version=1, seeds=SEEDS)
def widths(seed: int, scale: str) -> dict[str, float]:
    """Accuracy on test digits for three widths, three rates, few and many digits with right labels."""
    found = {}
    for count in COUNTS:
        p = digits(seed, count=count, noise=0.0)
        epochs = -(-STEPS[scale] // (count // 30))
        for width in WIDTHS:
            for rate in RATES:
                net = train(dropped_net(rate, seed, width), p.x, p.y, epochs=epochs, seed=seed)
                found[f"{count}_{width}_{rate}"] = net.accuracy(p.test_x, p.test_y)
    return found


@experiment(version=1, seeds=SEEDS)
def members(seed: int, scale: str) -> dict[str, float]:
    """How far sub-nets of one net err on the same test digits, beside nets trained apart (mean correlation of errors).

    64 hidden units, rate one half; a net trained apart has the 32 units that a sub-net has on average. right: accuracy
    of a sub-net, of a net apart, of the scaled net, and of the mean of ten sub-nets and of ten nets apart.
    """
    found, epochs = {}, LONG[scale] // 3
    for labels, noise in LABELS.items():
        p = digits(seed, noise=noise)
        net = train(dropped_net(0.5, seed, 64), p.x, p.y, epochs=epochs, seed=seed)
        found[f"{labels}_scaled_right"] = net.accuracy(p.test_x, p.test_y)
        for name, answers in (("subnets", sampled(net, p.test_x, 10, seed)), ("apart", apart(p, seed, epochs))):
            wrong = answers.argmax(-1) != p.test_y
            found[f"{labels}_{name}_together"] = errors_together(wrong)
            found[f"{labels}_{name}_right"] = float(1 - wrong.mean())
            found[f"{labels}_{name}_mean_right"] = float(np.mean(answers.mean(0).argmax(-1) == p.test_y))
    return found


def apart(p: Problem, seed: int, epochs: int, count: int = 10) -> np.ndarray:
    """Probabilities of nets with 32 hidden units, each trained by itself on the same digits: (count, n, classes)."""
    seeds = [100 * (seed + 1) + i for i in range(count)]
    nets = [train(dense_net((64, 32, 10), s), p.x, p.y, epochs=epochs, seed=s) for s in seeds]
    return np.stack([probabilities(net, p.test_x) for net in nets])


def errors_together(wrong: np.ndarray) -> float:
    """Mean correlation of two members' errors, (members, n) of truth values.

    Raises ValueError for less than two members, and for one that is always right or always wrong. Chapter: dropout.
    """
    wrong = np.asarray(wrong)
    if wrong.ndim != 2 or len(wrong) < 2 or not np.all(wrong.any(1) & ~wrong.all(1)):
        wanted = "Give two members or more, each at times right and at times wrong"
        raise ValueError(f"{wanted}. Received: shape {wrong.shape}, shares wrong {wrong.mean(-1)}")
    table = np.corrcoef(wrong.astype(float))
    return float(table[~np.eye(len(table), dtype=bool)].mean())


def sampled(net: Network, x: np.ndarray, count: int, seed: int, rate: float = 0.5) -> np.ndarray:
    """Probabilities of `count` sub-nets, each with one mask for all pictures: (count, n, classes)."""
    codes, dice, rows = hidden_codes(net, x), np.random.default_rng(seed), []
    for _ in range(count):
        gate = keep_mask((codes.shape[1],), rate, dice) / kept_share(rate)
        rows.append(probabilities(Network(net.layers[-1:]), codes * gate))
    return np.stack(rows)


@experiment(version=1, seeds=SEEDS)
def uncertainty(seed: int, scale: str) -> dict[str, float]:
    """Ask a net with dropout 100 times: how far its answers spread on clean test digits and on damaged ones.

    spread: the standard deviation of the probability of the net's own answer. found: how well the spread tells a
    damaged digit from a clean one, and doubt: how well one scaled pass does, by 1 - p of its answer (areas under the
    ROC curve); errors: the same for wrong answers among clean digits.
    """
    p = digits(seed, count=800, noise=0.0)
    net = dense_net((64, 256, 10), seed, [Dropout(0.5, seed)])
    train(net, p.x, p.y, epochs=LONG[scale] // 6, seed=seed)
    clean, numbers = asked(net, p.test_x, seed), {}
    numbers["clean_spread"] = float(clean[0].mean())
    for name in DAMAGE:
        hurt = asked(net, damaged(p.test_x, name, seed), seed)
        truth = np.repeat([0, 1], len(p.test_x))
        numbers[f"{name}_spread"] = float(hurt[0].mean())
        for key, before, after in zip(("found", "doubt"), clean, hurt, strict=True):
            numbers[f"{name}_{key}"] = float(roc_auc_score(truth, np.r_[before, after]))
    wrong = net.forward(p.test_x).argmax(1) != p.test_y
    numbers |= {f"errors_{key}": float(roc_auc_score(wrong, given))
                for key, given in zip(("found", "doubt"), clean, strict=True)}  # fmt: skip
    return numbers


def asked(net: Network, x: np.ndarray, seed: int, times: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Spread of the answer's probability over random masks, and doubt 1 - p of one scaled pass: (n,) each.

    times: how many masks, 1 or more. Chapter: dropout.
    """
    times = whole("times", times, 1)
    once = probabilities(net, x)
    chosen = once.argmax(1)
    switch(net, True)
    many = np.stack([probabilities(net, x)[np.arange(len(x)), chosen] for _ in range(times)])
    switch(net, False)
    return many.std(0), 1 - once.max(1)


def damaged(x: np.ndarray, how: str, seed: int) -> np.ndarray:
    """Damage pictures (n, 64): with noise, by blackening the lower half, or by mixing each picture's pixels.

    Raises ValueError for another damage. Chapter: dropout.
    """
    dice = np.random.default_rng(seed)
    if how == "noise":
        return np.clip(x + dice.normal(0, 0.5, x.shape), 0, 1)
    if how == "half black":
        return x * (np.arange(64) < 32)
    if how == "mixed pixels":
        return dice.permuted(x, axis=1)
    raise ValueError(f"how must be one of {', '.join(DAMAGE)}. Received: how={how!r}")


def silent_units(batch: int, rate: float, seed: int = 0, width: int = 64) -> float:
    """The share of hidden units whose incoming weights get no gradient in one step with so many digits.

    A fresh net, centred digits. A unit gets none where, for every digit of the batch, it is
    dropped or its ReLU is shut. batch: 1 to 300. Raises ValueError for another. Chapter: dropout.
    """
    batch, p = whole("batch", batch, 1, COUNT), digits(seed, noise=0.0)
    net = dropped_net(rate, seed, width)
    switch(net, True)
    net.loss(p.x[:batch] - p.x.mean(0), p.y[:batch])
    return float(np.mean(np.all(net.layers[0].gradients[0] == 0, axis=0)))
