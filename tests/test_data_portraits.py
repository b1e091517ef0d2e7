"""Drawn faces: the same person in every call, every change apart from the others, and a head that obeys geometry."""

import dataclasses

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


def taken(size=96, **dials):
    """One picture of the average person, taken with these dials."""
    calm = thrown(0, 0, 1, {})
    for name, value in dials.items():
        calm[0, dial(TAKES, name.replace("_", " "))] = value
    who = np.full((1, len(TRAITS)), 0.5, np.float32)
    who[0, dial(TRAITS, "mole size")] = 0
    return painted(who, calm, size)[0].astype(float)


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
