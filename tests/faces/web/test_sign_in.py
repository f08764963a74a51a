"""In and out with a name and a password."""

from tests.faces.web.served import Portal, text_of, title_of
from tests.scene import PASSWORD


def test_a_page_leads_to_the_sign_in_and_back(portal: Portal) -> None:
    browser = portal.stranger()
    led = browser.get("/operations?page=2")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Foperations%3Fpage%3D2")
    answer = portal.post(browser, "/sign-in", name="Educator", password=PASSWORD, next="/operations?page=2")
    assert answer.headers["location"] == "/operations?page=2"
    assert title_of(browser.get("/operations")) == "Operations"


def test_who_is_signed_in_sees_pages_in_their_language(portal: Portal) -> None:
    assert title_of(portal.browser("educator", language="pt-BR").get("/operations")) == "Operações"
    assert "Administração" not in text_of(portal.browser("educator", language="pt-BR").get("/operations"))
