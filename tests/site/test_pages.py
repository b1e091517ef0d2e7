"""Each page in the browser: asks no other host, raises no error, sets its formulas, names its pictures, fits a phone.

A page is loaded once; each test looks at what was seen then.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.site.built import site_pages

RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    # what the mode or the width can change; the rest of the page is the same one
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "phone": {"type": "rule", "values": ["target-size", "scrollable-region-focusable", "region", "heading-order"]},
}
LOOK = """() => {
  const text = document.querySelector('article')?.cloneNode(true) ?? document.createElement('div');
  text.querySelectorAll('pre, code, script').forEach(node => node.remove());
  return {
    raw: (text.textContent.match(/.{0,30}(\\$\\$|\\\\\\[|\\\\begin\\{).{0,30}/g) ?? []),
    unset: [...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container'))
      .map(m => m.textContent.slice(0, 60)),
    wrong: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map(m => m.textContent.slice(0, 60)),
    images: [...document.images].filter(i => !i.matches('a.logo img')).map(i => ({
      alt: i.getAttribute('alt'), figure: !!i.closest('.cv-figure'),
      loaded: i.complete && i.naturalWidth > 0, src: i.src.slice(0, 80)})),
  };
}"""
OPEN = """() => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  document.querySelectorAll('.toggle-hidden').forEach(n => n.classList.remove('toggle-hidden'));
  dispatchEvent(new Event('resize'));
}"""
# Thousands of coloured words of code share a dozen colours. One word of each is enough for axe, which asks every one.
THIN = """() => {
  const seen = new Set();
  document.querySelectorAll('.highlight pre span[class]:not(.cv-line)').forEach(word => {
    const colours = word.className + getComputedStyle(word.closest('pre')).backgroundColor;
    if (seen.has(colours)) word.replaceWith(...word.childNodes);
    seen.add(colours);
  });
}"""
WIDE = """() => [...document.querySelectorAll('body *')].filter(n => {
    if (n.getBoundingClientRect().right <= innerWidth + 1 || n.closest('mjx-assistive-mml')) return false;
    for (let p = n.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return false;
    return true;
  }).slice(0, 5).map(n => `${n.tagName}.${n.className}`)"""


def ready(page: Page) -> None:
    """Wait for our script and for the formulas."""
    page.wait_for_selector("html[data-cv-ready]", state="attached")
    page.evaluate("() => window.MathJax?.startup?.promise")


def violations(page: Page, mode: str) -> list[str]:
    """What axe finds, with the first places."""
    # "preload" would ask for style sheets at addresses of its own
    options = {"runOnly": RULES[mode], "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {v['help']}: {[node['target'] for node in v['nodes'][:4]]}" for v in found]


def look(browser: Browser, address: str, name: str) -> dict[str, Any]:
    """Load a page and write down all that the tests ask about."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    seen: dict[str, Any] = {"foreign": [], "errors": []}

    def ask(route) -> None:
        if route.request.url.startswith(address):
            route.continue_()
        else:
            seen["foreign"].append(route.request.url)
            route.abort()

    page.route(lambda url: not url.startswith(("data:", "blob:")), ask)
    page.on("console", lambda message: seen["errors"].append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    page.on("response", lambda answer: seen["errors"].append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{address}/{name}")
    ready(page)
    page.evaluate(OPEN)
    page.wait_for_timeout(300)
    seen |= page.evaluate(LOOK)
    page.evaluate(THIN)
    seen["light"] = violations(page, "light")
    page.evaluate("document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark'")
    seen["dark"] = violations(page, "dark")
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_timeout(300)
    seen["width"] = page.evaluate("document.documentElement.scrollWidth")
    seen["wide"] = page.evaluate(WIDE) if seen["width"] > 360 else []
    seen["phone"] = violations(page, "phone")
    context.close()
    return seen


@pytest.fixture(scope="session")
def seen(browser: Browser, address: str):
    """``seen(name)``: what was seen on a page, looked at once."""
    cache: dict[str, dict[str, Any]] = {}

    def get(name: str) -> dict[str, Any]:
        if name not in cache:
            cache[name] = look(browser, address, name)
        return cache[name]

    return get


def test_asks_no_other_host(seen, page_name):
    assert seen(page_name)["foreign"] == []


def test_raises_no_error(seen, page_name):
    assert seen(page_name)["errors"] == []


def test_sets_its_formulas(seen, page_name):
    page = seen(page_name)
    assert page["raw"] == [], "formulas left as they were written"
    assert page["unset"] == [], "formulas that MathJax did not set"
    assert page["wrong"] == [], "formulas that MathJax could not read"


def test_names_its_pictures(seen, page_name):
    for image in seen(page_name)["images"]:
        alt = image["alt"] or ""
        assert image["loaded"], image
        assert re.search(r"[A-Za-z]{2}", alt), f"no words: {image}"
        assert not re.search(r"(^|\S)/\S+\.\w{2,4}$|\.(png|svg|webp|jpe?g)$", alt), f"a path is no description: {alt}"
        if image["figure"]:
            assert len(alt.split()) >= 3, f"a figure needs a sentence: {alt!r}"


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_axe_finds_nothing(seen, page_name, mode):
    assert seen(page_name)[mode] == []


def test_fits_a_phone(seen, page_name):
    page = seen(page_name)
    assert page["width"] <= 360, f"wider than the screen: {page['wide']}"


@pytest.mark.parametrize("notebook", [name for name in site_pages() if name.startswith("notebooks/")])
def test_works_from_a_folder(browser: Browser, site, notebook):
    """Opened from disk, with no server at all: formulas, figures and sliders."""
    context = browser.new_context()
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / notebook).as_uri())
    ready(page)
    assert page.evaluate(LOOK)["unset"] == []
    if page.locator("cv-explore").count():
        slider = page.locator("cv-explore input").first
        slider.focus()
        before = slider.get_attribute("aria-valuetext")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft") if slider.get_attribute("aria-valuetext") == before else None
        assert slider.get_attribute("aria-valuetext") != before
    context.close()
    assert errors == []
