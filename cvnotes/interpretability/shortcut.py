"""A planted shortcut: who uses it, who sees that in a map, and what it costs where it is gone."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from cvnotes import attribution
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

GREY = 0.5


class Settings(NamedTuple):
    """The same scenes three times: with a mark that tells the class, without one, and with one that misleads."""

    marked: Scenes
    plain: Scenes
    misled: Scenes


def settings(count: int, seed: int = 0) -> Settings:
    """Draw scenes that no training has seen, in the three `Settings`. Chapter: interpretability."""
    options = {"told": {"shortcut": "mark"}, "bare": {}, "mixed": {"shortcut": "mark", "strength": 0.0}}
    return Settings(*(subjects.test_views(count, seed, **chosen) for chosen in options.values()))


def logits(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """The scores of pictures, (n, classes)."""
    return keras.ops.convert_to_numpy(net(images))


def named(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """The class that a net names for each picture, (n,)."""
    return logits(net, images).argmax(axis=1)


def sureness(net: keras.Model, images: np.ndarray) -> float:
    """The mean of the highest probabilities."""
    return float(keras.ops.convert_to_numpy(keras.ops.softmax(net(images))).max(axis=1).mean())


def crowding(maps: np.ndarray, where: np.ndarray) -> float:
    """How many times more of a map lies in a region than by chance: its share of the map over its share of the area.

    maps: (n, h, w), not negative; where: bool (n, h, w), with at least one pixel in each picture.
    """
    share = (maps * where).sum((1, 2)) / maps.sum((1, 2))
    return float(np.mean(share / where.mean((1, 2))))


def covered(scenes: Scenes) -> np.ndarray:
    """The pictures with their marks painted grey, (n, h, w, 3)."""
    return np.where(scenes.shortcut_masks[..., None], np.float32(GREY), scenes.floats)


def looked_into(net: keras.Model, seen: Settings) -> dict[str, float]:
    """All that the page asks of one net: what it names where, how sure it is, and where its maps lie."""
    truth, right = subjects.answers(seen.plain), {}
    for name, scenes in seen._asdict().items():
        right[name] = float(np.mean(named(net, scenes.floats) == truth))
    maps = attribution.heat(attribution.gradient(net, seen.marked.floats, truth))
    other = seen.misled.clues != truth
    return {
        **right,
        "covered": float(np.mean(named(net, covered(seen.marked)) == truth)),
        "sure": sureness(net, seen.marked.floats),
        "sure_misled": sureness(net, seen.misled.floats[other]),
        "follows": float(np.mean(named(net, seen.misled.floats[other]) == seen.misled.clues[other])),
        "on_mark": crowding(maps, seen.marked.shortcut_masks),
        "on_object": crowding(maps, seen.marked.instances > 0),
    }
