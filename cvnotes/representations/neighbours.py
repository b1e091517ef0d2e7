"""Maps of codes: t-SNE from its formulas, the library's, and what can be measured on a map."""

from __future__ import annotations

import numpy as np
from keras import ops

from cvnotes.checks import number, whole

Array = np.ndarray


# The formulas ---------------------------------------------------------------------------------------------------------


def squared_distances(points: Array) -> Array:
    """Squared Euclidean distances between all rows of points (n, d), (n, n). Chapter: representations."""
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(np.asarray(points, float), "sqeuclidean"))


def chances(distances: Array, precision: float) -> Array:
    r"""The chance that each of (n,) squared distances is picked as a neighbour: :math:`\propto e^{-\beta d^2}`."""
    weights = np.exp(-precision * (distances - distances.min()))
    return weights / weights.sum()


def perplexity_of(chance: Array) -> float:
    r"""How many neighbours are meant: :math:`2^{H(p)}`, H the entropy in bits. Chapter: representations."""
    kept = chance[chance > 0]
    return float(2 ** -(kept * np.log2(kept)).sum())


def row(distances: Array, perplexity: float, halvings: int = 60) -> Array:
    """The chances of one row that have a perplexity: the precision is found by bisection. Chapter: representations."""
    low, high = -30.0, 30.0  # of the logarithm, in units of the mean distance
    for _ in range(halvings):
        middle = (low + high) / 2
        found = chances(distances, np.exp(middle) / distances.mean())
        low, high = (middle, high) if perplexity_of(found) > perplexity else (low, middle)
    return found


def similarities(points: Array, perplexity: float) -> Array:
    r"""How near points (n, d) are, as chances of pairs: :math:`p_{ij} = (p_{j|i} + p_{i|j}) / 2n`, (n, n), sum 1.

    :math:`p_{j|i} \propto e^{-\lVert x_i - x_j \rVert^2 / 2\sigma_i^2}`, each :math:`\sigma_i` such that its row has
    the perplexity. Raises ValueError unless the perplexity lies above 1 and below n - 1.
    Source: van der Maaten and Hinton (2008), equations 1 and 2. Chapter: representations.
    """
    n = len(points)
    perplexity = number("perplexity", perplexity, above=1, below=n - 1)
    squares, others = squared_distances(points), ~np.eye(n, dtype=bool)
    given = np.zeros((n, n))
    for i in range(n):
        given[i, others[i]] = row(squares[i, others[i]], perplexity)
    return (given + given.T) / (2 * n)


def map_similarities(places):
    r"""The same on the map: :math:`q_{ij} \propto (1 + \lVert y_i - y_j \rVert^2)^{-1}`, a tensor (n, n), sum 1.

    places: a tensor (n, 2). Source: van der Maaten and Hinton (2008), equation 4. Chapter: representations.
    """
    apart = ops.sum(ops.square(places[:, None] - places[None]), -1)
    near = (1 - ops.eye(places.shape[0])) / (1 + apart)
    return near / ops.sum(near)


def divergence(p, places):
    r"""What t-SNE makes small: :math:`\sum_{i \ne j} p_{ij} \log (p_{ij} / q_{ij})`, in nats, a scalar tensor.

    p: similarities (n, n). Source: van der Maaten and Hinton (2008), equation 2. Chapter: representations.
    """
    q, p = map_similarities(places), ops.cast(p, "float32")
    least = 1e-12  # pairs that nothing joins, and the diagonal, add nothing
    return ops.sum(p * (ops.log(ops.maximum(p, least)) - ops.log(ops.maximum(q, least))))


def pull(p: Array, places: Array) -> Array:
    r"""The slope of the divergence: :math:`4 \sum_j (p_{ij} - q_{ij}) (y_i - y_j) / (1 + d_{ij}^2)`, (n, 2).

    Source: van der Maaten and Hinton (2008), equation 5. Chapter: representations.
    """
    q = ops.convert_to_numpy(map_similarities(ops.convert_to_tensor(places, "float32")))
    force = (p - q) / (1 + squared_distances(places))
    return 4 * (force[..., None] * (places[:, None] - places[None])).sum(1)


# The map, and rulers for it -------------------------------------------------------------------------------------------


def tsne(points: Array, perplexity: float = 30, seed: int | None = None, **options) -> Array:
    """Lay points (n, d) out on a plane, (n, 2), by scikit-learn's t-SNE.

    seed: places at the start are drawn; None: they are the first two principal components. options: of the library.
    Raises ValueError unless the perplexity lies below n. Chapter: representations.
    """
    from sklearn.manifold import TSNE

    number("perplexity", perplexity, above=1, below=len(points))
    start = {"init": "pca", "random_state": 0} if seed is None else {"init": "random", "random_state": seed}
    return TSNE(perplexity=perplexity, **start, **options).fit_transform(np.asarray(points, "float32"))


def purity(points: Array, labels: Array, k: int = 10) -> float:
    """The share of the k nearest neighbours that are of a point's own class, over all points (n, d).

    Chance is the share of a class. Raises ValueError unless k lies below n. Chapter: representations.
    """
    from sklearn.neighbors import NearestNeighbors

    k = whole("k", k, 1, len(points) - 1)
    near = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return float((labels[near] == labels[:, None]).mean())


def kept(points: Array, places: Array, k: int = 10) -> float:
    """The share of each point's k nearest neighbours that are among its k nearest on the map.

    Chapter: representations.
    """
    from sklearn.neighbors import NearestNeighbors

    k = whole("k", k, 1, len(points) - 1)
    there, here = (NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False) for x in (points, places))
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(there, here, strict=True)]))


def disparity(one: Array, other: Array) -> float:
    """How far two maps differ, after one is moved, turned, mirrored and scaled onto the other: 0 equal, 1 unrelated.

    Procrustes analysis of SciPy. Chapter: representations.
    """
    from scipy.spatial import procrustes

    return float(procrustes(one, other)[2])


# Groups whose distances and sizes are known ---------------------------------------------------------------------------


def groups(centres: Array, widths: Array, each: int, seed: int) -> tuple[Array, Array]:
    """Draw round groups of `each` points about centres (g, d) with deviations (g,): points and their group numbers.

    Chapter: representations.
    """
    centres, dice = np.asarray(centres, float), np.random.default_rng(seed)
    points = [dice.normal(centre, width, (each, len(centre))) for centre, width in zip(centres, widths, strict=True)]
    return np.concatenate(points), np.repeat(np.arange(len(centres)), each)


def on_a_line(at: tuple[float, ...], dimensions: int = 10) -> Array:
    """Centres on the first axis, (len(at), dimensions). Chapter: representations."""
    return np.array(at, float)[:, None] * np.eye(dimensions)[0]


def centres_of(points: Array, group: Array) -> Array:
    """The mean of each group, (g, d). Chapter: representations."""
    return np.array([points[group == g].mean(0) for g in np.unique(group)])


def width_of(points: Array, group: Array) -> Array:
    """The root mean square distance of each group's points from their mean, (g,). Chapter: representations."""
    far = [np.linalg.norm(points[group == g] - c, axis=1) for g, c in enumerate(centres_of(points, group))]
    return np.array([np.sqrt(np.mean(each**2)) for each in far])


def gap_ratio(points: Array, group: Array) -> float:
    """How much farther the third group is from the second than the first: 1 where both gaps are equal.

    Between the centres of three groups. Chapter: representations.
    """
    first, second, third = centres_of(points, group)
    return float(np.linalg.norm(third - second) / np.linalg.norm(second - first))
