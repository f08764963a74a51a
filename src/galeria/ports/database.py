"""The database as the inside sees it: one unit of work is one transaction.

`find_` may return None, `get_` raises NotFound, lists come in a stable order. Objects stay usable after the unit has ended.
"""

from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeVar

from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, Replica, VersionDisk
from galeria.domain.images.storage import AccessGrant, Disk, ManagedImage, ManagedImageDisk, Snapshot
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.labs import Lab, LabDraft, LabMachine
from galeria.domain.labs.roster import FavoriteLab, LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.locks import Lock
from galeria.domain.operations import AuditEvent, AuditSearch, Operation, OperationStep, Upload
from galeria.domain.resources import ResourceGroup, Subscription
from galeria.domain.states import MachineState
from galeria.ports.image_queries import ImageQueries
from galeria.ports.lab_queries import LabQueries
from galeria.ports.machines import Machine
from galeria.ports.people import (
    AuthorizationCodeRepository,
    CredentialRepository,
    DeviceCodeRepository,
    ExternalIdentityRepository,
    PersonRepository,
    RefreshTokenRepository,
    WebSessionRepository,
)
from galeria.ports.repository import Repository
from galeria.ports.storage_usage import StorageUsageRepository
from galeria.ports.version_queries import VersionQueries

T = TypeVar("T")


class ResourceRepository(Repository[T], Protocol[T]):
    """Things that also have an ARM id. `key` is its lower-case form."""

    def find_by_key(self, key: str) -> T | None: ...

    def get_by_key(self, key: str) -> T:
        """Raises NotFound with the name of what is missing."""
        ...

    def spelled(self, keys: Collection[str]) -> dict[str, str]:
        """Key → ARM id as its owner spelled it, of those that there are."""
        ...

    def below(self, prefix: str) -> list[T]:
        """Everything whose key starts with `prefix` (a key, without a slash at the end), by name."""
        ...

    def count(self, prefix: str, location: str) -> int:
        """How many are below `prefix` in that region."""
        ...


class GalleryRepository(ResourceRepository[Gallery], Protocol):
    def named(self, subscription_id: str, name: str) -> list[Gallery]:
        """Galleries of that name, in any case, anywhere in the subscription."""
        ...


class DefinitionRepository(ResourceRepository[ImageDefinition], Protocol):
    def of_gallery(self, gallery_id: str) -> list[ImageDefinition]: ...


class VersionRepository(ResourceRepository[ImageVersion], Protocol):
    """A deleted version keeps its row, without its key, while labs were made from it."""

    def of_definition(self, definition_id: str, *, deleted: bool = False) -> list[ImageVersion]: ...

    def of_gallery(self, gallery_id: str) -> list[ImageVersion]:
        """All of them, deleted ones excluded."""
        ...

    def soft_deleted(self) -> list[ImageVersion]:
        """Everywhere; those that are to go first come first."""
        ...

    def disks(self, version_id: str) -> list[VersionDisk]:
        """By lun, the OS disk first."""
        ...

    def facts(self, versions: Sequence[ImageVersion]) -> list[VersionFacts]:
        """Each with its disks and replicas, in the given order; a few questions, however many they are."""
        ...

    def add_disk(self, disk: VersionDisk) -> None: ...

    def remove_disks(self, version_id: str) -> None: ...

    def replicas(self, version_id: str) -> list[Replica]:
        """The home region first, then by name."""
        ...

    def contents(self, region: str, *, without: str = "") -> set[str]:
        """Digests of the disks that have a replica in the region, in whatever state; but for the version `without`."""
        ...

    def shared(self, version_id: str) -> dict[str, set[str]]:
        """Region of its replicas → those of its disks' digests that another version has there too, in whatever state."""
        ...

    def find_replica(self, version_id: str, region: str) -> Replica | None: ...

    def add_replica(self, replica: Replica) -> None: ...

    def remove_replica(self, replica: Replica) -> None: ...


class LabAccountRepository(ResourceRepository[LabAccount], Protocol):
    def with_gallery(self, gallery_id: str) -> list[LabAccount]: ...

    def find_choice(self, account_id: str, definition_id: str) -> ImageSwitch | None: ...

    def choices(self, account_id: str) -> list[ImageSwitch]: ...

    def add_choice(self, choice: ImageSwitch) -> None: ...

    def remove_choice(self, choice: ImageSwitch) -> None: ...


class LabRepository(ResourceRepository[Lab], Protocol):
    def of_version(self, version_id: str) -> list[Lab]: ...

    def some_of_version(self, version_id: str, limit: int) -> list[Lab]:
        """The first ones by their ids."""
        ...

    def count_of_version(self, version_id: str) -> int: ...

    def count_of_definition(self, definition_id: str) -> int: ...

    def of_account(self, account_id: str) -> list[Lab]: ...

    def find_by_code(self, code: str) -> Lab | None:
        """By the code that students register with."""
        ...


class LabUserRepository(ResourceRepository[LabUser], Protocol):
    def of_lab(self, lab_id: str) -> list[LabUser]: ...

    def of_principal(self, principal_id: str) -> list[LabUser]:
        """What a person has registered with."""
        ...

    def find_by_email(self, lab_id: str, email: str) -> LabUser | None:
        """In any case."""
        ...


class ScheduleRepository(ResourceRepository[Schedule], Protocol):
    def of_lab(self, lab_id: str) -> list[Schedule]: ...


class LabDraftRepository(ResourceRepository[LabDraft], Protocol):
    def of_account(self, account_id: str) -> list[LabDraft]: ...


class FavoriteRepository(Protocol):
    def of_principal(self, principal_id: str) -> list[FavoriteLab]: ...

    def add(self, favorite: FavoriteLab) -> None: ...

    def remove(self, favorite: FavoriteLab) -> None: ...


class MachineRepository(Repository[LabMachine], Protocol):
    def of_lab(self, lab_id: str) -> list[LabMachine]: ...

    def in_region(self, region: str) -> list[LabMachine]: ...

    def contents(self, region: str) -> set[str]:
        """Digests that machines of the region stand on."""
        ...

    def ids(self) -> set[str]: ...

    def settled(self) -> dict[Machine, MachineState]:
        """Those that are Running or Stopped: nothing else is known of them, so that a thousand are looked at often."""
        ...

    def ports(self) -> set[int]:
        """SSH ports that are given away."""
        ...


class LockRepository(Repository[Lock], Protocol):
    def all(self) -> list[Lock]:
        """By scope, then name."""
        ...


class StoredDiskRepository(ResourceRepository[T], Protocol[T]):
    def contents(self, region: str) -> set[str]:
        """Digests that its rows in the region name."""
        ...


class ManagedImageRepository(StoredDiskRepository[ManagedImage], Protocol):
    def disks(self, image_id: str) -> list[ManagedImageDisk]:
        """By lun, the OS disk first."""
        ...

    def add_disk(self, disk: ManagedImageDisk) -> None: ...


class AccessGrantRepository(Repository[AccessGrant], Protocol):
    def of_disk(self, disk_id: str) -> list[AccessGrant]:
        """Of a disk or snapshot, oldest first."""
        ...


class OperationRepository(Repository[Operation], Protocol):
    def unsettled(self) -> list[Operation]:
        """Not started or in progress, oldest first."""
        ...

    def running_on(self, subject: str) -> list[Operation]:
        """Unsettled operations on that version, lab or machine."""
        ...

    def working_with(self, ids: Collection[str]) -> list[Operation]:
        """Unsettled operations on these versions, labs or machines, and those that export or publish these machines.

        Oldest first.
        """
        ...

    def recent(self, *, below: str = "", limit: int = 100) -> list[Operation]:
        """Newest first; `below` is a key that their resources start with."""
        ...

    def steps(self, operation_id: str) -> list[OperationStep]:
        """By position."""
        ...

    def find_step(self, operation_id: str, name: str, region: str) -> OperationStep | None: ...

    def add_step(self, step: OperationStep) -> None: ...


class UploadRepository(Repository[Upload], Protocol):
    def of_owner(self, owner_id: str) -> list[Upload]:
        """The newest first."""
        ...


class AuditRepository(Protocol):
    def add(self, event: AuditEvent) -> None: ...

    def recent(self, *, below: str = "", limit: int = 100) -> list[AuditEvent]: ...

    def search(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        """Newest first; what was done to the resources of these keys, of which none lies below another, and below them."""
        ...


class UnitOfWork(Protocol):
    """`with` begins a transaction; without `commit()` it is rolled back at the end."""

    @property
    def galleries(self) -> GalleryRepository: ...
    @property
    def definitions(self) -> DefinitionRepository: ...
    @property
    def versions(self) -> VersionRepository: ...
    @property
    def offers(self) -> ImageQueries: ...
    @property
    def storage_usage(self) -> StorageUsageRepository: ...
    @property
    def lists(self) -> VersionQueries: ...
    @property
    def accounts(self) -> LabAccountRepository: ...
    @property
    def labs(self) -> LabRepository: ...
    @property
    def lab_queries(self) -> LabQueries: ...
    @property
    def machines(self) -> MachineRepository: ...
    @property
    def lab_users(self) -> LabUserRepository: ...
    @property
    def schedules(self) -> ScheduleRepository: ...
    @property
    def lab_drafts(self) -> LabDraftRepository: ...
    @property
    def favorites(self) -> FavoriteRepository: ...
    @property
    def people(self) -> PersonRepository: ...
    @property
    def refresh_tokens(self) -> RefreshTokenRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def device_codes(self) -> DeviceCodeRepository: ...
    @property
    def authorization_codes(self) -> AuthorizationCodeRepository: ...
    @property
    def web_sessions(self) -> WebSessionRepository: ...
    @property
    def external_identities(self) -> ExternalIdentityRepository: ...
    @property
    def locks(self) -> LockRepository: ...
    @property
    def disks(self) -> StoredDiskRepository[Disk]: ...
    @property
    def snapshots(self) -> StoredDiskRepository[Snapshot]: ...
    @property
    def managed_images(self) -> ManagedImageRepository: ...
    @property
    def access_grants(self) -> AccessGrantRepository: ...
    @property
    def operations(self) -> OperationRepository: ...
    @property
    def uploads(self) -> UploadRepository: ...
    @property
    def groups(self) -> ResourceRepository[ResourceGroup]: ...
    @property
    def audit(self) -> AuditRepository: ...

    def subscriptions(self) -> list[Subscription]: ...

    def add_subscription(self, subscription: Subscription) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def flush(self) -> None:
        """Send what was added, so that queries see it. Raises Conflict where something of that id exists already."""
        ...

    def commit(self) -> None:
        """Raises Conflict where another request was quicker."""
        ...


class Database(Protocol):
    """Opens units of work."""

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        """With `reading`, the unit sees one moment, is not held up by others that write, and refuses changes and `commit`.

        Units that write wait for each other: keep them short, and never open one inside another.
        """
        ...
