"""A student's work disk: a second disk of their machine, which stays when the machine is made anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.domain.errors import Invalid
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.profiles import Profiles
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message

KEEPING = timedelta(days=14)
"""How long students' work is kept that nobody has in a machine any more."""

WORK_FOLDER = "/work"
"""Where Linux guests find it."""

WORK_LABEL = "galeria-work"
"""The name of its file system; at most 16 characters (ext4)."""

WORK_DISK = "workDiskGib"
MAX_GIB = 1024


@dataclass(eq=False, kw_only=True)
class WorkDisk:
    """A work disk. It belongs to the machine `machine_id`, or is kept until `kept_until` for whoever had it.

    Lab and person are kept by value, since both may be gone before it.
    """

    id: str
    region: str
    size_gib: int
    lab_id: str
    lab_key: str  # of the lab's id: whose rights hold for it
    lab_title: str
    author_id: str  # the principal who made the lab, and may give the work back when it is gone
    machine_id: str | None
    person: str = ""  # whose work is on it; empty as long as it is in a machine
    email: str = ""  # of that person, as the lab's list of people had it
    kept_until: datetime | None = None
    is_mounted: bool = False  # whether the system in its machine was told to mount it
    created_at: datetime

    def keep(self, user: LabUser, now: datetime) -> None:
        """Takes it from its machine, to be kept for the user for the time that work is kept."""
        self.machine_id, self.is_mounted = None, False
        self.person, self.email = user.shown_name, user.email
        self.kept_until = now + KEEPING

    def give_back(self, lab: Lab, machine: LabMachine) -> None:
        """Puts it into a machine of the lab, from its next start on. The machine has no other one."""
        self.machine_id, self.kept_until, self.is_mounted = machine.id, None, False
        self.lab_id, self.lab_key, self.lab_title, self.author_id = lab.id, lab.key, lab.title, lab.author_id
        self.person = self.email = ""


def work_disk_gib(lab: Lab) -> int:
    """Returns the size in GiB of the work disks that the lab's machines get; 0 for none."""
    return int(lab.profiles.get(WORK_DISK) or 0)


def check_work_disk(profiles: Profiles) -> None:
    """Raises Invalid for a size that no work disk may have."""
    said = profiles.get(WORK_DISK)
    if said is not None and (isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= MAX_GIB):
        raise Invalid(
            Message("A work disk cannot have {size} GiB.", size=str(said)),
            hint=Message("Choose 1 to {most} GiB, or 0 for none.", most=MAX_GIB),
            target=f"properties.galeria.{WORK_DISK}",
        )
