"""A worker in a process of its own beside its server. They begin together, and neither goes on without the other.

Threads of one Python process take turns, so that answers wait for the work; processes do not. The worker is forked before
anything is open: all programs are loaded by then, and their memory is there once. A socket connects the two: over it the
server tells which operations have been begun, and by its end learns that its worker is gone. The kernel ends a worker
whose server is gone.
"""

import ctypes
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from galeria.adapters.db.processes import EXIT_CODE
from galeria.bootstrap.stopping import Stop, exit_process
from galeria.domain.errors import GaleriaError, Unavailable
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1  # prctl(2)
LONGEST = 1024  # bytes of a message, which is an operation's id
BEGIN, WORKING = b"begin", b"working"
END_SECONDS = 5.0  # for the last moments of a worker that has ended its steps


class WorkerProcess:
    """The worker's process as its server sees it: a `Starter`. Where it ends unasked, the server ends with it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self._pid, self._channel = pid, channel
        self._told = threading.Event()  # that it works, or has ended
        self._works = False
        self._is_asked = False
        self._watching = threading.Thread(target=self._watch, name="worker process", daemon=True)

    @contextmanager
    def running(self, stop: Stop) -> Iterator[Self]:
        """Let it begin, since the database is there and up to date, and have it end at the end of the block."""
        stop.tell(self.stop)
        self._watching.start()
        self._send(BEGIN)
        try:
            yield self
        finally:
            self._end(stop.seconds_left)

    def wait_working(self) -> None:
        """Return once it works on operations. Raises Unavailable where it could not begin."""
        self._told.wait()
        self.require_working()

    def require_working(self) -> None:
        """Raise Unavailable where no operation is worked on."""
        if not self._works:
            raise Unavailable(
                Message("The process that works on operations has ended."),
                hint=Message("The server's log says why. Start the server anew."),
            )

    def start(self, operation_id: str) -> None:
        """Tell the worker of an operation. What it is not told it finds within a second."""
        self._send(operation_id.encode())

    def stop(self) -> None:
        """Ask it to end. May be called within a signal's handler."""
        self._is_asked = True
        if self._watching.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    def _end(self, seconds: float) -> None:
        self.stop()
        self._watching.join(seconds + END_SECONDS)
        if self._watching.is_alive():
            os.kill(self._pid, signal.SIGKILL)
            self._watching.join()

    def _send(self, message: bytes) -> None:
        with suppress(OSError):  # it reads slowly, or is gone, which the watching thread sees
            self._channel.send(message, socket.MSG_DONTWAIT)

    def _watch(self) -> None:
        while self._channel.recv(LONGEST) == WORKING:
            self._works = True
            self._told.set()
        had_begun, self._works = self._works, False
        os.waitpid(self._pid, 0)
        self._told.set()
        if had_begun and not self._is_asked:
            log.error("the process that works on operations has ended, and the server ends with it; start it anew")
            exit_process(EXIT_CODE)


class ServerChannel:
    """The server as its worker's process sees it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def wait_begin(self) -> bool:
        """Wait until the worker may begin; False where the server ended before."""
        return self._channel.recv(LONGEST) == BEGIN

    def tell_working(self) -> None:
        """Tell the server that operations are worked on."""
        self._channel.send(WORKING)

    def follow(self, start: Callable[[str], None]) -> None:
        """Call `start`, which raises nothing, with each operation that the server tells, in a thread of its own."""

        def run() -> None:
            while operation := self._channel.recv(LONGEST):
                start(operation.decode())

        threading.Thread(target=run, name="server", daemon=True).start()


def _end_with(server: int) -> None:
    """Have the kernel end this process together with its server, within whatever it does then, as after a crash."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        exit_process(EXIT_CODE)


def fork_worker(work: Callable[[ServerChannel], None]) -> WorkerProcess:
    """Fork a process that waits until it may begin, then runs `work` to its end.

    This process must have one thread, and nothing of the installation open.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server, pid = os.getpid(), os.fork()
    if pid:
        theirs.close()
        return WorkerProcess(pid, ours)
    code = 1
    try:
        ours.close()
        _end_with(server)
        os.setsid()  # a terminal's Ctrl-C is for the server, which then asks its worker to end
        channel = ServerChannel(theirs)
        if channel.wait_begin():
            work(channel)
        code = 0
    except GaleriaError as error:
        log.error("the work on operations cannot begin: %s", error)
    except BaseException:
        log.exception("the work on operations broke")
        raise
    finally:
        exit_process(code)
