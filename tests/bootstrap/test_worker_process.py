"""A server with its worker in a process of its own: what is begun is worked on there, and neither lives without the other."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bootstrap.held_import import begin_held_import
from tests.system.server_process import SOUTH, ServerProcess, open_gallery
from tests.waiting import until

pytestmark = pytest.mark.slow

BESIDE = ("--fake", "--worker-process")
QUICK = 20.0  # seconds
LEFT = 75  # what a process ends with that whatever watches over it shall start again


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """One without machines that was not started yet."""
    server = ServerProcess(tmp_path, probed=tmp_path / "nothing", log=tmp_path / "galeria.log")
    yield server
    server.kill()
    until(lambda: not server.processes(), "all have ended")


def worker_of(server: ServerProcess) -> int:
    """The process that holds the worker's lock."""
    return int((server.data / "worker.lock").read_text())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_operations_are_worked_on_in_the_other_process(server: ServerProcess) -> None:
    server.start(*BESIDE)
    worker = worker_of(server)
    assert worker != server.pid
    assert set(server.processes()) == {server.pid, worker}
    open_gallery(server.galeria)
    with server.held_up(SOUTH):
        begun = begin_held_import(server)
    assert server.wait(begun).is_settled
    server.stop()
    assert server.process.returncode == 0
    assert not is_running(worker)


def test_a_killed_server_takes_its_worker_along_and_the_next_one_goes_on(server: ServerProcess) -> None:
    server.start(*BESIDE)
    open_gallery(server.galeria)
    for name in ("first", "second", "third"):
        worker = worker_of(server)
        with server.held_up(SOUTH):
            begun = begin_held_import(server, name)
            server.kill()
            server.start(*BESIDE)  # which waits for the place of the one before
        assert worker_of(server) != worker
        assert not is_running(worker)
        server.wait(begun)
    assert server.damage() == []


def test_a_server_whose_worker_dies_ends_and_says_so(server: ServerProcess) -> None:
    server.start(*BESIDE)
    os.kill(worker_of(server), signal.SIGKILL)
    assert server.process.wait(QUICK) == LEFT
    assert "the process that works on operations has ended" in server.log
    server.kill()  # what is left of it: the client
    server.start(*BESIDE)


def test_a_server_whose_worker_has_no_place_does_not_begin(server: ServerProcess) -> None:
    server.start("--fake", "--no-worker")
    worker = server.spawn("worker", "--fake")
    try:
        until(
            lambda: (server.data / "worker.lock").exists() and worker_of(server) == worker.pid,
            "the worker has its place",
        )
        server.stop()
        refused = server.ask("serve", "--port", "0", *BESIDE)
        assert refused.returncode == 1
        assert f"Another worker, process {worker.pid}, works on" in refused.stderr
        assert "The process that works on operations has ended." in refused.stderr
        assert "Traceback" not in refused.stderr
    finally:
        worker.terminate()
        worker.wait(QUICK)


def test_a_server_that_cannot_begin_leaves_no_worker(server: ServerProcess) -> None:
    server.start(*BESIDE)
    refused = server.ask("serve", "--port", "0", *BESIDE)
    assert refused.returncode == 1
    assert f"Another server, process {server.pid}, works on" in refused.stderr
    assert set(server.processes()) == {server.pid, worker_of(server)}


def test_the_settings_file_asks_for_it_and_one_start_may_do_without(server: ServerProcess) -> None:
    server.settle("[server]\nworker_process = true\n")
    server.start("--fake")
    assert worker_of(server) != server.pid
    server.restart("--fake", "--no-worker-process")
    assert worker_of(server) == server.pid
