"""Builds that are repeated, interrupted, cut off from the network: what is on disk afterwards can be trusted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from workshop import Workshop, code, healthy, prose

pytestmark = [pytest.mark.canary, pytest.mark.xdist_group("builds")]
ASK = "socket.create_connection(('192.0.2.1', 80), 1)"
CLOSED_NETWORK = Path(__file__).parent / "closed_network"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop.copy(tmp_path_factory.mktemp("builds"))


@pytest.fixture
def workshop(shared: Workshop) -> Workshop:
    """A copy of the tree with a small healthy book in it."""
    shared.env = {}
    shared.shrink("canary")
    shared.notebook(healthy())
    return shared


def build(workshop: Workshop) -> str:
    ran = workshop.run("book")
    assert ran.rc == 0, ran.said
    return ran.said


def test_prose_shows_without_running_anything(workshop: Workshop) -> None:
    build(workshop)
    runs = workshop.runs()
    workshop.edit("notebooks/canary.ipynb", "Some words", "Other words")
    assert "running" not in build(workshop)
    assert workshop.runs() == runs
    assert "Other words" in workshop.page("notebooks/canary")


def test_code_runs_again_and_an_edit_taken_back_does_not(workshop: Workshop) -> None:
    build(workshop)
    workshop.edit("notebooks/canary.ipynb", "print(1 + 1)", "print(1 + 41)")
    assert "canary: code changed" in build(workshop)
    assert "42" in workshop.page("notebooks/canary")
    workshop.edit("notebooks/canary.ipynb", "print(1 + 41)", "print(1 + 1)")
    assert "running" not in build(workshop)
    assert "42" not in workshop.page("notebooks/canary")


def test_a_page_that_shows_a_cell_follows_it(workshop: Workshop) -> None:
    workshop.write("book/front.md", "# Front\n\n```{cell-output} canary#sum\n```\n\n```{run-times}\n```\n")
    build(workshop)
    assert ">A canary<" in workshop.page("book/front")
    workshop.edit("notebooks/canary.ipynb", "print(1 + 1)", "print(1 + 776)")
    build(workshop)
    assert "777" in workshop.page("book/front")


def test_cells_have_addresses_on_the_page(workshop: Workshop) -> None:
    build(workshop)
    page = workshop.page("notebooks/canary")
    assert all(f'id="cell-{name}"' in page for name in ("setup", "size", "sum"))


def test_pages_out_of_the_book_leave_the_site(workshop: Workshop) -> None:
    workshop.shrink("canary", "second")
    workshop.notebook([prose("title", "# Second"), code("one", "x = 1")], name="second")
    build(workshop)
    page = workshop.folder / "_build" / "html" / "notebooks" / "second.html"
    assert page.exists()
    workshop.shrink("canary")
    build(workshop)
    assert not page.exists()
    assert not list((workshop.folder / "_build" / "html" / "_sources").rglob("second*"))


def test_a_run_cut_short_on_disk_is_run_again(workshop: Workshop) -> None:
    build(workshop)
    for path in (workshop.folder / "_build" / "executed").glob("*.ipynb"):
        path.write_bytes(path.read_bytes()[:-40])
    assert "running" in build(workshop)


def test_a_plain_build_that_warned_is_not_built_upon(workshop: Workshop) -> None:
    """jupyter-book alone shrugs at a warning; the next strict build must see it all the same."""
    workshop.edit("notebooks/canary.ipynb", "../book/front.md", "../book/nowhere.md")
    assert workshop.run("jupyter-book", "build", ".").rc == 0
    ran = workshop.run("book")
    assert ran.rc != 0
    assert "nowhere" in ran.said


# --- what the tests ran, the site shows -------------------------------------------------------------------------------


def shown(text: str = "words") -> nbformat.NotebookNode:
    """A cell that shows one thing on the page, and is committed with its words."""
    cell = code("shown", "from cvnotes import output\noutput.present('words', '<b>only on the page</b>')")
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/plain": text})]
    return cell


TESTS = ("test-notebooks", "ONLY=notebooks/canary.ipynb")


@pytest.mark.parametrize("env", [{}, {"CI": "true"}], ids=["here", "in CI"])
def test_what_the_tests_ran_the_site_shows(env: dict[str, str], workshop: Workshop) -> None:
    workshop.env = env
    workshop.notebook([*healthy(), shown()])
    ran = workshop.run(*TESTS)
    assert ran.rc == 0, ran.said
    assert "running" not in build(workshop)
    page = workshop.page("notebooks/canary")
    assert "<b>only on the page</b>" in page
    assert "Runs in" in page


WORDLESS = code("bad", "output.present('', '<img src=\"a.png\">')", tags=["nbval-ignore-output"])
NOT_KEPT = {
    "another output": ([shown("other words")], TESTS, 1),
    "a failing cell": ([code("bad", "assert 1 == 2")], TESTS, 1),
    "a cell left out": ([shown()], (TESTS[0], f"{TESTS[1]} -k shown"), 0),
    "no words for a picture": ([WORDLESS], TESTS, 0),
}


@pytest.mark.parametrize("case", NOT_KEPT)
def test_a_run_that_no_page_may_show_is_not_kept(case: str, workshop: Workshop) -> None:
    cells, command, rc = NOT_KEPT[case]
    workshop.notebook([*healthy(), code(case.replace(" ", "-"), "from cvnotes import output"), *cells])
    before = workshop.runs()
    ran = workshop.run(*command)
    assert (ran.rc != 0) == rc, ran.said
    assert workshop.runs() == before


# --- SIGKILL ----------------------------------------------------------------------------------------------------------


def running(folder: Path) -> bool:
    return (folder / "started").exists()


def stored(folder: Path) -> bool:
    return any((folder / "_build" / "executed").glob("canary-*.ipynb"))


def written(folder: Path) -> bool:
    return (folder / "_build" / "html" / "book" / "front.html").exists()


@pytest.mark.parametrize("moment", [running, stored, written])
def test_a_build_killed_at_any_moment_is_harmless(moment: Callable[[Path], bool], workshop: Workshop) -> None:
    workshop.run("clean")
    wait = "import pathlib, time\npathlib.Path('../started').touch()\ntime.sleep(1)"
    cells = [*healthy(), code("wait", wait), code("last", "print('the last cell')", "the last cell\n")]
    workshop.notebook(cells)
    (workshop.folder / "started").unlink(missing_ok=True)
    process = workshop.start("book")
    while process.poll() is None and not moment(workshop.folder):
        time.sleep(0.01)
    assert process.returncode is None, "the build ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    build(workshop)
    assert "the last cell" in workshop.page("notebooks/canary")
    assert "A small book" in workshop.page("book/front")
    assert not list((workshop.folder / "_build").glob(".unfinished*"))
    for path in (workshop.folder / "_build" / "executed").glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))


# --- no network -------------------------------------------------------------------------------------------------------


def closed(workshop: Workshop) -> Path:
    log = workshop.folder / "network.log"
    log.unlink(missing_ok=True)
    workshop.env = {"PYTHONPATH": str(CLOSED_NETWORK), "CVNOTES_NETWORK_LOG": str(log)}
    return log


def test_both_commands_pass_with_the_network_closed(workshop: Workshop) -> None:
    workshop.run("clean")
    log = closed(workshop)
    build(workshop)
    ran = workshop.run("test-notebooks", "ONLY=notebooks/canary.ipynb")
    assert ran.rc == 0, ran.said
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines.count("closed") >= 4  # the build, its kernel, the tests, their kernel
    assert set(lines) == {"closed"}


@pytest.mark.parametrize(
    "source", ["socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('x.org', 80)"]
)
def test_the_closed_network_is_closed(source: str, workshop: Workshop) -> None:
    log = closed(workshop)
    env = {**workshop.environment()}
    done = subprocess.run([sys.executable, "-c", f"import socket\n{source}"], env=env, capture_output=True, text=True)
    assert "NetworkClosedError" in done.stderr
    assert "refused" in log.read_text(encoding="utf-8")


def test_a_notebook_that_asks_another_host_fails_the_book(workshop: Workshop) -> None:
    closed(workshop)
    workshop.notebook([*healthy(), code("ask", f"import socket\n{ASK}")])
    ran = workshop.run("book")
    assert ran.rc != 0
    assert "(id ask), line 2: NetworkClosedError" in ran.said
