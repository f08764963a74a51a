"""Zeros are announced instead of sent, and the file is the same, and has holes."""

import base64
import hashlib
import struct
from pathlib import Path

import httpx
import pytest

from galeria.domain.errors import Invalid
from galeria.interfaces.uploads.sparse import SPARSE, decoded
from galeria.ports.files import Zeros
from tests.adapters.files.tus_client import TUS, created, error_code, offset_of, on, open_patch, sent, stored
from tests.adapters.files.tus_server import LIMIT
from tests.waiting import until

MIB = 1 << 20


def record(zeros: int, data: bytes = b"") -> bytes:
    return struct.pack(">QQ", zeros, len(data)) + data


def sent_sparse(client: httpx.Client, place: str, offset: int, body: bytes, **more: str) -> httpx.Response:
    return sent(client, place, offset, body, Content_Type=SPARSE, **more)


def test_a_client_is_told_of_the_extension_wherever_it_asks_where_it_is(ana: httpx.Client) -> None:
    answer = ana.post("", headers={**TUS, "Upload-Length": "5"})
    assert "sparse" in answer.headers["tus-extension"].split(",")
    answer = ana.head(on(ana, answer.headers["location"]), headers=TUS)
    assert "sparse" in answer.headers["tus-extension"].split(",")


def test_zeros_become_holes_and_plain_pieces_fit_between(ana: httpx.Client, folder: Path) -> None:
    place = created(ana, 40 * MIB)
    body = record(10 * MIB, b"abc") + record(0, b"d") + record(20 * MIB)
    answer = sent_sparse(ana, place, 0, body)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(30 * MIB + 4))
    assert sent(ana, place, 30 * MIB + 4, b"plain").status_code == 204
    rest = 10 * MIB - 9
    assert sent_sparse(ana, place, 30 * MIB + 9, record(rest)).headers["upload-offset"] == str(40 * MIB)
    assert stored(folder, place) == bytes(10 * MIB) + b"abcd" + bytes(20 * MIB) + b"plain" + bytes(rest)
    (file,) = folder.glob("*/file")
    assert file.stat().st_blocks * 512 < MIB


def test_a_line_that_breaks_within_a_record_is_gone_on_with_from_the_byte_that_came(
    ana: httpx.Client, endpoint: str, folder: Path
) -> None:
    place = created(ana, 5 * MIB)
    body = record(MIB, b"x" * (3 * MIB)) + record(MIB)
    with open_patch(place, endpoint, 0, len(body), kind=SPARSE) as line:
        line.sendall(body[: 16 + 2 * MIB + 1000])
        until(lambda: offset_of(ana, place) > MIB, "some of it arrived")
    until(lambda: offset_of(ana, place) == 3 * MIB + 1000, "what came of the record is kept")
    answer = sent_sparse(ana, place, 3 * MIB + 1000, record(0, b"x" * (MIB - 1000)) + record(MIB))
    assert answer.headers["upload-offset"] == str(5 * MIB)
    assert stored(folder, place) == bytes(MIB) + b"x" * (3 * MIB) + bytes(MIB)


@pytest.mark.parametrize("cut", [0, 1, 15])
def test_a_record_whose_head_did_not_come_whole_counts_for_nothing(ana: httpx.Client, cut: int) -> None:
    place = created(ana, 3 * MIB)
    answer = sent_sparse(ana, place, 0, record(MIB, b"abc") + record(MIB)[:cut])
    assert answer.headers["upload-offset"] == str(MIB + 3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (record(6), 413),
        (record(5, b"x"), 413),
        (record(1 << 61), 413),
        (record(1 << 63), 400),
        (struct.pack(">QQ", 1, 1 << 63), 400),
        (record(0), 400),
        (record(2, b"a") + record(0) * 1000, 400),
    ],
)
def test_a_piece_that_does_not_fit_leaves_nothing(ana: httpx.Client, body: bytes, status: int) -> None:
    place = created(ana, 5)
    answer = sent_sparse(ana, place, 0, body)
    assert answer.status_code == status
    assert error_code(answer)
    assert offset_of(ana, place) == 0


def test_the_limit_of_a_file_counts_its_zeros(ana: httpx.Client) -> None:
    """The length is what the file will be to everybody: the zeros that nobody sends count for limits and quotas, too."""
    answer = ana.post("", headers={**TUS, "Upload-Length": str(LIMIT + 1)})
    assert answer.status_code == 413


def test_a_checksum_is_that_of_the_body(ana: httpx.Client, folder: Path) -> None:
    place, body = created(ana, 8), record(5, b"abc")
    wrong = "sha256 " + base64.b64encode(hashlib.sha256(b"\0\0\0\0\0abc").digest()).decode()
    assert sent_sparse(ana, place, 0, body, Upload_Checksum=wrong).status_code == 460
    assert offset_of(ana, place) == 0
    right = "sha256 " + base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert sent_sparse(ana, place, 0, body, Upload_Checksum=right).status_code == 204
    assert stored(folder, place) == b"\0\0\0\0\0abc"


@pytest.mark.parametrize("size", [1, 2, 7, 16, 17, 1000])
def test_a_body_means_the_same_however_it_is_cut(size: int) -> None:
    body = record(3, b"abc") + record(0, b"defgh") + record(7) + record(1, b"i" * 40)
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    whole = b"".join(bytes(each.length) if isinstance(each, Zeros) else each for each in decoded(pieces))
    assert whole == b"\0\0\0abcdefgh" + bytes(8) + b"i" * 40


def test_zeros_are_never_made_in_memory() -> None:
    assert list(decoded(iter([record(1 << 61)]))) == [Zeros(1 << 61)]
    with pytest.raises(Invalid):
        list(decoded(iter([record(0)])))
