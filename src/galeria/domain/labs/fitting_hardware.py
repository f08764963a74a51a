"""Which hardware an image's machines get: a guest starts only from a bus that it has a driver for.

The orders of buses were measured: a Debian guest whose initramfs has drivers for Hyper-V and ATA alone starts from NVMe and
from IDE, and not from virtio (docs/guests.md, "Hardware").
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from galeria.domain.images.findings import Findings
from galeria.domain.images.galleries import Generation, OsType
from galeria.domain.labs.hardware import DiskBus, Hardware, NetworkCard

Choice = TypeVar("Choice")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageTraits:
    """What an image definition says that decides about hardware."""

    os_type: OsType
    generation: Generation
    features: Sequence[Mapping[str, str]] = ()

    @property
    def wants_trusted_launch(self) -> bool:
        """Whether its machines must have Secure Boot and a TPM; TrustedLaunchSupported says only that they may."""
        return any(
            each.get("name", "").lower() == "securitytype" and each.get("value", "").lower() == "trustedlaunch"
            for each in self.features
        )


# The kernel's drivers by which Linux reaches each of them.
_DISK_DRIVERS: dict[DiskBus, tuple[str, ...]] = {
    DiskBus.VIRTIO: ("virtio_blk",),
    DiskBus.VIRTIO_SCSI: ("virtio_scsi",),
    DiskBus.NVME: ("nvme",),
    DiskBus.SATA: ("ahci",),
    DiskBus.IDE: ("ata_piix",),
}
_NETWORK_DRIVERS: dict[NetworkCard, tuple[str, ...]] = {
    NetworkCard.VIRTIO: ("virtio_net",),
    NetworkCard.E1000E: ("e1000e",),
    NetworkCard.E1000: ("e1000",),
    NetworkCard.VMXNET3: ("vmxnet3",),
    NetworkCard.RTL8139: ("8139cp", "8139too"),
}
_BUSES = {
    Generation.V1: (DiskBus.VIRTIO, DiskBus.IDE, DiskBus.SATA, DiskBus.NVME, DiskBus.VIRTIO_SCSI),
    Generation.V2: (DiskBus.VIRTIO, DiskBus.NVME, DiskBus.SATA, DiskBus.IDE, DiskBus.VIRTIO_SCSI),
}
# What every Windows since 8 brings drivers for; Windows Setup's own media know no virtio.
_WINDOWS_BUSES = {
    Generation.V1: (DiskBus.IDE, DiskBus.SATA, DiskBus.NVME),
    Generation.V2: (DiskBus.SATA, DiskBus.NVME, DiskBus.IDE),
}
CLOUDS_LACK = (DiskBus.NVME,)  # what machines in an OpenStack cloud cannot have
_FALLBACK_LOADER = "efi/boot/bootx64.efi"  # UEFI specification 2.10, section 3.5.1.1
# The first of these that a disk has is what its system's own boot entry would start.
_LOADERS = ("shimx64.efi", "bootmgfw.efi", "grubx64.efi", "systemd-bootx64.efi")


def fitting_hardware(traits: ImageTraits, findings: Findings | None, *, lacks: Collection[DiskBus] = ()) -> Hardware:
    """The hardware that a machine of this image gets at first; what it knows nothing of is as for most images.

    Without findings, or where its drivers could not be read, Linux gets virtio and another bus after a start that found no
    root (`other_buses`).
    """
    is_windows = traits.os_type is OsType.WINDOWS
    secure = traits.wants_trusted_launch and traits.generation is Generation.V2
    drivers = None if findings is None else findings.drivers
    network_drivers = None if findings is None else findings.network_drivers
    buses = disk_buses(traits, secure_boot=secure, lacks=lacks)
    return Hardware(
        disk_bus=_first_driven(buses, _DISK_DRIVERS, None if is_windows else drivers),
        network_card=_network_card(is_windows, network_drivers),
        secure_boot=secure,
        tpm=secure,
        local_clock=is_windows,
        loader=missing_loader(findings) if traits.generation is Generation.V2 and findings is not None else "",
    )


def cloud_hardware(known: Hardware | None, traits: ImageTraits, findings: Findings | None) -> Hardware:
    """The hardware of a machine in a cloud: what is `known` to start the image, or fits it, as far as clouds have that.

    Their firmware keeps nothing, not even from one start to the next: only a loader in the usual place is started.
    """
    fitting = fitting_hardware(traits, findings, lacks=CLOUDS_LACK)
    chosen = known or fitting
    is_looked_into = traits.generation is Generation.V2 and findings is not None
    return replace(
        chosen,
        disk_bus=fitting.disk_bus if chosen.disk_bus in CLOUDS_LACK else chosen.disk_bus,
        loader=fitting.loader if is_looked_into else chosen.loader,
        firmware_variables=(),
    )


def disk_buses(traits: ImageTraits, *, secure_boot: bool, lacks: Collection[DiskBus] = ()) -> tuple[DiskBus, ...]:
    """The buses that a machine of this image may have, the likeliest first.

    IDE needs the older machine type, for which there is no firmware with Secure Boot.
    """
    buses = (_WINDOWS_BUSES if traits.os_type is OsType.WINDOWS else _BUSES)[traits.generation]
    return tuple(bus for bus in buses if bus not in lacks and not (secure_boot and bus is DiskBus.IDE))


def other_hardware(
    traits: ImageTraits, held: Hardware, tried: Iterable[DiskBus], *, lacks: Collection[DiskBus] = ()
) -> Hardware | None:
    """The hardware to try after starts that found no root disk on the buses `tried`; None where each was tried once."""
    buses = disk_buses(traits, secure_boot=held.secure_boot, lacks=lacks)
    left = [bus for bus in buses if bus not in {*tried, held.disk_bus}]
    return replace(held, disk_bus=left[0]) if left else None


def missing_loader(findings: Findings) -> str:
    """The UEFI program that needs a boot entry, because the disk has none where firmware looks by itself; else empty."""
    if any(path.lower() == _FALLBACK_LOADER for path in findings.efi_programs):
        return ""
    named = {path.rsplit("/", 1)[-1].lower(): path for path in reversed(findings.efi_programs)}
    known = next((named[name] for name in _LOADERS if name in named), "")
    return known or next(iter(findings.efi_programs), "")


def _network_card(is_windows: bool, drivers: tuple[str, ...] | None) -> NetworkCard:
    if is_windows:
        return NetworkCard.E1000E
    return _first_driven(tuple(NetworkCard), _NETWORK_DRIVERS, drivers)


def _first_driven(
    choices: Sequence[Choice], drivers_of: Mapping[Choice, tuple[str, ...]], drivers: tuple[str, ...] | None
) -> Choice:
    """The first choice that one of the drivers is for; the first of all where drivers are unknown, or are for none."""
    if drivers is None:
        return choices[0]
    return next((each for each in choices if set(drivers_of[each]) & set(drivers)), choices[0])
