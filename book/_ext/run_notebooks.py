"""Sphinx extension: run the notebooks that are stale, several at a time, and show their outputs on the pages.

1. Before Sphinx reads, each notebook's key is compared with the runs in ``_build/executed``; those without a run of
   their key are run, ``NB_JOBS`` at a time (one per core), each in a kernel with one thread (``NB_THREADS``).
2. If any fails, the build stops with all failures listed. A failure is not stored, so it fails again.
3. While Sphinx reads, a notebook's text is its present prose with the stored outputs, and a line with its run time.

A build that did not end well leaves ``_build/.unfinished-html`` behind; the next one then starts from clean pages
(runs of notebooks stay: they are only ever stored whole).
"""

from __future__ import annotations

import html
import logging as stdlib_logging
import os
import re
import shutil
import signal
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import nbformat
from alt_text import warn_of_wordless_images, wordless_outputs
from docutils import nodes
from docutils.parsers.rst import directives
from nbclient import NotebookClient
from nbformat import NotebookNode
from notebook_key import Tree, code_cells, key, parts, settings, why
from notebook_runner import Failure, NotebookError, Run, execute, kernel_environment, progress
from notebook_store import Store, write_whole
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)

BADGE_ID = "cvnotes-run-time"
CELL_LINES = (
    10_000  # MyST-NB counts the lines of the first cell from 10,000 on, of the second from 20,000; its own lines from 2
)
PLACE = re.compile(r"(.*\.ipynb):(\d+)")
FAILURES = "failures.txt"  # beside the site: what `make book` prints last, below Sphinx's own traceback


# --- which notebooks, and which of them are stale -----------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A notebook of the book, with the key of the run that it is to show."""

    doc: str
    path: Path
    notebook: NotebookNode
    parts: dict[str, str]

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def key(self) -> str:
        return key(self.parts)

    def name(self, root: Path) -> str:
        """What messages call it: the path from the root of the book."""
        return self.path.relative_to(root).as_posix()


def store_of(app: Sphinx) -> Store:
    """The executed notebooks of this book."""
    return Store(Path(app.outdir).parent / "executed")


def pages_of(app: Sphinx, env: BuildEnvironment) -> list[Page]:
    """Every notebook in the table of contents, with its key."""
    root = Path(app.srcdir)
    tree, outside = Tree(root), settings(root)
    found = []
    for doc in sorted(env.found_docs):
        path = Path(env.doc2path(doc))
        if path.suffix == ".ipynb":
            notebook = read_notebook(path, root)
            found.append(Page(doc, path, notebook, parts(notebook, tree, outside)))
    return found


def read_notebook(path: Path, root: Path) -> NotebookNode:
    """The notebook in a file; ExtensionError that names the file where it holds none."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, LookupError, AttributeError, TypeError, nbformat.ValidationError) as error:
        name, reason = path.relative_to(root).as_posix(), (str(error).splitlines() or [type(error).__name__])[0]
        raise ExtensionError(
            f"{name} is not a whole notebook: {reason:.200}. Mend it, or take it off _toc.yml."
        ) from None
    return notebook


def run_stale(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> set[str]:
    """Sphinx handler: run what is stale, and tell Sphinx which pages must be read again."""
    store, pages = store_of(app), pages_of(app, env)
    stale = [page for page in pages if not store.has(page.stem, page.key)]
    if stale:
        Runner(app, store, stale).run()
    before = getattr(env, "cvnotes_keys", {})
    env.cvnotes_keys = {page.doc: page.key for page in pages}
    moved = {doc for doc, new in env.cvnotes_keys.items() if before.get(doc) != new}
    return moved | {doc for doc, uses in _users(env).items() if uses & moved}


# --- running --------------------------------------------------------------------------------------------------------


class Runner:
    """Runs stale notebooks side by side, says how far it is, and collects every failure before it stops."""

    def __init__(self, app: Sphinx, store: Store, stale: list[Page]) -> None:
        self.app, self.store, self.root = app, store, Path(app.srcdir)
        self.before = {page.doc: store.latest(page.stem) for page in stale}
        # the longest first, so that it does not start when all others are done; one never run may be the longest
        self.stale = sorted(stale, key=lambda page: -self.before[page.doc].get("seconds", float("inf")))
        self.jobs = min(int(os.environ.get("NB_JOBS") or os.cpu_count() or 1), len(stale))
        self.threads = int(os.environ.get("NB_THREADS") or 1)
        self.env = kernel_environment(self.root, "static", self.threads)
        self.clients: dict[str, NotebookClient] = {}
        self.lock = threading.Lock()

    def run(self) -> None:
        """Run all; raises ExtensionError that names every notebook, cell and line that failed."""
        count = "1 notebook" if len(self.stale) == 1 else f"{len(self.stale)} notebooks, {self.jobs} at a time"
        progress(f"running {count}")
        for page in self.stale:
            progress(f"  {page.stem}: {why(self.before[page.doc].get('parts'), page.parts)}")
        failures: list[Failure] = []
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = {pool.submit(self._one, page): page for page in self.stale}
            try:
                for done, future in enumerate(as_completed(futures), 1):
                    failures += self._finish(futures[future], future, done)
            except BaseException:
                for future in futures:
                    future.cancel()
                self._stop_kernels()
                raise
        report = self.store.folder.parent / FAILURES
        report.unlink(missing_ok=True)
        if failures:
            count = len({failure.notebook for failure in failures})
            listing = "\n\n".join(map(str, sorted(failures, key=str)))
            text = f"{count} of {len(self.stale)} notebooks failed:\n\n{listing}\n"
            write_whole(report, text)
            raise ExtensionError(text)

    def _one(self, page: Page) -> Run:
        def keep(client: NotebookClient) -> None:
            with self.lock:
                self.clients[page.stem] = client

        try:
            return execute(
                page.notebook,
                page.name(self.root),
                folder=page.path.parent,
                env=self.env,
                timeout=self.app.config.nb_execution_timeout,
                on_client=keep,
            )
        finally:
            with self.lock:
                self.clients.pop(page.stem, None)

    def _finish(self, page: Page, future: Future[Run], done: int) -> list[Failure]:
        try:
            run = future.result()
            failures = keep(self.store, page, run, self.root, self.threads)
        except NotebookError as error:
            run, failures = None, [error.failure]
        took = f"{run.seconds:.1f} s" if run else ""
        with self.lock:
            others = ", ".join(sorted(self.clients))
        still = f" (running: {others})" if others else ""
        progress(f"[{done}/{len(self.stale)}] {page.stem} {'FAILED' if failures else took}{still}")
        return failures

    def _stop_kernels(self) -> None:
        with self.lock:
            kernels = [client.km.provisioner for client in self.clients.values() if client.km is not None]
        for kernel in kernels:
            if getattr(kernel, "pid", None):
                os.kill(kernel.pid, signal.SIGTERM)


def keep(store: Store, page: Page, run: Run, root: Path, threads: int) -> list[Failure]:
    """Store the run of a page; or, where a page must not show it, say why and store nothing."""
    name = page.name(root)
    failures = [*wordless_failures(name, run.notebook), *unseen(name, page, run, root)]
    if not failures:
        about = {"key": page.key, "parts": page.parts, "seconds": round(run.seconds, 1), "threads": threads}
        known = {name: value for name, value in run.about.items() if name != "modules"}
        store.write(page.stem, run.notebook, {**about, "scale": page.parts["setting: CVNOTES_SCALE"], **known})
    return failures


def unseen(name: str, page: Page, run: Run, root: Path) -> list[Failure]:
    """Modules that the run loaded and the key does not know: an edit of these would go unnoticed."""
    loaded = [Path(file).resolve() for file in run.about.get("modules", [])]
    files = [path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in loaded]
    return [
        Failure(name, f"loads {file}, which its imports do not lead to; import it by its name")
        for file in files
        if file not in page.parts
    ]


def wordless_failures(name: str, nb: NotebookNode) -> list[Failure]:
    """A failure for each picture in the outputs of ``nb`` that has no alt text."""
    return [
        Failure(name, f"missing alt text: {problem}", number, cell.id)
        for number, cell in enumerate((c for c in code_cells(nb) if c.source.strip()), 1)
        for problem in wordless_outputs(cell)
    ]


# --- what the pages show --------------------------------------------------------------------------------------------


def executed(env: BuildEnvironment, doc: str) -> NotebookNode:
    """The stored run of the notebook ``doc``; while a page is being read, that page is read again when it changes."""
    keys = getattr(env, "cvnotes_keys", {})
    if doc not in keys:
        raise KeyError(f"no notebook {doc!r} in the book; there are: {', '.join(sorted(keys))}")
    if env.temp_data.get("docname"):
        _users(env).setdefault(env.docname, set()).add(doc)
    return store_of(env.app).read(doc.rpartition("/")[2], keys[doc])


def _users(env: BuildEnvironment) -> dict[str, set[str]]:
    if not hasattr(env, "cvnotes_users"):
        env.cvnotes_users = {}
    return env.cvnotes_users


def show_outputs(app: Sphinx, doc: str, source: list[str]) -> None:
    """Sphinx handler: the notebook as it is written now, with the outputs of its stored run and its run time."""
    if doc not in getattr(app.env, "cvnotes_keys", {}):
        return
    run = store_of(app).read(doc.rpartition("/")[2], app.env.cvnotes_keys[doc])
    now = nbformat.reads(source[0], as_version=4)
    for cell, ran in zip(code_cells(now), code_cells(run), strict=True):
        cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    badge = nbformat.v4.new_markdown_cell(run_time_badge(doc, run.metadata["cvnotes"]), id=BADGE_ID)
    now.cells.insert(1, badge)
    source[0] = nbformat.writes(now, version=4)


def run_time_words(about: dict) -> str:
    """How long a run took and on what: ``21 s on one core``."""
    seconds = about.get("seconds", 0)
    took = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
    device = str(about.get("device") or "CPU")
    if "CPU" not in device.upper():
        return f"{took} on {device}"
    threads = about.get("threads", 1)
    return f"{took} on one core" if threads == 1 else f"{took} on {threads} cores"


def setting_words(about: dict) -> str:
    """Scale and framework of a run: ``quick scale, TensorFlow 2.21``."""
    names = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    backend = about.get("backend")
    version = ".".join(about.get("versions", {}).get(backend, "").split(".")[:2])
    words = [f"{about.get('scale', 'quick')} scale"]
    return ", ".join([*words, f"{names.get(backend, backend)} {version}".strip()] if backend else words)


def run_time_badge(doc: str, about: dict) -> str:
    """The line below a chapter's opening: measured run time, setting, and the notebook to take away."""
    up = "../" * doc.count("/")
    words = html.escape(f"Runs in {run_time_words(about)} ({setting_words(about)}).")
    link = f'<a href="{up}_sources/{html.escape(doc)}.ipynb" download>Take the notebook</a>'
    return f'<p class="cv-run-time">{words} {link}</p>'


def name_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx handler: give each code cell the address ``#cell-<id>``, so that a cell can be linked to."""
    cells = _cells(app.env).get(app.env.docname, [])
    for container in doctree.findall(nodes.container):
        if container.get("nb_element") == "cell_code" and cells:
            container["ids"].insert(0, f"cell-{cells[container['cell_index']]}")


def remember_cells(app: Sphinx, doc: str, source: list[str]) -> None:
    """Sphinx handler, after ``show_outputs``: which cell is at which place on the page."""
    if doc in getattr(app.env, "cvnotes_keys", {}):
        _cells(app.env)[doc] = [cell.id for cell in nbformat.reads(source[0], as_version=4).cells]


def _cells(env: BuildEnvironment) -> dict[str, list[str]]:
    if not hasattr(env, "cvnotes_cells"):
        env.cvnotes_cells = {}
    return env.cvnotes_cells


class NameCells(stdlib_logging.Filter):
    """Turns the place of a warning, ``pooling.ipynb:40002``, into words: which cell, and which line in it."""

    def __init__(self, app: Sphinx) -> None:
        super().__init__()
        self.app = app

    def filter(self, record: stdlib_logging.LogRecord) -> bool:
        found = PLACE.fullmatch(str(getattr(record, "location", "") or ""))
        if found and getattr(self.app, "env", None) is not None:
            path, place = Path(found[1]), int(found[2])
            cells = _cells(self.app.env).get(self.app.env.path2doc(str(path)) or "", [])
            if 0 < place // CELL_LINES <= len(cells):
                cell = cells[place // CELL_LINES - 1]
                record.location = f"{path}, cell {cell}, line {place % CELL_LINES - 1}"
        return True


def speak_of_cells(app: Sphinx) -> None:
    """Sphinx handler: warnings name the cell."""
    for handler in stdlib_logging.getLogger("sphinx").handlers:
        handler.addFilter(NameCells(app))


class CellOutput(SphinxDirective):
    """``{cell-output} pooling#shifted-digit``: what that cell shows, on another page."""

    required_arguments = 1
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        outputs = self._cell(self.arguments[0]).outputs
        shown = [node for output in outputs if (node := self._node(output)) is not None]
        if not shown:
            self._fail("this cell shows nothing")
        return [nodes.container("", *shown, classes=["cell_output", "cv-cell-output", *self.options.get("class", [])])]

    def _cell(self, address: str) -> NotebookNode:
        name, _, cell_id = address.partition("#")
        docs = [d for d in self.env.cvnotes_keys if name in (d, d.rpartition("/")[2])]
        if not docs:
            self._fail(f"no notebook {name!r} in the book")
        cells = code_cells(executed(self.env, docs[0]))
        found = [cell for cell in cells if cell.id == cell_id]
        if not found:
            self._fail(f"no code cell {cell_id!r} in {docs[0]}; there are: {', '.join(cell.id for cell in cells)}")
        return found[0]

    def _node(self, output: NotebookNode) -> nodes.Node | None:
        data = output.get("data", {"text/plain": output.get("text", "")})
        if "text/html" in data:
            return nodes.raw("", data["text/html"], format="html")
        text = data.get("text/plain", "").rstrip()
        return nodes.literal_block(text, text, language="none") if text else None

    def _fail(self, why: str) -> None:
        place = f"{self.env.docname}, line {self.lineno}"
        raise ExtensionError(f"{place}: {{cell-output}} {self.arguments[0]}: {why}")


class RunTimes(SphinxDirective):
    """``{run-times}``: a table of all chapters with their measured run time, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        order = list(getattr(self.config, "external_site_map", None) or [])
        docs = sorted(self.env.cvnotes_keys, key=lambda doc: order.index(doc) if doc in order else len(order))
        rows = [(doc, executed(self.env, doc).metadata["cvnotes"]) for doc in docs]
        total = sum(about["seconds"] for _, about in rows)
        body = [self._row(self._link(doc), run_time_words(about), setting_words(about)) for doc, about in rows]
        body.append(self._row(nodes.Text("All"), run_time_words({"seconds": total}), ""))
        head = self._row(*map(nodes.Text, ("Chapter", "Runs in", "Setting")))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (40, 30, 30)), cols=3)
        group += [nodes.thead("", head), nodes.tbody("", *body)]
        return [nodes.table("", group, classes=["cv-run-times"])]

    def _link(self, doc: str) -> nodes.Node:
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{doc}", refdoc=self.env.docname, refexplicit=False,
            refwarn=True,
        )  # fmt: skip
        link += nodes.inline("", doc, classes=["xref", "std", "std-doc"])
        return link

    @staticmethod
    def _row(*cells: str | nodes.Node) -> nodes.row:
        inline = (nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells)
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in inline))


# --- trust: pages of a build that did not end well are not used again ---------------------------------------------


def _marker(app: Sphinx) -> Path:
    return Path(app.outdir).parent / f".unfinished-{Path(app.outdir).name}"


def start_clean(app: Sphinx, config: object) -> None:
    """Sphinx handler: if the last build was killed, failed or warned, forget its pages; then mark this one."""
    marker = _marker(app)
    if marker.exists():
        progress("the last build did not end well: building all pages anew")
        for folder in (Path(app.outdir), Path(app.doctreedir)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("A build is under way, or one did not end well.\n", encoding="utf-8")


def end_well(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx handler: a build without a single warning is one to build on."""
    if exception is None and not app._warncount:
        _marker(app).unlink(missing_ok=True)


def drop_old_pages(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx handler: take pages off the site that are no longer in the table of contents."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for source in sorted((out / "_sources").rglob("*")):
        doc = source.relative_to(out / "_sources").with_suffix("").as_posix()
        if source.is_file() and doc not in app.env.found_docs:
            log.info("no longer in the book: %s", doc)
            source.unlink()
            (out / f"{doc}.html").unlink(missing_ok=True)


# --- bookkeeping of Sphinx ------------------------------------------------------------------------------------------


def forget_page(app: Sphinx, env: BuildEnvironment, doc: str) -> None:
    """Sphinx handler: a page that is read anew says anew which notebooks it shows."""
    _users(env).pop(doc, None)
    _cells(env).pop(doc, None)


def merge_notes(app: Sphinx, env: BuildEnvironment, docs: Iterable[str], other: BuildEnvironment) -> None:
    """Sphinx handler: bring home what a parallel reader has noted."""
    for ours, theirs in ((_users(env), _users(other)), (_cells(env), _cells(other))):
        ours.update({doc: noted for doc, noted in theirs.items() if doc in docs})


def setup(app: Sphinx) -> dict:
    """Register the handlers and the directives ``cell-output`` and ``run-times``."""
    app.add_directive("cell-output", CellOutput)
    app.add_directive("run-times", RunTimes)
    app.connect("config-inited", start_clean, priority=10)
    app.connect("builder-inited", speak_of_cells)
    app.connect("env-get-outdated", run_stale)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_notes)
    app.connect("source-read", show_outputs, priority=100)
    app.connect("source-read", remember_cells, priority=900)
    app.connect("doctree-read", name_cells)
    app.connect("doctree-read", warn_of_wordless_images)
    app.connect("build-finished", drop_old_pages)
    app.connect("build-finished", end_well, priority=999)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
