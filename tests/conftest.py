"""What all tests share: the markers, a browser if there is one, and no pass by skipping where one is required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_REQUIRED = "CVNOTES_REQUIRE_BROWSER"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "canary: breaks a copy of the book and expects the real commands to turn red")
    config.addinivalue_line("markers", "site: looks at the built pages; needs `make book` first")
    config.addinivalue_line("markers", "once: draws, or asks no framework; on JAX and PyTorch one case of it is enough")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if ROOT / "tests" / "site" in item.path.parents:
            item.add_marker(pytest.mark.site)
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        kept, left = first_cases(items)
        items[:] = kept
        config.hook.pytest_deselected(items=left)


def first_cases(items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Of the tests marked ``once``, the first case of each grid is kept; those without cases are left out."""
    kept, left, seen = [], [], set()
    for item in items:
        grid = item.nodeid.partition("[")[0]
        again = item.get_closest_marker("once") and (grid in seen or grid == item.nodeid)
        (left if again else kept).append(item)
        seen.add(grid)
    return kept, left


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Where a browser is required (in CI), a test skipped for want of one has failed."""
    report = yield
    if report.skipped and os.environ.get(BROWSER_REQUIRED) == "1" and "chromium" in str(report.longrepr).lower():
        report.outcome = "failed"
        report.longrepr = f"{BROWSER_REQUIRED}=1, yet: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium; the test is skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine (looked for: " + ", ".join(BROWSERS) + ")")
    return found


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of built pages."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("there are no built pages; run `make book` first")
    return folder
