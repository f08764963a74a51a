"""Locks, at any scope."""

from typing import Annotated, Any

from starlette.responses import Response

from galeria.actions.core.locks import delete_lock, get_lock, list_locks, put_lock
from galeria.domain.locks import Lock, LockLevel
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import Route
from galeria.interfaces.arm.protocol.wire_types import Text, Wire, any_case


class LockProperties(Wire):
    level: Annotated[LockLevel, any_case(LockLevel)]
    notes: Text | None = None


class LockBody(Wire):
    properties: LockProperties


def put_one(scope: str, lock: str, body: LockBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        wanted = body.properties
        made, is_new = put_lock(request, _whole(scope), lock, level=wanted.level, notes=wanted.notes or "")
    return put(arm_request, _view(made), is_new=is_new)


def get_one(scope: str, lock: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_view(get_lock(request, _whole(scope), lock)))


def list_all(scope: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        locks, link = page(arm_request, list_locks(request, _whole(scope)), order=_by_scope)
        return shown(listed([_view(lock) for lock in locks], link))


def delete_one(scope: str, lock: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        was_there = delete_lock(request, _whole(scope), lock)
    return deleted(was_there)


def _whole(scope: str) -> str:
    return f"/subscriptions/{scope}"


def _by_scope(lock: Lock) -> Order:
    return (lock.scope_key, lock.name.lower())


def _view(lock: Lock) -> dict[str, Any]:
    return {
        "id": lock.resource_id,
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": lock.level.value, "notes": lock.notes},
    }


_LOCKS = "/subscriptions/{scope:path}/providers/Microsoft.Authorization/locks"
_LOCK = _LOCKS + "/{lock}"

ROUTES = (
    Route(name="ManagementLocks_ListByScope", method="GET", path=_LOCKS, handler=list_all),
    Route(name="ManagementLocks_CreateOrUpdateByScope", method="PUT", path=_LOCK, handler=put_one),
    Route(name="ManagementLocks_GetByScope", method="GET", path=_LOCK, handler=get_one),
    Route(name="ManagementLocks_DeleteByScope", method="DELETE", path=_LOCK, handler=delete_one),
)
