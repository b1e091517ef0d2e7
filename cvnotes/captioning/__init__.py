"""From whole-image classes to words: softmax and presence, a recurrent net over maps, and a small captioner.

Chapter: captioning. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "calibration": ["calibration_error", "reliability"],
        "cells": ["gru_step", "lstm_step"],
        "decoder": ["captioner", "word_accuracy", "masked_loss"],
        "decoding": ["beam_search", "greedy"],
        "encoder": ["encoder_net", "maps"],
        "words": ["VOCABULARY", "encode", "full_caption", "read", "told"],
    },
)
