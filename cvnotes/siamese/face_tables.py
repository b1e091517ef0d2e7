"""Rows for the tables of the page faces: stored numbers in, words out. Chapter: faces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.data.portraits import CHANGES
from cvnotes.experiments import spread

from .face_judges import GROUPS
from .piles import ARMS, PICTURES, TAUGHT
from .trials_faces import CROWDS, LOOKED_AT, ONE_SKIN

Stored = Mapping[str, np.ndarray]


def verified(stored: Stored) -> list[list[str]]:
    """For each code: area, equal error, that among people of like skin, and own pictures refused at 1 % of others."""
    rows = []
    for arm in ARMS:
        errors = [spread(100 * stored[f"{arm} {name}"], 1) for name in ("1 error", "alike error")]
        rows.append([arm, spread(stored[f"{arm} 1 area"], 2), *errors])
    return rows


def promised(stored: Stored) -> list[list[str]]:
    """For each code: what the threshold that promised one stranger in a hundred does to people never seen."""
    return [[arm, *(spread(100 * stored[f"{arm} {name}"], 1) for name in ("let in", "refused"))] for arm in ARMS]


def one_skin(told: Stored, stored: Stored) -> list[list[str]]:
    """For each code: the usual equal error, and that among people who are all painted in one skin."""
    usual = {arm: spread(100 * stored[f"{arm} 1 error"], 1) for arm in ARMS}
    return [[arm, usual.get(arm, "–"), spread(100 * told[f"{arm} error"], 1)] for arm in ONE_SKIN]


def changes(stored: Stored) -> list[list[str]]:
    """For each change: equal errors where it is left out, and where it is alone."""
    rows = [["all four", *(f"{100 * stored[f'{arm} usual'].mean():.1f}" for arm in LOOKED_AT)]]
    for words in ("off", "only"):
        for change in CHANGES:
            name = f"without {change}" if words == "off" else f"{change} alone"
            rows.append([name, *(f"{100 * stored[f'{arm} {change} {words}'].mean():.1f}" for arm in LOOKED_AT)])
    return rows


def crowds(told: Stored, stored: Stored) -> list[list[str]]:
    """For each crowd in training: people, pictures of each, pictures in all, area and equal error."""
    sizes = {**CROWDS, "usual": (TAUGHT, PICTURES)}
    rows = []
    for crowd, (people, pictures) in sorted(sizes.items(), key=lambda one: (one[1][0], one[1][1])):
        area, error = (
            (stored["twin 1 area"], stored["twin 1 error"])
            if crowd == "usual"
            else (told[f"{crowd} area"], told[f"{crowd} error"])
        )
        rows.append([people, pictures, people * pictures, spread(area, 3), spread(100 * error, 1)])
    return rows


def missing(told: Stored, stored: Stored) -> list[list[str]]:
    """For each training: strangers let in and own pictures refused, among light and among dark skins."""
    arms = {"both": (stored, "twin"), **{f"{group} only": (told, f"{group} alone") for group in GROUPS}}
    return [
        [words, *(spread(100 * of[f"{arm} {group} {what}"], 1) for what in ("let in", "refused") for group in GROUPS)]
        for words, (of, arm) in arms.items()
    ]


def apart(stored: Stored) -> list[list[str]]:
    """For a twin and a detector of its build: what each is worth at finding faces, and at telling people apart."""
    rows = []
    for arm in ("twin", "detector"):
        found = [spread(100 * stored[f"{arm} {name}"], 0) for name in ("finds", "alarms")]
        verifies = stored["twin 1 area" if arm == "twin" else "detector verifies area"]
        rows.append([arm, spread(verifies, 2), *found, spread(stored[f"{arm} finds area"], 2)])
    return rows
