"""The request that every action takes: its caller, its transaction, the clock, random ids and the settings."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from galeria.actions.core.audit import record_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.limits import require_disk_room, require_operation_limit
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import NO_INPUTS, OperationInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.resources import Resource


class Stamps(TypedDict):
    """The fields of a new resource that say who made it and when."""

    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str


@dataclass(frozen=True, kw_only=True)
class Request(BaseRequest):
    """One caller's request in one transaction.

    The interface commits it, and then starts the operations that it created.
    """

    caller: Caller

    def audit(self, action: str, scope: str, *, detail: Message = EMPTY) -> None:
        """Adds an entry about a successful action to the audit log, kept with the commit."""
        record_audit(self, self.caller, action, scope, detail=detail)

    def begin(
        self, kind: OperationKind, resource: Resource, subject: str, inputs: OperationInputs = NO_INPUTS
    ) -> Operation:
        """Adds an operation on the resource to the database; the interface starts it after the commit.

        `subject` is the id of the version, lab, machine or disk that it works on. Raises TooManyRequests where as much is
        under way already as the caller, or everybody together, may have, and OutOfSpace where it would write to full disks.
        """
        require_operation_limit(self, self.caller.principal.id, kind)
        require_disk_room(self, kind, resource.location)
        operation = Operation(
            id=self.id_generator.new_guid(),
            kind=kind,
            subscription_id=resource.arm_id.subscription,
            location=resource.location,
            resource_id=resource.resource_id,
            subject=subject,
            started_by=self.caller.principal.id,
            stored_inputs=inputs.to_stored(),
            created_at=self.clock.now(),
        )
        self.uow.operations.add(operation)
        return operation

    def stamps(self) -> Stamps:
        """Returns who makes a new resource and when."""
        now, who = self.clock.now(), self.caller.principal.name
        return {"created_at": now, "created_by": who, "modified_at": now, "modified_by": who}

    def touch(self, resource: Resource) -> None:
        """Records who changed the resource and when."""
        resource.modified_at, resource.modified_by = self.clock.now(), self.caller.principal.name


def with_caller(request: BaseRequest, caller: Caller) -> Request:
    """Returns a request in the same transaction, made by `caller`, who was found within it."""
    return Request(
        uow=request.uow,
        clock=request.clock,
        id_generator=request.id_generator,
        settings=request.settings,
        disk_room=request.disk_room,
        caller=caller,
    )
