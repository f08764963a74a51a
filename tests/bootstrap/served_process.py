"""A server that was started by a command line of its own, without machines, for who talks to it from outside."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import until

PROGRAM = (sys.executable, "-m", "galeria")
START_SECONDS = 120.0  # on a very busy host
STOP_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Served:
    process: "subprocess.Popen[bytes]"
    client: httpx.Client
    connect: dict[str, str]
    log: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def token(self) -> str:
        """An access token of the first administrator's program, an Owner."""
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.connect["client_id"],
            "client_secret": self.connect["client_secret"],
            "scope": f"{self.connect['endpoint']}/.default",
        }
        answer = self.client.post(f"/{self.connect['tenant_id']}/oauth2/v2.0/token", data=asked)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@contextmanager
def served(
    program: Sequence[str], data: Path, *options: str, environment: dict[str, str] | None = None
) -> Iterator[Served]:
    """Start the server on a free port; it is stopped at the end. `environment` is added to this one's."""
    log = data.with_name(f"{data.name}.log")
    own = os.environ | (environment or {})
    connect = data / "connect.json"
    connect.unlink(missing_ok=True)
    command = [*program, "serve", "--fake", "--port", "0", "--data", str(data), *options]
    with log.open("ab") as told:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, env=own)
    try:
        until(lambda: connect.is_file() or process.poll() is not None, "the server starts", seconds=START_SECONDS)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        facts = json.loads(connect.read_text(encoding="utf-8"))
        with _client(facts) as client:
            yield Served(process=process, client=client, connect=facts, log=log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()


def _client(facts: dict[str, str]) -> httpx.Client:
    return httpx.Client(
        base_url=facts["endpoint"], verify=ssl.create_default_context(cafile=facts["ca_file"]), timeout=60
    )
