"""The chapter detectors: passes counted, walks read from the nets, drawings, and the list of families."""

import logging
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from cvnotes import boxes, experiments
from cvnotes.boxes import Detections
from cvnotes.detection import codes, fast_rcnn, faster_rcnn, rcnn, spp
from cvnotes.detectors import (
    counting,
    diagrams,
    drawings,
    families,
    measured,
    panels,
    racing,
    road,
    stored,
    teaching,
    trials,
    walks,
)
from cvnotes.single_shot import ssd, trials_yolo, yolo

ROOT = Path(__file__).parent.parent


# Counting -----------------------------------------------------------------------------------------------------------


def test_passes_of_a_net_are_the_examples_that_it_was_given():
    net = codes.code_net(3, side=16)
    with counting.counted(net) as seen:
        for count in (5, 2):
            net(np.zeros((count, 16, 16, 3), np.float32), training=False)
    assert (seen.calls, seen.examples, seen.pixels) == (2, 7, 7 * 16 * 16)
    net(np.zeros((4, 16, 16, 3), np.float32), training=False)
    assert seen.examples == 7  # the block is over


def test_passes_are_counted_inside_other_nets():
    net = codes.code_net(3, side=16)
    outer = keras.Sequential([keras.Input((16, 16, 3)), net])
    reader = codes.reader(net, ("code",))
    with counting.counted(outer) as seen:
        outer(np.zeros((3, 16, 16, 3), np.float32), training=False)
        reader(np.zeros((2, 16, 16, 3), np.float32), training=False)
        with pytest.raises(ValueError, match="input"):
            outer(np.zeros((3, 16, 16), np.float32), training=False)
    assert seen.examples == 5
    outer(np.zeros((3, 16, 16, 3), np.float32), training=False)
    assert seen.examples == 5


@pytest.mark.parametrize("net", [keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), "yolo", None])
def test_a_net_without_a_convolution_is_refused(net):
    with pytest.raises(ValueError, match="Conv2D"), counting.counted(net):
        pass


# Drawings -----------------------------------------------------------------------------------------------------------


def stop(by=diagrams.RULE, shape=(4, 4)):
    return diagrams.Stop("a map", "a step", by, shape, lambda ax: panels.matrix(ax, np.eye(4)))


@pytest.mark.once
def test_a_walk_is_drawn_with_the_shapes_that_it_holds():
    stops = (stop(shape=(64, 64, 3)), stop("net", (60, 4)), *(stop("net", (60, 3, 3, 8)) for _ in range(4)))
    fig = diagrams.flow(diagrams.Walk("X", 2014, stops, ("net",), 60))
    assert isinstance(fig, Figure)
    said = [text.get_text() for text in fig.axes[0].texts]
    assert "60 passes of the ConvNet" in said
    assert "60 × 4" in said
    assert {"60 of\n3 × 3 × 8", "60 of 3 × 3 × 8"} <= set(said)
    assert len(fig.axes) == 7


def test_one_pass_is_no_plural():
    assert diagrams.passes_said(diagrams.Walk("X", 2016, (), (), 1)) == "1 pass of the ConvNet"


def test_tiles_lie_side_by_side():
    fig = Figure()
    ax = fig.subplots()
    panels.tiles(ax, np.zeros((5, 8, 8, 3), np.uint8), columns=4)
    places = [tuple(image.get_extent()) for image in ax.images]
    assert len(set(places)) == 5
    assert places[4][0] == 0
    assert places[4][3] > 1


# Families -----------------------------------------------------------------------------------------------------------


def test_every_family_has_a_source_and_no_page_that_is_missing():
    keys = set(re.findall(r"@\w+\{(\w+),", (ROOT / "book/references.bib").read_text(encoding="utf-8")))
    named = [*families.FAMILIES, *families.PUBLISHED]
    assert {one.key for one in named} <= keys
    years = [one.year for one in families.FAMILIES]
    assert years == sorted(years)
    assert len({one.name for one in families.FAMILIES}) == len(families.FAMILIES)


@pytest.mark.once
def test_published_figures_are_in_the_order_of_time():
    seconds = {one.name: one.seconds for one in families.PUBLISHED}
    assert seconds["R-CNN"] > seconds["SPP-net"] > seconds["Fast R-CNN"] > seconds["YOLO"]


# Systems as chains of steps -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images():
    return boxes.validation(2).images


def same(one, other):
    return len(one.boxes) == len(other.boxes) and all(
        np.allclose(a, b, atol=1e-3) for a, b in zip(one, other, strict=True)
    )


PLAIN = {
    "R-CNN": lambda images: rcnn.detect(stored.rcnn_chain(), images),
    "SPP-net": lambda images: spp.detect(stored.spp_net(), images),
    "Fast R-CNN": lambda images: fast_rcnn.detect(stored.fast_net(), images),
    "Faster R-CNN": lambda images: faster_rcnn.detect(stored.faster_net(), images),
    "YOLO": lambda images: yolo.detect(stored.yolo_net(), images, trials_yolo.WAYS[trials_yolo.BEST].grid),
    "SSD": lambda images: ssd.detect(stored.ssd_net(), images),
}


def test_a_chain_of_steps_finds_what_the_page_of_its_system_finds(images):
    systems = road.systems()
    assert tuple(one.name for one in systems) == road.ROAD
    for system in systems:
        wanted = PLAIN[system.name](images)
        for image, one in zip(images, wanted, strict=True):
            assert same(racing.chain(system, image)[-1], one), system.name


def test_seconds_are_of_the_parts_that_a_system_has():
    def wait(part):
        return racing.Step(part, lambda image: [sum(range(20_000)), image][1])

    quick = racing.System("quick", (wait(racing.NETWORK),), 1, 1)
    slow = racing.System("slow", (wait(racing.PROPOSALS), *[wait(racing.NETWORK)] * 20), 1, 1)
    found = racing.seconds([quick, slow], np.zeros((2, 4, 4, 3), np.uint8), rounds=5)
    assert found["quick"][racing.PROPOSALS] == 0
    assert found["slow"][racing.PROPOSALS] > 0
    assert found["slow"][racing.NETWORK] > 4 * found["quick"][racing.NETWORK]


def test_a_race_without_pictures_or_with_two_of_a_name_is_refused():
    system = racing.System("one", (racing.Step(racing.NETWORK, lambda x: x),), 1, 1)
    for given in (([system], np.zeros((0, 4, 4, 3))), ([system, system], np.zeros((1, 4, 4, 3)))):
        with pytest.raises(ValueError, match="Received"):
            racing.seconds(*given, rounds=1)


def test_a_compiled_net_leaves_the_log_as_it_was():
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    logging.disable(logging.ERROR)
    try:
        assert racing.compiled(net)(np.zeros((3, 2), np.float32)).shape == (3, 1)
        assert logging.root.manager.disable == logging.ERROR
    finally:
        logging.disable(logging.NOTSET)


def test_a_step_of_another_part_is_refused():
    system = racing.System("odd", (racing.Step("suppression", lambda x: x),), 1, 1)
    with pytest.raises(ValueError, match="suppression"):
        racing.chain(system, np.zeros((4, 4, 3), np.uint8))


def test_weights_are_those_that_are_used():
    chain, (first, *_) = stored.rcnn_chain(), road.systems()
    last = chain.net.get_layer("logits").count_params()
    assert first.weights == chain.net.count_params() - last + chain.svms.size + chain.regressors.size


# Walks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", road.ROAD)
def test_every_system_has_a_walk_of_six_stops(system):
    one = drawings.walk(system)
    assert one.name == system
    assert len(one.stops) == 6
    assert one.passes == (60 if system == "R-CNN" else 1)
    assert {stop.by for stop in one.stops} <= {diagrams.RULE, *one.stages}
    assert isinstance(drawings.walked(system), Figure)
    assert system in drawings.say_walked(system)


def test_an_unknown_system_is_refused():
    with pytest.raises(ValueError, match="DETR"):
        drawings.walk("DETR")


def test_even_rows_and_sure_detections():
    assert walks.evenly(60, 4).tolist() == [0, 19, 39, 59]
    assert walks.evenly(2, 4).tolist() == [0, 1]
    assert walks.evenly(0).tolist() == []
    found = walks.sure(Detections(np.zeros((3, 4)), np.array([0.9, 0.3, 0.1]), np.arange(3)), 0.3)
    assert found.labels.tolist() == [0, 1]


def test_the_strongest_channels_are_those_that_vary_most():
    maps = np.random.default_rng(0).normal(size=(5, 7, 4)) * [1, 30, 5, 100]
    np.testing.assert_array_equal(walks.strongest(maps, 2), maps[..., [3, 1]].transpose(2, 0, 1))


def test_seconds_are_those_of_one_picture(monkeypatch):
    system = racing.System("one", (racing.Step(racing.NETWORK, lambda x: x),) * 2, 1, 1)
    monkeypatch.setattr(experiments, "race", lambda calls, *_, **__: {key: np.array([6.0, 8.0, 40.0]) for key in calls})
    found = racing.seconds([system], np.zeros((4, 2, 2, 3), np.uint8), rounds=3)
    assert found == {"one": {racing.PROPOSALS: 0.0, racing.NETWORK: 4.0}}, "two steps of 8 seconds for 4 pictures"


def test_shares_are_a_softmax():
    logits = np.random.default_rng(0).normal(size=(4, 5)) * 50
    assert np.allclose(walks.shares(logits), keras.ops.convert_to_numpy(keras.ops.softmax(logits)), atol=1e-6)


# What was measured --------------------------------------------------------------------------------------------------


def test_passes_grow_with_proposals_for_crops_alone():
    scene, proposals = drawings.shown()
    seen = {name: measured.passes(name, scene, proposals[:7]).examples for name in measured.SEARCHING}
    assert seen == {"R-CNN": 7, "SPP-net": 1, "Fast R-CNN": 1}
    with pytest.raises(ValueError, match="YOLO"):
        measured.passes("YOLO", scene, proposals)


def test_units_and_shares():
    found = {"YOLO": {"proposals": 0.0, "network": 2.0}, "X": {"proposals": 2.0, "network": 6.0}}
    unit = measured.in_units(found)
    assert unit["X"] == {"proposals": 1.0, "network": 3.0}
    assert measured.share(unit["X"]) == 0.25
    assert isinstance(drawings.split(unit), Figure)


def test_the_table_has_an_answer_for_each_system():
    rows = {row[0]: row[1:] for row in measured.table()}
    assert all(len(row) == len(road.ROAD) for row in rows.values())
    assert rows["passes of the ConvNet"] == ["60", "1", "1", "1", "1", "1"]
    assert rows["trainings in a row"] == ["3", "4", "1", "1", "1", "1"]
    assert rows["mAP at 0.5"][0] == f"{experiments.load('detection', 'stages')['full'].mean():.2f}"
    assert rows["mAP, 0.5 to 0.95"][0] is None  # nobody stored it


def test_time_to_teach_is_told_in_units_of_yolo(monkeypatch):
    stored_numbers = {"YOLO_net": np.array([2.0, 4.0]), "SSD_net": np.array([3.0, 4.0]), "SSD_x": np.array([1.0, 4.0])}
    monkeypatch.setattr(measured.experiments, "load", lambda *_: stored_numbers)
    assert measured.teaching() == {**dict.fromkeys(road.ROAD, 0.0), "YOLO": 1.0, "SSD": 2.0}


def test_every_system_has_a_stored_time_and_times_without_yolo_are_refused():
    assert all(value > 0 for value in measured.teaching().values())
    with pytest.raises(ValueError, match="YOLO"):
        measured.in_units({"SSD": {"proposals": 0.0, "network": 2.0}})


@pytest.mark.once
def test_limits_are_drawn():
    assert isinstance(drawings.by_limit((1, 2, 4), [0.1, 0.2, 0.3], [1, 2, 3]), Figure)


# Trials -------------------------------------------------------------------------------------------------------------


def test_recipes_are_multiplied_from_short_runs(monkeypatch):
    plan = [teaching.Stage(("A", "B"), "search", 10, lambda: None), teaching.Stage(("B",), "net", 3, lambda: None)]
    monkeypatch.setattr(experiments, "race", lambda calls, *_, **__: {name: np.full(3, 2.0) for name in calls})
    assert teaching.seconds(plan, 3, 0) == {"A": {"search": 20.0}, "B": {"search": 20.0, "net": 6.0}}


def test_every_recipe_has_its_stages(monkeypatch):
    monkeypatch.setattr(teaching, "FEW", 16)
    monkeypatch.setattr(teaching, "_net", lambda *_, **__: lambda: None)
    plan = teaching.stages()
    assert {name for one in plan for name in one.systems} == set(road.ROAD)
    for one in plan:
        assert one.times > 0
        result = measured.results()[one.systems[0]]
        if one.systems[0] in ("YOLO", "SSD", "Faster R-CNN"):
            assert one.times == result.passes * (result.scenes // 32)
        elif one.name in ("search", "cut", "fits"):
            assert one.times == result.scenes / 16


def test_a_step_of_a_net_is_one_batch():
    net = codes.code_net(3, side=8)
    x, y = np.zeros((5, 8, 8, 3), np.uint8), np.array([0, 1, 2, 3, 0])
    step = teaching._net(net, x, y, 8)
    before = net.get_weights()
    step()
    assert any(not np.allclose(a, b) for a, b in zip(before, net.get_weights(), strict=True))
    assert step.args[0].shape == (8, 8, 8, 3)


def test_a_yolo_of_another_way_is_refused():
    with pytest.raises(ValueError, match="published"):
        trials.yolo_taught("later", boxes.lessons(1, 1), 1, 0)


@pytest.mark.parametrize("way", ["published", "cell"])
def test_a_yolo_of_either_way_is_taught_and_judged(way):
    scenes = boxes.lessons(32, 1)
    net = trials.yolo_taught(way, scenes, 1, 0)
    few = scenes[:3]
    found = trials.judged(trials.yolo_found(net, way, few), few)
    assert set(found) == {"map", "map_75", "map_coco"}
    assert found["map_75"] <= found["map"]
