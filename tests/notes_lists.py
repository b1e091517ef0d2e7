"""What the tests of the ledger compare it with: the ids of the notes' lists, the bibliography, the notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cvnotes import ledger

ROOT = Path(__file__).resolve().parents[1]


def known_ids() -> dict[str, list[str]]:
    """The ids of the notes' lists by section."""
    words = [line.split() for line in (ROOT / "tests" / "notes_ids.txt").read_text().splitlines() if line[0] != "#"]
    return {section: [w[1] for w in words if w[0] == section[:-1]] for section in ledger.SECTIONS}


def marked_ids(mark: str) -> set[str]:
    """The ids of claims that the list marks with a word: "history" or "opinion"."""
    lines = (ROOT / "tests" / "notes_ids.txt").read_text().splitlines()
    return {line.split()[1] for line in lines if line.endswith(f" {mark}") and line[0] != "#"}


def bibliography() -> set[str]:
    """The keys of the book's bibliography."""
    path = ROOT / "book" / "references.bib"
    return set(re.findall(r"@\w+\s*\{\s*([^,\s]+)", path.read_text(encoding="utf-8"))) if path.exists() else set()


def notebooks() -> dict[str, dict]:
    """The committed notebooks, by stem."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
