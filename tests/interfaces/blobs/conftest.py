"""One service for each file of tests, and a disk that waits for its upload."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.interfaces.arm.served import Arm, done, serving
from tests.interfaces.arm.storage import disk_body, disk_id, grant

SIZE = 8 << 20


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Arm]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(tmp_path_factory.mktemp("blobs") / "installation", migrated_file, key) as served:
        yield served


@pytest.fixture
def address(arm: Arm, request: pytest.FixtureRequest) -> str:
    """Where a disk of 8 MiB is written to, named after the test."""
    id = disk_id(request.node.originalname[:60])
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=SIZE)))
    return grant(arm, id)
