"""A data directory has one server and one worker: real processes, also after the first was killed."""

import subprocess

import pytest

from tests.system.server_process import ServerProcess
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


def refused(server_process: ServerProcess, *command: str) -> str:
    done = server_process.ask(*command)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_process_is_refused_and_told_of_the_first(server_process: ServerProcess) -> None:
    first = server_process.pid
    said = refused(server_process, "worker")
    assert f"Another worker, process {first}, works on {server_process.data}." in said
    assert f"kill {first}" in said
    assert f"Another server, process {first}, works on" in refused(server_process, "serve", "--port", "0")

    server_process.kill()
    worker = server_process.spawn("worker")
    lock = server_process.data / "worker.lock"
    try:
        until(lambda: lock.read_text() == f"{worker.pid}\n" or worker.poll() is not None, "the worker has its place")
        assert worker.poll() is None, server_process.log
        assert f"Another worker, process {worker.pid}, works on" in refused(server_process, "serve", "--port", "0")
        server_process.start("--no-worker")
        assert server_process.pid != first
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait(timeout=20)
    server_process.restart()
