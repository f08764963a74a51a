"""What lists of thousands read of disks and copies, as plain rows, is what the objects themselves hold, without exception."""

from dataclasses import fields
from typing import Any

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import Replica, VersionDisk
from galeria.domain.images.publishing import StorageType
from galeria.domain.messages import Message
from galeria.domain.states import ReplicaState

from . import samples


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
