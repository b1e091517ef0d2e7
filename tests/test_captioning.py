"""Captioning: words, calibration, recurrent cells, decoders with padding, decoding, and their experiments."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops
from scipy.special import log_softmax, softmax

from cvnotes import captioning, experiments
from cvnotes.captioning import calibration, cells, columns, decoder, decoding, drawings, encoder, heads, trials, words
from cvnotes.data import captions as grammar
from tests.examples import examples


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# Words --------------------------------------------------------------------------------------------------------------


def test_full_captions_are_true_and_use_the_vocabulary():
    scenes = words.views(80, seed=3)
    for scene in scenes:
        caption = words.full_caption(scene)
        assert grammar.holds(caption, scene)
        assert set(caption.split()) <= set(words.VOCABULARY[3:])
        assert str(grammar.parse(caption)) == caption
        if len(scene) == 2:
            (x0, y0), (x1, y1) = scene.centres
            first = int(x0 > x1) if abs(x0 - x1) >= abs(y0 - y1) else int(y0 > y1)
            assert caption.split()[1:3] == [scene.colour_names[first], scene.class_names[first]]
    lengths = {len(words.full_caption(scene).split()) for scene in scenes}
    assert lengths == {3, 7, 8}


def test_full_caption_is_for_one_or_two():
    for objects in (0, 3):
        with pytest.raises(ValueError, match=f"one or two objects. Received: {objects}"):
            words.full_caption(words.views(1, 0, objects)[0])


@given(
    st.lists(st.lists(st.sampled_from(words.VOCABULARY[3:]), min_size=0, max_size=words.MOST), min_size=1, max_size=4)
)
@examples(60)
def test_encoding_can_be_read_back(captions):
    captions = [" ".join(caption) for caption in captions]
    reads, says = words.encode(captions)
    assert reads.shape == says.shape == (len(captions), words.MOST + 1)
    assert [words.read(row) for row in says] == captions
    assert [words.read(row) for row in reads] == captions
    start, end = map(words.VOCABULARY.index, (words.START, words.END))
    assert (reads[:, 0] == start).all()
    for row, caption in zip(says, captions, strict=True):
        n = len(caption.split())
        assert row[n] == end
        assert (row[n + 1 :] == 0).all()
    np.testing.assert_array_equal(reads[:, 1:] * (says[:, :-1] != end), says[:, :-1] * (says[:, :-1] != end))


@pytest.mark.parametrize("caption", ["a purple star", "a " * 9, "a <end>"])
def test_what_cannot_be_encoded_is_refused(caption):
    with pytest.raises(ValueError, match="A caption has up to 8 words of VOCABULARY"):
        words.encode([caption])


def test_what_is_no_list_of_captions_or_numbers_is_refused():
    for captions in ("a", ["a disc", 3], [None]):
        with pytest.raises(ValueError, match="Give a list of captions"):
            words.encode(captions)
    for tokens in ([0, 99], [-1], [[1, 2]], [0.5], ["disc"]):
        with pytest.raises(ValueError, match="Give a row of whole numbers from 0 to"):
            words.read(tokens)
    assert words.encode([])[0].shape == (0, words.MOST + 1)
    with pytest.raises(ValueError, match="most must be at least 1"):
        words.encode(["a"], most=0)


def test_scores_want_one_caption_a_scene():
    scenes = words.views(2, seed=5, objects=1)
    for captions, seen in ((["a disc"], scenes), ([], scenes[:0]), ("ab", scenes)):
        with pytest.raises(ValueError, match="one caption a scene, and some"):
            words.told(captions, seen)


def test_two_scores():
    scenes = words.views(3, seed=5, objects=1)
    right = [words.full_caption(scene) for scene in scenes]
    vague = [f"a {scene.class_names[0]}" for scene in scenes]
    assert words.told(right, scenes) == {"exact": 1, "true": 1}
    assert words.told(vague, scenes) == {"exact": 0, "true": 1}
    assert words.told(["star a a", "", "no discs"], scenes)["exact"] == 0
    assert not words.holds("star a a", scenes[0])
    assert words.told([*right[:2], "a red"], scenes)["exact"] == pytest.approx(2 / 3)


# Calibration --------------------------------------------------------------------------------------------------------


def test_reliability_agrees_with_scikit_learn():
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(0)
    sure = rng.uniform(0.001, 1, 500)
    right = rng.uniform(size=500) < sure**2
    mean, share, counts = calibration.reliability(sure, right, bins=8)
    truth, predicted = calibration_curve(right, sure, n_bins=8)
    np.testing.assert_allclose(mean, predicted)
    np.testing.assert_allclose(share, truth)
    assert counts.sum() == 500


def test_calibration_error_of_what_is_known():
    assert calibration.calibration_error(np.full(10, 0.7), np.arange(10) < 7) == pytest.approx(0)
    assert calibration.calibration_error(np.full(10, 1.0), np.arange(10) < 7) == pytest.approx(0.3)
    assert calibration.calibration_error([0.25, 0.85], [True, False]) == pytest.approx((0.75 + 0.85) / 2)
    for sure, right in (([0.5], [[True]]), ([], [])):
        with pytest.raises(ValueError, match="one confidence and one truth"):
            calibration.reliability(sure, right)
    with pytest.raises(ValueError, match=r"Confidences lie in \[0, 1\]. Received: 0.5 to 1.5"):
        calibration.reliability([0.5, 1.5], [True, True])


# Recurrent cells ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 5])
def test_one_lstm_step_equals_keras(units):
    x, h, c = noise(3, 4), noise(3, units, seed=1), noise(3, units, seed=2)
    cell = layers.LSTMCell(units, bias_initializer="random_normal")
    out, (_, carried) = cell(x, [h, c])
    mine = cells.lstm_step(x, h, c, *cell.get_weights())
    np.testing.assert_allclose(mine[0], ops.convert_to_numpy(out), atol=1e-5)
    np.testing.assert_allclose(mine[1], ops.convert_to_numpy(carried), atol=1e-5)


@pytest.mark.parametrize("units", [1, 5])
def test_a_row_of_gru_steps_equals_the_layer_of_keras(units):
    x, h = noise(3, 6, 4), noise(3, units, seed=1)
    layer = layers.GRU(units, return_sequences=True, bias_initializer="random_normal")
    expected = ops.convert_to_numpy(layer(x, initial_state=ops.convert_to_tensor(h)))
    for t in range(6):
        h = cells.gru_step(x[:, t], h, *layer.get_weights())
        np.testing.assert_allclose(h, expected[:, t], atol=1e-5)
    wrong = cells.gru_step(x[:, 0], noise(3, units, seed=1), *layer.get_weights()[:2], 0 * layer.get_weights()[2])
    assert np.abs(wrong - expected[:, 0]).max() > 1e-3


def test_shapes_that_would_meet_by_broadcasting_are_refused():
    x, h, kernel, recurrent = noise(3, 4), noise(3, 5), noise(4, 20), noise(5, 20)
    good = (x, h, h, kernel, recurrent, noise(20))
    assert cells.lstm_step(*good)[0].shape == (3, 5)
    for place, other in ((0, x[0]), (1, h[:1]), (2, h[:, :1]), (3, noise(4, 15)), (4, noise(5, 1)), (5, noise(1))):
        with pytest.raises(ValueError, match=r"must be \(n, inputs\), \(n, units\), .* Received: "):
            cells.lstm_step(*good[:place], other, *good[place + 1 :])
    gru = (x, h, noise(4, 15), noise(5, 15), noise(2, 15))
    for place, other in (
        (0, np.float32(1)),
        (1, h[:1]),
        (2, noise(3, 15)),
        (3, recurrent),
        (4, noise(15)),
        (4, noise(1, 15)),
    ):
        with pytest.raises(ValueError, match="3 units"):
            cells.gru_step(*gru[:place], other, *gru[place + 1 :])


# The decoder: padding, teacher forcing, attention -------------------------------------------------------------------


def test_masked_loss_is_the_mean_over_words_that_are_there():
    logits = noise(4, 6, 7)
    lengths = [6, 3, 1, 4]
    says = np.zeros((4, 6), "int32")
    for row, n in enumerate(lengths):
        says[row, :n] = 1 + np.arange(n) % 6
    one_by_one = [-log_softmax(logits[r, t])[says[r, t]] for r, n in enumerate(lengths) for t in range(n)]
    loss = float(ops.convert_to_numpy(decoder.masked_loss(ops.convert_to_tensor(says), ops.convert_to_tensor(logits))))
    assert loss == pytest.approx(np.mean(one_by_one), rel=1e-5)
    other = logits + 9 * noise(4, 6, 7, seed=1) * (says == 0)[..., None]
    again = float(ops.convert_to_numpy(decoder.masked_loss(ops.convert_to_tensor(says), ops.convert_to_tensor(other))))
    assert again == pytest.approx(loss, rel=1e-6), "what is said where nothing should be said has no say"
    naive = float(ops.mean(keras.losses.sparse_categorical_crossentropy(says, other, from_logits=True)))
    assert abs(naive - loss) > 0.05


def test_padding_sends_no_gradient():
    from cvnotes import backend

    says = np.array([[1, 2, 0, 0]], "int32")
    gradient = backend.value_and_grad(lambda z: decoder.masked_loss(ops.convert_to_tensor(says), z))(noise(1, 4, 5))[1]
    assert np.abs(gradient[0, :2]).min() > 0
    np.testing.assert_array_equal(gradient[0, 2:], 0)


def test_word_accuracy_with_and_without_padding():
    says = np.array([[3, 1, 0, 0], [2, 0, 0, 0]])
    logits = np.eye(5)[[[3, 4, 0, 0], [2, 0, 0, 0]]]
    assert decoder.word_accuracy(says, logits) == pytest.approx(2 / 3)
    assert decoder.word_accuracy(says, logits, masked=False) == pytest.approx(7 / 8)


@pytest.mark.parametrize("eye", decoder.EYES)
def test_a_word_depends_on_what_was_said_before_and_on_nothing_after(eye):
    keras.utils.set_random_seed(0)
    model = decoder.captioner(eye, (16, 6))
    code, reads = noise(3, 16, 6), np.tile([1, 4, 5, 6, 7, 8, 9, 10, 11], (3, 1)).astype("int32")
    before = decoding.next_words(model, code, reads)
    reads[:, 5:] = 0
    after = decoding.next_words(model, code, reads)
    np.testing.assert_allclose(after[:, :5], before[:, :5], atol=1e-5)
    assert np.abs(after[:, 5:] - before[:, 5:]).max() > 1e-3
    others = decoding.next_words(model, code[:1], reads[:1])
    np.testing.assert_allclose(others, after[:1], atol=1e-5, err_msg="other captions of the batch have no say")
    blind = decoding.next_words(model, 0 * code, reads)
    assert np.abs(blind - after).max() > 1e-3


def test_an_unknown_eye_is_refused():
    with pytest.raises(ValueError, match=r"eye must be one of pixels, .*Received: eye='ear'"):
        decoder.captioner("ear", (16, 6))
    with pytest.raises(ValueError, match=r"shape must be \(places, channels\). Received: shape=\(6,\)"):
        decoder.captioner("averaged", (6,))
    with pytest.raises(ValueError, match="most must be at least 1"):
        decoder.captioner("averaged", (16, 6), most=0)


def test_lessons_and_scores_need_something_to_go_by():
    with pytest.raises(ValueError, match=r"one caption a code, and some. Received: 3 codes, 1 captions"):
        decoder.taught("averaged", noise(3, 16, 6), ["a red disc"], seed=0)
    with pytest.raises(ValueError, match="epochs must be at least 1"):
        decoder.taught("averaged", noise(1, 16, 6), ["a red disc"], seed=0, epochs=0)
    for says, logits in (
        (np.zeros((2, 3), int), noise(2, 3, 4)),
        (np.ones((2, 3), int), noise(2, 4)),
        ([[1]], noise(1, 2, 4)),
    ):
        with pytest.raises(ValueError, match=r"Give words \(n, t\), some, and logits"):
            decoder.word_accuracy(says, logits)
    model = decoder.captioner("averaged", (16, 6))
    for code in (noise(0, 16, 6), noise(2, 16, 6)):
        with pytest.raises(ValueError, match=r"a row of words a code, and some. Received"):
            decoding.next_words(model, code, np.ones((1, 9), "int32"))
    with pytest.raises(ValueError, match="and some"):
        decoding.greedy(model, noise(0, 16, 6))


def test_a_glance_equals_a_loop():
    states, places = noise(2, 3, 4), noise(2, 5, 6, seed=1)
    layer = decoder.Glance()
    context, attention = (ops.convert_to_numpy(part) for part in layer([states, places]))
    query, key, where, there = layer.get_weights()
    for n, t in itertools.product(range(2), range(3)):
        scores = [(states[n, t] @ query) @ (places[n, p] @ key + where[p]) / 4**0.5 for p in range(5)]
        weights = softmax(scores)
        np.testing.assert_allclose(attention[n, t], weights, atol=1e-5)
        seen = sum(weights[p] * (places[n, p] + there[p]) for p in range(5))
        np.testing.assert_allclose(context[n, t], seen, atol=1e-5)


def test_a_decoder_learns_a_handful_by_heart():
    scenes = words.views(12, seed=1)
    captions = [words.full_caption(scene) for scene in scenes]
    code = noise(12, 16, 8)
    model = decoder.taught("averaged", code, captions, seed=0, epochs=150)
    assert words.told(decoding.greedy(model, code), scenes)["exact"] > 0.9
    assert words.told(decoding.greedy(model, code[::-1]), scenes)["exact"] < 0.4


# Decoding -----------------------------------------------------------------------------------------------------------


def chain(table):
    """A step whose next word depends on the last one alone."""
    return lambda beginnings: table[beginnings[:, -1]]


def best_of_all(table, most, start, end):
    """Every caption there is, scored."""
    found = []
    for n in range(1, most + 1):
        for row in itertools.product(range(len(table)), repeat=n):
            inside, last = row[:-1], row[-1]
            if end in inside or (last != end and n < most):
                continue
            found.append((sum(table[a, b] for a, b in zip((start, *inside), row, strict=True)), list(row)))
    return max(found)


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_best_of_all(seed):
    table = log_softmax(3 * noise(4, 4, seed=seed).astype(float), axis=-1)
    score, caption = best_of_all(table, most=4, start=0, end=3)
    found, reached = decoding.beam_search(chain(table), 64, 4, 0, 3)
    assert found == caption
    assert reached == pytest.approx(score)
    narrow = decoding.beam_search(chain(table), 1, 4, 0, 3)
    assert narrow[1] <= reached + 1e-12


def test_a_greedy_choice_can_miss_the_best():
    with np.errstate(divide="ignore"):
        table = np.log(np.array([[0, 0.55, 0.45, 0.0], [0, 0.3, 0.3, 0.4], [0, 0, 0, 1.0], [0, 0, 0, 1.0]]))
    assert decoding.beam_search(chain(table), 1, 3, 0, 3)[0] == [1, 3]
    assert decoding.beam_search(chain(table), 2, 3, 0, 3)[0] == [2, 3]
    for width, most in ((0, 3), (1, 0)):
        with pytest.raises(ValueError, match="must be at least 1"):
            decoding.beam_search(chain(table), width, most, 0, 3)


def test_a_beam_of_one_says_what_greedy_says():
    keras.utils.set_random_seed(3)
    model, code = decoder.captioner("attention", (16, 6)), noise(4, 16, 6)
    said = decoding.greedy(model, code)
    assert [decoding.beam_caption(model, each, 1) for each in code] == said


# The encoder and the stored nets ------------------------------------------------------------------------------------


def test_presence_marks_shapes_and_colours():
    scenes = words.views(30, seed=2)
    marks = encoder.presence(scenes)
    for row, scene in zip(marks, scenes, strict=True):
        there = {*scene.class_names, *scene.colour_names}
        assert {name for name, mark in zip(words.KINDS + words.HUES, row, strict=True) if mark} == there


def test_the_stored_eyes_see():
    scenes = words.views(150, seed=77)
    for seed in range(5):
        net = encoder.stored_encoder(seed)
        found = ops.convert_to_numpy(net(scenes.floats)) > 0
        assert np.mean(found == encoder.presence(scenes)) > 0.93
    assert captioning.maps(net, scenes.floats[:3]).shape == (3, 64, 48)


def test_the_stored_captioner_speaks_truth():
    scenes = words.views(60, seed=78)
    eye, voice = encoder.stored_encoder(0), trials.stored_captioner()
    score = words.told(decoding.greedy(voice, captioning.maps(eye, scenes.floats)), scenes)
    assert score["true"] >= score["exact"] > 0.5


# Heads and columns --------------------------------------------------------------------------------------------------


def test_a_softmax_head_shares_out_and_sigmoids_do_not():
    rng = np.random.default_rng(0)
    labels = np.arange(100) % 5
    codes = np.eye(5)[labels].astype("float32") + 0.1 * rng.normal(size=(100, 5)).astype("float32")
    pairs = np.minimum(np.eye(5)[labels] + np.eye(5)[(labels + 1) % 5], 1).astype("float32")
    single = heads.head(codes, labels, True, seed=0)
    several = heads.head(np.concatenate([codes, pairs]), np.concatenate([np.eye(5)[labels], pairs]), False, seed=0)
    shares = softmax(ops.convert_to_numpy(single(pairs)), axis=-1)
    marks = 1 / (1 + np.exp(-ops.convert_to_numpy(several(pairs))))
    assert ((shares > 0.5).sum(1) <= 1).all()
    assert np.mean((marks > 0.5) == pairs) > 0.95


def test_both_pass_counts_what_it_says():
    scenes = heads.two_kinds(20, seed=1)
    assert (scenes.labels[:, 0] != scenes.labels[:, 1]).all()
    marks = np.full((len(scenes), 5), 0.2)
    assert heads.both_pass(marks, scenes) == 0
    marks[0, scenes.labels[0]] = 0.9
    marks[1, scenes.labels[1, 0]] = 0.9
    assert heads.both_pass(marks, scenes) == pytest.approx(1 / len(scenes))


def test_pairs_tell_the_shape_on_the_left():
    scenes, left = columns.pairs(30, seed=2)
    assert len(scenes) == 30
    for scene, label in zip(scenes, left, strict=True):
        assert scene.labels[scene.centres[:, 0].argmin()] == label
        assert scene.labels[0] != scene.labels[1]


def test_a_recurrent_reader_sees_the_order_and_an_average_does_not():
    x = noise(2, 8, 8, columns.DEPTH)
    for kind, differs in (("lstm", True), ("average", False)):
        keras.utils.set_random_seed(0)
        net = columns.reader(kind)
        there, back = (ops.convert_to_numpy(net(maps)) for maps in (x, x[:, :, ::-1]))
        assert np.allclose(there, back, atol=1e-5) != differs
        assert net(columns.longer(x)).shape == (2, 5)
    wide = columns.longer(x)
    np.testing.assert_array_equal(wide[0, :, 8:], x[1])
    with pytest.raises(ValueError, match=r"kind must be lstm or average. Received: kind='gru'"):
        columns.reader("gru")


def test_the_lstm_reads_one_column_after_another():
    """The layer on the columns of a map equals our step, repeated over the columns."""
    x = noise(1, 8, 8, columns.DEPTH)
    net = columns.reader("lstm")
    weights = net.get_layer("lstm").get_weights()
    h = c = np.zeros((1, 32), "float32")
    for column in range(8):
        h, c = cells.lstm_step(x[:, :, column].reshape(1, -1), h, c, *weights)
    kernel, bias = net.get_layer("logits").get_weights()
    np.testing.assert_allclose(ops.convert_to_numpy(net(x)), h @ kernel + bias, atol=1e-4)


# Experiments and pictures -------------------------------------------------------------------------------------------


def test_attention_inside_a_box():
    even = np.full(64, 1 / 64)
    assert trials.inside(even, np.array([0, 0, 32, 32]), 32) == pytest.approx(1)
    assert trials.inside(even, np.array([0, 0, 16, 8]), 32) == pytest.approx(1 / 8)
    assert trials.inside(even, np.array([1, 1, 3, 3]), 32) == pytest.approx(4 / 1024)
    one = np.eye(64)[8 * 2 + 5]  # row 2, column 5: pixels 8 to 12 down, 20 to 24 across
    assert trials.inside(one, np.array([20, 8, 24, 12]), 32) == pytest.approx(1)
    assert trials.inside(one, np.array([8, 20, 12, 24]), 32) == 0
    assert trials.inside(one, np.array([22, 8, 30, 12]), 32) == pytest.approx(0.5)


def test_naming_words_point_at_their_objects():
    for scene in words.views(40, seed=4):
        split = words.full_caption(scene).split()
        for place, j in trials.naming_words(scene):
            assert split[place] in (scene.colour_names[j], scene.class_names[j])
        assert len(trials.naming_words(scene)) == 2 * len(scene)


def test_the_commonest_caption_is_the_one_most_often_true():
    scenes = words.views(30, seed=5, objects=1)
    said = [words.full_caption(scene) for scene in scenes]
    best = trials.commonest(said, scenes)
    shares = {caption: words.told([caption] * 30, scenes)["true"] for caption in set(said)}
    assert shares[best] == max(shares.values())


def test_eyes_pass_on_what_they_say():
    scenes = words.views(3, seed=6)
    net = encoder.stored_encoder(0)
    np.testing.assert_array_equal(trials.seen("pixels", net, scenes).reshape(3, 32, 32, 3), scenes.floats)
    np.testing.assert_array_equal(trials.seen("averaged", net, scenes), captioning.maps(net, scenes.floats))


@pytest.mark.once
def test_every_frame_to_play_with_can_be_drawn():
    seen = set()
    for scene in range(1, len(drawings.SHOWN) + 1):
        for word in (1, 2, 5, 9):
            assert len(drawings.next_word(scene, word).axes) == 3
            seen.add(drawings.says_next_word(scene, word))
            before, likely = drawings.spoken(scene, word)
            assert len(before) <= word - 1
            assert len(likely) == 5
    assert any("expects the end" in said for said in seen)
    for scene, word in ((0, 1), (9, 1), (1, 0)):
        with pytest.raises(ValueError, match=r"(scene|word) must be"):
            drawings.next_word(scene, word)


@pytest.mark.once
def test_pictures_are_drawn():
    scenes = words.views(2, seed=0)
    assert len(drawings.captioned(scenes, ["a star", "a star left of a disc"], columns=2).axes) == 3
    found = experiments.load("captioning", "presence")
    bins = [found[f"bin_{name}"] for name in ("counts", "sure", "right")]
    assert drawings.reliability(*bins).axes
    assert len(drawings.two_answers(scenes[0], np.full(5, 0.2), np.full(5, 0.9)).axes) == 3
    for score in ("exact", "true"):
        assert len(drawings.scores(experiments.load("captioning", "captions"), score).axes) == 1


def test_stored_numbers_hang_together():
    found = experiments.load("captioning", "presence")
    np.testing.assert_allclose(found["bin_right"].sum(1) / found["bin_counts"].sum(1), found["accuracy"], atol=1e-5)
    assert found["softmax_both"].max() == 0
    scores = experiments.load("captioning", "captions")
    for name in (*decoder.EYES, *drawings.RIVALS):
        assert (scores[f"{name}_true"] >= scores[f"{name}_exact"]).all()
