"""The voice of the captioner: a recurrent net that says one word after another. Chapter: captioning."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import backend
from cvnotes.checks import whole
from cvnotes.experiments.training import schedule

from . import words

UNITS, EMBEDDED = 64, 24
EPOCHS, BATCH = {"quick": 20, "full": 60}, 50
RATES = {"pixels": 1e-3, "flattened": 1e-3, "averaged": 4e-3, "attention": 4e-3}  # tried from 3e-4 up, on other seeds
EYES = tuple(RATES)


@keras.saving.register_keras_serializable(package="cvnotes")
class Glance(layers.Layer):
    r"""Attention over places: each state asks, each place answers.

    .. math:: a_{tp} = \operatorname{softmax}_p\,(q_t \cdot k_p / \sqrt{d}), \qquad c_t = \sum_p a_{tp}\, v_p

    with :math:`q = h W_q`, :math:`k = f W_k + e`, :math:`v = f + e'`; e and e' are learned for each place, so that a
    place knows where it is. Call with states (n, t, d) and places (n, p, c); gives contexts (n, t, c) and attention
    (n, t, p).
    Source: Luong et al. (2015), section 3.1, with the scaling of Vaswani et al. (2017). Chapter: captioning.
    """

    def build(self, shapes):
        """Make the projections and what is learned of each place."""
        states, places = shapes
        self.query = self.add_weight(shape=(states[-1], states[-1]), name="query")
        self.key = self.add_weight(shape=(places[-1], states[-1]), name="key")
        self.where = self.add_weight(shape=(places[1], states[-1]), initializer="random_normal", name="where")
        self.there = self.add_weight(shape=(places[1], places[-1]), initializer="random_normal", name="there")

    def call(self, inputs):
        """Give the contexts and the attention."""
        states, places = inputs
        keys = ops.matmul(places, self.key) + self.where
        asked = ops.matmul(states, self.query) / states.shape[-1] ** 0.5
        attention = ops.softmax(ops.matmul(asked, ops.transpose(keys, (0, 2, 1))))
        return ops.matmul(attention, places + self.there), attention

    def compute_output_shape(self, shapes):
        """Shapes of contexts and attention."""
        states, places = shapes
        return (*states[:2], places[-1]), (*states[:2], places[1])


def captioner(eye: str, shape: tuple[int, ...], most: int = words.MOST) -> keras.Model:
    """Build a decoder over what the eye gives: inputs are codes and the words so far, outputs logits for the next word.

    eye: "pixels" and "flattened" take all numbers of (places, channels) as one vector, "averaged" one number a
    channel, "attention" also looks at single places before each word. The vector starts the recurrent state.
    Raises ValueError for another eye, a shape that is not (places, channels), and captions without a word.
    Chapter: captioning.
    """
    if eye not in EYES:
        raise ValueError(f"eye must be one of {', '.join(EYES)}. Received: eye={eye!r}")
    if len(shape) != 2:
        raise ValueError(f"shape must be (places, channels). Received: shape={shape!r}")
    most = whole("most", most, 1)
    code, reads = keras.Input(shape, name="code"), keras.Input((most + 1,), dtype="int32", name="words")
    vector = layers.Flatten() if eye in ("pixels", "flattened") else layers.GlobalAveragePooling1D()
    state = layers.Dense(UNITS, "tanh", name="first_state")(vector(code))
    embedded = layers.Embedding(len(words.VOCABULARY), EMBEDDED, name="embedding")(reads)
    states = layers.GRU(UNITS, return_sequences=True, unroll=True, name="gru")(embedded, initial_state=state)
    if eye == "attention":
        context, _ = Glance(name="glance")([states, code])
        states = layers.Dense(UNITS, "tanh", name="both")(layers.Concatenate()([states, context]))
    return keras.Model([code, reads], layers.Dense(len(words.VOCABULARY), name="next_word")(states), name=eye)


def masked_loss(says, logits):
    r"""Mean cross-entropy over the words that are there; padding (0) has no say.

    .. math:: L = -\frac{1}{\sum_{nt} m_{nt}} \sum_{nt} m_{nt} \log p_{nt}(w_{nt}), \qquad m_{nt} = [w_{nt} \ne 0]

    says: (n, t) numbers of words; logits: (n, t, words). Chapter: captioning.
    """
    there = ops.cast(ops.not_equal(says, 0), logits.dtype)
    each = keras.losses.sparse_categorical_crossentropy(says, logits, from_logits=True)
    return ops.sum(each * there) / ops.maximum(ops.sum(there), 1)


def word_accuracy(says: np.ndarray, logits: np.ndarray, masked: bool = True) -> float:
    """Share of words named rightly after the true words before them; masked: padding is not counted.

    says: (n, t); logits: (n, t, words). Raises ValueError for other shapes, or where no word is said.
    Chapter: captioning.
    """
    says, logits = np.asarray(says), np.asarray(logits)
    if logits.ndim != 3 or says.shape != logits.shape[:2] or not np.any(says != 0):
        raise ValueError(f"Give words (n, t), some, and logits (n, t, words). Received: {says.shape}, {logits.shape}")
    right = logits.argmax(-1) == says
    return float(right[says != 0].mean() if masked else right.mean())


def taught(
    eye: str, code: np.ndarray, captions: list[str], seed: int, scale: str = "quick", epochs: int | None = None
) -> keras.Model:
    """Train a captioner by teacher forcing: it reads the true words so far, and should say the next.

    code: (n, places, channels) as the eye takes it; epochs: other than the scale's.
    Raises ValueError as `captioner`, and unless there is one caption a code, and some. Chapter: captioning.
    """
    if len(code) != len(captions) or not len(code):
        raise ValueError(f"Give one caption a code, and some. Received: {len(code)} codes, {len(captions)} captions")
    epochs = whole("epochs", EPOCHS[scale] if epochs is None else epochs, 1)
    keras.utils.set_random_seed(seed)
    model, (reads, says) = captioner(eye, code.shape[1:]), words.encode(captions)
    steps = epochs * -(-len(code) // BATCH)
    optimizer = keras.optimizers.Adam(schedule(RATES[eye], steps))
    model.compile(optimizer, masked_loss, jit_compile=backend.jit_compile())
    model.fit([code, reads], says, batch_size=BATCH, epochs=epochs, verbose=0)
    return model
