"""The bases of a region in Glance: each version's disk is sent there once, and all machines on it share it."""

import threading
from pathlib import Path

from galeria.adapters.bases.whole_bases import WholeBases
from galeria.adapters.disks.free_room import require_room
from galeria.adapters.openstack.images import CloudImage, CloudImages, Kind
from galeria.adapters.openstack.work_files import work_folder
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress
from galeria.programs import run

CONVERT_SECONDS = 24 * 3600.0


class GlanceCache(WholeBases):
    """The `ImageCache` of one region. Disks pass through a folder of this host on their way, and nothing stays there."""

    def __init__(self, images: CloudImages, *, work: Path, margin: DiskMargin) -> None:
        self._images, self._work, self._margin = images, work, margin
        self._lock = threading.Lock()

    def has_base(self, region: str, digest: Digest) -> bool:
        return find_base(self._images, digest) is not None

    def ensure_base(
        self, region: str, digest: Digest, store: ImageStore, *, progress: Progress, own: ImageStore | None = None
    ) -> None:
        """Restore the disk, check it, and send it to the cloud as qcow2, where holes cost nothing.

        Whoever was cut off leaves an image without content there, which is removed. Two workers that do the same at once
        leave two bases of the same bytes; the older one is used, and both are removed together.
        """
        with self._lock:
            if self.has_base(region, digest):
                return
            for partial in self._of(digest):
                self._images.remove(partial.id)
            facts = store.get_manifest(digest)
            with work_folder(self._work) as folder:
                require_room(folder, 2 * facts.data_bytes, self._margin)  # of the raw file and of the one that is sent
                raw, sent = folder / "base.raw", folder / "base.qcow2"
                store.restore(digest, raw, progress=progress)
                run(
                    ["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, sent],
                    timeout=CONVERT_SECONDS,
                )
                raw.unlink()
                self._images.add(
                    Kind.BASE,
                    f"galeria base {digest[:16]}",
                    sent,
                    format="qcow2",
                    progress=progress,
                    digest=digest,
                    size=str(facts.size),
                )

    def remove_base(self, region: str, digest: Digest) -> None:
        for image in self._of(digest):
            self._images.remove(image.id)

    def bases(self, region: str) -> list[Digest]:
        """Also of those that whoever sent them was cut off at: they take room, too."""
        return sorted({str(each.properties["galeria_digest"]) for each in self._images.all(kind=Kind.BASE)})

    def _of(self, digest: Digest) -> list[CloudImage]:
        return self._images.all(kind=Kind.BASE, digest=digest)


def find_base(images: CloudImages, digest: Digest) -> CloudImage | None:
    """Return the base of that digest, None where the cloud does not have it whole."""
    return next((each for each in images.all(kind=Kind.BASE, digest=digest) if each.is_whole), None)


def get_base(images: CloudImages, digest: Digest) -> CloudImage:
    """Return the base of that digest. Raises MachineFailed where the cloud does not have it."""
    found = find_base(images, digest)
    if found is None:
        raise MachineFailed(
            Message("The image is not in the region's cloud."), hint=Message("Bring it there first, then retry.")
        )
    return found
