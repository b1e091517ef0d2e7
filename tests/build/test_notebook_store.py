"""A stored run is whole or it is not used."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from notebook_store import KEPT_RUNS, Store, write_whole


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "executed")


def notebook(text: str = "x") -> nbformat.NotebookNode:
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_markdown_cell(text, id="title")]
    return nb


def put(store: Store, stem: str, key: str, age: int = 0) -> Path:
    path = store.write(stem, notebook(key), {"key": key, "seconds": 1.0})
    os.utime(path, ns=(path.stat().st_mtime_ns - age, path.stat().st_mtime_ns - age))
    return path


def test_what_is_written_is_found(store: Store) -> None:
    put(store, "pooling", "k1")
    assert store.has("pooling", "k1")
    assert store.read("pooling", "k1").cells[0].source == "k1"
    assert store.latest("pooling") == {"key": "k1", "seconds": 1.0}


def test_other_keys_and_names_are_not_found(store: Store) -> None:
    put(store, "pooling", "k1")
    assert not store.has("pooling", "k2")
    assert not store.has("convolution", "k1")
    assert store.latest("convolution") == {}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_run_cut_short_is_not_trusted(store: Store, share: float) -> None:
    path = put(store, "pooling", "k1")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert not store.has("pooling", "k1")
    assert store.latest("pooling") == {}


def test_a_run_under_a_wrong_name_is_not_trusted(store: Store) -> None:
    put(store, "pooling", "k1").rename(store.path("pooling", "k2"))
    assert not store.has("pooling", "k2")


def test_old_runs_go_and_others_stay(store: Store) -> None:
    put(store, "pooling-more", "z", age=10**12)
    for i in range(KEPT_RUNS + 2):
        put(store, "pooling", f"k{i}", age=10**9 * (10 - i))
    assert {path.name for path in store.folder.iterdir()} == {
        "pooling-more-z.ipynb",
        *(f"pooling-k{i}.ipynb" for i in range(2, KEPT_RUNS + 2)),
    }


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_whole(target, "old")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_whole(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
