"""Where a region keeps its objects: whatever is put there is whole and durable, or absent.

Paths inside are plain ASCII words separated by "/". Errors come out as OutOfSpace, StoreUnavailable and Corrupt.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import obstore.store
from obstore.exceptions import BaseError

from galeria.adapters.store.leftovers import Leftover
from galeria.adapters.store.objects.directory_bucket import DirectoryBucket
from galeria.adapters.store.objects.object_bucket import ObjectBucket
from galeria.adapters.store.objects.store_errors import told
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message


class Bucket(Protocol):
    @property
    def staging(self) -> Path:
        """A local directory for files in the making; `put_file` takes them from here."""
        ...

    @property
    def readers(self) -> int:
        """How many threads reading at once use it well."""
        ...

    def read(self, path: str, start: int, length: int) -> memoryview:
        """Exactly `length` bytes from `start`. Raises Corrupt where the object is gone or too short."""
        ...

    def find(self, path: str) -> bytes | None:
        """The whole object."""
        ...

    def has(self, path: str) -> bool: ...

    def put(self, path: str, data: bytes) -> None: ...

    def put_file(self, path: str, staged: Path) -> None:
        """Make the staged file the object; the staged file is gone afterwards."""
        ...

    def objects(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(path, size in bytes) of each object under the directory `prefix`."""
        ...

    def delete(self, path: str) -> None:
        """An object that is not there counts as deleted."""
        ...

    def leftovers(self) -> list[Leftover]:
        """What writers that died have left; to be asked only while no writer is at work."""
        ...


def open_bucket(url: str, *, region: str, staging: Path) -> Bucket:
    """The bucket at `url`: file:///directory (made when missing), s3://, gs://, az://, or memory:// for tests.

    `staging` is a local directory of the region's own, used by all but directories, which stage inside themselves.
    Credentials come from the environment, as each cloud's own tools read them. Raises Invalid for an unknown kind.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return DirectoryBucket(Path(unquote(parts.path)), region=region)
    with told(region, Message("making its staging directory")):
        staging.mkdir(parents=True, exist_ok=True)
    try:
        store = obstore.store.from_url("memory:///" if parts.scheme == "memory" else url)
    except (ValueError, BaseError) as error:
        raise Invalid(
            Message(
                "Region {region} names the store {url}, which cannot be opened: {error}",
                region=region,
                url=url,
                error=str(error).splitlines()[0],
            ),
            hint=Message(
                "Use file:///directory, s3://bucket/prefix, gs://bucket/prefix or az://account/container/prefix."
            ),
            target=region,
        ) from error
    return ObjectBucket(store, region=region, staging=staging)
