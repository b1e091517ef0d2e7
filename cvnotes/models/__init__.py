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
from cvnotes.models.weights import copy_weights

__all__ = [
    "Cost",
    "LayerRow",
    "Profile",
    "build",
    "builder",
    "copy_weights",
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
register("zfnet", "cvnotes.architectures.zfnet:zfnet")
register("network-in-network", "cvnotes.architectures.nin:network_in_network")
register("googlenet", "cvnotes.architectures.googlenet:googlenet")
register("highway", "cvnotes.architectures.highway:highway")
register("resnet-cifar", "cvnotes.architectures.resnet:resnet_cifar")
register("senet-154", "cvnotes.architectures.senet:senet_154")
register("densenet-cifar", "cvnotes.architectures.densenet:densenet_cifar")
register("vgg-16c", "cvnotes.architectures.vgg:vgg", depth=16, pointwise=True)
register("yolo-v1", "cvnotes.single_shot.yolo_paper:yolo_v1")
register("ssd300", "cvnotes.single_shot.ssd_paper:ssd300")
register("faster-rcnn", "cvnotes.detection.faster_paper:faster_rcnn_vgg")
register("u-net", "cvnotes.segmentation.unet_paper:u_net")
register("capsnet", "cvnotes.capsules.paper:capsnet_graph")
for skips, stride in enumerate((32, 16, 8)):
    register(f"fcn-{stride}s", "cvnotes.segmentation.fcn_paper:fcn_vgg", skips=skips)
for depth in (11, 13, 16, 19):
    register(f"vgg-{depth}", "cvnotes.architectures.vgg:vgg", depth=depth)
for depth in (18, 34, 50, 101, 152):
    register(f"resnet-{depth}", "cvnotes.architectures.resnet:resnet", depth=depth)
    register(f"se-resnet-{depth}", "cvnotes.architectures.resnet:resnet", depth=depth, squeeze=16)
for version in ("1.0", "1.1"):
    register(f"squeezenet-{version}", "cvnotes.architectures.squeezenet:squeezenet", version=version)
for depth in (121, 161, 169, 201, 264):
    register(f"densenet-{depth}", "cvnotes.architectures.densenet:densenet", depth=depth)
for size in range(8):
    register(f"efficientnet-b{size}", "cvnotes.architectures.efficientnet:efficientnet", size=size)
