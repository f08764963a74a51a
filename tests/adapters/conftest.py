"""One PostgreSQL server for all tests of adapters, started by the first that asks for it."""

from collections.abc import Iterator

import pytest

from tests.adapters.postgresql import postgresql_server


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A server without network, in a folder of its own. Its locale ignores '/' when it sorts, as most people's do."""
    with postgresql_server() as url:
        yield url
