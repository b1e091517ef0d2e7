"""A copy of the real tree, to be broken on purpose, and the real commands run on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.prefix)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
FRONT = "# A small book\n\nIt has [one notebook](../notebooks/canary.ipynb).\n"


@dataclass(frozen=True)
class Ran:
    """How a command ended, and all that it said."""

    rc: int
    said: str


def code(id: str, source: str, printed: str = "", **metadata: object) -> nbformat.NotebookNode:
    """A code cell that is committed with the text that it prints."""
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []
    return nbformat.v4.new_code_cell(source, id=id, outputs=outputs, metadata=metadata)


def prose(id: str, source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=id)


def healthy() -> list[nbformat.NotebookNode]:
    """Cells of a small notebook that is in order. It stands on a real helper, and loads nothing heavy."""
    return [
        prose("title", "# A canary\n\nIt sings as long as the air is good."),
        code("setup", "import cvnotes\nfrom cvnotes import convolution"),
        code("size", "print(convolution.output_size(10, 3))\nassert convolution.output_size(10, 3) == 8", "8\n"),
        prose("words", "Some words, and a [link](../book/front.md)."),
        code("sum", "print(1 + 1)", "2\n"),
    ]


def tree_files() -> list[Path]:
    """Every file of the source tree, as paths below it: what git knows or would add, or else all but what is built."""
    asked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout:
        return [Path(name) for name in asked.stdout.splitlines() if (ROOT / name).is_file()]
    built = {"_build", ".git", "__pycache__", VENV.name}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [path for path in found if not built & set(path.parts)]


@dataclass
class Workshop:
    """A copy of the tree in ``folder``. Its commands are the real ones; the installed environment is shared."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, folder: Path) -> Workshop:
        for name in tree_files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        return cls(folder)

    def shrink(self, *notebooks: str) -> None:
        """Make the book a front page and ``notebooks``, which keeps a build short."""
        self.write("book/front.md", FRONT)
        chapters = [{"file": f"notebooks/{name}"} for name in notebooks]
        self.write("_toc.yml", yaml.safe_dump({"format": "jb-book", "root": "book/front", "chapters": chapters}))

    def notebook(self, cells: list[nbformat.NotebookNode], name: str = "canary", **metadata: object) -> None:
        """Put a notebook in, numbered as if it had been run."""
        nb = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, **metadata})
        counted = [cell for cell in cells if cell.cell_type == "code" and cell.execution_count is None]
        for number, cell in enumerate(counted, 1):
            cell.execution_count = number
        self.write(f"notebooks/{name}.ipynb", nbformat.writes(nb))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace ``old``, which must be there, once."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new, 1))

    def environment(self) -> dict[str, str]:
        """The environment of a reader's shell: nothing that this test run has set for itself."""
        ours = ("PYTEST_", "CVNOTES_", "MAKE", "MFLAGS", "OMP_", "TF_", "KERAS_", "COV_", "NB_", "PYTHONPATH", "CI")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | self.env

    def command(self, *words: str) -> list[str]:
        """The full command line. The shared environment is taken as it is (``-o``), never installed into."""
        if words[0] == "jupyter-book":
            return [str(VENV / "bin" / words[0]), *words[1:]]
        return ["make", *words, f"VENV={VENV}", "JOBS=0", "-o", f"{VENV}/.ready"]

    def run(self, *words: str) -> Ran:
        """Run ``make`` with ``words``, or ``jupyter-book`` itself."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, check=False,
        )  # fmt: skip
        return Ran(done.returncode, ANSI.sub("", done.stdout))

    def start(self, *words: str) -> subprocess.Popen:
        """Start a command in a process group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def runs(self) -> set[str]:
        return {path.name for path in (self.folder / "_build" / "executed").glob("*.ipynb")}

    def page(self, name: str) -> str:
        return (self.folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
