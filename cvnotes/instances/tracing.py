"""What code does a call run? To see how much of it two pipelines share. Chapter: instances."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

PACKAGE = f"{Path(__file__).parent.parent}{os.sep}"


def functions_run(call: Callable[[], object]) -> set[str]:
    """Name the functions of this package that a call runs, as "room/module.function".

    What is remembered from an earlier call is not run again, so call it once before. Chapter: instances.
    """
    seen, before = set(), sys.getprofile()

    def watch(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and not code.co_name.startswith("<"):
            seen.add(f"{Path(code.co_filename).relative_to(PACKAGE).with_suffix('')}.{code.co_name}")

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(before)
    return seen
