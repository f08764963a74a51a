"""What people do on the pages, by the words that they read there, in their own language."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Page, expect

from galeria.interfaces.demo.shell import SshShell
from galeria.interfaces.web.kit.catalogues import WORD, Catalogues
from tests.browser.presses import press, type_into

WORK_SECONDS = 240.0  # for a machine or an image, under emulation on a busy host
GROUP = "galeria"
Say = Callable[[str], str]
R = TypeVar("R")


def words(language: str) -> Say:
    """The pages' texts and the names of states, from English."""
    catalogue = Catalogues().get("pt-BR" if language.startswith("pt") else "en")

    def say(text: str) -> str:
        of_page = catalogue.pgettext("machine" if text == "Start" else "", text)
        return of_page if of_page != text else catalogue.messages.get((WORD, text), text)

    return say


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One person's window."""

    page: Page
    say: Say

    def press(self, text: str) -> None:
        """A button or a link that looks like one, in the page's main part. Ends once what it sent is answered."""
        name = self.say(text)
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=True).or_(main.get_by_role("link", name=name, exact=True))
        found.first.click()
        expect(self.page.locator("form[data-sending]")).to_have_count(0, timeout=WORK_SECONDS * 1000)
        self.page.wait_for_load_state()

    def go(self, place: str) -> None:
        self.page.goto(place)

    def expect_text(self, text: str, *, seconds: float = 15.0) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=seconds * 1000)

    def expect_state(self, place: str, state: str) -> None:
        """The page follows what goes on by itself, and shows the state in the end without being asked again."""
        self.page.goto(place)
        expect(self.page.locator(".head .state")).to_have_text(self.say(state), timeout=WORK_SECONDS * 1000)


def create_gallery(walk: Walk, name: str) -> None:
    walk.go(f"/accounts/{GROUP}/labs/gallery")
    walk.press("Create")
    walk.page.fill("#name", name)
    walk.press("Create and attach")
    walk.expect_text(name)


def import_file(walk: Walk, disk: Path, name: str) -> None:
    """Until the version is made."""
    walk.go("/import")
    walk.page.set_input_files("#file", disk)
    walk.page.wait_for_url("**/import/*", timeout=WORK_SECONDS * 1000)
    walk.page.fill("#name", name)
    walk.press("Create the version")
    walk.page.wait_for_url("**/versions/1.0.0")
    expect(walk.page.locator(".head .state")).to_have_text(walk.say("Ready"), timeout=WORK_SECONDS * 1000)


def shell_of(walk: Walk, lab: str, *, password: str) -> SshShell:
    """From what the page for connecting says."""
    walk.go(f"/labs/{GROUP}/{lab}/connect")
    port, target = walk.page.locator("#ssh-near").inner_text().split(" -p ")[1].split()
    user, _, host = target.partition("@")
    return SshShell(host=host, port=int(port), user=user, password=password)


@dataclass(frozen=True, kw_only=True)
class NewLab:
    name: str
    image: str  # its display name
    region: str
    user: str
    password: str


def make_lab(walk: Walk, wanted: NewLab, photograph: Callable[[Page, str], None]) -> None:
    """Through the form for a new lab; ends at the lab's page."""
    walk.go("/labs")
    walk.press("New lab")
    page = walk.page
    type_into(page.locator("#title"), wanted.name)
    press(page.locator(f"#regions label:has(#region-{wanted.region})"))
    press(page.locator("#images label", has_text=wanted.image))
    type_into(page.locator("#user"), wanted.user)
    type_into(page.locator("#password"), wanted.password)
    expect(page.locator("#new-lab-sum")).to_contain_text(wanted.image)
    photograph(page, "new-lab")
    walk.press("Create")
    page.wait_for_url(f"**/labs/{GROUP}/{wanted.name}")


def beside(do: Callable[[], R]) -> R:
    """In a thread of its own: the browser's driver keeps a loop in this one, and SSH brings another."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(do).result()
