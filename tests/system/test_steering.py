"""Work that is canceled, taken back or done by another process ends in order."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from galeria.domain.errors import NotFound
from galeria.interfaces.client.operations import Begun, Snapshot
from galeria.interfaces.demo.people import Material
from tests.system.conftest import NewBulky
from tests.system.house import GALLERY, SOUTH, SOUTHEAST, House, until
from tests.system.steps import STORE, STORE_CHANGES, is_complete, is_made, is_moving, is_running, seen

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


def test_a_canceled_import_stops_and_a_retry_completes_it(house: House, new_bulky: NewBulky) -> None:
    disk = new_bulky()
    with house.held_up(SOUTH):
        imported = house.begin_import("Canceled", disk, regions=(SOUTH, SOUTHEAST))
        cancel(house, imported.begun, STORE)
    canceled = expect_canceled(house, imported.begun)
    assert not is_made(house.version(imported))
    house.wait(house.galeria.operations.retry(canceled.id))
    assert is_complete(house.version(imported), SOUTH, SOUTHEAST)
    assert house.damage() == []


def test_a_canceled_export_leaves_the_template_running_and_a_retry_completes_it(
    house: House, new_bulky: NewBulky
) -> None:
    house.imported("Bulky", new_bulky())
    house.make_lab("course", house.image_id("Bulky"))
    shell = house.boot("course")
    shell.run("sudo dd if=/dev/urandom of=/dev/vda bs=1M seek=160 count=96 conv=notrunc,fsync 2>&1")
    with house.held_up(SOUTH):
        begun = house.galeria.exports.begin("course", name="Course")
        cancel(house, begun, STORE_CHANGES)
    canceled = expect_canceled(house, begun)
    version = begun.resource["imageVersionId"]
    assert not is_made(house.galeria.versions.by_id(version))
    assert shell.run("echo still here") == "still here"
    house.wait(house.galeria.operations.retry(canceled.id))
    assert is_complete(house.galeria.versions.by_id(version), SOUTH, SOUTHEAST)


def test_deleting_a_version_that_is_being_made_ends_its_making_and_leaves_no_byte(
    house: House, new_bulky: NewBulky
) -> None:
    disk = new_bulky()
    with house.held_up(SOUTH):
        imported = house.begin_import("Taken back", disk)
        seen(house, imported.begun, is_running(STORE))
        deleting = house.galeria.versions.delete(GALLERY, imported.image, imported.version)
    house.wait(deleting)
    assert house.ended(imported.begun).status == "Canceled"
    with pytest.raises(NotFound):
        house.version(imported)
    left = [file for file in house.data.glob("regions/*/store/**/*") if file.is_file()]
    assert left == []
    assert list(house.data.glob("uploads/*/file")) == []


def test_a_second_server_on_the_same_data_is_refused(house: House) -> None:
    second = house.ask("serve", "--port", "0")
    assert second.returncode == 1
    assert "Another server works on" in second.stderr
    assert "Stop that one first" in second.stderr
    assert house.galeria.galleries.get(GALLERY)["name"] == GALLERY


def test_a_taken_port_is_refused_with_what_to_do(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    port = house.galeria.connection.endpoint.rpartition(":")[2]
    other = tmp_path_factory.mktemp("other")
    second = house.ask("serve", "--port", port, data=other)
    assert second.returncode == 1
    assert "--port" in second.stderr


def test_a_worker_of_its_own_does_the_work_of_a_server_without_one(
    house: House, material: Material, new_bulky: NewBulky
) -> None:
    house.restart("--no-worker")
    imported = house.begin_import("Made elsewhere", material.qcow2)
    with worker(house) as process:
        refused = house.ask("worker")
        assert refused.returncode == 1
        assert "Another worker works on" in refused.stderr
        house.wait(imported.begun)
        large = house.begin_import("Cut off elsewhere", new_bulky(), regions=(SOUTH, SOUTHEAST))
        seen(house, large.begun, is_moving(STORE))
        process.kill()
    assert house.galeria.operations.get(str(large.begun.operation)).status == "InProgress"
    with worker(house):
        house.wait(large.begun)
    assert is_complete(house.version(large), SOUTH, SOUTHEAST)


def cancel(house: House, work: Begun, step: str) -> None:
    """In the middle of the step."""
    house.galeria.operations.cancel(seen(house, work, is_running(step)).id)


def expect_canceled(house: House, work: Begun) -> Snapshot:
    ended = house.ended(work)
    assert ended.status == "Canceled", ended
    assert "Retry" in ended.error["message"]
    return ended


@contextmanager
def worker(house: House) -> Iterator["subprocess.Popen[bytes]"]:
    """Ends as its administrator ends it, unless it was killed before."""
    process = house.spawn("worker")
    try:
        until(lambda: holds_lock(process.pid) or process.poll() is not None, "the worker has begun")
        yield process
    finally:
        process.terminate()
        status = process.wait(timeout=30)
    assert status in {0, -signal.SIGKILL}, house.log


def holds_lock(pid: int) -> bool:
    """Whether a process has locked a file (proc(5), /proc/locks); it asks for none before it is alone on its data."""
    locks = (line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines())
    return any(words[1] == "FLOCK" and words[4] == str(pid) for words in locks)
