"""What a person sees of anything that takes time, and the registry of everything that can.

A new kind of operation is a member of OperationKind with its entry in OPERATION_TYPES, a function in
workflows.run_operation.WORKFLOWS, and its word in the translations.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any, TypeVar

from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import (
    BringBackInputs,
    FillInputs,
    OperationInputs,
    PreparationInputs,
    PublishInputs,
    RedeployInputs,
    RegionInputs,
    ResetInputs,
)
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState

Shape = TypeVar("Shape", bound=OperationInputs)


class OperationKind(StrEnum):
    """The kinds of operations, each run by one workflow."""

    CREATE_VERSION = "create_version"  # from uploaded files
    EXPORT_TEMPLATE = "export_template"
    UPDATE_VERSION = "update_version"  # add or remove regions
    DELETE_VERSION = "delete_version"
    CREATE_LAB = "create_lab"
    DELETE_LAB = "delete_lab"
    DELETE_GROUP = "delete_group"
    START_MACHINE = "start_machine"
    STOP_MACHINE = "stop_machine"
    RESET_PASSWORD = "reset_password"
    CREATE_DISK = "create_disk"
    STORE_UPLOAD = "store_upload"  # seals what was written to a disk page by page
    RESIZE_DISK = "resize_disk"
    DELETE_DISK = "delete_disk"
    CREATE_SNAPSHOT = "create_snapshot"
    DELETE_SNAPSHOT = "delete_snapshot"
    CREATE_IMAGE = "create_managed_image"
    DELETE_IMAGE = "delete_managed_image"
    REIMAGE_MACHINE = "reimage_machine"
    BRING_BACK_MACHINE = "bring_back_machine"  # as it was before it was made anew
    REDEPLOY_MACHINE = "redeploy_machine"
    PUBLISH_LAB = "publish_lab"
    SCALE_LAB = "scale_lab"  # after its capacity has changed


class Subject(Enum):
    """What kind of thing an operation works on."""

    VERSION = auto()
    STORED = auto()  # a disk, a snapshot or a managed image
    LAB = auto()
    MACHINE = auto()
    GROUP = auto()


@dataclass(frozen=True, kw_only=True)
class OperationType:
    """Everything that is to be known of one kind of operation, but the function that does the work."""

    subject: Subject
    resource: str  # the resource type whose `read` lets see the operation, and whose `write` lets cancel it
    under_way: ProvisioningState | MachineState | LabState  # the subject's state meanwhile; a retry sets it again
    inputs: type[OperationInputs] = OperationInputs
    verb: str = ""  # of a machine: the right to it is "…/virtualMachines/<verb>/action"
    right: str = ""  # the action that such operations are; empty: as `action` says
    removes: bool = False  # the subject is gone afterwards
    is_cancelable: bool = True
    needs_room: bool = (
        True  # whether it, or the machine that it starts, writes to disks; not said of what gives room back
    )
    leaves_intact: bool = False  # a failure leaves the subject as it was, in the state that it was in

    @property
    def read(self) -> str:
        """The action that lets see such operations."""
        return f"{self.resource}/read"

    @property
    def action(self) -> str:
        """The action that the caller must be allowed on the operation's resource, to begin it and to retry it."""
        if self.verb:
            return f"{_LABS}/virtualMachines/{self.verb}/action"
        return self.right or (f"{self.resource}/delete" if self.removes else self.write)

    @property
    def is_limited(self) -> bool:
        """Whether such operations count for the limits and are refused beyond them: all but those that give room back."""
        return not self.removes and self.under_way is not MachineState.STOPPING

    @property
    def write(self) -> str:
        """The action that lets cancel such operations, also those that somebody else began."""
        return f"{self.resource}/write"


_VERSIONS = "Microsoft.Compute/galleries/images/versions"
_DISKS, _SNAPSHOTS, _IMAGES = "Microsoft.Compute/disks", "Microsoft.Compute/snapshots", "Microsoft.Compute/images"
_LABS = "Microsoft.LabServices/labs"
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_CREATING, _UPDATING = ProvisioningState.CREATING, ProvisioningState.UPDATING
_DELETING = ProvisioningState.DELETING


def _filling(subject: Subject, resource: str, under_way: ProvisioningState = _CREATING) -> OperationType:
    return OperationType(subject=subject, resource=resource, under_way=under_way, inputs=FillInputs)


def _deletion(subject: Subject, resource: str) -> OperationType:
    return OperationType(subject=subject, resource=resource, under_way=_DELETING, removes=True, is_cancelable=False)


OPERATION_TYPES: dict[OperationKind, OperationType] = {
    OperationKind.CREATE_VERSION: _filling(Subject.VERSION, _VERSIONS),
    OperationKind.EXPORT_TEMPLATE: _filling(Subject.VERSION, _VERSIONS),
    OperationKind.UPDATE_VERSION: OperationType(
        subject=Subject.VERSION, resource=_VERSIONS, under_way=_UPDATING, inputs=RegionInputs
    ),
    OperationKind.DELETE_VERSION: _deletion(Subject.VERSION, _VERSIONS),
    OperationKind.CREATE_DISK: _filling(Subject.STORED, _DISKS),
    OperationKind.STORE_UPLOAD: OperationType(
        subject=Subject.STORED,
        resource=_DISKS,
        under_way=_UPDATING,
        inputs=FillInputs,
        right=f"{_DISKS}/endGetAccess/action",
    ),
    OperationKind.RESIZE_DISK: OperationType(
        subject=Subject.STORED, resource=_DISKS, under_way=_UPDATING, inputs=FillInputs, leaves_intact=True
    ),
    OperationKind.DELETE_DISK: _deletion(Subject.STORED, _DISKS),
    OperationKind.CREATE_SNAPSHOT: _filling(Subject.STORED, _SNAPSHOTS),
    OperationKind.DELETE_SNAPSHOT: _deletion(Subject.STORED, _SNAPSHOTS),
    OperationKind.CREATE_IMAGE: _filling(Subject.STORED, _IMAGES),
    OperationKind.DELETE_IMAGE: _deletion(Subject.STORED, _IMAGES),
    OperationKind.CREATE_LAB: OperationType(
        subject=Subject.LAB, resource=_LABS, under_way=_CREATING, inputs=PreparationInputs
    ),
    OperationKind.PUBLISH_LAB: OperationType(
        subject=Subject.LAB,
        resource=_LABS,
        under_way=LabState.PUBLISHING,
        right=f"{_LABS}/publish/action",
        inputs=PublishInputs,
        needs_room=False,
        is_cancelable=False,
        leaves_intact=True,
    ),
    OperationKind.SCALE_LAB: OperationType(
        subject=Subject.LAB,
        resource=_LABS,
        under_way=LabState.SCALING,
        inputs=PublishInputs,
        is_cancelable=False,
        leaves_intact=True,
    ),
    OperationKind.DELETE_LAB: _deletion(Subject.LAB, _LABS),
    OperationKind.START_MACHINE: OperationType(
        subject=Subject.MACHINE, resource=_LABS, under_way=MachineState.STARTING, verb="start"
    ),
    OperationKind.STOP_MACHINE: OperationType(
        subject=Subject.MACHINE, resource=_LABS, under_way=MachineState.STOPPING, verb="stop", is_cancelable=False
    ),
    OperationKind.RESET_PASSWORD: OperationType(
        subject=Subject.MACHINE,
        resource=_LABS,
        under_way=MachineState.RESETTING_PASSWORD,
        inputs=ResetInputs,
        verb="resetPassword",
        needs_room=False,
        leaves_intact=True,
    ),
    OperationKind.REIMAGE_MACHINE: OperationType(
        subject=Subject.MACHINE,
        resource=_LABS,
        under_way=MachineState.REIMAGING,
        inputs=PreparationInputs,
        verb="reimage",
        is_cancelable=False,
    ),
    OperationKind.BRING_BACK_MACHINE: OperationType(
        subject=Subject.MACHINE,
        resource=_LABS,
        under_way=MachineState.REIMAGING,
        inputs=BringBackInputs,
        verb="reimage",
        is_cancelable=False,
    ),
    OperationKind.REDEPLOY_MACHINE: OperationType(
        subject=Subject.MACHINE,
        resource=_LABS,
        under_way=MachineState.REDEPLOYING,
        inputs=RedeployInputs,
        verb="redeploy",
        is_cancelable=False,
    ),
    OperationKind.DELETE_GROUP: _deletion(Subject.GROUP, _GROUPS),
}

VERSION_MAKING = frozenset(
    kind for kind, type in OPERATION_TYPES.items() if type.subject is Subject.VERSION and type.inputs is FillInputs
)
"""The kinds that fill the disks of a new version."""


@dataclass(eq=False, kw_only=True)
class Operation:
    """Something that takes time and that a person can watch, retry or cancel.

    Its id is also the durable workflow's, so that starting it twice runs it once. `attempt` counts from 1.
    """

    id: str  # a GUID
    kind: OperationKind
    status: OperationStatus = OperationStatus.NOT_STARTED
    attempt: int = 1
    subscription_id: str
    location: str
    resource_id: str  # the ARM id of what it works on
    subject: str  # the id in the database of that version, lab, machine or disk
    started_by: str  # the id of the principal who began it, or its last attempt; empty for the service itself
    stored_inputs: dict[str, Any] = field(default_factory=dict)  # of `inputs`; secret is only an address's query
    outputs: dict[str, Any] = field(default_factory=dict)  # figures for the person who waits
    cancel_requested: bool = False
    error_code: str = ""
    error_message: Message = EMPTY
    error_hint: Message = EMPTY
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def kind_type(self) -> OperationType:
        """What is known of all operations of this kind."""
        return OPERATION_TYPES[self.kind]

    @property
    def inputs(self) -> OperationInputs:
        """What the operation was begun with, in the shape that its kind names."""
        return self.kind_type.inputs.from_stored(self.stored_inputs)

    @inputs.setter
    def inputs(self, inputs: OperationInputs) -> None:
        """Stores the inputs in their JSON form."""
        self.stored_inputs = inputs.to_stored()

    def inputs_as(self, shape: type[Shape]) -> Shape:
        """Returns the inputs, which must have that shape. Raises TypeError for an operation whose kind has another one."""
        inputs = self.inputs
        if not isinstance(inputs, shape):
            raise TypeError(f"{self.kind} has no {shape.__name__}")
        return inputs

    def works_with(self, ids: Collection[str]) -> bool:
        """Whether its subject, or the machine that it works with besides that, is one of these."""
        return self.subject in ids or self.inputs.machine in ids


class StepStatus(StrEnum):
    """The state of one step of an operation."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(eq=False, kw_only=True)
class OperationStep:
    """One named step of an operation, for one region where the step has several.

    Its times are those of the last run; its bytes stay 0 where none are moved.
    """

    operation_id: str
    position: int
    name: str
    region: str = ""
    status: StepStatus = StepStatus.RUNNING
    runs: int = 1
    bytes_done: int = 0
    bytes_total: int = 0
    started_at: datetime
    ended_at: datetime | None = None
    updated_at: datetime


@dataclass(eq=False, kw_only=True)
class Upload:
    """A file that is being uploaded by the tus protocol.

    `offset` bytes are safely on disk; the file's own name is only shown, never used as a path.
    """

    id: str
    owner_id: str
    file_name: str
    length: int  # bytes announced
    offset: int = 0  # bytes received and synced
    created_at: datetime
