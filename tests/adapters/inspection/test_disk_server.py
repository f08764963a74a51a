"""The disk that the appliance sees: what it writes it reads again, and nobody else ever does."""

import errno
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection import disk_server
from galeria.adapters.inspection.disk_server import BLOCK, DiskServer
from tests.adapters.nbd_client import FLUSH, READ, TRIM, WRITE, Client

SIZE = 3 * BLOCK + 100  # not a whole sector
CONTENT = bytes(range(256)) * (SIZE // 256) + b"\1" * (SIZE % 256)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "disk").write_bytes(CONTENT)
    with open_raw_file(tmp_path / "disk") as disk:
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=DiskServer(disk).serve, args=(ours,))
        thread.start()
        with theirs:
            yield Client(theirs)
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert (tmp_path / "disk").read_bytes() == CONTENT


def test_it_serves_the_whole_disk_in_whole_sectors(client: Client) -> None:
    size = client.greet()

    assert size == -(-SIZE // 512) * 512
    assert client.ask(READ, 0, size) == (0, CONTENT.ljust(size, b"\0"))
    assert client.ask(READ, BLOCK - 1, 3) == (0, CONTENT[BLOCK - 1 : BLOCK + 2])


def test_what_was_written_is_read_again(client: Client) -> None:
    size = client.greet()
    changed = bytearray(CONTENT.ljust(size, b"\0"))
    for offset, piece in ((0, b"a" * 512), (BLOCK - 700, b"b" * 5000), (size - 512, b"c" * 512), (4000, b"d" * 200)):
        assert client.ask(WRITE, offset, len(piece), piece) == (0, b"")
        changed[offset : offset + len(piece)] = piece

    assert client.ask(FLUSH, 0, 0) == (0, b"")
    assert client.ask(READ, 0, size) == (0, bytes(changed))


def test_more_than_the_limit_is_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_server, "LARGEST_WRITTEN", 8192)
    client.greet()

    assert client.ask(WRITE, 0, 8192, b"x" * 8192) == (0, b"")
    assert client.ask(WRITE, 65536, 4096, b"x" * 4096) == (errno.ENOSPC, b"")
    assert client.ask(READ, 65536, 2) == (0, CONTENT[65536:65538])


@pytest.mark.parametrize(
    ("command", "offset", "length"),
    [(READ, SIZE, 4096), (READ, 2**63, 1), (WRITE, 2**64 - 1, 2), (TRIM, 0, 512), (99, 0, 0)],
)
def test_wrong_requests_get_an_error(command: int, offset: int, length: int, client: Client) -> None:
    client.greet()

    error, _ = client.ask(command, offset, length, b"x" * length if command == WRITE else b"")

    assert error == errno.EINVAL


@pytest.mark.parametrize(("magic", "length"), [(0, 512), (0x25609513, (32 << 20) + 1)])
def test_a_client_that_makes_no_sense_is_hung_up_on(magic: int, length: int, client: Client) -> None:
    client.greet()

    with pytest.raises(ConnectionError):
        client.ask(READ, 0, length, magic=magic)


def test_a_client_that_gives_up_is_let_go(client: Client) -> None:
    client.receive(18)
    client._connection.sendall(struct.pack(">I", 3))
    client.option(2)
    client.receive(20)

    with pytest.raises(ConnectionError):
        client.receive(1)


def test_what_was_written_can_be_taken_over(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(CONTENT))
    with open_raw_file(tmp_path / "disk") as disk:
        ours, theirs = socket.socketpair()
        server = DiskServer(disk)
        thread = threading.Thread(target=server.serve, args=(ours,))
        thread.start()
        with theirs:
            client = Client(theirs)
            client.greet()
            for offset, length in ((BLOCK + 100, 10), (BLOCK + 4096, 4096), (0, 3)):
                assert client.ask(WRITE, offset, length, b"w" * length) == (0, b"")
        thread.join(timeout=20)

    changed = bytearray(CONTENT)
    for place, content in server.written():
        changed[place : place + len(content)] = content

    assert [(place, len(content)) for place, content in server.written()] == [(0, 4096), (BLOCK, 8192)]
    expected = bytearray(CONTENT)
    expected[0:3], expected[BLOCK + 100 : BLOCK + 110] = b"w" * 3, b"w" * 10
    expected[BLOCK + 4096 : BLOCK + 8192] = b"w" * 4096
    assert changed == expected
