"""Changes of a machine's disk before its first start, as under libvirt: worked out by the small system, written, and sent."""

from contextlib import closing
from pathlib import Path

from galeria.adapters.engine.nbd_source import open_writable
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.adapters.openstack.images import CloudImage, CloudImages, Kind
from galeria.adapters.openstack.work_files import work_folder
from galeria.domain.labs.disk_changes import DiskChanges


def prepare_disk(
    images: CloudImages,
    source: CloudImage,
    machine: str,
    changes: DiskChanges,
    *,
    work: Path,
    changer: ApplianceDiskChanger,
) -> tuple[str, ...]:
    """Change a copy of `source` and send it as the machine's own disk; return the accounts that this has closed.

    An own disk that the machine had before is removed once the new one is whole. Raises MachineFailed where nothing changed.
    """
    with work_folder(work) as folder:
        disk = folder / "disk.qcow2"
        images.fetch(source, disk)
        with open_writable(disk) as opened, closing(opened.writer()) as writer:
            outcome = changer.work_out(opened, changes)
            for place, content in outcome.blocks:
                writer.write(place, content)
            writer.flush()
        earlier = own_disks(images, machine)
        images.add(Kind.DISK, f"galeria disk {machine}", disk, format="qcow2", machine=machine, size=_size(source))
    for each in earlier:
        images.remove(each.id)
    return outcome.closed


def own_disks(images: CloudImages, machine: str) -> list[CloudImage]:
    """Return the machine's own disks, the oldest first; those that were cut off are removed."""
    found = images.all(kind=Kind.DISK, machine=machine)
    for each in found:
        if not each.is_whole:
            images.remove(each.id)
    return [each for each in found if each.is_whole]


def _size(image: CloudImage) -> str:
    return str(image.properties["galeria_size"])
