"""The book is broken on purpose, nine ways. Each must turn a command red, name the place, and stay red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from workshop import Workshop, code, healthy, prose

pytestmark = pytest.mark.canary  # in no group: each worker builds a workshop of its own, and no core waits

HANG = "import time\nwhile True:\n    time.sleep(0.1)"
PICTURE = "import numpy as np\nfrom PIL import Image\ndisplay(Image.fromarray(np.zeros((4, 4), np.uint8)))"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A copy of the tree with a small book in it; built once, so that the canaries break something that worked."""
    copy = Workshop.copy(tmp_path_factory.mktemp("canaries"))
    copy.shrink("canary")
    copy.notebook(healthy())
    ran = copy.run("book")
    assert ran.rc == 0, ran.said
    return copy


@pytest.fixture
def broken(workshop: Workshop) -> Workshop:
    """The same, with all that a canary may have changed put back."""
    workshop.shrink("canary")
    workshop.notebook(healthy())
    return workshop


def turns_red(workshop: Workshop, words: list[str], *said: str) -> None:
    """Run the command twice; each time it must fail and say all of ``said``."""
    for time in ("first", "second"):
        ran = workshop.run(*words)
        assert ran.rc != 0, f"the {time} run was green:\n{ran.said}"
        missing = [part for part in said if part not in ran.said]
        assert not missing, f"the {time} run did not say {missing}:\n{ran.said}"


def test_unbroken_is_green(broken: Workshop) -> None:
    for words in (
        ["book"],
        ["jupyter-book", "build", "."],
        ["test-notebooks", "ONLY=notebooks/canary.ipynb"],
        ["test-code", "ONLY=tests/test_hygiene.py -k canary"],
    ):
        ran = broken.run(*words)
        assert ran.rc == 0, f"{words}:\n{ran.said}"
    assert "Runs in" in broken.page("notebooks/canary")
    assert '<span class="go">' not in broken.page("book/front")


def with_cell(id: str, source: str, printed: str = "") -> list:
    return [*healthy(), code(id, source, printed)]


BROKEN_NOTEBOOKS = {
    "failing assert": (with_cell("bad", "x = 1\nassert x == 2"), {}, ["line 2", "AssertionError"]),
    "exception": (with_cell("bad", "def f():\n    return 1 / 0\n\n\nf()"), {}, ["line 5", "ZeroDivisionError"]),
    "time-out": ([prose("title", "# T"), code("bad", HANG)], {"execution": {"timeout": 2}}, ["line 3", "time-out"]),
    "dead kernel": (with_cell("bad", "import os\nos.kill(os.getpid(), 9)"), {}, ["dead kernel"]),
    "missing alt": (with_cell("bad", PICTURE), {}, ["missing alt text"]),
}


@pytest.mark.parametrize("name", BROKEN_NOTEBOOKS)
def test_broken_notebook_fails_the_book(name: str, broken: Workshop) -> None:
    cells, metadata, said = BROKEN_NOTEBOOKS[name]
    broken.notebook(cells, **metadata)
    turns_red(broken, ["book"], "notebooks/canary.ipynb", "(id bad)", *said)


@pytest.mark.parametrize("command", [["book"], ["jupyter-book", "build", "."]], ids=["make", "plain"])
def test_all_failures_are_listed_at_once(command: list[str], broken: Workshop) -> None:
    broken.shrink("canary", "second")
    broken.notebook(with_cell("bad", "1 / 0"))
    broken.notebook([prose("title", "# Second"), code("worse", "import nothing_of_that_name")], name="second")
    turns_red(broken, command, "canary.ipynb, code cell 4 (id bad)", "second.ipynb, code cell 1 (id worse)")


def test_changed_output_fails_the_tests(broken: Workshop) -> None:
    broken.notebook(with_cell("bad", "print('now')", "then\n"))
    turns_red(broken, ["test-notebooks", "ONLY=notebooks/canary.ipynb"], "canary.ipynb::Cell 3 (id bad)", "then")


def test_unrun_cell_fails_the_tests(broken: Workshop) -> None:
    broken.notebook(with_cell("bad", "print('now')"))
    path = "notebooks/canary.ipynb"
    broken.edit(path, '"execution_count": 4', '"execution_count": null')
    turns_red(broken, ["test-code", "ONLY=tests/test_hygiene.py -k canary"], path, "cell bad", "has not been run")


BROKEN_PROSE = {
    "broken link": ("A [link](../book/nowhere.md).", "nowhere"),
    "missing alt": ("![](picture.png)", "image without alt text"),
}


@pytest.mark.parametrize("name", BROKEN_PROSE)
def test_broken_prose_fails_the_book(name: str, broken: Workshop) -> None:
    source, said = BROKEN_PROSE[name]
    (broken.folder / "notebooks" / "picture.png").write_bytes(PNG)
    broken.notebook([*healthy(), prose("bad", f"First line.\n\n{source}")])
    turns_red(broken, ["book"], "notebooks/canary.ipynb, cell bad, line 3", said)


def test_edited_helper_with_a_stale_cache_fails_the_book(broken: Workshop) -> None:
    assert broken.run("book").rc == 0
    helper = helper_file(broken.folder, "def output_size")
    text = (broken.folder / helper).read_text(encoding="utf-8")
    broken.write(helper, text + "\n\ndef output_size(*args, **kwargs):\n    return 9\n")
    try:
        turns_red(broken, ["book"], "notebooks/canary.ipynb", "(id size)", "line 2", "AssertionError")
    finally:
        broken.write(helper, text)
    assert broken.run("book").rc == 0


def test_a_module_loaded_unseen_fails_the_book(broken: Workshop) -> None:
    """A key that misses a module would let a stale run pass. So a run that loads one is not taken."""
    broken.write("cvnotes/hidden.py", "x = 1\n")
    broken.notebook(with_cell("bad", "import importlib\nname = 'hidden'\nimportlib.import_module('cvnotes.' + name)"))
    turns_red(broken, ["book"], "notebooks/canary.ipynb: loads cvnotes/hidden.py")


def helper_file(folder: Path, text: str) -> str:
    """The file of the convolution package that has ``text``."""
    package = [*folder.glob("cvnotes/convolution/*.py"), *folder.glob("cvnotes/convolution.py")]
    return next(str(path.relative_to(folder)) for path in package if text in path.read_text(encoding="utf-8"))


def wrong_address(broken: Workshop) -> str:
    broken.write("book/front.md", "# Front\n\n```{cell-output} canary#nowhere\n```\n")
    return "{cell-output} canary#nowhere"


def foreign_load(broken: Workshop) -> str:
    broken.write("book/front.md", "# Front\n\n<p><script src='https://example.org/a.js'></script></p>\n")
    return "book/front.html loads from another host: https://example.org/a.js"


@pytest.mark.parametrize("wreck", [wrong_address, foreign_load])
def test_broken_front_page_fails_the_book(wreck: Callable[[Workshop], str], broken: Workshop) -> None:
    said = wreck(broken)
    turns_red(broken, ["book"], said)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fea7"
    "35813b0000000049454e44ae426082"
)
