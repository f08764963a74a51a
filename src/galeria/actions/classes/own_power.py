"""Starts and stops machines in the service's own name: for schedules, used hours, and machines that nobody uses."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.own_operations import begin_own
from galeria.actions.labs.machines import running_on_machine
from galeria.domain.classes.usage import UsageCause
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.messages import Message
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, moved

_TURNS_ON = frozenset(
    {MachineState.STARTING, MachineState.RUNNING, MachineState.RESETTING_PASSWORD, MachineState.REDEPLOYING}
)
_BECOMES_OFF = frozenset({MachineState.CREATING, MachineState.STOPPING, MachineState.REIMAGING})


@dataclass(frozen=True, kw_only=True)
class Switched:
    """The ids of the machines for which an operation was begun, and of those that must be asked again: they were busy."""

    begun: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def busy_machines(request: BaseRequest) -> set[str]:
    """Returns the ids of all machines that an operation works on, with one query."""
    return {each.subject for each in request.uow.operations.unsettled()}


def start_for_class(request: BaseRequest, lab: Lab, machines: Iterable[LabMachine], busy: set[str]) -> Switched:
    """Begins to start those of the machines that are off; what runs or starts already is left alone."""
    switched = Switched()
    seen = {each.machine_id: each for each in request.uow.presence.all()}
    for machine in machines:
        if machine.state in (MachineState.STOPPED, MachineState.FAILED) and not machine.is_on:
            if machine.id in busy:
                switched.busy.append(machine.id)
                continue
            machine.state = moved(machine.state, MachineState.STARTING, Message("The machine"))
            machine.start_cause = UsageCause.SCHEDULE
            if machine.id in seen:  # its delays begin with the start
                request.uow.presence.remove(seen[machine.id])
            begin_own(request, OperationKind.START_MACHINE, lab, machine.id)
            switched.begun.append(machine.id)
        elif machine.state in _BECOMES_OFF:
            switched.busy.append(machine.id)
    return switched


def stop_machines(request: BaseRequest, lab: Lab, machines: Iterable[LabMachine], busy: set[str]) -> Switched:
    """Begins to stop those of the machines that are on."""
    switched = Switched()
    for machine in machines:
        if machine.is_unreachable or machine.state is MachineState.RUNNING:
            if machine.id in busy or _is_exported(request, machine):
                switched.busy.append(machine.id)
                continue
            machine.state = moved(machine.state, MachineState.STOPPING, Message("The machine"))
            begin_own(request, OperationKind.STOP_MACHINE, lab, machine.id)
            switched.begun.append(machine.id)
        elif machine.state in _TURNS_ON:
            switched.busy.append(machine.id)
    return switched


def _is_exported(request: BaseRequest, machine: LabMachine) -> bool:
    """Returns whether an export is closing the disk's layer, which happens to templates only."""
    return machine.kind is MachineKind.TEMPLATE and bool(running_on_machine(request, machine.id))
