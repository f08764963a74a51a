"""A bucket through obstore: S3, Azure Blob Storage, Google Cloud Storage, or memory."""

from collections.abc import Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from galeria.adapters.store.leftovers import Leftover, files_in
from galeria.adapters.store.objects.directory_bucket import missing_object
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.messages import Message

_PART = 8 * 1024 * 1024
"""Bytes of one part of a multipart upload; S3 wants at least 5 MiB."""

_READERS = 16
"""Requests in flight: a far bucket answers after some 20 ms, so waiting must overlap; 16 runs of 1 MiB stay small."""


class ObjectBucket:
    """A cloud bucket. Parts of uploads that a crash leaves there are removed by the bucket's own life-cycle rule."""

    def __init__(self, store: ObjectStore, *, region: str, staging: Path) -> None:
        self._store, self._region, self._staging = store, region, staging

    @property
    def staging(self) -> Path:
        return self._staging

    @property
    def readers(self) -> int:
        return _READERS

    def read(self, path: str, start: int, length: int) -> memoryview:
        with translated_errors(self._region, Message("reading {path}", path=path)):
            try:
                data = memoryview(obstore.get_range(self._store, path, start=start, length=length))
            except FileNotFoundError as error:
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
                return None

    def has(self, path: str) -> bool:
        with translated_errors(self._region, Message("looking for {path}", path=path)):
            try:
                obstore.head(self._store, path)
            except FileNotFoundError:
                return False
            return True

    def put(self, path: str, data: bytes) -> None:
        with translated_errors(self._region, Message("writing {path}", path=path)):
            obstore.put(self._store, path, data)

    def put_file(self, path: str, staged: Path) -> None:
        with translated_errors(self._region, Message("publishing {path}", path=path)):
            obstore.put(self._store, path, staged, chunk_size=_PART)
            staged.unlink()

    def objects(self, prefix: str) -> Iterator[tuple[str, int]]:
        with translated_errors(self._region, Message("listing {prefix}", prefix=prefix)):
            for some in obstore.list(self._store, prefix):
                for found in some:
                    yield found["path"], found["size"]

    def delete(self, path: str) -> None:
        with translated_errors(self._region, Message("deleting {path}", path=path)):
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    def leftovers(self) -> list[Leftover]:
        with translated_errors(self._region, Message("looking for leftovers")):
            return list(files_in(self._staging))
