"""uvicorn's server, which ends when this process is to stop, and says when it can be reached."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from galeria.bootstrap.stopping import Stop

LAST_BYTES = 1.0  # seconds for idle connections: over TLS they close only when the other side says so too


class WebServer(uvicorn.Server):
    """Takes requests until it is to stop; those under way are answered first, as long as there is time."""

    def __init__(self, config: uvicorn.Config, stop: Stop, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._ready = ready
        stop.tell(self._end)

    def _end(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Stop`: uvicorn would send them to this process again at its end, before ours."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def _wait_tasks_to_complete(self) -> None:
        """Wait for requests, and not for connections that have none."""
        while self.server_state.tasks and self._stop.seconds_left > 0:
            await asyncio.sleep(0.05)
        try:
            await asyncio.wait_for(super()._wait_tasks_to_complete(), LAST_BYTES)
        except TimeoutError:
            if self.server_state.tasks:
                raise  # uvicorn cuts them off, and logs how many
