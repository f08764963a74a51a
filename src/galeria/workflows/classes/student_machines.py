"""Make as many students' machines as the lab's capacity says, and remove those beyond it that nobody has claimed."""

from collections.abc import Sequence

from galeria.actions.core.own_operations import begin_own
from galeria.actions.labs.public_ports import find_free_port
from galeria.domain.errors import Conflict
from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind, students_among
from galeria.domain.labs.revisions import (
    LabRevision,
    first_password_hash,
    machine_name,
    machine_number,
    student_account,
)
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.operations import OperationKind
from galeria.domain.states import LabState, MachineState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine
from galeria.workflows.classes.kept_machines import drop
from galeria.workflows.classes.revisions import get_newest
from galeria.workflows.classes.work_disks import remove_work_disk
from galeria.workflows.context import WorkflowContext
from galeria.workflows.hardware.specs import machine_spec

_AT_ONCE = 25  # machines noted in one transaction


def match_capacity(context: WorkflowContext, operation_id: str) -> None:
    """Bring the lab's machines to its capacity: see `plan_machines`. May be repeated."""
    with context.database() as uow:
        lab = uow.labs.get(uow.operations.get(operation_id).subject)
        plan_machines(context, uow, lab)
        uow.commit()
    with context.database(reading=True) as uow:
        machines = uow.machines.of_lab(lab.id)
    students = students_among(machines)
    make_machines(context, lab, [each for each in students if each.state is MachineState.CREATING])
    remove_machines(context, [each for each in students if each.state is MachineState.DELETING])


def plan_machines(context: WorkflowContext, uow: UnitOfWork, lab: Lab) -> None:
    """Add rows of machines up to the lab's capacity, and mark those that are to go.

    A claimed machine never goes. One that nobody has claimed goes where it is beyond the capacity, the highest number first,
    or where it stands on an earlier revision: another one takes its place.
    """
    newest = get_newest(uow, lab)
    students = students_among(uow.machines.of_lab(lab.id))
    staying = [each for each in students if each.state is not MachineState.DELETING]
    for machine in staying:
        if machine.claimed_by is None and machine.revision != newest.number:
            machine.state = moved(machine.state, MachineState.DELETING, Message("The machine"))
    staying = [each for each in staying if each.state is not MachineState.DELETING]
    free = sorted((each for each in staying if each.claimed_by is None), key=machine_number, reverse=True)
    for machine in free[: max(0, len(staying) - lab.capacity)]:
        machine.state = moved(machine.state, MachineState.DELETING, Message("The machine"))
    _add_machines(context, uow, lab, newest, staying)


def make_machines(context: WorkflowContext, lab: Lab, machines: Sequence[LabMachine]) -> None:
    """Create the machines' disks and definitions; they are not started, and get their identity at their first start."""
    for start in range(0, len(machines), _AT_ONCE):
        some = machines[start : start + _AT_ONCE]
        for machine in some:
            context.disk_room.require(0, region=machine.region)
            context.engine.ensure_machine(machine_spec(context, lab, machine), None)
        with context.database() as uow:
            for machine in some:
                row = uow.machines.get(machine.id)
                if row.state is MachineState.CREATING:
                    row.state, row.failure = moved(row.state, MachineState.STOPPED, Message("The machine")), EMPTY
            uow.commit()


def remove_machines(context: WorkflowContext, machines: Sequence[LabMachine]) -> None:
    """Remove machines that nobody has, with their disks and rows."""
    for machine in machines:
        context.engine.remove_machine(Machine.of(machine))
        with context.database(reading=True) as uow:
            work, kept = uow.work_disks.find_of_machine(machine.id), uow.kept_machines.of_machine(machine.id)
        drop(context, kept)
        if work is not None:
            remove_work_disk(context, work)
        with context.database() as uow:
            row = uow.machines.find(machine.id)
            if row is not None:
                uow.machines.remove(row)
            uow.commit()


def note_published(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        lab = uow.labs.get(operation.subject)
        if lab.lab_state is not LabState.SCALING:
            lab.published_at = context.clock.now()
        lab.lab_state, lab.failure = moved(lab.lab_state, LabState.PUBLISHED), EMPTY
        students = students_among(uow.machines.of_lab(lab.id))
        operation.outputs = {**operation.outputs, "machines": len(students)}
        if len(students) != lab.capacity and uow.operations.running_on(lab.id) == [operation]:
            # The capacity was changed meanwhile.
            lab.lab_state = moved(lab.lab_state, LabState.SCALING)
            scaling = begin_own(context.request(uow), OperationKind.SCALE_LAB, lab, lab.id)
            scaling.inputs = PublishInputs(before=LabState.PUBLISHED, makes=True, captures=False)
        uow.commit()


def makes_machines(context: WorkflowContext, operation_id: str) -> bool:
    """Return whether the operation was begun by a release that makes machines. That never changes, so that it may be asked
    between steps."""
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(PublishInputs).makes


def _add_machines(
    context: WorkflowContext, uow: UnitOfWork, lab: Lab, newest: LabRevision, staying: list[LabMachine]
) -> None:
    taken = {machine_number(each) for each in staying}
    wanted = max(0, lab.capacity - len(staying))
    numbers = [number for number in range(1, lab.capacity + len(taken) + 1) if number not in taken][:wanted]
    settings = context.settings
    ports, held = range(settings.first_ssh_port, settings.last_ssh_port + 1), uow.machines.ports()
    for number in numbers:
        port = find_free_port(context.request(uow), ports, held)
        if port is None:
            raise Conflict(
                Message("Every port for machines is taken."),
                hint=Message("Delete labs, or widen the range in the settings."),
            )
        held.add(port)
        uow.machines.add(_student_machine(context, lab, newest, number, port))


def _student_machine(context: WorkflowContext, lab: Lab, newest: LabRevision, number: int, port: int) -> LabMachine:
    account = student_account(lab)
    return LabMachine(
        id=context.id_generator.new_id(),
        lab_id=lab.id,
        kind=MachineKind.USER,
        name=machine_name(number),
        region=lab.location,
        base_digest=newest.digest,
        os_state=newest.os_state,
        revision=newest.number,
        is_prepared=False,
        ssh_port=port,
        user_name=account,
        pending_password_hash=first_password_hash(lab),
        accounts=[account],
        renew_identity=newest.os_state is OsState.SPECIALIZED,
        created_at=context.clock.now(),
    )
