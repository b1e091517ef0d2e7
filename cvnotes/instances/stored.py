"""The pipeline and the mask branch of seed 0, trained beforehand, for the figures."""

from __future__ import annotations

import functools

from cvnotes.detection import codes
from cvnotes.single_shot import trials_ssd
from cvnotes.transfer import keeping

from . import mask_head, sds, trials_masks, trials_steps

COMMAND, CLASSES = "python -m cvnotes.instances", 10


def store() -> None:
    """Train the pipeline and the mask branch of seed 0 once more, and store their weights. Chapter: instances."""
    pieces = trials_steps.given(0)
    model = trials_steps.chain(trials_steps.nets(pieces, 0), pieces, 0)
    found = {name: getattr(model, f"{name}_net").get_weights() for name in ("box", "region")}
    found |= {name: [getattr(model, name)] for name in ("colour", "svms", "refiners")}
    keeping.save_weights("instances", found | {"masks": own_weights(trials_masks.taught(0))}, COMMAND)


@functools.cache
def stored_steps() -> sds.SDS:
    """Give the pipeline whose weights are stored. Chapter: instances."""
    box, region = (codes.code_net(CLASSES) for _ in range(2))
    box.set_weights(keeping.load_weights("instances", "box"))
    region.set_weights(keeping.load_weights("instances", "region"))
    return sds.SDS(
        box, region, *(keeping.load_weights("instances", name)[0] for name in ("colour", "svms", "refiners"))
    )


@functools.cache
def stored_masks() -> mask_head.MaskNet:
    """Give the mask branch whose weights are stored, on the stored SSD. Chapter: instances."""
    model = mask_head.mask_net(body=trials_ssd.stored())
    found = keeping.load_weights("instances", "masks")
    for layer in own_layers(model):
        count = len(layer.weights)
        layer.set_weights(found[:count])
        found = found[count:]
    return model


def own_layers(model: mask_head.MaskNet) -> list:
    """The layers that do not belong to the detector that a mask branch stands on."""
    return [model.body.get_layer("shared_conv"), model.body.get_layer("shared_bn"), model.branch]


def own_weights(model: mask_head.MaskNet) -> list:
    """The weights of those layers, in a row."""
    return [weight for layer in own_layers(model) for weight in layer.get_weights()]
