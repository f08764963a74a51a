"""An inspector without machines."""

from galeria.domain.images.findings import Look
from galeria.domain.messages import Message
from galeria.ports.disks import DiskSource

NO_MACHINES = Message("This server has no machines, and so looks into no disks.")


class FakeInspector:
    """Says `outcome` of every disk, and counts the looks."""

    def __init__(self) -> None:
        self.outcome = Look(obstacle=NO_MACHINES)
        self.looks = 0

    def look(self, disk: DiskSource) -> Look:
        self.looks += 1
        return self.outcome
