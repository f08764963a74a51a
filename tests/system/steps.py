"""Moments of an operation, and what its steps tell afterwards."""

from collections.abc import Callable
from typing import Any

from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from tests.system.server_process import ServerProcess

STORE, STORE_CHANGES = "Store the disk", "Store the changes"
REPLICATE, CACHE = "Replicate to the other regions", "Bring the image to the hosts"

Moment = Callable[[OperationSnapshot], bool]


def is_moving(step: str, region: str | None = None) -> Moment:
    """Bytes of the step have moved, and it is not over."""

    def moment(snapshot: OperationSnapshot) -> bool:
        return any(
            each.name == step and region in (None, each.region) and each.bytes_done > 0 and each.status == "Running"
            for each in snapshot.steps
        )

    return moment


def is_running(step: str) -> Moment:
    """The step has begun, and is not over."""

    def moment(snapshot: OperationSnapshot) -> bool:
        return any(each.name == step and each.status == "Running" for each in snapshot.steps)

    return moment


def seen(server_process: ServerProcess, work: StartedWork, moment: Moment) -> OperationSnapshot:
    """The first snapshot of that moment."""
    for snapshot in server_process.looks(work):
        if moment(snapshot):
            return snapshot
    raise AssertionError(f"the operation ended before the moment came: {snapshot}")


def steps_of(snapshot: OperationSnapshot) -> list[dict[str, Any]]:
    """As they came from the server, in the order in which they began."""
    steps: list[dict[str, Any]] = snapshot.raw["properties"]["steps"]
    return steps


def runs_of(snapshot: OperationSnapshot, step: str) -> int:
    return next(each.runs for each in snapshot.steps if each.name == step and not each.region)


def is_made(version: dict[str, Any]) -> bool:
    return bool(version["properties"]["provisioningState"] == "Succeeded")


def is_complete(version: dict[str, Any], *regions: str) -> bool:
    """Made, whole and checked in these regions."""
    replicas = replicas_of(version)
    found = [replicas.get(region, {}) for region in regions]
    return is_made(version) and all(each.get("state") == "Completed" and each.get("verifiedAt") for each in found)


def replicas_of(version: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By region."""
    return {each["region"]: each for each in version["properties"]["galeria"]["replicas"]}


def digest_of(version: dict[str, Any]) -> str:
    digest = version["properties"]["galeria"]["digest"]
    assert digest, "the disk is not stored"
    return str(digest)
