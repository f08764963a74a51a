"""The relay as a program: python -m galeria.adapters.reach.relay FOLDER. A folder has one; a second one ends at once."""

import asyncio
import logging
import sys
from pathlib import Path

from galeria.adapters.lasting_process import take_lock
from galeria.adapters.reach.relay.files import LOCK
from galeria.adapters.reach.relay.server import RelayServer


def main(folder: Path) -> int:
    """Run until there is nothing left to do. Return the exit status: 1 where another relay has the folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s relay: %(message)s")
    try:
        lock = take_lock(folder / LOCK)
    except BlockingIOError:
        return 1
    with lock:
        asyncio.run(_run(folder))
    return 0


async def _run(folder: Path) -> None:
    await RelayServer(folder).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
