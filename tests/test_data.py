"""Digits, photographs, named data sets, and the pace of the scenes."""

import gzip
import importlib.util
import socket
import types
from pathlib import Path

import numpy as np
import pytest

from cvnotes import data
from cvnotes.data import datasets, photos
from cvnotes.data.digits import enlarged


@pytest.fixture
def no_sockets(monkeypatch):
    """Any attempt to open a socket fails the test."""

    def refuse(*arguments, **named):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """A home of Keras with nothing in it."""
    import keras

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path), raising=False)
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    return tmp_path


def test_digits_are_stratified_and_repeat():
    first, second = data.digits(), data.digits()
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a, b)
    counts = [np.bincount(labels) for labels in (first.train_labels, first.test_labels)]
    assert counts[0].sum() + counts[1].sum() == 1797
    assert np.abs(counts[1] - (counts[0] + counts[1]) * 0.25).max() <= 0.5
    assert not np.array_equal(first.test_images, data.digits(seed=1).test_images)


def test_digits_are_the_ones_of_scikit_learn_each_once():
    from sklearn.datasets import load_digits

    ours = data.digits(test_fraction=0.1, seed=3)
    pixels = np.concatenate([ours.train_images, ours.test_images]).reshape(1797, 64) * 16
    labels = np.concatenate([ours.train_labels, ours.test_labels])
    real, names = load_digits(return_X_y=True)
    rows = {(*p.astype(int), n) for p, n in zip(real, names, strict=True)}
    assert {(*p.astype(int), n) for p, n in zip(pixels, labels, strict=True)} == rows


def test_digits_come_shuffled_and_unpack_like_keras():
    train_images, train_labels, test_images, test_labels = data.digits()
    assert train_images.dtype == np.float32
    assert train_images.shape[1:] == (8, 8, 1)
    assert len(test_images) == len(test_labels)
    assert np.abs(np.bincount(train_labels[:400], minlength=10) - 40).max() < 25
    assert repr(data.digits()) == "digits: 1347 + 450 images of 8 x 8 x 1, 10 classes"


@pytest.mark.parametrize("size", [9, 16, 20, 28, 64])
def test_enlarged_digits_agree_with_scipy(size):
    from scipy.ndimage import zoom

    small = data.digits().test_images[:5, :, :, 0]
    ours = enlarged(small, size)
    theirs = np.stack([zoom(image, size / 8, order=1, mode="nearest", grid_mode=True) for image in small])
    assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("wrong", [{"size": 7}, {"size": 8.0}, {"test_fraction": 0}, {"test_fraction": 1.0}])
def test_bad_requests_for_digits_are_named(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        data.digits(**wrong)


@pytest.mark.parametrize("name", data.photo_names())
def test_every_photo_loads_with_the_network_off(name, no_sockets):
    colour, gray = data.photo(name), data.photo(name, gray=True)
    assert colour.dtype == np.float32
    assert colour.shape == (*gray.shape[:2], 3)
    assert gray.shape[2] == 1
    assert 0 <= colour.min() < colour.max() <= 1
    assert np.abs(colour @ np.float32([0.299, 0.587, 0.114]) - gray[..., 0]).max() < 0.01
    assert all(data.PHOTOS[name][2:])


def test_photos_are_those_of_their_libraries():
    from skimage import data as original
    from sklearn.datasets import load_sample_image

    assert np.array_equal(np.rint(data.photo("cat") * 255), original.chelsea())
    assert np.array_equal(np.rint(data.photo("photographer", gray=True)[..., 0] * 255), original.camera())
    assert np.array_equal(np.rint(data.photo("pagoda") * 255), load_sample_image("china.jpg"))


@pytest.mark.parametrize("name", ["cat", "pagoda", "coins"])
def test_a_size_gives_the_middle_square(name):
    whole, square = data.photo(name), data.photo(name, size=60)
    assert square.shape == (60, 60, 3)
    height, width = whole.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    assert np.abs(whole[top : top + side, left : left + side].mean((0, 1)) - square.mean((0, 1))).max() < 0.01


def test_bad_requests_for_photos_are_named(monkeypatch):
    with pytest.raises(ValueError, match="'dog'"):
        data.photo("dog")
    with pytest.raises(ValueError, match="size=0"):
        data.photo("cat", size=0)
    monkeypatch.setitem(photos.PHOTOS, "lost", ("skimage", "data/lost.png", "nothing", "nobody"))
    with pytest.raises(FileNotFoundError, match=r"skimage does not bring data/lost\.png"):
        data.photo("lost")


def test_faces(no_sockets):
    images, labels = data.faces()
    assert images.shape == (200, 25, 25, 1)
    assert images.dtype == np.float32
    assert labels.sum() == 100
    average = images[labels == 1].mean(axis=0).ravel()
    alike = np.array([np.corrcoef(image.ravel(), average)[0, 1] for image in images])
    assert np.median(alike[labels == 1]) > 0.5 > np.median(np.abs(alike[labels == 0]))


def test_unknown_data_sets_are_named():
    with pytest.raises(ValueError, match="'cifar'"):
        data.load("cifar")


@pytest.mark.parametrize("name", data.DATASETS)
def test_offline_every_named_set_tells_its_stand_in(name, monkeypatch, empty_cache, no_sockets, capfd):
    monkeypatch.setenv("CVNOTES_OFFLINE", "1")
    with pytest.raises(data.DatasetUnavailable, match="Offline stand-in: data") as caught:
        data.load(name)
    assert data.DATASETS[name].title in str(caught.value)
    assert "http" not in str(caught.value)
    assert not capfd.readouterr().out


@pytest.mark.parametrize(("name", "known"), data.DATASETS.items(), ids=data.DATASETS)
def test_every_stand_in_has_the_form_that_it_stands_for(name, known):
    assert known.stand_in == f'data.stand_in("{name}")'
    found = data.stand_in(name, train=12, test=3)
    assert found.train_images.shape[1:] == (known.shape or (224, 224, 3))
    assert found.train_images.dtype == np.float32
    assert len(found.classes) == 10
    assert (len(found.train_labels), len(found.test_labels)) == ((12, 3) if known.scenes else (1347, 450))
    assert not (found.train_images[:3] == found.test_images[:3]).all()
    assert ("scenes in place of" in repr(found)) == bool(known.scenes)


@pytest.mark.parametrize("reason", ["URL fetch failure on somewhere", "timed out"])
def test_a_failed_fetch_is_one_short_error(monkeypatch, reason):
    def fail():
        raise TimeoutError(reason) if reason == "timed out" else Exception(reason)

    monkeypatch.delenv("CVNOTES_OFFLINE", raising=False)
    with pytest.raises(data.DatasetUnavailable, match=r"MNIST: not available here\. It could not be fetched"):
        datasets.attempted(data.DATASETS["mnist"], fail)
    assert socket.getdefaulttimeout() is None


def test_other_errors_are_not_swallowed():
    def slip():
        raise ZeroDivisionError("a slip in the code")

    with pytest.raises(ZeroDivisionError):
        datasets.attempted(data.DATASETS["mnist"], slip)


def test_a_partial_download_in_the_cache_is_not_taken_for_whole(empty_cache, monkeypatch):
    """Keras gives no hash for Fashion-MNIST, so a file cut short would reach us."""
    monkeypatch.setenv("CVNOTES_OFFLINE", "1")
    folder = empty_cache / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name in ("train-labels-idx1", "train-images-idx3", "t10k-labels-idx1", "t10k-images-idx3"):
        whole = gzip.compress(np.random.default_rng(0).bytes(5000))
        (folder / f"{name}-ubyte.gz").write_bytes(whole[:2000])
    with pytest.raises(data.DatasetUnavailable, match="cannot be read"):
        data.load("fashion_mnist")


def test_a_set_with_too_few_images_is_refused(monkeypatch):
    monkeypatch.setattr(datasets, "through_keras", lambda known: [fake(50, (28, 28))] * 2)
    with pytest.raises(data.DatasetUnavailable, match="not whole: 50 and 50 images"):
        data.load("mnist")


def test_a_set_of_another_shape_is_refused(monkeypatch):
    monkeypatch.setattr(datasets, "through_keras", lambda known: [fake(50, (27, 28))] * 2)
    with pytest.raises(data.DatasetUnavailable, match="27, 28"):
        data.load("mnist")


def fake(n, shape):
    return np.full((n, *shape), 255, np.uint8), np.zeros((n, 1), np.uint8)


def test_a_whole_set_has_the_interface_of_the_digits(monkeypatch):
    small = datasets.Known("Tiny", 6, 4, (32, 32, 3), ("a", "b"), "data.digits()", "cifar10")
    monkeypatch.setitem(datasets.DATASETS, "tiny", small)
    stub = types.SimpleNamespace(load_data=lambda: (fake(6, (32, 32, 3)), fake(4, (32, 32, 3))))
    monkeypatch.setattr("keras.datasets.cifar10", stub)
    tiny = data.load("tiny")
    assert repr(tiny) == "Tiny: 6 + 4 images of 32 x 32 x 3, 2 classes"
    assert tiny.train_images.dtype == np.float32
    assert tiny.train_images.max() == 1
    assert tiny.test_labels.shape == (4,)
    assert tiny.test_labels.dtype == np.int64


def test_stl10_is_read_from_the_files_of_its_authors(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setitem(
        datasets.DATASETS, "stl10", datasets.Known("STL-10", 3, 2, (96, 96, 3), ("a",), "data.digits()")
    )
    folder = tmp_path / "datasets" / "stl10_binary"
    folder.mkdir(parents=True)
    truth = np.random.default_rng(0).integers(0, 256, (5, 96, 96, 3), dtype=np.uint8)
    for name, rows in (("train", slice(0, 3)), ("test", slice(3, 5))):
        truth[rows].transpose(0, 3, 2, 1).tofile(folder / f"{name}_X.bin")
        np.arange(1, 1 + len(truth[rows]), dtype=np.uint8).tofile(folder / f"{name}_y.bin")
    loaded = data.load("stl10")
    assert np.array_equal(np.rint(loaded.train_images * 255), truth[:3])
    assert loaded.test_labels.tolist() == [0, 1]
    (folder / "test_X.bin").write_bytes(b"short")
    with pytest.raises(data.DatasetUnavailable, match=r"test_X\.bin or test_y\.bin is not whole"):
        data.load("stl10")


def test_pretrained_weights_offline_name_the_untrained_network(monkeypatch, empty_cache, no_sockets):
    monkeypatch.setenv("CVNOTES_OFFLINE", "1")
    with pytest.raises(data.DatasetUnavailable, match=r"stand-in: keras.applications.MobileNetV2\(weights=None\)"):
        data.pretrained("MobileNetV2", input_shape=(96, 96, 3), include_top=False)
    with pytest.raises(ValueError, match="'LeNet'"):
        data.pretrained("LeNet")


def test_the_shut_network_opens_again(monkeypatch):
    with datasets.no_network(), pytest.raises(ConnectionError):
        socket.create_connection(("localhost", 9))
    assert socket.socket(socket.AF_INET).close() is None


def test_importing_the_room_loads_nothing_heavy():
    import subprocess
    import sys

    heavy = ("keras", "tensorflow", "sklearn", "skimage")
    code = f"import sys, cvnotes.data; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def benchmark():
    path = Path(__file__).parent / "benchmarks" / "bench_scenes.py"
    spec = importlib.util.spec_from_file_location("bench_scenes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pace_of_the_scenes_against_a_yardstick_of_this_machine():
    """About 22 yardsticks for 1,000 scenes where this was written; 2,000 scenes a second would be about 40 there."""
    bench = benchmark()
    assert 1000 / bench.per_second(200) < 60 * bench.yardstick()


@pytest.mark.parametrize(
    "wrong", [{"seed": None}, {"seed": -1}, {"seed": 0.5}, {"test_fraction": "1"}, {"test_fraction": 1e-9}]
)
def test_a_split_repeats_and_has_two_sides(wrong):
    """Without a seed the split would differ at every call."""
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name}.*Received: {name}="):
        data.digits(**wrong)


@pytest.mark.parametrize("ask", [data.photo, data.load, data.stand_in, data.pretrained])
@pytest.mark.parametrize("name", [None, ["cat"], 3])
def test_what_is_no_name_is_refused(ask, name):
    with pytest.raises(ValueError, match=r"of that name.*Received"):
        ask(name)
