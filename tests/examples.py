"""How many examples a property is tried on: all of them with the book's own backend, a quarter with another one.

JAX compiles anew for every shape, and what a property says of shapes is the same on all backends.
"""

from __future__ import annotations

import os

from hypothesis import settings


def examples(count: int) -> settings:
    """Settings for a test that draws `count` examples, without a limit on the time of one."""
    usual = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
    return settings(max_examples=count if usual else max(5, count // 4), deadline=None)
