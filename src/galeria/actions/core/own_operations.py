"""Operations that the service begins by itself, in nobody's name: no right, role or limit of a person is asked about."""

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.operation_inputs import NO_INPUTS
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.resources import Resource


def begin_own(request: BaseRequest, kind: OperationKind, resource: Resource, subject: str) -> Operation:
    """Adds an operation of the service itself on the resource; a periodic job starts its work after the commit.

    `subject` is the id of the version, lab, machine or disk that it works on.
    """
    operation = Operation(
        id=request.id_generator.new_guid(),
        kind=kind,
        subscription_id=resource.arm_id.subscription,
        location=resource.location,
        resource_id=resource.resource_id,
        subject=subject,
        started_by="",
        stored_inputs=NO_INPUTS.to_stored(),
        created_at=request.clock.now(),
    )
    request.uow.operations.add(operation)
    return operation
