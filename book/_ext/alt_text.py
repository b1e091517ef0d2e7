"""Find pictures without words: in the outputs of a notebook, and on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)

PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
SVG = re.compile(r"<svg\b([^>]*)>(.*?)</svg>", re.IGNORECASE | re.DOTALL)
ALT = re.compile(r"""\balt\s*=\s*("[^"]*\w[^"]*"|'[^']*\w[^']*')""", re.IGNORECASE)
NAMED = re.compile(r"aria-label(ledby)?\s*=|aria-hidden\s*=\s*.true|<title\b", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)


def wordless(html: str) -> Iterator[str]:
    """Every picture in ``html`` that has no words: an ``<img>`` without alt text, an ``<svg>`` without a name."""
    html = SCRIPT.sub("", html)
    yield from (f"<img> without alt text: {tag[:80]}" for tag in IMG.findall(html) if not ALT.search(tag))
    for attributes, content in SVG.findall(html):
        if not NAMED.search(attributes + content):
            yield "<svg> without a title or an aria-label"


def wordless_outputs(cell: NotebookNode) -> Iterator[str]:
    """Every picture that a code cell shows without words. HTML, where there is some, is what a page shows."""
    spoken = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            yield from wordless(data["text/html"])
        elif not spoken and (kind := next(filter(data.__contains__, PICTURES), None)):
            yield f"{kind} output without alt text"


def warn_of_wordless_images(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx handler: a warning, with document and line, for each picture in prose that has no words."""
    for image in doctree.findall(nodes.image):
        alt = (image.get("alt") or "").strip()
        if not alt or alt == image.get("uri"):
            log.warning("image without alt text: %s", image.get("uri"), location=_lined(image), type="alt")
    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", ""):
            for problem in wordless(raw.astext()):
                log.warning("%s", problem, location=_lined(raw), type="alt")


def _lined(node: nodes.Node) -> nodes.Node:
    """``node``, or what is around it, whichever knows its line."""
    while not node.line and node.parent is not None:
        node = node.parent
    return node
