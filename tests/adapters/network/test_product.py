"""`galeria serve` with a hostile internet around it: imports by address from the request to the disk."""

import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.adapters.network.namespaces import GALERIA_4, in_new_namespaces
from tests.adapters.network.pages import file, moved
from tests.adapters.network.product import ALLOWED
from tests.adapters.network.running import ROOT, Outcome, World
from tests.local_installation import MIB, disk_bytes
from tests.waiting import until

pytestmark = pytest.mark.slow

PUBLIC, PRIVATE = "8.8.8.8", "10.0.0.5"
DISK = disk_bytes(MIB).decode("latin-1")
PLACE = "files.example/os.vhd"


def imported(world: World, name: str, url: str = f"http://{PLACE}", **scene: object) -> Outcome:
    return world.act("import_disk", name=name, url=url, **scene)  # type: ignore[arg-type]


def test_what_may_be_imported_is(world: World) -> None:
    names = {"files.example": [[PUBLIC]], ALLOWED: [[PRIVATE]]}
    for number, (host, ip) in enumerate((("files.example", PUBLIC), (ALLOWED, PRIVATE))):
        pages = {f"{host}/os.vhd": [file(DISK)]}
        outcome = imported(world, f"good{number}", f"http://{host}/os.vhd", names=names, pages=pages)
        assert outcome.more == {"state": "Succeeded"}, outcome
        assert outcome.connections == [f"{ip}:80"]


@pytest.mark.parametrize("ip", [PRIVATE, "127.0.0.1", "169.254.169.254", GALERIA_4, "fd00::5", "64:ff9b::10.0.0.5"])
def test_a_name_that_leads_into_a_private_network_fails_the_import(world: World, ip: str) -> None:
    outcome = imported(world, f"bad{len(ip)}", names={"files.example": [[ip], [PUBLIC]]})
    assert (outcome.code, outcome.connections) == ("ImportAddressRefused", [])


def test_a_redirect_of_an_allowed_host_into_a_private_network_fails_the_import(world: World) -> None:
    pages = {f"{ALLOWED}/os.vhd": [moved("http://other.example/os.vhd")]}
    names = {ALLOWED: [[PRIVATE]], "other.example": [["10.0.0.6"]]}
    outcome = imported(world, "redirected", f"http://{ALLOWED}/os.vhd", names=names, pages=pages)
    assert (outcome.code, outcome.connections) == ("ImportAddressRefused", [f"{PRIVATE}:80"])


def test_a_name_that_leads_elsewhere_when_the_download_goes_on_fails_the_import(world: World) -> None:
    half = file(DISK[: MIB // 2], Content_Length=str(MIB), ETag='"1"')
    names = {"files.example": [[PUBLIC], [PRIVATE]]}
    outcome = imported(world, "rebound", names=names, pages={PLACE: [half]})
    assert (outcome.code, outcome.connections) == ("ImportAddressRefused", [f"{PUBLIC}:80"])


def _namespaces(processes: Iterable[str]) -> set[str]:
    found = set()
    for process in processes:
        try:
            found.add(os.readlink(f"/proc/{process}/ns/net"))
        except OSError:
            continue  # it has just ended
    return found


def _descendants(process: str) -> list[str]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [*children, *(each for child in children for each in _descendants(child))]


@pytest.mark.parametrize("how", ["killed", "left alone"])
def test_nothing_of_this_is_left_however_it_ends(tmp_path: Path, how: str) -> None:
    command = in_new_namespaces("tests.adapters.network.world", str(tmp_path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        outcome = World(process=process).act("fetch", url="http://8.8.8.8/", allowed=[])
        assert outcome.more["content"] == "canary"
        made = _namespaces(_descendants(str(process.pid))) - _namespaces(["self"])
        assert len(made) == 2
        if how == "killed":
            process.send_signal(signal.SIGKILL)
        else:
            assert process.stdin
            process.stdin.close()  # as the end of whoever started it does
        process.wait(20)
    until(lambda: not made & _namespaces(filter(str.isdecimal, os.listdir("/proc"))), "the namespaces vanish")
