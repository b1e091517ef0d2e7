"""The experiments of the chapter regularization: one problem, small nets, one remedy at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvnotes.backpropagation import Network
from cvnotes.experiments import experiment

from . import ensembles, penalties
from .dropout import Dropout
from .nets import Hook, copied, dense_net, kernels, log_loss, passes, probabilities, put_back, train
from .problem import Problem, digits
from .stopping import EarlyStopping

HIDDEN, EPOCHS, SEEDS = 256, {"quick": 100, "full": 400}, 10
PATIENCES = (1, 2, 5, 10, 20)
MONITORS = ("loss", "error")
L2 = (1e-3, 3e-3, 5e-3, 1e-2, 2e-2, 3e-2, 5e-2)
L1 = (5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2)
SPARSE = (1e-4, 3e-4, 1e-3, 2e-3, 3e-3)  # of the net with right labels
LIMITS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
RATES = (0.2, 0.5, 0.65, 0.8, 0.9)
WIDTHS = (8, 16, 32, 64)
MEMBERS, MEMBER_WIDTH = 5, 64

#: How far a live run may be from the stored one: another processor adds up in another order, and training magnifies it.
NEAR = {"own": 0.05, "val": 0.05, "test": 0.05, "own_loss": 0.15, "val_loss": 0.15, "test_loss": 0.15, "repeats": 0.1}
TOLERANCE = {f"{by}_{key}": near for by in MONITORS for key, near in (NEAR | {"passes": 10, "best_pass": 10}).items()}

GRIDS: dict[str, Sequence[float]] = {
    "L2": L2, "L1": L1, "max-norm": LIMITS, "dropout": RATES, "narrow": WIDTHS,
}  # fmt: skip


def seen(network: Network, p: Problem) -> dict[str, float]:
    """Losses and accuracies on own, validation and test digits; the share of wrong labels that the net repeats."""
    return {
        "own": network.accuracy(p.x, p.y),
        "val": network.accuracy(p.val_x, p.val_y),
        "test": network.accuracy(p.test_x, p.test_y),
        "own_loss": log_loss(network, p.x, p.y),
        "val_loss": log_loss(network, p.val_x, p.val_y),
        "test_loss": log_loss(network, p.test_x, p.test_y),
        "repeats": network.accuracy(p.x[p.wrong], p.y[p.wrong]) if p.wrong.any() else 0.0,
    }


def remedied(kind: str, setting: float, seed: int) -> tuple[Network, dict[str, Hook]]:
    """A fresh net and the hooks of `passes` for one remedy at one setting. Raises ValueError for another kind."""
    hooks: dict[str, Callable[[], dict[str, Hook]]] = {
        "plain": dict,
        "L2": lambda: {"penalise": penalties.l2_hook(setting)},
        "L1": lambda: {"penalise": penalties.l1_slope_hook(setting)},
        "max-norm": lambda: {"constrain": penalties.max_norm_hook(setting)},
        "dropout": dict,
        "narrow": dict,
    }
    if kind not in hooks:
        raise ValueError(f"kind must be one of {', '.join(hooks)}. Received: {kind!r}")
    width = int(setting) if kind == "narrow" else HIDDEN
    between = [Dropout(setting, seed)] if kind == "dropout" else []
    return dense_net((64, width, 10), seed, between), hooks[kind]()


@experiment(version=1, seeds=SEEDS)
def overfitting(seed: int, scale: str) -> dict[str, list[float]]:
    """Watch a plain net learn 300 digits, with right labels and with a fifth of them wrong: numbers of every pass."""
    found: dict[str, list[float]] = {}
    for name, noise in (("right", 0.0), ("noisy", 0.2)):
        p, net = digits(seed, noise=noise), dense_net(seed=seed)
        for _ in passes(net, p.x, p.y, epochs=EPOCHS[scale], seed=seed):
            for key, value in seen(net, p).items():
                if not key.startswith("test"):
                    found.setdefault(f"{name}_{key}", []).append(value)
    return found


@experiment(version=2, seeds=SEEDS)
def remedies(seed: int, scale: str) -> dict[str, list[float]]:
    """Train with every remedy at every setting of `GRIDS`, and the two yardsticks: right labels, more digits."""
    p, runs = digits(seed), {}
    runs["plain"] = [seen(fitted("plain", 0, p, seed, scale), p)]
    for kind, settings in GRIDS.items():
        runs[kind] = [seen(fitted(kind, setting, p, seed, scale), p) for setting in settings]
    for name, other in (("right labels", digits(seed, noise=0.0)), ("more digits", digits(seed, count=847))):
        runs[name] = [seen(fitted("plain", 0, other, seed, scale), other)]
    return {f"{kind}_{key}": [run[key] for run in row] for kind, row in runs.items() for key in row[0]}


def fitted(kind: str, setting: float, p: Problem, seed: int, scale: str) -> Network:
    """Train a net with one remedy to the end."""
    net, hooks = remedied(kind, setting, seed)
    return train(net, p.x, p.y, epochs=EPOCHS[scale], seed=seed, **hooks)


@experiment(version=1, seeds=SEEDS)
def sparsity(seed: int, scale: str) -> dict[str, list[float]]:
    """Train under L1 penalties by steps along the slope and by proximal steps, without momentum.

    For each strength: exact zeros and weights below 0.001 in the first kernel, as shares; accuracy on test digits.
    """
    p, rate, found = digits(seed, noise=0.0), 0.2, {}
    for way in ("slope", "proximal"):
        for strength in SPARSE:
            net = dense_net(seed=seed)
            hooks = {
                "slope": {"penalise": penalties.l1_slope_hook(strength)},
                "proximal": {"constrain": penalties.l1_proximal_hook(strength, rate)},
            }[way]
            train(net, p.x, p.y, epochs=EPOCHS[scale], seed=seed, rate=rate, momentum=0.0, **hooks)
            first = kernels(net)[0]
            for key, value in (
                ("zeros", np.mean(first == 0)),
                ("tiny", np.mean(np.abs(first) < 1e-3)),
                ("test", net.accuracy(p.test_x, p.test_y)),
            ):
                found.setdefault(f"{way}_{key}", []).append(float(value))
    return found


@experiment(version=2, seeds=SEEDS)
def stopping(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Stop a plain net by the loss or by the error on validation digits, with each patience; the last entry never."""
    p, found = digits(seed), {}
    for monitor in MONITORS:
        for patience in (*PATIENCES, EPOCHS[scale]):
            net, watch = dense_net(seed=seed), EarlyStopping(patience)
            for _ in passes(net, p.x, p.y, epochs=EPOCHS[scale], seed=seed):
                loss, error = log_loss(net, p.val_x, p.val_y), 1 - net.accuracy(p.val_x, p.val_y)
                if watch.enough({"loss": loss, "error": error}[monitor], net):
                    break
            if patience in PATIENCES:
                watch.restore(net)
            numbers = seen(net, p) | {"passes": watch.passes, "best_pass": watch.best_pass}
            for key, value in numbers.items():
                found.setdefault(f"{monitor}_{key}", []).append(value)
    return found


def member(p: Problem, seed: int, scale: str, width: int = MEMBER_WIDTH) -> Network:
    """One trained net; its seed draws its weights and the order of its batches."""
    return train(dense_net((64, width, 10), seed), p.x, p.y, epochs=EPOCHS[scale], seed=seed)


@experiment(version=1, seeds=SEEDS)
def together(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Average k = 1 to 5 nets that saw the same digits; beside them one net of equal total size.

    For right labels and for noisy ones: log loss and accuracy of the averaged probabilities and of averaged scores,
    of the mean member, of the large net, and of a net with averaged weights.
    """
    found: dict[str, float | list[float]] = {}
    for name, noise in (("right", 0.0), ("noisy", 0.2)):
        p = digits(seed, noise=noise)
        nets = [member(p, 100 * (seed + 1) + i, scale) for i in range(MEMBERS)]
        every = np.stack([probabilities(net, p.test_x) for net in nets])
        merged = dense_net((64, MEMBER_WIDTH, 10))
        put_back(merged, ensembles.averaged_weights([copied(net) for net in nets]))
        large = member(p, seed, scale, MEMBERS * MEMBER_WIDTH)
        answers = {"merged": probabilities(merged, p.test_x), "large": probabilities(large, p.test_x)}
        for key, given in answers.items():
            found |= {f"{name}_{key}_{k}": float(v) for k, v in judged(given, p.test_y).items()}
        for key, way in (("mean", ensembles.arithmetic), ("scores", ensembles.geometric)):
            row = [judged(way(every[:k]), p.test_y) for k in range(1, MEMBERS + 1)]
            found |= {f"{name}_{key}_{k}": [float(one[k]) for one in row] for k in row[0]}
        row = [judged(one, p.test_y) for one in every]
        found |= {f"{name}_member_{k}": [float(one[k]) for one in row] for k in row[0]}
    return found


def judged(answers: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Mean log loss and accuracy of probabilities (n, classes)."""
    return {"loss": ensembles.losses(answers, labels).mean(), "right": ensembles.accuracies(answers, labels)}


@experiment(version=1, seeds=SEEDS)
def late_weights(seed: int, scale: str) -> dict[str, float]:
    """Average the weights, and the answers, of one net after each of its last 20 passes; beside its last state."""
    p, net, kept, answers = digits(seed), dense_net(seed=seed), [], []
    for epoch in passes(net, p.x, p.y, epochs=EPOCHS[scale], seed=seed):
        if epoch > EPOCHS[scale] - 20:
            kept.append(copied(net))
            answers.append(probabilities(net, p.test_x))
    merged = dense_net()
    put_back(merged, ensembles.averaged_weights(kept))
    three = {
        "last": answers[-1],
        "weights": probabilities(merged, p.test_x),
        "answers": ensembles.arithmetic(np.stack(answers)),
    }
    return {f"{name}_{k}": float(v) for name, given in three.items() for k, v in judged(given, p.test_y).items()}
