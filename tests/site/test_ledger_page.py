"""The ledger on the built site: complete without scripts, filtered and sorted with them, its links leading to cards."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page

PAGE = "book/ledger.html"


@pytest.fixture
def open_ledger(browser: Browser, address: str):
    """The ledger's page, ready; without scripts if asked so."""
    contexts = []

    def get(scripts: bool = True) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts))
        page = contexts[-1].new_page()
        page.goto(f"{address}/{PAGE}")
        if scripts:
            page.wait_for_selector("#cv-ledger-words")
        return page

    yield get
    for context in contexts:
        context.close()


@pytest.fixture
def export(site) -> dict:
    """What the site tells machines."""
    return json.loads((site / "ledger.json").read_text(encoding="utf-8"))


def shown(page: Page) -> list[str]:
    """The ids of the claims in sight, from top to bottom."""
    return [row.get_attribute("id") for row in page.locator(".cv-ledger > tbody > tr").all() if row.is_visible()]


def test_without_scripts_every_claim_is_there(open_ledger, export):
    page = open_ledger(scripts=False)
    assert sorted(shown(page)) == sorted(export["claims"])
    assert page.locator("#cv-ledger-words").count() == 0


def test_words_and_choice_narrow_all_tables_at_once(open_ledger, export):
    page = open_ledger()
    page.select_option("#cv-ledger-choice", "wrong")
    wrong = [name for name, claim in export["claims"].items() if claim["verdict"] == "wrong"]
    assert sorted(shown(page)) == sorted(wrong)
    assert page.inner_text(".cv-ledger-filter output") == f"{len(wrong)} of {len(export['claims'])} claims"
    page.fill("#cv-ledger-words", wrong[0].upper())
    assert shown(page) == [wrong[0]]
    assert page.locator("section[id^='claims-']:visible").count() == 1
    page.fill("#cv-ledger-words", "no claim has these words")
    assert shown(page) == []
    page.fill("#cv-ledger-words", "")
    page.select_option("#cv-ledger-choice", "")
    assert len(shown(page)) == len(export["claims"])


def test_a_column_head_sorts_its_table(open_ledger):
    page = open_ledger()
    rows = "[...document.querySelectorAll('#claims-pooling tbody tr')].map(r => r.cells[2].textContent)"
    head = page.locator("#claims-pooling thead th").nth(2)
    head.get_by_role("button").click()
    up = page.evaluate(rows)
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.evaluate(rows) != up
    assert sorted(page.evaluate(rows)) == sorted(up)


def test_each_measured_claim_leads_to_its_card(site):
    text = (site / PAGE).read_text(encoding="utf-8")
    links = re.findall(r'<tr id="([^"]+)"[^>]*data-state="measured">.*?(?:href="([^"#]+)#([^"]+)"|</tr>)', text)
    assert links
    for name, page, anchor in links:
        assert anchor == f"claim-{name}", f"{name} is settled in the register, but no notebook of the site shows it"
        card = (site / PAGE).parent / page
        assert f'id="{anchor}"' in card.read_text(encoding="utf-8"), f"{card.name} has no card of {name}"


def test_each_card_leads_back_to_the_ledger(site):
    text = (site / PAGE).read_text(encoding="utf-8")
    cards = {
        name: page
        for page in sorted((site / "notebooks").glob("*.html"))
        for name in re.findall(r'href="\.\./book/ledger\.html#([^"]+)"', page.read_text(encoding="utf-8"))
    }
    assert cards
    missing = {name: page.name for name, page in cards.items() if f'<tr id="{name}"' not in text}
    assert missing == {}
