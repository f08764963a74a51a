"""Work that is canceled, taken back or done by another process ends in order."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from galeria.domain.errors import NotFound
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from galeria.interfaces.demo.people import DemoFiles
from tests.system.conftest import NewBulky
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, ServerProcess
from tests.system.steps import STORE, STORE_CHANGES, is_complete, is_made, is_moving, is_running, seen
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


def test_a_canceled_import_stops_and_a_retry_completes_it(server_process: ServerProcess, new_bulky: NewBulky) -> None:
    disk = new_bulky()
    with server_process.held_up(SOUTH):
        imported = server_process.begin_import("Canceled", disk, regions=(SOUTH, SOUTHEAST))
        cancel(server_process, imported.begun, STORE)
    canceled = expect_canceled(server_process, imported.begun)
    assert not is_made(server_process.version(imported))
    server_process.wait(server_process.galeria.operations.retry(canceled.id))
    assert is_complete(server_process.version(imported), SOUTH, SOUTHEAST)
    assert server_process.damage() == []


def test_a_canceled_export_leaves_the_template_running_and_a_retry_completes_it(
    server_process: ServerProcess, new_bulky: NewBulky
) -> None:
    server_process.imported("Bulky", new_bulky())
    server_process.make_lab("course", server_process.image_id("Bulky"))
    shell = server_process.boot("course")
    shell.run("sudo dd if=/dev/urandom of=/dev/vda bs=1M seek=160 count=96 conv=notrunc,fsync 2>&1")
    with server_process.held_up(SOUTH):
        begun = server_process.galeria.exports.begin("course", name="Course")
        cancel(server_process, begun, STORE_CHANGES)
    canceled = expect_canceled(server_process, begun)
    version = begun.resource["imageVersionId"]
    assert not is_made(server_process.galeria.versions.by_id(version))
    assert shell.run("echo still here") == "still here"
    server_process.wait(server_process.galeria.operations.retry(canceled.id))
    assert is_complete(server_process.galeria.versions.by_id(version), SOUTH, SOUTHEAST)


def test_deleting_a_version_that_is_being_made_ends_its_making_and_leaves_no_byte(
    server_process: ServerProcess, new_bulky: NewBulky
) -> None:
    disk = new_bulky()
    with server_process.held_up(SOUTH):
        imported = server_process.begin_import("Taken back", disk)
        seen(server_process, imported.begun, is_running(STORE))
        deleting = server_process.galeria.versions.delete(GALLERY, imported.image, imported.version)
    server_process.wait(deleting)
    assert server_process.ended(imported.begun).status == "Canceled"
    with pytest.raises(NotFound):
        server_process.version(imported)
    left = [file for file in server_process.data.glob("regions/*/store/**/*") if file.is_file()]
    assert left == []
    assert list(server_process.data.glob("uploads/*/file")) == []


def test_a_second_server_on_the_same_data_is_refused(server_process: ServerProcess) -> None:
    second = server_process.ask("serve", "--port", "0")
    assert second.returncode == 1
    assert "Another server, process" in second.stderr
    assert "Stop that one first" in second.stderr
    assert server_process.galeria.galleries.get(GALLERY)["name"] == GALLERY


def test_a_taken_port_is_refused_with_what_to_do(
    server_process: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port = server_process.galeria.connection.endpoint.rpartition(":")[2]
    other = tmp_path_factory.mktemp("other")
    second = server_process.ask("serve", "--port", port, data=other)
    assert second.returncode == 1
    assert "--port" in second.stderr


def test_a_worker_of_its_own_does_the_work_of_a_server_without_one(
    server_process: ServerProcess, material: DemoFiles, new_bulky: NewBulky
) -> None:
    server_process.restart("--no-worker")
    imported = server_process.begin_import("Made elsewhere", material.qcow2)
    with worker(server_process) as process:
        refused = server_process.ask("worker")
        assert refused.returncode == 1
        assert "Another worker, process" in refused.stderr
        server_process.wait(imported.begun)
        large = server_process.begin_import("Cut off elsewhere", new_bulky(), regions=(SOUTH, SOUTHEAST))
        seen(server_process, large.begun, is_moving(STORE))
        process.kill()
    assert server_process.galeria.operations.get(str(large.begun.operation)).status == "InProgress"
    with worker(server_process):
        server_process.wait(large.begun)
    assert is_complete(server_process.version(large), SOUTH, SOUTHEAST)


def cancel(server_process: ServerProcess, work: StartedWork, step: str) -> None:
    """In the middle of the step."""
    server_process.galeria.operations.cancel(seen(server_process, work, is_running(step)).id)


def expect_canceled(server_process: ServerProcess, work: StartedWork) -> OperationSnapshot:
    ended = server_process.ended(work)
    assert ended.status == "Canceled", ended
    assert "Retry" in ended.error["message"]
    return ended


@contextmanager
def worker(server_process: ServerProcess) -> Iterator["subprocess.Popen[bytes]"]:
    """Ends as its administrator ends it, unless it was killed before."""
    process = server_process.spawn("worker")
    try:
        until(lambda: holds_lock(process.pid) or process.poll() is not None, "the worker has begun")
        yield process
    finally:
        process.terminate()
        status = process.wait(timeout=30)
    assert status in {0, -signal.SIGKILL}, server_process.log


def holds_lock(pid: int) -> bool:
    """Whether a process has locked a file (proc(5), /proc/locks); it asks for none before it is alone on its data."""
    locks = (line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines())
    return any(words[1] == "FLOCK" and words[4] == str(pid) for words in locks)
