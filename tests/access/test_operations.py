"""Every kind of operation: begun with the right, the right then taken away, retried, canceled and followed by everybody."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

import pytest

from galeria.domain.images.storage import Origin
from galeria.domain.locks import Lock, LockLevel
from galeria.domain.operation_inputs import (
    NO_INPUTS,
    FillInputs,
    OperationInputs,
    PublishInputs,
    RedeployInputs,
    RegionInputs,
)
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind, Subject
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState
from galeria.ports.database import UnitOfWork
from galeria.workflows.run_operation import run_operation
from tests.access.evaluator import Given, Right, allows, refusal, sees
from tests.access.rows import SCOPES, SIBLINGS, action_of
from tests.access.world import World
from tests.crashing import Steps
from tests.interfaces.arm.served import GROUP, LABS, OPERATIONS, SUB

pytestmark = pytest.mark.slow

P = ParamSpec("P")
R = TypeVar("R")

VERSIONS = "C/galleries/images/versions"
KINDS: dict[OperationKind, tuple[str, str]] = {
    OperationKind.CREATE_VERSION: (f"{VERSIONS}/write", "version"),
    OperationKind.EXPORT_TEMPLATE: (f"{VERSIONS}/write", "version"),
    OperationKind.UPDATE_VERSION: (f"{VERSIONS}/write", "version"),
    OperationKind.DELETE_VERSION: (f"{VERSIONS}/delete", "version"),
    OperationKind.CREATE_LAB: ("L/labs/write", "lab"),
    OperationKind.DELETE_LAB: ("L/labs/delete", "lab"),
    OperationKind.PUBLISH_LAB: ("L/labs/publish/action", "lab"),
    OperationKind.SCALE_LAB: ("L/labs/write", "lab"),
    OperationKind.DELETE_GROUP: ("G/delete", "spare group"),
    OperationKind.START_MACHINE: ("L/labs/virtualMachines/start/action", "lab"),
    OperationKind.STOP_MACHINE: ("L/labs/virtualMachines/stop/action", "lab"),
    OperationKind.RESET_PASSWORD: ("L/labs/virtualMachines/resetPassword/action", "lab"),
    OperationKind.REIMAGE_MACHINE: ("L/labs/virtualMachines/reimage/action", "lab"),
    OperationKind.BRING_BACK_MACHINE: ("L/labs/virtualMachines/reimage/action", "lab"),
    OperationKind.REDEPLOY_MACHINE: ("L/labs/virtualMachines/redeploy/action", "lab"),
    OperationKind.CREATE_DISK: ("C/disks/write", "disk"),
    OperationKind.STORE_UPLOAD: ("C/disks/endGetAccess/action", "disk"),
    OperationKind.RESIZE_DISK: ("C/disks/write", "disk"),
    OperationKind.DELETE_DISK: ("C/disks/delete", "disk"),
    OperationKind.CREATE_SNAPSHOT: ("C/snapshots/write", "snapshot"),
    OperationKind.DELETE_SNAPSHOT: ("C/snapshots/delete", "snapshot"),
    OperationKind.CREATE_IMAGE: ("C/images/write", "image"),
    OperationKind.DELETE_IMAGE: ("C/images/delete", "image"),
}
"""What each kind takes to begin it, to retry it and when its work begins, and the scope of its resource. An export takes
besides the right to save images of the account and to set a password in the machine."""
ENDED = (OperationStatus.FAILED, OperationStatus.CANCELED, OperationStatus.SUCCEEDED)
SAVE = Right(action=action_of("L/labPlans/saveImage/action"), scope=SCOPES["plan"])
PASSWORD = Right(action=action_of("L/labs/virtualMachines/resetPassword/action"), scope=SCOPES["lab"])


@dataclass(frozen=True, kw_only=True)
class Case:
    kind: OperationKind
    scope: str

    @property
    def rights(self) -> tuple[Right, ...]:
        own = Right(action=action_of(KINDS[self.kind][0]), scope=self.scope)
        if self.kind is OperationKind.EXPORT_TEMPLATE:
            # Whoever exports knows the image's name, having typed it.
            return SAVE, PASSWORD, replace(own, scope=SCOPES["definition"], is_known=True)
        return (own,)

    @property
    def read(self) -> Right:
        return Right(action=f"{self._type}/read", scope=self.scope)

    @property
    def write(self) -> Right:
        return Right(action=f"{self._type}/write", scope=self.scope)

    @property
    def _type(self) -> str:
        parts = self.scope.split("/")
        return "/".join([parts[6], *parts[7::2]]) if len(parts) > 5 else action_of("G/read").removesuffix("/read")


@pytest.fixture(params=OperationKind)
def case(request: pytest.FixtureRequest) -> Case:
    kind: OperationKind = request.param
    scope = KINDS[kind][1]
    return Case(kind=kind, scope=SIBLINGS["group"] if scope == "spare group" else SCOPES[scope])


def subject_of(uow: UnitOfWork, case: Case) -> Any:
    key, subject = case.scope.lower(), OPERATION_TYPES[case.kind].subject
    match subject:
        case Subject.VERSION:
            return uow.versions.get_by_key(key)
        case Subject.GROUP:
            return uow.groups.get_by_key(key)
        case Subject.LAB:
            return uow.labs.get_by_key(key)
        case Subject.MACHINE:
            return template(uow)
    rows: dict[str, Any] = {"disks": uow.disks, "snapshots": uow.snapshots, "images": uow.managed_images}
    return rows[case.scope.split("/")[-2]].get_by_key(key)


def template(uow: UnitOfWork) -> Any:
    lab = uow.labs.get_by_key(SCOPES["lab"].lower())
    return next(each for each in uow.machines.of_lab(lab.id) if each.name == "template")


def state_name(case: Case) -> str:
    return "lab_state" if isinstance(OPERATION_TYPES[case.kind].under_way, LabState) else "state"


def values_of(thing: Any, *names: str) -> dict[str, Any]:
    return {each: getattr(thing, each) for each in names if hasattr(thing, each)}


def restore(thing: Any, values: dict[str, Any]) -> None:
    for each, value in values.items():
        setattr(thing, each, value)


def inputs_of(uow: UnitOfWork, case: Case, subject: Any) -> OperationInputs:
    match case.kind:
        case OperationKind.EXPORT_TEMPLATE:
            return FillInputs(origins={0: Origin.of_machine(template(uow))})
        case OperationKind.UPDATE_VERSION:
            return RegionInputs(removed=())
        case OperationKind.REDEPLOY_MACHINE:
            return RedeployInputs(running=False)
        case OperationKind.PUBLISH_LAB:
            return PublishInputs(template=template(uow).id, before=subject.lab_state)
        case OperationKind.SCALE_LAB:
            return PublishInputs(before=LabState.PUBLISHED)
        case _:
            return NO_INPUTS


@contextmanager
def begun(world: World, case: Case, status: OperationStatus, who: str = "") -> Iterator[str]:
    """An operation of somebody's, or of `who`, whose subject is under way or has failed. Everything is as before afterwards."""
    context, name, type = world.portal.installation.context, state_name(case), OPERATION_TYPES[case.kind]
    with context.database() as uow:
        subject = subject_of(uow, case)
        kept, machine = values_of(subject, name, "failure"), values_of(template(uow), "state", "failure")
        operation = Operation(
            id=context.id_generator.new_guid(),
            kind=case.kind,
            status=status,
            subscription_id=SUB.rsplit("/", 1)[-1],
            location="brazilsouth",
            resource_id=case.scope,
            subject=subject.id,
            started_by=who or world.somebody.id,
            created_at=context.clock.now(),
        )
        operation.inputs = inputs_of(uow, case, subject)
        if status not in ENDED:
            setattr(subject, name, type.under_way)
        elif status is OperationStatus.FAILED and not type.leaves_intact:
            failed = MachineState.FAILED if isinstance(type.under_way, MachineState) else ProvisioningState.FAILED
            setattr(subject, name, failed)
        uow.operations.add(operation)
        uow.commit()
    try:
        yield operation.id
    finally:
        with context.database() as uow:
            restore(template(uow), machine)  # a lab that could not be made takes its machine with it
            restore(subject_of(uow, case), kept)
            uow.operations.remove(uow.operations.get(operation.id))
            uow.commit()


@contextmanager
def locked(world: World, scope: str) -> Iterator[None]:
    context = world.portal.installation.context
    with context.database() as uow:
        uow.locks.add(
            Lock(
                id="of-the-test",
                name="of-the-test",
                scope=scope,
                scope_key=scope.lower(),
                level=LockLevel.READ_ONLY,
                notes="",
                created_at=context.clock.now(),
                created_by="admin",
            )
        )
        uow.commit()
    try:
        yield
    finally:
        with context.database() as uow:
            uow.locks.remove(uow.locks.get("of-the-test"))
            uow.commit()


def granted(case: Case) -> tuple[Given, ...]:
    return tuple(Given(role="Owner", scope=each.scope) for each in case.rights)


def run(world: World, id: str) -> Operation:
    run_operation(Steps(), world.portal.installation.context, id)
    return world.portal.installation.operation(id)


def test_every_kind_has_a_row_and_every_row_a_kind() -> None:
    assert set(KINDS) == set(OperationKind)


def test_a_right_that_was_lost_before_the_work_begins_ends_it(world: World, case: Case) -> None:
    """Of an operation that waited: nothing is done, and its subject may be used again."""
    with begun(world, case, OperationStatus.NOT_STARTED) as id:
        world.give(())
        ended = run(world, id)
        assert (ended.status, ended.error_code) == (OperationStatus.FAILED, "AuthorizationFailed")
        assert "may not do this any more" in ended.error_message
        with world.portal.installation.context.database(reading=True) as uow:
            assert uow.operations.steps(id) == []
            assert getattr(subject_of(uow, case), state_name(case)) is not OPERATION_TYPES[case.kind].under_way


def test_a_lock_that_was_put_before_the_work_begins_ends_it(world: World, case: Case) -> None:
    with begun(world, case, OperationStatus.NOT_STARTED) as id, locked(world, case.rights[-1].scope):
        world.give(granted(case))
        ended = run(world, id)
        assert (ended.status, ended.error_code) == (OperationStatus.FAILED, "ScopeLocked")
        with world.portal.installation.context.database(reading=True) as uow:
            assert uow.operations.steps(id) == []


class Interrupted(Steps):
    """Does something after the step "begin", as if it happened while the work is under way."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        super().__init__()
        self._interrupt = interrupt

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        outcome = super().__call__(name, do, *args, **kwargs)
        if name == "begin":
            self._interrupt()
        return outcome


CANCELABLE = [each for each in OperationKind if OPERATION_TYPES[each].is_cancelable]


@pytest.mark.parametrize("case", CANCELABLE, indirect=True)
def test_a_right_that_was_lost_before_a_step_begins_ends_the_work(world: World, case: Case) -> None:
    """What may not be left half done goes on: that cannot be canceled either."""
    with begun(world, case, OperationStatus.NOT_STARTED) as id:
        world.give(granted(case))
        run_operation(Interrupted(lambda: world.give(())), world.portal.installation.context, id)
        ended = world.portal.installation.operation(id)
        assert (ended.status, ended.error_code) == (OperationStatus.FAILED, "AuthorizationFailed"), ended.error_message
        with world.portal.installation.context.database(reading=True) as uow:
            assert uow.operations.steps(id) == []


@pytest.mark.parametrize("case", CANCELABLE, indirect=True)
def test_a_lock_that_was_put_before_a_step_begins_ends_the_work(world: World, case: Case) -> None:
    with ExitStack() as stack:
        id = stack.enter_context(begun(world, case, OperationStatus.NOT_STARTED))
        world.give(granted(case))
        lock = locked(world, case.rights[-1].scope)
        run_operation(Interrupted(lambda: stack.enter_context(lock)), world.portal.installation.context, id)
        ended = world.portal.installation.operation(id)
        assert (ended.status, ended.error_code) == (OperationStatus.FAILED, "ScopeLocked"), ended.error_message


def everybody(case: Case) -> Iterator[tuple[Given, ...]]:
    yield ()
    for role in ("Owner", "Contributor", "Reader", "Lab Operator", "Lab Assistant", "Compute Gallery Sharing Admin"):
        yield (Given(role=role, scope=case.scope),)
        yield tuple(Given(role=role, scope=each.scope) for each in case.rights)
    yield (Given(role="Owner", scope=GROUP if case.scope != GROUP else SIBLINGS["group"]),)


def may_follow(case: Case, given: tuple[Given, ...], *, own: bool) -> bool:
    reads_template = case.kind is OperationKind.EXPORT_TEMPLATE and sees(given, SCOPES["lab"])
    may_begin = allows(given, case.rights[-1])
    return reads_template or allows(given, case.read) or (own and may_begin)


def refusal_to_cancel(case: Case, given: tuple[Given, ...], *, own: bool) -> int | None:
    """Who began it cancels it by the right to begin it, others by the right to write."""
    return None if own and refusal(given, case.rights) is None else refusal(given, (case.write,))


@pytest.mark.parametrize("own", [True, False], ids=["own", "of another"])
def test_it_is_followed_retried_and_canceled_by_whom_the_row_says(world: World, case: Case, own: bool) -> None:
    wrong = []
    who = "" if own else world.portal.installation.people["admin"].id
    with begun(world, case, OperationStatus.FAILED, who) as id:
        for verb in ("", "/cancel", "/retry"):
            assert world.ask("POST" if verb else "GET", f"{OPERATIONS}/{id}{verb}", signed_in=False).status == 401
        for given in everybody(case):
            world.give(given)
            sees_it = may_follow(case, given, own=own)
            follow = None if sees_it else 404
            cancel = refusal_to_cancel(case, given, own=own) if sees_it else 404
            retry = refusal(given, case.rights) if sees_it else 404
            page = {"cookie": "; ".join(f"{name}={value}" for name, value in world.cookies.items())}
            answers = {
                "get": (follow, world.ask("GET", f"{OPERATIONS}/{id}").status),
                "page": (follow, world.http.send("GET", f"/operations/{id}", page).status),
                "part": (follow, world.http.send("GET", f"/operations/{id}/part", page).status),
                "stream": (follow, world.http.send("GET", f"/operations/{id}/events", page).status),
                "cancel": (cancel, world.ask("POST", f"{OPERATIONS}/{id}/cancel").status),
                "retry": (retry, world.ask("POST", f"{OPERATIONS}/{id}/retry").status),
            }
            for name, (refused, got) in answers.items():
                if got != refused if refused else got >= 400 and (name, got) != ("retry", 409):
                    wrong.append(f"{name} {given}: {got}, not {refused}")
            listed = world.ask("GET", OPERATIONS).text
            if (id in listed) is not sees_it:
                wrong.append(f"list {given}")
    assert not wrong, "\n".join(wrong)


def test_who_began_it_follows_and_cancels_nothing_without_the_right_of_this_moment(world: World, case: Case) -> None:
    """Having begun it is no right."""
    with begun(world, case, OperationStatus.NOT_STARTED) as id:
        world.give(granted(case))
        assert world.ask("GET", f"{OPERATIONS}/{id}").status == 200
        world.give(())
        for verb in ("", "/cancel", "/retry"):
            answer = world.ask("POST" if verb else "GET", f"{OPERATIONS}/{id}{verb}")
            assert answer.status == 404, (verb, answer.text)
        assert id not in world.ask("GET", OPERATIONS).text
        assert not world.portal.installation.operation(id).cancel_requested


def test_a_lock_keeps_who_began_it_from_canceling(world: World, case: Case) -> None:
    with begun(world, case, OperationStatus.NOT_STARTED) as id, locked(world, case.rights[-1].scope):
        world.give(granted(case))
        answer = world.ask("POST", f"{OPERATIONS}/{id}/cancel")
        assert (answer.status, "ScopeLocked" in answer.text) == (409, True), answer.text


def test_who_deleted_something_learns_that_it_succeeded(world: World) -> None:
    """A role on the resource alone is gone with it."""
    case = Case(kind=OperationKind.DELETE_LAB, scope=f"{LABS}/gone")
    operation, context = f"{1:032x}", world.portal.installation.context
    with context.database() as uow:
        uow.operations.add(
            Operation(
                id=operation,
                kind=case.kind,
                status=OperationStatus.SUCCEEDED,
                subscription_id=SUB.rsplit("/", 1)[-1],
                location="brazilsouth",
                resource_id=case.scope,
                subject="gone",
                started_by=world.somebody.id,
                created_at=context.clock.now(),
            )
        )
        uow.commit()
    try:
        world.give(())
        assert world.ask("GET", f"{OPERATIONS}/{operation}").status == 200
        assert operation in world.ask("GET", OPERATIONS).text
    finally:
        with context.database() as uow:
            uow.operations.remove(uow.operations.get(operation))
            uow.commit()


def test_a_retry_works_with_the_right_of_whoever_asked_for_it(world: World) -> None:
    """Who began the operation has no right any more, and does not need one."""
    case = Case(kind=OperationKind.UPDATE_VERSION, scope=SCOPES["version"])
    admin = world.portal.installation.people["admin"]
    with begun(world, case, OperationStatus.FAILED) as id:
        world.give(())
        answer = world.arm().post(f"{OPERATIONS}/{id}/retry")
        assert answer.status_code == 202, answer.text
        assert world.portal.installation.operation(id).started_by == admin.id
        ended = run(world, id)
        assert ended.error_code != "AuthorizationFailed"
