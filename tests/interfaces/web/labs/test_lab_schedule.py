"""The page of a lab's classes, and the warning that nobody uses its template."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from galeria.actions.classes.schedules import ScheduleRequest, get_schedule, list_schedules, put_schedule
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.domain.classes.shutdown import MachinePresence
from galeria.domain.labs.schedules import Frequency, Recurrence, ScheduleTimes
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id, secrets
from tests.prepared_installations import with_lab, with_running_lab

LAB, PAGE = lab_id("algebra"), "/labs/campus/algebra/schedule"


def plan(portal: Portal) -> datetime:
    """A class every second day from tomorrow on; returns the first start."""
    begin = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    pattern = Recurrence(frequency=Frequency.DAILY, interval=2, expires_on=begin.date() + timedelta(days=4))
    times = ScheduleTimes(start=begin, stop=begin + timedelta(hours=2), zone="UTC", recurrence=pattern)
    with portal.installation.request() as request:
        put_schedule(request, LAB, "class", ScheduleRequest(times=times))
    return begin


def changes(portal: Portal) -> list[dict[str, str]]:
    with portal.installation.request() as request:
        return get_schedule(request, LAB, "class").changes


def test_a_class_is_cancelled_moved_and_restored(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    begin, browser = plan(portal), portal.browser("educator")
    assert text_of(browser.get(PAGE)).count("Planned") == 3
    name = begin.isoformat()
    portal.post(browser, f"{PAGE}/class", local_start=name, do="cancel")
    assert "Cancelled" in text_of(browser.get(PAGE))
    portal.post(browser, f"{PAGE}/class", local_start=name, do="restore")
    assert changes(portal) == []
    later = begin + timedelta(days=1)
    start, stop = later.isoformat(timespec="minutes"), (later + timedelta(hours=1)).isoformat()
    portal.post(browser, f"{PAGE}/class", local_start=name, do="move", start=start, stop=stop)
    assert f"Moved to {later:%Y-%m-%d %H:%M}" in text_of(browser.get(PAGE))
    assert changes(portal)[0]["startAt"] == later.isoformat()
    translated = text_of(portal.browser("educator", language="pt-BR").get(PAGE))
    assert "Mudada para" in translated


def test_a_week_shows_what_takes_place_in_the_readers_zone(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    times = ScheduleTimes(
        start=datetime.fromisoformat("2027-03-01T22:00"),
        stop=datetime.fromisoformat("2027-03-01T23:30"),
        zone="America/Sao_Paulo",
        recurrence=Recurrence(frequency=Frequency.DAILY, interval=2, expires_on=date(2027, 3, 9)),
    )
    with portal.installation.request() as request:
        put_schedule(request, LAB, "class", ScheduleRequest(times=times))
    browser = portal.browser("educator")
    there = text_of(browser.get(PAGE, params={"week": "2027-03-04"}))
    assert "Week from Mar 1, 2027" in there
    # Three hours later in UTC, which is the next day; what is not in the week is left out.
    assert (
        "Tuesday Mar 2, 2027 1:00 AM – 2:30 AM Wednesday Mar 3, 2027 – Thursday Mar 4, 2027 1:00 AM – 2:30 AM" in there
    )
    browser.cookies.set("zone", "America/Sao_Paulo")
    here = text_of(browser.get(PAGE, params={"week": "2027-03-04"}))
    assert "Monday Mar 1, 2027 10:00 PM – 11:30 PM Tuesday Mar 2, 2027 –" in here
    assert "The week before" in here
    for odd in ("9999-12-31", "0001-01-01", "tomorrow"):
        assert browser.get(PAGE, params={"week": odd}).status_code == 200


PLANNED: dict[str, Any] = {"from_time": "09:00", "until_time": "11:30", "zone": "America/Sao_Paulo"}


def test_classes_are_planned_and_their_schedule_is_removed(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    browser, first = portal.browser("educator"), datetime.now(UTC).date() + timedelta(days=1)
    last = (first + timedelta(weeks=2)).isoformat()
    weekly: dict[str, Any] = {**PLANNED, "first_day": first.isoformat(), "last_day": last, "days": first.strftime("%A")}
    portal.post(browser, PAGE, **weekly)
    with portal.installation.request() as request:
        (made,) = list_schedules(request, LAB)
    assert (made.start_at, made.stop_at) == (f"{first}T09:00:00", f"{first}T11:30:00")
    assert made.recurrence["weekDays"] == [first.strftime("%A")]
    assert text_of(browser.get(PAGE)).count("Planned") == 3

    portal.post(browser, f"{PAGE}/{made.name}/end")
    assert "No class is planned." in text_of(browser.get(PAGE))
    portal.post(browser, PAGE, **{**PLANNED, "first_day": first.isoformat()})  # once
    assert text_of(browser.get(PAGE)).count("Planned") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"first_day": "tomorrow"}, "is no day"),
        ({"from_time": "nine"}, "is no time of the day"),
        ({"until_time": "08:00"}, "stop before they start"),
        ({"zone": "Mars/Olympus"}, "There is no time zone"),
        ({"days": "Monday"}, "is no day"),
    ],
)
def test_a_fault_in_a_plan_is_said_beside_its_field(new_portal: NewPortal, wrong: dict[str, str], said: str) -> None:
    portal = new_portal(with_lab)
    answer = portal.post(
        portal.browser("educator"),
        PAGE,
        status=400,
        **{**PLANNED, "first_day": "2027-03-01", **wrong},
    )
    assert said in text_of(answer)


def test_what_cannot_be_is_said_on_the_page(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    begin, browser = plan(portal), portal.browser("educator")
    wrong = portal.post(browser, f"{PAGE}/class", status=400, local_start="soon", do="cancel")
    assert "is no date with a time" in text_of(wrong)
    nothing = (begin + timedelta(hours=1)).isoformat()
    assert "has nothing at" in text_of(portal.post(browser, f"{PAGE}/class", status=400, local_start=nothing))


def test_who_may_only_read_has_no_buttons(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    plan(portal)
    with portal.installation.context.database() as uow:
        person = portal.installation.people["nobody"]
        (given, *_) = uow.people.assignments(portal.installation.people["admin"].id)
        given.principal_id, given.role = person.id, "Reader"
        uow.commit()
    page = portal.browser("nobody").get(PAGE)
    assert "Planned" in text_of(page)
    assert "Move" not in text_of(page)


def test_the_warning_is_answered_on_the_labs_page(new_portal: NewPortal) -> None:
    portal = new_portal(with_running_lab)
    installation = portal.installation
    profile = {"shutdownWhenNotConnected": "Enabled", "noConnectDelay": "PT10M"}
    with installation.request() as request:
        update_lab(request, LAB, LabSettings(profiles={"autoShutdownProfile": profile}), secrets())
    since = datetime.now(UTC) - timedelta(
        minutes=5, seconds=1
    )  # a busy computer has the whole warning for what follows
    with installation.context.database() as uow:
        row = MachinePresence(machine_id=installation.machine("algebra").id, running_since=since, looked_at=since)
        row.warned_at = datetime.now(UTC)
        uow.presence.add(row)
        uow.commit()
    browser = portal.browser("educator")
    assert "because nobody has connected to it" in text_of(browser.get("/labs/campus/algebra"))
    portal.post(browser, "/labs/campus/algebra/keep/template")
    page = text_of(browser.get("/labs/campus/algebra"))
    assert "The machine keeps running." in page
    assert "because nobody has connected" not in page
