"""Do the operations' work, and the periodic jobs, in this process."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from galeria.adapters.db.engine import empty_write_ahead_log
from galeria.adapters.db.processes import ProcessKind
from galeria.adapters.durable import DbosStarter
from galeria.adapters.engine.nbd_source import remove_stale_sockets
from galeria.adapters.host_boot import has_restarted, note_start
from galeria.adapters.settings_file import read_settings
from galeria.bootstrap.answer_traffic import AnswerTraffic
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.data_lock import WORKER_LOCK, alone_on
from galeria.bootstrap.logs import configure_logging
from galeria.bootstrap.monitoring import make_monitoring
from galeria.bootstrap.periodic_jobs import (
    PeriodicJob,
    Reconciler,
    Turns,
    clock_jobs,
    do_or_log,
    message_jobs,
    periodic_jobs,
    removal_jobs,
    upkeep_jobs,
    usage_jobs,
)
from galeria.bootstrap.stopping import Stop, exit_process
from galeria.bootstrap.worker_process import ServerChannel
from galeria.domain.reach.server_settings import ServerSettings
from galeria.reconcilers.host_restart import bring_back_machines

log = logging.getLogger(__name__)

FORGET_SECONDS = 30
TAKE_OVER_SECONDS = 2.0
LOCK_SECONDS = 3.0  # for a worker whose server was killed


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
    _work_until_stopped(container)


def work_beside(
    server: ServerChannel,
    data: Path,
    settings: ServerSettings,
    traffic: AnswerTraffic,
    *,
    fake: bool,
    import_hosts: frozenset[str],
) -> None:
    """Run operations for a server in another process, whose `traffic` is seen here, until SIGTERM, or until that one is gone.

    Raises Conflict where another worker uses the data directory, and Unavailable.
    """
    container = open_container(
        data, fake=fake, import_hosts=import_hosts, server=settings, kind=ProcessKind.WORKER, traffic=traffic
    )
    _work_until_stopped(container, server)


def _work_until_stopped(container: Container, server: ServerChannel | None = None) -> None:
    stop = Stop(container.settings.server.stop_seconds)
    stop.listen()
    with running_worker(container, stop) as starter:
        monitoring = make_monitoring(container, starter)
        stop.tell(monitoring.readiness.stop)
        with monitoring.serving(container.settings.monitoring.worker_port):
            if server:
                server.follow(lambda each: do_or_log(partial(starter.start, each), "the start of an operation"))
                server.tell_working()
            stop.wait()
    container.close()
    exit_process()


@contextmanager
def running_worker(container: Container, stop: Stop) -> Iterator[DbosStarter]:
    """Run a worker and the periodic jobs in this process.

    Raises Conflict: a data directory has one worker, unless its database is shared. One whose server has just been killed ends
    within moments, which is waited for.
    """
    with alone_on(container.data, WORKER_LOCK, "worker", container.settings, patience=LOCK_SECONDS):
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


def _place(container: Container) -> str:
    """Name what this process looks after besides the database: the machines of its regions on this computer."""
    regions = sorted(container.context.regions or ())
    return " ".join(["of", *(regions or ["all regions"]), "at", socket.gethostname(), str(container.data.resolve())])


def _forget_old_pages(container: Container) -> None:
    empty_write_ahead_log(container.sql)
