"""The relay's work: listen on what the table names, let connections in or not, and say who is connected."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from galeria.adapters.reach.listening import bound_sockets
from galeria.adapters.reach.relay.files import TABLE, find_state, find_table, write_state
from galeria.adapters.reach.relay.limits import ConnectionLimits
from galeria.adapters.reach.relay.session import Door, RelaySession
from galeria.adapters.reach.relay.uses import Uses
from galeria.domain.errors import Unavailable
from galeria.domain.reach.relay import (
    LEAST_ATTEMPT,
    SHORT_SECONDS,
    RelayConnection,
    RelayRoute,
    RelayState,
    RelayTable,
    Service,
)
from galeria.domain.reach.server_settings import EVERY_ADDRESS

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2  # between two looks at the table
STATE_SECONDS = 1.0  # between two states that differ
BYTES_SECONDS = 30.0  # between two states where only bytes have gone by
RETRY_SECONDS = 2.0  # between two attempts to listen on a port
IDLE_SECONDS = 30.0  # with nothing to do, after which the process ends
FILES_EACH = 6  # descriptors of one connection at most: two sockets, two pipes
FILES_LEFT = 64  # descriptors that are not for connections
BACKLOG = 128


class RelayServer:
    """Runs until a signal, or until there is nothing left to do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table = RelayTable()
        self._looked_at: tuple[int, int] = (0, 0)
        self._limits = ConnectionLimits(self._table.limits)
        self._servers: dict[RelayRoute, list[Door]] = {}
        self._unusable: dict[int, str] = {}
        self._retry_at = 0.0
        self._sessions: set[RelaySession] = set()
        before = _find_state(folder)
        self._uses = Uses(before.uses if before else ())
        self._stop = asyncio.Event()
        self._has_news = True
        self._state_at = 0.0
        self._busy_at = time.monotonic()
        self._most_files = _raise_file_limit()

    async def run(self) -> None:
        """Work until there is nothing left to do, or SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        while not self._stop.is_set():
            if not self._look():
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stop.wait()
        for session in list(self._sessions):
            session.cut()
        self._uses.settle(time.monotonic(), everything=True)
        if self._folder.is_dir():
            self._write(time.monotonic())

    def admit(self, route: RelayRoute, line: socket.socket, address: str) -> bool:
        """Let a connection in and return True, or refuse it."""
        now, at = time.monotonic(), datetime.now(UTC)
        self._has_news = True
        has_room = FILES_EACH * len(self._sessions) + 2 * len(self._servers) + FILES_LEFT < self._most_files
        if not has_room or route not in self._servers or not self._limits.admit(address, route, now):
            if self._uses.refuse(route, address, at, now):
                log.warning("refused: %s of %s from %s, beyond the limits", route.service, route.scope, address)
            return False
        self._uses.begin(route, address, at)
        self._sessions.add(RelaySession(self, route, line, address, now))
        return True

    def end(self, session: RelaySession) -> None:
        """Note that a connection is over."""
        now, route = time.monotonic(), session.route
        self._has_news = True
        self._sessions.discard(session)
        is_early = now - session.began < SHORT_SECONDS
        is_short = is_early and route.service is Service.SSH and session.sent >= LEAST_ATTEMPT
        if is_short:
            self._limits.count_short(session.address, route, now)
        self._uses.end(
            route,
            session.address,
            datetime.now(UTC),
            now,
            received=session.received,
            sent=session.sent,
            short=is_short,
        )

    def _look(self) -> bool:
        """Do what is due. Return False where there is nothing left to do, or the folder is gone."""
        now = time.monotonic()
        try:
            found = (self._folder / TABLE).stat()
        except FileNotFoundError:
            return False
        if (found.st_mtime_ns, found.st_ino) != self._looked_at:
            self._looked_at = (found.st_mtime_ns, found.st_ino)
            self._follow()
        elif self._unusable and now >= self._retry_at:
            self._listen()
        self._has_news |= self._uses.settle(now)
        self._has_news |= bool(self._sessions) and now - self._state_at >= BYTES_SECONDS
        if self._has_news and now - self._state_at >= STATE_SECONDS:
            self._write(now)
        if self._table.routes or self._sessions or self._uses.some_under_way or self._uses.ended:
            self._busy_at = now
        return now - self._busy_at < IDLE_SECONDS

    def _follow(self) -> None:
        """Do what the table says now. One that cannot be read changes nothing."""
        try:
            table = find_table(self._folder)
        except ValueError as error:
            log.error("The table cannot be read, and the one before stays in use: %s", error)
            return
        if table is None:
            return
        if table.limits != self._limits.limits:
            self._limits = ConnectionLimits(table.limits)
        others = self._servers if table.listen != self._table.listen else self._servers.keys() - set(table.routes)
        for route in list(others):
            self._leave(route)
        self._table = table
        self._has_news |= self._uses.forget(table.recorded)
        self._listen()

    def _leave(self, route: RelayRoute) -> None:
        """Listen no more for a route, and end what goes through it."""
        for door in self._servers.pop(route, []):
            door.close()
        for session in [each for each in self._sessions if each.route == route]:
            session.cut()

    def _listen(self) -> None:
        """Listen for the routes of the table for which nothing listens yet."""
        unusable: dict[int, str] = {}
        for route in self._table.routes:
            if route in self._servers:
                continue
            try:
                listeners = bound_sockets(self._table.listen or EVERY_ADDRESS, route.port)
            except Unavailable as error:
                unusable[route.port] = str(error.message)
                continue
            self._servers[route] = [Door(each, partial(self.admit, route), BACKLOG) for each in listeners]
        for port in unusable.keys() - self._unusable.keys():
            log.error("%s Nobody reaches the machine behind it.", unusable[port])
        self._has_news |= unusable != self._unusable
        self._unusable, self._retry_at = unusable, time.monotonic() + RETRY_SECONDS

    def _write(self, now: float) -> None:
        passed = time.time() - now
        state = RelayState(
            process=os.getpid(),
            connections=tuple(
                RelayConnection(
                    machine=each.route.machine,
                    scope=each.route.scope,
                    service=each.route.service,
                    address=each.address,
                    since=datetime.fromtimestamp(each.began + passed, UTC),
                    sent=each.sent,
                )
                for each in sorted(self._sessions, key=lambda each: each.began)
            ),
            uses=tuple(self._uses.ended.values()),
            unusable=tuple(self._unusable.items()),
            lost=self._uses.lost,
        )
        try:
            write_state(self._folder, state)
        except OSError as error:  # a full disk does not end anybody's session
            log.warning("The state cannot be written: %s", error)
        else:
            self._has_news = False
        self._state_at = now


def _find_state(folder: Path) -> RelayState | None:
    try:
        return find_state(folder)
    except ValueError as error:
        log.warning("The state of the process before cannot be read: %s", error)
        return None


def _raise_file_limit() -> int:
    """Allow as many open files as the host does, and return that number."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
