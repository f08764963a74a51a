"""Image versions: PUT begins work and says where to follow it; reading shows every region's bytes."""

import threading
from base64 import urlsafe_b64encode

from galeria.interfaces.arm.protocol.errors import without_nulls
from galeria.reconcilers.storage_usage import measure_storage_usage
from tests.interfaces.arm.served import GALLERY, OPERATIONS, Arm, definition_body, done, told, version_body
from tests.local_installation import MIB, disk_bytes
from tests.waiting import until


def definition(arm: Arm, name: str) -> str:
    path = f"{GALLERY}/images/{name}"
    done(arm().put(path, json=definition_body(name)), 201)
    return path


def test_a_put_begins_the_work_and_a_repeated_one_joins_it(arm: Arm) -> None:
    path = definition(arm, "joined") + "/versions/1.0.0"
    body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "Brazil Southeast")
    first, second = arm().put(path, json=body), arm().put(path, json=body)
    made = done(first, 201)
    assert made["properties"]["provisioningState"] == "Creating"
    assert "status" not in made
    assert first.headers["retry-after"] == "1"
    assert "location" not in first.headers
    assert done(second, 200)["id"] == made["id"]
    url = first.headers["azure-asyncoperation"]
    assert url == second.headers["azure-asyncoperation"]
    assert "/providers/Microsoft.Compute/locations/brazilsouth/capsOperations/" in url
    (operation,) = arm.work()
    assert (operation.id in url, operation.status) == (True, "Succeeded")
    ready = done(arm().get(path, params={"$expand": "replicationstatus"}))["properties"]
    assert ready["provisioningState"] == "Succeeded"
    assert ready["replicationStatus"]["aggregatedState"] == "Completed"
    assert [each["progress"] for each in ready["replicationStatus"]["summary"]] == [100, 100]
    assert ready["storageProfile"]["osDiskImage"]["sizeInGB"] == 1
    figures = ready["galeria"]
    assert figures["logicalBytes"] == 4 * MIB
    assert 0 < figures["storedBytes"] <= figures["dataBytes"] <= figures["readBytes"] <= 4 * MIB
    assert len(figures["digest"]) == 64
    assert [each["state"] for each in figures["replicas"]] == ["Completed", "Completed"]
    assert figures["replicas"][1]["sentBytes"] > 0
    assert "replicationStatus" not in done(arm().get(path))["properties"]


def test_sending_back_what_was_read_changes_nothing(arm: Arm, image: str) -> None:
    path = f"{image}/versions/1.0.0"
    before = done(arm().get(path))
    again = arm().put(path, json=before)
    assert done(again) | {"systemData": None} == before | {"systemData": None}
    assert "azure-asyncoperation" not in again.headers
    # This is how `az sig image-version update` and `undelete` send what they mean to keep.
    for body in ({"location": "brazilsouth", "tags": {}}, {**before, "properties": {"storageProfile": {}}}):
        kept = done(arm().put(path, json=body))["properties"]["publishingProfile"]["targetRegions"]
        assert [each["name"] for each in kept] == ["brazilsouth", "brazilsoutheast"]


def test_target_regions_come_back_in_the_order_in_which_they_were_sent_last(arm: Arm) -> None:
    """Terraform compares lists by position: another order would be a change that it plans again and again."""
    path = definition(arm, "ordered") + "/versions/1.0.0"

    def regions() -> list[str]:
        (listed,) = done(arm().get(path.rpartition("/")[0]))["value"]
        got = done(arm().get(path))["properties"]["publishingProfile"]["targetRegions"]
        assert listed["properties"]["publishingProfile"]["targetRegions"] == got
        return [each["name"] for each in got]

    body = version_body(arm.installation.upload(disk_bytes(seed=5)), "westeurope", "Brazil Southeast", "brazilsouth")
    done(arm().put(path, json=body), 201)
    assert regions() == ["westeurope", "Brazil Southeast", "brazilsouth"]
    arm.work()
    for order in (["brazilsouth", "westeurope", "Brazil Southeast"], ["northeurope", "brazilsouth", "westeurope"]):
        profile = {"publishingProfile": {"targetRegions": [{"name": each} for each in order]}}
        done(arm().patch(path, json={"properties": profile}))
        arm.work()
        assert regions() == order
    done(arm().patch(path, json={"tags": {"a": "b"}}))
    assert regions() == ["northeurope", "brazilsouth", "westeurope"]
    done(arm().put(path, json={"location": "brazilsouth", "properties": {"storageProfile": {}}}))
    assert regions() == ["northeurope", "brazilsouth", "westeurope"]


def test_a_patch_changes_flags_at_once_and_regions_by_an_operation(arm: Arm) -> None:
    path = definition(arm, "patched") + "/versions/1.0.0"
    done(arm().put(path, json=version_body(arm.installation.upload(disk_bytes(seed=3)))), 201)
    arm.work()
    end = "2031-01-01T12:59:59Z"
    flags = {"publishingProfile": {"excludeFromLatest": True, "endOfLifeDate": end}}
    answer = arm().patch(path, json={"properties": flags, "tags": {"a": "b"}})
    profile = done(answer)["properties"]["publishingProfile"]
    assert (profile["excludeFromLatest"], profile["endOfLifeDate"]) == (True, end)
    assert "azure-asyncoperation" not in answer.headers
    nothing = {"publishingProfile": {"targetRegions": None}}
    assert done(arm().patch(path, json={"properties": nothing}))["properties"]["publishingProfile"] == profile
    more = [{"name": "brazilsouth", "excludeFromLatest": False}, {"name": "westeurope"}]
    answer = arm().patch(path, json={"properties": {"publishingProfile": {"targetRegions": more}}})
    assert done(answer)["properties"]["provisioningState"] == "Updating"
    assert "azure-asyncoperation" in answer.headers
    arm.work()
    after = done(arm().get(path))["properties"]
    assert after["publishingProfile"]["excludeFromLatest"] is True
    assert after["publishingProfile"]["targetRegions"][0]["excludeFromLatest"] is False
    assert "excludeFromLatest" not in after["publishingProfile"]["targetRegions"][1]
    assert [each["state"] for each in after["galeria"]["replicas"]] == ["Completed", "Completed"]


def test_a_deletion_is_reported_before_and_followed_after(arm: Arm) -> None:
    path = definition(arm, "deleted") + "/versions/1.0.0"
    done(arm().put(path, json=version_body(arm.installation.upload(disk_bytes(seed=4)))), 201)
    arm.work()
    impact = done(arm().get(f"{path}/impact"))
    assert (impact["version"], impact["labs"]) == (path, [])
    (region,) = impact["regions"]
    assert region["freedNowBytes"] > 0
    assert region["freedLaterBytes"] == 0
    answer = arm().delete(path)
    assert answer.status_code == 202
    assert arm().get(answer.headers["location"]).status_code == 202
    assert arm().delete(path).headers["azure-asyncoperation"] == answer.headers["azure-asyncoperation"]
    arm.work()
    followed = done(arm().get(answer.headers["azure-asyncoperation"]))
    assert followed["status"] == "Succeeded"
    assert followed["properties"]["output"]["freedBytes"]["brazilsouth"] > 0
    assert arm().get(answer.headers["location"]).status_code == 204
    assert told(arm().get(path), 404)["code"] == "ResourceNotFound"
    assert arm().delete(path).status_code == 204


def test_a_parent_can_be_deleted_the_moment_its_last_childs_deletion_has_finished(arm: Arm) -> None:
    path = definition(arm, "orphaned")
    done(arm().put(f"{path}/versions/1.0.0", json=version_body(arm.installation.upload(disk_bytes(seed=6)))), 201)
    arm.work()
    child = arm().delete(f"{path}/versions/1.0.0").headers["azure-asyncoperation"]
    assert told(arm().delete(path), 409)["code"] == "CannotDeleteResource"
    worker = threading.Thread(target=arm.work)
    worker.start()
    try:
        # No pause, so that the deletion follows at once.
        until(lambda: done(arm().get(child))["status"] == "Succeeded", "the child is deleted", pause=0)
        assert arm().delete(path).status_code == 200
    finally:
        worker.join(20)


def test_costs_name_every_version_and_add_up(arm: Arm, image: str) -> None:
    waiting = done(arm().get(f"{GALLERY}/costs"))
    (line,) = [each for each in waiting["value"] if each["image"] == "ready"]
    assert [set(each) for each in line["regions"]] == [{"region"}, {"region"}], "nobody has measured yet"
    assert waiting["copiesNotMeasuredYet"] >= 2
    measure_storage_usage(arm.installation.context)
    costs = done(arm().get(f"{GALLERY}/costs"))
    (line,) = [each for each in costs["value"] if each["image"] == "ready"]
    assert costs["copiesNotMeasuredYet"] == 0
    assert all(0 <= each["storedBytes"] <= each["wholeBytes"] > 0 for each in line["regions"])
    assert (line["version"], line["versionId"]) == ("1.0.0", f"{image}/versions/1.0.0")
    assert [each["region"] for each in line["regions"]] == ["brazilsouth", "brazilsoutheast"]
    assert costs["currency"] == "USD"
    assert costs["pricesAreExamples"] is True
    assert isinstance(costs["totalPerMonth"], str)
    found, link = [], f"{GALLERY}/costs?$top=1"
    while link:
        page = done(arm().get(link))
        assert len(page["value"]) == 1
        assert page["totalPerMonth"] == costs["totalPerMonth"]
        found += page["value"]
        link = page.get("nextLink", "")
    assert found == costs["value"]
    told(arm().get(f"{GALLERY}/costs?$skipToken=WyJhIiwgImIiXQ=="), 400)


def test_a_failed_import_tells_why_in_the_operation_and_a_put_repeats_it(arm: Arm) -> None:
    path = definition(arm, "broken") + "/versions/1.0.0"
    wrong = arm().put(path, json=version_body(arm.installation.upload(b"QFI\xfb" + bytes(4096))))
    arm.work()
    followed = done(arm().get(wrong.headers["azure-asyncoperation"]))
    assert followed["status"] == "Failed"
    assert followed["error"]["code"]
    assert followed["error"]["message"]
    operation = followed["name"]
    assert told(arm().get(wrong.headers["azure-asyncoperation"] + "&monitor=true"), 409) == followed["error"]
    (hint,) = followed["error"]["additionalInfo"]
    assert followed["error"]["message"].endswith(hint["info"]["hint"])
    assert done(arm().get(path))["properties"]["provisioningState"] == "Failed"
    assert done(arm().post(f"{OPERATIONS}/{operation}/retry"), 202)["properties"]["attempt"] == 2
    arm.work()
    right = arm().put(path, json=version_body(arm.installation.upload(disk_bytes(seed=5))))
    assert right.status_code == 200
    arm.work()
    assert done(arm().get(path))["properties"]["provisioningState"] == "Succeeded"


def test_versions_are_listed_by_number(arm: Arm) -> None:
    path = definition(arm, "numbered")
    for number in ("1.10.0", "1.9.0", "1.2.0"):
        done(arm().put(f"{path}/versions/{number}", json=version_body(arm.installation.upload(disk_bytes()))), 201)
    listed = done(arm().get(f"{path}/versions"))["value"]
    assert [each["name"] for each in listed] == ["1.2.0", "1.9.0", "1.10.0"]
    rest = done(arm().get(f"{path}/versions", params={"$top": 2}))
    assert [each["name"] for each in rest["value"]] == ["1.2.0", "1.9.0"]
    last = done(arm().get(rest["nextLink"]))
    assert [each["name"] for each in last["value"]] == ["1.10.0"]
    assert "nextLink" not in last
    for foreign in (b'["images","/subscriptions/1"]', b"[1,2]", b"[1,2,-3]", b"[1,2,2147483648]"):
        token = urlsafe_b64encode(foreign).decode()
        assert told(arm().get(f"{path}/versions", params={"$skipToken": token}), 400)["target"] == "$skipToken"


def test_what_is_missing_of_a_version_is_left_out_of_lists_too(arm: Arm) -> None:
    path = definition(arm, "without-nulls")
    ended = version_body(arm.installation.upload(disk_bytes()))
    ended["properties"]["publishingProfile"]["endOfLifeDate"] = "2030-01-01T00:00:00Z"
    done(arm().put(f"{path}/versions/1.0.0", json=ended), 201)
    arm.work()
    failed = {**version_body(arm.installation.upload(b"no disk")), "tags": {"kept": ""}}
    done(arm().put(f"{path}/versions/2.0.0", json=failed), 201)
    arm.work()
    whole, broken = done(arm().get(f"{path}/versions", params={"$expand": "ReplicationStatus"}))["value"]
    for each in (whole, broken):
        assert without_nulls(each) == each
        assert done(arm().get(each["id"], params={"$expand": "ReplicationStatus"})) == each
    assert whole["properties"]["publishingProfile"]["endOfLifeDate"].startswith("2030-01-01")
    assert "endOfLifeDate" not in broken["properties"]["publishingProfile"]
    assert "publishedDate" not in broken["properties"]["publishingProfile"]


def test_a_version_without_a_source_a_parent_or_with_doubled_parts_is_refused(arm: Arm) -> None:
    path = definition(arm, "refused") + "/versions/1.0.0"
    upload = arm.installation.upload(disk_bytes())
    assert told(arm().put(path, json={"location": "brazilsouth"}), 400)["code"] == "InvalidParameter"
    assert told(arm().put(path, json=version_body("0" * 32)), 404)["message"].startswith("There is no upload")
    twice = version_body(upload, "brazilsouth", "Brazil South")
    assert told(arm().put(path, json=twice), 400)["message"].startswith("Duplicate regions")
    disks = version_body(upload)
    disks["properties"]["storageProfile"]["dataDiskImages"] = [{"lun": 0, "source": {"uploadId": upload}}] * 2
    assert "LUN 0" in told(arm().put(path, json=disks), 400)["message"]
    assert told(arm().put(path.replace("1.0.0", "1.0"), json=version_body(upload)), 400)["code"] == "InvalidParameter"
    orphan = f"{GALLERY}/images/none/versions/1.0.0"
    assert told(arm().put(orphan, json=version_body(upload)), 404)["code"] == "ParentResourceNotFound"
