"""CapsNet against its peer: equal weights, moved digits, readouts with known answers, sweeps, costs and the paper."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from matplotlib.figure import Figure
from scipy import ndimage, stats
from skimage import measure

from cvnotes import backend, capsules, data, experiments, models
from cvnotes.capsules import capsnet_drawings, contest, cost, moves, paper, peers, readout, sweep, trials_capsnet
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(0)
    return peers.capsule_net()


# Peers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [{}, {"shape": (24, 24, 3), "stride": 2}])
def test_both_nets_have_the_same_number_of_weights(size):
    caps, conv = peers.capsule_net(**size).encoder, peers.conv_net(**size)
    assert abs(caps.count_params() / conv.count_params() - 1) < 0.02
    alike = [[tuple(w.shape) for w in net.weights[:4]] for net in (caps, conv)]
    assert alike[0] == alike[1], "the convolutions are the same"
    assert peers.codes(conv, noise(2, *conv.input_shape[1:])).shape == (2, 10 * peers.NUMBERS)


def test_uniform_coupling_is_a_dense_layer_under_a_squash():
    layer, u = capsules.Capsules(4, 5, rounds=1), noise(3, 6, 2)
    v = array(layer(u))
    matrix = array(layer.kernel).transpose(0, 3, 1, 2).reshape(6 * 2, 4 * 5) / 4
    np.testing.assert_allclose(v, array(capsules.squash((u.reshape(3, -1) @ matrix).reshape(3, 4, 5))), atol=1e-6)
    routed = capsules.Capsules(4, 5, rounds=3)
    routed.build(u.shape)
    routed.set_weights(layer.get_weights())
    assert np.abs(array(routed(u)) - v).max() > 1e-4


def test_scores_and_codes_are_the_nets_own_in_batches(net):
    x, conv = noise(300, 12, 12, 1), peers.conv_net()
    wholes = array(net(x))
    np.testing.assert_allclose(peers.scores(net, x), np.linalg.norm(wholes, axis=-1), atol=1e-6)
    np.testing.assert_allclose(peers.codes(net, x), wholes.reshape(300, -1), atol=1e-6)
    np.testing.assert_allclose(peers.scores(conv, x), array(conv(x)), atol=1e-5)
    top = array(conv.get_layer("logits")(peers.codes(conv, x)))
    np.testing.assert_allclose(peers.scores(conv, x), top, atol=1e-5)
    assert peers.scores(net, x[:0]).shape == (0, 10)


def test_right_and_both_count_what_is_named(net):
    x = noise(40, 12, 12, 1)
    order = np.argsort(peers.scores(net, x), axis=1)
    first, second, third = order[:, -1], order[:, -2], order[:, -3]
    assert peers.right(net, x, first) == 1
    assert peers.right(net, x, second) == 0
    rows = np.eye(10)
    assert peers.both(net, x, rows[first] + rows[second]) == 1
    assert peers.both(net, x, rows[first] + rows[third]) == 0
    with pytest.raises(ValueError, match="two ones"):
        peers.both(net, x, rows[first])


# Moves --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 4), st.integers(0, 10**6))
@examples(15)
def test_strewn_pictures_are_whole_shifts(most, seed):
    x, dice = noise(5, 6, 7, 2, seed=seed), np.random.default_rng(seed)
    for before, after in zip(x, moves.strewn(x, most, dice), strict=True):
        ways = [(a, b) for a in range(-most, most + 1) for b in range(-most, most + 1)]
        assert any(np.array_equal(ndimage.shift(before, (*way, 0), order=0), after) for way in ways)


def test_strewn_digits_keep_all_their_ink_within_the_room():
    x = moves.digits().test_images[:50]
    there = moves.strewn(x, moves.ROOM, np.random.default_rng(0))
    np.testing.assert_allclose(there.sum((1, 2, 3)), x.sum((1, 2, 3)), rtol=1e-6)
    assert len({tuple(row) for row in (sweep.measured(there) - sweep.measured(x))[:, :2].round().astype(int)}) > 15
    assert moves.strewn(x[:0], 2, np.random.default_rng(0)).shape == (0, 12, 12, 1)
    np.testing.assert_array_equal(moves.strewn(x, 0, np.random.default_rng(0)), x)


def blob(side=31):
    """A long narrow hill, upright, in the middle."""
    y, x = np.indices((side, side)) - (side - 1) / 2
    return np.exp(-(x**2) / 8 - y**2 / 30).astype("float32")[None, :, :, None]


def test_posed_pictures_are_where_the_dials_say():
    still = np.array([[0, 0, 0, 1, 0]], dtype=float)
    np.testing.assert_allclose(moves.posed(blob(), still), blob(), atol=1e-6)
    dials = np.array([[2.5, -1.5, 0, 1, 0]])
    change = sweep.measured(moves.posed(blob(), dials)) - sweep.measured(blob())
    np.testing.assert_allclose(change[0, :2], [2.5, -1.5], atol=0.01)
    wide = sweep.measured(moves.posed(blob(), np.array([[0, 0, 0, 1.2, 0]])))[0]
    np.testing.assert_allclose(wide[2:4] / sweep.measured(blob())[0, 2:4], 1.2, atol=0.02)
    fat = moves.posed(blob(), np.array([[0, 0, 0, 1, 1.0]]))
    np.testing.assert_allclose(fat[0, ..., 0], ndimage.grey_dilation(blob()[0, ..., 0], (2, 2)), atol=1e-6)


@pytest.mark.parametrize("turn", [-15, 10])
def test_posed_pictures_turn_counter_clockwise(turn):
    there = moves.posed(blob(), np.array([[0, 0, turn, 1, 0]]))[0, ..., 0]
    # scikit-image measures from the row axis, counter-clockwise
    angle = measure.regionprops((there > 0).astype(int), intensity_image=there)[0]
    central = angle.moments_weighted_central
    found = np.rad2deg(0.5 * np.arctan2(2 * central[1, 1], central[2, 0] - central[0, 2]))
    assert found == pytest.approx(turn, abs=0.5)
    assert np.sign(sweep.measured(there[None, ..., None])[0, 4]) == -np.sign(turn)


@pytest.mark.once
def test_dials_stay_in_their_ranges_and_are_drawn_by_themselves():
    found = moves.dials(4000, 0)
    low, high = np.array(list(moves.DIALS.values())).T
    assert np.all((found >= low) & (found <= high))
    np.testing.assert_allclose(found.mean(0), (low + high) / 2, atol=0.05 * (high - low).max())
    assert np.abs(np.corrcoef(found.T) - np.eye(5)).max() < 0.06
    assert moves.posed(moves.digits().test_images[:0], moves.dials(0, 0)).shape == (0, 12, 12, 1)


def test_pairs_are_two_digits_of_two_classes():
    d = moves.digits()
    over, rows, layers = moves.laid_over(d.test_images, d.test_labels, 80, 3)
    assert (over.shape, rows.shape, layers.shape) == ((80, 12, 12, 1), (80, 10), (80, 2, 12, 12, 1))
    assert np.all(rows.sum(1) == 2)
    assert set(np.unique(rows)) == {0, 1}
    np.testing.assert_array_equal(over, np.maximum(layers[:, 0], layers[:, 1]))
    again = moves.laid_over(d.test_images, d.test_labels, 80, 3)[0]
    np.testing.assert_array_equal(over, again)
    known = {tuple(np.sort(one[one > 0])): label for one, label in zip(d.test_images, d.test_labels, strict=True)}
    for both, row in zip(layers, rows, strict=True):  # each layer is a test digit, moved
        assert {known[tuple(np.sort(one[one > 0]))] for one in both} == set(np.flatnonzero(row))
    assert moves.laid_over(d.test_images, d.test_labels, 0, 0)[0].shape == (0, 12, 12, 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: moves.strewn(noise(2, 5, 5), 1, None), "n, h, w, c"),
        (lambda: moves.strewn(noise(2, 5, 5, 1), -1, None), "most must be"),
        (lambda: moves.posed(noise(2, 5, 5, 1), np.zeros((1, 5))), "one row of right, down"),
        (lambda: moves.posed(noise(1, 5, 5, 1), np.full((1, 5), np.nan)), "one row of"),
        (lambda: moves.posed(noise(1, 5, 5, 1), np.zeros((1, 5))), "size must be a number above 0"),
        (lambda: moves.laid_over(noise(3, 5, 5, 1), [1, 1, 1], 2, 0), "Two classes"),
        (lambda: moves.dials(-1, 0), "count must be"),
    ],
)
def test_moves_refuse(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# Readouts -----------------------------------------------------------------------------------------------------------


def test_a_straight_line_reads_what_is_there_and_nothing_else():
    code, other = noise(400, 6), noise(300, 6, seed=1)
    linear = np.array([[1, -2, 0, 0, 0, 3], [0, 1, 1, 0, 0, 0]]).T
    told, true = code @ linear, other @ linear
    np.testing.assert_allclose(readout.explained(code, told, other, true), 1, atol=1e-5)
    blank = readout.explained(code, noise(400, 1, seed=2), other, noise(300, 1, seed=3))
    assert abs(blank[0]) < 0.05
    half = told[:, :1] + linear[:, 0].std() * np.sqrt(6) * noise(400, 1, seed=4)
    fresh = true[:, :1] + linear[:, 0].std() * np.sqrt(6) * noise(300, 1, seed=5)
    wanted = 1 - fresh_share(fresh, true[:, :1])
    assert readout.explained(code, half, other, fresh)[0] == pytest.approx(wanted, abs=0.06)


def fresh_share(noisy, clean):
    return np.sum((noisy - clean) ** 2) / np.sum((noisy - noisy.mean()) ** 2)


def test_one_penalty_is_right_where_least_squares_is():
    code, told = noise(500, 3), noise(500, 2, seed=1)
    told[:, 0] += code[:, 1]
    r = stats.linregress(code[:, 1], told[:, 0]).rvalue
    found = readout.explained(code[:, 1:2], told[:, :1], code[:, 1:2], told[:, :1])
    assert found[0] == pytest.approx(r**2, abs=1e-4)


def test_classes_are_read_one_by_one():
    """One capsule a class: the same number means the opposite in the other class."""
    labels = np.arange(600) % 2
    code, sign = noise(600, 4), 1 - 2 * labels
    mine = np.where(labels == 0, code[:, 0], code[:, 2])
    target = (sign * mine)[:, None]
    seen, new = (code[:400], labels[:400], target[:400]), (code[400:], labels[400:], target[400:])
    assert readout.by_class(seen, new, 2, own=True)[0] > 0.999
    assert readout.by_class(seen, new)[0] > 0.999
    assert readout.by_class(seen, new, 2, own=True, together=True) > 0.999
    swapped = (code[:, [2, 3, 0, 1]][:400], *seen[1:]), (code[:, [2, 3, 0, 1]][400:], *new[1:])
    assert readout.by_class(*swapped, 2, own=True)[0] < 0.1


def test_together_weighs_targets_by_their_variance():
    code = noise(500, 2)
    told = np.stack([10 * code[:, 0], noise(500, seed=1)], axis=1)
    labels = np.zeros(500, int)
    apart, together = (readout.by_class((code, labels, told), (code, labels, told), together=t) for t in (False, True))
    assert apart[0] > 0.999
    assert apart[1] < 0.05
    assert together == pytest.approx((100 * apart[0] + apart[1]) / 101, abs=0.01)


def test_main_parts_are_those_with_the_most_variance():
    code = noise(200, 5) * [1, 9, 1, 5, 1]
    seen, new = readout.main_parts(code, code[:7], 2)
    assert (seen.shape, new.shape) == ((200, 2), (7, 2))
    assert abs(np.corrcoef(seen[:, 0], code[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(seen[:, 1], code[:, 3])[0, 1]) > 0.99


def test_readouts_refuse():
    with pytest.raises(ValueError, match="targets \\(n, m\\), twice"):
        readout.explained(noise(5, 2), noise(5), noise(5, 2), noise(5))
    with pytest.raises(ValueError, match="targets \\(n, m\\), twice"):
        readout.explained(noise(5, 2), noise(5, 1), noise(5, 3), noise(5, 1))


# What a capsule knows -----------------------------------------------------------------------------------------------


def test_own_numbers_are_those_of_the_class(net):
    x, labels = noise(6, 12, 12, 1), np.array([0, 3, 9, 1, 1, 4])
    wholes = array(net(x))
    np.testing.assert_allclose(sweep.own(peers.codes(net, x), labels), wholes[range(6), labels], atol=1e-6)
    for bad in (labels[:5], labels - 1, labels + 1):
        with pytest.raises(ValueError, match="one label from 0 to 9"):
            sweep.own(peers.codes(net, x), bad)


def test_length_and_direction_of_known_vectors():
    before = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert sweep.moved(before, before) == (0, 0)
    length, angle = sweep.moved(before, np.array([[6.0, 8.0], [0.0, 1.0]]))
    assert length == pytest.approx(0.5)
    assert angle == pytest.approx(45)
    assert sweep.moved(before, 0.5 * before)[0] == pytest.approx(0.5)
    for bad in ((before, before[:1]), (before, 0 * before)):
        with pytest.raises(ValueError, match=r"Give vectors|points nowhere"):
            sweep.moved(*bad)


def test_motion_of_pixels_themselves():
    """A code that is the picture keeps its length as long as no ink leaves."""
    x, labels = moves.digits().test_images[:20], np.zeros(20, int)
    found = sweep.motion(lambda images: images.reshape(len(images), -1), x, labels, (0, 2), numbers=144)
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-6)
    assert found[0, 1] < 0.1 < 20 < found[1, 1]


def test_moments_are_those_of_scikit_image():
    x = np.random.default_rng(0).random((3, 9, 8, 1))
    x[:, 2:5, 1:4] += 3
    for picture, found in zip(x[..., 0], sweep.measured(x), strict=True):
        m, c = measure.moments(picture), measure.moments_central(picture)
        np.testing.assert_allclose(found[:2], [m[0, 1] / m[0, 0], m[1, 0] / m[0, 0]])
        np.testing.assert_allclose(found[2:4] ** 2, [c[0, 2] / c[0, 0], c[2, 0] / c[0, 0]])
        np.testing.assert_allclose(found[4:], [-c[1, 1] / c[2, 0], m[0, 0]])


def test_slant_leans_to_the_right_as_one_goes_up():
    x = np.zeros((1, 5, 5, 1))
    x[0, range(5), range(4, -1, -1), 0] = 1
    assert sweep.measured(x)[0, 4] == pytest.approx(1)
    for bad in (np.zeros((1, 5, 5, 1)), np.ones((2, 5, 5)), np.ones((1, 5, 5, 3))):
        with pytest.raises(ValueError, match="some ink"):
            sweep.measured(bad)


def test_drawn_is_what_the_net_redraws(net):
    x, labels = moves.digits().test_images[:5], moves.digits().test_labels[:5]
    mine = sweep.own(peers.codes(net, x), labels)
    np.testing.assert_allclose(sweep.drawn(net, mine, labels), array(net.redraw(net(x), labels)), atol=1e-6)
    there = sweep.turned_to(mine, 3, 0.5)
    np.testing.assert_allclose(there - mine, 0.5 * np.eye(8)[3][None].repeat(5, 0), atol=1e-6)
    with pytest.raises(ValueError, match="which must be"):
        sweep.turned_to(mine, 8, 0.1)


def test_redrawn_is_nothing_for_class_means_and_all_for_a_perfect_decoder(net):
    d = moves.digits()
    x, y = d.test_images, d.test_labels

    class Painter:
        """Draws what it is told to, whatever the capsules."""

        encoder = net.encoder

        def __init__(self, pictures):
            self.pictures, self.at = pictures, 0

        def decoder(self, rows):
            self.at += len(rows)
            return self.pictures[self.at - len(rows) : self.at]

    means = np.stack([x[y == label].mean(0) for label in range(10)])[y]
    code = peers.codes(net, x)
    for pictures, share in ((x, 1), (means, 0)):
        painter = Painter(pictures)
        drawn = sweep.drawn(painter, sweep.own(code, y), y)
        assert sweep.share_redrawn(drawn, x, y) == pytest.approx(share, abs=1e-6)


def test_effects_of_a_decoder_that_is_known(net):
    """Its number 2 shifts a spot to the right in all classes, its number 5 one way or the other by class."""

    class Spot:
        encoder = net.encoder

        @staticmethod
        def decoder(rows):
            cubes = np.asarray(rows).reshape(-1, 10, 8)
            label = np.abs(cubes).sum(2).argmax(1)
            own = cubes[np.arange(len(cubes)), label]
            x = 6 + 4 * own[:, 2]
            y = 6 + 4 * own[:, 5] * np.where(label % 2, 1, -1)
            rows, columns = np.indices((12, 12))
            far = (columns - x[:, None, None]) ** 2 + (rows - y[:, None, None]) ** 2
            return np.exp(-far / 4)[..., None]

    labels = np.repeat(np.arange(10), 3)
    mine = np.abs(noise(30, 8)) * 0.1 + 1
    mine[:, [2, 5]] = 0
    found = sweep.effects(Spot, mine, labels)
    assert found.shape == (8, 10, len(sweep.MOMENTS))
    np.testing.assert_allclose(found[2, :, 0], 2, atol=0.01)
    np.testing.assert_allclose(found[5, :, 1], 2 * np.where(np.arange(10) % 2, 1, -1), atol=0.01)
    assert np.abs(np.delete(found, [2, 5], 0)).max() < 1e-6
    meaning = sweep.one_meaning(found)
    assert meaning[2, 0] == pytest.approx(1)
    assert meaning[5, 1] < 0.01
    assert sweep.strongest(found[[2, 5]]) > 0.99
    assert sweep.strongest(np.ones((3, 2, 4))) == pytest.approx(0.25)


def test_chance_is_that_of_a_walk_of_signs():
    """The mean distance of a walk of ten steps is that of a binomial, as a share of ten."""
    wanted = np.dot(stats.binom.pmf(range(11), 10, 0.5), np.abs(2 * np.arange(11) - 10)) / 10
    assert sweep.by_chance(np.ones((4, 10, 3)), 400) == pytest.approx(wanted, abs=0.02)


# The contest --------------------------------------------------------------------------------------------------------


def test_tasks_are_what_their_names_say():
    found, d = contest.tasks(0), moves.digits()
    assert tuple(found) == contest.TESTS
    for name, views in found.items():
        for x, y in views:
            assert x.shape[1:] == (12, 12, 1)
            assert len(x) == len(y)
            assert (y.ndim == 2) == (name == "two overlapping")
    x, _ = found["as they are"][0]
    np.testing.assert_array_equal(x, d.test_images)
    middles = [sweep.measured(view)[:, :2] - sweep.measured(x)[:, :2] for view, _ in found["shifted by 2"]]
    assert sorted(np.mean(middles, axis=1).round(3).tolist()) == [[-2, 0], [0, -2], [0, 2], [2, 0]]
    slants = [sweep.measured(view)[:, 4].mean() for view in (x, *(turned for turned, _ in found["turned by 30°"]))]
    assert slants[1] > slants[0] > slants[2]
    mixed = found["quarters scrambled"][0][0]
    np.testing.assert_allclose(np.sort(mixed.reshape(len(mixed), -1)), np.sort(x.reshape(len(x), -1)))
    assert np.abs(mixed - x).max((1, 2, 3)).min() > 0


@pytest.mark.parametrize(("arm", "several"), [("blind", False), ("capsules", True), ("convnet", True)])
def test_arms_learn_labels_and_rows(arm, several):
    d = moves.digits()
    x, y = d.train_images[:24], d.train_labels[:24]
    if several:
        x, y, _ = moves.laid_over(x, y, 24, 0)
    net = contest.taught(arm, x, y, seed=0, epochs=30)
    keras.utils.set_random_seed(0)
    assert contest.named(net, x, y) > contest.named(contest.ARMS[arm](), x, y) + 0.4


def test_unknown_arms_are_refused():
    with pytest.raises(ValueError, match="arm"):
        contest.taught("transformer", noise(2, 12, 12, 1), [0, 1], seed=0, epochs=1)


def test_painted_shapes_are_balanced_and_new():
    x, y = contest.painted(40, 0)
    assert x.shape == (40, 20, 20, 3)
    assert np.bincount(y).tolist() == [8] * len(contest.SHAPES)
    assert np.abs(contest.painted(40, 1)[0] - x).mean() > 0.05


def test_the_stored_results_are_complete():
    for name in trials_capsnet.STORED:
        fn = getattr(trials_capsnet, name)
        assert experiments.record("capsules", name)["version"] == fn.version
        assert all(len(values) == len(fn.seeds) for values in experiments.load("capsules", name).values())


def test_rates_are_the_best_of_those_tried():
    """The better of the means, or as good within what validation can tell, one digit of 270."""
    for arm, found in experiments.load("capsules", "rates").items():
        means = found.mean(0)
        assert means[contest.TRIED.index(contest.RATES[arm])] >= means.max() - 1 / 270


# What it costs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decoder", "count"), [((512, 1024), 8_215_568), (None, 6_804_224)])
def test_the_net_of_the_paper_is_counted_by_name(decoder, count):
    with backend.unallocated():
        graph = paper.capsnet_graph(decoder=decoder)
        net = capsules.capsnet(decoder=decoder)
    profile = models.profile(graph)
    assert profile.trainable == profile.parameters == graph.count_params() == net.count_params() == count
    assert profile.uncounted == ()


def test_the_graph_says_what_the_trainable_net_says():
    keras.utils.set_random_seed(0)
    graph = paper.capsnet_graph((20, 20, 3), 4, decoder=(9,), rounds=2)
    net = capsules.capsnet((20, 20, 3), 4, decoder=(9,), rounds=2)
    net.set_weights(graph.get_weights())
    x = noise(2, 20, 20, 3)
    lengths, redrawn = graph(x)
    wholes = net(x)
    np.testing.assert_allclose(array(lengths), np.linalg.norm(array(wholes), axis=-1), atol=1e-6)
    np.testing.assert_allclose(array(redrawn), array(net.redraw(wholes)), atol=1e-6)


def test_multiplications_are_those_of_the_formulas():
    profile = models.profile(peers.capsule_net(rounds=3).encoder)
    macs = {row.name: row.macs for row in profile.rows}
    votes, pairs = 128 * 10 * 8 * 8, 128 * 10 * 8
    assert macs["conv"] == 8 * 8 * 32 * 25
    assert macs["primary"] == 4 * 4 * 64 * 25 * 32
    assert macs["classes"] == votes + 5 * pairs
    one = models.profile(peers.capsule_net(rounds=1).encoder)
    assert profile.macs - one.macs == 4 * pairs


def test_multiplications_are_those_that_numpy_counts():
    """Of the three sums that routing is made of, for one picture."""
    i, j, d, k, rounds = 1152, 10, 16, 8, 3
    votes, sums, agreement = "ik,ijdk->jid", "ji,jid->jd", "jid,jd->ji"
    shapes = {"ik": (i, k), "ijdk": (i, j, d, k), "ji": (j, i), "jid": (j, i, d), "jd": (j, d)}

    def count(formula):
        arrays = [np.broadcast_to(0.0, shapes[name]) for name in formula.split("->")[0].split(",")]
        report = np.einsum_path(formula, *arrays, optimize="greedy")[1]
        return float(report.split("Naive FLOP count:")[1].split()[0]) / 2  # a multiplication and an addition

    wanted = count(votes) + rounds * count(sums) + (rounds - 1) * count(agreement)
    layer = capsules.Capsules(j, d, rounds)
    assert models.rules.cost(layer, [(i, k)], (j, d)).macs == pytest.approx(wanted, rel=1e-3)


def test_a_step_trains():
    keras.utils.set_random_seed(0)
    net = capsules.capsnet((10, 10, 1), filters=2, kernel=3, channels=1, primary_kernel=3, rounds=2, decoder=(4,))
    step, before = cost.stepper(net, 4, rate=1e-2), net.get_weights()
    step()
    assert all(np.isfinite(w).all() for w in net.get_weights())
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(before, net.get_weights(), strict=True))


def test_routing_costs_no_more_than_the_issue_allows():
    """At the size of the paper, measured in turns: see the experiment `paper`."""
    stored = experiments.load("capsules", "paper")
    assert np.median(stored["held"]) <= 1.3


# Drawings -----------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_frame_is_drawn_and_said(net):
    d = moves.digits()
    labels = d.test_labels[:2]
    mine, ways = sweep.own(peers.codes(net, d.test_images[:2]), labels), noise(10, 2, 8)
    draw, say = capsnet_drawings.player(net, mine, labels, ways)
    for knob in (*capsnet_drawings.NUMBERED, *capsnet_drawings.SHIFTS):
        for turn in capsnet_drawings.TURNS:
            assert isinstance(draw(knob, turn), Figure)
            assert (f"number {knob} " if isinstance(knob, int) else f"pixels {knob}") in say(knob, turn)
    assert "−0.40" in say(1, -1)
    assert "+2.0 pixels down" in say("down", 1)


def test_tiles_stand_where_their_pictures_stood():
    x = np.random.default_rng(0).random((2, 3, 4, 5, 1))
    tile = capsnet_drawings.tiled(x, gap=2, shade=7)
    assert tile.shape == (2 * 4 + 2, 3 * 5 + 2 * 2)
    np.testing.assert_array_equal(tile[6:10, 14:19], x[1, 2, ..., 0])
    assert np.all(tile[4:6] == 7)
    assert np.all(tile[:, 5:7] == 7)


def test_handles_are_those_that_the_capsules_were_made_by():
    dials, labels, ways = noise(60, 2), np.arange(60) % 3, noise(3, 2, 5, seed=1)
    made = np.einsum("nm,nmk->nk", dials, ways[labels]) + noise(3, 5, seed=2)[labels]
    np.testing.assert_allclose(sweep.handles(made, labels, dials), ways, atol=1e-4)
    with pytest.raises(ValueError, match="one row of dials"):
        sweep.handles(made, labels, dials[:5])


@pytest.mark.once
def test_pictures_are_figures():
    stored = {name: {"length": noise(5, 4) ** 2, "angle": noise(5, 4) ** 2} for name in "ab"}
    figures = [
        capsnet_drawings.moving(stored, (1, 2, 3, 4)),
        capsnet_drawings.heat(noise(8, 10, 6), np.ones(6), sweep.MOMENTS),
    ]
    assert all(isinstance(one, Figure) for one in figures)


def test_data_are_the_books_own():
    np.testing.assert_array_equal(moves.digits().test_images[:, 2:10, 2:10], data.digits().test_images)
    assert moves.digits().test_images.sum() == pytest.approx(data.digits().test_images.sum(), rel=1e-5)
