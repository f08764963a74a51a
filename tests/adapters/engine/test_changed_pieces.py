"""What an export would read is known before, piece by piece, and never more than what it then reads."""

import random
from pathlib import Path

import pytest

from galeria.adapters.engine.changed_pieces import changed_pieces
from galeria.adapters.engine.disks import chain, create_overlay
from galeria.adapters.engine.mapped_chain import open_mapped
from galeria.adapters.store.alignment import aligned
from galeria.ports.disks import Content
from tests.adapters.engine.random_layers import MIB, SIZE, layers_over, qemu_io

PIECE = 256 * 1024


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.raw"
    path.write_bytes(random.Random(7).randbytes(2 * MIB) + bytes(SIZE - 2 * MIB))
    return path


def read_by_an_export(top: Path, own_files: int) -> int:
    with open_mapped(chain(top), own_files=own_files) as disk:
        stretches = aligned(disk.extents(), size=disk.size, chunk_size=PIECE)
        return sum(each.count for each in stretches if each.content is Content.DATA)


@pytest.mark.parametrize("seed", range(8))
def test_no_export_reads_more_than_was_said(tmp_path: Path, base: Path, seed: int) -> None:
    top = layers_over(base, tmp_path, seed)
    for own_files in range(4):
        said = changed_pieces(chain(top), own_files=own_files, piece=PIECE)
        assert read_by_an_export(top, own_files) <= said <= -(-SIZE // PIECE)


def test_many_clusters_of_one_piece_are_one_piece(tmp_path: Path, base: Path) -> None:
    top = tmp_path / "top.qcow2"
    create_overlay(top, backing=base, backing_format="raw")
    assert changed_pieces(chain(top), own_files=1, piece=PIECE) == 0

    qemu_io(top, f"write -P 1 {4 * MIB} {2 * MIB}", f"write -P 2 {9 * MIB} 512")

    assert changed_pieces(chain(top), own_files=1, piece=PIECE) == 2 * MIB // PIECE + 1
    assert changed_pieces(chain(top), own_files=0, piece=PIECE) == 0


def test_a_cluster_that_two_layers_hold_is_counted_once(tmp_path: Path, base: Path) -> None:
    below, top = tmp_path / "below.qcow2", tmp_path / "top.qcow2"
    create_overlay(below, backing=base, backing_format="raw")
    qemu_io(below, f"write -P 1 {4 * MIB} {2 * MIB}")
    create_overlay(top, backing=below, backing_format="qcow2")
    qemu_io(top, f"write -P 2 {4 * MIB} {2 * MIB}")

    assert changed_pieces(chain(top), own_files=2, piece=PIECE) == 2 * MIB // PIECE
    assert changed_pieces(chain(top), own_files=1, piece=PIECE) == 2 * MIB // PIECE


def test_what_is_in_the_file_but_not_in_its_tables_yet_is_counted(tmp_path: Path, base: Path) -> None:
    top = tmp_path / "top.qcow2"
    create_overlay(top, backing=base, backing_format="raw")
    qemu_io(top, f"write -P 1 {4 * MIB} {PIECE}")
    with top.open("ab") as file:
        file.write(b"\7" * MIB)

    said = changed_pieces(chain(top), own_files=1, piece=PIECE)

    assert said >= 1 + MIB // 65536 - 1  # a table that is smaller than its cluster hides one of them at most
