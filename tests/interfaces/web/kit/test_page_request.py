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
