"""Time on a clock beside products on paper. Only ratios within one run are kept: seconds belong to one machine."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import backend, experiments

from .counting import KINDS, work

WIDTHS = (16, 32, 64, 128, 256)
BATCHES = (1, 32)
SIDE = 16
SHALLOW, DEEP = 2, 6
COUNTS = (32, 48, 60, 63, 64, 65, 80, 96, 100, 128)


def make(kind: str, width: int, kernel: int = 3, groups: int = 4) -> keras.Layer:
    """Build a Keras layer of one of the KINDS that keeps size and channels. Chapter: convolution_cost."""
    options = {"padding": "same", "use_bias": False}
    layers = keras.layers
    if kind == "separable":
        return layers.SeparableConv2D(width, kernel, **options)
    if kind == "depthwise":
        return layers.DepthwiseConv2D(kernel, **options)
    size = 1 if kind == "pointwise" else kernel
    return layers.Conv2D(width, size, groups=groups if kind == "grouped" else 1, **options)


def call(layers: list[keras.Layer], shape: tuple[int, ...], batch: int) -> Callable[[], object]:
    """Stack layers into a compiled model and return a function that runs it once on noise of the given shape."""
    model = keras.Sequential([keras.Input(shape), *layers])
    model.compile(jit_compile=backend.jit_compile())
    noise = np.random.default_rng(0).normal(size=(batch, *shape)).astype("float32")
    return lambda: model.predict_on_batch(noise)


def per_layer(kinds: tuple[str, ...], width: int, batch: int, repeats: int, seed: int = 0) -> dict[str, float]:
    """Median seconds of one layer: a stack of six less a stack of two, over four, so that the call itself cancels.

    The two stacks are subtracted round by round, so that a busy spell of the machine cancels as well.
    Raises RuntimeError when even so the deeper stack does not take longer: the clock cannot see such a layer.
    """
    shape = (SIDE, SIDE, width)
    stacks = {
        f"{kind} {depth}": call([make(kind, width) for _ in range(depth)], shape, batch)
        for kind in kinds
        for depth in (SHALLOW, DEEP)
    }
    times = experiments.race(stacks, repeats, seed=seed)
    more = {kind: float(np.median(times[f"{kind} {DEEP}"] - times[f"{kind} {SHALLOW}"])) for kind in kinds}
    hidden = [kind for kind in kinds if more[kind] <= 0]
    if hidden:
        raise RuntimeError(f"{', '.join(hidden)} at {width} channels: {repeats} rounds are too few to see one layer.")
    return {kind: seconds / (DEEP - SHALLOW) for kind, seconds in more.items()}


def best_speed(repeats: int = 15) -> tuple[float, float]:
    """Measure multiply-accumulates a second of large matrix products, and bytes a second of a copy out of the cache.

    Chapter: convolution_cost.
    """
    side, numbers = 1024, np.ones(2**25, "float32")
    target = np.empty_like(numbers)
    calls = {
        str(depth): call([keras.layers.Dense(side, use_bias=False) for _ in range(depth)], (side,), side)
        for depth in (SHALLOW, DEEP)
    }
    found = experiments.race({**calls, "copy": lambda: np.copyto(target, numbers)}, repeats)
    middle = {name: float(np.median(times)) for name, times in found.items()}
    products = (DEEP - SHALLOW) * side**3 / (middle[str(DEEP)] - middle[str(SHALLOW)])
    return products, 2 * numbers.nbytes / middle["copy"]


@experiments.experiment(version=2, seeds=5)
def layer_race(seed: int, scale: str = "quick") -> dict[str, float | list[float]]:
    """Race all kinds of layer at every width and batch; ratios within the run. Chapter: convolution_cost.

    time_KIND_BATCH: seconds over those of the full layer, one number a width; speed_KIND_BATCH: multiply-accumulates a
    second over those of a large matrix product; ridge: operations a byte at which memory just keeps up with it.
    """
    peak, stream = best_speed()
    out: dict[str, float | list[float]] = {"ridge": 2 * peak / stream}
    for batch in BATCHES:
        repeats = {"quick": 15, "full": 45}[scale] * (4 if batch == 1 else 1)  # short calls need more rounds
        rows = [per_layer(KINDS, width, batch, repeats, seed) for width in WIDTHS]
        for kind in KINDS:
            out[f"time_{kind}_{batch}"] = [row[kind] / row["full"] for row in rows]
            out[f"speed_{kind}_{batch}"] = [
                work(kind, SIDE, width, batch=batch).macs / row[kind] / peak
                for width, row in zip(WIDTHS, rows, strict=True)
            ]
    return out


@experiments.experiment(version=1, seeds=5)
def filter_counts(seed: int, scale: str = "quick") -> dict[str, list[float]]:
    """Time 3 x 3 layers by their number of filters; time per filter over that of 64 filters.

    median, least: 64 channels in, of 30 interleaved calls; square: as many channels in as filters, median for each
    pair of the two. A call that does nothing is taken off. Chapter: convolution_cost.
    """
    calls = {"none": call([keras.layers.Identity()], (32, 32, 64), 4)}
    for n in COUNTS:
        calls[f"fixed {n}"] = call([keras.layers.Conv2D(n, 3, padding="same")], (32, 32, 64), 4)
        calls[f"square {n}"] = call([keras.layers.Conv2D(n, 3, padding="same")], (32, 32, n), 4)
    found = experiments.race(calls, 30 if scale == "quick" else 100, seed=seed)

    def relative(kind: str, summary: Callable, power: int) -> list[float]:
        each = np.array([(summary(found[f"{kind} {n}"]) - summary(found["none"])) / n**power for n in COUNTS])
        return (each / each[COUNTS.index(64)]).tolist()

    parts = {"median": ("fixed", np.median, 1), "least": ("fixed", np.min, 1), "square": ("square", np.median, 2)}
    return {name: relative(*part) for name, part in parts.items()}
