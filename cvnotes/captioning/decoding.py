"""From next-word probabilities to a caption: the best word each time, or the best few beginnings side by side."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from scipy.special import log_softmax

from cvnotes.checks import whole

from . import words

Step = Callable[[np.ndarray], np.ndarray]


def next_words(model: keras.Model, code: np.ndarray, reads: np.ndarray) -> np.ndarray:
    """Log-probabilities (n, t, words) of every next word, 500 captions at a time.

    Raises ValueError unless there are as many rows of words as codes, and some. Chapter: captioning.
    """
    if len(code) != len(reads) or not len(code):
        raise ValueError(f"Give a row of words a code, and some. Received: {np.shape(code)}, {np.shape(reads)}")
    parts = [
        keras.ops.convert_to_numpy(model([code[i : i + 500], reads[i : i + 500]], training=False))
        for i in range(0, len(code), 500)
    ]
    return log_softmax(np.concatenate(parts), axis=-1)


def greedy(model: keras.Model, code: np.ndarray, most: int = words.MOST) -> list[str]:
    """Say the most probable word each time, read it, and go on to the end sign.

    code: (n, ...) as the model takes it. Chapter: captioning.
    """
    reads = np.zeros((len(code), most + 1), np.int32)
    reads[:, 0] = words.VOCABULARY.index(words.START)
    for t in range(most):
        reads[:, t + 1] = next_words(model, code, reads)[:, t].argmax(-1)
    return [words.read(row) for row in reads]


def beam_search(step: Step, width: int, most: int, start: int, end: int) -> tuple[list[int], float]:
    """Keep the `width` most probable beginnings, extend each by every word, keep the best again.

    step: takes beginnings (k, t) and gives log-probabilities (k, words) of the next word. A caption ends with the
    sign `end`, or after `most` words. Returns its words (with the end sign) and its log-probability.
    width 1 is the greedy choice. Raises ValueError for a width or length below 1.
    Source: Sutskever, Vinyals and Le (2014), section 3.2. Chapter: captioning.
    """
    width, most = whole("width", width, 1), whole("most", most, 1)
    beams, done = [([start], 0.0)], []
    for _ in range(most):
        following = step(np.array([beginning for beginning, _ in beams]))
        longer = [
            ([*beginning, word], score + float(more))
            for (beginning, score), row in zip(beams, following, strict=True)
            for word, more in enumerate(row)
        ]
        longer = sorted(longer, key=lambda pair: -pair[1])[:width]
        done += [pair for pair in longer if pair[0][-1] == end]
        beams = [pair for pair in longer if pair[0][-1] != end]
        if not beams:
            break
    best = max(done + beams, key=lambda pair: pair[1])
    return best[0][1:], best[1]


def beam_caption(model: keras.Model, code: np.ndarray, width: int, most: int = words.MOST) -> str:
    """Caption one picture (its code, without a batch axis) by beam search. Chapter: captioning."""
    sign = words.VOCABULARY.index

    def step(beginnings: np.ndarray) -> np.ndarray:
        reads = np.zeros((width, most + 1), np.int32)  # always as many rows: one shape, one trace
        reads[: len(beginnings), : beginnings.shape[1]] = beginnings
        logits = model.predict_on_batch([np.repeat(code[None], width, 0), reads])
        return log_softmax(logits[: len(beginnings), beginnings.shape[1] - 1], axis=-1)

    return words.read(beam_search(step, width, most, sign(words.START), sign(words.END))[0])
