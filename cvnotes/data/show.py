"""Pictures of what is known of a scene, for the page on the data and for checking by eye."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.data.clips import Clips
from cvnotes.data.scenes import Scene, scenes
from cvnotes.data.shapes import CLASSES
from cvnotes.data.textures import COLOURS, TEXTURES

LAYERS = ("picture", "boxes", "visible pixels", "whole shapes", "parts")


def layer(scene: Scene, name: str) -> Figure:
    """One layer of the truth of a scene, drawn over it; ``name`` is one of LAYERS."""
    if name not in LAYERS:
        raise ValueError(f"layer must be one of {', '.join(LAYERS)}. Received: {name!r}")
    words = {"labels": scene.class_names} if len(scene) else {}
    over = {
        "picture": {},
        "boxes": {"boxes": scene.boxes, **words},
        "visible pixels": {"masks": scene.masks, **words},
        "whole shapes": {"masks": scene.full_masks, **words},
        "parts": {},
    }
    fig = figures.overlay(scene.image, **over[name])
    if name == "parts":
        mark_parts(fig, scene)
    return fig


def mark_parts(fig: Figure, scene: Scene) -> None:
    """A dot at every keypoint, filled where it can be seen; a line from each to the centre of its object."""
    ax = fig.axes[-1]
    for j, points in enumerate(scene.parts):
        colour, centre = figures.CYCLE[j % len(figures.CYCLE)], scene.centres[j] - 0.5
        for x, y, flag in points[points[:, 2] > 0]:
            x, y = x - 0.5, y - 0.5
            ax.plot([centre[0], x], [centre[1], y], color="white", linewidth=2.4, zorder=3)
            ax.plot([centre[0], x], [centre[1], y], color=colour, linewidth=1.2, zorder=3)
            face = colour if flag == 2 else "white"
            ax.scatter(x, y, s=34, color=face, edgecolor=colour if flag == 1 else "white", linewidth=1.2, zorder=4)


def draw_scene(view: str, objects: int, clutter: float) -> Figure:
    """Scene 1 of seed 3 with some layer, number of objects and clutter: the figure to play with on the page."""
    return layer(played(objects, clutter), view)


def say_scene(view: str, objects: int, clutter: float) -> str:
    """What ``draw_scene`` shows, in words."""
    scene = played(objects, clutter)
    ground = {0: "flat ground", 1: "full clutter"}.get(clutter, f"clutter {clutter:g}")
    hidden = [f"{name} {share:.0%} hidden" for name, share in zip(scene.names, scene.occlusion, strict=True) if share]
    return f"{view.capitalize()}, {ground}: {', '.join(scene.names)}. {'; '.join(hidden) or 'Nothing is hidden'}."


def played(objects: int, clutter: float) -> Scene:
    """The scene of ``draw_scene``: every decision has its own die, so the sliders change one thing at a time."""
    return scenes(1, seed=3, start=1, objects=objects, clutter=clutter, overlap=0.6, radius=(0.15, 0.22))[0]


def shape_sheet() -> Figure:
    """Every class once, upright, large, with its parts."""
    found = [scenes(1, seed=1, size=96, objects=1, classes=name, turn=0, clutter=0, noise=0, radius=(0.4, 0.4),
                    region=(0.49, 0.49, 0.51, 0.51), colours=colour, textures=texture)[0]
             for name, colour, texture in zip(CLASSES, tuple(COLOURS) * 2, TEXTURES * 3, strict=False)]  # fmt: skip
    fig = figures.image_grid([scene.image for scene in found], CLASSES, columns=5, scale=1.45)
    for ax, scene in zip(fig.axes[-len(found) :], found, strict=True):
        dots = scene.parts[0][scene.parts[0, :, 2] > 0] - 0.5
        ax.scatter(dots[:, 0], dots[:, 1], s=26, color=figures.INK, edgecolor="white", linewidth=1.2)
    return fig


def film_strip(film: Clips, steps: Sequence[int]) -> Figure:
    """Some frames of the first film, with the box of every object; the boxes close in on what can be seen."""
    fig = figures.image_grid([film.images[0, t] for t in steps], [f"frame {t}" for t in steps], columns=len(steps))
    for ax, t in zip(fig.axes[-len(steps) :], steps, strict=True):
        for j, (x0, y0, x1, y1) in enumerate(film.boxes[0, t] - 0.5):
            for colour, width in ((figures.PAPER, 2.6), (figures.CYCLE[j], 1.4)):
                ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=colour, linewidth=width)
    return fig
