"""The register: topics, claims and gaps of the notes, one YAML file for each chapter of the notes.

Files are read only when an entry of theirs is asked for, and read again when they change on disk.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
SECTIONS = ("topics", "claims", "gaps")
VERDICTS = {
    "holds": ("✓", "holds"),
    "holds-with-condition": ("✓", "holds with a condition"),
    "imprecise": ("≈", "imprecise"),
    "wrong": ("✗", "wrong"),
    "opinion": ("·", "opinion"),
}


class RegisterError(ValueError):
    """The register, or a call that uses it, is not as it should be; the message says how to mend it."""


@dataclass(frozen=True)
class Entry:
    """One topic, claim or gap: its id, section ("topics", "claims", "gaps"), chapter of the notes and fields."""

    id: str
    section: str
    chapter: str
    fields: Mapping[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]

    def get(self, field: str, default: Any = None) -> Any:
        """The field, or `default` when the entry has none."""
        return self.fields.get(field, default)

    @property
    def state(self) -> str:
        """open, placed (topic, gap), measured, cited, corrected or opinion (claim); unclear when nothing says so."""
        if "open" in self.fields:
            return "open"
        marks = {"expect": "measured", "cite": "cited", "editorial": "corrected"} if self.section == "claims" else {}
        for field, state in marks.items():
            if field in self.fields:
                return state
        if self.get("verdict") == "opinion":
            return "opinion"
        return "placed" if self.section != "claims" and "where" in self.fields else "unclear"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML that refuses a key given twice (plain YAML would keep the last one in silence)."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise RegisterError(f"{', '.join(twice)}: given twice in one mapping,{node.start_mark}. Keep one of them.")
        return super().construct_mapping(node, deep)


def parse(text: str, chapter: str) -> list[Entry]:
    """All entries of one file's text. Raises RegisterError when the text is no register."""
    try:
        document = yaml.load(text, Loader=_Loader) or {}
    except yaml.YAMLError as error:
        raise RegisterError(f"{chapter}.yml is not readable YAML: {error}") from error
    stray = sorted(set(document) - set(SECTIONS))
    if stray:
        raise RegisterError(f"{chapter}.yml: unknown section {', '.join(stray)}. Sections: {', '.join(SECTIONS)}.")
    return [
        Entry(str(name), section, chapter, _with_word_keys(fields))
        for section in SECTIONS
        for name, fields in (document.get(section) or {}).items()
    ]


def _with_word_keys(fields: Mapping) -> dict:
    """Fields with text keys: YAML reads the key `true` of an expectation as a truth value."""
    expect = fields.get("expect")
    if not isinstance(expect, Mapping):
        return dict(fields)
    return {**fields, "expect": {"true" if key is True else key: value for key, value in expect.items()}}


@lru_cache(maxsize=64)
def _parsed(path: Path, stamp: int) -> tuple[Entry, ...]:
    return tuple(parse(path.read_text(encoding="utf-8"), path.stem))


def chapter_entries(path: Path) -> tuple[Entry, ...]:
    """Entries of one register file, read again only when the file has changed."""
    return _parsed(path, path.stat().st_mtime_ns)


def entries(folder: Path = FOLDER, section: str | None = None) -> Iterator[Entry]:
    """All entries of the register, file by file; only those of one section if it is named."""
    for path in sorted(folder.glob("*.yml")):
        yield from (entry for entry in chapter_entries(path) if section in (None, entry.section))


def find_claim(name: str, folder: Path = FOLDER) -> Entry:
    """The claim of this id. Reads only the files in which the id stands. Raises RegisterError for an unknown id."""
    line = re.compile(rf"(?m)^\s+['\"]?{re.escape(str(name))}['\"]?:")
    for path in sorted(folder.glob("*.yml")):
        if line.search(path.read_text(encoding="utf-8")):
            for entry in chapter_entries(path):
                if entry.section == "claims" and entry.id == name:
                    return entry
    known = [entry.id for entry in entries(folder, "claims")]
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    raise RegisterError(f"No claim {name!r} in the ledger." + (f" Did you mean: {', '.join(close)}?" if close else ""))
