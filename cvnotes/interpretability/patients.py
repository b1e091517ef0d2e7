"""Four named numbers about 442 real patients, and three models of one task: a line, trees, and a net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cvnotes.checks import number, whole

#: Our name: the name in scikit-learn, the unit.
FEATURES = {
    "body mass": ("bmi", "kg/m²"),
    "blood pressure": ("bp", "mmHg"),
    "HDL": ("s3", "mg/dl"),
    "triglycerides": ("s5", "log mg/dl"),
}
NAMES = tuple(FEATURES)
UNITS = tuple(unit for _, unit in FEATURES.values())

Predict = Callable[[np.ndarray], np.ndarray]  # (n, features) -> (n,)


@dataclass(frozen=True, eq=False)
class Patients:
    """Features (n, 4) in the units of `FEATURES` and how far diabetes had gone a year later (n,), in points."""

    train: np.ndarray
    truth: np.ndarray
    test: np.ndarray
    test_truth: np.ndarray

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviation of each feature over the training patients, (4,)."""
        return self.train.std(axis=0)

    def with_column(self, column: int, factor: float) -> Patients:
        """The same patients with one feature measured in a unit that is `factor` times smaller."""
        scale = np.ones(self.train.shape[1])
        scale[column] = number("factor", factor, above=0)
        return replace(self, train=self.train * scale, test=self.test * scale)


def patients(seed: int = 0) -> Patients:
    """Split the 442 patients of scikit-learn's diabetes data at random: 331 to learn from, 111 to ask about.

    Raises ValueError for a seed below 0. Source: Efron et al. (2004), Least Angle Regression. Chapter:
    interpretability.
    """
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split

    found = load_diabetes(scaled=False)
    columns = [found.feature_names.index(name) for name, _ in FEATURES.values()]
    parts = train_test_split(found.data[:, columns], found.target, random_state=whole("seed", seed, 0))
    train, test, truth, test_truth = parts
    return Patients(train, truth, test, test_truth)


def linear(known: Patients) -> Any:
    """Fit a linear regression by least squares."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(known.train, known.truth)


def trees(known: Patients, seed: int = 0) -> Any:
    """Fit a hundred gradient-boosted trees of depth 3. Source: Friedman (2001)."""
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(n_estimators=100, max_depth=3, learning_rate=0.05, random_state=seed)
    return model.fit(known.train, known.truth)


def net(known: Patients) -> Any:
    """Build a net for the task, from features in their own units to points: two hidden layers of 32 ReLUs."""
    import keras
    from keras import layers

    inputs = keras.Input((known.train.shape[1],))
    x = layers.Normalization(mean=known.train.mean(0), variance=known.train.var(0), name="scaled")(inputs)
    x = layers.Dense(32, activation="relu", name="hidden1")(x)
    x = layers.Dense(32, activation="relu", name="hidden2")(x)
    points = layers.Rescaling(known.truth.std(), known.truth.mean(), name="points")
    return keras.Model(inputs, points(layers.Dense(1, name="score")(x)))


def deep(known: Patients, seed: int = 0, epochs: int = 30) -> Any:
    """Train a `net` by squared error. Chapter: interpretability."""
    from cvnotes import experiments

    model = net(known)
    options = {"epochs": epochs, "batch": 64, "rate": 5e-3, "seed": seed}
    experiments.fit(model, known.train.astype("float32"), known.truth.astype("float32")[:, None], loss="mse", **options)
    return model


def predictor(model: Any) -> Predict:
    """Any of the models as a function from features (n, 4) to points (n,)."""
    import keras

    if isinstance(model, keras.Model):
        return lambda x: keras.ops.convert_to_numpy(model(np.asarray(x, "float32")))[:, 0].astype(float)
    return model.predict


def explained(model: Any, x: np.ndarray, truth: np.ndarray) -> float:
    """Share of the variance of the truth that a model tells, 1 at best, 0 for the mean (the R² of scikit-learn)."""
    return float(1 - np.mean((predictor(model)(x) - truth) ** 2) / np.var(truth))


# To predict what a change does --------------------------------------------------------------------------------------


def raised(x: np.ndarray, column: int, by: float) -> np.ndarray:
    """The same patients with one feature raised by so many units, (n, features)."""
    changed = np.array(x, dtype=float)
    changed[:, whole("column", column, 0, changed.shape[1] - 1)] += number("by", by)
    return changed


def effect(predict: Predict, x: np.ndarray, column: int, by: float) -> np.ndarray:
    """What raising one feature by so many units does to each patient's prediction, (n,)."""
    return predict(raised(x, column, by)) - predict(x)


def slopes(predict: Predict, x: np.ndarray, column: int, unit: float) -> np.ndarray:
    """The slope of each prediction in one feature, (n,), by a central difference a hundredth of `unit` wide."""
    half = number("unit", unit, above=0) / 200
    return (predict(raised(x, column, half)) - predict(raised(x, column, -half))) / (2 * half)


def astray(guess: np.ndarray, true: np.ndarray) -> float:
    """How far guessed changes are from true ones: mean absolute error over the mean size of a true change."""
    return float(np.mean(np.abs(guess - true)) / np.mean(np.abs(true)))


def by_rule(changes: np.ndarray) -> float:
    """How far one number for everybody, the mean change, is astray: 0 if all patients change alike."""
    return astray(np.full(len(changes), changes.mean()), changes)


# To read how it works -----------------------------------------------------------------------------------------------


def rewritten(model: Any, seed: int = 0) -> Any:
    """The same function in other weights: hidden ReLUs in another order, each made c times larger and read at 1/c.

    ReLU(c x) = c ReLU(x) for every c > 0. Works on a `net`. Chapter: interpretability.
    """
    import keras

    dice, twin = np.random.default_rng(seed), keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    for name, after in (("hidden1", "hidden2"), ("hidden2", "score")):
        (kernel, bias), (onward, later) = (twin.get_layer(each).get_weights() for each in (name, after))
        order, c = dice.permutation(len(bias)), np.exp(dice.uniform(-2, 2, len(bias))).astype("float32")
        twin.get_layer(name).set_weights([kernel[:, order] * c, bias[order] * c])
        twin.get_layer(after).set_weights([onward[order] / c[:, None], later])
    return twin
