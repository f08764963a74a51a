"""What Nova is told of a machine's hardware, through the properties of its image."""

import pytest

from galeria.adapters.openstack.console_watch import LOOK_SECONDS, ConsoleWatch
from galeria.adapters.openstack.hardware import properties_of
from galeria.domain.errors import MachineFailed, RootDiskNotFound
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.hardware import USUAL_HARDWARE, DiskBus, Hardware, NetworkCard
from galeria.ports.machines import Machine, MachineSpec

SCSI = {"hw_scsi_model": "virtio-scsi"}
UEFI = {"hw_firmware_type": "uefi", "hw_machine_type": "q35", "hw_cdrom_bus": "scsi", **SCSI}


def spec(generation: str, hardware: Hardware = USUAL_HARDWARE, os_type: OsType = OsType.LINUX) -> MachineSpec:
    return MachineSpec(
        machine=Machine(id="one", region="campus"),
        base="b" * 64,
        generation=generation,
        vcpus=1,
        memory_mib=256,
        ssh_port=0,
        os_type=os_type,
        hardware=hardware,
    )


@pytest.mark.parametrize(
    ("generation", "hardware", "told"),
    [
        ("V1", Hardware(), {}),
        ("V2", Hardware(), UEFI),
        ("V1", Hardware(disk_bus=DiskBus.IDE), {"hw_machine_type": "pc", "hw_disk_bus": "ide"}),
        ("V1", Hardware(disk_bus=DiskBus.SATA), {"hw_disk_bus": "sata"}),
        ("V1", Hardware(disk_bus=DiskBus.VIRTIO_SCSI), {"hw_disk_bus": "scsi", **SCSI}),
        ("V1", Hardware(network_card=NetworkCard.E1000), {"hw_vif_model": "e1000"}),
        (
            "V2",
            Hardware(disk_bus=DiskBus.SATA),
            {"hw_firmware_type": "uefi", "hw_machine_type": "q35", "hw_cdrom_bus": "sata", "hw_disk_bus": "sata"},
        ),
        (
            "V2",
            Hardware(disk_bus=DiskBus.IDE),
            {"hw_firmware_type": "uefi", "hw_machine_type": "pc", "hw_cdrom_bus": "ide", "hw_disk_bus": "ide"},
        ),
        (
            "V2",
            Hardware(secure_boot=True, tpm=True),
            {**UEFI, "os_secure_boot": "required", "hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"},
        ),
    ],
)
def test_only_what_is_unusual_is_asked_for(generation: str, hardware: Hardware, told: dict[str, str]) -> None:
    assert properties_of(spec(generation, hardware)) == told


@pytest.mark.parametrize(
    ("impossible", "reason"),
    [
        (spec("V1", os_type=OsType.WINDOWS), "Windows"),
        (spec("V1", Hardware(disk_bus=DiskBus.NVME)), "NVMe"),
        (spec("V2", Hardware(loader="EFI/debian/shimx64.efi")), "EFI/debian/shimx64.efi alone"),
    ],
)
def test_what_no_cloud_gives_is_said(impossible: MachineSpec, reason: str) -> None:
    with pytest.raises(MachineFailed, match=reason) as told:
        properties_of(impossible)
    assert told.value.code == "NotSupportedByRegion"


def test_a_start_is_over_once_its_console_says_so_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    said = ["Booting"]
    watch = ConsoleWatch(lambda: said[0])

    def look() -> None:
        nonlocal now
        now += LOOK_SECONDS
        watch.require_going_on()

    look()
    said[0] = "Gave up waiting for root file system device.\n(initramfs)"
    look()
    said[0] += " dropped to a shell\n(initramfs)"
    look()
    with pytest.raises(RootDiskNotFound, match="no disk with its system"):
        look()
