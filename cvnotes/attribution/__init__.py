"""Explanations of any Keras 3 model, on TensorFlow, JAX and PyTorch: which pixels a score hangs on.

Every method is one function of a model, pictures and a target, and gives NumPy of the same number of axes::

    from cvnotes import attribution

    attribution.grad_cam(model, images)  # each image's highest class
    attribution.integrated_gradients(model, images, target=3, steps=50)
    attribution.gradient(attribution.logits(model), images, target=[0, 5, 2])

Functional, Sequential, subclassed and nested models, several outputs (target: a function of them), shared layers; the
methods that need no layers take any function of a batch written in ``keras.ops``. Nothing of the model changes.
"""

from cvnotes.attribution.cams import cam, grad_cam, guided_grad_cam
from cvnotes.attribution.compiled import compiled
from cvnotes.attribution.deeplift import deeplift
from cvnotes.attribution.gradients import gradient, input_x_gradient, smooth_grad
from cvnotes.attribution.heats import heat
from cvnotes.attribution.layers import feature_maps
from cvnotes.attribution.occlusion import occlusion
from cvnotes.attribution.paths import expected_gradients, integrated_gradients, quadrature
from cvnotes.attribution.rules import RULES, deconvnet, guided_backprop, relus
from cvnotes.attribution.shapley import shapley, shapley_values
from cvnotes.attribution.softmaxes import logits

__all__ = [
    "RULES",
    "cam",
    "compiled",
    "deconvnet",
    "deeplift",
    "expected_gradients",
    "feature_maps",
    "grad_cam",
    "gradient",
    "guided_backprop",
    "guided_grad_cam",
    "heat",
    "input_x_gradient",
    "integrated_gradients",
    "logits",
    "occlusion",
    "quadrature",
    "relus",
    "shapley",
    "shapley_values",
    "smooth_grad",
]
