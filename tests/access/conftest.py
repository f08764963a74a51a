"""One installation for all tests of access in a process: their calls leave nothing behind."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.access.world import World, opened_world
from tests.prepared_installations import PreparedInstallations


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, prepared_installations: PreparedInstallations) -> Iterator[World]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with opened_world(tmp_path_factory.mktemp("access") / "installation", prepared_installations, key) as opened:
        yield opened
