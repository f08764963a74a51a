"""The schedules of a lab: create, change, list, delete."""

from dataclasses import dataclass, replace
from datetime import datetime

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import require_lasting_lab
from galeria.actions.labs.labs import get_lab
from galeria.domain.classes.occurrences import check_changes, has_local_start
from galeria.domain.ids import ResourceId, part_name
from galeria.domain.labs.schedules import OccurrenceChange, Schedule, ScheduleTimes, check_notes, check_times
from galeria.domain.messages import Message

SCHEDULE = "Microsoft.LabServices/labs/schedules"


@dataclass(frozen=True, kw_only=True)
class ScheduleRequest:
    """What a caller says of a schedule.

    Where nothing is said of single occurrences (`says_changes`), their changes stay as far as the times still have them.
    """

    times: ScheduleTimes
    notes: str = ""
    says_changes: bool = False


def put_schedule(request: Request, lab_id: ResourceId, name: str, wanted: ScheduleRequest) -> tuple[Schedule, bool]:
    """Creates or changes a schedule; the second value tells whether it is new. Raises Forbidden, NotFound, Invalid."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{SCHEDULE}/write", lab.key)
    require_lasting_lab(lab)
    id = lab.arm_id.child("schedules", part_name(name, Message("schedule")))
    schedule = request.uow.schedules.find_by_key(id.key)
    is_new = schedule is None
    if schedule is None:
        schedule = Schedule(
            id=request.id_generator.new_id(),
            resource_id=str(id),
            key=id.key,
            location=lab.location,
            lab_id=lab.id,
            stop_at="",
            time_zone="",
            **request.stamps(),
        )
        request.uow.schedules.add(schedule)
    _keep_times(request, schedule, wanted, is_new=is_new)
    schedule.notes = check_notes(wanted.notes)
    request.touch(schedule)
    request.audit(f"{SCHEDULE}/write", str(id))
    return schedule, is_new


def change_occurrence(request: Request, lab_id: ResourceId, name: str, change: OccurrenceChange) -> Schedule:
    """Cancels or moves one occurrence, whatever became of it before. Raises Forbidden, NotFound, Invalid, Conflict."""
    return _with_changes(request, lab_id, name, without=change.local_start, more=(change,))


def restore_occurrence(request: Request, lab_id: ResourceId, name: str, local_start: datetime) -> Schedule:
    """Lets one occurrence take place as its pattern says; nothing to undo is no error.

    Raises Forbidden, NotFound, Conflict.
    """
    return _with_changes(request, lab_id, name, without=local_start)


def get_schedule(request: Request, lab_id: ResourceId, name: str) -> Schedule:
    """Returns a schedule. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{SCHEDULE}/read", lab.key)
    return request.uow.schedules.get_by_key(lab.arm_id.child("schedules", name).key)


def list_schedules(request: Request, lab_id: ResourceId) -> list[Schedule]:
    """Returns the schedules of a lab, by name. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{SCHEDULE}/read", lab.key)
    return request.uow.schedules.of_lab(lab.id)


def delete_schedule(request: Request, lab_id: ResourceId, name: str) -> bool:
    """Deletes a schedule and tells whether it existed. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{SCHEDULE}/delete", lab.key)
    schedule = request.uow.schedules.find_by_key(lab.arm_id.child("schedules", name).key)
    if schedule is None:
        return False
    request.audit(f"{SCHEDULE}/delete", schedule.resource_id)
    request.uow.schedules.remove(schedule)
    return True


def _with_changes(
    request: Request, lab_id: ResourceId, name: str, *, without: datetime, more: tuple[OccurrenceChange, ...] = ()
) -> Schedule:
    held = get_schedule(request, lab_id, name)
    others = tuple(each for each in held.times.changes if each.local_start != without)
    times = replace(held.times, changes=(*others, *more))
    return put_schedule(request, lab_id, name, ScheduleRequest(times=times, notes=held.notes, says_changes=True))[0]


def _keep_times(request: Request, schedule: Schedule, wanted: ScheduleRequest, *, is_new: bool) -> None:
    """Takes over the times, and notes when they were changed last."""
    held = None if is_new else schedule.times
    times = wanted.times
    if not wanted.says_changes:
        kept = held.changes if held else ()
        times = replace(times, changes=tuple(each for each in kept if has_local_start(times, each.local_start)))
    times = replace(times, changes=tuple(sorted(times.changes, key=lambda each: each.local_start)))
    check_times(times)
    check_changes(times)
    if times == held:
        return
    schedule.keep(times)
    schedule.times_changed_at = request.clock.now()
