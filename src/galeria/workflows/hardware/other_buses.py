"""A guest that found no root disk is started again with its disk on another bus, on each once; what works is remembered."""

import logging
from collections.abc import Callable
from dataclasses import replace

from galeria.domain.errors import RootDiskNotFound
from galeria.domain.labs.fitting_hardware import CLOUDS_LACK, other_hardware
from galeria.domain.labs.hardware import DiskBus, Hardware
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message, join, verbatim
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec, settle_hardware, traits_of

log = logging.getLogger(__name__)

TRIED = "diskBusesTried"  # in the operation's outputs, so that a repeated step goes on where the last one was


def wait_on_some_bus(
    context: WorkflowContext,
    operation_id: str,
    subject: tuple[Lab, LabMachine],
    *,
    start: Callable[[], None],
    wait: Callable[[], None],
) -> None:
    """Wait until the machine can be used; with other buses for its disk where it has no driver for the present one.

    Raises what `wait` raises, and RootDiskNotFound once each was tried; the machine is off then, and has its first hardware
    again.
    """
    lab, row = subject
    machine = Machine.of(row)
    first = settle_hardware(context, lab.id)
    held = _held(context, operation_id, first)
    while True:
        try:
            wait()
        except RootDiskNotFound as error:
            other = _next(context, operation_id, lab.id, held)
            context.engine.stop(machine, seconds=0)
            context.engine.change_hardware(replace(machine_spec(context, lab, row), hardware=other or first))
            if other is None:
                raise _none_left(context, operation_id, error) from error
            log.info("machine %s found no root disk on %s: next is %s", row.id, held.disk_bus, other.disk_bus)
            held = other
            start()
        else:
            if held != first:
                _remember(context, lab.id, held)
            return


def _held(context: WorkflowContext, operation_id: str, first: Hardware) -> Hardware:
    """The hardware that the machine has: after a step that was cut off it is on the bus that was to be tried next."""
    with context.database(reading=True) as uow:
        tried = uow.operations.get(operation_id).outputs.get(TRIED, [])
    return replace(first, disk_bus=DiskBus(tried[-1])) if tried else first


def _next(context: WorkflowContext, operation_id: str, lab_id: str, held: Hardware) -> Hardware | None:
    """Note the bus that failed and the one that is next; None where none is left."""
    with context.database() as uow:
        operation, lab = uow.operations.get(operation_id), uow.labs.get(lab_id)
        tried = operation.outputs.get(TRIED, []) or [held.disk_bus.value]
        lacks = CLOUDS_LACK if context.settings.regions.is_in_cloud(lab.location) else ()
        other = other_hardware(traits_of(uow, lab), held, [DiskBus(each) for each in tried], lacks=lacks)
        operation.outputs = {**operation.outputs, TRIED: [*tried, other.disk_bus.value] if other else tried}
        uow.commit()
    return other


def _remember(context: WorkflowContext, lab_id: str, held: Hardware) -> None:
    """Keep the hardware for the lab's other machines and, with its version, for the next lab."""
    with context.database() as uow:
        lab = uow.labs.get(lab_id)
        lab.hardware = held
        version = uow.versions.find(lab.version_id)
        if version is not None:
            version.hardware = held
        uow.commit()


def _none_left(context: WorkflowContext, operation_id: str, error: RootDiskNotFound) -> RootDiskNotFound:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        tried = operation.outputs.get(TRIED, [])
        operation.outputs = {name: each for name, each in operation.outputs.items() if name != TRIED}
        uow.commit()
    buses = join(*(verbatim(each) for each in tried), separator=", ")
    return RootDiskNotFound(
        Message("{error} These were tried: {buses}.", error=error.message, buses=buses), hint=error.hint
    )
