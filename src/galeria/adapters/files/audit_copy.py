"""The copy of the audit log: a file with one JSON object to a line, to which lines are only added.

{"number": 1, "hash": "…", "id": "…", "at": "2026-11-30T08:00:00.000000+00:00", "principalId": "…", …}
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from galeria.adapters.files.writing import sync, translated_full_disk
from galeria.domain.audit import AuditEvent, AuditHead, from_fields, to_fields
from galeria.domain.errors import Corrupt, Unavailable
from galeria.domain.messages import Message

_PIECE = 64 << 10  # bytes that are read at once from the end of the file


@dataclass(frozen=True, kw_only=True)
class FileAuditCopy:
    """The copy in one file, which only the service's user can read. A last line without an end was cut by a crash: it counts as
    not written, and the next append replaces it.
    """

    path: Path

    def head(self) -> AuditHead | None:
        try:
            with self.path.open("rb") as file:
                line = _last_line(file, _whole(file))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(error) from error
        if not line:
            return AuditHead()
        event = self._event(line)
        return AuditHead(number=event.number or 0, hash=event.hash)

    def entries(self, *, after: int = 0) -> Iterator[AuditEvent]:
        try:
            with self.path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        return
                    event = self._event(line)
                    if (event.number or 0) > after:
                        yield event
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable(error) from error

    def append(self, events: Sequence[AuditEvent]) -> None:
        lines = b"".join(_line(each) for each in events)
        try:
            with translated_full_disk(Message("The disk that keeps the copy of the activity log is full.")):
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                with os.fdopen(descriptor, "r+b", buffering=0) as file:
                    end = _whole(file)
                    file.truncate(end)
                    file.seek(end)
                    file.write(lines)
                    sync(file.fileno())
        except OSError as error:
            raise self._unavailable(error) from error

    def _event(self, line: bytes) -> AuditEvent:
        try:
            fields = json.loads(line)
            event = from_fields(fields)
            event.number, event.hash = int(fields["number"]), str(fields["hash"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Corrupt(
                Message("A line of the activity log's copy in {path} cannot be read.", path=str(self.path)),
                hint=Message("Move the file away and keep it: the running service then writes a new copy."),
            ) from error
        return event

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(
            Message(
                "The copy of the activity log in {path} cannot be used: {error}.",
                path=str(self.path),
                error=error.strerror or str(error),
            ),
            hint=Message("Correct 'copy' in the part [audit] of galeria.toml, or the folder's rights."),
        )


def _line(event: AuditEvent) -> bytes:
    fields = {"number": event.number, "hash": event.hash, **to_fields(event)}
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _whole(file: BinaryIO) -> int:
    """Return how many bytes from the beginning are whole lines."""
    start = end = file.seek(0, os.SEEK_END)
    while start:
        start = max(0, start - _PIECE)
        file.seek(start)
        found = file.read(min(_PIECE, end - start)).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _last_line(file: BinaryIO, end: int) -> bytes:
    """Return the line that ends at `end`, without its end; b"" for an empty file."""
    line, start = b"", max(0, end - 1)
    while start:
        begin = max(0, start - _PIECE)
        file.seek(begin)
        piece = file.read(start - begin)
        found = piece.rfind(b"\n")
        line = piece[found + 1 :] + line
        if found >= 0:
            break
        start = begin
    return line
