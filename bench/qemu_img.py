"""qemu-img as a peer, which every host of machines has."""

from pathlib import Path

from galeria.programs import run

COMPRESSING = "qemu-img convert -c zstd -m 16 -W"


def compress(disk: Path, packed: Path, *, format: str) -> None:
    """Write a whole disk with its backing files into one compressed qcow2 file, without checks and sync."""
    options = ["-f", format, "-O", "qcow2", "-c", "-o", "compression_type=zstd", "-m", "16", "-W"]
    run(["qemu-img", "convert", *options, disk, packed])


def expand(packed: Path, disk: Path) -> None:
    """Write it back to a sparse raw file."""
    run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", "-m", "16", "-W", packed, disk])
