"""Routes of our own: whose work the deletion of a lab would end, and the work that is kept and given back."""

from typing import Any

from starlette.responses import Response

from galeria.actions.classes.kept_work import KeptWork, deletion_impact, list_kept_work, restore_work
from galeria.domain.classes.work_disks import KEEPING
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.path_ids import LabId
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import LAB, Route
from galeria.interfaces.arm.protocol.wire_types import Wire, Word


class WorkToRestore(Wire):
    """Which kept work disk is given back."""

    id: Word


def impact(id: LabId, arm_request: ArmRequestDep) -> Response:
    """Return whose work a deletion of the lab would end, and whose work disks would be kept."""
    with arm_request.reading() as request:
        found = deletion_impact(request, id)
    kept, lost = list(found.kept), list(found.lost)
    return shown({"machines": found.machines, "keptFor": kept, "lostFor": lost, "keptDays": KEEPING.days})


def list_kept(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown({"value": [_view(each) for each in list_kept_work(request, id)]})


def restore(id: LabId, body: WorkToRestore, arm_request: ArmRequestDep) -> Response:
    """Give a kept work disk to its person's machine in the lab; it is there from the machine's next start on."""
    with arm_request.writing() as request:
        machine = restore_work(request, id, body.id)
    return shown({"machine": machine.name})


def _view(kept: KeptWork) -> dict[str, Any]:
    disk = kept.disk
    return {
        "id": disk.id,
        "person": disk.person,
        "email": disk.email,
        "lab": disk.lab_title,
        "sizeGib": disk.size_gib,
        "keptUntil": when(disk.kept_until) if disk.kept_until else None,
        "machine": kept.machine.name if kept.machine else None,
        "whyNot": kept.why_not,
    }


ROUTES = (
    Route(name="Labs_DeletionImpact", method="GET", path=LAB + "/deletionImpact", handler=impact),
    Route(name="Labs_ListKeptWork", method="GET", path=LAB + "/keptWork", handler=list_kept),
    Route(name="Labs_RestoreWork", method="POST", path=LAB + "/restoreWork", handler=restore),
)
