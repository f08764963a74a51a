"""Screens behind a real WebSocket server, over an installation whose machines are pretended."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from galeria.actions.core.caller import Caller
from galeria.actions.people.roles import give_role, take_role
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.states import MachineState
from galeria.interfaces.app import make_app
from galeria.interfaces.console.held_shells import HeldShells
from galeria.interfaces.console.routes import console_router
from galeria.interfaces.console.terminal_routes import TerminalRoutes
from galeria.interfaces.http.origins import client_address
from galeria.ports.machines import Machine
from tests.adapters.reach.ssh_server import SshServer, ssh_server
from tests.interfaces.arm.served import serving
from tests.local_installation import GALLERY, MIB, PASSWORD, SUBSCRIPTION, LocalInstallation, disk_bytes

SCOPE = f"/subscriptions/{SUBSCRIPTION}"


class BrowserWire:
    """A WebSocket as a stream of bytes, as a viewer in a page has it."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket

    def recv(self, _limit: int) -> bytes:
        """Empty once the other side has closed."""
        try:
            message = self._websocket.recv(timeout=20)
        except ConnectionClosed:
            return b""
        assert isinstance(message, bytes)
        return message

    def sendall(self, data: bytes) -> None:
        self._websocket.send(data)


@dataclass
class OtherComputers:
    """`names` are the computers that have the machines of regions, by the region; this one has all others."""

    names: dict[str, str] = field(default_factory=dict)

    def find_other(self, region: str) -> str | None:
        return self.names.get(region)


@dataclass
class Screens:
    """The machine `template` of lab `algebra` belongs to educator, and runs."""

    installation: LocalInstallation
    host: str
    signed_out: set[str]
    held: HeldShells = field(default_factory=HeldShells)
    others: OtherComputers = field(default_factory=OtherComputers)

    @property
    def machine(self) -> Machine:
        return self.installation.guest_of("algebra")

    def open(
        self,
        who: str = "educator",
        *,
        path: str = "/console/campus/algebra/template",
        origin: str | None = "",
        protocols: tuple[str, ...] = (),
    ) -> ClientConnection:
        """As a page of the service itself does, when nothing else is said."""
        return connect(
            f"ws://{self.host}{path}",
            origin=Origin(origin or f"http://{self.host}") if origin is not None else None,
            subprotocols=[Subprotocol(each) for each in protocols] or None,
            additional_headers={"Cookie": f"who={who}"} if who else None,
            proxy=None,
            compression=None,
        )

    def refusal(self, who: str = "educator", *, path: str = "/console/campus/algebra/template") -> tuple[int, str]:
        """Code and reason of a screen that is not shown."""
        with self.open(who, path=path) as websocket, pytest.raises(ConnectionClosed) as caught:
            websocket.recv(timeout=20)
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code, caught.value.rcvd.reason

    @contextmanager
    def given_role(self, who: str, role: str) -> Iterator[None]:
        with self.installation.request() as request:
            give_role(request, who, role, SCOPE)
        yield
        self.take_role(who, role)

    def take_role(self, who: str, role: str) -> None:
        """May be repeated."""
        with self.installation.request() as request:
            take_role(request, who, role, SCOPE)

    def who(self, websocket: WebSocket) -> Caller | None:
        """A cookie with a name instead of the pages' own."""
        name = websocket.cookies.get("who")
        if name is None:
            return None
        if name in self.signed_out:
            raise Unauthenticated(Message("The session has ended."), hint=Message("Sign in again."))
        person = self.installation.people[name]
        with self.installation.context.database(reading=True) as uow:
            assignments = uow.people.assignments(person.id)
            return Caller(principal=person, assignments=assignments, address=client_address(websocket))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Screens]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with (
        serving(tmp_path_factory.mktemp("console") / "installation", migrated_file, key) as arm,
        _listener() as listener,
    ):
        installation, host = arm.installation, f"127.0.0.1:{listener.getsockname()[1]}"
        screens = Screens(installation=installation, host=host, signed_out=set())
        services = replace(arm.services, endpoint=f"http://{host}", computers=screens.others)
        # Three times a second, so that a test need not wait for half a minute.
        terminals = TerminalRoutes(services=services, who=screens.who, look_again=0.3, held=screens.held)
        app = make_app(services, routers=[console_router(services, screens.who, look_again=0.3), terminals.router()])
        config = uvicorn.Config(
            app,
            log_level="warning",
            log_config=None,
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
        )
        with _running(uvicorn.Server(config), listener):
            installation.run(installation.begin_import("linux", disk_bytes(MIB)))
            installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
            yield screens


@pytest.fixture
def screens(service: Screens) -> Iterator[Screens]:
    service.installation.engine.start(service.machine, ssh=False)
    yield service
    service.installation.engine.stop(service.machine, seconds=1)
    service.signed_out.clear()


@pytest.fixture
def ssh(service: Screens) -> Iterator[SshServer]:
    """A real SSH server where the running machine's would be."""
    installation = service.installation
    installation.run(installation.begin_start("algebra"))
    with ssh_server(user="educator", password=PASSWORD, port=installation.machine("algebra").ssh_port) as server:
        yield server
    if installation.machine("algebra").state is MachineState.RUNNING:
        installation.run(installation.begin_stop("algebra"))
    service.signed_out.clear()


@contextmanager
def _running(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def wait_hung_up(websocket: ClientConnection) -> tuple[int, str]:
    """Code and reason with which the server ends it; pieces of picture before that are passed over."""
    with suppress(ConnectionClosed):
        while True:
            websocket.recv(timeout=20)
    assert websocket.close_code is not None
    return websocket.close_code, websocket.close_reason or ""
