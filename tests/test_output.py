"""The modes: exactly the right forms of an output in each, and words for values."""

import html
import re

import numpy as np
import pytest

from cvnotes import output


@pytest.fixture
def shown(monkeypatch):
    """Everything displayed, as (data, metadata)."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: outputs.append((data, options["metadata"])))
    return outputs


class Widget:
    model_id = "m1"


@pytest.mark.parametrize(
    ("mode", "keys", "metadata"),
    [
        ("text", {"text/plain"}, {}),
        ("static", {"text/plain", "text/html"}, {"cvnotes": {"a": 1}}),
        ("live", {"text/plain", "text/html", output.WIDGET_VIEW}, {}),
    ],
)
def test_each_mode_has_its_forms(shown, monkeypatch, mode, keys, metadata):
    monkeypatch.setenv("CVNOTES_OUTPUT", mode)
    output.present("words", "<p>words</p>", metadata={"a": 1}, widget=Widget())
    ((data, found),) = shown
    assert set(data) == keys
    assert found == metadata


@pytest.mark.parametrize(("mode", "dressed"), [("live", True), ("static", False), ("text", False)])
def test_only_a_live_notebook_is_dressed(shown, monkeypatch, mode, dressed):
    monkeypatch.setenv("CVNOTES_OUTPUT", mode)
    output.dress()
    assert bool(shown) == dressed
    if dressed:
        assert ".cv-claim--wrong" in shown[0][0]["text/html"]


def test_live_is_the_default(monkeypatch):
    monkeypatch.delenv("CVNOTES_OUTPUT", raising=False)
    assert output.mode() == "live"


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "loud")
    with pytest.raises(ValueError, match=r"live, static, text\. Received: 'loud'"):
        output.mode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (25557032, "25,557,032"),
        (np.int64(-3), "−3"),
        (0.123456, "0.1235"),
        (np.float32(0.5), "0.5"),
        (123456.7, "123,457"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (None, "–"),
        ((55, 55, 96), "55 × 55 × 96"),
        ("as it is", "as it is"),
        (float("nan"), "nan"),
    ],
)
def test_values_are_written_for_readers(value, text):
    assert output.words(value) == text


def test_a_table_is_aligned_text(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "text")
    output.table([("conv1", 34944, 0.5), ("fc", 1, None)], ["layer", "weights", "share"], caption="Two layers")
    ((data, _),) = shown
    assert data["text/plain"].splitlines() == [
        "Two layers",
        "",
        "layer  weights  share",
        "-----  -------  -----",
        "conv1   34,944    0.5",
        "fc           1      –",
    ]


def test_a_table_is_html_with_heads_and_caption(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    output.table([("<b>", (3, 3))], ["layer", "shape"], caption="One & only")
    html = shown[0][0]["text/html"]
    for part in ('class="cv-table"', "<caption>One &amp; only</caption>", '<th scope="col">layer</th>'):
        assert part in html
    assert '<th scope="row">&lt;b&gt;</th><td>3&nbsp;×&nbsp;3</td>' in html


def test_a_ragged_table_is_refused():
    with pytest.raises(ValueError, match="needs 2 entries"):
        output.table([("a",)], ["x", "y"])


def test_an_empty_table_has_its_heads(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "text")
    output.table([], ["x", "y"])
    assert shown[0][0]["text/plain"].splitlines()[0] == "x  y"


def test_source_lines_know_their_indent_and_lose_nothing():
    page = output._code_html("def f(x):\n    return (\n        x\n    )", ["this notebook"])
    assert re.findall(r"--indent: (\d+)ch", page) == ["0", "4", "8", "4"]
    text = html.unescape(re.sub("<[^>]+>", "", page.partition("<pre>")[2]))
    assert text == "def f(x):\n    return (\n        x\n    )\n"


def test_source_shows_the_code_that_runs(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "static")
    output.source(output.mode, Widget)
    ((data, _),) = shown
    text = data["text/plain"]
    assert text.startswith("# cvnotes/output.py, tests/test_output.py\ndef mode() -> str:")
    assert 'class Widget:\n    model_id = "m1"' in text
    assert "<code>cvnotes/output.py</code>" in data["text/html"]
    assert '<span class="k">def</span>' in data["text/html"]


def test_source_looks_through_decorators_and_dedents(shown, monkeypatch):
    import functools

    monkeypatch.setenv("CVNOTES_OUTPUT", "text")

    def inner():
        return 1

    @functools.wraps(inner)
    def outer():
        return inner()

    output.source(outer)
    assert shown[0][0]["text/plain"].splitlines()[1] == "def inner():"


@pytest.mark.parametrize("thing", [len, 3])
def test_source_of_what_has_none_is_refused(thing):
    with pytest.raises(ValueError, match="Received: "):
        output.source(thing)


def test_source_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        output.source()


@pytest.mark.parametrize(
    ("rows", "columns"), [(["ab"], ["x", "y"]), (None, ["x"]), ([[1, 2]], "xy"), ([3], ["x"]), ([[1]], None)]
)
def test_a_table_is_made_of_lists(rows, columns):
    """Words in place of a row would be shown letter by letter."""
    with pytest.raises(ValueError, match=r"list of rows.*Received"):
        output.table(rows, columns)
