"""Routes of a lab's schedules. Times are local to the schedule's time zone; offsets are ignored."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict

from starlette.responses import Response

from galeria.actions.classes.schedules import (
    ScheduleRequest,
    delete_schedule,
    get_schedule,
    list_schedules,
    put_schedule,
)
from galeria.domain.labs.schedules import OccurrenceChange, Recurrence, Schedule, ScheduleTimes
from galeria.interfaces.arm.labs.roster_schemas import (
    OurSchedule,
    RecurrencePattern,
    ScheduleBody,
    ScheduleChanges,
    SchedulePatch,
)
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import system_data
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.path_ids import LabId
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import LAB, Route
from galeria.interfaces.time_zones import iana_name


class WrittenZone(TypedDict):
    """A time zone by its name in the IANA list, and as it was written where that is another name."""

    zone: str
    written_zone: str


def list_all(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(selected(arm_request, list_schedules(request, id), order=by_name, view=schedule_view))


def get_one(id: LabId, schedule: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(schedule_view(get_schedule(request, id, schedule)))


def put_one(id: LabId, schedule: str, body: ScheduleBody, arm_request: ArmRequestDep) -> Response:
    said = body.properties
    pattern = said.recurrence_pattern
    times = ScheduleTimes(
        start=said.start_at,
        stop=said.stop_at,
        recurrence=_recurrence(pattern) if pattern else None,
        changes=_changes(said.galeria),
        **_zone(said.time_zone_id),
    )
    with arm_request.writing() as request:
        wanted = ScheduleRequest(times=times, notes=said.notes or "", says_changes=_says_changes(said.galeria))
        found, is_new = put_schedule(request, id, schedule, wanted)
        view = schedule_view(found)
    return put(arm_request, view, is_new=is_new)


def patch_one(id: LabId, schedule: str, body: SchedulePatch, arm_request: ArmRequestDep) -> Response:
    """Change a schedule. Absent properties stay; a null startAt or recurrencePattern is removed."""
    said = body.properties or ScheduleChanges()
    with arm_request.writing() as request:
        held = get_schedule(request, id, schedule)
        notes = held.notes if said.notes is None else said.notes
        times = replace(_changed(held.times, said), changes=_changes(said.galeria))
        wanted = ScheduleRequest(times=times, notes=notes, says_changes=_says_changes(said.galeria))
        found, _ = put_schedule(request, id, schedule, wanted)
        return shown(schedule_view(found))


def delete_one(id: LabId, schedule: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        was_there = delete_schedule(request, id, schedule)
    return deleted(was_there)


def schedule_view(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.resource_id,
        "name": schedule.name,
        "type": "Microsoft.LabServices/labs/schedules",
        "properties": {
            **({"startAt": f"{schedule.start_at}Z"} if schedule.start_at else {}),
            "stopAt": f"{schedule.stop_at}Z",
            **({"recurrencePattern": dict(schedule.recurrence)} if schedule.recurrence else {}),
            "timeZoneId": schedule.time_zone_name or schedule.time_zone,
            "notes": schedule.notes,
            "provisioningState": schedule.state.value,
            "galeria": {"changes": [{name: f"{each[name]}Z" for name in each} for each in schedule.changes]},
        },
        "systemData": system_data(schedule),
    }


def _changed(held: ScheduleTimes, said: ScheduleChanges) -> ScheduleTimes:
    names, pattern = said.model_fields_set, said.recurrence_pattern
    start: datetime | None = said.start_at if "start_at" in names else held.start
    times = replace(held, start=start, stop=said.stop_at or held.stop)
    if said.time_zone_id:
        times = replace(times, **_zone(said.time_zone_id))
    if "recurrence_pattern" in names:
        times = replace(times, recurrence=_recurrence(pattern) if pattern else None)
    return times


def _says_changes(said: OurSchedule | None) -> bool:
    return said is not None and said.changes is not None


def _changes(said: OurSchedule | None) -> tuple[OccurrenceChange, ...]:
    return tuple(
        OccurrenceChange(local_start=each.local_start, start=each.start_at, stop=each.stop_at)
        for each in (said.changes if said else None) or ()
    )


def _zone(text: str) -> WrittenZone:
    name = iana_name(text)
    return WrittenZone(zone=name, written_zone="" if name == text else text)


def _recurrence(pattern: RecurrencePattern) -> Recurrence:
    return Recurrence(
        frequency=pattern.frequency,
        interval=pattern.interval,
        week_days=tuple(dict.fromkeys(pattern.week_days or ())),
        expires_on=pattern.expiration_date,
    )


_SCHEDULES = LAB + "/schedules"
_SCHEDULE = _SCHEDULES + "/{schedule}"

ROUTES = (
    Route(name="Schedules_ListByLab", method="GET", path=_SCHEDULES, handler=list_all),
    Route(name="Schedules_Get", method="GET", path=_SCHEDULE, handler=get_one),
    Route(name="Schedules_CreateOrUpdate", method="PUT", path=_SCHEDULE, handler=put_one),
    Route(name="Schedules_Update", method="PATCH", path=_SCHEDULE, handler=patch_one),
    Route(name="Schedules_Delete", method="DELETE", path=_SCHEDULE, handler=delete_one),
)
