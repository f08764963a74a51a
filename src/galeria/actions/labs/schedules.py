"""The schedules of a lab: create, change, list, delete."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import require_lasting_lab
from galeria.actions.labs.labs import get_lab
from galeria.domain.ids import ResourceId, part_name
from galeria.domain.labs.schedules import Schedule, ScheduleTimes, check_notes, check_times
from galeria.domain.messages import Message

SCHEDULE = "Microsoft.LabServices/labs/schedules"


@dataclass(frozen=True, kw_only=True)
class ScheduleRequest:
    """What a caller says of a schedule."""

    times: ScheduleTimes
    notes: str = ""


def put_schedule(request: Request, lab_id: ResourceId, name: str, wanted: ScheduleRequest) -> tuple[Schedule, bool]:
    """Creates or changes a schedule; the second value tells whether it is new. Raises Forbidden, NotFound, Invalid."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{SCHEDULE}/write", lab.key)
    require_lasting_lab(lab)
    check_times(wanted.times)
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
    schedule.keep(wanted.times)
    schedule.notes = check_notes(wanted.notes)
    request.touch(schedule)
    request.audit(f"{SCHEDULE}/write", str(id))
    return schedule, is_new


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
