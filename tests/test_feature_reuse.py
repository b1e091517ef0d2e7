"""Feature reuse: links, measures, silence, nets of equal size, and the experiments of the page."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure

from cvnotes import experiments, models
from cvnotes.densenet import reuse, reuse_drawings, reuse_nets, reuse_silence, trials
from tests.examples import examples

array = keras.ops.convert_to_numpy


def small(seed: int = 0, **variant) -> keras.Model:
    """A DenseNet of two layers a block, whose normalizations have been somewhere."""
    keras.utils.set_random_seed(seed)
    model = models.build("densenet-cifar", (8, 8, 1), 10, **({"depth": 10, "growth": 3} | variant))
    rng = np.random.default_rng(seed)
    for reader in reuse.readers(model):
        for weight in reader.norm.weights:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return model


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return small()


def pictures(n: int = 24, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 8, 8, 1)).astype("float32"), rng.integers(0, 10, n)


# Links --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "inputs"),
    [
        ({"depth": 10, "growth": 3}, [16, 22, 28]),
        ({"depth": 13, "growth": 4, "compression": 0.5}, [16, 14, 13]),
        ({"depth": 16, "growth": 3, "bottleneck": True, "compression": 0.5}, [6, 6, 6]),
    ],
)
def test_readers_read_what_the_formula_says(variant, inputs):
    net = small(**variant)
    found, k = reuse.readers(net), variant["growth"]
    layers = len(found) // 3 - 1
    assert [reader.name for reader in found[-1:]] == ["classifier"]
    assert [found[layers].name, found[2 * layers + 1].name] == ["transition", "transition"]
    for i, reader in enumerate(found):
        block, place = divmod(i, layers + 1)
        assert reader.block == block + 1
        assert reader.sources[0] == slice(0, inputs[block])
        assert reader.sources[-1].stop == inputs[block] + k * place  # k0 + k (l - 1)
        assert reader.layer.kernel.shape[-2] == reader.norm.gamma.shape[0] == reader.sources[-1].stop
        assert [a.stop for a in reader.sources[:-1]] == [b.start for b in reader.sources[1:]]
    assert len(reuse.links(net)) == 3 * (layers + 1) * (layers + 2) // 2


def test_other_models_have_no_such_readers():
    with pytest.raises(ValueError, match=r"Only a DenseNet for small pictures.*small-convnet"):
        reuse.readers(models.sketch("small-convnet", (8, 8, 1)))
    with pytest.raises(ValueError, match=r"measure must be one of weight, scaled. Received: measure='loudness'"):
        reuse.by_link(None, "loudness")


def test_weight_equals_a_slow_twin(model):
    for reader in (reuse.readers(model)[1], reuse.readers(model)[-1]):
        kernel = array(reader.layer.kernel)
        twin = [np.mean([abs(w) for w in kernel[..., c, :].ravel()]) for c in range(kernel.shape[-2])]
        np.testing.assert_allclose(reuse.weight(reader), twin, rtol=1e-5)
        np.testing.assert_allclose(reuse.scaled_weight(reader), twin * np.abs(array(reader.norm.gamma)), rtol=1e-5)


def test_a_planted_link_is_found_in_its_place():
    net = small(1)
    reader = reuse.readers(net)[5]  # the transition behind block 2
    kernel = np.zeros(reader.layer.kernel.shape)
    kernel[..., reader.sources[1], :] = -0.5
    reader.layer.kernel.assign(kernel)
    found = reuse.triangles(reuse.by_link(net))
    np.testing.assert_allclose(found[1][:, -1], [0, 0.5, 0])
    assert np.isnan(found[1][2, 1])
    assert found.shape == (3, 3, 3)
    assert np.nanmin(found[0]) > 0


def test_a_factor_may_move_between_gamma_and_the_weights():
    net, (x, _) = small(2), pictures()
    before, weights, scaled = array(net(x)), reuse.by_link(net), reuse.by_link(net, "scaled")
    reuse.move_factor(reuse.readers(net)[2], np.linspace(2, 4, 22))
    np.testing.assert_allclose(array(net(x)), before, atol=1e-5)
    np.testing.assert_allclose(reuse.by_link(net, "scaled"), scaled, rtol=1e-5)
    assert np.sum(~np.isclose(reuse.by_link(net), weights, rtol=0.01)) == 3
    with pytest.raises(ValueError, match=r"22 factors above 0. Received: shape \(3,\)"):
        reuse.move_factor(reuse.readers(net)[2], np.ones(3))
    with pytest.raises(ValueError, match="factors above 0"):
        reuse.move_factor(reuse.readers(net)[2], -np.ones(22))


@given(st.integers(1, 7), st.data())
def test_triangles_keep_every_number(size, draw):
    count = 3 * size * (size + 1) // 2
    values = draw.draw(arrays(float, count, elements=st.floats(0, 1e3)))
    maps = reuse.triangles(values)
    assert maps.shape == (3, size, size)
    np.testing.assert_array_equal(np.concatenate([block.T[~np.isnan(block.T)] for block in maps]), values)
    for block in maps:
        assert np.isnan(block[np.tril_indices(size, -1)]).all()


@pytest.mark.parametrize("count", [0, 3 * 4, 10])
def test_triangles_refuse_other_counts(count):
    with pytest.raises(ValueError, match=rf"3 L \(L \+ 1\) / 2 links. Received: shape \({count},\)"):
        reuse.triangles(np.ones(count))


def test_evenness_at_both_ends():
    np.testing.assert_allclose(reuse.evenness(np.full(18, 0.3)), 1)
    single = np.tile([1, 0, 1, 0, 0, 1.0], 3)  # each reader reads its last source
    np.testing.assert_allclose(reuse.evenness(single), np.tile([1 / 2, 1 / 3], (3, 1)))


@examples(100)
@given(arrays(float, 18, elements=st.floats(1e-3, 1e3)), st.floats(1e-3, 1e3))
def test_evenness_has_no_unit(values, factor):
    found = reuse.evenness(values)
    np.testing.assert_allclose(reuse.evenness(values * factor), found)
    assert np.all(found <= 1 + 1e-9)
    assert np.all(found >= np.array([1 / 2, 1 / 3]) - 1e-9)


def test_weight_by_source_compares_within_a_reader():
    """Readers of 1, 2 and 3 sources, each louder than the one before: the input gets half of what others get."""
    values = np.tile([9, 1, 2, 10, 20, 20.0], 3)
    np.testing.assert_allclose(reuse.by_source(values), np.tile([0.6333333, 1.2666667, 1.2], (3, 1)))
    np.testing.assert_allclose(reuse.by_source(np.tile([5, 1, 1, 4, 4, 4.0], 3)), 1)


# Silence ------------------------------------------------------------------------------------------------------------


def test_block_maps_end_with_what_was_made_last(model):
    x, _ = pictures(3)
    maps = reuse_silence.block_maps(model, x)
    assert [m.shape for m in maps] == [(3, 8, 8, 22), (3, 4, 4, 28), (3, 2, 2, 34)]
    np.testing.assert_allclose(maps[0][..., :16], array(model.get_layer("conv1_conv")(x)), atol=1e-5)


def test_a_classifier_that_reads_means_answers_the_mean(model):
    """Behind the last ReLU all is linear, so silence for every channel gives the mean of the logits."""
    x, _ = pictures()
    reader, before = reuse.readers(model)[-1], array(model(x))
    with reuse_silence.silenced(reader, np.ones(34, bool), reuse_silence.means(model, x)[3, "classifier"]):
        np.testing.assert_allclose(array(model(x)), np.tile(before.mean(0), (24, 1)), atol=1e-4)
    np.testing.assert_array_equal(array(model(x)), before)


def test_silence_ends_with_an_error_too(model):
    reader = reuse.readers(model)[3]
    before = [w.copy() for w in reader.norm.get_weights()]
    with pytest.raises(RuntimeError), reuse_silence.silenced(reader, np.ones(22, bool), np.zeros(22)):
        raise RuntimeError
    for now, then in zip(reader.norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_channel_is_silent_for_its_reader_alone(model):
    """The same as giving the reader's convolution zeros for the channel, but for the channel's mean."""
    x, _ = pictures()
    first, second = reuse.readers(model)[:2]
    channels = np.arange(16) < 3
    kernel = array(first.layer.kernel).copy()
    with reuse_silence.silenced(first, channels, np.zeros(16)):
        silent = array(model(x))
    try:
        first.layer.kernel.assign(np.where(channels[:, None], 0, kernel))
        np.testing.assert_allclose(array(model(x)), silent, atol=1e-5)
    finally:
        first.layer.kernel.assign(kernel)
    with reuse_silence.silenced(second, np.arange(19) < 3, np.zeros(19)):
        assert not np.allclose(array(model(x)), silent, atol=1e-3)


def test_what_cannot_be_silenced_or_weighed_is_refused(model):
    reader = reuse.readers(model)[0]
    for channels in (np.ones(16), np.ones(3, bool)):
        with (
            pytest.raises(ValueError, match="16 truth values"),
            reuse_silence.silenced(reader, channels, np.zeros(16)),
        ):
            pass
    with pytest.raises(ValueError, match="at least 0"):
        reuse.evenness(np.full(18, -1.0))


def test_loss_is_that_of_keras(model):
    x, y = pictures()
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, model(x))
    assert reuse_silence.loss(model, x, y) == pytest.approx(float(array(theirs)), abs=1e-4)


def test_a_link_without_weights_is_worth_nothing():
    net, (x, y) = small(3), pictures()
    place = [(link.reader.block, link.reader.name, link.source) for link in reuse.links(net)].index((2, "layer 2", 1))
    link = reuse.links(net)[place]
    kernel = array(link.reader.layer.kernel).copy()
    kernel[..., link.channels, :] = 0
    link.reader.layer.kernel.assign(kernel)
    rise = reuse_silence.removal(net, x, y)
    assert len(rise) == 18
    assert abs(rise[place]) < 1e-5
    assert np.sum(np.abs(rise) > 1e-4) > 10


def test_reach_ends_with_the_whole_net_and_begins_with_the_last_source():
    net, (x, _) = small(4), pictures(200)
    net.get_layer("predictions").bias.assign(-array(net(x)).mean(0))  # or one class would always win
    y = array(net(x)).argmax(1)
    found = reuse_silence.reach(net, x, y)
    assert found[-1] == 1.0
    assert found[0] < 1.0
    for link in reuse.links(net):
        if len(link.reader.sources) - link.source > 1:  # nothing but the last source carries weight
            kernel = array(link.reader.layer.kernel).copy()
            kernel[..., link.channels, :] = 0
            link.reader.layer.kernel.assign(kernel)
    assert reuse_silence.reach(net, x, array(net(x)).argmax(1)) == [1.0, 1.0, 1.0]


def test_no_silent_channel_changes_nothing(model):
    test = pictures()
    known, whole = reuse_silence.means(model, test[0]), reuse_silence.loss(model, *test)
    none, every = np.zeros(28, bool), np.ones(28, bool)
    assert reuse_silence.without_channels(model, 2, none, test, known) == pytest.approx(whole)
    assert reuse_silence.without_channels(model, 2, every, test, known) != pytest.approx(whole, abs=1e-3)
    links = [link for link in reuse.links(model) if link.reader.block == 2]
    with reuse_silence.cut(links, known):
        cut = reuse_silence.loss(model, *test)
    assert reuse_silence.without_channels(model, 2, every, test, known) == pytest.approx(cut, abs=1e-5)


# Nets ---------------------------------------------------------------------------------------------------------------


def test_nets_that_are_compared_have_about_equal_size():
    counts = {name: models.profile(_sketch(name)).trainable for name in reuse_nets.NETS}
    assert counts["dense"] == 75_730
    near = {name: counts[name] / counts["dense"] for name in trials.EQUAL}
    assert all(0.96 < ratio < 1.09 for ratio in near.values()), near
    assert counts["dense 4"] < counts["residual 5"]
    assert counts["dense 24"] < counts["residual 20"]


def _sketch(name: str) -> keras.Model:
    from cvnotes import backend

    with backend.unallocated():
        return reuse_nets.net(name)


def test_the_summing_net_adds():
    net, (x, _) = reuse_nets.summed(depth=10, width=6), pictures()
    assert net.output_shape == (None, 10)
    for number in (2, 3, 4):
        for i in (1, 2):
            net.get_layer(f"conv{number}_block{i}_1_conv").kernel.assign(np.zeros((3, 3, 6, 6)))
    inner = keras.Model(net.input, net.get_layer("pool2_bn").input)
    np.testing.assert_allclose(array(inner(x)), array(net.get_layer("conv1_conv")(x)), atol=1e-6)
    for wrong, words in ((11, "3n \\+ 4, such as 10"), (4, "depth must be at least 7")):
        with pytest.raises(ValueError, match=words):
            reuse_nets.summed(depth=wrong)
    with pytest.raises(ValueError, match="name must be one of 'dense'"):
        reuse_nets.net("narrow")


def test_decay_adds_the_squares_of_all_weights():
    net = small(5)
    squares = sum(float(np.sum(array(weight) ** 2)) for weight in net.trainable_weights)
    assert reuse_nets.decayed(net, 0.0).losses == []
    losses = [float(array(loss)) for loss in reuse_nets.decayed(net, 0.01).losses]
    assert sum(losses) == pytest.approx(0.01 * squares, rel=1e-4)


def test_the_task_is_the_same_at_every_call():
    given = reuse_nets.task()
    reuse_nets.task.cache_clear()
    again = reuse_nets.task()
    for part, count in (("train", 704), ("validation", 195), ("test", 898)):
        (x, y), (same, _) = getattr(given, part), getattr(again, part)
        np.testing.assert_array_equal(x, same)
        assert x.shape == (count, 8, 8, 1)
        assert x.dtype == np.float32
        assert y.shape == (count,)
        assert x.std() > 0.4  # digits and noise
    assert not np.isclose(given.train[0][:195], given.validation[0]).all()


def test_training_lowers_the_loss():
    keras.utils.set_random_seed(0)
    net, given = models.build("densenet-cifar", reuse_nets.SHAPE, 10, depth=7, growth=4), reuse_nets.task().train
    before = reuse_silence.loss(net, *given)
    reuse_nets.trained(net, 0, 2, trials.RATE)
    assert reuse_silence.loss(net, *given) < before - 0.2
    assert reuse_nets.score(net) > 0.2


# Experiments and pictures -------------------------------------------------------------------------------------------


def test_stored_results_are_those_of_the_code():
    reasons = experiments.stale("densenet")
    assert not {name for name in reasons if name.split(".")[-1] in ("equal", "rates", "short", "sizes", "weights")}


def test_rates_are_the_best_on_validation_digits():
    stored = experiments.load("densenet", "rates")
    best = {name: trials.RATES_TRIED[int(found.mean(0).argmax())] for name, found in stored.items()}
    assert best == reuse_nets.RATES
    assert {reuse_nets.rate_of(name) for name in ("dense 4", "BC", "compressed")} == {best["dense"]}
    assert reuse_nets.rate_of("residual 20") == best["residual"]


def test_rising_shares_silence_as_many_inputs_as_new_maps(model, monkeypatch):
    seen = []
    spy = lambda net, block, some, test, known: seen.append((block, some)) or 1.0  # noqa: E731
    monkeypatch.setattr(reuse_silence, "without_channels", spy)
    found = trials.rising(model, pictures(), seed=0)
    assert {name: len(values) for name, values in found.items()} == {"input": 6, "new": 6}
    assert {block for block, _ in seen} == {2, 3}
    for start in range(0, len(seen), 2 * trials.DRAWS):
        inputs, new = seen[start : start + trials.DRAWS], seen[start + trials.DRAWS : start + 2 * trials.DRAWS]
        first = {2: 22, 3: 28}[inputs[0][0]]
        assert all(not some[first:].any() for _, some in inputs)
        assert all(not some[:first].any() for _, some in new)
        assert len({some.sum() for _, some in inputs + new}) == 1


@pytest.mark.parametrize("net", reuse_drawings.WORDS)
@pytest.mark.parametrize("measure", reuse_drawings.MEASURES)
@pytest.mark.parametrize("shown", reuse_drawings.SHOWN)
@pytest.mark.once
def test_explore_figure_over_its_whole_grid(net, measure, shown):
    found = reuse_drawings.maps(net, measure, shown)
    if shown == reuse_drawings.SHOWN[1]:
        np.testing.assert_allclose(np.nanmean(found, 1), 1)
    images = [ax.images[0] for ax in reuse_drawings.heat_map(net, measure, shown).axes[:3]]
    for block, image in enumerate(images):
        np.testing.assert_allclose(image.get_array().filled(np.nan), found[block])
    assert reuse_drawings.WORDS[net] in reuse_drawings.says_heat_map(net, measure, shown)


def test_channels_are_those_of_the_net():
    found = np.array([link.channels.stop - link.channels.start for link in reuse.links(_long())])
    counted = reuse_drawings.channels()[..., None] + 0 * reuse.triangles(found)
    np.testing.assert_array_equal(counted, reuse.triangles(found))
    total, weight = (reuse_drawings.maps("trained", measure) for measure in ("total", "weight"))
    np.testing.assert_allclose(total[2, 0], 112 * weight[2, 0])


def _long() -> keras.Model:
    from cvnotes import backend

    with backend.unallocated():
        return trials.long_net(0)


def test_pictures_refuse_unknown_words():
    with pytest.raises(ValueError, match="net must be one of 'untrained'"):
        reuse_drawings.maps("frozen", "weight")
    with pytest.raises(ValueError, match="shown must be one of 'as it is'"):
        reuse_drawings.maps("trained", "weight", "loud")


def test_pictures_draw_their_numbers():
    rng = np.random.default_rng(0)
    found = {name: rng.random(5) for name in reuse_nets.NETS}
    found |= {f"{name}_{cost}": np.full(5, 1e4) for name in reuse_nets.NETS for cost in ("parameters", "macs")}
    assert isinstance(reuse_drawings.by_cost(found), Figure)
    fig = reuse_drawings.rising({"input": rng.random((5, 6)), "new": rng.random((5, 6))}, (0.25, 0.5, 1))
    assert [ax.get_title() for ax in fig.axes] == ["block 2", "block 3"]
    drawn = reuse_drawings.removed(np.tile(np.arange(18.0), (2, 1))).axes[0].images[0].get_array()
    assert drawn.max() == 5
