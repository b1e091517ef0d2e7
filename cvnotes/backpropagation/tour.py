"""One digit on its way through the trained NumPy net and back: what each stop holds, and what it is told."""

from __future__ import annotations

import functools
import math

import numpy as np
from matplotlib.figure import Figure

from cvnotes.figures.pictures import SIGNED
from cvnotes.figures.style import sheet
from cvnotes.linear_classifiers import softmax_loss

from .network import Network, convnet, train
from .trials import digits

STOPS = ("digit", "conv 1", "ReLU 1", "pool 1", "conv 2", "ReLU 2", "pool 2")
KINDS = (3, 5, 8)


@functools.cache
def trained() -> Network:
    """The net after two passes over the digits: it reads most of them, and is still unsure. Chapter: numpy_convnet."""
    d, net = digits(), convnet(0)
    train(net, d.train_images, d.train_labels, epochs=2)
    return net


@functools.cache
def there_and_back(kind: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For the first test digit of a kind: at each stop the maps (h, w, c), and the gradient of the loss for them."""
    d, net = digits(), trained()
    values = [d.test_images[d.test_labels == kind][:1]]
    for layer in net.layers:
        values.append(layer.forward(values[-1]))
    gradients = [softmax_loss(values[-1], np.array([kind]))[1]]
    for layer in reversed(net.layers):
        gradients.append(layer.backward(gradients[-1]))
    return [(v[0], g[0]) for v, g in zip(values, gradients[::-1], strict=True)][: len(STOPS)]


def montage(maps: np.ndarray) -> np.ndarray:
    """Lay the channels of (h, w, c) out as a square of pictures with a gap of NaN between them."""
    height, width, count = maps.shape
    side = math.ceil(math.sqrt(count))
    page = np.full((side * (height + 1) - 1, side * (width + 1) - 1), np.nan)
    for i in range(count):
        top, left = i // side * (height + 1), i % side * (width + 1)
        page[top : top + height, left : left + width] = maps[..., i]
    return page


def draw_tour(stop: str, kind: int) -> Figure:
    """Draw the maps at one stop in grey, and beside them their gradients: orange should shrink, purple should grow."""
    maps, gradient = there_and_back(kind)[STOPS.index(stop)]
    fig, page = sheet(3.7, 2.15)
    limit = np.abs(gradient).max() or 1.0
    panels = (("forward: " + stop, maps, "gray", maps.min(), maps.max()), ("back", gradient, SIGNED, -limit, limit))
    for left, (title, values, colours, low, high) in zip((0.1, 1.95), panels, strict=True):
        ax = fig.add_axes((left / 3.7, 0.05 / 2.15, 1.65 / 3.7, 1.65 / 2.15))
        ax.imshow(montage(values), cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        ax.axis("off")
        page.text(left, 0.28, title, ha="left", va="center", fontsize=10)
    return fig


def say_tour(stop: str, kind: int) -> str:
    """Say what `draw_tour` shows: shapes, and what the layers must have done to the gradient."""
    height, width, count = there_and_back(kind)[STOPS.index(stop)][0].shape
    maps = "the pixels" if stop == "digit" else f"{count} maps of {height} by {width}"
    told = {
        "digit": "every pixel is told how the loss would change with it",
        "conv": "nothing comes back where the ReLU answered zero",
        "ReLU": "at most one cell in four gets a gradient, the winner of its pooling window",
        "pool": "gradients everywhere, from the layer behind",
    }[stop.split()[0]]
    return f"A handwritten {kind} at the stop {stop}: {maps}, and the gradient of the loss for them; {told}."
