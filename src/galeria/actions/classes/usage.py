"""Counts how long students' machines run, warns when hours end, and stops what has none left. Called every minute."""

from dataclasses import dataclass

from galeria.actions.classes.own_power import busy_machines, stop_machines
from galeria.actions.core.audit import record_own_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.labs.machines import MACHINE
from galeria.actions.labs.student_hours import hours_left, is_in_class
from galeria.domain.classes.settings import find_refill
from galeria.domain.classes.usage import LONGEST_GAP, UsageCause, UsageSession, due_warning, is_refill_due, seconds_left
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message
from galeria.domain.states import MachineState


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestMessage:
    """What is to be said to whoever sits at a machine."""

    machine_id: str
    region: str
    text: Message


def count_usage(request: BaseRequest) -> list[GuestMessage]:
    """Counts for all machines since the last call, in one transaction, and returns what students are to be told.

    What ran when nobody looked, before the first call or after a long gap, is not counted. Who has no hours left is
    stopped.
    """
    return _Counting(request).count()


class _Counting:
    """One round over all machines of students."""

    def __init__(self, request: BaseRequest) -> None:
        self._request = request
        self._now = request.clock.now().replace(microsecond=0)
        self._running = [
            (machine, lab)
            for machine, lab in request.uow.machines.running()
            if machine.kind is MachineKind.USER and machine.claimed_by
        ]
        self._users = {
            each.id: each for each in request.uow.lab_users.of_ids({str(each.claimed_by) for each, _ in self._running})
        }
        self._in_class: dict[str, bool] = {}
        self._busy: set[str] | None = None
        self._messages: list[GuestMessage] = []

    def count(self) -> list[GuestMessage]:
        held = {each.machine_id: each for each in self._request.uow.usage.open()}
        beginning = []
        for machine, lab in self._running:
            user = self._users.get(str(machine.claimed_by))
            if user is None:
                continue
            cause, before = self._cause(machine, lab), held.pop(machine.id, None)
            if before and self._goes_on(before, user):
                self._extend(before, cause, user)
            if before and before.is_open and before.cause is cause and before.user_id == user.id:
                self._look_at_hours(before, machine, lab, user)
                continue
            if before:
                before.is_open = False
            beginning.append((self._begun(before, cause, machine, user), machine, lab, user))
        for each in held.values():
            each.is_open = False
        # A machine has one open time: the database must see the ends first.
        self._request.uow.flush()
        for used, machine, lab, user in beginning:
            self._request.uow.usage.add(used)
            self._look_at_hours(used, machine, lab, user)
        return self._messages

    def _goes_on(self, before: UsageSession, user: LabUser) -> bool:
        """Return whether the machine was seen often enough to say that it ran all the time for the same student."""
        before.is_open = before.user_id == user.id and self._now - before.ended_at <= LONGEST_GAP
        return before.is_open

    def _extend(self, before: UsageSession, cause: UsageCause, user: LabUser) -> None:
        """Count the time since the last round. Where a class has begun since, that is its time, and free."""
        if before.cause is UsageCause.STUDENT and cause is not UsageCause.STUDENT:
            return
        if before.cause is UsageCause.STUDENT:
            user.total_usage += int((self._now - before.ended_at).total_seconds())
        before.ended_at = self._now

    def _begun(
        self, before: UsageSession | None, cause: UsageCause, machine: LabMachine, user: LabUser
    ) -> UsageSession:
        """Return a new time; it begins where the one before ended, if that is not the student's time now."""
        follows = before is not None and self._now - before.ended_at <= LONGEST_GAP and before.user_id == user.id
        began = before.ended_at if before and follows and cause is not UsageCause.STUDENT else self._now
        return UsageSession(
            id=self._request.id_generator.new_id(),
            lab_id=machine.lab_id,
            machine_id=machine.id,
            user_id=user.id,
            cause=cause,
            began_at=began,
            ended_at=self._now,
        )

    def _cause(self, machine: LabMachine, lab: Lab) -> UsageCause:
        """Return whose time it is: in class it is nobody's, however the machine was started."""
        if lab.id not in self._in_class:
            self._in_class[lab.id] = is_in_class(self._request, lab)
        if self._in_class[lab.id]:
            return UsageCause.SCHEDULE
        return UsageCause(machine.start_cause) if machine.start_cause else UsageCause.EDUCATOR

    def _look_at_hours(self, used: UsageSession, machine: LabMachine, lab: Lab, user: LabUser) -> None:
        """Refill, warn, or stop the machine, as the hours that are left say."""
        refill = find_refill(lab.profiles)
        if is_refill_due(user, refill, self._now):
            user.refilled_usage, user.refilled_at = user.total_usage, self._now
            used.warned = 0
        if used.cause is not UsageCause.STUDENT:
            return
        left = seconds_left(lab, user, refill, self._now)
        if left == 0:
            self._stop(machine, lab, user)
            return
        warning = due_warning(left, used.warned)
        if warning:
            used.warned = warning
            self._messages.append(
                GuestMessage(machine_id=machine.id, region=machine.region, text=warning_text(self._request, left))
            )
        elif left > used.warned:
            used.warned = 0  # hours were added since

    def _stop(self, machine: LabMachine, lab: Lab, user: LabUser) -> None:
        if self._busy is None:
            self._busy = busy_machines(self._request)
        if stop_machines(self._request, lab, [machine], self._busy).begun:
            scope = f"{lab.resource_id}/virtualMachines/{machine.name}"
            detail = Message("the hours of '{user}' are used up", user=user.email)
            record_own_audit(self._request, f"{MACHINE}/stop/action", scope, detail=detail)


def warning_text(request: BaseRequest, left: int) -> Message:
    """Returns what a student is told whose hours end in so many seconds."""
    minutes = max(1, left // 60)
    return Message(
        "Your hours end in {minutes} minutes; then this machine is shut down. Save your work.", minutes=minutes
    )


def find_usage_warning(request: BaseRequest, lab: Lab, machine: LabMachine) -> Message | None:
    """Returns the warning of the hours' end that stands for the machine now, for its page; None where there is none."""
    if machine.state is not MachineState.RUNNING or machine.claimed_by is None:
        return None
    used = request.uow.usage.find_open(machine.id)
    user = request.uow.lab_users.find(machine.claimed_by)
    if used is None or user is None or not used.warned:
        return None
    return warning_text(request, hours_left(request, lab, user))
