"""When a machine is Running: it answers on its way in. What is missing is said, and what comes later is noticed."""

import pytest

from galeria.actions.labs.machines import reset_password
from galeria.actions.versions.operations import retry_operation
from galeria.domain.errors import Conflict, MachineFailed
from galeria.domain.images.findings import Findings, NetworkFile, SystemKind
from galeria.domain.labs.labs import FailureRecord, LabMachine
from galeria.domain.labs.profiles import CONNECTION
from galeria.domain.labs.ways_in import NO_AGENT, STOP_SET_START, WayIn
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, OperationStatus
from galeria.ports.machines import NO_ADDRESS, Observation, Power
from galeria.reconcilers.machine_power import match_power
from tests.local_installation import GALLERY, LocalInstallation, lab_id, secrets
from tests.prepared_installations import MakeInstallation, with_running_lab

SHOWN = Observation(console="Loading Linux\nlab login:", picture=b"\x89PNG\r\n\x1a\nscreen")


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


@pytest.fixture
def stopped(running: LocalInstallation) -> LocalInstallation:
    running.run(running.begin_stop("algebra"))
    return running


def started(installation: LocalInstallation, *silent: WayIn, lab: str = "algebra") -> Operation:
    installation.engine.silent = set(silent)
    return installation.run(installation.begin_start(lab))


def template(installation: LocalInstallation, lab: str = "algebra") -> LabMachine:
    return installation.machine(lab)


def record_of(installation: LocalInstallation, operation: Operation) -> FailureRecord | None:
    with installation.context.database(reading=True) as uow:
        return uow.machines.find_failure_record(operation.id)


def with_profile(installation: LocalInstallation, **profile: str) -> None:
    with installation.context.database() as uow:
        lab = uow.labs.get_by_key(lab_id("algebra").key)
        lab.profiles = {**lab.profiles, "connectionProfile": profile}
        uow.commit()


def specialized(installation: LocalInstallation, *, new_identity: bool = False) -> None:
    """A lab from an export of the first one, whose accounts are still in it."""
    installation.run(installation.begin_export("algebra", "Algebra"))
    image = GALLERY.child("images", "Algebra")
    installation.run(installation.begin_lab("geometry", image, new_identity=new_identity))


def test_a_machine_without_an_agent_runs_once_its_ssh_server_greets(stopped: LocalInstallation) -> None:
    assert started(stopped, WayIn.AGENT).status is OperationStatus.SUCCEEDED
    machine = template(stopped)
    assert (machine.state, machine.has_agent, machine.failure) == (MachineState.RUNNING, None, "")
    match_power(stopped.context)
    assert template(stopped).has_agent is False


def test_a_machine_whose_ssh_server_is_silent_does_not_run_though_its_agent_answers(stopped: LocalInstallation) -> None:
    stopped.engine.shown = SHOWN
    failed = started(stopped, WayIn.SSH)
    assert failed.error_message == "No answer by SSH."
    machine = template(stopped)
    assert (machine.state, machine.is_on, machine.failure) == (MachineState.FAILED, True, "No answer by SSH.")
    record = record_of(stopped, failed)
    assert record is not None
    assert (record.machine_id, record.console, record.picture) == (machine.id, SHOWN.console, SHOWN.picture)


def test_a_lab_without_ways_in_runs_once_its_agents_answer(stopped: LocalInstallation) -> None:
    with_profile(stopped, **dict.fromkeys(CONNECTION, "None"))
    assert started(stopped, WayIn.SSH).status is OperationStatus.SUCCEEDED
    stopped.run(stopped.begin_stop("algebra"))
    assert started(stopped, WayIn.AGENT).error_message == "No answer by agent."


def test_a_machine_that_went_off_is_not_called_on(stopped: LocalInstallation) -> None:
    stopped.engine.shown = SHOWN
    stopped.engine.fail_on["start"] = MachineFailed(Message("It does not start."), hint=Message("Look."))
    failed = started(stopped)
    assert not template(stopped).is_on
    record = record_of(stopped, failed)
    assert record is not None
    assert (record.console, record.picture) == (SHOWN.console, b"")


def test_a_host_that_shows_nothing_hinders_no_failure(stopped: LocalInstallation) -> None:
    stopped.engine.fail_on["observe"] = MachineFailed(Message("No screen."), hint=Message("Look."))
    failed = started(stopped, WayIn.SSH)
    assert (failed.status, failed.error_message) == (OperationStatus.FAILED, "No answer by SSH.")
    assert record_of(stopped, failed) is None


def test_a_retry_forgets_what_the_machine_showed(stopped: LocalInstallation) -> None:
    stopped.engine.shown = SHOWN
    failed = started(stopped, WayIn.SSH)
    stopped.engine.silent = set()
    with stopped.request("educator") as request:
        again = retry_operation(request, failed.id)
    assert stopped.run(again).status is OperationStatus.SUCCEEDED
    assert record_of(stopped, failed) is None
    assert (template(stopped).state, template(stopped).is_on) == (MachineState.RUNNING, False)


def test_a_machine_that_comes_up_later_is_noticed(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.SSH)
    match_power(stopped.context)
    assert template(stopped).state is MachineState.FAILED
    stopped.engine.silent = {WayIn.AGENT}
    match_power(stopped.context)
    machine = template(stopped)
    assert (machine.state, machine.failure, machine.is_on, machine.has_agent) == (
        MachineState.RUNNING,
        "",
        False,
        False,
    )


def test_an_agent_that_comes_later_is_noticed(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.AGENT)
    match_power(stopped.context)
    stopped.engine.silent = set()
    match_power(stopped.context)
    assert template(stopped).has_agent is True
    stopped.run(stopped.begin_stop("algebra"))
    assert template(stopped).has_agent is None


def test_a_failed_machine_that_is_stopped_is_not_said_to_be_starting(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.SSH)
    assert template(stopped).is_unreachable
    operation = stopped.begin_stop("algebra")
    assert not template(stopped).is_unreachable
    stopped.run(operation)
    assert (template(stopped).state, template(stopped).is_on) == (MachineState.STOPPED, False)


def test_a_failed_machine_that_goes_off_is_noticed(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.SSH)
    stopped.engine.stop(stopped.guest_of("algebra"), seconds=1)
    match_power(stopped.context)
    machine = template(stopped)
    assert (machine.state, machine.is_on, machine.failure) == (MachineState.FAILED, False, "No answer by SSH.")


def test_a_machine_that_was_switched_on_by_hand_runs_once_it_is_reached(stopped: LocalInstallation) -> None:
    stopped.engine.start(stopped.guest_of("algebra"), ssh=False)
    stopped.engine.silent = {WayIn.SSH}
    match_power(stopped.context)
    assert (template(stopped).state, template(stopped).is_on) == (MachineState.FAILED, True)
    assert "outside of Galeria" in template(stopped).failure
    stopped.engine.silent = set()
    match_power(stopped.context)
    assert (template(stopped).state, template(stopped).failure) == (MachineState.RUNNING, "")


def test_one_machine_that_cannot_be_looked_at_holds_up_no_other(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.SSH)
    stopped.run(stopped.begin_lab("geometry", GALLERY.child("images", "linux")))
    started(stopped, lab="geometry")
    stopped.engine.stop(stopped.guest_of("geometry"), seconds=1)
    stopped.engine.fail_on["is_reachable"] = MachineFailed(Message("No answer."), hint=Message("Look."))
    match_power(stopped.context)
    assert template(stopped, "geometry").state is MachineState.STOPPED


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_machine_with_the_accounts_of_its_image_is_never_opened(running: LocalInstallation, by_hand: bool) -> None:
    specialized(running)
    if by_hand:
        running.engine.start(running.guest_of("geometry"), ssh=False)
        running.engine.silent = {WayIn.AGENT}
    else:
        failed = started(running, WayIn.AGENT, lab="geometry")
        assert "accounts of its image are still open" in failed.error_message
        assert failed.error_hint == "Look at its screen."
    for silent in ({WayIn.AGENT}, set()):
        running.engine.silent = set(silent)
        match_power(running.context)
        assert not running.engine.guest(running.guest_of("geometry")).is_ssh_open
        assert (template(running, "geometry").state, template(running, "geometry").is_on) == (MachineState.FAILED, True)
    assert started(running, lab="geometry").status is OperationStatus.SUCCEEDED
    guest = running.engine.guest(running.guest_of("geometry"))
    assert (guest.is_ssh_open, guest.passwords["educator"][:3]) == (True, "$6$")


def test_a_new_identity_waits_for_the_agent_where_nothing_else_does(running: LocalInstallation) -> None:
    """As after the credentials were set while the machine was off."""
    specialized(running, new_identity=True)
    with running.context.database() as uow:
        uow.machines.get(template(running, "geometry").id).pending_password_hash = ""
        uow.commit()
    assert started(running, WayIn.AGENT, lab="geometry").status is OperationStatus.SUCCEEDED
    assert template(running, "geometry").renew_identity
    running.run(running.begin_stop("geometry"))
    started(running, lab="geometry")
    assert not template(running, "geometry").renew_identity
    assert running.engine.guest(running.guest_of("geometry")).identity == 1


def reset(installation: LocalInstallation) -> Operation:
    with installation.request("educator") as request:
        return reset_password(
            request, lab_id("algebra"), "template", account="ana", new_password="Other-horse-8", secrets=secrets()
        )


def test_a_password_is_not_set_in_a_running_machine_without_an_agent(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.AGENT)
    match_power(stopped.context)
    with pytest.raises(Conflict) as caught:
        reset(stopped)
    assert (caught.value.message, caught.value.hint) == (NO_AGENT, STOP_SET_START)
    assert caught.value.code == "MachineHasNoAgent"
    assert template(stopped).pending_password_hash == ""


def test_an_agent_that_is_gone_since_is_noted_by_who_needed_it(running: LocalInstallation) -> None:
    operation = reset(running)
    running.engine.silent = {WayIn.AGENT}
    failed = running.run(operation)
    assert (failed.error_message, failed.error_hint) == (NO_AGENT, STOP_SET_START)
    assert (template(running).state, template(running).has_agent) == (MachineState.RUNNING, False)


def test_a_machine_that_is_on_and_not_reached_says_so_to_who_sets_a_password(stopped: LocalInstallation) -> None:
    started(stopped, WayIn.SSH)
    with pytest.raises(Conflict, match="is on, but cannot be reached: No answer by SSH"):
        reset(stopped)


@pytest.mark.parametrize("files", [(), (NetworkFile(path="/etc/netplan/50.yaml", addresses=("00:0d:3a:01:02:03",)),)])
def test_a_machine_without_an_address_names_the_file_for_another_network_card(
    stopped: LocalInstallation, files: tuple[NetworkFile, ...]
) -> None:
    with stopped.context.database() as uow:
        lab = uow.labs.get_by_key(lab_id("algebra").key)
        uow.versions.get(lab.version_id).found = Findings(kind=SystemKind.LINUX, network_files=files)
        uow.commit()
    silent = MachineFailed(Message("No address."), hint=Message("Look."), code=NO_ADDRESS)
    stopped.engine.fail_on["wait_ready"] = silent
    failed = started(stopped)
    assert failed.error_code == NO_ADDRESS
    if files:
        assert "/etc/netplan/50.yaml is only for the network card 00:0d:3a:01:02:03" in failed.error_message
        assert "network settings match any network card" in failed.error_hint
    else:
        assert (failed.error_message, failed.error_hint) == (silent.message, silent.hint)


def test_a_machine_is_on_or_off_as_the_host_says_after_a_start_that_was_canceled(stopped: LocalInstallation) -> None:
    """It is switched on already, and comes up all the same."""
    engine = stopped.engine
    operation = stopped.begin_start("algebra")
    with stopped.context.database() as uow:
        uow.operations.get(operation.id).cancel_requested = True
        uow.commit()
    engine.start(stopped.guest_of("algebra"), ssh=True)
    assert stopped.run(operation).status is OperationStatus.CANCELED
    assert (template(stopped).state, template(stopped).is_on) == (MachineState.FAILED, True)
    match_power(stopped.context)
    assert template(stopped).state is MachineState.RUNNING
    assert engine.power(stopped.guest_of("algebra")) is Power.RUNNING
