"""Connects readiness and figures of a server or a worker with what they look at, and serves them for monitoring."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from galeria.adapters.db.figures import SqlFigures
from galeria.adapters.disks.free_room import room_of
from galeria.adapters.durable import DbosStarter
from galeria.adapters.reach.listening import bound_sockets
from galeria.adapters.system import installed_version
from galeria.bootstrap.container import Container
from galeria.bootstrap.http_protocol import IDLE_SECONDS, DeadlineProtocol
from galeria.bootstrap.readiness import process_checks
from galeria.domain.serving.settings import MonitoringSettings
from galeria.interfaces.monitoring.metrics import Metrics
from galeria.interfaces.monitoring.observed_requests import RequestObserver
from galeria.interfaces.monitoring.private_app import monitoring_app
from galeria.interfaces.monitoring.readiness import Readiness
from galeria.interfaces.monitoring.request_log import RequestLog
from galeria.ports.work import Starter

STOP_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Whether one process is ready, its figures, and who is told each request."""

    settings: MonitoringSettings
    readiness: Readiness
    metrics: Metrics
    observers: tuple[RequestObserver, ...]

    @contextmanager
    def serving(self, port: int) -> Iterator[None]:
        """Answer at the address of the settings in a thread of its own; nothing where the port is 0.

        Raises Unavailable for a port in use.
        """
        if not port:
            yield
            return
        listeners = bound_sockets(self.settings.listen, port)
        server = uvicorn.Server(_config(monitoring_app(self.metrics, self.readiness, token=self.settings.token)))
        thread = threading.Thread(target=server.run, args=(listeners,), name="monitoring", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)


def make_monitoring(container: Container, starter: Starter) -> Monitoring:
    """Return the monitoring of this process. Lines of its log are counted from now on."""
    readiness = Readiness(process_checks(container, starter))
    metrics = Metrics(
        version=installed_version(),
        readiness=readiness,
        figures=SqlFigures(engine=container.sql, clock=container.clock),
        room=lambda: room_of(container.data, list(container.stores)),
        steps=lambda: starter.steps_under_way if isinstance(starter, DbosStarter) else 0,
    )
    logging.getLogger().addHandler(metrics.log_handler())
    settings = container.settings
    return Monitoring(
        settings=settings.monitoring,
        readiness=readiness,
        metrics=metrics,
        observers=(metrics, container.traffic, *((RequestLog(),) if settings.logs.requests else ())),
    )


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        lifespan="off",
        ws="none",
        http=DeadlineProtocol,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,
    )
