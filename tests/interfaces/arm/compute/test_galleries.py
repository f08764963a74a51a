"""Galleries over the wire: what is said of them is given back, and shared ones are seen by those they are shared with."""

from typing import Any

import pytest

from tests.interfaces.arm.compute.shared_galleries import COMMUNITY, GALLERIES, filled, gallery, share
from tests.interfaces.arm.served import GROUP, SUB, TENANT, Arm, definition_body, done, told, version_body
from tests.local_installation import SUBSCRIPTION, disk_bytes
from tests.questions import counted

HERE = f"{SUB}/providers/Microsoft.Compute/locations/brazilsouth"


def test_what_is_said_of_a_gallery_is_given_back(arm: Arm) -> None:
    id = gallery(
        arm,
        "told",
        description="ours",
        softDeletePolicy={"isSoftDeleteEnabled": True, "retentionPeriodInDays": 3},
        sharingProfile={"permissions": "groups"},
    )
    shown = done(arm().get(id))
    assert shown["properties"] == {
        "description": "ours",
        "identifier": {"uniqueName": f"{SUBSCRIPTION}-TOLD"},
        "sharingProfile": {"permissions": "Groups"},
        "softDeletePolicy": {"isSoftDeleteEnabled": True, "retentionPeriodInDays": 3, "gracePeriodInDays": 30},
        "provisioningState": "Succeeded",
    }
    assert "identity" not in shown
    assert done(arm().put(id, json=shown))["properties"] == shown["properties"]
    # `az sig create` without options on a gallery that is there.
    kept = done(arm().put(id, json={"location": "brazilsouth"}))["properties"]
    assert (kept["description"], kept["softDeletePolicy"]["retentionPeriodInDays"]) == ("", 3)
    switched = arm().patch(id, json={"properties": {"softDeletePolicy": {"isSoftDeleteEnabled": False}}})
    assert done(switched)["properties"]["softDeletePolicy"]["isSoftDeleteEnabled"] is False


def test_an_identity_is_kept_and_taken_away(arm: Arm) -> None:
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot"
    identity = {"type": "systemassigned,UserAssigned", "userAssignedIdentities": {user: {}}}
    id = gallery(arm, "identified")
    shown = done(arm().put(id, json={"location": "brazilsouth", "identity": identity}))
    assert len(shown["identity"].pop("principalId")) == 36
    assert shown["identity"] == {
        "type": "SystemAssigned, UserAssigned",
        "tenantId": TENANT,
        "userAssignedIdentities": {user: {}},
    }
    kept = done(arm().put(id, json={"location": "brazilsouth", "identity": identity}))["identity"]
    assert kept == done(arm().put(id, json={"location": "brazilsouth"}))["identity"]
    assert kept.items() >= shown["identity"].items()
    assert "identity" not in done(arm().put(id, json={"location": "brazilsouth", "identity": {"type": "None"}}))
    wrong = arm().put(id, json={"location": "brazilsouth", "identity": {"type": "Robot"}})
    assert told(wrong, 400)["target"] == "identity.type"


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        (
            {"softDeletePolicy": {"retentionPeriodInDays": 0}},
            "gallery.properties.softDeletePolicy.retentionPeriodInDays",
        ),
        ({"softDeletePolicy": {"gracePeriodInDays": 366}}, "gallery.properties.softDeletePolicy.gracePeriodInDays"),
        ({"sharingProfile": {"permissions": "Everybody"}}, "properties.sharingProfile.permissions"),
        (
            {"sharingProfile": {"permissions": "Community"}},
            "gallery.properties.sharingProfile.communityGalleryInfo.publisherContact",
        ),
    ],
)
def test_a_gallery_that_says_something_wrong_is_refused(arm: Arm, properties: dict[str, Any], target: str) -> None:
    body = {"location": "brazilsouth", "properties": properties}
    assert told(arm().put(f"{GALLERIES}/wrong", json=body), 400)["target"] == target
    told(arm().get(f"{GALLERIES}/wrong"), 404)


def test_a_gallery_is_shared_with_subscriptions_and_tenants(arm: Arm) -> None:
    id = gallery(arm, "shared", sharingProfile={"permissions": "Groups"})
    filled(arm, id)
    name = f"{SUBSCRIPTION}-SHARED"
    assert done(arm().get(f"{HERE}/sharedGalleries"))["value"] == []
    told(arm().get(f"{HERE}/sharedGalleries/{name}"), 404)
    answer = done(share(arm, id, "Add", Subscriptions=[SUBSCRIPTION.upper()], AADTenants=[TENANT]))
    assert answer["operationType"] == "Add"
    assert [group["type"] for group in answer["groups"]] == ["Subscriptions", "AADTenants"]
    properties = done(arm().get(id, params={"$expand": "sharingProfile/Groups"}))["properties"]
    assert properties["sharingProfile"]["groups"][1] == {"type": "AADTenants", "ids": [TENANT]}
    assert [each["region"] for each in properties["sharingStatus"]["summary"]] == ["brazilsouth", "westeurope"]
    assert "groups" not in done(arm().get(id))["properties"]["sharingProfile"]
    for query in ({}, {"sharedTo": "tenant"}):
        (found,) = done(arm().get(f"{HERE}/sharedgalleries", params=query))["value"]
        assert found["identifier"]["uniqueId"] == f"/SharedGalleries/{name}"
    place = f"{HERE}/sharedGalleries/{name}"
    assert done(arm().get(place))["name"] == name
    (seen,) = done(arm().get(f"{place}/images"))["value"]
    assert seen["properties"]["osType"] == "Linux"
    assert done(arm().get(f"{place}/images/LINUX"))["identifier"]["uniqueId"] == f"/SharedGalleries/{name}/Images/linux"
    (version,) = done(arm().get(f"{place}/images/linux/versions"))["value"]
    assert version == done(arm().get(f"{place}/images/linux/versions/1.0.0"))
    assert version["properties"]["imageState"] == "Active"
    assert version["properties"]["storageProfile"]["osDiskImage"] == {"diskSizeGB": 1, "hostCaching": "ReadWrite"}
    elsewhere = place.replace("brazilsouth", "northeurope")
    told(arm().get(elsewhere), 404)
    done(share(arm, id, "Remove", AADTenants=[TENANT]))
    assert done(arm().get(f"{HERE}/sharedGalleries", params={"sharedTo": "tenant"}))["value"] == []
    assert told(arm().patch(id, json={"properties": {"sharingProfile": {"permissions": "Private"}}}), 409)
    done(share(arm, id, "Reset"))
    told(arm().get(f"{place}/images/linux/versions/1.0.0"), 404)


def test_a_shared_gallery_asks_the_database_as_often_for_many_versions_as_for_one(arm: Arm) -> None:
    id = gallery(arm, "long", sharingProfile={"permissions": "Groups"})
    image = filled(arm, id)
    done(share(arm, id, "Add", Subscriptions=[SUBSCRIPTION]))
    place = f"{HERE}/sharedGalleries/{SUBSCRIPTION}-LONG"
    paths = ("", "/images", "/images/linux", "/images/linux/versions", "/images/linux/versions/1.0.0")
    asked = {}
    for path in paths:
        with counted() as statements:
            done(arm().get(f"{place}{path}"))
        asked[path] = len(statements)
    for number in ("1.10.0", "1.9.0", "1.2.0"):
        body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "westeurope")
        done(arm().put(f"{image}/versions/{number}", json=body), 201)
        arm.work()
    for path in paths:
        with counted() as statements:
            done(arm().get(f"{place}{path}"))
        assert len(statements) == asked[path], path
    first = done(arm().get(f"{place}/images/linux/versions", params={"$top": 3}))
    assert [each["name"] for each in first["value"]] == ["1.0.0", "1.2.0", "1.9.0"]
    assert [each["name"] for each in done(arm().get(first["nextLink"]))["value"]] == ["1.10.0"]
    done(share(arm, id, "Reset"))


def test_sharing_has_its_rules(arm: Arm) -> None:
    private = gallery(arm, "private")
    assert told(share(arm, private, "Add", Subscriptions=[SUBSCRIPTION]), 409)["code"] == "OperationNotAllowed"
    assert told(share(arm, private, "EnableCommunity"), 409)["code"] == "OperationNotAllowed"
    done(arm().patch(private, json={"properties": {"sharingProfile": {"permissions": "Groups"}}}))
    assert told(share(arm, private, "Add", Subscriptions=["everybody"]), 400)["target"] == "groups.ids"
    many = [f"00000000-0000-0000-0000-{number:012}" for number in range(31)]
    assert "at most 30" in told(share(arm, private, "Add", Subscriptions=many), 400)["message"]
    done(share(arm, private, "Add", Subscriptions=many[:30]))
    assert "at most 5" in told(share(arm, private, "Add", AADTenants=many[:6]), 400)["message"]
    change = {"properties": {"sharingProfile": COMMUNITY}}
    assert told(arm().patch(private, json=change), 400)["code"] == "PropertyChangeNotAllowed"


def test_a_community_gallery_is_found_by_its_public_name(arm: Arm) -> None:
    id = gallery(arm, "open", sharingProfile=COMMUNITY)
    filled(arm, id)
    hidden = done(arm().get(id))["properties"]["sharingProfile"]["communityGalleryInfo"]
    assert (hidden["communityGalleryEnabled"], hidden["publicNames"]) == (False, [])
    done(share(arm, id, "enablecommunity"))
    (name,) = done(arm().get(id))["properties"]["sharingProfile"]["communityGalleryInfo"]["publicNames"]
    assert name.startswith("campus-")
    place = f"{HERE}/communityGalleries/{name}"
    assert done(arm().get(place))["properties"]["communityMetadata"]["publicNames"] == [name]
    (image,) = done(arm().get(f"{place}/images"))["value"]
    assert image["type"] == "Microsoft.Compute/Locations/CommunityGalleries/Images"
    (version,) = done(arm().get(f"{place}/images/linux/versions"))["value"]
    assert version["identifier"]["uniqueId"] == f"/CommunityGalleries/{name}/Images/linux/Versions/1.0.0"
    assert done(arm().get(f"{place}/images/linux/versions/1.0.0")) == version
    far = definition_body("far")
    assert told(arm().put(f"{id}/images/far", json={**far, "location": "westeurope"}), 409)["target"] == "location"
    assert "share reset" in told(arm().delete(empty(arm, id)), 409)["message"]
    done(share(arm, id, "Reset"))
    told(arm().get(place), 404)
    done(share(arm, id, "EnableCommunity"))
    assert done(arm().get(place))["name"] == name, "what consumers wrote down is true again"
    done(share(arm, id, "Reset"))
    assert arm().delete(id).status_code == 200


def empty(arm: Arm, gallery: str) -> str:
    image = f"{gallery}/images/linux"
    assert arm().delete(f"{image}/versions/1.0.0").status_code == 202
    arm.work()
    assert arm().delete(image).status_code == 200
    return gallery


def test_the_azure_cli_asks_the_resource_graph_for_community_galleries(arm: Arm) -> None:
    for name in ("graph1", "graph2"):
        done(share(arm, gallery(arm, name, sharingProfile=COMMUNITY), "EnableCommunity"))
    url = "/providers/Microsoft.ResourceGraph/resources"
    query = "communitygalleryresources| where type == 'microsoft.compute/locations/communitygalleries' "
    there = query + "| where location == 'brazilsouth' "
    first = done(arm().post(url, json={"query": there, "options": {"$top": 1}}))
    assert (first["totalRecords"], first["count"], len(first["data"])) == (2, 1, 1)
    token = first["$skipToken"]
    second = done(arm().post(url, json={"query": there, "options": {"$top": 1, "$skipToken": token}}))
    assert "$skipToken" not in second
    assert second["data"][0]["properties"]["identifier"]["uniqueId"].startswith("/CommunityGalleries/campus-")
    assert done(arm().post(url, json={"query": query + "| where location == 'eastus' "}))["data"] == []
    assert len(done(arm().post(url, json={"query": query}))["data"]) == 2
    assert told(arm().post(url, json={"query": "resources | take 1"}), 400)["target"] == "query"
