"""Who may do what: principals, roles, and the one function that answers with a reason."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from galeria.domain.errors import Forbidden, Invalid

_SIGN_IN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,98}[A-Za-z0-9])?")


class PrincipalKind(StrEnum):
    USER = "User"
    SERVICE_PRINCIPAL = "ServicePrincipal"


@dataclass(eq=False, kw_only=True)
class Principal:
    """A person or a program. `name` is what is typed at sign-in: a user name, or a client id."""

    id: str  # a GUID, the object id
    kind: PrincipalKind
    name: str
    display_name: str
    secret_hash: str  # argon2id
    enabled: bool = True
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A built-in role. Wildcards as in Azure: `*` stands for any text, '/' included."""

    name: str
    id: str  # the same GUID as Azure's, so that scripts that name it keep working
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        def matches(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

        return matches(self.actions) and not matches(self.not_actions)


@dataclass(eq=False, kw_only=True)
class RoleAssignment:
    id: str
    principal_id: str
    role: str  # a role's name
    scope: str  # a key: lower-case id of a subscription, resource group or resource
    created_at: datetime
    created_by: str


@dataclass(eq=False, kw_only=True)
class RefreshToken:
    """Lets one sign-in be prolonged without the password. It works once: every use puts a new one of its family in its place.

    Source: RFC 9700 §4.14.2, refresh token rotation.
    """

    id: str  # SHA-256, in hexadecimal, of what the client holds; the token itself is kept nowhere
    family: str  # the sign-in that it descends from: all of a family are revoked together
    principal_id: str
    client_id: str  # the program that it was given to
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


# Role ids and action lists: Azure's built-in roles of the same names.
ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            name="Owner",
            id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            description="May do everything, giving roles included.",
            actions=("*",),
        ),
        Role(
            name="Contributor",
            id="b24988ac-6180-42a0-ab88-20f7382dd24c",
            description="May do everything but give roles.",
            actions=("*",),
            not_actions=("Microsoft.Authorization/*/write", "Microsoft.Authorization/*/delete"),
        ),
        Role(
            name="Reader",
            id="acdd72a7-3385-48ef-bd42-f606fba81ae7",
            description="May see everything, change nothing.",
            actions=("*/read",),
        ),
        Role(
            name="Lab Creator",
            id="b97fb8bc-a8b2-4522-a38b-dd33c7e65ead",
            description="May make labs, becomes owner of them, and may save images to the account's gallery.",
            actions=(
                "Microsoft.LabServices/labPlans/read",
                "Microsoft.LabServices/labPlans/images/read",
                "Microsoft.LabServices/labPlans/createLab/action",
                "Microsoft.LabServices/labPlans/saveImage/action",
                "Microsoft.LabServices/labs/read",
                "Microsoft.LabServices/skus/read",
                "Microsoft.LabServices/usages/read",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
            ),
        ),
    )
}


def get_role(name: str) -> Role:
    """By name in any case, or by id. Raises Invalid, naming the roles that there are."""
    wanted = name.strip().casefold()
    for role in ROLES.values():
        if wanted in (role.name.casefold(), role.id):
            return role
    raise Invalid(f"There is no role '{name}'.", hint=f"The roles are: {', '.join(ROLES)}.", target="role")


def sign_in_name(name: str) -> str:
    """What a person types at sign-in, such as ana or ana@example.org. Raises Invalid."""
    if not _SIGN_IN_NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' cannot be a sign-in name.",
            hint="Allowed are 1 to 100 letters, digits, '.', '_', '@', '+' and '-', letter or digit at both ends.",
            target="name",
        )
    return name


def may(assignments: list[RoleAssignment], action: str, scope: str) -> bool:
    """Whether these assignments of one person allow the action there; an assignment reaches everything below its scope."""
    wanted = scope.lower().rstrip("/") + "/"
    return any(
        wanted.startswith(given.scope.rstrip("/") + "/") and ROLES[given.role].allows(action) for given in assignments
    )


def require(principal: Principal, assignments: list[RoleAssignment], action: str, scope: str) -> None:
    """Raises Forbidden with the missing action, the scope and the roles that would allow it."""
    if may(assignments, action, scope):
        return
    roles = " or ".join(role.name for role in ROLES.values() if role.allows(action))
    raise Forbidden(
        f"'{principal.display_name}' may not perform '{action}' on '{scope}'.",
        hint=f"Ask an Owner of it for one of these roles: {roles}.",
    )
