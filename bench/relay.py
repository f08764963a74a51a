"""Measure the relay: how fast one stream goes through it, beside a direct connection, and what idle connections cost."""

import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from bench.home import Rates, measure_at_home
from bench.lines import STREAM, fetch, running_relay, serving
from bench.rows import MIB, Row, Spent, Task, at_least, at_most, best_of, mebibytes, timed

LOOPBACK = "127.0.0.1"
IDLE = 200
LEAST_SHARE, MOST_MEMORY = 0.6, 50 * MIB


def measure(task: Task) -> list[Row]:
    at_home = measure_at_home(task.directory / "relay-at-home", rounds=task.rounds)
    with (
        serving(LOOPBACK) as target,
        running_relay(task.directory / "relay", listen=LOOPBACK, host=LOOPBACK, target=target) as (port, process),
    ):
        direct, relayed = best_of(lambda: _fetched(target), lambda: _fetched(port), rounds=task.rounds)
        used = _with_idle_connections(port, process)
    return [
        *(_row_at_home(way, rates) for way, rates in at_home.items()),
        Row(
            name=f"{mebibytes(STREAM)} through the relay, on the loopback: rate beside one network stack less",
            ours=f"{STREAM / MIB / relayed.seconds:.0f} MiB/s",
            peer=f"direct: {STREAM / MIB / direct.seconds:.0f} MiB/s",
            ratio=direct.seconds / relayed.seconds,
        ),
        Row(
            name=f"the relay's memory with {IDLE} idle connections",
            ours=mebibytes(used),
            limit=mebibytes(MOST_MEMORY),
            ratio=used / MOST_MEMORY,
            goal=at_most(1),
        ),
    ]


def _row_at_home(way: str, rates: Rates) -> Row:
    return Row(
        name=f"one stream of iperf3 between home and machine, {way} through the relay: rate",
        ours=f"{rates.relayed / MIB:.0f} MiB/s, {rates.relay_cpu:.0%} of a processor",
        peer=f"direct: {rates.direct / MIB:.0f} MiB/s",
        ratio=rates.relayed / rates.direct,
        goal=at_least(LEAST_SHARE),
    )


def _fetched(port: int) -> Spent:
    return timed(lambda: fetch(LOOPBACK, port))


def _with_idle_connections(port: int, process: int) -> int:
    """Return the resident bytes of the relay while many are connected and nobody says anything."""
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection((LOOPBACK, port))).sendall(b"-")
        time.sleep(2)  # until it has dialled for the last
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
