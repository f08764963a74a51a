"""A machine's terminal in the browser: a real page, a real SSH server in the machine's place, and what arrives there."""

from collections.abc import Iterator

import asyncssh
import pytest
from playwright.sync_api import Page, expect

from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.labs import NewLab
from tests.adapters.reach.ssh_server import SshServer, ssh_server
from tests.browser.page_checks import (
    NARROW,
    check_accessible,
    check_fits,
    check_page,
    check_quiet,
    sized,
)
from tests.browser.page_visits import ENGLISH, LANGUAGES, PORTUGUESE, Visits
from tests.browser.portal_server import HOME, IMAGE, MARIA, PASSWORD, PortalServer
from tests.browser.presses import press
from tests.browser.walk import GROUP, words
from tests.waiting import until

LAB = "shells"
PLACE = f"/labs/{GROUP}/{LAB}/terminal/template"
TYPED = "Ação É Ç ñ ü ~^´` €"
SIGN_IN = "Sign in to the machine"


@pytest.fixture(scope="module")
def port(fake_server: PortalServer) -> int:
    """Where the SSH of a running machine is looked for."""
    galeria = fake_server.galeria
    image = str(galeria.images.get(IMAGE)["properties"]["sharedGalleryId"])
    galeria.wait(
        galeria.labs.create(LAB, NewLab(image=image, user="ana", password=PASSWORD, region=HOME, title="Shells"))
    )
    galeria.wait(galeria.machines.start(LAB))
    profile = galeria.machines.get(LAB)["properties"]["connectionProfile"]
    assert profile["sshInBrowserUrl"] == f"{fake_server.endpoint}{PLACE}"
    return int(profile["sshAuthority"].rpartition(":")[2])


@pytest.fixture(scope="module")
def machine_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def ssh(port: int, machine_key: asyncssh.SSHKey) -> Iterator[SshServer]:
    with ssh_server(user="ana", password=PASSWORD, port=port, key=machine_key) as server:
        yield server


def sign_in(page: Page, password: str = PASSWORD, language: str = ENGLISH) -> None:
    page.get_by_label(words(language)("Password"), exact=True).fill(password)
    button = page.get_by_role("button", name=words(language)(SIGN_IN))
    expect(button).to_be_enabled()
    press(button)


def opened(visit: Visits, language: str = ENGLISH, **more: bool) -> Page:
    """Signed in to the machine."""
    page = visit(MARIA, language=language, path=PLACE, **more)
    sign_in(page, language=language)
    expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
    return page


def shown(page: Page) -> str:
    """The letters on the terminal now, without what scrolled away."""
    rows = page.locator("#terminal .xterm-rows").evaluate("rows => [...rows.children].map((row) => row.textContent)")
    return "\n" + "\n".join(map(str, rows)).replace("\u00a0", " ")


def run(page: Page, command: str, answer: str) -> None:
    """Type a command as a person does, until its answer is to be seen."""
    page.locator("#terminal .xterm-helper-textarea").focus()
    page.keyboard.type(command)
    page.keyboard.press("Enter")
    until(lambda: answer in shown(page), lambda: f"{answer!r} after {command!r}, not {shown(page)!r}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_keeps_what_pages_promise(visit: Visits, ssh: SshServer, language: str) -> None:
    page = visit(MARIA, language=language, path=PLACE)
    expect(page.locator("#terminal-user")).to_have_value("ana")
    check_page(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_keeps_what_pages_promise(visit: Visits, ssh: SshServer, language: str) -> None:
    page = opened(visit, language)
    run(page, "printf '\\033[38;2;255;100;0mtrue\\033[0m \\033[1;32mgreen\\033[0m\\n'", "\ntrue green")
    check_accessible(page)
    check_fits(page)
    check_quiet(page)


def test_it_is_as_high_as_the_window_at_every_size(visit: Visits, ssh: SshServer) -> None:
    page = opened(visit)
    for width, height in ((1280, 800), NARROW, (844, 390)):
        with sized(page, width, height):
            box = page.locator("#terminal-frame").bounding_box()
            assert box
            assert height - 40 < box["y"] + box["height"] <= height
            assert page.evaluate("document.documentElement.scrollHeight") <= height
            rows = page.locator("#terminal .xterm-rows > div").count()
            assert rows >= 8
            run(page, "clear; echo size $(stty size | cut -d' ' -f1)", f"size {rows}")


def test_what_a_person_types_arrives(visit: Visits, ssh: SshServer) -> None:
    page = opened(visit)
    run(page, f"clear; printf %s '{TYPED}' | od -An -v -tx1 | tr -d ' \\n'; echo .", "")
    hexed = TYPED.encode().hex() + "."
    until(lambda: hexed in shown(page).replace("\n", ""), "every letter arrives")


def test_text_is_pasted_and_copied(visit: Visits, ssh: SshServer) -> None:
    page = opened(visit)
    page.evaluate("navigator.clipboard.writeText('echo pasted: São\\n')")
    press(page.get_by_role("button", name="Paste"))
    until(lambda: "echo pasted: São" in shown(page), "it stands there")
    page.keyboard.press("Enter")
    until(lambda: "\npasted: São" in shown(page), "it was pasted")
    box = page.locator("#terminal .xterm-rows > div", has_text="pasted: São").last.bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + 12, box["y"] + box["height"] / 2)
    page.keyboard.press("Control+Shift+C")
    expect(page.locator("#terminal-state")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("pasted")


def test_a_lost_line_comes_back_to_the_same_shell(visit: Visits, ssh: SshServer) -> None:
    page = visit(MARIA)
    lines = _watch_lines(page)
    page.goto(PLACE)
    sign_in(page)
    expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
    run(page, "kept=here; clear; echo ready", "\nready")
    known = len(ssh.tried)
    lines.cut()
    expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
    assert page.evaluate("window.lines.length") >= 2
    run(page, "echo still $kept", "\nstill here")
    assert len(ssh.tried) == known, "nobody had to sign in again"
    assert PASSWORD not in page.content()


class _Lines:
    def __init__(self, page: Page) -> None:
        self._page = page

    def cut(self) -> None:
        """As a network that goes away: the page sees its line closed without a reason."""
        self._page.evaluate(
            "lines.at(-1).dispatchEvent(new CloseEvent('close', { code: 1006 })), lines.at(-1).close(3000)"
        )


def _watch_lines(page: Page) -> _Lines:
    page.add_init_script(
        """window.lines = [];
        window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); lines.push(this); } };"""
    )
    return _Lines(page)


def test_a_wrong_password_is_said_and_typed_again(visit: Visits, ssh: SshServer) -> None:
    page = visit(MARIA, language=PORTUGUESE, path=PLACE)
    sign_in(page, "errada-Errada-7", PORTUGUESE)
    expect(page.locator("#terminal-state")).to_contain_text("recusou", timeout=60_000)
    assert page.locator("#terminal-password").input_value() == ""
    sign_in(page, language=PORTUGUESE)
    expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)


def test_the_keys_of_a_telephone(visit: Visits, ssh: SshServer) -> None:
    phone = visit(MARIA, narrow=True, telephone=True, path=PLACE)
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    expect(phone.get_by_role("button", name=SIGN_IN)).to_be_enabled()
    phone.get_by_role("button", name=SIGN_IN).tap()
    expect(phone.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
    phone.get_by_role("button", name="Keyboard").tap()
    # One program tells that it is there: between one and the next, Ctrl + C reaches the shell alone, which may not heed it.
    phone.keyboard.type("sh -c 'echo begun; exec sleep 1000'")
    phone.keyboard.press("Enter")
    until(lambda: "\nbegun" in shown(phone), "the program runs")
    phone.get_by_role("button", name="Ctrl").tap()
    expect(phone.get_by_role("button", name="Ctrl")).to_have_attribute("aria-pressed", "true")
    phone.keyboard.type("c")
    # What is typed before the shell is back goes with the program that was ended. The shell may be quicker than the echo "^C".
    until(lambda: "$" in shown(phone).partition("\nbegun")[2], lambda: f"Ctrl + C ends the program: {shown(phone)!r}")
    run(phone, "echo first", "\nfirst")
    phone.get_by_role("button", name="Arrow up").tap()
    phone.keyboard.press("Enter")
    until(lambda: shown(phone).count("\nfirst") >= 2, "the line before comes back")
    check_accessible(phone)
    check_fits(phone, NARROW)
    check_quiet(phone)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_is_as_high_as_the_window_and_keeps_what_pages_promise(
    visit: Visits, port: int, language: str
) -> None:
    page = visit(MARIA, language=language, path=f"/labs/{GROUP}/{LAB}/screen")
    expect(page.locator("#screen-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
    for width, height in ((1280, 800), NARROW):
        with sized(page, width, height):
            box = page.locator("#screen").bounding_box()
            frame = page.locator("#screen-frame").bounding_box()
            assert box
            assert frame
            assert box["height"] > height * 0.45
            assert height - 40 < frame["y"] + frame["height"] <= height
    check_accessible(page)
    check_fits(page)
    check_quiet(page)


def test_ctrl_alt_shift_leads_out(visit: Visits, ssh: SshServer) -> None:
    page = opened(visit)
    page.locator("#terminal .xterm-helper-textarea").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").startswith("xterm")
    for key in ("Control", "Alt", "Shift"):
        page.keyboard.down(key)
    for key in ("Control", "Alt", "Shift"):
        page.keyboard.up(key)
    expect(page.get_by_role("toolbar")).to_be_focused()


def test_who_may_not_sees_no_terminal(visit: Visits, ssh: SshServer, fake_server: PortalServer) -> None:
    path = fake_server.galeria.labs.get(LAB)["id"]

    def offer(way: str) -> None:
        body = {"properties": {"connectionProfile": {"webSshAccess": way}}}
        fake_server.galeria.connection.send("PATCH", path, query={"api-version": LABS_API}, body=body)

    offer("None")
    try:
        page = visit(MARIA, path=PLACE)
        expect(page.locator("main")).to_contain_text("webSshAccess in its connection profile is not Public")
        assert page.locator("#terminal-frame").count() == 0
        check_page(page)
        page.goto(f"/labs/{GROUP}/{LAB}/connect")
        expect(page.locator("details.refused", has_text="Open a terminal")).to_have_count(1)
        properties = fake_server.galeria.machines.get(LAB)["properties"]
        assert "sshInBrowserUrl" not in properties["connectionProfile"]
    finally:
        offer("Public")
    page.goto(f"/labs/{GROUP}/{LAB}/connect")
    with page.context.expect_page() as beside:
        press(page.get_by_role("link", name="Open a terminal"))
    expect(beside.value.locator("#terminal-sign-in")).to_be_visible()


def test_another_key_is_shown_and_taken_only_by_who_says_so(
    visit: Visits, port: int, machine_key: asyncssh.SSHKey
) -> None:
    """The last of this file: the machine is known by the other key from here on."""
    with ssh_server(user="ana", password=PASSWORD, port=port, key=machine_key):
        opened(visit).close()
    with ssh_server(user="ana", password=PASSWORD, port=port) as other:
        page = visit(MARIA, path=PLACE)
        sign_in(page)
        state = page.locator("#terminal-state")
        expect(state).to_contain_text(other.fingerprint, timeout=60_000)
        expect(state).to_contain_text(machine_key.get_fingerprint())
        check_page(page)
        sign_in(page)
        expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "ended")
        assert other.tried == [], "without the mark nothing is sent"
        page.get_by_label("I know why its key is another one. Go on.").check()
        sign_in(page)
        expect(page.locator("#terminal-frame")).to_have_attribute("data-state", "connected", timeout=60_000)
