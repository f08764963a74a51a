"""Changes a disk with the appliance: what is to be written is worked out first, and handed to whoever may write it.

The disk itself is read only. So whatever happens in between, it is either as it was or, once its owner has written
everything, changed.
"""

import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from galeria.adapters.inspection.answers import Answer, read_answer
from galeria.adapters.inspection.appliance_machine import LookLimits, served_appliance
from galeria.adapters.inspection.disk_server import DiskServer
from galeria.adapters.inspection.orders import archive_orders
from galeria.domain.errors import MachineFailed, ToolFailed
from galeria.domain.images.findings import found_name
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message
from galeria.guests.appliance import find_appliance
from galeria.ports.disks import DiskSource

AT_ONCE = 2  # in one process, as with looks
MOST_CLOSED = 100
_REASONS = {
    "unreadable": Message("no Linux system was found on it"),
    "read-only": Message("its file system can only be read; it may be damaged"),
    "odd": Message("this is no plain text file"),
    "large": Message("this file has more than 1 MiB"),
    "many": Message("this folder has more than 200 files"),
    "missing": Message("this file is missing"),
    "unwritten": Message("this could not be written: the disk is full, or the file is protected"),
}
_BROKE_OFF = Message("the small system that works on it broke off")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkedOut:
    """What has to be written to a disk so that it is changed, by place, and the accounts that are closed by that."""

    blocks: tuple[tuple[int, bytes], ...]
    closed: tuple[str, ...]


class ApplianceDiskChanger:
    """Works with the appliance that `scripts/setup` built, or with the one in the folder `appliance`."""

    def __init__(self, *, appliance: Path | None = None, limits: LookLimits | None = None) -> None:
        self._appliance, self._limits = appliance, limits or LookLimits()
        self._turn = threading.Semaphore(AT_ONCE)

    def work_out(self, disk: DiskSource, changes: DiskChanges) -> WorkedOut:
        """Return what changes the disk. Raises MachineFailed where that is impossible, with the reason and the file."""
        appliance = self._appliance or find_appliance()
        if appliance is None:
            raise _unchanged(Message("the small system that works on it is not installed"))
        server, orders = DiskServer(disk), partial(archive_orders, changes)
        try:
            with self._turn, served_appliance(appliance, server, self._limits, orders=orders) as content:
                answer = read_answer(content)
        except ToolFailed as error:
            raise _unchanged(error.message) from error
        _require_done(answer)
        closed = dict.fromkeys(found_name(name) for name in answer.note("closed")[:MOST_CLOSED])
        return WorkedOut(blocks=tuple(server.written()), closed=tuple(name for name in closed if name))


def _require_done(answer: Answer) -> None:
    if "failure" not in answer.notes and "closed" in answer.notes:
        return
    why, _, place = (answer.note("failure") or [""])[0].partition(" ")
    reason = _REASONS.get(why, _BROKE_OFF)
    raise _unchanged(Message("{reason} ({file})", reason=reason, file=found_name(place)) if place else reason)


def _unchanged(reason: Message) -> MachineFailed:
    return MachineFailed(
        Message("The machine's disk was left as it was: {reason}.", reason=reason),
        hint=Message("Run 'galeria doctor' on the host; if it finds nothing, mend the disk where it came from."),
    )
