"""The page's pictures, contests and figures: what they draw and what they compare."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from cvnotes import data, experiments, layer_patterns, models
from cvnotes.convolution_variants import zoo
from cvnotes.layer_patterns import drawings, play, tasks, trials, windows

# Pictures -----------------------------------------------------------------------------------------------------------


def test_digits_lie_where_they_are_put():
    d = data.digits(seed=3)
    corner, middle = (tasks.placed(d.test_images, place, 7)[..., 0] for place in tasks.PLACES)
    edges = np.stack([corner[:, 0].max(1), corner[:, -1].max(1), corner[:, :, 0].max(1), corner[:, :, -1].max(1)])
    assert ((edges[:2] > 0).sum(0) == 1).all()
    assert ((edges[2:] > 0).sum(0) == 1).all()
    rim = middle.copy()
    rim[:, 4:-4, 4:-4] = 0
    assert rim.max() == 0
    ink = [np.sort(pictures[pictures > 0]) for pictures in (corner, middle)]
    np.testing.assert_array_equal(*ink)  # the same ink, elsewhere
    assert len(np.unique(edges.argmax(0))) > 1
    with pytest.raises(ValueError, match="place must be one of"):
        tasks.placed(d.test_images, "edge", 0)


def test_the_split_of_a_seed_has_both_places_and_the_same_labels():
    (_, one), (_, other) = tasks.digits("corner", 1)[0], tasks.digits("middle", 1)[0]
    np.testing.assert_array_equal(one, other)


def test_noise_is_new_in_training_and_fixed_in_the_test():
    (train, labels), (test, _) = tasks.task("noise", 2)
    assert train.shape[1:] == test.shape[1:] == tasks.PICTURE
    assert abs(len(train) - len(test)) < 10
    assert len(labels) == len(train)
    assert train.min() == 0 > test.min()
    np.testing.assert_array_equal(test, tasks.task("noise", 2)[1][0])
    dice = np.random.default_rng(0)
    first, second = tasks.in_noise(train, dice), tasks.in_noise(train, dice)
    assert first.dtype == np.float32
    assert abs((first - train).std() - tasks.NOISE) < 0.01
    assert not np.allclose(first, second)


def test_moved_digits_are_the_same_elsewhere():
    (train, _), (test, _) = tasks.task("moved", 2)
    dice = np.random.default_rng(0)
    elsewhere = tasks.moved(train, dice)
    np.testing.assert_array_equal(np.sort(elsewhere.ravel()), np.sort(train.ravel()))
    rows = [
        np.flatnonzero(a.max((1, 2)))[0] - np.flatnonzero(b.max((1, 2)))[0]
        for a, b in zip(elsewhere, train, strict=True)
    ]
    assert set(rows) == {-2, -1, 0, 1, 2}  # nothing came round: the first inked row moves by two at most
    assert test[:, 0].max() > 0 == train[:, :2].max()
    with pytest.raises(ValueError, match="name must be one of 'noise', 'moved'"):
        tasks.task("turned", 0)


def test_both_paddings_have_equal_weights():
    same, valid = (tasks.unpooled(padding) for padding in ("same", "valid"))
    assert [w.shape for w in same.get_weights()] == [w.shape for w in valid.get_weights()]
    assert same.layers[2].output.shape[1] == 16
    assert valid.layers[2].output.shape[1] == 10
    with pytest.raises(ValueError, match="padding must be one of"):
        tasks.unpooled("full")


# Contests -----------------------------------------------------------------------------------------------------------


def test_rivals_have_the_price_that_their_name_says():
    known = trials.designs()
    for name, pattern in known.items():
        if "=" in name:
            kind = {"MACs": "macs", "parameters": "parameters"}[name.split("= ")[1]]
            assert abs(trials.price(pattern, kind) / trials.price(known["pool"], kind) - 1) < 0.04, name
    assert trials.price(known["stride"], "parameters") == trials.price(known["pool"], "parameters")
    assert trials.price(known["stride"], "macs") < 0.3 * trials.price(known["pool"], "macs")
    ends = {name: layer_patterns.sketch(known[name], tasks.PICTURE).get_layer("flat").input.shape[1] for name in known}
    assert {name for name, side in ends.items() if side != 2} == {"none"}


def test_training_learns_and_is_repeated_by_its_seed(monkeypatch):
    monkeypatch.setitem(trials.EPOCHS, "quick", 4)
    (x, y), _ = tasks.task("moved", 0)
    first, second = (trials.trained("pool", "moved", 0) for _ in range(2))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    untrained = layer_patterns.build(trials.BASE, tasks.PICTURE)
    assert experiments.accuracy(first, x, y) > experiments.accuracy(untrained, x, y) + 0.2


@pytest.mark.parametrize("name", ["strides", "depths", "poolings", "paddings"])
def test_stored_numbers_are_shares_of_five_seeds(name):
    found = experiments.load("layer_patterns", name)
    for runs in found.values():
        assert runs.shape == (5,)
        assert ((runs > 0.2) & (runs <= 1)).all()


# Published windows --------------------------------------------------------------------------------------------------


def test_every_family_of_keras_applications_is_there():
    asked = {*zoo.NETS, *windows.MISSING}
    families = windows.builders()
    assert len(families) > 10
    assert [name for name, known in families.items() if not asked & set(known)] == []


def test_the_widest_windows():
    convs = windows.convolutions()
    assert windows.widest(convs["VGG19"]) == (3, 3)
    assert windows.widest(convs["ResNet50V2"]) == (7, 3)
    assert windows.widest(convs["ConvNeXtTiny"]) == (4, 7)
    assert windows.widest(convs["InceptionV3"]) == (3, 7)
    assert windows.widest([zoo.Conv(5, 1, 8, False)]) == (5, 0)


# Figures ------------------------------------------------------------------------------------------------------------


def test_the_workbench_says_what_the_profile_counts():
    for setting in ((1, 8, 1, "none"), (4, 32, 2, "max"), (3, 8, 2, "stride")):
        model = layer_patterns.build(play.pattern(*setting), play.PICTURE, play.CLASSES)
        found = models.profile(model)
        shown = play.numbers(play.profile(*setting))
        assert shown["parameters"] == model.count_params()
        assert shown["multiply-accumulates"] == found.macs
        assert f"{model.count_params():,}" in play.say_design(*setting)
        for words, value in shown.items():
            low, high = play.SCALES[words]
            assert low <= value <= high


def test_the_volumes_are_those_of_the_layers():
    shapes = play.stages(play.profile(3, 8, 2, "max"))
    assert shapes["stage 1"] == (16, 16, 8)
    assert shapes["stage 3"] == (4, 4, 32)
    assert list(shapes) == ["picture", "stage 1", "stage 2", "stage 3", "hidden", "scores"]
    assert play.stages(play.profile(2, 8, 3, "none"))["stage 2"] == (32, 32, 16)


def test_every_setting_of_the_workbench_has_one_size():
    sizes = {tuple(play.draw_design(*s).get_size_inches()) for s in ((1, 8, 1, "none"), (4, 32, 2, "none"))}
    assert len(sizes) == 1


@pytest.mark.once
def test_figures_are_figures():
    counts = layer_patterns.contributions(9)
    places = layer_patterns.places_told_apart(9, 2, "same")
    convs = {"one": [zoo.Conv(3, 3, 8, False), zoo.Conv(1, 7, 8, False)]}
    for fig in (
        drawings.draw_words({"net": ["CONV", "POOL", "FC"]}),
        drawings.draw_unseen({64: 0, 63: 31}),
        drawings.draw_contributions({"valid": counts}),
        drawings.draw_places({"same": places, "valid": 0 * places}),
        drawings.draw_windows(convs),
        drawings.draw_designs({"a, b": 1e4}, {"noise a, b": np.array([0.8, 0.9])}, ("noise",)),
        play.draw_design(2, 8, 1, "stride"),
    ):
        assert isinstance(fig, Figure)
        fig.draw_without_rendering()
