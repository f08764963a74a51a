"""tus 1.0.0 with the extensions creation, creation-with-upload, termination and checksum.

Bodies are streamed to disk by a thread of the door's own, so that slow senders take no thread from other pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from galeria.actions.storage.uploads import create_upload, get_upload, receive, remove_upload
from galeria.domain.errors import Invalid, TooLarge
from galeria.domain.messages import Message
from galeria.domain.operations import Upload
from galeria.domain.people.principals import Principal
from galeria.interfaces.uploads.body import RequestBody
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
from galeria.ports.database import Database
from galeria.ports.files import UploadFiles
from galeria.ports.work import Clock, IdGenerator

FILE_LIMIT = (2 << 40) + (16 << 30)  # bytes: 2 TiB of disk and what a format adds to it


@dataclass(frozen=True, kw_only=True)
class TusSettings:
    """`who` names the caller or raises Unauthenticated or Forbidden; it runs in a thread."""

    database: Database
    files: UploadFiles
    id_generator: IdGenerator
    clock: Clock
    who: Callable[[Request], Principal]
    limit: int = FILE_LIMIT  # bytes of one file
    at_once: int = 32  # files received at the same time; others wait
    idle_seconds: float = 60  # after that long without a byte a sender counts as gone


def tus_router(settings: TusSettings, *, prefix: str = "/uploads") -> APIRouter:
    """Routes under `prefix`; they answer with paths, so that any proxy may stand before them."""
    router = APIRouter(prefix=prefix, route_class=TusRoute, include_in_schema=False)
    tus_request = _TusRequest(settings)
    Owner = Annotated[Principal, Depends(settings.who)]

    async def create(request: Request, owner: Owner) -> Response:
        return await tus_request.create(request, owner)

    async def patch(request: Request, id: str, owner: Owner) -> Response:
        return await tus_request.patch(request, owner, id)

    async def post(request: Request, id: str, owner: Owner) -> Response:
        return await tus_request.post(request, owner, id)

    def head(id: str, owner: Owner) -> Response:
        return tus_request.head(owner, id)

    def remove(id: str, owner: Owner) -> Response:
        return tus_request.remove(owner, id)

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
        self._doors = settings
        self._receiving = anyio.CapacityLimiter(settings.at_once)

    def options(self) -> Response:
        return answer(
            204,
            Tus_Version=VERSION,
            Tus_Extension=EXTENSIONS,
            Tus_Max_Size=str(self._doors.limit),
            Tus_Checksum_Algorithm=",".join(CHECKSUMS),
        )

    async def create(self, request: Request, owner: Principal) -> Response:
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
        upload = await to_thread.run_sync(self._create, owner, name, length)
        if carries_bytes:
            upload = await self._receive(request, owner, upload.id, 0)
        place = f"{request.url.path.rstrip('/')}/{upload.id}"
        return answer(201, Location=place, Upload_Offset=str(upload.offset))

    async def patch(self, request: Request, owner: Principal, id: str) -> Response:
        if request.headers.get("content-type") != PIECE:
            raise Invalid(
                Message("The body's type is not that of a piece."),
                hint=Message("Send {piece}.", piece=PIECE),
                code="UnsupportedMediaType",
            )
        offset = read_number("Upload-Offset", request.headers.get("upload-offset"))
        upload = await to_thread.run_sync(self._get, owner, id)
        _require_room(request, max(0, upload.length - offset))
        received = await self._receive(request, owner, id, offset)
        return answer(204, Upload_Offset=str(received.offset))

    async def post(self, request: Request, owner: Principal, id: str) -> Response:
        """Some networks let only GET and POST through; the method then stands in a header."""
        wanted = request.headers.get("x-http-method-override", "").upper()
        if wanted == "PATCH":
            return await self.patch(request, owner, id)
        if wanted == "DELETE":
            return await to_thread.run_sync(self.remove, owner, id)
        return answer(405, Allow="HEAD, PATCH, DELETE, OPTIONS")

    def head(self, owner: Principal, id: str) -> Response:
        upload = self._get(owner, id)
        return answer(
            200,
            Upload_Offset=str(upload.offset),
            Upload_Length=str(upload.length),
            Upload_Metadata=write_file_name(upload.file_name),
        )

    def remove(self, owner: Principal, id: str) -> Response:
        remove_upload(self._doors.database, self._doors.files, owner=owner, id=id)
        return answer(204)

    def _create(self, owner: Principal, name: str, length: int) -> Upload:
        settings = self._doors
        with settings.database() as uow:
            upload = create_upload(
                uow,
                settings.id_generator,
                settings.clock,
                owner=owner,
                file_name=name,
                length=length,
                limit=settings.limit,
            )
            uow.commit()
        return upload

    def _get(self, owner: Principal, id: str) -> Upload:
        return get_upload(self._doors.database, self._doors.files, owner=owner, id=id)

    async def _receive(self, request: Request, owner: Principal, id: str, offset: int) -> Upload:
        settings = self._doors
        checksum = read_checksum(request.headers.get("upload-checksum"))
        body = RequestBody(request, idle_seconds=settings.idle_seconds)
        data = body.pieces(checksum)
        work = partial(receive, settings.database, settings.files, owner=owner, id=id, offset=offset, data=data)
        return await to_thread.run_sync(work, limiter=self._receiving)


def _require_room(request: Request, room: int) -> None:
    """What is known to be too much is refused before a byte of it is read."""
    announced = request.headers.get("content-length")
    if announced is not None and read_number("Content-Length", announced) > room:
        raise TooLarge(
            Message("The piece has {announced} bytes, but only {room} are missing.", announced=announced, room=room),
            hint=Message("Announce the file's real length when you create the upload."),
        )
