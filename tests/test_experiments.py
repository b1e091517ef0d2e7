"""The harness and the stored numbers: seeds that do not leak, kills that cost one seed, checks that can fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from keras import layers

from cvnotes import experiments
from cvnotes.experiments import Band, accuracy, bands, experiment, fit, smallest_effect, store
from cvnotes.experiments.runner import main
from cvnotes.experiments.training import schedule

RNG = np.random.default_rng(0)
X = RNG.normal(size=(130, 6, 6, 1)).astype("float32")
Y = (X.mean((1, 2, 3)) > 0).astype("int64")


def net(seed: int = 0, classes: int = 2) -> keras.Model:
    keras.utils.set_random_seed(seed)
    parts = [layers.Conv2D(4, 3, activation="relu"), layers.Dropout(0.2), layers.Flatten(), layers.Dense(classes)]
    return keras.Sequential([keras.Input((6, 6, 1)), *parts])


# Training -----------------------------------------------------------------------------------------------------------


def test_fit_learns_more_than_chance_and_an_untrained_net():
    model = net()
    before = accuracy(model, X, Y)
    history = fit(model, X, Y, epochs=30, rate=1e-2, seed=0, validation=(X, Y))
    assert accuracy(model, X, Y) > 0.9 > max(before, Y.mean(), 1 - Y.mean())
    assert len(history["loss"]) == len(history["val_accuracy"]) == 30
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history.steps == 30 * (130 // 64)
    assert history["val_accuracy"][-1] == pytest.approx(accuracy(model, X, Y), abs=1e-6)
    with pytest.raises(ValueError, match=r"No 'lose'.*accuracy, loss"):
        history["lose"]


def test_the_history_tells_of_the_whole_epoch_and_not_of_its_last_batch():
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(2)])
    history = fit(model, X[:128], Y[:128], epochs=1, batch=32, rate=1e-9, seed=0)  # nothing is learned on the way
    assert history["accuracy"][0] == pytest.approx(accuracy(model, X[:128], Y[:128]), abs=1e-6)
    last = np.random.default_rng(0).permutation(128)[-32:]
    assert abs(history["accuracy"][0] - accuracy(model, X[last], Y[last])) > 0.01


def test_a_seed_repeats_and_another_differs():
    losses = [fit(net(seed), X, Y, epochs=2, rate=1e-2, seed=seed)["loss"] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_the_seed_decides_the_order_alone():
    """From equal weights and without dropout, only the shuffling is left to differ."""
    losses = []
    for seed in (1, 2):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(2)])
        losses.append(fit(model, X, Y, epochs=1, rate=1e-2, seed=seed)["loss"])
    assert losses[0] != losses[1]


def test_the_rate_holds_then_falls_to_zero():
    rates = [float(keras.ops.convert_to_numpy(schedule(0.1, 100)(step))) for step in range(100)]
    np.testing.assert_allclose(rates[:76], 0.1, rtol=1e-6)
    assert np.all(np.diff(rates[75:]) < 0)
    assert rates[99] < 0.001
    assert rates[87] == pytest.approx(0.05, rel=0.1)  # half a cosine is at half its height in the middle


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_very_short_schedule_is_positive(steps):
    assert all(float(keras.ops.convert_to_numpy(schedule(0.1, steps)(step))) > 0 for step in range(steps))


def test_augmentation_sees_every_batch_and_the_seeded_generator():
    drawn = []

    def shift(pictures, rng):
        drawn.append((pictures.shape, int(rng.integers(1000))))
        return np.roll(pictures, 1, axis=1)

    for _ in range(2):
        fit(net(), X, Y, epochs=2, batch=50, rate=1e-2, seed=3, augment=shift)
    assert len(drawn) == 8
    assert all(shape == (50, 6, 6, 1) for shape, _ in drawn)
    assert drawn[:4] == drawn[4:]


def test_fewer_pictures_than_a_batch_are_one_batch():
    assert fit(net(), X[:10], Y[:10], epochs=3, rate=1e-2, seed=0).steps == 3


def test_fit_takes_another_loss():
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(1)])
    history = fit(model, X, X.mean((1, 2, 3))[:, None], epochs=20, rate=1e-2, seed=0, loss="mse")
    assert history["loss"][-1] < history["loss"][0]
    assert "accuracy" not in history.epochs


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": Y[:5]}, r"labels \(5,\)"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch": 0}, "batch=0"),
        ({"rate": -1}, "rate=-1"),
    ],
)
def test_fit_names_what_is_wrong(change, words):
    with pytest.raises(ValueError, match=f"Received: .*{words}"):
        fit(net(), **({"x": X, "y": Y, "epochs": 1, "rate": 1e-3, "seed": 0} | change))


def test_accuracy_counts_and_does_not_depend_on_the_batch():
    model = net(classes=3)
    answers = keras.ops.convert_to_numpy(model(X)).argmax(-1)
    assert accuracy(model, X, answers) == 1
    assert accuracy(model, X, (answers + 1) % 3) == 0
    assert accuracy(model, X, Y, batch=7) == pytest.approx(np.mean(answers == Y))
    with pytest.raises(ValueError, match=r"pictures \(0,"):
        accuracy(model, X[:0], Y[:0])


# One experiment -----------------------------------------------------------------------------------------------------


@experiment(version=2, seeds=3)
def draw(seed, scale):
    """Numbers from every source of chance, and from a training."""
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Dropout(0.5), layers.Flatten(), layers.Dense(2)])
    history = fit(model, X, Y, epochs=2, rate=1e-2, seed=seed)
    chance = [np.random.rand(), float(keras.ops.convert_to_numpy(keras.random.uniform(())))]
    return {"loss": history["loss"], "chance": chance, "scale": float(scale == "full")}


def test_a_seed_alone_equals_a_seed_after_another():
    alone = subprocess.run(
        [sys.executable, "-c", "import json, test_experiments as t; print(json.dumps(t.draw(1, 'quick')))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    draw(0, "quick")
    after = draw(1, "quick")
    assert json.loads(alone.stdout.splitlines()[-1]) == after
    assert after != draw(2, "quick")


def test_an_experiment_knows_itself():
    assert (draw.name, draw.version, draw.seeds) == ("draw", 2, (0, 1, 2))
    assert draw.chapter == "test_experiments"
    assert draw.__doc__.startswith("Numbers from")


@pytest.mark.parametrize("numbers", [{}, None, 3.0, {"a": "b"}, {"a": [1, [2]]}, {"a": np.nan}, {"a": [1, np.inf]}])
def test_only_finite_numbers_come_back(numbers):
    with pytest.raises(ValueError, match=r"must .*Received"):
        experiment()(lambda seed, scale: numbers)(0, "quick")


@pytest.mark.parametrize("arguments", [{"version": 0}, {"seeds": 0}])
def test_version_and_seeds_are_positive(arguments):
    with pytest.raises(ValueError, match="at least 1"):
        experiment(**arguments)


def test_a_scale_that_is_none_is_refused():
    for word in ("Quick", "", "fast"):
        with pytest.raises(ValueError, match=f"scale is one of quick, full. Received: '{word}'"):
            draw(0, word)


def test_scale_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("CVNOTES_SCALE", raising=False)
    assert experiments.scale() == "quick"
    monkeypatch.setenv("CVNOTES_SCALE", "full")
    assert experiments.scale() == "full"
    assert draw(0)["scale"] == 1
    monkeypatch.setenv("CVNOTES_SCALE", "huge")
    with pytest.raises(ValueError, match=r"quick, full\. Received: 'huge'"):
        experiments.scale()


# The store and the runner -------------------------------------------------------------------------------------------

TOY = """
import os, time
from cvnotes.experiments import experiment

@experiment(version={version}, seeds={seeds})
def slow(seed, scale):
    time.sleep(float(os.environ.get("TOY_SECONDS", 0)))
    if str(seed) == os.environ.get("TOY_FAILS"):
        raise RuntimeError("no luck")
    return {{"value": seed / 3, "curve": [seed, 0.5]}}

@experiment(version=1, seeds=2)
def quiet(seed, scale):
    return {{"value": 1.0}}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package with a chapter ``toy`` in a folder of its own, and a function that writes it with another version."""
    name = f"toychapters_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")

    def write(version=1, seeds=3):
        (folder / "toy.py").write_text(TOY.format(version=version, seeds=seeds) + f"# {time.time_ns()}\n" * seeds)
        for module in [m for m in sys.modules if m.startswith(name)]:
            del sys.modules[module]
        return ["--package", name, "--results", str(tmp_path / "results")]

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(store, "FOLDER", tmp_path / "results")
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(variable, os.environ.get(variable, "1"))
    write.package = name
    write.function = lambda fn="slow": experiments.discover(name)["toy"][["quiet", "slow"].index(fn)]
    return write


def test_results_are_stored_loaded_and_not_run_again(toy, capsys):
    command = toy()
    assert main(command) == 0
    assert "5 seeds to run of 5" in capsys.readouterr().out
    loaded = experiments.load("toy", "slow")
    np.testing.assert_allclose(loaded["value"], [0, 1 / 3, 2 / 3], atol=1e-6)
    assert loaded["curve"].shape == (3, 2)
    stored = experiments.record("toy", "slow")
    assert (stored["version"], stored["scale"]) == (1, "quick")
    assert {"backend", "device", "keras", "numpy", "python"} <= set(stored["made_with"])
    assert stored["seeds"]["0"]["seconds"] >= 0
    first = (store.FOLDER / "toy.json").read_bytes()
    assert main([*command, "toy"]) == 0
    assert "0 seeds to run" in capsys.readouterr().out
    assert (store.FOLDER / "toy.json").read_bytes() == first
    assert experiments.stale(package=toy.package) == {}


def test_the_file_is_stable_short_and_sorted():
    text = store.dump({"b": {"values": [1.0, 0.1234567, 123456.789]}, "a": {"count": 3, "flag": True, "words": "ü"}})
    assert text.splitlines()[2] == '  "count": 3,'
    assert '"values": [1, 0.123457, 123457]' in text
    assert json.loads(text)["a"] == {"count": 3, "flag": True, "words": "ü"}
    assert text.endswith("}\n")


def test_a_missing_result_is_named(toy):
    with pytest.raises(ValueError, match=r"No stored result toy.slow: run `make results`\. Nothing is stored"):
        experiments.load("toy", "slow")
    main(toy())
    with pytest.raises(ValueError, match=r"toy.fast.*It has quiet, slow"):
        experiments.load("toy", "fast")


def test_an_unknown_chapter_is_refused(toy, capsys):
    assert main([*toy(), "tos"]) == 1
    assert "No experiments in tos. There are: toy.quiet, toy.slow." in capsys.readouterr().out


def test_one_experiment_can_be_asked_for_alone(toy, capsys):
    assert main([*toy(), "toy.quiet"]) == 0
    assert "2 seeds to run of 2" in capsys.readouterr().out
    assert list(store.read("toy")) == ["quiet"]


def test_a_second_run_waits_until_the_first_has_written(toy):
    command = [sys.executable, "-m", "cvnotes.experiments", *toy(), "toy.quiet"]
    with store.held("toy"):
        second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert "2 seeds to run" in second.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1)  # it has a seed, and may not write it yet
        assert store.read("toy") == {}
    assert second.wait() == 0
    second.stdout.close()
    assert list(store.read("toy")["quiet"]["seeds"]) == ["0", "1"]


def without_seconds(stored):
    for entry in stored.values():
        for run in entry["seeds"].values():
            run["seconds"] = 0
    return stored


def test_a_killed_run_loses_at_most_the_seed_under_way(toy, capsys):
    """The rest is then run by two processes, and the file is the one that a single run in this process writes."""
    command = [sys.executable, "-m", "cvnotes.experiments", *toy(seeds=4)]
    slow = {**os.environ, "TOY_SECONDS": "0.5"}
    process = subprocess.Popen(command, env=slow, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if "slow seed 1" in line:
                break
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    stored = json.loads((store.FOLDER / "toy.json").read_text())
    assert list(stored["slow"]["seeds"]) == ["0", "1"]
    assert main([*command[3:], "--jobs", "2"]) == 0
    assert "2 seeds to run of 6" in capsys.readouterr().out
    assert list(experiments.record("toy", "slow")["seeds"]) == ["0", "1", "2", "3"]
    assert [path.name for path in store.FOLDER.iterdir()] == ["toy.json"]
    resumed = without_seconds(store.read("toy"))
    assert main([*command[3:], "--force"]) == 0
    assert without_seconds(store.read("toy")) == resumed


def test_a_failing_seed_stops_neither_the_others_nor_goes_unseen(toy, monkeypatch, capsys):
    monkeypatch.setenv("TOY_FAILS", "1")
    assert main(toy()) == 1
    assert "toy.slow seed 1 failed: RuntimeError: no luck" in capsys.readouterr().out
    assert list(experiments.record("toy", "slow")["seeds"]) == ["0", "2"]
    assert experiments.stale("toy", toy.package) == {"toy.slow": "seeds not stored: 1"}
    monkeypatch.delenv("TOY_FAILS")
    assert main(toy()) == 0
    assert experiments.stale(package=toy.package) == {}


def test_another_scale_is_refused_until_forced(toy, monkeypatch, capsys):
    main(toy())
    monkeypatch.setenv("CVNOTES_SCALE", "full")
    assert main(toy()) == 1
    assert "stored at quick scale, asked for full. Run with --force" in capsys.readouterr().out
    assert experiments.record("toy", "slow")["scale"] == "quick"
    assert main([*toy(), "--force"]) == 0
    assert experiments.record("toy", "slow")["scale"] == "full"


def test_other_libraries_are_not_mixed_in(toy, capsys):
    main(toy())
    stored = store.read("toy")
    stored["slow"]["made_with"]["keras"] = "3.0.0"
    store.write("toy", stored)
    assert main(toy()) == 0  # all seeds are there: nothing is mixed
    del stored["slow"]["seeds"]["2"]
    store.write("toy", stored)
    assert main(toy()) == 1
    assert "half done with" in capsys.readouterr().out
    assert list(experiments.record("toy", "slow")["seeds"]) == ["0", "1"]


def test_a_raised_version_is_stale_and_run_anew(toy):
    main(toy(version=1, seeds=3))
    command = toy(version=2, seeds=2)
    assert experiments.stale(package=toy.package) == {"toy.slow": "version 2 in the code, 1 stored"}
    assert main(command) == 0
    assert experiments.record("toy", "slow")["version"] == 2
    assert list(experiments.record("toy", "slow")["seeds"]) == ["0", "1"]
    stored = store.read("toy")
    store.write("toy", {**stored, "gone": stored["slow"]})
    assert experiments.stale(package=toy.package) == {"toy.gone": "stored, but no longer in the code"}


def put(stored):
    """Store numbers as if the command had made them."""
    for entry in stored.values():
        for run in entry["seeds"].values():
            run["digest"] = store.digest(run["numbers"])
    store.write("toy", stored)


def test_verify_agrees_with_the_stored_seed_and_rejects_another(toy, monkeypatch):
    main(toy())
    slow = toy.function()
    assert experiments.verify(slow, seed=2, atol=0)["curve"] == [2.0, 0.5]
    stored = store.read("toy")
    stored["slow"]["seeds"]["2"]["numbers"]["value"] += 0.01
    put(stored)
    with pytest.raises(AssertionError, match=r"toy.slow seed 2 does not repeat.*\n  value: 0.666.* now, 0.676"):
        experiments.verify(slow, seed=2, atol={"curve": 1.0})
    assert experiments.verify(slow, seed=2, atol={"value": 0.02})
    experiments.verify(slow, seed=0, atol=0)
    monkeypatch.setenv("CVNOTES_SCALE", "full")
    with pytest.raises(AssertionError, match="seed 2"):
        experiments.verify(slow, seed=0, atol=0)  # at full scale, every stored seed is run
    with pytest.raises(ValueError, match=r"stored seeds 0, 1, 2\. Received: seed 9"):
        experiments.verify(slow, seed=9, atol=0)
    stored["slow"]["version"] = 7
    put(stored)
    with pytest.raises(ValueError, match="version 1, stored is 7"):
        experiments.verify(slow, seed=0, atol=0)


def test_verify_notices_another_shape_or_name(toy):
    main(toy())
    stored = store.read("toy")
    stored["slow"]["seeds"]["0"]["numbers"]["curve"] = [0.0]
    put(stored)
    with pytest.raises(AssertionError, match="curve"):
        experiments.verify(toy.function(), atol=10.0)
    stored["slow"]["seeds"]["0"]["numbers"] = {"value": 0.0}
    put(stored)
    with pytest.raises(AssertionError, match=r"gives \['curve', 'value'\], stored are \['value'\]"):
        experiments.verify(toy.function(), atol=10.0)


# The book's own results ---------------------------------------------------------------------------------------------


def test_stored_results_of_the_book_are_those_of_its_code():
    assert experiments.stale() == {}


@pytest.mark.parametrize("path", sorted(store.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_stored_files_are_as_the_runner_writes_them(path):
    text = path.read_text(encoding="utf-8")
    assert store.dump(json.loads(text)) == text
    for name in json.loads(text):
        assert all(np.isfinite(values).all() for values in experiments.load(path.stem, name).values())


# Statistics ---------------------------------------------------------------------------------------------------------


def test_bands():
    assert bands([1, 2, 6]) == Band(3.0, 1.0, 6.0, 3)
    assert str(bands([0.94, 0.962])) == "0.951 (0.940 to 0.962, 2 seeds)"
    curve = bands([[1, 2], [3, 8]])
    np.testing.assert_array_equal(curve.mean, [2, 5])
    np.testing.assert_array_equal(curve.high, [3, 8])
    with pytest.raises(ValueError, match="at least one seed"):
        bands([])


def test_smallest_effect_by_hand():
    """Differences 1, 2, 3: standard error 1/sqrt(3), and t(2) at 0.975 and 0.8 is 4.3027 and 1.0607."""
    assert smallest_effect([1, 2, 3], [0, 0, 0]) == pytest.approx((4.30265 + 1.06066) / np.sqrt(3), rel=1e-4)
    assert smallest_effect([1, 2, 3], [1, 2, 3]) == 0
    assert smallest_effect([1.0, 2.0], [1.0, 2.0], paired=False) > 0


@pytest.mark.parametrize("paired", [True, False])
def test_an_effect_of_that_size_is_seen_as_often_as_promised(paired):
    """Ten thousand simulated pairs of five seeds; the true spread is put in, so that the promise is exact."""
    from scipy import stats

    rng, n = np.random.default_rng(0), 8
    spread = np.sqrt(2) / np.sqrt(n)  # of the difference of two means
    freedom = n - 1 if paired else 2 * n - 2
    effect = (stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)) * spread
    a, b = rng.normal(size=(2, 10_000, n))
    test = stats.ttest_rel if paired else stats.ttest_ind
    seen = np.mean(test(a + effect, b, axis=1).pvalue < 0.05)
    assert seen == pytest.approx(0.8, abs=0.05)
    typical = np.median(smallest_effect((a + effect).T, b.T, paired=paired))
    assert typical == pytest.approx(effect, rel=0.1)


def test_smallest_effect_works_along_curves_and_names_bad_input():
    effect = smallest_effect(np.arange(8.0).reshape(4, 2), np.zeros((4, 2)))
    assert effect.shape == (2,)
    with pytest.raises(ValueError, match="at least two seeds"):
        smallest_effect([1.0], [2.0])
    with pytest.raises(ValueError, match=r"Pairs need equal shapes.*\(2,\) and \(3,\)"):
        smallest_effect([1, 2], [1, 2, 3])


# What came in from outside ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "words"),
    [(Y + 1, "from 0 to 1"), (Y - 1, "from 0 to 1"), (Y.astype(float), "float64"), (np.stack([Y, Y], 1), "130, 2")],
)
def test_labels_that_are_no_class_are_refused(labels, words):
    """Some frameworks train on them in silence, towards a loss of NaN."""
    with pytest.raises(ValueError, match=words):
        fit(net(), X, labels, epochs=1, rate=1e-3, seed=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": float("nan")}, "rate=nan"),
        ({"rate": "0.1"}, "rate='0.1'"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"batch": None}, "batch=None"),
        ({"x": np.where(X[3] == X, np.nan, X)}, "finite"),
        ({"x": None}, "as many labels"),
    ],
)
def test_fit_refuses_what_would_end_in_nan_or_deep_inside(change, words):
    with pytest.raises(ValueError, match=words):
        fit(net(), **{"x": X, "y": Y, "epochs": 1, "rate": 1e-3, "seed": 0, **change})


def test_accuracy_refuses_a_column_of_labels():
    """Compared with a row of answers, (n, 1) labels would give n * n comparisons and a wrong share."""
    with pytest.raises(ValueError, match=r"\(130, 1\)"):
        accuracy(net(), X, Y[:, None])


def test_a_number_changed_by_hand_is_noticed(toy):
    assert main(toy()) == 0
    path = store.FOLDER / "toy.json"
    stored = json.loads(path.read_text())
    name = next(iter(stored))
    numbers = stored[name]["seeds"]["0"]["numbers"]
    key = next(iter(numbers))
    numbers[key] = np.add(numbers[key], 1).tolist()
    path.write_text(store.dump(stored))
    with pytest.raises(ValueError, match=f"toy.{name}, seed 0: the numbers are not those"):
        experiments.load("toy", name)


def test_stored_numbers_of_the_book_were_not_changed_by_hand():
    for path in store.FOLDER.glob("*.json"):
        for name in store.read(path.stem):
            assert experiments.record(path.stem, name)["seeds"]


@pytest.mark.parametrize("text", ["", '{"a": {"version"', "[]"])
def test_a_damaged_file_is_named(text, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    (tmp_path / "toy.json").write_text(text)
    with pytest.raises(ValueError, match=r"toy.json is damaged.*make results"):
        experiments.load("toy", "slow")


@pytest.mark.parametrize("values", [[1, float("nan")], ["a"], {"a": 1}])
def test_statistics_refuse_what_has_no_mean(values):
    with pytest.raises(ValueError, match=r"Give .*numbers"):
        bands(values)
    with pytest.raises(ValueError, match=r"Give .*numbers"):
        smallest_effect(values, [1, 2])


@pytest.mark.parametrize("change", [{"power": 0}, {"power": 1}, {"confidence": float("nan")}, {"confidence": "0.9"}])
def test_a_probability_lies_between_nought_and_one(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        smallest_effect([1, 2, 4], [1, 3, 3], **change)


# Timing in turns ----------------------------------------------------------------------------------------------------


def test_race_runs_all_in_each_round_and_keeps_the_warm_up_out():
    seen = []
    found = experiments.race({name: lambda name=name: seen.append(name) for name in "abc"}, 4)
    assert {name: len(times) for name, times in found.items()} == {"a": 4, "b": 4, "c": 4}
    rounds = [seen[i : i + 3] for i in range(0, len(seen), 3)]
    assert len(rounds) == 6
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert len(set(map(tuple, rounds))) > 1


def test_race_tells_slow_from_fast():
    small, large = np.ones(10), np.ones(2_000_000)
    found = experiments.race({"small": lambda: small.sum(), "large": lambda: large.sum()}, 5)
    assert np.median(found["large"]) > 3 * np.median(found["small"])


def test_race_takes_names_of_any_kind_and_as_many_rounds_as_it_is_told():
    seen = []
    found = experiments.race({("a", 1): lambda: seen.append(1), None: lambda: seen.append(2)}, 3, warm=0)
    assert set(found) == {("a", 1), None}
    assert len(seen) == 6
    with pytest.raises(ValueError, match="rounds"):
        experiments.race({"a": seen.clear}, 0)
