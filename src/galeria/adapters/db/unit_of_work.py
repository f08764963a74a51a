"""Units of work on SQLAlchemy sessions: one unit, one session, one transaction."""

from types import TracebackType
from typing import Any, NoReturn, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session, UOWTransaction

from galeria.adapters.db.engine import reading as reading_engine
from galeria.adapters.db.engine import writing as writing_engine
from galeria.adapters.db.repositories.base import SqlResources
from galeria.adapters.db.repositories.image_queries import SqlOffers
from galeria.adapters.db.repositories.images import SqlDefinitions, SqlGalleries, SqlVersions
from galeria.adapters.db.repositories.lab_queries import SqlLabLooks
from galeria.adapters.db.repositories.labs import SqlAccounts, SqlLabs, SqlMachines
from galeria.adapters.db.repositories.locks import SqlLocks
from galeria.adapters.db.repositories.operations import SqlAudit, SqlOperations, SqlUploads
from galeria.adapters.db.repositories.people import SqlPeople, SqlRefreshTokens
from galeria.adapters.db.repositories.rosters import SqlFavorites, SqlLabDrafts, SqlLabUsers, SqlSchedules
from galeria.adapters.db.repositories.sign_in import (
    SqlAuthorizationCodes,
    SqlCredentials,
    SqlDeviceCodes,
    SqlExternalIdentities,
    SqlWebSessions,
)
from galeria.adapters.db.repositories.storage import SqlAccessGrants, SqlDisks, SqlManagedImages, SqlSnapshots
from galeria.adapters.db.repositories.storage_usage import SqlHoldings
from galeria.adapters.db.repositories.version_queries import SqlImageLists
from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.tables.derived_columns import fill_own_columns
from galeria.domain.errors import GaleriaError
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.ports.database import UnitOfWork


class _WritingSession(Session):
    """Fills the database's own columns."""


class _ReadingSession(Session):
    """Refuses changes."""


class SqlUnitOfWork:
    """Queries see what was added before them. The transaction begins on entering, the lock that writing needs included.

    Opening a second writing unit inside the first, in one thread, waits for itself: on SQLite Unavailable after 10 s.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.galleries = SqlGalleries(session)
        self.definitions = SqlDefinitions(session)
        self.versions = SqlVersions(session)
        self.offers = SqlOffers(session)
        self.lists = SqlImageLists(session)
        self.accounts = SqlAccounts(session)
        self.labs = SqlLabs(session)
        self.lab_looks = SqlLabLooks(session)
        self.machines = SqlMachines(session)
        self.lab_users = SqlLabUsers(session)
        self.schedules = SqlSchedules(session)
        self.lab_drafts = SqlLabDrafts(session)
        self.favorites = SqlFavorites(session)
        self.people = SqlPeople(session)
        self.refresh_tokens = SqlRefreshTokens(session)
        self.credentials = SqlCredentials(session)
        self.device_codes = SqlDeviceCodes(session)
        self.authorization_codes = SqlAuthorizationCodes(session)
        self.web_sessions = SqlWebSessions(session)
        self.external_identities = SqlExternalIdentities(session)
        self.locks = SqlLocks(session)
        self.disks = SqlDisks(session)
        self.snapshots = SqlSnapshots(session)
        self.managed_images = SqlManagedImages(session)
        self.access_grants = SqlAccessGrants(session)
        self.operations = SqlOperations(session)
        self.uploads = SqlUploads(session)
        self.groups = SqlResources(session, ResourceGroup, core_tables.resource_groups, "resource group")
        self.audit = SqlAudit(session)

    @property
    def holdings(self) -> SqlHoldings:
        return SqlHoldings(self._session)

    def subscriptions(self) -> list[Subscription]:
        """By display name."""
        found = self._session.scalars(sa.select(Subscription))
        return sorted(found, key=lambda each: (each.display_name.lower(), each.id))

    def add_subscription(self, subscription: Subscription) -> None:
        self._session.add(subscription)

    def __enter__(self) -> Self:
        self._session.connection()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing rolls back what was not committed and lets go of the objects as they are.
        self._session.close()

    def flush(self) -> None:
        """Raises Conflict where something of that id or key exists already."""
        self._session.flush()

    def commit(self) -> None:
        """Raises Conflict where another request was quicker, or where something still uses what was removed."""
        self._session.commit()


class SqlReadingUnit(SqlUnitOfWork):
    """Sees one moment, waits for nobody and changes nothing."""

    def commit(self) -> NoReturn:
        raise _only_reads()


class SqlDatabase:
    """Opens units of work on an engine of `make_engine`, after `map_classes` and `migrate`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._writing = writing_engine(engine)
        self._reading = reading_engine(engine)

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        """With `reading`, the unit refuses changes and is not held up by others that write."""
        if reading:
            return SqlReadingUnit(_ReadingSession(self._reading, expire_on_commit=False))
        return SqlUnitOfWork(_WritingSession(self._writing, expire_on_commit=False))


def _refuse_changes(_session: Session, _flush: UOWTransaction, _instances: Any) -> NoReturn:
    raise _only_reads()


sa.event.listen(_WritingSession, "after_flush", fill_own_columns)
sa.event.listen(_ReadingSession, "before_flush", _refuse_changes)


def _only_reads() -> GaleriaError:
    return GaleriaError(
        "A unit of work that was opened for reading cannot change anything.", hint="Report this as a fault in Galeria."
    )
