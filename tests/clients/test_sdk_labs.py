"""Lab Services through the Python SDK of today: plans, images, labs, machines, people, schedules."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import definition_properties, finish, from_upload

pytestmark = pytest.mark.system

GROUP, PLAN, LAB = "labsdk", "plan", "lab"
TEMPLATE = (GROUP, LAB, "template")
SIZE = "Tiny"
AZURE_SIZE = "Classic_Fsv2_2_4GB_128_S_SSD"


@pytest.fixture(scope="module", autouse=True)
def plan(client_server: ClientServer, rest: httpx.Client, labs: Sdk, disk: bytes) -> Iterator[dict[str, Any]]:
    """A lab plan with a gallery attached that holds one image, in both regions."""
    gallery = client_server.id(GROUP, "Microsoft.Compute/galleries/labgallery")
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    rest.put(gallery, json={"location": HOME}).raise_for_status()
    body = {"location": HOME, "properties": definition_properties("labs")}
    rest.put(f"{gallery}/images/linux", json=body).raise_for_status()
    version = from_upload(client_server.upload(rest, disk), HOME, AWAY)
    finish(rest, rest.put(f"{gallery}/images/linux/versions/1.0.0", json=version).raise_for_status())
    body = {"location": HOME, "properties": {"sharedGalleryId": gallery, "allowedRegions": [HOME, AWAY]}}
    made = labs("lab_plans.begin_create_or_update", GROUP, PLAN, body)
    labs("images.update", GROUP, PLAN, "linux", {"properties": {"enabledState": "Enabled"}})
    yield made
    rest.delete(client_server.id(GROUP)).raise_for_status()


@pytest.fixture(scope="module")
def lab(client_server: ClientServer, labs: Sdk, plan: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = labs("labs.begin_create_or_update", GROUP, LAB, _lab(client_server, plan["id"]))
    return made


def test_a_plan_keeps_its_profiles_and_its_gallery(
    labs: Sdk, client_server: ClientServer, plan: dict[str, Any]
) -> None:
    assert plan["type"] == "Microsoft.LabServices/labPlans"
    body = {
        "location": HOME,
        "tags": {"course": "os"},
        "properties": {
            "defaultConnectionProfile": {"clientSshAccess": "Public", "clientRdpAccess": "None"},
            "defaultAutoShutdownProfile": {"shutdownOnDisconnect": "Enabled", "disconnectDelay": "PT5M"},
            "supportInfo": {"email": "help@example.org", "instructions": "Call us"},
            "allowedRegions": [HOME],
        },
    }
    made = labs("lab_plans.begin_create_or_update", GROUP, "other", body)

    assert made["properties"]["defaultConnectionProfile"]["clientSshAccess"] == "Public"
    assert made["properties"]["defaultAutoShutdownProfile"]["disconnectDelay"] == "PT5M"
    assert made["properties"]["supportInfo"] == body["properties"]["supportInfo"]  # type: ignore[index]
    changed = labs("lab_plans.begin_update", GROUP, "other", {"properties": {"allowedRegions": [HOME, AWAY]}})
    assert changed["properties"]["allowedRegions"] == [HOME, AWAY]
    assert changed["properties"]["supportInfo"]["email"] == "help@example.org"
    assert labs("lab_plans.get", GROUP, "other") == changed
    assert {PLAN, "other"} <= {each["name"] for each in labs("lab_plans.list_by_subscription")}
    assert [each["name"] for each in labs("lab_plans.list_by_resource_group", GROUP)] == ["other", PLAN]
    labs("lab_plans.begin_delete", GROUP, "other")


def test_an_image_of_the_gallery_is_enabled_and_disabled(labs: Sdk, client_server: ClientServer) -> None:
    (image,) = labs("images.list_by_lab_plan", GROUP, PLAN)
    assert (image["name"], image["properties"]["osType"], image["properties"]["osState"]) == (
        *("linux", "Linux"),
        "Generalized",
    )
    definition = client_server.id(GROUP, "Microsoft.Compute/galleries/labgallery/images/linux")
    assert image["properties"]["sharedGalleryId"] == definition
    assert set(image["properties"]["availableRegions"]) == {HOME, AWAY}

    for state in ("Disabled", "Enabled"):
        put = labs("images.create_or_update", GROUP, PLAN, "linux", {"properties": {"enabledState": state}})
        assert put["properties"]["enabledState"] == state
    assert labs("images.get", GROUP, PLAN, "linux")["properties"]["enabledState"] == "Enabled"
    chosen = labs("images.list_by_lab_plan", GROUP, PLAN, filter="properties/enabledState eq 'Disabled'")
    assert chosen == []


def test_a_lab_has_a_template_that_starts_and_stops(
    labs: Sdk, lab: dict[str, Any], client_server: ClientServer
) -> None:
    properties = lab["properties"]
    assert (properties["state"], properties["provisioningState"]) == ("Draft", "Succeeded")
    assert properties["virtualMachineProfile"]["imageReference"]["exactVersion"] == "1.0.0"
    assert properties["virtualMachineProfile"]["adminUser"] == {"username": "teacher"}
    assert properties["virtualMachineProfile"]["usageQuota"] == "PT10H"
    assert labs("labs.get", GROUP, LAB) == lab
    assert LAB in {each["name"] for each in labs("labs.list_by_subscription")}
    assert LAB in {each["name"] for each in labs("labs.list_by_resource_group", GROUP)}
    changed = labs("labs.begin_update", GROUP, LAB, {"properties": {"title": "Operating systems II"}})
    assert changed["properties"]["title"] == "Operating systems II"

    (template,) = labs("virtual_machines.list_by_lab", GROUP, LAB)
    assert (template["properties"]["vmType"], template["properties"]["state"]) == ("Template", "Stopped")
    labs("virtual_machines.begin_start", *TEMPLATE)
    running = labs("virtual_machines.get", *TEMPLATE)
    assert running["properties"]["state"] == "Running"
    assert running["properties"]["connectionProfile"]["sshAuthority"]
    labs("virtual_machines.begin_reset_password", *TEMPLATE, {"username": "teacher", "password": "Another-Word-2026"})
    labs("virtual_machines.begin_redeploy", *TEMPLATE)
    labs("virtual_machines.begin_stop", *TEMPLATE)
    assert labs("virtual_machines.get", *TEMPLATE)["properties"]["state"] == "Stopped"


def test_a_template_goes_back_to_its_image(labs: Sdk, lab: dict[str, Any]) -> None:
    labs("virtual_machines.begin_reimage", *TEMPLATE)

    assert labs("virtual_machines.get", *TEMPLATE)["properties"]["provisioningState"] == "Succeeded"


def test_a_template_is_saved_to_the_gallery(labs: Sdk, compute: Sdk, lab: dict[str, Any]) -> None:
    body = {"name": "course", "labVirtualMachineId": f"{lab['id']}/virtualMachines/template"}

    labs("lab_plans.begin_save_image", GROUP, PLAN, body)

    saved = compute("gallery_images.get", GROUP, "labgallery", "course")
    assert saved["properties"]["osState"] == "Specialized"
    (version,) = compute("gallery_image_versions.list_by_gallery_image", GROUP, "labgallery", "course")
    assert (version["name"], version["properties"]["provisioningState"]) == ("1.0.0", "Succeeded")


@pytest.mark.parametrize("way", ["version", "plan image"])
def test_a_lab_s_image_may_be_named_in_several_ways(
    labs: Sdk, client_server: ClientServer, plan: dict[str, Any], way: str
) -> None:
    ids = {
        "version": client_server.id(GROUP, "Microsoft.Compute/galleries/labgallery/images/linux/versions/1.0.0"),
        "plan image": f"{plan['id']}/images/linux",
    }
    name = way.replace(" ", "-")

    made = labs("labs.begin_create_or_update", GROUP, name, _lab(client_server, plan["id"], image=ids[way]))

    assert made["properties"]["virtualMachineProfile"]["imageReference"]["exactVersion"] == "1.0.0"
    labs("labs.begin_delete", GROUP, name)
    with pytest.raises(Refused):
        labs("labs.get", GROUP, name)


def test_people_are_put_on_a_lab_s_list(labs: Sdk, lab: dict[str, Any]) -> None:
    body = {"properties": {"email": "student@example.org", "additionalUsageQuota": "PT2H"}}
    made = labs("users.begin_create_or_update", GROUP, LAB, "student", body)

    assert made["properties"]["registrationState"] == "NotRegistered"
    assert made["properties"]["invitationState"] == "NotSent"
    changed = labs("users.begin_update", GROUP, LAB, "student", {"properties": {"additionalUsageQuota": "PT5H"}})
    assert changed["properties"]["additionalUsageQuota"] == "PT5H"
    labs("users.begin_invite", GROUP, LAB, "student", {"text": "Welcome"})
    assert labs("users.get", GROUP, LAB, "student")["properties"]["email"] == "student@example.org"
    assert [each["name"] for each in labs("users.list_by_lab", GROUP, LAB)] == ["student"]
    with pytest.raises(Refused) as refused:
        labs("users.begin_create_or_update", GROUP, LAB, "nobody", {"properties": {"email": "x"}})
    assert refused.value.status == 400
    labs("users.begin_delete", GROUP, LAB, "student")
    assert labs("users.list_by_lab", GROUP, LAB) == []


def test_a_script_for_azure_has_its_names_of_sizes_and_time_zones(
    labs: Sdk, client_server: ClientServer, plan: dict[str, Any]
) -> None:
    body = _lab(client_server, plan["id"])
    body["properties"]["virtualMachineProfile"]["sku"] = {"name": AZURE_SIZE, "capacity": 1}
    made = labs("labs.begin_create_or_update", GROUP, "scripted", body)
    assert made["properties"]["virtualMachineProfile"]["sku"]["name"] == AZURE_SIZE
    assert AZURE_SIZE in {each["name"] for each in labs("skus.list")}
    for wrong in ("Classic_NVv4_8_28GB_128_S_SSD", "Classic_Dsv4_4_16GB_128_P_SSD"):
        body["properties"]["virtualMachineProfile"]["sku"] = {"name": wrong, "capacity": 1}
        with pytest.raises(Refused, match="nearest size"):
            labs("labs.begin_create_or_update", GROUP, "wrong", body)
    once = {
        "startAt": "2030-01-07T08:00:00Z",
        "stopAt": "2030-01-07T10:00:00Z",
        "timeZoneId": "E. South America Standard Time",
    }
    labs("schedules.create_or_update", GROUP, "scripted", "once", {"properties": once})
    kept = labs("schedules.get", GROUP, "scripted", "once")["properties"]
    assert kept["timeZoneId"] == "E. South America Standard Time"
    labs("labs.begin_delete", GROUP, "scripted")


def test_lists_in_a_group_that_is_not_there_are_refused(labs: Sdk) -> None:
    for what in ("labs", "lab_plans"):
        with pytest.raises(Refused) as refused:
            labs(f"{what}.list_by_resource_group", "nothere")
        assert (refused.value.code, refused.value.status) == ("ResourceGroupNotFound", 404)


def test_a_lab_s_schedules_are_kept(labs: Sdk, lab: dict[str, Any]) -> None:
    recurrence = {
        "frequency": "Weekly",
        "weekDays": ["Monday"],
        "interval": 1,
        "expirationDate": "2030-12-31T00:00:00Z",
    }
    properties = {
        "startAt": "2030-01-07T08:00:00Z",
        "stopAt": "2030-01-07T10:00:00Z",
        "timeZoneId": "America/Sao_Paulo",
        "recurrencePattern": recurrence,
        "notes": "Lecture",
    }
    made = labs("schedules.create_or_update", GROUP, LAB, "monday", {"properties": properties})

    assert made["properties"]["timeZoneId"] == "America/Sao_Paulo"
    kept = made["properties"]["recurrencePattern"]
    assert (kept["frequency"], kept["weekDays"], kept["interval"]) == ("Weekly", ["Monday"], 1)
    assert kept["expirationDate"].startswith("2030-12-31")
    changed = labs("schedules.update", GROUP, LAB, "monday", {"properties": {"notes": "Exam"}})
    assert changed["properties"]["notes"] == "Exam"
    assert labs("schedules.get", GROUP, LAB, "monday")["properties"]["notes"] == "Exam"
    assert [each["name"] for each in labs("schedules.list_by_lab", GROUP, LAB)] == ["monday"]
    for wrong in ({"timeZoneId": "Mars/Olympus"}, {"stopAt": "2030-01-07T07:00:00Z"}):
        with pytest.raises(Refused) as refused:
            labs("schedules.create_or_update", GROUP, LAB, "wrong", {"properties": {**properties, **wrong}})
        assert refused.value.status == 400
    labs("schedules.begin_delete", GROUP, LAB, "monday")
    assert labs("schedules.list_by_lab", GROUP, LAB) == []


def test_a_lab_is_published_and_its_group_synced(labs: Sdk, lab: dict[str, Any]) -> None:
    labs("labs.begin_publish", GROUP, LAB)
    assert labs("labs.get", GROUP, LAB)["properties"]["state"] == "Published"
    labs("labs.begin_sync_group", GROUP, LAB)


def test_sizes_and_usages_are_listed(labs: Sdk) -> None:
    skus = labs("skus.list")
    assert SIZE in {each["name"] for each in skus}
    assert {HOME, AWAY} <= {place for each in skus for place in each["locations"]}
    usages = labs("usages.list_by_location", HOME)
    assert all(each["currentValue"] <= each["limit"] for each in usages)
    assert usages


def test_the_operations_are_listed_and_their_results_kept(
    labs: Sdk, rest: httpx.Client, client_server: ClientServer, lab: dict[str, Any]
) -> None:
    names = {each["name"] for each in labs("operations.list")}
    assert "Microsoft.LabServices/labPlans/saveImage/action" in names

    ours = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/operations"
    newest = rest.get(ours, params={"resource": lab["id"]}).json()["value"][0]
    result = labs("operation_results.get", newest["name"])
    assert result["status"] == "Succeeded"
    with pytest.raises(Refused):
        labs("operation_results.get", "00000000-0000-4000-8000-000000000000")


def _lab(client_server: ClientServer, plan: str, *, image: str = "") -> dict[str, Any]:
    definition = client_server.id(GROUP, "Microsoft.Compute/galleries/labgallery/images/linux")
    return {
        "location": HOME,
        "properties": {
            "title": "Operating systems",
            "description": "First year",
            "labPlanId": plan,
            "autoShutdownProfile": {"shutdownOnDisconnect": "Disabled"},
            "connectionProfile": {"clientSshAccess": "Public"},
            "securityProfile": {"openAccess": "Disabled"},
            "virtualMachineProfile": {
                "createOption": "TemplateVM",
                "imageReference": {"id": image or definition},
                "sku": {"name": SIZE, "capacity": 2},
                "usageQuota": "PT10H",
                "useSharedPassword": "Enabled",
                "adminUser": {"username": "teacher", "password": "Course-Work-2026"},
            },
        },
    }
