"""Systems: regions with phrases, and what context and fusion add; pieces, nets, and the numbers that are stored."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy import ndimage

from cvnotes import experiments
from cvnotes.captioning import words
from cvnotes.data import captions as grammar
from cvnotes.systems import context, phrases, regions, trials_context, trials_regions
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Regions ------------------------------------------------------------------------------------------------------------


def test_lessons_are_read_back_as_the_boxes_of_the_scene():
    scenes = phrases.crowds(20, seed=1)
    wanted = regions.lessons(scenes)
    chances, boxes = regions.to_boxes(np.concatenate([20 * wanted[..., :1] - 10, wanted[..., 1:]], -1))
    for scene, chance, box in zip(scenes, chances, boxes, strict=True):
        place = regions.peaks(chance)
        found = box[tuple(place.T)]
        assert len(found) == len(scene), "no two objects share a cell or touch"
        assert regions.overlaps(scene.boxes, found).max(1).min() > 0.999


def test_boxes_are_held_to_a_sensible_size():
    said = np.zeros((8, 8, 5))
    said[..., 3:] = 50
    _, boxes = regions.to_boxes(said)
    np.testing.assert_allclose(boxes[..., 2] - boxes[..., 0], 33)
    for wrong in (np.zeros((8, 8, 4)), np.zeros((4, 8, 5)), np.zeros(5)):
        with pytest.raises(ValueError, match="Give five numbers at each of 8 x 8 places"):
            regions.to_boxes(wrong)


def slow_peaks(chances, least):
    padded = np.pad(chances, 1)
    return [
        [r, c]
        for r in range(len(chances))
        for c in range(chances.shape[1])
        if chances[r, c] > least and chances[r, c] == padded[r : r + 3, c : c + 3].max()
    ]


@given(st.integers(0, 1000), st.floats(0, 1))
@examples(30)
def test_peaks_agree_with_a_slow_twin(seed, least):
    chances = np.random.default_rng(seed).uniform(size=(6, 7))
    assert regions.peaks(chances, least).tolist() == slow_peaks(chances, least)


def test_peaks_refuse_what_is_no_map():
    with pytest.raises(ValueError, match="chances of one picture"):
        regions.peaks(np.zeros((2, 8, 8)))
    for logit in (3, np.nan):
        with pytest.raises(ValueError, match="from 0 to 1"):
            regions.peaks(np.full((8, 8), logit))
    with pytest.raises(ValueError, match="least must be a number from 0 to 1"):
        regions.peaks(np.zeros((8, 8)), 2)
    assert regions.peaks(np.zeros((8, 8))).shape == (0, 2)


@pytest.mark.parametrize("cell", [1, 4])
def test_roi_agrees_with_scipy(cell):
    grid, dice = noise(8, 6, 3), np.random.default_rng(1)
    corners = dice.uniform(-6, 30, (5, 2))
    boxes = np.concatenate([corners, corners + dice.uniform(1, 12, (5, 2))], axis=1)
    mine = regions.roi(grid, boxes, bins=4, cell=cell)
    assert mine.dtype == grid.dtype
    share = (np.arange(4) + 0.5) / 4
    for box, piece in zip(boxes, mine, strict=True):
        down, across = (box[k] + share * (box[k + 2] - box[k]) for k in (1, 0))
        at = np.stack(np.meshgrid(down, across, indexing="ij")) / cell - 0.5
        for channel in range(3):
            theirs = ndimage.map_coordinates(grid[..., channel], at, order=1, mode="nearest")
            np.testing.assert_allclose(piece[..., channel], theirs, atol=1e-5)


def test_roi_of_the_whole_map_is_the_map():
    grid = noise(8, 8, 2)
    np.testing.assert_allclose(regions.roi(grid, [[0, 0, 32, 32]], 8)[0], grid, atol=1e-6)
    assert regions.roi(grid, np.zeros((0, 4)), 3).shape == (0, 3, 3, 2)
    for wrong in (grid[0], np.zeros((8, 8, 2), np.uint8)):
        with pytest.raises(ValueError, match="Give a map"):
            regions.roi(wrong, [[0, 0, 1, 1]], 3)
    for wrong in ([0, 0, 1, 1], [[9, 0, 1, 1]], [[0, 0, 1, np.nan]]):
        with pytest.raises(ValueError, match="Give boxes"):
            regions.roi(grid, wrong, 3)
    with pytest.raises(ValueError, match="cell must be a number above 0"):
        regions.roi(grid, [[0, 0, 1, 1]], 3, cell=0)


def test_overlaps_of_known_boxes():
    shared = regions.overlaps([[0, 0, 2, 2], [0, 0, 4, 4]], [[0, 0, 2, 2], [2, 2, 4, 4], [1, 0, 3, 2]])
    np.testing.assert_allclose(shared, [[1, 0, 1 / 3], [1 / 4, 1 / 4, 1 / 4]])
    assert regions.overlaps(np.zeros((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)
    for wrong in ([0, 0, 1, 1], np.zeros((2, 6)), [[3, 0, 1, 1]]):
        with pytest.raises(ValueError, match="Give boxes"):
            regions.overlaps(wrong, [[0, 0, 1, 1]])


def test_proposal_loss_by_hand():
    wanted, said = np.zeros((2, 8, 8, 5), "float32"), noise(2, 8, 8, 5)
    wanted[0, 1, 2], wanted[1, 5, 5] = [1, 0.2, -0.3, 0.1, 0], [1, 0, 0, 0, 0.5]
    chance = 1 / (1 + np.exp(-said[..., 0].astype(float)))
    scores = -np.log(np.where(wanted[..., 0] > 0, chance, 1 - chance)).sum((1, 2))
    boxes = [np.abs(wanted[0, 1, 2] - said[0, 1, 2])[1:].sum(), np.abs(wanted[1, 5, 5] - said[1, 5, 5])[1:].sum()]
    loss = regions.proposal_loss(ops.convert_to_tensor(wanted), ops.convert_to_tensor(said))
    assert float(ops.convert_to_numpy(loss)) == pytest.approx(np.mean(scores + boxes), rel=1e-4)


# Phrases ------------------------------------------------------------------------------------------------------------


def test_names_are_true_phrases_of_the_grammar():
    for scene in phrases.crowds(20, seed=4):
        for j, name in enumerate(phrases.names(scene)):
            assert grammar.fits(grammar.parse(name).subject, scene, j)


def test_scores_of_regions_that_are_known():
    scenes = phrases.crowds(12, seed=5)
    true, told = [scene.boxes for scene in scenes], [phrases.names(scene) for scene in scenes]
    assert phrases.scored(scenes, true, told) == {"found": 1, "both": 1, "false": 0}
    backwards = [boxes[::-1] for boxes in true], [names[::-1] for names in told]
    assert phrases.scored(scenes, *backwards)["both"] == 1, "the order of the regions has no say"
    lies = [["a red star"] * len(scene) for scene in scenes]
    share = np.mean([name == "a red star" for names in told for name in names])
    assert phrases.scored(scenes, true, lies) == {"found": 1, "both": share, "false": 0}
    far = [boxes + 20 for boxes in true]
    assert phrases.scored(scenes, far, told)["false"] > 0.9
    none = phrases.scored(scenes, [np.zeros((0, 4))] * 12, [[]] * 12)
    assert none == {"found": 0, "both": 0, "false": 0}
    with pytest.raises(ValueError, match="boxes, and each box a phrase"):
        phrases.scored(scenes, true, told[:3])


def test_pieces_and_phrases_keep_their_pictures():
    maps = noise(3, 8, 8, 48)
    boxes = [np.array([[0, 0, 8, 8], [8, 8, 20, 20]]), np.zeros((0, 4)), np.array([[4, 4, 12, 16]])]
    code = phrases.pieces(maps, boxes)
    assert code.shape == (3, 9, 48)
    np.testing.assert_allclose(code[2], regions.roi(maps[2], boxes[2], 3)[0].reshape(9, 48))
    voice = phrases.decoder.captioner("flattened", (9, 48))
    said = phrases.spoken(voice, maps, boxes)
    assert [len(row) for row in said] == [2, 0, 1]
    assert said[2] == phrases.spoken(voice, maps[2:], boxes[2:])[0]
    assert phrases.spoken(voice, maps, [np.zeros((0, 4))] * 3) == [[], [], []]


def test_the_stored_sketch_finds_and_names():
    sketch, scenes = phrases.stored_sketch(), phrases.crowds(60, seed=600)
    told = phrases.region_phrases(sketch, scenes.floats)
    boxes = [np.array([region.box for region in row]).reshape(-1, 4) for row in told]
    scores = phrases.scored(scenes, boxes, [[region.phrase for region in row] for row in told])
    wrong = phrases.scored(scenes, [*boxes[1:], boxes[0]], [[r.phrase for r in row] for row in [*told[1:], told[0]]])
    assert scores["both"] > 0.6
    assert wrong["both"] < 0.1
    for row in told:
        chances = [region.chance for region in row]
        assert chances == sorted(chances, reverse=True)
        assert all(chance > 0.5 for chance in chances)
    for images in (scenes.images, scenes.floats[0], scenes.floats[:0], np.nan * scenes.floats[:1]):
        with pytest.raises(ValueError, match="Give pictures"):
            phrases.region_phrases(sketch, images)


# One sentence for a picture -----------------------------------------------------------------------------------------


def test_a_sentence_names_what_it_names():
    scene = next(s for s in phrases.crowds(30, seed=6) if len(s) == 3 and len(set(phrases.names(s))) == 3)
    first, second, _ = phrases.names(scene)
    assert trials_regions.mentioned(first, scene) == pytest.approx(1 / 3)
    assert trials_regions.mentioned(f"{first} left of {second}", scene) == pytest.approx(2 / 3)
    assert trials_regions.mentioned("star a of", scene) == 0
    assert trials_regions.mentioned(f"a {scene.class_names[0]}", scene) == 0, "a colour is asked for"
    assert trials_regions.best_sentence(scene) == pytest.approx(2 / 3)


def test_boxes_elsewhere():
    dice = np.random.default_rng(0)
    for scene in phrases.crowds(10, seed=7):
        away = trials_regions.elsewhere(scene, dice, away=True)
        assert away.shape == (len(scene), 4)
        assert regions.overlaps(away, scene.boxes).max() < 0.25
        assert (away >= 0).all()
        assert (away <= 32).all()


# Context ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_candidates_cover_a_share_of_the_true_box(share):
    scenes = context.views(20, seed=3, objects=(2, 3))
    boxes, true = context.candidates(scenes, 1, share), scenes.boxes[:, 0]
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], share * (true[:, 2:] - true[:, :2]), rtol=1e-5)
    assert (boxes[:, :2] >= true[:, :2] - 1e-4).all()
    assert (boxes[:, 2:] <= true[:, 2:] + 1e-4).all()
    assert np.allclose(boxes, true) == (share == 1)
    for wrong in (0, 1.5):
        with pytest.raises(ValueError, match="share must be a number above 0 to 1"):
            context.candidates(scenes, 1, wrong)


def test_regions_around_a_box():
    scenes = context.views(6, seed=4)
    boxes = context.candidates(scenes, 0, 0.5)
    x = context.around(scenes.floats, boxes)
    assert x.shape == (6, 3, 10, 10, 3)
    for k, factor in enumerate((1, 2, 4)):
        middle = (boxes[2, :2] + boxes[2, 2:]) / 2
        half = factor * (boxes[2, 2:] - boxes[2, :2]) / 2
        wanted = regions.roi(scenes.floats[2], [[*(middle - half), *(middle + half)]], 10, cell=1)[0]
        np.testing.assert_allclose(x[2, k], wanted, atol=1e-6)
    np.testing.assert_allclose(context.scaled([[4, 4, 8, 12]], 2), [[2, 0, 10, 16]])
    with pytest.raises(ValueError, match="factor must be a number above 0"):
        context.scaled([[0, 0, 1, 1]], 0)
    for wrong in ((scenes.floats, boxes[:5]), (scenes.floats[0], boxes)):
        with pytest.raises(ValueError, match="a box each"):
            context.around(*wrong)


def test_only_nets_with_context_look_around():
    keras.utils.set_random_seed(0)
    x = np.abs(noise(4, 3, 10, 10, 3))
    other = x.copy()
    other[:, 1:] = np.abs(noise(4, 2, 10, 10, 3, seed=1))
    for kind in context.WIDTH:
        net = context.context_net(kind)
        moved = np.abs(ops.convert_to_numpy(net(x, training=False) - net(other, training=False))).max()
        assert (moved > 1e-4) == (kind != "box")
    sizes = [context.context_net(kind).count_params() for kind in context.WIDTH]
    assert max(sizes) < 1.02 * min(sizes)
    with pytest.raises(ValueError, match="kind must be one of 'box'"):
        context.context_net("wide")


def test_a_closed_gate_lets_nothing_pass():
    keras.utils.set_random_seed(0)
    net, x = context.context_net("gated"), np.abs(noise(3, 3, 10, 10, 3))
    other = x.copy()
    other[:, 2] = np.abs(noise(3, 10, 10, 3, seed=1))
    last = keras.Model(net.input, net.get_layer("logits").input)
    box = slice(0, 2 * context.WIDTH["gated"])  # what is said of the box and of the middle region

    def moved():
        return np.abs(ops.convert_to_numpy(last(x) - last(other)))[:, box].max()

    assert moved() > 1e-4
    for layer in net.layers:
        if layer.name.startswith("gate"):
            kernel, bias = layer.get_weights()
            layer.set_weights([0 * kernel, 0 * bias - 100])
    assert moved() < 1e-6


def test_fusion_is_the_mean_of_shares():
    votes = np.array([[[0.6, 0.4, 0]], [[0.5, 0.1, 0.4]], [[0, 1, 0]]])
    np.testing.assert_allclose(context.fused(votes), [[1.1 / 3, 1.5 / 3, 0.4 / 3]])
    for wrong in (votes[0], votes * 2, votes - 1, votes[:, :0], np.nan * votes):
        with pytest.raises(ValueError, match="Give shares of one"):
            context.fused(wrong)


def test_chances_are_shares():
    x = np.abs(noise(3, 3, 10, 10, 3))
    shares = context.chances(context.context_net("joined"), x)
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-6)
    assert trials_context.right(np.eye(5)[[0, 1, 2]], np.array([0, 1, 3])) == pytest.approx(2 / 3)


# What is stored -----------------------------------------------------------------------------------------------------


def test_stored_dense_captions_hang_together():
    found = experiments.load("systems", "dense")
    for rival in ("anywhere", "shuffled", "empty"):
        assert (found["both"] > found[rival] + 0.3).all()
    assert (found["found"] >= found["both"]).all()
    assert (found["true_boxes"] >= found["both"] - 0.03).all()
    assert (found["whole"] == 0).all()


def test_stored_contexts_hang_together():
    found = experiments.load("systems", "surroundings")
    assert (found["joined_part"] > found["box_part"]).all()
    for kind in context.WIDTH:
        assert (found[f"{kind}_weights"] == context.context_net(kind).count_params()).all()
        for world in ("part", "whole", "crowd"):
            assert (found[f"{kind}_{world}"] > 1 / len(words.KINDS)).all()


# Figures ------------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_the_figure_of_the_regions_over_its_whole_grid():
    from cvnotes.systems import drawings

    for scene in range(1, len(drawings.SHOWN) + 1):
        for region in range(1, 5):
            place, chosen = drawings.region_of(scene, region)
            assert place < region
            assert chosen.phrase in drawings.say_region(scene, region)
            chances = drawings.word_chances(scene, region)
            likeliest = [words.VOCABULARY[i] for i in chances.argmax(-1)]
            assert chosen.phrase.split()[1:] == likeliest, "greedy says the likeliest word each time"
    drawings.told_region(2, 1)
    for scene, region in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="must be"):
            drawings.told_region(scene, region)
