"""Delete a resource group with everything in it. Resources that take long to delete get operations of their own."""

import time
import uuid
from typing import Any

from galeria.actions.core.resources import TYPES
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.resources import Resource
from galeria.domain.states import OperationStatus, ProvisioningState, is_settled, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.repository import ResourceRepository
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext

# Resources that operations of their own delete, in this order; all others are only rows of the database.
LONG = (
    ("labs", OperationKind.DELETE_LAB, Message("Begin to delete the labs"), Message("Wait until the labs are gone")),
    (
        "versions",
        OperationKind.DELETE_VERSION,
        Message("Begin to delete the versions"),
        Message("Wait until the versions are gone"),
    ),
    (
        "managed_images",
        OperationKind.DELETE_IMAGE,
        Message("Begin to delete the managed_images"),
        Message("Wait until the managed_images are gone"),
    ),
    (
        "snapshots",
        OperationKind.DELETE_SNAPSHOT,
        Message("Begin to delete the snapshots"),
        Message("Wait until the snapshots are gone"),
    ),
    (
        "disks",
        OperationKind.DELETE_DISK,
        Message("Begin to delete the disks"),
        Message("Wait until the disks are gone"),
    ),
)


def delete_group(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    for attribute, kind, begin, wait in LONG:
        children = step(begin, begin_children, context, operation_id, attribute, kind.value)
        step(wait, wait_for_children, context, children)
    step(Message("Forget the resource group"), forget_group, context, operation_id)


def begin_children(context: WorkflowContext, operation_id: str, attribute: str, kind: str) -> list[str]:
    """Begin an operation for each resource of that kind in the group, and return the operations' ids.

    An id is derived from the resource and the attempt, so that a repeated step finds the operations it began before.
    """
    with context.database() as uow:
        parent = uow.operations.get(operation_id)
        things: list[Resource] = getattr(uow, attribute).below(parent.resource_id.lower())
        children = [_child(uow, context, parent, thing, OperationKind(kind)) for thing in things]
        uow.commit()
    return children


def wait_for_children(context: WorkflowContext, children: list[str]) -> None:
    """Wait until these operations have ended; the workers start them. Raises Conflict for the first that failed."""
    waiting = set(children)
    while waiting:
        with context.database(reading=True) as uow:
            settled = [each for each in map(uow.operations.get, waiting) if is_settled(each.status)]
        failed = [each for each in settled if each.status is not OperationStatus.SUCCEEDED]
        if failed:
            raise Conflict(
                Message(
                    "'{resource_id}' could not be deleted: {error_message}",
                    resource_id=failed[0].resource_id,
                    error_message=failed[0].error_message,
                ),
                hint=Message("{error_hint} Then delete the resource group again.", error_hint=failed[0].error_hint),
                code="ResourceGroupDeletionBlocked",
            )
        waiting -= {each.id for each in settled}
        if waiting:
            time.sleep(context.poll_seconds)


def forget_group(context: WorkflowContext, operation_id: str) -> None:
    """Remove the rows of the group and of all that is left in it, children before their parents."""
    with context.database() as uow:
        key = uow.operations.get(operation_id).resource_id.lower()
        for type in sorted(TYPES, key=lambda name: -name.count("/")):
            _forget_resources(uow, type, key)
        _forget_locks_and_roles(uow, key)
        group = uow.groups.find_by_key(key)
        if group:
            uow.groups.remove(group)
        uow.commit()


def _forget_resources(uow: UnitOfWork, type: str, key: str) -> None:
    held: ResourceRepository[Any] = getattr(uow, TYPES[type])
    for thing in held.below(key):
        # A gallery of this group may be attached to accounts elsewhere.
        for account in uow.accounts.with_gallery(thing.id):
            account.gallery_id = None
        uow.flush()
        held.remove(thing)


def _forget_locks_and_roles(uow: UnitOfWork, key: str) -> None:
    for lock in uow.locks.all():
        if (lock.scope_key + "/").startswith(key + "/"):
            uow.locks.remove(lock)
    uow.people.remove_assignments_below(key)


def _child(uow: UnitOfWork, context: WorkflowContext, parent: Operation, thing: Resource, kind: OperationKind) -> str:
    id = str(uuid.uuid5(uuid.UUID(parent.id), f"{parent.attempt} {thing.id}"))
    if uow.operations.find(id) is None:
        thing.state = moved(thing.state, ProvisioningState.DELETING)
        uow.operations.add(
            Operation(
                id=id,
                kind=kind,
                subscription_id=parent.subscription_id,
                location=thing.location,
                resource_id=thing.resource_id,
                subject=thing.id,
                started_by=parent.started_by,
                created_at=context.clock.now(),
            )
        )
    return id
