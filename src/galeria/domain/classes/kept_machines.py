"""What a student's machine was before it was made anew: its files are kept for a time, and come back with one click."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from galeria.domain.classes.work_disks import KEEPING
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import LabMachine

MOST_KEPT = 2
"""How many earlier states of one machine are kept; the oldest goes first."""

# What the row says of the machine's own disk, and of nothing else.
_OF_DISK = (
    "base_digest",
    "layer",
    "layer_digest",
    "revision",
    "is_prepared",
    "host_key",
    "user_name",
    "pending_password_hash",
    "retire_accounts",
    "accounts",
    "renew_identity",
)


@dataclass(eq=False, kw_only=True)
class KeptMachine:
    """An earlier state of a student's machine. The engine keeps its files under this `id`."""

    id: str
    machine_id: str
    lab_id: str
    user_id: str  # the lab user whose machine it was: nobody else gets it back
    region: str
    base_digest: str
    revision: int
    row: dict[str, Any]  # what the machine's row said of its disk
    kept_at: datetime
    kept_until: datetime

    def is_of(self, machine: LabMachine) -> bool:
        """Tells whether it is an earlier state of the machine, and of whoever has the machine now."""
        return (self.machine_id, self.user_id) == (machine.id, machine.claimed_by)


def keep_machine(id: str, machine: LabMachine, user_id: str, now: datetime) -> KeptMachine:
    """Returns what is noted of the machine's present state, which is kept from now on."""
    row = {name: getattr(machine, name) for name in _OF_DISK}
    lists = {name: list(value) for name, value in row.items() if isinstance(value, list)}
    return KeptMachine(
        id=id,
        machine_id=machine.id,
        lab_id=machine.lab_id,
        user_id=user_id,
        region=machine.region,
        base_digest=machine.base_digest,
        revision=machine.revision,
        row={**row, **lists, "os_state": machine.os_state.value},
        kept_at=now,
        kept_until=now + KEEPING,
    )


def bring_back(kept: KeptMachine, machine: LabMachine) -> None:
    """Makes the machine's row say what it said when its state was kept."""
    for name in _OF_DISK:
        setattr(machine, name, kept.row[name])
    machine.pending_password = ""
    machine.os_state = OsState(kept.row["os_state"])
    machine.update_at_stop = False
