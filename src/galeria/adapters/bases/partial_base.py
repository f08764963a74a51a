"""A base disk that arrives chunk by chunk in a sparse file. Nothing of it is given out that was not checked by its hash.

What an earlier process left in the file is believed as little as what comes from the store: each chunk is hashed once before
it is given out. So no list of what is there has to survive a crash or a power cut.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Condition

from galeria.adapters.disks.free_room import keep_margin
from galeria.adapters.engine.disks import sync_path
from galeria.adapters.store.manifests.manifest import Manifest, ManifestSlots
from galeria.adapters.store.packs.chunks import chunk_name
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin

Fetch = Callable[[dict[bytes, list[int]], Callable[[bytes, bytes], None]], None]
"""Fetches these chunks, whose slots are given, and hands over name and checked bytes of each. Raises GaleriaError."""


class PartialBase:
    """The file of one base. Safe for several threads: a chunk that several want at once is fetched once."""

    def __init__(
        self, path: Path, manifest: Manifest, fetch: Fetch, *, margin: DiskMargin = NO_MARGIN, is_writable: bool = True
    ) -> None:
        self.manifest = manifest
        self._path, self._fetch, self._margin = path, fetch, margin
        self._slots = ManifestSlots(manifest)
        flags = os.O_RDWR | os.O_CREAT if is_writable else os.O_RDONLY
        self._handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
        self._is_new = is_writable and os.fstat(self._handle).st_blocks == 0
        if is_writable:
            os.ftruncate(self._handle, manifest.size)
        self._checked = bytearray(-(-manifest.slots // 8))
        self._arriving: set[int] = set()
        self._change = Condition()
        self.present = 0  # chunks with data that were checked

    @property
    def is_whole(self) -> bool:
        return self.present == self.manifest.count

    @property
    def handle(self) -> int:
        """The descriptor of the file, to read stretches from that `ensure` has returned for."""
        return self._handle

    def slots(self, offset: int, length: int) -> list[int]:
        """Return the slots with data in a stretch of the disk."""
        first, last = offset // self.manifest.chunk_size, -(-(offset + length) // self.manifest.chunk_size)
        return [slot for slot, _ in self._slots.stretch(first, last - first)]

    def are_present(self, slots: Iterable[int]) -> bool:
        return all(self._is_checked(slot) for slot in slots)

    def ensure(self, slots: Iterable[int]) -> None:
        """Return when these slots are in the file and were checked. Raises GaleriaError where a chunk cannot be had."""
        wanted = {slot for slot in slots if not self._is_checked(slot)}
        while wanted:
            mine = self._claim(wanted)
            try:
                self._bring(mine)
            finally:
                with self._change:
                    self._arriving -= mine
                    self._change.notify_all()
            wanted = {slot for slot in wanted if not self._is_checked(slot)}

    def finish(self, base: Path) -> None:
        """Give the whole file the name of the base, readable for QEMU's user and writable for nobody."""
        os.fsync(self._handle)
        os.fchmod(self._handle, 0o444)
        self._path.replace(base)
        sync_path(base.parent)

    def close(self) -> None:
        os.close(self._handle)

    def _claim(self, wanted: set[int]) -> set[int]:
        """Return those of the slots that nobody fetches yet; where all are on their way, wait until one of them is done."""
        with self._change:
            mine = wanted - self._arriving
            if not mine:
                self._change.wait()
            self._arriving |= mine
            return mine

    def _bring(self, slots: set[int]) -> None:
        missing: dict[bytes, list[int]] = {}
        for slot in sorted(slots):
            for _, name in self._slots.stretch(slot, 1):
                if self._is_checked(slot) or (not self._is_new and self._check(slot, name)):
                    continue
                missing.setdefault(name, []).append(slot)

        def arrived(name: bytes, data: bytes) -> None:
            for slot in missing[name]:
                self._write(slot, data)
                self._note(slot)

        if missing:
            self._fetch(missing, arrived)

    def _check(self, slot: int, name: bytes) -> bool:
        """Return whether an earlier process left the chunk in the file, whole."""
        size = self.manifest.chunk_size
        start = slot * size
        try:
            if os.lseek(self._handle, start, os.SEEK_DATA) >= start + size:
                return False
        except OSError:  # there is nothing but a hole up to the end
            return False
        if chunk_name(os.pread(self._handle, size, start).ljust(size, b"\0")) != name:
            return False
        self._note(slot)
        return True

    def _write(self, slot: int, data: bytes) -> None:
        start = slot * self.manifest.chunk_size
        view = memoryview(data)[: self.manifest.size - start]
        keep_margin(self._handle, len(view), self._margin)
        while view:
            count = os.pwrite(self._handle, view, start)
            view, start = view[count:], start + count

    def _is_checked(self, slot: int) -> bool:
        return bool(self._checked[slot >> 3] >> (slot & 7) & 1)

    def _note(self, slot: int) -> None:
        """Give out a chunk that was checked: who waits for it does not wait for those that are fetched with it."""
        with self._change:
            if not self._is_checked(slot):
                self._checked[slot >> 3] |= 1 << (slot & 7)
                self.present += 1
            self._arriving.discard(slot)
            self._change.notify_all()
