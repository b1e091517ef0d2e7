"""Generators: shapes, the Frechet distance, judges, rivals, autoencoder, notes and walks, against exact answers."""

import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.figure import Figure
from scipy import linalg, stats

from cvnotes import backend, data, experiments
from cvnotes.gans import (
    averaging,
    digit_nets,
    frechet,
    generator_drawings,
    generator_play,
    generator_tables,
    judges,
    match,
    nets,
    rivals,
    trials_generators,
    vae,
    walks,
    wave_nets,
    waves,
)
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


def kinds_of(net):
    return {type(layer) for layer in net.layers}


# Nets ---------------------------------------------------------------------------------------------------------------

POOLING = {layers.MaxPooling2D, layers.AveragePooling2D, layers.GlobalAveragePooling2D, layers.UpSampling2D}


@pytest.mark.parametrize(("side", "up"), [*itertools.product((8, 12, 16), digit_nets.UP)])
def test_drawing_nets_draw_pictures_of_their_side(side, up):
    net = digit_nets.drawing_net(5, side, 4, up)
    drawn = array(net(noise(3, 5), training=False))
    assert drawn.shape == (3, side, side, 1)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


@pytest.mark.parametrize(("side", "down"), [*itertools.product((8, 12, 16), digit_nets.DOWN)])
def test_looking_nets_answer_whichever_way_they_shrink(side, down):
    net = digit_nets.looking_net(3, side, 4, down)
    assert array(net(noise(2, side, side, 1))).shape == (2, 3)
    assert net.count_params() == digit_nets.looking_net(3, side, 4).count_params()
    shrunk = [layer.output.shape[1] for layer in net.layers if len(layer.output.shape) == 4]
    assert shrunk[-1] == side // 4


def test_the_nets_of_the_page_have_no_pool():
    for net in (digit_nets.drawing_net(), digit_nets.looking_net()):
        assert not kinds_of(net) & POOLING
    assert layers.MaxPooling2D in kinds_of(digit_nets.looking_net(down="max"))
    assert layers.UpSampling2D in kinds_of(digit_nets.drawing_net(up="repeated"))


def test_a_generator_without_batch_norm_has_biases_instead():
    plain, calm = (digit_nets.drawing_net(5, 8, 4, batch_norm=chosen) for chosen in (False, True))
    assert layers.BatchNormalization not in kinds_of(plain)
    assert plain.layers[0].use_bias
    assert not calm.layers[0].use_bias


@pytest.mark.parametrize("side", [6, 10, 0, 8.0, True])
def test_sides_that_cannot_be_halved_twice_are_refused(side):
    with pytest.raises(ValueError, match="side must"):
        digit_nets.drawing_net(side=side)
    with pytest.raises(ValueError, match="side must"):
        digit_nets.looking_net(side=side)


def test_unknown_ways_up_and_down_are_refused():
    with pytest.raises(ValueError, match="down must be one of 'strided', 'max', 'average'"):
        digit_nets.looking_net(down="median")
    with pytest.raises(ValueError, match="up must be one of 'transposed', 'repeated'"):
        digit_nets.drawing_net(up="bilinear")


def test_wave_nets_play_and_listen():
    played = array(wave_nets.playing_net(3, 4)(noise(2, 3), training=False))
    assert played.shape == (2, waves.LENGTH, 1)
    assert array(wave_nets.listening_net(4)(played)).shape == (2, 1)
    with pytest.raises(ValueError, match="codes must be at least 1"):
        wave_nets.playing_net(0)
    with pytest.raises(ValueError, match="width must be at least 1"):
        wave_nets.listening_net(0)


# The game with pictures, on whichever backend -----------------------------------------------------------------------


@pytest.mark.parametrize("down", ["strided", "max"])
def test_a_short_game_moves_both_nets_and_stays_finite(down):
    keras.utils.set_random_seed(0)
    game = match.prepare(match.Match(digit_nets.looking_net(width=4, down=down), digit_nets.drawing_net(4, 8, 4)),
                         (4e-3, 2e-3), d_steps=0)  # fmt: skip
    before = [net.get_weights() for net in (game.discriminator, game.generator)]
    list(match.play(game, trials_generators.real_digits, nets.prior("normal", 4), rounds=25, every=25, batch=8))
    for net, old in zip((game.discriminator, game.generator), before, strict=True):
        assert all(np.isfinite(w).all() for w in net.get_weights())
        assert all(np.any(a != b) for a, b in zip(net.get_weights(), old, strict=True))


def test_a_short_game_with_notes_moves_both_nets():
    keras.utils.set_random_seed(0)
    game = match.prepare(match.Match(wave_nets.listening_net(4), wave_nets.playing_net(4, 4)), (2e-3, 2e-3), d_steps=0)
    before = game.generator.get_weights()
    list(match.play(game, waves.draw, nets.prior("normal", 4), rounds=25, every=25, batch=8))
    assert all(np.isfinite(w).all() for w in game.generator.get_weights())
    assert all(np.any(a != b) for a, b in zip(game.generator.get_weights(), before, strict=True))


# Averages -----------------------------------------------------------------------------------------------------------


def test_the_average_is_a_weighted_sum_of_all_stops():
    net = keras.Sequential([keras.Input((1,)), layers.Dense(1)])

    def stops():
        for value in (1.0, 3.0, 8.0):
            net.set_weights([np.full((1, 1), value), np.zeros(1)])
            yield value

    found = [twin.get_weights()[0][0, 0] for twin in averaging.averaged(net, stops(), keep=0.25)]
    np.testing.assert_allclose(found, [1, 0.25 * 1 + 0.75 * 3, 0.25 * 2.5 + 0.75 * 8])
    assert net.get_weights()[0][0, 0] == 8  # the net that plays is left alone
    last = [twin.get_weights()[0][0, 0] for twin in averaging.averaged(net, stops(), keep=0)]
    np.testing.assert_allclose(last, [1, 3, 8])


@pytest.mark.parametrize("keep", [1.0, -0.1, float("nan"), True])
def test_an_average_that_never_moves_is_refused(keep):
    with pytest.raises(ValueError, match="keep must be a number"):
        next(averaging.averaged(keras.Sequential([keras.Input((1,)), layers.Dense(1)]), [1], keep))


# The Frechet distance -----------------------------------------------------------------------------------------------


def law(size, seed):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(size, size))
    return frechet.Cloud(rng.normal(size=size), mixed @ mixed.T)


@pytest.mark.parametrize("size", [1, 2, 5, 24])
def test_the_distance_equals_its_formula_with_scipys_root(size):
    for seed in range(5):
        a, b = law(size, seed), law(size, seed + 50)
        root = linalg.sqrtm(a.covariance @ b.covariance)
        exact = np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance + b.covariance - 2 * np.real(root))
        assert frechet.between(a, b) == pytest.approx(exact, rel=1e-6, abs=1e-6)


@given(*[st.floats(-5, 5)] * 2, *[st.floats(0, 4)] * 2)
@examples(80)
def test_on_a_line_it_is_two_squares(m1, m2, s1, s2):
    a, b = (frechet.Cloud(np.array([m]), np.array([[s * s]])) for m, s in ((m1, s1), (m2, s2)))
    assert frechet.between(a, b) == pytest.approx((m1 - m2) ** 2 + (s1 - s2) ** 2, abs=1e-6)


def test_it_is_the_least_work_of_moving_one_normal_cloud_into_another():
    """On a line the best plan keeps the order, so sorted samples give the squared distance that is moved."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 2, 200_000), rng.normal(-1, 0.5, 200_000)
    moved = np.mean((np.sort(a) - np.sort(b)) ** 2)
    assert frechet.distance(a[:, None], b[:, None]) == pytest.approx(moved, rel=0.01)


def test_it_is_symmetric_and_zero_only_for_equal_laws():
    a, b = law(6, 0), law(6, 1)
    assert frechet.between(a, b) == pytest.approx(frechet.between(b, a), rel=1e-9)
    assert frechet.between(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet.between(a, frechet.Cloud(a.mean + 1, a.covariance)) == pytest.approx(6, abs=1e-6)


def test_it_does_not_see_the_shape_of_a_cloud():
    """Two clouds with one mean and one covariance are at distance zero, however different."""
    two = np.repeat([[-1.0, 0], [1, 0], [0, -1], [0, 1]], 5, axis=0)
    eight = np.array([[np.cos(t), np.sin(t)] for t in np.arange(20) * 2 * np.pi / 20])
    assert frechet.distance(two, eight) == pytest.approx(0, abs=1e-9)


def test_directions_without_spread_do_no_harm():
    flat = np.hstack([noise(50, 3), np.zeros((50, 2))])
    assert frechet.distance(flat, flat) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("bad", [np.zeros(4), np.zeros((1, 3)), np.zeros((3, 0)), np.full((3, 2), np.nan)])
def test_bad_clouds_are_refused(bad):
    with pytest.raises(ValueError, match=r"Give two or more finite points \(n, d\)\. Received: shape"):
        frechet.cloud(bad)


def test_bad_laws_are_refused():
    good = frechet.Cloud(np.zeros(2), np.eye(2))
    with pytest.raises(ValueError, match="one dimension"):
        frechet.between(good, frechet.Cloud(np.zeros(3), np.eye(3)))
    with pytest.raises(ValueError, match="symmetric"):
        frechet.between(good, frechet.Cloud(np.zeros(2), np.array([[1.0, 0.5], [0, 1]])))
    with pytest.raises(ValueError, match="A mean is finite"):
        frechet.between(good, frechet.Cloud(np.array([0, np.nan]), np.eye(2)))
    with pytest.raises(ValueError, match="finite and symmetric"):
        frechet.between(frechet.Cloud(np.zeros(2), np.full((2, 2), np.nan)), good)
    with pytest.raises(ValueError, match="no negative eigenvalue"):
        frechet.between(good, frechet.Cloud(np.zeros(2), np.diag([1.0, -1])))


# Judges -------------------------------------------------------------------------------------------------------------


def test_no_picture_is_in_two_heaps():
    heaps = judges.heaps()
    assert [len(h) for h in heaps] == [1078, 1078, 360, 359]
    rows = np.concatenate([heaps.learn, heaps.compare, heaps.spare]).reshape(-1, 64)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_stored_judges_know_digits_they_never_saw():
    *_, rest, labels = data.digits(test_fraction=0.4)
    for judge in judges.judges().values():
        assert experiments.accuracy(judge, rest, labels) > 0.95


def test_chances_are_softmax_of_each_judge():
    pictures = judges.heaps().spare[:7]
    said = judges.chances(pictures)
    assert said.shape == (2, 7, 10)
    for net, each in zip(judges.judges().values(), said, strict=True):
        logits = array(net(pictures, training=False)).astype(float)
        np.testing.assert_allclose(each, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), atol=1e-5)


def test_features_are_the_layer_before_the_answer():
    pictures = judges.heaps().spare[:5]
    net = judges.judges()["first"]
    again = array(net.layers[-1](judges.features(pictures)))
    np.testing.assert_allclose(again, array(net(pictures, training=False)), atol=1e-4)


def test_recognised_asks_for_one_name_and_two_sure_judges():
    sure, other, doubt = np.full(10, 0.01), np.full(10, 0.01), np.full(10, 0.04)
    sure[3], other[4], doubt[3] = 0.91, 0.91, 0.64
    said = np.array([[sure, sure, sure, doubt], [sure, other, doubt, doubt]])
    np.testing.assert_array_equal(judges.recognised(said), [True, False, False, False])


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_kinds_count_what_is_evenly_named(count):
    said = np.stack([np.eye(10)[np.arange(40) % count]] * 2)
    assert judges.kinds(said) == pytest.approx(count, rel=1e-6)


def test_kinds_of_uneven_names_lie_between():
    said = np.stack([np.eye(10)[[0] * 9 + [1]]] * 2)
    assert judges.kinds(said) == pytest.approx(math.exp(-0.9 * math.log(0.9) - 0.1 * math.log(0.1)))


def test_a_verdict_tells_digits_from_heaps_of_pixels():
    heaps, rng = judges.heaps(), np.random.default_rng(0)
    real = judges.verdict(heaps.spare)
    normal = judges.verdict(rivals.normal_pixels(heaps.learn, 360, rng))
    shuffled = judges.verdict(rivals.shuffled_pixels(heaps.spare, rng))
    assert real.recognised > 0.85 > 0.5 > normal.recognised > shuffled.recognised
    assert real.distance < normal.distance < shuffled.distance
    assert real.kinds > 9.5
    assert judges.verdict(heaps.compare).distance == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("bad", [np.zeros((1, 8, 8, 1)), np.zeros((4, 8, 8)), np.full((4, 8, 8, 1), np.nan)])
def test_bad_pictures_are_refused(bad):
    with pytest.raises(ValueError, match=r"Give 2 or more finite pictures \(n, 8, 8, 1\)\. Received: shape"):
        judges.verdict(bad)


# Rivals -------------------------------------------------------------------------------------------------------------


def test_normal_pixels_keep_mean_and_covariance():
    pictures = 0.5 + 0.05 * noise(4000, 2, 2, 1)
    pictures[:, 0, 1] = pictures[:, 0, 0]
    drawn = rivals.normal_pixels(pictures, 20_000, np.random.default_rng(0)).reshape(-1, 4)
    rows = pictures.reshape(-1, 4)
    np.testing.assert_allclose(drawn.mean(0), rows.mean(0), atol=2e-3)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(rows.T), atol=1e-4)
    assert rivals.normal_pixels(judges.heaps().learn, 0, np.random.default_rng(0)).shape == (0, 8, 8, 1)


def test_shuffled_pixels_keep_their_greys():
    pictures = judges.heaps().spare[:9]
    mixed = rivals.shuffled_pixels(pictures, np.random.default_rng(0))
    assert mixed.shape == pictures.shape
    assert np.any(mixed != pictures)
    np.testing.assert_array_equal(np.sort(mixed.reshape(9, -1)), np.sort(pictures.reshape(9, -1)))


def test_nearest_equals_a_slow_search_and_finds_copies():
    known, pictures = noise(30, 3, 3, 1), noise(8, 3, 3, 1, seed=1)
    pictures[2] = known[17]
    far, place = rivals.nearest(pictures, known)
    for i, picture in enumerate(pictures):
        slow = [math.sqrt(float(((picture - other) ** 2).sum())) for other in known]
        assert far[i] == pytest.approx(min(slow), abs=1e-6)
        assert place[i] == int(np.argmin(slow))
    assert (far[2], place[2]) == (0, 17)
    assert rivals.nearest(pictures[:0], known)[0].shape == (0,)


def test_a_law_for_each_class_keeps_the_mean_of_each_class():
    labels = np.repeat([2, 5], 200)
    pictures = 0.3 + 0.2 * (labels == 5)[:, None, None, None] + 0.02 * noise(400, 2, 2, 1)
    drawn = rivals.normal_by_class(pictures, labels, 4000, np.random.default_rng(0))
    assert drawn.shape == (4000, 2, 2, 1)
    high = drawn.mean((1, 2, 3)) > 0.4
    np.testing.assert_allclose([drawn[~high].mean(), drawn[high].mean()], [0.3, 0.5], atol=0.01)
    assert 0.45 < high.mean() < 0.55
    assert rivals.normal_by_class(pictures, labels, 0, np.random.default_rng(0)).shape == (0, 2, 2, 1)
    with pytest.raises(ValueError, match="one label a picture"):
        rivals.normal_by_class(pictures, labels[:3], 5, np.random.default_rng(0))


def test_searches_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="Give 1 or more finite pictures"):
        rivals.nearest(noise(2, 3, 3, 1), noise(0, 3, 3, 1))
    with pytest.raises(ValueError, match="Pictures must be of one size"):
        rivals.nearest(noise(2, 3, 3, 1), noise(2, 4, 4, 1))
    with pytest.raises(ValueError, match="Give 2 or more finite pictures"):
        rivals.normal_pixels(noise(1, 3, 3, 1), 5, np.random.default_rng(0))


# The autoencoder ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.5, 0.3), (-2.0, 2.0)])
def test_the_price_equals_sampling_and_integration(mean, deviation):
    log_variance = 2 * math.log(deviation)
    exact = float(array(vae.divergence(np.float32([[mean]]), np.float32([[log_variance]])))[0, 0])
    q, p = stats.norm(mean, deviation), stats.norm()
    assert exact == pytest.approx(q.expect(lambda z: q.logpdf(z) - p.logpdf(z)), abs=1e-4)
    z = q.rvs(200_000, random_state=0)
    assert exact == pytest.approx(np.mean(q.logpdf(z) - p.logpdf(z)), abs=0.02)


def test_draws_have_the_mean_and_the_spread_that_were_asked_for():
    z = array(vae.reparametrise(np.float32([[2.0, -1.0]]), np.log(np.float32([[0.25, 4.0]])), noise(100_000, 2)))
    np.testing.assert_allclose(z.mean(0), [2, -1], atol=0.02)
    np.testing.assert_allclose(z.std(0), [0.5, 2], rtol=0.01)


def test_slopes_pass_through_the_draw():
    """The slope of E z^2 = mu^2 + sigma^2 by mu is 2 mu, and by log sigma^2 it is sigma^2."""
    eps = noise(200_000, 1)
    loss = lambda ends: ops.mean(ops.square(vae.reparametrise(ends[0], ends[1], ops.convert_to_tensor(eps))))  # noqa: E731
    _, (by_mean, by_log) = backend.value_and_grad(loss)([np.float32([[0.7]]), np.float32([[-1.0]])])
    assert by_mean[0, 0] == pytest.approx(1.4, abs=0.02)
    assert by_log[0, 0] == pytest.approx(math.exp(-1), abs=0.02)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
def test_surprise_is_scipys_normal_law(sigma):
    x, drawn = noise(4, 3, 2, 1), noise(4, 3, 2, 1, seed=1)
    exact = -stats.norm.logpdf(x, drawn, sigma).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(array(vae.surprise(x, ops.convert_to_tensor(drawn), sigma)), exact, rtol=1e-4)
    with pytest.raises(ValueError, match="sigma must be a number above 0"):
        vae.surprise(x, drawn, 0)


def linear(columns, sigma):
    """A linear decoder with orthogonal columns, whose posterior is exactly a diagonal normal law."""
    gain = (columns**2).sum(0)
    variance = 1 / (1 + gain / sigma**2)

    def encoder(x, shift=0.0):
        mean = ops.matmul(x, (columns * variance / sigma**2).astype("float32")) + shift
        return ops.concatenate([mean, ops.broadcast_to(np.log(variance).astype("float32"), mean.shape)], axis=1)

    return encoder, lambda z: ops.matmul(z, columns.T.astype("float32")), variance


def test_the_bound_is_the_evidence_when_the_encoder_is_right_and_below_otherwise():
    """For a linear decoder log p(x) is known: a normal law with covariance W W^T + sigma^2 I."""
    columns, sigma = np.array([[1.0, 0.5], [1, -0.5], [0, 0.0]]), 0.4
    encoder, decoder, variance = linear(columns, sigma)
    x = noise(5, 3)
    exact = stats.multivariate_normal(np.zeros(3), columns @ columns.T + sigma**2 * np.eye(3)).logpdf(x)
    many, eps = np.repeat(x, 20_000, axis=0), noise(100_000, 2)
    for shift in (0.0, 0.3):
        found = array(vae.bound(lambda x, s=shift: encoder(x, s), decoder, many, eps, sigma)).reshape(5, -1).mean(1)
        gap = (shift**2 / variance / 2).sum()  # the divergence of the encoder from the true law of the code
        np.testing.assert_allclose(exact - found, np.full(5, gap), atol=0.03)


def test_the_layer_draws_in_training_and_gives_means_otherwise():
    layer, answer = vae.Code(beta=2.0, seed=3), noise(6, 8)
    mean, log_variance = answer[:, :4], answer[:, 4:]
    np.testing.assert_allclose(array(layer(answer)), mean, atol=1e-6)
    drawn = [array(layer(answer, training=True)) for _ in range(2)]
    assert np.any(drawn[0] != drawn[1])
    price = array(vae.divergence(mean, log_variance)).sum(1).mean()
    layer(answer)
    assert float(array(layer.losses[-1])) == pytest.approx(2 * price, rel=1e-5)
    again = vae.Code.from_config(layer.get_config())
    assert (again.beta, again.seed) == (2.0, 3)
    with pytest.raises(ValueError, match="beta must be a number from 0"):
        vae.Code(beta=-1)


@pytest.mark.parametrize("shape", [(3, 5), (3,), (3, 0), (2, 2, 2)])
def test_answers_that_are_no_pairs_are_refused(shape):
    with pytest.raises(ValueError, match=r"An encoder answers with \(n, 2 k\) numbers\. Received: shape"):
        vae.halves(noise(*shape))


def test_parts_that_do_not_fit_are_refused():
    encoder, decoder = (lambda x: noise(3, 4)), (lambda z: z)
    with pytest.raises(ValueError, match=r"Give noise \(3, 2\), as the codes\. Received: \(3, 1\)"):
        vae.bound(encoder, decoder, noise(3, 2), noise(3, 1), 1.0)
    with pytest.raises(ValueError, match=r"Give what was drawn for each picture\. Received: \(3, 8, 1\), \(3, 8\)"):
        vae.surprise(noise(3, 8, 1), noise(3, 8), 1.0)
    with pytest.raises(ValueError, match="are not twice as wide as codes"):
        vae.joined(digit_nets.looking_net(5, 8, 2), digit_nets.drawing_net(3, 8, 2))


def test_an_autoencoder_trains_on_every_backend_and_its_loss_is_minus_the_bound():
    keras.utils.set_random_seed(0)
    both = vae.joined(digit_nets.looking_net(6, 8, 4), digit_nets.drawing_net(3, 8, 4))
    x = judges.heaps().learn[:128]
    loss = lambda real, drawn: vae.surprise(real, drawn, 0.3)  # noqa: E731
    told = experiments.fit(both.model, x, x, epochs=4, batch=32, rate=1e-2, seed=0, loss=loss)
    assert told["loss"][-1] < told["loss"][0]
    by_hand = vae.bound(lambda v: both.encoder(v, training=False), lambda z: both.decoder(z, training=False), x,
                        np.zeros((128, 3), "float32"), 0.3)  # fmt: skip
    kept = both.model.evaluate(x, x, batch_size=128, verbose=0)  # codes are means here, as without noise
    assert kept == pytest.approx(-float(array(by_hand).mean()), rel=1e-3)


# Notes --------------------------------------------------------------------------------------------------------------


@given(st.floats(2.0, 12), st.floats(0, 6.28), st.floats(0.05, 20))
@examples(60)
def test_the_ear_hears_the_pitch_of_a_clean_note(pitch, phase, loudness):
    told = waves.hear(loudness * waves.notes([pitch], [phase]))
    assert told.pitch[0] == pytest.approx(pitch, abs=0.03)
    assert told.share[0] == pytest.approx(1, abs=2e-3)


def test_the_ear_equals_a_slow_least_squares_fit():
    wave = noise(waves.LENGTH)
    t = np.arange(waves.LENGTH) / waves.LENGTH
    shares = []
    for pitch in waves.GRID:
        turns, fade = 2 * np.pi * pitch * t, np.exp(-t / waves.DECAY)
        design = np.stack([fade * np.cos(turns), fade * np.sin(turns)], axis=1)
        _, (left,), *_ = np.linalg.lstsq(design, wave.astype(float), rcond=None)
        shares.append(1 - left / (wave.astype(float) ** 2).sum())
    told = waves.hear(wave[None])
    assert told.share[0] == pytest.approx(max(shares), abs=1e-6)
    assert told.pitch[0] == pytest.approx(waves.GRID[int(np.argmax(shares))])


def test_silence_and_nothing_are_heard_without_complaint():
    told = waves.hear(np.zeros((2, waves.LENGTH)))
    assert np.all(told.share == 0)
    assert waves.hear(np.zeros((0, waves.LENGTH, 1))).pitch.shape == (0,)


def test_notes_are_what_their_formula_says():
    slow = [math.exp(-t / 64 / waves.DECAY) * math.cos(2 * math.pi * 5 * t / 64 + 0.3) for t in range(64)]
    np.testing.assert_allclose(waves.notes([5.0], [0.3])[0, :, 0], slow, atol=1e-6)
    told = waves.hear(waves.draw(300, np.random.default_rng(0)))
    assert told.share.mean() > 0.98
    assert waves.PITCHES[0] - 0.2 < told.pitch.min()
    assert told.pitch.max() < waves.PITCHES[1] + 0.2
    assert stats.kstest(told.pitch, stats.uniform(3, 6).cdf).pvalue > 0.01


def test_a_spectrum_shows_a_pure_tone_in_one_place():
    tone = np.cos(2 * np.pi * 7 * np.arange(64) / 64)[None]
    np.testing.assert_allclose(waves.spectrum(tone), np.eye(33)[7] * 64 / 4, atol=1e-9)


def test_coloured_noise_has_the_spectrum_of_notes_and_is_none():
    rng = np.random.default_rng(0)
    real = waves.draw(4000, rng)
    fake = waves.coloured_noise(real, 4000, rng)
    wanted = waves.spectrum(real)
    assert np.abs(waves.spectrum(fake) - wanted).sum() / wanted.sum() < 0.06
    assert waves.hear(fake).share.mean() < 0.7 < 0.98 < waves.hear(real).share.mean()


@pytest.mark.parametrize("bad", [np.zeros((2, 63)), np.zeros(64), np.zeros((2, 64, 2)), np.full((2, 64), np.inf)])
def test_bad_waves_are_refused(bad):
    for asked in (waves.hear, waves.spectrum):
        with pytest.raises(ValueError, match=r"Waves must be finite, \(n, 64, 1\)\. Received: shape"):
            asked(bad)


def test_notes_and_crowds_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="one finite pitch and phase a note"):
        waves.notes([1.0, 2], [0.0])
    with pytest.raises(ValueError, match="at least one wave"):
        waves.spectrum(np.zeros((0, 64)))
    with pytest.raises(ValueError, match="two or more waves"):
        waves.coloured_noise(np.zeros((1, 64)), 3, np.random.default_rng(0))


# Walks --------------------------------------------------------------------------------------------------------------


def test_a_chord_is_straight_and_evenly_divided():
    walk = walks.chord(noise(4), noise(4, seed=1), 6)
    steps = np.diff(walk, axis=0)
    np.testing.assert_allclose(steps, np.repeat(steps[:1], 5, axis=0), atol=1e-6)
    assert walks.chord(noise(8, 8, 1), noise(8, 8, 1), 3).shape == (3, 8, 8, 1)


@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(2, 20))
@examples(60)
def test_an_arc_turns_evenly_at_the_length_of_its_ends(seed, steps, width):
    a, b = np.random.default_rng(seed).normal(size=(2, width))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    walk = walks.arc(a, b, steps)
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(walk[[0, -1]], [a, b], atol=1e-6)
    turns = np.arccos(np.clip((walk[1:] * walk[:-1]).sum(1), -1, 1))
    np.testing.assert_allclose(turns, turns[0], atol=1e-5)


def test_an_arc_between_codes_in_one_direction_is_a_chord():
    np.testing.assert_allclose(walks.arc([1.0, 0], [3.0, 0], 3), [[1, 0], [2, 0], [3, 0]])


def test_walks_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        walks.chord([1.0], [1.0, 2], 3)
    with pytest.raises(ValueError, match="not zero"):
        walks.arc([0.0, 0], [1.0, 0], 3)
    with pytest.raises(ValueError, match="Opposite codes"):
        walks.arc([1.0, 0], [-1.0, 0], 3)
    with pytest.raises(ValueError, match="steps must be at least 2"):
        walks.chord([1.0], [2.0], 1)


# What the page shows ------------------------------------------------------------------------------------------------


def test_experiments_and_weights_are_stored():
    for name in trials_generators.STORED:
        assert len(experiments.record("gans", name)["seeds"]) == 5
    for name in trials_generators.NETS:
        assert trials_generators.stored(name).count_params() > 0
    with pytest.raises(ValueError, match="name must be one of 'generator', 'encoder', 'decoder', 'player'"):
        trials_generators.stored("judge")


def test_stored_nets_are_those_of_the_stored_experiments():
    """The nets of seed 0 get the marks that the experiment stored for seed 0, but for 16 bits."""
    told = experiments.load("gans", "digits")
    found = trials_generators.told(trials_generators.made(trials_generators.stored("generator")))
    assert found["recognised"] == pytest.approx(told["recognised"][0, -1], abs=0.05)
    assert found["distance"] == pytest.approx(told["distance"][0, -1], abs=4)
    heard = trials_generators.heard(
        trials_generators.made(trials_generators.stored("player"), trials_generators.some_codes(500, 8)),
        waves.draw(500, np.random.default_rng(0)),
    )
    assert heard["share"] == pytest.approx(experiments.load("gans", "notes")["made_share"][0], abs=0.03)


def test_weighing_an_autoencoder_adds_up():
    nets_of_page = [trials_generators.stored(name) for name in ("encoder", "decoder")]
    found = trials_generators.weighed(vae.Autoencoder(*nets_of_page, None))
    told = experiments.load("gans", "autoencoder")
    for key, atol in trials_generators.CODED_TOLERANCE.items():
        assert found[key] == pytest.approx(told[key][0], abs=atol)
    assert 0 <= found["units"] <= trials_generators.CODES


def test_pitches_of_real_notes_are_heard_as_even():
    crowd = waves.draw(1000, np.random.default_rng(1))
    found = trials_generators.heard(waves.draw(500, np.random.default_rng(2)), crowd)
    assert found["pitch"] < 0.25
    assert found["spectrum"] < 0.12
    assert sum(found["pitches"]) == 500


def test_codes_that_are_judged_are_the_same_at_each_call():
    np.testing.assert_array_equal(trials_generators.some_codes(), trials_generators.some_codes())
    assert trials_generators.some_codes(7, 3).shape == (7, 3)


def test_walks_begin_and_end_with_the_digits_asked_for():
    for way, first, last in itertools.product(generator_play.WAYS, (0, 7), (2, 9)):
        names = generator_play.named(generator_play.walk(way, first, last))
        assert len(names) == generator_play.STEPS
        assert (names[0], names[-1]) == (str(first), str(last))
    with pytest.raises(ValueError, match="way must be one of"):
        generator_play.walk("train", 0, 2)
    with pytest.raises(ValueError, match="digit must be one of"):
        generator_play.walk("GAN, arc", 0, 10)


@pytest.mark.once
def test_every_walk_can_be_drawn_and_said():
    fig = generator_play.draw_walk(first=4, last=9)
    assert isinstance(fig, Figure)
    assert [ax.get_ylabel() for ax in fig.axes] == list(generator_play.WAYS)
    said = {generator_play.say_walk(a, b) for a in generator_play.FROM for b in generator_play.TO}
    assert len(said) == 25
    assert not set(generator_play.FROM) & set(generator_play.TO)


def test_half_way_is_judged_in_three_ways_beside_the_ends():
    found = generator_play.halfway(40)
    assert list(found) == ["ends", "arc", "chord", "pixels"]
    assert found["ends"].recognised > found["pixels"].recognised


def test_tiles_lie_side_by_side():
    pictures = noise(3, 4, 5, 1)
    row = generator_drawings.tiled(pictures)
    assert row.shape == (4, 17)
    np.testing.assert_array_equal(row[:, 6:11], pictures[1, ..., 0])
    assert np.all(row[:, [5, 11]] == 0)
    with pytest.raises(ValueError, match="at least one heap"):
        generator_drawings.strips({})


@pytest.mark.once
def test_drawings_draw():
    heaps, told = generator_tables.references(), experiments.load("gans", "digits")
    marks = {"recognised": {"real": 0.9}, "distance": {"real": 7.0}}
    rounds = np.arange(told["kinds"].shape[1])
    waves_of = {name: waves.draw(5, np.random.default_rng(0)) for name in ("a", "b", "c")}
    for fig in (generator_drawings.strips(heaps), generator_drawings.progress(rounds, told, marks),
                generator_drawings.sounds(waves_of), generator_drawings.spectra(waves_of)):  # fmt: skip
        assert isinstance(fig, Figure)


def test_tables_read_what_is_stored():
    told = {"max_kinds": np.array([9.0, 8]), "max_recognised": np.array([0.5, 0.7]), "max_distance": np.array([9.0, 7]),
            "min_kinds": np.array([1.0, 1])}  # fmt: skip
    assert set(generator_tables.named(told, "max")) == {"kinds", "recognised", "distance"}
    assert generator_tables.makers({"max": generator_tables.under(told, "max")}) == [
        ["max", "0.60 (0.50 to 0.70)", "8.5 (8.0 to 9.0)", "8 (7 to 9)"]
    ]
    looks = {key: np.array([[0.0, 1], [0, 3]]) for key in judges.Verdict._fields}
    assert generator_tables.under(looks, last=True)["kinds"].tolist() == [1, 3]
    assert generator_tables.lead(np.array([1.0, 2, 3]), np.array([0.5, 1.5, 2.6]))[0] == "+0.47"
    with pytest.raises(ValueError, match="No arm 'mid' among max_kinds"):
        generator_tables.named(told, "mid")


def test_the_copies_among_the_references_are_copies():
    heaps = generator_tables.references()
    assert {len(heap) for heap in heaps.values()} <= {359, 360}
    far, _ = rivals.nearest(heaps["copies of known ones"], judges.heaps().learn)
    assert far.max() == 0
