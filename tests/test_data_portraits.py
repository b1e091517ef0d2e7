"""Drawn faces: the same person in every call, every change apart from the others, and a head that obeys geometry."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import data
from cvnotes.data.portraits import CHANGES, MOST, TAKES, TRAITS, VIEW, met, painted, thrown, turned
from tests.examples import examples

STILL = {"pose": 0, "mood": 0, "light": 0, "hair": 0}
ANGLES = st.floats(-0.6, 0.6)


def dial(table, name):
    return list(table).index(name)


def test_portraits_have_their_shapes_and_repeat():
    faces = data.portraits(3, 4, seed=5, size=24)
    assert faces.images.shape == (12, 24, 24, 3)
    assert faces.images.dtype == np.uint8
    assert faces.people.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert faces.traits.shape == (12, len(TRAITS))
    assert faces.takes.shape == (12, len(TAKES))
    assert repr(faces) == "Portraits: 12 of 3 people, 24 x 24 x 3, seed 5"
    np.testing.assert_array_equal(faces.images, data.portraits(3, 4, seed=5, size=24).images)
    assert (faces.images != data.portraits(3, 4, seed=6, size=24).images).mean() > 0.5


def test_a_person_is_the_same_in_every_call():
    many, later = data.portraits(5, 6, size=20), data.portraits(2, 3, size=20, first=3)
    assert later.people.tolist() == [3, 3, 3, 4, 4, 4]
    rows = np.r_[18:21, 24:27]
    np.testing.assert_array_equal(many[rows].images, later.images)
    np.testing.assert_array_equal(many[rows].takes, later.takes)
    assert np.ptp(many.traits.reshape(5, 6, -1), axis=1).max() == 0
    assert len(np.unique(many.traits[:, 0])) == 5


@pytest.mark.parametrize("change", CHANGES)
def test_each_option_moves_its_own_dials_alone(change):
    still, moved = data.portraits(2, 5, size=24, **STILL), data.portraits(2, 5, size=24, **{**STILL, change: 1})
    mine = np.array([name == change for name, *_ in TAKES.values()])
    assert (still.takes == moved.takes).all(axis=0).tolist() == (~mine).tolist()
    np.testing.assert_array_equal(still.traits, moved.traits)
    pictures = still.images.reshape(2, 5, 24, 24, 3)
    assert (pictures == pictures[:, :1]).all()
    assert (moved.images.reshape(2, 5, -1) != pictures.reshape(2, 5, -1)).any(axis=-1).all()


def test_half_the_strength_is_half_the_change():
    half, whole = (data.portraits(1, 50, size=16, pose=strength).takes[:, 0] for strength in (0.5, 1))
    np.testing.assert_allclose(half, whole / 2, atol=1e-6)
    assert np.abs(whole).max() <= 0.6
    assert np.abs(whole).max() > 0.5


@examples(30)
@given(ANGLES, ANGLES, st.floats(0.6, 1.1), st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_rays_meet_the_turned_ellipsoid_where_it_is(yaw, pitch, wide, x, y):
    axes = (wide, 1.0, 0.86)
    turn = turned(np.array(yaw), np.array(pitch))
    distance, point = met(np.array(x), np.array(y), axes, turn)
    back = np.array(turn, float).T @ np.array(point)
    on = sum((p / a) ** 2 for p, a in zip(point, axes, strict=True))
    if distance < 0:
        np.testing.assert_allclose(on, 1, atol=1e-9)
        np.testing.assert_allclose(back[:2], [x, y], atol=1e-9)
        deeper = np.array(turn, float) @ (back + np.array([0, 0, 0.01]))
        assert sum((p / a) ** 2 for p, a in zip(deeper, axes, strict=True)) > 1, "the point is the front one"
    else:
        assert on >= 1 - 1e-9


def test_the_matrix_of_a_turn_is_a_rotation():
    turn = np.array(turned(np.array(0.4), np.array(-0.2)), float)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


def taken(*, side=96, **dials):
    """One picture of the average person, taken with these dials."""
    calm = thrown(0, 0, 1, {})
    for name, value in dials.items():
        calm[0, dial(TAKES, name.replace("_", " "))] = value
    who = np.full((1, len(TRAITS)), 0.5, np.float32)
    who[0, dial(TRAITS, "mole size")] = 0
    return painted(who, calm, side)[0].astype(float)


def person(size=96, **traits):
    """The average person, but for these dials (0 to 1), taken straight from the front."""
    who = np.full((1, len(TRAITS)), 0.5, np.float32)
    for name, value in ({"mole_size": 1.0} | traits).items():
        who[0, dial(TRAITS, name.replace("_", " "))] = value
    return painted(who, thrown(0, 0, 1, {}), size)[0].astype(float)


def height(where):
    """Mean row of the pixels that are chosen."""
    return np.nonzero(where)[0].mean()


@pytest.mark.parametrize("name", TRAITS)
def test_every_dial_of_a_person_is_seen(name):
    low, high = (person(**{name.replace(" ", "_"): value}) for value in (0.0, 1.0))
    assert np.abs(low - high).max() > 20


@pytest.mark.parametrize("name", TAKES)
def test_every_dial_of_a_picture_is_seen(name):
    low, high = (taken(**{name.replace(" ", "_"): value}) for value in TAKES[name][1:])
    assert np.abs(low - high).max() > 20


def test_features_lie_where_their_dials_say():
    """Rows count from above; lengths are told in half heights of the head."""
    pixel = 96 / (2 * VIEW)
    white = [height(person(eye_height=value)[:60].min(-1) > 200) for value in (0.0, 1.0)]
    assert white[1] - white[0] == pytest.approx(0.20 * pixel, abs=1)
    raised = (taken(raised_brows=0.08) - taken(raised_brows=-0.05)).mean(-1)
    assert height(raised < -20) < height(raised > 20) - 1  # dark above, light below
    calm = {"mole_size": 0.0, "mouth_height": 1.0, "lips": 0.0}  # nothing else is dark there
    nostrils = [person(nose_length=value, **calm)[48:69, 38:58].min((1, 2)).argmin() for value in (0.0, 1.0)]
    assert nostrils[1] - nostrils[0] == pytest.approx(0.20 * pixel, abs=1)
    eyes = [person(eye_spacing=value)[44:48, 48:76].max(-1).min(0).argmin() for value in (0.0, 1.0)]  # a dark pupil
    assert eyes[1] - eyes[0] == pytest.approx(0.15 * pixel, abs=1)
    lips = [height(np.abs(person(lips=1.0, mouth_height=value) - person(lips=0.0, mouth_height=value)).max(-1) > 20)
            for value in (0.0, 1.0)]  # fmt: skip
    assert lips[1] - lips[0] == pytest.approx(0.16 * pixel, abs=1)


def test_an_iris_has_its_colour_between_the_pupil_and_the_white():
    blue, brown = person(iris=0.0, eye_size=1.0), person(iris=1.0, eye_size=1.0)
    ring = (blue[..., 2] > blue[..., 0] + 30) & (brown[..., 0] > brown[..., 2] + 20)
    assert ring.sum() > 15
    assert (blue[38:52, 25:71].max(-1) < 45).any()


def test_who_has_no_mole_has_none_however_coarse_the_picture():
    for size, almost in itertools.product((16, 96), (0.0, 0.4)):
        seen = [person(size, mole_size=almost, mole_across=value) for value in np.linspace(0, 1, 8)]
        assert np.ptp(seen, axis=0).max() == 0


def test_a_strong_lamp_brightens_face_and_wall():
    dark, light = taken(lamp_strength=-0.45), taken(lamp_strength=0.0)
    np.testing.assert_allclose(dark[45:50, 46:50], 0.55 * light[45:50, 46:50], rtol=0.02)
    assert (dark[:5, :5] < light[:5, :5]).all()


def test_a_warm_light_is_red():
    warm, cold = taken(warmth=0.12).mean((0, 1)), taken(warmth=-0.12).mean((0, 1))
    assert warm[0] > 1.1 * cold[0]
    assert warm[1] == pytest.approx(cold[1])
    assert cold[2] > 1.1 * warm[2]


def test_an_unturned_face_is_its_own_mirror_image():
    np.testing.assert_allclose(taken(), taken()[:, ::-1], atol=1)


def test_a_head_turned_the_other_way_is_the_mirror_image():
    np.testing.assert_allclose(taken(yaw=0.5), taken(yaw=-0.5)[:, ::-1], atol=1)
    assert np.abs(taken(yaw=0.5) - taken()).max() > 50


def test_a_roll_of_a_quarter_turns_the_picture_clockwise():
    np.testing.assert_allclose(taken(roll=np.pi / 2, yaw=0.5), np.rot90(taken(yaw=0.5), -1), atol=1)


def test_no_two_pictures_of_a_population_share_their_dice():
    takes = data.portraits(20, 20, size=16).takes
    assert len(np.unique(takes, axis=0)) == 400


def test_the_jaw_narrows_the_face_below_the_eyes():
    bald = taken(hair_length=-3.0)
    face = np.abs(bald - bald[:, :1]).max(-1) > 30
    rows = [round((y / VIEW + 1) * 48) for y in (-0.4, 0.7)]
    upper, lower = face[rows].sum(axis=1)
    assert lower < 0.9 * upper * np.sqrt((1 - 0.7**2) / (1 - 0.4**2))


def test_a_smile_lifts_the_corners_of_the_mouth():
    def droop(smile):
        rows, columns = np.nonzero(taken(smile=smile, open_mouth=1.0)[60:].max(-1) < 45)
        far = np.abs(columns - 47.5)
        return rows[far > far.max() - 3].mean() - rows[far < 3].mean()

    assert droop(1.0) < -2
    assert droop(-0.35) > 0.5


def test_the_side_of_the_lamp_is_the_bright_one():
    left, right = np.split(taken(lamp_across=-1.0).sum(-1), 2, axis=1)
    assert left.mean() > 1.15 * right.mean()
    np.testing.assert_allclose(taken(lamp_across=-1.0), taken(lamp_across=1.0)[:, ::-1], atol=1)


def test_a_shift_moves_the_picture_by_its_pixels():
    pixels = 8
    moved = taken(shift_across=2 * VIEW * pixels / 96)
    np.testing.assert_allclose(moved[:, pixels:], taken()[:, :-pixels], atol=1)
    assert np.abs(moved - taken()).max() > 50


def test_eyes_close_and_mouths_open():
    white = [(picture.min(-1) > 200).sum() for picture in (taken(open_eyes=0.15), taken(open_eyes=-0.55))]
    assert white[0] > 2 * max(white[1], 1)
    dark = [(picture[55:].max(-1) < 45).sum() for picture in (taken(open_mouth=1.0), taken(open_mouth=0.0))]
    assert dark[0] > dark[1] + 30


def test_slices_keep_all_fields_together():
    faces = data.portraits(2, 3, size=16)
    part = faces[faces.people == 1]
    assert len(part) == 3
    np.testing.assert_array_equal(part.images, faces.images[3:])
    assert len(faces[4]) == 1
    np.testing.assert_array_equal(faces[-1].images, faces.images[-1:])
    assert [one.people[0] for one in faces] == [0, 0, 0, 1, 1, 1], "and then there are no more"
    for beyond in (6, -7, True):
        with pytest.raises(IndexError, match="There are 6 portraits"):
            faces[beyond]
    for field in dataclasses.fields(faces):
        if field.name != "seed":
            assert len(getattr(part, field.name)) == 3


@pytest.mark.parametrize(("people", "pictures"), [(0, 3), (2, 0), (0, 0)])
def test_nobody_and_no_pictures_give_empty_arrays(people, pictures):
    faces = data.portraits(people, pictures)
    assert faces.images.shape == (0, 48, 48, 3)
    assert faces.takes.shape == (0, len(TAKES))


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"people": -1}, "people"),
        ({"people": 1.5}, "people"),
        ({"pictures": MOST + 1}, "pictures"),
        ({"size": 8}, "size"),
        ({"seed": -1}, "seed"),
        ({"first": True}, "first"),
        ({"pose": 1.1}, "pose"),
        ({"hair": "long"}, "hair"),
        ({"light": float("nan")}, "light"),
    ],
)
def test_bad_requests_are_named(wrong, shown):
    with pytest.raises(ValueError, match=shown):
        data.portraits(**{"people": 1, "pictures": 1, **wrong})
