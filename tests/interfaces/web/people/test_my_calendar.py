"""The calendar of one's classes, read back by an independent library."""

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import httpx
import recurring_ical_events
from icalendar import Calendar

from galeria.actions.classes.schedules import ScheduleRequest, change_occurrence, put_schedule
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.registration import register
from galeria.domain.classes.occurrences import occurrences
from galeria.domain.labs.schedules import Frequency, OccurrenceChange, Recurrence, ScheduleTimes, WeekDay
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id, secrets
from tests.prepared_installations import with_lab
from tests.questions import counted
from tests.version_rows import copy_labs

LAB = lab_id("algebra")
BEGIN, END = datetime(2018, 9, 1, tzinfo=UTC), datetime(2019, 4, 1, tzinfo=UTC)
PATTERN = Recurrence(
    frequency=Frequency.WEEKLY,
    expires_on=date(2019, 3, 4),
    interval=2,
    week_days=(WeekDay.SUNDAY, WeekDay.MONDAY, WeekDay.WEDNESDAY),
)
TIMES = ScheduleTimes(
    start=datetime.fromisoformat("2018-10-02T00:30"),  # a Tuesday: the first is the day after
    stop=datetime.fromisoformat("2018-10-02T02:00"),
    zone="America/Sao_Paulo",
    recurrence=PATTERN,
    changes=(
        OccurrenceChange(local_start=datetime.fromisoformat("2018-10-15T00:30")),
        OccurrenceChange(
            local_start=datetime.fromisoformat("2018-10-17T00:30"),
            start=datetime.fromisoformat("2018-10-20T10:00"),
            stop=datetime.fromisoformat("2018-10-20T12:00"),
        ),
    ),
)


def with_classes(portal: Portal) -> None:
    installation = portal.installation
    with installation.request() as request:
        update_lab(request, LAB, LabSettings(title="Álgebra", open_access=True, capacity=3), secrets())
        put_schedule(request, LAB, "class", ScheduleRequest(times=TIMES, notes="Room 3", says_changes=True))
        night = replace(TIMES, start=None, recurrence=None, changes=())
        put_schedule(request, LAB, "night", ScheduleRequest(times=night))


def address(portal: Portal, who: str) -> str:
    browser = portal.browser(who)
    browser.get("/me")
    shown = portal.post(browser, "/me/calendar", status=200)
    (found,) = [each for each in text_of(shown).split() if each.endswith(".ics")]
    return urlsplit(found).path


def moments(text: bytes) -> list[tuple[datetime, datetime]]:
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(BEGIN, END)
    return sorted((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in found)


def test_a_library_reads_the_same_classes(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    with_classes(portal)
    read = portal.stranger().get(address(portal, "educator"))
    assert read.headers["content-type"].startswith("text/calendar")
    ours = sorted((each.start, each.stop) for each in occurrences(TIMES, BEGIN, END) if each.start)
    assert len(ours) == 33 - 1
    assert moments(read.content) == ours
    assert "SUMMARY:Álgebra" in read.text
    assert "BEGIN:VTIMEZONE" in read.text


def test_a_moved_class_moves_in_the_calendar(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    with_classes(portal)
    place, reader = address(portal, "educator"), portal.stranger()
    before = moments(reader.get(place).content)
    with portal.installation.request() as request:
        change_occurrence(
            request, LAB, "class", OccurrenceChange(local_start=datetime.fromisoformat("2018-10-03T00:30"))
        )
    assert moments(reader.get(place).content) == before[1:]


def test_a_student_reads_what_they_take_part_in_and_a_stranger_nothing(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    with_classes(portal)
    place = address(portal, "nobody")
    assert moments(portal.stranger().get(place).content) == []
    with portal.installation.request("nobody") as request:
        register(request, request.uow.labs.get_by_key(LAB.key))
    assert len(moments(portal.stranger().get(place).content)) == 32
    assert moments(portal.stranger().get(address(portal, "colleague")).content) == []
    assert moments(portal.stranger().get(address(portal, "admin")).content) == [], (
        "an administrator teaches nothing here"
    )


def test_an_address_ends_by_hand_and_by_the_next_one(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    first, reader = address(portal, "educator"), portal.stranger()
    second = address(portal, "educator")
    assert [reader.get(each).status_code for each in (first, second)] == [404, 200]
    browser = portal.browser("educator")
    browser.get("/me")
    portal.post(browser, "/me/calendar/end")
    assert "address was ended" in text_of(browser.get("/me"))
    assert reader.get(second).status_code == 404


def asked(reader: httpx.Client, place: str) -> int:
    """How often the database is asked for the calendar."""
    with counted() as questions:
        assert reader.get(place).status_code == 200
    return len(questions)


def test_a_hundred_labs_take_no_more_questions_than_one(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    with_classes(portal)
    places, reader = [address(portal, who) for who in ("educator", "admin")], portal.stranger()
    before = [asked(reader, place) for place in places]
    with portal.installation.request() as request:
        copy_labs(request, "algebra", {f"lab-{number}": "Álgebra" for number in range(100)})
    for number in range(3):
        with portal.installation.request() as request:
            put_schedule(request, lab_id(f"lab-{number}"), "class", ScheduleRequest(times=TIMES, says_changes=True))
    assert [asked(reader, place) for place in places] == before
    assert len(moments(reader.get(places[0]).content)) == 4 * 32
