"""Measure how long a class keeps the database: 400 machines are made, start, stop, and are counted. Nothing is run.

And what 30 students' machines cost on the host, and the pages while they start.
"""

from bench import class_machines
from bench.class_lab import add_class, base_of, begin_making, class_in
from bench.rows import Row, Spent, Task, at_most, timed
from bench.server import class_pages
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.first_start import ensure_first_start
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, OperationStatus
from galeria.reconcilers.class_times import keep_class_times
from galeria.reconcilers.usage import keep_usage
from galeria.workflows.classes.student_machines import match_capacity

MACHINES = 400  # of one lab: more it cannot have
ROUND = 2.0  # seconds between two rounds of what schedules ask for
MAKING = 60.0  # seconds for a class of that size


def measure(task: Task) -> list[Row]:
    return [*clock(task), *class_machines.measure(task), *class_pages.measure(task)]


def clock(task: Task) -> list[Row]:
    container = open_container(task.directory / "classes", fake=True)
    try:
        ensure_first_start(container)
        add_class(container, machines=MACHINES, capacity=MACHINES)
        start = timed(lambda: keep_class_times(container.context))
        _settle(container, OperationKind.START_MACHINE, MachineState.RUNNING)
        count = timed(lambda: keep_usage(container.context))
        _end_class(container)
        stop = timed(lambda: keep_class_times(container.context))
        _settle(container, OperationKind.STOP_MACHINE, MachineState.STOPPED)
        made_anew = _make_again(container)
    finally:
        container.close()
    return [
        _row("The start of a class is decided", start, ROUND),
        _row("The hours of a minute are counted", count, ROUND),
        _row("The end of a class is decided", stop, ROUND),
        Row(
            name=f"Students' machines are made, {MACHINES} of a lab, without virtual machines",
            ours=str(made_anew),
            limit=f"{MAKING:.0f} s",
            ratio=made_anew.seconds / MAKING,
            goal=at_most(1),
        ),
    ]


def _row(what: str, spent: Spent, limit: float) -> Row:
    name = f"{what}, {MACHINES} machines: time of a round"
    return Row(name=name, ours=str(spent), limit=f"{limit:.0f} s", ratio=spent.seconds / limit, goal=at_most(1))


def _end_class(container: Container) -> None:
    """Let the class be over: its end is now."""
    with container.database() as uow:
        for schedule in uow.schedules.all():
            schedule.stop_at = container.clock.now().replace(tzinfo=None).isoformat(timespec="seconds")
        uow.commit()


def _make_again(container: Container) -> Spent:
    """Free all machines and publish another content: 400 are removed, and 400 are made."""
    base_of(container).write_bytes(bytes(512))
    with container.database() as uow:
        for machine in uow.machines.of_lab(class_in(uow, container).id):
            machine.claimed_by = None
        uow.commit()
    operation = begin_making(container)
    return timed(lambda: match_capacity(container.context, operation))


def _settle(container: Container, kind: OperationKind, state: MachineState) -> None:
    """Let all that was begun be done. Raises RuntimeError where it was not begun for all."""
    with container.database() as uow:
        begun = [each for each in uow.operations.unsettled() if each.kind is kind]
        if len(begun) != MACHINES:
            raise RuntimeError(f"{len(begun)} of {MACHINES} operations were begun")
        for each in begun:
            each.status, uow.machines.get(each.subject).state = OperationStatus.SUCCEEDED, state
        uow.commit()
