"""What belongs into a backup, and the list of it that lies first in the file."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from galeria.adapters.db.database_files import STATE_FILE, WORK_FILE
from galeria.adapters.settings_file import FILE_NAME
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

FORMAT = 1
LIST = "galeria-backup.json"
STATE = f"private/{STATE_FILE}"
WORK = f"private/{WORK_FILE}"
DATABASES = (WORK, STATE)
"""In this order. A step that the second database has the effects of and the first does not yet know runs again, which every
step may; the other way round it would be taken for done."""

IDENTITY = "private/identity"
PRIVATE = ("private/bootstrap.json", "private/activity.jsonl")
LOCK = ".lock"
LARGEST = (
    1024 * 1024
)  # bytes of a file of the administrator's in the data directory, such as settings and their secrets


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The list in a backup: what it is, and the SHA-256 of each file."""

    created_at: datetime
    version: str
    revision: str
    installation: str
    digests: dict[str, str]
    elsewhere: tuple[str, ...]

    def to_json(self) -> bytes:
        """Return the list as it is written."""
        fields = {
            "format": FORMAT,
            "createdAt": self.created_at.isoformat(),
            "version": self.version,
            "revision": self.revision,
            "installation": self.installation,
            "elsewhere": list(self.elsewhere),
            "files": self.digests,
        }
        return json.dumps(fields, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> "Contents":
        """Read the list. Raises Invalid where it is none, of another format, or names what no backup holds."""
        try:
            read = json.loads(text)
            contents = cls(
                created_at=datetime.fromisoformat(read["createdAt"]),
                version=str(read["version"]),
                revision=str(read["revision"]),
                installation=str(read["installation"]),
                digests={str(name): str(digest) for name, digest in read["files"].items()},
                elsewhere=tuple(str(each) for each in read["elsewhere"]),
            )
            is_known = read["format"] == FORMAT and all(belongs(name) for name in contents.digests)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise no_backup() from error
        if not is_known:
            raise no_backup()
        return contents


def files_of(data: Path) -> tuple[list[str], list[str]]:
    """Return the files of an installation besides its databases, and those beside its settings that are too large."""
    beside = [path for path in sorted(data.iterdir()) if path.is_file() and not path.name.endswith(LOCK)]
    keys = [path for path in sorted((data / IDENTITY).iterdir()) if path.is_file() and path.name != LOCK]
    private = [data / name for name in PRIVATE if (data / name).is_file()]
    small = [path.name for path in beside if path.stat().st_size <= LARGEST]
    large = [path.name for path in beside if path.stat().st_size > LARGEST]
    return [*small, *(path.relative_to(data).as_posix() for path in (*keys, *private))], large


def named_elsewhere(data: Path) -> tuple[str, ...]:
    """Return the files outside of the data directory that its settings name, such as a certificate."""
    settings = data / FILE_NAME
    if not settings.is_file():
        return ()
    texts = set(_texts(tomllib.loads(settings.read_text(encoding="utf-8"))))
    whole = sorted(each for each in texts if each.startswith("/") and Path(each).is_file())
    return tuple(each for each in whole if not Path(each).is_relative_to(data.absolute()))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)


def belongs(name: str) -> bool:
    """Return whether a backup may hold a file of that name: a file that somebody changed must not lead elsewhere."""
    path = PurePosixPath(name)
    if name in (*DATABASES, *PRIVATE):
        return True
    return (
        path.as_posix() == name and path.parent.as_posix() in (".", IDENTITY) and path.name not in ("", ".", "..", LOCK)
    )


def no_backup() -> Invalid:
    """Return the error for a file that no `galeria backup` has written."""
    return Invalid(
        Message("This is no backup of Galeria, or it was changed or cut off."),
        hint=Message("Name a file that 'galeria backup' has written."),
    )
