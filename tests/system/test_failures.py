"""When a store, network or machine fails, the operation fails with a sentence that says what to do, and a retry continues."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.domain.errors import GaleriaError
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from galeria.interfaces.demo.people import DemoFiles
from tests.system.conftest import NewBulky, start_with_gallery
from tests.system.disks import write_dead
from tests.system.server_process import SOUTH, SOUTHEAST, ServerProcess
from tests.system.steps import REPLICATE, STORE, is_complete, is_made, replicas_of, steps_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]

NORTHEAST = "brazilnortheast"
TOO_SMALL, ENOUGH = "48m", "800m"
NOWHERE = "http://127.0.0.1:9"  # the discard service, which nobody runs: the connection is refused at once


class SmallDisk:
    """A file system of its own in memory, that can be made larger while it is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, size: str) -> None:
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "galeria", self.folder], check=True)

    def grow(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", self.folder], check=True)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(folder / "small")
    disk.mount(TOO_SMALL)
    yield disk
    disk.unmount()


def test_a_full_region_fails_alone_and_a_retry_does_only_that_one(
    small_disk: SmallDisk, unstarted_server: ServerProcess, new_bulky: NewBulky
) -> None:
    server_process = unstarted_server
    server_process.settle(three_regions(southeast=f"file://{small_disk.folder}/store"))
    start_with_gallery(server_process)
    imported = server_process.begin_import("Large", new_bulky(), regions=(SOUTH, SOUTHEAST, NORTHEAST))
    failed = expect_failure(server_process, imported.begun, f"store of region {SOUTHEAST} is full", "Free or add space")
    version = server_process.version(imported)
    before = replicas_of(version)
    assert {name: each["state"] for name, each in before.items()} == {
        SOUTH: "Completed",
        SOUTHEAST: "Failed",
        NORTHEAST: "Completed",
    }
    assert not is_made(version)
    assert "is full" in before[SOUTHEAST]["failure"]

    small_disk.grow(ENOUGH)
    done = server_process.wait(server_process.galeria.operations.retry(failed.id))
    version = server_process.version(imported)
    assert done.attempt == 2
    assert is_complete(version, SOUTH, SOUTHEAST, NORTHEAST)
    assert replicas_of(version)[NORTHEAST] == before[NORTHEAST]
    assert region_step(done, NORTHEAST) == region_step(failed, NORTHEAST)
    assert server_process.damage() == []


def test_a_full_home_region_fails_the_import_and_a_retry_continues(
    small_disk: SmallDisk, unstarted_server: ServerProcess, new_bulky: NewBulky
) -> None:
    server_process = unstarted_server
    server_process.settle(three_regions(south=f"file://{small_disk.folder}/store"))
    start_with_gallery(server_process)
    imported = server_process.begin_import("Large", new_bulky())
    failed = expect_failure(server_process, imported.begun, f"store of region {SOUTH} is full", "Free or add space")
    assert next(each.status for each in failed.steps if each.name == STORE) == "Failed"
    assert [
        each["code"] for each in server_process.galeria.images.get("Large")["properties"]["galeria"]["obstacles"]
    ] == ["NoUsableVersion"]
    small_disk.grow(ENOUGH)
    server_process.wait(server_process.galeria.operations.retry(failed.id))
    assert is_complete(server_process.version(imported), SOUTH)
    assert server_process.damage() == []


def test_a_store_that_is_gone_fails_the_replication_and_a_retry_continues(
    server_process: ServerProcess, material: DemoFiles
) -> None:
    imported = server_process.imported("Linux", material.qcow2)
    store = server_process.data / "regions" / SOUTHEAST / "store"
    store.rename(store.with_name("away"))
    store.write_text("not a directory")
    begun = server_process.galeria.versions.replicate(server_process.version(imported), add=[SOUTHEAST])
    failed = expect_failure(
        server_process, begun, f"store of region {SOUTHEAST} failed", "Check that the directory or bucket"
    )
    assert replicas_of(server_process.version(imported))[SOUTH]["state"] == "Completed"
    store.unlink()
    store.with_name("away").rename(store)
    server_process.wait(server_process.galeria.operations.retry(failed.id))
    assert is_complete(server_process.version(imported), SOUTH, SOUTHEAST)


def test_a_cloud_that_does_not_answer_fails_only_its_region(
    unstarted_server: ServerProcess, material: DemoFiles
) -> None:
    """S3's own variables lead to a port that nobody listens on."""
    server_process = unstarted_server
    server_process.settle(three_regions(southeast="s3://images"))
    server_process.more_environment = {
        "AWS_ENDPOINT": NOWHERE,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
    }
    start_with_gallery(server_process)
    imported = server_process.begin_import("Linux", material.qcow2, regions=(SOUTH, SOUTHEAST, NORTHEAST))
    expect_failure(server_process, imported.begun, f"store of region {SOUTHEAST} failed", "can be reached")
    assert {name: each["state"] for name, each in replicas_of(server_process.version(imported)).items()} == {
        SOUTH: "Completed",
        SOUTHEAST: "Failed",
        NORTHEAST: "Completed",
    }


def test_an_image_that_does_not_boot_fails_the_start_and_the_lab_can_be_deleted(
    unstarted_server: ServerProcess, tmp_path: Path
) -> None:
    server_process = unstarted_server
    server_process.settle("[machines]\nboot_seconds = 8\nstop_seconds = 4\n")
    start_with_gallery(server_process)
    server_process.imported("Dead", write_dead(tmp_path / "dead.raw"))
    server_process.make_lab("dead", server_process.image_id("Dead"))
    failed = expect_failure(
        server_process,
        server_process.galeria.machines.start("dead"),
        "No SSH server of the machine greeted within",
        "of this generation",
    )
    assert "Booting from Hard Disk..." in failed.console.splitlines()
    # Azure's power states have no word for it.
    dead = server_process.galeria.machines.get("dead")["properties"]
    assert (dead["state"], dead["provisioningState"]) == ("Starting", "Failed")
    assert "greeted" in dead["galeria"]["failure"]
    server_process.wait(server_process.galeria.machines.stop("dead"))
    assert machine_state(server_process, "dead") == "Stopped"
    server_process.wait(server_process.galeria.labs.delete("dead"))
    assert server_process.machines() == []


def test_a_file_that_is_no_disk_is_refused_and_a_good_one_takes_its_place(
    server_process: ServerProcess, material: DemoFiles, tmp_path: Path
) -> None:
    wrong = tmp_path / "letter.raw"
    wrong.write_text("Dear Sir or Madam,\n" * 1000)
    imported = server_process.begin_import("Letter", wrong)
    ended = server_process.ended(imported.begun)
    assert (ended.status, is_made(server_process.version(imported))) == ("Failed", False)
    assert ended.failure is not None
    again = server_process.imported("Letter", material.qcow2)
    assert is_made(server_process.version(again))


def expect_failure(server_process: ServerProcess, work: StartedWork, *words: str) -> OperationSnapshot:
    """The operation fails, and says these words to whoever waits for it."""
    failed = server_process.ended(work)
    assert failed.status == "Failed", failed
    for word in words:
        assert word in failed.error["message"]
    with pytest.raises(GaleriaError):
        server_process.galeria.wait(work, seconds=5)
    return failed


def region_step(snapshot: OperationSnapshot, region: str) -> dict[str, object]:
    return next(each for each in steps_of(snapshot) if (each["name"], each["region"]) == (REPLICATE, region))


def machine_state(server_process: ServerProcess, lab: str) -> str:
    return str(server_process.galeria.machines.get(lab)["properties"]["state"])


def three_regions(*, south: str = "", southeast: str = "") -> str:
    regions = ((SOUTH, south), (SOUTHEAST, southeast), (NORTHEAST, ""))
    return "[disks]\nmargin_gib = 0\n" + "\n".join(
        f'[[regions]]\nname = "{name}"\ndisplay_name = "{name}"\ngeography = "brazil"\nbucket_url = "{url}"\n'
        for name, url in regions
    )
