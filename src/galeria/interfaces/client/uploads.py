"""Upload files with tus 1.0.0 (tus.io/protocols/resumable-upload): what has arrived is not sent again, zeros not at all.

The server knows how much has arrived; only the address of an upload is stored here, so that a later run can continue it.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.errors import Conflict, GaleriaError, Invalid, NotFound, TooLarge, Unavailable
from galeria.domain.messages import Message
from galeria.domain.units import readable
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.error_responses import PROXY_LIMIT
from galeria.interfaces.client.local_files import read_json, remove_file, write_private
from galeria.interfaces.client.sparse_pieces import EXTENSION, plain_piece, sparse_piece

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 16 << 20  # bytes of one PATCH, which are sent twice when the server crashes before it has synced
LEAST_PIECE = 256 << 10  # bytes; a proxy on the way that takes not even these has to be set otherwise
PATIENCE = 120.0  # seconds without a new byte at the server, after which this run gives up
_PAUSE = 0.5  # seconds before a broken connection is tried again
# 429, 503: too many requests or senders.
# 409: the server has another offset; 423: an earlier, broken request still locks the upload.
_ASK_AGAIN = {"UploadBusy", "Conflict", "OffsetMismatch", "ServerUnreachable", "TooManyRequests", "UploadSlotsTaken"}
_ASK_AGAIN |= {"UploadTooSlow"}

Heard = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all; often."""


@dataclass(frozen=True, kw_only=True)
class _FileStamp:
    """The facts by which a file is recognised as unchanged."""

    size: int  # bytes
    changed: int  # nanoseconds since 1970


@dataclass(frozen=True, kw_only=True)
class _Position:
    """What the server has of a file, and whether it takes pieces that leave out zeros."""

    offset: int
    takes_sparse: bool


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
        last_gain, done, most = time.monotonic(), -1, PIECE
        while True:
            is_sending = False
            try:
                at = self._ask(place)
                if at.offset > done:
                    last_gain, done = time.monotonic(), at.offset
                heard(at.offset, stamp.size)
                if at.offset >= stamp.size:
                    break
                is_sending = True
                self._send_piece(place, file, at, stamp, heard, most=most)
            except TooLarge as error:
                most = _smaller(most, error)
            except GaleriaError as error:
                self._wait_or_raise(error, last_gain)
                if is_sending and error.code == "ServerUnreachable":  # some proxies close the line on what is too large
                    most = max(LEAST_PIECE, most // 2)
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

    def _send_piece(self, place: str, file: Path, at: _Position, stamp: _FileStamp, heard: Heard, *, most: int) -> None:
        if at.takes_sparse:
            piece = sparse_piece(file, at.offset, stamp.size, most=most)
        else:
            piece = plain_piece(at.offset, stamp.size, most=most)
        headers = {
            **TUS,
            "Upload-Offset": str(at.offset),
            "Content-Length": str(piece.length),
            "Content-Type": piece.kind,
        }
        self._connection.send(
            "PATCH",
            place,
            headers=headers,
            content=lambda: piece.body(file, lambda: _changed(file), lambda done: heard(done, stamp.size)),
        )

    def _ask(self, place: str) -> _Position:
        answer = self._connection.send("HEAD", place, headers=TUS)
        extensions = [each.strip() for each in answer.headers.get("tus-extension", "").split(",")]
        return _Position(
            offset=int(answer.headers.get("upload-offset", "0")),
            takes_sparse=EXTENSION in extensions,
        )

    def _new_place(self, file: Path, stamp: _FileStamp) -> str:
        name = base64.b64encode(os.fsencode(file.name)).decode("ascii")
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
            self._ask(place)
        except NotFound:
            return None
        return place

    def _note(self, file: Path) -> Path:
        name = os.fsencode(f"{self._connection.endpoint}\n{file.resolve()}")
        return self._memory / "uploads" / f"{hashlib.sha256(name).hexdigest()[:32]}.json"


def _smaller(most: int, error: TooLarge) -> int:
    """Return the bytes of the next piece, after a proxy on the way has refused larger ones.

    Raises the error itself where Galeria spoke, and TooLarge with the limit where pieces cannot become smaller.
    """
    if error.code != PROXY_LIMIT:
        raise error
    if most <= LEAST_PIECE:
        raise TooLarge(
            Message("A proxy on the way to the server takes no requests of {piece}.", piece=readable(LEAST_PIECE)),
            hint=Message(
                "Ask whoever runs it to let bodies of at least {wanted} pass (in nginx: client_max_body_size 16m), then "
                "run the same command again: it continues where it stopped.",
                wanted=readable(PIECE),
            ),
            code="ProxyLimitTooLow",
        ) from error
    return max(LEAST_PIECE, most // 4)


def require_file(file: Path) -> None:
    """Raise Invalid unless there is a file that can be sent, with something in it."""
    _stamp(file)


def _stamp(file: Path) -> _FileStamp:
    # Not Path.is_file, which raises for a name that no file can have.
    if not os.path.isfile(file):
        raise Invalid(
            Message("There is no file '{file}'.", file=str(file)),
            hint=Message("Check the name; a directory or device cannot be sent."),
        )
    facts = file.stat()
    if not facts.st_size:
        raise Invalid(
            Message("The file '{file}' is empty.", file=str(file)),
            hint=Message("Choose the file that holds a virtual machine's disk."),
        )
    return _FileStamp(size=facts.st_size, changed=facts.st_mtime_ns)


def _changed(file: Path) -> Conflict:
    return Conflict(
        Message("'{file}' changed while it was being sent.", file=str(file)),
        hint=Message("Send it again when nothing writes to it any more."),
        code="FileChanged",
    )
