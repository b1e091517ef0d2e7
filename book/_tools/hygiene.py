"""What a committed notebook may and may not contain. The rules need no kernel: they read files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SHELL = re.compile(r"(?m)^\s*(!|%%?(pip|conda|mamba|sh|bash|sx|system|script|cmd)\b)|\bos\.system\(|\bsubprocess\b")
ADDRESS = re.compile(r"""(?:https?|ftp)://[^\s"'<>)\]]+""")
LOAD = re.compile(
    r"""!\[[^\]]*\]\(\s*(?:https?:)?//|<(?:img|script|iframe|video|audio|source|link|embed)\b[^>]*(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import\s+["'](?:https?:)?//|`{3,}\{(?:image|figure|iframe)\}\s*(?:https?:)?//""",
    re.IGNORECASE,
)
WORDLESS = re.compile(r"!\[\s*\]\(|<img\b(?![^>]*\balt\s*=\s*[\"'][^\"']*\w)[^>]*>", re.IGNORECASE)
NAMELESS = re.compile(r"^\|(?:[^\n]*\|)?[ \t]*\|[^\n]*\n\|[-:| \t]+\|[ \t]*$", re.MULTILINE)
SELF_CHECK = re.compile(r"\b(assert\b|claims?\(|verify\(|explore\()")
IGNORE = "nbval-ignore-output"
LONGEST_CELL = 15
LARGEST_IGNORED_SHARE = 0.2

# Namespaces are names: nothing is fetched from them.
NAMES_ONLY = ("http://www.w3.org/",)


def addresses(text: str) -> list[str]:
    """Addresses on other hosts in ``text``; namespaces of SVG and the like do not count."""
    return [found for found in ADDRESS.findall(text) if not found.startswith(NAMES_ONLY)]


def problems(nb: NotebookNode) -> list[str]:
    """Every rule that a notebook breaks, with the cell that breaks it."""
    return [*_cells(nb), *_ids(nb), *_ignored(nb)]


def _cells(nb: NotebookNode) -> Iterator[str]:
    number = 0
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            yield from (f"cell {cell.get('id')}: {words}" for words in markdown_problems(cell.source))
        elif cell.cell_type == "code":
            number += 1
            yield from (f"cell {cell.get('id')}: {words}" for words in _code(cell, number))


def markdown_problems(source: str) -> Iterator[str]:
    """What prose, in a notebook or a page, may not have: foreign or wordless pictures, columns without a name."""
    if LOAD.search(source):
        yield f"loads from another host: {LOAD.search(source)[0]}"
    if WORDLESS.search(source):
        yield "a picture without alt text"
    if NAMELESS.search(source):
        yield f"a table with a nameless column: {NAMELESS.search(source)[0].splitlines()[0]}"


def _code(cell: NotebookNode, number: int) -> Iterator[str]:
    source = cell.source
    if not source.strip():
        yield "empty code cell"
    if cell.execution_count is None:
        yield "has not been run (no execution count); `make snapshot` runs it"
    elif cell.execution_count != number:
        yield f"was run out of order: its count is {cell.execution_count}, its place is {number}"
    if len(source.splitlines()) > LONGEST_CELL:
        yield f"{len(source.splitlines())} lines of code; {LONGEST_CELL} is the most"
    if SHELL.search(source):
        yield f"runs a shell or installs: {SHELL.search(source)[0].strip()}"
    if addresses(source):
        yield f"names another host: {addresses(source)[0]}"
    for output in cell.outputs:
        yield from _output(output)


def _output(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"stored an error: {output.get('ename')}"
    elif output.output_type == "stream" and output.name != "stdout":
        yield f"stored text of {output.name}"
    elif output.output_type in ("display_data", "execute_result"):
        rich = sorted(set(output.data) - {"text/plain"})
        if rich:
            yield f"stored more than text: {', '.join(rich)}"
        if re.search(r"(?m)^\[figure\]\s*$", "".join(output.data.get("text/plain", ""))):
            yield "a figure without alt text"


def _ids(nb: NotebookNode) -> Iterator[str]:
    ids = [cell.get("id", "") for cell in nb.cells]
    yield from (f"cell {name!r}: its id is not a slug such as size-formula" for name in ids if not SLUG.fullmatch(name))
    yield from (
        f"cell {name}: {ids.count(name)} cells have this id" for name in sorted(set(ids)) if ids.count(name) > 1
    )
    if "widgets" in nb.metadata:
        yield "notebook: stores the state of widgets"


def _ignored(nb: NotebookNode) -> Iterator[str]:
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    ignored = [cell for cell in code if IGNORE in cell.metadata.get("tags", [])]
    if len(ignored) > LARGEST_IGNORED_SHARE * len(code):
        yield f"notebook: the output of {len(ignored)} of {len(code)} code cells is not compared; a fifth is the most"
    for cell in ignored:
        if not SELF_CHECK.search(cell.source):
            yield f"cell {cell.get('id')}: its output is not compared, and it asserts nothing itself"
