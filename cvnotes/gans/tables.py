"""The tables of the chapter on GANs: what the stored games say at their end, arm by arm.

Chapter: gans.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.experiments import smallest_effect, spread

LAST = 5  # looks at the end of a game that are averaged: a chase is never at rest


def late(told: Mapping[str, np.ndarray], arm: str) -> tuple[np.ndarray, np.ndarray]:
    """Give modes covered and quality of an arm of `trials.remedies`, means of the last five looks: (seeds,) each."""
    return tuple(told[f"{arm}_{what}"][:, -LAST:].mean(1) for what in ("modes", "quality"))


def remedies(told: Mapping[str, np.ndarray], arms: Mapping[str, dict]) -> list[list[str]]:
    """Give a row for each arm: modes covered, quality, modes ahead of the arm it is compared with, least visible lead.

    One turn of D is compared with the plain game, five turns with five turns alone, and that with the plain game.
    """
    rows = []
    for arm, changed in arms.items():
        rival = "5 turns of D" if "d_steps" in changed and len(changed) > 1 else "short memory"
        (modes, good), (others, _) = late(told, arm), late(told, rival)
        lead = (
            ["", ""] if arm == rival else [f"{(modes - others).mean():+.1f}", f"{smallest_effect(modes, others):.1f}"]
        )
        rows.append([arm, spread(modes, 1), spread(good, 2), *lead])
    return rows
