"""What was found on a disk is kept with its version, and found again by the disk's content."""

import sqlalchemy as sa

from galeria.adapters.db.tables import core_tables
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.findings import Findings, SystemKind
from galeria.domain.images.galleries import OS_DISK, VersionDisk
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
