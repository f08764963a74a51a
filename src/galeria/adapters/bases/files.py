"""The folder of one base that is being served, and the files in it by which Galeria and the serving process talk.

A folder exists as long as its base is served. `order.json` tells the process what to serve; it removes that file itself when
nothing is left to do, so that an order without a process means that the process was killed.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from galeria.domain.disk_margin import DiskMargin
from galeria.domain.regions import BY_ENVIRONMENT, BucketAccess
from galeria.ports.images import Digest

LOCK = "lock"
ORDER = "order.json"
MANIFEST = "manifest"
STATE = "state.json"
SOCKET = "s"
LOG = "server.log"

PATIENCE = 20.0
"""Seconds after which a read that the store does not answer fails: the drivers of emulated disks give up after 30."""
QUIET = 20.0
"""Seconds without a read after which the rest is fetched: a system that starts reads oftener, under emulation and load too."""
LONGEST_START = 180.0
"""Seconds after the first read from which on the rest is fetched, however much is read."""
IDLE = 30.0
"""Seconds after which the process of a whole base ends that nobody reads from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkStore:
    """A region's store that chunks are read from."""

    region: str
    url: str
    work: str  # the local directory of that store
    access: BucketAccess = BY_ENVIRONMENT  # how the bucket is reached, as the server reaches it


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What one process serves."""

    region: str
    digest: Digest
    size: int  # bytes that a guest sees
    base: str  # the path that the whole base gets
    stores: tuple[ChunkStore, ...]  # in the order in which they are asked for a chunk
    database: str  # the URL of the database with the index of chunks
    margin: DiskMargin
    patience: float = PATIENCE
    quiet: float = QUIET
    longest_start: float = LONGEST_START
    idle: float = IDLE


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingState:
    """How far a base is."""

    present: int = 0  # chunks with data that are in the file and were checked
    total: int = 0  # chunks with data
    fetched_bytes: int = 0  # compressed bytes read from the store by this process
    served_bytes: int = 0  # read by machines from this process
    clients: int = 0
    problem: str = ""  # why the store did not give a chunk when it was last asked, in English


def folder_of(base: Path) -> Path:
    """Return the folder of the base that will be at this path of an image cache (regions/REGION/cache/DIGEST.raw).

    Its path is short, because the kernel limits that of a socket.
    """
    region = base.parent.parent
    name = hashlib.sha256(f"{region.name}/{base.stem}".encode()).hexdigest()[:32]
    return region.parent.parent / "bases" / name


def partial_of(base: Path) -> Path:
    """Return the file that a base is gathered in until it is whole. Nobody but the serving process reads it."""
    return base.parent / f".{base.stem}.filling"


def write_order(folder: Path, order: Order, manifest: bytes) -> None:
    (folder / MANIFEST).write_bytes(manifest)
    replace_file(folder / ORDER, json.dumps(asdict(order)).encode())


def find_order(folder: Path) -> Order | None:
    """Return the order; None where there is none."""
    found = _find(folder / ORDER)
    if found is None:
        return None
    stores, margin = found.pop("stores"), DiskMargin(**found.pop("margin"))
    opened = (ChunkStore(**{**each, "access": BucketAccess(**each.get("access", {}))}) for each in stores)
    return Order(stores=tuple(opened), margin=margin, **found)


def write_state(folder: Path, state: ServingState) -> None:
    replace_file(folder / STATE, json.dumps(asdict(state)).encode())


def find_state(folder: Path) -> ServingState:
    """Return what the process said last."""
    return ServingState(**(_find(folder / STATE) or {}))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file for the service's own account as a whole, so that a reader never finds half of it."""
    unfinished = path.with_name(path.name + ".new")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
    unfinished.replace(path)


def _find(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found
