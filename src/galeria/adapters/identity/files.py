"""Small private files that are written whole or not at all: after a crash they have the old content or the new one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def ensure_private_folder(folder: Path) -> None:
    """Create the folder where it is missing, and let only its owner enter it. Raises Unavailable."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise _unusable(folder, error) from error


def write_private(path: Path, data: bytes) -> None:
    """Replace the file by `data`, synced to disk. Raises Unavailable.

    The caller excludes other writers with `locked_folder`, so that the temporary name can be fixed, and a crash leaves only
    one such file.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, error) from error


def find_private(path: Path) -> bytes | None:
    """Return the file's content, None where there is no such file. Raises Unavailable where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Let one process at a time create files in the folder. The kernel releases the lock when the process ends."""
    try:
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, without which a rename does not survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        Message("'{path}' cannot be used: {reason}.", path=str(path), reason=str(error.strerror)),
        hint=Message("Let the account that runs Galeria own this folder, and see that its disk has room."),
    )
