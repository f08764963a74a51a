"""A portal for each test, empty but for the people of tests.local_installation, a gallery and a lab account."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.adapters.identity.keys import ensure_installation
from galeria.adapters.system import SystemClock
from tests.interfaces.web.served import NewPortal, Portal, serving
from tests.prepared_installations import PreparedInstallations, with_people


@pytest.fixture(scope="session")
def token_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def new_portal(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> Iterator[NewPortal]:
    """Makes one of the test alone, that begins with what `prepare` leaves behind."""
    with ExitStack() as stack:
        yield lambda prepare: stack.enter_context(
            serving(tmp_path / "installation", prepared_installations, token_key, prepare=prepare)
        )


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    """Of one test alone."""
    return new_portal(with_people)


@pytest.fixture(scope="module")
def shared_portal(
    tmp_path_factory: pytest.TempPathFactory, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> Iterator[Portal]:
    """Of a file of tests, which use names of their own."""
    with serving(tmp_path_factory.mktemp("portal") / "installation", prepared_installations, token_key) as served:
        yield served


@pytest.fixture
def secure_portal(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> Iterator[Portal]:
    """Of one test alone, over TLS."""
    identity_files = ensure_installation(tmp_path / "identity", clock=SystemClock())
    with serving(tmp_path / "installation", prepared_installations, token_key, identity_files=identity_files) as served:
        yield served
