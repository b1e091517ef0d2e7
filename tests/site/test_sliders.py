"""Figures with sliders on the built pages: by mouse, by keyboard, by voice, and with scripts off."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.site.built import ROOT, site_pages

PLAYED = [name for name in site_pages() if "<cv-explore" in (ROOT / name).read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def open_page(browser: Browser, address: str):
    """``open_page(name)``: the page, ready, loaded once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    pages = {}

    def get(name: str):
        if name not in pages:
            pages[name] = context.new_page()
            pages[name].goto(f"{address}/{name}")
            pages[name].wait_for_selector("html[data-cv-ready]", state="attached")
        return pages[name]

    yield get
    context.close()


def state(figure: Locator) -> dict:
    """What a figure shows and says."""
    return figure.evaluate(
        """f => ({src: f.querySelector('img').getAttribute('src'), alt: f.querySelector('img').alt,
        caption: f.querySelector('figcaption').textContent,
        texts: [...f.querySelectorAll('input')].map(i => i.getAttribute('aria-valuetext')),
        outputs: [...f.querySelectorAll('output')].map(o => o.textContent),
        places: [...f.querySelectorAll('input')].map(i => +i.value)})"""
    )


def expected(data: dict, places: list[int]) -> dict:
    """What it must show and say at these places of its sliders, worked out apart from the script."""
    k = 0
    for place, values in zip(places, data["values"], strict=True):
        k = k * len(values) + place
    texts = [values[place] for place, values in zip(places, data["values"], strict=True)]
    alt = data["alts"][k]
    src = data["frames"][data["order"][k]]
    return {"src": src, "alt": alt, "caption": alt, "texts": texts, "outputs": texts, "places": places}


def test_some_page_has_sliders(site):
    assert PLAYED


@pytest.mark.parametrize("played", PLAYED)
def test_keys_move_through_the_frames(open_page, played):
    for figure in open_page(played).locator("cv-explore").all():
        data = json.loads(figure.locator("script").text_content())
        for i, slider in enumerate(figure.locator("input").all()):
            slider.focus()
            for key, place in (("Home", 0), ("ArrowRight", 1), ("End", len(data["values"][i]) - 1)):
                slider.press(key)
                now = state(figure)
                assert now["places"][i] == min(place, len(data["values"][i]) - 1)
                assert now == expected(data, now["places"])


@pytest.mark.parametrize("played", PLAYED)
def test_every_frame_is_there_before_it_is_asked_for(open_page, played):
    for figure in open_page(played).locator("cv-explore").all():
        figure.scroll_into_view_if_needed()
        loaded = figure.evaluate(
            """async f => { while (!f.ready) await new Promise(requestAnimationFrame);
            return Promise.all(f.ready.map(i => i.decode().then(() => [i.naturalWidth, i.naturalHeight]))) }"""
        )
        data = json.loads(figure.locator("script").text_content())
        assert [wide / tall for wide, tall in loaded] == pytest.approx([w / h for w, h in data["sizes"]], rel=0.02)


@pytest.mark.parametrize("played", PLAYED)
def test_the_mouse_moves_through_the_frames(open_page, played):
    figure = open_page(played).locator("cv-explore").first
    data = json.loads(figure.locator("script").text_content())
    slider = figure.locator("input").last
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()  # and there it stays, whatever its value and its neighbours'
    before = None
    for x in (2, box["width"] - 2):
        slider.click(position={"x": x, "y": box["height"] / 2})
        now = state(figure)
        assert now == expected(data, now["places"])
        assert now != before
        before = now
    assert slider.bounding_box()["width"] == box["width"]


@pytest.mark.parametrize("played", PLAYED)
def test_a_slider_says_its_name_and_its_value(open_page, played):
    for slider in open_page(played).locator("cv-explore input").all():
        name = slider.evaluate("i => i.labels[0].querySelector('span').textContent.trim()")
        assert name
        expect(slider).to_have_accessible_name(name)
        expect(slider).to_have_attribute("aria-valuetext", slider.evaluate("i => i.nextElementSibling.textContent"))
        assert slider.bounding_box()["height"] >= 24, "too small to hit"


@pytest.mark.parametrize("played", PLAYED)
def test_it_plays_and_pauses(open_page, played):
    page = open_page(played)
    for figure in page.locator("cv-explore:has(.cv-explore__play:not([hidden]))").all()[:1]:
        button = figure.locator(".cv-explore__play")
        before = state(figure)["places"]
        expect(button).to_have_text("Play")
        expect(button).to_have_accessible_name(re.compile("^Play .+"))
        button.click()
        expect(button).to_have_text("Pause")
        expect(figure.locator("figcaption")).to_have_attribute("aria-live", "off")
        page.wait_for_timeout(1000)
        assert state(figure)["places"] != before
        button.click()
        expect(button).to_have_text("Play")
        expect(button).to_have_accessible_name(re.compile("^Play .+"))
        expect(figure.locator("figcaption")).to_have_attribute("aria-live", "polite")


def test_nothing_plays_for_those_who_want_no_motion(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/{PLAYED[0]}")
    page.wait_for_selector("html[data-cv-ready]", state="attached")
    expect(page.locator(".cv-explore__play").first).to_be_hidden()
    context.close()


@pytest.mark.parametrize("played", PLAYED)
def test_without_scripts_the_first_frame_stands_alone(browser, address, played):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{played}")
    figure = page.locator("cv-explore").first
    expect(figure.locator("img")).to_be_visible()
    expect(figure.locator("figcaption")).to_be_visible()
    for dead in figure.locator("input, button").all():
        expect(dead).to_be_hidden()
    context.close()
