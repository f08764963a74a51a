"""The browser under test: Debian's Chromium, or the one that scripts/setup fetched where a release has none.

Where there is a Chromium without the frame around its pages, it is taken: it takes a quarter less of a processor.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.page_checks import ROOT

STEADY = Path(__file__).parent / "scripts" / "steady_chromium.py"
# That a page has for what a test waits for: computers under test are shared, and stand still now and then.
SECONDS = 60.0
# A browser of tests asks nobody on the internet, and root has no sandbox.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """While it is open, asyncio has a loop in this thread: keep it no longer than needed."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=STEADY, args=list(OPTIONS), env={**os.environ, "CHROMIUM": str(find_chromium())}
        )
        try:
            yield browser
        finally:
            browser.close()


def find_chromium() -> Path:
    """Raises AssertionError with what to do."""
    fetched = sorted((ROOT / ".cache" / "browsers").glob("chromium-*/chrome-linux*/chrome"))
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found or fetched:
        return Path(found) if found else fetched[-1]
    raise AssertionError("There is no Chromium: run scripts/setup test")
