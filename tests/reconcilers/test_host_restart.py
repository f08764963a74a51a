"""After the host was started anew, what ran in a class runs again."""

from pathlib import Path

import pytest

from galeria.adapters.host_boot import has_restarted, note_start
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState
from galeria.reconcilers.host_restart import bring_back_machines
from tests.crashing import Crash
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab


def lose_power(installation: LocalInstallation) -> None:
    installation.engine.stop(installation.guest_of("algebra"), seconds=0)


def test_a_machine_that_ran_is_started_again(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_running_lab)
    lose_power(installation)

    assert bring_back_machines(installation.context) == 1
    assert installation.machine("algebra").state is MachineState.STARTING
    with installation.context.database(reading=True) as uow:
        (begun,) = uow.operations.unsettled()
    assert (begun.kind, begun.started_by) == (OperationKind.START_MACHINE, "")
    installation.run(begun)
    assert installation.machine("algebra").state is MachineState.RUNNING
    assert bring_back_machines(installation.context) == 0


def test_what_runs_or_was_stopped_is_left_alone(new_installation: MakeInstallation) -> None:
    installation = new_installation(with_running_lab)
    assert bring_back_machines(installation.context) == 0
    installation.run(installation.begin_stop("algebra"))
    assert bring_back_machines(installation.context) == 0


def test_a_crash_before_the_commit_loses_no_machine(
    new_installation: MakeInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = new_installation(with_running_lab)
    lose_power(installation)

    def fail(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr("galeria.reconcilers.host_restart.begin_own", fail)
        with pytest.raises(Crash):
            bring_back_machines(installation.context)
    assert installation.machine("algebra").state is MachineState.RUNNING

    assert bring_back_machines(installation.context) == 1
    assert bring_back_machines(installation.context) == 0  # killed after the commit: it is done


def test_a_start_of_the_host_is_told_until_it_is_noted(tmp_path: Path) -> None:
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("first\n")
    assert not has_restarted(tmp_path, boot_id=boot_id)
    note_start(tmp_path, boot_id=boot_id)
    assert not has_restarted(tmp_path, boot_id=boot_id)
    boot_id.write_text("second\n")
    assert has_restarted(tmp_path, boot_id=boot_id)
    assert has_restarted(tmp_path, boot_id=boot_id)  # killed before its machines were brought back
    note_start(tmp_path, boot_id=boot_id)
    assert not has_restarted(tmp_path, boot_id=boot_id)
