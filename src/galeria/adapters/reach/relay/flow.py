"""One direction of a connection through the relay: the kernel moves the bytes from one socket to the other, by way of a pipe.

They are never copied into this process. A pipe is lent for the moment; one that holds what the other end does not take yet
stays with its flow, which reads nothing more meanwhile.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import Callable

PIECE = 1024 * 1024  # bytes, as much as an ordinary account may have in a pipe
MOST_SPARE = 8  # pipes that are kept for the next use
TURNS = 8  # pieces of one flow in a row, before others have their turn
_NOW = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class Pipes:
    """Empty pipes, made where none is left."""

    def __init__(self) -> None:
        self._spare: list[tuple[int, int]] = []

    def take(self) -> tuple[int, int]:
        """Return one. Raises OSError where there can be no more."""
        if self._spare:
            return self._spare.pop()
        ends = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(
            OSError
        ):  # an account may have so much in all pipes together; a smaller one does as well
            fcntl.fcntl(ends[1], _F_SETPIPE_SZ, PIECE)
        return ends

    def give_back(self, ends: tuple[int, int], *, is_empty: bool) -> None:
        """Keep one for later, or close it."""
        if is_empty and len(self._spare) < MOST_SPARE:
            self._spare.append(ends)
            return
        for end in ends:
            os.close(end)


_PIPES = Pipes()


class Flow:
    """Moves bytes from `source` to `sink`, both without blocking. `ended` is called once, with whether both ends still work."""

    __slots__ = ("_ended", "_held", "_is_broken", "_is_over", "_loop", "_pipe", "_sink", "_source", "moved")

    def __init__(self, source: socket.socket, sink: socket.socket, ended: Callable[["Flow", bool], None]) -> None:
        self.moved = 0
        self._source, self._sink, self._ended = source, sink, ended
        self._loop = asyncio.get_running_loop()
        self._pipe: tuple[int, int] | None = None
        self._held = 0  # bytes in the pipe
        self._is_over = self._is_broken = False

    def start(self) -> None:
        """Begin to move."""
        self._loop.add_reader(self._source, self._read)

    @property
    def is_holding(self) -> bool:
        """Whether the sink has still to take something."""
        return self._held > 0

    @property
    def is_over(self) -> bool:
        """Whether it moves nothing more."""
        return self._is_over

    def finish_held(self) -> None:
        """End once the sink has taken what is on its way: the source is lost."""
        self._is_broken = True

    def stop(self) -> None:
        """Move nothing more. May be repeated; the sockets are the caller's to close."""
        self._is_over = True
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)
        if self._pipe is not None:
            _PIPES.give_back(self._pipe, is_empty=self._held == 0)
            self._pipe, self._held = None, 0

    def _read(self) -> None:
        for _ in range(TURNS):
            try:
                self._pipe = self._pipe or _PIPES.take()
                self._held = os.splice(self._source.fileno(), self._pipe[1], PIECE, flags=_NOW)
            except BlockingIOError:
                self._rest()
                return
            except OSError:
                self._end(is_whole=False)
                return
            if self._held == 0:
                self._finish()
                return
            self.moved += self._held
            if not self._write():
                if not self._is_over:
                    self._loop.remove_reader(self._source)
                    self._loop.add_writer(self._sink, self._go_on)
                return
        self._rest()

    def _write(self) -> bool:
        """Move what the pipe holds; return whether it is empty now."""
        assert self._pipe is not None
        while self._held:
            try:
                self._held -= os.splice(self._pipe[0], self._sink.fileno(), self._held, flags=_NOW)
            except BlockingIOError:
                return False
            except OSError:
                self._end(is_whole=False)
                return False
        return True

    def _go_on(self) -> None:
        if self._write():
            self._loop.remove_writer(self._sink)
            if self._is_broken:
                self._end(is_whole=True)
                return
            self._loop.add_reader(self._source, self._read)
            self._rest()

    def _rest(self) -> None:
        if self._pipe is not None:
            _PIPES.give_back(self._pipe, is_empty=True)
            self._pipe = None

    def _finish(self) -> None:
        """Tell the sink that nothing more comes; the other direction may go on."""
        with contextlib.suppress(OSError):
            self._sink.shutdown(socket.SHUT_WR)
        self._end(is_whole=True)

    def _end(self, *, is_whole: bool) -> None:
        if not self._is_over:
            self.stop()
            self._ended(self, is_whole)
