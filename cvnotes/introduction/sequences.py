"""One frozen ConvNet under two heads: a dense one that names a picture, a recurrent one that reads a film."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from cvnotes import backend, data, experiments

from . import features, hierarchy

FRAMES = 5


def films(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint films of one drifting shape: frames (n, 5, 32, 32, 3), whether it goes to the right, and which shape it is.

    Films in which it moves by less than 3 pixels from left to right, or back, are left out, so n is below `count`.
    """
    options = {"classes": features.NEAR, "objects": 1, "radius": (0.22, 0.32), "clutter": 0.2, "turn": 45}
    clips = data.clips(count, seed=seed, frames=FRAMES, size=features.SIDE, speed=0.08, spin=3.0, **options)
    way = clips.centres[:, -1, 0, 0] - clips.centres[:, 0, 0, 0]
    keep = np.abs(way) >= 3
    frames = clips.images[keep].astype(np.float32) / np.float32(255)
    return frames, (way[keep] > 0).astype(int), clips.labels[keep, 0]


def trunk(model: keras.Model) -> keras.Model:
    """Cut a net behind its last pooling: (n, 32, 32, 3) to features (n, 512)."""
    flat = layers.Flatten()(model.get_layer("pool3").output)
    return keras.Model(model.input, flat)


def on_frames(model: keras.Model, frames: np.ndarray) -> np.ndarray:
    """Compute the features of every frame of every film: (n, f, 512)."""
    flat = frames.reshape(-1, *frames.shape[2:])
    return hierarchy.conv_features(model, flat).reshape(*frames.shape[:2], -1)


def recurrent_head(width: int, frames: int = FRAMES, classes: int = 2) -> keras.Model:
    """Build an LSTM of 16 cells over the frames, then one number a class."""
    inputs = keras.Input((frames, width))
    memory = layers.LSTM(16, unroll=True)(inputs)  # a loop is slower on a CPU
    return keras.Model(inputs, layers.Dense(classes)(memory), name="recurrent")


def dense_head(width: int, classes: int = 5) -> keras.Model:
    """Build one dense layer on the features of a single picture."""
    inputs = keras.Input((width,))
    return keras.Model(inputs, layers.Dense(classes)(inputs), name="dense")


def kernel_gradient(body: keras.Model, loss: Callable) -> np.ndarray:
    """Differentiate a loss of the features with respect to the first kernel of a body, (5, 5, 3, 12).

    loss: takes the function pictures -> features and returns one number.
    """
    weights = [ops.convert_to_numpy(w) for w in body.trainable_variables]

    def run(kernel):
        replaced = [kernel, *map(ops.convert_to_tensor, weights[1:])]
        return loss(lambda x: body.stateless_call(replaced, body.non_trainable_variables, x, training=False)[0])

    return backend.value_and_grad(run)(weights[0])[1]


@experiments.experiment(version=1, seeds=5)
def building_block(seed: int, scale: str) -> dict[str, float]:
    """Train both heads on frozen features; play the films backwards; ask the middle frame alone which way things go."""
    net, (train, test) = hierarchy.trained(seed, scale), (films(700, 2 * seed), films(500, 2 * seed + 1))
    (x, way, kind), (tx, tway, tkind) = ((on_frames(net, film), *labels) for film, *labels in (train, test))
    width, epochs = x.shape[-1], 15 if scale == "quick" else 60
    every, tevery = (frames.reshape(-1, width) for frames in (x, tx))
    keras.utils.set_random_seed(seed)
    reader, namer, still = recurrent_head(width), dense_head(width), dense_head(width, 2)
    tests = {"recurrent": (reader, tx, tway), "dense": (namer, tevery, np.repeat(tkind, FRAMES))}
    before = {f"{name}_before": experiments.accuracy(*asked) for name, asked in tests.items()}
    experiments.fit(reader, x, way, epochs=epochs, batch=32, rate=3e-3, seed=seed)
    experiments.fit(namer, every, np.repeat(kind, FRAMES), epochs=epochs // 3, batch=32, rate=3e-3, seed=seed)
    experiments.fit(still, x[:, FRAMES // 2], way, epochs=epochs, batch=32, rate=3e-3, seed=seed)
    tests["backwards"] = (reader, tx[:, ::-1], 1 - tway)
    tests["one_frame"] = (still, tx[:, FRAMES // 2], tway)
    return before | {name: experiments.accuracy(*asked) for name, asked in tests.items()}
