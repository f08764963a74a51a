"""The link that begins an installation: open it, choose a password, and be in."""

import json
import os
import pty
import re
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from galeria.actions.people.first_password_links import add_password_link
from galeria.actions.people.people import set_password
from galeria.bootstrap.demo_host import running_server
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import is_out, sign_in
from tests.local_installation import PASSWORD

SECRET = "k" * 43
PLACE = f"/welcome/{SECRET}"
NEW = "better-Horse-8"


@pytest.fixture
def welcoming(portal: Portal) -> Portal:
    """The link is the administrator's."""
    with portal.services.requests.anonymous_writing() as request:
        admin = request.uow.people.find_by_name("admin")
        assert admin is not None
        add_password_link(request, admin, SECRET)
    return portal


def test_the_link_asks_for_a_password_and_opens_the_labs(welcoming: Portal) -> None:
    browser = welcoming.stranger()
    page = browser.get(PLACE)
    assert title_of(page) == "Choose your password"
    assert "Welcome, Admin. Your user name is admin ." in text_of(page)
    answer = welcoming.post(browser, PLACE, page=PLACE, new=NEW, again=NEW)
    assert answer.headers["location"] == "/labs"
    assert not is_out(browser)
    sign_in(welcoming, welcoming.stranger(), name="admin", password=NEW)
    sign_in(welcoming, welcoming.stranger(), name="admin", password=PASSWORD, status=401)


def test_the_link_works_once(welcoming: Portal) -> None:
    late = welcoming.stranger()
    token = welcoming.token(late, PLACE)
    browser = welcoming.stranger()
    welcoming.post(browser, PLACE, page=PLACE, new=NEW, again=NEW)
    for answer in (late.get(PLACE), late.post(PLACE, data={"csrf": token, "new": PASSWORD, "again": PASSWORD})):
        assert answer.status_code == 404
        assert title_of(answer) == "This link does not work any more"
        assert "Sign in with your password" in text_of(answer)
    assert is_out(late)


def test_the_link_ends_when_the_password_is_changed_otherwise(welcoming: Portal) -> None:
    with welcoming.installation.request() as request:
        set_password(request, "admin", NEW, welcoming.services.secrets)
    answer = welcoming.stranger("pt-BR").get(PLACE)
    assert answer.status_code == 404
    assert title_of(answer) == "Este link não funciona mais"


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [("short", "short", "8 to 123 characters"), (NEW, "other", "The two passwords differ.")],
)
def test_a_mistyped_password_leaves_the_link_as_it_was(welcoming: Portal, new: str, again: str, told: str) -> None:
    browser = welcoming.stranger()
    refused = welcoming.post(browser, PLACE, page=PLACE, status=400, new=new, again=again)
    assert told in text_of(refused)
    assert is_out(browser)
    welcoming.post(browser, PLACE, page=PLACE, new=NEW, again=NEW)


def test_an_unknown_link_and_a_form_of_another_site_open_nothing(welcoming: Portal) -> None:
    browser = welcoming.stranger()
    assert browser.get("/welcome/" + "j" * 43).status_code == 404
    refused = browser.post(PLACE, data={"csrf": "0" * 64, "new": NEW, "again": NEW})
    assert refused.status_code == 403
    assert browser.get(PLACE).status_code == 200


def test_a_failing_page_of_a_link_is_logged_without_the_link(
    welcoming: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(welcoming.installation.folder / "galeria.db")) as connection:
        connection.execute("DROP TABLE credentials")
    answer = welcoming.stranger().get(PLACE)
    assert answer.status_code >= 500
    assert "GET /welcome/…" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.slow
def test_the_first_start_names_a_link_that_begins_the_installation(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, fake=True) as connect:
        log = (data / "server.log").read_text(encoding="utf-8")
        assert f"galeria connect --field password_link --data {data}" in log
        assert "/welcome/" not in log
        link = connect["password_link"]
        assert link.startswith(f"{connect['endpoint']}/welcome/")
        with browsing(connect) as browser:
            token = re.search(r'name="csrf" value="(\w+)"', browser.get(link).text)
            assert token is not None
            answer = browser.post(link, data={"csrf": token[1], "new": NEW, "again": NEW})
            assert (answer.status_code, answer.headers["location"]) == (303, "/labs")
            assert browser.get("/operations").status_code == 200
    (data / "server.log").unlink()
    with running_server(data, fake=True) as connect, browsing(connect) as browser:
        assert "password_link" not in (data / "server.log").read_text(encoding="utf-8")
        assert "password_link" not in connect
        kept = json.loads((data / "private" / "bootstrap.json").read_text(encoding="utf-8"))
        assert sorted(kept) == ["clientId", "clientSecret", "userName"]
        granted = browser.post(
            f"/{connect['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": connect["client_id"],
                "client_secret": connect["client_secret"],
                "scope": f"{connect['endpoint']}/.default",
            },
        )
        assert granted.status_code == 200, granted.text


@pytest.mark.slow
def test_on_a_terminal_the_first_start_shows_the_link(tmp_path: Path) -> None:
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(tmp_path / "data")]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL)
    os.close(terminal)
    try:
        shown = b""
        while b"Stop it with Ctrl-C" not in shown:
            shown += os.read(reader, 65536)
    finally:
        server.terminate()
        server.wait(timeout=30)
        os.close(reader)
    link = re.search(r"https://\S+/welcome/(\S+)", shown.decode())
    assert link
    first = json.loads((tmp_path / "data" / "private" / "bootstrap.json").read_text(encoding="utf-8"))
    assert link[1] == first["welcome"]


def browsing(connect: dict[str, str]) -> httpx.Client:
    trust = ssl.create_default_context(cafile=connect["ca_file"])
    return httpx.Client(base_url=connect["endpoint"], verify=trust, trust_env=False, timeout=20)
