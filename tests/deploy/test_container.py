"""The container is built from its file on a small Debian, without a registry, and its server starts as the file says."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from galeria.guests.packages import NETWORK
from galeria.programs import program_environment, run
from tests.deploy.building import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FILE = ROOT / "deploy" / "container" / "Containerfile"
BASE, IMAGE = "localhost/galeria-test-base", "localhost/galeria-test"


class Buildah:
    """buildah with stores of its own, and without namespaces or a daemon."""

    def __init__(self, folder: Path) -> None:
        own = folder / "tmp"  # of which a container that is killed leaves something behind
        own.mkdir()
        self._words = [
            "env",
            f"TMPDIR={own}",
            "buildah",
            "--storage-driver",
            "vfs",
            "--root",
            str(folder / "root"),
            "--runroot",
            str(folder / "run"),
        ]

    def command(self, *words: str | Path) -> list[str]:
        return [*self._words, *map(str, words)]

    def __call__(self, *words: str | Path) -> str:
        return run(self.command(*words), timeout=600, passing=NETWORK).strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    folder = tmp_path_factory.mktemp("containers")
    buildah = Buildah(folder)
    yield buildah
    buildah("rm", "--all")
    buildah("rmi", "--all", "--force")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(buildah: Buildah, debian_base: Path, debian_package: Path) -> str:
    """Built from the file, with the base that a registry would give replaced by one of this computer's."""
    empty = buildah("from", "scratch")
    buildah("add", "--quiet", empty, debian_base, "/")
    buildah("commit", "--quiet", "--rm", empty, BASE)
    how = ("--quiet", "--isolation", "chroot", "--pull=never", "--from", BASE)
    buildah("build", *how, "--file", FILE, "--tag", IMAGE, debian_package.parent)
    return IMAGE


def test_the_image_says_how_it_is_run(buildah: Buildah, image: str) -> None:
    said = configured(buildah, image)
    assert said["Entrypoint"] == ["/usr/bin/galeria"]
    assert said["Volumes"] == {"/var/lib/galeria": {}}
    assert said["StopSignal"] == "SIGTERM"


def test_a_server_starts_from_it(buildah: Buildah, image: str, tmp_path: Path) -> None:
    data, said = tmp_path / "data", configured(buildah, image)
    data.mkdir()
    container = buildah("from", "--pull=never", image)
    where = ("--isolation", "chroot", "--volume", f"{data}:/var/lib/galeria")
    words = [*said["Entrypoint"], *said["Cmd"], "--fake", "--port", "0"]
    command = ["unshare", "--pid", "--fork", "--kill-child", *buildah.command("run", *where, container, "--", *words)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=program_environment())
    try:
        connect = data / "connect.json"
        until(lambda: connect.is_file() or process.poll() is not None, "it starts", seconds=240)
        assert process.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
        port = json.loads(connect.read_text(encoding="utf-8"))["endpoint"].rpartition(":")[2]
        trusted = ssl.create_default_context(cafile=data / "ca.pem")
        with httpx.Client(base_url=f"https://localhost:{port}", verify=trusted, timeout=60) as client:
            assert client.get("/readyz").json() == {"status": "ready"}
            assert "/static/" in client.get("/sign-in").text
    finally:
        process.kill()
        process.wait()


def configured(buildah: Buildah, image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    return found
