"""Refresh the text outputs that the notebooks are committed with: ``make snapshot [NAME=pooling]``.

Each notebook is run from top to bottom in text mode, with the threads fixed as in ``make test``. What stays in the
file is printed text and the plain text of figures, tables and claims: no picture, no HTML, no error stream, no date.
What changed is printed, cell by cell, so that it can be judged before it is committed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from notebook_runner import ANSI, Failure, NotebookError, execute, kernel_environment, progress  # noqa: E402

IGNORE = "nbval-ignore-output"


def text_outputs(cell: NotebookNode) -> list[NotebookNode]:
    """The outputs of ``cell`` that may be committed: standard output and plain text, neighbouring streams joined."""
    kept: list[NotebookNode] = []
    for output in cell.get("outputs", []):
        kind = output.output_type
        if kind == "stream" and output.name == "stdout":
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(nbformat.v4.new_output("stream", name="stdout", text=output.text))
        elif kind in ("display_data", "execute_result") and "text/plain" in output.data:
            plain = nbformat.v4.new_output(kind, data={"text/plain": output.data["text/plain"]})
            if kind == "execute_result":
                plain.execution_count = cell.execution_count
            kept.append(plain)
    return kept


def printed(cell: NotebookNode) -> str:
    """All the text a reader sees below ``cell``."""
    parts = [o.text if o.output_type == "stream" else o.data.get("text/plain", "") for o in text_outputs(cell)]
    return "\n".join(part.rstrip("\n") for part in parts)


def complaints(name: str, nb: NotebookNode) -> list[Failure]:
    """What a committed notebook must not have: a code cell without code, or a word on the error stream."""
    found = []
    for number, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), 1):
        if not cell.source.strip():
            found.append(Failure(name, "an empty code cell; delete it", number, cell.id))
        errors = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr"]
        if errors and IGNORE not in cell.metadata.get("tags", []):
            text = ANSI.sub("", "".join(errors)).strip()
            found.append(Failure(name, "writes to the error stream, which nbval compares", number, cell.id, tail=text))
    return found


def snapshot(nb: NotebookNode) -> NotebookNode:
    """Keep of an executed notebook what is committed. Changes and returns ``nb``."""
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = text_outputs(cell)
    nb.metadata["language_info"] = {"name": "python"}
    nb.metadata.pop("cvnotes", None)
    nb.metadata.pop("widgets", None)
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


def difference(old: NotebookNode, new: NotebookNode) -> str:
    """A unified diff of the printed texts, cell by cell; empty where nothing a reader sees has changed."""
    before = {cell.get("id"): printed(cell) for cell in old.cells if cell.cell_type == "code"}
    lines: list[str] = []
    for cell in (c for c in new.cells if c.cell_type == "code"):
        was, now = before.get(cell.id, ""), printed(cell)
        if was != now:
            note = "  (not compared by nbval)" if IGNORE in cell.metadata.get("tags", []) else ""
            diff = difflib.unified_diff(was.splitlines(), now.splitlines(), "committed", "now", lineterm="", n=1)
            lines += [f"  cell {cell.id}{note}", *("    " + line for line in list(diff)[2:])]
    return "\n".join(lines)


def write(nb: NotebookNode, path: Path) -> None:
    """Write ``nb`` whole or not at all."""
    nbformat.validate(nb)
    text = nbformat.writes(nb, version=4)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def refresh(path: Path, timeout: int = 300) -> bool:
    """Run the notebook at ``path`` and store its texts. Returns whether it ran clean."""
    name = path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else str(path)
    old = nbformat.read(path, as_version=4)
    progress(f"running {name}")
    threads = int(os.environ.get("NB_THREADS", "1"))
    env = kernel_environment(ROOT, "text", threads)
    try:
        run = execute(old, name, folder=path.resolve().parent, env=env, timeout=timeout)
    except NotebookError as error:
        progress(f"FAILED {error.failure}")
        return False
    wrong = complaints(name, run.notebook)
    new = snapshot(run.notebook)
    changed = difference(old, new)
    write(new, path)
    progress(f"{name}: {run.seconds:.1f} s, " + ("texts changed:" if changed else "texts as before"))
    if changed:
        progress(changed)
    for failure in wrong:
        progress(f"FAILED {failure}")
    return not wrong


def main() -> int:
    """Refresh the notebooks named on the command line (paths or names), or all of them."""
    parser = argparse.ArgumentParser(description="refresh the text outputs of notebooks")
    parser.add_argument("notebooks", nargs="*", help="paths, or names such as pooling; all notebooks if none is given")
    parser.add_argument("--timeout", type=int, default=300, help="seconds one cell may take")
    options = parser.parse_args()
    paths = [Path(n) if n.endswith(".ipynb") else ROOT / "notebooks" / f"{n}.ipynb" for n in options.notebooks]
    paths = paths or sorted((ROOT / "notebooks").glob("*.ipynb"))
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        parser.error(f"no such notebook: {', '.join(missing)}")
    done = [refresh(path, options.timeout) for path in paths]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
