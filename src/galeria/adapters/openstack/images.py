"""What a region keeps in Glance: bases, machines that never started, their own disks, and sealed layers.

Each image says in properties of its own what it is, so that nothing of it has to be remembered here.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from galeria.adapters.openstack.cloud import Cloud, listed, translated
from galeria.domain.errors import MachineFailed, NotFound
from galeria.domain.messages import Message
from galeria.ports.progress import Progress, unheard

PIECE = 1 << 20
PAGE = 1000  # images in one answer: the most that Glance gives, unless its settings say less; without it, 25
STORE_SECONDS = 1800.0  # that Glance may take from the last byte until its own store has them all
_PATCH = "application/openstack-images-v2.1-json-patch"


class Kind(StrEnum):
    """What an image is to Galeria."""

    BASE = "base"  # a version's disk, shared by all machines on it
    MACHINE = "machine"  # one that never started: its content is what it is given at its first boot
    DISK = "disk"  # one machine's own, prepared before its first start
    LAYER = "layer"  # a snapshot of a machine's disk


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudImage:
    """An image of this installation. Its status is Glance's."""

    id: str
    kind: Kind
    status: str
    created_at: str
    properties: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        return self.status == "active"

    @property
    def machine(self) -> str:
        return str(self.properties.get("galeria_machine", ""))


class CloudImages:
    """The images of one region of one installation."""

    def __init__(self, cloud: Cloud, *, installation: str, region: str) -> None:
        self._cloud, self._installation, self._region = cloud, installation, region

    def all(self, **properties: str) -> list[CloudImage]:
        """Return the images whose own properties have these values, the oldest first."""
        asked = {
            "galeria_installation": self._installation,
            "galeria_region": self._region,
            "sort": "created_at:asc",
            "limit": str(PAGE),
        }
        asked |= {f"galeria_{name}": value for name, value in properties.items()}
        found = listed(self._cloud.image, "/images", "images", asked)
        return [_image(each) for each in found if each["status"] not in ("deleted", "killed")]

    def labels(self, kind: Kind, **properties: str) -> dict[str, str]:
        """Return the properties that say what an image is."""
        own = {f"galeria_{name}": value for name, value in properties.items()}
        return {
            "galeria_installation": self._installation,
            "galeria_region": self._region,
            "galeria_kind": kind.value,
            **own,
        }

    def add(
        self, kind: Kind, name: str, file: Path, *, format: str, progress: Progress = unheard, **properties: str
    ) -> CloudImage:
        """Make an image out of a file; Glance's hash of it must be the file's. Raises MachineFailed; then nothing is left."""
        made = self._cloud.image(
            "POST",
            "/images",
            json={
                "name": name,
                "disk_format": format,
                "container_format": "bare",
                "visibility": "private",
                **self.labels(kind, **properties),
            },
        )
        sent = _CountedFile(file, progress)
        try:
            with sent:
                self._upload(made["id"], sent)
            whole = self.get(made["id"])
            if whole.properties.get("os_hash_value") not in (None, sent.hash):
                raise MachineFailed(
                    Message("The cloud received other bytes of an image than were sent."),
                    hint=Message("Try again; when it happens again, look for a proxy before the cloud."),
                )
        except BaseException:
            self.remove(made["id"])
            raise
        return whole

    def get(self, id: str) -> CloudImage:
        """Return an image as it is now. Raises NotFound."""
        return _image(self._cloud.image("GET", f"/images/{id}"))

    def remove(self, id: str) -> None:
        """Delete an image; a missing one is no error."""
        try:
            self._cloud.image("DELETE", f"/images/{id}")
        except NotFound:
            return

    def relabel(self, image: CloudImage, **properties: str) -> None:
        """Change properties that say what an image is."""
        self.change(
            image,
            [{"op": "replace", "path": f"/galeria_{name}", "value": value} for name, value in properties.items()],
        )

    def change(self, image: CloudImage, changes: list[dict[str, str]]) -> None:
        """Change properties of any name, as RFC 6902 writes changes."""
        self._cloud.image("PATCH", f"/images/{image.id}", data=json.dumps(changes), headers={"Content-Type": _PATCH})

    def content(self, id: str) -> bytes:
        """Return the bytes of a small image."""
        return b"".join(self._pieces(id))

    def fetch(self, image: CloudImage, target: Path) -> None:
        """Bring an image into a file and check its hash. Raises MachineFailed."""
        digest = hashlib.sha512()
        with target.open("wb") as file:
            for piece in self._pieces(image.id):
                digest.update(piece)
                file.write(piece)
        expected = image.properties.get("os_hash_value")
        if expected not in (None, digest.hexdigest()) and image.properties.get("os_hash_algo") == "sha512":
            raise MachineFailed(
                Message("The cloud sent other bytes of an image than it keeps."), hint=Message("Try again.")
            )

    def _pieces(self, id: str) -> Iterator[bytes]:
        with self._cloud.streamed(f"/images/{id}/file") as response, translated(self._cloud.access.name):
            yield from response.iter_content(PIECE)

    def _upload(self, id: str, content: "_CountedFile") -> None:
        self._cloud.image(
            "PUT",
            f"/images/{id}/file",
            data=content,
            headers={"Content-Type": "application/octet-stream", "Accept": ""},
            timeout=STORE_SECONDS,
        )


class _CountedFile:
    """A file that is read to its end once, hashed and counted."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress = path, progress
        self._size, self._hash = path.stat().st_size, hashlib.sha512()

    def __enter__(self) -> "_CountedFile":
        self._file = self._path.open("rb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(PIECE):
            yield piece

    def read(self, count: int = -1) -> bytes:
        piece = self._file.read(count)
        self._hash.update(piece)
        self._progress(done=self._file.tell(), total=self._size)
        return piece

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()


def _image(said: dict[str, Any]) -> CloudImage:
    return CloudImage(
        id=said["id"],
        kind=Kind(said.get("galeria_kind", Kind.LAYER)),
        status=said["status"],
        created_at=said["created_at"],
        properties=said,
    )
