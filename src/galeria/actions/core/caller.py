"""Who is asking: every action that a person or a program starts takes a Caller."""

from dataclasses import dataclass

from galeria.domain.locks import Lock, require_unlocked
from galeria.domain.people.principals import Principal, RoleAssignment, may, require


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A signed-in principal with what it was given, as read when the request began.

    `correlation_id` ties together everything that one request did, in the log and in the audit trail.
    """

    principal: Principal
    assignments: list[RoleAssignment]
    correlation_id: str = ""
    locks: tuple[Lock, ...] = ()  # all of the installation: they bind everybody

    def require(self, action: str, scope_key: str) -> None:
        """Raises Forbidden with the missing action, the scope and the roles that would allow it, Conflict for a lock."""
        require(self.principal, self.assignments, action, scope_key)
        require_unlocked(self.locks, action, scope_key)

    def require_unlocked(self, action: str, scope_key: str) -> None:
        """Raises Conflict where a lock forbids the action there. For actions that something else than a role allows."""
        require_unlocked(self.locks, action, scope_key)

    def may(self, action: str, scope_key: str) -> bool:
        return may(self.assignments, action, scope_key)
