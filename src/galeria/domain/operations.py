"""What a person sees of anything that takes time."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import OperationStatus


class OperationKind(StrEnum):
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
    STORE_UPLOAD = "store_upload"  # what was written to a disk page by page
    RESIZE_DISK = "resize_disk"
    DELETE_DISK = "delete_disk"
    CREATE_SNAPSHOT = "create_snapshot"
    DELETE_SNAPSHOT = "delete_snapshot"
    CREATE_IMAGE = "create_managed_image"
    DELETE_IMAGE = "delete_managed_image"
    REIMAGE_MACHINE = "reimage_machine"
    REDEPLOY_MACHINE = "redeploy_machine"
    PUBLISH_LAB = "publish_lab"


@dataclass(eq=False, kw_only=True)
class Operation:
    """Its id is also the durable workflow's, so that asking twice runs it once. `attempt` counts retries from 1."""

    id: str  # a GUID
    kind: OperationKind
    status: OperationStatus = OperationStatus.NOT_STARTED
    attempt: int = 1
    subscription_id: str
    location: str
    resource_id: str  # what it works on
    subject: str  # our own id of that: version, lab or machine
    started_by: str  # a principal's id
    inputs: dict[str, Any] = field(default_factory=dict)  # never a secret
    outputs: dict[str, Any] = field(default_factory=dict)  # figures for the person who waits
    cancel_requested: bool = False
    error_code: str = ""
    error_message: Message = EMPTY
    error_hint: Message = EMPTY
    created_at: datetime
    ended_at: datetime | None = None


class StepStatus(StrEnum):
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(eq=False, kw_only=True)
class OperationStep:
    """One named step, in one region where that matters. Times of the last run; bytes where bytes move."""

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
class AuditEvent:
    """Who did what, when, and how it ended. Never changed."""

    id: str
    at: datetime
    principal_id: str
    principal_name: str
    action: str
    scope: str
    status: str
    correlation_id: str = ""
    detail: Message = EMPTY


@dataclass(frozen=True, kw_only=True)
class AuditSearch:
    """Which events are wanted. Empty texts and None leave it open; texts are compared in any case."""

    person: str = ""  # part of the sign-in name, or of the name that others see
    action: str = ""  # the whole action
    resource: str = ""  # part of the id
    since: datetime | None = None
    until: datetime | None = None  # not included
    correlation_id: str = ""
    caller: str = ""  # the whole sign-in name or client id
    status: str = ""
    provider: str = ""  # the action's, such as Microsoft.Compute
    before: tuple[datetime, str] | None = None  # time and id of the event after which the older ones are wanted


@dataclass(eq=False, kw_only=True)
class Upload:
    """A file on its way here (tus). `offset` bytes are safely on disk; the file's own name is only shown, never used."""

    id: str
    owner_id: str
    file_name: str
    length: int  # bytes announced
    offset: int = 0  # bytes received and synced
    created_at: datetime
