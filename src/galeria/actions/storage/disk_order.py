"""The order of the disks of versions and managed images: data disks come back as they were sent last."""

from collections.abc import Iterable, Sequence

from galeria.domain.images.galleries import OS_DISK, VersionDisk
from galeria.domain.images.storage import ManagedImageDisk


def disk_positions(luns: Iterable[int]) -> dict[int, int]:
    """Returns by LUN the place of each disk: that of the OS disk, then those of the others as they come."""
    data_disks = [lun for lun in luns if lun != OS_DISK]
    return {OS_DISK: OS_DISK} | {lun: position for position, lun in enumerate(data_disks)}


def reorder_disks(disks: Sequence[VersionDisk | ManagedImageDisk], order: Sequence[int]) -> None:
    """Gives disks that are there the order in which they were named last; those that were not named follow."""
    held = {disk.lun: disk for disk in disks}
    named = [lun for lun in order if lun in held]
    if named:
        for lun, position in disk_positions(dict.fromkeys((*named, *held))).items():
            held[lun].position = position
