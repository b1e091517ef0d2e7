"""Clips: what moves, moves as its velocity says, and every frame is a scene."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import data
from cvnotes.data.clips import fold


@given(place=st.integers(-500, 500), low=st.integers(-50, 50), wide=st.integers(1, 80))
def test_fold_is_a_ball_between_two_walls(place, low, wide):
    """Against the ball itself, moved one step at a time."""
    ball, step = low, 1 if place >= low else -1
    for _ in range(abs(place - low)):
        if not low <= ball + step <= low + wide:
            step = -step
        ball += step
    assert fold(np.array(place), np.array(low), np.array(low + wide)) == ball


def test_frame_zero_is_the_scene_of_the_same_seed_and_options():
    options = {"objects": (1, 3), "shortcut": "mark", "clutter": 0.2}
    clips, scenes = data.clips(5, 3, 4, **options), data.scenes(5, 3, **options)
    for name in ("images", "instances", "boxes", "labels", "parts", "marks"):
        assert np.array_equal(getattr(clips.frame(0), name), getattr(scenes, name)), name


def test_films_have_their_shapes_and_a_prefix():
    clips, few = data.clips(4, 1, frames=6, size=40, objects=2), data.clips(2, 1, frames=3, size=40, objects=2)
    assert clips.images.shape == (4, 6, 40, 40, 3)
    assert clips.boxes.shape == (4, 6, 2, 4)
    assert clips.velocities.shape == (4, 2, 2)
    assert np.array_equal(clips.images[:2, :3], few.images)
    assert np.array_equal(clips[1:3].boxes, clips.boxes[1:3])
    assert np.array_equal(clips[1:3].frame(2).images, clips.images[1:3, 2])
    assert np.array_equal(clips[-1].images[0], clips.images[3])
    assert repr(clips) == "Clips: 4 of 6 frames, 40 x 40 x 3, seed 1"
    with pytest.raises(IndexError, match="6 frames"):
        clips.frame(6)


def test_objects_drift_with_their_velocity_until_they_meet_the_frame():
    clips = data.clips(60, 5, frames=30, objects=1, speed=0.04)
    steps, speed = np.diff(clips.centres[:, :, 0], axis=1), clips.velocities[:, :1]
    straight = np.abs(steps - speed) < 1e-4
    back = np.abs(steps + speed) < 1e-4
    low = clips.frame(0).radii[:, :, None] + 1
    wall = np.minimum(clips.centres[:, :, 0] - low, 64 - low - clips.centres[:, :, 0])
    near = np.minimum(wall[:, :-1], wall[:, 1:]) < np.abs(speed)
    assert (straight | back | near).all()
    assert straight[:, 0].mean() > 0.8
    assert 0.1 < back.mean() < 0.5


def test_objects_turn_with_their_spin():
    clips = data.clips(20, 6, frames=5, objects=1, spin=10)
    turned = np.diff(clips.rotations[:, :, 0], axis=1)
    assert np.abs((turned - clips.spins + 180) % 360 - 180).max() < 1e-3
    assert np.abs(clips.spins).max() <= 10


def test_objects_stay_in_the_picture_and_boxes_belong_to_their_pixels():
    clips = data.clips(10, 7, frames=40, objects=3, speed=0.1)
    assert (clips.full_boxes >= 0).all()
    assert (clips.full_boxes <= 64).all()
    assert (clips.occlusion == 1).any() or (clips.occlusion > 0.5).any()
    for scene in clips[:3].frames:
        for j, mask in enumerate(scene.masks):
            rows, columns = np.nonzero(mask)
            if rows.size:
                assert tuple(scene.boxes[j]) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_the_ground_stands_still_and_the_noise_does_not():
    still = data.clips(3, 8, frames=4, objects=1, speed=0, spin=0, noise=0)
    assert (still.images == still.images[:, :1]).all()
    noisy = data.clips(3, 8, frames=4, objects=1, speed=0, spin=0)
    assert (noisy.images != noisy.images[:, :1])[:, 1:].mean() > 0.5


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"frames": 0}, "frames=0"),
        ({"speed": 1}, "speed=1"),
        ({"spin": 100}, "spin=100"),
        ({"wind": 1}, "Received: wind"),
        ({"clutter": 2}, "clutter=2"),
    ],
)
def test_bad_options_are_named(wrong, shown):
    with pytest.raises(ValueError, match=shown):
        data.clips(1, **wrong)


@pytest.mark.parametrize("which", [2, -3, np.int64(9)])
def test_a_film_that_is_not_there_is_refused(which):
    with pytest.raises(IndexError, match=f"There are 2 films. Received: index {which}"):
        data.clips(2, frames=2, size=24)[which]


@pytest.mark.parametrize("t", [0.5, "1", None, 2, -1])
def test_a_frame_that_is_not_there_is_refused(t):
    with pytest.raises(IndexError, match=f"There are 2 frames. Received: frame {t!r}"):
        data.clips(2, frames=2, size=24).frame(t)
