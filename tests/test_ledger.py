"""The ledger: comparing, rejecting rivals, cards, loading, and the state of the register itself.

Every rule of the register is also shown to catch a planted fault, on a copy.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cvnotes import ledger
from cvnotes.ledger import audit, cards, compare, register, settling
from cvnotes.ledger.register import Entry
from tests.notes_lists import bibliography, known_ids, marked_ids, notebooks

ROOT = Path(__file__).resolve().parents[1]
NAN = float("nan")


# Comparing ----------------------------------------------------------------------------------------------------------

AGREE = [
    ({"equals": 3}, 3),
    ({"equals": 3}, 3.0),
    ({"equals": 3}, np.int64(3)),
    ({"equals": 0.5}, np.float64(0.5)),
    ({"equals": "valid"}, np.str_("valid")),
    ({"equals": "valid"}, "valid"),
    ({"equals": True}, np.bool_(True)),
    ({"equals": [55, 55, 96]}, (55, 55, 96)),
    ({"equals": [[1, 0], [0, 1]]}, np.eye(2)),
    ({"close": 0.5, "atol": 0.01}, 0.509),
    ({"close": 200.0, "rtol": 0.01}, np.float32(201)),
    ({"close": 100, "rtol": 0.01, "atol": 1}, 101.9),
    ({"close": [1.0, 2.0], "atol": 0.1}, np.array([1.05, 1.95])),
    ({"close": 0, "atol": 1.0e-6}, np.full((3, 4), 1e-7)),
    ({"at_least": 0.9}, 0.9),
    ({"at_least": 0.9}, [0.95, 1.0]),
    ({"at_most": 2}, np.array([2, -5])),
    ({"between": [0, 1]}, 1),
    ({"between": [0, 1]}, [0.0, 0.5]),
    ({"true": "they agree"}, True),
    ({"true": "they agree"}, np.array([True, True])),
]
DISAGREE = [
    ({"equals": 3}, 4, "expected 3, measured 4"),
    ({"equals": 1}, True, "truth value was measured"),
    ({"equals": True}, 1, "number was measured"),
    ({"equals": "3"}, 3, "words was expected"),
    ({"equals": [1, 1]}, [True, True], "truth value was measured"),
    ({"equals": [2, 3]}, [2, 3, 4], "shape (2,) was expected, shape (3,) was measured"),
    ({"equals": [[1, 2]]}, [1, 2], "shape (1, 2) was expected, shape (2,) was measured"),
    ({"equals": []}, 0, "nothing was expected"),
    ({"equals": 3}, NAN, "nan"),
    ({"equals": NAN}, NAN, "nan"),
    ({"close": 0.5, "atol": 0.01}, 0.52, "off by 0.02"),
    ({"close": 200.0, "rtol": 0.01}, 203, "within 2"),
    ({"close": 1, "atol": 0.5}, True, "truth value measured"),
    ({"close": 1, "atol": 0.5}, "1", "words measured"),
    ({"close": [1.0, 2.0], "atol": 0.1}, [1.0, 2.2], "off by 0.2"),
    ({"close": [1.0, 2.0], "atol": 0.1}, [1.0, 2.0, 3.0], "shape (3,) was measured"),
    ({"close": [1.0, 2.0], "atol": 0.1}, 1.0, "shape () was measured"),
    ({"close": 0, "atol": 1.0}, [0.0, NAN], "NaN"),
    ({"close": 0, "atol": 1.0}, [], "nothing measured"),
    ({"close": 0, "atol": 1.0}, math.inf, "inf"),
    ({"at_least": 0.9}, 0.89, "at least 0.9"),
    ({"at_least": 0.9}, [0.95, 0.5], "measured 0.5"),
    ({"at_least": 0}, NAN, "NaN"),
    ({"at_least": 0}, True, "truth value"),
    ({"at_most": 2}, [1, 3], "at most 2, measured 3"),
    ({"at_most": 2}, [], "nothing"),
    ({"between": [0, 1]}, 1.01, "at most 1"),
    ({"between": [0, 1]}, -0.01, "at least 0"),
    ({"between": [0, 1]}, NAN, "NaN"),
    ({"true": "they agree"}, False, "they agree"),
    ({"true": "they agree"}, 1, "number measured"),
    ({"true": "they agree"}, [True, False], "they agree"),
    ({"true": "they agree"}, [], "nothing measured"),
]


@pytest.mark.parametrize(("expect", "measured"), AGREE)
def test_a_right_measurement_agrees(expect, measured):
    assert compare.malformed(expect) is None
    assert compare.disagreement(expect, compare.plain(measured)) is None


@pytest.mark.parametrize(("expect", "measured", "words"), DISAGREE)
def test_a_wrong_measurement_disagrees_and_says_why(expect, measured, words):
    assert words in compare.disagreement(expect, compare.plain(measured))


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        (3, "mapping"),
        ({}, "exactly one"),
        ({"equals": 1, "at_least": 1}, "exactly one"),
        ({"roughly": 1}, "exactly one"),
        ({"equals": 1, "atol": 0.1}, "does not take atol"),
        ({"close": 1}, "positive atol"),
        ({"close": 1, "atol": 0}, "positive atol"),
        ({"close": 1, "atol": "1e-6"}, "1.0e-6"),
        ({"close": "1", "atol": 0.1}, "needs a number"),
        ({"at_least": [1, 2]}, "needs a number"),
        ({"at_most": True}, "needs a number"),
        ({"at_most": NAN}, "needs a number"),
        ({"between": [1, 0]}, "low < high"),
        ({"between": [1, 2, 3]}, "low < high"),
        ({"between": 3}, "low < high"),
        ({"true": True}, "words"),
    ],
)
def test_a_badly_written_expectation_is_refused(expect, words):
    assert words in compare.malformed(expect)


def test_tensors_become_plain_numbers():
    import keras

    assert compare.plain(keras.ops.ones((1, 2))) == [[1.0, 1.0]]
    assert compare.plain(keras.Variable(np.float32(0.5))) == 0.5
    assert compare.plain((np.float32(0.5), [np.int8(1)], "a")) == [0.5, [1], "a"]


@pytest.mark.parametrize("value", [None, object(), {"a": 1}, np.array([None]), 1 + 2j])
def test_what_is_no_measurement_is_refused(value):
    with pytest.raises(ValueError, match="Received"):
        compare.plain(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        (34944, "34,944"),
        (0.123456, "0.1235"),
        ([4, 4, 2], "(4, 4, 2)"),
        ("valid", "valid"),
        ([[0.0] * 10, [1.0] * 10], "array of shape 2 × 10, 0 to 1"),
    ],
)
def test_values_are_told_briefly(value, words):
    assert compare.brief(value) == words


# Settling -----------------------------------------------------------------------------------------------------------

SAMPLE = """
topics:
  some-topic: {name: A topic, from: ['A: One'], runs: It runs., open: pooling}
claims:
  size-of-output:
    from: ['A: One', 'E: One']
    says: The output is <4.5> wide.
    truth: It is 4 wide
    verdict: wrong
    expect: {equals: 4}
    measures: width of the output
    rival: the notes' value
    rival_value: 4.5
  it-agrees:
    from: ['C: Two']
    says: Both agree
    truth: Both agree
    verdict: holds
    expect: {true: both agree}
    measures: whether both agree
    rival: a wrong kernel
  nearly-a-third:
    from: ['B: Three']
    says: About a third
    truth: A third of them
    verdict: imprecise
    expect: {close: 0.3333, atol: 1.0e-3}
    measures: the share
    rival: one half
  a-pair-of-sides:
    from: ['B: Three']
    says: 4x4
    truth: It is 4 by 4
    verdict: holds-with-condition
    expect: {equals: [4, 4]}
    measures: height and width
    rival: without padding
    rival_value: [3, 3]
  still-open: {from: ['A: One'], says: s, truth: t, verdict: holds, open: pooling}
  in-a-book: {from: ['A: One'], says: s, truth: t, verdict: holds, cite: lecun1998}
  a-slip: {from: ['A: One'], says: s, truth: t, verdict: imprecise, editorial: read x for y}
  a-matter-of-taste: {from: ['A: One'], says: s, truth: t, verdict: opinion}
gaps:
  some-gap: {gap: A gap, kind: missing, from: ['A: One'], supply: A formula., open: pooling}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small register of its own, which `claim` uses instead of the book's."""
    (tmp_path / "sample.yml").write_text(SAMPLE, encoding="utf-8")
    monkeypatch.setattr(settling, "find_claim", lambda name, folder: register.find_claim(name, tmp_path))
    return tmp_path


@pytest.fixture
def shown(monkeypatch):
    """What `claim` displays, instead of displaying it: (text, html, metadata)."""
    import cvnotes.output

    seen = []
    monkeypatch.setattr(
        cvnotes.output, "present", lambda text, html=None, *, metadata=None: seen.append((text, html, metadata))
    )
    return seen


def test_a_right_measurement_shows_a_card(folder, shown):
    ledger.claim("size-of-output", np.int64(4))
    ((text, html, metadata),) = shown
    assert text == "✗ wrong  size-of-output: the notes: The output is <4.5> wide; measured: It is 4 wide"
    assert 'class="cv-claim cv-claim--wrong" id="claim-size-of-output"' in html
    assert "&lt;4.5&gt;" in html
    assert "<4.5>" not in html
    assert 'href="../book/ledger.html#size-of-output"' in html
    (record,) = metadata["claims"]
    assert record == {
        "id": "size-of-output",
        "verdict": "wrong",
        "measured": 4,
        "rival": 4.5,
        "measured_text": "4",
        "rival_text": "4.5",
    }


@pytest.mark.parametrize(
    ("name", "measured", "rival", "start"),
    [
        ("it-agrees", True, False, "✓ holds  it-agrees: Both agree"),
        ("a-pair-of-sides", [4, 4], [3, 3], "✓ holds with a condition  a-pair-of-sides: It is 4 by 4"),
        ("nearly-a-third", 0.33333, 0.5, "≈ imprecise  nearly-a-third: the notes: About a third; measured: A third"),
    ],
)
def test_plain_text_starts_with_verdict_and_id(folder, shown, name, measured, rival, start):
    ledger.claim(name, measured, rival=rival)
    assert shown[0][0].startswith(start)


def test_measured_digits_stay_out_of_the_plain_text(folder, shown):
    ledger.claim("nearly-a-third", 0.33377, rival=0.51234)
    text, html, _ = shown[0]
    assert not re.search(r"33377|3338|5123", text)
    assert "0.3338" in html
    assert "0.5123" in html


def test_a_wrong_measurement_raises(folder, shown):
    with pytest.raises(ledger.ClaimError, match=r"size-of-output \(width of the output\): expected 4, measured 5"):
        ledger.claim("size-of-output", 5)
    assert not shown


def test_a_claim_error_fails_like_an_assertion():
    assert issubclass(ledger.ClaimError, AssertionError)


def test_a_rival_that_passes_too_raises(folder, shown):
    with pytest.raises(ledger.ClaimError, match="passes too"):
        ledger.claim("nearly-a-third", 0.3333, rival=0.3335)
    assert not shown


@pytest.mark.parametrize("rival", [NAN, "a half", True, [], [NAN]])
def test_a_rival_that_cannot_be_compared_proves_nothing(folder, rival):
    with pytest.raises(ledger.ClaimError, match="must be comparable"):
        settling.settle("nearly-a-third", 0.3333, rival, folder)


def test_a_call_without_a_rival_is_an_error(folder):
    with pytest.raises(ledger.RegisterError, match="no rival to reject"):
        ledger.claim("nearly-a-third", 0.3333)


def test_a_truth_value_needs_a_computed_rival(folder):
    text = SAMPLE.replace("rival: a wrong kernel", "rival: a wrong kernel\n    rival_value: false")
    (folder / "sample.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ledger.RegisterError, match="would prove nothing"):
        ledger.claim("it-agrees", True)


def test_the_rival_of_the_call_goes_first(folder):
    with pytest.raises(ledger.ClaimError, match="passes too"):
        ledger.claim("size-of-output", 4, rival=4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("still-open", r"(?s)is open.*expect: \{close"),
        ("in-a-book", "settled by a source"),
        ("a-slip", "slip of the pen"),
        ("a-matter-of-taste", "opinion"),
        ("size-of-outputs", "Did you mean: size-of-output"),
        ("some-topic", "No claim 'some-topic'"),
    ],
)
def test_ids_that_cannot_be_measured_say_why(folder, name, words):
    with pytest.raises(ledger.RegisterError, match=words):
        ledger.claim(name, 4, rival=3)


def test_an_expectation_written_badly_is_named(folder):
    (folder / "sample.yml").write_text(SAMPLE.replace("1.0e-3", "1e-3"), encoding="utf-8")
    with pytest.raises(ledger.RegisterError, match=r"sample.yml: close: needs a positive atol"):
        ledger.claim("nearly-a-third", 0.3333, rival=0.5)


def test_claims_settles_a_row_in_one_card(folder, shown):
    ledger.claims({"size-of-output": 4, "nearly-a-third": (0.3333, 0.5), "a-pair-of-sides": ([4, 4], (3, 3))})
    ((text, html, metadata),) = shown
    assert [line.split()[0] for line in text.splitlines()] == ["✗", "≈", "✓"]
    assert html.startswith('<div class="cv-claims">')
    assert html.count('class="cv-claim ') == 3
    assert len(metadata["claims"]) == 3


def test_claims_names_all_disagreements_and_shows_nothing(folder, shown):
    with pytest.raises(ledger.ClaimError, match=r"(?s)size-of-output.*nearly-a-third"):
        ledger.claims({"size-of-output": 5, "a-pair-of-sides": [4, 4], "nearly-a-third": (0.5, 0.3)})
    assert not shown


def test_a_measured_pair_taken_for_a_rival_is_explained(folder):
    with pytest.raises(ledger.ClaimError, match="write a measured pair as a list"):
        ledger.claims({"a-pair-of-sides": (4, 4)})


def test_claims_without_claims_is_an_error():
    with pytest.raises(ledger.RegisterError, match="Received none"):
        ledger.claims({})


@pytest.mark.parametrize("value", [math.inf, [0.5] * 33, [math.inf, 1.0]])
def test_what_json_cannot_hold_is_stored_in_words(folder, value):
    entry = register.find_claim("nearly-a-third", folder)
    record = cards.record(cards.Settled(entry, value, 0.5))
    assert isinstance(record["measured"], str)
    json.loads(json.dumps(record, allow_nan=False))


# Loading ------------------------------------------------------------------------------------------------------------


def test_only_the_files_that_name_a_claim_are_parsed(folder):
    (folder / "another.yml").write_text("claims: [this is, no register", encoding="utf-8")
    assert register.find_claim("it-agrees", folder).chapter == "sample"


def test_an_edited_register_is_read_again(folder):
    assert register.find_claim("it-agrees", folder)["truth"] == "Both agree"
    (folder / "sample.yml").write_text(SAMPLE.replace("truth: Both agree", "truth: Both do"), encoding="utf-8")
    assert register.find_claim("it-agrees", folder)["truth"] == "Both do"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("claims:\n  one-id: {truth: a}\n  one-id: {truth: b}\n", "one-id: given twice"),
        ("claims:\n  one-id: {truth: a, truth: b}\n", "truth: given twice"),
        ("claim:\n  one-id: {truth: a}\n", "unknown section claim"),
        ("claims: [a, b", "not readable"),
    ],
)
def test_a_broken_file_is_refused(text, words):
    with pytest.raises(ledger.RegisterError, match=words):
        register.parse(text, "sample")


@pytest.mark.once
def test_importing_the_package_reads_no_register():
    code = (
        "import builtins, io, sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import cvnotes\n"
        "print([name for name in opened if name.endswith('.yml')], 'keras' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.strip() == "[] False"


def test_one_claim_is_found_in_little_time():
    register._parsed.cache_clear()
    import time

    start = time.perf_counter()
    register.find_claim("pool-discards-75")
    assert time.perf_counter() - start < 1


# The register of the book -------------------------------------------------------------------------------------------


def test_the_list_of_ids_is_whole():
    assert {section: len(set(ids)) for section, ids in known_ids().items()} == {
        "topics": 374,
        "claims": 505,
        "gaps": 153,
    }
    assert len(marked_ids("opinion")) == 21


@pytest.mark.once
def test_the_register_has_every_id_of_the_notes_once():
    assert list(audit.name_problems(ledger.entries(), known_ids())) == []


def test_every_entry_is_in_order():
    problems = [
        f"{entry.chapter}.yml, {entry.section} {entry.id}: {problem}"
        for entry in ledger.entries()
        for problem in audit.entry_problems(entry)
    ]
    assert problems == []


@pytest.mark.once
def test_every_settled_claim_is_proved_by_one_notebook():
    assert list(audit.proof_problems(ledger.entries(section="claims"), audit.shown(notebooks()))) == []


@pytest.mark.once
def test_no_notebook_types_a_measurement_in():
    assert list(audit.typed_problems(notebooks())) == []


def test_nothing_testable_is_settled_by_a_word():
    problems = audit.source_problems(ledger.entries(), marked_ids("history"), marked_ids("opinion"), bibliography())
    assert list(problems) == []


def test_each_expectation_rejects_the_rival_it_names():
    for entry in ledger.entries(section="claims"):
        if "expect" in entry.fields and entry.get("rival_value") is not None:
            assert compare.disagreement(entry["expect"], compare.plain(entry["rival_value"])), entry.id


# Faults that the checks above must find -----------------------------------------------------------------------------


def entry(section="claims", **changes) -> Entry:
    """A sound entry, with changes; a change to None takes the field away."""
    base = {
        "topics": {"name": "n", "from": ["A: One"], "runs": "r", "where": "pooling#one"},
        "gaps": {"gap": "g", "kind": "missing", "from": ["A: One"], "supply": "s", "where": "pooling#one"},
        "claims": {
            "from": ["A: One"],
            "says": "s",
            "truth": "It is four",
            "verdict": "holds",
            "expect": {"equals": 4},
            "measures": "the width",
            "rival": "the notes' value",
            "rival_value": 5,
        },
    }[section]
    fields = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return Entry("an-id", section, "sample", fields)


@pytest.mark.parametrize("section", ledger.SECTIONS)
def test_a_sound_entry_has_no_problems(section):
    assert list(audit.entry_problems(entry(section))) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (entry(verdict="true"), "is none of holds"),
        (entry(open="pooling"), "both open and settled"),
        (entry(cite="lecun1998"), "more than one way"),
        (entry(expect=None), "neither open nor settled"),
        (entry(expect=None, open="poolings"), "no notebook of the book"),
        (entry(verdict="opinion"), "nothing to settle"),
        (entry(expect=None, editorial="read x"), "no slip of the pen"),
        (entry(expect={"close": 4}), "positive atol"),
        (entry(measures=None), "no words for `measures:`"),
        (entry(rival=None), "no words for `rival:`"),
        (entry(truth=""), "no `truth:`"),
        (entry(truth="0"), "write it as a statement"),
        (entry(**{"from": "A: One"}), "must be a list of notes"),
        (entry(**{"from": ["F: One"]}), "must be a list of notes"),
        (entry(expect={"true": "it is"}, rival_value=False), "computed in the call"),
        (entry("topics", open="pooling"), "both open and placed"),
        (entry("gaps", where=None), "neither `open:` nor placed"),
        (entry("gaps", supply=None), "no `supply:`"),
    ],
)
def test_a_fault_in_an_entry_is_found(fault, words):
    assert any(words in problem for problem in audit.entry_problems(fault))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["one-id"], "two-ids: is missing"),
        (["one-id", "two-ids", "three"], "three: is no id"),
        (["one-id", "two-ids", "two-ids"], "two-ids: stands twice"),
    ],
)
def test_a_fault_in_the_ids_is_found(names, words):
    found = [Entry(name, "claims", "sample", {}) for name in names]
    (problem,) = audit.name_problems(found, {"topics": [], "claims": ["one-id", "two-ids"], "gaps": []})
    assert words in problem


def notebook(*cells: tuple[str, str], run: bool = True) -> dict:
    """A notebook as JSON: (id, output text) for each code cell."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": name,
                "execution_count": 1 if run else None,
                "outputs": [{"output_type": "display_data", "data": {"text/plain": [text]}}] if text else [],
            }
            for name, text in cells
        ]
    }


CARD = "✓ holds  an-id: t"


def test_a_proof_in_its_place_has_no_problems():
    cells = audit.shown({"pooling": notebook(("one", CARD))})
    assert list(audit.proof_problems([entry(), entry("topics")], cells)) == []


@pytest.mark.parametrize(
    ("found", "books", "words"),
    [
        (entry(), {"pooling": notebook(("one", "an-id"))}, "no notebook shows its card"),
        (entry(), {"pooling": notebook(("one", CARD), run=False)}, "no notebook shows its card"),
        (entry(), {"a": notebook(("one", CARD)), "b": notebook(("two", CARD))}, "shown 2 times: a#one, b#two"),
        (entry(), {"a": notebook(("one", f"{CARD}\n{CARD}"))}, "shown 2 times"),
        (entry(verdict="wrong"), {"a": notebook(("one", CARD))}, "a#one says holds, the ledger says wrong"),
        (entry(expect=None, open="pooling"), {"a": notebook(("one", CARD))}, "the ledger says it is open"),
        (entry("topics"), {"a": notebook(("one", CARD))}, "pooling#one is no cell"),
        (entry("gaps"), {"pooling": notebook(("one", ""))}, "pooling#one is no cell"),
        (entry("gaps"), {"pooling": notebook(("one", "x"), run=False)}, "pooling#one is no cell"),
        (entry("topics"), {"pooling": notebook(("one", "x"), ("two", CARD))}, "card of an unknown claim"),
    ],
)
def test_a_fault_in_the_proofs_is_found(found, books, words):
    assert any(words in problem for problem in audit.proof_problems([found], audit.shown(books)))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (entry(expect=None, cite="lecun1998"), "only a matter of history"),
        (entry(expect=None, cite="nobody2001"), "no entry 'nobody2001'"),
        (entry(expect=None, verdict="opinion"), "cannot be `opinion`"),
    ],
)
def test_a_word_in_place_of_a_measurement_is_found(fault, words):
    assert any(words in problem for problem in audit.source_problems([fault], set(), set(), {"lecun1998"}))


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("claim('an-id', 4)", ["'an-id'"]),
        ("claim('an-id', [4, 4], rival=width())", ["'an-id'"]),
        ("%matplotlib inline\nclaim('an-id', 2 * 2 == 4, rival=False)", ["'an-id'"]),
        ("claims({'an-id': 4, 'b-id': (True, wrong), 'c-id': (width(), 5)})", ["'an-id'", "'b-id'"]),
        ("claim('an-id', width)", []),
        ("claim('an-id', layer.units, rival=5)", []),
        ("claims({'an-id': (shape(), (4, 4))})", []),
        ("print(4)", []),
    ],
)
def test_a_typed_measurement_is_found(code, typed):
    assert list(audit.typed_measurements(code)) == typed
    book = {"pooling": {"cells": [{"cell_type": "code", "id": "one", "source": code.splitlines(keepends=True)}]}}
    assert len(list(audit.typed_problems(book))) == len(typed)


@pytest.mark.once
def test_the_whole_register_with_one_fault_is_refused(tmp_path):
    """The same calls as above, on a copy of the real register in which one id was lost and one verdict changed."""
    copy = tmp_path / "ledger"
    shutil.copytree(ledger.FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = copy / "gans.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"verdict: holds\b", "verdict: hold", text, count=1).replace("  gan-x-gz:", "  gan-x-zg:"))
    assert sorted(p.split(":")[0] for p in audit.name_problems(register.entries(copy), known_ids())) == [
        "claims gan-x-gz",
        "claims gan-x-zg",
    ]
    faulty = {e.id for e in register.entries(copy) if list(audit.entry_problems(e))}
    assert len(faulty - {e.id for e in ledger.entries() if list(audit.entry_problems(e))}) == 1


@pytest.mark.parametrize("measurements", [None, [("a", 1)], "some-id", 3])
def test_claims_takes_a_dictionary(measurements):
    with pytest.raises(ValueError, match=r"takes a dictionary.*Received"):
        ledger.claims(measurements)
