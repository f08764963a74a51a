"""What was done last with each machine of a class, and how it ended."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.machine_claims import student_machines
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.revisions import machine_number
from galeria.domain.labs.roster import LabUser
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus


@dataclass(frozen=True, kw_only=True)
class LastAction:
    """The last operation on a machine; None where there was none since the machine was made."""

    machine: LabMachine
    user: LabUser | None
    operation: Operation | None

    @property
    def has_failed(self) -> bool:
        """Tells whether it ended without success, so that it may be tried again."""
        return self.operation is not None and self.operation.status in (
            OperationStatus.FAILED,
            OperationStatus.CANCELED,
        )


def list_last_actions(request: Request, lab_id: ResourceId) -> tuple[Lab, list[LastAction]]:
    """Returns the lab, and the last action on each of its students' machines: failed ones in front, then by number.

    Raises Forbidden, NotFound.
    """
    lab = get_lab(request, lab_id)
    machines = student_machines(request, lab)
    newest = request.uow.operations.newest_on({each.id for each in machines})
    users = {each.id: each for each in request.uow.lab_users.of_lab(lab.id)}
    found = [
        LastAction(machine=each, user=users.get(each.claimed_by or ""), operation=newest.get(each.id))
        for each in sorted(machines, key=machine_number)
    ]
    return lab, sorted(found, key=lambda each: not each.has_failed)
