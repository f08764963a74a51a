"""Start programs that stay, wait until they answer, and end them."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

START_SECONDS = 180.0
STOP_SECONDS = 20.0


class Programs:
    """Programs of one server, all with this `environment`. They are ended in the opposite order of their start."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self._directory, self._environment = directory, environment or {}
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        with (self._directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self._environment, **(environment or {})},
            )
        self._running.append((name, process))

    def wait(self, answers: Callable[[], bool], what: str) -> None:
        """Return when it answers. Fails with the end of every log when a program ends before, or after a long time."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            gone = [name for name, process in self._running if process.poll() is not None]
            if gone or time.monotonic() > deadline:
                raise AssertionError(f"{what} does not answer; ended: {gone}\n{self._logs()}")
            time.sleep(0.1)

    def signal(self, name: str, number: signal.Signals) -> None:
        dict(self._running)[name].send_signal(number)

    def stop(self, only: str | None = None) -> None:
        for name, process in reversed(list(self._running)):
            if only not in (None, name):
                continue
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._running.remove((name, process))

    def _logs(self) -> str:
        logs = sorted(self._directory.glob("*.log"))
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)


def require_program(name: str) -> str:
    """Return its path; fails with the command that installs it."""
    found = shutil.which(name)
    assert found, f"{name} is missing: scripts/setup cloud installs it"
    return found


def run(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
    return done.stdout


def quietly(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Return what it printed, whether it succeeded or not: for what may be gone already."""
    words, whole = [str(word) for word in command], {**os.environ, **(environment or {})}
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=whole
    ).stdout


def is_answering(url: str) -> bool:
    """Whether an HTTP server answers there, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
