"""The classes of a lab in the next weeks, each to be cancelled, moved or restored; and the answer to a shutdown's warning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from fastapi import APIRouter, Response

from galeria.actions.classes.presence import keep_running
from galeria.actions.classes.schedules import (
    SCHEDULE,
    ScheduleRequest,
    change_occurrence,
    delete_schedule,
    list_schedules,
    put_schedule,
    restore_occurrence,
)
from galeria.actions.labs.labs import get_lab
from galeria.domain.classes.occurrences import local_starts
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.labs.schedules import (
    Frequency,
    OccurrenceChange,
    Recurrence,
    Schedule,
    ScheduleTimes,
    WeekDay,
    check_times,
)
from galeria.domain.messages import Message
from galeria.interfaces.web.classes.week import week_of_classes
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.labs import LABS, lab_id

Value = TypeVar("Value")

SHOWN = timedelta(weeks=6)
JUST_PAST = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PlannedClass:
    """One class as its schedule has it, and what became of it. Times are local to the schedule's zone."""

    schedule: Schedule
    local_start: datetime
    start: datetime | None
    stop: datetime
    change: OccurrenceChange | None

    @property
    def is_cancelled(self) -> bool:
        return self.change is not None and self.change.stop is None

    @property
    def is_moved(self) -> bool:
        return self.change is not None and self.change.stop is not None


def schedule_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}"
    router.add_api_route(f"{place}/schedule", show_schedule, methods=["GET"], name="web_lab_schedule")
    router.add_api_route(f"{place}/schedule", make, methods=["POST"], name="web_lab_schedule_make")
    router.add_api_route(f"{place}/schedule/{{schedule}}/end", end, methods=["POST"], name="web_lab_schedule_end")
    router.add_api_route(f"{place}/schedule/{{schedule}}", change, methods=["POST"], name="web_lab_schedule_change")
    router.add_api_route(f"{place}/keep/{{machine}}", keep, methods=["POST"], name="web_lab_keep")
    return router


def show_schedule(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, lab_id(page, group, name))


def change(page: PageRequestDep, group: str, name: str, schedule: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{SCHEDULE}/write", id.key)
    with form.checking("local_start", "start", "stop"):
        local_start = _typed(page, "local_start")
        with page.writing() as request:
            if form.text("do") == "restore":
                restore_occurrence(request, id, schedule, local_start)
            elif form.text("do") == "move":
                start, stop = _typed(page, "start"), _typed(page, "stop")
                moved = OccurrenceChange(local_start=local_start, start=start, stop=stop)
                change_occurrence(request, id, schedule, moved)
            else:
                change_occurrence(request, id, schedule, OccurrenceChange(local_start=local_start))
    if form.errors:
        return _show(page, id, status=400)
    return page.go(lab_url(id, "schedule"), notice=page.gettext("The class was changed."))


def make(page: PageRequestDep, group: str, name: str) -> Response:
    """Make a schedule that repeats each week on the chosen days or, where none is chosen, takes place once."""
    id, form = lab_id(page, group, name), page.form
    page.require(f"{SCHEDULE}/write", id.key)
    names = {
        "properties.stopAt": "until_time",
        "properties.timeZoneId": "zone",
        "properties.recurrencePattern.expirationDate": "last_day",
        "properties.recurrencePattern.weekDays": "last_day",
    }
    with form.checking("first_day", "from_time", "until_time", "last_day", "zone", **names):
        times = _times_of(page)
        with page.writing() as request:
            put_schedule(request, id, request.id_generator.new_guid()[:8], ScheduleRequest(times=times))
    if form.errors:
        return _show(page, id, status=400)
    return page.go(lab_url(id, "schedule"), notice=page.gettext("The classes were planned."))


def end(page: PageRequestDep, group: str, name: str, schedule: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        delete_schedule(request, id, schedule)
    return page.go(lab_url(id, "schedule"), notice=page.gettext("The schedule was removed."))


def keep(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        keep_running(request, id, machine)
    return page.go(lab_url(id), notice=page.gettext("The machine keeps running."))


def _show(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    now = page.services.clock.now()
    with page.reading() as request:
        lab, schedules = get_lab(request, id), list_schedules(request, id)
        planned = sorted(
            (each for schedule in schedules for each in _planned(schedule, now)), key=lambda each: each.local_start
        )
        return page.show(
            "lab_schedule.html",
            status=status,
            lab=lab,
            schedules=schedules,
            planned=planned,
            week=week_of_classes(schedules, page.query("week"), now, page.zone),
            today=now.astimezone(page.zone).date(),
            zone=str(page.zone),
            form=page.form,
            write=permit(request, f"{SCHEDULE}/write", lab.key),
        )


def _planned(schedule: Schedule, now: datetime) -> list[PlannedClass]:
    """Return what the pattern has from yesterday on; what was moved stands where it was planned, with its new times."""
    times = schedule.times
    changes = {each.local_start: each for each in times.changes}
    lasting = times.stop - times.start if times.start else timedelta(0)
    begin = now.replace(tzinfo=None)
    return [
        PlannedClass(
            schedule=schedule,
            local_start=name,
            start=name if times.start else None,
            stop=name + lasting,
            change=changes.get(name),
        )
        for name in local_starts(times, begin - JUST_PAST, begin + SHOWN)
    ]


def _times_of(page: PageRequest) -> ScheduleTimes:
    """Return the times of a new schedule. Raises Invalid."""
    form = page.form
    first, stop = _day(page, "first_day"), _clock(page, "until_time")
    begin = datetime.combine(first, _clock(page, "from_time"))
    days = tuple(each for each in WeekDay if each.value in form.all("days"))
    pattern = None
    if days:
        pattern = Recurrence(frequency=Frequency.WEEKLY, week_days=days, expires_on=_day(page, "last_day"))
    zone = form.text("zone")
    times = ScheduleTimes(start=begin, stop=datetime.combine(first, stop), zone=zone, recurrence=pattern)
    check_times(times)
    return times


def _day(page: PageRequest, name: str) -> date:
    fault, hint = Message("'{text}' is no day.", text=page.form.text(name)), Message("Write it as 2026-11-23.")
    return _parsed(page, name, date.fromisoformat, fault, hint)


def _clock(page: PageRequest, name: str) -> time:
    fault = Message("'{text}' is no time of the day.", text=page.form.text(name))
    return _parsed(page, name, time.fromisoformat, fault, Message("Write it as 09:00.")).replace(tzinfo=None)


def _typed(page: PageRequest, name: str) -> datetime:
    fault = Message("'{text}' is no date with a time.", text=page.form.text(name))
    return _parsed(page, name, datetime.fromisoformat, fault, Message("Write it as 2026-11-23T09:00.")).replace(
        tzinfo=None
    )


def _parsed(page: PageRequest, name: str, parse: Callable[[str], Value], fault: Message, hint: Message) -> Value:
    """Return a field as a browser sends days and times. Raises Invalid with the fault."""
    try:
        return parse(page.form.text(name))
    except ValueError as error:
        raise Invalid(fault, hint=hint, target=name) from error
