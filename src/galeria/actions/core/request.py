"""What one request may touch."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.resources import Resource
from galeria.domain.settings import Settings
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator


class Stamps(TypedDict):
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One caller, one transaction. The door commits it, and starts the operations that were begun."""

    uow: UnitOfWork
    clock: Clock
    id_generator: IdGenerator
    settings: Settings
    caller: Caller

    def audit(self, action: str, scope: str, *, detail: Message = EMPTY) -> None:
        record_audit(self.uow, self.clock, self.id_generator, self.caller, action, scope, detail=detail)

    def begin(
        self, kind: OperationKind, resource: Resource, subject: str, inputs: dict[str, object] | None = None
    ) -> Operation:
        """Write down an operation. It starts after the commit."""
        operation = Operation(
            id=self.id_generator.new_guid(),
            kind=kind,
            subscription_id=resource.arm_id.subscription,
            location=resource.location,
            resource_id=resource.resource_id,
            subject=subject,
            started_by=self.caller.principal.id,
            inputs=dict(inputs or {}),
            created_at=self.clock.now(),
        )
        self.uow.operations.add(operation)
        return operation

    def stamps(self) -> Stamps:
        """Who and when, for a new resource."""
        now, who = self.clock.now(), self.caller.principal.name
        return {"created_at": now, "created_by": who, "modified_at": now, "modified_by": who}

    def touch(self, resource: Resource) -> None:
        resource.modified_at, resource.modified_by = self.clock.now(), self.caller.principal.name
