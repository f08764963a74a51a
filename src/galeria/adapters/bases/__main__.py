"""The serving process of one base: python -m galeria.adapters.bases FOLDER. A folder has one; a second one ends at once."""

import logging
import sys
from pathlib import Path

from galeria.adapters.bases.files import LOCK
from galeria.adapters.bases.serving import serve
from galeria.adapters.lasting_process import StopSignal, take_lock


def main(folder: Path) -> int:
    """Run until nobody reads from the base, which is whole then. Return 1 where another process has the folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s base: %(message)s")
    stop = StopSignal()
    stop.listen()
    try:
        lock = take_lock(folder / LOCK)
    except BlockingIOError:
        return 1
    with lock:
        serve(folder, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
