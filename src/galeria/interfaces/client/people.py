"""People, programs and their roles."""

import uuid

from galeria.domain.people.principals import get_role
from galeria.interfaces.client.connection import Json, ServerConnection, path_of
from galeria.interfaces.client.operations import API
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames

ROLES_API = "2022-04-01"


class PeopleClient:
    """People and programs, for Owners of the subscription; everybody may change their own password."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=API)
        self._root = f"{names.scope}/providers/Microsoft.Galeria/people"

    def list(self) -> list[Json]:
        return self._rest.list(self._root)

    def create(self, name: str, *, display_name: str = "", password: str | None = None, kind: str = "User") -> Json:
        """Create a person or program; `kind` is User or ServicePrincipal.

        Without a password the answer has a new one as `secret`, only this once.
        """
        body = given_values(name=name, displayName=display_name or name, password=password, kind=kind)
        return self._rest.post(self._root, body).resource

    def set_password(self, name: str, *, new: str, old: str | None = None) -> Json:
        return self._rest.post(f"{self._root}{path_of(name)}/password", given_values(old=old, new=new)).resource


class RolesClient:
    """Roles at a scope, which is the id of a subscription, resource group or resource. They include everything below."""

    def __init__(self, connection: ServerConnection) -> None:
        self._rest = ResourcesClient(connection=connection, api=ROLES_API)

    def definitions(self, scope: str) -> list[Json]:
        return self._rest.list(f"{scope}/providers/Microsoft.Authorization/roleDefinitions")

    def give(self, who: str, role: str, scope: str) -> Json:
        """Assign a role by name or id to `who`, a sign-in name or object id."""
        body = {"properties": {"roleDefinitionId": _role_id(role), "principalId": who}}
        return self._rest.put(f"{scope}{_ASSIGNMENTS}/{uuid.uuid4()}", body).resource

    def take(self, who: str, role: str, scope: str) -> bool:
        """Remove an assignment at exactly this scope. Returns False where there was none."""
        wanted = get_role(role).id
        for each in self.list(scope, who=who):
            its = each["properties"]
            same_scope = its["scope"].rstrip("/").casefold() == scope.rstrip("/").casefold()
            if same_scope and its["roleDefinitionId"].rsplit("/", 1)[-1].casefold() == wanted:
                self._rest.delete(each["id"])
                return True
        return False

    def list(self, scope: str, *, who: str = "") -> list[Json]:
        """Return assignments above, at and below the scope; with `who` of one person by name or object id."""
        found = self._rest.list(f"{scope}{_ASSIGNMENTS}")
        return [each for each in found if not who or who.casefold() in _names(each)]


_ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"


def _role_id(role: str) -> str:
    return f"/providers/Microsoft.Authorization/roleDefinitions/{get_role(role).id}"


def _names(assignment: Json) -> set[str]:
    its = assignment["properties"]
    ours = its.get("galeria") or {}
    return {str(its["principalId"]).casefold(), str(ours.get("principalName", "")).casefold()}
