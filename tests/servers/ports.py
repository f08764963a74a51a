"""Ports of the loopback for servers that the tests start themselves."""

import random
import socket
from contextlib import ExitStack, suppress

LOOPBACK = "127.0.0.1"

# Apart from those that installations give to machines, from 16384 on, and those that Linux gives to outgoing connections, from
# 32768 on: one of the latter may be taken by any connection of the computer before the server that it is for has started.
_OURS = range(10000, 16384)
_RANDOM = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = _RANDOM.choice(_OURS)
            with suppress(OSError):  # somebody has it
                held.enter_context(socket.create_server((LOOPBACK, port)))
                found.append(port)
    return found


def free_port() -> int:
    """One that is free now."""
    return free_ports(1)[0]
