"""How good are labels? Everything is read from one table: how many pixels of each class were given each label.

Chapter: segmentation.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter

from cvnotes.checks import whole

from .task import NAMES, VOID

WIDTH = 2  # pixels on either side of a border that belong to its band


def confusion(truth: np.ndarray, said: np.ndarray, classes: int = len(NAMES), void: int | None = VOID) -> np.ndarray:
    r"""Count the pixels of class i that were given label j: the table :math:`n_{ij}`, (classes, classes).

    truth, said: labels of equal shape, any number of axes, whole numbers; void: pixels with this truth are not
    counted, whatever was said (None: all are).
    Raises ValueError for shapes that differ, labels that are no whole numbers or out of range, and for so many classes
    that the usual void is one of them: give another then.
    Source: Long et al. (2015), section 5. Chapter: segmentation.
    """
    truth, said, classes = _labels("truth", truth), _labels("said", said), _classes(classes, void)
    if truth.shape != said.shape:
        raise ValueError(f"Each pixel needs a truth and a label. Received: shapes {truth.shape} and {said.shape}")
    judged = np.ones(truth.shape, bool) if void is None else truth != whole("void", void, 0)
    truth, said = truth[judged].astype(np.int64), said[judged].astype(np.int64)
    for who, given in (("truth", truth), ("said", said)):
        if given.size and (given.min() < 0 or given.max() >= classes):
            raise ValueError(f"Labels run from 0 to {classes - 1}. Received: {who} {given.min()} to {given.max()}")
    return np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)


def _labels(who: str, given: np.ndarray) -> np.ndarray:
    given = np.asarray(given)
    if given.dtype.kind not in "iu" and given.size:
        raise ValueError(f"Labels are whole numbers; of logits, take the argmax. Received: {who} of {given.dtype}")
    return given


def _classes(classes: int, void: int | None) -> int:
    classes = whole("classes", classes, 1)
    if classes > VOID == void:
        raise ValueError(f"Give another void, or None: {VOID} is one of the classes. Received: classes={classes}")
    return classes


def _table(table: np.ndarray) -> np.ndarray:
    table = np.asarray(table)
    if table.ndim != 2 or len({*table.shape}) != 1 or not table.size or table.dtype.kind not in "iu" or table.min() < 0:
        raise ValueError(f"Give a table (classes, classes) of counts, as `confusion` makes. Received: {table!r:.80}")
    return table.astype(np.int64)  # doubled counts of bytes would begin again at zero


def _share(part: np.ndarray, whole_: np.ndarray) -> np.ndarray:
    """part / whole, NaN where there is nothing to share."""
    return np.divide(part, whole_, out=np.full(np.shape(part), np.nan), where=np.asarray(whole_) > 0)


def pixel_accuracy(table: np.ndarray) -> float:
    r"""The share of pixels with the right label, :math:`\sum_i n_{ii} / \sum_{ij} n_{ij}`; NaN without a pixel.

    Raises ValueError for what is no table of counts. Source: Long et al. (2015), section 5. Chapter: segmentation.
    """
    table = _table(table)
    return float(_share(np.trace(table), table.sum()))


def class_accuracy(table: np.ndarray) -> np.ndarray:
    r"""For each class the share of its pixels with the right label, :math:`n_{ii} / \sum_j n_{ij}`.

    (classes,), NaN for a class without a pixel. Source: Long et al. (2015), section 5. Chapter: segmentation.
    """
    table = _table(table)
    return _share(np.diag(table), table.sum(1))


def class_iou(table: np.ndarray) -> np.ndarray:
    r"""For each class, pixels that are of it *and* called so, of all that are of it *or* called so.

    .. math:: \mathrm{IoU}_i = \frac{n_{ii}}{\sum_j n_{ij} + \sum_j n_{ji} - n_{ii}}

    (classes,), NaN for a class that neither is there nor was said. Raises as `pixel_accuracy`.
    Source: Long et al. (2015), section 5. Chapter: segmentation.
    """
    table = _table(table)
    right = np.diag(table)
    return _share(right, table.sum(1) + table.sum(0) - right)


def class_dice(table: np.ndarray) -> np.ndarray:
    r"""For each class twice the overlap over the sum of both areas, :math:`2 n_{ii} / (\sum_j n_{ij} + \sum_j n_{ji})`.

    Also the F1 score of its pixels; :math:`2\,\mathrm{IoU} / (1 + \mathrm{IoU})`. (classes,), NaN as `class_iou`.
    Source: Dice (1945). Chapter: segmentation.
    """
    table = _table(table)
    return _share(2 * np.diag(table), table.sum(1) + table.sum(0))


def mean_iou(table: np.ndarray) -> float:
    """The mean of `class_iou` over the classes that are there or were said; 0 if there are none, as in Keras.

    Source: Long et al. (2015), section 5. Chapter: segmentation.
    """
    found = class_iou(table)
    return float(np.nanmean(found)) if np.isfinite(found).any() else 0.0


def border(labels: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """The band along borders: pixels with another label at most `width` rows and columns away, bool (n, h, w).

    labels: whole numbers (n, h, w); the frame of the picture is no border. Raises ValueError for another shape.
    Source: Kohli et al. (2009), section 5.2, with a square neighbourhood. Chapter: segmentation.
    """
    labels, width = _labels("labels", labels), whole("width", width, 1)
    if labels.ndim != 3:
        raise ValueError(f"Give labels (n, h, w), also of one picture. Received: shape {labels.shape}")
    if not labels.size:
        return np.zeros(labels.shape, bool)
    around = {"size": (1, 2 * width + 1, 2 * width + 1), "mode": "nearest"}
    return maximum_filter(labels, **around) != minimum_filter(labels, **around)


def border_table(truth: np.ndarray, said: np.ndarray, width: int = WIDTH, classes: int = len(NAMES)) -> np.ndarray:
    """`confusion` of the pixels in the band along true borders alone; its `mean_iou` is the border IoU.

    truth, said: labels (n, h, w). Where the truth is void is no pixel of the band, but its edge is a border.
    Raises ValueError as `confusion`. Source: Kohli et al. (2009), section 5.2. Chapter: segmentation.
    """
    band = border(truth, width)
    return confusion(np.where(band, truth, np.int64(VOID)), said, classes)


def boundary_iou(truth: np.ndarray, said: np.ndarray, width: int = WIDTH, classes: int = len(NAMES)) -> np.ndarray:
    r"""For each class the IoU of two bands: the rim of its true region, and the rim of its region as it was said.

    .. math:: \frac{|(G_d \cap G) \cap (P_d \cap P)|}{|(G_d \cap G) \cup (P_d \cap P)|}

    with true region G, said region P, and pixels :math:`G_d, P_d` at most `width` from their borders. (classes,), NaN
    as `class_iou`. truth, said: labels (n, h, w). The frame of the picture is no border here. Pixels whose truth is
    void do not count, and are taken to be what was said: their edge is no border. Raises ValueError as `confusion`.
    Source: Cheng et al. (2021), equation 1. Chapter: segmentation.
    """
    inside = np.int64(len(confusion(truth, said, classes)))  # one more label: in no band
    void = np.equal(truth, VOID)
    pair = np.where(void, said, truth), np.asarray(said)
    rims = (np.where(border(labels, width) & ~void, labels, inside) for labels in pair)
    return class_iou(confusion(*rims, inside + 1, void=None))[:inside]
