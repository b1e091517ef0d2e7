"""The house style of pictures: one look for every figure of the book, each shown with words for it.

Every function returns a plain ``matplotlib.figure.Figure`` (never one of pyplot's), so nothing leaks between cells.
``show(fig, alt)`` displays it; the words in ``alt`` say what the picture shows, not that it is a picture.
"""

from cvnotes.figures.cells import numbers, sliding_window
from cvnotes.figures.charts import bars, curves
from cvnotes.figures.encode import show
from cvnotes.figures.pictures import image_grid, overlay
from cvnotes.figures.slabs import volumes
from cvnotes.figures.style import (
    BLUE,
    CYCLE,
    GOLD,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    canvas,
    use_style,
)

__all__ = [
    "BLUE",
    "CYCLE",
    "GOLD",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PAPER",
    "PURPLE",
    "SKY",
    "bars",
    "canvas",
    "curves",
    "image_grid",
    "numbers",
    "overlay",
    "show",
    "sliding_window",
    "use_style",
    "volumes",
]
