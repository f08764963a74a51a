"""Which hardware follows from an image: for every kind of image that was seen, and for what nobody knows."""

import pytest

from galeria.domain.images.findings import Findings, SystemKind
from galeria.domain.images.galleries import Generation, OsType
from galeria.domain.labs.fitting_hardware import (
    CLOUDS_LACK,
    ImageTraits,
    cloud_hardware,
    disk_buses,
    fitting_hardware,
    missing_loader,
    other_hardware,
)
from galeria.domain.labs.hardware import DiskBus, FirmwareVariable, Hardware, NetworkCard

TRUSTED = ({"name": "securityType", "value": "TrustedLaunch"},)


def traits(
    generation: Generation = Generation.V2,
    os_type: OsType = OsType.LINUX,
    features: tuple[dict[str, str], ...] = (),
) -> ImageTraits:
    return ImageTraits(os_type=os_type, generation=generation, features=features)


def linux(
    *drivers: str, network: tuple[str, ...] | None = None, programs: tuple[str, ...] = ("EFI/BOOT/BOOTX64.EFI",)
) -> Findings:
    return Findings(kind=SystemKind.LINUX, drivers=drivers, network_drivers=network, efi_programs=programs)


@pytest.mark.parametrize(
    ("drivers", "first", "second"),
    [
        (("virtio_blk", "nvme", "ahci"), DiskBus.VIRTIO, DiskBus.VIRTIO),
        (("virtio_scsi", "hv_storvsc"), DiskBus.VIRTIO_SCSI, DiskBus.VIRTIO_SCSI),
        (("nvme", "hv_storvsc", "ata_piix"), DiskBus.IDE, DiskBus.NVME),  # Debian's kernel for clouds, made for Hyper-V
        (("hv_storvsc", "ahci"), DiskBus.SATA, DiskBus.SATA),
        (("vmw_pvscsi",), DiskBus.VIRTIO, DiskBus.VIRTIO),  # Debian's OVMF starts no disk there
        (("ata_piix",), DiskBus.IDE, DiskBus.IDE),
        (("hv_storvsc",), DiskBus.VIRTIO, DiskBus.VIRTIO),  # none that there is here: the likeliest is tried first
        ((), DiskBus.VIRTIO, DiskBus.VIRTIO),
    ],
)
def test_the_bus_is_one_that_the_initramfs_has_a_driver_for(
    drivers: tuple[str, ...], first: DiskBus, second: DiskBus
) -> None:
    assert fitting_hardware(traits(Generation.V1), linux(*drivers)).disk_bus is first
    assert fitting_hardware(traits(Generation.V2), linux(*drivers)).disk_bus is second


@pytest.mark.parametrize(
    ("drivers", "card"),
    [
        (None, NetworkCard.VIRTIO),
        (("virtio_net", "e1000"), NetworkCard.VIRTIO),
        (("e1000", "e1000e", "hv_netvsc"), NetworkCard.E1000E),
        (("e1000",), NetworkCard.E1000),
        (("8139too",), NetworkCard.RTL8139),
        (("vmxnet3", "8139cp"), NetworkCard.VMXNET3),
        (("hv_netvsc",), NetworkCard.VIRTIO),
    ],
)
def test_the_network_card_is_one_that_the_kernel_has_a_driver_for(
    drivers: tuple[str, ...] | None, card: NetworkCard
) -> None:
    assert fitting_hardware(traits(), linux("virtio_blk", network=drivers)).network_card is card


@pytest.mark.parametrize("findings", [None, Findings(kind=SystemKind.UNKNOWN), Findings(kind=SystemKind.LINUX)])
def test_where_nothing_is_known_the_hardware_is_as_for_most_images(findings: Findings | None) -> None:
    assert fitting_hardware(traits(), findings) == Hardware()


def test_windows_gets_what_it_brings_drivers_for() -> None:
    found = Findings(kind=SystemKind.WINDOWS)
    second = fitting_hardware(traits(os_type=OsType.WINDOWS), found)
    assert second == Hardware(disk_bus=DiskBus.SATA, network_card=NetworkCard.E1000E, local_clock=True)
    assert fitting_hardware(traits(Generation.V1, OsType.WINDOWS), None).disk_bus is DiskBus.IDE


@pytest.mark.parametrize("os_type", list(OsType))
def test_trusted_launch_means_secure_boot_and_a_tpm(os_type: OsType) -> None:
    asked = fitting_hardware(traits(os_type=os_type, features=TRUSTED), None)
    assert (asked.secure_boot, asked.tpm) == (True, True)
    supported = ({"name": "SecurityType", "value": "TrustedLaunchSupported"},)  # what az says of every new V2 image
    held = fitting_hardware(traits(os_type=os_type, features=supported), None)
    assert (held.secure_boot, held.tpm) == (False, False)


def test_there_is_no_secure_boot_without_uefi_nor_on_the_older_machine() -> None:
    assert not fitting_hardware(traits(Generation.V1, features=TRUSTED), None).secure_boot
    assert fitting_hardware(traits(features=TRUSTED), linux("ata_piix")).disk_bus is DiskBus.VIRTIO
    assert DiskBus.IDE not in disk_buses(traits(), secure_boot=True)


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("os_type", list(OsType))
@pytest.mark.parametrize("secure", [False, True])
def test_every_bus_is_tried_once_and_then_none(generation: Generation, os_type: OsType, secure: bool) -> None:
    image = traits(generation, os_type)
    held, tried = Hardware(disk_bus=disk_buses(image, secure_boot=secure)[0], secure_boot=secure), list[DiskBus]()
    while (other := other_hardware(image, held, tried)) is not None:
        tried.append(held.disk_bus)
        assert (other.network_card, other.secure_boot) == (held.network_card, secure)
        held = other
    assert [*tried, held.disk_bus] == list(disk_buses(image, secure_boot=secure))


@pytest.mark.parametrize(
    ("programs", "loader"),
    [
        (("EFI/BOOT/BOOTX64.EFI", "EFI/debian/grubx64.efi"), ""),
        (("efi/boot/bootx64.efi",), ""),
        (("EFI/debian/grubx64.efi",), "EFI/debian/grubx64.efi"),
        (("EFI/debian/fbx64.efi", "EFI/debian/grubx64.efi", "EFI/debian/shimx64.efi"), "EFI/debian/shimx64.efi"),
        (("EFI/Microsoft/Boot/bootmgfw.efi",), "EFI/Microsoft/Boot/bootmgfw.efi"),
        (("EFI/BOOT/BOOTIA32.EFI", "EFI/own/start.efi"), "EFI/BOOT/BOOTIA32.EFI"),
        ((), ""),
    ],
)
def test_a_disk_without_the_usual_loader_names_the_one_to_start(programs: tuple[str, ...], loader: str) -> None:
    found = linux("virtio_blk", programs=programs)
    assert missing_loader(found) == loader
    assert fitting_hardware(traits(), found).loader == loader
    assert fitting_hardware(traits(Generation.V1), found).loader == ""


def test_in_a_cloud_the_bus_is_one_that_clouds_have() -> None:
    found, made_for_hyper_v = traits(), linux("nvme", "hv_storvsc", "ahci")
    assert fitting_hardware(found, made_for_hyper_v).disk_bus is DiskBus.NVME
    assert cloud_hardware(None, found, made_for_hyper_v).disk_bus is DiskBus.SATA
    known = Hardware(disk_bus=DiskBus.NVME, network_card=NetworkCard.E1000)
    assert cloud_hardware(known, found, made_for_hyper_v) == Hardware(
        disk_bus=DiskBus.SATA, network_card=NetworkCard.E1000
    )
    assert cloud_hardware(Hardware(disk_bus=DiskBus.IDE), found, None).disk_bus is DiskBus.IDE
    held, tried = Hardware(), list[DiskBus]()
    while (other := other_hardware(found, held, tried, lacks=CLOUDS_LACK)) is not None:
        tried.append(held.disk_bus)
        held = other
    assert {*tried, held.disk_bus} == {*DiskBus} - {DiskBus.NVME}


def test_in_a_cloud_no_boot_entry_helps_a_loader_in_an_unusual_place() -> None:
    entry = FirmwareVariable(name="Boot0001", guid="8be4df61-93ca-11d2-aa0d-00e098032b8c", attributes=7, data="00")
    known, loader = Hardware(firmware_variables=(entry,)), "EFI/debian/shimx64.efi"
    assert cloud_hardware(known, traits(), linux("virtio_blk", programs=(loader,))) == Hardware(loader=loader)
    assert cloud_hardware(known, traits(), linux("virtio_blk")) == Hardware()
    assert cloud_hardware(known, traits(), None) == Hardware()
    assert cloud_hardware(None, traits(Generation.V1), linux("virtio_blk", programs=(loader,))) == Hardware()
