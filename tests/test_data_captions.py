"""Captions: every caption is true, every near miss is false, and the grammar reads what it writes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import data
from cvnotes.data import captions
from cvnotes.data.captions import Caption, Thing
from tests.examples import examples

THINGS = st.builds(
    Thing,
    st.sampled_from(data.CLASSES),
    st.sampled_from([None, *data.COLOURS]),
    st.sampled_from([None, *data.TEXTURES]),
)
CAPTIONS = st.one_of(
    st.just(Caption()),
    st.builds(Caption, THINGS),
    st.builds(Caption, THINGS, st.sampled_from(captions.RELATIONS), THINGS),
    st.builds(lambda kind, count: Caption(Thing(kind), count=count), st.sampled_from(data.CLASSES), st.integers(0, 10)),
)


def plainly_true(text, scene):
    """A slow twin of ``holds`` that knows only words and the truth of the scene."""
    seen = [j for j in range(len(scene)) if scene.occlusion[j] <= 0.75]
    words = {j: {scene.class_names[j], scene.colour_names[j], scene.texture_names[j]} for j in seen}
    if text == "an empty scene":
        return not seen
    first = text.split()[0]
    if first not in ("a", "an"):
        number = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].index(first)
        kind = next(k for k in data.CLASSES if text.split()[1] in (k, k + "s", k + "es"))
        return sum(kind in words[j] for j in seen) == number
    for relation in ("left of", "right of", "above", "below"):
        if f" {relation} " in text:
            here, there = (set(side.split()[1:]) for side in text.split(f" {relation} "))
            return any(
                here <= words[i] and there <= words[j] and direction(scene.centres[j] - scene.centres[i]) == relation
                for i in seen
                for j in seen
                if i != j
            )
    return any(set(text.split()[1:]) <= words[j] for j in seen)


def direction(way):
    """Where one stands from whom the way to the other is ``way``."""
    return ("left of", "above")[np.argmax(np.abs(way))] if way[np.argmax(np.abs(way))] > 0 else (
        "right of", "below")[np.argmax(np.abs(way))]  # fmt: skip


@examples(100)
@given(seed=st.integers(0, 2**40), overlap=st.sampled_from([0, 0.35, 0.9]), most=st.integers(0, 6))
def test_captions_are_true_and_near_misses_false(seed, overlap, most):
    for scene in data.scenes(3, seed, size=48, objects=(0, most), radius=(0.08, 0.15), overlap=overlap):
        text = scene.caption
        assert captions.holds(text, scene)
        assert plainly_true(text, scene)
        for miss in captions.near_misses(scene):
            assert not captions.holds(miss, scene)
            assert not plainly_true(miss, scene)


@given(said=CAPTIONS)
def test_what_is_written_can_be_read(said):
    assert captions.parse(str(said)) == said


@examples(60)
@given(said=CAPTIONS, seed=st.integers(0, 50))
def test_truth_agrees_with_the_slow_twin_on_any_caption(said, seed):
    scene = data.scenes(1, seed, objects=(0, 6), classes=("disc", "star", "cross"), radius=(0.08, 0.15))[0]
    assert captions.holds(said, scene) == plainly_true(str(said), scene)


@pytest.mark.parametrize(
    "text", ["", "a dog", "an star", "a red star beside a ring", "two star", "one stars", "a star left of", "A star"]
)
def test_what_is_not_in_the_grammar_is_refused(text):
    with pytest.raises(ValueError, match=f"Received: '{text}'"):
        captions.parse(text)


def test_exactly_one_relation_holds_between_two_places():
    for dx in range(-2, 3):
        for dy in range(-2, 3):
            found = captions.relation((dx, dy), (0, 0))
            back = captions.relation((0, 0), (dx, dy))
            pairs = {("left of", "right of"), ("right of", "left of"), ("above", "below"), ("below", "above")}
            assert (found, back) in pairs or (dx, dy, found) == (0, 0, None)
    assert captions.relation((0, 5), (9, 0)) == "left of"


def test_captions_vary_and_repeat():
    scenes = data.scenes(300, seed=1, objects=(2, 4))
    texts = scenes.captions
    assert texts == data.scenes(300, seed=1, objects=(2, 4)).captions
    related = sum(any(r in text for r in captions.RELATIONS) for text in texts)
    counted = sum(text.split()[0] in captions.COUNTS for text in texts)
    assert 110 < related < 190
    assert 50 < counted < 100
    assert len(set(texts)) > 200


def test_hidden_objects_are_not_spoken_of():
    scenes = data.scenes(400, seed=2, objects=6, overlap=0.9, size=48)
    hidden = [scene for scene in scenes if (scene.occlusion > 0.75).any()]
    assert len(hidden) > 5
    for scene in hidden:
        assert len(captions.spoken(scene)) == (scene.occlusion <= 0.75).sum() < 6


@pytest.mark.parametrize("words", [None, 3, b"a star", ["a star"]])
def test_what_is_no_text_is_refused(words):
    for ask in (captions.parse, lambda said: captions.holds(said, data.scenes(1, size=24)[0])):
        with pytest.raises(ValueError, match=r"A caption is words.*Received"):
            ask(words)
