"""Queries and documents that are really there: first lines of NumPy's manual, and the pages below them.

Chapter: matching.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

SIGNATURE, LONG, SHORT = re.compile(r"^[\w.]+\("), 200, 30  # a first line of so many letters, a page of so many words
PLACES = ("", "linalg", "fft", "random", "random.Generator", "ma", "ma.MaskedArray", "strings", "ndarray", "testing")
SERIES = ("polynomial", "chebyshev", "legendre", "hermite", "Polynomial")


class Pages(NamedTuple):
    """First lines and what stands below them, page by page, in the order of names."""

    queries: list[str]
    documents: list[str]


@functools.cache
def numpy_pages() -> Pages:
    """Read the pages of NumPy as it is installed: its public functions and methods, each first line once.

    Another release has other words, so numbers that come of them belong to one release. Chapter: matching.
    """
    found: dict[str, str] = {}
    for place in (*PLACES, *(f"polynomial.{name}" for name in SERIES)):
        home = functools.reduce(getattr, filter(None, place.split(".")), np)
        for name in sorted(name for name in dir(home) if not name.startswith("_")):
            found |= _page(getattr(home, name, None), found)
    return Pages(list(found), list(found.values()))


def _page(thing: object, known: dict[str, str]) -> dict[str, str]:
    """First line and rest of one thing's page, unless it has none, is too short, or its line is known."""
    text = inspect.getdoc(thing) if callable(thing) else None
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text or "") if part.strip()]
    parts = parts[1:] if parts and SIGNATURE.match(parts[0]) else parts
    query, rest = (parts[0], " ".join(parts[1:])) if parts else ("", "")
    fits = len(query) <= LONG and len(rest.split()) > SHORT and query not in known
    return {query: rest} if fits else {}


class Bags(NamedTuple):
    """Bags of words as rows of length 1, in one vocabulary: queries (n, words) and documents (n, words), float32."""

    queries: np.ndarray
    documents: np.ndarray


def bags(pages: Pages, learned: np.ndarray) -> Bags:
    """Count words, rare ones more heavily (TF-IDF), in the vocabulary of the `learned` rows: words of two documents.

    Source: scikit-learn, `TfidfVectorizer` with sublinear counts. Chapter: matching.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english", dtype=np.float32)
    counter.fit([pages.documents[row] for row in learned])
    return Bags(*(counter.transform(texts).toarray() for texts in pages))


def word_scores(pages: Pages) -> np.ndarray:
    """How well each query fits each document by common words alone: inner products of TF-IDF, (queries, documents).

    With every word of every document, as a search engine has them. Source: scikit-learn. Chapter: matching.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    documents = counter.fit_transform(pages.documents)
    return (counter.transform(pages.queries) @ documents.T).toarray()


def bag_encoder(words: int, codes: int = 128) -> keras.Model:
    """Make the smallest encoder of a bag: one layer without bias, (n, words) -> codes of length 1.

    Untrained it is a random projection, which keeps the angles of its input roughly. Chapter: matching.
    """
    inputs = keras.Input((words,))
    code = layers.Dense(codes, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=codes**-0.5))
    return keras.Model(inputs, layers.UnitNormalization()(code(inputs)))


def twin_of_bags(encoder: keras.Model) -> keras.Model:
    """Make the net that training wants: (n, 2, words), a query and its document -> both codes (n, 2, codes)."""
    pairs = keras.Input((2, *encoder.input_shape[1:]))
    return keras.Model(pairs, ops.stack([encoder(pairs[:, 0]), encoder(pairs[:, 1])], axis=1))
