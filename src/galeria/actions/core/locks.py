"""Management locks: create, change, list, delete. They hold for everybody, owners included."""

from galeria.actions.core.request import Request
from galeria.actions.core.resources import require_scope
from galeria.domain.errors import Invalid, NotFound
from galeria.domain.locks import Lock, LockLevel
from galeria.domain.messages import Message, verbatim

WRITE = "Microsoft.Authorization/locks/write"
DELETE = "Microsoft.Authorization/locks/delete"
READ = "Microsoft.Authorization/locks/read"


def put_lock(request: Request, scope: str, name: str, *, level: LockLevel, notes: str) -> tuple[Lock, bool]:
    """Creates or changes a lock on the scope; the second value tells whether it is new.

    Raises Forbidden, Invalid for its name, NotFound for its scope.
    """
    # The right first: whoever lacks it does not learn whether there is such a scope.
    request.caller.require(WRITE, scope.strip().rstrip("/").lower())
    key = require_scope(request, scope)
    if not name or len(name) > 260:
        raise Invalid(
            Message("A lock's name has 1 to 260 characters."), hint=Message("Choose another name."), target="name"
        )
    request.audit(WRITE, scope, detail=Message("{name}: {level}", name=name, level=level))
    lock = _find(request, key, name)
    if lock:
        lock.level, lock.notes = level, notes
        return lock, False
    lock = Lock(
        id=request.id_generator.new_id(),
        name=name,
        scope=scope,
        scope_key=key,
        level=level,
        notes=notes,
        created_at=request.clock.now(),
        created_by=request.caller.principal.name,
    )
    request.uow.locks.add(lock)
    return lock, True


def get_lock(request: Request, scope: str, name: str) -> Lock:
    """Returns the lock of that name on exactly this scope. Raises Forbidden, NotFound."""
    key = scope.lower().rstrip("/")
    request.caller.require(READ, key)
    lock = _find(request, key, name)
    if lock is None:
        raise NotFound(
            Message("The lock '{name}' could not be found.", name=name),
            hint=Message("az lock list shows those there are."),
            code="LockNotFound",
        )
    return lock


def list_locks(request: Request, scope: str) -> list[Lock]:
    """Returns the locks on the scope, above it and below it, by scope and name. Raises Forbidden, NotFound."""
    key = scope.lower().rstrip("/")
    request.caller.require(READ, key)
    require_scope(request, scope)
    here = key + "/"

    def is_related(lock: Lock) -> bool:
        there = lock.scope_key + "/"
        return there.startswith(here) or here.startswith(there)

    return [lock for lock in request.uow.locks.all() if is_related(lock)]


def delete_lock(request: Request, scope: str, name: str) -> bool:
    """Deletes the lock of that name on exactly this scope and tells whether it existed. Raises Forbidden."""
    key = scope.lower().rstrip("/")
    request.caller.require(DELETE, key)
    lock = _find(request, key, name)
    if lock is None:
        return False
    request.audit(DELETE, scope, detail=verbatim(name))
    request.uow.locks.remove(lock)
    return True


def _find(request: Request, key: str, name: str) -> Lock | None:
    at_scope = (lock for lock in request.uow.locks.all() if lock.scope_key == key)
    return next((lock for lock in at_scope if lock.name.lower() == name.lower()), None)
