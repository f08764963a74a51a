"""tus 1.0.0 with the extensions creation, creation-with-upload, termination and checksum, and our own, sparse.

Threads of their own stream bodies to disk, so that slow senders take no thread from other requests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from galeria.actions.core.caller import Caller
from galeria.domain.errors import Invalid, TooLarge
from galeria.domain.messages import Message
from galeria.domain.operations import Upload
from galeria.interfaces.uploads.body import RequestBody, too_slow
from galeria.interfaces.uploads.headers import (
    CHECKSUMS,
    EXTENSIONS,
    PIECE,
    VERSION,
    read_checksum,
    read_file_name,
    read_number,
    write_file_name,
)
from galeria.interfaces.uploads.responses import TusRoute, answer
from galeria.interfaces.uploads.slots import ReceivingSlots
from galeria.interfaces.uploads.sparse import SPARSE, decoded
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.ports.files import Zeros

FILE_LIMIT = (2 << 40) + (16 << 30)  # bytes: a disk of 2 TiB and what a file format adds to it


@dataclass(frozen=True, kw_only=True)
class TusSettings:
    """`caller` says who is asking or raises Unauthenticated or Forbidden; it runs in a thread."""

    uploads: StoredUploads
    caller: Callable[[Request], Caller]
    limit: int = FILE_LIMIT  # bytes of one file
    slots: ReceivingSlots
    least_rate: int = 0  # bytes a second; whoever sends less loses the slot
    idle_seconds: float = 60  # a sender without any byte for so long counts as disconnected


def tus_router(settings: TusSettings, *, prefix: str = "/uploads") -> APIRouter:
    """Return the routes under `prefix`. They answer with paths without a host, so that any proxy may stand before them."""
    router = APIRouter(prefix=prefix, route_class=TusRoute, include_in_schema=False)
    tus_request = _TusRequest(settings)
    CallerDep = Annotated[Caller, Depends(settings.caller)]

    async def create(request: Request, caller: CallerDep) -> Response:
        return await tus_request.create(request, caller)

    async def patch(request: Request, id: str, caller: CallerDep) -> Response:
        return await tus_request.patch(request, caller, id)

    async def post(request: Request, id: str, caller: CallerDep) -> Response:
        return await tus_request.post(request, caller, id)

    def head(id: str, caller: CallerDep) -> Response:
        return tus_request.head(caller, id)

    def remove(id: str, caller: CallerDep) -> Response:
        return tus_request.remove(caller, id)

    routes: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("OPTIONS", "", tus_request.options),
        ("OPTIONS", "/", tus_request.options),
        ("OPTIONS", "/{id}", tus_request.options),
        ("POST", "", create),
        ("POST", "/", create),
        ("POST", "/{id}", post),
        ("PATCH", "/{id}", patch),
        ("HEAD", "/{id}", head),
        ("DELETE", "/{id}", remove),
    )
    for method, path, handler in routes:
        router.add_api_route(path, handler, methods=[method], response_model=None)
    return router


class _TusRequest:
    def __init__(self, settings: TusSettings) -> None:
        self._settings = settings
        self._uploads = settings.uploads

    def options(self) -> Response:
        return answer(
            204,
            Tus_Version=VERSION,
            Tus_Extension=EXTENSIONS,
            Tus_Max_Size=str(self._settings.limit),
            Tus_Checksum_Algorithm=",".join(CHECKSUMS),
        )

    async def create(self, request: Request, caller: Caller) -> Response:
        headers = request.headers
        if "upload-defer-length" in headers:
            raise Invalid(
                Message("The file's length must be known."), hint=Message("Send Upload-Length."), target="Upload-Length"
            )
        length = read_number("Upload-Length", headers.get("upload-length"))
        name = read_file_name(headers.get("upload-metadata"))
        carries_bytes = headers.get("content-type") == PIECE
        if carries_bytes:
            _require_room(request, length)
            read_checksum(headers.get("upload-checksum"))
        upload = await to_thread.run_sync(self._create, caller, name, length)
        if carries_bytes:
            upload = await self._receive(request, caller, upload.id, 0)
        place = f"{request.url.path.rstrip('/')}/{upload.id}"
        return answer(201, Location=place, Upload_Offset=str(upload.offset), Tus_Extension=EXTENSIONS)

    async def patch(self, request: Request, caller: Caller, id: str) -> Response:
        kind = request.headers.get("content-type")
        if kind not in (PIECE, SPARSE):
            raise Invalid(
                Message("The body's type is not that of a piece."),
                hint=Message("Send {piece}.", piece=PIECE),
                code="UnsupportedMediaType",
            )
        offset = read_number("Upload-Offset", request.headers.get("upload-offset"))
        upload = await to_thread.run_sync(self._uploads.get, caller, id)
        if kind == PIECE:
            _require_room(request, max(0, upload.length - offset))
        received = await self._receive(request, caller, id, offset)
        return answer(204, Upload_Offset=str(received.offset))

    async def post(self, request: Request, caller: Caller, id: str) -> Response:
        """Handle a POST. Some networks allow only GET and POST; the real method is then a header."""
        wanted = request.headers.get("x-http-method-override", "").upper()
        if wanted == "PATCH":
            return await self.patch(request, caller, id)
        if wanted == "DELETE":
            return await to_thread.run_sync(self.remove, caller, id)
        return answer(405, Allow="HEAD, PATCH, DELETE, OPTIONS")

    def head(self, caller: Caller, id: str) -> Response:
        upload = self._uploads.get(caller, id)
        return answer(
            200,
            Upload_Offset=str(upload.offset),
            Upload_Length=str(upload.length),
            Upload_Metadata=write_file_name(upload.file_name),
            Tus_Extension=EXTENSIONS,
        )

    def remove(self, caller: Caller, id: str) -> Response:
        self._uploads.remove(caller, id)
        return answer(204)

    def _create(self, caller: Caller, name: str, length: int) -> Upload:
        return self._uploads.create(caller, file_name=name, length=length, limit=self._settings.limit)

    async def _receive(self, request: Request, caller: Caller, id: str, offset: int) -> Upload:
        checksum = read_checksum(request.headers.get("upload-checksum"))
        settings = self._settings
        body = RequestBody(request, idle_seconds=settings.idle_seconds, least_rate=settings.least_rate)
        pieces: Iterator[bytes | Zeros] = body.pieces(checksum)
        if request.headers.get("content-type") == SPARSE:
            pieces = decoded(body.pieces(checksum))
        work = partial(self._uploads.receive, caller, id, offset=offset, data=pieces)
        await settings.slots.take_over(id)
        async with settings.slots.slot(caller.principal.id):
            with settings.slots.sending(id, body):
                received = await to_thread.run_sync(work, limiter=anyio.CapacityLimiter(1))
        if body.is_too_slow and received.offset < received.length:
            raise too_slow(settings.least_rate)
        return received


def _require_room(request: Request, room: int) -> None:
    """Refuse a body that is known to be too large before reading it."""
    announced = request.headers.get("content-length")
    if announced is not None and read_number("Content-Length", announced) > room:
        raise TooLarge(
            Message("The piece has {announced} bytes, but only {room} are missing.", announced=announced, room=room),
            hint=Message("Announce the file's real length when you create the upload."),
        )
