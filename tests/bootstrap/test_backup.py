"""A backup of a running server, brought to an empty folder, is the same installation: passwords, keys, images."""

import json
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local_installation import disk_bytes
from tests.system.server_process import GALLERY, SOUTH, ServerProcess

pytestmark = pytest.mark.slow

AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    (tmp_path / "old").mkdir()
    server = ServerProcess(tmp_path / "old", probed=tmp_path / "nothing", log=tmp_path / "old.log")
    server.start("--fake")
    yield server
    server.kill()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[ServerProcess]:
    """On another computer, as it were."""
    (tmp_path / "new").mkdir()
    server = ServerProcess(tmp_path / "new", probed=tmp_path / "nothing", log=tmp_path / "new.log")
    yield server
    server.kill()


def token(server: ServerProcess, password: str) -> int:
    """What signing in as the first administrator answers."""
    facts = json.loads((server.data / "connect.json").read_text(encoding="utf-8"))
    asked = {"grant_type": "password", "client_id": AZ, "username": "admin", "password": password, "scope": "openid"}
    url = f"{facts['endpoint']}/{facts['tenant_id']}/oauth2/v2.0/token"
    return httpx.post(url, data=asked, verify=_trust(facts["ca_file"])).status_code


def test_the_restored_installation_is_the_same(server: ServerProcess, new: ServerProcess, tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(disk_bytes())
    server.galeria.galleries.put(GALLERY, region=SOUTH)
    imported = server.imported("disk", disk, regions=(SOUTH,))
    password = json.loads((server.data / "private" / "bootstrap.json").read_text(encoding="utf-8"))["password"]
    assert token(server, password) == 200

    done = server.ask("backup", str(tmp_path / "backup.gz"), "--output", "json")
    assert done.returncode == 0, done.stderr
    server.stop()
    done = new.ask("restore", str(tmp_path / "backup.gz"))
    assert done.returncode == 0, done.stderr
    assert "bytes" in done.stdout

    verified = json.loads(new.ask("store", "verify", "--output", "json").stdout)
    assert [each["manifests"] for each in verified] == [0] * len(verified), "images are not in a backup"
    shutil.copytree(server.data / "regions", new.data / "regions", dirs_exist_ok=True)
    verified = json.loads(new.ask("store", "verify", "--output", "json").stdout)
    assert {each["region"]: each["manifests"] for each in verified}[SOUTH] == 1
    assert not [each for each in verified if each["damaged"]]

    new.start("--fake")
    assert token(new, password) == 200
    assert token(new, "another-Password-1") != 200
    assert new.version(imported)["properties"]["provisioningState"] == "Succeeded"
    assert new.ask("audit", "verify").returncode == 0


def test_where_an_installation_is_nothing_is_restored(server: ServerProcess, tmp_path: Path) -> None:
    assert server.ask("backup", str(tmp_path / "backup.gz")).returncode == 0
    done = server.ask("restore", str(tmp_path / "backup.gz"))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert server.galeria.galleries.list() == []


def _trust(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
