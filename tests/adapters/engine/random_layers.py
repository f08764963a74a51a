"""Layers of a disk that were written to in every way, at any place."""

import random
import subprocess
from pathlib import Path

from galeria.adapters.engine.disks import create_overlay

MIB = 1 << 20
SIZE = 24 * MIB + 512
CLUSTER = 65536


def qemu_io(path: Path, *commands: str) -> None:
    words = [word for command in commands for word in ("-c", command)]
    subprocess.run(["qemu-io", "-f", "qcow2", *words, path], check=True, capture_output=True)


def written(random: random.Random) -> str:
    """A write of any kind at any place: bytes, zeros that are kept as such, zeros that are written out, or a discard."""
    offset = random.randrange(SIZE // 512) * 512
    length = min(random.choice([512, 3072, CLUSTER, 5 * CLUSTER + 1024, MIB]), SIZE - offset)
    kind = random.choice([f"write -P {random.randrange(1, 256)}", "write -z", "write -P 0", "write -z -u", "discard"])
    return f"{kind} {offset} {length}"


def layers_over(base: Path, folder: Path, seed: int, *, count: int = 3) -> Path:
    below, format, made = base, "raw", random.Random(seed)
    for number in range(count):
        path = folder / f"layer-{number}.qcow2"
        create_overlay(path, backing=below, backing_format=format)
        qemu_io(path, *(written(made) for _ in range(made.randrange(1, 25))))
        below, format = path, "qcow2"
    return below
