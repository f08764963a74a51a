"""What a student is warned of on the own pages, in the own language, and how it is answered there."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.domain.classes.shutdown import MachinePresence, ShutdownReason
from galeria.domain.classes.usage import UsageCause, UsageSession
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.roster import LabUser
from galeria.ports.database import UnitOfWork
from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import lab_id, secrets

ALGEBRA = lab_id("algebra")
MINE = "/machines/campus/algebra/vm1"


@pytest.fixture
def portuguese(student: Portal) -> httpx.Client:
    browser = student.browser("nobody", "pt-BR")
    student.post(browser, f"{MINE}/start", page="/machines")
    student.work()
    return browser


def held(uow: UnitOfWork) -> tuple[Lab, LabUser, LabMachine]:
    lab = uow.labs.get_by_key(ALGEBRA.key)
    (user,) = uow.lab_users.of_lab(lab.id)
    machine = uow.machines.find_claimed(user.id)
    assert machine
    return lab, user, machine


def set_profiles(portal: Portal, **profiles: Any) -> None:
    with portal.installation.request("educator") as request:
        update_lab(request, ALGEBRA, LabSettings(profiles=profiles), secrets())


def use(portal: Portal, *, left: int, warned: int) -> None:
    """As the rounds of every minute have counted it: so many seconds are left, and the student was warned of `warned`."""
    with portal.installation.context.database() as uow:
        lab, user, machine = held(uow)
        user.total_usage = lab.usage_quota - left
        now = portal.installation.context.clock.now()
        used = UsageSession(
            id="one",
            lab_id=lab.id,
            machine_id=machine.id,
            user_id=user.id,
            cause=UsageCause.STUDENT,
            began_at=now - timedelta(minutes=10),
            ended_at=now,
            warned=warned,
        )
        uow.usage.add(used)
        uow.commit()


def test_the_end_of_the_hours_is_told_before_it_comes(student: Portal, portuguese: httpx.Client) -> None:
    use(student, left=14 * 60, warned=15 * 60)
    told = "Suas horas acabam em 14 minutos; então esta máquina será desligada."
    for page in ("/machines", MINE, f"{MINE}/news", f"{MINE}/screen"):
        assert told in text_of(portuguese.get(page)), page


def test_hours_that_are_used_up_say_whom_to_ask_and_where(student: Portal, portuguese: httpx.Client) -> None:
    student.post(portuguese, f"{MINE}/stop", page="/machines")
    student.work()
    with student.installation.context.database() as uow:
        lab, user, _ = held(uow)
        user.total_usage = lab.usage_quota
        educator = uow.people.find(student.installation.people["educator"].id)
        assert educator
        educator.name = "ana@school.example"
        uow.commit()
    shown = text_of(portuguese.get("/machines"))
    name = student.installation.people["educator"].display_name
    assert f"Suas horas acabaram. A máquina liga na próxima aula. Peça mais a {name} (ana@school.example)." in shown
    assert "ana@school.example" in shown.split("Quem pode ajudar")[1]


def test_a_refill_is_told_with_its_day(student: Portal, portuguese: httpx.Client) -> None:
    assert "Todas de novo em" not in text_of(portuguese.get("/machines"))
    set_profiles(student, weeklyRefill={"weekDay": "Monday", "timeZoneId": "America/Sao_Paulo"})
    assert "Todas de novo em" in text_of(portuguese.get("/machines"))


def test_a_shutdown_that_nobody_wants_is_answered_on_the_page(student: Portal, portuguese: httpx.Client) -> None:
    set_profiles(student, autoShutdownProfile={"shutdownOnIdle": "UserAbsence", "idleDelay": "PT15M"})
    with student.installation.context.database() as uow:
        _, _, machine = held(uow)
        before = uow.presence.find(machine.id)
        if before:
            uow.presence.remove(before)
        now = student.installation.context.clock.now()
        idle = MachinePresence(
            machine_id=machine.id,
            running_since=now - timedelta(minutes=12),
            typed_at=now - timedelta(minutes=12),
            looked_at=now,
            warned_at=now,
            reason=ShutdownReason.IDLE,
        )
        uow.presence.add(idle)
        uow.commit()
    told = "Esta máquina será desligada em 3 minutos, porque ninguém trabalha nela."
    assert told in text_of(portuguese.get("/machines"))
    assert told in text_of(portuguese.get(f"{MINE}/screen"))
    assert told in text_of(portuguese.get("/labs/campus/algebra/terminal/vm1"))
    student.post(portuguese, f"{MINE}/keep", page="/machines")
    after = text_of(portuguese.get("/machines"))
    assert "será desligada" not in after
    assert "A máquina continua ligada" in after
