"""One installation with a real server process, to be killed and started again on the same port and data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from galeria.adapters.bases.server_process import served, stop_serving
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.imports import FileImport, ImportResult, begin_import
from galeria.interfaces.client.labs import NewLab
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from galeria.interfaces.client.uploads import Heard
from galeria.interfaces.demo.shell import SshShell
from galeria.ports.machines import Machine
from tests.system.store_lease import store_held_up
from tests.waiting import until

SOUTH, SOUTHEAST = "brazilsouth", "brazilsoutheast"
GALLERY = "campus"
USER, PASSWORD = "ana", "Course-Work-2026"

START_SECONDS = 240.0  # on a very busy host
WORK_SECONDS = 120.0  # for one operation, on a busy host
POLL_SECONDS = 0.01  # between two reads of an operation


class ServerProcess:
    """`folder` is passable for everybody; everything of the installation is in it. `log` takes what the servers say.

    `probed` holds what the probe of the acceleration found on this host; it takes 6 s where there is no KVM.
    """

    def __init__(self, folder: Path, *, probed: Path, log: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.data.mkdir(mode=0o755)
        if probed.exists():
            shutil.copy(probed, Layout(self.data).probe())
        (folder / "tmp").mkdir()
        self._log, self._connect = log, self.data / "connect.json"
        self.more_environment: dict[str, str] = {}
        self._port, self._was_killed = 0, False
        self._server: subprocess.Popen[bytes] | None = None
        self._galeria: Galeria | None = None

    @property
    def galeria(self) -> Galeria:
        """The first administrator's client."""
        assert self._galeria is not None, "nothing was served yet"
        return self._galeria

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The server that was started last."""
        assert self._server is not None, "nothing was served yet"
        return self._server

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def memory(self) -> Path:
        """Where the administrator's client and command line keep the addresses of unfinished uploads."""
        return self.folder / "state" / "galeria"

    def settle(self, toml: str) -> None:
        """Write the installation's settings; before the start."""
        (self.data / "galeria.toml").write_text(toml, encoding="utf-8")

    def start(self, *options: str) -> None:
        """The port is a free one at the first start, and stays."""
        self.launch(*options)
        self._sign_in(json.loads(self._connect.read_text(encoding="utf-8")))

    def launch(self, *options: str) -> None:
        """Until it has its place, at the moment when its work begins. Nobody has signed in."""
        self._connect.unlink(missing_ok=True)
        self._server = self.spawn("serve", "--port", str(self._port), *options)
        until(lambda: self._connect.is_file() or self._is_down(), "the server starts", seconds=START_SECONDS)
        if self._is_down():
            raise AssertionError(f"the server did not start:\n{self.log}")

    def spawn(self, *command: str) -> subprocess.Popen[bytes]:
        """A command of Galeria's on this data directory, as a process of its own."""
        words = [sys.executable, "-m", "galeria", *command, "--data", str(self.data)]
        with self._log.open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)

    def ask(self, *words: str, data: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """A command of Galeria's, on this data directory unless another is named, run to its end."""
        command = [sys.executable, "-m", "galeria", *words, "--data", str(data or self.data)]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, timeout=WORK_SECONDS, check=False
        )

    @property
    def environment(self) -> dict[str, str]:
        own = {"TMPDIR": str(self.folder / "tmp"), "XDG_STATE_HOME": str(self.folder / "state"), "COLUMNS": "200"}
        return {**os.environ, **own, **self.more_environment}

    def kill(self) -> None:
        """As a power cut ends it."""
        self._was_killed = True
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As its administrator ends it; what runs goes on at the next start."""
        self._end(signal.SIGTERM)

    def restart(self, *options: str) -> None:
        self.stop()
        self.start(*options)

    def looks(self, work: StartedWork, *, seconds: float = WORK_SECONDS) -> Iterator[OperationSnapshot]:
        """Snapshots of an operation, close together, the settled one last."""
        assert work.operation is not None, "there was nothing to do"
        deadline = time.monotonic() + seconds
        while True:
            snapshot = self.galeria.operations.get(work.operation)
            yield snapshot
            if snapshot.is_settled:
                return
            assert time.monotonic() < deadline, f"the operation does not end: {snapshot}\n{self.log}"
            time.sleep(POLL_SECONDS)

    @contextmanager
    def held_up(self, region: str) -> Iterator[None]:
        """Whatever begins to read or write the region's store waits until the block ends."""
        with store_held_up(self.data, region):
            yield

    def wait(self, work: StartedWork) -> OperationSnapshot:
        """Until it has succeeded. Raises what it failed with."""
        done = self.galeria.wait(work, seconds=WORK_SECONDS)
        assert done is not None, "there was nothing to do"
        return done

    def ended(self, work: StartedWork) -> OperationSnapshot:
        """Until it has ended, well or not."""
        return list(self.looks(work))[-1]

    def begin_import(
        self,
        name: str,
        disk: Path,
        *,
        generation: str = "V1",
        regions: tuple[str, ...] = (),
        os_type: str = "Linux",
        heard: Heard = lambda done, total: None,
    ) -> ImportResult:
        return begin_disks(
            self.galeria, name, disk, generation=generation, regions=regions, os_type=os_type, heard=heard
        )

    def imported(self, name: str, disk: Path, *, generation: str = "V1", regions: tuple[str, ...] = ()) -> ImportResult:
        """A version, whole."""
        imported = self.begin_import(name, disk, generation=generation, regions=regions)
        self.wait(imported.begun)
        return imported

    def version(self, imported: ImportResult) -> dict[str, Any]:
        return self.galeria.versions.get(GALLERY, imported.image, imported.version)

    def begin_lab(self, name: str, image: str, *, region: str = SOUTH) -> StartedWork:
        """`image`: a whole id."""
        return self.galeria.labs.create(
            name, NewLab(image=image, user=USER, password=PASSWORD, region=region, size="Tiny")
        )

    def make_lab(self, name: str, image: str, *, region: str = SOUTH) -> None:
        self.wait(self.begin_lab(name, image, region=region))

    def boot(self, lab: str, *, user: str = USER) -> SshShell:
        """Start a lab's template where it is off; the shell waits until somebody answers."""
        self.galeria.wait(self.galeria.machines.start(lab), seconds=WORK_SECONDS)
        where = str(self.galeria.machines.get(lab)["properties"]["connectionProfile"]["sshAuthority"])
        host, _, port = where.rpartition(":")
        return SshShell(host=host, port=int(port), user=user, password=PASSWORD)

    def engine(self) -> LibvirtEngine:
        """To look at this installation's machines from outside."""
        facts = json.loads((self.data / "private" / "identity" / "installation.json").read_text(encoding="utf-8"))
        return LibvirtEngine(self.data, installation=facts["installation"])

    def image_id(self, name: str) -> str:
        """Of the definition, as a lab is made from it."""
        return str(self.galeria.images.get(name)["properties"]["sharedGalleryId"])

    def machines(self) -> list[Machine]:
        engine = self.engine()
        try:
            return engine.machines()
        finally:
            engine.close()

    def damage(self) -> list[Any]:
        """What `galeria store verify` finds damaged in any region, beside the running server."""
        done = self.ask("store", "verify", "--output", "json")
        assert done.stdout, done.stderr
        return [damage for region in json.loads(done.stdout) for damage in region["damaged"]]

    def leave(self) -> None:
        """Every lab away through the API, the server stopped; then nothing of this installation is on the host."""
        if self._is_down():
            self.start()
        for lab in self.galeria.labs.list():
            self.galeria.wait(self.galeria.labs.delete(lab["id"]), seconds=WORK_SECONDS)
        self.stop()
        assert self.machines() == []
        for order in served(self.data):  # what serves a base outlives its server on purpose
            stop_serving(Path(order.base))
        until(lambda: not self.processes(), lambda: f"all ended with the server, not {self.processes()}", seconds=15)
        if not self._was_killed:  # else the empty folder of a disk server's socket may be left
            assert list((self.folder / "tmp").iterdir()) == []

    def sweep(self) -> None:
        """Whatever a failed test left."""
        self.kill()
        if (self.data / "private" / "identity" / "installation.json").exists():
            engine = self.engine()
            for machine in engine.machines():
                engine.remove_machine(machine)
            engine.close()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    def processes(self) -> dict[int, str]:
        """The command lines that name a path of this installation, by process id."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes()
            except OSError:  # it ended in between
                continue
            if os.fsencode(self.folder) in words:
                found[int(path.parent.name)] = words.replace(b"\0", b" ").decode(errors="replace")
        return found

    def _sign_in(self, connect: dict[str, str]) -> None:
        self._port = int(connect["endpoint"].rpartition(":")[2])
        credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
        connection = ServerConnection(connect["endpoint"], credentials, ca_file=Path(connect["ca_file"]), patient=True)
        self.memory.mkdir(parents=True, exist_ok=True)
        self._galeria = Galeria.open(connection, memory=self.memory)

    def _is_down(self) -> bool:
        return self._server is None or self._server.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        if self._galeria:
            self._galeria.close()  # A server waits some seconds for clients that are still connected.
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(how)
            self._server.wait(timeout=30)


@contextmanager
def living(folder: Path, *, probed: Path, log: Path) -> Iterator[ServerProcess]:
    """A server that is stopped in order, or else swept away."""
    server_process = ServerProcess(folder, probed=probed, log=log)
    try:
        yield server_process
        server_process.leave()
    finally:
        server_process.sweep()


def open_gallery(galeria: Galeria) -> None:
    """A gallery, attached to the lab account."""
    galeria.wait(galeria.galleries.put(GALLERY, region=SOUTH))
    galeria.wait(galeria.accounts.attach(GALLERY))


def begin_disks(
    galeria: Galeria,
    name: str,
    *disks: Path,
    generation: str = "V1",
    regions: tuple[str, ...] = (),
    os_type: str = "Linux",
    heard: Heard = lambda done, total: None,
) -> ImportResult:
    """Begin to make an image's first version, or its next one, of files. The first is the system's disk."""
    definition = NewDefinition(os_type=os_type, os_state="Generalized", generation=generation, display_name=name)
    first, *others = disks
    wanted = FileImport(
        gallery=GALLERY, name=name, os_disk=first, data_disks=others, regions=regions, definition=definition
    )
    return begin_import(galeria, wanted, heard=lambda _: heard)
