"""What was found on a disk is kept with its version, and facts of its disks and copies are all that their objects hold."""

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.findings import Findings, SystemKind
from galeria.domain.images.galleries import OS_DISK, Replica, VersionDisk
from galeria.domain.images.publishing import StorageType
from galeria.domain.messages import Message
from galeria.domain.states import ReplicaState
from tests.adapters.db import samples
from tests.found_samples import FOUND


def add_version(database: SqlDatabase) -> str:
    with database() as uow:
        gallery = samples.gallery()
        definition = samples.definition(gallery)
        version = samples.version(definition)
        version.found = FOUND
        for each, repository in ((gallery, uow.galleries), (definition, uow.definitions), (version, uow.versions)):
            repository.add(each)  # type: ignore[arg-type]  # each to its own
            uow.flush()
        uow.versions.add_disk(VersionDisk(version_id=version.id, lun=OS_DISK, size=1, digest="a" * 64))
        uow.versions.add_disk(VersionDisk(version_id=version.id, lun=0, size=1, digest="b" * 64))
        uow.commit()
        return version.id


def test_findings_come_back_as_they_were(database: SqlDatabase) -> None:
    id = add_version(database)

    with database(reading=True) as uow:
        assert uow.versions.get(id).found == FOUND
        assert uow.versions.find_findings("a" * 64) == FOUND
        assert uow.versions.find_findings("b" * 64) is None  # a data disk
        assert uow.versions.find_findings("") is None


def test_findings_of_another_release_can_be_read(database: SqlDatabase, database_engine: sa.Engine) -> None:
    id = add_version(database)
    with database_engine.begin() as connection:
        connection.execute(
            sa.update(core_tables.image_versions).values(found=sa.literal('{"kind":"Linux","later":1}', sa.Text))
        )

    with database(reading=True) as uow:
        assert uow.versions.get(id).found == Findings(kind=SystemKind.LINUX)


def values_of(row: VersionDisk | Replica) -> dict[str, Any]:
    return {each.name: getattr(row, each.name) for each in fields(row)}


def test_facts_are_all_that_disks_and_copies_hold(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    definition = samples.definition(gallery)
    version, other = samples.version(definition), samples.version(definition, "1.0.1")
    disk = VersionDisk(
        version_id=version.id, lun=0, position=3, size=1, data_bytes=2, read_bytes=4, stored_bytes=5, digest="ab"
    )
    copy = Replica(
        version_id=version.id,
        region="south",
        state=ReplicaState.REPLICATING,
        exclude_from_latest=True,
        bytes_done=1,
        bytes_total=2,
        sent_bytes=3,
        failure=Message("The region '{region}' is away.", region="south"),
        verified_at=samples.NOW,
        spelling="South",
        replica_count=4,
        storage_type=StorageType.PREMIUM_LRS,
        position=5,
    )
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(definition)
        unit.versions.add(version)
        unit.versions.add(other)
        unit.versions.add_disk(disk)
        unit.versions.add_replica(copy)
        unit.commit()
    with db(reading=True) as unit:
        facts, nothing = unit.versions.facts([unit.versions.get(version.id), unit.versions.get(other.id)])
        (stored_disk,), (stored_copy,) = unit.versions.disks(version.id), unit.versions.replicas(version.id)
        assert [each._asdict() for each in facts.disks] == [values_of(stored_disk)] == [values_of(disk)]
        assert [each._asdict() for each in facts.replicas] == [values_of(stored_copy)] == [values_of(copy)]
        assert facts.replicas[0].progress == stored_copy.progress
        assert nothing == VersionFacts(version=unit.versions.get(other.id), disks=[], replicas=[])
