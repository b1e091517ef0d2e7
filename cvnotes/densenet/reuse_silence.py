"""What a link is worth: silence a source for one reader, and see what the net loses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice

from .reuse import BLOCKS, Link, Reader, links, readers

Labelled = tuple[np.ndarray, np.ndarray]


def block_maps(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """Give all maps of each block, as what follows it reads them: (n, h, w, c) three times. Chapter: feature_reuse."""
    ends = [model.get_layer(f"pool{number}_bn").input for number in BLOCKS[:-1]] + [model.get_layer("bn").input]
    return [keras.ops.convert_to_numpy(maps) for maps in keras.Model(model.input, ends)(x, training=False)]


def mean_read(reader: Reader, maps: np.ndarray) -> np.ndarray:
    """Average what a reader reads behind its normalization and ReLU over pictures and places: (channels,)."""
    read = keras.ops.relu(reader.norm(maps[..., : reader.sources[-1].stop], training=False))
    return keras.ops.convert_to_numpy(keras.ops.mean(read, axis=(0, 1, 2)))


def means(model: keras.Model, x: np.ndarray) -> dict[tuple[int, str], np.ndarray]:
    """Give `mean_read` of every reader, by its block and name. Chapter: feature_reuse."""
    maps = block_maps(model, x)
    return {(reader.block, reader.name): mean_read(reader, maps[reader.block - 1]) for reader in readers(model)}


@contextlib.contextmanager
def silenced(reader: Reader, channels: np.ndarray, mean: np.ndarray) -> Iterator[None]:
    r"""Let a reader read, instead of some channels, their means; afterwards all is as it was.

    With :math:`\gamma_c = 0` and :math:`\beta_c` the mean of what was read, normalization and ReLU give that mean for
    every picture: what the channel told is gone, its average effect stays. channels: truth values, (channels,).
    Raises ValueError for others. Chapter: feature_reuse.
    """
    size = reader.sources[-1].stop
    if np.shape(channels) != (size,) or np.asarray(channels).dtype != bool:
        raise ValueError(f"Give {size} truth values, one for each channel. Received: {channels!r}")
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in (reader.norm.gamma, reader.norm.beta)]
    try:
        reader.norm.gamma.assign(np.where(channels, 0, before[0]))
        reader.norm.beta.assign(np.where(channels, mean, before[1]))
        yield
    finally:
        reader.norm.gamma.assign(before[0])
        reader.norm.beta.assign(before[1])


@contextlib.contextmanager
def cut(chosen: Sequence[Link], known: Mapping[tuple[int, str], np.ndarray]) -> Iterator[None]:
    """Silence several links at once; known: of `means`. Chapter: feature_reuse."""
    by_reader: dict[Reader, np.ndarray] = {}
    for link in chosen:
        by_reader.setdefault(link.reader, np.zeros(link.reader.sources[-1].stop, bool))[link.channels] = True
    with contextlib.ExitStack() as stack:
        for reader, channels in by_reader.items():
            stack.enter_context(silenced(reader, channels, known[reader.block, reader.name]))
        yield


def loss(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Average cross-entropy of the pictures, in nats, from the logits of the model.

    Raises ValueError unless there is one label for each picture.
    """
    if len(x) != len(y) or not len(y):
        raise ValueError(f"Give one label for each picture. Received: {len(x)} pictures, {len(y)} labels.")
    scores = keras.ops.log_softmax(model(x, training=False))
    return float(-np.mean(keras.ops.convert_to_numpy(scores)[np.arange(len(y)), y]))


def removal(model: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rise of the loss, in nats, when one link is cut, for each in the order of `links`. Chapter: feature_reuse."""
    whole, known = loss(model, x, y), means(model, x)
    return np.array([_without([link], known, model, x, y) for link in links(model)]) - whole


def _without(chosen: Sequence[Link], known: Mapping, model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    with cut(chosen, known):
        return loss(model, x, y)


def reach(model: keras.Model, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Accuracy if every reader may read its last 1, 2, ... sources alone; the last number is that of the whole net.

    Chapter: feature_reuse.
    """
    known, every = means(model, x), links(model)
    found = []
    for seen in range(1, len(readers(model)[-1].sources) + 1):
        with cut([link for link in every if len(link.reader.sources) - link.source > seen], known):
            found.append(experiments.accuracy(model, x, y))
    return found


def without_channels(model: keras.Model, block: int, channels: np.ndarray, test: Labelled, known: Mapping) -> float:
    """Loss when some channels of a block, truth values (c,), are silent for all its readers, in nats.

    block: 1 to 3. Raises ValueError for another, and unless there is one truth value for each of its channels.
    Chapter: feature_reuse.
    """
    block, channels = choice("block", block, range(1, len(BLOCKS) + 1)), np.asarray(channels)
    found = [reader for reader in readers(model) if reader.block == block]
    if channels.dtype != bool or channels.shape != (found[-1].sources[-1].stop,):
        told = f"{channels.dtype}, shape {channels.shape}"
        raise ValueError(f"Give {found[-1].sources[-1].stop} truth values, one a channel. Received: {told}.")
    with contextlib.ExitStack() as stack:
        for reader in found:
            stop = reader.sources[-1].stop
            stack.enter_context(silenced(reader, channels[:stop], known[block, reader.name]))
        return loss(model, *test)
