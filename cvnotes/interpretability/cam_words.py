"""Why this word: Grad-CAM for one word of a caption, scored against the object that the word names."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes import attribution
from cvnotes.captioning import encoder, trials, words
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import tap

from . import cam_scores

Array = np.ndarray


def speaker(eye: keras.Model, voice: keras.Model, reads: Array):
    """The captioner as one function of pictures (n, 32, 32, 3): logits (n, t, words), after the words `reads` (n, t).

    Chapter: class_activation_maps.
    """
    front = tap(eye, "maps")

    def speak(pictures):
        maps = front(pictures, training=False)
        n, _, _, channels = maps.shape
        return voice([ops.reshape(maps, (n, -1, channels)), ops.convert_to_tensor(reads[:n])], training=False)

    return speak


def spoken_words(scenes: Scenes) -> list[tuple[int, int, int]]:
    """Each word that names one of two objects: (scene, place in the caption, object), scenes of one object left out."""
    named = [(i, trials.naming_words(scene)) for i, scene in enumerate(scenes) if len(scene) == 2]
    return [(i, place, j) for i, pairs in named for place, j in pairs]


def word_maps(eye: keras.Model, voice: keras.Model, scenes: Scenes, chosen: list[tuple[int, int, int]]) -> Array:
    """Grad-CAM (m, 32, 32, 1) of chosen words of the full captions: the logit of the word, at the encoder's last maps.

    chosen: rows (scene, place, object), see `spoken_words`. Chapter: class_activation_maps.
    """
    rows, places = np.array([row[0] for row in chosen]), [row[1] for row in chosen]
    reads, says = (table[rows] for table in words.encode([words.full_caption(scene) for scene in scenes]))
    pick = np.zeros((*says.shape, len(words.VOCABULARY)), "float32")
    pick[np.arange(len(rows)), places, says[np.arange(len(rows)), places]] = 1
    speak, x = speaker(eye, voice, reads), scenes.floats[rows]

    def score(logits):
        return ops.sum(logits * pick[: len(logits)], (1, 2))

    return attribution.grad_cam(speak, x, score, layer="maps", batch_size=len(x))


def word_scores(seed: int, count: int) -> dict[str, float]:
    """Score the stored captioner's maps on scenes of a seed: `own` share on the object that a word names.

    `colour` and `shape`: the same for words of either kind; `untrained`: with a decoder of random weights.
    """
    scenes = words.views(count, 9000 + seed, objects=2)
    chosen = spoken_words(scenes)[::2] + spoken_words(scenes)[1::2]
    keras.utils.set_random_seed(seed)
    voices = {"own": trials.stored_captioner(), "untrained": _random_voice()}
    eye, objects = encoder.stored_encoder(0), np.array([row[2] for row in chosen])
    masks = scenes.instances[[row[0] for row in chosen]]
    mine, other = (masks == each[:, None, None] + 1 for each in (objects, 1 - objects))
    found = {name: cam_scores.own_share(word_maps(eye, voice, scenes, chosen), mine, other)
             for name, voice in voices.items()}  # fmt: skip
    half = len(chosen) // 2
    found |= {"colour": found["own"][:half], "shape": found["own"][half:]}
    return {name: float(np.nanmean(shares)) for name, shares in found.items()}


def _random_voice() -> keras.Model:
    from cvnotes.captioning import decoder

    return decoder.captioner("attention", (64, encoder.FILTERS[-1]))
