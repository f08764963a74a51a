"""The relay leads to machines that run and whose lab lets people connect; what it saw stands in the activity log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from galeria.domain.audit import AuditEvent, AuditSearch
from galeria.domain.labs.labs import LabMachine
from galeria.domain.reach.relay import RelayRoute, RelayState, RelayUse, Service
from galeria.domain.reach.server_settings import RelayLimits, ServerSettings
from galeria.domain.states import MachineState
from galeria.reconcilers.relay_routes import CONNECT, match_relay
from tests.local_installation import SUBSCRIPTION, LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab
from tests.reconcilers.told_relay import ToldRelay

NAME = "labs.example.org"


@pytest.fixture
def relay() -> ToldRelay:
    return ToldRelay()


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    """A lab whose template runs since before there was a public name."""
    installation = new_installation(with_running_lab)
    settings = replace(installation.context.settings, server=ServerSettings(name=NAME))
    return installation.with_settings(settings)


def allow(installation: LocalInstallation, **profile: str) -> None:
    with installation.context.database() as uow:
        (pair,) = uow.machines.running()
        pair[1].profiles = {**pair[1].profiles, "connectionProfile": profile}
        uow.commit()


def routed(installation: LocalInstallation, relay: ToldRelay) -> Mapping[Service, RelayRoute]:
    """The routes once everything has its port."""
    for _ in range(2):
        match_relay(installation.context, relay)
    return {each.service: each for each in relay.tables[-1].routes}


def template(installation: LocalInstallation) -> LabMachine:
    return installation.machine("algebra")


def entries(installation: LocalInstallation) -> list[AuditEvent]:
    with installation.context.database(reading=True) as uow:
        return uow.audit.search([f"/subscriptions/{SUBSCRIPTION}"], AuditSearch(action=CONNECT), offset=0, limit=100)


def use(**said: object) -> RelayUse:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    given: dict[str, object] = {
        "id": "0" * 32,
        "machine": "m",
        "scope": f"/subscriptions/{SUBSCRIPTION}/x",
        "service": Service.SSH,
        "address": "203.0.113.9",
        "began": at,
        "ended": at + timedelta(minutes=5),
        "connections": 2,
        "short": 1,
        "refused": 0,
        "received": 10,
        "sent": 20,
    }
    return RelayUse(**{**given, **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "services"),
    [
        ({"clientSshAccess": "Public", "clientRdpAccess": "Public"}, {Service.SSH, Service.RDP}),
        ({"clientSshAccess": "Public", "clientRdpAccess": "None"}, {Service.SSH}),
        ({"clientSshAccess": "Private", "clientRdpAccess": "Public"}, {Service.RDP}),
        ({"clientSshAccess": "None"}, set()),
    ],
)
def test_a_running_machine_is_reached_by_what_its_lab_allows(
    running: LocalInstallation, relay: ToldRelay, profile: dict[str, str], services: set[Service]
) -> None:
    allow(running, **profile)
    routes = routed(running, relay)
    assert set(routes) == services
    for route in routes.values():
        assert route.port in running.context.settings.server.machine_ports
        assert route.target == template(running).ssh_port
        assert route.scope.endswith("/labs/algebra/virtualMachines/template")
    assert len({each.port for each in routes.values()}) == len(services)
    assert {each.host for each in routes.values()} <= {"127.0.0.1", "127.0.0.2"}


def test_the_relay_leads_to_the_address_that_a_machine_was_started_with(
    running: LocalInstallation, relay: ToldRelay
) -> None:
    allow(running, clientSshAccess="Public", clientRdpAccess="Public")
    routed(running, relay)
    running.run(running.begin_stop("algebra"))
    running.engine.addresses[template(running).id] = "100.64.78.32"
    running.run(running.begin_start("algebra"))
    found = {service: (route.host, route.target) for service, route in routed(running, relay).items()}
    assert found == {Service.SSH: ("100.64.78.32", 22), Service.RDP: ("100.64.78.32", 3389)}


def test_a_port_stays_while_people_are_not_let_and_the_machine_is_off(
    running: LocalInstallation, relay: ToldRelay
) -> None:
    before = routed(running, relay)[Service.SSH].port
    allow(running, clientSshAccess="None")
    assert routed(running, relay) == {}
    allow(running, clientSshAccess="Public")
    assert routed(running, relay)[Service.SSH].port == before
    running.run(running.begin_stop("algebra"))
    assert routed(running, relay) == {}
    running.run(running.begin_start("algebra"))
    assert routed(running, relay)[Service.SSH].port == before


@pytest.mark.parametrize("state", sorted(set(MachineState) - {MachineState.RUNNING, MachineState.RESETTING_PASSWORD}))
def test_a_machine_in_any_other_state_is_not_reached(
    running: LocalInstallation, relay: ToldRelay, state: MachineState
) -> None:
    assert routed(running, relay)
    with running.context.database() as uow:
        ((machine, _),) = uow.machines.running()
        machine.state = state
        uow.commit()
    assert routed(running, relay) == {}


def test_without_a_public_name_nothing_is(running: LocalInstallation, relay: ToldRelay) -> None:
    assert routed(running.with_settings(replace(running.context.settings, server=ServerSettings())), relay) == {}
    assert template(running).public_ssh_port is None


def test_the_relay_gets_its_settings(running: LocalInstallation, relay: ToldRelay) -> None:
    limits = RelayLimits(short_sessions=3)
    server = ServerSettings(name=NAME, machines_listen="192.0.2.1", relay_limits=limits)
    match_relay(running.with_settings(replace(running.context.settings, server=server)).context, relay)
    assert (relay.tables[-1].listen, relay.tables[-1].limits) == ("192.0.2.1", limits)


def test_without_a_free_port_a_machine_goes_without(
    running: LocalInstallation, relay: ToldRelay, caplog: pytest.LogCaptureFixture
) -> None:
    allow(running, clientSshAccess="Public", clientRdpAccess="Public")
    port = template(running).ssh_port  # machines from before may have a port of the range
    server = ServerSettings(name=NAME, first_machine_port=port, last_machine_port=port + 1)
    narrow = running.with_settings(replace(running.context.settings, server=server))
    assert [each.port for each in routed(narrow, relay).values()] == [port + 1]
    assert "no public port is left" in caplog.text


def test_a_use_is_recorded_once_and_the_relay_told_so(running: LocalInstallation, relay: ToldRelay) -> None:
    relay.seen = RelayState(uses=(use(), use(id="1" * 32, connections=0, refused=7, short=0)))
    for _ in range(2):
        match_relay(running.context, relay)
    assert relay.tables[-1].recorded == ("0" * 32, "1" * 32)
    found = {each.status: each for each in entries(running)}
    assert len(entries(running)) == 2
    assert found["Succeeded"].address == "203.0.113.9"
    assert str(found["Succeeded"].detail) == (
        "SSH from 2026-03-02 09:30:00Z to 2026-03-02 09:35:00Z: 2 connections, 1 of them short, 0 refused; "
        "20 bytes sent, 10 received"
    )
    assert str(found["Failed"].detail).startswith("SSH: 7 connections refused from 2026-03-02 09:30:00Z")
    relay.seen = RelayState()
    match_relay(running.context, relay)
    assert not relay.tables[-1].recorded
