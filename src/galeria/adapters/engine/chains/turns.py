"""Whose turn it is with the files of a machine's disk: what people wait for interrupts the joining of layers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from galeria.ports.machines import Machine


@dataclass(eq=False, slots=True)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0


class ChainTurns:
    """One turn for each machine, within this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[str, _Turn] = {}

    @contextmanager
    def in_front(self, machine: Machine) -> Iterator[None]:
        """Have the machine's files to oneself; work in the background that has them ends soon."""
        turn = self._turn(machine)
        with self._guard:
            turn.waiting += 1
        try:
            turn.lock.acquire()
        finally:
            with self._guard:
                turn.waiting -= 1
        try:
            yield
        finally:
            turn.lock.release()

    @contextmanager
    def in_background(self, machine: Machine) -> Iterator[Callable[[], bool] | None]:
        """Have the machine's files as long as nobody in front wants them, which is what the given function tells.

        None where they are taken.
        """
        turn = self._turn(machine)
        if not turn.lock.acquire(blocking=False):
            yield None
            return
        try:
            yield lambda: turn.waiting > 0
        finally:
            turn.lock.release()

    def _turn(self, machine: Machine) -> _Turn:
        with self._guard:
            return self._turns.setdefault(machine.id, _Turn())
