"""What is done to a machine's disk while its base arrives: the same as over a file."""

from contextlib import closing
from pathlib import Path

import pytest

from galeria.adapters.bases.files import SOCKET
from galeria.adapters.bases.server_process import let_in, stop_serving
from galeria.adapters.engine.changed_pieces import changed_pieces
from galeria.adapters.engine.confinement.permits import PASS
from galeria.adapters.engine.disks import chain, create_first_disk, create_overlay, find_served_base, require_base
from galeria.adapters.engine.layers import open_sealed
from galeria.adapters.engine.nbd_source import open_chain, open_writable
from galeria.domain.errors import MachineFailed
from galeria.ports.disks import Content
from tests.adapters.bases.conftest import CHUNK, REGION, Served
from tests.adapters.engine.conftest import tally

NEVER = 1000.0  # seconds


@pytest.fixture
def top(served: Served) -> Path:
    """A machine's first disk over a base of which nothing is there."""
    served.ensure(quiet=NEVER)
    folder = served.base.parent.parent / "machines" / "one"
    folder.mkdir(parents=True)
    create_first_disk(folder / "first.qcow2", served.base)
    return folder / "first.qcow2"


def test_a_disk_is_made_and_changed_before_its_base_is_there(served: Served, top: Path) -> None:
    size = -(-len(served.content) // 512) * 512
    assert [(file.path, file.format, file.size) for file in chain(top)] == [
        (top, "qcow2", size),
        (served.base, "raw", size),
    ]
    with open_writable(top) as disk, closing(disk.writer()) as writer:
        assert writer.read(2 * CHUNK, 100) == served.content[2 * CHUNK : 2 * CHUNK + 100]
        writer.write(2 * CHUNK + 512, b"x" * 512)
        writer.flush()

    changed = bytearray(served.content)
    changed[2 * CHUNK + 512 : 2 * CHUNK + 1024] = b"x" * 512
    with open_chain(top, own_files=1) as source, closing(source.reader()) as reader:
        assert reader.read(0, 4 * CHUNK) == changed[: 4 * CHUNK]
        assert tally(source)[Content.DATA] == 64 * 1024
    assert changed_pieces(chain(top), own_files=1, piece=CHUNK) >= 1
    assert not served.base.exists()


def test_a_layer_over_such_a_disk_is_the_same_when_the_base_is_a_file(served: Served, top: Path) -> None:
    above = top.with_name("after-a.qcow2")
    create_overlay(above, backing=top, backing_format="qcow2", size=chain(top)[0].size)
    with open_writable(above) as disk, closing(disk.writer()) as writer:
        writer.write(5 * CHUNK, b"y" * CHUNK)
        writer.flush()

    def extents() -> list[tuple[int, int, Content]]:
        with open_sealed(chain(above), own_files=2) as disk:
            return [(each.offset, each.length, each.content) for each in disk.extents()]

    while_it_arrives = extents()
    served.kill()
    served.ensure_again()
    served.until_whole()
    assert find_served_base(above) is None
    assert extents() == while_it_arrives
    assert [file.path for file in chain(above)] == [above, top, served.base]


def test_a_base_that_neither_is_there_nor_arrives_is_refused(served: Served, top: Path) -> None:
    require_base(served.base, REGION)
    stop_serving(served.base)
    assert find_served_base(top) is None
    with pytest.raises(MachineFailed, match="not in the cache"):
        require_base(served.base, REGION)


def test_an_account_is_let_to_the_socket_and_no_other(served: Served) -> None:
    served.ensure(quiet=NEVER)
    let_in(served.base, 1_900_000_001)
    assert served.folder.stat().st_mode & PASS == 0
    assert (served.folder / SOCKET).is_socket()
    let_in(served.base, None)
    assert served.folder.stat().st_mode & 0o007 == PASS
