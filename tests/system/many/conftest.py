"""One database server for all tests here, and new computers for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.postgresql import created_database, postgresql_server
from tests.system.many.computers import Computers


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql_server() as url:
        yield url


@pytest.fixture
def computers(postgresql_url: str, tmp_path: Path) -> Iterator[Computers]:
    made = Computers(tmp_path, created_database(postgresql_url, like="template1"))
    yield made
    made.close()
