"""The server and the workers as processes."""

import fcntl
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from galeria.adapters.durable import DbosStarter, WorkerlessStarter
from galeria.adapters.engine.nbd_source import sweep_sockets
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.tokens import JwtTokens
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.first_start import ensure_first_start, find_password_link, write_connect
from galeria.bootstrap.periodic_jobs import Reconciler, freeze_garbage_collector, periodic_jobs
from galeria.domain.errors import Conflict, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.services import Services
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.portal import make_portal
from galeria.ports.work import Starter

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def serve(
    data: Path, *, host: str, port: int, worker: bool, fake: bool, import_hosts: frozenset[str] = frozenset()
) -> None:
    """Until SIGTERM or SIGINT. What is under way then goes on at the next start. Raises Conflict, Unavailable."""
    _log()
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    name = "localhost" if host in LOOPBACK else socket.getfqdn()
    endpoint = f"https://{name}:{port}"
    with _alone(data, "serve.lock", "server"):
        parts = open_container(data, names=(name, host), fake=fake, import_hosts=import_hosts)
        ensure_first_start(parts)
        with _working(parts) if worker else _elsewhere() as starter:
            app = application(parts, endpoint, starter)
            config = uvicorn.Config(
                app,
                ssl_certfile=parts.installation.certificate,
                ssl_keyfile=parts.installation.certificate_key,
                log_level="warning",
                timeout_graceful_shutdown=1,  # idle connections do not close by themselves
                # For the screens of machines: what browsers send is small, and pictures are compressed by QEMU already.
                ws="websockets-sansio",
                ws_max_size=1 << 20,
                ws_per_message_deflate=False,
            )
            _Server(config, ready=lambda: _open(parts, endpoint, app.state.rendering)).run(sockets=[listener])
    _leave()


def work(data: Path, *, import_hosts: frozenset[str] = frozenset()) -> None:
    """Only the operations' work, until SIGTERM or SIGINT."""
    _log()
    parts = open_container(data, import_hosts=import_hosts)
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with _working(parts):
        stopping.wait()
    _leave()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def application(parts: Container, endpoint: str, starter: Starter) -> FastAPI:
    """Every door under one roof."""
    services = _inside(parts, endpoint, starter)
    entrance = PasswordSignIn(services.database, services.secrets, services.clock)
    portal = make_portal(services, entrance)
    app = make_app(services, entrance=entrance)
    portal.plug(app)
    return app


def _inside(parts: Container, endpoint: str, starter: Starter) -> Services:
    installation = parts.installation
    return Services(
        database=parts.database,
        clock=parts.clock,
        id_generator=parts.id_generator,
        secrets=parts.secrets,
        tokens=JwtTokens(
            installation.token_key, tenant_id=installation.tenant_id, endpoint=endpoint, clock=parts.clock
        ),
        starter=starter,
        settings=parts.settings,
        engine=parts.engine,
        stores=parts.stores,
        uploads=parts.uploads,
        disk_files=parts.disk_files,
        tenant_id=installation.tenant_id,
        subscription_id=installation.subscription_id,
        endpoint=endpoint,
        provider=OpenIdProvider(parts.settings.openid, parts.clock) if parts.settings.openid else None,
    )


@contextmanager
def _working(parts: Container) -> Iterator[Starter]:
    """A worker and the reconcilers in this process; one per data directory."""
    with _alone(parts.data, "worker.lock", "worker"):
        sweep_sockets()
        starter = DbosStarter(database_url=parts.durable_url, context=parts.context)
        starter.launch()
        reconciler = Reconciler(periodic_jobs(parts.context, starter))
        reconciler.start()
        try:
            yield starter
        finally:
            reconciler.stop()
            starter.close()


@contextmanager
def _elsewhere() -> Iterator[Starter]:
    yield WorkerlessStarter()


@contextmanager
def _alone(data: Path, file: str, what: str) -> Iterator[None]:
    """The lock goes with the process, however that ends. Raises Conflict when another one holds it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (data / file).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                Message("Another {what} works on {data}.", what=what, data=str(data)),
                hint=Message("Stop that one first, or use another data directory."),
            ) from error
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. Without it an answer waits up to 40 ms for the client's acknowledgement (measured).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unavailable(
            Message(
                "Port {port} on {host} cannot be used: {reason}.", port=port, host=host, reason=str(error.strerror)
            ),
            hint=Message("Choose another one with --port."),
        ) from error
    return listener


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for talkative in ("alembic", "httpx", "dbos"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def _open(parts: Container, endpoint: str, rendering: Rendering) -> None:
    """Only now that somebody answers there is the address told."""
    threading.Thread(target=_settle, args=(rendering,), name="settling", daemon=True).start()
    _welcome(parts, endpoint)
    write_connect(parts, endpoint)


def _settle(rendering: Rendering) -> None:
    """Behind the first answers' back: what nearly every answer needs is made ready, and set aside from garbage."""
    rendering.prepare()
    freeze_garbage_collector()


def _welcome(parts: Container, endpoint: str) -> None:
    ca, first = parts.data / "ca.pem", find_password_link(parts)
    lines = [f"Galeria is running at {endpoint}", f"  machines run with: {parts.engine.acceleration().value}"]
    if first:
        lines += [
            "  open this in a browser to choose your password (it works once):",
            f"    {endpoint}/welcome/{first}",
            f"  the browser asks about the certificate, which {ca} vouches for",
            f"  until then your password is in {parts.data / 'private' / 'bootstrap.json'}",
        ]
    lines += [
        f"  sign in:  galeria login --endpoint {endpoint} --ca-file {ca} --user admin",
        f"  on this host, without signing in:  galeria image list --data {parts.data}",
        "Stop it with Ctrl-C; what is under way goes on at the next start.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _leave() -> None:
    """End now. Steps that run are left as a crash leaves them, which every one of them survives; waiting for them could
    take as long as a big image takes."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
