"""A lab in a region to which its image is still being replicated: its machine starts, and what it stores is whole."""

import pytest

from galeria.actions.versions.costs import live_machines
from galeria.actions.versions.exports import ExportRequest, estimate_export
from galeria.actions.versions.replication_size import copy_bytes
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import Conflict
from galeria.domain.images.galleries import Replica
from galeria.domain.states import OperationStatus, ReplicaState
from galeria.ports.progress import unheard
from tests.local_installation import ACCOUNT, GALLERY, MIB, LocalInstallation, disk_bytes, lab_id, version_id
from tests.prepared_installations import MakeInstallation, with_linux

HERE, HOME = "brazilsoutheast", "brazilsouth"
VERSION = version_id("linux", "1.0.0")


@pytest.fixture
def coming(new_installation: MakeInstallation) -> LocalInstallation:
    """The image is in one region, and on its way to the other."""
    installation = new_installation(with_linux)
    with installation.context.database() as uow:
        version = uow.versions.get_by_key(VERSION.key)
        uow.versions.add_replica(Replica(version_id=version.id, region=HERE))
        uow.commit()
    return installation


def make_lab(installation: LocalInstallation) -> None:
    installation.run(installation.begin_lab("algebra", VERSION, region=HERE))
    installation.run(installation.begin_start("algebra"))


def content(installation: LocalInstallation, digest: str) -> bytes:
    target = installation.folder / "restored.raw"
    target.unlink(missing_ok=True)
    installation.context.stores[HERE].restore(digest, target, progress=unheard)
    return target.read_bytes()


def test_a_machine_starts_before_its_region_holds_the_image(coming: LocalInstallation) -> None:
    make_lab(coming)

    assert coming.engine.read(coming.guest_of("algebra"), 0, MIB) == disk_bytes(MIB)
    digest = coming.machine("algebra").base_digest
    assert coming.context.stores[HERE].find_manifest(digest) is None
    with coming.request() as request:
        assert digest in live_machines(request, HOME), "what it still reads there must stay"


def test_the_latest_version_is_only_one_that_the_region_holds(coming: LocalInstallation) -> None:
    with pytest.raises(Conflict, match="not in brazilsoutheast"):
        coming.begin_lab("algebra", GALLERY.child("images", "linux"), region=HERE)


@pytest.mark.parametrize("state", [ReplicaState.FAILED, None])
def test_an_exact_version_that_is_not_on_its_way_is_refused(
    coming: LocalInstallation, state: ReplicaState | None
) -> None:
    with coming.context.database() as uow:
        replica = uow.versions.find_replica(uow.versions.get_by_key(VERSION.key).id, HERE)
        assert replica is not None
        if state is None:
            uow.versions.remove_replica(replica)
        else:
            replica.state = state
        uow.commit()
    with pytest.raises(Conflict, match="not in brazilsoutheast"):
        coming.begin_lab("algebra", VERSION, region=HERE)


def test_what_it_exports_is_whole_in_its_region(coming: LocalInstallation) -> None:
    make_lab(coming)
    coming.engine.write(coming.guest_of("algebra"), 0, b"lesson one")
    with coming.request("educator") as request:
        wanted = ExportRequest(lab=lab_id("algebra"), machine="template", name="Algebra")
        said = estimate_export(
            request,
            ACCOUNT,
            wanted,
            coming.engine,
            coming.context.stores,
            lambda sources: copy_bytes(sources, coming.context.stores),
        )
    assert said.read_bytes == 256 * 1024

    operation = coming.run(coming.begin_export("algebra", "Algebra"))
    assert (operation.status, operation.error_message) == (OperationStatus.SUCCEEDED, "")
    with coming.context.database(reading=True) as uow:
        (disk,) = uow.versions.disks(operation.subject)
    assert content(coming, disk.digest) == b"lesson one" + disk_bytes(MIB)[10:]


def test_it_works_on_when_its_image_is_deleted(coming: LocalInstallation) -> None:
    make_lab(coming)
    with coming.request() as request:
        operation = delete_version(request, VERSION)
    assert coming.run(operation).error_message == ""

    digest = coming.machine("algebra").base_digest
    assert coming.context.stores[HOME].find_manifest(digest) is None
    assert content(coming, digest) == disk_bytes(MIB)
