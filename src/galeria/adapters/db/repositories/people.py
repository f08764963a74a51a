"""Repositories of principals, role assignments and refresh tokens."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, at_or_below, batches
from galeria.adapters.db.tables import core_tables
from galeria.domain.foreign_text import sorting_key
from galeria.domain.messages import Message
from galeria.domain.people.principals import PersonOutline, Principal, RefreshToken, RoleAssignment


class SqlPersonRepository(SqlRepository[Principal]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Principal, core_tables.principals, Message("principal"))

    def find_by_name(self, name: str) -> Principal | None:
        """Return the principal of that name, regardless of case.

        Names are ASCII; letters beyond it, some of which become ASCII in lower case, are nobody's.
        """
        if not name.isascii():
            return None
        found = self._where(core_tables.principals.c.name_key == name.lower())
        return found[0] if found else None

    def all(self) -> list[Principal]:
        """Return all principals, sorted by name."""
        return sorted(self._where(), key=lambda principal: principal.name.lower())

    def outlines(self) -> list[PersonOutline]:
        """Return an outline of every principal, sorted by display name; plain rows, because there may be thousands."""
        self._session.flush()
        columns = core_tables.principals.c
        asked = sa.select(columns.id, columns.name, columns.display_name, columns.kind)
        found = [PersonOutline(**row) for row in self._session.execute(asked).mappings()]
        return sorted(found, key=lambda each: (sorting_key(each.display_name), each.name.lower()))

    def some(self, ids: Sequence[str]) -> list[Principal]:
        """Return the principals of these ids in the given order."""
        found = {each.id: each for part in batches(ids) for each in self._where(core_tables.principals.c.id.in_(part))}
        return [found[id] for id in ids if id in found]

    def assignments(self, principal_id: str) -> list[RoleAssignment]:
        """Return the principal's role assignments, sorted by scope, then role."""
        return self._given(core_tables.role_assignments.c.principal_id == principal_id)

    def assignments_of(self, ids: Sequence[str]) -> list[RoleAssignment]:
        """Return the role assignments of these principals, sorted by scope, then role."""
        found = [
            each for part in batches(ids) for each in self._given(core_tables.role_assignments.c.principal_id.in_(part))
        ]
        return sorted(found, key=lambda given: (given.scope, given.role))

    def all_assignments(self) -> list[RoleAssignment]:
        """Return all role assignments, sorted by scope, role and principal."""
        return self._given()

    def add_assignment(self, assignment: RoleAssignment) -> None:
        self._session.add(assignment)

    def remove_assignment(self, assignment: RoleAssignment) -> None:
        self._session.flush()
        self._session.delete(assignment)
        self._session.flush()

    def remove_assignments_below(self, key: str) -> None:
        self._session.flush()
        gone = sa.delete(RoleAssignment).where(at_or_below(core_tables.role_assignments.c.scope, key))
        self._session.execute(gone.execution_options(synchronize_session="fetch"))

    def _given(self, *conditions: sa.ColumnElement[bool]) -> list[RoleAssignment]:
        found = self._session.scalars(sa.select(RoleAssignment).where(*conditions))
        return sorted(found, key=lambda given: (given.scope, given.role, given.principal_id))


class SqlRefreshTokenRepository(SqlRepository[RefreshToken]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, RefreshToken, core_tables.refresh_tokens, Message("refresh token"))

    def of_family(self, family: str) -> list[RefreshToken]:
        """Return the tokens of one family, sorted by the time of issue."""
        columns = core_tables.refresh_tokens.c
        return self._where(columns.family == family, order=(columns.issued_at, columns.id))

    def of_principal(self, principal_id: str) -> list[RefreshToken]:
        """Return the principal's tokens, sorted by the time of issue."""
        columns = core_tables.refresh_tokens.c
        return self._where(columns.principal_id == principal_id, order=(columns.issued_at, columns.id))

    def expired(self, before: datetime) -> list[RefreshToken]:
        """Return the tokens that expired before that time, oldest first."""
        columns = core_tables.refresh_tokens.c
        return self._where(columns.expires_at < before, order=(columns.expires_at, columns.id))
