"""The symbols of the book, and a size calculator that speaks them. Page: notation."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.figure import Figure

from cvnotes import convolution, figures


class Symbol(NamedTuple):
    """One symbol: how the book writes it, what it means, its name in Keras, and what the notes call it."""

    sign: str
    meaning: str
    keras: str
    notes: str


SYMBOLS = (
    Symbol("N", "images in a batch", "axis 0", "-"),
    Symbol("H, W", "height and width of a map, in pixels", "axes 1 and 2", "i (D), w (C), n (B)"),
    Symbol("D", "depth of a map: its channels", "axis 3", "c (D), d (C), n_c (B)"),
    Symbol("F", "side of a filter or window, in pixels", "kernel_size, pool_size", "f (B, D), k (C)"),
    Symbol("K", "filters of a layer; depth of what it puts out", "filters", "n (D), n_c' (B)"),
    Symbol("S", "stride: pixels between two stops of the window", "strides", "s (B, C, D)"),
    Symbol("P", "padding on each side, in pixels", "padding", "p (B, C, D; in D also the total)"),
    Symbol("d", "dilation: pixels between two taps of a filter; 1 means none", "dilation_rate", "d (C, from 0 or 1)"),
    Symbol("g", "groups that the channels are split into; 1 means none", "groups", "-"),
    Symbol("b", "bias, one number for each filter", "bias", "b"),
    Symbol("x, a", "input of a layer, activation it puts out", "inputs, outputs", "I and O (D), a[l] (B)"),
    Symbol("z", "weighted sum before the activation function", "-", "Z (B)"),
    Symbol("w, k", "weights of a layer; k where one filter slides over a picture", "kernel", "F (D), W (A, B, C, E)"),
    Symbol("y, L", "what a step puts out, in training what it should; the loss", "y_true, loss", "y, L"),
)


def size_calculator(
    shape: tuple[int, int, int], filters: int, kernel: int, stride: int = 1, padding: int = 0
) -> dict[str, object]:
    """Give what a convolution layer makes of an input of shape (H, W, D): shape, elements, weights, biases, parameters.

    filters K, kernel F, stride S and padding P are whole numbers; F, S and P are in pixels, P counts on each side.
    Raises ValueError for a shape that is not three sizes, or when the window does not fit.
    Source: the formula of `convolution.output_size`. Page: notation.
    """
    if len(shape) != 3:
        raise ValueError(f"shape must be (height, width, depth), for example (32, 32, 3). Received: {shape!r}")
    height, width, depth = shape
    card = convolution.layer_card(width, height, depth, filters, kernel, stride, padding)
    made = card["H2"], card["W2"], card["D2"]
    return {
        "shape": made,
        "elements": made[0] * made[1] * made[2],
        **{name: card[name] for name in ("weights", "biases", "parameters")},
    }


def draw_layer(kernel: int, stride: int, padding: int, filters: int) -> Figure:
    """Draw a 32x32x3 image beside the map that a layer of these sizes makes of it."""
    card = size_calculator((32, 32, 3), filters, kernel, stride, padding)
    return figures.volumes([(32, 32, 3), card["shape"]], labels=["image", f"{card['parameters']:,} parameters"])


def say_layer(kernel: int, stride: int, padding: int, filters: int) -> str:
    """Say in words what `draw_layer` shows."""
    card = size_calculator((32, 32, 3), filters, kernel, stride, padding)
    height, width, depth = card["shape"]
    return (
        f"A 32 by 32 image of depth 3 becomes a {height} by {width} map of depth {depth}: "
        f"{card['elements']:,} numbers, made with {card['parameters']:,} parameters."
    )
