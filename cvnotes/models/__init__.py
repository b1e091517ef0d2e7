"""Models by name, and what they cost.

>>> from cvnotes import models
>>> model = models.build("small-convnet", reduction="average")
>>> models.profile(model)

A family joins with one line, ``register("name", "cvnotes.module:function")``; nothing is imported until it is built.
A published network says in the docstring of its builder ``Source: Authors (year), place in the paper``.
"""

from cvnotes.models.profiling import LayerRow, Profile, profile
from cvnotes.models.registry import build, builder, names, options, register, resolve, sketch
from cvnotes.models.rules import Cost, rule
from cvnotes.models.small import small_convnet

__all__ = [
    "Cost",
    "LayerRow",
    "Profile",
    "build",
    "builder",
    "names",
    "options",
    "profile",
    "register",
    "resolve",
    "rule",
    "sketch",
    "small_convnet",
]

register("small-convnet", "cvnotes.models.small:small_convnet")
register("lenet-5", "cvnotes.architectures.lenet:lenet_5")
register("alexnet", "cvnotes.architectures.alexnet:alexnet")
register("all-cnn-c", "cvnotes.architectures.all_conv:all_cnn_c")
