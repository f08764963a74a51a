"""An upload that is cut off continues where it stopped, whoever died: what has arrived is not sent again."""

from pathlib import Path

import pytest

from galeria.interfaces.client.uploads import PIECE
from tests.system.conftest import NewBulky
from tests.system.house import GALLERY, House, until
from tests.system.steps import digest_of, is_made

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

NAME = "Cut off"


def test_an_import_whose_client_and_server_died_is_continued(house: House, new_bulky: NewBulky) -> None:
    disk = new_bulky()
    size = disk.stat().st_size
    client = house.spawn(*import_command(disk))
    until(lambda: arrived(house) > size // 3, "a third has arrived")
    client.kill()
    client.wait(timeout=10)
    house.kill()
    before = arrived(house)
    assert before < size
    house.start()
    heard: list[int] = []
    imported = house.begin_import(NAME, disk, heard=lambda done, total: heard.append(done))
    assert heard[-1] - heard[0] < size - before + PIECE
    assert heard == sorted(heard)
    house.wait(imported.begun)
    again = house.imported("The same in one go", disk)
    assert digest_of(house.version(imported)) == digest_of(house.version(again))
    assert arrived(house) == 0


def test_a_client_outlives_its_server(house: House, new_bulky: NewBulky) -> None:
    disk = new_bulky()
    client = house.spawn(*import_command(disk))
    for part in (0.2, 0.6):
        until(lambda part=part: arrived(house) > disk.stat().st_size * part, "enough has arrived")  # type: ignore[misc]
        house.kill()
        house.start()
    assert client.wait(timeout=60) == 0, house.log
    versions = house.galeria.versions.list(GALLERY, house.galeria.images.get(NAME)["name"])
    assert [is_made(each) for each in versions] == [True]


def import_command(disk: Path) -> tuple[str, ...]:
    return ("image", "import", str(disk), "--name", NAME, "--gallery", GALLERY, "--generation", "V1")


def arrived(house: House) -> int:
    """Bytes of uploads in the data directory."""
    return sum(file.stat().st_size for file in house.data.glob("uploads/*/file"))
