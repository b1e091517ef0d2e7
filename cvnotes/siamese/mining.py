"""Which triplets of a batch to learn from. Chapter: siamese."""

from __future__ import annotations

from keras import ops

from cvnotes.checks import choice, number

from .losses import Tensor, floats

MINING = ("all", "semi-hard", "hard")


def mined_triplets(
    distance: Tensor, positives: Tensor, negatives: Tensor, margin: float = 1.0, mining: str = "semi-hard"
) -> Tensor:
    r"""The mean triplet loss of a batch over the triplets that `mining` chooses: one number.

    - ``"all"``: every anchor with each of its positives and each of its negatives.
    - ``"semi-hard"``: every anchor with each of its positives, and the nearest negative that is *further* than this
      positive. Inside the margin, :math:`d_{ap} < d_{an} < d_{ap} + m`, it is a semi-hard one; outside, the hinge
      makes a 0 of it. Source: Schroff, Kalenichenko and Philbin (2015), equation 4.
    - ``"hard"``: every anchor once, with its furthest positive and its nearest negative. Source: Hermans, Beyer and
      Leibe (2017), equation 5, "batch hard".

    distance: (n, k), from n anchors to k codes, plain or squared. positives, negatives: (n, k), True where a code is of
    the anchor's kind (but not the anchor itself), and where it is of another. margin: :math:`m > 0`, in the unit of
    these distances. A batch without any such triplet has a loss of 0. All but "hard" hold n k k numbers at once.
    Raises ``ValueError`` for another word, unequal or empty shapes, and a margin of 0 or less. Chapter: siamese.
    """
    choose = {"all": every, "semi-hard": semi_hard, "hard": hard}[choice("mining", mining, MINING)]
    to_positive, to_negative, valid = choose(*_read(distance, positives, negatives))
    return mean_over(ops.relu(to_positive - to_negative + number("margin", margin, above=0)), valid)


def active_share(distance: Tensor, positives: Tensor, negatives: Tensor, margin: float = 1.0) -> Tensor:
    r"""The share of all triplets of a batch that still teach: those with :math:`d_{ap} - d_{an} + m > 0`.

    Arguments and errors as for `mined_triplets`; NaN for distances that are NaN. Chapter: siamese.
    """
    to_positive, to_negative, valid = every(*_read(distance, positives, negatives))
    loss = to_positive - to_negative + number("margin", margin, above=0)
    return mean_over(ops.where(ops.isnan(loss), loss, ops.cast(loss > 0, loss.dtype)), valid)


def kinds_of(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which pairs of a batch are of one kind (no code with itself), and which of two: two tables (n, n) of truth.

    labels: n whole numbers, (n,) or (n, 1), as Keras hands them over; it makes float32 of them in a loss, so two labels
    beyond 2^24 may count as one. Chapter: siamese.
    """
    labels = ops.reshape(labels, (-1,))
    alike = ops.equal(labels[:, None], labels[None, :])
    places = ops.cumsum(ops.ones_like(labels, dtype="int32"))
    itself = ops.equal(places[:, None], places[None, :])
    return ops.logical_and(alike, ops.logical_not(itself)), ops.logical_not(alike)


def every(distance: Tensor, positives: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Both distances of every triplet, and whether it is one, over (anchor, positive, negative). Chapter: siamese."""
    valid = ops.logical_and(positives[:, :, None], negatives[:, None, :])
    return distance[:, :, None], distance[:, None, :], valid


def semi_hard(distance: Tensor, positives: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For every (anchor, positive): its distance, that of the nearest further negative, and whether there is one."""
    further = ops.logical_and(negatives[:, None, :], distance[:, None, :] > distance[:, :, None])
    nearest = ops.min(ops.where(further, distance[:, None, :], _beyond(distance)), axis=-1)
    return distance, nearest, ops.logical_and(positives, ops.any(further, axis=-1))


def hard(distance: Tensor, positives: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For every anchor: its furthest positive, its nearest negative, and whether it has both. Chapter: siamese."""
    furthest = ops.max(ops.where(positives, distance, ops.zeros_like(distance)), axis=-1)
    nearest = ops.min(ops.where(negatives, distance, _beyond(distance)), axis=-1)
    return furthest, nearest, ops.logical_and(ops.any(positives, axis=-1), ops.any(negatives, axis=-1))


def _beyond(distance: Tensor) -> Tensor:
    """A finite number that is no minimum: infinity would make NaN on the way back."""
    return ops.stop_gradient(ops.max(distance)) + 1


def mean_over(values: Tensor, valid: Tensor) -> Tensor:
    """The mean of the values that are valid, 0 where none is. Chapter: siamese."""
    weights = ops.cast(valid, values.dtype)
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), 1)


def _read(distance: Tensor, positives: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    (distance,), positives, negatives = floats(distance), *map(ops.convert_to_tensor, (positives, negatives))
    shapes = [tuple(each.shape) for each in (distance, positives, negatives)]
    if len(shapes[0]) != 2 or len(set(shapes)) > 1 or 0 in shapes[0]:
        raise ValueError(
            f"distance, positives and negatives must be (anchors, codes), all of one shape and not empty. Received: "
            f"{', '.join(map(str, shapes))}"
        )
    return distance, ops.cast(positives, "bool"), ops.cast(negatives, "bool")
