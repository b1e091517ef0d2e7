"""A notebook is run again exactly when something that it depends on changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from notebook_key import Tree, as_python, digest, key, mentioned, parse, parts, pins, settings, why

CODE = [
    "%matplotlib inline\nimport cvnotes\nfrom cvnotes import pooling",
    "!ls\npooling.pool()\ncvnotes.claim('pool-size', 3)",
    'models.build("net")',
]
FILES = {
    "cvnotes/__init__.py": "from cvnotes.ledger import claim\n",
    "cvnotes/pooling.py": "def pool():\n    from . import windows\n    return windows.cut()\n@experiment()\ndef a(): 1",
    "cvnotes/windows.py": "from cvnotes.data.shapes import circle\nLAZY = 'cvnotes.nets:small'\nimport cvnotes.drawn\n",
    "cvnotes/drawn.py": "from cvnotes import experiments\nROWS = experiments.load('stored', 'all')\n",
    "cvnotes/experiments.py": "def load(): ...\n",
    "cvnotes/nets.py": "NAME = 'nets'\n",
    "cvnotes/unrelated.py": "x = 1\n",
    "cvnotes/data/__init__.py": "",
    "cvnotes/data/shapes.py": "circle = 1\n",
    "cvnotes/data/table.csv": "1,2\n",
    "cvnotes/ledger/__init__.py": "def claim(): ...\n",
    "cvnotes/ledger/pooling.yml": "claims:\n  pool-size: {truth: three}\n  other: {truth: four}\ntopics: {}\n",
    "cvnotes/results/pooling.json": "{}",
    "cvnotes/results/stored.json": "{}",
    "cvnotes/results/windows.json": "{}",
    "cvnotes/results/nets.json": "{}",
    "cvnotes/results/unrelated.json": "{}",
    "cvnotes/weights/pooling.npz": "0",
    "cvnotes/weights/unrelated.npz": "0",
    "requirements.lock": "numpy==1.0 \\\n    --hash=sha256:0\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def notebook() -> nbformat.NotebookNode:
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_markdown_cell("# Pooling", id="title")]
    nb.cells += [nbformat.v4.new_code_cell(source, id=f"code-{i}") for i, source in enumerate(CODE)]
    return nb


def key_of(nb: nbformat.NotebookNode, root: Path, env: dict[str, str] | None = None) -> str:
    return key(parts(nb, Tree(root), settings(root, env or {})))


# --- the notebook itself ----------------------------------------------------------------------------------------------


def edit_code(nb: nbformat.NotebookNode) -> None:
    nb.cells[2].source += "\n1 + 1"


def edit_tag(nb: nbformat.NotebookNode) -> None:
    nb.cells[2].metadata["tags"] = ["hide-input"]


def edit_id(nb: nbformat.NotebookNode) -> None:
    nb.cells[2].id = "another"


def edit_kernel(nb: nbformat.NotebookNode) -> None:
    nb.metadata["kernelspec"] = {"name": "another", "display_name": "Another"}


def edit_timeout(nb: nbformat.NotebookNode) -> None:
    nb.metadata["execution"] = {"timeout": 1}


def edit_order(nb: nbformat.NotebookNode) -> None:
    nb.cells[1], nb.cells[2] = nb.cells[2], nb.cells[1]


def edit_prose(nb: nbformat.NotebookNode) -> None:
    nb.cells[0].source = "# Pooling, again"
    nb.cells.append(nbformat.v4.new_markdown_cell("More.", id="more"))


def edit_outputs(nb: nbformat.NotebookNode) -> None:
    nb.cells[1].outputs = [nbformat.v4.new_output("stream", text="old")]
    nb.cells[1].execution_count = 7
    nb.cells[1].metadata["execution"] = {"iopub.status.busy": "then"}


@pytest.mark.parametrize("edit", [edit_code, edit_tag, edit_id, edit_kernel, edit_timeout, edit_order])
def test_an_edit_of_code_makes_stale(edit: Callable, root: Path) -> None:
    nb = notebook()
    edit(nb)
    assert key_of(nb, root) != key_of(notebook(), root)


@pytest.mark.parametrize("edit", [edit_prose, edit_outputs])
def test_an_edit_of_prose_or_outputs_does_not(edit: Callable, root: Path) -> None:
    nb = notebook()
    edit(nb)
    assert key_of(nb, root) == key_of(notebook(), root)


# --- what it imports --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "cvnotes/__init__.py",
        "cvnotes/pooling.py",
        "cvnotes/windows.py",
        "cvnotes/nets.py",
        "cvnotes/data/__init__.py",
        "cvnotes/data/shapes.py",
        "cvnotes/data/table.csv",
        "cvnotes/ledger/__init__.py",
        "cvnotes/results/pooling.json",
        "cvnotes/results/stored.json",
        "cvnotes/weights/pooling.npz",
    ],
)
def test_an_edit_of_what_it_reaches_makes_stale(name: str, root: Path) -> None:
    before = key_of(notebook(), root)
    (root / name).write_text(FILES[name] + "\n# another line\n", encoding="utf-8")
    assert key_of(notebook(), root) != before


@pytest.mark.parametrize(
    "name",
    [
        "cvnotes/unrelated.py",
        "cvnotes/results/unrelated.json",
        "cvnotes/results/windows.json",  # a room passed through, none of whose experiments is reached
        "cvnotes/results/nets.json",  # a word in code that has nothing to do with experiments
        "cvnotes/weights/unrelated.npz",
    ],
)
def test_an_edit_of_what_it_does_not_reach_does_not(name: str, root: Path) -> None:
    before = key_of(notebook(), root)
    (root / name).write_text("changed", encoding="utf-8")
    (root / "cvnotes" / "new.py").write_text("x = 1", encoding="utf-8")
    assert key_of(notebook(), root) == before


def test_results_that_the_code_names_count(root: Path) -> None:
    nb = notebook()
    nb.cells[3].source = "experiments.load('unrelated', 'shift')"
    before = key_of(nb, root)
    (root / "cvnotes/results/unrelated.json").write_text("[1]", encoding="utf-8")
    assert key_of(nb, root) != before


def test_only_ledger_entries_that_it_settles_count(root: Path) -> None:
    ledger = root / "cvnotes/ledger/pooling.yml"
    before = key_of(notebook(), root)
    ledger.write_text(FILES["cvnotes/ledger/pooling.yml"].replace("four", "five") + "gaps: {new: {}}\n")
    assert key_of(notebook(), root) == before
    ledger.write_text(FILES["cvnotes/ledger/pooling.yml"].replace("three", "3"))
    assert key_of(notebook(), root) != before


def test_a_broken_ledger_is_named(root: Path) -> None:
    (root / "cvnotes/ledger/pooling.yml").write_text("claims: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"pooling\.yml"):
        key_of(notebook(), root)


def test_a_notebook_without_the_package_reaches_nothing(root: Path) -> None:
    nb = notebook()
    del nb.cells[1:]
    nb.cells.append(nbformat.v4.new_code_cell("import numpy", id="code"))
    assert not [name for name in parts(nb, Tree(root)) if name.startswith("cvnotes")]


# --- what is around it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["CVNOTES_SCALE", "KERAS_BACKEND", "CUDA_VISIBLE_DEVICES", "TF_ENABLE_ONEDNN_OPTS"])
def test_settings_make_stale(name: str, root: Path) -> None:
    assert key_of(notebook(), root, {name: "jax"}) != key_of(notebook(), root)


def test_a_default_spelled_out_does_not(root: Path) -> None:
    assert key_of(notebook(), root, {"CVNOTES_SCALE": "quick", "HOME": "elsewhere"}) == key_of(notebook(), root)


def test_pins_make_stale(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notebook_key.installed", lambda: {"numpy": "1.0", "torch": "2.0", "editor": "1.0"})
    before = key_of(notebook(), root)
    monkeypatch.setattr("notebook_key.installed", lambda: {"numpy": "1.0", "torch": "2.1", "editor": "1.1"})
    assert key_of(notebook(), root) == before
    monkeypatch.setattr("notebook_key.installed", lambda: {"numpy": "1.1", "torch": "2.1", "editor": "1.1"})
    assert key_of(notebook(), root) != before


def test_without_a_lock_every_distribution_counts(root: Path) -> None:
    (root / "requirements.lock").unlink()
    assert "pytest==" in pins(root, "tensorflow")
    assert "cvnotes==" not in pins(root, "tensorflow")


def test_python_and_the_extension_count(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(notebook(), root)
    monkeypatch.setattr("platform.python_version", lambda: "4.0.0")
    newer = key_of(notebook(), root)
    monkeypatch.setattr("notebook_key.VERSION", "another")
    assert len({before, newer, key_of(notebook(), root)}) == 3


# --- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import cvnotes.pooling as p", {"cvnotes.pooling"}),
        ("from cvnotes import a, b", {"cvnotes", "cvnotes.a", "cvnotes.b"}),
        ("def f():\n    from cvnotes.a import b", {"cvnotes.a", "cvnotes.a.b"}),
        ("cvnotes.a.b(1)", {"cvnotes.a", "cvnotes.a.b"}),
        ("register('net', 'cvnotes.nets:small')", {"cvnotes.nets"}),
        ("'see cvnotes.nets for more'; import numpy", set()),
        ("import cvnotesque", set()),
    ],
)
def test_mentioned(source: str, names: set[str]) -> None:
    assert mentioned(parse(source)) == names


@pytest.mark.parametrize(
    ("source", "package", "name"),
    [("from . import b", "cvnotes.a", "cvnotes.a.b"), ("from ..c import d", "cvnotes.a", "cvnotes.c")],
)
def test_relative_imports(source: str, package: str, name: str) -> None:
    assert name in mentioned(parse(source), package)


@pytest.mark.parametrize("magic", ["%time x = 1", "!ls *.py", "x = !ls", "%%time\nx = 1", "x?", "print(1)"])
def test_magics_do_not_hide_imports(magic: str) -> None:
    assert "cvnotes.a" in mentioned(parse(as_python(magic) + "\nfrom cvnotes import a"))


def test_a_cell_that_does_not_parse_keeps_its_imports() -> None:
    assert "cvnotes.a" in mentioned(parse("from cvnotes import a\nx = (\n"))


LAZY = "import importlib\ndef __getattr__(name):\n    return importlib.import_module({})\n"


ATTACH = "import lazy_loader\n__getattr__, _, __all__ = lazy_loader.attach(__name__, {})\n"
BY_NAME = ('f"{__name__}.{name}"', "'.shapes', __package__", "WHERE[name]")


@pytest.mark.parametrize("listed", ["['shapes']", "submodules=['shapes']", "submod_attrs={'shapes': ['x']}"])
def test_a_lazy_package_leads_to_what_it_lists(listed: str, root: Path) -> None:
    nb = notebook()
    nb.cells[1].source = "from cvnotes import data"
    del nb.cells[2:]
    (root / "cvnotes/data/other.py").write_text("x = 1\n", encoding="utf-8")
    (root / "cvnotes/data/__init__.py").write_text(ATTACH.format(listed), encoding="utf-8")
    found = parts(nb, Tree(root))
    assert "cvnotes/data/shapes.py" in found
    assert "cvnotes/data/other.py" not in found
    nb.cells[1].source = "from cvnotes.data import other"
    assert "cvnotes/data/other.py" in parts(nb, Tree(root))
    nb.cells[1].source = "import cvnotes.data.other"  # passes the package, which loads nothing for that
    assert "cvnotes/data/shapes.py" not in parts(nb, Tree(root))
    nb.cells[1].source = "import cvnotes.data.other\ncvnotes.data.x"
    assert "cvnotes/data/shapes.py" in parts(nb, Tree(root))


@pytest.mark.parametrize("code", [*map(LAZY.format, BY_NAME), ATTACH.format("submodules=names()")])
def test_a_package_that_computes_names_leads_to_all_its_modules(code: str, root: Path) -> None:
    nb = notebook()
    nb.cells[1].source = "from cvnotes import data"
    del nb.cells[2:]
    assert "cvnotes/data/shapes.py" not in parts(nb, Tree(root))
    (root / "cvnotes/data/__init__.py").write_text(code, encoding="utf-8")
    assert "cvnotes/data/shapes.py" in parts(nb, Tree(root))


def test_digest_keeps_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_why_names_what_changed() -> None:
    assert why({}, {"code": "1"}) == "not run yet"
    assert why({"code": "1", "pins": "1"}, {"code": "2", "pins": "1"}) == "code changed"
    assert why({"a": "1"}, dict.fromkeys("bcd", "1")) == "a, b, c and 1 more changed"
