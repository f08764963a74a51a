"""A student's own machines: what can be pressed, what it does, what is told where it cannot, and that nobody else is there."""

import re
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.machines import start_machine
from galeria.actions.rosters.lab_users import UserRequest, update_user
from galeria.actions.rosters.registration import register
from galeria.domain.labs.labs import LabMachine
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.settings import Settings
from galeria.domain.states import MachineState, OperationStatus
from tests.interfaces.web.served import Portal, serving, text_of, title_of
from tests.interfaces.web.students.classes import with_student
from tests.local_installation import lab_id, secrets
from tests.prepared_installations import PreparedInstallations
from tests.role_assignments import assign_role

MINE = "/machines/campus/algebra/vm1"
ALGEBRA = lab_id("algebra")
PAGES = (MINE, f"{MINE}/screen", f"{MINE}/password", f"{MINE}/reimage", f"{MINE}/machine.rdp")


@pytest.fixture
def browser(student: Portal) -> httpx.Client:
    return student.browser("nobody")


def machine(portal: Portal, name: str = "vm1") -> LabMachine:
    with portal.installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(ALGEBRA.key)
        return next(each for each in uow.machines.of_lab(lab.id) if each.name == name)


def started(portal: Portal, browser: httpx.Client) -> None:
    portal.post(browser, f"{MINE}/start", page="/machines")
    (operation,) = portal.work()
    assert operation.status is OperationStatus.SUCCEEDED


def give_hours(portal: Portal, quota: str, extra: str = "PT0S") -> None:
    with portal.installation.request("educator") as request:
        lab = update_lab(request, ALGEBRA, LabSettings(usage_quota=quota), secrets())
        (user,) = request.uow.lab_users.of_lab(lab.id)
        update_user(request, ALGEBRA, user.name, UserRequest(extra_quota=extra))


def test_a_student_lands_on_the_own_machines_and_educators_on_the_labs(student: Portal, browser: httpx.Client) -> None:
    assert browser.get("/").headers["location"] == "/labs"
    assert browser.get("/labs").headers["location"] == "/machines"
    page = browser.get("/machines")
    assert title_of(page) == "My machines"
    assert '<a href="/machines" aria-current="page">' in page.text
    for other in ("educator", "admin"):
        assert student.browser(other).get("/labs").status_code == 200


def test_a_machine_is_started_used_and_stopped(student: Portal, browser: httpx.Client) -> None:
    page = browser.get("/machines")
    assert f'action="{MINE}/start"' in page.text
    assert "10 hr" in text_of(page)
    assert "Start it first." in text_of(page)

    student.post(browser, f"{MINE}/start", page="/machines")
    busy = browser.get("/machines")
    assert "The machine is busy: start machine is under way. Wait until that has ended." in text_of(busy)
    student.work()
    running = browser.get("/machines")
    assert f'action="{MINE}/stop"' in running.text
    assert f'href="{MINE}"' in running.text

    student.post(browser, f"{MINE}/stop", page="/machines")
    student.work()
    assert machine(student).state is MachineState.STOPPED


def test_the_page_follows_what_others_do_to_the_machine(student: Portal, browser: httpx.Client) -> None:
    page = browser.get("/machines")
    part = re.search(r'hx-get="(/machines/part[?]seen=\w+)"', page.text)
    assert part
    assert browser.get(part[1]).status_code == 204
    with student.installation.request("educator") as request:
        operation = start_machine(request, ALGEBRA, "vm1")
    changed = browser.get(part[1])
    assert changed.status_code == 200
    assert "Start machine" in text_of(changed) or "start machine" in text_of(changed)
    student.installation.run(operation)
    assert "Running" in text_of(browser.get(part[1]))


def test_the_ways_in_are_those_of_the_own_machine(student: Portal, browser: httpx.Client) -> None:
    started(student, browser)
    page = browser.get(MINE)
    assert f'href="{MINE}/screen"' in page.text
    assert 'href="/labs/campus/algebra/terminal/vm1"' in page.text
    assert "not reached from elsewhere" in text_of(page)
    screen = browser.get(f"{MINE}/screen")
    assert 'data-console="/console/campus/algebra/vm1"' in screen.text
    assert f'href="{MINE}"' in screen.text
    terminal = browser.get("/labs/campus/algebra/terminal/vm1")
    assert 'data-socket="/terminal/campus/algebra/vm1"' in terminal.text
    assert f'href="{MINE}"' in terminal.text


def test_under_a_public_name_there_are_the_command_and_the_file(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    settings = Settings(server=ServerSettings(name="labs.example.org"))
    with serving(
        tmp_path / "public", prepared_installations, token_key, prepare=with_student, settings=settings
    ) as portal:
        with portal.installation.request("educator") as request:
            both = {"connectionProfile": {"clientSshAccess": "Public", "clientRdpAccess": "Public"}}
            update_lab(request, ALGEBRA, LabSettings(profiles=both), secrets())
        browser = portal.browser("nobody")
        assert browser.get(f"{MINE}/machine.rdp").status_code == 404, "it has no port before its first start"
        started(portal, browser)
        mine = machine(portal)
        assert f"ssh -p {mine.public_ssh_port} educator@labs.example.org" in browser.get(MINE).text
        file = browser.get(f"{MINE}/machine.rdp")
        assert f"full address:s:labs.example.org:{mine.public_rdp_port}" in file.text


def test_the_password_is_set_for_the_machines_own_account(student: Portal, browser: httpx.Client) -> None:
    asked = browser.get(f"{MINE}/password")
    assert "Start it first." in text_of(asked)
    started(student, browser)
    weak = student.post(browser, f"{MINE}/password", status=400, page="/machines", password="weak")
    assert 'id="password-error"' in weak.text
    student.post(browser, f"{MINE}/password", page="/machines", password="Other-Horse-8", account="root")
    (operation,) = student.work()
    assert operation.status is OperationStatus.SUCCEEDED
    assert machine(student).user_name == "educator"


def test_starting_over_is_asked_before_and_keeps_the_machine(student: Portal, browser: httpx.Client) -> None:
    asked = browser.get(f"{MINE}/reimage")
    assert "What you saved in it comes back with one click for 14 days" in text_of(asked)
    assert machine(student).state is MachineState.STOPPED
    student.post(browser, f"{MINE}/reimage", page="/machines")
    assert student.work()[0].status is OperationStatus.SUCCEEDED
    mine = machine(student)
    assert (mine.state, mine.claimed_by is None) == (MachineState.STOPPED, False)


@pytest.mark.parametrize(
    ("quota", "extra", "words"),
    [
        ("PT0S", "PT0S", "The machine is available during classes only. Ask Educator."),
        ("PT0S", "PT2H", "2 hr"),
        ("PT10H", "PT90M", "11 hr 30 min"),
    ],
)
def test_hours_are_told(student: Portal, browser: httpx.Client, quota: str, extra: str, words: str) -> None:
    give_hours(student, quota, extra)
    page = browser.get("/machines")
    assert words in text_of(page)
    assert (f'action="{MINE}/start"' in page.text) is (words[0].isdecimal())


def test_used_hours_count_and_the_last_one_is_told(student: Portal, browser: httpx.Client) -> None:
    with student.installation.request() as request:
        (user,) = request.uow.lab_users.of_lab(request.uow.labs.get_by_key(ALGEBRA.key).id)
        user.total_usage = 9 * 3600
    assert "1 hr" in text_of(browser.get("/machines"))
    with student.installation.request() as request:
        request.uow.lab_users.get(user.id).total_usage = 11 * 3600
    page = text_of(browser.get("/machines"))
    assert "Your hours with this machine are used up. Ask Educator." in page
    assert "Suas horas com esta máquina acabaram." in text_of(student.browser("nobody", "pt-BR").get("/machines"))


def test_nobody_else_finds_the_machine_whatever_their_role(student: Portal) -> None:
    assign_role(student.installation, "colleague", "Owner", f"/subscriptions/{ALGEBRA.subscription}")
    for who in ("colleague", "educator", "admin"):
        other = student.browser(who)
        for place in PAGES:
            assert other.get(place).status_code == 404, (who, place)
        for verb in ("start", "stop", "password", "reimage", "update", "back"):
            student.post(other, f"{MINE}/{verb}", status=404, password="Other-Horse-8")
    assert machine(student).state is MachineState.STOPPED


def test_a_student_finds_nothing_of_others_and_of_the_lab(student: Portal, browser: httpx.Client) -> None:
    for place in PAGES:
        assert browser.get(place.replace("vm1", "vm2")).status_code == 404, place
        assert browser.get(place.replace("vm1", "template")).status_code == 404, place
    for verb in ("start", "stop", "password", "reimage", "update", "back"):
        for name in ("vm2", "template"):
            student.post(browser, f"/machines/campus/algebra/{name}/{verb}", status=404)
    for name in ("vm2", "template"):
        assert browser.get(f"/labs/campus/algebra/terminal/{name}").status_code == 404
    for place in ("", "/connect", "/screen", "/screen.png", "/password", "/export", "/delete"):
        assert browser.get(f"/labs/campus/algebra{place}").status_code == 404, place


def test_who_has_registered_without_a_machine_finds_the_way_to_one(student: Portal) -> None:
    with student.installation.request("colleague") as request:
        register(request, request.uow.labs.get_by_key(ALGEBRA.key))
    page = student.browser("colleague").get("/machines")
    assert 'href="/register/abcdefghij"' in page.text
