"""The registry of operations is complete, and their inputs come back as they were stored, by whichever release."""

from dataclasses import asdict
from typing import Any

import pytest

from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import Origin, OriginKind
from galeria.domain.operation_inputs import (
    NO_INPUTS,
    PREPARING,
    FillInputs,
    OperationInputs,
    PreparationInputs,
    PublishInputs,
    RedeployInputs,
    RegionInputs,
    ResetInputs,
)
from galeria.domain.operations import OPERATION_TYPES, VERSION_MAKING, Operation, OperationKind, Subject
from galeria.domain.states import LabState, MachineState, ProvisioningState
from galeria.workflows.run_operation import WORKFLOWS
from tests.adapters.db import samples

CONTENT = Origin(kind=OriginKind.CONTENT, name="digest", region="brazilsouth", size=4096, grown=8192)
MACHINE = Origin(kind=OriginKind.MACHINE, name="m", region="brazilsouth", since="l1", parent="digest")


def operation(kind: OperationKind, stored: dict[str, Any]) -> Operation:
    return samples.operation(kind=kind, stored_inputs=stored)


def test_every_kind_has_its_entry_and_its_workflow() -> None:
    assert set(OPERATION_TYPES) == set(WORKFLOWS) == set(OperationKind)


@pytest.mark.parametrize("kind", OperationKind)
def test_an_entry_agrees_with_itself(kind: OperationKind) -> None:
    entry = OPERATION_TYPES[kind]
    assert isinstance(entry.under_way, MachineState) == (entry.subject is Subject.MACHINE) == bool(entry.verb)
    assert entry.removes == (entry.under_way is ProvisioningState.DELETING)
    assert not (entry.removes and entry.is_cancelable), "a removal that is cut off leaves nothing whole"
    assert (entry.read, entry.write) == (f"{entry.resource}/read", f"{entry.resource}/write")


def test_versions_are_made_from_sources_and_from_templates() -> None:
    assert {OperationKind.CREATE_VERSION, OperationKind.EXPORT_TEMPLATE} == VERSION_MAKING


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (OperationKind.START_MACHINE, NO_INPUTS),
        (OperationKind.CREATE_LAB, PREPARING),
        (OperationKind.CREATE_LAB, PreparationInputs()),
        (OperationKind.RESET_PASSWORD, ResetInputs(is_off=True, is_foreign=True)),
        (OperationKind.RESET_PASSWORD, ResetInputs()),
        (OperationKind.CREATE_VERSION, FillInputs(origins={OS_DISK: CONTENT, 0: MACHINE})),
        (OperationKind.UPDATE_VERSION, RegionInputs(removed=("westeurope",))),
        (OperationKind.REDEPLOY_MACHINE, RedeployInputs(running=True)),
        (OperationKind.PUBLISH_LAB, PublishInputs(before=LabState.DRAFT)),
        (OperationKind.PUBLISH_LAB, PublishInputs(before=LabState.PUBLISHED, template="m")),
    ],
)
def test_inputs_come_back_as_they_were_stored(kind: OperationKind, inputs: OperationInputs) -> None:
    assert operation(kind, inputs.to_stored()).inputs == inputs


@pytest.mark.parametrize(
    ("kind", "stored", "inputs"),
    [
        (
            OperationKind.EXPORT_TEMPLATE,
            {"machine": "m", "since": "l1"},
            FillInputs(origins={OS_DISK: Origin(kind=OriginKind.MACHINE, name="m", since="l1")}),
        ),
        (
            OperationKind.CREATE_VERSION,
            {"uploads": {"-1": "u", "0": "v"}},
            FillInputs(
                origins={
                    -1: Origin(kind=OriginKind.UPLOAD, name="u"),
                    0: Origin(kind=OriginKind.UPLOAD, name="v"),
                }
            ),
        ),
        (
            OperationKind.CREATE_SNAPSHOT,
            {"origins": {"-1": asdict(MACHINE)}, "machine": "m"},
            FillInputs(origins={OS_DISK: MACHINE}),
        ),
        (
            OperationKind.RESIZE_DISK,
            {"origins": {"-1": asdict(CONTENT)}, "size_gb": 2},
            FillInputs(origins={OS_DISK: CONTENT}),
        ),
        (
            OperationKind.PUBLISH_LAB,
            {"before": "Draft", "machine": "m"},
            PublishInputs(before=LabState.DRAFT, template="m"),
        ),
        (OperationKind.DELETE_LAB, {"for_good": True}, NO_INPUTS),
    ],
)
def test_inputs_of_earlier_releases_are_read(
    kind: OperationKind, stored: dict[str, Any], inputs: OperationInputs
) -> None:
    assert operation(kind, stored).inputs == inputs


def test_the_machine_is_known_from_any_inputs_that_name_one() -> None:
    exported = operation(OperationKind.EXPORT_TEMPLATE, FillInputs(origins={OS_DISK: MACHINE}).to_stored())
    published = operation(OperationKind.PUBLISH_LAB, {"before": "Draft", "machine": "m"})
    started = samples.operation(kind=OperationKind.START_MACHINE, subject="m")
    other = operation(OperationKind.CREATE_VERSION, FillInputs(origins={OS_DISK: CONTENT}).to_stored())
    assert [each.works_with({"m"}) for each in (exported, published, started, other)] == [True, True, True, False]
    assert other.inputs.machine == ""
    assert not other.works_with({"m", "l"})


def test_inputs_of_another_shape_are_not_taken_for_those_that_were_asked_for() -> None:
    with pytest.raises(TypeError, match="create_lab has no FillInputs"):
        operation(OperationKind.CREATE_LAB, {}).inputs_as(FillInputs)
