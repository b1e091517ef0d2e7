"""Race the book's NumPy convolution against Keras: forward, both gradients, on 32 pictures of 64x64x3, 16 5x5 filters.

Both get the same float32 arrays and the same number of threads, and take turns, so that a busy machine is unkind to
both. Keras runs on TensorFlow in the form that is kindest to it: compiled functions, warm, the gradient functions
without a forward pass of their own (the way back alone, from a given upstream gradient). Ours are plain NumPy calls.
Printed are medians and their ratios; the exit status is 1 when the three together take more than 5 times as long.

Run: python tests/benchmarks/bench_convolution.py [--threads 1] [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

IMAGES, SIDE, DEPTH, KERNEL, FILTERS = 32, 64, 3, 5, 16
TARGET = 5.0
NAMES = ("forward", "input gradient", "filter gradient")
Passes = dict[str, Callable[[], "np.ndarray"]]  # noqa: F821


def arrays():
    """Pictures (n, h, w, c), filters (kh, kw, c, o) and an upstream gradient (n, h, w, o), all float32."""
    import numpy as np

    dice = np.random.default_rng(0)
    shapes = [(IMAGES, SIDE, SIDE, DEPTH), (KERNEL, KERNEL, DEPTH, FILTERS), (IMAGES, SIDE, SIDE, FILTERS)]
    return [dice.normal(size=shape).astype("float32") for shape in shapes]


def ours(x, filters, upstream) -> Passes:
    """The three passes in NumPy."""
    from cvnotes.backpropagation import filter_gradient, input_gradient
    from cvnotes.convolution import conv2d

    return {
        "forward": lambda: conv2d(x, filters, padding="same"),
        "input gradient": lambda: input_gradient(filters, upstream, x.shape, padding="same"),
        "filter gradient": lambda: filter_gradient(x, upstream, KERNEL, padding="same"),
    }


def theirs(*given) -> Passes:
    """The three passes of Keras on TensorFlow, each one compiled function of tensors that are already there."""
    import keras
    import tensorflow as tf

    x, filters, upstream = map(tf.constant, given)

    def back(which: int) -> Callable:
        def gradient(*both):
            with tf.GradientTape() as tape:
                tape.watch(both[which])
                y = keras.ops.conv(*both, padding="same")
            return tape.gradient(y, both[which], output_gradients=upstream)

        return tf.function(gradient)

    forward, to_x, to_filters = tf.function(lambda *both: keras.ops.conv(*both, padding="same")), back(0), back(1)
    return {
        "forward": lambda: forward(x, filters).numpy(),
        "input gradient": lambda: to_x(x, filters).numpy(),
        "filter gradient": lambda: to_filters(x, filters).numpy(),
    }


def agree(one: Passes, other: Passes) -> None:
    """Both must give the same numbers, in the same type: a wrong answer may be as fast as it likes."""
    import numpy as np

    for name in NAMES:
        a, b = one[name](), other[name]()
        if a.dtype != b.dtype or not np.allclose(a, b, atol=1e-4 * np.abs(b).max()):
            raise SystemExit(f"the two disagree about the {name}: nothing to race")


def race(rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of (ours, Keras's) for each pass, over rounds in which all six take their turn."""
    import numpy as np

    from cvnotes import experiments

    given = arrays()
    runners = ours(*given), theirs(*given)
    agree(*runners)
    calls = {(name, who): runner[name] for who, runner in enumerate(runners) for name in NAMES}
    took = experiments.race(calls, rounds, warm=0)
    return {name: tuple(float(np.median(took[name, who])) for who in (0, 1)) for name in NAMES}


def held(times: dict[str, tuple[float, float]]) -> bool:
    """Whether ours takes at most `TARGET` times as long as Keras, all passes together."""
    mine, keras = (sum(both) for both in zip(*times.values(), strict=True))
    return mine <= TARGET * keras


def main() -> int:
    """Print the race as a table; the exit status says whether the target holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(options.threads)  # before NumPy and TensorFlow are loaded
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    times = race(options.rounds)
    passed = held(times)
    times["together"] = tuple(sum(pair) for pair in zip(*times.values(), strict=True))
    print(f"\n{IMAGES} pictures of {SIDE}x{SIDE}x{DEPTH}, {FILTERS} filters of {KERNEL}x{KERNEL}, float32, ", end="")
    print(f"threads: {options.threads}, load {os.getloadavg()[0]:.1f}\n")
    print("| pass | NumPy, ms | Keras, ms | ratio |\n|---|---|---|---|")
    for name, (mine, keras) in times.items():
        print(f"| {name} | {1e3 * mine:.1f} | {1e3 * keras:.1f} | {mine / keras:.2f} |")
    print(f"\ntarget (together at most {TARGET:.0f} times Keras): {'held' if passed else 'MISSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
