"""Locks protect resources from being deleted or changed by accident; they reach everything below their scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message


class LockLevel(StrEnum):
    """What a lock forbids: deleting, or every change. The names are those of Azure's management locks."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


@dataclass(eq=False, kw_only=True)
class Lock:
    """A lock on a subscription, resource group or resource, which holds for everything below it."""

    id: str
    name: str
    scope: str  # as the caller wrote it
    scope_key: str  # its comparable form: a subscription, resource group or resource
    level: LockLevel
    notes: str = ""
    created_at: datetime
    created_by: str

    @property
    def resource_id(self) -> str:
        """The lock's own ARM id, under the scope as the caller wrote it."""
        return f"{self.scope}/providers/Microsoft.Authorization/locks/{self.name}"

    @property
    def key(self) -> str:
        """The lower-case form of the lock's id, in which ids are compared."""
        return self.resource_id.lower()


def require_unlocked(locks: Iterable[Lock], action: str, scope: str) -> None:
    """Raises Conflict that names the lock in the way, if one of `locks` forbids the action on the scope.

    Actions that read and those on locks and roles are never locked. A deletion is also refused for locks below what is
    deleted.
    """
    verb = action.lower()
    if verb.endswith("/read") or verb.startswith("microsoft.authorization/"):
        return
    deletes = verb.endswith("/delete")
    here = scope.lower().rstrip("/") + "/"
    for lock in locks:
        there = lock.scope_key.rstrip("/") + "/"
        reaches = here.startswith(there) or (deletes and there.startswith(here))
        if reaches and (deletes or lock.level is LockLevel.READ_ONLY):
            raise Conflict(
                _deletion_refused(scope, lock) if deletes else _change_refused(scope, lock),
                hint=Message("Remove the lock '{lock}' ({level}) and try again.", lock=lock.name, level=lock.level),
                code="ScopeLocked",
            )


def _deletion_refused(scope: str, lock: Lock) -> Message:
    return Message(
        "The scope '{scope}' cannot perform delete operation because following scope(s) are locked: '{locked}'.",
        scope=scope,
        locked=lock.scope,
    )


def _change_refused(scope: str, lock: Lock) -> Message:
    return Message(
        "The scope '{scope}' cannot perform write operation because following scope(s) are locked: '{locked}'.",
        scope=scope,
        locked=lock.scope,
    )
