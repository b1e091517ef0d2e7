"""Where output goes: plain text for tests, HTML for the site, widgets for JupyterLab.

This is the one module that knows the mode, which the environment sets in ``CVNOTES_OUTPUT``:

- ``live`` (default): a reader at a notebook;
- ``static``: the book is being built;
- ``text``: a test compares the plain text of every output.
"""

from __future__ import annotations

import html as markup
import inspect
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MODES = ("live", "static", "text")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def mode() -> str:
    """The output mode: ``live``, ``static`` or ``text``. Raises ValueError on any other ``CVNOTES_OUTPUT``."""
    name = os.environ.get("CVNOTES_OUTPUT", "live")
    if name not in MODES:
        raise ValueError(f"CVNOTES_OUTPUT must be one of {', '.join(MODES)}. Received: {name!r}")
    return name


def present(text: str, html: str | None = None, *, metadata: dict | None = None, widget: Any = None) -> None:
    """Display one thing in the form that the mode asks for.

    Args:
        text: plain words, the same on every machine; all that the mode ``text`` shows.
        html: the same for a browser.
        metadata: facts for the site build, kept in the output's metadata under ``cvnotes`` (mode ``static``).
        widget: an ipywidget, shown instead of ``html`` in the mode ``live``.
    """
    from IPython.display import display

    data: dict[str, Any] = {"text/plain": text}
    if html is not None and mode() != "text":
        data["text/html"] = html
    if widget is not None and mode() == "live":
        data[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display(data, raw=True, metadata={"cvnotes": metadata} if metadata and mode() == "static" else {})


def dress() -> None:
    """Give a live notebook the look of cards, tables and code; the site has its own style sheet. Page: How to read."""
    if mode() == "live":
        style = Path(__file__).with_name("notebook.css").read_text(encoding="utf-8")
        present("", f"<style>{style}</style>")


# Code ---------------------------------------------------------------------------------------------------------------


def source(*objects: Any) -> None:
    """Show the source code of functions or classes: what is read is what the tests check.

    Raises:
        ValueError: without an object, or for one whose source cannot be found (a built-in, a number).
    """
    if not objects:
        raise ValueError("source() needs at least one function or class. Received none.")
    found = [_code_of(item) for item in objects]
    names = list(dict.fromkeys(name for name, _ in found))
    code = "\n\n\n".join(body for _, body in found)
    present(f"# {', '.join(names)}\n{code}", _code_html(code, names))


def _code_of(item: Any) -> tuple[str, str]:
    """The file, told from the root of the project, and the dedented source of one object."""
    item = inspect.unwrap(item) if callable(item) else item
    try:
        code, path = inspect.getsource(item), Path(inspect.getsourcefile(item) or "")
    except (TypeError, OSError) as error:
        raise ValueError(f"source() takes functions and classes written in Python. Received: {item!r}") from error
    root = Path(__file__).resolve().parent.parent
    name = path.resolve().relative_to(root).as_posix() if path.resolve().is_relative_to(root) else "this notebook"
    return name, textwrap.dedent(code).rstrip()


def _code_html(code: str, names: Sequence[str]) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    caption = ", ".join(f"<code>{markup.escape(name)}</code>" for name in names)
    body = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip()
    indents = [len(line) - len(line.lstrip()) for line in code.split("\n")]
    lines = (  # each line knows its indent, so that on a narrow page its rest goes on below its own beginning
        f'<span class="cv-line" style="--indent: {indent}ch">{line}\n</span>'
        for indent, line in zip(indents, body.split("\n"), strict=False)
    )
    return (
        f'<figure class="cv-source"><figcaption>{caption}</figcaption>'
        f'<div class="highlight"><pre>{"".join(lines)}</pre></div></figure>'
    )


# Tables -------------------------------------------------------------------------------------------------------------


def words(value: Any) -> str:
    """One value as a reader wants it: ``25,557,032``, ``0.1234``, ``yes``, ``–`` for nothing."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        return f"{value:,.0f}".replace("-", "−") if abs(value) >= 1e4 else f"{value:.4g}".replace("-", "−")
    if isinstance(value, (tuple, list)):
        return " × ".join(words(part) for part in value)
    return str(value)


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str], *, caption: str | None = None) -> None:
    """Display a table: aligned plain text, or HTML with a caption and header cells.

    Args:
        rows: sequences as long as ``columns``; the first entry of a row names the row.
        columns: the names of the columns.
        caption: one line above the table.

    Raises:
        ValueError: for a row of another length.
    """
    for given in (rows, columns, *(rows if isinstance(rows, Sequence) else [])):
        if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
            raise ValueError(f"table takes a list of rows, each a list, and a list of names. Received: {given!r:.80}")
    rows, columns = [list(row) for row in rows], [str(column) for column in columns]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"Each row needs {len(columns)} entries, one for each of {columns}. Received: {row}")
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    cells = [[words(value) for value in row] for row in rows]
    present(_table_text(cells, columns, numeric, caption), _table_html(cells, columns, numeric, caption))


def _is_number(value: Any) -> bool:
    import numbers

    import numpy as np

    return value is None or (isinstance(value, (numbers.Number, np.number)) and not isinstance(value, bool))


def _table_text(cells: list[list[str]], columns: list[str], numeric: list[bool], caption: str | None) -> str:
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]

    def line(row: list[str]) -> str:
        parts = [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(row, widths, numeric, strict=True)]
        return "  ".join(parts).rstrip()

    lines = [line(columns), "  ".join("-" * width for width in widths), *map(line, cells)]
    return "\n".join([caption, "", *lines] if caption else lines)


def _table_html(cells: list[list[str]], columns: list[str], numeric: list[bool], caption: str | None) -> str:
    kind = [' class="num"' if right else "" for right in numeric]
    head = "".join(
        f'<th scope="col"{k}>{markup.escape(name)}</th>' if name.strip() else f"<td{k}></td>"  # no words: no header
        for name, k in zip(columns, kind, strict=True)
    )
    body = ""
    for first, *rest in cells:
        others = "".join(f"<td{k}>{_cell(cell)}</td>" for cell, k in zip(rest, kind[1:], strict=True))
        body += f'<tr><th scope="row"{kind[0]}>{_cell(first)}</th>{others}</tr>'
    title = f"<caption>{markup.escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="cv-scroll"><table class="cv-table">{title}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    return markup.escape(text).replace(" × ", "&nbsp;×&nbsp;")  # a shape stays on one line
