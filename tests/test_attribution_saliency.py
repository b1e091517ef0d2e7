"""The page on saliency: marks for maps, its pictures, and the pieces of its experiments."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from cvnotes.attribution import held, trials_saliency
from cvnotes.attribution import saliency_drawings as drawings
from cvnotes.visualization import subjects

pytestmark = pytest.mark.once


@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_hit_is_the_area_under_the_roc(seed, ties):
    dice = np.random.default_rng(seed)
    heats = dice.integers(0, 4, (2, 6, 7)) if ties else dice.normal(size=(2, 6, 7))
    masks = dice.random((2, 6, 7)) < 0.4
    masks[:, 0, :2] = [True, False]
    areas = [roc_auc_score(mask.ravel(), heat.ravel()) for heat, mask in zip(heats, masks, strict=True)]
    assert held.hit(heats, masks) == pytest.approx(np.mean(areas))
    assert held.hit(masks, masks) == 1
    assert held.hit(0 * heats, masks) == 0.5


def test_alike_is_the_correlation_of_ranks():
    one, other = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    pairs = zip(one.reshape(3, -1), other.reshape(3, -1), strict=True)
    assert held.alike(one, other) == pytest.approx(np.mean([stats.spearmanr(a, b)[0] for a, b in pairs]))
    assert held.alike(one, np.exp(one)) == pytest.approx(1)
    assert held.alike(one, -one) == pytest.approx(-1)
    assert held.alike(one, 0 * one) == 0


def test_edges_are_where_the_picture_changes():
    picture = np.zeros((1, 8, 8, 3), "float32")
    picture[:, :, 4:] = [0.3, 0.4, 0]
    found = held.edges(picture)[0]
    np.testing.assert_allclose(found[:, 3:5], 4 * 0.5, atol=1e-6)  # Sobel's weights add up to four
    assert not found[:, :3].any()
    assert not found[:, 5:].any()
    np.testing.assert_allclose(held.edges(picture.transpose(0, 2, 1, 3))[0], found.T)


def test_the_pieces_of_the_experiments():
    keras.utils.set_random_seed(0)
    net, scenes = subjects.plain(), subjects.test_views(2)
    found = trials_saliency.one_method("guided", net, scenes)
    assert set(found) == {"hit_guided", "class_guided", "signed_guided", "edges_guided"}
    assert 0 <= found["hit_guided"] <= 1
    assert all(-1 <= found[key] <= 1 for key in found)
    assert trials_saliency.shapes(scenes).shape == (2, 64, 64)
    assert 0.02 < trials_saliency.shapes(scenes).mean() < 0.3
    classes = np.arange(6)
    score = lambda x: keras.ops.convert_to_numpy(net(x))[classes, classes]  # noqa: E731
    grey = np.full((6, 64, 64, 3), 0.5, "float32")
    assert score(trials_saliency.ascended(net, steps=2)).mean() > score(grey).mean() + 0.003


def test_pictures_are_drawn():
    picture = np.random.default_rng(0).random((16, 16, 3)).astype("float32")
    assert len(drawings.grids(dict.fromkeys("abcd", np.eye(3))).axes) == 6
    assert drawings.table_of_maps([picture] * 2, {"one": picture[None, ..., 0].repeat(2, 0)}).axes


def test_a_cover_is_drawn_where_it_lies_and_told():
    net, scenes = subjects.plain(), subjects.test_views(1)
    picture = scenes.floats[0]
    draw, say = drawings.covering(net, picture, 2)
    fig = draw(16, 48)
    shown = fig.axes[0].images[0].get_array()
    assert (shown[16:32, 48:64] == 0.5).all()
    np.testing.assert_allclose(shown[:16], picture[:16])
    np.testing.assert_allclose(shown[:, :48], picture[:, :48])
    left = keras.ops.convert_to_numpy(net(np.asarray(shown, "float32")[None]))[0, 2]
    assert f"score {float(left):.1f}" in fig.axes[0].get_title()
    for row in drawings.STOPS:
        assert f"rows {row} to {row + 15} and columns 0 to 15" in say(row, 0)
    assert "hardly moves" in say(0, 0)  # nothing was learned
