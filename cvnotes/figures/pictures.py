"""Images side by side, and things drawn on an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from cvnotes.checks import whole
from cvnotes.figures.style import CYCLE, DASHES, PAPER, RULE, WIDTH, finite, sheet

GAP = 0.14  # inches between images
SIGNED = "PuOr_r"  # purple below zero, orange above: told apart with every kind of colour vision


def image_grid(
    images: Sequence[Any],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    *,
    cmap: str | None = None,
    signed: bool = False,
    scale: float = 1.6,
) -> Figure:
    """Images in rows, all of one height, each with a line of words above it.

    Args:
        images: arrays (h, w), (h, w, 1) or (h, w, 3). Values in [0, 1] are shown as they are, bytes as they are, and
            anything else is stretched from its own least to its own greatest value.
        titles: one for each image.
        columns: images in a row; by default as many as the page holds.
        cmap: colours of images with one channel; grey by default.
        signed: zero is the middle of a purple-white-orange scale, common to all images.
        scale: inches that an image is wide.

    Raises:
        ValueError: for no image, an image of another shape, values that are not finite, or too few titles.
    """
    pictures = [_picture(image) for image in ([] if images is None else images)]
    if not pictures:
        raise ValueError("image_grid needs at least one image. Received: none")
    columns = None if columns is None else whole("columns", columns, 1)
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles must name each of the {len(pictures)} images. Received: {len(titles)} titles")
    columns = min(len(pictures), columns or max(1, int((WIDTH - GAP) / (scale + GAP))))
    scale = min(scale, (WIDTH - GAP) / columns - GAP)
    limit = max(float(np.abs(picture).max()) for picture in pictures) if signed else None
    head = 0.0 if titles is None else 0.09 + 0.15 * (1 + max(title.count("\n") for title in titles))
    rows = [range(i, min(i + columns, len(pictures))) for i in range(0, len(pictures), columns)]
    tall = [max(scale * pictures[i].shape[0] / pictures[i].shape[1] for i in row) for row in rows]
    foot = 0.36 if signed else 0.0
    fig, page = sheet(GAP + columns * (scale + GAP), GAP + sum(tall) + len(rows) * (head + GAP) + foot)
    top = GAP
    for row, height in zip(rows, tall, strict=True):
        for place, i in enumerate(row):
            left = GAP + place * (scale + GAP)
            ax = _inset(page, left, top + head, scale, scale * pictures[i].shape[0] / pictures[i].shape[1])
            _draw(ax, pictures[i], cmap, limit)
            if titles is not None:
                page.text(left + scale / 2, top + head - 0.06, titles[i], ha="center", va="bottom", fontsize=8.5)
        top += head + height + GAP
    if signed:
        _key(page, top + 0.05, limit or 1, cmap)
    return fig


def _inset(page: Axes, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the top left of a sheet."""
    across, down = page.figure.get_size_inches()
    ax = page.figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))
    ax.axis("off")
    return ax


def _key(page: Axes, top: float, limit: float, cmap: str | None) -> None:
    """The scale of signed values: its two ends and zero."""
    ax = _inset(page, GAP + 0.45, top, 1.0, 0.1)
    ax.imshow(np.linspace(-1, 1, 64)[None], cmap=cmap or SIGNED, aspect="auto")
    for place, text, side in ((0.4, -limit, "right"), (1.5, limit, "left")):
        page.text(GAP + place, top + 0.05, f"{text:.2g}".replace("-", "−"), ha=side, va="center", fontsize=8)


def _picture(image: Any) -> np.ndarray:
    bytes_ = np.asarray(image).dtype == np.uint8
    picture = finite(image, "An image") / (255 if bytes_ else 1)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
    if picture.ndim not in (2, 3) or picture.size == 0 or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError(f"An image has the shape (h, w), (h, w, 1) or (h, w, 3). Received: {np.shape(image)}")
    return picture


def _draw(ax: Axes, picture: np.ndarray, cmap: str | None = None, limit: float | None = None) -> None:
    """One image on axes: stretched only if it leaves [0, 1]; about zero if a ``limit`` is given."""
    height, width = picture.shape[:2]  # a hairline, since white pixels would melt into the paper
    ax.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=RULE, linewidth=0.6, clip_on=False))
    if limit is not None and picture.ndim == 2:
        ax.imshow(picture, cmap=cmap or SIGNED, vmin=-(limit or 1), vmax=limit or 1)
        return
    low, high = float(picture.min()), float(picture.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    picture = (picture - low) / ((high - low) or 1)
    ax.imshow(picture, cmap=cmap or "gray", vmin=0, vmax=1)


def overlay(
    image: Any,
    *,
    boxes: Any = None,
    masks: Any = None,
    labels: Sequence[str] | None = None,
    heat: Any = None,
) -> Figure:
    """An image with boxes, masks or a heat map drawn on it.

    Args:
        image: (h, w), (h, w, 1) or (h, w, 3).
        boxes: (n, 4), each ``x0, y0, x1, y1`` in pixels; the pixel in the corner spans 0 to 1.
        masks: (n, h, w) of booleans, or one (h, w).
        labels: words for each box, or for each mask if there are no boxes.
        heat: (h, w), drawn over a grey image; the strongest places are the brightest.

    Raises:
        ValueError: where shapes do not fit, or values are not finite.
    """
    picture = _picture(image)
    height, width = picture.shape[:2]
    boxes = _shaped(boxes, "boxes", (None, 4))
    masks = _shaped(np.asarray(masks)[None] if np.ndim(masks) == 2 else masks, "masks", (None, height, width))
    heat = None if heat is None else _shaped(heat, "heat", (height, width))
    named = len(boxes) if len(boxes) else len(masks)
    if labels is not None and len(labels) != named:
        raise ValueError(f"labels must name each of the {named} boxes or masks. Received: {len(labels)} labels")
    side = 4.2
    margin = 0.22 if labels else 0.12
    across = side * min(1.5, max(0.5, width / height))
    fig, page = sheet(across + 0.24, across * height / width + margin + 0.12)
    ax = _inset(page, 0.12, margin, across, across * height / width)
    _draw(ax, picture)
    if heat is not None:
        _draw_heat(ax, picture, heat)
    for i, mask in enumerate(masks):
        _draw_mask(ax, mask > 0, i, None if labels is None or len(boxes) else labels[i])
    for i, box in enumerate(boxes):
        _draw_box(ax, box, i, None if labels is None else labels[i])
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    return fig


def _shaped(values: Any, name: str, shape: tuple) -> np.ndarray:
    if values is None or np.size(values) == 0:
        return np.zeros([n or 0 for n in shape])
    array = finite(values, name)
    if array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True)):
        wanted = tuple("n" if n is None else n for n in shape)
        raise ValueError(f"{name} must have the shape {wanted}. Received: {array.shape}")
    return array


def _draw_heat(ax: Axes, picture: np.ndarray, heat: np.ndarray) -> None:
    grey = picture if picture.ndim == 2 else picture.mean(axis=2)
    _draw(ax, grey)
    spread = heat.max() - heat.min()
    strength = (heat - heat.min()) / spread if spread else np.zeros_like(heat)
    ax.imshow(strength, cmap="inferno", vmin=0, vmax=1, alpha=0.25 + 0.55 * strength)


def _draw_mask(ax: Axes, mask: np.ndarray, i: int, label: str | None) -> None:
    from matplotlib.colors import to_rgb

    colour = CYCLE[i % len(CYCLE)]
    layer = np.zeros((*mask.shape, 4))
    layer[mask] = (*to_rgb(colour), 0.42)
    ax.imshow(layer)
    if mask.any() and not mask.all():
        ax.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=1.6)
    if label and mask.any():
        y, x = np.argwhere(mask).mean(axis=0)
        _tag(ax, x, y, label, colour, ha="center", va="center")


def _draw_box(ax: Axes, box: np.ndarray, i: int, label: str | None) -> None:
    x0, y0, x1, y1 = box - 0.5  # the middle of a pixel is a whole number for imshow
    colour = CYCLE[i % len(CYCLE)]
    # paper beneath the coloured line keeps it visible on any background
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=PAPER, linewidth=3.2))
    line = DASHES[i // len(CYCLE) % len(DASHES)]
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=1.8, linestyle=line))
    if label:
        _tag(ax, x0, y0, label, colour, ha="left", va="bottom")


def _tag(ax: Axes, x: float, y: float, label: str, colour: str, **align: str) -> None:
    text = ax.text(x, y, label, color=colour, fontsize=8.5, fontweight="bold", clip_on=False, **align)
    text.set_path_effects([withStroke(linewidth=3, foreground=PAPER)])
