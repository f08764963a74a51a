"""The row by which a process that shares its database with others shows that it lives, and the end of those that do not.

A process that cannot renew its sign of life ends itself before the others may give it up, so that its work is never done
twice at the same time. Clocks of computers are not compared: signs of life are dated by the database, and the time since
the last one is taken from a clock that goes on while the computer sleeps.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from uuid import uuid4

import sqlalchemy as sa

from galeria.adapters.db.engine import Fence, connecting, session_name, translating
from galeria.adapters.db.tables.process_tables import leases, processes
from galeria.domain.errors import GaleriaError

log = logging.getLogger(__name__)

BEAT = 2.0
"""Seconds between two signs of life."""
STATEMENT = 2.0
"""Seconds that the database may take for one."""
SELF_END = 9.0
"""Seconds without a sign of life after which a process ends itself."""
GIVEN_UP = 12.0
"""Seconds without a sign of life after which the others give a process up: more than SELF_END and STATEMENT together."""
GOODBYE = 2.0
"""Seconds in which a process ends that has said goodbye."""
REMEMBERED = 86_400.0
"""Seconds for which the row of an ended process is kept."""
EXIT_CODE = 75
"""sysexits.h: a failure that passes. Whatever watches over the process starts it anew."""

_LOOK = 0.2
"""Seconds between two looks at the time since the last sign of life, and until one that failed is tried again."""
_NOW = sa.func.clock_timestamp()
_TERMINATE = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = left(:name, 63)"
    " AND backend_xid IS NOT NULL AND state_change < clock_timestamp() - make_interval(secs => :silence)"
)


class ProcessKind(StrEnum):
    """What a process is, as others are told."""

    SERVER = "server"
    WORKER = "worker"
    SERVER_AND_WORKER = "server and worker"
    COMMAND = "command"

    @property
    def does_work(self) -> bool:
        """Whether it runs operations."""
        return self in (ProcessKind.WORKER, ProcessKind.SERVER_AND_WORKER)


def leave() -> None:
    """End this process at once, as a crash would."""
    log.error("this process could not show that it lives, and ends itself; others go on with its work")
    logging.shutdown()
    os._exit(EXIT_CODE)


class RegisteredProcess:
    """This process among those that share a PostgreSQL database.

    `regions` are those whose work it does. `give_up` is called once this process must not go on.
    """

    def __init__(
        self, url: sa.URL, *, kind: ProcessKind, regions: Iterable[str] = (), give_up: Callable[[], None] = leave
    ) -> None:
        self.id = str(uuid4())
        self._kind, self._regions, self._give_up = kind, sorted(regions), give_up
        # Connections of its own: signs of life wait neither for other work's connections nor for a slow statement.
        milliseconds = int(STATEMENT * 1000)
        own = sa.create_engine(
            url,
            pool_size=2,
            hide_parameters=True,
            connect_args={
                **connecting(statement_timeout=milliseconds, idle_in_transaction_session_timeout=5000),
                # Quicker than other sessions: one that is dead is opened anew before this process must end itself.
                "connect_timeout": 2,
                "keepalives_idle": 1,
                "keepalives_interval": 1,
                "tcp_user_timeout": milliseconds,
            },
        )
        self._engine = translating(own)
        self._stopping = threading.Event()
        self._shown = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._threads = [
            threading.Thread(target=self._beat, name="sign of life", daemon=True),
            threading.Thread(target=self._watch, name="watch over the sign of life", daemon=True),
            threading.Thread(target=self._give_up_others, name="watch over the others", daemon=True),
        ]

    @property
    def fence(self) -> Fence:
        """What keeps transactions of this process from changing anything once the others have given it up."""
        return Fence(process_id=self.id, given_up=self._give_up)

    def start(self) -> None:
        """Register this process, and show from now on that it lives. Raises Unavailable."""
        self.register()
        for each in self._threads:
            each.start()

    def register(self) -> None:
        """Make the others know this process; without further signs of life they give it up. Raises Unavailable."""
        row = {"id": self.id, "kind": self._kind.value, "host": socket.gethostname(), "pid": os.getpid()}
        self._shown = _boot_time()
        with self._engine.begin() as connection:
            connection.execute(sa.insert(processes).values(**row, regions=self._regions, started_at=_NOW, beat_at=_NOW))

    def stop(self) -> None:
        """Say goodbye: the others give this process up in some seconds, when it has ended. May be repeated."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for each in self._threads:
            if each.is_alive():
                each.join()
        # Not at once: steps run until the process is gone, and nobody may repeat them before.
        soon = _NOW - _seconds(GIVEN_UP - GOODBYE)
        with self._engine.begin() as connection:
            own = processes.c.id == self.id, processes.c.ended_at.is_(None)
            connection.execute(sa.update(processes).where(*own).values(beat_at=soon))
        self._engine.dispose()

    def is_one_at_work(self, region: str) -> bool:
        """Tell whether a living process does the region's work."""
        with self._engine.connect() as connection:
            found = connection.scalars(sa.select(processes.c.regions).where(processes.c.ended_at.is_(None)))
            return any(region in regions for regions in found)

    def find_other_host(self, region: str) -> str | None:
        """Return the computer of a process that does the region's work; None where one does so here, or none is known.

        Without a living one it is where the last ones were.
        """
        columns = processes.c
        asked = sa.select(columns.host, columns.regions, columns.ended_at.is_(None)).order_by(columns.started_at.desc())
        with self._engine.connect() as connection:
            known = [(host, is_living) for host, regions, is_living in connection.execute(asked) if region in regions]
        hosts = [host for host, is_living in known if is_living] or [host for host, _ in known]
        return None if socket.gethostname() in hosts else next(iter(hosts), None)

    def living(self) -> set[str]:
        """Return the ids of the processes that were not given up and have not ended."""
        with self._engine.connect() as connection:
            return set(connection.scalars(sa.select(processes.c.id).where(processes.c.ended_at.is_(None))))

    def _beat(self) -> None:
        pause = BEAT
        while not self._stopping.wait(pause):
            asked = _boot_time()  # before the statement: the row is never older than this process believes
            try:
                if not self._show():
                    self._give_up()
                    return
                self._shown, pause = asked, BEAT
            except GaleriaError as error:
                log.warning("no sign of life could be given: %s", error)
                pause = _LOOK  # a session that the server has ended is opened anew at once

    def _give_up_others(self) -> None:
        """A thread of its own: its statements may wait for rows of others, and no sign of life may."""
        while not self._stopping.wait(BEAT):
            try:
                self._give_up_silent()
            except GaleriaError as error:
                log.warning("it could not be looked whether others live: %s", error)

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK):
            if _boot_time() - self._shown > SELF_END:
                self._give_up()
                return

    def _show(self) -> bool:
        with self._engine.begin() as connection:
            own = processes.c.id == self.id, processes.c.ended_at.is_(None)
            return connection.execute(sa.update(processes).where(*own).values(beat_at=_NOW)).rowcount == 1

    def _give_up_silent(self) -> None:
        """Give up the processes without a recent sign of life: their leases end with them."""
        with self._engine.begin() as connection:
            _end(connection, processes.c.beat_at < _NOW - _seconds(GIVEN_UP))
            _end_sessions(connection)
            old = processes.c.ended_at < _NOW - _seconds(REMEMBERED)
            connection.execute(sa.delete(processes).where(old))


def find_living(connection: sa.Connection) -> tuple[str, int] | None:
    """Return the host and the process id of one that shows that it lives; None where there is none."""
    shown = processes.c.ended_at.is_(None), processes.c.beat_at > _NOW - _seconds(GIVEN_UP)
    found = connection.execute(sa.select(processes.c.host, processes.c.pid).where(*shown)).first()
    return None if found is None else (found.host, found.pid)


def _end(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    # A row that a transaction holds is left for the next time: its process may have been stopped within it, and nobody
    # may wait until the server ends that.
    held = sa.select(processes.c.id).where(which, processes.c.ended_at.is_(None)).with_for_update(skip_locked=True)
    ended = list(connection.scalars(held))
    if ended:
        connection.execute(sa.update(processes).where(processes.c.id.in_(ended)).values(ended_at=_NOW))
        connection.execute(sa.delete(leases).where(leases.c.process_id.in_(ended)))


def _end_sessions(connection: sa.Connection) -> None:
    """End the sessions in which silent processes hold their rows, where the server does not do so itself.

    PostgreSQL ends a transaction that says nothing for long, but not one within a pipeline of statements, as the driver sends
    many rows. A living process with the same name of a session has none that changes something and was silent for so long.
    """
    silent = sa.select(processes.c.host, processes.c.pid).where(
        processes.c.beat_at < _NOW - _seconds(GIVEN_UP), processes.c.ended_at.is_(None)
    )
    for host, pid in connection.execute(silent).all():
        ended = connection.execute(_TERMINATE, {"name": session_name(host, pid), "silence": GIVEN_UP}).all()
        if ended:
            log.warning("%d sessions of process %d at %s were ended: it was stopped within them", len(ended), pid, host)


def _seconds(number: float) -> sa.Function[object]:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, number)


def _boot_time() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
