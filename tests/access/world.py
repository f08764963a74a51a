"""An installation with one thing of every kind and a sibling beside each, and somebody whose roles change from call to call."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.people.web_sessions import open_web_session
from galeria.domain.labs.labs import FailureRecord
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.principals import Principal, RoleAssignment
from galeria.domain.request_rates import RequestRates
from galeria.domain.settings import Settings
from galeria.domain.states import OperationStatus
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.web.kit.visitors import cookies_of
from galeria.interfaces.web.portal import make_portal
from galeria.ports.database import UnitOfWork
from tests.access.calls import Answer, InProcess, Look, unkept
from tests.access.evaluator import Given
from tests.access.rows import LOCKED, SIBLINGS
from tests.interfaces.arm.path_values import make_path_values
from tests.interfaces.arm.paths import with_shared_galleries
from tests.interfaces.arm.request_bodies import DISK, SNAPSHOT
from tests.interfaces.arm.served import (
    API_VERSION,
    GALLERY,
    LABS,
    Arm,
    Begun,
    definition_body,
    done,
    lab_body,
    version_body,
)
from tests.interfaces.web import served
from tests.interfaces.web.served import Portal
from tests.local_installation import SUBSCRIPTION, disk_bytes
from tests.prepared_installations import PreparedInstallations

SOMEBODY = "nobody"
"""The sign-in name of the person whose roles change."""


@dataclass(frozen=True, kw_only=True)
class World:
    """`known` are values for the variable parts of paths; `http` sends to an application that keeps nothing."""

    portal: Portal
    arm: Arm
    known: Mapping[str, str]
    http: InProcess
    app: Any
    token: str
    session: str
    upload: str
    """A file that the administrator has sent."""
    style_sheets: tuple[str, ...]
    looks: list[Look]
    """Are called with each unit of work of the application where it would be committed."""

    @property
    def somebody(self) -> Principal:
        return self.portal.installation.people[SOMEBODY]

    def give(self, given: Sequence[Given]) -> None:
        """Somebody has exactly these roles from now on; the token and the session are those of before."""
        person, context = self.somebody, self.portal.installation.context
        with context.database() as uow:
            for held in uow.people.assignments(person.id):
                uow.people.remove_assignment(held)
            for number, each in enumerate(given):
                assignment = RoleAssignment(
                    id=f"given-{number}",
                    principal_id=person.id,
                    role=each.role,
                    scope=each.scope.lower(),
                    created_at=context.clock.now(),
                    created_by=person.id,
                )
                uow.people.add_assignment(assignment)
            uow.commit()

    def ask(self, method: str, path: str, body: Any = None, *, signed_in: bool = True) -> Answer:
        """A request of a program, with a token."""
        sent = b"" if body is None else json.dumps(body).encode()
        return self.ask_raw(method, path, sent, signed_in=signed_in)

    def ask_raw(self, method: str, path: str, body: bytes, *, signed_in: bool = True) -> Answer:
        headers = {"authorization": f"Bearer {self.token}"} if signed_in else {}
        headers |= {"content-type": "application/json"} if body else {}
        return self.http.send(method, f"{path}{'&' if '?' in path else '?'}api-version={API_VERSION}", headers, body)

    @property
    def cookies(self) -> dict[str, str]:
        return {cookies_of(self.portal.services).session: self.session}


@contextmanager
def opened_world(folder: Path, prepared: PreparedInstallations, key: RSAPrivateKey) -> Iterator[World]:
    # A fast computer asks more in a minute than one person may.
    settings = Settings(request_rates=RequestRates(reads=0, writes=0, strangers=0))
    with served.serving(folder, prepared, key, settings=settings) as portal:
        arm = Arm(installation=portal.installation, services=portal.services, begun=portal.begun)  # type: ignore[arg-type]  # of the same shape
        known = _furnished(arm)
        looks: list[Look] = []

        def look(uow: UnitOfWork) -> None:
            for each in looks:
                each(uow)

        # What is begun by calls that keep nothing is no operation, so nobody does it afterwards.
        services = replace(portal.services, database=unkept(portal.services.database, look), starter=Begun())
        password_sign_in = PasswordSignIn(services.requests, services.secrets, services.tokens, services.wrong_tries)
        app = make_app(services, password_sign_in=password_sign_in)
        make_portal(services, password_sign_in, patience=20).install(app)
        person = portal.installation.people[SOMEBODY]
        with portal.services.requests.anonymous_writing() as request:
            session = open_web_session(request, request.uow.people.get(person.id), browser="of tests")
        http = InProcess(app)
        try:
            yield World(
                portal=portal,
                arm=arm,
                known=known,
                http=http,
                app=app,
                token=services.tokens.issue(
                    person.id, person.name, person.kind, audience=services.endpoint, seconds=3600
                ),
                session=session,
                upload=arm.installation.upload(disk_bytes()),
                looks=looks,
                style_sheets=tuple(
                    re.findall(r'href="(/static/[^"]+portal[.]css)"', portal.stranger().get("/sign-in").text)
                ),
            )
        finally:
            http.close()
            for client in arm.clients.values():
                client.close()


def _furnished(arm: Arm) -> dict[str, str]:
    id, admin = f"{GALLERY}/images/ready", arm()
    done(admin.put(id, json=definition_body("ready")), 201)
    upload = arm.installation.upload(disk_bytes())
    done(admin.put(f"{id}/versions/1.0.0", json=version_body(upload, "brazilsouth", "brazilsoutheast")), 201)
    assert arm.work()[-1].status == "Succeeded"
    known = with_shared_galleries(arm, make_path_values(arm, id))
    for scope in (LOCKED, SIBLINGS["group"]):
        done(admin.put(scope, json={"location": "brazilsouth"}), 201)
    lock = {"properties": {"level": "CanNotDelete"}}
    done(admin.put(f"{LOCKED}/providers/Microsoft.Authorization/locks/keep", json=lock), 201)
    for name in ("gallery", "plan"):
        done(admin.put(SIBLINGS[name], json={"location": "brazilsouth"}), 201)
    done(admin.put(SIBLINGS["lab"], json=lab_body(id)), 201)
    done(admin.put(SIBLINGS["disk"], json=DISK), 200)
    done(admin.put(SIBLINGS["snapshot"], json=SNAPSHOT), 202)
    address = {"osDisk": {"osType": "Linux", "blobUri": "https://example.org/os.vhd"}}
    image = {"location": "brazilsouth", "properties": {"storageProfile": address}}
    done(admin.put(SIBLINGS["image"], json=image), 201)
    arm.work()
    assert f"{LABS}/other" == SIBLINGS["lab"]
    return {**known, "failed_start": _failed_start(arm)}


def _failed_start(arm: Arm) -> str:
    """The id of a start that failed, which the service itself had begun, with what the machine showed."""
    machine, operation = arm.installation.machine("held"), "00000000-1111-0000-0000-000000000001"
    with arm.installation.context.database() as uow:
        uow.operations.add(
            Operation(
                id=operation,
                kind=OperationKind.START_MACHINE,
                status=OperationStatus.FAILED,
                subscription_id=SUBSCRIPTION,
                location="brazilsouth",
                resource_id=f"{LABS}/held",
                subject=machine.id,
                started_by="",
                error_code="MachineFailed",
                error_message=Message("It did not come up."),
                created_at=arm.installation.context.clock.now(),
            )
        )
        uow.machines.put_failure_record(
            FailureRecord(operation_id=operation, machine_id=machine.id, console="login:", picture=b"\x89PNG")
        )
        uow.commit()
    return operation
