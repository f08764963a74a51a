"""What people rely on: labs outlive their images, exports read only what changed, a taken-over machine opens late."""

from dataclasses import replace
from pathlib import Path

import pytest

from galeria.actions.versions.versions import delete_version
from galeria.adapters.bases.trace import find_trace, keep_trace
from galeria.adapters.fakes.engine import FakeEngine
from galeria.domain.images.galleries import VersionDisk
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.operations import StepStatus
from galeria.domain.states import MachineState
from galeria.ports.machines import FirstBoot, Machine, MachineCredentials, MachineSpec
from tests.compiled_statements import make_test_engine
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation

BRAZIL = ("brazilsouth", "brazilsoutheast")
CHUNK = 256 * 1024
IMAGE = GALLERY.child("images", "linux")


def run(installation: LocalInstallation) -> None:
    """A lab that runs on an image of both regions."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL))
    installation.run(installation.begin_lab("algebra", IMAGE))
    installation.run(installation.begin_start("algebra"))


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(run)


def write(installation: LocalInstallation, offset: int, text: bytes, lab: str = "algebra") -> None:
    installation.engine.write(installation.guest_of(lab), offset, text)


def export(installation: LocalInstallation, name: str, lab: str = "algebra") -> VersionDisk:
    """The disk that the export stored, after it has succeeded."""
    operation = installation.run(installation.begin_export(lab, name))
    assert operation.error_message == ""
    with installation.context.database(reading=True) as uow:
        return uow.versions.disks(operation.subject)[0]


def delete(installation: LocalInstallation, image: str, version: str = "1.0.0") -> dict[str, dict[str, int]]:
    with installation.request() as request:
        operation = delete_version(request, version_id(image, version))
    done = installation.run(operation)
    assert done.error_message == ""
    return done.outputs


def content(installation: LocalInstallation, disk: VersionDisk, region: str = "brazilsouth") -> bytes:
    target = installation.folder / "restored.raw"
    target.unlink(missing_ok=True)
    installation.context.stores[region].restore(disk.digest, target, progress=lambda *, done, total: None)
    return target.read_bytes()


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_a_lab_works_on_when_its_image_is_deleted(running: LocalInstallation) -> None:
    delete(running, "linux")
    assert running.engine.read(running.guest_of("algebra"), 0, MIB) == disk_bytes(MIB)
    write(running, 0, b"lesson one")
    disk = export(running, "Algebra")
    assert disk.read_bytes == CHUNK, "everything else is inherited from content that no version names any more"
    for region in BRAZIL:
        assert content(running, disk, region) == b"lesson one" + disk_bytes(MIB)[10:]


def test_what_no_machine_stands_on_is_really_given_back(running: LocalInstallation) -> None:
    folders = {region: running.folder / "regions" / region / "store" for region in BRAZIL}
    before = {region: on_disk(folder) for region, folder in folders.items()}
    outputs = delete(running, "linux")
    assert outputs["freedBytes"]["brazilsouth"] == 0
    assert outputs["laterBytes"]["brazilsouth"] > 0
    freed = outputs["freedBytes"]["brazilsoutheast"]
    assert 0 < freed <= before["brazilsoutheast"] - on_disk(folders["brazilsoutheast"])
    assert running.context.stores["brazilsoutheast"].verify(None, progress=lambda *, done, total: None).chunks == 0


def test_a_base_that_a_machine_stands_on_stays_in_the_cache(running: LocalInstallation) -> None:
    delete(running, "linux")
    assert running.context.cache.bases("brazilsouth") == [running.machine("algebra").base_digest]


def test_how_a_system_starts_is_known_as_long_as_anything_needs_its_disk(running: LocalInstallation) -> None:
    done = running.run(running.begin_import("other", disk_bytes(2 * MIB)))
    with running.context.database(reading=True) as uow:
        other = uow.versions.disks(done.subject)[0].digest
    base, engine = running.machine("algebra").base_digest, make_test_engine(f"sqlite:///{running.folder}/galeria.db")
    for digest in (base, other):
        keep_trace(engine, digest, [2, 1])
    delete(running, "linux")
    assert [find_trace(engine, [each]) for each in (base, other)] == [[2, 1], [2, 1]], (
        "a machine is made from the first"
    )
    delete(running, "other")
    assert [find_trace(engine, [each]) for each in (base, other)] == [[2, 1], []]
    engine.dispose()


def test_three_exports_in_a_row_read_only_what_changed_since_the_last(running: LocalInstallation) -> None:
    disks = []
    for number in range(3):
        write(running, number * CHUNK, f"lesson {number}".encode())
        disks.append(export(running, "Algebra"))
        assert running.machine("algebra").layer_digest == disks[-1].digest
    assert [disk.read_bytes for disk in disks] == [CHUNK, CHUNK, CHUNK]
    expected = bytearray(disk_bytes(MIB))
    for number, disk in enumerate(disks):
        expected[number * CHUNK : number * CHUNK + 8] = f"lesson {number}".encode()
        for region in BRAZIL:
            assert content(running, disk, region) == bytes(expected)


def test_an_export_without_any_change_reads_nothing(running: LocalInstallation) -> None:
    write(running, 0, b"lesson one")
    first = export(running, "Algebra")
    again = export(running, "Algebra")
    assert again.read_bytes == 0
    assert again.stored_bytes < 1024, "its manifest, and not one chunk"
    assert content(running, again) == content(running, first)


def test_the_export_before_may_be_deleted(running: LocalInstallation) -> None:
    write(running, 0, b"lesson one")
    export(running, "Algebra")
    delete(running, "Algebra")
    write(running, CHUNK, b"lesson two")
    disk = export(running, "Algebra")
    assert disk.read_bytes == CHUNK
    assert content(running, disk)[:10] == b"lesson one"
    assert content(running, disk)[CHUNK : CHUNK + 10] == b"lesson two"


def test_a_stopped_machine_is_exported_without_being_started(running: LocalInstallation) -> None:
    write(running, 0, b"lesson one")
    running.run(running.begin_stop("algebra"))
    disk = export(running, "Algebra")
    assert content(running, disk)[:10] == b"lesson one"
    assert running.machine("algebra").state is MachineState.STOPPED
    assert not running.engine.guest(running.guest_of("algebra")).is_running


def test_an_export_of_an_export_carries_all_accounts_along(running: LocalInstallation) -> None:
    """One educator exports a template, another makes a lab of it and exports that."""
    write(running, 0, b"lesson one")
    export(running, "Algebra")
    image = GALLERY.child("images", "Algebra")
    running.run(running.begin_lab("geometry", image, who="colleague", region="brazilsoutheast"))
    running.run(running.begin_start("geometry", who="colleague"))
    write(running, CHUNK, b"lesson two", lab="geometry")
    done = running.run(running.begin_export("geometry", "Geometry", who="colleague"))
    assert done.error_message == ""
    with running.context.database(reading=True) as uow:
        version = uow.versions.get(done.subject)
        disk = uow.versions.disks(version.id)[0]
    assert version.accounts == ["colleague", "educator"]
    assert version.location == "brazilsoutheast"
    text = content(running, disk, "brazilsouth")
    assert (text[:10], text[CHUNK : CHUNK + 10]) == (b"lesson one", b"lesson two")


class DiaryEngine(FakeEngine):
    """Writes down the order in which it is asked to do what touches the way in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.calls: list[object] = []

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        self.calls.append(("made", first_boot and first_boot.user_name))
        super().ensure_machine(spec, first_boot)

    def start(self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN) -> None:
        self.calls.append("start open" if ssh else "start closed")
        super().start(machine, ssh=ssh, way=way, policy=policy)

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        self.calls.append(f"answers by {way}")
        super().wait_ready(machine, way=way, seconds=seconds)

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        self.calls.append(("credentials", credentials.user_name, credentials.retire))
        assert not self.guest(machine).is_ssh_open
        super().set_credentials(machine, credentials)

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        self.calls.append(("identity", host_name))
        super().renew_identity(machine, host_name=host_name)

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        self.calls.append("open")
        super().open_ssh(machine, way=way)


def watched(installation: LocalInstallation) -> tuple[LocalInstallation, DiaryEngine]:
    engine = DiaryEngine(installation.folder / "regions")
    return replace(installation, engine=engine, context=replace(installation.context, engine=engine)), engine


def test_a_specialized_machine_opens_only_after_the_old_accounts_are_retired(running: LocalInstallation) -> None:
    """Decision 8."""
    export(running, "Algebra")
    installation, engine = watched(running)
    installation.run(installation.begin_lab("geometry", GALLERY.child("images", "Algebra"), who="colleague"))
    installation.run(installation.begin_start("geometry", who="colleague"))
    assert engine.calls == [
        ("made", None),
        "start closed",
        "answers by agent",
        ("credentials", "colleague", ("educator",)),
        "open",
        "answers by SSH",
    ]
    guest = engine.guest(installation.guest_of("geometry"))
    assert (guest.identity, guest.host_name) == (0, "image"), "it keeps the old machine's identity"
    installation.run(installation.begin_stop("geometry", who="colleague"))
    engine.calls.clear()
    installation.run(installation.begin_start("geometry", who="colleague"))
    assert engine.calls == ["start open", "answers by SSH", "open", "answers by SSH"]


def test_a_new_identity_is_made_once_where_it_was_asked_for(running: LocalInstallation) -> None:
    """Decision 8."""
    export(running, "Algebra")
    installation, engine = watched(running)
    image = GALLERY.child("images", "Algebra")
    installation.run(installation.begin_lab("geometry", image, who="colleague", new_identity=True))
    assert installation.machine("geometry").renew_identity
    installation.run(installation.begin_start("geometry", who="colleague"))
    assert engine.calls[-3:] == [("identity", "geometry"), "open", "answers by SSH"]
    installation.run(installation.begin_stop("geometry", who="colleague"))
    engine.calls.clear()
    installation.run(installation.begin_start("geometry", who="colleague"))
    assert ("identity", "geometry") not in engine.calls


def test_a_generalized_machine_is_reported_its_account_at_the_first_boot(running: LocalInstallation) -> None:
    installation, engine = watched(running)
    installation.run(installation.begin_lab("geometry", IMAGE, who="colleague", new_identity=True))
    installation.run(installation.begin_start("geometry", who="colleague"))
    assert engine.calls == [("made", "colleague"), "start open", "answers by SSH", "open", "answers by SSH"]
    guest = engine.guest(installation.guest_of("geometry"))
    assert (guest.identity, guest.host_name, list(guest.passwords)) == (1, "geometry", ["colleague"])


def test_the_person_who_waits_sees_each_step_with_its_bytes(running: LocalInstallation) -> None:
    """Progress is stored, so that it is the same after a reload."""
    write(running, 0, b"lesson one")
    operation = running.run(running.begin_export("algebra", "Algebra"))
    with running.context.database(reading=True) as uow:
        rows = uow.operations.steps(operation.id)
        replicas = uow.versions.replicas(operation.subject)
    assert [(row.name, row.region) for row in rows] == [
        ("Close the disk's layer", ""),
        ("Store the changes", ""),
        ("Look inside the disk", ""),
        ("Seal the version", ""),
        ("Replicate to the other regions", ""),
        ("Replicate to the other regions", "brazilsoutheast"),
    ]
    assert {row.status for row in rows} == {StepStatus.SUCCEEDED}
    assert all(row.ended_at is not None and row.ended_at >= row.started_at for row in rows)
    assert rows[1].bytes_done == rows[1].bytes_total == CHUNK
    assert [(each.progress, each.sent_bytes > 0) for each in replicas] == [(100, False), (100, True)]
