"""`python -m bench.scale` measures the figures of docs/scale.md; some of its parts only some of them."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.scale import index, labs, operations, stores
from bench.scale.figures import Figure
from tests.adapters.postgresql import created_database, postgresql_server
from tests.system.many.soak_load import postmaster_of


def _index(url: str, _folder: Path) -> list[Figure]:
    return index.measure(created_database(url, like="template1"))


def _stores(_url: str, folder: Path) -> list[Figure]:
    return stores.measure(folder)


def _labs(url: str, folder: Path) -> list[Figure]:
    return labs.measure(created_database(url, like="template1"), postmaster_of(url), folder)


def _operations(url: str, folder: Path) -> list[Figure]:
    return operations.measure(created_database(url, like="template1"), folder)


PARTS: dict[str, Callable[[str, Path], list[Figure]]] = {
    "index": _index,
    "stores": _stores,
    "labs": _labs,
    "operations": _operations,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all unless given")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := [each for each in parts if each not in PARTS]:
        parser.error(f"there is no part {unknown[0]}")
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="galeria-scale-", dir="/var/tmp") as folder, postgresql_server() as url:
            sys.stdout.write("".join(f"{each}\n" for each in PARTS[part](url, Path(folder))))
            sys.stdout.flush()
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    sys.stdout.write(f"on {os.cpu_count()} processors with a load of {load}\n")


if __name__ == "__main__":
    main()
