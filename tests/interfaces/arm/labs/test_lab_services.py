"""Lab Services of today: plans, labs, users, schedules, sizes, in the shapes that its clients read."""

from typing import Any

import pytest

from galeria.domain.messages import Message
from tests.interfaces.arm.lab_machines import make_lab
from tests.interfaces.arm.served import GROUP, LABS, PLAN, SUB, Arm, done, lab_body, told

PLANS = f"{GROUP}/providers/Microsoft.LabServices/labPlans"
NEW = {"api-version": "2023-06-07"}


def machines(**profile: Any) -> dict[str, Any]:
    return {"properties": {"virtualMachineProfile": profile}}


def test_a_plan_gives_back_all_that_it_was_told(arm: Arm) -> None:
    properties = {
        "defaultConnectionProfile": {"webSshAccess": "None", "clientSshAccess": "public"},
        "defaultAutoShutdownProfile": {
            "shutdownOnDisconnect": "Enabled",
            "shutdownOnIdle": "UserAbsence",
            "disconnectDelay": "PT5M",
        },
        "defaultNetworkProfile": {"subnetId": "/some/subnet"},
        "allowedRegions": ["brazilsouth"],
        "supportInfo": {"url": "help.example.org", "email": "help@example.org", "phone": "+55 11", "instructions": "x"},
        "linkedLmsInstance": "https://lms.example.org",
    }
    body = {"location": "brazilsouth", "identity": {"type": "SystemAssigned"}, "properties": properties}
    made = done(arm().put(f"{PLANS}/told", json=body), 201)
    kept = made["properties"]
    assert kept["defaultConnectionProfile"] == {"webSshAccess": "None", "clientSshAccess": "Public"}
    for name in set(properties) - {"defaultConnectionProfile"}:
        assert kept[name] == properties[name], name
    assert (made["identity"]["type"], len(made["identity"]["principalId"])) == ("SystemAssigned", 36)
    assert made["identity"]["tenantId"]
    assert None not in kept.values()
    assert done(arm().put(f"{PLANS}/told", json=made)) | {"systemData": 0} == made | {"systemData": 0}
    change = {
        "tags": ["course:os", "year=2030", "plain"],
        "properties": {"supportInfo": {"phone": None}, "defaultAutoShutdownProfile": {"disconnectDelay": "PT9M"}},
    }
    changed = done(arm().patch(f"{PLANS}/told", json=change))
    assert changed["tags"] == {"course": "os", "year": "2030", "plain": ""}
    assert "phone" not in changed["properties"]["supportInfo"]
    assert changed["properties"]["defaultAutoShutdownProfile"]["disconnectDelay"] == "PT9M"
    assert changed["properties"]["defaultAutoShutdownProfile"]["shutdownOnIdle"] == "UserAbsence"
    assert changed["identity"] == made["identity"]
    wrong = {"properties": {"defaultAutoShutdownProfile": {"idleDelay": "soon"}}}
    assert told(arm().patch(f"{PLANS}/told", json=wrong), 400)["target"].endswith("idleDelay")


@pytest.mark.parametrize(
    "properties",
    [
        {"supportInfo": {"email": "a@b"}},
        {"supportInfo": {"phone": "1" * 32}},
        {"linkedLmsInstance": "x"},
        {"defaultConnectionProfile": {"clientSshAccess": "Sometimes"}},
    ],
)
def test_a_plan_refuses_what_the_api_does_not_know(arm: Arm, properties: dict[str, Any]) -> None:
    told(arm().put(f"{PLANS}/refused", json={"location": "brazilsouth", "properties": properties}), 400)


def test_lists_are_filtered(arm: Arm, image: str) -> None:
    wanted = "indexof(tolower(properties/displayName),'read') gt -1 and properties/enabledState eq 'Enabled'"
    (found,) = done(arm().get(f"{PLAN}/images", params={"$filter": wanted}))["value"]
    assert found["name"] == "ready"
    assert done(arm().get(f"{PLAN}/images", params={"$filter": "name eq 'x'"}))["value"] == []
    told(arm().get(f"{PLAN}/images", params={"$filter": "name eq"}), 400)


def test_a_lab_gives_back_all_that_it_was_told(arm: Arm, image: str) -> None:
    body = lab_body(image)
    machine = body["properties"]["virtualMachineProfile"]
    machine |= {
        "createOption": "TemplateVM",
        "usageQuota": "PT10H",
        "useSharedPassword": "Enabled",
        "additionalCapabilities": {"installGpuDrivers": "Disabled"},
        "nonAdminUser": {"username": "aluno", "password": "correct-Horse-8"},
    }
    machine["sku"] = {"name": "tiny", "capacity": 20}
    body["properties"] |= {
        "securityProfile": {"openAccess": "Enabled"},
        "rosterProfile": {"ltiContextId": "ctx"},
        "networkProfile": {"subnetId": "/some/subnet"},
        "autoShutdownProfile": {"shutdownOnDisconnect": "Enabled", "disconnectDelay": "PT5M"},
        "connectionProfile": {"clientSshAccess": "Public", "clientRdpAccess": "None"},
    }
    path = f"{LABS}/whole"
    done(arm("educator").put(path, json=body), 201)
    arm.work()
    lab = done(arm("educator").get(path))
    properties = lab["properties"]
    for name in ("rosterProfile", "networkProfile", "autoShutdownProfile", "connectionProfile"):
        assert properties[name] == body["properties"][name], name
    shown = properties["virtualMachineProfile"]
    assert (shown["usageQuota"], shown["sku"], shown["useSharedPassword"]) == (
        "PT10H",
        {"name": "Tiny", "capacity": 20},
        "Enabled",
    )
    assert shown["nonAdminUser"] == {"username": "aluno"}
    assert properties["securityProfile"]["openAccess"] == "Enabled"
    assert properties["securityProfile"]["registrationCode"]
    assert "correct-Horse" not in str(lab)
    again = done(arm("educator").put(path, json=lab))
    assert again["properties"] == properties
    patched = done(arm("educator").patch(path, json=machines(sku={"capacity": 30}, usageQuota="PT5H")))
    assert patched["properties"]["virtualMachineProfile"]["sku"]["capacity"] == 30
    assert patched["properties"]["rosterProfile"] == {"ltiContextId": "ctx"}
    moved = told(arm("educator").put(path, json=lab | {"location": "westeurope"}), 409)
    assert (moved["code"], moved["target"]) == ("InvalidResourceLocation", "location")
    for wrong in (machines(sku={"capacity": 401}), machines(usageQuota="P1Y"), {"properties": {"title": "x" * 121}}):
        told(arm("educator").patch(path, json=wrong), 400)
    assert told(arm("educator").patch(path, json=machines(sku={"name": "Large"})), 409)["target"].endswith("sku.name")


def test_an_image_may_be_named_by_publisher_offer_and_sku(arm: Arm, image: str) -> None:
    body = lab_body(image)
    body["properties"]["virtualMachineProfile"]["imageReference"] = {
        "publisher": "Campus",
        "offer": "linux",
        "sku": "ready",
        "version": "latest",
    }
    made = done(arm().put(f"{LABS}/by-identifier", json=body), 201)
    assert made["properties"]["virtualMachineProfile"]["imageReference"]["id"] == image
    body["properties"]["virtualMachineProfile"]["imageReference"]["sku"] = "other"
    told(arm().put(f"{LABS}/by-other", json=body), 404)


def test_a_template_is_reimaged_redeployed_and_its_lab_published(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "renewed")
    template = f"{lab}/virtualMachines/template"
    for verb in ("start", "redeploy", "reimage"):
        answer = arm("educator").post(f"{template}/{verb}")
        assert answer.status_code == 202, answer.text
        (operation,) = arm.work()
        assert operation.status == "Succeeded", operation.error_message
        assert done(arm("educator").get(answer.headers["location"]))["name"] == "template"
    begun = arm("educator").post(f"{lab}/publish")
    assert begun.status_code == 202
    assert done(arm("educator").get(lab))["properties"]["state"] == "Publishing"
    arm.work()
    assert done(arm("educator").get(begun.headers["location"]))["properties"]["state"] == "Published"
    assert arm("educator").post(f"{lab}/syncGroup").status_code == 200


def test_users_are_kept_invited_and_removed(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "roster")
    user = f"{lab}/users/ana"
    body = {"properties": {"email": "ana@example.org", "additionalUsageQuota": "PT2H"}}
    made = done(arm("educator").put(user, json=body), 201)
    assert (
        made["properties"] | {"provisioningState": "Succeeded"}
        == made["properties"]
        == {
            "email": "ana@example.org",
            "displayName": "ana@example.org",
            "registrationState": "NotRegistered",
            "invitationState": "NotSent",
            "totalUsage": "PT0S",
            "additionalUsageQuota": "PT2H",
            "provisioningState": "Succeeded",
        }
    )
    done(arm("educator").put(user, json=body))
    patch = {"properties": {"additionalUsageQuota": "PT3H"}}
    assert done(arm("educator").patch(user, json=patch))["properties"]["additionalUsageQuota"] == "PT3H"
    assert arm("educator").post(f"{user}/invite", json={"text": "Welcome"}).status_code == 200
    assert arm("educator").post(f"{user}/invite").status_code == 200
    (listed,) = done(arm("educator").get(f"{lab}/users"))["value"]
    assert listed["properties"]["invitationState"] == "Failed", "no mail is set up"
    wrongs: list[dict[str, Any]] = [{"properties": {"email": "x"}}, {"properties": {}}, {}]
    for wrong in wrongs:
        told(arm("educator").put(f"{lab}/users/wrong", json=wrong), 400)
    told(arm("educator").patch(f"{lab}/users/absent", json=patch), 404)
    assert arm("educator").delete(user).status_code == 200
    assert arm("educator").delete(user).status_code == 204


def test_an_address_of_a_user_is_cleaned_and_stays_the_users_own(arm: Arm, image: str) -> None:
    user = f"{make_lab(arm, image, 'pasted')}/users"
    said = {"properties": {"email": "\ufeff\u201cAna@example.org\u201d;"}}
    assert done(arm("educator").put(f"{user}/ana", json=said), 201)["properties"]["email"] == "Ana@example.org"
    done(arm("educator").put(f"{user}/ana", json={"properties": {"email": "Ana <ana@example.org>"}}))
    told(arm("educator").put(f"{user}/other", json={"properties": {"email": "(ANA@example.org)"}}), 409)
    two = told(
        arm("educator").put(f"{user}/two", json={"properties": {"email": "eva@example.org;leo@example.org"}}), 400
    )
    assert (two["target"], "leo@example.org" in two["message"]) == ("properties.email", True)
    told(arm("educator").patch(f"{user}/ana", json={"properties": {"email": "bia@example.org"}}), 409)


def test_schedules_are_kept_in_local_time(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "timetable")
    path = f"{lab}/schedules/monday"
    pattern = {"frequency": "weekly", "weekDays": ["monday"], "expirationDate": "2030-06-30T23:59:00Z"}
    properties = {
        "startAt": "2030-01-07T08:00:00-03:00",
        "stopAt": "2030-01-07T10:00:00",
        "timeZoneId": "America/Sao_Paulo",
        "recurrencePattern": pattern,
        "notes": "Lecture",
    }
    made = done(arm("educator").put(path, json={"properties": properties}), 201)["properties"]
    assert (made["startAt"], made["stopAt"]) == ("2030-01-07T08:00:00Z", "2030-01-07T10:00:00Z")
    assert made["recurrencePattern"] == {
        "frequency": "Weekly",
        "interval": 1,
        "weekDays": ["Monday"],
        "expirationDate": "2030-06-30T00:00:00Z",
    }
    once = done(arm("educator").patch(path, json={"properties": {"recurrencePattern": None, "startAt": None}}))
    assert "recurrencePattern" not in once["properties"]
    assert "startAt" not in once["properties"]
    assert once["properties"]["notes"] == "Lecture"
    wrong = properties | {"timeZoneId": "Mars/Olympus"}
    assert told(arm("educator").put(path, json={"properties": wrong}), 400)["target"] == "properties.timeZoneId"
    told(arm("educator").put(path, json={"properties": {"timeZoneId": "UTC"}}), 400)
    assert [each["name"] for each in done(arm("educator").get(f"{lab}/schedules"))["value"]] == ["monday"]
    assert arm("educator").delete(path).status_code == 200
    assert arm("educator").delete(path).status_code == 204
    told(arm("educator").get(path), 404)


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("America/Sao_Paulo", "America/Sao_Paulo"),
        ("america/sao_paulo", "America/Sao_Paulo"),
        ("E. South America Standard Time", "America/Sao_Paulo"),
        ("w. europe standard time", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("UTC-11", "Etc/GMT+11"),
        ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ],
)
def test_time_zones_have_the_names_of_iana_and_of_windows(arm: Arm, image: str, written: str, zone: str) -> None:
    lab = f"{LABS}/zones"
    arm("educator").put(lab, json=lab_body(image))
    path = f"{lab}/schedules/once"
    times = {"startAt": "2030-01-07T08:00:00", "stopAt": "2030-01-07T10:00:00"}
    arm("educator").put(path, json={"properties": times | {"timeZoneId": written}})
    shown = done(arm("educator").get(path))
    assert shown["properties"]["timeZoneId"] == written
    done(arm("educator").put(path, json=shown))
    done(arm("educator").patch(path, json={"properties": {"notes": "later"}}))
    assert done(arm("educator").get(path))["properties"]["timeZoneId"] == written
    with arm.installation.context.database(reading=True) as uow:
        (held,) = uow.schedules.of_lab(uow.labs.get_by_key(lab.lower()).id)
    assert held.times.zone == zone
    done(arm("educator").patch(path, json={"properties": {"timeZoneId": "Asia/Tokyo"}}))
    assert done(arm("educator").get(path))["properties"]["timeZoneId"] == "Asia/Tokyo"
    wrong = {"properties": {"timeZoneId": "E. South Mars Standard Time"}}
    assert "Windows" in told(arm("educator").patch(path, json=wrong), 400)["message"]


def test_the_newer_version_tells_what_went_wrong(arm: Arm, image: str) -> None:
    body = lab_body(image)
    path = f"{LABS}/unlucky"
    done(arm().put(path, json=body), 201)
    arm.services.starter.start("")
    arm.begun.ids.clear()
    with arm.installation.context.database() as uow:
        lab = uow.labs.get_by_key(path.lower())
        (operation,) = uow.operations.running_on(lab.id)
        operation.error_code, operation.error_message = "OutOfSpace", Message("The host is full.")
        lab.failure = Message("The host is full.")
        uow.commit()
    error = done(arm().get(path, params=NEW))["properties"]["resourceOperationError"]
    assert (error["code"], error["message"], error["action"]) == ("OutOfSpace", "The host is full.", "create_lab")
    assert "resourceOperationError" not in done(arm().get(path, params={"api-version": "2022-08-01"}))["properties"]


def test_the_names_of_sizes_in_scripts_for_azure_are_taken_and_given_back(arm: Arm, image: str) -> None:
    skus = {each["name"]: each for each in done(arm().get(f"{SUB}/providers/Microsoft.LabServices/skus"))["value"]}
    written = "Classic_Fsv2_2_4GB_128_S_SSD"
    assert skus[written]["size"] == "Fsv2_2_4GB_128_S_SSD"
    assert skus[written]["capabilities"] == skus["Small"]["capabilities"]
    path = f"{LABS}/scripted"
    body = lab_body(image)
    body["properties"]["virtualMachineProfile"]["sku"] = {"name": written, "capacity": 2}
    made = done(arm("educator").put(path, json=body), 201)
    assert made["properties"]["virtualMachineProfile"]["sku"] == {"name": written, "capacity": 2}
    arm.work()
    setting = f"{GROUP}/providers/Microsoft.LabServices/labaccounts/labs/labs/scripted/environmentsettings/default"
    old = done(arm("educator").get(setting))
    assert (old["properties"]["resourceSettings"]["size"], old["properties"]["resourceSettings"]["cores"]) == (
        "Basic",
        2,
    )
    done(arm("educator").put(setting, json=old))
    done(arm("educator").patch(setting, json={"properties": {"resourceSettings": {"size": written}}}))
    shown = done(arm("educator").get(path))
    done(arm("educator").put(path, json=shown))
    done(arm("educator").patch(path, json=machines(sku={"name": "CLASSIC_fsv2_2_4GB_128_S_SSD"})))
    larger = told(arm("educator").patch(path, json=machines(sku={"name": "Classic_Fsv2_4_8GB_128_S_SSD"})), 409)
    assert larger["target"].endswith("sku.name")
    gpu = told(arm("educator").patch(path, json=machines(sku={"name": "Classic_NVv4_8_28GB_128_S_SSD"})), 400)
    assert "Large" in gpu["message"]
    assert done(arm("educator").get(path))["properties"]["virtualMachineProfile"]["sku"]["name"].startswith("CLASSIC")
    done(arm("educator").patch(path, json=machines(sku={"name": "small"})))
    assert done(arm("educator").get(path))["properties"]["virtualMachineProfile"]["sku"]["name"] == "Small"


def test_sizes_usages_and_operations_are_listed(arm: Arm) -> None:
    skus = done(arm().get(f"{SUB}/providers/Microsoft.LabServices/skus"))["value"]
    assert skus[0]["capacity"] == {"default": 1, "minimum": 0, "maximum": 400, "scaleType": "Manual"}
    assert None not in skus[0].values()
    usages = done(arm().get(f"{SUB}/providers/Microsoft.LabServices/locations/Brazil%20South/usages"))["value"]
    assert all(usage["currentValue"] <= usage["limit"] for usage in usages)
    assert [usage["name"]["value"] for usage in usages] == ["cores", "labs", "memoryInMiB", "virtualMachines"]
    told(arm().get(f"{SUB}/providers/Microsoft.LabServices/locations/moon/usages"), 400)
    operations = done(arm("nobody").get("/providers/Microsoft.LabServices/operations"))["value"]
    assert "Microsoft.LabServices/labPlans/saveImage/action" in {each["name"] for each in operations}
