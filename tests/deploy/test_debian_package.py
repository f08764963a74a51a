"""The Debian package is installed on a new system, and its server starts there as its unit says."""

import json
import re
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from galeria.adapters.settings_file import read_settings
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.serving.settings import LogFormat
from galeria.programs import run
from tests.deploy.building import tracked
from tests.deploy.debian_tree import inside, make_debian_tree, running_inside
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
UNIT = "lib/systemd/system/galeria.service"


@pytest.fixture(scope="module")
def tree(debian_package: Path, debian_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("debian") / "tree"
    make_debian_tree(folder, debian_base, debian_package)
    yield folder
    shutil.rmtree(folder)


def test_its_dependencies_are_of_this_release_and_its_settings_are_kept(debian_package: Path) -> None:
    run(["apt-get", "install", "--simulate", "--install-recommends", debian_package], timeout=300)
    control = run(["dpkg-deb", "--info", debian_package, "conffiles"])
    assert control.split() == ["/etc/galeria/galeria.toml"]


def test_all_of_galeria_and_no_tool_of_its_makers_is_in_it(tree: Path) -> None:
    (packages,) = tree.glob("usr/lib/galeria/lib/python3*/site-packages")
    missing = [name for name in tracked("src") if not (packages / name.removeprefix("src/")).is_file()]
    assert missing == []
    assert not [name for name in ("pytest", "mypy", "playwright", "_pytest") if (packages / name).exists()]


def test_its_settings_are_read(tree: Path, tmp_path: Path) -> None:
    assert (tree / "var/lib/galeria/galeria.toml").readlink() == Path("/etc/galeria/galeria.toml")
    shutil.copyfile(tree / "etc/galeria/galeria.toml", tmp_path / "galeria.toml")
    settings = read_settings(tmp_path)
    assert (settings.logs.format, settings.logs.requests) == (LogFormat.JSON, True)
    # What is commented out is right, too.
    text = re.sub(r"^# (?=\[|\w+ = )", "", (tree / "etc/galeria/galeria.toml").read_text(encoding="utf-8"), flags=re.M)
    (tmp_path / "galeria.toml").write_text(text, encoding="utf-8")
    assert read_settings(tmp_path).monitoring.port == 9464


@pytest.fixture
def units(tree: Path) -> Path:
    """The folder of the tree's units, with those of systemd itself, which is not installed there."""
    folder = tree / "lib/systemd/system"
    for kind in ("target", "slice"):
        for each in Path("/lib/systemd/system").glob(f"*.{kind}"):
            shutil.copyfile(each, folder / each.name)
    return folder


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize("unit", ["galeria.service", "galeria-appliance.service"])
def test_systemd_understands_its_units(tree: Path, unit: str) -> None:
    command = ["systemd-analyze", "verify", "--man=no", f"--root={tree}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_server_starts_as_the_unit_says(tree: Path, tmp_path: Path) -> None:
    unit = (tree / UNIT).read_text(encoding="utf-8")
    (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    assert int(seconds) > ServerSettings().stop_seconds
    log, connect = tmp_path / "log", tree / "var/lib/galeria/connect.json"
    command = [*shlex.split(start), "--fake", "--port", "0"]
    with running_inside(tree, command, log) as process:
        until(lambda: connect.is_file() or process.poll() is not None, "it starts", seconds=240)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        facts = json.loads(connect.read_text(encoding="utf-8"))
        trusted = ssl.create_default_context(cafile=f"{tree}{facts['ca_file']}")
        with httpx.Client(base_url=facts["endpoint"], verify=trusted, timeout=60) as client:
            page = client.get("/sign-in")
            assert page.status_code == 200
            for name in re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page.text):
                assert client.get(name).status_code == 200, name
            assert client.get("/readyz").json() == {"status": "ready"}


def test_nothing_stays_of_it_but_data(tree: Path) -> None:
    inside(tree, "dpkg", "--force-unsafe-io", "--purge", "galeria")
    there = ("etc/galeria", "usr/lib/galeria", "usr/bin/galeria", "var/cache/galeria")
    assert [each for each in there if (tree / each).exists()] == []
    assert (tree / "var/lib/galeria/private/galeria.db").is_file()
