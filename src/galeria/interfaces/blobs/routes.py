"""Routes of page blobs, /disks/{id}/abcd. Access is granted by the signature in the address only.

GET, HEAD: the VHD or a range of it · GET ?comp=pagelist · PUT ?comp=page: write or clear pages · PUT: start again.
A page is on disk before it is acknowledged, so that an upload can be continued at any time by writing what is missing.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import format_datetime

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from galeria.actions.storage.disk_access import AccessKey, get_accessible_disk
from galeria.actions.storage.page_blobs import ContentBlob, PageBlob, UploadBlob
from galeria.domain.errors import Forbidden, GaleriaError, TooLarge
from galeria.domain.images.storage import AccessLevel, Disk, StoredDisk
from galeria.domain.messages import Message
from galeria.interfaces.blobs.ranges import (
    LARGEST_WRITE,
    page_range,
    requested_range,
    require_match,
    require_sum,
    whole_size,
    within,
)
from galeria.interfaces.blobs.responses import (
    common_headers,
    error_response,
    page_list,
    properties,
    refused,
    written_headers,
)
from galeria.interfaces.http.request_limits import note_known
from galeria.interfaces.services import Services

PATH = "/disks/{disk}/abcd"
PIECE = 4 << 20  # bytes read and sent at once
_SECONDS = 60.0  # until a sender without any byte is disconnected


@dataclass(frozen=True, kw_only=True)
class OpenedBlob:
    """The blob that an address gives access to."""

    disk: StoredDisk
    level: AccessLevel
    blob: UploadBlob | ContentBlob

    @property
    def author(self) -> str:
        """The id of the disk's author; its own where nobody knows the author."""
        return (self.disk.author_id if isinstance(self.disk, Disk) else "") or self.disk.id

    @property
    def tag(self) -> str:
        return f'"0x{self.blob.state()}"'

    @property
    def modified(self) -> str:
        return format_datetime(self.disk.modified_at, usegmt=True)

    def for_writing(self) -> UploadBlob:
        if not isinstance(self.blob, UploadBlob):
            raise Forbidden(Message("This address only reads."), hint=Message("Ask for access to write."))
        return self.blob


def blob_router(services: Services, *, at_once: int = 16) -> APIRouter:
    """Return the routes. `at_once` requests are processed at the same time; others wait.

    A page is received in a slot of the disk's author, as other files are.
    """
    router = APIRouter(include_in_schema=False)
    working = anyio.CapacityLimiter(at_once)

    async def handle(request: Request, disk: str) -> Response:
        headers = common_headers(request.headers)
        try:
            return await _answer(services, working, request, disk, headers)
        except GaleriaError as error:
            return error_response(error, headers)

    router.add_api_route(PATH, handle, methods=["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"], response_model=None)
    return router


async def _answer(
    services: Services, working: anyio.CapacityLimiter, request: Request, disk: str, headers: dict[str, str]
) -> Response:
    key = AccessKey(grant_id=request.query_params.get("si", ""), secret=request.query_params.get("sig", ""))
    opened = await to_thread.run_sync(_open, services, disk, key)
    note_known(request.scope)
    request_headers, what = request.headers, (request.method, request.query_params.get("comp", ""))
    if what == ("PUT", "page"):
        async with services.receiving_slots.slot(opened.author):
            body = await _body(request)
            async with working:
                return await to_thread.run_sync(_put_page, opened, request_headers, body, headers)
    async with working:
        if what == ("PUT", ""):
            return await to_thread.run_sync(_put_blob, opened, request_headers, headers)
        if what == ("GET", "pagelist"):
            return await to_thread.run_sync(_page_ranges, opened, request_headers, headers)
        if what in (("GET", ""), ("HEAD", "")):
            return await to_thread.run_sync(_get_blob, opened, request.method, request_headers, headers)
    raise refused(Message("A disk cannot be asked that."), "UnsupportedHttpVerb")


def _open(services: Services, disk_id: str, key: AccessKey) -> OpenedBlob:
    with services.requests.anonymous_reading() as request:
        disk, level = get_accessible_disk(request, disk_id, key)
    blob = (
        UploadBlob(services.disk_files, disk)
        if level is AccessLevel.WRITE
        else ContentBlob(services.stores[disk.location], disk)
    )
    return OpenedBlob(disk=disk, level=level, blob=blob)


def _put_page(opened: OpenedBlob, request_headers: Mapping[str, str], body: bytes, headers: dict[str, str]) -> Response:
    blob = opened.for_writing()
    start, length = page_range(request_headers, blob.size)
    require_match(request_headers, opened.tag)
    kind = request_headers.get("x-ms-page-write", "").lower()
    if kind == "clear" and not body:
        blob.clear(start, length)
        return Response(None, 201, headers | written_headers(opened.tag, opened.modified))
    if kind != "update" or length != len(body):
        raise refused(Message("x-ms-page-write and the body's length do not fit the range."), "InvalidHeaderValue")
    md5 = require_sum(request_headers, body)
    blob.write(start, body)
    return Response(None, 201, headers | written_headers(opened.tag, opened.modified) | {"Content-MD5": md5})


def _put_blob(opened: OpenedBlob, request_headers: Mapping[str, str], headers: dict[str, str]) -> Response:
    """Accept a Put Blob of the disk's own size.

    Azure Storage refuses it for a disk; accepting it lets clients work that begin every upload with it.
    """
    blob = opened.for_writing()
    require_match(request_headers, opened.tag)
    whole_size(request_headers, blob)
    blob.clear(0, blob.size)
    return Response(None, 201, headers | written_headers(opened.tag, opened.modified))


def _page_ranges(opened: OpenedBlob, request_headers: Mapping[str, str], headers: dict[str, str]) -> Response:
    limits = requested_range(request_headers, opened.blob.size)
    require_match(request_headers, opened.tag)
    body = page_list(within(opened.blob.ranges(), limits))
    more = {**properties(opened.blob, opened.tag, opened.modified)}
    return Response(body, 200, headers | more, media_type="application/xml")


def _get_blob(opened: OpenedBlob, method: str, request_headers: Mapping[str, str], headers: dict[str, str]) -> Response:
    blob, size = opened.blob, opened.blob.size
    require_match(request_headers, opened.tag)
    headers = headers | properties(blob, opened.tag, opened.modified)
    if method == "HEAD":
        return Response(None, 200, headers | {"Content-Length": str(size), "Content-Type": "application/octet-stream"})
    part = requested_range(request_headers, size)
    start, length = part or (0, size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    headers["Content-Length"] = str(length)
    return StreamingResponse(
        _pieces(blob, start, length), 206 if part else 200, headers, media_type="application/octet-stream"
    )


async def _pieces(blob: PageBlob, start: int, length: int) -> AsyncIterator[bytes]:
    end = start + length
    while start < end:
        some = min(PIECE, end - start)
        yield await to_thread.run_sync(blob.read, start, some)
        start += some


async def _body(request: Request) -> bytes:
    """Read a body of at most one write. Raises TooLarge, and Invalid where the sender disconnected."""
    body = bytearray()
    try:
        with anyio.fail_after(_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST_WRITE:
                    raise TooLarge(
                        Message("One write has at most {largest_write} bytes.", largest_write=LARGEST_WRITE),
                        hint=Message("Write smaller ranges."),
                    )
    except (ClientDisconnect, TimeoutError) as error:
        raise refused(Message("The request broke off."), "IncompleteBody") from error
    return bytes(body)
