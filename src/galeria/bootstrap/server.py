"""Run the server as a process."""

import logging
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from galeria.adapters.db.processes import ProcessKind
from galeria.adapters.durable import WorkerlessStarter
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.tokens import JwtTokens
from galeria.adapters.mail import SmtpServer
from galeria.adapters.reach.certificate_files import CertificateFiles
from galeria.adapters.reach.listening import bound_sockets, ephemeral_ports, reserved_ports
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.adapters.settings_file import read_settings
from galeria.bootstrap.answer_traffic import AnswerTraffic
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.data_lock import SERVER_LOCK, alone_on
from galeria.bootstrap.first_start import ensure_first_start, find_password_link, write_connect
from galeria.bootstrap.http_protocol import IDLE_SECONDS, DeadlineProtocol, WebSocketProtocol, limit_connection_memory
from galeria.bootstrap.logs import configure_logging
from galeria.bootstrap.monitoring import Monitoring, make_monitoring
from galeria.bootstrap.periodic_jobs import (
    Alone,
    PeriodicJob,
    Reconciler,
    Turns,
    freeze_garbage_collector,
    memory_job,
)
from galeria.bootstrap.stopping import Stop, exit_process
from galeria.bootstrap.web_server import WebServer
from galeria.bootstrap.worker import running_worker, work_beside
from galeria.bootstrap.worker_process import WorkerProcess, fork_worker
from galeria.domain.reach.server_settings import EVERY_ADDRESS, ServerOptions, ServerSettings, require_free_ports
from galeria.domain.serving.settings import LogFormat
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.request_checks import CheckRequests
from galeria.interfaces.services import Services
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.mail_texts import PortalMailTexts
from galeria.interfaces.web.portal import make_portal
from galeria.ports.work import Starter
from galeria.reconcilers.invitation_mails import send_invitations

log = logging.getLogger(__name__)

MAIL_SECONDS = 2.0  # between two rounds of mails
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def serve(
    data: Path, options: ServerOptions, *, worker: bool, fake: bool, import_hosts: frozenset[str] = frozenset()
) -> None:
    """Run the server until SIGTERM or SIGINT. Operations under way continue at the next start.

    Raises Conflict, Unavailable, and Invalid for settings that cannot be used.
    """
    settings = read_settings(data)
    configure_logging(settings.logs)
    server = options.applied(settings.server)
    require_free_ports(server, ephemeral_ports(), reserved=reserved_ports())
    own = CertificateFiles(Path(server.certificate), Path(server.key)) if server.certificate else None
    traffic, beside = AnswerTraffic(), None
    if worker and server.worker_process:
        beside = fork_worker(
            lambda each: work_beside(each, data, server, traffic, fake=fake, import_hosts=import_hosts)
        )
    listeners = bound_sockets(server.address, server.port)
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    with alone_on(data, SERVER_LOCK, "server", settings):
        container = open_container(
            data,
            names=_names(server),
            fake=fake,
            import_hosts=import_hosts,
            server=server,
            kind=ProcessKind.SERVER_AND_WORKER if worker and not beside else ProcessKind.SERVER,
            traffic=traffic,
        )
        ensure_first_start(container)
        stop = Stop(server.stop_seconds)
        with _starter(container, stop, beside, worker=worker) as starter:
            _answer(container, starter, stop, listeners, own)
        container.close()
    exit_process()


def _answer(
    container: Container, starter: Starter, stop: Stop, listeners: list[socket.socket], own: CertificateFiles | None
) -> None:
    """Answer requests until the server is to stop."""
    server = container.settings.server
    endpoint = _endpoint(server, listeners[0].getsockname()[1])
    monitoring = make_monitoring(container, starter)
    app = application(container, endpoint, starter, hosts=_names(server), monitoring=monitoring)
    config = _config(app, container)
    config.load()
    limit_connection_memory()
    if own and config.ssl:
        own.install(config.ssl)
    if isinstance(starter, WorkerProcess):
        starter.wait_working()
    texts = PortalMailTexts(rendering=app.state.rendering, endpoint=endpoint)
    with _sending_mail(container, texts), monitoring.serving(container.settings.monitoring.port):
        ready = partial(_announce, container, endpoint, app.state.rendering)
        web_server = WebServer(config, stop, ready=ready)
        stop.tell(monitoring.readiness.stop)
        stop.listen()
        web_server.run(sockets=listeners)


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
        log_config=None,  # to where everything goes
        log_level="warning",
        http=DeadlineProtocol,
        timeout_keep_alive=IDLE_SECONDS,
        # Anybody on this host, and every machine behind its network, could say who they are otherwise.
        proxy_headers=bool(container.settings.trusted_proxies),
        forwarded_allow_ips=list(container.settings.trusted_proxies),
        server_header=False,
        # WebSockets carry machines' screens: browsers send little, and QEMU has compressed the pictures already.
        ws=WebSocketProtocol,
        ws_max_size=1 << 20,
        ws_per_message_deflate=False,
    )


def application(
    container: Container,
    endpoint: str,
    starter: Starter,
    *,
    hosts: Sequence[str] = (),
    monitoring: Monitoring | None = None,
) -> FastAPI:
    """Return one web application with the REST API, sign-in, uploads, consoles and pages.

    It answers requests whose host is one of `hosts`, of the settings', or of the loopback. Without `monitoring` it gets one of
    its own.
    """
    services = _services(container, endpoint, starter, monitoring or make_monitoring(container, starter))
    password_sign_in = PasswordSignIn(services.requests, services.secrets, services.tokens, services.wrong_tries)
    portal = make_portal(services, password_sign_in)
    app = make_app(services, password_sign_in=password_sign_in)
    portal.install(app)
    app.add_middleware(CheckRequests, hosts=(*hosts, *container.settings.hosts))
    return app


def _services(container: Container, endpoint: str, starter: Starter, monitoring: Monitoring) -> Services:
    installation = container.installation
    return Services(
        database=container.database,
        clock=container.clock,
        id_generator=container.id_generator,
        secrets=container.secrets,
        wrong_tries=container.wrong_tries,
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
        readiness=monitoring.readiness,
        observers=monitoring.observers,
        traffic=container.traffic,
        computers=container.computers,
        provider=OpenIdProvider(container.settings.openid, container.clock) if container.settings.openid else None,
    )


@contextmanager
def _sending_mail(container: Container, texts: PortalMailTexts) -> Iterator[None]:
    """Send invitations in a thread of its own, since a mail server may take long; nothing without one in the settings."""
    if container.settings.mail is None:
        yield
        return
    server = SmtpServer(container.settings.mail)
    job = PeriodicJob(
        every=MAIL_SECONDS,
        do=lambda: send_invitations(container.context, server, texts),
        alone=Alone.EVERYWHERE,
        name="mail",
    )
    sending = Reconciler((job,), name="mail", turns=Turns(container.leases))
    sending.start()
    try:
        yield
    finally:
        sending.stop()


@contextmanager
def _starter(container: Container, stop: Stop, beside: WorkerProcess | None, *, worker: bool) -> Iterator[Starter]:
    """Have the work done here, beside this process, or by whoever else does it."""
    if beside is None and worker:
        with running_worker(container, stop) as starter:
            yield starter
        return
    upkeep = Reconciler((memory_job(),), name="memory")
    upkeep.start()
    try:
        with beside.running(stop) if beside else nullcontext(WorkerlessStarter()) as elsewhere:
            yield elsewhere
    finally:
        upkeep.stop()


def _announce(container: Container, endpoint: str, rendering: Rendering) -> None:
    """Publish the address once the server accepts connections."""
    threading.Thread(target=_warm_up, args=(rendering,), name="warm-up", daemon=True).start()
    _tell_start(container, endpoint)
    write_connect(container, endpoint)


def _warm_up(rendering: Rendering) -> None:
    """Prepare in the background what nearly every page needs, and freeze it for the garbage collector."""
    rendering.prepare()
    freeze_garbage_collector()


def _tell_start(container: Container, endpoint: str) -> None:
    if container.settings.logs.format is LogFormat.JSON:  # whoever collects lines reads no prose
        log.info("Galeria is running at %s", endpoint)
        return
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
