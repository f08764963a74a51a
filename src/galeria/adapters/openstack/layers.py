"""Sealed layers of a machine in a cloud: snapshots in Glance, which are downloaded to be read.

Nova makes a snapshot whole, not as a difference: an export reads all of it here, and the store keeps the chunks that are new.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from galeria.adapters.disks.free_room import require_room
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.openstack.cache import get_base
from galeria.adapters.openstack.images import CloudImage, CloudImages, Kind
from galeria.adapters.openstack.servers import Server, Servers
from galeria.adapters.openstack.waiting import until
from galeria.adapters.openstack.work_files import work_folder
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import MachineFailed, NotFound
from galeria.domain.messages import Message
from galeria.ports.disks import DiskSource

SNAPSHOT_SECONDS = 3600.0


class CloudLayers:
    """The layers of one region's machines."""

    def __init__(self, images: CloudImages, servers: Servers, *, work: Path, margin: DiskMargin) -> None:
        self._images, self._servers, self._work, self._margin = images, servers, work, margin

    def seal(self, machine: str, layer: str, server: Server) -> None:
        """Make a snapshot of the server's disk, and wait until the cloud has it whole; nothing happens where it has.

        A machine that runs is not frozen: its file systems are as after a power cut. Raises MachineFailed.
        """
        for image in self._images.all(kind=Kind.LAYER, machine=machine, layer=layer):
            if image.is_whole or self._is_in_progress(image, server):
                self._wait(image.id)
                return
            self._images.remove(image.id)
        # Nova writes the properties of the server's image into its snapshots; these say something else.
        labels = self._images.labels(Kind.LAYER, machine=machine, layer=layer, digest="", size="")
        made: dict[str, Any] = self._servers.act(server, "createImage", name=f"galeria layer {layer}", metadata=labels)
        self._wait(str(made["image_id"]))

    def seal_planned(self, machine: str, layer: str, disk: CloudImage) -> None:
        """Let a copy of the disk that a server would be made of be the layer. Raises MachineFailed."""
        if self.has(machine, layer):
            return
        for partial in self._images.all(kind=Kind.LAYER, machine=machine, layer=layer):
            self._images.remove(partial.id)
        with self._fetched(disk) as file:
            self._images.add(
                Kind.LAYER,
                f"galeria layer {layer}",
                file,
                format=str(disk.properties["disk_format"]),
                machine=machine,
                layer=layer,
            )

    def copy_disk(self, server: Server) -> CloudImage:
        """Make the disk of a server that is off an image of the machine's own, and return that. Raises MachineFailed."""
        size = server.disk_bytes or int(get_base(self._images, server.base).properties["galeria_size"])
        labels = self._images.labels(Kind.DISK, machine=server.machine, size=str(size), digest="")
        name = f"galeria disk {server.machine}"
        made: dict[str, Any] = self._servers.act(server, "createImage", name=name, metadata=labels)
        self._wait(str(made["image_id"]))
        return self._images.get(str(made["image_id"]))

    @contextmanager
    def opened(self, machine: str, layer: str) -> Iterator[DiskSource]:
        """Download the layer and open it. Raises NotFound."""
        image = self._get(machine, layer)
        with self._fetched(image) as file, open_image(file, str(image.properties["disk_format"])) as disk:
            yield disk

    def has(self, machine: str, layer: str) -> bool:
        return any(each.is_whole for each in self._images.all(kind=Kind.LAYER, machine=machine, layer=layer))

    def drop(self, machine: str, needed: Callable[[], Collection[str]]) -> int:
        """Remove the layers that nobody needs, and return how many. Each is whole, so that none needs another."""
        found = [each for each in self._images.all(kind=Kind.LAYER, machine=machine) if each.is_whole]
        kept = needed() if found else ()
        gone = [each for each in found if each.properties["galeria_layer"] not in kept]
        for each in gone:
            self._images.remove(each.id)
        return len(gone)

    @contextmanager
    def _fetched(self, image: CloudImage) -> Iterator[Path]:
        with work_folder(self._work) as folder:
            require_room(folder, int(image.properties.get("size") or 0), self._margin)
            file = folder / "disk"
            self._images.fetch(image, file)
            yield file

    def _get(self, machine: str, layer: str) -> CloudImage:
        found = [each for each in self._images.all(kind=Kind.LAYER, machine=machine, layer=layer) if each.is_whole]
        if not found:
            raise NotFound(
                Message("The machine's disk has no sealed layer '{layer}'.", layer=layer),
                hint=Message("Seal the disk first."),
            )
        return found[0]

    def _is_in_progress(self, image: CloudImage, server: Server) -> bool:
        return image.status in {"queued", "saving"} and server.task.startswith("image_")

    def _wait(self, id: str) -> None:
        def is_settled() -> bool:
            return self._images.get(id).status not in {"queued", "saving"}

        try:
            until(is_settled, SNAPSHOT_SECONDS, Message("the snapshot of a machine's disk"))
            whole = self._images.get(id).is_whole
        except NotFound:  # Nova removes one that failed
            whole = False
        if not whole:
            raise MachineFailed(
                Message("The cloud could not make a snapshot of the machine's disk."),
                hint=Message("Try again; look whether the project's quota for images is used up."),
            )
