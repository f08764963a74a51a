"""Join the layers of machines' disks before their chains grow long: each export adds one, and every read passes through all."""

import logging
from datetime import timedelta
from functools import partial

from galeria.domain.errors import GaleriaError, NotFound
from galeria.domain.images.storage import OriginKind
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operation_inputs import FillInputs
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.fill_disks import layer_of

log = logging.getLogger(__name__)

LONGEST_CHAIN = 8
"""Files of a machine's own from which on layers are joined. Each costs some milliseconds whenever the disk is opened."""

RETRY_AGE = timedelta(days=7)
"""For so long the layers of an operation that failed stay as they are. A later retry reads more, and loses nothing."""


def shorten_chains(context: WorkflowContext) -> None:
    """Join the layers that nobody needs by name, on every machine that was exported or published."""
    with context.database(reading=True) as uow:
        machines = uow.machines.with_layers()
    for row in machines:
        if not context.serves(row.region):
            continue
        machine = Machine.of(row)
        try:
            gone = context.engine.shorten_chain(
                machine,
                longest=LONGEST_CHAIN,
                needed=partial(_needed_with_room, context, row, machine),
                rate=context.settings.background.rate,
            )
        except NotFound:  # the machine was removed meanwhile, or is being made anew
            continue
        except GaleriaError as error:
            log.warning("the layers of machine %s are not joined now: %s", row.id, error.message)
            continue
        if gone:
            log.info("machine %s: %d layers were joined with those below them", row.id, gone)


def _needed_with_room(context: WorkflowContext, row: LabMachine, machine: Machine) -> set[str]:
    """Return the needed layers of a machine with a long chain. Raises OutOfSpace: until the upper layers go, what they hold
    is there twice."""
    context.disk_room.require(context.engine.disk_bytes(machine), region=row.region)
    return needed_layers(context, row)


def needed_layers(context: WorkflowContext, machine: LabMachine) -> set[str]:
    """Return the layers of the machine's disk that an export, a publication or the retry of one opens by its name."""
    with context.database(reading=True) as uow:
        newest = uow.revisions.find_newest(machine.lab_id)
        present = uow.machines.find(machine.id) or machine
        operations = uow.operations.may_go_on(ended_after=context.clock.now() - RETRY_AGE)
    needed = {present.layer, newest.layer if newest else None}
    for operation in operations:
        needed.add(layer_of(operation.id))
        if isinstance(operation.inputs, FillInputs):
            origins = operation.inputs.origins.values()
            needed.update(each.since for each in origins if each.kind is OriginKind.MACHINE)
    return {layer for layer in needed if layer}
