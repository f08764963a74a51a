"""Machines that are on have what their plan lets now, whatever they were started with."""

from dataclasses import replace

import pytest

from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.domain.labs.guest_network import OPEN, Internet, NetworkPolicy
from galeria.domain.states import MachineState
from galeria.reconcilers.guest_network import match_network
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab

CLOSED = NetworkPolicy(internet=Internet.CLOSED)


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def close(installation: LocalInstallation) -> None:
    with installation.request() as request:
        wanted = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, internet=Internet.CLOSED)
        put_account(request, ACCOUNT, wanted)


def share(installation: LocalInstallation) -> None:
    with installation.request() as request:
        put_account(
            request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, common_network=True)
        )


def policy(installation: LocalInstallation) -> NetworkPolicy:
    return installation.engine.policies.get(installation.machine("algebra").id, OPEN)


def test_a_change_of_the_plan_reaches_running_machines(running: LocalInstallation) -> None:
    assert policy(running) == OPEN
    close(running)
    assert policy(running) == OPEN
    match_network(running.context)
    assert policy(running) == CLOSED


def test_machines_share_a_network_with_their_lab_where_the_plan_says_so(running: LocalInstallation) -> None:
    share(running)
    match_network(running.context)
    assert policy(running) == NetworkPolicy(lab=running.machine("algebra").lab_id)


def test_a_machine_that_failed_and_is_on_is_closed_as_well(running: LocalInstallation) -> None:
    with running.context.database() as uow:
        ((machine, _),) = uow.machines.running()
        machine.state, machine.is_on = MachineState.FAILED, True
        uow.commit()
    close(running)
    match_network(running.context)
    assert policy(running) == CLOSED


def test_a_machine_is_started_with_its_plans_policy_and_notes_its_address(running: LocalInstallation) -> None:
    running.run(running.begin_stop("algebra"))
    close(running)
    share(running)
    running.engine.addresses[running.machine("algebra").id] = "100.64.78.32"
    running.run(running.begin_start("algebra"))
    assert policy(running) == replace(CLOSED, lab=running.machine("algebra").lab_id)
    assert running.machine("algebra").address == "100.64.78.32"
