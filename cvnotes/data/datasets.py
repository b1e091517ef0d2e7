"""The named data sets, for readers who have a network: same interface as the digits, fetched and cached by Keras.

Offline, or with CVNOTES_OFFLINE set, a set that is not yet on this machine raises ``DatasetUnavailable``,
which names what the book uses in its place.
"""

import contextlib
import io
import os
import socket
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvnotes.data.digits import Digits, digits
from cvnotes.data.scenes import scenes
from cvnotes.data.shapes import CLASSES

STL10 = "datasets/stl10_binary"
PATIENCE = 20.0  # seconds that a silent server is waited for


class DatasetUnavailable(RuntimeError):  # noqa: N818 - it says what is the matter
    """A named data set (or pretrained weights) that cannot be had here; the message names the stand-in."""


@dataclass(frozen=True)
class Known:
    """What is known of a named data set without having it."""

    title: str
    train: int
    test: int
    shape: tuple[int, int, int] | None  # height, width, channels; None: they vary
    classes: tuple[str, ...] | int  # names, or how many
    stand_in: str  # what the book uses in its place, as a call
    keras: str | None = None  # module of keras.datasets
    scenes: dict | None = None  # options of the scenes that stand in


#: The data sets that the notes name, and what stands in for each. Keys are what ``load`` takes.
DATASETS: dict[str, Known] = {
    "mnist": Known("MNIST", 60_000, 10_000, (28, 28, 1), tuple("0123456789"), 'data.stand_in("mnist")', "mnist"),
    "fashion_mnist": Known(
        "Fashion-MNIST",
        60_000,
        10_000,
        (28, 28, 1),
        ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "trainer", "bag", "ankle boot"),
        'data.stand_in("fashion_mnist")',
        "fashion_mnist",
        {"size": 28, "gray": True, "clutter": 0},
    ),
    "cifar10": Known(
        "CIFAR-10",
        50_000,
        10_000,
        (32, 32, 3),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        'data.stand_in("cifar10")',
        "cifar10",
        {"size": 32},
    ),
    "stl10": Known(
        "STL-10",
        5_000,
        8_000,
        (96, 96, 3),
        ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
        'data.stand_in("stl10")',
        scenes={"size": 96},
    ),
    "imagenet": Known(
        "ImageNet (ILSVRC 2012)", 1_281_167, 50_000, None, 1000, 'data.stand_in("imagenet")', scenes={"size": 224}
    ),
}

BROKEN = (EOFError, OSError, ValueError, KeyError, zlib.error, zipfile.BadZipFile)


def load(name: str) -> Digits:
    """A named data set with images float32 (n, height, width, channels) in [0, 1] and labels int64 (n,).

    Args:
        name: a key of ``DATASETS``. MNIST, Fashion-MNIST and CIFAR-10 come through ``keras.datasets`` and its cache;
            STL-10 is read from the four binary files of its authors, when they are in the cache folder of Keras.

    Raises:
        DatasetUnavailable: when it is not here and cannot be fetched, or is damaged. ValueError: for an unknown name.
    """
    known = looked_up(name)
    if name == "imagenet":
        raise unavailable(known, "Its authors give the images to registered users only; for weights see pretrained()")
    parts = read_stl10(known) if name == "stl10" else through_keras(known)
    (train_images, train_labels), (test_images, test_labels) = (as_floats(known, *part) for part in parts)
    if (len(train_images), len(test_images)) != (known.train, known.test):
        raise unavailable(known, f"The copy here is not whole: {len(train_images)} and {len(test_images)} images")
    return Digits(train_images, train_labels, test_images, test_labels, tuple(known.classes), known.title)


def pretrained(architecture: str = "MobileNetV2", **arguments):
    """A network of ``keras.applications`` with ImageNet weights, from Keras' cache or the network.

    Raises:
        DatasetUnavailable: when the weights cannot be had. ValueError: when Keras has no such network.
    """
    import keras

    build = getattr(keras.applications, str(architecture), None)
    if not isinstance(build, Callable):
        raise ValueError(f"keras.applications has no network of that name. Received: {architecture!r}")
    untrained = f"keras.applications.{architecture}(weights=None)"
    known = Known(f"ImageNet weights for {architecture}", 0, 0, None, 1000, untrained)
    return attempted(known, lambda: build(weights="imagenet", **arguments))


def stand_in(name: str, train: int = 1000, test: int = 200, seed: int = 0) -> Digits:
    """What the book uses where a named data set cannot be had: images of the same shape, in the same form.

    MNIST is stood for by all the digits of scikit-learn at 28 pixels, the others by scenes with one object:
    ``train`` and then ``test`` of the series ``seed``, ten classes, of which none is of the real set.
    """
    known = looked_up(name)
    if known.scenes is None:
        return digits(28, seed=seed)
    parts = (scenes(n, seed, start=start, objects=1, **known.scenes) for n, start in ((train, 0), (test, train)))
    pairs = [array for part in parts for array in (part.floats, part.labels[:, 0])]
    return Digits(*pairs, CLASSES, f"scenes in place of {known.title}")


def looked_up(name: str) -> Known:
    """The entry of a data set; ValueError for an unknown name."""
    if not isinstance(name, str) or name not in DATASETS:
        raise ValueError(f"There is no data set of that name. Known: {', '.join(DATASETS)}. Received: {name!r}")
    return DATASETS[name]


def offline() -> bool:
    """Has the reader asked for no network? (CVNOTES_OFFLINE set to anything but 0 or nothing.)"""
    return os.environ.get("CVNOTES_OFFLINE", "0").lower() not in ("", "0", "false", "no")


def unavailable(known: Known, why: str) -> DatasetUnavailable:
    """The error: what is missing, why, and what to do."""
    return DatasetUnavailable(f"{known.title}: not available here. {why}.\nOffline stand-in: {known.stand_in}")


def through_keras(known: Known) -> tuple:
    """The arrays of keras.datasets. What is cached whole is used as it is; anything else is fetched or refused."""
    import keras

    return attempted(known, getattr(keras.datasets, known.keras).load_data)


def attempted(known: Known, fetch: Callable):
    """Call ``fetch`` with the network shut when offline; every failure becomes one DatasetUnavailable."""
    try:
        with no_network() if offline() else patience():
            return fetch()
    except Exception as error:
        if "URL fetch failure" in str(error) or isinstance(error, ConnectionError | TimeoutError):
            shut = "CVNOTES_OFFLINE is set, and it is not in Keras' cache" if offline() else "It could not be fetched"
            raise unavailable(known, shut) from error
        if isinstance(error, BROKEN):
            damaged = f"The copy in Keras' cache cannot be read ({type(error).__name__}); delete it and try again"
            raise unavailable(known, damaged) from error
        raise


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """Refuse to look up any address and to open any connection, so that nothing is fetched."""

    def refuse(*arguments, **named):
        raise ConnectionError("CVNOTES_OFFLINE is set")

    before = socket.getaddrinfo, socket.create_connection
    socket.getaddrinfo = socket.create_connection = refuse
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras announces a download before it tries
            yield
    finally:
        socket.getaddrinfo, socket.create_connection = before


@contextlib.contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Give up on a silent server after some seconds."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def as_floats(known: Known, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """8-bit images as float32 in [0, 1] with a channel axis, and flat integer labels."""
    if images[0].size != np.prod(known.shape) or len(images) != len(labels):
        raise unavailable(known, f"The copy here has images of {images.shape[1:]} and {len(labels)} labels")
    return images.reshape(-1, *known.shape).astype(np.float32) / np.float32(255), labels.reshape(-1).astype(np.int64)


def stl10_folder() -> Path:
    """Where the binary files of STL-10 are looked for: datasets/stl10_binary in the home of Keras."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / STL10


def read_stl10(known: Known) -> tuple:
    """STL-10 from its authors' files: pixels stored channel by channel and column by column, labels from 1 to 10."""
    parts = []
    for name, count in (("train", known.train), ("test", known.test)):
        images, labels = (stl10_folder() / f"{name}_{letter}.bin" for letter in "Xy")
        if not (images.exists() and labels.exists()):
            raise unavailable(known, f"Keras has no loader for it; put its binary files into {STL10} of Keras' home")
        if (images.stat().st_size, labels.stat().st_size) != (count * 96 * 96 * 3, count):
            raise unavailable(known, f"The file {images.name} or {labels.name} is not whole")
        pixels = np.fromfile(images, np.uint8).reshape(-1, 3, 96, 96).transpose(0, 3, 2, 1)
        parts.append((pixels, np.fromfile(labels, np.uint8) - 1))
    return tuple(parts)
