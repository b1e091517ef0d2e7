"""The experiments of the page on class activation maps."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import attribution, experiments
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

from . import cam_nets, cam_policy, cam_questions, cam_scores, cam_words

Array = np.ndarray
STORED = ("cam_two", "cam_depth", "cam_sizes", "cam_heads", "cam_families")
METHODS: dict[str, Callable] = {
    "cam": attribution.cam,
    "grad_cam": attribution.grad_cam,
    "guided_grad_cam": attribution.guided_grad_cam,
    "guided_backprop": attribution.guided_backprop,
    "deconvnet": attribution.deconvnet,
    "gradient": attribution.gradient,
}
LAYERS = tuple(f"relu{i}" for i in range(1, 7))
PAIRS, ALONE = 48, 60
SIZES = {"small": (0.12, 0.14), "large": (0.22, 0.26)}

#: What is told of each family: the score explained, a skill, a place, and the keys of skill, map and rival.
FAMILIES = (
    ("dense layers", "shapes named", "IoU, equal areas", "dense_right", "dense_fit", "dense_chance"),
    ("a word", "", "on the named object", "", "words_own", "words_untrained"),
    ("an answer", "right answers", "on the asked object", "question_right", "question_own", ""),
    ("a move", "blocks caught", "on green, not red", "policy_caught", "policy_green", "policy_untrained_green"),
    ("the same move", "", "on the bar, not red", "", "policy_bar", "policy_untrained_bar"),
)


def two(count: int, seed: int) -> Scenes:
    """Draw scenes with two shapes of different classes that do not touch, of the sizes that the nets have learned."""
    scenes = subjects.test_views(2 * count, 50 + seed, objects=2, overlap=0.0)
    return scenes[np.flatnonzero(scenes.labels[:, 0] != scenes.labels[:, 1])[:count]]


def for_both(method: Callable, net: keras.Model, scenes: Scenes, **options) -> tuple[Array, Array]:
    """The maps of a method for the class of object 0 and of object 1 of each scene."""
    x = scenes.floats
    return tuple(method(net, x, scenes.labels[:, which], **options) for which in (0, 1))


def separated(one: Array, other: Array, scenes: Scenes) -> dict[str, float]:
    """How well two maps of each scene tell its objects apart: `likeness` of the two, `own` share on the right object.

    A scene in which a map says nothing does not count.
    """
    first, second = (cam_scores.mask_of(scenes.instances, which) for which in (0, 1))
    own = np.r_[cam_scores.own_share(one, first, second), cam_scores.own_share(other, second, first)]
    return {"likeness": float(np.nanmean(cam_scores.likeness(one, other))), "own": float(np.nanmean(own))}


@experiments.experiment(version=1, seeds=5)
def cam_two(seed: int, scale: str) -> dict[str, float]:
    """Ask each method for both classes of scenes with two shapes: `<method>_likeness`, `_own`, `_fine`.

    `_fine`: the share of a map's variance that a grid of 8 x 8 cells cannot show.
    """
    net, scenes, found = subjects.subject("plain", seed), two(PAIRS, seed), {}
    for name, method in METHODS.items():
        maps = for_both(method, net, scenes)
        scores = separated(*maps, scenes) | {"fine": np.nanmean(cam_scores.fine_share(maps[0]))}
        found |= {f"{name}_{key}": value for key, value in scores.items()}
    return found


@experiments.experiment(version=1, seeds=5)
def cam_depth(seed: int, scale: str) -> dict[str, list[float]]:
    """Grad-CAM at each layer of LAYERS for both classes of two-shape scenes: `<net>_likeness`, `<net>_own`."""
    scenes, found = two(PAIRS, seed), {}
    for name, net in (("trained", subjects.subject("plain", seed)), ("untrained", subjects.untrained("plain", seed))):
        for layer in LAYERS:
            for key, value in separated(*for_both(attribution.grad_cam, net, scenes, layer=layer), scenes).items():
                found.setdefault(f"{name}_{key}", []).append(value)
    return found


def named(net: keras.Model, scenes: Scenes) -> Scenes:
    """The scenes whose shape a net names rightly."""
    says = keras.ops.convert_to_numpy(net(scenes.floats, training=False)).argmax(-1)
    return scenes[np.flatnonzero(says == subjects.answers(scenes))]


@experiments.experiment(version=1, seeds=5)
def cam_sizes(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Grad-CAM at each layer for small and for large shapes, one a scene: `<size>_fit`, IoU with as many pixels.

    `<size>_right`: the share named rightly; `<size>_chance`: IoU of as many pixels drawn at random.
    """
    net, found = subjects.subject("plain", seed), {}
    for size, radius in SIZES.items():
        scenes = subjects.test_views(ALONE, 60 + seed, radius=radius)
        found[f"{size}_right"] = experiments.accuracy(net, scenes.floats, subjects.answers(scenes))
        scenes = named(net, scenes)
        x, y, masks = scenes.floats, subjects.answers(scenes), cam_scores.mask_of(scenes.instances, 0)
        maps = [attribution.grad_cam(net, x, y, layer=layer) for layer in LAYERS]
        found[f"{size}_fit"] = [cam_scores.fit(each, masks).mean() for each in maps]
        loud = np.random.default_rng(seed).random((*masks.shape, 1))
        found[f"{size}_chance"] = cam_scores.fit(loud, masks).mean()
    return found


@experiments.experiment(version=1, seeds=5)
def cam_heads(seed: int, scale: str) -> dict[str, float]:
    """Train twins with a pool of averages and of maxima: accuracy, and where their CAMs lie, by head.

    `_right`: accuracy; `_cover`: the share of the shape above half of the map's maximum; `_spill`: the share of what
    is above it that lies off the shape; `_iou`: of that area with the shape; `_fit`: of as many pixels as the shape
    has. Maps of rightly named scenes only.
    """
    scenes, found = test_scenes(240, seed), {}
    for head in ("average", "largest"):
        net = cam_nets.trained(head, seed)
        found[f"{head}_right"] = experiments.accuracy(net, scenes.floats, subjects.answers(scenes))
        found |= {f"{head}_{key}": value for key, value in extent(net, scenes).items()}
    return found


def test_scenes(count: int, seed: int) -> Scenes:
    """Draw scenes of the small nets' task that no training has seen."""
    return cam_nets.views(count, 80 + seed, start=subjects.TEST)


def extent(net: keras.Model, scenes: Scenes) -> dict[str, float]:
    """How far a net's CAMs reach over the shapes that it names rightly; see `cam_heads`."""
    scenes = named(net, scenes)
    masks = cam_scores.mask_of(scenes.instances, 0)
    maps = attribution.cam(net, scenes.floats, subjects.answers(scenes))
    marked = cam_scores.above(maps)
    return {
        "cover": cam_scores.cover(marked, masks).mean(),
        "spill": cam_scores.cover(~masks, marked).mean(),
        "iou": cam_scores.overlap(marked, masks).mean(),
        "fit": cam_scores.fit(maps, masks).mean(),
    }


@experiments.experiment(version=1, seeds=5)
def cam_families(seed: int, scale: str) -> dict[str, float]:
    """Grad-CAM on four families, each net as it is: `dense_`, `words_`, `question_` and `policy_` with their scores.

    `dense_fit`: a net with a hidden dense layer, IoU with as many pixels as the shape has; `dense_chance`: of as many
    drawn at random. The others: see `cam_words.word_scores`, `cam_questions.question_scores`,
    `cam_policy.policy_scores`; `policy_untrained_...`: of a policy with random weights.
    """
    scenes, net = test_scenes(120, seed), cam_nets.trained("dense", seed)
    y, masks = subjects.answers(scenes), cam_scores.mask_of(scenes.instances, 0)
    loud = np.random.default_rng(seed).random((*masks.shape, 1))
    found = {
        "dense_right": experiments.accuracy(net, scenes.floats, y),
        "dense_fit": cam_scores.fit(attribution.grad_cam(net, scenes.floats, y), masks).mean(),
        "dense_chance": cam_scores.fit(loud, masks).mean(),
    }
    keras.utils.set_random_seed(seed)
    idle = cam_policy.policy_scores(cam_policy.policy(), seed, 200)
    parts = {
        "words": cam_words.word_scores(seed, 40),
        "question": cam_questions.question_scores(seed, 100, cam_questions.taught(seed)),
        "policy": cam_policy.policy_scores(cam_policy.taught(seed), seed, 200),
        "policy_untrained": {name: idle[name] for name in ("green", "bar")},
    }
    return found | {f"{part}_{key}": value for part, scores in parts.items() for key, value in scores.items()}
