"""The house as a whole: light to import, quiet to start, repeatable, and with imports in one direction."""

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cvnotes"
FRAMEWORKS = {"tensorflow", "jax", "torch"}
FOUNDATION = {"backend", "data", "experiments", "explore", "figures", "ledger", "models", "output"}
FILES = sorted(PACKAGE.glob("**/*.py"))


def room(path: Path) -> str:
    """The room that a file belongs to: `cvnotes/data/scenes.py` -> `data`; the front door -> `cvnotes`."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "cvnotes" if first == "__init__" else first


def imported(source: str) -> set[str]:
    """Dotted names that a source imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def rooms_imported(source: str) -> set[str]:
    """Rooms of the package that a source imports."""
    found = {name.split(".")[1] for name in imported(source) if name.startswith("cvnotes.")}
    return found & {room(path) for path in FILES}


def run(code: str, **environment: str) -> subprocess.CompletedProcess:

    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["keras", "tensorflow", "jax", "torch", "matplotlib.pyplot", "sklearn", "skimage", "scipy"]
    done = run(f"import sys, cvnotes; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_setup_is_quiet_and_repeatable():
    code = (
        "import cvnotes; cvnotes.setup(3)\n"
        "import keras, numpy, random\n"
        "print(random.random(), numpy.random.rand(), float(keras.random.normal(())))"
    )
    first, second = (run(code, CVNOTES_OUTPUT="text") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert run(code.replace("setup(3)", "setup(4)")).stdout != first.stdout


def test_setup_keeps_the_lines_of_tensorflow_off_the_screen():
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow prints lines at import")
    loud = run("import keras").stderr
    assert "I0000" in loud or "oneDNN" in loud, "TensorFlow has become quiet: setup() can be made simpler"
    assert run("import cvnotes; cvnotes.setup()").stderr == ""


def test_a_python_error_still_shows_while_standard_error_is_closed():
    done = run("import cvnotes\nwith cvnotes._standard_error_closed():\n    raise RuntimeError('seen')")
    assert done.returncode == 1
    assert "RuntimeError: seen" in done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_backend_names_a_framework(path):
    names = {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
    assert room(path) == "backend" or not names & FRAMEWORKS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_foundation_rooms_know_no_chapter(path):
    chapters = {room(file) for file in FILES} - FOUNDATION - {"cvnotes"}
    if room(path) in FOUNDATION | {"cvnotes"}:
        assert not rooms_imported(path.read_text(encoding="utf-8")) & chapters


def test_imports_between_rooms_have_no_cycle():
    graph: dict[str, set[str]] = {}
    for path in FILES:
        graph.setdefault(room(path), set()).update(rooms_imported(path.read_text(encoding="utf-8")) - {room(path)})
    graphlib.TopologicalSorter(graph).prepare()
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph | {"output": {"explore"}}).prepare()
