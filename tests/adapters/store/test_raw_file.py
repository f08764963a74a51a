"""A raw file gives its blocks as data, its holes as zeros, and only the window that is the guest's."""

from pathlib import Path

import pytest

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.domain.errors import NotFound, Unavailable
from galeria.ports.disks import Content
from tests.adapters.store.fixtures import noise

MIB = 1024 * 1024


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    path = tmp_path / "a disk, größer.raw"
    with path.open("wb") as file:
        file.seek(2 * MIB)
        file.write(noise(1, MIB))
        file.truncate(5 * MIB + 512)
    return path


def test_extents_cover_the_disk_and_holes_are_zero(sparse: Path) -> None:
    with open_raw_file(sparse) as disk:
        extents = [(extent.offset, extent.length, extent.content) for extent in disk.extents()]
    assert extents == [
        (0, 2 * MIB, Content.ZERO),
        (2 * MIB, MIB, Content.DATA),
        (3 * MIB, 2 * MIB + 512, Content.ZERO),
    ]


@pytest.mark.parametrize(("offset", "size"), [(0, 5 * MIB), (512, 3 * MIB), (2 * MIB + 4096, MIB), (5 * MIB + 512, 0)])
def test_a_window_is_a_disk_of_its_own(sparse: Path, offset: int, size: int) -> None:
    whole = sparse.read_bytes()
    with open_raw_file(sparse, offset=offset, size=size) as disk:
        reader = disk.reader()
        read = reader.read(0, size)
        covered = b""
        for extent in disk.extents():
            assert extent.offset == len(covered)
            part = reader.read(extent.offset, extent.length)
            assert extent.content is Content.DATA or not part.strip(b"\0")
            covered += part
        reader.close()
    assert covered == read == whole[offset : offset + size]


def test_a_window_beyond_the_file_is_refused(sparse: Path) -> None:
    with pytest.raises(Unavailable, match="less than the 6 MiB"), open_raw_file(sparse, size=6 * MIB):
        pass


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound), open_raw_file(tmp_path / "none"):
        pass


def test_a_file_that_shrinks_is_unavailable(sparse: Path) -> None:
    with open_raw_file(sparse) as disk:
        reader = disk.reader()
        sparse.write_bytes(b"short")
        with pytest.raises(Unavailable, match="ends at byte 5"):
            reader.read(0, 100)
        reader.close()
