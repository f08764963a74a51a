"""Each kind of disk file that people bring ends alike at every door: taken whole, or refused with the same reason."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.domain.settings import Settings
from galeria.interfaces.cli.app import make_cli
from tests.adapters.files.disk_cases import CASES, DiskCase
from tests.adapters.files.disk_files import raw_disk
from tests.interfaces.doors.house import DOORS, Became, House
from tests.interfaces.web.served import Portal, serving
from tests.prepared_installations import PreparedInstallations
from tests.servers.file_server import FileServer, serving_file

Door = Callable[[House, Path, Path], Became]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, prepared_installations: PreparedInstallations) -> Iterator[Portal]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    folder, settings = tmp_path_factory.mktemp("doors") / "installation", Settings(uploads_per_person=1000)
    with serving(folder, prepared_installations, key, settings=settings) as served:
        yield served


@pytest.fixture(scope="module")
def files() -> Iterator[FileServer]:
    with serving_file(b"") as server:
        yield server


@pytest.fixture(scope="module")
def cli() -> typer.Typer:
    return make_cli(lambda: None)  # type: ignore[arg-type, return-value]


@pytest.fixture
def house(portal: Portal, files: FileServer, cli: typer.Typer, tmp_path: Path, request: pytest.FixtureRequest) -> House:
    folder = tmp_path / re.sub(r"[^a-z0-9]+", "-", request.node.callspec.id.lower())[:60].strip("-")
    folder.mkdir()
    folders = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    environment = {"HOME": str(tmp_path), "TERM": "dumb", "COLUMNS": "200", **folders}
    return House(portal=portal, files=files, cli=cli, environment=environment, folder=folder)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_has_the_right_end(house: House, door: Door, case: DiskCase) -> None:
    file, raw = case.make(house.folder)
    other = raw_disk(house.folder / "other.raw", seed=9)

    became = door(house, file, other)

    if case.refused:
        assert case.refused in became.refusal
        assert not re.search(r"qemu-img:|Could not|Traceback", became.refusal)
    else:
        assert became == Became(disk=raw.read_bytes())
