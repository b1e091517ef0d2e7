"""Decide what a notebook depends on, and give that a name: its key.

A stored run is used again exactly when the key is the same. Into it goes all that can change an output: the code
cells, each ``cvnotes`` module the code can reach, the stored results and weights of these, the entries of the ledger
that it settles, the installed versions, the scale and the backend. Prose is not in it, nor are stored outputs.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

VERSION = "1"  # raise it when a stored run of before must not be used any more
PACKAGE = "cvnotes"
LEDGER = Path(PACKAGE) / "ledger"
SETTINGS = ("CVNOTES_SCALE", "KERAS_BACKEND", "CUDA_VISIBLE_DEVICES", "TF_ENABLE_ONEDNN_OPTS")
DEFAULTS = {"CVNOTES_SCALE": "quick", "KERAS_BACKEND": "tensorflow"}
UNSEEN_METADATA = {"execution", "collapsed", "scrolled", "trusted"}  # set by front ends, seen by no reader
BY_NAME = ("import_module", "__import__", "lazy_loader.attach")
MODULE_NAME = re.compile(rf"{PACKAGE}(\.\w+)+(:\w+)?")


def digest(*parts: str | bytes) -> str:
    """A hash of ``parts`` in order, that no other cut of the same text shares."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(str(len(data)).encode() + b":" + data)
    return total.hexdigest()


def as_python(source: str) -> str:
    """A cell's code with magics and shell escapes turned into calls, so that Python can parse it."""
    return TransformerManager().transform_cell(source)


def parse(source: str) -> ast.Module:
    """The syntax tree of ``source``; of a cell that is no Python, a tree of those lines that are imports."""
    try:
        return ast.parse(source)
    except SyntaxError:
        imports = re.findall(r"(?m)^\s*((?:import|from)\s[^#\n\\(]+)$", source)
        kept = [line for line in imports if _parses(line)]
        return ast.parse("\n".join(kept))


def _parses(line: str) -> bool:
    try:
        ast.parse(line)
    except SyntaxError:
        return False
    return True


def strings(tree: ast.AST) -> set[str]:
    """Every string literal in ``tree``."""
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return base and f"{base}.{node.attr}"
    return None


def _from_names(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parents = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*parents, base] if base else parents)
    yield base
    yield from (f"{base}.{alias.name}" for alias in node.names)


def mentioned(tree: ast.AST, package: str = "") -> set[str]:
    """Dotted names in ``tree`` that could be modules of the book: imports at any depth, attributes, lazy strings.

    ``package`` is the package that the code lives in, for relative imports.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= set(_from_names(node, package))
        elif isinstance(node, ast.Attribute):
            names.add(_dotted(node) or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE_NAME.fullmatch(node.value):
            names.add(node.value.partition(":")[0])
    return {name for name in names if name.split(".")[0] == PACKAGE}


def imports_by_name(tree: ast.AST) -> bool:
    """Whether ``tree`` imports a module whose name is not written out, as lazy packages do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_dotted(node.func) or "").endswith(BY_NAME):
            name = node.args[0] if node.args else None
            if not (isinstance(name, ast.Constant) and MODULE_NAME.fullmatch(str(name.value))):
                return True
    return False


def attached(tree: ast.AST) -> set[str] | None:
    """The modules listed in a package's ``lazy_loader.attach``; None where names are computed in any other way."""
    listed: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _dotted(node.func) or ""
        if called.endswith("lazy_loader.attach"):
            try:
                values = [ast.literal_eval(v) for v in [*node.args[1:], *(k.value for k in node.keywords)]]
            except ValueError:
                return None
            listed |= {name for value in values for name in value or ()}
        elif called.endswith(BY_NAME):
            return None
    return listed


def runs_experiments(tree: ast.AST) -> bool:
    """Whether ``tree`` declares a function an experiment, whose stored numbers a page can then check."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    called = [d.func if isinstance(d, ast.Call) else d for node in functions for d in node.decorator_list]
    return any((_dotted(each) or "").rpartition(".")[2] == "experiment" for each in called)


class Tree:
    """The source tree that notebooks import from, read once per build."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parsed: dict[Path, ast.Module] = {}
        self._mentioned: dict[str, set[str]] = {}
        self._words: dict[str, set[str]] = {}

    def file(self, module: str) -> Path | None:
        """The file of a dotted module name, or None where the tree has no such module."""
        path = self.root.joinpath(*module.split("."))
        candidates = (path / "__init__.py", path.with_name(path.name + ".py"))
        return next((candidate for candidate in candidates if candidate.is_file()), None)

    def parsed(self, path: Path) -> ast.Module:
        if path not in self._parsed:
            self._parsed[path] = parse(path.read_text(encoding="utf-8"))
        return self._parsed[path]

    def reach(self, names: set[str]) -> dict[str, Path]:
        """All modules that ``names`` lead to, directly or through others, with the packages on the way.

        A lazy package that is only on the way to one of its modules loads none of the others.
        """
        found: dict[str, Path] = {}
        opened: set[str] = set()
        todo = [PACKAGE, *names] if names else []
        while todo:
            way = list(self._way(todo.pop()))
            for module, path in way:
                if module not in found:
                    found[module] = path
                    todo += self._mentions(module, path)
            for module, path in way[-1:]:
                if module not in opened:
                    opened.add(module)
                    todo += self._lazy(module, path)
        return found

    def _way(self, name: str) -> Iterator[tuple[str, Path]]:
        """The packages on the way to a dotted name, and its module, as far as the tree has them."""
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            module = ".".join(parts[:depth])
            path = self.file(module)
            if path is None:
                return
            yield module, path

    def _mentions(self, module: str, path: Path) -> set[str]:
        """What the code of one module mentions."""
        if module not in self._mentioned:
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            self._mentioned[module] = mentioned(self.parsed(path), package)
        return self._mentioned[module]

    def _lazy(self, module: str, path: Path) -> list[str]:
        """The modules that a package loads by name: those that it lists, or all, since any of them may be meant.

        What it does not list must be imported by whoever uses it, and is found there.
        """
        if path.name != "__init__.py" or not imports_by_name(self.parsed(path)):
            return []
        listed = attached(self.parsed(path))
        if listed is not None:
            return [f"{module}.{name}" for name in sorted(listed)]
        inside = [p for p in path.parent.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()]
        return [f"{module}.{p.stem}" for p in inside if p.stem != "__init__"]

    def data_of(self, modules: Mapping[str, Path], words: set[str]) -> set[Path]:
        """Files that are no code and yet decide outputs.

        These are what lies in a package's folder, the weights of each module reached, and results: those of a room
        whose experiments are reached, and those that code names in a string (as in ``experiments.load("pooling",
        ...)``). Results of a room that is only passed through on the way to a model decide nothing.
        """
        files: set[Path] = set()
        for module, path in modules.items():
            if module != PACKAGE and path.name == "__init__.py":
                files |= {f for f in path.parent.rglob("*") if f.is_file() and f.suffix not in (".py", ".pyc")}
        for module, path in modules.items():
            names = set(module.split(".")[1:])
            files |= {f for name in names for f in (self.root / PACKAGE / "weights").glob(f"{name}*")}
            words = words | self._results_of(module, path)
        files |= {f for f in (self.root / PACKAGE / "results").glob("*.json") if f.stem in words}
        ledger = self.root / LEDGER
        return {f for f in files if not (f.parent == ledger and f.suffix == ".yml")}

    def _results_of(self, module: str, path: Path) -> set[str]:
        """Words that name results which one module can show: its room's, if it has experiments, and its strings."""
        if module not in self._words:
            tree = self.parsed(path)
            found = set(module.split(".")[1:]) if runs_experiments(tree) else set()
            knows = f"{PACKAGE}.experiments" in self._mentions(module, path)
            self._words[module] = found | (strings(tree) if knows else set())
        return self._words[module]

    def ledger_entries(self, words: set[str]) -> dict[str, str]:
        """The ledger's entries whose id is one of ``words``, each as text."""
        return {name: text for name, text in _ledger(self.root / LEDGER).items() if name.partition(" ")[2] in words}


@cache
def _entries_of(path: Path, stamp: tuple[int, int]) -> dict[str, str]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        register = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not valid YAML: {error}") from error
    return {
        f"{kind[:-1]} {name}": json.dumps(entry, sort_keys=True, default=str)
        for kind in ("topics", "claims", "gaps")
        for name, entry in (register.get(kind) or {}).items()
    }


def _ledger(folder: Path) -> dict[str, str]:
    entries: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        stat = path.stat()
        entries |= _entries_of(path, (stat.st_mtime_ns, stat.st_size))
    return entries


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it: ``ruamel.yaml`` is ``ruamel-yaml``."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def installed() -> dict[str, str]:
    """Name and version of every installed distribution but the book's own, whose files are looked at instead."""
    found = {canonical(d.metadata["Name"] or ""): d.version for d in importlib.metadata.distributions()}
    return {name: found[name] for name in sorted(found) if name != PACKAGE}


def pins(root: Path, backend: str) -> str:
    """The installed version of whatever the lock names, and of the backend in use.

    What else is installed (another backend, an editor's helpers) cannot change an output. Without a lock beside the
    book, every distribution counts.
    """
    lock = root / "requirements.lock"
    found = installed()
    if lock.is_file():
        named = {canonical(n) for n in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock.read_text(encoding="utf-8"))}
        named |= {"torch"} if backend == "torch" else {"jax", "jaxlib"} if backend == "jax" else set()
        found = {name: version for name, version in found.items() if name in named}
    return "\n".join(f"{name}=={version}" for name, version in found.items())


def settings(root: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Everything outside the modules that a run depends on: pins, Python, scale, backend."""
    env = os.environ if env is None else env
    values = {name: env.get(name) or DEFAULTS.get(name, "") for name in SETTINGS}
    versions = digest(pins(root, values["KERAS_BACKEND"]))
    return {**values, "python": platform.python_version(), "pins": versions, "extension": VERSION}


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """The code cells of ``nb`` in order."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _code(nb: NotebookNode) -> str:
    cells = [
        [c.get("id"), c.source, {k: v for k, v in c.metadata.items() if k not in UNSEEN_METADATA}]
        for c in code_cells(nb)
    ]
    kernel = nb.metadata.get("kernelspec", {}).get("name")
    return json.dumps([cells, kernel, nb.metadata.get("execution")], sort_keys=True)


def parts(nb: NotebookNode, tree: Tree, outside: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that ``nb`` depends on: a name for each thing, and a hash of its content.

    ``outside`` is what ``settings()`` gives; two runs whose parts are equal show the same outputs.
    """
    source = parse("\n".join(as_python(cell.source) for cell in code_cells(nb)))
    if not source.body:  # one cell that does not parse must not hide the imports of the others
        source = ast.Module([n for c in code_cells(nb) for n in parse(as_python(c.source)).body], [])
    modules = tree.reach(mentioned(source))
    words = strings(source)
    files = set(modules.values()) | tree.data_of(modules, words)
    found = {path.relative_to(tree.root).as_posix(): digest(path.read_bytes()) for path in files}
    found |= {f"ledger: {name}": digest(text) for name, text in tree.ledger_entries(words).items()}
    found |= {f"setting: {name}": value for name, value in (outside or settings(tree.root)).items()}
    return {"code": digest(_code(nb)), **dict(sorted(found.items()))}


def key(parts: Mapping[str, str]) -> str:
    """The name of a run: a short hash of all that it depends on."""
    return digest(json.dumps(parts, sort_keys=True))[:16]


def why(old: Mapping[str, str] | None, new: Mapping[str, str]) -> str:
    """In words, what has changed between the parts of an earlier run and those of now."""
    if not old:
        return "not run yet"
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    words = [name.removeprefix("setting: ") for name in names]
    return ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "") + " changed"
