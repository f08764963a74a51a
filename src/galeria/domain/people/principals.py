"""Who may do what: principals, roles, and the one function that answers with a reason."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from galeria.domain.errors import Forbidden, Invalid
from galeria.domain.messages import Message
from galeria.domain.people.roles import ROLES as ROLES
from galeria.domain.people.roles import Role as Role
from galeria.domain.people.roles import get_role as get_role

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
    secret_hash: str  # argon2id; empty where this secret was removed after others had been made
    secret_expires_at: datetime | None = None
    enabled: bool = True
    created_at: datetime
    tokens_not_before: datetime | None = None

    def accepts(self, issued_at: datetime) -> bool:
        """Whether an access token of that time still counts.

        Tokens know whole seconds, so one of the very second of a revocation counts as one from before it.
        """
        return self.enabled and (self.tokens_not_before is None or issued_at > self.tokens_not_before)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonOutline:
    """What a person or program is looked for by."""

    id: str
    name: str
    display_name: str
    kind: PrincipalKind


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


def sign_in_name(name: str) -> str:
    """What a person types at sign-in, such as ana or ana@example.org. Raises Invalid."""
    if not _SIGN_IN_NAME.fullmatch(name):
        raise Invalid(
            Message("'{name}' cannot be a sign-in name.", name=name),
            hint=Message(
                "Allowed are 1 to 100 letters, digits, '.', '_', '@', '+' and '-', letter or digit at both ends."
            ),
            target="name",
        )
    return name


def may(assignments: list[RoleAssignment], action: str, scope: str) -> bool:
    """Whether these assignments of one person allow the action there; an assignment reaches everything below its scope."""
    wanted = scope.lower().rstrip("/") + "/"
    return any(
        wanted.startswith(given.scope.rstrip("/") + "/") and ROLES[given.role].allows(action) for given in assignments
    )


def reach(assignments: list[RoleAssignment], action: str) -> tuple[str, ...]:
    """The scopes below which these assignments of one person allow the action, without those that lie in another."""
    scopes = sorted({given.scope.rstrip("/") for given in assignments if ROLES[given.role].allows(action)}, key=len)
    widest: dict[str, None] = {}
    for scope in scopes:
        parts = scope.split("/")
        if not any("/".join(parts[:count]) in widest for count in range(1, len(parts))):
            widest[scope] = None
    return tuple(widest)


def allowing_roles(action: str) -> tuple[str, ...]:
    """Names of the roles that would allow it."""
    return tuple(role.name for role in ROLES.values() if role.allows(action))


def require(principal: Principal, assignments: list[RoleAssignment], action: str, scope: str) -> None:
    """Raises Forbidden with the missing action, the scope and the roles that would allow it."""
    if may(assignments, action, scope):
        return
    roles = " or ".join(allowing_roles(action))
    raise Forbidden(
        Message(
            "'{principal}' may not perform '{action}' on '{scope}'.",
            principal=principal.display_name,
            action=action,
            scope=scope,
        ),
        hint=Message("Ask an Owner of it for one of these roles: {roles}.", roles=roles),
    )
