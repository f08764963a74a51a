"""Routes of roles and of role assignments at any scope."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from galeria.actions.core.request import Request
from galeria.actions.people.roles import find_assignment, give_role, list_roles, take_assignment
from galeria.domain.errors import Invalid, NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import ROLES, Role, RoleAssignment
from galeria.interfaces.arm.platform.people_schemas import AssignmentBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.errors import ArmJson
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import Route

Filter = Annotated[str, Query(alias="$filter")]
_OF_PRINCIPAL = re.compile(r"(?:principalId\s+eq\s+|assignedTo\()'([^']*)'", re.IGNORECASE)
_OF_NAME = re.compile(r"roleName\s+eq\s+'([^']*)'", re.IGNORECASE)


def give(scope: str, assignment: str, body: AssignmentBody, arm_request: ArmRequestDep) -> Response:
    """Assign a role. An assignment that exists already stays, under its own name."""
    wanted = body.properties
    role = wanted.role_definition_id.rstrip("/").rsplit("/", 1)[-1]
    with arm_request.writing() as request:
        given = give_role(
            request,
            wanted.principal_id,
            role,
            _whole(scope),
            id=_guid(assignment),
        )
        view = _view(request, given)
    return ArmJson(view, status_code=201)


def get_one(scope: str, assignment: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_view(request, _get(request, scope, assignment)))


def take(scope: str, assignment: str, arm_request: ArmRequestDep) -> Response:
    """Remove the assignment. Answers 204 where there was none."""
    with arm_request.writing() as request:
        found = take_assignment(request, _whole(scope), assignment)
        if found is None:
            return Response(status_code=204)
        view = _view(request, found)
    return shown(view)


def list_all(scope: str, arm_request: ArmRequestDep, filter: Filter = "") -> Response:
    """List assignments at the scope, above and below it; `$filter=principalId eq '…'` selects one principal's."""
    principal = _OF_PRINCIPAL.search(filter)
    with arm_request.reading() as request:
        found = list_roles(request, _whole(scope))
        if principal:
            found = [each for each in found if each.principal_id == principal[1].lower()]
        assignments, link = page(arm_request, found, order=_by_scope)
        views = [_view(request, each) for each in assignments]
    return shown(listed(views, link))


def list_definitions(scope: str, arm_request: ArmRequestDep, filter: Filter = "") -> Response:
    require_any_role(arm_request)
    name = _OF_NAME.search(filter)
    found = [role for role in ROLES.values() if name is None or role.name.lower() == name[1].lower()]
    return shown(listed([_role(role) for role in found]))


def get_definition(scope: str, role: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    for each in ROLES.values():
        if each.id == role.lower():
            return shown(_role(each))
    raise NotFound(
        Message("There is no role definition '{role}'.", role=role),
        hint=Message("The roles are: {roles}.", roles=list(ROLES)),
    )


def _guid(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError as error:
        raise Invalid(
            Message("The role assignment's name '{name}' is not a GUID.", name=name),
            hint=Message("Give a new GUID."),
            code="InvalidRoleAssignmentId",
        ) from error


def _whole(scope: str) -> str:
    """Return the whole scope: the path parameter begins after /subscriptions/, so that only ARM paths match the route."""
    return f"/subscriptions/{scope}"


def _get(request: Request, scope: str, name: str) -> RoleAssignment:
    found = find_assignment(request, _whole(scope), name)
    if found is None:
        raise NotFound(
            Message("There is no role assignment '{name}' at '{whole}'.", name=name, whole=_whole(scope)),
            hint=Message("List the assignments there."),
            code="RoleAssignmentNotFound",
        )
    return found


def _view(request: Request, assignment: RoleAssignment) -> dict[str, Any]:
    principal = request.uow.people.get(assignment.principal_id)
    role = ROLES[assignment.role]
    return {
        "id": f"{assignment.scope}/providers/Microsoft.Authorization/roleAssignments/{assignment.id}",
        "name": assignment.id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": assignment.scope,
            "roleDefinitionId": _role_id(role),
            "principalId": principal.id,
            "principalType": principal.kind.value,
            "createdOn": when(assignment.created_at),
            "createdBy": assignment.created_by,
            "galeria": {"roleName": role.name, "principalName": principal.name},
        },
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "id": _role_id(role),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": list(role.data_actions),
                    "notDataActions": [],
                }
            ],
        },
    }


def _role_id(role: Role) -> str:
    return f"/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def _by_scope(assignment: RoleAssignment) -> Order:
    return (assignment.scope, assignment.role, assignment.id)


_AT_SCOPE = "/subscriptions/{scope:path}/providers/Microsoft.Authorization"
_ONE = _AT_SCOPE + "/roleAssignments/{assignment}"
_DEFINITIONS = _AT_SCOPE + "/roleDefinitions"

ROUTES = (
    Route(name="RoleAssignments_ListForScope", method="GET", path=_AT_SCOPE + "/roleAssignments", handler=list_all),
    Route(name="RoleAssignments_Create", method="PUT", path=_ONE, handler=give),
    Route(name="RoleAssignments_Get", method="GET", path=_ONE, handler=get_one),
    Route(name="RoleAssignments_Delete", method="DELETE", path=_ONE, handler=take),
    Route(name="RoleDefinitions_List", method="GET", path=_DEFINITIONS, handler=list_definitions),
    Route(name="RoleDefinitions_Get", method="GET", path=_DEFINITIONS + "/{role}", handler=get_definition),
)
