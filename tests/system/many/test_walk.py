"""Two servers and a worker on one PostgreSQL database do together what one does alone."""

from pathlib import Path

import pytest

from galeria.interfaces.client.labs import NewLab
from tests.system.many.computers import Computers, random_disk
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, begin_disks, open_gallery

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def test_what_one_server_begins_a_worker_does_and_another_server_shows(computers: Computers, tmp_path: Path) -> None:
    _, first = computers.serve("first", "--no-worker")
    _, second = computers.serve("second", "--no-worker")
    one, other = computers.galeria(first), computers.galeria(second)
    open_gallery(one)
    begun = begin_disks(one, "linux", random_disk(tmp_path / "disk.raw", 8), regions=(SOUTH, SOUTHEAST))
    computers.work("third")
    assert one.wait(begun.begun, seconds=60)

    image = str(other.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTH, size="Tiny")
    other.wait(other.labs.create("algebra", lab), seconds=60)
    other.wait(other.machines.start("algebra"), seconds=60)
    assert one.machines.get("algebra")["properties"]["state"] == "Running"
    export = one.exports.begin("algebra", name="Exported")
    other.wait(export, seconds=60)
    version = other.versions.by_id(export.resource["imageVersionId"])
    assert version["properties"]["provisioningState"] == "Succeeded"
    for each in (one.labs.list(), other.labs.list()):
        assert [lab["name"] for lab in each] == ["algebra"]
    assert other.versions.get(GALLERY, begun.image, begun.version)["properties"]["galeria"]["replicas"]
