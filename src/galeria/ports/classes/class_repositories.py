"""The repositories of classes: what was done of schedules, how long machines ran, and students' work."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.shutdown import MachinePresence
from galeria.domain.classes.usage import UsageSession
from galeria.domain.classes.work_disks import WorkDisk
from galeria.ports.classes.class_help import HelpRepositories
from galeria.ports.repository import Repository


class OccurrenceRecordRepository(Protocol):
    """What has been done of the occurrences of all schedules, deleted ones included."""

    def add(self, record: OccurrenceRecord) -> None:
        """Adds a record; there is one for each occurrence."""
        ...

    def of_labs(self, lab_ids: Collection[str]) -> list[OccurrenceRecord]:
        """Returns the records of these labs, by lab, schedule and local start."""
        ...

    def running(self) -> list[OccurrenceRecord]:
        """Returns the records of what was started and not stopped yet, in all labs."""
        ...

    def forget(self, *, stopped_before: datetime) -> None:
        """Removes the records of what was stopped before that time."""
        ...


class UsageRepository(Protocol):
    """The times in which students' machines ran."""

    def add(self, used: UsageSession) -> None:
        """Adds a time; a machine has one open at most."""
        ...

    def open(self) -> list[UsageSession]:
        """Returns the times that go on, in all labs, by machine."""
        ...

    def find_open(self, machine_id: str) -> UsageSession | None:
        """Returns the time of the machine that goes on, or None."""
        ...

    def of_lab(self, lab_id: str) -> list[UsageSession]:
        """Returns the times of the lab, the first to begin in front."""
        ...


class PresenceRepository(Protocol):
    """What is known of the use of running machines, by the machine's id."""

    def add(self, seen: MachinePresence) -> None:
        """Adds what is known of a machine."""
        ...

    def find(self, machine_id: str) -> MachinePresence | None:
        """Returns what is known of the machine, or None."""
        ...

    def all(self) -> list[MachinePresence]:
        """Returns what is known of all machines, by machine."""
        ...

    def remove(self, seen: MachinePresence) -> None:
        """Forgets what is known of a machine."""
        ...


class WorkDiskRepository(Repository[WorkDisk], Protocol):
    """Students' work disks: those in machines, and those that are kept for a time."""

    def find_of_machine(self, machine_id: str) -> WorkDisk | None:
        """Returns the work disk that the machine has, or None."""
        ...

    def of_lab(self, lab_id: str) -> list[WorkDisk]:
        """Returns the work disks of the lab's machines, and those that are kept of them, by when they were made."""
        ...

    def kept(self, *, until: datetime | None = None) -> list[WorkDisk]:
        """Returns the work disks that no machine has; with `until`, those whose time is over by then. Next to go first."""
        ...


class KeptMachineRepository(Repository[KeptMachine], Protocol):
    """The earlier states of students' machines that are kept for a time. Lists have the newest in front."""

    def of_machine(self, machine_id: str) -> list[KeptMachine]:
        """Returns what is kept of the machine."""
        ...

    def of_lab(self, lab_id: str) -> list[KeptMachine]:
        """Returns what is kept of the lab's machines."""
        ...

    def ended(self, now: datetime) -> list[KeptMachine]:
        """Returns those whose time is over, the first of them in front."""
        ...

    def contents(self, region: str) -> set[str]:
        """Returns the digests of the content that kept machines of the region are based on."""
        ...


class ClassRepositories(HelpRepositories, Protocol):
    """The part of a unit of work that is about the times of classes, and about students' work."""

    @property
    def kept_machines(self) -> KeptMachineRepository:
        """The repository of what students' machines were before they were made anew."""
        ...

    @property
    def work_disks(self) -> WorkDiskRepository:
        """The repository of students' work disks."""
        ...

    @property
    def occurrence_records(self) -> OccurrenceRecordRepository:
        """The repository of what was done of labs' schedules."""
        ...

    @property
    def usage(self) -> UsageRepository:
        """The repository of how long students' machines ran."""
        ...

    @property
    def presence(self) -> PresenceRepository:
        """The repository of who uses machines."""
        ...
