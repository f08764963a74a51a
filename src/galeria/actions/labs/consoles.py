"""A machine's console (screen and keyboard), for callers who may set a password in it, because both give access."""

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE, reach_machine
from galeria.domain.errors import OnAnotherComputer
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.ports.machines import Machine

OPEN = f"{MACHINE}/openConsole/action"


def get_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """Returns the machine whose console the caller may use. Raises Forbidden, NotFound, and Conflict for a lock."""
    _, machine = reach_machine(request, lab_id, name, "resetPassword")
    return Machine.of(machine)


def use_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """Returns the machine as `get_console` does and records the use; the interface opens the console after the commit."""
    machine = get_console(request, lab_id, name)
    request.audit(OPEN, f"{lab_id}/virtualMachines/{name}")
    return machine


def on_another_computer(host: str) -> OnAnotherComputer:
    """Returns the error for a screen or a terminal that only the server on that computer can show."""
    return OnAnotherComputer(
        Message("The machine is on another computer, {host}, which this server does not reach.", host=host),
        hint=Message("Open it through the server on that computer."),
    )
