"""A running Galeria for the clients: everything real but the virtual machines, on a free port, with a new authority."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.clients.work_folder import program

START_SECONDS = 60.0
HOME, AWAY = "brazilsouth", "brazilsoutheast"
# Settings of whoever runs the tests that would reach into the clients.
_FOREIGN = ("AZURE_", "ARM_", "REQUESTS_", "SSL_", "CURL_", "PYTHON", "VIRTUAL_ENV", "MSI_", "IDENTITY_")


@dataclass(frozen=True, kw_only=True)
class ClientServer:
    folder: Path
    connect: dict[str, str]

    @property
    def endpoint(self) -> str:
        return self.connect["endpoint"]

    @property
    def subscription(self) -> str:
        return self.connect["subscription_id"]

    @property
    def tenant(self) -> str:
        return self.connect["tenant_id"]

    @property
    def bundle(self) -> Path:
        """The authorities that the clients know by themselves, and ours, in one file."""
        return self.folder / "bundle.pem"

    def id(self, group: str, path: str = "") -> str:
        """`path` is what follows /providers/, such as Microsoft.Compute/galleries/g."""
        whole = f"/subscriptions/{self.subscription}/resourceGroups/{group}"
        return f"{whole}/providers/{path}" if path else whole

    def environment(self, client: str) -> dict[str, str]:
        """For one client: nothing of the caller's own settings, and a configuration folder of its own."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **mine,
            "AZURE_CONFIG_DIR": str(self.folder / client),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            "AZURE_CORE_SURVEY_MESSAGE": "no",
            "AZURE_CORE_LOGIN_EXPERIENCE_V2": "no",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "HOME": str(self.folder),
            "NODE_EXTRA_CA_CERTS": str(self.bundle),
            "REQUESTS_CA_BUNDLE": str(self.bundle),
        }

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.bundle))

    @contextmanager
    def rest(self) -> Iterator[httpx.Client]:
        """For what no Azure client can say, such as making people; signed in as the first administrator."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.connect["client_id"],
            "client_secret": self.connect["client_secret"],
        }
        with httpx.Client(base_url=self.endpoint, verify=self.trust(), timeout=30) as client:
            token = client.post("/adfs/oauth2/token", data=form).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            client.params = httpx.QueryParams({"api-version": "2026-03-03"})
            yield client

    def upload(self, client: httpx.Client, content: bytes) -> str:
        """A whole disk file, sent to /uploads; returns its id."""
        tus = {"Tus-Resumable": "1.0.0"}
        made = client.post("/uploads", headers={**tus, "Upload-Length": str(len(content))})
        place = httpx.URL(made.raise_for_status().headers["location"]).path
        headers = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        client.patch(place, content=content, headers=headers).raise_for_status()
        return place.rpartition("/")[2]


@contextmanager
def living(folder: Path, *options: str) -> Iterator[ClientServer]:
    """Served until the block ends. `options` are of `galeria serve`."""
    data = folder / "data"
    connect = data / "connect.json"
    data.mkdir()
    words = [sys.executable, "-m", "galeria", "serve", "--fake", "--data", str(data), "--port", "0", *options]
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        content = _wait(connect, server, folder / "server.log")
        _write_bundle(folder / "bundle.pem", Path(content["ca_file"]))
        yield ClientServer(folder=folder, connect=content)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _wait(connect: Path, server: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """Until it can be connected to: its address is written a moment before it listens there."""
    deadline = time.monotonic() + START_SECONDS
    content: dict[str, str] = {}
    while not (content and _is_open(content)):
        if server.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.05)
        if connect.is_file():
            content = json.loads(connect.read_text(encoding="utf-8"))
    return content


def _is_open(connect: dict[str, str]) -> bool:
    place = urlsplit(connect["endpoint"])
    try:
        with socket.create_connection((place.hostname, place.port or 443), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


def _write_bundle(target: Path, ours: Path) -> None:
    usual = subprocess.run(
        [program("az", "python"), "-m", "certifi"], capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
    shutil.copyfile(usual, target)
    with target.open("ab") as bundle:
        bundle.write(b"\n" + ours.read_bytes())
