"""The caller of an action: a signed-in principal with its roles and the locks that hold."""

from dataclasses import dataclass

from galeria.domain.locks import Lock, require_unlocked
from galeria.domain.people.principals import Principal, RoleAssignment, may, may_see, require


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A signed-in principal with its role assignments and all locks, as read when the request began.

    `correlation_id` marks everything that one request did, in the log and in the audit log.
    """

    principal: Principal
    assignments: list[RoleAssignment]
    correlation_id: str = ""
    address: str = ""  # of the caller's computer, for the audit log; empty where nobody called over the network
    locks: tuple[Lock, ...] = ()  # all locks of the installation; they hold for everybody

    def require(self, action: str, scope_key: str) -> None:
        """Raises Forbidden where no role allows the action on the scope, with the roles that would, and Conflict for a lock.

        Of a scope that the caller may not even read it raises NotFound, as if there were no such thing.
        """
        require(self.principal, self.assignments, action, scope_key)
        require_unlocked(self.locks, action, scope_key)

    def require_unlocked(self, action: str, scope_key: str) -> None:
        """Raises Conflict where a lock forbids the action there. For actions that something else than a role allows."""
        require_unlocked(self.locks, action, scope_key)

    def may(self, action: str, scope_key: str) -> bool:
        """Tells whether the caller's roles allow the action on the scope; locks are not looked at."""
        return may(self.assignments, action, scope_key)

    def may_know(self, scope_key: str) -> bool:
        """Tells whether the caller may read the scope, or has a role on it or below it and so knows that it is there."""
        below = scope_key + "/"
        return self.may_see(scope_key) or any((given.scope + "/").startswith(below) for given in self.assignments)

    def may_see(self, scope_key: str) -> bool:
        """Tells whether the caller's roles let read the subscription, resource group or resource."""
        return may_see(self.assignments, scope_key)
