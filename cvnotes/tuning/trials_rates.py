"""The folklore of rates put to the test: update ratios, batch sizes, searches. Chapter: tuning."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import backend, experiments, models

from .bench import EPOCHS, Bench, conv_net, digits, score
from .search import SAMPLERS, rates
from .watching import UpdateRatio

SGD_RATES = tuple(float(r) for r in np.logspace(-3, 0.5, 8).round(4))
ADAM_RATES = tuple(float(r) for r in np.logspace(-4.5, -1, 8).round(6))
FAMILIES = {"SGD": SGD_RATES, "Adam": ADAM_RATES, "SGD, batch norm": SGD_RATES}
LONGER = slice(1, 5)
NOISE_BATCHES = (8, 16, 32, 64, 128, 256)
DRAWS = 24  # batches of each size in `noise`
BATCHES = (8, 32, 128, 512)
BATCH_RATES = tuple(0.0025 * 4**k for k in range(6))
REDUCTIONS = {"mean": "sum_over_batch_size", "sum": "sum"}  # Keras's names
REDUCTION_BATCHES, REDUCTION_RATE = (8, 32, 256), 0.1
SEARCH_DRAWS, SEARCH_EPOCHS = 20, {"quick": 4, "full": 20}


def normalized_net() -> keras.Model:
    """The ConvNet with batch normalization before each ReLU."""
    return models.build("small-convnet", input_shape=(8, 8, 1), width=8, normalization="batch")


@experiments.experiment(version=1, seeds=5)
def ratios(seed: int, scale: str) -> dict[str, list[float]]:
    """Log the update-to-weight ratio of SGD and Adam at eight rates, and of SGD with batch normalization.

    For each rate: accuracy on test digits; the median ratio over steps and kernels; its median in the first and in the
    last tenth of the steps; how many times longer the kernels have become. Ratios of runs that blow up end there.
    """
    d, found = digits(), {}
    for family, values in FAMILIES.items():
        optimizer = keras.optimizers.Adam() if family == "Adam" else keras.optimizers.SGD()
        bench = Bench(normalized_net if "norm" in family else conv_net, optimizer)
        for rate in values:
            watch = UpdateRatio(every=3)
            options = {"epochs": EPOCHS[scale], "rate": rate, "callbacks": [watch]}
            model = bench.train(d.train_images, d.train_labels, seed=seed, **options)
            for key, value in {"test": score(model), **summary(watch)}.items():
                found.setdefault(f"{family}_{key}", []).append(value)
    return found


@experiments.experiment(version=1, seeds=5)
def longer(seed: int, scale: str) -> dict[str, list[float]]:
    """Train four times as long at the four rates below the best of `ratios`: does a small ratio need more steps?"""
    d, found = digits(), {}
    for family in ("SGD", "Adam"):
        bench = Bench(conv_net, keras.optimizers.Adam() if family == "Adam" else keras.optimizers.SGD())
        for rate in FAMILIES[family][LONGER]:
            watch = UpdateRatio(every=12)
            options = {"epochs": 4 * EPOCHS[scale], "rate": rate, "callbacks": [watch]}
            model = bench.train(d.train_images, d.train_labels, seed=seed, **options)
            for key, value in {"test": score(model), **summary(watch)}.items():
                found.setdefault(f"{family}_{key}", []).append(value)
    return found


def summary(watch: UpdateRatio) -> dict[str, float]:
    """What is kept of one training's ratios and norms."""
    seen = watch.per_step()
    tenth = max(len(seen) // 10, 1)
    grown = np.median([np.array(values)[np.isfinite(values)][-1] / values[0] for values in watch.lengths.values()])
    return {
        "ratio": float(np.median(seen)),
        "first": float(np.median(seen[:tenth])),
        "last": float(np.median(seen[-tenth:])),
        "grown": float(min(grown, 1e6)),
    }


@experiments.experiment(version=1, seeds=5)
def noise(seed: int, scale: str) -> dict[str, list[float]]:
    """Gradients of batches of 8 to 256 digits: length of mean and of sum, and squared distance from that of all.

    Once at the start and once after training.
    """
    d, dice = digits(), np.random.default_rng(seed)
    bench, found = Bench(conv_net, keras.optimizers.SGD()), {}
    for when, epochs in (("start", 0), ("end", EPOCHS[scale])):
        model = bench.restart(seed)
        if epochs:
            model = bench.train(d.train_images, d.train_labels, seed=seed, epochs=epochs, rate=0.1)
        whole = gradient(model, d.train_images, d.train_labels)
        for batch in NOISE_BATCHES:
            rows = [dice.choice(len(d.train_labels), batch, replace=False) for _ in range(DRAWS)]
            drawn = np.array([gradient(model, d.train_images[r], d.train_labels[r]) for r in rows])
            lengths = np.linalg.norm(drawn, axis=1)
            found.setdefault(f"{when}_mean", []).append(float(lengths.mean()))
            found.setdefault(f"{when}_noise", []).append(float(((drawn - whole) ** 2).sum(1).mean()))
        found[f"{when}_whole"] = float(np.linalg.norm(whole))
    return found


def gradient(model: keras.Model, x: np.ndarray, y: np.ndarray, reduce: str = "mean") -> np.ndarray:
    """The gradient of the mean (or sum) of the losses of a batch, all weights in one row."""
    total = {"mean": keras.ops.mean, "sum": keras.ops.sum}[reduce]

    def loss(weights):
        logits, _ = model.stateless_call(weights, model.non_trainable_variables, x, training=False)
        return total(keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True))

    _, gradients = backend.value_and_grad(loss)([keras.ops.convert_to_numpy(w) for w in model.trainable_variables])
    return np.concatenate([g.ravel() for g in gradients])


@experiments.experiment(version=1, seeds=5)
def batches(seed: int, scale: str) -> dict[str, list[float]]:
    """Accuracy on test digits for four batch sizes at six rates, plain SGD, the same number of passes."""
    d, bench = digits(), Bench(conv_net, keras.optimizers.SGD())
    options = {"seed": seed, "epochs": EPOCHS[scale]}
    return {
        str(batch): [
            score(bench.train(d.train_images, d.train_labels, rate=rate, batch=batch, **options))
            for rate in BATCH_RATES
        ]
        for batch in BATCHES
    }


@experiments.experiment(version=1, seeds=5)
def reductions(seed: int, scale: str) -> dict[str, list[float]]:
    """Mean against sum of the losses of a batch, equally many steps: one rate for three batch sizes.

    The rate of the sum is that of the mean over 32, so that both agree at a batch of 32.
    """
    d, found, per_pass = digits(), {}, len(digits().train_labels) // 32
    for reduce, rate in (("mean", REDUCTION_RATE), ("sum", REDUCTION_RATE / 32)):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=REDUCTIONS[reduce])
        bench, runs = Bench(conv_net, keras.optimizers.SGD(), loss), []
        for batch in REDUCTION_BATCHES:
            size = {"batch": batch, "steps": EPOCHS[scale] * per_pass, "epochs": EPOCHS[scale] * max(1, batch // 32)}
            runs.append(score(bench.train(d.train_images, d.train_labels, seed=seed, rate=rate, **size)))
        found[reduce] = runs
    return found


@experiments.experiment(version=1, seeds=5)
def search(seed: int, scale: str) -> dict[str, list[float]]:
    """Twenty rates from each sampler, one short training for each: the rates and the accuracies."""
    d, dice, found = digits(), np.random.default_rng(seed), {}
    bench = Bench(conv_net, keras.optimizers.SGD(momentum=0.9))
    for how in SAMPLERS:
        drawn = rates(how, SEARCH_DRAWS, dice)
        options = {"seed": seed, "epochs": SEARCH_EPOCHS[scale]}
        found[f"{how}_rate"] = [float(rate) for rate in drawn]
        found[f"{how}_test"] = [
            score(bench.train(d.train_images, d.train_labels, rate=float(rate), **options)) for rate in drawn
        ]
    return found
