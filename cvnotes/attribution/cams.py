"""Class activation maps: which cells of the last maps speak for a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from keras import ops

from cvnotes import backend

from .compiled import runner
from .cuts import refuse_cut
from .inputs import Array, Model, pictures, pieces, read
from .layers import Place, Where, changed, find
from .rules import guided_backprop
from .targets import Score, Target, ask

CLOSE = 1e-3  # how far a head may be from a weighted sum of pooled maps, as a share of what the maps add to the score


def cam(model: Model, images: Array, target: Target = None, *, layer: Where = None, batch_size: int = 32) -> Array:
    r"""The class activation map :math:`\sum_k w_k A_k`: weights of the class times maps, resized to the picture.

    The model must end in a global pool (average or maximum) and a weighted sum: then :math:`w_k` is the weight of map k
    in the score. Whether it does is measured, on any kind of model: moving cells must not move the score, and
    the score must be the weighted sum plus a constant.
    layer: the maps; the last ones if None (see ``feature_maps`` for names). Other arguments as in ``gradient``.
    Returns (n, h, w, 1), signed, in units of the score: the mean over the maps' cells is the score without its bias if
    the pool is an average. Raises ValueError as ``gradient`` does, for a model without maps, and for heads that see
    places, such as Flatten, or bend, such as a softmax or a hidden layer: Grad-CAM takes those.
    Source: Zhou et al. (2016), equation 2. Chapter: class_activation_maps.
    """
    asked = read(model, images)
    x = pictures(asked)
    if not len(x):
        return asked.give(x[..., :1])
    place, score = find(model, x, layer, maps=True), ask(model, x, target, batch_size)
    _check_head(score, place, x[:8])
    return asked.give(resized(_weighed(score, place, x, batch_size), x.shape[1:3]))


def grad_cam(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    layer: Where = None,
    relu: bool = True,
    upsample: bool = True,
    batch_size: int = 32,
) -> Array:
    r"""Grad-CAM, :math:`\max(0, \sum_k \alpha_k A_k)`, :math:`\alpha_k` the mean of :math:`\partial S/\partial A_k`.

    layer: whose maps :math:`A`, by name or itself; the last maps of the model if None (see ``feature_maps`` for names).
    relu: cut off what speaks against. upsample: resize bilinearly to the picture; otherwise one value a cell.
    Other arguments as in ``gradient``. The backward pass stops at the layer.
    Returns (n, h, w, 1) (or the maps' height and width). Raises ValueError as ``gradient`` does and for a model without
    maps, an unknown name, a layer that gives no maps, and maps that the score does not hang on.
    Source: Selvaraju et al. (2017), equations 1 and 2. Chapter: class_activation_maps.
    """
    asked = read(model, images)
    x = pictures(asked)
    if not len(x):
        return asked.give(x[..., :1])
    place, score = find(model, x, layer, maps=True), ask(model, x, target, batch_size)
    found = _weighed(score, place, x, batch_size) / (place.shape[1] * place.shape[2])
    found = np.maximum(found, 0) if relu else found
    return asked.give(resized(found, x.shape[1:3]) if upsample else found)


def guided_grad_cam(
    model: Model, images: Array, target: Target = None, *, layer: Where = None, batch_size: int = 32
) -> Array:
    """Guided backprop times Grad-CAM, pixel by pixel: the fine lines of one where the other is.

    Arguments and errors as in ``grad_cam`` and ``guided_backprop``. Returns (n, h, w, c).
    Source: Selvaraju et al. (2017), section 3.2. Chapter: class_activation_maps.
    """
    where = grad_cam(model, images, target, layer=layer, batch_size=batch_size)
    return where * guided_backprop(model, images, target, batch_size=batch_size)


def _weighed(score: Score, place: Place, x: Array, batch_size: int) -> Array:
    """Σ_k w_k A_k (n, h', w', 1) of all pictures; ValueError if the score of none of them hangs on the maps."""
    found, any_slope = [], False
    for maps, slope in maps_and_slopes(score, place, x, batch_size):
        found.append(weighted(maps, slope))
        any_slope = any_slope or slope.any()
    if not any_slope:
        refuse_cut(lambda: score(ops.convert_to_tensor(x[:1]), score.classes[:1]))
        _refuse_apart(score, place, x[:1])
    return np.concatenate(found)


def _refuse_apart(score: Score, place: Place, x: Array) -> None:
    """Raise ValueError if the score stays, whatever the maps are."""
    shape, kept = (len(x), *place.shape[1:]), ops.convert_to_numpy(score(ops.convert_to_tensor(x), score.classes[:1]))
    if all(np.array_equal(kept, _score_of(score, place, x, np.full(shape, fill))) for fill in (np.nan, 1e3, -1e3)):
        raise ValueError(
            "The score does not hang on these maps: name a layer on the way to it, such as the last one before the "
            f"pool. Received: {place.path}, whose maps may be anything"
        )


def maps_and_slopes(score: Score, place: Place, x: Array, batch_size: int = 32) -> Iterator[list[Array]]:
    """The maps (m, h', w', c) of a layer, and the gradient of each score with respect to them, piece by piece."""

    def both(x: Any, own: Any) -> tuple[Any, Any]:
        def total(more: Any) -> tuple[Any, Any]:
            kept = []
            with changed(score.model, place, lambda maps: kept.append(maps) or maps + more):
                return ops.sum(score(x, own)), kept[0]

        nothing = ops.zeros((x.shape[0], *place.shape[1:]), dtype=place.dtype)
        (_, maps), slope = backend.value_and_grad(total, aux=True)(nothing)
        return ops.cast(maps, "float32"), ops.cast(slope, "float32")

    parts = pieces(len(x), batch_size)
    key = score.model, score.pick, place.path, place.turn, place.shape
    run = runner(both, key, len(parts[0]), len(parts))
    return (run(x[rows], score.classes[rows]) for rows in parts)


def resized(maps: Array, size: tuple[int, int]) -> Array:
    """Maps (n, h', w', 1) resized to (h, w), bilinearly."""
    return ops.convert_to_numpy(ops.image.resize(maps, size, interpolation="bilinear", data_format="channels_last"))


def weighted(maps: Array, slope: Array) -> Array:
    """Σ_k w_k A_k, (n, h', w', 1), with w_k the sum of the slope over all cells."""
    return np.einsum("nhwc,nc->nhw", maps, slope.sum((1, 2)), optimize=True)[..., None]


def _check_head(score: Score, place: Place, x: Array) -> None:
    """Raise ValueError unless the score is a weighted sum of globally pooled maps, plus a constant."""
    ((maps, slope),) = maps_and_slopes(score, place, x)
    run = lambda maps: _score_of(score, place, x, maps)  # noqa: E731
    kept, moved, none = run(maps), run(_shuffled(maps)), run(0 * maps)
    close = max(CLOSE * np.abs(kept - none).max(), 1e-5 * np.abs(kept).max())  # the latter is rounding
    if np.abs(moved - kept).max() > close:
        raise ValueError(
            "CAM needs a global pool after the maps: this head looks at places (as after Flatten), so that a class has "
            "a weight for each cell. Take grad_cam, which needs no pool. Received: a score that changes by "
            f"{np.abs(moved - kept).max():.3g} when the cells of {place.path} change places"
        )
    for pool in (np.mean, np.max):  # a map of one value throughout has the same pool, and the score must be straight
        flat = np.broadcast_to(pool(maps, (1, 2), keepdims=True), maps.shape)
        added, sides = (flat * slope).sum((1, 2, 3)), (run(flat) - none, none - run(-flat), kept - none)
        if max(np.abs(side - added).max() for side in sides) <= close:
            return
    raise ValueError(
        "CAM needs a score that is a weighted sum of the pooled maps: ask for logits rather than a softmax (see "
        "attribution.logits), name the last layer before the pool, or take grad_cam for a head with hidden layers. "
        f"Received: a score that bends after {place.path}"
    )


def _score_of(score: Score, place: Place, x: Array, maps: Array) -> Array:
    with changed(score.model, place, lambda _: ops.convert_to_tensor(maps, dtype=place.dtype)):
        return ops.convert_to_numpy(score(ops.convert_to_tensor(x), score.classes[: len(x)]))


def _shuffled(maps: Array) -> Array:
    """The same cells at other places."""
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    return np.random.default_rng(0).permutation(flat, axis=1).reshape(maps.shape)
