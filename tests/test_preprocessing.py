"""Preprocessing against scikit-learn, Keras and exact answers; each check rejects a planted error."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn import decomposition
from sklearn import preprocessing as peers

from cvnotes import data, experiments, preprocessing
from cvnotes.preprocessing import drawings, patches, pixels, trials
from tests.examples import examples


def rows(n=40, d=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d) * 3


# Shift and scale ------------------------------------------------------------------------------------------------------


@given(n=st.integers(2, 30), d=st.integers(1, 8), seed=st.integers(0, 99))
@examples(40)
def test_standard_and_range_equal_scikit_learn(n, d, seed):
    train, new = rows(n, d, seed), rows(7, d, seed + 1)
    judges = {
        preprocessing.fit_standard: peers.StandardScaler(),
        preprocessing.fit_range: peers.MinMaxScaler((-1, 1)),
        preprocessing.fit_centre: peers.StandardScaler(with_std=False),
    }
    for fit, judge in judges.items():
        fitted = fit(train)
        np.testing.assert_allclose(preprocessing.apply(fitted, new), judge.fit(train).transform(new), atol=1e-9)
        np.testing.assert_allclose(preprocessing.undo(fitted, preprocessing.apply(fitted, new)), new, atol=1e-9)


def test_standard_equals_keras_by_feature_and_by_channel():
    pictures = np.random.default_rng(0).uniform(0, 5, (9, 6, 5, 3)).astype("float32")
    for x, axis, kept in ((pictures.reshape(9, -1), 0, -1), (pictures, (0, 1, 2), -1)):
        layer = keras.layers.Normalization(axis=kept)
        layer.adapt(x)
        ours = preprocessing.apply(preprocessing.fit_standard(x, axis), x)
        np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(layer(x)), atol=1e-4)  # float32 statistics there
        assert not np.allclose(preprocessing.apply(preprocessing.fit_centre(x, axis), x), ours, atol=1e-2)


def test_the_fitted_data_get_what_was_promised():
    x = rows()
    standard = preprocessing.apply(preprocessing.fit_standard(x), x)
    np.testing.assert_allclose([standard.mean(0), standard.var(0)], [np.zeros(6), np.ones(6)], atol=1e-12)
    ranged = preprocessing.apply(preprocessing.fit_range(x, 0, 255), x)
    np.testing.assert_allclose([ranged.min(0), ranged.max(0)], [np.zeros(6), np.full(6, 255.0)], atol=1e-9)


@pytest.mark.parametrize("fit", [preprocessing.fit_standard, preprocessing.fit_range])
@pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
def test_a_constant_feature_stays_finite_and_in_its_units(fit, value):
    """0.1 has no exact binary form: its deviation is 1e-17 by rounding, and must count as constant all the same."""
    x = np.column_stack([rows(30, 2), np.full(30, value)])
    fitted = fit(x)
    assert fitted.scale[0, 2] == 1
    new = x[:1] + np.array([0, 0, 0.5])
    speck = preprocessing.apply(fitted, new)[0, 2] - preprocessing.apply(fitted, x[:1])[0, 2]
    assert speck == pytest.approx(0.5)


def test_bytes_become_floats_and_do_not_wrap():
    x = np.array([[0, 200], [10, 250]], "uint8")
    centred = preprocessing.apply(preprocessing.fit_centre(x), x)
    np.testing.assert_array_equal(centred, [[-5, -25], [5, 25]])
    assert centred.dtype == np.float32
    assert preprocessing.apply(preprocessing.fit_centre(x), x.astype(float)).dtype == np.float64


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: preprocessing.fit_standard([[1.0, np.nan]]), "NaN"),
        (lambda: preprocessing.fit_standard(np.ones((0, 3))), "at least one row"),
        (lambda: preprocessing.fit_standard([[True, False]]), "Give numbers"),
        (lambda: preprocessing.fit_standard(rows(), axis=0.5), "axis"),
        (lambda: preprocessing.fit_standard(rows(), axis=1), "axis must hold 0"),
        (lambda: preprocessing.fit_standard(rows(), axis=()), "axis must hold 0"),
        (lambda: preprocessing.fit_standard([[1e200], [-1e200]]), "Squares of such numbers overflow"),
        (lambda: preprocessing.fit_standard([[1 + 2j], [3]]), "Give numbers"),
        (lambda: preprocessing.fit_range(rows(), 1, 1), "low must be less"),
        (lambda: preprocessing.fit_range(rows(), -np.inf, 1), "low must be less"),
        (lambda: preprocessing.fit_range(rows(), 0, np.nan), "low must be less"),
        (lambda: preprocessing.restore(preprocessing.eigenbasis(rows()), rows(4, 7)), "components"),
        (lambda: preprocessing.explained(preprocessing.eigenbasis(np.ones((5, 2))), 1), "no variance to share"),
        (lambda: patches.joined(np.ones((3, 144))), "rows must be"),
        (lambda: patches.similarity(rows(4, 5), rows(5, 4)), "equal shapes"),
        (lambda: patches.similarity(np.ones((2, 3)), np.ones((2, 3))), "of one grey"),
        (lambda: trials.condition(np.ones((5, 2))), "no direction"),
        (lambda: pixels.ranged(np.array([0, 255], "uint8"), "0 to 1"), "divide bytes by 255"),
        (lambda: pixels.ranged([np.nan], "0 to 1"), "numbers from 0 to 1"),
        (lambda: preprocessing.apply(preprocessing.fit_standard(rows()), rows(4, 5)), "Fitted on"),
        (lambda: preprocessing.apply(preprocessing.fit_standard(rows()), rows()[0]), "Fitted on"),
        (lambda: preprocessing.eigenbasis(rows(1)), "two rows"),
        (lambda: preprocessing.eigenbasis(np.ones((2, 3, 3))), "flatten"),
        (lambda: preprocessing.rotate(preprocessing.eigenbasis(rows()), rows(), 7), "components"),
        (lambda: preprocessing.rotate(preprocessing.eigenbasis(rows()), rows(4, 5)), "Fitted on 6"),
        (lambda: preprocessing.whiten(preprocessing.eigenbasis(rows()), rows(), -1), "eps"),
        (lambda: preprocessing.whiten(preprocessing.eigenbasis(rows()), rows(), True), "eps"),
        (lambda: preprocessing.zca(preprocessing.eigenbasis(np.ones((5, 2))), np.ones((5, 2)), 0.0), "no variance"),
        (lambda: pixels.ranged(np.ones(3), "0 to 2"), "must be one of"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("call", [preprocessing.apply, preprocessing.undo])
def test_data_in_the_place_of_the_statistics_are_refused(call):
    with pytest.raises(TypeError, match="Give what was fitted first"):
        call(rows(), preprocessing.fit_standard(rows()))


@pytest.mark.parametrize("fit", [preprocessing.fit_standard, preprocessing.fit_range])
def test_a_scale_is_never_zero(fit):
    """The squares of 1e-200 vanish: such a feature stays in its units instead of becoming infinite."""
    x = np.array([[0.0, 1.0], [1e-200, 2.0]])
    fitted = fit(x)
    assert np.all(fitted.scale > 0)
    assert np.isfinite(preprocessing.apply(fitted, x)).all()


def test_what_comes_in_stays_as_it_was():
    x = np.asfortranarray(rows())[::2]
    kept = x.copy()
    basis = preprocessing.eigenbasis(x)
    for fit in (preprocessing.fit_centre, preprocessing.fit_standard, preprocessing.fit_range):
        preprocessing.undo(fit(x), preprocessing.apply(fit(x), x))
    preprocessing.restore(basis, preprocessing.rotate(basis, x))
    preprocessing.zca(basis, x)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_allclose(preprocessing.eigenbasis(x.tolist()).variances, basis.variances)


# Rotation and whitening -----------------------------------------------------------------------------------------------


@given(n=st.integers(12, 60), d=st.integers(2, 8), seed=st.integers(0, 99))
@examples(40)
def test_the_axes_are_those_of_scikit_learn(n, d, seed):
    x, new = rows(n, d, seed), rows(5, d, seed + 1)
    basis, judge = preprocessing.eigenbasis(x), decomposition.PCA(svd_solver="full").fit(x)
    np.testing.assert_allclose(basis.variances, judge.explained_variance_ * (n - 1) / n, rtol=1e-6, atol=1e-9)
    ours, theirs = preprocessing.rotate(basis, new), judge.transform(new)
    scale = np.abs(theirs).max() + 1
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-5 * scale)  # an axis has no sign
    np.testing.assert_allclose(preprocessing.restore(basis, ours), new, atol=1e-8 * scale)
    assert preprocessing.explained(basis, 1) == pytest.approx(judge.explained_variance_ratio_[0])


@given(d=st.integers(2, 8), eps=st.sampled_from([0.0, 1e-6, 1e-2, 1.0]), seed=st.integers(0, 99))
@examples(40)
def test_whitening_gives_the_promised_covariance(d, eps, seed):
    x = rows(50, d, seed)
    basis = preprocessing.eigenbasis(x)
    wanted = np.diag(basis.variances / (basis.variances + eps))
    np.testing.assert_allclose(np.cov(preprocessing.whiten(basis, x, eps).T, bias=True), wanted, atol=1e-6)
    back = basis.axes @ wanted @ basis.axes.T
    np.testing.assert_allclose(np.cov(preprocessing.zca(basis, x, eps).T, bias=True), back, atol=1e-6)


def test_an_axis_without_variance_is_known_in_spite_of_rounding():
    """A column twice: its variance along one axis is 0, which rounding may turn into 1e-17 on either side."""
    for seed in range(8):
        x = rows(30, 4, seed)
        x = np.column_stack([x, x[:, :1]])
        basis = preprocessing.eigenbasis(x)
        with pytest.raises(ValueError, match="1 axes have no variance"):
            preprocessing.whiten(basis, x, 0)
        assert np.abs(preprocessing.whiten(basis, x, np.float32(1e-3))).max() < 10


def test_the_eigenvalue_without_its_root_is_noticed():
    x = rows()
    basis = preprocessing.eigenbasis(x)
    wrong = preprocessing.rotate(basis, x) / basis.variances
    np.testing.assert_allclose(wrong.var(0), 1 / basis.variances)
    assert not np.allclose(wrong.var(0), preprocessing.whiten(basis, x, 0.0).var(0), atol=0.1)


def test_whitening_equals_scikit_learn():
    x, new = rows(80), rows(9, seed=1)
    judge = decomposition.PCA(whiten=True, svd_solver="full").fit(x)
    ours = preprocessing.whiten(preprocessing.eigenbasis(x), new, 0.0) * np.sqrt(79 / 80)  # scikit-learn: N - 1
    np.testing.assert_allclose(np.abs(ours), np.abs(judge.transform(new)), rtol=1e-6)


@given(seed=st.integers(0, 99))
@examples(30)
def test_zca_is_the_nearest_of_all_whitenings(seed):
    x = rows(60, 4, seed)
    basis = preprocessing.eigenbasis(x)
    white, centred = preprocessing.zca(basis, x, 0.0), x - basis.mean
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 4)))[0]
    assert np.mean((white - centred) ** 2) <= np.mean((white @ turn - centred) ** 2) + 1e-12


def test_the_whitening_matrix_is_symmetric_and_is_what_zca_does():
    x = rows()
    basis = preprocessing.eigenbasis(x)
    matrix = preprocessing.whitening_matrix(basis, 0.1)
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose((x - basis.mean) @ matrix, preprocessing.zca(basis, x, 0.1))
    inverse = np.linalg.inv(np.cov(x.T, bias=True) + 0.1 * np.eye(6))
    np.testing.assert_allclose(matrix @ matrix, inverse)  # a root of the inverse, and not the inverse
    assert not np.allclose(matrix, inverse, rtol=0.1)


# What the page looks at -----------------------------------------------------------------------------------------------


def test_patches_and_tiles_lie_where_they_were():
    assert patches.photo_patches(16, 3).shape == (16, 144)
    picture = data.photo("coins", size=patches.EXTENT, gray=True)[..., 0]
    start = (patches.EXTENT - 48) // 2
    np.testing.assert_allclose(
        patches.joined(patches.tiles("coins", 4)), picture[start : start + 48, start : start + 48]
    )
    train, new = patches.face_rows()
    assert (train.shape, new.shape) == ((160, 625), (20, 625))
    np.testing.assert_array_equal(train[80].reshape(25, 25), train[0].reshape(25, 25)[:, ::-1])


def test_similarity_and_noise():
    x = rows(20, 9)
    assert patches.similarity(x, 3 * x + 1) == pytest.approx(1)
    assert patches.similarity(x, -x) == pytest.approx(-1)
    assert patches.similarity(np.vstack([x, np.ones(9)]), np.vstack([x, np.zeros(9)])) == pytest.approx(1)
    assert patches.noise_gain(lambda a: 7 * a, x) == pytest.approx(7)
    one, two, again = (patches.noise_gain(lambda a: a**2, x, seed=seed) for seed in (0, 1, 0))
    assert one == again != two


def test_rows_that_are_kept_cannot_be_spoilt():
    for held in (patches.photo_patches(16, 3), *patches.face_rows()):
        with pytest.raises(ValueError, match="read-only"):
            held[0] = 0


@pytest.mark.parametrize("correlation", drawings.CORRELATIONS)
@pytest.mark.parametrize("eps", drawings.CLOUD_EPS)
@pytest.mark.once
def test_every_cloud_is_drawn_and_said(correlation, eps):
    assert isinstance(drawings.draw_geometry(correlation, eps), Figure)
    said = drawings.say_geometry(correlation, eps)
    assert f"eps {eps:g}" in said
    points = drawings.geometry(drawings.cloud(correlation), eps)
    np.testing.assert_allclose(np.diag(drawings.covariance(drawings.cloud(correlation))), [2.25, 1.44])
    if eps == 0:
        np.testing.assert_allclose(drawings.covariance(points["ZCA"]), np.eye(2), atol=1e-9)


@pytest.mark.parametrize("noise", drawings.PHOTO_NOISE)
@pytest.mark.parametrize("eps", drawings.PHOTO_EPS)
@pytest.mark.once
def test_every_frame_of_the_coins(noise, eps):
    assert isinstance(drawings.draw_zca(noise, eps), Figure)
    assert ("speckle" in drawings.say_zca(noise, eps)) == (noise > 0 and eps < 1e-3)


def test_the_other_pictures():
    train, new = patches.face_rows()
    assert isinstance(drawings.draw_reconstructions(preprocessing.eigenbasis(train), new[:3]), Figure)
    assert isinstance(drawings.draw_gains(preprocessing.eigenbasis(rows()), {1e-3: 1.0, 1.0: 2.0}), Figure)
    found = {f"sgd {name}": np.zeros((5, len(pixels.SGD_RATES))) for name in pixels.RANGES}
    found |= {f"adam {name}": np.zeros((5, len(pixels.ADAM_RATES))) for name in pixels.RANGES}
    assert isinstance(drawings.draw_ranges(found), Figure)


# The experiments ------------------------------------------------------------------------------------------------------


def test_ranges_are_what_they_say():
    x = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(pixels.ranged(x, "0 to 255"), [0, 127.5, 255])
    np.testing.assert_allclose(pixels.ranged(x, "−1 to 1"), [-1, 0, 1])


def test_a_rotation_is_nothing_to_gradient_descent_and_whitening_is():
    (train, test), labels = trials.rows(0, 200)
    ways = trials.prepared(train, test)
    steps = {way: trials.descend_to(trials.with_ones(ways[way][0]), labels[0], (0.5,))[0] for way in trials.WAYS}
    assert steps["centred"] == steps["rotated"]
    assert steps["whitened"][0] < 0.5 * steps["centred"][0] < 0.2 * steps["raw"][0]


def test_the_safe_step_is_safe():
    """At 1/L the loss never rises; at 20 times that step it does."""
    from cvnotes.linear_classifiers.training import descend

    (train, _), (labels, _) = trials.rows(1, 150)
    x = trials.with_ones(train)
    for factor, safe in ((1, True), (20, False)):
        _, losses = descend(x, labels, 10, rate=factor / trials.steepness(x), steps=30)
        assert bool(np.all(np.diff(losses) <= 0)) == safe


def test_descent_gives_up_after_so_many_steps(monkeypatch):
    (train, _), (labels, _) = trials.rows(0, 50)
    monkeypatch.setattr(trials, "MOST", 3)
    assert trials.descend_to(train, labels, (2.4, 1e-9))[0] == [0, 4]  # a loss of log(10) at the start


def test_condition_of_a_known_cloud():
    x = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert trials.condition(x) == pytest.approx(9)  # the empty third axis is left out


def test_one_learner_starts_afresh_each_time():
    keras.utils.set_random_seed(0)
    learner = trials.Learner(keras.optimizers.SGD(0.1, momentum=0.9))
    small = data.Digits(*(part[:128] for part in data.digits()))
    first = learner.accuracy(small, "0 to 1", 0.1, 1, seed=0)
    learner.accuracy(small, "0 to 255", 1.0, 1, seed=0)  # diverges
    assert learner.accuracy(small, "0 to 1", 0.1, 1, seed=0) == pytest.approx(first, abs=0.05)


def test_stored_experiments_repeat():
    experiments.verify(trials.leak, seed=1, atol=0.02)
    assert trials.adam_to(np.eye(10), np.arange(10), 0.1) < 60


def test_stored_results_say_what_the_page_says():
    held = experiments.load("preprocessing", "leak")
    assert np.all(held["small, hazy: own"] - held["small, hazy: training"] > 0.5)
    assert np.all(abs(held["large: all"] - held["large: training"]) < 0.01)
    found = experiments.load("preprocessing", "descent")
    np.testing.assert_array_equal(found["rotated steps"], found["centred steps"])
    assert np.all(found["whitened accuracy"] < found["centred accuracy"])
