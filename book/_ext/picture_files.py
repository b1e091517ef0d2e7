"""Sphinx extension: pictures lie beside the pages as files. An output carries them inside it, a third heavier.

Each file is named by what it holds, so a picture that several pages show is there once, and what no page shows any
more is deleted.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "_pictures"
CARRIED = re.compile(r"data:image/webp;base64,([A-Za-z0-9+/]+={0,2})")
LINKED = re.compile(FOLDER + r"/([0-9a-f]{20}\.webp)")


def unload(text: str, keep: Callable[[bytes], str]) -> str:
    """A page's text with the address of a file in place of each picture that it carries.

    keep: stores the bytes of a picture and gives its address.
    """
    return CARRIED.sub(lambda found: keep(base64.b64decode(found[1], validate=True)), text)


def file_name(picture: bytes) -> str:
    """The name of a picture's file, by what it holds."""
    return hashlib.sha256(picture).hexdigest()[:20] + ".webp"


def store(picture: bytes, folder: Path) -> str:
    """Write a picture into a folder, and give the name of its file."""
    path = folder / file_name(picture)
    if not path.exists() or path.stat().st_size != len(picture):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    return path.name


def unload_page(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Sphinx handler: take the pictures out of a page that is about to be written."""
    folder = Path(app.outdir) / FOLDER
    if "body" in context:
        context["body"] = unload(
            context["body"], lambda picture: context["pathto"](f"{FOLDER}/{store(picture, folder)}", 1)
        )


def drop_old_pictures(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx handler: delete the pictures that no page shows any more."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    shown = {name for page in out.rglob("*.html") for name in LINKED.findall(page.read_text(encoding="utf-8"))}
    for path in (out / FOLDER).glob("*.webp"):
        if path.name not in shown:
            path.unlink()


def setup(app: Sphinx) -> dict:
    """Register the handlers; pages that are no longer in the book are gone before pictures are counted."""
    app.connect("html-page-context", unload_page, priority=950)
    app.connect("build-finished", drop_old_pictures, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
