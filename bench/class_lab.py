"""A lab with a class in a database, without anything on the host."""

from datetime import timedelta
from pathlib import Path

from bench.server.answers import made
from galeria.actions.core.own_operations import begin_own
from galeria.bootstrap.container import Container
from galeria.bootstrap.first_start import FIRST_ACCOUNT
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
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.revisions import LabRevision
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.schedules import Schedule
from galeria.domain.operation_inputs import PublishInputs
from galeria.domain.operations import OperationKind
from galeria.domain.states import LabState, MachineState, ProvisioningState
from galeria.ports.database import UnitOfWork
from galeria.workflows.classes.student_machines import match_capacity

REGION = "brazilsouth"
LAB = "class"
LASTING = timedelta(hours=1)
_DIGEST = "1" * 64


def add_class(container: Container, *, machines: int, capacity: int) -> None:
    """Add a lab whose class began a minute ago, and students with a machine each."""
    gallery = made(container, Gallery, _place(container, "Microsoft.Compute", "galleries", LAB))
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
    with container.database() as uow:
        account = uow.accounts.get_by_key(_place(container, "Microsoft.LabServices", "labPlans", FIRST_ACCOUNT).key)
        lab = _lab(container, account, definition, version)
        lab.capacity = capacity
        uow.galleries.add(gallery)
        uow.definitions.add(definition)
        uow.versions.add(version)
        uow.labs.add(lab)
        uow.flush()
        for number in range(machines):
            user = _user(container, lab, number)
            uow.lab_users.add(user)
            uow.machines.add(_machine(container, lab, user, number))
        uow.schedules.add(_schedule(container, lab))
        uow.commit()


def make_class(container: Container, students: int) -> None:
    """Add a lab whose class began a minute ago, with that many machines that are off and nobody's, in a fake engine."""
    add_class(container, machines=0, capacity=students)
    base_of(container).write_bytes(bytes(512))
    match_capacity(container.context, begin_making(container))


def _place(container: Container, provider: str, kind: str, name: str) -> ResourceId:
    return ResourceId(container.installation.subscription_id, "galeria").resource(provider, kind, name)


def _lab(container: Container, account: LabAccount, definition: ImageDefinition, version: ImageVersion) -> Lab:
    lab = made(
        container,
        Lab,
        _place(container, "Microsoft.LabServices", "labs", LAB),
        account_id=account.id,
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


def class_in(uow: UnitOfWork, container: Container) -> Lab:
    """Return the lab that `add_class` added."""
    return uow.labs.get_by_key(_place(container, "Microsoft.LabServices", "labs", LAB).key)


def begin_making(container: Container) -> str:
    """Publish the content of `base_of`, and return the id of the operation that makes machines of it."""
    with container.database() as uow:
        lab = class_in(uow, container)
        uow.revisions.add(
            LabRevision(
                id=container.id_generator.new_guid(),
                lab_id=lab.id,
                number=1,
                digest=_DIGEST,
                os_state=OsState.SPECIALIZED,
                is_ready=True,
                created_at=container.clock.now(),
            )
        )
        operation = begin_own(container.context.request(uow), OperationKind.SCALE_LAB, lab, lab.id)
        operation.inputs = PublishInputs(before=LabState.PUBLISHED, makes=True)
        uow.commit()
        return operation.id


def base_of(container: Container) -> Path:
    """Return where the content that is published stands in the region's cache."""
    base = container.data / "regions" / REGION / "cache" / f"{_DIGEST}.raw"
    base.parent.mkdir(parents=True, exist_ok=True)
    return base
