"""What a machine's account may open besides its own files, for as long as its process starts: entries of POSIX ACLs.

Whoever opens a file keeps it. The base image, the folder with the socket of its TPM and the device of KVM are opened at the
start, so that the account is let nothing of them afterwards.
"""

import errno
import fcntl
import logging
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from galeria.adapters.engine.confinement.accounts import Account

log = logging.getLogger(__name__)

READ, WRITE, PASS = 4, 2, 1
_ATTRIBUTE = "system.posix_acl_access"
_HEADER, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")  # linux/posix_acl_xattr.h
_VERSION = 2
_OWNER, _USER, _GROUP, _NAMED_GROUP, _MASK, _OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY = 0xFFFFFFFF

Entry = tuple[int, int, int]  # whom it is about, what it lets, the number of the user or group


@dataclass(frozen=True, slots=True)
class Permit:
    """What an account may do with one file or folder."""

    path: Path
    rights: int
    is_closed: bool = False  # to everybody who has no permit; where the file system has no ACLs, everybody may read it


@contextmanager
def permitted(account: Account, permits: Iterable[Permit]) -> Iterator[None]:
    """Let the account do it meanwhile. Raises OSError where the file system has no ACLs and the path is not to be closed."""
    with ExitStack() as undo:
        for permit in permits:
            _let(permit, account.number)
            undo.callback(_take_back, permit.path, account.number)
        yield


def let(path: Path, number: int, rights: int) -> None:
    """Let the account do it until the path is removed. Where the file system has no ACLs, everybody may."""
    try:
        _change(path, number, rights)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        path.chmod(path.stat().st_mode | rights)


def _let(permit: Permit, number: int) -> None:
    try:
        _change(permit.path, number, permit.rights, is_closed=permit.is_closed)
    except OSError as error:
        if not permit.is_closed or error.errno != errno.ENOTSUP:
            raise
        permit.path.chmod(0o444)


def _take_back(path: Path, number: int) -> None:
    try:
        _change(path, number, 0)
    except OSError as error:  # the path is gone, or has no ACLs
        if error.errno not in (errno.ENOENT, errno.ENOTSUP):
            log.warning("a machine's account keeps a right to %s: %s", path, error)


def _change(path: Path, number: int, rights: int, *, is_closed: bool = False) -> None:
    """Replace the account's entry. Whoever else changes the path's waits."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        entries = changed(_entries(path), number, rights)
        if is_closed:
            entries = [(who, 0 if who in (_GROUP, _OTHERS) else lets, whose) for who, lets, whose in entries]
        os.setxattr(path, _ATTRIBUTE, _written(entries))
    finally:
        os.close(folder)


def changed(entries: Iterable[Entry], number: int, rights: int) -> list[Entry]:
    """Return the entries with what the user with this number may do, and a mask that lets everything that is named."""
    kept = [each for each in entries if each[0] != _MASK and (each[0], each[2]) != (_USER, number)]
    if rights:
        kept.append((_USER, rights, number))
    if any(each[0] in (_USER, _NAMED_GROUP) for each in kept):
        mask = 0
        for who, lets, _ in kept:
            mask |= lets if who in (_USER, _GROUP, _NAMED_GROUP) else 0
        kept.append((_MASK, mask, _NOBODY))
    return sorted(kept, key=lambda each: (each[0], each[2]))


def _entries(path: Path) -> list[Entry]:
    try:
        content = os.getxattr(path, _ATTRIBUTE)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = path.stat().st_mode
        parts = ((_OWNER, mode >> 6), (_GROUP, mode >> 3), (_OTHERS, mode))
        return [(who, lets & 7, _NOBODY) for who, lets in parts]
    return [_ENTRY.unpack_from(content, place) for place in range(_HEADER.size, len(content), _ENTRY.size)]


def _written(entries: Iterable[Entry]) -> bytes:
    return _HEADER.pack(_VERSION) + b"".join(_ENTRY.pack(*each) for each in entries)
