"""Bring the notes' topics, claims and gaps into the ledger: ``python book/_tools/import_notes.py NOTES_DIR``.

NOTES_DIR holds ``topics.yml`` and ``claims.yml``, the lists made from the notes A to E.
Each entry goes to the file of its chapter of the notes, marked ``open: <notebook>`` (`notes_routes.yml` says which).
An entry that is already in the ledger is left as it stands, whatever the lists say; only missing ones are added,
at the end of their section. So the script can be run again at any time.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml

ROUTES = Path(__file__).with_name("notes_routes.yml")
LEDGER = Path(__file__).resolve().parents[2] / "cvnotes" / "ledger"
SECTIONS = ("topics", "claims", "gaps")
HEAD = """\
# The notes' chapter "{chapter}": what they name (topics), what they assert (claims), what they leave out (gaps).
#
# Every entry is `open: <notebook>` (the chapter that will deal with it) until that chapter closes it:
#   topic, gap   replace `open:` by `where: notebook#cell-id`, a cell that runs and shows what `runs` or `supply` asks.
#   claim        replace `open:` by
#                  expect:  one of  {{equals: v}}  {{close: v, atol: a}}  {{close: v, rtol: r}}  {{at_least: v}}
#                                   {{at_most: v}}  {{between: [a, b]}}  {{true: what is true, in words}}
#                  measures:     what the measured number is, in words
#                  rival:        who is rejected, in words (the notes' value, chance, an untrained net ...)
#                  rival_value:  only where the call claim(id, measured, rival=...) does not compute it
#                or, for matters of history alone, by  cite: <key in book/references.bib>,
#                or, for a slip of the pen alone, by   editorial: <the correction>.
# `says` is what the notes say, in our words; `value` is their figure, if they give one.
# `truth` is the correct statement. The card prints it: so no digits in it that depend on training.
# `verdict` is one of holds, holds-with-condition, imprecise, wrong, opinion (which needs no check).
# An id of one word is repeated inside its entry, so that a search for `id` finds every entry.
# Read by cvnotes.ledger; checked by tests/test_ledger.py and tests/test_topics.py.
"""


def read(path: Path) -> dict:
    """A YAML file as plain data."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def ledger_entry(kind: str, raw: dict, notebook: str) -> dict:
    """One entry of the notes' lists in the ledger's form: fields in reading order, marked open."""
    renamed = {**raw, "says": raw.get("notes_say"), "verdict": raw.get("verdict", "").replace("untestable-", "")}
    fields = {
        "topics": ["name", "from", "runs"],
        "claims": ["from", "says", "value", "truth", "verdict", "why", "check", "evidence"],
        "gaps": ["gap", "kind", "from", "supply"],
    }[kind]
    entry = {"id": raw["id"]} if "-" not in raw["id"] else {}
    entry |= {field: renamed[field] for field in fields if renamed.get(field)}
    if entry.get("value") in {"qualitative", "formula"}:
        del entry["value"]
    return entry if entry.get("verdict") == "opinion" else {**entry, "open": notebook}


def imported(notes: Path, routes: dict) -> dict[str, dict[str, dict]]:
    """All entries as {chapter: {section: {id: entry}}}, routed to their notebooks."""
    claims = read(notes / "claims.yml")
    lists = {"topics": read(notes / "topics.yml")["topics"], "claims": claims["claims"], "gaps": claims["gaps"]}
    gap_chapter = {gap: chapter for chapter, ids in routes["gaps"].items() for gap in ids}
    moved = {name: notebook for notebook, ids in routes["notebooks"].items() for name in ids}
    register: dict[str, dict[str, dict]] = {chapter: {s: {} for s in SECTIONS} for chapter in routes["chapters"]}
    for section, entries in lists.items():
        for raw in entries:
            chapter = raw.get("chapter") or gap_chapter.get(raw["id"])
            if chapter not in register:
                raise ValueError(f"{section} {raw['id']}: no chapter {chapter!r}; add it to {ROUTES.name}")
            notebook = moved.get(raw["id"], routes["chapters"][chapter])
            register[chapter][section][raw["id"]] = ledger_entry(section, raw, notebook)
    return register


def block(name: str, entry: dict) -> str:
    """One entry as indented YAML text, followed by a blank line."""
    text = yaml.safe_dump({name: entry}, sort_keys=False, allow_unicode=True, width=112, default_flow_style=None)
    return "".join(f"  {line}\n" for line in text.splitlines()) + "\n"


def with_added(text: str, section: str, blocks: list[str]) -> str:
    """The file's text with `blocks` at the end of `section`; everything that stands there stays as it is."""
    start = re.search(rf"(?m)^{section}:.*\n", text)
    if start is None:
        return text.rstrip("\n") + f"\n\n{section}:\n" + "".join(blocks)
    following = re.compile(r"(?m)^[a-z]+:").search(text, start.end())
    end = following.start() if following else len(text)
    body = text[start.end() : end].rstrip("\n")
    return text[: start.start()] + f"{section}:\n" + (body + "\n\n" if body else "") + "".join(blocks) + text[end:]


def merge(chapter: str, sections: dict[str, dict], folder: Path) -> tuple[int, int]:
    """Add what is missing to the chapter's file; the numbers of added and of kept entries."""
    path = folder / f"{chapter}.yml"
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD.format(chapter=chapter)
    present = yaml.safe_load(text) or {}
    added = kept = 0
    for section in SECTIONS:
        there = present.get(section) or {}
        blocks = [block(name, entry) for name, entry in sections[section].items() if name not in there]
        added, kept = added + len(blocks), kept + len(there)
        if blocks:
            text = with_added(text, section, blocks)
    if added:
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return added, kept


def main(arguments: list[str] | None = None) -> None:
    """Import, and report what was added and what was left alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notes", type=Path, help="folder with topics.yml and claims.yml")
    parser.add_argument("--ledger", type=Path, default=LEDGER, help="folder of the ledger's files")
    options = parser.parse_args(arguments)
    options.ledger.mkdir(parents=True, exist_ok=True)
    for chapter, sections in imported(options.notes, read(ROUTES)).items():
        added, kept = merge(chapter, sections, options.ledger)
        print(f"{chapter:18} added {added:4}   left as they are {kept:4}")


if __name__ == "__main__":
    main()
