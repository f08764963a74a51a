"""Computers that share a database and a file system. Each is a data directory with processes of its own; machines are fakes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.interfaces.client.galeria import Galeria
from tests.system.server_process import START_SECONDS
from tests.waiting import until

COMMON = ("regions", "uploads", "disks", "work")
RUNNING_AT = "Galeria is running at "


class Process:
    """One server or worker. What it says is kept."""

    def __init__(
        self, command: list[str], data: Path, log: Path, environment: dict[str, str], *, inside: Sequence[str] = ()
    ) -> None:
        self._log = log
        words = [*inside, sys.executable, "-m", "galeria", *command, "--data", str(data)]
        with log.open("ab") as said:
            self._popen = subprocess.Popen(
                words, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def send(self, what: signal.Signals) -> None:
        self._popen.send_signal(what)

    def wait(self, seconds: float = 30) -> int:
        return self._popen.wait(seconds)

    def end(self) -> None:
        """Whatever state it is in."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
            self.wait()


class Computers:
    """`folder` has their data directories, and what they have in common."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self.processes: list[Process] = []
        self._clients: list[Galeria] = []
        self.more_settings = ""
        self.inside: dict[str, list[str]] = {}  # by the computer's name: the words before each of its commands
        self.database = sa.create_engine(url, isolation_level="AUTOCOMMIT")

    def data(self, name: str) -> Path:
        """The data directory of a computer. The first makes the keys; the others get a copy, as an administrator does it."""
        data = self._folder / name / "data"
        if data.exists():
            return data
        first = next(iter(sorted(self._folder.glob("*/data"))), None)
        data.mkdir(parents=True)
        for each in COMMON:
            common = self._folder / "common" / each
            common.mkdir(parents=True, exist_ok=True)
            (data / each).symlink_to(common)
        self.settle(data, is_shared=True)
        if first:
            (data / "private").mkdir(mode=0o700)
            shutil.copytree(first / "private" / "identity", data / "private" / "identity")
        return data

    def settle(self, data: Path, *, is_shared: bool) -> None:
        """Write the settings: with the shared database, or for one computer alone."""
        database = f'[database]\nurl = "{self._url}"\n' if is_shared else ""
        (data / "galeria.toml").write_text(database + self.more_settings, encoding="utf-8")

    def run(self, name: str, *command: str) -> Process:
        """Run a command to its end."""
        process = self.start(name, *command)
        process.wait(120)
        return process

    def serve(self, name: str, *options: str) -> tuple[Process, str]:
        """Start a server that answers; return it with its address."""
        process = self.start(name, "serve", "--fake", "--port", "0", *options)
        until(lambda: RUNNING_AT in process.log or process.exit_code is not None, "it serves", seconds=START_SECONDS)
        assert process.exit_code is None, process.log
        return process, process.log.partition(RUNNING_AT)[2].partition("\n")[0].strip()

    def work(self, name: str, *options: str) -> Process:
        """Start a worker; return once the others know it."""
        process = self.start(name, "worker", "--fake", *options)
        self.wait_known(process)
        return process

    def wait_known(self, process: Process) -> None:
        """Return once the others know a worker that was started."""
        until(lambda: self.is_known(process) or process.exit_code is not None, "it is known", seconds=START_SECONDS)
        assert process.exit_code is None, process.log

    def start(self, name: str, *command: str) -> Process:
        log = self._folder / name / f"{len(self.processes)}.log"
        data = self.data(name)
        environment = {"TMPDIR": str(self._folder), "COLUMNS": "200"}
        process = Process(list(command), data, log, environment, inside=self.inside.get(name, ()))
        self.processes.append(process)
        return process

    def is_known(self, process: Process) -> bool:
        """Whether the others take it for living."""
        asked = "SELECT 1 FROM processes WHERE pid = :pid AND ended_at IS NULL AND beat_at > clock_timestamp() - interval '5 s'"
        with self.database.connect() as connection:
            return connection.scalar(sa.text(asked), {"pid": process.pid}) is not None

    def galeria(self, endpoint: str) -> Galeria:
        """The first administrator's client."""
        until(lambda: list(self._folder.glob("*/data/connect.json")), "the first server has written how it is reached")
        path = next(iter(sorted(self._folder.glob("*/data/connect.json"))))
        connect = json.loads(path.read_text(encoding="utf-8"))
        credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
        connection = ServerConnection(endpoint, credentials, ca_file=Path(connect["ca_file"]), patient=True)
        memory = self._folder / "memory"
        memory.mkdir(exist_ok=True)
        client = Galeria.open(connection, memory=memory)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for process in self.processes:
            process.end()
        self.database.dispose()


def random_disk(path: Path, mib: int) -> Path:
    """Bytes that no store has seen, and that look like a disk to boot from."""
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
        file.seek(510)
        file.write(b"\x55\xaa")
    return path
