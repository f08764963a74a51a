"""Operations: who sees and steers them, what may be tried again, and that no secret is ever written down."""

import pytest

from galeria.actions.labs.machines import reset_password
from galeria.actions.versions.operations import cancel_operation, get_operation, list_operations, retry_operation
from galeria.domain.errors import Conflict, Forbidden, MachineFailed, NotFound
from galeria.domain.messages import Message
from galeria.domain.operations import OperationKind
from galeria.domain.states import OperationStatus
from tests.local_installation import GALLERY, MIB, PASSWORD, LocalInstallation, disk_bytes, lab_id, secrets
from tests.prepared_installations import MakeInstallation, with_linux

NEVER = "00000000-0000-0000-0000-000000000000"
IMAGE = GALLERY.child("images", "linux")


@pytest.fixture
def stocked(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_linux)


def test_for_a_stranger_an_operation_does_not_exist(stocked: LocalInstallation) -> None:
    operation = stocked.begin_lab("algebra", IMAGE)
    for act in (get_operation, cancel_operation, retry_operation):
        with pytest.raises(NotFound) as missing, stocked.request("nobody") as request:
            act(request, operation.id)
        with pytest.raises(NotFound) as never, stocked.request("nobody") as request:
            act(request, NEVER)
        assert missing.value.message == never.value.message.replace(NEVER, operation.id)
    with stocked.request("nobody") as request:
        assert list_operations(request) == []


def test_whoever_may_read_the_resource_may_watch_and_not_steer(stocked: LocalInstallation) -> None:
    operation = stocked.begin_lab("algebra", IMAGE)
    with stocked.request("colleague") as request:
        assert get_operation(request, operation.id)[0].kind is OperationKind.CREATE_LAB
    for act in (cancel_operation, retry_operation):
        with pytest.raises(Forbidden), stocked.request("colleague") as request:
            act(request, operation.id)
    with stocked.request("admin") as request:
        assert cancel_operation(request, operation.id).cancel_requested


def test_an_educator_does_not_see_what_administrators_do_in_the_gallery(stocked: LocalInstallation) -> None:
    with stocked.request("educator") as request:
        assert list_operations(request) == []
    with stocked.request() as request:
        assert [each.kind for each in list_operations(request)] == [OperationKind.CREATE_VERSION]


def test_the_own_operations_are_found_behind_any_number_of_others(stocked: LocalInstallation) -> None:
    stocked.begin_lab("algebra", IMAGE)
    for number in range(5):
        stocked.begin_import(f"other{number}", disk_bytes(MIB))
    with stocked.request("educator") as request:
        assert [each.kind for each in list_operations(request, limit=1)] == [OperationKind.CREATE_LAB]
    with stocked.request() as request:
        assert len(list_operations(request, limit=3)) == 3
        assert len(list_operations(request)) == 7


def test_asking_twice_to_cancel_is_asking_once(stocked: LocalInstallation) -> None:
    operation = stocked.begin_lab("algebra", IMAGE)
    for _ in range(2):
        with stocked.request("educator") as request:
            assert cancel_operation(request, operation.id).status is OperationStatus.NOT_STARTED
    assert stocked.run(operation).status is OperationStatus.CANCELED
    with stocked.request("educator") as request:
        assert cancel_operation(request, operation.id).status is OperationStatus.CANCELED


def test_only_what_has_failed_or_was_canceled_is_tried_again(stocked: LocalInstallation) -> None:
    operation = stocked.begin_lab("algebra", IMAGE)
    with stocked.request("educator") as request:
        assert retry_operation(request, operation.id).attempt == 1, "it is still to be done"
    stocked.run(operation)
    with pytest.raises(Conflict, match="has succeeded"), stocked.request("educator") as request:
        retry_operation(request, operation.id)
    stocked.engine.fail_on["wait_ready"] = MachineFailed(Message("No answer."), hint=Message("Look at the console."))
    start = stocked.begin_start("algebra")
    assert stocked.run(start).error_hint == "Look at the console."
    with stocked.request("educator") as request:
        again = retry_operation(request, start.id)
        assert (again.attempt, again.status, again.error_message) == (2, OperationStatus.NOT_STARTED, "")
    with stocked.request("educator") as request:
        assert retry_operation(request, start.id).attempt == 2


def test_what_is_under_way_there_already_is_not_joined_by_a_retry(stocked: LocalInstallation) -> None:
    stocked.run(stocked.begin_lab("algebra", IMAGE))
    stocked.engine.fail_on["wait_ready"] = MachineFailed(Message("No answer."), hint=Message("Look."))
    failed = stocked.begin_start("algebra")
    stocked.run(failed)
    stocked.begin_start("algebra")
    with pytest.raises(Conflict, match="Another operation"), stocked.request("educator") as request:
        retry_operation(request, failed.id)


def test_no_secret_is_written_down_anywhere(stocked: LocalInstallation) -> None:
    """Decision 7."""
    stocked.run(stocked.begin_lab("algebra", IMAGE))
    stocked.run(stocked.begin_start("algebra"))
    with stocked.request("educator") as request:
        reset = reset_password(
            request, lab_id("algebra"), "template", account="ana", new_password="Other-horse-8", secrets=secrets()
        )
    stocked.run(reset)
    stocked.run(stocked.begin_export("algebra", "Algebra"))
    with stocked.context.database(reading=True) as uow:
        told = [f"{vars(each)}" for each in uow.operations.recent()] + [f"{vars(each)}" for each in uow.audit.recent()]
    assert len(told) > 8
    for text in told:
        for secret in (PASSWORD, "Other-horse-8", "$6$", "$argon2"):
            assert secret not in text
    rows = (stocked.folder / "galeria.db").read_bytes() + (stocked.folder / "galeria.db-wal").read_bytes()
    assert b"Other-horse-8" not in rows
    assert PASSWORD.encode() not in rows
