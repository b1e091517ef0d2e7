"""The experiments of the page on scores: all methods and their rivals on scenes whose truth is known.

Every list of numbers has one for each of `scores_field.NAMES`, in that order, unless said otherwise.
"""

from __future__ import annotations

import numpy as np

from cvnotes import experiments
from cvnotes.visualization import subjects

from . import scores
from .inputs import Array
from .scores_field import (
    METHODS,
    NEAR,
    RIVALS,
    couples,
    explain,
    needed,
    placed,
    removals,
    rival,
    told_apart,
)

KINDS = ("plain", "residual")
SCENES, PAIRS, FEW, MARKED = 18, 6, 4, 12  # pictures: for places and curves; with two objects; for shuffling; marked
LEVELS = 4  # of the cascade: the head alone .. every layer
PLACES = ("pointing", "energy", "overlap", "deletion", "insertion")
ORDERS = ("forgery", "mark", "occlusion", "noise")
STORED = ("scores_table", "scores_classes", "scores_shuffled", "scores_marked", "scores_forged")

#: How far a live run of `scores_forged` may be from the stored one: another processor rounds otherwise.
TOLERANCE = 0.05


def seen(seed: int, count: int, **options) -> tuple[Array, Array, Array]:
    """Test scenes of one object: pictures, classes and masks."""
    scenes = subjects.test_views(count, seed, **options)
    return scenes.floats, subjects.answers(scenes), scenes.instances > 0


@experiments.experiment(version=1, seeds=5)
def scores_table(seed: int, scale: str) -> dict[str, list[float]]:
    """Score maps of both nets: `net_score` for `PLACES`. After `NAMES` comes the map that is the true mask.

    `chance`: of pointing, the share of the picture that counts as a hit. `net_right`: the share of scenes named right.
    """
    x, y, masks = seen(seed, SCENES)
    found: dict[str, list[float]] = {}
    for kind in KINDS:
        net = subjects.subject(kind, seed)
        maps = {name: explain(name, net, x, y) for name in METHODS}
        maps |= {name: rival(name, x, y, kind, seed) for name in RIVALS} | {"true mask": masks.astype(float)}
        curves = removals(net, x, maps, y)
        rows = [placed(each, masks) | needed(curves[name]) for name, each in maps.items()]
        found |= {f"{kind}_{score}": [row[score] for row in rows] for score in PLACES}
        found[f"{kind}_right"] = experiments.accuracy(net, x, y)
    return found | {"chance": scores.reach(masks, NEAR).mean()}


@experiments.experiment(version=1, seeds=5)
def scores_classes(seed: int, scale: str) -> dict[str, list[float]]:
    """Ask for each of two objects: `net_alike` and `net_own`, see `told_apart`; `net_fine`: fineness of the maps.

    The forgery comes after `NAMES`.
    """
    scenes, masks = couples(PAIRS, seed)
    x, found = scenes.floats, {}
    for kind in KINDS:
        net = subjects.subject(kind, seed)
        classes = scenes.labels[:, :2].T
        both = [[explain(name, net, x, y) for y in classes] for name in METHODS]
        both += [[rival(name, x, y, kind, seed) for y in classes] for name in RIVALS]
        both.append([scores.forgery(x, masks[:, k]) for k in range(2)])
        rows = [told_apart(pair, masks) | {"fine": scores.fineness(np.concatenate(pair)).mean()} for pair in both]
        found |= {f"{kind}_{score}": [row[score] for row in rows] for score in ("alike", "own", "fine")}
    return found


@experiments.experiment(version=1, seeds=5)
def scores_shuffled(seed: int, scale: str) -> dict[str, list]:
    """Shuffle the weights of a net from its head down, and compare maps with those before.

    `net_cascade`, `net_structure`, `net_flat`: likeness, structural similarity and the share of flat maps, of each
    method at `LEVELS` depths, (methods, levels): the head alone at first, all layers at last. `net_right`: accuracy at
    these levels on other scenes.
    """
    (x, y, _), test = seen(seed, FEW), seen(1000 + seed, 120)[:2]
    found = {}
    for kind in KINDS:
        net = subjects.subject(kind, seed)
        layers = scores.from_top(net)
        depths = np.linspace(1, len(layers), LEVELS).round().astype(int)
        broken = [scores.shuffled(net, layers[:depth], seed) for depth in depths]
        before = [explain(name, net, x, y) for name in METHODS]
        after = [[explain(name, each, x, y) for each in broken] for name in METHODS]
        for score, fn in (("cascade", scores.likeness), ("structure", scores.structure)):
            found[f"{kind}_{score}"] = [
                [fn(was, now).mean() for now in each] for was, each in zip(before, after, strict=True)
            ]
        found[f"{kind}_flat"] = np.mean(np.ptp(after, axis=(3, 4)) == 0, axis=2)
        found[f"{kind}_right"] = [experiments.accuracy(each, *test) for each in broken]
    return found


@experiments.experiment(version=1, seeds=5)
def scores_marked(seed: int, scale: str) -> dict[str, list[float]]:
    """Explain nets that were taught with a planted mark: where is the map, on the mark or on the object?

    `mark`, `object`: shares of the map's sum; `mark_pointing`, `object_pointing`. `area`: shares of the picture, mark
    and object. `follows`: of scenes whose mark lies, the share answered by the mark, and by the object.
    """
    net = subjects.subject("marked", seed)
    scenes = subjects.test_views(MARKED, seed, shortcut="mark")
    x, y = scenes.floats, subjects.answers(scenes)
    places = {"mark": scenes.shortcut_masks, "object": scenes.instances > 0}
    maps = [explain(name, net, x, y) for name in METHODS] + [rival(name, x, y, "marked", seed) for name in RIVALS]
    found = {name: [scores.energy(each, mask).mean() for each in maps] for name, mask in places.items()}
    found |= {
        f"{name}_pointing": [scores.pointing(each, mask, 2).mean() for each in maps] for name, mask in places.items()
    }
    lying = subjects.test_views(120, seed, shortcut="mark", strength=0.0)
    found["follows"] = [
        experiments.accuracy(net, lying.floats, said) for said in (lying.clues, subjects.answers(lying))
    ]
    return found | {"area": [mask.mean() for mask in places.values()]}


@experiments.experiment(version=1, seeds=5)
def scores_forged(seed: int, scale: str) -> dict[str, list[float]]:
    """Give and take cells in four orders (`ORDERS`), on a net that reads the object and on one that reads a mark.

    `plain_deletion`, `plain_insertion`, `marked_deletion`, `marked_insertion`: mean curves (orders, steps + 1), not
    rescaled; `area_...`: their relative areas, (orders,).
    """
    scenes = subjects.test_views(MARKED, seed, shortcut="mark")
    x, y = scenes.floats, subjects.answers(scenes)
    forged = scores.forgery(x, scenes.instances > 0)
    found: dict[str, list] = {}
    for kind in ("plain", "marked"):
        net = subjects.subject(kind, seed)
        maps = [forged, scenes.shortcut_masks, explain("occlusion", net, x, y), scores.noise(*x.shape[:3], seed)]
        pairs = removals(net, x, dict(zip(ORDERS, maps, strict=True)), y)
        curves = np.array([pairs[name] for name in ORDERS])  # (orders, 2, n, steps + 1)
        for turn, each in zip(("deletion", "insertion"), curves.swapaxes(0, 1), strict=True):
            found[f"{kind}_{turn}"] = each.mean(1)
            found[f"area_{kind}_{turn}"] = [scores.relative_area(one) for one in each]
    return found
