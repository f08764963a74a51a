"""A real server believes the address in X-Forwarded-For from the proxies that the settings name, and from nobody else."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.waiting import until

pytestmark = pytest.mark.slow

CLAIMED = "198.51.100.7"


@contextmanager
def serving(data: Path, settings: str, log: Path) -> Iterator[httpx.Client]:
    data.mkdir()
    (data / "galeria.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(data)]
    with log.open("wb") as said, subprocess.Popen(command, env=os.environ, stdout=said, stderr=said) as server:
        try:
            connect = data / "connect.json"
            until(lambda: connect.is_file() or server.poll() is not None, "it serves", seconds=60)
            found = json.loads(connect.read_text(encoding="utf-8"))
            trust = ssl.create_default_context(cafile=found["ca_file"])
            with httpx.Client(base_url=found["endpoint"], verify=trust) as client:
                yield client
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("settings", "believed"),
    [
        ("", "127.0.0.1"),
        ('[server]\ntrusted_proxies = ["192.0.2.10"]', "127.0.0.1"),
        ('[server]\ntrusted_proxies = ["127.0.0.0/8"]', CLAIMED),
    ],
)
def test_a_forwarded_address_counts_where_the_proxy_is_trusted(tmp_path: Path, settings: str, believed: str) -> None:
    log = tmp_path / "log"
    with serving(tmp_path / "data", settings, log) as client:
        wrong = {"grant_type": "password", "client_id": "galeria-cli", "username": "admin", "password": "wrong"}
        answer = client.post("/adfs/oauth2/token", data=wrong, headers={"X-Forwarded-For": CLAIMED})
        assert answer.status_code == 400, answer.text
        until(lambda: "sign-in refused" in log.read_text(encoding="utf-8"), "the refusal is logged")
    assert f"for admin, from {believed}" in log.read_text(encoding="utf-8")
