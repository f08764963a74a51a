"""Route that lists soft-deleted image versions, which can be restored."""

from functools import partial
from typing import Any

from starlette.responses import Response

from galeria.actions.versions.retention import list_soft_deleted
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.versions import page_by_number
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.path_ids import DefinitionId
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import GALLERY, Route

ARTIFACTS = "Microsoft.Compute/galleries/softDeletedArtifactTypes/artifacts/versions"


def list_all(id: DefinitionId, kind: str, arm_request: ArmRequestDep) -> Response:
    if kind.lower() != "images":
        raise NotFound(
            Message("There are no deleted '{kind}' here.", kind=kind), hint=Message("The type of artifacts is Images.")
        )
    with arm_request.reading() as request:
        versions, link = page_by_number(arm_request, partial(list_soft_deleted, request, id))
    return shown(listed([_view(version, id) for version in versions], link))


def _view(version: ImageVersion, definition: ResourceId) -> dict[str, Any]:
    place = f"softDeletedArtifactTypes/Images/artifacts/{definition.name}/versions/{version.name}"
    return {
        "id": f"{definition.parent}/{place}",
        "name": version.name,
        "type": ARTIFACTS,
        "location": version.location,
        "properties": {
            "resourceArmId": version.resource_id,
            "softDeletedArtifactType": "Images",
            "softDeletedTime": when(version.soft_deleted_at),
            "consumptionEndTime": when(version.consumption_ends_at),
            "hardDeletionTargetTime": when(version.hard_deletion_at),
        },
    }


ROUTES = (
    Route(
        name="SoftDeletedResource_ListByArtifactName",
        method="GET",
        path=GALLERY + "/softDeletedArtifactTypes/{kind}/artifacts/{definition}/versions",
        handler=list_all,
    ),
)
