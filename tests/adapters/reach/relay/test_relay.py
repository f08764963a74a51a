"""The relay's own process: what goes through, what is refused, what it says, and what it survives."""

import hashlib
import os
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from galeria.adapters.reach.relay.files import STATE, TABLE, find_state, find_table
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.domain.reach.relay import LEAST_ATTEMPT, RelayState, RelayTable, Service
from galeria.domain.reach.server_settings import RelayLimits
from tests.adapters.reach.relay.running import (
    RunningRelay,
    connect,
    echo,
    is_refused,
    machine,
    route,
    running_relay,
)
from tests.servers.ports import LOOPBACK, free_port
from tests.waiting import until

pytestmark = pytest.mark.slow

MIB = 1024 * 1024


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RunningRelay]:
    with running_relay(tmp_path / "relay") as relay:
        yield relay


def test_bytes_go_both_ways_whole_and_in_order(relay: RunningRelay) -> None:
    sent = random.Random(7).randbytes(40 * MIB)

    def hashed(line: socket.socket) -> None:
        """Read slowly at first, so that the sender has to wait; answer with a digest once all was sent."""
        found = hashlib.sha256()
        while data := line.recv(4096 if not found.digest() else 65536):
            found.update(data)
        line.sendall(found.digest() + sent)

    with machine(hashed) as target:
        way = route(target)
        relay.follow(way)
        with connect(way.port) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)  # half closed: the answer still comes
            with line.makefile("rb") as answer:
                got = answer.read()
    assert got == hashlib.sha256(sent).digest() + sent


def test_whoever_speaks_first_is_heard(relay: RunningRelay) -> None:
    with machine(lambda line: line.sendall(b"SSH-2.0-guest\r\n")) as target:
        way = route(target)
        relay.follow(way)
        with connect(way.port) as line, line.makefile("rb") as said:
            assert said.read() == b"SSH-2.0-guest\r\n"


def test_a_machine_that_does_not_answer_is_refused_and_the_next_try_may_succeed(relay: RunningRelay) -> None:
    target = free_port()
    way = route(target)
    relay.follow(way)
    assert is_refused(way.port)
    with socket.create_server((LOOPBACK, target)) as started, connect(way.port) as line:
        inner, _ = started.accept()
        with inner:
            inner.sendall(b"here")
            assert line.recv(4) == b"here"


def test_a_route_that_is_gone_is_refused_and_what_went_through_it_ends(relay: RunningRelay) -> None:
    with machine(echo) as target:
        gone, stays = route(target), route(target, machine="two")
        relay.follow(gone, stays)
        with connect(gone.port) as cut, connect(stays.port) as kept:
            for line in (cut, kept):
                line.sendall(b"x")
                assert line.recv(1) == b"x"
            relay.follow(stays)
            with suppress(ConnectionResetError):
                assert cut.recv(1) == b""
            assert is_refused(gone.port)
            kept.sendall(b"y")
            assert kept.recv(1) == b"y"


def test_it_goes_on_while_whoever_started_it_is_gone_and_is_not_started_twice(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way = route(target)
        relay.follow(way)
        with connect(way.port) as line:
            first = relay.until(lambda state: bool(state.connections), "it says who is connected").process
            another = RelayProcess(relay.folder)  # as after a restart of the server
            another.follow(RelayTable(listen=LOOPBACK, routes=(way,)))
            line.sendall(b"x")
            assert line.recv(1) == b"x"
        assert relay.until(lambda state: not state.connections, "it says that nobody is").process == first


def test_one_that_was_killed_is_started_again_with_what_it_had_seen(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way = route(target, service=Service.RDP)
        relay.follow(way)
        assert not is_refused(way.port)
        relay.process.stop()
        until(lambda: not relay.process.is_running(), "it ends")
        before = relay.state
        assert [each.connections for each in before.uses] == [1]
        relay.follow(way)
        after = relay.until(lambda state: state.process != before.process, "another runs")
        assert after.uses == before.uses
        os.kill(after.process, signal.SIGKILL)
        until(lambda: not relay.process.is_running(), "it is killed")
        relay.follow(way)
        assert not is_refused(way.port)


def test_it_says_who_is_connected_and_afterwards_what_was_used(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way = route(target, service=Service.RDP)
        relay.follow(way)
        with connect(way.port) as line:
            line.sendall(b"12345")
            assert line.recv(5) == b"12345"
            (open_now,) = relay.until(lambda state: bool(state.connections), "it says who is connected").connections
        assert (open_now.machine, open_now.service, open_now.address) == ("one", Service.RDP, LOOPBACK)
        relay.until(lambda state: not state.connections, "nobody is connected")
        relay.process.stop()
        until(lambda: not relay.process.is_running(), "it ends")
    (use,) = relay.state.uses
    assert (use.connections, use.refused, use.short, use.sent, use.received) == (1, 0, 0, 5, 5)
    assert use.began <= use.ended
    assert open_now.since >= use.began
    relay.follow(way, recorded=(use.id,))
    relay.until(lambda state: state.uses == (), "it forgets what was recorded")


def test_an_address_may_connect_so_often_to_a_machine(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way, other = route(target, service=Service.RDP), route(target, machine="two", service=Service.RDP)
        relay.follow(way, other, limits=RelayLimits(machine_connections_per_minute=3, connections_per_minute=5))
        assert [is_refused(way.port) for _ in range(4)] == [False, False, False, True]
        assert [is_refused(other.port) for _ in range(3)] == [False, False, True]  # five in all


def test_short_sessions_of_ssh_count_as_failures_and_leave_open_ones_alone(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way, desktop = route(target), route(target, service=Service.RDP)
        relay.follow(way, desktop, limits=RelayLimits(short_sessions=2))
        with connect(way.port) as line:
            for _ in range(5):
                assert not is_refused(way.port, said=bytes(LEAST_ATTEMPT - 1)), (
                    "who looks for the greeting is no guesser"
                )
            attempt = bytes(LEAST_ATTEMPT)
            assert [is_refused(way.port, said=attempt) for _ in range(2)] == [False, False]
            until(lambda: is_refused(way.port), "short sessions are counted")
            line.sendall(b"x")
            assert line.recv(1) == b"x"
            assert not is_refused(desktop.port)


def test_a_port_that_another_program_has_is_said_and_tried_again(relay: RunningRelay) -> None:
    with machine(echo) as target, ExitStack() as stack:
        other = stack.enter_context(socket.create_server((LOOPBACK, 0)))
        taken, way = route(target, port=other.getsockname()[1]), route(target, machine="two")
        relay.process.follow(RelayTable(listen=LOOPBACK, routes=(taken, way)))
        state = relay.until(lambda state: bool(state.unusable), "it says what it cannot use")
        assert state.unusable[0][0] == taken.port
        assert "Address already in use" in state.unusable[0][1]
        assert not is_refused(way.port)
        stack.close()
        relay.until(lambda state: not state.unusable, "it tries again")
        assert not is_refused(taken.port)


def test_a_table_that_cannot_be_read_changes_nothing(relay: RunningRelay) -> None:
    with machine(echo) as target:
        way = route(target)
        relay.follow(way)
        for content in (
            "",
            "[]",
            '{"routes": 3}',
            '{"routes": [{"port": 1}], "listen": "", "limits": {}, "recorded": []}',
        ):
            (relay.folder / TABLE).write_text(content, encoding="utf-8")
            log = relay.folder / "relay.log"
            seen = log.stat().st_size
            until(lambda log=log, seen=seen: log.stat().st_size > seen, "it complains")  # type: ignore[misc]
            assert not is_refused(way.port)


def test_it_ends_with_its_folder(relay: RunningRelay) -> None:
    with machine(echo) as target:
        relay.follow(route(target))
        (relay.folder / TABLE).unlink()
        until(lambda: not relay.process.is_running(), "it ends")


def test_nothing_is_started_for_nothing(tmp_path: Path) -> None:
    process = RelayProcess(tmp_path / "relay")
    process.follow(RelayTable())
    assert not (tmp_path / "relay").exists()
    assert process.state() == RelayState()
    assert not process.stop()


def test_the_files_say_what_was_written(relay: RunningRelay) -> None:
    way = route(1)
    table = RelayTable(routes=(way,), recorded=("a-1",), limits=RelayLimits(short_sessions=0))
    relay.process.follow(table)
    assert find_table(relay.folder) == table
    until(lambda: (relay.folder / STATE).is_file(), "it has a state")
    assert find_state(relay.folder) == relay.state
    (relay.folder / STATE).write_text('{"process": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="of another version"):
        find_state(relay.folder)
