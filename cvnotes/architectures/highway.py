"""Highway network: layers that learn how much of their input to carry on unchanged."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole

from .blocks import chain, picture, relu


def highway_layer(x, *, gate_bias: float = -2.0, name: str):
    r"""Mix a layer with its input: :math:`T(x)\,h(x) + (1 - T(x))\,x`, with a gate :math:`T = \sigma(W_T x + b_T)`.

    x: (n, units); h is a dense layer with a ReLU. gate_bias: where b_T starts; below zero, x is mostly carried on.
    Source: Srivastava, Greff and Schmidhuber (2015), eqs. 3 and 5. Chapters: architectures, shortcuts.
    """
    units = x.shape[-1]
    h = relu(layers.Dense(units, kernel_initializer="he_normal", name=f"{name}_h")(x), f"{name}_relu")
    start = keras.initializers.Constant(gate_bias)
    gate = layers.Dense(units, activation="sigmoid", bias_initializer=start, name=f"{name}_gate")(x)
    change = layers.Subtract(name=f"{name}_change")([h, x])
    return layers.Add(name=f"{name}_add")([x, layers.Multiply(name=f"{name}_gated")([gate, change])])


def highway(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    *,
    depth: int = 50,
    width: int | None = None,
    gated: bool = True,
    gate_bias: float = -2.0,
) -> keras.Model:
    """Highway network of dense layers: one plain layer, then depth - 1 highway layers. The outputs are logits.

    width: units of each layer, by default 50, or 71 for gated=False, the plain net of about as many parameters
    (5,000 a layer) that the paper compares it with. gate_bias: where the gates start. Start weights: He's.
    input_shape: any picture; it is flattened. Raises ValueError for a depth below 2 and a width below 1.
    Source: Srivastava, Greff and Schmidhuber (2015), section 3. Chapters: architectures, shortcuts.
    """
    width = whole("width", (50 if gated else 71) if width is None else width, 1)
    x = inputs = keras.Input(picture("A highway network", input_shape, 1), name="image")
    x = layers.Dense(width, kernel_initializer="he_normal", name="dense1")(layers.Flatten(name="flat")(x))
    x = relu(x, "dense1_relu")
    names = [f"layer{i}" for i in range(2, whole("depth", depth, 2) + 1)]
    body = highway_layer if gated else _plain_layer
    options = {"gate_bias": gate_bias} if gated else {}
    x = chain(x, [(name, lambda y, name=name: body(y, name=name, **options)) for name in names])
    logits = layers.Dense(whole("classes", classes, 2), name="predictions")(x)
    return keras.Model(inputs, logits, name=f"{'highway' if gated else 'plain-dense'}-{depth}")


def _plain_layer(x, *, name: str):
    return relu(layers.Dense(x.shape[-1], kernel_initializer="he_normal", name=f"{name}_h")(x), f"{name}_relu")
