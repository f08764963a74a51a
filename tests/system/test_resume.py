"""An upload that is cut off continues where it stopped, whoever died: what has arrived is not sent again."""

from pathlib import Path

import pytest

from galeria.interfaces.client.uploads import PIECE
from tests.system.conftest import NewBulky
from tests.system.server_process import GALLERY, ServerProcess
from tests.system.steps import digest_of, is_made
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

NAME = "Cut off"


def test_an_import_whose_client_and_server_died_is_continued(
    server_process: ServerProcess, new_bulky: NewBulky
) -> None:
    disk = new_bulky()
    size = disk.stat().st_size
    client = server_process.spawn(*import_command(disk))
    until(lambda: arrived(server_process) > size // 3, "a third has arrived")
    client.kill()
    client.wait(timeout=10)
    server_process.kill()
    before = arrived(server_process)
    assert before < size
    server_process.start()
    heard: list[int] = []
    imported = server_process.begin_import(NAME, disk, heard=lambda done, total: heard.append(done))
    assert heard[-1] - heard[0] < size - before + PIECE
    assert heard == sorted(heard)
    server_process.wait(imported.begun)
    again = server_process.imported("The same in one go", disk)
    assert digest_of(server_process.version(imported)) == digest_of(server_process.version(again))
    assert arrived(server_process) == 0


def test_a_client_outlives_its_server(server_process: ServerProcess, new_bulky: NewBulky) -> None:
    disk = new_bulky()
    client = server_process.spawn(*import_command(disk))
    for part in (0.2, 0.6):
        until(lambda part=part: arrived(server_process) > disk.stat().st_size * part, "enough has arrived")  # type: ignore[misc]
        server_process.kill()
        server_process.start()
    assert client.wait(timeout=60) == 0, server_process.log
    versions = server_process.galeria.versions.list(GALLERY, server_process.galeria.images.get(NAME)["name"])
    assert [is_made(each) for each in versions] == [True]


def import_command(disk: Path) -> tuple[str, ...]:
    return ("image", "import", str(disk), "--name", NAME, "--gallery", GALLERY, "--generation", "V1")


def arrived(server_process: ServerProcess) -> int:
    """Bytes of uploads in the data directory."""
    return sum(file.stat().st_size for file in server_process.data.glob("uploads/*/file"))
