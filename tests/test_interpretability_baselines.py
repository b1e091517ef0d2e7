"""Baselines: what they are, what nets make of them, how alike maps are, and which methods need one."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from cvnotes import attribution
from cvnotes.interpretability import drawings_baselines, starts, trials_baselines

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="no framework in it: once is enough")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((6, 8, 8, 1), np.float32)


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(0)
    return starts.conv((8, 8, 1), 10)


# Baselines ----------------------------------------------------------------------------------------------------------


@once
def test_each_baseline_is_what_it_is_called(images):
    known = images[:3]
    found = {name: starts.baseline(name, images, known) for name in starts.BASELINES}
    assert all(one.shape == images.shape for one in found.values())
    assert not found["black"].any()
    assert (found["white"] == 1).all()
    np.testing.assert_allclose(found["mean"][4], known.mean(0), atol=1e-6)
    assert found["blurred"].std() < 0.5 * images.std()
    np.testing.assert_allclose(found["blurred"].mean((1, 2, 3)), images.mean((1, 2, 3)), atol=0.1)
    assert abs(found["random"].mean() - 0.5) < 0.06
    assert not np.array_equal(found["random"][0], found["random"][1])
    with pytest.raises(ValueError, match="grey"):
        starts.baseline("grey", images, known)


@once
def test_squares_come_from_two_sides_of_their_photograph():
    squares = starts.crops(4)
    assert squares.train_images.shape == (24, 32, 32, 3)
    assert squares.test_images.shape == (24, 32, 32, 3)
    assert squares.classes[squares.train_labels[-1]] == "tissue"
    np.testing.assert_array_equal(np.bincount(squares.test_labels), [4] * 6)
    assert squares.train_images.min() >= 0
    assert squares.train_images.max() <= 1
    with pytest.raises(ValueError, match="seed"):
        starts.crops(4, -1)


# Nets ---------------------------------------------------------------------------------------------------------------


def test_chances_are_a_softmax(net, images):
    chances = starts.chances(net, images)
    logits = keras.ops.convert_to_numpy(net(images))
    np.testing.assert_allclose(chances, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), atol=1e-5)


@once
def test_nets_are_those_asked_for():
    assert starts.dense((8, 8, 1), 10).output_shape == (None, 10)
    assert starts.conv((32, 32, 3), 6).output_shape == (None, 6)
    with pytest.raises(ValueError, match="kind"):
        starts.learned("tree", None, 0)


@once
def test_a_rare_class_is_as_rare_as_asked_and_can_be_balanced():
    known = trials_baselines.thinned(0)
    assert np.mean(known.train_labels == trials_baselines.RARE) == pytest.approx(trials_baselines.SHARE, abs=1e-3)
    even = np.bincount(trials_baselines.balanced(known, 0).train_labels)
    assert len(set(even.tolist())) == 1


# Maps ---------------------------------------------------------------------------------------------------------------


def test_maps_give_nothing_to_what_is_as_in_the_baseline(net, images):
    black = np.where(images < 0.5, 0, images)
    found = starts.maps(net, black, images, steps=4)
    assert set(found) == set(starts.BASELINES)
    assert np.abs(found["black"][black[..., 0] == 0]).max() == 0
    assert np.abs(found["white"][black[..., 0] == 0]).max() > 0


@once
def test_likeness_is_the_rank_correlation_of_scipy(images):
    one, other = images[..., 0], np.round(images[::-1, ..., 0], 1)
    expected = np.mean([stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(one, other, strict=True)])
    assert starts.likeness(one, other) == pytest.approx(expected)
    assert starts.likeness(one, np.exp(3 * one)) == pytest.approx(1)
    assert starts.likeness(one, -one) == pytest.approx(-1)
    table = starts.table_of_likeness({"a": one, "b": other, "c": -one})
    np.testing.assert_allclose(table, table.T)
    np.testing.assert_allclose(table.diagonal(), 1)


@once
def test_apart_is_one_for_the_usual_distance():
    line = np.arange(6.0)[:, None, None, None] * np.ones((1, 2, 2, 1))
    assert starts.apart(line[0] - 3, line) == pytest.approx(3)
    assert starts.apart(line[2], line) == 0


@once
def test_what_methods_compare_with():
    needs = {name: starts.compared_with(name) for name in starts.METHODS}
    assert needs["integrated_gradients"] == needs["deeplift"] == needs["shapley"] == "baseline"
    assert needs["expected_gradients"] == "background"
    assert needs["occlusion"] == "fill"
    assert needs["gradient"] is needs["cam"] is needs["grad_cam"] is None
    with pytest.raises(ValueError, match="name"):
        starts.compared_with("guess")


@once
def test_a_peer_averages_over_the_background_and_not_over_its_pixels(net, images):
    shap = pytest.importorskip("shap", reason="shap is no dependency of the book")
    there, usual = (keras.ops.convert_to_numpy(net(one)) for one in (images[4:], images[:4]))
    expected = there - usual.mean(0)
    options = {"background": images[:4], "samples": None, "batch_size": 200}
    ours = np.stack([attribution.expected_gradients(net, images[4:], k, **options) for k in range(10)], -1)
    near = 0.05 * np.abs(expected).max()  # sums over the way: ours in 50 steps, the peer's at points drawn by chance
    assert np.abs(ours.sum((1, 2, 3)) - expected).max() < near
    deep = np.asarray(shap.DeepExplainer(net, images[:4]).shap_values(images[4:], check_additivity=False))
    np.testing.assert_allclose(deep.sum((1, 2, 3)), expected, atol=1e-3)
    drawn = np.asarray(shap.GradientExplainer(net, images[:4]).shap_values(images[4:], nsamples=2000))
    assert np.abs(drawn.sum((1, 2, 3)) - expected).max() < near
    average = keras.ops.convert_to_numpy(net(images[:4].mean(0, keepdims=True)))
    assert np.abs(there - average - expected).max() > 10 * near / 2


# Drawings -----------------------------------------------------------------------------------------------------------


@once
def test_drawings_draw(images):
    dice = np.random.default_rng(0)
    prior = {f"{kind}_{name}": dice.random((5, 10)) for kind in starts.NETS for name in ("mean", "expected")}
    highest = {kind: {name: dice.random(5) for name in ("black", "white")} for kind in starts.NETS}
    drawn = [
        drawings_baselines.compared(images[:2], {"black": images[:2, ..., 0], "white": images[2:4, ..., 0]}),
        drawings_baselines.expected(images[0], prior),
        drawings_baselines.alike({"digits": np.eye(5), "photos": -np.eye(5)}),
        drawings_baselines.neutral(highest, (0.1, 0.1)),
    ]
    assert all(isinstance(fig, Figure) for fig in drawn)


@once
def test_every_baseline_is_drawn_and_told(net, images):
    draw, say = drawings_baselines.player({"digit": net}, {"digit": images[0]}, {"digit": images})
    told = {say("digit", name) for name in starts.BASELINES}
    assert len(told) == len(starts.BASELINES)
    assert all(isinstance(draw("digit", name), Figure) for name in starts.BASELINES)
