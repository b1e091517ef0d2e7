"""Sphinx extension: the site is complete by itself. It asks no other host for anything, also from ``file://``.

MathJax comes from an installed package and lies beside the pages. What the theme would load from elsewhere (Thebe,
require.js, the widget manager, analytics) is left out, and a page that loads anything from another host all the
same is a warning that names it. What no browser asks for (source maps, old font formats) is not shipped.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

log = logging.getLogger(__name__)

MATHJAX_FILES = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")
DEAD_WEIGHT = ("*.map", "fa-*.ttf", "locales", "fontawesome.js*", "webpack-macros.html")
# The theme's icons come twice, as a font and as 1.5 MB of script that redraws them. The font is enough.
ICON_SCRIPT = re.compile(r"""<script\b[^>]*fontawesome\.js[^>]*></script>|<link\b[^>]*fontawesome\.js[^>]*>""")
LEFT_OUT = ("thebe", "require.js", "require.min.js", "html-manager", "embed-amd")

# a load, as against a link that a reader may follow
FOREIGN = (
    re.compile(r"""\b(?:src|srcset|poster|data)\s*=\s*["']?((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE),
    re.compile(r"""<link\b(?![^>]*rel=["']?canonical)[^>]*href=["']?((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE),
    re.compile(r"""url\(\s*["']?((?:https?:)?//[^"')]+)""", re.IGNORECASE),
    re.compile(r"""@import\s+["']((?:https?:)?//[^"']+)""", re.IGNORECASE),
)  # fmt: skip


def mathjax_folder() -> Path:
    """Where the installed package keeps MathJax. Its name has a hyphen, so no import statement can name it."""
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("sphinx-mathjax-offline is not installed; `pip install -e .[book]` brings it")
    return Path(found.origin).parent / "static" / "mathjax"


def configure(app: Sphinx, config: Config) -> None:
    """Sphinx handler: MathJax from our own folder, no widget manager, no analytics, no launch buttons."""
    config.mathjax_path = "mathjax/" + MATHJAX_FILES[0]
    config.mathjax_options = {"defer": "defer", "id": "MathJax-script"}
    config.nb_ipywidgets_js = {}
    config.html_theme_options = {
        key: value for key, value in config.html_theme_options.items() if key not in ("analytics", "launch_buttons")
    }


def foreign_loads(text: str) -> Iterator[str]:
    """Every address on another host that a page or style sheet loads by itself."""
    for pattern in FOREIGN:
        yield from pattern.findall(text)


def leave_out(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Sphinx handler: take scripts and style sheets of Thebe and of other hosts off a page."""

    def unwanted(asset: object) -> bool:
        name = str(getattr(asset, "filename", asset) or "")
        words = f"{name} {getattr(asset, 'attributes', '')}".lower()
        return name.startswith(("http:", "https:", "//")) or any(word in words for word in LEFT_OUT)

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if not unwanted(asset)]
    context["default_mode"] = context.get("default_mode") or "auto"


def forget_thebe(app: Sphinx, doctree: nodes.document, doc: str) -> None:
    """Sphinx handler: take the settings that Thebe would read out of a page."""
    for raw in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in raw.astext() or raw.astext().startswith("<script>kernelName ="):
            raw.parent.remove(raw)


def copy_mathjax(app: Sphinx) -> None:
    """Put the part of MathJax that pages need beside them."""
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX_FILES:
        if (target / name).exists():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)


def compact(notebook: str) -> str:
    """The same notebook without the blanks that set it in lines: a reader takes it away, and no eye reads it so."""
    return json.dumps(json.loads(notebook), ensure_ascii=False, separators=(",", ":"))


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx handler: complete the site, drop its dead weight, and warn of every load from another host."""
    if exception is not None or app.builder.format != "html":
        return
    copy_mathjax(app)
    static = Path(app.outdir) / "_static"
    for pattern in DEAD_WEIGHT:
        for path in list(static.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (Path(app.outdir) / "_sources").rglob("*.ipynb"):
        path.write_text(compact(path.read_text(encoding="utf-8")), encoding="utf-8")
    for path in sorted([*Path(app.outdir).rglob("*.html"), *static.rglob("*.css")]):
        text = path.read_text(encoding="utf-8")
        if ICON_SCRIPT.search(text):
            text = ICON_SCRIPT.sub("", text)
            path.write_text(text, encoding="utf-8")
        for address in sorted(set(foreign_loads(text))):
            log.warning("%s loads from another host: %s", path.relative_to(app.outdir), address, type="offline")


def setup(app: Sphinx) -> dict:
    """Register the handlers."""
    app.connect("config-inited", configure)
    app.connect("doctree-resolved", forget_thebe, priority=900)
    app.connect("html-page-context", leave_out, priority=900)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
