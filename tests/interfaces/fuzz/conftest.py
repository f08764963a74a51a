"""One product for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.domain.people.roles import ROLES
from tests.interfaces.arm.path_values import enrol, make_path_values
from tests.interfaces.arm.paths import with_shared_galleries
from tests.interfaces.arm.served import GALLERY, definition_body, done, version_body
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.product import CALLERS, Product, running
from tests.local_installation import disk_bytes


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Product]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with running(tmp_path_factory.mktemp("fuzz") / "installation", migrated_file, key) as served:
        yield served


@pytest.fixture(scope="module")
def known(product: Product) -> dict[str, str]:
    """Values for the variable parts of every path: things that exist, and a person of each role."""
    image = f"{GALLERY}/images/ready"
    done(product().put(image, json=definition_body("ready")), 201)
    upload = product.installation.upload(disk_bytes())
    done(product().put(f"{image}/versions/1.0.0", json=version_body(upload, "brazilsouth", "brazilsoutheast")), 201)
    product.work()
    names = with_shared_galleries(product, make_path_values(product, image))
    for name, role in zip(CALLERS[2:], ROLES, strict=True):
        enrol(product, name, role)
    return names


@pytest.fixture(scope="module")
def judge(product: Product) -> Judge:
    return Judge(product)
