"""Run the server and the worker as processes."""

import logging
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from galeria.adapters.db.engine import empty_write_ahead_log
from galeria.adapters.db.processes import ProcessKind
from galeria.adapters.durable import DbosStarter, WorkerlessStarter
from galeria.adapters.engine.nbd_source import remove_stale_sockets
from galeria.adapters.host_boot import has_restarted, note_start
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.tokens import JwtTokens
from galeria.adapters.mail import SmtpServer
from galeria.adapters.reach.certificate_files import CertificateFiles
from galeria.adapters.reach.listening import bound_sockets, ephemeral_ports, reserved_ports
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.adapters.settings_file import read_settings
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.data_lock import SERVER_LOCK, WORKER_LOCK, locked_data
from galeria.bootstrap.first_start import ensure_first_start, find_password_link, write_connect
from galeria.bootstrap.http_protocol import DeadlineProtocol, WebSocketProtocol
from galeria.bootstrap.logs import configure_logging
from galeria.bootstrap.monitoring import Monitoring, make_monitoring
from galeria.bootstrap.periodic_jobs import (
    Alone,
    PeriodicJob,
    Reconciler,
    Turns,
    clock_jobs,
    freeze_garbage_collector,
    message_jobs,
    periodic_jobs,
    removal_jobs,
    upkeep_jobs,
    usage_jobs,
)
from galeria.bootstrap.stopping import Stop, exit_process
from galeria.bootstrap.web_server import WebServer
from galeria.domain.reach.server_settings import EVERY_ADDRESS, ServerOptions, ServerSettings, require_free_ports
from galeria.domain.serving.settings import LogFormat
from galeria.domain.settings import Settings
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

log = logging.getLogger(__name__)

MAIL_SECONDS = 2.0  # between two rounds of mails
FORGET_SECONDS = 30
TAKE_OVER_SECONDS = 2.0
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
    listeners = bound_sockets(server.address, server.port)
    port = listeners[0].getsockname()[1]
    names, endpoint = _names(server), _endpoint(server, port)
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    with _alone_on(data, SERVER_LOCK, "server", settings):
        container = open_container(
            data,
            names=names,
            fake=fake,
            import_hosts=import_hosts,
            server=server,
            kind=ProcessKind.SERVER_AND_WORKER if worker else ProcessKind.SERVER,
        )
        ensure_first_start(container)
        stop = Stop(server.stop_seconds)
        with _running_worker(container, stop) if worker else _without_worker() as starter:
            monitoring = make_monitoring(container, starter)
            app = application(container, endpoint, starter, hosts=names, monitoring=monitoring)
            config = _config(app, container)
            config.load()
            if own and config.ssl:
                own.install(config.ssl)
            texts = PortalMailTexts(rendering=app.state.rendering, endpoint=endpoint)
            with _sending_mail(container, texts), monitoring.serving(settings.monitoring.port):
                ready = partial(_announce, container, endpoint, app.state.rendering)
                web_server = WebServer(config, stop, ready=ready)
                stop.tell(monitoring.readiness.stop)
                stop.listen()
                web_server.run(sockets=listeners)
        container.close()
    exit_process()


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
        # Anybody on this host, and every machine behind its network, could say who they are otherwise.
        proxy_headers=bool(container.settings.trusted_proxies),
        forwarded_allow_ips=list(container.settings.trusted_proxies),
        server_header=False,
        # WebSockets carry machines' screens: browsers send little, and QEMU has compressed the pictures already.
        ws=WebSocketProtocol,
        ws_max_size=1 << 20,
        ws_per_message_deflate=False,
    )


def _alone_on(data: Path, file: str, what: str, settings: Settings) -> AbstractContextManager[None]:
    """Where several processes share a database, it is there that they see to it that nothing is done twice."""
    return nullcontext() if settings.database.is_shared else locked_data(data, file, what)


def work(
    data: Path, *, regions: frozenset[str] = frozenset(), fake: bool = False, import_hosts: frozenset[str] = frozenset()
) -> None:
    """Run operations without a server until SIGTERM or SIGINT: those of these regions, or all.

    Raises Conflict where another worker uses the data directory, Invalid for unknown regions, and Unavailable.
    """
    configure_logging(read_settings(data).logs)
    container = open_container(
        data, fake=fake, import_hosts=import_hosts, kind=ProcessKind.WORKER, regions=regions or None
    )
    stop = Stop(container.settings.server.stop_seconds)
    stop.listen()
    with _running_worker(container, stop) as starter:
        monitoring = make_monitoring(container, starter)
        stop.tell(monitoring.readiness.stop)
        with monitoring.serving(container.settings.monitoring.worker_port):
            stop.wait()
    container.close()
    exit_process()


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
        computers=container.computers,
        provider=OpenIdProvider(container.settings.openid, container.clock) if container.settings.openid else None,
    )


@contextmanager
def _running_worker(container: Container, stop: Stop) -> Iterator[Starter]:
    """Run a worker and the periodic jobs in this process.

    Raises Conflict: a data directory has one worker, unless its database is shared.
    """
    with _alone_on(container.data, WORKER_LOCK, "worker", container.settings):
        remove_stale_sockets()
        starter = DbosStarter(database_url=container.durable_url, context=container.context, process=container.process)
        private = container.data / "private"
        if has_restarted(private):
            bring_back_machines(container.context)
        note_start(private)
        stop.tell(starter.begin_no_more)
        starter.launch()
        jobs = periodic_jobs(container.context, starter, container.audit_copy, container.relay)
        forgetting = PeriodicJob(every=FORGET_SECONDS, do=lambda: _forget_old_pages(container))
        turns = Turns(container.leases, place=_place(container))
        reconcilers = (
            Reconciler((*jobs, forgetting), turns=turns),
            Reconciler(clock_jobs(container.context, container.relay), name="clock", turns=turns),
            Reconciler(message_jobs(container.context), name="messages", turns=turns),
            Reconciler(usage_jobs(container.context), name="storage usage", turns=turns),
            Reconciler(upkeep_jobs(container.context), name="upkeep", turns=turns),
            Reconciler(removal_jobs(container.context, starter), name="old operations", turns=turns),
            Reconciler((PeriodicJob(every=TAKE_OVER_SECONDS, do=starter.take_over),), name="take-over"),
        )
        for each in reconcilers:
            each.start()
        try:
            yield starter
        finally:
            for each in reconcilers:
                each.stop()
            left = starter.finish_steps(stop.seconds_left)
            if left:
                log.info("stopped within these steps, which go on at the next start: %s", ", ".join(left))
            starter.close()


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


def _place(container: Container) -> str:
    """Name what this process looks after besides the database: the machines of its regions on this computer."""
    regions = sorted(container.context.regions or ())
    return " ".join(["of", *(regions or ["all regions"]), "at", socket.gethostname(), str(container.data.resolve())])


def _forget_old_pages(container: Container) -> None:
    empty_write_ahead_log(container.sql)


@contextmanager
def _without_worker() -> Iterator[Starter]:
    yield WorkerlessStarter()


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
