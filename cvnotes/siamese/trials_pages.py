"""Stored experiment: pages of NumPy's manual, found by their first lines.

Chapter: matching.
"""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments

from . import documents
from .batches import BatchMatches
from .gallery import rank_of_own
from .trials import named
from .twins import codes_of

QUERIES = 200  # pages of NumPy's manual whose queries are kept for the test
LESSONS = {"untrained": 0, "2 passes": 2, "20 passes": 20}  # through the others
FACTOR, RATE = {"quick": 1, "full": 3}, 3e-3  # chosen with 100 of the others held out


def ranked(scores: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """The share of queries whose page comes first, and among the first ten."""
    place = rank_of_own(scores, own)
    return {"first": float((place == 0).mean()), "ten": float((place < 10).mean())}


@experiments.experiment(version=2, seeds=5)
def pages(seed: int, scale: str) -> dict:
    """Find pages of NumPy's manual by their first lines: bags of words as they are, projected, learned, and both."""
    texts = documents.numpy_pages()
    order = np.random.default_rng(0).permutation(len(texts.queries))
    asked, learned = order[:QUERIES], order[QUERIES:]
    bags = documents.bags(texts, learned)
    words = documents.word_scores(texts)[asked]
    found = named("TF-IDF", ranked(words, asked)) | {"queries": QUERIES, "pages": len(order)}
    for arm, passes in LESSONS.items():
        net = page_net(bags, learned, passes * FACTOR[scale], seed)
        scores = codes_of(net, bags.queries[asked]) @ codes_of(net, bags.documents).T
        found |= named(arm, ranked(scores, asked)) | named(f"{arm} + words", ranked(scores + words, asked))
    return found


def page_net(bags: documents.Bags, learned: np.ndarray, passes: int, seed: int) -> keras.Model:
    """Teach an encoder of bags with queries and their pages, the hardest page of each batch for a negative."""
    keras.utils.set_random_seed(seed)
    net = documents.bag_encoder(bags.queries.shape[1])
    pairs, own = np.stack([bags.queries[learned], bags.documents[learned]], axis=1), np.arange(len(learned))
    options = {"batch": 50, "rate": RATE, "seed": seed, "loss": BatchMatches(0.5)}
    if passes:
        experiments.fit(documents.twin_of_bags(net), pairs, own, epochs=passes, **options)
    return net
