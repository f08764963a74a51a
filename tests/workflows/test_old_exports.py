"""An export that an earlier release began is finished by this one, wherever the upgrade cut it off."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.workflows.run_operation import run_operation
from tests.crashing import Crash, Steps
from tests.local_installation import MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation, Prepare
from tests.workflows.crash_cases import BRAZIL, a_running_lab, changed, digest_of, expect_version
from tests.workflows.old_export import REMEMBERED, begin_old_export, run_old_export

MOMENTS = tuple((position, moment) for position in range(len(REMEMBERED)) for moment in ("before", "after"))
# A manifest holds random names and is sent compressed: from run to run it differs by a few bytes.
MANIFEST = 1024  # bytes
LATER = version_id("Algebra-2")


def an_exported_lab(installation: LocalInstallation) -> None:
    a_running_lab(installation)
    installation.engine.write(installation.guest_of("algebra"), MIB, b"lesson one")
    installation.run(installation.begin_export("algebra", "Álgebra 1"))


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What an export read, stored and sent, all in bytes."""

    told: dict[str, int]  # to the person who waited, but for what was sent
    size: int
    data_bytes: int
    read_bytes: int
    stored_bytes: int
    sent_steps: dict[str, int]  # by region, in steps of MANIFEST bytes


def continued(steps: Steps) -> Steps:
    """After a crash: what was finished is remembered."""
    return steps.resumed()


def retried(_steps: Steps) -> Steps:
    """As another attempt: nothing is remembered."""
    return Steps()


Resume = Callable[[Steps], Steps]


@pytest.mark.parametrize(
    ("before", "resume"),
    [
        pytest.param(a_running_lab, continued, id="first export"),
        pytest.param(an_exported_lab, continued, id="later export", marks=pytest.mark.slow),
        pytest.param(an_exported_lab, retried, id="later export, tried again", marks=pytest.mark.slow),
    ],
)
def test_an_export_of_an_earlier_release_is_finished_from_any_step(
    before: Prepare, resume: Resume, new_installation: MakeInstallation
) -> None:
    undisturbed, names = new_installation(before), Steps()
    operation = begin(undisturbed)
    run_old_export(names, undisturbed.context, operation.id)
    expect_remembered(names, operation)
    costs = costs_of(undisturbed, operation)

    for at in MOMENTS:
        installation, steps = new_installation(before), Steps()
        operation = begin(installation)
        with pytest.raises(Crash):
            run_old_export(steps.resumed(at), installation.context, operation.id)
        expect_remembered(steps, operation)

        rest = resume(steps)
        if resume is retried and at == (len(REMEMBERED) - 1, "after"):
            continue  # it has succeeded already, and is not tried again
        run_operation(rest, installation.context, operation.id)

        assert rest.finished == names.finished, at
        expect_finished(installation, operation)
        assert costs_of(installation, operation) == costs, at


def begin(installation: LocalInstallation) -> Operation:
    """The machine has one more change than what was exported before, and the old inputs are written down."""
    installation.engine.write(installation.guest_of("algebra"), 2 * MIB, b"lesson two")
    return begin_old_export(installation, "algebra", "Álgebra 2")


def expect_remembered(steps: Steps, operation: Operation) -> None:
    """What is remembered is the beginning of the recorded list."""
    results = [operation.subject if result == "the version's id" else result for _, result in REMEMBERED]
    log = [pickle.loads(each) for each in steps.log]
    assert log == results[: len(log)]
    assert list(steps.finished) == [name for name, _ in REMEMBERED][: len(log)]


def expect_finished(installation: LocalInstallation, operation: Operation) -> None:
    """Succeeded, with the right bytes in every region, and the machine's changes counted from the export's own layer."""
    ended = installation.operation(operation.id)
    assert (ended.status, ended.error_message) == (OperationStatus.SUCCEEDED, "")
    lessons = changed(disk_bytes(), 2 * MIB, b"lesson two")
    was_exported = installation.engine.read(installation.guest_of("algebra"), MIB, 10) == b"lesson one"
    expect_version(installation, LATER, changed(lessons, MIB, b"lesson one") if was_exported else lessons, BRAZIL)
    machine = installation.machine("algebra")
    assert machine.layer == operation.id.replace("-", "")
    assert machine.layer_digest == digest_of(installation, LATER)


def costs_of(installation: LocalInstallation, operation: Operation) -> Costs:
    outputs = dict(installation.operation(operation.id).outputs)
    with installation.context.database(reading=True) as uow:
        (disk,) = uow.versions.disks(operation.subject)
        replicas = uow.versions.replicas(operation.subject)
    assert outputs.pop("sentBytes") == sum(each.sent_bytes for each in replicas)
    return Costs(
        told=outputs,
        size=disk.size,
        data_bytes=disk.data_bytes,
        read_bytes=disk.read_bytes,
        stored_bytes=disk.stored_bytes,
        sent_steps={each.region: each.sent_bytes // MANIFEST for each in replicas},
    )
