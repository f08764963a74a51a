"""Whatever a GET answered may be sent back at any later time: as it was, with dates cut to whole seconds, with one more tag."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm.path_values import make_path_values
from tests.interfaces.arm.paths import on_the_way, with_shared_galleries
from tests.interfaces.arm.served import (
    GALLERY,
    LABS,
    SUB,
    Arm,
    definition_body,
    done,
    serving,
    version_body,
)
from tests.interfaces.arm.storage import COMPUTE, copy_body, disk_body, made, uploaded
from tests.local_installation import disk_bytes

LOCK = f"{SUB}/providers/Microsoft.Authorization/locks/keep"
_PATHS = {route.path for route in ROUTES if route.method == "GET"}
KINDS = [each for each in ROUTES if each.method in ("PUT", "PATCH") and each.path in _PATHS]
WITHOUT_TAGS = ("roleAssignments", "locks", "tags/default", "schedules", "environments/{environment}", "images/{image}")
"""Of what has no tags an additional one is ignored, or is no part of the body."""
MOVING = {
    "lastModifiedAt",
    "lastModifiedBy",
    "lastModifiedByType",
    "lastChanged",
    "latestOperationResult",
    "timeCreated",
}


class MovableClock:
    """The time of the test, which it moves on."""

    def __init__(self) -> None:
        self._by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by

    def move(self, by: timedelta) -> None:
        self._by += by


@pytest.fixture(scope="module")
def later(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, token_key: RSAPrivateKey
) -> Iterator[tuple[Arm, dict[str, str]]]:
    """Everything that there is, made long ago: the ends of life have passed since."""
    clock = MovableClock()
    with serving(tmp_path_factory.mktemp("later") / "installation", migrated_file, token_key, clock=clock) as arm:
        known = furnished(arm, clock)
        clock.move(timedelta(days=400))
        for client in arm.clients.values():
            client.close()
        arm.clients.clear()  # their tokens have expired
        yield arm, known


def furnished(arm: Arm, clock: MovableClock) -> dict[str, str]:
    image = f"{GALLERY}/images/ready"
    end = (clock.now() + timedelta(days=30)).replace(microsecond=123456).isoformat()
    done(arm().put(image, json=definition_body("ready", endOfLifeDate=end, description="Long ago")), 201)
    upload = arm.installation.upload(disk_bytes())
    body = version_body(upload, "brazilsouth", "brazilsoutheast")
    body["properties"]["publishingProfile"]["endOfLifeDate"] = end
    body["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True}
    done(arm().put(f"{image}/versions/1.0.0", json=body), 201)
    arm.work()
    values = make_path_values(arm, image)
    times = {
        "startAt": "2026-01-05T08:00:00",
        "stopAt": "2026-01-05T10:00:00",
        "timeZoneId": "E. South America Standard Time",
    }
    pattern = {"frequency": "Weekly", "weekDays": ["Monday"], "expirationDate": "2026-06-30"}
    schedule = {"properties": times | {"recurrencePattern": pattern}}
    done(arm().put(f"{LABS}/held/schedules/monday", json=schedule))
    done(arm().put(LOCK, json={"properties": {"level": "ReadOnly", "notes": "x"}}), 201)
    assert arm().delete(LOCK).status_code == 200
    group = f"{SUB}/resourceGroups/locked"
    done(arm().put(group, json={"location": "brazilsouth"}), 201)
    lock = {"properties": {"level": "CanNotDelete", "notes": "x"}}
    done(arm().put(f"{group}/providers/Microsoft.Authorization/locks/keep", json=lock), 201)
    return with_shared_galleries(arm, values)


def path_of(route: Route, known: dict[str, str]) -> str:
    values = on_the_way(route, known)
    if "/locks/" in route.path:
        values = values | {"scope": f"{known['subscription']}/resourceGroups/locked"}
    if route.name == "Labs_CreateOrUpdate":
        values = values | {"lab": "held"}
    if route.name == "RoleAssignments_Create":
        values = values | {"assignment": known["assignment"]}
    return route.path.replace("{scope:path}", "{scope}").format(**values)


def in_whole_seconds(view: dict[str, Any]) -> dict[str, Any]:
    cut: dict[str, Any] = json.loads(re.sub(r"(T\d\d:\d\d:\d\d)\.\d+Z", r"\1Z", json.dumps(view)))
    return cut


def lasting(value: Any) -> Any:
    """The view without what every change moves."""
    if isinstance(value, dict):
        return {name: lasting(each) for name, each in value.items() if name not in MOVING}
    return [lasting(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("route", KINDS, ids=lambda route: route.name)
def test_what_was_read_may_be_sent_back_later(later: tuple[Arm, dict[str, str]], route: Route) -> None:
    arm, known = later
    send_back(arm, route.method, path_of(route, known), has_tags=not route.path.endswith(WITHOUT_TAGS))


def send_back(arm: Arm, method: str, path: str, *, has_tags: bool) -> None:
    before = done(arm().get(path))
    for body in (before, in_whole_seconds(before)):
        answer = arm().request(method, path, json=body)
        assert answer.is_success, answer.text
        arm.work()
        assert lasting(done(arm().get(path))) == lasting(before)
    if has_tags and "tags" in before:
        # A name of its own: two kinds may show the same tags, and one of them may not have kept them.
        tags = {**before["tags"], f"{method} of {path.rsplit('/', 2)[-2]}": "more"}
        answer = arm().request(method, path, json=in_whole_seconds(before) | {"tags": tags})
        assert answer.is_success, answer.text
        arm.work()
        assert lasting(done(arm().get(path))) == lasting(before | {"tags": tags})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("kind", ["upload", "copy", "grown copy", "empty", "of an image", "snapshot", "managed image"])
def test_so_may_disks_of_every_origin(later: tuple[Arm, dict[str, str]], kind: str, method: str) -> None:
    arm, _ = later
    name = f"{kind.replace(' ', '-')}-{method.lower()}"
    source = uploaded(arm, f"{name}-source", osType="Linux", hyperVGeneration="V1")
    version: dict[str, Any] = {"galleryImageReference": {"id": f"{GALLERY}/images/ready/versions/1.0.0"}}
    bodies = {
        "copy": copy_body(source),
        "grown copy": copy_body(source, diskSizeGB=3),
        "empty": disk_body("Empty", diskSizeGB=1),
        "of an image": disk_body("FromImage", **version),
        "snapshot": copy_body(source, incremental=True),
        "managed image": {
            "location": "brazilsouth",
            "properties": {"storageProfile": {"osDisk": {"osType": "Linux", "managedDisk": {"id": source}}}},
        },
    }
    path = source
    if kind != "upload":
        folder = {"snapshot": "snapshots", "managed image": "images"}.get(kind, "disks")
        path = f"{COMPUTE}/{folder}/{name}"
        made(arm, path, bodies[kind])
    send_back(arm, method, path, has_tags=True)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("source", ["managed image", "version", "machine", "disk with data disk"])
def test_so_may_versions_of_every_origin(later: tuple[Arm, dict[str, str]], source: str, method: str) -> None:
    arm, _ = later
    name = f"of-{source.replace(' ', '-')}-{method.lower()}"
    body: dict[str, Any] = version_body("")
    body["properties"]["storageProfile"] = _storage(arm, source, name)
    state = "Specialized" if source == "machine" else "Generalized"
    done(arm().put(f"{GALLERY}/images/{name}", json=definition_body(name, osState=state)), 201)
    path = f"{GALLERY}/images/{name}/versions/1.0.0"
    made(arm, path, body)
    send_back(arm, method, path, has_tags=True)


def _storage(arm: Arm, source: str, name: str) -> dict[str, Any]:
    if source == "version":
        return {"source": {"id": f"{GALLERY}/images/ready/versions/1.0.0"}}
    if source == "machine":
        return {"source": {"virtualMachineId": f"{LABS}/held/virtualMachines/template"}}
    disk = uploaded(arm, f"{name}-os", osType="Linux", hyperVGeneration="V1")
    if source == "disk with data disk":
        data = uploaded(arm, f"{name}-data", disk_bytes(seed=4))
        return {"osDiskImage": {"source": {"id": disk}}, "dataDiskImages": [{"lun": 1, "source": {"id": data}}]}
    storage = {"osDisk": {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disk}}}
    made(arm, f"{COMPUTE}/images/{name}", {"location": "brazilsouth", "properties": {"storageProfile": storage}})
    return {"source": {"id": f"{COMPUTE}/images/{name}"}}
