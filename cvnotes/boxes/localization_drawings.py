"""The pictures of the page localization. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.optimize import minimize

from cvnotes import backend, figures
from cvnotes.checks import choice, whole
from cvnotes.figures.style import DASHES

from . import losses
from .overlap import giou, iou

NAMES = {"squared": "squared", "absolute": "absolute", "smooth_l1": "smooth L1", "iou": "IoU", "giou": "GIoU"}
ANNOTATORS, WRONG = 19, (0, 1, 3, 6, 9)
TRUE, OTHER = np.array([3.0, 8, 11, 18]), np.array([14.0, 2, 22, 10])  # the object meant, and another, in pixels
FRAME, BETA = 24, 1.0  # pixels a side; where the smooth loss turns, in pixels


def frame(ax: Axes, box: np.ndarray, colour: str, width: float, style: str = "-", alpha: float = 1.0) -> None:
    """Draw one box x0, y0, x1, y1 on axes where a pixel's middle is a whole number."""
    x0, y0, x1, y1 = np.asarray(box) - 0.5
    look = {"edgecolor": colour, "linewidth": width, "linestyle": style, "alpha": alpha}
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **look))


# Pictures with answers ----------------------------------------------------------------------------------------------


def answered(images: np.ndarray, truth: np.ndarray, said: np.ndarray, rows: Sequence[str], titles) -> Figure:
    """Draw pictures in rows, one row for each net, with the true box (dashed) and the one that is said (solid).

    images: (n, h, w, 3); truth: (n, 4) corners in pixels; said: (rows, n, 4); titles: for each row, n words.
    """
    fig, axes = figures.canvas(7.6, 1.62 * len(rows) + 0.1, rows=len(rows), columns=len(images), squeeze=False)
    for line, name, boxes, words in zip(axes, rows, said, titles, strict=True):
        for ax, image, true, box, title in zip(line, images, truth, boxes, words, strict=True):
            ax.imshow(image)
            frame(ax, true, "white", 2.4)
            frame(ax, true, figures.INK, 1.1, "--")
            frame(ax, box, "white", 3.2)
            frame(ax, box, figures.ORANGE, 1.9)
            ax.set(xticks=[], yticks=[], xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
            ax.set_title(title, fontsize=8.5)
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name)
    return fig


# Losses over a distance ---------------------------------------------------------------------------------------------


SHIFTS = np.arange(0.25, 12.1, 0.25)


def pulls(side: float = 8.0) -> dict[str, np.ndarray]:
    """How hard each loss pulls a square box back that is right but for a shift to the right, in pixels.

    The slope of the loss along the shift, divided by the slope at a shift of one pixel: (shifts,) for each loss.
    """
    moved = np.array([[12 + shift, 12, side, side] for shift in (1.0, *SHIFTS)], "float32")
    truth = ops.convert_to_tensor(np.tile(np.array([12, 12, side, side], "float32"), (len(moved), 1)))
    found = {}
    for name in NAMES:
        loss = losses.box_loss(name, BETA)
        _, slope = backend.value_and_grad(lambda boxes, loss=loss: ops.sum(loss(truth, boxes)))(moved)
        found[name] = slope[1:, 0] / slope[0, 0]
    return found


def pull_curves(side: float = 8.0) -> Figure:
    """Draw how hard each loss pulls over the shift of a box."""
    fig, ax = figures.canvas(6.8, 3.4)
    places = {"squared": (4.2, 5.3), "absolute": (9.2, 1.2), "smooth_l1": (0.35, 0.12), "iou": (8.5, -0.18)}
    places |= {"giou": (9.2, 0.42)}
    for (name, pull), colour, dash in zip(pulls(side).items(), figures.CYCLE, DASHES, strict=False):
        ax.plot(SHIFTS, pull, color=colour, linestyle=dash, linewidth=1.8)
        ax.text(*places[name], NAMES[name], color=colour, fontsize=9, fontweight="bold")
    ax.set(xlabel="shift, pixels", ylabel="pull (1 at a shift of one pixel)", ylim=(-0.35, 6.2), xlim=(0, 12))
    ax.grid(axis="y")
    return fig


# The figure to play with --------------------------------------------------------------------------------------------


def annotated(wrong: int) -> np.ndarray:
    """Boxes that 19 annotators drew, (19, 4) corners in pixels: the last `wrong` of them took another object."""
    wrong = whole("wrong", wrong, 0, ANNOTATORS)
    meant = np.where(np.arange(ANNOTATORS)[:, None] < ANNOTATORS - wrong, TRUE, OTHER)
    return meant + np.random.default_rng(4).normal(0, 0.45, (ANNOTATORS, 4))


def cost(loss: str, box: np.ndarray, drawn: np.ndarray) -> float:
    """Mean loss of one box against those that were drawn, corners in pixels; NumPy's twin of the losses."""
    off = np.abs(np.asarray(box) - drawn)
    by_number: dict[str, Callable] = {
        "squared": lambda: off**2,
        "absolute": lambda: off,
        "smooth_l1": lambda: np.where(off < BETA, off**2 / (2 * BETA), off - BETA / 2),
    }
    if choice("loss", loss, NAMES) in by_number:
        return float(by_number[loss]().sum(1).mean())
    one = np.concatenate([np.minimum(box[:2], box[2:]), np.maximum(box[:2], box[2:])])
    return float(1 - (iou if loss == "iou" else giou)(one[None], drawn).mean())


@functools.cache
def fitted(loss: str, wrong: int) -> np.ndarray:
    """The box that a loss likes best for all annotators at once; the best of three searches."""
    drawn = annotated(wrong)
    starts = [drawn.mean(0), np.median(drawn, 0), drawn[-1]]
    options = {"xatol": 1e-4, "fatol": 1e-7, "maxiter": 4000, "maxfev": 4000}
    tries = [minimize(lambda b: cost(loss, b, drawn), s, method="Nelder-Mead", options=options) for s in starts]
    return min(tries, key=lambda one: one.fun).x


def kept(loss: str, wrong: int) -> float:
    """IoU of the fitted box with the object that was meant."""
    return float(iou(fitted(loss, wrong)[None], TRUE[None])[0, 0])


def draw_pull(loss: str, wrong: int) -> Figure:
    """Draw the boxes of the annotators and the one that a loss fits to them, and what all losses make of it."""
    fig, (left, right) = figures.canvas(7.6, 3.3, columns=2, width_ratios=[1.05, 1])
    for box in annotated(wrong):
        frame(left, box, figures.BLUE, 0.8, alpha=0.55)
    frame(left, fitted(loss, wrong), figures.ORANGE, 2.6)
    left.set(xlim=(-0.5, FRAME - 0.5), ylim=(FRAME - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    left.spines[:].set(visible=True, color=figures.GREY)
    left.set_title(f"{wrong} of {ANNOTATORS} took the other object")
    lines = {words: [kept(name, count) for count in WRONG] for name, words in NAMES.items()}
    figures.curves(WRONG, lines, xlabel="wrong boxes among 19", ylabel="IoU with the object meant", ax=right)
    right.plot([wrong], [kept(loss, wrong)], "o", color=figures.INK, markersize=10, fillstyle="none", markeredgewidth=2)
    right.set(ylim=(-0.03, 1.05), xticks=WRONG)
    right.set_title(f"fitted by the {NAMES[loss]} loss: {kept(loss, wrong):.2f}")
    right.grid(axis="y")
    return fig


def say_pull(loss: str, wrong: int) -> str:
    """Put `draw_pull` into words."""
    return (
        f"{wrong} of {ANNOTATORS} boxes surround another object. The box fitted by the {NAMES[loss]} loss has an IoU "
        f"of {kept(loss, wrong):.2f} with the object that was meant."
    )
