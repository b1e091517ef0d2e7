"""The figures of both pages draw, say what they show, and hold what they are given."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from cvnotes.visualization import drawings, drawings_ascent, fields, maps, patches, subjects, trials, trials_ascent

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="drawn once is enough")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def seen():
    keras.utils.set_random_seed(0)
    return drawings.look(subjects.plain(), subjects.test_views(24), ("relu2", "relu6"))


def test_maps_and_patches_draw(seen):
    assert isinstance(drawings.draw_maps(seen), Figure)
    units = {layer: drawings.lively(seen, layer, 3) for layer in seen.maps}
    assert all(len(set(chosen)) == 3 for chosen in units.values())
    assert len(drawings.draw_patches(seen, ["relu2", "relu6"], units).axes) == 7
    nine = drawings.nine(seen, "relu2", 1)
    assert nine.shape == (9, 8, 8, 3)
    n, row, column = patches.best_places(seen.maps["relu2"], 1)[0]
    frame = fields.box(seen.fields["relu2"], row, column)
    np.testing.assert_array_equal(nine[0], fields.crop(seen.scenes.floats[n], frame))
    assert drawings.square(nine).shape == (76, 76, 3)


def test_the_player_draws_and_says_every_frame(seen):
    units = {"relu2": [0, 5], "relu6": [3, 4]}
    draw, say = drawings.player(seen, 0, units)
    for layer in units:
        assert isinstance(draw(layer, 2), Figure)
        assert f"{layer}, filter {units[layer][1]}" in say(layer, 2)
    counted = [int(word.rstrip(",.")) for word in say("relu6", 1).split(":")[-1].split() if word[0].isdigit()]
    assert sum(counted) == 9


def test_few_levels_and_stretched_maps():
    x = np.random.default_rng(0).uniform(size=(5, 5))
    assert len(np.unique(drawings.fewer(x, 3))) <= 3
    assert np.abs(drawings.fewer(x, 17) - x).max() <= 1 / 32 + 1e-6
    assert drawings.stretched(3 * x).max() == pytest.approx(1)
    assert (drawings.stretched(0 * x) == 0).all()


def test_charts_draw():
    runs = np.abs(noise(5, 6))
    panels = {"one": {"a": runs, "b": runs + 1}, "two": {"c": runs}}
    assert len(drawings.by_depth(panels, ["y", "z"], top=4).axes) == 2
    assert isinstance(drawings.draw_ties({"filters": np.full((5, 6), 1 / 6)}), Figure)
    kernels = noise(3, 3, 3, 4), noise(3, 3, 4, 2), noise(2, 8, 8, 3)
    assert len(drawings.draw_weights(*kernels).axes) == 1 + 4 + 2 * (4 + 1)
    middle = drawings.signed(noise(2, 3, 3, 1))
    assert middle.min() >= 0
    assert middle.max() <= 1


def test_charts_of_climbs_draw():
    stored = {f"{what}_{name}": np.abs(noise(5, 3)) for what in ("length", "fine") for name in trials_ascent.VARIANTS}
    assert isinstance(drawings_ascent.over_steps(stored, trials_ascent.READ), Figure)
    panels = {"pieces": ("count", {"trained": np.abs(noise(5, 4))}), "fine": ("cycles", {"trained": np.ones((5, 4))})}
    assert isinstance(drawings_ascent.two_axes(trials_ascent.DEPTHS, panels), Figure)
    rows = {"one": noise(3, 8, 8, 3), "two": noise(3, 8, 8, 3)}
    assert len(drawings_ascent.draw_rows(rows, titles="abc").axes) == 7
    assert drawings_ascent.seen(noise(2, 4, 4, 3)).max() <= 1


def test_the_walk_of_a_pattern(seen):
    made = trials_ascent.pattern(seen.net, 2, "middle", steps=2)
    assert made.shape == (2, 64, 64, 3)
    mean, unit = drawings_ascent.walk(seen.net, made[1], 1)
    assert len(mean) == len(unit) == 64 - fields.field(seen.net, "relu4")[0].size + 1
    layer = maps.responses(seen.net, np.full((1, 64, 64, 3), 0.5, "float32"), "relu4")["relu4"]
    assert layer.shape == (1, 16, 16, 48)
    assert isinstance(drawings_ascent.draw_walk(np.abs(mean) + 1, np.abs(unit) + 1), Figure)
    for part in trials_ascent.moved(seen.net, made):
        assert len(part) == 2
        assert np.isfinite(part).all()


def test_the_player_of_regularisers_draws_each(seen):
    draw, say = drawings_ascent.player(seen.net, side=24, steps=2)
    for regulariser in drawings_ascent.STRENGTHS:
        assert isinstance(draw(regulariser, 3), Figure)
        assert regulariser in say(regulariser, 3)
    assert "no regulariser" in say("blur", 0)


def test_a_ladder_is_cut_to_fields(seen):
    rows = drawings_ascent.ladder(seen.net, (1, 2), 2, steps=1)
    assert [each.shape for each in rows.values()] == [(2, 3, 3, 3), (2, 8, 8, 3)]


def test_the_numbers_of_a_layer_fit_together(seen):
    found = trials.described(seen.maps["relu6"], seen.scenes)
    assert found["empty"] + found["gaps"] == pytest.approx(found["zeros"])
    assert 0 <= found["probe"] <= 1
    assert found["best"] >= found["own"]


def test_at_rest_finds_the_length_of_a_straight_score():
    way = noise(1, 4, 4, 1)

    def score(x):
        return keras.ops.sum(keras.ops.multiply(x, way), (1, 2, 3))

    assert trials_ascent.at_rest(score, 0 * way, 0.5, 0.5) == pytest.approx(1, abs=1e-2)
    assert trials_ascent.at_rest(score, 0 * way, 0.0, 0.5) > 5
    np.testing.assert_allclose(trials_ascent.slope(score, 0 * way), way, atol=1e-6)
