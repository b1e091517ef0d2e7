"""Print the test files whose subject touches Keras: those are run on every backend by ``make test-backends``."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FETCHES_ONLY = {"cvnotes/data/datasets.py"}  # asks Keras for files, never for a computation
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from notebook_key import PACKAGE, Tree, mentioned  # noqa: E402


def imports_keras(tree: ast.AST) -> bool:
    """Whether ``tree`` imports Keras anywhere, inside functions too."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(name.split(".")[0] == "keras" for name in names):
            return True
    return False


def touches_keras(path: Path, tree: Tree) -> bool:
    """Whether a test file, or a module that it reaches, imports Keras (``cvnotes.setup`` alone does not count)."""
    reached = [file for name, file in tree.reach(mentioned(tree.parsed(path))).items() if name != PACKAGE]
    reached = [file for file in reached if file.relative_to(tree.root).as_posix() not in FETCHES_ONLY]
    return any(imports_keras(tree.parsed(file)) for file in [path, *reached])


def main() -> int:
    """Print one path a line; fail where there is none, since then something is wrong."""
    tree = Tree(ROOT)
    found = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if touches_keras(path, tree)]
    print("\n".join(path.relative_to(ROOT).as_posix() for path in found))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
