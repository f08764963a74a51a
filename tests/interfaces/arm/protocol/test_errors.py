"""Every error has the one form of ARM and the right status, and a fault of ours tells only its correlation id."""

import asyncio
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from galeria.domain import errors
from galeria.domain.errors import GaleriaError, StoreUnavailable, ToolFailed, TooManyRequests
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.body_limit import BODY_LIMIT, LimitBodies
from galeria.interfaces.arm.protocol.errors import status_of
from tests.interfaces.arm.served import (
    GALLERY,
    GROUP,
    LABS,
    PLAN,
    SUB,
    Arm,
    definition_body,
    done,
    lab_body,
    serving,
    told,
)
from tests.waiting import until


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        ({}, "LocationRequired", "location"),
        ({"location": "brazilsouth"}, "InvalidRequestContent", "properties"),
        (definition_body(osType="BeOS"), "InvalidRequestContent", "properties.osType"),
        (definition_body(identifier={"publisher": "p"}), "InvalidRequestContent", "properties.identifier.offer"),
        (definition_body() | {"tags": {"a": 1}}, "InvalidRequestContent", "tags.a"),
        (definition_body() | {"tags": {"a/b": "1"}}, "InvalidRequestContent", None),
        ([], "InvalidRequestContent", "body"),
        (definition_body() | {"location": "Atlantis"}, "LocationNotAvailableForResourceType", "location"),
    ],
)
def test_wrong_content_is_400_with_its_place(arm: Arm, body: Any, code: str, target: str | None) -> None:
    error = told(arm().put(f"{GALLERY}/images/wrong", json=body), 400)
    assert error["code"] == code
    assert target is None or error["target"] == target


def test_every_wrong_property_is_reported_at_once(arm: Arm) -> None:
    body = definition_body(osType=1, osState="x")
    details = told(arm().put(f"{GALLERY}/images/wrong", json=body), 400)["details"]
    assert [each["target"] for each in details] == ["properties.osType", "properties.osState"]


def test_a_password_is_not_repeated_in_an_error(arm: Arm) -> None:
    body = lab_body(PLAN)
    body["properties"]["virtualMachineProfile"]["adminUser"] = {"username": 1, "password": "Secret-word-1"}
    answer = arm().put(f"{LABS}/x", json=body)
    told(answer, 400)
    assert "Secret-word-1" not in answer.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a":' * 100_000, b"null", b"NaN"])
def test_an_unreadable_body_is_400(arm: Arm, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert told(arm().put(GALLERY, content=content, headers=headers), 400)["code"] == "InvalidRequestContent"


def test_a_body_that_announces_too_much_is_refused_unread(arm: Arm) -> None:
    """By hand, because clients send everything before they listen."""
    url, headers = httpx.URL(arm.services.endpoint), arm().headers
    request = (
        f"PUT {GALLERY}?api-version=2024-01-01 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {headers['authorization']}\r\nContent-Length: {BODY_LIMIT + 1}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"RequestEntityTooLarge"' in answer


def test_a_body_without_an_end_is_cut_off() -> None:
    read: list[int] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            read.append(len((await receive())["body"]))

    async def endless() -> AsgiMessage:
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}

    async def nothing(message: AsgiMessage) -> None: ...

    scope: Scope = {"type": "http", "path": "/subscriptions", "headers": []}
    with pytest.raises(HTTPException) as caught:
        asyncio.run(LimitBodies(application, limit=10_500)(scope, endless, nothing))
    assert (caught.value.status_code, sum(read)) == (413, 10_000)


def test_unknown_paths_and_methods_have_the_same_form(arm: Arm) -> None:
    unknown = told(arm().get(f"{GROUP}/providers/Microsoft.Compute/diskAccesses/d"), 404)
    assert (unknown["code"], "Microsoft.Compute" in unknown["message"]) == ("InvalidResourceType", True)
    assert told(arm().get(f"{SUB}/nothing"), 404)["code"] == "NotFound"
    assert told(arm.stranger().get("/nothing"), 404)["code"] == "NotFound"
    wrong = arm().post(GALLERY, json={})
    assert told(wrong, 405)["code"] == "MethodNotAllowed"
    assert wrong.headers["allow"]


def _made(kind: type[GaleriaError]) -> GaleriaError:
    if issubclass(kind, TooManyRequests):
        return kind(Message("x"), hint=Message("y"), seconds=1)
    return kind(Message("x"))


def test_every_kind_of_error_has_a_status() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, GaleriaError)]
    assert {kind.__name__: status_of(_made(kind)) for kind in kinds} == {
        "GaleriaError": 500,
        "RootDiskNotFound": 503,
        "OnAnotherComputer": 503,
        "Invalid": 400,
        "Unauthenticated": 401,
        "Forbidden": 403,
        "NotFound": 404,
        "Conflict": 409,
        "Collision": 409,
        "Canceled": 409,
        "Precondition": 412,
        "TooLarge": 413,
        "TooManyRequests": 429,
        "Unavailable": 503,
        "OutOfSpace": 503,
        "StoreUnavailable": 503,
        "Corrupt": 503,
        "MachineFailed": 503,
        "ToolFailed": 503,
    }


def test_a_failure_outside_the_server_is_503_with_a_time_to_retry(arm: Arm, image: str) -> None:
    done(arm().put(f"{LABS}/poor", json=lab_body(image)), 201)
    arm.work()
    arm.installation.engine.fail_on["changed_pieces"] = StoreUnavailable(
        Message("The store is away."), hint=Message("Look at its network.")
    )
    try:
        body = {"name": "x", "labVirtualMachineId": f"{LABS}/poor/virtualMachines/template"}
        answer = arm().post(f"{PLAN}/estimateImage", json=body)
    finally:
        arm.installation.engine.fail_on.clear()
    error = told(answer, 503)
    assert (error["code"], error["message"]) == ("StoreUnavailable", "The store is away. Look at its network.")
    assert answer.headers["retry-after"] == "5"


def faulty() -> APIRouter:
    router = APIRouter()

    def fault() -> None:
        raise RuntimeError("inner words")

    def failure() -> None:
        raise ToolFailed(Message("A tool failed."), hint=Message("Look at the log."))

    router.add_api_route("/fault", fault, methods=["GET"])
    router.add_api_route("/failure", failure, methods=["GET"])
    return router


def test_a_fault_of_ours_is_500_logged_once_and_tells_nothing_else(
    tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    before = threading.active_count()
    with (
        serving(tmp_path / "installation", migrated_file, token_key, routers=(faulty(),)) as arm,
        caplog.at_level("WARNING"),
    ):
        answer = arm.stranger().get("/fault", headers={"x-ms-correlation-request-id": "c-7"})
        error = told(answer, 500)
        assert error["code"] == "InternalServerError"
        assert "c-7" in error["message"]
        assert "inner words" not in answer.text
        assert answer.headers["x-ms-correlation-request-id"] == "c-7"
        told(arm.stranger().get("/failure"), 503)
    faults = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(faults) == 1
    assert "correlation id c-7" in caplog.text
    until(lambda: threading.active_count() <= before + 1, "its threads end")
