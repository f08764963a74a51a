"""A server whose regions are buckets of different clouds: images travel between them, also when it is killed meanwhile."""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.conftest import BUCKET, GetCloud
from tests.cloud.servers.cloud_server import CloudServer
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, ServerProcess

MIB = 1024 * 1024
KILLS = 4


def region(name: str, cloud: CloudServer, folder: Path) -> str:
    (folder / f"{name}.secret").write_text(cloud.access.secret)
    return f"""
[[regions]]
name = "{name}"
display_name = "{name}"
geography = "brazil"
bucket_url = "{cloud.url(BUCKET, f"{folder.parent.name}/{name}")}"
[regions.store]
endpoint = "{cloud.access.endpoint}"
account = "{cloud.access.account}"
secret_file = "{name}.secret"
allow_http = true
"""


@pytest.fixture
def server(clouds: GetCloud) -> Iterator[ServerProcess]:
    folder = Path(tempfile.mkdtemp(prefix="galeria-cloud-", dir="/var/tmp"))
    process = ServerProcess(folder, probed=folder / "none", log=folder / "server.log")
    try:
        places = {SOUTH: clouds("ceph"), SOUTHEAST: clouds("azurite")}
        process.settle("".join(region(name, cloud, process.data) for name, cloud in places.items()))
        process.start("--fake")
        process.galeria.galleries.put(GALLERY, region=SOUTH)
        yield process
        process.stop()
    finally:
        process.kill()
        shutil.rmtree(folder)


def disk(folder: Path, seed: int) -> Path:
    made = folder / f"{seed}.raw"
    content = bytearray(random.Random(seed).randbytes(24 * MIB) + bytes(8 * MIB))
    content[446:512] = bytes(64) + b"\x55\xaa"  # an empty partition table and the mark of one
    made.write_bytes(content)
    return made


def test_an_image_is_imported_into_one_cloud_and_replicated_to_another(server: ServerProcess, tmp_path: Path) -> None:
    imported = server.imported("whole", disk(tmp_path, 1), regions=(SOUTH, SOUTHEAST))
    states = server.version(imported)["properties"]["replicationStatus"]["summary"]
    assert {each["region"]: each["state"] for each in states} == {SOUTH: "Completed", SOUTHEAST: "Completed"}
    assert server.damage() == []
    done = server.ask("store", "gc", "--output", "json")
    assert [each["removedPacks"] for each in json.loads(done.stdout)] == [0, 0]
    assert server.damage() == []


def test_a_server_that_is_killed_while_it_writes_to_clouds_goes_on(server: ServerProcess, tmp_path: Path) -> None:
    begun = server.begin_import("killed", disk(tmp_path, 2), regions=(SOUTH, SOUTHEAST))
    for _ in range(KILLS):
        looks = server.looks(begun.begun)
        snapshot = next(looks)
        while not snapshot.is_settled and snapshot == next(looks):
            pass
        server.kill()
        server.start("--fake")
    assert server.ended(begun.begun).status == "Succeeded"
    assert server.damage() == []
