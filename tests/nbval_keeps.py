"""A plugin for nbval: a notebook that passes is not run again for the site.

Its outputs, pictures too, go where `make book` looks for runs, under the key that `make book` gives the notebook.
What only the site shows is not compared. A notebook of which a cell fails, or is not run, is not kept; one that a
page must not show is not kept either: `make book` then runs it and says why.
"""

from __future__ import annotations

import copy
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile
from notebook_key import Tree, parts, settings
from notebook_runner import PROBE, Run, answer
from notebook_store import Store
from run_notebooks import Page, keep, read_notebook

ROOT = Path(__file__).resolve().parents[1]
STORE = Store(ROOT / "_build" / "executed")
SHOWN = ("text/html",)  # figures, tables and sliders of the page; their words are in text/plain
PATIENCE = 30  # seconds, for a kernel that has nothing else to do

set_up, tear_down, run_test = IPyNbFile.setup, IPyNbFile.teardown, IPyNbCell.runtest


@cache
def tree() -> Tree:
    """The source tree, read once for all notebooks of a worker."""
    return Tree(ROOT)


def begin(file: IPyNbFile) -> None:
    """Note what is about to run, and when; then start the kernel."""
    path = Path(file.path)
    notebook = read_notebook(path, ROOT)
    file.page = Page(f"notebooks/{path.stem}", path, notebook, parts(notebook, tree(), settings(ROOT)))
    file.skip_compare, file.passed, file.began = (*file.skip_compare, *SHOWN), {}, time.perf_counter()
    set_up(file)


def remember(cell: IPyNbCell) -> None:
    """Run and compare a cell; its outputs are remembered where it passes."""
    run_test(cell)
    cell.parent.passed[cell.cell.get("id")] = cell.test_outputs


def end(file: IPyNbFile) -> None:
    """Keep a run of which every cell has passed, then stop the kernel."""
    try:
        code = [cell.id for cell in file.page.notebook.cells if cell.cell_type == "code"]
        if file.kernel is not None and file.kernel.is_alive() and all(name in file.passed for name in code):
            run = Run(executed(file.page.notebook, file.passed), time.perf_counter() - file.began, ask(file.kernel))
            keep(STORE, file.page, run, ROOT, int(os.environ.get("OMP_NUM_THREADS", 1)))
    finally:
        tear_down(file)


def executed(notebook: NotebookNode, outputs: dict[str, list[Any]]) -> NotebookNode:
    """A copy of a notebook with these outputs, by cell."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [from_dict(output) for output in outputs[cell.id]]
    return notebook


def ask(kernel: RunningKernel) -> dict:
    """What the kernel says about itself: versions, device, the modules that it has loaded."""
    sent, text = kernel.execute_cell_input(PROBE, allow_stdin=False), ""
    while True:
        message = kernel.get_message("iopub", timeout=PATIENCE)
        content = message["content"]
        if message["parent_header"].get("msg_id") != sent:
            continue
        text += content.get("text", "")
        if content.get("execution_state") == "idle":
            return answer(text)


IPyNbFile.setup, IPyNbFile.teardown, IPyNbCell.runtest = begin, end, remember
