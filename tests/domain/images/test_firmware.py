"""A disk's first bytes tell which firmware it starts from."""

import struct
from uuid import UUID

import pytest

from galeria.domain.images.firmware import HEAD, startable
from galeria.domain.images.galleries import Generation

V1, V2 = Generation.V1, Generation.V2
ESP, BIOS, DATA = (
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
    "21686148-6449-6e6f-744e-656564454649",
    "0fc63daf-8483-4772-8e79-3d69d8477de4",
)


def mbr(*kinds: int, code: bytes = b"") -> bytes:
    head = bytearray(HEAD)
    head[: len(code)] = code
    for index, kind in enumerate(kinds):
        head[446 + 16 * index + 4] = kind
    head[510:512] = b"\x55\xaa"
    return bytes(head)


def gpt(*types: str, sector: int = 512, size: int = 128, count: int | None = None) -> bytes:
    head = bytearray(mbr(0xEE))
    head[sector : sector + 8] = b"EFI PART"
    struct.pack_into("<QII", head, sector + 72, 2, len(types) if count is None else count, size)
    for index, kind in enumerate(types):
        start = 2 * sector + index * size
        head[start : start + 16] = UUID(kind).bytes_le
    return bytes(head)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (mbr(0x83, code=b"\xfa\xeb"), {V1}),
        (mbr(0xEF, 0x83), {V2}),
        (mbr(0xEF, 0x83, code=b"\xfa"), {V1, V2}),
        (gpt(DATA, ESP), {V2}),
        (gpt(BIOS, DATA), {V1}),
        (gpt(BIOS, ESP), {V1, V2}),
        (gpt(ESP, sector=4096), {V2}),
        (gpt(DATA), set()),
        (mbr(0x83), set()),
        (bytes(HEAD), set()),
        (b"", set()),
    ],
)
def test_it_is_reported_by_partition_table_and_boot_code(head: bytes, found: set[Generation]) -> None:
    assert startable(head) == found


@pytest.mark.parametrize(
    "head",
    [
        gpt(ESP, size=1),
        gpt(DATA, count=2**32 - 1),
        gpt(DATA)[: 512 + 20],
        gpt(DATA, ESP)[: 1024 + 130],
        mbr(0xEE),
    ],
)
def test_tables_that_lie_say_nothing(head: bytes) -> None:
    assert startable(head) == frozenset()
