"""DeepDream: its gradient against an exact one, its loop against a plain twin, its measures on made-up pictures."""

import functools
import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from cvnotes.hallucination import drawings, dream, measures, nets, patches, trials

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="NumPy and drawings: once is enough")
dice = functools.partial(np.random.default_rng)


@functools.cache
def tiny() -> keras.Model:
    """A net of two smooth layers, so that finite differences are good; its weights are the same on any backend."""
    made = [
        keras.layers.Conv2D(filters, 3, padding="same", activation="tanh", name=name)
        for filters, name in ((4, "one"), (5, "two"))
    ]
    net = keras.Sequential([keras.Input((None, None, 3)), *made])
    net.set_weights([dice(7).normal(0, 0.2, weight.shape) for weight in net.get_weights()])
    return net


def picture(side: int = 32, seed: int = 0) -> np.ndarray:
    return dice(seed).random((side, side, 3)).astype(np.float32)


# The gradient -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["one", "two"])
def test_the_activation_sent_back_is_the_gradient_of_half_the_squared_norm(layer: str) -> None:
    x = picture(8)
    (a,) = nets.answers(tiny(), x[None], (layer,))

    def goal(y):
        return float(np.square(nets.answers(tiny(), y[None], (layer,))[0], dtype=np.float64).sum() / 2)

    back, exact = dream.pulled_back(tiny(), layer, x, a[0]), dream.uphill(tiny(), layer)(x)
    assert_allclose(back, exact, atol=1e-5)
    for way in dice(1).normal(size=(3, 8, 8, 3)).astype(np.float32):
        slope = (goal(x + 5e-3 * way) - goal(x - 5e-3 * way)) / 1e-2
        assert_allclose((back * way).sum(), slope, rtol=2e-2, atol=2e-3)


def test_a_signal_is_sent_back_by_the_transposed_jacobian() -> None:
    keras.utils.set_random_seed(1)
    net = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Dense(2, use_bias=False, name="mix")])
    signal = dice(2).normal(size=(4, 4, 2)).astype(np.float32)
    back = dream.pulled_back(net, "mix", picture(4), signal)
    assert_allclose(back, signal @ keras.ops.convert_to_numpy(net.layers[0].kernel).T, atol=1e-5)


def test_goals_of_all_and_of_some_filters() -> None:
    maps = keras.ops.convert_to_tensor(dice(0).normal(size=(1, 3, 3, 4)).astype(np.float32))
    plain = keras.ops.convert_to_numpy(maps)
    assert_allclose(float(keras.ops.convert_to_numpy(dream.half_norm(maps))), (plain**2).sum() / 2, rtol=1e-5)
    assert_allclose(
        float(keras.ops.convert_to_numpy(dream.channels([1, 3])(maps))), (plain[..., [1, 3]] ** 2).sum() / 2, rtol=1e-5
    )
    assert_allclose(float(keras.ops.convert_to_numpy(dream.total(maps))), plain.sum(), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="units must be"):
        dream.channels([-1])


# The loop -----------------------------------------------------------------------------------------------------------


@once
def test_a_step_has_its_length_whatever_the_gradient() -> None:
    x = np.full((8, 8, 3), 0.5, np.float32)
    slope = dice(0).normal(size=x.shape)
    for size in (1e-6, 1, 1e6):
        moved = dream.step(x, lambda p, size=size: size * slope, 0.01) - x
        assert_allclose(np.abs(moved).mean(), 0.01, rtol=1e-3)
        assert_allclose(moved, 0.01 * slope / np.abs(slope).mean(), atol=1e-6)


@once
def test_a_shift_is_undone() -> None:
    x = picture(8)
    shifted = dream.step(x, lambda p: p - 0.5, 0.01, (3, -2))
    assert_allclose(shifted, dream.step(x, lambda p: p - 0.5, 0.01), atol=1e-6)
    ramp = np.arange(64.0).reshape(8, 8, 1) * np.ones(3)
    moved = dream.step(np.full((8, 8, 3), 0.5), lambda p: ramp, 0.01, (1, 0)) - 0.5
    assert_allclose(moved, 0.01 * np.roll(ramp, -1, 0) / ramp.mean(), atol=1e-6)


@once
def test_a_tiled_gradient_is_the_gradient_of_each_tile() -> None:
    x = picture(60)
    found = dream.tiled(lambda p: p - p.mean(), 24)(x)
    assert_allclose(found[:24, 24:48], x[:24, 24:48] - x[:24, 24:48].mean(), atol=1e-6)
    assert_allclose(found[48:, 48:], x[48:, 48:] - x[48:, 48:].mean(), atol=1e-6)
    with pytest.raises(ValueError, match="tile must be at least"):
        dream.tiled(lambda p: p, 8)


@once
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.floats(1.1, 2.0), st.integers(200, 400))
def test_octaves_grow_by_their_ratio_up_to_the_picture(octaves: int, ratio: float, side: int) -> None:
    sizes = dream.octave_sizes((side, 2 * side), octaves, ratio)
    assert len(sizes) == octaves
    assert sizes[-1] == (side, 2 * side)
    for small, large in itertools.pairwise(sizes):
        assert_allclose(large[0] / small[0], ratio, atol=0.05)


@once
def test_octaves_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="24 pixels or more"):
        dream.octave_sizes((48, 48), 3, 1.5)
    with pytest.raises(ValueError, match="ratio must be"):
        dream.octave_sizes((48, 48), 1, 1.0)


@once
def test_the_loop_is_its_plain_twin() -> None:
    x, slope = picture(48), lambda p: p - 0.4
    found = list(dream.octave_dreams(x, slope, octaves=2, ratio=1.5, steps=2, jitter=0))
    small = dream.resized(x, (32, 32))
    first = dream.step(dream.step(small, slope, 0.01), slope, 0.01)
    assert_allclose(found[0], first, atol=1e-6)
    begun = np.clip(x + dream.resized(first - small, (48, 48)), 0, 1)
    assert_allclose(found[1], dream.step(dream.step(begun, slope, 0.01), slope, 0.01), atol=1e-5)


@once
def test_no_steps_leave_the_picture_and_a_seed_repeats_it() -> None:
    x, slope = picture(48), lambda p: np.sin(9 * p)
    assert_allclose(dream.dream(x, slope, steps=0, octaves=2), x, atol=1e-6)
    one, two, other = (dream.dream(x, slope, octaves=1, seed=seed) for seed in (0, 0, 1))
    assert_allclose(one, two, atol=1e-6)
    assert one.min() >= 0
    assert one.max() <= 1
    assert x.shape == other.shape


def test_a_dream_raises_its_goal_and_a_stroll_does_not() -> None:
    x, stroll = picture(32), dice(5)
    dreams = (dream.uphill(tiny(), "two"), lambda p: stroll.normal(size=p.shape))
    seen = [x, *(dream.dream(x, way, octaves=1, steps=5) for way in dreams)]
    before, after, strayed = (np.square(nets.answers(tiny(), p[None], ("two",))[0]).sum() for p in seen)
    assert after - before > 3 * abs(strayed - before)
    assert after > before


# The net ------------------------------------------------------------------------------------------------------------


def test_levelling_makes_means_one_and_keeps_the_logits() -> None:
    keras.utils.set_random_seed(3)
    net, x = nets.patch_net(normalized=False), dice(0).random((4, 16, 16, 3)).astype(np.float32)
    net.set_weights([w if w.ndim > 1 else dice(1).uniform(0, 0.1, w.shape) for w in net.get_weights()])
    level = nets.levelled(net, x)
    assert_allclose(*(keras.ops.convert_to_numpy(each(x)) for each in (level, net)), atol=1e-4, rtol=1e-3)
    for maps in nets.answers(level, x):
        means = maps.mean((0, 1, 2))
        assert_allclose(means[means > 1e-2], 1, rtol=1e-2)


def test_the_stored_net_reads_new_patches() -> None:
    x, y = patches.lesson(200, 31)
    found = keras.ops.convert_to_numpy(nets.painter()(x, training=False)).argmax(-1)
    assert (found == y).mean() > 0.5  # chance is a hundredth
    for maps in nets.answers(nets.painter(), x):
        assert 0.5 < maps.mean() < 1.5


@once
def test_the_untrained_net_is_as_loud_and_knows_nothing() -> None:
    net, (x, y) = nets.untrained(1, count=20), patches.lesson(60, 32)
    assert (keras.ops.convert_to_numpy(net(x)).argmax(-1) == y).mean() < 0.2
    assert 0.2 < nets.answers(net, x, ("relu4",))[0].mean() < 5


def test_vgg_is_fed_as_keras_feeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Identity()])
    x = picture(8)
    fed = keras.ops.convert_to_numpy(nets.centred(plain)(x[None]))
    assert_allclose(fed[0], keras.applications.vgg16.preprocess_input(255 * x.copy()), atol=1e-3)
    monkeypatch.delenv("CVNOTES_WEIGHTS", raising=False)
    assert nets.large() is None


# Its lesson ---------------------------------------------------------------------------------------------------------


@once
def test_a_lesson_holds_all_origins_and_repeats() -> None:
    x, y = patches.lesson(100, 5)
    again, same = patches.lesson(100, 5)
    assert x.shape == (100, 48, 48, 3)
    assert x.min() >= 0
    assert x.max() <= 1
    assert (y == same).all()
    assert np.array_equal(x, again)
    kinds = [patches.CLASSES[i] for i in y]
    assert sum(kind == "face" for kind in kinds) == 6
    assert sum(kind in patches.SHAPES for kind in kinds) == 14
    with pytest.raises(ValueError, match="count must be at least"):
        patches.lesson(5, 0)


@once
def test_a_cut_lies_where_its_class_says() -> None:
    for seed in range(20):
        patch, name = patches.cut("cat", dice(seed))
        row, column = map(int, name.split()[1])
        spots = [
            (y + 24, x + 24, image.shape)
            for image in patches.sizes("cat")
            for y, x in np.argwhere((image[:-47, :-47] == patch[0, 0]).all(-1))
            if np.array_equal(image[y : y + 48, x : x + 48], patch)
        ]
        assert any((y * 3 // shape[0], x * 3 // shape[1]) == (row, column) for y, x, shape in spots)


@once
def test_jittered_patches_stay_pictures() -> None:
    x, _ = patches.lesson(60, 1)
    changed = patches.jittered(x, dice(0))
    assert changed.shape == x.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert np.abs(changed - x).mean() > 0.02


# Measures -----------------------------------------------------------------------------------------------------------


@once
def test_power_finds_a_wave_in_its_band() -> None:
    wave = np.sin(2 * np.pi * np.arange(64) / 16)[:, None, None] * np.ones((64, 64, 3)) + 5
    shares = measures.power(wave, np.array([0, 1 / 32, 1 / 20, 1 / 10, 1]))
    assert_allclose(shares, [0, 0, 1, 0], atol=1e-6)
    assert measures.power(dice(0).normal(size=(64, 64, 3)), np.array([0, 0.25]))[0] == pytest.approx(
        np.pi / 16, abs=0.02
    )


@once
def test_seams_are_found_where_they_are() -> None:
    smooth = dice(0).normal(size=(48, 48, 3))
    assert measures.seams(smooth, 12) == pytest.approx(1, abs=0.1)
    torn = smooth + 10 * (np.indices((48, 48)) // 12).sum(0)[..., None]
    assert measures.seams(torn, 12) > 5 > 2 > measures.seams(torn, 9)
    with pytest.raises(ValueError, match="tile must be"):
        measures.seams(smooth, 48)


@once
def test_small_measures_have_their_exact_answers() -> None:
    noise = dice(0).normal(size=(64, 64, 3))
    assert measures.tint(noise) == pytest.approx(2 / 3, abs=0.02)
    assert measures.tint(np.repeat(noise[..., :1], 3, -1)) == pytest.approx(0, abs=1e-9)
    assert measures.apart(np.array([3.0, 4.0]), np.array([0.0, 4.0])) == pytest.approx(0.75)
    assert measures.cosine(np.array([1.0, 0]), np.array([1.0, 1])) == pytest.approx(0.5**0.5)
    assert measures.top_share(np.array([3.0, 4.0, 0, 0]), 0.25) == pytest.approx(16 / 25)
    assert measures.sharpness_kept(noise + 7, noise) == pytest.approx(1)
    assert measures.sharpness_kept(-noise, noise) == pytest.approx(-1)


# Drawings and trials ------------------------------------------------------------------------------------------------


@once
def test_everything_draws() -> None:
    drawings.draw_bands(trials.BANDS, dice(0).random((5, 4, 5)), trials.OCTAVES)
    found = {f"{who}_{name}": dice(0).random((5, 7)) for who in ("trained", "untrained") for name in ("fine", "tint")}
    drawings.draw_depths(found)
    draw, say = drawings.player(nets.painter(), picture(32), octaves=1, steps=1)
    assert len({say(layer) for layer in nets.LAYERS}) == 7
    assert draw("relu2").get_size_inches()[0] > 2


@once
def test_photographs_go_by_seed() -> None:
    assert trials.photograph(0, 32).shape == (32, 32, 3)
    assert_allclose(trials.photograph(5, 32), trials.photograph(0, 32))
