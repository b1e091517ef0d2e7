"""The pictures of the page captioning. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import figures
from cvnotes.checks import whole
from cvnotes.data.scenes import Scenes

from . import decoding, encoder, trials, words

SHOWN = (3, 8, 20, 27)  # scenes of the figure to play with
EYE_NAMES = {
    "pixels": "raw pixels",
    "averaged": "maps averaged",
    "flattened": "maps flattened",
    "attention": "maps + attention",
}
RIVALS = {"common": "one caption for all", "blank": "blank picture", "others": "another's picture"}


def captioned(scenes: Scenes, captions: Sequence[str], columns: int = 3) -> Figure:
    """Show scenes, each with its caption above it, broken before the relation."""
    titles = [caption.replace(" left of", "\nleft of").replace(" above", "\nabove") for caption in captions]
    titles = [title if "\n" in title else title + "\n" for title in titles]
    return figures.image_grid([scene.image for scene in scenes], titles, columns=columns, scale=2.0)


def reliability(counts: np.ndarray, sure: np.ndarray, right: np.ndarray) -> Figure:
    """Draw confidence against accuracy, bins of all seeds together: points on the line mean what they say.

    counts, sure, right: (seeds, bins) numbers of answers, sums of their confidences, and how many are right.
    """
    total = counts.sum(0)
    full = total > 0
    x, y = sure.sum(0)[full] / total[full], right.sum(0)[full] / total[full]
    fig, ax = figures.canvas(5.4, 3.6)
    ax.plot([0, 1], [0, 1], color=figures.GREY, linewidth=1, linestyle=(0, (3, 2)))
    ax.vlines(x, np.minimum(x, y), np.maximum(x, y), color=figures.ORANGE, linewidth=3, alpha=0.5)
    ax.scatter(x, y, s=20 + 180 * total[full] / total.max(), color=figures.BLUE, zorder=3)
    ax.text(0.97, 0.90, "as sure as right", rotation=33, ha="right", va="top", fontsize=9, color=figures.GREY)
    ax.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1.03), ylim=(0, 1.05))
    return fig


def two_answers(scene, single: np.ndarray, several: np.ndarray) -> Figure:
    """Draw a scene, and five probabilities from a softmax and from five sigmoids, with the line at one half."""
    fig, axes = figures.canvas(7.4, 2.6, columns=3, width_ratios=[0.9, 1, 1])
    axes[0].imshow(scene.image)
    axes[0].set(xticks=[], yticks=[], title="two shapes")
    for ax, values, title in zip(axes[1:], (single, several), ("one softmax", "five sigmoids"), strict=True):
        there = np.isin(np.arange(len(values)), scene.labels)
        ax.barh(range(len(values)), values, color=[figures.BLUE if t else figures.GREY for t in there], height=0.6)
        ax.axvline(0.5, color=figures.ORANGE, linewidth=1.2)
        ax.set(xlim=(0, 1.02), title=title, ylim=(len(values) - 0.5, -0.5))
        ax.set_yticks(range(len(values)), words.KINDS)
        ax.tick_params(axis="y", length=0)
    return fig


def scores(found: Mapping[str, np.ndarray], score: str) -> Figure:
    """Draw one score of the captioner for each eye, and of three rivals that see nothing."""
    named = {name: found[f"{key}_{score}"] for key, name in (EYE_NAMES | RIVALS).items()}
    return figures.bars(
        named, xlabel={"exact": "captions without a wrong word", "true": "captions that are true"}[score]
    )


@functools.cache
def _played() -> tuple[Scenes, np.ndarray, np.ndarray, np.ndarray]:
    """Scenes of the figure to play with, what the captioner reads, its next-word probabilities and its attention."""
    scenes = words.views(max(SHOWN) + 1, seed=99)[list(SHOWN)]
    eye, voice = encoder.stored_encoder(0), trials.stored_captioner()
    code = encoder.maps(eye, scenes.floats)
    reads, _ = words.encode(decoding.greedy(voice, code))
    glance = keras.Model(voice.inputs, voice.get_layer("glance").output[1])
    attention = keras.ops.convert_to_numpy(glance([code, reads]))
    return scenes, reads, np.exp(decoding.next_words(voice, code, reads)), attention


def spoken(scene: int, word: int) -> tuple[list[str], list[str]]:
    """What the stored captioner has said before a word (counted from 1), and its likeliest next words, at most five."""
    whole("scene", scene, 1, len(SHOWN))
    _, reads, chances, _ = _played()
    word = whole("word", word, 1)
    place = min(word - 1, int(np.count_nonzero(reads[scene - 1])) - 1)
    before = words.read(reads[scene - 1, : place + 1]).split()
    order = np.argsort(-chances[scene - 1, place])[:5]
    return before, [words.VOCABULARY[i] for i in order]


def next_word(scene: int, word: int) -> Figure:
    """Draw a scene, where the captioner looks before a word, and how likely it takes each next word to be.

    scene: from 1; word: from 1; after the last word the sign for the end is shown. The figure to play with.
    """
    before, likely = spoken(scene, word)
    scenes, _, chances, attention = _played()
    place = len(before)
    fig, (left, middle, right) = figures.canvas(7.6, 2.9, columns=3, width_ratios=[1, 1, 1.1])
    picture = scenes[scene - 1].image
    left.imshow(picture)
    left.set_title("the picture")
    look = attention[scene - 1, place].reshape(8, 8)
    middle.imshow(picture.mean(-1), cmap="gray", vmin=0, vmax=255, alpha=0.55)
    middle.imshow(np.kron(look, np.ones((4, 4))), cmap="magma", alpha=0.6, vmin=0)
    for x0, y0, x1, y1 in scenes[scene - 1].boxes - 0.5:
        middle.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=1.2))
    middle.set_title("where it looks")
    for ax in (left, middle):
        ax.set(xticks=[], yticks=[])
    shares = [chances[scene - 1, place, words.VOCABULARY.index(name)] for name in likely]
    right.barh(range(5), shares, color=[figures.ORANGE, *[figures.BLUE] * 4], height=0.6)
    right.set_yticks(range(5), likely)
    right.set(xlim=(0, 1.02), ylim=(4.5, -0.5), title="next word")
    right.tick_params(axis="y", length=0)
    fig.suptitle("so far:  " + (" ".join(before) or "nothing"), x=0.02, ha="left", fontsize=11)
    return fig


def says_next_word(scene: int, word: int) -> str:
    """Put `next_word` into words, which are the same wherever the stored captioner speaks."""
    before, likely = spoken(scene, word)
    said = f"After “{' '.join(before)}”" if before else "Before the first word"
    ends = "expects the end" if likely[0] == words.END else f"expects “{likely[0]}”"
    return f"Scene {scene}. {said} the captioner {ends}."
