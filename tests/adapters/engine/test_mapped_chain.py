"""Sealed layers that are read in place: the same bytes and extents as by qemu-nbd, which is the peer here."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from galeria.adapters.engine import mapped_chain
from galeria.adapters.engine.disks import chain, create_overlay
from galeria.adapters.engine.layers import open_sealed
from galeria.adapters.engine.mapped_chain import MappedChain, NotMapped, open_mapped
from galeria.adapters.engine.nbd_source import open_chain
from galeria.domain.errors import Unavailable
from galeria.ports.disks import Content, DiskSource, Extent
from tests.adapters.engine.random_layers import CLUSTER, MIB, SIZE, layers_over, qemu_io


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """With holes, and smaller than the disks over it may be."""
    path = tmp_path / "base.raw"
    with path.open("wb") as file:
        file.write(random.Random(7).randbytes(2 * MIB))
        file.seek(9 * MIB + 512)
        file.write(b"B" * MIB)
        file.truncate(SIZE)
    return path


def content_of(disk: DiskSource) -> bytes:
    """Read in memory that always holds something else before, as that of a capture does."""
    reader, pieces = disk.reader(), []
    for at in range(0, disk.size, 4 * MIB):
        piece = bytearray(b"\xa5" * min(4 * MIB, disk.size - at))
        reader.read_into(at, memoryview(piece))
        pieces.append(piece)
    return b"".join(pieces)


def coarse(extents: list[Extent], content: Content) -> set[int]:
    """The sectors of one kind."""
    return {
        sector
        for each in extents
        if each.content is content
        for sector in range(each.offset // 512, (each.offset + each.length) // 512)
    }


@pytest.mark.parametrize("seed", range(12))
def test_bytes_and_extents_are_those_of_qemu_nbd(tmp_path: Path, base: Path, seed: int) -> None:
    top = layers_over(base, tmp_path, seed)
    for own_files in range(1, 4):
        with open_mapped(chain(top), own_files=own_files) as ours, open_chain(top, own_files=own_files) as peer:
            assert ours.size == peer.size == SIZE
            assert content_of(ours) == content_of(peer)
            mine, theirs = list(ours.extents()), list(peer.extents())
            assert sum(each.length for each in mine) == SIZE
            for kind in Content:
                assert coarse(mine, kind) == coarse(theirs, kind), kind


def test_short_reads_at_every_border_are_the_same(tmp_path: Path, base: Path) -> None:
    top = layers_over(base, tmp_path, seed=99)
    with open_mapped(chain(top), own_files=3) as ours, open_chain(top, own_files=3) as peer:
        mine, theirs = ours.reader(), peer.reader()
        for each in ours.extents():
            start, end = max(0, each.offset - 3), min(SIZE, each.offset + 5)
            assert mine.read(start, end - start) == theirs.read(start, end - start)
        assert mine.read(SIZE - 1, 1) == theirs.read(SIZE - 1, 1)
        assert mine.read(SIZE, 0) == b""
        for wrong in ((SIZE, 1), (-1, 2), (SIZE - 1, 2)):
            with pytest.raises(Unavailable, match="behind the end"):
                mine.read(*wrong)


def test_a_disk_larger_than_its_image_ends_in_zeros(tmp_path: Path, base: Path) -> None:
    top = tmp_path / "grown.qcow2"
    create_overlay(top, backing=base, backing_format="raw")
    subprocess.run(["qemu-img", "resize", "-q", "-f", "qcow2", top, str(SIZE + 3 * MIB)], check=True)
    qemu_io(top, f"write -P 9 {SIZE + MIB} 512")
    with open_mapped(chain(top), own_files=1) as ours, open_chain(top, own_files=1) as peer:
        assert content_of(ours) == content_of(peer)


def test_a_last_cluster_that_is_cut_short_reads_as_zeros(tmp_path: Path) -> None:
    base, top = tmp_path / "base.raw", tmp_path / "top.qcow2"
    with base.open("wb") as file:
        file.truncate(MIB)
    create_overlay(top, backing=base, backing_format="raw")
    qemu_io(top, "write -P 7 512k 64k")
    row = next(each for each in _map(top) if each["data"])
    with top.open("r+b") as file:
        file.truncate(row["offset"] + 1000)
    with open_mapped(chain(top), own_files=1) as ours:
        assert ours.reader().read(512 << 10, CLUSTER) == b"\7" * 1000 + bytes(CLUSTER - 1000)


def test_a_map_in_several_windows_is_one(tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = layers_over(base, tmp_path, seed=5)
    with open_mapped(chain(top), own_files=3) as disk:
        extents, content = list(disk.extents()), content_of(disk)
    monkeypatch.setattr(mapped_chain, "STRIDE", 3 * MIB + 1024)
    with open_mapped(chain(top), own_files=3) as disk:
        assert (list(disk.extents()), content_of(disk)) == (extents, content)


def test_what_is_compressed_is_read_by_qemu_nbd(tmp_path: Path, base: Path) -> None:
    top = tmp_path / "compressed.qcow2"
    create_overlay(top, backing=base, backing_format="raw")
    qemu_io(top, "write -c -P 5 4M 64k")
    with pytest.raises(NotMapped), open_mapped(chain(top), own_files=1):
        pass
    with open_sealed(chain(top), own_files=1) as disk:
        assert not isinstance(disk, MappedChain)
        assert disk.reader().read(4 * MIB, CLUSTER) == b"\5" * CLUSTER


def test_files_that_are_replaced_meanwhile_are_read_to_their_end(tmp_path: Path, base: Path) -> None:
    top = layers_over(base, tmp_path, seed=3)
    with open_sealed(chain(top), own_files=3) as disk:
        assert isinstance(disk, MappedChain)
        before = content_of(disk)
        top.unlink()
        base.unlink()
        assert content_of(disk) == before


def _map(top: Path) -> list[dict[str, int]]:
    text = subprocess.run(["qemu-img", "map", "--output=json", top], check=True, capture_output=True, text=True).stdout
    rows: list[dict[str, int]] = json.loads(text)
    return rows
