"""One service for each file of tests; its tests use names of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.interfaces.arm.path_values import make_path_values
from tests.interfaces.arm.paths import with_shared_galleries
from tests.interfaces.arm.served import GALLERY, Arm, definition_body, done, serving, version_body
from tests.local_installation import disk_bytes


@pytest.fixture(scope="session")
def token_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Arm]:
    with serving(tmp_path_factory.mktemp("arm") / "installation", migrated_file, token_key) as served:
        yield served


@pytest.fixture
def arm(service: Arm) -> Arm:
    """What other tests left to be done is not this one's."""
    service.begun.ids.clear()
    return service


@pytest.fixture(scope="module")
def image(service: Arm) -> str:
    """The id of an image definition with version 1.0.0 in two regions."""
    id = f"{GALLERY}/images/ready"
    done(service().put(id, json=definition_body("ready")), 201)
    upload = service.installation.upload(disk_bytes())
    done(service().put(f"{id}/versions/1.0.0", json=version_body(upload, "brazilsouth", "brazilsoutheast")), 201)
    operation = service.work()[-1]
    assert operation.status == "Succeeded", operation.error_message
    return id


@pytest.fixture(scope="module")
def names(service: Arm, image: str) -> dict[str, str]:
    """Values for the variable parts of every path: things that exist, made by the administrator."""
    return make_path_values(service, image)


@pytest.fixture(scope="module")
def known(service: Arm, names: dict[str, str]) -> dict[str, str]:
    """As `names`, with galleries that are shared and a machine for one of the lab's users."""
    return with_shared_galleries(service, names)
