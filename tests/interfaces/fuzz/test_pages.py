"""Hostile values in every field of every form of the portal, in its addresses and cookies; pages stay pages afterwards."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.domain.people.web_sessions import form_token
from galeria.interfaces.web.kit.language import LANGUAGE_COOKIE, ZONE_COOKIE
from galeria.interfaces.web.kit.page_request import NOTICE_COOKIE
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.pages import Browser
from tests.interfaces.fuzz.product import STRANGER, Product, running
from tests.interfaces.fuzz.targets import encoded
from tests.interfaces.fuzz.values import HUGE, TEXTS, VALUES, Shares, written
from tests.interfaces.web.content import add_content, harm
from tests.local_installation import MIB, disk_bytes

pytestmark = pytest.mark.slow

EACH = 1  # value for one field; the next one gets another
FIELDS = TEXTS | {"wrong address": "http://[", "wrong address within": "//[x", "page of ours": "/labs\u00e9\u4e16"}
STARTS = (
    *(
        "/labs",
        "/labs/new",
        "/labs/campus/algebra/export",
        "/accounts",
        "/accounts/new",
        "/accounts/campus/labs/policies",
    ),
    *("/galleries", "/galleries/new", "/images", "/costs", "/operations", "/activity", "/people", "/people/add/person"),
    *("/people/add/program", "/me", "/import", "/sign-in"),
)
QUERIES = (
    *(
        "account",
        "action",
        "code",
        "correlation",
        "error",
        "gallery",
        "image",
        "iss",
        "kind",
        "left",
        "limit",
        "next",
        "page",
    ),
    *("person", "q", "region", "resource", "since", "state", "status", "until", "where", "user_code"),
)
# What ends the session or the rights that the other requests need.
ENDS = ("/sign-out", "/me/sessions", "/people/admin")
SCRIPTED = (b"hx-request", b"true")
IN_PATH = re.compile(r"\{(\w+)(?::path)?\}")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Product]:
    """One with images, labs, and work of all kinds."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with running(tmp_path_factory.mktemp("fuzz") / "installation", migrated_file, key) as served:
        add_content(served.installation)
        served.installation.upload(disk_bytes(MIB))
        yield served


@pytest.fixture(scope="module")
def browser(product: Product) -> Browser:
    """The Owner's, which has seen every page."""
    cookies = product.cookie("admin")
    found = Browser(product, cookies, token=form_token(cookies[0][1].partition(b"=")[2].decode()))
    found.look_around(*STARTS)
    return found


def test_no_field_of_a_form_makes_a_fault(browser: Browser, judge: Judge, shares: Shares) -> None:
    presses = [each for each in browser.presses() if not each.place.startswith(ENDS)]
    assert len(presses) > 60, "the pages have lost their forms"
    for press in sorted(presses, key=lambda each: (harm(each.place), each.place)):
        for name in sorted(press.fields.keys() - {"csrf"}):
            for kind, value in shares(FIELDS, EACH):
                answer = browser.send(press.place, press.fields | {name: [value]})
                judge.each(f"{press.place} {press.text} {name}: {kind}", answer, judge.page)
    browser.product.begun.ids.clear()
    settings = f"; {LANGUAGE_COOKIE}=pt-BR; {ZONE_COOKIE}=Pacific/Kiritimati".encode()
    later = Browser(browser.product, [(b"cookie", browser.cookies[0][1] + settings)])
    later.look_around(*STARTS, told=lambda place, answer: judge.each(f"{place} afterwards", answer, judge.page))
    assert len(later.seen) >= len(STARTS)
    judge.end()


def test_no_address_of_a_page_makes_a_fault(browser: Browser, judge: Judge, shares: Shares) -> None:
    for route in browser.product.pages:
        names = IN_PATH.findall(route.path)
        for number in range(len(names)):
            for kind, value in shares(FIELDS, 2):
                parts = iter(encoded(value) if place == number else "algebra" for place in range(len(names)))
                address = IN_PATH.sub(lambda _found, own=parts: next(own), route.path)  # type: ignore[misc]
                for method in route.methods or ():
                    asked = browser.get if method != "POST" else lambda place: browser.send(place, {})
                    judge.each(f"{method} {route.path} {kind}", asked(address), judge.page)
    judge.end()


def test_no_query_of_a_page_makes_a_fault(browser: Browser, judge: Judge, shares: Shares) -> None:
    stranger = Browser(browser.product, browser.product.cookie(STRANGER))
    for place in (*STARTS, "/accounts/campus/labs/images", "/adfs/device"):
        for query in QUERIES:
            for kind, value in shares(FIELDS, 1):
                address = f"{place}?{query}={encoded(value)}"
                for who in (browser, stranger):
                    judge.each(f"{address[:200]} {kind}", who.get(address), judge.page)
    judge.end()


def test_no_cookie_makes_a_fault(browser: Browser, judge: Judge) -> None:
    """Also where its form is our own: the pages write and read some of them."""
    own = browser.cookies[0][1]
    values = {name: _as_cookie(text) for name, text in FIELDS.items()}
    notices = {name: base64.urlsafe_b64encode(written(value)[:30_000]) for name, value in VALUES.items()}
    for name in (
        LANGUAGE_COOKIE,
        ZONE_COOKIE,
        NOTICE_COOKIE,
        "galeria",
        "galeria-form",
        "galeria-external",
        "galeria-known",
    ):
        for kind, value in (values | (notices if name == NOTICE_COOKIE else {})).items():
            cookies = name.encode() + b"=" + value + (b"" if name == "galeria" else b"; " + own)
            answer = Browser(browser.product, [(b"cookie", cookies)]).get("/me")
            judge.each(f"cookie {name}: {kind}", answer, judge.page)
            if name == "galeria-known":  # is read where a password comes
                guessing = Browser(browser.product, [(b"cookie", cookies)], token=browser.token)
                answer = guessing.send("/sign-in", {"name": ["admin"], "password": ["wrong"]})
                judge.each(f"cookie {name} with a password: {kind}", answer, judge.page)
    for cookies in (b"", b";", b"=", b"a=b=c;;==", b'a="', b"galeria", bytes(range(128, 256)), b"a=b; " * 9000):
        judge.each(f"cookies {cookies[:40]!r}", Browser(browser.product, [(b"cookie", cookies)]).get("/me"), judge.page)
    judge.end()


def test_no_bytes_of_a_form_make_a_fault(browser: Browser, judge: Judge) -> None:
    token = browser.token.encode()
    bodies = (
        b"",
        b"csrf",
        b"csrf=%",
        b"csrf=%zz&name=%",
        b"csrf=\xff\xfe&name=\xff",
        b"csrf=" + token + b"&name=%ff%fe%00&name=%00",
        b"csrf=" + token + b"&csrf=" + token,
        b"csrf=" + token + b"&a=1" * 3000,
        b"csrf=" + token + b"&" + b"k" * 200_000 + b"=1",
        b"csrf=" + token + b"&name=" + HUGE.encode(),
        "csrf=é".encode(),
        b"&&&===&&",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + token + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="../../a"\r\n\r\n1\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n",
        b"--x",
    )
    types = (
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"multipart/form-data",
        b"text/plain",
    )
    for body in bodies:
        for type in (
            *types,
            b"multipart/form-data; boundary=" + b"x" * 300,
            b"application/x-www-form-urlencoded; charset=x",
        ):
            for place in ("/galleries/new", "/sign-in", "/language"):
                answer = browser.send_bytes(place, body, (b"content-type", type))
                judge.each(f"{place} {type!r} {body[:60]!r}", answer, judge.page)
    judge.end()


def test_no_answer_to_a_script_makes_a_fault(browser: Browser, judge: Judge, shares: Shares) -> None:
    """Scripts of the pages get other answers: parts of pages, and addresses in a header of its own."""
    places = (
        "/language",
        "/galleries/new",
        "/people/add/person",
        "/labs/new",
        "/labs/new/check",
        "/operations",
        "/sign-in",
    )
    for place in places:
        for name in ("next", "name", "language", "title", "image", "size", "region", "user_name"):
            for kind, value in shares(FIELDS, 3):
                judge.each(f"{place} {name} {kind}", browser.send(place, {name: [value]}, SCRIPTED), judge.page)
    judge.end()


def _as_cookie(text: str) -> bytes:
    value = text.encode("utf-8", errors="surrogatepass")
    return bytes(byte for byte in value if byte >= 32 and byte != 127)
