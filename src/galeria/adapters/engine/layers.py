"""The layers of a machine's disk: `seal_disk` adds a top file named after-<layer>.qcow2; that name is the only record.

Layer L is the backing file of after-L.qcow2, once that file belongs to the chain in the machine's definition. A crash
before that leaves a file that the next call uses, where it is backed by the present top, or replaces. Layers that nobody
needs by name are joined with those below them (`chains.joining`).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import libvirt

from galeria.adapters.bases.server_process import let_in, socket_of
from galeria.adapters.engine import agent, disks, domain_xml
from galeria.adapters.engine.changed_pieces import changed_pieces
from galeria.adapters.engine.confinement.accounts import Account
from galeria.adapters.engine.daemons import Hypervisor, is_active, translated_errors
from galeria.adapters.engine.disks import DiskFile
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.mapped_chain import NotMapped, open_mapped
from galeria.adapters.engine.nbd_source import open_chain
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.ports.disks import DiskSource
from galeria.ports.machines import Machine

log = logging.getLogger(__name__)


class Layers:
    """The disk chains of this host's machines."""

    def __init__(self, layout: Layout, hypervisor: Hypervisor) -> None:
        self._layout = layout
        self._hypervisor = hypervisor

    def seal(self, machine: Machine, layer: str, domain: libvirt.virDomain) -> None:
        """Close the top file as `layer`; nothing happens where it is closed already.

        Raises MachineFailed, OutOfSpace, ToolFailed.
        """
        above = self._layout.disk_after(machine, layer)
        files = disks.chain(top_of(domain))
        if _find(files, above) is None:
            if not _is_backed_by(above, files[0].path):
                disks.create_overlay(above, backing=files[0].path, backing_format="qcow2", size=files[0].size)
            if is_active(domain):
                _switch(domain, above)
        self._ensure_defined(domain, above)

    def has(self, machine: Machine, layer: str, domain: libvirt.virDomain) -> bool:
        return _find(disks.chain(top_of(domain)), self._layout.disk_after(machine, layer)) is not None

    def open_changes(
        self, machine: Machine, layer: str, since: str | None, domain: libvirt.virDomain
    ) -> AbstractContextManager[DiskSource]:
        """Open the sealed `layer`; what changed after `since` counts as changed.

        Raises NotFound where `layer` is not sealed, or `since` is not a layer below it.
        """
        files = disks.chain(top_of(domain))
        sealed = files[self._depth(machine, layer, files) :]
        return open_sealed(sealed, own_files=self._depth(machine, since, sealed))

    def changed_pieces(self, machine: Machine, since: str | None, piece: int, domain: libvirt.virDomain) -> int:
        files = disks.chain(top_of(domain))
        return changed_pieces(files, own_files=self._depth(machine, since, files), piece=piece)

    def _depth(self, machine: Machine, layer: str | None, files: list[DiskFile]) -> int:
        """Return how many of `files` lie above the layer, or above the base image for None."""
        if layer is None:
            return len(files) - 1
        above = _find(files, self._layout.disk_after(machine, layer))
        if above is None:
            raise NotFound(
                Message("The machine's disk has no sealed layer '{layer}'.", layer=layer),
                hint=Message("Seal the disk first."),
            )
        return above + 1

    def _ensure_defined(self, domain: libvirt.virDomain, above: Path) -> None:
        """Make the stored definition name the top file in use: `above`, or a file that was put on it since.

        libvirt itself stores a running machine's switch, unless it was killed meanwhile.
        """
        with translated_errors(Message("read a machine's definition")):
            stored = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
            live = domain.XMLDesc()
        if is_active(domain):
            top = domain_xml.disk_of(live)
        else:
            present = domain_xml.disk_of(stored)
            top = present if _find(disks.chain(present), above) is not None else above
        if domain_xml.disk_of(stored) != top:
            self._hypervisor.define(domain_xml.with_disk(stored, top))


@contextmanager
def open_sealed(files: Sequence[DiskFile], *, own_files: int) -> Iterator[DiskSource]:
    """Open sealed files, the top first, of which the upper `own_files` hold the changes.

    They are read in place where the bytes lie in the files as they are, else by qemu-nbd. Raises ToolFailed, Unavailable.
    """
    with ExitStack() as opened:
        disk: DiskSource
        try:
            disk = opened.enter_context(open_mapped(files, own_files=own_files))
        except NotMapped:
            log.info(
                "a machine's disk is not read in place: some of it is compressed or encrypted, or its base is not whole"
            )
            disk = opened.enter_context(open_chain(files[0].path, own_files=own_files))
        yield disk


def with_base(definition: str, account: Account | None) -> str:
    """Return the definition for a start now: its base is a file, or is read from the process that serves it."""
    top = domain_xml.disk_of(definition)
    base = disks.find_served_base(top)
    if base is None:
        return domain_xml.with_served_base(definition, (), None)
    let_in(base, account.number if account else None)
    return domain_xml.with_served_base(definition, [file.path for file in disks.chain(top)[:-1]], socket_of(base))


def top_of(domain: libvirt.virDomain) -> Path:
    """Return the writable file in use; where the machine is off, that of the next start."""
    with translated_errors(Message("read a machine's definition")):
        return domain_xml.disk_of(domain.XMLDesc())


def _find(files: list[DiskFile], path: Path) -> int | None:
    return next((index for index, file in enumerate(files) if file.path == path), None)


def _is_backed_by(above: Path, top: Path) -> bool:
    """Return whether `above` is a new top file over `top` that a crash left before its use."""
    if not above.exists():
        return False
    files = disks.chain(above)
    return len(files) > 1 and files[1].path == top


def _switch(domain: libvirt.virDomain, above: Path) -> None:
    """Make a running machine write to `above` from now on. Its file systems are frozen meanwhile where the agent can."""
    flags = (
        libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
        | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
        | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
        | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
    )
    with translated_errors(Message("read a machine's definition")):
        disk_name = domain_xml.disk_name_of(domain.XMLDesc())
    xml = _snapshot_xml(above, disk_name)
    _end_commit(domain, disk_name)
    if agent.answers(domain):
        try:
            domain.snapshotCreateXML(xml, flags | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE)
            return
        except libvirt.libvirtError as error:
            log.warning("the guest could not be frozen, its disk is sealed as after a power cut: %s", error)
    with translated_errors(Message("seal the machine's disk")):
        domain.snapshotCreateXML(xml, flags)


def _end_commit(domain: libvirt.virDomain, disk_name: str) -> None:
    """End the joining of layers that goes on since before a restart of the service: a disk with a job cannot be sealed."""
    with translated_errors(Message("end a job on the machine's disk")):
        job = domain.blockJobInfo(disk_name)
        if job and job.get("type") == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
            domain.blockJobAbort(disk_name)


def _snapshot_xml(above: Path, disk_name: str) -> str:
    root = Element("domainsnapshot")
    disk = SubElement(SubElement(root, "disks"), "disk", name=disk_name, snapshot="external")
    SubElement(disk, "source", file=str(above))
    SubElement(disk, "driver", type="qcow2")
    return tostring(root, encoding="unicode")
