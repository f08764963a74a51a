"""Run the demonstration on this host: build its images, start a server in another process, and clean up at the end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.bootstrap.first_start import CONNECT_FILE
from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.guests import build_guest, find_sources, get_sources
from galeria.interfaces.demo.people import DemoFiles, DemoServer
from galeria.interfaces.demo.report import DemoReport
from galeria.interfaces.demo.walkthrough import SOUTH, SOUTHEAST, Walkthrough
from galeria.programs import run

START_SECONDS = 60.0
TOO_LARGE_MIB = 130 * 1024
DATA_DISK_BYTES = 64 * 1024 * 1024


def run_demo(data: Path | None, *, keep: bool) -> None:
    """Run the demonstration. Its files are removed at the end, except with `keep` or after an error, which is raised."""
    folder = Path(tempfile.mkdtemp(prefix="galeria-demo-", dir="/var/tmp")) if data is None else data
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # virtual machines run as another user
    report = DemoReport(Console())
    report.say(f"Everything is under {folder}.")
    with report.step("Set-up", "builds a small Linux and writes it as QCOW2 and as fixed VHD"):
        files = build_demo_files(folder / "files")
    with running_server(folder / "galeria") as connect:
        people = folder / "people"
        people.mkdir(exist_ok=True)
        regions = folder / "galeria" / "regions"
        stores = {region: regions / region / "store" for region in (SOUTH, SOUTHEAST)}
        Walkthrough(DemoServer(connect=connect, files=files, folder=people, stores=stores), report).run()
        _require_no_machines(folder / "galeria")
    report.console.print()
    report.show(report.summary())
    if keep:
        report.say(f"Look around: galeria serve --data {folder / 'galeria'}")
    else:
        shutil.rmtree(folder)
        report.say("Nothing is left running, and nothing on the disk.")


def build_demo_files(folder: Path) -> DemoFiles:
    """Build the disk images of the demonstration from Debian packages; none is downloaded as an image."""
    folder.mkdir(exist_ok=True)
    cache = Path.home() / ".cache" / "galeria" / "guests"
    sources = find_sources(cache) or get_sources(cache)
    base, large, data = folder / "linux.raw", folder / "large.raw", folder / "data.raw"
    build_guest(base, sources=sources)
    build_guest(large, sources=sources, disk_mib=TOO_LARGE_MIB)
    with data.open("wb") as file:
        file.truncate(DATA_DISK_BYTES)
    run(["mkfs.ext4", "-q", "-F", data])
    made = DemoFiles(
        qcow2=folder / "linux.qcow2",
        vhd=folder / "linux.vhd",
        too_large=folder / "large.qcow2",
        data_disk=folder / "data.qcow2",
    )
    _convert(base, made.qcow2, "qcow2")
    _convert(base, made.vhd, "vpc", "subformat=fixed,force_size=on")
    _convert(large, made.too_large, "qcow2")
    _convert(data, made.data_disk, "qcow2")
    return made


@contextmanager
def running_server(data: Path, *, fake: bool = False, worker_process: bool = False) -> Iterator[dict[str, str]]:
    """Run a server in a process of its own on a free port, with `worker_process` in two of them; yields the same facts as
    `galeria connect` prints.

    Raises Unavailable.
    """
    data.mkdir(parents=True, exist_ok=True)
    connect = data / CONNECT_FILE
    connect.unlink(missing_ok=True)
    with (data / "server.log").open("ab") as log:
        command = [sys.executable, "-m", "galeria", "serve", "--data", str(data), "--port", "0"]
        command += ["--fake"] if fake else []
        command += ["--worker-process"] if worker_process else []
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not connect.is_file() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if server.poll() is not None or not connect.is_file():
            raise Unavailable(
                Message("The server did not start."), hint=Message("Its log is {data}.", data=str(data / "server.log"))
            )
        content: dict[str, str] = json.loads(connect.read_text(encoding="utf-8"))
        yield content
    finally:
        if server.poll() is None:
            os.kill(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _convert(source: Path, target: Path, format: str, options: str = "") -> None:
    more = ["-o", options] if options else []
    run(["qemu-img", "convert", "-f", "raw", "-O", format, *more, source, target])


def _require_no_machines(data: Path) -> None:
    """Raise Unavailable where this host still has a machine of the installation, after everything was deleted."""
    installation = json.loads((data / "private" / "identity" / "installation.json").read_text(encoding="utf-8"))
    left = LibvirtEngine(data, installation=installation["installation"]).machines()
    if left:
        raise Unavailable(
            Message("{count} machines are left on this host.", count=len(left)),
            hint=Message("'virsh list --all' shows them; report this."),
        )
