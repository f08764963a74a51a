"""A double and a connection to it."""

from collections.abc import Iterator

import pytest

from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from tests.interfaces.client.rest_double import RestDouble, running_double


@pytest.fixture
def double() -> Iterator[RestDouble]:
    with running_double() as found:
        yield found


@pytest.fixture
def connection(double: RestDouble) -> Iterator[ServerConnection]:
    with ServerConnection(double.endpoint, ClientSecret(client_id="robot", client_secret="s"), patient=True) as found:
        yield found
