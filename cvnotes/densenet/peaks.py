"""What training a dense block takes of a real process, with its concatenations kept and computed again. Linux only.

Chapter: densenet.
"""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np

from cvnotes import backend
from cvnotes.checks import choice, whole
from cvnotes.memory.measured import high_mark

from .recompute import block_net

DEPTHS = (4, 8, 12)
SIDE, BATCH = 32, 16
#: What is compared: a way of training (see recompute.MODES), and whether Keras compiles the step.
RUNS = {
    "naive": ("naive", False),
    "recomputed": ("recomputed", False),
    "naive, compiled": ("naive", True),
    "recomputed, compiled": ("recomputed", True),
}

__all__ = ["DEPTHS", "RUNS", "map_bytes", "peaks_of"]


def map_bytes() -> int:
    """Bytes of one map for the whole batch, in float32."""
    return 4 * BATCH * SIDE * SIDE


def run_blocks(run: str, seed: int) -> list[int]:
    """Train blocks of DEPTHS on one batch each, the shallowest first; the high mark after each."""
    mode, compiled = RUNS[run]
    marks, dice = [], np.random.default_rng(seed)
    for depth in DEPTHS:
        keras.utils.set_random_seed(seed)
        net = block_net(depth, mode, side=SIDE)
        jit = compiled and backend.jit_compile()
        net.compile(keras.optimizers.SGD(1e-3), "mse", jit_compile=jit, run_eagerly=not compiled)
        x = dice.normal(size=(BATCH, *net.input_shape[1:])).astype("float32")
        net.train_on_batch(x, np.zeros((BATCH, 5), "float32"))
        marks.append(high_mark())
    return marks


def peaks_of(run: str, seed: int = 0) -> list[int]:
    """The high marks, in bytes, of a fresh process that trains blocks of DEPTHS one after the other.

    Each deeper block needs more than all before it, so its mark is its own. run: one of RUNS.
    Raises ValueError for another run and a seed below 0, RuntimeError with the last words of a process
    that failed. Chapter: densenet.
    """
    choice("run", run, RUNS)
    command = [sys.executable, "-m", "cvnotes.densenet.peaks", run, str(whole("seed", seed, 0))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The process ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return [int(word) for word in done.stdout.split()[-len(DEPTHS) :]]


if __name__ == "__main__":
    print(*run_blocks(sys.argv[1], int(sys.argv[2])))
