"""Workers of regions: a copy is made where it will lie, and a region that is cut off holds up nobody and catches up."""

import signal
from pathlib import Path
from typing import Any

import pytest

from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.imports import ImportResult
from galeria.interfaces.client.labs import NewLab
from tests.system.many.computers import Computers, random_disk
from tests.system.many.step_log import note_steps, replicating
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, begin_disks, open_gallery
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MIB = 16


def test_a_copy_is_made_by_the_worker_of_its_region(computers: Computers, tmp_path: Path) -> None:
    galeria = begin(computers)
    home, target = computers.work("second", "--region", SOUTH), computers.work("third", "--region", "Brazil Southeast")
    imported = begin_disks(galeria, "linux", random_disk(tmp_path / "disk.raw", MIB), regions=(SOUTH, SOUTHEAST))
    galeria.wait(imported.begun, seconds=120)
    assert replicating(computers.database, SOUTHEAST) == {target.pid}
    assert states(galeria, imported) == {SOUTH: "Completed", SOUTHEAST: "Completed"}
    image = str(galeria.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTHEAST, size="Tiny")
    galeria.wait(galeria.labs.create("algebra", lab), seconds=60)
    assert home.exit_code is None


def test_a_region_that_is_cut_off_holds_up_nobody_and_catches_up(computers: Computers, tmp_path: Path) -> None:
    galeria = begin(computers)
    computers.work("second", "--region", SOUTH)
    cut_off = computers.work("third", "--region", SOUTHEAST)
    cut_off.send(signal.SIGKILL)
    imported = begin_disks(galeria, "linux", random_disk(tmp_path / "disk.raw", MIB), regions=(SOUTH, SOUTHEAST))
    until(lambda: states(galeria, imported).get(SOUTH) == "Completed", "it is made at home", seconds=60)
    image = str(galeria.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTH, size="Tiny")
    galeria.wait(galeria.labs.create("algebra", lab), seconds=60)

    assert imported.begun.operation is not None
    operation = imported.begun.operation
    until(lambda: galeria.operations.get(operation).is_settled, "nobody waits for ever", seconds=120)
    assert states(galeria, imported) == {SOUTH: "Completed", SOUTHEAST: "Failed"}
    assert "No worker does the work of region brazilsoutheast now." in replica(galeria, imported, SOUTHEAST)["failure"]

    computers.work("third", "--region", SOUTHEAST)
    until(lambda: states(galeria, imported)[SOUTHEAST] == "Completed", "it catches up by itself", seconds=60)
    retried = galeria.operations.retry(galeria.operations.get(operation).id)
    galeria.wait(retried, seconds=60)


def test_an_unknown_region_is_refused_with_those_that_exist(computers: Computers) -> None:
    computers.serve("first", "--no-worker")
    worker = computers.start("second", "worker", "--fake", "--region", "nowhere")
    assert worker.wait(60) == 1
    assert "There is no region 'nowhere' here." in worker.log
    assert SOUTHEAST in worker.log


def begin(computers: Computers) -> Galeria:
    _, endpoint = computers.serve("first", "--no-worker")
    note_steps(computers.database)
    galeria = computers.galeria(endpoint)
    open_gallery(galeria)
    return galeria


def states(galeria: Galeria, imported: ImportResult) -> dict[str, str]:
    version = galeria.versions.get(GALLERY, imported.image, imported.version)
    return {each["region"]: each["state"] for each in version["properties"]["galeria"]["replicas"]}


def replica(galeria: Galeria, imported: ImportResult, region: str) -> dict[str, Any]:
    version = galeria.versions.get(GALLERY, imported.image, imported.version)
    found: dict[str, Any] = next(
        each for each in version["properties"]["galeria"]["replicas"] if each["region"] == region
    )
    return found
