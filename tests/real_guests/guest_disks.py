"""The disks of all variants, made where they are asked for and kept in the cache."""

import shutil
from pathlib import Path

import asyncssh

from galeria.programs import run
from tests.real_guests.cache import FileCache, digest
from tests.real_guests.disks import make_disk
from tests.real_guests.trees import BASE_OPTIONS, RELEASE, make_base, make_tree
from tests.real_guests.variants import VARIANTS, Variant

HERE = Path(__file__).parent
# What qemu-img calls each format. A fixed VHD's size is exact, as Azure wants it.
FORMATS = {
    "qcow2": ("-O", "qcow2", "-c", "-o", "compression_type=zstd"),
    "vhd": ("-O", "vpc", "-o", "subformat=fixed,force_size"),
    "vhdx": ("-O", "vhdx"),
    "vmdk": ("-O", "vmdk", "-o", "subformat=streamOptimized"),
}


class GuestDisks:
    """`prof_key` is the private key whose public half is on the disks of specialized variants."""

    def __init__(self, folder: Path) -> None:
        self._cache = FileCache(folder)
        self._folder = folder
        self.prof_key = self._cache.get("prof_key", _make_key)

    def get(self, variant: Variant) -> Path:
        return self._cache.get(self._name(variant), lambda target: self._make(variant, target))

    def remove_others(self) -> None:
        """Remove the disks of earlier recipes."""
        self._cache.remove_others({self.prof_key.name, _base_name(), *map(self._name, VARIANTS)})

    @property
    def _public_key(self) -> str:
        return asyncssh.read_private_key(self.prof_key).export_public_key().decode().strip()

    def _name(self, variant: Variant) -> str:
        makers = [
            (HERE / name).read_bytes() for name in ("trees.py", "disks.py", "file_systems.py", "logical_volumes.py")
        ]
        facts = [variant.script, variant.file_system, variant.file_format, str(variant.fallback_loader)]
        name = digest(_base_name(), self._public_key, *facts, *makers, Path(__file__).read_bytes())
        return f"{variant.name}-{name}.{variant.file_format}"

    def _make(self, variant: Variant, target: Path) -> None:
        base = self._cache.get(_base_name(), make_base)
        work = self._folder / f".work-{self._name(variant)}"
        shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
        work.mkdir()
        try:
            make_tree(work / "tree", base, variant.script, prof_key=self._public_key)
            raw, file_system = work / "disk.raw", variant.file_system
            make_disk(raw, work / "tree", work, file_system=file_system, fallback_loader=variant.fallback_loader)
            run(["qemu-img", "convert", "-f", "raw", *FORMATS[variant.file_format], raw, target])
        finally:
            shutil.rmtree(work)


def _base_name() -> str:
    return f"base-{digest(RELEASE, *BASE_OPTIONS)}.tar"


def _make_key(target: Path) -> None:
    target.touch(mode=0o600)
    asyncssh.generate_private_key("ssh-ed25519", comment="prof@old").write_private_key(target)
