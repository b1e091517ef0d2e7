"""Systems: strips and their readers, backbones with strides and holes, and the numbers that are stored of them."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cvnotes import experiments, systems
from cvnotes.systems import backbones, context, readers, strips, trials
from tests.examples import examples

NUMBERS = st.lists(st.integers(0, 3), max_size=5)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Strips -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", [False, True])
def test_a_strip_says_where_each_digit_ends(test):
    written = strips.written(40, seed=2, digits=(2, 5), test=test)
    assert written.images.shape == (40, 8, 3 + 5 * 11, 1)
    assert {len(text) for text in written.texts} == {2, 3, 4, 5}
    for image, ends, text in zip(written.images[..., 0], written.ends, written.texts, strict=True):
        places = np.flatnonzero(ends != strips.NOTHING)
        assert ends[places].tolist() == text
        inked = image.any(axis=0)
        assert not inked[places].any(), "a digit ends at the first blank column behind it"
        assert inked[places - 1].all()
        blank_starts = np.flatnonzero(inked[:-1] & ~inked[1:]) + 1
        assert set(places) <= set(blank_starts)


def test_strips_hold_the_digits_that_they_say():
    written = strips.written(20, seed=3, digits=(1, 1), test=True)
    shapes, labels = strips.inked(True)
    for image, text in zip(written.images[..., 0], written.texts, strict=True):
        columns = np.flatnonzero(image.any(axis=0))
        drawn = image[:, columns[0] : columns[-1] + 1]
        fits = [label for shape, label in zip(shapes, labels, strict=True) if np.array_equal(shape, drawn)]
        assert text[0] in fits


def test_strips_repeat_with_their_seed_and_refuse_what_cannot_be():
    one, same, other = (strips.written(5, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.images, same.images)
    assert one.texts != other.texts
    for count, digits in ((0, (1, 2)), (3, (0, 2)), (3, (4, 2))):
        with pytest.raises(ValueError, match="must be at least"):
            strips.written(count, 0, digits)
    for digits in (3, (1,)):
        with pytest.raises(ValueError, match="digits must be two numbers"):
            strips.written(1, 0, digits)


def all_edits(word):
    """Every word one edit away, over the letters 0 to 3."""
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    shorter = [a + b[1:] for a, b in splits if b]
    changed = [(*a, c, *b[1:]) for a, b in splits if b for c in range(4)]
    return {*shorter, *changed, *((*a, c, *b) for a, b in splits for c in range(4))}


def searched(read, true):
    """The distance by breadth-first search: the slow twin."""
    known, wave, steps = {tuple(read)}, {tuple(read)}, 0
    while tuple(true) not in wave:
        wave = {longer for word in wave for longer in all_edits(word) if len(longer) <= 4} - known
        known, steps = known | wave, steps + 1
    return steps


@given(st.lists(st.integers(0, 3), max_size=4), st.lists(st.integers(0, 3), max_size=4))
@examples(25)
def test_edit_distance_is_the_shortest_path(read, true):
    assert strips.edit_distance(read, true) == searched(read, true)


@given(NUMBERS, NUMBERS, NUMBERS)
@examples(60)
def test_edit_distance_is_a_distance(a, b, c):
    d = strips.edit_distance
    assert (d(a, b) == 0) == (a == b)
    assert d(a, b) == d(b, a) <= max(len(a), len(b))
    assert d(a, c) <= d(a, b) + d(b, c)


def test_error_rate():
    assert strips.error_rate([[1, 2], [3]], [[1, 2], [3]]) == 0
    assert strips.error_rate([[], []], [[1, 2], [3]]) == 1
    assert strips.error_rate([[1, 3, 2], [3]], [[1, 2], [4]]) == pytest.approx(2 / 3)
    for read, true in (([[1]], [[1], [2]]), ([[1]], [[]]), ([], [])):
        with pytest.raises(ValueError, match="Give a reading for each strip, and some digits"):
            strips.error_rate(read, true)


# Readers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", readers.UNITS)
def test_an_answer_depends_on_as_many_columns_as_is_said(kind):
    keras.utils.set_random_seed(0)
    net, x = readers.reader(kind), np.abs(noise(1, 8, 60, 1))
    before = ops.convert_to_numpy(net(x))
    assert before.shape == (1, 60, 11)
    moved = []
    for column in range(60):
        changed = x.copy()
        changed[:, :, column] += 3
        moved.append(np.abs(ops.convert_to_numpy(net(changed)) - before)[0, 40].max())
    touched = np.flatnonzero(np.array(moved) > 0)
    assert touched[-1] == 41, "the block looks one column ahead"
    sees = readers.SEES[kind]
    assert len(touched) == sees if sees else touched[0] < 10


def test_readers_are_of_one_size():
    sizes = [readers.reader(kind).count_params() for kind in readers.UNITS]
    assert max(sizes) < 1.03 * min(sizes)
    with pytest.raises(ValueError, match=r"kind must be one of 'alone'.*Received: kind='ear'"):
        readers.reader("ear")


def test_what_is_heard_is_what_the_columns_say():
    said = np.full((3, 9), strips.NOTHING)
    said[0, [2, 5]], said[1, 8] = (7, 7), 0
    assert readers.heard(lambda x, training: ops.one_hot(x, 11), said, batch=2) == [[7, 7], [0], []]
    with pytest.raises(ValueError, match="at least one strip"):
        readers.heard(None, said[:0])


def test_a_short_training_of_the_recurrent_reader_learns():
    keras.utils.set_random_seed(0)
    net, lessons = readers.reader("LSTM"), strips.written(300, 5, (1, 2))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    history = experiments.fit(net, lessons.images, lessons.ends, epochs=6, batch=30, rate=1e-2, seed=0, loss=loss)
    assert history["loss"][-1] < 0.75 * history["loss"][0]


# Backbones ----------------------------------------------------------------------------------------------------------


def logits(kind, weights, x):
    net = backbones.backbone(kind)
    net.set_weights(weights)
    return ops.convert_to_numpy(keras.Model(net.input, net.get_layer("logits").output)(x, training=False))


def test_holes_give_the_answers_of_strides_and_more_between_them():
    keras.utils.set_random_seed(3)
    weights = [w + 0.1 * np.abs(noise(*w.shape)) for w in backbones.backbone("strided").get_weights()]
    x = np.abs(noise(2, 32, 32, 3))
    coarse, fine, plain = (logits(kind, weights, x) for kind in ("strided", "dilated", "plain"))
    assert coarse.shape == (2, 4, 4, 6)
    assert fine.shape == plain.shape == (2, 16, 16, 6)
    np.testing.assert_allclose(fine[:, ::4, ::4], coarse, rtol=1e-4, atol=1e-4)
    assert np.abs(plain[:, ::4, ::4] - coarse).max() > 1e-2
    assert np.abs(fine[:, 1::4, 1::4] - coarse).max() > 1e-2


@pytest.mark.parametrize(("kind", "reach"), [("strided", 31), ("dilated", 31), ("plain", 15)])
def test_fields_of_the_backbones(kind, reach):
    from cvnotes.convolution_variants import receptive

    stack = [receptive.Layer(3, stride, dilation=dilation) for stride, dilation in backbones.STEPS[kind]]
    assert receptive.receptive_field(stack).size == reach


def test_backbones_give_a_logit_for_each_pixel_and_class():
    for kind in backbones.STEPS:
        net = backbones.backbone(kind)
        assert net.output_shape == (None, 32, 32, 6)
        assert net.count_params() == backbones.backbone("strided").count_params()
    with pytest.raises(ValueError, match="kind must be one of 'strided'"):
        backbones.backbone("deep")


def test_answers_name_the_shape_of_each_pixel():
    scenes = backbones.views(4, seed=8)
    true = backbones.answers(scenes)
    for scene, row in zip(scenes, true, strict=True):
        for label, mask in zip(scene.labels, scene.masks, strict=True):
            assert (row[mask] == label + 1).all()
        assert (row[~scene.masks.any(0)] == 0).all()
    with pytest.raises(ValueError, match=r"one shape each. Received: \[2\]"):
        backbones.answers(context.views(2, seed=1, objects=2))


def test_shapes_are_as_large_as_is_said():
    for name, (least, most) in {"small": (6, 15), "large": (15, 28)}.items():
        sizes = np.ptp(backbones.views(60, seed=2, shapes=name).full_boxes.reshape(-1, 2, 2), axis=1).max(-1)
        assert least < sizes.min()
        assert sizes.max() < most
    with pytest.raises(ValueError, match="shapes must be one of 'all'"):
        backbones.views(1, 0, "huge")


def test_mean_iou_agrees_with_scikit_learn():
    from sklearn.metrics import jaccard_score

    rng = np.random.default_rng(0)
    said, true = rng.integers(0, 4, (2, 3, 8, 8))
    assert backbones.mean_iou(said, true) == pytest.approx(jaccard_score(true.ravel(), said.ravel(), average="macro"))
    assert backbones.mean_iou(true, true) == 1
    assert backbones.mean_iou(0 * true, 0 * true + 1) == 0


def test_border_accuracy_looks_at_borders_alone():
    from skimage.segmentation import find_boundaries

    true = np.zeros((2, 12, 12), int)
    true[:, 3:8, 4:9] = 2
    edge = backbones.borders(true)
    assert np.array_equal(edge[0], find_boundaries(true[0], connectivity=2, mode="thick"))
    wrong = np.where(edge, true, 5)
    assert backbones.border_accuracy(wrong, true) == 1
    assert backbones.border_accuracy(np.where(edge, 5, true), true) == 0
    with pytest.raises(ValueError, match="a truth with borders"):
        backbones.border_accuracy(true, 0 * true)
    for said in (true[0], true[:1], true / 2, true > 0):
        with pytest.raises(ValueError, match="Give two maps of classes"):
            backbones.border_accuracy(said, true)
        with pytest.raises(ValueError, match="Give two maps of classes"):
            backbones.mean_iou(said, true)


# What is stored -----------------------------------------------------------------------------------------------------


def test_stored_readings_hang_together():
    found = experiments.load("systems", "reading")
    for kind in readers.UNITS:
        assert (found[f"{kind}_weights"] == readers.reader(kind).count_params()).all()
        for name in ("short", "long"):
            exact = found[f"{kind}_{name}_exact"]
            assert ((exact >= 0) & (exact <= 1)).all()
    assert (found["LSTM_short"] < found["alone_short"]).all()


def test_stored_segments_hang_together():
    found = experiments.load("systems", "segments")
    for kind in backbones.STEPS:
        assert (found[f"{kind}_small_iou"] > found["ground_small_iou"]).all()
    for name in ("small", "large"):
        assert (found[f"dilated_{name}_border"] > found[f"strided_{name}_border"]).all()


def test_everything_public_can_be_had():
    for name in systems.__all__:
        assert getattr(systems, name) is not None


def test_trials_name_pixels_in_parts():
    net = lambda x, training: np.eye(6)[(x[..., 0] * 5).astype(int)]  # noqa: E731
    x = np.random.default_rng(1).integers(0, 6, (230, 4, 4, 1)) / 5
    np.testing.assert_array_equal(trials.named_pixels(net, x), np.rint(x[..., 0] * 5).astype(int))


# Figures ------------------------------------------------------------------------------------------------------------


def test_the_figure_of_the_reader_says_what_was_read():
    from cvnotes.systems import drawings

    for strip in (1, 2):
        last = [drawings.read_so_far(strip, step) for step in range(drawings.STEPS)]
        lengths = [len(named) for named, _ in last]
        assert lengths == sorted(lengths)
        assert last[0] == ([], 0)
        assert last[-1][1] == strips.written(1, 0, (4, 4)).images.shape[2]
        assert all(longer[: len(shorter)] == shorter for (shorter, _), (longer, _) in itertools.pairwise(last))
    drawings.reading(1, 12)
    assert drawings.say_reading(1, 0) == "Strip 1, 0 columns passed: the reader has named nothing."
    with pytest.raises(ValueError, match="strip must be a whole number from 1 to 2"):
        drawings.reading(3, 0)
