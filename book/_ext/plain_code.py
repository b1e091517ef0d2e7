"""Sphinx extension: words of code that have the colour of all code carry no tag. That is a quarter of a page."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

PLAIN = ("n", "nn", "p", "w")  # names, modules, punctuation, white space: a test holds the style sheet to it
TAGGED = re.compile(rf'<span class="(?:{"|".join(PLAIN)})">([^<]*)</span>')


def untag(text: str) -> str:
    """A page's text without the tags of plain words; the words stay."""
    return TAGGED.sub(r"\1", text)


def untag_page(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Sphinx handler: lighten a page that is about to be written."""
    if "body" in context:
        context["body"] = untag(context["body"])


def setup(app: Sphinx) -> dict:
    """Register the handler."""
    app.connect("html-page-context", untag_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
