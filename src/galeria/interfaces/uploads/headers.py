"""Parse and write the headers of tus 1.0.0 (tus.io/protocols/resumable-upload)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.interfaces.uploads.sparse import EXTENSION

VERSION = "1.0.0"
EXTENSIONS = f"creation,creation-with-upload,termination,checksum,{EXTENSION}"
CHECKSUMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}  # the protocol requires sha1
PIECE = "application/offset+octet-stream"
_NAME_KEYS = ("filename", "name")  # tus-js-client and tuspy send the first, Uppy sends both
_MOST_METADATA = 4096  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Checksum:
    algorithm: str  # a key of CHECKSUMS
    digest: bytes


def read_number(name: str, value: str | None) -> int:
    """Return bytes, as in Upload-Offset and Upload-Length. Raises Invalid."""
    if value is None or re.fullmatch(r"[0-9]{1,18}", value) is None:
        raise Invalid(
            Message("The header {name} is missing or is no number of bytes.", name=name),
            hint=Message("Send it as digits only."),
            target=name,
        )
    return int(value)


def read_file_name(metadata: str | None) -> str:
    """Return the file's name in Upload-Metadata ("key base64,key base64…"), empty without one. Raises Invalid."""
    pairs = dict(_pairs(metadata or ""))
    return next((pairs[key] for key in _NAME_KEYS if pairs.get(key)), "")


def write_file_name(name: str) -> str:
    return "filename " + base64.b64encode(name.encode()).decode("ascii")


def read_checksum(value: str | None) -> Checksum | None:
    """Return Upload-Checksum ("sha256 base64"). Raises Invalid for an unsupported algorithm or a wrong value."""
    if value is None:
        return None
    algorithm, _, text = value.strip().partition(" ")
    digest = _decoded("Upload-Checksum", text.strip())
    if algorithm not in CHECKSUMS or len(digest) != CHECKSUMS[algorithm]().digest_size:
        raise Invalid(
            Message("The header Upload-Checksum names no checksum that can be compared."),
            hint=Message("Send one of {checksums} and its value in base64.", checksums=list(CHECKSUMS)),
            target="Upload-Checksum",
        )
    return Checksum(algorithm=algorithm, digest=digest)


def _pairs(metadata: str) -> list[tuple[str, str]]:
    if len(metadata) > _MOST_METADATA:
        raise Invalid(
            Message("The header Upload-Metadata is too long."),
            hint=Message("Send at most {most_metadata} characters.", most_metadata=_MOST_METADATA),
        )
    found = []
    for pair in filter(None, (part.strip() for part in metadata.split(","))):
        key, _, text = pair.partition(" ")
        # Only names are used, and those are UTF-8; whatever else a client sends may be binary.
        found.append((key.lower(), _decoded("Upload-Metadata", text.strip()).decode("utf-8", errors="replace")))
    return found


def _decoded(header: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(
            Message("The header {header} is not in base64.", header=header),
            hint=Message("Encode its values."),
            target=header,
        ) from error
