"""The serving process of one base: python -m galeria.adapters.bases FOLDER. A folder has one; a second one ends at once."""

import logging
import signal
import sys
import threading
from pathlib import Path

from galeria.adapters.bases.files import LOCK
from galeria.adapters.bases.serving import serve
from galeria.adapters.lasting_process import take_lock


def main(folder: Path) -> int:
    """Run until nobody reads from the base, which is whole then. Return 1 where another process has the folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s base: %(message)s")
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        lock = take_lock(folder / LOCK)
    except BlockingIOError:
        return 1
    with lock:
        serve(folder, stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
