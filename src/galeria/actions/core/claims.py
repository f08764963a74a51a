"""Whose a machine of a lab is: students need no role for the one that they have claimed."""

from galeria.actions.core.request import Request
from galeria.domain.labs.labs import LabMachine


def is_claimed_by_caller(request: Request, machine: LabMachine) -> bool:
    """Tells whether the caller has claimed the machine."""
    user = request.uow.lab_users.find(machine.claimed_by) if machine.claimed_by else None
    return user is not None and user.principal_id == request.caller.principal.id
