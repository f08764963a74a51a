"""Writes a backup beside a running server: the databases as they are at one moment, and what belongs to them."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from galeria.adapters.backup.contents import DATABASES, LIST, STATE, Contents, files_of, named_elsewhere
from galeria.adapters.identity.files import find_private
from galeria.domain.errors import Conflict, Corrupt, NotFound, Unavailable
from galeria.domain.messages import Message
from galeria.domain.serving.backups import Backup

CopyState = Callable[[Path], None]
"""Copies the state from a database that several computers share to a new SQLite file."""


def write_backup(
    data: Path, target: Path, *, now: datetime, version: str, copy_state: CopyState | None = None
) -> Backup:
    """Write a new file that only its owner can read. `version` is that of this program.

    Where the state is in no file of the data directory, `copy_state` gets it.

    Raises NotFound where nothing was ever served from `data`, Conflict where the file is there already, Corrupt for a damaged
    database, and Unavailable where something cannot be read or written. Whatever it raises, no half file stays.
    """
    if copy_state is None and not (data / STATE).is_file():
        raise NotFound(
            Message("There is no installation in {data}.", data=str(data)),
            hint=Message("Name its data directory with --data."),
        )
    if target.exists():
        raise Conflict(
            Message("There is a file {file} already.", file=str(target)), hint=Message("Choose another name.")
        )
    with _translated(target), tempfile.TemporaryDirectory(prefix=".galeria-backup-", dir=target.parent) as folder:
        return _write(data, target, Path(folder), now=now, version=version, copy_state=copy_state)


def _write(
    data: Path, target: Path, folder: Path, *, now: datetime, version: str, copy_state: CopyState | None
) -> Backup:
    names, left_out = files_of(data)
    elsewhere = named_elsewhere(data)
    if copy_state is not None:  # operations under way begin anew after it is brought back
        copy_state(_placed(folder, STATE))
        names.append(STATE)
    for name in DATABASES if copy_state is None else ():
        if (data / name).is_file():  # a server without a worker has never begun any work
            _copy_database(data / name, _placed(folder, name))
            names.append(name)
    for name in names:
        if name not in DATABASES:
            shutil.copyfile(data / name, _placed(folder, name))
    contents = Contents(
        created_at=now,
        version=version,
        revision=_revision(folder / STATE),
        installation=_installation(data),
        digests={name: _digest(folder / name) for name in sorted(names)},
        elsewhere=elsewhere,
    )
    _pack(folder, contents, folder / "whole")
    os.link(folder / "whole", target)  # fails where somebody else wrote such a file meanwhile
    return Backup(
        file=target,
        created_at=now,
        version=version,
        revision=contents.revision,
        installation=contents.installation,
        names=tuple(contents.digests),
        size=target.stat().st_size,
        left_out=tuple(left_out),
        elsewhere=elsewhere,
    )


def _placed(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _copy_database(source: Path, copy: Path) -> None:
    """Copy what is committed, in one read that holds up no writer."""
    with (
        contextlib.closing(sqlite3.connect(source)) as from_there,
        contextlib.closing(sqlite3.connect(copy)) as to_here,
    ):
        from_there.execute("PRAGMA busy_timeout=30000")
        from_there.backup(to_here)
        # One file, as it is packed: the copy needs no log beside it.
        to_here.execute("PRAGMA journal_mode=DELETE")
        found = to_here.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise Corrupt(
            Message("The database {file} is damaged: {found}.", file=str(source), found=str(found)),
            hint=Message("Keep the last backup that was good, and look at the disk."),
        )


def _revision(state: Path) -> str:
    with contextlib.closing(sqlite3.connect(state)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _installation(data: Path) -> str:
    found = json.loads(find_private(data / "private" / "identity" / "installation.json") or b"{}")
    return str(found["installation"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(folder: Path, contents: Contents, target: Path) -> None:
    """The list comes first, so that whoever reads knows what follows."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            text = contents.to_json()
            archive.addfile(_member(LIST, len(text), contents.created_at), io.BytesIO(text))
            for name in contents.digests:
                with (folder / name).open("rb") as content:
                    size = (folder / name).stat().st_size
                    archive.addfile(_member(name, size, contents.created_at), content)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, size: int, now: datetime) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(now.timestamp())
    return member


@contextlib.contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Conflict(
            Message("There is a file {file} already.", file=str(target)), hint=Message("Choose another name.")
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(
            Message("The backup could not be written: {error}.", error=str(error)),
            hint=Message(
                "Choose a folder that is there, can be written and has room, and run it as the service's account."
            ),
        ) from error
