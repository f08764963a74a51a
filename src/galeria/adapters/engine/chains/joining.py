"""Join neighbouring sealed layers of a machine's disk into the lowest of them, while the machine runs or is off.

A byte is copied at most once: out of the layer that it was written to, into the lowest one. The view from the upper layer is
the same before, during and after: whatever is written into the lower one is what the upper ones hide there. So a joining that
was cut off anywhere loses nothing, and is begun again by the next call. The files that become superfluous are written down
first, and go only when no chain has them.
"""

import json
import logging
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

import libvirt

from galeria.adapters.engine import disks, domain_xml
from galeria.adapters.engine.daemons import is_active, translated_errors
from galeria.adapters.engine.disks import DiskFile
from galeria.adapters.engine.layers import top_of
from galeria.adapters.engine.layout import Layout
from galeria.domain.messages import Message
from galeria.ports.machines import Machine
from galeria.programs import program_environment, program_failure, run

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05  # until somebody who waits for the files is noticed


def join_layers(
    layout: Layout,
    machine: Machine,
    domain: libvirt.virDomain,
    *,
    longest: int,
    needed: Callable[[], Collection[str]],
    rate: int,
    is_wanted: Callable[[], bool],
) -> int:
    """Return the number of files that went. `is_wanted` tells that somebody waits for the machine's files.

    Raises MachineFailed, OutOfSpace, ToolFailed; the disk is then as it was.
    """
    if layout.count_of_layers(machine) < longest and not layout.joined_files(machine).exists():
        return 0  # asked every minute for each machine: a look into its folder has to be enough
    top = top_of(domain)
    if disks.find_served_base(top) is not None:  # qemu-img cannot open it, and it is there soon
        return 0
    files = list(reversed(disks.chain(top)[:-1]))
    gone = _remove_joined(layout, machine, files)
    if len(files) <= longest or _is_held(domain):
        return gone
    for group in groups_of(files, needed()):
        if is_wanted():
            break
        above = files[files.index(group[-1]) + 1]
        # On the disk before the first byte of them is joined.
        disks.write_whole(layout.joined_files(machine), json.dumps([file.path.name for file in group[1:]]))
        if is_active(domain):
            _commit_live(domain, group, rate=rate, is_wanted=is_wanted)
        else:
            _commit(group, above, rate=rate, is_wanted=is_wanted)
        gone += _remove_joined(layout, machine, disks.chain(top_of(domain)))
    return gone


def groups_of(files: Sequence[DiskFile], needed: Collection[str]) -> list[list[DiskFile]]:
    """Return the files that may become one, of a machine's own, the lowest first. The layer under the topmost file stays."""
    groups = [[files[0]]]
    for file in files[1:-1]:
        if layer_under(file.path) in needed:
            groups.append([file])
        else:
            groups[-1].append(file)
    return [group for group in groups if len(group) > 1]


def layer_under(path: Path) -> str:
    """Return the name of the layer that lies under this file."""
    return path.stem.removeprefix("after-")


def _is_held(domain: libvirt.virDomain) -> bool:
    """Return whether the files are in other hands: another job of the hypervisor, or a saved state that names them."""
    with translated_errors(Message("ask for the machine's state")):
        if not is_active(domain):
            return bool(domain.hasManagedSaveImage())
        return bool(domain.blockJobInfo(domain_xml.disk_name_of(domain.XMLDesc())))


def _commit_live(
    domain: libvirt.virDomain, group: Sequence[DiskFile], *, rate: int, is_wanted: Callable[[], bool]
) -> None:
    """Let QEMU join the files under the machine that runs. It copies, and then changes the name in the file above."""
    lowest, highest = str(group[0].path), str(group[-1].path)
    flags = libvirt.VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES | libvirt.VIR_DOMAIN_BLOCK_COMMIT_RELATIVE
    with translated_errors(Message("join the machine's layers")):
        disk_name = domain_xml.disk_name_of(domain.XMLDesc())
        domain.blockCommit(disk_name, lowest, highest, rate, flags)
    with suppress(libvirt.libvirtError):  # the machine went off, and its job with it
        while domain.blockJobInfo(disk_name):
            if is_wanted():
                domain.blockJobAbort(disk_name)
            time.sleep(POLL_SECONDS)


def _commit(group: Sequence[DiskFile], above: DiskFile, *, rate: int, is_wanted: Callable[[], bool]) -> None:
    """Join the files of a machine that is off, then name the lowest one in the file above."""
    lowest, highest = group[0].path, group[-1].path
    limited = ["-r", str(rate)] if rate else []
    # Without this process nobody would end it when the machine is to be started.
    words = ["setpriv", "--pdeathsig", "KILL", "qemu-img", "commit", "-q", "-f", "qcow2", "-d", *limited]
    command = [*words, "-b", str(lowest), str(highest)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=program_environment()) as process:
        try:
            while process.poll() is None:
                if is_wanted():
                    return
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_SECONDS)
            if process.returncode:
                log.warning("exit status %s: %s", process.returncode, shlex.join(command))
                said = process.stderr.read() if process.stderr else ""
                raise program_failure("qemu-img", process.returncode, said)
        finally:
            process.kill()
    disks.sync_path(lowest)
    name = os.path.relpath(lowest, above.path.parent)
    run(["qemu-img", "rebase", "-u", "-f", "qcow2", "-b", name, "-F", "qcow2", above.path], timeout=60)
    disks.sync_path(above.path)


def _remove_joined(layout: Layout, machine: Machine, files: Sequence[DiskFile]) -> int:
    """Remove the files of a joining that is over. Where it was cut off, or goes on, the chain has them still and they stay."""
    record = layout.joined_files(machine)
    if not record.is_file():
        return 0
    used = {file.path.name for file in files}
    names = json.loads(record.read_text(encoding="utf-8"))
    over = [name for name in names if name not in used]
    if over:
        for file in files:  # that names a file over another is to last longer than the one which was between them
            if file.format == "qcow2":
                disks.sync_path(file.path)
    for name in over:
        record.with_name(name).unlink(missing_ok=True)
    if len(over) == len(names):
        record.unlink()
    disks.sync_path(record.parent)
    return len(over)
