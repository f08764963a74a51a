"""Role assignments: give, remove, list. The subscription always keeps an enabled Owner."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.core.resources import TYPES, require_scope
from galeria.actions.people.principals import GIVE_ROLES, SEE_ROLES, TAKE_ROLES, get_principal, subscription_scope
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.people.hidden_scopes import missing_subscription
from galeria.domain.people.principals import RoleAssignment, get_role

OWNER = "Owner"


def give_role(
    request: Request,
    who: str,
    role: str,
    scope: str,
    *,
    id: str = "",
) -> RoleAssignment:
    """Gives `who` (object id or name) the role (name or id) on the scope and everything below; may be repeated.

    `id` is the assignment's GUID where the caller chose one. `scope` is the id of the subscription, a resource group or
    a resource. Raises Forbidden, Invalid, NotFound.
    """
    key = _permitted_scope(request, GIVE_ROLES, scope)
    wanted = get_role(role)
    principal = get_principal(request, who)
    found = _find_assignment(request, principal.id, wanted.name, key)
    if found:
        return found
    assignment = RoleAssignment(
        id=id.lower() or request.id_generator.new_guid(),
        principal_id=principal.id,
        role=str(wanted.name),
        scope=key,
        created_at=request.clock.now(),
        created_by=request.caller.principal.id,
    )
    request.uow.people.add_assignment(assignment)
    request.audit(
        GIVE_ROLES,
        key,
        detail=Message("gave '{principal}' the role {role}", principal=principal.name, role=wanted.name),
    )
    request.uow.flush()
    return assignment


def take_role(request: Request, who: str, role: str, scope: str) -> None:
    """Removes the role that was given on exactly this scope; where there is none, nothing happens.

    Raises Forbidden, Invalid, NotFound, and Conflict for the last Owner of the subscription.
    """
    key = _permitted_scope(request, TAKE_ROLES, scope)
    wanted = get_role(role)
    principal = get_principal(request, who)
    found = _find_assignment(request, principal.id, wanted.name, key)
    if found is None:
        return
    require_remaining_owner(request, subscription_scope(request), losing=[found])
    request.uow.people.remove_assignment(found)
    request.audit(
        TAKE_ROLES,
        key,
        detail=Message("took the role {role} from '{principal}'", role=wanted.name, principal=principal.name),
    )
    request.uow.flush()


def list_roles(request: Request, scope: str) -> list[RoleAssignment]:
    """Returns the assignments on the scope, above it and below it. Raises Forbidden, Invalid, NotFound."""
    key = _permitted_scope(request, SEE_ROLES, scope)
    here = key + "/"

    def is_related(assignment: RoleAssignment) -> bool:
        there = assignment.scope + "/"
        return there.startswith(here) or here.startswith(there)

    return [assignment for assignment in request.uow.people.all_assignments() if is_related(assignment)]


def find_assignment(request: Request, scope: str, id: str) -> RoleAssignment | None:
    """Returns the assignment of that id on exactly this scope, or None. Raises Forbidden, Invalid, NotFound."""
    return _of_id(request, _permitted_scope(request, SEE_ROLES, scope), id)


def take_assignment(request: Request, scope: str, id: str) -> RoleAssignment | None:
    """Removes the assignment of that id on exactly this scope and returns it; None where there is none.

    Raises Forbidden, Invalid, NotFound, and Conflict for the last Owner of the subscription.
    """
    found = _of_id(request, _permitted_scope(request, TAKE_ROLES, scope), id)
    if found is not None:
        take_role(request, found.principal_id, found.role, found.scope)
    return found


def require_remaining_owner(request: BaseRequest, scope: str, *, losing: list[RoleAssignment]) -> None:
    """Raises Conflict if, without the assignments `losing`, nobody enabled were Owner of the subscription `scope`."""
    lost = {assignment.id for assignment in losing}
    owners = [each for each in request.uow.people.all_assignments() if each.role == OWNER and each.scope == scope]
    if not any(each.id in lost for each in owners):
        return
    if not any(request.uow.people.get(each.principal_id).enabled for each in owners if each.id not in lost):
        raise Conflict(
            Message("This is the last Owner of the subscription."),
            hint=Message("Give somebody else the role Owner first."),
            code="LastOwner",
        )


def _of_id(request: Request, key: str, id: str) -> RoleAssignment | None:
    given = request.uow.people.all_assignments()
    return next((each for each in given if each.id == id.lower() and each.scope == key), None)


def _find_assignment(request: BaseRequest, principal_id: str, role: str, key: str) -> RoleAssignment | None:
    given = request.uow.people.assignments(principal_id)
    return next((each for each in given if each.role == role and each.scope == key), None)


def _permitted_scope(request: Request, action: str, scope: str) -> str:
    """Returns the key of a scope that exists and where the caller may do the action. Raises Forbidden, Invalid, NotFound.

    The right is asked first: whoever lacks it does not learn whether there is such a scope.
    """
    request.caller.require(action, scope.strip().rstrip("/").lower())
    return _scope_key(request, scope)


def _scope_key(request: BaseRequest, scope: str) -> str:
    """Returns the key of a scope that exists. Raises Invalid, NotFound.

    Of a resource whose type has no repository of its own, such as a lab's schedule, the nearest parent must exist that has one.
    """
    key = scope.strip().rstrip("/").lower()
    subscription = subscription_scope(request)
    if key == subscription:
        return key
    named = ResourceId.parse(key)
    if not key.startswith(subscription + "/"):
        raise missing_subscription(named.subscription)
    request.uow.groups.get_by_key(ResourceId(named.subscription, named.group).key)
    known = _nearest_known(named)
    if known.namespace:
        require_scope(request, str(known))
    return named.key


def _nearest_known(id: ResourceId) -> ResourceId:
    while id.namespace and id.type.lower() not in TYPES and id.parent.namespace:
        id = id.parent
    return id
