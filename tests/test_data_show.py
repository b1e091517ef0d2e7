"""Pictures of the truth of a scene: every frame of the figure to play with, and what is drawn in it."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from cvnotes import data
from cvnotes.data import show


@pytest.mark.parametrize(("view", "objects", "clutter"), list(itertools.product(show.LAYERS, (1, 3, 6), (0, 0.4))))
def test_every_frame_of_the_figure_to_play_with(view, objects, clutter):
    assert isinstance(show.draw_scene(view, objects, clutter), Figure)
    words = show.say_scene(view, objects, clutter)
    assert words.startswith(view.capitalize())
    assert all(name in words for name in show.played(objects, clutter).names)


def test_the_sliders_change_one_thing_at_a_time():
    few, many = show.played(1, 0), show.played(6, 0.4)
    assert few.names[0] == many.names[0]
    assert np.array_equal(few.centres[0], many.centres[0])


def test_words_tell_what_is_hidden():
    assert "Nothing is hidden." in show.say_scene("picture", 1, 0)
    assert "39% hidden" in show.say_scene("picture", 3, 0)


def test_parts_are_dots_and_hidden_ones_are_hollow():
    scene = data.scenes(1, seed=3, start=1, objects=6, overlap=0.6, radius=(0.15, 0.22))[0]
    dots = show.layer(scene, "parts").axes[-1].collections
    flags = scene.parts[..., 2]
    assert len(dots) == (flags > 0).sum()
    assert sum(tuple(dot.get_facecolor()[0]) == (1, 1, 1, 1) for dot in dots) == (flags == 1).sum() > 0


def test_an_empty_scene_has_layers_too():
    scene = data.scenes(1, objects=0)[0]
    assert all(isinstance(show.layer(scene, name), Figure) for name in show.LAYERS)


def test_unknown_layers_are_named():
    with pytest.raises(ValueError, match="'depth'"):
        show.layer(data.scenes(1)[0], "depth")


def test_the_sheet_of_shapes_shows_each_class_with_its_parts():
    fig = show.shape_sheet()
    dots = [len(c.get_offsets()) for ax in fig.axes for c in ax.collections]
    assert dots == [len(data.PARTS[name]) for name in data.CLASSES]


def test_the_film_strip_has_a_box_for_every_object_in_every_frame():
    film = data.clips(1, seed=12, frames=6, objects=3)
    fig = show.film_strip(film, range(0, 6, 2))
    assert [len(ax.lines) for ax in fig.axes[-3:]] == [6, 6, 6]
