"""docs/api/openapi.json is what the REST interface says of itself."""

import json
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.interfaces.app import make_app
from tests.interfaces.arm.served import serving


def test_the_description_of_the_api_is_current(
    tmp_path: Path, migrated_file: Path, require_current: Callable[[str, str], None]
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(tmp_path / "installation", migrated_file, key) as served:
        described = make_app(served.services).openapi()

    assert described["paths"]
    assert served.services.endpoint not in str(described), "the description must not depend on the installation"
    require_current("docs/api/openapi.json", json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
