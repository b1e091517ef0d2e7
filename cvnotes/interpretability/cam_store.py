"""The weights of the page on class activation maps: five small nets, made by one command and kept with their hashes."""

from __future__ import annotations

import functools

import numpy as np

from cvnotes.transfer import keeping

COMMAND = "python -m cvnotes.interpretability cams"


@functools.cache
def weights(net: str) -> list[np.ndarray]:
    """The stored weights of one net of the page, by name. Raises ValueError as `keeping.load_weights` does."""
    return keeping.load_weights("cams", net)


def store() -> None:
    """Train the nets of the page with seed 0, and store their weights."""
    from . import cam_nets, cam_policy, cam_questions

    nets = {head: cam_nets.trained(head, 0) for head in ("average", "largest", "dense")}
    nets |= {"reader": cam_questions.taught(0), "policy": cam_policy.taught(0)}
    keeping.save_weights("cams", {name: net.get_weights() for name, net in nets.items()}, COMMAND)
