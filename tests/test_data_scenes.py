"""Scenes: what they say about themselves is what their pixels show, on every machine and for every option."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvnotes import data
from cvnotes.data import dice, layout, painting, shapes, textures
from cvnotes.data.scenes import arrays
from tests.examples import examples

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "objects": st.sampled_from([0, 1, 2, 4, (0, 3), (1, 4), (5, 10)]),
        "radius": st.sampled_from([(0.05, 0.1), (0.12, 0.22), (0.2, 0.3), (0.3, 0.3)]),
        "turn": st.sampled_from([0, 20, 180]),
        "region": st.sampled_from([(0, 0, 1, 1), (0, 0, 0.5, 1), (0.4, 0.3, 1, 0.9)]),
        "overlap": st.sampled_from([0, 0.35, 0.9]),
        "cut": st.booleans(),
        "clutter": st.sampled_from([0, 0.4, 1]),
        "noise": st.sampled_from([0, 0.02, 0.2]),
        "gray": st.booleans(),
        "shortcut": st.sampled_from([None, "mark", "background"]),
        "strength": st.sampled_from([0, 0.5, 1]),
    },
)

TABLES, TILES, EDGES, PICTURES, TRUTH = (
    "b3498257292881d2",
    "813ea750a56fd6cd",
    "05a511ade65781d4",
    "a0971f4c6fb1d1d0",
    "498f22da6f512169",
)


def extent(mask):
    """Box of the true pixels by the definition: half open, zeros for none."""
    rows, columns = np.nonzero(mask)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if rows.size else (0, 0, 0, 0)


def digest(*parts):
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()[:16]


@examples(60)
@given(seed=st.integers(0, 2**40), size=st.integers(48, 140), options=OPTIONS)
def test_what_is_told_is_what_is_painted(seed, size, options):
    for scene in data.scenes(2, seed, size, **options):
        shown, full = scene.masks, scene.full_masks
        assert shown.sum(axis=0).max(initial=0) <= 1
        assert not (shown & ~full).any()
        for j in range(len(scene)):
            assert tuple(scene.boxes[j]) == extent(shown[j])
            hidden = 1 - shown[j].sum() / scene.areas[j]
            assert scene.occlusion[j] == pytest.approx(hidden, abs=1e-6)
            if not options.get("cut"):
                assert scene.areas[j] == full[j].sum()
                assert tuple(scene.full_boxes[j]) == extent(full[j])


@examples(30)
@given(seed=st.integers(0, 2**40), size=st.sampled_from([32, 64, 200]), options=OPTIONS)
def test_a_scene_does_not_depend_on_how_many_are_asked_for(seed, size, options):
    if size == 32:
        options["objects"] = 1
    many, few = data.scenes(9, seed, size, **options), data.scenes(3, seed, size, **options)
    late = data.scenes(4, seed, size, start=5, **options)
    for name, values in arrays(many).items():
        assert np.array_equal(values[:3], getattr(few, name)), name
        assert np.array_equal(values[5:], getattr(late, name)), name


def test_the_prefix_holds_across_the_chunks_that_are_painted_together():
    many = data.scenes(130, seed=3)
    assert np.array_equal(many.images[100:], data.scenes(30, seed=3, start=100).images)
    assert np.array_equal(many[100:130].boxes, data.scenes(30, seed=3, start=100).boxes)


def test_the_same_pictures_on_every_machine():
    """Stored digests: when one of them changes on purpose, every stored result that used scenes is out of date."""
    assert digest(shapes.tables(), *shapes.turns()) == TABLES
    assert digest(textures.object_textures(), textures.backgrounds(64), textures.noise(64, 20)) == TILES
    assert digest(*painting.edge_tables(64)[:2]) == EDGES
    scenes = data.scenes(64, seed=1)
    assert digest(scenes.images, scenes.instances) == PICTURES
    assert digest(*(getattr(scenes, n) for n in ("labels", "boxes", "parts", "occlusion", "rotations"))) == TRUTH


def test_no_value_of_a_table_lies_near_a_rounding_edge():
    """Else the last digit of another machine's square root could flip it."""
    for name in shapes.CLASSES + shapes.CLUTTER:
        scaled = shapes.distances(name) * shapes.UNIT
        assert np.abs(np.abs(scaled - np.rint(scaled)) - 0.5).min() > 1e-9, name


@pytest.mark.parametrize("size", [32, 33, 64, 97, 200])
def test_any_size(size):
    scenes = data.scenes(6, seed=2, size=size, objects=(1, 3))
    assert scenes.images.shape == (6, size, size, 3)
    assert scenes.images.dtype == np.uint8
    assert scenes.instances.shape == (6, size, size)
    assert (scenes.boxes <= size).all()


def test_the_same_scene_at_twice_the_size_is_the_same_scene():
    small, large = data.scenes(40, seed=6, overlap=0), data.scenes(40, seed=6, overlap=0, size=128)
    assert np.array_equal(small.labels, large.labels)
    assert np.array_equal(small.colours, large.colours)
    alone = small.counts == 1  # no neighbour, so no rounding can choose another place
    assert np.abs(2 * small.centres[alone] - large.centres[alone]).max() < 4


def test_no_object():
    scenes = data.scenes(3, objects=0, shortcut="mark")
    assert not scenes.instances.any()
    assert (scenes.labels == -1).all()
    assert scenes[0].boxes.shape == (0, 4)
    assert scenes.captions == ["an empty scene"] * 3


def test_counts_and_classes_are_balanced():
    scenes = data.scenes(1000, seed=4, objects=(1, 4), size=32, radius=(0.1, 0.14))
    assert np.array_equal(np.bincount(scenes.labels[:, 0]), np.full(10, 100))
    assert np.abs(np.bincount(scenes.counts, minlength=5)[1:] - 250).max() < 50
    together = np.histogram2d(scenes.labels[:, 0], scenes.colours[:, 0], bins=(10, 8))[0]
    assert np.abs(together - 12.5).max() < 4.5 * 12.5**0.5


def test_wanted_classes_colours_textures_and_backgrounds_are_the_only_ones():
    wanted = {"classes": ("heart", "disc"), "colours": "red", "textures": ["dotted"], "backgrounds": ["sand", "wood"]}
    for scene in data.scenes(30, seed=5, **wanted):
        assert set(scene.class_names) <= {"heart", "disc"}
        assert set(scene.colour_names) == {"red"}
        assert set(scene.texture_names) == {"dotted"}
        assert scene.background_name in ("sand", "wood")


@pytest.mark.parametrize("objects", [1, 3, 6, 10])
def test_without_overlap_no_two_circles_touch(objects):
    scenes = data.scenes(60, seed=8, objects=objects, overlap=0, radius=(0.1, 0.25))
    assert (scenes.counts == objects).all()
    assert not scenes.occlusion.any()
    apart = np.linalg.norm(scenes.centres[:, :, None] - scenes.centres[:, None], axis=-1)
    reach = scenes.radii[:, :, None] + scenes.radii[:, None]
    assert ((apart > reach) | np.eye(objects, dtype=bool)).all()


def test_overlap_makes_occlusion_and_the_nearer_object_hides_the_farther():
    scenes = data.scenes(200, seed=9, objects=4, overlap=0.8)
    assert (scenes.occlusion > 0.2).mean() > 0.1
    for scene in scenes[:50]:
        front = scene.depths.argmax()
        assert scene.occlusion[front] == 0
        assert sorted(scene.depths) == [0, 1, 2, 3]


def test_objects_stay_in_their_region_and_in_the_picture():
    scenes = data.scenes(200, seed=10, objects=1, region=(0, 0, 0.5, 1))
    assert (scenes.centres[..., 0] <= 32).all()
    assert np.ptp(scenes.centres[..., 1]) > 30
    assert ((scenes.full_boxes[..., :2] >= 0) & (scenes.full_boxes[..., 2:] <= 64)).all()


def test_cut_objects_reach_beyond_the_frame_and_count_as_hidden():
    scenes = data.scenes(200, seed=11, objects=1, cut=True)
    beyond = (scenes.full_boxes[..., 0] < 0) | (scenes.full_boxes[..., 2] > 64)
    assert 0.1 < beyond.mean() < 0.9
    assert (scenes.occlusion[beyond] > 0).all()


def test_parts_lie_on_their_object_and_turn_with_it():
    scenes = data.scenes(200, seed=12, size=128, objects=1)
    flags, known = scenes.parts[:, 0, :, 2], [len(data.PARTS[scenes.classes[k]]) for k in scenes.labels[:, 0]]
    assert ((flags > 0).sum(1) == known).all()
    assert (flags[flags > 0] == 2).all()
    arrows = scenes[scenes.labels[:, 0] == data.CLASSES.index("arrow")]
    ahead = arrows.parts[:, 0, 0, :2] - arrows.centres[:, 0]
    heading = np.degrees(np.arctan2(ahead[:, 0], -ahead[:, 1]))
    assert np.abs((heading - arrows.rotations[:, 0] + 180) % 360 - 180).max() < 1.5


def test_hidden_parts_are_marked_hidden():
    crowded = data.scenes(100, seed=13, size=96, objects=5, overlap=0.8)
    for scene in crowded:
        for j in range(len(scene)):
            for x, y, flag in scene.parts[j]:
                if flag:
                    assert (flag == 2) == (scene.instances[int(y), int(x)] == j + 1)
    assert (crowded.parts[..., 2] == 1).sum() > 100


def test_part_map_splits_every_object_into_its_parts():
    scene = data.scenes(1, seed=1, size=128, objects=1, classes="star")[0]
    assert np.array_equal(scene.part_map > 0, scene.instances > 0)
    counts = np.bincount(scene.part_map.ravel(), minlength=7)[1:]
    assert counts.min() > 0.03 * counts.sum()
    assert scene.part_names == [["tip 1", "tip 2", "tip 3", "tip 4", "tip 5", "centre"]]


@pytest.mark.parametrize(("name", "degrees"), [(n, d) for n, d in data.SYMMETRY.items() if d < 360])
def test_symmetry_says_when_a_shape_looks_the_same_again(name, degrees):
    x, y = shapes.grid()
    keep = np.hypot(x, y) < 1.1
    angle = np.radians(degrees or 37)
    turned = shapes.outline(name, x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle))
    assert np.abs(turned - shapes.outline(name, x, y))[keep].max() < 1e-5


@pytest.mark.parametrize("name", data.CLASSES)
def test_every_shape_lies_within_its_circle_and_holds_its_parts(name):
    x, y = shapes.grid()
    inside = shapes.distances(name) < 0
    assert np.hypot(x, y)[inside].max() <= 1
    assert inside.mean() > 0.09
    for _, u, v in data.PARTS[name]:
        assert shapes.outline(name, np.array([[u]]), np.array([[v]])) < -0.05


def test_shapes_are_told_apart_by_their_outline_alone():
    """At every turn, two classes share at most 0.8 of their union (intersection over union)."""
    tables = shapes.tables().reshape(-1, 256, 256)[:10, ::4, ::4] < 0
    from skimage.transform import rotate

    for i, first in enumerate(tables):
        for second in tables[i + 1 :]:
            turned = [rotate(second.astype(float), angle, order=0) > 0.5 for angle in range(0, 360, 15)]
            assert max((first & t).sum() / (first | t).sum() for t in turned) < 0.8


def test_colours_are_what_their_names_say():
    plain = data.scenes(120, seed=14, size=96, objects=1, textures="plain", noise=0, clutter=0)
    palette = np.array(list(data.COLOURS.values()), float)
    for scene in plain:
        shade = np.median(scene.image[scene.instances == 1], axis=0)
        share = palette / np.linalg.norm(palette, axis=1, keepdims=True) @ (shade / np.linalg.norm(shade))
        assert share[scene.colours[0]] > 0.985


def test_changing_one_option_leaves_the_rest_alone():
    base = data.scenes(20, seed=15)
    for option in ({"noise": 0.1}, {"clutter": 1.0}, {"gray": True}, {"shortcut": "background"}, {"colours": "red"}):
        other = data.scenes(20, seed=15, **option)
        assert np.array_equal(base.instances, other.instances), option
        assert np.array_equal(base.labels, other.labels), option
        assert not np.array_equal(base.images[:, :, :, :1], other.images[:, :, :, :1]), option


def test_a_planted_mark_tells_the_class_as_often_as_asked():
    for strength, least, most in ((1.0, 1.0, 1.0), (0.8, 0.77, 0.87), (0.0, 0.06, 0.14)):
        scenes = data.scenes(1000, seed=16, size=32, objects=1, shortcut="mark", strength=strength)
        assert least <= (scenes.clues == scenes.labels[:, 0]).mean() <= most


def test_a_planted_mark_is_where_its_mask_says_and_nowhere_else():
    marked, clean = (data.scenes(40, seed=17, noise=0, shortcut=kind) for kind in ("mark", None))
    differs = (marked.images != clean.images).any(-1)
    assert not (differs & ~marked.shortcut_masks).any()
    assert (marked.shortcut_masks.sum(axis=(1, 2)) == 49).all()
    assert differs.sum() > 0.9 * marked.shortcut_masks.sum()
    for scene in marked:
        x0, y0 = scene.mark[:2].astype(int)
        assert tuple(scene.image[y0, x0]) == tuple(painting.MARKS[scene.clue])
    assert not clean.shortcut_masks.any()


def test_a_planted_background_follows_the_class():
    scenes = data.scenes(100, seed=18, objects=1, shortcut="background")
    assert np.array_equal(scenes.backgrounds, scenes.labels[:, 0])
    assert np.array_equal(scenes.shortcut_masks, scenes.instances == 0)


def test_slicing_and_looping():
    scenes = data.scenes(7, seed=19)
    assert len(scenes) == 7
    assert len(scenes[2:5]) == 3
    assert np.array_equal(scenes[2:5][0].image, scenes[2].image)
    assert np.array_equal(scenes[-1].boxes, scenes[6].boxes)
    assert np.array_equal(scenes[np.array([5, 1])].images, scenes.images[[5, 1]])
    assert [scene.index for scene in scenes] == list(range(7))
    assert scenes[2:5].captions == scenes.captions[2:5]
    assert repr(scenes[:2]).startswith("Scenes: 2 of 64 x 64 x 3")
    assert repr(scenes[1]).startswith("Scene 1 of seed 19: ")
    assert len(repr(scenes)) < 80
    with pytest.raises(IndexError, match="7 scenes"):
        scenes[7]


def test_floats_and_gray():
    scenes = data.scenes(3, seed=20, gray=True)
    assert scenes.images.shape == (3, 64, 64, 1)
    assert scenes.floats.dtype == np.float32
    assert 0 <= scenes.floats.min() < scenes.floats.max() <= 1
    colour = data.scenes(3, seed=20).images.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(colour - scenes.images[..., 0]).max() < 2


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"size": 8}, "size=8"),
        ({"size": 64.0}, "size=64.0"),
        ({"objects": 11}, "objects=11"),
        ({"objects": (3, 2)}, "objects=2"),
        ({"objects": "many"}, "objects='many'"),
        ({"classes": ["disc", "dog"]}, r"\['disc', 'dog'\]"),
        ({"colours": []}, r"colours=\[\]"),
        ({"textures": ["plain", "plain"]}, "each once"),
        ({"radius": (0.3, 0.2)}, r"radius=\(0.3, 0.2\)"),
        ({"radius": 0.2}, "radius=0.2"),
        ({"turn": 181}, "turn=181"),
        ({"region": (0.5, 0, 0.5, 1)}, "x0 < x1"),
        ({"overlap": 1}, "overlap=1"),
        ({"clutter": -0.1}, "clutter=-0.1"),
        ({"noise": float("nan")}, "noise=nan"),
        ({"shortcut": "hint"}, "shortcut='hint'"),
        ({"strength": 2}, "strength=2"),
        ({"objects": 10, "size": 16}, "do not fit"),
        ({"start": -1}, "start=-1"),
    ],
)
def test_bad_options_are_named(wrong, shown):
    with pytest.raises(ValueError, match=shown):
        data.scenes(2, **wrong)


def test_bad_numbers_of_scenes_and_seeds_are_named():
    with pytest.raises(ValueError, match="n=-1"):
        data.scenes(-1)
    with pytest.raises(ValueError, match="seed='a'"):
        data.scenes(1, seed="a")
    assert len(data.scenes(0)) == 0


def test_picking_is_even_and_between_includes_both_ends():
    rolled = dice.throw(0, 0, 6000, 1)
    assert np.abs(np.bincount(dice.pick(rolled[:, 0], 6)) - 1000).max() < 150
    assert set(dice.between(rolled[:, 0], -2, 3)) == {-2, -1, 0, 1, 2, 3}
    assert set(dice.between(rolled[:, 0], 5, 4)) == {5}


def test_fixed_point_frame_against_the_formula_in_floats():
    """The table look-up is checked against a plain rotation in floating point."""
    cast = data.scenes(30, seed=21, objects=1, clutter=0).cast
    rows = np.arange(30)
    corner, cells = painting.frame(cast, rows, rows * 0, 40)
    for i in range(30):
        x = corner[i, 0] + np.arange(40) + 0.5 - cast.centre[i, 0, 0] / layout.SUB
        y = (corner[i, 1] + np.arange(40) + 0.5 - cast.centre[i, 0, 1] / layout.SUB)[:, None]
        angle, radius = 2 * np.pi * cast.angle[i, 0] / shapes.ANGLES, cast.radius[i, 0] / layout.SUB
        u, v = (x * np.cos(angle) + y * np.sin(angle)) / radius, (y * np.cos(angle) - x * np.sin(angle)) / radius
        inner = (np.abs(u) < 1.25) & (np.abs(v) < 1.25)
        assert np.abs(cells[i] % 256 - 127.5 - 100 * u)[inner].max() < 0.6
        assert np.abs(cells[i] // 256 - 127.5 - 100 * v)[inner].max() < 0.6


@pytest.mark.parametrize("option", [{"cut": "no"}, {"gray": float("nan")}, {"gray": 1}, {"classes": 3}])
def test_switches_and_names_are_not_guessed(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} must be .*Received"):
        data.scenes(1, **option)
