"""Run the server and the worker as processes."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from galeria.adapters.db.engine import empty_write_ahead_log
from galeria.adapters.durable import DbosStarter, WorkerlessStarter
from galeria.adapters.engine.nbd_source import remove_stale_sockets
from galeria.adapters.host_boot import has_restarted
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.tokens import JwtTokens
from galeria.adapters.mail import SmtpServer
from galeria.adapters.reach.certificate_files import CertificateFiles
from galeria.adapters.reach.listening import bound_sockets, ephemeral_ports, reserved_ports
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.adapters.settings_file import read_settings
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.data_lock import locked_data
from galeria.bootstrap.first_start import ensure_first_start, find_password_link, write_connect
from galeria.bootstrap.http_protocol import DeadlineProtocol, WebSocketProtocol
from galeria.bootstrap.periodic_jobs import PeriodicJob, Reconciler, clock_jobs, freeze_garbage_collector, periodic_jobs
from galeria.domain.reach.server_settings import EVERY_ADDRESS, ServerOptions, ServerSettings, require_free_ports
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.request_checks import CheckRequests
from galeria.interfaces.services import Services
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.mail_texts import PortalMailTexts
from galeria.interfaces.web.portal import make_portal
from galeria.ports.work import Starter
from galeria.reconcilers.host_restart import bring_back_machines
from galeria.reconcilers.invitation_mails import send_invitations

MAIL_SECONDS = 2.0  # between two rounds of mails
FORGET_SECONDS = 30
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def serve(
    data: Path, options: ServerOptions, *, worker: bool, fake: bool, import_hosts: frozenset[str] = frozenset()
) -> None:
    """Run the server until SIGTERM or SIGINT. Operations under way continue at the next start.

    Raises Conflict, Unavailable, and Invalid for settings that cannot be used.
    """
    _configure_logging()
    server = options.applied(read_settings(data).server)
    require_free_ports(server, ephemeral_ports(), reserved=reserved_ports())
    own = CertificateFiles(Path(server.certificate), Path(server.key)) if server.certificate else None
    listeners = bound_sockets(server.address, server.port)
    port = listeners[0].getsockname()[1]
    names, endpoint = _names(server), _endpoint(server, port)
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    with locked_data(data, "serve.lock", "server"):
        container = open_container(data, names=names, fake=fake, import_hosts=import_hosts, server=server)
        ensure_first_start(container)
        with _running_worker(container) if worker else _without_worker() as starter:
            app = application(container, endpoint, starter, hosts=names)
            config = _config(app, container)
            config.load()
            if own and config.ssl:
                own.install(config.ssl)
            with _sending_mail(container, PortalMailTexts(rendering=app.state.rendering, endpoint=endpoint)):
                _Server(config, ready=lambda: _announce(container, endpoint, app.state.rendering)).run(
                    sockets=listeners
                )
    _exit_process()


def _names(server: ServerSettings) -> tuple[str, ...]:
    """Return the names and addresses that the server answers for, and that its certificate is for."""
    own = ["localhost"] if server.address in LOOPBACK else [socket.getfqdn()]
    if server.address != EVERY_ADDRESS:
        own.append(server.address)
    return (server.name, *own) if server.name else tuple(own)


def _endpoint(server: ServerSettings, port: int) -> str:
    return server.public_endpoint(port) if server.name else f"https://{_names(server)[0]}:{port}"


def _config(app: FastAPI, container: Container) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_certfile=container.installation.certificate,
        ssl_keyfile=container.installation.certificate_key,
        log_level="warning",
        timeout_graceful_shutdown=1,  # idle connections do not close by themselves
        http=DeadlineProtocol,
        # Anybody on this host, and every machine behind its network, could say who they are otherwise.
        proxy_headers=bool(container.settings.trusted_proxies),
        forwarded_allow_ips=list(container.settings.trusted_proxies),
        server_header=False,
        # WebSockets carry machines' screens: browsers send little, and QEMU has compressed the pictures already.
        ws=WebSocketProtocol,
        ws_max_size=1 << 20,
        ws_per_message_deflate=False,
    )


def work(data: Path, *, import_hosts: frozenset[str] = frozenset()) -> None:
    """Run operations without a server until SIGTERM or SIGINT. Raises Conflict where another worker uses the data directory."""
    _configure_logging()
    container = open_container(data, import_hosts=import_hosts)
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with _running_worker(container):
        stopping.wait()
    _exit_process()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def application(container: Container, endpoint: str, starter: Starter, *, hosts: Sequence[str] = ()) -> FastAPI:
    """Return one web application with the REST API, sign-in, uploads, consoles and pages.

    It answers requests whose host is one of `hosts`, of the settings', or of the loopback.
    """
    services = _services(container, endpoint, starter)
    password_sign_in = PasswordSignIn(services.requests, services.secrets, services.tokens)
    portal = make_portal(services, password_sign_in)
    app = make_app(services, password_sign_in=password_sign_in)
    portal.install(app)
    app.add_middleware(CheckRequests, hosts=(*hosts, *container.settings.hosts))
    return app


def _services(container: Container, endpoint: str, starter: Starter) -> Services:
    installation = container.installation
    return Services(
        database=container.database,
        clock=container.clock,
        id_generator=container.id_generator,
        secrets=container.secrets,
        tokens=JwtTokens(
            installation.token_key, tenant_id=installation.tenant_id, endpoint=endpoint, clock=container.clock
        ),
        starter=starter,
        settings=container.settings,
        engine=container.engine,
        shells=SshShells(),
        stores=container.stores,
        uploads=container.uploads,
        disk_files=container.disk_files,
        disk_room=container.context.disk_room,
        tenant_id=installation.tenant_id,
        subscription_id=installation.subscription_id,
        endpoint=endpoint,
        provider=OpenIdProvider(container.settings.openid, container.clock) if container.settings.openid else None,
    )


@contextmanager
def _running_worker(container: Container) -> Iterator[Starter]:
    """Run a worker and the periodic jobs in this process. Raises Conflict: a data directory has one worker."""
    with locked_data(container.data, "worker.lock", "worker"):
        remove_stale_sockets()
        starter = DbosStarter(database_url=container.durable_url, context=container.context)
        if has_restarted(container.data / "private"):
            bring_back_machines(container.context)
        starter.launch()
        jobs = periodic_jobs(container.context, starter, container.audit_copy, container.relay)
        forgetting = PeriodicJob(every=FORGET_SECONDS, do=lambda: _forget_old_pages(container))
        reconcilers = (
            Reconciler((*jobs, forgetting)),
            Reconciler(clock_jobs(container.context, container.relay), name="clock"),
        )
        for each in reconcilers:
            each.start()
        try:
            yield starter
        finally:
            for each in reconcilers:
                each.stop()
            starter.close()


@contextmanager
def _sending_mail(container: Container, texts: PortalMailTexts) -> Iterator[None]:
    """Send invitations in a thread of its own, since a mail server may take long; nothing without one in the settings."""
    if container.settings.mail is None:
        yield
        return
    server = SmtpServer(container.settings.mail)
    job = PeriodicJob(every=MAIL_SECONDS, do=lambda: send_invitations(container.context, server, texts))
    sending = Reconciler((job,), name="mail")
    sending.start()
    try:
        yield
    finally:
        sending.stop()


def _forget_old_pages(container: Container) -> None:
    empty_write_ahead_log(container.sql)


@contextmanager
def _without_worker() -> Iterator[Starter]:
    yield WorkerlessStarter()


def _configure_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for talkative in ("alembic", "httpx", "dbos"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def _announce(container: Container, endpoint: str, rendering: Rendering) -> None:
    """Publish the address once the server accepts connections."""
    threading.Thread(target=_warm_up, args=(rendering,), name="warm-up", daemon=True).start()
    _print_start(container, endpoint)
    write_connect(container, endpoint)


def _warm_up(rendering: Rendering) -> None:
    """Prepare in the background what nearly every page needs, and freeze it for the garbage collector."""
    rendering.prepare()
    freeze_garbage_collector()


def _print_start(container: Container, endpoint: str) -> None:
    ca, link = container.data / "ca.pem", find_password_link(container, endpoint)
    lines = [f"Galeria is running at {endpoint}", f"  machines run with: {container.engine.acceleration().value}"]
    if link:
        lines += [
            *_invitation(container, link, is_read_by_a_person=sys.stdout.isatty()),
            f"  the browser asks about the certificate, which is signed by {ca}",
            f"  until then your password is in {container.data / 'private' / 'bootstrap.json'}",
        ]
    lines += [
        f"  sign in:  galeria login --endpoint {endpoint} --ca-file {ca} --user admin",
        f"  on this host, without signing in:  galeria image list --data {container.data}",
        "Stop it with Ctrl-C; what is under way goes on at the next start.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _invitation(container: Container, link: str, *, is_read_by_a_person: bool) -> list[str]:
    """The link is shown on a terminal only: logs are kept, collected and read by others, and it makes its reader an Owner."""
    if is_read_by_a_person:
        return ["  open this in a browser to choose your password (it works once):", f"    {link}"]
    return [
        "  to choose your password, open in a browser what this prints (it works once):",
        f"    galeria connect --field password_link --data {container.data}",
    ]


def _exit_process() -> None:
    """End the process at once.

    Running steps stop as after a crash, which each of them survives; waiting for them could take as long as storing a large
    image.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
