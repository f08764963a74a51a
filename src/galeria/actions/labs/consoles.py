"""A machine's screen and keyboard, for whoever may set a password in it: both let somebody in."""

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE, reach_machine
from galeria.domain.ids import ResourceId
from galeria.ports.machines import Machine

OPEN = f"{MACHINE}/openConsole/action"


def get_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """The machine whose screen the caller may use. Raises Forbidden, NotFound, and Conflict for a lock."""
    _, machine = reach_machine(request, lab_id, name, "resetPassword")
    return Machine(id=machine.id, region=machine.region)


def use_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """As get_console, and written down: the door opens the screen after the commit."""
    machine = get_console(request, lab_id, name)
    request.audit(OPEN, f"{lab_id}/virtualMachines/{name}")
    return machine
