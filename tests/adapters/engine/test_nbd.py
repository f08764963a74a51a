"""Disks read through a real qemu-nbd: extents, bytes, formats, and what happens with bad files."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from galeria.adapters.engine.disks import allocated_bytes, chain, create_overlay
from galeria.adapters.engine.nbd_source import FOLDER, clipped, merged, open_chain, open_image, remove_stale_sockets
from galeria.domain.errors import ToolFailed, Unavailable
from galeria.ports.disks import Content, Extent
from tests.waiting import until

MIB = 1 << 20
CLUSTER = 65536


def qemu_io(path: Path, *commands: str, format: str = "qcow2") -> None:
    words = [word for command in commands for word in ("-c", command)]
    subprocess.run(["qemu-io", "-f", format, *words, path], check=True, capture_output=True)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.raw"
    with path.open("wb") as file:
        file.write(b"B" * (2 * MIB))
        file.truncate(8 * MIB)
    return path


@pytest.fixture
def layers(tmp_path: Path, base: Path) -> list[Path]:
    """Three qcow2 files over the base, the lowest first, each with changes of its own."""
    files = [tmp_path / name for name in ("first.qcow2", "after-one.qcow2", "after-two.qcow2")]
    create_overlay(files[0], backing=base, backing_format="raw")
    qemu_io(files[0], "write -P 0x31 1M 64k", "write -P 0x31 4M 128k")
    create_overlay(files[1], backing=files[0], backing_format="qcow2")
    qemu_io(files[1], "write -P 0x32 4M 64k", "write -z 1M 64k")
    create_overlay(files[2], backing=files[1], backing_format="qcow2")
    qemu_io(files[2], "write -P 0x33 6M 64k")
    return files


def extents(path: Path, *, own_files: int) -> list[Extent]:
    with open_chain(path, own_files=own_files) as disk:
        return list(disk.extents())


def extent(offset: int, length: int, content: Content) -> Extent:
    return Extent(offset=offset, length=length, content=content)


def test_the_chain_lists_the_top_first_and_the_base_last(layers: list[Path], base: Path) -> None:
    files = chain(layers[-1])
    assert [file.path for file in files] == [*reversed(layers), base]
    assert [file.format for file in files] == ["qcow2"] * 3 + ["raw"]
    assert {file.size for file in files} == {8 * MIB}


def test_an_overlay_is_small_and_moves_with_its_folder(tmp_path: Path, layers: list[Path]) -> None:
    create_overlay(tmp_path / "empty.qcow2", backing=layers[-1], backing_format="qcow2")
    assert allocated_bytes([tmp_path / "empty.qcow2", tmp_path / "absent"]) < MIB
    moved = tmp_path.rename(tmp_path.with_name(tmp_path.name + "-moved"))
    assert len(chain(moved / "empty.qcow2")) == 5
    moved.rename(tmp_path)


def test_only_the_uppermost_files_count_as_changes(layers: list[Path]) -> None:
    assert extents(layers[1], own_files=1) == [
        extent(0, MIB, Content.PARENT),
        extent(MIB, CLUSTER, Content.ZERO),
        extent(MIB + CLUSTER, 3 * MIB - CLUSTER, Content.PARENT),
        extent(4 * MIB, CLUSTER, Content.DATA),
        extent(4 * MIB + CLUSTER, 4 * MIB - CLUSTER, Content.PARENT),
    ]


def test_all_files_over_the_base_count_when_there_is_no_earlier_layer(layers: list[Path]) -> None:
    changed = [each for each in extents(layers[2], own_files=3) if each.content is not Content.PARENT]
    assert changed == [
        extent(MIB, CLUSTER, Content.ZERO),
        extent(4 * MIB, 2 * CLUSTER, Content.DATA),
        extent(6 * MIB, CLUSTER, Content.DATA),
    ]


def test_several_readers_see_the_layer_and_not_what_is_above_it(layers: list[Path]) -> None:
    with open_chain(layers[1], own_files=2) as disk:
        readers = [disk.reader() for _ in range(3)]
        for reader in readers:
            assert reader.read(4 * MIB, 3) == b"\x32" * 3
            assert reader.read(4 * MIB + CLUSTER - 1, 2) == b"\x32\x31"
            assert reader.read(6 * MIB, CLUSTER) == bytes(CLUSTER)
        assert readers[0].read(0, 8 * MIB)[:MIB] == b"B" * MIB
        readers[0].close()
        readers[0].close()


def test_a_read_past_the_end_is_unavailable_and_the_server_goes_on(layers: list[Path]) -> None:
    with open_chain(layers[0], own_files=1) as disk:
        reader = disk.reader()
        with pytest.raises(Unavailable):
            reader.read(disk.size, 1)
        assert disk.reader().read(0, 1) == b"B"


@pytest.mark.parametrize("format", ["raw", "qcow2", "vpc", "vhdx", "vmdk"])
def test_an_image_of_each_format_is_read(tmp_path: Path, base: Path, format: str) -> None:
    image = tmp_path / f"image.{format}"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", format, base, image], check=True)
    with open_image(image, format) as disk:
        assert disk.size >= 8 * MIB
        assert disk.reader().read(0, 4 * MIB) == b"B" * (2 * MIB) + bytes(2 * MIB)
        used = bytearray(b"\xa5" * 4 * MIB)
        disk.reader().read_into(0, memoryview(used))
        assert used == b"B" * (2 * MIB) + bytes(2 * MIB)
        found = list(disk.extents())
        assert sum(each.length for each in found) == disk.size
        assert {each.content for each in found} <= {Content.DATA, Content.ZERO}
        # QEMU keeps no map of a vhdx file: all of it is given as data there.
        assert format == "vhdx" or found[-1].content is Content.ZERO


def test_a_backing_file_that_an_image_names_is_not_read(tmp_path: Path, base: Path) -> None:
    image = tmp_path / "hostile.qcow2"
    create_overlay(image, backing=base, backing_format="raw")
    with open_image(image, "qcow2") as disk:
        assert disk.reader().read(0, CLUSTER) == bytes(CLUSTER)
        assert [each.content for each in disk.extents()] == [Content.ZERO]


def test_a_raw_image_is_never_taken_for_another_format(layers: list[Path]) -> None:
    with open_image(layers[0], "raw") as disk:
        assert disk.reader().read(0, 4) == b"QFI\xfb"


def test_a_damaged_image_is_reported_at_once(tmp_path: Path) -> None:
    image = tmp_path / "damaged.qcow2"
    image.write_bytes(b"QFI\xfb" + b"\xff" * 5000)
    with pytest.raises(ToolFailed, match="qemu-nbd"), open_image(image, "qcow2"):
        pass


def test_readers_that_are_left_open_do_not_keep_the_server(base: Path) -> None:
    with open_image(base, "raw") as disk:
        left = disk.reader()
    with pytest.raises(Unavailable):
        left.read(0, 1)


def test_an_error_inside_the_context_ends_the_server_too(base: Path) -> None:
    with pytest.raises(ValueError, match="mine"), open_image(base, "raw"):
        raise ValueError("mine")


def test_a_killed_process_leaves_no_server_behind(base: Path, tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from galeria.adapters.engine.nbd_source import open_image
with open_image(Path(sys.argv[1]), "raw") as disk:
    disk.reader()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    # What it could not tidy up stays in this test's own folder.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script, base], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    until(lambda: not servers_of(base), "qemu-nbd ends")


def test_a_server_whose_maker_was_killed_before_it_connected_is_ended_later(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for its first connection for ever. One of a living process is left alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folders = [tmp_path / f"{FOLDER}{owner}-abc" for owner in (dead.pid, os.getpid())]
    servers = []
    for folder in folders:
        folder.mkdir()
        command = ["qemu-nbd", "--read-only", "--format", "raw", "--socket", str(folder / "socket"), str(base)]
        servers.append(subprocess.Popen(command))
    try:
        until(lambda: all((folder / "socket").exists() for folder in folders), "both serve")
        remove_stale_sockets()
        assert servers[0].wait(timeout=20) == -signal.SIGKILL
        assert [folder.exists() for folder in folders] == [False, True]
        assert servers[1].poll() is None
    finally:
        for server in servers:
            server.kill()
            server.wait()


def servers_of(image: Path) -> list[str]:
    """Process numbers of the programs that were told of this image and still live; a dead one has no command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(image).encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def test_runs_of_two_contexts_are_cut_at_each_others_borders() -> None:
    assert list(merged([[(10, 0), (10, 1)], [(5, 7), (12, 8)]])) == [(5, (0, 7)), (5, (0, 8)), (7, (1, 8))]
    assert clipped([(10, 0), (10, 1)], 12) == [(10, 0), (2, 1)]
