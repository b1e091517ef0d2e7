"""People and nets before the same pictures: what is shown, how answers are kept, and how they are compared.

The file: CSV in UTF-8, one line an answer, with the columns of `Answer`. Nothing in it names a person: a reader is a
label that whoever runs the experiment chooses.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, whole
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

Array = np.ndarray


class Answer(NamedTuple):
    """One answer: one line of the file."""

    reader: str  #: a label, such as "r1" or "net0"
    trial: int  #: when in the session, from 0
    picture: int  #: which picture of the plan, from 0
    level: float  #: how much noise it carries, in the plan's unit
    truth: str  #: the class that was drawn
    answer: str  #: the class that was named, "" for none


# What is shown --------------------------------------------------------------------------------------------------------


def plan(each: int, levels: Sequence[float], seed: int) -> tuple[Scenes, Array]:
    """Choose the pictures: `each` scenes a level, all different, classes balanced: the scenes and their levels (n,).

    No picture is shown at two levels, since people remember. Chapter: representations.
    """
    each = whole("each", each, 1)
    first = -(-subjects.TEST // len(subjects.KINDS)) * len(subjects.KINDS)  # where a round of all classes begins
    scenes = subjects.views(each * len(levels), seed, start=first)
    return scenes, np.repeat(np.asarray(levels, float), each)


def shown(scenes: Scenes, levels: Array, seed: int) -> Array:
    """The pictures as everybody sees them, (n, h, w, 3): with noise of a deviation `levels` (n,), within [0, 1].

    Each picture has its own noise, the same for every reader. Chapter: representations.
    """
    x = scenes.floats
    noise = np.random.default_rng(seed).normal(size=x.shape) * np.asarray(levels)[:, None, None, None]
    return (x + noise).clip(0, 1).astype("float32")


def order(count: int, reader: int) -> Array:
    """In which order a reader sees the pictures: drawn anew for each, so that tiredness meets no level twice.

    Chapter: representations.
    """
    return np.random.default_rng([7, whole("reader", reader, 0)]).permutation(whole("count", count, 1))


# How answers are kept -------------------------------------------------------------------------------------------------


def table(reader: str, named: Sequence[int], scenes: Scenes, levels: Array, sequence: Array) -> list[Answer]:
    """Lay answers out as rows of the file: named (n,) class numbers by picture, sequence (n,) pictures by trial.

    Chapter: representations.
    """
    kinds, truth = scenes.classes, subjects.answers(scenes)
    return [
        Answer(reader, trial, int(i), float(levels[i]), kinds[truth[i]], kinds[int(named[i])])
        for trial, i in enumerate(sequence)
    ]


def write(rows: Iterable[Answer]) -> str:
    """Give answers as the text of a CSV file with its header. Chapter: representations."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Answer._fields)
    writer.writerows(rows)
    return text.getvalue()


def read(text: str, classes: Sequence[str] = subjects.KINDS) -> list[Answer]:
    """Read answers from the text of a CSV file.

    Raises ValueError that names the line for a missing column, a class that is not known, a number that is none, and
    for a picture that a reader answers twice. Chapter: representations.
    """
    lines = csv.DictReader(io.StringIO(text))
    if set(lines.fieldnames or ()) != set(Answer._fields):
        raise ValueError(f"The columns are {', '.join(Answer._fields)}. Received: {lines.fieldnames}")
    rows = [_answer(line, at, classes) for at, line in enumerate(lines, 2)]
    pairs = [(row.reader, row.picture) for row in rows]
    if twice := sorted({pair for pair in pairs if pairs.count(pair) > 1}):
        raise ValueError(f"A reader answers a picture once. Received twice: {twice}")
    return rows


def _answer(line: dict[str, str], at: int, classes: Sequence[str]) -> Answer:
    try:
        row = Answer(**{name: kind(line[name]) for name, kind in _KINDS.items()})
    except (TypeError, ValueError) as error:
        raise ValueError(f"Line {at} holds no answer ({error}). Received: {line}") from error
    if row.truth not in classes or row.answer not in (*classes, ""):
        raise ValueError(f"Line {at}: classes are {', '.join(classes)}. Received: {row.truth!r} and {row.answer!r}")
    return row


_KINDS = {"reader": str, "trial": int, "picture": int, "level": float, "truth": str, "answer": str}


def heard(words: str, classes: Sequence[str] = subjects.KINDS) -> list[str]:
    """Read names of classes, typed with blanks between them; a dash is no answer. Nothing is stored.

    Raises ValueError for a name that is none of the classes. Chapter: representations.
    """
    names = [{"-": ""}.get(word, word) for word in words.lower().split()]
    if strange := [name for name in names if name not in (*classes, "")]:
        raise ValueError(f"Names are {', '.join(classes)}, or - for none. Received: {', '.join(strange)}")
    return names


# How they are compared ------------------------------------------------------------------------------------------------


def accuracy(named: Array, truth: Array, levels: Array) -> Array:
    """The share of right answers at each level, in rising order. Chapter: representations."""
    return np.array([(named == truth)[levels == level].mean() for level in np.unique(levels)])


def agreement(one: Array, other: Array) -> float:
    """The share of pictures of which two readers say the same, right or wrong. Chapter: representations."""
    return float(np.mean(np.asarray(one) == np.asarray(other)))


def beyond_chance(observed: float, expected: float) -> float:
    r"""Give :math:`\kappa = (o - e) / (1 - e)`: 1 for all, 0 for what chance gives. 0 if chance gives all.

    Source: Cohen (1960). Chapter: representations.
    """
    return 0.0 if expected >= 1 else (observed - expected) / (1 - expected)


def kappa(one: Array, other: Array, classes: int = len(subjects.KINDS)) -> float:
    """Agreement beyond that of two readers who name classes as often, but by chance: Cohen's kappa.

    Chapter: representations.
    """
    often = [np.bincount(named, minlength=classes) / len(named) for named in (one, other)]
    return beyond_chance(agreement(one, other), float(often[0] @ often[1]))


def error_consistency(one: Array, other: Array) -> float:
    """Do two readers fail on the same pictures? Kappa of the truth values right or wrong, (n,) each.

    Expected by chance: both right or both wrong, from their two accuracies alone.
    Source: Geirhos, Meding and Wichmann (2020), equations 1 to 3. Chapter: representations.
    """
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    p, q = one.mean(), other.mean()
    return beyond_chance(agreement(one, other), float(p * q + (1 - p) * (1 - q)))


def by_chance(one: Array, other: Array, shuffles: int = 200, seed: int = 0) -> float:
    """What error consistency independent readers reach in 19 of 20 draws: answers shuffled among the pictures.

    Chapter: representations.
    """
    dice, other = np.random.default_rng(seed), np.asarray(other, bool)
    found = [error_consistency(one, dice.permutation(other)) for _ in range(whole("shuffles", shuffles, 1))]
    return float(np.quantile(found, 0.95))


def mistakes(named: Array, truth: Array, classes: int = len(subjects.KINDS)) -> Array:
    """What is taken for what: of each class's pictures the share that is called otherwise, (classes, classes).

    The diagonal is left at zero. Chapter: representations.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (truth, named), 1)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    return shares


def alike_mistakes(one: Array, other: Array) -> float:
    """Pearson's correlation of two tables of `mistakes`, their diagonals left out. Chapter: representations."""
    off = ~np.eye(len(one), dtype=bool)
    return float(np.corrcoef(one[off], other[off])[0, 1])


# Readers that are simulated -------------------------------------------------------------------------------------------


def visibility(scenes: Scenes) -> Array:
    """How well each scene's object can be seen: log of its size in pixels times its contrast to the ground, (n,).

    Contrast: the distance of the object's mean colour from that of a ring of 4 pixels around it.
    Chapter: representations.
    """
    from scipy import ndimage

    found = []
    for image, owner in zip(scenes.floats, scenes.instances, strict=True):
        thing = owner == 1
        ring = ndimage.binary_dilation(thing, iterations=4) & ~thing
        contrast = np.linalg.norm(image[thing].mean(0) - image[ring].mean(0))
        found.append(np.log(thing.sum() * contrast + 1e-3))
    return np.array(found)


def simulated(
    scenes: Scenes, levels: Array, seed: int, *, slope: float = 1.5, half: float = 0.3, lapse: float = 0.02
) -> Array:
    r"""Answers (n,) of a reader who does not exist, from a model that is stated here in full.

    The class is known with the chance :math:`\sigma(s (v + 2 (h - l) / h))`, v the standardised `visibility`, l the
    level, h `half`, s `slope`; else, and in a share `lapse` of all cases, it is guessed: half of the time the class
    that follows in the list of classes, otherwise any. No person was asked. Chapter: representations.
    """
    half, lapse = number("half", half, above=0), number("lapse", lapse, 0, 1)
    dice, truth, n = np.random.default_rng([11, seed]), subjects.answers(scenes), len(scenes)
    v = visibility(scenes)
    knows = 1 / (1 + np.exp(-slope * ((v - v.mean()) / v.std() + 2 * (half - np.asarray(levels)) / half)))
    knows *= 1 - lapse
    classes = len(scenes.classes)
    guess = np.where(dice.random(n) < 0.5, (truth + 1) % classes, dice.integers(classes, size=n))
    return np.where(dice.random(n) < knows, truth, guess)


def net_answers(net, pictures: Array, batch: int = 100) -> Array:
    """What a net names, (n,). Chapter: representations."""
    import keras

    parts = [net(pictures[i : i + batch], training=False) for i in range(0, len(pictures), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part).argmax(-1) for part in parts])
