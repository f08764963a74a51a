"""Regions whose buckets are real ones, each below a prefix that no other test has."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.store.objects.bucket import Bucket, open_bucket
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.regions import BucketAccess
from galeria.ports.images import ChunkIndex
from tests.adapters.store.conftest import sqlite as sqlite
from tests.adapters.store.fixtures import StoreFixture
from tests.cloud.conftest import BUCKET
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.faulty_proxy import FaultyProxy, running_proxy


class CloudStores(StoreFixture):
    """Makes regions in the bucket of a cloud, whatever kind is asked for."""

    def __init__(self, directory: Path, index: ChunkIndex, cloud: CloudServer, access: BucketAccess) -> None:
        super().__init__(directory, index)
        self._cloud, self._access, self._prefix = cloud, access, uuid.uuid4().hex

    def bucket(self, region: str, kind: str, *, staging: Path) -> Bucket:
        url = self._cloud.url(BUCKET, f"{self._prefix}/{region}")
        return open_bucket(url, region=region, staging=staging, access=self._access)


@pytest.fixture
def shop(tmp_path: Path, sqlite: sa.Engine, cloud: CloudServer) -> StoreFixture:
    return CloudStores(tmp_path, DatabaseChunkIndex(sqlite), cloud, cloud.access)


@pytest.fixture
def kind() -> str:
    return "cloud"


@pytest.fixture
def store(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


@pytest.fixture
def other(shop: StoreFixture) -> RegionStore:
    return shop.store("south")


north, south = store, other


@pytest.fixture
def bucket(shop: StoreFixture, tmp_path: Path) -> Bucket:
    (tmp_path / "staging").mkdir()
    return shop.bucket("north", "cloud", staging=tmp_path / "staging")


@pytest.fixture
def proxy(cloud: CloudServer) -> Iterator[FaultyProxy]:
    """A proxy before the cloud, which can misbehave."""
    with running_proxy(cloud.access.endpoint) as running:
        yield running


@pytest.fixture
def far(tmp_path: Path, sqlite: sa.Engine, cloud: CloudServer, proxy: FaultyProxy) -> StoreFixture:
    """Regions behind that proxy."""
    return CloudStores(tmp_path, DatabaseChunkIndex(sqlite), cloud, cloud.by_way_of(proxy.address))
