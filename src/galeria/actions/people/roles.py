"""Roles are given and taken at a scope, by whoever may give roles there; the subscription always keeps an Owner."""

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.people.principals import GIVE_ROLES, SEE_ROLES, TAKE_ROLES, get_principal, subscription_scope
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.people.principals import RoleAssignment, get_role
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator

OWNER = "Owner"


def give_role(
    uow: UnitOfWork,
    clock: Clock,
    id_generator: IdGenerator,
    by: Caller,
    who: str,
    role: str,
    scope: str,
    *,
    id: str = "",
) -> RoleAssignment:
    """Give `who` (object id or name) the role (name or id) at the scope and everything below; may be repeated.

    `id` is the assignment's GUID where the caller chose one.

    `scope` is the id of the subscription, a resource group or a resource. Raises Forbidden, Invalid, NotFound.
    """
    key = _scope_key(uow, scope)
    by.require(GIVE_ROLES, key)
    wanted = get_role(role)
    principal = get_principal(uow, who)
    found = _find_assignment(uow, principal.id, wanted.name, key)
    if found:
        return found
    assignment = RoleAssignment(
        id=id.lower() or id_generator.new_guid(),
        principal_id=principal.id,
        role=str(wanted.name),
        scope=key,
        created_at=clock.now(),
        created_by=by.principal.id,
    )
    uow.people.add_assignment(assignment)
    record_audit(
        uow,
        clock,
        id_generator,
        by,
        GIVE_ROLES,
        key,
        detail=Message("gave '{principal}' the role {role}", principal=principal.name, role=wanted.name),
    )
    uow.flush()
    return assignment


def take_role(
    uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, by: Caller, who: str, role: str, scope: str
) -> None:
    """Take what was given at exactly this scope; nothing to take is no error.

    Raises Forbidden, Invalid, NotFound, and Conflict for the last Owner of the subscription.
    """
    key = _scope_key(uow, scope)
    by.require(TAKE_ROLES, key)
    wanted = get_role(role)
    principal = get_principal(uow, who)
    found = _find_assignment(uow, principal.id, wanted.name, key)
    if found is None:
        return
    keep_an_owner(uow, subscription_scope(uow), losing=[found])
    uow.people.remove_assignment(found)
    record_audit(
        uow,
        clock,
        id_generator,
        by,
        TAKE_ROLES,
        key,
        detail=Message("took the role {role} from '{principal}'", role=wanted.name, principal=principal.name),
    )
    uow.flush()


def list_roles(uow: UnitOfWork, by: Caller, scope: str) -> list[RoleAssignment]:
    """Assignments that reach this scope from above, are made at it, or below it. Raises Forbidden, Invalid, NotFound."""
    key = _scope_key(uow, scope)
    by.require(SEE_ROLES, key)
    here = key + "/"

    def is_related(assignment: RoleAssignment) -> bool:
        there = assignment.scope + "/"
        return there.startswith(here) or here.startswith(there)

    return [assignment for assignment in uow.people.all_assignments() if is_related(assignment)]


def keep_an_owner(uow: UnitOfWork, scope: str, *, losing: list[RoleAssignment]) -> None:
    """Raises Conflict if, without the assignments `losing`, nobody enabled were Owner of the subscription `scope`."""
    lost = {assignment.id for assignment in losing}
    owners = [each for each in uow.people.all_assignments() if each.role == OWNER and each.scope == scope]
    if not any(each.id in lost for each in owners):
        return
    if not any(uow.people.get(each.principal_id).enabled for each in owners if each.id not in lost):
        raise Conflict(
            Message("This is the last Owner of the subscription."),
            hint=Message("Give somebody else the role Owner first."),
            code="LastOwner",
        )


def _find_assignment(uow: UnitOfWork, principal_id: str, role: str, key: str) -> RoleAssignment | None:
    given = uow.people.assignments(principal_id)
    return next((each for each in given if each.role == role and each.scope == key), None)


def _scope_key(uow: UnitOfWork, scope: str) -> str:
    """The comparable form of a scope that exists, as far as its resource group. Raises Invalid, NotFound."""
    key = scope.strip().rstrip("/").lower()
    subscription = subscription_scope(uow)
    if key == subscription:
        return key
    named = ResourceId.parse(key)
    if not key.startswith(subscription + "/"):
        raise NotFound(
            Message("The subscription '{subscription}' could not be found.", subscription=named.subscription),
            hint=Message("The subscription here is '{subscription}'.", subscription=subscription.rsplit("/", 1)[-1]),
            code="SubscriptionNotFound",
        )
    uow.groups.get_by_key(ResourceId(named.subscription, named.group).key)
    return named.key
