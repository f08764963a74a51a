"""How image versions and definitions are published: what may be said, what never changes, and what is refused."""

from typing import Any

import pytest

from tests.interfaces.arm.served import GALLERY, Arm, definition_body, done, told, version_body
from tests.local_installation import disk_bytes

WHOLE = {
    "description": "an image",
    "eula": "https://campus.example/eula",
    "privacyStatementUri": "https://campus.example/privacy",
    "releaseNoteUri": "https://campus.example/news",
    "architecture": "X64",
    "endOfLifeDate": "2099-01-01T12:59:59Z",
    "recommended": {"vCPUs": {"min": 1, "max": 4}, "memory": {"min": 2}},
    "disallowed": {"diskTypes": ["Standard_LRS"]},
    "purchasePlan": {"name": "n", "publisher": "p", "product": "q"},
    "features": [{"name": "IsHibernateSupported", "value": "True", "startsAtVersion": "2.0.0"}],
    "allowUpdateImage": False,
}


def definition(arm: Arm, name: str, **properties: Any) -> str:
    id = f"{GALLERY}/images/{name}"
    done(arm().put(id, json=definition_body(name, **properties)), 201)
    return id


def made(arm: Arm, name: str, *regions: str, **publishing: Any) -> str:
    """A finished version of a new definition."""
    id = definition(arm, name) + "/versions/1.0.0"
    body = version_body(arm.installation.upload(disk_bytes()), *regions)
    body["properties"]["publishingProfile"] |= publishing
    done(arm().put(id, json=body), 201)
    assert arm.work()[-1].status == "Succeeded"
    return id


def profile(arm: Arm, id: str) -> dict[str, Any]:
    found: dict[str, Any] = done(arm().get(id))["properties"]["publishingProfile"]
    return found


def test_everything_that_is_said_of_an_image_is_given_back(arm: Arm) -> None:
    id = definition(arm, "whole", **WHOLE)
    shown = done(arm().get(id))
    assert {name: shown["properties"][name] for name in WHOLE} == WHOLE | {"architecture": "x64"}
    assert done(arm().put(id, json=shown))["properties"] == shown["properties"]
    changed = arm().patch(id, json={"properties": {"recommended": {"memory": {"max": 8}}, "endOfLifeDate": None}})
    properties = done(changed)["properties"]
    assert properties["recommended"] == {"memory": {"max": 8}}
    assert "endOfLifeDate" not in properties
    assert properties["eula"] == WHOLE["eula"]


def test_a_definition_without_its_generation_keeps_the_one_it_has(arm: Arm) -> None:
    id = definition(arm, "generation", hyperVGeneration="V2")
    body = definition_body("generation")
    del body["properties"]["hyperVGeneration"]
    assert done(arm().put(id, json=body))["properties"]["hyperVGeneration"] == "V2"


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"recommended": {"vCPUs": {"min": 4, "max": 1}}}, "recommended.vCPUs"),
        ({"endOfLifeDate": "2020-01-01T00:00:00Z"}, "endOfLifeDate"),
        ({"identifier": {"publisher": "p" * 129, "offer": "o", "sku": "s"}}, "identifier.publisher"),
        ({"identifier": {"publisher": "p", "offer": "o.", "sku": "s"}}, "identifier.offer"),
        ({"features": [{"name": "SecurityType", "value": "TrustedLaunch"}]}, "features"),
        ({"features": [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}]}, "features"),
    ],
)
def test_an_image_that_says_something_wrong_is_refused(arm: Arm, properties: dict[str, Any], target: str) -> None:
    answer = arm().put(f"{GALLERY}/images/wrong", json=definition_body("wrong", **properties))
    error = told(answer, 400)
    assert (error["code"], error["target"]) == ("InvalidParameter", f"galleryImage.properties.{target}")


def test_what_an_image_is_never_changes(arm: Arm) -> None:
    id = definition(arm, "fixed", features=[{"name": "A", "value": "1"}])
    for change in ({"architecture": "Arm64"}, {"features": [{"name": "A", "value": "2"}]}, {"osType": "Windows"}):
        error = told(arm().put(id, json=definition_body("fixed", **change)), 400)
        assert error["code"] == "PropertyChangeNotAllowed"
        assert error["target"] == f"galleryImage.properties.{next(iter(change))}"
    allowed = {"features": [{"name": "A", "value": "2"}], "allowUpdateImage": True}
    assert done(arm().put(id, json=definition_body("fixed", **allowed)))["properties"]["features"][0]["value"] == "2"


def test_regions_counts_and_storage_are_given_back_as_they_were_sent(arm: Arm) -> None:
    id = definition(arm, "profiled") + "/versions/1.0.0"
    body = version_body(arm.installation.upload(disk_bytes()))
    body["properties"]["publishingProfile"] = {
        "replicaCount": 2,
        "storageAccountType": "premium_lrs",
        "targetRegions": [
            {"name": "Brazil South"},
            {"name": "WestEurope", "regionalReplicaCount": 3, "storageAccountType": "standard_zrs"},
        ],
    }
    done(arm().put(id, json=body), 201)
    arm.work()
    shown = done(arm().get(id, params={"$expand": "ReplicationStatus"}))["properties"]
    assert shown["publishingProfile"]["storageAccountType"] == "Premium_LRS"
    assert shown["publishingProfile"]["targetRegions"] == [
        {"name": "Brazil South", "regionalReplicaCount": 2, "storageAccountType": "Premium_LRS"},
        {"name": "WestEurope", "regionalReplicaCount": 3, "storageAccountType": "Standard_ZRS"},
    ]
    assert [each["region"] for each in shown["replicationStatus"]["summary"]] == ["Brazil South", "WestEurope"]
    again = arm().put(id, json={"location": "brazilsouth", "properties": {**shown, "storageProfile": {}}})
    assert done(again)["properties"]["publishingProfile"] == shown["publishingProfile"]
    assert "azure-asyncoperation" not in again.headers


@pytest.mark.parametrize(
    ("publishing", "words"),
    [
        ({"replicaCount": 0}, "between 1 and 100"),
        ({"targetRegions": [{"name": "brazilsouth", "regionalReplicaCount": 101}]}, "between 1 and 100"),
        ({"endOfLifeDate": "2020-01-01T00:00:00Z"}, "in the past"),
        ({"targetRegions": [{"name": "westeurope"}]}, "must include the version's own location"),
        ({"targetRegions": [{"name": "atlantis"}, {"name": "brazilsouth"}]}, "no region 'atlantis'"),
        ({"replicationMode": "shallow", "replicaCount": 2}, "Shallow"),
        ({"replicationMode": "Shallow", "targetRegions": [{"name": "brazilsouth"}, {"name": "westeurope"}]}, "Shallow"),
        ({"targetExtendedLocations": [{"name": "edge"}]}, "no edge zones"),
        ({"targetRegions": [{"name": "brazilsouth", "encryption": {"osDiskImage": {}}}]}, "encrypted"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(arm: Arm, publishing: dict[str, Any], words: str) -> None:
    id = f"{GALLERY}/images/refusing"
    arm().put(id, json=definition_body("refusing"))
    body = version_body(arm.installation.upload(disk_bytes()))
    body["properties"]["publishingProfile"] |= publishing
    assert words in told(arm().put(f"{id}/versions/1.0.0", json=body), 400)["message"]
    told(arm().get(f"{id}/versions/1.0.0"), 404)


def test_what_a_finished_version_stands_on_never_changes(arm: Arm) -> None:
    id = made(arm, "standing", "brazilsouth", "westeurope")
    moved = arm().put(id, json={"location": "westeurope"})
    assert told(moved, 409)["code"] == "InvalidResourceLocation"
    regions = [{"name": "brazilsouth"}, {"name": "westeurope", "storageAccountType": "Premium_LRS"}]
    for change, property in (
        ({"storageAccountType": "Premium_LRS"}, "storageAccountType"),
        ({"replicationMode": "Shallow"}, "replicationMode"),
        ({"targetRegions": regions}, "targetRegions['westeurope'].storageAccountType"),
    ):
        error = told(arm().patch(id, json={"properties": {"publishingProfile": change}}), 400)
        assert error["code"] == "PropertyChangeNotAllowed"
        assert error["target"].endswith(property)
    counts = [{"name": "brazilsouth", "regionalReplicaCount": 5, "storageAccountType": "standard_lrs"}, regions[1]]
    counts[1] = {"name": "West Europe"}
    answer = arm().patch(id, json={"properties": {"publishingProfile": {"targetRegions": counts}}})
    assert done(answer)["properties"]["publishingProfile"]["targetRegions"][0]["regionalReplicaCount"] == 5
    assert "azure-asyncoperation" not in answer.headers


def test_a_shallow_version_stays_where_it_is(arm: Arm) -> None:
    id = made(arm, "shallow", replicationMode="shallow")
    assert profile(arm, id)["replicationMode"] == "Shallow"
    more = {"publishingProfile": {"targetRegions": [{"name": "brazilsouth"}, {"name": "westeurope"}]}}
    assert "Shallow" in told(arm().patch(id, json={"properties": more}), 400)["message"]


def test_the_safety_profile_keeps_regions_and_versions(arm: Arm) -> None:
    id = made(arm, "safe", "brazilsouth", "westeurope")
    end = "2099-01-01T12:59:59Z"
    blocked = {"safetyProfile": {"blockDeletionBeforeEndOfLife": True, "allowDeletionOfReplicatedLocations": False}}
    assert "is not set" in told(arm().patch(id, json={"properties": blocked}), 400)["message"]
    shown = done(arm().patch(id, json={"properties": {**blocked, "publishingProfile": {"endOfLifeDate": end}}}))
    assert shown["properties"]["safetyProfile"]["blockDeletionBeforeEndOfLife"] is True
    assert told(arm().delete(id), 409)["code"] == "DeleteGalleryImageVersionBlockedBeforeEndOfLife"
    assert arm().delete(id, params={"bypassSoftDelete": "true"}).status_code == 409
    one = {"publishingProfile": {"targetRegions": [{"name": "brazilsouth"}]}}
    assert "westeurope" in told(arm().patch(id, json={"properties": one}), 409)["message"]
    free = {"safetyProfile": {"blockDeletionBeforeEndOfLife": False, "allowDeletionOfReplicatedLocations": True}}
    assert done(arm().patch(id, json={"properties": {**free, **one}}))["properties"]["provisioningState"] == "Updating"
    arm.work()
    assert arm().delete(id).status_code == 202
    arm.work()
