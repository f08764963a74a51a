"""Routes of our own: students' machines are updated to the newest revision, and what they were before comes back."""

from enum import StrEnum
from typing import Annotated, Any

from starlette.responses import Response

from galeria.actions.classes.updates import AT_STOP, NOT_NOW, change_update, list_earlier, update_class
from galeria.actions.labs.machines import bring_machine_back
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.path_ids import LabId
from galeria.interfaces.arm.protocol.responses import begun, shown
from galeria.interfaces.arm.protocol.routes import LAB, MACHINE, Route
from galeria.interfaces.arm.protocol.wire_types import Wire, Word, any_case


class When(StrEnum):
    """When a machine is made anew from the newest revision."""

    NOW = "Now"
    AT_STOP = "AtStop"
    NEVER = "Never"  # takes back that it was to be at the next stop


class UpdateBody(Wire):
    """When the update is done."""

    when: Annotated[When, any_case(When)] = When.NOW


class EarlierBody(Wire):
    """Which earlier machine comes back."""

    id: Word


_SAID = {When.NOW: "", When.AT_STOP: AT_STOP, When.NEVER: NOT_NOW}


def update_all(id: LabId, body: UpdateBody, arm_request: ArmRequestDep) -> Response:
    """Update every machine that stands on an earlier revision; tell how many are updated now, and how many at their stop."""
    with arm_request.writing() as request:
        updates = update_class(request, id, at_stop=body.when is not When.NOW)
    return shown({"begun": len(updates.begun), "later": len(updates.later)})


def update(id: LabId, machine: str, body: UpdateBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = change_update(request, id, machine, _SAID[body.when])
    return begun(arm_request, operation)


def list_all_earlier(id: LabId, machine: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown({"value": [_view(each) for each in list_earlier(request, id, machine)]})


def bring_back(id: LabId, machine: str, body: EarlierBody, arm_request: ArmRequestDep) -> Response:
    """Put an earlier machine in the place of the present one, which is kept in its stead."""
    with arm_request.writing() as request:
        operation = bring_machine_back(request, id, machine, body.id)
    return begun(arm_request, operation)


def _view(kept: KeptMachine) -> dict[str, Any]:
    return {
        "id": kept.id,
        "revision": kept.revision,
        "keptAt": when(kept.kept_at),
        "keptUntil": when(kept.kept_until),
    }


ROUTES = (
    Route(name="Labs_UpdateMachines", method="POST", path=LAB + "/updateMachines", handler=update_all),
    Route(name="VirtualMachines_Update", method="POST", path=MACHINE + "/update", handler=update),
    Route(name="VirtualMachines_ListEarlier", method="GET", path=MACHINE + "/earlier", handler=list_all_earlier),
    Route(name="VirtualMachines_BringBack", method="POST", path=MACHINE + "/bringBack", handler=bring_back),
)
