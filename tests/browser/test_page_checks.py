"""The checks see what they are there for: each finds nothing on a good page and the fault on a bad one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import Picture
from tests.browser.page_checks import check_accessible, check_fits, check_keyboard, check_page, check_quiet

pytestmark = pytest.mark.slow

ADDRESS = "https://pages.test/"
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #15181c; --link: #9cc3f2; } }
body { margin: 1rem; font: 16px/1.5 sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--link); display: inline-block; min-height: 24px; }
button { font: inherit; color: var(--paper); background: var(--link); border: 0; padding: .5rem 1rem; transition: outline .2s; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.ears:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { overflow-x: auto; }
td { padding: .5rem; white-space: nowrap; }
.fixed { position: sticky; top: 0; background: var(--paper); }
"""
GOOD = """
<a class="ears" href="#main">Skip to the content</a>
<header class="fixed"><nav aria-label="Places"><a href="/labs">My labs</a> <a href="/images">Images of the account</a></nav>
</header>
<main id="main"><h1>Labs of the department of mathematics</h1>
<p>Each lab has a template. <a href="/more">What is a template?</a> It is a machine that you shape, which may take
some time, and <a href="/longer">here is a rather long address that breaks into two lines on narrow windows</a>.</p>
<form><label>Name <input name="name" autocomplete="off"></label>
<fieldset><legend>Size</legend><label><input type="radio" name="size" value="s" checked> Small</label>
<label><input type="radio" name="size" value="l"> Large</label></fieldset>
<label>Until <input type="date" name="until"></label>
<button type="submit">Make the lab</button> <button type="submit" disabled>Not now</button></form>
<details><summary>More</summary><p>Hidden until it is wanted. <a href="/hidden">Also hidden</a></p></details>
<div class="scroll" role="region" aria-label="Versions" tabindex="0"><table><tr><th>Version</th><th>Regions</th></tr>
<tr><td>1.0.0</td><td>brazilsouth, brazilsoutheast, westeurope, northeurope, and some more of them in one line</td></tr>
</table></div>
<p style="height: 900px">Far down</p><a href="/end">The end</a></main>
"""
Show = Callable[..., Page]


@pytest.fixture
def show(blank: Page) -> Show:
    """Opens a small page: `body` with the good style and `more` of it, served with `headers`."""

    def show(body: str, more: str = "", *, headers: dict[str, str] | None = None, language: str = 'lang="en"') -> Page:
        html = f"<!doctype html><html {language}><head><meta charset='utf-8'><title>A page</title>"
        html += '<meta name="viewport" content="width=device-width, initial-scale=1">'
        html += f'<link rel="icon" href="data:,"><style>{STYLE}{more}</style></head><body>{body}</body></html>'

        def answer(route: Route) -> None:
            if route.request.url == ADDRESS:
                route.fulfill(body=html, content_type="text/html", headers=headers or {})
            else:
                route.fulfill(status=404, body="")

        blank.route("**/*", answer)
        blank.goto(ADDRESS)
        return blank

    return show


def test_a_good_page_passes_every_check(show: Show) -> None:
    page = show(GOOD)

    check_page(page)

    assert page.viewport_size == {"width": 1280, "height": 800}


@pytest.mark.parametrize(
    ("body", "more", "told"),
    [
        (GOOD + "<p style='color: #999'>Pale</p>", "", "light: color-contrast"),
        (GOOD, "@media (prefers-color-scheme: dark) { p { color: #555 } }", "dark: color-contrast"),
        (GOOD + "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "", "image-alt"),
        (GOOD + "<input name='nameless'>", "", "label"),
        (GOOD + "<p><button class='tiny' aria-label='a'></button><button class='tiny' aria-label='b'></button></p>",
         ".tiny { width: 12px; height: 12px; padding: 0; }", "target-size"),
    ],
)  # fmt: skip
def test_axe_tells_what_people_cannot_use(show: Show, body: str, more: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_accessible(show(body, more))


def test_axe_wants_a_language(show: Show) -> None:
    with pytest.raises(AssertionError, match="html-has-lang"):
        check_accessible(show(GOOD, language=""))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<p style='width: 900px'>Wide</p>", "390 wide: scrolls sideways"),
        ("<p style='width: 80px; overflow: hidden; white-space: nowrap'>Much too long for this</p>", "cut off in <p>"),
        ("<p style='width: 80px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis'>Much too long for it</p>",
         "cut off in <p>"),
        ("<p style='height: 20px; width: 90px; overflow: hidden'>Three lines at least of text</p>", "cut off in <p>"),
        ("<p style='width: 50px'>Incomprehensibilities</p>", "spills out of <p>"),
        ("<p style='height: 24px; width: 90px'>Three lines at least of text</p><p>Next</p>", "spills out of <p>"),
        ("<button>One</button><button style='margin-left: -20px'>Two</button>", 'over <button> "Two"'),
        ("<p>Below it</p><p style='margin-top: -35px'>Above it</p>", "texts overlap"),
        ("<p style='margin-left: -3rem'>Beginning outside</p>", "left of the window"),
        ("<p style='width: 40px; overflow-wrap: anywhere'>Pequeno</p>", '"Pequeno" is broken'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_reported(show: Show, body: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_fits(show(body))


def test_what_lies_in_a_layer_of_its_own_may_cover_the_page(show: Show) -> None:
    menu = "<details open><summary>Menu</summary><div class='menu'><a href='/x'>Leave</a></div></details>"
    style = ".menu { position: absolute; background: Canvas }"

    check_fits(show(menu + "<p><a href='/below'>Below the menu</a></p>", style))


@pytest.mark.parametrize(
    ("body", "more", "told"),
    [
        ("<a href='/a'>A</a><button>B</button>", "button:focus-visible { outline: none }", "cannot be seen on <button>"),
        ("<a href='/a'>A</a><button tabindex='3'>B</button>", "", "<button> \"B\" jumps the order"),
        ("<a href='/a'>A</a><button id='trap'>B</button><a href='/c'>C</a>"
         "<script>trap.onkeydown = (event) => event.preventDefault()</script>", "", "Tab cannot leave <button#trap>"),
        ("<a href='/a'>A</a><button id='back'>B</button><a href='/c'>C</a>"
         "<script>back.onblur = () => document.querySelector('a').focus()</script>", "", 'does not reach <a> "C"'),
        ("<a href='/a'>A</a><p>Text</p><a href='/b'>B</a><div class='over'></div>",
         ".over { position: fixed; inset: 60px 0 0 0; background: Canvas }", '<a> "B" is hidden or covered'),
    ],
)  # fmt: skip
def test_a_keyboard_alone_shows_what_it_cannot_do(show: Show, body: str, more: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_keyboard(show(body, more))


def test_the_keyboard_stays_in_an_open_dialog(show: Show) -> None:
    page = show("<a href='/a'>A</a><dialog id='ask'><p>Sure?</p><button>Yes</button><button>No</button></dialog>")
    page.evaluate("ask.showModal()")

    check_keyboard(page)


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        ("<p>Go</p><script>console.error('lost my keys')</script>", {}, "console: lost my keys"),
        ("<p>Go</p><script>nothing.at.all</script>", {}, "script: .*nothing is not defined"),
        ("<p>Go</p><img src='/missing.png' alt='lost'>", {}, "status of 404"),
        ("<p onclick='go()'>Go</p>", {"Content-Security-Policy": "script-src 'self'"}, "Content Security Policy"),
    ],
)
def test_noise_is_heard(show: Show, body: str, headers: dict[str, str], told: str) -> None:
    page = show(body, headers=headers)
    page.locator("p").click()

    with pytest.raises(AssertionError, match=told):
        check_quiet(page)
    check_quiet(page, besides=told)


def test_a_picture_is_taken_wide_and_narrow(show: Show, picture: Picture) -> None:
    wide = picture(show(GOOD), "a-page")

    sizes = [int.from_bytes(path.read_bytes()[16:20], "big") for path in (wide, wide.with_stem("a-page-narrow"))]
    assert sizes == [1280, 390]
