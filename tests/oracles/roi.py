"""Ask torchvision what RoI pooling and RoI align give, and store its answers in roi.npz beside this file.

Run with a Python that has torchvision, such as Debian's (``apt-get install python3-torchvision``):
``/usr/bin/python3 tests/oracles/roi.py``. The tests read the stored answers and need no torchvision.
"""

import pathlib

import numpy as np
import torch
import torchvision

SIDES, SCALES = ((1, 1), (3, 2), (7, 7)), (1.0, 0.5, 0.125)  # bins; cells of the map a pixel
SAMPLES, ALIGNED = (1, 2, 3), (False, True)


def cases(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two maps of 9 x 12 cells; boxes in cells, inside and outside, tiny and huge, on halves; the map of each."""
    dice = np.random.default_rng(seed)
    maps = dice.normal(size=(2, 9, 12, 2)).round(3).astype("float32")
    low = dice.uniform(-6, 14, (20, 2)).round(2)
    free = np.concatenate([low, low + dice.uniform(0, 9, (20, 2)).round(2)], axis=1)
    inside = [[0, 0, 12, 9], [3, 3, 3, 3], [1, 1, 2, 2], [2.5, 1.5, 6.5, 4.5], [4.25, 0, 4.75, 9]]
    across = [[-2.5, -1.5, 3.5, 2.5], [-20, -20, 40, 40], [11.5, 8.5, 12.5, 9.5], [13, 3, 20, 6], [-9, -9, -5, -5]]
    boxes = np.concatenate([inside, across, free]).astype("float32")
    return maps, boxes, (np.arange(len(boxes)) % 2).astype("int32")


def answers(maps: np.ndarray, boxes: np.ndarray, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Both operations over a grid of sizes, scales and rules, and the gradients of a weighted sum at one size."""
    found, ops = {}, torchvision.ops
    for size in SIDES:
        for scale in SCALES:
            rois = np.column_stack([pictures, boxes / np.float32(scale)]).astype("float32")
            given = torch.tensor(maps.transpose(0, 3, 1, 2), requires_grad=True), torch.tensor(rois)
            said = {"pool": ops.roi_pool(*given, size, scale)}
            for samples in SAMPLES:
                for aligned in ALIGNED:
                    key = f"align_{samples}_{int(aligned)}"
                    said[key] = ops.roi_align(*given, size, scale, samples, aligned)
            for name, value in said.items():
                weight = torch.cos(torch.arange(value.numel(), dtype=torch.float32)).reshape(value.shape)
                slope = torch.autograd.grad((value * weight).sum(), given[0])[0]
                key = f"{name}_{size[0]}_{size[1]}_{scale}"
                if scale == 1 or size == (3, 2):
                    found[key] = value.detach().numpy().transpose(0, 2, 3, 1)
                if size == (3, 2) and scale == 1:
                    found[f"{key}_slope"] = slope.numpy().transpose(0, 2, 3, 1)
    return found


def slip() -> np.ndarray:
    """A region of 57 cells in 7 bins, cells holding their numbers: in 32 bits 7 * (57 / 7) is above 57."""
    line = torch.arange(60, dtype=torch.float32).reshape(1, 1, 1, 60)
    return torchvision.ops.roi_pool(line, torch.tensor([[0, 0, 0, 56.0, 0]]), (1, 7), 1.0).numpy().ravel()


if __name__ == "__main__":
    given = cases()
    found = dict(zip(("maps", "boxes", "pictures"), given, strict=True)) | answers(*given) | {"slip": slip()}
    where = pathlib.Path(__file__).with_suffix(".npz")
    np.savez_compressed(where, version=np.array(torchvision.__version__), **found)
    print(f"{len(found)} arrays by torchvision {torchvision.__version__}, {where.stat().st_size:,} bytes")
