"""Routes that set, change and lock the immutability policy of a snapshot."""

from starlette.responses import Response

from galeria.actions.storage.immutability import protect_snapshot
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.disk_views import disk_view
from galeria.interfaces.arm.compute.disks import SNAPSHOT_PATH, SnapshotId
from galeria.interfaces.arm.compute.storage_schemas import ImmutabilityBody, PolicyKind
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import Route


def put_policy(id: SnapshotId, body: ImmutabilityBody, arm_request: ArmRequestDep) -> Response:
    return _protect(arm_request, id, body, PolicyKind.UNLOCKED, "updateImmutabilityPolicyLock locks one")


def lock_policy(id: SnapshotId, body: ImmutabilityBody, arm_request: ArmRequestDep) -> Response:
    return _protect(arm_request, id, body, PolicyKind.LOCKED, "updateImmutabilityPolicy sets one that is not locked")


def _protect(arm_request: ArmRequest, id: ResourceId, body: ImmutabilityBody, kind: PolicyKind, other: str) -> Response:
    if body.type is not kind:
        raise Invalid(
            Message("This makes a policy {kind}.", kind=kind),
            hint=Message("Give the type {kind}; {other}.", kind=kind, other=other),
            target="type",
        )
    with arm_request.writing() as request:
        days, locked = body.immutability_duration_days, kind is PolicyKind.LOCKED
        return shown(disk_view(request, protect_snapshot(request, id, days=days, locked=locked)))


ROUTES = (
    Route(
        name="Snapshots_UpdateImmutabilityPolicy",
        method="POST",
        path=SNAPSHOT_PATH + "/updateImmutabilityPolicy",
        handler=put_policy,
    ),
    Route(
        name="Snapshots_UpdateImmutabilityPolicyLock",
        method="POST",
        path=SNAPSHOT_PATH + "/updateImmutabilityPolicyLock",
        handler=lock_policy,
    ),
)
