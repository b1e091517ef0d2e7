"""Explanations at their edges: where an answer could be wrong and look right, each of these once was."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from cvnotes import attribution as at
from cvnotes.attribution import cams, targets
from cvnotes.attribution import layers as named
from cvnotes.attribution.deeplift import _check_sum

X = np.random.default_rng(0).random((3, 8, 8, 3)).astype("float32")
V = np.random.default_rng(1).random((3, 3)).astype("float32") + 1


def net(side: int | None = 8) -> keras.Model:
    """A convolution, a mean and three logits, with weights above 0."""
    conv = layers.Conv2D(4, 3, activation="relu", name="conv")
    model = keras.Sequential([keras.Input((side, side, 3)), conv, layers.GlobalAveragePooling2D(), layers.Dense(3)])
    dice = np.random.default_rng(2)
    model.set_weights([np.abs(dice.normal(0, 0.4, w.shape)) for w in model.get_weights()])
    return model


NET = net()


def close(mine, true, rtol: float = 1e-5) -> None:
    """Equal up to a share of the largest value."""
    np.testing.assert_allclose(mine, true, rtol=0, atol=rtol * np.abs(true).max())


# Gradients ----------------------------------------------------------------------------------------------------------


def test_under_a_policy_of_mixed_precision_what_is_compiled_is_not_rounded():
    plain, policy = at.gradient(lambda x: ops.sum(x**3, axis=1), V), keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        with at.compiled():
            quick = at.gradient(lambda x: ops.sum(x**3, axis=1), V)
    finally:
        keras.config.set_dtype_policy(policy)
    close(quick, plain)


class Training(keras.Model):
    """A model whose normalization and dropout were told to train, whoever calls."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dropout(0.5, seed=1)
        self.pool, self.out = layers.GlobalAveragePooling2D(), layers.Dense(3)

    def call(self, x):
        return self.out(self.pool(self.drop(self.norm(self.conv(x), training=True), training=True)))


def test_a_layer_told_to_train_moves_neither_averages_nor_seeds():
    model = Training()
    model(X)
    before = [ops.convert_to_numpy(v.value).copy() for v in model.variables]
    at.gradient(model, X)
    at.feature_maps(model, X, model.norm)
    at.occlusion(model, X[:1], 1, window=4)
    for variable, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable.value), old)


# Outputs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [3.0, None], ids=str)
def test_what_is_no_tensor_is_refused_in_words(given):
    with pytest.raises(ValueError, match=rf"must give a tensor.*Received: {type(given).__name__}"):
        at.gradient(lambda x: given, V)


def test_one_row_for_all_pictures_is_no_answer():
    with pytest.raises(ValueError, match=r"one row a picture.*Received: shape \(1, 3\) for 3 pictures"):
        at.gradient(lambda x: ops.mean(x, axis=0, keepdims=True), V, 1)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) for 3 pictures"):
        targets.own_class(ops.ones((2, 3)), np.zeros(3, "int32"))


# Rules --------------------------------------------------------------------------------------------------------------


def test_a_threshold_is_of_the_family_and_an_array_of_zeros_is_a_zero():
    signal, x = np.float32([[1, -2, 3]]), np.float32([[1, 1, -2]])
    found = at.guided_backprop(lambda x: ops.sum(ops.threshold(x, 0.0, 0.0) * ops.convert_to_tensor(signal), axis=1), x)
    np.testing.assert_allclose(found, [[1, 0, 0]])
    with pytest.raises(ValueError, match=r"maximum\(x, 0\)"):
        at.guided_backprop(lambda x: ops.sum(ops.relu(ops.maximum(x, np.zeros(3, "float32"))), axis=1), x)


# DeepLIFT -----------------------------------------------------------------------------------------------------------


def test_deeplift_takes_targets_that_go_through_curves():
    for target in (lambda y: ops.sigmoid(y[:, 1]), lambda y: ops.max(y, axis=1)):
        for baseline in (0.2, X[::-1]):
            found = at.deeplift(NET, X, target, baseline=baseline).sum((1, 2, 3))
            start = np.broadcast_to(np.float32(baseline), X.shape)
            gap = [ops.convert_to_numpy(target(NET(one))) for one in (X, start)]
            np.testing.assert_allclose(found, gap[0] - gap[1], atol=1e-5)


def test_a_large_constant_does_not_hide_a_sum_that_is_off():
    with pytest.raises(ValueError, match="does not add up"):
        at.deeplift(lambda x: 50000 + x[:, 0] * ops.relu(x[:, 1]), V, baseline=0.5)
    with pytest.raises(ValueError, match="does not add up"):
        _check_sum(np.full((1, 2), np.nan), np.ones(1), np.zeros(1))


# Maps ---------------------------------------------------------------------------------------------------------------


def windows() -> keras.Model:
    """A model that cuts each picture into four, as many rows."""
    graph = keras.Input((8, 8, 3))
    x = layers.Conv2D(2, 3, padding="same", name="whole")(graph)
    x = layers.Conv2D(5, 3, padding="same", name="cut")(ops.reshape(x, (-1, 4, 4, 2)))
    return keras.Model(graph, layers.Dense(3)(ops.reshape(x, (-1, 4 * 80))))


def test_a_layer_that_cuts_pictures_into_pieces_gives_no_maps_of_them():
    model = windows()
    with pytest.raises(ValueError, match=r"cut does not give one row a picture.*\(12, 4, 4, 5\) for 3"):
        at.feature_maps(model, X, "cut")
    with pytest.raises(ValueError, match=r"A layer that gives maps.*cut, \(4, 4, 4, 5\)"):
        at.grad_cam(model, X[0], 1, layer="cut")
    assert named.find(model, X, None).path == "whole"  # the last one with maps of the picture


def test_maps_that_the_score_does_not_hang_on_are_refused():
    graph = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="shared")(graph)
    kind, aside = layers.Dense(3)(layers.GlobalAveragePooling2D()(x)), layers.Conv2D(2, 3, name="aside")(x)
    model, target = keras.Model(graph, {"kind": kind, "aside": aside}), lambda y: y["kind"][:, 1]
    for method in (at.cam, at.grad_cam):
        with pytest.raises(ValueError, match=r"does not hang on these maps.*Received: aside"):
            method(model, X, target)
        assert method(model, X, target, layer="shared").shape == (3, 8, 8, 1)
    with pytest.raises(ValueError, match=r"zero throughout.*argmax"):
        at.grad_cam(NET, X, lambda y: ops.one_hot(ops.argmax(y, axis=-1), 3)[:, 0])
    dead = net()
    dead.layers[0].set_weights([-np.ones((3, 3, 3, 4)), -np.ones(4)])
    assert not at.grad_cam(dead, X, lambda y: ops.relu(y[:, 0] - 100)).any()  # flat here, and rightly zero


def test_in_the_scope_pictures_may_have_several_sizes():
    model = net(None)
    sizes = [X, np.tile(X, (1, 2, 1, 1)), X[:, :5, :6]]
    plain = [at.grad_cam(model, pictures, 1) for pictures in sizes]
    with at.compiled():
        for pictures, true in zip([*sizes, X], [*plain, plain[0]], strict=True):
            close(at.grad_cam(model, pictures, 1), true)


def test_maps_come_one_piece_at_a_time():
    place, score = named.find(NET, X, "conv", maps=True), targets.ask(NET, X, 1)
    parts = cams.maps_and_slopes(score, place, X, batch_size=1)
    assert next(parts)[0].shape == (1, 6, 6, 4)  # no list of all maps of all pictures
    assert len(list(parts)) == 2


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="not on its CPU")
def test_channels_first_is_refused():
    graph, first = keras.Input((3, 8, 8)), {"data_format": "channels_first"}
    x = layers.Conv2D(4, 3, activation="relu", **first)(graph)
    model = keras.Model(graph, layers.Dense(3)(layers.GlobalAveragePooling2D(**first)(x)))
    for method in (at.cam, at.grad_cam):
        with pytest.raises(ValueError, match=r"channels last.*channels_first"):
            method(model, X.transpose(0, 3, 1, 2), 1)


# Scopes -------------------------------------------------------------------------------------------------------------


def test_after_an_error_everything_is_as_it_was():
    before, answer = vars(keras.Operation)["__call__"], at.grad_cam(NET, X, 1)
    for method in (at.grad_cam, at.guided_backprop, at.deeplift, at.occlusion):
        with pytest.raises(ZeroDivisionError):
            method(NET, X, lambda y: 1 / 0)
    assert vars(keras.Operation)["__call__"] is before
    close(at.grad_cam(NET, X, 1), answer)
