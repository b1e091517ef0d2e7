"""Captions as rows of numbers: vocabulary, padding, and two scores for what a captioner says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes import data
from cvnotes.checks import whole
from cvnotes.data import captions as grammar
from cvnotes.data.scenes import Scene, Scenes

KINDS = ("disc", "square", "triangle", "star", "cross")
HUES = ("red", "yellow", "green", "blue")
SIDE = 32
PAD, START, END = "<pad>", "<start>", "<end>"
MOST = 8  # words of the longest caption: a red star left of a blue disc


#: The relation that a caption tells, by the two it could tell: it begins with the object on the left, or above.
FIRST = {"left of": "left of", "right of": "left of", "above": "above", "below": "above"}


def _vocabulary() -> tuple[str, ...]:
    """The words of all captions that `full_caption` can give, after the three signs."""
    things = [grammar.Thing(kind, hue) for kind in KINDS for hue in HUES]
    where = [grammar.Caption(things[0], name, things[0]) for name in grammar.RELATIONS if name in FIRST.values()]
    found = {word for caption in (*map(grammar.Caption, things), *where) for word in str(caption).split()}
    return PAD, START, END, *sorted(found)


VOCABULARY = _vocabulary()


def views(count: int, seed: int, objects: int | tuple[int, int] = (1, 2)) -> Scenes:
    """Paint small scenes with one or two plain shapes that do not touch: the pictures of the page."""
    return data.scenes(
        count, seed=seed, size=SIDE, objects=objects, classes=KINDS, colours=HUES, textures="plain",
        radius=(0.17, 0.25), overlap=0, clutter=0.1, turn=30,
    )  # fmt: skip


def reading_order(scene: Scene) -> list[int]:
    """Give the objects of a scene as a caption names them: the left one first, or the upper one.

    Which of the two counts, is for the larger distance to say. Raises ValueError unless there are one or two.
    Chapter: captioning.
    """
    if len(scene) not in (1, 2):
        raise ValueError(f"A full caption is for scenes with one or two objects. Received: {len(scene)}")
    turned = len(scene) == 2 and grammar.relation(*scene.centres) not in FIRST.values()
    return [1, 0] if turned else list(range(len(scene)))


def full_caption(scene: Scene) -> str:
    """Say all that the grammar can say of one or two objects, with their colours, in reading order.

    Raises ValueError for other numbers of objects. Chapter: captioning.
    """
    order = reading_order(scene)
    things = [grammar.Thing(scene.class_names[j], scene.colour_names[j]) for j in order]
    where = grammar.relation(*scene.centres[order]) if len(order) == 2 else None
    return str(grammar.Caption(things[0], where, things[1] if where else None))


def encode(captions: Sequence[str], most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Turn captions into what a decoder reads and what it should say, both int32 (n, most + 1).

    Read: start sign, words, padding. Say: words, end sign, padding. So at each place it has read all words before.
    Raises ValueError for a word that is not in VOCABULARY, for a caption of more words, and for what is no list of
    captions. Chapter: captioning.
    """
    if isinstance(captions, str) or not all(isinstance(caption, str) for caption in captions):
        raise ValueError(f"Give a list of captions, each a string. Received: {captions!r:.80}")
    number = {word: i for i, word in enumerate(VOCABULARY)}
    most = whole("most", most, 1)
    reads, says = np.zeros((2, len(captions), most + 1), np.int32)
    for row, caption in enumerate(captions):
        split = caption.split()
        strange = [word for word in split if word not in VOCABULARY[3:]]
        if strange or len(split) > most:
            raise ValueError(f"A caption has up to {most} words of VOCABULARY. Received: {caption!r}")
        tokens = [number[word] for word in split]
        reads[row, : len(tokens) + 1] = [number[START], *tokens]
        says[row, : len(tokens) + 1] = [*tokens, number[END]]
    return reads, says


def read(tokens: np.ndarray) -> str:
    """Turn a row of numbers back into words, up to the end sign; the start sign and padding are left out.

    Raises ValueError for numbers that stand for no word. Chapter: captioning.
    """
    tokens = np.asarray(tokens)
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or not np.isin(tokens, range(len(VOCABULARY))).all():
        raise ValueError(f"Give a row of whole numbers from 0 to {len(VOCABULARY) - 1}. Received: {tokens!r:.80}")
    found = [VOCABULARY[token] for token in tokens]
    found = found[: found.index(END)] if END in found else found
    return " ".join(word for word in found if word not in (PAD, START))


def told(captions: Sequence[str], scenes: Scenes) -> dict[str, float]:
    """Score captions: the share that equal `full_caption`, word for word, and the share that are true of their scene.

    What is no sentence of the grammar is not true. Raises ValueError unless there is one caption a scene, and some.
    Chapter: captioning.
    """
    if isinstance(captions, str) or len(captions) != len(scenes) or not len(scenes):
        raise ValueError(f"Give one caption a scene, and some. Received: {captions!r:.60}, {len(scenes)} scenes")
    pairs = list(zip(captions, scenes, strict=True))
    exact = [caption == full_caption(scene) for caption, scene in pairs]
    return {"exact": float(np.mean(exact)), "true": float(np.mean([holds(*pair) for pair in pairs]))}


def holds(caption: str, scene: Scene) -> bool:
    """Is a caption a sentence, and true of the scene?"""
    try:
        return grammar.holds(caption, scene)
    except ValueError:
        return False
