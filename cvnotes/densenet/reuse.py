"""Who reads whom in a DenseNet: every link from a source to a reader, and how much weight is on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

BLOCKS = (2, 3, 4)  # numbers in the names of the layers: block 1 of the paper is conv2


@dataclass(frozen=True, eq=False)
class Reader:
    """A layer that reads a concatenation: its normalization, its weights, and which channels come from which source.

    sources: slices of the channels; the first is what entered the block, then each dense layer's new maps in turn.
    """

    block: int
    name: str
    norm: keras.layers.BatchNormalization
    layer: keras.layers.Conv2D | keras.layers.Dense
    sources: tuple[slice, ...]


@dataclass(frozen=True)
class Link:
    """One reader and one of its sources: 0 is the input of the block, s the dense layer s."""

    reader: Reader
    source: int

    @property
    def channels(self) -> slice:
        """Where the source's maps lie in what the reader reads."""
        return self.reader.sources[self.source]


def readers(model: keras.Model) -> list[Reader]:
    """List all readers of a DenseNet for small pictures, block by block: dense layers, then what follows the block.

    model: of ``models.build("densenet-cifar", ...)``. A bottleneck layer reads by its 1 x 1 convolution.
    Raises ValueError for a model without such blocks. Chapter: feature_reuse.
    """
    names = {layer.name for layer in model.layers}
    if not {f"conv{number}_block1" for number in BLOCKS} <= names or "bn" not in names:
        raise ValueError(f"Only a DenseNet for small pictures has these readers. Received: {model.name!r}.")
    return [reader for block in range(len(BLOCKS)) for reader in _of_block(model, block)]


def _of_block(model: keras.Model, block: int) -> Iterator[Reader]:
    start = f"conv{BLOCKS[block]}_block"
    layers = [layer for layer in model.layers if layer.name.startswith(start)]
    edges = [0, *(layer.input.shape[-1] for layer in layers), layers[-1].output.shape[-1]]
    sources = tuple(map(slice, edges[:-1], edges[1:]))
    for i, layer in enumerate(layers, 1):
        norm, kernel = (layer.get_layer(f"{layer.name}_{part}") for part in ("0_bn", "1_conv"))
        yield Reader(block + 1, f"layer {i}", norm, kernel, sources[:i])
    last = block + 1 == len(BLOCKS)
    ends = ("bn", "predictions") if last else (f"pool{BLOCKS[block]}_bn", f"pool{BLOCKS[block]}_conv")
    yield Reader(block + 1, "classifier" if last else "transition", *map(model.get_layer, ends), sources)


def links(model: keras.Model) -> list[Link]:
    """List all links, reader by reader, sources in their order: L (L + 1) / 2 a block of L readers."""
    return [Link(reader, source) for reader in readers(model) for source in range(len(reader.sources))]


def weight(reader: Reader) -> np.ndarray:
    r"""Average the absolute weights of each channel that a reader reads: (channels,).

    .. math:: \bar w_c = \frac{1}{|W_c|} \sum_{w \in W_c} |w|

    Source: Huang and others (2017), section 5, "Feature reuse", figure 5. Chapter: feature_reuse.
    """
    kernel = np.abs(keras.ops.convert_to_numpy(reader.layer.kernel))
    return np.moveaxis(kernel, -2, 0).reshape(kernel.shape[-2], -1).mean(1)


def scaled_weight(reader: Reader) -> np.ndarray:
    r"""Weigh each channel by what its normalization does to it first: :math:`|\gamma_c|\, \bar w_c`, (channels,).

    Unlike `weight` it stays as it is when a factor moves from :math:`\gamma, \beta` to the weights. Chapter:
    feature_reuse.
    """
    return np.abs(keras.ops.convert_to_numpy(reader.norm.gamma)) * weight(reader)


MEASURES = {"weight": weight, "scaled": scaled_weight}


def by_link(model: keras.Model, measure: str = "weight") -> np.ndarray:
    """Give the mean of a measure over the channels of each link, in the order of `links`: (links,).

    Raises ValueError for a measure that is not in `MEASURES`. Chapter: feature_reuse.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}. Received: measure={measure!r}")
    found = ((MEASURES[measure](reader), reader.sources) for reader in readers(model))
    return np.array([values[source].mean() for values, sources in found for source in sources])


def triangles(values: np.ndarray) -> np.ndarray:
    """Lay values in the order of `links` out as maps: (block, source, reader), NaN where there is no link.

    Raises ValueError for a number of links that three equal blocks cannot have. Chapter: feature_reuse.
    """
    values = np.asarray(values, float)
    per_block = values.size // len(BLOCKS)
    size = round((np.sqrt(8 * per_block + 1) - 1) / 2)
    if values.ndim != 1 or len(BLOCKS) * size * (size + 1) // 2 != values.size or not size:
        raise ValueError(f"Three blocks of L readers have 3 L (L + 1) / 2 links. Received: shape {values.shape}.")
    maps = np.full((len(BLOCKS), size, size), np.nan)
    reader, source = np.tril_indices(size)
    maps[:, source, reader] = values.reshape(len(BLOCKS), -1)
    return maps


def evenness(values: np.ndarray) -> np.ndarray:
    r"""How evenly each reader spreads over its sources: 1 for all alike, 1 / sources if it reads one: (block, reader).

    .. math:: e^{H(p)} / S, \qquad p_s = v_s / \textstyle\sum v

    values: at least 0, in the order of `links`. The first reader of a block has one source and is left out.
    Raises ValueError for values below 0. Chapter: feature_reuse.
    """
    if np.min(values) < 0:
        raise ValueError(f"Weights of sources are at least 0. Received: {np.min(values):.3g} among them")
    maps = triangles(values)[..., 1:]
    shares = maps / np.nansum(maps, 1, keepdims=True)
    entropy = -np.nansum(shares * np.log(np.where(shares > 0, shares, 1)), 1)
    return np.exp(entropy) / np.sum(~np.isnan(maps), 1)


def by_source(values: np.ndarray) -> np.ndarray:
    """How much weight a source gets from its readers, 1 for as much as the average source of each: (block, source).

    values: in the order of `links`. The first reader of a block has no choice and is left out. Chapter: feature_reuse.
    """
    maps = triangles(values)[..., 1:]
    return np.nanmean(maps / np.nanmean(maps, 1, keepdims=True), 2)


def move_factor(reader: Reader, factors: np.ndarray) -> None:
    r"""Multiply :math:`\gamma_c` and :math:`\beta_c` by a factor and divide the weights of channel c by it.

    A ReLU lets positive factors through, so the reader gives what it gave. factors: above 0, (channels,).
    Raises ValueError for others. Chapter: feature_reuse.
    """
    factors, channels = np.asarray(factors, float), reader.sources[-1].stop
    if factors.shape != (channels,) or not np.all(factors > 0):
        raise ValueError(f"Give {channels} factors above 0. Received: shape {factors.shape}, least {factors.min()}.")
    for weight in (reader.norm.gamma, reader.norm.beta):
        weight.assign(keras.ops.convert_to_numpy(weight) * factors)
    reader.layer.kernel.assign(keras.ops.convert_to_numpy(reader.layer.kernel) / factors[:, None])
