"""Executed notebooks on disk: written whole or not at all, found again by key."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

KEPT_RUNS = 2  # of each notebook, so that taking an edit back costs nothing


@dataclass(frozen=True)
class Store:
    """The folder of executed notebooks, ``_build/executed``. A run of ``pooling`` is ``pooling-<key>.ipynb``."""

    folder: Path

    def path(self, stem: str, key: str) -> Path:
        return self.folder / f"{stem}-{key}.ipynb"

    def has(self, stem: str, key: str) -> bool:
        """Whether a whole and readable run with this key is there."""
        return self.about(self.path(stem, key)).get("key") == key

    def read(self, stem: str, key: str) -> NotebookNode:
        return nbformat.reads(self.path(stem, key).read_text(encoding="utf-8"), as_version=4)

    def about(self, path: Path) -> dict:
        """What is written in a run about the run itself; empty where the file is missing, cut short or foreign."""
        try:
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["cvnotes"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return about if isinstance(about, dict) else {}

    def latest(self, stem: str) -> dict:
        """What the newest readable run of ``stem`` says about itself: its parts, its seconds; empty if none."""
        return next(filter(None, map(self.about, self._newest_first(stem))), {})

    def write(self, stem: str, nb: NotebookNode, about: dict) -> Path:
        """Store ``nb`` under ``about["key"]`` in one step, then drop the oldest runs of ``stem``."""
        nb.metadata["cvnotes"] = about
        target = self.path(stem, about["key"])
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(target, nbformat.writes(nb, version=4))
        for old in self._newest_first(stem)[KEPT_RUNS:]:
            old.unlink(missing_ok=True)
        return target

    def _newest_first(self, stem: str) -> list[Path]:
        runs = [p for p in self.folder.glob(f"{stem}-*.ipynb") if p.stem.rpartition("-")[0] == stem]
        return sorted(runs, key=lambda p: p.stat().st_mtime_ns, reverse=True)


def write_whole(target: Path, text: str) -> None:
    """Write a file so that at every moment either the old one or the whole new one is there."""
    with tempfile.NamedTemporaryFile("w", dir=target.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, target)
