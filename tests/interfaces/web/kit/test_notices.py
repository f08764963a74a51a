"""Whoever did something is told on the next page that it was begun or done, in their language, and once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.interfaces.web.labs.new_lab_form import send
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import GALLERY, PASSWORD, version_id
from tests.prepared_installations import with_running_lab

ALGEBRA = "/labs/campus/algebra"
Act = Callable[[Portal, httpx.Client], httpx.Response]


def make_lab(portal: Portal, browser: httpx.Client) -> httpx.Response:
    return send(portal, browser, {"title": "Second"})


def reset_password(portal: Portal, browser: httpx.Client) -> httpx.Response:
    return portal.post(browser, f"{ALGEBRA}/password", account="educator", password="better-Horse-8")


def save_words(portal: Portal, browser: httpx.Client) -> httpx.Response:
    return portal.post(browser, f"{ALGEBRA}/edit", title="algebra", description="First term")


def export(portal: Portal, browser: httpx.Client) -> httpx.Response:
    return portal.post(browser, f"{ALGEBRA}/export", target="new", name="Term", regions=[])


def delete_lab(portal: Portal, browser: httpx.Client) -> httpx.Response:
    return portal.post(browser, f"{ALGEBRA}/delete")


def change_password(portal: Portal, browser: httpx.Client) -> httpx.Response:
    new = "better-Horse-8"
    return portal.post(browser, "/me/password", current=PASSWORD, new=new, again=new)


def import_file(portal: Portal, browser: httpx.Client) -> httpx.Response:
    upload = portal.installation.upload(b"\0" * 446 + bytes(64) + b"\x55\xaa" + bytes(1 << 20))
    form: dict[str, Any] = {
        "target": "existing",
        "image": version_id("linux").parent.key,
        "version": "2.0.0",
        "proposed": "2.0.0",
    }
    return portal.post(browser, f"/import/{upload}", gallery=GALLERY.key, home="brazilsouth", **form)


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize(
    ("who", "act", "english", "portuguese"),
    [
        (
            "educator",
            make_lab,
            "The lab is being made. You may leave",
            "O laboratório está sendo criado. Você pode sair",
        ),
        (
            "educator",
            reset_password,
            "The password is being set in the machine.",
            "A senha está sendo definida na máquina.",
        ),
        ("educator", save_words, "The title and the description were saved.", "O título e a descrição foram salvos."),
        ("educator", export, "The export has begun. You may leave", "A exportação começou. Você pode sair"),
        (
            "educator",
            delete_lab,
            "The lab is being deleted. You may leave",
            "O laboratório está sendo excluído. Você pode",
        ),
        ("educator", change_password, "Your password is changed.", "Sua senha foi alterada."),
        ("admin", import_file, "The image is being made. You may leave", "A imagem está sendo criada. Você pode sair"),
    ],
)
def test_what_was_begun_or_done_is_said_once(
    new_portal: NewPortal, who: str, act: Act, english: str, portuguese: str, language: str
) -> None:
    portal = new_portal(with_running_lab)
    browser, told = portal.browser(who, language=language), english if language == "en" else portuguese

    place = act(portal, browser).headers["location"]

    assert told in text_of(browser.get(place))
    assert told not in text_of(browser.get(place))
