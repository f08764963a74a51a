"""What is typed through a machine's screen arrives in a real guest, letter by letter, on the keyboard that it is set to."""

import base64
import shlex
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from galeria.bootstrap.demo_host import build_demo_files
from galeria.interfaces.client.labs import NewLab
from galeria.interfaces.demo.shell import SshShell
from tests.browser.page_visits import ENGLISH, Visits
from tests.browser.portal_server import GALLERY, HOME, IMAGE, MARIA, PASSWORD, PortalServer, add_image, running_portal
from tests.browser.presses import press
from tests.browser.walk import GROUP, WORK_SECONDS, Walk, beside, shell_of, words
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

LAB = "typing"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
ACCENTED = "áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ"
TEXT = f'echo "Olá São João" >> f {PRINTABLE} {ACCENTED}'
BRAZILIAN = "¹²³£¢¬§ªº°"

# The keymap br-abnt2 of Linux, by the numbers of keys: what they give plainly, with Shift, and with AltGr.
DEAD = {"`": 0x400, "'": 0x401, "^": 0x402, "~": 0x403, '"': 0x404}
ABNT2 = {
    2: "1!¹", 3: "2@²", 4: "3#³", 5: "4$£", 6: "5%¢", 8: "7&", 9: "8*", 10: "9(", 11: "0)", 12: "-_", 13: "=+§",
    27: "[{ª", 39: "çÇ", 41: "'\"", 43: "]}º", 51: ",<", 52: ".>", 53: ";:", 86: "\\|", 89: "/?°",
}  # fmt: skip
ABNT2_DEAD = {26: ("'", "`"), 40: ("~", "^")}
SIX = 7  # the key 6: with Shift a dead diaeresis, with AltGr a negation


@pytest.fixture(scope="module")
def portal_server() -> Iterator[PortalServer]:
    """With a lab whose real machine runs."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-typing-", dir="/var/tmp"))
    folder.chmod(0o755)  # machines run as another user
    try:
        disk = build_demo_files(folder / "material").qcow2
        with running_portal(folder, fake=False) as portal_server:
            galeria = portal_server.galeria
            galeria.wait(galeria.galleries.put(GALLERY, region=HOME))
            add_image(portal_server, IMAGE, disk)
            galeria.wait(galeria.accounts.attach(GALLERY))
            image = str(galeria.images.get(IMAGE)["properties"]["sharedGalleryId"])
            wanted = NewLab(image=image, user="ana", password=PASSWORD, region=HOME, title=LAB)
            galeria.wait(galeria.labs.create(LAB, wanted), seconds=WORK_SECONDS)
            galeria.wait(galeria.machines.start(LAB), seconds=WORK_SECONDS)
            yield portal_server
            galeria.wait(galeria.labs.delete(LAB), seconds=WORK_SECONDS)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shell(portal_server: PortalServer, chromium: Browser) -> SshShell:
    """Into the machine, whose screen shows a second console, on which nobody asks for a name."""
    visits = Visits(portal_server, chromium)
    shell = shell_of(Walk(page=visits(MARIA), say=words(ENGLISH)), LAB, password=PASSWORD)
    visits.close()
    as_root(shell, "chvt 2; (sleep 3600 < /dev/tty2 > /dev/null 2>&1 &)")
    return shell


@pytest.fixture
def screen(portal_server: PortalServer, shell: SshShell, chromium: Browser) -> Iterator[Page]:
    visits = Visits(portal_server, chromium)
    page = visits(MARIA, path=f"/labs/{GROUP}/{LAB}/screen")
    expect(page.locator("#screen-state")).to_have_text("Connected", timeout=WORK_SECONDS * 1000)
    press(page.get_by_text("Clipboard", exact=True))
    yield page
    visits.close()


def as_root(shell: SshShell, commands: str) -> str:
    return beside(lambda: shell.run(f"sudo sh -c {shlex.quote(commands)}"))


def arrived(shell: SshShell) -> str:
    """The line that was typed on the console."""
    return as_root(shell, 'IFS= read -r line < /dev/tty2; printf %s "$line" | base64 -w 0')


def type_line(page: Page, text: str, keyboard: str) -> None:
    page.locator("#keyboard").select_option(keyboard)
    page.fill("#clipboard", text + "\n")
    press(page.get_by_role("button", name="Type it"))
    expect(page.locator("#typed")).to_have_text("Typed.", timeout=60_000)


def decoded(line: str) -> str:
    return base64.b64decode(line).decode()


def abnt2_keymap(shell: SshShell) -> None:
    """Sets the machine's consoles to the Brazilian keyboard."""
    before = base64.b64decode(as_root(shell, "dumpkmap < /dev/tty2 | base64 -w 0"))
    tables = {number: list(before_table) for number, before_table in _tables(before)}
    plain, shifted, alt_gr = tables[0], tables[1], tables[2]
    for key, letters in ABNT2.items():
        for table, letter in zip((plain, shifted, alt_gr), letters, strict=False):
            table[key] = ord(letter)
    for key, (one, other) in ABNT2_DEAD.items():
        plain[key], shifted[key] = DEAD[one], DEAD[other]
    shifted[SIX], alt_gr[SIX] = DEAD['"'], ord("¬")
    flags = bytes(number in (0, 1, 2) for number in range(256))
    keymap = b"bkeymap" + flags + b"".join(struct.pack("<128H", *table) for table in (plain, shifted, alt_gr))
    as_root(shell, f"echo {base64.b64encode(keymap).decode()} | base64 -d | loadkmap")


def _tables(keymap: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    flags, rest = keymap[7 : 7 + 256], keymap[7 + 256 :]
    for number in range(256):
        if flags[number]:
            yield number, struct.unpack("<128H", rest[:256])
            rest = rest[256:]


def test_shift_signs_and_accents_arrive_on_a_console_with_the_us_keyboard(screen: Page, shell: SshShell) -> None:
    type_line(screen, TEXT, "us")

    assert decoded(arrived(shell)) == TEXT


def test_letters_that_the_keyboard_does_not_have_are_named_and_nothing_is_typed(screen: Page, shell: SshShell) -> None:
    screen.locator("#keyboard").select_option("us")
    screen.fill("#clipboard", "Senha com º e €\n")
    press(screen.get_by_role("button", name="Type it"))
    expect(screen.locator("#typed")).to_contain_text("º €")
    type_line(screen, "after it", "us")

    assert decoded(arrived(shell)) == "after it"


def test_all_of_it_arrives_on_a_brazilian_keyboard(screen: Page, shell: SshShell) -> None:
    abnt2_keymap(shell)
    type_line(screen, TEXT + BRAZILIAN, "abnt2")

    assert decoded(arrived(shell)) == TEXT + BRAZILIAN


def test_the_way_out_of_the_screen_leads_to_no_button(screen: Page) -> None:
    press(screen.locator("#screen canvas"))
    for key in ("Control", "Alt", "Shift"):
        screen.keyboard.down(key)
    for key in ("Control", "Alt", "Shift"):
        screen.keyboard.up(key)

    expect(screen.get_by_role("toolbar")).to_be_focused()


def test_what_a_telephone_types_arrives(portal_server: PortalServer, shell: SshShell, chromium: Browser) -> None:
    """In a field, as a telephone's keyboard does, with a correction, and with the keys that it lacks."""
    visits = Visits(portal_server, chromium)
    phone = visits(MARIA, path=f"/labs/{GROUP}/{LAB}/screen", narrow=True, telephone=True)
    try:
        expect(phone.locator("#screen-state")).to_have_text("Connected", timeout=WORK_SECONDS * 1000)
        abnt2_keymap(shell)
        phone.get_by_text("Clipboard", exact=True).tap()
        phone.locator("#keyboard").select_option("abnt2")
        phone.get_by_role("button", name="Keyboard").tap()
        expect(phone.locator("#touch-text")).to_be_focused()
        phone.keyboard.type("São Joze")
        phone.keyboard.press("Backspace")
        phone.keyboard.press("Backspace")
        phone.keyboard.type("ão")
        phone.keyboard.press("Enter")
        assert decoded(arrived(shell)) == "São João"
        phone.keyboard.type("lost")
        phone.get_by_role("button", name="Ctrl", exact=True).tap()
        phone.keyboard.type("u")  # the console forgets the line
        phone.keyboard.type("kept")
        phone.keyboard.press("Enter")
        assert decoded(arrived(shell)) == "kept"
    finally:
        visits.close()


def test_the_terminal_signs_in_to_the_machine(portal_server: PortalServer, shell: SshShell, chromium: Browser) -> None:
    visits = Visits(portal_server, chromium)
    page = visits(MARIA, path=f"/labs/{GROUP}/{LAB}/terminal/template")
    try:
        button = page.get_by_role("button", name="Sign in to the machine")
        expect(button).to_be_enabled()
        page.fill("#terminal-password", PASSWORD)
        press(button)
        frame = page.locator("#terminal-frame")
        expect(frame).to_have_attribute("data-state", "connected", timeout=WORK_SECONDS * 1000)
        page.keyboard.type(f"printf %s '{ACCENTED} ¹²³' > typed; stty size > size; id -un > who; mv who whole")
        page.keyboard.press("Enter")
        until(lambda: as_root(shell, "cat ~ana/whole || true").strip() == "ana", "the command ran", seconds=120)
        assert as_root(shell, "cat ~ana/typed") == f"{ACCENTED} ¹²³"
        rows, columns = map(int, as_root(shell, "cat ~ana/size").split())
        assert rows == page.locator("#terminal .xterm-rows > div").count()
        assert columns > 100
    finally:
        visits.close()
