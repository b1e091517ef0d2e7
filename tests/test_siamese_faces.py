"""Faces: roles and names against slow counts and scikit-learn, linear codes against eigenvectors, windows by place."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh
from skimage.feature import hog
from sklearn.metrics import roc_auc_score, roc_curve, top_k_accuracy_score

from cvnotes import data, experiments, siamese
from cvnotes.data.portraits import TRAITS, painted
from cvnotes.figures.encode import check_alt, check_figure
from cvnotes.siamese import (
    enrolment,
    face_dials,
    face_judges,
    face_nets,
    face_patches,
    face_windows,
    identification,
    linear_faces,
    piles,
    real_faces,
)
from cvnotes.siamese import face_drawings as drawings
from cvnotes.siamese import face_play as play
from cvnotes.siamese import face_tables as tables
from cvnotes.siamese import trials_faces as trials
from tests.examples import examples


def doors(seed=0, probes=30, people=7):
    dice = np.random.default_rng(seed)
    return dice.random((probes, people)), dice.integers(people, size=probes)


# Enrolment ------------------------------------------------------------------------------------------------------------


@examples(40)
@given(st.integers(0, 2**31), st.integers(1, 8), st.integers(1, 3))
def test_no_picture_has_two_roles_and_none_is_lost(seed, count, kept):
    dice = np.random.default_rng(seed)
    people = dice.permutation(np.repeat(np.arange(count) * 3 + 5, dice.integers(kept + 1, 6, count)))
    roles = enrolment.split(people, kept)
    rows = np.r_[roles.enrolled.ravel(), roles.probes]
    assert sorted(rows) == list(range(len(people)))
    assert (people[roles.enrolled] == people[roles.enrolled[:, :1]]).all()
    assert (people[roles.probes] == people[roles.enrolled[roles.own, 0]]).all()
    for line in roles.enrolled:  # the first ones, as they come
        assert line.tolist() == np.flatnonzero(people == people[line[0]])[:kept].tolist()


def test_distances_at_the_door_equal_a_loop():
    dice = np.random.default_rng(0)
    people = np.repeat([4, 7, 9], 5)
    codes, roles = dice.normal(size=(15, 3)), enrolment.split(people, 3)
    for kept in (1, 2, None):
        wanted = [
            [
                np.linalg.norm(codes[probe] - np.mean([codes[row] for row in line[:kept]], axis=0))
                for line in roles.enrolled
            ]
            for probe in roles.probes
        ]
        assert np.allclose(enrolment.at_the_door(codes, roles, kept), wanted)


def test_everybody_claims_to_be_everybody():
    distance, own = doors(1, 4, 3)
    flat, same = enrolment.claims_made(distance, own)
    wanted = [(distance[i, j], int(own[i] == j)) for i in range(4) for j in range(3)]
    assert list(zip(flat, same, strict=True)) == wanted


@examples(40)
@given(st.integers(0, 2**31), st.floats(0, 1), st.booleans())
def test_a_threshold_lets_in_as_many_strangers_as_it_may_and_no_more(seed, accepted, ties):
    dice = np.random.default_rng(seed)
    same = np.r_[1, 0, dice.integers(0, 2, 40)]
    distance = dice.random(42) + (1 - same) * 0.3
    distance = np.round(5 * distance) if ties else distance
    threshold = enrolment.threshold_for(distance, same, accepted)
    strangers = distance[same == 0]
    assert np.mean(strangers <= threshold) <= accepted
    beyond = distance[distance > threshold]
    assert not len(beyond) or np.mean(strangers <= beyond.min()) > accepted


# Names ----------------------------------------------------------------------------------------------------------------


@examples(30)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 9))
def test_names_on_a_list_agree_with_scikit_learn(seed, probes, people):
    distance, own = doors(seed, probes, people)
    shares = identification.cumulative_match(distance, own, people)
    wanted = [
        top_k_accuracy_score(own, -distance, k=k, labels=np.arange(people)) if people > 2 else None
        for k in range(1, people)
    ]
    if people > 2:
        assert np.allclose(shares[:-1], wanted)
    assert shares[-1] == 1
    assert (np.diff(shares) >= 0).all()


def test_a_tie_counts_against_the_probe():
    assert identification.nearer_strangers([[1.0, 1.0, 2.0]], np.array([0])).tolist() == [1]
    assert identification.nearer_strangers([[1.0, 1.5, 2.0]], np.array([0])).tolist() == [0]


@examples(30)
@given(st.integers(0, 2**31), st.floats(0, 1.2))
def test_the_open_set_equals_a_count_by_hand(seed, threshold):
    distance, own = doors(seed)
    own = np.r_[-1, 0, np.where(np.arange(28) % 3 == 0, -1, own[2:])]
    let_in, named = identification.open_set(distance, own, np.array([threshold]))
    strangers = [row.min() <= threshold for row, one in zip(distance, own, strict=True) if one == -1]
    known = [
        row[one] <= threshold and row[one] < min(np.delete(row, one))
        for row, one in zip(distance, own, strict=True)
        if one != -1
    ]
    assert np.isclose(let_in[0], np.mean(strangers))
    assert np.isclose(named[0], np.mean(known))


def test_without_a_limit_the_open_set_is_the_closed_one():
    distance, own = doors(3)
    with_stranger = np.r_[distance, distance[:1]], np.r_[own, -1]
    _, named = identification.open_set(*with_stranger, np.array([np.inf]))
    assert np.isclose(named[0], identification.cumulative_match(distance, own, 1)[0])


# Codes without a net --------------------------------------------------------------------------------------------------


def test_eigenfaces_are_the_eigenvectors_of_the_covariance():
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), dtype="uint8")
    code, fitted = linear_faces.eigenfaces(images, 5)
    rows = images.reshape(30, -1) / 255
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    assert np.allclose(fitted.explained_variance_, values[::-1][:5], atol=1e-6)
    wanted = (rows - rows.mean(axis=0)) @ vectors[:, ::-1][:, :5]
    assert np.allclose(abs(code(images)), abs(wanted), atol=1e-4)


def test_fisherfaces_part_people_as_the_generalized_eigenvectors_do():
    dice = np.random.default_rng(0)
    people = np.repeat(np.arange(6), 20)
    images = (dice.normal(size=(6, 9))[people] + 2 * dice.normal(size=(120, 9))).reshape(120, 3, 3, 1)
    codes = linear_faces.fisherfaces(images, people, 9, 5)(images)
    rows = linear_faces.pixel_rows(images).astype("float64")
    middles = np.array([rows[people == p].mean(axis=0) for p in range(6)])
    within = (rows - middles[people]).T @ (rows - middles[people])
    between = 20 * (middles - rows.mean(axis=0)).T @ (middles - rows.mean(axis=0))
    wanted = eigh(between, within, eigvals_only=True)[::-1][:5]
    groups = np.array([codes[people == p].mean(axis=0) for p in range(6)])
    ratio = 20 * ((groups - codes.mean(axis=0)) ** 2).sum(axis=0) / ((codes - groups[people]) ** 2).sum(axis=0)
    assert np.allclose(ratio, wanted, rtol=1e-3)


def test_pictures_without_colour_do_not_know_brightness_or_contrast():
    images = data.portraits(2, 2, size=24, light=0).images
    grey = linear_faces.without_colour(images)
    assert grey.shape == (4, 24, 24, 1)
    assert grey.dtype == np.uint8
    assert abs(linear_faces.without_colour(0.5 * images + 40.0).astype(int) - grey).max() <= 1
    assert abs(linear_faces.without_colour(images[..., ::-1]).astype(int) - grey).max() <= 1  # channels count alike
    assert abs(grey.mean(axis=(1, 2)) - 128).max() < 3
    assert (linear_faces.without_colour(np.full((1, 4, 4, 3), 9)) == 128).all()


# Nets -----------------------------------------------------------------------------------------------------------------


def test_codes_of_faces_have_length_one_and_lots_are_encoded_one_by_one():
    keras.utils.set_random_seed(0)
    net = face_nets.face_encoder((16, 16, 3), codes=8)
    images = data.portraits(3, 4, size=16).images
    codes = siamese.codes_of(net, images)
    assert np.allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    lots = keras.ops.convert_to_numpy(face_nets.of_lots(net, 4)(images.reshape(3, 4, 16, 16, 3)))
    assert np.allclose(lots.reshape(12, -1), codes, atol=1e-5)


def test_the_encoder_of_the_page_has_the_weights_it_should():
    count = (27 + 1) * 16 + (144 + 1) * 32 + (288 + 1) * 64 + (1024 + 1) * 64 + (64 + 1) * 32
    assert face_nets.face_encoder().count_params() == count


@pytest.mark.parametrize("mining", ["semi-hard", "hard", "all"])
def test_the_loss_of_lots_is_that_of_their_pictures(mining):
    dice = np.random.default_rng(0)
    codes, labels = dice.normal(size=(5, 3, 4)).astype("float32"), np.array([2, 0, 1, 2, 3])
    lots = face_nets.LotTriplets(0.5, mining)(labels, codes)
    single = siamese.BatchTriplets(0.5, mining)(labels.repeat(3), codes.reshape(15, 4))
    assert np.isclose(float(lots), float(single), atol=1e-6)
    again = face_nets.LotTriplets.from_config(face_nets.LotTriplets(0.5, mining).get_config())
    assert np.isclose(float(again(labels, codes)), float(lots))


@pytest.mark.once
def test_batches_are_drawn_person_by_person(monkeypatch):
    asked = {}
    monkeypatch.setattr(experiments, "fit", lambda net, x, y, **options: asked.update(options, x=x, y=y))
    people = np.repeat([7, 3, 5], [6, 4, 5])
    images = np.arange(15, dtype="uint8")[:, None, None, None] * np.ones((1, 8, 8, 3), "uint8")
    face_nets.teach(face_nets.face_encoder((8, 8, 3)), images, people, steps=5, seed=0, lots=6)
    assert len(asked["x"]) == 5 * 6 == 5 * asked["batch"]
    assert np.bincount(asked["x"]).tolist() == [10, 10, 10]
    lots = asked["augment"](asked["x"][:6], np.random.default_rng(0))
    assert lots.shape == (6, 4, 8, 8, 3)
    rows = lots[:, :, 0, 0, 0]
    assert (people[rows] == np.unique(people)[asked["x"][:6], None]).all()
    assert all(len(set(lot)) == 4 for lot in rows.tolist())


def test_a_net_learns_to_tell_faces_apart():
    drawn = data.portraits(16, 8, size=16, pose=0, light=0, hair=0)
    keras.utils.set_random_seed(0)
    net = face_nets.face_encoder((16, 16, 3), codes=8, filters=(8, 16))

    def area():
        roles = enrolment.split(drawn.people, 1)
        return siamese.roc_area(*piles.picture_by_picture(functools.partial(siamese.codes_of, net), drawn, roles))

    before = area()
    face_nets.teach(net, drawn.images, drawn.people, steps=40, seed=0, lots=8)
    assert area() > max(0.97, before)


# Windows --------------------------------------------------------------------------------------------------------------


def test_a_patch_is_described_as_scikit_image_does():
    patches = data.faces()[0][:3]
    wanted = [hog(patch[..., 0], 9, (5, 5), (2, 2)) for patch in patches]
    assert np.allclose(face_windows.patch_codes(patches), np.reshape(wanted, (3, 4, 4, -1)).reshape(3, -1))
    assert face_windows.patch_codes(np.zeros((0, 25, 25))).shape[0] == 0


def test_a_window_is_described_by_what_is_in_it():
    dice = np.random.default_rng(0)
    picture = dice.random((40, 55))
    codes = face_windows.gradient_codes(picture)
    assert codes.shape == (4, 7, 576)
    far = picture.copy()
    far[:, 31:] = dice.random((40, 24))  # one pixel beyond the second window: gradients look at neighbours
    assert np.allclose(face_windows.gradient_codes(far)[:, :2], codes[:, :2])
    assert not np.allclose(face_windows.gradient_codes(far)[:, 2], codes[:, 2])


def test_windows_lie_on_the_photograph_a_fifth_of_their_side_apart():
    photo = np.random.default_rng(0).random((100, 160))
    found = face_windows.scan(photo, [25, 50, 200])
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    assert sorted(np.unique(sides)) == [25, 50]
    assert len(found.codes) == len(found.boxes) == 16 * 28 + 6 * 12
    assert found.boxes.min() == 0
    assert (found.boxes[:, [0, 2]].max(), found.boxes[:, [1, 3]].max()) == (160, 100)
    small = found.boxes[sides[:, 0] == 25]
    assert np.unique(np.diff(np.unique(small[:, 0]))).tolist() == [5]
    assert face_windows.scan(photo, []).boxes.shape == (0, 4)


def test_mistakes_are_unlearned():
    dice = np.random.default_rng(0)
    codes, labels = np.r_[dice.normal(2, 1, (30, 5)), dice.normal(-2, 1, (30, 5))], np.repeat([1, 0], 30)
    ground = np.c_[dice.normal(2, 1, (200, 1)), dice.normal(-2, 1, (200, 4))] * [3, 1, 1, 1, 1]
    detectors = face_windows.taught_by_mistakes(codes, labels, ground, rounds=2, worst=20)
    alarms = [(one.decision_function(ground) > 0).mean() for one in detectors]
    assert len(detectors) == 3
    assert alarms[0] > 0.05 > alarms[-1]
    assert detectors[-1].score(codes, labels) > 0.9


def test_the_cascade_finds_the_one_face_and_none_in_coffee():
    (box,) = face_windows.cascade_boxes(data.photo("astronaut"))
    x, y = (box[:2] + box[2:]) / 2
    assert 190 < x < 260
    assert 80 < y < 150
    assert face_windows.cascade_boxes(data.photo("coffee")).shape == (0, 4)


def test_windows_without_faces_are_pieces_of_the_photographs():
    photo = np.random.default_rng(0).random((40, 70, 3))
    windows = face_windows.no_faces([photo], 12, seed=1, side=32)
    assert windows.shape == (12, 32, 32, 3)
    places = np.lib.stride_tricks.sliding_window_view(np.round(255 * photo), (32, 32, 3)).reshape(-1, 32 * 32 * 3)
    assert all((places == window.ravel()).all(axis=1).any() for window in windows)
    large = np.kron(photo[:32, :32], np.ones((2, 2, 1)))  # every pixel four times: shrinking gives it back
    shrunk = [w for w in face_windows.no_faces([large], 40, 0) if np.array_equal(w, np.round(255 * photo[:32, :32]))]
    assert shrunk


# Real people ----------------------------------------------------------------------------------------------------------


def test_real_people_are_read_where_they_are_and_named_as_absent_where_not(monkeypatch):
    def here(download_if_missing):
        assert not download_if_missing
        return SimpleNamespace(images=np.linspace(0, 1, 32).reshape(2, 4, 4), target=[3, 3])

    monkeypatch.setattr("sklearn.datasets.fetch_olivetti_faces", here)
    images, people = real_faces.olivetti()
    assert images.shape == (2, 4, 4, 1)
    assert (images.min(), images.max()) == (0, 255)
    assert people.tolist() == [3, 3]

    def absent(download_if_missing):
        raise OSError("Data not found and download_if_missing is False")

    monkeypatch.setattr("sklearn.datasets.fetch_olivetti_faces", absent)
    monkeypatch.setenv("CVNOTES_OFFLINE", "1")
    with pytest.raises(data.DatasetUnavailable, match="fetch=True"):
        real_faces.olivetti(fetch=True)


# Patches --------------------------------------------------------------------------------------------------------------


def test_changes_of_size_zero_leave_a_patch_or_its_mirror_image(monkeypatch):
    for name in ("TURN", "ZOOM", "SHIFT", "CONTRAST", "BRIGHTNESS"):
        monkeypatch.setattr(face_patches, name, 0.0)
    patches = data.faces()[0][:2]
    versions = face_patches.altered(patches, 6).reshape(2, 6, 25, 25)
    for patch, some in zip(np.round(255 * patches[..., 0]), versions, strict=True):
        kinds = [np.array_equal(one, patch) - np.array_equal(one, patch[:, ::-1]) for one in some.astype(float)]
        assert set(kinds) == {1, -1}


def test_altered_patches_differ_and_repeat():
    patches = data.faces()[0][:3]
    versions = face_patches.altered(patches, 4, seed=2)
    assert versions.shape == (12, 25, 25, 1)
    np.testing.assert_array_equal(versions, face_patches.altered(patches, 4, seed=2))
    assert len(np.unique(versions.reshape(12, -1), axis=0)) == 12
    assert face_patches.altered(patches, 0).shape == (0, 25, 25, 1)


# People ---------------------------------------------------------------------------------------------------------------


def test_nobody_is_in_two_piles():
    asked, _ = piles.questions(0)
    chosen = piles.pile(piles.VALIDATION, piles.CHOSEN, 1 + piles.PROBES, 0)
    taught = {*piles.lessons(0).people, *piles.people_of("dark", piles.TAUGHT, 0)}
    taught |= set(range(max(people for people, _ in trials.CROWDS.values())))
    for one, other in ((taught, chosen.people), (taught, asked.people), (chosen.people, asked.people)):
        assert not set(one) & set(other)


def test_groups_are_of_their_skin():
    for group in face_judges.GROUPS:
        numbers = piles.people_of(group, 10, 1)
        tones = [piles.tones(data.portraits(1, 1, 1, 16, first=int(number)))[0] for number in numbers]
        assert len(numbers) == 10
        assert all((tone >= 0.5) == (group == "dark") for tone in tones)
    images, people = piles.some_people([3, 8], 1)
    assert people.tolist() == [3] * piles.PICTURES + [8] * piles.PICTURES
    np.testing.assert_array_equal(images[piles.PICTURES :], data.portraits(1, 20, 1, 32, first=8, **piles.USUAL).images)


def test_a_dial_in_the_middle_changes_nothing_and_at_its_end_something():
    calm = face_dials.at_rest(0)[:3]
    for dial in face_dials.DIALS:
        np.testing.assert_array_equal(face_dials.turned(calm, dial, 0.5), calm.images)
        assert (face_dials.turned(calm, dial, 1.0) != calm.images).any(axis=(1, 2, 3)).all()


def test_everybody_can_be_painted_in_one_skin():
    drawn = piles.pile(piles.TEST, 6, 3, 0)
    traits, tone = drawn.traits.copy(), list(TRAITS).index("tone")
    traits[:, tone] = 0.5
    images = face_dials.turned(drawn, "skin", 0.5)
    np.testing.assert_array_equal(images, painted(traits, drawn.takes, 32))
    assert (images != drawn.images).mean() > 0.2


def test_dials_move_pixels_by_what_they_change():
    moved = face_dials.moves({"pixels": linear_faces.pixel_rows}, 0)["pixels dials"]
    assert moved.shape == (len(face_dials.DIALS), len(face_dials.TURNS))
    assert (moved[:, 2] == 0).all()
    assert (moved[:, [0, 4]] > 0.9 * moved[:, [1, 3]]).all()
    calm = face_dials.at_rest(0)
    gone = linear_faces.pixel_rows(face_dials.turned(calm, "smile", 1.0)) - linear_faces.pixel_rows(calm.images)
    people = data.portraits(30, 1, 0, 32, first=piles.TEST, **dict.fromkeys(("pose", "mood", "light", "hair"), 0.0))
    rows = linear_faces.pixel_rows(people.images)
    unit = np.mean([np.linalg.norm(a - b) for i, a in enumerate(rows) for b in rows[:i]])
    wanted = np.linalg.norm(gone, axis=1).mean() / unit
    assert np.isclose(moved[list(face_dials.DIALS).index("smile"), 4], wanted, rtol=1e-4)


# Judges ---------------------------------------------------------------------------------------------------------------


def test_judges_see_perfect_codes_as_perfect_and_noise_as_noise():
    asked, roles = piles.questions(0)
    perfect = face_judges.judged(np.eye(piles.ASKED)[asked.people - piles.TEST], asked, roles, 0.5)
    assert [perfect[name] for name in ("1 area", "4 area", "1 error", "alike error", "refused")] == [1, 1, 0, 0, 0]
    assert perfect["1 named"][0] == perfect["4 open"][0] == perfect["curve"][0] == 1
    noise = face_judges.judged(np.random.default_rng(0).normal(size=(len(asked), 8)), asked, roles, 0.5)
    assert abs(noise["1 area"] - 0.5) < 0.05
    assert noise["1 named"][0] < 0.04
    assert abs(noise["alike error"] - 0.5) < 0.05


def test_rates_of_a_group_are_those_among_its_own():
    dice = np.random.default_rng(0)
    distance, own, tones = dice.random((24, 6)), np.arange(24) % 6, np.array([0.1, 0.9, 0.2, 0.3, 0.8, 0.25])
    found = face_judges.by_group(distance, tones, own, 0.4)
    for group, members in (("light", [0, 2, 3, 5]), ("dark", [1, 4])):
        pairs = [(i, j) for i in range(24) for j in members if own[i] in members]
        strangers = [distance[i, j] <= 0.4 for i, j in pairs if own[i] != j]
        refused = [distance[i, j] > 0.4 for i, j in pairs if own[i] == j]
        assert np.isclose(found[f"{group} let in"], np.mean(strangers))
        assert np.isclose(found[f"{group} refused"], np.mean(refused))
    pairs = [(i, j) for i in range(24) for j in range(6) if abs(tones[own[i]] - tones[j]) < face_judges.ALIKE]
    apart, same = np.array([(distance[i, j], own[i] == j) for i, j in pairs]).T
    assert np.isclose(found["alike error"], siamese.equal_error(apart, same)[0])


def test_the_curve_and_the_limit_agree_with_scikit_learn():
    dice = np.random.default_rng(0)
    same = np.arange(4000) % 4 == 0
    distance = dice.gamma(4, 1, 4000) + 2.0 * ~same
    false, true, _ = roc_curve(same, -distance, drop_intermediate=False)
    wanted = [true[false <= rate].max() for rate in face_judges.RATES]
    assert np.allclose(face_judges.curve(distance, same * 1), wanted)
    assert np.isclose(roc_auc_score(same, -distance), siamese.roc_area(distance, same * 1))


def test_the_worst_pairs_are_the_worst_and_show_nobody_twice():
    asked, roles = piles.questions(0)
    codes = linear_faces.pixel_rows(asked.images)[:, ::7]
    found = face_judges.worst_pairs(codes, roles, 2.0)
    distance = enrolment.at_the_door(codes, roles, 1)
    own = roles.own[:, None] == np.arange(piles.ASKED)
    assert np.isclose(found["strangers apart"][0], distance[~own].min() / 2)
    assert np.isclose(found["own apart"][0], distance[own].max() / 2)
    for kind, alike in (("strangers", False), ("own", True)):
        rows = np.array(found[f"{kind} rows"])
        people = asked.people[rows]
        assert ((people[:, 0] == people[:, 1]) == alike).all()
        assert len(np.unique(people)) == (6 if alike else 12)
        gone = np.linalg.norm(codes[rows[:, 0]] - codes[rows[:, 1]], axis=1) / 2
        assert np.allclose(gone, found[f"{kind} apart"])


# Trials, tables and pictures ------------------------------------------------------------------------------------------


def test_experiments_run_in_small(monkeypatch):
    monkeypatch.setattr(piles, "STEPS", {"quick": 2})
    monkeypatch.setattr(trials, "CROWDS", {"3 × 4": (3, 4)})
    monkeypatch.setattr(trials, "REAL", {"training": 70, "versions": 4, "steps": {"quick": 1}})
    crowd = trials.faces_crowds(0, "quick")
    assert 0 < crowd["3 × 4 error"] < 1
    patches = trials.faces_patches(0, "quick")
    assert set(patches) == {"pixels", "untaught", "net"}
    assert 0.1 < patches["pixels"] < 0.9


def test_a_detector_finds_faces_and_the_pixels_do_not_tell_whose(monkeypatch):
    monkeypatch.setattr(trials, "WINDOWS", {"training": 300, "test": 100})
    monkeypatch.setattr(trials, "DETECTING", {"quick": 3})
    monkeypatch.setattr(trials, "lessons", lambda seed: piles.pile(0, 40, 20, seed))
    found = trials.as_detectors(linear_faces.pixel_rows, 0, "quick")
    assert found["detector finds area"] > 0.9
    assert found["detector verifies area"] < 0.75
    assert {f"{arm} {what}" for arm in ("twin", "detector") for what in ("finds", "alarms")} <= set(found)


@functools.cache
def stored(name="faces"):
    return experiments.load("siamese", name)


def test_tables_have_a_row_for_each_case():
    told = stored()
    assert [row[0] for row in tables.verified(told)] == list(piles.ARMS)
    assert len(tables.promised(told)) == len(piles.ARMS)
    assert len(tables.changes(told)) == 9
    crowds = tables.crowds(stored("faces_crowds"), told)
    assert [row[2] for row in crowds] == [240, 2400, 2400, 2400]
    assert [row[0] for row in tables.missing(stored("faces_missing"), told)] == ["both", "light only", "dark only"]
    assert len(tables.apart(told)) == 2
    assert [row[0] for row in tables.one_skin(stored("faces_one_skin"), told)] == [*trials.ONE_SKIN]


@pytest.mark.once
def test_pictures_are_drawn():
    told, asked = stored(), piles.questions(0)[0]
    _, fitted = linear_faces.eigenfaces(asked.images[:40], 4)
    windows = face_windows.scan(data.photo("astronaut", gray=True)[..., 0], [170])
    moves = {arm: told[f"{arm} dials"] for arm in play.CODES}
    for fig in (
        drawings.wall(data.portraits(2, 3)),
        drawings.one_at_a_time(3, 4),
        drawings.eigenfaces(fitted, 4, (32, 32, 3)),
        drawings.distances(told, piles.ARMS[:2]),
        drawings.rates(told, piles.ARMS),
        drawings.hard_pairs(asked, told, "twin", 0),
        drawings.dial_moves(moves, list(face_dials.DIALS), 5),
        drawings.naming(told, "twin"),
        drawings.found_faces(data.photo("astronaut"), {"one": windows.boxes[:2], "none": windows.boxes[:0]}),
    ):
        check_figure(fig)


def test_a_wall_keeps_each_picture_in_its_place():
    pictures = np.random.default_rng(0).random((6, 2, 3, 1))
    wall = drawings.mosaic(pictures, 2)
    assert wall.shape == (4, 9, 1)
    np.testing.assert_array_equal(wall[2:4, 3:6], pictures[4])


def test_only_boxes_above_zero_are_shown_the_best_first():
    windows = face_windows.Windows(np.arange(12).reshape(3, 4), np.zeros((3, 576)))
    assert drawings.best_boxes(windows, np.array([0.5, -1, 2]), 5)[:, 0].tolist() == [8, 0]
    assert drawings.best_boxes(windows, np.array([-1, -1, -2]), 5).shape == (0, 4)


@pytest.mark.parametrize("dial", play.GRID["dial"])
@pytest.mark.once
def test_the_figure_to_play_with_tells_stored_numbers(dial):
    for turn in play.GRID["turn"]:
        words = play.say_dial(dial, turn)
        check_alt(words)
        at = list(face_dials.DIALS).index(dial), list(face_dials.TURNS).index(turn)
        assert f"pixels {stored()['pixels dials'].mean(axis=0)[at]:.2f}" in words
    check_figure(play.draw_dial(dial, 1.0))


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: enrolment.split([1, 1, 2], 1), "2 pictures"),
        (lambda: enrolment.split([], 1), "2 pictures"),
        (lambda: enrolment.split([[1, 1]], 1), "one person"),
        (lambda: enrolment.split([1, 1], True), "kept"),
        (lambda: enrolment.templates(np.full((2, 2), np.nan), np.zeros((1, 1), int)), "finite"),
        (lambda: enrolment.at_the_door(np.ones((4, 2)), enrolment.split([0, 0, 1, 1], 1), 2), "kept"),
        (lambda: enrolment.claims_made(np.ones((2, 3)), np.array([0, 3])), "column"),
        (lambda: enrolment.claims_made(np.ones((2, 3)), np.array([0, -1])), "column"),
        (lambda: enrolment.claims_made(np.full((1, 2), np.inf), np.array([0])), "finite"),
        (lambda: enrolment.claims_made(np.ones((0, 3)), np.zeros(0, int)), r"\(0, 3\)"),
        (lambda: enrolment.threshold_for([1, 2], [1, 0], 1.5), "accepted"),
        (lambda: enrolment.threshold_for([1, 2], [1, 1], 0.1), "some of both"),
        (lambda: identification.nearer_strangers(np.ones((1, 2)), np.array([-1])), "column"),
        (lambda: identification.cumulative_match(np.ones((1, 2)), np.array([0]), 0), "most"),
        (lambda: identification.open_set(np.ones((2, 2)), np.array([0, 1]), [1]), "strangers"),
        (lambda: identification.open_set(np.ones((2, 2)), np.array([-1, -1]), [1]), "strangers"),
        (lambda: identification.open_set(np.ones((2, 2)), np.array([-1, 0]), [np.nan]), "thresholds"),
        (lambda: linear_faces.eigenfaces(np.ones((3, 2, 2, 1)), 4), "count"),
        (lambda: linear_faces.fisherfaces(np.eye(4).reshape(4, 2, 2, 1), [0, 0, 1, 1], 3, 2), "codes"),
        (lambda: face_nets.face_encoder((0, 8, 3)), "shape"),
        (lambda: face_nets.face_encoder(codes=True), "codes"),
        (lambda: face_nets.of_lots(face_nets.face_encoder((8, 8, 1)), 1), "each"),
        (lambda: face_nets.teach(None, np.ones((3, 8, 8, 3)), [0, 0, 1], steps=1, seed=0), "two people"),
        (lambda: face_windows.gradient_codes(np.ones((24, 30))), "25 x 25"),
        (lambda: face_windows.gradient_codes(np.ones((30, 30, 3))), "grey"),
        (lambda: face_windows.scan(np.ones((50, 50)), [12]), "sides"),
        (lambda: face_windows.no_faces([np.ones((20, 50, 3))], 1, 0), "fit"),
        (lambda: face_patches.altered(np.ones((2, 5, 5, 3)), 1), "grey"),
        (lambda: face_dials.turned(face_dials.at_rest(0), "ears", 0.5), "dial"),
        (lambda: face_dials.turned(face_dials.at_rest(0), "skin", 1.5), "turn"),
    ],
)
def test_bad_input_is_refused_with_a_message(call, words):
    with pytest.raises(ValueError, match=words):
        call()
