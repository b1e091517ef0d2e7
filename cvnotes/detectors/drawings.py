"""The pictures of the page detectors. Plain functions: numbers in, a figure out. Chapter: detectors."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from cvnotes import boxes as geometry
from cvnotes import figures
from cvnotes.checks import choice
from cvnotes.data.scenes import Scene
from cvnotes.detection import rcnn
from cvnotes.single_shot import trials_ssd, trials_yolo

from . import diagrams, stored, walks_regions, walks_single
from .diagrams import RULE, Walk
from .racing import NETWORK, PROPOSALS
from .road import ROAD

SHOWN = 10  # the held-out scene that all walks show


@functools.cache
def shown() -> tuple[Scene, np.ndarray]:
    """The scene of all walks, and its proposals by selective search. Chapter: detectors."""
    scene = geometry.held_out(SHOWN + 1)[SHOWN]
    return scene, rcnn.proposed(scene.image[None])[0]


@functools.cache
def walk(system: str) -> Walk:
    """The walk of the shown scene through one system of the ROAD, with the nets that are stored. Chapter: detectors."""
    scene, proposals = shown()
    walks = {
        "R-CNN": lambda: walks_regions.rcnn_walk(scene, stored.rcnn_chain(), proposals),
        "SPP-net": lambda: walks_regions.spp_walk(scene, stored.spp_net(), proposals),
        "Fast R-CNN": lambda: walks_regions.fast_walk(scene, stored.fast_net(), proposals),
        "Faster R-CNN": lambda: walks_regions.faster_walk(scene, stored.faster_net()),
        "YOLO": lambda: walks_single.yolo_walk(scene, stored.yolo_net(), trials_yolo.WAYS[trials_yolo.BEST].grid),
        "SSD": lambda: walks_single.ssd_walk(scene, trials_ssd.stored("long")),
    }
    return walks[choice("system", system, ROAD)]()


# The figure to play with --------------------------------------------------------------------------------------------


def walked(system: str) -> Figure:
    """Draw the walk of one system. The figure to play with. Chapter: detectors."""
    return diagrams.flow(walk(system))


def say_walked(system: str) -> str:
    """Say what the walk of one system shows. Chapter: detectors."""
    one = walk(system)
    stops = ", ".join(stop.title for stop in one.stops)
    rules = sum(stop.by == RULE for stop in one.stops[1:])
    trained = ", then ".join(one.stages)
    return f"{one.name}: {diagrams.passes_said(one)}. Six stops: {stops}. Trained: {trained}. Grey arrows: {rules}."


# Time ---------------------------------------------------------------------------------------------------------------


def split(seconds: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw the time of each system for a picture, what finds places beside what looks there.

    seconds: for each system PROPOSALS and NETWORK, in units of YOLO's time. Chapter: detectors.
    """
    fig, ax = figures.canvas(7.2, 0.46 * len(seconds) + 0.9)
    colours = {PROPOSALS: figures.GREY, NETWORK: figures.BLUE}
    for i, parts in enumerate(seconds.values()):
        left = 0.0
        for part, colour in colours.items():
            value = parts[part]
            ax.barh(i, value, left=left, height=0.56, color=colour, alpha=0.75, label=part if not i else None)
            left += value
        ax.annotate(f"{left:.1f}", (left, i), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(range(len(seconds)), list(seconds))
    ax.set(xlabel="time for a picture; all of YOLO = 1", ylim=(len(seconds) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower right")
    return fig


# Proposals ----------------------------------------------------------------------------------------------------------


def by_limit(limits: Sequence[int], scores: Sequence[float], work: Sequence[float]) -> Figure:
    """Draw mAP and the work of the head over the number of proposals. Chapter: detectors."""
    fig, axes = figures.canvas(7.6, 2.8, columns=2)
    figures.curves(limits, {"mAP at 0.5": scores}, xlabel="proposals judged", ylabel="mAP at 0.5", ax=axes[0])
    figures.curves(limits, {"head": work}, xlabel="proposals judged", ylabel="multiply-adds, trunk = 1", ax=axes[1])
    for ax in axes:
        ax.set(xscale="log", xticks=limits)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_locator(NullLocator())
    return fig
