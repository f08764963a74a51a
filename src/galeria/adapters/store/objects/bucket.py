"""The objects of a region's store: an object that was put is whole and durable, or absent.

Paths are plain ASCII words separated by "/". Errors are OutOfSpace, StoreUnavailable and Corrupt.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import MemoryStore

from galeria.adapters.store.leftovers import Leftover
from galeria.adapters.store.objects.cloud_store import open_cloud_store
from galeria.adapters.store.objects.directory_bucket import DirectoryBucket
from galeria.adapters.store.objects.object_bucket import ObjectBucket
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.objects.stored_object import StoredObject
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.regions import BY_ENVIRONMENT, BucketAccess


class Bucket(Protocol):
    @property
    def staging(self) -> Path:
        """A local directory for unfinished files, from which `put_file` takes them."""
        ...

    @property
    def readers(self) -> int:
        """The number of threads that should read at the same time."""
        ...

    def read(self, path: str, start: int, length: int) -> memoryview:
        """Return exactly `length` bytes from `start`. Raises Corrupt where the object is gone or too short."""
        ...

    def find(self, path: str) -> bytes | None:
        """Return the whole object, None where there is none."""
        ...

    def has(self, path: str) -> bool: ...

    def put(self, path: str, data: bytes) -> None: ...

    def put_file(self, path: str, staged: Path) -> None:
        """Make the staged file the object; the staged file is gone afterwards."""
        ...

    @property
    def orphan_seconds(self) -> float:
        """How old a pack must be that nobody refers to before it is removed.

        A file lock holds back every writer of a directory. A cloud's writer may be cut off with a request on its way.
        """
        ...

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield each object under the directory `prefix`."""
        ...

    def delete(self, path: str) -> None:
        """Delete the object; one that does not exist counts as deleted."""
        ...

    def leftovers(self) -> list[Leftover]:
        """Return files left by writers that crashed. Must be called only while no writer works."""
        ...


def open_bucket(url: str, *, region: str, staging: Path, access: BucketAccess = BY_ENVIRONMENT) -> Bucket:
    """Open the bucket at `url`: file:///directory (created where missing), s3://, gs://, az://, or memory:// for tests.

    `staging` is a local directory of the region for all kinds but directories, which stage within themselves. What `access`
    leaves out comes from the environment, as for each cloud's own tools. Nothing is asked of a cloud yet. Raises Invalid for
    an unknown kind.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return DirectoryBucket(Path(unquote(parts.path)), region=region)
    with translated_errors(region, Message("making its staging directory")):
        staging.mkdir(parents=True, exist_ok=True)
    try:
        store = MemoryStore() if parts.scheme == "memory" else open_cloud_store(url, access)
    except (OSError, ValueError, BaseError) as error:
        raise Invalid(
            Message(
                "Region {region} names the store {url}, which cannot be opened: {error}",
                region=region,
                url=url,
                error=str(error).splitlines()[0],
            ),
            hint=Message("Use file:///directory, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix."),
            target=region,
        ) from error
    return ObjectBucket(store, region=region, url=url, staging=staging)
