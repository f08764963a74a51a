"""A server without machines, run as the package's settings and `make serve` run it."""

from contextlib import AbstractContextManager
from pathlib import Path

from galeria.bootstrap.demo_host import running_server


def running_service(data: Path) -> AbstractContextManager[dict[str, str]]:
    """Run a server and its worker in a process of its own; yields what `galeria connect` prints. Raises Unavailable."""
    return running_server(data, fake=True, worker_process=True)
