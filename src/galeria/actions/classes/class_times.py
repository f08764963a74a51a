"""Does what schedules ask for: starts claimed machines for a class, and stops all machines of the lab after it."""

from datetime import datetime

from galeria.actions.classes.own_power import Switched, busy_machines, start_for_class, stop_machines
from galeria.actions.core.audit import record_own_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.labs.machines import MACHINE
from galeria.domain.classes.due import DueWork, OccurrenceKey, due_work
from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.settings import start_lead
from galeria.domain.errors import OutOfSpace
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.messages import Message
from galeria.domain.states import ProvisioningState


def do_due_work(request: BaseRequest, lab: Lab, now: datetime) -> None:
    """Begins what the lab's schedules ask for at the moment `now`, and remembers it in the same transaction.

    Machines that are busy, or that full disks hold up, are asked again by the next call; a lab that is not made, or is being
    deleted, is left alone.
    """
    if lab.state is not ProvisioningState.SUCCEEDED:
        return
    records = {_key(each): each for each in request.uow.occurrence_records.of_labs([lab.id])}
    work = due_work(request.uow.schedules.of_lab(lab.id), records.values(), now, start_lead(lab.profiles))
    if not work:
        return
    doing = _Doing(request, lab, now, records)
    if work.start or work.start_waiting:
        doing.start(work)
    if work.stop or work.stop_waiting:
        doing.stop(work)
    for key in work.run_on:
        doing.record(key).stopped_at = now


class _Doing:
    """One lab's work at one moment."""

    def __init__(
        self, request: BaseRequest, lab: Lab, now: datetime, records: dict[OccurrenceKey, OccurrenceRecord]
    ) -> None:
        self._request, self._lab, self._now, self._records = request, lab, now, records
        self._machines = request.uow.machines.of_lab(lab.id)
        self._busy = busy_machines(request)

    def start(self, work: DueWork) -> None:
        """Start the claimed machines; with full disks nothing is done, and nothing remembered."""
        try:
            self._request.disk_room.require(0, region=self._lab.location)
        except OutOfSpace:
            return
        claimed = [each for each in self._machines if each.kind is MachineKind.USER and each.claimed_by]
        waiting = self._take_waiting(work.start_waiting, "to_start")
        wanted = claimed if work.start else [each for each in claimed if each.id in waiting]
        switched = start_for_class(self._request, self._lab, wanted, self._busy)
        for key in work.start:
            record = self.record(key)
            record.started_at, record.stopped_at = self._now, None
        keys = work.start or work.start_waiting
        self.record(keys[0]).to_start = switched.busy
        self._note("start", switched)

    def stop(self, work: DueWork) -> None:
        """Stop all machines of the lab, its template included."""
        waiting = self._take_waiting(work.stop_waiting, "to_stop")
        wanted: list[LabMachine] = (
            self._machines if work.stop else [each for each in self._machines if each.id in waiting]
        )
        switched = stop_machines(self._request, self._lab, wanted, self._busy)
        for key in work.stop:
            record = self.record(key)
            record.stopped_at, record.to_start = self._now, []
        keys = work.stop or work.stop_waiting
        self.record(keys[0]).to_stop = switched.busy
        self._note("stop", switched)

    def record(self, key: OccurrenceKey) -> OccurrenceRecord:
        """Return the record of an occurrence, a new one where nothing was done of it yet."""
        held = self._records.get(key)
        if held is None:
            held = OccurrenceRecord(schedule_id=key.schedule_id, local_start=key.local_start, lab_id=self._lab.id)
            self._records[key] = held
            self._request.uow.occurrence_records.add(held)
        return held

    def _take_waiting(self, keys: tuple[OccurrenceKey, ...], name: str) -> set[str]:
        """Return the machines that wait, and let them wait no more."""
        waiting: set[str] = set()
        for key in keys:
            waiting.update(getattr(self._records[key], name))
            setattr(self._records[key], name, [])
        return waiting

    def _note(self, verb: str, switched: Switched) -> None:
        if switched.begun:
            detail = Message("by the schedule: {count} machines", count=len(switched.begun))
            record_own_audit(self._request, f"{MACHINE}/{verb}/action", self._lab.resource_id, detail=detail)


def _key(record: OccurrenceRecord) -> OccurrenceKey:
    return OccurrenceKey(record.schedule_id, record.local_start)
