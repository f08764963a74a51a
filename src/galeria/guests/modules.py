"""Picks kernel modules with all that they depend on, in an order in which they can be loaded, and unpacks them.

A distribution's kernel package holds no modules.dep (depmod makes that at installation), so dependencies are read
from the modules themselves. What the kernel has built in needs no file.
"""

import lzma
from collections.abc import Iterable, Mapping
from pathlib import Path

import zstandard

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.guests.elf import module_dependencies

# Debian 12 ships plain .ko, Debian 13 .ko.xz, Ubuntu 24.04 .ko.zst.
_SUFFIXES = (".ko", ".ko.xz", ".ko.zst")


class KernelModules:
    """The modules of one kernel; `folder` is its lib/modules/VERSION."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            module_name(path.name): path for path in sorted(folder.rglob("*.ko*")) if path.name.endswith(_SUFFIXES)
        }
        listing = folder / "modules.builtin"
        lines = listing.read_text().splitlines() if listing.is_file() else []
        self._builtin = frozenset(module_name(Path(line).name) for line in lines)
        self._contents: dict[str, bytes] = {}

    def load_order(self, names: Iterable[str]) -> list[str]:
        """Return `names` and everything that they need, dependencies first, without what is built in.

        Raises NotFound where the kernel has no such module.
        """
        graph: dict[str, list[str]] = {}
        waiting = list(names)
        wanted = list(waiting)
        while waiting:
            name = waiting.pop()
            if name in graph or name in self._builtin:
                continue
            graph[name] = module_dependencies(self.get_content(name))
            waiting += graph[name]
        return dependencies_first(wanted, graph)

    def get_content(self, name: str) -> bytes:
        """Return the decompressed bytes of a module. Raises NotFound."""
        if name not in self._files:
            raise NotFound(
                Message("The kernel package has no module {name}.", name=name),
                hint=Message("Build with Debian's linux-image-cloud-amd64 or Ubuntu's linux-image-virtual."),
            )
        if name not in self._contents:
            self._contents[name] = _decompress(self._files[name])
        return self._contents[name]


def module_name(file_name: str) -> str:
    """Return the kernel's own name for the file of a module: `virtio-rng.ko.zst` is `virtio_rng`."""
    return file_name.split(".ko")[0].replace("-", "_")


def dependencies_first(names: Iterable[str], graph: Mapping[str, list[str]]) -> list[str]:
    """Return the keys of `graph` reachable from `names`, each after all that it depends on. Other names are left out."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered or name not in graph:
            return
        for dependency in graph[name]:
            visit(dependency)
        ordered[name] = None

    for name in names:
        visit(name)
    return list(ordered)


def _decompress(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(content)
    if path.suffix == ".zst":
        # Kernel modules are compressed as a stream: the frame need not name the unpacked size.
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content
