"""Pictures without words, and loads from other hosts, are found; what is fine is left alone."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from alt_text import wordless, wordless_outputs
from offline_site import foreign_loads
from run_notebooks import read_notebook
from sphinx.errors import ExtensionError


@pytest.mark.parametrize(
    "html",
    ["<img src='a'>", "<img src='a' alt>", "<IMG alt='' src=a>", "<img alt='  '>", "<img\nsrc='a'>", "<svg><g/></svg>"],
)
def test_wordless_pictures_are_found(html: str) -> None:
    assert len(list(wordless(f"<p>{html}</p>"))) == 1


@pytest.mark.parametrize(
    "html",
    [
        "<img src='a' alt='a cat'>",
        '<img alt="a cat"/>',
        "<svg aria-label='a cat'></svg>",
        "<svg><title>cat</title></svg>",
        "<svg aria-hidden='true'></svg>",
        "<script>'<img src=a>'</script>",
        "<image>",
    ],
)
def test_pictures_with_words_are_fine(html: str) -> None:
    assert not list(wordless(html))


def cell(data: dict[str, str], **metadata: object) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output("display_data", data=data)
    return nbformat.v4.new_code_cell(outputs=[output], metadata=metadata)


def test_a_bare_image_output_is_wordless() -> None:
    assert list(wordless_outputs(cell({"image/png": "x", "text/plain": "<Figure>"}))) == [
        "image/png output without alt text"
    ]
    assert list(wordless_outputs(cell({"text/html": "<img src='x'>"})))


def test_an_image_output_with_words_is_fine() -> None:
    assert not list(wordless_outputs(cell({"image/png": "x", "text/html": "<img src='x' alt='a cat'>"})))
    assert not list(wordless_outputs(cell({"image/png": "x"}, mystnb={"image": {"alt": "a cat"}})))
    assert not list(wordless_outputs(cell({"text/plain": "words"})))


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://example.org/a.js">',
        "<img src=//example.org/a.png>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        "a { background: url(https://example.org/a.png) }",
        '@import "https://example.org/a.css";',
    ],
)
def test_foreign_loads_are_found(text: str) -> None:
    assert len(list(foreign_loads(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://doi.org/10.1000/1">',
        '<script src="../_static/a.js">',
        '<link rel="canonical" href="https://example.org/a.html">',
        '<svg xmlns="http://www.w3.org/2000/svg">',
        "url(data:image/png;base64,AA//BB)",
        '<img src="data:image/png;base64,AA//BB">',
    ],
)
def test_links_and_local_files_are_fine(text: str) -> None:
    assert not list(foreign_loads(text))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nbformat": 4}', '{"cells": [', '{"nbformat": 4, "cells": 3}'])
def test_a_file_that_is_no_notebook_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"^odd\.ipynb is not a whole notebook: .*_toc\.yml"):
        read_notebook(tmp_path / "odd.ipynb", tmp_path)


def test_a_notebook_without_cells_is_one(tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "bare.ipynb")
    assert read_notebook(tmp_path / "bare.ipynb", tmp_path).cells == []
