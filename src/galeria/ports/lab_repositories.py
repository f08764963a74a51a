"""The repositories of lab accounts, labs, their users, schedules and machines: a part of the unit of work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from galeria.domain.labs.accounts import ImageSwitch, LabAccount
from galeria.domain.labs.invitations import UserInvitation
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

    def awaiting(self, home: str) -> list[Lab]:
        """Returns the labs in other regions that read a version made in `home` while it is being replicated to theirs."""
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

    def of_author(self, principal_id: str) -> list[Lab]:
        """Returns the labs that the person made, by name."""
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

    def find_by_email(self, lab_id: str, email: str) -> LabUser | None:
        """Returns the lab's user with that e-mail address, in any case, or None."""
        ...

    def find_registered(self, lab_id: str, principal_id: str) -> LabUser | None:
        """Returns the lab's user that the person has registered as, or None."""
        ...

    def count_of_lab(self, lab_id: str, *, registered: bool = False) -> int:
        """Returns how many users the lab has, or how many of them have registered."""
        ...


class InvitationRepository(Repository[UserInvitation], Protocol):
    """The invitations of lab users, found by the user's id."""

    def due(self, now: datetime, limit: int) -> list[str]:
        """Returns the ids of at most so many users whose invitations are to be sent now, the longest due first."""
        ...

    def find_by_welcome(self, welcome_hash: str) -> UserInvitation | None:
        """Returns the invitation whose welcome link has this fingerprint, or None; the link may have ended."""
        ...

    def of_lab(self, lab_id: str) -> dict[str, UserInvitation]:
        """Returns a user's id → invitation, of the lab's users who were invited."""
        ...


class ScheduleRepository(ResourceRepository[Schedule], Protocol):
    """The schedules of all labs."""

    def of_lab(self, lab_id: str) -> list[Schedule]:
        """Returns the schedules of the lab, by name."""
        ...

    def of_labs(self, lab_ids: Collection[str]) -> dict[str, list[Schedule]]:
        """Returns a lab's id → its schedules, by name; a lab without any has an empty list."""
        ...

    def all(self) -> list[Schedule]:
        """Returns the schedules of all labs, those of one lab together."""
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

    def of_users(self, user_ids: Collection[str]) -> dict[str, LabMachine]:
        """Returns the machines that these users of labs have claimed, by the user."""
        ...

    def find_free(self, lab_id: str) -> LabMachine | None:
        """Returns a machine for a user without one: the oldest that can be used, else another that can be one day, or None."""
        ...

    def in_region(self, region: str) -> list[LabMachine]:
        """Returns the machines of all labs in the region."""
        ...

    def arriving(self, digests: Collection[str]) -> list[LabMachine]:
        """Returns the machines that are made from these images, and those whose image was still arriving when last seen."""
        ...

    def forget_boot_traces(self, *, kept: Collection[str]) -> None:
        """Removes what is known of how systems start, but for disks with these digests."""
        ...

    def contents(self, region: str) -> set[str]:
        """Returns the digests of all sealed content that machines of the region are based on."""
        ...

    def to_update(self) -> list[tuple[LabMachine, Lab]]:
        """Returns the machines that are off and are to be brought to the newest revision at their stop, each with its lab.

        Those of labs that are being made or deleted are left out.
        """
        ...

    def with_layers(self) -> list[LabMachine]:
        """Returns the machines from whose disks an image version or a lab's revision was stored."""
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

    def sizes_on_host(
        self, *, starting: Collection[str], regions: Collection[str] | None = None
    ) -> list[tuple[str, int]]:
        """Returns the name of each size, and how many machines of it are on: those that run, or are on although they have
        failed, and those `starting` by id. `regions` leaves out those of others."""
        ...

    def ports(self) -> set[int]:
        """Returns the SSH ports that are assigned to machines, on the host's loopback."""
        ...

    def public_ports(self) -> set[int]:
        """Returns the ports that are assigned to machines under the public name."""
        ...
