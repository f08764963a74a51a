"""A server without machines, run as the package's settings and `make serve` run it, and a client of it."""

import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from galeria.bootstrap.demo_host import running_server
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.interfaces.client.galeria import Galeria

PATIENCE = 120.0  # seconds for all machines of a class to start, or to stop


def running_service(data: Path) -> AbstractContextManager[dict[str, str]]:
    """Run a server and its worker in a process of its own; yields what `galeria connect` prints. Raises Unavailable."""
    return running_server(data, fake=True, worker_process=True)


@contextmanager
def galeria_of(connect: dict[str, str], data: Path) -> Iterator[Galeria]:
    """Yield a client of the server, signed in as the first administrator's program."""
    credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
    connection = ServerConnection(connect["endpoint"], credentials, ca_file=Path(connect["ca_file"]), patient=True)
    with Galeria.open(connection, memory=data / "client") as galeria:
        yield galeria


def wait_for_machines(galeria: Galeria, lab: str, names: Collection[str], state: str) -> None:
    """Wait until each of the lab's machines with these names is in that state. Raises TimeoutError after two minutes."""
    deadline = time.monotonic() + PATIENCE
    while {each["properties"]["state"] for each in galeria.machines.list(lab) if each["name"] in names} != {state}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not every machine of {lab} is {state}")
        time.sleep(0.5)
