"""Upload files with tus 1.0.0 (tus.io/protocols/resumable-upload): what has arrived is not sent again.

The server knows how much has arrived; only the address of an upload is stored here, so that a later run can continue it.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import Conflict, GaleriaError, Invalid, NotFound, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.local_files import read_json, remove_file, write_private

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 16 << 20  # bytes of one PATCH, which are sent twice when the server crashes before it has synced
BLOCK = 256 << 10  # bytes read from the file at once
PATIENCE = 120.0  # seconds without a new byte at the server, after which this run gives up
_PAUSE = 0.5  # seconds before a broken connection is tried again
# 429, 503: too many requests or senders.
# 409: the server has another offset; 423: an earlier, broken request still locks the upload.
_ASK_AGAIN = {"UploadBusy", "Conflict", "ServerUnreachable", "TooManyRequests", "UploadSlotsTaken", "UploadTooSlow"}

Heard = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all; often."""


@dataclass(frozen=True, kw_only=True)
class _FileStamp:
    """The facts by which a file is recognised as unchanged."""

    size: int  # bytes
    changed: int  # nanoseconds since 1970


class UploadsClient:
    """Uploads files. `memory` is a folder of the person for the addresses of unfinished uploads."""

    def __init__(self, connection: ServerConnection, memory: Path, *, patience: float = PATIENCE) -> None:
        self._connection = connection
        self._memory = memory
        self._patience = patience

    def send(self, file: Path, *, heard: Heard = lambda done, total: None) -> str:
        """Upload the file, and return the upload's id when every byte has arrived.

        Continues an earlier upload of the same unchanged file. Raises Invalid for what is no file, Conflict when it changes
        meanwhile, Unavailable when no byte arrives for `patience` seconds: the same call continues later. The address is
        kept until `forget`.
        """
        stamp = _stamp(file)
        place = self._find_place(file, stamp) or self._new_place(file, stamp)
        last_gain, done = time.monotonic(), -1
        while True:
            try:
                offset = self._offset(place)
                if offset > done:
                    last_gain, done = time.monotonic(), offset
                heard(offset, stamp.size)
                if offset >= stamp.size:
                    break
                self._send_piece(place, file, offset, stamp, heard)
            except GaleriaError as error:
                self._wait_or_raise(error, last_gain)
        if _stamp(file) != stamp:
            self.forget(file)
            raise _changed(file)
        return place.rstrip("/").rsplit("/", 1)[-1]

    def forget(self, file: Path) -> None:
        """Forget the upload, because it was used: the next `send` of this file begins anew."""
        remove_file(self._note(file))

    def remove(self, upload_id: str) -> None:
        """Delete the upload on the server."""
        self._connection.send("DELETE", f"/uploads/{upload_id}", headers=TUS)

    def _wait_or_raise(self, error: GaleriaError, last_gain: float) -> None:
        """Wait a moment after an error that another attempt may overcome; raise any other."""
        if error.code not in _ASK_AGAIN:
            raise error
        if time.monotonic() - last_gain > self._patience:
            raise Unavailable(
                Message(
                    "The upload is stuck: no byte got through for {patience:.0f} seconds. {error}",
                    patience=self._patience,
                    error=error.message,
                ),
                hint=Message("Run the same command again: it continues where it stopped."),
                code="UploadStuck",
            ) from error
        time.sleep(_PAUSE)

    def _send_piece(self, place: str, file: Path, offset: int, stamp: _FileStamp, heard: Heard) -> None:
        length = min(PIECE, stamp.size - offset)

        def blocks() -> Iterator[bytes]:
            yield from _blocks(file, offset, length, lambda done: heard(offset + done, stamp.size))

        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Length": str(length),
            "Content-Type": "application/offset+octet-stream",
        }
        self._connection.send("PATCH", place, headers=headers, content=blocks)

    def _offset(self, place: str) -> int:
        answer = self._connection.send("HEAD", place, headers=TUS)
        return int(answer.headers.get("upload-offset", "0"))

    def _new_place(self, file: Path, stamp: _FileStamp) -> str:
        name = base64.b64encode(file.name.encode()).decode("ascii")
        headers = {**TUS, "Upload-Length": str(stamp.size), "Upload-Metadata": f"filename {name}"}
        answer = self._connection.send("POST", "/uploads", headers=headers)
        place = str(answer.headers["location"])
        note = {"place": place, "size": stamp.size, "changed": stamp.changed, "file": str(file.resolve())}
        write_private(self._note(file), json.dumps(note))
        return place

    def _find_place(self, file: Path, stamp: _FileStamp) -> str | None:
        """Return the address of an earlier upload of the same bytes, where the server still has it."""
        note = read_json(self._note(file))
        if note is None or (note.get("size"), note.get("changed")) != (stamp.size, stamp.changed):
            return None
        place = str(note.get("place"))
        try:
            self._offset(place)
        except NotFound:
            return None
        return place

    def _note(self, file: Path) -> Path:
        name = f"{self._connection.endpoint}\n{file.resolve()}".encode()
        return self._memory / "uploads" / f"{hashlib.sha256(name).hexdigest()[:32]}.json"


def _blocks(file: Path, offset: int, length: int, heard: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    with file.open("rb") as source:
        source.seek(offset)
        while done < length:
            block = source.read(min(BLOCK, length - done))
            if not block:
                raise _changed(file)
            yield block
            done += len(block)
            heard(done)


def _stamp(file: Path) -> _FileStamp:
    if not file.is_file():
        raise Invalid(
            Message("There is no file '{file}'.", file=str(file)),
            hint=Message("Check the name; a directory or device cannot be sent."),
        )
    facts = file.stat()
    return _FileStamp(size=facts.st_size, changed=facts.st_mtime_ns)


def _changed(file: Path) -> Conflict:
    return Conflict(
        Message("'{file}' changed while it was being sent.", file=str(file)),
        hint=Message("Send it again when nothing writes to it any more."),
        code="FileChanged",
    )
