"""The states of resources, operations, machines and labs, and the changes of state that are allowed.

Each state is kept in the database only.
"""

from enum import StrEnum
from typing import TypeVar

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message


class ProvisioningState(StrEnum):
    """The provisioning state of an ARM resource, in the words of Azure's API."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    DELETING = "Deleting"


class ReplicaState(StrEnum):
    """The state of one region's copy of an image version: Azure's words, and Pending before anything is sent."""

    PENDING = "Pending"
    REPLICATING = "Replicating"
    COMPLETED = "Completed"
    FAILED = "Failed"


class OperationStatus(StrEnum):
    """The state of an operation, in the words of ARM's asynchronous operations."""

    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class MachineState(StrEnum):
    """The state of a lab's virtual machine: the Lab Services API's words, and Creating, Failed and Deleting."""

    CREATING = "Creating"
    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"
    RESETTING_PASSWORD = "ResettingPassword"
    REIMAGING = "Reimaging"
    REDEPLOYING = "Redeploying"
    FAILED = "Failed"
    DELETING = "Deleting"


class LabState(StrEnum):
    """Whether a lab has been published, so that it has machines for students; the words are the Lab Services API's."""

    DRAFT = "Draft"
    PUBLISHING = "Publishing"
    PUBLISHED = "Published"
    SCALING = "Scaling"  # machines are added or removed


State = TypeVar("State", bound=StrEnum)

_P, _R, _O, _M = ProvisioningState, ReplicaState, OperationStatus, MachineState

# A change to the same state is always allowed, because every step may run twice. One table per enum: members of
# different StrEnums with the same text are equal and would be one key of a common table.
_MOVES: dict[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]] = {
    ProvisioningState: {
        _P.CREATING: frozenset({_P.SUCCEEDED, _P.FAILED, _P.DELETING}),
        _P.UPDATING: frozenset({_P.SUCCEEDED, _P.FAILED, _P.DELETING}),
        _P.SUCCEEDED: frozenset({_P.UPDATING, _P.DELETING}),
        _P.FAILED: frozenset({_P.CREATING, _P.UPDATING, _P.DELETING}),
        _P.DELETING: frozenset({_P.FAILED}),
    },
    ReplicaState: {
        _R.PENDING: frozenset({_R.REPLICATING, _R.COMPLETED, _R.FAILED}),
        _R.REPLICATING: frozenset({_R.COMPLETED, _R.FAILED}),
        # Verification may find a replica damaged later; replicating it again repairs it.
        _R.COMPLETED: frozenset({_R.FAILED}),
        _R.FAILED: frozenset({_R.PENDING, _R.REPLICATING}),
    },
    OperationStatus: {
        _O.NOT_STARTED: frozenset({_O.IN_PROGRESS, _O.FAILED, _O.CANCELED, _O.SUCCEEDED}),
        _O.IN_PROGRESS: frozenset({_O.SUCCEEDED, _O.FAILED, _O.CANCELED}),
        # A failed or canceled operation can be retried; it then continues where it was.
        _O.FAILED: frozenset({_O.NOT_STARTED}),
        _O.CANCELED: frozenset({_O.NOT_STARTED}),
        _O.SUCCEEDED: frozenset(),
    },
    MachineState: {
        _M.CREATING: frozenset({_M.STOPPED, _M.FAILED, _M.DELETING}),
        _M.STOPPED: frozenset(
            {
                _M.STARTING,
                _M.RUNNING,
                _M.RESETTING_PASSWORD,
                _M.REIMAGING,
                _M.REDEPLOYING,
                _M.FAILED,
                _M.DELETING,
            }
        ),
        _M.STARTING: frozenset({_M.RUNNING, _M.STOPPED, _M.FAILED, _M.DELETING}),
        _M.RUNNING: frozenset(
            {
                _M.STOPPING,
                _M.STOPPED,
                _M.RESETTING_PASSWORD,
                _M.REIMAGING,
                _M.REDEPLOYING,
                _M.FAILED,
                _M.DELETING,
            }
        ),
        _M.STOPPING: frozenset({_M.STOPPED, _M.RUNNING, _M.FAILED, _M.DELETING}),
        _M.RESETTING_PASSWORD: frozenset({_M.RUNNING, _M.STOPPED, _M.FAILED, _M.DELETING}),
        _M.REIMAGING: frozenset({_M.STOPPED, _M.FAILED, _M.DELETING}),
        _M.REDEPLOYING: frozenset({_M.RUNNING, _M.STOPPED, _M.FAILED, _M.DELETING}),
        _M.FAILED: frozenset(
            {
                _M.CREATING,
                _M.STARTING,
                _M.STOPPING,
                _M.STOPPED,
                _M.RUNNING,
                _M.REIMAGING,
                _M.REDEPLOYING,
                _M.DELETING,
            }
        ),
        _M.DELETING: frozenset({_M.FAILED}),
    },
    LabState: {
        LabState.DRAFT: frozenset({LabState.PUBLISHING}),
        LabState.PUBLISHING: frozenset({LabState.PUBLISHED, LabState.DRAFT}),
        LabState.PUBLISHED: frozenset({LabState.PUBLISHING, LabState.SCALING}),
        LabState.SCALING: frozenset({LabState.PUBLISHED}),
    },
}

_RESOURCE = Message("The resource")


def moved(now: State, to: State, what: Message = _RESOURCE) -> State:
    """Returns `to` if something in state `now` may change to it.

    Raises Conflict otherwise; `what` names the thing in the message.
    """
    if to != now and to not in _MOVES[type(now)][now]:
        raise Conflict(
            Message("{what} is {now} and cannot become {to}.", what=what, now=now, to=to),
            hint=Message("Wait for what is running, or look at its state."),
        )
    return to


UNSETTLED = (OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS)
"""The states of operations that wait or are under way."""


def is_settled(state: ProvisioningState | OperationStatus) -> bool:
    """Tells whether a resource or operation has come to an end: nothing is under way any more."""
    return state in {_P.SUCCEEDED, _P.FAILED, _O.SUCCEEDED, _O.FAILED, _O.CANCELED}
