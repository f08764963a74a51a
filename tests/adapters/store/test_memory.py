"""Memory does not grow with the disk: a huge sparse disk costs no more than its data."""

import re
import sys
from pathlib import Path

from galeria.programs import run

MIB = 1024 * 1024

PROGRAM = """
import sys
from pathlib import Path
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from galeria.adapters.db.tables.chunk_tables import chunks, packs
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import open_region
from galeria.ports.progress import unheard

directory = Path(sys.argv[1])
engine = sa.create_engine(f"sqlite:///{directory}/index.sqlite")
packs.create(engine)
chunks.create(engine)
key = Ed25519PrivateKey.generate()
store = open_region(
    "north", (directory / "north").as_uri(), work=directory, index=DatabaseChunkIndex(engine), key=key
)
with open_raw_file(directory / "disk") as disk:
    digest = store.capture(disk, parent=None, pin=lambda digest: None, progress=unheard).digest
store.restore(digest, directory / "back", progress=unheard)
sys.stdout.write(Path("/proc/self/status").read_text())
"""


def peak(directory: Path, size: int, data: int) -> int:
    """Peak resident bytes of capturing and restoring a disk, by the kernel's mark for the process."""
    directory.mkdir()
    with (directory / "disk").open("wb") as disk:
        disk.truncate(size)
        for number in range(data // MIB):
            disk.seek(number * (size // data) * MIB)
            disk.write(number.to_bytes(4, "big") * (MIB // 4))
    status = run([sys.executable, "-c", PROGRAM, directory])
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) * 1024


def test_a_disk_of_a_hundred_gigabytes_fits_in_little_memory(tmp_path: Path) -> None:
    small = peak(tmp_path / "small", 64 * MIB, 32 * MIB)
    large = peak(tmp_path / "large", 100 * 1024 * MIB, 128 * MIB)
    assert large < 150 * MIB
    assert large - small < 40 * MIB
