"""Snapshots that nobody deletes before their day."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from galeria.domain.images.storage import Snapshot
from tests.interfaces.arm.served import SUB, Arm, done, told
from tests.interfaces.arm.storage import COMPUTE, disk_body, made, snapshot_id


def protect(arm: Arm, name: str, days: int, kind: str = "Unlocked") -> httpx.Response:
    verb = "updateImmutabilityPolicy" + ("Lock" if kind == "Locked" else "")
    body = {"immutabilityDurationDays": days, "type": kind}
    return arm().post(f"{snapshot_id(name)}/{verb}", json=body)


def policy(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = done(answer)["properties"]["immutabilityPolicy"]
    return found


def pass_days(arm: Arm, name: str, days: int) -> None:
    """As if the protection had begun that many days earlier."""
    with arm.installation.context.database() as uow:
        snapshot: Snapshot = uow.snapshots.get_by_key(snapshot_id(name).lower())
        assert snapshot.immutable_since
        snapshot.immutable_since -= timedelta(days=days)
        uow.commit()


@pytest.fixture
def snapshot(arm: Arm, request: pytest.FixtureRequest) -> str:
    name: str = request.node.name.replace("_", "-")[:60]
    shown = made(arm, snapshot_id(name), disk_body("Empty", diskSizeGB=1))
    assert "immutabilityPolicy" not in shown["properties"]
    return name


def test_a_protected_snapshot_is_not_deleted_before_its_day(arm: Arm, snapshot: str) -> None:
    shown = policy(protect(arm, snapshot, 3))
    assert (shown["immutabilityDurationDays"], shown["type"], shown["isPolicyExpired"]) == (3, "Unlocked", False)
    assert shown["policyStartTime"] < shown["policyExpirationTime"]
    error = told(arm().delete(snapshot_id(snapshot)), 409)
    assert (error["code"], "protected until" in error["message"]) == ("OperationNotAllowed", True)
    assert done(arm().patch(snapshot_id(snapshot), json={"tags": {"a": "b"}}))["tags"] == {"a": "b"}
    pass_days(arm, snapshot, 4)
    assert policy(arm().get(snapshot_id(snapshot)))["isPolicyExpired"] is True
    assert arm().delete(snapshot_id(snapshot)).status_code == 202


def test_an_unlocked_policy_may_become_shorter(arm: Arm, snapshot: str) -> None:
    protect(arm, snapshot, 10)
    pass_days(arm, snapshot, 2)
    assert policy(protect(arm, snapshot, 1))["isPolicyExpired"] is True
    assert policy(protect(arm, snapshot, 5))["isPolicyExpired"] is False, "it begins anew"


def test_a_locked_policy_only_becomes_longer(arm: Arm, snapshot: str) -> None:
    protect(arm, snapshot, 2)
    assert policy(protect(arm, snapshot, 4, "Locked"))["type"] == "Locked"
    assert "locked for 4 days" in told(protect(arm, snapshot, 3, "Locked"), 409)["message"]
    assert told(protect(arm, snapshot, 9), 409)["code"] == "OperationNotAllowed"
    assert policy(protect(arm, snapshot, 6, "Locked"))["immutabilityDurationDays"] == 6
    pass_days(arm, snapshot, 7)
    assert policy(protect(arm, snapshot, 1))["type"] == "Unlocked", "the lock ended with the policy"


def test_a_resource_group_with_a_protected_snapshot_stays(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups/kept"
    done(arm().put(group, json={"location": "brazilsouth"}), 201)
    id = f"{group}/providers/Microsoft.Compute/snapshots/one"
    made(arm, id, disk_body("Empty", diskSizeGB=1))
    body = {"immutabilityDurationDays": 1, "type": "Unlocked"}
    done(arm().post(f"{id}/updateImmutabilityPolicy", json=body))
    assert "'one' is protected" in told(arm().delete(group), 409)["message"]
    assert done(arm().get(group))["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(("days", "kind", "words"), [(0, "Unlocked", "1 to 36500"), (40_000, "Locked", "1 to 36500")])
def test_days_have_bounds(arm: Arm, days: int, kind: str, words: str) -> None:
    made(arm, snapshot_id(f"bounds-{days}"), disk_body("Empty", diskSizeGB=1))
    assert words in told(protect(arm, f"bounds-{days}", days, kind), 400)["message"]


def test_each_verb_has_its_type(arm: Arm, snapshot: str) -> None:
    for verb, other in (("updateImmutabilityPolicy", "Locked"), ("updateImmutabilityPolicyLock", "Unlocked")):
        body = {"immutabilityDurationDays": 1, "type": other}
        refused = arm().post(f"{COMPUTE}/snapshots/{snapshot}/{verb}", json=body)
        assert told(refused, 400)["target"] == "type"
