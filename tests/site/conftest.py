"""The built site, a server for it on the loopback, and one browser for all its tests."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.site.built import ROOT, site_pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", site_pages())


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of a page go to one worker, so that it is loaded and looked at once."""
    for item in items:
        if not (hasattr(item, "callspec") and item.path.is_relative_to(Path(__file__).parent)):
            continue
        params = item.callspec.params
        if page := next((params[name] for name in ("page_name", "played", "notebook") if name in params), None):
            item.add_marker(pytest.mark.xdist_group(page))


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site; without one nothing here means anything."""
    if not (ROOT / "index.html").exists():
        pytest.fail(f"The site is not built: there is no {ROOT.name}/index.html. Run 'make book' first.")
    return ROOT


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The site served on the loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        words = f"No Chromium found: looked for {', '.join(BROWSERS)}. The pages were not looked at."
        (pytest.fail if os.environ.get("CVNOTES_REQUIRE_BROWSER") == "1" else pytest.skip)(words)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS.split())
        yield chromium
        chromium.close()
