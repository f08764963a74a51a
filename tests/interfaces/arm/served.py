"""The whole REST service behind a real HTTP server, over an installation without virtual machines."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import APIRouter

from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.adapters.identity.tokens import JwtTokens
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.adapters.system import RandomIdGenerator
from galeria.domain.operations import Operation
from galeria.domain.settings import Settings
from galeria.domain.states import OperationStatus
from galeria.interfaces.app import make_app
from galeria.interfaces.services import Services
from galeria.ports.work import Clock
from tests.descriptions.promises import Answer, described, faults
from tests.local_installation import SUBSCRIPTION, LocalInstallation, make_installation, secrets

TENANT = "99999999-8888-7777-6666-555555555555"
API_VERSION = "2024-03-03"
SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/campus"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/gal"
PLAN = f"{GROUP}/providers/Microsoft.LabServices/labPlans/labs"
LABS = f"{GROUP}/providers/Microsoft.LabServices/labs"
OPERATIONS = f"{SUB}/providers/Microsoft.Galeria/operations"


@dataclass
class Begun:
    """A starter that only remembers: the test decides when the work is done."""

    ids: list[str] = field(default_factory=list)

    def start(self, operation_id: str) -> None:
        self.ids.append(operation_id)


@dataclass
class Arm:
    installation: LocalInstallation
    services: Services
    begun: Begun
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def __call__(self, who: str = "admin") -> httpx.Client:
        """Somebody's client; every request carries an api-version."""
        if who not in self.clients:
            person = self.installation.people[who]
            token = self.services.tokens.issue(
                person.id, person.name, person.kind, audience=self.services.endpoint, seconds=36_000
            )
            self.clients[who] = httpx.Client(
                base_url=self.services.endpoint,
                headers={"Authorization": f"Bearer {token}"},
                event_hooks={"request": [_add_version], "response": [keeps_promises]},
                timeout=20,
                trust_env=False,
            )
        return self.clients[who]

    def stranger(self) -> httpx.Client:
        """Sends neither token nor api-version."""
        if "" not in self.clients:
            self.clients[""] = httpx.Client(base_url=self.services.endpoint, timeout=20, trust_env=False)
        return self.clients[""]

    def work(self) -> list[Operation]:
        """Do what was begun, to its end; returns the operations as they then are."""
        ids, self.begun.ids = list(dict.fromkeys(self.begun.ids)), []
        found = [self.installation.operation(id) for id in ids]
        waiting = {OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS}
        return [self.installation.run(each) if each.status in waiting else each for each in found]


@contextmanager
def serving(
    folder: Path,
    database: Path,
    key: RSAPrivateKey,
    *,
    routers: tuple[APIRouter, ...] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> Iterator[Arm]:
    installation, close = make_installation(folder, database)
    installation = installation.with_settings(settings) if settings else installation
    if clock:
        installation = replace(installation, context=replace(installation.context, clock=clock))
    with _listener() as listener:
        arm = make_arm(installation, key, f"http://127.0.0.1:{listener.getsockname()[1]}")
        app = make_app(arm.services, routers=routers)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield arm
        finally:
            for client in arm.clients.values():
                client.close()
            server.should_exit = True
            thread.join(20)
            close()


def _listener() -> socket.socket:
    # asyncio switches off Nagle's algorithm only where the protocol is named; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def make_arm(installation: LocalInstallation, key: RSAPrivateKey, endpoint: str) -> Arm:
    """The service without its server."""
    context, begun = installation.context, Begun()
    services = Services(
        database=context.database,
        clock=context.clock,
        id_generator=RandomIdGenerator(),
        secrets=secrets(),
        wrong_tries=MemoryTries(context.clock),
        tokens=JwtTokens(key, tenant_id=TENANT, endpoint=endpoint, clock=context.clock),
        starter=begun,
        settings=context.settings,
        engine=context.engine,
        shells=SshShells(),
        stores=context.stores,
        uploads=context.uploads,
        disk_files=context.disk_files,
        disk_room=context.disk_room,
        tenant_id=TENANT,
        subscription_id=SUBSCRIPTION,
        endpoint=endpoint,
    )
    return Arm(installation=installation, services=services, begun=begun)


def _add_version(request: httpx.Request) -> None:
    """Addresses that the service answered have one already."""
    if "api-version" not in request.url.params:
        request.url = request.url.copy_set_param("api-version", API_VERSION)


def keeps_promises(response: httpx.Response) -> None:
    """Every answer is held against the public description of its operation."""
    request = response.request
    answer = Answer(
        method=request.method,
        status=response.status_code,
        headers=tuple(response.headers),
        body=json.loads(response.read() or b"null"),
    )
    hold(answer, request.url, more="prefer" in request.headers)


def hold(answer: Answer, url: httpx.URL, *, more: bool) -> None:
    """`more`: the caller asked for more than is described, as one does who monitors work until its result is there."""
    operation = described(answer.method, url.path, url.params.get("api-version", API_VERSION))
    if operation is None or more or "monitor" in url.params:
        return
    wrong = faults(operation, answer)
    assert not wrong, wrong


def definition_body(sku: str = "ubuntu", **properties: Any) -> dict[str, Any]:
    own = {
        "osType": "linux",
        "osState": "GENERALIZED",
        "hyperVGeneration": "V1",
        "identifier": {"publisher": "campus", "offer": "linux", "sku": sku},
    }
    return {"location": "Brazil South", "tags": {}, "properties": own | properties}


def version_body(upload: str, *regions: str) -> dict[str, Any]:
    targets = [{"name": region} for region in regions or ("brazilsouth",)]
    return {
        "location": "brazilsouth",
        "properties": {
            "publishingProfile": {"targetRegions": targets},
            "storageProfile": {"osDiskImage": {"source": {"uploadId": upload}}},
        },
    }


def lab_body(image: str, **properties: Any) -> dict[str, Any]:
    own = {
        "labPlanId": PLAN,
        "title": "Álgebra",
        "virtualMachineProfile": {
            "imageReference": {"id": image},
            "sku": {"name": "tiny"},
            "adminUser": {"username": "ana", "password": "correct-Horse-7"},
        },
    }
    return {"location": "brazilsouth", "properties": own | properties}


def told(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error of an answer, whose whole form is checked."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert error["code"]
    assert error["message"]
    return error


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body
