"""A bucket through obstore: S3, Azure Blob Storage, Google Cloud Storage, or memory."""

import time
from collections.abc import Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from galeria.adapters.store.leftovers import Leftover, files_in
from galeria.adapters.store.objects.directory_bucket import missing_object
from galeria.adapters.store.objects.object_failures import ObjectFailure, hint_of, kind_of
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.objects.stored_object import StoredObject
from galeria.domain.errors import StoreUnavailable
from galeria.domain.messages import Message

_PART = 16 * 1024 * 1024
"""Bytes of one part of a multipart upload. A full pack takes four requests: beginning, two parts, and the end."""

_READERS = 16
"""Requests in flight: a far bucket answers after some 20 ms, so waiting must overlap; 16 runs of 1 MiB stay small."""

_ORPHAN_SECONDS = 24 * 3600.0
"""Longer than any request of a writer may be on its way that lost its lease meanwhile."""

_SEEN_SECONDS = 60.0
"""How long a bucket that was there is taken to be there still, when an object is not found in it."""


class ObjectBucket:
    """A cloud bucket. Parts of uploads that a crash leaves there are removed by the bucket's own life-cycle rule.

    Most clouds say of a bucket that is missing what they say of an object: not found. Whoever misses an object here looks for
    the bucket first, so that a wrong name or a deleted bucket never reads as the loss of images. Raises StoreUnavailable then.
    """

    def __init__(self, store: ObjectStore, *, region: str, url: str, staging: Path) -> None:
        self._store, self._region, self._url, self._staging = store, region, url, staging
        self._seen = -_SEEN_SECONDS

    @property
    def staging(self) -> Path:
        return self._staging

    @property
    def readers(self) -> int:
        return _READERS

    @property
    def orphan_seconds(self) -> float:
        return _ORPHAN_SECONDS

    def read(self, path: str, start: int, length: int) -> memoryview:
        with translated_errors(self._region, Message("reading {path}", path=path)):
            try:
                data = memoryview(obstore.get_range(self._store, path, start=start, length=length))
            except FileNotFoundError as error:
                self._require_bucket()
                raise missing_object(self._region, path) from error
            except BaseError as error:
                # Each cloud has its own message, but all name the range when the object ends before it.
                if "range" in str(error).splitlines()[0].lower():
                    raise missing_object(self._region, path) from error
                raise
        if len(data) != length:
            raise missing_object(self._region, path)
        return data

    def find(self, path: str) -> bytes | None:
        with translated_errors(self._region, Message("reading {path}", path=path)):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                self._require_bucket()
                return None

    def has(self, path: str) -> bool:
        with translated_errors(self._region, Message("looking for {path}", path=path)):
            try:
                obstore.head(self._store, path)
            except FileNotFoundError:
                self._require_bucket()
                return False
            return True

    def put(self, path: str, data: bytes) -> None:
        with translated_errors(self._region, Message("writing {path}", path=path)):
            obstore.put(self._store, path, data)

    def put_file(self, path: str, staged: Path) -> None:
        with translated_errors(self._region, Message("publishing {path}", path=path)):
            obstore.put(self._store, path, staged, chunk_size=_PART)
            staged.unlink()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        with translated_errors(self._region, Message("listing {prefix}", prefix=prefix)):
            for some in obstore.list(self._store, prefix):
                for found in some:
                    yield StoredObject(
                        path=found["path"], size=found["size"], changed=found["last_modified"].timestamp()
                    )

    def delete(self, path: str) -> None:
        with translated_errors(self._region, Message("deleting {path}", path=path)):
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:  # Azure says so, S3 only where the bucket is missing
                self._require_bucket()

    def leftovers(self) -> list[Leftover]:
        with translated_errors(self._region, Message("looking for leftovers")):
            return list(files_in(self._staging))

    def _require_bucket(self) -> None:
        if time.monotonic() - self._seen < _SEEN_SECONDS:
            return
        try:
            next(iter(obstore.list(self._store, chunk_size=1)), None)
        except (FileNotFoundError, BaseError) as error:
            if isinstance(error, FileNotFoundError) or kind_of(error) is ObjectFailure.NO_BUCKET:
                raise self._missing_bucket() from error
            raise
        self._seen = time.monotonic()

    def _missing_bucket(self) -> StoreUnavailable:
        return StoreUnavailable(
            Message("The bucket of region {region} does not exist: {url}.", region=self._region, url=self._url),
            hint=hint_of(ObjectFailure.NO_BUCKET, self._region),
            target=self._region,
        )
