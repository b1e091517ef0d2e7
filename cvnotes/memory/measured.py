"""What a process really takes at its worst moment: a chain of convolutions, run in a process of its own.

The operating system keeps the highest mark of a process, and only a fresh process has a mark of its own. Linux only.
Chapter: memory.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from cvnotes.checks import whole

SIDE, CHANNELS, BATCH = 256, 4, 16
MODES = ("inference", "training")


def accounted() -> int:
    """Bytes of one layer's activations in the chain, in float32."""
    return BATCH * SIDE * SIDE * CHANNELS * 4


def high_mark() -> int:
    """The most memory that this process ever held, in bytes. Raises RuntimeError where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        raise RuntimeError("Only Linux keeps the highest mark of a process in /proc/self/status.")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))[1])


def run_chain(mode: str, depth: int) -> int:
    """Run two batches through `depth` convolutions, in training or in inference; the high mark afterwards."""
    import keras
    import numpy as np

    from cvnotes import backend

    layers = [keras.layers.Conv2D(CHANNELS, 3, padding="same", activation="relu") for _ in range(depth)]
    net = keras.Sequential([keras.Input((SIDE, SIDE, CHANNELS)), *layers, keras.layers.GlobalAveragePooling2D()])
    net.compile(keras.optimizers.SGD(1e-3), "mse", jit_compile=backend.jit_compile())
    x, y = np.ones((BATCH, SIDE, SIDE, CHANNELS), "float32"), np.zeros((BATCH, CHANNELS), "float32")
    for _ in range(2):
        net.predict_on_batch(x) if mode == "inference" else net.train_on_batch(x, y)
    return high_mark()


def peak_of(mode: str, depth: int) -> int:
    """The high mark of a fresh process that does `run_chain`, in bytes.

    Raises ValueError for another mode or depth, RuntimeError with the last words of a process that failed.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}. Received: {mode!r}")
    command = [sys.executable, "-m", "cvnotes.memory.measured", mode, str(whole("depth", depth, 1))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The process ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return int(done.stdout.split()[-1])


def traced_peak(fn: Callable[[], object]) -> int:
    """The most bytes that Python and NumPy held at one time during a call, beyond those held before it."""
    outer = tracemalloc.is_tracing()  # the caller's, which goes on
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        fn()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not outer:
            tracemalloc.stop()


if __name__ == "__main__":
    print(run_chain(sys.argv[1], int(sys.argv[2])))
