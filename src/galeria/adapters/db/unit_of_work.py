"""Units of work on SQLAlchemy sessions: one unit is one session and one transaction."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, UOWTransaction

from galeria.adapters.db.database_errors import busy
from galeria.adapters.db.engine import Fence, fenced
from galeria.adapters.db.engine import reading as reading_engine
from galeria.adapters.db.engine import writing as writing_engine
from galeria.adapters.db.repositories.audit import SqlAuditRepository
from galeria.adapters.db.repositories.base import SqlResourceRepository
from galeria.adapters.db.repositories.class_help import (
    SqlClassMessageRepository,
    SqlRaisedHandRepository,
    SqlWatcherRepository,
)
from galeria.adapters.db.repositories.classes import (
    SqlKeptMachineRepository,
    SqlOccurrenceRecordRepository,
    SqlPresenceRepository,
    SqlUsageRepository,
    SqlWorkDiskRepository,
)
from galeria.adapters.db.repositories.image_queries import SqlImageQueries
from galeria.adapters.db.repositories.images import SqlDefinitionRepository, SqlGalleryRepository, SqlVersionRepository
from galeria.adapters.db.repositories.lab_queries import SqlLabQueries
from galeria.adapters.db.repositories.labs import SqlLabAccountRepository, SqlLabRepository, SqlMachineRepository
from galeria.adapters.db.repositories.locks import SqlLockRepository
from galeria.adapters.db.repositories.operations import SqlOperationRepository, SqlUploadRepository
from galeria.adapters.db.repositories.people import SqlPersonRepository, SqlRefreshTokenRepository
from galeria.adapters.db.repositories.rosters import (
    SqlFavoriteRepository,
    SqlInvitationRepository,
    SqlLabDraftRepository,
    SqlLabUserRepository,
    SqlRevisionRepository,
    SqlScheduleRepository,
)
from galeria.adapters.db.repositories.sign_in import (
    SqlAuthorizationCodeRepository,
    SqlCredentialRepository,
    SqlDeviceCodeRepository,
    SqlExternalIdentityRepository,
    SqlWebSessionRepository,
)
from galeria.adapters.db.repositories.storage import (
    SqlAccessGrantRepository,
    SqlDiskRepository,
    SqlManagedImageRepository,
    SqlSnapshotRepository,
)
from galeria.adapters.db.repositories.storage_usage import SqlStorageUsageRepository, SqlStoreUpkeepRepository
from galeria.adapters.db.repositories.version_queries import SqlVersionQueries
from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.tables.derived_columns import fill_derived_columns
from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.ports.database import UnitOfWork


class _WritingSession(Session):
    """A session that fills the derived columns after each flush."""


class _ReadingSession(Session):
    """A session that refuses changes."""


R = TypeVar("R")


class _Repository(Generic[R]):
    """An attribute of a unit of work that is made when it is first asked for, since a request needs few of them."""

    def __init__(self, make: Callable[[Session], R]) -> None:
        self._make = make

    def __set_name__(self, owner: type["SqlUnitOfWork"], name: str) -> None:
        self._name = name

    def __get__(self, unit: "SqlUnitOfWork", owner: type["SqlUnitOfWork"]) -> R:
        made = self._make(unit._session)
        unit.__dict__[self._name] = made  # which is found first from now on
        return made


class SqlUnitOfWork:
    """A unit of work. Queries see what was added before them; entering begins the transaction and takes the lock for writing.

    Opening a second writing unit within the first in one thread waits for itself, and raises Unavailable after 10 s.
    """

    galleries = _Repository(SqlGalleryRepository)
    definitions = _Repository(SqlDefinitionRepository)
    versions = _Repository(SqlVersionRepository)
    image_queries = _Repository(SqlImageQueries)
    version_queries = _Repository(SqlVersionQueries)
    accounts = _Repository(SqlLabAccountRepository)
    labs = _Repository(SqlLabRepository)
    lab_queries = _Repository(SqlLabQueries)
    machines = _Repository(SqlMachineRepository)
    lab_users = _Repository(SqlLabUserRepository)
    revisions = _Repository(SqlRevisionRepository)
    schedules = _Repository(SqlScheduleRepository)
    lab_drafts = _Repository(SqlLabDraftRepository)
    people = _Repository(SqlPersonRepository)
    refresh_tokens = _Repository(SqlRefreshTokenRepository)
    credentials = _Repository(SqlCredentialRepository)
    device_codes = _Repository(SqlDeviceCodeRepository)
    authorization_codes = _Repository(SqlAuthorizationCodeRepository)
    web_sessions = _Repository(SqlWebSessionRepository)
    external_identities = _Repository(SqlExternalIdentityRepository)
    locks = _Repository(SqlLockRepository)
    disks = _Repository(SqlDiskRepository)
    snapshots = _Repository(SqlSnapshotRepository)
    managed_images = _Repository(SqlManagedImageRepository)
    access_grants = _Repository(SqlAccessGrantRepository)
    operations = _Repository(SqlOperationRepository)
    uploads = _Repository(SqlUploadRepository)
    audit = _Repository(SqlAuditRepository)
    favorites = _Repository(SqlFavoriteRepository)
    occurrence_records = _Repository(SqlOccurrenceRecordRepository)
    usage = _Repository(SqlUsageRepository)
    kept_machines = _Repository(SqlKeptMachineRepository)
    work_disks = _Repository(SqlWorkDiskRepository)
    presence = _Repository(SqlPresenceRepository)
    class_messages = _Repository(SqlClassMessageRepository)
    raised_hands = _Repository(SqlRaisedHandRepository)
    watchers = _Repository(SqlWatcherRepository)
    invitations = _Repository(SqlInvitationRepository)
    storage_usage = _Repository(SqlStorageUsageRepository)
    store_upkeep = _Repository(SqlStoreUpkeepRepository)
    groups = _Repository(
        lambda session: SqlResourceRepository(
            session, ResourceGroup, core_tables.resource_groups, Message("resource group")
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions, sorted by display name."""
        found = self._session.scalars(sa.select(Subscription))
        return sorted(found, key=lambda each: (each.display_name.lower(), each.id))

    def add_subscription(self, subscription: Subscription) -> None:
        self._session.add(subscription)

    def __enter__(self) -> Self:
        try:
            self._session.connection()
        except sa.exc.TimeoutError as error:  # of the pool: all connections were in use for half a minute
            raise busy() from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing rolls back what was not committed and detaches the objects unchanged.
        self._session.close()

    def flush(self) -> None:
        """Send pending changes to the database. Raises Conflict where something with that id or key exists already."""
        self._session.flush()

    def commit(self) -> None:
        """Commit the transaction.

        Raises Conflict where another request was quicker, or where something still uses what was removed.
        """
        self._session.commit()


class SqlReadingUnitOfWork(SqlUnitOfWork):
    """A unit of work that sees one moment, never waits, and refuses changes."""

    def commit(self) -> NoReturn:
        raise _only_reads()


class SqlDatabase:
    """Opens units of work on an engine of `make_engine`, after `map_classes` and `migrate` were called.

    With a fence, units that write do so only while this process was not given up by those that share the database.
    """

    def __init__(self, engine: sa.Engine, fence: Fence | None = None) -> None:
        self._writing = writing_engine(fenced(engine, fence) if fence else engine)
        self._reading = reading_engine(engine)

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        """Open a unit of work. With `reading` it refuses changes and does not wait for others that write."""
        if reading:
            return SqlReadingUnitOfWork(_ReadingSession(self._reading, expire_on_commit=False))
        return SqlUnitOfWork(_WritingSession(self._writing, expire_on_commit=False))


def _refuse_changes(_session: Session, _flush: UOWTransaction, _instances: Any) -> NoReturn:
    raise _only_reads()


sa.event.listen(_WritingSession, "after_flush", fill_derived_columns)
sa.event.listen(_ReadingSession, "before_flush", _refuse_changes)


def _only_reads() -> GaleriaError:
    return GaleriaError(
        Message("A unit of work that was opened for reading cannot change anything."),
        hint=Message("Report this as a fault in Galeria."),
    )
