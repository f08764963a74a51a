"""The relay as a program: python -m galeria.adapters.reach.relay FOLDER. A folder has one; a second one ends at once."""

import asyncio
import fcntl
import logging
import os
import sys
from pathlib import Path

from galeria.adapters.reach.relay.files import LOCK
from galeria.adapters.reach.relay.server import RelayServer


def main(folder: Path) -> int:
    """Run until there is nothing left to do. Return the exit status: 1 where another relay has the folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s relay: %(message)s")
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 1
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        asyncio.run(_run(folder))
    return 0


async def _run(folder: Path) -> None:
    await RelayServer(folder).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
