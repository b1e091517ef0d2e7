"""Stored experiments: drawn people that no net has seen, verified, named and let in. Chapter: faces."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments

from .enrolment import at_the_door, claims_made
from .face_dials import moves, turned
from .face_judges import GROUPS, by_change, by_group, judged, limit, worst_pairs
from .face_nets import face_encoder, teach
from .face_patches import altered
from .face_windows import no_faces
from .identification import cumulative_match
from .linear_faces import Code, fisherfaces, pixel_rows
from .piles import (
    ASKED,
    COMPONENTS,
    LINEAR_CODES,
    SIDE,
    TAUGHT,
    TRAINING,
    lessons,
    people_of,
    picture_by_picture,
    pile,
    questions,
    some_people,
    taught,
    tones,
    ways,
)
from .trials import named
from .trials_matching import verified
from .twins import codes_of
from .verification import equal_error, roc_area

CROWDS = {"12 × 200": (12, 200), "12 × 20": (12, 20), "400 × 6": (400, 6)}  # people, pictures of each
WITHOUT = {"training": ("cat", "coffee", "flower", "tissue"), "test": ("pagoda", "rocket", "retina")}
WINDOWS, PHOTO = {"training": 1200, "test": 600}, 256  # windows, and the side of the photographs they are cut from
DETECTING, DETECTOR_RATE = {"quick": 2, "full": 10}, 4e-3  # passes, and their rate
LOOKED_AT = ("pixels", "Fisherfaces", "twin without colour", "twin")  # arms whose failures and dials are kept
ONE_SKIN = ("pixels", "Fisherfaces", "twin", "twin of one skin")
REAL = {"training": 70, "versions": 20, "steps": {"quick": 150, "full": 1500}}
STORED = ("faces", "faces_one_skin", "faces_crowds", "faces_missing", "faces_patches")


@experiments.experiment(version=1, seeds=5)
def faces(seed: int, scale: str) -> dict:
    """Verify and name a hundred people, by pixels, two linear codes and two twins; and see what each change does."""
    asked, roles = questions(seed)
    codes, found = ways(lessons(seed), seed, scale), {}
    for arm, code in codes.items():
        rows, threshold = code(asked.images), limit(code, seed)
        numbers = judged(rows, asked, roles, threshold)
        if arm in LOOKED_AT:
            numbers |= by_change(code, seed) | worst_pairs(rows, roles, threshold)
        found |= named(arm, numbers)
    looked_at = {arm: codes[arm] for arm in LOOKED_AT}
    return found | moves(looked_at, seed) | as_detectors(codes["twin"], seed, scale)


def as_detectors(twin: Code, seed: int, scale: str) -> dict[str, float]:
    """Ask a twin where faces are, and a detector whose they are: strangers' faces against windows without a face."""
    asked, roles = questions(seed)
    strangers = asked.images[roles.probes[roles.own >= ASKED // 2]]
    empty = windows("test", seed)
    detector, code = detector_of(seed, scale)
    known = twin(asked.images)[roles.enrolled[: ASKED // 2, 0]]

    def nearest(images: np.ndarray) -> np.ndarray:
        return np.linalg.norm(twin(images)[:, None] - known, axis=2).min(axis=1)

    def scores(images: np.ndarray) -> np.ndarray:
        return -codes_of(detector, images)[:, 0]

    found = {}
    for arm, far, face in (("twin", nearest, limit(twin, seed)), ("detector", scores, 0.0)):
        away = np.r_[far(strangers), far(empty)]
        found[f"{arm} finds"] = float((away[: len(strangers)] <= face).mean())
        found[f"{arm} alarms"] = float((away[len(strangers) :] <= face).mean())
        found[f"{arm} finds area"] = roc_area(away, np.repeat([1, 0], [len(strangers), len(empty)]))
    claims = picture_by_picture(functools.partial(codes_of, code), asked, roles)
    return found | {"detector verifies area": roc_area(*claims)}


@functools.lru_cache(maxsize=2)
def windows(part: str, seed: int) -> np.ndarray:
    """Windows of photographs without a face; those of the test come from other photographs."""
    return no_faces([data.photo(name, size=PHOTO) for name in WITHOUT[part]], WINDOWS[part], seed, SIDE)


def detector_of(seed: int, scale: str) -> tuple[keras.Model, keras.Model]:
    """Teach a net of the twin's build to tell faces from windows without one: its logit, and its code before that."""
    keras.utils.set_random_seed(seed)
    code = face_encoder((SIDE, SIDE, 3))
    detector = keras.Model(code.input, layers.Dense(1)(code.output))
    people, empty = lessons(seed).images[::2], windows("training", seed)
    images, labels = np.concatenate([people, empty]), np.repeat([1.0, 0.0], [len(people), len(empty)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    options = {"epochs": DETECTING[scale], "rate": DETECTOR_RATE, "seed": seed}
    experiments.fit(detector, images, labels[:, None], loss=loss, **options)
    return detector, code


@experiments.experiment(version=1, seeds=5)
def faces_crowds(seed: int, scale: str) -> dict:
    """Teach with few people and many pictures, or the other way about: areas and errors for people never seen."""
    found = {}
    for crowd, (people, pictures) in CROWDS.items():
        drawn = pile(TRAINING, people, pictures, seed)
        code = functools.partial(codes_of, taught(drawn.images, drawn.people, seed, scale))
        claims = picture_by_picture(code, *questions(seed))
        found |= {f"{crowd} area": roc_area(*claims), f"{crowd} error": equal_error(*claims)[0]}
    return found


@experiments.experiment(version=1, seeds=5)
def faces_missing(seed: int, scale: str) -> dict:
    """Teach with people of one skin alone, and judge both groups at one threshold."""
    asked, roles = questions(seed)
    tone, found = tones(asked)[roles.enrolled[:, 0]], {}
    for group in GROUPS:
        code = functools.partial(codes_of, taught(*some_people(people_of(group, TAUGHT, seed), seed), seed, scale))
        distance = at_the_door(code(asked.images), roles, 1)
        found |= named(f"{group} alone", by_group(distance, tone, roles.own, limit(code, seed)))
    return found


@experiments.experiment(version=1, seeds=5)
def faces_one_skin(seed: int, scale: str) -> dict:
    """Paint everybody who is asked in one skin, and those in training too: what a code knows besides."""
    drawn, (asked, roles) = lessons(seed), questions(seed)
    alike, images = turned(asked, "skin", 0.5), turned(drawn, "skin", 0.5)
    codes = {
        "pixels": pixel_rows,
        "Fisherfaces": fisherfaces(images, drawn.people, COMPONENTS, LINEAR_CODES),
        "twin": functools.partial(codes_of, taught(drawn.images, drawn.people, seed, scale)),
        "twin of one skin": functools.partial(codes_of, taught(images, drawn.people, seed, scale)),
    }
    found = {}
    for arm, code in codes.items():
        found |= named(arm, verified(*claims_made(at_the_door(code(alike), roles, 1), roles.own)))
    return found


@experiments.experiment(version=1, seeds=5)
def faces_patches(seed: int, scale: str) -> dict:
    """Find real patches again after a change, among thirty that no net has seen: by pixels and by a net."""
    pictures = data.faces()[0][:100]
    order = np.random.default_rng(seed).permutation(100)
    known, asked = order[: REAL["training"]], order[REAL["training"] :]
    versions = altered(pictures[known], REAL["versions"], seed)
    own, changed = np.arange(len(asked)).repeat(10), altered(pictures[asked], 10, seed + 100)
    still = np.round(255 * pictures[asked]).astype("uint8")

    def found(code: Code) -> float:
        apart = np.linalg.norm(code(changed)[:, None] - code(still), axis=2)
        return float(cumulative_match(apart, own, 1)[0])

    keras.utils.set_random_seed(seed)
    net = face_encoder(pictures.shape[1:])
    code = functools.partial(codes_of, net)
    numbers = {"pixels": found(pixel_rows), "untaught": found(code)}
    teach(net, versions, known.repeat(REAL["versions"]), steps=REAL["steps"][scale], seed=seed)
    return numbers | {"net": found(code)}
