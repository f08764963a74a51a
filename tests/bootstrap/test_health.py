"""A real server tells whether it lives and is ready; why it is not, only to who may read the installation."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from galeria.domain.settings import DEFAULT_REGIONS
from tests.bootstrap.served_process import PROGRAM, Served, served
from tests.waiting import until


def ready(server: Served, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = server.get("/readyz", headers=headers)
    found: dict[str, Any] = answer.json()
    assert answer.status_code == (200 if found["status"] == "ready" else 503)
    return found


@pytest.mark.slow
def test_a_server_says_what_is_missing_to_administrators_only(tmp_path: Path) -> None:
    with served(PROGRAM, tmp_path / "data") as server:
        assert server.get("/healthz").json() == {"status": "alive"}
        assert ready(server) == {"status": "ready"}
        token = server.token()
        assert {each["name"]: each["status"] for each in ready(server, token)["checks"]} == dict.fromkeys(
            ("database", "machines", "operations", *(f"store {region.name}" for region in DEFAULT_REGIONS.all)),
            "ready",
        )
        store = tmp_path / "data" / "regions" / "brazilsouth" / "store"
        shutil.move(store, tmp_path / "away")
        store.write_bytes(b"no folder any more")
        until(lambda: ready(server) == {"status": "not ready"}, "it is not ready")
        missing = [each for each in ready(server, token)["checks"] if each["status"] != "ready"]
        assert [each["name"] for each in missing] == ["store brazilsouth"]
        assert missing[0]["message"]
        assert missing[0]["hint"]
        assert ready(server, "no-token") == {"status": "not ready"}
        store.unlink()
        shutil.move(tmp_path / "away", store)
        until(lambda: ready(server) == {"status": "ready"}, "it is ready again")
