"""A time line of the networks that the book builds, drawn from the models themselves."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

import keras
from matplotlib.figure import Figure

from cvnotes import backend, figures, models
from cvnotes.pooling.survey import ZOO

#: Networks that Keras brings and that mark a turn; their years stand with the survey of the pooling chapter.
LANDMARKS = (
    *("VGG16", "InceptionV3", "ResNet50", "Xception", "DenseNet121"),
    *("MobileNet", "MobileNetV2", "EfficientNetB0", "ConvNeXtTiny"),
)


@dataclass(frozen=True)
class Landmark:
    """A published network: its year, the numbers that training moves, its MACs for one picture, and who builds it."""

    name: str
    year: int
    trainable: int
    macs: int
    ours: bool


def origin(name: str) -> tuple[str, int] | None:
    """Read who published a registered model, and when, from the docstring of its builder; None if nobody did.

    The line reads ``Source: LeCun and others (1998), ...``. Chapter: introduction.
    """
    words = inspect.getdoc(models.builder(name)) or ""
    found = re.search(r"Source:\s+(.*?)\((\d{4})\)", words, re.DOTALL)
    return (" ".join(found[1].split()), int(found[2])) if found else None


def landmarks() -> list[Landmark]:
    """Build a sketch of each: every registered network with a paper (one a paper), and some that Keras brings.

    Of a family the member stands for it that is a landmark itself, otherwise the first of its names.
    Ordered by year. A chapter that registers a model with a source joins by that alone. Chapter: introduction.
    """
    found: list[Landmark] = []
    papers = set()
    known = {_plain(name) for name in LANDMARKS}
    for name in sorted(models.names(), key=lambda name: _plain(name) not in known):
        paper = origin(name)
        if paper and paper not in papers:
            papers.add(paper)
            found.append(_landmark(name, paper[1], models.sketch(name), ours=True))
    taken = {_plain(one.name) for one in found}
    for name in LANDMARKS:
        if _plain(name) not in taken:
            with backend.unallocated():
                model = getattr(keras.applications, name)(weights=None)
            found.append(_landmark(name, ZOO[name], model, ours=False))
    return sorted(found, key=lambda one: (one.year, not one.ours, one.name))


def _plain(name: str) -> str:
    return re.sub(r"\W", "", name).casefold()


def _landmark(name: str, year: int, model: keras.Model, ours: bool) -> Landmark:
    profile = models.profile(model)
    return Landmark(name, year, profile.trainable, profile.macs, ours)


def draw(found: list[Landmark]) -> Figure:
    """Draw years downwards, one line a model, its parameters on a scale of powers of ten. Chapter: introduction."""
    fig, ax = figures.canvas(7.4, 0.7 + 0.27 * len(found))
    for row, one in enumerate(found):
        face = figures.BLUE if one.ours else figures.PAPER
        ax.plot([3e4, one.trainable], [row, row], color="#d9d6cd", linewidth=1, zorder=1)
        ax.plot(one.trainable, row, "o", markersize=8, color=figures.BLUE, markerfacecolor=face, zorder=2)
        ax.annotate(_short(one.trainable), (one.trainable, row), xytext=(9, 0), textcoords="offset points", va="center")
    ax.set_xscale("log")
    ax.set(xlim=(3e4, 1e9), ylim=(len(found) - 0.4, -0.6), xlabel="numbers that training moves")
    ax.set_yticks(range(len(found)), [f"{one.name}   {one.year}" for one in found])
    ax.tick_params(axis="y", length=0)
    for face, words in ((figures.BLUE, "built by this book"), (figures.PAPER, "as Keras brings it")):
        ax.plot([], [], "o", markersize=8, color=figures.BLUE, markerfacecolor=face, label=words)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    return fig


def _short(number: int) -> str:
    return f"{number / 1e6:.3g} million" if number >= 1e6 else f"{number:,}"


def say(found: list[Landmark]) -> str:
    """Say what `draw` shows."""
    return "From top to bottom: " + "; ".join(
        f"{one.year} {one.name} with {_short(one.trainable)} parameters" for one in found
    )
