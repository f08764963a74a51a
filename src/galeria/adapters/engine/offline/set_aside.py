"""The files of a machine are set aside under another name and brought back: its folder is renamed as a whole.

A file in it says which of its disk's layers is the writable one. The backing files are named relative to the folder.
"""

import os
from pathlib import Path

from galeria.adapters.engine.disks import sync_path, write_whole
from galeria.adapters.engine.layout import Layout
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.ports.machines import Machine

_TOP = "top"  # holds the name of the writable file


def note_top(layout: Layout, machine: Machine, top: Path) -> None:
    """Note which file is the writable one, as long as the machine's definition says it."""
    write_whole(layout.machine(machine) / _TOP, top.name)


def move_files(layout: Layout, machine: Machine, to: Machine) -> None:
    """Give the machine's folder the name of `to`. May be repeated."""
    source, target = layout.machine(machine), layout.machine(to)
    if target.exists() or not source.exists():
        return
    os.rename(source, target)
    sync_path(target.parent)


def find_top(layout: Layout, machine: Machine) -> Path:
    """Return the writable file of a machine whose files were brought back. Raises MachineFailed without one."""
    place = layout.machine(machine) / _TOP
    if not place.is_file():
        raise MachineFailed(
            Message("What was kept of the machine is gone."), hint=Message("Make the machine anew instead.")
        )
    return layout.machine(machine) / place.read_text(encoding="utf-8")
