"""One process of the durable engine over an installation's folder: `crash` dies in a step, `resume` lets what is left finish.

Each step that runs is written into the folder's file `calls` by the process that ran it.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from galeria.adapters.durable import DbosStarter
from galeria.domain.states import is_settled
from galeria.ports.images import Digest, ImageStore, Replicated
from galeria.ports.progress import Progress
from tests.failing import FailingStore, with_stores
from tests.local_installation import LocalInstallation, open_installation

SECONDS = 60.0
KILLED = 9


class DyingStore(FailingStore):
    """The process is gone in the middle of a replication, without any goodbye."""

    def replicate(
        self, digest: Digest, *, source: ImageStore, pin: Callable[[Digest], None], progress: Progress
    ) -> Replicated:
        os._exit(KILLED)


def main(folder: Path, operation_id: str, mode: str) -> None:
    installation, close = open_installation(folder)
    note_captures(installation, folder / "calls", mode)
    if mode == "crash":
        other = installation.context.stores["brazilsoutheast"]
        installation = with_stores(installation, brazilsoutheast=DyingStore(other, "replicate", RuntimeError()))  # type: ignore[arg-type]
    starter = DbosStarter(database_url=f"sqlite:///{folder / 'durable.db'}", context=installation.context)
    starter.launch()
    if mode == "crash":
        starter.start(operation_id)
    wait(installation, operation_id)
    starter.close()
    close()


def note_captures(installation: LocalInstallation, calls: Path, mode: str) -> None:
    """From now on the home store writes down that it was asked to capture a disk."""
    home = installation.context.stores["brazilsouth"]
    capture = home.capture

    def noted(*args: object, **more: object) -> object:
        with calls.open("a") as file:
            file.write(f"{mode}: capture\n")
        return capture(*args, **more)  # type: ignore[arg-type]

    home.capture = noted  # type: ignore[method-assign, assignment]


def wait(installation: LocalInstallation, operation_id: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_settled(installation.operation(operation_id).status):
        if time.monotonic() > deadline:
            raise SystemExit("the operation did not end")
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
