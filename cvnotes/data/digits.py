"""The 1,797 handwritten digits that come inside scikit-learn."""

from dataclasses import dataclass

import numpy as np

from cvnotes.checks import whole


@dataclass(frozen=True, repr=False, eq=False)
class Digits:
    """Images float32 (n, height, width, channels) in [0, 1] and labels int64 (n,), split into train and test.

    It unpacks: ``train_images, train_labels, test_images, test_labels = digits()``.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...] = tuple("0123456789")
    name: str = "digits"

    def __iter__(self):
        return iter((self.train_images, self.train_labels, self.test_images, self.test_labels))

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.train_images.shape[1:]))
        counts = f"{len(self.train_images)} + {len(self.test_images)}"
        return f"{self.name}: {counts} images of {shape}, {len(self.classes)} classes"


def digits(size: int = 8, *, test_fraction: float = 0.25, seed: int = 0) -> Digits:
    """Real handwritten digits, 8 x 8 or enlarged, in a stratified split that a seed repeats.

    Args:
        size: height and width in pixels, 8 or more; larger ones are interpolated linearly between pixel centres.
        test_fraction: share of every class kept for testing, between 0 and 1. seed: of the shuffle.

    Raises:
        ValueError: for a size below 8, a fraction outside (0, 1) or one that leaves a side empty, a seed below 0.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998 (its test set).
    """
    size = whole("size", size, 8)  # the original is 8 x 8
    if not isinstance(test_fraction, (int, float)) or not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1. Received: test_fraction={test_fraction!r}")
    whole("seed", seed, 0)
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = enlarged(images.reshape(-1, 8, 8).astype(np.float32) / np.float32(16), size)[..., None]
    train, test = stratified(labels, test_fraction, seed)
    if not len(train) or not len(test):
        raise ValueError(f"test_fraction leaves one side without images. Received: test_fraction={test_fraction!r}")
    return Digits(images[train], labels[train], images[test], labels[test])


def stratified(labels: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers for training and for testing, shuffled; each class gives the same share (rounded) to the test."""
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    train, test = [], []
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        cut = round(len(rows) * test_fraction)
        test.append(rows[:cut])
        train.append(rows[cut:])
    place = np.argsort(order)  # put the classes back into the order of the shuffle
    return tuple(rows[np.argsort(place[rows])] for rows in (np.concatenate(train), np.concatenate(test)))


def enlarged(images: np.ndarray, size: int) -> np.ndarray:
    """Square images (n, h, h) at another size: linear interpolation between pixel centres, edges repeated."""
    old = images.shape[1]
    if size == old:
        return images
    at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    near = np.minimum(at.astype(int), old - 2)
    share = (at - near).astype(np.float32)
    rows = images[:, near] * (1 - share)[:, None] + images[:, near + 1] * share[:, None]
    return rows[:, :, near] * (1 - share) + rows[:, :, near + 1] * share
