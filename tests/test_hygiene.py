"""The committed files keep the rules of the house. No kernel is needed: files are read, nothing is run."""

from __future__ import annotations

import copy
from pathlib import Path

import hygiene
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted((ROOT / "book").glob("*.md"))
ASSETS = sorted(path for path in (ROOT / "book" / "_static").glob("**/*") if path.suffix in (".css", ".js", ".svg"))
# A hyperlink that a reader may follow is fine in prose; it is for papers and for tools, and goes to their own home.
LINKS = ("https://doi.org/", "https://arxiv.org/", "http://localhost", "http://127.0.0.1")


def test_there_are_notebooks_and_pages() -> None:
    assert NOTEBOOKS
    assert PAGES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path: Path) -> None:
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    broken = hygiene.problems(nb)
    assert not broken, "\n".join(f"notebooks/{path.name}, {words}" for words in broken)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_keeps_the_rules(path: Path) -> None:
    broken = list(hygiene.markdown_problems(path.read_text(encoding="utf-8")))
    assert not broken, "\n".join(f"{path.name}: {words}" for words in broken)


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.stem)
def test_hyperlinks_lead_to_papers(path: Path) -> None:
    strange = [a for a in hygiene.addresses(path.read_text(encoding="utf-8")) if not a.startswith(LINKS)]
    assert not strange, f"{path.name}: {strange}"


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_assets_name_no_other_host(path: Path) -> None:
    assert not hygiene.addresses(path.read_text(encoding="utf-8"))


# --- the rules themselves can fail ------------------------------------------------------------------------------------


def good() -> nbformat.NotebookNode:
    """A notebook that breaks no rule: five code cells, each run and printing text."""
    nb = nbformat.v4.new_notebook()
    nb.cells.append(nbformat.v4.new_markdown_cell("# Title\n\n![a cat](cat.png)", id="title"))
    for number in range(1, 6):
        text = nbformat.v4.new_output("stream", name="stdout", text="1\n")
        cell = nbformat.v4.new_code_cell("assert True", id=f"cell-{number}", execution_count=number, outputs=[text])
        nb.cells.append(cell)
    return nb


def rich(kind: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", data={"text/plain": "words", kind: "x"})


BREAKS = {
    "has not been run": lambda nb: nb.cells[2].update(execution_count=None),
    "out of order": lambda nb: nb.cells[2].update(execution_count=7),
    "empty code cell": lambda nb: nb.cells[2].update(source=" \n"),
    "16 lines of code": lambda nb: nb.cells[2].update(source="x = 1\n" * 16),
    "installs: !": lambda nb: nb.cells[2].update(source="x = 1\n!pip install nothing"),
    "installs: %pip": lambda nb: nb.cells[2].update(source="%pip install nothing"),
    "installs: %%bash": lambda nb: nb.cells[2].update(source="%%bash\nls"),
    "installs: os.system(": lambda nb: nb.cells[2].update(source="os.system('ls')"),
    "names another host": lambda nb: nb.cells[2].update(source="load('https://example.org/a.png')"),
    "image/png": lambda nb: nb.cells[2].outputs.append(rich("image/png")),
    "text/html": lambda nb: nb.cells[2].outputs.append(rich("text/html")),
    "text of stderr": lambda nb: nb.cells[2].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="x")),
    "stored an error": lambda nb: nb.cells[2].outputs.append(nbformat.v4.new_output("error", ename="KeyError")),
    "figure without alt": lambda nb: nb.cells[2].outputs.append(
        nbformat.v4.new_output("display_data", data={"text/plain": "[figure] "})
    ),
    "not a slug": lambda nb: nb.cells[2].update(id="Cell_2"),
    "2 cells have this id": lambda nb: nb.cells[2].update(id="cell-1"),
    "state of widgets": lambda nb: nb.metadata.update(widgets={}),
    "2 of 5 code cells": lambda nb: [cell.metadata.update(tags=[hygiene.IGNORE]) for cell in nb.cells[1:3]],
    "asserts nothing itself": lambda nb: nb.cells[2].update(source="x", metadata={"tags": [hygiene.IGNORE]}),
    "loads from another host: ![": lambda nb: nb.cells[0].update(source="![a cat](https://example.org/cat.png)"),
    "loads from another host: <script": lambda nb: nb.cells[0].update(source="<script src='//example.org/a.js'>"),
    "picture without alt text": lambda nb: nb.cells[0].update(source="![](cat.png)"),
    "nameless column: | | a |": lambda nb: nb.cells[0].update(source="Words.\n\n| | a |\n|---|---|\n| b | 1 |"),
}


def test_a_good_notebook_breaks_no_rule() -> None:
    nb = good()
    nbformat.validate(nb)
    assert hygiene.problems(nb) == []


@pytest.mark.parametrize("words", BREAKS)
def test_each_rule_can_fail(words: str) -> None:
    nb = copy.deepcopy(good())
    BREAKS[words](nb)
    found = hygiene.problems(nb)
    assert len(found) == 1
    assert words in found[0]
