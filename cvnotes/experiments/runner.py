"""Run what is not stored yet, seed by seed; whatever happens, at most the seed under way is lost."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cvnotes.experiments import seeded, store
from cvnotes.experiments.seeded import Experiment, Numbers

Task = tuple[Experiment, int]
Outcome = tuple[Numbers, float] | Exception
ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status: 0 if all asked for is stored, 1 if something stands in the way."""
    options = _parser().parse_args(arguments)
    for name in ONE_THREAD:  # numbers depend on the number of threads; read by TensorFlow when it first computes
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.results:
        store.FOLDER = options.results
    known = discover(options.package)
    every = [fn for found in known.values() for fn in found]
    unknown = sorted(set(options.chapters) - set(known) - {_address(fn) for fn in every})
    if unknown:
        print(f"No experiments in {', '.join(unknown)}. There are: {', '.join(map(_address, every)) or 'none'}.")
        return 1
    asked = set(options.chapters or known)
    return _run([fn for fn in every if asked & {fn.chapter, _address(fn)}], options.force, options.jobs)


def _address(fn: Experiment) -> str:
    return f"{fn.chapter}.{fn.name}"


def discover(package: str = "cvnotes") -> dict[str, list[Experiment]]:
    """Chapter and experiments of every module of the package whose text mentions ``@experiment``."""
    found: dict[str, dict[str, Experiment]] = {}
    for module in _modules(package):
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, Experiment) and value.__module__ == module:
                found.setdefault(value.chapter, {})[value.name] = value
    return {chapter: [fns[name] for name in sorted(fns)] for chapter, fns in sorted(found.items())}


def _modules(package: str) -> Iterator[str]:
    root = importlib.import_module(package)
    own = store.__name__.rpartition(".")[0]
    for info in pkgutil.walk_packages(root.__path__, package + ".", onerror=lambda name: None):
        path = Path(getattr(info.module_finder, "path", "")) / info.name.rpartition(".")[2]
        path = path / "__init__.py" if info.ispkg else path.with_suffix(".py")
        if not info.name.startswith(own) and path.exists() and "@experiment" in path.read_text(encoding="utf-8"):
            yield info.name


def stale(chapter: str | None = None, package: str = "cvnotes") -> dict[str, str]:
    """``{"chapter.name": reason}`` of each stored result that its code has outgrown; empty when all is well.

    Reasons: another version, seeds not stored, or a function that is gone. All chapters unless one is named.
    """
    known = discover(package)
    chapters = {*known, *(path.stem for path in store.FOLDER.glob("[!.]*.json"))} if chapter is None else {chapter}
    reasons = {}
    for name in sorted(chapters):
        reasons |= {f"{name}.{key}": reason for key, reason in _outgrown(name, known.get(name, [])).items()}
    return reasons


def _outgrown(chapter: str, experiments: list[Experiment]) -> dict[str, str]:
    stored, names = store.read(chapter), {fn.name for fn in experiments}
    reasons = {name: "stored, but no longer in the code" for name in stored if name not in names}
    for fn in experiments:
        entry = stored.get(fn.name, {"version": fn.version, "seeds": {}})
        missing = [str(seed) for seed in fn.seeds if str(seed) not in entry["seeds"]]
        if entry["version"] != fn.version:
            reasons[fn.name] = f"version {fn.version} in the code, {entry['version']} stored"
        elif missing:
            reasons[fn.name] = f"seeds not stored: {', '.join(missing)}"
    return reasons


def _run(chosen: list[Experiment], force: bool, jobs: int) -> int:
    surroundings = store.surroundings(seeded.scale())
    complaints = {fn: complaint for fn in chosen if not force and (complaint := _complaint(fn, surroundings))}
    for fn, complaint in complaints.items():
        print(f"{fn!r}: {complaint} Run with --force to make all its seeds anew.")
    anew = {fn: {"version": fn.version, **surroundings, "seeds": {}} for fn in chosen if force or _is_new(fn)}
    tasks = [(fn, seed) for fn in chosen if fn not in complaints for seed in _missing(fn, fn in anew)]
    print(f"{len(tasks)} seeds to run of {sum(len(fn.seeds) for fn in chosen)} ({seeded.scale()} scale).", flush=True)
    failed = 0
    for done, (fn, seed, outcome) in enumerate(_outcomes(tasks, surroundings["scale"], jobs), 1):
        if isinstance(outcome, Exception):
            failed += 1
            print(f"[{done}/{len(tasks)}] {fn!r} seed {seed} failed: {type(outcome).__name__}: {outcome}", flush=True)
        else:
            _keep(fn, seed, *outcome, anew.pop(fn, None))
            print(f"[{done}/{len(tasks)}] {fn!r} seed {seed}: {outcome[1]:.1f} s", flush=True)
    return int(bool(complaints or failed))


def _complaint(fn: Experiment, surroundings: dict) -> str:
    """Why the seeds that are stored and those to come must not be mixed, if so."""
    stored = store.read(fn.chapter).get(fn.name)
    if stored is None or stored["version"] != fn.version:
        return ""
    if stored["scale"] != surroundings["scale"]:
        return f"stored at {stored['scale']} scale, asked for {surroundings['scale']}."
    missing = set(map(str, fn.seeds)) - set(stored["seeds"])
    if missing and stored["made_with"] != surroundings["made_with"]:
        return f"half done with {stored['made_with']}, now {surroundings['made_with']}."
    return ""


def _is_new(fn: Experiment) -> bool:
    stored = store.read(fn.chapter).get(fn.name)
    return stored is None or stored["version"] != fn.version


def _missing(fn: Experiment, anew: bool) -> list[int]:
    stored = {} if anew else store.read(fn.chapter)[fn.name]["seeds"]
    return [seed for seed in fn.seeds if str(seed) not in stored]


def _keep(fn: Experiment, seed: int, numbers: Numbers, seconds: float, anew: dict[str, Any] | None) -> None:
    """Add one seed to the file; ``anew`` replaces what an older version or a forced run leaves behind."""
    with store.held(fn.chapter):
        chapter = store.read(fn.chapter)
        entry = anew or chapter[fn.name]
        entry["seeds"][str(seed)] = {"numbers": numbers, "seconds": round(seconds, 1), "digest": store.digest(numbers)}
        store.write(fn.chapter, {**chapter, fn.name: entry})


def _outcomes(tasks: list[Task], scale: str, jobs: int) -> Iterator[tuple[Experiment, int, Outcome]]:
    if jobs == 1:
        for fn, seed in tasks:
            yield fn, seed, _one(fn.__module__, fn.name, seed, scale)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_one, fn.__module__, fn.name, seed, scale): (fn, seed) for fn, seed in tasks}
        for future in as_completed(running):
            yield *running[future], future.exception() or future.result()


def _one(module: str, name: str, seed: int, scale: str) -> Outcome:
    import keras

    keras.utils.clear_session()  # frees the models of earlier seeds
    start = time.perf_counter()
    try:
        numbers = getattr(importlib.import_module(module), name)(seed, scale)
    except Exception as error:  # the other seeds go on; the runner names this one
        return error
    return numbers, time.perf_counter() - start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cvnotes.experiments", description="Run the experiments that are not stored yet."
    )
    parser.add_argument("chapters", nargs="*", metavar="chapter", help="or chapter.experiment; default: all of them")
    parser.add_argument("--force", action="store_true", help="run every seed anew")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at one time, each in a process of its own")
    parser.add_argument("--package", default="cvnotes", help="where to look for experiments")
    parser.add_argument("--results", type=Path, help="folder of the stored numbers (default: cvnotes/results)")
    return parser
