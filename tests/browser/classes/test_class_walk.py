"""An educator and three students in a real browser, with real machines: published, registered, used, watched, stopped.

Languages and widths vary over the people: Ana reads English on a wide window, Caio Portuguese on a telephone, Dora English on
a telephone, Elisa Portuguese on a wide window. What the documents show is photographed in both languages.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from galeria.bootstrap.demo_host import build_demo_files
from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import Password
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import NewLab
from tests.browser.conftest import Picture
from tests.browser.page_checks import check_accessible, check_page, check_quiet
from tests.browser.page_visits import ENGLISH, PORTUGUESE, Visits
from tests.browser.portal_server import (
    ANA,
    GALLERY,
    HOME,
    IMAGE,
    PASSWORD,
    Person,
    PortalServer,
    add_image,
    running_portal,
)
from tests.browser.walk import GROUP, WORK_SECONDS, Walk, words
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

SETTINGS = """
[[sizes]]
name = "Tiny"
vcpus = 1
memory_mib = 128
"""
LAB = "algebra"
CLASS = f"/labs/{GROUP}/{LAB}/class"
AGAIN = ("**/class-wall*", "**/machines/part*")
TRIES = 6
STUDENT, LEARNING = "student", "Learning-Is-Fun-1"
CAIO = Person(name="caio", display_name="Caio Melo", role="")
DORA = Person(name="dora", display_name="Dora Lima", role="")
ELISA = Person(name="elisa", display_name="Elisa Reis", role="")


@dataclass(frozen=True, kw_only=True)
class Student:
    person: Person
    language: str
    narrow: bool


STUDENTS = (
    Student(person=CAIO, language=PORTUGUESE, narrow=True),
    Student(person=DORA, language=ENGLISH, narrow=True),
    Student(person=ELISA, language=PORTUGUESE, narrow=False),
)


@pytest.fixture
def portal_server() -> Iterator[PortalServer]:
    """With real machines, people, and Ana's lab, whose template has never run."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-class-", dir="/var/tmp"))
    folder.chmod(0o755)  # machines run as another user
    (folder / "data").mkdir(mode=0o755)
    (folder / "data" / "galeria.toml").write_text(SETTINGS, encoding="utf-8")
    material = build_demo_files(folder / "material")
    try:
        with running_portal(folder, fake=False) as portal_server:
            for each in STUDENTS:
                portal_server.add(each.person)
            _make_lab(portal_server, material.qcow2)
            yield portal_server
            galeria = portal_server.galeria
            galeria.wait(galeria.labs.delete(LAB), seconds=WORK_SECONDS)
    finally:
        shutil.rmtree(folder)


def _make_lab(portal_server: PortalServer, disk: Path) -> None:
    galeria = portal_server.galeria
    galeria.wait(galeria.galleries.put(GALLERY, region=HOME))
    add_image(portal_server, IMAGE, disk)
    galeria.wait(galeria.accounts.attach(GALLERY))
    image = str(galeria.images.get(IMAGE)["properties"]["sharedGalleryId"])
    wanted = NewLab(image=image, user="ana", password=PASSWORD, region=HOME, size="Tiny", title="Algebra")
    memory = portal_server.folder / "ana"
    memory.mkdir()
    connection = ServerConnection(
        portal_server.endpoint,
        Password(user=ANA.name, password=ANA.password),
        ca_file=Path(portal_server.connect["ca_file"]),
        patient=True,
    )
    with Galeria.open(connection, memory=memory) as ana:
        ana.wait(ana.labs.create(LAB, wanted), seconds=WORK_SECONDS)
        hours = {"properties": {"virtualMachineProfile": {"usageQuota": "PT10H"}}}
        lab = ana.labs.get(LAB)["id"]
        ana.connection.send("PATCH", lab, body=hours, query={"api-version": LABS_API})


@contextmanager
def still(page: Page) -> Iterator[None]:
    """What a page asks for every few seconds does not come meanwhile, so that nothing on it is exchanged."""
    for again in AGAIN:
        page.route(again, lambda route: None)
    try:
        yield
    finally:
        page.unroute_all()
        page.reload()


def check_still(page: Page) -> None:
    with still(page):
        check_page(page)


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Takes what the documents show, checked, in the languages that are asked for."""

    picture: Picture

    def take(self, page: Page, name: str, language: str) -> None:
        page.evaluate("document.activeElement.blur()")
        with still(page):
            check_page(page)
            self.picture(page, name if language == ENGLISH else f"{name}-pt")


def test_a_class_from_publishing_to_the_end(window: Visits, portal_server: PortalServer, picture: Picture) -> None:
    camera = Camera(picture=picture)
    ana, ana_in_portuguese = (
        Walk(page=window(ANA, language=language, path=CLASS), say=words(language)) for language in (ENGLISH, PORTUGUESE)
    )
    link = the_educator_publishes(ana, camera)
    ana_in_portuguese.go(f"/labs/{GROUP}/{LAB}/people/link")
    camera.take(ana_in_portuguese.page, "class-link", PORTUGUESE)

    caio, dora, elisa = students = [a_student_registers(window, each, link, camera) for each in STUDENTS]
    for each in students:
        each.press("Start")
    for each in students:
        expect(each.page.locator(".head .state")).to_have_text(each.say("Running"), timeout=WORK_SECONDS * 1000)
    for each, language in ((caio, PORTUGUESE), (dora, ENGLISH)):
        camera.take(each.page, "my-machines", language)

    the_wall_shows_everybody(ana, camera, ENGLISH)
    the_wall_shows_everybody(ana_in_portuguese, camera, PORTUGUESE)
    own_machines = [my_machine_of(each) for each in students]
    the_screen_opens(caio)
    the_terminal_opens(dora)
    nobody_sees_another_s(caio, own_machines[1])
    nobody_sees_another_s(elisa, own_machines[0])
    a_student_starts_over(elisa)
    the_educator_stops_all(ana)


def the_educator_publishes(ana: Walk, camera: Camera) -> str:
    """Returns the registration link."""
    page = ana.page
    page.fill("[name=capacity]", str(len(STUDENTS)))
    page.select_option("[name=passwords]", "shared")
    page.fill("[name=student]", STUDENT)
    page.fill("[name=student_password]", LEARNING)
    page.check("[name=open_access]")
    ana.press("Save")
    ana.go(CLASS)
    ana.press("Publish")
    expect(page.locator("#wall .card")).to_have_count(len(STUDENTS), timeout=WORK_SECONDS * 1000)
    expect(page.locator(".head .state")).to_have_text(ana.say("Published"), timeout=WORK_SECONDS * 1000)
    check_still(page)
    ana.go(f"/labs/{GROUP}/{LAB}/people")
    link = page.locator("#register-link").inner_text().strip()
    ana.press("Show it large, to print it")
    camera.take(page, "class-link", ENGLISH)
    return link


def a_student_registers(window: Visits, student: Student, link: str, camera: Camera) -> Walk:
    page = window(student.person, language=student.language, narrow=student.narrow, telephone=student.narrow)
    walk = Walk(page=page, say=words(student.language))
    page.goto(link)
    if student.narrow:
        camera.take(page, "register", student.language)
    walk.press("Register, and get my machine")
    page.wait_for_url("**/machines")
    expect(page.locator(".head .state")).to_have_text(walk.say("Stopped"))
    check_still(page)
    return walk


def the_wall_shows_everybody(educator: Walk, camera: Camera, language: str) -> None:
    page = educator.page
    educator.go(CLASS)
    expect(page.locator("#wall .state", has_text=educator.say("Running"))).to_have_count(len(STUDENTS))
    for each in STUDENTS:
        expect(page.locator("#wall h3", has_text=each.person.display_name)).to_be_visible()
    pictures = page.locator("#wall .screen-picture img")
    expect(pictures).to_have_count(len(STUDENTS))
    until(
        lambda: all(each.evaluate("it => it.complete && it.naturalWidth > 0") for each in pictures.all()),
        "the pictures of the screens are there",
        seconds=30,
    )
    camera.take(page, "class", language)


def my_machine_of(student: Walk) -> str:
    """The address of the page for connecting."""
    place = student.page.locator(".machine h2 a").get_attribute("href")
    assert place
    return place


def the_screen_opens(student: Walk) -> None:
    student.go(my_machine_of(student))
    check_page(student.page)
    student.go(f"{student.page.url}/screen")
    page = student.page
    expect(page.locator("#screen-state")).to_have_text(student.say("Connected"), timeout=WORK_SECONDS * 1000)
    expect(page.locator("#screen canvas")).to_be_visible()
    check_accessible(page)
    check_quiet(page)


def the_terminal_opens(student: Walk) -> None:
    """With the account that the educator gave to students, which is no administrator.

    On a busy host an emulated machine may not answer in time at first; a person then presses again.
    """
    student.go(my_machine_of(student))
    place = student.page.get_by_role("link", name=student.say("Open a terminal")).get_attribute("href")
    assert place
    student.go(place)
    page = student.page
    frame = page.locator("#terminal-frame")
    for _ in range(TRIES):
        page.fill("#terminal-password", LEARNING)
        page.get_by_role("button", name=student.say("Sign in to the machine")).click()
        expect(frame).to_have_attribute("data-state", re.compile("connected|ended"), timeout=WORK_SECONDS * 1000)
        if frame.get_attribute("data-state") == "connected":
            break
    expect(frame).to_have_attribute("data-state", "connected")
    page.locator("#terminal .xterm-helper-textarea").focus()
    page.keyboard.type("echo I am $(id -un) on $(hostname)")
    page.keyboard.press("Enter")
    expect(page.locator("#terminal .xterm-rows")).to_contain_text(f"I am {STUDENT} on {LAB}-", timeout=60_000)
    check_accessible(page)
    check_quiet(page)


def nobody_sees_another_s(student: Walk, place: str) -> None:
    for address in (place, f"{place}/screen", f"{place}/password", CLASS):
        assert student.page.request.get(address).status == 404, address


def a_student_starts_over(student: Walk) -> None:
    student.go(my_machine_of(student))
    student.go("/machines")
    student.press("Stop")
    expect(student.page.locator(".head .state")).to_have_text(student.say("Stopped"), timeout=WORK_SECONDS * 1000)
    student.press("Start over")
    check_page(student.page)
    student.page.locator("main form button.danger").click()
    student.page.wait_for_url("**/machines")
    expect(student.page.locator(".head .state")).to_have_text(student.say("Stopped"), timeout=WORK_SECONDS * 1000)
    expect(student.page.get_by_role("button", name=student.say("Start"), exact=True)).to_be_enabled()


def the_educator_stops_all(educator: Walk) -> None:
    educator.go(CLASS)
    educator.press("Stop all")
    states = educator.page.locator("#wall .card .state", has_text=educator.say("Stopped"))
    expect(states).to_have_count(len(STUDENTS), timeout=WORK_SECONDS * 1000)
    check_still(educator.page)
