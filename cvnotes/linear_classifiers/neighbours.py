"""The k-nearest-neighbour classifier: distances in three rungs, the vote, the choice of k. No Keras here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import whole

METRICS = ("L1", "L2")
BLOCK = 2**16  # differences at a time, few enough for a processor's cache


def _rows(name: str, array: np.ndarray) -> np.ndarray:
    """Read a table of pictures, one flattened picture in each row; ValueError for any other shape."""
    array = np.asarray(array)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must be (pictures, pixels): flatten with x.reshape(len(x), -1). Received: shape {array.shape}"
        )
    return array


def _pair(queries: np.ndarray, examples: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    if metric not in METRICS:
        raise ValueError(f"metric is one of {', '.join(METRICS)}. Received: metric={metric!r}")
    queries, examples = _rows("queries", queries), _rows("examples", examples)
    if queries.shape[1] != examples.shape[1]:
        raise ValueError(
            f"queries and examples need pictures of one size. Received: shapes {queries.shape} and {examples.shape}"
        )
    floats = queries.dtype.kind == examples.dtype.kind == "f"
    kind = np.result_type(queries, examples, np.float32 if floats else float)  # a difference of uint8 wraps round
    return queries.astype(kind, copy=False), examples.astype(kind, copy=False)


def _labels(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Read labels of a shape as whole numbers; ValueError for others. It looks at none, so it takes no time."""
    array = np.asarray(labels)
    if array.shape != shape or (array.size and array.dtype.kind not in "biu"):
        raise ValueError(
            f"labels must be whole numbers of shape {shape}: number the classes from 0, one a picture. "
            f"Received: {array.dtype} of shape {array.shape}"
        )
    return array.astype(int, copy=False)


def _classes(labels: np.ndarray, classes: int) -> np.ndarray:
    """Read the labels of neighbours, or raise a ValueError where a vote would be lost: from 0, below `classes`."""
    array = _labels(labels, np.shape(labels))
    if array.size and not 0 <= array.min() <= array.max() < classes:
        raise ValueError(
            f"labels must be whole numbers from 0 to {classes - 1}: number the classes from 0. "
            f"Received: {array.min()} to {array.max()}"
        )
    return array


def distances_two_loops(queries: np.ndarray, examples: np.ndarray, metric: str = "L2"):
    r"""Measure pair by pair: $\sum|q - x|$ for "L1", $\sqrt{\sum (q - x)^2}$ for "L2".

    queries (Q, D), examples (N, D) -> (Q, N). Raises ValueError where shapes do not fit.
    Chapter: linear_classifiers.
    """
    queries, examples = _pair(queries, examples, metric)
    table = np.zeros((len(queries), len(examples)))
    for i, query in enumerate(queries):
        for j, example in enumerate(examples):
            gap = np.abs(query - example)
            table[i, j] = gap.sum() if metric == "L1" else np.sqrt((gap**2).sum())
    return table


def distances_one_loop(queries: np.ndarray, examples: np.ndarray, metric: str = "L2"):
    """Measure one query against all examples at once; shapes as `distances_two_loops`.

    Chapter: linear_classifiers.
    """
    queries, examples = _pair(queries, examples, metric)
    table = np.zeros((len(queries), len(examples)))
    for i, query in enumerate(queries):
        gaps = np.abs(examples - query)  # (N, D)
        table[i] = gaps.sum(1) if metric == "L1" else np.sqrt((gaps**2).sum(1))
    return table


def distances_block(queries: np.ndarray, examples: np.ndarray, metric: str = "L2"):
    """Measure all pairs at once, at the price of a block of Q x N x D numbers.

    Shapes as `distances_two_loops`. Chapter: linear_classifiers.
    """
    queries, examples = _pair(queries, examples, metric)
    gaps = np.abs(queries[:, None] - examples)  # (Q, N, D)
    return gaps.sum(-1) if metric == "L1" else np.sqrt((gaps**2).sum(-1))


def distances(queries: np.ndarray, examples: np.ndarray, metric: str = "L2"):
    r"""Measure all pairs: "L2" through one matrix product, without the block.

    .. math:: \|q - x\|^2 = \|q\|^2 - 2\, q \cdot x + \|x\|^2

    Shapes as `distances_two_loops`. Rounding can make a square of nearly equal pictures
    slightly negative, so it is cut off at zero. Chapter: linear_classifiers.
    """
    queries, examples = _pair(queries, examples, metric)
    if metric == "L1":  # an absolute value has no such expansion: small blocks instead
        step = max(1, BLOCK // max(1, queries.size))
        cuts = [examples[i : i + step] for i in range(0, max(1, len(examples)), step)]
        return np.hstack([distances_block(queries, part, "L1") for part in cuts])
    squares = -2 * queries @ examples.T
    squares += (queries**2).sum(1)[:, None] + (examples**2).sum(1)
    return np.sqrt(np.maximum(squares, 0))


def vote(labels: np.ndarray, classes: int):
    """Count the votes of the neighbours: labels (Q, k) -> (Q, classes).

    Raises ValueError for labels that are no class. Chapter: linear_classifiers.
    """
    labels = _classes(labels, classes)
    return (labels[..., None] == np.arange(classes)).sum(axis=1)


def nearest(table: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Take the k smallest of each row of a table (Q, N), smallest first.

    Returns their columns and their distances, each (Q, k).
    Raises ValueError for a k outside 1 to N. Chapter: linear_classifiers.
    """
    k = whole("k", k, 1, np.shape(table)[1])
    columns = np.argsort(table, axis=1, kind="stable")[:, :k]
    return columns, np.take_along_axis(table, columns, axis=1)


class NearestNeighbours:
    """Keep the examples; name a query after most of its k nearest ones.

    k: how many neighbours vote; a tie goes to the smallest label, as in scikit-learn.
    metric: "L1" or "L2". Source: Fix and Hodges (1951); Cover and Hart (1967).
    Chapter: linear_classifiers.
    """

    BATCH = 64  # queries at a time, so that the block of "L1" stays small

    def __init__(self, k: int = 1, metric: str = "L2"):
        if metric not in METRICS:
            raise ValueError(f"metric is one of {', '.join(METRICS)}. Received: metric={metric!r}")
        self.k, self.metric = whole("k", k, 1), metric

    def fit(self, examples: np.ndarray, labels: np.ndarray) -> NearestNeighbours:
        """Remember where the examples (N, D) and labels (N,) are; labels are read when asked."""
        self.examples, self.labels = _rows("examples", examples), np.asarray(labels)
        return self

    def neighbours(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the k nearest of each query, nearest first: (their rows, their distances), each (Q, k)."""
        starts = range(0, max(1, len(queries)), self.BATCH)
        parts = [_rows("queries", queries)[i : i + self.BATCH] for i in starts]
        found = [nearest(distances(part, self.examples, self.metric), self.k) for part in parts]
        rows, far = zip(*found, strict=True)
        return np.concatenate(rows), np.concatenate(far)

    def predict(self, queries: np.ndarray) -> np.ndarray:
        """Name each query (Q, D) after most of its neighbours: (Q,).

        Raises ValueError for labels that are not whole numbers from 0, one an example.
        """
        labels = _labels(self.labels, self.examples.shape[:1])
        rows, _ = self.neighbours(queries)
        return vote(labels[rows], labels.max() + 1).argmax(1)


def folds(count: int, parts: int = 5):
    """Deal rows into parts: a list of (rows to learn from, rows to judge by).

    Row i goes to part i mod parts, so shuffle first where the order means something.
    Raises ValueError for fewer than two parts, or more parts than rows. Chapter: linear_classifiers.
    """
    whole("parts", parts, 2, count)
    part = np.arange(count) % parts
    return [(np.flatnonzero(part != p), np.flatnonzero(part == p)) for p in range(parts)]


def cross_validate(
    examples: np.ndarray,
    labels: np.ndarray,
    ks: Sequence[int],
    metric: str = "L2",
    parts: int = 5,
):
    """Score each k on every part, having learned from the others: (parts, ks).

    examples: (N, D) in random order; labels: (N,). One sorted table serves all k.
    Source: Stone (1974). Chapter: linear_classifiers.
    """
    examples = _rows("examples", examples)
    labels = _labels(labels, (len(examples),))
    ks, found = [whole("k", k, 1) for k in ks], []
    for learn, judge in folds(len(examples), parts):
        model = NearestNeighbours(max(ks), metric).fit(examples[learn], labels[learn])
        rows, _ = model.neighbours(examples[judge])
        votes = [vote(labels[learn][rows[:, :k]], labels.max() + 1) for k in ks]
        found.append([np.mean(v.argmax(1) == labels[judge]) for v in votes])
    return np.array(found)
