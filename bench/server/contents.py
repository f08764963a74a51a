"""Create contents for thousands of image versions quickly: what a capture of each would store, in two regions."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import CHUNK_SIZE, Manifest
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.packs.chunks import ChunkCompressor, chunk_name
from galeria.adapters.store.packs.packs import PackWriter
from galeria.adapters.store.region_store import open_store_context
from galeria.bootstrap.container import Container

CHUNKS = 256  # chunks of each version
COMMON, OF_IMAGE = 200, 54  # chunks that all versions share, and those of one image; what is left is a version's own
OWN = CHUNKS - COMMON - OF_IMAGE
SIZE = CHUNKS * CHUNK_SIZE  # bytes of each version's disk
WRITERS = 4  # each waits for its disk most of the time


def store_contents(container: Container, home: str, other: str, *, images: int, versions: int) -> list[list[str]]:
    """Return digests by image and version, all different. Both regions hold all of them, packed, signed and indexed."""
    index, key = DatabaseChunkIndex(container.sql), container.installation.manifest_key
    context = open_store_context(
        home, _folder(container, home).as_uri(), work=container.data / "work", index=index, key=key
    )
    with Publisher(context) as publisher, PackWriter(context, publisher.submit) as packs:
        names = _stored(packs)
        common = list(islice(names, COMMON))
        manifests = []
        for _ in range(images):
            shared = common + list(islice(names, OF_IMAGE))
            manifests += [_manifest(shared + list(islice(names, OWN))) for _ in range(versions)]
    with ThreadPoolExecutor(WRITERS) as pool:
        digests = [digest for digest, _ in pool.map(lambda each: signed_manifests.publish(context, each), manifests)]
    shutil.copytree(_folder(container, home), _folder(container, other), dirs_exist_ok=True)
    container.stores[other].rebuild_index()
    return [digests[first : first + versions] for first in range(0, len(digests), versions)]


def _stored(packs: PackWriter) -> Iterator[bytes]:
    """Yield names of new chunks, each stored when it is requested."""
    packer, number = ChunkCompressor(), 0
    while True:
        chunk = number.to_bytes(8, "big") * (CHUNK_SIZE // 8)
        number += 1
        name = chunk_name(chunk)
        packs.add(name, packer.pack(chunk))
        yield name


def _manifest(names: list[bytes]) -> Manifest:
    full = b"\xff" * (CHUNKS // 8)
    return Manifest(size=SIZE, chunk_size=CHUNK_SIZE, parent=None, bitmap=full, hashes=b"".join(names))


def _folder(container: Container, region: str) -> Path:
    return container.data.resolve() / "regions" / region / "store"
