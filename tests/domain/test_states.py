"""Every move of every life cycle: what the tables allow is allowed, and nothing else."""

from enum import StrEnum
from itertools import product

import pytest

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.states import (
    LabState,
    MachineState,
    OperationStatus,
    ProvisioningState,
    ReplicaState,
    is_settled,
    moved,
)

# What may follow what, written down once more from the meaning of the words; staying is always allowed.
ALLOWED: dict[type[StrEnum], dict[str, str]] = {
    ProvisioningState: {
        "Creating": "Succeeded Failed Deleting",
        "Updating": "Succeeded Failed Deleting",
        "Succeeded": "Updating Deleting",
        "Failed": "Creating Updating Deleting",
        "Deleting": "Failed",
    },
    ReplicaState: {
        "Pending": "Replicating Completed Failed",
        "Replicating": "Completed Failed",
        "Completed": "Failed",
        "Failed": "Pending Replicating",
    },
    OperationStatus: {
        "NotStarted": "InProgress Failed Canceled Succeeded",
        "InProgress": "Succeeded Failed Canceled",
        "Succeeded": "",
        "Failed": "NotStarted",
        "Canceled": "NotStarted",
    },
    MachineState: {
        "Creating": "Stopped Failed Deleting",
        "Stopped": "Starting Running ResettingPassword Reimaging Redeploying Failed Deleting",
        "Starting": "Running Stopped Failed Deleting",
        "Running": "Stopping Stopped ResettingPassword Reimaging Redeploying Failed Deleting",
        "Stopping": "Stopped Running Failed Deleting",
        "ResettingPassword": "Running Stopped Failed Deleting",
        "Reimaging": "Stopped Failed Deleting",
        "Redeploying": "Running Stopped Failed Deleting",
        "Failed": "Creating Starting Stopping Stopped Running Reimaging Redeploying Deleting",
        "Deleting": "Failed",
    },
    LabState: {
        "Draft": "Publishing",
        "Publishing": "Published Draft",
        "Published": "Publishing Scaling",
        "Scaling": "Published",
    },
}
MOVES = [(now, to) for kind in ALLOWED for now, to in product(kind, kind)]


@pytest.mark.parametrize(("now", "to"), MOVES, ids=lambda state: f"{type(state).__name__}.{state}")
def test_a_state_goes_only_where_its_table_says(now: StrEnum, to: StrEnum) -> None:
    if to == now or to.value in ALLOWED[type(now)][now.value].split():
        assert moved(now, to) is to
        return
    with pytest.raises(Conflict) as refused:
        moved(now, to, Message("The thing"))
    assert refused.value.message == f"The thing is {now} and cannot become {to}."
    assert refused.value.hint


def test_states_of_different_things_with_the_same_text_do_not_meet() -> None:
    """An operation never goes from Failed to Creating, though a version does, and both words are Failed."""
    assert len({OperationStatus.FAILED, ProvisioningState.FAILED, MachineState.FAILED}) == 1  # why they could meet
    moved(ProvisioningState.FAILED, ProvisioningState.UPDATING)
    for stranger in (OperationStatus.FAILED, ReplicaState.FAILED, MachineState.FAILED):
        with pytest.raises(Conflict):
            moved(stranger, ProvisioningState.UPDATING)


def test_settled_means_that_nothing_is_under_way() -> None:
    assert {state.value for state in ProvisioningState if is_settled(state)} == {"Succeeded", "Failed"}
    assert {state.value for state in OperationStatus if is_settled(state)} == {"Succeeded", "Failed", "Canceled"}
