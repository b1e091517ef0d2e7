"""Neural style: a picture that answers as one picture does, and whose answers go together as in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes.checks import number
from cvnotes.transfer import tapping

Tensor = Any
Weights = Mapping[str, float]  # of layers, by name
STYLE_LAYERS = ("centred", "relu1", "relu2", "relu3", "relu4", "relu5", "relu6")
Loss = Callable[[Tensor], Tensor]  # of a picture (h, w, 3), one number


# Three terms --------------------------------------------------------------------------------------------------------


def gram(maps: Tensor) -> Tensor:
    r"""Say how strongly channels answer together: :math:`G = V^\top V / N`, a mean over :math:`N` places.

    maps: answers (h, w, c); V has a row for each of the N = h w places, and a column for each channel. G is (c, c):
    symmetric, without negative eigenvalues, and blind to the order of the places.
    Source: Gatys et al. (2016), equation 3, who leave the division by N to the loss. Chapter: style_transfer.
    """
    v = ops.reshape(maps, (-1, maps.shape[-1]))
    return ops.matmul(ops.transpose(v), v) / v.shape[0]


def relative_error(found: Tensor, target: Tensor) -> Tensor:
    r"""The squared error as a share of the target: :math:`\lVert f - t \rVert^2 / \lVert t \rVert^2`.

    0 for a perfect match, 1 for silence, so that layers of all sizes can be added up. Chapter: style_transfer.
    """
    found, target = ops.convert_to_tensor(found), ops.convert_to_tensor(target)
    return ops.sum(ops.square(found - target)) / (ops.sum(ops.square(target)) + 1e-12)


def total_variation(picture: Tensor) -> Tensor:
    r"""The mean squared step from a pixel (h, w, 3) to the next one, downwards plus to the right.

    Source: Mahendran and Vedaldi (2015), equation 3 with an exponent of 2. Chapter: style_transfer.
    """
    down, right = picture[1:] - picture[:-1], picture[:, 1:] - picture[:, :-1]
    return ops.mean(ops.square(down)) + ops.mean(ops.square(right))


# Their sum ----------------------------------------------------------------------------------------------------------


class Recipe(NamedTuple):
    """What to keep of one picture and to take of another: layers with their weights, and weights of the three terms.

    The layer ``centred`` is the picture itself; its Gram matrix is what the colours have in common.
    """

    content: Weights = MappingProxyType({"relu4": 1.0})
    style: Weights = MappingProxyType(dict.fromkeys(STYLE_LAYERS, 1.0))
    style_weight: float = 10.0
    smooth: float = 1.0


class Targets(NamedTuple):
    """Answers (h, w, c) of the content picture and Gram matrices (c, c) of the style picture, by layer."""

    content: dict[str, np.ndarray]
    style: dict[str, np.ndarray]


def answers(net: keras.Model, layers: Weights) -> Callable[[Tensor], dict[str, Tensor]]:
    """Give the answers (h', w', c) of some layers as a function of a picture (h, w, 3), by name."""
    if not layers:
        return lambda picture: {}
    front = tapping.tap(net, *layers)

    def run(picture: Tensor) -> dict[str, Tensor]:
        found = front(ops.convert_to_tensor(picture)[None], training=False)
        return {name: maps[0] for name, maps in zip(layers, found if len(layers) > 1 else [found], strict=True)}

    return run


def targets(net: keras.Model, content: np.ndarray, style: np.ndarray, recipe: Recipe) -> Targets:
    """Extract what a recipe asks for: content targets of one picture, style targets of another. Both (h, w, 3)."""
    kept, taken = answers(net, recipe.content)(content), answers(net, recipe.style)(style)
    to_numpy = ops.convert_to_numpy
    return Targets({n: to_numpy(m) for n, m in kept.items()}, {n: to_numpy(gram(m)) for n, m in taken.items()})


def painting_loss(net: keras.Model, wanted: Targets, recipe: Recipe) -> Loss:
    r"""The loss of neural style as a function of a picture, of the size of the content picture.

    .. math:: \sum_l c_l\, e(F_l, P_l) + \beta \sum_l s_l\, e(G_l, A_l) + \gamma\, \mathrm{TV}(x)

    e is `relative_error`, F the answers and G their Gram matrices; the weights of layers are shares: they are divided
    by their sum. Raises ValueError for weights below 0. Source: Gatys et al. (2016), equations 1 to 7, with relative
    errors and a total variation. Chapter: style_transfer.
    """
    content, style = shares(recipe.content), shares(recipe.style)
    weight, smooth = number("style_weight", recipe.style_weight, 0), number("smooth", recipe.smooth, 0)
    run = answers(net, {**content, **style})

    def loss(picture: Tensor) -> Tensor:
        maps = run(picture)
        kept = sum(share * relative_error(maps[name], wanted.content[name]) for name, share in content.items())
        taken = sum(share * relative_error(gram(maps[name]), wanted.style[name]) for name, share in style.items())
        return kept + weight * taken + smooth * total_variation(picture)

    return loss


def shares(weights: Weights) -> dict[str, float]:
    """Weights of layers, divided by their sum; those of 0 are left out."""
    kept = {name: number("weight", weight, 0) for name, weight in weights.items() if weight}
    return {name: weight / sum(kept.values()) for name, weight in kept.items()}


def parts(net: keras.Model, wanted: Targets, recipe: Recipe, picture: np.ndarray) -> dict[str, float]:
    """The three terms of the loss at a picture (h, w, 3), none of them weighed: content, style, variation."""
    only = {
        "content": recipe._replace(style={}, smooth=0),
        "style": recipe._replace(content={}, style_weight=1, smooth=0),
        "variation": recipe._replace(content={}, style={}, smooth=1),
    }
    x = ops.convert_to_tensor(picture)
    return {name: float(ops.convert_to_numpy(painting_loss(net, wanted, part)(x))) for name, part in only.items()}
