"""Looking at a disk without starting it."""

from typing import Protocol

from galeria.domain.images.findings import Look
from galeria.ports.disks import DiskSource


class DiskInspector(Protocol):
    """Looks at disks in a sandbox, with limits on time, memory and what may be said."""

    def look(self, disk: DiskSource) -> Look:
        """Returns what is on the disk, or why it could not be looked at.

        Nothing of the disk is run and nothing of it is changed; a journal is replayed on a copy that is forgotten. Raises
        only the errors of reading the disk itself, such as Unavailable and Corrupt.
        """
        ...
