"""The real durable engine: a killed process's work is finished by the next one, and what was finished is not repeated."""

import subprocess
import sys
from pathlib import Path

import pytest

from galeria.domain.states import OperationStatus, ReplicaState
from tests.local_installation import MIB, LocalInstallation, disk_bytes, version_id
from tests.workflows.durable_process import KILLED

ROOT = Path(__file__).parents[2]


def process(installation: LocalInstallation, operation_id: str, mode: str) -> int:
    command = [sys.executable, "-m", "tests.workflows.durable_process", str(installation.folder), operation_id, mode]
    return subprocess.run(command, cwd=ROOT, timeout=120, check=False).returncode


@pytest.mark.slow
def test_a_killed_process_is_continued_by_the_next_one(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast"))
    assert process(installation, operation.id, "crash") == KILLED
    assert installation.operation(operation.id).status is OperationStatus.IN_PROGRESS
    assert process(installation, operation.id, "resume") == 0
    done = installation.operation(operation.id)
    assert (done.status, done.attempt, done.error_message) == (OperationStatus.SUCCEEDED, 1, "")
    assert (installation.folder / "calls").read_text().splitlines() == ["crash: capture"], "a finished step ran again"
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(version_id("linux").key)
        assert {each.state for each in uow.versions.replicas(version.id)} == {ReplicaState.COMPLETED}
        rows = {each.name: each for each in uow.operations.steps(operation.id) if not each.region}
    assert rows["Store the disk"].runs == 1
    assert rows["Replicate to the other regions"].runs == 2
