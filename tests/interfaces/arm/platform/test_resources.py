"""Groups, galleries, image definitions and lab plans: made, changed, listed, deleted, with the status codes of ARM."""

import base64
import json
from datetime import datetime, timedelta

import pytest

from tests.interfaces.arm.served import GALLERY, GROUP, PLAN, SUB, Arm, definition_body, done, told

COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
LAB_SERVICES = f"{GROUP}/providers/Microsoft.LabServices"


def test_a_group_is_made_changed_found_and_listed(arm: Arm) -> None:
    path = f"{SUB}/resourceGroups/Biologia"
    assert arm().head(path).status_code == 404
    made = done(arm().put(path, json={"location": "Brazil South", "tags": {"a": "1"}}), 201)
    assert made["id"] == path
    assert made["type"] == "Microsoft.Resources/resourceGroups"
    assert made["location"] == "brazilsouth"
    assert made["properties"] == {"provisioningState": "Succeeded"}
    assert done(arm().put(path, json={"location": "brazilsouth"}))["tags"] == {}
    assert arm().head(path).status_code == 204
    assert done(arm().get(path))["name"] == "Biologia"
    assert "Biologia" in [each["name"] for each in done(arm().get(f"{SUB}/resourceGroups"))["value"]]


def test_a_gallery_is_made_with_201_and_changed_with_200(arm: Arm) -> None:
    path = f"{COMPUTE}/galleries/Mixed.Case"
    made = done(arm().put(path, json={"location": "Brazil South"}), 201)
    assert made["id"] == path
    assert made["name"] == "Mixed.Case"
    assert made["type"] == "Microsoft.Compute/galleries"
    assert made["properties"]["identifier"]["uniqueName"].endswith("-MIXED.CASE")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["systemData"]["createdBy"] == "admin"
    assert made["systemData"]["createdByType"] == "User"
    changed = done(arm().put(path, json={**made, "tags": {"a": "b"}}))
    assert changed["tags"] == {"a": "b"}
    patched = done(arm().patch(path, json={"properties": {"description": "words"}}))
    assert (patched["tags"], patched["properties"]["description"]) == ({"a": "b"}, "words")
    assert done(arm().patch(path, json={"tags": {}}))["properties"]["description"] == "words"
    assert done(arm().get(path))["tags"] == {}
    for where in (COMPUTE, f"{SUB}/providers/Microsoft.Compute"):
        assert "Mixed.Case" in [each["name"] for each in done(arm().get(f"{where}/galleries"))["value"]]


def test_what_is_deleted_answers_200_and_what_was_not_there_204(arm: Arm) -> None:
    path = f"{COMPUTE}/galleries/gone"
    done(arm().put(path, json={"location": "brazilsouth"}), 201)
    done(arm().put(f"{path}/images/x", json=definition_body("x")), 201)
    assert told(arm().delete(path), 409)["code"] == "CannotDeleteResource"
    for each in (f"{path}/images/x", path):
        answer = arm().delete(each)
        assert (answer.status_code, answer.content) == (200, b"")
        assert arm().delete(each).status_code == 204
        assert told(arm().get(each), 404)["code"] == "ResourceNotFound"


def test_a_definition_keeps_what_describes_the_system_and_takes_enums_in_any_case(arm: Arm) -> None:
    path = f"{GALLERY}/images/ubuntu-24.04"
    made = done(arm().put(path, json=definition_body("24.04", galeria={"displayName": "Ubuntu für alle"})), 201)
    properties = made["properties"]
    assert (properties["osType"], properties["osState"], properties["hyperVGeneration"]) == (
        "Linux",
        "Generalized",
        "V1",
    )
    assert properties["identifier"] == {"publisher": "campus", "offer": "linux", "sku": "24.04"}
    assert done(arm().put(path, json=made))["properties"]["galeria"] == {"displayName": "Ubuntu für alle"}
    error = told(arm().put(path, json=definition_body("24.04", osState="Specialized")), 400)
    assert (error["code"], error["target"]) == ("PropertyChangeNotAllowed", "galleryImage.properties.osState")
    patched = done(arm().patch(path, json={"properties": {"description": "d"}, "tags": {"k": "v"}}))
    assert (patched["properties"]["description"], patched["tags"]) == ("d", {"k": "v"})
    assert done(arm().get(path)) == patched
    assert "ubuntu-24.04" in [each["name"] for each in done(arm().get(f"{GALLERY}/images"))["value"]]


@pytest.mark.parametrize(("version", "generation"), [("2021-10-01", "V1"), ("2025-03-03", "V2")])
def test_the_default_generation_follows_the_api_version(arm: Arm, version: str, generation: str) -> None:
    body = definition_body(f"g{version}", hyperVGeneration=None)
    made = arm().put(f"{GALLERY}/images/g{version}", json=body, params={"api-version": version})
    assert done(made, 201)["properties"]["hyperVGeneration"] == generation


def test_a_plan_attaches_detaches_and_keeps_what_a_patch_does_not_name(arm: Arm) -> None:
    path, gallery = f"{LAB_SERVICES}/labPlans/plan-b", f"{COMPUTE}/galleries/forplan"
    done(arm().put(gallery, json={"location": "brazilsouth"}), 201)
    body = {"location": "brazilsouth", "properties": {"sharedGalleryId": gallery, "galeria": {"osDiskLimitInGB": 64}}}
    made = done(arm().put(path, json=body), 201)
    assert made["properties"]["sharedGalleryId"] == gallery
    network = {"internet": "Open", "names": [], "commonInLab": False}
    assert made["properties"]["galeria"] == {"osDiskLimitInGB": 64, "imagesEnabledByDefault": True, "network": network}
    error = told(arm().patch(path, json={"properties": {"sharedGalleryId": GALLERY}}), 409)
    assert "Detach" in error["message"]
    patched = done(arm().patch(path, json={"properties": {"galeria": {"imagesEnabledByDefault": False}}}))
    assert patched["properties"]["sharedGalleryId"] == gallery
    assert patched["properties"]["galeria"]["imagesEnabledByDefault"] is False
    detached = done(arm().patch(path, json={"properties": {"sharedGalleryId": None}}))
    assert "sharedGalleryId" not in detached["properties"]
    assert detached["properties"]["galeria"]["osDiskLimitInGB"] == 64
    assert done(arm().get(path)) == detached
    for where in (LAB_SERVICES, f"{SUB}/providers/Microsoft.LabServices"):
        assert "plan-b" in [each["name"] for each in done(arm().get(f"{where}/labPlans"))["value"]]
    assert arm().delete(path).status_code == 200
    assert arm().delete(path).status_code == 204


def test_a_plan_shows_every_image_with_the_reasons_against_it(arm: Arm, image: str) -> None:
    path = f"{PLAN}/images/ready"
    usable = done(arm().get(path))["properties"]
    assert (usable["enabledState"], usable["sharedGalleryId"]) == ("Enabled", image)
    assert usable["availableRegions"] == ["brazilsouth", "brazilsoutheast"]
    assert usable["galeria"] == {
        "usable": True,
        "version": "1.0.0",
        "versionId": f"{image}/versions/1.0.0",
        "obstacles": [],
    }
    elsewhere = done(arm().get(path, params={"region": "West Europe"}))["properties"]["galeria"]
    assert elsewhere["usable"] is False
    assert [each["code"] for each in elsewhere["obstacles"]] == ["NotInRegion"]
    off = done(arm().put(path, json={"properties": {"enabledState": "disabled"}}))["properties"]
    assert (off["enabledState"], off["galeria"]["obstacles"][0]["code"]) == ("Disabled", "Disabled")
    on = done(arm().patch(path, json={"properties": {"enabledState": "Enabled"}}))["properties"]
    assert on["galeria"]["usable"] is True
    assert done(arm().patch(path, json={}))["properties"] == on
    listed = done(arm().get(f"{PLAN}/images"))["value"]
    assert [each["properties"]["galeria"]["usable"] for each in listed if each["name"] == "ready"] == [True]
    assert told(arm().put(path, json={"properties": {}}), 400)["target"] == "properties.enabledState"


def test_the_platform_tells_tenant_subscription_regions_and_sizes(arm: Arm) -> None:
    (tenant,) = done(arm().get("/tenants"))["value"]
    (subscription,) = done(arm().get("/subscriptions"))["value"]
    assert subscription["tenantId"] == tenant["tenantId"]
    assert (subscription["id"], subscription["state"]) == (SUB, "Enabled")
    assert done(arm().get(SUB)) == subscription
    regions = done(arm().get(f"{SUB}/locations"))["value"]
    assert [each["displayName"] for each in regions][:2] == ["Brazil South", "Brazil Southeast"]
    sizes = done(arm().get(f"{SUB}/providers/Microsoft.LabServices/skus"))["value"]
    assert {"name": "MemoryGB", "value": "0.5"} in sizes[0]["capabilities"]


def test_what_was_done_is_in_the_activity_log(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups/logged"
    correlation = "abcdef01-0000-0000-0000-000000000000"
    arm().put(group, json={"location": "brazilsouth"}, headers={"x-ms-correlation-request-id": correlation})
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    (event,) = done(arm().get(path, params={"$filter": "resourceGroupName eq 'logged'"}))["value"]
    assert event["operationName"]["value"] == "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert (event["caller"], event["correlationId"]) == ("admin", correlation)
    assert len(done(arm().get(path, params={"$top": 1}))["value"]) == 1
    assert done(arm().get(path, params={"$filter": f"resourceId eq '{group}/providers/X/y/z'"}))["value"] == []
    elsewhere = {"$filter": f"resourceId eq '{group.replace('1', '0')}'"}
    assert done(arm().get(path, params=elsewhere))["value"] == []


@pytest.mark.parametrize(
    ("clause", "is_found"),
    [
        ("eventTimestamp ge {before}", True),
        ("eventTimestamp ge '{before}' and eventTimestamp le '{after}'", True),
        ("eventTimestamp le {before}", False),
        ("eventTimestamp ge {after}", False),
        ("eventTimestamp ge {at} and eventTimestamp le {at}", True),
        ("caller eq 'ADMIN'", True),
        ("caller eq 'adm'", False),
        ("status eq 'succeeded'", True),
        ("status eq 'Failed'", False),
        ("resourceProvider eq 'microsoft.resources'", True),
        ("resourceProvider eq 'Microsoft.Compute'", False),
        ("correlationId eq 'abcdef01-0000-0000-0000-000000000001'", True),
        ("correlationId eq 'abcdef01'", False),
    ],
)
def test_the_activity_log_is_narrowed_as_the_cli_asks(arm: Arm, clause: str, is_found: bool) -> None:
    group = f"{SUB}/resourceGroups/narrowed"
    sent = {"x-ms-correlation-request-id": "abcdef01-0000-0000-0000-000000000001"}
    assert arm().put(group, json={"location": "brazilsouth"}, headers=sent).is_success
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    own = f"resourceGroupName eq '{group.rpartition('/')[2]}'"
    newest = done(arm().get(path, params={"$filter": own, "$top": 1}))["value"][0]
    at = datetime.fromisoformat(newest["eventTimestamp"])
    hour = timedelta(hours=1)
    # Without a zone, as the CLI writes them.
    times = {
        name: each.replace(tzinfo=None).isoformat() for name, each in (("before", at - hour), ("after", at + hour))
    }
    asked = clause.format(at=newest["eventTimestamp"], **times)
    found = done(arm().get(path, params={"$filter": f"{own} and {asked}"}))["value"]
    assert (newest["eventDataId"] in {each["eventDataId"] for each in found}) is is_found


def test_the_activity_log_is_read_page_by_page_while_more_is_written(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups/paged"
    for number in range(5):
        assert arm().put(group, json={"location": "brazilsouth", "tags": {"at": str(number)}}).is_success
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    asked = {"$filter": "resourceGroupName eq 'paged'"}
    whole = [each["eventDataId"] for each in done(arm().get(path, params=asked))["value"]]
    page, seen = done(arm().get(path, params={**asked, "$top": 2})), []
    while "nextLink" in page:
        assert len(page["value"]) == 2
        seen += page["value"]
        assert arm().put(group, json={"location": "brazilsouth", "tags": {"at": "later"}}).is_success
        page = done(arm().get(page["nextLink"]))
    assert [each["eventDataId"] for each in seen + page["value"]] == whole
    assert len(whole) == 5


@pytest.mark.parametrize(
    "place",
    [
        ["2026-11-28"],
        ["soon", "x"],
        [1, "x"],
        ["0001-01-01T00:00:00+14:00", "x"],
        ["2026-11-28T00:00:00+00:00", "\ud800"],  # half a character, which JSON may hold and a database may not
    ],
)
def test_the_activity_log_has_no_page_after_a_place_that_is_none(arm: Arm, place: list[str | int]) -> None:
    token = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    told(arm().get(path, params={"$skipToken": token}), 400)


@pytest.mark.parametrize(
    "filter", ["caller ge 'x'", "eventTimestamp eq 2026-01-01", "eventTimestamp ge soon", "level eq 'Error'", "x"]
)
def test_a_filter_of_the_activity_log_that_is_not_understood_is_refused(arm: Arm, filter: str) -> None:
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    assert told(arm().get(path, params={"$filter": filter}), 400)["code"] == "InvalidFilterInQueryString"


def test_the_activity_log_is_narrowed_to_the_end_of_the_calendar(arm: Arm) -> None:
    path = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
    assert done(arm().get(path, params={"$filter": "eventTimestamp le '9999-12-31T23:59:59.9999999Z'"}))["value"]
