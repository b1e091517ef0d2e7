"""Which tests run on JAX and PyTorch: all but the repetitions of what no framework changes."""

from __future__ import annotations

import pytest

from tests.conftest import first_cases


class Item:
    """What `first_cases` asks of a test."""

    def __init__(self, nodeid: str, *marks: str) -> None:
        self.nodeid, self.marks = nodeid, marks

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


@pytest.fixture
def items():
    frames = [Item(f"test_a.py::test_frames[{i}]", "once") for i in range(3)]
    numbers = [Item(f"test_a.py::test_numbers[{i}]") for i in range(3)]
    return [*frames, *numbers, Item("test_a.py::test_picture", "once"), Item("test_a.py::test_sum")]


def test_of_a_grid_of_drawings_the_first_is_kept(items):
    kept, left = first_cases(items)
    assert [item.nodeid for item in kept if "frames" in item.nodeid] == ["test_a.py::test_frames[0]"]
    assert {item.nodeid for item in left} == {
        "test_a.py::test_frames[1]",
        "test_a.py::test_frames[2]",
        "test_a.py::test_picture",
    }


def test_all_others_are_kept_in_their_order(items):
    kept, left = first_cases(items)
    assert [item for item in items if item in kept] == kept
    assert len(kept) + len(left) == len(items)
    assert sum("numbers" in item.nodeid or "sum" in item.nodeid for item in kept) == 4
