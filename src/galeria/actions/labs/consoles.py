"""A machine's console (screen and keyboard), for callers who may set a password in it, because both give access."""

from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE, reach_machine
from galeria.domain.ids import ResourceId
from galeria.ports.machines import Machine

OPEN = f"{MACHINE}/openConsole/action"


def get_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """Returns the machine whose console the caller may use. Raises Forbidden, NotFound, and Conflict for a lock."""
    _, machine = reach_machine(request, lab_id, name, "resetPassword")
    return Machine(id=machine.id, region=machine.region)


def use_console(request: Request, lab_id: ResourceId, name: str) -> Machine:
    """Returns the machine as `get_console` does and records the use; the interface opens the console after the commit."""
    machine = get_console(request, lab_id, name)
    request.audit(OPEN, f"{lab_id}/virtualMachines/{name}")
    return machine
