"""Keep what a student's machine was when it is made anew, bring it back, and remove what was kept for its time."""

from collections.abc import Iterable

from galeria.domain.classes.kept_machines import MOST_KEPT, KeptMachine, bring_back, keep_machine
from galeria.domain.errors import NotFound
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import BringBackInputs
from galeria.domain.states import MachineState
from galeria.ports.machines import Machine, Power
from galeria.ports.work import VisibleStep
from galeria.workflows.classes.first_start import machine_of_lab
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec
from galeria.workflows.images.held_images import ensure_on_hosts
from galeria.workflows.machine_power import note_state

SET_ASIDE = Message("Set the machine aside")
_CACHE = Message("Bring the image to the host")


def bring_back_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    """Put an earlier state of a student's machine in the place of the present one, which is kept in its stead."""
    step(_CACHE, ensure_kept_base, context, operation_id)
    step(Message("Shut the machine down"), stop_if_there, context, operation_id)
    step(SET_ASIDE, set_aside, context, operation_id)
    step(Message("Bring the earlier machine back"), put_back, context, operation_id)
    step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)


def ensure_kept_base(context: WorkflowContext, operation_id: str) -> None:
    kept = _get_asked(context, operation_id)
    progress = context.meter(operation_id, _CACHE)
    ensure_on_hosts(context, kept.region, kept.base_digest, progress=progress)


def stop_if_there(context: WorkflowContext, operation_id: str) -> None:
    """Shut the machine down. May be repeated; an earlier attempt may have left no machine."""
    machine = Machine.of(machine_of_lab(context, operation_id)[1])
    if context.engine.power(machine) is not Power.ABSENT:
        context.engine.stop(machine, seconds=context.settings.stop_seconds)


def set_aside(context: WorkflowContext, operation_id: str) -> None:
    """Keep the files of the operation's machine for the person who has it. May be repeated.

    Those of a machine that was never started, or that nobody has any more, are removed: nothing is lost with them.
    """
    _, row = machine_of_lab(context, operation_id)
    id = operation_id.replace("-", "")
    with context.database() as uow:
        is_kept = uow.kept_machines.find(id) is not None
        if not is_kept and row.claimed_by and row.is_prepared:
            uow.kept_machines.add(keep_machine(id, row, row.claimed_by, context.clock.now()))
            is_kept = True
        uow.commit()
    if is_kept:
        context.engine.set_aside(Machine.of(row), Machine(id=id, region=row.region))
    else:
        context.engine.remove_machine(Machine.of(row))


def put_back(context: WorkflowContext, operation_id: str) -> None:
    """Make the machine out of the files that were kept, and let its row say what it said then. May be repeated."""
    lab, row = machine_of_lab(context, operation_id)
    with context.database(reading=True) as uow:
        kept = uow.kept_machines.find(uow.operations.get(operation_id).inputs_as(BringBackInputs).kept)
    if kept is None:
        return  # an earlier attempt has done all of it
    context.engine.bring_back(machine_spec(context, lab, row), Machine.of(kept))
    with context.database() as uow:
        bring_back(kept, uow.machines.get(row.id))
        uow.kept_machines.remove(uow.kept_machines.get(kept.id))
        work = uow.work_disks.find_of_machine(row.id)
        if work is not None:
            work.is_mounted = False  # it may have come after that state
        uow.commit()
    drop_surplus(context, row)


def drop_surplus(context: WorkflowContext, row: LabMachine) -> None:
    """Remove what is kept of the machine beyond the newest, and what is somebody's who has it no more."""
    with context.database(reading=True) as uow:
        kept = uow.kept_machines.of_machine(row.id)
    own = [each for each in kept if each.is_of(row)]
    drop(context, [each for each in kept if each not in own[:MOST_KEPT]])


def drop(context: WorkflowContext, kept: Iterable[KeptMachine]) -> None:
    """Delete what was kept, and its rows. May be repeated."""
    for each in kept:
        context.engine.remove_machine(Machine.of(each))
        with context.database() as uow:
            row = uow.kept_machines.find(each.id)
            if row is not None:
                uow.kept_machines.remove(row)
            uow.commit()


def _get_asked(context: WorkflowContext, operation_id: str) -> KeptMachine:
    with context.database(reading=True) as uow:
        kept = uow.kept_machines.find(uow.operations.get(operation_id).inputs_as(BringBackInputs).kept)
    if kept is None:
        raise NotFound(
            Message("The earlier machine is not kept any more."),
            hint=Message("Reload the page: it lists what is kept."),
        )
    return kept
