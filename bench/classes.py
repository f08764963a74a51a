"""Measure how long a class keeps the database: 400 machines are made, start, stop, and are counted. Nothing is run."""

from datetime import timedelta

from bench.rows import Row, Spent, Task, at_most, timed
from bench.server.answers import made
from galeria.actions.core.own_operations import begin_own
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.first_start import ensure_first_start
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import (
    Gallery,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    SourceKind,
)
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.operations import OperationKind
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState
from galeria.reconcilers.class_times import keep_class_times
from galeria.reconcilers.usage import keep_usage
from galeria.workflows.classes.student_machines import match_capacity

MACHINES = 400  # of one lab: more it cannot have
ROUND = 2.0  # seconds between two rounds of what schedules ask for
MAKING = 60.0  # seconds for a class of that size
LASTING = timedelta(hours=1)


def measure(task: Task) -> list[Row]:
    container = open_container(task.directory / "classes", fake=True)
    try:
        ensure_first_start(container)
        _add_class(container)
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


def _add_class(container: Container) -> None:
    """Add a lab whose class began a minute ago, and 400 students with a machine each."""
    group = ResourceId(container.installation.subscription_id, "galeria")
    gallery = made(container, Gallery, group.resource("Microsoft.Compute", "galleries", "bench"))
    definition = made(
        container,
        ImageDefinition,
        gallery.arm_id.child("images", "linux"),
        gallery_id=gallery.id,
        display_name="Linux",
        os_type=OsType.LINUX,
        os_state=OsState.GENERALIZED,
        generation=Generation.V2,
        publisher="bench",
        offer="bench",
        sku="linux",
    )
    version = made(
        container,
        ImageVersion,
        definition.arm_id.child("versions", "1.0.0"),
        definition_id=definition.id,
        source_kind=SourceKind.UPLOAD,
        source_id="bench",
    )
    lab = _lab(container, group.resource("Microsoft.LabServices", "labs", "class"), definition, version)
    with container.database() as uow:
        uow.galleries.add(gallery)
        uow.definitions.add(definition)
        uow.versions.add(version)
        uow.labs.add(lab)
        uow.flush()
        for number in range(MACHINES):
            user = _user(container, lab, number)
            uow.lab_users.add(user)
            uow.machines.add(_machine(container, lab, user, number))
        uow.schedules.add(_schedule(container, lab))
        uow.commit()


def _lab(container: Container, id: ResourceId, definition: ImageDefinition, version: ImageVersion) -> Lab:
    lab = made(
        container,
        Lab,
        id,
        account_id="bench",
        title="Class",
        definition_id=definition.id,
        image_id=definition.resource_id,
        version_id=version.id,
        version_name=version.name,
        base_digest="0" * 64,
        os_state=OsState.GENERALIZED,
        generation=Generation.V2,
        size="Tiny",
        user_name="bench",
        capacity=MACHINES,
        usage_quota=36_000,
    )
    lab.state = ProvisioningState.SUCCEEDED
    return lab


def _user(container: Container, lab: Lab, number: int) -> LabUser:
    email = f"student{number}@example.org"
    return made(
        container, LabUser, lab.arm_id.child("users", f"student{number}"), lab_id=lab.id, email=email, email_key=email
    )


def _machine(container: Container, lab: Lab, user: LabUser, number: int) -> LabMachine:
    return LabMachine(
        id=container.id_generator.new_id(),
        lab_id=lab.id,
        kind=MachineKind.USER,
        name=f"vm-{number}",
        region=lab.location,
        state=MachineState.STOPPED,
        base_digest=lab.base_digest,
        os_state=lab.os_state,
        ssh_port=20000 + number,
        user_name=lab.user_name,
        claimed_by=user.id,
        created_at=container.clock.now(),
    )


def _schedule(container: Container, lab: Lab) -> Schedule:
    begin = (container.clock.now() - timedelta(minutes=1)).replace(tzinfo=None)
    return made(
        container,
        Schedule,
        lab.arm_id.child("schedules", "now"),
        lab_id=lab.id,
        start_at=begin.isoformat(timespec="seconds"),
        stop_at=(begin + LASTING).isoformat(timespec="seconds"),
        time_zone="UTC",
    )


def _end_class(container: Container) -> None:
    """Let the class be over: its end is now."""
    with container.database() as uow:
        for schedule in uow.schedules.all():
            schedule.stop_at = container.clock.now().replace(tzinfo=None).isoformat(timespec="seconds")
        uow.commit()


def _make_again(container: Container) -> Spent:
    """Free all machines and publish another content: 400 are removed, and 400 are made."""
    digest = "1" * 64
    base = container.data / "regions" / "brazilsouth" / "cache" / f"{digest}.raw"
    base.parent.mkdir(parents=True, exist_ok=True)
    base.write_bytes(bytes(512))
    with container.database() as uow:
        (lab,) = uow.labs.below("/subscriptions")
        for machine in uow.machines.of_lab(lab.id):
            machine.claimed_by = None
        now = container.clock.now()
        uow.revisions.add(
            LabRevision(
                id=container.id_generator.new_guid(),
                lab_id=lab.id,
                number=1,
                digest=digest,
                os_state=OsState.SPECIALIZED,
                is_ready=True,
                created_at=now,
            )
        )
        operation = begin_own(container.context.request(uow), OperationKind.SCALE_LAB, lab, lab.id)
        operation.inputs = PublishInputs(before=LabState.PUBLISHED, makes=True)
        uow.commit()
    return timed(lambda: match_capacity(container.context, operation.id))


def _settle(container: Container, kind: OperationKind, state: MachineState) -> None:
    """Let all that was begun be done. Raises RuntimeError where it was not begun for all."""
    with container.database() as uow:
        begun = [each for each in uow.operations.unsettled() if each.kind is kind]
        if len(begun) != MACHINES:
            raise RuntimeError(f"{len(begun)} of {MACHINES} operations were begun")
        for each in begun:
            each.status, uow.machines.get(each.subject).state = OperationStatus.SUCCEEDED, state
        uow.commit()
