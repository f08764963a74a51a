"""Repositories of galleries, image definitions, and image versions with their disks and replicas."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlResourceRepository, batches, below
from galeria.adapters.db.tables import core_tables
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.findings import Findings
from galeria.domain.images.galleries import (
    OS_DISK,
    DiskFacts,
    Gallery,
    ImageDefinition,
    ImageVersion,
    Replica,
    ReplicaFacts,
    VersionDisk,
)
from galeria.domain.messages import Message

_DISK = [core_tables.version_disks.c[each] for each in DiskFacts._fields]
_REPLICA = [core_tables.replicas.c[each] for each in ReplicaFacts._fields]
_VERSIONS = sa.bindparam("versions", expanding=True, type_=sa.String())
_DISKS_OF = (
    sa.select(*_DISK)
    .where(core_tables.version_disks.c.version_id.in_(_VERSIONS))
    .order_by(core_tables.version_disks.c.position, core_tables.version_disks.c.lun)
)
_REPLICAS_OF = sa.select(*_REPLICA).where(core_tables.replicas.c.version_id.in_(_VERSIONS))


class SqlGalleryRepository(SqlResourceRepository[Gallery]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Gallery, core_tables.galleries, Message("gallery"))

    def named(self, subscription_id: str, name: str) -> list[Gallery]:
        """Return the galleries of that name, regardless of case, in the whole subscription."""
        key = core_tables.galleries.c.key
        inside = below(key, f"/subscriptions/{subscription_id.lower()}")
        return self._named_order(inside, key.endswith(f"/galleries/{name.lower()}", autoescape=True))


class SqlDefinitionRepository(SqlResourceRepository[ImageDefinition]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, ImageDefinition, core_tables.image_definitions, Message("image definition"))

    def of_gallery(self, gallery_id: str) -> list[ImageDefinition]:
        """Return the gallery's image definitions, sorted by name."""
        return self._named_order(core_tables.image_definitions.c.gallery_id == gallery_id)


class SqlVersionRepository(SqlResourceRepository[ImageVersion]):
    """Image versions. Finding by key ignores deleted versions; finding by id does not."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, ImageVersion, core_tables.image_versions, Message("image version"))

    def of_definition(self, definition_id: str, *, deleted: bool = False) -> list[ImageVersion]:
        """Return the versions of a definition, lowest number first; with `deleted`, the deleted ones as well."""
        columns = core_tables.image_versions.c
        there = () if deleted else self._there()
        order = (columns.number_key, columns.created_at, columns.id)
        return self._where(columns.definition_id == definition_id, *there, order=order)

    def soft_deleted(self) -> list[ImageVersion]:
        """Return all soft-deleted versions, those that are deleted for good first coming first."""
        ends = core_tables.image_versions.c.hard_deletion_at
        return self._where(ends.is_not(None), *self._there(), order=(ends, core_tables.image_versions.c.id))

    def disks(self, version_id: str) -> list[VersionDisk]:
        """Return the version's disks, the OS disk first, the others as they were sent."""
        columns = core_tables.version_disks.c
        question = (
            sa.select(VersionDisk).where(columns.version_id == version_id).order_by(columns.position, columns.lun)
        )
        return list(self._session.scalars(question))

    def facts(self, versions: Sequence[ImageVersion]) -> list[VersionFacts]:
        self._session.flush()  # no mapped objects are asked for, which would do it
        ids = [version.id for version in versions]
        found_disks: dict[str, list[DiskFacts]] = {id: [] for id in ids}
        found_replicas: dict[str, list[ReplicaFacts]] = {id: [] for id in ids}
        for some in batches(ids):
            asked = {"versions": some}
            for disk in map(DiskFacts._make, self._session.execute(_DISKS_OF, asked).all()):
                found_disks[disk.version_id].append(disk)
            for replica in map(ReplicaFacts._make, self._session.execute(_REPLICAS_OF, asked).all()):
                found_replicas[replica.version_id].append(replica)
        return [
            VersionFacts(
                version=version,
                disks=found_disks[version.id],
                replicas=sorted(
                    found_replicas[version.id], key=lambda each: (each.region != version.location, each.region)
                ),
            )
            for version in versions
        ]

    def find_findings(self, digest: str) -> Findings | None:
        versions, disks = core_tables.image_versions.c, core_tables.version_disks.c
        question = (
            sa.select(versions.found)
            .join(core_tables.version_disks, disks.version_id == versions.id)
            .where(disks.digest == digest, disks.lun == OS_DISK, versions.found.is_not(None))
            .limit(1)
        )
        return self._session.scalar(question) if digest else None

    def add_disk(self, disk: VersionDisk) -> None:
        self._session.add(disk)

    def remove_disks(self, version_id: str) -> None:
        for disk in self.disks(version_id):
            self._session.delete(disk)
        self._session.flush()

    def replicas(self, version_id: str) -> list[Replica]:
        """Return the version's replicas, the home region first, then by the region's name."""
        question = sa.select(Replica).where(core_tables.replicas.c.version_id == version_id)
        version = self.find(version_id)
        home = version.location if version else ""
        return sorted(self._session.scalars(question), key=lambda replica: (replica.region != home, replica.region))

    def contents(self, region: str, *, without: str = "") -> set[str]:
        """Return the digests of disks that have a replica in the region in any state, leaving out the version `without`."""
        disks, replicas = core_tables.version_disks.c, core_tables.replicas.c
        question = (
            sa.select(disks.digest)
            .join(core_tables.replicas, replicas.version_id == disks.version_id)
            .where(replicas.region == region, disks.digest != "", disks.version_id != without)
            .distinct()
        )
        return set(self._session.scalars(question))

    def shared(self, version_id: str) -> dict[str, set[str]]:
        disks, replicas = core_tables.version_disks, core_tables.replicas
        others, copies = disks.alias(), replicas.alias()
        elsewhere = (
            sa.select(sa.literal(1))
            .join_from(others, copies, copies.c.version_id == others.c.version_id)
            .where(others.c.digest == disks.c.digest, others.c.version_id != disks.c.version_id)
            .where(copies.c.region == replicas.c.region)
            .correlate(disks, replicas)
        )
        question = (
            sa.select(replicas.c.region, disks.c.digest)
            .join_from(replicas, disks, disks.c.version_id == replicas.c.version_id)
            .where(replicas.c.version_id == version_id, disks.c.digest != "", elsewhere.exists())
        )
        found: dict[str, set[str]] = {}
        for region, digest in self._session.execute(question):
            found.setdefault(region, set()).add(digest)
        return found

    def find_replica(self, version_id: str, region: str) -> Replica | None:
        self._session.flush()
        return self._session.get(Replica, (version_id, region))

    def add_replica(self, replica: Replica) -> None:
        self._session.add(replica)

    def remove_replica(self, replica: Replica) -> None:
        self._session.flush()
        self._session.delete(replica)
        self._session.flush()

    @staticmethod
    def _there() -> tuple[sa.ColumnElement[bool], ...]:
        return (core_tables.image_versions.c.deleted_at.is_(None),)
