"""Routes that export a lab's template to the gallery, and estimate what that would cost."""

from functools import partial
from typing import Any

from starlette.responses import Response

from galeria.actions.versions.exports import ExportEstimate, ExportRequest, estimate_export, export_template
from galeria.actions.versions.replication_size import copy_bytes
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.interfaces.arm.labs.lab_schemas import SaveImageBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.path_ids import PlanId, named_id
from galeria.interfaces.arm.protocol.responses import accepted, prefers_body, shown
from galeria.interfaces.arm.protocol.routes import PLAN, Route

_MACHINE_TYPE = "microsoft.labservices/labs/virtualmachines"


def save_image(id: PlanId, body: SaveImageBody, arm_request: ArmRequestDep) -> Response:
    """Export the template.

    The answer has no body, as in Azure; with the header `Prefer: return=representation` it names what is created.
    """
    with arm_request.writing() as request:
        definition, version, operation = export_template(request, id, _wanted(body))
    arm_request.start(operation)
    made = {
        "imageDefinitionId": definition.resource_id,
        "imageVersionId": version.resource_id,
        "operationId": operation.id,
    }
    return accepted(arm_request, operation, made if prefers_body(arm_request.http.headers) else None)


def estimate_image(id: PlanId, body: SaveImageBody, arm_request: ArmRequestDep) -> Response:
    """Return what an export with the same body would do. Nothing is changed."""
    services = arm_request.services
    with arm_request.reading() as request:
        measure = partial(copy_bytes, stores=services.stores)
        estimate = estimate_export(request, id, _wanted(body), services.engine, services.stores, measure)
    return shown(_estimate(estimate))


def _wanted(body: SaveImageBody) -> ExportRequest:
    target = "labVirtualMachineId"
    machine = named_id(body.lab_virtual_machine_id, target)
    if machine.type.lower() != _MACHINE_TYPE:
        raise Invalid(
            Message("'{machine}' is not a lab's virtual machine.", machine=str(machine)),
            hint=Message("Give the template's id: …/labs/LAB/virtualMachines/template."),
            target=target,
        )
    return ExportRequest(
        lab=machine.parent,
        machine=machine.name,
        name=body.name,
        version=body.version or "",
        regions=tuple(body.regions or ()),
    )


def _estimate(estimate: ExportEstimate) -> dict[str, Any]:
    return {
        "image": estimate.image,
        "version": estimate.version,
        "isNewImage": estimate.is_new_image,
        "readBytes": estimate.read_bytes,
        "regions": [
            {
                "region": each.region,
                "sendBytes": each.send_bytes,
                "storeBytes": each.stored_bytes,
                "pricePerMonth": f"{each.price_month:f}",
                "priceOnce": f"{each.price_once:f}",
            }
            for each in estimate.regions
        ],
        "pricePerMonth": f"{estimate.price_month:f}",
        "priceOnce": f"{estimate.price_once:f}",
        "currency": estimate.currency,
        "pricesAreExamples": estimate.prices_are_examples,
    }


ROUTES = (
    Route(name="LabPlans_SaveImage", method="POST", path=PLAN + "/saveImage", handler=save_image),
    Route(name="LabPlans_EstimateImage", method="POST", path=PLAN + "/estimateImage", handler=estimate_image),
)
