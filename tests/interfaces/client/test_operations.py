"""Operations are followed to their end, over restarts, and their failure is raised."""

import threading
import time
from typing import Any

import pytest

from galeria.domain import errors
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.operations import OperationsClient, OperationSnapshot, StartedWork, begun
from tests.interfaces.client.rest_double import SUBSCRIPTION, RestDouble, Told

PATH = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Galeria/operations"


def operation(status: str, done: int = 0, **more: Any) -> dict[str, Any]:
    step = {"name": "replicate", "region": "westeurope", "status": "Running", "runs": 1}
    return {
        "name": "op-1",
        "status": status,
        "percentComplete": done,
        "properties": {
            "kind": "export_template",
            "resourceId": "/r",
            "attempt": 2,
            "output": {"freedBytes": {}},
            "steps": [{**step, "bytesDone": done, "bytesTotal": 100, "bytesPerSecond": 10, "secondsLeft": 9}],
        },
        **more,
    }


@pytest.fixture
def operations(connection: ServerConnection) -> OperationsClient:
    return OperationsClient(connection, SUBSCRIPTION)


def test_an_operation_is_followed_until_it_has_settled(double: RestDouble, operations: OperationsClient) -> None:
    polls = [Told(body=operation("InProgress", done), headers={"Retry-After": "0"}) for done in (10, 60)]
    double.put_each("GET", f"{PATH}/op-1", *polls, Told(body=operation("Succeeded", 100)))
    seen: list[OperationSnapshot] = []

    settled = operations.wait("op-1", watch=seen.append)

    assert [(each.status, each.steps[0].bytes_done) for each in seen] == [
        ("InProgress", 10),
        ("InProgress", 60),
        ("Succeeded", 100),
    ]
    assert settled is not None
    assert (settled.kind, settled.attempt, settled.output) == ("export_template", 2, {"freedBytes": {}})


def test_a_long_retry_after_is_cut_short(double: RestDouble, operations: OperationsClient) -> None:
    running = Told(body=operation("InProgress"), headers={"Retry-After": "30"})
    double.put_each("GET", f"{PATH}/op-1", running, running, running, Told(body=operation("Succeeded")))
    began = time.monotonic()

    operations.wait("op-1")

    assert 0.15 < time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("Failed", "OutOfSpace", errors.OutOfSpace),
        ("Failed", "SomethingNew", errors.GaleriaError),
        ("Canceled", "OperationCanceled", errors.Canceled),
    ],
)
def test_what_an_operation_failed_with_is_raised(
    double: RestDouble, operations: OperationsClient, status: str, code: str, kind: type[errors.GaleriaError]
) -> None:
    double.put("GET", f"{PATH}/op-1", operation(status, error={"code": code, "message": "The disk is full."}))

    with pytest.raises(kind, match=r"The disk is full\.") as raised:
        operations.wait("op-1")

    assert raised.value.code == code


def test_following_survives_a_restart_of_the_server(double: RestDouble, operations: OperationsClient) -> None:
    double.put("GET", f"{PATH}/op-1", operation("InProgress"))

    def restart(snapshot: OperationSnapshot) -> None:
        if not snapshot.is_settled:
            double.stop()
            double.put("GET", f"{PATH}/op-1", operation("Succeeded"))
            threading.Timer(0.3, double.start).start()

    settled = operations.wait("op-1", watch=restart)

    assert settled is not None
    assert settled.status == "Succeeded"


def test_waiting_ends_at_its_limit_and_says_how_to_go_on(double: RestDouble, operations: OperationsClient) -> None:
    double.put("GET", f"{PATH}/op-1", operation("InProgress"), Retry_After="0")

    with pytest.raises(errors.Unavailable) as raised:
        operations.wait("op-1", seconds=0.05)

    assert "galeria operation follow op-1" in raised.value.hint


def test_where_nothing_was_begun_there_is_nothing_to_wait_for(operations: OperationsClient) -> None:
    assert operations.wait(StartedWork(resource={}, operation=None)) is None


def test_the_operation_is_found_in_the_first_answer_and_asked_of_our_own_endpoint(
    double: RestDouble, connection: ServerConnection, operations: OperationsClient
) -> None:
    url = f"https://elsewhere.example{PATH}/op-1?api-version=2024-03-03"
    double.put("PUT", "/thing", {"id": "/thing"}, status=201, Azure_AsyncOperation=url)
    double.put("GET", f"{PATH}/op-1", operation("Succeeded"))

    work = begun(connection.send("PUT", "/thing", body={}))
    operations.wait(work)

    assert work.resource == {"id": "/thing"}
    assert double.asked[-1].query == {"api-version": "2024-03-03"}


def test_cancel_and_retry_are_asked_by_id(double: RestDouble, operations: OperationsClient) -> None:
    double.put("POST", f"{PATH}/op-1/cancel", operation("InProgress"), status=202)
    double.put("POST", f"{PATH}/op-1/retry", operation("NotStarted"), status=202, Azure_AsyncOperation=f"{PATH}/op-1")

    assert operations.cancel("op-1")["name"] == "op-1"
    assert operations.retry("op-1").operation == f"{PATH}/op-1"
