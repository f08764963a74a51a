"""What a browser's cookies and scripts may say, and what a page makes of it."""

import base64

import pytest

from tests.interfaces.web.served import Portal, text_of

SCRIPT = {"HX-Request": "true"}


@pytest.mark.parametrize(
    "notice",
    [b"[" * 20_000, b'{"a":' * 8_000, b'"\\ud800"', b'{"a": 1}', b"\xff", b""],
    ids=lambda notice: notice[:8].decode("latin-1"),
)
def test_a_notice_that_is_none_is_not_shown(shared_portal: Portal, notice: bytes) -> None:
    browser = shared_portal.browser("educator")
    browser.cookies.set("notice", base64.urlsafe_b64encode(notice).decode(), domain="127.0.0.1", path="/")
    answer = browser.get("/me")
    assert answer.status_code == 200
    assert "My account" in text_of(answer)


def test_a_script_is_led_to_addresses_with_any_letters(shared_portal: Portal) -> None:
    browser = shared_portal.browser("educator")
    fields = {"csrf": shared_portal.token(browser), "language": "en", "next": "/labs?q=\u4e16\u754c é&x=%2F"}
    answer = browser.post("/language", data=fields, headers=shared_portal.own_origin | SCRIPT)
    assert answer.headers["hx-redirect"] == "/labs?q=%E4%B8%96%E7%95%8C%20%C3%A9&x=%2F"


def test_a_form_of_an_earlier_session_is_sent_again_with_the_token_of_this_one(shared_portal: Portal) -> None:
    browser = shared_portal.browser("educator")
    fields, headers = {"language": "en", "next": "/me"}, shared_portal.own_origin | SCRIPT
    refused = browser.post("/language", data=fields | {"csrf": "of an earlier session"}, headers=headers)
    assert (refused.status_code, bool(refused.headers["x-person"])) == (403, True)

    answer = browser.post("/language", data=fields | {"csrf": refused.headers["x-form-token"]}, headers=headers)
    assert answer.headers["hx-redirect"] == "/me"


def test_no_other_site_gets_a_token(shared_portal: Portal) -> None:
    browser = shared_portal.browser("educator")
    fields = {"language": "en", "next": "/me", "csrf": "guessed"}
    answer = browser.post("/language", data=fields, headers={"Origin": "https://elsewhere.example"} | SCRIPT)
    assert answer.status_code == 403
    assert "x-form-token" not in answer.headers


def test_whoever_is_signed_out_is_told_how_to_go_on(shared_portal: Portal) -> None:
    browser = shared_portal.browser("educator")
    browser.cookies.clear()
    answer = browser.post("/labs/new", data={"csrf": "old"}, headers=shared_portal.own_origin | SCRIPT)
    assert (answer.status_code, answer.headers["x-person"]) == (403, "")
    assert "You are signed out" in text_of(answer)
