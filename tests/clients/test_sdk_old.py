"""The SDKs of former years: galleries with azure-mgmt-compute 30, and Lab Services as it was in 2018.

A lab account is a lab plan in the old words, a lab's environment setting its template, an environment one of its machines.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import definition_properties, finish, from_upload, from_version

pytestmark = pytest.mark.system

GROUP, ACCOUNT, LAB = "oldsdk", "account", "oldlab"
DEFAULT = (GROUP, ACCOUNT, LAB, "default")


@pytest.fixture(scope="module", autouse=True)
def account(client_server: ClientServer, rest: httpx.Client, disk: bytes) -> Iterator[str]:
    """A lab account with a gallery that holds one image; returns the id of the image for labs of this account."""
    gallery = client_server.id(GROUP, "Microsoft.Compute/galleries/oldgallery")
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    rest.put(gallery, json={"location": HOME}).raise_for_status()
    body = {"location": HOME, "properties": definition_properties("old")}
    rest.put(f"{gallery}/images/linux", json=body).raise_for_status()
    version = from_upload(client_server.upload(rest, disk), HOME, AWAY)
    finish(rest, rest.put(f"{gallery}/images/linux/versions/1.0.0", json=version).raise_for_status())
    plan = client_server.id(GROUP, f"Microsoft.LabServices/labPlans/{ACCOUNT}")
    body = {"location": HOME, "properties": {"sharedGalleryId": gallery}}
    rest.put(plan, json=body).raise_for_status()
    image = {"properties": {"enabledState": "Enabled"}}
    rest.put(f"{plan}/images/linux", json=image).raise_for_status()
    yield client_server.id(GROUP, f"Microsoft.LabServices/labaccounts/{ACCOUNT}/galleryimages/linux")
    rest.delete(client_server.id(GROUP)).raise_for_status()


@pytest.fixture(scope="module")
def lab(old_labs: Sdk, account: str) -> dict[str, Any]:
    """Made in one go, as the old portal did."""
    machine = {"userName": "teacher", "password": "Course-Work-2026"}
    settings = {"galleryImageResourceId": account, "size": "Basic", "referenceVmCreationParameters": machine}
    body = {
        "name": LAB,
        "location": HOME,
        "labCreationParameters": {"maxUsersInLab": 5},
        "environmentSettingCreationParameters": {"resourceSettingCreationParameters": settings},
    }
    old_labs("lab_accounts.create_lab", GROUP, ACCOUNT, body)
    # It is answered at once; how far the template is, is shown by its provisioning state.
    _settled(lambda: old_labs("environment_settings.get", *DEFAULT)["properties"]["provisioningState"], "Succeeded")
    made: dict[str, Any] = old_labs("labs.get", GROUP, ACCOUNT, LAB)
    return made


def test_galleries_are_managed_with_the_older_client(old_compute: Sdk, seed: str) -> None:
    where, image = (GROUP, "oldcompute"), (GROUP, "oldcompute", "linux")
    old_compute("galleries.begin_create_or_update", *where, {"location": HOME, "tags": {"a": "1"}})
    old_compute("galleries.begin_update", *where, {"properties": {"description": "Changed"}})
    assert old_compute("galleries.get", *where)["properties"]["description"] == "Changed"
    assert "oldcompute" in {each["name"] for each in old_compute("galleries.list")}
    assert "oldcompute" in {each["name"] for each in old_compute("galleries.list_by_resource_group", GROUP)}

    body = {"location": HOME, "properties": definition_properties("oldcompute")}
    old_compute("gallery_images.begin_create_or_update", *image, body)
    old_compute("gallery_images.begin_update", *image, {"properties": {"description": "Changed"}})
    assert old_compute("gallery_images.get", *image)["properties"]["description"] == "Changed"
    assert [each["name"] for each in old_compute("gallery_images.list_by_gallery", *where)] == ["linux"]

    version = (*image, "1.0.0")
    old_compute("gallery_image_versions.begin_create_or_update", *version, from_version(seed, HOME))
    hidden = {"properties": {"publishingProfile": {"excludeFromLatest": True}}}
    old_compute("gallery_image_versions.begin_update", *version, hidden)
    shown = old_compute("gallery_image_versions.get", *version, expand="ReplicationStatus")
    assert shown["properties"]["replicationStatus"]["aggregatedState"] == "Completed"
    versions = old_compute("gallery_image_versions.list_by_gallery_image", *image)
    assert [each["name"] for each in versions] == ["1.0.0"]

    old_compute("gallery_image_versions.begin_delete", *version)
    old_compute("gallery_images.begin_delete", *image)
    old_compute("galleries.begin_delete", *where)


def test_a_lab_account_is_a_lab_plan_in_old_words(old_labs: Sdk, labs: Sdk) -> None:
    made = old_labs("lab_accounts.create_or_update", GROUP, "passing", {"location": HOME, "tags": {"a": "1"}})
    assert made["type"].lower() == "microsoft.labservices/labaccounts"
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert labs("lab_plans.get", GROUP, "passing")["tags"] == {"a": "1"}

    changed = old_labs("lab_accounts.update", GROUP, "passing", {"tags": {"b": "2"}})
    assert changed["tags"] == {"b": "2"}
    assert old_labs("lab_accounts.get", GROUP, "passing")["tags"] == {"b": "2"}
    assert {"passing", ACCOUNT} <= {each["name"] for each in old_labs("lab_accounts.list_by_subscription")}
    names = {each["name"] for each in old_labs("lab_accounts.list_by_resource_group", GROUP)}
    assert names == {"passing", ACCOUNT}
    sizes = old_labs("lab_accounts.get_regional_availability", GROUP, ACCOUNT)["regionalAvailability"]
    assert HOME in {each["region"] for each in sizes}
    old_labs("lab_accounts.begin_delete", GROUP, "passing")
    with pytest.raises(Refused) as refused:
        old_labs("lab_accounts.get", GROUP, "passing")
    assert refused.value.status == 404


def test_an_account_s_images_are_enabled_and_disabled(old_labs: Sdk, account: str) -> None:
    (image,) = old_labs("gallery_images.list", GROUP, ACCOUNT)
    assert (image["name"], image["id"].lower()) == ("linux", account.lower())
    assert image["properties"]["imageReference"]["osType"] == "Linux"
    for state in (False, True):
        body = {"properties": {"isEnabled": state}}
        old_labs("gallery_images.update", GROUP, ACCOUNT, "linux", body)
        assert old_labs("gallery_images.get", GROUP, ACCOUNT, "linux")["properties"]["isEnabled"] is state
    old_labs("gallery_images.delete", GROUP, ACCOUNT, "linux")
    old_labs("gallery_images.create_or_update", GROUP, ACCOUNT, "linux", {"properties": {"isEnabled": True}})


def test_a_lab_made_in_old_words_is_a_lab(old_labs: Sdk, labs: Sdk, lab: dict[str, Any]) -> None:
    assert lab["properties"]["maxUsersInLab"] == 5
    assert lab["properties"]["userAccessMode"] in ("Restricted", "Open")
    assert [each["name"] for each in old_labs("labs.list", GROUP, ACCOUNT)] == [LAB]
    changed = old_labs("labs.update", GROUP, ACCOUNT, LAB, {"properties": {"usageQuota": "PT4H"}})
    assert changed["properties"]["usageQuota"] == "PT4H"
    same = labs("labs.get", GROUP, LAB)
    assert same["properties"]["virtualMachineProfile"]["usageQuota"] == "PT4H"
    assert same["properties"]["labPlanId"].lower().endswith(f"/labplans/{ACCOUNT}")


def test_a_template_starts_and_stops_in_old_words(old_labs: Sdk, labs: Sdk, lab: dict[str, Any]) -> None:
    (setting,) = old_labs("environment_settings.list", GROUP, ACCOUNT, LAB)
    assert setting["name"] == "default"
    assert setting["properties"]["publishingState"] == "Draft"
    assert setting["properties"]["resourceSettings"]["referenceVm"]["userName"] == "teacher"

    old_labs("environment_settings.begin_start", *DEFAULT)
    running = old_labs("environment_settings.get", *DEFAULT)["properties"]["resourceSettings"]["referenceVm"]
    assert running["vmStateDetails"]["powerState"] == "Running"
    assert running["vmStateDetails"]["sshAuthority"]
    assert labs("virtual_machines.get", GROUP, LAB, "template")["properties"]["state"] == "Running"
    old_labs("environment_settings.begin_stop", *DEFAULT)
    changed = old_labs("environment_settings.update", *DEFAULT, {"properties": {"title": "Old title"}})
    assert changed["properties"]["title"] == "Old title"
    assert labs("labs.get", GROUP, LAB)["properties"]["title"] == "Old title"


def test_people_are_put_on_the_list_in_old_words(old_labs: Sdk, labs: Sdk, lab: dict[str, Any]) -> None:
    old_labs("labs.add_users", GROUP, ACCOUNT, LAB, {"emailAddresses": ["one@example.org", "two@example.org"]})

    users = old_labs("users.list", GROUP, ACCOUNT, LAB)
    assert {each["properties"]["email"] for each in users} == {"one@example.org", "two@example.org"}
    assert len(labs("users.list_by_lab", GROUP, LAB)) == 2
    one = users[0]["name"]
    assert old_labs("users.get", GROUP, ACCOUNT, LAB, one)["name"] == one
    old_labs("users.create_or_update", GROUP, ACCOUNT, LAB, one, {"tags": {"a": "1"}})
    old_labs("users.update", GROUP, ACCOUNT, LAB, one, {"tags": {"b": "2"}})
    old_labs("users.begin_delete", GROUP, ACCOUNT, LAB, one)
    assert len(old_labs("users.list", GROUP, ACCOUNT, LAB)) == 1


def test_a_lab_is_published_in_old_words(old_labs: Sdk, lab: dict[str, Any]) -> None:
    old_labs("environment_settings.publish", *DEFAULT, {"useExistingImage": False})

    _settled(lambda: old_labs("environment_settings.get", *DEFAULT)["properties"]["publishingState"], "Published")


def test_the_machines_of_a_lab_s_people_are_environments(old_labs: Sdk, lab: dict[str, Any]) -> None:
    """Publishing has made one for everybody. One that is not there is missing, and one is claimed once."""
    names = [f"student-{number}" for number in range(1, 6)]
    assert [each["name"] for each in old_labs("environments.list", *DEFAULT)] == names

    missing = (*DEFAULT, "00000000-0000-4000-8000-000000000000")
    password = {"username": "student", "password": "Course-Work-2026"}
    for call, *body in (
        ("get",),
        ("update", {"tags": {"a": "1"}}),
        ("create_or_update", {"tags": {"a": "1"}}),
        ("begin_start",),
        ("begin_stop",),
        ("begin_reset_password", password),
    ):
        with pytest.raises(Refused) as refused:
            old_labs(f"environments.{call}", *missing, *body)
        assert refused.value.status == 404, call
    old_labs("environments.begin_delete", *missing)
    old_labs("labs.update", GROUP, ACCOUNT, LAB, {"properties": {"userAccessMode": "Open"}})
    with pytest.raises(Refused) as refused:
        old_labs("environments.claim", *missing)
    assert refused.value.status == 404
    old_labs("environment_settings.claim_any", *DEFAULT)
    claimed = [each["name"] for each in old_labs("environments.list", *DEFAULT) if each["properties"]["isClaimed"]]
    assert len(claimed) == 1
    own = (*DEFAULT, claimed[0])
    old_labs("environments.begin_reset_password", *own, password)
    old_labs("environments.begin_start", *own)
    assert old_labs("environments.get", *own)["properties"]["lastKnownPowerState"] == "Running"
    old_labs("environments.begin_stop", *own)


def test_the_operations_are_listed_in_old_words(old_labs: Sdk) -> None:
    assert {each["name"].split("/")[0].lower() for each in old_labs("provider_operations.list")} == {
        "microsoft.labservices"
    }


def test_a_person_asks_about_themselves_in_old_words(
    old_labs: Sdk, lab: dict[str, Any], client_server: ClientServer
) -> None:
    """The student's side: the own labs and machines, by the own name."""
    assert isinstance(old_labs("global_users.list_labs", "me").get("labs", []), list)
    assert isinstance(old_labs("global_users.list_environments", "me", {}).get("environments", []), list)
    account = lab["id"].rpartition("/labs/")[0]
    favourite = {"labAccountResourceId": account, "addRemove": "Add", "labResourceId": lab["id"]}
    kept = old_labs("global_users.get_personal_preferences", "me", favourite)
    assert [each.lower() for each in kept["favoriteLabResourceIds"]] == [lab["id"].lower()]

    with pytest.raises(Refused) as refused:
        old_labs("global_users.register", "me", {"registrationCode": "no-such-code"})
    assert refused.value.status in (400, 404)
    with pytest.raises(Refused) as refused:
        old_labs("global_users.list_labs", "somebody-else")
    assert refused.value.status in (403, 404)
    code = old_labs("labs.get", GROUP, ACCOUNT, LAB)["properties"]["invitationCode"]
    old_labs("labs.update", GROUP, ACCOUNT, LAB, {"properties": {"userAccessMode": "Open"}})
    old_labs("global_users.register", "me", {"registrationCode": code})
    assert [each["id"].lower() for each in old_labs("global_users.list_labs", "me")["labs"]] == [lab["id"].lower()]
    environment = {"environmentId": f"{lab['id']}/environmentsettings/default/environments/absent"}
    password = {**environment, "username": "student", "password": "Course-Work-2026"}
    for call, body in (
        ("get_environment", environment),
        ("begin_start_environment", environment),
        ("begin_stop_environment", environment),
        ("begin_reset_password", password),
    ):
        with pytest.raises(Refused) as refused:
            old_labs(f"global_users.{call}", "me", body)
        assert refused.value.status == 404, call


def test_a_template_is_steered_as_its_educator_s_own_machine(old_labs: Sdk, lab: dict[str, Any]) -> None:
    """By the id that the environment setting tells."""
    vm = old_labs("environment_settings.get", *DEFAULT)["properties"]["resourceSettings"]["referenceVm"]
    template = {"environmentId": vm["vmResourceId"]}
    password = {**template, "username": "teacher", "password": "Course-Work-2027"}

    old_labs("global_users.begin_start_environment", "me", template)
    old_labs("global_users.begin_reset_password", "me", password)
    shown = old_labs("global_users.get_environment", "me", template)["environment"]
    assert shown["virtualMachineDetails"]["lastKnownPowerState"] == "Running"
    assert shown["environmentState"] == "Created"
    old_labs("global_users.begin_stop_environment", "me", template)
    vm = old_labs("environment_settings.get", *DEFAULT)["properties"]["resourceSettings"]["referenceVm"]
    assert vm["vmStateDetails"]["powerState"] == "Stopped"


def test_an_operation_is_followed_in_old_words(
    old_labs: Sdk, lab: dict[str, Any], rest: httpx.Client, client_server: ClientServer
) -> None:
    ours = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/operations"
    newest = rest.get(ours).raise_for_status().json()["value"][0]["name"]
    place = f"/subscriptions/{client_server.subscription}/providers/Microsoft.LabServices/locations/{HOME}"
    url = f"{place}/operations/{newest}"

    assert old_labs("operations.get", HOME, newest)["status"] == "Succeeded"
    assert old_labs("global_users.get_operation_status", "me", {"operationUrl": url})["status"] == "Succeeded"
    (each,) = old_labs("global_users.get_operation_batch_status", "me", {"urls": [url]})["items"]
    assert each["status"] == "Succeeded"


def test_the_owner_registers_with_an_open_lab(old_labs: Sdk, lab: dict[str, Any]) -> None:
    old_labs("labs.update", GROUP, ACCOUNT, LAB, {"properties": {"userAccessMode": "Open"}})
    old_labs("labs.register", GROUP, ACCOUNT, LAB)

    assert old_labs("users.list", GROUP, ACCOUNT, LAB)


def test_a_lab_is_deleted_in_old_words(old_labs: Sdk, labs: Sdk, account: str) -> None:
    body = {"location": HOME, "properties": {"maxUsersInLab": 2}}
    old_labs("labs.create_or_update", GROUP, ACCOUNT, "second", body)
    setting = {
        "location": HOME,
        "properties": {
            "title": "Second",
            "resourceSettings": {
                "galleryImageResourceId": account,
                "size": "Basic",
                "referenceVm": {"userName": "teacher", "password": "Course-Work-2026"},
            },
        },
    }
    second = (GROUP, ACCOUNT, "second", "default")
    old_labs("environment_settings.begin_create_or_update", *second, setting)
    assert old_labs("environment_settings.get", *second)["properties"]["title"] == "Second"
    assert labs("labs.get", GROUP, "second")["properties"]["title"] == "Second"
    old_labs("environment_settings.begin_delete", *second)
    old_labs("labs.begin_delete", GROUP, ACCOUNT, "second")
    assert "second" not in {each["name"] for each in old_labs("labs.list", GROUP, ACCOUNT)}


def _settled(state: Callable[[], str], wanted: str) -> None:
    """Wait until a state is none of those that end in -ing any more; it must be the wanted one."""
    deadline = time.monotonic() + 60
    while (found := state()).endswith("ing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert found == wanted
