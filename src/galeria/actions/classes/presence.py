"""Who uses machines, and what becomes of those that nobody uses: a warning, then a shutdown. Somebody may answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from galeria.actions.classes.own_power import busy_machines, stop_machines
from galeria.actions.classes.usage import GuestMessage
from galeria.actions.core.audit import record_own_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE, reach_machine
from galeria.domain.classes.shutdown import (
    FEW_BYTES,
    LEAST_WARNING,
    LOW_SHARE,
    DueShutdown,
    MachinePresence,
    ShutdownRules,
    find_due_shutdown,
    shutdown_rules,
)
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.domain.states import MachineState


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenMachineUse:
    """What relay and host say of a running machine at this moment."""

    connections: int = 0  # through the relay
    sent_bytes: int = 0  # by these, since they began
    processor_seconds: float | None = None  # since it was switched on; None where the host was not asked or did not say


def note_line(request: BaseRequest, machine_id: str, *, typed: bool) -> None:
    """Notes that somebody looks at the machine's screen or terminal now, and whether they typed since the last time."""
    now = request.clock.now()
    machine = request.uow.machines.find(machine_id)
    if machine is None or machine.state is not MachineState.RUNNING:
        return
    seen = request.uow.presence.find(machine_id) or _begin(request, machine_id, now)
    first = seen.connected_at is None
    seen.connected_at = now
    if typed or first:
        seen.typed_at = now


def keep_running(request: Request, lab_id: ResourceId, name: str) -> LabMachine:
    """Lets the machine run on as if its delays began now: the answer to the warning.

    Raises Forbidden, NotFound, and Conflict where the machine does not run.
    """
    lab, machine = reach_machine(request, lab_id, name, "start")
    if machine.state is not MachineState.RUNNING:
        raise Conflict(Message("The machine is not running."), hint=Message("Start it."))
    now = request.clock.now()
    seen = request.uow.presence.find(machine.id) or _begin(request, machine.id, now)
    seen.kept_at, seen.warned_at, seen.reason = now, None, None
    request.audit(f"{MACHINE}/keepRunning/action", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return machine


def watched_machines(request: BaseRequest) -> list[tuple[LabMachine, Lab]]:
    """Returns the running machines whose lab has a rule by which they are switched off."""
    return [each for each in request.uow.machines.running() if shutdown_rules(each[1].profiles)]


def watch_machines(request: BaseRequest, uses: Mapping[str, SeenMachineUse]) -> list[GuestMessage]:
    """Takes down who uses which machine, warns where nobody does, and begins to stop what was warned in vain.

    Called every minute, in one transaction for all machines; returns what is to be said in them. `uses` has the watched
    machines by their id, as far as those that ask can see them; others are left to whoever can.
    """
    now, running = request.clock.now(), request.uow.machines.running()
    held = {each.machine_id: each for each in request.uow.presence.all()}
    on = {machine.id for machine, _ in running}
    for id, each in held.items():
        if id not in on:
            request.uow.presence.remove(each)
    busy, messages = busy_machines(request), []
    for machine, lab in running:
        rules = shutdown_rules(lab.profiles)
        if machine.id not in uses or not rules:
            continue
        seen = held.get(machine.id) or _begin(request, machine.id, now)
        _take_down(seen, uses[machine.id], now)
        message = _follow(request, lab, machine, seen, rules, busy)
        if message:
            messages.append(GuestMessage(machine_id=machine.id, region=machine.region, text=message))
    return messages


def shutdown_warning(due: DueShutdown, now: datetime) -> Message:
    """Returns what is said of a machine that is soon switched off."""
    minutes = max(1, round((due.at - now).total_seconds() / 60))
    return Message(
        "This machine is shut down in {minutes} minutes, because {reason}. Work at it, or press 'Keep running' on its page.",
        minutes=minutes,
        reason=due.reason.text,
    )


def find_warning(request: BaseRequest, lab: Lab, machine: LabMachine) -> Message | None:
    """Returns the warning that stands for the machine now, for its page; None where there is none."""
    if machine.state is not MachineState.RUNNING:
        return None
    seen, now = request.uow.presence.find(machine.id), request.clock.now()
    if seen is None or seen.warned_at is None:
        return None
    due = find_due_shutdown(shutdown_rules(lab.profiles), seen, now)
    return shutdown_warning(due, now) if due and due.warning_at <= now else None


def _begin(request: BaseRequest, machine_id: str, now: datetime) -> MachinePresence:
    seen = MachinePresence(machine_id=machine_id, running_since=now, looked_at=now)
    request.uow.presence.add(seen)
    return seen


def _take_down(seen: MachinePresence, use: SeenMachineUse, now: datetime) -> None:
    """Note what is new since the last look. Fewer bytes than before means that some of the connections are over."""
    if use.connections:
        first = seen.connected_at is None
        seen.connected_at = now
        if first or use.sent_bytes - min(seen.sent_bytes, use.sent_bytes) > FEW_BYTES:
            seen.typed_at = now
    seen.sent_bytes = use.sent_bytes
    passed = (now - seen.looked_at).total_seconds()
    if use.processor_seconds is not None:
        spent = use.processor_seconds - seen.processor_seconds
        if passed and spent > LOW_SHARE * passed:
            seen.busy_at = now
        seen.processor_seconds = use.processor_seconds
    seen.looked_at = now


def _follow(
    request: BaseRequest, lab: Lab, machine: LabMachine, seen: MachinePresence, rules: ShutdownRules, busy: set[str]
) -> Message | None:
    """Warn or stop as the rules say, and return what is to be said in the machine."""
    now = request.clock.now()
    due = find_due_shutdown(rules, seen, now)
    if due is None or due.warning_at > now:
        seen.warned_at = seen.reason = None
        return None
    if seen.warned_at is None or seen.reason is not due.reason:
        seen.warned_at, seen.reason = now, due.reason
        return shutdown_warning(due, now)
    # Nobody is switched off without a warning, also where the service was down when that was due.
    if now >= max(due.at, seen.warned_at + LEAST_WARNING) and stop_machines(request, lab, [machine], busy).begun:
        scope = f"{lab.resource_id}/virtualMachines/{machine.name}"
        detail = Message("switched off: {reason}", reason=due.reason.text)
        record_own_audit(request, f"{MACHINE}/stop/action", scope, detail=detail)
    return None
