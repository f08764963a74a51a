"""Tell the relay which machines are reached from outside, and write what it has seen into the activity log."""

from datetime import datetime

from galeria.actions.core.audit import record_own_audit
from galeria.actions.labs.public_ports import ensure_public_ports
from galeria.domain.audit import FAILED, SUCCEEDED
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.domain.reach.authorities import is_public, public_port
from galeria.domain.reach.relay import RelayRoute, RelayTable, RelayUse, Service, service_address
from galeria.ports.relay import Relay
from galeria.workflows.context import WorkflowContext

CONNECT = "Microsoft.LabServices/labs/virtualMachines/connect/action"
BATCH = 200  # entries of the activity log in one transaction


def match_relay(context: WorkflowContext, relay: Relay) -> None:
    """Let the relay lead to every running machine whose lab lets people connect, and to no other."""
    recorded = _record_uses(context, relay.state().uses)
    server = context.settings.server
    routes = _routes(context) if server.name else ()
    relay.follow(
        RelayTable(listen=server.machines_listen, limits=server.relay_limits, routes=routes, recorded=recorded)
    )


def _routes(context: WorkflowContext) -> tuple[RelayRoute, ...]:
    with context.database(reading=True) as uow:
        running = [(machine, lab) for machine, lab in uow.machines.running() if context.serves(machine.region)]
        lacking = [machine.id for machine, lab in running if _lacks_port(lab, machine)]
        routes = [route for machine, lab in running for route in _of_machine(lab, machine)]
    if lacking:
        _give_ports(context, lacking)  # they are routed at the next run
    return tuple(routes)


def _of_machine(lab: Lab, machine: LabMachine) -> list[RelayRoute]:
    routes = []
    for service in Service:
        port = public_port(machine, service)
        if port is not None and is_public(lab, service):
            host, target = service_address(machine.address, machine.ssh_port, service)
            scope = f"{lab.resource_id}/virtualMachines/{machine.name}"
            routes.append(
                RelayRoute(port=port, host=host, target=target, service=service, machine=machine.id, scope=scope)
            )
    return routes


def _lacks_port(lab: Lab, machine: LabMachine) -> bool:
    return any(is_public(lab, each) and public_port(machine, each) is None for each in Service)


def _give_ports(context: WorkflowContext, ids: list[str]) -> None:
    """Give ports to machines that were started before there was a public name, or before their lab let people connect."""
    with context.database() as uow:
        machines = uow.machines.of_ids(ids)
        for lab in uow.labs.of_ids({each.lab_id for each in machines}):
            ensure_public_ports(context.request(uow), lab, *(each for each in machines if each.lab_id == lab.id))
        uow.commit()


def _record_uses(context: WorkflowContext, uses: tuple[RelayUse, ...]) -> tuple[str, ...]:
    """Write what is over into the activity log, once, and return the ids of what is there now."""
    for start in range(0, len(uses), BATCH):
        with context.database() as uow:
            request = context.request(uow)
            for use in uses[start : start + BATCH]:
                if uow.audit.find(use.id) is None:
                    status = SUCCEEDED if use.connections else FAILED
                    record_own_audit(
                        request, CONNECT, use.scope, status, address=use.address, detail=_said(use), id=use.id
                    )
            uow.commit()
    return tuple(each.id for each in uses)


def _said(use: RelayUse) -> Message:
    """Say from when to when an address used a machine; who that was nobody knows."""
    if not use.connections:
        return Message(
            "{service}: {refused} connections refused from {began} to {ended}, beyond the limits",
            service=use.service.value,
            refused=use.refused,
            began=_moment(use.began),
            ended=_moment(use.ended),
        )
    return Message(
        "{service} from {began} to {ended}: {connections} connections, {short} of them short, {refused} refused; "
        "{sent} bytes sent, {received} received",
        service=use.service.value,
        began=_moment(use.began),
        ended=_moment(use.ended),
        connections=use.connections,
        short=use.short,
        refused=use.refused,
        sent=use.sent,
        received=use.received,
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%SZ}"
