"""Selective search: boxes that may hold an object, from the regions of a picture. Chapter: selective_search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from cvnotes.checks import choice, number, whole

from .colour_spaces import SPACES, to_space
from .grouping import Hierarchy, group
from .regions import describe
from .segments import segment
from .similarity import MEASURES, as_measures

#: The strategies of Uijlings et al. (2013), section 5.3: eight groupings, and eighty.
FAST = {"scale": (50, 100), "min_size": None, "spaces": ("hsv", "lab"), "measures": ("CTSF", "TSF")}
FULL = {
    "min_size": None,
    "scale": (50, 100, 150, 300),
    "spaces": ("hsv", "lab", "rgi", "hue", "gray"),
    "measures": ("CTSF", "TSF", "F", "S"),
}


def selective_search(
    image: np.ndarray,
    scale: float | Sequence[float] = 50,
    sigma: float = 0.8,
    min_size: int | None = 10,
    limit: int | None = None,
    *,
    spaces: str | Sequence[str] = "hsv",
    measures: str | Sequence[str] = MEASURES,
    seed: int | None = None,
) -> np.ndarray:
    """Propose boxes that may hold an object: float32 (n, 4), x0, y0, x1, y1, the most promising first, none twice.

    Every box goes around one region of a grouping of the picture; with several scales, spaces or measures, the
    boxes of all their groupings come together. What was joined last comes first, so the whole picture leads.

    Args:
        image: (h, w, 3), (h, w, 1) or (h, w); whole numbers 0 .. 255 of uint8, or floats in [0, 1].
        scale, sigma, min_size: of the segmentation, see ``segment``; a min_size of None is the scale, as its authors
            have it.
        limit: the most boxes to return, None for all.
        spaces: of "rgb", "hsv", "lab", "rgi", "hue", "gray".
        measures: letters of colour, texture, size and fill, such as "CTSF".
        seed: None, or a number: each place in the order is multiplied by a random number, as its authors do, so
            that small regions come early too.

    Raises ValueError for other images or options. Source: Uijlings et al. (2013). Chapter: selective_search.
    """
    limit = None if limit is None else whole("limit", limit, 0)
    found = hierarchies(image, scale, sigma, min_size, spaces=spaces, measures=measures)
    boxes = [one.regions.box[::-1] for one in found]
    places = np.concatenate([np.arange(1.0, len(rows) + 1) for rows in boxes])
    if seed is not None:
        places *= np.random.default_rng(whole("seed", seed, 0)).random(len(places))
    return distinct(np.concatenate(boxes)[np.argsort(places, kind="stable")])[:limit].astype(np.float32)


def hierarchies(
    image: np.ndarray,
    scale: float | Sequence[float] = 50,
    sigma: float = 0.8,
    min_size: int | None = 10,
    *,
    spaces: str | Sequence[str] = "hsv",
    measures: str | Sequence[str] = MEASURES,
) -> list[Hierarchy]:
    """Group a picture in every way that is asked for: one ``Hierarchy`` for each space, scale and set of measures.

    Arguments as in ``selective_search``. Chapter: selective_search.
    """
    pixels = as_pixels(image)
    scales = [number("scale", k, above=0) for k in several("scale", scale)]
    spaces = [choice("spaces", s, SPACES) for s in several("spaces", spaces)]
    measures = [as_measures(letters) for letters in several("measures", measures)]
    sigma, least = number("sigma", sigma, 0), None if min_size is None else whole("min_size", min_size, 1)
    found = []
    for space, k in product(spaces, scales):
        view = to_space(pixels, space)
        labels = segment(view, k, sigma, least or round(k))
        regions = describe(labels, view)
        found += [group(labels, regions, letters) for letters in measures]
    return found


def distinct(boxes: np.ndarray) -> np.ndarray:
    """Leave out each box (n, 4) of whole numbers that came before; the order stays."""
    side = int(boxes.max()) + 1
    _, first = np.unique(boxes @ side ** np.arange(4), return_index=True)
    return boxes[np.sort(first)]


def as_pixels(image: np.ndarray) -> np.ndarray:
    """Read a picture as floats in [0, 1], (h, w, 3) or (h, w, 1). Raises ValueError that shows what came."""
    image = np.asarray(image)
    pixels = image[..., None] if image.ndim == 2 else image
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        raise ValueError(f"Give one picture, (h, w, 3), (h, w, 1) or (h, w). Received: {image.shape}")
    if pixels.dtype == np.uint8:
        return pixels / 255
    if pixels.dtype.kind != "f" or not ((pixels >= 0) & (pixels <= 1)).all():
        raise ValueError(f"Give uint8, or floats in [0, 1]. Received: {image.dtype}, {image.min()} to {image.max()}")
    return pixels.astype(float)


def several(name: str, given: object) -> list:
    """Read one value or a sequence of them as a list. Raises ValueError where there is none."""
    values = [given] if np.ndim(given) == 0 else list(given)
    if not values:
        raise ValueError(f"{name} must hold at least one value. Received: {name}={given!r}")
    return values
