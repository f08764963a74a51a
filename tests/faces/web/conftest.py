"""A portal for each test, empty but for the people of tests.scene, a gallery and a lab account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.adapters.identity.keys import ensure_installation
from galeria.adapters.system import SystemClock
from tests.faces.web.served import Portal, serving


@pytest.fixture(scope="session")
def token_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def portal(tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Portal]:
    """Of one test alone."""
    with serving(tmp_path / "scene", migrated_file, token_key) as served:
        yield served


@pytest.fixture(scope="module")
def shared_portal(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, token_key: RSAPrivateKey
) -> Iterator[Portal]:
    """Of a file of tests, which use names of their own."""
    with serving(tmp_path_factory.mktemp("portal") / "scene", migrated_file, token_key) as served:
        yield served


@pytest.fixture
def secure_portal(tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Portal]:
    """Of one test alone, over TLS."""
    installation = ensure_installation(tmp_path / "identity", clock=SystemClock())
    with serving(tmp_path / "scene", migrated_file, token_key, installation=installation) as served:
        yield served
