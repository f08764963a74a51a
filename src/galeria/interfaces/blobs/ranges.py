"""Ranges and conditions in request headers."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from galeria.actions.storage.page_blobs import PageBlob, Range
from galeria.domain.errors import Precondition
from galeria.domain.messages import Message
from galeria.interfaces.blobs.responses import refused

PAGE = 512
LARGEST_WRITE = 4 << 20  # bytes; the limit of Azure Storage for one Put Page
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")


def requested_range(headers: Mapping[str, str], size: int) -> Range | None:
    """(offset, length) of Range or x-ms-range, which wins; None without one. Cut off at `size`. Raises Invalid."""
    text = headers.get("x-ms-range") or headers.get("range")
    if text is None:
        return None
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise refused(Message("'{text}' is no range of bytes.", text=text[:60]), "InvalidHeaderValue")
    start, end = int(found[1]), int(found[2]) if found[2] else size - 1
    if start >= size or end < start:
        raise refused(
            Message("The range begins at {start}; there are {size} bytes.", start=start, size=size), "InvalidRange"
        )
    return start, min(end, size - 1) - start + 1


def page_range(headers: Mapping[str, str], size: int) -> Range:
    """Return the range of a Put Page: whole pages within the disk. Raises Invalid."""
    text = (headers.get("x-ms-range") or headers.get("range") or "").strip()
    found = _RANGE.fullmatch(text)
    if found is None or not found[2]:
        raise refused(Message("Put Page needs a range with a beginning and an end."), "InvalidHeaderValue")
    start, length = int(found[1]), int(found[2]) - int(found[1]) + 1
    if start % PAGE or length % PAGE or length <= 0 or start + length > size:
        raise refused(
            Message("The range is not made of whole pages of {page} bytes among {size}.", page=PAGE, size=size),
            "InvalidPageRange",
        )
    return start, length


def within(ranges: list[Range], limits: Range | None) -> list[Range]:
    """Return the parts of the ranges within the limits, in whole pages."""
    first, last = (limits[0], limits[0] + limits[1]) if limits else (0, 1 << 62)
    cut = [(max(start, first), min(start + length, last)) for start, length in ranges]
    return [(start, end - start) for start, end in cut if end > start]


def require_match(headers: Mapping[str, str], tag: str) -> None:
    """Check If-Match and If-None-Match. Raises Precondition."""
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    if (wanted not in (None, "*", tag)) or (unwanted is not None and unwanted in ("*", tag)):
        raise Precondition(
            Message("The blob is not in the state that was asked for."), hint=Message("Read its properties again.")
        )


def require_sum(headers: Mapping[str, str], data: bytes) -> str:
    """Check Content-MD5 where it was sent, and return the MD5 of the bytes. Raises Invalid."""
    if "x-ms-content-crc64" in headers:
        raise refused(Message("CRC64 is not checked here; send Content-MD5."), "UnsupportedHeader")
    own = hashlib.md5(data, usedforsecurity=False).digest()
    sent = headers.get("content-md5")
    if sent is not None and _decoded(sent) != own:
        raise refused(
            Message("The bytes that arrived are not those of Content-MD5; they were not kept."), "Md5Mismatch"
        )
    return base64.b64encode(own).decode()


def whole_size(headers: Mapping[str, str], blob: PageBlob) -> None:
    """Check that a Put Blob repeats the disk's size. Raises Invalid."""
    if headers.get("x-ms-blob-type", "").lower() != "pageblob":
        raise refused(Message("A disk is a page blob."), "InvalidBlobType")
    if headers.get("x-ms-blob-content-length") != str(blob.size):
        raise refused(Message("The disk was made for {size} bytes.", size=blob.size), "InvalidHeaderValue")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
