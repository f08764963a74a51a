"""Switch off machines that nobody uses, once a minute, as their labs' rules say; whoever is there is warned before."""

import logging

from galeria.actions.classes.presence import SeenMachineUse, watch_machines, watched_machines
from galeria.domain.classes.shutdown import shutdown_rules
from galeria.domain.errors import GaleriaError
from galeria.domain.reach.relay import RelayConnection
from galeria.ports.machines import Machine
from galeria.ports.relay import Relay
from galeria.reconcilers.usage import show_in_guest
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def switch_off_unused(context: WorkflowContext, relay: Relay) -> None:
    """Ask relay and host who uses what, then decide in one transaction for all machines."""
    uses = _uses(context, relay)
    with context.database() as uow:
        messages = watch_machines(context.request(uow), uses)
        uow.commit()
    for each in messages:
        show_in_guest(context, each)


def _uses(context: WorkflowContext, relay: Relay) -> dict[str, SeenMachineUse]:
    with context.database(reading=True) as uow:
        watched = [each for each in watched_machines(context.request(uow)) if context.serves(each[0].region)]
    connections: dict[str, list[RelayConnection]] = {}
    for each in relay.state().connections if watched else ():
        connections.setdefault(each.machine, []).append(each)
    uses = {}
    for machine, lab in watched:
        own = connections.get(machine.id, [])
        is_asked = shutdown_rules(lab.profiles).is_busy_in_use
        uses[machine.id] = SeenMachineUse(
            connections=len(own),
            sent_bytes=sum(each.sent for each in own),
            processor_seconds=_processor_seconds(context, machine.id, machine.region) if is_asked else None,
        )
    return uses


def _processor_seconds(context: WorkflowContext, id: str, region: str) -> float | None:
    try:
        return context.engine.processor_seconds(Machine(id=id, region=region))
    except GaleriaError as error:  # it was switched off this moment
        log.info("what machine %s does is not known: %s", id, error)
        return None
