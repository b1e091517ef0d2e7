"""The symbols and the size calculator of the page `notation`, against Keras."""

import itertools

import keras
import pytest

from cvnotes import notation

GRID = list(itertools.product([(9, 9, 1), (12, 7, 3)], [1, 4], [1, 2, 3, 5], [1, 2, 3], [0, 1, 2]))


@pytest.mark.parametrize(("shape", "filters", "kernel", "stride", "padding"), GRID)
def test_calculator_agrees_with_keras(shape, filters, kernel, stride, padding):
    card = notation.size_calculator(shape, filters, kernel, stride, padding)
    layer = keras.layers.Conv2D(filters, kernel, strides=stride)
    padded = (shape[0] + 2 * padding, shape[1] + 2 * padding, shape[2])
    layer.build((None, *padded))
    made = layer.compute_output_shape((None, *padded))[1:]
    assert card["shape"] == made
    assert card["elements"] == made[0] * made[1] * made[2]
    assert card["parameters"] == card["weights"] + card["biases"] == layer.count_params()


def test_height_comes_before_width():
    assert notation.size_calculator((10, 20, 3), filters=2, kernel=3)["shape"] == (8, 18, 2)


@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3, 1), ()])
def test_a_shape_has_three_sizes(shape):
    with pytest.raises(ValueError, match=r"height, width, depth.*Received"):
        notation.size_calculator(shape, filters=1, kernel=3)


def test_a_window_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="does not fit"):
        notation.size_calculator((4, 4, 1), filters=1, kernel=5)


def test_each_sign_stands_once():
    signs = [sign for symbol in notation.SYMBOLS for sign in symbol.sign.split(", ")]
    assert len(signs) == len(set(signs))


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "filters"), list(itertools.product([1, 3, 5], [1, 2, 4], [0, 1, 2], [4, 16]))
)
def test_words_and_drawing_name_the_volume_that_keras_makes(kernel, stride, padding, filters):
    side = 32 + 2 * padding
    made = keras.layers.Conv2D(filters, kernel, strides=stride).compute_output_shape((None, side, side, 3))
    words = notation.say_layer(kernel, stride, padding, filters)
    assert f"a {made[1]} by {made[2]} map of depth {made[3]}" in words
    notation.draw_layer(kernel, stride, padding, filters)
