"""A lab's machines start on a bus that their guest can drive; what worked is kept, and goes with exports and copies."""

import pytest

from galeria.actions.labs.machines import reimage_machine
from galeria.actions.versions.versions import delete_version
from galeria.domain.images.findings import Findings, SystemKind
from galeria.domain.labs.hardware import DiskBus, FirmwareVariable, Hardware, NetworkCard
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, lab_id, version_id
from tests.prepared_installations import MakeInstallation

IMAGE = GALLERY.child("images", "linux")
ENTRY = FirmwareVariable(name="Boot0001", guid="8be4df61-93ca-11d2-aa0d-00e098032b8c", attributes=7, data="00")


def prepare(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))


@pytest.fixture
def installation(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(prepare)


def start(installation: LocalInstallation, lab: str = "algebra") -> Operation:
    installation.run(installation.begin_lab(lab, IMAGE))
    return installation.run(installation.begin_start(lab))


def bus(installation: LocalInstallation, lab: str = "algebra") -> str:
    return installation.engine.guest(installation.guest_of(lab)).disk_bus


def find(installation: LocalInstallation, findings: Findings | None) -> None:
    with installation.context.database() as uow:
        uow.versions.get_by_key(version_id("linux", "1.0.0").key).found = findings
        uow.commit()


def hardware_of(installation: LocalInstallation, image: str) -> Hardware | None:
    with installation.context.database(reading=True) as uow:
        return uow.versions.get_by_key(version_id(image, "1.0.0").key).hardware


def test_the_look_decides_at_once(installation: LocalInstallation) -> None:
    find(installation, Findings(kind=SystemKind.LINUX, drivers=("ata_piix", "hv_storvsc"), network_drivers=("e1000",)))
    installation.engine.driven = frozenset({DiskBus.IDE})

    done = start(installation)

    assert (done.error_message, bus(installation)) == ("", DiskBus.IDE)
    with installation.context.database(reading=True) as uow:
        held = uow.labs.get(installation.machine("algebra").lab_id).hardware
    assert held == Hardware(disk_bus=DiskBus.IDE, network_card=NetworkCard.E1000)


def test_without_a_look_buses_are_tried_and_the_next_lab_starts_right(installation: LocalInstallation) -> None:
    find(installation, None)
    installation.engine.driven = frozenset({DiskBus.NVME})

    done = start(installation)

    assert (done.error_message, bus(installation)) == ("", DiskBus.NVME)
    tried = done.outputs["diskBusesTried"]
    assert tried[0] == DiskBus.VIRTIO
    assert tried[-1] == DiskBus.NVME
    assert len(set(tried)) == len(tried)
    again = start(installation, "geometry")
    assert (again.error_message, bus(installation, "geometry")) == ("", DiskBus.NVME)
    assert "diskBusesTried" not in again.outputs


def test_where_no_bus_works_each_was_tried_once_and_the_machine_is_as_before(installation: LocalInstallation) -> None:
    find(installation, None)
    installation.engine.driven = frozenset()

    done = start(installation)

    assert "virtio, ide, sata, nvme, virtio-scsi" in done.error_message
    assert bus(installation) == DiskBus.VIRTIO
    assert hardware_of(installation, "linux") is None
    installation.engine.driven = None
    assert installation.run(installation.begin_start("algebra")).error_message == ""
    assert installation.machine("algebra").state is MachineState.RUNNING
    assert (bus(installation), hardware_of(installation, "linux")) == (DiskBus.VIRTIO, None)


def test_an_export_keeps_hardware_and_boot_entries_for_the_next_lab(installation: LocalInstallation) -> None:
    with installation.context.database() as uow:
        version = uow.versions.get_by_key(version_id("linux", "1.0.0").key)
        version.hardware = Hardware(disk_bus=DiskBus.SATA, loader="EFI/debian/grubx64.efi", firmware_variables=(ENTRY,))
        uow.commit()
    start(installation)

    assert installation.run(installation.begin_export("algebra", "Algebra")).error_message == ""

    assert hardware_of(installation, "Algebra") == Hardware(disk_bus=DiskBus.SATA, firmware_variables=(ENTRY,))
    installation.run(installation.begin_lab("second", GALLERY.child("images", "Algebra")))
    guest = installation.engine.guest(installation.guest_of("second"))
    assert guest.disk_bus == DiskBus.SATA
    assert [each["name"] for each in guest.firmware_variables] == ["Boot0001"]


def test_a_machine_that_is_made_anew_keeps_its_hardware_when_its_version_is_gone(
    installation: LocalInstallation,
) -> None:
    find(installation, None)
    installation.engine.driven = frozenset({DiskBus.SATA})
    start(installation)
    with installation.request() as request:
        operation = delete_version(request, version_id("linux", "1.0.0"))
    assert installation.run(operation).error_message == ""

    with installation.request("educator") as request:
        operation = reimage_machine(request, lab_id("algebra"), "template")
    assert installation.run(operation).error_message == ""

    assert bus(installation) == DiskBus.SATA
