"""The stored experiment of the captioner: four eyes, three rivals that must lose, and where attention looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import keras
import numpy as np
from sklearn.preprocessing import StandardScaler

from cvnotes import experiments
from cvnotes.data.scenes import Scene, Scenes
from cvnotes.transfer import keeping

from . import decoder, decoding, encoder, words

TRAIN, TEST = 4000, 500
BEAM, BEAMED = 3, 50  # width, and scenes that are captioned by beam search


def seen(eye: str, net: keras.Model, scenes: Scenes) -> np.ndarray:
    """Give what an eye passes on: (n, 64, 48) numbers of each picture, raw pixels or the encoder's maps."""
    if eye == "pixels":
        return scenes.floats.reshape(len(scenes), 64, -1)
    return encoder.maps(net, scenes.floats)


def evened(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Give every number of codes (n, places, channels) mean 0 and variance 1 over `train`, and move others alike."""
    scaler = StandardScaler().fit(train.reshape(len(train), -1))
    return [scaler.transform(x.reshape(len(x), -1)).reshape(x.shape).astype(np.float32) for x in (train, *others)]


def commonest(captions: Sequence[str], scenes: Scenes) -> str:
    """Give the caption that is true of most of some scenes, among those that were heard."""
    often = [caption for caption, _ in Counter(captions).most_common(40)]
    return max(often, key=lambda caption: sum(words.holds(caption, scene) for scene in scenes))


def naming_words(scene: Scene) -> list[tuple[int, int]]:
    """Where the full caption of a scene names an object: (place of the word, object), colours and shapes alike."""
    split = words.full_caption(scene).split()
    named = [place for place, word in enumerate(split) if word in words.KINDS + words.HUES]
    return [(place, words.reading_order(scene)[i // 2]) for i, place in enumerate(named)]


def inside(attention: np.ndarray, box: np.ndarray, size: int) -> float:
    """Share of attention (places,) on a square grid that falls into a box x0, y0, x1, y1, in pixels of `size`."""
    side = round(len(attention) ** 0.5)
    edges = np.arange(side + 1) * size / side
    wide, tall = (
        np.maximum(np.minimum(edges[1:], box[2 + k]) - np.maximum(edges[:-1], box[k]), 0) * side / size for k in (0, 1)
    )
    return float(attention @ np.outer(tall, wide).ravel())


def looks(model: keras.Model, code: np.ndarray, scenes: Scenes) -> dict[str, float]:
    """Score where attention looks while an object is named: its share in that box, in the other's, and by chance."""
    reads, _ = words.encode([words.full_caption(scene) for scene in scenes])
    glance = keras.Model(model.inputs, model.get_layer("glance").output[1])
    attention = keras.ops.convert_to_numpy(glance([code, reads]))
    found: dict[str, list[float]] = {"named": [], "other": [], "chance": []}
    for row, scene in zip(attention, scenes, strict=True):
        if len(scene) < 2:
            continue
        for place, j in naming_words(scene):
            found["named"].append(inside(row[place], scene.boxes[j], scenes.size))
            found["other"].append(inside(row[place], scene.boxes[1 - j], scenes.size))
            found["chance"].append(inside(np.full(row.shape[1], 1 / row.shape[1]), scene.boxes[j], scenes.size))
    return {f"look_{name}": float(np.mean(values)) for name, values in found.items()}


def judged(model: keras.Model, code: np.ndarray, scenes: Scenes) -> dict[str, float]:
    """Score what a captioner says, and how often it names the next word of the full caption."""
    reads, says = words.encode([words.full_caption(scene) for scene in scenes])
    scores = words.told(decoding.greedy(model, code), scenes)
    return scores | {"word": decoder.word_accuracy(says, decoding.next_words(model, code, reads))}


@experiments.experiment(version=1, seeds=5)
def captions(seed: int, scale: str) -> dict[str, float]:
    """Train the captioner with four eyes, and score it beside what needs no picture.

    exact, true: of greedy captions; word: the next word after the true words before it; parameters: of the decoder.
    Without attention every number that an eye gives is standardized, so that one rate suits all of them.
    ``blank``: the best captioner before an empty picture, ``others``: before the picture of another scene.
    """
    net, train, test = encoder.stored_encoder(seed), words.views(TRAIN, 3 * seed + 1), words.views(TEST, 3 * seed + 2)
    told, found = [words.full_caption(scene) for scene in train], {}
    for eye in decoder.EYES:
        code, new = (seen(eye, net, scenes) for scenes in (train, test))
        code, new = (code, new) if eye == "attention" else evened(code, new)
        model = decoder.taught(eye, code, told, seed, scale)
        found |= {f"{eye}_{name}": value for name, value in judged(model, new, test).items()}
        found[f"{eye}_parameters"] = model.count_params()
    same = commonest(told, train[:TEST])
    rivals = {"common": [same] * TEST}
    blank = encoder.maps(net, np.full((TEST, words.SIDE, words.SIDE, 3), test.floats.mean(), np.float32))
    for name, other in (("blank", blank), ("others", np.roll(new, 1, axis=0))):
        rivals[name] = decoding.greedy(model, other)
    for name, said in rivals.items():
        found |= {f"{name}_{score}": value for score, value in words.told(said, test).items()}
    beams = [decoding.beam_caption(model, each, BEAM) for each in new[:BEAMED]]
    for name, said in (("beam", beams), ("single", decoding.greedy(model, new[:BEAMED]))):
        found |= {f"{name}_{score}": value for score, value in words.told(said, test[:BEAMED]).items()}
    return found | looks(model, new, test)


def trained_captioner(net: keras.Model, seed: int) -> keras.Model:
    """Train the captioner that the page keeps: attention, on the maps of an encoder."""
    train = words.views(TRAIN, 3 * seed + 1)
    told = [words.full_caption(scene) for scene in train]
    return decoder.taught("attention", seen("attention", net, train), told, seed)


def stored_captioner() -> keras.Model:
    """Give the stored captioner, with ``stored_encoder(0)`` as its eye; made by ``python -m cvnotes.captioning``."""
    model = decoder.captioner("attention", (64, encoder.FILTERS[-1]))
    model.set_weights(keeping.load_weights("captioning", "captioner"))
    return model
