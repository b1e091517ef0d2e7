"""A mask for each box from one shared map: the branch that Mask R-CNN adds. Chapter: instances."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.boxes.detections import checked_detections, checked_labels
from cvnotes.boxes.formats import rows
from cvnotes.checks import choice, number, whole
from cvnotes.data.shapes import CLASSES
from cvnotes.segmentation import teaching
from cvnotes.single_shot.trunks import conv, trunk

from .masks import as_masks
from .pasting import cut, paste

CELLS, STRIDE, DEEP = 14, 4, 8  # cells of a side of a mask; pixels between places of the map, and of the one laid over
EACH, BATCH = 4, 32  # boxes of a picture in training, the most; pictures of a step
READ = {"align": geometry.roi_align, "pool": geometry.roi_pool}


def shared_map(body: keras.Model) -> keras.Model:
    """Build the net that gives the map: stride 4 of a trunk, with what stride 8 knows laid over it.

    body: a trunk of `single_shot.trunk`, or a detector that stands on one. Takes what it takes, pictures
    (n, height, width, 3) from 0 to 255 with sides that are multiples of 8. Chapter: instances.
    """
    fine, deep = (body.get_layer(f"stride{stride}_2_relu").output for stride in (STRIDE, DEEP))
    both = layers.Concatenate(name="both")([fine, layers.UpSampling2D(2, interpolation="bilinear", name="up")(deep)])
    return keras.Model(body.input, conv(both, 2 * fine.shape[-1], "shared"), name="shared_map")


def held(body: keras.Model) -> keras.Model:
    """Copy a detector so that training leaves its weights, and the averages of its norms, as they are.

    Chapter: instances.
    """
    copy = keras.models.clone_model(body)
    copy.set_weights(body.get_weights())
    copy.trainable = False
    return copy


def mask_branch(channels: int, classes: int = len(CLASSES), cells: int = CELLS) -> keras.Model:
    """Build the branch: (k, cells / 2, cells / 2, channels) of boxes -> logits (k, cells, cells, classes).

    Two convolutions, a transposed one that doubles the grid, and one logit a class in every cell.
    Raises ValueError for an odd number of cells. Source: He et al. (2017), figure 4. Chapter: instances.
    """
    if whole("cells", cells, 2) % 2:
        raise ValueError(f"cells must be even, since the branch doubles a grid. Received: cells={cells}")
    inputs = keras.Input((cells // 2, cells // 2, whole("channels", channels, 1)), name="boxes")
    x = conv(conv(inputs, channels, "mask1"), channels, "mask2")
    x = layers.Conv2DTranspose(channels, 2, 2, activation="relu", name="mask_up")(x)
    return keras.Model(
        inputs, layers.Conv2D(whole("classes", classes, 1), 1, name="mask_logits")(x), name="mask_branch"
    )


class MaskNet(keras.Model):
    r"""A map, and a branch that reads boxes from it; called with pictures it gives the map. Chapter: instances.

    Trained on targets (n, each, 5 + cells * cells) as `targets` makes them; the loss is binary cross-entropy in every
    cell of the mask of the true class, and no other mask has a share in it:

    .. math:: L = \frac{1}{N m^2} \sum_{i=1}^{N} \sum_{c} H\bigl(t_{ic},\, \sigma(z_{ic}^{(k_i)})\bigr)

    Source: He et al. (2017), section 3.
    """

    def __init__(self, body: keras.Model, branch: keras.Model, read: str = "align", stride: int = STRIDE):
        super().__init__(name="mask_net")
        self.body, self.branch, self.stride = body, branch, stride
        self.read = choice("read", read, READ)
        self.cells, self.classes = branch.output_shape[1], branch.output_shape[-1]

    def call(self, images, training=None):
        """Give the map of pictures (n, h, w, 3)."""
        return self.body(images, training=training)

    def logits(self, maps, boxes, pictures, training=False):
        """Give the logits (k, cells, cells, classes) of boxes (k, 4) that are read from maps (n, h, w, c)."""
        grids = READ[self.read](maps, boxes, pictures, self.cells // 2, 1 / self.stride)
        return self.branch(grids, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Compare the masks of the true classes with the targets y; empty places, of class -1, do not count."""
        each = y.shape[1]
        flat = ops.reshape(ops.cast(y, "float32"), (-1, y.shape[2]))
        boxes, labels, wanted = flat[:, :4], ops.cast(flat[:, 4], "int32"), flat[:, 5:]
        pictures = ops.arange(ops.shape(flat)[0]) // each
        said = self.logits(y_pred, boxes, pictures, training)
        mine = ops.cast(ops.one_hot(ops.maximum(labels, 0), self.classes), said.dtype)
        said = ops.reshape(ops.sum(said * mine[:, None, None], axis=-1), (-1, self.cells**2))
        wrong = ops.mean(ops.relu(said) - said * wanted + ops.softplus(-ops.abs(said)), axis=1)
        counts = ops.cast(labels >= 0, wrong.dtype)
        return ops.sum(wrong * counts) / ops.maximum(ops.sum(counts), 1.0)


def mask_net(
    classes: int = len(CLASSES),
    size: int | None = 64,
    width: float = 1.0,
    read: str = "align",
    cells: int = CELLS,
    body: keras.Model | None = None,
) -> MaskNet:
    """Build a map and the branch that reads it.

    size: height and width of the pictures, a multiple of 8, None for any (for "align" alone); width: factor on the
    trunk's filters; read: boxes by "align" or "pool"; cells: of a side of a mask; body: a trained detector to stand on,
    whose weights are held, instead of a trunk of its own. Raises ValueError for another way to read, odd cells, and
    sizes that are no multiple of 8. Chapter: instances.
    """
    if size is not None and whole("size", size, DEEP) % DEEP:
        raise ValueError(f"size must be a multiple of {DEEP}, since two maps are joined. Received: size={size}")
    shared = shared_map(trunk(width, (STRIDE, DEEP), size) if body is None else held(body))
    return MaskNet(shared, mask_branch(shared.output_shape[-1], classes, cells), read)


def jittered(boxes: np.ndarray, amount: float, dice: np.random.Generator) -> np.ndarray:
    """Move the sides of boxes (k, 4) by chance, up to a share of width and height, as a detector would miss them.

    Chapter: instances.
    """
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return (boxes + dice.uniform(-amount, amount, boxes.shape) * size).astype(np.float32)


def targets(
    boxes: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    *,
    cells: int = CELLS,
    each: int = EACH,
    jitter: float = 0.1,
    seed: int = 0,
) -> np.ndarray:
    """Say what the branch should answer: float32 (n, each, 5 + cells * cells), a box, its class, its mask.

    boxes (k, 4), labels (k,) and masks bool (k, h, w) of each picture; of more than `each` objects some are drawn by
    chance, empty places have the class -1. jitter: how far the sides of a box move, in shares of its width and height.
    Raises ValueError for pictures, boxes and masks that do not pair, labels that are no whole numbers from 0, and masks
    that are no truth values. Chapter: instances.
    """
    cells, each, jitter = whole("cells", cells, 1), whole("each", each, 1), number("jitter", jitter, 0, 0.5)
    if not len(boxes) == len(labels) == len(masks):
        raise ValueError(
            f"Give boxes, labels, masks of each picture. Received: {len(boxes)}, {len(labels)}, {len(masks)}"
        )
    dice, wanted = np.random.default_rng(seed), np.zeros((len(boxes), each, 5 + cells**2), np.float32)
    wanted[..., 2:4], wanted[..., 4] = 1, -1
    for place, (some, kinds, outlines) in enumerate(zip(boxes, labels, masks, strict=True)):
        if not len(some) == len(kinds) == len(outlines):
            raise ValueError(f"A class and a mask a box. Received: {len(some)}, {len(kinds)}, {len(outlines)}")
        kinds, outlines = checked_labels(kinds, len(some)), as_masks("masks", outlines)
        drawn = dice.permutation(len(some))[:each]
        moved = jittered(rows("boxes", some)[drawn], jitter, dice)
        grids = cut(outlines[drawn], moved, cells) >= 0.5
        filled = wanted[place, : len(drawn)]
        filled[:, :4], filled[:, 4], filled[:, 5:] = moved, kinds[drawn], grids.reshape(-1, cells**2)
    return wanted


def train(
    model: MaskNet, images: np.ndarray, wanted: np.ndarray, *, epochs: int, rate: float, seed: int = 0
) -> experiments.History:
    """Train map and branch together on pictures (n, h, w, 3) of bytes and their `targets`.

    Raises ValueError for pictures that do not fit the map, and targets of other cells or of a class that the branch
    does not know. Chapter: instances.
    """
    images, wanted = _pictures(images), np.asarray(wanted)
    if wanted.ndim != 3 or wanted.shape[2] != 5 + model.cells**2 or wanted[..., 4].max(initial=-1) >= model.classes:
        told = f"{wanted.shape}, classes to {wanted[..., 4].max(initial=-1) if wanted.ndim == 3 else None}"
        raise ValueError(f"Targets are (n, each, {5 + model.cells**2}), of {model.classes} classes. Received: {told}")
    return experiments.fit(model, images, wanted, epochs=epochs, batch=BATCH, rate=rate, seed=seed, loss="mse")


def _pictures(images: np.ndarray) -> np.ndarray:
    """Read pictures whose maps fit over each other."""
    images = teaching.pictures(images)
    if any(side % DEEP for side in images.shape[1:3]):
        raise ValueError(f"Sides must be multiples of {DEEP}: pad the pictures. Received: {images.shape}")
    return images


def chances(model: MaskNet, images: np.ndarray, found: Sequence[Detections], together: int = 50) -> list[np.ndarray]:
    """Say how likely each pixel belongs to each detection: float32 (k, h, w) of each picture, 0 outside of its box.

    Only the mask of the class that was detected is read. together: pictures of a pass. Raises ValueError for pictures
    whose sides are no multiples of 8, detections that do not pair with them, and a class that the branch does not know.
    Source: He et al. (2017), section 3.1. Chapter: instances.
    """
    if len(images) != len(found):
        raise ValueError(f"Give the detections of each of {len(images)} pictures. Received: {len(found)}")
    images, found, together = _pictures(images), [*map(checked_detections, found)], whole("together", together, 1)
    grids = [
        grid
        for start in range(0, len(images), together)
        for grid in _grids(model, images[start : start + together], found[start : start + together])
    ]
    return [_pasted(grid, one.boxes, images.shape[1:3]) for grid, one in zip(grids, found, strict=True)]


def _pasted(grids: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The same as `paste`, and nothing for a box that a detector has pushed against the rim until it was flat."""
    boxes = boxes.astype(np.float32)
    solid, chances = (boxes[:, 2:] > boxes[:, :2]).all(axis=1), np.zeros((len(boxes), *size), np.float32)
    chances[solid] = paste(grids[solid], boxes[solid], size)
    return chances


def _grids(model: MaskNet, images: np.ndarray, found: Sequence[Detections]) -> list[np.ndarray]:
    """The masks (k, cells, cells) of some pictures, from 0 to 1."""
    counts = [len(one.boxes) for one in found]
    labels = np.concatenate([one.labels for one in found])
    if labels.max(initial=0) >= model.classes:
        raise ValueError(f"Labels run from 0 to {model.classes - 1}. Received: {labels.min()} to {labels.max()}")
    if not len(labels):
        return [np.zeros((0, model.cells, model.cells), np.float32)] * len(found)
    maps = model(images, training=False)
    corners = np.concatenate([one.boxes for one in found]).astype(np.float32)
    said = model.logits(maps, corners, np.repeat(np.arange(len(found)), counts))
    said = ops.convert_to_numpy(ops.sigmoid(said))[np.arange(len(labels)), :, :, labels]
    return np.split(said, np.cumsum(counts)[:-1])


def outlines(model: MaskNet, images: np.ndarray, found: Sequence[Detections], least: float = 0.5) -> list[np.ndarray]:
    """Give each detection its pixels: bool (k, h, w) of each picture. Arguments and errors as `chances`."""
    least = number("least", least, 0, 1)
    return [one > least for one in chances(model, images, found)]
