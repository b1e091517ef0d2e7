"""Scores of explanations: against answers known by hand, slow twins and libraries, on maps with known merits."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from cvnotes.attribution import scores, scores_board, scores_drawings, scores_field, trials_scores
from tests.examples import examples

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="no Keras in it: once is enough")
DICE = np.random.default_rng(0)


@pytest.fixture(scope="module")
def masks():
    found = np.zeros((6, 12, 16), bool)
    for i, mask in enumerate(found):
        mask[i : i + 4, 2 * i : 2 * i + 5] = True
    return found


@pytest.fixture(scope="module")
def net():
    """Logits (n, 2): the sum of the left half of the picture, and that of the right half."""
    return lambda x: ops.stack([ops.sum(x[:, :, :4], (1, 2, 3)), ops.sum(x[:, :, 4:], (1, 2, 3))], 1)


# Places -------------------------------------------------------------------------------------------------------------


@once
def test_pointing_counts_hits_near_the_mask_and_shares_ties(masks):
    maps = np.zeros(masks.shape)
    maps[:, 6, 8] = 1  # one pixel for all
    hit = masks[:, 6, 8].astype(float)
    assert 0 < hit.sum() < len(hit)
    np.testing.assert_array_equal(scores.pointing(maps, masks), hit)
    row, column = np.indices(masks.shape[1:])
    for i, mask in enumerate(masks):  # a slow twin of the tolerance
        nearest = np.hypot(row[mask] - 6, column[mask] - 8).min()
        for tolerance in (0, 1, 1.5, 3):
            assert scores.pointing(maps, masks, tolerance)[i] == (nearest <= tolerance)
    flat = np.full(masks.shape, 0.3)
    np.testing.assert_allclose(scores.pointing(flat, masks, 2), scores.reach(masks, 2).mean((1, 2)))
    maps[:, 0, 0] = 1  # a tie of a hit and, but for the first mask, a miss
    np.testing.assert_allclose(scores.pointing(maps, masks), (hit + masks[:, 0, 0]) / 2)


@once
def test_chance_of_pointing_is_what_noise_reaches(masks):
    many = np.repeat(masks, 700, 0)
    hits = scores.pointing(scores.noise(*many.shape), many, 1)
    wanted = scores.reach(masks, 1).mean()
    assert abs(hits.mean() - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / len(many))


@once
def test_energy_is_the_share_inside(masks):
    maps = DICE.random(masks.shape)
    by_hand = [maps[i][masks[i]].sum() / maps[i].sum() for i in range(len(maps))]
    np.testing.assert_allclose(scores.energy(maps, masks), by_hand)
    np.testing.assert_allclose(scores.energy(7 * maps, masks), by_hand)
    np.testing.assert_allclose(scores.energy(masks * 1.0, masks), 1)
    np.testing.assert_allclose(scores.energy(np.zeros(masks.shape), masks), masks.mean((1, 2)))
    with pytest.raises(ValueError, match="heat"):
        scores.energy(maps - 0.5, masks)


@once
@examples(40)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_the_best_overlap_is_that_of_every_threshold_tried(seed, values):
    dice = np.random.default_rng(seed)
    maps, mask = dice.integers(0, values, (1, 4, 5)).astype(float), dice.random((1, 4, 5)) < 0.4
    mask[0, 0, 0] = True
    tried = [((maps >= t) & mask).sum() / ((maps >= t) | mask).sum() for t in np.unique(maps)]
    assert scores.iou(maps, mask)[0] == pytest.approx(max(tried))
    assert all(scores.iou(maps, mask, q)[0] <= max(tried) + 1e-12 for q in (0, 0.3, 0.8, 1))


@once
def test_overlap_at_a_quantile_and_of_flat_maps(masks):
    maps = masks + 0.1 * DICE.random(masks.shape)
    np.testing.assert_allclose(scores.iou(maps, masks), 1)
    share = 1 - masks.mean((1, 2))
    assert scores.iou(maps[:1], masks[:1], share[0]) == pytest.approx(1)
    assert scores.iou(maps[:1], masks[:1], 0) == pytest.approx(masks[0].mean())
    for quantile in (None, 0.9):
        np.testing.assert_allclose(scores.iou(np.ones(masks.shape), masks, quantile), masks.mean((1, 2)))


@once
def test_what_is_no_map_or_no_mask_is_refused(masks):
    maps = DICE.random(masks.shape)
    for score in (scores.pointing, scores.energy, scores.iou):
        with pytest.raises(ValueError, match="shape"):
            score(maps, masks[:, :5])
        with pytest.raises(ValueError, match="n, h, w"):
            score(maps[..., None], masks)
        with pytest.raises(ValueError, match="finite"):
            score(maps * np.nan, masks)
        with pytest.raises(ValueError, match="pixel"):
            score(maps, masks & False)
        with pytest.raises(ValueError, match="truth values"):
            score(maps, 3 * masks)
    with pytest.raises(ValueError, match="tolerance"):
        scores.pointing(maps, masks, -1)
    with pytest.raises(ValueError, match="quantile"):
        scores.iou(maps, masks, 1.2)


# Order --------------------------------------------------------------------------------------------------------------


def test_deletion_and_insertion_give_what_covering_by_hand_gives(net):
    x, maps = DICE.random((3, 8, 8, 3)).astype("float32"), DICE.random((3, 8, 8))
    down, up = (
        turn(net, x, maps, [0, 1, 1], steps=5, size=2, fill=0.25) for turn in (scores.deletion, scores.insertion)
    )
    assert down.shape == up.shape == (3, 6)
    cells = scores.cells(maps, 2)
    for i, label in enumerate([0, 1, 1]):
        order = np.argsort(-cells[i], axis=None)
        for step in range(6):
            gone = np.zeros(16, bool)
            gone[order[: int(np.ceil(16 * step / 5))]] = True
            gone = np.kron(gone.reshape(4, 4), np.ones((2, 2)))[..., None] > 0
            for curve, picture in ((down, np.where(gone, 0.25, x[i])), (up, np.where(gone, x[i], 0.25))):
                wanted = picture[:, 4 * label : 4 * label + 4].sum()
                assert curve[i, step] == pytest.approx(wanted, abs=1e-3)


def test_the_target_of_removal_stays_that_of_the_whole_picture(net):
    x = np.zeros((2, 8, 8, 1), "float32")
    x[0, :, :4], x[1, :, 4:] = 1, 1
    maps = x[..., 0]
    given = scores.deletion(net, x, maps, [0, 1], steps=4, size=4, fill=0)
    np.testing.assert_allclose(scores.deletion(net, x, maps, steps=4, size=4, fill=0), given, atol=1e-4)
    np.testing.assert_allclose(given, [[32, 16, 0, 0, 0]] * 2, atol=1e-4)
    up = scores.insertion(net, x, maps, steps=4, size=4, fill=0)
    np.testing.assert_allclose(up, [[0, 16, 32, 32, 32]] * 2, atol=1e-4)
    one = scores.deletion(net, x, maps, lambda y: y[:, 0] - y[:, 1], steps=1, size=8, fill=0)
    np.testing.assert_allclose(one, [[32, 0], [-32, 0]], atol=1e-4)
    own = scores.deletion(net, x, maps, [0, 1], steps=4, size=4, fill=x[::-1], batch_size=3)
    np.testing.assert_allclose(own, [[32, 16, 0, 0, 0]] * 2, atol=1e-4)


@once
def test_equal_cells_come_in_an_order_drawn_by_seed():
    flat = np.zeros((200, 4, 4))
    place = scores.order(flat, seed=1)
    np.testing.assert_array_equal(np.sort(place.reshape(200, -1), 1), np.tile(np.arange(16), (200, 1)))
    assert abs(place[:, 0, 0].mean() - 7.5) < 1.5  # no corner is always first
    assert not np.array_equal(place, scores.order(flat, seed=2))
    rising = np.arange(16.0).reshape(1, 4, 4)
    np.testing.assert_array_equal(scores.order(rising), 15 - rising)


@once
def test_areas():
    np.testing.assert_allclose(scores.area([[1, 1, 1], [1, 0.5, 0], [0, 0, 1]]), [1, 0.5, 0.25])
    curves = np.array([[0.9, 0.2, 0.1], [0.7, 0.2, 0.1]])
    assert scores.relative_area(curves) == pytest.approx(9 / 28)
    assert scores.relative_area(curves[:, ::-1]) == pytest.approx(scores.relative_area(curves))
    assert scores.relative_area(3 * curves + 2) == pytest.approx(scores.relative_area(curves))
    with pytest.raises(ValueError, match="above the blank"):
        scores.relative_area([[0.5, 0.9, 0.5]])
    with pytest.raises(ValueError, match="step"):
        scores.area([[1], [2]])


def test_what_cannot_be_removed_is_refused(net):
    x, maps = np.zeros((2, 8, 8, 1), "float32"), np.zeros((2, 8, 8))
    for turn in (scores.deletion, scores.insertion):
        with pytest.raises(ValueError, match="one number a pixel"):
            turn(net, x, maps[:, :4], 0)
        with pytest.raises(ValueError, match="size must divide"):
            turn(net, x, maps, 0, size=3)
        with pytest.raises(ValueError, match="steps"):
            turn(net, x, maps, 0, steps=5, size=4)
        with pytest.raises(ValueError, match="fill"):
            turn(net, x, maps, 0, size=4, steps=2, fill=[1, 2])


# Sanity -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="low")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    return keras.Model(inputs, layers.Dense(5, name="head")(x))


def test_shuffling_keeps_the_values_and_loses_their_places(small):
    before = small.get_weights()
    assert scores.from_top(small) == ["head", "norm", "low"]
    copy = scores.shuffled(small, ["head"])
    for now, was, layer in zip(copy.weights, before, [w.path.split("/")[0] for w in small.weights], strict=True):
        values = keras.ops.convert_to_numpy(now)
        np.testing.assert_allclose(np.sort(values.ravel()), np.sort(was.ravel()))
        same = np.allclose(values, was)
        assert same == (layer != "head" or np.ptp(was) == 0)  # biases are all zero
    assert not np.allclose(scores.shuffled(small).get_weights()[0], before[0])
    for now, was in zip(small.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)
    x = DICE.random((2, 8, 8, 3)).astype("float32")
    same, was = (ops.convert_to_numpy(net(x, training=False)) for net in (scores.shuffled(small, []), small))
    np.testing.assert_allclose(same, was, atol=1e-6)


def test_a_layer_is_shuffled_alike_whatever_else_is(small):
    both, head = scores.shuffled(small, ["low", "head"], 3), scores.shuffled(small, ["head"], 3)
    np.testing.assert_array_equal(both.get_layer("head").get_weights()[0], head.get_layer("head").get_weights()[0])
    assert not np.allclose(scores.shuffled(small, ["head"], 4).get_weights()[-2], head.get_weights()[-2])
    with pytest.raises(ValueError, match="nose"):
        scores.shuffled(small, ["nose"])
    with pytest.raises(ValueError, match="nothing to shuffle"):
        scores.from_top(keras.Sequential([keras.Input((2,)), layers.ReLU()]))


@once
def test_likeness_is_spearmans():
    one, other = DICE.integers(0, 9, (2, 4, 6, 7)).astype(float)
    wanted = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(scores.likeness(one, other), wanted)
    np.testing.assert_allclose(scores.likeness(one, np.exp(one)), 1)
    np.testing.assert_allclose(scores.likeness(one, -one), -1)
    np.testing.assert_array_equal(scores.likeness(one, np.ones(one.shape)), 0)
    with pytest.raises(ValueError, match="equal shapes"):
        scores.likeness(one, other[:, :5])


@once
def test_structure_sees_the_same_and_no_scale():
    one, other = DICE.random((2, 3, 16, 16))
    np.testing.assert_allclose(scores.structure(one, 5 * one + 2), 1)
    assert scores.structure(one, other).max() < 0.5
    assert np.isfinite(scores.structure(one, np.zeros(one.shape))).all()
    with pytest.raises(ValueError, match="equal shapes"):
        scores.structure(one, other[:2])


@once
def test_fineness_of_what_is_fine_and_what_is_not():
    blocks = np.kron(DICE.random((3, 4, 4)), np.ones((8, 8)))
    np.testing.assert_allclose(scores.fineness(blocks), 0, atol=1e-9)
    stripes = np.tile([0.0, 1.0], (1, 32, 16))
    assert scores.fineness(stripes)[0] == pytest.approx(1)
    assert scores.fineness(scores.noise(50, 32, 32)).mean() == pytest.approx(1 - 1 / 64, abs=0.003)
    assert scores.fineness(np.ones((1, 8, 8)))[0] == 0


# Rivals and the field -----------------------------------------------------------------------------------------------


@once
def test_rivals_know_nothing_of_a_net():
    x = np.zeros((2, 16, 16, 3))
    x[:, :, 8:] = 1
    drawn = scores.edges(x)
    assert drawn.shape == (2, 16, 16)
    assert set(np.argwhere(drawn > 0)[:, 2]) == {7, 8}
    middle = scores.centre(2, 9, 9)
    assert middle.argmax() == 4 * 9 + 4
    assert middle[0, 0, 0] == 0
    np.testing.assert_allclose(middle, middle[:, ::-1, ::-1])
    np.testing.assert_array_equal(scores.noise(2, 4, 4, 1), scores.noise(2, 4, 4, 1))
    top = np.zeros((2, 16, 16), bool)
    top[:, :4] = True
    forged = scores.forgery(x, top)
    assert forged[:, 4:].sum() == 0
    np.testing.assert_array_equal(forged[:, :4], drawn[:, :4])
    with pytest.raises(ValueError, match="masks"):
        scores.forgery(x, top[:1])
    with pytest.raises(ValueError, match="height"):
        scores.edges(x[0])


@once
def test_two_objects_are_of_two_classes_and_apart():
    scenes, masks = scores_field.couples(4, 0)
    assert (scenes.labels[:, 0] != scenes.labels[:, 1]).all()
    assert masks.shape == (4, 2, 64, 64)
    assert masks.any((2, 3)).all()
    assert not masks.all(1).any()
    maps = masks.astype(float)
    right = scores_field.told_apart([maps[:, 0], maps[:, 1]], masks)
    wrong = scores_field.told_apart([maps[:, 1], maps[:, 0]], masks)
    assert right["own"] == 1
    assert wrong["own"] == 0
    assert right["alike"] < 0
    assert scores_field.told_apart([maps[:, 0]] * 2, masks) == pytest.approx({"alike": 1, "own": 0.5})


def test_every_method_gives_a_map_from_zero():
    keras.utils.set_random_seed(0)
    net, x = scores_field.subjects.plain(), scores_field.ground() * np.ones((1, 64, 64, 3), "float32")
    x[:, 20:40, 20:40] = 0
    for name in scores_field.QUICK:
        found = scores_field.explain(name, net, x, np.array([1]))
        assert found.shape == (1, 64, 64), name
        assert found.min() >= 0, name
    with pytest.raises(ValueError, match="name"):
        scores_field.explain("tea leaves", net, x, np.array([1]))
    with pytest.raises(ValueError, match="name"):
        scores_field.rival("tea leaves", x, np.array([1]))


def test_probabilities_share_the_weights_of_the_logits(small):
    ask, x = scores_field.chances(small), DICE.random((3, 8, 8, 3)).astype("float32")
    logits = ops.convert_to_numpy(small(x, training=False))
    found, wanted = map(ops.convert_to_numpy, (ask(x, training=False), ops.softmax(logits)))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert ask.weights[0] is small.weights[0]


# The board ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    """Five seeds in which every method is as good as its number, in all scores, with a little noise."""
    dice = np.random.default_rng(0)
    quality, found = np.arange(len(scores_field.NAMES) + 1) / 20, {}
    for experiment, number, sign in scores_board.COLUMNS.values():
        part = found.setdefault(experiment, {})
        for key in (number, f"plain_{number}", f"residual_{number}"):
            part[key] = sign * quality + dice.normal(0, 1e-3, (5, len(quality)))
    return found


@once
def test_the_board_has_a_row_for_each_map_and_net(stored):
    rows = scores_board.rows(stored, trials_scores.KINDS)
    names = (*scores_field.NAMES, "true mask")
    assert [row[:2] for row in rows] == [[name, kind] for name in names for kind in trials_scores.KINDS]
    assert {len(row) for row in rows} == {2 + len(scores_board.COLUMNS)}
    assert rows[0][2] == scores_board.entry(stored["scores_table"]["plain_pointing"][:, 0])
    assert rows[0][-1] is not None
    assert rows[1][-1] is None  # marks are of one kind of net
    assert rows[-1][list(scores_board.COLUMNS).index("own object") + 2] is None
    assert scores_board.entry([0.1, 0.2, 0.3]) == "0.20±0.10"
    assert scores_board.entry([-0.1, -0.1]) == "−0.10±0.00"
    deep = {"scores_shuffled": {"plain_cascade": np.arange(24).reshape(2, 3, 4)}}
    np.testing.assert_array_equal(scores_board.column(deep, "plain", "top shuffled"), [[1, 5, 9], [13, 17, 21]])
    with pytest.raises(ValueError, match="name"):
        scores_board.column(stored, "plain", "beauty")


@once
def test_scores_that_rank_alike_agree_whatever_their_direction(stored):
    np.testing.assert_allclose(scores_board.agreement(stored, ("plain", "residual")), 1)
    turned = {name: dict(part) for name, part in stored.items()}
    turned["scores_table"]["plain_energy"] = -stored["scores_table"]["plain_energy"]
    matrix, at = scores_board.agreement(turned, ("plain",)), list(scores_board.COLUMNS).index("energy")
    np.testing.assert_allclose(np.delete(matrix[at], at), -1)


@once
def test_what_seeds_tell_apart(stored):
    share, level, best = scores_board.told(stored, "plain", "deletion")
    assert (share, level, best) == (1, [], tuple(scores_field.METHODS)[-1])
    vague = {"scores_table": {"plain_deletion": np.random.default_rng(0).normal(size=(5, 17))}}
    share, level, best = scores_board.told(vague, "plain", "deletion")
    assert share < 0.3
    assert len(level) > 5
    assert best not in level


# Pictures -----------------------------------------------------------------------------------------------------------


@once
def test_drawings_draw_and_say(masks):
    x, maps = DICE.random((6, 12, 16, 3)), {"noise": scores.noise(*masks.shape)}
    removals = {"noise": (np.linspace([1] * 6, [0] * 6, 5).T, np.linspace([0] * 6, [1] * 6, 5).T)}
    draw, say = scores_drawings.player(x, masks, maps, removals)
    assert isinstance(draw("noise", 2), Figure)
    share = scores.energy(maps["noise"], masks)[2]
    assert f"{share:.0%} of the map inside; area under deletion 0.5, under insertion 0.5." in say("noise", 2)
    lines = DICE.random((5, 4, 17))
    stored = {f"{kind}_deletion": lines for kind in ("plain", "marked")}
    for fig in (
        scores_drawings.turns(stored, trials_scores.ORDERS, "deletion"),
        scores_drawings.cascade({"plain_cascade": DICE.random((5, 12, 4))}, ["CAM", "gradient"], "plain"),
        scores_drawings.agreement(np.eye(3), ["a", "b", "c"]),
    ):
        assert isinstance(fig, Figure)
        fig.draw_without_rendering()
