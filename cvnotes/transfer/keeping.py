"""Weights that are kept beside the package: small, without pickle, and not trusted before their hash agrees.

``cvnotes/weights/<name>.npz`` holds arrays of 16-bit floats; ``<name>.json`` the command that made them, the versions
it ran with, and a SHA-256 for each net.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent.parent / "weights"


def digest(arrays: Sequence[np.ndarray]) -> str:
    """Hash arrays with their shapes and types, in order."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def save_weights(name: str, nets: Mapping[str, Sequence[np.ndarray]], command: str) -> None:
    """Store the weights of some nets as 16-bit floats, with their hashes and the command that makes them anew.

    name: of the files; nets: for each net its weights, as `get_weights` gives them. The files are replaced when both
    are whole: whoever is killed on the way leaves the old ones, or a pair that `load_weights` refuses.
    Raises ValueError for a weight that 16 bits cannot hold, and for a net without weights. Chapter: transfer.
    """
    from cvnotes.experiments.store import surroundings

    short = {net: _short(net, arrays) for net, arrays in nets.items()}
    if not short or not all(short.values()):
        raise ValueError(f"Give at least one net, and weights for each. Received: {list(short)}")
    flat = {f"{net}/{i:02}": array for net, arrays in short.items() for i, array in enumerate(arrays)}
    hashes = {net: digest(arrays) for net, arrays in short.items()}
    note = {"command": command, **surroundings("quick"), "sha256": hashes}
    FOLDER.mkdir(parents=True, exist_ok=True)
    fresh = {kind: FOLDER / f".{name}.tmp.{kind}" for kind in ("npz", "json")}
    try:
        np.savez_compressed(fresh["npz"], **flat)
        fresh["json"].write_text(json.dumps(note, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for kind, path in fresh.items():
            os.replace(path, FOLDER / f"{name}.{kind}")
    finally:
        for path in fresh.values():
            path.unlink(missing_ok=True)


def _short(net: str, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Weights in 16 bits, if they fit."""
    with np.errstate(over="ignore"):  # what is too large is refused
        found = [np.asarray(array).astype(np.float16) for array in arrays]
    if not all(np.isfinite(array).all() for array in found):
        raise ValueError(f"A weight of {net!r} is no finite number in 16 bits: train it anew, or scale it.")
    return found


def load_weights(name: str, net: str) -> list[np.ndarray]:
    """Read the stored weights of one net as 32-bit floats, in the order of `set_weights`.

    Raises ValueError if there are none of that name, or if they are not those that the command stored.
    Chapter: transfer.
    """
    path = FOLDER / f"{name}.npz"
    known = sorted(p.stem for p in FOLDER.glob("*.npz") if p.with_suffix(".json").exists())
    if name not in known:
        raise ValueError(f"No stored weights {path.name} with their note {name}.json; there are {known}.")
    try:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            keys = [key for key in stored.files if key.rpartition("/")[0] == net]
            found = [stored[key] for key in sorted(keys, key=lambda key: int(key.rpartition("/")[2]))]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} or its note is damaged ({error}): restore both, or make them anew.") from error
    if net not in note["sha256"] or not found:
        raise ValueError(f"{path.name} holds {', '.join(note['sha256'])}. Received: net={net!r}")
    if digest(found) != note["sha256"][net]:
        raise ValueError(f"{path.name}: {net} is not what `{note['command']}` stored; run it again, or restore it.")
    return [array.astype(np.float32) for array in found]
