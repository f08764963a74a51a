"""The database: one unit of work is one transaction, and has a repository for each kind of object.

`find_` may return None, `get_` raises NotFound, lists come in a stable order. Objects stay usable after the unit has
ended.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.findings import Findings
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.images.storage import Disk, Snapshot
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.ports.audit import AuditRepository
from galeria.ports.classes.class_repositories import ClassRepositories
from galeria.ports.disk_repositories import (
    AccessGrantRepository,
    ManagedImageRepository,
    StoredDiskRepository,
    UploadRepository,
)
from galeria.ports.image_queries import ImageQueries
from galeria.ports.lab_queries import LabQueries
from galeria.ports.lab_repositories import (
    FavoriteRepository,
    InvitationRepository,
    LabAccountRepository,
    LabDraftRepository,
    LabRepository,
    LabUserRepository,
    MachineRepository,
    RevisionRepository,
    ScheduleRepository,
)
from galeria.ports.people import (
    AuthorizationCodeRepository,
    CredentialRepository,
    DeviceCodeRepository,
    ExternalIdentityRepository,
    LockRepository,
    PersonRepository,
    RefreshTokenRepository,
    WebSessionRepository,
)
from galeria.ports.repository import ResourceRepository
from galeria.ports.storage_usage import StorageUsageRepository, StoreUpkeepRepository
from galeria.ports.version_queries import VersionQueries
from galeria.ports.work import OperationRepository


class GalleryRepository(ResourceRepository[Gallery], Protocol):
    """The galleries of all subscriptions."""

    def named(self, subscription_id: str, name: str) -> list[Gallery]:
        """Returns the galleries of that name, in any case, anywhere in the subscription."""
        ...


class DefinitionRepository(ResourceRepository[ImageDefinition], Protocol):
    """The image definitions of all galleries."""

    def of_gallery(self, gallery_id: str) -> list[ImageDefinition]:
        """Returns the image definitions of the gallery, by name."""
        ...


class VersionRepository(ResourceRepository[ImageVersion], Protocol):
    """The image versions with their disks and replicas.

    A deleted version keeps its row, without its key, while labs refer to it.
    """

    def of_definition(self, definition_id: str, *, deleted: bool = False) -> list[ImageVersion]:
        """Returns the versions of the image, the lowest number first; deleted ones only where `deleted` is set."""
        ...

    def soft_deleted(self) -> list[ImageVersion]:
        """Returns the soft-deleted versions of all galleries, those to be removed first in front."""
        ...

    def disks(self, version_id: str) -> list[VersionDisk]:
        """Returns the disks of a version, the OS disk first, the others as they were sent."""
        ...

    def facts(self, versions: Sequence[ImageVersion]) -> list[VersionFacts]:
        """Returns each version with its disks and replicas, in the given order, with a few queries for any number of them."""
        ...

    def find_findings(self, digest: str) -> Findings | None:
        """Returns what was found on an OS disk with this content, for whichever version it was looked at."""
        ...

    def add_disk(self, disk: VersionDisk) -> None:
        """Adds a disk to a version."""
        ...

    def remove_disks(self, version_id: str) -> None:
        """Removes all disks of a version at once."""
        ...

    def replicas(self, version_id: str) -> list[Replica]:
        """Returns the replicas of a version, the home region's first, then by region."""
        ...

    def contents(self, region: str, *, without: str = "") -> set[str]:
        """Returns the digests of disks with a replica in the region, in whatever state, those of the version `without`
        left out unless others share them."""
        ...

    def shared(self, version_id: str) -> dict[str, set[str]]:
        """Returns region → digests of this version's disks that another version has there too.

        The regions are those of its replicas, in whatever state.
        """
        ...

    def find_replica(self, version_id: str, region: str) -> Replica | None:
        """Returns the replica of a version in the region, or None."""
        ...

    def add_replica(self, replica: Replica) -> None:
        """Adds a replica to a version."""
        ...

    def remove_replica(self, replica: Replica) -> None:
        """Removes a replica at once."""
        ...


class UnitOfWork(ClassRepositories, Protocol):
    """A transaction with a repository for each kind of object.

    `with` begins it; without `commit()` it is rolled back.
    """

    @property
    def galleries(self) -> GalleryRepository:
        """The repository of galleries."""
        ...

    @property
    def definitions(self) -> DefinitionRepository:
        """The repository of image definitions."""
        ...

    @property
    def versions(self) -> VersionRepository:
        """The repository of image versions, their disks and replicas."""
        ...

    @property
    def image_queries(self) -> ImageQueries:
        """Queries over thousands of images at once."""
        ...

    @property
    def storage_usage(self) -> StorageUsageRepository:
        """The measured storage of image versions, by region."""
        ...

    @property
    def store_upkeep(self) -> StoreUpkeepRepository:
        """How far the upkeep of each region's store is."""
        ...

    @property
    def version_queries(self) -> VersionQueries:
        """Queries that page through long lists of image versions."""
        ...

    @property
    def accounts(self) -> LabAccountRepository:
        """The repository of lab accounts."""
        ...

    @property
    def labs(self) -> LabRepository:
        """The repository of labs."""
        ...

    @property
    def lab_queries(self) -> LabQueries:
        """Queries over thousands of labs at once."""
        ...

    @property
    def machines(self) -> MachineRepository:
        """The repository of labs' virtual machines."""

    @property
    def lab_users(self) -> LabUserRepository:
        """The repository of users on labs' rosters."""

    @property
    def invitations(self) -> InvitationRepository:
        """The repository of lab users' invitations."""

    @property
    def schedules(self) -> ScheduleRepository:
        """The repository of labs' schedules."""

    @property
    def lab_drafts(self) -> LabDraftRepository:
        """The repository of labs without a template."""

    @property
    def favorites(self) -> FavoriteRepository:
        """The repository of people's favorite labs."""

    @property
    def people(self) -> PersonRepository:
        """The repository of principals and role assignments."""

    @property
    def refresh_tokens(self) -> RefreshTokenRepository:
        """The repository of refresh tokens."""
        ...

    @property
    def credentials(self) -> CredentialRepository:
        """The repository of principals' further secrets."""
        ...

    @property
    def device_codes(self) -> DeviceCodeRepository:
        """The repository of device codes."""
        ...

    @property
    def authorization_codes(self) -> AuthorizationCodeRepository:
        """The repository of authorization codes."""
        ...

    @property
    def web_sessions(self) -> WebSessionRepository:
        """The repository of browser sessions."""
        ...

    @property
    def external_identities(self) -> ExternalIdentityRepository:
        """The repository of links to external identities."""
        ...

    @property
    def locks(self) -> LockRepository:
        """The repository of management locks."""
        ...

    @property
    def disks(self) -> StoredDiskRepository[Disk]:
        """The repository of managed disks."""
        ...

    @property
    def snapshots(self) -> StoredDiskRepository[Snapshot]:
        """The repository of snapshots."""
        ...

    @property
    def managed_images(self) -> ManagedImageRepository:
        """The repository of managed images."""
        ...

    @property
    def revisions(self) -> RevisionRepository:
        """The repository of the labs' published contents."""
        ...

    @property
    def access_grants(self) -> AccessGrantRepository:
        """The repository of grants to read or write a disk."""
        ...

    @property
    def operations(self) -> OperationRepository:
        """The repository of operations and their steps."""
        ...

    @property
    def uploads(self) -> UploadRepository:
        """The repository of uploaded files."""
        ...

    @property
    def groups(self) -> ResourceRepository[ResourceGroup]:
        """The repository of resource groups."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """The repository of audit log entries."""
        ...

    def subscriptions(self) -> list[Subscription]:
        """Returns all subscriptions of the installation."""
        ...

    def add_subscription(self, subscription: Subscription) -> None:
        """Adds a subscription to the installation."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def flush(self) -> None:
        """Writes what was added, so that queries find it. Raises Conflict where an object of that id or key exists."""
        ...

    def commit(self) -> None:
        """Ends the transaction and keeps its changes. Raises Conflict where another request was quicker."""
        ...


class Database(Protocol):
    """The database, which opens units of work."""

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        """Opens a unit of work for one transaction.

        With `reading` it sees one moment, is not held up by writers, and refuses changes and `commit`. Units that write
        wait for each other: keep them short, and never open one inside another.
        """
        ...
