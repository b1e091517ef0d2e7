"""Plain words of code lose their tags, and nothing else."""

from __future__ import annotations

from plain_code import untag


def test_plain_words_stay_without_their_tags() -> None:
    line = '<span class="n">x</span><span class="w"> </span><span class="o">=</span> <span class="p">(</span>'
    assert untag(line) == 'x <span class="o">=</span> ('


def test_other_tags_and_what_holds_tags_stay() -> None:
    page = '<span class="name">a</span><span class="n x"></span><span class="p"><b>c</b></span><span class="k">n</span>'
    assert untag(page) == page
