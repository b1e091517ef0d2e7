"""The built folder, read without a browser: links, weight, and no page that the contents do not name."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml
from plain_code import PLAIN

from tests.site.built import ROOT, site_pages

FRAMES = 1_125_000  # bytes of frames on one page
SITE = 60_000_000  # bytes of the whole site
MADE_BY_SPHINX = {"genindex.html", "search.html", "index.html", "404.html"}


class Anchors(HTMLParser):
    """The ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {value for value in (found.get("id"), found.get("name") if tag == "a" else None) if value}
        for name in ("href", "src"):
            if found.get(name):
                self.links.append(found[name])


@cache
def anchors(path: Path) -> Anchors:
    parser = Anchors()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_links_lead_somewhere(site, page_name):
    page, broken = site / page_name, []
    for link in anchors(page).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        address, fragment = urldefrag(link)
        target = (page.parent / unquote(urlsplit(address).path)).resolve() if address else page
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or (
            fragment and target.suffix == ".html" and unquote(fragment) not in anchors(target).ids | {"top"}
        ):
            broken.append(link)
    assert broken == []


def test_the_front_door_forwards_to_a_page(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    forward = re.search(r"url=([^\"'>]+)", front)
    assert "<article" in front or (site / forward[1]).is_file()


def test_frames_keep_to_their_budget(site, page_name):
    page = site / page_name
    blocks = re.findall(r"<cv-explore.*?application/json\">(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    frames = {page.parent / frame for block in blocks for frame in json.loads(block)["frames"]}
    weight = sum(frame.stat().st_size for frame in frames)
    assert weight <= FRAMES, f"{weight / 1e6:.2f} MB of frames"


def test_pictures_are_files_and_each_is_shown(site):
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    shown = {name for page in pages for name in re.findall(r"_pictures/([0-9a-f]+\.webp)", page)}
    assert shown == {path.name for path in (site / "_pictures").iterdir()}
    assert not [page for page in pages if "data:image/webp" in page]


def test_the_site_is_light(site, capsys):
    sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    total = sum(sizes.values())
    pages = {path: size for path, size in sizes.items() if path.suffix == ".html"}
    heaviest = max(pages, key=pages.get)
    with capsys.disabled():
        print(
            f"\nsite: {total / 1e6:.1f} MB in {len(sizes)} files, {sum(pages.values()) / 1e6:.1f} MB of them pages; "
            f"heaviest page {heaviest.relative_to(site)}, {pages[heaviest] / 1e6:.2f} MB"
        )
    assert total <= SITE
    assert not [path for path in sizes if path.suffix == ".map"], "maps of scripts are of no use to a reader"


def test_words_without_a_tag_have_the_colour_that_the_tag_gave(site):
    style = (site / "_static" / "pygments.css").read_text(encoding="utf-8").lower()
    for mode in ("light", "dark"):
        base = re.search(rf'="{mode}"\] \.highlight {{[^}}]*[ ;]color: (#\w+)', style)[1]
        for name in PLAIN:
            assert f'="{mode}"] .highlight .{name} {{ color: {base} }}' in style, (mode, name)


def documents(part: dict) -> set[str]:
    """Every file that a part of the contents names."""
    own = {part[key] for key in ("file", "root") if key in part}
    return own.union(*(documents(x) for key in ("parts", "chapters", "sections") for x in part.get(key, [])))


@pytest.mark.skipif("CVNOTES_SITE" in os.environ, reason="another site than this book's")
def test_a_notebook_to_take_away_is_that_of_the_book(site):
    taken = sorted((site / "_sources" / "notebooks").glob("*.ipynb"))
    assert taken
    for path in taken:
        text = path.read_text(encoding="utf-8")
        own = Path(__file__).parents[2] / "notebooks" / path.name
        assert json.loads(text) == json.loads(own.read_text(encoding="utf-8")), path.name
        assert "\n" not in text, path.name


@pytest.mark.skipif("CVNOTES_SITE" in os.environ, reason="another site than this book's")
def test_pages_are_those_of_the_contents(site):
    contents = yaml.safe_load((Path(__file__).parents[2] / "_toc.yml").read_text(encoding="utf-8"))
    named = {f"{Path(name).with_suffix('')}.html" for name in documents(contents)}
    assert set(site_pages()) - MADE_BY_SPHINX == named - MADE_BY_SPHINX


def test_the_site_has_pages(site):
    assert len(site_pages()) >= 2, ROOT
