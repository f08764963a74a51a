"""Messages to a class, raised hands, and who watches: what the educator does and the student sees, and the other way round."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from galeria.actions.classes.watching import SCREEN, TERMINAL, forget_watcher, note_watcher
from galeria.actions.rosters.machine_claims import join_lab
from galeria.domain.classes.class_help import KEPT_FOR, MAX_TEXT
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine
from galeria.reconcilers.class_messages import show_class_messages
from galeria.reconcilers.class_times import forget_class_times
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.interfaces.web.students.classes import with_student
from tests.later_clock import Later
from tests.local_installation import LocalInstallation, lab_id

ALGEBRA = lab_id("algebra")
LAB = "/labs/campus/algebra"
MINE = "/machines/campus/algebra/vm1"


def with_two_students(installation: LocalInstallation) -> None:
    """With `nobody` as the user of vm1, and `colleague` as that of vm2."""
    with_student(installation)
    with installation.request("colleague") as request:
        join_lab(request, "abcdefghij")


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    return new_portal(with_two_students)


def news_of(browser: httpx.Client) -> str:
    return text_of(browser.get(f"{MINE}/news"))


def user_name(portal: Portal, machine: str) -> str:
    with portal.installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(ALGEBRA.key)
        found = next(each for each in uow.machines.of_lab(lab.id) if each.name == machine)
        return uow.lab_users.get(found.claimed_by or "").name


def actions(portal: Portal) -> list[str]:
    with portal.installation.context.database(reading=True) as uow:
        return [each.action.rsplit("/", 2)[-2] for each in uow.audit.recent(limit=50)]


def test_a_message_to_all_is_on_each_page_until_its_student_closes_it(portal: Portal) -> None:
    educator, nobody, colleague = (portal.browser(each) for each in ("educator", "nobody", "colleague"))
    seen = re.search(r"seen=\w+", nobody.get(MINE).text)
    assert seen
    assert nobody.get(f"{MINE}/news?{seen[0]}").status_code == 204
    portal.post(educator, f"{LAB}/message", page=f"{LAB}/class", to="", text="Please save\x1b[2J your <work>.\n")
    assert nobody.get(f"{MINE}/news?{seen[0]}").status_code == 200
    for browser in (nobody, colleague):
        page = browser.get("/machines")
        assert "Please save[2J your <work>." in text_of(page)
        assert "<work>" not in page.text
    id = re.search(r'name="id" value="(\w+)"', nobody.get("/machines").text)
    assert id
    assert "to 2 people" in text_of(educator.get(f"{LAB}/class"))
    portal.post(nobody, f"{MINE}/message", page="/machines", id=id[1])
    assert "Please save" not in news_of(nobody)
    assert "Please save" in text_of(colleague.get("/machines"))
    assert "read by 1" in text_of(educator.get(f"{LAB}/class"))
    assert "sendMessage" in actions(portal)


def test_a_message_to_one_is_for_nobody_else(portal: Portal) -> None:
    educator, nobody, colleague = (portal.browser(each) for each in ("educator", "nobody", "colleague"))
    portal.post(educator, f"{LAB}/message", page=f"{LAB}/class", to=user_name(portal, "vm2"), text="Come to my desk.")
    assert "Come to my desk." in text_of(colleague.get("/machines"))
    assert "Come to my desk." not in text_of(nobody.get("/machines"))
    id = re.search(r'name="id" value="(\w+)"', colleague.get("/machines").text)
    assert id
    portal.post(nobody, f"{MINE}/message", status=404, page="/machines", id=id[1])
    assert "Come to my desk." in text_of(colleague.get("/machines"))


@pytest.mark.parametrize(
    ("text", "told"), [("  \n", "The message is empty."), ("x" * (MAX_TEXT + 1), "longer than 500")]
)
def test_a_message_that_cannot_be_sent_is_given_back(portal: Portal, text: str, told: str) -> None:
    educator = portal.browser("educator")
    page = portal.post(educator, f"{LAB}/message", status=400, page=f"{LAB}/class", to="", text=text)
    assert told in text_of(page)
    assert text.strip() in page.text


def test_students_and_strangers_send_nothing(portal: Portal) -> None:
    nobody = portal.browser("nobody")
    portal.post(nobody, f"{LAB}/message", status=404, page="/machines", to="", text="Hello")
    portal.post(nobody, f"{LAB}/hand/{user_name(portal, 'vm2')}", status=404, page="/machines")
    assert "sendMessage" not in actions(portal)


def test_a_message_is_shown_once_in_machines_that_run(portal: Portal) -> None:
    educator, nobody = portal.browser("educator"), portal.browser("nobody")
    portal.post(nobody, f"{MINE}/start", page="/machines")
    portal.work()
    portal.post(educator, f"{LAB}/message", page=f"{LAB}/class", to="", text="Five more minutes")
    for _ in range(2):
        show_class_messages(portal.installation.context)
    context = portal.installation.context
    with context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(ALGEBRA.key)
        machines = {each.name: each for each in uow.machines.of_lab(lab.id)}
    said = {
        name: portal.installation.engine.guest(Machine(id=machines[name].id, region=machines[name].region)).messages
        for name in ("vm1", "vm2")
    }
    sender = portal.installation.people["educator"].display_name
    assert said == {"vm1": [f"{sender}: Five more minutes"], "vm2": []}
    assert machines["vm1"].state is MachineState.RUNNING


def test_a_hand_is_raised_seen_answered_and_taken_down(portal: Portal) -> None:
    educator, nobody = portal.browser("educator"), portal.browser("nobody")
    portal.post(nobody, f"{MINE}/hand", page="/machines", do="raise")
    portal.post(nobody, f"{MINE}/hand", page="/machines", do="raise")  # twice does nothing more
    assert "Your hand is raised since" in text_of(nobody.get("/machines"))
    name = portal.installation.people["nobody"].display_name
    wall = educator.get(f"{LAB}/class-wall")
    assert "1 hand is raised" in text_of(wall)
    assert re.search(rf"{name} · vm1 · since \d", text_of(wall))
    portal.post(educator, f"{LAB}/hand/{user_name(portal, 'vm1')}", page=f"{LAB}/class")
    assert "hand is raised" not in text_of(educator.get(f"{LAB}/class-wall"))
    assert "has seen your hand, and comes." in news_of(nobody)
    portal.post(nobody, f"{MINE}/hand", page="/machines", do="lower")
    assert "has seen your hand" not in news_of(nobody)
    portal.post(nobody, f"{MINE}/hand", page="/machines", do="raise")
    portal.post(nobody, f"{MINE}/hand", page="/machines", do="lower")
    assert "hand is raised" not in text_of(educator.get(f"{LAB}/class-wall"))
    done = actions(portal)
    assert [done.count(each) for each in ("raiseHand", "answerHand", "lowerHand")] == [2, 1, 2]


def test_a_page_that_stays_gets_its_news_as_the_answer(portal: Portal) -> None:
    nobody = portal.browser("nobody")
    fields = {"csrf": portal.token(nobody, MINE), "do": "raise", "here": "yes"}
    answer = nobody.post(f"{MINE}/hand", data=fields, headers={**portal.own_origin, "HX-Request": "true"})
    assert 'id="my-news"' in answer.text
    assert "Your hand is raised" in text_of(answer)


def test_a_student_sees_who_watches_as_long_as_it_lasts(portal: Portal) -> None:
    nobody, colleague = portal.browser("nobody"), portal.browser("colleague")
    with portal.installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(ALGEBRA.key)
        machine = next(each for each in uow.machines.of_lab(lab.id) if each.name == "vm1")
    for who, line, what in (
        ("educator", "a", SCREEN),
        ("educator", "b", SCREEN),
        ("admin", "c", TERMINAL),
        ("nobody", "d", SCREEN),
    ):
        with portal.installation.request(who) as request:
            note_watcher(request, machine.id, line, what)
    people = {each: portal.installation.people[each].display_name for each in ("educator", "admin", "nobody")}
    shown = text_of(nobody.get("/machines"))
    assert shown.count(f"{people['educator']} has the screen of your machine open now.") == 1
    assert f"{people['admin']} has a terminal of your machine open now." in shown
    assert f"{people['nobody']} has" not in shown
    assert "open now" in text_of(nobody.get(MINE))
    assert "open now" not in text_of(colleague.get("/machines"))
    with portal.installation.request() as request:
        for line in "abc":
            forget_watcher(request, line)
    assert "open now" not in news_of(nobody)


def test_a_line_that_a_killed_server_left_behind_is_told_for_two_minutes_at_most(portal: Portal) -> None:
    nobody = portal.browser("nobody")
    with portal.installation.context.database(reading=True) as uow:
        lab = uow.labs.get_by_key(ALGEBRA.key)
        machine = next(each for each in uow.machines.of_lab(lab.id) if each.name == "vm1")
    with portal.installation.request("educator") as request:
        note_watcher(request, machine.id, "a", SCREEN)
    assert "open now" in news_of(nobody)
    portal.clock.move(seconds=121)
    assert "open now" not in news_of(nobody)


def test_messages_of_long_ago_are_forgotten(portal: Portal) -> None:
    educator = portal.browser("educator")
    portal.post(educator, f"{LAB}/message", page=f"{LAB}/class", to="", text="Hello")
    context = portal.installation.context
    for later, left in ((KEPT_FOR - timedelta(hours=1), 2), (KEPT_FOR + timedelta(hours=1), 0)):
        forget_class_times(replace(context, clock=Later(later, context)))
        with context.database(reading=True) as uow:
            lab = uow.labs.get_by_key(ALGEBRA.key)
            assert len(uow.class_messages.of_lab(lab.id, since=datetime.fromtimestamp(0, UTC))) == left
