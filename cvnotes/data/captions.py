"""Captions of scenes in a small grammar, with a truth check: a caption is an assertion that can be tested.

    caption   = one | relation | number | nothing
    one       = "a" thing                                     a striped red star
    relation  = "a" thing where "a" thing                     a red star left of a plain ring
    where     = "left of" | "right of" | "above" | "below"
    number    = count plural                                  two stars
    thing     = [texture] [colour] class
    nothing   = "an empty scene"

An object counts when at least a quarter of it can be seen.
Between two centres the larger distance decides: left or right of when |dx| >= |dy|, above or below otherwise;
so exactly one relation holds between any two different places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cvnotes.data import dice
from cvnotes.data.shapes import CLASSES
from cvnotes.data.textures import COLOURS, TEXTURES

if TYPE_CHECKING:
    from cvnotes.data.scenes import Scene

RELATIONS = ("left of", "right of", "above", "below")
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
EMPTY = "an empty scene"
SEEN = 0.75  # an object that is hidden more than this is not spoken of


@dataclass(frozen=True)
class Thing:
    """What a caption says about one object; None where it says nothing."""

    kind: str
    colour: str | None = None
    texture: str | None = None

    def __str__(self) -> str:
        words = " ".join(word for word in (self.texture, self.colour, self.kind) if word)
        return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


@dataclass(frozen=True)
class Caption:
    """A caption taken apart: one thing, or a thing, a relation and another thing, or a number of a kind."""

    subject: Thing | None = None
    relation: str | None = None
    other: Thing | None = None
    count: int | None = None

    def __str__(self) -> str:
        if self.subject is None:
            return EMPTY
        if self.count is not None:
            return f"{COUNTS[self.count]} {plural(self.subject.kind, self.count)}"
        return str(self.subject) if self.relation is None else f"{self.subject} {self.relation} {self.other}"


def plural(kind: str, count: int) -> str:
    """The class name in the number wanted."""
    return kind if count == 1 else f"{kind}es" if kind.endswith("s") else f"{kind}s"


def options(words) -> str:
    """A regular expression for one of some words."""
    return f"(?:{'|'.join(words)})"


THING = rf"an? (?:({options(TEXTURES)}) )?(?:({options(COLOURS)}) )?({options(CLASSES)})"
SENTENCE = re.compile(rf"{THING}(?: ({options(RELATIONS)}) {THING})?")
NUMBER = re.compile(rf"({options(COUNTS)}) ({options(CLASSES)})(?:es|s)?")


def parse(text: str) -> Caption:
    """Take a caption apart; ValueError when it is not in the grammar. ``str(parse(text)) == text``."""
    found = None
    if not isinstance(text, str):
        raise ValueError(f"A caption is words, as 'a red star'. Received: {text!r:.80}")
    if text == EMPTY:
        found = Caption()
    elif match := SENTENCE.fullmatch(text):
        texture, colour, kind, relation, *other = match.groups()
        found = Caption(Thing(kind, colour, texture), relation, Thing(*other[::-1]) if relation else None)
    elif match := NUMBER.fullmatch(text):
        found = Caption(Thing(match[2]), count=COUNTS.index(match[1]))
    if str(found) != text:
        raise ValueError(f"Not a caption of the grammar in cvnotes.data.captions. Received: {text!r}")
    return found


def relation(here: np.ndarray, there: np.ndarray) -> str | None:
    """Where ``here`` (x, y) lies from ``there``: the larger distance decides; None for the same place."""
    dx, dy = (float(a) - float(b) for a, b in zip(here, there, strict=True))
    if dx == dy == 0:
        return None
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"


def spoken(scene: Scene) -> list[int]:
    """The objects of a scene that captions speak of: at least a quarter is visible."""
    return np.flatnonzero(scene.occlusion <= SEEN).tolist()


def fits(thing: Thing, scene: Scene, j: int) -> bool:
    """Is object j such a thing?"""
    same_colour = thing.colour in (None, scene.colour_names[j])
    return thing.kind == scene.class_names[j] and same_colour and thing.texture in (None, scene.texture_names[j])


def holds(text: str | Caption, scene: Scene) -> bool:
    """Is the caption true of the scene? Things exist ("a" means at least one); numbers are exact."""
    said = text if isinstance(text, Caption) else parse(text)
    objects = spoken(scene)
    if said.subject is None:
        return not objects
    subjects = [j for j in objects if fits(said.subject, scene, j)]
    if said.count is not None:
        return len(subjects) == said.count
    if said.relation is None:
        return bool(subjects)
    others = [j for j in objects if fits(said.other, scene, j)]
    places = scene.centres
    return any(relation(places[i], places[j]) == said.relation for i in subjects for j in others if i != j)


def thing(scene: Scene, j: int, die: np.ndarray) -> Thing:
    """Object j in words: always its class, its colour three times in four, its texture every other time."""
    colour = scene.colour_names[j] if dice.pick(die[0], 4) else None
    texture = scene.texture_names[j] if dice.pick(die[1], 2) else None
    return Thing(scene.class_names[j], colour, texture)


def caption(scene: Scene) -> str:
    """A true caption of a scene, by its own dice: half tell a relation, a quarter a number, a quarter one object."""
    die = dice.throw(scene.seed, scene.index, 1, 8, dice.WORDING)[0]
    objects = spoken(scene)
    if not objects:
        return str(Caption())
    i = objects.pop(int(dice.pick(die[0], len(objects))))
    first, form = thing(scene, i, die[2:4]), dice.pick(die[1], 4)
    if form == 3:
        return str(Caption(Thing(first.kind), count=sum(fits(Thing(first.kind), scene, j) for j in spoken(scene))))
    if form == 2 or not objects:
        return str(Caption(first))
    j = objects[int(dice.pick(die[4], len(objects)))]
    where = relation(scene.centres[i], scene.centres[j])
    return str(Caption(first, where, thing(scene, j, die[5:7])) if where else Caption(first))


def near_misses(scene: Scene, text: str | None = None) -> list[str]:
    """False captions that differ from a true one in a single word (or relation, or number): hard negatives."""
    said = parse(scene.caption if text is None else text)
    return [str(other) for other in variations(said) if not holds(other, scene)]


def variations(said: Caption) -> list[Caption]:
    """All captions that differ from ``said`` in one word."""
    if said.subject is None:
        return [Caption(Thing(kind)) for kind in CLASSES]
    if said.count is not None:
        counts = [Caption(said.subject, count=c) for c in range(6) if c != said.count]
        return counts + [Caption(Thing(kind), count=said.count) for kind in CLASSES if kind != said.subject.kind]
    found = [Caption(t, said.relation, said.other) for t in other_things(said.subject)]
    if said.relation:
        found += [Caption(said.subject, where, said.other) for where in RELATIONS if where != said.relation]
        found += [Caption(said.subject, said.relation, t) for t in other_things(said.other)]
    return found


def other_things(thing: Thing) -> list[Thing]:
    """All things that differ in one word that was said."""
    kinds = [Thing(kind, thing.colour, thing.texture) for kind in CLASSES if kind != thing.kind]
    colours = [Thing(thing.kind, c, thing.texture) for c in COLOURS if thing.colour and c != thing.colour]
    textures = [Thing(thing.kind, thing.colour, t) for t in TEXTURES if thing.texture and t != thing.texture]
    return kinds + colours + textures
