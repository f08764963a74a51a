"""Modules are listed out of every form of initramfs that distributions make, by a program that has no rights."""

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import tempfile
from collections.abc import Callable

import pytest
import zstandard

from galeria.adapters.inspection import initramfs_modules
from galeria.adapters.inspection.answers import Answer
from galeria.adapters.inspection.confinement import ProgramLimits, confined, python_folders
from galeria.adapters.inspection.initramfs_modules import list_modules
from galeria.adapters.inspection.inspector import list_initramfs
from galeria.guests.cpio import CpioArchive


def archive(*names: str) -> bytes:
    made = CpioArchive()
    for name in names:
        made.add_file(name, b"x" * 1234)
    return made.finish()


MODULES = archive("bin/sh", "lib/modules/6.1/virtio-blk.ko", "lib/modules/6.1/nvme.ko.xz", "lib/nvme.ko.d")
EARLY = archive("kernel/x86/microcode/AuthenticAMD.bin")


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress], ids=lambda pack: pack.__name__
)
def test_every_compression(pack: Callable[[bytes], bytes]) -> None:
    assert list_modules(io.BytesIO(pack(MODULES))) == ["virtio_blk", "nvme"]
    assert list_modules(io.BytesIO(EARLY + bytes(512) + pack(MODULES))) == ["virtio_blk", "nvme"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x02\x21\x4c\x18" + b"x" * 100,  # lz4, which nothing here reads
        MODULES[:300],
        gzip.compress(MODULES)[:-20],
        gzip.compress(gzip.compress(MODULES)),
        zstandard.compress(MODULES)[:40],
        b"070701" + b"z" * 200,
        b"070701" + b"f" * 104,
    ],
)
def test_what_is_no_initramfs_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, OSError, EOFError, zstandard.ZstdError)):
        list_modules(io.BytesIO(content))


def listed(content: bytes) -> list[str] | None:
    with tempfile.TemporaryFile() as file:
        file.write(b"before" + content + b"behind")
        file.flush()
        return list_initramfs(Answer(initramfs="boot/initrd", initramfs_offset=6, initramfs_size=len(content)), file)


def test_the_confined_program_reads_no_more_than_the_initramfs() -> None:
    assert listed(EARLY + gzip.compress(MODULES)) == ["virtio_blk", "nvme"]
    assert listed(b"noise") is None
    assert listed(gzip.compress(bytes(1 << 20))) is None


def test_a_bomb_ends_at_the_limit_of_the_processor() -> None:
    """Zeros without end, of which an archive may have any number behind it."""
    bomb = lzma.compress(bytes(64 << 20)) * 400
    command = [sys.executable, "-I", "-B", initramfs_modules.__file__, str(len(bomb))]
    limits = ProgramLimits(memory=1 << 30, processor=1)
    with tempfile.TemporaryFile() as file:
        file.write(bomb)
        file.seek(0)
        readable = [*python_folders()]
        done = subprocess.run(
            confined(command, limits, readable=readable), stdin=file, capture_output=True, timeout=120, check=False
        )
    assert done.returncode != 0
