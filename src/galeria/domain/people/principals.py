"""Principals and their role assignments, and the check whether they allow an action."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from galeria.domain.errors import Forbidden, Invalid, refused
from galeria.domain.messages import Message
from galeria.domain.people.hidden_scopes import hidden, is_subscription, read_action
from galeria.domain.people.roles import ROLES as ROLES
from galeria.domain.people.roles import Role as Role
from galeria.domain.people.roles import get_role as get_role

_SIGN_IN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,98}[A-Za-z0-9])?")


# What programs write for GUIDs: with dashes or without.
_ID_SHAPE = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")


class PrincipalKind(StrEnum):
    """Whether a principal is a person or a program; the words are Azure's."""

    USER = "User"
    SERVICE_PRINCIPAL = "ServicePrincipal"


@dataclass(eq=False, kw_only=True)
class Principal:
    """A person or a program that signs in. `name` is what is typed at sign-in: a user name, or a client id."""

    id: str  # a GUID, the object id
    kind: PrincipalKind
    name: str
    display_name: str
    secret_hash: str  # argon2id; empty where this secret was removed after others had been made
    secret_expires_at: datetime | None = None
    enabled: bool = True
    created_at: datetime
    tokens_not_before: datetime | None = None  # access tokens from before it are revoked

    def accepts(self, issued_at: datetime) -> bool:
        """Tells whether an access token issued at that time is still valid: the principal is enabled and has not been
        signed out since.

        Tokens carry milliseconds, so a token of the very millisecond of a revocation counts as one from before it.
        """
        return self.enabled and (self.tokens_not_before is None or issued_at > self.tokens_not_before)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonOutline:
    """The fields of a principal that people are searched by."""

    id: str
    name: str
    display_name: str
    kind: PrincipalKind


@dataclass(eq=False, kw_only=True)
class RoleAssignment:
    """A role given to a principal on a scope, which holds for everything below the scope."""

    id: str
    principal_id: str
    role: str  # a role's name
    scope: str  # a key: lower-case id of a subscription, resource group or resource
    created_at: datetime
    created_by: str


@dataclass(eq=False, kw_only=True)
class RefreshToken:
    """A token that prolongs a sign-in without the password. It works once: each use replaces it by a new one of its family.

    Source: RFC 9700 §4.14.2, refresh token rotation.
    """

    id: str  # SHA-256, in hexadecimal, of the client's token; the token itself is not stored
    family: str  # the sign-in that it descends from: all of a family are revoked together
    parent: str = ""  # the id of the token that it replaced; empty for the first of its family
    principal_id: str
    client_id: str  # the program that it was given to
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def sign_in_name(name: str) -> str:
    """Returns the name if a user may sign in with it, such as ana or ana@example.org.

    Raises Invalid, saying what is allowed.
    """
    if _ID_SHAPE.fullmatch(name):
        raise Invalid(
            Message("'{name}' has the form of an object id and cannot be a sign-in name.", name=name),
            hint=Message("Choose a name that nobody can take for somebody's id."),
            target="name",
        )
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
    """Tells whether one principal's assignments allow the action on the scope; each reaches everything below its own scope."""
    wanted = scope.lower().rstrip("/") + "/"
    return any(
        wanted.startswith(given.scope.rstrip("/") + "/") and ROLES[given.role].allows(action) for given in assignments
    )


def reach(assignments: list[RoleAssignment], action: str) -> tuple[str, ...]:
    """Returns the scopes on which one principal's assignments allow the action, without those that lie below another."""
    scopes = sorted({given.scope.rstrip("/") for given in assignments if ROLES[given.role].allows(action)}, key=len)
    widest: dict[str, None] = {}
    for scope in scopes:
        parts = scope.split("/")
        if not any("/".join(parts[:count]) in widest for count in range(1, len(parts))):
            widest[scope] = None
    return tuple(widest)


def allowing_roles(action: str) -> tuple[str, ...]:
    """Returns the names of the built-in roles that allow the action."""
    return tuple(role.name for role in ROLES.values() if role.allows(action))


def may_see(assignments: list[RoleAssignment], scope: str) -> bool:
    """Tells whether one principal's assignments let read the scope. Whoever has any role in a subscription sees it."""
    if is_subscription(scope):
        inside = scope.lower().rstrip("/") + "/"
        return any((given.scope + "/").startswith(inside) for given in assignments)
    return may(assignments, read_action(scope), scope)


def require(principal: Principal, assignments: list[RoleAssignment], action: str, scope: str) -> None:
    """Raises Forbidden, with action, scope and the roles that would allow it, unless the assignments allow the action.

    Where they do not even let read the scope, it raises NotFound, as if the scope did not exist.
    """
    if may(assignments, action, scope):
        return
    if not may_see(assignments, scope):
        raise refused(hidden(scope), action, scope)
    error = Forbidden(
        Message(
            "'{principal}' may not perform '{action}' on '{scope}'.",
            principal=principal.display_name,
            action=action,
            scope=scope,
        ),
        hint=Message("Ask an Owner of it for one of these roles: {roles}.", roles=allowing_roles(action)),
    )
    raise refused(error, action, scope)
