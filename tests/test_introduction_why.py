"""The evidence of the introduction: nets, orders of pixels, experiments and their pictures."""

import time

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import convolution, data, experiments, models
from cvnotes.introduction import comparison, evidence, hunger, permutation, sweep
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_digits_in_the_middle_and_anywhere():
    small, dice = data.digits().train_images[:40], np.random.default_rng(0)
    middle, anywhere = (comparison.put(small, place, dice) for place in comparison.PLACES)
    np.testing.assert_array_equal(middle[:, 4:12, 4:12], small)
    assert not np.allclose(anywhere, middle)
    for canvas in (middle, anywhere):
        assert canvas.shape == (40, 16, 16, 1)
        np.testing.assert_allclose(canvas.sum((1, 2, 3)), small.sum((1, 2, 3)), rtol=1e-5)
    with pytest.raises(ValueError, match="place must be one of middle, anywhere"):
        comparison.put(small, "left", dice)


def test_every_place_occurs():
    dots = np.ones((3000, 8, 8, 1), "float32")
    corners = comparison.put(dots, "anywhere", np.random.default_rng(0))[..., 0]
    rows, columns = corners.any(2).argmax(1), corners.any(1).argmax(1)
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == 81


@pytest.mark.parametrize("place", comparison.PLACES)
def test_a_seed_repeats_its_digits_and_fewer_are_the_first_of_more(place):
    more, fewer, other = (comparison.split(place, n, seed) for n, seed in ((100, 3), (40, 3), (40, 4)))
    np.testing.assert_array_equal(more.x[:40], fewer.x)
    np.testing.assert_array_equal(more.y[:40], fewer.y)
    np.testing.assert_array_equal(more.test_x, fewer.test_x)
    assert not np.array_equal(fewer.y, other.y)
    assert (len(more.test_x), len(more.test_y)) == (450, 450)


@pytest.mark.parametrize("count", [0, 1348, 2.5])
def test_more_digits_than_there_are_is_refused(count):
    with pytest.raises(ValueError, match="count must be"):
        comparison.split("middle", count, 0)


@pytest.mark.parametrize("width", [1, 14, 128])
def test_parameters_of_the_dense_net(width):
    assert comparison.dense_net(width).count_params() == 256 * width + width + 10 * width + 10


@pytest.mark.parametrize("width", [1, 8, 32])
def test_parameters_of_the_convnet(width):
    stages = (9 + 1) * width + (9 * width + 1) * 2 * width
    assert comparison.conv_net(width).count_params() == stages + (16 * 2 * width + 1) * 10


def test_windows_differ_in_sharing_alone():
    shared, unshared = comparison.windows_net(True), comparison.windows_net(False)
    assert [layer.output.shape for layer in shared.layers] == [layer.output.shape for layer in unshared.layers]
    places = [14 * 14, 5 * 5]
    convs = [layer.count_params() for layer in shared.layers if isinstance(layer, keras.layers.Conv2D)]
    own = [layer.count_params() for layer in unshared.layers if isinstance(layer, convolution.Unshared)]
    assert own == [n * count for n, count in zip(places, convs, strict=True)]


def test_remedies_are_in_the_net():
    net = comparison.dense_net(8, dropout=0.5, decay=1e-3)
    assert any(isinstance(layer, keras.layers.Dropout) for layer in net.layers)
    kernel = ops.convert_to_numpy(net.get_layer("hidden").kernel)
    np.testing.assert_allclose(float(ops.convert_to_numpy(sum(net.losses))), 1e-3 * (kernel**2).sum(), rtol=1e-4)


def test_a_net_fits_fifty_digits_and_untrained_it_does_not():
    few = comparison.split("anywhere", 50, seed=7)
    run = comparison.scores(lambda: comparison.dense_net(32), few, seed=7, scale="quick")
    assert run["train"] > 0.95 > 0.5 > experiments.accuracy(comparison.dense_net(32), few.x, few.y)
    assert run["test"] < 0.5
    assert comparison.series("one", [run, run])["one_parameters"] == [run["parameters"]] * 2


# Orders of pixels ---------------------------------------------------------------------------------------------------


@given(n=st.integers(1, 5), block=st.integers(1, 5), seed=st.integers(0, 99))
@examples(40)
def test_pixels_stay_in_their_block_and_none_is_lost(n, block, seed):
    side = n * block
    order = permutation.block_order(side, block, seed)
    assert sorted(order) == list(range(side * side))
    new, old = np.divmod(np.arange(side * side), side), np.divmod(order, side)
    for now, before in zip(new, old, strict=True):
        np.testing.assert_array_equal(now // block, before // block)


def test_block_of_one_changes_nothing_and_the_seed_counts():
    np.testing.assert_array_equal(permutation.block_order(6, 1, 0), np.arange(36))
    assert not np.array_equal(permutation.block_order(6, 6, 0), permutation.block_order(6, 6, 1))
    with pytest.raises(ValueError, match=r"block must divide the side 16. Received: block=3"):
        permutation.block_order(16, 3, 0)


def test_reorder_equals_two_loops_and_can_be_undone():
    images, order = noise(3, 4, 4, 2), permutation.block_order(4, 4, 1)
    mixed = permutation.reorder(images, order)
    for new, old in enumerate(order):
        np.testing.assert_array_equal(mixed[:, new // 4, new % 4], images[:, old // 4, old % 4])
    np.testing.assert_array_equal(permutation.reorder(mixed, np.argsort(order)), images)


@pytest.mark.parametrize("order", [np.zeros(16, int), np.arange(15)])
def test_an_order_that_loses_pixels_is_refused(order):
    with pytest.raises(ValueError, match="each of 16 pixels once"):
        permutation.reorder(noise(1, 4, 4, 1), order)


def test_a_dense_net_has_a_twin_for_any_order_before_and_after_training():
    few, order = comparison.split("anywhere", 64, seed=1), permutation.block_order(16, 16, 1)
    mixed = few._replace(x=permutation.reorder(few.x, order), test_x=permutation.reorder(few.test_x, order))
    keras.utils.set_random_seed(0)
    net = comparison.dense_net(16)
    twin = permutation.twin(net, order)
    for steps in (0, 1):
        for model, pictures in ((net, few.x), (twin, mixed.x))[: 2 * steps]:
            experiments.fit(model, pictures, few.y, epochs=3, batch=32, rate=6e-3, seed=0)
        ours, theirs = (ops.convert_to_numpy(m(x)) for m, x in ((net, few.test_x), (twin, mixed.test_x)))
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
        assert not np.allclose(ops.convert_to_numpy(net(mixed.test_x)), ours, atol=0.1)


def test_texture_patches_come_from_two_halves():
    photo = data.photo("bricks", size=256, gray=True)
    for test, half in ((False, photo[:128]), (True, photo[128:])):
        crops, labels = permutation.texture_crops(30, 5, test=test)
        assert crops.shape == (30, 16, 16, 1)
        assert set(labels) <= set(range(8))
        np.testing.assert_allclose(crops.mean((1, 2)), 0, atol=1e-5)
        brick = crops[labels == 0][0] / 4
        windows = convolution.patches(half[..., 0], 16).reshape(-1, 16, 16)
        windows = windows - windows.mean((1, 2), keepdims=True)
        assert np.abs(windows - brick[..., 0]).max((1, 2)).min() < 1e-5


# Hunger -------------------------------------------------------------------------------------------------------------


def test_digits_five_to_nine_only():
    small, labels, test_x, test_y = hunger.high_digits(0)
    assert set(labels) == set(test_y) == set(range(5))
    assert (small.shape[1:], test_x.shape[1:]) == ((8, 8, 1), (16, 16, 1))
    digits = data.digits()
    assert len(small) == (digits.train_labels > 4).sum() >= max(hunger.LABELLED)


def test_probe_reads_features_that_tell_classes_apart_and_guesses_otherwise():
    net = comparison.conv_net(4, classes=5)
    features = hunger.body(net)
    assert features.output.shape == (None, 4 * 4 * 8)
    bright = np.repeat(np.linspace(0.1, 1, 5), 12)
    x, y = np.ones((60, 16, 16, 1), "float32") * bright[:, None, None, None], np.repeat(np.arange(5), 12)
    assert hunger.probe(features, x, y, x, y) > 0.9
    assert hunger.probe(features, 0 * x, y, x, y) < 0.5


def test_needed_digits_are_read_between_the_points():
    curve = [0.2, 0.4, 0.6, 0.8]
    assert hunger.needed(curve, 0.1) == hunger.LABELLED[0]
    assert hunger.needed(curve, 0.4) == pytest.approx(hunger.LABELLED[1])
    between = hunger.needed(curve, 0.5)
    assert between == pytest.approx(np.sqrt(hunger.LABELLED[1] * hunger.LABELLED[2]))
    assert hunger.needed(curve, 0.9) == float("inf")


# The sweep ----------------------------------------------------------------------------------------------------------


def test_each_case_changes_one_setting():
    for (name, value), case in sweep.cases().items():
        assert case[name] == value
        assert {key for key in case if case[key] != sweep.BASE[key]} <= {name}
    assert sum(case == sweep.BASE for case in sweep.cases().values()) == len(sweep.SETTINGS)


@pytest.mark.parametrize("key", sweep.cases())
def test_first_layer_has_the_size_and_parameters_of_the_formula(key):
    case = sweep.cases()[key]
    first = sweep.first_layer_net(**case).get_layer("first")
    side = convolution.output_size(16, case["size"], case["stride"]) if case["padding"] == "valid" else None
    side = -(-16 // case["stride"]) if side is None else side
    assert tuple(first.output.shape[1:]) == (side, side, case["filters"])
    assert first.count_params() == (case["size"] ** 2 + 1) * case["filters"]


class Sleeper:
    """Something that trains for a known time."""

    def __init__(self, seconds):
        self.seconds = seconds

    def train_on_batch(self, x, y):
        time.sleep(self.seconds)


def test_step_ratios_compare_with_the_base():
    ratios = sweep.step_ratios({"slow": Sleeper(0.02), "same": Sleeper(0.005)}, Sleeper(0.005), None, None)
    assert 2.5 < ratios["slow"] < 5
    assert 0.5 < ratios["same"] < 2


# Stored results and pictures ----------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    assert not {f"introduction.{name}" for name in evidence.STORED} & set(experiments.stale("introduction"))


def stored(name):
    return experiments.load("introduction", name)


def test_parameters_stored_are_those_of_the_nets():
    curves, widths = stored("curves"), stored("widths")
    for kind, net, others, page in (
        ("dense", comparison.dense_net, comparison.DENSE, comparison.HIDDEN),
        ("conv", comparison.conv_net, comparison.CONV, comparison.WIDTH),
    ):
        nets = evidence.by_width(curves, widths, "middle", kind)
        assert nets["parameters"].tolist() == [net(width).count_params() for width in sorted((*others, page))]
        assert nets["train"].shape == nets["test"].shape == (5, 4)


@pytest.mark.parametrize("block", permutation.BLOCKS)
@pytest.mark.parametrize("digit", evidence.SHOWN)
@pytest.mark.once
def test_scrambled_figure_and_its_words_over_their_whole_grid(digit, block):
    found = stored("scrambled")
    fig = evidence.scrambled_digit(found, digit, block)
    left, middle, right = fig.axes
    before, after = (ax.images[0].get_array() for ax in (left, middle))
    np.testing.assert_allclose(np.sort(before, axis=None), np.sort(after, axis=None))
    assert np.array_equal(before, after) == (block == 1)
    assert len(right.lines) == 3
    words = evidence.says_scrambled(found, digit, block)
    assert words.startswith(f"A {digit} ")
    assert ("as it is" in words) == (block == 1)


def test_unknown_digit_is_refused():
    with pytest.raises(ValueError, match="digit must be a whole number from 0 to 9"):
        evidence.shown_digit(10)


@pytest.mark.once
def test_other_figures_show_every_net_and_setting():
    fig = evidence.learning_curves(stored("curves") | stored("linear"))
    assert [len(ax.lines) for ax in fig.axes] == [3, 3]
    fig = evidence.gaps(stored("curves"), stored("widths"))
    assert [ax.get_title() for ax in fig.axes] == ["digits in the middle", "digits anywhere"]
    fig = evidence.settings_table(stored("settings"))
    assert [ax.get_title() for ax in fig.axes[:4]] == list(sweep.SETTINGS)
    assert len(fig.axes) == 12
    fig = evidence.hunger_curves({"scratch": stored("hunger")["scratch"]})
    assert fig.axes[0].get_xscale() == "log"


def test_a_change_is_settled_when_all_seeds_agree_on_an_effect_that_could_show():
    found = {}
    for name, values in sweep.SETTINGS.items():
        found[f"{name}_accuracy"] = np.full((5, len(values)), 0.5)
        found[f"{name}_parameters"] = np.full((5, len(values)), 100.0)
        found[f"{name}_time"] = np.ones((5, len(values)))
    found["stride_accuracy"][:, 1] += [0.10, 0.11, 0.10, 0.11, 0.10]
    found["stride_accuracy"][:, 2] += [0.10, -0.11, 0.10, 0.11, 0.10]
    found["stride_parameters"][:, 1] = 25
    rows = {row[0]: row[1:] for row in evidence.against_base(found)}
    assert len(rows) == sum(len(values) - 1 for values in sweep.SETTINGS.values())
    assert rows["stride 2"][0] == "+0.104"
    assert rows["stride 2"][2:] == ["yes", "0.25", "1.00"]
    assert rows["stride 4"][2] == rows["filters 2"][2] == "no"


def test_mixing_loses_the_difference_of_first_and_last():
    digits = {f"{place}_conv": np.array([[0.9, 0.5, 0.3]]) for place in comparison.PLACES}
    photos = {"conv_plain": np.array([0.8]), "conv_mixed": np.array([0.7])}
    np.testing.assert_allclose(evidence.lost_by_mixing(digits, photos, "conv"), [[0.6, 0.6, 0.1]])


def test_profiles_count_what_the_page_prints():
    found = models.profile(comparison.dense_net())
    assert found.macs == 256 * 128 + 128 * 10
    first = models.profile(comparison.conv_net()).rows[1]
    assert (first.kind, first.macs) == ("Conv2D", 16 * 16 * 9 * 8)
