"""How many scenes a second one core draws; exit status 1 below the 2,000 that the book asks for.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_scenes.py
"""

import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cvnotes import data

WANTED = 2000.0


def per_second(n: int, repeats: int = 3, **options) -> float:
    """Scenes a second of processor time: the best of some repeats, after a first call that fills the tables."""
    data.scenes(8, **options)
    times = []
    for seed in range(repeats):
        begun = time.process_time()
        data.scenes(n, seed, **options)
        times.append(time.process_time() - begun)
    return n / min(times)


def yardstick(repeats: int = 3) -> float:
    """Processor seconds of a fixed piece of NumPy work much like painting: what this machine needs for its own pace."""
    picture, noise = np.full((3, 64, 64), 100, np.uint8), np.full((3, 64, 64), 3, np.int16)
    table = np.arange(256, dtype=np.uint8)
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        for _ in range(1000):
            np.clip(noise + picture, 0, 255).astype(np.uint8)
            table.take(picture)
        times.append(time.process_time() - begun)
    return min(times)


def main() -> int:
    """Print the speeds of several settings; the default one decides."""
    settings = {
        "as they come": {},
        "one object": {"objects": 1},
        "flat, no noise": {"clutter": 0, "noise": 0},
        "full clutter": {"clutter": 1},
        "32 pixels": {"size": 32, "objects": 1},
        "128 pixels": {"size": 128},
    }
    speeds = {name: per_second(1000, **options) for name, options in settings.items()}
    for name, speed in speeds.items():
        print(f"{name:16} {speed:8,.0f} scenes/s")
    return int(speeds["as they come"] < WANTED)


if __name__ == "__main__":
    sys.exit(main())
