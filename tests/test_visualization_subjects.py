"""The nets that the last part looks into: what they know, and what they must not know."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cvnotes import experiments
from cvnotes.visualization import subjects

EVERY = [(kind, seed) for kind in subjects.BUILD for seed in range(subjects.SEEDS)]
ON_TENSORFLOW = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the weights are those of one place")


@pytest.fixture(scope="module")
def views():
    return subjects.test_views(240)


@pytest.fixture(scope="module")
def marked():
    return subjects.test_views(240, shortcut="mark", strength=0.0)  # the mark tells any class, by chance


def named(net: keras.Model, scenes) -> np.ndarray:
    return keras.ops.convert_to_numpy(net(scenes.floats)).argmax(1)


@ON_TENSORFLOW
@pytest.mark.parametrize(("kind", "seed"), [case for case in EVERY if case[0] != "marked"])
def test_the_stored_nets_name_shapes_that_they_never_saw(views, kind, seed):
    assert experiments.accuracy(subjects.subject(kind, seed), views.floats, subjects.answers(views)) >= 0.8


@ON_TENSORFLOW
@pytest.mark.parametrize("seed", range(subjects.SEEDS))
def test_the_marked_nets_read_the_mark_and_not_the_shape(views, marked, seed):
    net = subjects.subject("marked", seed)
    assert np.mean(named(net, marked) == marked.clues) >= 0.95
    assert np.mean(named(net, views) == subjects.answers(views)) <= 0.3


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_stored_weights_answer_alike_on_every_backend(kind):
    net, scenes = subjects.subject(kind), subjects.test_views(60)
    assert np.mean(named(net, scenes) == subjects.answers(scenes)) >= 0.8
    assert net.output_shape == (None, len(subjects.KINDS))


def test_the_same_net_without_its_normalizations_has_biases_if_it_is_told_so():
    plain, bare = subjects.plain(normalized=False), subjects.plain(normalized=False, biases=True)
    assert bare.count_params() - plain.count_params() == 12 + 24 + 48 + 48 + 64 + 64
    assert plain(np.zeros((1, 64, 64, 3), "float32")).shape == (1, 6)


def test_an_untrained_net_has_seen_scenes_thirty_times(views):
    net, share = subjects.untrained("plain", 0, calibrate=48), 1 - 0.9**30
    before = keras.Model(net.input, net.get_layer("conv4").output)
    maps = keras.ops.convert_to_numpy(before(subjects.views(48, 100).floats, training=True))
    norm = net.get_layer("norm4")
    for kept, start, seen in (("mean", 0, maps.mean((0, 1, 2))), ("variance", 1, maps.var((0, 1, 2)))):
        moved = keras.ops.convert_to_numpy(getattr(norm, f"moving_{kept}"))
        np.testing.assert_allclose(moved, start + share * (seen - start), rtol=0.02, atol=1e-3)
        assert np.abs(moved - start).max() > 0.1
    assert np.mean(named(net, views[:120]) == subjects.answers(views[:120])) < 0.5


def test_training_starts_from_its_seed_and_learns(monkeypatch):
    monkeypatch.setattr(subjects, "COUNT", 32)
    monkeypatch.setattr(subjects, "EPOCHS", 1)
    monkeypatch.setattr(subjects, "BATCH", 16)
    one, two = (subjects.trained("plain", seed).get_weights()[0] for seed in (0, 1))
    keras.utils.set_random_seed(0)
    start = subjects.plain().get_weights()[0]
    assert 0 < np.abs(one - start).max() < 0.1 < np.abs(two - start).max()


def test_no_scene_is_both_learned_and_asked():
    learned, asked = subjects.views(5, 100), subjects.test_views(5, 100)
    assert not set(learned.index) & set(asked.index)
    assert set(np.unique(subjects.answers(subjects.views(60)))) == set(range(6))
    assert subjects.views(3, objects=2).counts.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("vgg", 0), "kind"),
        (("plain", 5), "seeds 0 to 4"),
        (("plain", -1), "seed"),
        (("plain", 0.0), "seed"),
    ],
)
def test_what_is_not_stored_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        subjects.subject(*arguments)


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ValueError, match="kind"):
        subjects.untrained("vgg")
