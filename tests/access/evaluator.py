"""What a role allows, worked out from the lists of the role definitions alone: none of the code under test decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from galeria.domain.people.roles import ROLES

FORBIDDEN, HIDDEN = 403, 404
GROUP_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"


@dataclass(frozen=True, kw_only=True)
class Right:
    """An action on a scope, which is a whole id. `is_known`: that the scope is there is no secret of the refusal's."""

    action: str
    scope: str
    is_known: bool = False


@dataclass(frozen=True, kw_only=True)
class Given:
    """A role that somebody has on a scope."""

    role: str
    scope: str


def role_allows(role: str, action: str) -> bool:
    own = ROLES[role]
    wanted = action.lower()
    has = any(fnmatchcase(wanted, each.lower()) for each in (*own.actions, *own.data_actions))
    return has and not any(fnmatchcase(wanted, each.lower()) for each in own.not_actions)


def reaches(given: str, scope: str) -> bool:
    """Whether what is given on one scope holds for another: for the same, and for all below it."""
    above, below = given.lower().split("/"), scope.lower().split("/")
    return below[: len(above)] == above


def allows(given: Sequence[Given], right: Right) -> bool:
    return any(reaches(each.scope, right.scope) and role_allows(each.role, right.action) for each in given)


def sees(given: Sequence[Given], scope: str) -> bool:
    """Whether somebody may know that the scope exists. Whoever has any role in a subscription sees that."""
    parts = scope.split("/")
    if len(parts) == 3:
        return any(reaches(scope, each.scope) for each in given)
    action = GROUP_READ if len(parts) == 5 else f"{'/'.join([parts[6], *parts[7::2]])}/read"
    return allows(given, Right(action=action, scope=scope))


def refusal(given: Sequence[Given], rights: Sequence[Right]) -> int | None:
    """The status of the refusal of the first right that is missing, in the order in which they are asked; None where all
    are there. What may not be read does not exist for the caller."""
    for right in rights:
        if not allows(given, right):
            return FORBIDDEN if right.is_known or sees(given, right.scope) else HIDDEN
    return None
