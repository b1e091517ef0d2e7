"""Figures with sliders: checked before they are shown, drawn in order, live and static alike."""

import base64
import io
import json
import re
import sys

import numpy as np
import pytest
from PIL import Image

from cvnotes import explore, figures
from cvnotes.output import WIDGET_VIEW

module = sys.modules["cvnotes.explore"]  # the package's function of that name hides the module


@pytest.fixture
def shown(monkeypatch):
    """Everything displayed, as data by MIME type."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: outputs.append(data))
    return outputs


def draw_bar(row, column=0):
    """A mark at one place of a grid."""
    return figures.numbers(np.eye(4)[[row]] * (column + 1))


def say(row, column=0):
    return f'Row {row}, "column" {column}.'


def page(shown):
    """What the page's script will read."""
    (data,) = shown
    html = data["text/html"]
    return html, json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_text_names_the_values_and_draws_the_start(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "text")
    calls = []

    def draw(row, column):
        calls.append((row, column))
        return draw_bar(row, column)

    explore(draw, alt=say, row=range(3), column=[0.5, 1], start={"row": 2}, labels={"row": "which row"})
    assert shown == [{"text/plain": '[explore] draw: which row 0, 1, 2; column 0.5, 1 - Row 2, "column" 0.5.'}]
    assert calls == [(2, 0.5)]


def test_static_frames_follow_the_product(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    explore(draw_bar, alt=say, row=[0, 1], column=[0, 1, 2], start={"row": 1, "column": 2})
    html, data = page(shown)
    assert data["values"] == [["0", "1"], ["0", "1", "2"]]
    assert data["alts"] == [say(row, column) for row in (0, 1) for column in (0, 1, 2)]
    assert data["order"] == [0, 1, 2, 3, 4, 5]
    assert set(shown[0]) == {"text/plain", "text/html"}
    # the page's own picture is the start's, with its words, and the sliders stand there
    assert f'<img src="{data["frames"][5]}" alt="Row 1, &quot;column&quot; 2."' in html
    assert re.findall(r'max="(\d)" step="1" value="(\d)" aria-valuetext="(\d)"', html) == [
        ("1", "1", "1"),
        ("2", "2", "2"),
    ]


def test_each_frame_shows_its_own_values(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")

    def draw(level):
        return figures.image_grid([[[level]]])

    explore(draw, alt=lambda level: f"Grey {level}.", level=[0.0, 0.5, 1.0])
    _, data = page(shown)
    middles = []
    for url in data["frames"]:
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("L"))
        middles.append(int(picture[picture.shape[0] // 2, picture.shape[1] // 2]))
    assert middles == pytest.approx([0, 128, 255], abs=2)


def test_equal_frames_are_stored_once(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    explore(lambda row: draw_bar(row // 2), alt=lambda row: f"Row {row}.", row=range(4))
    _, data = page(shown)
    assert len(data["frames"]) == 2
    assert data["order"] == [0, 0, 1, 1]
    assert data["alts"] == ["Row 0.", "Row 1.", "Row 2.", "Row 3."]


def test_words_cannot_break_out_of_the_page(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    explore(lambda row: draw_bar(0), alt=lambda row: "</script><b>", labels={"row": "<i>"}, row=[1])
    html, data = page(shown)
    assert data["alts"] == ["</script><b>"]
    assert "<b>" not in html.replace("<\\/script><b>", "")
    assert "<i>" not in html


def test_without_scripts_there_are_no_dead_sliders(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    explore(draw_bar, alt=say, row=[0, 1])
    assert '<div class="cv-explore__controls" hidden>' in shown[0]["text/html"]


# Live ---------------------------------------------------------------------------------------------------------------


def live(draw, **options):
    """The sliders and the view of a live figure."""
    alt = options.pop("alt", say)
    plan = module._plan(draw, alt, options.pop("start", None), options.pop("labels", None), options)
    *sliders, view = module._widget(plan).children
    return sliders, view


def test_live_draws_only_what_is_chosen(shown, monkeypatch):
    calls = []

    def draw(row, column):
        calls.append((row, column))
        return draw_bar(row, column)

    (row, column), view = live(draw, row=[0, 1, 2], column=[3, 5], start={"column": 5})
    assert calls == [(0, 5)]
    assert "Row 0, &quot;column&quot; 5." in view.value
    row.value = 2
    assert calls == [(0, 5), (2, 5)]
    assert "Row 2, &quot;column&quot; 5." in view.value
    column.value = 0
    assert calls[-1] == (2, 3)


def test_live_shows_a_widget_and_no_frames(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "live")
    explore(draw_bar, alt=say, row=[0, 1])
    assert set(shown[0]) == {"text/plain", WIDGET_VIEW}


def test_live_shows_an_error_where_the_picture_was(shown):
    def draw(row):
        if row == 1:
            raise RuntimeError("no <such> row")
        return draw_bar(row)

    (slider,), view = live(draw, row=[0, 1, 2])
    slider.value = 1
    assert 'role="alert"' in view.value
    assert "no &lt;such&gt; row" in view.value
    slider.value = 2
    assert "<img" in view.value


def test_live_fails_the_cell_if_its_first_frame_fails(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "live")

    def draw(row):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        explore(draw, alt=say, row=[0])
    assert shown == []


# Refusals -----------------------------------------------------------------------------------------------------------

REFUSED = {
    "no parameter": ({}, "at least one parameter"),
    "no value": ({"row": []}, "row must offer at least one value"),
    "not a sequence": ({"row": 3}, "row must be a sequence"),
    "text": ({"row": "abc"}, "row must offer"),
    "no order": ({"row": {0, 1}}, "row must be in order"),
    "start is no mapping": ({"row": [0, 1], "start": 1}, "go by parameter.*Received: 1"),
    "labels are words": ({"row": [0], "labels": "line"}, "go by parameter.*'line'"),
    "start elsewhere": ({"row": [0, 1], "start": {"row": 7}}, r"among \[0, 1\]. Received: row=7"),
    "start of another": ({"row": [0], "start": {"line": 0}}, "Received: line=0"),
    "label of another": ({"row": [0], "labels": {"line": "x"}}, "Received: 'line'"),
    "unknown parameter": ({"row": [0], "depth": [1]}, "draw_bar must accept"),
    "alt is text": ({"row": [0], "alt": "A row."}, "alt must be a function"),
    "alt takes less": ({"row": [0], "alt": lambda: "x"}, "must accept"),
    "alt is empty": ({"row": [0], "alt": lambda row: " "}, r"alt\(row=0\): A figure needs words"),
}


@pytest.mark.parametrize("mode", ["text", "static", "live"])
@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_calls_are_refused_in_every_mode(shown, monkeypatch, mode, options, words):
    monkeypatch.setenv("CVNOTES_OUTPUT", mode)
    with pytest.raises(ValueError, match=words):
        explore(draw_bar, **({"alt": say} | options))
    assert shown == []


def test_alt_must_be_given():
    with pytest.raises(TypeError, match="alt"):
        explore(draw_bar, row=[0])


@pytest.mark.parametrize("mode", ["text", "static", "live"])
def test_what_is_no_figure_is_refused(shown, monkeypatch, mode):
    monkeypatch.setenv("CVNOTES_OUTPUT", mode)

    def draw(row):
        """Forgets to return."""

    with pytest.raises(ValueError, match=r"draw\(row=4\).*does the function return one\? Received: NoneType"):
        explore(draw, alt=say, row=[4])


def test_a_failing_frame_names_its_values(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")

    def draw(row, column):
        if (row, column) == (1, 2):
            raise ZeroDivisionError("no")
        return draw_bar(row, column)

    with pytest.raises(ZeroDivisionError) as failure:
        explore(draw, alt=say, row=[0, 1], column=[0, 2])
    assert failure.value.__notes__ == ["while drawing draw(row=1, column=2)"]
    assert shown == []


def test_too_many_bytes_are_refused_with_their_number(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    monkeypatch.setattr(module, "BUDGET", 1000)
    with pytest.raises(ValueError, match=r"Received: 0\.\d\d MB in 4 frames of draw_bar"):
        explore(draw_bar, alt=say, row=range(4))
    assert shown == []
