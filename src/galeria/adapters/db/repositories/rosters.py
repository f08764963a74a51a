"""Repositories of a lab's users, invitations, schedules and revisions, of lab drafts, and of people's favorite labs."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, SqlResourceRepository, batches
from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.tables import roster_tables as tables
from galeria.domain.labs.addresses import address_key
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.labs.labs import LabDraft
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.labs.roster import FavoriteLab, InvitationState, LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.messages import Message


class SqlLabUserRepository(SqlResourceRepository[LabUser]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, LabUser, tables.lab_users, Message("lab user"))

    def of_lab(self, lab_id: str) -> list[LabUser]:
        """Return the lab's users, sorted by name."""
        return self._named_order(tables.lab_users.c.lab_id == lab_id)

    def of_principal(self, principal_id: str) -> list[LabUser]:
        """Return the principal's registrations, sorted by name."""
        return self._named_order(tables.lab_users.c.principal_id == principal_id)

    def find_by_email(self, lab_id: str, email: str) -> LabUser | None:
        columns = tables.lab_users.c
        found = self._where(columns.lab_id == lab_id, columns.email_key == address_key(email))
        return found[0] if found else None

    def find_registered(self, lab_id: str, principal_id: str) -> LabUser | None:
        columns = tables.lab_users.c
        found = self._where(columns.lab_id == lab_id, columns.principal_id == principal_id)
        return found[0] if found else None

    def count_of_lab(self, lab_id: str, *, registered: bool = False) -> int:
        self._session.flush()
        columns = tables.lab_users.c
        counted = sa.select(sa.func.count(columns.id)).where(columns.lab_id == lab_id)
        return self._session.scalar(counted.where(columns.principal_id.is_not(None)) if registered else counted) or 0


class SqlInvitationRepository(SqlRepository[UserInvitation]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, UserInvitation, tables.invitations, Message("invitation"))

    def due(self, now: datetime, limit: int) -> list[str]:
        self._session.flush()
        columns, users = tables.invitations.c, tables.lab_users.c
        asked = (
            sa.select(columns.user_id)
            .join(tables.lab_users, users.id == columns.user_id)
            .where(users.invitation == InvitationState.SENDING, columns.due_at <= now)
        )
        return list(self._session.scalars(asked.order_by(columns.due_at, columns.user_id).limit(limit)))

    def find_by_welcome(self, welcome_hash: str) -> UserInvitation | None:
        found = self._where(tables.invitations.c.welcome_hash == welcome_hash) if welcome_hash else []
        return found[0] if found else None

    def of_lab(self, lab_id: str) -> dict[str, UserInvitation]:
        columns, users = tables.invitations.c, tables.lab_users.c
        asked = (
            sa.select(UserInvitation).join(tables.lab_users, users.id == columns.user_id).where(users.lab_id == lab_id)
        )
        return {each.user_id: each for each in self._session.scalars(asked)}


class SqlRevisionRepository(SqlRepository[LabRevision]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, LabRevision, tables.lab_revisions, Message("lab revision"))

    def of_lab(self, lab_id: str) -> list[LabRevision]:
        """Return the lab's revisions, sorted by number."""
        columns = tables.lab_revisions.c
        return self._where(columns.lab_id == lab_id, order=(columns.number,))

    def find_newest(self, lab_id: str) -> LabRevision | None:
        columns = tables.lab_revisions.c
        ready = self._where(columns.lab_id == lab_id, columns.is_ready.is_(True), order=(columns.number.desc(),))
        return ready[0] if ready else None

    def contents(self, region: str) -> set[str]:
        """Return the digests of each lab's newest ready revision in the region, and of revisions that are being stored."""
        self._session.flush()
        columns, labs = tables.lab_revisions.c, core_tables.labs.c
        asked = (
            sa.select(columns.lab_id, columns.digest, columns.is_ready)
            .join(core_tables.labs, labs.id == columns.lab_id)
            .where(labs.location == region)
            .order_by(columns.lab_id, columns.number)
        )
        newest: dict[str, str] = {}
        unfinished = set()
        for lab_id, digest, is_ready in self._session.execute(asked):
            if is_ready:
                newest[lab_id] = digest
            else:
                unfinished.add(digest)
        return ({*newest.values()} | unfinished) - {""}


class SqlScheduleRepository(SqlResourceRepository[Schedule]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Schedule, tables.lab_schedules, Message("schedule"))

    def of_lab(self, lab_id: str) -> list[Schedule]:
        """Return the lab's schedules, sorted by name."""
        return self._named_order(tables.lab_schedules.c.lab_id == lab_id)

    def of_labs(self, lab_ids: Collection[str]) -> dict[str, list[Schedule]]:
        found: dict[str, list[Schedule]] = {id: [] for id in lab_ids}
        for some in batches(sorted(found)):
            for each in self._named_order(tables.lab_schedules.c.lab_id.in_(some)):
                found[each.lab_id].append(each)
        return found

    def all(self) -> list[Schedule]:
        """Return the schedules of all labs, by the lab's id, then the schedule's key."""
        columns = tables.lab_schedules.c
        return self._where(order=(columns.lab_id, columns.key))


class SqlLabDraftRepository(SqlResourceRepository[LabDraft]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, LabDraft, tables.lab_drafts, Message("lab"))

    def of_account(self, account_id: str) -> list[LabDraft]:
        """Return the account's lab drafts, sorted by name."""
        return self._named_order(tables.lab_drafts.c.account_id == account_id)


class SqlFavoriteRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of_principal(self, principal_id: str) -> list[FavoriteLab]:
        """Return the principal's favorites, sorted by the lab's id."""
        columns = tables.favorite_labs.c
        question = sa.select(FavoriteLab).where(columns.principal_id == principal_id).order_by(columns.lab_id)
        return list(self._session.scalars(question))

    def add(self, favorite: FavoriteLab) -> None:
        self._session.add(favorite)

    def remove(self, favorite: FavoriteLab) -> None:
        self._session.delete(favorite)
