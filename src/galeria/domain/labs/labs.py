"""Labs and their machines."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from galeria.domain.images.galleries import Generation, OsState
from galeria.domain.messages import EMPTY, Message
from galeria.domain.resources import Resource
from galeria.domain.states import LabState, MachineState


class MachineKind(StrEnum):
    TEMPLATE = "Template"
    USER = "User"


class LabCreateOption(StrEnum):
    TEMPLATE_VM = "TemplateVM"
    IMAGE = "Image"  # no template: every machine is made from the image itself


@dataclass(eq=False, kw_only=True)
class Lab(Resource):
    """A lab remembers what it was made from by value, so that it keeps working when the version is deleted."""

    account_id: str
    title: str
    description: str = ""
    definition_id: str
    image_id: str  # the ARM id that was asked for: a definition's or an exact version's
    version_id: str
    version_name: str  # the exact version that it got
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
    open_access: bool = False  # whoever has the code may register
    registration_code: str = ""
    published_at: datetime | None = None
    profiles: dict[str, Any] = field(default_factory=dict)  # see domain.profiles
    # SHA-512 crypt of credentials for the students' machines; a template's own are with its machine.
    admin_hash: str = ""
    non_admin_user: str = ""
    non_admin_hash: str = ""


@dataclass(eq=False, kw_only=True)
class LabDraft(Resource):
    """A lab of the older API that has no template yet; it becomes a Lab of the same id when it gets one."""

    account_id: str
    capacity: int = 0
    usage_quota: int = 0  # seconds
    open_access: bool = False


@dataclass(eq=False, kw_only=True)
class LabMachine:
    """One virtual machine of a lab. Its disk stands on `base_digest`.

    `layer` is the last layer of its disk that an image version was sealed from, and `layer_digest` that version's content:
    the next export reads only what changed since.
    """

    id: str
    lab_id: str
    kind: MachineKind
    name: str
    region: str
    state: MachineState = MachineState.CREATING
    base_digest: str
    layer: str | None = None
    layer_digest: str | None = None
    ssh_port: int
    user_name: str
    # SHA-512 crypt of credentials that the machine does not have yet; emptied once they are in it.
    pending_password_hash: str = ""
    retire_accounts: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)  # known to be in the machine
    renew_identity: bool = False  # asked for and not done yet
    failure: Message = EMPTY
    claimed_by: str | None = None  # the lab user whose machine it is
    created_at: datetime

    @property
    def parent_digest(self) -> str:
        """The sealed content that the disk's changes are counted from."""
        return self.layer_digest or self.base_digest
