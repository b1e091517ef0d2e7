"""The pages made from the ledger: their tables, and a small site built with them, before and after changes."""

from __future__ import annotations

import importlib
import json
import re
import sys
import types
from pathlib import Path

import nbformat
import pytest

from cvnotes.ledger.register import Entry, parse

ROOT = Path(__file__).resolve().parents[1]
REGISTER = """
topics:
  max-pooling: {name: Max pooling & more, from: ['A: Pooling', 'B: Layers'], runs: r, where: pooling#forward}
  late-topic: {name: Later, from: ['A: Pooling'], runs: r, open: gans}
claims:
  pool-halves:
    from: ['A: Pooling', 'E: Pooling']
    says: The side <halves>
    truth: Half the side
    why: Even sides only
    verdict: holds-with-condition
    expect: {equals: 4}
    measures: width of the output
    rival: the whole side
    rival_value: 8
  pool-name: {from: ['B: Layers'], says: It is called so, truth: It is, verdict: holds, cite: lecun1998}
  pool-slip: {from: ['B: Layers'], says: 3 for 2, truth: two, verdict: imprecise, editorial: read 2}
  pool-taste: {from: ['C: Tips'], says: It is nice, truth: Perhaps, verdict: opinion}
  pool-open: {from: ['C: Tips'], says: It helps, truth: At times, verdict: wrong, open: gans}
gaps:
  pool-backward: {gap: No backward pass, kind: missing, from: ['A: Pooling'], supply: The pass, where: pooling#backward}
"""
RECORD = {
    "id": "pool-halves",
    "verdict": "holds-with-condition",
    "measured": 4,
    "rival": 8,
    "measured_text": "4",
    "rival_text": "8",
}


@pytest.fixture
def extensions(monkeypatch):
    """The two modules of the extension; what runs notebooks is replaced by a stand-in with one stored run."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    runs = types.ModuleType("run_notebooks")
    output = nbformat.v4.new_output(
        "display_data", data={"text/plain": "x"}, metadata={"cvnotes": {"claims": [RECORD]}}
    )
    cell = nbformat.v4.new_code_cell("claim(...)", id="halves", outputs=[output])
    places = [nbformat.v4.new_code_cell("", id=name) for name in ("forward", "backward")]
    runs.executed = lambda env, doc: nbformat.v4.new_notebook(cells=[cell, *places])
    monkeypatch.setitem(sys.modules, "run_notebooks", runs)
    for name in ("ledger_pages", "ledger_tables"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    tables = importlib.import_module("ledger_tables")
    pages = importlib.import_module("ledger_pages")
    yield types.SimpleNamespace(tables=tables, pages=pages, runs=runs)
    for name in ("ledger_pages", "ledger_tables"):
        sys.modules.pop(name, None)


@pytest.fixture
def found() -> dict[str, Entry]:
    """The entries of the small register by id."""
    return {entry.id: entry for entry in parse(REGISTER, "pooling")}


@pytest.fixture
def here(extensions):
    """The book as seen from a page beside it: one notebook, one measurement."""
    record = {**RECORD, "doc": "notebooks/pooling", "cell": "halves"}
    return extensions.tables.Site(
        {"pooling": "../notebooks/pooling.html"}, {"pool-halves": record}, {"lecun1998": "LeCun et al. 1998"}
    )


# Tables -------------------------------------------------------------------------------------------------------------


def test_a_measured_claim_shows_value_rival_and_the_way_to_its_cell(extensions, found, here):
    row = extensions.tables.claim_rows([found["pool-halves"]], here)
    assert row.startswith('<tr id="pool-halves" data-verdict="holds-with-condition" data-state="measured">')
    assert "The side &lt;halves&gt;. <small>Notes A, E." in row
    assert "Half the side. <small>Even sides only.</small>" in row
    assert "<strong>4</strong> <small>width of the output. Rejected: 8 (the whole side).</small>" in row
    assert '<a href="../notebooks/pooling.html#claim-pool-halves">Pooling, <code>halves</code></a>' in row


@pytest.mark.parametrize(
    ("name", "words", "settled"),
    [
        ("pool-name", "LeCun et al. 1998: <", True),
        ("pool-slip", "read 2: <", True),
        ("pool-taste", "opinion", None),
        ("pool-open", "open: GANs", False),
    ],
)
def test_claims_that_are_not_measured_say_what_they_are(extensions, found, here, name, words, settled):
    row = extensions.tables.claim_rows([found[name]], here)
    assert words in row
    assert "<a " not in row
    assert here.settled(found[name]) is settled


def test_the_verdict_of_an_open_claim_is_only_expected(extensions, found, here):
    assert "expected: wrong" in extensions.tables.verdict(found["pool-open"])
    assert "expected" not in extensions.tables.verdict(found["pool-halves"])


def test_what_no_page_shows_is_not_settled(extensions, found):
    nowhere = extensions.tables.Site({}, {})
    assert [nowhere.settled(found[name]) for name in ("pool-halves", "max-pooling", "pool-backward")] == [False] * 3
    assert "not shown yet" in extensions.tables.claim_rows([found["pool-halves"]], nowhere)
    assert nowhere.place(found["max-pooling"]) == "Pooling, <code>forward</code>"


def test_counts_leave_opinions_out(extensions, found, here):
    table = extensions.tables.counts_table(extensions.pages.by_chapter(found.values()), here)
    assert re.findall(r"(\d+ of \d+)</td>", table) == ["1 of 2", "3 of 4", "1 of 1"] * 2
    summary = extensions.pages.summary(found.values(), here)
    assert "<strong>3</strong> of 4 claims settled" in summary
    assert "wrong" not in summary


def test_every_table_has_a_caption_and_heads_with_a_scope(extensions, found, here):
    groups = extensions.pages.by_chapter([found["max-pooling"]])
    html = extensions.tables.grouped_table(
        "Note A", ("Topic", "In the note", "Runs in"), extensions.tables.topic_groups(groups, "A", here)
    )
    assert html.count("<caption>") == 1
    assert "<th>" not in html
    assert '<th scope="row">Max pooling &amp; more</th><td data-label="In the note">Pooling</td>' in html
    assert '<th scope="rowgroup" colspan="3">Pooling</th>' in html


def test_the_export_has_every_entry_with_its_values(extensions, found, here):
    export = extensions.pages.export(found.values(), here.measured)
    assert {section: len(export[section]) for section in ("topics", "claims", "gaps")} == {
        "topics": 2,
        "claims": 5,
        "gaps": 1,
    }
    proof = export["claims"]["pool-halves"]
    assert (proof["measured"], proof["rival"], proof["where"], proof["state"]) == (4, 8, "pooling#halves", "measured")
    assert "measured" not in export["claims"]["pool-open"]
    json.dumps(export, allow_nan=False)


# A small site -------------------------------------------------------------------------------------------------------


@pytest.fixture
def book(extensions, tmp_path):
    """A small book with the three directives; `build()` builds it and tells which pages were read."""
    source = tmp_path / "src"
    folder = source / "cvnotes" / "ledger"
    (source / "book").mkdir(parents=True)
    (source / "notebooks").mkdir()
    folder.mkdir(parents=True)
    (folder / "pooling.yml").write_text(REGISTER, encoding="utf-8")
    (source / "index.md").write_text(
        "# Book\n\n```{toctree}\nbook/ledger\nbook/map\nbook/prose\nnotebooks/pooling\n```\n\n```{ledger-counts}\n```\n"
    )
    (source / "book" / "ledger.md").write_text("# Ledger\n\n## Every claim\n\n```{ledger-table}\n```\n")
    (source / "book" / "map.md").write_text("# Map\n\n```{notes-map}\n```\n")
    (source / "book" / "prose.md").write_text("# Prose\n\nWords.\n")
    (source / "notebooks" / "pooling.md").write_text("# Pooling\n\nWords.\n")
    (source / "works.bib").write_text(
        "@article{lecun1998, author={LeCun, Yann and Bottou, L. and Haffner, P.}, title={T}, journal={J}, year=1998}"
    )
    keys = {"notebooks/pooling": "one"}

    def build() -> list[str]:
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        read = []
        out, doctrees = str(tmp_path / "out"), str(tmp_path / "doctrees")
        settings = {"extensions": ["myst_parser", "sphinxcontrib.bibtex"], "nitpicky": True}
        settings["bibtex_bibfiles"] = ["works.bib"]
        with patch_docutils(), docutils_namespace():  # so that one process can build several times
            app = Sphinx(
                str(source), None, out, doctrees, "html", settings, status=None, warning=sys.stderr, warningiserror=True
            )
            app.connect("env-get-outdated", lambda app, env, *_: setattr(env, "cvnotes_keys", dict(keys)) or [])
            app.setup_extension("ledger_pages")
            app.connect("source-read", lambda app, doc, text: read.append(doc))
            app.build()
        assert app.statuscode == 0
        return sorted(read)

    return types.SimpleNamespace(build=build, keys=keys, out=tmp_path / "out", register=folder / "pooling.yml")


@pytest.mark.filterwarnings("ignore")  # Sphinx and docutils warn of each other's plans
def test_the_pages_are_read_again_exactly_when_register_or_runs_change(book):
    assert len(book.build()) == 5
    page = (book.out / "book" / "ledger.html").read_text()
    assert 'href="../notebooks/pooling.html#claim-pool-halves"' in page
    assert 'id="claims-pooling"' in page
    assert 'id="pool-taste"' in page
    assert "LeCun et al. 1998" in page
    assert "ledger.js" in page
    assert "ledger.js" not in (book.out / "book" / "prose.html").read_text()
    assert 'id="note-a-gaps"' in (book.out / "book" / "map.html").read_text()
    assert "<strong>3</strong> of 4 claims settled" in (book.out / "index.html").read_text()
    assert json.loads((book.out / "ledger.json").read_text())["claims"]["pool-halves"]["measured"] == 4
    assert book.build() == []
    book.keys["notebooks/pooling"] = "two"
    assert book.build() == ["book/ledger", "book/map", "index"]
    book.register.write_text(REGISTER.replace("Half the side", "One half of it"), encoding="utf-8")
    assert book.build() == ["book/ledger", "book/map", "index"]
    assert "One half of it" in (book.out / "book" / "ledger.html").read_text()


@pytest.mark.filterwarnings("ignore")
def test_a_broken_register_stops_the_build_with_its_own_message(book):
    from sphinx.errors import ExtensionError

    book.register.write_text("claims: [not, a map\n", encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"pooling\.yml is not readable"):
        book.build()


@pytest.mark.filterwarnings("ignore")
def test_a_place_that_is_not_there_is_named(book):
    from sphinx.errors import SphinxWarning

    book.register.write_text(REGISTER.replace("pooling#forward", "pooling#forwards"), encoding="utf-8")
    with pytest.raises(SphinxWarning, match=r"pooling\.yml: max-pooling:no cell 'forwards' in the notebook pooling"):
        book.build()


def test_the_ledger_page_of_the_book_stays_light(extensions):
    """All claims in one page: at most 600 kB of HTML once every one is settled (now a fifth of that is proofs)."""
    from cvnotes import ledger

    claims = list(ledger.entries(section="claims"))
    record = {**RECORD, "doc": "notebooks/pooling", "cell": "some-cell-of-the-page"}
    here = extensions.tables.Site(
        {"pooling": "../notebooks/pooling.html"}, {e.id: {**record, "id": e.id} for e in claims}
    )
    assert len(extensions.tables.claim_rows(claims, here)) < 600_000
