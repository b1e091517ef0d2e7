"""Pictures leave their pages for files, once each, and go when no page shows them."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

from picture_files import FOLDER, drop_old_pictures, file_name, store, unload, unload_page


def carried(picture: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(picture).decode()


def a_site(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(outdir=str(folder), builder=SimpleNamespace(format="html"))


def test_each_picture_becomes_the_address_that_keeps_it() -> None:
    kept: list[bytes] = []

    def keep(picture: bytes) -> str:
        kept.append(picture)
        return f"{len(kept)}.webp"

    page = f'<img src="{carried(b"one")}" alt="a"><script>{{"frames": ["{carried(b"two!")}"]}}</script>'
    assert unload(page, keep) == '<img src="1.webp" alt="a"><script>{"frames": ["2.webp"]}</script>'
    assert kept == [b"one", b"two!"]


def test_other_addresses_stay() -> None:
    page = '<img src="data:image/png;base64,AA//BB"><img src="a.webp">'
    assert unload(page, lambda picture: "wrong") == page


def test_a_picture_is_stored_once_and_whole(tmp_path: Path) -> None:
    name = store(b"picture", tmp_path / FOLDER)
    assert (tmp_path / FOLDER / name).read_bytes() == b"picture"
    (tmp_path / FOLDER / name).write_bytes(b"pict")  # as a killed build would leave it
    assert store(b"picture", tmp_path / FOLDER) == name
    assert (tmp_path / FOLDER / name).read_bytes() == b"picture"
    assert store(b"another", tmp_path / FOLDER) != name
    assert len(list((tmp_path / FOLDER).iterdir())) == 2


def test_a_page_links_to_its_pictures(tmp_path: Path) -> None:
    context = {"body": f'<img src="{carried(b"one")}">', "pathto": lambda name, _: f"../{name}"}
    unload_page(a_site(tmp_path), "notebooks/a", "page.html", context, None)
    assert context["body"] == f'<img src="../{FOLDER}/{file_name(b"one")}">'
    unload_page(a_site(tmp_path), "search", "search.html", {}, None)  # a page without a body


def test_pictures_that_no_page_shows_are_dropped(tmp_path: Path) -> None:
    shown, old = (store(picture, tmp_path / FOLDER) for picture in (b"shown", b"old"))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "a.html").write_text(f'<img src="../{FOLDER}/{shown}">', encoding="utf-8")
    drop_old_pictures(a_site(tmp_path), RuntimeError("the build failed"))
    assert (tmp_path / FOLDER / old).exists()
    drop_old_pictures(a_site(tmp_path), None)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [shown]
