"""Azurite, Microsoft's own server of Azure Blob Storage for tests; scripts/azurite brings it."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from galeria.domain.regions import BucketAccess
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.programs import Programs, is_answering, require_program
from tests.cloud.servers.signing import make_azure_container
from tests.servers.ports import free_ports

ACCOUNT, SECRET = "galeria", base64.b64encode(b"a secret of the tests, long enough").decode()
PROGRAM = Path(__file__).parents[3] / ".cache/azurite/node_modules/azurite/dist/src/blob/main.js"


@contextmanager
def running_azurite(
    directory: Path, address: str = "127.0.0.1", *, inside: Sequence[str] = ()
) -> Iterator[CloudServer]:
    """Start it at the address; the command begins with the words that put it `inside` a network of its own."""
    assert PROGRAM.exists(), "Azurite is missing: scripts/setup cloud installs it"
    (port,) = free_ports(1)
    words = ["--blobHost", address, "--blobPort", str(port), "--location", str(directory), "--silent"]
    command = [*inside, require_program("node"), str(PROGRAM), *words, "--skipApiVersionCheck", "--disableTelemetry"]
    programs = Programs(directory)

    def start() -> None:
        programs.start("azurite", command, {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{SECRET}"})
        programs.wait(lambda: is_answering(f"http://{address}:{port}/"), "Azurite")

    def restart() -> None:
        programs.stop()
        start()

    try:
        start()
        access = BucketAccess(
            endpoint=f"http://{address}:{port}/{ACCOUNT}", account=ACCOUNT, secret=SECRET, allow_http=True
        )
        make = partial(make_azure_container, access)
        yield CloudServer(name="azurite", scheme="az", access=access, make_bucket=make, restart=restart)
    finally:
        programs.stop()
