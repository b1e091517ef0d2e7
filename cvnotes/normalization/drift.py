"""How the input of an inner layer moves while the net learns, and what happens when it is made to move on purpose.

Chapter: why_normalization.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import experiments

from .effects import BATCH, Array, conv_net, learner, split

WAYS = ("plain", "before", "restless")  # restless: normalized, and then moved at random
RATE, STEPS, PROBE = 0.3, {"quick": 150, "full": 600}, 250
LAYER = 3  # the convolution whose input is watched; the net has four
SHIFT, STRETCH = 0.3, 0.1  # of the noise: sizes of the shift and of the logarithm of the factor


@keras.saving.register_keras_serializable(package="cvnotes")
class Restless(layers.Layer):
    r"""Move and stretch every channel at random, anew at each training step; do nothing in inference.

    $$ y_j = e^{s_j} x_j + m_j, \qquad m_j \sim N(0, \text{shift}^2), \quad s_j \sim N(0, \text{stretch}^2) $$

    One pair of numbers a channel, the same for the whole batch: mean and spread of each channel change at every step.
    After the experiment of Santurkar et al. (2018), section 2. Chapter: why_normalization.
    """

    def __init__(self, shift: float = SHIFT, stretch: float = STRETCH, **kwargs):
        super().__init__(**kwargs)
        self.shift, self.stretch, self.dice = shift, stretch, keras.random.SeedGenerator()

    def call(self, x, training=False):
        """Draw in training, pass on in inference."""
        if not training:
            return x
        shift, stretch = (keras.random.normal((1, x.shape[-1]), seed=self.dice) for _ in range(2))
        return x * ops.exp(self.stretch * stretch) + self.shift * shift

    def get_config(self):
        """Both sizes of the noise."""
        return super().get_config() | {"shift": self.shift, "stretch": self.stretch}


def watched(way: str) -> tuple[keras.Model, keras.Model]:
    """Build a ConvNet of `WAYS`, ready to train, and the part of it that ends where convolution `LAYER` begins.

    Raises ValueError for another way. Chapter: why_normalization.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}. Received: way={way!r}")
    norm, extra = ("plain", None) if way == "plain" else ("before", Restless if way == "restless" else None)
    model = learner(conv_net(norm, extra=extra))
    inner = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)][LAYER - 1]
    return model, keras.Model(model.inputs[0], inner.input)


def moments(part: keras.Model, x: Array) -> tuple[Array, Array]:
    """Give mean and standard deviation of every channel over fixed pictures, as in training; the net stays as it is.

    Chapter: why_normalization.
    """
    values, _ = part.stateless_call(part.trainable_variables, part.non_trainable_variables, x, training=True)
    values = ops.convert_to_numpy(values)
    axes = tuple(range(values.ndim - 1))
    return values.mean(axes), values.std(axes)


def drift(before: tuple[Array, Array], after: tuple[Array, Array]) -> float:
    r"""How far a layer's input moved, in units of its spread.

    $$ D = \sqrt{\frac{\sum_j (\mu'_j - \mu_j)^2 + (\sigma'_j - \sigma_j)^2}{\sum_j \sigma_j^2}} $$

    The numerator is the squared Wasserstein distance between normal distributions with these moments, summed over
    channels j. before, after: means and standard deviations, (channels,) each.
    Raises ValueError for other shapes and where nothing varies before. Chapter: why_normalization.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    if before.ndim != 2 or len(before) != 2 or before.shape != after.shape:
        raise ValueError(f"Give two means and two deviations (channels,). Received: {before.shape}, {after.shape}")
    spread = float(np.sum(before[1] ** 2))
    if not spread > 0:
        raise ValueError(f"The units must vary over the pictures. Received: standard deviations {before[1]!r:.80}")
    return float(np.sqrt(np.sum((after - before) ** 2) / spread))


@experiments.experiment(version=1, seeds=5)
def moving(seed: int, scale: str) -> dict[str, list[float]]:
    """Train three nets at one rate; after every step: drift and moments over fixed pictures, accuracy of the step."""
    given, found = split(seed), {}
    probe, x, y = given.x[:PROBE], given.x, given.y
    for way in WAYS:
        keras.utils.set_random_seed(seed)
        model, part = watched(way)
        model.optimizer.learning_rate = RATE
        dice, last = np.random.default_rng(seed), moments(part, probe)
        rows = []
        for _ in range(STEPS[scale]):
            chosen = dice.choice(len(x), BATCH, replace=False)
            _, accuracy = model.train_on_batch(x[chosen], y[chosen])
            now = moments(part, probe)
            rows.append([drift(last, now), now[0].mean(), (now[1] ** 2).mean(), accuracy])
            last = now
        for name, column in zip(("drift", "mean", "variance", "train"), np.array(rows, float).T, strict=True):
            found[f"{way}_{name}"] = column.tolist()
        right = model.predict_on_batch(given.test_x).argmax(-1) == given.test_y
        found[f"{way}_test"] = float(right.mean())
    return found
