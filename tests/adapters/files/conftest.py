"""A tus endpoint over real HTTP, for every test that asks."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from tests.adapters.files.tus_server import make_app, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def endpoint(database: SqlDatabase, folder: Path) -> Iterator[str]:
    with serving(make_app(database, folder)) as address:
        yield address


@pytest.fixture
def ana(endpoint: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer ana"}, timeout=30) as client:
        yield client
