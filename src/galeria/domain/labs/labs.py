"""Labs, labs of the older API without a template, and the virtual machines of labs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from galeria.domain.images.galleries import Generation, OsState, OsType
from galeria.domain.labs.hardware import Hardware
from galeria.domain.messages import EMPTY, Message
from galeria.domain.resources import Resource
from galeria.domain.states import LabState, MachineState


class MachineKind(StrEnum):
    """Whether a machine is a lab's template VM or a student's."""

    TEMPLATE = "Template"
    USER = "User"


class LabCreateOption(StrEnum):
    """How a lab's machines are made: from a template VM that the educator shapes, or from the image itself."""

    TEMPLATE_VM = "TemplateVM"
    IMAGE = "Image"  # no template: every machine is made from the image itself


@dataclass(eq=False, kw_only=True)
class Lab(Resource):
    """A lab of virtual machines.

    What it was made from is kept by value, so that it works on when the version is deleted.
    """

    author_id: str = ""  # the principal's id; empty where nobody of that name was left when ids were first noted
    account_id: str
    title: str
    description: str = ""
    definition_id: str
    image_id: str  # the ARM id in the request: a definition's or an exact version's
    version_id: str
    version_name: str  # the exact version that was chosen
    base_digest: str
    os_state: OsState
    generation: Generation
    size: str
    user_name: str
    lab_state: LabState = LabState.DRAFT
    failure: Message = EMPTY
    create_option: LabCreateOption = LabCreateOption.TEMPLATE_VM
    capacity: int = 0  # machines for students
    usage_quota: int = 0  # seconds per student outside of scheduled time
    open_access: bool = False  # whether anybody with the code may register
    registration_code: str = ""
    published_at: datetime | None = None
    profiles: dict[str, Any] = field(default_factory=dict)  # see domain.labs.profiles
    # SHA-512 crypt of the passwords of students' machines; those of the template are in its LabMachine.
    admin_hash: str = ""
    non_admin_user: str = ""
    non_admin_hash: str = ""
    os_type: OsType = OsType.LINUX
    hardware: Hardware | None = None  # of its machines; None until the first is made

    @property
    def shown_size(self) -> str:
        """The name of the size as the client wrote it, where it was one of Azure Lab Services; else the size's own."""
        return str(self.profiles.get("writtenSize") or self.size)


@dataclass(eq=False, kw_only=True)
class LabDraft(Resource):
    """A lab of the older API that has no template yet; it becomes a Lab of the same id when it gets one."""

    author_id: str = ""  # the principal's id, as in Lab
    account_id: str
    capacity: int = 0
    usage_quota: int = 0  # seconds
    open_access: bool = False


@dataclass(eq=False, kw_only=True)
class LabMachine:
    """A virtual machine of a lab. Its disk is a chain of layers on the image `base_digest`.

    `layer` is the last layer of its disk that an image version was sealed from, and `layer_digest` that version's
    content: the next export reads only what changed since.
    """

    id: str
    lab_id: str
    kind: MachineKind
    name: str
    region: str
    state: MachineState = MachineState.CREATING
    base_digest: str
    os_state: OsState  # of the content that its disk was made from
    revision: int = 0  # the number of the lab's revision that its disk is made from; 0 for a template
    update_at_stop: bool = False  # whether it is made anew from the newest revision once it is off
    is_prepared: bool = True  # whether its disk is its own; a student's machine gets its identity at its first start
    layer: str | None = None
    layer_digest: str | None = None
    ssh_port: int  # on the host's loopback, where it has a network of its own
    address: str = ""  # in the machines' network, where it was last started in that
    # Under the public name; None until the machine is first to be reached there.
    public_ssh_port: int | None = None
    public_rdp_port: int | None = None
    host_key: str = ""  # that it showed the terminal in the browser, as files of known hosts have it; empty before that
    user_name: str
    # SHA-512 crypt of a password that is not set in the machine yet; empty once it is.
    pending_password_hash: str = ""
    # The same password itself, for Windows, which takes no hash; emptied as soon as the machine has it.
    pending_password: str = ""
    retire_accounts: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)  # that are known to exist in the machine
    renew_identity: bool = False  # requested and not done yet
    failure: Message = EMPTY
    # Whether its agent answered when it was last asked; None while it is off, and before anybody asked.
    has_agent: bool | None = None
    is_on: bool = False  # whether it was on, without being reachable, when it was seen as Failed; see is_unreachable
    # While its image arrives on its host: how much is there, in percent, and why the rest cannot be had, in English.
    image_percent: int | None = None  # None once the image is whole
    image_problem: str = ""
    claimed_by: str | None = None  # the lab user whose machine it is
    # Why it runs, as long as it does; see domain.classes.usage.UsageCause. A word, because that module builds on this one.
    start_cause: str = ""
    created_at: datetime

    @property
    def is_unreachable(self) -> bool:
        """Whether it has failed and is on all the same, so that it is neither stopped nor running."""
        return self.is_on and self.state is MachineState.FAILED

    @property
    def parent_digest(self) -> str:
        """The sealed content that the disk's changes are counted from: the last export's, or else the base image's."""
        return self.layer_digest or self.base_digest


def find_template(machines: Iterable[LabMachine]) -> LabMachine | None:
    """Returns the template among a lab's machines; None for a lab without one."""
    return next((each for each in machines if each.kind is MachineKind.TEMPLATE), None)


def students_among(machines: Iterable[LabMachine]) -> list[LabMachine]:
    """Returns those of a lab's machines that are for students, in the order given."""
    return [each for each in machines if each.kind is MachineKind.USER]


@dataclass(eq=False, kw_only=True)
class FailureRecord:
    """What a machine showed when an operation on it failed: the end of its console, and a picture of its screen."""

    operation_id: str
    machine_id: str
    console: str  # lines
    picture: bytes  # PNG; empty where there was none
