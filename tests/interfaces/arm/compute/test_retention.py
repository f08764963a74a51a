"""Soft-deleted image versions: out of sight, restorable, and gone with their bytes when their time is over."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from galeria.domain.images.soft_delete import Retention
from galeria.reconcilers.retention import end_retention
from galeria.reconcilers.storage_usage import measure_storage_usage
from tests.interfaces.arm.served import GROUP, PLAN, Arm, definition_body, done, lab_body, told, version_body
from tests.local_installation import disk_bytes

GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/soft"
IMAGE = f"{GALLERY}/images/linux"
LABS = f"{GROUP}/providers/Microsoft.LabServices/labs"
DELETED = f"{GALLERY}/softdeletedartifacttypes/Images/artifacts/linux/versions"


@pytest.fixture
def version(arm: Arm) -> Iterator[str]:
    """A finished version in a gallery that keeps what is deleted; gone again afterwards."""
    policy = {"softDeletePolicy": {"isSoftDeleteEnabled": True}}
    assert arm().put(GALLERY, json={"location": "brazilsouth", "properties": policy}).status_code in (200, 201)
    assert arm().put(IMAGE, json=definition_body("linux")).status_code in (200, 201)
    id = f"{IMAGE}/versions/1.0.0"
    body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "westeurope")
    done(arm().put(id, json={**body, "tags": {"term": "1"}}), 201)
    assert arm.work()[-1].status == "Succeeded"
    yield id
    arm().delete(id, params={"bypassSoftDelete": "true"})
    arm.work()


def test_a_deleted_version_is_out_of_sight_and_keeps_its_bytes(arm: Arm, version: str) -> None:
    measure_storage_usage(arm.installation.context)
    stored = [each["storedBytes"] for each in done(arm().get(f"{GALLERY}/costs"))["value"][0]["regions"]]
    answer = arm().delete(version)
    assert (answer.status_code, answer.headers.get("azure-asyncoperation")) == (200, None)
    assert "can be restored until" in told(arm().get(version), 404)["message"]
    assert done(arm().get(f"{IMAGE}/versions"))["value"] == []
    (kept,) = done(arm().get(DELETED))["value"]
    assert kept["id"] == f"{GALLERY}/softDeletedArtifactTypes/Images/artifacts/linux/versions/1.0.0"
    properties = kept["properties"]
    assert (properties["resourceArmId"], properties["softDeletedArtifactType"]) == (version, "Images")
    assert properties["softDeletedTime"] < properties["consumptionEndTime"] < properties["hardDeletionTargetTime"]
    costs = done(arm().get(f"{GALLERY}/costs"))["value"]
    assert [each["storedBytes"] for each in costs[0]["regions"]] == stored
    assert min(stored) > 0
    assert arm().delete(version).status_code == 204
    assert "bypassSoftDelete" in told(arm().delete(IMAGE), 409)["message"]
    told(arm().get(DELETED.replace("Images", "Applications")), 404)


def test_deleted_versions_are_listed_by_number_and_in_pages(arm: Arm, version: str) -> None:
    for number in ("1.10.0", "1.9.0"):
        body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth")
        done(arm().put(f"{IMAGE}/versions/{number}", json=body), 201)
        arm.work()
        assert arm().delete(f"{IMAGE}/versions/{number}").status_code == 200
    assert [each["name"] for each in done(arm().get(f"{IMAGE}/versions"))["value"]] == ["1.0.0"]
    first = done(arm().get(DELETED, params={"$top": 1}))
    assert [each["name"] for each in first["value"]] == ["1.9.0"]
    assert [each["name"] for each in done(arm().get(first["nextLink"]))["value"]] == ["1.10.0"]
    for number in ("1.10.0", "1.9.0"):
        arm().delete(f"{IMAGE}/versions/{number}", params={"bypassSoftDelete": "true"})
    arm.work()


def test_undelete_is_a_put_with_no_more_than_the_location(arm: Arm, version: str) -> None:
    before = done(arm().get(version))
    arm().delete(version)
    away = arm().put(version, json={"location": "westeurope", "tags": {}})
    assert told(away, 409)["code"] == "InvalidResourceLocation"
    remade = version_body(arm.installation.upload(disk_bytes(seed=2)))
    assert "can still be restored" in told(arm().put(version, json=remade), 409)["message"]
    back = done(arm().put(version, json={"location": "brazilsouth", "tags": {}}))
    assert (back["tags"], back["properties"]) == (before["tags"], before["properties"])
    assert done(arm().get(DELETED))["value"] == []
    assert len(done(arm().get(f"{IMAGE}/versions"))["value"]) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_newer_way_says_that_it_restores(arm: Arm, version: str, method: str) -> None:
    arm().delete(version)
    body = {"location": "brazilsouth", "properties": {"restore": True, "storageProfile": {}}}
    assert done(arm().request(method, version, json=body))["properties"]["provisioningState"] == "Succeeded"
    assert done(arm().get(version))["tags"] == {"term": "1"}


def test_a_deletion_that_bypasses_the_policy_gives_the_bytes_back(arm: Arm, version: str) -> None:
    for _ in range(2):
        answer = arm().delete(version, params={"bypassSoftDelete": "true"})
        assert answer.status_code == 202
    (operation,) = arm.work()
    assert operation.outputs["freedBytes"]["westeurope"] > 0
    assert done(arm().get(DELETED))["value"] == []
    assert arm().delete(IMAGE).status_code == 200


def test_a_retained_version_makes_labs_by_its_number_and_is_never_the_latest(arm: Arm, version: str) -> None:
    plan = {"location": "brazilsouth", "properties": {"sharedGalleryId": GALLERY}}
    own = PLAN.replace("/labs", "/soft")
    assert arm().put(own, json=plan).status_code in (200, 201)
    arm().delete(version)
    latest = lab_body(IMAGE, labPlanId=own)
    assert "can still be restored" in told(arm().put(f"{LABS}/latest", json=latest), 409)["message"]
    exact = lab_body(version, labPlanId=own)
    done(arm().put(f"{LABS}/exact", json=exact), 201)
    move_deadlines(arm, version, timedelta(days=8))
    end_retention(arm.installation.context)
    told(arm().put(f"{LABS}/late", json=exact), 409)
    (kept,) = done(arm().get(DELETED))["value"]
    assert kept["name"] == "1.0.0", "it can still be restored"
    done(arm().put(version, json={"location": "brazilsouth"}))
    done(arm().put(f"{LABS}/late", json=exact), 201)


def test_when_the_time_is_over_the_version_goes_with_its_bytes(arm: Arm, version: str) -> None:
    arm().delete(version)
    move_deadlines(arm, version, timedelta(days=38))
    for _ in range(2):
        end_retention(arm.installation.context)
    with arm.installation.context.database(reading=True) as uow:
        (operation,) = uow.operations.unsettled()
        assert operation.started_by == ""  # nobody's rights are asked for what the retention period does
    told(arm().put(version, json={"location": "brazilsouth"}), 409)
    ended = arm.installation.run(operation)
    assert ended.outputs["freedBytes"]["westeurope"] > 0
    assert done(arm().get(DELETED))["value"] == []
    end_retention(arm.installation.context)
    assert arm().delete(IMAGE).status_code == 200


def test_a_version_that_never_was_whole_is_not_kept(arm: Arm, version: str) -> None:
    other = f"{IMAGE}/versions/2.0.0"
    done(arm().put(other, json=version_body(arm.installation.upload(b"no disk at all"))), 201)
    arm.work()
    assert arm().delete(other).status_code == 202
    arm.work()
    assert done(arm().get(DELETED))["value"] == []


def move_deadlines(arm: Arm, id: str, passed: timedelta) -> None:
    """As if that much time had gone by."""
    with arm.installation.context.database() as uow:
        version = uow.versions.get_by_key(id.lower())
        assert version.retention is Retention.SOFT_DELETED
        assert version.consumption_ends_at
        assert version.hard_deletion_at
        version.consumption_ends_at -= passed
        version.hard_deletion_at -= passed
        uow.commit()
