"""The other end of a driver: a process in a client's own environment that is asked one thing after the other."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / ".cache" / "clients"
DRIVERS = Path(__file__).parent / "drivers"


def program(client: str, name: str) -> Path:
    """A program of a client's environment, such as `az` of `az`."""
    path = CLIENTS / client / "bin" / name
    assert path.exists(), f"{path} is missing: run scripts/setup test"
    return path


def node_modules() -> Path:
    """The folder that has the clients for Node.js."""
    path = CLIENTS / "npm"
    assert (path / "node_modules").exists(), f"{path}/node_modules is missing: run scripts/setup test"
    return path


class WorkFolder:
    """`driver` is a module of tests.clients.drivers, run by `client`'s own Python, or a file there that Node.js runs."""

    def __init__(self, client: str, driver: str, environment: dict[str, str], log: Path) -> None:
        self._log = log
        command: list[str | Path] = (
            ["node", DRIVERS / driver, node_modules()]
            if driver.endswith(".mjs")
            else [program(client, "python"), "-m", f"tests.clients.drivers.{driver}"]
        )
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._turn = threading.Lock()
        self._hear()

    def ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        with self._turn:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return self._hear()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the driver has ended:\n{self._log.read_text(encoding='utf-8')}")
        return json.loads(line)
