"""A chunk is named by the BLAKE3 of its bytes and stored as one zstd frame; every reader checks the name."""

import zstandard
from blake3 import blake3

from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message

LEVEL = 1
"""zstd 1: 301 MB/s per core for 351 MB; level 3 gives 333 MB at 175 MB/s (measured on 1 GB of Debian)."""

_LARGEST = 16 * 1024 * 1024


class ChunkCompressor:
    """Compresses chunks. Used by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL)

    def pack(self, data: bytes | memoryview) -> bytes:
        return self._zstd.compress(data)


class ChunkDecompressor:
    """Decompresses and checks chunks. Used by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor()

    def open(self, name: bytes, blob: memoryview) -> bytes:
        """Return the chunk's bytes. Raises Corrupt where they do not match the name."""
        try:
            # A damaged frame may announce any size, and the decompressor would allocate it.
            if not 0 <= zstandard.frame_content_size(blob) <= _LARGEST:
                raise _damaged(name, Message("it announces an impossible size"))
            data = self._zstd.decompress(blob)
        except zstandard.ZstdError as error:
            raise _damaged(name, Message("it cannot be decompressed")) from error
        if chunk_name(data) != name:
            raise _damaged(name, Message("its bytes do not match its name"))
        return data


def chunk_name(data: bytes | memoryview) -> bytes:
    """Return the BLAKE3 hash of the bytes."""
    return blake3(data).digest()


def _damaged(name: bytes, why: Message) -> Corrupt:
    return Corrupt(
        Message("Stored chunk {name} is damaged: {why}.", name=name.hex()[:12], why=why),
        hint=Message("Replicate the image version to this region again: that mends it from another region's copy."),
        target=name.hex(),
    )
