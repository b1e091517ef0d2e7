"""The house as a whole: light to import, quiet to start, repeatable, and with imports in one direction."""

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cvnotes
from cvnotes.backend import name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cvnotes"
FRAMEWORKS = {"tensorflow", "jax", "torch"}
FOUNDATION = {"backend", "checks", "data", "experiments", "explore", "figures", "ledger", "models", "output"}
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
    """Run code in a new Python, where a warning is an error.

    A reader's shell has no log level; JAX, which Keras imports where it is installed, gives this process one.
    """
    inherited = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=inherited | environment,
    )


@pytest.fixture(scope="module")
def bare() -> subprocess.CompletedProcess:
    """A process that imports the package, lists what came along, and only then imports Keras, without `setup`."""
    heavy = ["keras", "tensorflow", "jax", "torch", "matplotlib.pyplot", "sklearn", "skimage", "scipy"]
    return run(f"import sys, cvnotes; print([name for name in {heavy} if name in sys.modules]); import keras")


@pytest.mark.once
def test_importing_the_package_loads_nothing_heavy(bare):
    assert bare.stdout.strip() == "[]", bare.stderr


@pytest.mark.once
def test_rooms_in_numpy_alone_load_no_keras():
    rooms = "convolution, pooling, convolution_variants, linear_classifiers, backpropagation"
    imports = f"from cvnotes import {rooms}; from cvnotes.introduction import components"
    done = run(f"import sys; {imports}; print('keras' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_setup_is_quiet_and_repeatable(bare):
    code = (
        "import cvnotes\n"
        "for seed in (3, 3, 4):\n"
        "    cvnotes.setup(seed)\n"
        "    import keras, numpy, random\n"
        "    print(random.random(), numpy.random.rand(), float(keras.random.normal(())))"
    )
    done = run(code, CVNOTES_OUTPUT="text")
    assert (done.returncode, done.stderr) == (0, "")
    first, again, other = done.stdout.splitlines()
    assert first == again
    assert not set(first.split()) & set(other.split())
    if name() == "tensorflow":  # the only one that prints lines at import
        loud = "I0000" in bare.stderr or "oneDNN" in bare.stderr
        assert loud, "TensorFlow has become quiet: setup() can be made simpler"


def test_a_python_error_still_shows_while_standard_error_is_closed(capfd):
    def fail():
        with cvnotes._standard_error_closed():
            os.write(2, b"hidden")
            raise RuntimeError("seen")

    with pytest.raises(RuntimeError, match="seen"):
        fail()
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
@pytest.mark.once
def test_only_backend_names_a_framework(path):
    names = {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
    assert room(path) == "backend" or not names & FRAMEWORKS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_foundation_rooms_know_no_chapter(path):
    chapters = {room(file) for file in FILES} - FOUNDATION - {"cvnotes"}
    if room(path) in FOUNDATION | {"cvnotes"}:
        assert not rooms_imported(path.read_text(encoding="utf-8")) & chapters


@pytest.mark.once
def test_imports_between_rooms_have_no_cycle():
    graph: dict[str, set[str]] = {}
    for path in FILES:
        graph.setdefault(room(path), set()).update(rooms_imported(path.read_text(encoding="utf-8")) - {room(path)})
    graphlib.TopologicalSorter(graph).prepare()
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph | {"output": {"explore"}}).prepare()
