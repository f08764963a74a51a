"""The repositories of lab accounts, labs, their users, schedules and machines: a part of the unit of work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.shutdown import MachinePresence
from galeria.domain.classes.usage import UsageSession
from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.invitations import Invitation
from galeria.domain.labs.labs import FailureRecord, Lab, LabDraft, LabMachine
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.labs.roster import FavoriteLab, LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine
from galeria.ports.repository import Repository, ResourceRepository


@dataclass(frozen=True, kw_only=True, slots=True)
class SettledMachine:
    """A machine that is Running, Stopped or Failed, and what is noted of it."""

    machine: Machine
    state: MachineState
    has_agent: bool | None
    is_on: bool


class LabAccountRepository(ResourceRepository[LabAccount], Protocol):
    """The lab accounts, and which images each of them has enabled or disabled.

    Deleted accounts are found by id only.
    """

    def with_gallery(self, gallery_id: str) -> list[LabAccount]:
        """Returns the accounts that the gallery is attached to, by name."""
        ...

    def find_choice(self, account_id: str, definition_id: str) -> ImageSwitch | None:
        """Returns whether an administrator enabled or disabled the image for the account; None where nobody chose."""
        ...

    def choices(self, account_id: str) -> list[ImageSwitch]:
        """Returns every enabled or disabled image of the account, by the definition's id."""
        ...

    def add_choice(self, choice: ImageSwitch) -> None:
        """Adds the choice for one image of an account."""
        ...

    def remove_choice(self, choice: ImageSwitch) -> None:
        """Removes the choice for one image, so that the account's default holds."""
        ...


class LabRepository(ResourceRepository[Lab], Protocol):
    """The labs that have been made, including those still being made."""

    def of_version(self, version_id: str) -> list[Lab]:
        """Returns the labs made from the image version, by name."""
        ...

    def count_of_version(self, version_id: str) -> int:
        """Returns how many labs were made from the image version."""
        ...

    def count_of_definition(self, definition_id: str) -> int:
        """Returns how many labs were made from any version of the image."""
        ...

    def of_account(self, account_id: str) -> list[Lab]:
        """Returns the labs of the account, by name."""
        ...

    def find_by_code(self, code: str) -> Lab | None:
        """Returns the lab whose registration code this is, or None."""
        ...


class RevisionRepository(Repository[LabRevision], Protocol):
    """The published contents of all labs."""

    def of_lab(self, lab_id: str) -> list[LabRevision]:
        """Returns the revisions of the lab, the first one in front."""
        ...

    def find_newest(self, lab_id: str) -> LabRevision | None:
        """Returns the lab's newest revision that machines are made from, or None before it was published."""
        ...

    def contents(self, region: str) -> set[str]:
        """Returns the digests of the labs' newest revisions in the region, and of those that are being stored."""
        ...


class LabUserRepository(ResourceRepository[LabUser], Protocol):
    """The users on the rosters of all labs."""

    def of_lab(self, lab_id: str) -> list[LabUser]:
        """Returns the users of the lab, by name."""
        ...

    def of_principal(self, principal_id: str) -> list[LabUser]:
        """Returns the roster entries that the person has registered with, in all labs, by name."""
        ...

    def of_ids(self, ids: Collection[str]) -> list[LabUser]:
        """Returns the users with these ids in any labs, by id; those that do not exist are left out."""
        ...

    def find_by_email(self, lab_id: str, email: str) -> LabUser | None:
        """Returns the lab's user with that e-mail address, in any case, or None."""
        ...

    def find_registered(self, lab_id: str, principal_id: str) -> LabUser | None:
        """Returns the lab's user that the person has registered as, or None."""
        ...

    def count_of_lab(self, lab_id: str, *, registered: bool = False) -> int:
        """Returns how many users the lab has, or how many of them have registered."""
        ...


class InvitationRepository(Repository[Invitation], Protocol):
    """The invitations of lab users, found by the user's id."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Returns the ids of at most so many users whose invitations are to be sent now, the longest due first."""
        ...

    def find_by_welcome(self, welcome_hash: str) -> Invitation | None:
        """Returns the invitation whose welcome link has this fingerprint, or None; the link may have ended."""
        ...

    def of_lab(self, lab_id: str) -> dict[str, Invitation]:
        """Returns a user's id → invitation, of the lab's users who were invited."""
        ...


class ScheduleRepository(ResourceRepository[Schedule], Protocol):
    """The schedules of all labs."""

    def of_lab(self, lab_id: str) -> list[Schedule]:
        """Returns the schedules of the lab, by name."""
        ...

    def all(self) -> list[Schedule]:
        """Returns the schedules of all labs, those of one lab together."""
        ...


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


class ClassRepositories(Protocol):
    """The part of a unit of work that is about the times of classes."""

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


class LabDraftRepository(ResourceRepository[LabDraft], Protocol):
    """The labs of the older API that have no template yet."""

    def of_account(self, account_id: str) -> list[LabDraft]:
        """Returns the account's labs without a template, by name."""
        ...


class FavoriteRepository(Protocol):
    """The labs that people marked as favorites."""

    def of_principal(self, principal_id: str) -> list[FavoriteLab]:
        """Returns the person's favorites, by the lab's id."""
        ...

    def add(self, favorite: FavoriteLab) -> None:
        """Marks a lab as a person's favorite."""
        ...

    def remove(self, favorite: FavoriteLab) -> None:
        """Removes the mark from a person's favorite."""
        ...


class MachineRepository(Repository[LabMachine], Protocol):
    """The virtual machines of all labs: templates and students' machines.

    Lists come in the order in which they were made.
    """

    def of_lab(self, lab_id: str) -> list[LabMachine]:
        """Returns the machines of the lab, its template included."""
        ...

    def find_claimed(self, user_id: str) -> LabMachine | None:
        """Returns the machine that the lab user has claimed, or None."""
        ...

    def find_free(self, lab_id: str) -> LabMachine | None:
        """Returns a machine of the lab for a user without one, or None: the oldest that can be used, else any other.

        It is never one that still holds what is to be removed, has failed, or is being deleted.
        """
        ...

    def in_region(self, region: str) -> list[LabMachine]:
        """Returns the machines of all labs in the region."""
        ...

    def contents(self, region: str) -> set[str]:
        """Returns the digests of all sealed content that machines of the region are based on."""
        ...

    def ids(self) -> set[str]:
        """Returns the ids of all machines."""
        ...

    def settled(self) -> list[SettledMachine]:
        """Returns the machines that are Running, Stopped or Failed, without loading them whole: this is called often, for
        thousands of machines."""
        ...

    def find_failure_record(self, operation_id: str) -> FailureRecord | None:
        """Returns what the machine showed when that operation failed, or None."""
        ...

    def put_failure_record(self, record: FailureRecord) -> None:
        """Keeps what a machine showed, in the place of what it showed when an earlier operation failed."""
        ...

    def remove_failure_record(self, operation_id: str) -> None:
        """Removes what was kept of that operation's failure; nothing to remove is no error."""
        ...

    def running(self) -> list[tuple[LabMachine, Lab]]:
        """Returns the machines that run as far as the database knows, each with its lab."""
        ...

    def sizes_on_host(self, *, starting: Collection[str]) -> list[tuple[str, int]]:
        """Returns the name of each size, and how many machines of it are on: those that run, or are on although they have
        failed, and those `starting` by id."""
        ...

    def ports(self) -> set[int]:
        """Returns the SSH ports that are assigned to machines, on the host's loopback."""
        ...

    def public_ports(self) -> set[int]:
        """Returns the ports that are assigned to machines under the public name."""
        ...
