"""Sphinx extension: the ledger's pages, made from the register and the executed notebooks.

Directives: ``{ledger-counts}`` (how far the book is; with ``:chapters:`` as a table), ``{ledger-table}`` (every claim,
with what was measured and the cell that proves it), ``{notes-map}`` (every topic and gap, note by note).
Measured values come from the metadata of outputs (``cvnotes.claims``) of the runs that the build shows.
All entries with their values are also written to ``ledger.json`` at the root of the site.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from ledger_tables import (
    Site,
    claim_rows,
    counts_table,
    gap_groups,
    grouped_table,
    page_name,
    sortable_table,
    topic_groups,
)
from nbformat import NotebookNode
from pybtex.database import parse_file
from run_notebooks import executed
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cvnotes.ledger import VERDICTS, Entry, RegisterError, entries

log = logging.getLogger(__name__)

VERSION = "1"  # raise it when the pages would look different with the same register
NOTES = {
    "A": "Course notes, from ConvNets to integrated gradients",
    "B": "A blog post of 2019 on computer vision",
    "C": "A practitioner's guide with notes on a university course",
    "D": "A course page on convolutional networks",
    "E": "A later revision of A, from ConvNets to DenseNet",
}

# the line of filters is filled by ledger.js; without scripts nothing stands there, and the tables are complete
HEAD = """<p>The same list for machines: <a href="../ledger.json" download>ledger.json</a>.</p>
<div class="cv-ledger-filter" data-rows="table.cv-ledger > tbody > tr"></div>"""


# --- what there is to show ----------------------------------------------------------------------------------------


def folder(app: Sphinx) -> Path:
    """Where the register of this book lies: beside its pages, also when the package is installed from elsewhere."""
    return Path(app.srcdir, "cvnotes", "ledger")


def register(app: Sphinx) -> list[Entry]:
    """All entries; a register that cannot be read stops the build with its own message."""
    try:
        return list(entries(folder(app)))
    except RegisterError as error:
        raise ExtensionError(str(error)) from error


def runs(env: BuildEnvironment) -> dict[str, NotebookNode]:
    """The executed notebooks of the book, by page."""
    return {doc: executed(env, doc) for doc in sorted(getattr(env, "cvnotes_keys", {}))}


def measurements(found: Mapping[str, NotebookNode]) -> dict[str, dict[str, Any]]:
    """What the notebooks measured: for each claim its record, and the page and cell that show it."""
    return {
        record["id"]: {**record, "doc": doc, "cell": cell.id}
        for doc, notebook in found.items()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for record in output.get("metadata", {}).get("cvnotes", {}).get("claims", [])
    }


def warn_of_lost_places(found: Iterable[Entry], shown: Mapping[str, NotebookNode]) -> None:
    """A warning for each `where:` that names a page of the book, but no cell on it."""
    ids = {doc.rpartition("/")[2]: {cell.id for cell in notebook.cells} for doc, notebook in shown.items()}
    for entry in found:
        stem, _, cell = str(entry.get("where", "")).partition("#")
        if stem in ids and cell not in ids[stem]:
            place = f"cvnotes/ledger/{entry.chapter}.yml: {entry.id}"
            log.warning("no cell %r in the notebook %s", cell, stem, location=place, type="ledger")


def digest(env: BuildEnvironment) -> str:
    """A hash of all that the pages show: register, runs, version of this file."""
    parts = [VERSION, *(f"{doc} {key}" for doc, key in sorted(getattr(env, "cvnotes_keys", {}).items()))]
    parts += [path.read_text(encoding="utf-8") for path in bibliographies(env)]
    parts += [path.name + path.read_text(encoding="utf-8") for path in sorted(folder(env.app).glob("*.yml"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def site(env: BuildEnvironment) -> Site:
    """The pages of the book as seen from the page that is being read."""
    builder, here = env.app.builder, env.docname
    docs = {doc.rpartition("/")[2]: doc for doc in env.found_docs if doc.startswith("notebooks/")}
    addresses = {stem: builder.get_relative_uri(here, doc) for stem, doc in docs.items()}
    return Site(addresses, measurements(runs(env)), sources(env))


def bibliographies(env: BuildEnvironment) -> list[Path]:
    """The files of the book's bibliography."""
    names = getattr(env.app.config, "bibtex_bibfiles", None) or []
    return [path for path in (Path(env.app.srcdir, name) for name in names) if path.exists()]


def sources(env: BuildEnvironment) -> dict[str, str]:
    """How the ledger names each work of the bibliography: "Krizhevsky et al. 2012"."""
    named = {}
    for path in bibliographies(env):
        for key, work in parse_file(str(path), bib_format="bibtex").entries.items():
            people = [" ".join(person.last_names) for person in work.persons.get("author", [])] or [key]
            who = people[0] + (f" and {people[1]}" if len(people) == 2 else " et al." if len(people) > 2 else "")
            named[key] = f"{who} {work.fields.get('year', '')}".strip()
    return named


# --- directives ---------------------------------------------------------------------------------------------------


class LedgerDirective(SphinxDirective):
    """What the three directives share: their page is noted, so that it is read again when its content changes."""

    def note(self) -> tuple[list[Entry], Site]:
        _pages(self.env).add(self.env.docname)
        return register(self.env.app), site(self.env)

    def html(self, text: str) -> nodes.raw:
        return nodes.raw("", text, format="html")

    def section(self, name: str, title: str, *content: nodes.Node) -> nodes.section:
        section = nodes.section("", nodes.title(title, title), *content, ids=[name], names=[name])
        self.state.document.note_explicit_target(section)
        return section


class Counts(LedgerDirective):
    """``{ledger-counts}``: how much of the notes is settled, in a sentence and a tally of verdicts."""

    option_spec: ClassVar = {"chapters": directives.flag}

    def run(self) -> list[nodes.Node]:
        found, here = self.note()
        if "chapters" in self.options:
            return [self.html(counts_table(by_chapter(found), here))]
        return [self.html(summary(found, here))]


class Table(LedgerDirective):
    """``{ledger-table}``: every claim of the notes, chapter by chapter, what is settled before what is open."""

    def run(self) -> list[nodes.Node]:
        found, here = self.note()
        claims = [entry for entry in found if entry.section == "claims"]
        groups = sorted(by_chapter(claims), key=lambda group: not any(map(here.settled, group[1])))
        return [self.html(HEAD), *(self._part(*group, here) for group in groups)]

    def _part(self, chapter: str, claims: list[Entry], here: Site) -> nodes.section:
        tally = Counter(here.settled(entry) for entry in claims)
        caption = f"{len(claims)} claims: {tally[True]} settled, {tally[False]} open"
        caption += f", {tally[None]} matters of opinion" if tally[None] else ""
        table = sortable_table(
            page_name(chapter),
            caption,
            claim_rows(sorted(claims, key=lambda entry: here.settled(entry) is not True), here),
        )
        return self.section(f"claims-{chapter}", page_name(chapter), self.html(table))


class NotesMap(LedgerDirective):
    """``{notes-map}``: for each note, each of its topics and each of its gaps, with the cell that closes it."""

    def run(self) -> list[nodes.Node]:
        found, here = self.note()
        warn_of_lost_places(found, runs(self.env))
        return [self._note(letter, title, found, here) for letter, title in NOTES.items()]

    def _note(self, letter: str, title: str, found: list[Entry], here: Site) -> nodes.section:
        mine = [entry for entry in found if any(str(source).startswith(letter) for source in entry["from"])]
        topics = [entry for entry in mine if entry.section == "topics"]
        gaps = [entry for entry in mine if entry.section == "gaps"]
        parts = [
            self._part(letter, "topics", topics, here, topic_groups(by_chapter(topics), letter, here)),
            self._part(letter, "gaps", gaps, here, gap_groups(by_chapter(gaps), here)),
        ]
        return self.section(f"note-{letter.lower()}", f"Note {letter}", nodes.paragraph(title, f"{title}."), *parts)

    def _part(self, letter: str, kind: str, found: list[Entry], here: Site, groups: str) -> nodes.section:
        title = {"topics": "What it names", "gaps": "What it leaves out"}[kind]
        heads = {"topics": ("Topic", "In the note", "Runs in"), "gaps": ("What is missing", "Supplied", "In")}[kind]
        done = sum(here.settled(entry) is True for entry in found)
        caption = f"Note {letter}: {done} of {len(found)} {kind} closed"
        return self.section(f"note-{letter.lower()}-{kind}", title, self.html(grouped_table(caption, heads, groups)))


def summary(found: Iterable[Entry], here: Site) -> str:
    """One sentence on topics, claims and gaps, and a tally of the verdicts of settled claims."""
    found = list(found)
    words = []
    for section, verb in (("topics", "run"), ("claims", "settled"), ("gaps", "supplied")):
        mine = [here.settled(entry) for entry in found if entry.section == section and here.settled(entry) is not None]
        words.append(f"<strong>{sum(mine)}</strong> of {len(mine)} {section} {verb}")
    verdicts = Counter(e["verdict"] for e in found if e.section == "claims" and here.settled(e))
    tally = "".join(
        f'<li><span class="cv-verdict cv-verdict--{verdict}"><span aria-hidden="true">{sign}</span> {word}</span> '
        f"<strong>{verdicts[verdict]}</strong></li>"
        for verdict, (sign, word) in VERDICTS.items()
        if verdicts[verdict]
    )
    return f"<p>{', '.join(words)}.</p>" + (f'<ul class="cv-tally">{tally}</ul>' if tally else "")


def by_chapter(found: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """Entries grouped by chapter of the notes, in the order in which the book treats them."""
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        groups.setdefault(entry.chapter, []).append(entry)
    order = {chapter: place for place, chapter in enumerate(ORDER)}
    return sorted(groups.items(), key=lambda group: (order.get(group[0], len(order)), group[0]))


ORDER = (
    *("introduction", "convolution", "pooling", "training", "normalization", "transfer", "architectures", "densenet"),
    *("detection", "segmentation", "siamese", "gans", "capsules", "visualization", "interpretability"),
    *("hallucination", "other"),
)


# --- for machines -------------------------------------------------------------------------------------------------


def export(found: Iterable[Entry], measured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The whole register as plain data: each entry's fields, state, and what was measured and where."""
    sections: dict[str, dict] = {"topics": {}, "claims": {}, "gaps": {}}
    for entry in found:
        fields = {key: value for key, value in entry.fields.items() if key != "id"}
        record = measured.get(entry.id) if entry.section == "claims" else None
        proof = {key: record[key] for key in ("measured", "rival")} if record else {}
        if record:
            proof |= {"where": f"{record['doc'].rpartition('/')[2]}#{record['cell']}"}
        sections[entry.section][entry.id] = {"chapter": entry.chapter, "state": entry.state, **fields, **proof}
    return {"notes": NOTES, **sections}


def write_export(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx handler: ``ledger.json`` at the root of the site."""
    if exception is None and app.builder.format == "html":
        text = json.dumps(export(register(app), measurements(runs(app.env))), ensure_ascii=False, indent=1, default=str)
        Path(app.outdir, "ledger.json").write_text(text + "\n", encoding="utf-8")


# --- bookkeeping of Sphinx ----------------------------------------------------------------------------------------


def _pages(env: BuildEnvironment) -> set[str]:
    if not hasattr(env, "cvnotes_ledger_pages"):
        env.cvnotes_ledger_pages = set()
    return env.cvnotes_ledger_pages


def outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> set[str]:
    """Sphinx handler: the pages made here are read again when register or runs have changed."""
    before, env.cvnotes_ledger_digest = getattr(env, "cvnotes_ledger_digest", None), digest(env)
    return set() if before == env.cvnotes_ledger_digest else _pages(env) & set(env.found_docs)


def forget_page(app: Sphinx, env: BuildEnvironment, doc: str) -> None:
    """Sphinx handler: a page that is read anew says anew whether it shows the ledger."""
    _pages(env).discard(doc)


def merge_pages(app: Sphinx, env: BuildEnvironment, docs: Iterable[str], other: BuildEnvironment) -> None:
    """Sphinx handler: bring home what a parallel reader has noted."""
    _pages(env).update(_pages(other) & set(docs))


def add_files(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Sphinx handler: style and script of these pages, on these pages only."""
    if page in _pages(app.env):
        app.add_css_file("ledger.css", priority=900)
        app.add_js_file("ledger.js", defer="defer", priority=900)


def setup(app: Sphinx) -> dict:
    """Register the directives and the handlers."""
    app.add_directive("ledger-counts", Counts)
    app.add_directive("ledger-table", Table)
    app.add_directive("notes-map", NotesMap)
    app.connect("env-get-outdated", outdated, priority=900)  # after the notebooks have run
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_pages)
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_export)
    return {"version": VERSION, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
