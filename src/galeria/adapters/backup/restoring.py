"""Brings a backup back into an empty data directory, and only where all of it is whole."""

import contextlib
import gzip
import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from galeria.adapters.backup.contents import LIST, STATE, Contents, no_backup
from galeria.adapters.db.migrate import is_known_revision
from galeria.adapters.settings_file import FILE_NAME
from galeria.domain.errors import Conflict, Corrupt, NotFound, Unavailable
from galeria.domain.messages import Message
from galeria.domain.serving.backups import Backup

PIECE = 1024 * 1024
LONGEST_LIST = 1024 * 1024  # bytes
BEFORE = (FILE_NAME, "regions")  # settings of a package, and stores that were brought back first
KEPT = f"{FILE_NAME}.before-restore"


def restore_backup(file: Path, data: Path) -> Backup:
    """Write what the backup holds into `data`, which has only settings and stores, if anything; those settings are kept.

    Raises NotFound without the file, Conflict where `data` has an installation or a newer Galeria wrote the backup, Invalid for
    what is no backup, Corrupt where a file in it is not what its list says, and Unavailable. Then nothing was changed.
    """
    if not file.is_file():
        raise NotFound(Message("There is no file {file}.", file=str(file)), hint=Message("Look for its name."))
    _require_empty(data)
    is_new = not data.exists()
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    try:
        with _translated(), tempfile.TemporaryDirectory(prefix=".restoring-", dir=data) as folder:
            contents = _unpack_whole(file, Path(folder))
            _place(Path(folder), contents, data)
    except BaseException:
        if is_new:
            data.rmdir()
        raise
    return Backup(
        file=file,
        created_at=contents.created_at,
        version=contents.version,
        revision=contents.revision,
        installation=contents.installation,
        names=tuple(contents.digests),
        size=file.stat().st_size,
        elsewhere=contents.elsewhere,
    )


def _unpack_whole(file: Path, folder: Path) -> Contents:
    with tarfile.open(file, mode="r:gz") as archive:
        contents = _read_list(archive)
        _require_known(contents)
        _unpack(archive, contents, folder)
    _require_whole(folder / STATE)
    return contents


def _place(folder: Path, contents: Contents, data: Path) -> None:
    """Move everything to its place, the database last: without it there is no installation."""
    for name in sorted(contents.digests, key=lambda name: name == STATE):
        target = data / name
        if name == FILE_NAME and target.exists():
            shutil.copyfile(target, data / KEPT)
            shutil.copyfile(folder / name, target)  # which may be a link, as Debian's package makes one
            continue
        _ensure_folder(target.parent, data)
        (folder / name).replace(target)


def _require_empty(data: Path) -> None:
    others = sorted(each.name for each in data.iterdir() if each.name not in BEFORE) if data.exists() else []
    if others:
        raise Conflict(
            Message("{data} is not empty: it has {others}.", data=str(data), others=others[:3]),
            hint=Message("Name a folder that is empty, or has only stores. Nothing was changed."),
        )


def _read_list(archive: tarfile.TarFile) -> Contents:
    first = archive.next()
    if first is None or first.name != LIST or not first.isreg() or first.size > LONGEST_LIST:
        raise no_backup()
    content = archive.extractfile(first)
    return Contents.from_json(content.read() if content else b"")


def _require_known(contents: Contents) -> None:
    if STATE not in contents.digests:
        raise no_backup()
    if not is_known_revision(contents.revision):
        raise Conflict(
            Message("Galeria {version}, which wrote this backup, is newer than this one.", version=contents.version),
            hint=Message("Install that version, and restore with it. Nothing was changed."),
        )


def _unpack(archive: tarfile.TarFile, contents: Contents, folder: Path) -> None:
    waiting = dict(contents.digests)
    while (member := archive.next()) is not None:
        digest = waiting.pop(member.name, None)
        content = archive.extractfile(member) if member.isreg() else None
        if digest is None or content is None:
            raise no_backup()
        if _write(content, folder / member.name, folder) != digest:
            raise Corrupt(
                Message("{name} in the backup is not what was written.", name=member.name),
                hint=Message("Take another backup. Nothing was restored."),
            )
    if waiting:
        raise no_backup()


def _write(content: IO[bytes], target: Path, folder: Path) -> str:
    """Write a file that only its owner can read; return its SHA-256."""
    _ensure_folder(target.parent, folder)
    hashed = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := content.read(PIECE):
            hashed.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return hashed.hexdigest()


def _ensure_folder(folder: Path, top: Path) -> None:
    if folder != top:
        _ensure_folder(folder.parent, top)
        folder.mkdir(exist_ok=True, mode=0o700)


def _require_whole(state: Path) -> None:
    with contextlib.closing(sqlite3.connect(state)) as connection:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise Corrupt(
            Message("The database {file} is damaged: {found}.", file=str(state), found=str(found)),
            hint=Message("Take another backup. Nothing was restored."),
        )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, sqlite3.DatabaseError) as error:
        raise no_backup() from error
    except OSError as error:
        raise Unavailable(
            Message("The backup could not be restored: {error}.", error=str(error)),
            hint=Message("Look at the disk and at who may write there, then run it again."),
        ) from error
