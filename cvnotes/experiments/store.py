"""The stored numbers: ``cvnotes/results/<chapter>.json``, written by ``make results`` alone."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cvnotes.experiments import seeded
from cvnotes.experiments.seeded import Experiment, Numbers

FOLDER = Path(__file__).parent.parent / "results"
DIGITS = 6
REPAIR = "restore it, or delete it and run `make results`."


def load(chapter: str, name: str) -> dict[str, np.ndarray]:
    """The stored numbers of an experiment: each an array whose first axis runs over the seeds.

    Raises ``ValueError`` if nothing is stored under that name, naming what is, or if a number was changed by hand.
    """
    seeds = record(chapter, name)["seeds"]
    runs = [seeds[key]["numbers"] for key in sorted(seeds, key=int)]
    return {key: np.array([run[key] for run in runs], dtype=float) for key in runs[0]}


def record(chapter: str, name: str) -> dict[str, Any]:
    """All that is stored of an experiment: ``version``, ``scale``, ``made_with``, and ``seeds`` with their seconds."""
    stored = read(chapter)
    if name not in stored:
        known = f"It has {', '.join(stored)}." if stored else "Nothing is stored for this chapter."
        raise ValueError(f"No stored result {chapter}.{name}: run `make results`. {known}")
    _untouched(chapter, name, stored[name])
    return stored[name]


def verify(fn: Experiment, seed: int = 0, *, atol: float | dict[str, float]) -> Numbers:
    """Run one stored seed now and compare every number with the stored one; gives the numbers of the run.

    atol: the largest difference allowed, one for all or one for each name (a name left out must agree exactly).
    Runs at the scale of the stored numbers; with ``CVNOTES_SCALE=full``, all stored seeds.
    Raises ``AssertionError`` with the numbers that disagree, ``ValueError`` if the seed or the version is not stored.
    """
    stored = record(fn.chapter, fn.name)
    if stored["version"] != fn.version:
        raise ValueError(f"{fn!r} is version {fn.version}, stored is {stored['version']}: run `make results`.")
    if str(seed) not in stored["seeds"]:
        raise ValueError(f"{fn!r} has stored seeds {', '.join(stored['seeds'])}. Received: seed {seed}.")
    numbers = _verify_one(fn, seed, stored, atol)
    for other in sorted(set(map(int, stored["seeds"])) - {seed}) if seeded.scale() == "full" else []:
        _verify_one(fn, other, stored, atol)
    return numbers


def read(chapter: str) -> dict[str, Any]:
    """The whole file of a chapter, ``{}`` if there is none. Raises ``ValueError`` if it is cut short or no JSON."""
    path = FOLDER / f"{chapter}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ValueError(f"{path.name} is damaged ({error}): {REPAIR}") from None
    if not isinstance(stored, dict):
        raise ValueError(f"{path.name} is damaged (no mapping): {REPAIR}")
    return stored


def digest(numbers: Numbers) -> str:
    """A short hash of one seed's numbers as they are stored, so that a number changed by hand is noticed."""
    text = json.dumps(_rounded(numbers), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _untouched(chapter: str, name: str, entry: dict[str, Any]) -> None:
    changed = [seed for seed, run in entry["seeds"].items() if run.get("digest") != digest(run["numbers"])]
    if changed:
        raise ValueError(
            f"{chapter}.{name}, seed {', '.join(changed)}: the numbers are not those that `make results` stored. "
            f"Run `python -m cvnotes.experiments {chapter} --force`; stored numbers are made by that command alone."
        )


@contextlib.contextmanager
def held(chapter: str) -> Iterator[None]:
    """Keep a chapter's file for oneself between reading and writing it: two runs at a time lose no seed.

    The lock ends with the process, however it ends. Where there is no ``fcntl`` (Windows), nothing is held.
    """
    place = hashlib.sha256(str(FOLDER.resolve() / chapter).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"cvnotes-{place}.lock").open("w") as lock:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(chapter: str, stored: dict[str, Any]) -> None:
    """Replace a chapter's file in one step: whoever is killed on the way leaves the old one whole."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path, fresh = FOLDER / f"{chapter}.json", FOLDER / f".{chapter}.json.tmp"
    fresh.write_text(dump(stored), encoding="utf-8")
    os.replace(fresh, path)


def dump(stored: dict[str, Any]) -> str:
    """JSON with sorted names, numbers of six digits, and a list of numbers on one line."""
    text = json.dumps(_rounded(stored), indent=1, sort_keys=True, ensure_ascii=False)
    return (
        re.sub(
            r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), text
        )
        + "\n"
    )


def surroundings(scale: str) -> dict[str, Any]:
    """What numbers depend on besides the code; two of them are never mixed in one result."""
    from cvnotes import backend

    packages = ("keras", "numpy", backend.name())
    versions = {package: importlib.metadata.version(package) for package in packages}
    made_with = {"backend": backend.name(), "device": backend.device(), "python": platform.python_version(), **versions}
    return {"scale": scale, "made_with": made_with}


def _verify_one(fn: Experiment, seed: int, stored: dict[str, Any], atol: float | dict[str, float]) -> Numbers:
    numbers, expected = fn(seed, stored["scale"]), stored["seeds"][str(seed)]["numbers"]
    if numbers.keys() != expected.keys():
        raise AssertionError(f"{fn!r} seed {seed} gives {sorted(numbers)}, stored are {sorted(expected)}.")
    wrong = [key for key in numbers if not _close(numbers[key], expected[key], _tolerance(atol, key))]
    if wrong:
        lines = [
            f"  {key}: {numbers[key]} now, {expected[key]} stored, {_tolerance(atol, key)} allowed" for key in wrong
        ]
        raise AssertionError("\n".join([f"{fn!r} seed {seed} does not repeat its stored numbers:", *lines]))
    return numbers


def _tolerance(atol: float | dict[str, float], key: str) -> float:
    return atol.get(key, 0.0) if isinstance(atol, dict) else atol


def _close(now: Any, before: Any, atol: float) -> bool:
    now, before = np.asarray(now), np.asarray(before)
    if now.shape != before.shape:
        return False
    rounding = 0.5 * 10.0 ** (1 - DIGITS) * np.abs(before)  # what storing so many digits may have cost
    return bool(np.all(np.abs(now - before) <= atol + rounding))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        short = float(f"{value:.{DIGITS}g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    return value
