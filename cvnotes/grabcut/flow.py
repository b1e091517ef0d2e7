"""The minimum cut: of all ways to call pixels object or background, the one with the least energy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from .links import Links

LARGEST = 2**30 - 1  # of an arc: with the flow that comes back it still fits in 32 bits


class Cut(NamedTuple):
    """Labels (h, w), True for the object; their energy; the value of the flow; and how far whole numbers can mislead.

    No labelling has an energy that is lower by more than `slack`, and the flow is within `slack` of the energy.
    """

    labels: np.ndarray
    energy: float
    flow: float
    slack: float


def energy(labels: np.ndarray, background: np.ndarray, thing: np.ndarray, links: Links, weights: np.ndarray) -> float:
    r"""Add up what a labelling costs: each pixel by its label, and each border between neighbours.

    .. math:: E(\alpha) = \sum_n D_n(\alpha_n) + \sum_{(m, n)} w_{mn} \, [\alpha_m \ne \alpha_n]

    labels: bool (h, w), True for the object; background, thing: (h, w) costs of the two labels. Raises ValueError for
    other shapes, and labels that are no truth values. Chapter: grabcut.
    """
    flat = np.ravel(labels)
    if flat.dtype != bool or not np.shape(labels) == np.shape(background) == np.shape(thing):
        told = f"{flat.dtype} {np.shape(labels)} for {np.shape(background)} and {np.shape(thing)}"
        raise ValueError(f"Give a truth value and two costs for each pixel. Received: {told}")
    own = np.where(labels, thing, background).sum()
    return float(own + np.asarray(weights)[flat[links.first] != flat[links.second]].sum())


def minimum_cut(background: np.ndarray, thing: np.ndarray, links: Links, weights: np.ndarray) -> Cut:
    """Find the labelling of least energy, as the minimum cut of a graph.

    Every pixel is a node between a source and a sink. Its arc from the source is cut, and paid, if it is background;
    its arc to the sink, if it is object; a link, if its two pixels end on different sides.
    background, thing: (h, w) costs of calling a pixel so; infinite: never. links, weights: as `smoothness` gives them.
    Raises ValueError for shapes that do not fit, a pixel that may be neither, NaN, and weights below 0.
    Source: Greig, Porteous and Seheult (1989); Boykov and Jolly (2001). Chapter: grabcut.
    """
    background, thing, weights = checked(background, thing, links, weights)
    shape, spared = background.shape, np.minimum(background, thing)
    # a pixel that saves more than all its links cost gets its way in every best labelling: more room changes nothing
    enough = 1 + sum(np.bincount(ends, weights, background.size) for ends in links[:2]).reshape(shape)
    wants = [np.minimum(cost - spared, enough).ravel() for cost in (background, thing)]
    scale = LARGEST / max(1e-9, *(part.max(initial=0) for part in (*wants, weights)))
    labels, flow = _source_side(*wants, links, weights, scale)
    labels = labels.reshape(shape)
    slack = float((background.size + len(weights)) / scale)
    found = energy(labels, background, thing, links, weights)
    return Cut(labels, found, float(flow / scale + spared.sum()), slack)


def _source_side(
    from_source: np.ndarray, to_sink: np.ndarray, links: Links, weights: np.ndarray, scale: float
) -> tuple[np.ndarray, int]:
    """Send the largest flow, and see which pixels the source still reaches."""
    pixels, source, sink = np.arange(from_source.size), from_source.size, from_source.size + 1
    tails = np.concatenate([np.full(len(pixels), source), pixels, links.first, links.second])
    heads = np.concatenate([pixels, np.full(len(pixels), sink), links.second, links.first])
    room = np.rint(scale * np.concatenate([from_source, to_sink, weights, weights])).astype(np.int32)
    graph = csr_array((room[room > 0], (tails[room > 0], heads[room > 0])), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph, source, sink)
    left = (graph - flow.flow).tocsr()
    left.data = (left.data > 0).astype(np.int8)
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    return reached[:source], int(flow.flow_value)


def checked(
    background: np.ndarray, thing: np.ndarray, links: Links, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read costs and weights as floats. Raises ValueError unless they and the links fit together, as `minimum_cut`."""
    costs = [np.asarray(cost, np.float64) for cost in (background, thing)]
    shapes, weights = [cost.shape for cost in costs], np.asarray(weights, np.float64)
    if shapes[0] != shapes[1] or costs[0].ndim != 2 or costs[0].size == 0:
        raise ValueError(f"Give two costs for each pixel, (h, w) both. Received: {shapes[0]} and {shapes[1]}")
    if any((np.isnan(cost) | np.isneginf(cost)).any() for cost in costs) or np.isinf(np.minimum(*costs)).any():
        raise ValueError("A pixel has a finite cost for at least one label. Received: NaN, -inf, or inf for both")
    if any(len(ends) and not 0 <= ends.min() <= ends.max() < costs[0].size for ends in links[:2]):
        raise ValueError(f"Links join pixels of the same picture. Received: {costs[0].size} pixels, and links beyond")
    if weights.shape != links.first.shape or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"Give each of the {len(links.first)} links a weight of 0 or more. Received: {weights.shape}")
    return *costs, weights
