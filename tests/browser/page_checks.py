"""What every page must keep, whoever looks at it: said by axe, by the sizes of its parts, by the Tab key, and by the console.

Each check raises AssertionError with everything that it found. They leave the page as it was, but for the focus.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / ".cache" / "assets" / "node_modules" / "axe-core" / "axe.min.js"
SCRIPTS = Path(__file__).with_name("scripts")
WIDE, NARROW = (1280, 800), (390, 844)
# WCAG 2.2 AA, as axe names its parts.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# axe leaves this rule of WCAG 2.2 out unless it is named.
RULES = {"target-size": {"enabled": True}}
MANY = 400  # Tab stops, more than any page has
PARTS = 8  # Tab stops that a date may have within itself

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def check_page(page: Page, *, besides: str = "") -> None:
    """All of them."""
    check_accessible(page)
    check_fits(page)
    check_keyboard(page)
    check_quiet(page, besides=besides)


def check_accessible(page: Page) -> None:
    """axe finds no violation of WCAG 2.2 AA, in light and in dark."""
    if not AXE.is_file():
        raise AssertionError(f"{AXE} is missing: run scripts/assets test")
    found = []
    for scheme in SCHEMES:
        with _colours(page, scheme):
            if not page.evaluate("typeof window.axe === 'object'"):
                page.evaluate(AXE.read_text(encoding="utf-8"))
            options = {"runOnly": {"type": "tag", "values": TAGS}, "rules": RULES, "resultTypes": ["violations"]}
            violations = page.evaluate("options => axe.run(document, options).then(it => it.violations)", options)
            found += [f"{scheme}: {_violation(each)}" for each in violations]
    _expect_none(page, found)


def check_fits(page: Page, *sizes: tuple[int, int]) -> None:
    """At 1280 and at 390 pixels nothing scrolls sideways, is cut off, spills out or lies over something else."""
    script = (SCRIPTS / "fits.js").read_text(encoding="utf-8")
    found = []
    for width, height in sizes or (WIDE, NARROW):
        with sized(page, width, height):
            page.evaluate("scrollTo(0, 0)")
            found += [f"{width} wide: {each}" for each in page.evaluate(script)]
    _expect_none(page, found)


def check_keyboard(page: Page) -> None:
    """Tab reaches everything in the order of the page, is held nowhere, and shows where it is."""
    with _colours(page, "light"):
        found: list[str] = []
        follower = page.evaluate_handle((SCRIPTS / "tab_stops.js").read_text(encoding="utf-8"))
        stays = 0
        for _ in range(MANY):
            page.keyboard.press("Tab")
            now = follower.evaluate("it => it.step()")
            if now["at"] is None:
                break
            found += now["problems"]
            stays = stays + 1 if now.get("stays") else 0
            if stays > PARTS:
                found.append(f"Tab cannot leave {now['at']}")
                break
        found += follower.evaluate("it => it.rest()")
    _expect_none(page, found)


def check_quiet(page: Page, *, besides: str = "") -> None:
    """No error in the console (where refused content is reported), no fault in a script, no answer that
    did not come. `besides` is a pattern of what is expected, such as "status of 403"."""
    found = [
        f"console: {each.text} ({each.location['url']})" for each in page.console_messages() if each.type == "error"
    ]
    found += [f"script: {each}" for each in page.page_errors()]
    failed = [(each.url, each.failure) for each in page.requests() if each.failure]
    # What a page was still waiting for is given up when another one is opened.
    found += [f"request: {failure} {url}" for url, failure in failed if "ERR_ABORTED" not in str(failure)]
    _expect_none(page, [each for each in found if not (besides and re.search(besides, each))])


@contextmanager
def sized(page: Page, width: int, height: int) -> Iterator[None]:
    """The window in another size for a while, laid out."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    _settle(page)
    try:
        yield
    finally:
        if before:
            page.set_viewport_size(before)


@contextmanager
def _colours(page: Page, scheme: Scheme) -> Iterator[None]:
    """Nothing moves meanwhile."""
    before: Scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _settle(page)
    try:
        yield
    finally:
        page.emulate_media(color_scheme=before, reduced_motion="no-preference")


def _settle(page: Page) -> None:
    """Until it is drawn: fonts are there, and what moves for a moment is at its end. It is put there and not waited for: the
    fade of a button that a new layout moved away from the pointer never ended by itself in Chromium."""
    page.evaluate(
        """async () => {
            await document.fonts.ready;
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const short = document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < 5000);
            short.forEach((each) => each.finish());
        }"""
    )


def _violation(found: dict[str, Any]) -> str:
    places = "; ".join(f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in found["nodes"][:4])
    return re.sub(
        r"\s+", " ", f"{found['id']} ({found['impact']}), {len(found['nodes'])} times: {found['help']}. {places}"
    )


def _expect_none(page: Page, problems: list[str]) -> None:
    if problems:
        raise AssertionError(f"{page.url} has {len(problems)} faults:\n  " + "\n  ".join(problems))
