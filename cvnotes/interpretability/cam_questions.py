"""Why this answer: a toy that answers a question about a scene, and the map of its answer.

The question is "which colour has the ...?", with one of five shapes; the answer is one of four colours. The scene's
maps come from the encoder of the captioning chapter; the question is written on every place of them.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import attribution, experiments
from cvnotes.captioning import encoder, words
from cvnotes.data import COLOURS
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import tap

from . import cam_scores, cam_store

Array = np.ndarray
SHAPES, HUES = words.KINDS, words.HUES
COUNT, EPOCHS, RATE, UNITS = 2000, 10, 3e-3, 64


def views(count: int, seed: int) -> Scenes:
    """Draw scenes with two shapes of different classes and colours: both questions have an answer, and not the same."""
    scenes = words.views(3 * count, seed, objects=2)
    apart = (scenes.labels[:, 0] != scenes.labels[:, 1]) & (scenes.colours[:, 0] != scenes.colours[:, 1])
    return scenes[np.flatnonzero(apart)[:count]]


def asked(scenes: Scenes, which: int) -> tuple[Array, Array]:
    """The question about object `which` and its answer: rows of `SHAPES` and of `HUES`, (n,) each."""
    hues = {list(COLOURS).index(hue): i for i, hue in enumerate(HUES)}
    return scenes.labels[:, which], np.array([hues[colour] for colour in scenes.colours[:, which]])


def written(maps, questions: Array):
    """Write questions (n,) on every place of maps (n, h, w, c): (n, h, w, c + 5), a tensor."""
    signs = ops.one_hot(ops.convert_to_tensor(questions, "int32"), len(SHAPES), dtype="float32")
    n, h, w, _ = maps.shape
    return ops.concatenate([maps, ops.broadcast_to(signs[:, None, None], (n, h, w, len(SHAPES)))], -1)


def reader() -> keras.Model:
    """Build the head: each place compares what it sees with the question, the mean over places gives the logits.

    Takes (8, 8, 48 + 5), gives 4 logits. Chapter: class_activation_maps.
    """
    return keras.Sequential(
        [
            keras.Input((8, 8, encoder.FILTERS[-1] + len(SHAPES))),
            layers.Conv2D(UNITS, 1, activation="relu", name="compared"),
            layers.Conv2D(UNITS, 1, activation="relu", name="decided"),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dense(len(HUES), name="logits"),
        ],
        name="reader",
    )


def taught(seed: int, count: int = COUNT) -> keras.Model:
    """Train the head on both questions about each scene, with the encoder of the same seed as it is."""
    keras.utils.set_random_seed(seed)
    scenes, head = views(count, 700 + seed), reader()
    maps = encoder.maps(encoder.stored_encoder(seed), scenes.floats).reshape(len(scenes), 8, 8, -1)
    pairs = [asked(scenes, which) for which in (0, 1)]
    x = np.concatenate([ops.convert_to_numpy(written(maps, question)) for question, _ in pairs])
    y = np.concatenate([answer for _, answer in pairs])
    experiments.fit(head, x, y, epochs=EPOCHS, batch=50, rate=RATE, seed=seed)
    return head


def stored() -> keras.Model:
    """Give the stored head, which reads ``stored_encoder(0)``; made by ``python -m cvnotes.interpretability cams``."""
    head = reader()
    head.set_weights(cam_store.weights("reader"))
    return head


def answerer(eye: keras.Model, head: keras.Model, questions: Array):
    """The whole net as a function of pictures (n, 32, 32, 3), its questions (n,) held: logits (n, 4)."""
    front = tap(eye, "maps")

    def answer(pictures):
        maps = front(pictures, training=False)
        return head(written(maps, questions[: len(maps)]), training=False)

    return answer


def question_maps(eye: keras.Model, head: keras.Model, scenes: Scenes, which: int) -> tuple[Array, Array]:
    """Ask about object `which` of each scene: Grad-CAM (n, 32, 32, 1) of the right answer, and whether it was given."""
    question, truth = asked(scenes, which)
    net = answerer(eye, head, question)
    maps = attribution.grad_cam(net, scenes.floats, truth, layer="maps", batch_size=len(scenes))
    given = ops.convert_to_numpy(net(ops.convert_to_tensor(scenes.floats))).argmax(-1)
    return maps, given == truth


def question_scores(seed: int, count: int, head: keras.Model) -> dict[str, float]:
    """Score a head: `right` answers, `own` share on the object asked about, `likeness` of a scene's two maps.

    `unasked`: the own share of the map for one question, held against the object of the other.
    """
    eye, scenes = encoder.stored_encoder(seed), views(count, 9700 + seed)
    (one, right), (two, also) = (question_maps(eye, head, scenes, which) for which in (0, 1))
    first, second = (cam_scores.mask_of(scenes.instances, which) for which in (0, 1))
    own = np.r_[cam_scores.own_share(one, first, second), cam_scores.own_share(two, second, first)]
    swapped = np.r_[cam_scores.own_share(one, second, first), cam_scores.own_share(two, first, second)]
    found = {"right": np.r_[right, also], "own": own, "unasked": swapped, "likeness": cam_scores.likeness(one, two)}
    return {name: float(np.nanmean(values)) for name, values in found.items()}
