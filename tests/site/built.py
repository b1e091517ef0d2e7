"""Where the built site is, and its pages."""

from __future__ import annotations

import os
from pathlib import Path

# CVNOTES_SITE: another folder to look at, for work on the look of the pages
ROOT = Path(os.environ.get("CVNOTES_SITE", Path(__file__).resolve().parents[2] / "_build" / "html"))


def site_pages() -> list[str]:
    """Every page of the site, by its path; pages that only forward are left out."""
    pages = (path for path in sorted(ROOT.rglob("*.html")) if "_static" not in path.parts)
    return [p.relative_to(ROOT).as_posix() for p in pages if 'http-equiv="refresh"' not in _head(p).lower()]


def _head(path: Path) -> str:
    return path.read_text(encoding="utf-8")[:2000]
