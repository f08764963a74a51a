"""Pieces that leave out zeros: our extension `sparse` of tus, described in docs/uploads.md.

The body of such a PATCH is a row of records: how many zeros come first, how many bytes follow, and those bytes. Offsets and
lengths are those of the file as everywhere in tus, so that an upload may be continued by either kind of piece.
"""

import struct
from collections.abc import Iterator

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.ports.files import Zeros

EXTENSION = "sparse"
SPARSE = "application/vnd.galeria.sparse"
RECORD = struct.Struct(">QQ")
_MOST = 1 << 62  # bytes; whatever is beyond the file's length is refused where it is written


def decoded(pieces: Iterator[bytes]) -> Iterator[bytes | Zeros]:
    """Yield what the file gets, in order. A body that breaks off ends with what came of its last record.

    Raises Invalid for a record without any byte, or with more than any file has.
    """
    waiting, missing = bytearray(), 0
    for piece in pieces:
        waiting += piece
        place = 0
        while place < len(waiting):
            if missing:
                data = bytes(waiting[place : place + missing])
                yield data
                place, missing = place + len(data), missing - len(data)
                continue
            if len(waiting) - place < RECORD.size:
                break
            zeros, missing = RECORD.unpack_from(waiting, place)
            place += RECORD.size
            if not zeros + missing or zeros > _MOST or missing > _MOST:
                raise Invalid(
                    Message("The piece has a record without bytes, or with more than a file has."),
                    hint=Message("Send the piece as a plain one of tus, or see docs/uploads.md."),
                )
            if zeros:
                yield Zeros(zeros)
        del waiting[:place]
