"""Sizes and numbers: what is read, and what is refused with a message that shows what came."""

from __future__ import annotations

import numpy as np
import pytest

from cvnotes import checks

NO_WHOLE = [
    True,
    2.0,
    "2",
    None,
    [2],
    (2,),
    np.float32(2),
    np.bool_(True),
    np.array([2, 3]),
    np.array([2]),
    float("nan"),
]


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2), np.array(2)])
def test_whole_numbers_of_any_kind_are_ints(value):
    found = checks.whole("side", value, 1, 2)
    assert found == 2
    assert type(found) is int


@pytest.mark.parametrize("value", NO_WHOLE, ids=repr)
def test_what_is_no_whole_number_is_shown(value):
    with pytest.raises(ValueError, match=r"side must be a whole number\. Received: side="):
        checks.whole("side", value, 0)


@pytest.mark.parametrize(
    ("value", "most", "said"), [(0, None, "at least 1"), (9, 8, "from 1 to 8"), (0, 8, "from 1 to 8")]
)
def test_whole_numbers_out_of_range_are_refused(value, most, said):
    with pytest.raises(ValueError, match=f"{said}. Received: side={value}"):
        checks.whole("side", value, 1, most)


@pytest.mark.parametrize("value", [True, "1", None, [1.0], np.array([1.0]), float("nan"), float("inf"), 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="rate must be a number"):
        checks.number("rate", value, most=2)


def test_ends_belong_to_a_range_or_do_not():
    assert checks.number("rate", 1, 1, 1) == 1.0
    for ends in ({"above": 1}, {"below": 1}):
        with pytest.raises(ValueError, match="Received: rate=1"):
            checks.number("rate", 1, **ends)


def test_a_pair_is_one_number_or_two():
    assert checks.pair("size", 3) == (3, 3)
    assert checks.pair("size", [3, np.int32(4)]) == (3, 4)
    for wrong in ((1, 2, 3), (), (1, 0), (1, 2.5), np.array([1, 2]), "12"):
        with pytest.raises(ValueError, match="size must be"):
            checks.pair("size", wrong)


def test_a_choice_is_shown_with_what_there_is():
    assert checks.choice("mode", "valid", ("valid", "same")) == "valid"
    for wrong in ("full", True, None):
        with pytest.raises(ValueError, match="mode"):
            checks.choice("mode", wrong, ("valid", "same"))
    with pytest.raises(ValueError, match="depth"):
        checks.choice("depth", True, (0, 1))
