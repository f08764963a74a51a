"""What is sent and what is not, counted between the client and a real server; and a proxy that limits what passes."""

import os
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain import errors
from galeria.interfaces.client import sparse_pieces
from galeria.interfaces.client import uploads as module
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import Ask, Token
from galeria.interfaces.client.sparse_pieces import plain_piece, sparse_piece
from galeria.interfaces.client.uploads import LEAST_PIECE, UploadsClient
from tests.adapters.files.tus_server import make_app, serving
from tests.servers.small_proxy import SmallProxy, proxied

KIB, MIB = 1 << 10, 1 << 20
Sending = Callable[[SmallProxy], UploadsClient]


class Ana:
    """Credentials that the server of these tests takes."""

    def token(self, ask: Ask, *, refused: bool = False) -> Token:
        return Token(value="ana", expires_at=1e12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def sending(database: SqlDatabase, folder: Path, tmp_path: Path) -> Iterator[Sending]:
    """A client whose requests pass a proxy."""
    with ExitStack() as stack:
        address = stack.enter_context(serving(make_app(database, folder)))

        def through(proxy: SmallProxy) -> UploadsClient:
            stack.enter_context(proxied(address, proxy))
            connection: AbstractContextManager[ServerConnection] = ServerConnection(proxy.address, Ana())
            return UploadsClient(stack.enter_context(connection), tmp_path / "state", patience=5)

        yield through


def stored(folder: Path, upload: str) -> Path:
    return folder / upload / "file"


def scattered(path: Path, size: int, *, is_sparse: bool) -> bytes:
    """A file with little in it, at the start, in the middle, across a block's border and at its end."""
    content = bytearray(size)
    for place in (0, size // 2, 5 * sparse_pieces.BLOCK - 3, size - 7):
        content[place : place + 6] = b"\1bytes"
    with path.open("wb") as file:
        if is_sparse:
            file.truncate(size)
            for place in range(0, size, sparse_pieces.BLOCK):
                block = content[place : place + sparse_pieces.BLOCK]
                if any(block):
                    file.seek(place)
                    file.write(block)
        else:
            file.write(content)
    return bytes(content)


@pytest.mark.parametrize("is_sparse", [True, False], ids=["holes", "written zeros"])
def test_of_holes_and_zeros_nothing_is_sent(sending: Sending, folder: Path, tmp_path: Path, is_sparse: bool) -> None:
    content = scattered(tmp_path / "disk.vhd", 40 * MIB + 512, is_sparse=is_sparse)
    proxy, heard = SmallProxy(), list[int]()
    client = sending(proxy)

    upload = client.send(tmp_path / "disk.vhd", heard=lambda done, total: heard.append(done))

    assert stored(folder, upload).read_bytes() == content
    assert sum(proxy.bodies) < 6 * sparse_pieces.BLOCK
    assert stored(folder, upload).stat().st_blocks * 512 < MIB
    assert heard == sorted(heard)
    assert heard[-1] == len(content)


def test_a_terabyte_of_nothing_is_one_short_request(tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    with file.open("wb") as opened:
        opened.truncate(1 << 40)
        opened.seek((1 << 40) - 1)
        opened.write(b"x")
    piece = sparse_piece(file, 0, 1 << 40, most=16 * MIB)
    body = b"".join(piece.body(file, lambda: AssertionError("it did not change"), lambda done: None))
    assert len(body) == piece.length < 5000
    assert piece.records[-1].start + piece.records[-1].length == 1 << 40


@pytest.mark.parametrize("most", [1000, 64 * KIB, 100 * KIB, MIB])
@pytest.mark.parametrize("begin", [0, 1, 64 * KIB, 300 * KIB + 5])
def test_pieces_of_any_size_from_anywhere_make_the_file(tmp_path: Path, most: int, begin: int) -> None:
    content = scattered(tmp_path / "disk", 600 * KIB + 9, is_sparse=False)
    made = bytearray(content[:begin])
    while len(made) < len(content):
        piece = sparse_piece(tmp_path / "disk", len(made), len(content), most=most)
        for record in piece.records:
            made += bytes(record.zeros) + content[record.start : record.start + record.length]
        assert piece.length <= most
    assert made == content


def test_a_server_that_does_not_know_the_extension_gets_plain_pieces() -> None:
    piece = plain_piece(5, 100, most=16 * MIB)
    assert (piece.kind, piece.length) == ("application/offset+octet-stream", 95)


@pytest.mark.parametrize("is_rude", [False, True], ids=["413", "closes the line"])
@pytest.mark.parametrize("most", [10 * MIB, MIB, LEAST_PIECE])
def test_a_proxy_that_limits_bodies_gets_smaller_ones(
    sending: Sending, folder: Path, tmp_path: Path, most: int, is_rude: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.02)
    file = tmp_path / "disk.qcow2"
    file.write_bytes(os.urandom(18 * MIB + 3))
    proxy, heard = SmallProxy(most=most, is_rude=is_rude), list[tuple[int, int]]()

    upload = sending(proxy).send(file, heard=lambda done, total: heard.append((done, total)))

    assert stored(folder, upload).read_bytes() == file.read_bytes()
    assert proxy.refused
    assert max(proxy.bodies) <= most
    assert 0 < sum(proxy.bodies) - file.stat().st_size < 64 * len(proxy.bodies)  # each byte passed once
    assert {total for _, total in heard} == {file.stat().st_size}
    assert heard[-1][0] == file.stat().st_size


def test_a_proxy_that_takes_next_to_nothing_is_named_with_its_limit(
    sending: Sending, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "disk.qcow2"
    file.write_bytes(os.urandom(MIB))
    proxy = SmallProxy(most=100 * KIB)
    with pytest.raises(errors.TooLarge, match="256 KiB") as caught:
        sending(proxy).send(file)
    assert "client_max_body_size" in caught.value.hint
    assert not proxy.bodies
    assert min(proxy.refused) <= LEAST_PIECE


def test_what_the_server_itself_refuses_is_not_tried_in_small(sending: Sending, tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    with file.open("wb") as opened:
        opened.truncate(1 << 40)
    with pytest.raises(errors.TooLarge, match="The file has 1 TiB; at most 64 MiB"):
        sending(SmallProxy()).send(file)


NAMES = [
    unicodedata.normalize("NFD", "Máquina da álgebra.vhd"),
    "  spaces at both ends.vhd  ",
    "n" * 255,
    os.fsdecode(b"M\xe1quina.vhd"),  # of a disk that was written by Windows
]


@pytest.mark.parametrize("name", NAMES, ids=["decomposed", "spaces", "long", "another code page"])
def test_a_file_of_any_name_goes_on_where_it_stopped(
    sending: Sending, folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", MIB)
    file = tmp_path / name
    file.write_bytes(os.urandom(3 * MIB))
    proxy = SmallProxy()
    client = sending(proxy)

    def stop(done: int, total: int) -> None:
        if done >= 2 * MIB:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.send(file, heard=stop)
    before = len(proxy.bodies)
    upload = client.send(file)

    assert before >= 1
    assert len(proxy.bodies) <= 4
    assert len(list(folder.iterdir())) == 1
    assert stored(folder, upload).read_bytes() == file.read_bytes()


def test_an_empty_file_is_refused_before_anything_is_made(sending: Sending, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk.vhd").touch()
    with pytest.raises(errors.Invalid, match="is empty"):
        sending(SmallProxy()).send(tmp_path / "disk.vhd")
    assert not folder.exists()
