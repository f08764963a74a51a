"""Labs and their machines."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from galeria.domain.galleries import Generation, OsState
from galeria.domain.resources import Resource
from galeria.domain.states import LabState, MachineState


class MachineKind(StrEnum):
    TEMPLATE = "Template"
    USER = "User"


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
    failure: str = ""


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
    failure: str = ""
    created_at: datetime

    @property
    def parent_digest(self) -> str:
        """The sealed content that the disk's changes are counted from."""
        return self.layer_digest or self.base_digest
