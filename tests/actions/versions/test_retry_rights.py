"""A retry needs the rights of this moment, for every kind of operation, whoever began it."""

import pytest

from galeria.actions.core.locks import put_lock
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import reset_password
from galeria.actions.versions.operations import can_retry, cancel_operation, retry_operation
from galeria.domain.errors import Conflict, Forbidden, GaleriaError, NotFound
from galeria.domain.images.storage import Origin
from galeria.domain.locks import LockLevel
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind, Subject
from galeria.domain.people.roles import ROLES
from galeria.domain.resources import Resource
from galeria.domain.states import OperationStatus
from tests.local_installation import GALLERY, GROUP, PASSWORD, LocalInstallation, lab_id, secrets, version_id
from tests.prepared_installations import MakeInstallation, with_running_lab
from tests.role_assignments import assign_role

LAB = lab_id("algebra")


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def resource_of(request: Request, kind: OperationKind) -> tuple[Resource, str]:
    """A resource that operations of that kind may be of, and the id of what they work on."""
    uow, subject = request.uow, OPERATION_TYPES[kind].subject
    lab, version = uow.labs.get_by_key(LAB.key), uow.versions.get_by_key(version_id("linux").key)
    if subject is Subject.MACHINE:
        return lab, uow.machines.of_lab(lab.id)[0].id
    found: Resource = {Subject.LAB: lab, Subject.GROUP: uow.groups.get_by_key(GROUP.key)}.get(subject, version)
    return found, found.id


def failed(installation: LocalInstallation, kind: OperationKind, who: str) -> Operation:
    """An operation of that kind that `who` began once and that has failed."""
    with installation.request(who) as request:
        resource, subject = resource_of(request, kind)
        operation = Operation(
            id=request.id_generator.new_guid(),
            kind=kind,
            status=OperationStatus.FAILED,
            subscription_id=resource.arm_id.subscription,
            location=resource.location,
            resource_id=resource.resource_id,
            subject=subject,
            started_by=request.caller.principal.id,
            created_at=request.clock.now(),
        )
        if kind is OperationKind.EXPORT_TEMPLATE:
            machine = request.uow.machines.of_lab(request.uow.labs.get_by_key(LAB.key).id)[0]
            operation.inputs = FillInputs(origins={0: Origin.of_machine(machine)})
        request.uow.operations.add(operation)
    return operation


def refusal(installation: LocalInstallation, operation: Operation, who: str) -> GaleriaError:
    """Why `who` may not retry it. Pages do not offer it either."""
    with installation.request(who) as request:
        assert not can_retry(request, request.uow.operations.get(operation.id))
    with pytest.raises(GaleriaError) as refused, installation.request(who) as request:
        retry_operation(request, operation.id)
    return refused.value


@pytest.mark.parametrize("kind", OperationKind)
def test_who_began_it_needs_the_right_of_this_moment(running: LocalInstallation, kind: OperationKind) -> None:
    operation = failed(running, kind, "nobody")

    assert isinstance(refusal(running, operation, "nobody"), NotFound)


@pytest.mark.parametrize("kind", OperationKind)
def test_a_reader_retries_nothing(running: LocalInstallation, kind: OperationKind) -> None:
    operation = failed(running, kind, "nobody")
    assign_role(running, "nobody", "Reader", GROUP.key)

    assert isinstance(refusal(running, operation, "nobody"), Forbidden)


@pytest.mark.parametrize("kind", [each for each in OperationKind if each is not OperationKind.DELETE_GROUP])
def test_a_lock_binds_retries_too(running: LocalInstallation, kind: OperationKind) -> None:
    operation = failed(running, kind, "admin")
    with running.request() as request:
        scope = GALLERY if OPERATION_TYPES[kind].subject in (Subject.VERSION, Subject.STORED) else LAB
        put_lock(request, str(scope), "keep", level=LockLevel.READ_ONLY, notes="")

    assert isinstance(refusal(running, operation, "admin"), Conflict)


def test_every_kind_names_an_action_that_some_role_allows() -> None:
    for kind, type in OPERATION_TYPES.items():
        assert any(role.allows(type.action) for role in ROLES.values() if role.name != "Owner"), kind


def test_a_password_is_not_reset_by_who_lost_the_role(running: LocalInstallation) -> None:
    """The right is taken away, and a lock put, after an operation was canceled; its retry must not do what is forbidden now."""
    assign_role(running, "nobody", "Lab Contributor", LAB.key)
    with running.request("nobody") as request:
        operation = reset_password(
            request, LAB, "template", account="intruder", new_password=PASSWORD, secrets=secrets()
        )
        cancel_operation(request, operation.id)
    assert running.run(operation).status is OperationStatus.CANCELED
    with running.context.database() as uow:
        person = running.people["nobody"].id
        for assignment in uow.people.assignments(person):
            uow.people.remove_assignment(assignment)
        uow.commit()

    assert isinstance(refusal(running, operation, "nobody"), NotFound)
    with running.context.database(reading=True) as uow:
        assert uow.operations.get(operation.id).attempt == 1
