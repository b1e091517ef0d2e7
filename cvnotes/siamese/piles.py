"""Three piles of drawn people who never meet, and ways to turn their pictures into codes. Chapter: faces."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import keras
import numpy as np

from cvnotes import data
from cvnotes.data.portraits import TRAITS

from .enrolment import Roles, at_the_door, claims_made, split
from .face_nets import face_encoder, teach
from .linear_faces import Code, eigenfaces, fisherfaces, pixel_rows, without_colour
from .twins import codes_of

SIDE = 32  # of the pictures, in pixels
TRAINING, VALIDATION, TEST = 0, 10_000, 20_000  # number of the first person of each pile
TAUGHT, PICTURES = 120, 20  # people in training, and pictures of each
ASKED, ENROLLED, PROBES = 100, 4, 6  # people in the test, pictures kept of each, pictures that come to the door
CHOSEN = 60  # people in the validation pile
USUAL = {"pose": 0.5, "mood": 1.0, "light": 1.0, "hair": 1.0}  # people look at the camera, more or less
STEPS = {"quick": 300, "full": 4000}
COMPONENTS, LINEAR_CODES = 100, 32  # of the eigenfaces that Fisherfaces begin with, and of both linear codes
ARMS = ("pixels", "eigenfaces", "Fisherfaces", "twin without colour", "twin")


@functools.lru_cache(maxsize=12)
def pile(first: int, people: int, pictures: int, seed: int, **changes: float) -> data.Portraits:
    """Draw people with their pictures; the same numbers are the same people, whatever changes. Chapter: faces."""
    return data.portraits(people, pictures, seed, SIDE, first=first, **{**USUAL, **changes})


def lessons(seed: int) -> data.Portraits:
    """The people of the training. Chapter: faces."""
    return pile(TRAINING, TAUGHT, PICTURES, seed)


def questions(seed: int) -> tuple[data.Portraits, Roles]:
    """The people of the test, and which of their pictures are enrolled. Chapter: faces."""
    drawn = pile(TEST, ASKED, ENROLLED + PROBES, seed)
    return drawn, split(drawn.people, ENROLLED)


def some_people(numbers: Iterable[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw people by their numbers: pictures, and the number of the person on each. Chapter: faces."""
    drawn = [data.portraits(1, PICTURES, seed, SIDE, first=int(number), **USUAL) for number in numbers]
    return np.concatenate([one.images for one in drawn]), np.concatenate([one.people for one in drawn])


def tones(drawn: data.Portraits) -> np.ndarray:
    """How dark the skin of each picture's person is, 0 to 1. Chapter: faces."""
    return drawn.traits[:, list(TRAITS).index("tone")]


def people_of(group: str, count: int, seed: int) -> np.ndarray:
    """The numbers of the first people of the training pile whose skin is "light" or "dark". Chapter: faces."""
    dark = tones(data.portraits(4 * count, 1, seed, 16, first=TRAINING)) >= 0.5
    return TRAINING + np.flatnonzero(dark == (group == "dark"))[:count]


def taught(images: np.ndarray, people: np.ndarray, seed: int, scale: str = "quick") -> keras.Model:
    """Teach an encoder with pictures of people. Chapter: faces."""
    keras.utils.set_random_seed(seed)
    net = face_encoder(images.shape[1:])
    teach(net, images, people, steps=STEPS[scale], seed=seed)
    return net


def ways(drawn: data.Portraits, seed: int, scale: str = "quick") -> dict[str, Code]:
    """Every way to turn pictures into codes, fitted or taught with the people of the training. Chapter: faces."""
    net = taught(drawn.images, drawn.people, seed, scale)
    grey = taught(without_colour(drawn.images), drawn.people, seed, scale)
    found = (
        pixel_rows,
        eigenfaces(drawn.images, LINEAR_CODES)[0],
        fisherfaces(drawn.images, drawn.people, COMPONENTS, LINEAR_CODES),
        lambda images: codes_of(grey, without_colour(images)),
        functools.partial(codes_of, net),
    )
    return dict(zip(ARMS, found, strict=True))


def picture_by_picture(code: Code, drawn: data.Portraits, roles: Roles) -> tuple[np.ndarray, np.ndarray]:
    """Distances of every probe to everybody's first enrolled picture, and which claims are true. Chapter: faces."""
    return claims_made(at_the_door(code(drawn.images), roles, 1), roles.own)
