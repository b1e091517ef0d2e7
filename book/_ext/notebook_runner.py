"""Run one notebook from its first cell to its last, and say exactly where it broke.

The site, ``make snapshot`` and ``make gpu-check`` all run notebooks through this room, so that a notebook never
behaves differently for one of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode

THREAD_VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
TAIL_LINES = 6

# Asked of the kernel after the last cell. A notebook that never loaded Keras has nothing to say about a device,
# and is not made to load it just to be asked.
PROBE = """
import json as _json, os as _os, platform as _platform, sys as _sys
_about = {"python": _platform.python_version(), "device": "CPU", "backend": None, "versions": {}}
for _name in ("numpy", "keras", "tensorflow", "jax", "torch"):
    if _name in _sys.modules:
        _about["versions"][_name] = getattr(_sys.modules[_name], "__version__", "unknown")
_loaded = [_m for _name, _m in _sys.modules.items() if _name.split(".")[0] == "cvnotes"]
_about["modules"] = sorted({_m.__file__ for _m in _loaded if getattr(_m, "__file__", None)})
if "keras" in _sys.modules:
    from cvnotes import backend as _backend
    _about.update(backend=_backend.name(), device=str(_backend.device()))
print("cvnotes-probe " + _json.dumps(_about))
"""


@dataclass(frozen=True)
class Failure:
    """One reason why a notebook cannot be published: where (notebook, cell, line) and what."""

    notebook: str
    what: str
    cell: int | None = None
    cell_id: str | None = None
    line: int | None = None
    tail: str = ""

    def __str__(self) -> str:
        place = self.notebook
        if self.cell is not None:
            place += f", code cell {self.cell} (id {self.cell_id})"
        if self.line is not None:
            place += f", line {self.line}"
        text = f"{place}: {self.what}"
        return f"{text}\n{indent(self.tail)}" if self.tail else text


class NotebookError(Exception):
    """A notebook did not run to its end. ``failure`` says where and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class Run:
    """A notebook that ran to its end: its outputs, the wall seconds it took, and what it ran on."""

    notebook: NotebookNode
    seconds: float
    about: dict


def indent(text: str, by: str = "    ") -> str:
    """``text`` with each line moved to the right."""
    return "\n".join(by + line for line in text.splitlines())


def kernel_environment(root: Path, output: str, threads: int | None = None) -> dict[str, str]:
    """The environment a notebook's kernel gets.

    ``root`` is the source tree whose ``cvnotes`` is to be imported, whatever else is installed; ``output`` is the
    display mode (``text``, ``static`` or ``live``); ``threads`` fixes the number of threads of one kernel.
    """
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    env["CVNOTES_OUTPUT"] = output
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    env.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    env.setdefault("PYTHONHASHSEED", "0")
    # a kernel's own pytest or coverage hooks would end up in the outputs
    env.pop("PYTEST_CURRENT_TEST", None)
    if threads is not None:
        env.update({name: str(threads) for name in THREAD_VARIABLES})
    return env


class _Client(NotebookClient):
    """nbclient, except that a cell out of time is interrupted first, so that the line it hung on is known."""

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> None:
        if self.km is not None:
            await ensure_async(self.km.interrupt_kernel())
            for _ in range(30):
                await asyncio.sleep(0.1)
                if cell is not None and _error_output(cell):
                    break
        raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", timeout, cell)


def _error_output(cell: NotebookNode) -> NotebookNode | None:
    return next((o for o in cell.get("outputs", []) if o.output_type == "error"), None)


def _line(traceback: str) -> int | None:
    """The line of the cell (not of a helper it called) that a traceback points at."""
    found = re.findall(r"(?:Cell In ?\[\d+\]|<ipython-input-[^>]+>),? ?(?:in [^\n]*\n|line (\d+))", traceback)
    found = [f for f in found if f]
    if found:
        return int(found[0])
    arrow = re.search(r"(?m)^-+> (\d+)", traceback)
    return int(arrow.group(1)) if arrow else None


def _tail(traceback: str, lines: int = TAIL_LINES) -> str:
    kept = [line.rstrip() for line in traceback.splitlines() if line.strip(" -")]
    kept = [line for line in kept if "Traceback (most recent call last)" not in line]
    return "\n".join(kept[-lines:])


def _failure(name: str, error: Exception, cell: NotebookNode | None, number: int | None) -> Failure:
    where = {"cell": number, "cell_id": cell.get("id") if cell is not None else None}
    output = _error_output(cell) if cell is not None else None
    traceback = ANSI.sub("", "\n".join(output.traceback)) if output is not None else ""
    if isinstance(error, CellTimeoutError):
        limit = re.search(r"after (\d+) seconds", str(error))
        what = f"time-out: the cell was still running after {limit.group(1) if limit else '?'} s"
        return Failure(name, what, line=_line(traceback), **where)
    if isinstance(error, DeadKernelError):
        return Failure(name, "dead kernel: the Python process ended while the cell was running", **where)
    if isinstance(error, CellExecutionError):
        message = error.evalue.splitlines()[0] if error.evalue else ""
        return Failure(name, f"{error.ename}: {message}", line=_line(traceback), tail=_tail(traceback), **where)
    return Failure(name, f"{type(error).__name__}: {error}", **where)


def _pop_probe(nb: NotebookNode) -> dict:
    return answer("".join(o.get("text", "") for o in nb.cells.pop().outputs if o.output_type == "stream"))


def answer(text: str) -> dict:
    """What a kernel printed when it was asked ``PROBE``; empty where it said nothing."""
    found = re.search(r"cvnotes-probe (.*)", text)
    return json.loads(found.group(1)) if found else {}


def _forget_old_outputs(nb: NotebookNode) -> None:
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)


def execute(
    nb: NotebookNode,
    name: str,
    *,
    folder: Path,
    env: dict[str, str],
    timeout: int,
    on_client: Callable[[NotebookClient], None] = lambda client: None,
) -> Run:
    """Run every cell of ``nb`` (a copy is run) in ``folder`` and return the outputs.

    ``name`` is what messages call it; ``timeout`` is in seconds for one cell, unless the notebook's metadata has
    ``execution.timeout``; ``on_client`` gets the client before the start, for callers that may have to stop it.
    Raises NotebookError with the notebook, cell, line and message.
    """
    nb = nbformat.from_dict(json.loads(json.dumps(nb)))
    _forget_old_outputs(nb)
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    nb.cells.append(nbformat.v4.new_code_cell(PROBE, id="cvnotes-probe"))
    timeout = int(nb.metadata.get("execution", {}).get("timeout", timeout))
    at: list[NotebookNode] = []
    client = _Client(
        nb,
        timeout=timeout,
        startup_timeout=120,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: at.append(cell),
    )
    client.log.setLevel("CRITICAL")  # its own words repeat ours
    on_client(client)
    start = time.perf_counter()
    try:
        client.execute(env=env)
    except Exception as error:
        cell = at[-1] if at else None
        number = next((i for i, c in enumerate(code, 1) if c is cell), None)
        raise NotebookError(_failure(name, error, cell if number else None, number)) from None
    seconds = time.perf_counter() - start
    about = _pop_probe(nb)
    nb.metadata.pop("widgets", None)  # a page has no kernel, so a widget's state would be dead weight
    return Run(nb, seconds, about)


def progress(line: str) -> None:
    """Print a line of progress at once, also where standard output is a pipe."""
    print(line, file=sys.stdout, flush=True)
