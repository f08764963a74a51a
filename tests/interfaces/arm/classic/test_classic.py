"""The Lab Services API of 2018: every old word is today's thing."""

from typing import Any

import pytest

from tests.interfaces.arm.served import GALLERY, GROUP, LABS, PLAN, SUB, Arm, done, told

SERVICES = f"{GROUP}/providers/Microsoft.LabServices"
ACCOUNT = f"{SERVICES}/labaccounts/labs"
ME = "/providers/Microsoft.LabServices/users/me"


def creation(name: str, size: str = "Basic") -> dict[str, Any]:
    settings = {
        "galleryImageResourceId": f"{ACCOUNT}/galleryimages/ready",
        "size": size,
        "referenceVmCreationParameters": {"userName": "ana", "password": "correct-Horse-7"},
    }
    return {
        "name": name,
        "location": "brazilsouth",
        "labCreationParameters": {"maxUsersInLab": 3},
        "environmentSettingCreationParameters": {"resourceSettingCreationParameters": settings},
    }


def make_lab(arm: Arm, name: str) -> str:
    assert arm("educator").post(f"{ACCOUNT}/createLab", json=creation(name)).status_code == 200
    (operation,) = arm.work()
    assert operation.status == "Succeeded", operation.error_message
    return f"{ACCOUNT}/labs/{name}"


def test_an_account_is_a_plan(arm: Arm) -> None:
    path = f"{SERVICES}/labAccounts/old"
    body = {"location": "brazilsouth", "tags": {"a": "1"}, "properties": {"enabledRegionSelection": True}}
    made = done(arm().put(path, json=body), 201)
    assert made["type"] == "Microsoft.LabServices/labAccounts"
    assert made["properties"]["enabledRegionSelection"] is True
    names = {each["name"] for each in made["properties"]["sizeConfiguration"]["environmentSizes"]}
    assert names == {"Basic", "Standard", "Performance"}
    assert done(arm().get(f"{SERVICES}/labPlans/old"))["tags"] == {"a": "1"}
    assert done(arm().patch(path, json={"tags": {"b": "2"}}))["tags"] == {"b": "2"}
    for where in (SERVICES, f"{SUB}/providers/Microsoft.LabServices"):
        listed = done(arm().get(f"{where}/labaccounts"))["value"]
        assert {"old", "labs"} <= {each["name"] for each in listed}
    regions = done(arm().post(f"{path}/getRegionalAvailability"))["regionalAvailability"]
    assert {"sizeCategory": "Basic", "isAvailable": True} in regions[0]["sizeAvailabilities"]
    assert arm().delete(path).status_code == 204
    told(arm().get(path), 404)


def test_a_gallery_is_attached_and_its_images_switched(arm: Arm, image: str) -> None:
    path = f"{SERVICES}/labaccounts/second"
    done(arm().put(path, json={"location": "brazilsouth"}), 201)
    attached = done(arm().put(f"{path}/SharedGalleries/gal", json={"properties": {"galleryId": GALLERY}}), 201)
    assert attached["properties"]["galleryId"] == GALLERY
    assert done(arm().get(f"{SERVICES}/labPlans/second"))["properties"]["sharedGalleryId"] == GALLERY
    done(arm().patch(path, json={"tags": {}}))
    assert [each["name"] for each in done(arm().get(f"{path}/sharedgalleries"))["value"]] == ["gal"]
    (shared,) = done(arm().get(f"{path}/SharedImages"))["value"]
    assert (shared["properties"]["EnableState"], shared["properties"]["imageType"]) == ("Enabled", "Generalized")
    off = {"properties": shared["properties"] | {"EnableState": "Disabled"}}
    done(arm().put(f"{path}/SharedImages/ready", json=off))
    old = done(arm().get(f"{path}/galleryimages/ready"))
    assert old["properties"]["isEnabled"] is False
    assert old["properties"]["imageReference"]["version"] == "1.0.0"
    assert done(arm().patch(f"{path}/galleryimages/ready", json={"properties": {"isEnabled": True}}))
    assert done(arm().get(f"{SERVICES}/labPlans/second/images/ready"))["properties"]["enabledState"] == "Enabled"
    told(arm().put(f"{path}/galleryimages/other", json={"properties": {"isEnabled": True}}), 404)
    assert [arm().delete(f"{path}/galleryimages/ready").status_code for _ in range(2)] == [200, 204]
    assert [arm().delete(f"{path}/SharedGalleries/gal").status_code for _ in range(2)] == [200, 204]
    told(arm().get(f"{path}/SharedGalleries/gal"), 404)


def test_a_lab_made_in_one_go_is_a_lab(arm: Arm, image: str) -> None:
    path = make_lab(arm, "one-go")
    lab = done(arm("educator").get(path))["properties"]
    assert (lab["maxUsersInLab"], lab["userAccessMode"], lab["usageQuota"]) == (3, "Restricted", "PT0S")
    assert lab["invitationCode"]
    assert lab["createdByUserPrincipalName"] == "educator"
    changes = {"properties": {"usageQuota": "PT4H", "userAccessMode": "Open"}}
    assert done(arm("educator").patch(path, json=changes))["properties"]["usageQuota"] == "PT4H"
    today = done(arm("educator").get(f"{LABS}/one-go"))["properties"]
    assert today["virtualMachineProfile"]["sku"] == {"name": "Small", "capacity": 3}
    assert (today["labPlanId"], today["securityProfile"]["openAccess"]) == (PLAN, "Enabled")
    setting = done(arm("educator").get(f"{path}/environmentsettings/default"))
    resource = setting["properties"]["resourceSettings"]
    assert (resource["size"], resource["cores"], resource["referenceVm"]["userName"]) == ("Basic", 2, "ana")
    assert resource["galleryImageResourceId"] == f"{ACCOUNT}/galleryimages/ready"
    same = arm("educator").put(f"{path}/environmentsettings/default", json=setting)
    assert done(same)["properties"] == setting["properties"] | {"lastChanged": same.json()["properties"]["lastChanged"]}
    told(arm("educator").post(f"{ACCOUNT}/createLab", json=creation("one-go")), 409)
    told(arm("educator").get(f"{path}/environmentsettings/other"), 404)
    larger = setting["properties"] | {"resourceSettings": resource | {"size": "Performance"}}
    told(arm("educator").put(f"{path}/environmentsettings/default", json={"properties": larger}), 409)
    assert arm("educator").delete(path).status_code == 202
    arm.work()
    assert arm().delete(path).status_code == 204


def test_a_lab_made_in_one_go_may_have_a_size_of_lab_services_by_name(arm: Arm, image: str) -> None:
    written = "Classic_Fsv2_4_8GB_128_S_SSD"
    assert arm("educator").post(f"{ACCOUNT}/createLab", json=creation("named", written)).status_code == 200
    arm.work()
    setting = f"{ACCOUNT}/labs/named/environmentsettings/default"
    # The words of this generation are three categories; today's has the name as it was written.
    assert done(arm("educator").get(setting))["properties"]["resourceSettings"]["size"] == "Standard"
    today = done(arm("educator").get(f"{LABS}/named"))["properties"]["virtualMachineProfile"]["sku"]
    assert today["name"] == written
    standard = {"properties": {"resourceSettings": {"size": "Standard"}}}
    done(arm("educator").patch(setting, json=standard))
    gpu = creation("graphics", "Classic_NCsv3_6_112GB_128_P_SSD")
    assert "Large" in told(arm("educator").post(f"{ACCOUNT}/createLab", json=gpu), 400)["message"]
    told(arm("educator").get(f"{ACCOUNT}/labs/graphics"), 404)


def test_a_lab_made_in_two_steps_waits_for_its_template(arm: Arm, image: str) -> None:
    path = f"{ACCOUNT}/labs/two-steps"
    done(arm("educator").put(path, json={"properties": {"maxUsersInLab": 2}}), 201)
    assert done(arm("educator").get(f"{path}/environmentsettings"))["value"] == []
    told(arm("educator").get(f"{path}/environmentsettings/default"), 404)
    told(arm("educator").put(f"{path}/environmentsettings/default", json={"properties": {}}), 400)
    body = {
        "properties": {
            "title": "Second",
            "resourceSettings": {
                "galleryImageResourceId": f"{PLAN}/images/ready",
                "size": "tiny",
                "referenceVm": {"userName": "ana", "password": "correct-Horse-7"},
            },
        }
    }
    begun = arm("educator").put(f"{path}/environmentsettings/default", json=body)
    assert done(begun, 201)["properties"]["provisioningState"] == "Creating"
    assert begun.headers["azure-asyncoperation"]
    arm.work()
    assert [each["name"] for each in done(arm("educator").get(f"{ACCOUNT}/labs"))["value"]].count("two-steps") == 1
    assert done(arm("educator").get(f"{LABS}/two-steps"))["properties"]["title"] == "Second"
    gone = arm("educator").delete(f"{path}/environmentsettings/default")
    assert gone.status_code == 202
    arm.work()
    assert done(arm("educator").get(path))["properties"]["maxUsersInLab"] == 2
    assert arm("educator").delete(path).status_code == 204
    told(arm("educator").get(path), 404)


def test_the_template_is_steered_published_and_saved(arm: Arm, image: str) -> None:
    setting = make_lab(arm, "steered") + "/environmentsettings/default"
    for verb, body in (
        ("start", None),
        ("ResetPassword", {"password": "correct-Horse-8"}),
        ("SaveImage", {"name": "Steered"}),
        ("stop", None),
    ):
        answer = arm("educator").post(f"{setting}/{verb}", json=body)
        assert answer.status_code == 202, answer.text
        (operation,) = arm.work()
        assert operation.status == "Succeeded", operation.error_message
    assert arm("educator").post(f"{setting}/stop").status_code == 200
    changed = done(arm("educator").patch(setting, json={"properties": {"configurationState": "Completed"}}))
    assert changed["properties"]["configurationState"] == "Completed"
    assert arm("educator").post(f"{setting}/publish", json={"useExistingImage": False}).status_code == 200
    assert done(arm("educator").get(setting))["properties"]["publishingState"] == "Publishing"
    (operation,) = arm.work()
    shown = done(arm("educator").get(setting))["properties"]
    assert shown["publishingState"] == "Published"
    assert shown["lastPublished"]
    assert shown["latestOperationResult"] == {"status": "Succeeded"}
    machines = done(arm("educator").get(f"{setting}/environments"))["value"]
    assert [each["name"] for each in machines] == ["student-1", "student-2", "student-3"]
    told(arm("educator").post(f"{setting}/environments/template/start"), 404)
    assert arm("educator").delete(f"{setting}/environments/one").status_code == 204
    url = f"{SUB}/providers/Microsoft.LabServices/locations/brazilsouth/operations/{operation.id}"
    assert done(arm("educator").get(url)) == {"status": "Succeeded"}


def test_people_come_by_invitation_or_by_the_code(arm: Arm, image: str) -> None:
    path = make_lab(arm, "people")
    pasted = ["\ufeffana@example.org;", "Bia <bia@example.org>", "ANA@example.org", "“bia@example.org”"]
    assert arm("educator").post(f"{path}/addUsers", json={"emailAddresses": pasted}).status_code == 200
    users = done(arm("educator").get(f"{path}/users"))["value"]
    assert sorted(each["properties"]["email"] for each in users) == ["ana@example.org", "bia@example.org"]
    assert arm("educator").post(f"{path}/addUsers", json={"emailAddresses": pasted}).status_code == 200
    two = {"emailAddresses": ["eva@example.org", "leo@example.org,max@example.org"]}
    refused = told(arm("educator").post(f"{path}/addUsers", json=two), 400)
    assert (refused["target"], "max@example.org" in refused["message"]) == ("emailAddresses[1]", True)
    assert len(done(arm("educator").get(f"{path}/users"))["value"]) == 2
    one = f"{path}/users/{users[0]['name']}"
    assert done(arm("educator").put(one, json={"tags": {"a": "1"}}))["tags"] == {"a": "1"}
    assert arm("educator").delete(one).status_code == 204
    assert len(done(arm("educator").get(f"{LABS}/people/users"))["value"]) == 1
    told(arm("nobody").post(f"{path}/register"), 404)  # strangers do not learn that there is such a lab
    done(arm("educator").patch(path, json={"properties": {"userAccessMode": "Open"}}))
    code = done(arm("educator").get(path))["properties"]["invitationCode"]
    assert arm("nobody").post(f"{ME}/register", json={"registrationCode": code}).status_code == 200
    (lab,) = done(arm("nobody").post(f"{ME}/listLabs"))["labs"]
    assert lab["id"] == path
    assert done(arm("nobody").post(f"{ME}/listEnvironments"))["environments"] == []
    liked = {"labAccountResourceId": ACCOUNT, "addRemove": "Add", "labResourceId": path}
    assert done(arm("nobody").post(f"{ME}/getPersonalPreferences", json=liked))["favoriteLabResourceIds"] == [path]
    liked |= {"addRemove": "Remove"}
    assert done(arm("nobody").post(f"{ME}/getPersonalPreferences", json=liked))["favoriteLabResourceIds"] == []
    told(arm("nobody").post(f"{path}/environmentsettings/default/claimAny"), 409)


@pytest.mark.parametrize("who", ["admin", "somebody-else"])
def test_nobody_asks_for_somebody_else(arm: Arm, who: str) -> None:
    told(arm("nobody").post(f"/providers/Microsoft.LabServices/users/{who}/listLabs"), 403)
    assert arm("nobody").post("/providers/Microsoft.LabServices/users/NOBODY/listLabs").status_code == 200
