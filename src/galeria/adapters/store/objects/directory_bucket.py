"""A directory as a bucket: an object is staged within it, synced, renamed into place, and its directory synced.

It uses plain file calls instead of obstore's LocalStore, which never syncs, lists 14 times slower (measured) and reports a
full disk only as text. Files that LocalStore left after a crash (NAME#1) are still found and removed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from galeria.adapters.store.leftovers import Leftover, files_in
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.objects.stored_object import StoredObject
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message

_STAGING = "staging"
_UNFINISHED = re.compile(r"#\d+$")


class DirectoryBucket:
    def __init__(self, root: Path, *, region: str) -> None:
        self._root, self._region = root, region
        with translated_errors(region, Message("making its directory")):
            if not root.is_dir():  # one that an administrator created keeps its permissions
                root.mkdir(parents=True, exist_ok=True)
                root.chmod(0o700)  # images are not for every account of this host
            self.staging.mkdir(exist_ok=True)

    @property
    def staging(self) -> Path:
        # On the same file system as the objects, so that publishing renames and copies nothing.
        return self._root / _STAGING

    @property
    def readers(self) -> int:
        return os.cpu_count() or 1

    @property
    def orphan_seconds(self) -> float:
        return 0.0

    def read(self, path: str, start: int, length: int) -> memoryview:
        with translated_errors(self._region, Message("reading {path}", path=path)):
            try:
                handle = os.open(self._root / path, os.O_RDONLY)
            except FileNotFoundError as error:
                raise missing_object(self._region, path) from error
            try:
                data = os.pread(handle, length, start)
            finally:
                os.close(handle)
        if len(data) != length:
            raise missing_object(self._region, path)
        return memoryview(data)

    def find(self, path: str) -> bytes | None:
        with translated_errors(self._region, Message("reading {path}", path=path)):
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        with translated_errors(self._region, Message("looking for {path}", path=path)):
            return (self._root / path).exists()

    def put(self, path: str, data: bytes) -> None:
        staged = self.staging / uuid4().hex
        try:
            with translated_errors(self._region, Message("writing {path}", path=path)):
                staged.write_bytes(data)
            self.put_file(path, staged)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise

    def put_file(self, path: str, staged: Path) -> None:
        target = self._root / path
        with translated_errors(self._region, Message("publishing {path}", path=path)):
            _sync(staged)
            if not target.parent.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync(target.parent.parent)
                _sync(self._root)
            staged.replace(target)
            _sync(target.parent)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        with translated_errors(self._region, Message("listing {prefix}", prefix=prefix)):
            for directory, _, names in os.walk(self._root / prefix, onerror=_raise_unless_missing):
                for name in names:
                    if not _UNFINISHED.search(name):
                        path = Path(directory, name)
                        facts = path.stat()
                        yield StoredObject(
                            path=path.relative_to(self._root).as_posix(), size=facts.st_size, changed=facts.st_mtime
                        )

    def delete(self, path: str) -> None:
        with translated_errors(self._region, Message("deleting {path}", path=path)):
            (self._root / path).unlink(missing_ok=True)

    def leftovers(self) -> list[Leftover]:
        with translated_errors(self._region, Message("looking for leftovers")):
            found = list(files_in(self.staging))
            for directory, _, names in os.walk(self._root, onerror=_raise_unless_missing):
                paths = (Path(directory, name) for name in names if _UNFINISHED.search(name))
                found += [Leftover(path=path, size=path.stat().st_size) for path in paths]
        return found


def missing_object(region: str, path: str) -> Corrupt:
    """Return the error for an object that is gone or shorter than the index says."""
    return Corrupt(
        Message("The store of region {region} lost {path} or a part of it.", region=region, path=path),
        hint=Message(
            "Verify region {region} to learn which image versions are hit, and replicate them again from another.",
            region=region,
        ),
        target=region,
    )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
