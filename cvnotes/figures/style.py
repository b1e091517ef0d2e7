"""Paper, ink and palette, and the blank figure that all others start from."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

# The colours of Okabe and Ito ("Color universal design", 2008), told apart with every kind of colour vision.
INK = "#22262e"
PAPER = "#fbfaf7"
BLUE = "#0072b2"
ORANGE = "#d55e00"
GREEN = "#009e73"
GOLD = "#e69f00"
SKY = "#56b4e9"
PURPLE = "#b5598b"
GREY = "#8a8f98"
RULE = "#d9d6cd"  # hairlines: visible on paper, quieter than ink

CYCLE = (BLUE, ORANGE, GREEN, PURPLE, GOLD, SKY, INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (5, 1.6)), (0, (1.4, 1.4)), (0, (6, 1.5, 1.4, 1.5)), (0, (3, 1)), (0, (8, 2)), (0, (1, 2.5)))

WIDTH = 7.6  # inches: the widest figure; 100 pixels of the page each

STYLE: dict[str, Any] = {
    "figure.facecolor": PAPER,
    "figure.dpi": 100,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 9.5,
    "axes.labelpad": 6,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.prop_cycle": cycler(color=list(CYCLE)),
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "hatch.linewidth": 0.6,
    "hatch.color": GREY,
    "image.cmap": "gray",
    "image.interpolation": "auto",  # few pixels stay squares, many are smoothed
    "legend.frameon": False,
    "legend.fontsize": 9,
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path",
}


def use_style() -> None:
    """Give matplotlib the look of the book, for figures that a reader draws by hand."""
    mpl.rcParams.update(STYLE)


def canvas(width: float = WIDTH, height: float = 3.2, rows: int = 1, columns: int = 1, **options: Any):
    """A blank figure in the style of the book, outside pyplot: ``(figure, axes)`` as ``plt.subplots`` gives them.

    Args:
        width, height: inches; a page is 7.6 wide.
        rows, columns: the grid of axes.
        options: passed to ``Figure.subplots`` (``sharex``, ``width_ratios``, ``squeeze`` ...).
    """
    with mpl.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        fig.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        axes = fig.subplots(rows, columns, **options)
    return fig, axes


def sheet(width: float, height: float):
    """A blank figure whose axes are its whole surface, in inches from the top left: ``(figure, axes)``."""
    with mpl.rc_context(STYLE):
        fig = Figure(figsize=(width, height))
        ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return fig, ax


def finite(values: Any, name: str) -> np.ndarray:
    """``values`` as an array of floats; ValueError where they are not finite numbers."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers. Received: {values!r}") from error
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name} must be finite. Received: {bad} of {array.size} values that are nan or infinite")
    return array
